"""`Page`, a stretch of a file in which comments may stand: the whole file, or a cell of a notebook. It finds the comments, and where one can be written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

import attrs

from lrdsl.diagnostics import Lines
from lrdsl.linting.hosts.embedded import Embedded
from lrdsl.rules.finding import Comment, line_at
from lrdsl.syntax.nodes import Extent

#: The words that every comment of ours has. Only lines with them are read for comments.
_OURS = re.compile(r"lrs:", re.IGNORECASE)


@attrs.frozen
class Page:
    """A stretch of a file: its text, and where strings stand in it, in which no comment begins.

    `signs` begin a comment; with none, the file can have no comments. `spaced` says that a blank must stand before the sign. `cell` gives the places of the
    text in the file, if it is not the whole file.
    """

    text: str
    strings: tuple[Extent, ...]
    signs: tuple[str, ...] = ("#",)
    spaced: bool = False
    cell: Embedded | None = None

    @classmethod
    def of(cls, text: str, strings: Iterable[Extent], signs: tuple[str, ...] = ("#",), spaced: bool = False) -> Page:
        """The page of a text. The strings are in its order."""
        return cls(text, tuple(strings), signs, spaced)

    def comments(self) -> Iterator[Comment]:
        """The comments of the page that may be ours, as stretches of the file."""
        lines, last = Lines.of(self.text), -1
        for words in _OURS.finditer(self.text):
            line = line_at(self.text, lines, words.start())
            if line[0] == last:
                continue
            last = line[0]
            start = self._sign(line)
            if start is not None:
                yield self._place((start, line[1])), self._place(line)

    def _sign(self, line: Extent) -> int | None:
        """Where the comment of a line begins; None if it has none."""
        for sign in re.finditer("|".join(map(re.escape, self.signs)) or r"(?!)", self.text[slice(*line)]):
            at = line[0] + sign.start()
            if self.is_free(at) and (not self.spaced or at == line[0] or self.text[at - 1] in " \t"):
                return at
        return None

    def is_free(self, offset: int) -> bool:
        """Whether an offset of the page is outside of all strings."""
        i = bisect_right(self.strings, (offset, len(self.text) + 1)) - 1
        return i < 0 or not self.strings[i][0] <= offset < self.strings[i][1]

    def end_of_line(self, offset: int) -> int | None:
        """Where a comment can be added to the line of an offset of the file, as an offset of the file; None if it cannot."""
        if not self.signs or not self.holds(offset):
            return None
        at = offset if self.cell is None else self.cell.offsets.character(offset)
        line = line_at(self.text, Lines.of(self.text), at)
        end = line[1]
        if not self.is_free(end) or self.text[line[0] : end].endswith("\\"):
            return None
        return self._place((end, end))[0]

    def holds(self, offset: int) -> bool:
        """Whether an offset of the file is on the page."""
        return self.cell is None or self.cell.offsets[0] <= offset <= self.cell.offsets[-1]

    def _place(self, extent: Extent) -> Extent:
        """A stretch of the page as a stretch of the file."""
        return extent if self.cell is None else self.cell.place(*extent)
