"""`lrdsl diff`: compares two schedules, and tells whether they are the same function."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options, plot, terminal
from lrdsl.diagnostics import refuse

if TYPE_CHECKING:
    from lrdsl.analysis.comparison import Difference
    from lrdsl.schedule import Schedule


def add(verbs: Any) -> None:
    """Adds the command."""
    about = "Compare two schedules. The exit status is 0 if they are the same, 1 if they differ."
    parser = verbs.add_parser("diff", help="whether two schedules are the same function, or where they differ", description=about)
    options.add_schedule(parser, several=2)
    options.add_base(parser)
    options.add_ticks(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="draw both into one figure: .png, .svg, .pdf, or .tex")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the differences. Returns the exit status."""
    from lrdsl.analysis.comparison import compare

    a, b = options.schedules(arguments)
    base = _base(a, b, arguments)
    differences = compare(a, b, base, arguments.ticks)
    for difference in differences:
        target = f"{difference.target}: " if len(differences) > 1 else ""
        terminal.say(target + _sentence(difference, _levels(a, b, difference, base)))
    if arguments.output:
        names = [options.label(text) for text in arguments.schedule]
        plot.write(arguments.output, (a, b), {"names": names, "base": base, "ticks": arguments.ticks})
    return 0 if all(difference.same for difference in differences) else 1


def _base(a: Schedule, b: Schedule, arguments: argparse.Namespace) -> float:
    """The base for both: the one that the command gives, or else that the texts set. Raises `ScheduleError` where they set two."""
    stated = {s.program.base for s in (a, b)} - {None}
    if arguments.base is None and len(stated) > 1:
        raise refuse("LR152", "the two schedules set different bases", "give one for both: `--base 0.1`")
    return options.base(a if a.program.base is not None else b, arguments)


def _levels(a: Schedule, b: Schedule, d: Difference, base: float) -> tuple[float, float] | None:
    """The two levels at the first tick at which they differ, None if there is none."""
    return None if d.first is None else (a.at(d.first, base, d.target), b.at(d.first, base, d.target))


def _sentence(d: Difference, levels: tuple[float, float] | None) -> str:
    """What the comparison found, in one sentence."""
    if d.proved:
        return "the same function: proved for every tick and every base above 0"
    if d.first is None:
        return f"the same at all {d.ticks:,} ticks that were compared; not proved for others".replace(",", "_")
    assert levels is not None
    first = f"they differ from tick {d.first} on: {levels[0]!r} and {levels[1]!r}"
    return f"{first}; the largest difference is {d.largest:.6g}, at tick {d.at}"
