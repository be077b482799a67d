"""Accelerate, with two processes: its scheduler is stepped once a process and step, which `ticks_per_step` makes right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import lrdsl


def test_two_processes_follow_the_schedule_of_the_run(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "tests.frameworks.accelerated"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "ACCELERATE_USE_CPU": "true"}
    folder = Path(__file__).parents[2]
    done = subprocess.run([*command, str(tmp_path), str(tmp_path / "saved")], capture_output=True, text=True, env=environment, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    expected = lrdsl.parse("warmup(20%) then cosine(rest)", total_steps=10)
    for rank in range(2):
        found = json.loads((tmp_path / f"{rank}.json").read_text("utf-8"))
        assert found["processes"] == 2
        assert found["rates"] == [expected.at(step, 0.1) for step in range(10)]
        assert found["again"] == expected.at(4, 0.1)
