"""Tests of `lrdsl check --explain-run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.training.catalogue import RUN_RULES


def test_it_shows_the_text_who_steps_it_and_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train.py").write_text(RUN_RULES["LR601"].bad, "utf-8")
    assert main(["check", "--explain-run", str(tmp_path / "train.py")]) == 0
    out = capsys.readouterr().out
    assert "onecycle(epochs * len_loader, peak=0.01)" in out
    assert "stepped   each epoch: `scheduler.step()` in line 10 is called once an epoch" in out
    assert "run       `epochs` epochs" in out
    assert "lr against ticks" in out


def test_it_shows_the_run_of_a_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(RUN_RULES["LR604"].bad, "utf-8")
    assert main(["check", "--explain-run", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "schedule  nanotron.cosine(" in out
    assert "`train_steps: 5000`, which is 5_000 steps" in out
    assert "base      0.0003" in out


def test_a_file_without_schedules_has_nothing_to_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    assert main(["check", "--explain-run", str(tmp_path)]) == 1
    assert "no schedule of another library was found" in capsys.readouterr().err


def test_the_files_that_a_config_builds_on_are_read_in_its_repository_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "configs").mkdir()
    own = tmp_path / "repository" / "configs" / "own.py"
    for base in (tmp_path / "repository" / "run.py", tmp_path / "outside.py"):
        base.write_text("train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=30)\n", "utf-8")
    for base, length in (("../run.py", "`max_epochs: 30`, which is 30 epochs"), ("../../outside.py", "length not known")):
        own.write_text(f"_base_ = {base!r}\nparam_scheduler = [dict(type='MultiStepLR', milestones=[90, 110], by_epoch=True)]\n", "utf-8")
        assert main(["check", "--explain-run", str(own)]) == 0
        assert length in capsys.readouterr().out
        assert main(["check", "--isolated", str(own)]) == (1 if "run.py" in base else 0)
        capsys.readouterr()
