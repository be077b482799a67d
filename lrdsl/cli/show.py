"""`lrdsl show`: prints the overview of a schedule: its phases with their ticks and levels, a chart, and the formula."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.analysis.overview import cells, head, rows
from lrdsl.arguments import exactly
from lrdsl.cli import options
from lrdsl.diagnostics import ScheduleError
from lrdsl.escaping.visible import visible
from lrdsl.syntax.nodes import File
from lrdsl.work import bounded, spend

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from lrdsl.cli.sources import Source
    from lrdsl.schedule import Schedule
    from lrdsl.targets import Target

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")
_ROWS = 13
#: The most pieces of a formula, and rows of the table of phases, that are printed.
_MOST = 12
#: The most schedules of one file that are shown.
_SCHEDULES = 20
#: The work to print a target, in nodes.
_TARGET = 1000


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("show", help="phases, a chart and the formula: start here", description="Show a schedule: its phases, a chart, its formula.")
    options.add_schedule(parser)
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the overview of each schedule that the argument stands for. Returns the exit status: 1 if one of them is wrong."""
    from lrdsl.cli import terminal
    from lrdsl.cli.sources import sources

    console = terminal.console()
    console.width = max(40, min(console.width, 100))
    several = sources(arguments.schedule, arguments)
    status = 0
    for source in several[:_SCHEDULES]:
        if source.title:
            console.print()
            console.print(_text((source.title, "bold underline")), soft_wrap=True)
        for remark in source.remarks:
            console.print(_text((f"    {remark}", "dim")), soft_wrap=True)
        arguments.base_beside = source.base
        try:
            with bounded(""):
                s = options.read(source, arguments).supposing(*getattr(arguments, "event", ()))
                _show(console, s, arguments)
            _warn(s, source, arguments)
        except ScheduleError as error:
            if len(several) == 1:
                raise
            terminal.finish()
            terminal.refuse(error)
            status = 1
    if len(several) > _SCHEDULES:
        one = "" if arguments.schedule == "-" else f": `lrdsl show {arguments.schedule}:LINE` shows one"
        terminal.complain(f"and {len(several) - _SCHEDULES} more{one}")
    return status


def _warn(s: Schedule, source: Source, arguments: argparse.Namespace) -> None:
    """Prints what the rules find in a sound schedule. It is no failure."""
    from lrdsl.cli import terminal
    from lrdsl.diagnostics import styled
    from lrdsl.linting.linter import silenced
    from lrdsl.rules.catalogue import RULES
    from lrdsl.rules.finding import findings
    from lrdsl.rules.rule import Facts

    beside = arguments.base if arguments.base is not None else source.base
    warnings = silenced(s.text, findings(Facts.of(s, None if beside is None else exactly(beside)), RULES.values()))
    if warnings:
        terminal.finish()
        terminal.complain(*styled([source.moved(d) for d in warnings], source.content or s.text, source.name))


def _show(console: Console, s: Schedule, arguments: argparse.Namespace) -> None:
    """Prints the overview of one schedule."""
    base = options.base(s, arguments)
    for target in s.targets:
        s.base_of(target, base)
    targets = options.targets(s, arguments)
    ticks = arguments.ticks or options.horizon(s, targets)
    for target in targets:
        spend(_TARGET)
        body = str(s) if not isinstance(s.tree, File) else target.name
        console.print()
        console.print(_text((body, "bold")), soft_wrap=True)
        console.print()
        _phases(console, s, target, base)
        console.print()
        draw(console, s, target, base, ticks)
        console.print()
        _formula(console, s, target)
    console.print(_text(("        where η₀ is the base", "dim")))
    if any(target.plan.watches for target in targets):
        events = "no other event" if s.events else "no event"
        console.print(_text((f"        the chart supposes that {events} comes; `--event TICK` supposes one at a tick", "dim")))
    for assertion in s.program.assertions:
        console.print(_text(("✓", "green"), (f" {assertion.text}", "")), soft_wrap=True)
    console.print()


def _text(*pieces: tuple[str, str]) -> Text:
    """Pieces of text, each with its style. Hidden characters are written out here, since rich would drop some of them."""
    from rich.text import Text

    return Text.assemble(*((visible(text), style) for text, style in pieces))


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _phases(console: Console, s: Schedule, target: Target, base: float) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    every = rows(s, target, base)
    columns = head(every)
    table.add_column(columns[0], overflow="fold")
    for name in columns[1:]:
        table.add_column(name, justify="right" if name == "length" else "left", no_wrap=True)
    phase = -1
    for row in every[:_MOST]:
        phase += row.depth == 0
        table.add_row(_text(("▌", _colour(phase)), (f" {'  ' * row.depth}{row.text}", "dim" if row.depth else "")), *cells(row, columns))
    console.print(table)
    if len(every) > _MOST:
        console.print(_text((f"  and {len(every) - _MOST} more", "dim")))


def draw(console: Console, s: Schedule, target: Target, base: float, ticks: int) -> None:
    """Prints the chart of a target, over so many ticks."""
    from rich.text import Text

    from lrdsl.figures import terminal as chart

    margin = 11
    width = console.width - margin - 1
    spans = chart.columns(lambda at: s.values(at, base, target.name), ticks, 2 * width)
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    low = 0.0 if 0 <= low < high / 2 or low == high else low
    rows = chart.draw(spans, low, high, _ROWS)
    labels = {0: high, _ROWS // 2: (low + high) / 2, _ROWS - 1: low}
    colours = [_colour(target.plan.phase_at(x * (ticks - 1) / max(1, width - 1))) for x in range(width)]
    for i, row in enumerate(rows):
        line = Text(f"{labels[i]:>{margin - 2}.3g} ┤" if i in labels else f"{'│':>{margin}}", style="dim")
        for x, cell in enumerate(row):
            line.append(cell, style=colours[x])
        console.print(line, no_wrap=True)
    name = visible(target.name)
    axis = f"{f'{name} against ticks, base {base:g}':>{margin + width}}"
    for under in (" " * (margin - 1) + "└" + "─" * width, " " * margin + chart.ruler(ticks, width), axis):
        console.print(_text((under, "dim")), no_wrap=True)


def _formula(console: Console, s: Schedule, target: Target) -> None:
    """Prints the formula of each piece, with the ticks at which it holds: beside it if there is room, else below."""
    from lrdsl.formulas import text

    pieces = [(visible(formula), where) for formula, where in text.lines(s.readable_plan(target.name))]
    shown = pieces[:_MOST]
    name = f"{visible(target.name)}(t) = "
    beside = max((len(formula) for formula, _ in shown if len(formula) <= console.width - len(name) - 20), default=0)
    for i, (formula, where) in enumerate(shown):
        lead = name if i == 0 else " " * len(name)
        if len(formula) <= beside or not where:
            aside = " " * (beside - len(formula) + 3) + where
            console.print(_text((lead, "dim"), (formula, ""), (aside, "dim")), soft_wrap=len(formula) <= beside)
        else:
            console.print(_text((lead, "dim"), (formula, "")), soft_wrap=False)
            console.print(_text((f"{' ' * len(name)}    for {where}", "dim")), soft_wrap=True)
    if len(pieces) > _MOST:
        console.print(_text((f"        and {len(pieces) - _MOST} more pieces: `lrdsl formula` prints them all", "dim")))
    for note in text.notes(target.plan):
        console.print(_text((f"{' ' * 8}{note}", "dim")), soft_wrap=True)
