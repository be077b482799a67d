"""Schedules in JSON files: the strings that are values. A file may have comments and commas at the end of lists, as editors and compilers allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import attrs

from lrdsl.documents.json import strict
from lrdsl.linting.hosts import places
from lrdsl.linting.hosts.calls import Arguments
from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.pages import Page
from lrdsl.linting.hosts.places import Places, Run

_DECODER = json.JSONDecoder()
_SIGN = re.compile(r'["{}\[\],]')
_COLON = re.compile(r"[ \t\r\n]*:")
#: A string or a comment.
_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
#: An escape, which stands for one character. A pair of surrogates is one escape.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)")


@attrs.frozen
class String:
    """A string that is a value: the keys and indices that lead to it, whether its last key names schedules, and where its content starts and ends."""

    path: list[str | int]
    named: bool
    text: str
    start: int
    end: int


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a JSON document."""
    document, marks = source, None
    try:
        load(source, object_pairs_hook=len)  # checks that this is JSON, without keeping the objects
    except UnreadableError:
        document, marks = strict(source), Marks.of(source)
        if document == source:
            raise
        load(document, object_pairs_hook=len)
    schedules = {s.start: s for s in strings(document, finder) if finder.wants(s.named, s.text, marks is not None and marks.at(s.start))}
    for _, string in sorted(schedules.items()):  # that of a call may come twice, and after others
        yield embedded(document, string)


def pages(source: str, may_comment: bool = False) -> Iterator[Page]:
    """The page of a JSON file. It may have comments if it has some already."""
    parts = [match.span() for match in _PART.finditer(source)]
    strings = [extent for extent in parts if source[extent[0]] == '"']
    yield Page.of(source, strings, ("//", "/*") if may_comment or len(strings) < len(parts) else ())


def load(source: str, **hooks: Any) -> Any:
    """Reads a document, with its numbers as text. Raises `UnreadableError` for a text that is not JSON."""
    try:
        return json.loads(source, parse_int=str, parse_float=str, **hooks)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"this is not JSON: {error.msg}", error.pos) from None


def strings(source: str, finder: Finder) -> Iterator[String]:
    """The strings of a sound document that are values. They share one `path` list, which changes with the next string."""
    path: list[str | int] = []
    named = [False]  # for each open object and list, whether the last key names schedules
    mappings: list[Arguments[String]] = []
    at = 0
    while (sign := _SIGN.search(source, at)) is not None:
        at = sign.end()
        match sign[0]:
            case "{" | "[":
                path.append("" if sign[0] == "{" else 0)
                named.append(named[-1])
                mappings.append(Arguments())
            case "}" | "]":
                path.pop()
                named.pop()
                mappings.pop()
            case ",":
                last = path[-1]
                path[-1] = "" if isinstance(last, str) else last + 1
            case _:
                text, end = _DECODER.raw_decode(source, sign.start())
                colon = _COLON.match(source, end) if path and isinstance(path[-1], str) else None
                if colon is None:
                    yield String(path, named[-1], text, at, end - 1)
                    if path and isinstance(key := path[-1], str):
                        yield from mappings[-1].add(key, text, String(list(path), True, text, at, end - 1))
                    at = end
                else:
                    path[-1], named[-1] = text, finder.names(text)
                    at = colon.end()


def embedded(source: str, string: String) -> Embedded:
    """A string as an embedded text."""
    return Embedded(string.text, Places.of(runs(source, string)), quoted, extent=(string.start - 1, string.end + 1))


def runs(source: str, string: String) -> Iterator[Run]:
    """The runs of a string's characters, and of its end."""
    escapes = _ESCAPE.finditer(source, string.start, string.end)
    return places.runs(string.start, string.end, ((escape.start(), escape.end(), 1) for escape in escapes))


def quoted(added: str) -> str:
    """A text as JSON writes it between quotes."""
    return json.dumps(added, ensure_ascii=False)[1:-1]
