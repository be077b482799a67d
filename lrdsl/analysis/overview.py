"""The table of phases: `rows` gives the text, the ticks, the length and the levels of each phase and of its parts, written for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from lrdsl.clock import Clock
from lrdsl.expr import without_letters
from lrdsl.expr.exact import Exact, quotient
from lrdsl.figures.timing import compact, seen
from lrdsl.formulas.amounts import is_short, shortened
from lrdsl.numbers.scalar import Evaluator
from lrdsl.phrases import grouped
from lrdsl.plan import Phase, Plan

if TYPE_CHECKING:
    from lrdsl.schedule import Schedule
    from lrdsl.targets import Target

#: Two levels that differ by no more than this share of the largest in a phase are one, seen from a table; it is looked for at so many times.
_CLOSE, _SAMPLES = 1e-9, 8
#: The most times at which a level is looked for that is far from two equal ends.
_MOST_BETWEEN = 1000


@attrs.frozen
class Row:
    """One phase, or at a `depth` above 0 one of its parts. `epochs` is empty where the text does not count in epochs."""

    depth: int
    text: str
    ticks: str
    epochs: str
    length: str
    level: str


def head(rows: Sequence[Row], time: str = "ticks") -> tuple[str, ...]:
    """Returns the names of the columns; the second one is the unit of time."""
    return ("phase", time, *(["epochs"] if time == "ticks" and any(row.epochs for row in rows) else []), "length", "level")


def cells(row: Row, columns: Sequence[str]) -> list[str]:
    """Returns the cells of a row for these columns, but the first."""
    return [row.ticks, *(getattr(row, name) for name in columns[2:])]


def in_code(value: Exact) -> str:
    """Returns a number of ticks as a schedule has it, with at most four digits if it is not whole: `10_000`, `476.8`."""
    return grouped(float(value if is_short(value) else shortened(value)))


def rows(s: Schedule, target: Target, base: float, time: str = "ticks", number: Callable[[Exact], str] = in_code) -> list[Row]:
    """Returns the rows of the phases of a target, each followed by those of its parts. `number` writes numbers of ticks.

    Raises `ScheduleError` if the `time` needs a missing fact.
    """
    from lrdsl.formulas.sentence import Units

    per_epoch = s.clock.epoch_steps() * (s.clock.ticks_per_step or 1) if s.clock.tick != "epoch" and Units.of(s.tree, s.clock).in_epochs else None
    plan = s.readable_plan(target.name)
    clock, write = (None, number) if time == "ticks" else (s.clock, _amount)
    return list(_rows(plan.phases, s.evaluator_of(target), base, per_epoch, _Times(clock, time, write), 0))


@attrs.frozen
class _Times:
    """How times are written: in ticks, or in another unit of a clock; and as what numbers."""

    clock: Clock | None
    unit: str
    number: Callable[[Exact], str]


def _rows(phases: Sequence[Phase], levels: Evaluator, base: float, per_epoch: Exact | None, times: _Times, depth: int) -> Iterator[Row]:
    for i, phase in enumerate(phases):
        level = None if phase.level is None else without_letters(phase.level)
        inner = levels if level is None else Evaluator.of(Plan((), level, phase.length, level))
        waits = i + 1 < len(phases) and phase.level is None
        ticks, length = _time(phase if times.clock is None else _in_unit(phase, times.clock, times.unit), waits, times.number)
        epochs = "" if per_epoch is None else _time(_in_epochs(phase, per_epoch), waits, times.number)[0]
        yield Row(depth, phase.text, ticks, epochs, length, _levels(phase, inner, base, last=i + 1 == len(phases) or phase.level is not None))
        yield from _rows(phase.parts, inner, base, per_epoch, times, depth + 1)


def _in_epochs(phase: Phase, per_epoch: Exact) -> Phase:
    start, length = (None if n is None else quotient(n, per_epoch) for n in (phase.start, phase.length))
    return attrs.evolve(phase, start=start, length=length)


def _in_unit(phase: Phase, clock: Clock, time: str) -> Phase:
    """Returns a phase with its times in another unit. Raises `ScheduleError` if a fact is missing."""
    if phase.start is None:
        length = None if phase.length is None else seen(clock, phase.length, time)
        return attrs.evolve(phase, length=length)
    start = seen(clock, phase.start, time)
    length = None if phase.length is None else seen(clock, phase.start + phase.length, time) - start
    return attrs.evolve(phase, start=start, length=length)


def _time(phase: Phase, waits: bool, number: Callable[[Exact], str]) -> tuple[str, str]:
    """Returns the ticks of a phase and its length. `waits`: another phase comes after it."""
    start, n = phase.start, phase.length
    if start is None:
        return "?", "?" if n is None else number(n)
    if n is None:
        return f"{number(start)} …" + " ?" * waits, "?" if waits else "endless"
    return f"{number(start)} … {number(start + n)}", number(n)


def _levels(phase: Phase, levels: Evaluator, base: float, last: bool) -> str:
    """Returns the level at the start of a phase, and the one that it comes to, with its farthest level between two equal ones.

    The `last` phase goes on, so that a drop at its end counts.
    """
    start, n = phase.start, phase.length
    if start is None:
        return "from the level reached"
    first = levels.level(float(start), base)
    if n is None:
        return f"from {first:.4g}"
    reached = first if n == 0 else levels.level(float(start + n), base) if last else _end(levels, float(start), float(start + n), base)
    written = [f"{first:.4g}", f"{reached:.4g}"]
    if written[0] == written[1]:  # a phase that comes back to its level shows how far it goes
        steps = min(_MOST_BETWEEN, int(n))
        times = [*(float(part.start) for part in phase.parts if part.start is not None), *(float(start) + float(n) * k / steps for k in range(1, steps))]
        between = [levels.level(time, base) for time in times]
        farthest = f"{max(between, key=lambda level: abs(level - first), default=first):.4g}"
        written = written[:1] if farthest == written[0] else [written[0], farthest, written[1]]
    return " → ".join(written)


def _end(levels: Evaluator, start: float, end: float, base: float) -> float:
    """Returns the level just before a time: without a drop that falls on it, but with the end of a curve that comes to its end there."""
    before = math.nextafter(end, 0)
    code = levels.code_at(before)
    last, reached = float(code.level(before, base)), float(code.level(end, base))
    height = max(abs(levels.level(start + (end - start) * k / _SAMPLES, base)) for k in range(_SAMPLES))
    return reached if abs(reached - last) <= _CLOSE * height else last


def _amount(value: Exact) -> str:
    return compact(float(value))
