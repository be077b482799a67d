"""Repairs as edits of a text: which of them can be made together, what the text is after them, and two rounds of repairs as one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from lrdsl.diagnostics import Fix


def compatible(fixes: Iterable[Fix]) -> list[Fix]:
    """The repairs that can be made together, in the order of the text. If two overlap, the later one in the text is kept."""
    kept: list[Fix] = []
    for fix in sorted(fixes, key=lambda f: (f.start, f.end), reverse=True):
        if not kept or fix.end <= kept[-1].start:
            kept.append(fix)
    return kept[::-1]


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """The text after its repairs. If two overlap, only the later one is made.

    >>> applied("restart cosin(9)", [Fix(8, 13, "cosine"), Fix(0, 8, ""), Fix(7, 9, "x")])
    'cosine(9)'
    """
    parts, at = [], 0
    for fix in compatible(fixes):
        parts += [text[at : fix.start], fix.replacement]
        at = fix.end
    return "".join([*parts, text[at:]])


def composed(size: int, first: Iterable[Fix], then: Iterable[Fix]) -> list[Fix]:
    """Returns the repairs of a text that have the same effect as the `first` round, and `then` a second round on the text that the first one made.

    >>> composed(9, [Fix(0, 2, "abcd")], [Fix(1, 3, "xyz"), Fix(6, 7, "")])
    [Fix(start=0, end=2, replacement='axyzd'), Fix(start=4, end=5, replacement='')]
    """
    middle = deque(_parts(0, size, compatible(first)))
    parts: list[_Part] = []
    at = 0
    for fix in compatible(then):
        parts += _take(middle, fix.start - at)
        deque(_take(middle, fix.end - fix.start), maxlen=0)
        parts.append((0, 0, fix.replacement))
        at = fix.end
    return list(_fixes(size, [*parts, *middle]))


#: A part of a repaired text: start and end of a stretch of the original text, or new text.
_Part = tuple[int, int, str]


def _parts(start: int, end: int, fixes: Sequence[Fix]) -> Iterator[_Part]:
    """The parts of the text that repairs make."""
    for fix in fixes:
        yield start, fix.start, ""
        yield 0, 0, fix.replacement
        start = fix.end
    yield start, end, ""


def _take(parts: deque[_Part], count: int) -> Iterator[_Part]:
    """Removes the first `count` characters from the parts, and yields what they were."""
    while count > 0 and parts:
        start, end, added = parts.popleft()
        size = len(added) + end - start
        if size > count:
            parts.appendleft((start + count, end, "") if not added else (0, 0, added[count:]))
            start, end, added = (start, start + count, "") if not added else (0, 0, added[:count])
        yield start, end, added
        count -= size


def _fixes(size: int, parts: Iterable[_Part]) -> Iterator[Fix]:
    """The repairs of a text that turn it into these parts."""
    at, replacement = 0, ""
    for start, end, added in (*parts, (size, size + 1, "")):
        if added:
            replacement += added
        elif start < end:
            if start > at or replacement:
                yield Fix(at, start, replacement)
            at, replacement = end, ""
