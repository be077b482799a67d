"""Repairs made in a text: many at once, and one round of them after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from lrdsl.diagnostics import Fix


def compatible(fixes: Iterable[Fix]) -> list[Fix]:
    """The repairs that can be made together, in the order of the text: from the end, those left out that overlap another."""
    kept: list[Fix] = []
    for fix in sorted(fixes, key=lambda f: (f.start, f.end), reverse=True):
        if not kept or fix.end <= kept[-1].start:
            kept.append(fix)
    return kept[::-1]


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """The text with repairs made, those left out that overlap another.

    >>> applied("restart cosin(9)", [Fix(8, 13, "cosine"), Fix(0, 8, ""), Fix(7, 9, "x")])
    'cosine(9)'
    """
    parts, at = [], 0
    for fix in compatible(fixes):
        parts += [text[at : fix.start], fix.replacement]
        at = fix.end
    return "".join([*parts, text[at:]])


def composed(size: int, first: Iterable[Fix], then: Iterable[Fix]) -> list[Fix]:
    """The repairs of a text of some size that come to the same as one round of them and another of what the first makes of the text.

    >>> composed(9, [Fix(0, 2, "abcd")], [Fix(1, 3, "xyz"), Fix(6, 7, "")])
    [Fix(start=0, end=2, replacement='axyzd'), Fix(start=4, end=5, replacement='')]
    """
    middle = deque(_parts(0, size, compatible(first)))
    parts: list[_Part] = []
    at = 0
    for fix in compatible(then):
        parts += _taken(middle, fix.start - at)
        deque(_taken(middle, fix.end - fix.start), maxlen=0)
        parts.append((0, 0, fix.replacement))
        at = fix.end
    return list(_fixes(size, [*parts, *middle]))


#: A part of a repaired text: a stretch of the text that it was, or what has been put in.
_Part = tuple[int, int, str]


def _parts(start: int, end: int, fixes: Sequence[Fix]) -> Iterator[_Part]:
    for fix in fixes:
        yield start, fix.start, ""
        yield 0, 0, fix.replacement
        start = fix.end
    yield start, end, ""


def _taken(parts: deque[_Part], count: int) -> Iterator[_Part]:
    """The parts that so many characters at the beginning are in; they are taken out."""
    while count > 0 and parts:
        start, end, added = parts.popleft()
        size = len(added) + end - start
        if size > count:
            parts.appendleft((start + count, end, "") if not added else (0, 0, added[count:]))
            start, end, added = (start, start + count, "") if not added else (0, 0, added[:count])
        yield start, end, added
        count -= size


def _fixes(size: int, parts: Iterable[_Part]) -> Iterator[Fix]:
    """The repairs that make parts of a text."""
    at, replacement = 0, ""
    for start, end, added in (*parts, (size, size + 1, "")):
        if added:
            replacement += added
        elif start < end:
            if start > at or replacement:
                yield Fix(at, start, replacement)
            at, replacement = end, ""
