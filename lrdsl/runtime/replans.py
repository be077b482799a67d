"""Replans: the schedule that a run began with, the texts that have replaced the rest of it since, and how the oldest of them are folded into one plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import attrs

from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.plan import History
from lrdsl.runtime.groups import quantities
from lrdsl.schedule import Schedule
from lrdsl.syntax import canonical
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.replanning import bodies, continued, followed, replaced

#: The most replans that a run remembers, and how many are left when it folds the oldest.
MOST_REPLANS, LEFT = 24, 12
#: The codes of a text that is too large. All replans but the last are folded then.
_TOO_LARGE = {"LR005", "LR006"}
#: A smaller level is folded to 0, since a text cannot write smaller numbers.
_LEAST = 1e-100


@attrs.frozen
class Course:
    """The schedule that a run was `planned` with, and its `replans`: the tick and the text of each.

    `folded` replaces the oldest replans: a tick, and the text of a plan that gives the levels from this tick on, as `hold(at=0.05x)`. The levels before this
    tick are forgotten.
    """

    planned: Schedule
    folded: tuple[int, str] | None = None
    replans: tuple[tuple[int, str], ...] = ()

    @property
    def first(self) -> int:
        """The first tick whose level is known."""
        return 0 if self.folded is None else self.folded[0]

    def schedule(self, events: History) -> Schedule:
        """The schedule with all its replans, for a run in which these events came."""
        start = self._start()
        return (start.replanned_often(self.replans) if self.replans else start).after(events)

    def _start(self) -> Schedule:
        """The schedule before the replans that are remembered."""
        if self.folded is None:
            return self.planned
        start = self.planned.with_tree(parse_tree(self.folded[1]))
        if [target.name for target in start.targets] != [target.name for target in self.planned.targets]:
            raise refuse("LR151", "the folded plan in the state has other targets than the schedule", "load a state that was saved whole", str(self.planned))
        return start

    def replanned(self, tick: int, text: str, events: History, bases: Mapping[str, Sequence[float]]) -> tuple[Course, Schedule]:
        """Adds a replan. Returns the new course and its schedule; `bases` are the bases of the groups, by quantity."""
        course = attrs.evolve(self, replans=(*self.replans, (tick, text)))
        if len(course.replans) > MOST_REPLANS:
            course = course._fold(len(course.replans) - LEFT, events, bases)
        try:
            return course, course.schedule(events)
        except ScheduleError as error:
            if not {d.code for d in error.diagnostics} <= _TOO_LARGE:
                raise
        course = course._fold(len(course.replans) - 1, events, bases)
        return course, course.schedule(events)

    def _fold(self, count: int, events: History, bases: Mapping[str, Sequence[float]]) -> Course:
        """Folds the plan so far and its first `count` replans into one plan.

        If a later replan sets a target too, the folded plan holds the level that the target has there. Else it keeps the target's last replan, and the level
        that this one starts from.
        """
        quantity = {target.name: name for name, targets in quantities(self.planned.targets).items() for target in targets}
        lr = {target.name for target in self.planned.targets if target.key == "lr"}
        trees = [parse_tree(text) for _, text in self.replans]
        names = [set(bodies(tree)) or lr for tree in trees]
        whole = self._start().tree
        for (at, _), tree in zip(self.replans[:count], trees, strict=False):
            whole = continued(whole, at, tree)
        new: dict[str, Node] = {}
        first = self.first
        for name in sorted(set.union(*names[: count + 1])):
            later = [i for i in range(count, len(names)) if name in names[i]]
            index = later[0] if later else max(i for i in range(count) if name in names[i])
            tick = min(self.replans[i][0] for i in later or [index])  # a run may seek back: a replan at an earlier tick replaces those behind it
            before = attrs.evolve(self, replans=self.replans[:index]).schedule(events)
            hold = parse_tree(f"hold(at={_level(before, name, tick, bases.get(quantity[name], ()))})")
            new[name] = hold if later else followed(hold, tick, bodies(trees[index]).get(name, trees[index]))
            first = max(first, tick)
        return Course(self.planned, (first, canonical(replaced(whole, new))), self.replans[count:])


def _level(schedule: Schedule, name: str, tick: int, bases: Iterable[float]) -> str:
    """The level of a target at a tick, as text.

    It is written as a constant plus a multiple of base if it has that form; else as a function of base that is exact at these `bases`.
    """
    evaluator = schedule.evaluators[name]
    parts = evaluator.code_at(tick).parts(tick)
    if parts is not None:
        a, b = (0.0 if abs(x) < _LEAST else x for x in parts)
        return repr(a) if b == 0 else f"{b!r}x" if a == 0 else f"{a!r} + {b!r}x"
    levels = {base: evaluator.level(tick, base) for base in bases}
    points = sorted((base, 0.0 if abs(level) < _LEAST else level) for base, level in levels.items())
    if len({level for _, level in points}) == 1:
        return repr(points[0][1])
    return nearest(points)


def nearest(points: list[tuple[float, float]]) -> str:
    """Returns text for a function of base, constant around each of several bases. `points` are at least two pairs of base and level, by rising base.

    The function is the maximum of one trapezoid per base: its top is the level, and its steep sides lie midway to the neighbours.
    """
    edges = [(a + b) / 2 for (a, _), (b, _) in pairwise(points)]
    gap, top = min(b - a for (a, _), (b, _) in pairwise(points)), max(abs(level) for _, level in points)
    steep = 10 ** math.ceil(math.log10(4 * (top + 1) / gap))
    peaks = []
    for i, (_, level) in enumerate(points):
        rise = [f"{steep} * (base - {edges[i - 1]!r})"] if i > 0 else []
        fall = [f"{steep} * ({edges[i]!r} - base)"] if i < len(edges) else []
        peaks.append(f"min({', '.join([repr(level), *rise, *fall])})")
    return f"max({min(level for _, level in points)!r}, {', '.join(peaks)})"
