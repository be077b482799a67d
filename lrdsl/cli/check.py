"""`lrdsl check`: what is wrong, or surely not meant, in schedule files and in the schedules of other files."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.cli import terminal

if TYPE_CHECKING:
    from lrdsl.projects import Checked
    from lrdsl.settings import Settings

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
    parser.add_argument("--stdin-filename", metavar="PATH", default="stdin.lrs", help="the name that standard input has, for its kind and its settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, repair, print; gives the exit status."""
    from lrdsl import projects
    from lrdsl.cli import reports
    from lrdsl.cli.options import standard_input
    from lrdsl.settings import Settings

    settings = _settings(arguments, Settings.of(Path.cwd()))
    repair = "unsafe" if arguments.unsafe_fixes else "safe" if arguments.fix or arguments.diff else ""
    if arguments.paths == ["-"]:
        found = [projects.check_source(Path(arguments.stdin_filename), standard_input(), settings, repair)]
        if repair and not arguments.diff:
            terminal.emit(found[0].source)
            return 1 if found[0].diagnostics else 0
    else:
        missing = [path for path in arguments.paths if not Path(path).exists()]
        if missing:
            terminal.complain(f"lrdsl: {missing[0]}: there is no such file or folder")
            return 2
        found = _looked_at(list(dict.fromkeys(projects.files_of(map(Path, arguments.paths)))), settings, repair, not arguments.no_cache)
    if arguments.diff:
        return _show_changes(found)
    for c in found:
        if c.repaired:
            projects.write(Path(c.path), c.source)
    if arguments.statistics:
        terminal.say(*reports.statistics(found))
    else:
        reports.printed(arguments.format, found)
    if arguments.format == "text":
        _summary(found)
    return 1 if any(c.diagnostics for c in found) else 0


def _settings(arguments: argparse.Namespace, settings: Settings) -> Settings:
    from lrdsl.settings import codes

    selection = settings.selection
    if arguments.select:
        selection = attrs.evolve(selection, select=codes("--select", arguments.select.split(",")))
    if arguments.ignore:
        selection = attrs.evolve(selection, ignore=(*selection.ignore, *codes("--ignore", arguments.ignore.split(","))))
    return attrs.evolve(settings, selection=selection)


def _looked_at(paths: Sequence[Path], settings: Settings, repair: str, cached: bool) -> list[Checked]:
    """The results of all files, in order: of those that were clean and have not changed from the cache."""
    from lrdsl import __version__
    from lrdsl.caching import Cache
    from lrdsl.projects import Checked

    if not cached or len(paths) < _WORTH:
        return list(_checked(paths, settings, repair))
    cache = Cache.of(settings.root, __version__, settings)
    clean = {path: texts for path in paths if (texts := cache.clean(path)) is not None}
    others = [path for path in paths if path not in clean]
    found = dict(zip(others, _checked(others, settings, repair), strict=True))
    cache.keep((path, c.texts) for path, c in found.items() if not c.diagnostics and not c.repaired and 'use "' not in c.source)
    return [found[path] if path in found else Checked(str(path), "", (), 0, clean[path]) for path in paths]


def _checked(paths: Sequence[Path], settings: Settings, repair: str) -> Iterator[Checked]:
    from lrdsl import projects

    one = partial(projects.check_file, settings=settings, repair=repair)
    workers = os.cpu_count() or 1
    if len(paths) < _MANY or workers == 1:
        yield from map(one, paths)
        return
    from concurrent.futures import ProcessPoolExecutor

    from rich.progress import track

    with ProcessPoolExecutor(workers) as pool:
        results = pool.map(one, paths, chunksize=32)
        console = terminal.console(stderr=True)
        yield from track(results, "checking", total=len(paths), console=console, transient=True, disable=not console.is_terminal)


def _show_changes(found: Sequence[Checked]) -> int:
    changed = [c for c in found if c.repaired]
    for c in changed:
        before = Path(c.path).read_bytes().decode("utf-8") if Path(c.path).is_file() else ""
        terminal.emit_difference(c.path, before, c.source)
    return 1 if changed else 0


def _summary(found: Sequence[Checked]) -> None:
    counts = [("schedule", sum(c.texts for c in found)), ("file", len(found)), ("problem", sum(len(c.diagnostics) for c in found))]
    texts, files, problems = (f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts)
    repaired = sum(c.repaired for c in found)
    terminal.complain(f"{texts} in {files}: {problems}" + (f", {repaired} repaired" if repaired else ""))
