"""`lrdsl show`: the overview that a newcomer runs first: phases with ticks and levels, a chart, the formula."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options
from lrdsl.overview import HEAD, rows

if TYPE_CHECKING:
    from rich.console import Console

    from lrdsl.plan import Target
    from lrdsl.schedule import Schedule

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")
_ROWS = 13
#: A formula of more pieces than this is cut, and so is the table of phases.
_MOST = 12


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("show", help="phases, a chart and the formula: start here", description="Show a schedule: its phases, a chart, its formula.")
    options.add_schedule(parser)
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the overview."""
    from rich.console import Console

    s = options.schedule(arguments)
    for name in s.evaluators:
        s.checked_base(arguments.base, name)
    console = Console(highlight=False, soft_wrap=False)
    console.width = max(40, min(console.width, 100))
    targets = options.targets(s, arguments)
    ticks = arguments.ticks or options.horizon(s, targets)
    for target in targets:
        body = str(s) if len(s.targets) == 1 and target.name == "lr" else target.name
        console.print()
        console.print(f"[bold]{_escaped(body)}[/]", soft_wrap=True)
        console.print()
        _phases(console, s, target, arguments.base)
        console.print()
        _chart(console, s, target, arguments.base, ticks)
        console.print()
        _formula(console, s, target)
    console.print("[dim]        where η₀ is the base[/]")
    if any(target.plan.watches for target in targets):
        console.print("[dim]        charted as if " + ("nothing else" if s.events else "none of this") + " happened; `--event TICK` supposes that it did[/]")
    for assertion in s.program.assertions:
        console.print(f"[green]✓[/] {_escaped(assertion.text)}", soft_wrap=True)
    console.print()


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _phases(console: Console, s: Schedule, target: Target, base: float) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column(HEAD[0], overflow="fold")
    for name in HEAD[1:]:
        table.add_column(name, justify="right" if name == "length" else "left", no_wrap=True)
    for i, (text, *cells) in enumerate(rows(s, target, base)[:_MOST]):
        table.add_row(f"[{_colour(i)}]▌[/] {_escaped(text)}", *cells)
    console.print(table)
    if len(target.plan.phases) > _MOST:
        console.print(f"[dim]  and {len(target.plan.phases) - _MOST} more phases[/]")


def _chart(console: Console, s: Schedule, target: Target, base: float, ticks: int) -> None:
    from rich.text import Text

    from lrdsl.cli import chart

    margin = 11
    width = console.width - margin - 1
    spans = chart.columns(s, target.name, base, ticks, 2 * width)
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
    console.print(Text(" " * (margin - 1) + "└" + "─" * width, style="dim"), no_wrap=True)
    console.print(Text(" " * margin + chart.ruler(ticks, width), style="dim"), no_wrap=True)
    console.print(Text(f"{f'{target.name} against ticks, base {base:g}':>{margin + width}}", style="dim"), no_wrap=True)


def _formula(console: Console, s: Schedule, target: Target) -> None:
    """The formula of each piece, and where it holds: beside it where there is room, else under it."""
    from lrdsl.backends import text

    found = text.lines(s.written(target.name))
    shown = found[:_MOST]
    name = f"{target.name}(t) = "
    beside = max((len(formula) for formula, _ in shown if len(formula) <= console.width - len(name) - 20), default=0)
    for i, (formula, where) in enumerate(shown):
        lead = name if i == 0 else " " * len(name)
        if len(formula) <= beside or not where:
            console.print(f"[dim]{lead}[/]{_escaped(formula)}[dim]{' ' * (beside - len(formula) + 3)}{where}[/]", soft_wrap=len(formula) <= beside)
        else:
            console.print(f"[dim]{lead}[/]{_escaped(formula)}", soft_wrap=False)
            console.print(f"[dim]{' ' * len(name)}    for {where}[/]", soft_wrap=True)
    if len(found) > _MOST:
        console.print(f"[dim]        and {len(found) - _MOST} more pieces: `lrdsl formula` prints them all[/]")
    for note in text.notes(target.plan):
        console.print(f"[dim]{' ' * 8}{_escaped(note)}[/]", soft_wrap=True)
