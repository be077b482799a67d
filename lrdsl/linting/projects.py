"""The check and repair of one file of a project: `check_file`, `check_text` and `formatted`. A repair changes no byte outside of the schedules."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import attrs

from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError, Span, shown
from lrdsl.files.folder import Folder, Used
from lrdsl.files.opening import DataError, RefusedError, decoded, read_bytes
from lrdsl.files.replacing import replace
from lrdsl.linting.caching import entry
from lrdsl.linting.hosts import Embedded, Finder, UnreadableError, texts_in
from lrdsl.linting.hosts.edits import edited
from lrdsl.linting.hosts.embedded import placeholder
from lrdsl.linting.linter import UNREADABLE, Selection, all_repairs, lint
from lrdsl.linting.listing import most_bytes
from lrdsl.linting.settings import Settings
from lrdsl.rules.catalogue import RULES
from lrdsl.syntax.formatter import format
from lrdsl.work import MOST, limited, spent

#: Example runs. If a text needs facts of a run that are unknown, it is checked for each of these; a problem that all of them have is a problem of the text.
_RUNS: tuple[dict[str, Any], ...] = (
    {"steps_per_epoch": 1000, "batch_size": 256, "tokens_per_step": 10**6},
    {"steps_per_epoch": 10, "batch_size": 32, "tokens_per_step": 10**4},
    {"steps_per_epoch": 10**5, "batch_size": 4096, "tokens_per_step": 10**7},
)
#: The length of these runs, if the text does not give it.
_EPOCHS = 100
#: The most work for all texts of one file together.
_MOST_WORK = 2 * MOST


_T = TypeVar("_T")


@attrs.frozen
class Failure:
    """The reason why a file could not be checked, and a help line. `data` says that the file is not text or not in its format, which is common; `trace` is the
    traceback of an unexpected error."""

    reason: str
    help: str
    data: bool = False
    trace: str = ""

    def diagnostic(self, severity: str = "error") -> Diagnostic:
        """The failure as a diagnostic of the file."""
        return Diagnostic(UNREADABLE, severity, self.reason, self.help, Span.of("", 0, 0))


def attempt(work: Callable[[], _T]) -> _T | Failure:
    """Does the work on one file. Returns its result, or a `Failure` for any error, so that the run goes on with the next file. Raises only `ScheduleError`."""
    try:
        return work()
    except ScheduleError:
        raise
    except RefusedError as refused:
        return Failure(refused.reason, refused.help, isinstance(refused, DataError))
    except UnreadableError as error:
        return Failure(error.message, "the file was not read", data=True)
    except OSError as error:
        return Failure(f"it cannot be read or written: {error.strerror or error}", "check the permissions of the file and of its folder")
    except Exception as error:
        import traceback  # imported here: it is slow to load, and few files need it

        help = "leave the file out, and report this defect of lrdsl with what `--verbose` shows"
        name = traceback.format_exception_only(error)[-1].strip()  # it also works for an error whose str() fails
        return Failure(f"lrdsl fails on it: {shown(name, 200)}", help, trace=traceback.format_exc())


@attrs.frozen
class Checked:
    """The result for one file: its diagnostics, and its `source` after repairs. `repaired` counts the repairs, and `original` is the text before them.

    `texts` is the number of schedules, and `used` are the files that they use. `entry` is what the cache remembers of a clean file; its `source` is empty.
    `trace` is the traceback of a failure of lrdsl.
    """

    path: str
    source: str
    diagnostics: tuple[Diagnostic, ...]
    repaired: int = 0
    texts: int = 0
    original: str = ""
    used: tuple[Used, ...] = ()
    entry: list[Any] | None = None
    trace: str = ""


def content(path: Path) -> str:
    """The text of a file. Raises `RefusedError` for something that is not a file or not text, `OSError` for a file that cannot be read."""
    return decoded(path, read_bytes(path, most_bytes(path)))


def check_file(path: Path, settings: Settings, repair: str = "") -> Checked:
    """Checks a file. `repair` is "safe" or "unsafe" to repair its text too, without writing it. A file that cannot be read gets a diagnostic that says so."""
    checked = _checked(path, settings, lambda: check_source(path, content(path), settings, repair))
    if checked.diagnostics or checked.repaired:
        return attrs.evolve(checked, used=())
    return attrs.evolve(checked, source="", used=(), entry=entry(path, checked.source, settings, checked.texts, checked.used))


def check_text(path: Path, source: str, settings: Settings, repair: str = "") -> Checked:
    """Checks a text in place of a file's content, as `check_file` does."""
    return _checked(path, settings, lambda: check_source(path, source, settings, repair))


def unread(path: Path, reason: str) -> Checked:
    """The result for a folder that could not be listed, or for a `.gitignore` file that was not used."""
    return Checked(str(path), "", (Failure(reason, "check its permissions, or name the files").diagnostic("warning"),))


def ended(path: Path) -> Checked:
    """The result for a file whose check crashed its process."""
    failure = Failure("the process that checked it ended", "leave the file out, and report this defect of lrdsl with the file")
    return Checked(str(path), "", (failure.diagnostic(),))


def _checked(path: Path, settings: Settings, look: Callable[[], Checked]) -> Checked:
    """The result of a check; after a failure, an error for the file, or only a warning if it is data and not a `.lrs` file."""
    failure = attempt(look)
    if isinstance(failure, Checked):
        return failure
    if not failure.data or path.suffix == ".lrs":
        return Checked(str(path), "", (failure.diagnostic(),), trace=failure.trace)
    return Checked(str(path), "", (failure.diagnostic("warning"),) if UNREADABLE in settings.selected(path) else ())


def check_source(path: Path, source: str, settings: Settings, repair: str = "") -> Checked:
    """Checks a text in place of a file's content, and repairs it first if `repair` says so. Raises whatever goes wrong."""
    original = source
    library = Folder.of(path) if path.suffix.lower() == ".lrs" else None
    look = _Linter(library, settings.selected(path), settings.options(path))
    texts, unread = texts_of(path, source, settings)
    repaired = 0
    if repair:
        repairs = {i: all_repairs(embedded.text, repair == "unsafe", look) for i, embedded in enumerate(texts)}
        fixes = {i: fixes for i, (fixes, _) in repairs.items()}
        after = edited(source, (texts, unread), fixes, lambda changed: texts_of(path, changed, settings, len(texts)))
        source, (texts, unread), repaired = after.source, after.texts, sum(repairs[i][1] for i in after.made)
    diagnostics = [embedded.moved(d, source) for embedded in texts for d in look(embedded.text)]
    if unread is not None and UNREADABLE in settings.selected(path):
        at = min(unread.offset, len(source))
        diagnostics.append(Diagnostic(UNREADABLE, "warning", unread.message, "the text from here on was not checked", Span.of(source, at, at + 1)))
    used = () if library is None else tuple(library.used.values())
    return Checked(str(path), source, tuple(diagnostics), repaired, len(texts), original if repaired else "", used)


def texts_of(path: Path, source: str, settings: Settings, most: int | None = None) -> tuple[list[Embedded], UnreadableError | None]:
    """The schedules in a file, at most so many, and the error that kept the search from finding more."""
    texts: list[Embedded] = []
    try:
        texts.extend(texts_in(path, source, Finder(settings.keys), most))
    except UnreadableError as error:
        return texts, error
    return texts, None


@attrs.define
class _Linter:
    """Lints the schedules of one file: each different text once, and none after too much work for the file."""

    library: Folder | None
    selection: Selection
    options: dict[str, Any]
    _problems: dict[str, list[Diagnostic]] = attrs.field(factory=dict)
    _spent: int = 0

    def __call__(self, text: str) -> list[Diagnostic]:
        """The problems of a text."""
        if text not in self._problems:
            if self._spent < _MOST_WORK:
                with limited():
                    self._problems[text] = _linted(text, self.library, self.selection, self.options)
                    self._spent += spent()
            else:
                message = "the schedules before this one in the file take too much work"
                unread = Diagnostic(UNREADABLE, "warning", message, "it was not checked: make the schedules before it smaller", Span.of(text, 0, 0))
                self._problems[text] = [unread] if UNREADABLE in self.selection else []
        return self._problems[text]


def _linted(text: str, library: Folder | None, selection: Selection, options: dict[str, Any]) -> list[Diagnostic]:
    """The problems of a text. If facts of the run are missing, only those problems that it has in every example run."""
    template = placeholder(text) if library is None else None
    if template is not None:
        message = f"a program fills in `{shown(text[slice(*template)])}`"
        unread = Diagnostic(UNREADABLE, "warning", message, "not checked here: the program checks it when it runs", Span.of(text, *template))
        return [unread] if UNREADABLE in selection else []
    problems = lint(text, library=library, selection=selection, **options)
    if not _lacks_facts(problems):
        return [d for d in problems if d.code != "LR121"]
    selection = attrs.evolve(selection, ignore=(*selection.ignore, *(rule.code for rule in RULES.values() if rule.run)))
    common: list[Diagnostic] | None = None
    for run in _RUNS:
        problems = lint(text, library=library, selection=selection, **{**run, **options})
        if _lacks_facts(problems):
            problems = lint(text, library=library, selection=selection, **{**run, "total_epochs": _EPOCHS, **options})
        places = {(d.code, d.span.start.offset) for d in problems if d.code not in ("LR121", "LR145")}
        common = [d for d in (problems if common is None else common) if (d.code, d.span.start.offset) in places]
        if not common:
            break
    return common or []


def _lacks_facts(problems: list[Diagnostic]) -> bool:
    """Whether the only problem is that facts of the run are missing."""
    return bool(problems) and all(d.code == "LR121" for d in problems)


def formatted(path: Path, source: str, settings: Settings) -> str:
    """The content of a file, with all schedules in it in canonical layout.

    Raises `ScheduleError` for a `.lrs` file with an error of grammar, `UnreadableError` for a file in which no schedule was found because it cannot be read.
    """
    texts, unread = texts_of(path, source, settings)
    if unread is not None and not texts:
        raise unread
    fixes = {i: _layout_fixes(embedded, path) for i, embedded in enumerate(texts)}
    return edited(source, (texts, unread), fixes, lambda changed: texts_of(path, changed, settings, len(texts))).source


def _layout_fixes(embedded: Embedded, path: Path) -> list[Fix]:
    """The edits that bring a schedule into canonical layout.

    In files of other formats, a text of one line stays on one line, other texts keep their indentation, and a text with an error of grammar is left alone.
    """
    text = embedded.text
    if path.suffix.lower() == ".lrs":
        try:
            return [Fix(0, len(text), format(text))]
        except ScheduleError as error:
            raise ScheduleError(error.diagnostics, error.text, str(path)) from None
    body = text.strip()
    start = text.index(body)
    margin = text[:start].rpartition("\n")[2] if "\n" in text[:start] else ""
    try:
        layout = format(body + "\n" * ("\n" in body)).rstrip("\n")
    except ScheduleError:
        return []
    return [Fix(start, start + len(body), re.sub(r"\n(?=[^\n])", f"\n{margin}", layout))]


def write(path: Path, source: str, original: str, folder: Path | None = None) -> None:
    """Replaces a file's content. The file must still hold the `original`, and still lie in the folder that it was found in. Raises what `replace` raises."""
    replace(path, source.encode("utf-8"), original.encode("utf-8"), folder)
