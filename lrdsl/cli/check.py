"""`lrdsl check`: lints schedule files, and the schedules in files of other formats, and repairs them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.cli import terminal

if TYPE_CHECKING:
    from rich.console import Console

    from lrdsl.linting.listing import ListedFile
    from lrdsl.linting.projects import Checked
    from lrdsl.linting.settings import SettingsOfFiles


def add(verbs: Any) -> None:
    """Adds the command."""
    about = (
        "Check schedules: .lrs files, strings in YAML, TOML, JSON, Python and notebooks, and schedules of other libraries in training code and configs. "
        "Settings are in lrdsl.toml, or in [tool.lrdsl] of pyproject.toml, in the folder of a file or above."
    )
    parser = verbs.add_parser("check", help="lint schedule files, and schedules in configs and code", description=about)
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and folders (default: the current folder); - for standard input")
    formats = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")
    parser.add_argument("--format", "--output-format", choices=formats, default="text", help="(default: text)")
    parser.add_argument("-o", "--output-file", metavar="FILE", help="write the report into a file")
    repairs = parser.add_argument_group("repairs")
    repairs.add_argument("--fix", action="store_true", help="make the repairs that keep every level")
    repairs.add_argument("--unsafe-fixes", action="store_true", help="count and, with --fix or --diff, make the other repairs too")
    repairs.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    repairs.add_argument("--add-ignore", action="store_true", help="silence what is left with comments `# lrs: ignore[CODE]`, one a line")
    rules = parser.add_argument_group("rules")
    rules.add_argument("--select", metavar="CODES", help="use only these rules: codes or their beginnings, separated by commas; ALL for all")
    rules.add_argument("--extend-select", metavar="CODES", help="use these rules too")
    rules.add_argument("--ignore", metavar="CODES", help="do not use these rules")
    add_files(parser)
    help = "show what is read of schedules of other libraries and of their runs, with the curve, and check nothing"
    parser.add_argument("--explain-run", action="store_true", help=help)
    parser.add_argument("--show-files", action="store_true", help="list the files that would be checked, and check nothing")
    parser.add_argument("--statistics", action="store_true", help="count the problems by code")
    parser.add_argument("--no-cache", action="store_true", help="check clean files again, even if they have not changed")
    parser.add_argument("-w", "--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C")
    parser.add_argument("-e", "--exit-zero", action="store_true", help="exit with 0 if there are problems")
    parser.add_argument("-q", "--quiet", action="store_true", help="print problems only")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the traceback if lrdsl fails on a file")
    parser.set_defaults(run=run)


def add_files(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which files, and with which settings."""
    group = parser.add_argument_group("files and settings")
    group.add_argument("--exclude", metavar="PATTERNS", help="leave these files and folders out: patterns as in .gitignore, separated by commas")
    group.add_argument("--force-exclude", action="store_true", help="leave them out even if the command names them")
    group.add_argument("--config", metavar="FILE|NAME=VALUE", action="append", default=[], help="a file of settings for all files, or one setting, as TOML")
    group.add_argument("--isolated", action="store_true", help="use no file of settings")
    help = "check standard input as if it were this file: its ending says the format, and its folder the settings"
    group.add_argument("--stdin-filename", metavar="PATH", help=help)


def run(arguments: argparse.Namespace) -> int:
    """Checks files, repairs them, and prints the report. Returns the exit status."""
    from lrdsl.cli.options import settings_of

    settings = settings_of(arguments)
    if arguments.watch:
        from lrdsl.cli.watching import watch

        return watch(arguments.paths or ["."], lambda: _run(arguments, settings_of(arguments)))
    return _run(arguments, settings)


def _run(arguments: argparse.Namespace, settings: SettingsOfFiles) -> int:
    """One check of all files."""
    from lrdsl.cli.options import files, is_left_out, standard_input, standard_name
    from lrdsl.linting import projects, reports
    from lrdsl.linting.checking import check_files
    from lrdsl.linting.listing import most_bytes

    unsafe, silence = arguments.unsafe_fixes, arguments.add_ignore
    writes = (arguments.fix or silence) and not arguments.diff
    repair = ("unsafe" if unsafe else "safe") if arguments.fix or (arguments.diff and not silence) else ""
    missing = False
    name = standard_name(arguments)
    if name is not None:
        source = standard_input(most_bytes(name))
        if arguments.explain_run:
            from lrdsl.cli.runs import explain

            return explain([(name, source)])
        results = [] if is_left_out(arguments, settings, name) else [projects.check_text(name, source, settings.of(name), repair, silence)]
        if writes:
            failed = _complain(results)
            terminal.emit(source if failed or not results else results[0].source)
            return _status(arguments, results, missing)
    else:
        listing, missing = files(arguments, settings)
        if arguments.explain_run:
            return max(2 * missing, _explain([file.path for file in listing.files]))
        if arguments.show_files:
            terminal.say(*(str(file.path) for file in listing.files))
            return 2 if missing else 0
        results = check_files([file.path for file in listing.files], settings, repair, silence, not arguments.no_cache, _console(arguments))
        if writes:
            results = [_write(c, file, settings) for c, file in zip(results, listing.files, strict=True)]
        results += [projects.unread(path, reason) for path, reason in listing.unread]
    if arguments.diff:
        changed = _show_changes(results)
        return 2 if missing else 0 if arguments.exit_zero else 1 if _complain(results) or changed else 0
    print_report(arguments.format, results, unsafe, arguments.statistics, arguments.output_file)
    if arguments.verbose:
        terminal.complain(*(line for c in results for line in c.trace.splitlines()))
    if silence:
        left = [c for c in results if c.problems]
        terminal.complain(*(f"lrdsl: {c.path}: {len(c.problems)} left: no comment can be written there" for c in left))
    if arguments.format in ("text", "concise") and not arguments.quiet:
        terminal.complain(*reports.summary(results, unsafe))
    return _status(arguments, results, missing)


def _explain(paths: Sequence[Path]) -> int:
    """Shows what is read of the runs in files. A file that cannot be read is told."""
    from lrdsl.cli.runs import explain
    from lrdsl.linting import projects

    texts = []
    for path in paths:
        content = projects.attempt(partial(projects.content, path))
        if isinstance(content, str):
            texts.append((path, content))
        else:
            terminal.complain(f"lrdsl: {path}: {content.reason}")
    return explain(texts)


def _console(arguments: argparse.Namespace) -> Callable[[], Console] | None:
    """Makes the console that shows how far the check is; None for a quiet command."""
    return None if arguments.quiet else lambda: terminal.console(stderr=True)


def print_report(kind: str, results: Sequence[Checked], unsafe: bool = False, statistics: bool = False, file: str | None = None) -> None:
    """Prints a report, or writes it into a file; `reports.report` says which there are."""
    from lrdsl.linting import reports

    report = reports.report(kind, results, unsafe, statistics)
    if file:
        terminal.write(Path(file), report)
    elif isinstance(report, str):
        terminal.emit(f"{report}\n" if report else "")
    else:
        terminal.say(*report)


def _status(arguments: argparse.Namespace, results: Sequence[Checked], missing: bool) -> int:
    """The exit status: 2 if a path does not exist, 1 if there are problems, else 0."""
    problems = any(c.problems for c in results)
    return 2 if missing else int(problems and not arguments.exit_zero)


def _write(checked: Checked, file: ListedFile, settings: SettingsOfFiles) -> Checked:
    """Writes a file that was repaired. If that fails, returns the result for the file as it is, with an error that says why."""
    from lrdsl.linting import projects

    if not checked.is_changed:
        return checked
    failure = projects.attempt(lambda: projects.write(file.path, checked.source, checked.original, file.folder))
    if not isinstance(failure, projects.Failure):
        return checked
    before = projects.check_file(file.path, settings.of(file.path))
    report = attrs.evolve(failure, reason=f"not repaired: {failure.reason}").diagnostic()
    return attrs.evolve(before, diagnostics=(*before.diagnostics, report), trace=failure.trace)


def _show_changes(results: Sequence[Checked]) -> bool:
    """Prints what repairs change. Returns whether they change anything."""
    changed = [c for c in results if c.is_changed]
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
