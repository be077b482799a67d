"""Tests of `lrdsl analyze` and `lrdsl diff`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrdsl.cli import main


def test_analyze(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "warmup(5) then cosine(95)", "--base", "0.1", "--threshold", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "mean        0.05 = 1/20\n" in out
    assert "below 0.01  from tick 81 on\n" in out


def test_analyze_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "lr = linear(10); momentum = hold(at=0.9)", "--format", "json", "--ticks", "10"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lr"]["area"] == {"value": 5.5, "exactly": "11/2"}
    assert found["momentum"]["peak"] == {"value": 0.9, "exactly": "9/10", "tick": 0}


def test_diff(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["diff", "poly(10)", "linear(10)"]) == 0
    assert "proved" in capsys.readouterr().out
    picture = tmp_path / "both.svg"
    assert main(["diff", "linear(10)", "linear(11)", "-o", str(picture)]) == 1
    assert capsys.readouterr().out == "they differ from tick 1 on: 0.9 and 0.909091, for base 1; the largest difference is 0.0909091, at tick 10\n"
    assert picture.read_text("utf-8").startswith("<?xml")
    assert main(["diff", "linear(10)", "linear(11"]) == 1
    assert "LR003" in capsys.readouterr().err
