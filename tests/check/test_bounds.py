"""Interval arithmetic: a range holds every value that a formula takes, and no more than that where it can be told."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest

import lrdsl
from lrdsl.check.bounds import Box, bounds, constant
from lrdsl.check.intervals import ANY, MOST
from lrdsl.check.slopes import slope
from lrdsl.expr import BASE, Expr, Symbol, T, call, mod, number, power
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Plan, pieces
from tests.counting import work

_ENDS = (-9.0, -math.pi, -2.5, -1.0, -0.25, 0.0, 0.3, 0.5, 1.0, math.pi / 2, 2.0, math.pi, 4.0, 5.5, 2 * math.pi, 8.0, 12.0)
_FORMULAS: dict[str, Expr] = {
    **{op: call(op, T) for op in ("abs", "ceil", "cos", "exp", "expm1", "floor", "log", "log1p", "sin", "sqrt")},
    "mod 3": mod(T, 3),
    "square": power(T, number(2)),
    "cube": power(T, number(3)),
    "inverse": 1 / T,
    "inverse square": power(T, number(-2)),
    "2^t": power(number(2), T),
    "0.5^t": power(number(0.5), T),
    "min": call("min", T, number(1)),
    "max": call("max", T, number(1)),
    "falling": 3 - 2 * T,
    "t/(t + 10)": T / (T + 10),
    "haversine": call("hav", call("min", call("max", T, number(0)), number(1))),
}
#: By how much a range may be wider than the values at 421 times: the width of a step where the least or greatest value lies between, or is never reached.
_SLACK = {"abs": 0.06, "cos": 2e-3, "sin": 2e-3, "mod 3": 0.06, "square": 0.06}


def _values(e: Expr) -> dict[float, float]:
    """The levels of a formula at many times, NaN where it has none."""
    evaluator = Evaluator.of(Plan((), e, None, e))
    values = {}
    for t in sorted({*_ENDS, *np.linspace(_ENDS[0], _ENDS[-1], 421).tolist()}):
        try:
            values[t] = float(evaluator.level(t, 1.0))
        except (ValueError, ZeroDivisionError, OverflowError):
            values[t] = math.nan
    return values


@pytest.mark.parametrize("name", _FORMULAS)
def test_a_range_holds_every_value_and_little_more(name: str) -> None:
    formula = _FORMULAS[name]
    levels = _values(formula)
    for i, low in enumerate(_ENDS):
        for high in _ENDS[i:]:
            values = [level for t, level in levels.items() if low <= t <= high]
            least, most = bounds(formula, {T: (low, high)})
            if any(math.isnan(v) for v in values):
                assert (least, most) == ANY, (low, high)
            elif (least, most) == ANY:
                assert low <= 0 <= high, "no number is refused but at a pole"
                assert name in ("inverse", "inverse square", "log", "t/(t + 10)"), (low, high)
            else:
                assert least == pytest.approx(min(values), rel=1e-12, abs=_SLACK.get(name, 1e-12)), (low, high)
                assert most == pytest.approx(max(values), rel=1e-12, abs=_SLACK.get(name, 1e-12)), (low, high)
                assert least <= min(values) + 1e-12 * abs(min(values)), (low, high)
                assert most >= max(values) - 1e-12 * abs(max(values)), (low, high)


@pytest.mark.parametrize(
    "formula",
    [
        3 - 2 * T,
        T * call("exp", T) * call("log", T),
        call("mul", T, call("exp", T), call("sqrt", T)),
        power(T, number(3)),
        power(number(0.9), T),
        1 / (1 + T * T),
        T * power(number(0.9), T) / (1 - power(number(0.9), T)),
        call("sqrt", 2 + T) + call("log", 1 + 3 * T) - call("exp", 0 - T / 2),
    ],
    ids=str,
)
def test_the_slope_is_the_derivative(formula: Expr) -> None:
    derivative = slope(formula)
    assert derivative is not None
    levels, slopes = (Evaluator.of(Plan((), e, None, e)) for e in (formula, derivative))
    for t in (0.3, 1.0, 2.5, 7.0):
        h = 1e-5 * t
        assert slopes.level(t, 1.0) == pytest.approx((levels.level(t + h, 1.0) - levels.level(t - h, 1.0)) / (2 * h), rel=1e-7)


@pytest.mark.parametrize("formula", [T * T - 0.1, 0.5 - T * T, T * T * T - 0.05, 2.2 - call("exp", T)], ids=str)
@pytest.mark.parametrize("op", ["log", "sqrt", "inverse"])
def test_a_slope_makes_nothing_defined_that_is_not(op: str, formula: Expr) -> None:
    """Each is 0 somewhere in the first tick, above 0 in its middle, and steep at one end of it alone."""
    assert bounds(1 / formula if op == "inverse" else call(op, formula), {T: (0.0, 1.0)}) == ANY


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        # Between 10 and the end of each, 1 + cos comes to 0 and 0.5 + cos goes below it: no bound may overlook the trough.
        ("scale(1/(1+cos(pi*t/10))) for 15", ["LR144"]),
        ("scale(sqrt(0.5+cos(t/7))) for 40", ["LR144"]),
        ("scale(1/(1+sin(pi*t/10))) for 20", ["LR144"]),
        ("scale(1/(1-sin(pi*t/10))) for 10", ["LR144"]),
        ("scale(1/(1-cos(pi*(t+1)/10))) for 25", ["LR144"]),
        ("scale(1/(1+cos(pi*t/10))) for 9", []),
        ("scale(sqrt(0.5+cos(t/7))) for 14", []),
        ("scale(sqrt(1.5+cos(t/7))) for 4000", []),
        # An event cannot come before its phase begins, nor is what comes after it looked at from before.
        ("scale(sqrt(t)) until val_loss < 0.3", []),
        ("hold(5) then scale(sqrt(t)) until val_loss < 0.3 then cosine(3)", []),
        ("(hold(5) then scale(sqrt(t))) until val_loss < 0.3", []),
        ("(scale(1/(5 - t)) for 4 then hold(3)) until val_loss < 0.3", []),
        ("(scale(sqrt(5 - t)) for 5 then scale(sqrt(t)) for 5 then scale(sqrt(10 - t)) for 9) until val_loss < 0.3", []),
        ("(scale(1/(5 - t)) for 6 then hold(3)) until val_loss < 0.3", ["LR144"]),
        ("(hold(5) then scale(1/(1 - t))) until val_loss < 0.3", ["LR144"]),
        ("hold until val_loss < 0.3 then scale(sqrt(t))", []),
        ("hold until val_loss < 0.3 then scale(1/t)", ["LR144"]),
        ("hold until val_loss < 0.3 then scale(1/(t + 1))", []),
        ("scale(1/(9 - t)) until val_loss < 0.3 or 10", ["LR144"]),
        # A power that is past the doubles, of a number that is as small as a double can be.
        ("scale(1/(1 + (1e-100^3*(t + 1))^(-1000)))", []),
        ("scale((1e-100^3*(t + 1))^(-1000))", ["LR144"]),
        # A wave of what is past the doubles, above or below, has no level.
        ("scale(2 + cos(exp(t)))", ["LR144"]),
        ("scale(2 + cos(-exp(t))) for 800", ["LR144"]),
        ("scale(2 + sin(0 - exp(t)))", ["LR144"]),
        # A cycle does not come to its end.
        ("repeat(scale(1/(9 - t)) for 8)", []),
        ("repeat(scale(1/(9 - t)) for 10)", ["LR144"]),
        ("restarts(scale(sqrt(t)) for 8)", []),
    ],
)
def test_what_can_be_shown_to_be_finite(text: str, codes: list[str]) -> None:
    assert [d.code for d in lrdsl.lint(text) if d.severity == "error"] == codes


def test_the_refusal_names_the_first_tick() -> None:
    for text, tick in (("scale(1/(1+cos(pi*t/10))) for 15", "10"), ("scale(sqrt(0.5+cos(t/7))) for 40", "15")):
        (problem,) = lrdsl.lint(text)
        assert f"from tick {tick} on" in problem.message


def test_a_phase_is_ended_sooner_where_it_has_ticks_before_the_fault() -> None:
    for text, sooner in (
        ("scale(1/(t - 1))", ""),
        ("scale(1/(2 - t))", "`scale(1 / (2 - t)) for 1`"),
        ("hold(5) then scale(1/(3 - t))", "`scale(1 / (3 - t)) for 2`"),
        ("hold until val_loss < 1 then scale(1/(5 - t))", ""),
    ):
        (problem,) = [d for d in lrdsl.lint(text) if d.code == "LR144"]
        assert ("or end it sooner: " in problem.help) == bool(sooner), text
        assert sooner in problem.help


def test_a_number_too_small_for_a_double_may_have_become_0() -> None:
    for small, end in ((1e-310, 0.0), (1e-299, 1e-299)):
        assert bounds(T, {T: (small, 2.0)}) == (end, 2.0)
        assert bounds(T, {T: (-2.0, -small)}) == (-2.0, -end)


def test_a_constant_is_a_number_where_it_has_one() -> None:
    assert constant(power(number(2), number(10))) == 1024
    assert math.isnan(constant(call("log", number(0))))
    assert math.isnan(constant(call("sqrt", number(-1))))


_MAGNITUDES = [0.0, 1e-300, 1e-5, 1.0, 3.0, 1e285]
_PAST = [math.inf, MOST, 1e100]  # the least size of what may be infinite; infinity where nothing is


def _huge(op: str, x: Any, y: Any) -> Any:
    """The value of an operation on numbers of any size. One that is past all bounds is infinite."""
    if op == "exp" or op == "expm1":
        return mpmath.inf if x > 1e6 else mpmath.mpf(0) - (op == "expm1") if x < -1e6 else getattr(mpmath, op)(x)
    if op == "pow":
        digits = 0 if x in (0, 1) else y * mpmath.log10(abs(x))
        return mpmath.inf if digits > 1e6 else mpmath.mpf(0) if digits < -1e6 else x**y
    binary = {"add": operator.add, "mul": operator.mul, "div": operator.truediv, "min": min, "max": max}
    return binary[op](x, y) if op in binary else getattr(mpmath, op)(x) if op != "abs" else abs(x)


def _double(op: str, x: Any, y: Any) -> float:
    """The double of an operation on doubles, as a processor has it."""
    names = {"div": "divide", "mul": "multiply", "pow": "power", "min": "minimum", "max": "maximum"}
    function = getattr(np, names.get(op, op))
    with np.errstate(all="ignore"):
        return float(function(np.float64(x), np.float64(y)) if op in ("add", *names) else function(np.float64(x)))


def _arguments(signs: tuple[int, ...]) -> Iterator[tuple[tuple[float, float], float, list[tuple[float, Any]]]]:
    """Ranges, with the least size of what is infinite in them, and some of the doubles in them, each with the number that it stands for."""
    for sign, (i, low), size in itertools.product(signs, enumerate(_MAGNITUDES), _PAST):
        for high in _MAGNITUDES[i::2] if size == math.inf else [math.inf]:
            inside = [(sign * x, mpmath.mpf(sign * x)) for x in {low, min(high, max(_MAGNITUDES))}]
            past = [] if size == math.inf else [(sign * math.inf, sign * mpmath.mpf(size) * factor) for factor in (1, mpmath.mpf(10) ** 400)]
            yield (low, high) if sign > 0 else (-high, -low), size, [*inside, *past]


_X, _Y = Symbol("x"), Symbol("y")
#: How many of the ranges that may be past the doubles are known of all the same.
_PROVEN = {
    "add": 1440, "mul": 868, "div": 756, "pow": 282, "min": 1656, "max": 1656, "exp": 27, "expm1": 27, "log": 4, "log1p": 2, "abs": 24, "ceil": 24, "floor": 24, "sqrt": 12,
}  # fmt: skip


@pytest.mark.parametrize("op", ["add", "mul", "div", "pow", "min", "max", "exp", "expm1", "log", "log1p", "abs", "ceil", "floor", "sqrt"])
def test_what_is_past_the_doubles(op: str) -> None:
    """Where a range is given, the double lies in it, and is near the number; one that is infinite stands for a number of at least the size that is noted."""
    two = op in ("add", "mul", "div", "pow", "min", "max")
    proven = 0
    for (a, size, some), (b, other, more) in itertools.product(_arguments((1, -1)), _arguments((1, -1)) if two else [((0.0, 0.0), math.inf, [(0.0, 0)])]):
        formula = call(op, _X, _Y) if two else call(op, _X)
        box = Box({_X: a, _Y: b}, {x: least for x, least in ((_X, size), (_Y, other)) if least < math.inf})
        low, high = box.of(formula)
        if math.isnan(low) or not (math.inf in (-low, high) or box.large):
            continue
        noted = box.large.get(formula, math.inf) * 0.99
        for (x, true_x), (y, true_y) in itertools.product(some, more):
            double, true = _double(op, x, y), _huge(op, true_x, true_y)
            where = (op, (a, size), (b, other), x, y)
            assert min(low, MOST) - 1e-12 * abs(double) - 1e-90 <= double <= max(high, -MOST) + 1e-12 * abs(double) + 1e-90 or math.isinf(double), where
            assert not math.isinf(double) or (high == math.inf if double > 0 else low == -math.inf), where
            past = min(abs(double), abs(true)) >= noted
            assert past or (math.isfinite(double) and abs(double - true) <= 1e-9 * abs(true) + 1e-90), where
        proven += 1
    assert proven == _PROVEN[op]


@pytest.mark.parametrize("text", ["cumprod(0.9 + 0.05*cos(t))", "cumprod(1.1 + 0.05*cos(t))", "cumprod(1 + 0.3*cos(t))", "cumprod(t/5)", "cumprod(3 - t)"])
def test_a_product_lies_in_its_range(text: str) -> None:
    schedule = lrdsl.parse(f"{text} for 40")
    levels = schedule.values(40).tolist()
    for last in (0, 1, 2, 3, 8, 39):
        low, high = bounds(pieces(schedule.plan.level)[0].level, {T: (0.0, float(last)), BASE: (1.0, 1.0)})
        assert low >= 0, "no factor before the first 0 is negative"
        assert low * (1 - 1e-12) <= min(levels[: last + 1]) <= max(levels[: last + 1]) <= high * (1 + 1e-12), last


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("scale(exp(floor((t+1)/2)) / exp(t/2))", {0: 1.0, 1: math.exp(0.5), 2: 1.0, 4999: math.exp(0.5), 5000: 1.0}),
        ("scale(exp(floor(t/3)) / exp(t/3))", {t: math.exp(-(t % 3) / 3) for t in (0, 1, 2, 3, 4, 5, 3000, 3001, 3005)}),
        ("scale(exp(100*sqrt(t)/3) / exp(sqrt(t)*33) / exp(sqrt(t)))", {0: 1.0, 10_000: math.exp(-200 / 3)}),
    ],
)
def test_exponentials_that_cancel(text: str, levels: dict[int, float]) -> None:
    schedule = lrdsl.parse(text)
    assert {tick: schedule.at(tick) for tick in levels} == pytest.approx(levels, rel=1e-12)


def test_the_factors_of_a_product_are_bounded_once() -> None:
    """A proof asks for the same stretches of a running product again and again."""
    lrdsl.lint("exp(0.9) * exp(0.8)")
    assert work(lambda: lrdsl.lint("min(cumprod(2 + cos(t/51)), 2x) * exp(0.9)")) < 500_000


def test_the_logarithm_of_a_number_too_small_for_a_double() -> None:
    """It may have become 0, which has none."""
    e = call("log", T)
    assert bounds(e, {T: (0.0, 1.0)}) == bounds(e, {T: (5e-324, 1.0)}) == bounds(e, {T: (1e-310, 1.0)}) == ANY
    assert bounds(e, {T: (1e-280, 1.0)})[0] > -691
