"""The settings of a project, `[tool.lrdsl]` in its `pyproject.toml`: which rules speak where, which strings are schedules, and what is known of the runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import attrs

from lrdsl.check.rules import RULES
from lrdsl.clock import Clock
from lrdsl.diagnostics import CODES, UsageError
from lrdsl.hosts import Finder
from lrdsl.linting import ABOUT, Selection

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

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
            if not path.is_file():
                continue
            try:
                tool = _Table(path.read_text("utf-8"))
                if tool.known:
                    return cls._read(folder, tool)
            except (tomllib.TOMLDecodeError, UnicodeDecodeError, SettingsError) as error:
                raise SettingsError(f"{path}: {error}") from None
        return cls(start)

    @classmethod
    def _read(cls, root: Path, tool: _Table) -> Settings:
        ignores = tool.tables("per-file-ignores")
        return cls(
            root,
            Selection(codes("select", tool.texts("select", ("LR",))), codes("ignore", tool.texts("ignore"))),
            tool.texts("keys", Finder().keys),
            tuple((pattern, codes(f"per-file-ignores of {pattern}", _texts(f"per-file-ignores of {pattern}", found))) for pattern, found in ignores.items()),
            _facts("clock", tool.tables("clock")),
            tuple((pattern, _facts(f"paths of {pattern}", found)) for pattern, found in tool.tables("paths").items()),
        )

    def options(self, path: Path) -> dict[str, Any]:
        """The facts of the clock for a file."""
        found = dict(self.clock)
        for pattern, clock in self.paths:
            if self._fits(path, pattern):
                found |= dict(clock)
        return found

    def selected(self, path: Path) -> Selection:
        """Which rules speak in a file."""
        silent = [code for pattern, codes in self.per_file_ignores if self._fits(path, pattern) for code in codes]
        return attrs.evolve(self.selection, ignore=(*self.selection.ignore, *silent))

    def _fits(self, path: Path, pattern: str) -> bool:
        full = path.resolve()
        inside = full.relative_to(self.root).as_posix() if full.is_relative_to(self.root) else full.as_posix()
        return fnmatch(inside, pattern) or fnmatch(path.name, pattern)


def codes(name: str, found: Iterable[str]) -> tuple[str, ...]:
    """Codes of rules, or beginnings of some. Raises `SettingsError` for one that is no rule's."""
    wanted = tuple(code.strip().upper() for code in found if code.strip())
    for code in wanted:
        if not any(known.startswith(code) for known in (*RULES, *CODES, *ABOUT)):
            raise SettingsError(f"{name}: no rule has a code that begins with {code}; `lrdsl rules` lists them")
    return wanted


class _Table:
    """The table `[tool.lrdsl]` of a file, with its values as they have to be."""

    def __init__(self, source: str) -> None:
        tool = tomllib.loads(source).get("tool", {})
        found = tool.get("lrdsl") if isinstance(tool, dict) else None
        self.known = found is not None
        self._found = _table("tool.lrdsl", found or {})
        for name in self._found:
            if name not in _KNOWN:
                raise SettingsError(f"there is no setting `{name}` of [tool.lrdsl]; it has {', '.join(_KNOWN)}")

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return _texts(name, self._found[name]) if name in self._found else default

    def tables(self, name: str) -> dict[str, Any]:
        return _table(name, self._found.get(name, {}))


def _table(name: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise SettingsError(f"`{name}` is a table, not {found!r}")
    return found


def _texts(name: str, found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise SettingsError(f'`{name}` is a list of texts, as ["LR5"], not {found!r}')
    return tuple(found)


def _facts(name: str, found: Any) -> tuple[tuple[str, Any], ...]:
    table = _table(name, found)
    for fact in table:
        if fact.replace("-", "_") not in _FACTS:
            raise SettingsError(f"{name}: `{fact}` is no fact of a clock; those are {', '.join(_FACTS)}")
    return tuple((fact.replace("-", "_"), value) for fact, value in table.items())
