"""Strings of Python programs as embedded texts: their values, the places of their characters, and several strings that are joined to one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import attrs

from lrdsl.documents.places import Places, Run, places_of
from lrdsl.linting.hosts.embedded import Embedded, Given
from lrdsl.linting.hosts.words import String

_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^{}\\]{1,100}\}|[0-7]{1,3}|\r\n|.)|\r\n?", re.DOTALL)
_BREAK = re.compile(r"\r\n?")
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": "", "\r": "", "\r\n": ""}
#: A field of a template, as far as it needs no string of its own.
_FIELD = re.compile(r"\{\{|\}\}|(?P<field>\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})")


def value(source: str, strings: Sequence[String]) -> str:
    """The value of strings that are joined to one. The fields of templates stand in it as they are written."""
    return "".join(_value(source, string) for string in strings)


def _value(source: str, string: String) -> str:
    raw = source[string.start : string.end]
    if "r" in string.prefix:
        return _BREAK.sub("\n", raw)
    return _ESCAPE.sub(_unescaped, raw) if "\\" in raw or "\r" in raw else raw


def _unescaped(piece: re.Match[str]) -> str:
    """The characters that an escape stands for; an escape that Python does not know stands for itself."""
    escape = piece[0]
    if escape[0] != "\\":
        return "\n"
    code = escape[1:]
    if code in _SIMPLE:
        return _SIMPLE[code]
    try:
        if code[0] == "N" and len(code) > 1:
            return unicodedata.lookup(code[2:-1])
        if code[0] in "xuU" and len(code) > 1:
            return chr(int(code[1:], 16))
        return chr(int(code, 8)) if code[0] in "01234567" else escape
    except (KeyError, ValueError, OverflowError):
        return escape


def embedded(source: str, strings: Sequence[String], given: Given) -> Embedded:
    """Strings that are joined to one, as an embedded text. A repair stays inside of one string."""
    pieces = [_embedded(source, string) for string in strings]
    first, last = pieces[0], pieces[-1]
    extent = (strings[0].begin, strings[-1].end + len(strings[-1].quote))
    text = "".join(piece.text for piece in pieces)
    holes = _fields(text) if any(string.template for string in strings) else ()
    if len(pieces) == 1:
        return attrs.evolve(first, extent=extent, given=given, holes=holes, breaks=((0, len(text)),) if holes else ())
    joints: list[tuple[int, Callable[[str], str]]] = []
    offsets: list[Run] = []
    ends: list[Run] = []
    at = 0
    for piece in pieces:
        if at and piece.text:
            joints.append((at, piece.quote))
        size = len(piece.text)
        offsets += piece.offsets.runs(0, size)
        ends += piece.ends.runs(0, size)
        at += size
    offsets.append((last.offsets[len(last.text)], 1))
    breaks = ((0, at),) if holes else tuple([(joint, joint) for joint, _ in joints])
    return Embedded(text, Places.of(offsets), first.quote, Places.of(ends), extent, breaks, tuple(joints), holes, given)


def _fields(text: str) -> tuple[tuple[int, int], ...]:
    """The fields of a template."""
    return tuple([field.span() for field in _FIELD.finditer(text) if field["field"] is not None])


def _embedded(source: str, string: String) -> Embedded:
    raw, delimiter = "r" in string.prefix, string.quote
    escapes = (_BREAK if raw else _ESCAPE).finditer(source, string.start, string.end)
    places = places_of(string.start, string.end, ((escape.start(), escape.end(), 1 if raw else len(_unescaped(escape))) for escape in escapes))

    def quote(added: str) -> str:
        if raw:
            return added
        escaped = added.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")
        return escaped if len(delimiter) == 3 else escaped.replace("\n", "\\n")

    return Embedded(_value(source, string), places, quote)
