"""Samples a plan at as few points as draw it well: two for a line, more for a curve, and both sides of every jump."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

import attrs

from lrdsl.expr import Call, Expr, Product, Select, T, cycles, walk
from lrdsl.numbers.arrays import levels as levels_at
from lrdsl.numbers.arrays import np
from lrdsl.plan import Plan, first_tick, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

Points = list[tuple[float, float]]

#: A straight line replaces a curve if it is nowhere further from it than this share of the height of the picture.
CLOSE = 1 / 1500
#: More cycles or stairs than `MOST_EDGES` cannot be told apart. Then the run is cut into `BINS` parts, and the lowest and highest level of each part is drawn.
MOST_EDGES, BINS = 1000, 1000
#: Just before a jump, by more than the rounding of a time.
_BEFORE = 1 - 2.0**-50
#: So many ticks are looked at, and in any case those near the beginning and the end of each piece, where a curve may be steep.
MOST_TICKS = 5000
#: The lowest level of a logarithmic axis is looked for at so many places. A line that is far below it for a moment, a share of its length, is cut there.
_PLACES, _FAR, _MOMENT = 2001, 100, 0.01
#: A line with more points than this gets no further points: a picture is not that wide.
MOST_POINTS = 100_000


@attrs.frozen
class Sampled:
    """A line to draw, with NaN at each gap. `zeros` are the ticks at which levels of 0 and below begin, for which a logarithmic axis has no place.

    `floor` is the lowest level that such an axis needs: a fall to nearly 0 in the last moments would take most of its height.
    """

    line: Points
    zeros: tuple[float, ...] = ()
    floor: float = 0.0


def sampled(plan: Plan, base: float, end: float, log: bool, log_x: bool, first: int = 0) -> Sampled:
    """Returns the line of a plan from tick `first` to `end`, for axes of which some may be logarithmic. Those show the levels at whole ticks alone."""
    if not (log or log_x):
        return Sampled(points(plan, base, end, first))
    ticks = _whole_ticks(plan, max(first, int(log_x)), int(end), log_x)
    levels = levels_at(plan.level, ticks, base, counts=True)
    shown = levels > 0 if log else np.ones(len(ticks), dtype=bool)
    line: Points = []
    changes = np.flatnonzero(np.diff(shown)) + 1
    runs = [run for run in np.split(np.arange(len(ticks)), changes) if run.size]
    zeros = [float(ticks[run[0]]) for run in runs if not shown[run[0]]]
    heights = [levels[run] for run in runs if shown[run[0]]]
    floor = _floor(ticks, levels, log_x) if log else 0.0
    height = _height(np.maximum(np.concatenate(heights), floor) if log else np.concatenate(heights), log) if heights else 1.0
    for run in runs:
        if shown[run[0]]:
            x, y = (np.log(v) if logarithmic else v for v, logarithmic in ((ticks[run], log_x), (levels[run], log)))
            kept = run[_corners(x, y, height * CLOSE)]
            line += [*([(float(ticks[run[0]]), math.nan)] if line else []), *zip(ticks[kept].tolist(), levels[kept].tolist(), strict=True)]
    return Sampled(line, tuple(zeros), floor)


def _floor(ticks: NDArray[np.float64], levels: NDArray[np.float64], log_x: bool) -> float:
    """Returns the lowest level of a logarithmic axis. If the lowest of all is far below, it is that under which the line is for a hundredth of its length.

    It is 0 if no level is above 0.
    """
    spread = (np.geomspace if log_x else np.linspace)(ticks[0], ticks[-1], _PLACES)
    even = np.interp(spread, ticks, levels)
    if not (even > 0).any():
        return 0.0
    lowest, usual = float(levels[levels > 0].min()), float(np.quantile(even[even > 0], _MOMENT))
    return usual if lowest < usual / _FAR else lowest


def above(line: Points, floor: float) -> Points:
    """Returns the part of a line above a level of a logarithmic axis, with a gap where it is below.

    >>> above([(0, 1.0), (2, 0.01)], 0.1)
    [(0, 1.0), (1.0, 0.1), (1.0, nan)]
    """
    kept: Points = []
    for i, (x, y) in enumerate(line):
        before = line[i - 1] if i else (x, math.nan)
        if (y < floor <= before[1]) or (before[1] < floor <= y):
            share = math.log(floor / before[1]) / math.log(y / before[1])
            cut = before[0] + (x - before[0]) * share
            kept += [(cut, math.nan)] if before[1] < floor else []
            kept += [(cut, floor)]
            kept += [(cut, math.nan)] if y < floor else []
        if not y < floor:
            kept.append((x, y))
    return kept


def _whole_ticks(plan: Plan, first: int, end: int, log_x: bool) -> NDArray[np.float64]:
    """Returns the ticks to look at: all, or many, and more near the ticks at which something begins or ends."""
    if end - first <= MOST_TICKS:
        return np.arange(first, max(end, first) + 1, dtype=np.float64)
    ticks = [np.linspace(first, end, MOST_TICKS)]
    if log_x:
        ticks.append(np.geomspace(first, end, MOST_TICKS))
    near = np.array([0.0, *(2.0 ** (k / 4) for k in range(math.ceil(4 * math.log2(end))))])
    for piece in pieces(plan.level)[:MOST_EDGES]:
        if piece.start < end:
            edge = first_tick(piece.start)
            ticks += [edge - near, edge + near]
    every = np.unique(np.concatenate(ticks).round())
    kept: NDArray[np.float64] = every[(every >= first) & (every <= end)]
    return kept


def _corners(x: NDArray[np.float64], y: NDArray[np.float64], tolerance: float) -> NDArray[np.intp]:
    """Returns which points of a line are needed to draw it: those that are further from the straight line between their neighbours than the tolerance."""
    kept = np.zeros(len(x), dtype=bool)
    kept[0] = kept[-1] = True
    todo = [(0, len(x) - 1)]
    while todo:
        a, b = todo.pop()
        if b - a < 2:
            continue
        straight = y[a] + (x[a + 1 : b] - x[a]) * ((y[b] - y[a]) / (x[b] - x[a]))
        far = np.abs(y[a + 1 : b] - straight)
        middle = int(far.argmax())
        if far[middle] > tolerance:
            kept[a + 1 + middle] = True
            todo += [(a, a + 1 + middle), (a + 1 + middle, b)]
    return np.flatnonzero(kept)


def points(plan: Plan, base: float, end: float, first: float = 0.0) -> Points:
    """Returns the points of a polyline that draws a plan from tick `first` to `end`. A jump has two points."""
    line: Points = []
    spans = [(p.level, first_tick(p.start), end if p.end is None else min(first_tick(p.end), end)) for p in pieces(plan.level) if p.start < end]
    stretches = [(level, max(start, first), stop) for level, start, stop in spans if stop > first]
    edges = [_edges(*stretch) for stretch in stretches]
    if any(inner is None for inner in edges) or sum(len(inner or ()) for inner in edges) > MOST_EDGES:
        line = _outline(plan.level, base, first, end)
    else:
        times = np.unique(np.concatenate((_whole_ticks(plan, math.ceil(first), int(end), False), np.linspace(first, end, 400))))
        levels = levels_at(plan.level, times, base, counts=True)
        tolerance = _height(levels, False) * CLOSE
        bounds = [*(tick for (_, start, _), inner in zip(stretches, edges, strict=True) for tick in (start, *(inner or ()))), end]
        line = _curves(plan.level, base, bounds, _turns(times, levels, bounds, tolerance), tolerance)
        line.append((end, float(levels_at(plan.level, np.array([end]), base, counts=True)[0])))
    return _simplified(line)


def _edges(level: Expr, start: float, stop: float) -> list[float] | None:
    """Returns the ticks inside a piece at which a cycle or a stair begins, or None if there are too many."""
    if any(isinstance(x, Product) for x in walk(level)):
        return None
    choices = [x for x in walk(level) if isinstance(x, Select) and x.of is T]
    ticks = {first_tick(at) for x in choices for at in x.starts[1:] if start < at < stop}
    for length, origin in cycles(level):
        first = (Fraction(start) - origin) // length + 1
        if (stop - start) / float(length) > MOST_EDGES:
            return None
        k = first
        while (at := first_tick(origin + k * length)) < stop:
            if at > start:
                ticks.add(at)
            k += 1
    return sorted(ticks)


def _height(levels: NDArray[np.float64], log: bool) -> float:
    """Returns the height of the picture: the distance from the lowest to the highest level, on a `log` axis that of their logarithms."""
    if log:
        above = levels[levels > 0]
        return max(float(np.log(above.max() / above.min())) if above.size else 0.0, 0.1)
    return max(float(levels.max() - levels.min()), 1e-6 * float(np.abs(levels).max())) or 1.0


def _turns(times: NDArray[np.float64], levels: NDArray[np.float64], bounds: list[float], tolerance: float) -> list[NDArray[np.float64]]:
    """Returns, for each curve between neighbouring bounds, the times at which a line through its levels turns: a coarse grid could miss a peak."""
    cuts = np.searchsorted(times, np.array(bounds[1:-1], dtype=np.float64))
    return [x[_corners(x, y, tolerance)] if x.size else x for x, y in zip(np.split(times, cuts), np.split(levels, cuts), strict=True)]


def _curves(level: Expr, base: float, bounds: list[float], turns: list[NDArray[np.float64]], tolerance: float) -> Points:
    """Samples the curves between neighbouring bounds, all at once. A gap is halved while the curve in its middle is too far from the straight line.

    `turns` are times of each curve at which there must be points.
    """
    kinks = any(isinstance(x, Call) and x.op in ("min", "max", "abs", "reduce") for x in walk(level))
    size = 65 if kinks else 5  # a coarse grid could miss a kink
    stops = np.array(bounds[1:])
    lasts = stops * _BEFORE
    grids = [np.unique(np.concatenate((np.linspace(start, last, size), at[at < last]))) for start, last, at in zip(bounds, lasts, turns, strict=False)]
    grid = np.concatenate(grids)
    values = levels_at(level, grid, base, counts=True)
    untested = np.ones(len(grid) - 1, dtype=bool)  # the gaps between two points of one curve
    for size_before in list(accumulate(map(len, grids)))[:-1]:
        untested[size_before - 1] = False
    for _ in range(10):
        gaps = np.flatnonzero(untested)
        middles = (grid[gaps + 1] + grid[gaps]) / 2
        between = levels_at(level, middles, base, counts=True)
        far = np.abs(between - (values[gaps] + values[gaps + 1]) / 2) > tolerance
        if not far.any() or len(grid) > MOST_POINTS:
            break
        wide = gaps[far]
        grid, values = np.insert(grid, wide + 1, middles[far]), np.insert(values, wide + 1, between[far])
        halves = np.zeros(len(untested), dtype=bool)
        halves[wide] = True
        untested = np.insert(halves, wide + 1, True)
    grid[np.searchsorted(grid, lasts)] = stops
    return list(zip(grid.tolist(), values.tolist(), strict=True))


def _outline(level: Expr, base: float, first: float, end: float) -> Points:
    """Returns the levels at all whole ticks; if those are too many, the lowest and the highest level of each of `BINS` equal parts."""
    ticks = np.arange(int(first), int(end) + 1, dtype=np.float64)
    levels = levels_at(level, ticks, base, counts=True)
    if len(ticks) <= 2 * BINS:
        return list(zip(ticks.tolist(), levels.tolist(), strict=True))
    extremes: Points = []
    for block in np.array_split(np.arange(len(ticks)), BINS):
        block_levels = levels[block]
        picked = sorted({int(block[int(block_levels.argmin())]), int(block[int(block_levels.argmax())])})
        extremes += [(float(ticks[i]), float(levels[i])) for i in picked]
    return extremes


def _simplified(points: Points) -> Points:
    """Removes points that repeat, and points on the straight line between their neighbours."""
    line: Points = []
    top = max((abs(y) for _, y in points), default=0.0)
    for t, y in points:
        if line and math.isclose(line[-1][0], t, rel_tol=1e-12) and abs(line[-1][1] - y) <= 1e-9 * top:
            line.pop()  # no jump
        while len(line) > 1 and _on_line(line[-2], line[-1], (t, y)):
            line.pop()
        line.append((t, y))
    return line


def _on_line(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    if c[0] == a[0]:
        return False
    y = a[1] + (c[1] - a[1]) * (b[0] - a[0]) / (c[0] - a[0])
    return a[0] < b[0] < c[0] and abs(y - b[1]) <= 1e-9 * max(abs(a[1]), abs(b[1]), abs(c[1]))
