"""`lrdsl plot`: draws schedules into a picture file, or into PGFPlots source for a paper."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options
from lrdsl.diagnostics import refuse
from lrdsl.files.replacing import write_file

if TYPE_CHECKING:
    from lrdsl.schedule import Schedule

_SOURCES = (".tex", ".tikz", ".pgf")
_PICTURES = (".png", ".svg", ".pdf")


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("plot", help="a figure: PNG, SVG, PDF, or PGFPlots source", description="Draw schedules into a file.")
    options.add_schedule(parser, several=True)
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write: .png, .svg or .pdf, or .tex for PGFPlots source")
    parser.add_argument("--name", action="append", default=[], metavar="TEXT", help="the name of a schedule in the legend; repeat it for the next one")
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--time", choices=("ticks", "steps", "epochs"), default="ticks", help="the unit of the time axis (default: ticks)")
    parser.add_argument("--log", action="store_true", help="a logarithmic axis for the levels")
    parser.add_argument("--no-phases", action="store_true", help="do not shade and label the phases")
    parser.add_argument("--size", type=_size, default="text", metavar="SIZE", help="column, text, slide, or WIDTHxHEIGHT in inches (default: text)")
    parser.add_argument("--dark", action="store_true", help="a dark background")
    parser.set_defaults(run=run)


def _size(text: str) -> str | tuple[float, float]:
    from lrdsl.analysis.plotting import SIZES

    if text in SIZES:
        return text
    width, _, height = text.partition("x")
    try:
        size = float(width), float(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {', '.join(SIZES)} or WIDTHxHEIGHT") from None
    if not all(0.5 <= side <= 100 for side in size):
        raise argparse.ArgumentTypeError(f"a side is between 0.5 and 100 inches, not {text}")
    return size


def run(arguments: argparse.Namespace) -> None:
    """Writes the figure."""
    schedules = options.schedules(arguments)
    names = [*arguments.name, *(options.label(text) for text in arguments.schedule[len(arguments.name) :])]
    picture = {name: getattr(arguments, name) for name in ("base", "ticks", "target", "time", "log")}
    write(arguments.output, schedules, picture | {"names": names, "phases": not arguments.no_phases}, arguments.size, arguments.dark)


def write(output: str, schedules: Sequence[Schedule], picture: dict[str, Any], size: str | tuple[float, float] = "text", dark: bool = False) -> None:
    """Writes a figure to a file, and replaces an older file only when the new one is complete. `picture` are the options of `plotting.picture_of`."""
    from lrdsl.analysis import plotting
    from lrdsl.figures import matplotlib

    path = Path(output)
    kind = path.suffix.lower()
    if kind not in (*_SOURCES, *_PICTURES):
        raise refuse("LR152", f"the ending of `{output}` is none of a picture", f"use one of {', '.join((*_PICTURES, *_SOURCES))}")
    if kind in _SOURCES:
        from lrdsl.figures.pgfplots import pgfplots

        width = r"\columnwidth" if size == "column" else r"\linewidth" if isinstance(size, str) else f"{size[0]}in"
        source = pgfplots(plotting.picture_of(*schedules, **picture), width)
        write_file(path, source.encode("utf-8"))
        return
    try:
        matplotlib.load()
        figure = plotting.plot(*schedules, size=size, dark=dark, **picture)
    except ModuleNotFoundError as missing:
        help = "pip install 'lrdsl[plot]'; PGFPlots source (.tex) works without it"
        raise refuse("LR152", f"pictures need {missing.name}, which is not installed", help) from None
    data = io.BytesIO()
    matplotlib.save(figure, data, kind[1:])
    write_file(path, data.getvalue())
