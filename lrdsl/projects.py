"""The files of a project: which are looked at, and what is wrong in each. Repairs leave every other byte of a file as it is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from lrdsl.check.rules import RULES
from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError, Span, shown
from lrdsl.files import Folder, replace
from lrdsl.hosts import ENDINGS, Embedded, Finder, UnreadableError, texts_in
from lrdsl.hosts.embedded import PLACEHOLDER
from lrdsl.linting import MOST_ROUNDS, UNREADABLE, Selection, applied, lint, repairs
from lrdsl.settings import Settings
from lrdsl.syntax.formatter import format

#: Files larger than this are data and no configs; notebooks have pictures in them.
MAX_BYTES, MAX_NOTEBOOK = 4_000_000, 100_000_000
#: Runs that are supposed where nobody has said anything of the run, so that the rest of a text can be checked: what is wrong in all of them is wrong.
_RUNS: tuple[dict[str, Any], ...] = (
    {"steps_per_epoch": 1000, "batch_size": 256, "tokens_per_step": 10**6},
    {"steps_per_epoch": 10, "batch_size": 32, "tokens_per_step": 10**4},
    {"steps_per_epoch": 10**5, "batch_size": 4096, "tokens_per_step": 10**7},
)
#: Their length, where the text does not say it either.
_EPOCHS = 100


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are meant: those named, and in folders those with an ending that we know, less what git ignores and what is too large to be a config."""
    for path in paths:
        if path.is_dir():
            yield from (
                found for found in _listed(path) if found.suffix.lower() in ENDINGS and (found.suffix == ".lrs" or found.stat().st_size <= _most(found))
            )
        else:
            yield path


def _most(path: Path) -> int:
    return MAX_NOTEBOOK if path.suffix.lower() == ".ipynb" else MAX_BYTES


def _listed(folder: Path) -> Iterator[Path]:
    try:
        command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        found = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        hidden = (".", "__pycache__", "node_modules")
        yield from sorted(p for p in folder.rglob("*") if p.is_file() and not any(part.startswith(hidden) for part in p.relative_to(folder).parts))
        return
    names = dict.fromkeys(name for name in found.stdout.decode("utf-8", "surrogateescape").split("\0") if name)
    yield from (folder / name for name in names if (folder / name).is_file())


@attrs.frozen
class Checked:
    """What was found in a file, with its text, which repairs have changed if there were any; `repaired` counts them."""

    path: str
    source: str
    diagnostics: tuple[Diagnostic, ...]
    repaired: int = 0
    texts: int = 0


def check_file(path: Path, settings: Settings, repair: str = "") -> Checked:
    """What is wrong in a file, after repairs: "safe" or "unsafe" ones, which are not written. Raises `OSError`."""
    if path.stat().st_size > _most(path):
        return _unread(path, f"it has more than {_most(path):,} bytes", "leave it out: a schedule is a page of text", settings)
    try:
        source = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        return _unread(path, f"it is not UTF-8 text, from byte {error.start} on", "save it as UTF-8 text, or leave it out", settings)
    return check_source(path, source, settings, repair)


def _unread(path: Path, why: str, help: str, settings: Settings) -> Checked:
    """A file that was not checked: an error where it is a schedule, else as other texts that are not read."""
    severity = "error" if path.suffix == ".lrs" else "warning"
    found = (Diagnostic(UNREADABLE, severity, why, help, Span.of("", 0, 0)),)
    return Checked(str(path), "", found if severity == "error" or UNREADABLE in settings.selected(path) else ())


def check_source(path: Path, source: str, settings: Settings, repair: str = "") -> Checked:
    """The same for a text that stands for the file."""
    library = Folder.of(path) if path.suffix.lower() == ".lrs" else None
    look = partial(_linted, library=library, selection=settings.selected(path), options=settings.options(path))
    repaired = 0
    for _ in range(MOST_ROUNDS if repair else 1):
        texts, unread = texts_of(path, source, settings)
        found = [(one, look(one.text)) for one in texts]
        changed, count = source, 0
        for i in range(len(found)) if repair else ():
            fixes = repairs(found[i][0].text, found[i][1], repair == "unsafe", look)
            whole = edited(path, changed, settings, i, fixes)
            changed, count = (whole, count + len(fixes)) if whole is not None else (changed, count)
        if changed == source:
            break
        source, repaired = changed, repaired + count
    diagnostics = [one.moved(d, source) for one, problems in found for d in problems]
    if unread is not None and UNREADABLE in settings.selected(path):
        at = min(unread.offset, len(source))
        diagnostics.append(Diagnostic(UNREADABLE, "warning", unread.message, "what is written there was not checked", Span.of(source, at, at + 1)))
    return Checked(str(path), source, tuple(diagnostics), repaired, len(found))


def texts_of(path: Path, source: str, settings: Settings) -> tuple[list[Embedded], UnreadableError | None]:
    """The texts of a file, and what kept from finding more."""
    found: list[Embedded] = []
    try:
        found.extend(texts_in(path, source, Finder(settings.keys)))
    except UnreadableError as error:
        return found, error
    return found, None


def edited(path: Path, source: str, settings: Settings, index: int, fixes: list[Fix]) -> str | None:
    """A file with repairs made in one of its texts; None where there are none, or where the file would not have just that text changed."""
    if not fixes:
        return None
    before, unread = texts_of(path, source, settings)
    wanted = [one.text for one in before]
    wanted[index] = applied(wanted[index], fixes)
    made = [before[index].edit(fix) for fix in fixes]
    if source.partition("\n")[0].endswith("\r"):  # as the first line ends, all others do
        made = [Fix(fix.start, fix.end, _unified(fix.replacement).replace("\n", "\r\n")) for fix in made]
    changed = applied(source, made)
    after, still = texts_of(path, changed, settings)
    same = [_unified(one.text) for one in after] == [_unified(text) for text in wanted]
    return changed if same and (still is None) == (unread is None) and changed != source else None


def _unified(text: str) -> str:
    """A text with one kind of ends of lines."""
    return text.replace("\r\n", "\n")


def _linted(text: str, library: Folder | None, selection: Selection, options: dict[str, Any]) -> list[Diagnostic]:
    """The problems of a text. What it lacks of the run the program that uses it will say: the rest is checked as if of some run."""
    unfilled = PLACEHOLDER.search(text) if library is None else None
    if unfilled is not None:
        message = f"`{shown(unfilled[0])}` is filled in by a program"
        unread = Diagnostic(UNREADABLE, "warning", message, "the schedule was not checked; it is when the program reads it", Span.of(text, *unfilled.span()))
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
    for i, one in enumerate(texts):
        source = edited(path, source, settings, i, _laid_out(one, path)) or source
    return source


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


def write(path: Path, source: str) -> None:
    """Put a text in the place of a file, all of it or nothing, with the ends of lines that it has."""
    replace(path, lambda temporary: temporary.write_bytes(source.encode("utf-8")))
