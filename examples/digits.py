"""Train a small network on handwritten digits, with the schedule as a string in a YAML config; stop half way, resume, and end where an unbroken run ends.

    python examples/digits.py

The data is scikit-learn's own copy of the UCI digits: 1797 images of 8 by 8 pixels.
"""

from __future__ import annotations

import io
from typing import Any

import torch
import yaml
from sklearn.datasets import load_digits

import lrdsl

CONFIG = """
seed: 0
epochs: 12
batch_size: 128
optimizer:
  lr: 0.3
  momentum: 0.9
schedule: warmup(1ep) then hold(5ep) then cosine(rest, to=0.01x)
"""


def data() -> tuple[torch.Tensor, torch.Tensor]:
    """The images, scaled to 0 .. 1, and their digits."""
    digits = load_digits()
    return torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)


class Run:
    """A training run: everything that a checkpoint must hold, and nothing else."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.images, self.labels = data()
        self.batches = len(self.images) // config["batch_size"]
        torch.manual_seed(config["seed"])
        self.model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
        groups = [{"params": self.model[0].parameters(), "name": "backbone"}, {"params": self.model[2].parameters(), "name": "head"}]
        self.optimizer = torch.optim.SGD(groups, **config["optimizer"])
        self.scheduler = lrdsl.compile(config["schedule"], self.optimizer, steps_per_epoch=self.batches, total_epochs=config["epochs"])
        self.epoch = 0

    def train(self, epochs: int) -> list[tuple[int, float, float]]:
        """Go on for some epochs. Returns each epoch's number, mean loss and last learning rate."""
        log = []
        size = self.config["batch_size"]
        for _ in range(epochs):
            order = torch.randperm(len(self.images), generator=torch.Generator().manual_seed(self.epoch))
            total = 0.0
            for k in range(self.batches):
                chosen = order[k * size : (k + 1) * size]
                loss = torch.nn.functional.cross_entropy(self.model(self.images[chosen]), self.labels[chosen])
                self.optimizer.zero_grad()
                loss.backward()
                lr = self.optimizer.param_groups[-1]["lr"]
                self.optimizer.step()
                self.scheduler.step()
                total += float(loss.detach())
            self.epoch += 1
            log.append((self.epoch, total / self.batches, lr))
        return log

    def save(self) -> bytes:
        """A checkpoint."""
        buffer = io.BytesIO()
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict(), "epoch": self.epoch}
        torch.save(parts, buffer)
        return buffer.getvalue()

    @classmethod
    def resume(cls, config: dict[str, Any], checkpoint: bytes) -> Run:
        """A new run that goes on where a checkpoint was made."""
        run = cls(config)
        parts = torch.load(io.BytesIO(checkpoint), weights_only=True)
        run.model.load_state_dict(parts["model"])
        run.optimizer.load_state_dict(parts["optimizer"])
        run.scheduler.load_state_dict(parts["scheduler"])
        run.epoch = parts["epoch"]
        return run

    def accuracy(self) -> float:
        """The share of all images that are read rightly."""
        with torch.no_grad():
            return float((self.model(self.images).argmax(1) == self.labels).float().mean())


def main() -> None:
    """Print loss and learning rate of the unbroken and of the resumed run."""
    config = yaml.safe_load(CONFIG)
    print(config["schedule"])
    unbroken = Run(config)
    whole = unbroken.train(config["epochs"])

    half = config["epochs"] // 2
    first = Run(config)
    begun = first.train(half)
    resumed = Run.resume(config, first.save())
    resumed_log = begun + resumed.train(config["epochs"] - half)

    print(f"\n{'epoch':>5}  {'loss':>8}  {'lr':>8}  {'loss, resumed at ' + str(half):>18}  {'lr':>8}")
    for (epoch, loss, lr), (_, again, lr_again) in zip(whole, resumed_log, strict=True):
        print(f"{epoch:>5}  {loss:8.5f}  {lr:8.6f}  {again:18.5f}  {lr_again:8.6f}")
    same = "equal to the last bit" if whole == resumed_log else "different"
    print(f"\nresumed and unbroken are {same}; {unbroken.accuracy():.1%} of the digits are read rightly")


if __name__ == "__main__":
    main()
