"""Documents of YAML, JSON and TOML as Python values that know where they stand. Nothing in a document is run: a tag constructs nothing.

A document is `Table`s, `Items` and scalars. Sizes, depths and aliases are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePath
from typing import Any

import attrs

#: The most characters of a text that is read, the most values of one, counted with what aliases repeat, and the deepest nesting.
MAX_CHARACTERS, MAX_VALUES, MAX_DEPTH = 2_000_000, 100_000, 60
#: The formats, by the endings of files. Each is the module of its name.
_FORMATS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".jsonc": "json",
    ".json5": "json",
    ".toml": "toml",
    ".py": "python",
    ".sh": "shell",
    ".bash": "shell",
    ".slurm": "shell",
    ".sbatch": "shell",
    ".gin": "gin",
}
#: The endings of the files that are read.
ENDINGS = tuple(_FORMATS)


class UnreadableError(ValueError):
    """Raised for a text that is not of its format, or above a bound: the reason, and the offset of the fault."""

    def __init__(self, message: str, offset: int = 0) -> None:
        self.offset = offset
        super().__init__(message)


@attrs.frozen
class Place:
    """Where an entry stands in its text: the offset of its key, or of the value if it has no key, and the start and the end of its value."""

    key: int
    start: int
    end: int


@attrs.frozen
class Opaque:
    """A value that is not read: one with a tag of its own, a variable, or an alias of nothing. `text` is what stands there, `name` that of a variable."""

    text: str
    name: str = ""


class Table(dict[Any, Any]):
    """A mapping of a document; `places` has the place of each key. It `is_open` if it has further keys, which the document does not say."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Any, Place] = {}
        self.is_open = False


class Items(list[Any]):
    """A list of a document; `places` has the place of each item."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []


def place(container: Any, key: Any) -> Place | None:
    """Returns the place of an entry; None for one of a plain dict or list, which stand nowhere."""
    if isinstance(container, Table):
        return container.places.get(key)
    return container.places[key] if isinstance(container, Items) and key < len(container.places) else None


def format_of(name: str) -> str | None:
    """Returns the format of a file by its ending; None for other files.

    >>> format_of("conf/train.yml"), format_of("train.py")
    ('yaml', 'python')
    """
    return _FORMATS.get(PurePath(name).suffix.lower())


def refuse_odd(text: str) -> None:
    """Raises `UnreadableError` for a text that is too long, or holds what no text file holds."""
    if len(text) > MAX_CHARACTERS:
        raise UnreadableError(f"the file has {len(text):,} characters, and {MAX_CHARACTERS:,} are read")
    if "\0" in text:
        raise UnreadableError("the file has a character NUL: it is no text", text.index("\0"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("the file has half of a character", error.start) from None


def documents(text: str, format: str) -> list[Any]:
    """Returns the documents of a text: one of JSON or TOML, any number of YAML. Raises `UnreadableError`."""
    refuse_odd(text)
    read: Callable[[str], list[Any]] = import_module(f"lrdsl.documents.{format}").read
    return read(text)


@attrs.define
class _Open:
    value: Table | Items
    place: Place
    key: Any = None
    has_key: bool = False
    key_at: int = 0
    anchor: str | None = None
    before: int = 0


@attrs.define
class Builder:
    """Builds documents from the events of a parser, which come one by one: no recursion, and each alias is counted with all that it repeats."""

    ended: list[Any] = attrs.Factory(list)
    _open: list[_Open] = attrs.Factory(list)
    _anchored: dict[str, tuple[Any, int]] = attrs.Factory(dict)
    _count: int = 0

    @property
    def at_key(self) -> bool:
        """Whether a key of a mapping comes next."""
        return bool(self._open) and isinstance(self._open[-1].value, Table) and not self._open[-1].has_key

    def begin(self, container: Table | Items, start: int, anchor: str | None = None) -> None:
        """Begins a mapping or a list."""
        if len(self._open) >= MAX_DEPTH:
            raise UnreadableError(f"this is nested more than {MAX_DEPTH} deep", start)
        self._grow(1, start)
        self._open.append(_Open(container, Place(start, start, start), anchor=anchor, before=self._count))

    def end(self, end: int) -> None:
        """Ends the innermost mapping or list."""
        last = self._open.pop()
        self._put(last.value, attrs.evolve(last.place, end=end), last.anchor, self._count - last.before + 1)

    def scalar(self, value: Any, start: int, end: int, anchor: str | None = None) -> None:
        """Takes a scalar: a key or a value."""
        self._grow(1, start)
        self._put(value, Place(start, start, end), anchor, 1)

    def alias(self, anchor: str, start: int, end: int) -> None:
        """Takes an alias."""
        value, count = self._anchored.get(anchor, (Opaque(f"*{anchor}"), 1))
        self._grow(count, start)
        self._put(value, Place(start, start, end), None, count)

    def rename(self, anchor: str, name: str) -> None:
        """Gives what an anchor names a further name."""
        if anchor in self._anchored:
            self._anchored[name] = self._anchored[anchor]

    def _grow(self, count: int, at: int) -> None:
        self._count += count
        if self._count > MAX_VALUES:
            raise UnreadableError(f"this document has more than {MAX_VALUES:,} values", at)

    def _put(self, value: Any, where: Place, anchor: str | None, count: int) -> None:
        if anchor is not None:
            self._anchored[anchor] = (value, count)
        if not self._open:
            self.ended.append(value)
            self._anchored, self._count = {}, 0
            return
        inner = self._open[-1]
        if isinstance(inner.value, Items):
            inner.value.append(value)
            inner.value.places.append(where)
        elif not inner.has_key:
            inner.key, inner.has_key, inner.key_at = (
                value if isinstance(value, str | int | float | bool | None) else Opaque(repr(type(value))),
                True,
                where.start,
            )
        else:
            inner.has_key = False
            if inner.key == "<<" and _merged(inner.value, value):
                return
            inner.value[inner.key] = value
            inner.value.places[inner.key] = Place(inner.key_at, where.start, where.end)


def _merged(table: Table, value: Any) -> bool:
    """Merges what YAML's key `<<` names: entries that the table has go before. Returns whether it names mappings."""
    sources = [value] if isinstance(value, Table) else list(value) if isinstance(value, Items) else []
    if not sources or not all(isinstance(source, Table) for source in sources):
        return False
    for source in sources:
        for key, item in source.items():
            if key not in table:
                table[key] = item
                table.places[key] = source.places[key]
    return True


def plain(mapping: Any) -> bool:
    """Returns whether a mapping or list of Python is as bounded as one of a document: not too deep or large, and without a cycle."""
    count = 0
    layer: list[Any] = [mapping]
    for _ in range(MAX_DEPTH):
        inner = [item for container in layer for item in (container.values() if isinstance(container, Mapping) else container)]
        count += len(inner)
        layer = [item for item in inner if isinstance(item, Mapping | list | tuple)]
        if not layer or count > MAX_VALUES:
            break
    return not layer or (count <= MAX_VALUES and not layer)
