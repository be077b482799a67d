"""`lrdsl export`: writes a schedule as code for another library."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lrdsl.cli import options, terminal


def add(verbs: Any) -> None:
    """Adds the command."""
    from lrdsl.dialects.writing import WRITERS

    what = "code for another library, which gives the same numbers without lrdsl"
    parser = verbs.add_parser("export", help=what, description="Write a schedule as code for another library.")
    options.add_schedule(parser)
    parser.add_argument("--to", required=True, choices=tuple(WRITERS), help="the library, or the language")
    parser.add_argument("--base", type=float, metavar="X", help="the optimizer's own value (default: a parameter of the code)")
    parser.add_argument(
        "--target", metavar="NAME", help="one target of the text, as lr, 'betas[0]' or 'lr[\"blocks.3.mlp\"]' (default: all that the library takes)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="the file to write (default: standard output)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Writes the code."""
    code = options.schedule(arguments).export(arguments.to, arguments.base, arguments.target)
    if arguments.output is None:
        terminal.emit(code)
        return
    from lrdsl.files.replacing import write_file

    write_file(Path(arguments.output), code.encode("utf-8"))
