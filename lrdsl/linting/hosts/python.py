"""Schedules in Python programs: the first argument of lrdsl's own functions, and strings under names that fit a pattern, or that a comment marks.

This module reads a program token by token, and builds no tree. The tree of a small program may be too large for the memory, or too deep for the interpreter;
and the program may be for another release of Python than the one that runs here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from keyword import iskeyword

import attrs

from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.places import places_of
from lrdsl.linting.hosts.words import String, words

#: How deep brackets may be nested: Python allows no more.
MAX_DEPTH = 200
_FUNCTIONS = {"compile", "parse", "lint", "format"}
_CONSTANTS = {"True", "False", "None"}
_PARTNER = {"(": ")", "[": "]", "{": "}"}
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^{}\\]{1,100}\}|[0-7]{1,3}|\r\n|.)|\r\n?", re.DOTALL)
_BREAK = re.compile(r"\r\n?")
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": "", "\r": "", "\r\n": ""}


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a Python program."""
    marks = Marks.of(source)
    for value in _Reader(source, finder).values():
        text = _text(source, value.string)
        if value.is_argument or finder.wants(value.named, text, marks.at(value.string.begin)):
            yield _embedded(source, value.string, text)


@attrs.frozen
class _Value:
    """A string that is a whole value or key: whether its name names schedules, and whether it is the argument of a function of lrdsl."""

    string: String
    named: bool
    is_argument: bool


@attrs.define
class _Part:
    """The state of the reader in one bracket, or outside of all. `sign` is the bracket, "call" for one around arguments, "" outside of all.

    The other fields are about the current item: a statement, an argument or an entry. `name` is the name that has been read, "" at the start of the item, None
    if something else has been read; `target` is the name before a `:`. `alone` says that no two words stood side by side in the item, `has_value` that its
    value has begun, and `ready` that a value may begin here. `named` says that the value's name names schedules, and `is_argument` that a function of lrdsl
    takes the value.
    """

    sign: str
    begin: int
    ready: bool = False
    named: bool = False
    is_argument: bool = False
    name: str | None = ""
    target: str | None = None
    alone: bool = True
    has_value: bool = False

    def start_item(self, ready: bool = False) -> None:
        """A new item begins."""
        self.ready, self.named, self.is_argument, self.name, self.target, self.alone, self.has_value = ready, False, False, "", None, True, False

    def start_value(self, named: bool) -> None:
        """The value of the item begins."""
        self.ready, self.named, self.is_argument, self.name, self.target, self.has_value = True, named, False, "", None, True

    def continue_item(self) -> None:
        """Something was read that is neither a name nor a lone string."""
        self.ready, self.name = False, None


@attrs.define
class _Reader:
    """Reads a program token by token. `pending` is a string that may be a whole value: the next token decides."""

    source: str
    finder: Finder
    parts: list[_Part] = attrs.field(factory=lambda: [_Part("", 0)])
    pending: _Value | None = None
    kind: str = "newline"  # the kind of the token before
    text: str = ""  # the text of the token before
    function: str = ""  # how much of the name of lrdsl's function was read: "lrdsl", "lrdsl.", or "lrdsl.()" for all of it

    def values(self) -> Iterator[_Value]:
        """The strings that are values under a name, or the first argument of a function of lrdsl."""
        for kind, text, begin, string in words(self.source):
            part = self.parts[-1]
            if kind == "newline" and part.sign:
                continue
            pending, self.pending = self.pending, None
            function = ""
            if string is not None:
                if pending is None and part.ready and not string.template and "b" not in string.prefix:
                    self.pending = _Value(string, part.named, part.is_argument)
                part.continue_item()
            elif kind == "word":
                beside = self.kind == "word"
                part.alone = part.alone and not beside and not iskeyword(text)
                part.name = text if not beside and (part.name == "" or self.text == ".") else None
                part.ready = False
                function = "lrdsl" if text == "lrdsl" and self.text != "." else "lrdsl.()" if self.function == "lrdsl." and text in _FUNCTIONS else ""
            elif kind == "newline" or text in ",;)]}":
                if pending is not None and _ends_value(part, text):
                    yield pending
                self._end(part, text, begin, pending)
            else:
                self._sign(part, text, begin, pending)
                function = "lrdsl." if text == "." and self.function == "lrdsl" else ""
            self.kind, self.text, self.function = kind, text, function
        if len(self.parts) > 1:
            raise UnreadableError(f"this is not Python: `{self.source[self.parts[-1].begin]}` is never closed", self.parts[-1].begin)
        if self.pending is not None and self.parts[0].has_value:
            yield self.pending

    def _end(self, part: _Part, text: str, begin: int, pending: _Value | None) -> None:
        """Reads a sign that ends a statement, an argument, an entry, or a bracket."""
        if not part.sign and text not in ",)]}":
            part.start_item()
        elif text == ",":
            if part.sign in ("call", "{"):
                part.start_item(ready=part.sign == "{")
            else:
                part.continue_item()
        elif not part.sign or text != _PARTNER[self.source[part.begin]]:
            raise UnreadableError(f"this is not Python: `{text}` closes nothing", begin)
        else:
            self.parts.pop()
            self.parts[-1].continue_item()
            if part.sign == "(":
                self.pending = pending

    def _sign(self, part: _Part, text: str, begin: int, pending: _Value | None) -> None:
        """Reads a sign that ends nothing."""
        match text:
            case "(" | "[" | "{":
                self._open(part, text, begin)
            case ".":
                part.ready = False
            case "=" if not part.sign:
                part.start_value(part.named or self.finder.names(part.name or "" if part.target is None else part.target))
            case "=" if part.sign == "call" and (part.target or part.name):
                part.start_value(self.finder.names(part.target or part.name or ""))
            case ":" if part.sign == "{" and not part.has_value:
                constant = part.name if part.name and (part.name in _CONSTANTS or not part.name.isidentifier()) else None
                key = _text(self.source, pending.string) if pending is not None else constant
                part.start_value(key is not None and self.finder.names(key))
                part.ready = key is not None
            case ":" if not part.sign and (part.has_value or not part.alone or part.target is not None):
                part.start_item()
            case ":" if part.sign in ("", "call") and not part.has_value:
                part.target = part.name or ""
                part.continue_item()
            case _:
                part.continue_item()

    def _open(self, part: _Part, text: str, begin: int) -> None:
        """Reads an opening bracket. Brackets around a whole value change nothing."""
        if len(self.parts) > MAX_DEPTH:
            raise UnreadableError(f"this is not Python: more than {MAX_DEPTH} brackets deep", begin)
        if text != "(":
            inner = _Part(text, begin, ready=text == "{")
        elif self.kind in ("word", "string") or self.text in (")", "]", "}"):
            is_ours = self.function == "lrdsl.()"
            inner = _Part("call", begin, ready=is_ours, is_argument=is_ours)
        else:
            inner = _Part("(", begin, part.ready, part.named, part.is_argument)
        part.continue_item()
        self.parts.append(inner)


def _ends_value(part: _Part, text: str) -> bool:
    """Whether the string before this token is a whole value."""
    if part.sign in ("call", "{"):
        return (part.has_value or part.is_argument) and text in ",)}"
    return not part.sign and part.has_value and text not in ",)]}"


def _text(source: str, string: String) -> str:
    """The value of a string."""
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


def _embedded(source: str, string: String, text: str) -> Embedded:
    raw, delimiter = "r" in string.prefix, string.quote
    escapes = (_BREAK if raw else _ESCAPE).finditer(source, string.start, string.end)
    places = places_of(string.start, string.end, ((escape.start(), escape.end(), 1 if raw else len(_unescaped(escape))) for escape in escapes))

    def quote(added: str) -> str:
        if raw:
            return added
        escaped = added.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")
        return escaped if len(delimiter) == 3 else escaped.replace("\n", "\\n")

    return Embedded(text, places, quote)
