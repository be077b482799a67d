"""`Plan`: a checked schedule, with every name and unit resolved, as phases on a time axis. Every backend reads plans, and nothing else of a schedule."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias, overload

import attrs

from lrdsl.diagnostics import shown
from lrdsl.expr import FORMS, Event, Expr, Forms, T, branches, cycles, rebuild, select
from lrdsl.expr.exact import Exact, reduced
from lrdsl.metrics import Monitor
from lrdsl.phrases import Phrase
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Extent, Node

#: The names of Greek letters, as `Name`s and programs have them, and the letters.
GREEK = dict(
    zip(
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "pi",
            "rho",
            "sigma",
            "tau",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        "αβγδεζηθκλμνξπρστφχψω",
        strict=True,
    )
)


def _whole(ticks: Exact | None) -> Exact | None:
    """Returns whole ticks as an int."""
    return None if ticks is None else reduced(ticks)


@attrs.frozen(repr=False)
class Phase:
    """One phase on the time axis: its `node` in the tree, its `start` and its `length` in ticks. It is in force for start <= t < start + length.

    Both are exact, and ints where they are whole. `length` is None for a phase that is endless or that ends when an event comes. `start` is None for a phase
    that waits for an event that has not come yet. In a plan for people, `parts` are what the phase is made of. A part that runs beside others, and a phase
    that takes no time, have a `level` of their own, in `T` and `BASE`.
    """

    node: Node
    start: Exact | None = attrs.field(converter=_whole)
    length: Exact | None = attrs.field(converter=_whole)
    parts: tuple[Phase, ...] = ()
    level: Expr | None = None

    @property
    def text(self) -> str:
        """The phase in canonical form."""
        return canonical(self.node)

    @property
    def extent(self) -> Extent:
        """The place of the phase in the source text."""
        return self.node.extent

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        start = "an event" if self.start is None else f"tick {float(self.start):g}"
        return f"<Phase '{shown(self.text, 60)}' from {start}{'' if self.length is None else f', {float(self.length):g} ticks'}>"


#: The ticks at which the events of each watch came. The key is the text of the monitor and the tick at which its phase began.
History: TypeAlias = "Mapping[tuple[str, Exact], tuple[int, ...]]"


@attrs.frozen
class Watch:
    """A condition on a metric that a phase waits for. The `monitor` looks at the metric and decides when the `event` of the formula comes.

    `start` is the tick at which the phase begins, None if that depends on an event that has not come. After the tick `end`, the watch takes no more reports.
    `ends` says that the event ends the phase; else it reduces its level.
    """

    event: Event
    monitor: Monitor
    start: Exact | None
    end: Exact | None
    ends: bool

    @cached_property
    def key(self) -> tuple[str, Exact] | None:
        """Identifies the watch in a `History`; watches with equal monitors and starts share it. None for a watch that has not begun."""
        return None if self.start is None else (str(self.monitor), self.start)

    def may_fire_at(self, tick: int) -> bool:
        """Returns whether the event may come at this tick: whether the watch takes the report of the tick before."""
        return self.start is not None and self.start <= tick - 1 and (self.end is None or tick <= self.end)

    def open_after(self, tick: float) -> bool:
        """Returns whether the watch may take a report after this tick."""
        return self.end is None or tick < self.end


@attrs.frozen
class Piece:
    """An interval of time, start <= t < end, with one formula: `level`, in the symbols `T` (ticks since the run began) and `BASE`.

    `end` is None for the last piece.
    """

    start: Exact
    level: Expr
    end: Exact | None


class Pieces(Sequence[Piece]):
    """Pieces in order. One that is asked for is made, and kept."""

    _made: dict[int, Piece]

    @abstractmethod
    def _piece(self, place: int) -> Piece:
        """Makes a piece."""

    @overload
    def __getitem__(self, place: int) -> Piece: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Piece]: ...
    def __getitem__(self, place: int | slice) -> Piece | Sequence[Piece]:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self[k] for k in places]
        if places not in self._made:
            self._made[places] = self._piece(places)
        return self._made[places]

    @property
    @abstractmethod
    def starts(self) -> Sequence[float]:
        """The first tick of each piece."""


@attrs.frozen
class LegendEntry:
    """A letter of a symbolic formula, and its value in the text.

    `symbol` stands for the letter inside an expression; `letter` and `sub` are the letter and its subscript. `value` is a number or a multiple of base; with
    `duration`, a number of ticks.
    """

    symbol: Any
    letter: str
    sub: str
    value: Expr
    duration: bool

    @property
    def name(self) -> str:
        """The letter with its subscript, as a name in a program: `T_w`, `gamma_2`."""
        return "_".join([self.letter, *(self.sub.split(",") if self.sub else [])])


def _whole_level(level: Expr | Pieces) -> Expr:
    return level if isinstance(level, Expr) else select(T, [(piece.start, piece.level) for piece in level])


def _whole_law(law: Expr | Callable[[], Expr]) -> Expr:
    return law if isinstance(law, Expr) else law()


@attrs.frozen
class Plan:
    """One schedule: its `phases`, and `level`, its formula over the whole run; `pieces` are the parts of it between the times where it changes.

    `length` is the natural length in ticks, None for an endless last phase. If phases follow a metric, `law` is the formula that still holds the events as
    unknowns, `level` the formula for the events that have come, and `watches` the conditions that the phases wait for; else `law` is `level`. `legend` has the
    letters of a symbolic formula, and `phrase` says what the schedule does. Plans that are made for numbers have neither. `cut` is the last phase as the text
    has it, where only the end of the run keeps it finite: it stays at the level that it has there. It is None elsewhere. `any_base` says that the level is
    finite for every base, whatever events come; None if it depends on no event, so that the level itself tells. A plan that is a constant times that of another
    target has the name of that one and the constant as its `multiple`. `as_law` says that from the last event on, the level is known to be the law with the
    events put in, as it is.

    The plan of a run in which events have come makes its pieces, and its law, when they are asked for.
    """

    phases: tuple[Phase, ...]
    _level: Expr | Pieces = attrs.field(eq=lambda level: _whole_level(level))
    length: Exact | None = attrs.field(converter=_whole)
    _law: Expr | Callable[[], Expr] = attrs.field(eq=lambda law: _whole_law(law))
    watches: tuple[Watch, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    phrase: Phrase | None = None
    cut: Node | None = None
    any_base: bool | None = attrs.field(default=None, eq=False)  # the law says it too
    multiple: tuple[str, Expr] | None = attrs.field(default=None, eq=False)
    as_law: bool = attrs.field(default=False, eq=False)

    @cached_property
    def level(self) -> Expr:
        """The formula of the level over the whole run."""
        return _whole_level(self._level)

    @cached_property
    def law(self) -> Expr:
        """The formula with the events as unknowns."""
        return _whole_law(self._law)

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """The pieces of the level."""
        return pieces(self._level) if isinstance(self._level, Expr) else self._level

    @cached_property
    def starts(self) -> Sequence[float]:
        """The first tick of each piece."""
        return tuple([first_tick(piece.start) for piece in self.pieces]) if isinstance(self._level, Expr) else self._level.starts

    @property
    def letters(self) -> dict[Event, tuple[str, int]]:
        """The letter and number of each event in a formula: tau 1, tau 2 ... for events that end a phase, k 1, k 2 ... for reductions."""
        names: dict[Event, tuple[str, int]] = {}
        for watch in self.watches:
            letter = "tau" if watch.ends else "k"
            names.setdefault(watch.event, (letter, 1 + sum(used == letter for used, _ in names.values())))
        return names

    def phase_at(self, tick: float) -> int:
        """Returns the index of the phase in force at a tick; after the end, that is the last phase."""
        started = [i for i, phase in enumerate(self.phases) if phase.start is not None and phase.start <= tick]
        return started[-1]


def first_tick(value: Exact) -> float:
    """Returns the smallest number of a machine, an int or a double, that is not below an exact tick. So no phase is evaluated before its start.

    >>> first_tick(3), Fraction(first_tick(Fraction(61, 15))) >= Fraction(61, 15)
    (3, True)
    """
    top, bottom = value.as_integer_ratio()
    if bottom == 1:
        return top
    near = float(value)
    return near if Fraction(near) >= value else math.nextafter(near, math.inf)


def best(e: Expr) -> Expr:
    """Returns an expression with every value in the form that computes best."""
    return _form(e, lambda forms: forms.best)


def paper(e: Expr) -> Expr:
    """Returns an expression with every value in the form that people write."""
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
    """Splits the formula of a plan into pieces, in order. The first starts at 0."""
    starting = branches(T, level)
    ends = (*(start for start, _ in starting[1:]), None)
    return tuple(Piece(start, piece, end) for (start, piece), end in zip(starting, ends, strict=True))


#: The most ticks of a run that are evaluated one by one.
MOST_TICKS = 10_000_000


def horizon(plan: Plan, total: Exact | None) -> int:
    """Returns how many ticks a table or a figure of a plan has: the run, if its length is known; else a little past the end, or a few cycles."""
    return max(2, min(int(_end(plan) if total is None else total) + 1, MOST_TICKS))


def _end(plan: Plan) -> float:
    """Returns the last tick worth showing of a plan in a run of unknown length."""
    stretches = pieces(plan.level)
    last = [phase for phase in plan.phases if phase.start is not None][-1]
    start = float(last.start or 0)
    repeats = [start + 4 * float(length) for length, _ in cycles(stretches[-1].level) if length > 1]
    later = [float(p.start) for p in stretches if p.start > start][:4] if last.length is None else []
    length = float(plan.length) * 1.05 if plan.length is not None else 0 if repeats or later else max(100.0, 3 * start)
    return max([length, *repeats, *later])
