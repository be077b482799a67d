"""Repairs of a file, and comments that silence its problems. The file is read again after each round, and nothing changes beside what is repaired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from lrdsl.diagnostics import Diagnostic, Fix
from lrdsl.linting.checker import Checker, File, Problem
from lrdsl.linting.fixes import compatible
from lrdsl.linting.hosts import Page, pages_in
from lrdsl.linting.hosts.edits import Own, Texts, edited
from lrdsl.linting.linter import UNREADABLE, may_apply, repairs
from lrdsl.rules.finding import UNUSED, Silencer

#: A repair may reveal another problem, which is repaired in the next round. There are at most so many rounds.
MOST_ROUNDS = 20


def repaired(file: File, checker: Checker, unsafe: bool) -> tuple[File, int]:
    """Returns a file after its repairs, and how many were made; with `unsafe`, those too that change levels."""
    count = 0
    for _ in range(MOST_ROUNDS):
        problems = checker.check(file)
        fixes: dict[int, Sequence[Fix]] = {}
        own: dict[int, Own] = {}
        by_text: dict[int, list[Diagnostic]] = {}
        for p in problems:
            if p.index is not None and p.inner is not None:
                by_text.setdefault(p.index, []).append(p.inner)
        for i, inner in by_text.items():
            beside = file.texts[i].given
            fixes[i] = repairs(file.texts[i].text, inner, unsafe, lambda text, beside=beside: checker.look(text, beside))  # type: ignore[misc]
        for k, p in enumerate(problems):
            if p.inner is None and p.diagnostic.fix is not None and may_apply(p.diagnostic, unsafe):
                own[p.index if p.index is not None else -1 - k] = ([p.diagnostic.fix], p.meant if p.index is not None else None)
        file, made = _changed(file, fixes, own)
        if not made:
            break
        count += sum(len(fixes.get(i, ())) or 1 for i in made)
    return file, count


def with_comments(file: File, checker: Checker) -> tuple[File, int]:
    """Returns a file with a comment for each of its problems that a comment can silence, and how many problems these silence.

    A line gets one comment. It stands on the line of the problem, or on the first or the last line of the value.
    """
    before = _silenceable(checker.check(file))
    left = before
    for attempt in range(3):
        pages, comments = pages_in(file.path, file.source), file.silencers()
        wanted: dict[int, set[str]] = {}
        for p in left:
            at = _end_of_line(p, attempt, file, pages)
            if at is not None:
                wanted.setdefault(at, set()).add(p.diagnostic.code)
        edits = [_comment(file.source, at, codes, comments, pages) for at, codes in wanted.items()]
        if file.is_schedule:
            start = file.texts[0].offsets[0]  # behind a byte order mark
            file, _ = _changed(file, {0: [Fix(edit.start - start, edit.end - start, edit.replacement) for edit in compatible(edits)]}, {})
        else:
            file, _ = _changed(file, {}, {-1 - k: ([edit], None) for k, edit in enumerate(edits)})
        left = _silenceable(checker.check(file))
        if not left:
            break
    return file, len(before) - len(left)


def _silenceable(problems: Iterable[Problem]) -> list[Problem]:
    """The problems that a comment is to silence: not notes, comments themselves, and what keeps the file from being read."""
    pairs = [(p, p.diagnostic) for p in problems if p.diagnostic.severity != "note"]
    return [p for p, d in pairs if d.code != UNUSED and not (p.index is None and d.code == UNREADABLE)]


def _end_of_line(p: Problem, attempt: int, file: File, pages: Sequence[Page]) -> int | None:
    """Where a comment for a problem can be written; None if it cannot be written there."""
    span = p.diagnostic.span
    start, end = file.texts[p.index].extent if p.index is not None and not file.is_schedule else (span.start.offset, span.end.offset)
    offset = (span.start.offset, start, max(start, end - 1))[attempt]
    return next((at for page in pages if (at := page.end_of_line(offset)) is not None), None)


def _comment(source: str, at: int, codes: set[str], comments: Sequence[Silencer], pages: Sequence[Page]) -> Fix:
    """The edit that adds codes to the comment of a line, or a comment to the line that ends at an offset."""
    for comment in comments:
        if comment.line[1] == at and comment.codes and not comment.whole:
            names = sorted({*codes, *(code for code, _ in comment.codes)})
            return Fix(comment.codes[0][1][0], comment.codes[-1][1][1], ", ".join(names))
    sign = next((page.signs[0] for page in pages if page.holds(at) and page.signs), "#")
    space = "" if source[at - 1 : at] in ("", "\n") else " " if source[at - 1] in " \t" else "  "
    return Fix(at, at, f"{space}{sign} lrs: ignore[{', '.join(sorted(codes))}]")


def _changed(file: File, fixes: dict[int, Sequence[Fix]], own: dict[int, Own]) -> tuple[File, Sequence[int]]:
    """A file after edits, and the keys of those that were made."""

    def read(source: str) -> Texts:
        again = File.of(file.path, source, file.settings, len(file.texts))
        return again.texts, again.unread

    after = edited(file.source, (file.texts, file.unread), fixes, read, own)
    return attrs.evolve(file, source=after.source, texts=tuple(after.texts[0]), unread=after.texts[1]), tuple(after.made)
