"""Tests of schedules that follow metrics: the run, later questions to it and the formula agree, and a resumed run equals the unbroken one."""

from __future__ import annotations

import json
import math
import pickle
import warnings
from types import SimpleNamespace
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties import exact, texts

BASE = 0.1

reports = st.lists(st.fixed_dictionaries({name: st.floats(0, 1) | st.just(math.nan) for name in texts.METRICS}), min_size=5, max_size=45)


def runner(text: str) -> Any:
    return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": BASE}]))


def run(scheduler: Any, metrics: list[dict[str, float]]) -> list[float]:
    """Returns the level of each tick after the present one."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for report in metrics:
            scheduler.step(**report)
            found.append(scheduler.optimizer.param_groups[0]["lr"])
    return found


@examples(80)
@given(texts.driven(), reports)
def test_what_ran_is_what_is_said_of_it(node: Node, metrics: list[dict[str, float]]) -> None:
    scheduler = runner(canonical(node))
    first = scheduler.get_last_lr()
    ran = [*first, *run(scheduler, metrics)]
    assert all(map(math.isfinite, ran))
    # With more events known, the same sums may be computed in another order.
    for said in ([scheduler.at(t) for t in range(len(ran))], scheduler.values(len(ran)).tolist()):
        assert all(math.isclose(a, b, rel_tol=1e-13, abs_tol=1e-290) for a, b in zip(said, ran, strict=True)), (said, ran)


@examples(60)
@given(texts.driven(), reports, st.data())
def test_a_resumed_run_is_the_unbroken_run(node: Node, metrics: list[dict[str, float]], data: st.DataObject) -> None:
    text = canonical(node)
    unbroken = runner(text)
    levels = run(unbroken, metrics)
    stop = data.draw(st.integers(0, len(metrics)))
    first = runner(text)
    run(first, metrics[:stop])
    second = runner(text)
    second.load_state_dict(json.loads(json.dumps(first.state_dict(), allow_nan=False)))
    assert second.get_last_lr() == first.get_last_lr()
    assert run(second, metrics[stop:]) == levels[stop:]
    assert second.state_dict() == unbroken.state_dict()


@examples(60)
@given(texts.driven(), reports)
def test_the_plan_after_events_is_the_one_that_the_text_gives(node: Node, metrics: list[dict[str, float]]) -> None:
    """It is made from the plan before each event, and equals the plan of a whole check to the last digit."""
    scheduler = runner(canonical(node))
    run(scheduler, metrics)
    schedule, anew = scheduler.schedule.after(scheduler.log.events), pickle.loads(pickle.dumps(lrdsl.parse(canonical(node))))  # which has no notes
    source = attrs.evolve(anew._source, events=schedule.events)
    assert [target.plan for target in schedule.targets] == [target.plan for target in source.read({}).targets]


@examples(30)
@given(texts.driven(closed=True), reports)
def test_the_formula_holds_whatever_happens(node: Node, metrics: list[dict[str, float]]) -> None:
    """The formula gives the levels of the run once the ticks of the events replace their symbols."""
    scheduler = runner(canonical(node))
    ran = [*scheduler.get_last_lr(), *run(scheduler, metrics)]
    plan = lrdsl.parse(canonical(node)).plan
    formula = lrdsl.parse(canonical(node)).formula(base=BASE, numbers="double")
    came: dict[str, list[int]] = {}
    for event, (letter, k) in plan.letters.items():
        came[f"{letter}_{k}"] = ticks_of(event, plan, scheduler)
    evaluator = exact.Evaluator(formula, came)
    for t, level in enumerate(ran):
        value = float(evaluator.at(t))
        assert math.isclose(level, value, rel_tol=1e-12, abs_tol=1e-290), (t, level, value)


def ticks_of(event: Any, plan: Any, scheduler: Any) -> list[int]:
    """Returns the ticks at which an event came. Its watch has the same place in the plan of the text and in the plan of the run."""
    watches = scheduler.schedule.plan.watches
    mine = [i for i, watch in enumerate(plan.watches) if watch.event == event]
    keys = [watches[i].key for i in mine if i < len(watches)]
    ticks = sorted(tick for key in keys for tick in scheduler.log.events.get(key, ()))
    ends = plan.watches[mine[0]].ends
    start = watches[mine[0]].start
    if ends and event.most is not None and start is not None:
        ticks = [min([*ticks, int(start + event.most)])]
    return ticks
