"""Tests with Accelerate and two processes. Accelerate calls the scheduler once per process in each step, and `ticks_per_step` corrects for that."""

from __future__ import annotations

import json
from pathlib import Path

import lrdsl
from tests.launching import forked


def test_two_processes_follow_the_schedule_of_the_run(tmp_path: Path) -> None:
    forked(2, "tests.frameworks.accelerated", tmp_path, tmp_path / "saved")
    expected = lrdsl.parse("warmup(20%) then cosine(rest)", total_steps=10)
    for rank in range(2):
        found = json.loads((tmp_path / f"{rank}.json").read_text("utf-8"))
        assert found["processes"] == 2
        assert found["rates"] == [expected.at(step, 0.1) for step in range(10)]
        assert found["again"] == expected.at(4, 0.1)
        assert found["followed"][:6] == [1.0] * 4 + [0.5] * 2  # the first cut comes with the fifth report, as with one process
