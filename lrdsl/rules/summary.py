"""`Summary`: what the level of a plan does in a run, for one base: at both ends of each piece of its formula and between them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import attrs

from lrdsl.check.bounds import bounds_along
from lrdsl.expr import BASE, ENTRY, PRODUCTS, STAIRS, ZERO, Call, Expr, Linear, Num, T, cycles, mentions, walk
from lrdsl.expr.exact import Exact, quotient
from lrdsl.plan import Piece, first_tick, pieces
from lrdsl.work import spend

if TYPE_CHECKING:
    from lrdsl.numbers.scalar import Evaluator

#: The number of ticks that are looked at in a piece whose level may turn, in one of a shape, and in one with cycles or stairs.
_LOOKS, _FEW, _MANY = 16, 2, 128
#: How many pieces are looked at, the first and the last of a formula. So the work has a bound, however long the run is.
_FIRST, _LAST = 48, 16
#: The most cycles and stairs whose first and last turns are looked at, and how many turns of each.
_PERIODS, _TURNS = 4, 3
#: How far the last piece is looked at, in ticks and in cycles, if neither it nor the run has an end.
_FAR, _AGAIN = 100, 4
#: Two levels are the same if they differ by no more than this share.
CLOSE = 1e-9
#: A test of many rates rises by this factor or more.
_RANGE = 10
#: Levels under this are as good as 0.
_TINY = 1e-200
#: The operations that make the formula of a shape, whose level does not turn within a piece, and the greatest weight of one.
_PLAIN, _SMALL = frozenset(("add", "mul", "div", "hav")), 24
#: The symbols of the formula of a shape.
_SYMBOLS = frozenset((T, BASE, ENTRY))
#: Those that rise or fall all along, and so what is made of one such thing after another.
_RISING = _PLAIN | {"pow", "sqrt", "expm1", "log1p", "exp", "log"}


@attrs.frozen
class Stretch:
    """A piece of a formula within the run: its `levels` at its first tick, its last, and some between, in order. `end` is None where nothing ends it."""

    piece: Piece
    end: Exact | None
    levels: tuple[tuple[Exact, float], ...]

    @property
    def constant(self) -> bool:
        """Whether the level is the same at all of these ticks."""
        numbers = [level for _, level in self.levels]
        return max(numbers) - min(numbers) <= CLOSE * max(map(abs, numbers))


@attrs.frozen
class Summary:
    """The stretches of a run, in order. One without a tick, or whose level is no number, is left out."""

    stretches: tuple[Stretch, ...]

    @cached_property
    def levels(self) -> tuple[tuple[Exact, float], ...]:
        """The levels of all stretches, by tick."""
        return tuple(pair for stretch in self.stretches for pair in stretch.levels)

    @cached_property
    def highest(self) -> tuple[Exact, float]:
        """The tick of the highest level, the first of them, and that level. NaN if no level is a number."""
        return max(self.levels, key=lambda pair: pair[1], default=(0, math.nan))

    @cached_property
    def lowest(self) -> tuple[Exact, float]:
        """The tick of the lowest level, the first of them, and that level. NaN if no level is a number."""
        return min(self.levels, key=lambda pair: pair[1], default=(0, math.nan))

    @property
    def last(self) -> tuple[Exact, float]:
        """The last tick, and its level. NaN if no level is a number."""
        return self.levels[-1] if self.levels else (0, math.nan)

    @cached_property
    def settled(self) -> Exact | None:
        """The first tick of the constant level that the run ends with; None if the level changes to the end."""
        start, last = None, None
        for stretch in reversed(self.stretches):
            level = stretch.levels[0][1]
            if not stretch.constant or (last is not None and not math.isclose(level, last, rel_tol=CLOSE)):
                break
            start, last = stretch.levels[0][0], level
        return start

    @property
    def tests_rates(self) -> bool:
        """Whether the run is a test of many rates: it rises, by a large factor, to its end."""
        return bool(self.levels) and 0 < self.levels[0][1] * _RANGE <= self.last[1] == self.highest[1]

    @cached_property
    def zeros(self) -> tuple[tuple[Exact, Exact], ...]:
        """The ticks between which the level is 0 wherever it is looked at: the first and the last of each such time."""
        runs = (list(group) for zero, group in groupby(self.levels, key=lambda pair: pair[1] == 0) if zero)
        return tuple((group[0][0], group[-1][0]) for group in runs)

    def under(self, level: float) -> Exact | None:
        """The first tick from which on no level is above this one; None if the last is."""
        above = [i for i, (_, other) in enumerate(self.levels) if other > level]
        after = above[-1] + 1 if above else 0
        return self.levels[after][0] if after < len(self.levels) else None

    def between(self, start: Exact, end: Exact | None) -> tuple[tuple[Exact, float], ...]:
        """The levels from one tick up to but not including another."""
        return tuple(pair for pair in self.levels if start <= pair[0] and (end is None or pair[0] < end))


@lru_cache(maxsize=128)
def summary(level: Expr, base: float, end: Exact | None) -> Summary:
    """Returns the summary of a plan's formula for a base, up to but not including the tick `end`; None for a run without an end.

    A piece without the time in it is constant, and looked at at its ends alone.

    >>> import lrdsl
    >>> plan = lrdsl.parse("warmup(5) then cosine(10, to=0.1x)").plan
    >>> [(stretch.levels[0], stretch.levels[-1], stretch.constant) for stretch in summary(plan.level, 1.0, 30).stretches][::2]
    [((0, 0.0), (4, 0.8), False), ((15, 0.1), (29, 0.1), True)]
    """
    parts = pieces(level)
    kept = parts if len(parts) <= _FIRST + _LAST else (*parts[:_FIRST], *parts[-_LAST:])
    stretches = []
    for piece in kept:
        stop = piece.end if end is None or (piece.end is not None and piece.end <= end) else end
        ticks = _ticks(piece, stop)
        levels = tuple((tick, number) for tick, number in zip(ticks, _levels(piece, ticks, base), strict=True) if not math.isnan(number))
        if levels:
            stretches.append(Stretch(piece, stop, levels))
    return Summary(tuple(stretches))


def levels_at(level: Expr, ticks: Iterable[Exact], base: float) -> list[float]:
    """Returns the levels of a plan's formula at whole ticks in rising order, for a base. NaN where a level is not one number."""
    parts = pieces(level)
    starts = [piece.start for piece in parts]
    return [number for i, group in groupby(ticks, key=lambda tick: max(0, bisect_right(starts, tick) - 1)) for number in _levels(parts[i], list(group), base)]


def level_at(level: Expr, tick: Exact, base: float) -> float:
    """Returns the value of a formula at a tick for a base, which is the entry level too; NaN if it is not one number."""
    if level is BASE or level is ENTRY:
        return base
    if is_blend(level):
        return _blended(level, [tick], base)[0]
    return next(_levels_along(level, [tick], base))


def _levels_along(level: Expr, ticks: Iterable[Exact], base: float) -> Iterator[float]:
    """The values of a formula at ticks for a base."""
    for low, high in bounds_along(level, map(float, ticks), {ENTRY: (base, base), BASE: (base, base)}):
        yield low + (high - low) / 2 if high - low <= max(CLOSE * abs(low), _TINY) else math.nan


def _levels(piece: Piece, ticks: list[Exact], base: float) -> Iterable[float]:
    """The levels at ticks of a piece. For many of them, code is generated; a product of many factors is not computed."""
    if not mentions(piece.level, T):
        return list(_levels_along(piece.level, ticks[:1], base)) * len(ticks)
    if is_blend(piece.level):
        return _blended(piece.level, ticks, base)
    if len(ticks) <= _LOOKS + 2 or piece.level.holds & PRODUCTS:
        return list(_levels_along(piece.level, ticks, base))
    from lrdsl.numbers.scalar import Evaluator  # most texts that are checked need none

    evaluator = Evaluator((piece,), (first_tick(piece.start),), fits_any_base=False)
    return [_number(evaluator, tick, base) for tick in ticks]


def _blended(e: Expr, ticks: list[Exact], base: float) -> list[float]:
    """The values of the formula of a shape, one that `is_blend`, at ticks; NaN where there is none."""
    spend(e.weight * len(ticks))
    try:
        return [value if math.isfinite(value) else math.nan for value in _values(e, ticks, base)]
    except (ArithmeticError, ValueError):
        return [math.nan] if len(ticks) == 1 else [value for tick in ticks for value in _blended(e, [tick], base)]


def _values(e: Expr, ticks: list[Exact], base: float) -> list[float]:
    """The values of a part of such a formula, whose operations are those of `_PLAIN`, at ticks."""
    if isinstance(e, Call):
        columns = [_values(a, ticks, base) for a in e.args]
        if e.op == "hav":
            return [math.sin(math.pi / 2 * x) ** 2 for x in columns[0]]
        rows = zip(*columns, strict=True)
        return [math.prod(row) for row in rows] if e.op == "mul" else [sum(row) for row in rows] if e.op == "add" else [a / b for a, b in rows]
    if isinstance(e, Linear):  # in whole numbers, so that the own time of a phase is exactly 0 at its start
        (a, b), (c, d) = e.scale.as_integer_ratio(), e.shift.as_integer_ratio()
        return [(a * over * d + c * b * under) / (b * under * d) for over, under in [tick.as_integer_ratio() for tick in ticks]]
    return [float(tick) for tick in ticks] if e is T else [float(e.double) if isinstance(e, Num) else base] * len(ticks)


def _number(evaluator: Evaluator, tick: Exact, base: float) -> float:
    """The level at a tick; NaN where there is none, as for a base of 0 that something is divided by."""
    try:
        return evaluator.level(float(tick), base)
    except (ArithmeticError, ValueError):
        return math.nan


def _ticks(piece: Piece, end: Exact | None) -> list[Exact]:
    """Whole ticks of a piece up to but not including `end`: the first, the last, and some between."""
    varies, steps = mentions(piece.level, T), piece.level.holds & STAIRS
    periods = sorted(dict.fromkeys(cycles(piece.level)))[-_PERIODS:] if steps else []
    if end is None:
        end = piece.start + max([_FAR, *(min(_AGAIN * length, 10**9) for length, _ in periods)])
    first, last = math.ceil(piece.start), math.ceil(end) - 1
    if last < first:
        return []
    looks = 1 if not varies else _MANY if steps else _FEW if is_plain(piece.level) else _LOOKS
    (over, under), (gone, of) = piece.start.as_integer_ratio(), (end - piece.start).as_integer_ratio()
    parts = looks * under * of  # the place at k of so many looks, rounded up: in whole numbers, since there are many
    ticks = {first, *[-((over * looks * of + k * gone * under) // -parts) for k in range(1, looks)], last}
    for length, start in periods:
        ticks |= set(_turns(length, start, first, last))
    return sorted([tick for tick in ticks if first <= tick <= last])


def _turns(length: Exact, start: Exact, first: int, last: int) -> Iterator[int]:
    """The first and the last ticks at which cycles of a length begin again, and those before them."""
    earliest, latest = math.ceil(quotient(first - start, length)), math.floor(quotient(last - start, length))
    for k in {*range(earliest, earliest + _TURNS), *range(latest - _TURNS + 1, latest + 1)}:
        tick = math.ceil(start + k * length)
        yield from (tick - 1, tick)


@lru_cache(maxsize=128)
def operations(level: Expr) -> frozenset[str]:
    """Returns the operations of a formula; a power of 0, which is 1 or 0, counts as a choice."""
    return frozenset("select" if e.op == "pow" and e.args[0] == ZERO else e.op for e in walk(level) if isinstance(e, Call))


@lru_cache(maxsize=1024)
def is_plain(level: Expr) -> bool:
    """Whether a formula is surely that of a shape, which rises or falls all along a piece: a straight line or half a cosine between levels, a power, a root."""
    return _plainness(level)[0]


@lru_cache(maxsize=1024)
def is_blend(level: Expr) -> bool:
    """Whether a formula is that of a straight line or half a cosine between two levels, as that of most shapes is."""
    return _plainness(level)[1]


@lru_cache(maxsize=1024)
def _plainness(level: Expr) -> tuple[bool, bool]:
    """Whether a formula is plain, and whether it has no powers and roots. An operation may make a level turn if two things that vary meet in it, but for the
    sum of a blend; or if it divides by one; or if it is an even power."""
    if level.weight > _SMALL or level.holds & STAIRS:
        return False, False
    blends, simple, sums, todo = True, True, False, [level]
    while todo:
        e = todo.pop()
        if not isinstance(e, Call):
            simple = simple and (isinstance(e, Num) or e in _SYMBOLS or (isinstance(e, Linear) and e.of is T))
            todo += e.below if not isinstance(e, Linear) else ()
            continue
        if e.op not in _PLAIN:
            blends = False
            if e.op not in _RISING or (e.op == "pow" and not _is_odd_power(e)):
                return False, False
        varying = [mentions(a, T) for a in e.args]
        if (e.op == "div" and varying[1]) or (e.op != "add" and sum(varying) > 1):
            return False, False
        sums = sums or (e.op == "add" and sum(varying) > 1)
        todo += e.args
    return blends or not sums, blends and simple


def _is_odd_power(e: Call) -> bool:
    """Whether the exponent of a power is a number that is not even, and its base not always 0."""
    exponent = e.args[1]
    return e.args[0] != ZERO and isinstance(exponent, Num) and exponent.value % 2 != 0


def turns(level: Expr) -> list[tuple[Exact, Exact]]:
    """Returns (length, start) of each cycle of a formula; not of its stairs."""
    if not level.holds & STAIRS or "mod" not in operations(level):
        return []
    return [turn for e in walk(level) if isinstance(e, Call) and e.op == "mod" for turn in cycles(e)]
