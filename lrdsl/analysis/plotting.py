"""Plots of schedules: what one shows, and the figure that matplotlib draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrdsl.arguments import exactly, number, quoted, whole_number
from lrdsl.check.program import total_of
from lrdsl.diagnostics import refuse
from lrdsl.figures.picture import Drawn, Picture, picture
from lrdsl.plan import MOST_TICKS
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Width and height in inches: a column of a two-column paper, the text of a page, and a slide.
SIZES = {"column": (3.35, 2.2), "text": (6.3, 3.3), "slide": (9.0, 4.8)}


def described(
    *schedules: Schedule,
    names: Sequence[str] = (),
    base: float | None = None,
    ticks: int | None = None,
    target: str | None = None,
    time: str = "ticks",
    log: bool = False,
    phases: bool = True,
) -> Picture:
    """What a figure of schedules shows; the parameters are those of `plot`."""
    if not schedules:
        raise refuse("LR152", "there is no schedule to draw", "give one or more")
    for s in schedules:
        if not isinstance(s, Schedule):
            raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give what `lrdsl.parse` gives")
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise refuse("LR152", f"names is {quoted(names)}", "give a list of strings, one for each schedule")
    if ticks is not None:
        ticks = whole_number("ticks", ticks, f"between 1 and {MOST_TICKS} ticks can be drawn", low=1, high=MOST_TICKS)
    drawn = []
    for i, s in enumerate(schedules):
        if target is not None:
            s.plan_of(target)
        shown = tuple(t for t in s.targets if target in (None, t.name))
        value = s.program.base_value if base is None else s.checked_base(base)
        for t in shown:
            s.checked_base(value, t.name)
        drawn.append(Drawn(names[i] if i < len(names) else str(s), shown, value, total_of(s.clock)))
    first = schedules[0].clock
    per = first.ticks_in(time)
    unit = {"ticks": first.tick, "steps": "step", "epochs": "epoch"}[time] if time != "ticks" or first.ticks_per_step is None else "tick"
    return picture(drawn, ticks, per, unit, log, phases)


def plot(*schedules: Schedule, size: str | tuple[float, float] = "text", dark: bool = False, **options: Any) -> Figure:
    """A figure of schedules: one panel for each thing that is scheduled, the curves of several schedules in one axis, with a legend.

    Parameters: `schedules`, one or more; `names`, for the legend, in place of their texts; `base`, the base value (the one that the text sets, or 1); `ticks`,
    how many are drawn (the run, or the schedule and a little more); `target`, the name of one target; `time`, "ticks", "steps" or "epochs"; `log`, for a
    logarithmic axis; `phases`, whether they are shaded and labelled, where there is one curve; `size`, "column", "text", "slide", or (width, height) in inches;
    `dark`, for a dark background. Returns a matplotlib `Figure`, whose `savefig` writes PNG, SVG or PDF. Raises `ScheduleError` as `Schedule.values` does.

    >>> import lrdsl
    >>> figure = lrdsl.plot(lrdsl.parse("warmup(5) then cosine(95)"), size="column")
    >>> figure.axes[0].get_ylabel()
    'learning rate / base'
    """
    from lrdsl.figures import matplotlib

    shown = described(*schedules, **options)
    return matplotlib.figure(shown, *_inches(size), dark)


def _inches(size: Any) -> tuple[float, float]:
    """The width and height of a size, by name or in inches."""
    if isinstance(size, str) and size in SIZES:
        return SIZES[size]
    if not isinstance(size, list | tuple) or len(size) != 2:
        sizes = ", ".join(repr(name) for name in SIZES)
        raise refuse("LR152", f"size is {quoted(size)}", f"it is one of {sizes}, or (width, height) in inches")
    width, height = (float(number("size", side, "give width and height in inches, from 0.5 to 100", low=exactly(0.5), high=100)) for side in size)
    return width, height
