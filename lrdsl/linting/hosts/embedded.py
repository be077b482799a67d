"""`Embedded`, a schedule in a file of another format, and `Finder`, which tells schedules from other strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Any

import attrs

from lrdsl.diagnostics import Diagnostic, Fix, Lines, Span
from lrdsl.documents.places import Places
from lrdsl.linting.hosts.likeness import is_about, looks_like_one
from lrdsl.syntax.nodes import Extent

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


class UnreadableError(Exception):
    """A file, or a part of it, is not of its format: the reason, and the offset of the fault.

    `template` says that a program makes the file from this one, and `holds` whether there seems to be a schedule in what was not read. `passing` says that
    the fault comes and goes while somebody types, and that an editor has a server of its own that speaks of it.
    """

    def __init__(self, message: str, offset: int, template: bool = False, holds: bool = True, passing: bool = False) -> None:
        self.message, self.offset, self.template, self.holds, self.passing = message, offset, template, holds, passing
        super().__init__(message)


@attrs.frozen
class Remedy:
    """What to do about a text that its file's format has joined or split: a message, a help line, the extent in the file, and a repair of the file.

    `meant` is the text that was meant. `sure` says that it was, whether it has errors or not.
    """

    message: str
    help: str
    extent: Extent
    meant: str
    fix: Fix | None = None
    sure: bool = False

    def shifted(self, by: int) -> Remedy:
        """The same, so many characters later in the file."""
        fix = None if self.fix is None else attrs.evolve(self.fix, start=self.fix.start + by, end=self.fix.end + by)
        return attrs.evolve(self, extent=(self.extent[0] + by, self.extent[1] + by), fix=fix)


@attrs.frozen
class Given:
    """What a program gives beside a text: facts of the run and the numbers of names, where None is a number that only the run knows; and the base.

    `open` says that it may give other names and facts too, which cannot be read. `beside` are facts that stand near the text in a config, and hold if nothing
    else gives one.
    """

    facts: tuple[tuple[str, Any], ...] = ()
    names: tuple[tuple[str, Any], ...] = ()
    base: float | None = None
    open: bool = False
    beside: tuple[tuple[str, Any], ...] = ()

    def among(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The facts of the run, with those of a project's settings: those of the program go before them, and those that only stand near the text behind."""
        facts = {**settings, **dict(self.facts)}
        return facts if any(value is not None for value in facts.values()) else {**facts, **dict(self.beside)}


NOTHING_GIVEN = Given()


@attrs.frozen
class Embedded:
    """A schedule in a file of another format.

    `offsets[i]` is where character i of the text begins in the file, and the last offset is where the text ends. `ends[i]` is where character i ends in the
    file: usually where the next one begins, but the file may have characters between two lines of the text, as an indentation. `quote` writes new text as the
    file's format needs it, and `joints` say from which character on another function does. `extent` is the whole value in the file, with its quotes.

    No repair may touch or cross one of the `breaks`, which are stretches of the text. `holes` are the placeholders that a program fills in. `given` is what
    the program gives beside the text. `remedy` says what to write in the file if the text has errors, because the file's format has joined or split it.
    """

    text: str
    offsets: Places
    quote: Callable[[str], str]
    ends: Places = attrs.field()
    extent: Extent = attrs.field()
    breaks: tuple[Extent, ...] = ()
    joints: tuple[tuple[int, Callable[[str], str]], ...] = ()
    holes: tuple[Extent, ...] = ()
    given: Given = NOTHING_GIVEN
    remedy: Remedy | None = None

    @ends.default
    def _next(self) -> Places:
        return Places.of(self.offsets.runs(1, len(self.offsets)))

    @extent.default
    def _whole(self) -> Extent:
        return self.offsets[0], self.offsets[-1]

    @property
    def hole(self) -> Extent | None:
        """The first of the placeholders; None if there is none."""
        return self.holes[0] if self.holes else None

    def moved(self, d: Diagnostic, source: str) -> Diagnostic:
        """A diagnostic of the text, moved to its place in the file."""
        span = Span.of(source, *self.place(d.span.start.offset, d.span.end.offset))
        fix = None if d.fix is None else self.edit(d.fix)
        return attrs.evolve(d, span=span, fix=fix)

    def edit(self, fix: Fix) -> Fix | None:
        """A repair of the text as a repair of the file; None if it would touch what is not the text's own."""
        if any(fix.start < end and start < fix.end for start, end in self.breaks):
            return None
        start, end = self.place(fix.start, fix.end)
        if not fix.replacement and fix.start < fix.end:  # a deletion takes the characters between the lines with it
            behind = fix.start > 0 and not any(at == fix.start for at, _ in self.joints)
            ahead = not any(at == fix.end for at, _ in self.joints)
            start, end = (self.ends[fix.start - 1], end) if behind else (start, self.offsets[fix.end] if ahead else end)
        return Fix(start, end, self._quote_at(fix.start)(fix.replacement))

    def _quote_at(self, start: int) -> Callable[[str], str]:
        return next((quote for at, quote in reversed(self.joints) if at <= start), self.quote)

    def inside(self, outer: Embedded) -> Embedded:
        """This text with its places in the file, if it was found in another text that is embedded in the file: a cell of a notebook."""

        def through(quote: Callable[[str], str]) -> Callable[[str], str]:
            return lambda added: outer.quote(quote(added))

        return attrs.evolve(
            self,
            offsets=self.offsets.through(outer.offsets),
            ends=self.ends.moved(-1).through(outer.ends),
            quote=through(self.quote),
            joints=tuple([(at, through(quote)) for at, quote in self.joints]),
            extent=outer.place(*self.extent),
        )

    def shifted(self, by: int) -> Embedded:
        """The same text, so many characters later in the file."""
        extent = (self.extent[0] + by, self.extent[1] + by)
        remedy = None if self.remedy is None else self.remedy.shifted(by)
        return attrs.evolve(self, offsets=self.offsets.moved(by), ends=self.ends.moved(by), extent=extent, remedy=remedy)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The extent in the file of a stretch of the text."""
        last = len(self.text)
        start, end = min(start, last), min(end, last)
        return self.offsets[start], self.ends[end - 1] if end > start else self.offsets[start]


@attrs.frozen
class Finder:
    """Tells which strings of a file are schedules: those that look like one under a key that fits a pattern in `keys`, and those that a comment marks.

    With `every`, all strings under such a key count, as those that a user begins to type.
    """

    keys: tuple[str, ...] = ("*schedule*",)
    every: bool = False

    def may_hold(self, source: str) -> bool:
        """Whether a file may have schedules, so that it is worth reading."""
        low = source.lower()
        return "lrdsl" in low or "lrs" in low or any(max(re.split(r"[*?\[\]]", key), key=len).lower() in low for key in self.keys)

    def names(self, key: str, inside: bool = False) -> bool:
        """Whether the strings under a key may be schedules. `inside` says that the key stands in a mapping that is the value of such a key."""
        return (inside or _patterns(self.keys).match(key.lower()) is not None) and not is_about(key)

    def wants(self, named: bool, text: str, marked: bool) -> bool:
        """Whether a string is a schedule: it is marked, or its key names schedules and it looks like one."""
        return marked or (named and (self.every or looks_like_one(text)))


@lru_cache
def _patterns(keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(key.lower()) for key in keys) or r"(?!)")
