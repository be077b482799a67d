"""Placeholders in texts, which a program fills in: where the first one is, and the text with those filled in whose values are known."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import attrs

from lrdsl.documents.places import Places, Run
from lrdsl.linting.hosts.embedded import Embedded
from lrdsl.syntax.nodes import Extent

#: The brackets of placeholders, as OmegaConf, the shell and Jinja write them.
_BETWEEN = (("${", "}"), ("{{", "}}"), ("{%", "%}"))
#: The placeholders of `str.format`, of `%`, of Kubernetes and `make`, of the shell without brackets, and of templates that a person fills in, as `<steps>`. A
#: `{k}` in quotes is the language's own, and a comparison has no word before `>`.
_SHORT = re.compile(
    r"(?P<quoted>\"[^\"\n]*\")|\{(?:[^\W\d][\w.]*|(?<!\w\{)\d*)(?:![rsa])?(?::[^{}]*)?\}|%\([^()]*\)[a-z]|\$\([^()\n]+\)|\$[^\W\d]\w*"
    r"|<(?:[^\W\d]|\.\.)[\w.-]{0,80}(?: (?!or )[\w.-]{1,80}){0,5}>"
)
#: A value that can stand for a placeholder: a number, a length, or a name.
_VALUE = re.compile(r"[+-]?[\w.]+(?:[+-]\d+)?(?:\s?[A-Za-z%]\w*)?|[\w.]+%")
#: A placeholder that brings its own value: of OmegaConf, of the shell, and of Jinja.
_DEFAULTS = (
    re.compile(r"\$\{\s*oc\.env:\s*\w+\s*,\s*(?P<value>[^{},]*?)\s*\}"),
    re.compile(r"\$\{\s*\w+:?-(?P<value>[^{}]*)\}"),
    re.compile(r"\{\{-?\s*[\w.]+\s*\|\s*default\(\s*(?P<value>[^(){}|,]*?)\s*\)\s*-?\}\}"),
)
#: A reference to another value of the same file, as OmegaConf writes it. Dots at its start count upwards, beginning with the place of the text.
_REFERENCE = re.compile(r"\$\{\s*(?P<name>\.*[\w][\w.-]*)\s*\}")


def placeholder(text: str) -> Extent | None:
    """The extent of the first placeholder in a text, which a program replaces before the text is a schedule; None if there is none.

    >>> placeholder("cosine(${steps})"), placeholder("cosine({n}) {{ x }}"), placeholder("cosine(<total steps>)")
    ((7, 15), (7, 10), (7, 20))
    >>> placeholder("{{" * 9), placeholder('lr["{k}"] = hold(at=k)'), placeholder("hold until loss <0.3 or acc> 0.9")
    (None, None, None)
    """
    return next(_placeholders(text), None)


def stood_in(text: str, holes: Sequence[Extent]) -> tuple[str, str] | None:
    """A text with a name in the place of each of its placeholders, so that all else keeps its place; and the name.

    The name is as long as the shortest of them. None if a placeholder is a statement of its own, which may define what the rest of the text uses.

    >>> stood_in("warmup({w}) then cosin(${rest})", [(7, 10), (23, 30)])
    ('warmup(q_q) then cosin(q_q    )', 'q_q')
    >>> stood_in("{definitions}; lr = mine(5)", [(0, 13)]) is None
    True
    """
    width = min((end - start for start, end in holes), default=0)
    if width < 2 or any(_ends(text[:start]) and _begins(text[end:]) for start, end in holes):
        return None
    name = "q" + "_" * (width - 2) + "q"
    pieces, at = [], 0
    for start, end in holes:
        pieces += [text[at:start], name.ljust(end - start)]
        at = end
    return "".join([*pieces, text[at:]]), name


def _ends(before: str) -> bool:
    """Whether a statement may end here."""
    return before.rstrip(" \t")[-1:] in ("", "\n", ";")


def _begins(after: str) -> bool:
    """Whether a statement may begin here."""
    return after.lstrip(" \t")[:1] in ("", "\n", "\r", ";", "#")


def _placeholders(text: str) -> Iterator[Extent]:
    """The extents of the placeholders of a text, in its order."""
    at = 0
    nexts: dict[int, Extent | None] = {}  # the next placeholder of each kind, None if there is none
    while True:
        for kind in range(len(_BETWEEN) + 1):
            extent = nexts.get(kind, (-1, -1))
            if extent is not None and extent[0] < at:
                nexts[kind] = _next_of(kind, text, at)
        first = min((extent for extent in nexts.values() if extent is not None), default=None)
        if first is None:
            return
        yield first
        at = first[1]


def _next_of(kind: int, text: str, at: int) -> Extent | None:
    """The first placeholder of a kind from an offset on. If nothing closes the first bracket, nothing closes a later one."""
    if kind == len(_BETWEEN):
        return next((short.span() for short in _SHORT.finditer(text, at) if short["quoted"] is None), None)
    opening, closing = _BETWEEN[kind]
    start = text.find(opening, at)
    end = text.find(closing, start + len(opening)) if start >= 0 else -1
    return None if end < 0 else (start, end + len(closing))


def filled(embedded: Embedded, value_of: Callable[[str], str | None] = lambda _: None) -> Embedded:
    """Returns a text with its placeholders filled in, as far as their values are known. `value_of` gives the value that a reference of OmegaConf names.

    Repairs leave the places of the placeholders alone. The result has the `holes` that are left.
    """
    text = embedded.text
    if embedded.holes or not any(sign in text for sign in "${%<"):
        return embedded
    pieces: list[tuple[int, int, str]] = []
    holes: list[Extent] = []
    longer = 0  # how much longer the text is up to here, with its new pieces
    for start, end in _placeholders(text):
        value = _value(text[start:end], value_of)
        if value is not None:
            pieces.append((start, end, value))
            longer += len(value) - (end - start)
        else:
            holes.append((start + longer, end + longer))
    embedded = attrs.evolve(embedded, holes=tuple(holes))
    return _with(embedded, pieces) if pieces else embedded


def _value(written: str, value_of: Callable[[str], str | None]) -> str | None:
    """The value of a placeholder; None if it is unknown."""
    match = next((match for pattern in _DEFAULTS if (match := pattern.fullmatch(written)) is not None), None)
    reference = _REFERENCE.fullmatch(written)
    value = match["value"].strip().strip("\"'") if match is not None else value_of(reference["name"]) if reference is not None else None
    return value if value is not None and _VALUE.fullmatch(value) else None


def _with(embedded: Embedded, pieces: list[tuple[int, int, str]]) -> Embedded:
    """A text with new pieces in place of others. Each character of a new piece has the place of the whole old one."""
    text, offsets, ends, breaks = [], [], [], []
    at = size = 0
    for start, end, value in [*pieces, (len(embedded.text), len(embedded.text), "")]:
        text += [embedded.text[at:start], value]
        offsets += [*embedded.offsets.runs(at, start), *(_same(embedded.offsets[start], len(value)))]
        ends += [*embedded.ends.runs(at, start), *(_same(embedded.ends[end - 1], len(value)) if value else ())]
        size += start - at
        if value:
            breaks.append((size, size + len(value)))
        size += len(value)
        at = end
    places = Places.of([*offsets, (embedded.offsets[-1], 1)])
    starts = [start for start, _, _ in pieces]

    def moved(i: int) -> int:
        """Where a character of the old text is in the new one."""
        before = bisect_right(starts, i - 1)
        return i + sum(len(value) - (end - start) for start, end, value in pieces[:before])

    own = [(moved(start), moved(end)) for start, end in embedded.breaks]
    joints = tuple([(moved(at), quote) for at, quote in embedded.joints])
    last = [*embedded.ends.runs(len(embedded.text), len(embedded.ends))]
    return attrs.evolve(embedded, text="".join(text), offsets=places, ends=Places.of([*ends, *last]), breaks=tuple(sorted([*breaks, *own])), joints=joints)


def _same(place: int, count: int) -> Iterator[Run]:
    return ((place, 1) for _ in range(count))
