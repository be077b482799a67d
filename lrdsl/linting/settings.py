"""The settings of a project, from `[tool.lrdsl]` in its `pyproject.toml`: which rules to use, which strings are schedules, and the facts of the run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs

from lrdsl.arguments import written
from lrdsl.check.scope import host_names
from lrdsl.clock import Clock
from lrdsl.diagnostics import CODES, ScheduleError, UsageError, shown
from lrdsl.files.opening import RefusedError, decoded, read_bytes
from lrdsl.linting.hosts import Finder
from lrdsl.linting.hosts.toml import MAX_PARTS, loads
from lrdsl.linting.linter import ABOUT, Selection
from lrdsl.rules.catalogue import RULES

#: The most bytes of a file, entries of a list or table, and characters of a text.
MAX_BYTES, _MOST, _LONGEST = 1_000_000, 1000, 500
#: The largest number: a larger one has no meaning here, and may be too long to print.
_LARGEST = 10**100
_FACTS = (*attrs.fields_dict(Clock), "names")
_NAMES = ("clock", "ignore", "keys", "paths", "per-file-ignores", "select")


class SettingsError(UsageError):
    """Settings are wrong; the message says why."""


@attrs.frozen
class Settings:
    """The settings of a project in the folder `root`.

    `selection` says which rules to use; `keys` are patterns of the keys whose strings are schedules; `per_file_ignores` gives codes to ignore for files that
    fit a pattern; `clock` gives facts of the run, and `paths` gives others for files that fit a pattern.
    """

    root: Path
    selection: Selection = attrs.field(factory=Selection)
    keys: tuple[str, ...] = Finder().keys
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    clock: tuple[tuple[str, Any], ...] = ()
    paths: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()

    @classmethod
    def of(cls, start: Path) -> Settings:
        """Reads the settings for a folder from it, or from the nearest folder above that has some. Raises `SettingsError`."""
        for folder in (start, *start.parents):
            path = folder / "pyproject.toml"
            if not os.path.isfile(path):  # noqa: PTH113 - a Path raises an error if a folder above cannot be read
                continue
            try:
                tool = _Table(decoded(path, read_bytes(path, MAX_BYTES)))
                if tool.exists:
                    return cls._read(folder, tool)
            except OSError as error:
                raise SettingsError(f"{path}: {error.strerror}") from None
            except RefusedError as error:
                raise SettingsError(f"{path}: {error.reason}") from None
            except RecursionError:
                raise SettingsError(f"{path}: it is nested too deep") from None
            except (ValueError, SettingsError) as error:  # ValueError: a TOML error, or a number with too many digits
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
                (pattern, codes(f"per-file-ignores of {shown(pattern)}", _texts(f"per-file-ignores of {shown(pattern)}", value)))
                for pattern, value in ignores.items()
            ),
            _facts("clock", tool.tables("clock")),
            tuple((pattern, _facts(f"paths of {shown(pattern)}", value)) for pattern, value in tool.tables("paths").items()),
        )

    def options(self, path: Path) -> dict[str, Any]:
        """The facts of the run for a file."""
        facts = dict(self.clock)
        names = self._names(path) if self.paths else ()
        for pattern, clock in self.paths:
            if _fits(names, pattern):
                facts |= dict(clock)
        return facts

    def selected(self, path: Path) -> Selection:
        """The rules to use for a file."""
        names = self._names(path) if self.per_file_ignores else ()
        ignored = [code for pattern, codes in self.per_file_ignores if _fits(names, pattern) for code in codes]
        return attrs.evolve(self.selection, ignore=(*self.selection.ignore, *ignored))

    def _names(self, path: Path) -> tuple[str, ...]:
        """The two names of a file that a pattern may fit: its path in the project, and its last part."""
        full = Path(os.path.realpath(path))
        return (full.relative_to(self.root).as_posix() if full.is_relative_to(self.root) else full.as_posix(), path.name)


def _fits(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatch(name, pattern) for name in names)


def codes(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Checks codes of rules, or their beginnings. Raises `SettingsError` for one that fits no rule."""
    prefixes = tuple(code.strip().upper() for code in values if code.strip())
    for prefix in prefixes:
        if not any(code.startswith(prefix) for code in (*RULES, *CODES, *ABOUT)):
            raise SettingsError(f"{name}: no rule has a code that begins with {shown(prefix)}; `lrdsl rules` lists them")
    return prefixes


class _Table:
    """The table `[tool.lrdsl]` of a file, with methods that check the types of its values."""

    def __init__(self, source: str) -> None:
        if any(piece.count(".") > MAX_PARTS for piece in re.split(r"[=,\[\]{}\n]", source)):
            raise SettingsError("a key in it has too many parts")
        tool = loads(source).get("tool", {})
        table = tool.get("lrdsl") if isinstance(tool, dict) else None
        self.exists = table is not None
        self._values = _table("tool.lrdsl", {} if table is None else table)
        for name in self._values:
            if name not in _NAMES:
                raise SettingsError(f"[tool.lrdsl] has no setting `{shown(name)}`; its settings are {', '.join(_NAMES)}")

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return _texts(name, self._values[name]) if name in self._values else default

    def tables(self, name: str) -> dict[str, Any]:
        return _table(name, self._values.get(name, {}))


def _described(value: Any) -> str:
    """A value as a message shows it. A value that is large, or that Python refuses to write, is only named."""
    if isinstance(value, bool | str):
        return shown(repr(value)) if len(str(value)) < _LONGEST else "a long text"
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, float) or abs(value) < 10**20 else "a number that large"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date"


def _table(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"`{name}` must be a table, and is {_described(value)}")
    if len(value) > _MOST or any(len(key) > _LONGEST for key in value):
        raise SettingsError(f"`{name}` may have {_MOST} entries at most, with keys of {_LONGEST} characters at most")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    wrong = next((text for text in value if not isinstance(text, str)), None) if isinstance(value, list) else value
    if wrong is not None:
        what = f"has {_described(wrong)} in it" if isinstance(value, list) else f"is {_described(wrong)}"
        raise SettingsError(f'`{name}` must be a list of texts, as ["LR5"], and {what}')
    if len(value) > _MOST or any(len(text) > _LONGEST for text in value):
        raise SettingsError(f"`{name}` may have {_MOST} texts at most, of {_LONGEST} characters at most")
    return tuple(value)


def _is_number(value: Any) -> bool:
    """Whether a value of TOML is a number, which may be written in text, as a config of another program may have it."""
    amount = written(value) if isinstance(value, str) else value
    return isinstance(amount, int | float | Fraction) and not isinstance(amount, bool) and -_LARGEST <= amount <= _LARGEST


def _facts(name: str, value: Any) -> tuple[tuple[str, Any], ...]:
    """The facts of a clock in a table."""
    table = _table(name, value)
    for fact in table:
        if fact.replace("-", "_") not in _FACTS:
            raise SettingsError(f"{name}: the clock has no fact `{shown(fact)}`; its facts are {', '.join(_FACTS)}")
    facts = {fact.replace("-", "_"): value for fact, value in table.items()}
    names = _table(f"{name}.names", facts.get("names", {}))
    if not isinstance(facts.get("tick", ""), str):
        raise SettingsError(f"{name}: `tick` is {_described(facts['tick'])}; a tick is one `step` or one `epoch`")
    for fact, value in [*facts.items(), *names.items()]:
        if fact != "names" and fact != "tick" and not _is_number(value):
            raise SettingsError(f"{name}: `{shown(fact)}` is {_described(value)}; give it as a number")
    try:
        Clock.of(**{fact: value for fact, value in facts.items() if fact != "names"})
        host_names(names)
    except ScheduleError as error:
        raise SettingsError(f"{name}: {error.diagnostics[0].message}; {error.diagnostics[0].help}") from None
    return tuple(facts.items())
