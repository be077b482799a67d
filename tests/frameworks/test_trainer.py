"""Tests with Hugging Face's Trainer: `optimizers=(optimizer, scheduler)`, and resuming from its checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

import lrdsl

STEPS = 30


class Line(torch.nn.Module):
    """A model as Trainer wants one: it gives its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        found = self.layer(x).squeeze(-1)
        return {"loss": ((found - labels) ** 2).mean(), "logits": found}


class Rates(TrainerCallback):
    """Notes the rate of each step; stops and saves after one."""

    def __init__(self, optimizer: torch.optim.Optimizer, stop: int | None) -> None:
        self.optimizer, self.stop = optimizer, stop
        self.found: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.found.append(self.optimizer.param_groups[0]["lr"])

    def on_step_end(self, _args: Any, state: Any, control: Any, **__: Any) -> Any:
        control.should_save = control.should_training_stop = state.global_step == self.stop
        return control


def trained(folder: Path, stop: int | None = None, resume: str | None = None) -> tuple[list[float], Any, torch.Tensor]:
    torch.manual_seed(0)
    model = Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = lrdsl.compile("warmup(5) then cosine(25)", optimizer)
    rates = Rates(optimizer, stop)
    arguments = TrainingArguments(
        str(folder), max_steps=STEPS, per_device_train_batch_size=4, report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True, use_cpu=True
    )
    data = [{"x": torch.tensor([k / 10, 1.0]), "labels": torch.tensor(k / 5)} for k in range(40)]
    Trainer(model, arguments, train_dataset=data, optimizers=(optimizer, scheduler), callbacks=[rates]).train(resume_from_checkpoint=resume)
    return rates.found, scheduler, model.layer.weight.detach()


def test_it_trains_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    whole, scheduler, weights = trained(tmp_path / "whole")
    assert whole == [scheduler.at(t) for t in range(STEPS)]
    begun, _, _ = trained(tmp_path / "half", stop=12)
    resumed, _, again = trained(tmp_path / "half", resume=str(tmp_path / "half" / "checkpoint-12"))
    assert begun + resumed == whole
    assert again.equal(weights)
