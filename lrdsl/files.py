"""Schedule files on disk: how one is read, and which others it may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import attrs

from lrdsl.check.program import UnusableError
from lrdsl.syntax.tokens import MAX_TEXT

#: A file of more bytes than this is not a schedule.
MAX_BYTES = 4 * MAX_TEXT
#: How deep files may use files.
MAX_FILES_DEEP = 20


def read_text(path: Path) -> str:
    """The text of a file. Raises `UnusableError` for one that is too large or is not UTF-8, `OSError` for one that cannot be read."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusableError(f"`{path.name}` is over {MAX_BYTES} bytes", "a schedule file is a page of text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableError(f"`{path.name}` is not UTF-8, from byte {error.start} on", "save the file as UTF-8 text") from None


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside a path, and put it in its place when it is whole: whatever happens, there is the old file or the new one."""
    import tempfile  # not on the way of those who only read

    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        write(temporary)
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The permissions that new files do not get."""
    found = os.umask(0o022)
    os.umask(found)
    return found


@attrs.frozen
class Folder:
    """The files that one file may use: those in the folder of the first file, and below. `reading` are the files that are being read, outermost first."""

    root: Path
    reading: tuple[Path, ...]

    @classmethod
    def of(cls, path: Path) -> Folder:
        """What the file at `path` may use."""
        found = path.resolve()
        return cls(found.parent, (found,))

    def read(self, path: str) -> tuple[str, Folder]:
        """The text of a file beside the one that is being read, and what that one may use."""
        if Path(path).is_absolute() or "\\" in path or "\0" in path or not path:
            raise UnusableError(f"`{path}` is not a path from this file on", 'name a file in this folder or below: `use "common.lrs"`')
        found = (self.reading[-1].parent / path).resolve()
        if not found.is_relative_to(self.root):
            raise UnusableError(f"`{path}` leads out of the folder of the file", "a file uses files in its own folder or below: move or copy it there")
        if found in self.reading:
            raise UnusableError(f"`{path}` uses this file in turn", "take one of the two `use` lines out")
        if len(self.reading) > MAX_FILES_DEEP:
            raise UnusableError(f"files use files more than {MAX_FILES_DEEP} deep", "use them directly")
        try:
            if not found.is_file():
                raise UnusableError(f"there is no file `{path}`", "name a file in this folder or below")
            return read_text(found), Folder(self.root, (*self.reading, found))
        except OSError as error:
            raise UnusableError(f"`{path}` cannot be read: {error.strerror}", "look at its permissions") from None
