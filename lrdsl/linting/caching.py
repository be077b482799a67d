"""The cache: `Cache` remembers which files of a project had no problems, so that they are not checked again until they change.

A cache that comes with a repository could claim that its files are clean. So the cache lies outside of the project, in a folder that only the user can write.
It compares the contents of files, not their times, which anybody can set.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from lrdsl.check.program import UnusableError
from lrdsl.diagnostics import UsageError
from lrdsl.documents.beside import Notes, inside, text_inside
from lrdsl.files.folder import Used
from lrdsl.files.opening import is_ours, read_bytes, read_text
from lrdsl.files.replacing import discard, leftovers, replace
from lrdsl.linting.listing import building_in
from lrdsl.syntax.grammar import grammar_path

#: The environment variable that sets the folder of the cache; the default is the system's folder for caches.
VARIABLE = "LRDSL_CACHE_DIR"
#: A larger cache file is ignored, and the cache remembers at most so many files.
MAX_BYTES, MAX_FILES = 200_000_000, 200_000
#: The errors of a cache that is missing, or is not the user's own, or is not JSON, or has another form.
_DAMAGE = (OSError, UsageError, UnusableError, ValueError, KeyError, TypeError, RecursionError, MemoryError)


@attrs.define
class Cache:
    """The clean files of a project, by path: a digest of the content, the real path, the number of schedules, the files that it uses, those that were looked
    for beside it, and what was read of them.

    The cache is valid for one release, which `mark` stands for; with another it is empty. The digest of a content is for the settings of the file too. A cache
    that cannot be read or written is ignored, without an error.
    """

    path: Path | None
    mark: str
    entries: dict[str, Any] = attrs.field(factory=dict)
    _folders: dict[str, str] = attrs.field(factory=dict)
    _roots: dict[str, str] = attrs.field(factory=dict)
    _beside: dict[tuple[str, str, str], str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, root: Path) -> Cache:
        """The cache of a project."""
        mark = _digest(repr(_release()))
        path: Path | None = None
        try:
            path = _folder(root) / f"{_digest(os.path.realpath(root))[:32]}.json"
            data = json.loads(read_bytes(path, MAX_BYTES, follow=False)) if is_ours(path.lstat()) else {}
            return cls(path, mark, data["files"] if data["mark"] == mark and isinstance(data["files"], dict) else {})
        except _DAMAGE:
            return cls(path, mark)

    def clean(self, path: Path, settings: str) -> int | None:
        """The number of schedules in a file that was clean with settings spelled like this and has not changed, nor any file that it uses; None for another."""
        try:
            digest, file, texts, used, sought, read = self.entries[str(path.absolute())]
            same = (
                digest == _content(read_bytes(path, MAX_BYTES), settings)
                and file == self._real(path)
                and all(_is_unchanged(*file_used) for file_used in used)
                and (not sought or self._are_beside(path, sought))
                and all(_digest(text_inside(Path(other))) == its for other, its in read)
            )
            return texts if same and type(texts) is int and 0 <= texts < MAX_BYTES else None
        except _DAMAGE:
            return None

    def _real(self, path: Path) -> str:
        """The real path of a file. That of each folder is looked up once."""
        if path.is_symlink():
            return os.path.realpath(path)
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)  # noqa: PTH118 - many, and a Path is slow

    def _are_beside(self, path: Path, sought: Iterable[tuple[str, str, str, str]]) -> bool:
        """Whether the names in a file still lead to the same files, or to none, and are still looked for inside the same folder. Each is looked up once."""
        real = self._real(path)
        own = os.path.dirname(real)  # noqa: PTH120 - many, and a Path is slow
        if own not in self._roots:
            self._roots[own] = str(building_in(Path(real)))
        for folder, name, its_root, answer in sought:
            question = (folder, name, its_root)
            if self._roots[own] == its_root and question not in self._beside:
                self._beside[question] = str(inside(Path(folder, "file"), name, Path(its_root)) or "")
            if self._roots[own] != its_root or self._beside[question] != answer:
                return False
        return True

    def keep(self, clean: Mapping[Path, list[Any]]) -> None:
        """Adds clean files, each with its entry, and writes the cache."""
        new = {str(path.absolute()): data for path, data in clean.items()}
        if self.path is None or not new:
            return
        self.entries = dict(list((self.entries | new).items())[-MAX_FILES:])
        try:
            replace(self.path, json.dumps({"mark": self.mark, "files": self.entries}).encode())
            discard(leftovers(self.path.parent))
        except _DAMAGE:
            pass


def entry(path: Path, source: str, settings: str, texts: int, used: Iterable[Used], notes: Notes) -> list[Any]:
    """The entry of a clean file: a digest of its content, its real path, the number of its schedules, for each file that it uses its paths and digest, and for
    each that was looked for beside it where it was found, and the digests of those that were read.
    """
    by_use = [[file.folder, file.path, str(file.file), _digest(file.text)] for file in used]
    sought = [[*question, answer] for question, answer in notes.sought.items()]
    return [_content(source, settings), os.path.realpath(path), texts, by_use, sought, [[other, _digest(text)] for other, text in notes.texts.items()]]


def _folder(root: Path) -> Path:
    """The folder of caches, which is made if it does not exist. Raises `OSError` or `ValueError` for a folder that cannot be trusted."""
    from platformdirs import user_cache_dir  # imported here: it is slow to load, and a run over few files uses no cache

    setting = os.environ.get(VARIABLE)
    top = Path(setting) if setting else Path(user_cache_dir("lrdsl", appauthor=False))
    if not top.is_absolute() or Path(os.path.realpath(top)).is_relative_to(os.path.realpath(root)):
        raise ValueError("a cache lies outside of the project")
    folder = top / "checked"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or not is_ours(status) or (os.name != "nt" and status.st_mode & 0o077):
        raise ValueError("a cache is the user's own")
    return folder


def _release() -> tuple[str, ...]:
    """What results depend on, besides files and settings: the versions of Python and PyYAML, and the code of lrdsl itself, which a developer may change."""
    import sys
    from importlib.metadata import version

    package = Path(__file__).parents[1]
    code = hashlib.sha256()
    for path in (*sorted(path for path in package.rglob("*.*") if path.suffix in (".py", ".lrs")), grammar_path()):
        code.update(path.read_bytes())
    return sys.version, version("pyyaml"), code.hexdigest()


def _is_unchanged(folder: str, path: str, file: str, digest: str) -> bool:
    """Whether a `use` of this path in a file of this folder still reads the same file with the same content."""
    real = os.path.realpath(Path(folder) / path)
    return real == file and _digest(read_text(Path(real), follow=False)) == digest


def _content(data: bytes | str, settings: str) -> str:
    """A digest of a file's content and of the settings that it is checked with."""
    return _digest(data) + _digest(settings)


def _digest(data: bytes | str) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")).hexdigest()
