"""Schedules in YAML files: plain, quoted and block scalars, in any number of documents. PyYAML finds the scalars.

This module reads PyYAML's events, not its nodes: events come one by one, and the value of an anchor occurs once, however many aliases it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import attrs
import yaml

from lrdsl.diagnostics import Fix, shown
from lrdsl.documents.places import Piece, Places, Run, places_of
from lrdsl.linting.hosts.beside import around, given_beside, is_about_schedules
from lrdsl.linting.hosts.calls import Arguments
from lrdsl.linting.hosts.embedded import NOTHING_GIVEN, Embedded, Finder, Given, Marks, Remedy, UnreadableError
from lrdsl.linting.hosts.functions import TEXTS
from lrdsl.linting.hosts.pages import Page
from lrdsl.linting.hosts.placeholders import filled
from lrdsl.syntax.nodes import Extent

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: An anchor and a tag before a scalar.
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+){0,2}")
#: A line with a key and its value; and the most characters of one that is looked at.
_LINE, _LONGEST_LINE = re.compile(r"[\s-]*[\"']?(?P<key>[\w.-]+)[\"']?\s*:\s+(?P<value>.*)"), 10_000
#: The signs that matter for the brackets of a text, and may end it.
_SIGN = re.compile(r"[()\[\]{},\n]| #")
#: Values that are none.
_NOTHING = frozenset(("null", "~", "true", "false", "True", "False", "None", ""))
#: The most places of one scalar that are looked at.
_PLACES = 20
_JOINED = "YAML joins the lines of this text into one"
#: The parts of a scalar that stand for other characters, by its style: escapes, and line breaks with the blanks around them.
_BREAK = r"(?P<blank>[ \t]+(?!\r?\n|[ \t]))|(?P<break>[ \t]*\r?\n[ \t\r\n]*)"
_PIECES = {
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|(?P<joint>\r?\n[ \t]*)|.)|" + _BREAK, re.DOTALL),
    "'": re.compile(r"''|" + _BREAK),
    "": re.compile(_BREAK),
}


@attrs.frozen
class _Scalar:
    """A scalar: its value, its style, where it begins and ends, whether it names schedules if it is a key, and the keys and indices that lead to it.

    `values` are the collections of its document by their paths, each with its scalars and mappings by keys. `end_of_split` is where the text ends that was
    meant, if the scalar ends at a comma. `places` are the paths under names of schedules where it stands, itself or an alias.
    """

    value: str
    style: str
    start: int
    end: int
    names: bool
    path: tuple[str, ...]
    values: Mapping[tuple[str, ...], Mapping[str, Any]]
    end_of_split: int = 0
    places: list[tuple[str, ...]] = attrs.field(factory=list)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a stream of YAML documents."""
    try:
        scalars = list(_schedules(source, finder))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message, place = f"this is not YAML: {error.problem or error.context}", mark.index if mark is not None else 0
        raise UnreadableError(message, place, template=_is_template(source), holds=_may_schedule(source, finder)) from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"this is not YAML: {error}", 0) from None
    for scalar in scalars:
        yield filled(attrs.evolve(_embedded(source, scalar), given=_given(scalar, finder)), partial(_referred, scalar))


def _given(scalar: _Scalar, finder: Finder) -> Given:
    """What stands beside a scalar: nothing, if that is not the same wherever it stands."""
    given = {_given_at(scalar, path, finder) for path in scalar.places[: _PLACES + 1] or [scalar.path]}
    return next(iter(given)) if len(given) == 1 and len(scalar.places) <= _PLACES else NOTHING_GIVEN


def _given_at(scalar: _Scalar, path: tuple[str, ...], finder: Finder) -> Given:
    """What stands beside a scalar in one of its places."""
    keys = [key for key in path if not key.isdigit()]
    at = len(path) - 1
    while at > 0 and path[at].isdigit():  # an item of a list
        at -= 1
    inside, values = path[:at], scalar.values
    named = len(keys) > 1 and bool(inside) and is_about_schedules(inside[-1], finder.names)
    return given_beside(scalar.value, around(values.get(inside, {}), values.get(inside[:-1], {}), named))


def pages(source: str) -> Iterator[Page]:
    """The page of a YAML file, up to the first error."""
    yield Page.of(source, _strings(source), spaced=True)


def _strings(source: str) -> Iterator[Extent]:
    """The extents of the scalars, without the first line of a block, where a comment may stand."""
    try:
        for event in yaml.parse(source, _LOADER):
            if isinstance(event, yaml.ScalarEvent) and event.start_mark is not None and event.end_mark is not None:
                start, end = event.start_mark.index, event.end_mark.index
                if event.style in ("|", ">"):
                    start = _after_header(source, start, end)
                yield start, max(start, end)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        yield 0 if mark is None else mark.index, len(source) + 1


def _after_header(source: str, start: int, end: int) -> int:
    """Where the content of a block scalar begins, after its anchor, its tag, and the line of its sign."""
    properties = _PROPERTIES.match(source, start, end)
    newline = source.find("\n", properties.end() if properties is not None else start, end)
    return end if newline < 0 else newline + 1


def _is_template(source: str) -> bool:
    """Whether a file is a template that a program makes YAML from, as those of Helm and Jinja."""
    return "{{" in source or "{%" in source


def _may_schedule(source: str, finder: Finder) -> bool:
    """Whether a file that is not YAML seems to hold a schedule."""
    lines = (_LINE.fullmatch(line) for line in source.splitlines() if "(" in line and len(line) < _LONGEST_LINE)
    return any(line is not None and finder.wants(finder.names(line["key"]), line["value"], False) for line in lines)


@attrs.define
class _Open:
    """An open collection: whether its key names schedules, whether it is a mapping, and whether a key of it comes next.

    `inside` says that it is a mapping whose own key names schedules, `flow` that it is written in brackets. `path` leads to it, and `key` is the last key, or
    the number of items of a list. `heard` collects the strings of a list that has an anchor. `call` says whether it holds the arguments of a call of lrdsl.
    """

    named: bool
    mapping: bool
    at_key: bool
    inside: bool = False
    flow: bool = False
    path: tuple[str, ...] = ()
    key: str = ""
    count: int = 0
    heard: list[_Scalar] | None = None
    call: Arguments[_Scalar] = attrs.field(factory=Arguments)

    def place(self) -> tuple[str, ...]:
        """The path of the next value."""
        return (*self.path, self.key if self.mapping else str(self.count))


def _schedules(source: str, finder: Finder) -> Iterator[_Scalar]:
    """The scalars that are schedules, each once."""
    marks = Marks.of(source)
    open_ = [_Open(False, False, False)]
    anchored: dict[str, _Scalar | list[_Scalar] | None] = {}
    decided: set[int] = set()  # the offsets of the scalars that were looked at already: a scalar may have many aliases
    values: dict[tuple[str, ...], dict[str, Any]] = {}
    split = 0
    events: Iterator[Any] = yaml.parse(source, _LOADER)
    for event in events:
        inner = open_[-1]
        scalars: list[_Scalar] = []
        kind = type(event)
        if kind is yaml.AliasEvent:
            if event.anchor not in anchored:
                raise UnreadableError(f"there is no anchor `{shown(event.anchor)}`", event.start_mark.index)
            value = anchored[event.anchor]
            scalars = [value] if isinstance(value, _Scalar) else value if value is not None and inner.named else []
            if isinstance(value, list) and inner.named:
                anchored[event.anchor] = None  # its strings are looked at once
        elif kind is yaml.ScalarEvent:
            names = (inner.at_key or event.anchor is not None) and (
                finder.names(event.value, inner.at_key and inner.inside) or (inner.call.calls and inner.at_key and event.value in TEXTS)
            )
            start, end = event.start_mark.index, event.end_mark.index
            path = () if inner.at_key else inner.place()
            scalar = _Scalar(event.value, event.style or "", start, end, names, path, values)
            if inner.flow and inner.named and not inner.at_key and not scalar.style:
                scalar = attrs.evolve(scalar, end_of_split=_end_of_split(source, start, end))
            if event.anchor is not None:
                anchored[event.anchor] = scalar
            if inner.heard is not None:
                inner.heard.append(scalar)
            scalars = [scalar] if start >= split else []
        elif kind in (yaml.SequenceStartEvent, yaml.MappingStartEvent):
            mapping = kind is yaml.MappingStartEvent
            heard = None if mapping else [] if event.anchor is not None else inner.heard
            if event.anchor is not None:
                anchored[event.anchor] = heard
            path = inner.place() if len(open_) > 1 else ()
            if mapping and inner.mapping and not inner.at_key:
                values.setdefault(inner.path, {})[inner.key] = values.setdefault(path, {})
            named = inner.named and not inner.at_key
            open_.append(_Open(named, mapping, mapping, named and mapping, bool(event.flow_style), path, heard=heard))
            continue
        elif kind in (yaml.SequenceEndEvent, yaml.MappingEndEvent):
            open_.pop()
            inner = open_[-1]
        elif kind is yaml.DocumentStartEvent:
            anchored, values = {}, {}
            continue
        else:
            continue
        if inner.at_key:
            inner.named = kind is not yaml.SequenceEndEvent and kind is not yaml.MappingEndEvent and len(scalars) == 1 and scalars[0].names
            inner.key = scalars[0].value if len(scalars) == 1 else ""
        else:
            if kind in (yaml.AliasEvent, yaml.ScalarEvent) and len(scalars) == 1:
                values.setdefault(inner.path, {})[inner.place()[-1]] = scalars[0].value
            for scalar in scalars:
                if inner.named and len(scalar.places) <= _PLACES:
                    scalar.places.append(inner.place())
                if scalar.start not in decided and ((marked := marks.at(scalar.start)) or inner.named):
                    decided.add(scalar.start)
                    meant = source[scalar.start : scalar.end_of_split] if scalar.end_of_split else scalar.value
                    if finder.wants(inner.named, meant, marked):
                        split = max(split, scalar.end_of_split)
                        yield scalar
            for scalar in scalars if inner.mapping else ():
                for held in inner.call.add(inner.key, scalar.value, scalar):
                    if held.start not in decided and finder.wants(True, held.value, False):
                        decided.add(held.start)
                        yield held
        inner.count += 1
        if inner.mapping:
            inner.at_key = not inner.at_key


def _end_of_split(source: str, start: int, end: int) -> int:
    """Where a text ends whose brackets are open at the end of its scalar, which YAML has ended at a comma; 0 if it is whole."""
    text = source[start:end]
    depth = text.count("(") - text.count(")")
    if depth <= 0 or not source.startswith(",", end):
        return 0
    for sign in _SIGN.finditer(source, end, end + _LONGEST_LINE):
        if depth == 0 and sign[0] in ",]}\n #":
            return sign.start()
        depth += (sign[0] in "([") - (sign[0] in ")]")
    return 0


def _referred(scalar: _Scalar, name: str) -> str | None:
    """The value that a reference in a scalar names: from the root, or from the scalar's own place if it begins with dots."""
    up = len(name) - len(name.lstrip("."))
    parts = tuple(name[up:].split("."))
    inside = scalar.path[:-1]
    places = [inside[: len(inside) - up + 1] + parts] if up else [parts, parts[1:], inside + parts]
    values = (scalar.values.get(place[:-1], {}).get(place[-1]) for place in places if place)
    return next((value for value in values if isinstance(value, str) and value not in _NOTHING), None)


def _embedded(source: str, scalar: _Scalar) -> Embedded:
    properties = _PROPERTIES.match(source, scalar.start, scalar.end)
    start = properties.end() if properties is not None else scalar.start
    if scalar.end_of_split:
        text = source[start : scalar.end_of_split].rstrip()
        quote = "'" if '"' in text or "\\" in text else '"'
        fix = Fix(start, start + len(text), f"{quote}{text.replace(quote, quote * 2)}{quote}") if "\n" not in text else None
        remedy = Remedy("YAML ends this text at the comma", "quote it: YAML splits at the comma", (start, start + len(text)), text, fix, sure=True)
        return Embedded(scalar.value, Places.of([(start, scalar.end - start + 1)]), str, extent=(scalar.start, start + len(text)), remedy=remedy)
    if scalar.style in ("|", ">"):
        block = _block(source, start, scalar.end, scalar.value)
        end = scalar.start + len(source[scalar.start : scalar.end].rstrip())
        return attrs.evolve(block, extent=(scalar.start, end), remedy=_folding(source, start, scalar) if scalar.style == ">" else None)
    if scalar.style == '"':
        flow = _flow(source, start + 1, scalar.end - 1, scalar, lambda added: added.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    elif scalar.style == "'":
        flow = _flow(source, start + 1, scalar.end - 1, scalar, lambda added: added.replace("'", "''"))
    else:
        flow = _flow(source, start, scalar.end, scalar, str)
    return attrs.evolve(flow, extent=(scalar.start, scalar.end), remedy=_folding(source, start, scalar))


def _folding(source: str, start: int, scalar: _Scalar) -> Remedy | None:
    """The remedy for a text whose lines YAML joins: a block that keeps them."""
    lines = source[start : scalar.end].splitlines()
    if len(lines) < 2:
        return None
    if scalar.style != ">":
        meant = "\n".join(line.strip() for line in lines).strip("\"'")
        return Remedy(_JOINED, "write it as a block, below `|`, which keeps the lines", (scalar.start, scalar.end), meant)
    try:
        meant = yaml.load(f"|{source[start + 1 : scalar.end]}", _LOADER)
    except yaml.YAMLError:
        return None
    return Remedy(_JOINED, "write `|` in place of `>`: it keeps the lines", (start, start + 1), str(meant), Fix(start, start + 1, "|"))


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
