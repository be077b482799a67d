"""The axis of time of a figure or a table: ticks, steps, epochs, tokens, samples or percent of the run."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import attrs

from lrdsl.clock import MULTIPLES, TIMES, Clock, MissingFactError, lacking, unit_of_time
from lrdsl.expr.exact import Exact, quotient

_LABELS = {"samples": "samples", "tokens": "tokens", "percent": "% of the run"}


@attrs.frozen
class Axis:
    """An axis of time: the `unit` as its label has it, and what a run has seen of it at `ticks`, between which it grows evenly."""

    unit: str
    ticks: tuple[float, ...]
    seen: tuple[float, ...]

    @classmethod
    def of(cls, clock: Clock, time: str) -> Axis:
        """Returns the axis of a run. Raises `ScheduleError` for another unit, and where a fact is missing."""
        unit = unit_of_time(time)
        label = _LABELS.get(time, unit)
        if time == "ticks":
            label = clock.tick if clock.ticks_per_step is None else "tick"
        changes = _changes(clock, unit) if unit in clock.changing else (0, 1)
        return cls(label, tuple(map(float, changes)), tuple(float(seen(clock, tick, time)) for tick in changes))

    def at(self, tick: float) -> float:
        """Returns how much has been seen at a tick."""
        i = max(bisect_right(self.ticks, tick) - 1, 0)
        i = min(i, len(self.ticks) - 2)
        (a, b), (x, y) = self.ticks[i : i + 2], self.seen[i : i + 2]
        return x + (tick - a) * ((y - x) / (b - a))

    def drawn(self, line: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Returns a line with its times in this unit. Where the batch changes on a straight piece, the line has a bend."""
        bent = line[:1]
        for (before, level), (t, y) in pairwise(line):
            bends = [tick for tick in self.ticks[1:-1] if before < tick < t]
            bent += [*((tick, level + (y - level) * (tick - before) / (t - before)) for tick in bends), (t, y)]
        return [(self.at(t), y) for t, y in bent]


def seen(clock: Clock, tick: Exact, time: str) -> Exact:
    """Returns how much of a unit of time a run has seen at a tick. Raises `ScheduleError` if a fact is missing."""
    try:
        return quotient(100 * tick, clock.total()) if time == "percent" else clock.amount(tick, TIMES[time])
    except MissingFactError as fact:
        raise lacking(time, fact) from None


def _changes(clock: Clock, unit: str) -> tuple[Exact, ...]:
    """Returns the ticks between which as much is seen in each tick, from 0 on. The last two stand for all that comes later."""
    from lrdsl.batches import Batches

    batches = {"token": clock.tokens_per_step, "sample": clock.batch_size}.get(unit)
    starts = batches.starts if isinstance(batches, Batches) else (0,)
    ticks: list[Exact] = [0]
    for start in starts[1:]:
        ticks.append(start * (clock.ticks_per_step or 1) if clock.tick == "step" else quotient(start, clock.epoch_steps()))
    return (*ticks, ticks[-1] + 1)


def compact(value: float, beside: float = 0.0) -> str:
    """Returns a number for an axis, with at most four digits: 25000 is 25k, and 3000000000 is 3B.

    `beside` is the largest number beside it, which decides the unit.

    >>> compact(0), compact(2500), compact(25000), compact(8388610000), compact(0.25), compact(5000, beside=30000)
    ('0', '2500', '25k', '8.389B', '0.25', '5k')
    """
    for suffix, size in reversed(MULTIPLES.items()):
        if max(abs(value), beside) >= max(size, 10_000):
            return f"{value / size:.4g}{suffix if value else ''}"
    return f"{value:.4g}"
