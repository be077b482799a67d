"""`Positions`: turns offsets in a document into lines and columns, as an editor counts them in the units of its encoding, and back."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import attrs

_NEWLINE = re.compile(r"\r\n?|\n")
#: For each encoding of the protocol: its name in Python, the bytes of a unit, and a pattern for characters of more than one unit.
_ENCODINGS = {
    "utf-8": ("utf-8", 1, re.compile(r"[^\x00-\x7f]")),
    "utf-16": ("utf-16-le", 2, re.compile(r"[\U00010000-\U0010ffff]")),
    "utf-32": ("utf-32-le", 4, re.compile(r"(?!)")),
}


@attrs.frozen(eq=False)
class Positions:
    """The positions of a document. `starts` are the offsets of its lines, and `wide` those of characters with more than one unit; `extra[i]` is how many more
    units than characters the text before wide character i has, and `size` is the number of characters."""

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
        """The line and the unit in it, both from 0, of an offset."""
        offset = min(offset, self.size)
        line = bisect_right(self.starts, offset) - 1
        return line, self.units(offset) - self.units(self.starts[line])

    def offset(self, line: int, unit: int) -> int:
        """The offset of a unit of a line. A unit after the end of the line counts as its end."""
        if line >= len(self.starts):
            return self.size
        start = self.starts[line]
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else self.size
        units = self.units(start) + unit
        return self._after(units, start, end)

    def after(self, units: int) -> int:
        """The offset that has so many units before it.

        >>> Positions.of("𝕏b").after(2), Positions.of("𝕏b").units(1)
        (1, 2)
        """
        return self._after(units, 0, self.size)

    def _after(self, units: int, start: int, end: int) -> int:
        return bisect_left(range(self.size + 1), units, start, end, key=self.units)

    def units(self, offset: int) -> int:
        """The number of units in the text before an offset."""
        return offset + self.extra[bisect_left(self.wide, offset)]
