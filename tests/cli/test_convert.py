"""Tests of `lrdsl convert`: what it prints, what it writes, and its statuses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from lrdsl.cli import main

SOURCE = "from torch.optim.lr_scheduler import StepLR\n\nscheduler = StepLR(optimizer, args.n)\n"


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(SOURCE)
    return path


def test_it_shows_the_text(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(train)]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [f"{train}:3: torch `StepLR(optimizer, args.n)`", "    step(n)", "    (not known: n)"]
    assert output.err == "1 schedule found, 1 read\n"


def test_a_count_that_may_be_a_fraction_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.py"
    path.write_text("from torch.optim.lr_scheduler import *\ns = SequentialLR(o, [MultiStepLR(o, [n / 2, n * 3 // 4]), StepLR(o, 10 / 2)], milestones=[n])\n")
    assert main(["convert", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "    multistep([n / 2, floor(n * 3 / 4)]) for n then restart step(5)",
        "    (not known: n)",
        "    `n / 2` may be no whole number, which torch's MultiStepLR never reaches: round it",
    ]


def test_json(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(train.parent), "--format", "json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row == {
        "path": str(train), "line": 3, "cell": None, "dialect": "torch", "source": "StepLR(optimizer, args.n)", "schedule": "step(n)", "clock": {}, "base": None,
        "unknown": ["n"], "assumed": {}, "problems": [],
    }  # fmt: skip


def test_what_is_not_read_has_the_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text("from torch.optim.lr_scheduler import StepLR\ns = StepLR(o, **k)\n")
    assert main(["convert", str(tmp_path)]) == 1
    assert "not read: its arguments are not written out" in capsys.readouterr().out


def test_diff_changes_nothing_and_write_does(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(train), "--diff"]) == 0
    assert '+scheduler = lrdsl.compile("step(n)", optimizer, names={"n": args.n})' in capsys.readouterr().out.splitlines()
    assert train.read_text() == SOURCE
    assert main(["convert", str(train), "--write"]) == 0
    assert train.read_text() == 'import lrdsl\n\nscheduler = lrdsl.compile("step(n)", optimizer, names={"n": args.n})\n'


def test_one_library_alone(train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(train), "--from", "keras"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["convert", str(train), "--from", "pytorch"]) == 2
    assert "torch" in capsys.readouterr().err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(SOURCE))
    assert main(["convert", "-"]) == 0
    assert "step(n)" in capsys.readouterr().out


def test_configs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ds.json").write_text('{"scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": 100}}}')
    assert main(["convert", str(tmp_path)]) == 0
    assert "deepspeed `WarmupLR`" in capsys.readouterr().out


def test_scripts_and_gin_files_are_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "run.sh"
    script.write_text("python pretrain_gpt.py --lr 3e-4 --lr-decay-style cosine --train-iters 1000 --lr-warmup-iters 100\n")
    (tmp_path / "notes.txt").write_text("StepLR(optimizer, 3)")
    for path in (tmp_path, script):
        assert main(["convert", str(path)]) == 0
        assert "megatron `cosine`" in capsys.readouterr().out
