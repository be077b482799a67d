"""Texts inside other files: schedule strings in YAML, TOML, JSON, Python and notebooks, with the place of each of their characters in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.places import Places
from lrdsl.syntax.tokens import MAX_TEXT

#: By the ending of a file, the module that finds texts in it, and the function there.
_KINDS = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json", ".py": "python", ".pyi": "python", ".ipynb": "notebook"}
#: What some editors put before the first character of a file.
_BOM = "\ufeff"
ENDINGS = (".lrs", *_KINDS)
#: The schedules of a file that are read: one with more is data, and no config.
MOST_TEXTS = 1_000


def texts_in(path: Path, source: str, finder: Finder, most: int | None = None) -> Iterator[Embedded]:
    """The schedule texts in a file, by its ending, at most so many; a `.lrs` file is one text as it stands.

    Raises `UnreadableError` for a file that its format cannot read, or, after the other texts, for a part of it. No other error of a parser comes out.
    """
    kind = path.suffix.lower()
    marked = len(_BOM) if source.startswith(_BOM) else 0
    try:
        read = 0
        for i, one in enumerate(_texts(kind, source[marked:], finder)):
            if i == most or (most is None and (i == MOST_TEXTS or read > MAX_TEXT)):
                raise UnreadableError(f"a file has at most {MOST_TEXTS:,} schedules, which have {MAX_TEXT:,} characters together", one.offsets[0])
            read += len(one.text)
            yield one.later(marked) if marked else one
    except UnreadableError as error:
        raise UnreadableError(error.message, error.offset + marked) from None
    except RecursionError:
        raise UnreadableError("this is nested too deep", marked) from None
    except MemoryError:
        raise UnreadableError("this is too large or nested too deep for the memory", marked) from None
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"this cannot be read: {error}", marked) from None


def _texts(kind: str, source: str, finder: Finder) -> Iterator[Embedded]:
    if kind == ".lrs":
        yield Embedded(source, Places.of([(0, len(source) + 1)]), str)
    elif kind in _KINDS and finder.may_hold(source):
        find: Callable[[str, Finder], Iterator[Embedded]] = import_module(f"lrdsl.linting.hosts.{_KINDS[kind]}").find
        yield from find(source, finder)


__all__ = ["ENDINGS", "Embedded", "Finder", "UnreadableError", "texts_in"]
