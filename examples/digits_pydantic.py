"""pydantic: `lrdsl.Schedule` is the type of a field. A wrong text is a validation error that shows where it is wrong, before anything runs.

python examples/digits_pydantic.py
"""

from __future__ import annotations

import pydantic
import torch
from sklearn.datasets import load_digits

import lrdsl


class Training(pydantic.BaseModel):
    """The configuration of a run."""

    model_config = pydantic.ConfigDict(extra="forbid")

    schedule: lrdsl.Schedule
    lr: pydantic.PositiveFloat = 0.01
    steps: pydantic.PositiveInt = 200


def train(config: Training) -> list[float]:
    """Train, and give the rate of each step."""
    torch.manual_seed(0)
    digits = load_digits()
    images, labels = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
    model = torch.nn.Linear(64, 10)
    optimizer = torch.optim.AdamW(model.parameters(), config.lr)
    scheduler = lrdsl.compile(config.schedule, optimizer)
    rates = []
    for _ in range(config.steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        scheduler.step()
    return rates


def main() -> list[float]:
    """Train by a config, write the config out again, and show what a wrong one says."""
    config = Training.model_validate_json('{"schedule": "warmup(20)then cosine(180)", "lr": 0.02}')
    rates = train(config)
    print(f"from {rates[0]:.4g} over {max(rates):.4g} to {rates[-1]:.4g}")
    print(config.model_dump_json(), "\n")
    try:
        Training.model_validate({"schedule": "warmup(20) then cosin(180)"})  # lrs: ignore[LR101]
    except pydantic.ValidationError as error:
        print(error)
    return rates


if __name__ == "__main__":
    main()
