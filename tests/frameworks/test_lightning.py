"""Tests with Lightning: a scheduler that ticks each step, one that ticks each epoch, and one that follows a monitored metric."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch

import lrdsl
import lrdsl.lightning
from lrdsl.runtime.reports import MetricWarning

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


def fitted(module: Line, folder: Path, epochs: int, checkpoint: str | None = None, batch: int = 2) -> lightning.Trainer:
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 1)), batch_size=batch)
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


#: A plateau for which every validation is worse than the best.
FALLING = "plateau(patience=0, factor=0.5, metric={})"
#: The rates of a run of 4 epochs of 4 steps: a validation after an epoch holds from the next tick on, which Lightning has done already for its next step.
FOLLOWED = [0.1] * 9 + [0.05] * 4 + [0.025] * 3


class Logging(Line):
    """Logs a constant under any name, in validation or in training, and may step its scheduler itself."""

    def __init__(self, text: str, name: str = "val_loss", where: str = "validation", **configuration: Any) -> None:
        super().__init__(text, [], **configuration)
        self.name, self.where = name, where
        self.automatic_optimization = where != "manual"

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        loss = super().training_step(batch, index)
        if self.where == "manual":
            self.optimizers().zero_grad()
            self.manual_backward(loss)
            self.optimizers().step()
            self.lr_schedulers().step()
        if self.where == "training":
            self.log(self.name, 1.0, on_step=False, on_epoch=True)
        if self.where == "steps":
            self.log(self.name, 1.0)
        return loss

    def validation_step(self, batch: Any, _: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        self.log(self.name if self.where in ("validation", "manual") else "other", 1.0, batch_size=len(batch[0]))

    def on_train_epoch_end(self) -> None:
        if self.where == "end":
            self.log(self.name, 1.0)


def run(module: Logging, epochs: int = 4, callback: bool = True, loaders: int = 1, **options: Any) -> list[str]:
    """Trains, and returns the warnings about metrics."""
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 1)), batch_size=2)
    callbacks = [lrdsl.lightning.ReportMetrics()] if callback else []
    trainer = lightning.Trainer(
        callbacks=callbacks, **{"max_epochs": epochs, "accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False, **options}
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(module, data, [data] * loaders)
    return [str(warning.message) for warning in caught if issubclass(warning.category, MetricWarning)]


@pytest.mark.parametrize(
    ("name", "metric", "where", "loaders"),
    [
        ("val_loss", "val_loss", "validation", 1),
        ("val/loss", '"val/loss"', "validation", 1),
        ("eval_loss", "loss", "validation", 1),
        ("val_loss", '"val_loss/dataloader_idx_1"', "validation", 2),
        ("val_loss", "val_loss", "manual", 1),
        ("train_loss", "train_loss", "training", 1),
        ("train_loss", "train_loss", "steps", 1),
        ("train_acc", "train_acc", "end", 1),
    ],
)
def test_it_follows_what_lightning_logs(name: str, metric: str, where: str, loaders: int) -> None:
    module = Logging(FALLING.format(metric), name, where, interval="step")
    assert run(module, loaders=loaders) == []
    assert module.rates == FOLLOWED


@pytest.mark.parametrize("callback", [True, False])
def test_the_callback_beside_a_monitor_changes_nothing(callback: bool) -> None:
    module = Logging(FALLING.format("val_loss"), interval="epoch", monitor="val_loss", reduce_on_plateau=True)
    assert run(module, callback=callback) == []
    assert module.rates[::4] == [0.1, 0.1, 0.05, 0.025]


def test_by_the_epoch_without_a_monitor_it_comes_an_epoch_later() -> None:
    module = Logging(FALLING.format("val_loss"), interval="epoch", monitor="val_loss")
    assert run(module, 5) == []
    assert module.rates[::4] == [0.1, 0.1, 0.1, 0.05, 0.025]


def test_one_config_serves_every_text() -> None:
    module = Logging("linear(4)", interval="epoch", monitor="val_loss", reduce_on_plateau=True)
    assert run(module) == []
    assert module.rates[::4] == [module.scheduler.at(t) for t in range(4)]


@pytest.mark.parametrize(
    ("options", "rates"),
    [
        ({"accumulate_grad_batches": 2}, [0.1] * 10 + [0.05] * 4 + [0.025] * 2),
        ({"val_check_interval": 0.5}, [0.1] * 5 + [0.05] * 2 + [0.025] * 2 + [0.0125] * 2 + [0.00625] * 2 + [0.003125] * 2 + [0.0015625]),
        ({"check_val_every_n_epoch": 2}, [0.1] * 16),
        ({"num_sanity_val_steps": 2}, FOLLOWED),
    ],
)
def test_each_validation_is_one_report(options: dict[str, Any], rates: list[float]) -> None:
    module = Logging(FALLING.format("val_loss"), interval="step")
    assert run(module, **options) == []
    assert module.rates == rates


def test_training_is_one_report_an_epoch_however_often_it_validates() -> None:
    module = Logging(FALLING.format("train_loss"), "train_loss", "training", interval="step")
    assert run(module, val_check_interval=0.5) == []
    assert module.rates == FOLLOWED


@pytest.mark.parametrize("interval", ["step", "epoch"])
@pytest.mark.parametrize("name", ["val_loss", "val/loss"])
def test_a_monitor_alone_says_what_to_write(name: str, interval: str) -> None:
    module = Logging(FALLING.format(f'"{name}"'), name, interval=interval, monitor=name)
    (message,) = run(module, callback=False)
    config, callbacks = re.findall(r"`([{c].*?[}\]])`", message)
    assert {key.value for key in ast.parse(config, mode="eval").body.keys} == {"scheduler", "interval", "monitor", "reduce_on_plateau"}  # type: ignore[attr-defined]
    ast.parse(f"Trainer({callbacks})")
    assert f'"monitor": "{name}"' in message
    mended = Logging(FALLING.format(f'"{name}"'), name, interval="epoch", monitor=name, reduce_on_plateau=True)
    assert run(mended, callback=False) == []


def test_a_metric_that_is_not_logged_is_spoken_of() -> None:
    (message,) = run(Logging(FALLING.format("vall_loss"), interval="step"))
    assert "`val_loss` was reported; did you mean that?" in message


def test_a_monitor_for_a_schedule_of_two_metrics_is_refused() -> None:
    module = Logging("hold until val_loss < 0.3 or acc > 0.9", interval="epoch", monitor="val_loss", reduce_on_plateau=True)
    with pytest.raises(lrdsl.ScheduleError, match=r"LR154[\s\S]*leave `reduce_on_plateau` out, and give the Trainer `callbacks=\[lrdsl"):
        run(module)


def test_a_report_that_waits_is_in_the_checkpoint(tmp_path: Path) -> None:
    whole = Logging(FALLING.format("val_loss"), interval="step")
    run(whole)
    half, rest = Logging(FALLING.format("val_loss"), interval="step"), Logging(FALLING.format("val_loss"), interval="step")
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 1)), batch_size=2)
    options: dict[str, Any] = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False, "default_root_dir": tmp_path}
    saving = lightning.pytorch.callbacks.ModelCheckpoint(tmp_path, save_top_k=-1, every_n_epochs=1, save_on_train_epoch_end=False)
    lightning.Trainer(max_epochs=2, callbacks=[saving, lrdsl.lightning.ReportMetrics()], **options).fit(half, data, data)
    checkpoint = saving.best_model_path
    assert torch.load(checkpoint, weights_only=False)["lr_schedulers"][0]["reports"] == [["val_loss", 1.0]]
    lightning.Trainer(max_epochs=4, callbacks=[lrdsl.lightning.ReportMetrics()], **options).fit(rest, data, data, ckpt_path=checkpoint, weights_only=False)
    assert half.rates + rest.rates == whole.rates


class Longer(Line):
    """A run that tells the scheduler how many epochs and steps it has, and loads what was saved with others."""

    def __init__(self, epochs: int, steps: int = 4, **options: Any) -> None:
        super().__init__("warmup(10%) then cosine(rest)", [0.0] * 100, interval="step")
        self.options = {"total_epochs": epochs, "steps_per_epoch": steps, "migrate": True, **options}

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        self.scheduler = lrdsl.compile(self.text, optimizer, **self.options)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.scheduler, "interval": "step"}}


def resumed(module: Line, folder: Path, epochs: int, checkpoint: Path, batch: int = 2) -> list[str]:
    """Fits a module from a checkpoint. Returns what the scheduler said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted(module, folder, epochs, str(checkpoint), batch)
    return [str(warning.message) for warning in caught if issubclass(warning.category, lrdsl.ResumeWarning)]


def test_more_epochs_than_the_checkpoint_was_made_with(tmp_path: Path) -> None:
    before = Longer(10)
    fitted(before, tmp_path, 10).save_checkpoint(tmp_path / "whole.ckpt")
    assert before.scheduler.finished
    after = Longer(12)
    [message] = resumed(after, tmp_path, 12, tmp_path / "whole.ckpt")
    assert message.startswith("The run goes on at tick 40 of 48, as far in epochs as the saved run at its tick 40.")
    assert after.rates == [after.scheduler.at(t) for t in range(40, 48)]
    assert after.scheduler.finished


def test_half_as_many_steps_per_epoch_from_half_time_on(tmp_path: Path) -> None:
    before = Longer(4)
    fitted(before, tmp_path, 2).save_checkpoint(tmp_path / "half.ckpt")
    after = Longer(4, 2)
    [message] = resumed(after, tmp_path, 4, tmp_path / "half.ckpt", batch=4)
    assert message.startswith("The run goes on at tick 4 of 8")
    assert "jumps" not in message
    assert after.rates == [after.scheduler.at(t) for t in range(4, 8)]
    assert after.rates[0] > 0.04


def test_without_migrate_it_refuses_and_says_so(tmp_path: Path) -> None:
    fitted(Longer(10), tmp_path, 1).save_checkpoint(tmp_path / "begun.ckpt")
    with pytest.raises(lrdsl.ScheduleError, match="migrate=True to `compile`"):
        fitted(Longer(12, migrate=False), tmp_path, 12, str(tmp_path / "begun.ckpt"))


def test_a_checkpoint_with_torch_s_scheduler(tmp_path: Path) -> None:
    class Old(Line):
        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40), "interval": "step"}}

    fitted(Old("", [0.0] * 10), tmp_path, 5).save_checkpoint(tmp_path / "old.ckpt")
    after = Longer(10)
    after.text = "cosine(rest)"
    [message] = resumed(after, tmp_path, 10, tmp_path / "old.ckpt")
    assert "jumps" not in message
    assert after.rates == [after.scheduler.at(t) for t in range(20, 40)]


def test_a_backbone_that_is_unfrozen_keeps_its_share_of_the_rate() -> None:
    """`BackboneFinetuning` adds it at a tenth of the rate that the head has then."""

    class Frozen(Line):
        def __init__(self) -> None:
            super().__init__("linear(40)", [1.0] * 6)
            self.backbone = torch.nn.Linear(1, 1)
            self.seen: list[list[float]] = []

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.layer.parameters(), lr=0.1)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": lrdsl.compile(self.text, optimizer), "interval": "step"}}

        def on_train_batch_end(self, *_: Any) -> None:
            self.seen.append([group["lr"] for group in self.optimizers().param_groups])

    model = Frozen()
    unfreezing = lightning.pytorch.callbacks.BackboneFinetuning(2, lambda_func=lambda _: 1.0)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4, 1)), batch_size=1)
    trainer = lightning.Trainer(max_epochs=4, callbacks=[unfreezing], logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu")
    trainer.fit(model, data)
    late = [rates for rates in model.seen if len(rates) == 2]
    assert len(late) == 8
    steps = [rates for i, rates in enumerate(late) if i % 4]  # the callback sets the rate at the start of each epoch
    assert [backbone for _, backbone in steps] == pytest.approx([0.1 * head for head, _ in steps])
