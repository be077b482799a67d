"""Hydra and OmegaConf: the schedule is a string in a YAML config, and another one on the command line, in Hydra's own quotes.

python examples/digits_hydra.py
python examples/digits_hydra.py warm=2ep
python examples/digits_hydra.py "scheduler.schedule='step(2ep, 0.5)'"
"""

from __future__ import annotations

import hydra
import torch
from omegaconf import DictConfig
from sklearn.datasets import load_digits


@hydra.main(config_path=".", config_name="digits_hydra", version_base="1.3")
def main(config: DictConfig) -> None:
    """Train as the config says."""
    torch.manual_seed(0)
    digits = load_digits()
    images, labels = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
    batches = list(zip(images.split(config.batch_size), labels.split(config.batch_size), strict=True))
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = hydra.utils.instantiate(config.optimizer)(model.parameters())
    scheduler = hydra.utils.instantiate(config.scheduler)(optimizer=optimizer, steps_per_epoch=len(batches))
    print(scheduler.schedule)
    for epoch in range(config.epochs):
        for x, y in batches:
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        print(f"epoch {epoch + 1}  loss {float(loss.detach()):.4f}  lr {scheduler.get_last_lr()[0]:.6f}")


if __name__ == "__main__":
    main()
