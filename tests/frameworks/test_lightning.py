"""Tests with Lightning: a scheduler that ticks each step, one that ticks each epoch, and one that follows a monitored metric."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import pytest
import torch

import lrdsl

pytestmark = pytest.mark.filterwarnings("ignore")


class Line(lightning.LightningModule):
    """A model with a scheduler; `losses` are what its validation says, epoch by epoch."""

    def __init__(self, text: str, losses: list[float], **configuration: Any) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.text, self.losses, self.configuration = text, losses, configuration
        self.rates: list[float] = []

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        return (self.layer(batch[0]) ** 2).mean()

    def validation_step(self, batch: Any, _: int) -> None:
        self.log("val_loss", self.losses[self.current_epoch], batch_size=len(batch[0]))

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        self.scheduler = lrdsl.compile(self.text, optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.scheduler, **self.configuration}}


def fitted(module: Line, folder: Path, epochs: int, checkpoint: str | None = None) -> lightning.Trainer:
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 1)), batch_size=2)
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        default_root_dir=folder, num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(module, data, data, ckpt_path=checkpoint, weights_only=False)
    return trainer


def test_by_the_step(tmp_path: Path) -> None:
    module = Line("warmup(4) then cosine(8)", [0.0] * 3, interval="step")
    fitted(module, tmp_path, 3)
    assert module.rates == [module.scheduler.at(t) for t in range(12)]


def test_by_the_epoch(tmp_path: Path) -> None:
    module = Line("linear(3)", [0.0] * 3, interval="epoch")
    fitted(module, tmp_path, 3)
    assert module.rates == [module.scheduler.at(t // 4) for t in range(12)]


def test_a_monitored_metric(tmp_path: Path) -> None:
    losses = [1.0, 0.9, 0.9, 0.9, 0.8, 0.8]
    module = Line("plateau(patience=1)", losses, interval="epoch", monitor="val_loss", reduce_on_plateau=True)
    fitted(module, tmp_path, 6)
    assert module.rates[::4] == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.01, 0.01])


def test_it_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    whole = Line("warmup(4) then cosine(8)", [0.0] * 3, interval="step")
    fitted(whole, tmp_path, 3)
    half = Line("warmup(4) then cosine(8)", [0.0] * 3, interval="step")
    fitted(half, tmp_path, 1).save_checkpoint(tmp_path / "half.ckpt")
    rest = Line("warmup(4) then cosine(8)", [0.0] * 3, interval="step")
    fitted(rest, tmp_path, 3, str(tmp_path / "half.ckpt"))
    assert half.rates + rest.rates == whole.rates
