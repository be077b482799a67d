"""Tests of files that cannot be read: each is reported with its place and the reason, and the others are checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lrdsl.linting.hosts import UnreadableError
from lrdsl.linting.projects import check_source, texts_of
from lrdsl.linting.settings import Settings

SETTINGS = Settings(Path())
DEEP = {
    "brackets.toml": "schedule = " + "[" * 100_000,
    "tables.toml": "schedule = " + "{a=" * 100_000,
    "closed.toml": "schedule = " + "[" * 5_000 + "]" * 5_000,
    "keys.toml": "schedule = 1\n" + "a." * 100_000 + "b = 1\n",
    "header.toml": "schedule = 1\n[" + "a." * 100_000 + "b]\n",
    "integer.toml": "a = 1\nschedule = " + "1" * 5_000 + "\n",
    "integers.toml": "schedule = [1, 2, " + "1_" * 5_000 + "1]\n",
    "lists.json": '{"schedule": ' + "[" * 100_000,
    "closed.json": '{"schedule": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "objects.json": '{"schedule": ' * 50_000,
    "flow.yaml": "schedule: " + "[" * 100_000,
    "mappings.yaml": "schedule: " + "{a: " * 100_000,
    "block.yaml": "# schedule\n" + "- " * 100_000,
    "keys.yaml": "# schedule\n" + "? " * 100_000,
    "alias.yaml": "schedule: hold(3)\na: *nothing\n",
    "brackets.py": "schedule = " + "(" * 100_000,
    "lists.ipynb": '{"schedule": 1, "cells": ' + "[" * 100_000,
    "brackets.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "schedule = " + "(" * 100_000}]}),
}
READ = {
    "integer.json": ('{"schedule": "hold(3)", "a": ' + "1" * 5_000 + "}", 1),
    "float.json": ('{"schedule": "hold(3)", "a": 1e' + "9" * 5_000 + "}", 1),
    "integer.yaml": ("schedule: hold(3)\na: " + "1" * 5_000 + "\n", 1),
    "integer.py": ("schedule = 'hold(3)'\na = " + "1" * 5_000 + "\n", 1),
    "signs.py": ("schedule = 'hold(3)'\na = " + "-" * 200_000 + "1\n", 1),
    "integer.ipynb": (json.dumps({"cells": [{"cell_type": "code", "source": "schedule = 'hold(3)'"}], "nbformat": 4}).replace("4}", "4" * 5_000 + "}"), 1),
    "surrogate.json": ('{"schedule": "hold(3) \\ud800"}', 1),
    "base.yaml": ("a: &a hold(3)\nb: {schedule: *a}\n", 1),
    "loop.yaml": ("a: &a [*a, {schedule: hold(3)}]\n", 1),
}


@pytest.mark.parametrize("name", DEEP)
def test_what_cannot_be_read_is_reported_in_its_place(name: str) -> None:
    source = DEEP[name]
    texts, unread = texts_of(Path(name), source, SETTINGS)
    assert texts == [] or name == "alias.yaml"
    assert unread is not None
    assert 0 <= unread.offset <= len(source)
    assert len(unread.message) < 200
    checked = check_source(Path(name), source, SETTINGS, "unsafe")
    assert [d.code for d in checked.diagnostics] == ["LR903"]
    assert checked.source == source


@pytest.mark.parametrize("name", READ)
def test_what_can_be_read_is(name: str) -> None:
    source, count = READ[name]
    texts, unread = texts_of(Path(name), source, SETTINGS)
    assert (len(texts), unread) == (count, None)


@pytest.mark.parametrize(
    ("name", "source", "codes"),
    [
        ("own.py", "lr_schedule = 'cosin(3)'\nx = 1\0\nlr_schedule = 'cosin(3)'\n", ["LR101", "LR903"]),
        ("inside.py", "lr_schedule = 'cosin(\0 3)'\n", ["LR903"]),
        ("theirs.py", "import torch\nx = 1\0\ns = torch.optim.lr_scheduler.StepLR(opt, 30)\n", ["LR903"]),
        ("theirs.yaml", "sched: cosine\nwarmup_epochs: 3\nlr: 0.1\nx: \0\n", ["LR903"]),
        ("none.py", "x = 1\0\n", []),
    ],
)
def test_a_file_with_a_nul_says_so_if_it_may_have_schedules(name: str, source: str, codes: list[str]) -> None:
    found = check_source(Path(name), source, SETTINGS).diagnostics
    assert [d.code for d in found] == codes
    assert [d.span.start.offset for d in found if d.code == "LR903"] == [source.index("\0")] * ("LR903" in codes)


@pytest.mark.parametrize("error", [RecursionError(), MemoryError(), ValueError("x"), OverflowError("x"), UnicodeEncodeError("utf-8", "a", 0, 1, "x")])
def test_no_other_error_comes_out_of_a_parser(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("lrdsl.linting.hosts.json.find", fail)
    texts, unread = texts_of(Path("a.json"), '\ufeff{"schedule": "hold(3)"}', SETTINGS)
    assert texts == []
    assert isinstance(unread, UnreadableError)
    assert unread.offset == 1


def test_all_other_files_are_checked(tmp_path: Path) -> None:
    for name, source in DEEP.items():
        (tmp_path / name).write_text(source, "utf-8")
    (tmp_path / "good.yaml").write_text("schedule: hold(3) then restart cosin(9)\n", "utf-8")
    command = [sys.executable, "-m", "lrdsl", "check", "--no-cache", "--format", "json", *sorted(map(str, tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    codes = {Path(d["path"]).name: d["code"] for d in json.loads(done.stdout)}
    assert codes == {**dict.fromkeys(DEEP, "LR903"), "good.yaml": "LR101"}
