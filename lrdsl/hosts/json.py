"""Schedule strings in JSON: the strings under keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError

#: Where a value stands: the keys and indices that lead to it.
Place: TypeAlias = "tuple[str | int, ...]"

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[{}\[\],:]')
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\.|.", re.DOTALL)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a JSON document."""
    loaded(source)
    for place, start, end in strings(source):
        key = next((name for name in reversed(place) if isinstance(name, str)), "")
        one = unescaped(source, start, end)
        if finder.wants(key, one.text, False):
            yield one


def loaded(source: str) -> object:
    """The value of a document. Raises `UnreadableError`."""
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "pos", 0)
        raise UnreadableError(f"this is not JSON: {getattr(error, 'msg', error)}", at) from None


def strings(source: str) -> Iterator[tuple[Place, int, int]]:
    """The strings of a sound document that are values, each with its place, and where it begins and ends between its quotes."""
    place: list[str | int] = []
    key = ""  # the last string before a colon
    for token in _TOKEN.finditer(source):
        sign = token[0]
        if sign == "{" or sign == "[":
            place.append("" if sign == "{" else 0)
        elif sign == "}" or sign == "]":
            place.pop()
        elif sign == ",":
            last = place.pop()
            place.append("" if isinstance(last, str) else last + 1)
        elif sign == ":":
            place[-1] = json.loads(f'"{key}"')
        elif place and isinstance(place[-1], str) and _is_key(source, token.end()):
            key = token[1]
        else:
            yield tuple(place), token.start(1), token.end(1)


def _is_key(source: str, at: int) -> bool:
    while source[at] in " \t\r\n":
        at += 1
    return source[at] == ":"


def unescaped(source: str, start: int, end: int) -> Embedded:
    """A string between two quotes, with its escapes undone."""
    text, offsets = "", list[int]()
    for piece in _ESCAPE.finditer(source, start, end):
        character = json.loads(f'"{piece[0]}"') if piece[0].startswith("\\") else piece[0]
        offsets += [piece.start()] * len(character)
        text += character
    return Embedded(text, (*offsets, end), quoted)


def quoted(added: str) -> str:
    """A text as JSON has it between quotes."""
    return json.dumps(added, ensure_ascii=False)[1:-1]
