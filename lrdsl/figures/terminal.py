"""Draws a curve in a terminal with braille dots. A character holds two columns and four rows; a column shows all levels of its ticks, so no jump is lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdsl.phrases import grouped

#: The bit of each dot of a braille cell, by row and column.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_SAMPLES = 200_000


def columns(levels_at: Callable[[NDArray[Any]], NDArray[Any]], ticks: int, width: int) -> list[tuple[float, float]]:
    """Returns the lowest and highest level of each of `width` equal parts of the run, each joined to the part before. `levels_at` gives the levels at ticks."""
    at = np.arange(ticks, dtype=float) if ticks <= _SAMPLES else np.unique(np.linspace(0, ticks - 1, _SAMPLES).round())
    if ticks < 2 * width:
        at = np.linspace(0, ticks - 1, 4 * width)
    levels = levels_at(at)
    edges = np.searchsorted(at, np.linspace(0, ticks - 1, width + 1)[:-1], side="left")
    spans, before = [], float(levels[0])
    for i, start in enumerate(edges):
        stop = edges[i + 1] if i + 1 < width else len(at)
        part = levels[start:stop] if stop > start else levels[min(start, len(at) - 1) :][:1]
        spans.append((min(before, float(part.min())), max(before, float(part.max()))))
        before = float(part[-1])
    return spans


def draw(spans: list[tuple[float, float]], low: float, high: float, rows: int) -> list[str]:
    """Returns the rows of a chart in braille, top first, for levels between `low` and `high`."""
    cells = [[0] * (len(spans) // 2) for _ in range(rows)]
    top = 4 * rows - 1
    for x, (a, b) in enumerate(spans):
        for y in range(_dot(a, low, high, top), _dot(b, low, high, top) + 1):
            cells[(top - y) // 4][x // 2] |= _DOTS[(top - y) % 4][x % 2]
    return ["".join(chr(0x2800 + c) for c in row) for row in cells]


def draw_ascii(spans: list[tuple[float, float]], low: float, high: float, rows: int) -> list[str]:
    """Returns the rows of a chart in ASCII, for one span in each column. A sign holds two rows of dots.

    >>> draw_ascii([(0, 0), (0, 1), (1, 1), (0.5, 0.5)], 0, 1, 2)
    [" :'.", '.:  ']
    """
    cells = [[0] * len(spans) for _ in range(rows)]
    top = 2 * rows - 1
    for x, (a, b) in enumerate(spans):
        for y in range(_dot(a, low, high, top), _dot(b, low, high, top) + 1):
            cells[(top - y) // 2][x] |= 1 + (top - y) % 2
    return ["".join(" '.:"[cell] for cell in row) for row in cells]


def _dot(level: float, low: float, high: float, top: int) -> int:
    share = (level - low) / (high - low) if high > low else 0.5
    return max(0, min(top, round(share * top)))


def ruler(ticks: int, width: int) -> str:
    """Returns the axis under a chart: a few round ticks at their places."""
    rough = ticks / 5
    power = 10 ** math.floor(math.log10(max(rough, 1)))
    by = max(1, next(power * m for m in (1, 2, 5, 10) if power * m >= rough))
    line = [" "] * (width + 8)
    for tick in range(0, ticks, int(by)):
        place = round(tick / max(1, ticks - 1) * (width - 1))
        label = grouped(tick, least=10_000)
        start = max(0, min(place - (len(label) - 1) // 2, width - len(label)))
        if all(c == " " for c in line[max(0, start - 1) : start + len(label) + 1]):
            line[start : start + len(label)] = label
    return "".join(line).rstrip()
