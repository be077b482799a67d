"""Writes the formula of a target as a document in one of the `FORMATS`: LaTeX, Markdown, text, Typst, MathML, Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from lrdsl.arguments import one_of, quoted
from lrdsl.diagnostics import refuse, shown
from lrdsl.escaping.quoting import REMARKS
from lrdsl.expr import BASE, Num, decimal, in_whole_numbers, substitute
from lrdsl.expr.exact import Exact, quotient
from lrdsl.formulas import latex as latex_backend
from lrdsl.formulas.amounts import is_short
from lrdsl.formulas.family import Relation, of_each_piece
from lrdsl.formulas.formula import Formula, formula_of, formula_of_family, with_letters_for
from lrdsl.formulas.letters import base_letter_of, letter_in
from lrdsl.formulas.notation import latex, mathml, python, text, typst
from lrdsl.formulas.notation.composing import TIME
from lrdsl.formulas.notation.tree import PI, Name, Node, Words
from lrdsl.formulas.notes import base_note, time_note
from lrdsl.formulas.style import FORMS, NUMBERS, Style, needs_letters, styled
from lrdsl.plan import Plan
from lrdsl.targets import Target


def _latex(f: Formula, style: Style) -> str:
    return latex_backend.equation(f, style)


def _markdown(f: Formula, style: Style) -> str:
    return f"$$\n{_latex(f, attrs.evolve(style, label=''))}\n$$"


def _text(f: Formula, _: Style) -> str:
    rows = text.rows(f.pieces)
    width = max(len(value) for value, _ in rows)
    lines = [f"{value:{width}}   {where}".rstrip() for value, where in rows]
    return "\n".join([*lines, *map(text.text, f.notes), *(f"{text.name(name)} = {text.text(meaning)}" for name, meaning in f.meanings)])


def _typst(f: Formula, style: Style) -> str:
    symbol = typst.with_group(f.symbol, f.group)
    value = f.pieces.always
    if value is None and len(f.pieces.rows) == 1:
        body = f"{typst.typst(f.pieces.rows[0][0])}, quad {typst.condition(f.pieces.rows[0][1])}"
    else:
        body = "cases(\n  " + ",\n  ".join(typst.row(*row) for row in f.pieces.rows) + ",\n)" if value is None else typst.typst(value)
    clauses = [*map(typst.typst, f.notes), *(f"{typst.name(name)} = {typst.typst(meaning)}" for name, meaning in f.meanings)]
    where = "".join(f', \\\n"{"where " * (i == 0)}" {clause}' for i, clause in enumerate(clauses)).replace('\n"" ', "\n")
    label = "".join(c if c.isalnum() or c in "_-:." else "-" for c in style.label)
    return f"$ {symbol} = {body}{where} $" + (f" <{label}>" if label else "")


def _mathml(f: Formula, style: Style) -> str:
    symbol = mathml.with_group(f.symbol, f.group)
    if f.pieces.always is None and len(f.pieces.rows) == 1:
        value, when = f.pieces.rows[0]
        right = f'{mathml.mathml(value)}<mo>,</mo><mspace width="1em"/>{mathml.condition(when)}'
    else:
        right = mathml.mathml(f.pieces.always or f.pieces)
    body = f"<mrow>{symbol}<mo>=</mo>{right}</mrow>"
    clauses = [*map(mathml.mathml, f.notes), *(f"<mrow>{mathml.mathml(name)}<mo>=</mo>{mathml.mathml(meaning)}</mrow>" for name, meaning in f.meanings)]
    if clauses:
        where = "".join(f"<mtr><mtd>{clause}</mtd></mtr>" for clause in clauses)
        body = f"<mtable><mtr><mtd>{body}</mtd></mtr>{where}</mtable>"
    label = f' id="{style.label.replace(" ", "-")}"' if style.label else ""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"{label}>{body}</math>'


def _python(f: Formula, _: Style) -> str:
    return python.function(
        f.function, f.pieces, f.meanings, f.base.letter if isinstance(f.base, Name) else "", f.events, f.counts, f.notes, f.number, f.time.letter
    )


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


def document(
    format: str, plan: Plan, target: Target, base: str | Exact | None, style: Style, function: str, symbolic: bool, relation: Relation | None = None
) -> str:
    """Returns the formula of a target in a format. `function` is its name in a program. Raises `ScheduleError` for an unknown format or letter.

    A `relation` is the formula of a family of groups by the level of another target; a program gets it as a function of the number of a group, and `plan` is
    that of the other target then. A plan with letters that is not `symbolic` keeps those of durations
    that would be long numbers.
    """
    one_of("format", format, FORMATS)
    if relation is not None and format != "python":
        family = formula_of_family(relation, target)
        return FORMATS[format](_renamed(family, style.names, format), style)
    if plan.watches and style.per != 1:
        raise refuse("LR152", f"time is {quoted(style.time)}, but the schedule follows a metric, which is reported by the tick", 'count ticks: `time="ticks"`')
    if not symbolic:
        plan = _with_letters_of_long_lengths(plan, style)
    letter: Node = letter_in(base, format) if isinstance(base, str) else Name("base", raw=True) if format == "python" else base_letter_of(target)
    if base is not None and not isinstance(base, str):
        plan = attrs.evolve(plan, law=substitute(plan.law, {BASE: decimal(base)}))
    if format == "python":  # its numbers are doubles
        plan = attrs.evolve(plan, law=in_whole_numbers(plan.law))
    formula = formula_of(plan, target, letter, style, style.after_end or format == "python")
    if relation is not None:
        own = [pair for pair in relation.meanings if pair[0] not in dict(formula.meanings)]
        number, pieces = relation.letter.letter, of_each_piece(relation, formula.pieces)
        formula = attrs.evolve(formula, pieces=pieces, meanings=[*own, *formula.meanings], number=number)
    formula = attrs.evolve(
        formula, function=function, notes=[*([] if format == "python" else _clauses(formula, style, symbolic or bool(plan.legend))), *formula.notes]
    )
    if isinstance(base, str):
        _told_apart(formula, base, format)
    return FORMATS[format](_renamed(formula, style.names, format), style)


def _with_letters_of_long_lengths(plan: Plan, style: Style) -> Plan:
    """Returns a plan in which only the durations that would be long numbers have letters."""
    if not plan.legend:
        return plan
    return with_letters_for(plan, lambda x: x.duration and isinstance(x.value, Num) and not is_short(quotient(x.value.value, style.per)))


def lines(plan: Plan, target: Target, base: str, style: Style) -> list[tuple[str, str]]:
    """Returns the formula of each piece as text, and when it holds; then the meanings of the letters of durations that would be long numbers."""
    formula = formula_of(_with_letters_of_long_lengths(plan, style), target, Name(base, raw=True), style, after_end=True)
    return [*text.rows(formula.pieces), *((f"{text.name(name)} = {text.text(meaning)}", "") for name, meaning in formula.meanings)]


def _clauses(f: Formula, style: Style, lettered: bool) -> list[Words]:
    """Returns the remarks on the time and the base, where the formula has them and the style asks for them."""
    if not (lettered if style.where is None else style.where):
        return []
    letters = f.letters
    moving = len(f.pieces.rows) > 1 or f.pieces.always is None or TIME in letters
    notes = [time_note(style.time, style.first)] * moving
    return [*notes, *([base_note(f.base, f.target, style.base)] if f.base in letters else [])]


def _told_apart(f: Formula, base: str, format: str) -> None:
    """Raises `ScheduleError` if the letter of the base is another letter of the formula too."""
    if format not in _NAMES or not isinstance(f.base, Name):
        return
    others = {_NAMES[format](x) for x in {TIME, *f.letters} if x != f.base}
    if _NAMES[format](f.base) in {*others, _NAMES[format](PI), _NAMES[format](TIME)} or f.base in dict(f.meanings):
        raise refuse("LR152", f"`{shown(base)}` is not a letter for the base: the formula uses it for something else", "give another letter")


def _renamed(f: Formula, names: Mapping[str, str], format: str) -> Formula:
    """Returns a formula with the letters of the caller. Raises `ScheduleError` for a name that it does not have, and for two letters that would be one."""
    if not names:
        return f
    own = {"_".join([x.letter, *(x.sub.split(",") if x.sub else [])]): x for x in (*f.letters, *f.events, f.symbol, f.base) if isinstance(x, Name)}
    if format == "python" and f.base == Name("base", raw=True):  # the letter that it has in the other formats
        letter = base_letter_of(f.target)
        own["_".join([letter.letter, *letter.sub.split(",")])] = f.base
    unknown = next((name for name in names if name not in own), None)
    if unknown is not None:
        raise refuse("LR152", f"the formula has no letter `{shown(unknown)}`", f"it has {', '.join(f'`{name}`' for name in sorted(own))}")
    new = {own[name]: letter_in(letter, format) for name, letter in names.items()}
    if TIME in new and f.symbol not in new and not new[TIME].raw and not new[TIME].sub:  # eta_n in the place of eta_t
        new[f.symbol] = Name(f.symbol.letter, ",".join([*f.symbol.sub.split(",")[:-1], new[TIME].letter]))
    after = [new.get(x, x) for x in dict.fromkeys(own.values())]
    if len(set(after)) < len(after):
        raise refuse("LR152", "two letters of the formula would have one name", "give each letter a name of its own")
    return f.renamed(new)


__all__ = ["FORMATS", "FORMS", "NUMBERS", "REMARKS", "Style", "document", "needs_letters", "styled"]
