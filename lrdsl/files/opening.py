"""Opens and reads files safely: only regular files, up to a size limit, as bytes or as UTF-8 text."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lrdsl.check.program import UnusableError
from lrdsl.diagnostics import UsageError
from lrdsl.syntax.tokens import MAX_TEXT

#: The largest schedule file, in bytes.
MAX_BYTES = 4 * MAX_TEXT
#: Flags for `os.open`, as far as the system has them: do not wait (FIFOs), take no controlling terminal, do not pass the file to child processes, keep bytes.
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
    """A file that lrdsl does not read or does not write. `reason` says why, `help` says what to do."""

    def __init__(self, path: Path, reason: str, help: str) -> None:
        self.reason, self.help = reason, help
        super().__init__(f"{path}: {reason}; {help}")


class DataError(RefusedError):
    """A file that is no text: it is too large, or it is not UTF-8."""


def read_bytes(path: Path, most: int, follow: bool = True) -> bytes:
    """Returns the bytes of a regular file, without waiting. Links are followed if `follow` is true.

    Raises `DataError` for more than `most` bytes, `RefusedError` for anything but a regular file, `OSError` for a file that cannot be read.
    """
    regular(path, path.stat() if follow else path.lstat())  # first, since opening a device may have effects
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
    """Raises `RefusedError` for anything but a regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), "no file")
        raise RefusedError(path, f"this is {kind}, not a file of text", "name a regular file")


def is_ours(status: os.stat_result) -> bool:
    """Whether a file belongs to the user who runs this program."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def decoded(path: Path, data: bytes) -> str:
    """Decodes bytes as UTF-8. Raises `DataError` if they are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(path, f"the file is not UTF-8 text, from byte {error.start} on", "save it as UTF-8 text, or leave it out") from None


def read_text(path: Path, follow: bool = True) -> str:
    """Returns the text of a schedule file, without a byte order mark.

    Raises `UnusableError` if it is too large, not UTF-8 or not a regular file, and `OSError` if it cannot be read.
    """
    try:
        return decoded(path, read_bytes(path, MAX_BYTES, follow)).removeprefix("\ufeff")
    except RefusedError as refused:
        raise UnusableError(f"`{path.name}` cannot be used: {refused.reason}", refused.help) from None
