"""Tests that a file is replaced atomically and keeps its owner, permissions and attributes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lrdsl.files import opening, replacing
from lrdsl.files.opening import RefusedError, read_bytes, regular
from lrdsl.files.replacing import TEMPORARY, discard, leftovers, replace
from tests.folders import write

LEFT = f".lrdsl-{'0' * 32}.tmp"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.lrs"
    path.write_text("old", "utf-8")
    return path


def refused(path: Path, why: str, before: bytes | None = b"old", inside: Path | None = None) -> None:
    with pytest.raises(RefusedError, match=why):
        replace(path, b"new", before, inside)
    assert leftovers(path.parent) == []


def test_a_file_is_replaced(file: Path) -> None:
    replace(file, b"new", b"old")
    assert file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]


def test_a_new_file_gets_what_new_files_get(tmp_path: Path) -> None:
    replace(tmp_path / "b.svg", b"new")
    (tmp_path / "c.svg").write_text("")
    assert (tmp_path / "b.svg").stat().st_mode == (tmp_path / "c.svg").stat().st_mode


def test_the_longest_name_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".lrs")
    path.write_bytes(b"old")
    replace(path, b"new", b"old")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("step", ["write", "fchmod", "fsync", "replace"])
def test_what_fails_on_the_way_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    place = {"write": replacing, "replace": Path}.get(step, os)
    monkeypatch.setattr(place, "_write" if step == "write" else step, fail)
    with pytest.raises((OSError, RefusedError), match="No space left"):
        replace(file, b"new", b"old")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


def test_a_link_is_written_through(file: Path) -> None:
    link, other = file.with_name("link.lrs"), file.with_name("other.lrs")
    link.symlink_to("other.lrs")
    other.symlink_to(file)
    replace(link, b"new", b"old", inside=file.parent)
    assert (file.read_bytes(), str(link.readlink()), other.is_symlink()) == (b"new", "other.lrs", True)


def test_a_link_that_leads_out_is_refused(file: Path, tmp_path: Path) -> None:
    write(tmp_path, "folder/x")
    link = tmp_path / "folder" / "link.lrs"
    link.symlink_to(file)
    refused(link, "leads out of the folder", inside=tmp_path / "folder")
    assert file.read_bytes() == b"old"
    replace(link, b"new", b"old")
    assert file.read_bytes() == b"new"


def test_a_link_to_nothing_makes_its_file(tmp_path: Path) -> None:
    (tmp_path / "link.svg").symlink_to("made.svg")
    replace(tmp_path / "link.svg", b"new")
    assert ((tmp_path / "made.svg").read_bytes(), (tmp_path / "link.svg").is_symlink()) == (b"new", True)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604, 0o777, 0o755, 0o4755, 0o2775, 0o200])
def test_permissions_are_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    before = file.stat()
    replace(file, b"new", b"old")
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_owner_and_group_are_asked_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root may give files away: what stands in the way of others is the next test's."""
    asked = []
    status = list(file.stat())
    status[stat.ST_UID], status[stat.ST_GID] = 1234, 4321
    monkeypatch.setattr(replacing, "_status", lambda _: os.stat_result(status))
    monkeypatch.setattr(os, "chown", lambda _, owner, group: asked.append((owner, group)))
    refused(file, "owner and permissions cannot be kept")
    assert asked == [(1234, 4321)]


def test_an_owner_that_cannot_be_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.fstat
    monkeypatch.setattr(os, "chown", lambda *_: (_ for _ in ()).throw(PermissionError(1, "Operation not permitted")))

    def other(descriptor: int) -> os.stat_result:
        status = list(own(descriptor))
        status[stat.ST_UID] += 1
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", other)
    refused(file, "owner, permissions or attributes cannot be kept: Operation not permitted")
    monkeypatch.setattr(os, "chown", lambda *_: None)
    refused(file, "owner and permissions cannot be kept")
    assert file.read_bytes() == b"old"


def test_extended_attributes_are_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {}
    monkeypatch.setattr(os, "listxattr", lambda place: ["user.a", "user.b"] if isinstance(place, Path) else ["user.b"])
    monkeypatch.setattr(os, "getxattr", lambda _, name: name.encode())
    monkeypatch.setattr(os, "setxattr", lambda _, name, value: kept.setdefault(name, value))
    replace(file, b"new", b"old")
    assert kept == {"user.a": b"user.a"}
    monkeypatch.setattr(os, "setxattr", lambda *_: (_ for _ in ()).throw(PermissionError(1, "Operation not permitted")))
    refused(file, "attributes cannot be kept", before=b"new")
    monkeypatch.setattr(os, "listxattr", lambda _: (_ for _ in ()).throw(OSError(95, "Operation not supported")))
    replace(file, b"newer", b"new")


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555, 0o000, 0o464])
def test_read_only_stays_read_only(file: Path, mode: int) -> None:
    file.chmod(mode)
    refused(file, "the file is read-only")
    file.chmod(0o600)
    assert file.read_bytes() == b"old"


def test_a_file_with_two_names_is_refused(file: Path) -> None:
    os.link(file, file.with_name("b.lrs"))
    refused(file, "the file has 2 names")
    assert file.samefile(file.with_name("b.lrs"))


def test_a_file_that_was_changed_is_not_overwritten(file: Path) -> None:
    for now in ("other", "ol", "old and more", ""):
        file.write_text(now, "utf-8")
        refused(file, "the file was changed after it was read")
        assert file.read_text("utf-8") == now
    file.unlink()
    refused(file, "the file was removed after it was read")
    assert not file.exists()


@pytest.mark.parametrize("change", ["content", "mode", "link", "gone", "twin"])
def test_a_file_that_changes_while_the_new_one_is_written(file: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    def meanwhile(_: int) -> None:
        if change == "content":
            file.write_text("mine", "utf-8")
        elif change == "mode":
            file.chmod(0o400)
        elif change == "twin":
            os.link(file, file.with_name("b.lrs"))
        else:
            file.unlink()
            if change == "link":
                write(file.parent, **{"b.lrs": "old"})
                file.symlink_to("b.lrs")

    monkeypatch.setattr(os, "fsync", meanwhile)
    refused(file, "the file was changed after it was read")
    assert change == "gone" or file.read_text("utf-8") == ("mine" if change == "content" else "old")


def test_two_runs_may_do_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: file.write_text("new", "utf-8"))
    replace(file, b"new", b"old")
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("shape", ["fifo", "folder", "device", "loop"])
def test_what_is_no_file_is_not_written(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "a.svg"
    if shape == "loop":
        path.symlink_to("a.svg")
        with pytest.raises(OSError, match="symbolic link"):
            replace(path, b"new")
    else:
        os.mkfifo(path) if shape == "fifo" else path.mkdir() if shape == "folder" else path.symlink_to("/dev/null")
        refused(path, "not a file", before=None)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("write", [replace, replacing.write_file])
def test_a_folder_that_takes_no_file_is_told_by_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None]) -> None:
    def fail(path: Path, *_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(PermissionError) as error:
        write(tmp_path / "a.py", b"new")
    assert error.value.filename == str(tmp_path / "a.py")


def test_nothing_is_written_through_a_temporary_that_was_planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, **{"victim": "v", "a.lrs": "old"})
    (tmp_path / LEFT).symlink_to("victim")
    tries = iter([b"\0" * 16, b"\1" * 16])
    monkeypatch.setattr(os, "urandom", lambda _: next(tries))
    replace(tmp_path / "a.lrs", b"new", b"old")
    assert ((tmp_path / "victim").read_text(), (tmp_path / "a.lrs").read_text()) == ("v", "new")


def test_the_umask_is_never_set(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "umask")
    replace(file, b"new", b"old")
    replace(file.with_name("b.lrs"), b"new")


def test_what_killed_runs_left_is_taken_away(tmp_path: Path) -> None:
    write(tmp_path, LEFT, "a.lrs", ".lrdsl-x.tmp", f"{LEFT}.lrs")
    discard(leftovers(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {".lrdsl-x.tmp", f"{LEFT}.lrs", "a.lrs"}
    discard([tmp_path / "a.lrs", tmp_path / "nowhere" / LEFT])
    assert (tmp_path / "a.lrs").exists()


def test_what_somebody_is_writing_stays(tmp_path: Path) -> None:
    temporary, descriptor = replacing._temporary(tmp_path, 0o600)
    discard(leftovers(tmp_path))
    assert TEMPORARY.fullmatch(temporary.name)
    assert temporary.exists()
    os.close(descriptor)  # as when its process ends
    discard(leftovers(tmp_path))
    assert not temporary.exists()


@pytest.mark.parametrize("shape", ["link", "folder", "fifo", "twin", "other"])
def test_what_only_looks_like_ours_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    write(tmp_path, **{"victim": "v"})
    path = tmp_path / LEFT
    if shape == "link":
        path.symlink_to("victim")
    elif shape == "folder":
        path.mkdir()
    elif shape == "fifo":
        os.mkfifo(path)
    elif shape == "twin":
        os.link(tmp_path / "victim", path)
    else:
        path.write_text("theirs")
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    discard(leftovers(tmp_path))
    assert os.path.lexists(path)
    assert (tmp_path / "victim").read_text() == "v"


def test_without_locks_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "_lock", lambda *_, **__: None)
    write(tmp_path, LEFT)
    discard(leftovers(tmp_path))
    assert (tmp_path / LEFT).exists()
    os.utime(tmp_path / LEFT, (0, 0))
    discard(leftovers(tmp_path))
    assert not (tmp_path / LEFT).exists()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system follows every link")
def test_what_becomes_a_link_while_it_is_read_is_not_followed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "victim").write_text("secret", "utf-8")

    def swapped(path: Path, status: os.stat_result) -> None:
        regular(path, status)
        path.unlink()
        path.symlink_to("victim")

    monkeypatch.setattr(opening, "regular", swapped)
    with pytest.raises(OSError, match="symbolic links"):
        read_bytes(file, 100, follow=False)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files")
def test_no_file_stays_open(file: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for i in range(5):
        replace(file, str(i).encode())
        (file.parent / f".lrdsl-{i:032x}.tmp").write_bytes(b"left")
    discard(leftovers(file.parent))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
