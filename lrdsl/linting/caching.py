"""What was clean and has not changed since need not be checked again. What is known of a project lies in the user's own cache, never in the project.

A cache that comes with a repository would say that its files are clean. So the cache is a file in a folder that belongs to who runs this, and to nobody else,
and that lies outside of the project. It goes by what files hold and not by their times, which anybody can set.
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
from lrdsl.files.folder import Used
from lrdsl.files.opening import is_ours, read_bytes, read_text
from lrdsl.files.replacing import discard, leftovers, replace
from lrdsl.syntax.grammar import grammar_path

#: Where the cache lies, if not where the system has its caches.
VARIABLE = "LRDSL_CACHE_DIR"
#: A cache of more bytes is none, and so many files are remembered.
MAX_BYTES, MAX_FILES = 200_000_000, 200_000
#: Damage of any shape: what is not there, not ours, not JSON, or not of the right form.
_DAMAGE = (OSError, UsageError, UnusableError, ValueError, KeyError, TypeError, RecursionError, MemoryError)


@attrs.define
class Cache:
    """The files of a project that were clean: for each by its path, what it held, where it lies, how many schedules are in it, and what files it used.

    It holds for one release and one set of settings; with others it is empty. A cache that cannot be read or written is no cache, and no error.
    """

    path: Path | None
    mark: str
    known: dict[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(cls, root: Path, *settings: object) -> Cache:
        """The cache of a project with these settings."""
        mark = _digest(repr((settings, _release())))
        path: Path | None = None
        try:
            path = _folder(root) / f"{_digest(os.path.realpath(root))[:32]}.json"
            kept = json.loads(read_bytes(path, MAX_BYTES, follow=False)) if is_ours(path.lstat()) else {}
            return cls(path, mark, kept["files"] if kept["mark"] == mark and isinstance(kept["files"], dict) else {})
        except _DAMAGE:
            return cls(path, mark)

    def clean(self, path: Path) -> int | None:
        """How many schedules a file holds that was clean and is as it was, with all that it uses; None for others."""
        try:
            digest, file, texts, used = self.known[str(path.absolute())]
            same = digest == _digest(read_bytes(path, MAX_BYTES)) and file == os.path.realpath(path) and all(_is_as_it_was(*one) for one in used)
            return texts if same and type(texts) is int and 0 <= texts < MAX_BYTES else None
        except _DAMAGE:
            return None

    def keep(self, clean: Mapping[Path, list[Any]]) -> None:
        """Remember the files that are clean now, each by its entry."""
        found = {str(path.absolute()): kept for path, kept in clean.items()}
        if self.path is None or not found:
            return
        self.known = dict(list((self.known | found).items())[-MAX_FILES:])
        try:
            replace(self.path, json.dumps({"mark": self.mark, "files": self.known}).encode())
            discard(leftovers(self.path.parent))
        except _DAMAGE:
            pass


def entry(path: Path, source: str, texts: int, used: Iterable[Used]) -> list[Any]:
    """What is remembered of a clean file: what it holds, where it lies, how many schedules it has, and what each file that it uses is and holds."""
    return [_digest(source), os.path.realpath(path), texts, [[one.folder, one.path, str(one.file), _digest(one.text)] for one in used]]


def _folder(root: Path) -> Path:
    """The folder of caches, made if it is not there. Raises `OSError` or `ValueError` where there is none to be trusted."""
    from platformdirs import user_cache_dir  # takes a while to load, and few files need no cache

    named = os.environ.get(VARIABLE)
    top = Path(named) if named else Path(user_cache_dir("lrdsl", appauthor=False))
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
    """What results depend on beside files and settings: the versions of what reads files, and the code of lrdsl itself, which changes in a checkout."""
    import sys
    from importlib.metadata import version

    package = Path(__file__).parents[1]
    code = hashlib.sha256()
    for path in (*sorted(path for path in package.rglob("*.*") if path.suffix in (".py", ".lrs")), grammar_path()):
        code.update(path.read_bytes())
    return sys.version, version("pyyaml"), code.hexdigest()


def _is_as_it_was(folder: str, path: str, file: str, digest: str) -> bool:
    """Whether `use` of a path in a file of a folder reads what it read."""
    there = os.path.realpath(Path(folder) / path)
    return there == file and _digest(read_text(Path(there), follow=False)) == digest


def _digest(data: bytes | str) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")).hexdigest()
