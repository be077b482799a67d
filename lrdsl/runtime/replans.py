"""The plans that a run has followed: what it began with, the replans since, and what is left of those that were folded."""

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

#: A run remembers so many replans as they were. When there is one more, the first of them are folded, and so many are left.
MOST_REPLANS, LEFT = 24, 12
#: What a text cannot hold is folded too.
_TOO_LARGE = {"LR005", "LR006"}
#: Levels under this are folded to 0: no text holds a smaller number.
_LEAST = 1e-100


@attrs.frozen
class Course:
    """The schedule that a run was `planned` with, and how it was replanned: at each tick, by each text.

    Old replans are `folded`: a tick, and the text of a plan that goes on from the levels which the run had there or before: `hold(at=0.05x)`. What the run did
    before that tick is forgotten.
    """

    planned: Schedule
    folded: tuple[int, str] | None = None
    replans: tuple[tuple[int, str], ...] = ()

    @property
    def first(self) -> int:
        """The first tick whose level is known."""
        return 0 if self.folded is None else self.folded[0]

    def schedule(self, events: History) -> Schedule:
        """The schedule that all of it comes to, in a run where these events came."""
        begun = self._begun()
        return (begun.through(self.replans) if self.replans else begun).after(events)

    def _begun(self) -> Schedule:
        if self.folded is None:
            return self.planned
        begun = self.planned.among(parse_tree(self.folded[1]))
        if [target.name for target in begun.targets] != [target.name for target in self.planned.targets]:
            raise refuse("LR151", "the state's folded plan is of other targets", "load a state that was saved whole", str(self.planned))
        return begun

    def replanned(self, tick: int, text: str, events: History, bases: Mapping[str, Sequence[float]]) -> tuple[Course, Schedule]:
        """The course of a run that is replanned once more, and the schedule that it comes to; `bases` are those of the groups, by quantity."""
        course = attrs.evolve(self, replans=(*self.replans, (tick, text)))
        if len(course.replans) > MOST_REPLANS:
            course = course._folding(len(course.replans) - LEFT, events, bases)
        try:
            return course, course.schedule(events)
        except ScheduleError as error:
            if not {d.code for d in error.diagnostics} <= _TOO_LARGE:
                raise
        course = course._folding(len(course.replans) - 1, events, bases)
        return course, course.schedule(events)

    def _folding(self, k: int, events: History, bases: Mapping[str, Sequence[float]]) -> Course:
        """The same with the first k replans, and what was before them, folded.

        Of a target that is replanned later too, all that is left is its level where that is. Another one keeps its last replan, and its level there.
        """
        quantity = {target.name: name for name, targets in quantities(self.planned.targets).items() for target in targets}
        lr = {target.name for target in self.planned.targets if target.key == "lr"}
        added = [parse_tree(text) for _, text in self.replans]
        names = [set(bodies(tree)) or lr for tree in added]
        tree = self._begun().tree
        for (at, _), more in zip(self.replans[:k], added, strict=False):
            tree = continued(tree, at, more)
        new: dict[str, Node] = {}
        first = self.first
        for name in sorted(set.union(*names[: k + 1])):
            kept = [i for i in range(k, len(names)) if name in names[i]]
            j = kept[0] if kept else max(i for i in range(k) if name in names[i])
            tick = min(self.replans[i][0] for i in kept or [j])  # one that a run came back to before it ends the others
            before = attrs.evolve(self, replans=self.replans[:j]).schedule(events)
            held = parse_tree(f"hold(at={_level(before, name, tick, bases.get(quantity[name], ()))})")
            new[name] = held if kept else followed(held, tick, bodies(added[j]).get(name, added[j]))
            first = max(first, tick)
        return Course(self.planned, (first, canonical(replaced(tree, new))), self.replans[k:])


def _level(schedule: Schedule, name: str, tick: int, bases: Iterable[float]) -> str:
    """The level of a target at a tick, as a text writes it.

    That is a constant and a multiple of base where the level is one; else a function of base that has the levels of these `bases`, and between them that of the
    nearest.
    """
    evaluator = schedule.evaluators[name]
    parts = evaluator.code_at(tick).parts(tick)
    if parts is not None:
        a, b = (0.0 if abs(x) < _LEAST else x for x in parts)
        return repr(a) if b == 0 else f"{b!r}x" if a == 0 else f"{a!r} + {b!r}x"
    known = {base: evaluator.level(tick, base) for base in bases}
    points = sorted((base, 0.0 if abs(level) < _LEAST else level) for base, level in known.items())
    if len({level for _, level in points}) == 1:
        return repr(points[0][1])
    return nearest(points)


def nearest(points: list[tuple[float, float]]) -> str:
    """A function of base that has one level around each of several bases: the highest of as many peaks, each cut off at its level."""
    edges = [(a + b) / 2 for (a, _), (b, _) in pairwise(points)]
    gap, top = min(b - a for (a, _), (b, _) in pairwise(points)), max(abs(level) for _, level in points)
    steep = 10 ** math.ceil(math.log10(4 * (top + 1) / gap))
    peaks = []
    for i, (_, level) in enumerate(points):
        rise = [f"{steep} * (base - {edges[i - 1]!r})"] if i > 0 else []
        fall = [f"{steep} * ({edges[i]!r} - base)"] if i < len(edges) else []
        peaks.append(f"min({', '.join([repr(level), *rise, *fall])})")
    return f"max({min(level for _, level in points)!r}, {', '.join(peaks)})"
