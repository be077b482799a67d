"""The program of the checkpoint test, run in several processes: it trains a sharded model, saves it with its scheduler by `torch.distributed.checkpoint`, and resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

import lrdsl

TEXT = "warmup(3) then plateau(factor=0.5, patience=0, metric=loss) for 12 then hold until loss < 0.5 or for 10 then linear(8)"
HALF, WHOLE = 10, 22


def loss_at(tick: int) -> float:
    """What the run reports: gets better, and now and then worse."""
    return 1 / (1 + tick / 10) + (0.3 if tick % 4 == 2 else 0)


class Training:
    """A sharded model with its optimizer and scheduler: what a checkpoint holds."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        fully_shard(self.model, mesh=init_device_mesh("cpu", (distributed.get_world_size(),)))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.1)
        self.scheduler = lrdsl.compile(TEXT, self.optimizer)

    def run(self, until: int) -> list[float]:
        """Goes on to a tick. Gives the rates on the way."""
        rates = []
        while self.scheduler.last_epoch < until:
            rates.append(self.optimizer.param_groups[0]["lr"])
            self.model(torch.ones(4, 8)).square().mean().backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.scheduler.step(loss=loss_at(self.scheduler.last_epoch))
        return rates

    def parts(self) -> dict[str, Any]:
        """What is saved, and loaded into."""
        model, optimizer = get_state_dict(self.model, self.optimizer)
        return {"model": model, "optimizer": optimizer, "scheduler": self.scheduler}


def main(saved: str, found: str, *verbs: str) -> None:
    distributed.init_process_group("gloo")
    training = Training()
    if "load" in verbs:
        parts = training.parts()
        checkpoint.load(parts, checkpoint_id=saved)
        set_state_dict(training.model, training.optimizer, model_state_dict=parts["model"], optim_state_dict=parts["optimizer"])
    rates = training.run(HALF)
    if "save" in verbs:
        checkpoint.save(training.parts(), checkpoint_id=saved)
    rates += training.run(WHOLE)
    weights = [weight for parameter in training.model.parameters() for weight in parameter.full_tensor().flatten().tolist()]
    result = {"rates": rates, "weights": weights, "state": training.scheduler.state_dict()}
    (Path(found) / f"{distributed.get_rank()}.json").write_text(json.dumps(result), "utf-8")
    distributed.barrier()
