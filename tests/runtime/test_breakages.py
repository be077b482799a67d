"""Tests of what is known to break learning-rate schedulers in practice, one test each. Numbers are issues of pytorch/pytorch."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings
import weakref
from typing import Any

import pytest
import torch
from torch._dynamo.testing import CompileCounter

import lrdsl

TEXT = "warmup(5) then hold(5) then cosine(20)"


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(3))


def sgd(rate: Any = 0.1, **options: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD([parameter()], lr=rate, **options)


def rates(scheduler: Any, ticks: int) -> list[float]:
    """The rate of each tick from the present one on."""
    found = []
    for _ in range(ticks):
        found.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("order", [("optimizer", "scheduler"), ("scheduler", "optimizer")])
@pytest.mark.parametrize("stop", [3, 7, 17])
def test_resume_resets_the_rates_65342_60265_78003(order: tuple[str, str], stop: int) -> None:
    """Building the scheduler anew and loading its state left the first rate of the run in the groups, by either order of loading."""
    scheduler = lrdsl.compile(TEXT, sgd())
    rates(scheduler, stop)
    saved = {"optimizer": scheduler.optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    optimizer = sgd()
    resumed = lrdsl.compile(TEXT, optimizer)
    for part in order:
        {"optimizer": optimizer, "scheduler": resumed}[part].load_state_dict(copy.deepcopy(saved[part]))
    assert rates(resumed, 30 - stop) == [scheduler.at(t) for t in range(stop, 30)]


def test_resume_in_the_middle_of_a_later_phase_162591() -> None:
    """SequentialLR resumed past its first milestone with the rates of the wrong scheduler."""
    for stop in range(30):
        scheduler = lrdsl.compile(TEXT, sgd())
        rates(scheduler, stop)
        resumed = lrdsl.compile(TEXT, sgd())
        resumed.load_state_dict(scheduler.state_dict())
        assert resumed.phase == scheduler.phase
        assert rates(resumed, 3) == [scheduler.at(t) for t in range(stop, stop + 3)]


@pytest.mark.parametrize("text", [TEXT, "plateau(patience=0, metric=loss)", "hold until loss < 3 then linear(5)"])
def test_a_tensor_rate_compiles_the_step_once_130467_163093(text: str) -> None:
    """A rate that is another number, or another tensor, each step had a compiled optimizer compiled again each step."""
    torch._dynamo.reset()
    weights = parameter()
    optimizer = torch.optim.Adam([weights], lr=torch.tensor(0.1), foreach=False)
    scheduler = lrdsl.compile(text, optimizer)
    counter = CompileCounter()
    step = torch.compile(optimizer.step, backend=counter)
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tick in range(12):
            optimizer.zero_grad()
            (weights**2).sum().backward()
            step()
            scheduler.step(loss=12.0 - tick)
            seen.add(float(optimizer.param_groups[0]["lr"]))
            if tick == 1:
                compiled = counter.frame_count
    assert counter.frame_count == compiled
    assert len(seen) > 1 or "plateau" in text


def test_attaching_to_a_step_that_was_compiled_first() -> None:
    """torch's own schedulers want a bound method to wrap."""
    optimizer = sgd()
    optimizer.step = torch.compile(optimizer.step, backend="eager")  # type: ignore[method-assign]
    scheduler = lrdsl.compile("linear(4)", optimizer)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = []
        for _ in range(5):
            found.append(optimizer.param_groups[0]["lr"])
            scheduler.step()
    assert found == [scheduler.at(t) for t in range(5)]


def test_groups_added_in_the_middle_of_a_run() -> None:
    scheduler = lrdsl.compile("linear(10)", sgd())
    rates(scheduler, 5)
    scheduler.optimizer.add_param_group({"params": [parameter()], "lr": 1.0, "initial_lr": 1.0})
    scheduler.optimizer.step()
    scheduler.step()
    assert [group["lr"] for group in scheduler.optimizer.param_groups] == [scheduler.at(6), scheduler.at(6, group=1)]
    assert scheduler.base_lrs == [0.1, 1.0]


def test_two_schedulers_on_one_optimizer() -> None:
    """Each drives what its text names, and leaves the rest alone; both keep their bases."""
    optimizer = torch.optim.AdamW([parameter()], lr=0.1, weight_decay=0.5)
    first, second = lrdsl.compile("linear(10)", optimizer), lrdsl.compile("weight_decay = cosine(10)", optimizer)
    for _ in range(4):
        optimizer.step()
        first.step()
        second.step()
    assert (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["weight_decay"]) == (first.at(4), second.at(4, target="weight_decay"))
    assert (first.base_lrs, second.bases["weight_decay"]) == ([0.1], [0.5])


def test_a_gradient_scaler_that_skips_the_first_step() -> None:
    """The scaler leaves steps with infinite gradients out: the tick counts all the same, and the order of calls is spoken of as torch does."""
    weights = parameter()
    optimizer = torch.optim.SGD([weights], lr=0.1)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale((weights * float("inf")).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()
    optimizer.zero_grad()
    scaler.scale((weights**2).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == scheduler.at(2)


def test_it_is_gone_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        scheduler = lrdsl.compile("linear(10)", sgd())
        rates(scheduler, 3)
        gone = weakref.ref(scheduler)
        del scheduler
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("text", [TEXT, "plateau(patience=0, metric=loss)"])
def test_copies_and_pickles_go_their_own_way(again: Any, text: str) -> None:
    scheduler = lrdsl.compile(text, sgd())
    for tick in range(7):
        scheduler.optimizer.step()
        scheduler.step(loss=float(tick))
    twin = again(scheduler)
    assert twin.state_dict() == scheduler.state_dict()
    before = scheduler.optimizer.param_groups[0]["lr"]
    twin.optimizer.step()
    twin.step(loss=9.0)
    assert scheduler.optimizer.param_groups[0]["lr"] == before
    scheduler.optimizer.step()
    scheduler.step(loss=9.0)
    assert twin.optimizer.param_groups[0]["lr"] == scheduler.optimizer.param_groups[0]["lr"]
    assert twin.state_dict() == scheduler.state_dict()


def test_a_fused_optimizer() -> None:
    weights = parameter()
    optimizer = torch.optim.Adam([weights], lr=torch.tensor(0.1), fused=True)
    scheduler = lrdsl.compile("linear(4)", optimizer)
    for _ in range(4):
        optimizer.zero_grad()
        (weights**2).sum().backward()
        optimizer.step()
        scheduler.step()
    assert float(optimizer.param_groups[0]["lr"]) == 0.0
    assert not weights.equal(parameter())


def test_a_capturable_optimizer() -> None:
    """Its steps run on accelerators alone; the rate that it holds is a tensor all the same, and is filled in place."""
    optimizer = torch.optim.Adam([parameter()], lr=torch.tensor(0.1), capturable=True, foreach=False)
    held = optimizer.param_groups[0]["lr"]
    scheduler = lrdsl.compile("linear(4)", optimizer)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] is held
    assert float(held) == pytest.approx(0.075)


def test_a_rate_that_was_changed_by_hand() -> None:
    """It holds until the next tick, which goes by the schedule again; `replan` changes the schedule itself."""
    scheduler = lrdsl.compile("hold", sgd())
    scheduler.optimizer.param_groups[0]["lr"] = 5.0
    scheduler.optimizer.step()
    scheduler.step()
    assert scheduler.optimizer.param_groups[0]["lr"] == 0.1
    scheduler.replan("hold(at=5)")
    assert scheduler.optimizer.param_groups[0]["lr"] == 5.0
