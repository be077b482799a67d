"""Tests of `Scheduler` on objects with param groups that are not torch optimizers."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.drawing import examples
from tests.properties import texts


def optimizer(*bases: float) -> Any:
    return SimpleNamespace(param_groups=[{"lr": base} for base in bases or (0.1,)])


def levels(opt: Any) -> list[float]:
    return [group["lr"] for group in opt.param_groups]


def test_tick_0_is_in_force_at_once() -> None:
    opt = optimizer(0.1, 1.0)
    scheduler = lrdsl.compile("warmup(4)", opt)
    assert levels(opt) == [0.0, 0.0]
    scheduler.step()
    assert levels(opt) == [0.025, 0.25]
    assert scheduler.get_last_lr() == [0.025, 0.25]
    assert scheduler.base_lrs == [0.1, 1.0]
    assert scheduler.last_epoch == 1


def test_where_it_is() -> None:
    scheduler = lrdsl.compile("warmup(5) then hold(10) then cosine(20)", optimizer())
    assert (scheduler.phase.text, scheduler.finished, scheduler.remaining) == ("warmup(5)", False, 35)
    scheduler.seek(5)
    assert scheduler.phase.text == "hold(10)"
    scheduler.seek(34)
    assert (scheduler.phase.text, scheduler.finished, scheduler.remaining) == ("cosine(20)", False, 1)
    scheduler.step()
    assert (scheduler.finished, scheduler.remaining) == (True, 0)
    scheduler.seek(10**9)
    assert (scheduler.finished, scheduler.remaining, levels(scheduler.optimizer)) == (True, 0, [0.0])


@pytest.mark.parametrize(
    ("text", "remaining"),
    [
        ("hold(5)", [5, 4, 3, 2, 1, 0, 0]),
        ("hold(5/2)", [2.5, 1.5, 0.5, 0]),
        ("hold(5/2) then hold(1/2)", [3, 2, 1, 0]),
        ("lr = hold(1); momentum = hold(3)", [3, 2, 1, 0]),
    ],
)
def test_what_remains_is_an_int_where_it_is_whole(text: str, remaining: list[float]) -> None:
    scheduler = lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1, "momentum": 0.9}]))
    for expected in remaining:
        assert (scheduler.remaining, type(scheduler.remaining)) == (expected, type(expected))
        assert scheduler.finished == (expected == 0)
        scheduler.step()


def test_a_rate_that_is_not_scheduled_is_the_group_s_own() -> None:
    opt = SimpleNamespace(param_groups=[{"lr": 0.1, "name": "a"}, {"lr": 0.2, "name": "b"}])
    scheduler = lrdsl.compile('lr["b"] = linear(10)', opt)
    scheduler.step()
    opt.param_groups[0]["lr"] = 5.0
    assert scheduler.get_last_lr() == [5.0, scheduler.at(1, 1)] == [5.0, 0.2 * 0.9]


def test_an_endless_schedule_has_no_end() -> None:
    scheduler = lrdsl.compile("warmup(5) then exp(0.9)", optimizer())
    scheduler.seek(10**6)
    assert (scheduler.finished, scheduler.remaining, scheduler.phase.text) == (False, None, "exp(0.9)")


def test_asking_does_not_touch_the_optimizer() -> None:
    opt = optimizer(0.1, 1.0)
    scheduler = lrdsl.compile("linear(10)", opt)
    assert scheduler.at(5) == 0.05
    assert scheduler.at(5, group=1) == 0.5
    assert scheduler.values(3, group=1).tolist() == [1.0, 0.9, 0.8]
    assert scheduler.values([9, 1]).tolist() == [scheduler.at(9), scheduler.at(1)]
    assert levels(opt) == [0.1, 1.0]
    assert scheduler.last_epoch == 0


@pytest.mark.parametrize("tick", [-1, -0.5, True, "3", None, float("nan"), 10**13, [3]])
def test_seek_wants_a_tick(tick: Any) -> None:
    scheduler = lrdsl.compile("linear(10)", optimizer())
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        scheduler.seek(tick)
    assert scheduler.last_epoch == 0


def test_options_belong_to_text() -> None:
    scheduler = lrdsl.compile("warmup(5%) then cosine(rest)", optimizer(), total_steps=100)
    assert scheduler.remaining == 100
    with pytest.raises(TypeError):
        lrdsl.compile(lrdsl.parse("linear(10)"), optimizer(), total_steps=100)
    with pytest.raises(TypeError, match="steps"):
        lrdsl.compile("linear(10)", optimizer(), steps=100)


def test_a_state_is_plain_data() -> None:
    scheduler = lrdsl.compile("warmup(w) then cosine(rest, to=1e-5)", optimizer(0.1, 0.01), total_epochs=3, steps_per_epoch=33, names={"w": 7})
    scheduler.seek(40)
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state == scheduler.state_dict()
    opt = optimizer(0.1, 0.01)
    again = lrdsl.compile("warmup(w) then cosine(rest, to=1e-5)", opt, total_epochs=3, steps_per_epoch=33, names={"w": 7})
    again.load_state_dict(state)
    assert levels(opt) == levels(scheduler.optimizer)
    assert again.last_epoch == 40


@examples(50)
@given(texts.schedules(longest=100), st.integers(0, 150), st.integers(0, 20))
def test_a_resumed_run_is_the_unbroken_run(schedule: lrdsl.Schedule, before: int, after: int) -> None:
    unbroken = lrdsl.compile(schedule, optimizer(0.3, 0.7))
    unbroken.seek(before)
    # A checkpoint holds the optimizer's groups as they were; a fresh scheduler on them must not take their levels for bases.
    saved = json.loads(json.dumps({"groups": unbroken.optimizer.param_groups, "schedule": unbroken.state_dict()}))
    fresh = optimizer(0.3, 0.7)
    resumed = lrdsl.compile(str(schedule), fresh)
    for group, values in zip(fresh.param_groups, saved["groups"], strict=True):
        group.update(values)
    resumed.load_state_dict(saved["schedule"])
    for _ in range(after):
        assert levels(fresh) == levels(unbroken.optimizer)
        unbroken.step()
        resumed.step()
    assert levels(fresh) == levels(unbroken.optimizer)
    assert resumed.state_dict() == unbroken.state_dict()


def test_the_state_of_another_schedule_is_refused_and_shows_both() -> None:
    saved = lrdsl.compile("cosine(20)", optimizer()).state_dict()
    opt = optimizer()
    other = lrdsl.compile("linear(30)", opt)
    other.seek(7)
    before = levels(opt)
    with pytest.raises(lrdsl.ScheduleError) as caught:
        other.load_state_dict(saved)
    assert "cosine(20)" in str(caught.value)
    assert "linear(30)" in str(caught.value)
    assert (levels(opt), other.last_epoch) == (before, 7)
    with pytest.warns(lrdsl.ResumeWarning, match="`lr` jumps from"):
        other.load_state_dict({**saved, "last_epoch": 3}, migrate=True)
    assert other.last_epoch == 3
    assert levels(opt) == [other.at(3)]


def test_another_clock_is_another_schedule() -> None:
    saved = lrdsl.compile("cosine(rest)", optimizer(), total_steps=100).state_dict()
    with pytest.raises(lrdsl.ScheduleError, match="clock"):
        lrdsl.compile("cosine(rest)", optimizer(), total_steps=200).load_state_dict(saved)


@pytest.mark.parametrize(
    "damage",
    [
        {"last_epoch": -1},
        {"last_epoch": 1.5},
        {"last_epoch": True},
        {"bases": None},
        {"bases": {"lr": [float("nan")]}},
        {"bases": {"lr": [0.1, 0.2]}},
        {"bases": {}},
        {"format": 99},
    ],
)
def test_a_damaged_state_is_refused_whole(damage: dict[str, Any]) -> None:
    opt = optimizer()
    scheduler = lrdsl.compile("cosine(20)", opt)
    scheduler.seek(5)
    before = (levels(opt), scheduler.state_dict())
    with pytest.raises(lrdsl.ScheduleError):
        scheduler.load_state_dict({**scheduler.state_dict(), **damage})
    assert (levels(opt), scheduler.state_dict()) == before


@pytest.mark.parametrize("fact", [[[1, 2, 3]], [[1]], [{"steps": 1}], [[[1], 2]], [None], {"steps": 1}, None])
def test_a_fact_of_a_clock_that_is_none_is_damage(fact: Any) -> None:
    """It is no other clock, which a caller could migrate to."""
    scheduler = lrdsl.compile("cosine(20)", optimizer(), batch_size=4)
    with pytest.raises(lrdsl.ScheduleError, match="the state is damaged: its schedule, clock or names"):
        scheduler.load_state_dict({**scheduler.state_dict(), "clock": {"batch_size": fact}})


@pytest.mark.parametrize("name", ["lr", "momentum"])
@pytest.mark.parametrize("damage", [None, "0.1", [None], ["x"], [[0.1]], 0.1, [float("nan")]])
def test_one_damaged_entry_of_the_bases_is_enough(name: str, damage: Any) -> None:
    opt = SimpleNamespace(param_groups=[{"lr": 0.1, "momentum": 0.9}])
    scheduler = lrdsl.compile("lr = cosine(20); momentum = linear(20)", opt)
    scheduler.seek(5)
    state = scheduler.state_dict()
    with pytest.raises(lrdsl.ScheduleError, match="its bases cannot be read"):
        scheduler.load_state_dict({**state, "bases": {**state["bases"], name: damage}, "last_epoch": 7})
    assert scheduler.state_dict() == state


def test_going_on_with_the_same_schedule_keeps_its_replans_and_what_it_has_seen() -> None:
    text = "hold(10) then plateau(patience=0, metric=val_loss)"
    scheduler = lrdsl.compile(text, optimizer())
    for loss in (3, *range(1, 20)):
        scheduler.step(val_loss=loss)
    scheduler.replan("linear(10)")
    scheduler.step()
    state = json.loads(json.dumps(scheduler.state_dict()))
    further = lrdsl.compile(text, optimizer())
    further.load_state_dict(state, migrate=True)
    assert further.replans == scheduler.replans != ()
    assert further.state_dict() == state
    assert [further.at(t) for t in range(40)] == [scheduler.at(t) for t in range(40)]


def test_a_copy_goes_its_own_way() -> None:
    scheduler = lrdsl.compile("linear(10)", optimizer())
    scheduler.seek(3)
    twin = copy.deepcopy(scheduler)
    twin.step()
    assert (scheduler.last_epoch, twin.last_epoch) == (3, 4)
    assert levels(scheduler.optimizer) == [scheduler.at(3)]
    assert levels(twin.optimizer) == [scheduler.at(4)]


def test_a_schedule_can_be_pickled() -> None:
    schedule = lrdsl.parse("warmup(5) then cumprod(0.9 + 0.1*t/(t + 5)) for 20 then cosine(20)")
    schedule.at(3)
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    np.testing.assert_array_equal(again.values(60), schedule.values(60))


def test_no_cycles_keep_it_alive() -> None:
    gc.disable()
    try:
        scheduler = lrdsl.compile("linear(10)", optimizer())
        scheduler.step()
        gone = weakref.ref(scheduler)
        del scheduler
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("bad", [SimpleNamespace(), SimpleNamespace(param_groups=[]), SimpleNamespace(param_groups=[{"momentum": 0.9}]), None])
def test_it_wants_param_groups(bad: Any) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="param groups"):
        lrdsl.compile("linear(10)", bad)


def test_a_base_that_the_schedule_cannot_bear() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="base"):
        lrdsl.compile("exp(10, to=0.1)", optimizer(0.0))
    with pytest.raises(lrdsl.ScheduleError, match="base"):
        lrdsl.compile("linear(10)", optimizer(float("inf")))


def test_a_state_of_the_first_tick_brings_the_levels_of_that_tick() -> None:
    opt = optimizer(0.1)
    scheduler = lrdsl.compile("cosine(20)", opt)
    state = scheduler.state_dict()
    scheduler.seek(10)
    scheduler.load_state_dict(state)
    assert (scheduler.last_epoch, levels(opt)) == (0, [0.1])


def test_the_rate_of_a_group_that_no_target_picks_is_a_number_too() -> None:
    groups = [{"lr": 0.1, "name": "head"}, {"lr": "0.1", "name": "body"}]
    with pytest.raises(lrdsl.ScheduleError, match=r"LR152.*the `lr` of param group 1 is "):
        lrdsl.compile('lr["head"] = linear(9)', SimpleNamespace(param_groups=groups))


def test_an_element_that_has_gone_is_missed() -> None:
    group = {"lr": 0.1, "betas": (0.9, 0.99)}
    scheduler = lrdsl.compile("betas[1] = linear(9)", SimpleNamespace(param_groups=[group]))
    group["betas"] = (0.9,)
    with pytest.raises(lrdsl.ScheduleError, match=r"LR153.*`betas` of a param group has no element 1"):
        scheduler.step()
    assert scheduler.last_epoch == 0
