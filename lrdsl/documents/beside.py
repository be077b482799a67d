"""Files that another file names: read if they lie inside the folder of both, links resolved. Nothing in them is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrdsl.documents import MAX_CHARACTERS, UnreadableError, documents, format_of


def inside(path: Path, name: str, folder: Path | None, endings: tuple[str, ...]) -> Path | None:
    """Returns the path of a file that another one names, if it lies inside the folder and has one of some endings; None for any other."""
    if folder is None or "\0" in name or not name.endswith(endings):
        return None
    try:
        root, wanted = folder.resolve(), (path.parent / name).resolve()
        return wanted if wanted.is_relative_to(root) and wanted.is_file() else None
    except (OSError, RuntimeError):
        return None


def text_inside(path: Path) -> str:
    """Returns the text of a file; "" for one that is too long or cannot be read."""
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= MAX_CHARACTERS else ""
    except (OSError, ValueError):
        return ""


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
