"""Tests of sines and cosines of multiples of pi: within 4 units in the last place at any tick, and 0, 1 and -1 where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lrdsl
from lrdsl.expr import PI, Expr, T, call
from lrdsl.numbers.turns import half_turns
from tests.numbers.test_traced import in_singles, level_of
from tests.properties import exact

TEXTS = [
    "scale(2 + cos(pi*t/7))", "scale(1.5 + sin(2*pi*t/50))", "scale(2 + cos(0.1*pi*t))", "scale(1 + cos(t*pi/3)/2)", "scale(2 + sin(pi*(t + 3)/9))",
    "scale(2 + cos(pi*(t/7 + 1/3)))", "scale(2 + cos(pi*t/0.3))", "scale(cos(pi*t/6))", "scale(cos(0.1*pi*t))", "scale(sin(pi*t/10))", "scale(sin(-3*pi*t/10))",
    "scale(sin(pi*sqrt(t/100)))", "scale(cos(pi*floor(t/3)/2))", "scale(2 + cos(pi*t/7 + 1))", "scale(cos(1000*pi*t/33333333))", "scale(cos(pi*t/34000001))",
    "hold(3) then scale(cos(pi*t/3/7)*2)", "restarts(scale(cos(pi*t/8)) for 20.5)", "scale(cos(pi*min(t/100, 1)))", "scale(cos(pi*pi*t/9))",
    "scale((2 + cos(pi*t/7))^5)", "scale(cos(pi*t/7)) * scale(sin(pi*t/9))", "scale(cos(pi*t/12) + sin(pi*t/5)*2)",
]  # fmt: skip
TICKS = [*range(8), 15, 18, 50, 99, 101, 1001, 12345, 99999, 1000003, 33333333, 99999999, 10**8]


def off(number: float, value: exact.mp.mpf) -> float:
    """The distance of a double from a value, in units in the last place; none from 0 is small."""
    return float(abs(exact.mp.mpf(number) - value) / exact.mp.mpf(math.ulp(number))) if abs(value) > 1e-40 else 0.0 if number == 0 else math.inf


@pytest.mark.parametrize("text", TEXTS)
def test_single_ticks_and_arrays(text: str) -> None:
    schedule = lrdsl.parse(text)
    formula = exact.Evaluator(schedule.formula(base=0.1, numbers="double"))
    for tick, listed in zip(TICKS, schedule.values(TICKS, 0.1).tolist(), strict=True):
        value = formula.at(tick)
        assert max(off(number, value) for number in (schedule.at(tick, 0.1), listed)) <= 4, (tick, listed, float(value))


@pytest.mark.parametrize("text", TEXTS)
def test_code_for_array_libraries(text: str) -> None:
    schedule = lrdsl.parse(text)
    ticks = np.array(TICKS)
    exact_levels = schedule.values(TICKS, 0.3)
    assert np.allclose(level_of(schedule)(ticks.astype(float)), exact_levels, rtol=2e-15, atol=0)
    if "0.1" not in text and "0.3" not in text:  # 0.1 in single precision is another number, and a late tick multiplies the difference
        near = ticks < 1000
        assert np.allclose(in_singles(schedule, ticks[near]), exact_levels[near], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("text", ["scale(2 + cos(pi*t/7))", "scale(sin(2*pi*t/50))", "scale(cos(3*pi*t/11))"])
def test_a_late_tick_in_single_precision(text: str) -> None:
    schedule = lrdsl.parse(text)
    assert np.allclose(in_singles(schedule, np.array(TICKS)), schedule.values(TICKS, 0.3), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("op", "angle", "turns"),
    [
        ("cos", PI * T / 7, T / 7), ("cos", T / 7, None), ("cos", PI * T / 7 + 1, None), ("sin", PI * T, T - 0.5), ("cos", 2 * (PI * (T + 3)) / 9, (T + 3) * 2 / 9),
        ("cos", PI * T / 2 + PI / 2, T / 2 + 0.5), ("cos", PI * call("sqrt", T), call("sqrt", T)), ("cos", T / PI, None), ("cos", -1 * PI * T, -1 * T),
    ],
)  # fmt: skip
def test_what_is_a_multiple_of_pi(op: str, angle: Expr, turns: Expr | None) -> None:
    assert half_turns(op, angle) == turns


def test_whole_and_half_turns_are_exact() -> None:
    quarter = lrdsl.parse("scale(cos(pi*t/2))")
    assert [quarter.at(10**8 + k, 1) for k in range(5)] == [1, 0, -1, 0, 1]
    assert quarter.values(np.arange(99999996, 10**8 + 1), 1).tolist() == [1, 0, -1, 0, 1]
    assert [lrdsl.parse("scale(sin(0.5*pi*t))").at(k, 2) for k in range(5)] == [0, 2, 0, -2, 0]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("scale(sin(pi*t/7)) for 7 then hold(2)", 0), ("scale(cos(3*pi*t/4)) for 2 then hold(2)", 0), ("scale(cos(pi*t/(2*7))) for 7 then hold(2)", 0),
        ("let n = 9; scale(1.5 + sin(pi*t/n)/2) for n/2*3 then hold(2)", 1), ("scale(2 + cos(0.1*pi*t)) for 10 then hold(2)", 1),
    ],
)  # fmt: skip
def test_a_phase_begins_exactly_where_a_wave_ends(text: str, level: float) -> None:
    assert lrdsl.parse(text).at(15, 1) == level
