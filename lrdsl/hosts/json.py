"""Schedule strings in JSON: the strings under keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError

_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\.|.", re.DOTALL)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a JSON document."""
    try:
        json.loads(source)
    except ValueError as error:
        at = getattr(error, "pos", 0)
        raise UnreadableError(f"this is not JSON: {getattr(error, 'msg', error)}", at) from None
    key, after = "", 0
    for found in _STRING.finditer(source):
        between = source[after : found.start()]
        after = found.end()
        if re.match(r"\s*:", source[found.end() :]):
            key = json.loads(found[0])
        elif "[" in between or "{" in between or ":" not in between:
            continue
        else:
            one = unescaped(source, found.start(1), found.end(1))
            if finder.wants(key, one.text, False):
                yield one


def unescaped(source: str, start: int, end: int) -> Embedded:
    """A string between two quotes, with its escapes undone."""
    text, offsets = "", list[int]()
    for piece in _ESCAPE.finditer(source, start, end):
        character = json.loads(f'"{piece[0]}"') if piece[0].startswith("\\") else piece[0]
        offsets += [piece.start()] * len(character)
        text += character
    return Embedded(text, (*offsets, end), lambda added: json.dumps(added, ensure_ascii=False)[1:-1])
