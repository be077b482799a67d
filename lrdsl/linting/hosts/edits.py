"""Edits of schedules in a file: `edited` makes them all at once, then reads the file again to check that nothing but these schedules has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

import attrs

from lrdsl.diagnostics import Fix
from lrdsl.linting.fixes import applied
from lrdsl.linting.hosts.embedded import Embedded, UnreadableError

#: The schedules of a file, and the error that kept the search from finding more.
Texts: TypeAlias = "tuple[Sequence[Embedded], UnreadableError | None]"
#: Edits of a file, and what the text of a schedule is after them, if they change one.
Own: TypeAlias = "tuple[Sequence[Fix], str | None]"
#: If some edits cannot be made, the file is read again to find those that can, until so many characters were read. Any file is read at least once.
MOST_REREAD = 2_000_000


@attrs.frozen
class Edited:
    """A file after edits, its schedules, and the keys of the edits that were made."""

    source: str
    texts: Texts
    made: Collection[int]


def edited(
    source: str,
    texts: Texts,
    fixes: Mapping[int, Sequence[Fix]],
    read: Callable[[str], Texts],
    own: Mapping[int, Own] = {},
) -> Edited:
    """Returns a file with edits made in its schedules, and beside them. Edits are left out if they would change anything else in the file.

    `fixes` are the edits of schedules, by their indices; `own` are edits of the file itself, by other keys, or by the index of a schedule that they change.
    `read` gives the schedules of a source.
    """
    plans = {i: plan for i, edits in fixes.items() if (plan := _plan(texts[0][i], edits)) is not None} | dict(own)
    last = Edited(source, texts, ())
    left = MOST_REREAD
    todo: list[Collection[int]] = [list(plans)]
    while todo:
        more = list(todo.pop())
        if not more or left < 0:
            continue
        result = _try(source, texts, {i: plans[i] for i in (*last.made, *more)}, read)
        left -= len(source)
        if isinstance(result, Edited):
            last = result
        elif not result.isdisjoint(more):  # these edits are wrong: leave them out
            todo.append([i for i in more if i not in result])
        elif len(more) > 1:
            half = len(more) // 2
            todo += [more[half:], more[:half]]
    return last


def _plan(embedded: Embedded, fixes: Sequence[Fix]) -> Own | None:
    """The edits of a schedule as edits of the file; None if they change nothing, or if one of them cannot be made."""
    placed = [(fix, edit) for fix in fixes if (edit := embedded.edit(fix)) is not None]
    after = applied(embedded.text, [fix for fix, _ in placed])
    return None if after == embedded.text else ([edit for _, edit in placed], after)


def _try(source: str, texts: Texts, plans: Mapping[int, Own], read: Callable[[str], Texts]) -> Edited | set[int]:
    """The file with all these edits; or, if that went wrong, the indices of the schedules that came out wrong, as far as that is known."""
    before, unread = texts
    edits = [edit for plan, _ in plans.values() for edit in plan]
    if source.partition("\n")[0].endswith("\r"):  # all lines end as the first line does
        edits = [Fix(fix.start, fix.end, _with_newlines(fix.replacement).replace("\n", "\r\n")) for fix in edits]
    changed = applied(source, edits)
    after, unread_after = read(changed)
    if len(after) != len(before) or (unread_after is None) != (unread is None):
        return set()
    expected = (embedded.text if (plan := plans.get(i)) is None or plan[1] is None else plan[1] for i, embedded in enumerate(before))
    wrong = {i for i, (embedded, text) in enumerate(zip(after, expected, strict=True)) if _with_newlines(embedded.text) != _with_newlines(text)}
    return wrong or Edited(changed, (after, unread_after), tuple(plans))


def _with_newlines(text: str) -> str:
    """A text whose lines all end with a newline alone."""
    return text.replace("\r\n", "\n")
