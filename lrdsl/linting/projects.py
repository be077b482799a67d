"""The files of a project: what is wrong in each. Repairs leave every other byte of a file as it is."""

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
from lrdsl.linting.rules import RULES
from lrdsl.linting.settings import Settings
from lrdsl.syntax.formatter import format
from lrdsl.work import MOST, limited, spent

#: Runs that are supposed where nobody has said anything of the run, so that the rest of a text can be checked: what is wrong in all of them is wrong.
_RUNS: tuple[dict[str, Any], ...] = (
    {"steps_per_epoch": 1000, "batch_size": 256, "tokens_per_step": 10**6},
    {"steps_per_epoch": 10, "batch_size": 32, "tokens_per_step": 10**4},
    {"steps_per_epoch": 10**5, "batch_size": 4096, "tokens_per_step": 10**7},
)
#: Their length, where the text does not say it either.
_EPOCHS = 100
#: The work that all texts of one file may cost together.
_MOST_WORK = 2 * MOST


_T = TypeVar("_T")


@attrs.frozen
class Failure:
    """Why nothing came of a file: what is wrong, and what to do. `data` says that the file is no text, as there are many; `trace` is the traceback where nobody
    foresaw it."""

    reason: str
    help: str
    data: bool = False
    trace: str = ""

    def diagnostic(self, severity: str = "error") -> Diagnostic:
        """The failure as a report of the file."""
        return Diagnostic(UNREADABLE, severity, self.reason, self.help, Span.of("", 0, 0))


def attempt(work: Callable[[], _T]) -> _T | Failure:
    """What comes of the work on one file, or why nothing came of it: all that is wrong with a file, and with lrdsl on it, ends here, and the run goes on.

    Raises `ScheduleError` alone.
    """
    try:
        return work()
    except ScheduleError:
        raise
    except RefusedError as refused:
        return Failure(refused.reason, refused.help, isinstance(refused, DataError))
    except UnreadableError as error:
        return Failure(error.message, "what is written there was not read", data=True)
    except OSError as error:
        return Failure(f"it cannot be read or written: {error.strerror or error}", "look at its permissions, and at those of its folder")
    except Exception as error:
        import traceback  # takes a while to load, and few files need it

        help = "leave the file out, and report this defect of lrdsl with what `--verbose` shows"
        what = traceback.format_exception_only(error)[-1].strip()  # also of an error that cannot say what it is, as of too large a number
        return Failure(f"lrdsl fails on it: {shown(what, 200)}", help, trace=traceback.format_exc())


@attrs.frozen
class Checked:
    """What was found in a file, with its text, which repairs have changed if there were any; `repaired` counts them, and `original` is the text before.

    `used` are the files that were used; `entry` is what the cache remembers of a clean file, whose text nobody needs; `trace` is the traceback where lrdsl
    failed.
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
    """The text of a file. Raises `RefusedError` for what is no file or no text, `OSError` for a file that cannot be read."""
    return decoded(path, read_bytes(path, most_bytes(path)))


def check_file(path: Path, settings: Settings, repair: str = "") -> Checked:
    """What is wrong in a file, after repairs: "safe" or "unsafe" ones, which are not written. What cannot be read, or checked, is wrong in it too."""
    checked = _reported(path, settings, lambda: check_source(path, content(path), settings, repair))
    if checked.diagnostics or checked.repaired:
        return attrs.evolve(checked, used=())
    return attrs.evolve(checked, source="", used=(), entry=entry(path, checked.source, checked.texts, checked.used))


def check_text(path: Path, source: str, settings: Settings, repair: str = "") -> Checked:
    """The same for a text that stands for the file."""
    return _reported(path, settings, lambda: check_source(path, source, settings, repair))


def unread(path: Path, reason: str) -> Checked:
    """What there is to say of a folder that was not looked at, or of a file that was not obeyed."""
    return Checked(str(path), "", (Failure(reason, "look at its permissions, or name the files").diagnostic("warning"),))


def ended(path: Path) -> Checked:
    """What there is to say of a file whose check ended the process that made it."""
    failure = Failure("the process that checked it ended", "leave the file out, and report this defect of lrdsl with the file")
    return Checked(str(path), "", (failure.diagnostic(),))


def _reported(path: Path, settings: Settings, look: Callable[[], Checked]) -> Checked:
    """A file as it was looked at. One of which nothing came has an error; data and no schedule, a warning, as other texts that are not read."""
    failure = attempt(look)
    if isinstance(failure, Checked):
        return failure
    if not failure.data or path.suffix == ".lrs":
        return Checked(str(path), "", (failure.diagnostic(),), trace=failure.trace)
    return Checked(str(path), "", (failure.diagnostic("warning"),) if UNREADABLE in settings.selected(path) else ())


def check_source(path: Path, source: str, settings: Settings, repair: str = "") -> Checked:
    """What is wrong in a text that stands for a file, after repairs."""
    original = source
    library = Folder.of(path) if path.suffix.lower() == ".lrs" else None
    look = _Look(library, settings.selected(path), settings.options(path))
    texts, unread = texts_of(path, source, settings)
    repaired = 0
    if repair:
        found = {i: all_repairs(one.text, repair == "unsafe", look) for i, one in enumerate(texts)}
        after = edited(source, (texts, unread), {i: fixes for i, (fixes, _) in found.items()}, lambda changed: texts_of(path, changed, settings, len(texts)))
        source, (texts, unread), repaired = after.source, after.texts, sum(found[i][1] for i in after.made)
    diagnostics = [one.moved(d, source) for one in texts for d in look(one.text)]
    if unread is not None and UNREADABLE in settings.selected(path):
        at = min(unread.offset, len(source))
        diagnostics.append(Diagnostic(UNREADABLE, "warning", unread.message, "what is written there was not checked", Span.of(source, at, at + 1)))
    used = () if library is None else tuple(library.used.values())
    return Checked(str(path), source, tuple(diagnostics), repaired, len(texts), original if repaired else "", used)


def texts_of(path: Path, source: str, settings: Settings, most: int | None = None) -> tuple[list[Embedded], UnreadableError | None]:
    """The texts of a file, at most so many, and what kept from finding more."""
    found: list[Embedded] = []
    try:
        found.extend(texts_in(path, source, Finder(settings.keys), most))
    except UnreadableError as error:
        return found, error
    return found, None


@attrs.define
class _Look:
    """What is wrong in texts of one file: each is looked at once, and no more of them after too much work."""

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
                message = "the schedules of this file before this one take more work than a file may"
                unread = Diagnostic(UNREADABLE, "warning", message, "the others were not checked: make those smaller", Span.of(text, 0, 0))
                self._problems[text] = [unread] if UNREADABLE in self.selection else []
        return self._problems[text]


def _linted(text: str, library: Folder | None, selection: Selection, options: dict[str, Any]) -> list[Diagnostic]:
    """The problems of a text. What it lacks of the run the program that uses it will say: the rest is checked as if of some run."""
    unfilled = placeholder(text) if library is None else None
    if unfilled is not None:
        message = f"`{shown(text[slice(*unfilled)])}` is filled in by a program"
        unread = Diagnostic(UNREADABLE, "warning", message, "not checked here: the program checks it when it runs", Span.of(text, *unfilled))
        return [unread] if UNREADABLE in selection else []
    found = lint(text, library=library, selection=selection, **options)
    if not _lacks_facts(found):
        return [d for d in found if d.code != "LR121"]
    selection = attrs.evolve(selection, ignore=(*selection.ignore, *(rule.code for rule in RULES.values() if rule.run)))
    kept: list[Diagnostic] | None = None
    for run in _RUNS:
        there = lint(text, library=library, selection=selection, **{**run, **options})
        if _lacks_facts(there):
            there = lint(text, library=library, selection=selection, **{**run, "total_epochs": _EPOCHS, **options})
        places = {(d.code, d.span.start.offset) for d in there if d.code not in ("LR121", "LR145")}
        kept = [d for d in (there if kept is None else kept) if (d.code, d.span.start.offset) in places]
        if not kept:
            break
    return kept or []


def _lacks_facts(found: list[Diagnostic]) -> bool:
    """Whether all that is wrong is that nobody has said how long something is."""
    return bool(found) and all(d.code == "LR121" for d in found)


def formatted(path: Path, source: str, settings: Settings) -> str:
    """A file with all texts in it in their canonical layout.

    Raises `ScheduleError` for a `.lrs` file whose grammar is wrong, `UnreadableError` for a file in which no text could be found for another reason.
    """
    texts, unread = texts_of(path, source, settings)
    if unread is not None and not texts:
        raise unread
    fixes = {i: _laid_out(one, path) for i, one in enumerate(texts)}
    return edited(source, (texts, unread), fixes, lambda changed: texts_of(path, changed, settings, len(texts))).source


def _laid_out(one: Embedded, path: Path) -> list[Fix]:
    """What brings a text into its layout.

    Inside other files a text of one line stays one, other texts stay as far in as they are, and one whose grammar is wrong is left alone.
    """
    if path.suffix.lower() == ".lrs":
        try:
            return [Fix(0, len(one.text), format(one.text))]
        except ScheduleError as error:
            raise ScheduleError(error.diagnostics, error.text, str(path)) from None
    body = one.text.strip()
    start = one.text.index(body)
    margin = one.text[:start].rpartition("\n")[2] if "\n" in one.text[:start] else ""
    try:
        laid_out = format(body + "\n" * ("\n" in body)).rstrip("\n")
    except ScheduleError:
        return []
    return [Fix(start, start + len(body), re.sub(r"\n(?=[^\n])", f"\n{margin}", laid_out))]


def write(path: Path, source: str, original: str, folder: Path | None = None) -> None:
    """Put a text in the place of a file that holds the `original` still, and lies in the folder, if any, that it was found in. Raises what `replace` does."""
    replace(path, source.encode("utf-8"), original.encode("utf-8"), folder)
