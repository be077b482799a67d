"""Parses a Python file that may make schedulers, and says why one that names a scheduler cannot be read, and where."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import cache, lru_cache

import attrs

from lrdsl.dialects import DIALECTS, configs, dialect
from lrdsl.dialects.code.places import offset
from lrdsl.dialects.signs import LIKE_A_SCHEDULER

#: The longest file that is read, in characters.
MAX_SOURCE = 1_000_000
#: Signs of a file that a program makes another one from.
_TEMPLATE = re.compile(r"\{\{|\{%|\$\{")
#: Signs of a program for an older Python: statements of Python 2, and the keyword `async` as a name, which it was before Python 3.7.
_OLDER = re.compile(
    r"^[ \t]{0,200}(?:print[ \t]+[\"'\w]|exec[ \t]+[\"'\w]|except[ \t]+[\w.]{1,100}[ \t]*,[ \t]*\w{1,100}[ \t]*:|raise[ \t]+[\w.]{1,100}[ \t]*,)"
    r"|\basync[ \t]*=",
    re.MULTILINE,
)


@attrs.frozen
class Fault:
    """Why a file is not read, and the offset where.

    `is_foreign` says that the file is none of this Python: a template, or a program for an older one. `is_passing` says that the fault comes and goes while
    somebody types.
    """

    reason: str
    offset: int = 0
    is_foreign: bool = False
    is_passing: bool = False


def tree_of(source: str) -> ast.Module | None:
    """Returns the tree of a file that may make schedulers; None for any other, and for one that is no Python of this release."""
    return parsed(source) if len(source) <= MAX_SOURCE and (LIKE_A_SCHEDULER.search(source) or _words().search(source)) else None


def parsed(source: str) -> ast.Module | None:
    """Returns the tree of a file; None for one that is too long, or no Python of this release."""
    read = _parsed(source)
    return read if isinstance(read, ast.Module) else None


@lru_cache(maxsize=2)
def fault(source: str) -> Fault | None:
    """Returns why a file that names a scheduler is not read; None for one that is, and for any other file.

    >>> fault("scheduler = StepLR(optimizer, 30")
    Fault(reason="it is no Python: '(' was never closed", offset=18, is_foreign=False, is_passing=True)
    """
    read = _parsed(source)
    if isinstance(read, ast.Module) or not _may_name_one(source):
        return None
    if len(source) > MAX_SOURCE:
        return Fault(f"it has more than {MAX_SOURCE:,} characters", MAX_SOURCE)
    if "\0" in source:
        return Fault("it has a character NUL", source.index("\0"))
    if not isinstance(read, SyntaxError):
        return Fault("it is no Python, or nested too deeply")
    at = 0 if read.lineno is None else min(offset(source, read.lineno, max((read.offset or 1) - 1, 0)), len(source))
    if _TEMPLATE.search(source, max(at - 200, 0), at + 200):
        return Fault("it is a template of a program", at, True)
    if _OLDER.search(source):
        return Fault("it is a program for an older Python", at, True)
    newer = f" {sys.version_info.major}.{sys.version_info.minor}" if read.msg.startswith("f-string") else ""  # newer releases allow more
    return Fault(f"it is no Python{newer}: {read.msg}", at, is_passing=True)


def _may_name_one(source: str) -> bool:
    """Whether a file names a scheduler, at its beginning or at its end."""
    words, last = _words(), max(len(source) - MAX_SOURCE, 0)
    return words.search(source, 0, MAX_SOURCE) is not None or words.search(source, last) is not None or configs.has_calls(source)


@cache
def _words() -> re.Pattern[str]:
    """Matches a text that may name a scheduler."""
    names = sorted({name for one in DIALECTS for name in dialect(one).by_name})
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")


@lru_cache(maxsize=2)
def _parsed(source: str) -> ast.Module | Exception:
    """The tree of a file, or why it has none."""
    if len(source) > MAX_SOURCE:
        return ValueError("it is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
