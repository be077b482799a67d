"""Patterns of the names of param groups: which names they fit, and which number `{k}` catches in a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import attrs

#: The most digits of a number that a pattern catches.
MAX_DIGITS = 15
#: The parts of a pattern that are not plain: a set of characters, as in `fnmatch`, and braces.
_PARTS = re.compile(r"\[!?\]?[^\]]*\]|\{([^{}]*)\}")
_NUMBER = re.compile(r"[0-9]+")


@attrs.frozen
class Braces:
    """Braces in a pattern: the `word` in them, and the offsets of the first and after the last character. `inside` says that they stand in a set."""

    word: str
    start: int
    end: int
    inside: bool = False


def braces_of(pattern: str) -> Iterator[Braces]:
    """Yields the braces of a pattern.

    >>> [braces.word for braces in braces_of("blocks.{k}.[ab]*")]
    ['k']
    """
    for part in _PARTS.finditer(pattern):
        if part[1] is not None:
            yield Braces(part[1], *part.span())
        else:
            for inner in re.finditer(r"\{([^{}]*)\}", part[0]):
                yield Braces(inner[1], part.start() + inner.start(), part.start() + inner.end(), inside=True)


def lone_brace(pattern: str) -> int | None:
    """Returns the offset of the first brace that has no partner; None if there is none."""
    rest = _PARTS.sub(lambda part: " " * len(part[0]), pattern)
    return next((at for at, character in enumerate(rest) if character in "{}"), None)


def catch(pattern: str, name: str) -> int | None:
    """Returns the whole number that a pattern with `{k}` catches in a name: the first one that lets the rest of the name fit. None if the name does not fit.

    >>> catch("blocks.{k}.*", "blocks.12.attention"), catch("blocks.{k}.*", "blocks.a.attention")
    (12, None)
    """
    braces = next(braces_of(pattern), None)
    if braces is None:
        return None
    before, after = pattern[: braces.start], pattern[braces.end :]
    for digits in _NUMBER.finditer(name):
        if len(digits[0]) <= MAX_DIGITS and fnmatchcase(name[: digits.start()], before) and fnmatchcase(name[digits.end() :], after):
            return int(digits[0])
    return None


def catch_first(patterns: Iterable[str], name: str) -> int | None:
    """Returns the number that the first of several patterns that fits a name catches in it; None if none fits."""
    return next((number for pattern in patterns if (number := catch(pattern, name)) is not None), None)


def with_number(pattern: str, number: int) -> str:
    """Returns a pattern with a number in the place of its braces."""
    braces = next(braces_of(pattern), None)
    return pattern if braces is None else f"{pattern[: braces.start]}{number}{pattern[braces.end :]}"
