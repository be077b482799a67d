"""TOML, by the standard library. It gives no places: the lines of the headings and of the keys give them."""

from __future__ import annotations

import re
import sys
from typing import Any

from lrdsl.documents import MAX_VALUES, Items, Place, Table, UnreadableError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

#: Reads a TOML document. Raises a `ValueError` for a text that is not TOML.
loads = tomllib.loads
#: The most parts of a key, as `a.b.c` has three: the parser takes quadratic time in their number.
MAX_PARTS = 100
_LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{MAX_PARTS}}}")
#: A heading of a table; and a key with the start of its value.
_HEADING = re.compile(r"[ \t]*\[{1,2}[ \t]*([\w.\"' -]{1,500})[ \t]*\]{1,2}[ \t]*(?:#.*)?")
_KEY = re.compile(r"[ \t]*([\w.\"'-]{1,500})[ \t]*=[ \t]*(?=(\S.*)?)")
_DEPTH, _LONGEST_LINE = 60, 2000


def read(text: str) -> list[Any]:
    """Returns the one document of a text."""
    if _LONG_KEY.search(text):
        raise UnreadableError(f"this TOML has a key with {MAX_PARTS} parts")
    try:
        raw = loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"this is not TOML: {error}") from None
    document = _placed(raw, [MAX_VALUES], 0)
    _find(text, document)
    return [document]


def _placed(raw: Any, left: list[int], depth: int) -> Any:
    """The value, with room for places. `left` is the number of values that may come."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH:
        raise UnreadableError("this document is too large or too deep")
    if isinstance(raw, dict):
        table = Table()
        for key, item in raw.items():
            table[key] = _placed(item, left, depth + 1)
        return table
    if isinstance(raw, list):
        items = Items()
        items.extend(_placed(item, left, depth + 1) for item in raw)
        return items
    return raw if isinstance(raw, str | int | float | bool) else str(raw)


def _find(text: str, document: Table) -> None:
    """Gives the tables their places."""
    at, table = 0, document
    for line in text.splitlines(keepends=True):
        if len(line) > _LONGEST_LINE:
            at += len(line)
            continue
        if heading := _HEADING.match(line):
            table = document
            for part in _parts(heading[1]):
                inner = table.get(part)
                if not isinstance(inner, Table):
                    break
                table.places.setdefault(part, Place(at + heading.start(1), at, at + len(line.rstrip())))
                table = inner
        elif pair := _KEY.match(line):
            parts = _parts(pair[1])
            inner = table.get(parts[0])
            if parts[0] in table and (len(parts) == 1 or isinstance(inner, Table)):
                end = at + len(line.rstrip())
                table.places.setdefault(parts[0], Place(at + pair.start(1), min(at + pair.end(), end), end))
        at += len(line)


def _parts(key: str) -> list[str]:
    return [part.strip().strip("\"'") for part in key.split(".")]
