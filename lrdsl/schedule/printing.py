"""The closed form of a schedule: as an expression of SymPy, and as text of a format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl import arguments
from lrdsl.escaping.quoting import python_names
from lrdsl.expr.exact import Exact
from lrdsl.formulas import documents, family
from lrdsl.work import bounded

if TYPE_CHECKING:
    import sympy

    from lrdsl.schedule import Schedule


def _letter(schedule: Schedule, base: Any, target: str | None) -> str | Exact:
    """Returns the base of a formula: a letter, which each format checks itself, or a checked number."""
    if isinstance(base, str):
        return base
    return arguments.number("base", schedule.checked_base(base, target), "give a letter, or a number", text=str(schedule))


def legend(schedule: Schedule, base: str | float, target: str | None) -> dict[sympy.Symbol, sympy.Expr]:
    """Returns the values of the letters in the symbolic formula."""
    from lrdsl.formulas import symbolic

    letter = _letter(schedule, base, target)
    with bounded(schedule.text, counts=True):
        return symbolic.legend(schedule.readable_plan(target, symbolic=True), letter)


def expression(schedule: Schedule, base: str | float, numbers: str, target: str | None, symbolic: bool) -> sympy.Expr:
    """Returns the closed form as an expression; that of a family of groups in the symbol of the number of a group too."""
    from lrdsl.formulas.symbolic import formula, of_notation

    first = next((t for t in schedule.targets if t.letter and t.written == target), None)
    relation = None if first is None else family.relation_of(schedule.tree, first, symbolic)
    known = target if relation is None else relation.level
    letter = _letter(schedule, base, known)
    with bounded(schedule.text, counts=True):
        level = formula(schedule.readable_plan(known, symbolic), letter, numbers)
        return level if relation is None else of_notation(relation.value, {family.level_letter(relation.level): level})


def text(schedule: Schedule, format: str, base: str | float | None, target: str | None, time: str, symbolic: bool, style: Mapping[str, Any]) -> str:
    """Returns the closed form as text. The arguments are those of `Schedule.typeset`."""
    family_named = next((t for t in schedule.targets if t.letter and t.written == target), None)  # a family may be named as the text writes it
    scheduled = schedule.target(target) if family_named is None else family_named
    target = target if family_named is None else family_named.name
    names = python_names(dict.fromkeys([*(t.name for t in schedule.targets), scheduled.name]))
    letter = None if base is None else _letter(schedule, base, scheduled.name)
    settings = attrs.evolve(documents.styled(schedule.clock, schedule.tree, scheduled.plan, time, style), base=schedule.program.base)
    lettered = symbolic or (isinstance(format, str) and format != "python" and documents.needs_letters(settings))
    plan, function = schedule.readable_plan(scheduled.name, lettered), names[scheduled.name]
    with bounded(schedule.text, counts=lettered):
        relation = family.relation_of(schedule.tree, scheduled, symbolic) if target == scheduled.name else None
        if relation is not None and format == "python":
            plan, function = schedule.readable_plan(relation.level, symbolic), python_names([scheduled.written])[scheduled.written]
        return documents.document(format, plan, scheduled, letter, settings, function, symbolic, relation)


def lines(schedule: Schedule, target: str, base: str = "η₀") -> list[tuple[str, str]]:
    """Returns the formula of each piece as text, and when it holds; then the meanings of the letters of lengths in tokens or samples."""
    scheduled = schedule.target(target)
    settings = documents.styled(schedule.clock, schedule.tree, scheduled.plan, "ticks", {})
    lettered = documents.needs_letters(settings)
    with bounded(schedule.text, counts=lettered):
        return documents.lines(schedule.readable_plan(target, lettered), scheduled, base, settings)
