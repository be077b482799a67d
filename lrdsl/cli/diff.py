"""`lrdsl diff`: whether two schedules are the same function."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options, plot, terminal

if TYPE_CHECKING:
    from lrdsl.analysis.comparison import Difference
    from lrdsl.schedule import Schedule


def add(verbs: Any) -> None:
    """Declare the verb."""
    about = "Compare two schedules: exit status 0 where they are the same, 1 where they differ."
    parser = verbs.add_parser("diff", help="are two schedules the same function, and where do they part?", description=about)
    options.add_schedule(parser, several=2)
    options.add_base(parser)
    options.add_ticks(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="draw both into one figure: .png, .svg, .pdf, or .tex")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what sets them apart; gives the exit status."""
    from lrdsl.analysis.comparison import compare

    a, b = options.schedules(arguments)
    found = compare(a, b, arguments.base, arguments.ticks)
    for one in found:
        terminal.say((f"{one.target}: " if len(found) > 1 else "") + _said(one, _levels(a, b, one, arguments.base)))
    if arguments.output:
        names = [options.label(text) for text in arguments.schedule]
        plot.write(arguments.output, (a, b), {"names": names, "base": arguments.base, "ticks": arguments.ticks})
    return 0 if all(one.same for one in found) else 1


def _levels(a: Schedule, b: Schedule, d: Difference, base: float) -> tuple[float, float] | None:
    return None if d.first is None else (a.at(d.first, base, d.target), b.at(d.first, base, d.target))


def _said(d: Difference, levels: tuple[float, float] | None) -> str:
    if d.proved:
        return "the same function: proved for every tick and every base above 0"
    if d.first is None:
        return f"the same at all {d.ticks:,} ticks that were compared; not proved beyond".replace(",", "_")
    assert levels is not None
    first = f"they part at tick {d.first}: {levels[0]!r} and {levels[1]!r}"
    return f"{first}; the largest difference is {d.largest:.6g}, at tick {d.at}"
