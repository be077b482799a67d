"""Tests of schedulers in a run in which the batch changes: their states, and what replans count."""

from __future__ import annotations

import copy
import json
import pickle
from types import SimpleNamespace
from typing import Any

import pytest

import lrdsl

#: 100 steps of 1 sample, then 2 each.
RAMP = "set batch_size = hold(100 samples, at=1) then hold(at=2); set total = 1k; "
TEXT = f"{RAMP}lr = linear(200 samples) then cosine(rest)"


def optimizer() -> Any:
    return SimpleNamespace(param_groups=[{"lr": 1.0}])


def test_a_state_is_json_and_goes_on() -> None:
    scheduler = lrdsl.compile(TEXT, optimizer())
    scheduler.seek(120)
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state["clock"] == {"total_steps": 1000, "batch_size": [[0, 1], [100, 2]], "tick": "step"}
    resumed = lrdsl.compile(TEXT, optimizer())
    resumed.load_state_dict(state)
    for _ in range(40):
        scheduler.step()
        resumed.step()
        assert resumed.get_last_lr() == scheduler.get_last_lr()
    again = lrdsl.compile(TEXT, optimizer())
    again.load_state_dict(pickle.loads(pickle.dumps(scheduler.state_dict())))
    assert again.last_epoch == 160


@pytest.mark.parametrize("batches", [[[0, 1], [100, 3]], [[0, 1]], 1, [[0, 1], [100]], [[0, [1]]], [0, 1], [["0", None]], {"0": 1}, (0, 1)])
def test_the_state_of_a_run_with_other_batches_is_refused(batches: Any) -> None:
    scheduler = lrdsl.compile(TEXT, optimizer())
    state = scheduler.state_dict()
    state["clock"]["batch_size"] = batches
    with pytest.raises(lrdsl.ScheduleError, match="LR151"):
        scheduler.load_state_dict(state)
    assert scheduler.last_epoch == 0


def test_a_replan_counts_from_where_it_begins() -> None:
    scheduler = lrdsl.compile(TEXT, optimizer())
    scheduler.seek(50)
    scheduler.replan("hold(100 samples) then linear(50 samples) then hold(at=3) until 300 samples then hold(at=4)")
    assert [p.start for p in scheduler.schedule.phases] == [0, 50, 125, 150, 200]
    state = json.loads(json.dumps(scheduler.state_dict()))
    resumed = lrdsl.compile(TEXT, optimizer())
    resumed.load_state_dict(state)
    assert resumed.values(250).tolist() == scheduler.values(250).tolist()


def test_schedules_with_batches_are_values() -> None:
    s = lrdsl.parse(TEXT)
    assert pickle.loads(pickle.dumps(s)) == copy.deepcopy(s) == s
    assert s.replanned(10, "hold").clock == s.clock
    assert lrdsl.parse(TEXT).supposing() == s
