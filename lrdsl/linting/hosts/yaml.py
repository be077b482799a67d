"""Schedules in YAML files: plain, quoted and block scalars, in any number of documents. PyYAML finds the scalars.

This module reads PyYAML's events, not its nodes: events come one by one, and the value of an anchor occurs once, however many aliases it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import yaml

from lrdsl.diagnostics import shown
from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.places import Piece, Places, Run, places_of

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: An anchor and a tag before a scalar.
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+){0,2}")
#: The parts of a scalar that stand for other characters, by its style: escapes, and line breaks with the blanks around them.
_BREAK = r"(?P<blank>[ \t]+(?!\r?\n|[ \t]))|(?P<break>[ \t]*\r?\n[ \t\r\n]*)"
_PIECES = {
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|(?P<joint>\r?\n[ \t]*)|.)|" + _BREAK, re.DOTALL),
    "'": re.compile(r"''|" + _BREAK),
    "": re.compile(_BREAK),
}


@attrs.frozen
class _Scalar:
    """A scalar: its value, its style, where it begins and ends, and whether it names schedules if it is a key."""

    value: str
    style: str
    start: int
    end: int
    names: bool


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a stream of YAML documents."""
    try:
        scalars = list(_schedules(source, finder))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(f"this is not YAML: {error.problem or error.context}", mark.index if mark is not None else 0) from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"this is not YAML: {error}", 0) from None
    yield from (_embedded(source, scalar) for scalar in scalars)


@attrs.define
class _Open:
    """An open collection: whether its key names schedules, whether it is a mapping, and whether a key of it comes next."""

    named: bool
    mapping: bool
    at_key: bool


def _schedules(source: str, finder: Finder) -> Iterator[_Scalar]:
    """The scalars that are schedules, each once."""
    marks = Marks.of(source)
    open_ = [_Open(False, False, False)]
    anchored: dict[str, _Scalar | None] = {}
    decided: set[int] = set()  # the offsets of the scalars that were looked at already: a scalar may have many aliases
    events: Iterator[Any] = yaml.parse(source, _LOADER)
    for event in events:
        inner = open_[-1]
        scalar = None
        kind = type(event)
        if kind is yaml.AliasEvent:
            if event.anchor not in anchored:
                raise UnreadableError(f"there is no anchor `{shown(event.anchor)}`", event.start_mark.index)
            scalar = anchored[event.anchor]
        elif kind is yaml.ScalarEvent:
            names = (inner.at_key or event.anchor is not None) and finder.names(event.value)
            scalar = _Scalar(event.value, event.style or "", event.start_mark.index, event.end_mark.index, names)
            if event.anchor is not None:
                anchored[event.anchor] = scalar
        elif kind in (yaml.SequenceStartEvent, yaml.MappingStartEvent):
            if event.anchor is not None:
                anchored[event.anchor] = None
            mapping = kind is yaml.MappingStartEvent
            open_.append(_Open(inner.named and not inner.at_key, mapping, mapping))
            continue
        elif kind in (yaml.SequenceEndEvent, yaml.MappingEndEvent):
            open_.pop()
            inner = open_[-1]
        elif kind is yaml.DocumentStartEvent:
            anchored = {}
            continue
        else:
            continue
        if scalar is None:
            inner.named = inner.named and not inner.at_key
        elif inner.at_key:
            inner.named = scalar.names
        elif scalar.start not in decided and ((marked := marks.at(scalar.start)) or inner.named):
            decided.add(scalar.start)
            if finder.wants(inner.named, scalar.value, marked):
                yield scalar
        if inner.mapping:
            inner.at_key = not inner.at_key


def _embedded(source: str, scalar: _Scalar) -> Embedded:
    properties = _PROPERTIES.match(source, scalar.start, scalar.end)
    start = properties.end() if properties is not None else scalar.start
    if scalar.style in ("|", ">"):
        return _block(source, start, scalar.end, scalar.value)
    if scalar.style == '"':
        return _flow(source, start + 1, scalar.end - 1, scalar, lambda added: added.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    if scalar.style == "'":
        return _flow(source, start + 1, scalar.end - 1, scalar, lambda added: added.replace("'", "''"))
    return _flow(source, start, scalar.end, scalar, str)


def _flow(source: str, start: int, end: int, scalar: _Scalar, quote: Callable[[str], str]) -> Embedded:
    """A scalar on one line or folded over several."""
    pieces = (_piece(piece) for piece in _PIECES[scalar.style].finditer(source, start, end) if not piece["blank"])
    places = places_of(start, end, pieces)
    if len(places) != len(scalar.value) + 1:  # an unknown form of scalar: every character gets the place of the whole
        places = Places.of([*((start, 1) for _ in scalar.value), (end, 1)])
    return Embedded(scalar.value, places, quote)


def _piece(piece: re.Match[str]) -> Piece:
    """An escape or a line break. One line break stands for a blank, several for one newline less, and an escaped one for nothing."""
    breaks = piece["break"]
    return piece.start(), piece.end(), max(1, breaks.count("\n") - 1) if breaks else 0 if piece.groupdict().get("joint") else 1


def _block(source: str, start: int, end: int, value: str) -> Embedded:
    """A literal or folded block scalar, whose lines are indented in the file."""
    header = source.find("\n", start, end)
    at = header + 1 if header >= 0 else end
    margin = re.compile(r"(?:[ \t]*\r?\n)*( *)").match(source, at)
    broken = f"\n{margin[1] if margin else ''}"

    def quote(added: str) -> str:
        return re.sub(r"\n(?=[^\n])", broken, added)

    runs: list[Run] = []
    ends: list[Run] = []
    lines = value.split("\n")
    for i, line in enumerate(lines):
        begin = source.find(line, at, end) if line else at
        if begin < 0:  # a folded block, whose lines are joined by blanks
            places = Places.of([*runs, *_folded(source, at, end, value[sum(length for _, length in runs) :])])
            return Embedded(value, Places.of([*places.runs(0, len(places)), (min(end, places[-1] + 1), 1)]), quote)
        stop = begin + len(line)
        runs.append((begin, len(line)))
        ends.append((begin + 1, len(line)))
        if i + 1 < len(lines):
            runs.append((stop, 1))
            ends.append((stop + 1 + source.startswith("\r\n", stop), 1))
        newline = source.find("\n", stop, end)
        at = end if newline < 0 else newline + 1
    after = Places.of(ends)
    return Embedded(value, Places.of([*runs, (min(end, after[-1]) if value else end, 1)]), quote, after)


def _folded(source: str, at: int, end: int, value: str) -> Iterator[Run]:
    """The runs of the remaining words of a folded block, and of the blanks between them."""
    for word in re.finditer(r"\S+|\s", value):
        if word[0].isspace():
            yield at, 1
            at += source.startswith(word[0], at)
        else:
            begin = source.find(word[0], at, end)
            if begin < 0:  # the word is broken in an unknown way: its characters get the place of its start
                yield from ((at, 1) for _ in word[0])
            else:
                yield begin, len(word[0])
                at = begin + len(word[0])
