"""`lrdsl check`: lints schedule files, and the schedules in files of other formats, and repairs them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.cli import terminal

if TYPE_CHECKING:
    from lrdsl.linting.listing import ListedFile
    from lrdsl.linting.projects import Checked
    from lrdsl.linting.settings import Settings

#: With at least so many files, several processes share the work.
_MANY = 200
#: With at least so many files, the cache is used.
_WORTH = 50


def add(verbs: Any) -> None:
    """Adds the command."""
    about = "Check schedules: .lrs files, and strings in YAML, TOML, JSON, Python and notebooks. Settings are in [tool.lrdsl] of pyproject.toml."
    parser = verbs.add_parser("check", help="lint schedule files, and schedules in configs and code", description=about)
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="files and folders (default: the current folder); - for standard input")
    parser.add_argument("--format", choices=("text", "json", "github", "gitlab", "sarif", "junit"), default="text", help="(default: text)")
    parser.add_argument("--fix", action="store_true", help="make the repairs that keep every level")
    parser.add_argument("--unsafe-fixes", action="store_true", help="make the other repairs too")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    parser.add_argument("--select", metavar="CODES", help="use only these rules: codes or their beginnings, separated by commas")
    parser.add_argument("--ignore", metavar="CODES", help="do not use these rules")
    parser.add_argument("--statistics", action="store_true", help="count the problems by code")
    parser.add_argument("--no-cache", action="store_true", help="check clean files again, even if they have not changed")
    parser.add_argument("--verbose", action="store_true", help="show the traceback if lrdsl fails on a file")
    help = "a file name for standard input: its ending says the format, and the name selects settings"
    parser.add_argument("--stdin-filename", metavar="PATH", default="stdin.lrs", help=help)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Checks files, repairs them, and prints the report. Returns the exit status."""
    from lrdsl.cli.options import files, standard_input
    from lrdsl.linting import projects, reports
    from lrdsl.linting.listing import most_bytes
    from lrdsl.linting.settings import Settings

    settings = _settings(arguments, Settings.of(Path.cwd()))
    repair = "unsafe" if arguments.unsafe_fixes else "safe" if arguments.fix or arguments.diff else ""
    missing = False
    if arguments.paths == ["-"]:
        name = Path(arguments.stdin_filename)
        source = standard_input(most_bytes(name))
        results = [projects.check_text(name, source, settings, repair)]
        if repair and not arguments.diff:
            failed = _complain(results)
            terminal.emit(source if failed else results[0].source)
            return 1 if results[0].diagnostics else 0
    else:
        listing, missing = files(arguments.paths)
        results = _check([file.path for file in listing.files], settings, repair, not arguments.no_cache)
        if repair and not arguments.diff:
            results = [_write(c, file, settings) for c, file in zip(results, listing.files, strict=True)]
        results += [projects.unread(path, reason) for path, reason in listing.unread]
    if arguments.diff:
        changed = _show_changes(results)
        return 2 if missing else 1 if _complain(results) or changed else 0
    if arguments.statistics:
        terminal.say(*reports.statistics(results))
    else:
        print_report(arguments.format, results)
    if arguments.verbose:
        terminal.complain(*(line for c in results for line in c.trace.splitlines()))
    if arguments.format == "text":
        _summary(results)
    return 2 if missing else 1 if any(c.diagnostics for c in results) else 0


def print_report(kind: str, results: Sequence[Checked]) -> None:
    """Prints a report: "text", for people, or one of `reports.FORMATS`."""
    from lrdsl.linting import reports

    if kind == "text":
        terminal.say(*reports.text(results))
    elif body := reports.FORMATS[kind](results):
        terminal.emit(f"{body}\n")


def _write(checked: Checked, file: ListedFile, settings: Settings) -> Checked:
    """Writes a file that was repaired. If that fails, returns the result for the file as it is, with an error that says why."""
    from lrdsl.linting import projects

    if not checked.repaired:
        return checked
    failure = projects.attempt(lambda: projects.write(file.path, checked.source, checked.original, file.folder))
    if not isinstance(failure, projects.Failure):
        return checked
    before = projects.check_file(file.path, settings)
    report = attrs.evolve(failure, reason=f"not repaired: {failure.reason}").diagnostic()
    return attrs.evolve(before, diagnostics=(*before.diagnostics, report), trace=failure.trace)


def _settings(arguments: argparse.Namespace, settings: Settings) -> Settings:
    """The settings of the project, changed by the options of the command line."""
    from lrdsl.linting.settings import codes

    selection = settings.selection
    if arguments.select:
        selection = attrs.evolve(selection, select=codes("--select", arguments.select.split(",")))
    if arguments.ignore:
        selection = attrs.evolve(selection, ignore=(*selection.ignore, *codes("--ignore", arguments.ignore.split(","))))
    return attrs.evolve(settings, selection=selection)


def _check(paths: Sequence[Path], settings: Settings, repair: str, cached: bool) -> list[Checked]:
    """The results for all files, in their order. Files that the cache knows to be clean are not checked again."""
    from lrdsl.linting.caching import Cache
    from lrdsl.linting.projects import Checked

    if not cached or len(paths) < _WORTH:
        return list(_check_all(paths, settings, repair))
    cache = Cache.of(settings.root, settings)
    clean = {path: texts for path in paths if (texts := cache.clean(path)) is not None}
    others = [path for path in paths if path not in clean]
    results = dict(zip(others, _check_all(others, settings, repair), strict=True))
    cache.keep({path: c.entry for path, c in results.items() if c.entry is not None})
    return [results[path] if path in results else Checked(str(path), "", (), 0, clean[path]) for path in paths]


def _check_all(paths: Sequence[Path], settings: Settings, repair: str) -> Iterator[Checked]:
    """Checks files, in several processes if there are many."""
    from lrdsl.linting import projects

    check = partial(projects.check_file, settings=settings, repair=repair)
    workers = os.cpu_count() or 1
    if len(paths) < _MANY or workers == 1 or not hasattr(os, "fork"):
        yield from map(check, paths)
        return
    from rich.progress import track

    results = _check_in_parallel(check, paths, workers)
    console = terminal.console(stderr=True)
    yield from track(results, "checking", total=len(paths), console=console, transient=True, disable=not console.is_terminal)


def _check_in_parallel(check: Callable[[Path], Checked], paths: Sequence[Path], workers: int) -> Iterator[Checked]:
    """Checks files in several processes. A file that crashes its process gets an error.

    The processes are forked: a new Python process could import modules from the folder that is checked.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    from lrdsl.linting import projects

    pool = partial(ProcessPoolExecutor, mp_context=multiprocessing.get_context("fork"))
    done = 0
    try:
        with pool(workers) as several:
            for checked in several.map(check, paths, chunksize=32):
                yield checked
                done += 1
    except BrokenProcessPool:
        for path in paths[done:]:
            try:
                with pool(1) as alone:
                    yield alone.submit(check, path).result()
            except BrokenProcessPool:
                yield projects.ended(path)


def _show_changes(results: Sequence[Checked]) -> bool:
    """Prints what repairs change. Returns whether they change anything."""
    changed = [c for c in results if c.repaired]
    for c in changed:
        terminal.emit_difference(c.path, c.original, c.source)
    return bool(changed)


def _complain(results: Sequence[Checked]) -> bool:
    """Prints which files could not be checked, for commands that print no report. Returns whether there are any."""
    from lrdsl.linting.linter import UNREADABLE

    failures = [(c.path, d) for c in results for d in c.diagnostics if d.code == UNREADABLE and d.severity == "error"]
    for path, d in failures:
        terminal.complain(f"lrdsl: {path}: {d.message}; {d.help}")
    return bool(failures)


def _summary(results: Sequence[Checked]) -> None:
    """Prints how many schedules, files and problems there are."""
    counts = [("schedule", sum(c.texts for c in results)), ("file", len(results)), ("problem", sum(len(c.diagnostics) for c in results))]
    texts, files, problems = (f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts)
    repaired = sum(c.repaired for c in results)
    terminal.complain(f"{texts} in {files}: {problems}" + (f", {repaired} repaired" if repaired else ""))
