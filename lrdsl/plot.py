"""Figures of schedules, by matplotlib: for papers, slides and pages. Install it with `pip install 'lrdsl[plot]'`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lrdsl.arguments import exactly, number, quoted, whole_number
from lrdsl.backends.picture import PALETTE, Drawn, Panel, Picture, picture
from lrdsl.check.program import total_of
from lrdsl.diagnostics import refuse
from lrdsl.plan import MOST_TICKS
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Width and height in inches: a column of a two-column paper, the text of a page, and a slide.
SIZES = {"column": (3.35, 2.2), "text": (6.3, 3.3), "slide": (9.0, 4.8)}
_DASHES: tuple[Any, ...] = ("-", "--", (0, (1, 1)), "-.", (0, (5, 3)), ":", (0, (3, 1, 1, 1, 1, 1)))
_LIGHT = {"back": "white", "ink": "#222222", "faint": "#8a8a8a", "band": "#000000"}
_DARK = {"back": "#111418", "ink": "#e6e6e6", "faint": "#9aa0a6", "band": "#ffffff"}


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
    >>> from lrdsl.plot import plot
    >>> figure = plot(lrdsl.parse("warmup(5) then cosine(95)"), size="column")
    >>> figure.axes[0].get_ylabel()
    'learning rate / base'
    """
    from matplotlib.figure import Figure

    shown = described(*schedules, **options)
    width, height = _inches(size)
    look = _DARK if dark else _LIGHT
    figure = Figure(figsize=(width, height * (1 + 0.6 * (len(shown.panels) - 1))), layout="constrained", facecolor=look["back"])
    axes = figure.subplots(len(shown.panels), 1, sharex=True, squeeze=False)[:, 0]
    for panel, axis in zip(shown.panels, axes, strict=True):
        _draw(panel, axis, shown, look, 7.5 if width < 4 else 9)
    axes[-1].set_xlabel(shown.unit, color=look["ink"])
    return figure


def _inches(size: Any) -> tuple[float, float]:
    """The width and height of a size, by name or in inches."""
    if isinstance(size, str) and size in SIZES:
        return SIZES[size]
    if not isinstance(size, list | tuple) or len(size) != 2:
        sizes = ", ".join(repr(name) for name in SIZES)
        raise refuse("LR152", f"size is {quoted(size)}", f"it is one of {sizes}, or (width, height) in inches")
    width, height = (float(number("size", side, "give width and height in inches, from 0.5 to 100", low=exactly(0.5), high=100)) for side in size)
    return width, height


def load_matplotlib() -> None:
    """Load matplotlib where no `matplotlibrc` lies: it obeys one in the folder one stands in, which may start LaTeX. For programs of one thread."""
    here = Path.cwd()
    os.chdir(Path(__file__).parent)
    try:
        import matplotlib  # noqa: F401
    finally:
        os.chdir(here)


def save(figure: Figure, path: str | Path | BinaryIO, kind: str) -> None:
    """Write a figure, into a file or under a path, as "png", "svg" or "pdf", the same figure always as the same file."""
    import matplotlib as mpl

    undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    with mpl.rc_context({"svg.fonttype": "path", "pdf.fonttype": 42, "svg.hashsalt": "lrdsl"}):
        figure.savefig(path, format=kind, dpi=200, metadata=undated)


def _draw(panel: Panel, axis: Axes, shown: Picture, look: dict[str, str], points: float) -> None:
    if shown.log:
        axis.set_yscale("log")
    for curve in panel.curves:
        x, y = zip(*curve.points, strict=True) if curve.points else ((), ())
        colour, dash = f"#{PALETTE[curve.colour % len(PALETTE)]}", _DASHES[curve.colour % len(_DASHES)]
        axis.plot(x, y, color=colour, linestyle=dash, linewidth=points / 5, label=_labelled(curve.label), solid_joinstyle="miter")
    axis.set_xlim(0, shown.end)
    axis.margins(y=0.08)
    axis.set_facecolor(look["back"])
    axis.set_ylabel(panel.name, color=look["ink"], fontsize=points + 0.5, parse_math=False)
    axis.xaxis.label.set_fontsize(points + 0.5)
    axis.tick_params(colors=look["ink"], labelsize=points - 0.5)
    for side, spine in axis.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(look["faint"])
    if len(panel.curves) > 1:
        legend = axis.legend(frameon=False, fontsize=points - 1, labelcolor=look["ink"])
        for text in legend.get_texts():
            text.set_parse_math(False)
    for i, phase in enumerate(panel.phases):
        if i % 2:
            axis.axvspan(phase.start, phase.end, color=look["band"], alpha=0.06, linewidth=0)
    if panel.phases:
        _name_phases(panel, axis, shown, look, points - 1.5)


def _labelled(label: str) -> str:
    """A label that matplotlib shows: it keeps those with a `_` at the beginning out of its legends."""
    return f" {label}" if label.startswith("_") else label


def _name_phases(panel: Panel, axis: Axes, shown: Picture, look: dict[str, str], points: float) -> None:
    """The phases by their text, above them, as far as there is room; upright within them where that is too narrow."""
    room = axis.get_figure().get_figwidth() * 72 * 0.82 / shown.end  # type: ignore[union-attr]
    across = axis.get_xaxis_transform()
    for phase in panel.phases:
        middle, wide = (phase.start + phase.end) / 2, (phase.end - phase.start) * room
        style: dict[str, Any] = {"fontsize": points, "color": look["faint"], "family": "monospace", "parse_math": False, "transform": across, "va": "bottom"}
        if len(phase.text) * points * 0.56 < wide:
            axis.text(middle, 1.02, phase.text, ha="center", **style)
        elif points * 1.3 < wide:
            text = phase.text if len(phase.text) < 30 else phase.text[:28] + "…"
            axis.text(middle, 0.03, text, ha="center", rotation=90, **style)
