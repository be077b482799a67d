"""Schedules in Python programs: the texts that lrdsl's own functions take, and strings under names that fit a pattern, or that a comment marks.

This module reads a program token by token, and builds no tree. The tree of a small program may be too large for the memory, or too deep for the interpreter;
and the program may be for another release of Python than the one that runs here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from keyword import iskeyword
from typing import TYPE_CHECKING

import attrs

from lrdsl.linting.hosts import literals
from lrdsl.linting.hosts.embedded import NOTHING_GIVEN, Embedded, Finder, Given, Marks, UnreadableError
from lrdsl.linting.hosts.functions import TEXTS, given, local_names, parameters_of
from lrdsl.linting.hosts.neighbours import Neighbours
from lrdsl.linting.hosts.pages import Page
from lrdsl.linting.hosts.placeholders import placeholder
from lrdsl.linting.hosts.words import String, words
from lrdsl.syntax.nodes import Extent

if TYPE_CHECKING:
    from lrdsl.linting.hosts.optimizers import Optimizers

#: How deep brackets may be nested: Python allows no more.
MAX_DEPTH = 200
_CONSTANTS = {"True", "False", "None"}
_PARTNER = {"(": ")", "[": "]", "{": "}"}
#: A string that may be a key, or an option of a command: `lr_schedule`, `--lr-schedule`.
_KEY = re.compile(r"-{0,2}\w[\w.-]*")
#: The functions that declare a field or an option. Their first argument, or `default=`, is the value of the name that they are assigned to.
_DECLARING = frozenset(("Argument", "Field", "Option"))
#: The most blanks before a value that are looked at.
_MOST_BLANK = 200
#: The method that fills in the placeholders of a text.
_FORMAT = ".format("
#: The functions that return their text without its indentation.
_DEDENTING = frozenset(("cleandoc", "dedent"))


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a Python program. Raises `UnreadableError` at a character NUL, which no program has."""
    marks = Marks.of(source)
    strings = partial(_extents, source)
    neighbours = Neighbours(source, strings)
    end = source.find("\0")
    for value in _Reader(source, finder, local_names(source, _imported(source)), strings).values():
        if 0 <= end < value.strings[-1].end:
            break
        text = literals.value(source, value.strings)
        if value.is_argument or _is_marked(marks, value, text, finder) or finder.wants(value.named, text, False):
            given = neighbours.given(text, value.strings[0].begin, value.bracket) if value.named and not value.is_argument else value.given
            yield literals.embedded(source, value.strings, given)
    if end >= 0:
        raise UnreadableError("the file has a character NUL: it is no text", end)


def pages(source: str) -> Iterator[Page]:
    """The page of a Python program, up to the first string that does not end."""
    yield Page.of(source, _extents(source))


def _imported(source: str) -> list[Extent]:
    """The extents of the strings of a program that may import lrdsl."""
    return list(_extents(source)) if "lrdsl" in source else []


def _extents(source: str) -> Iterator[Extent]:
    """The extents of the strings, and of what follows one that does not end."""
    try:
        for _, _, _, string in words(source):
            if string is not None:
                yield string.begin, string.end + len(string.quote)
    except UnreadableError as error:
        yield error.offset, len(source) + 1


def _is_marked(marks: Marks, value: _Value, text: str, finder: Finder) -> bool:
    """Whether a comment marks a string. One that is under no name must look like a schedule too, since others may stand on its line."""
    if not marks.marked or not any(marks.at(string.begin) or marks.lines.number(string.end) in marks.marked for string in value.strings):
        return False
    return not value.loose or finder.wants(True, text, False)


@attrs.frozen
class _Value:
    """Strings that are a whole value or key: whether its name names schedules, whether a function of lrdsl takes it, and what the call gives beside it.

    Strings that stand side by side, or that a `+` joins, are one. A `loose` value has no name, as the element of a list, or is one of several, as in
    `a if b else c`. `bracket` is where that of the call or the dict opens that it stands in.
    """

    strings: list[String]
    named: bool
    is_argument: bool
    loose: bool
    given: Given = NOTHING_GIVEN
    bracket: int | None = None


@attrs.define
class _Part:
    """The state of the reader in one bracket, or outside of all. `sign` is the bracket, "call" for one around arguments, "" outside of all.

    `parameters` are those of lrdsl's function, if it is called, and `values` its texts, which wait for the other arguments. `index` counts the arguments. `key`
    says that an argument was the name of schedules, so that those after it are values of it, or that a list stands under such a name, and `field` that the call
    is the value of such a name. `inside` says the same of a mapping.

    The other fields are about the current item: a statement, an argument or an entry. `name` is the name that has been read, "" at the start of the item, None
    if something else has been read; `target` is the name before a `:`, and `subscript` the key in brackets. `alone` says that no two words stood side by side
    in the item, `has_value` that its value has begun, `ready` that a value may begin here, and `clause` that the words are a condition ("if"), or stand behind
    `for`, `lambda` or `:=` ("other"). `named` says that the value's name names schedules, and `is_argument` that a function of lrdsl takes the value.
    """

    sign: str
    begin: int
    ready: bool = False
    named: bool = False
    is_argument: bool = False
    name: str | None = ""
    target: str | None = None
    subscript: str | None = None
    alone: bool = True
    has_value: bool = False
    parameters: tuple[str, ...] | None = None
    values: list[_Value] = attrs.field(factory=list)
    index: int = 0
    key: bool = False
    field: bool = False
    inside: bool = False
    clause: str = ""

    def start_item(self, ready: bool = False) -> None:
        """A new item begins."""
        self.ready, self.named, self.is_argument, self.name, self.target, self.alone, self.has_value = ready, False, False, "", None, True, False
        self.subscript, self.clause = None, ""
        if self.sign in ("call", "["):
            self.named = self.key
        if self.sign == "call":
            self.is_argument = self.parameters is not None and self.parameters[self.index : self.index + 1] in [(text,) for text in TEXTS]

    def start_value(self, named: bool) -> None:
        """The value of the item begins."""
        self.ready, self.named, self.is_argument, self.name, self.target, self.has_value, self.clause = True, named, False, "", None, True, ""

    def continue_item(self) -> None:
        """Something was read that is neither a name nor a lone string."""
        self.ready, self.name = False, None


@attrs.define
class _Reader:
    """Reads a program token by token.

    `pending` is a string that may be a whole value: the next token decides; `added` is one that a `+` stands behind. `names` are those that stand for lrdsl.
    """

    source: str
    finder: Finder
    names: Mapping[str, str]
    strings: Callable[[], Iterable[Extent]]
    parts: list[_Part] = attrs.field(factory=lambda: [_Part("", 0)])
    pending: _Value | None = None
    added: _Value | None = None
    kind: str = "newline"  # the kind of the token before
    text: str = ""  # the text of the token before
    called: str = ""  # the words and dots before this token, as `lrdsl.compile`

    @cached_property
    def optimizers(self) -> Optimizers:
        """The optimizers of the program."""
        from lrdsl.linting.hosts.optimizers import Optimizers  # few programs hand one over beside a text

        return Optimizers(self.source, self.strings)

    def values(self) -> Iterator[_Value]:
        """The strings that are values under a name, or texts of a function of lrdsl, or loose."""
        for kind, text, begin, string in words(self.source):
            part = self.parts[-1]
            if kind == "newline" and part.sign:
                continue
            pending, self.pending, before, self.added = self.pending, None, self.added, None
            called = ""
            if string is not None:
                self.pending = self._string(part, string, pending or before)
                part.continue_item()
            elif kind == "word":
                beside = self.kind == "word"
                part.alone = part.alone and not beside and not iskeyword(text)
                part.name = text if not beside and (part.name == "" or self.text == ".") else None
                if pending is not None and text in ("if", "or") and _takes_value(part):
                    yield from self._ended(part, attrs.evolve(pending, loose=True))
                part.clause = _clause(part.clause, text)
                part.ready = text in ("else", "or") and _takes_value(part)  # `x if y else "..."`
                called = self.called + text if self.text == "." and self.called else text if self.text != "." else ""
            elif kind == "group":
                self._check_depth(begin)
                part.continue_item()
            elif kind == "newline" or text in ",;)]}":
                if pending is not None and _ends_value(part, text):
                    yield from self._ended(part, pending)
                yield from self._end(part, text, begin, pending)
            else:
                if pending is not None and text == "." and self.source.startswith(_FORMAT, begin) and placeholder(literals.value(self.source, pending.strings)):
                    yield from self._ended(part, pending)
                self._sign(part, text, begin, pending)
                self.added = pending if text == "+" else None
                called = f"{self.called}." if text == "." and self.called else ""
            self.kind, self.text, self.called = kind, text, called
        if len(self.parts) > 1:
            raise UnreadableError(f"this is not Python: `{self.source[self.parts[-1].begin]}` is never closed", self.parts[-1].begin, passing=True)
        if self.pending is not None and self.parts[0].has_value:
            yield self.pending

    def _ended(self, part: _Part, value: _Value) -> Iterator[_Value]:
        """Yields a value that has ended; a text of lrdsl's function waits for the other arguments."""
        if part.parameters is None:
            yield value
        else:
            part.values.append(value)

    def _string(self, part: _Part, string: String, pending: _Value | None) -> _Value | None:
        """The value that a string is, or that it continues; None if it is a part of something else."""
        if "b" in string.prefix:
            return None
        if pending is not None and (self.kind == "string" or self.text == "+"):
            pending.strings.append(string)
            return pending
        loose = self.text in ("else", "or") or not (part.has_value or part.is_argument or part.named or part.sign == "{")
        outer = next((p for p in reversed(self.parts) if p.sign in ("call", "{") and not (p.field and p.named)), None)
        bracket = None if outer is None else outer.begin
        return _Value([string], part.named, part.is_argument, loose, bracket=bracket) if pending is None and part.ready else None

    def _end(self, part: _Part, text: str, begin: int, pending: _Value | None) -> Iterator[_Value]:
        """Reads a sign that ends a statement, an argument, an entry, or a bracket."""
        if not part.sign and text not in ",)]}":
            part.start_item()
        elif text == ",":
            if part.sign == "call":
                part.key = part.key or self._is_key(part, pending)
                part.index += 1
            if part.sign in ("call", "{", "["):
                part.start_item(ready=True)
            else:
                part.continue_item()
        elif not part.sign or text != _PARTNER[self.source[part.begin]]:
            raise UnreadableError(f"this is not Python: `{text}` closes nothing", begin, passing=True)
        else:
            self.parts.pop()
            self.parts[-1].continue_item()
            if part.sign == "(":
                self.pending = pending
            elif part.sign == "[" and pending is not None and not self.parts[-1].has_value:
                self.parts[-1].subscript = literals.value(self.source, pending.strings)
            if part.values and part.parameters is not None:
                beside = given(self.source[part.begin + 1 : begin], part.parameters, self.optimizers.rate)
                yield from (attrs.evolve(value, given=beside) for value in part.values)

    def _is_key(self, part: _Part, pending: _Value | None) -> bool:
        """Whether an argument is the name of schedules, as that of a key or an option."""
        if pending is None or part.has_value or part.is_argument:
            return False
        text = literals.value(self.source, pending.strings)
        return _KEY.fullmatch(text) is not None and self.finder.names(text)

    def _sign(self, part: _Part, text: str, begin: int, pending: _Value | None) -> None:
        """Reads a sign that ends nothing."""
        match text:
            case "(" | "[" | "{":
                self._open(part, text, begin)
            case ".":
                part.ready = False
                part.subscript = None
            case "=" if not part.sign and part.clause != "other":  # a `lambda` gives its parameters defaults
                name = part.subscript or (part.name or "" if part.target is None else part.target)
                part.start_value(part.named or self.finder.names(name))
                part.subscript = None
            case "=" if part.sign == "call" and (part.target or part.name):
                name = part.target or part.name or ""
                part.start_value(self.finder.names(name, part.inside) or (name == "default" and (part.key or part.field)))
                part.is_argument = part.parameters is not None and name in TEXTS
            case ":" if part.sign == "{" and not part.has_value:
                constant = part.name if part.name and (part.name in _CONSTANTS or not part.name.isidentifier()) else None
                key = literals.value(self.source, pending.strings) if pending is not None else constant
                part.start_value(key is not None and self.finder.names(key, part.inside))
                part.ready = key is not None
            case ":" if not part.sign and (part.has_value or not part.alone or part.target is not None):
                part.start_item()
            case ":" if part.sign in ("", "call") and not part.has_value:
                part.target = part.subscript or part.name or ""
                part.continue_item()
            case _:
                part.continue_item()
                part.subscript = None
                part.clause = "other" if text[:1] == ":" and part.sign == "(" else part.clause  # `(x := ...)`

    def _check_depth(self, begin: int) -> None:
        """Raises `UnreadableError` if no other bracket may be opened."""
        if len(self.parts) > MAX_DEPTH:
            raise UnreadableError(f"this is not Python: more than {MAX_DEPTH} brackets deep", begin)

    def _open(self, part: _Part, text: str, begin: int) -> None:
        """Reads an opening bracket. Brackets around a whole value change nothing."""
        self._check_depth(begin)
        behind = self.kind in ("word", "string") or self.text in (")", "]", "}")
        if text != "(":
            inner = _Part(text, begin, ready=True)
            is_value = not behind and part.ready and part.named
            inner.key = inner.named = text == "[" and is_value
            inner.inside = text == "{" and is_value
        elif behind and self._dedents(part, begin):
            inner = _Part("(", begin, True, part.named, part.is_argument)
        elif behind:
            inner = _Part("call", begin, parameters=parameters_of(self.called, self.names))
            inner.field = part.named and part.has_value
            inner.inside = part.named and self.called == "dict"
            inner.start_item(ready=True)
            inner.named = inner.field and self.called.rpartition(".")[2] in _DECLARING
        else:
            inner = _Part("(", begin, part.ready, part.named, part.is_argument, clause="" if part.ready else "other")
        part.continue_item()
        self.parts.append(inner)

    def _dedents(self, part: _Part, begin: int) -> bool:
        """Whether the bracket is that of a function that only dedents a text, and its call is a value."""
        start = begin - len(self.called)
        is_whole = self.source[start:begin] == self.called and self.source[max(0, start - _MOST_BLANK) : start].rstrip()[-1:] in ("=", "(", ",", ":")
        return is_whole and self.called.rpartition(".")[2] in _DEDENTING and _takes_value(part)


def _takes_value(part: _Part) -> bool:
    """Whether a string may be the value of the item."""
    return not part.clause and (part.sign in ("call", "[") or part.has_value or part.named or part.is_argument)


def _clause(clause: str, word: str) -> str:
    """The part of an expression in which strings are no values, after a word: "if" up to `else`, "other" to the end, "" for none."""
    if word in ("for", "lambda") or clause == "other":
        return "other"
    return "if" if word == "if" else "" if word == "else" else clause


def _ends_value(part: _Part, text: str) -> bool:
    """Whether the string before this token is a whole value."""
    if part.sign in ("call", "{", "["):
        return text in ",)]}"
    return not part.sign and part.has_value and text not in ",)]}"
