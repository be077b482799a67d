"""Tests of the listing of files: it lists what git would list, in untrusted folders too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lrdsl.linting import listing
from lrdsl.linting.listing import MAX_IGNORE, list_files
from tests.folders import names, repository, write


def test_what_git_ignores_is_not_listed(tmp_path: Path) -> None:
    repository(tmp_path)
    write(tmp_path, "a.lrs", "build/b.lrs", "x/build/c.lrs", "x/d.yaml", "x/e.yaml", "x/y/f.yaml", ".github/g.yaml", "h.txt", "i.py")
    write(tmp_path, **{".gitignore": "build/\n*.yaml\n!g.yaml\n", "x/.gitignore": "!d.yaml\n/y\n", ".git/info/exclude": "i.py\n"})
    assert names(tmp_path) == [".github/g.yaml", "a.lrs", "x/d.yaml"]
    assert names(tmp_path / "x") == ["d.yaml"], "what is ignored above counts below"
    assert names(tmp_path / "x" / "build") == ["c.lrs"], "a folder that is named is looked at"


def test_the_order_is_that_of_the_names(tmp_path: Path) -> None:
    write(tmp_path, "b/z.lrs", "b.lrs", "a/c/d.lrs", "a/b.lrs", "a.lrs", "c.lrs")
    assert names(tmp_path) == ["a/b.lrs", "a/c/d.lrs", "a.lrs", "b/z.lrs", "b.lrs", "c.lrs"]


def test_folders_of_tools_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "node_modules/a.yaml", ".venv/a.py", "env/pyvenv.cfg", "env/a.py", "x/__pycache__/a.py", "x/.git/a.lrs", ".hidden/a.lrs", ".a.lrs", "b.lrs")
    assert names(tmp_path) == ["b.lrs"]
    repository(tmp_path)
    assert names(tmp_path) == [".a.lrs", ".hidden/a.lrs", "b.lrs"], "in a repository, what begins with a dot is looked at"


def test_a_repository_in_a_repository_is_another_project(tmp_path: Path) -> None:
    write(tmp_path, "one/a.lrs", "two/a.lrs", "two/sub/b.lrs", "three/c.lrs")
    repository(tmp_path / "one")
    write(tmp_path, **{"two/sub/.git": "gitdir: ../../one/.git"})
    repository(tmp_path / "two")
    assert names(tmp_path) == ["one/a.lrs", "three/c.lrs", "two/a.lrs"], "outside a repository all of them are looked at"
    repository(tmp_path)
    assert names(tmp_path) == ["three/c.lrs"]
    assert names(tmp_path / "two" / "sub") == ["b.lrs"]


def test_no_link_leads_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    write(tmp_path, "inside/a.lrs", "inside/data/b.conf", "outside/c.lrs", "outside/sub/d.lrs")
    write(tmp_path, **{"inside/.git/e.lrs": "", "inside/.git/HEAD": ""})
    links = {"out.lrs": outside / "c.lrs", "folder": outside, "up": "..", "self": ".", "b.lrs": "data/b.conf", "twin.lrs": "a.lrs", "git.lrs": ".git/e.lrs"}
    links |= {"loop.lrs": "loop.lrs", "gone.lrs": "nowhere", "zero.lrs": "/dev/zero", "long.lrs": "../inside/data/../data/b.conf"}
    for name, target in links.items():
        (inside / name).symlink_to(target)
    assert names(inside) == ["a.lrs", "b.lrs"], "a link to a file inside, and each file once"
    assert [one.path for one in list_files([inside / "out.lrs"]).files] == [inside / "out.lrs"], "a link may be named"
    (tmp_path / "link").symlink_to(inside)
    assert names(tmp_path / "link") == ["a.lrs", "b.lrs"]


def test_files_are_listed_once(tmp_path: Path) -> None:
    write(tmp_path, "a.lrs", "b.lrs")
    (tmp_path / "c.lrs").symlink_to("a.lrs")
    (tmp_path / "d.yaml").symlink_to("a.lrs")
    assert [one.path.name for one in list_files([tmp_path / "c.lrs", tmp_path, tmp_path / "a.lrs"]).files] == ["c.lrs", "b.lrs", "d.yaml"]


def test_what_is_no_file_is_not_listed(tmp_path: Path) -> None:
    write(tmp_path, "a.lrs", "d.lrs/e.lrs")
    os.mkfifo(tmp_path / "f.lrs")
    assert names(tmp_path) == ["a.lrs", "d.lrs/e.lrs"]


@pytest.mark.parametrize("shape", ["fifo", "folder", "link", "loop", "zero", "large"])
def test_what_is_no_gitignore_is_not_obeyed(tmp_path: Path, shape: str) -> None:
    repository(tmp_path)
    write(tmp_path, "a.lrs", "x/b.lrs")
    for path in (tmp_path / "x" / ".gitignore", tmp_path / ".git" / "info" / "exclude"):
        path.parent.mkdir(exist_ok=True)
        if shape == "fifo":
            os.mkfifo(path)
        elif shape == "folder":
            path.mkdir()
        elif shape == "large":
            path.write_text("*.lrs\n" * (MAX_IGNORE // 6 + 1), "utf-8")
        else:
            write(tmp_path, **{"ignore.txt": "*.lrs"})
            path.symlink_to({"link": tmp_path / "ignore.txt", "loop": path, "zero": "/dev/zero"}[shape])
    assert names(tmp_path) == ["a.lrs", "x/b.lrs"]
    assert [path for path, _ in list_files([tmp_path]).unread] == ([tmp_path / ".git/info/exclude", tmp_path / "x/.gitignore"] if shape == "large" else [])


@pytest.mark.parametrize("shape", ["fifo", "link", "file"])
def test_what_is_no_folder_of_git(tmp_path: Path, shape: str) -> None:
    write(tmp_path, "x/a.lrs", "x/.b.lrs", **{"real/info/exclude": "a.lrs\n"})
    git = tmp_path / "x" / ".git"
    os.mkfifo(git) if shape == "fifo" else git.symlink_to("../real") if shape == "link" else git.write_text("gitdir: ../real", "utf-8")
    assert names(tmp_path / "x") == ([".b.lrs", "a.lrs"] if shape == "file" else ["a.lrs"])


def test_a_tree_deeper_than_paths_are_long(tmp_path: Path) -> None:
    write(tmp_path, "a.lrs", "z.lrs")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(60):
        os.mkdir("d" * 100, dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("deep.lrs", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    try:
        found = list_files([tmp_path])
        assert [one.path.name for one in found.files] == ["a.lrs", "z.lrs"]
        assert len(found.unread) == 1
        assert "File name too long" in found.unread[0][1]
    finally:
        (tmp_path / ("d" * 100)).rename(tmp_path / "d")  # pytest takes it away by descriptors


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.lrs", "b/c.lrs")
    scan = os.scandir

    def refused(path: Path) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert list_files([tmp_path]).unread == [(tmp_path / "b", "the folder cannot be read: Permission denied")]
    assert names(tmp_path) == ["a.lrs"]


def test_ignoring_has_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path)
    write(tmp_path, *(f"{'a' * 100}{i}.lrs" for i in range(20)), **{".gitignore": "\n".join(["*.lrs", *(f"*a*a{'?' * i}" for i in range(100))])})
    assert names(tmp_path) == []
    for most, reading, fewest in ((10_000, 0, 10), (10_000, 1000, 20)):
        monkeypatch.setattr(listing, "MAX_WORK", most)
        monkeypatch.setattr(listing, "READING", reading)
        found = list_files([tmp_path])
        assert fewest <= len(found.files) <= 20
        assert [path for path, _ in found.unread] == [tmp_path]
