"""Which files are meant by files and folders that somebody names. Nothing in a folder is run or obeyed for it, and no link leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from lrdsl.files.opening import RefusedError, read_bytes
from lrdsl.files.replacing import TEMPORARY, leftovers
from lrdsl.linting.hosts import ENDINGS
from lrdsl.linting.ignoring import Patterns, Work

#: Files larger than this are data and no configs; notebooks have pictures in them.
MAX_BYTES, MAX_NOTEBOOK = 4_000_000, 100_000_000
#: A `.gitignore` larger than this is not obeyed; how many characters all of them may make compare in one run, and as how many each of their own counts.
MAX_IGNORE, MAX_WORK, READING = 250_000, 1_000_000_000, 2000
#: Folders of tools, which hold nothing that people write. A repository's own folder is never looked at, whatever the case of its name.
_TOOLS = {"__pycache__", "__pypackages__", "node_modules", "site-packages", "venv", ".venv", ".tox", ".nox", ".eggs", ".hg", ".svn", ".ipynb_checkpoints"}
_TOOLS |= {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
_GIT = ".git"


def most_bytes(path: Path) -> int:
    """How large a file may be, by its ending."""
    return MAX_NOTEBOOK if path.suffix.lower() == ".ipynb" else MAX_BYTES


@attrs.frozen
class Listed:
    """A file that is meant, and the folder that it was found in; None for one that was named."""

    path: Path
    folder: Path | None = None


@attrs.define
class Listing:
    """The files that are meant, in the order of their names, each once; folders and `.gitignore` files that were not read, with the reason; and temporary files
    that are left over, perhaps."""

    files: list[Listed] = attrs.field(factory=list)
    unread: list[tuple[Path, str]] = attrs.field(factory=list)
    leftovers: list[Path] = attrs.field(factory=list)


def listed(paths: Iterable[Path]) -> Listing:
    """The files that are meant: those named, and in folders those with an ending that we know, less what git ignores and what is too large to be a config.

    In a folder, links are followed to files in it alone. Folders of tools, as `.git` and `node_modules`, and repositories inside a repository are passed over;
    outside a repository so is what begins with a dot. A folder that is named is looked at whatever ignores it.
    """
    listing, work = Listing(), Work(MAX_WORK)
    real: dict[tuple[str, str], Listed] = {}  # by what they are and how they are read
    parents: dict[Path, None] = {}
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - a Path raises where a folder above may not be looked into
            for one, file in _Walk(path, listing, work).files():
                real.setdefault((file, one.path.suffix), one)
        else:
            real.setdefault((os.path.realpath(path), path.suffix), Listed(path))
            parents[path.parent] = None
    listing.files += real.values()
    listing.leftovers += [path for parent in parents for path in leftovers(parent)]
    return listing


@attrs.define
class _Obeyed:
    """What is ignored below a folder, so many folders under the top of the repository."""

    depth: int
    patterns: Patterns


@attrs.define
class _Inside:
    """A folder to be looked at: its path from the one that was named, its parts from the top of the repository, and whether it is in one."""

    path: str
    parts: tuple[str, ...]
    checkout: bool
    obeyed: tuple[_Obeyed, ...]


class _Walk:
    """The files in one folder."""

    def __init__(self, folder: Path, listing: Listing, work: Work) -> None:
        self.folder, self.listing, self.work = folder, listing, work
        self.root = Path(os.path.realpath(folder))

    def files(self) -> Iterator[tuple[Listed, str]]:
        """Each file, with its path without links; a link to a file comes after all files that are none."""
        links = []
        todo: list[_Inside | str] = [self._start()]
        while todo:
            there = todo.pop()
            if isinstance(there, str):
                yield Listed(self.folder / there, self.folder), os.path.join(self.root, there)  # noqa: PTH118 - many, and a Path is slow
                continue
            found = []
            for entry, inside in self._entries(there):
                if isinstance(inside, _Inside) or not entry.is_symlink():
                    found.append((entry.name, inside))
                else:
                    links.append(inside)
            todo += [inside for _, inside in sorted(found, key=lambda one: one[0], reverse=True)]
        for path in sorted(links):
            target = self._linked(path)
            if target is not None:
                yield Listed(self.folder / path, self.folder), target

    def _start(self) -> _Inside:
        """The folder that was named, below the top of its repository, which says what is ignored above it."""
        top = next((folder for folder in (self.root, *self.root.parents) if _is_repository(folder)), None)
        if top is None:
            return _Inside("", (), False, ())
        obeyed = self._excluded(top)
        parts = self.root.relative_to(top).parts
        for depth in range(len(parts)):
            obeyed += self._ignored(top.joinpath(*parts[:depth]), depth)
        return _Inside("", parts, True, obeyed)

    def _excluded(self, top: Path) -> tuple[_Obeyed, ...]:
        """What the repository itself excludes, where its own folder is a folder."""
        info = top / _GIT / "info"
        return self._read(info / "exclude", 0) if all(_is_plain_folder(path) for path in (top / _GIT, info)) else ()

    def _ignored(self, folder: Path, depth: int) -> tuple[_Obeyed, ...]:
        return self._read(folder / ".gitignore", depth)

    def _read(self, path: Path, depth: int) -> tuple[_Obeyed, ...]:
        """The patterns of a regular file; none of anything else, as for git."""
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or not self._afford(READING * min(status.st_size, MAX_IGNORE)):
                return ()
            data = read_bytes(path, MAX_IGNORE, follow=False)
        except FileNotFoundError:
            return ()
        except (OSError, RefusedError) as error:
            self.listing.unread.append((path, f"what it ignores is not ignored: {_reason(error)}"))
            return ()
        return (_Obeyed(depth, Patterns.of(data.decode("utf-8", "surrogateescape"))),)

    def _afford(self, work: int) -> bool:
        """Whether something is left of what ignoring may cost; where nothing is, that is said once."""
        self.work.left -= work
        if self.work.left < 0 and not self.work.over:
            self.work.over = True
            self.listing.unread.append((self.folder, "its `.gitignore` files take too long, and were not obeyed further"))
        return self.work.left >= 0

    def _entries(self, there: _Inside) -> Iterator[tuple[os.DirEntry[str], _Inside | str]]:
        """What is to be looked at in a folder: folders, and the paths of files and of links."""
        folder = self.root / there.path
        try:
            with os.scandir(folder) as scanned:
                entries = {entry.name: entry for entry in scanned if self._matters(entry, there)}
        except OSError as error:
            self.listing.unread.append((self.folder / there.path, f"the folder cannot be read: {_reason(error)}"))
            return
        if "pyvenv.cfg" in entries and there.path:
            return
        if there.path and _GIT in entries and _is_repository(folder):
            if there.checkout:
                return
            there = attrs.evolve(there, checkout=True, parts=(), obeyed=self._excluded(folder))
        if ".gitignore" in entries:
            there = attrs.evolve(there, obeyed=there.obeyed + self._ignored(folder, len(there.parts)))
        for entry in entries.values():
            path = f"{there.path}/{entry.name}" if there.path else entry.name
            parts = (*there.parts, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    if self._opens(entry) and not self._ignores(there, parts, True):
                        yield entry, _Inside(path, parts, there.checkout, there.obeyed)
                elif entry.name.lower().endswith(ENDINGS) and self._fits(entry) and not self._ignores(there, parts, False):
                    yield entry, path
            except OSError:
                continue

    def _matters(self, entry: os.DirEntry[str], there: _Inside) -> bool:
        if TEMPORARY.fullmatch(entry.name):
            self.listing.leftovers.append(self.folder / there.path / entry.name)
            return False
        if entry.name in (_GIT, ".gitignore", "pyvenv.cfg"):
            return True
        if entry.name.startswith(".") and not there.checkout:
            return False
        return entry.name.lower().endswith(ENDINGS) or entry.is_dir(follow_symlinks=False)

    @staticmethod
    def _opens(entry: os.DirEntry[str]) -> bool:
        junction = getattr(entry, "is_junction", None)
        return entry.name.lower() != _GIT and entry.name not in _TOOLS and not (junction is not None and junction())

    @staticmethod
    def _fits(entry: os.DirEntry[str]) -> bool:
        """Whether this is a link, or a file that is not too large. A schedule that is too large is reported."""
        if entry.is_symlink():
            return True
        small = entry.name.endswith(".lrs") or entry.stat(follow_symlinks=False).st_size <= most_bytes(Path(entry.name))
        return small and entry.is_file(follow_symlinks=False)

    def _ignores(self, there: _Inside, parts: tuple[str, ...], folder: bool) -> bool:
        for obeyed in reversed(there.obeyed):
            answer = obeyed.patterns.ignores(parts[obeyed.depth :], folder, self.work) if self._afford(1) else None
            if answer is not None:
                return answer
        return False

    def _linked(self, path: str) -> str | None:
        """The regular file in this folder that a link leads to."""
        try:
            target = Path(os.path.realpath(self.root / path, strict=True))
            status = target.lstat()
        except OSError:
            return None
        if not target.is_relative_to(self.root) or not stat.S_ISREG(status.st_mode):
            return None
        inside = target.relative_to(self.root)
        if any(part.lower() == _GIT for part in inside.parts) or (target.suffix != ".lrs" and status.st_size > most_bytes(Path(path))):
            return None
        return str(target)


def _is_repository(folder: Path) -> bool:
    """Whether a folder is the top of a repository: it has a folder or, as a worktree and a submodule, a file for it."""
    try:
        mode = (folder / _GIT).lstat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode)


def _is_plain_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)
