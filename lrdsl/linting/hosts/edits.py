"""Edits in texts of a file: all are made at once, and the file is read again to see that just those texts have changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

import attrs

from lrdsl.diagnostics import Fix
from lrdsl.linting.fixes import applied
from lrdsl.linting.hosts.embedded import Embedded, UnreadableError

#: The texts of a file, and what kept from finding more.
Texts: TypeAlias = "tuple[list[Embedded], UnreadableError | None]"
#: So many characters may be read again and again where not all edits can be made, to find those that can. A file of any length is read once.
MOST_REREAD = 2_000_000


@attrs.frozen
class Edited:
    """A file after edits, its texts, and those in which edits were made, by their number."""

    source: str
    texts: Texts
    made: Collection[int]


def edited(source: str, texts: Texts, fixes: Mapping[int, Sequence[Fix]], read: Callable[[str], Texts]) -> Edited:
    """A file with edits made in its texts: all those of a text, or none where the file would not have just that text changed.

    `fixes` has the edits of a text by its number, `read` gives the texts of a source.
    """
    fixes = {i: found for i, found in fixes.items() if applied(texts[0][i].text, found) != texts[0][i].text}
    last = Edited(source, texts, ())
    left = MOST_REREAD
    todo: list[Collection[int]] = [list(fixes)]
    while todo:
        more = list(todo.pop())
        if not more or left < 0:
            continue
        tried = _tried(source, texts, {i: fixes[i] for i in (*last.made, *more)}, read)
        left -= len(source)
        if isinstance(tried, Edited):
            last = tried
        elif not tried.isdisjoint(more):  # it is known which are wrong
            todo.append([i for i in more if i not in tried])
        elif len(more) > 1:
            half = len(more) // 2
            todo += [more[half:], more[:half]]
    return last


def _tried(source: str, texts: Texts, fixes: Mapping[int, Sequence[Fix]], read: Callable[[str], Texts]) -> Edited | set[int]:
    """A file with all of these edits made; or the texts that would not be what they should, as far as that can be said."""
    before, unread = texts
    made = [before[i].edit(fix) for i, found in fixes.items() for fix in found]
    if source.partition("\n")[0].endswith("\r"):  # as the first line ends, all others do
        made = [Fix(fix.start, fix.end, _unified(fix.replacement).replace("\n", "\r\n")) for fix in made]
    changed = applied(source, made)
    after, still = read(changed)
    if len(after) != len(before) or (still is None) != (unread is None):
        return set()
    wanted = (applied(one.text, fixes.get(i, ())) for i, one in enumerate(before))
    wrong = {i for i, (one, text) in enumerate(zip(after, wanted, strict=True)) if _unified(one.text) != _unified(text)}
    return wrong or Edited(changed, (after, still), tuple(fixes))


def _unified(text: str) -> str:
    """A text with one kind of ends of lines."""
    return text.replace("\r\n", "\n")
