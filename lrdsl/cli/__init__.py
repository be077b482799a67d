"""The command line: `main` runs it. Each command has one module, named after it; none of them has logic of the language."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NoReturn

from lrdsl import __version__
from lrdsl.cli import terminal
from lrdsl.diagnostics import ScheduleError, UsageError
from lrdsl.work import bounded

#: The modules of the commands. If the first argument names one, only that module is loaded.
MODULES = ("show", "values", "check", "fmt", "explain", "formula", "plot", "export", "convert", "dialects", "table", "analyze", "diff", "lsp")
#: The commands that read many texts. They limit the work for each text, not for the whole command.
_MANY = {"check", "fmt", "convert", "lsp"}
#: The codes of mistakes in options, not in texts.
_USAGE = {"LR124", "LR152"}


class _Parser(argparse.ArgumentParser):
    """A parser that prints its errors through `terminal`, since they quote what was typed."""

    def error(self, message: str) -> NoReturn:
        terminal.complain(*self.format_usage().splitlines(), f"{self.prog}: error: {message}")
        sys.exit(2)


def _parser(modules: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command line, with the commands of some modules."""
    parser = _Parser(
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
    """Runs the command line. Returns the exit status: 0 fine, 1 problems in a schedule, 2 wrong usage."""
    terminal.prepare()
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(words[:1] if words and words[0] in MODULES else MODULES).parse_args(words)
    status: int | None = 0
    try:
        with nullcontext() if arguments.verb in _MANY else bounded(""):
            status = arguments.run(arguments)
        terminal.finish()
    except ScheduleError as error:
        terminal.refuse(error)
        return 2 if all(d.code in _USAGE for d in error.diagnostics) else 1
    except BrokenPipeError:
        terminal.abandon()
    except KeyboardInterrupt:
        terminal.abandon()
        terminal.complain("lrdsl: interrupted")
        return 130
    except UsageError as error:
        terminal.complain(f"lrdsl: {error}")
        return 2
    except OSError as error:
        if error.filename is None:
            terminal.abandon()
        terminal.complain(f"lrdsl: {error.filename or 'the output'}: {error.strerror or error}")
        return 2
    return status or 0
