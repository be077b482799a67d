"""Samples a plan at as few points as draw it well: two for a line, more for a curve, and both sides of every jump."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lrdsl.expr import Call, Expr, Product, Select, T, cycles, walk
from lrdsl.numbers import array
from lrdsl.plan import Plan, first_tick, pieces

Points = list[tuple[float, float]]

#: A straight line replaces a curve if it is nowhere further from it than this share of the height of the picture.
CLOSE = 1 / 1500
#: More cycles or stairs than `MOST_EDGES` cannot be told apart. Then the run is cut into `BINS` parts, and the lowest and highest level of each part is drawn.
MOST_EDGES, BINS = 1000, 1000
#: Just before a jump, by more than the rounding of a time.
_BEFORE = 1 - 2.0**-50
#: A line with more points than this gets no further points: a picture is not that wide.
MOST_POINTS = 100_000


def points(plan: Plan, base: float, end: float, log: bool = False) -> Points:
    """Returns the points of a polyline that draws a plan from tick 0 to `end`. A jump has two points. On a `log` axis, levels of 0 and below are left out."""
    line: Points = []
    stretches = [(p.level, first_tick(p.start), end if p.end is None else min(first_tick(p.end), end)) for p in pieces(plan.level) if p.start < end]
    edges = [_edges(*stretch) for stretch in stretches]
    if any(inner is None for inner in edges) or sum(len(inner or ()) for inner in edges) > MOST_EDGES:
        line = _outline(plan.level, base, end)
    else:
        rough = array.levels(plan.level, np.linspace(0, end, 400), base, counts=True)
        tolerance = _height(rough, log) * CLOSE
        bounds = [tick for (_, start, _), inner in zip(stretches, edges, strict=True) for tick in (start, *(inner or ()))]
        line = _curves(plan.level, base, [*bounds, end], tolerance, log)
        line.append((end, float(array.levels(plan.level, np.array([end]), base, counts=True)[0])))
    return [(t, y) for t, y in _simplified(line, log) if not log or y > 0]


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


def _curves(level: Expr, base: float, bounds: list[float], tolerance: float, log: bool) -> Points:
    """Samples the curves between neighbouring bounds, all at once. A gap is halved while the curve in its middle is too far from the straight line."""
    kinks = any(isinstance(x, Call) and x.op in ("min", "max", "abs", "reduce") for x in walk(level))
    size = 65 if kinks else 5  # a coarse grid could miss a kink
    stops = np.array(bounds[1:])
    grid = np.linspace(bounds[:-1], stops * _BEFORE, size, axis=1).ravel()
    values = array.levels(level, grid, base, counts=True)
    untested = np.arange(1, len(grid)) % size > 0  # the gaps between two points of one curve
    for _ in range(10):
        gaps = np.flatnonzero(untested)
        middles = (grid[gaps + 1] + grid[gaps]) / 2
        between = array.levels(level, middles, base, counts=True)
        far = _distances(values[gaps], values[gaps + 1], between, log) > tolerance
        if not far.any() or len(grid) > MOST_POINTS:
            break
        wide = gaps[far]
        grid, values = np.insert(grid, wide + 1, middles[far]), np.insert(values, wide + 1, between[far])
        halves = np.zeros(len(untested), dtype=bool)
        halves[wide] = True
        untested = np.insert(halves, wide + 1, True)
    grid[np.searchsorted(grid, stops) - 1] = stops
    return list(zip(grid.tolist(), values.tolist(), strict=True))


def _distances(left: NDArray[np.float64], right: NDArray[np.float64], between: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    """Returns how far each middle is from the straight line between its neighbours, on the axis that is drawn."""
    if not log:
        return np.abs(between - (left + right) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithmic = np.abs(np.log(between) - (np.log(left) + np.log(right)) / 2)
    return np.where((left > 0) & (right > 0) & (between > 0), logarithmic, np.where((left > 0) != (right > 0), 1.0, 0.0))


def _outline(level: Expr, base: float, end: float) -> Points:
    """Returns the levels at all whole ticks; if those are too many, the lowest and the highest level of each of `BINS` equal parts."""
    ticks = np.arange(int(end) + 1, dtype=np.float64)
    levels = array.levels(level, ticks, base, counts=True)
    if len(ticks) <= 2 * BINS:
        return list(zip(ticks.tolist(), levels.tolist(), strict=True))
    extremes: Points = []
    for block in np.array_split(np.arange(len(ticks)), BINS):
        block_levels = levels[block]
        picked = sorted({int(block[int(block_levels.argmin())]), int(block[int(block_levels.argmax())])})
        extremes += [(float(ticks[i]), float(levels[i])) for i in picked]
    return extremes


def _simplified(points: Points, log: bool) -> Points:
    """Removes points that repeat, and points on the straight line between their neighbours."""
    line: Points = []
    top = max((abs(y) for _, y in points), default=0.0)
    for t, y in points:
        if line and math.isclose(line[-1][0], t, rel_tol=1e-12) and abs(line[-1][1] - y) <= 1e-9 * (abs(y) if log else top):
            line.pop()  # no jump
        while len(line) > 1 and (not log or line[-1][1] == y) and _on_line(line[-2], line[-1], (t, y)):
            line.pop()
        line.append((t, y))
    return line


def _on_line(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    if c[0] == a[0]:
        return False
    y = a[1] + (c[1] - a[1]) * (b[0] - a[0]) / (c[0] - a[0])
    return a[0] < b[0] < c[0] and abs(y - b[1]) <= 1e-9 * max(abs(a[1]), abs(b[1]), abs(c[1]))
