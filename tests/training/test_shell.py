"""Tests of the flags of a shell script."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.cli import main

_FLAGS = """\
torchrun pretrain_gpt.py \\
  --train-iters 1000 \\
  --lr 3e-4 --min-lr 3e-5 \\
  --lr-decay-style cosine \\
  --lr-warmup-iters {} \\
  --lr-decay-iters 1000{}
"""


def test_a_warmup_that_is_longer_than_the_run_is_found_in_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.sh"
    path.write_text(_FLAGS.format(50, ""), "utf-8")
    assert main(["check", str(tmp_path)]) == 0
    path.write_text(_FLAGS.format(1200, ""), "utf-8")
    assert main(["check", str(tmp_path)]) == 1
    assert "LR605" in capsys.readouterr().out


def test_flags_in_a_variable_are_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = _FLAGS.format(1200, "").replace("torchrun pretrain_gpt.py \\\n", "").replace(" \\\n", "\n")
    (tmp_path / "run.sh").write_text(f'ARGS="\n{flags}"\ntorchrun pretrain_gpt.py $ARGS\n', "utf-8")
    assert main(["check", str(tmp_path)]) == 1
    assert "LR605" in capsys.readouterr().out
