"""Tests of what is known to break a run that goes on from a checkpoint, one test each."""

from __future__ import annotations

import copy
import io
import json
import pickle
from typing import Any

import pytest
import torch

import lrdsl
from tests.runtime.test_breakages import TEXT, rates, sgd


@pytest.mark.parametrize("order", [("optimizer", "scheduler"), ("scheduler", "optimizer")])
@pytest.mark.parametrize("stop", [3, 7, 17])
def test_resume_resets_the_rates(order: tuple[str, str], stop: int) -> None:
    """Building the scheduler anew and loading its state left the first rate of the run in the groups, by either order of loading."""
    scheduler = lrdsl.compile(TEXT, sgd())
    rates(scheduler, stop)
    saved = {"optimizer": scheduler.optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    optimizer = sgd()
    resumed = lrdsl.compile(TEXT, optimizer)
    for part in order:
        {"optimizer": optimizer, "scheduler": resumed}[part].load_state_dict(copy.deepcopy(saved[part]))
    assert rates(resumed, 30 - stop) == [scheduler.at(t) for t in range(stop, 30)]


def test_resume_in_the_middle_of_a_later_phase() -> None:
    """SequentialLR resumed past its first milestone with the rates of the wrong scheduler."""
    for stop in range(30):
        scheduler = lrdsl.compile(TEXT, sgd())
        rates(scheduler, stop)
        resumed = lrdsl.compile(TEXT, sgd())
        resumed.load_state_dict(scheduler.state_dict())
        assert resumed.phase == scheduler.phase
        assert rates(resumed, 3) == [scheduler.at(t) for t in range(stop, stop + 3)]


def adamw(rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.AdamW([torch.nn.Parameter(torch.ones(3))], lr=rate, weight_decay=0.5)


@pytest.mark.parametrize("text", [TEXT, "bounce(cosine(20))", "multistep([5, 10])", "lr = hold; weight_decay = linear(20, from=0.1x, to=1x)"])
def test_the_optimizer_may_be_loaded_before_the_scheduler_is_made(text: str) -> None:
    """A scheduler that is made for a loaded optimizer set its first rate; a curve kept what the optimizer held as its peak."""
    scheduler = lrdsl.compile(text, adamw())
    rates(scheduler, 13)
    saved = copy.deepcopy((scheduler.optimizer.state_dict(), scheduler.state_dict()))
    optimizer = adamw()
    optimizer.load_state_dict(saved[0])
    resumed = lrdsl.compile(text, optimizer)
    assert resumed.base_lrs == [0.1]
    resumed.load_state_dict(saved[1])
    assert values_of(optimizer) == values_of(scheduler.optimizer)
    assert rates(resumed, 20) == rates(scheduler, 20)


def values_of(optimizer: torch.optim.Optimizer) -> list[tuple[float, float]]:
    return [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]


@pytest.mark.parametrize("text", ["multistep([5, 10])", "restarts(cosine(7))", "lr = linear(20); weight_decay = linear(20, from=0.1x, to=1x)"])
def test_the_state_of_the_scheduler_alone_brings_all_values(text: str) -> None:
    """Where the optimizer's state is not saved, rates stayed at the first; the weight decay was right one step late."""
    scheduler = lrdsl.compile(text, adamw())
    rates(scheduler, 12)
    resumed = lrdsl.compile(text, adamw())
    resumed.load_state_dict(scheduler.state_dict())
    assert values_of(resumed.optimizer) == values_of(scheduler.optimizer) != values_of(adamw())


@pytest.mark.parametrize(("saved", "text"), [("cyclic(0.01, 0.1, 20, mode=exp_range, gamma=0.9)",) * 2, ("step(20)", "step(35)")])
def test_an_argument_that_was_changed_is_not_overridden_by_a_state(saved: str, text: str) -> None:
    """A state brought some arguments of its own and left others, so that neither schedule ran."""
    scheduler = lrdsl.compile(saved, sgd())
    rates(scheduler, 30)
    changed = text.replace("gamma=0.9", "gamma=0.99")
    resumed = lrdsl.compile(changed, sgd())
    with pytest.raises(lrdsl.ScheduleError, match="of another schedule: phase 1 of `lr`"):
        resumed.load_state_dict(scheduler.state_dict())
    with pytest.warns(lrdsl.ResumeWarning):
        resumed.load_state_dict(scheduler.state_dict(), migrate=True)
    whole = lrdsl.parse(changed)
    assert rates(resumed, 30) == [whole.at(tick, 0.1) for tick in range(30, 60)]


@pytest.mark.parametrize("tick", [1, 9, 10, 29, 30, 1000, 123_456])
def test_restarts_begin_at_any_tick(tick: int) -> None:
    """A scheduler of warm restarts that began past its first cycle raised, or had a rate above its peak."""
    scheduler = lrdsl.compile("restarts(cosine(10), stretch=2)", sgd())
    scheduler.seek(tick)
    reference = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd(), 10, 2)
    reference.step(tick)
    assert scheduler.get_last_lr() == pytest.approx(reference.get_last_lr(), rel=1e-9)
    resumed = lrdsl.compile("restarts(cosine(10), stretch=2)", sgd())
    resumed.load_state_dict(scheduler.state_dict())
    assert rates(resumed, 40) == rates(scheduler, 40)


@pytest.mark.parametrize("stop", range(1, 16))
def test_a_plateau_keeps_its_count_its_best_and_its_cooldown(stop: int) -> None:
    """States had the best metric alone, or nothing."""
    text = "plateau(patience=2, factor=0.5, cooldown=2, metric=loss)"
    losses = [1, 0.9, 0.95, 0.96, 0.97, 0.98, 0.8, *[0.9] * 9]
    whole, part = lrdsl.compile(text, sgd()), lrdsl.compile(text, sgd())
    for tick, loss in enumerate(losses):
        if tick == stop:
            resumed = lrdsl.compile(text, sgd())
            resumed.load_state_dict(json.loads(json.dumps(part.state_dict())))
            part = resumed
        for scheduler in (whole, part):
            scheduler.optimizer.step()
            scheduler.step(loss=loss)
        assert part.get_last_lr() == whole.get_last_lr()
    assert whole.get_last_lr()[0] < 0.05


@pytest.mark.parametrize("text", ["cyclic(0.01, 0.1, 20)", "onecycle(100)", "scale(1 / (1 + t))", "plateau(metric=loss)", "hold until loss < 1 then linear(9)"])
def test_a_state_is_data_whatever_the_optimizer_is(text: str) -> None:
    """States held methods of the scheduler, and with these the optimizer and what could not be pickled."""
    optimizer = sgd()
    optimizer.hook = lambda: None  # type: ignore[attr-defined]
    scheduler = lrdsl.compile(text, optimizer)
    state = scheduler.state_dict()
    assert json.loads(json.dumps(state)) == pickle.loads(pickle.dumps(state)) == state
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    assert torch.load(file, weights_only=True) == state


@pytest.mark.parametrize(("text", "ran"), [("warmup(3%) then cosine(rest)", 50), ("warmup(10%) then hold(70%) then linear(20%, to=0.1x)", 45)])
def test_a_run_of_one_epoch_that_goes_on_for_another(text: str, ran: int) -> None:
    """The length of the first run came back with its state: the rate stayed at its end, or rose again."""
    scheduler = lrdsl.compile(text, sgd(), steps_per_epoch=50, total_epochs=1)
    rates(scheduler, ran)
    resumed = lrdsl.compile(text, sgd(), steps_per_epoch=50, total_epochs=2, migrate=True)
    with pytest.warns(lrdsl.ResumeWarning, match=f"at tick {ran} of 100"):
        resumed.load_state_dict(scheduler.state_dict())
    whole: Any = lrdsl.parse(text, steps_per_epoch=50, total_epochs=2)
    assert rates(resumed, 100 - ran) == [whole.at(tick, 0.1) for tick in range(ran, 100)]


def test_the_state_of_another_version_says_so() -> None:
    scheduler = lrdsl.compile(TEXT, sgd())
    before = scheduler.state_dict()
    with pytest.raises(lrdsl.ScheduleError, match="the state has format 2, and this version of lrdsl reads format 1"):
        scheduler.load_state_dict({"format": 2, "schedule": TEXT, "last_epoch": 7, "something": "new"})
    assert scheduler.state_dict() == before
