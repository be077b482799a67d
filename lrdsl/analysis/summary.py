"""The table of several schedules: for each target of each, its run, warmup, peak, decay, final level and area, as papers compare them."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from lrdsl.analysis.merit import Analysis, Measured, analyze, is_endless
from lrdsl.figures.timing import Axis, compact
from lrdsl.schedule import Schedule

#: Levels within this share of the peak are at the peak.
_CLOSE = 1e-9
#: The names of the columns; that of the target is left out where all have the same.
COLUMNS = ("schedule", "target", "run", "warmup", "peak", "decay", "final", "area")


@attrs.frozen
class Summary:
    """What a schedule comes to in one target, over a run of `ticks`.

    `warmup` is the tick that first has the peak, 0 if the schedule begins there. `decay` is how long the last way from the peak down takes; 0 if the run ends
    at the peak. `final` is the level that the run comes to at its end.
    """

    name: str
    target: str
    ticks: int
    warmup: int
    peak: float
    decay: int
    final: float
    area: Measured


def summarize(
    s: Schedule, name: str, base: float | None = None, ticks: int | None = None, target: str | None = None, otherwise: int | None = None
) -> list[Summary]:
    """Returns the summary of each target of a schedule. `otherwise` is the run of one that is endless. Raises `ScheduleError` as `analyze` does.

    >>> import lrdsl
    >>> [row] = summarize(lrdsl.parse("warmup(5) then hold(10) then linear(5, to=0.1x)"), "wsd")
    >>> row.warmup, row.peak, row.decay, row.final
    (5, 1.0, 5, 0.1)
    """
    names = [t.name for t in s.targets] if target is None else [s.target(target).name]
    return [_of_target(s, name, one, analyze(s, base, otherwise if ticks is None and is_endless(s, one) else ticks, one)) for one in names]


def _of_target(s: Schedule, name: str, target: str, a: Analysis) -> Summary:
    levels = s.values(a.ticks + 1, a.base, target)
    top = float(levels.max())
    high = np.flatnonzero(levels >= top - _CLOSE * abs(top))
    first, last = int(high[0]), int(high[-1])
    return Summary(name, target, a.ticks, first, top, a.ticks - last, float(levels[-1]), a.area)


def cells(rows: Sequence[Summary], schedules: Sequence[Schedule], time: str) -> tuple[list[str], list[list[str]]]:
    """Returns the names of the columns and the cells of each row. Times are in a unit, of the clock of the schedule in the same place."""
    targets = len({row.target for row in rows}) > 1
    columns = [name for name in COLUMNS if name != "target" or targets]
    table: list[list[str]] = []
    longest = max(Axis.of(s.clock, time).at(row.ticks) for row, s in zip(rows, schedules, strict=True))
    for row, s in zip(rows, schedules, strict=True):
        axis = Axis.of(s.clock, time)
        run = axis.at(row.ticks)
        times = {"run": run, "warmup": axis.at(row.warmup), "decay": run - axis.at(row.ticks - row.decay)}
        area = f"{row.area.value:.4g}"
        texts = {"schedule": row.name, "target": row.target, "area": area, "peak": f"{row.peak:.4g}", "final": f"{row.final:.4g}"}
        texts |= {name: compact(float(f"{value:.4g}"), longest) + "%" * (time == "percent") for name, value in times.items()}
        table.append([texts[name] for name in columns])
    return columns, table
