"""Tests of `Scheduler.replan`, which replaces the rest of a run, and of how old replans are folded."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.runtime.replans import LEFT, MOST_REPLANS, nearest
from lrdsl.schedule.source import Replan
from lrdsl.syntax import canonical
from tests.drawing import examples
from tests.properties import texts


def optimizer(*bases: float) -> Any:
    return SimpleNamespace(param_groups=[{"lr": base} for base in bases or (1.0,)])


def levels(opt: Any) -> list[float]:
    return [group["lr"] for group in opt.param_groups]


@examples(40)
@given(texts.phases(3, 100), texts.phases(2, 100), st.integers(0, 150), st.integers(0, 60))
def test_it_goes_on_from_the_level_that_it_has(before: texts.Node, after: texts.Node, tick: int, more: int) -> None:
    first, second = canonical(before), f"linear(3, to=0.5x) then {canonical(after)}"
    if texts.checked(before) is None or any(d.severity == "error" for d in lrdsl.lint(f"({first}) for {tick} then {second}")):
        return
    opt = optimizer(0.3, 0.7)
    scheduler = lrdsl.compile(first, opt)
    scheduler.seek(tick)
    present = levels(opt)
    scheduler.replan(second)
    assert levels(opt) == pytest.approx(present, rel=1e-12, abs=1e-300)
    other = lrdsl.parse(f"({first}) for {tick} then {second}")
    for _ in range(more):
        assert levels(opt) == [other.at(scheduler.last_epoch, base) for base in (0.3, 0.7)]
        scheduler.step()


@pytest.mark.parametrize("migrate", [False, True])
def test_the_history_is_in_the_state_and_a_resumed_run_replays_it(migrate: bool) -> None:
    opt = optimizer(0.1, 0.2)
    scheduler = lrdsl.compile("warmup(5) then cosine(rest)", opt, total_steps=100)
    scheduler.seek(30)
    scheduler.replan("hold(10) then linear(rest, to=0.01x)")
    scheduler.seek(50)
    scheduler.replan("exp(0.9)")
    scheduler.seek(57)
    saved = json.loads(json.dumps(scheduler.state_dict()))
    assert [tick for tick, _ in saved["replans"]] == [30, 50]
    fresh = optimizer(0.1, 0.2)
    resumed = lrdsl.compile("warmup(5) then cosine(rest)", fresh, total_steps=100, migrate=migrate)
    resumed.load_state_dict(saved)
    assert str(resumed.schedule) == str(scheduler.schedule)
    for _ in range(20):
        assert levels(fresh) == levels(opt)
        scheduler.step()
        resumed.step()
    assert resumed.state_dict() == scheduler.state_dict()


def test_a_wrong_text_changes_nothing() -> None:
    opt = optimizer()
    scheduler = lrdsl.compile("linear(10)", opt)
    scheduler.seek(4)
    state = scheduler.state_dict()
    for text in ("cosin(10)", "", "cosine(rest)", "momentum = hold"):
        with pytest.raises(lrdsl.ScheduleError):
            scheduler.replan(text)
    assert (scheduler.state_dict(), levels(opt)) == (state, [0.6])


def test_targets_are_replanned_each_for_itself() -> None:
    parameters = [{"params": [torch.nn.Parameter(torch.ones(1))], "name": name} for name in ("body", "head")]
    opt = torch.optim.SGD(parameters, lr=1.0, momentum=0.9, weight_decay=0.1)
    scheduler = lrdsl.compile('set total = 20\nlr = linear(rest)\nlr["head"] = 0.5 * lr\nweight_decay = linear(10)\nassert monotone(lr)', opt)
    scheduler.seek(10)
    scheduler.replan("linear(5)")
    scheduler.seek(11)
    assert levels(opt) == pytest.approx([0.4, 0.2])
    assert opt.param_groups[0]["weight_decay"] == 0.0
    scheduler.replan('let w = 4\nlr["head"] = hold(w) then hold(at=0.125)')
    scheduler.seek(15)
    assert levels(opt) == pytest.approx([0.0, 0.125])
    with pytest.raises(lrdsl.ScheduleError, match="momentum"):
        scheduler.replan("momentum = hold")


def test_a_target_may_be_added_to_one_expression() -> None:
    scheduler = lrdsl.compile("linear(10)", optimizer())
    scheduler.seek(5)
    scheduler.replan("lr = hold(2) then linear(4)")
    assert scheduler.values(12).tolist()[5:] == [0.5, 0.5, 0.5, 0.375, 0.25, 0.125, 0.0]


def resumed(state: dict[str, Any], text: str, *bases: float) -> tuple[Any, Any]:
    """An optimizer, and a scheduler that goes on from a state that went through JSON."""
    opt = optimizer(*bases)
    scheduler = lrdsl.compile(text, opt)
    scheduler.load_state_dict(json.loads(json.dumps(state)))
    return opt, scheduler


@pytest.mark.parametrize(
    "texts",
    [
        ["linear(200)"],
        ["exp(0.99)", "cosine(300, to=0.1x)", "hold(2) then linear(100, to=0.01)"],
        ["exp(400, to=1e-4)"],
        ["plateau(patience=0, metric=loss, min=0.001) for 5 then linear(300, to=1e-3)", "hold until loss < 0.3 or for 40 then linear(200, to=0.5x)"],
        ["cumprod(0.99 + 0.01*t/(t + 5))"],
    ],
    ids=str,
)
def test_a_run_that_is_replanned_at_every_tick(texts: list[str]) -> None:
    """The level goes on where it was, the state stays small, and a run that is resumed at any time is the unbroken one, to the last bit."""
    bases = (0.1, 0.3, 0.05, 0.3)
    opt = optimizer(*bases)
    scheduler = lrdsl.compile("cosine(1000)", opt)
    sizes = []
    for i in range(72):
        scheduler.step(loss=[0.5, 0.2, 0.9][i % 3])
        present = levels(opt)
        scheduler.replan(texts[i % len(texts)])
        assert levels(opt) == pytest.approx(present, rel=1e-12, abs=1e-300)
        state = scheduler.state_dict()
        sizes.append(len(json.dumps(state)))
        if i % 17 == 0:
            fresh, again = resumed(state, "cosine(1000)", *bases)
            assert again.state_dict() == state
            for _ in range(3):
                assert levels(fresh) == levels(opt)
                scheduler.step(loss=0.4)
                again.step(loss=0.4)
            assert again.state_dict() == scheduler.state_dict()
    assert scheduler.course.folded is not None
    assert len(scheduler.replans) <= MOST_REPLANS
    assert max(sizes[36:]) < 1.5 * max(sizes[:36])


def test_a_group_that_joins_a_run_between_replans() -> None:
    opt = optimizer(0.1, 0.3)
    scheduler = lrdsl.compile("linear(1000)", opt)
    for i in range(60):
        scheduler.step()
        scheduler.replan("linear(1000)")
        if i == 30:
            opt.param_groups.append({"lr": 0.5, "initial_lr": 0.5})
    assert levels(opt) == pytest.approx([0.1 * 0.999**60, 0.3 * 0.999**60, 0.5 * 0.999**60], rel=1e-3)
    fresh, again = resumed(scheduler.state_dict(), "linear(1000)", 0.1, 0.3, 0.5)
    assert levels(fresh) == levels(opt)
    assert again.state_dict() == scheduler.state_dict()


def test_targets_that_follow_one_that_is_folded() -> None:
    groups = [{"lr": 1.0, "momentum": 0.9}, {"lr": 3.0, "momentum": 0.9, "name": "head"}]
    scheduler = lrdsl.compile('lr = cosine(500); lr["head"] = 0.5 * lr; momentum = linear(100)', SimpleNamespace(param_groups=groups))
    for _ in range(60):
        scheduler.step()
        scheduler.replan("lr = linear(500)")
    assert scheduler.course.folded is not None
    assert groups[1]["lr"] == pytest.approx(1.5 * groups[0]["lr"], rel=1e-12)
    assert groups[0]["momentum"] == scheduler.at(60, 0, "momentum") == pytest.approx(0.36)
    scheduler.replan('let w = 3\nlr["head"] = hold(w) then linear(4)')
    assert groups[1]["lr"] == pytest.approx(1.5 * groups[0]["lr"], rel=1e-12)


def test_ticks_before_the_plans_that_are_kept_are_refused() -> None:
    opt = optimizer()
    scheduler = lrdsl.compile("linear(1000)", opt)
    seen = [levels(opt)[0]]
    for _ in range(50):
        scheduler.step()
        scheduler.replan("linear(1000)")
        seen.append(levels(opt)[0])
    first = scheduler.course.first
    assert 0 < first <= 50 - LEFT + 1
    for tick in range(first, 51):
        assert scheduler.at(tick) == pytest.approx(seen[tick], rel=1e-12)
    before = (scheduler.state_dict(), levels(opt))
    for ask in (lambda: scheduler.at(first - 1), lambda: scheduler.values(60), lambda: scheduler.seek(0), lambda: scheduler.at(first - 0.5)):
        with pytest.raises(lrdsl.ScheduleError, match=f"before tick {first}"):
            ask()
    assert (scheduler.state_dict(), levels(opt)) == before
    scheduler.seek(first)
    scheduler.replan("hold")
    assert levels(opt) == pytest.approx([seen[first]], rel=1e-12)


def test_a_text_that_has_no_room_beside_the_plan_folds_it() -> None:
    long = f"multistep([{', '.join(str(i) for i in range(2, 800))}], [{', '.join(f'0.99{i:036}' for i in range(2, 800))}])"
    opt = optimizer(0.1, 0.2)
    scheduler = lrdsl.compile("linear(100)", opt)
    for _ in range(4):
        scheduler.step()
        present = levels(opt)
        scheduler.replan(long)
        assert levels(opt) == pytest.approx(present, rel=1e-12)
    assert (scheduler.course.folded, len(scheduler.replans)) == (Replan(3, "hold(at=0.99x)"), 2)
    fresh, _ = resumed(scheduler.state_dict(), "linear(100)", 0.1, 0.2)
    assert levels(fresh) == levels(opt)


@given(st.lists(st.tuples(st.floats(1e-8, 1e3), st.floats(1e-12, 1e6)), min_size=2, max_size=12, unique_by=lambda point: round(point[0], 9)))
def test_levels_that_are_no_multiple_of_base_are_folded_to_the_last_bit(points: list[tuple[float, float]]) -> None:
    """Of a schedule that is neither constant nor a multiple of base, the plan that is left has the level of each group."""
    text = nearest(sorted(points))
    s = lrdsl.parse(f"hold(at={text})")
    assert [s.at(5, base) for base, _ in points] == [level for _, level in points]


def test_a_target_that_is_replanned_less_often_goes_on_as_it_was_told() -> None:
    groups = [{"lr": 1.0, "momentum": 0.9}]
    scheduler = lrdsl.compile("lr = cosine(500); momentum = hold", SimpleNamespace(param_groups=groups))
    found = []
    for i in range(120):
        scheduler.step()
        scheduler.replan("lr = linear(500)")
        if i in (0, 70):
            scheduler.replan("momentum = linear(100, to=0.45)")
        found.append(groups[0]["momentum"])
    goal = [0.9 - 0.45 * i / 100 for i in range(71)]
    goal += [goal[70] + (0.45 - goal[70]) * i / 100 for i in range(1, 50)]
    assert found == pytest.approx(goal, rel=1e-12)
    again = SimpleNamespace(param_groups=[{"lr": 1.0, "momentum": 0.9}])
    lrdsl.compile("lr = cosine(500); momentum = hold", again).load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert again.param_groups[0]["momentum"] == groups[0]["momentum"]


@examples(6)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 6),
            st.sampled_from(["lr = linear(50, to=0.1x)", "momentum = linear(40)", "lr = exp(0.98); momentum = exp(0.99)", "cosine(30, to=0.2x)"]),
        ),
        min_size=28,
        max_size=40,
    )
)
def test_folding_changes_no_level(course: list[tuple[int, int, str]]) -> None:
    """A run that steps, goes back and is replanned has the levels of one that remembers no more than where it is."""
    groups = [{"lr": 1.0, "momentum": 0.9}, {"lr": 0.2, "momentum": 0.5}]
    scheduler = lrdsl.compile("lr = cosine(60); momentum = hold", SimpleNamespace(param_groups=groups))
    for steps, back, text in course:
        for _ in range(steps):
            scheduler.step()
        scheduler.seek(max(scheduler.course.first, scheduler.last_epoch - back))
        before = [[group[key] for key in ("lr", "momentum")] for group in groups]
        later = {
            key: scheduler.at(scheduler.last_epoch + 5, 1, key)
            for key in ("lr", "momentum")
            if key not in text and (key, text) != ("lr", "cosine(30, to=0.2x)")
        }
        scheduler.replan(text)
        assert [[group[key] for key in ("lr", "momentum")] for group in groups] == [pytest.approx(values, rel=1e-11) for values in before]
        assert {key: scheduler.at(scheduler.last_epoch + 5, 1, key) for key in later} == pytest.approx(later, rel=1e-11)


@pytest.mark.parametrize(("tick", "text", "total", "warns"), [(10, "linear(rest)", {}, 1), (12, "hold(3) then cosine(rest)", {}, 1), (10, "linear(rest)", {"total_steps": 20}, 0), (10, "linear(5)", {}, 0), (9, "linear(rest)", {}, 0)])  # fmt: skip
def test_a_rest_after_the_end_of_the_run_is_said_to_be_0(tick: int, text: str, total: dict[str, int], warns: int) -> None:
    scheduler = lrdsl.compile("cosine(rest, to=0.1x)", SimpleNamespace(param_groups=[{"lr": 0.1}]), total_steps=10)
    scheduler.seek(tick)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scheduler.replan(text, **total)
    assert [w.category for w in caught] == [lrdsl.ScheduleWarning] * warns
    assert all("so `rest` is 0" in str(w.message) and "total_steps=" in str(w.message) for w in caught)
