"""Files on disk: how one is read, and which others a schedule may use."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

from lrdsl.check.program import UnusableError
from lrdsl.diagnostics import UsageError
from lrdsl.syntax.tokens import MAX_TEXT

#: A file of more bytes than this is not a schedule.
MAX_BYTES = 4 * MAX_TEXT
#: How deep files may use files.
MAX_FILES_DEEP = 20
#: Flags that not every system has: do not wait for a partner, take no terminal, follow no link, give nothing to other programs, change no byte.
PLAIN = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CHUNK = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link"),
)


class RefusedError(UsageError):
    """A file that is not read or not written: why, and what to do."""

    def __init__(self, path: Path, reason: str, help: str) -> None:
        self.reason, self.help = reason, help
        super().__init__(f"{path}: {reason}; {help}")


class DataError(RefusedError):
    """A file that is data: too large for a text, or none."""


def read_bytes(path: Path, most: int, follow: bool = True) -> bytes:
    """The bytes of a regular file, without waiting for any. A link is read through, unless `follow` says otherwise.

    Raises `DataError` for more than `most` bytes, `RefusedError` for anything but a regular file, `OSError` for a file that cannot be read.
    """
    regular(path, path.stat() if follow else path.lstat())  # before it is opened: that may wind a tape
    descriptor = os.open(path, os.O_RDONLY | PLAIN | (0 if follow else NOFOLLOW))
    try:
        regular(path, os.fstat(descriptor))
        chunks, left = [], most + 1
        while left > 0 and (chunk := os.read(descriptor, min(left, _CHUNK))):
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(descriptor)
    if left <= 0:
        raise DataError(path, f"the file has more than {most:,} bytes", "leave it out: a schedule is a page of text")
    return b"".join(chunks)


def regular(path: Path, status: os.stat_result) -> None:
    """Raises `RefusedError` for what is not a regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), "no file")
        raise RefusedError(path, f"this is {kind}, not a file of text", "name a regular file")


def is_ours(status: os.stat_result) -> bool:
    """Whether something belongs to who runs this."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def decoded(path: Path, data: bytes) -> str:
    """The text that bytes are. Raises `DataError`."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(path, f"the file is not UTF-8 text, from byte {error.start} on", "save it as UTF-8 text, or leave it out") from None


def read_text(path: Path, follow: bool = True) -> str:
    """The text of a schedule file, without the mark that some editors put before it.

    Raises `UnusableError` for one that is too large, is not UTF-8 or is no file, `OSError` for one that cannot be read.
    """
    try:
        return decoded(path, read_bytes(path, MAX_BYTES, follow)).removeprefix("\ufeff")
    except RefusedError as refused:
        raise UnusableError(f"`{path.name}` cannot be used: {refused.reason}", refused.help) from None


@attrs.frozen
class Used:
    """A file that was used: the folder of the file that uses it, the path that stands there, the file that it is, and its text."""

    folder: str
    path: str
    file: Path
    text: str


@attrs.frozen
class Folder:
    """The files that one file may use: those in the folder of the first file, and below.

    `reading` are the files that are being read, outermost first; `used` are those that were read, each of which is read once: what a schedule means stays.
    """

    root: Path
    reading: tuple[Path, ...]
    used: dict[tuple[str, str], Used] = attrs.field(factory=dict, eq=False, repr=False)

    @classmethod
    def of(cls, path: Path) -> Folder:
        """What the file at `path` may use."""
        file = Path(os.path.realpath(path))
        return cls(file.parent, (file,))

    def read(self, path: str) -> tuple[str, Folder]:
        """The text of a file beside the one that is being read, and what that one may use."""
        if Path(path).is_absolute() or "\\" in path or "\0" in path or not path:
            raise UnusableError(f"`{path}` is not a path from this file on", 'name a file in this folder or below: `use "common.lrs"`')
        folder = self.reading[-1].parent
        key = str(folder), path
        file = self.used[key].file if key in self.used else Path(os.path.realpath(folder / path))
        if not file.is_relative_to(self.root):
            raise UnusableError(f"`{path}` leads out of the folder of the file", "a file uses files in its own folder or below: move or copy it there")
        if file in self.reading:
            raise UnusableError(f"`{path}` uses this file in turn", "take one of the two `use` lines out")
        if len(self.reading) > MAX_FILES_DEEP:
            raise UnusableError(f"files use files more than {MAX_FILES_DEEP} deep", "use them directly")
        if key not in self.used:
            self.used[key] = Used(*key, file, _used_text(file, path))
        return self.used[key].text, Folder(self.root, (*self.reading, file), self.used)


def _used_text(file: Path, path: str) -> str:
    try:
        return read_text(file, follow=False)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableError(f"there is no file `{path}`", "name a file in this folder or below") from None
    except (OSError, ValueError) as error:
        raise UnusableError(f"`{path}` cannot be read: {getattr(error, 'strerror', error)}", "look at its permissions") from None
