"""Draws a picture with matplotlib, for papers, slides and pages. Install it with `pip install 'lrdsl[plot]'`."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import attrs

from lrdsl.figures.phases import placed
from lrdsl.figures.picture import PALETTE, Panel, Picture, ticks_of
from lrdsl.figures.timing import compact

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES: tuple[Any, ...] = (
    *("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (9, 2)), (0, (2.5, 1)), (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (1, 2.5))),
)
_LIGHT = {"back": "white", "ink": "#222222", "faint": "#6f6f6f", "band": "#000000"}
_DARK = {"back": "#111418", "ink": "#e6e6e6", "faint": "#a4abb3", "band": "#ffffff"}
#: On a dark page, the darkest colours of the palette are lighter, and its light blue is paler, so that it is not the first one.
_LIGHTER = {"56B4E9": "A8EEF5", "0072B2": "4BA3E3", "8A7A00": "F0E442", "009E73": "2CC295", "D55E00": "FF7F2A"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: The width of a letter as a share of its height.
_LETTER = 0.6


@attrs.frozen
class Page:
    """What a figure is for: its width and height in inches, the size of its text in points, and the kind of its page and letters.

    Each panel after the first makes a figure higher.
    """

    width: float
    height: float
    points: float
    dark: bool = False
    serif: bool = False
    usetex: bool = False

    @property
    def colours(self) -> dict[str, str]:
        """The colours of the page and of what is written on it."""
        return _DARK if self.dark else _LIGHT


def figure(shown: Picture, page: Page) -> Figure:
    """Returns a picture as a matplotlib figure."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    panels = 1 if shown.twin else len(shown.panels)
    with mpl.rc_context(_settings(page)):
        height = page.height * (1 + 0.6 * (panels - 1)) + _above(shown, page)
        drawing = Figure(figsize=(page.width, height), layout="constrained", facecolor=page.colours["back"])
        axes = list(drawing.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])
        if shown.twin:
            axes.append(axes[0].twinx())
        for panel, axis in zip(shown.panels, axes, strict=True):
            _draw(panel, axis, shown, page, right=shown.twin and axis is axes[1])
        if shown.twin:
            lines = [line for axis in axes for line in axis.get_lines() if not line.get_label().startswith("_")]
            _legend(axes[0], lines, page)
        below = axes[0] if shown.twin else axes[-1]
        below.set_xlabel(shown.unit, color=page.colours["ink"], fontsize=page.points + 0.5, parse_math=False)
    return drawing


def _settings(page: Page) -> Any:
    """Returns matplotlib's settings for the letters of a page."""
    family = {"font.family": "serif", "mathtext.fontset": "dejavuserif"} if page.serif or page.usetex else {"font.family": "sans-serif"}
    return {**family, "text.usetex": page.usetex}


def load() -> None:
    """Imports matplotlib from a folder without a `matplotlibrc`: matplotlib obeys one in the current folder, and that may start LaTeX.

    It changes the current folder meanwhile, so it is for programs of one thread.
    """
    current = Path.cwd()
    os.chdir(Path(__file__).parent)
    try:
        import matplotlib  # noqa: F401
    finally:
        os.chdir(current)


def save(figure: Figure, path: str | Path | BinaryIO, kind: str, page: Page) -> None:
    """Writes a figure to a path or an open file. `kind` is "png", "svg" or "pdf". Equal figures give equal files."""
    import matplotlib as mpl

    undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    settings: Any = {"svg.fonttype": "path", "pdf.fonttype": 42, "svg.hashsalt": "lrdsl", **_settings(page)}
    with mpl.rc_context(settings):
        figure.savefig(path, format=kind, dpi=200, metadata=undated)


def colour_of(style: int, page: Page) -> str:
    """Returns the colour of a style on a page."""
    colour = PALETTE[style % len(PALETTE)]
    if not colour:
        return page.colours["ink"]
    return f"#{_LIGHTER.get(colour, colour) if page.dark else colour}"


def _draw(panel: Panel, axis: Axes, shown: Picture, page: Page, right: bool) -> None:
    """Draws a panel on an axis; `right`: its levels are on the right side."""
    colours, points = page.colours, page.points
    axis.set_xscale("log" if shown.log_x else "linear")
    axis.set_yscale("log" if shown.log else "linear")
    for curve in panel.curves:
        x, y = zip(*curve.points, strict=True) if curve.points else ((), ())
        colour, dash = colour_of(curve.style, page), _DASHES[curve.style % len(_DASHES)]
        axis.plot(x, y, color=colour, linestyle=dash, linewidth=points / 5, label=_labelled(curve.label, page), solid_joinstyle="miter", zorder=3)
        if curve.zeros:  # at the bottom of the axis, where 0 would be far below
            style: dict[str, Any] = {"marker": "v", "linestyle": "none", "markersize": points * 0.55, "clip_on": False, "zorder": 4}
            axis.plot(curve.zeros, [0.0] * len(curve.zeros), color=colour, transform=axis.get_xaxis_transform(), label="_0", **style)
    axis.set_xlim(shown.start, shown.end)
    axis.margins(y=0.08)
    axis.set_facecolor(colours["back"] if not right else "none")
    factor = f" (×10{str(panel.exponent).translate(_SUPERSCRIPTS)})" if panel.exponent else ""
    axis.set_ylabel(_text(panel.name, page) + (f" ($\\times 10^{{{panel.exponent}}}$)" if page.usetex and panel.exponent else factor), color=colours["ink"])
    axis.yaxis.label.set(fontsize=points + 0.5, parse_math=False)
    family = "serif" if page.serif or page.usetex else "sans-serif"
    axis.tick_params(which="both", labelcolor=colours["ink"], labelsize=points - 0.5, labelfontfamily=family)
    axis.tick_params(color=colours["ink"])
    axis.tick_params(which="minor", color=colours["faint"])
    if not shown.log:
        axis.ticklabel_format(axis="y", style="plain", useOffset=False)
    if not shown.log_x:
        ticks = ticks_of(shown.start, shown.end, 5 if page.width < 4 else 8)
        axis.set_xticks(ticks, [compact(tick, ticks[-1]) for tick in ticks])
    for side, spine in axis.spines.items():
        spine.set_visible(side == "bottom" or side == ("right" if right else "left"))
        spine.set_color(colours["faint"])
    if len(panel.curves) > 1 and not shown.twin:
        _legend(axis, [line for line in axis.get_lines() if not str(line.get_label()).startswith("_")], page)
    for i, phase in enumerate(panel.phases):
        if i % 2:
            axis.axvspan(phase.start, phase.end, color=colours["band"], alpha=0.07, linewidth=0)
    if panel.phases:
        _name_phases(panel, axis, shown, page)


def _legend(axis: Axes, lines: list[Any], page: Page) -> None:
    """Writes the names of curves above the axes, where no curve is: in columns if all of them have room."""
    size = page.points - 0.5
    labels, columns = _laid_out([str(line.get_label()) for line in lines], page)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.01), "borderaxespad": 0, "ncols": columns, "handlelength": 3}
    legend = axis.legend(lines, labels, frameon=False, fontsize=size, labelcolor=page.colours["ink"], **place)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _laid_out(labels: list[str], page: Page) -> tuple[list[str], int]:
    """Returns the names of a legend, in lines that fit the figure, and in how many columns they stand."""
    room = page.width * 72 * 0.84 / (page.points - 0.5)  # in heights of a letter; a line before a name takes 4
    columns = max(1, min(len(labels), int(room / (max(map(len, labels)) * _LETTER + 5))))
    return [textwrap.fill(label, max(10, int((room - 4) / _LETTER)), break_on_hyphens=False) for label in labels], columns


def _above(shown: Picture, page: Page) -> float:
    """Returns how much higher a figure is, in inches, for what stands above its axes: beyond two lines, that takes no room from the curves."""
    lines = 0
    for panel in shown.panels:
        labels, columns = _laid_out([curve.label for curve in panel.curves], page) if len(panel.curves) > 1 else ([], 1)
        rows = sum(max(label.count("\n") + 1 for label in labels[i : i + columns]) for i in range(0, len(labels), columns))
        lines += max(0, rows - 2)
    return lines * page.points * 1.35 / 72


def _labelled(label: str, page: Page) -> str:
    """Returns a label that matplotlib shows in a legend. It leaves out labels that begin with `_`."""
    return f" {label}" if label.startswith("_") else _text(label, page)


def _text(text: str, page: Page) -> str:
    """Returns a text as the page writes it: with LaTeX, its signs are letters."""
    from lrdsl.escaping.quoting import latex

    return latex(text) if page.usetex else text


def _name_phases(panel: Panel, axis: Axes, shown: Picture, page: Page) -> None:
    """Writes the names of phases above the axes, in as many rows as they need."""
    size = page.points - 1
    letters = page.width * 72 * 0.84 / (size * _LETTER)
    for name in placed(panel.phases, shown.start, shown.end, letters, shown.log_x):
        offset = {"xytext": (0, 3 + name.row * size * 1.35), "textcoords": "offset points", "xycoords": axis.get_xaxis_transform()}
        style = {"fontsize": size, "color": page.colours["faint"], "parse_math": False, "ha": "center", "va": "bottom"}
        axis.annotate(_text(name.text, page), (name.x, 1.0), **offset, **style)  # type: ignore[arg-type]
