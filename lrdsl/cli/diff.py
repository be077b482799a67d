"""`lrdsl diff`: compares two schedules, and tells whether they are the same function."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options, plot, terminal
from lrdsl.diagnostics import UsageError, refuse

if TYPE_CHECKING:
    from lrdsl.analysis.comparison import Difference
    from lrdsl.schedule import Schedule


def add(verbs: Any) -> None:
    """Adds the command."""
    about = "Compare two schedules, for every base unless one is given or set. The exit status is 0 if they are the same, 1 if they differ."
    parser = verbs.add_parser("diff", help="whether two schedules are the same function, or where they differ", description=about)
    options.add_schedule(parser, several=2)
    parser.add_argument("--base", type=float, metavar="X", help="compare with this base (default: what the texts set, or every base above 0)")
    options.add_ticks(parser)
    doc = "one target, as lr or 'betas[0]'; repeat it to compare a target of the first with another one of the second (default: all)"
    parser.add_argument("--target", metavar="NAME", action="append", default=[], help=doc)
    options.add_events(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="draw both into one figure: .png, .svg, .pdf, or .tex")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the differences. Returns the exit status."""
    from lrdsl.analysis.comparison import compare
    from lrdsl.analysis.verdict import sentence

    a, b = options.schedules(arguments)
    if len(arguments.target) > 2:
        raise UsageError("--target is given at most twice: for the first schedule, and for the second")
    stated = {s.program.base for s in (a, b)} - {None}
    if arguments.base is None and len(stated) > 1:
        raise refuse("LR152", "the two schedules set different bases", "give one for both: `--base 0.1`")
    target = (arguments.target[0], arguments.target[-1]) if arguments.target else None
    differences = compare(a, b, arguments.base, arguments.ticks, target)
    for difference in differences:
        name = f"{difference.target}: " if len(differences) > 1 or "{" in difference.target else ""
        terminal.say(name + sentence(difference))
    if arguments.output:
        _draw(a, b, arguments, differences)
    return 0 if all(difference.same for difference in differences) else 1


def _draw(a: Schedule, b: Schedule, arguments: argparse.Namespace, differences: list[Difference]) -> None:
    """Draws both, with a base for which the verdict is."""
    base = arguments.base if arguments.base is not None else next((d.bases[0] for d in differences if d.bases), options.base(a, arguments))
    names = [options.label(text) for text in arguments.schedule]
    target = arguments.target[0] if len(set(arguments.target)) == 1 else None
    plot.write(arguments.output, (a, b), {"names": names, "base": base, "ticks": arguments.ticks, "target": target})
