"""The closed form in every format that it can be had in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.arguments import number, one_of, quoted, string, whole_number
from lrdsl.diagnostics import refuse
from lrdsl.escaping.quoting import REMARKS
from lrdsl.expr import BASE, T, decimal, linear, reformed, substitute
from lrdsl.expr.exact import Exact
from lrdsl.formulas import latex as latex_backend
from lrdsl.formulas.latex import Style
from lrdsl.formulas.letters import checked
from lrdsl.formulas.notation import latex, mathml, python, text, tree, typst
from lrdsl.formulas.notation.composing import TIME, compose
from lrdsl.formulas.notation.constants import with_fractions
from lrdsl.formulas.notation.tree import Cases, Name, Node
from lrdsl.plan import Plan, Target

#: The base, where none is named.
ETA = Name("eta", "0")


@attrs.frozen
class Formula:
    """A formula ready to be printed: its pieces, what its letters stand for, what it is the formula of, and the base in it."""

    pieces: Cases
    meanings: list[tuple[Name, Node]]
    target: Target
    base: Node


def formula_of(plan: Plan, target: Target, base: Node, style: Style) -> Formula:
    """The formula of a plan, in the units and from the first tick that the style asks for."""
    law = substitute(plan.law, {T: linear(style.per, T, -style.per * style.first)}) if style.per != 1 or style.first else plan.law
    timed = attrs.evolve(plan, law=law)
    if style.per != 1 and plan.legend:  # durations are in the same unit as t
        longer = {x.symbol: x.symbol * style.per for x in plan.legend if x.duration}
        legend = tuple(attrs.evolve(x, value=x.value / style.per) if x.duration else x for x in plan.legend)
        timed = attrs.evolve(plan, law=reformed(law, lambda form: form.subs(longer, simultaneous=True)), legend=legend)
    pieces, meanings = compose(timed, base)
    if style.numbers == "fraction":
        changed = with_fractions(pieces)
        assert isinstance(changed, Cases)
        pieces, meanings = changed, [(name, with_fractions(meaning)) for name, meaning in meanings]
    return Formula(pieces, meanings, target, base)


def _latex(f: Formula, style: Style) -> str:
    return latex_backend.written(f.pieces, f.meanings, latex_backend.symbol_of(f.target), style)


def _markdown(f: Formula, style: Style) -> str:
    return f"$$\n{_latex(f, attrs.evolve(style, label=''))}\n$$"


def _text(f: Formula, _: Style) -> str:
    rows = text.rows(f.pieces)
    width = max(len(value) for value, _ in rows)
    lines = [f"{value:{width}}   {where}".rstrip() for value, where in rows]
    return "\n".join([*lines, *(f"{text.name(name)} = {text.text(meaning)}" for name, meaning in f.meanings)])


def _typst(f: Formula, _: Style) -> str:
    lead = typst.name(latex_backend.letter_of(f.target))
    one = f.pieces.always
    body = "cases(\n  " + ",\n  ".join(typst.row(*row) for row in f.pieces.rows) + ",\n)" if one is None else typst.typst(one)
    where = "".join(f', \\\n"where " {typst.name(name)} = {typst.typst(meaning)}' for name, meaning in f.meanings)
    return f"$ {lead} = {body}{where} $"


def _mathml(f: Formula, _: Style) -> str:
    lead = mathml.mathml(latex_backend.letter_of(f.target))
    body = f"<mrow>{lead}<mo>=</mo>{mathml.mathml(f.pieces.always or f.pieces)}</mrow>"
    if f.meanings:
        where = "".join(f"<mtr><mtd><mrow>{mathml.mathml(name)}<mo>=</mo>{mathml.mathml(meaning)}</mrow></mtd></mtr>" for name, meaning in f.meanings)
        body = f"<mtable><mtr><mtd>{body}</mtd></mtr>{where}</mtable>"
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{body}</math>'


def _python(f: Formula, _: Style) -> str:
    return python.function(f.target.name, f.pieces, f.meanings, f.base.letter if isinstance(f.base, Name) else "")


#: Every format that a tree of notation is printed in.
FORMATS: dict[str, Callable[[Formula, Style], str]] = {
    "latex": _latex,
    "markdown": _markdown,
    "text": _text,
    "typst": _typst,
    "mathml": _mathml,
    "python": _python,
}
#: How those that have names of their own write a letter.
_NAMES: dict[str, Callable[[Name], str]] = {"latex": latex.name, "markdown": latex.name, "text": text.name, "typst": typst.name, "mathml": text.name}


#: No label is longer.
_LONGEST_LABEL = 200


def styled(per: Exact, **style: Any) -> Style:
    """The style that a host asks for. Raises `ScheduleError` for a value that is none, `TypeError` for a keyword that is not known."""
    wanted = Style(per=per, **style)
    one_of("form", wanted.form, ("cases", "aligned", "iverson"))
    one_of("numbers", wanted.numbers, ("decimal", "fraction"))
    first = whole_number("first", wanted.first, "the first tick is called 0 or 1", high=1)
    label = string("label", wanted.label, 'give the label of the equation as a string: `label="eq:rate"`')
    if len(label) > _LONGEST_LABEL or re.fullmatch(r"[\w:./+* -]*", label) is None:
        raise refuse("LR152", f"label is {quoted(label)}", "a label is made of letters, digits, spaces and `:./+*_-`")
    width = float(number("width", wanted.width, "give the room for a line in ems, above 0", low=1, high=10**6))
    return attrs.evolve(wanted, first=first, width=width)


def document(format: str, plan: Plan, target: Target, base: str | Exact | None, style: Style) -> str:
    """The formula of a target, in a format. Raises `ScheduleError` for one that is not known."""
    one_of("format", format, FORMATS)
    letter: Node = ETA
    if isinstance(base, str) or format == "python":
        letter = Name(base if isinstance(base, str) else "base", raw=True)
    if base is not None and not isinstance(base, str):
        plan = attrs.evolve(plan, law=substitute(plan.law, {BASE: decimal(base)}))
    found = formula_of(plan, target, letter, style)
    if isinstance(base, str):
        checked(base, format, {_NAMES[format](x) for x in _letters(found)} if format in _NAMES else ())
    return FORMATS[format](found, style)


def _letters(f: Formula) -> set[Name]:
    """The letters of a formula but the one for the base; the time is always one."""
    used = {TIME, *(letter for letter, _ in f.meanings)}.union(tree.names(f.pieces), *(tree.names(meaning) for _, meaning in f.meanings))
    return {x for x in used if x != f.base}


__all__ = ["FORMATS", "REMARKS", "Style", "document", "styled"]
