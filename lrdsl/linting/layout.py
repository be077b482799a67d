"""Layout of a part of a text: `laid_out` lays out the statements in a stretch, and `differences` gives small edits from one text to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from lrdsl.diagnostics import Fix, Problems, ScheduleError
from lrdsl.linting.fixes import applied
from lrdsl.syntax.formatter import format
from lrdsl.syntax.nodes import Extent
from lrdsl.syntax.tokens import statements_of, tokens_of

#: Longer texts than so many pairs of lines are not compared line by line.
_MOST_PAIRS = 4_000_000


def differences(before: str, after: str) -> list[Fix]:
    r"""The edits that turn a text into another, in its order: one for each line that differs, or run of lines, without what both have at its ends.

    >>> differences("a\nb( 1)\nc\n", "a\nb(1)\nc\nd\n")
    [Fix(start=4, end=5, replacement=''), Fix(start=10, end=10, replacement='d\n')]
    """
    old, new = _lines(before), _lines(after)
    if len(old) * len(new) > _MOST_PAIRS:
        return list(_trimmed(before, 0, len(before), after))
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    fixes: list[Fix] = []
    for i, j, k, m in _matched(old, new, (_bare, _beginning)):
        fixes += _trimmed(before, starts[i], starts[j], "".join(new[k:m]))
    return list(_joined(fixes))


def _matched(old: list[str], new: list[str], keys: Sequence[Callable[[str], str]]) -> Iterator[tuple[int, int, int, int]]:
    """Yields the stretches of lines that stand for each other. Lines with the same first key are versions of one line; among others, the next key says so."""
    if not keys:
        yield 0, len(old), 0, len(new)
        return
    key, *others = keys
    for kind, i, j, k, m in SequenceMatcher(None, [key(line) for line in old], [key(line) for line in new], autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ((i + n, i + n + 1, k + n, k + n + 1) for n in range(j - i))
        else:
            yield from ((i + a, i + b, k + c, k + d) for a, b, c, d in _matched(old[i:j], new[k:m], others))


def _joined(fixes: list[Fix]) -> Iterator[Fix]:
    """Yields the edits; those that touch as one."""
    last: Fix | None = None
    for fix in fixes:
        if last is not None and last.end == fix.start:
            last = Fix(last.start, fix.end, last.replacement + fix.replacement)
            continue
        if last is not None:
            yield last
        last = fix
    if last is not None:
        yield last


def _bare(line: str) -> str:
    """A line without its blanks, which are what a layout changes most."""
    return "".join(line.split())


def _beginning(line: str) -> str:
    """The first word or sign of a line, if it has one."""
    return "".join(re.findall(r"\w+|\S", line)[:1])


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _trimmed(text: str, start: int, end: int, replacement: str) -> Iterator[Fix]:
    """Yields the edit of a stretch without what the new text has in common with it at both ends; none if they are equal. It divides no line break."""
    old = text[start:end]
    if old == replacement:
        return
    head = _common(old, replacement)
    head -= old[:head].endswith("\r")
    tail = _common(old[head:][::-1], replacement[head:][::-1])
    tail -= old[len(old) - tail :].startswith("\n") and old[: len(old) - tail].endswith("\r")
    yield Fix(start + head, end - tail, replacement[head : len(replacement) - tail])


def _common(one: str, other: str) -> int:
    """The number of characters with which both texts begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def laid_out(text: str, within: Extent | None = None) -> str:
    r"""A text in its canonical layout; with `within`, only its statements in that stretch. Raises `ScheduleError` for an error of grammar.

    >>> laid_out("let a=3\nlet b=4\nlr=hold( a )\n", (8, 9))
    'let a=3\nlet b = 4\nlr=hold( a )\n'
    """
    layout = format(text)
    if within is None or layout == text:
        return layout
    start, end = (at - text.count("\r\n", 0, at) for at in within)
    text = text.replace("\r\n", "\n")  # as the layout has them
    last = end + (end in (start, len(text)))  # the line after the end is not in the stretch
    fixes = differences(text, layout)
    parts = [part for part in _parts(text, fixes) if part[0] < last and (start < part[1] or start in (part[0], len(text)))]
    chosen = [fix for fix in fixes if any(first <= fix.start and fix.end <= last for first, last in parts)]
    partly = applied(text, chosen)
    return partly if len(chosen) < len(fixes) and _agree(partly, text, layout) else layout


def _agree(partly: str, text: str, layout: str) -> bool:
    """Whether a text that is laid out in part has the layout of the whole, and is in several lines if that was."""
    try:
        return ("\n" in partly) == ("\n" in text) and format(partly) == layout
    except ScheduleError:
        return False


def _parts(text: str, fixes: list[Fix]) -> Iterator[Extent]:
    """Yields the stretches that can be laid out alone: the lines of a statement, or of several that share a line or an edit, and edits between statements."""
    problems = Problems(text)
    statements = [(s[0].extent[0], s[-1].extent[1]) for s in statements_of(list(tokens_of(text, problems)), problems) if s]
    lines = [(text.rfind("\n", 0, start) + 1, _next_line(text, end)) for start, end in statements]
    current: Extent | None = None
    for start, end in sorted([*lines, *((fix.start, fix.end) for fix in fixes)]):
        touches = current is not None and start == current[1] and (start == end or current[0] == current[1])  # something is put in at the place
        if current is not None and (touches or start < current[1]):
            current = current[0], max(end, current[1])
        else:
            if current is not None:
                yield current
            current = start, end
    if current is not None:
        yield current


def _next_line(text: str, at: int) -> int:
    """Where the next line begins, or the text ends."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
