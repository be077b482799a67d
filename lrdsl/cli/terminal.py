"""The only door out: what a command prints. All that came from outside can be seen, and starts no line: a terminal and a CI log obey none of it.

`say` and `complain` print lines for people, `emit` what programs read, `console` what is drawn with rich. Nothing else in lrdsl prints.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from lrdsl.diagnostics import ScheduleError, Styled, styled
from lrdsl.escaping import visible
from lrdsl.escaping.strict_json import json_of

if TYPE_CHECKING:
    from rich.console import Console

#: A line: plain, or in pieces that have styles.
Line: TypeAlias = "str | tuple[Styled, ...]"
#: What CI services set.
_CI = ("CI", "GITHUB_ACTIONS", "TF_BUILD")
_COLOURS = {"error": "1;31", "warning": "1;33", "rule": "34", "help": "1;36", "strong": "1"}


def prepare() -> None:
    """Make ready to print any text in any encoding: what it lacks is written as an escape. Where an output is closed, what is printed there is for nobody."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - it stays open, and paths take a while to load
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Print what is waiting. Raises `BrokenPipeError` where nobody reads."""
    if not sys.stdout.closed:  # the language server closes it
        sys.stdout.flush()


def abandon() -> None:
    """Print nothing more: the reader, as `head`, has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(*lines: Line) -> None:
    """Print lines on standard output, each as one line whatever is in it."""
    _print(sys.stdout, lines)


def complain(*lines: Line) -> None:
    """The same on standard error."""
    _print(sys.stderr, lines)


def refuse(error: ScheduleError) -> None:
    """Show diagnostics on standard error, in colour where it is a terminal."""
    complain(*styled(error.diagnostics, error.text, error.source))


def emit(text: str) -> None:
    """Print what another program reads, as it is, on standard output; where that is a terminal, so that all of it can be seen."""
    sys.stdout.write(visible.visible_lines(text) if sys.stdout.isatty() else text)


def emit_difference(path: str, before: str, after: str) -> None:
    """Print a unified difference: as it is into a file or a pipe, for `patch`; on a terminal and in a CI job's log, so that all of it can be seen."""
    import difflib

    old, new = (io.StringIO(text, newline="\n").readlines() for text in (before, after))
    lines = difflib.unified_diff(old, new, visible.visible(path), visible.visible(path))
    whole = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    in_log = any(os.environ.get(name) for name in _CI) and not _into_a_file()
    sys.stdout.write(visible.visible_lines(whole) if in_log or sys.stdout.isatty() else whole)


def emit_json(data: Any, indent: int | None = None) -> None:
    """Print data as JSON."""
    emit(json_of(data, indent) + "\n")


def console(stderr: bool = False) -> Console:
    """What rich draws with, through this door. It takes no marks in a text for styles: styles are said beside it."""
    from rich.console import Console

    from lrdsl.cli.drawing import Seen

    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)
    made.push_render_hook(Seen())
    return made


def _print(stream: TextIO, lines: Iterable[Line]) -> None:
    coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    for line in lines:
        stream.write((visible.line(line) if isinstance(line, str) else _painted(line, coloured)) + "\n")


def _painted(line: tuple[Styled, ...], coloured: bool) -> str:
    whole = visible.line("".join(text for _, text in line))
    if not coloured or whole != "".join(visible.visible(text) for _, text in line):
        return whole
    return "".join(f"\x1b[{_COLOURS[style]}m{visible.visible(text)}\x1b[0m" if style in _COLOURS else visible.visible(text) for style, text in line)


def _into_a_file() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False
