"""`lrdsl check`: what is wrong, or surely not meant, in schedule files and in the schedules of other files."""

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

#: From so many files on, several processes share them.
_MANY = 200
#: From so many files on, what was clean is remembered.
_WORTH = 50


def add(verbs: Any) -> None:
    """Declare the verb."""
    about = "Check schedules: .lrs files, and strings in YAML, TOML, JSON, Python and notebooks. Settings are in [tool.lrdsl] of pyproject.toml."
    parser = verbs.add_parser("check", help="lint schedule files, and schedules in configs and code", description=about)
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="files and folders (default: here); - for standard input")
    parser.add_argument("--format", choices=("text", "json", "github", "gitlab", "sarif", "junit"), default="text", help="(default: text)")
    parser.add_argument("--fix", action="store_true", help="make the repairs that keep every level")
    parser.add_argument("--unsafe-fixes", action="store_true", help="make the other repairs too")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    parser.add_argument("--select", metavar="CODES", help="only these rules, by code or the beginning of it, separated by commas")
    parser.add_argument("--ignore", metavar="CODES", help="not these rules")
    parser.add_argument("--statistics", action="store_true", help="count the problems by code")
    parser.add_argument("--no-cache", action="store_true", help="look again at files that were clean and have not changed")
    parser.add_argument("--verbose", action="store_true", help="show the traceback where lrdsl fails on a file")
    parser.add_argument("--stdin-filename", metavar="PATH", default="stdin.lrs", help="the name that standard input has, for its kind and its settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, repair, print; gives the exit status."""
    from lrdsl.cli.options import list_files, standard_input
    from lrdsl.linting import projects, reports
    from lrdsl.linting.listing import most_bytes
    from lrdsl.linting.settings import Settings

    settings = _settings(arguments, Settings.of(Path.cwd()))
    repair = "unsafe" if arguments.unsafe_fixes else "safe" if arguments.fix or arguments.diff else ""
    missing = False
    if arguments.paths == ["-"]:
        name = Path(arguments.stdin_filename)
        source = standard_input(most_bytes(name))
        found = [projects.check_text(name, source, settings, repair)]
        if repair and not arguments.diff:
            failed = _complain(found)
            terminal.emit(source if failed else found[0].source)
            return 1 if found[0].diagnostics else 0
    else:
        listing, missing = list_files(arguments.paths)
        found = _looked_at([one.path for one in listing.files], settings, repair, not arguments.no_cache)
        if repair and not arguments.diff:
            found = [_written(c, one, settings) for c, one in zip(found, listing.files, strict=True)]
        found += [projects.unread(path, reason) for path, reason in listing.unread]
    if arguments.diff:
        changed = _show_changes(found)
        return 2 if missing else 1 if _complain(found) or changed else 0
    if arguments.statistics:
        terminal.say(*reports.statistics(found))
    else:
        print_report(arguments.format, found)
    if arguments.verbose:
        terminal.complain(*(line for c in found for line in c.trace.splitlines()))
    if arguments.format == "text":
        _summary(found)
    return 2 if missing else 1 if any(c.diagnostics for c in found) else 0


def print_report(kind: str, checked: Sequence[Checked]) -> None:
    """Prints a report: "text", for people, or one of `reports.FORMATS`."""
    from lrdsl.linting import reports

    if kind == "text":
        terminal.say(*reports.text(checked))
    elif body := reports.FORMATS[kind](checked):
        terminal.emit(f"{body}\n")


def _written(checked: Checked, listed: ListedFile, settings: Settings) -> Checked:
    """A file that was repaired and written; or, where it cannot be written, as it is, with the reason."""
    from lrdsl.linting import projects

    if not checked.repaired:
        return checked
    failure = projects.attempt(lambda: projects.write(listed.path, checked.source, checked.original, listed.folder))
    if not isinstance(failure, projects.Failure):
        return checked
    before = projects.check_file(listed.path, settings)
    report = attrs.evolve(failure, reason=f"not repaired: {failure.reason}").diagnostic()
    return attrs.evolve(before, diagnostics=(*before.diagnostics, report), trace=failure.trace)


def _settings(arguments: argparse.Namespace, settings: Settings) -> Settings:
    from lrdsl.linting.settings import codes

    selection = settings.selection
    if arguments.select:
        selection = attrs.evolve(selection, select=codes("--select", arguments.select.split(",")))
    if arguments.ignore:
        selection = attrs.evolve(selection, ignore=(*selection.ignore, *codes("--ignore", arguments.ignore.split(","))))
    return attrs.evolve(settings, selection=selection)


def _looked_at(paths: Sequence[Path], settings: Settings, repair: str, cached: bool) -> list[Checked]:
    """The results of all files, in order: of those that were clean and have not changed from the cache."""
    from lrdsl.linting.caching import Cache
    from lrdsl.linting.projects import Checked

    if not cached or len(paths) < _WORTH:
        return list(_checked(paths, settings, repair))
    cache = Cache.of(settings.root, settings)
    clean = {path: texts for path in paths if (texts := cache.clean(path)) is not None}
    others = [path for path in paths if path not in clean]
    found = dict(zip(others, _checked(others, settings, repair), strict=True))
    cache.keep({path: c.entry for path, c in found.items() if c.entry is not None})
    return [found[path] if path in found else Checked(str(path), "", (), 0, clean[path]) for path in paths]


def _checked(paths: Sequence[Path], settings: Settings, repair: str) -> Iterator[Checked]:
    from lrdsl.linting import projects

    one = partial(projects.check_file, settings=settings, repair=repair)
    workers = os.cpu_count() or 1
    if len(paths) < _MANY or workers == 1 or not hasattr(os, "fork"):
        yield from map(one, paths)
        return
    from rich.progress import track

    results = _shared(one, paths, workers)
    console = terminal.console(stderr=True)
    yield from track(results, "checking", total=len(paths), console=console, transient=True, disable=not console.is_terminal)


def _shared(one: Callable[[Path], Checked], paths: Sequence[Path], workers: int) -> Iterator[Checked]:
    """The results of files that several processes share; a file on which a process ends is one with a report.

    They are forked: another way to start them runs Python anew, which imports what lies in the folder that is checked.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    from lrdsl.linting import projects

    pool = partial(ProcessPoolExecutor, mp_context=multiprocessing.get_context("fork"))
    done = 0
    try:
        with pool(workers) as several:
            for checked in several.map(one, paths, chunksize=32):
                yield checked
                done += 1
    except BrokenProcessPool:
        for path in paths[done:]:
            try:
                with pool(1) as alone:
                    yield alone.submit(one, path).result()
            except BrokenProcessPool:
                yield projects.ended(path)


def _show_changes(found: Sequence[Checked]) -> bool:
    changed = [c for c in found if c.repaired]
    for c in changed:
        terminal.emit_difference(c.path, c.original, c.source)
    return bool(changed)


def _complain(found: Sequence[Checked]) -> bool:
    """Say which files could not be looked at, where no report does: whether there are any."""
    from lrdsl.linting.linter import UNREADABLE

    failures = [(c.path, d) for c in found for d in c.diagnostics if d.code == UNREADABLE and d.severity == "error"]
    for path, d in failures:
        terminal.complain(f"lrdsl: {path}: {d.message}; {d.help}")
    return bool(failures)


def _summary(found: Sequence[Checked]) -> None:
    counts = [("schedule", sum(c.texts for c in found)), ("file", len(found)), ("problem", sum(len(c.diagnostics) for c in found))]
    texts, files, problems = (f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts)
    repaired = sum(c.repaired for c in found)
    terminal.complain(f"{texts} in {files}: {problems}" + (f", {repaired} repaired" if repaired else ""))
