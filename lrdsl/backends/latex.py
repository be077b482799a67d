r"""The closed form as LaTeX that a reviewer would take for hand-set: `\eta_t = \begin{cases} ... \end{cases}`. It needs amsmath and amssymb, nothing else."""

from __future__ import annotations

from fractions import Fraction

import attrs

from lrdsl.backends.notation.composing import compose
from lrdsl.backends.notation.latex import condition, latex, name, width, words
from lrdsl.backends.notation.tree import Cases, Group, Name, Negative, Node, Number, Sum, Times, with_fractions
from lrdsl.clock import exact
from lrdsl.expr import T, linear, substitute
from lrdsl.plan import Plan, Target

#: What a column of a two-column page holds, in ems of its font.
COLUMN = 24.0
_SYMBOLS = {"lr": Name("eta"), "momentum": Name("mu"), "weight_decay": Name("lambda")}


@attrs.frozen
class Style:
    r"""How a formula is set.

    `form`: "cases"; "aligned", a line for each piece; or "iverson", one sum with brackets that are 1 where their condition holds, else 0. `numbers`: "decimal"
    (0.1) or "fraction" (1/10). `first`: what the first tick is called, 0 or 1. `per`: ticks in a unit of t, as the steps of an epoch. `label`: "" for a
    formula without a number, else the label of an equation. `width`: the room for a line, in ems; pieces that are wider are broken.
    """

    form: str = "cases"
    numbers: str = "decimal"
    first: int = 0
    per: Fraction = Fraction(1)
    label: str = ""
    width: float = COLUMN


def base_of(base: str | float) -> Node:
    """The base in a formula: a number, or LaTeX for it."""
    return Name(base, raw=True) if isinstance(base, str) else Number(exact(base))


def symbol_of(target: Target) -> str:
    r"""What stands before the equals sign: `\eta_t` for a learning rate."""
    known = _SYMBOLS.get(target.key, Name("beta", str(target.element + 1)) if target.key == "betas" and target.element is not None else Name(words(target.key)))
    sub = "t" if not known.sub else f"{known.sub},t"
    letter = name(Name(known.letter))
    group = "" if target.group is None else f"^{{(\\text{{{words(str(target.group))}}})}}" if isinstance(target.group, str) else f"^{{({target.group})}}"
    return f"{letter}_{{{sub}}}{group}" if len(sub) > 1 else f"{letter}_{sub}{group}"


def written(plan: Plan, base: Node, symbol: str, style: Style) -> str:
    """The formula of a plan."""
    law = substitute(plan.law, {T: linear(style.per, T, -style.per * style.first)}) if style.per != 1 or style.first else plan.law
    formula: Node = compose(attrs.evolve(plan, law=law), base)
    if style.numbers == "fraction":
        formula = with_fractions(formula)
    assert isinstance(formula, Cases)
    body = _set(formula, symbol, style)
    return f"\\begin{{equation}}\\label{{{style.label}}}\n{body}\n\\end{{equation}}" if style.label else body


def _set(formula: Cases, symbol: str, style: Style) -> str:
    rows = formula.rows
    if len(rows) == 1 and rows[0][1].low is rows[0][1].high is None:
        return _broken(f"{symbol} = ", rows[0][0], style.width, symbol)
    if style.form == "iverson":
        return f"{symbol} = " + " + ".join(f"{latex(_factor(value))}\\,[{condition(when)}]" for value, when in rows if value != Number(Fraction(0)))
    room = style.width - (width(symbol) + 2.2 if style.form == "cases" else width(symbol) + 1.2)
    wide = max(width(latex(value)) for value, _ in rows) + 1 + max(width(condition(when)) for _, when in rows) > room
    lines = []
    for value, when in rows:
        if wide:
            lines += [*(f"{'' if i == 0 else '&' if style.form == 'aligned' else ''}{line}" for i, line in enumerate(broken(value, room)))]
            lines[-1] += f" \\\\\n    \\quad\\text{{for }} {condition(when)}" if style.form == "cases" else f",\\; {condition(when)}"
        else:
            lines.append(f"{latex(value)}{',' if style.form == 'aligned' else ''} & {condition(when)}")
    gap = r" \\[3pt]" + "\n    "
    if style.form == "aligned":
        return f"\\begin{{aligned}}\n    {gap.join(f'{symbol} &= {line}' if not line.startswith('&') else line for line in lines)}\n\\end{{aligned}}"
    return f"{symbol} = \\begin{{cases}}\n    {gap.join(lines)}\n\\end{{cases}}"


def _factor(value: Node) -> Node:
    """A value as a factor, in brackets where it is a sum."""
    return Group(value) if isinstance(value, Sum | Negative) else value


def _broken(lead: str, value: Node, room: float, symbol: str) -> str:
    """One formula that always holds, on as many lines as it needs."""
    lines = broken(value, room - width(lead))
    if len(lines) == 1:
        return lead + lines[0]
    inner = " \\\\\n    ".join([f"{symbol} &= {lines[0]}", *(f"&\\qquad {line}" for line in lines[1:])])
    return f"\\begin{{aligned}}\n    {inner}\n\\end{{aligned}}"


def broken(value: Node, room: float) -> list[str]:
    """A formula on lines of so much room: broken before the terms of a sum, or before a bracket of a product, where it is too wide."""
    whole = latex(value)
    if width(whole) <= room:
        return [whole]
    if isinstance(value, Sum):
        lines = [latex(value.terms[0])]
        for term in value.terms[1:]:
            sign, inner = ("-", term.of) if isinstance(term, Negative) else ("+", term)
            text = f" {sign} {latex(_factor(inner) if sign == '-' else inner)}"
            if width(lines[-1] + text) <= room:
                lines[-1] += text
            else:
                lines.append(f"\\quad {text.strip()}")
        return lines
    if isinstance(value, Times) and len(value.factors) > 1:
        head, last = Times(value.factors[:-1]) if len(value.factors) > 2 else value.factors[0], value.factors[-1]
        if width(latex(head)) <= room:
            parts = broken(last, room - 2)
            if len(parts) > 1 and isinstance(last, Sum):
                return [rf"{latex(head)}\bigl({parts[0]}", *parts[1:-1], rf"{parts[-1]}\bigr)"]
            return [latex(head), rf"\quad \cdot {latex(_factor(last))}"]
    return [whole]
