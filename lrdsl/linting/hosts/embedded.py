"""`Embedded`, a schedule in a file of another format, and `Finder`, which tells schedules from other strings."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import recipes
from lrdsl.diagnostics import Diagnostic, Fix, Lines, Span
from lrdsl.linting.hosts.places import Places
from lrdsl.shapes import SHAPES

#: `# lrs` at the end of a line, or of the line before, marks a string as a schedule, whatever its key is.
_MARK = re.compile(r"(?:#|//)[^\S\r\n]*lrs[^\S\r\n]*(?=[\r\n]|\Z)")


@attrs.frozen
class Marks:
    """The lines of a file that end in a mark."""

    lines: Lines
    marked: frozenset[int]

    @classmethod
    def of(cls, source: str) -> Marks:
        """The marks of a file."""
        lines = Lines.of(source)
        return cls(lines, frozenset(lines.number(mark.start()) for mark in _MARK.finditer(source)))

    def at(self, offset: int) -> bool:
        """Whether a string that begins at an offset is marked as a schedule."""
        if not self.marked:
            return False
        line = self.lines.number(offset)
        return line in self.marked or line - 1 in self.marked


#: The brackets of placeholders, as OmegaConf, the shell and Jinja write them.
_BETWEEN = (("${", "}"), ("{{", "}}"), ("{%", "%}"))
#: The placeholders of `str.format`, of `%`, and of the shell without brackets.
_SHORT = re.compile(r"\{[^\W\d][\w.]*(?:![rsa])?(?::[^{}]*)?\}|%\([^()]*\)[a-z]|\$[^\W\d]\w*")


def placeholder(text: str) -> tuple[int, int] | None:
    """The extent of the first placeholder in a text, which a program replaces before the text is a schedule; None if there is none.

    >>> placeholder("cosine(${steps})"), placeholder("cosine({n}) {{ x }}"), placeholder("{{" * 9)
    ((7, 15), (7, 10), None)
    """
    short = _SHORT.search(text)
    extents = [] if short is None else [short.span()]
    for opening, closing in _BETWEEN:
        start = text.find(opening)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        if end >= 0:  # if nothing closes the first bracket, nothing closes a later one
            extents.append((start, end + len(closing)))
    return min(extents, default=None)


class UnreadableError(Exception):
    """A file, or a part of it, is not of its format: the reason, and the offset of the fault."""

    def __init__(self, message: str, offset: int) -> None:
        self.message, self.offset = message, offset
        super().__init__(message)


@attrs.frozen
class Embedded:
    """A schedule in a file of another format.

    `offsets[i]` is where character i of the text begins in the file, and the last offset is where the text ends. `ends[i]` is where character i ends in the
    file: usually where the next one begins, but the file may have characters between two lines of the text, as an indentation. `quote` writes new text as the
    file's format needs it.
    """

    text: str
    offsets: Places
    quote: Callable[[str], str]
    ends: Places = attrs.field()

    @ends.default
    def _next(self) -> Places:
        return Places.of(self.offsets.runs(1, len(self.offsets)))

    def moved(self, d: Diagnostic, source: str) -> Diagnostic:
        """A diagnostic of the text, moved to its place in the file."""
        span = Span.of(source, *self.place(d.span.start.offset, d.span.end.offset))
        fix = None if d.fix is None else self.edit(d.fix)
        return attrs.evolve(d, span=span, fix=fix)

    def edit(self, fix: Fix) -> Fix:
        """A repair of the text as a repair of the file."""
        start, end = self.place(fix.start, fix.end)
        if not fix.replacement and fix.start < fix.end:  # a deletion takes the characters between the lines with it
            start, end = (self.ends[fix.start - 1], end) if fix.start else (start, self.offsets[fix.end])
        return Fix(start, end, self.quote(fix.replacement))

    def inside(self, outer: Embedded) -> Embedded:
        """This text with its places in the file, if it was found in another text that is embedded in the file: a cell of a notebook."""
        ends = self.ends.moved(-1).through(outer.ends)
        return Embedded(self.text, self.offsets.through(outer.offsets), lambda added: outer.quote(self.quote(added)), ends)

    def shifted(self, by: int) -> Embedded:
        """The same text, so many characters later in the file."""
        return Embedded(self.text, self.offsets.moved(by), self.quote, self.ends.moved(by))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The extent in the file of a stretch of the text."""
        last = len(self.text)
        start, end = min(start, last), min(end, last)
        return self.offsets[start], self.ends[end - 1] if end > start else self.offsets[start]


@attrs.frozen
class Finder:
    """Tells which strings of a file are schedules: those that look like one under a key that fits a pattern in `keys`, and those that a comment marks."""

    keys: tuple[str, ...] = ("*schedule*",)

    def may_hold(self, source: str) -> bool:
        """Whether a file may have schedules, so that it is worth reading."""
        low = source.lower()
        return "lrdsl" in low or "lrs" in low or any(max(re.split(r"[*?\[\]]", key), key=len).lower() in low for key in self.keys)

    def names(self, key: str) -> bool:
        """Whether the strings under a key may be schedules."""
        return _patterns(self.keys).match(key.lower()) is not None

    def wants(self, named: bool, text: str, marked: bool) -> bool:
        """Whether a string is a schedule: it is marked, or its key names schedules and it looks like one."""
        return marked or (named and looks_like_one(text))


@lru_cache
def _patterns(keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(key.lower()) for key in keys) or r"(?!)")


_CALL = re.compile(r"(?<![\w.])([^\W\d][\w.]*)\s*\(")
#: The least share of letters that a misspelled name and the right one have in common.
_NEAR = 0.8


def looks_like_one(text: str) -> bool:
    """Whether a string is meant as a schedule: it calls a phase, perhaps with a misspelled name. `cosine` and `0 5 * * *` are something else.

    >>> looks_like_one("warmup(5) then x(95)"), looks_like_one("cosin(20)"), looks_like_one("cosine"), looks_like_one("torch.optim.StepLR(opt)")
    (True, True, False, False)
    """
    return "(" in text and "://" not in text and any(_is_near(call[1]) for call in _CALL.finditer(text))


def _is_near(word: str) -> bool:
    """Whether a word is the name of a phase, or differs from one by one letter; a long name may lack two letters.

    The word, and the word without each of its letters, are looked up in a table of shortened names, so that the number of names does not matter.
    """
    if word in _names():
        return True
    forms = _forms()
    if len(word) > max(map(len, _names())) + 1:
        return False
    return any(2 * len(form) >= _NEAR * (len(word) + forms[form]) for form in {word, *_without_one(word)} if form in forms)


@lru_cache
def _names() -> frozenset[str]:
    return frozenset((*SHAPES, *COMBINATORS, *recipes()))


@lru_cache
def _forms() -> dict[str, int]:
    """The names with up to two letters removed, each with the length of the shortest name that it comes from."""
    forms: dict[str, int] = {}
    for name in _names():
        shorter = _without_one(name)
        for form in {name, *shorter, *(form for word in shorter for form in _without_one(word))}:
            forms[form] = min(len(name), forms.get(form, len(name)))
    return forms


def _without_one(word: str) -> set[str]:
    """The word without each of its letters."""
    return {word[:i] + word[i + 1 :] for i in range(len(word))}
