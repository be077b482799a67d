"""Tests of formulas as Python code, run at every tick."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.drawing import examples
from tests.properties import texts
from tests.properties.test_far import FRACTIONAL

CYCLES = ["restarts({})", "bounce({})", "skip(2.1, bounce({}))", "every(0.7, bounce({}))", "stretch(restarts({}), 1.3)", "hold(0.3) then restarts({})"]
SPANS = st.one_of(st.builds("{}/{}".format, st.integers(1, 9), st.sampled_from([2, 3, 6, 7, 9, 11])), st.integers(1, 400).map(lambda n: f"{n / 100}"))


def check(text: str, ticks: int) -> None:
    """Compares the code of a schedule with its levels."""
    schedule = lrdsl.parse(text)
    space: dict[str, Any] = {}
    exec(schedule.typeset("python"), space)
    np.testing.assert_allclose([space["lr"](t, 0.1) for t in range(ticks)], schedule.values(ticks, 0.1), rtol=1e-9, atol=1e-12, err_msg=text)


@pytest.mark.parametrize(
    "text", [*FRACTIONAL, "restarts(linear(2.1))", "hold(0.3) then step(0.7)", "cyclic(0.1x, 1x, 0.7, 1.4) * bounce(multistep([0.7, 1.4], 0.5))"]
)
def test_fractional_cycles(text: str) -> None:
    check(text, 1000)


@examples(60)
@given(st.sampled_from(CYCLES), SPANS, SPANS, st.sampled_from(["hold", "linear"]))
def test_drawn_fractional_cycles(cycle: str, first: str, last: str, shape: str) -> None:
    check(cycle.format(f"hold({first}) then drop(0.5) then {shape}({last})"), 300)


#: Cycles whose lengths are exact in doubles, with several phases in each.
BODIES = st.lists(
    st.sampled_from(["warmup(3)", "hold(2)", "cosine(7)", "linear(4, to=0.1x)", "drop(0.5)", "step(2) for 5", "poly(5, power=2)"]), min_size=1, max_size=4
)


@examples(80)
@given(
    BODIES.filter(lambda parts: parts != ["drop(0.5)"] * len(parts)),
    st.sampled_from(["1.5", "2", "3"]),
    st.sampled_from(["1", "0.5"]),
    st.sampled_from(["{}", "{} for 90 then hold", "hold(5) then {}"]),
)
def test_drawn_cycles_that_grow(parts: list[str], stretch: str, decay: str, around: str) -> None:
    check(around.format(f"restarts({' then '.join(parts)}, stretch={stretch}, decay={decay})"), 200)


@examples(200)
@given(texts.schedules(depth=3, longest=60))
def test_every_name_in_the_code_of_drawn_schedules_has_a_value(schedule: lrdsl.Schedule) -> None:
    space: dict[str, Any] = {}
    exec(schedule.typeset("python"), space)
    for t in range(80):
        with contextlib.suppress(ArithmeticError):  # a step of a formula for people may be too large for a double
            space["lr"](t, 0.1)


@examples(60)
@given(
    st.sampled_from(["plateau(patience=2)", "warmup(5) then plateau(0.5, patience=1)", "hold(3) then plateau(patience=4, cooldown=2)"]),
    st.lists(st.integers(1, 9), min_size=50, max_size=50),
)
def test_code_that_counts_reductions_runs_as_the_schedule_does(text: str, reports: list[int]) -> None:
    sched = lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1}]))
    levels, falls = [], list[int]()
    for t, report in enumerate(reports):
        levels.append(sched.get_last_lr()[0])
        if t and levels[t] < levels[t - 1]:
            falls.append(t)
        sched.step(float(report))
    space: dict[str, Any] = {}
    exec(lrdsl.parse(text).typeset("python"), space)
    assert "k_1=lambda t: (t >= 5) + (t >= 9)" in space["lr"].__doc__
    np.testing.assert_allclose([space["lr"](t, 0.1, k_1=lambda t: sum(t >= at for at in falls)) for t in range(50)], levels, rtol=1e-9)


def test_what_a_condition_needs_is_computed_before_it() -> None:
    check("restarts(warmup(3) then cosine(7), stretch=2)", 300)


def test_each_target_has_a_function_of_its_own() -> None:
    schedule = lrdsl.parse('lr["a b"] = hold; lr["a_b"] = cosine(3); lr["a-b"] = linear(3); lr["a b_2"] = hold; lr__a_b = hold; lr = hold')
    space: dict[str, Any] = {}
    for target in schedule.targets:
        exec(schedule.typeset("python", target=target.name), space)
    functions = {name: space[name] for name in space if name.startswith("lr")}
    assert len(functions) == len(schedule.targets)
    assert functions["lr__a_b_3"](1, 0.3) == pytest.approx(0.2)


class Step:
    """A counter as MLX has it: an array of one number, which is no Python number."""

    def __init__(self, count: int) -> None:
        self.count = count

    def item(self) -> int:
        return self.count


def test_the_function_is_called_as_the_reference_shows() -> None:
    schedule = lrdsl.parse("warmup(5) then cosine(20)")
    space: dict[str, Any] = {}
    exec(schedule.typeset("python", base="base"), space)
    lr = space["lr"]
    np.testing.assert_allclose(np.vectorize(lr)(np.arange(30), 0.1), schedule.values(30, 0.1), rtol=1e-12, atol=1e-17)
    rate = lambda step: lr(step.item(), 0.1)  # noqa: E731 - as the reference writes it
    assert rate(Step(7)) == pytest.approx(schedule.at(7, 0.1), rel=1e-12)
