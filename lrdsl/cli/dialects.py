"""`lrdsl dialects`: the table of what is read from and written for each other library."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.cli import terminal


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("dialects", help="which schedules of other libraries are read and written", description="List the schedules of other libraries.")
    parser.add_argument("name", metavar="NAME", nargs="?", help="one library: each of its schedulers, with its text")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the table."""
    from lrdsl.dialects.overview import entries, libraries

    rows = libraries() if arguments.name is None else entries(arguments.name)
    if arguments.format == "json":
        terminal.emit_json(rows, indent=2)
        return
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    columns = [column for column in rows[0] if any(row[column] for row in rows)]
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    terminal.console().print(table)
