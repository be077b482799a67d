"""`Places`: the offset in a file of each character of a text that is embedded in it, stored as runs of neighbouring characters."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, overload

import attrs

#: A run: the offset of its first character, and its number of characters.
Run: TypeAlias = "tuple[int, int]"


@attrs.frozen(eq=False)
class Places(Sequence[int]):
    """The offset of each character of a text. `firsts` are the indices of the first characters of the runs, and `offsets` are their offsets.

    >>> places = Places.of([(10, 3), (20, 2)])
    >>> list(places), places[3]
    ([10, 11, 12, 20, 21], 20)
    """

    firsts: Sequence[int]
    offsets: Sequence[int]
    size: int

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Places:
        """The places of these runs. Runs that touch in the file are joined."""
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
        """The same places, so many characters later in the file."""
        return Places(self.firsts, array("Q", (offset + by for offset in self.offsets)), self.size)

    def through(self, outer: Places) -> Places:
        """The places in the file, if these places are in another text whose own places in the file are `outer`."""
        return Places.of(run for offset, length in self.runs(0, self.size) for run in outer.runs(offset, offset + length))

    def character(self, offset: int) -> int:
        """The index of the last character at an offset of the file or before it; 0 if there is none."""
        k = bisect_right(self.offsets, offset) - 1
        if k < 0:
            return 0
        after = self.firsts[k + 1] if k + 1 < len(self.firsts) else self.size
        return min(self.firsts[k] + offset - self.offsets[k], after - 1)


#: A part of a file that stands for other characters, as an escape: its start and end, and how many characters it stands for.
Piece: TypeAlias = "tuple[int, int, int]"


def places_of(start: int, end: int, pieces: Iterable[Piece]) -> Places:
    """The places of a text between two offsets of a file, and of its end. All characters of a piece have the place where the piece begins."""
    return Places.of(runs(start, end, pieces))


def runs(start: int, end: int, pieces: Iterable[Piece]) -> Iterator[Run]:
    """The runs of these places. The last one ends with the place of the end."""
    for begin, stop, count in pieces:
        yield start, begin - start
        yield from ((begin, 1) for _ in range(count))
        start = stop
    yield start, end + 1 - start


def closing(source: str, start: int, delimiter: str) -> int:
    """The offset of the first delimiter after `start` that no backslash escapes, which ends a string; -1 if there is none."""
    at = source.find(delimiter, start)
    while at >= 0 and escaped(source, start, at):
        at = source.find(delimiter, at + 1)
    return at


def escaped(source: str, start: int, at: int) -> bool:
    """Whether a backslash escapes the character at an offset, in a string that begins at `start`."""
    before = at
    while before > start and source[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1
