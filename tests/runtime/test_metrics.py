"""Tests of metrics at run time: reports, missing reports, wrong reports, and what each of them does to the schedule."""

from __future__ import annotations

import json
import math
import re
import warnings
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

import lrdsl
from lrdsl.check import phases
from lrdsl.metrics import finite_json, number_of_json
from lrdsl.runtime.reports import MetricWarning
from lrdsl.schedule import source
from tests.counting import work


def compiled(text: str, *bases: float, **options: Any) -> Any:
    return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": base} for base in bases or (1.0,)]), **options)


def rate(scheduler: Any) -> float:
    return scheduler.optimizer.param_groups[0]["lr"]


def run(scheduler: Any, *losses: float | None) -> list[float]:
    found = []
    for loss in losses:
        scheduler.step(loss=loss)
        found.append(rate(scheduler))
    return found


def test_a_phase_ends_at_the_tick_after_the_report() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(2)")
    assert run(scheduler, 0.5, 0.2, 0.9, 0.9) == [1.0, 1.0, 0.5, 0.0]
    assert (scheduler.phase.text, scheduler.finished) == ("linear(2)", True)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_saved_before_at_and_after_the_event(stop: int) -> None:
    text, losses = "hold until val_loss < 0.3 then cosine(10)", [0.5, 0.2, 0.6, 0.1, 0.1, 0.1]
    unbroken, first, second = compiled(text), compiled(text), compiled(text)
    for loss in losses:
        unbroken.step(val_loss=loss)
    for loss in losses[:stop]:
        first.step(val_loss=loss)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert rate(second) == rate(first)
    for loss in losses[stop:]:
        second.step(val_loss=loss)
    assert second.state_dict() == unbroken.state_dict()
    assert rate(second) == rate(unbroken) == unbroken.at(6)


def test_rest_is_what_is_left_when_the_event_has_come() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(rest)", total_steps=6)
    assert run(scheduler, 0.5, 0.2, 1, 1, 1, 1) == [1.0, 1.0, 0.75, 0.5, 0.25, 0.0]


def test_rest_is_a_tick_where_the_event_comes_too_late() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(rest)", total_steps=2)
    assert run(scheduler, 1, 1, 1, 0.2, 1, 1) == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]


def test_a_duration_ends_it_at_the_latest() -> None:
    scheduler = compiled("hold until loss < 0.3 or for 3 then linear(2)")
    assert scheduler.remaining == 5
    assert run(scheduler, 1, 1, 1, 1, 1) == [1.0, 1.0, 1.0, 0.5, 0.0]
    scheduler = compiled("hold until loss < 0.3 or for 3 then linear(2)")
    assert run(scheduler, 0.1, 1, 1, 1) == [1.0, 0.5, 0.0, 0.0]


def test_a_drop_that_falls_on_the_end_has_happened() -> None:
    scheduler = compiled("plateau(patience=0, metric=loss) for 2 then hold")
    assert run(scheduler, 1, 1, 1, 1) == [1.0, 0.1, 0.1, 0.1]


def test_a_phase_sees_the_reports_of_its_own_ticks_alone() -> None:
    scheduler = compiled("warmup(2) then hold until loss < 0.3 then linear(2)")
    assert run(scheduler, 0.1, 0.1, 0.1, 1, 1) == [0.5, 1.0, 1.0, 0.5, 0.0]


def test_groups_and_targets_see_the_same_event() -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": 1.0, "momentum": 0.5}, {"lr": 2.0, "momentum": 0.5}])
    scheduler = lrdsl.compile("lr = hold until loss < 0.3 then linear(2); lr[1] = 0.1 * lr; momentum = hold until loss < 0.3 then hold(at=0.9)", optimizer)
    for loss in (1, 0.1, 1):
        scheduler.step(loss=loss)
    assert [(g["lr"], g["momentum"]) for g in optimizer.param_groups] == [(0.5, 0.9), (pytest.approx(0.1), 0.9)]
    assert scheduler.state_dict()["watches"] == [["loss < 0.3", 0, [2], None, 0, 0]]


def test_a_metric_by_position_is_the_one_that_is_followed() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(2)")
    scheduler.step(0.1)
    scheduler.step(0.1)
    assert rate(scheduler) == 0.5


@pytest.mark.parametrize("way", ["step", "report"])
def test_a_metric_by_position_that_could_be_any(way: str) -> None:
    scheduler = compiled("hold until loss < 0.3 then hold until acc > 0.5")
    with pytest.raises(lrdsl.ScheduleError, match=rf"LR154[\s\S]*`{way}\(loss=...\)`"):
        getattr(scheduler, way)(0.1)
    assert (scheduler.last_epoch, scheduler.state_dict()["reports"]) == (0, [])


def test_a_metric_that_is_no_number_changes_nothing() -> None:
    scheduler = compiled("hold until loss < 0.3")
    with pytest.raises(lrdsl.ScheduleError, match="LR154"):
        scheduler.step(loss="low")
    assert (scheduler.last_epoch, scheduler.state_dict()["watches"]) == (0, [])


def test_metrics_of_others_are_left_alone() -> None:
    scheduler = compiled("cosine(10)")
    scheduler.step(loss="low", acc=0.5)
    assert scheduler.last_epoch == 1


def test_a_missing_metric_is_spoken_of_once() -> None:
    scheduler = compiled("hold until val_loss < 0.3")
    with pytest.warns(MetricWarning, match="`vall_loss` was reported; did you mean that"):
        scheduler.step(vall_loss=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
    assert scheduler.phase.length is None


def test_no_report_by_name_is_silent_and_counts_for_nothing() -> None:
    scheduler = compiled("plateau(patience=0, metric=loss)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(scheduler, 1, None, None, 2) == [1.0, 1.0, 1.0, 0.1]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_report_that_is_not_finite_is_spoken_of(wrong: float) -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(2)")
    with pytest.warns(MetricWarning, match="no comparison holds for it"):
        run(scheduler, wrong)
    assert scheduler.state_dict()["watches"][0][2] == []
    for text in ("plateau(metric=loss)", "hold until plateau(metric=loss)"):
        scheduler = compiled(text)
        with pytest.warns(MetricWarning, match="a NaN is never better than the best report"):
            run(scheduler, wrong)
        json.dumps(scheduler.state_dict(), allow_nan=False)


def test_what_changes_nothing_is_not_remembered() -> None:
    scheduler = compiled("plateau(factor=0.1, patience=0, min=0.05, metric=loss)")
    run(scheduler, *([1.0] * 50))
    assert rate(scheduler) == 0.05
    assert scheduler.log.events == {next(iter(scheduler.log.events)): (2, 3)}


def test_a_report_after_the_last_tick_of_its_phase_is_not_remembered() -> None:
    scheduler = compiled("hold until loss < 0.3 or 3 then linear(9)")
    remembered = []
    for _ in range(5):
        scheduler.report(loss=0.9)
        remembered.append(bool(scheduler.state_dict()["reports"]))
        scheduler.step()
    assert remembered == [True, True, True, False, False]


def test_seeking_back_forgets_what_came_later() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(2)")
    run(scheduler, 1, 0.1, 1)
    scheduler.seek(1)
    assert (rate(scheduler), scheduler.phase.text) == (1.0, "hold until loss < 0.3")
    assert run(scheduler, 1, 0.1, 1) == [1.0, 1.0, 0.5]


def test_replan_keeps_what_has_happened() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(10)")
    run(scheduler, 0.1, 1, 1)
    level = rate(scheduler)
    scheduler.replan("hold until loss < 0.2 then linear(2)")
    assert rate(scheduler) == level
    assert run(scheduler, 0.25, 0.1, 1) == [level, level, pytest.approx(level / 2)]
    other = compiled("hold until loss < 0.3 then linear(10)")
    other.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert (other.state_dict(), rate(other)) == (scheduler.state_dict(), rate(scheduler))


def test_a_damaged_log_is_refused() -> None:
    scheduler = compiled("hold until loss < 0.3")
    run(scheduler, 0.1)
    for damaged in (["loss < 0.3", 0, ["x"], None, 0, 0], ["loss < 0.3", 0, [1], None, -1, 0], ["loss < 0.3", "soon", [1], None, 0, 0], ["loss < 0.3", 0], 3):
        state = json.loads(json.dumps(scheduler.state_dict())) | {"watches": [damaged]}
        with pytest.raises(lrdsl.ScheduleError, match="LR151"):
            compiled("hold until loss < 0.3").load_state_dict(state)


def test_another_schedule_knows_nothing_of_the_events() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(4)")
    run(scheduler, 0.1, 1)
    other = compiled("hold until loss < 0.1 then linear(4)")
    with pytest.warns(lrdsl.ResumeWarning, match=r"phase 1 of `lr` is `hold until loss < 0\.3`"):
        other.load_state_dict(scheduler.state_dict(), migrate=True)
    assert (other.last_epoch, other.state_dict()["watches"], rate(other)) == (2, [], 1.0)


def test_supposing() -> None:
    s = lrdsl.parse("hold until loss < 0.3 then plateau(metric=loss) for 5 then linear(2)")
    assert (s.length, s.supposing(2).length) == (None, 9)
    assert s.supposing(2, 4).values(10).tolist()[1:5] == [1.0, 1.0, 1.0, 0.1]
    assert s.supposing(2) == s.after({("loss < 0.3", Fraction(0)): (2,)}) != s
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        lrdsl.parse("cosine(10)").supposing(3)


def test_a_metric_may_have_any_name() -> None:
    scheduler = compiled('hold until "val/loss" < 0.3 then linear(2)')
    scheduler.step(**{"val/loss": 0.1})
    scheduler.step(**{"val/loss": 0.1})
    assert rate(scheduler) == 0.5


def test_a_group_that_is_frozen_may_follow_a_plateau() -> None:
    scheduler = compiled("plateau(patience=0, metric=loss)", 1.0, 0.0)
    run(scheduler, 1, 1)
    assert [g["lr"] for g in scheduler.optimizer.param_groups] == [0.1, 0.0]


def test_stages_that_each_end_at_a_plateau() -> None:
    """A chain of such phases stays a small formula."""
    text = " then ".join(["drop(0.5) then hold until plateau(patience=1, metric=loss) or for 20"] * 12) + " then linear(10)"
    scheduler = compiled(text)
    levels = run(scheduler, *([1.0] * 60))
    assert levels[:7] == [0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125]


def test_a_time_that_has_passed_when_its_phase_begins_ends_it_at_once() -> None:
    """The phase after an event begins when the run says so, which may be after the time at which it ends."""
    scheduler = compiled("hold until loss < 0.3 then hold(at=0.5) until 2 then hold(at=0.2)")
    for loss in (1.0, 1.0, 1.0, 0.1):
        assert scheduler.get_last_lr() == [1.0]
        scheduler.step(loss=loss)
    assert scheduler.get_last_lr() == [0.2]


def test_the_warning_about_a_metric_points_at_the_caller() -> None:
    scheduler = lrdsl.compile("plateau(patience=1)", SimpleNamespace(param_groups=[{"lr": 1.0}]))
    scheduler.step(1.0)
    with pytest.warns(MetricWarning) as caught:
        scheduler.step()
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    "text",
    [
        "(hold until loss < 0.3 then linear(4, to=0.5x)) then linear(4)",
        "hold until loss < 0.3 then (linear(4, to=0.5x) then linear(4))",
        "let begin = hold until loss < 0.3 then linear(4, to=0.5x); lr = begin then linear(4)",
        "let begin = hold until loss < 0.3 then linear(2, to=0.75x); let more = begin then linear(2, to=0.5x); lr = more then linear(4)",
    ],
)
def test_brackets_and_names_of_phases_after_an_event_change_nothing(text: str) -> None:
    scheduler = compiled(text)
    assert run(scheduler, 0.5, 0.2, *[0.9] * 10) == [1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0, 0.0, 0.0]


CUTS = ["warmup(2) then plateau(patience=0, metric=loss)", "0.5 * (hold(1) then plateau(patience=0, min=0.01x, metric=loss))"]


def driven(text: str) -> Any:
    return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 1.0, "weight_decay": 0.1}]))


@pytest.mark.parametrize(("text", "others"), [(CUTS[0], ""), (CUTS[1], ""), (CUTS[0], "; weight_decay = hold until loss < 0 then linear(5)")])
def test_a_cut_of_a_plateau_checks_nothing(text: str, others: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its plan is that of the tick before, and another level from there on."""
    scheduler = driven(f"lr = {text}{others}")
    run(scheduler, *[1.0] * 3)
    came = len(scheduler.log.events)
    levels = [lrdsl.parse(text).supposing(*range(4 - came, 5 + k)).at(4 + k) for k in range(8)]
    monkeypatch.setattr(source, "check", None)
    assert [run(scheduler, 1.0)[0] for _ in levels] == levels


def test_a_cut_costs_little_more_than_the_one_before() -> None:
    """Where the level changed before is looked at; the levels are not."""
    scheduler = compiled("plateau(patience=0, factor=0.99, metric=loss)")
    costs = [work(lambda: scheduler.step(loss=1.0)) for _ in range(110)]
    assert (costs[100] - costs[10]) / 90 < 25


def test_an_event_leaves_other_phases_and_targets_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends on no event is not read again: here long chains of cycles that grow."""
    cycles = "restarts(cosine(10), stretch=1.1)"
    scheduler = driven(f"lr = hold until loss < 0.3 then {cycles}; weight_decay = {cycles} until plateau(metric=acc)")
    scheduler.step(loss=1.0, acc=0.1)
    scheduler.step(loss=1.0, acc=0.2)
    before = scheduler.schedule
    monkeypatch.setattr(phases, "combinator_curve", None)
    scheduler.step(loss=0.1, acc=0.3)
    assert scheduler.schedule.target("weight_decay") is before.target("weight_decay")
    assert scheduler.schedule.target("lr").plan == before.supposing(3).target("lr").plan != before.target("lr").plan


@pytest.mark.parametrize("value", [0.0, -1.5, 3, 2**53, math.inf, -math.inf])
def test_any_report_is_kept_as_json(value: float) -> None:
    assert number_of_json(json.loads(json.dumps(finite_json(value), allow_nan=False))) == value


def test_what_is_no_report_in_a_state() -> None:
    assert math.isnan(number_of_json(finite_json(math.nan)))
    for data in ("0.5", "infinity", None, True, [1.0], {}, 2**53 + 1, -(2**53) - 1):
        with pytest.raises(ValueError, match=re.escape(str(data))):
            number_of_json(data)
