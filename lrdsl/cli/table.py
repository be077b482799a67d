"""`lrdsl table`: prints the phases of a schedule, or what several schedules come to, as a table in LaTeX or Markdown."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.analysis.overview import cells, head, rows
from lrdsl.cli import options, terminal

if TYPE_CHECKING:
    from lrdsl.analysis.tables import Line, Table
    from lrdsl.schedule import Schedule


def add(verbs: Any) -> None:
    """Adds the command."""
    from lrdsl.formulas.style import WIDTHS

    about = "Print a table of the phases of one schedule, or a line for each of several schedules: its warmup, peak, decay, final level and area."
    parser = verbs.add_parser("table", help="the phases, or several schedules, as a table for a paper or a page", description=about)
    options.add_schedule(parser, several=True)
    parser.add_argument("--summary", action="store_true", help="a line for each target, also of one schedule")
    parser.add_argument("--name", action="append", default=[], metavar="TEXT", help="the name of a schedule; repeat it for the next one")
    parser.add_argument("--phase-name", action="append", default=[], metavar="TEXT", help="the name of a phase; repeat it for the next one")
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    options.add_time(parser)
    parser.add_argument(
        "--format",
        choices=("latex", "markdown"),
        default="latex",
        help="LaTeX needs the packages array and booktabs, and graphicx for a column that is too narrow (default: latex)",
    )
    help = f"the width of the table in LaTeX: in ems, with a unit, as 8cm, or {', '.join(WIDTHS)} (default: twocolumn)"
    parser.add_argument("--width", default="twocolumn", metavar="W", help=help)
    options.add_caption(parser, "table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the table."""
    from lrdsl.analysis import tables
    from lrdsl.formulas.floats import checked_caption, checked_label
    from lrdsl.formulas.style import width_in_ems

    caption, label = checked_caption(arguments.caption), checked_label(arguments.label)
    schedules = options.schedules(arguments)
    names = [*arguments.name, *(options.label(text) for text in arguments.schedule[len(arguments.name) :])]
    several = len(schedules) > 1 or arguments.summary
    table = _summary(schedules, names, arguments) if several else _phases(schedules[0], arguments)
    width = width_in_ems(arguments.width)
    text = tables.latex(table, width, caption, label) if arguments.format == "latex" else tables.markdown(table, caption, label)
    terminal.say(*text.split("\n"))


def _phases(s: Schedule, arguments: argparse.Namespace) -> Table:
    """The phases of each target, with its name above them if there are several."""
    from lrdsl.analysis.tables import Line, Section, Table
    from lrdsl.formulas.amounts import approximate

    base, targets = options.base(s, arguments), options.targets(s, arguments)
    bodies = [(t.name, rows(s, t, s.checked_base(base, t.name), arguments.time, approximate)) for t in targets]
    columns = head([row for _, body in bodies for row in body], arguments.time)
    sections = []
    for name, body in bodies:
        lines: list[Line] = []
        for row in body:
            phase = sum(line.depth == 0 for line in lines)
            own = arguments.phase_name[phase] if row.depth == 0 and phase < len(arguments.phase_name) else ""
            lines.append(Line(own or row.text, tuple(cells(row, columns)), row.depth, code=not own))
        sections.append(Section(name if len(bodies) > 1 else "", tuple(lines)))
    return Table(columns, frozenset({"length"}), tuple(sections))


def _summary(schedules: list[Schedule], names: list[str], arguments: argparse.Namespace) -> Table:
    """A line for each target of each schedule."""
    from lrdsl.analysis import summary
    from lrdsl.analysis.merit import longest
    from lrdsl.analysis.tables import Line, Section, Table

    summaries: list[summary.Summary] = []
    owners: list[Schedule] = []
    code: list[bool] = []
    for i, (s, name) in enumerate(zip(schedules, names, strict=True)):
        of_one = summary.summarize(s, name, options.base(s, arguments), arguments.ticks, arguments.target, longest(schedules))
        summaries += of_one
        owners += [s] * len(of_one)
        code += [i >= len(arguments.name)] * len(of_one)
    columns, body = summary.cells(summaries, owners, arguments.time)
    named = [i == 0 or owners[i] is not owners[i - 1] for i in range(len(owners))]  # a name stands once
    lines = tuple(Line(first if own else "", tuple(others), 0, code=is_code) for (first, *others), is_code, own in zip(body, code, named, strict=True))
    return Table(tuple(columns), frozenset(columns) - {"schedule", "target"}, (Section("", lines),))
