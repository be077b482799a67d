"""Positions in a document as an editor counts them: by lines, and in those by units of its encoding."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import attrs

_NEWLINE = re.compile(r"\r\n?|\n")
#: By the encoding that client and server agree on: its name in Python, the bytes of a unit, and the characters that may be more than one unit.
_ENCODINGS = {
    "utf-8": ("utf-8", 1, re.compile(r"[^\x00-\x7f]")),
    "utf-16": ("utf-16-le", 2, re.compile(r"[\U00010000-\U0010ffff]")),
    "utf-32": ("utf-32-le", 4, re.compile(r"(?!)")),
}


@attrs.frozen(eq=False)
class Positions:
    """Where lines begin, which characters are wide, and how many units the text up to each of those has more than characters."""

    starts: Sequence[int]
    wide: Sequence[int]
    extra: Sequence[int]
    size: int

    @classmethod
    def of(cls, text: str, encoding: str = "utf-16") -> Positions:
        """The positions of a document.

        >>> Positions.of("a\\n𝕏b").at(3), Positions.of("a\\n𝕏b").offset(1, 2)
        ((1, 2), 3)
        """
        codec, unit, pattern = _ENCODINGS[encoding]
        wide, extra = array("Q"), array("Q", [0])
        for character in pattern.finditer(text):
            wide.append(character.start())
            extra.append(extra[-1] + len(character[0].encode(codec, "surrogatepass")) // unit - 1)
        return cls(array("Q", [0, *(newline.end() for newline in _NEWLINE.finditer(text))]), wide, extra, len(text))

    def at(self, offset: int) -> tuple[int, int]:
        """The line, from 0, and the unit in it, of an offset."""
        offset = min(offset, self.size)
        line = bisect_right(self.starts, offset) - 1
        return line, self._units(offset) - self._units(self.starts[line])

    def offset(self, line: int, unit: int) -> int:
        """The offset of a unit of a line; what is behind the end of a line is in none."""
        if line >= len(self.starts):
            return self.size
        start = self.starts[line]
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else self.size
        wanted = self._units(start) + unit
        return bisect_left(range(self.size + 1), wanted, start, end, key=self._units)

    def _units(self, offset: int) -> int:
        """How many units the text up to an offset has."""
        return offset + self.extra[bisect_left(self.wide, offset)]
