"""The examples run, and do what they say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import yaml

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_digits_resumes_to_the_bit() -> None:
    digits = runpy.run_path(str(EXAMPLES / "digits.py"))
    config = yaml.safe_load(digits["CONFIG"])
    unbroken = digits["Run"](config)
    whole = unbroken.train(config["epochs"])
    for stop in (1, 6, 9):  # at a boundary of phases, in the middle, in a later phase
        first = digits["Run"](config)
        begun = first.train(stop)
        resumed = digits["Run"].resume(config, first.save())
        assert begun + resumed.train(config["epochs"] - stop) == whole
    assert whole[-1][1] < whole[0][1] / 10
    assert unbroken.accuracy() > 0.97
    assert unbroken.scheduler.finished


def test_digits_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "digits.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "equal to the last bit" in out
    assert len([line for line in out.splitlines() if line.strip()[:1].isdigit()]) == 12
