"""Tests of two schedulers on one optimizer, of torch's containers, and of whether the optimizer has stepped."""

from __future__ import annotations

import copy
import re
import warnings
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

import lrdsl


def sgd(*rates: float, **options: Any) -> torch.optim.Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": rate} for rate in rates or (0.1,)]
    return torch.optim.SGD(groups, lr=0.1, **options)


def rate(optimizer: torch.optim.Optimizer) -> float:
    return optimizer.param_groups[0]["lr"]


def run(optimizer: torch.optim.Optimizer, *schedulers: Any, ticks: int = 1) -> list[float]:
    rates = []
    for _ in range(ticks):
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
        rates.append(rate(optimizer))
    return rates


def test_a_second_scheduler_on_one_value_is_told_with_the_product() -> None:
    optimizer = sgd()
    first = lrdsl.compile("warmup(5) then hold", optimizer)
    with pytest.warns(lrdsl.ScheduleWarning, match=re.escape("`(warmup(5) then hold) * (cosine(50))`")):
        lrdsl.compile("cosine(50)", optimizer)
    lrdsl.parse("(warmup(5) then hold) * (cosine(50))")
    assert first.last_epoch == 0


@pytest.mark.parametrize(
    ("one", "two", "momentum"),
    [("cosine(50)", "momentum = linear(5, to=0.5)", 0.9), ('lr["a"] = cosine(50)', 'lr["b"] = linear(5)', 0.0), ("weight_decay = hold", "lr = hold", 0.0)],
)
def test_schedulers_of_different_values_bring_no_warning(one: str, two: str, momentum: float) -> None:
    optimizer = sgd(0.1, 0.1, momentum=momentum)
    for group, name in zip(optimizer.param_groups, "ab", strict=True):
        group["name"] = name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = lrdsl.compile(one, optimizer), lrdsl.compile(two, optimizer)
        run(optimizer, first, second, ticks=3)


def test_one_that_replaces_another_brings_no_warning() -> None:
    optimizer = sgd()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            scheduler = lrdsl.compile("cosine(50)", optimizer)
            run(optimizer, scheduler)
            del scheduler
        copy.deepcopy(lrdsl.compile("cosine(50)", sgd()))


def test_torchs_scheduler_beside_it_is_told() -> None:
    optimizer = sgd()
    theirs = lr_scheduler.StepLR(optimizer, 3)
    with pytest.warns(lrdsl.ScheduleWarning, match="StepLR"):
        lrdsl.compile("cosine(50)", optimizer)
    del theirs
    lrdsl.compile("cosine(50)", optimizer)
    optimizer = sgd(momentum=0.9)
    other = lr_scheduler.StepLR(optimizer, 3)
    lrdsl.compile("momentum = cosine(50)", optimizer)
    assert other.last_epoch == 0


def test_torchs_scheduler_that_comes_later_is_told_at_the_first_step() -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("cosine(50)", optimizer)
    theirs = lr_scheduler.ExponentialLR(optimizer, 0.9)
    optimizer.step()
    with pytest.warns(lrdsl.ScheduleWarning, match="ExponentialLR"):
        scheduler.step()
    assert theirs.last_epoch == 0


@pytest.mark.filterwarnings("ignore::lrdsl.ScheduleWarning")
def test_a_chain_is_refused_with_the_product() -> None:
    optimizer = sgd()
    parts = [lrdsl.compile("warmup(5) then hold", optimizer), lrdsl.compile("cosine(50)", optimizer)]
    chain = lr_scheduler.ChainedScheduler(parts, optimizer)
    optimizer.step()
    with pytest.raises(lrdsl.ScheduleError, match=re.escape("(warmup(5) then hold) * (cosine(50))")):
        chain.step()
    assert [part.last_epoch for part in parts] == [0, 0]
    optimizer = sgd()
    chain = lr_scheduler.ChainedScheduler([lr_scheduler.LinearLR(optimizer), lrdsl.compile("cosine(50)", optimizer)])
    optimizer.step()
    with pytest.raises(lrdsl.ScheduleError, match=re.escape("(cosine(50)) * (... LinearLR)`; `lrdsl.read(scheduler)` gives the text of torch's")):
        chain.step()


def test_a_chain_of_different_values_works() -> None:
    optimizer = sgd(momentum=0.9)
    parts = [lrdsl.compile("cosine(50)", optimizer), lrdsl.compile("momentum = linear(10)", optimizer)]
    chain = lr_scheduler.ChainedScheduler(parts, optimizer)
    run(optimizer, chain, ticks=3)
    assert (rate(optimizer), optimizer.param_groups[0]["momentum"]) == (parts[0].at(3), parts[1].at(3, target="momentum"))
    alone = sgd()
    run(alone, lr_scheduler.ChainedScheduler([lrdsl.compile("cosine(50)", alone)]), ticks=2)


def _torchs(optimizer: torch.optim.Optimizer) -> list[Any]:
    return [lr_scheduler.LinearLR(optimizer, 0.5, 1, 4), lr_scheduler.CosineAnnealingLR(optimizer, 10)]


TEXTS = ("linear(4, from=0.5x, to=1x)", "cosine(10)")


@pytest.mark.filterwarnings("ignore::lrdsl.ScheduleWarning")
@pytest.mark.parametrize("ours", [(0, 1), (0,), (1,)])
def test_a_sequence_gives_what_torch_gives(ours: tuple[int, ...]) -> None:
    def sequence() -> tuple[torch.optim.Optimizer, Any]:
        optimizer = sgd()
        parts = [lrdsl.compile(TEXTS[i], optimizer) if i in ours else _torchs(optimizer)[i] for i in (0, 1)]
        return optimizer, lr_scheduler.SequentialLR(optimizer, parts, [4])

    reference = sgd()
    expected = run(reference, lr_scheduler.SequentialLR(reference, _torchs(reference), [4]), ticks=12)
    optimizer, scheduler = sequence()
    assert rate(optimizer) == pytest.approx(0.05)
    assert run(optimizer, scheduler, ticks=12) == pytest.approx(expected)
    for until in (2, 4, 7):
        optimizer, scheduler = sequence()
        run(optimizer, scheduler, ticks=until)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer, scheduler = sequence()
        optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        assert rate(optimizer) == pytest.approx(expected[until - 1])
        assert run(optimizer, scheduler, ticks=12 - until) == pytest.approx(expected[until:])


@pytest.mark.filterwarnings("ignore::lrdsl.ScheduleWarning", "ignore:Detected call of:UserWarning")  # torch's own, also among its own
def test_a_part_of_an_inner_sequence_that_is_over_stores_nothing_when_it_is_loaded() -> None:
    """torch's step goes on from the rate that it finds."""

    def made(ours: bool) -> tuple[torch.optim.Optimizer, Any]:
        optimizer = sgd()
        first = lrdsl.compile(TEXTS[0], optimizer) if ours else _torchs(optimizer)[0]
        later = lrdsl.compile("exp(0.9)", optimizer) if ours else lr_scheduler.ExponentialLR(optimizer, 0.9)
        inner = lr_scheduler.SequentialLR(optimizer, [first, later], [2])
        return optimizer, lr_scheduler.SequentialLR(optimizer, [inner, lr_scheduler.StepLR(optimizer, 2, 0.5)], [4])

    expected = run(*made(False), ticks=10)
    for until in (1, 2, 3, 4, 7):
        optimizer, scheduler = made(True)
        assert run(optimizer, scheduler, ticks=until) == pytest.approx(expected[:until])
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer, scheduler = made(True)
        optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        assert rate(optimizer) == pytest.approx(expected[until - 1])
        assert run(optimizer, scheduler, ticks=10 - until) == pytest.approx(expected[until:])


def messages(scheduler: Any, steps: int = 1) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(steps):
            scheduler.step()
    return [str(warning.message) for warning in caught]


def test_the_order_of_calls_is_right_after_seek() -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("linear(100)", optimizer)
    scheduler.seek(30)
    assert [re.search("tick [0-9]+", text)[0] for text in messages(scheduler, 3)] == ["tick 30"]  # type: ignore[index]
    scheduler = lrdsl.compile("linear(100)", optimizer := sgd())
    optimizer.step()
    scheduler.seek(30)
    assert messages(scheduler, 3) == []
    scheduler.seek(0)
    assert messages(scheduler, 3) == []


def test_the_order_of_calls_with_a_step_that_was_replaced() -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("linear(100)", optimizer)
    optimizer.step = lambda: None  # type: ignore[method-assign, assignment]
    optimizer.step()
    assert messages(scheduler) == []
    optimizer = sgd()
    original = optimizer.step
    optimizer.step = lambda: original()  # type: ignore[method-assign, assignment]
    scheduler = lrdsl.compile("linear(100)", optimizer)
    optimizer.step()
    assert messages(scheduler) == []


def infinite(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        group["params"][0].grad = torch.full((2,), float("inf"))


@pytest.mark.parametrize("update", [True, False])
def test_a_step_that_the_scaler_skipped_is_called_so(update: bool) -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("linear(100)", optimizer)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(torch.zeros(()))
    infinite(optimizer)
    scaler.step(optimizer)
    if update:
        scaler.update()
    (message,) = messages(scheduler)
    assert message.startswith("Detected call of `lr_scheduler.step()` before `optimizer.step()`")
    assert "gradient scaler has skipped" in message
    assert "wait_for_optimizer" in message


def test_waiting_for_the_optimizer() -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("linear(100)", optimizer, wait_for_optimizer=True)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(torch.zeros(()))
    ticks = []
    for finite in (False, True, True, False, False, True):
        infinite(optimizer)
        if finite:
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        ticks.append(scheduler.last_epoch)
    assert ticks == [0, 1, 2, 2, 2, 3]
    scheduler.step()
    assert (scheduler.last_epoch, rate(optimizer)) == (3, scheduler.at(3))
    again = copy.deepcopy(scheduler)
    again.step()
    run(again.optimizer, again)
    assert again.last_epoch == 4


def test_waiting_with_several_ticks_a_step() -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("linear(100)", optimizer, ticks_per_step=3, wait_for_optimizer=True)
    for _ in range(5):
        scheduler.step()
    assert scheduler.last_epoch == 0
    optimizer.step()
    for _ in range(5):
        scheduler.step()
    assert scheduler.last_epoch == 3


def test_waiting_keeps_what_was_reported() -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("hold until loss < 0.3 then hold(at=0.05)", optimizer, wait_for_optimizer=True)
    scheduler.step(loss=0.1)
    assert (scheduler.last_epoch, rate(optimizer)) == (0, 0.1)
    optimizer.step()
    scheduler.step(loss=None)
    assert (scheduler.last_epoch, rate(optimizer)) == (1, 0.05)


def test_a_fused_step_that_the_device_leaves_out() -> None:
    optimizer = sgd(fused=True)
    infinite(optimizer)
    scheduler = lrdsl.compile("linear(100)", optimizer, wait_for_optimizer=True)
    for found in (1.0, 0.0):
        optimizer.found_inf = torch.tensor(found)  # type: ignore[attr-defined]  # as GradScaler sets it for the time of the step
        optimizer.step()
        scheduler.step()
    assert scheduler.last_epoch == 1


def test_what_cannot_tell_when_it_steps_is_not_waited_for() -> None:
    from types import SimpleNamespace

    with pytest.raises(lrdsl.ScheduleError, match="wait_for_optimizer"):
        lrdsl.compile("linear(4)", SimpleNamespace(param_groups=[{"lr": 0.1}]), wait_for_optimizer=True)


def test_schedulers_leave_no_hooks_behind() -> None:
    optimizer = sgd()
    for _ in range(3):
        scheduler = lrdsl.compile("linear(4)", optimizer)
        del scheduler
    assert not optimizer._optimizer_step_post_hooks


@pytest.mark.parametrize("text", ["linear(8)", "cosine(8)"])
def test_a_part_that_has_not_begun_stays_so_when_it_is_loaded(text: str) -> None:
    """With another schedule too, if it may be loaded."""

    def made(later: str) -> tuple[torch.optim.Optimizer, lr_scheduler.SequentialLR]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        return optimizer, lr_scheduler.SequentialLR(optimizer, [lrdsl.compile("linear(4)", optimizer), lrdsl.compile(later, optimizer, migrate=True)], [3])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lrdsl.ScheduleWarning)
        optimizer, sequence = made("linear(8)")
        (again, loaded) = made(text)
    optimizer.step()
    sequence.step()
    loaded.load_state_dict(sequence.state_dict())
    parts = loaded._schedulers
    assert [part.last_epoch for part in parts] == [1, -1]
    assert (rate(again), parts[1].remaining) == (parts[0].at(1), 8)
    for _ in range(4):
        again.step()
        loaded.step()
    assert rate(again) == parts[1].at(2)


def test_a_scheduler_without_a_text_is_named_and_no_part_of_a_repair() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    other = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.9**t)
    with pytest.warns(lrdsl.ScheduleWarning) as caught:
        lrdsl.compile("cosine(10)", optimizer)
    (warning,) = caught
    assert isinstance(warning.message, lrdsl.ScheduleWarning)
    assert "`LambdaLR`" in warning.message.diagnostic.message
    assert warning.message.diagnostic.help.startswith("write one text for both; `lrdsl.read(scheduler)` gives that of the other")
    assert other.last_epoch == 0
