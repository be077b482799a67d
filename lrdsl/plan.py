"""The plan: a checked schedule with every name, kind and unit resolved. It is what every backend reads, and all that it reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import attrs

from lrdsl.arguments import quoted
from lrdsl.clock import Clock
from lrdsl.diagnostics import did_you_mean, refuse, shown
from lrdsl.expr import FORMS, Event, Expr, Forms, T, branches, cycles, rebuild
from lrdsl.expr.exact import Exact, reduced
from lrdsl.metrics import Monitor
from lrdsl.phrases import Phrase
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Extent, Node


def _whole(ticks: Exact | None) -> Exact | None:
    """Ticks of a plan: an int where they are whole."""
    return None if ticks is None else reduced(ticks)


@attrs.frozen
class Phase:
    """One phase on the time axis: what the text says of it, and its ticks. `text` is that in canonical form, and `extent` where it stands in the source.

    `start` and `length` are exact, ints where they are whole; `length` is None for a phase that goes on for ever, or until something happens. The phase is in
    force for start <= t < start + length. `start` is None for a phase that begins when something happens that has not happened yet.
    """

    node: Node
    start: Exact | None = attrs.field(converter=_whole)
    length: Exact | None = attrs.field(converter=_whole)

    @property
    def text(self) -> str:
        """The phase in canonical form."""
        return canonical(self.node)

    @property
    def extent(self) -> Extent:
        """Where the phase stands in the source."""
        return self.node.extent

    def __str__(self) -> str:
        return self.text


#: When the events of each watch came: by the text of its monitor and the tick at which its phase began.
History: TypeAlias = "Mapping[tuple[str, Exact], tuple[int, ...]]"


@attrs.frozen
class Watch:
    """What a phase waits for: an `event` of its formula, which comes when the `monitor` of a metric says so.

    The phase begins at the tick `start`, None where only the run decides, and the watch has no say after the tick `end`. The event `ends` the phase, or reduces
    its level.
    """

    event: Event
    monitor: Monitor
    start: Exact | None
    end: Exact | None
    ends: bool

    @cached_property
    def key(self) -> tuple[str, Exact] | None:
        """What tells it from others: two watches that begin together and look at the same thing see the same. None for one that has not begun."""
        return None if self.start is None else (str(self.monitor), self.start)

    def sees(self, tick: int) -> bool:
        """Whether it takes the report of the tick before this one, by which this one may be the tick of its event."""
        return self.start is not None and self.start <= tick - 1 and (self.end is None or tick <= self.end)

    def goes_on(self, tick: int) -> bool:
        """Whether it may take a report after this tick."""
        return self.end is None or tick < self.end


@attrs.frozen
class Piece:
    """A stretch of time with one formula: `level`, in the symbols `T` (ticks since the run began) and `BASE`, from `start` to the next piece, at `end`.

    The last piece has no end.
    """

    start: Exact
    level: Expr
    end: Exact | None


@attrs.frozen
class Letters:
    """A letter of a symbolic formula: what stands for it in the forms of lettered constants, how it is written, and its value in the text: a `duration` in
    ticks, another number, or a multiple of base.
    """

    symbol: Any
    letter: str
    sub: str
    value: Expr
    duration: bool

    @property
    def name(self) -> str:
        """The letter as a program writes it: `T_w`, `gamma_2`."""
        return "_".join([self.letter, *(self.sub.split(",") if self.sub else [])])


@attrs.frozen
class Plan:
    """A schedule as phases for people and pieces for machines. `level` is the whole formula; both views come from it.

    `length` is the natural length of the whole in ticks, None where the last phase is endless. Where phases follow a metric, `law` is the formula for whatever
    may happen, `level` the one for what has happened, and `watches` is what is waited for. Elsewhere the two are the same. `legend` is what the letters of a
    symbolic formula stand for, `phrase` what it does in words; plans for numbers have neither.
    """

    phases: tuple[Phase, ...]
    level: Expr
    length: Exact | None = attrs.field(converter=_whole)
    law: Expr
    watches: tuple[Watch, ...] = ()
    legend: tuple[Letters, ...] = ()
    phrase: Phrase | None = None

    @property
    def letters(self) -> dict[Event, tuple[str, int]]:
        """What to call the events in a formula: tau 1, tau 2 ... for those that end a phase, k 1, k 2 ... for counts of reductions."""
        found: dict[Event, tuple[str, int]] = {}
        for watch in self.watches:
            letter = "tau" if watch.ends else "k"
            found.setdefault(watch.event, (letter, 1 + sum(known == letter for known, _ in found.values())))
        return found

    def phase_at(self, tick: float) -> int:
        """The index of the phase in force at a tick; of the last one after the end."""
        started = [i for i, phase in enumerate(self.phases) if phase.start is not None and phase.start <= tick]
        return started[-1] if started else 0


@attrs.frozen
class Target:
    """A plan for one key of the param groups, or for one `element` of it, as `betas[0]`.

    `group` picks the groups it is for: by a pattern of their names, by index, or None for all that no later target picks.
    """

    key: str
    element: int | None
    group: str | int | None
    plan: Plan

    @property
    def name(self) -> str:
        """The target as a text writes it."""
        element = "" if self.element is None else f"[{self.element}]"
        group = "" if self.group is None else f"[{self.group}]" if isinstance(self.group, int) else f'["{self.group}"]'
        return self.key + element + group


@attrs.frozen
class Measure:
    """One side of an assertion.

    It is a `level` along the run, what `op` makes of one (`min`, `max`, `total`, `at` a tick), arithmetic on `args`, or a constant level (`value`).
    """

    op: str
    level: Expr | None = None
    tick: Exact | None = None
    args: tuple[Measure, ...] = ()


@attrs.frozen
class Assertion:
    """What a file states about itself: `left op right` at every tick of the run, or, without an `op`, that `left` is true of it.

    `run` is the last tick; None where there is none, for a schedule without an end in a run of unknown length.
    """

    text: str
    extent: tuple[int, int]
    left: Measure
    op: str
    right: Measure
    run: Exact | None


@attrs.frozen
class Program:
    """Everything that a text says: its targets in order, what it asserts, and the clock it states."""

    targets: tuple[Target, ...]
    assertions: tuple[Assertion, ...]
    clock: Clock
    base: Exact | None = None

    @property
    def base_value(self) -> float:
        """The base that is meant where nobody gives one: what the text sets, or 1."""
        return float(self.base or 1)

    @property
    def main(self) -> Target:
        """The target that is meant where nobody names one: `lr`, or the first."""
        return next((t for t in self.targets if t.name == "lr"), self.targets[0])

    def target(self, name: str | None, text: str = "") -> Target:
        """The target of a name, the main one for None. Raises `ScheduleError`, with the `text` of the schedule, for a name that is not there."""
        if name is None:
            return self.main
        for target in self.targets:
            if isinstance(name, str) and target.name == name:
                return target
        word = name if isinstance(name, str) and len(name) < 100 else ""
        near = did_you_mean(word, (target.name for target in self.targets))
        help = f"did you mean `{near}`?" if near else f"it schedules {', '.join(f'`{target.name}`' for target in self.targets)}"
        raise refuse("LR153", f"this does not schedule {f'`{shown(word)}`' if word else quoted(name)}", help, text)


def first_tick(value: Exact) -> float:
    """The first number that a machine holds from an exact tick on: an int, or a double that is not below it, so that no phase is asked about a time before it.

    >>> first_tick(3), Fraction(first_tick(Fraction(61, 15))) >= Fraction(61, 15)
    (3, True)
    """
    top, bottom = value.as_integer_ratio()
    if bottom == 1:
        return top
    near = float(value)
    return near if Fraction(near) >= value else math.nextafter(near, math.inf)


def best(e: Expr) -> Expr:
    """The tree with every value in the form made for numbers."""
    return _form(e, lambda forms: forms.best)


def paper(e: Expr) -> Expr:
    """The tree with every value in the form made for people."""
    return _form(e, lambda forms: forms.paper)


def _form(e: Expr, pick: Callable[[Forms], Expr]) -> Expr:
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        if not x.holds & FORMS:
            return x
        done = memo.get(x)
        if done is None:
            done = memo[x] = walk(pick(x)) if isinstance(x, Forms) else rebuild(x, walk)
        return done

    return walk(e)


@lru_cache(maxsize=128)
def pieces(level: Expr) -> tuple[Piece, ...]:
    """The stretches of a whole formula, in order; the first starts at 0."""
    found = branches(T, level)
    ends = (*(start for start, _ in found[1:]), None)
    return tuple(Piece(start, piece, end) for (start, piece), end in zip(found, ends, strict=True))


#: The most ticks of a run that are shown one by one.
MOST_TICKS = 10_000_000


def horizon(plan: Plan, total: Exact | None) -> int:
    """How many ticks show a plan: the run where its length is known, else to a little past the end, or a few of its cycles."""
    return max(2, min(int(_end(plan) if total is None else total) + 1, MOST_TICKS))


def _end(plan: Plan) -> float:
    found = pieces(plan.level)
    last = [phase for phase in plan.phases if phase.start is not None][-1]
    start = float(last.start or 0)
    repeats = [start + 4 * float(length) for length, _ in cycles(found[-1].level) if length > 1]
    later = [float(p.start) for p in found if p.start > start][:4] if last.length is None else []
    length = float(plan.length) * 1.05 if plan.length is not None else 0 if repeats or later else max(100.0, 3 * start)
    return max([length, *repeats, *later])
