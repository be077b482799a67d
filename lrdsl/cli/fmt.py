"""`lrdsl fmt`: formats schedule files, and the schedules in files of other formats."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdsl.cli import terminal
from lrdsl.diagnostics import ScheduleError

if TYPE_CHECKING:
    from lrdsl.linting.listing import ListedFile
    from lrdsl.linting.projects import Failure
    from lrdsl.linting.settings import Settings


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("fmt", help="format schedule files", description="Format schedules in their canonical layout. Comments are kept.")
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="files and folders (default: the current folder); - for standard input")
    parser.add_argument("--check", action="store_true", help="change nothing, and exit with 1 if a file would change")
    parser.add_argument("--diff", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--verbose", action="store_true", help="show the traceback if lrdsl fails on a file")
    parser.add_argument("--stdin-filename", metavar="PATH", default="stdin.lrs", help="a file name for standard input: its ending says the format")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Formats the files. Returns the exit status."""
    from lrdsl.cli.options import files, standard_input
    from lrdsl.linting import projects
    from lrdsl.linting.listing import most_bytes
    from lrdsl.linting.settings import Settings

    settings = Settings.of(Path.cwd())
    if arguments.paths == ["-"]:
        name = Path(arguments.stdin_filename)
        source = standard_input(most_bytes(name))
        after = projects.attempt(lambda: projects.formatted(name, source, settings))
        terminal.emit(source if isinstance(after, projects.Failure) else after)
        return _complain(name, after, arguments.verbose) if isinstance(after, projects.Failure) else 0
    listing, missing = files(arguments.paths)
    changed, wrong = 0, bool(listing.unread)
    for path, reason in listing.unread:
        terminal.complain(f"lrdsl: {path}: {reason}")
    for file in listing.files:
        try:
            result = projects.attempt(partial(_format, file, settings, not (arguments.check or arguments.diff)))
        except ScheduleError as error:
            terminal.refuse(error)
            wrong = True
            continue
        if isinstance(result, projects.Failure):
            wrong = bool(_complain(file.path, result, arguments.verbose)) or wrong
            continue
        before, after = result
        changed += before != after
        if arguments.diff:
            terminal.emit_difference(str(file.path), before, after)
    verb = "would be formatted" if arguments.check or arguments.diff else "formatted"
    terminal.complain(f"{changed} file{'' if changed == 1 else 's'} {verb}")
    return 2 if missing else 1 if wrong or (changed and (arguments.check or arguments.diff)) else 0


def _format(file: ListedFile, settings: Settings, write: bool) -> tuple[str, str]:
    """Returns the content of a file before and after formatting, and writes it if `write`."""
    from lrdsl.linting import projects

    before = projects.content(file.path)
    after = projects.formatted(file.path, before, settings)
    if write and after != before:
        projects.write(file.path, after, before, file.folder)
    return before, after


def _complain(path: Path, failure: Failure, verbose: bool) -> int:
    """Prints why a file was not formatted. Returns the exit status: 0 for data, which is no mistake of the user."""
    terminal.complain(f"lrdsl: {path}: {failure.reason}; {failure.help}")
    if verbose:
        terminal.complain(*failure.trace.splitlines())
    return 0 if failure.data and path.suffix != ".lrs" else 1
