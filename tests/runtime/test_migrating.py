"""Tests of runs that change: what schedules are equal, where a run goes on with another one, and what it says."""

from __future__ import annotations

import json
import pickle
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

import lrdsl
from tests.drawing import examples
from tests.properties import texts


def optimizer(*bases: float, **more: float) -> Any:
    return SimpleNamespace(param_groups=[{"lr": base, **more} for base in bases or (0.1,)])


def levels(scheduler: Any) -> list[float]:
    return [group["lr"] for group in scheduler.optimizer.param_groups]


def saved(text: str, at: int, **clock: Any) -> Any:
    """The state of a run at a tick, through JSON."""
    scheduler = lrdsl.compile(text, optimizer(), **clock)
    scheduler.seek(at)
    return json.loads(json.dumps(scheduler.state_dict()))


def went_on(state: Any, text: str, **options: Any) -> tuple[Any, list[str]]:
    """A run with another schedule that goes on from a state, and the warnings that it gave."""
    scheduler = lrdsl.compile(text, optimizer(), migrate=True, **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scheduler.load_state_dict(state)
    assert all(issubclass(warning.category, lrdsl.ResumeWarning) for warning in caught)
    assert levels(scheduler) == [scheduler.at(scheduler.last_epoch)]
    return scheduler, [f"{warning.category.__name__}: {warning.message}" for warning in caught]


EPOCHS = {"total_epochs": 50, "steps_per_epoch": 100}
EQUAL: list[tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = [
    (("warmup(5%) then cosine(rest)", EPOCHS), ("warmup(5%) then cosine(rest)", {"total_steps": 5000})),
    (("warmup(2.5ep) then cosine(rest)", EPOCHS), ("warmup(250) then cosine(4750)", {})),
    (("cosine(n=95)", {}), ("cosine(95)", {})),
    (("cosine(95)", {}), ("cosine(n=95, from=1x, to=0)", {})),
    (("let w = 5; lr = warmup(w) then cosine(95)", {}), ("let rise = 5; lr = warmup(rise) then cosine(95)", {})),
    (("def f(n, m) = warmup(n) then cosine(m)\nlr = f(5, 95)", {}), ("warmup(5) then cosine(95)", {})),
    (("lr = cosine(95); momentum = linear(9, to=0.5)", {}), ("momentum = linear(9, to=0.5); lr = cosine(95)", {})),
    (('lr = hold; lr["head"] = linear(5); lr["body"] = cosine(5)', {}), ('lr["body"] = cosine(5); lr["head"] = linear(5); lr = hold', {})),
    (('lr["a", "b"] = cosine(5)', {}), ('lr["b", "a"] = cosine(5)', {})),
    (("warmup(w) then cosine(95)", {"names": {"w": 5}}), ("warmup(5) then cosine(95)", {})),
    (("multistep(m)", {"names": {"m": [30, 60]}}), ("multistep([30, 60])", {})),
    (("multistep(m, g)", {"names": {"m": [30, 60], "g": [0.1, "1/3"]}}), ("multistep(k, g)", {"names": {"k": (30, 60), "g": [0.1, "1/3"]}})),
    (("warmup(w) then cosine(95)", {"names": {"w": 5}}), ("warmup(v) then cosine(95)", {"names": {"v": 5, "unused": 7}})),
    (("cosine(20)", {"total_steps": 100}), ("cosine(20)", {"total_steps": 200, "ticks_per_step": 3})),
    (("hold until loss < 0.3 then linear(9)", {}), ("hold until loss < 0.30 then linear(n=9)", {})),
    (("plateau(patience=3)", {}), ("plateau(patience=3, factor=0.1)", {})),
    (("(warmup(5) then hold(5)) then cosine(9)", {}), ("warmup(5) then (hold(5) then cosine(9))", {})),
    (("step(3, 0.1)", {}), ("repeat(hold(3) then drop(0.1))", {})),
    (("linear(1k)", {}), ("linear(1_000)", {})),
    (("cosine(20, to=0.01x)", {}), ("cosine(20, to=0.01*base)", {})),
    (("hold(1B tokens) then cosine(1B tokens)", {"tokens_per_step": 10**6}), ("hold(1000) then cosine(1000)", {})),
    (("set total = 90ep\nset epoch = 10 steps\nlr = cosine(rest)", {}), ("cosine(900)", {})),
    (("lr = cosine(9)\nassert max(lr) <= 1x", {}), ("cosine(9)", {})),
    (('lr["blocks.{k}.*"] = 0.5^k * cosine(9)', {}), ('lr["blocks.{k}.*"]=0.5^k*cosine( 9 )', {})),
]


@pytest.mark.parametrize(("one", "two"), EQUAL, ids=str)
def test_schedules_are_equal_when_their_functions_are(one: Any, two: Any) -> None:
    a, b = (lrdsl.parse(text, **options) for text, options in (one, two))
    assert a == b
    assert hash(a) == hash(b)
    assert {a: 1}[b] == 1
    again = pickle.loads(pickle.dumps(a))
    assert again == b
    assert hash(again) == hash(b)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("cosine(95)", "cosine(96)"),
        ("cosine(95)", "linear(95)"),
        ("cosine(95)", "cosine(95, to=1e-9)"),
        ("lr = cosine(95)", "momentum = cosine(95)"),
        ("lr = cosine(95)", 'lr["a"] = cosine(95)'),
        ("lr = cosine(95)", "lr = cosine(95); momentum = hold"),
        ("betas[0] = cosine(95)", "betas[1] = cosine(95)"),
        ('lr["a"] = cosine(9); lr["*"] = hold', 'lr["*"] = hold; lr["a"] = cosine(9)'),
        ('lr["a"] = cosine(9); lr[0] = hold', 'lr[0] = hold; lr["a"] = cosine(9)'),
        ("hold until loss < 0.3 then linear(9)", "hold until loss < 0.31 then linear(9)"),
        ("hold until loss < 0.3 then linear(9)", "hold until acc < 0.3 then linear(9)"),
        ("plateau(patience=3)", "plateau(patience=4)"),
        ("plateau(patience=3)", "plateau(patience=3, cooldown=1)"),
        ("plateau(patience=3)", "plateau(patience=3) for 100"),
        ('lr["b.{k}"] = 0.5^k * hold', 'lr["b.{k}"] = 0.4^k * hold'),
        ("hold(5) then drop(0.1)", "hold(5) then drop(0.2)"),
    ],
)
def test_other_functions_are_other_schedules(one: str, two: str) -> None:
    a, b = lrdsl.parse(one), lrdsl.parse(two)
    assert a != b
    assert len({a, b}) == 2
    assert a != one
    assert b is not None


@examples(40)
@given(texts.schedules(longest=100))
def test_a_schedule_equals_its_canonical_text_and_its_pickle(schedule: lrdsl.Schedule) -> None:
    assert lrdsl.parse(str(schedule)) == schedule == pickle.loads(pickle.dumps(schedule))
    assert hash(lrdsl.parse(f"lr = {schedule}")) == hash(schedule) if "=" not in str(schedule) else True


@pytest.mark.parametrize(("one", "two"), [pair for pair in EQUAL if "[" not in pair[0][0] and "loss" not in pair[0][0]], ids=str)
def test_equal_schedules_load_each_other_s_states(one: Any, two: Any) -> None:
    before = lrdsl.compile(one[0], optimizer(momentum=0.9), **one[1])
    before.seek(7)
    after = lrdsl.compile(two[0], optimizer(momentum=0.9), **two[1])
    after.load_state_dict(json.loads(json.dumps(before.state_dict())))
    assert after.last_epoch == 7
    assert after.optimizer.param_groups == before.optimizer.param_groups


def test_a_family_is_the_same_where_its_members_are() -> None:
    def compiled(text: str, **options: Any) -> Any:
        return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1, "name": f"blocks.{k}"} for k in (0, 3)]), **options)

    state = compiled('lr["blocks.{k}"] = 0.5^k * cosine(rest)', total_steps=100).state_dict() | {"last_epoch": 7}
    after = compiled('lr["blocks.{j}"] = 0.5^j * cosine(100)')
    with pytest.raises(lrdsl.ScheduleError, match="LR151"):
        after.load_state_dict(state)
    same = compiled('lr["blocks.{k}"] = 0.5^k * cosine(100)')
    same.load_state_dict(state)
    assert levels(same) == [same.at(7), same.at(7, group=1)]


DIFFERENT = [
    (("cosine(rest)", {"total_steps": 100}), ("cosine(rest)", {"total_steps": 200}), "the clock has total_steps=100 in the state, and total_steps=200 here"),
    (("cosine(rest)", EPOCHS), ("cosine(rest)", {"total_steps": 200}), "the clock has steps_per_epoch=100 in the state, and no steps_per_epoch here"),
    (("warmup(w) then hold", {"names": {"w": 5}}), ("warmup(w) then hold", {"names": {"w": 7}}), "`w` is 5 in the state, and 7 here"),
    (("warmup(5) then cosine(50)", {}), ("warmup(5) then linear(50)", {}), "phase 2 of `lr` is `cosine(50)` in the state, and `linear(50)` here"),
    (("let w = 5; lr = warmup(w)", {}), ("let w = 7; lr = warmup(w)", {}), "phase 1 of `lr`, `warmup(w)`, takes 5 ticks in the state, and 7 ticks here"),
    (("cosine(50)", {}), ("cosine(50) then linear(5, from=1x)", {}), "the schedule has 1 more phase of `lr`, from `linear(5, from=1x)` on"),
    (("lr = hold; momentum = hold(at=0.5)", {}), ("hold", {}), "the state sets `momentum`, which the schedule does not"),
    (("let g = 0.1; lr = step(5, g)", {}), ("let g = 0.2; lr = step(5, g)", {}), "names or files that `lr` uses have another meaning"),
]


@pytest.mark.parametrize(("one", "two", "message"), DIFFERENT, ids=[case[2] for case in DIFFERENT])
def test_what_differs_is_named(one: Any, two: Any, message: str) -> None:
    before = lrdsl.compile(one[0], optimizer(momentum=0.9), **one[1])
    after = lrdsl.compile(two[0], optimizer(momentum=0.9), **two[1])
    with pytest.raises(lrdsl.ScheduleError) as caught:
        after.load_state_dict(before.state_dict())
    assert message in str(caught.value)
    assert "migrate=True" in str(caught.value)
    with pytest.warns(lrdsl.ResumeWarning) as warned:
        after.load_state_dict(before.state_dict(), migrate=True)
    assert message in str(warned[0].message)


RUNS = [
    # the saved run: text, clock, tick; the new run: clock; where it goes on
    ("cosine(rest)", {"total_steps": 40}, 20, {"total_steps": 60}, 20),
    ("cosine(rest)", EPOCHS, 5000, {"total_epochs": 60, "steps_per_epoch": 100}, 5000),
    ("cosine(rest)", EPOCHS, 2500, {"total_epochs": 50, "steps_per_epoch": 50}, 1250),
    ("cosine(rest)", EPOCHS, 2501, {"total_epochs": 50, "steps_per_epoch": 50}, 1250),
    ("cosine(rest)", EPOCHS, 2500, {"total_epochs": 50, "total_steps": 10_000}, 5000),
    ("cosine(rest)", {"total_steps": 5000, "total_epochs": 50}, 2500, {"total_epochs": 50, "steps_per_epoch": 30}, 750),
    ("cosine(rest)", {"total_steps": 100, "ticks_per_step": 3}, 150, {"total_steps": 100}, 50),
    ("cosine(rest)", {"total_steps": 100, "ticks_per_step": 3}, 151, {"total_steps": 100, "ticks_per_step": 1}, 50),
    ("cosine(rest)", {"total_steps": 100}, 50, {"total_steps": 100, "ticks_per_step": 3}, 150),
    ("cosine(rest)", {**EPOCHS, "tick": "epoch"}, 5, EPOCHS, 500),
    ("cosine(rest)", EPOCHS, 599, {**EPOCHS, "tick": "epoch"}, 5),
    ("cosine(rest)", {"total_epochs": 50, "tick": "epoch"}, 5, EPOCHS, 500),
    ("cosine(rest)", {"total_steps": 1000, "batch_size": 32}, 500, {"total_steps": 500, "batch_size": 64}, 250),
    ("cosine(rest)", {"total_steps": 1000, "tokens_per_step": 4096}, 500, {"total_steps": 2000, "tokens_per_step": 2048}, 1000),
    (
        "cosine(rest)",
        {"total_steps": 1000, "tokens_per_step": 4096, "batch_size": 4},
        500,
        {"total_steps": 2000, "tokens_per_step": 2048, "batch_size": 1},
        2000,
    ),
    ("cosine(rest)", {"total_steps": 10, "batch_size": 7}, 5, {"total_steps": 30, "batch_size": 3}, 11),
    ("hold(50%) then cosine(rest)", {**EPOCHS, "batch_size": 8}, 2500, {"total_epochs": 50, "steps_per_epoch": 200, "batch_size": 16}, 5000),
    ("cosine(rest)", {"total_steps": 40}, 20, {"total_epochs": 60, "tick": "epoch", "steps_per_epoch": 4}, 5),
    ("cosine(rest)", {"total_epochs": 60, "tick": "epoch"}, 5, {"total_steps": 40, "steps_per_epoch": 4}, 20),
    ("cosine(rest)", {"total_steps": 40, "batch_size": 10}, 20, {"total_epochs": 60, "tick": "epoch", "steps_per_epoch": 8, "batch_size": 5}, 5),
    ("exp(0.9, per=1ep)", {"steps_per_epoch": 100}, 250, {"steps_per_epoch": 10}, 25),
    ("exp(0.9, per=1ep)", {"steps_per_epoch": 100, "ticks_per_step": 4}, 1000, {"steps_per_epoch": 10}, 25),
]


@pytest.mark.parametrize(("text", "before", "tick", "now", "expected"), RUNS, ids=lambda x: str(x)[:40])
def test_progress_carries_over_in_what_both_runs_can_measure(text: str, before: Any, tick: int, now: Any, expected: int) -> None:
    scheduler, messages = went_on(saved(text, tick, **before), text, **now)
    assert scheduler.last_epoch == expected
    assert len(messages) == 1
    assert f"at tick {expected}" in messages[0]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"total_steps": 40}, {"total_epochs": 60, "tick": "epoch"}, "the saved run counts steps and is at tick 20; this run counts epochs"),
        ({"total_epochs": 60, "tick": "epoch"}, {"total_steps": 40}, "the saved run counts epochs and is at tick 20; this run counts steps"),
        ({"total_steps": 40, "batch_size": 8}, {"total_epochs": 60, "tick": "epoch", "batch_size": 8}, "the steps of an epoch are not known"),
        ({"total_steps": 40, "ticks_per_step": 2}, {"total_epochs": 20, "tick": "epoch"}, "the steps of an epoch are not known"),
    ],
)
def test_steps_and_epochs_have_no_common_measure_without_the_steps_of_an_epoch(before: Any, now: Any, said: str) -> None:
    """The same number of the other unit would be another place in the run. The state that does not fit changes nothing."""
    text = "cosine(rest)"
    state = saved(text, 20, **before)
    after = lrdsl.compile(text, optimizer(), migrate=True, **now)
    after.seek(3)
    here = (after.state_dict(), levels(after))
    with pytest.raises(lrdsl.ScheduleError) as caught:
        after.load_state_dict(state)
    assert said in str(caught.value)
    assert "give `steps_per_epoch`" in str(caught.value)
    assert (after.state_dict(), levels(after)) == here
    scheduler, messages = went_on(state, text, steps_per_epoch=10, **now)
    assert scheduler.last_epoch == (20 // before.get("ticks_per_step", 1) // 10 if "tick" in now else 200)
    assert len(messages) == 1


def test_a_batch_that_changes_is_counted_through_its_running_sum() -> None:
    text = "set batch_size = {}\nlr = cosine(rest)"
    changing, constant = text.format("hold(300 steps, at=32) then hold(at=64)"), text.format("hold(at=64)")
    scheduler, _ = went_on(saved(changing, 500, total_steps=1000), constant, total_steps=850)
    assert scheduler.last_epoch == (300 * 32 + 200 * 64) // 64 == 350
    scheduler, _ = went_on(saved(constant, 350, total_steps=850), changing, total_steps=1000)
    assert scheduler.last_epoch == 500
    scheduler, messages = went_on(saved(changing, 501, total_steps=1000), text.format("hold(at=100)"), total_steps=544)
    assert scheduler.last_epoch == 224
    assert "rounded down from 224.64" in messages[0]


@examples(60)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 30), st.integers(0, 3000), st.sampled_from([1, 2, 3, 8]), st.sampled_from([1, 2, 3, 8]))
def test_half_a_run_stays_half_a_run(per: int, now: int, epochs: int, tick: int, ticks: int, ticks_now: int) -> None:
    text, tick = "warmup(10%) then cosine(rest)", tick % (per * epochs * ticks + 1)
    before = {"total_epochs": epochs, "steps_per_epoch": per, "ticks_per_step": ticks}
    after = {"total_epochs": epochs, "steps_per_epoch": now, "ticks_per_step": ticks_now}
    scheduler, messages = went_on(saved(text, tick, **before), text, **after)
    total, whole = per * epochs * ticks, now * epochs * ticks_now
    assert scheduler.last_epoch * total <= tick * whole < (scheduler.last_epoch + 1) * total
    assert [message.startswith("EndOfRunWarning") for message in messages] == [tick == total] * (total != whole)


def test_the_end_of_a_run_is_said_louder() -> None:
    scheduler, messages = went_on(saved("cosine(rest)", 150, total_steps=300), "cosine(rest)", total_steps=100)
    assert scheduler.finished
    assert messages[0].startswith("EndOfRunWarning: THE RUN IS OVER where it goes on, at tick 150 of 100")
    scheduler, messages = went_on(saved("cosine(50)", 30), "linear(20)")
    assert messages[0].startswith("EndOfRunWarning: THE RUN IS OVER where it goes on, at tick 30, ")
    scheduler, messages = went_on(saved("cosine(50)", 30), "linear(40)")
    assert messages[0].startswith("ResumeWarning: The run goes on at tick 30, as far in optimizer steps as the saved run at its tick 30.")


def test_a_jump_is_said_with_the_way_round_it() -> None:
    state = saved("cosine(rest)", 20, total_steps=40)
    _, messages = went_on(state, "cosine(rest)", total_steps=60)
    assert "There `lr` jumps from 0.05 to 0.075." in messages[0]
    assert 'then call `scheduler.replan("linear(rest)", total_steps=60)`' in messages[0]
    own = lrdsl.compile("cosine(rest)", optimizer(), total_steps=40)
    own.load_state_dict(state)
    own.replan("linear(rest)", total_steps=60)
    assert levels(own) == [0.05]
    assert (own.remaining, own.at(40)) == (40, 0.025)
    _, messages = went_on(saved("cosine(rest)", 150, total_steps=100, ticks_per_step=3), "cosine(rest)", total_steps=100)
    assert "jumps" not in messages[0]
    _, messages = went_on(saved("cosine(50)", 10), "exp(0.9)")
    assert 'call `scheduler.replan("linear(100)")`' in messages[0]


def test_a_jump_in_one_group_or_target_of_several() -> None:
    def compiled(text: str, **options: Any) -> Any:
        return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1, "momentum": 0.9}, {"lr": 0.2, "momentum": 0.9}]), **options)

    before = compiled("lr = linear(10); lr[1] = hold(at=0.05); momentum = hold")
    before.seek(5)
    after = compiled("lr = linear(10); lr[1] = hold(at=0.01); momentum = linear(10)", migrate=True)
    with pytest.warns(lrdsl.ResumeWarning, match=r"There `lr` of param group 1 jumps from 0\.05 to 0\.01, and 2 more change\."):
        after.load_state_dict(before.state_dict())


def test_bases_are_those_of_the_state_or_of_the_optimizer() -> None:
    state = lrdsl.compile("linear(10)", optimizer(0.1, 0.2)).state_dict() | {"last_epoch": 5}
    after = lrdsl.compile("linear(10)", optimizer(1.0, 2.0))
    with pytest.warns(lrdsl.ResumeWarning, match=r"base of `lr` of param group 0 is 0\.1 in the state.*bases=\"optimizer\""):
        after.load_state_dict(state)
    assert (after.base_lrs, levels(after)) == ([0.1, 0.2], [0.05, 0.1])
    for scheduler in (lrdsl.compile("linear(10)", optimizer(1.0, 2.0), bases="optimizer"), lrdsl.compile("linear(10)", optimizer(1.0, 2.0))):
        scheduler.load_state_dict(state, bases="optimizer")
        assert (scheduler.base_lrs, levels(scheduler)) == ([1.0, 2.0], [0.5, 1.0])
    fewer = lrdsl.compile("linear(10)", optimizer(1.0))
    with pytest.raises(lrdsl.ScheduleError, match='bases="optimizer"'):
        fewer.load_state_dict(state)
    fewer.load_state_dict(state, bases="optimizer")
    assert levels(fewer) == [0.5]
    for wrong in ("saved ", None, 1):
        with pytest.raises(lrdsl.ScheduleError, match="bases is"):
            lrdsl.compile("linear(10)", optimizer(), bases=wrong)  # type: ignore[arg-type]
    with pytest.raises(lrdsl.ScheduleError, match="migrate is"):
        lrdsl.compile("linear(10)", optimizer(), migrate="yes")  # type: ignore[arg-type]


def test_a_warning_that_is_an_error_leaves_the_run_alone() -> None:
    scheduler = lrdsl.compile("cosine(rest)", optimizer(), total_steps=60, migrate=True)
    scheduler.seek(3)
    before = (scheduler.state_dict(), levels(scheduler))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(lrdsl.ResumeWarning):
            scheduler.load_state_dict(saved("cosine(rest)", 20, total_steps=40))
    assert (scheduler.state_dict(), levels(scheduler)) == before


def test_replans_come_along_where_only_the_clock_has_changed() -> None:
    before = lrdsl.compile("cosine(rest)", optimizer(), **EPOCHS)
    before.seek(1000)
    before.replan("linear(rest)")
    before.seek(2000)
    after, messages = went_on(before.state_dict(), "cosine(rest)", total_epochs=50, steps_per_epoch=50)
    assert after.replans == ((500, "linear(rest)"),)
    assert (after.last_epoch, levels(after)) == (1000, pytest.approx(levels(before)))
    assert "left out" not in messages[0]
    after, messages = went_on(before.state_dict(), "linear(rest)", total_epochs=50, steps_per_epoch=50)
    assert after.replans == ()
    assert "The replans of the saved run are left out." in messages[0]


def test_a_replan_that_measures_the_rest_of_another_run() -> None:
    """The planned schedules are equal, and the replan means something else under the other clock."""
    before = lrdsl.compile("cosine(1000)", optimizer(), total_steps=1000)
    before.seek(10)
    before.replan("linear(rest)")
    state = before.state_dict()
    other = lrdsl.compile("cosine(1000)", optimizer(), total_steps=500)
    with pytest.raises(lrdsl.ScheduleError, match="total_steps=1000 in the state"):
        other.load_state_dict(state)
    same = lrdsl.compile("cosine(1000)", optimizer(), total_epochs=10, steps_per_epoch=100)
    same.load_state_dict(state)
    assert same.at(500) == before.at(500)


def test_metrics_come_along_where_their_phases_have_a_place() -> None:
    text = "warmup(1ep) then plateau(patience=0, factor=0.5, metric=loss)"
    before = lrdsl.compile(text, optimizer(), steps_per_epoch=4)
    for loss in (1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 0.5):
        before.step(loss=loss)
    assert levels(before) == [0.025]
    after = lrdsl.compile(text, optimizer(), steps_per_epoch=2, migrate=True)
    with pytest.warns(lrdsl.ResumeWarning) as caught:
        after.load_state_dict(before.state_dict())
    assert (after.last_epoch, levels(after)) == (4, [0.05])  # two cuts at ticks 6 and 7 come at one tick here
    assert "jumps from 0.025 to 0.05" in str(caught[0].message)
    two = "hold until loss < 0.5 then plateau(patience=0, factor=0.5, metric=loss) until 80% then linear(rest)"
    before = lrdsl.compile(two, optimizer(), total_steps=100)
    for loss in (1.0, 0.4, 0.3, 0.5, 0.2):
        before.step(loss=loss)
    assert levels(before) == [0.05]
    after, messages = went_on(before.state_dict(), two, total_steps=120)
    assert (after.last_epoch, levels(after), after.phase.text) == (5, [0.05], before.phase.text)
    assert "jumps" not in messages[0]


TORCH: dict[str, Any] = {
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: 0.9**t),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 1 - 0.1 / t),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o), lr_scheduler.CosineAnnealingLR(o, 10)], [2]),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.LinearLR(o), lr_scheduler.ExponentialLR(o, 0.9)], optimizer=o),
    "ReduceLROnPlateau": lr_scheduler.ReduceLROnPlateau,
}


def torch_optimizer(rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=rate)


@pytest.mark.parametrize("name", TORCH)
def test_a_state_of_torch_gives_its_tick_and_its_bases(name: str) -> None:
    before = torch_optimizer()
    old = TORCH[name](before)
    for _ in range(5):
        before.step()
        old.step(1.0) if name == "ReduceLROnPlateau" else old.step()
    state = old.state_dict()
    new = lrdsl.compile("cosine(20)", torch_optimizer(0.3))
    with pytest.raises(lrdsl.ScheduleError, match="by a scheduler of torch"):
        new.load_state_dict(state)
    assert (new.last_epoch, new.base_lrs) == (0, [0.3])
    with pytest.warns(lrdsl.ResumeWarning, match="by a scheduler of torch") as caught:
        new.load_state_dict(state, migrate=True)
    assert (new.last_epoch, new.base_lrs) == (5, [0.3 if name == "ReduceLROnPlateau" else 0.1])
    assert f"jumps from {old.get_last_lr()[0]:.6g} to {new.at(5):.6g}" in str(caught[0].message)
    with pytest.warns(lrdsl.ResumeWarning):
        new.load_state_dict(state, migrate=True, bases="optimizer")


@pytest.mark.parametrize(("clock", "call"), [({}, "linear(100, from=0.01x)"), ({"total_steps": 103}, "linear(rest, from=0.01x)")])
def test_the_level_of_a_plateau_of_torch_is_kept_as_the_warning_says(clock: dict[str, int], call: str) -> None:
    """Its state has no bases, and its cuts are in its rates alone; no schedule could load it with its own clock."""

    def two_groups() -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in (0.1, 0.3)])

    before = two_groups()
    old = lr_scheduler.ReduceLROnPlateau(before, patience=0)
    for _ in range(3):
        before.step()
        old.step(1.0)
    new = lrdsl.compile("plateau(patience=0, metric=loss)", two_groups(), migrate=True, **clock)  # type: ignore[arg-type]
    with pytest.warns(lrdsl.ResumeWarning) as caught:
        new.load_state_dict(old.state_dict())
    total = ", total_steps=103" if clock else ""
    assert str(caught[0].message).endswith(f' To go on from the level before, call `scheduler.replan("{call}"{total})`.')
    new.replan(call, **clock)  # type: ignore[arg-type]
    assert new.get_last_lr() == pytest.approx(old.get_last_lr())
    assert (new.remaining, new.at(103)) == (100, 0.0)


def test_a_state_of_transformers() -> None:
    before = torch_optimizer()
    old = transformers.get_scheduler("cosine", before, num_warmup_steps=2, num_training_steps=10)
    for _ in range(5):
        before.step()
        old.step()
    new = lrdsl.compile("warmup(2) then cosine(8)", torch_optimizer(), migrate=True)
    with pytest.warns(lrdsl.ResumeWarning) as caught:
        new.load_state_dict(old.state_dict())
    assert new.get_last_lr() == pytest.approx(old.get_last_lr())
    assert "jumps" not in str(caught[0].message)


def test_a_new_total_after_the_end_of_a_run() -> None:
    scheduler = lrdsl.compile("warmup(10%) then cosine(rest, to=0.1x)", optimizer(1.0), total_steps=100)
    scheduler.seek(100)
    past = scheduler.values(100).tolist()
    scheduler.replan("linear(rest)", total_steps=150)
    assert scheduler.values(151).tolist() == [*past, *lrdsl.parse("linear(50, from=0.1)").values(51).tolist()]
    assert (scheduler.remaining, str(scheduler.schedule).endswith("then linear(rest)")) == (50, True)
    scheduler.seek(120)
    scheduler.replan("hold(10) then cosine(rest)")  # the new total holds on
    assert scheduler.remaining == 30
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state["replans"] == [[100, "linear(rest)", {"total_steps": 150}], [120, "hold(10) then cosine(rest)"]]
    again = lrdsl.compile("warmup(10%) then cosine(rest, to=0.1x)", optimizer(1.0), total_steps=100)
    again.load_state_dict(state)
    assert again.values(160).tolist() == scheduler.values(160).tolist()
    assert again.state_dict() == state
    assert again.schedule.clock == scheduler.schedule.clock


@pytest.mark.parametrize(
    "text",
    [
        "warmup(10%) then cosine(rest, to=0.1x)",
        "hold until 30% then linear(rest)",
        "cosine(total) * warmup(25%)",
        "hold(1/3 * total) then exp(rest, to=0.01)",
        "step(12.5%)",
        "set total = 80 steps\nlet w = 10%\nlr = warmup(w) then linear(rest)",
        "def f(n) = hold(n) then linear(rest)\nlr = f(10%)",
        "linear(rest - 10) then hold(10)",
        "hf.cosine(10%, total)",
        "hold(20%) then linear(total - 30%) for 40 then cosine(rest)",
        "(warmup(10%) then cosine(rest)) for 60% then hold",
        "lr = linear(50%); momentum = cosine(rest, to=0.5)",
        "plateau(metric=loss) until 50% then linear(rest)",
    ],
)
@pytest.mark.parametrize("total", [40, 60, 79, 81, 150])
def test_what_has_been_stays_as_it_was_under_a_new_total(text: str, total: int) -> None:
    clock = {} if "set total" in text else {"total_steps": 80}
    for tick in (0, 1, 13, 39):
        scheduler = lrdsl.compile(text, optimizer(1.0, momentum=0.9), **clock)
        scheduler.seek(tick)
        past, momentum = scheduler.values(tick + 1).tolist(), scheduler.values(90, target="momentum").tolist() if "momentum" in text else None
        scheduler.replan("linear(rest)", total_steps=total)
        assert scheduler.values(tick + 1).tolist() == pytest.approx(past, rel=1e-14)
        assert scheduler.at(total) == 0.0
        assert scheduler.at(total - 1) > 0.0 or past[-1] == 0.0
        if momentum is not None:
            assert scheduler.values(90, target="momentum").tolist()[:total] == momentum[:total]


def test_a_new_total_in_epochs_and_what_is_none() -> None:
    scheduler = lrdsl.compile("cosine(rest)", optimizer(), **EPOCHS)
    scheduler.seek(5000)
    scheduler.replan("restart cosine(rest)", total_epochs=60)
    assert scheduler.remaining == 1000
    for wrong in ({"total_steps": 5000}, {"total_epochs": 50}, {"total_steps": 0}, {"total_steps": "x"}, {"total_steps": 7000, "total_epochs": 70}):
        state = scheduler.state_dict()
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            scheduler.replan("hold", **wrong)  # type: ignore[arg-type]
        assert scheduler.state_dict() == state
    bare = lrdsl.compile("cosine(100)", optimizer())
    bare.seek(10)
    with pytest.raises(lrdsl.ScheduleError, match="LR121"):
        bare.replan("linear(rest)", total_epochs=3)
    bare.replan("linear(rest)", total_steps=30)
    assert bare.remaining == 20


def test_many_replans_with_new_totals_fold() -> None:
    scheduler = lrdsl.compile("lr = cosine(rest); momentum = linear(rest, to=0.5)", optimizer(1.0, momentum=0.9), total_steps=100)
    for i in range(40):
        scheduler.step()
        present, momentum = levels(scheduler), scheduler.at(scheduler.last_epoch, target="momentum")
        scheduler.replan("lr = linear(rest)" if i % 7 else "momentum = cosine(rest, to=0.5)", **({"total_steps": 100 + i} if i % 3 else {}))
        assert levels(scheduler) == pytest.approx(present, rel=1e-12)
        assert scheduler.at(scheduler.last_epoch, target="momentum") == pytest.approx(momentum, rel=1e-12)
        if i % 5:
            continue
        state = json.loads(json.dumps(scheduler.state_dict()))
        again = lrdsl.compile("lr = cosine(rest); momentum = linear(rest, to=0.5)", optimizer(1.0, momentum=0.9), total_steps=100)
        again.load_state_dict(state)
        first = scheduler.course.first
        assert again.values(range(first, 200)).tolist() == scheduler.values(range(first, 200)).tolist()
    assert scheduler.course.folded is not None
    assert scheduler.remaining == 138 - 40


def test_a_text_in_a_file_that_is_not_here(tmp_path: Any) -> None:
    (tmp_path / "common.lrs").write_text("def decay(n) = linear(n)\n")
    (tmp_path / "a.lrs").write_text('use "common.lrs"\nlr = decay(10)\n')
    before = lrdsl.compile(lrdsl.load(tmp_path / "a.lrs"), optimizer())
    before.seek(5)
    after = lrdsl.compile("cosine(10)", optimizer())
    with pytest.raises(lrdsl.ScheduleError, match="the schedule in the state cannot be read here"):
        after.load_state_dict(before.state_dict())
    with pytest.warns(lrdsl.ResumeWarning, match="at tick 5"):
        after.load_state_dict(before.state_dict(), migrate=True)
    assert after.last_epoch == 5


def test_a_level_that_stays_0_does_not_jump() -> None:
    _, messages = went_on(saved("linear(10)", 20), "cosine(15)")
    assert "jumps" not in messages[0]
