"""Plots: `plot` draws schedules with matplotlib, and `picture_of` gives the same picture as data, for other ways to draw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrdsl.arguments import exactly, number, quoted, whole_number
from lrdsl.clock import total_of
from lrdsl.diagnostics import refuse
from lrdsl.figures.picture import Drawn, Picture, picture
from lrdsl.plan import MOST_TICKS
from lrdsl.schedule import Schedule
from lrdsl.work import bounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Width and height in inches, for one column of a paper, the full text width of a page, and a slide.
SIZES = {"column": (3.35, 2.2), "text": (6.3, 3.3), "slide": (9.0, 4.8)}


def picture_of(
    *schedules: Schedule,
    names: Sequence[str] = (),
    base: float | None = None,
    ticks: int | None = None,
    target: str | None = None,
    time: str = "ticks",
    log: bool = False,
    phases: bool = True,
) -> Picture:
    """Returns the picture of schedules as data. Its parameters are those of `plot`."""
    if not schedules:
        raise refuse("LR152", "there is no schedule to draw", "give one or more")
    for s in schedules:
        if not isinstance(s, Schedule):
            raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give a schedule from `lrdsl.parse`")
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise refuse("LR152", f"names is {quoted(names)}", "give a list of strings, one for each schedule")
    if ticks is not None:
        ticks = whole_number("ticks", ticks, f"draw between 1 and {MOST_TICKS} ticks", low=1, high=MOST_TICKS)
    drawn = []
    for i, s in enumerate(schedules):
        targets = s.targets if target is None else (s.target(target),)
        value = s.program.base_value if base is None else s.checked_base(base)
        for t in targets:
            s.checked_base(value, t.name)
        drawn.append(Drawn(names[i] if i < len(names) else str(s), targets, value, total_of(s.clock)))
    first = schedules[0].clock
    per = first.ticks_in(time)
    unit = {"ticks": first.tick, "steps": "step", "epochs": "epoch"}[time] if time != "ticks" or first.ticks_per_step is None else "tick"
    with bounded(schedules[0].text):
        return picture(drawn, ticks, per, unit, log, phases)


def plot(*schedules: Schedule, size: str | tuple[float, float] = "text", dark: bool = False, **options: Any) -> Figure:
    """Draws schedules: one panel per target, with the curves of all schedules in it, and a legend.

    Parameters: `schedules`, one or more; `names`, their names in the legend (default: their texts); `base`, the base value (default: the one that the text
    sets, or 1); `ticks`, how many ticks to draw (default: the run, or a little more than the schedule); `target`, the name of one target; `time`, the unit of
    the time axis, "ticks", "steps" or "epochs"; `log`, whether the level axis is logarithmic; `phases`, whether to shade and label the phases of a single
    curve; `size`, "column", "text", "slide", or (width, height) in inches; `dark`, whether the background is dark. Returns a matplotlib `Figure`; its `savefig`
    writes PNG, SVG or PDF. Raises `ScheduleError` as `Schedule.values` does.

    >>> import lrdsl
    >>> figure = lrdsl.plot(lrdsl.parse("warmup(5) then cosine(95)"), size="column")
    >>> figure.axes[0].get_ylabel()
    'learning rate / base'
    """
    from lrdsl.figures import matplotlib

    return matplotlib.figure(picture_of(*schedules, **options), *_inches(size), dark)


def _inches(size: Any) -> tuple[float, float]:
    """The width and height in inches of a size, which is a name or a pair."""
    if isinstance(size, str) and size in SIZES:
        return SIZES[size]
    if not isinstance(size, list | tuple) or len(size) != 2:
        sizes = ", ".join(repr(name) for name in SIZES)
        raise refuse("LR152", f"size is {quoted(size)}", f"it is one of {sizes}, or (width, height) in inches")
    help = "give width and height in inches, from 0.5 to 100"
    width, height = (float(number("size", side, help, low=exactly(0.5), high=100)) for side in size)
    return width, height
