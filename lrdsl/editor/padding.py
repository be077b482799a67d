"""`padded`: a schedule file as a text with room at the ends of its lines. While a line is typed, the other lines stay at their offsets."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from lrdsl.documents.places import Places, Run
from lrdsl.linting.hosts.embedded import Embedded
from lrdsl.syntax.tokens import MAX_TEXT

#: Lines are padded to a multiple of so many characters.
ROOM = 32


def padded(source: str) -> Embedded:
    """A file as a text with blanks at the ends of its lines, which mean nothing. They stand where the line ends. A text near the size limit gets none.

    >>> embedded = padded("hold\\nx")
    >>> len(embedded.text), embedded.offsets[3], embedded.offsets[4], embedded.offsets[32], embedded.offsets[33]
    (65, 3, 4, 4, 5)
    """
    lines = [_Line.of(line) for line in source.split("\n")]
    text = "\n".join(line.body + " " * line.room + line.end for line in lines)
    if len(text) > MAX_TEXT:
        return Embedded(source, Places.of([(0, len(source) + 1)]), str)
    return Embedded(text, Places.of(_runs(lines)), str)


@attrs.frozen
class _Line:
    """A line, what is left of its end before the newline, and how many blanks go between."""

    body: str
    end: str
    room: int

    @classmethod
    def of(cls, line: str) -> _Line:
        body = line.removesuffix("\r")
        return cls(body, line[len(body) :], ROOM - len(body) % ROOM)


def _runs(lines: list[_Line]) -> Iterator[Run]:
    """The runs of the characters of padded lines. All blanks of a line stand at its end."""
    start = 0
    for line in lines:
        end = start + len(line.body)
        yield start, len(line.body)
        yield from ((end, 1) for _ in range(line.room))
        yield end, len(line.end) + 1
        start = end + len(line.end) + 1
