"""Tests of `report`, a metric and no tick: what it does with the next tick, what survives a save, and what `step` takes by position."""

from __future__ import annotations

import ast
import copy
import gc
import json
import math
import pickle
import re
import warnings
import weakref
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.runtime.reports import MetricWarning
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties import texts


def compiled(text: str, **options: Any) -> Any:
    return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 1.0}]), **options)


def rate(scheduler: Any) -> float:
    return scheduler.optimizer.param_groups[0]["lr"]


def steps(scheduler: Any, count: int) -> list[float]:
    """The rates of so many optimizer steps, from the present tick on."""
    rates = []
    for _ in range(count):
        rates.append(rate(scheduler))
        scheduler.step()
    return rates


def told(action: Any) -> list[str]:
    """The warnings about metrics that an action brings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [str(warning.message) for warning in caught if issubclass(warning.category, MetricWarning)]


def test_twelve_optimizer_steps_are_twelve_ticks() -> None:
    scheduler = compiled("warmup(4) then plateau(patience=0, metric=val_loss)")
    rates = []
    for _ in range(3):
        rates += steps(scheduler, 4)
        scheduler.report(val_loss=1.0)
    assert scheduler.last_epoch == 12
    assert rates == [0.0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.1, 0.1, 0.1]


def test_a_report_takes_effect_with_the_next_tick() -> None:
    scheduler = compiled("hold until val_loss < 0.3 then linear(2)")
    scheduler.report(val_loss=0.2)
    assert (rate(scheduler), scheduler.last_epoch, scheduler.phase.text) == (1.0, 0, "hold until val_loss < 0.3")
    assert steps(scheduler, 3) == [1.0, 1.0, 0.5]


def test_events_and_plateaus_see_the_same_report() -> None:
    scheduler = lrdsl.compile(
        "lr = plateau(patience=0, metric=loss); momentum = hold until loss < 2 then hold(at=0.5)", SimpleNamespace(param_groups=[{"lr": 1.0, "momentum": 0.9}])
    )
    for _ in range(2):
        scheduler.report(loss=1.0)
        scheduler.step()
    assert (rate(scheduler), scheduler.optimizer.param_groups[0]["momentum"]) == (0.1, 0.5)


def test_of_several_reports_in_a_step_the_last_counts() -> None:
    scheduler = compiled("plateau(patience=1, metric=loss)")
    for losses in ([1.0], [9.0, 0.5], [0.5, 0.5, 0.5], [0.6]):
        for loss in losses:
            scheduler.report(loss=loss)
        scheduler.step(loss=None)
    assert (scheduler.log.states, rate(scheduler)) == ({next(iter(scheduler.log.states)): lrdsl.metrics.State(0.5, 0)}, 0.1)


def test_a_report_beside_a_step_with_the_metric_is_one_report() -> None:
    """Lightning reports by the callback and hands the monitored metric to `step` in the same epoch."""
    once, twice = compiled("plateau(patience=1, metric=loss)"), compiled("plateau(patience=1, metric=loss)")
    for loss in (1.0, 1.1, 1.2, 1.3, 1.4):
        once.step(loss)
        twice.report(loss=loss)
        twice.step(loss)
        assert rate(once) == rate(twice)
    assert rate(once) == pytest.approx(0.01)


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_phase_gets_the_reports_of_its_own_ticks(at: int) -> None:
    """A report in the warmup is none for the phase behind it."""
    scheduler = compiled("warmup(2) then hold until loss < 0.3 then hold(at=0.5)")
    steps_without_warning(scheduler, at)
    scheduler.report(loss=0.1)
    steps(scheduler, 4)
    assert rate(scheduler) == (0.5 if at >= 2 else 1.0)


def test_a_schedule_without_metrics_takes_and_ignores_them() -> None:
    """One training program serves every text; a config of Lightning with `reduce_on_plateau` too."""
    plain, told_all = compiled("cosine(10)"), compiled("cosine(10)")
    for metric in (
        0.3,
        np.float32(0.3),
        np.float64(0.3),
        np.array(3),
        torch.tensor(0.3),
        torch.tensor(3),
        torch.tensor([0.3, 0.4]),
        Decimal("0.3"),
        Fraction(1, 3),
        math.nan,
    ):
        plain.step()
        told_all.report(val_loss=metric, note="text")
        told_all.report(metric)
        told_all.step(metric)
        assert told_all.state_dict() == plain.state_dict()
        assert rate(told_all) == rate(plain)


def test_a_tensor_that_nobody_follows_is_not_read() -> None:
    """Reading a tensor may wait for a device."""
    scheduler = compiled("cosine(10)")
    scheduler.report(torch.tensor(0.3, device="meta"), loss=torch.tensor(0.3, device="meta"))
    scheduler.step(torch.tensor(0.3, device="meta"))
    assert scheduler.last_epoch == 1


@pytest.mark.parametrize("epoch", [5, np.int64(5), np.uint8(5)])
def test_an_epoch_is_no_metric(epoch: Any) -> None:
    scheduler = compiled("cosine(10)")
    for call in (lambda: scheduler.step(epoch), lambda: scheduler.step(epoch=epoch)):
        with pytest.raises(lrdsl.ScheduleError, match=r"LR152.*names an epoch[\s\S]*`seek\(") as caught:
            call()
        (help,) = [d.help for d in caught.value.diagnostics]
        assert re.search(r"seek\(.*5.*\)", help)
    driven = compiled("plateau(metric=loss)")
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        driven.step(0.3, epoch=epoch)
    assert (scheduler.last_epoch, driven.last_epoch, driven.state_dict()["reports"]) == (0, 0, [])
    driven.step(epoch)  # a loss may be a whole number
    assert next(iter(driven.log.states.values())).best == 5


def test_an_epoch_that_is_none_and_a_metric_of_that_name() -> None:
    scheduler = compiled("cosine(10)")
    scheduler.step(epoch=None)
    driven = compiled("hold until epoch > 3 then hold(at=0.5)")
    driven.step(epoch=3)
    assert (scheduler.last_epoch, rate(driven)) == (1, 1.0)
    driven.step(epoch=4)
    assert rate(driven) == 0.5


@pytest.mark.parametrize("wrong", ["low", b"low", [0.3], {"loss": 0.3}, object(), True])
def test_what_is_no_metric(wrong: Any) -> None:
    for text in ("cosine(10)", "plateau(metric=loss)"):
        scheduler = compiled(text)
        for call in (lambda scheduler=scheduler: scheduler.step(wrong), lambda scheduler=scheduler: scheduler.report(wrong)):
            if wrong is True and text == "cosine(10)" and "report" in call.__code__.co_names:
                continue  # it is taken for a number, and ignored
            before = scheduler.state_dict()
            with pytest.raises(lrdsl.ScheduleError, match=r"LR15[24]"):
                call()
            assert scheduler.state_dict() == before


@pytest.mark.parametrize(
    "metric",
    [
        0.25,
        np.float16(0.25),
        np.array([0.25]),
        torch.tensor(0.25),
        torch.tensor([0.25], dtype=torch.bfloat16),
        torch.tensor(0.25, requires_grad=True),
        Fraction(1, 4),
    ],
    ids=repr,
)
def test_numbers_of_every_library_are_metrics(metric: Any) -> None:
    by_name, by_position = compiled("hold until loss < 0.3 then linear(4)"), compiled("hold until loss < 0.3 then linear(4)")
    by_name.report(loss=metric)
    by_position.report(metric)
    assert by_name.state_dict()["reports"] == by_position.state_dict()["reports"] == [["loss", 0.25]]
    assert steps(by_name, 3) == steps(by_position, 3) == [1.0, 1.0, 0.75]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_report_that_is_not_finite_survives_as_json(wrong: float) -> None:
    scheduler, again = compiled("plateau(patience=0, metric=loss)"), compiled("plateau(patience=0, metric=loss)")
    scheduler.report(loss=wrong)
    again.load_state_dict(json.loads(json.dumps(scheduler.state_dict(), allow_nan=False)))
    assert len(told(again.step)) == 1
    told(scheduler.step)
    assert again.state_dict() == scheduler.state_dict()


def test_a_report_that_is_refused_changes_nothing() -> None:
    scheduler = compiled("plateau(patience=0, metric=loss) until acc > 0.9")
    scheduler.report(loss=1.0)
    before = (scheduler.log, scheduler.state_dict())
    for report in ({"loss": 0.5, "acc": "high"}, {"loss": 10**400}, {"acc": [1]}, {"acc": torch.tensor([1.0, 2.0])}):
        with pytest.raises(lrdsl.ScheduleError, match="LR154"):
            scheduler.report(**report)
        assert (scheduler.log, scheduler.state_dict()) == before


@pytest.mark.parametrize("way", ["state", "pickle", "copy"])
def test_what_waits_survives(way: str) -> None:
    for text in ("hold until loss < 0.3 then linear(2)", "plateau(patience=0, metric=loss)"):
        scheduler = compiled(text)
        scheduler.report(loss=0.2)
        told(scheduler.step)
        scheduler.report(loss=0.25)
        again = compiled(text)
        if way == "state":
            again.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
        else:
            again = pickle.loads(pickle.dumps(scheduler)) if way == "pickle" else copy.deepcopy(scheduler)
        assert again.state_dict() == scheduler.state_dict()
        assert steps(again, 3) == steps(scheduler, 3)


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        5,
        "x",
        [5],
        [["loss"]],
        [["loss", "x"]],
        [["loss", None]],
        [["loss", True]],
        [["loss", 10**30]],
        [[5, 0.3]],
        [["loss", 1.0], ["loss", 1.0]],
        [["acc", 1.0]],
        {},
    ],
)
def test_a_state_whose_reports_are_damaged_is_refused(damaged: Any) -> None:
    scheduler = compiled("plateau(patience=0, metric=loss)")
    scheduler.report(loss=0.5)
    before = scheduler.state_dict()
    with pytest.raises(lrdsl.ScheduleError, match="LR151"):
        scheduler.load_state_dict({**before, "reports": damaged})
    assert scheduler.state_dict() == before


def test_seek_and_replan() -> None:
    scheduler = compiled("hold until loss < 0.3 then hold(at=0.5)")
    steps_without_warning(scheduler, 3)
    scheduler.report(loss=0.1)
    scheduler.replan("hold until loss < 0.2 then linear(2)")
    assert scheduler.state_dict()["reports"] == [["loss", 0.1]]
    forward, back = copy.deepcopy(scheduler), copy.deepcopy(scheduler)
    forward.seek(5)
    back.seek(2)
    assert (forward.state_dict()["reports"], back.state_dict()["reports"]) == ([["loss", 0.1]], [])
    assert steps(scheduler, 3) == [1.0, 1.0, 0.5]
    scheduler.replan("linear(2)")
    scheduler.report(loss=0.1)
    assert scheduler.state_dict()["reports"] == []


def steps_without_warning(scheduler: Any, count: int) -> None:
    scheduler.report()
    steps(scheduler, count)


def test_a_rate_that_was_changed_by_hand_stays_until_the_next_tick() -> None:
    scheduler = compiled("hold until loss < 0.3 then linear(2)")
    scheduler.optimizer.param_groups[0]["lr"] = 7.0
    scheduler.report(loss=0.1)
    assert rate(scheduler) == 7.0


@pytest.mark.parametrize("processes", [1, 2, 8])
def test_a_metric_given_several_times_in_a_step_counts_once(processes: int) -> None:
    """Accelerate calls `step` once per process. With one report an epoch, the first cut comes at the fifth report."""
    for way in ("step", "report", "both", "each"):
        scheduler = compiled("plateau(patience=3, factor=0.5)", ticks_per_step=processes)
        rates = []
        for _ in range(10):
            for _ in range(processes if way == "each" else way != "step"):
                scheduler.report(metric=1.0)
            for _ in range(processes):
                if way in ("step", "both"):
                    scheduler.step(1.0)
                else:
                    scheduler.step()
            rates.append(rate(scheduler))
        assert rates == [1.0] * 4 + [0.5] * 4 + [0.25] * 2, way


@pytest.mark.parametrize("processes", [2, 3, 8, 2.5])
def test_an_event_comes_at_the_end_of_the_step(processes: float) -> None:
    """The run of several processes has the levels of the run of one, step by step."""
    text = "hold until loss < 0.3 then linear(4 steps)"
    alone, together = compiled(text), compiled(text, ticks_per_step=processes)
    for i in range(8):
        loss = 0.1 if i == 2 else 0.5
        alone.step(loss=loss)
        while together.last_epoch < processes * (i + 1):
            together.step(loss=loss)
        assert rate(together) == pytest.approx(rate(alone), abs=0.1 if processes == 2.5 else 1e-12)


def test_a_misspelled_metric_is_spoken_of_at_the_next_tick() -> None:
    scheduler = compiled("plateau(metric=val_loss)")
    scheduler.report(vall_loss=0.2, acc=0.5)
    (message,) = told(scheduler.step)
    assert "`vall_loss` was reported; did you mean that?" in message
    assert told(lambda: steps(scheduler, 5)) == []
    scheduler = compiled("plateau(metric=perplexity)")
    scheduler.report(**{f"{k}_loss": 1.0 for k in "abcdefghij"})
    (message,) = told(scheduler.step)
    assert "These were reported: `a_loss`, `b_loss`" in message
    assert "and 2 more" in message


def test_a_loop_that_steps_by_batch_and_reports_by_epoch_brings_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for options in ({"steps_per_epoch": 4}, {"total_steps": 60}, {"ticks_per_step": 2}, {"batch_size": 32}):
            scheduler = compiled("plateau(patience=0, metric=val_loss)", **options)
            for _ in range(3):
                steps(scheduler, 4)
                scheduler.report(val_loss=1.0)
        scheduler = compiled("plateau(patience=0, metric=val_loss)")
        scheduler.report()  # says that reports will come
        steps(scheduler, 100)
        scheduler = compiled("warmup(4) then plateau(patience=0, metric=val_loss)")
        for _ in range(3):
            steps(scheduler, 4)
            scheduler.report(val_loss=1.0)


@pytest.mark.parametrize(
    ("options", "ticks"), [({}, 1), ({"tick": "epoch", "steps_per_epoch": 50}, 1), ({"steps_per_epoch": 50}, 51), ({"total_steps": 500}, 51), ({"batch_size": 8}, 1001), ({"steps_per_epoch": 50, "ticks_per_step": 2}, 102)]
)  # fmt: skip
def test_a_metric_that_never_comes_is_spoken_of_once(options: dict[str, Any], ticks: int) -> None:
    scheduler = compiled("plateau(metric=val_loss)", **options)
    assert told(lambda: steps(scheduler, ticks - 1)) == []
    (message,) = told(scheduler.step)
    assert "`scheduler.report(val_loss=...)`" in message
    assert told(lambda: steps(scheduler, 1200)) == []


def test_an_optimizer_that_steps_with_each_tick_is_not_measured_with_each() -> None:
    """torch's optimizers tell whether a run ticks by the step or by the epoch."""
    for by_step in (True, False):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = lrdsl.compile("plateau(patience=0, metric=val_loss)", optimizer)
        messages = []
        for _ in range(3):
            for _ in range(4):
                optimizer.step()
                messages += told(scheduler.step) if by_step else []
            messages += told(lambda: scheduler.report(val_loss=1.0)) if by_step else told(scheduler.step)  # noqa: B023
        assert len(messages) == (0 if by_step else 1)
        assert scheduler.last_epoch == (12 if by_step else 3)


def test_the_optimizer_keeps_no_scheduler() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = weakref.ref(lrdsl.compile("plateau(metric=val_loss)", optimizer))
    gc.collect()
    assert scheduler() is None
    optimizer.step()
    pickle.dumps(copy.deepcopy(optimizer))


@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 4}, {"total_steps": 1000}])
@pytest.mark.parametrize(
    "text", ["warmup(4) then plateau(patience=0, metric=val_loss)", "plateau(metric=val_loss)", "hold until val_loss < 0.1 then linear(4)"]
)
def test_steps_with_a_metric_beside_steps_by_batch_are_spoken_of_once(text: str, options: dict[str, Any]) -> None:
    """Twelve optimizer steps are fifteen ticks there."""
    scheduler = compiled(text, **options)

    def train() -> None:
        for _ in range(3):
            steps(scheduler, 4)
            scheduler.step(val_loss=1.0)

    (message,) = told(train)
    assert "scheduler.report(val_loss=...)" in message
    assert scheduler.last_epoch == 15


@pytest.mark.parametrize("name", ["val_loss", "val/loss", "lambda", "größe", 'a"b', "it's", "{x}", "val_loss/dataloader_idx_0", "1st", "a b"])
def test_what_a_warning_advises_is_python(name: str) -> None:
    quoted = name.replace("\\", "\\\\")
    if '"' in quoted:
        with pytest.raises(lrdsl.ScheduleError):
            lrdsl.parse(f'plateau(metric="{quoted}")')
        return
    scheduler = compiled(f'plateau(metric="{quoted}")')
    (message,) = told(scheduler.step)
    pieces = re.findall(r"`(scheduler\..*?\))`", message)
    assert len(pieces) == 3
    for piece in pieces:
        tree = ast.parse(piece, mode="eval").body
        assert isinstance(tree, ast.Call)
        eval(compile(ast.Expression(tree), "advice", "eval"), {"scheduler": SimpleNamespace(step=lambda **x: x, report=lambda **x: x)})


drawn = st.lists(st.fixed_dictionaries({name: st.floats(0, 1) for name in texts.METRICS}), min_size=5, max_size=30)


@examples(60)
@given(texts.driven(), drawn)
def test_a_report_and_a_step_are_a_step_with_the_metrics(node: Node, metrics: list[dict[str, float]]) -> None:
    text = canonical(node)
    together, apart = compiled(text), compiled(text)
    for report in metrics:
        told(partial(together.step, **report))
        for name, value in report.items():
            apart.report(**{name: 1 - value})
            apart.report(**{name: value})
        told(apart.step)
        assert apart.state_dict() == together.state_dict()
        assert rate(apart) == rate(together)


@examples(40)
@given(texts.driven(), drawn, st.data())
def test_a_run_that_resumes_with_reports_waiting_is_the_unbroken_run(node: Node, metrics: list[dict[str, float]], data: st.DataObject) -> None:
    text = canonical(node)
    unbroken, first, second = compiled(text), compiled(text), compiled(text)
    stop = data.draw(st.integers(0, len(metrics) - 1))

    def go_on(scheduler: Any, reports: list[dict[str, float]]) -> list[float]:
        rates = []
        for report in reports:
            scheduler.report(**report)
            told(scheduler.step)
            rates.append(rate(scheduler))
        return rates

    whole = go_on(unbroken, metrics)
    go_on(first, metrics[:stop])
    first.report(**metrics[stop])
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    told(second.step)
    assert [rate(second), *go_on(second, metrics[stop + 1 :])] == whole[stop:]
