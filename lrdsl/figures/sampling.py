"""Samples a plan at as few points as draw it well: two for a line, more for a curve, and both sides of every jump."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lrdsl.expr import Call, Expr, Product, Select, T, cycles, walk
from lrdsl.numbers import array
from lrdsl.plan import Plan, pieces

Points = list[tuple[float, float]]

#: A straight line replaces a curve if it is nowhere further from it than this share of the height of the picture.
CLOSE = 1 / 1500
#: More cycles or stairs than `MOST_EDGES` cannot be told apart. Then the run is cut into `BINS` parts, and the lowest and highest level of each part is drawn.
MOST_EDGES, BINS = 1000, 1000


def points(plan: Plan, base: float, end: float, log: bool = False) -> Points:
    """Returns the points of a polyline that draws a plan from tick 0 to `end`. A jump has two points. On a `log` axis, levels of 0 and below are left out."""
    line: Points = []
    stretches = [(p.level, float(p.start), end if p.end is None else min(float(p.end), end)) for p in pieces(plan.level) if p.start < end]
    edges = [_edges(*stretch) for stretch in stretches]
    if any(inner is None for inner in edges) or sum(len(inner or ()) for inner in edges) > MOST_EDGES:
        line = _outline(plan.level, base, end)
    else:
        rough = array.levels(plan.level, np.linspace(0, end, 400), base)
        tolerance = _height(rough, log) * CLOSE
        for (level, start, stop), inner in zip(stretches, edges, strict=True):
            bounds = [start, *(inner or ()), stop]
            for a, b in pairwise(bounds):
                curve = _curve(level, base, a, math.nextafter(b, a), tolerance, log)
                line += [*curve[:-1], (b, curve[-1][1])]
        line.append((end, float(array.levels(plan.level, np.array([end]), base)[0])))
    return [(t, y) for t, y in _simplified(line, log) if not log or y > 0]


def _edges(level: Expr, start: float, stop: float) -> list[float] | None:
    """Returns the ticks inside a piece at which a cycle or a stair begins, or None if there are too many."""
    if any(isinstance(x, Product) for x in walk(level)):
        return None
    choices = [x for x in walk(level) if isinstance(x, Select) and x.of is T]
    ticks = {float(at) for x in choices for at in x.starts[1:] if start < at < stop}
    for length, origin in cycles(level):
        first = (Fraction(start) - origin) // length + 1
        if (stop - start) / float(length) > MOST_EDGES:
            return None
        k = first
        while (at := float(origin + k * length)) < stop:
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


def _curve(level: Expr, base: float, a: float, b: float, tolerance: float, log: bool) -> Points:
    """Samples the curve between two ticks. An interval is halved while the curve in its middle is further than `tolerance` from the straight line."""
    kinks = any(isinstance(x, Call) and x.op in ("min", "max", "abs", "reduce") for x in walk(level))
    grid = np.linspace(a, b, 65 if kinks else 5)  # a coarse grid could miss a kink
    values = array.levels(level, grid, base)
    for _ in range(10):
        middles = (grid[1:] + grid[:-1]) / 2
        between = array.levels(level, middles, base)
        far = _distances(values, between, log) > tolerance
        if not far.any():
            break
        grid = np.insert(grid, np.flatnonzero(far) + 1, middles[far])
        values = np.insert(values, np.flatnonzero(far) + 1, between[far])
    return list(zip(grid.tolist(), values.tolist(), strict=True))


def _distances(values: NDArray[np.float64], between: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    """Returns how far each middle is from the straight line between its neighbours, on the axis that is drawn."""
    left, right = values[:-1], values[1:]
    if not log:
        return np.abs(between - (left + right) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithmic = np.abs(np.log(between) - (np.log(left) + np.log(right)) / 2)
    return np.where((left > 0) & (right > 0) & (between > 0), logarithmic, np.where((left > 0) != (right > 0), 1.0, 0.0))


def _outline(level: Expr, base: float, end: float) -> Points:
    """Returns the levels at all whole ticks; if those are too many, the lowest and the highest level of each of `BINS` equal parts."""
    ticks = np.arange(int(end) + 1, dtype=np.float64)
    levels = array.levels(level, ticks, base)
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
