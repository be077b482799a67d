"""Tests of the scheduler with several targets and several param groups."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import lrdsl

TWO = """
set total = 20
lr = warmup(5) then cosine(rest)
lr["back*"] = 0.1 * lr
weight_decay = cosine(total, from=0.04, to=0.4)
betas[0] = linear(10, from=0.85, to=0.95)
"""


def adam() -> torch.optim.Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "name": name} for name in ("backbone", "head")]
    return torch.optim.AdamW(groups, lr=0.1, weight_decay=0.01)


def test_each_group_and_quantity_has_its_own() -> None:
    optimizer = adam()
    scheduler = lrdsl.compile(TWO, optimizer)
    for t in range(25):
        back, head = optimizer.param_groups
        assert head["lr"] == scheduler.at(t, group=1)
        assert back["lr"] == pytest.approx(0.1 * head["lr"], rel=1e-15)
        assert back["weight_decay"] == head["weight_decay"] == scheduler.at(t, target="weight_decay")
        assert back["betas"] == (scheduler.at(t, target="betas[0]"), 0.999)
        assert scheduler.get_last_lr() == [back["lr"], head["lr"]]
        optimizer.step()
        scheduler.step()
    assert scheduler.finished
    assert scheduler.values(3, group=1).tolist() == [scheduler.at(t, group=1) for t in range(3)]


def test_the_later_selector_wins_and_a_selector_goes_before_none() -> None:
    groups = [{"lr": 1.0, "name": name} for name in ("a1", "a2", "b")]
    lrdsl.compile('lr["a*"] = hold(at=0.1); lr["a2"] = hold(at=0.2); lr = hold(at=0.3)', SimpleNamespace(param_groups=groups))
    assert [g["lr"] for g in groups] == [0.1, 0.2, 0.3]


def test_groups_without_a_schedule_are_left_alone() -> None:
    groups = [{"lr": 1.0}, {"lr": 2.0}]
    scheduler = lrdsl.compile("lr[1] = linear(4)", SimpleNamespace(param_groups=groups))
    scheduler.step()
    groups[0]["lr"] = 7.0
    scheduler.step()
    assert [g["lr"] for g in groups] == [7.0, 1.0]
    assert scheduler.get_last_lr() == [7.0, 1.0]
    with pytest.raises(lrdsl.ScheduleError, match="not scheduled"):
        scheduler.at(3, group=0)


def test_a_schedule_of_momentum_alone() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1, momentum=0.9)
    scheduler = lrdsl.compile("momentum = linear(4, to=0.5)", optimizer)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["momentum"] == pytest.approx(0.8)
    assert optimizer.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("order", [("optimizer", "scheduler"), ("scheduler", "optimizer")])
def test_resuming(order: tuple[str, str]) -> None:
    optimizer = adam()
    scheduler = lrdsl.compile(TWO, optimizer)
    for _ in range(7):
        optimizer.step()
        scheduler.step()
    saved = {"optimizer": copy.deepcopy(optimizer.state_dict()), "scheduler": json.loads(json.dumps(scheduler.state_dict()))}
    fresh = adam()
    resumed = lrdsl.compile(TWO, fresh)
    for part in order:
        {"optimizer": fresh, "scheduler": resumed}[part].load_state_dict(saved[part])
    for _ in range(15):
        for ours, theirs in zip(fresh.param_groups, optimizer.param_groups, strict=True):
            assert {k: v for k, v in ours.items() if k != "params"} == {k: v for k, v in theirs.items() if k != "params"}
        for opt, sched in ((optimizer, scheduler), (fresh, resumed)):
            opt.step()
            sched.step()
    assert resumed.state_dict() == scheduler.state_dict()


@pytest.mark.parametrize(
    ("text", "about"),
    [("momentum = hold", "momentum"), ("betas[2] = hold", "element 2"), ('lr["tail"] = hold', "tail"), ("lr[5] = hold", "5"), ("wibble = hold", "wibble")],
)
def test_what_the_optimizer_does_not_have(text: str, about: str) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR153") as caught:
        lrdsl.compile(text, adam())
    assert about in str(caught.value)


@pytest.mark.parametrize(("key", "near"), [("weight_decy", "weight_decay"), ("ema_decay", ""), ("amsgrd", "amsgrad"), ("layer_decay", ""), ("weight_norm", "")])
def test_a_repair_of_a_key_is_near_in_spelling(key: str, near: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.compile(f"{key} = hold", adam())
    help = caught.value.diagnostics[0].help
    assert f"did you mean `{near}`?" in help if near else "did you mean" not in help


@pytest.mark.parametrize(
    ("text", "asked", "message", "help"),
    [
        ("lr = hold", {"group": 5}, "there is no param group 5: the optimizer has 2", "from 0"),
        (
            "lr = hold; weight_decay[0] = hold",
            {"group": 1, "target": "weight_decay"},
            "of param group 1 is not scheduled",
            "the schedule sets `lr`, `weight_decay[0]`",
        ),
        ("lr = hold", {"target": "momentum"}, "'momentum' of param group 0 is not scheduled", "the schedule sets `lr`"),
    ],
)
def test_what_is_asked_of_a_group_and_is_not_there(text: str, asked: dict[str, Any], message: str, help: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.compile(text, adam()).at(1, **asked)
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert help in found.help
