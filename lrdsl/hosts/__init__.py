"""Texts inside other files: schedule strings in YAML, TOML, JSON, Python and notebooks, with the place of each of their characters in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError

#: By the ending of a file, the module that finds texts in it, and the function there.
_KINDS = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json", ".py": "python", ".pyi": "python", ".ipynb": "notebook"}
#: What some editors put before the first character of a file.
_BOM = "\ufeff"
ENDINGS = (".lrs", *_KINDS)


def texts_in(path: Path, source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedule texts in a file, by its ending; a `.lrs` file is one text as it stands.

    Raises `UnreadableError` for a file that its format cannot read, or, after the other texts, for a part of it.
    """
    kind = path.suffix.lower()
    if source.startswith(_BOM):
        try:
            yield from (one.later(1) for one in texts_in(path, source[1:], finder))
        except UnreadableError as error:
            raise UnreadableError(error.message, error.offset + 1) from None
        return
    if kind == ".lrs":
        yield Embedded(source, tuple(range(len(source) + 1)), str)
        return
    if kind not in _KINDS or not finder.may_hold(source):
        return
    find: Callable[[str, Finder], Iterator[Embedded]] = import_module(f"lrdsl.hosts.{_KINDS[kind]}").find
    yield from find(source, finder)


__all__ = ["ENDINGS", "Embedded", "Finder", "UnreadableError", "texts_in"]
