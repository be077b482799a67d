"""The program of the distributed tests of `report`, run in several processes: each process measures a loss of its own, and writes the rates of its steps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import lightning
import torch
from accelerate import Accelerator
from transformers import Trainer, TrainerCallback, TrainingArguments

import lrdsl
import lrdsl.lightning
import lrdsl.transformers

TEXT = "warmup(2 steps) then plateau(patience=0, factor=0.5, metric=val_loss) until val_loss > 7 or for 100 steps then linear(8 steps)"
EPOCHS, STEPS = 8, 4


def measured(epoch: int) -> float:
    """The loss that a process measures: only their mean is bad in each second epoch, and above 7 in the last but two."""
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    mean = 8.0 if epoch == EPOCHS - 2 else 1.0 / (1 + epoch) + epoch % 2
    return mean + rank - (count - 1) / 2


class Digit(lightning.LightningModule):
    """A model whose validation logs what its process alone has measured."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.rates: list[float] = []

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        return (self.layer(batch[0]) ** 2).mean()

    def validation_step(self, batch: Any, _: int) -> None:
        self.log("val_loss", measured(self.current_epoch + 1), batch_size=len(batch[0]), sync_dist=False)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=1.0)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": lrdsl.compile(TEXT, optimizer), "interval": "step"}}


def in_lightning() -> list[float]:
    """The rates of a run in Lightning."""
    count = int(os.environ["WORLD_SIZE"])
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(STEPS * count, 1)))
    module = Digit()
    trainer = lightning.Trainer(
        max_epochs=EPOCHS, accelerator="cpu", devices=count, strategy="ddp", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, num_sanity_val_steps=0, callbacks=[lrdsl.lightning.ReportMetrics()],
    )  # fmt: skip
    trainer.fit(module, data, data)
    return module.rates


class Line(torch.nn.Module):
    """A model as Trainer wants one."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.layer(x).squeeze(-1)
        return {"loss": ((logits - labels) ** 2).mean(), "logits": logits}


class Rates(TrainerCallback):
    """Notes the rate of each step, and puts what this process alone has measured among the metrics."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def on_step_begin(self, *_: Any, optimizer: Any, **__: Any) -> None:
        self.rates.append(optimizer.param_groups[0]["lr"])

    def on_evaluate(self, _args: Any, state: Any, _control: Any, metrics: Any, **__: Any) -> None:
        metrics["eval_val_loss"] = measured(round(state.epoch))


def in_trainer(folder: str) -> list[float]:
    """The rates of a run in Trainer."""
    count = int(os.environ["WORLD_SIZE"])
    data = [{"x": torch.ones(1), "labels": torch.tensor(1.0)}] * (STEPS * count)
    arguments = TrainingArguments(
        folder, num_train_epochs=EPOCHS, per_device_train_batch_size=1, report_to=[], save_strategy="no", logging_strategy="no", eval_strategy="epoch", disable_tqdm=True,
        use_cpu=True, learning_rate=1.0,
    )  # fmt: skip
    rates = Rates()
    trainer = Trainer(Line(), arguments, train_dataset=data, eval_dataset=data, callbacks=[rates])
    lrdsl.transformers.set_schedule(trainer, TEXT)
    trainer.train()
    return rates.rates


def in_torch() -> list[float]:
    """The rates of a plain loop, whose gradients torch's `DistributedDataParallel` averages."""
    torch.distributed.init_process_group("gloo")
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(1, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = lrdsl.compile(TEXT, optimizer)
    return in_loop(model, optimizer, scheduler, scheduler, torch.Tensor.backward)


def in_accelerate() -> list[float]:
    """The rates of a loop with Accelerate, which calls the scheduler once per process in each step."""
    accelerator = Accelerator(cpu=True)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = lrdsl.compile(TEXT, optimizer, ticks_per_step=accelerator.num_processes)
    model, optimizer, prepared = accelerator.prepare(model, optimizer, scheduler)
    return in_loop(model, optimizer, scheduler, prepared, accelerator.backward)


def in_loop(model: Any, optimizer: Any, scheduler: Any, stepped: Any, backward: Any) -> list[float]:
    """The rates of a loop that reports once an epoch. What is `stepped` may stand around the scheduler."""
    rates = []
    scheduler.report()
    for epoch in range(1, EPOCHS + 1):
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            backward((model(torch.ones(1, 1)) ** 2).mean())
            optimizer.step()
            stepped.step()
            optimizer.zero_grad()
        scheduler.report(val_loss=measured(epoch))
    return rates


def main(folder: str) -> None:
    """Runs in all frameworks, one after the other: to start processes takes longer than to train in them."""
    rates = {"torch": in_torch(), "accelerate": in_accelerate(), "trainer": in_trainer(folder), "lightning": in_lightning()}
    (Path(folder) / f"{os.environ['RANK']}.json").write_text(json.dumps(rates), "utf-8")
