"""Solves for one number of a text, written `?`, so that two schedules spend the same area."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import attrs

from lrdsl.analysis.merit import analyze, is_endless, run_of
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr.exact import Exact, exact
from lrdsl.schedule import Schedule, parse

#: The numbers that are tried, from the least to the greatest, so many for each factor of ten.
_LEAST, _MOST, _STEPS = 1e-7, 1e7, 8
#: Two areas that differ by at most this share are the same.
_CLOSE = 1e-9


@attrs.frozen
class Matched:
    """A number for the hole of a text: `value`, the `schedule` with it, and the `area` that both schedules have, as far as doubles tell."""

    value: Exact
    schedule: Schedule
    area: float


def has_hole(text: str) -> bool:
    """Whether a text has a number to solve for."""
    return "?" in text.split("#")[0]


def match(reference: Schedule, text: str, base: float | None = None, ticks: int | None = None, **options: Any) -> Matched:
    """Returns the least number for the `?` of a text with which it has the area of a reference.

    Parameters: `base` and `ticks` as in `analyze`; `options`, those of `parse`. The number is a length in ticks or a level, as its place says; `?x` is a
    multiple of base. A schedule without an end runs as long as the reference. Raises `ScheduleError` if the text has not one `?`, or if no number does it.

    >>> import lrdsl
    >>> found = match(lrdsl.parse("cosine(100)"), "linear(?)")
    >>> found.value, found.area
    (100, 50.5)
    """
    if text.count("?") != 1:
        raise refuse("LR152", f"the text has {text.count('?')} `?`", "write one `?` for the length or the level to solve for: `cosine(?)`", text)
    analysis = analyze(reference, base, ticks)
    wanted = analysis.area.value

    def area(s: Schedule) -> float:
        return _area(s, base, analysis.ticks if ticks is None and is_endless(s, None) else ticks)  # one without an end runs as long as the reference

    def matched(value: Exact) -> Matched:
        s = filled(text, value, **options)
        return Matched(value, s, area(s))

    def excess(value: float) -> float | None:
        try:
            return area(filled(text, exact(value), **options)) - wanted
        except ScheduleError:
            return None

    at_zero = excess(0.0)
    if at_zero is not None and abs(at_zero) <= _CLOSE * abs(wanted):
        return matched(0)
    tried = [_LEAST * 10 ** (k / _STEPS) for k in range(int(math.log10(_MOST / _LEAST) * _STEPS) + 1)]
    errors = ((value, excess(value)) for value in tried)  # as far as they are needed
    around = next(((a, b) for (a, x), (b, y) in pairwise(errors) if x is not None and y is not None and (x <= 0) != (y <= 0)), None)
    if around is None:
        filled(text, 1, **options)  # a mistake of the text itself is the reason
        raise refuse("LR152", f"no number gives an area of {wanted:g}", "free another length or level: `cosine(?)`, `hold(at=?)`", text)
    return matched(_shortest(_solved(excess, *around), excess, wanted))


def filled(text: str, value: Exact, **options: Any) -> Schedule:
    """Returns the schedule of a text with a number in the place of its `?`. Raises `ScheduleError`."""
    return parse(text.replace("?", str(value) if isinstance(value, int) else repr(float(value))), **options)


def _area(s: Schedule, base: float | None, ticks: int | None) -> float:
    levels = s.values(run_of(s, s.plan, ticks), s.program.base_value if base is None else base)
    return math.fsum(levels)


def _solved(excess: Callable[[float], float | None], low: float, high: float) -> float:
    """Halves a range until its ends are neighbouring doubles, nearly."""
    rises = (excess(low) or 0) <= 0
    for _ in range(60):
        middle = (low + high) / 2
        error = excess(middle)
        if error is None or middle in (low, high):
            break
        low, high = (middle, high) if (error <= 0) == rises else (low, middle)
    return low


def _shortest(value: float, excess: Callable[[float], float | None], wanted: float) -> Exact:
    """Returns the number with the fewest digits that does as well."""
    for digits in range(1, 16):
        short = float(f"{value:.{digits}g}")
        error = excess(short)
        if error is not None and abs(error) <= _CLOSE * abs(wanted):
            return exact(short)
    return exact(value)
