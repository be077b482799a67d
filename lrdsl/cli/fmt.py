"""`lrdsl fmt`: the canonical layout of schedule files, and of the schedules of other files."""

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
    """Declare the verb."""
    parser = verbs.add_parser("fmt", help="lay schedule files out", description="Bring schedules into their canonical layout; comments are kept.")
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="files and folders (default: here); - for standard input")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where something would change")
    parser.add_argument("--diff", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--verbose", action="store_true", help="show the traceback where lrdsl fails on a file")
    parser.add_argument("--stdin-filename", metavar="PATH", default="stdin.lrs", help="the name that standard input has, for its kind")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Lay out; gives the exit status."""
    from lrdsl.cli.options import list_files, standard_input
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
    listing, missing = list_files(arguments.paths)
    changed, wrong = 0, bool(listing.unread)
    for path, reason in listing.unread:
        terminal.complain(f"lrdsl: {path}: {reason}")
    for one in listing.files:
        try:
            laid_out = projects.attempt(partial(_laid_out, one, settings, not (arguments.check or arguments.diff)))
        except ScheduleError as error:
            terminal.refuse(error)
            wrong = True
            continue
        if isinstance(laid_out, projects.Failure):
            wrong = bool(_complain(one.path, laid_out, arguments.verbose)) or wrong
            continue
        before, after = laid_out
        changed += before != after
        if arguments.diff:
            terminal.emit_difference(str(one.path), before, after)
    what = "would be laid out anew" if arguments.check or arguments.diff else "laid out anew"
    terminal.complain(f"{changed} file{'' if changed == 1 else 's'} {what}")
    return 2 if missing else 1 if wrong or (changed and (arguments.check or arguments.diff)) else 0


def _laid_out(one: ListedFile, settings: Settings, write: bool) -> tuple[str, str]:
    """The text of a file, and the same laid out, which is written where that is asked for."""
    from lrdsl.linting import projects

    before = projects.content(one.path)
    after = projects.formatted(one.path, before, settings)
    if write and after != before:
        projects.write(one.path, after, before, one.folder)
    return before, after


def _complain(path: Path, failure: Failure, verbose: bool) -> int:
    """Say why a file was not laid out; gives the exit status: data that is no schedule is no mistake."""
    terminal.complain(f"lrdsl: {path}: {failure.reason}; {failure.help}")
    if verbose:
        terminal.complain(*failure.trace.splitlines())
    return 0 if failure.data and path.suffix != ".lrs" else 1
