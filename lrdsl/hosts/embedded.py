"""A text inside a file, and how such texts are told from other strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatch

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import recipes
from lrdsl.diagnostics import Diagnostic, Fix, Span
from lrdsl.shapes import SHAPES

#: `# lrs` at the end of a line, or on the line before, says that a string is a schedule whatever its key is.
MARK = re.compile(r"(?:#|//)\s*lrs\s*$")


def is_marked(lines: Sequence[str], line: int) -> bool:
    """Whether a string that begins on a line has a mark."""
    return any(MARK.search(lines[i]) for i in (line, line - 1) if 0 <= i < len(lines))


#: What a program puts into a text before it is a schedule: of OmegaConf, the shell, Jinja, `str.format` and `%`.
PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\{\{.*?\}\}|\{%.*?%\}|\{[^\W\d][\w.]*(?:![rsa])?(?::[^{}]*)?\}|%\([^()]*\)[a-z]|\$[^\W\d]\w*", re.DOTALL)


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
    offsets: tuple[int, ...]
    quote: Callable[[str], str]
    ends: tuple[int, ...] = attrs.field()

    @ends.default
    def _next(self) -> tuple[int, ...]:
        return self.offsets[1:]

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
        offsets, ends = tuple(outer.offsets[at] for at in self.offsets), tuple(outer.ends[at - 1] for at in self.ends)
        return Embedded(self.text, offsets, lambda added: outer.quote(self.quote(added)), ends)

    def later(self, by: int) -> Embedded:
        """The text in a file that has so many more characters before it."""
        return Embedded(self.text, tuple(at + by for at in self.offsets), self.quote, tuple(at + by for at in self.ends))

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

    def wants(self, key: str, text: str, marked: bool) -> bool:
        """Whether a string under a key is a schedule."""
        return marked or (any(fnmatch(key.lower(), pattern.lower()) for pattern in self.keys) and looks_like_one(text))


#: How alike a misspelled name and the right one are, of 1.
_NEAR = 0.8
_CALL = re.compile(r"(?<![\w.])([^\W\d]\w*(?:\.\w+)*)\s*\(")


def looks_like_one(text: str) -> bool:
    """Whether a string is meant as a schedule: a phase in it is called, perhaps misspelled; `cosine` and `0 5 * * *` are something else.

    >>> looks_like_one("warmup(5) then x(95)"), looks_like_one("cosin(20)"), looks_like_one("cosine"), looks_like_one("torch.optim.StepLR(opt)")
    (True, True, False, False)
    """
    words = _CALL.findall(text)
    known = (*SHAPES, *COMBINATORS, *recipes())
    return bool(words) and "://" not in text and (any(word in known for word in words) or any(get_close_matches(word, known, 1, _NEAR) for word in words))
