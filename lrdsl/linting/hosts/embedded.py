"""A text inside a file, and how such texts are told from other strings."""

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

#: `# lrs` at the end of a line, or on the line before, says that a string is a schedule whatever its key is.
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
        """Whether a string that begins at an offset has a mark."""
        if not self.marked:
            return False
        line = self.lines.number(offset)
        return line in self.marked or line - 1 in self.marked


#: What programs put between two signs into a text before it is a schedule: OmegaConf, the shell, Jinja.
_BETWEEN = (("${", "}"), ("{{", "}}"), ("{%", "%}"))
#: The same of `str.format`, `%` and the shell, which is short.
_SHORT = re.compile(r"\{[^\W\d][\w.]*(?:![rsa])?(?::[^{}]*)?\}|%\([^()]*\)[a-z]|\$[^\W\d]\w*")


def placeholder(text: str) -> tuple[int, int] | None:
    """Where the first stretch begins and ends that a program fills in.

    >>> placeholder("cosine(${steps})"), placeholder("cosine({n}) {{ x }}"), placeholder("{{" * 9)
    ((7, 15), (7, 10), None)
    """
    found = _SHORT.search(text)
    stretches = [] if found is None else [found.span()]
    for opening, closing in _BETWEEN:
        start = text.find(opening)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        if end >= 0:  # if nothing closes the first, nothing closes another
            stretches.append((start, end + len(closing)))
    return min(stretches, default=None)


class UnreadableError(Exception):
    """A file that its format cannot read: where, and why."""

    def __init__(self, message: str, offset: int) -> None:
        self.message, self.offset = message, offset
        super().__init__(message)


@attrs.frozen
class Embedded:
    """A text in a file: `offsets[i]` is where its character i begins in the file, one more for its end, and `quote` writes a piece of it as the file has to.

    `ends[i]` is where character i ends: where the next begins, but for what stands between two lines of the text and is no part of it, as an indentation.
    """

    text: str
    offsets: Places
    quote: Callable[[str], str]
    ends: Places = attrs.field()

    @ends.default
    def _next(self) -> Places:
        return Places.of(self.offsets.runs(1, len(self.offsets)))

    def moved(self, d: Diagnostic, source: str) -> Diagnostic:
        """A diagnostic of the text as one of the file."""
        span = Span.of(source, *self.place(d.span.start.offset, d.span.end.offset))
        fix = None if d.fix is None else self.edit(d.fix)
        return attrs.evolve(d, span=span, fix=fix)

    def edit(self, fix: Fix) -> Fix:
        """A repair of the text as one of the file."""
        start, end = self.place(fix.start, fix.end)
        if not fix.replacement and fix.start < fix.end:  # with what stands between the lines, of which there is one less
            start, end = (self.ends[fix.start - 1], end) if fix.start else (start, self.offsets[fix.end])
        return Fix(start, end, self.quote(fix.replacement))

    def inside(self, outer: Embedded) -> Embedded:
        """A text of a text, as a text of the file that has both."""
        ends = self.ends.moved(-1).through(outer.ends)
        return Embedded(self.text, self.offsets.through(outer.offsets), lambda added: outer.quote(self.quote(added)), ends)

    def later(self, by: int) -> Embedded:
        """The text in a file that has so many more characters before it."""
        return Embedded(self.text, self.offsets.moved(by), self.quote, self.ends.moved(by))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the text begins and ends in the file."""
        last = len(self.text)
        start, end = min(start, last), min(end, last)
        return self.offsets[start], self.ends[end - 1] if end > start else self.offsets[start]


@attrs.frozen
class Finder:
    """Which strings are schedules: those under a key of one of `keys`, that look like one, those with a mark, and the arguments of our own functions."""

    keys: tuple[str, ...] = ("*schedule*",)

    def may_hold(self, source: str) -> bool:
        """Whether it is worth reading a file."""
        low = source.lower()
        return "lrdsl" in low or "lrs" in low or any(max(re.split(r"[*?\[\]]", key), key=len).lower() in low for key in self.keys)

    def names(self, key: str) -> bool:
        """Whether the strings under a key may be schedules."""
        return _patterns(self.keys).match(key.lower()) is not None

    def wants(self, named: bool, text: str, marked: bool) -> bool:
        """Whether a string is a schedule: it has a mark, or its key names one and it looks like one."""
        return marked or (named and looks_like_one(text))


@lru_cache
def _patterns(keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(key.lower()) for key in keys) or r"(?!)")


_CALL = re.compile(r"(?<![\w.])([^\W\d][\w.]*)\s*\(")
#: How alike a misspelled name and the right one are: the letters that they share, of all letters of both.
_NEAR = 0.8


def looks_like_one(text: str) -> bool:
    """Whether a string is meant as a schedule: a phase in it is called, perhaps misspelled; `cosine` and `0 5 * * *` are something else.

    >>> looks_like_one("warmup(5) then x(95)"), looks_like_one("cosin(20)"), looks_like_one("cosine"), looks_like_one("torch.optim.StepLR(opt)")
    (True, True, False, False)
    """
    return "(" in text and "://" not in text and any(_is_near(call[1]) for call in _CALL.finditer(text))


def _is_near(word: str) -> bool:
    """Whether a word is the name of a phase, or one with a letter wrong, missing or too many; in a long one two may be missing.

    What a word and a name share is looked up: the word with all of its letters, and without one of them. So a word costs the same however many names there are.
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
    """What is left of the names without up to two letters, and the least length of the names of which it is left."""
    forms: dict[str, int] = {}
    for name in _names():
        shorter = _without_one(name)
        for form in {name, *shorter, *(left for one in shorter for left in _without_one(one))}:
            forms[form] = min(len(name), forms.get(form, len(name)))
    return forms


def _without_one(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}
