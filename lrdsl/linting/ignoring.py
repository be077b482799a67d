"""The patterns of `.gitignore` files, read without git. The time to match a path grows with its length times the length of the patterns, and no faster.

Patterns come from untrusted repositories. If they are translated into regular expressions, as libraries do it, `*a*a*a*a*b` takes minutes for one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

import attrs

#: A function that tells whether a segment fits a name.
_Fits: TypeAlias = "Callable[[str], bool]"
#: The segment that stands for any number of folders.
_ANY = "**"
#: A longer pattern fits no path.
_LONGEST = 4096
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t-\\r",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@attrs.frozen
class Pattern:
    """A line of a `.gitignore`: whether it ignores or includes paths, whether only folders, and the segments between its slashes.

    An `anchored` pattern must fit the path from the file's folder on; another one must fit the last name of the path. `literal` is a text that every fitting
    path contains, for a quick test, and `size` is the length of the pattern.
    """

    ignores: bool
    folders: bool
    anchored: bool
    segments: tuple[str | _Fits, ...]
    literal: str
    size: int

    def fits(self, parts: tuple[str, ...]) -> bool:
        """Whether the pattern fits a path."""
        return _fit(self.segments, parts if self.anchored else parts[-1:])


@attrs.frozen
class Patterns:
    """The patterns of a file, each with its line number: the `plain` ones without wildcards, by path or name, and the `wild` ones, last line first."""

    plain: dict[str, list[tuple[int, Pattern]]]
    wild: tuple[tuple[int, Pattern], ...]

    @classmethod
    def of(cls, source: str) -> Patterns:
        """The patterns of the text of a `.gitignore`."""
        plain: dict[str, list[tuple[int, Pattern]]] = {}
        wild = []
        for i, line in enumerate(source.removeprefix("\ufeff").split("\n")):
            pattern = _pattern(line.removesuffix("\r"))
            if pattern is None:
                continue
            names = [s for s in pattern.segments if isinstance(s, str) and s != _ANY]
            if len(names) == len(pattern.segments):
                plain.setdefault(("/" if pattern.anchored else "") + "/".join(names), []).append((i, pattern))
            else:
                wild.append((i, pattern))
        return cls(plain, tuple(reversed(wild)))

    def ignores(self, parts: tuple[str, ...], folder: bool, work: Work) -> bool | None:
        """Whether the last pattern that fits a path ignores it; None if no pattern fits."""
        path = "/".join(parts)
        last, answer = -1, None
        for key in (f"/{path}", parts[-1]):
            for i, pattern in self.plain.get(key, ()):
                if i > last and (folder or not pattern.folders):
                    last, answer = i, pattern.ignores
        work.left -= 10 * len(self.wild)
        for i, pattern in self.wild:
            if i < last:
                break
            if pattern.literal in path and (folder or not pattern.folders):
                work.left -= pattern.size * len(path)
                if pattern.fits(parts):
                    return pattern.ignores
        return answer


@attrs.define
class Work:
    """How many characters may still be compared, and whether it was reported that there were too many."""

    left: int
    over: bool = False


def _pattern(line: str) -> Pattern | None:
    """The pattern in a line; None for a comment, an empty line, and a pattern that fits nothing."""
    line = _trimmed(line)
    ignores = not line.startswith("!")
    text = line if ignores else line[1:]
    if not text or line.startswith("#") or len(text) > _LONGEST:
        return None
    folders = text.endswith("/")
    text = text[:-1] if folders else text
    anchored = "/" in text
    parts = text.removeprefix("/").split("/")
    segments = [_ANY if anchored and len(part) > 1 and not part.strip("*") else _segment(part) for part in parts]
    if segments[-1] == _ANY:  # it fits everything in a folder, but not the folder
        segments.append(_anything)
    if None in segments or not text:
        return None
    runs = [run for part in parts for run in re.split(r"[*?\[\]\\!]+", part)] if "[" not in text else [""]
    return Pattern(ignores, folders, anchored, tuple(s for s in segments if s is not None), max(runs, key=len, default=""), len(text))


def _trimmed(line: str) -> str:
    """The line without the blanks at its end. A blank after a backslash is kept."""
    bare = line.rstrip(" ")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if slashes % 2 and len(bare) < len(line) else bare


def _anything(_: str) -> bool:
    return True


def _segment(text: str) -> str | _Fits | None:
    """A segment of a pattern: a name, or a function for a segment with wildcards, or None for one that fits nothing.

    The stars divide a segment into pieces of fixed width. Each piece can be matched at the first place where it fits, so that nothing is tried twice.
    """
    signs = list(_signs(text))
    if None in signs:
        return None
    if all(sign is not None and sign != "*" and len(sign) == 1 for sign in signs):
        return "".join(sign for sign in signs if sign is not None)
    pieces: list[list[str]] = [[]]
    for sign in signs:
        if sign == "*":
            pieces.append([])
        elif sign is not None:
            pieces[-1].append(re.escape(sign[-1]) if len(sign) < 3 else sign)
    widths = [len(piece) for piece in pieces]
    expressions: list[re.Pattern[str]] = []

    def fits(name: str) -> bool:
        if not expressions:  # compiled when first used: compiling takes longer than reading, and most patterns are never used
            expressions.extend(re.compile("".join(piece), re.DOTALL) for piece in pieces)
        end = len(name) - widths[-1]
        if len(expressions) == 1:
            return expressions[0].fullmatch(name) is not None
        if end < widths[0] or not expressions[0].match(name) or not expressions[-1].fullmatch(name, end):
            return False
        at = widths[0]
        for piece in expressions[1:-1]:
            place = piece.search(name, at, end)
            if place is None:
                return False
            at = place.end()
        return True

    return fits


def _signs(text: str) -> Iterator[str | None]:
    r"""The signs of a segment: `*`; a character (a star as `\*`); a set, as a regular expression; None for a sign that fits nothing."""
    i = 0
    while i < len(text):
        c = text[i]
        i += 1
        if c == "\\":
            yield None if i >= len(text) else "\\*" if text[i] == "*" else text[i]
            i += 1
        elif c == "?":
            yield "(?:.)"
        elif c == "[":
            characters, i = _set(text, i)
            yield characters
        else:
            yield c


def _set(text: str, i: int) -> tuple[str | None, int]:
    """A set of characters as a regular expression, and the index after it; None if it fits nothing."""
    negated = text[i : i + 1] in ("!", "^") and bool(text[i : i + 1])
    i += negated
    items: list[str] = []
    first = True
    while first or text[i : i + 1] != "]":
        first = False
        named_class = re.compile(r"\[:(\w+):\]").match(text, i)
        if named_class is not None:
            if named_class[1] not in _CLASSES:
                return None, len(text)
            items.append(_CLASSES[named_class[1]])
            i = named_class.end()
            continue
        low, i = _member(text, i)
        high = low
        if text[i : i + 1] == "-" and text[i + 1 : i + 2] not in ("]", ""):
            high, i = _member(text, i + 1)
        if not low or not high:
            return None, len(text)
        if low <= high:
            items.append(f"{re.escape(low)}-{re.escape(high)}")
    body = "".join(items)
    return (f"[{'^' if negated else ''}{body}]" if body else "(?:.)" if negated else "(?!.)"), i + 1


def _member(text: str, i: int) -> tuple[str, int]:
    """A character of a set, and the index after it; an empty text if the set does not end."""
    if text[i : i + 1] == "\\":
        i += 1
    return text[i : i + 1], i + 1


def _fit(segments: tuple[str | _Fits, ...], parts: tuple[str, ...]) -> bool:
    """Whether segments fit a path. After `**`, the next segments can be matched at the first place where they fit."""
    i = j = 0
    star, resume = -1, 0
    while j < len(parts):
        segment = segments[i] if i < len(segments) else None
        if segment == _ANY:
            star, resume = i, j
            i += 1
        elif segment is not None and (segment == parts[j] if isinstance(segment, str) else segment(parts[j])):
            i, j = i + 1, j + 1
        elif star >= 0:
            resume += 1
            i, j = star + 1, resume
        else:
            return False
    return all(segment == _ANY for segment in segments[i:])
