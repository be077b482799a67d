"""The program of the distributed tests, run in several processes: each process reports metrics of its own, and writes its rates as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import distributed

import lrdsl


def main(text: str, folder: str, *ways: str) -> None:
    distributed.init_process_group("gloo")
    for reduce in ways:
        found = {"step": run(text, reduce), "report": reporting(text, reduce)}
        (Path(folder) / f"{reduce}-{distributed.get_rank()}.json").write_text(json.dumps(found), "utf-8")
    distributed.barrier()  # none leaves while another still talks to it
    distributed.destroy_process_group()


def run(text: str, reduce: str) -> dict[str, Any]:
    """The rates of a run and its state."""
    rank = distributed.get_rank()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lrdsl.compile(text, optimizer, reduce=reduce)
    generator = torch.Generator().manual_seed(rank)
    rates = []
    for tick in range(40):
        optimizer.step()
        loss = float(torch.rand(1, generator=generator)) / (tick + 1)
        if tick % 5 == 3 and rank:  # only the first process looks
            scheduler.step()
        else:
            scheduler.step(loss=loss)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"rates": rates, "state": scheduler.state_dict()}


def losses_of(rank: int) -> list[float]:
    """What a process measures at the end of each epoch."""
    generator = torch.Generator().manual_seed(rank)
    return [float(torch.rand(1, generator=generator)) / (epoch + 1) for epoch in range(20)]


def looks(epoch: int, rank: int, count: int) -> bool:
    """Whether a process validates at the end of an epoch: now and then the first alone, the last alone, or none."""
    return {0: rank == 0, 1: rank == count - 1, 2: False}.get(epoch % 6, True)


def reporting(text: str, reduce: str) -> dict[str, Any]:
    """The rates of a run that steps by the batch and reports by the epoch, and its state."""
    rank = distributed.get_rank()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lrdsl.compile(text, optimizer, reduce=reduce)
    rates = []
    for epoch, loss in enumerate(losses_of(rank)):
        for _ in range(2):
            optimizer.step()
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
        if looks(epoch, rank, distributed.get_world_size()):
            scheduler.report(loss=9.0)
            scheduler.report(loss=loss)  # the last counts
    return {"rates": rates, "state": scheduler.state_dict()}
