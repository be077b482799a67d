"""Tests of schedule files without targets: those of definitions are sound, and so are those that another file uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.projects import check_file
from lrdsl.linting.settings import Settings


def codes(path: Path) -> list[str]:
    return [d.code for d in check_file(path, Settings(path.parent)).diagnostics]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("let w = 5\n", []),
        ("# ours\n\ndef f(w, to=0) = warmup(w) then cosine(95, to=to)\nlet peak = 0.1x; let long = 5ep\ndef g(a) = a then hold\n", []),
        ("def f(w) = wramup(w)\n", ["LR101"]),
        ("let a = wibble(3)\nlet b = 3\n", ["LR101", "LR103"]),
        ("def f(w) = warmup(w, fro=0.1x)\n", ["LR102"]),
        ("let w = 5\nset total = 90ep\n", ["LR004"]),
        ("let w = 5\nassert max(lr) <= 1x\n", ["LR101"]),
        ("# nothing\n", ["LR004"]),
        ("let w =\n", ["LR002"]),
    ],
)
def test_files_of_definitions(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "common.lrs").write_text(text, "utf-8")
    assert set(codes(tmp_path / "common.lrs")) <= set(found)
    assert bool(codes(tmp_path / "common.lrs")) == bool(found)


@pytest.mark.parametrize(
    ("name", "use"), [("common.lrs", "common.lrs"), ("sub/common.lrs", "sub/common.lrs"), ("sub/deep/common.lrs", "sub/../sub/deep/common.lrs")]
)
def test_files_that_are_used(tmp_path: Path, name: str, use: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("let w = 5\nset total = 90\n", "utf-8")
    settings = Settings(tmp_path)
    assert [d.code for d in check_file(path, settings).diagnostics] == ["LR004"]
    (tmp_path / "main.lrs").write_text(f'# main\nuse "{use}"\nlr = warmup(w)\n', "utf-8")
    assert check_file(path, settings).diagnostics == ()
    (tmp_path / "main.lrs").write_text('use "other.lrs"\n# use "common.lrs"\nlr = warmup(w)\n', "utf-8")
    assert [d.code for d in check_file(path, settings).diagnostics] == ["LR004"]
