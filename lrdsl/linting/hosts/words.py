"""The tokens of a Python program for any release of Python: words, signs, newlines and strings. Lines and items without a string are skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import attrs

from lrdsl.documents.places import closing, escaped
from lrdsl.linting.hosts.embedded import UnreadableError

#: Brackets with nothing in them that matters: no string, comment or bracket, and no sign that is an error there. And those that hold only such brackets.
_INSIDE = r"""[^"'#()\[\]{}\\;]*"""
_EMPTY = rf"(?:\({_INSIDE}\)|\[{_INSIDE}\]|\{{{_INSIDE}\}})"
_EMPTIES = rf"(?:{_INSIDE}{_EMPTY}){{0,50}}{_INSIDE}"
_TOKEN = re.compile(
    r"""[ \t\f]*(?:(?P<word>\w+(?!['"\w]))|(?P<group>""" + _EMPTY + r""")|(?P<sign>[()\[\]{},;.]|:=?|=+|[^\w\s"'#()\[\]{},;:=.\\]+=?)|(?P<newline>[\r\n]\s*)"""
    r"""|(?P<prefix>\w*)(?P<quote>\"{3}|'{3}|["'])|(?P<blank>\#[^\r\n]*|\\\r?\n|.|\Z))""",
    re.DOTALL,
)
#: A line without a string or an open bracket; and text without a string or a bracket, which may have commas. A line has so many brackets at most, since each
#: takes memory while it is read.
_FREE = r"""[^"'#()\[\]{}\\\r\n]*"""
_LINE = re.compile(rf"(?:{_FREE}(?:\({_EMPTIES}\)|\[{_EMPTIES}\]|\{{{_EMPTIES}\}})){{0,50}}{_FREE}(?:#[^\r\n]*)?[\r\n]\s*")
_PLAIN = re.compile(r"""[^"'#()\[\]{}\\]*""")
#: So many skipped items are counted, since the place of an argument may say what it is.
_COUNTED = 4
#: The letters that may stand before the quotes of a string, and those of templates: f-strings and t-strings.
_PREFIXES = {"", "r", "u", "b", "br", "rb", "f", "fr", "rf", "t", "tr", "rt"}
_TEMPLATES = {prefix for prefix in _PREFIXES if "f" in prefix or "t" in prefix}
_NEWLINE = re.compile(r"\r\n?|\n")
#: The characters that have a meaning in a template, outside of its fields, and in them.
_LITERAL = re.compile(r"[{}\\'\"\r\n]")
_FIELD = re.compile(r"""[{}()\[\]:#]|(?P<prefix>[rRbBuUfFtT]{0,2})(?P<quote>\"{3}|'{3}|["'])|\w+""")


@attrs.frozen
class String:
    """A string: its first character, the letters before its quotes, the quotes, and where its content starts and ends. A `template` is an f- or t-string."""

    begin: int
    prefix: str
    quote: str
    start: int
    end: int
    template: bool


#: A token: its kind ("word", "sign", "newline", "string" or "group"), its text, its offset, and the string if it is one. A group is a pair of brackets
#: without a string, and its text is the second one.
Word: TypeAlias = "tuple[str, str, int, String | None]"


def words(source: str) -> Iterator[Word]:
    """Yields the tokens of a program, except those of lines and items without a string. Raises `UnreadableError` for a string that does not end."""
    at, depth = 0, 0
    while (line := _LINE.match(source, at)) is not None:
        at = line.end()
    while at < len(source):
        token = _TOKEN.match(source, at)
        assert token is not None  # every character matches, a blank if nothing else
        kind, at = token.lastgroup or "", token.end()
        if kind == "blank":
            continue
        text, begin = token[kind], token.start(kind)
        if kind == "quote":
            if token["prefix"].lower() not in _PREFIXES:  # `else"x"`
                yield "word", token["prefix"], token.start("prefix"), None
            string = _string(source, token)
            at = string.end + len(string.quote)
            yield "string", "", string.begin, string
            continue
        if kind == "group":
            yield kind, text[-1], begin, None
            continue
        yield kind, text, begin, None
        if kind == "newline" and depth <= 0:
            while (line := _LINE.match(source, at)) is not None:
                at = line.end()
        elif kind == "sign":
            depth += (text in "([{") - (text in ")]}")
            if text == "," and depth > 0:
                last = source.rfind(",", at, _end(_PLAIN, source, at)) + 1
                yield from (("sign", ",", at, None) for _ in range(min(source[at:last].count(","), _COUNTED)))
                at = max(at, last)


def _end(pattern: re.Pattern[str], source: str, at: int) -> int:
    match = pattern.match(source, at)
    return at if match is None else match.end()


def _string(source: str, token: re.Match[str]) -> String:
    """The string whose opening quotes were read. Raises `UnreadableError` if it does not end."""
    letters = token["prefix"].lower()
    prefix, quote, start = letters if letters in _PREFIXES else "", token["quote"], token.end()
    template = prefix in _TEMPLATES
    end = _end_of_template(source, start, quote) if template else _end_of_string(source, start, quote)
    if end < 0:
        raise UnreadableError("this is not Python: a string does not end", token.start("prefix"), passing=True)
    return String(start - len(quote) - len(prefix), prefix, quote, start, end, template)


def _end_of_string(source: str, start: int, quote: str) -> int:
    """Where a string ends; -1 if it does not."""
    end = closing(source, start, quote)
    if len(quote) == 1 and any(not escaped(source, start, newline.start()) for newline in _NEWLINE.finditer(source, start, max(end, start))):
        return -1
    return end


def _end_of_template(source: str, at: int, quote: str) -> int:
    """Where a template ends; -1 if it does not. Its fields may hold strings, and these may be templates.

    The stack `open_` has the quotes of each open template, "{" for an open field, "(" for an open bracket in a field, and ":" for the format of a field.
    """
    open_ = [quote]
    while open_:
        inner = open_[-1]
        sign = (_FIELD if inner in "{(" else _LITERAL).search(source, at)
        if sign is None:
            return -1
        at = sign.end()
        if inner in "{(":
            at = _in_field(source, open_, sign)
        elif sign[0] == "\\":
            at += 0 if source.startswith(("{", "}"), at) else 2 if source.startswith("\r\n", at) else 1
        elif sign[0] == "{":
            if inner != ":" and source.startswith("{", at):
                at += 1
            else:
                open_.append("{")
        elif inner == ":":
            outer = open_[-3]
            if sign[0] == "}":
                del open_[-2:]
            elif source.startswith(outer, sign.start()) or (sign[0] in "\r\n" and len(outer) == 1):
                return -1
        elif sign[0] in "\r\n":
            if len(inner) == 1:
                return -1
        elif source.startswith(inner, sign.start()):
            at = sign.start() + len(inner)
            open_.pop()
        if at < 0:
            return -1
    return at - len(quote)


def _in_field(source: str, open_: list[str], sign: re.Match[str]) -> int:
    """Where to read on after a sign in a field of a template; -1 if a string in it does not end."""
    at, inner = sign.end(), open_[-1]
    match sign[0]:
        case "(" | "[" | "{":
            open_.append("(")
        case ")" | "]" | "}":
            if inner == "(" or sign[0] == "}":
                open_.pop()
        case ":":
            if inner == "{":
                open_.append(":")
        case "#":
            newline = _NEWLINE.search(source, at)
            return -1 if newline is None else newline.start()
        case _ if sign["quote"]:
            quote, prefix = sign["quote"], sign["prefix"].lower()
            if prefix in _TEMPLATES:
                open_.append(quote)
                return at
            end = _end_of_string(source, at, quote)
            return end if end < 0 else end + len(quote)
    return at
