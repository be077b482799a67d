"""The settings of a project, `[tool.lrdsl]` in its `pyproject.toml`: which rules speak where, which strings are schedules, and what is known of the runs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import attrs

from lrdsl.check.scope import host_names
from lrdsl.clock import Clock
from lrdsl.diagnostics import CODES, ScheduleError, UsageError, shown
from lrdsl.files.opening import RefusedError, decoded, read_bytes
from lrdsl.linting.hosts import Finder
from lrdsl.linting.linter import ABOUT, Selection
from lrdsl.linting.rules import RULES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

#: A file of settings is not larger, a list or a table in it not longer, a text in it not either, and a key has not more parts.
MAX_BYTES, _MOST, _LONGEST, _MOST_DOTS = 1_000_000, 1000, 500, 100
#: Larger numbers stand for nothing, and cannot even be printed.
_LARGEST = 10**100
_FACTS = (*attrs.fields_dict(Clock), "names")
_KNOWN = ("clock", "ignore", "keys", "paths", "per-file-ignores", "select")


class SettingsError(UsageError):
    """Settings that cannot be used; the message says why."""


@attrs.frozen
class Settings:
    """The settings of a project, which lies in `root`.

    `select` and `ignore` are codes or their beginnings; `keys` are the patterns of keys under which strings are schedules; `per_file_ignores` silences codes in
    files by a pattern; `clock` are facts of the run, and `paths` more of them for files by a pattern.
    """

    root: Path
    selection: Selection = attrs.field(factory=Selection)
    keys: tuple[str, ...] = Finder().keys
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    clock: tuple[tuple[str, Any], ...] = ()
    paths: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()

    @classmethod
    def of(cls, start: Path) -> Settings:
        """The settings for a folder. Raises `SettingsError`."""
        for folder in (start, *start.parents):
            path = folder / "pyproject.toml"
            if not os.path.isfile(path):  # noqa: PTH113 - a Path raises where a folder above may not be looked into
                continue
            try:
                tool = _Table(decoded(path, read_bytes(path, MAX_BYTES)))
                if tool.known:
                    return cls._read(folder, tool)
            except OSError as error:
                raise SettingsError(f"{path}: {error.strerror}") from None
            except RefusedError as error:
                raise SettingsError(f"{path}: {error.reason}") from None
            except RecursionError:
                raise SettingsError(f"{path}: it is nested too deep") from None
            except (ValueError, SettingsError) as error:  # of TOML, and of numbers with too many digits
                raise SettingsError(f"{path}: {error}") from None
        return cls(start)

    @classmethod
    def _read(cls, root: Path, tool: _Table) -> Settings:
        ignores = tool.tables("per-file-ignores")
        return cls(
            root,
            Selection(codes("select", tool.texts("select", ("LR",))), codes("ignore", tool.texts("ignore"))),
            tool.texts("keys", Finder().keys),
            tuple(
                (pattern, codes(f"per-file-ignores of {shown(pattern)}", _texts(f"per-file-ignores of {shown(pattern)}", found)))
                for pattern, found in ignores.items()
            ),
            _facts("clock", tool.tables("clock")),
            tuple((pattern, _facts(f"paths of {shown(pattern)}", found)) for pattern, found in tool.tables("paths").items()),
        )

    def options(self, path: Path) -> dict[str, Any]:
        """The facts of the clock for a file."""
        found = dict(self.clock)
        names = self._names(path) if self.paths else ()
        for pattern, clock in self.paths:
            if _fits(names, pattern):
                found |= dict(clock)
        return found

    def selected(self, path: Path) -> Selection:
        """Which rules speak in a file."""
        names = self._names(path) if self.per_file_ignores else ()
        silent = [code for pattern, codes in self.per_file_ignores if _fits(names, pattern) for code in codes]
        return attrs.evolve(self.selection, ignore=(*self.selection.ignore, *silent))

    def _names(self, path: Path) -> tuple[str, ...]:
        """The names of a file that patterns may fit: its path in the project, and its last part."""
        full = Path(os.path.realpath(path))
        return (full.relative_to(self.root).as_posix() if full.is_relative_to(self.root) else full.as_posix(), path.name)


def _fits(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatch(name, pattern) for name in names)


def codes(name: str, found: Iterable[str]) -> tuple[str, ...]:
    """Codes of rules, or beginnings of some. Raises `SettingsError` for one that is no rule's."""
    wanted = tuple(code.strip().upper() for code in found if code.strip())
    for code in wanted:
        if not any(known.startswith(code) for known in (*RULES, *CODES, *ABOUT)):
            raise SettingsError(f"{name}: no rule has a code that begins with {shown(code)}; `lrdsl rules` lists them")
    return wanted


class _Table:
    """The table `[tool.lrdsl]` of a file, with its values as they have to be."""

    def __init__(self, source: str) -> None:
        if any(piece.count(".") > _MOST_DOTS for piece in re.split(r"[=,\[\]{}\n]", source)):  # `a.a.a...` takes tomllib the square of its length
            raise SettingsError("a key in it has too many parts")
        tool = tomllib.loads(source).get("tool", {})
        found = tool.get("lrdsl") if isinstance(tool, dict) else None
        self.known = found is not None
        self._found = _table("tool.lrdsl", {} if found is None else found)
        for name in self._found:
            if name not in _KNOWN:
                raise SettingsError(f"there is no setting `{shown(name)}` of [tool.lrdsl]; it has {', '.join(_KNOWN)}")

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return _texts(name, self._found[name]) if name in self._found else default

    def tables(self, name: str) -> dict[str, Any]:
        return _table(name, self._found.get(name, {}))


def _said(value: Any) -> str:
    """A value as a message names it: the text of a large one is never made, and that of a number with too many digits cannot be."""
    if isinstance(value, bool | str):
        return shown(repr(value)) if len(str(value)) < _LONGEST else "a long text"
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, float) or abs(value) < 10**20 else "a number that large"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date"


def _table(name: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise SettingsError(f"`{name}` is a table, not {_said(found)}")
    if len(found) > _MOST or any(len(key) > _LONGEST for key in found):
        raise SettingsError(f"`{name}` has at most {_MOST} entries of at most {_LONGEST} characters")
    return found


def _texts(name: str, found: Any) -> tuple[str, ...]:
    wrong = next((text for text in found if not isinstance(text, str)), None) if isinstance(found, list) else found
    if wrong is not None:
        raise SettingsError(f'`{name}` is a list of texts, as ["LR5"], not {"one with " * isinstance(found, list)}{_said(wrong)}')
    if len(found) > _MOST or any(len(text) > _LONGEST for text in found):
        raise SettingsError(f"`{name}` has at most {_MOST} texts of at most {_LONGEST} characters")
    return tuple(found)


def _silent(name: str, found: Any) -> tuple[str, ...]:
    return codes(name, _texts(name, found))


def _facts(name: str, found: Any) -> tuple[tuple[str, Any], ...]:
    """Facts of a clock, as they have to be."""
    table = _table(name, found)
    for fact in table:
        if fact.replace("-", "_") not in _FACTS:
            raise SettingsError(f"{name}: `{shown(fact)}` is no fact of a clock; those are {', '.join(_FACTS)}")
    facts = {fact.replace("-", "_"): value for fact, value in table.items()}
    names = _table(f"{name}.names", facts.get("names", {}))
    if not isinstance(facts.get("tick", ""), str):
        raise SettingsError(f"{name}: `tick` is {_said(facts['tick'])}; a tick is one `step` or one `epoch`")
    for fact, value in [*facts.items(), *names.items()]:
        if fact != "names" and fact != "tick" and (isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST):
            raise SettingsError(f"{name}: `{shown(fact)}` is {_said(value)}; give it as a number")
    try:
        Clock.of(**{fact: value for fact, value in facts.items() if fact != "names"})
        host_names(names)
    except ScheduleError as error:
        raise SettingsError(f"{name}: {error.diagnostics[0].message}; {error.diagnostics[0].help}") from None
    return tuple(facts.items())
