"""`lrdsl show`: prints the overview of a schedule: its phases with their ticks and levels, a chart, and the formula."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.analysis.overview import cells, head, rows
from lrdsl.arguments import exactly
from lrdsl.cli import options
from lrdsl.diagnostics import ScheduleError
from lrdsl.escaping.visible import visible
from lrdsl.expr import BASE, mentions
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
#: The least room for the texts of phases in a table.
_ROOM = 16
#: Signs of an overview: where the output has them, it has all others.
_SIGNS = "▌┤⡇→…η₀π√−≤"
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
    help = "write ASCII alone, as where the encoding of the output has no other signs"
    parser.add_argument("--ascii", action="store_true", help=help)
    parser.set_defaults(run=run)


@attrs.frozen
class Screen:
    """What is printed on: a console of rich, and whether it has ASCII alone."""

    console: Console
    ascii: bool

    @classmethod
    def of(cls, console: Console, ascii: bool = False) -> Screen:
        """Returns the screen of a console, which has ASCII alone if that is asked for, or if its encoding has no other signs."""
        from lrdsl.escaping.ascii import can_write

        return cls(console, ascii or not can_write(console.encoding, _SIGNS))

    @property
    def width(self) -> int:
        """The letters of a line."""
        return self.console.width

    def text(self, *pieces: tuple[str, str]) -> Text:
        """Pieces of text, each with its style. Hidden characters are written out here, since rich would drop some of them."""
        from rich.text import Text

        return Text.assemble(*((self.written(text), style) for text, style in pieces))

    def written(self, text: str) -> str:
        """A text with signs that can be printed."""
        from lrdsl.escaping.ascii import ascii_of

        return ascii_of(visible(text)) if self.ascii else visible(text)

    def say(self, *pieces: tuple[str, str], wraps: bool = True) -> None:
        """Prints a line; if it `wraps`, as long as it is."""
        self.console.print(self.text(*pieces), soft_wrap=wraps)


def run(arguments: argparse.Namespace) -> int:
    """Prints the overview of each schedule that the argument stands for. Returns the exit status: 1 if one of them is wrong."""
    from lrdsl.cli import terminal
    from lrdsl.cli.sources import sources

    console = terminal.console()
    console.width = max(40, min(console.width, 100))
    screen = Screen.of(console, arguments.ascii)
    several = sources(arguments.schedule, arguments)
    status = 0
    for source in several[:_SCHEDULES]:
        if source.title:
            console.print()
            screen.say((source.title, "bold underline"))
        for remark in source.remarks:
            screen.say((f"    {remark}", "dim"))
        arguments.base_beside = source.base
        try:
            with bounded(""):
                s = options.read(source, arguments).supposing(*getattr(arguments, "event", ()))
                _show(screen, s, arguments)
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


def _show(screen: Screen, s: Schedule, arguments: argparse.Namespace) -> None:
    """Prints the overview of one schedule."""
    base = options.base(s, arguments)
    for target in s.targets:
        s.base_of(target, base)
    targets = options.targets(s, arguments)
    ticks = arguments.ticks or options.horizon(s, targets)
    for target in targets:
        spend(_TARGET)
        body = str(s) if not isinstance(s.tree, File) else target.name
        screen.console.print()
        screen.say((body, "bold"))
        screen.console.print()
        _phases(screen, s, target, base)
        screen.console.print()
        draw(screen, s, target, base, ticks)
        screen.console.print()
        _formula(screen, s, target)
    if any(mentions(target.plan.level, BASE) for target in targets):
        screen.say(("        where η₀ is the base", "dim"))
    if any(target.plan.watches for target in targets):
        events = "no other event" if s.events else "no event"
        screen.say((f"        the chart supposes that {events} comes; `--event TICK` supposes one at a tick", "dim"), wraps=False)
    for assertion in s.program.assertions:
        screen.say(("✓", "green"), (f" {assertion.text}", ""))
    screen.console.print()


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _phases(screen: Screen, s: Schedule, target: Target, base: float) -> None:
    """Prints the phases as a table; where it has no room for their texts, each text on a line of its own."""
    from rich.table import Table

    every = rows(s, target, base)
    columns = head(every)
    shown = every[:_MOST]
    numbers = [[screen.written(cell) for cell in cells(row, columns)] for row in shown]
    room = screen.width - sum(max(map(len, column)) + 2 for column in zip(columns[1:], *numbers, strict=True)) - 2
    longest = max(2 + 2 * row.depth + len(row.text) for row in shown)
    stacked = room < min(longest, _ROOM)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=False, show_header=not stacked)
    if not stacked:
        table.add_column(columns[0], overflow="fold")
    for name in columns[1:]:
        table.add_column(name, justify="right" if name == "length" and not stacked else "left", no_wrap=True)
    phase = -1
    for row, line in zip(shown, numbers, strict=True):
        phase += row.depth == 0
        bar, text = ("|" if screen.ascii else "▌", _colour(phase)), (f" {'  ' * row.depth}{row.text}", "dim" if row.depth else "")
        if stacked:
            screen.say(bar, text)
            times, *_, length, level = line
            screen.say((f"  {'  ' * row.depth}{times} ({length}), {level}", "dim"), wraps=False)
        else:
            table.add_row(screen.text(bar, text), *line)
    if not stacked:
        screen.console.print(table)
    if len(every) > _MOST:
        screen.say((f"  and {len(every) - _MOST} more", "dim"))


def draw(screen: Screen, s: Schedule, target: Target, base: float, ticks: int) -> None:
    """Prints the chart of a target, over so many ticks."""
    from rich.text import Text

    from lrdsl.figures import terminal as chart

    margin = 11
    width = screen.width - margin - 1
    spans = chart.columns(lambda at: s.values(at, base, target.name), ticks, width if screen.ascii else 2 * width)
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    low = 0.0 if 0 <= low < high / 2 or low == high else low
    rows = (chart.draw_ascii if screen.ascii else chart.draw)(spans, low, high, _ROWS)
    labels = {0: high, _ROWS // 2: (low + high) / 2, _ROWS - 1: low}
    colours = [_colour(target.plan.phase_at(x * (ticks - 1) / max(1, width - 1))) for x in range(width)]
    mark, side, corner, bottom = "+|+-" if screen.ascii else "┤│└─"
    for i, row in enumerate(rows):
        line = Text(f"{labels[i]:>{margin - 2}.3g} {mark}" if i in labels else f"{side:>{margin}}", style="dim")
        for x, cell in enumerate(row):
            line.append(cell, style=colours[x])
        screen.console.print(line, no_wrap=True)
    name = screen.written(target.name)
    axis = f"{f'{name} against ticks, base {base:g}':>{margin + width}}"
    for under in (" " * (margin - 1) + corner + bottom * width, " " * margin + chart.ruler(ticks, width), axis):
        screen.console.print(screen.text((under, "dim")), no_wrap=True)


def _formula(screen: Screen, s: Schedule, target: Target) -> None:
    """Prints the formula of each piece, with the ticks at which it holds: beside it if there is room, else below."""
    from lrdsl.formulas import text
    from lrdsl.schedule.printing import lines

    pieces = [(screen.written(formula), screen.written(where)) for formula, where in lines(s, target.name)]
    shown = pieces[:_MOST]
    name = f"{screen.written(target.name)}(t) = "
    beside = max((len(formula) for formula, _ in shown if len(formula) <= screen.width - len(name) - 20), default=0)
    for i, (formula, where) in enumerate(shown):
        lead = name if i == 0 else " " * len(name)
        if where and len(formula) <= beside and len(name) + beside + 3 + len(where) <= screen.width:
            screen.say((lead, "dim"), (formula, ""), (" " * (beside - len(formula) + 3) + where, "dim"))
            continue
        first, *more = textwrap.wrap(formula, max(screen.width - len(name) - 2, screen.width // 2, 1), break_long_words=False, break_on_hyphens=False)
        screen.say((lead, "dim"), (first, ""), wraps=False)
        for line in more:
            screen.say((" " * (len(name) + 2), ""), (line, ""), wraps=False)
        if where:
            indent = max(4, min(len(name) + 4, screen.width - len(f"for {where}")))
            screen.say((f"{' ' * indent}for {where}", "dim"))
    if len(pieces) > _MOST:
        screen.say((f"        and {len(pieces) - _MOST} more pieces: `lrdsl formula` prints them all", "dim"))
    for note in text.notes(target.plan):
        screen.say((f"{' ' * 8}{note}", "dim"))
