"""Hugging Face's Trainer: hand it the optimizer and the schedule; go on from one of its checkpoints.

python examples/digits_trainer.py
"""

from __future__ import annotations

import tempfile
from typing import Any

import torch
from sklearn.datasets import load_digits
from transformers import Trainer, TrainingArguments

import lrdsl

SCHEDULE = "warmup(10%) then hold(60%) then one_minus_sqrt(rest)"
STEPS = 300


class Digits(torch.nn.Module):
    """A small classifier that gives its loss, as Trainer wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.net(images)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def trainer(folder: str, steps: int = STEPS) -> Trainer:
    """A run of `STEPS` steps that is broken off after `steps`, with a checkpoint at every hundredth."""
    torch.manual_seed(0)
    digits = load_digits()
    data = [{"images": torch.tensor(x, dtype=torch.float32) / 16, "labels": int(y)} for x, y in zip(digits.data, digits.target, strict=True)]
    model = Digits()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = lrdsl.compile(SCHEDULE, optimizer, total_steps=STEPS)
    arguments = TrainingArguments(
        folder, max_steps=steps, per_device_train_batch_size=32, save_steps=100, logging_steps=50, report_to=[], disable_tqdm=True, use_cpu=True
    )
    return Trainer(model, arguments, train_dataset=data, optimizers=(optimizer, scheduler))


def rates(run: Trainer) -> dict[int, float]:
    """The rate that Trainer logged, by step."""
    return {entry["step"]: entry["learning_rate"] for entry in run.state.log_history if "learning_rate" in entry}


def main() -> dict[int, float]:
    """Break off after 200 steps, and go on in a new run from its checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        trainer(folder, 200).train()
        whole: Any = trainer(folder)
        whole.train(resume_from_checkpoint=f"{folder}/checkpoint-200")
    found = rates(whole)
    for step, rate in found.items():
        print(f"step {step:3}  lr {rate:.6f}")
    return found


if __name__ == "__main__":
    main()
