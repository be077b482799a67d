"""Tests of groups that come, go and move, and of bases that are set by hand."""

from __future__ import annotations

import copy
import json
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import lrdsl
from lrdsl.numbers.scalar import Evaluator
from lrdsl.runtime.bases import base_for


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.zeros(2))


def sgd(*rates: float, **options: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD([{"params": [parameter()], "lr": rate} for rate in rates], lr=0.1, **options)


def plain(*rates: float) -> Any:
    return SimpleNamespace(param_groups=[{"lr": rate} for rate in rates])


def rates(optimizer: Any) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def run(scheduler: Any, ticks: int) -> None:
    for _ in range(ticks):
        scheduler.optimizer.step()
        scheduler.step()


def test_a_group_enters_at_the_rate_that_it_was_given() -> None:
    """Lightning's BackboneFinetuning adds the backbone at a tenth of the rate that the head has now, and it stays at a tenth of it."""
    optimizer = sgd(1e-3)
    scheduler = lrdsl.compile("warmup(10) then cosine(90)", optimizer)
    run(scheduler, 60)
    optimizer.add_param_group({"params": [parameter()], "lr": 0.1 * optimizer.param_groups[0]["lr"]})
    assert scheduler.at(60, group=1) == optimizer.param_groups[1]["lr"]
    assert scheduler.base_lrs == pytest.approx([1e-3, 1e-4], rel=1e-12)
    for _ in range(40):
        run(scheduler, 1)
        assert rates(optimizer)[1] == pytest.approx(0.1 * rates(optimizer)[0], rel=1e-12)


ASKING = {
    "at": lambda s: s.at(10, group=1) == 0.5 * s.base_lrs[1],
    "values": lambda s: s.values(11, group=1)[10] == 0.5 * s.base_lrs[1],
    "base_lrs": lambda s: s.base_lrs == [0.1, 0.05],
    "get_last_lr": lambda s: s.get_last_lr() == [s.at(s.last_epoch), s.at(s.last_epoch, group=1)],
    "state_dict": lambda s: s.state_dict()["bases"]["lr"] == [0.1, 0.05],
    "phase": lambda s: s.phase.text == "linear(20)",
    "remaining": lambda s: s.remaining == 20 - s.last_epoch,
    "seek": lambda s: s.seek(10) is None and rates(s.optimizer) == [0.05, 0.025],
    "rebase": lambda s: s.rebase() is None and s.base_lrs == [0.1, 0.05],
    "replan": lambda s: s.replan("hold") is None and s.base_lrs == [0.1, 0.05],
    "step": lambda s: run(s, 1) is None and s.optimizer.param_groups[1]["initial_lr"] == 0.05,
    "load": lambda s: s.load_state_dict(s.state_dict()) is None and s.base_lrs == [0.1, 0.05],
    "set": lambda s: s.base_lrs.__setitem__(1, 0.2) is None and s.base_lrs == [0.1, 0.2],
}


@pytest.mark.parametrize("asking", ASKING)
def test_every_method_sees_the_groups_as_they_are(asking: str) -> None:
    optimizer = sgd(0.1)
    scheduler = lrdsl.compile("linear(20)", optimizer)
    optimizer.add_param_group({"params": [parameter()], "lr": 0.05})
    assert ASKING[asking](scheduler)


def test_a_state_that_is_saved_right_after_a_group_was_added_loads() -> None:
    optimizer = sgd(0.1)
    scheduler = lrdsl.compile("linear(20)", optimizer)
    run(scheduler, 10)
    optimizer.add_param_group({"params": [parameter()], "lr": 0.02})
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state["bases"]["lr"] == [0.1, 0.04]
    fresh = sgd(0.1)
    again = lrdsl.compile("linear(20)", fresh)
    fresh.add_param_group({"params": [parameter()], "lr": 7e-4})
    with pytest.warns(lrdsl.ResumeWarning, match=r"param group 1 is 0\.04 in the state, which holds from now on, and 0\.0007 in the optimizer"):
        again.load_state_dict(state)
    assert rates(fresh) == [0.05, 0.02]
    run(scheduler, 3)
    run(again, 3)
    assert rates(fresh) == rates(optimizer)


def test_groups_that_move_keep_their_bases() -> None:
    optimizer = sgd(0.1, 0.2, 0.3)
    scheduler = lrdsl.compile("linear(20)", optimizer)
    run(scheduler, 4)
    optimizer.param_groups.reverse()
    assert scheduler.base_lrs == [0.3, 0.2, 0.1]
    assert scheduler.at(10, group=0) == 0.15
    run(scheduler, 1)
    assert rates(optimizer) == pytest.approx([0.225, 0.15, 0.075])
    del optimizer.param_groups[1]
    assert scheduler.base_lrs == scheduler.state_dict()["bases"]["lr"] == [0.3, 0.1]
    run(scheduler, 1)
    assert rates(optimizer) == pytest.approx([0.21, 0.07])
    optimizer.param_groups[0] = {**optimizer.param_groups[0]}
    assert scheduler.base_lrs == [0.3, 0.1]
    run(scheduler, 2)
    assert rates(optimizer) == pytest.approx([0.18, 0.06])
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    run(scheduler, 1)
    assert rates(optimizer) == pytest.approx([0.165, 0.055])


def test_a_group_in_the_place_of_another_is_a_new_one() -> None:
    optimizer = sgd(0.1, 0.1)
    scheduler = lrdsl.compile("linear(20)", optimizer)
    run(scheduler, 10)
    optimizer.param_groups[1] = {**optimizer.param_groups[1], "params": [parameter()], "lr": 0.01}
    del optimizer.param_groups[1]["initial_lr"]
    run(scheduler, 1)
    assert scheduler.base_lrs == [0.1, 0.02]


@pytest.mark.parametrize("text", ["warmup(10) then hold", "hold(at=0.1)", "linear(4)"])
def test_a_rate_that_can_be_no_level_is_the_base(text: str) -> None:
    optimizer = plain(0.1)
    scheduler = lrdsl.compile(text, optimizer)
    scheduler.seek(0 if "warmup" in text else 5)
    optimizer.param_groups.append({"lr": 0.05})
    assert scheduler.base_lrs == [0.1, 0.05]


def test_a_base_above_all_others_is_told() -> None:
    optimizer = plain(0.1)
    scheduler = lrdsl.compile("warmup(10) then hold", optimizer)
    scheduler.seek(1)
    optimizer.param_groups.append({"lr": 0.1})
    with pytest.warns(lrdsl.ScheduleWarning, match=r"(?s)its base is 1, above all others.*base_lrs\[1\] = 0\.1"):
        scheduler.step()
    with warnings.catch_warnings():  # told once
        warnings.simplefilter("error")
        scheduler.seek(1)
        scheduler.seek(2)
        scheduler.base_lrs[1] = 0.1
    assert rates(optimizer) == [0.020000000000000004, 0.020000000000000004]
    optimizer.param_groups.append({"lr": 0.1, "initial_lr": 0.1})
    scheduler.step()
    assert scheduler.base_lrs == [0.1, 0.1, 0.1]


def test_a_base_above_all_others_that_was_given_is_not_told() -> None:
    optimizer = plain(0.1)
    scheduler = lrdsl.compile("hold", optimizer)
    scheduler.step()
    optimizer.param_groups.append({"lr": 1.0})
    scheduler.step()
    assert (scheduler.base_lrs, rates(optimizer)) == ([0.1, 1.0], [0.1, 1.0])


def test_a_level_that_is_no_multiple_of_the_base() -> None:
    optimizer = plain(0.1)
    scheduler = lrdsl.compile("exp(20, to=1e-4)", optimizer)
    scheduler.seek(10)
    optimizer.param_groups.append({"lr": 0.002})
    assert scheduler.at(10, group=1) == pytest.approx(0.002, rel=1e-8)
    assert scheduler.base_lrs[1] == pytest.approx(0.04)


def test_bases_that_are_set() -> None:
    optimizer = plain(0.1, 0.2)
    scheduler = lrdsl.compile("linear(10)", optimizer)
    scheduler.seek(5)
    scheduler.base_lrs = [1.0, 2.0]
    assert (rates(optimizer), [g["initial_lr"] for g in optimizer.param_groups]) == ([0.5, 1.0], [1.0, 2.0])
    scheduler.base_lrs[0] = 4
    scheduler.step()
    assert rates(optimizer) == [1.6, 0.8]
    assert type(copy.deepcopy(scheduler).base_lrs[0]) is float
    assert json.dumps(scheduler.base_lrs) == "[4.0, 2.0]"
    for wrong in ([1.0], [1.0, 2.0, 3.0], [1.0, float("nan")], [1.0, "2"]):
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            scheduler.base_lrs = wrong
    for change in (lambda b: b.append(1.0), lambda b: b.pop(), lambda b: b.__setitem__(0, None), lambda b: b.clear()):
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            change(scheduler.base_lrs)
    assert scheduler.base_lrs == [4.0, 2.0]


def test_values_that_are_set_by_hand() -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": 0.1, "momentum": 0.5}, {"lr": 0.2, "momentum": 0.5}])
    scheduler = lrdsl.compile("lr = linear(10); momentum = linear(10)", optimizer)
    scheduler.seek(5)
    optimizer.param_groups[0]["lr"] *= 2
    optimizer.param_groups[1]["momentum"] = 0.4
    scheduler.rebase()
    assert scheduler.base_lrs == [0.2, 0.2]
    assert scheduler.bases["momentum"] == [0.5, 0.8]
    for group in optimizer.param_groups:
        group["lr"] *= 2
        group["initial_lr"] *= 2
    scheduler.rebase()
    assert scheduler.base_lrs == [0.4, 0.4]
    optimizer.param_groups[0]["lr"] = 1.0
    scheduler.rebase(group=1)
    assert scheduler.base_lrs == [0.4, 0.4]
    scheduler.rebase(group=1, base=3)
    assert scheduler.base_lrs == [0.4, 3.0]
    scheduler.rebase(base=1)
    assert scheduler.base_lrs == [1.0, 1.0]
    for wrong in ({"group": 2}, {"group": -1}, {"base": "x"}):
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            scheduler.rebase(**wrong)


def test_a_value_that_no_base_gives() -> None:
    optimizer = plain(0.1)
    scheduler = lrdsl.compile("warmup(5)", optimizer)
    optimizer.param_groups[0]["lr"] = 0.3
    with pytest.raises(lrdsl.ScheduleError, match="initial_lr"):
        scheduler.rebase()
    assert (scheduler.base_lrs, rates(optimizer)) == ([0.1], [0.3])
    optimizer.param_groups[0]["initial_lr"] = 0.3
    scheduler.rebase()
    assert (scheduler.base_lrs, rates(optimizer)) == ([0.3], [0.0])


def test_a_base_that_was_written_by_hand_and_is_not_taken_over_is_told() -> None:
    optimizer = plain(0.1)
    scheduler = lrdsl.compile("hold(4) then linear(10)", optimizer)
    scheduler.step()
    for group in optimizer.param_groups:
        group["lr"] *= 2
        group["initial_lr"] *= 2
    scheduler.step()
    scheduler.step()
    with pytest.warns(lrdsl.ScheduleWarning, match=r"(?s)set to 0\.2.*base 0\.1.*scheduler\.rebase"):
        scheduler.step()
    scheduler.rebase()
    assert scheduler.base_lrs == [0.2]


def test_a_rate_of_a_checkpoint_is_no_base() -> None:
    """nanoGPT's checkpoints have no `initial_lr`: the rate that they hold is the decayed one."""
    first = torch.optim.AdamW([parameter()], lr=2e-5)
    first.param_groups[0]["params"][0].grad = torch.ones(2)
    first.step()
    second = torch.optim.AdamW([parameter()], lr=1e-3)
    second.load_state_dict(first.state_dict())
    with pytest.warns(lrdsl.ScheduleWarning, match=r"(?s)has taken 1 steps.*2e-05, is taken as the base"):
        lrdsl.compile("cosine(100)", second)
    second.load_state_dict(first.state_dict())
    second.param_groups[0]["initial_lr"] = 1e-3
    assert lrdsl.compile("cosine(100)", second).base_lrs == [1e-3]


def test_a_rate_that_a_search_found_is_the_base_once_the_search_is_cleared() -> None:
    optimizer = sgd(1e-7)
    finder = lrdsl.compile("exp(100, to=1)", optimizer)
    run(finder, 60)
    del finder
    optimizer.param_groups[0]["lr"] = 3e-3
    with pytest.warns(lrdsl.ScheduleWarning, match=r"(?s)holds the `lr` 0\.003.*1e-07.*del group"):
        lrdsl.compile("cosine(100)", optimizer)
    optimizer.param_groups[0]["lr"] = 3e-3
    del optimizer.param_groups[0]["initial_lr"]
    assert lrdsl.compile("cosine(100)", optimizer).base_lrs == [3e-3]


def test_what_is_usual_brings_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = torch.optim.AdamW([parameter()], lr=1e-3)
        scheduler = lrdsl.compile("warmup(5) then cosine(20)", optimizer)
        optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
        run(scheduler, 15)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        fresh = torch.optim.AdamW([parameter()], lr=1e-3)
        fresh.load_state_dict(saved[0])
        lrdsl.compile("warmup(5) then cosine(20)", fresh).load_state_dict(saved[1])


def test_of_several_bases_with_a_level_the_least_is_found() -> None:
    evaluator = Evaluator.of(lrdsl.parse("clip(0.5 * max(hold, 0.3), 0.2, 0.4)").plan)
    assert base_for(evaluator, 0, 0.4) == pytest.approx(0.8, rel=1e-12)
    assert base_for(evaluator, 0, 0.3) == pytest.approx(0.6, rel=1e-12)
    assert base_for(evaluator, 0, 0.5) is None


@pytest.mark.parametrize(("given", "help"), [(0.1, "[0.1, 0.1]"), (None, "[None, None]"), (torch.tensor(0.1), "[tensor(0.1000)")])
def test_bases_that_are_no_list(given: Any, help: str) -> None:
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}], lr=0.5)
    scheduler = lrdsl.compile("cosine(10)", optimizer)
    with pytest.raises(lrdsl.ScheduleError, match="no list of numbers") as caught:
        scheduler.base_lrs = given
    assert help in str(caught.value)
    assert scheduler.base_lrs == [0.5, 0.5]
