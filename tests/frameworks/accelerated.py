"""The program of the Accelerate test, run in several processes: each process writes the rates of its steps."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from accelerate import Accelerator

import lrdsl


def main(folder: str, checkpoint: str) -> None:
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = lrdsl.compile("warmup(20%) then cosine(rest)", optimizer, total_steps=10, ticks_per_step=accelerator.num_processes)
    model, optimizer, prepared = accelerator.prepare(model, optimizer, scheduler)
    follower = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    following = lrdsl.compile("plateau(patience=3, factor=0.5)", follower, ticks_per_step=accelerator.num_processes)
    follower, prepared_following = accelerator.prepare(follower, following)
    rates, followed = [], []
    for step in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        accelerator.backward((model(torch.ones(4, 1)) ** 2).mean())
        optimizer.step()
        prepared.step()
        optimizer.zero_grad()
        follower.step()
        prepared_following.step(1.0)
        followed.append(follower.param_groups[0]["lr"])
        if step == 3:
            accelerator.save_state(checkpoint)
        if step == 6:  # goes back to what was saved, and over the same steps again
            accelerator.load_state(checkpoint)
            again = optimizer.param_groups[0]["lr"]
            prepared.scheduler.seek(7 * accelerator.num_processes)
    found = {"rates": rates, "again": again, "followed": followed, "processes": accelerator.num_processes}
    (Path(folder) / f"{accelerator.process_index}.json").write_text(json.dumps(found), "utf-8")
    accelerator.wait_for_everyone()
    accelerator.end_training()
