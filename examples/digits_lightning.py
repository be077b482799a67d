"""Lightning: warm up by the step, then follow a validation loss; one line in `configure_optimizers`.

python examples/digits_lightning.py
"""

from __future__ import annotations

import lightning
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

import lrdsl


class Digits(lightning.LightningModule):
    """A small classifier. Its schedule is a hyperparameter like any other, and is saved with it."""

    def __init__(self, schedule: str = "warmup(1ep) then cosine(rest, to=0.01x)", lr: float = 0.02) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
        self.rates: list[float] = []

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        images, digits = batch
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        return torch.nn.functional.cross_entropy(self.net(images), digits)

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        images, digits = batch
        found = self.net(images)
        self.log("val_loss", torch.nn.functional.cross_entropy(found, digits))
        self.log("val_accuracy", (found.argmax(1) == digits).float().mean(), prog_bar=True)

    def configure_optimizers(self) -> dict[str, object]:
        optimizer = torch.optim.AdamW(self.parameters(), self.hparams.lr)
        steps = self.trainer.estimated_stepping_batches
        scheduler = lrdsl.compile(self.hparams.schedule, optimizer, total_steps=steps, total_epochs=self.trainer.max_epochs)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


class DigitsByLoss(Digits):
    """The same by the epoch, reduced where the validation loss no longer falls: Lightning hands the monitored value to `step`."""

    def __init__(self) -> None:
        super().__init__("plateau(factor=0.5, patience=1, metric=val_loss)")

    def configure_optimizers(self) -> dict[str, object]:
        optimizer = torch.optim.AdamW(self.parameters(), self.hparams.lr)
        scheduler = lrdsl.compile(self.hparams.schedule, optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "epoch", "monitor": "val_loss", "reduce_on_plateau": True}}


def fit(model: Digits, epochs: int = 8) -> lightning.Trainer:
    """Train, and validate after each epoch."""
    lightning.seed_everything(0, verbose=False)
    digits = load_digits()
    data = TensorDataset(torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target))
    train, validate = random_split(data, [0.8, 0.2])
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", **quiet)
    trainer.fit(model, DataLoader(train, 32, shuffle=True), DataLoader(validate, 500))
    return trainer


def main() -> None:
    """Train by each of the two, and say where the rate went."""
    for model in (Digits(), DigitsByLoss()):
        accuracy = float(fit(model).callback_metrics["val_accuracy"])
        print(f"{model.hparams.schedule}: from {model.rates[0]:.4g} over {max(model.rates):.4g} to {model.rates[-1]:.4g}; {accuracy:.1%} are read rightly")


if __name__ == "__main__":
    main()
