"""`Source`: a tree and what its meaning depends on, such as the clock. It gives programs, members of families, and plans for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from lrdsl.arguments import schedule, whole_number
from lrdsl.check import check
from lrdsl.check.keys import plain as bare
from lrdsl.check.notes import Notes
from lrdsl.check.program import Library
from lrdsl.check.reductions import reduced
from lrdsl.clock import MAX_TICKS, Clock, total_of
from lrdsl.diagnostics import Problems, refuse
from lrdsl.expr.exact import Exact, Hosted, plain
from lrdsl.plan import History, Plan
from lrdsl.syntax import parse
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.replanning import bodies, continued, with_total
from lrdsl.targets import Program, Target
from lrdsl.work import bounded

#: The events of a run so far: the key of each, and its ticks.
Events = tuple[tuple[tuple[str, Exact], tuple[int, ...]], ...]


@attrs.frozen
class Replan:
    """A text that continues a schedule from a tick on. `total` has the facts of the run's new total, as `{"total_steps": 500}`; it is empty for the old one."""

    tick: int
    text: str
    total: tuple[tuple[str, Exact], ...] = ()

    def clock(self, before: Clock) -> Clock:
        """Returns the clock of the run from now on. Raises `ScheduleError` for a total that is no later than the replan."""
        if not self.total:
            return before
        clock = before.with_total(**dict(self.total))
        if clock.total_in_ticks() <= self.tick:
            total = ", ".join(f"{name}={plain(value)}" for name, value in self.total)
            raise refuse(
                "LR152", f"the run is at tick {self.tick}, which {total} does not go beyond", "give the whole run's new total, with what has been", self.text
            )
        return clock


@attrs.frozen
class Source:
    """The tree of a text that is known to be sound, and what its meaning depends on. `text` is shown in errors. `notes` are those of its check, if kept.

    Members and readable plans are made once, and kept.
    """

    tree: Node
    clock: Clock
    names: tuple[tuple[str, Hosted], ...]
    text: str
    library: Library | None
    events: Events
    notes: Notes | None = attrs.field(eq=False)
    _members: dict[tuple[str, int], Target] = attrs.field(factory=dict, init=False)
    _readable: dict[tuple[str, bool], Plan] = attrs.field(factory=dict, init=False)

    def read(self, numbers: Mapping[str, tuple[int, ...]], **options: Any) -> Program:
        """Returns what the text says, with the members of its families that have these numbers. Raises `ScheduleError`."""
        problems = Problems(self.text)
        program = check(self.tree, self.clock, dict(self.names), problems, self.library, dict(self.events), numbers=numbers, **options)
        problems.raise_any()
        assert program is not None
        return program

    def continued(self, program: Program, before: History) -> Program:
        """Returns a program after the events of this source, from that after those `before`.

        A target that no new event concerns stays. Where events have only reduced its levels, its plan is made from the plan before; where it is a multiple of
        another target, from the plan of that one.
        """
        from lrdsl.check.multiples import multiplied  # a text that is only checked has no run

        history = dict(self.events)
        changed = {key for key in {*before, *history} if before.get(key) != history.get(key)}
        waiting = [target for target in program.targets if any(watch.key in changed for watch in target.plan.watches)]
        before_of = {target.name: target.plan for target in waiting}
        plans: dict[str, Plan] = {}
        for multiples in (False, True):
            anew: dict[str, tuple[int, ...]] = {}
            for target in waiting:
                model = target.plan.multiple and target.plan.multiple[0]
                if (model in before_of) is multiples:
                    plan = multiplied(target.plan, before_of[model], plans[model]) if model in plans else reduced(target.plan, before, history)
                    if plan is not None:
                        plans[target.name] = plan
                    else:
                        anew[target.written] = (*anew.get(target.written, ()), *(() if target.number is None else (target.number,)))
            if anew:
                plans |= self._read_anew(program, anew)
        return attrs.evolve(program, targets=tuple([attrs.evolve(one, plan=plans[one.name]) if one.name in plans else one for one in program.targets]))

    def _read_anew(self, program: Program, names: Mapping[str, tuple[int, ...]]) -> dict[str, Plan]:
        """Returns the plans that the targets of these names have after the events; of a family, the members that have these numbers."""
        numbers = {**program.samples, **{written: own for written, own in names.items() if own}}
        targets, before = self.read(numbers, only=names.keys(), earlier=self.notes).targets, {target.name: target.plan for target in program.targets}
        return {one.name: attrs.evolve(one.plan, any_base=before[one.name].any_base, multiple=before[one.name].multiple) for one in targets}

    def with_members(self, program: Program, numbers: Mapping[str, Iterable[int]]) -> Program:
        """Returns the program with the members of each family that have these numbers. Raises `ScheduleError` if a number has no schedule."""
        return program.with_members(numbers, lambda family, number: self.member(program, family, number))

    def member(self, program: Program, family: Target, number: int) -> Target:
        """Returns the member of a family that has a number. Raises `ScheduleError` if it has no schedule for this number."""
        key = (family.written, number)
        if key not in self._members:
            self._members[key] = program.members.get(key) or self._first_read_member(program, family, number)
        return self._members[key]

    def _first_read_member(self, program: Program, family: Target, number: int) -> Target:
        """Returns a member that is not in the program yet, and keeps its notes."""
        notes = None if self.notes is None or self.events else Notes(self.text)
        member = self._read_member(program, family, number, notes=notes)
        if self.notes is not None and notes is not None:
            self.notes.members[family.written, number] = notes
        return member

    def _read_member(self, program: Program, family: Target, number: int, **options: Any) -> Target:
        return self.read({**program.samples, family.written: (number,)}, only={family.written}, **options).targets[0]

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


def continued_often(tree: Node, clock: Clock, replans: Iterable[Replan], check_name: Callable[[str], object], text: str) -> tuple[Node, Clock]:
    """Returns the tree of a schedule after several replans, and its clock. `check_name` raises `ScheduleError` for a target that the schedule does not have.

    `text` is shown in errors.
    """
    help = f"replan at a whole tick from 0 to {MAX_TICKS:.0e}"
    for replan in replans:
        at = whole_number("tick", replan.tick, help, high=MAX_TICKS, text=text)
        added = bare(parse(schedule("the text", replan.text)))
        for name in bodies(added):
            check_name(name)
        now = replan.clock(clock)
        tree, clock = continued(under_total(tree, clock, now), at, added), now
    return tree, clock


def under_total(tree: Node, before: Clock, now: Clock) -> Node:
    """Returns the tree of the same schedule under the clock of a run with another total."""
    old, new = total_of(before), total_of(now)
    return tree if old is None or new is None or old == new else with_total(tree, old, new)
