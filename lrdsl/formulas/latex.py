r"""Writes the formula of a target as a LaTeX equation that looks typeset by hand: `\eta_t = \begin{cases} ... \end{cases}`. It needs amsmath and amssymb."""

from __future__ import annotations

import re

from lrdsl.escaping import quoting
from lrdsl.formulas.breaking import fitting, flowing, parts_of
from lrdsl.formulas.formula import Formula
from lrdsl.formulas.macros import PREFIX, marked, with_commands
from lrdsl.formulas.notation.latex import condition, displayed, latex, name, words
from lrdsl.formulas.notation.printing import bracketed, slashed
from lrdsl.formulas.notation.tree import Amount, Cases, Condition, Group, Name, Negative, Node, Number, Sum, Words
from lrdsl.formulas.notation.widths import QUAD, width
from lrdsl.formulas.style import Style
from lrdsl.plan import GREEK


def symbol_of(symbol: Name, group: str | int | Name | None) -> str:
    r"""Returns the left side of the equation: `\eta_t` for a learning rate."""
    above = "" if group is None else f"^{{(\\text{{{quoting.latex(group)}}})}}" if isinstance(group, str) else f"^{{({_index(group)})}}"
    if symbol.raw or symbol.letter in GREEK:
        return name(symbol) + above
    letter = name(Name(symbol.letter)) if len(symbol.letter) > 1 else rf"\mathrm{{{name(Name(symbol.letter))}}}"
    return f"{letter}_{{{symbol.sub}}}{above}" if len(symbol.sub) > 1 else f"{letter}_{symbol.sub}{above}" if symbol.sub else letter + above


def _index(group: int | Name) -> str:
    return name(group) if isinstance(group, Name) else str(group)


def equation(f: Formula, style: Style) -> str:
    """Returns the equation of a formula, with the meanings of its letters below it."""
    f, commands, definitions = marked(f, PREFIX if style.macros is True else style.macros) if style.macros else (f, [], [])
    body = _body(f.pieces, symbol_of(f.symbol, f.group), style)
    clauses = [_remark(note, style.width) for note in f.notes] + [_definition(letter, meaning, style.width) for letter, meaning in f.meanings]
    if clauses:
        where = " \\\\\n".join(flowing([[(False, "where"), *clauses[0]], *clauses[1:]], style.width))
        body = f"\\begin{{gathered}}\n{body} \\\\[3pt]\n{where}\n\\end{{gathered}}"
    body = f"\\begin{{equation}}\\label{{{style.label}}}\n{body}\n\\end{{equation}}" if style.label else body
    return "\n".join([*definitions, with_commands(body, commands)])


def _remark(note: Words, room: float) -> list[tuple[bool, str]]:
    """Returns the parts of a remark between which a line may break: formulas, and single words. Cases that have no room stand below what they define."""
    parts = [(is_formula, part) for is_formula, whole in words(note) for part in ([whole] if is_formula else whole.split())]
    split = [part.partition(r"\begin{cases}") if is_formula else (part, "", "") for is_formula, part in parts]
    wide = [bool(begin) and max(width(head + row) for row in rows.split(r" \\ ")) > room for head, begin, rows in split]
    return [
        (is_formula, piece)
        for (is_formula, part), (head, begin, rows), below in zip(parts, split, wide, strict=True)
        for piece in ([head.strip(), begin + rows] if below else [part])
    ]


def _definition(letter: Name, meaning: Node, room: float) -> list[tuple[bool, str]]:
    """Returns the parts of the meaning of a letter between which a line may break."""
    head = f"{name(letter)} = "
    if isinstance(meaning, Amount):
        return [(True, head), *_remark(meaning.words, room)]
    first, *more = fitting(bracketed(slashed(meaning), flat=False), room - 1, first=room - width(head))
    return [(True, head + first), *((True, line) for line in more)]


def _body(pieces: Cases, symbol: str, style: Style) -> str:
    whole = bracketed(slashed(pieces), flat=False)  # once, since a part of a broken line does not show whether it needs brackets
    assert isinstance(whole, Cases)
    room = style.width - width(symbol) - 1.4
    if whole.always is not None:
        return _aligned(symbol, [fitting(whole.always, room - 1, display=True, first=room)])
    if style.form == "cases" and len(whole.rows) > 1:
        return f"{symbol} = \\begin{{cases}}\n    {_cases(whole.rows, room - 0.8)}\n\\end{{cases}}"
    if style.form in ("cases", "aligned"):
        return _aligned(symbol, [_with_condition(value, when, room, (r",\quad ", "")) for value, when in whole.rows])
    terms = [(value, when) for value, when in whole.rows if value != Number(0)] or list(whole.rows[:1])
    parts = [_with_condition(_factor(value), when, room - 1.3 * (i > 0), (r"\,[", "]")) for i, (value, when) in enumerate(terms)]
    if all(len(lines) == 1 for lines in parts) and sum(width(lines[0], True) + 1.3 for lines in parts) <= room:
        return f"{symbol} = " + " + ".join(lines[0] for lines in parts)
    return _aligned(symbol, [[line for i, (first, *more) in enumerate(parts) for line in (f"{'+ ' if i else ''}{first}", *more)]])


#: The line breaks between two pieces: the second below a piece with fractions in full size, the third between two of them.
_ROW, _TALL_ROW, _TALL_ROWS = " \\\\[3pt]\n    ", " \\\\[6pt]\n    ", " \\\\[9pt]\n    "


def _cases(rows: tuple[tuple[Node, Condition], ...], room: float) -> str:
    """Returns the rows of cases. Their fractions are in full size if there is room, with the conditions beside the values or below them."""
    whens = max(width(condition(when)) for _, when in rows)
    full, small = ([latex(displayed(value) if display else value) for value, _ in rows] for display in (True, False))
    widest = [max(width(value) for value in values) for values in (full, small)]
    for values, wide, other in ((full, widest[0], 0.0), (small, widest[1], widest[0])):
        if wide + 1 + whens <= room and not (values is small and other <= room):
            return _rows([f"{value} & {condition(when)}" for value, (_, when) in zip(values, rows, strict=True)], [_is_tall(value) for value in values])
    pieces = [fitting(value, room - QUAD / 2, cases=True) for value, _ in rows]  # a space follows each of them; half of it makes up for wide estimates
    lines = [" \\\\\n    ".join([*piece, *_condition_lines(r"\quad\text{for } ", when, "", room)]) for piece, (_, when) in zip(pieces, rows, strict=True)]
    return (_TALL_ROW if any(map(_is_tall, lines)) else _ROW).join(lines)


def _is_tall(source: str) -> bool:
    """Whether LaTeX has a fraction in full size."""
    return r"\dfrac" in source


def _rows(rows: list[str], tall: list[bool]) -> str:
    """Returns rows of cases, with more space where tall ones follow each other, which would touch."""
    out = rows[0]
    for i, row in enumerate(rows[1:]):
        out += (_TALL_ROWS if tall[i] and tall[i + 1] else _TALL_ROW if any(tall) else _ROW) + row
    return out


def _condition_lines(lead: str, when: Condition, end: str, room: float) -> list[str]:
    """Returns the lines of a condition. A condition that is too wide is broken before a bound, before a further condition, or before a term."""
    lines = [lead]
    bounds = re.split(r"(?=,\\; )|(?= < )|(?= \\le )", condition(when))
    for part in (part for bound in bounds for part in ([bound] if width(bound + end) <= room - 2 else parts_of(bound, room - 3))):
        if len(lines[-1]) > len(lead) and width(lines[-1] + part + end) > room:
            lines += [r"\qquad" + part] if part.startswith(" ") else [r"\qquad " + part.removeprefix(r",\; ")]
            lines[-2] += "," if part.startswith(",") else ""
        else:
            lines[-1] += part
    lines[-1] += end
    return lines


def _with_condition(value: Node, when: Condition, room: float, marks: tuple[str, str]) -> list[str]:
    """Returns the lines of a value and its condition between two marks. The condition stands behind the value if there is room, else on lines of its own."""
    lines = fitting(value, room - 1, display=True, first=room)
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
