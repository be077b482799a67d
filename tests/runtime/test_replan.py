"""Changing the rest of a run while it runs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl.syntax import canonical
from tests.properties import texts


def optimizer(*bases: float) -> Any:
    return SimpleNamespace(param_groups=[{"lr": base} for base in bases or (1.0,)])


def levels(opt: Any) -> list[float]:
    return [group["lr"] for group in opt.param_groups]


@settings(max_examples=100)
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


def test_the_history_is_in_the_state_and_a_resumed_run_replays_it() -> None:
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
    resumed = lrdsl.compile("warmup(5) then cosine(rest)", fresh, total_steps=100)
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
