"""`lrdsl values`: the numbers."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from lrdsl.cli import options


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("values", help="the level at each tick, as a table, CSV or JSON", description="Print the level at each tick.")
    options.add_schedule(parser)
    options.add_base(parser)
    options.add_ticks(parser)
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="(default: table)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the levels of ticks 0 .. n - 1."""
    s = options.schedule(arguments)
    n = arguments.ticks or options.horizon(s)
    few = n <= 2000  # so few are faster without loading NumPy
    levels = [s.at(t, arguments.base) for t in range(n)] if few else s.values(n, arguments.base).tolist()
    if arguments.format == "json":
        print(json.dumps({"lr": levels}))
        return
    if arguments.format == "csv":
        sys.stdout.write("tick,lr\n" + "".join(f"{t},{level!r}\n" for t, level in enumerate(levels)))
        return
    width = max(4, len(str(n - 1)))
    sys.stdout.write(f"{'tick':>{width}}  lr\n" + "".join(f"{t:>{width}}  {level!r}\n" for t, level in enumerate(levels)))
