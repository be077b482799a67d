"""Schedules in TOML files: the strings that are values. The standard library checks the document and reads each string; this module finds their places."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import attrs

from lrdsl.diagnostics import Lines
from lrdsl.documents.places import closing, places_of
from lrdsl.documents.toml import MAX_PARTS, loads
from lrdsl.linting.hosts.beside import with_given
from lrdsl.linting.hosts.calls import TARGET, Arguments
from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.pages import Page

_TOKEN = re.compile(r"""[ \t\r]+|\#[^\n]*|\"{3}|'{3}|[^\s"'#=,\[\]{}]+|.""", re.DOTALL)
#: A token in an array, where a run of numbers, dates, commas and blanks is one token.
_ITEMS = re.compile(r"""[^"'#=\[\]{}]+|""" + _TOKEN.pattern, re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u.{4}|U.{8}|([ \t]*\r?\n[ \t\r\n]*)|.)|\r\n", re.DOTALL)
_BREAK = re.compile(r"\r\n")
#: A string or a comment.
_STRING = re.compile(r"""\"{3}(?:[^\\"]|\\.|\"{1,2}(?!\"))*\"{3,5}|'{3}(?:[^']|'{1,2}(?!'))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*""", re.DOTALL)
#: The place of an error, at the end of the parser's message.
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
#: The most characters of a number: Python reads no longer ones.
MAX_DIGITS = 4_000
_NUMBER = re.compile(r"[^\s,]+")


@attrs.frozen
class _String:
    """A string that is a value: whether its key names schedules, its first character, its quotes, and where its content starts and ends."""

    named: bool
    begin: int
    quote: str
    start: int
    end: int


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a TOML document."""
    marks = Marks.of(source)
    strings = {string.begin: string for string in _strings(source, finder) if string.named or marks.at(string.begin)}
    document = loaded(source)
    texts = ((string, _text(source, string)) for _, string in sorted(strings.items()))  # that of a call may come twice, and after others
    schedules = (_embedded(source, string, text) for string, text in texts if finder.wants(string.named, text, marks.at(string.begin)))
    yield from with_given(schedules, lambda _: document, finder.names)


def pages(source: str) -> Iterator[Page]:
    """The page of a TOML file."""
    yield Page.of(source, (match.span() for match in _STRING.finditer(source) if match.group()[0] != "#"))


def loaded(source: str) -> dict[str, Any]:
    """Reads a TOML document. Raises `UnreadableError` for a text that is not TOML."""
    try:
        document: dict[str, Any] = loads(source)
        return document
    except ValueError as error:
        message = str(error)
        place = _PLACE.search(message)
        line = place[1] if place is not None else None
        at = Lines.of(source).starts[int(line) - 1] + int(place[2]) - 1 if place is not None and line is not None else len(source)
        raise UnreadableError(f"this is not TOML: {message[: place.start()] if place is not None else message}", min(at, len(source))) from None


def _strings(source: str, finder: Finder) -> Iterator[_String]:
    """The strings of a document that are values. If the document is not TOML, they end where it cannot be read further."""
    open_: list[tuple[str, bool]] = []  # the open brackets of values, each with whether its key names schedules
    tables: list[defaultdict[str, Arguments[_String]]] = [defaultdict(Arguments)]  # of the last header, and in braces
    prefix = ""
    key, named, value, dots, at = "", False, False, 0, 0
    table = False  # whether the last header names schedules
    while (token := (_ITEMS if value and open_ and open_[-1][0] == "[" else _TOKEN).match(source, at)) is not None:
        sign, at = token[0], token.end()
        if value and len(sign) > MAX_DIGITS and sign[0] not in "\"'#":
            for number in _NUMBER.finditer(sign):
                if len(number[0]) > MAX_DIGITS:
                    raise UnreadableError(f"this number has {len(number[0]):,} characters, and {MAX_DIGITS:,} are allowed", token.start() + number.start())
        if sign.isspace() or sign[0] == "#" or (len(sign) > 1 and value and open_ and open_[-1][0] == "[" and sign[0] not in "\"'"):
            dots = 0 if sign == "\n" else dots
            continue
        if sign[0] in "\"'":
            end = closing(source, at, sign) if sign[0] == '"' else source.find(sign, at)
            if end < 0:
                return
            if len(sign) == 3:  # the string itself may end with one or two quotes
                end += next(n for n in (2, 1, 0) if source.startswith(sign[0] * n, end + 3))
                at += len("\r\n") if source.startswith("\r\n", at) else source.startswith("\n", at)
            string = _String(named, token.start(), sign, at, end)
            at = end + len(sign)
            if value:
                yield string
                if not open_ or open_[-1][0] == "{":
                    target = _text(source, string) if key == TARGET else ""
                    yield from tables[-1][prefix].add(key, target, attrs.evolve(string, named=True))
            else:
                key, prefix = _text(source, string), ""
        match sign:
            case "=":
                inside = open_[-1][1] if open_ else table or any(map(finder.names, prefix.split(".")))
                named, value, dots = finder.names(key, inside), True, 0
                continue
            case "[" | "{" if value:
                open_.append((sign, named))
                if sign == "{":
                    tables.append(defaultdict(Arguments))
                value, dots = sign == "[", 0
                continue
            case "," if open_:
                value, dots = open_[-1][0] == "[", 0
                continue
            case "]" | "}" if open_:
                if open_.pop()[0] == "{":
                    tables.pop()
            case "[" if not value:
                tables = [defaultdict(Arguments)]
            case "]" if not value:
                table = any(map(finder.names, (*prefix.split("."), key)))
            case _ if not value and sign[0] not in "\"'":
                prefix, _, key = sign.rpartition(".")
                dots += sign.count(".")
                if dots > MAX_PARTS:
                    raise UnreadableError(f"this key has more than {MAX_PARTS} parts", token.start())
                continue
        if open_:
            named = open_[-1][1]
        value = bool(open_) and open_[-1][0] == "["


def _text(source: str, string: _String) -> str:
    """The value of a string."""
    raw, quote = source[string.start : string.end], string.quote
    if "\r" not in raw and (quote[0] == "'" or "\\" not in raw):
        return raw
    try:
        return str(loads(f"x={quote}\n{raw}{quote}" if len(quote) == 3 else f"x={quote}{raw}{quote}")["x"])
    except ValueError:  # `loaded` reports it
        return raw


def _embedded(source: str, string: _String, text: str) -> Embedded:
    literal, block = string.quote[0] == "'", len(string.quote) == 3
    escapes = (_BREAK if literal else _ESCAPE).finditer(source, string.start, string.end)
    pieces = ((escape.start(), escape.end(), 0 if not literal and escape[1] else 1) for escape in escapes)

    def quote(added: str) -> str:
        if literal:
            return added
        escaped = added.replace("\\", "\\\\").replace('"', '\\"')
        return escaped if block else escaped.replace("\n", "\\n")

    return Embedded(text, places_of(string.start, string.end, pieces), quote, extent=(string.begin, string.end + len(string.quote)))
