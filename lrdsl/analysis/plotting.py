"""Plots: `plot` draws schedules with matplotlib, and `picture_of` gives the same picture as data, for other ways to draw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrdsl.arguments import exactly, number, one_of, quoted, whole_number
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import refuse
from lrdsl.figures.picture import Drawn, Look, Picture, picture
from lrdsl.formulas.style import WIDTHS
from lrdsl.plan import MOST_TICKS
from lrdsl.schedule import Schedule
from lrdsl.work import bounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lrdsl.figures.matplotlib import Page

#: Width and height in inches, for one column of a paper, the full text width of a page, and a slide; and for the columns that formulas and tables know.
SIZES = {"column": (3.35, 2.2), "text": (6.3, 3.3), "slide": (9.0, 4.8)} | {
    name: (round(width / 7.227, 2), round(width / 7.227 * (0.66 if width < 30 else 0.52), 2)) for name, width in WIDTHS.items()
}
#: What a figure is for: the size that it has if no other is given.
STYLES = {"page": "text", "paper": "column", "slides": "slide", "dark": "slide"}


def picture_of(
    *schedules: Schedule,
    names: Sequence[str] = (),
    base: float | None = None,
    ticks: int | None = None,
    target: str | None = None,
    time: str = "ticks",
    log: bool = False,
    log_x: bool = False,
    phases: bool = True,
    phase_names: Sequence[str] = (),
    twin: bool = False,
    first: int = 0,
    exponents: bool = True,
) -> Picture:
    """Returns the picture of schedules as data. Its parameters are those of `plot`."""
    if not schedules:
        raise refuse("LR152", "there is no schedule to draw", "give one or more")
    for s in schedules:
        if not isinstance(s, Schedule):
            raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give a schedule from `lrdsl.parse`")
    for what, strings in (("names", names), ("phase_names", phase_names)):
        if not isinstance(strings, list | tuple) or not all(isinstance(name, str) for name in strings):
            raise refuse("LR152", f"{what} is {quoted(strings)}", "give a list of strings")
    if ticks is not None:
        ticks = whole_number("ticks", ticks, f"draw between 1 and {MOST_TICKS} ticks", low=1, high=MOST_TICKS)
    first = whole_number("first", first, "give the first tick to draw", high=MAX_TICKS)
    drawn = []
    for i, s in enumerate(schedules):
        targets = s.targets if target is None else (s.target(target),)
        value = s.program.base_value if base is None else s.checked_base(base)
        for t in targets:
            s.checked_base(value, t.name)
        drawn.append(Drawn(names[i] if i < len(names) else str(s), targets, value, s.clock, tuple(phase_names)))
    with bounded(schedules[0].text):
        return picture(drawn, Look(ticks, time, log, log_x, phases, twin, first, exponents))


def plot(
    *schedules: Schedule,
    size: str | tuple[float, float] | None = None,
    dark: bool = False,
    style: str = "page",
    serif: bool = False,
    usetex: bool = False,
    **options: Any,
) -> Figure:
    """Draws schedules: one panel per target, with the curves of all schedules in it, and a legend.

    Parameters: `schedules`, one or more; `names`, their names in the legend (default: their texts); `base`, the base value (default: the one that the text
    sets, or 1); `ticks`, how many ticks to draw (default: the run, or a little more than the schedule); `target`, the name of one target; `time`, the unit of
    the time axis, "ticks", "steps", "epochs", "samples", "tokens" or "percent"; `log` and `log_x`, whether the axis of levels, or of time, is logarithmic:
    such a figure shows the levels at ticks alone; `phases`, whether to shade and name the phases of a single curve; `phase_names`, names for them; `twin`,
    whether two values, as lr and momentum, share one panel; `first`, the first tick to draw (default: 0); `exponents`, whether a power of ten may be taken out
    of the levels.

    `style` is "page", "paper" (one column, serif), "slides" (large letters) or "dark" (a dark slide); `size`, "column", "text", "slide", a named column, as
    "icml", or (width, height) in inches (default: that of the style); `dark`, whether the background is dark; `serif`, whether letters have serifs; `usetex`,
    whether LaTeX, which must be installed, makes the letters. Returns a matplotlib `Figure`; its `savefig` writes PNG, SVG or PDF. Raises `ScheduleError` as
    `Schedule.values` does.

    >>> import lrdsl
    >>> figure = lrdsl.plot(lrdsl.parse("warmup(5) then cosine(95)"), size="column")
    >>> figure.axes[0].get_ylabel()
    'learning rate / base'
    """
    from lrdsl.figures import matplotlib

    return matplotlib.figure(picture_of(*schedules, **options), page_of(size, dark, style, serif, usetex))


def page_of(size: str | tuple[float, float] | None, dark: bool = False, style: str = "page", serif: bool = False, usetex: bool = False) -> Page:
    """Returns the page of a figure."""
    from lrdsl.figures.matplotlib import Page

    one_of("style", style, tuple(STYLES))
    width, height = _inches(STYLES[style] if size is None else size)
    large = style in ("slides", "dark")
    points = (7.5 if width < 4 else 9.0) * (1.6 if large else 1)
    return Page(width, height, points, dark or style == "dark", serif or style == "paper", usetex)


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
