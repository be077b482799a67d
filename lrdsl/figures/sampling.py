"""A schedule as the few points that draw it: two on a line, more on a curve, and both sides of every jump."""

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

#: A straight line is straight enough where the curve leaves it by less than this share of what is drawn.
CLOSE = 1 / 1500
#: More cycles or stairs than this cannot be told apart: of so many stretches, the lowest and the highest level is drawn.
MOST_EDGES, BINS = 1000, 1000


def points(plan: Plan, base: float, end: float, log: bool = False) -> Points:
    """The points of a polyline that draws a plan from tick 0 to `end`, one below the other at a jump. On a `log` axis, levels of 0 and below are left out."""
    found: Points = []
    stretches = [(p.level, float(p.start), end if p.end is None else min(float(p.end), end)) for p in pieces(plan.level) if p.start < end]
    marks = [_edges(*stretch) for stretch in stretches]
    if any(inner is None for inner in marks) or sum(len(inner or ()) for inner in marks) > MOST_EDGES:
        found = _outline(plan.level, base, end)
    else:
        # How far the whole reaches tells how straight is straight.
        rough = array.levels(plan.level, np.linspace(0, end, 400), base)
        scale = _reach(rough, log) * CLOSE
        for (level, start, stop), inner in zip(stretches, marks, strict=True):
            bounds = [start, *(inner or ()), stop]
            for a, b in pairwise(bounds):
                traced = _traced(level, base, a, math.nextafter(b, a), scale, log)
                found += [*traced[:-1], (b, traced[-1][1])]
        found.append((end, float(array.levels(plan.level, np.array([end]), base)[0])))
    return [(t, y) for t, y in _tidied(found, log) if not log or y > 0]


def _edges(level: Expr, start: float, stop: float) -> list[float] | None:
    """The ticks inside a piece at which a cycle or a stair begins; None where they are too many."""
    if any(isinstance(x, Product) for x in walk(level)):
        return None
    chosen = [x for x in walk(level) if isinstance(x, Select) and x.of is T]
    found = {float(at) for x in chosen for at in x.starts[1:] if start < at < stop}
    for length, origin in cycles(level):
        first = (Fraction(start) - origin) // length + 1
        if (stop - start) / float(length) > MOST_EDGES:
            return None
        k = first
        while (at := float(origin + k * length)) < stop:
            if at > start:
                found.add(at)
            k += 1
    return sorted(found)


def _reach(levels: NDArray[np.float64], log: bool) -> float:
    if log:
        above = levels[levels > 0]
        return max(float(np.log(above.max() / above.min())) if above.size else 0.0, 0.1)
    return max(float(levels.max() - levels.min()), 1e-6 * float(np.abs(levels).max())) or 1.0


def _traced(level: Expr, base: float, a: float, b: float, scale: float, log: bool) -> Points:
    """The curve between two ticks: halved for as long as the middle is off the line between the ends."""
    bent = any(isinstance(x, Call) and x.op in ("min", "max", "abs", "reduce") for x in walk(level))
    grid = np.linspace(a, b, 65 if bent else 5)  # a bend between two ticks may be missed
    values = array.levels(level, grid, base)
    for _ in range(10):
        middles = (grid[1:] + grid[:-1]) / 2
        between = array.levels(level, middles, base)
        off = _off(values, between, log) > scale
        if not off.any():
            break
        grid = np.insert(grid, np.flatnonzero(off) + 1, middles[off])
        values = np.insert(values, np.flatnonzero(off) + 1, between[off])
    return list(zip(grid.tolist(), values.tolist(), strict=True))


def _off(values: NDArray[np.float64], between: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    """How far the middles are off the lines between their neighbours, as far as one sees."""
    left, right = values[:-1], values[1:]
    if not log:
        return np.abs(between - (left + right) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        straight = np.abs(np.log(between) - (np.log(left) + np.log(right)) / 2)
    return np.where((left > 0) & (right > 0) & (between > 0), straight, np.where((left > 0) != (right > 0), 1.0, 0.0))


def _outline(level: Expr, base: float, end: float) -> Points:
    """The levels of whole ticks, or where those are too many, the lowest and the highest of each of many equal stretches."""
    ticks = np.arange(int(end) + 1, dtype=np.float64)
    levels = array.levels(level, ticks, base)
    if len(ticks) <= 2 * BINS:
        return list(zip(ticks.tolist(), levels.tolist(), strict=True))
    found: Points = []
    for block in np.array_split(np.arange(len(ticks)), BINS):
        here = levels[block]
        picked = sorted({int(block[int(here.argmin())]), int(block[int(here.argmax())])})
        found += [(float(ticks[i]), float(levels[i])) for i in picked]
    return found


def _tidied(points: Points, log: bool) -> Points:
    """Points without those that lie on the line between their neighbours, nor those that repeat."""
    kept: Points = []
    top = max((abs(y) for _, y in points), default=0.0)
    for t, y in points:
        if kept and math.isclose(kept[-1][0], t, rel_tol=1e-12) and abs(kept[-1][1] - y) <= 1e-9 * (abs(y) if log else top):
            kept.pop()  # no jump
        while len(kept) > 1 and (not log or kept[-1][1] == y) and _on_line(kept[-2], kept[-1], (t, y)):
            kept.pop()
        kept.append((t, y))
    return kept


def _on_line(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    if c[0] == a[0]:
        return False
    y = a[1] + (c[1] - a[1]) * (b[0] - a[0]) / (c[0] - a[0])
    return a[0] < b[0] < c[0] and abs(y - b[1]) <= 1e-9 * max(abs(a[1]), abs(b[1]), abs(c[1]))
