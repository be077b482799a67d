"""Tests with Hugging Face's Trainer: `optimizers=(optimizer, scheduler)`, and resuming from its checkpoints."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments, get_scheduler

import lrdsl
import lrdsl.transformers
from lrdsl.runtime.reports import MetricWarning

STEPS = 30


class Line(torch.nn.Module):
    """A model as Trainer wants one: it gives its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        found = self.layer(x).squeeze(-1)
        return {"loss": ((found - labels) ** 2).mean(), "logits": found}


class Rates(TrainerCallback):
    """Notes the rate of each step; stops and saves after one."""

    def __init__(self, optimizer: torch.optim.Optimizer, stop: int | None) -> None:
        self.optimizer, self.stop = optimizer, stop
        self.found: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.found.append(self.optimizer.param_groups[0]["lr"])

    def on_step_end(self, _args: Any, state: Any, control: Any, **__: Any) -> Any:
        control.should_save = control.should_training_stop = state.global_step == self.stop
        return control


def trained(
    folder: Path, stop: int | None = None, resume: str | None = None, steps: int = STEPS, text: str = "warmup(5) then cosine(25)", **options: Any
) -> tuple[list[float], Any, torch.Tensor]:
    torch.manual_seed(0)
    model = Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = lrdsl.compile(text, optimizer, **options)
    rates = Rates(optimizer, stop)
    arguments = TrainingArguments(
        str(folder), max_steps=steps, per_device_train_batch_size=4, report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True, use_cpu=True
    )
    data = [{"x": torch.tensor([k / 10, 1.0]), "labels": torch.tensor(k / 5)} for k in range(40)]
    Trainer(model, arguments, train_dataset=data, optimizers=(optimizer, scheduler), callbacks=[rates]).train(resume_from_checkpoint=resume)
    return rates.found, scheduler, model.layer.weight.detach()


def test_it_trains_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    whole, scheduler, weights = trained(tmp_path / "whole")
    assert whole == [scheduler.at(t) for t in range(STEPS)]
    begun, _, _ = trained(tmp_path / "half", stop=12)
    resumed, _, again = trained(tmp_path / "half", resume=str(tmp_path / "half" / "checkpoint-12"))
    assert begun + resumed == whole
    assert again.equal(weights)


#: A plateau for which every evaluation is worse than the best.
FALLING = "plateau(patience=0, factor=0.5, threshold=1e9, threshold_mode=abs, metric={})"
DATA = [{"x": torch.tensor([k / 10, 1.0]), "labels": torch.tensor(k / 5)} for k in range(40)]


def evaluated(
    folder: Path, text: str, way: str = "set_schedule", resume: str | None = None, data: Any = None, **options: Any
) -> tuple[list[float], list[str], Any]:
    """The rates of a run of 4 epochs of 10 steps that evaluates after each, the warnings about metrics, and the Trainer."""
    torch.manual_seed(0)
    model, callbacks, optimizers = Line(), [], (None, None)
    if way != "set_schedule":
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizers = (optimizer, lrdsl.compile(text, optimizer))
        callbacks = [lrdsl.transformers.ReportMetrics()] if way == "callback" else []
    arguments = TrainingArguments(
        str(folder), **{"num_train_epochs": 4, "per_device_train_batch_size": 4, "report_to": [], "save_strategy": "no", "logging_strategy": "no", "disable_tqdm": True,
        "use_cpu": True, "learning_rate": 0.1, "eval_strategy": "epoch", **options}
    )  # fmt: skip
    trainer = Trainer(model, arguments, train_dataset=DATA, eval_dataset=data or DATA, callbacks=callbacks, optimizers=optimizers)
    if way == "set_schedule":
        lrdsl.transformers.set_schedule(trainer, text)
    rates = Rates(optimizers[0], None)
    rates.on_step_begin = lambda *_, optimizer, **__: rates.found.append(optimizer.param_groups[0]["lr"])  # type: ignore[method-assign]
    trainer.add_callback(rates)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.train(resume_from_checkpoint=resume)
    return rates.found, [str(warning.message) for warning in caught if issubclass(warning.category, MetricWarning)], trainer


@pytest.mark.parametrize("way", ["set_schedule", "callback"])
@pytest.mark.parametrize(
    ("metric", "options"),
    [
        ("eval_loss", {}),
        ("loss", {}),
        ("eval_loss", {"eval_on_start": True}),
        ("loss", {"eval_strategy": "steps", "eval_steps": 10}),
        ("eval_a_loss", {"data": {"a": DATA, "b": DATA[:8]}}),
        ("b_loss", {"data": {"a": DATA, "b": DATA[:8]}}),
        ("eval_loss", {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "save_strategy": "epoch"}),
    ],
)
def test_it_follows_what_trainer_evaluates(way: str, metric: str, options: dict[str, Any], tmp_path: Path) -> None:
    """The report holds from the next tick on: Trainer evaluates after `scheduler.step()`, so that is one optimizer step later."""
    rates, messages, _ = evaluated(tmp_path, FALLING.format(metric), way, **options)
    assert rates == [0.1] * 21 + [0.05] * 10 + [0.025] * 9
    assert messages == []


def test_accumulated_gradients_are_one_tick(tmp_path: Path) -> None:
    rates, messages, _ = evaluated(tmp_path, FALLING.format("loss"), gradient_accumulation_steps=2)
    assert (rates, messages) == ([0.1] * 11 + [0.05] * 5 + [0.025] * 4, [])


@pytest.mark.parametrize(
    ("metric", "message"), [("los", "`loss` was reported; did you mean that?"), ("accuracy", "These were reported: `epoch`, `eval_loss`,")]
)
def test_a_metric_that_trainer_does_not_measure_is_spoken_of(metric: str, message: str, tmp_path: Path) -> None:
    _, (said,), _ = evaluated(tmp_path, FALLING.format(metric))
    assert message in said


def test_without_the_callback_it_says_what_to_write(tmp_path: Path) -> None:
    rates, (message,), _ = evaluated(tmp_path, FALLING.format("eval_loss"), "bare")
    assert rates == [0.1] * 40
    (code,) = re.findall(r"`(callbacks=.*?)`", message)
    ast.parse(f"Trainer({code})")
    assert code == "callbacks=[lrdsl.transformers.ReportMetrics()]"


def test_trainers_own_optimizer_and_total(tmp_path: Path) -> None:
    for text, options in (("warmup(1ep) then cosine(rest)", {}), ("warmup(25%) then cosine(rest)", {"max_steps": 40})):
        rates, _, trainer = evaluated(tmp_path, text, **options)
        expected = lrdsl.parse("warmup(10) then cosine(30)")
        assert rates == [expected.at(t, 0.1) for t in range(40)]
        assert isinstance(trainer.optimizer.optimizer, torch.optim.AdamW)
        trainer.train()  # makes a new scheduler, as Trainer does
        assert trainer.lr_scheduler.last_epoch == 40


def test_trainers_own_optimizer_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    text = "warmup(10%) then " + FALLING.format("loss")
    whole, _, trainer = evaluated(tmp_path, text, save_strategy="epoch")
    resumed, _, again = evaluated(tmp_path, text, save_strategy="epoch", resume=str(tmp_path / "checkpoint-20"))
    assert resumed == whole[20:]
    assert len(set(resumed)) == 3
    assert again.lr_scheduler.state_dict() == trainer.lr_scheduler.state_dict()


@pytest.mark.parametrize("stop", [20, 40])
def test_a_longer_run_than_the_checkpoint_was_made_with(tmp_path: Path, stop: int) -> None:
    text = "warmup(10%) then cosine(rest)"
    begun, before, _ = trained(tmp_path, stop=stop, steps=40, text=text, total_steps=40)
    assert begun == [before.at(t) for t in range(stop)]
    with pytest.warns(lrdsl.ResumeWarning, match=f"at tick {stop} of 60, as far in optimizer steps as the saved run at its tick {stop}"):
        rest, after, _ = trained(tmp_path, resume=str(tmp_path / f"checkpoint-{stop}"), steps=60, text=text, total_steps=60, migrate=True)
    assert rest == [after.at(t) for t in range(stop, 60)]
    assert after.finished


def test_a_run_that_goes_on_from_its_present_level(tmp_path: Path) -> None:
    """With the saved schedule and a replan in a callback, the rate does not jump."""

    class Replan(TrainerCallback):
        def on_train_begin(self, *_: Any, lr_scheduler: Any, **__: Any) -> None:
            lr_scheduler.replan("linear(rest)", total_steps=60)

    trained(tmp_path, stop=20, steps=40, text="cosine(rest)", total_steps=40)
    model = Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = lrdsl.compile("cosine(rest)", optimizer, total_steps=40)
    rates = Rates(optimizer, None)
    arguments = TrainingArguments(
        str(tmp_path), max_steps=60, per_device_train_batch_size=4, report_to=[], save_strategy="no", logging_strategy="no", use_cpu=True
    )
    data = [{"x": torch.tensor([k / 10, 1.0]), "labels": torch.tensor(k / 5)} for k in range(40)]
    trainer = Trainer(model, arguments, train_dataset=data, optimizers=(optimizer, scheduler), callbacks=[rates, Replan()])
    trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-20"))
    assert rates.found == pytest.approx([0.05 * (60 - t) / 40 for t in range(20, 60)])


def test_a_checkpoint_with_the_scheduler_of_transformers(tmp_path: Path) -> None:
    model = Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    old = get_scheduler("cosine", optimizer, num_warmup_steps=4, num_training_steps=40)
    arguments = TrainingArguments(
        str(tmp_path), max_steps=40, per_device_train_batch_size=4, report_to=[], save_strategy="no", logging_strategy="no", use_cpu=True
    )
    data = [{"x": torch.tensor([k / 10, 1.0]), "labels": torch.tensor(k / 5)} for k in range(40)]
    Trainer(model, arguments, train_dataset=data, optimizers=(optimizer, old), callbacks=[Rates(optimizer, 20)]).train()
    with pytest.warns(lrdsl.ResumeWarning, match="by a scheduler of torch") as caught:
        rest, after, _ = trained(tmp_path, resume=str(tmp_path / "checkpoint-20"), steps=40, text="warmup(10%) then cosine(rest)", total_steps=40, migrate=True)
    assert rest == [after.at(t) for t in range(20, 40)]
    assert not any("jumps" in str(warning.message) for warning in caught)


def test_trainers_own_optimizer_in_a_longer_run(tmp_path: Path) -> None:
    text = "warmup(10%) then cosine(rest)"
    evaluated(tmp_path, text, save_strategy="epoch")
    torch.manual_seed(0)
    arguments = TrainingArguments(
        str(tmp_path), num_train_epochs=6, per_device_train_batch_size=4, report_to=[], save_strategy="no", logging_strategy="no", use_cpu=True
    )
    trainer = Trainer(Line(), arguments, train_dataset=DATA)
    lrdsl.transformers.set_schedule(trainer, text, migrate=True)
    with pytest.warns(lrdsl.ResumeWarning, match="at tick 20 of 60, as far in epochs as the saved run at its tick 20"):
        trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-20"))
    assert (trainer.lr_scheduler.last_epoch, trainer.lr_scheduler.finished) == (60, True)
