"""`lrdsl values`: prints the level at each tick, as a table, CSV or JSON."""

from __future__ import annotations

import argparse
import csv
import io
from typing import Any

from lrdsl.cli import options, terminal
from lrdsl.escaping.visible import visible, width


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("values", help="the level at each tick, as a table, CSV or JSON", description="Print the level at each tick.")
    options.add_schedule(parser)
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="(default: table)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the levels of ticks 0 .. n - 1."""
    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    n = arguments.ticks or options.horizon(s, targets)
    few = n <= 2000  # loading NumPy would take longer than so few levels
    base = options.base(s, arguments)
    levels = {t.name: [s.at(k, base, t.name) for k in range(n)] if few else s.values(n, base, t.name).tolist() for t in targets}
    if arguments.format == "json":
        terminal.emit_json(levels)
    elif arguments.format == "csv":
        page = io.StringIO()
        rows = csv.writer(page, lineterminator="\n")
        rows.writerow(["tick", *map(visible, levels)])
        rows.writerows(zip(range(n), *levels.values(), strict=True))
        terminal.emit(page.getvalue())
    else:
        _table(n, levels)


def _table(n: int, levels: dict[str, list[float]]) -> None:
    ticks = max(4, len(str(n - 1)))
    names = {name: visible(name) for name in levels}
    columns = {name: max(width(names[name]), *(len(repr(level)) for level in column)) for name, column in levels.items()}
    head = "  ".join(names[name] + " " * (columns[name] - width(names[name])) for name in levels)
    terminal.say(f"{'tick':>{ticks}}  {head}".rstrip())
    for t in range(n):
        row = "  ".join(f"{levels[name][t]!r:{columns[name]}}" for name in levels)
        terminal.say(f"{t:>{ticks}}  {row}".rstrip())
