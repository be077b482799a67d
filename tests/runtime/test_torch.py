"""Tests of the scheduler on torch optimizers."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as torch_schedulers

import lrdsl


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(3))


def run(optimizer: torch.optim.Optimizer, scheduler: Any, ticks: int) -> list[float]:
    found = []
    for _ in range(ticks):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


def test_it_is_a_torch_scheduler() -> None:
    scheduler = lrdsl.compile("cosine(20)", torch.optim.SGD([parameter()], lr=0.1))
    assert isinstance(scheduler, torch_schedulers.LRScheduler)
    assert isinstance(scheduler, lrdsl.Scheduler)
    from lrdsl.torch import LRScheduler

    assert type(scheduler) is LRScheduler
    assert scheduler.get_lr() == scheduler.get_last_lr() == [0.1]
    assert not hasattr(scheduler, "total_steps")


def test_groups_keep_their_bases() -> None:
    optimizer = torch.optim.SGD([{"params": [parameter()], "lr": 0.1}, {"params": [parameter()], "lr": 0.01}], lr=1.0)
    scheduler = lrdsl.compile("step(2, 0.1) then cosine(4)", optimizer)
    assert scheduler.base_lrs == [0.1, 0.01]
    assert [g["initial_lr"] for g in optimizer.param_groups] == [0.1, 0.01]
    run(optimizer, scheduler, 2)
    assert [g["lr"] for g in optimizer.param_groups] == [scheduler.at(2, group=0), scheduler.at(2, group=1)]


def test_a_group_that_is_added_later_joins_in() -> None:
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    run(optimizer, scheduler, 3)
    optimizer.add_param_group({"params": [parameter()], "lr": 1.0, "initial_lr": 1.0})
    optimizer.step()
    scheduler.step()
    assert [g["lr"] for g in optimizer.param_groups] == [scheduler.at(4), scheduler.at(4, group=1)]
    assert scheduler.base_lrs == [0.1, 1.0]


def test_its_state_goes_through_torch_save() -> None:
    optimizer = torch.optim.AdamW([parameter()], lr=0.1)
    scheduler = lrdsl.compile("warmup(5) then cosine(20)", optimizer)
    run(optimizer, scheduler, 9)
    buffer = io.BytesIO()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, buffer)
    for order in (("optimizer", "scheduler"), ("scheduler", "optimizer")):
        buffer.seek(0)
        saved = torch.load(buffer, weights_only=True)
        again = torch.optim.AdamW([parameter()], lr=0.1)
        resumed = lrdsl.compile("warmup(5) then cosine(20)", again)
        for part in order:
            {"optimizer": again, "scheduler": resumed}[part].load_state_dict(saved[part])
        assert again.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"] == scheduler.at(9)
        assert run(again, resumed, 20) == [scheduler.at(t) for t in range(9, 29)]


def test_attaching_after_the_optimizer_was_loaded_keeps_the_base() -> None:
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = lrdsl.compile("cosine(20)", optimizer)
    run(optimizer, scheduler, 10)
    again = torch.optim.SGD([parameter()], lr=0.1)
    again.load_state_dict(optimizer.state_dict())
    resumed = lrdsl.compile("cosine(20)", again)
    resumed.load_state_dict(scheduler.state_dict())
    assert resumed.base_lrs == [0.1]
    assert again.param_groups[0]["lr"] == scheduler.at(10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_rate_is_filled_in_place(dtype: torch.dtype) -> None:
    rate = torch.tensor(0.1, dtype=dtype)
    optimizer = torch.optim.Adam([parameter()], lr=rate, foreach=False)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    held = optimizer.param_groups[0]["lr"]
    found = run(optimizer, scheduler, 11)
    assert optimizer.param_groups[0]["lr"] is held
    assert isinstance(held, torch.Tensor)
    assert found == pytest.approx([scheduler.at(t) for t in range(11)], rel=1e-6 if dtype is torch.float32 else 1e-15)


def test_the_order_of_calls_is_watched_as_torch_does() -> None:
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(optimizer, scheduler, 5)


def test_it_trains() -> None:
    torch.manual_seed(0)
    weights = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    optimizer = torch.optim.SGD([weights], lr=0.4)
    scheduler = lrdsl.compile("warmup(5) then cosine(45)", optimizer)
    for _ in range(50):
        optimizer.zero_grad()
        (weights**2).sum().backward()
        optimizer.step()
        scheduler.step()
    assert float((weights**2).sum().detach()) < 1e-6
    assert scheduler.finished


def test_a_step_count_that_accelerate_can_move() -> None:
    scheduler = lrdsl.compile("linear(10)", torch.optim.SGD([parameter()], lr=0.1))
    assert scheduler._step_count == 1
    scheduler._step_count += 1
    assert (scheduler._step_count, scheduler.last_epoch) == (2, 0)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2], ids=str)
@pytest.mark.parametrize("way", ["compile", "add", "load", "by hand"])
def test_a_tensor_that_cannot_hold_a_rate_is_refused(dtype: torch.dtype, way: str) -> None:
    """Filled with 0.75, a tensor of whole numbers is 0, and the run would train no more; one of eight bits rounds small rates to 0."""

    def compiled() -> None:
        given = torch.optim.SGD([parameter()], lr=1.0)
        given.param_groups[0]["lr"] = rate
        lrdsl.compile("linear(4)", given)

    def added() -> None:
        optimizer.add_param_group({"params": [parameter()], "lr": rate})
        scheduler.step()

    def loaded() -> None:
        state["param_groups"][0]["lr"] = rate
        optimizer.load_state_dict(state)
        scheduler.step()

    def put() -> None:
        optimizer.param_groups[0]["lr"] = rate
        scheduler.step()

    rate = torch.ones(()).to(dtype)
    optimizer = torch.optim.SGD([parameter()], lr=torch.tensor(1.0))
    scheduler = lrdsl.compile("linear(4)", optimizer)
    state = optimizer.state_dict()
    optimizer.step()
    with pytest.raises(lrdsl.ScheduleError, match=r"torch\.tensor\((1\.0|0\.1)\)"):
        {"compile": compiled, "add": added, "load": loaded, "by hand": put}[way]()
    assert scheduler.last_epoch == 0


def test_tensors_that_cannot_be_filled() -> None:
    with torch.inference_mode():
        inference = torch.tensor(1.0)
    for rate in (torch.tensor(1.0, requires_grad=True), inference, torch.tensor([1.0, 2.0]), torch.tensor(1.0, device="meta"), torch.tensor(float("nan"))):
        groups = torch.optim.SGD([{"params": [parameter()]}], lr=0.1)
        groups.param_groups[0]["lr"] = rate
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            lrdsl.compile("linear(4)", groups)
    lrdsl.compile("momentum = linear(4)", torch.optim.SGD([parameter()], lr=torch.tensor(1), momentum=0.9))


def test_one_tensor_for_groups_of_different_rates() -> None:
    """Filled for each group in turn, it would have the rate of the last."""
    rate = torch.tensor(0.1)
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()], "name": "head"}], lr=0.1)
    for group in optimizer.param_groups:
        group["lr"] = rate
    scheduler = lrdsl.compile('lr = linear(4); lr["head"] = 0.5 * lr', optimizer)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert [float(group["lr"]) for group in optimizer.param_groups] == pytest.approx([0.075, 0.0375])


def test_the_rates_in_force_are_those_of_the_schedule() -> None:
    """Whatever a hand has put into a group, or whatever is left of a level in 32 bits."""
    opt = SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": torch.tensor(0.1, dtype=torch.float32)}])
    scheduler = lrdsl.compile("linear(10)", opt)
    scheduler.step()
    levels = [scheduler.at(1, group) for group in (0, 1)]
    assert scheduler.get_last_lr() == levels
    assert float(opt.param_groups[1]["lr"]) != levels[1]
    opt.param_groups[0]["lr"] = 5.0
    opt.param_groups[1]["lr"].fill_(7.0)
    assert scheduler.get_last_lr() == levels


def test_seek_to_a_fraction_of_an_epoch() -> None:
    """As timm and torch's warm restarts are stepped: `step(epoch + i / iters)`."""
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = lrdsl.compile("warmup(2) then cosine(8)", optimizer, tick="epoch")
    for epoch in range(3):
        for i in range(4):
            optimizer.step()
            scheduler.seek(epoch + i / 4)
            assert optimizer.param_groups[0]["lr"] == scheduler.at(epoch + i / 4) == scheduler.get_last_lr()[0]
            assert scheduler.last_epoch == epoch
    assert (scheduler.phase.text, scheduler.remaining) == ("cosine(8)", 7.25)
    assert scheduler.state_dict()["last_epoch"] == 2
    scheduler.step()
    assert (scheduler.last_epoch, optimizer.param_groups[0]["lr"]) == (3, scheduler.at(3))
    scheduler.seek(1.75)
    scheduler.load_state_dict(scheduler.state_dict())
    assert (scheduler.get_last_lr(), optimizer.param_groups[0]["lr"]) == ([scheduler.at(1)], scheduler.at(1))
    scheduler.seek(2.5)
    twin = pickle.loads(pickle.dumps(scheduler))
    assert twin.get_last_lr() == [scheduler.at(2.5)]
    optimizer.add_param_group({"params": [parameter()], "lr": 1.0})
    assert scheduler.get_last_lr()[0] == scheduler.at(2.5)


@pytest.mark.parametrize(
    "tick",
    [
        7,
        7.0,
        np.int64(7),
        np.int32(7),
        np.uint8(7),
        np.float32(7),
        np.float64(7.0),
        torch.tensor(7),
        torch.tensor(7.0),
        torch.tensor([7]),
        Fraction(7),
        np.array(7),
    ],
    ids=repr,
)
def test_seek_takes_numbers_of_numpy_and_torch(tick: Any) -> None:
    scheduler = lrdsl.compile("linear(10)", torch.optim.SGD([parameter()], lr=0.1))
    scheduler.seek(tick)
    assert (scheduler.last_epoch, type(scheduler.last_epoch), scheduler.get_last_lr()) == (7, int, [scheduler.at(7)])
    assert json.loads(json.dumps(scheduler.state_dict()))["last_epoch"] == 7


@pytest.mark.parametrize(
    "text", ["step(3, 0.1) then cosine(20)", "every(2, linear(10))", "hold(5/2) then linear(7/2)", "exp(0.9) * warmup(4)", "cumprod(0.9 + 0.1*t/(t + 5))"]
)
@pytest.mark.parametrize("rate", [0.1, torch.tensor(0.1, dtype=torch.float64)], ids=["float", "tensor"])
def test_every_fraction_has_the_level_of_its_tick(text: str, rate: Any) -> None:
    optimizer = torch.optim.Adam([parameter()], lr=rate.clone() if isinstance(rate, torch.Tensor) else rate, foreach=False)
    scheduler = lrdsl.compile(text, optimizer)
    for tick in (0.5, 2.25, 2.5, 3.999, 6, 6.5, 1.75, 30.1):
        scheduler.seek(tick)
        assert float(optimizer.param_groups[0]["lr"]) == scheduler.at(tick) == scheduler.get_last_lr()[0]
        optimizer.step()
        scheduler.step()
        assert float(optimizer.param_groups[0]["lr"]) == scheduler.at(int(tick) + 1)


def test_going_back_by_a_fraction_forgets_what_came_later() -> None:
    scheduler = lrdsl.compile("hold until loss < 0.3 then linear(4)", torch.optim.SGD([parameter()], lr=1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(4):
            scheduler.step(loss=0.1)
    scheduler.seek(3.5)
    assert scheduler.get_last_lr() == [1.0 - 2.5 / 4]
    scheduler.seek(0.5)
    assert scheduler.get_last_lr() == [1.0]


@pytest.mark.parametrize("last_epoch", [0, 5, np.int64(5), "5", 1.5, True], ids=repr)
def test_last_epoch_says_seek(last_epoch: Any) -> None:
    from lrdsl.torch import LRScheduler

    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    for make in (
        lambda: lrdsl.compile("linear(10)", optimizer, last_epoch=last_epoch),
        lambda: LRScheduler(optimizer, "linear(10)", last_epoch=last_epoch),
        lambda: lrdsl.compile("linear(10)", SimpleNamespace(param_groups=[{"lr": 0.1}]), last_epoch=last_epoch),
    ):
        with pytest.raises(lrdsl.ScheduleError, match=r"scheduler\.seek\("):
            make()
    assert lrdsl.compile("linear(10)", optimizer, last_epoch=-1).last_epoch == 0


def test_last_lr_is_there_as_torch_has_it() -> None:
    scheduler = lrdsl.compile("linear(10)", torch.optim.SGD([parameter()], lr=0.1))
    run(scheduler.optimizer, scheduler, 3)
    assert scheduler._last_lr == scheduler.get_last_lr() == [scheduler.at(3)]
    assert "_last_lr" not in scheduler.state_dict()


def test_what_a_scheduler_and_a_phase_look_like() -> None:
    scheduler = lrdsl.compile("warmup(5) then cosine(95)", torch.optim.SGD([parameter()], lr=0.1))
    assert repr(scheduler) == "<LRScheduler 'warmup(5) then cosine(95)' at tick 0: lr 0>"
    scheduler.seek(7.5)
    assert repr(scheduler) == "<LRScheduler 'warmup(5) then cosine(95)' at tick 7.5: lr 0.0998292>"
    assert repr(scheduler.phase) == "<Phase 'cosine(95)' from tick 5, 95 ticks>"
    groups = [{"params": [parameter()], "lr": 10.0**-i} for i in range(6)]
    assert repr(lrdsl.compile("hold", torch.optim.SGD(groups))) == "<LRScheduler 'hold' at tick 0: lr [1, 0.1, 0.01, ...]>"
    assert repr(lrdsl.parse("hold until loss < 0.3 then linear(5)").phases[1]) == "<Phase 'linear(5)' from an event, 5 ticks>"
    long = " then ".join(f"hold({i})" for i in range(1, 60))
    assert len(repr(lrdsl.compile(long, torch.optim.SGD([parameter()], lr=0.1)))) < 110
    assert (
        repr(lrdsl.compile("momentum = hold", SimpleNamespace(param_groups=[{"lr": 0.1, "momentum": 0.9}])))
        == "<Scheduler 'momentum = hold' at tick 0: lr 0.1>"
    )
