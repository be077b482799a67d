"""What transformers' own tests of its schedules check, on lrdsl: each function of transformers stands beside the text that takes its place.

Some of those tests read what only transformers has, and are not here:

- `scheduler.lr_lambdas` inside `LambdaScheduleWrapper`, which makes them pickle: a text pickles, and `test_torch_suite` tests it.
- `GreedyLR`, `StreamingAverage` and the schedule "greedy": it smooths a loss and tries higher rates out. No shape does; the table of the reference says so.
- `AdamW` and `Adafactor` without a schedule: they are optimizers.
- the default of `TrainingArguments.lr_scheduler_type`: `set_schedule` leaves it alone.
"""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import optimization as theirs

import lrdsl

BASE, STEPS = 10.0, 10
COMMON = {"num_warmup_steps": 2, "num_training_steps": 10}
#: The function of transformers, its arguments, the text, and the rates that transformers' test expects, to 0.01; none where a later version has no such test.
CASES: dict[str, tuple[Callable[..., Any], dict[str, Any], str, list[float]]] = {
    "constant": (theirs.get_constant_schedule, {}, "hf.constant()", [10.0] * 10),
    "constant with warmup": (theirs.get_constant_schedule_with_warmup, {"num_warmup_steps": 4}, "hf.constant_with_warmup(4)", [0.0, 2.5, 5.0, 7.5] + [10.0] * 6),
    "linear": (theirs.get_linear_schedule_with_warmup, COMMON, "hf.linear(2, 10)", [0.0, 5.0, 10.0, 8.75, 7.5, 6.25, 5.0, 3.75, 2.5, 1.25]),
    "cosine": (theirs.get_cosine_schedule_with_warmup, COMMON, "hf.cosine(2, 10)", [0.0, 5.0, 10.0, 9.61, 8.53, 6.91, 5.0, 3.08, 1.46, 0.38]),
    "cosine with restarts": (
        theirs.get_cosine_with_hard_restarts_schedule_with_warmup,
        {**COMMON, "num_cycles": 2},
        "hf.cosine_with_restarts(2, 10, cycles=2)",
        [0.0, 5.0, 10.0, 8.53, 5.0, 1.46, 10.0, 8.53, 5.0, 1.46],
    ),
    "polynomial": (
        theirs.get_polynomial_decay_schedule_with_warmup,
        {**COMMON, "power": 2.0, "lr_end": 1e-7},
        "hf.polynomial(2, 10, end=1e-7, power=2)",
        [0.0, 5.0, 10.0, 7.656, 5.625, 3.906, 2.5, 1.406, 0.625, 0.156],
    ),
    "inverse sqrt": (theirs.get_inverse_sqrt_schedule, {"num_warmup_steps": 2}, "hf.inverse_sqrt(2)", [0.0, 5.0, 10.0, 8.165, 7.071, 6.325, 5.774, 5.345, 5.0, 4.714]),
    "cosine with a least rate": (theirs.get_cosine_with_min_lr_schedule_with_warmup, {**COMMON, "min_lr_rate": 0.1}, "hf.cosine_with_min_lr(2, 10, min_rate=0.1)", []),
    "warmup, stable, decay": (
        theirs.get_wsd_schedule,
        {"num_warmup_steps": 2, "num_decay_steps": 2, "num_training_steps": 10, "min_lr_ratio": 0.0},
        "hf.wsd(2, 6, 2)",
        [0.0, 5.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 5.0],
    ),
}  # fmt: skip
cases = pytest.mark.parametrize(("make", "arguments", "text", "expected"), CASES.values(), ids=CASES)


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))], lr=BASE)


def unwrapped(scheduler: Any, reload: Callable[[Any], None] | None = None) -> list[float]:
    """The rates of ten steps. After the sixth, `reload` saves the scheduler and loads it again."""
    seen = []
    for step in range(STEPS):
        seen.append(float(scheduler.get_lr()[0]))
        assert scheduler.optimizer.param_groups[0]["lr"] == scheduler.get_last_lr()[0]
        scheduler.optimizer.step()
        scheduler.step()
        if reload is not None and step == STEPS // 2:
            reload(scheduler)
    return seen


def through_a_file(path: Path) -> Callable[[Any], None]:
    def reload(scheduler: Any) -> None:
        torch.save(scheduler.state_dict(), path)
        scheduler.load_state_dict(torch.load(path))

    return reload


@cases
def test_the_rates_of_transformers(make: Callable[..., Any], arguments: dict[str, Any], text: str, expected: list[float]) -> None:
    rates = unwrapped(lrdsl.compile(text, optimizer()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that `get_lr` is for schedulers alone
        assert rates == pytest.approx(unwrapped(make(optimizer(), **arguments)), rel=1e-12, abs=1e-12)
    if expected:
        assert rates == pytest.approx(expected, abs=1e-2)


@cases
def test_the_rates_are_the_same_after_save_and_reload(make: Any, arguments: Any, text: str, expected: Any, tmp_path: Path) -> None:  # noqa: ARG001
    rates = unwrapped(lrdsl.compile(text, optimizer()))
    assert unwrapped(lrdsl.compile(text, optimizer()), through_a_file(tmp_path / "schedule.bin")) == rates

    fresh = lrdsl.compile(text, optimizer())
    scheduler = lrdsl.compile(text, optimizer())
    for _ in range(6):
        scheduler.optimizer.step()
        scheduler.step()
    fresh.load_state_dict(scheduler.state_dict())
    assert fresh.get_lr() == scheduler.get_lr() == [fresh.optimizer.param_groups[0]["lr"]]


@cases
def test_a_state_of_transformers_is_taken_over(make: Callable[..., Any], arguments: dict[str, Any], text: str, expected: Any) -> None:  # noqa: ARG001
    """Not in transformers: its state holds a tick alone, and goes on in the text that says the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = make(optimizer(), **arguments)
    for _ in range(6):
        given.optimizer.step()
        given.step()
    ours = lrdsl.compile(text, optimizer(), migrate=True)
    with pytest.warns(lrdsl.ResumeWarning):
        ours.load_state_dict(given.state_dict())
    assert ours.get_last_lr() == pytest.approx(given.get_last_lr(), rel=1e-12)


@cases
def test_schedules_pickle(make: Any, arguments: Any, text: str, expected: Any) -> None:  # noqa: ARG001
    scheduler = lrdsl.compile(text, optimizer())
    file = io.BytesIO()
    torch.save(scheduler, file)
    file.seek(0)
    again = torch.load(file, weights_only=False)
    assert unwrapped(again) == unwrapped(pickle.loads(pickle.dumps(scheduler)))


def test_a_plateau_of_transformers() -> None:
    given = theirs.get_reduce_on_plateau_schedule(optimizer(), factor=0.5, patience=1)
    ours = lrdsl.compile("plateau(0.5, patience=1, metric=eval_loss)", optimizer())
    for loss in (1.0, 0.9, 0.95, 0.92, 0.91, 0.5, 0.6, 0.7, 0.8):
        given.optimizer.step()
        ours.optimizer.step()
        given.step(loss)
        ours.step(loss)
        assert ours.get_last_lr() == given.get_last_lr()
    assert ours.get_last_lr() == [2.5]


@pytest.mark.parametrize("name", ["linear", "cosine", "constant", "constant_with_warmup"])
def test_the_schedules_of_get_scheduler_run(name: str) -> None:
    given = theirs.get_scheduler(name, optimizer(), num_warmup_steps=5, num_training_steps=100)
    arguments = {"constant": "", "constant_with_warmup": "5"}.get(name, "5, 100")
    ours = lrdsl.compile(f"hf.{name}({arguments})", optimizer())
    for _ in range(5):
        given.optimizer.step()
        ours.optimizer.step()
        given.step()
        ours.step()
        assert ours.get_last_lr() == pytest.approx(given.get_last_lr(), rel=1e-12)
        assert ours.get_last_lr()[0] >= 0
