"""The settings of a project: which rules to use, which strings are schedules, which files to leave out, and the facts of the run.

They are in `lrdsl.toml`, or in `[tool.lrdsl]` of `pyproject.toml`. The nearest folder above a file that has settings decides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatch
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import attrs

from lrdsl.diagnostics import shown
from lrdsl.files.opening import RefusedError, decoded, read_bytes
from lrdsl.linting import tables
from lrdsl.linting.hosts import Finder
from lrdsl.linting.ignoring import Patterns, Work
from lrdsl.linting.linter import Selection
from lrdsl.linting.tables import SettingsError as SettingsError

#: The most bytes of a file.
MAX_BYTES = 1_000_000
#: The files that may hold settings, the first one first, each with the keys of the table that holds them.
_FILES: tuple[tuple[str, tuple[str, ...]], ...] = ((".lrdsl.toml", ()), ("lrdsl.toml", ()), ("pyproject.toml", ("tool", "lrdsl")))
#: The longest chain of files that extend one another.
_DEEPEST = 10
#: The most characters that are compared for the patterns of one path.
_WORK = 1_000_000


@attrs.frozen
class Place:
    """A pattern of paths, and the folder of the settings that it stands in."""

    root: Path
    pattern: str

    def fits(self, path: Path) -> bool:
        """Whether a file fits: its path in the folder, or its last part."""
        full = Path(os.path.realpath(path))
        within = full.relative_to(self.root) if full.is_relative_to(self.root) else full
        return fnmatch(within.as_posix(), self.pattern) or fnmatch(path.name, self.pattern)


@attrs.frozen
class Settings:
    """The settings of a project in the folder `root`.

    `selection` says which rules to use; `keys` are patterns of the keys whose strings are schedules; `exclude` are patterns of the files and folders to leave
    out, as a `.gitignore` has them; `per_file_ignores` gives codes to ignore for files that fit a pattern; `clock` gives facts of the run, and `paths` gives
    others for files that fit a pattern.
    """

    root: Path
    selection: Selection = attrs.field(factory=Selection)
    keys: tuple[str, ...] = Finder().keys
    exclude: tuple[Place, ...] = ()
    per_file_ignores: tuple[tuple[Place, tuple[str, ...]], ...] = ()
    clock: tuple[tuple[str, Any], ...] = ()
    paths: tuple[tuple[Place, tuple[tuple[str, Any], ...]], ...] = ()

    @cached_property
    def spelled(self) -> str:
        """All of these settings as one text, by which the cache tells them from others. It is written once."""
        return repr(self)

    @classmethod
    def of(cls, start: Path) -> Settings:
        """Reads the settings for a folder from it, or from the nearest folder above that has some. Raises `SettingsError`."""
        return SettingsOfFiles().nearest(start) or cls(start)

    @classmethod
    def at(cls, folder: Path) -> Settings | None:
        """Reads the settings in a folder; None if it has none. Raises `SettingsError`."""
        for name, keys in _FILES:
            if os.path.isfile(folder / name):  # noqa: PTH113 - a Path raises an error if a folder above cannot be read
                settings = cls.read(folder / name, keys)
                if settings is not None:
                    return settings
        return None

    @classmethod
    def named(cls, path: Path) -> Settings:
        """Reads the settings in a file that the user names. Raises `SettingsError`."""
        settings = cls.read(path, _keys_of(path))
        if settings is None:
            raise SettingsError(f"{path}: it has no table [tool.lrdsl]")
        return settings

    @classmethod
    def read(cls, path: Path, keys: Sequence[str], extending: tuple[Path, ...] = ()) -> Settings | None:
        """Reads the settings under some keys of a TOML file; None if it has no such keys. `extending` are the files that extend it."""
        source = ""
        try:
            source = decoded(path, read_bytes(path, MAX_BYTES))
            values = tables.read(source, keys)
            if values is None:
                return None
            root = Path(os.path.realpath(path.parent))
            base = cls(root)
            if "extend" in values:
                base = cls._extended(path, tables.text("extend", values["extend"]), extending)
            return base.changed(root, values)
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}") from None
        except RefusedError as error:
            raise SettingsError(f"{path}: {error.reason}") from None
        except RecursionError:
            raise SettingsError(f"{path}: it is nested too deep") from None
        except SettingsError as error:
            raise error.within(path, source, keys) from None
        except ValueError as error:  # a number with too many digits
            raise SettingsError(f"{path}: {error}") from None

    @classmethod
    def _extended(cls, path: Path, name: str, extending: tuple[Path, ...]) -> Settings:
        """Reads the file that a file extends."""
        real = Path(os.path.realpath(path))
        target = Path(os.path.realpath(path.parent / name))
        if not any(target.is_relative_to(top) for top in _tops(real)):
            raise SettingsError(f"`extend` leads out of the project, to `{shown(name)}`", ("extend",))
        if target == real or target in extending or len(extending) >= _DEEPEST:
            raise SettingsError(f"`extend` leads back to `{shown(name)}`, or too deep", ("extend",))
        if not target.is_file():
            raise SettingsError(f"`extend` names `{shown(name)}`, and there is no such file", ("extend",))
        extended = cls.read(target, _keys_of(target), (*extending, real))
        if extended is None:
            raise SettingsError(f"`extend` names `{shown(name)}`, which has no table [tool.lrdsl]", ("extend",))
        return extended

    def changed(self, root: Path, values: dict[str, Any]) -> Settings:
        """These settings, with those in a table in their place. Facts and patterns of files are added to those that are here. Raises `SettingsError`."""
        tables.check_names(values)

        def codes(name: str) -> tuple[str, ...] | None:
            return tables.codes(name, tables.texts(name, values[name])) if name in values else None

        selection = self.selection.changed(codes("select"), codes("extend-select") or (), codes("ignore"))
        ignores, paths = tables.table("per-file-ignores", values.get("per-file-ignores", {})), tables.table("paths", values.get("paths", {}))
        return Settings(
            root,
            selection,
            tables.texts("keys", values["keys"]) if "keys" in values else self.keys,
            tuple(Place(root, pattern) for pattern in tables.texts("exclude", values["exclude"])) if "exclude" in values else self.exclude,
            (*self.per_file_ignores, *((Place(root, pattern), _codes_of(pattern, value)) for pattern, value in ignores.items())),
            tuple((dict(self.clock) | dict(tables.facts("clock", values.get("clock", {})))).items()),
            (*self.paths, *((Place(root, pattern), _facts_of(pattern, value)) for pattern, value in paths.items())),
        )

    def options(self, path: Path) -> dict[str, Any]:
        """The facts of the run for a file."""
        facts = dict(self.clock)
        for place, clock in self.paths:
            if place.fits(path):
                facts |= dict(clock)
        return facts

    def selected(self, path: Path) -> Selection:
        """The rules to use for a file."""
        ignored = tuple(code for place, codes in self.per_file_ignores if place.fits(path) for code in codes)
        return self.selection.without(ignored) if ignored else self.selection

    def excludes(self, path: Path, folder: bool = False) -> bool:
        """Whether a path, or a folder above it, is left out."""
        if not self.exclude:
            return False
        full = Path(os.path.realpath(path.parent)) / path.name
        for root, patterns in _patterns(self.exclude).items():
            parts = full.relative_to(root).parts if full.is_relative_to(root) else ()
            work = Work(_WORK)
            if any(patterns.ignores(parts[:n], folder or n < len(parts), work) for n in range(1, len(parts) + 1)):
                return True
        return False


def _keys_of(path: Path) -> tuple[str, ...]:
    """The keys of the table that holds the settings in a file."""
    return dict(_FILES).get(path.name, ())


def _codes_of(pattern: str, value: Any) -> tuple[str, ...]:
    name = f"per-file-ignores of {shown(pattern)}"
    with tables.under("per-file-ignores", pattern):
        return tables.codes(name, tables.texts(name, value))


def _facts_of(pattern: str, value: Any) -> tuple[tuple[str, Any], ...]:
    with tables.under("paths", pattern):
        return tables.facts(f"paths of {shown(pattern)}", value)


@lru_cache
def _patterns(places: tuple[Place, ...]) -> dict[Path, Patterns]:
    """The patterns of each folder."""
    roots = dict.fromkeys(place.root for place in places)
    return {root: Patterns.of("\n".join(place.pattern for place in places if place.root == root)) for root in roots}


def _tops(path: Path) -> Iterable[Path]:
    """The folders in which a file may extend another: its own, its repository, and the folder that the command runs in."""
    yield path.parent
    here = Path(os.path.realpath(Path.cwd()))
    if path.is_relative_to(here):
        yield here
    repository = next((folder for folder in path.parents if os.path.lexists(folder / ".git")), None)
    if repository is not None:
        yield repository


@attrs.define
class SettingsOfFiles:
    """The settings of each file of a command: `fixed` ones for all, or those of its folder; in both cases as `change` changes them."""

    fixed: Settings | None = None
    change: Callable[[Settings], Settings] = lambda settings: settings
    _own: dict[Path, Settings] = attrs.field(factory=dict)
    _folders: dict[Path, Settings | None] = attrs.field(factory=dict)
    _changed: dict[int, tuple[Settings | None, Settings]] = attrs.field(factory=dict)

    def of(self, path: Path) -> Settings:
        """The settings of a file. Raises `SettingsError`."""
        return self.of_folder(path.parent)

    def of_folder(self, folder: Path) -> Settings:
        """The settings of the files in a folder. Raises `SettingsError`."""
        if folder not in self._own:
            self._own[folder] = self._of_real(Path(os.path.realpath(folder)))
        return self._own[folder]

    def _of_real(self, folder: Path) -> Settings:
        settings = self.fixed if self.fixed is not None else self.nearest(folder)
        key = id(settings)
        if key not in self._changed:
            self._changed[key] = settings, self.change(Settings(Path(os.path.realpath(Path.cwd()))) if settings is None else settings)
        return self._changed[key][1]

    def nearest(self, folder: Path) -> Settings | None:
        """The settings in a folder, or in the nearest folder above it that has some. Raises `SettingsError`."""
        if folder not in self._folders:
            settings = Settings.at(folder)
            self._folders[folder] = self.nearest(folder.parent) if settings is None and folder.parent != folder else settings
        return self._folders[folder]
