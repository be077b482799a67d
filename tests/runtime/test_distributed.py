"""Tests with several processes: each reports metrics of its own, and all hold the same rate at every tick."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
import torch

import lrdsl
from tests.launching import torchrun
from tests.runtime import sharded

PROCESSES = 4
TEXT = "plateau(factor=0.5, patience=1, metric=loss) for 20 then hold until loss < 0.01 or for 10 then linear(5)"


WAYS = ("mean", "max")


def test_all_processes_hold_the_same_rate(tmp_path: Path) -> None:
    torchrun(PROCESSES, "-m", "tests.runtime.processes", TEXT, tmp_path, *WAYS)
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


def test_a_checkpoint_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    """A model sharded over four processes, saved by `torch.distributed.checkpoint`, goes on in two and in one as the unbroken run."""
    found = {}
    for processes, verb in ((4, "save"), (2, "load"), (1, "load")):
        folder = tmp_path / str(processes)
        folder.mkdir()
        torchrun(processes, "-m", "tests.runtime.sharded", tmp_path / "saved", folder, verb)
        each = [json.loads((folder / f"{rank}.json").read_text("utf-8")) for rank in range(processes)]
        assert all(one == each[0] for one in each)
        found[processes] = each[0]
    for processes in (2, 1):
        assert found[processes]["rates"] == found[4]["rates"][sharded.HALF :]
        assert found[processes]["state"] == found[4]["state"]
        assert found[processes]["weights"] == pytest.approx(found[4]["weights"], rel=1e-5)
    rates = found[4]["rates"]
    assert len(set(rates[3 : sharded.HALF])) == 2  # one event before, several after
    assert len(set(rates[sharded.HALF :])) > 4
