"""`Source`: a tree and what its meaning depends on, such as the clock. It gives programs, members of families, and plans for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from lrdsl.check import check
from lrdsl.check.program import Library
from lrdsl.clock import Clock
from lrdsl.diagnostics import Problems
from lrdsl.expr.exact import Exact
from lrdsl.plan import Plan
from lrdsl.syntax.nodes import Node
from lrdsl.targets import Program, Target
from lrdsl.work import bounded

#: The events of a run so far: the key of each, and its ticks.
Events = tuple[tuple[tuple[str, Exact], tuple[int, ...]], ...]


@attrs.frozen
class Source:
    """The tree of a text that is known to be sound, and what its meaning depends on. `text` is shown in errors.

    Members and readable plans are made once, and kept.
    """

    tree: Node
    clock: Clock
    names: tuple[tuple[str, Exact], ...]
    text: str
    library: Library | None
    events: Events
    _members: dict[tuple[str, int], Target] = attrs.field(factory=dict, init=False)
    _readable: dict[tuple[str, bool], Plan] = attrs.field(factory=dict, init=False)

    def read(self, samples: dict[str, int], **options: Any) -> Program:
        """Returns what the text says, with these numbers for the members of its families. Raises `ScheduleError`."""
        problems = Problems(self.text)
        program = check(self.tree, self.clock, dict(self.names), problems, self.library, dict(self.events), numbers=samples, **options)
        problems.raise_any()
        assert program is not None
        return program

    def with_members(self, program: Program, numbers: Mapping[str, Iterable[int]]) -> Program:
        """Returns the program with the members of each family that have these numbers. Raises `ScheduleError` if a number has no schedule."""
        return program.with_members(numbers, lambda family, number: self.member(program, family, number))

    def member(self, program: Program, family: Target, number: int) -> Target:
        """Returns the member of a family that has a number. Raises `ScheduleError` if it has no schedule for this number."""
        key = (family.written, number)
        if key not in self._members:
            self._members[key] = program.members.get(key) or self._read_member(program, family, number)
        return self._members[key]

    def _read_member(self, program: Program, family: Target, number: int, **options: Any) -> Target:
        return self.read({**program.samples, family.written: number}, only=family.written, **options).targets[0]

    def readable_plan(self, program: Program, target: Target, symbolic: bool) -> Plan:
        """Returns the plan of a target with formulas in the form that people write; with `symbolic`, letters stand for the parameters."""
        key = (target.name, symbolic)
        if key not in self._readable:
            options: dict[str, Any] = {"readable": True, "cut": frozenset(t.plan.cut for t in (*program.targets, target) if t.plan.cut is not None)}
            if symbolic:
                from lrdsl.formulas.symbolic import symbol

                options["symbol"] = symbol
            with bounded(self.text, counts=symbolic):  # a formula for people may be larger than one for numbers
                if target.number is None:
                    targets = self.read(program.samples, **options).targets
                else:
                    targets = (self._read_member(program, target, target.number, **options),)
            self._readable.update({(t.name, symbolic): t.plan for t in targets})
        return self._readable[key]
