"""Schedules in files of other formats: `texts_in` finds them in YAML, TOML, JSON, Python and notebooks, `pages_in` finds comments. One module a format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from lrdsl.arguments import ENDING
from lrdsl.documents.places import Places
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.pages import Page
from lrdsl.linting.hosts.placeholders import filled
from lrdsl.syntax.tokens import MAX_TEXT

#: The module that reads a file, by the ending of its name.
_KINDS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".json": "json",
    ".jsonc": "jsonc",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".py": "python",
    ".pyi": "python",
    ".ipynb": "notebook",
    ".sh": "shell",
    ".bash": "shell",
    ".slurm": "shell",
    ".sbatch": "shell",
    ".gin": "shell",
}
#: The byte order mark, which some editors put at the start of a file.
_BOM = "\ufeff"
ENDINGS = (ENDING, *_KINDS)
#: The most schedules of a file: a file with more is data, not a config.
MOST_TEXTS = 1_000


@cache
def containers() -> tuple[str, ...]:
    """Returns the endings of the files that may contain schedules, in lrdsl's words or in another library's, and are none themselves."""
    from lrdsl.documents import ENDINGS as DOCUMENTS  # a check of one file reads no document

    return tuple(dict.fromkeys((*_KINDS, *DOCUMENTS)))


def texts_in(path: Path, source: str, finder: Finder, most: int | None = None) -> Iterator[Embedded]:
    """Yields the schedules in a file, `most` of them at most. The ending of its name says its format; a `.lrs` file is one schedule.

    Raises `UnreadableError` for a file that is not of its format, or, after the schedules, for a part of it that cannot be read. Raises no other error.
    """
    kind = path.suffix.lower()
    start = len(_BOM) if source.startswith(_BOM) else 0
    try:
        characters = 0
        for i, embedded in enumerate(_texts(kind, source[start:], finder)):
            if i == most or (most is None and (i == MOST_TEXTS or characters > MAX_TEXT)):
                message = f"a file may have {MOST_TEXTS:,} schedules of {MAX_TEXT:,} characters together"
                raise UnreadableError(message, embedded.offsets[0])
            characters += len(embedded.text)
            yield embedded.shifted(start) if start else embedded
    except UnreadableError as error:
        raise UnreadableError(error.message, error.offset + start, error.template, error.holds, error.passing) from None
    except RecursionError:
        raise UnreadableError("this is nested too deep", start) from None
    except MemoryError:
        raise UnreadableError("this is too large or nested too deep for the memory", start) from None
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"this cannot be read: {error}", start) from None


def _texts(kind: str, source: str, finder: Finder) -> Iterator[Embedded]:
    if kind == ENDING:
        yield Embedded(source, Places.of([(0, len(source) + 1)]), str)
    elif kind in _KINDS and finder.may_hold(source):
        find: Callable[[str, Finder], Iterator[Embedded]] = _module(kind).find
        yield from map(filled, find(source, finder))


def pages_in(path: Path, source: str) -> list[Page]:
    """Returns the pages of a file, on which its comments stand. Those after a part that cannot be read are missing."""
    kind = path.suffix.lower()
    if kind != ENDING and kind not in _KINDS:
        return []
    return list(_module(kind).pages(source.replace(_BOM, "\n", 1) if source.startswith(_BOM) else source))


def _module(kind: str) -> Any:
    return import_module(f"lrdsl.linting.hosts.{_KINDS.get(kind, 'schedule')}")


__all__ = ["ENDINGS", "Embedded", "Finder", "Page", "UnreadableError", "containers", "pages_in", "texts_in"]
