"""Files that another file names: read if they lie inside the folder of both, links resolved. Nothing in them is run. `noted` says which were looked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import attrs

from lrdsl.documents import MAX_CHARACTERS, UnreadableError, documents, format_of


@attrs.frozen
class Notes:
    """The files that were looked for: `sought` has the path of each, or "" where there is none, by the folder in which it was looked for, its name, and the
    folder inside which it may lie. `texts` has what was read, by path.
    """

    sought: dict[tuple[str, str, str], str] = attrs.Factory(dict)
    texts: dict[str, str] = attrs.Factory(dict)


_NOTES: ContextVar[Notes | None] = ContextVar("notes", default=None)


@contextmanager
def noted() -> Iterator[Notes]:
    """Notes the files that are looked for meanwhile."""
    notes = Notes()
    token = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(token)


def inside(path: Path, name: str, folder: Path | None, endings: tuple[str, ...] = ("",)) -> Path | None:
    """Returns the path of a file that another one names, if it lies inside the folder and has one of some endings; None for any other."""
    if folder is None or "\0" in name or not name.endswith(endings):
        return None
    answer = None
    try:
        root, wanted = folder.resolve(), (path.parent / name).resolve()
        answer = wanted if wanted.is_relative_to(root) and wanted.is_file() else None
    except (OSError, RuntimeError):
        pass
    notes = _NOTES.get()
    if notes is not None:
        notes.sought[os.path.abspath(path.parent), name, str(folder)] = "" if answer is None else str(answer)  # noqa: PTH100 - it keeps links
    return answer


def text_inside(path: Path) -> str:
    """Returns the text of a file; "" for one that is too long or cannot be read."""
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= MAX_CHARACTERS else ""
    except (OSError, ValueError):
        text = ""
    notes = _NOTES.get()
    if notes is not None:
        notes.texts[str(path)] = text
    return text


def data(path: Path, name: str, folder: Path | None) -> Any:
    """Returns the document of a file of data that a program names, from its own folder or one above it inside `folder`; None if there is none."""
    for here in (path, *path.parents):
        wanted = inside(here, name, folder, (".yaml", ".yml", ".json", ".toml"))
        if wanted is not None:
            try:
                return next(iter(documents(text_inside(wanted), format_of(wanted.name) or "")), None)
            except UnreadableError:
                return None
        if folder is None or here.parent == folder:
            return None
    return None
