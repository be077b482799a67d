"""Tests of targets with `{k}`, of several selectors, and of keys that only some groups have, on running schedulers."""

from __future__ import annotations

import copy
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

import lrdsl

LAYERS = 'lr = warmup(5) then cosine(rest); lr["blocks.{k}.*"] = 0.75^(4 - k) * lr'
NAMES = ["blocks.0.decay", "blocks.0.plain", "blocks.3.decay", "head", "blocks.10.decay"]


def optimizer(*names: str, **values: Any) -> Any:
    return SimpleNamespace(param_groups=[{"lr": 0.1 * (i + 1), "name": name, **values} for i, name in enumerate(names)])


def rates(of: Any) -> list[float]:
    return [group["lr"] for group in of.param_groups]


@pytest.mark.parametrize(
    "body",
    [
        "0.75^(4 - k) * lr",
        "hold(10*k) then linear(20)",
        "hold(at=0.1x/(k + 1))",
        "warmup(5 + k) then step(3, 1 - 0.05*k)",
        "hold until loss < 0.3 or for 4 + k then linear(k + 5)",
        "scale(1/(1 + k*t))",
        "hold(at=1x / (k - 1))",
    ],
)
def test_a_family_is_the_written_out_targets(body: str) -> None:
    names = ["0", "3", "head", "10"]
    ours, theirs = optimizer(*names), optimizer(*names)
    letter = re.compile(r"\bk\b")
    written = "; ".join(f'lr["{k}"] = {letter.sub(str(k), body)}' for k in (0, 3, 10))
    one = lrdsl.compile(f'lr = cosine(50); lr["{{k}}"] = {body}', ours)
    other = lrdsl.compile(f"lr = cosine(50); {written}", theirs)
    for t in range(60):
        assert rates(ours) == rates(theirs)
        assert [one.at(t, group=i) for i in range(4)] == rates(ours) or one.schedule.metrics
        for scheduler in (one, other):
            scheduler.step(loss=0.2 if t == 5 else 0.5)
    assert one.remaining == other.remaining
    one.seek(3)
    other.seek(3)
    assert rates(ours) == rates(theirs)


def test_a_number_is_read_once() -> None:
    """However many groups and attachments there are."""
    scheduler = lrdsl.compile(LAYERS, optimizer(*NAMES), total_steps=50)
    members = {target.name: target.plan for target in scheduler.schedule.targets}
    assert sorted(members) == ["lr", 'lr["blocks.{k=0}.*"]', 'lr["blocks.{k=10}.*"]', 'lr["blocks.{k=3}.*"]']
    scheduler.optimizer.param_groups.append({"lr": 1.0, "name": "blocks.2.new"})
    scheduler.step()
    after = {target.name: target.plan for target in scheduler.schedule.targets}
    assert all(after[name] is plan for name, plan in members.items())
    assert scheduler.optimizer.param_groups[-1]["lr"] == pytest.approx(0.2 * 0.75**2)


def test_the_later_target_wins_over_a_member() -> None:
    of = optimizer(*NAMES)
    lrdsl.compile('lr["blocks.{k}.*"] = hold(at=k + 1); lr["blocks.3.*"] = hold(at=0.5); lr["*.plain"] = hold(at=0.7)', of)
    assert rates(of) == [1.0, 0.7, 0.5, 0.4, 11.0]


def test_resuming_and_copies() -> None:
    of, fresh = optimizer(*NAMES), optimizer(*NAMES)
    scheduler = lrdsl.compile(LAYERS, of, total_steps=50)
    for _ in range(20):
        scheduler.step()
    scheduler.replan('lr["blocks.{k}.*"] = drop(0.5^k) then linear(10)')
    scheduler.step()
    state = json.loads(json.dumps(scheduler.state_dict()))
    resumed = lrdsl.compile(LAYERS, fresh, total_steps=50)
    resumed.load_state_dict(state)
    assert rates(fresh) == rates(of)
    assert resumed.state_dict() == state
    again = copy.deepcopy(resumed)
    again.step()
    resumed.step()
    assert rates(again.optimizer) == rates(fresh)


def test_replanned_so_often_that_it_is_folded() -> None:
    of = optimizer(*NAMES)
    scheduler = lrdsl.compile(LAYERS, of, total_steps=500)
    for i in range(40):
        scheduler.step()
        before = rates(of)
        scheduler.replan('lr["blocks.{k}.*"] = hold; lr = hold' if i % 2 else "linear(2000, to=0.5x)")
        scheduler.step()
        if i % 2:
            assert rates(of) == pytest.approx(before, rel=1e-13)
    folded = scheduler.course.folded
    assert folded is not None
    of.param_groups.append({"lr": 9.0, "initial_lr": 9.0, "name": "blocks.11.new"})
    scheduler.step()
    assert of.param_groups[-1]["lr"] == pytest.approx(9.0 / 0.5 * of.param_groups[4]["lr"])
    fresh = optimizer(*NAMES, "blocks.11.new")
    fresh.param_groups[-1]["lr"] = 9.0
    lrdsl.compile(LAYERS, fresh, total_steps=500).load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert rates(fresh) == rates(of)


def test_folding_levels_that_are_no_multiple_of_the_base() -> None:
    of = optimizer(*NAMES)
    scheduler = lrdsl.compile('lr["blocks.{k}.*"] = max(cosine(500), 0.01 * (k + 1))', of)
    for i in range(30):
        scheduler.step()
        before = rates(of)
        scheduler.replan("hold" if i % 2 else "linear(2000, to=0.5x)")
        if i % 2:
            assert rates(of) == pytest.approx(before, rel=1e-13)
    assert scheduler.course.folded is not None


@pytest.mark.parametrize(
    ("text", "names", "message", "help"),
    [
        (
            'lr["blocks.{k}.*"] = hold',
            ["blocks.a.x", "head"],
            "fits no param group",
            "catch a whole number of at most 15 digits in a group's name; they are called `blocks.a.x`",
        ),
        ('lr["{k}"] = hold(at=1x / (k - 3))', ["3"], "with k = 3: division by 0", "divide by another"),
        ('lr["{k}"] = hold(10 - k) then linear(3)', ["3", "20"], "with k = 20: ", "0"),
        ('lr["{k}"] = exp(1 + k/5)', ["0", "3"], "LR144", "`exp(1 + k / 5) for"),
        ('lr["a", "b"] = hold', ["c"], 'lr\\["a", "b"\\]` fits no param group', "`c`"),
        ('momentum["a"] = hold', ["a"], "param group 0 has no `momentum`", "values="),
    ],
)
def test_groups_that_do_not_fit(text: str, names: list[str], message: str, help: str) -> None:
    of = optimizer(*names)
    before = copy.deepcopy(of.param_groups)
    with pytest.raises(lrdsl.ScheduleError, match=message) as caught:
        lrdsl.compile(text, of)
    assert help in str(caught.value)
    assert of.param_groups == before


def test_several_selectors() -> None:
    of = optimizer("a", "b", "c", "d1", "d2")
    lrdsl.compile('lr["a", "d*", 2] = hold(at=7)', of)
    assert rates(of) == [7.0, 0.2, 7.0, 7.0, 7.0]


def test_a_key_is_asked_of_the_groups_that_are_picked() -> None:
    of = SimpleNamespace(param_groups=[{"lr": 0.1, "name": "adam", "betas": (0.9, 0.99)}, {"lr": 0.1, "name": "muon", "momentum": 0.9}])
    text = 'lr = cosine(10); momentum["muon"] = linear(10, to=0.5x); betas[0]["adam"] = linear(10, to=0.5x)'
    scheduler = lrdsl.compile(text, of)
    scheduler.step()
    assert of.param_groups[1]["momentum"] == pytest.approx(0.855)
    assert of.param_groups[0]["betas"] == (pytest.approx(0.855), 0.99)
    assert "momentum" not in of.param_groups[0]
    assert "initial_momentum" not in of.param_groups[0]
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state["bases"] == {"lr": [0.1, 0.1], "momentum": [None, 0.9], "betas[0]": [0.9, None]}
    scheduler.step()
    scheduler.load_state_dict(state)
    assert of.param_groups[1]["momentum"] == pytest.approx(0.855)
    with pytest.raises(lrdsl.ScheduleError, match="not scheduled"):
        scheduler.at(0, group=0, target="momentum")
    state["bases"]["lr"] = [None, 0.1]
    with pytest.raises(lrdsl.ScheduleError, match="LR151"):
        scheduler.load_state_dict(state)


@pytest.mark.parametrize(
    ("text", "names", "message", "help"),
    [
        ('lr = hold; lr["a", "zz"] = 0.5 * lr', ["a", "b"], '`"zz"` of `lr["a", "zz"]` fits no param group', "called `a`, `b`"),
        ("lr = hold; lr[0, 9] = 0.5 * lr", ["a", "b"], "index 9 of `lr[0, 9]` fits no param group", "the last is `lr[1]`; they are called `a`, `b`"),
        ('lr["a.{k}", "b.{k}"] = hold(at=k)', ["a.1", "a.2"], '`"b.{k}"` of `lr["a.{k}", "b.{k}"]` fits no param group', "at most 15 digits"),
        ('lr["b.{k}"] = hold(at=k)', ["b.1\nx"], "fits no param group", r"they are called `b.1\nx`"),
        ('lr["zz"] = hold', [f"g{i}" for i in range(20)], "fits no param group", "`g11` and 8 others"),
    ],
)
def test_each_selector_fits_a_group(text: str, names: list[str], message: str, help: str) -> None:
    """A misspelt name beside a right one would be without effect."""
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.compile(text, optimizer(*names))
    assert message in caught.value.diagnostics[0].message
    assert help in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ('lr["blocks.3.decay"] = linear(3)', 'is one of the groups of `lr["blocks.{k}.*"]`', 'give all of them a schedule: `lr["blocks.{k}.*"] = ...`'),
        ('lr["blocks.{j}.*"] = linear(3)', "this does not schedule", 'did you mean `lr["blocks.{k}.*"]`?'),
    ],
)
def test_a_replan_names_the_whole_family(text: str, message: str, help: str) -> None:
    of = optimizer(*NAMES)
    scheduler = lrdsl.compile(LAYERS, of, total_steps=50)
    before = (rates(of), scheduler.state_dict())
    with pytest.raises(lrdsl.ScheduleError) as caught:
        scheduler.replan(text)
    assert message in caught.value.diagnostics[0].message
    assert caught.value.diagnostics[0].help == help
    assert (rates(of), scheduler.state_dict()) == before


@pytest.mark.parametrize("names", [["a.1", "a.2"], ["a.2", "a.1"]])
def test_groups_in_another_order_are_not_loaded(names: list[str]) -> None:
    """The bases of a state are by position."""
    scheduler = lrdsl.compile('lr = linear(10); lr["a.{k}"] = 0.5^k * lr', optimizer("a.1", "a.2"))
    scheduler.seek(4)
    state = json.loads(json.dumps(scheduler.state_dict()))
    other = lrdsl.compile('lr = linear(10); lr["a.{k}"] = 0.5^k * lr', optimizer(*names))
    before = other.state_dict()
    if names == ["a.1", "a.2"]:
        other.load_state_dict(state)
        assert other.get_last_lr() == scheduler.get_last_lr()
        return
    with pytest.raises(lrdsl.ScheduleError, match=r"`a\.1` is number 0 in the state, and number 1 here"):
        other.load_state_dict(state)
    assert other.state_dict() == before


@pytest.mark.parametrize("damage", [None, "a.1", ["a.1", "a.2"], [["a.1"]], [["a.1", 2]], [["a.1", "a.2", "a.3"]], {"a.1": 0}])
def test_damaged_names_of_groups(damage: Any) -> None:
    scheduler = lrdsl.compile('lr["a.{k}"] = 0.5^k * hold', optimizer("a.1", "a.2"))
    with pytest.raises(lrdsl.ScheduleError, match="its names of param groups cannot be read"):
        scheduler.load_state_dict({**scheduler.state_dict(), "groups": damage})


def test_groups_that_got_another_name_are_loaded() -> None:
    scheduler = lrdsl.compile("linear(10)", optimizer("a", "b"))
    scheduler.seek(4)
    for names in (["a", "c"], ["", ""], ["x", "y"]):
        other = lrdsl.compile("linear(10)", optimizer(*names))
        other.load_state_dict(scheduler.state_dict())
        assert other.get_last_lr() == scheduler.get_last_lr()
