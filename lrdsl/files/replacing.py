"""Replaces a file atomically: it keeps its owner, permissions and attributes, and a crash leaves the whole old file or the whole new one."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from lrdsl.diagnostics import shown
from lrdsl.files.opening import NOFOLLOW, PLAIN, RefusedError, is_ours, read_bytes, regular

#: The name of a temporary file. It holds no part of the target's name, which may already have the greatest length.
TEMPORARY = re.compile(r"\.lrdsl-[0-9a-f]{32}\.tmp")
#: Where a file system has no locks, a temporary file counts as left over at this age, in seconds.
_OLD = 24 * 60 * 60


def replace(path: Path, data: bytes, before: bytes | None = None, inside: Path | None = None) -> None:
    """Writes `data` to a file atomically: after a crash the file is the old one or the new one, and whole.

    A link is followed. An existing file keeps its owner, group, permissions and extended attributes; a new file gets the usual ones. `before` is the content
    that the file must still have, and `inside` the folder that it must lie in.

    Raises `RefusedError`, with the reason, if the target is not a regular file, is read-only, has another hard link, changed meanwhile, lies outside `inside`,
    or cannot keep its attributes. Raises `OSError`, with the name of the file, if the system refuses a step.
    """
    try:
        _replace(path, data, before, inside)
    except RefusedError:
        raise
    except OSError as error:  # which may name a temporary file
        raise OSError(error.errno, error.strerror, str(path)) from None


def _replace(path: Path, data: bytes, before: bytes | None, inside: Path | None) -> None:
    target = _target(path, inside)
    status = _status(target)
    if status is not None:
        _may_write(path, target, status)
    elif before is not None:
        raise RefusedError(path, "the file was removed after it was read", "run again")
    temporary, descriptor = _temporary(target.parent, 0o666 if status is None else 0o600)
    try:
        try:
            _write(descriptor, data)
            if status is not None:
                _copy_attributes(path, target, status, temporary, descriptor)
            os.fsync(descriptor)
        finally:
            if os.name == "nt":  # Windows cannot rename an open file
                os.close(descriptor)
        if before is not None and not (_same_file(status, _status(target)) and _holds(target, before)):
            if _holds(target, data):  # another run has written the same content
                return
            raise RefusedError(path, "the file was changed after it was read", "run again")
        temporary.replace(target)
    finally:
        if os.name != "nt":
            os.close(descriptor)
        temporary.unlink(missing_ok=True)


def _target(path: Path, inside: Path | None) -> Path:
    """Follows the links of a path, and returns the file that they lead to."""
    try:
        target = Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        target = Path(os.path.realpath(path))
    if inside is not None and not target.is_relative_to(os.path.realpath(inside)):
        raise RefusedError(path, "the file is a link that leads out of the folder", "name that file itself")
    return target


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _same_file(a: os.stat_result | None, b: os.stat_result | None) -> bool:
    """Whether two statuses are of one file, with the same owner and permissions."""
    fields = ("st_dev", "st_ino", "st_mode", "st_nlink", "st_uid", "st_gid")
    return a is not None and b is not None and all(getattr(a, name) == getattr(b, name) for name in fields)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return read_bytes(path, len(data), follow=False) == data
    except (RefusedError, FileNotFoundError):
        return False


def _may_write(path: Path, target: Path, status: os.stat_result) -> None:
    regular(path, status)
    if not status.st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise RefusedError(path, "the file is read-only", f"make it writable first: `chmod u+w {shown(path.name)}`")
    if status.st_nlink > 1:
        raise RefusedError(
            path, f"the file has {status.st_nlink} names (hard links), and replacing it would separate them", "copy it first, or change it by hand"
        )


def _temporary(folder: Path, mode: int) -> tuple[Path, int]:
    """Creates a temporary file in a folder, opens it for writing, and locks it, so that no other run discards it."""
    while True:
        path = folder / f".lrdsl-{os.urandom(16).hex()}.tmp"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | PLAIN, mode)
        except FileExistsError:
            continue
        _lock(descriptor, wait=True)
        if os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)  # another run discarded it before it was locked


def _write(descriptor: int, data: bytes) -> None:
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)


def _copy_attributes(path: Path, target: Path, status: os.stat_result, temporary: Path, descriptor: int) -> None:
    """Gives the new file the owner, group, permissions and extended attributes of the old one."""
    new = os.fstat(descriptor)
    old = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    try:
        if (new.st_uid, new.st_gid) != old[:2]:
            os.chown(descriptor, *old[:2])
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, old[2])
        else:
            temporary.chmod(old[2])
        attributes = _attributes(descriptor)
        for name, value in _attributes(target).items():
            if attributes.get(name) != value:
                os.setxattr(descriptor, name, value)
    except OSError as error:
        raise RefusedError(path, f"its owner, permissions or attributes cannot be kept: {error.strerror}", "run as its owner, or change it by hand") from None
    new = os.fstat(descriptor)
    if os.name != "nt" and (new.st_uid, new.st_gid, stat.S_IMODE(new.st_mode)) != old:
        raise RefusedError(path, "its owner and permissions cannot be kept here", "run as its owner, or change it by hand")


def _attributes(file: Path | int) -> dict[str, bytes]:
    """Returns the extended attributes of a file; none where the system has no such attributes."""
    if not hasattr(os, "listxattr"):
        return {}
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise


def _lock(descriptor: int, wait: bool) -> bool | None:
    """Locks a file. Returns whether the lock was free, or None where the system has no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def discard(paths: Iterable[Path]) -> None:
    """Deletes the temporary files of killed runs: those with a name of `TEMPORARY` that belong to this user and that no run is writing."""
    for path in paths:
        if TEMPORARY.fullmatch(path.name):
            try:
                _discard(path)
            except OSError:
                continue


def _discard(path: Path) -> None:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or not is_ours(status) or status.st_nlink != 1:
        return
    descriptor = os.open(path, os.O_RDONLY | NOFOLLOW | PLAIN)
    try:
        free = _lock(descriptor, wait=False)
        if os.path.samestat(os.fstat(descriptor), status) and (free or (free is None and _age(status) > _OLD)):
            path.unlink()
    finally:
        os.close(descriptor)


def _age(status: os.stat_result) -> float:
    import time

    return time.time() - status.st_mtime


def leftovers(folder: Path) -> list[Path]:
    """Returns the temporary files in a folder."""
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if TEMPORARY.fullmatch(entry.name)]
    except OSError:
        return []


def write_file(path: Path, data: bytes) -> None:
    """Writes a file as `replace` does, and deletes the temporary files that interrupted runs have left beside it."""
    discard(leftovers(path.parent))
    replace(path, data)
