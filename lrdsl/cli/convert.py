"""`lrdsl convert`: finds the schedules of other libraries in code and configs, and gives their text; or puts lrdsl in their place."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.cli import terminal
from lrdsl.cli.check import add_files
from lrdsl.diagnostics import UsageError, shown
from lrdsl.documents import UnreadableError, notebook
from lrdsl.expr.exact import nearest_number

if TYPE_CHECKING:
    from lrdsl.dialects.reading import Reading


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser(
        "convert",
        help="schedules of other libraries as text",
        description="Find schedules of other libraries in code and configs, and show each as lrdsl text. Nothing that is read is run.",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and folders (default: the current folder); - for standard input")
    parser.add_argument("--from", dest="dialect", metavar="NAME", help="only schedules of one library: `lrdsl dialects` has the names")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--diff", action="store_true", help="show how Python files and notebooks would change")
    change.add_argument("--write", action="store_true", help="put lrdsl.compile(...) into Python files and notebooks, in the place of what could be read")
    parser.add_argument("--verify", action="store_true", help="build both schedulers on a dummy optimizer, and compare every tick")
    add_files(parser)
    parser.set_defaults(run=run)


@attrs.frozen
class _File:
    path: Path
    text: str
    folder: Path | None = None


@attrs.frozen
class _Source:
    """The Python of a file: its own text, or the program of a notebook."""

    file: _File
    text: str
    program: notebook.Program | None = None

    def place(self, offset: int) -> str:
        """Where an offset of the program stands."""
        where = str(self.text.count("\n", 0, offset) + 1) if self.program is None else notebook.position(self.program.position(offset))
        return f"{self.file.path}:{where}"

    def rewritten(self, text: str) -> str | None:
        """The file with another text of its program; None if it cannot hold it."""
        return text if self.program is None else self.program.rewritten(self.file.text, text)


def _sources(files: list[_File]) -> Iterator[_Source]:
    for file in files:
        if file.path.suffix == ".py":
            yield _Source(file, file.text)
        elif file.path.suffix == notebook.ENDING:
            try:
                program = notebook.Program.of(file.text)
            except UnreadableError as error:
                terminal.complain(f"lrdsl: {file.path}: {error}")
            else:
                yield _Source(file, program.text, program)


def run(arguments: argparse.Namespace) -> int:
    """Reads the files. Returns the exit status: 1 if a schedule could not be read, or was not the same."""
    from lrdsl.dialects import ALL
    from lrdsl.dialects.sources import readings
    from lrdsl.linting.listing import building_in

    if arguments.dialect is not None and arguments.dialect not in ALL:
        raise UsageError(f"--from {shown(arguments.dialect)}: there are {', '.join(ALL)}")
    files, status = _files(arguments)
    if arguments.verify:
        status = max(status, _verify(files))
    if arguments.diff or arguments.write:
        return max(status, _move(arguments, files))
    read_in = [(file, one) for file in files for one in readings(file.text, str(file.path), building_in(file.path, file.folder))]
    readings_of_files = [(file, one) for file, one in read_in if arguments.dialect in (None, one.dialect)]
    if arguments.format == "json":
        terminal.emit_json([_data(file.path, one) for file, one in readings_of_files], indent=2)
    else:
        for file, one in readings_of_files:
            _say(file.path, one)
        read = sum(one.text is not None for _, one in readings_of_files)
        terminal.complain(f"{len(readings_of_files)} schedule{'' if len(readings_of_files) == 1 else 's'} found, {read} read")
    return max(status, int(any(one.text is None for _, one in readings_of_files)))


def _files(arguments: argparse.Namespace) -> tuple[list[_File], int]:
    from lrdsl.cli import options
    from lrdsl.documents import ENDINGS
    from lrdsl.linting import projects
    from lrdsl.linting.listing import most_bytes

    settings = options.settings_of(arguments)
    name = options.standard_name(arguments)
    if name is not None:
        name = Path("stdin.py") if arguments.stdin_filename is None else name
        return [_File(name, options.standard_input(most_bytes(name)))], 0
    listing, missing = options.files(arguments, settings, (*ENDINGS, notebook.ENDING))
    files = []
    for file in listing.files:
        content = projects.attempt(partial(projects.content, file.path))
        if isinstance(content, str):
            files.append(_File(file.path, content, file.folder))
        else:
            terminal.complain(f"lrdsl: {file.path}: {content.reason}")
    return files, 2 if missing else 0


def _say(path: Path, one: Reading) -> None:
    terminal.say(f"{path}:{one.position}: {one.dialect} `{shown(one.source, 100)}`")
    if one.text is not None:
        terminal.say(f"    {one.text}")
    terminal.say(*(f"    {remark}" for remark in facts(one)))


def facts(one: Reading) -> tuple[str, ...]:
    """What is said of a reading: the clock and the base that stand beside it, what is not known, and its problems."""
    beside = [f"{key.replace('_', ' ')} {value}" for key, value in one.clock.items()]
    beside += [f"base {nearest_number(one.base)}"] if one.base is not None else []
    beside += [f"{name} is {value} by default" for name, value in one.assumed.items()]
    beside += [f"not known: {', '.join(one.unknown)}"] if one.unknown else []
    return (*[f"({'; '.join(beside)})"] * bool(beside), *(f"{'not read: ' if one.text is None else ''}{problem}" for problem in one.problems))


def _data(path: Path, one: Reading) -> dict[str, Any]:
    base = None if one.base is None else nearest_number(one.base)
    return {
        "path": str(path),
        "line": one.line,
        "cell": None if one.cell is None else one.cell[0],
        "dialect": one.dialect,
        "source": one.source,
        "schedule": one.text,
        "clock": dict(one.clock),
        "base": base,
        "unknown": list(one.unknown),
        "assumed": dict(one.assumed),
        "problems": list(one.problems),
    }


def _verify(files: list[_File]) -> int:
    """Compares the schedulers in Python files with the real ones. Returns the exit status: 1 if one differs."""
    from lrdsl.dialects.code.calls import calls
    from lrdsl.dialects.verifying import verified

    differs = False
    for source in _sources(files):
        _tell_unread(source)
        for call in calls(source.text):
            verdict = verified(source.text, call)
            terminal.complain(f"{source.place(call.extent[0])}: `{shown(call.source, 60)}`: {verdict}")
            differs = differs or verdict.tick is not None
    return int(differs)


def _move(arguments: argparse.Namespace, files: list[_File]) -> int:
    """Shows or writes the changes of Python files. Returns the exit status: 1 if something was left, or not read."""
    try:
        from lrdsl.dialects.moving import Left, moved
    except ImportError:
        raise UsageError("--diff and --write need libcst: pip install 'lrdsl[convert]'") from None
    from lrdsl.linting import projects

    replaced, left, unread = 0, 0, 0
    for source in _sources(files):
        unread += _tell_unread(source)
        result = moved(source.text)
        file, text = source.file, source.rewritten(result.text) if result.replaced else source.file.text
        if text is None:
            result = attrs.evolve(result, replaced=(), left=(*result.left, *(Left(call, "the notebook would have other cells") for call in result.replaced)))
            text = file.text
        replaced, left = replaced + len(result.replaced), left + len(result.left)
        if arguments.diff and text != file.text:
            terminal.emit_difference(str(file.path), file.text, text)
        elif arguments.write and text != file.text:
            projects.write(file.path, text, file.text, file.folder)
        for one in result.left:
            terminal.complain(f"{source.place(one.call.extent[0])}: left: `{shown(one.call.source, 60)}`: {one.reason}")
    terminal.complain(f"{replaced} {'replaced' if arguments.write else 'would be replaced'}, {left} left")
    return int(left > 0 or unread > 0)


def _tell_unread(source: _Source) -> bool:
    """Says why the program of a file that names a scheduler cannot be read, and where. Returns whether it cannot."""
    from lrdsl.dialects.code.parsing import fault

    why = fault(source.text)
    if why is not None:
        terminal.complain(f"{source.place(why.offset)}: the program is not read: {shown(why.reason, 200)}")
    return why is not None
