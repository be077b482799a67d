"""Repairs as edits of a text: which of them can be made together, and what the text is after them."""

from __future__ import annotations

from collections.abc import Iterable

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
