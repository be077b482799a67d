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


def sentence(d: Difference) -> str:
    """What the comparison found, in one sentence."""
    if d.only is not None:
        return f"only the {('first', 'second')[d.only]} schedule has it"
    if d.proved:
        looked = f"; looked at one by one: {_ranges(d.looked)}" if d.looked else ""
        return f"the same function: proved for every tick and {_bases(d)}{looked}"
    if d.first is None:
        return f"the same to 12 digits at ticks 0 to {_number(d.ticks - 1)}, looked at one by one, for {_bases(d)}; not proved for other ticks"
    assert d.levels is not None
    same = f"the same to 12 digits for base {_list(d.same_for)} at ticks 0 to {_number(d.ticks - 1)}, but " if d.same_for else ""
    first = f"they differ from tick {_number(d.first)} on: {_levels(d.levels)}, for base {_list(d.bases)}"
    return f"{same}{first}; the largest difference is {d.largest:.6g}, at tick {_number(d.at or 0)}"


def _levels(levels: tuple[float, float]) -> str:
    """Two levels, with as many digits as tell them apart."""
    short = [f"{level:.6g}" for level in levels]
    return " and ".join(short if short[0] != short[1] else map(repr, levels))


def _bases(d: Difference) -> str:
    return f"base {_list(d.bases)}" if d.bases else "every base above 0"


def _list(bases: tuple[float, ...]) -> str:
    *others, last = (f"{base:g}" for base in bases)
    return f"{', '.join(others)} and {last}" if others else last


def _ranges(looked: tuple[tuple[int, int], ...]) -> str:
    """Ticks in words, such as `ticks 3 to 7, 9`."""
    ranges = [_number(first) if first == last else f"{_number(first)} to {_number(last)}" for first, last in looked]
    return f"tick{'s' * (len(ranges) > 1 or 'to' in ranges[0])} {', '.join(ranges)}"


def _number(tick: int) -> str:
    return f"{tick:,}".replace(",", "_") if tick >= 10_000 else str(tick)
