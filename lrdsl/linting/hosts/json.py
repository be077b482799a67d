"""Schedules in JSON files: the strings that are values. A file may have comments and commas at the end of lists, as editors and compilers allow."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

import attrs

from lrdsl.documents import json as documents
from lrdsl.documents.json import quoted, runs, strict
from lrdsl.documents.places import Places
from lrdsl.linting.hosts.beside import is_wanted, with_given
from lrdsl.linting.hosts.calls import TARGET, Arguments
from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.functions import TEXTS
from lrdsl.linting.hosts.pages import Page

#: A string or a comment.
_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)


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
    texts = (embedded(document, string) for _, string in sorted(schedules.items()))  # that of a call may come twice, and after others
    yield from with_given(texts, lambda words: load(document, object_pairs_hook=partial(_kept, words)), finder.names)


def _kept(words: Collection[str], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping without the values that say nothing about schedules, whose texts are `words`, so that a large document takes little memory."""
    return {key: value for key, value in pairs if isinstance(value, dict | list) or is_wanted(key) or value in words}


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
    named: dict[int, bool] = {}  # for each depth, whether the last key names schedules
    mappings: dict[int, tuple[list[str | int], Arguments[String]]] = {}
    for string in documents.strings(source):
        path, depth = string.path, len(string.path)
        if string.is_key:
            outer = _nearest_key(path, depth - 1)
            named[depth] = finder.names(string.text, outer > 0 and named[outer])
            continue
        key = path[-1] if path else None
        nearest = _nearest_key(path, depth)
        is_named = nearest > 0 and named[nearest]
        yield String(path, is_named, string.text, string.start, string.end)
        if isinstance(key, str) and (key in TEXTS or key == TARGET):
            within = path[:-1]
            if depth not in mappings or mappings[depth][0] != within:
                mappings[depth] = (within, Arguments())
            yield from mappings[depth][1].add(key, string.text, String(list(path), True, string.text, string.start, string.end))


def _nearest_key(path: list[str | int], depth: int) -> int:
    """The depth of the last key among the first so many parts of a path; 0 if there is none."""
    while depth > 0 and not isinstance(path[depth - 1], str):
        depth -= 1
    return depth


def embedded(source: str, string: String) -> Embedded:
    """A string as an embedded text."""
    return Embedded(string.text, Places.of(runs(source, string.start, string.end)), quoted, extent=(string.start - 1, string.end + 1))
