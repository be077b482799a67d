"""Schedule strings in TOML: the strings behind keys. The standard library says whether a document is TOML and what a string comes to; here is where each is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import attrs

from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.places import closing, placed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

#: How many parts a key may have: the parser copies all before each.
MAX_PARTS = 100
_TOKEN = re.compile(r"""[ \t\r]+|\#[^\n]*|\"{3}|'{3}|[^\s"'#=,\[\]{}]+|.""", re.DOTALL)
#: The same in an array, where numbers, dates, commas and blanks are passed over.
_ITEMS = re.compile(r"""[^"'#=\[\]{}]+|""" + _TOKEN.pattern, re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u.{4}|U.{8}|([ \t]*\r?\n[ \t\r\n]*)|.)|\r\n", re.DOTALL)
_BREAK = re.compile(r"\r\n")
#: Where the parser stopped, at the end of what it says.
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
#: How long a number may be: Python reads no longer ones.
MAX_DIGITS = 4_000
_NUMBER = re.compile(r"[^\s,]+")


@attrs.frozen
class _String:
    """A string that is a value: whether its key names schedules, where it begins, the sign at both ends, and where what is between those begins and ends."""

    named: bool
    begin: int
    sign: str
    start: int
    end: int


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a TOML document."""
    marks = Marks.of(source)
    strings = [one for one in _strings(source, finder) if one.named or marks.at(one.begin)]
    _check(source, marks)
    for one in strings:
        text = _text(source, one)
        if finder.wants(one.named, text, marks.at(one.begin)):
            yield _embedded(source, one, text)


def _check(source: str, marks: Marks) -> None:
    """Raises `UnreadableError` where a document is not TOML."""
    try:
        tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        line = place[1] if place is not None else None
        at = marks.lines.starts[int(line) - 1] + int(place[2]) - 1 if place is not None and line is not None else len(source)
        raise UnreadableError(f"this is not TOML: {message[: place.start()] if place is not None else message}", min(at, len(source))) from None


def _strings(source: str, finder: Finder) -> Iterator[_String]:
    """The strings of a document that are values. In one that is no TOML they end where nothing can be made of it."""
    open_: list[tuple[str, bool]] = []  # the brackets of values, each with what its key says
    key, named, value, dots, at = "", False, False, 0, 0
    while (token := (_ITEMS if value and open_ else _TOKEN).match(source, at)) is not None:
        sign, at = token[0], token.end()
        if value and len(sign) > MAX_DIGITS and sign[0] not in "\"'#":
            for number in _NUMBER.finditer(sign):
                if len(number[0]) > MAX_DIGITS:
                    raise UnreadableError(f"a number of {len(number[0]):,} characters", token.start() + number.start())
        if sign.isspace() or sign[0] == "#" or (len(sign) > 1 and value and open_ and sign[0] not in "\"'"):
            dots = 0 if sign == "\n" else dots
            continue
        if sign[0] in "\"'":
            end = closing(source, at, sign) if sign[0] == '"' else source.find(sign, at)
            if end < 0:
                return
            if len(sign) == 3:  # up to two more quotes are in the string
                end += next(n for n in (2, 1, 0) if source.startswith(sign[0] * n, end + 3))
                at += len("\r\n") if source.startswith("\r\n", at) else source.startswith("\n", at)
            one = _String(named, token.start(), sign, at, end)
            at = end + len(sign)
            if value:
                yield one
            else:
                key = _text(source, one)
        match sign:
            case "=":
                named, value, dots = finder.names(key), True, 0
                continue
            case "[" | "{" if value:
                open_.append((sign, named))
                value, dots = sign == "[", 0
                continue
            case "," if open_:
                value, dots = open_[-1][0] == "[", 0
                continue
            case "]" | "}" if open_:
                open_.pop()
            case _ if not value and sign[0] not in "\"'":
                key = sign.rpartition(".")[2]
                dots += sign.count(".")
                if dots > MAX_PARTS:
                    raise UnreadableError(f"a key of more than {MAX_PARTS} parts", token.start())
                continue
        if open_:
            named = open_[-1][1]
        value = bool(open_) and open_[-1][0] == "["


def _text(source: str, one: _String) -> str:
    """What a string comes to."""
    raw = source[one.start : one.end]
    if "\r" not in raw and (one.sign[0] == "'" or "\\" not in raw):
        return raw
    try:
        return str(tomllib.loads(f"x={one.sign}\n{raw}{one.sign}" if len(one.sign) == 3 else f"x={one.sign}{raw}{one.sign}")["x"])
    except tomllib.TOMLDecodeError:  # as the whole will say
        return raw


def _embedded(source: str, one: _String, text: str) -> Embedded:
    literal, block = one.sign[0] == "'", len(one.sign) == 3
    found = (_BREAK if literal else _ESCAPE).finditer(source, one.start, one.end)
    pieces = ((piece.start(), piece.end(), 0 if not literal and piece[1] else 1) for piece in found)

    def quote(added: str) -> str:
        if literal:
            return added
        escaped = added.replace("\\", "\\\\").replace('"', '\\"')
        return escaped if block else escaped.replace("\n", "\\n")

    return Embedded(text, placed(one.start, one.end, pieces), quote)
