"""Replans: the schedule that a run began with, the texts that have replaced the rest of it since, and how the oldest of them are folded into one plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from lrdsl.check.keys import plain
from lrdsl.clock import Clock, total_of
from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.expr.exact import Exact
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import History
from lrdsl.runtime.attaching import GroupBases
from lrdsl.runtime.groups import Group, numbers_in
from lrdsl.schedule import Schedule
from lrdsl.schedule.source import Replan, continued_often, under_total
from lrdsl.syntax import canonical
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Name, Node, walk
from lrdsl.syntax.replanning import bodies, followed, replaced

#: The most replans that a run remembers, and how many are left when it folds the oldest.
MOST_REPLANS, LEFT = 24, 12
#: The codes of a text that is too large. All replans but the last are folded then.
_TOO_LARGE = {"LR005", "LR006"}
#: A smaller level is folded to 0, since a text cannot write smaller numbers.
_LEAST = 1e-100
#: How many ticks are compared, and by what share levels may differ that were computed in another order.
_SAMPLED, _CLOSE = 1000, 1e-9


def new_total(totals: Mapping[str, Any], text: str) -> tuple[tuple[str, Exact], ...]:
    """Returns the new total that a replan gives, of those that are not None. Raises `ScheduleError` for two of them, and for a number that is no total."""
    values = {name: value for name, value in totals.items() if value is not None}
    if len(values) > 1:
        raise refuse("LR152", "a replan takes one new total, and got both", "give `total_steps`, or `total_epochs`", text)
    return tuple((name, getattr(Clock.of(**{name: value}), name)) for name, value in values.items())


def without_rest(text: str, tick: int, schedule: Schedule) -> tuple[str, str] | None:
    """The message and the remedy for a text with `rest` at a tick at which the run is over, so that `rest` is 0; None for others."""
    total = total_of(schedule.clock)
    if total is None or tick < total or not any(isinstance(part, Name) and part.id == "rest" for part in walk(parse_tree(text))):
        return None
    message = f"the run is over at tick {tick} of {float(total):g}, so `rest` is 0 in `{shown(text, 60)}`"
    return message, "give the new total: `scheduler.replan(..., total_steps=...)`"


@attrs.frozen
class Course:
    """The schedule that a run was `planned` with, and its `replans`.

    `folded` replaces the oldest replans: its text is a plan that gives the levels from its tick on, as `hold(at=0.05x)`, and its total is their last one. The
    levels before this tick are forgotten.
    """

    planned: Schedule
    folded: Replan | None = None
    replans: tuple[Replan, ...] = ()

    @property
    def first(self) -> int:
        """The first tick whose level is known."""
        return 0 if self.folded is None else self.folded.tick

    def check_remembers(self, tick: float, text: str) -> None:
        """Raises `ScheduleError` for a tick before the first."""
        if tick < self.first:
            message = f"tick {tick:g} lies before tick {self.first}: the run was replanned so often that its earlier plans are forgotten"
            raise refuse("LR152", message, f"ask for ticks from {self.first} on", text)

    def schedule(self, events: History) -> Schedule:
        """The schedule with all its replans, for a run in which these events came."""
        start = self._start()
        return (start.replanned_often(self.replans) if self.replans else start).after(events)

    def _start(self) -> Schedule:
        """The schedule before the replans that are remembered."""
        if self.folded is None:
            return self.planned
        clock = self.planned.clock.with_total(**dict(self.folded.total)) if self.folded.total else None
        start = self.planned.with_tree(parse_tree(self.folded.text), clock)
        if [target.written for target in start.targets] != [target.written for target in self.planned.targets]:
            raise refuse("LR151", "the folded plan in the state has other targets than the schedule", "load a state that was saved whole", str(self.planned))
        return start

    def replanned(self, replan: Replan, events: History, bases: GroupBases, groups: Sequence[Group]) -> tuple[Course, Schedule]:
        """Adds a replan. Returns the new course and its schedule; `bases` are the bases of the `groups`, by quantity."""
        course = attrs.evolve(self, replans=(*self.replans, replan))
        if len(course.replans) > MOST_REPLANS:
            course = course._fold(len(course.replans) - LEFT, events, bases, groups)
        try:
            schedule = course.schedule(events)
        except ScheduleError as error:
            if not {d.code for d in error.diagnostics} <= _TOO_LARGE:
                raise
            course = course._fold(len(course.replans) - 1, events, bases, groups)
            schedule = course.schedule(events)
        if replan.total and not _same_before(self.schedule(events), schedule, range(course.first, replan.tick), bases):
            help = "write its lengths in steps, or in epochs"
            raise refuse("LR152", "a file that the schedule uses measures what has been by the old total of the run", help, str(self.planned))
        return course, schedule

    def _fold(self, count: int, events: History, bases: GroupBases, groups: Sequence[Group]) -> Course:
        """Folds the plan so far and its first `count` replans into one plan.

        If a replan at the present tick sets a target too, the folded plan holds the level that the target has there. Else it keeps the replan of the target
        that is in force at the present tick, with the level that this one starts from, and those behind it: a run that seeks back has such.
        """
        lr = {target.written for target in self.planned.targets if target.key == "lr"}
        trees = [plain(parse_tree(replan.text)) for replan in self.replans]
        names = [set(bodies(tree)) or lr for tree in trees]
        start = self._start()
        whole, clock = continued_often(start.tree, start.clock, self.replans[:count], lambda _: None, str(start))
        present = min(replan.tick for replan in self.replans[count:])  # a run may seek back: a replan at an earlier tick replaces those behind it
        new: dict[str, Node] = {}
        first = self.first
        for name in sorted(set.union(*names[: count + 1])):
            own = [i for i in range(len(names)) if name in names[i]]
            later = [i for i in own if i >= count]
            lasting = _lasting([(i, self.replans[i].tick) for i in own if i < count])
            begun = [i for i in lasting if self.replans[i].tick <= present]
            if present in (self.replans[i].tick for i in later):
                new[name], first = self._hold(name, later[0], present, events, bases, groups), max(first, present)
                continue
            if begun:
                tick = self.replans[begun[-1]].tick
                hold, first = self._hold(name, begun[-1], tick, events, bases, groups), max(first, tick)
                body = followed(hold, tick, self._body(name, begun[-1], start, clock))
            else:
                body = under_total(_body_of(start.tree, name), start.clock, clock)
            for i in lasting[len(begun) :]:
                body = followed(body, self.replans[i].tick, self._body(name, i, start, clock))
            new[name] = body
        total = next((replan.total for replan in reversed(self.replans[:count]) if replan.total), () if self.folded is None else self.folded.total)
        return Course(self.planned, Replan(first, canonical(replaced(whole, new)), total), self.replans[count:])

    def _hold(self, name: str, index: int, tick: int, events: History, bases: GroupBases, groups: Sequence[Group]) -> Node:
        """The level that a target has at a tick before a replan, as a phase."""
        before = attrs.evolve(self, replans=self.replans[:index]).schedule(events)
        return parse_tree(f"hold(at={_level(before, name, tick, bases, groups)})")

    def _body(self, name: str, index: int, start: Schedule, clock: Clock) -> Node:
        """What a replan says of a target, under the clock of the run as it is now."""
        _, then = continued_often(start.tree, start.clock, self.replans[: index + 1], lambda _: None, str(start))
        return under_total(_body_of(plain(parse_tree(self.replans[index].text)), name), then, clock)


def _body_of(tree: Node, name: str) -> Node:
    """The schedule of a target; a tree that is one expression is that of every target that it continues."""
    return bodies(tree).get(name, tree)


def _lasting(replans: Iterable[tuple[int, int]]) -> list[int]:
    """The replans that are in force at some tick, by rising tick: one at an earlier tick replaces those behind it.

    >>> _lasting([(0, 10), (1, 40), (2, 30), (3, 50)])
    [0, 2, 3]
    """
    lasting: list[tuple[int, int]] = []
    for index, tick in replans:
        while lasting and lasting[-1][1] >= tick:
            lasting.pop()
        lasting.append((index, tick))
    return [index for index, _ in lasting]


def _same_before(one: Schedule, two: Schedule, ticks: range, bases: GroupBases) -> bool:
    """Whether two schedules have the same levels at ticks, as far as a sample of them tells."""
    some = ticks[:: len(ticks) // _SAMPLED + 1]
    for a, b in zip(one.targets, two.targets, strict=True):
        base = next((base for base in bases.get(a.quantity, ()) if base), 1.0)
        before, now = one.evaluator_of(a), two.evaluator_of(b)
        levels = [(before.level(tick, base), now.level(tick, base)) for tick in some]
        if any(abs(old - new) > _CLOSE * abs(old) for old, new in levels):
            return False
    return True


def _level(schedule: Schedule, name: str, tick: int, bases: GroupBases, groups: Sequence[Group]) -> str:
    """The level of a target at a tick, as text.

    It is written as a constant plus a multiple of base if it has that form; else as a function of base that is exact at these `bases`. That of a family is a
    function of its number too, which is exact at those that are caught in the names of the `groups`.
    """
    caught = schedule.catching(numbers_in(schedule.targets, groups))
    members = [target for target in caught.targets if target.written == name]
    own_bases = [base for base in bases.get(members[0].quantity, ()) if base is not None]
    parts = [_parts(caught.evaluator_of(target), tick) for target in members]
    if None not in parts:
        a, b = ([part[i] for part in parts if part is not None] for i in (0, 1))
        numbers, letter = [float(target.number or 0) for target in members], members[0].letter
        constant, times = (nearest(sorted(zip(numbers, values, strict=True)), letter) for values in (a, b))
        return constant if not any(b) else f"{times}x" if len(set(b)) == 1 and not any(a) else f"{constant} + {times} * base" if any(a) else f"{times} * base"
    texts = {target.number: nearest(_points(caught.evaluator_of(target), tick, own_bases), "base") for target in members}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    top = max(abs(level) for target in members for _, level in _points(caught.evaluator_of(target), tick, own_bases))
    return _highest([(float(target.number or 0), texts[target.number]) for target in sorted(members, key=lambda t: t.number or 0)], members[0].letter, top)


def _parts(evaluator: Evaluator, tick: int) -> tuple[float, float] | None:
    """The constant and the multiple of base that a level is; None if it has not that form."""
    parts = evaluator.code_at(tick).parts(tick)
    return None if parts is None else (_rounded(parts[0]), _rounded(parts[1]))


def _rounded(level: float) -> float:
    return 0.0 if abs(level) < _LEAST else level


def _points(evaluator: Evaluator, tick: int, bases: Iterable[float]) -> list[tuple[float, float]]:
    return sorted((base, _rounded(evaluator.level(tick, base))) for base in set(bases))


def nearest(points: list[tuple[float, float]], variable: str = "base") -> str:
    """Returns text for a function of a variable, constant around each of several numbers. `points` are pairs of a number and a value, by rising number.

    >>> nearest([(1.0, 0.5), (2.0, 0.5)], "k"), nearest([(1.0, 0.5), (3.0, 2.0)], "k")
    ('0.5', 'max(0.5, min(0.5, 10 * (2.0 - k)), min(2.0, 10 * (k - 2.0)))')
    """
    values = [value for _, value in points]
    if len(set(values)) == 1:
        return repr(values[0])
    return _highest([(at, repr(value)) for at, value in points], variable, max(map(abs, values)), repr(min(values)))


def _highest(points: list[tuple[float, str]], variable: str, top: float, least: str = "") -> str:
    """Returns text for the maximum of one trapezoid per point: its top is the point's text, and its steep sides lie midway to the neighbours.

    `top` is the largest value of the texts.
    """
    edges = [(a + b) / 2 for (a, _), (b, _) in pairwise(points)]
    steep = 10 ** math.ceil(math.log10(4 * (top + 1) / min(b - a for (a, _), (b, _) in pairwise(points))))
    peaks = [least] if least else []
    for i, (_, text) in enumerate(points):
        rise = [f"{steep} * ({variable} - {edges[i - 1]!r})"] if i > 0 else []
        fall = [f"{steep} * ({edges[i]!r} - {variable})"] if i < len(edges) else []
        peaks.append(f"min({', '.join([text, *rise, *fall])})")
    return f"max({', '.join(peaks)})"
