"""What a command's `EXPR|FILE` stands for: a text, a schedule file, standard input, or the schedules in a config or a program."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.arguments import ENDING, is_schedule_file
from lrdsl.diagnostics import Diagnostic, ScheduleError, UsageError
from lrdsl.linting.hosts import containers
from lrdsl.reading import load
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax.tokens import MAX_TEXT

if TYPE_CHECKING:
    from lrdsl.linting.contents import Contained

#: A file, and a line of it.
_LINE = re.compile(r"(.+):(\d{1,9})")
#: The most schedules that an error lists.
_LISTED = 10


@attrs.frozen
class Source:
    """A schedule that a command is to read: how to read it with options, where it stands (`title`, "" for a text), what is said of it there, and its base.

    A diagnostic of its text is `moved` to its place in the `content` of the file with a `name`.
    """

    read: Callable[[Mapping[str, Any]], Schedule]
    title: str = ""
    remarks: tuple[str, ...] = ()
    base: float | None = None
    name: str = "<schedule>"
    content: str = attrs.field(default="", repr=False)
    moved: Callable[[Diagnostic], Diagnostic] = lambda d: d


def sources(argument: str, arguments: argparse.Namespace) -> list[Source]:
    """Returns the schedules that an argument stands for, in the order of its file. Raises `UsageError` for a file that has none."""
    if argument == "-":
        return _standard_input(arguments)
    name, line = argument, None
    if (numbered := _LINE.fullmatch(argument)) is not None and not is_file(argument) and is_file(numbered[1]):
        name, line = numbered[1], int(numbered[2])
    elif not is_file(argument):
        if _is_folder(argument):
            raise UsageError(f"{argument}: this is a folder: `lrdsl check {argument}` and `lrdsl convert {argument}` look through folders")
        return [Source(lambda options: parse(argument, **options))]
    path = Path(name)
    if path.suffix.lower() not in containers():
        return [Source(lambda options: load(path, **options), name=str(path))]
    from lrdsl.files.opening import decoded, read_bytes
    from lrdsl.linting.listing import most_bytes

    return _contained(path, decoded(path, read_bytes(path, most_bytes(path))), line)


def only(argument: str, arguments: argparse.Namespace) -> Source:
    """Returns the one schedule that an argument stands for. Raises `UsageError` for a file that has several, with their places."""
    several = sources(argument, arguments)
    if len(several) > 1:
        places = ", ".join(source.title.split(" ")[0] for source in several[:_LISTED]) + ", ..." * (len(several) > _LISTED)
        if argument == "-":
            raise UsageError(f"standard input has {len(several)} schedules: give a file, and the place of one of them in it")
        raise UsageError(f"{argument} has {len(several)} schedules: name one of {places}; `lrdsl show {argument}` shows them all")
    return several[0]


def is_file(argument: str) -> bool:
    """Whether an argument names a file: one that exists, or by its ending, even if there is none of this name."""
    try:
        return argument == "-" or argument.lower().endswith((ENDING, *containers())) or Path(argument).is_file()
    except (OSError, ValueError):  # the text is too long for a file name, or has a NUL byte
        return False


def _is_folder(argument: str) -> bool:
    """Whether an argument names a folder, and is no schedule of one word."""
    from lrdsl.shapes import SHAPES

    try:
        return argument not in ("", *SHAPES) and Path(argument).is_dir()
    except (OSError, ValueError):
        return False


def _standard_input(arguments: argparse.Namespace) -> list[Source]:
    """The schedules in standard input, which is a schedule, or stands for the file that `--stdin-filename` names."""
    from lrdsl.cli.options import standard_input

    name = Path(getattr(arguments, "stdin_filename", None) or "stdin.lrs")
    content = standard_input(MAX_TEXT if is_schedule_file(name) else 10 * MAX_TEXT).removeprefix("\ufeff")
    if name.suffix.lower() in containers():
        return _contained(name, content, None)

    def read(options: Mapping[str, Any]) -> Schedule:
        try:
            return parse(content, **options)
        except ScheduleError as error:
            raise ScheduleError(error.diagnostics, error.text, "<stdin>") from None

    return [Source(read, name="<stdin>")]


def _contained(path: Path, content: str, line: int | None) -> list[Source]:
    """The schedules in the content of a config or a program; with a line, those on it."""
    from lrdsl.linting.contents import contents
    from lrdsl.linting.hosts import UnreadableError
    from lrdsl.linting.settings import SettingsOfFiles

    try:
        listed = contents(path, content, SettingsOfFiles().of(path))
    except UnreadableError as error:
        raise UsageError(f"{path}: {error.message}") from None
    on_line = [one for one in listed if line in (None, one.line)]
    if not on_line:
        help = "a schedule stands under a key like `lr_schedule`, behind a comment `# lrs`, or in the words of a library that `lrdsl dialects` lists"
        raise UsageError(f"{path}: there is no schedule in it: {help}" if line is None else f"{path}: no schedule begins on line {line}")
    return [_source(one) for one in on_line]


def _source(one: Contained) -> Source:
    from lrdsl.cli.convert import facts
    from lrdsl.diagnostics import shown

    if one.own is not None:
        own, content = one.own, one.content
        return Source(one.schedule, one.place, base=one.base, name=str(one.path), content=content, moved=lambda d: own.moved(d, content))
    assert one.reading is not None
    return Source(one.schedule, f"{one.place} {one.reading.dialect} `{shown(one.reading.source, 60)}`", facts(one.reading), one.base)
