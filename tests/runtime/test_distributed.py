"""Tests with several processes: each reports metrics of its own, and all hold the same rate at every tick."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
import torch

import lrdsl
from tests.launching import forked
from tests.runtime import processes, sharded

PROCESSES = 4
TEXT = "plateau(factor=0.5, patience=1, metric=loss) for 20 then hold until loss < 0.01 or for 10 then linear(5)"


WAYS = ("mean", "max")


@pytest.mark.parametrize("count", [2, PROCESSES])
def test_all_processes_hold_the_same_rate(count: int, tmp_path: Path) -> None:
    forked(count, "tests.runtime.processes", TEXT, tmp_path, *WAYS)
    for way in WAYS:
        for method, expected in (("step", alone(way, count)), ("report", alone_reporting(way, count))):
            found: list[dict[str, Any]] = [json.loads((tmp_path / f"{way}-{rank}.json").read_text("utf-8"))[method] for rank in range(count)]
            assert all(each["rates"] == expected for each in found), (way, method)
            assert len(set(expected)) > 4
            states = [each["state"] | {"reports": []} for each in found]  # what waits is each process's own
            assert all(state == states[0] for state in states)


def alone_reporting(reduce: str, count: int) -> list[float]:
    """The rates of one process that is told what the others come to together, as `processes.reporting` reports."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lrdsl.compile(TEXT, optimizer)
    rates = []
    for epoch, losses in enumerate(zip(*[processes.losses_of(rank) for rank in range(count)], strict=True)):
        for _ in range(2):
            optimizer.step()
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
        looked = [loss for rank, loss in enumerate(losses) if processes.looks(epoch, rank, count)]
        if looked:
            scheduler.report(loss=statistics.fmean(looked) if reduce == "mean" else max(looked))
    return rates


def alone(reduce: str, count: int) -> list[float]:
    """The rates of one process that is told what the others come to together."""
    generators = [torch.Generator().manual_seed(rank) for rank in range(count)]
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
    for count, verb in ((4, "save"), (2, "load"), (1, "load")):
        folder = tmp_path / str(count)
        folder.mkdir()
        forked(count, "tests.runtime.sharded", tmp_path / "saved", folder, verb)
        each = [json.loads((folder / f"{rank}.json").read_text("utf-8")) for rank in range(count)]
        assert all(one == each[0] for one in each)
        found[count] = each[0]
    for count in (2, 1):
        assert found[count]["rates"] == found[4]["rates"][sharded.HALF :]
        assert found[count]["state"] == found[4]["state"]
        assert found[count]["weights"] == pytest.approx(found[4]["weights"], rel=1e-5)
    rates = found[4]["rates"]
    assert len(set(rates[3 : sharded.HALF])) == 2  # one event before, several after
    assert len(set(rates[sharded.HALF :])) > 4
