"""The command line: `main` runs it. Each command has one module, named after it; none of them has logic of the language."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NoReturn

from lrdsl import __version__
from lrdsl.cli import terminal
from lrdsl.diagnostics import ScheduleError, UsageError, did_you_mean, shown
from lrdsl.work import bounded

#: The modules of the commands. If the first argument names one, only that module is loaded.
MODULES = ("show", "values", "check", "fmt", "explain", "formula", "plot", "export", "convert", "dialects", "table", "analyze", "diff", "docs", "lsp", "play")
#: The commands that read many texts. They limit the work for each text, not for the whole command.
_MANY = {"show", "check", "fmt", "convert", "lsp", "play"}
#: The codes of mistakes in options, not in texts.
_USAGE = {"LR124", "LR152"}


#: A word that may be a command, and is no schedule.
_WORD = re.compile(r"[A-Za-z][\w-]*")


#: What `lrdsl` alone shows.
_FIRST = (
    ('lrdsl "warmup(5) then cosine(95, to=0.01x)"', "a schedule: its phases, a chart, its formula"),
    ("lrdsl show train.yaml", "every schedule in a config or a program"),
    ("lrdsl check .", "mistakes in the schedules of this folder, before training starts"),
    ("lrdsl convert train.py", "schedulers of torch, transformers and others as text"),
    ("lrdsl docs", "the tutorial, the cookbook, the reference"),
    ("lrdsl --help", "all commands"),
)


class _Help(argparse.HelpFormatter):
    """Help in which the lines of the examples stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("examples:") else super()._fill_text(text, width, indent)


class _Parser(argparse.ArgumentParser):
    """A parser that prints its errors through `terminal`, since they quote what was typed. The help of a command ends with its examples."""

    def error(self, message: str) -> NoReturn:
        terminal.complain(*self.format_usage().splitlines(), f"{self.prog}: error: {message}")
        sys.exit(2)

    def format_help(self) -> str:
        from lrdsl.cli.examples import EXAMPLES, epilog

        verb = self.prog.partition(" ")[2]
        self.epilog = epilog(verb) if verb in EXAMPLES else self.epilog
        self.formatter_class = _Help
        return super().format_help()


def _parser(modules: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command line, with the commands of some modules."""
    parser = _Parser(
        prog="lrdsl",
        description="Learning-rate schedules as one line of text. A text or a file in the place of a command is shown.",
        epilog='try: lrdsl "warmup(5) then cosine(95)"',
    )
    parser.add_argument("--version", action="version", version=f"lrdsl {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for module in modules:
        importlib.import_module(f"lrdsl.cli.{module}").add(verbs)
    return parser


def _begin() -> int:
    """Prints how to begin: what `lrdsl` alone does."""
    width = max(len(command) for command, _ in _FIRST)
    terminal.say(f"lrdsl {__version__}: learning-rate schedules as one line of text", "")
    terminal.say(*(f"  {command:{width}}   {what}" for command, what in _FIRST))
    return 0


def _with_verb(words: Sequence[str]) -> Sequence[str]:
    """The words of a command line. A text or a file in the place of a command is shown.

    Raises `UsageError` for a word that is neither, nor a shape or a recipe: it is a command that does not exist.
    """
    first = words[0]
    if first == "help":
        return (*words[1:2], "--help")
    if first in (*MODULES, "rules", "-h", "--help", "--version"):
        return words
    if _WORD.fullmatch(first) and not os.path.exists(first):  # noqa: PTH110 - a Path takes a while to load
        from lrdsl.check.prelude import recipe_names
        from lrdsl.shapes import SHAPES

        if first not in SHAPES and first not in recipe_names():
            near = did_you_mean(first, (*MODULES, "rules", *SHAPES))
            raise UsageError(f"there is no command `{shown(first, 60)}`" + (f": did you mean `{near}`?" if near else ": `lrdsl` alone shows how to begin"))
    return ("show", *words)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line. Returns the exit status: 0 fine, 1 problems in a schedule, 2 wrong usage."""
    terminal.prepare()
    words = sys.argv[1:] if argv is None else argv
    status: int | None = 0
    try:
        if not words:
            return _begin()
        words = _with_verb(words)
        arguments = _parser(words[:1] if words[0] in MODULES else MODULES).parse_args(words)
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
