"""Accelerate: `prepare` the scheduler like the rest. It is stepped once a process and step, so say how many there are.

python examples/digits_accelerate.py
accelerate launch --cpu --num_processes 2 examples/digits_accelerate.py
"""

from __future__ import annotations

import torch
from accelerate import Accelerator
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

import lrdsl

SCHEDULE = "warmup(1ep) then cosine(rest)"


def main(epochs: int = 6) -> list[float]:
    """Train, and give the rate at the end of each epoch."""
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(0)
    digits = load_digits()
    data = TensorDataset(torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target))
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    model, optimizer, loader = accelerator.prepare(model, optimizer, DataLoader(data, 32, shuffle=True))
    # len(loader) is now the number of steps that each process takes in an epoch.
    scheduler = lrdsl.compile(SCHEDULE, optimizer, steps_per_epoch=len(loader), total_epochs=epochs, ticks_per_step=accelerator.num_processes)
    scheduler = accelerator.prepare(scheduler)
    rates = []
    for epoch in range(epochs):
        for images, labels in loader:
            loss = torch.nn.functional.cross_entropy(model(images), labels)
            accelerator.backward(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        rates.append(scheduler.get_last_lr()[0])
        accelerator.print(f"epoch {epoch + 1}  loss {float(loss):.4f}  lr {rates[-1]:.6f}")
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return rates


if __name__ == "__main__":
    main()
