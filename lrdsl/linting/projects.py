"""The check and repair of one file of a project: `check_file`, `check_text` and `formatted`. A repair changes no byte outside of the schedules."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import attrs

from lrdsl.arguments import is_schedule_file
from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError, Span, shown
from lrdsl.documents.beside import Notes, noted
from lrdsl.files.folder import Used
from lrdsl.files.opening import DataError, RefusedError, decoded, read_bytes
from lrdsl.linting.checker import Checker, File
from lrdsl.linting.hosts import Embedded, UnreadableError
from lrdsl.linting.linter import UNREADABLE
from lrdsl.linting.listing import most_bytes
from lrdsl.linting.settings import Settings
from lrdsl.syntax.nodes import Extent

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
    """The result for one file: its diagnostics, and its `source` after repairs. `repaired` counts the repairs, `silenced` the problems for which comments were
    added, and `original` is the text before both.

    `texts` is the number of schedules, `used` are the files that they use, and `notes` say which files were looked for beside it. `entry` is what the cache is
    to remember of a clean file; its `source` is empty.
    `trace` is the traceback of a failure of lrdsl.
    """

    path: str
    source: str
    diagnostics: tuple[Diagnostic, ...]
    repaired: int = 0
    texts: int = 0
    original: str = ""
    used: tuple[Used, ...] = ()
    notes: Notes | None = None
    entry: list[Any] | None = None
    trace: str = ""
    silenced: int = 0

    @property
    def is_changed(self) -> bool:
        """Whether the source is not what the file holds."""
        return self.repaired > 0 or self.silenced > 0

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are more than notes."""
        return tuple(d for d in self.diagnostics if d.severity != "note")


def content(path: Path) -> str:
    """The text of a file. Raises `RefusedError` for something that is not a file or not text, `OSError` for a file that cannot be read."""
    return decoded(path, read_bytes(path, most_bytes(path)))


def check_file(path: Path, settings: Settings, repair: str = "", silence: bool = False, remember: bool = False) -> Checked:
    """Checks a file. `repair` is "safe" or "unsafe" to repair its text too, and `silence` adds comments that silence what is left; neither writes the file.

    A file that cannot be read gets a diagnostic that says so. With `remember`, a clean file gets an entry for the cache.
    """
    checked = _checked(path, settings, lambda: check_source(path, content(path), settings, repair, silence))
    if checked.diagnostics or checked.is_changed:
        return attrs.evolve(checked, used=(), notes=None)
    if not remember or checked.notes is None:
        return attrs.evolve(checked, source="", used=(), notes=None)
    from lrdsl.linting.caching import entry

    kept = entry(path, checked.source, settings.spelled, checked.texts, checked.used, checked.notes)
    return attrs.evolve(checked, source="", used=(), notes=None, entry=kept)


def check_text(path: Path, source: str, settings: Settings, repair: str = "", silence: bool = False) -> Checked:
    """Checks a text in place of a file's content, as `check_file` does."""
    return _checked(path, settings, lambda: check_source(path, source, settings, repair, silence))


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
    if not failure.data or is_schedule_file(path):
        return Checked(str(path), "", (failure.diagnostic(),), trace=failure.trace)
    return Checked(str(path), "", (failure.diagnostic("warning"),) if UNREADABLE in settings.selected(path) else ())


def check_source(path: Path, source: str, settings: Settings, repair: str = "", silence: bool = False) -> Checked:
    """Checks a text in place of a file's content, and repairs it first if `repair` says so. With `silence`, comments silence what is left.

    Raises whatever goes wrong.
    """
    file, checker = File.of(path, source, settings), Checker.of(path, settings)
    count = silent = 0
    if repair or silence:
        from lrdsl.linting.repairing import repaired, with_comments  # imported here: a check alone needs neither
    if repair:
        file, count = repaired(file, checker, repair == "unsafe")
    if silence:
        file, silent = with_comments(file, checker)
    with noted() as notes:
        problems = sorted((p.diagnostic for p in checker.check(file)), key=lambda d: (d.span.start.offset, d.code))
    used = () if checker.library is None else tuple(checker.library.used.values())
    original = source if file.source != source else ""
    return Checked(str(path), file.source, tuple(problems), count, len(file.texts), original, used, notes, silenced=silent)


def formatted(path: Path, source: str, settings: Settings, within: Extent | None = None) -> str:
    """The content of a file, with all schedules in it in canonical layout; with `within`, only the statements in that stretch of the file.

    Raises `ScheduleError` for a `.lrs` file with an error of grammar, `UnreadableError` for a file in which no schedule was found because it cannot be read.
    """
    texts, unread = texts_of(path, source, settings)
    if unread is not None and not texts:
        raise unread
    fixes = {i: _layout_fixes(embedded, path, within) for i, embedded in enumerate(texts)}
    from lrdsl.linting.hosts.edits import edited  # most checks repair nothing

    return edited(source, (texts, unread), fixes, lambda changed: texts_of(path, changed, settings, len(texts))).source


def texts_of(path: Path, source: str, settings: Settings, most: int | None = None) -> tuple[list[Embedded], UnreadableError | None]:
    """The schedules in a file, at most so many, and the error that kept the search from finding more."""
    file = File.of(path, source, settings, most)
    return list(file.texts), file.unread


def _layout_fixes(embedded: Embedded, path: Path, within: Extent | None) -> list[Fix]:
    """The edits that bring a schedule into canonical layout, or its statements in a stretch of the file.

    In files of other formats, a text of one line stays on one line, an indented text is laid out as a whole and keeps its indentation, and a text with an error
    is left alone.
    """
    from lrdsl.linting.layout import laid_out

    text, offsets = embedded.text, embedded.offsets
    if within is not None and (within[1] < offsets[0] or offsets[-1] < within[0]):
        return []
    first, last = (0, len(text)) if within is None else (bisect_left(offsets, at) for at in within)
    if is_schedule_file(path):
        try:
            return [Fix(0, len(text), laid_out(text, within and (first, last)))]
        except ScheduleError as error:
            raise ScheduleError(error.diagnostics, error.text, str(path)) from None
    body = text.strip()
    start = text.index(body)
    margin = text[:start].rpartition("\n")[2] if "\n" in text[:start] else ""
    try:
        layout = laid_out(body + "\n" * ("\n" in body), None if margin or within is None else (first - start, last - start)).rstrip("\n")
    except ScheduleError:
        return []
    return [Fix(start, start + len(body), re.sub(r"\n(?=[^\n])", f"\n{margin}", layout))]


def write(path: Path, source: str, original: str, folder: Path | None = None) -> None:
    """Replaces a file's content. The file must still hold the `original`, and still lie in the folder that it was found in. Raises what `replace` raises."""
    from lrdsl.files.replacing import replace

    replace(path, source.encode("utf-8"), original.encode("utf-8"), folder)
