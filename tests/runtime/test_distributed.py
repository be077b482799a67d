"""Several processes, each with metrics of its own: all hold the same rate at every tick."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import lrdsl

PROCESSES = 4
TEXT = "plateau(factor=0.5, patience=1, metric=loss) for 20 then hold until loss < 0.01 or 10 then linear(5)"


WAYS = ("mean", "max")


def test_all_processes_hold_the_same_rate(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={PROCESSES}", "-m", "tests.runtime.processes"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([*command, TEXT, str(tmp_path), *WAYS], capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr
    for way in WAYS:
        found: list[dict[str, Any]] = [json.loads((tmp_path / f"{way}-{rank}.json").read_text("utf-8")) for rank in range(PROCESSES)]
        assert all(each == found[0] for each in found)
        assert found[0]["rates"] == alone(way)
        assert len(set(found[0]["rates"])) > 4


def alone(reduce: str) -> list[float]:
    """The rates of one process that is told what the others come to together."""
    generators = [torch.Generator().manual_seed(rank) for rank in range(PROCESSES)]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lrdsl.compile(TEXT, optimizer)
    rates = []
    for tick in range(40):
        optimizer.step()
        losses = [float(torch.rand(1, generator=g)) / (tick + 1) for g in generators]
        looked = losses[:1] if tick % 5 == 3 else losses
        scheduler.step(loss=statistics.fmean(looked) if reduce == "mean" else max(looked))
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def test_a_way_that_is_none() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        lrdsl.compile("hold", optimizer, reduce="median")
