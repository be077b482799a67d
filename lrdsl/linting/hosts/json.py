"""Schedule strings in JSON: the strings under keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import attrs

from lrdsl.linting.hosts import places
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.places import Places, Run

_DECODER = json.JSONDecoder()
_SIGN = re.compile(r'["{}\[\],]')
_COLON = re.compile(r"[ \t\r\n]*:")
#: An escape, which is one character: also where it is a high and a low surrogate.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)")


@attrs.frozen
class String:
    """A string that is a value: the keys and indices that lead to it, whether the last key names schedules, and where it is between its quotes."""

    path: list[str | int]
    named: bool
    text: str
    start: int
    end: int


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a JSON document."""
    loaded(source, object_pairs_hook=len)  # it is looked at whether this is JSON; what is in the objects is not kept
    for one in strings(source, finder):
        if finder.wants(one.named, one.text, False):
            yield embedded(source, one)


def loaded(source: str, **hooks: Any) -> Any:
    """The value of a document, its numbers as they are written. Raises `UnreadableError`."""
    try:
        return json.loads(source, parse_int=str, parse_float=str, **hooks)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"this is not JSON: {error.msg}", error.pos) from None


def strings(source: str, finder: Finder) -> Iterator[String]:
    """The strings of a sound document that are values. Their `path` is one list for all: it changes with the next."""
    path: list[str | int] = []
    named = [False]  # what the last key says, of each object and list that is open
    at = 0
    while (sign := _SIGN.search(source, at)) is not None:
        at = sign.end()
        match sign[0]:
            case "{" | "[":
                path.append("" if sign[0] == "{" else 0)
                named.append(named[-1])
            case "}" | "]":
                path.pop()
                named.pop()
            case ",":
                last = path[-1]
                path[-1] = "" if isinstance(last, str) else last + 1
            case _:
                text, end = _DECODER.raw_decode(source, sign.start())
                colon = _COLON.match(source, end) if path and isinstance(path[-1], str) else None
                if colon is None:
                    yield String(path, named[-1], text, at, end - 1)
                    at = end
                else:
                    path[-1], named[-1] = text, finder.names(text)
                    at = colon.end()


def embedded(source: str, one: String) -> Embedded:
    """A string as a text in the document."""
    return Embedded(one.text, Places.of(runs(source, one)), quoted)


def runs(source: str, one: String) -> Iterator[Run]:
    """Where its characters stand, and its end."""
    return places.runs(one.start, one.end, ((escape.start(), escape.end(), 1) for escape in _ESCAPE.finditer(source, one.start, one.end)))


def quoted(added: str) -> str:
    """A text as JSON has it between quotes."""
    return json.dumps(added, ensure_ascii=False)[1:-1]
