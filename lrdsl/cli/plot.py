"""`lrdsl plot`: draws schedules into a picture file, or into PGFPlots source for a paper."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options
from lrdsl.diagnostics import UsageError, refuse
from lrdsl.files.replacing import write_file

if TYPE_CHECKING:
    from lrdsl.schedule import Schedule

_SOURCES = (".tex", ".tikz", ".pgf")
_PICTURES = (".png", ".svg", ".pdf")


def add(verbs: Any) -> None:
    """Adds the command."""
    from lrdsl.analysis.plotting import SIZES

    parser = verbs.add_parser("plot", help="a figure: PNG, SVG, PDF, or PGFPlots source", description="Draw schedules into a file.")
    options.add_schedule(parser, several=True)
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write: .png, .svg or .pdf, or .tex for PGFPlots source")
    parser.add_argument("--name", action="append", default=[], metavar="TEXT", help="the name of a schedule in the legend; repeat it for the next one")
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    options.add_time(parser)
    parser.add_argument("--log", action="store_true", help="a logarithmic axis for the levels")
    parser.add_argument("--log-x", action="store_true", help="a logarithmic axis for the time")
    parser.add_argument("--no-phases", action="store_true", help="do not shade and name the phases")
    parser.add_argument("--phase-name", action="append", default=[], metavar="TEXT", help="the name of a phase in the figure; repeat it for the next one")
    parser.add_argument("--twin", action="store_true", help="draw two values, as lr and momentum, in one panel with two axes")
    help = "page, paper (one column, letters with serifs), slides (large letters) or dark (a dark slide) (default: page)"
    parser.add_argument("--style", choices=("page", "paper", "slides", "dark"), default="page", help=help)
    parser.add_argument("--size", type=_size, metavar="SIZE", help=f"{', '.join(SIZES)}, or WIDTHxHEIGHT in inches (default: that of the style)")
    parser.add_argument("--dark", action="store_true", help="a dark background")
    parser.add_argument("--serif", action="store_true", help="letters with serifs")
    parser.add_argument("--usetex", action="store_true", help="letters of LaTeX, which must be installed")
    options.add_caption(parser, "figure")
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
    picture = {name: getattr(arguments, name) for name in ("base", "ticks", "target", "time", "log", "log_x", "twin")}
    picture |= {"names": names, "phases": not arguments.no_phases, "phase_names": arguments.phase_name}
    write(
        arguments.output,
        schedules,
        picture,
        {name: getattr(arguments, name) for name in ("size", "dark", "style", "serif", "usetex")},
        (arguments.caption, arguments.label),
    )


def write(output: str, schedules: Sequence[Schedule], picture: dict[str, Any], look: dict[str, Any] | None = None, named: tuple[str, str] = ("", "")) -> None:
    """Writes a figure to a file, and replaces an older file only when the new one is complete.

    `picture` are the options of `plotting.picture_of`, `look` those of `plotting.page_of`; `named` are the caption and the label of PGFPlots source.
    """
    from lrdsl.analysis import plotting
    from lrdsl.figures import matplotlib

    path, look = Path(output), {"size": None, **(look or {})}
    kind = path.suffix.lower()
    if kind not in (*_SOURCES, *_PICTURES):
        raise refuse("LR152", f"the ending of `{output}` is none of a picture", f"use one of {', '.join((*_PICTURES, *_SOURCES))}")
    if kind in _SOURCES:
        from lrdsl.figures.pgfplots import pgfplots
        from lrdsl.formulas.floats import checked_caption, checked_label, floating

        size = look.get("size") or plotting.STYLES[look.get("style", "page")]
        width = r"\columnwidth" if size == "column" else r"\linewidth" if isinstance(size, str) else f"{size[0]}in"
        caption, label = checked_caption(named[0]), checked_label(named[1])
        source = floating("figure", pgfplots(plotting.picture_of(*schedules, **picture), width), caption, label)
        write_file(path, source.encode("utf-8"))
        return
    if any(named):
        raise refuse("LR152", f"a caption and a label are for LaTeX, and `{output}` is a picture", "write a .tex file, or give the caption in the paper")
    try:
        matplotlib.load()
        page = plotting.page_of(**look)
        figure = plotting.plot(*schedules, **look, **picture)
    except ModuleNotFoundError as missing:
        raise UsageError(f"pictures need {missing.name}: pip install 'lrdsl[plot]'; PGFPlots source (.tex) works without it") from None
    data = io.BytesIO()
    try:
        matplotlib.save(figure, data, kind[1:], page)
    except (RuntimeError, OSError) as error:
        if not page.usetex:
            raise
        message, *_ = str(error).splitlines()
        raise refuse("LR152", f"LaTeX has not drawn the letters: {message}", "leave `--usetex` out, or install LaTeX with dvipng and cm-super") from None
    write_file(path, data.getvalue())
