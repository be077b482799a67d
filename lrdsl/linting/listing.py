"""The listing of files to check: `list_files` finds them in the files and folders of a command. It runs nothing in a folder, and follows no link out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path

import attrs

from lrdsl.arguments import is_schedule_file
from lrdsl.files.opening import RefusedError, read_bytes
from lrdsl.files.replacing import TEMPORARY, leftovers
from lrdsl.linting.hosts import ENDINGS
from lrdsl.linting.ignoring import Patterns, Work

#: The most bytes of a file, and of a notebook, which may have pictures. A larger file is data, not a config.
MAX_BYTES, MAX_NOTEBOOK = 4_000_000, 100_000_000
#: The most bytes of a `.gitignore`; the most characters that one run compares with patterns; and how many of these the reading of one character costs.
MAX_IGNORE, MAX_WORK, READING = 250_000, 1_000_000_000, 2000
#: The folders of tools, in which nobody writes schedules. The folder `.git` is skipped too, in upper or lower case.
_TOOLS = {"__pycache__", "__pypackages__", "node_modules", "site-packages", "venv", ".venv", ".tox", ".nox", ".eggs", ".hg", ".svn", ".ipynb_checkpoints"}
_TOOLS |= {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
_GIT = ".git"
#: The folders that packaging tools make.
_BUILT = {"build", "dist", "_build", "htmlcov"}
#: What the top of an environment of Python or conda has.
_ENVIRONMENT = {"pyvenv.cfg", "conda-meta"}


def most_bytes(path: Path) -> int:
    """The most bytes that a file may have, by the ending of its name."""
    return MAX_NOTEBOOK if path.suffix.lower() == ".ipynb" else MAX_BYTES


@attrs.frozen
class ListedFile:
    """A file to check, and the folder of the command that it was found in; None if the command names the file itself."""

    path: Path
    folder: Path | None = None


@attrs.define
class Listing:
    """The files to check, each once, sorted by name within a folder; folders and `.gitignore` files that could not be read, with the reason; and temporary
    files that an interrupted run may have left."""

    files: list[ListedFile] = attrs.field(factory=list)
    unread: list[tuple[Path, str]] = attrs.field(factory=list)
    leftovers: list[Path] = attrs.field(factory=list)


def list_files(paths: Iterable[Path], excludes: Callable[[Path, bool], bool] = lambda _path, _folder: False, endings: tuple[str, ...] = ENDINGS) -> Listing:
    """Lists the files to check: every file in `paths`, and in their folders every file with one of the `endings`, unless git ignores it or it is too large.

    In a folder, only links to files in this folder are followed. Folders of tools, as `.git` and `node_modules`, and repositories inside a repository are
    skipped; outside of a repository, so are names that begin with a dot, and what is built. A folder in `paths` is listed even if a pattern ignores it.
    `excludes` says which other paths to leave out; its second argument says whether the path is a folder.
    """
    listing, work = Listing(), Work(MAX_WORK)
    real: dict[tuple[str, str], ListedFile] = {}  # by real path and ending
    parents: dict[Path, None] = {}
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - a Path raises an error if a folder above cannot be read
            for file, real_path in _Walk(path, listing, work, excludes, endings).files():
                real.setdefault((real_path, file.path.suffix), file)
        else:
            real.setdefault((os.path.realpath(path), path.suffix), ListedFile(path))
            parents[path.parent] = None
    listing.files += real.values()
    listing.leftovers += [path for parent in parents for path in leftovers(parent)]
    return listing


@attrs.define
class _Ignores:
    """The patterns that hold below a folder, which is `depth` folders under the top of the repository."""

    depth: int
    patterns: Patterns


@attrs.define
class _Folder:
    """A folder to list: its path from the command's folder, its parts from the top of the repository, whether it is in a repository, and its patterns."""

    path: str
    parts: tuple[str, ...]
    checkout: bool
    ignores: tuple[_Ignores, ...]


class _Walk:
    """Lists the files in one folder of the command."""

    def __init__(self, folder: Path, listing: Listing, work: Work, excludes: Callable[[Path, bool], bool], endings: tuple[str, ...]) -> None:
        self.folder, self.listing, self.work, self.excludes, self.endings = folder, listing, work, excludes, endings
        self.root = Path(os.path.realpath(folder))

    def files(self) -> Iterator[tuple[ListedFile, str]]:
        """Yields each file with its real path. Links come last."""
        links = []
        todo: list[_Folder | str] = [self._start()]
        while todo:
            item = todo.pop()
            if isinstance(item, str):
                yield ListedFile(self.folder / item, self.folder), os.path.join(self.root, item)  # noqa: PTH118 - many, and a Path is slow
                continue
            children = []
            for entry, child in self._entries(item):
                if isinstance(child, _Folder) or not entry.is_symlink():
                    children.append((entry.name, child))
                else:
                    links.append(child)
            todo += [child for _, child in sorted(children, key=itemgetter(0), reverse=True)]
        for path in sorted(links):
            target = self._linked(path)
            if target is not None:
                yield ListedFile(self.folder / path, self.folder), target

    def _start(self) -> _Folder:
        """The command's folder, with the patterns of the folders above it, up to the top of its repository."""
        top = repository_of(self.root)
        if top is None:
            return _Folder("", (), False, ())
        ignores = self._excluded(top)
        parts = self.root.relative_to(top).parts
        for depth in range(len(parts)):
            ignores += self._ignored(top.joinpath(*parts[:depth]), depth)
        return _Folder("", parts, True, ignores)

    def _excluded(self, top: Path) -> tuple[_Ignores, ...]:
        """The patterns in a repository's `.git/info/exclude`; none if `.git` is not a folder."""
        info = top / _GIT / "info"
        return self._read(info / "exclude", 0) if all(_is_plain_folder(path) for path in (top / _GIT, info)) else ()

    def _ignored(self, folder: Path, depth: int) -> tuple[_Ignores, ...]:
        return self._read(folder / ".gitignore", depth)

    def _read(self, path: Path, depth: int) -> tuple[_Ignores, ...]:
        """The patterns of a regular file. Anything else has none, as for git."""
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or not self._afford(READING * min(status.st_size, MAX_IGNORE)):
                return ()
            data = read_bytes(path, MAX_IGNORE, follow=False)
        except FileNotFoundError:
            return ()
        except (OSError, RefusedError) as error:
            self.listing.unread.append((path, f"its patterns are not used: {_reason(error)}"))
            return ()
        return (_Ignores(depth, Patterns.of(data.decode("utf-8", "surrogateescape"))),)

    def _afford(self, work: int) -> bool:
        """Takes work from the budget for patterns. Returns whether some is left, and reports once if none is."""
        self.work.left -= work
        if self.work.left < 0 and not self.work.over:
            self.work.over = True
            self.listing.unread.append((self.folder, "its `.gitignore` files take too long, so the rest of their patterns is not used"))
        return self.work.left >= 0

    def _entries(self, current: _Folder) -> Iterator[tuple[os.DirEntry[str], _Folder | str]]:
        """The entries of a folder that are listed: folders, and the paths of files and links."""
        folder = self.root / current.path
        try:
            with os.scandir(folder) as scanned:
                entries = {entry.name: entry for entry in scanned if self._matters(entry, current)}
        except OSError as error:
            self.listing.unread.append((self.folder / current.path, f"the folder cannot be read: {_reason(error)}"))
            return
        if current.path and not _ENVIRONMENT.isdisjoint(entries):
            return
        if current.path and _GIT in entries and _is_repository(folder):
            if current.checkout:
                return
            current = attrs.evolve(current, checkout=True, parts=(), ignores=self._excluded(folder))
        if ".gitignore" in entries:
            current = attrs.evolve(current, ignores=current.ignores + self._ignored(folder, len(current.parts)))
        for entry in entries.values():
            path = f"{current.path}/{entry.name}" if current.path else entry.name
            parts = (*current.parts, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    if self._opens(entry, current) and not self._ignores(current, parts, True) and not self.excludes(self.folder / path, True):
                        yield entry, _Folder(path, parts, current.checkout, current.ignores)
                elif self._is_wanted(entry) and not self._ignores(current, parts, False) and not self.excludes(self.folder / path, False):
                    yield entry, path
            except OSError:
                continue

    def _matters(self, entry: os.DirEntry[str], current: _Folder) -> bool:
        """Whether an entry may be listed, or says something about the folder. Notes temporary files."""
        if TEMPORARY.fullmatch(entry.name):
            self.listing.leftovers.append(self.folder / current.path / entry.name)
            return False
        if entry.name in (_GIT, ".gitignore") or entry.name in _ENVIRONMENT:
            return True
        if entry.name.startswith(".") and not current.checkout:
            return False
        return entry.name.lower().endswith(self.endings) or entry.is_dir(follow_symlinks=False)

    @staticmethod
    def _opens(entry: os.DirEntry[str], current: _Folder) -> bool:
        """Whether a folder is listed: it is no folder of a tool, no junction, and, outside of a repository, not built."""
        junction = getattr(entry, "is_junction", None)
        built = not current.checkout and (entry.name in _BUILT or entry.name.endswith(".egg-info"))
        return entry.name.lower() != _GIT and entry.name not in _TOOLS and not built and not (junction is not None and junction())

    def _is_wanted(self, entry: os.DirEntry[str]) -> bool:
        """Whether an entry has one of the endings, and is a link or a file that is not too large. A `.lrs` file may be: its check reports that."""
        if not entry.name.lower().endswith(self.endings):
            return False
        if entry.is_symlink():
            return True
        small = is_schedule_file(entry.name) or entry.stat(follow_symlinks=False).st_size <= most_bytes(Path(entry.name))
        return small and entry.is_file(follow_symlinks=False)

    def _ignores(self, current: _Folder, parts: tuple[str, ...], folder: bool) -> bool:
        """Whether the patterns ignore a path. The patterns of the nearest folder decide."""
        for ignores in reversed(current.ignores):
            answer = ignores.patterns.ignores(parts[ignores.depth :], folder, self.work) if self._afford(1) else None
            if answer is not None:
                return answer
        return False

    def _linked(self, path: str) -> str | None:
        """The regular file that a link leads to; None if it is not in this folder, or must not be read."""
        try:
            target = Path(os.path.realpath(self.root / path, strict=True))
            status = target.lstat()
        except OSError:
            return None
        if not target.is_relative_to(self.root) or not stat.S_ISREG(status.st_mode):
            return None
        relative = target.relative_to(self.root)
        if any(part.lower() == _GIT for part in relative.parts) or (not is_schedule_file(target) and status.st_size > most_bytes(Path(path))):
            return None
        return str(target)


def repository_of(folder: Path) -> Path | None:
    """Returns the top of the repository that a folder is in; None if it is in none."""
    root = Path(os.path.realpath(folder))
    return next((one for one in (root, *root.parents) if _is_repository(one)), None)


def building_in(path: Path, folder: Path | None = None) -> Path:
    """Returns the folder inside which a config may build on files: its repository, else the `folder` that was listed, the current one, or its own."""
    real, current = Path(os.path.realpath(path)), Path.cwd()
    own = current if folder is None and real.is_relative_to(current) else folder
    return repository_of(real.parent) or own or real.parent


def _is_repository(folder: Path) -> bool:
    """Whether a folder is the top of a repository: it has a `.git` folder, or a `.git` file, as a worktree and a submodule have."""
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
