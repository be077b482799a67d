"""Writes the formula of a target as a document in one of the `FORMATS`: LaTeX, Markdown, text, Typst, MathML, Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.arguments import number, one_of, quoted, string, whole_number
from lrdsl.diagnostics import refuse
from lrdsl.escaping.quoting import REMARKS
from lrdsl.expr import BASE, T, decimal, in_whole_numbers, linear, substitute, with_changed_forms
from lrdsl.expr.exact import Exact
from lrdsl.formulas import latex as latex_backend
from lrdsl.formulas.latex import Style
from lrdsl.formulas.letters import checked_letter, letter_of
from lrdsl.formulas.notation import latex, mathml, python, text, tree, typst
from lrdsl.formulas.notation.composing import TIME, compose
from lrdsl.formulas.notation.constants import with_fractions
from lrdsl.formulas.notation.tree import Cases, Name, Node
from lrdsl.plan import Plan
from lrdsl.targets import Target

#: The letter of the base, if the caller names none.
ETA = Name("eta", "0")


@attrs.frozen
class Formula:
    """A formula ready to be printed: its pieces, the meanings of its letters, its target, the letter of the base, and its name as a function."""

    pieces: Cases
    meanings: list[tuple[Name, Node]]
    target: Target
    base: Node
    function: str = ""


def formula_of(plan: Plan, target: Target, base: Node, style: Style) -> Formula:
    """Returns the formula of a plan, in the unit of time and with the first tick that the style sets."""
    law = substitute(plan.law, {T: linear(style.per, T, -style.per * style.first)}) if style.per != 1 or style.first else plan.law
    timed = attrs.evolve(plan, law=law)
    if style.per != 1 and plan.legend:  # letters of durations are in the unit of t too
        in_ticks = {x.symbol: x.symbol * style.per for x in plan.legend if x.duration}
        legend = tuple(attrs.evolve(x, value=x.value / style.per) if x.duration else x for x in plan.legend)
        timed = attrs.evolve(plan, law=with_changed_forms(law, lambda form: form.subs(in_ticks, simultaneous=True)), legend=legend)
    pieces, meanings = compose(timed, base)
    if style.numbers == "fraction":
        fractions = with_fractions(pieces)
        assert isinstance(fractions, Cases)
        pieces, meanings = fractions, [(name, with_fractions(meaning)) for name, meaning in meanings]
    return Formula(pieces, meanings, target, base)


def _latex(f: Formula, style: Style) -> str:
    return latex_backend.equation(f.pieces, f.meanings, latex_backend.symbol_of(f.target), style)


def _markdown(f: Formula, style: Style) -> str:
    return f"$$\n{_latex(f, attrs.evolve(style, label=''))}\n$$"


def _text(f: Formula, _: Style) -> str:
    rows = text.rows(f.pieces)
    width = max(len(value) for value, _ in rows)
    lines = [f"{value:{width}}   {where}".rstrip() for value, where in rows]
    return "\n".join([*lines, *(f"{text.name(name)} = {text.text(meaning)}" for name, meaning in f.meanings)])


def _typst(f: Formula, _: Style) -> str:
    symbol = typst.with_group(letter_of(f.target), f.target.group)
    value = f.pieces.always
    body = "cases(\n  " + ",\n  ".join(typst.row(*row) for row in f.pieces.rows) + ",\n)" if value is None else typst.typst(value)
    where = "".join(f', \\\n"where " {typst.name(name)} = {typst.typst(meaning)}' for name, meaning in f.meanings)
    return f"$ {symbol} = {body}{where} $"


def _mathml(f: Formula, _: Style) -> str:
    symbol = mathml.with_group(letter_of(f.target), f.target.group)
    body = f"<mrow>{symbol}<mo>=</mo>{mathml.mathml(f.pieces.always or f.pieces)}</mrow>"
    if f.meanings:
        where = "".join(f"<mtr><mtd><mrow>{mathml.mathml(name)}<mo>=</mo>{mathml.mathml(meaning)}</mrow></mtd></mtr>" for name, meaning in f.meanings)
        body = f"<mtable><mtr><mtd>{body}</mtd></mtr>{where}</mtable>"
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{body}</math>'


def _python(f: Formula, _: Style) -> str:
    return python.function(f.function, f.pieces, f.meanings, f.base.letter if isinstance(f.base, Name) else "")


#: Each format, with the function that writes a formula in it.
FORMATS: dict[str, Callable[[Formula, Style], str]] = {
    "latex": _latex,
    "markdown": _markdown,
    "text": _text,
    "typst": _typst,
    "mathml": _mathml,
    "python": _python,
}
#: How each format writes a letter. Python is missing: it makes its names distinct itself.
_NAMES: dict[str, Callable[[Name], str]] = {"latex": latex.name, "markdown": latex.name, "text": text.name, "typst": typst.name, "mathml": text.name}
#: The ways to arrange the pieces of a LaTeX formula, and to write numbers.
FORMS, NUMBERS = ("cases", "aligned", "iverson"), ("decimal", "fraction")
#: The longest label, in characters.
_LONGEST_LABEL = 200


def styled(per: Exact, **style: Any) -> Style:
    """Returns the style with the caller's settings. Raises `ScheduleError` for a wrong value, `TypeError` for an unknown keyword."""
    settings = Style(per=per, **style)
    one_of("form", settings.form, FORMS)
    one_of("numbers", settings.numbers, NUMBERS)
    first = whole_number("first", settings.first, "the first tick is called 0 or 1", high=1)
    label = string("label", settings.label, 'give the label of the equation as a string: `label="eq:rate"`')
    if len(label) > _LONGEST_LABEL or re.fullmatch(r"[\w:./+* -]*", label) is None:
        raise refuse("LR152", f"label is {quoted(label)}", "a label is made of letters, digits, spaces and `:./+*_-`")
    width = float(number("width", settings.width, "give the width of a line in ems, from 1 up", low=1, high=10**6))
    return attrs.evolve(settings, first=first, width=width)


def document(format: str, plan: Plan, target: Target, base: str | Exact | None, style: Style, function: str) -> str:
    """Returns the formula of a target in a format. `function` is its name in a program. Raises `ScheduleError` for an unknown format or letter."""
    one_of("format", format, FORMATS)
    letter: Node = ETA
    if isinstance(base, str) or format == "python":
        letter = Name(base if isinstance(base, str) else "base", raw=True)
    if base is not None and not isinstance(base, str):
        plan = attrs.evolve(plan, law=substitute(plan.law, {BASE: decimal(base)}))
    if format == "python":  # its numbers are doubles
        plan = attrs.evolve(plan, law=in_whole_numbers(plan.law))
    formula = attrs.evolve(formula_of(plan, target, letter, style), function=function)
    if isinstance(base, str):
        checked_letter(base, format, {_NAMES[format](x) for x in _letters(formula)} if format in _NAMES else ())
    return FORMATS[format](formula, style)


def _letters(f: Formula) -> set[Name]:
    """Returns all letters of a formula except the one for the base. The time `t` is always among them."""
    used = {TIME, *(letter for letter, _ in f.meanings)}.union(tree.names(f.pieces), *(tree.names(meaning) for _, meaning in f.meanings))
    return {x for x in used if x != f.base}


__all__ = ["FORMATS", "FORMS", "NUMBERS", "REMARKS", "Style", "document", "styled"]
