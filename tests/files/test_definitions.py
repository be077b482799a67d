"""Tests of the definitions that a text gets from other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.check.program import MAX_USED
from lrdsl.diagnostics import Problems
from lrdsl.files.definitions import used_definitions
from lrdsl.files.folder import Folder
from lrdsl.syntax import parse


def names(folder: Path, text: str, **buffers: str) -> dict[str, str]:
    """The names that a text in a folder gets, each with the name of its file."""
    library = Folder.of(folder / "main.lrs", {folder / f"{name}.lrs": buffer for name, buffer in buffers.items()})
    return {name: d.file.name for name, d in used_definitions(parse(text, Problems(text)), library).items()}


def test_definitions_of_files_and_of_those_that_they_use(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.lrs").write_text('let a = 3\nuse "sub/b.lrs"\nlr = hold(3)\n', "utf-8")
    (tmp_path / "sub" / "b.lrs").write_text("def b(n) = hold(n)\nlet a = 4\n", "utf-8")
    assert names(tmp_path, 'use "a.lrs"; lr = b(a)') == {"a": "a.lrs", "b": "b.lrs"}
    assert names(tmp_path, 'use "a.lrs"; lr = b(a)', a="let c = 5") == {"c": "a.lrs"}
    assert names(tmp_path, "lr = b(a)") == {}
    assert used_definitions(parse('use "a.lrs"; lr = b(a)'), None) == {}
    assert used_definitions(None, Folder.of(tmp_path / "main.lrs")) == {}


@pytest.mark.parametrize("path", ["../out.lrs", "none.lrs", "broken.lrs", "main.lrs", "link.lrs", "sub", "a\\b.lrs", "/etc/passwd"])
def test_files_that_give_nothing(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "out.lrs").write_text("let secret = 3\n", "utf-8")
    (folder / "broken.lrs").write_text("let = = 3\n", "utf-8")
    (folder / "link.lrs").symlink_to(tmp_path / "out.lrs")
    assert names(folder, f'use "{path}"; lr = hold', main="let a = 3", **{"../out": "let b = 3"}) == {}


def test_each_file_is_read_once_and_not_too_many(tmp_path: Path) -> None:
    for i in range(15):
        (tmp_path / f"f{i}.lrs").write_text(f'use "f{i + 1}.lrs"\nuse "f{i + 1}.lrs"\nlet a{i} = 3\n', "utf-8")
    assert len(names(tmp_path, 'use "f0.lrs"; lr = hold')) == 15
    for i in range(MAX_USED + 5):
        (tmp_path / f"g{i}.lrs").write_text(f"let b{i} = 3\n", "utf-8")
    text = "\n".join(f'use "g{i}.lrs"' for i in range(MAX_USED + 5))
    assert len(names(tmp_path, f"{text}\nlr = hold")) == MAX_USED
