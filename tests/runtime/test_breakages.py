"""Tests of what is known to break learning-rate schedulers in practice, one test each; `test_resuming` has those about saved runs."""

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


@pytest.mark.parametrize("text", [TEXT, "plateau(patience=0, metric=loss)", "hold until loss < 3 then linear(5)"])
def test_a_tensor_rate_compiles_the_step_once(text: str) -> None:
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


def test_a_schedule_in_steps_that_is_ticked_by_the_epoch_warns_at_its_first_tick() -> None:
    """A one-cycle policy for all steps of a run, in a loop that called it once an epoch, went over a thousandth of its way."""
    optimizer = sgd()
    scheduler = lrdsl.compile("onecycle(total)", optimizer, steps_per_epoch=10, total_epochs=5)
    for epoch in range(3):
        for _ in range(10):
            optimizer.step()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scheduler.step()
        assert [("an epoch, before the first tick" in str(w.message), 'tick="epoch"' in str(w.message)) for w in caught] == [(True, True)] * (epoch == 0)


@pytest.mark.parametrize(
    ("steps", "clock"), [(1, {"steps_per_epoch": 10}), (10, {"steps_per_epoch": 10, "tick": "epoch"}), (9, {"steps_per_epoch": 10}), (10, {})]
)
def test_a_loop_that_ticks_as_its_clock_says_does_not_warn(steps: int, clock: dict[str, Any]) -> None:
    optimizer = sgd()
    scheduler = lrdsl.compile("cosine(50)", optimizer, **clock)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            for _ in range(steps):
                optimizer.step()
            scheduler.step()


@pytest.mark.parametrize("text", [TEXT, "plateau(patience=0, metric=loss)", "hold until loss < 3 then linear(5)", "restarts(cosine(2), stretch=2)"])
def test_a_compiled_function_that_steps_both_is_one_graph(text: str) -> None:
    """torch's tutorial compiles `optimizer.step(); scheduler.step()`. A trace of a scheduler depends on its tick, and one of the making of a phase fails."""
    torch._dynamo.reset()
    weights = parameter()
    optimizer = torch.optim.Adam([weights], lr=torch.tensor(0.1), foreach=False)
    scheduler = lrdsl.compile(text, optimizer)
    counter = CompileCounter()

    @torch.compile(backend=counter)
    def step(loss: float) -> None:
        optimizer.step()
        scheduler.step(loss=loss)

    followed = scheduler.schedule.metrics
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tick in range(20):
            optimizer.zero_grad()
            (weights**2).sum().backward()
            step(18.0 - tick if tick < 18 else 50.0)
            seen.append(float(optimizer.param_groups[0]["lr"]))
    assert counter.frame_count == 1
    alone = lrdsl.compile(text, sgd())
    for tick in range(20):
        alone.optimizer.step()
        alone.step(**({"loss": 18.0 - tick if tick < 18 else 50.0} if followed else {}))
        assert seen[tick] == pytest.approx(alone.get_last_lr()[0], rel=1e-6)
    assert len(set(seen)) > 1


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


@pytest.mark.parametrize(
    "text", ["plateau(patience=0, factor=0.5, metric=loss)", "restarts(cosine(7))", "lr = warmup(2) then plateau(patience=0, min=1e-3, metric=loss)"]
)
def test_a_group_that_was_added_moves_with_the_others(text: str) -> None:
    """A plateau had a least rate for each group of the start, and restarts left new groups alone."""
    scheduler = lrdsl.compile(text, sgd())
    for tick in range(12):
        if tick == 3:
            scheduler.optimizer.add_param_group({"params": [parameter()], "lr": 0.01, "initial_lr": 0.02})
        scheduler.optimizer.step()
        scheduler.step(loss=1.0)
    assert scheduler.get_last_lr() == [scheduler.at(12), scheduler.at(12, group=1)] == [group["lr"] for group in scheduler.optimizer.param_groups]
    assert scheduler.at(12, group=1) == pytest.approx(max(0.2 * scheduler.at(12), 1e-3 if "min" in text else 0))
    assert scheduler.at(12, group=1) < 0.02


@pytest.mark.parametrize("again", ["a copy of each group", "the state of the optimizer"])
def test_groups_that_are_made_anew_are_followed(again: str) -> None:
    """A wrapper put other groups into the optimizer; the scheduler went on with the old ones, and the rate stayed."""
    scheduler = lrdsl.compile("linear(10)", sgd())
    optimizer = scheduler.optimizer
    for _ in range(3):
        if again == "a copy of each group":
            optimizer.param_groups = [dict(group) for group in optimizer.param_groups]
        else:
            optimizer.load_state_dict(optimizer.state_dict())
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]["lr"] == scheduler.at(scheduler.last_epoch) == scheduler.get_last_lr()[0]


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


@pytest.mark.parametrize("text", ["multistep([2, 8])", "step(2)", "exp(0.5)", "restarts(cosine(3))", "scale(1 / (1 + t))", "cumprod(0.5)"])
def test_asking_for_the_rate_is_no_step(text: str) -> None:
    """`get_lr` of a recursive schedule computed the next rate from the present one, so a milestone counted twice."""
    scheduler = lrdsl.compile(text, sgd())
    for tick in range(10):
        assert scheduler.get_lr() == scheduler.get_lr() == scheduler.get_last_lr() == scheduler._last_lr == [scheduler.at(tick)]
        scheduler.optimizer.step()
        scheduler.step()


def test_going_to_one_tick_again_and_again() -> None:
    """`step(epoch=2)` multiplied by gamma each time."""
    scheduler = lrdsl.compile("step(2, 0.5)", sgd())
    for _ in range(5):
        scheduler.seek(2)
        assert scheduler.get_last_lr() == [0.05]


def test_phases_do_not_multiply_each_other() -> None:
    """A sequence began with the product of the first factors of all its schedulers."""
    scheduler = lrdsl.compile("hold(3, at=0.5x) then hold(at=0.3x)", sgd(1.0))
    assert rates(scheduler, 6) == [0.5] * 3 + [0.3] * 3
    assert rates(lrdsl.compile("exp(0.5) for 3 then exp(0.9)", sgd(1.0)), 5) == pytest.approx([1, 0.5, 0.25, 0.125, 0.1125])


@pytest.mark.parametrize(("text", "expected"), [("warmup(w) then exp(0.5)", [0.1, 0.05]), ("hold(1) then linear(w, to=0.01) then hold", [0.1, 0.01, 0.01])])
def test_a_phase_of_no_ticks_is_left_out(text: str, expected: list[float]) -> None:
    """A milestone at 0 had the first scheduler set the rate all the same, and a decay of no steps divided by 0."""
    assert rates(lrdsl.compile(text, sgd(), names={"w": 0}), len(expected)) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["onecycle(10)", "warmup(2) then poly(8, power=0.9)", "restarts(cosine(5), times=2)", "scale(1 - t/10)"])
def test_a_run_that_is_longer_than_its_schedule_goes_on(text: str) -> None:
    """A step past the total raised; a share below 0 to a power was no number."""
    scheduler = lrdsl.compile(f"({text}) for 10", sgd())
    rates(scheduler, 30)
    assert scheduler.finished
    assert scheduler.get_last_lr() == [scheduler.at(10)]
    assert 0 <= scheduler.at(10) < 1e-5


def test_late_ticks_of_cycles_that_halve() -> None:
    """The power of two of the cycle's number was too large for a float."""
    scheduler = lrdsl.compile("cyclic(5e-5, 1e-4, 5, mode=triangular2)", sgd())
    scheduler.seek(100_005)
    assert scheduler.get_last_lr() == [5e-5]


def test_a_warmup_meets_the_decay_and_the_decay_the_end_of_the_run() -> None:
    """The decay ran during the warmup: the rate fell at its end, and the least rate came too early, or never."""
    scheduler = lrdsl.compile("warmup(20, from=1e-5) then cosine(rest, to=1e-5)", sgd(1e-3), total_steps=300)
    assert (scheduler.at(0), scheduler.at(20), scheduler.at(300)) == (1e-5, 1e-3, 1e-5)
    assert max(abs(scheduler.at(tick + 1) - scheduler.at(tick)) for tick in range(300)) <= (1e-3 - 1e-5) / 20 + 1e-12
    assert scheduler.at(299) > 1e-5


def test_one_cycle_that_is_stepped_by_the_epoch_is_as_long_as_the_run() -> None:
    """It counted batches, so that it had hardly begun when the run was over."""
    scheduler = lrdsl.compile("onecycle(rest)", sgd(), total_epochs=10, steps_per_epoch=1000, tick="epoch")
    seen = rates(scheduler, 10)
    assert max(seen) > 0.09
    assert (seen[0], seen[-1]) == (pytest.approx(0.004), pytest.approx(4e-7))


def test_more_betas_than_two_and_an_optimizer_without_momentum() -> None:
    """A cycle of momentum took every optimizer to have a momentum or two betas."""
    optimizer = torch.optim.Adam([parameter()], lr=0.1)
    optimizer.param_groups[0]["betas"] = (0.9, 0.95, 0.999)  # type: ignore[assignment]
    scheduler = lrdsl.compile("lr = onecycle(100); betas[0] = onecycle.momentum(100)", optimizer)
    scheduler.seek(29)
    assert optimizer.param_groups[0]["betas"] == (0.85, 0.95, 0.999)
    with pytest.raises(lrdsl.ScheduleError, match="has no `momentum`") as refused:
        lrdsl.compile("lr = cyclic(0.1, 1, 20); momentum = cyclic(0.85, 0.95, 20)", torch.optim.Adam([parameter()], lr=0.1))
    assert "`betas[0]`" in str(refused.value)
    assert rates(lrdsl.compile("cyclic(0.1, 1, 20)", torch.optim.Adam([parameter()], lr=0.1)), 2) == pytest.approx([0.1, 0.145])


def test_a_step_that_the_gradient_scaler_makes_is_seen() -> None:
    """The scheduler said that the optimizer had not stepped, since the program itself calls `scaler.step` alone."""
    weights = parameter()
    optimizer = torch.optim.SGD([weights], lr=0.1)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    scaler = torch.amp.GradScaler("cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaler.scale((weights**2).sum()).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_([weights], 1.0)
        scaler.step(optimizer)
        scheduler.step()
        scaler.update()
    assert optimizer.param_groups[0]["lr"] == scheduler.at(1)


def test_an_optimizer_that_begins_later_waits_without_a_warning() -> None:
    """The scheduler of a discriminator that trains from some epoch on was stepped from the first."""
    optimizer = sgd()
    scheduler = lrdsl.compile("linear(10)", optimizer, wait_for_optimizer=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for epoch in range(6):
            if epoch > 3:
                optimizer.step()
            scheduler.step()
    assert scheduler.last_epoch == 2
