r"""Writes the formula of a target as a LaTeX equation that looks typeset by hand: `\eta_t = \begin{cases} ... \end{cases}`. It needs amsmath and amssymb."""

from __future__ import annotations

import re

import attrs

from lrdsl.escaping import quoting
from lrdsl.expr.exact import Exact
from lrdsl.formulas.letters import letter_of
from lrdsl.formulas.notation.latex import condition, latex, name, width
from lrdsl.formulas.notation.printing import bracketed
from lrdsl.formulas.notation.tree import Cases, Condition, Group, Name, Negative, Node, Number, Sum, Times
from lrdsl.plan import GREEK
from lrdsl.targets import Target

#: The width of a column on a two-column page, in ems.
COLUMN = 24.0


@attrs.frozen
class Style:
    r"""How a formula is typeset.

    - `form`: "cases"; "aligned", a line for each piece; or "iverson", one sum with brackets that are 1 if their condition holds, else 0.
    - `numbers`: "decimal" (0.1) or "fraction" (1/10).
    - `first`: the number of the first tick, 0 or 1.
    - `per`: the ticks in a unit of t, as the steps of an epoch.
    - `label`: the label of a numbered equation, or "" for a formula without a number.
    - `width`: the width of a line in ems; wider pieces are broken into lines.
    """

    form: str = "cases"
    numbers: str = "decimal"
    first: int = 0
    per: Exact = 1
    label: str = ""
    width: float = COLUMN


def symbol_of(target: Target) -> str:
    r"""Returns the left side of the equation: `\eta_t` for a learning rate."""
    symbol = letter_of(target)
    letter = name(Name(symbol.letter)) if symbol.letter in GREEK or len(symbol.letter) > 1 else rf"\mathrm{{{name(Name(symbol.letter))}}}"
    group = "" if target.group is None else f"^{{(\\text{{{quoting.latex(target.group)}}})}}" if isinstance(target.group, str) else f"^{{({target.group})}}"
    return f"{letter}_{{{symbol.sub}}}{group}" if len(symbol.sub) > 1 else f"{letter}_{symbol.sub}{group}"


def equation(pieces: Cases, meanings: list[tuple[Name, Node]], symbol: str, style: Style) -> str:
    """Returns the equation of a formula, with the meanings of its letters below it."""
    body = _body(pieces, symbol, style)
    if meanings:
        definitions = [f"{name(letter)} = {latex(meaning)}" for letter, meaning in meanings]
        body = f"\\begin{{gathered}}\n{body} \\\\[3pt]\n" + _where(definitions, style.width) + "\n\\end{gathered}"
    return f"\\begin{{equation}}\\label{{{style.label}}}\n{body}\n\\end{{equation}}" if style.label else body


def _where(definitions: list[str], room: float) -> str:
    """Returns the definitions of letters, as many on a line as fit."""
    lines = [f"\\text{{where }} {definitions[0]}"]
    for definition in definitions[1:]:
        if width(f"{lines[-1]},\\; {definition}") + 1.5 <= room:
            lines[-1] += f",\\; {definition}"
        else:
            lines[-1] += ","
            lines.append(definition)
    return " \\\\\n".join(lines)


def _body(formula: Cases, symbol: str, style: Style) -> str:
    whole = bracketed(formula, flat=False)  # once, since a part of a broken line does not show whether it needs brackets
    assert isinstance(whole, Cases)
    formula, rows = whole, whole.rows
    if formula.always is not None:
        return _aligned(symbol, [break_lines(formula.always, style.width - width(symbol) - 1.4, display=True)])
    if style.form == "cases":
        return f"{symbol} = \\begin{{cases}}\n    {_ROW.join(_cases(rows, style.width - width(symbol) - 2.2))}\n\\end{{cases}}"
    room = style.width - width(symbol) - 1.4
    if style.form == "aligned":
        return _aligned(symbol, [_with_condition(value, when, room, (r",\quad ", "")) for value, when in rows])
    terms = [(value, when) for value, when in rows if value != Number(0)] or list(rows[:1])
    pieces = [_with_condition(_factor(value), when, room - 1.3 * (i > 0), (r"\,[", "]")) for i, (value, when) in enumerate(terms)]
    if all(len(lines) == 1 for lines in pieces) and sum(width(lines[0], True) + 1.3 for lines in pieces) <= room:
        return f"{symbol} = " + " + ".join(lines[0] for lines in pieces)
    return _aligned(symbol, [[line for i, (first, *more) in enumerate(pieces) for line in (f"{'+ ' if i else ''}{first}", *more)]])


#: The line break between two pieces.
_ROW = " \\\\[3pt]\n    "


def _cases(rows: tuple[tuple[Node, Condition], ...], room: float) -> list[str]:
    """Returns the rows of cases. The conditions stand beside the values if every row has room for that, else below."""
    beside = max(width(latex(value)) for value, _ in rows) + 1 + max(width(condition(when)) for _, when in rows) <= room
    if beside:
        return [f"{latex(value)} & {condition(when)}" for value, when in rows]
    return [" \\\\\n    ".join([*break_lines(value, room), *_condition_lines(r"\quad\text{for } ", when, "", room)]) for value, when in rows]


def _condition_lines(lead: str, when: Condition, end: str, room: float) -> list[str]:
    """Returns the lines of a condition. A condition that is too wide is broken before a bound or before a further condition."""
    lines = [lead]
    for part in re.split(r"(?=,\\; )|(?= < )", condition(when)):
        if len(lines[-1]) > len(lead) and width(lines[-1] + part + end) > room:
            lines += [r"\qquad" + part] if part.startswith(" ") else [r"\qquad " + part.removeprefix(r",\; ")]
            lines[-2] += "," if part.startswith(",") else ""
        else:
            lines[-1] += part
    return [*lines[:-1], lines[-1] + end]


def _with_condition(value: Node, when: Condition, room: float, marks: tuple[str, str]) -> list[str]:
    """Returns the lines of a value and its condition between two marks. The condition stands behind the value if there is room, else on lines of its own."""
    lines = break_lines(value, room, display=True)
    whole = f"{lines[-1]}{marks[0]}{condition(when)}{marks[1]}"
    if width(whole, display=True) <= room:
        return [*lines[:-1], whole]
    return [*lines, *_condition_lines(r"\qquad " + marks[0].removeprefix(r",\quad ").removeprefix(r"\,"), when, marks[1], room - 1)]


def _aligned(symbol: str, pieces: list[list[str]]) -> str:
    """Returns pieces below each other, each after the symbol and an equals sign; a single line needs no alignment."""
    if len(pieces) == len(pieces[0]) == 1:
        return f"{symbol} = {pieces[0][0]}"
    inner = _ROW.join(" \\\\\n    ".join([f"{symbol} &= {first}", *(f"&\\quad {line}" for line in more)]) for first, *more in pieces)
    return f"\\begin{{aligned}}\n    {inner}\n\\end{{aligned}}"


def _factor(value: Node) -> Node:
    """Returns a value as a factor: a sum gets brackets."""
    return Group(value) if isinstance(value, Sum | Negative) else value


def break_lines(value: Node, room: float, display: bool = False) -> list[str]:
    """Returns the lines of a formula. If it is wider than `room`, it is broken before the terms of a sum, or before the last factor of a product."""
    whole = latex(value)
    if width(whole, display) <= room:
        return [whole]
    if isinstance(value, Group):
        first, *more = break_lines(value.of, room - 1.5, display)
        return [rf"\bigl({first}", *more[:-1], *(rf"{line}\bigr)" for line in more[-1:])] if more else [whole]
    if isinstance(value, Sum):
        lines = [latex(value.terms[0])]
        for term in value.terms[1:]:
            sign, inner = ("-", _factor(term.of)) if isinstance(term, Negative) else ("+", term)
            text = f" {sign} {latex(inner)}"
            if width(lines[-1] + text, display) <= room:
                lines[-1] += text
            else:
                first, *more = break_lines(inner, room - 2.5, display)
                lines += [rf"\quad {sign} {first}", *(rf"\qquad {line}" for line in more)]
        return lines
    if isinstance(value, Times) and len(value.factors) > 1:
        head = Times(value.factors[:-1]) if len(value.factors) > 2 else _factor(value.factors[0])
        last = _factor(value.factors[-1])
        if width(latex(head), display) <= room:
            first, *more = break_lines(last, room - 2, display)
            if more and width(latex(head) + first, display) <= room:
                return [latex(head) + first, *more]
            dot = "" if isinstance(last, Group) else r"\cdot "
            return [latex(head), rf"\quad {dot}{first}", *(rf"\qquad {line}" for line in more)]
    return [whole]
