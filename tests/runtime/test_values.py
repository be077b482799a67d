"""Tests of targets that are in no param group, and of keys in quotes."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import lrdsl

EMA = "lr = cosine(10); ema = linear(10, from=0.9, to=0.99); batch_size = hold(4, at=256) then hold(at=512)"


def optimizer() -> Any:
    return SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": 0.2}])


def torch_optimizer() -> Any:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)


@pytest.mark.parametrize("make", [optimizer, torch_optimizer])
def test_values_are_read_by_name(make: Any) -> None:
    of = make()
    scheduler = lrdsl.compile(EMA, of, values=("ema", "batch_size"))
    for t in range(14):
        assert scheduler["ema"] == scheduler.at(t, target="ema") == scheduler.schedule.at(t, target="ema")
        assert scheduler["batch_size"] == (256 if t < 4 else 512)
        if hasattr(of, "step"):
            of.step()
        scheduler.step()
    assert not any("ema" in key for group in of.param_groups for key in group)
    assert scheduler.values(3, target="ema").tolist() == [scheduler.at(t, target="ema") for t in range(3)]
    scheduler.seek(2)
    assert scheduler["ema"] == scheduler.at(2, target="ema")
    state = json.loads(json.dumps(scheduler.state_dict()))
    resumed = lrdsl.compile(EMA, make(), values=("ema", "batch_size"))
    resumed.load_state_dict(state)
    assert resumed["ema"] == scheduler["ema"]
    assert resumed.state_dict() == state
    scheduler.replan("ema = hold(at=0.5)")
    assert scheduler["ema"] == 0.5
    again = copy.deepcopy(scheduler)
    again.step()
    assert (again["ema"], again.last_epoch, scheduler.last_epoch) == (0.5, 3, 2)


def test_the_base_of_a_value() -> None:
    assert lrdsl.compile("ema = linear(4)", optimizer(), values=["ema"])["ema"] == 1.0
    assert lrdsl.compile("set base = 0.1; ema = linear(4)", optimizer(), values={"ema"})["ema"] == 1.0
    scheduler = lrdsl.compile("ema = linear(4)", optimizer(), values={"ema": 0.5})
    scheduler.step()
    assert scheduler["ema"] == 0.375
    assert scheduler.state_dict()["bases"] == {"lr": [0.1, 0.2], "ema": [0.5]}
    other = lrdsl.compile("ema = linear(4)", optimizer(), values=("ema",))
    with pytest.warns(lrdsl.ResumeWarning, match="base of `ema` is 0.5 in the state"):
        other.load_state_dict(scheduler.state_dict())
    assert other["ema"] == 0.375


def test_a_state_of_a_schedule_without_the_value() -> None:
    before = lrdsl.compile("linear(10)", optimizer())
    before.step()
    scheduler = lrdsl.compile("lr = linear(10); ema = linear(10)", optimizer(), values={"ema": 0.5})
    with pytest.warns(lrdsl.ResumeWarning, match="the schedule sets `ema`, which the state does not"):
        scheduler.load_state_dict(before.state_dict(), migrate=True)
    assert scheduler["ema"] == 0.45
    back = lrdsl.compile("linear(10)", optimizer())
    with pytest.warns(lrdsl.ResumeWarning, match="the state sets `ema`, which the schedule does not"):
        back.load_state_dict(scheduler.state_dict(), migrate=True)
    assert back.last_epoch == 1


def test_a_key_in_quotes() -> None:
    of = SimpleNamespace(param_groups=[{"lr": 1.0, "step": 5.0, "name": "a"}])
    scheduler = lrdsl.compile('"clip" = linear(4, from=1, to=0.6); "step"["a"] = linear(5); lr = 0.5 * "clip"', of, values=("clip",))
    scheduler.step()
    assert (scheduler["clip"], of.param_groups[0]["step"], of.param_groups[0]["lr"]) == (0.9, 4.0, 0.45)
    assert scheduler.at(2, target="clip") == 0.8
    assert scheduler.at(1, target="step") == 4.0
    scheduler.replan('"clip" = hold(at=3)')
    assert scheduler["clip"] == 3


@pytest.mark.parametrize(
    ("text", "values", "message", "help"),
    [
        (EMA, (), "param group 0 has no `ema`", "values=('ema',)"),
        (EMA, ("emma", "batch_size"), "'emma' is in `values`", "did you mean `ema`?"),
        (EMA, "ema", "values is 'ema'", "values=('ema',)"),
        (EMA, {"ema": "much", "batch_size": 1}, "the base of `ema` in `values` is 'much'", "0.999"),
        (EMA, {"ema": float("nan"), "batch_size": 1}, "the base of `ema`", "0.999"),
        (EMA, ("lr",), "'lr' is in `values`", "ema"),
        (EMA, 3, "values is 3", "names"),
        (EMA, [3], "3 is in `values`", "ema"),
        (EMA, None, "values is None", "names"),
        ('ema["a"] = hold', ("ema",), '`ema["a"]` picks groups', "write `ema = ...`"),
        ("momentum = hold", ("momentum",), "param group 1 has a `momentum` too", "out of `values`"),
    ],
)
def test_values_that_cannot_be(text: str, values: Any, message: str, help: str) -> None:
    of = SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": 0.2, **({"momentum": 0.9} if "momentum" in text else {})}])
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.compile(text, of, values=values)
    assert message in str(caught.value)
    assert help in str(caught.value)
    assert "initial_lr" not in of.param_groups[0]


@pytest.mark.parametrize(
    ("name", "help"), [("emma", "did you mean `ema`?"), ("lr", "param_groups"), ("x", "`values` names `ema`"), (3, "`values` names"), (None, "ema")]
)
def test_a_name_that_is_no_value(name: Any, help: str) -> None:
    scheduler = lrdsl.compile("lr = hold; ema = hold", optimizer(), values=("ema",))
    with pytest.raises(lrdsl.ScheduleError, match="LR153") as caught:
        scheduler[name]
    assert help in str(caught.value)


def test_a_group_that_refuses_a_level_leaves_the_values_as_they_were() -> None:
    class Picky(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: str, value: float) -> None:
            if key == "lr" and value < 0.5:
                raise ValueError(value)
            super().__setitem__(key, value)

    scheduler = lrdsl.compile("ema = linear(4); lr = linear(4)", SimpleNamespace(param_groups=[Picky(lr=1.0)]), values=("ema",))
    scheduler.step()
    scheduler.step()
    for call in (scheduler.step, lambda: scheduler.seek(3)):
        with pytest.raises(ValueError, match=r"0\.25"):
            call()
        assert (scheduler["ema"], scheduler.last_epoch) == (0.5, 2)
