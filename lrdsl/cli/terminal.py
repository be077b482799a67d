"""All output of the command line. `say` and `complain` print lines for people, `emit` prints what programs read, and `console` draws with rich.

Nothing else in lrdsl prints. Hidden characters in untrusted text are made visible here, and such text starts no line, so that neither a terminal nor a CI log
takes it for a command.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from lrdsl.diagnostics import ScheduleError, Styled, styled
from lrdsl.escaping import visible

if TYPE_CHECKING:
    from rich.console import Console

#: A line: plain text, or pieces with styles.
Line: TypeAlias = "str | tuple[Styled, ...]"
#: The environment variables that CI services set.
_CI = ("CI", "GITHUB_ACTIONS", "TF_BUILD")
#: The folders whose names stand for open files, such as `/dev/stdout`.
_DESCRIPTORS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
_COLOURS = {"error": "1;31", "warning": "1;33", "note": "1;36", "rule": "34", "help": "1;36", "strong": "1"}


def prepare() -> None:
    """Prepares both outputs for any text: characters that the encoding lacks become escapes, and a closed output drops what is printed there."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - it stays open, and paths take a while to load
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Prints what is still in the buffer. Raises `BrokenPipeError` if nobody reads it."""
    if not sys.stdout.closed:  # the language server closes it
        sys.stdout.flush()


def abandon() -> None:
    """Drops all further output, and what is in the buffer: the reader, as `head`, has closed the pipe, or the disk is full."""
    with suppress(OSError, ValueError):  # a program that calls `main` may have put something in the place of standard output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(*lines: Line) -> None:
    """Prints lines on standard output. Each stays one line, whatever is in it."""
    _print(sys.stdout, lines)


def complain(*lines: Line) -> None:
    """Prints lines on standard error. Each stays one line, whatever is in it."""
    _print(sys.stderr, lines)


def refuse(error: ScheduleError) -> None:
    """Prints diagnostics on standard error, in colour if it is a terminal."""
    complain(*styled(error.diagnostics, error.text, error.source))


def emit(text: str) -> None:
    """Prints text for another program on standard output, unchanged; on a terminal, with hidden characters made visible."""
    sys.stdout.write(visible.visible_lines(text) if sys.stdout.isatty() else text)


def write(path: Path, report: str | Iterable[Line]) -> None:
    """Writes a report into a file that the user names, without colours. The file is the old one or the new one, and whole; a device or a pipe gets the report.

    Raises `OSError` with the name of the file.
    """
    from lrdsl.files.replacing import replace

    lines = [report] * bool(report) if isinstance(report, str) else [_written(line, False) for line in report]
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    try:
        if path.is_fifo() or path.is_char_device() or path.parent in _DESCRIPTORS:
            with path.open("wb", buffering=0) as device:
                device.write(data)
        else:
            replace(path, data)
    except OSError as error:  # of a device, which names none
        raise OSError(error.errno, error.strerror, str(path)) from None


def emit_difference(path: str, before: str, after: str) -> None:
    """Prints a unified difference: unchanged into a file or a pipe, for `patch`; on a terminal and in a CI log, with hidden characters made visible."""
    import difflib

    old, new = (io.StringIO(text, newline="\n").readlines() for text in (before, after))
    lines = difflib.unified_diff(old, new, visible.visible(path), visible.visible(path))
    whole = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    in_log = any(os.environ.get(name) for name in _CI) and not _into_a_file()
    sys.stdout.write(visible.visible_lines(whole) if in_log or sys.stdout.isatty() else whole)


def emit_json(data: Any, indent: int | None = None) -> None:
    """Prints data as JSON."""
    from lrdsl.escaping.strict_json import json_of  # few commands print JSON

    emit(json_of(data, indent) + "\n")


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def console(stderr: bool = False) -> Console:
    """A console of rich that makes hidden characters visible. It reads no markup in texts."""
    from rich.console import Console

    from lrdsl.cli.drawing import VisibleHook

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)
    console.push_render_hook(VisibleHook())
    return console


def _print(stream: TextIO, lines: Iterable[Line]) -> None:
    coloured = _has_colours(stream)
    for line in lines:
        stream.write(_written(line, coloured) + "\n")


def _has_colours(stream: TextIO) -> bool:
    """Whether to print in colour: on a terminal that has colours, as the variables NO_COLOR and FORCE_COLOR say; the first one wins."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _written(line: Line, coloured: bool) -> str:
    """A line as it is printed, with its styles if it is `coloured`."""
    return visible.line(line) if isinstance(line, str) else _painted(line, coloured)


def _painted(line: tuple[Styled, ...], coloured: bool) -> str:
    """A line with its styles; without them if it is not `coloured`, or if the whole line would be a command."""
    whole = visible.line("".join(text for _, text in line))
    if not coloured or whole != "".join(visible.visible(text) for _, text in line):
        return whole
    return "".join(f"\x1b[{_COLOURS[style]}m{visible.visible(text)}\x1b[0m" if style in _COLOURS else visible.visible(text) for style, text in line)


def _into_a_file() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False
