"""The command line: one module a verb, and no logic of the language."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from lrdsl import __version__
from lrdsl.diagnostics import ScheduleError, UsageError, render
from lrdsl.schedule import bounded

#: The modules here, each named after its verb, and loaded alone where that is asked for.
MODULES = ("show", "values", "check", "fmt", "explain", "formula", "plot", "table", "analyze", "diff", "lsp")
#: Those that read many texts, each of which may cost as much work as the one of another verb.
_MANY = {"check", "fmt", "lsp"}
#: Codes of mistakes in the options rather than in the text.
_USAGE = {"LR124", "LR152"}


def _parser(modules: Sequence[str]) -> argparse.ArgumentParser:
    """What reads a command line with the verbs of some modules."""
    parser = argparse.ArgumentParser(
        prog="lrdsl",
        description="Learning-rate schedules as one line of text.",
        epilog='try: lrdsl show "warmup(5) then cosine(95)"',
    )
    parser.add_argument("--version", action="version", version=f"lrdsl {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for module in modules:
        importlib.import_module(f"lrdsl.cli.{module}").add(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status: 0 fine, 1 problems in a schedule, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(given[:1] if given and given[0] in MODULES else MODULES).parse_args(given)
    status: int | None = 0
    try:
        with nullcontext() if arguments.verb in _MANY else bounded(""):
            status = arguments.run(arguments)
        if not sys.stdout.closed:  # the language server closes it
            sys.stdout.flush()
    except ScheduleError as error:
        _complain(error)
        return 2 if all(d.code in _USAGE for d in error.diagnostics) else 1
    except BrokenPipeError:  # the reader, as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UsageError as error:
        print(f"lrdsl: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"lrdsl: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    return status or 0


def _complain(error: ScheduleError) -> None:
    """Show diagnostics on standard error, in colour where it is a terminal."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
        print(render(error.diagnostics, error.text, error.source), file=sys.stderr)
        return
    codes = {"error": "1;31", "warning": "1;33", "rule": "34", "help": "1;36", "strong": "1"}
    print(render(error.diagnostics, error.text, error.source, lambda style, text: f"\x1b[{codes[style]}m{text}\x1b[0m"), file=sys.stderr)
