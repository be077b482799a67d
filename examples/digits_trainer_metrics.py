"""Hugging Face's Trainer with the optimizer that it makes itself: one line gives it a schedule that knows its total and follows its evaluations.

python examples/digits_trainer_metrics.py
"""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from transformers import EvalPrediction, Trainer, TrainingArguments

import lrdsl.transformers

SCHEDULE = "warmup(1ep) then plateau(factor=0.5, patience=0, mode=max, metric=accuracy) until 80% then linear(rest)"
EPOCHS = 6


class Digits(torch.nn.Module):
    """A small classifier that gives its loss, as Trainer wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.net(images)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def accuracy(predictions: EvalPrediction) -> dict[str, float]:
    """Trainer logs it as `eval_accuracy`; the schedule may follow it without the prefix."""
    return {"accuracy": float((np.argmax(predictions.predictions, -1) == predictions.label_ids).mean())}


def trainer(folder: str) -> Trainer:
    """A run that evaluates after each epoch, and keeps all checkpoints."""
    torch.manual_seed(0)
    digits = load_digits()
    data = [{"images": torch.tensor(x, dtype=torch.float32) / 16, "labels": int(y)} for x, y in zip(digits.data, digits.target, strict=True)]
    arguments = TrainingArguments(
        folder, num_train_epochs=EPOCHS, per_device_train_batch_size=32, learning_rate=0.02, eval_strategy="epoch", save_strategy="epoch",
        logging_strategy="epoch", report_to=[], disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    run = Trainer(Digits(), arguments, train_dataset=data[:1440], eval_dataset=data[1440:], compute_metrics=accuracy)
    lrdsl.transformers.set_schedule(run, SCHEDULE)
    return run


def rates(run: Trainer) -> dict[int, float]:
    """The rate that Trainer logged, by step."""
    return {entry["step"]: entry["learning_rate"] for entry in run.state.log_history if "learning_rate" in entry}


def main() -> tuple[dict[int, float], dict[int, float], list[float]]:
    """Train, and go on from the checkpoint of half the epochs in a new run: the rates are the same."""
    with tempfile.TemporaryDirectory() as folder:
        whole: Any = trainer(folder)
        whole.train()
        resumed: Any = trainer(folder)
        resumed.train(resume_from_checkpoint=f"{folder}/checkpoint-{45 * EPOCHS // 2}")
    measured = [entry["eval_accuracy"] for entry in whole.state.log_history if "eval_accuracy" in entry]
    for (step, rate), share in zip(rates(whole).items(), measured, strict=True):
        print(f"step {step:3}  lr {rate:.6f}  accuracy {share:.1%}")
    return rates(whole), rates(resumed), measured


if __name__ == "__main__":
    main()
