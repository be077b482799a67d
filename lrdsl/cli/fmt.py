"""`lrdsl fmt`: the canonical layout of schedule files, and of the schedules of other files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lrdsl.cli import terminal
from lrdsl.diagnostics import ScheduleError


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("fmt", help="lay schedule files out", description="Bring schedules into their canonical layout; comments are kept.")
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="files and folders (default: here); - for standard input")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where something would change")
    parser.add_argument("--diff", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--stdin-filename", metavar="PATH", default="stdin.lrs", help="the name that standard input has, for its kind")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Lay out; gives the exit status."""
    from lrdsl import projects
    from lrdsl.cli.options import standard_input
    from lrdsl.hosts import UnreadableError
    from lrdsl.settings import Settings

    settings = Settings.of(Path.cwd())
    if arguments.paths == ["-"]:
        source = standard_input()
        try:
            source = projects.formatted(Path(arguments.stdin_filename), source, settings)
        except UnreadableError as error:
            terminal.complain(f"lrdsl: {arguments.stdin_filename}: {error}")
        terminal.emit(source)
        return 0
    changed, wrong = 0, False
    for path in dict.fromkeys(projects.files_of(map(Path, arguments.paths))):
        try:
            before = path.read_bytes().decode("utf-8")
            after = projects.formatted(path, before, settings)
        except ScheduleError as error:
            terminal.refuse(error)
            wrong = True
            continue
        except (UnreadableError, UnicodeDecodeError) as error:
            terminal.complain(f"lrdsl: {path}: {error}")
            wrong = wrong or path.suffix == ".lrs"
            continue
        if after == before:
            continue
        changed += 1
        if arguments.diff:
            terminal.emit_difference(str(path), before, after)
        elif not arguments.check:
            projects.write(path, after)
    what = "would be laid out anew" if arguments.check or arguments.diff else "laid out anew"
    terminal.complain(f"{changed} file{'' if changed == 1 else 's'} {what}")
    return 1 if wrong or (changed and (arguments.check or arguments.diff)) else 0
