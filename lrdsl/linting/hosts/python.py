"""Schedule strings in Python: the first argument of our own functions, and strings under names that a pattern picks, or behind a mark.

The words of a program are read, and no tree is made of them: that of a small program may be too large for the memory or too deep for the interpreter, and a
program may be of another release of Python than the one that runs here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from keyword import iskeyword

import attrs

from lrdsl.linting.hosts.embedded import Embedded, Finder, Marks, UnreadableError
from lrdsl.linting.hosts.places import placed
from lrdsl.linting.hosts.words import String, words

#: How deep brackets may be nested; Python itself allows no more.
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
    for one in _Reading(source, finder).values():
        text = _text(source, one.string)
        if one.ours or finder.wants(one.named, text, marks.at(one.string.begin)):
            yield _embedded(source, one.string, text)


@attrs.frozen
class _Value:
    """A string that is the whole of a value, or of a key: whether its name picks it, and whether one of our functions takes it."""

    string: String
    named: bool
    ours: bool


@attrs.define
class _Part:
    """What is in a bracket, or in none: statements, arguments, entries, items. `sign` is the bracket, "call" for one around arguments, "" for none.

    Of the current statement, argument or entry: `name` is what has been read of it if that is a name, "" at its beginning; `target` is the name before its `:`.
    `alone` says that no two words stood side by side in it, `valued` that its value has begun, and `ready` that a value begins here.
    """

    sign: str
    begin: int
    ready: bool = False
    named: bool = False
    ours: bool = False
    name: str | None = ""
    target: str | None = None
    alone: bool = True
    valued: bool = False

    def anew(self, ready: bool = False) -> None:
        """Nothing has been read of it."""
        self.ready, self.named, self.ours, self.name, self.target, self.alone, self.valued = ready, False, False, "", None, True, False

    def value(self, named: bool) -> None:
        """Its value begins."""
        self.ready, self.named, self.ours, self.name, self.target, self.valued = True, named, False, "", None, True

    def other(self) -> None:
        """What has been read is no name, and more than a string."""
        self.ready, self.name = False, None


@attrs.define
class _Reading:
    """A program as it is read, word by word. `pending` is a string that is all that has been read of a value: what comes next says whether it is all of it."""

    source: str
    finder: Finder
    parts: list[_Part] = attrs.field(factory=lambda: [_Part("", 0)])
    pending: _Value | None = None
    kind: str = "newline"  # of the word before
    text: str = ""  # that word
    ours: str = ""  # as much of `lrdsl.parse` as was before

    def values(self) -> Iterator[_Value]:
        """The strings that are values under a name, or the first argument of a function of ours."""
        for kind, text, begin, string in words(self.source):
            part = self.parts[-1]
            if kind == "newline" and part.sign:
                continue
            pending, self.pending = self.pending, None
            ours = ""
            if string is not None:
                if pending is None and part.ready and not string.template and "b" not in string.prefix:
                    self.pending = _Value(string, part.named, part.ours)
                part.other()
            elif kind == "word":
                beside = self.kind == "word"
                part.alone = part.alone and not beside and not iskeyword(text)
                part.name = text if not beside and (part.name == "" or self.text == ".") else None
                part.ready = False
                ours = "lrdsl" if text == "lrdsl" and self.text != "." else "lrdsl.()" if self.ours == "lrdsl." and text in _FUNCTIONS else ""
            elif kind == "newline" or text in ",;)]}":
                if pending is not None and _is_all(part, text):
                    yield pending
                self._end(part, text, begin, pending)
            else:
                self._sign(part, text, begin, pending)
                ours = "lrdsl." if text == "." and self.ours == "lrdsl" else ""
            self.kind, self.text, self.ours = kind, text, ours
        if len(self.parts) > 1:
            raise UnreadableError(f"this is not Python: `{self.source[self.parts[-1].begin]}` is never closed", self.parts[-1].begin)
        if self.pending is not None and self.parts[0].valued:
            yield self.pending

    def _end(self, part: _Part, text: str, begin: int, pending: _Value | None) -> None:
        """At the end of a statement, an argument, an entry, or a bracket."""
        if not part.sign and text not in ",)]}":
            part.anew()
        elif text == ",":
            if part.sign in ("call", "{"):
                part.anew(ready=part.sign == "{")
            else:
                part.other()
        elif not part.sign or text != _PARTNER[self.source[part.begin]]:
            raise UnreadableError(f"this is not Python: `{text}` closes nothing", begin)
        else:
            self.parts.pop()
            self.parts[-1].other()
            if part.sign == "(":
                self.pending = pending

    def _sign(self, part: _Part, text: str, begin: int, pending: _Value | None) -> None:
        match text:
            case "(" | "[" | "{":
                self._open(part, text, begin)
            case ".":
                part.ready = False
            case "=" if not part.sign:
                part.value(part.named or self.finder.names(part.name or "" if part.target is None else part.target))
            case "=" if part.sign == "call" and (part.target or part.name):
                part.value(self.finder.names(part.target or part.name or ""))
            case ":" if part.sign == "{" and not part.valued:
                constant = part.name if part.name and (part.name in _CONSTANTS or not part.name.isidentifier()) else None
                key = _text(self.source, pending.string) if pending is not None else constant
                part.value(key is not None and self.finder.names(key))
                part.ready = key is not None
            case ":" if not part.sign and (part.valued or not part.alone or part.target is not None):
                part.anew()
            case ":" if part.sign in ("", "call") and not part.valued:
                part.target = part.name or ""
                part.other()
            case _:
                part.other()

    def _open(self, part: _Part, text: str, begin: int) -> None:
        """At an opening bracket. One around the value of a name is as the value itself."""
        if len(self.parts) > MAX_DEPTH:
            raise UnreadableError(f"this is not Python: more than {MAX_DEPTH} brackets deep", begin)
        if text != "(":
            inner = _Part(text, begin, ready=text == "{")
        elif self.kind in ("word", "string") or self.text in (")", "]", "}"):
            ours = self.ours == "lrdsl.()"
            inner = _Part("call", begin, ready=ours, ours=ours)
        else:
            inner = _Part("(", begin, part.ready, part.named, part.ours)
        part.other()
        self.parts.append(inner)


def _is_all(part: _Part, text: str) -> bool:
    """Whether a string is a value when this comes next."""
    if part.sign in ("call", "{"):
        return (part.valued or part.ours) and text in ",)}"
    return not part.sign and part.valued and text not in ",)]}"


def _text(source: str, string: String) -> str:
    """What a string comes to."""
    raw = source[string.start : string.end]
    if "r" in string.prefix:
        return _BREAK.sub("\n", raw)
    return _ESCAPE.sub(_unescaped, raw) if "\\" in raw or "\r" in raw else raw


def _unescaped(piece: re.Match[str]) -> str:
    """What an escape stands for; one that Python does not know stands for itself."""
    written = piece[0]
    if written[0] != "\\":
        return "\n"
    after = written[1:]
    if after in _SIMPLE:
        return _SIMPLE[after]
    try:
        if after[0] == "N" and len(after) > 1:
            return unicodedata.lookup(after[2:-1])
        if after[0] in "xuU" and len(after) > 1:
            return chr(int(after[1:], 16))
        return chr(int(after, 8)) if after[0] in "01234567" else written
    except (KeyError, ValueError, OverflowError):
        return written


def _embedded(source: str, string: String, text: str) -> Embedded:
    raw, delimiter = "r" in string.prefix, string.quote
    found = (_BREAK if raw else _ESCAPE).finditer(source, string.start, string.end)
    places = placed(string.start, string.end, ((piece.start(), piece.end(), 1 if raw else len(_unescaped(piece))) for piece in found))

    def quote(added: str) -> str:
        if raw:
            return added
        escaped = added.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")
        return escaped if len(delimiter) == 3 else escaped.replace("\n", "\\n")

    return Embedded(text, places, quote)
