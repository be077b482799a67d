"""Where the characters of a text stand in a file: runs of characters that stand side by side there, and a bisection that finds the run of a character."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, overload

import attrs

#: The offset of the first character of a run, and how many characters it has.
Run: TypeAlias = "tuple[int, int]"


@attrs.frozen(eq=False)
class Places(Sequence[int]):
    """The offset of each character of a text; `firsts` are the characters with which runs begin, and `offsets` are where those stand.

    >>> places = Places.of([(10, 3), (20, 2)])
    >>> list(places), places[3]
    ([10, 11, 12, 20, 21], 20)
    """

    firsts: Sequence[int]
    offsets: Sequence[int]
    size: int

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Places:
        """The places that runs come to; neighbours are joined."""
        firsts, offsets = array("Q"), array("Q")
        count, end = 0, -1
        for offset, length in runs:
            if length > 0:
                if offset != end:
                    firsts.append(count)
                    offsets.append(offset)
                count += length
                end = offset + length
        return cls(firsts, offsets, count)

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, i: int) -> int: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[int]: ...
    def __getitem__(self, i: int | slice) -> int | Sequence[int]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(self.size))]
        if not -self.size <= i < self.size:
            raise IndexError(i)
        i %= self.size
        k = bisect_right(self.firsts, i) - 1
        return self.offsets[k] + i - self.firsts[k]

    def __iter__(self) -> Iterator[int]:
        for offset, length in self.runs(0, self.size):
            yield from range(offset, offset + length)

    def runs(self, start: int, end: int) -> Iterator[Run]:
        """The runs of a stretch of the text."""
        k = bisect_right(self.firsts, start) - 1
        while start < end:
            stop = min(end, self.firsts[k + 1] if k + 1 < len(self.firsts) else self.size)
            yield self.offsets[k] + start - self.firsts[k], stop - start
            start, k = stop, k + 1

    def moved(self, by: int) -> Places:
        """The places in a file that has so many more characters before them."""
        return Places(self.firsts, array("Q", (offset + by for offset in self.offsets)), self.size)

    def through(self, outer: Places) -> Places:
        """The places in a file of a text that stands in a text: these are its places in the outer text, whose places in the file are given."""
        return Places.of(run for offset, length in self.runs(0, self.size) for run in outer.runs(offset, offset + length))

    def character(self, offset: int) -> int:
        """The last character that stands at an offset or before it; 0 where none does."""
        k = bisect_right(self.offsets, offset) - 1
        if k < 0:
            return 0
        after = self.firsts[k + 1] if k + 1 < len(self.firsts) else self.size
        return min(self.firsts[k] + offset - self.offsets[k], after - 1)


#: A part of a file that is not in a text as it stands: where it begins and ends, and how many characters it comes to.
Piece: TypeAlias = "tuple[int, int, int]"


def placed(start: int, end: int, pieces: Iterable[Piece]) -> Places:
    """The places of the text between two offsets of a file, and of its end: as it stands, but for some pieces, whose characters all stand where they begin."""
    return Places.of(runs(start, end, pieces))


def runs(start: int, end: int, pieces: Iterable[Piece]) -> Iterator[Run]:
    """The same as runs, of which the last ends with the place of the end."""
    for begin, stop, count in pieces:
        yield start, begin - start
        yield from ((begin, 1) for _ in range(count))
        start = stop
    yield start, end + 1 - start


def closing(source: str, start: int, delimiter: str) -> int:
    """Where a string ends that begins at an offset: at the first delimiter that no backslash escapes. -1 where none follows."""
    at = source.find(delimiter, start)
    while at >= 0 and escaped(source, start, at):
        at = source.find(delimiter, at + 1)
    return at


def escaped(source: str, start: int, at: int) -> bool:
    """Whether a backslash escapes a character of a string that begins at `start`."""
    before = at
    while before > start and source[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1
