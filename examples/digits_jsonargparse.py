"""jsonargparse, and so LightningCLI: a schedule is an argument, as the class of a scheduler or as text of its own type, checked before the run begins.

python examples/digits_jsonargparse.py --config examples/digits_jsonargparse.yaml
python examples/digits_jsonargparse.py --config examples/digits_jsonargparse.yaml --scheduler.schedule "linear(174)"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from jsonargparse import auto_cli, set_parsing_settings
from jsonargparse.typing import register_type
from sklearn.datasets import load_digits
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

import lrdsl


def read(text: str) -> lrdsl.Schedule:
    """The schedule of an argument; the config's units need to know the run."""
    return lrdsl.parse(text, steps_per_epoch=29)


register_type(lrdsl.Schedule, str, read)  # it is written as text,
set_parsing_settings(subclasses_enabled=[lrdsl.Schedule])  # not as its fields


def main(
    optimizer: Callable[[Iterable], Optimizer], scheduler: Callable[[Optimizer], LRScheduler], momentum: lrdsl.Schedule, epochs: int = 6, batch_size: int = 64
) -> None:
    """Train as the config says.

    Args:
        optimizer: What is optimized by.
        scheduler: What drives its rate.
        momentum: The first of Adam's betas, as a schedule of its own.
        epochs: How often the data is seen.
        batch_size: Images a step.
    """
    torch.manual_seed(0)
    digits = load_digits()
    images, labels = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
    batches = list(zip(images.split(batch_size), labels.split(batch_size), strict=True))
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    opt = optimizer(model.parameters())
    rates = scheduler(opt)
    for epoch in range(epochs):
        for k, (x, y) in enumerate(batches):
            opt.param_groups[0]["betas"] = (momentum.at(epoch * len(batches) + k, base=0.95), 0.999)
            loss = torch.nn.functional.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            rates.step()
        beta = opt.param_groups[0]["betas"][0]
        print(f"epoch {epoch + 1}  loss {float(loss.detach()):.4f}  lr {rates.get_last_lr()[0]:.6f}  beta {beta:.4f}")


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
