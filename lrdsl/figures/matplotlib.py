"""Draws a picture with matplotlib, for papers, slides and pages. Install it with `pip install 'lrdsl[plot]'`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lrdsl.figures.picture import PALETTE, Panel, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES: tuple[Any, ...] = ("-", "--", (0, (1, 1)), "-.", (0, (5, 3)), ":", (0, (3, 1, 1, 1, 1, 1)))
_LIGHT = {"back": "white", "ink": "#222222", "faint": "#8a8a8a", "band": "#000000"}
_DARK = {"back": "#111418", "ink": "#e6e6e6", "faint": "#9aa0a6", "band": "#ffffff"}


def figure(shown: Picture, width: float, height: float, dark: bool = False) -> Figure:
    """Returns a picture as a matplotlib figure. `width` and `height` are in inches; each panel after the first makes it higher."""
    from matplotlib.figure import Figure

    look = _DARK if dark else _LIGHT
    drawing = Figure(figsize=(width, height * (1 + 0.6 * (len(shown.panels) - 1))), layout="constrained", facecolor=look["back"])
    axes = drawing.subplots(len(shown.panels), 1, sharex=True, squeeze=False)[:, 0]
    for panel, axis in zip(shown.panels, axes, strict=True):
        _draw(panel, axis, shown, look, 7.5 if width < 4 else 9)
    axes[-1].set_xlabel(shown.unit, color=look["ink"])
    return drawing


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


def save(figure: Figure, path: str | Path | BinaryIO, kind: str) -> None:
    """Writes a figure to a path or an open file. `kind` is "png", "svg" or "pdf". Equal figures give equal files."""
    import matplotlib as mpl

    undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    with mpl.rc_context({"svg.fonttype": "path", "pdf.fonttype": 42, "svg.hashsalt": "lrdsl"}):
        figure.savefig(path, format=kind, dpi=200, metadata=undated)


def _draw(panel: Panel, axis: Axes, shown: Picture, look: dict[str, str], points: float) -> None:
    """Draws a panel on an axis; `points` is the size of its text."""
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
        place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.01), "borderaxespad": 0}  # above the axes, so that it lies on no curve
        legend = axis.legend(frameon=False, fontsize=points - 1, labelcolor=look["ink"], **place)
        for text in legend.get_texts():
            text.set_parse_math(False)
    for i, phase in enumerate(panel.phases):
        if i % 2:
            axis.axvspan(phase.start, phase.end, color=look["band"], alpha=0.06, linewidth=0)
    if panel.phases:
        _name_phases(panel, axis, shown, look, points - 1.5)


def _labelled(label: str) -> str:
    """Returns a label that matplotlib shows in a legend. It leaves out labels that begin with `_`."""
    return f" {label}" if label.startswith("_") else label


def _name_phases(panel: Panel, axis: Axes, shown: Picture, look: dict[str, str], points: float) -> None:
    """Writes the text of each phase above it if there is room, else upright inside it if there is room for that."""
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
