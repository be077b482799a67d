"""`lrdsl fmt`: formats schedule files, and the schedules in files of other formats."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdsl.arguments import is_schedule_file
from lrdsl.cli import terminal
from lrdsl.cli.check import add_files
from lrdsl.diagnostics import ScheduleError

if TYPE_CHECKING:
    from lrdsl.linting.listing import ListedFile
    from lrdsl.linting.projects import Failure
    from lrdsl.linting.settings import Settings


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("fmt", help="format schedule files", description="Format schedules in their canonical layout. Comments are kept.")
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and folders (default: the current folder); - for standard input")
    parser.add_argument("--check", action="store_true", help="change nothing, and exit with 1 if a file would change")
    parser.add_argument("--diff", action="store_true", help="show what would change, and change nothing")
    add_files(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print problems only")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the traceback if lrdsl fails on a file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Formats the files. Returns the exit status."""
    from lrdsl.cli.options import files, is_left_out, settings_of, standard_input, standard_name
    from lrdsl.linting import projects
    from lrdsl.linting.listing import most_bytes
    from lrdsl.linting.projects import Failure

    settings = settings_of(arguments)
    only_shows = arguments.check or arguments.diff
    name = standard_name(arguments)
    if name is not None:
        source = standard_input(most_bytes(name))
        left_out = is_left_out(arguments, settings, name)
        after = source if left_out else projects.attempt(lambda: projects.formatted(name, source, settings.of(name)))
        if not only_shows:
            terminal.emit(source if isinstance(after, Failure) else after)
        if isinstance(after, Failure):
            return _complain(name, after, arguments.verbose)
        return _report(arguments, [(name, source, after)])
    listing, missing = files(arguments, settings)
    wrong = bool(listing.unread)
    for path, reason in listing.unread:
        terminal.complain(f"lrdsl: {path}: {reason}")
    changes = []
    for file in listing.files:
        try:
            result = projects.attempt(partial(_format, file, settings.of(file.path), not only_shows))
        except ScheduleError as error:
            terminal.refuse(error)
            wrong = True
            continue
        if isinstance(result, Failure):
            wrong = bool(_complain(file.path, result, arguments.verbose)) or wrong
        else:
            changes.append((file.path, *result))
    status = _report(arguments, changes)
    return 2 if missing else int(wrong) or status


def _report(arguments: argparse.Namespace, files: list[tuple[Path, str, str]]) -> int:
    """Prints what formatting changes, or would change. Returns the exit status: 1 if nothing was to be changed, but would be."""
    changed = [(path, before, after) for path, before, after in files if before != after]
    for path, before, after in changed:
        if arguments.diff:
            terminal.emit_difference(str(path), before, after)
        elif arguments.check:
            terminal.say(f"would format {path}")
    only_shows = arguments.check or arguments.diff
    if not arguments.quiet and (only_shows or (arguments.stdin_filename is None and arguments.paths != ["-"])):
        terminal.complain(f"{len(changed)} file{'' if len(changed) == 1 else 's'} {'would be formatted' if only_shows else 'formatted'}")
    return int(bool(changed) and only_shows)


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
    return 0 if failure.data and not is_schedule_file(path) else 1
