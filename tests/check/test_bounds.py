"""Interval arithmetic: a range holds every value that a formula takes, and no more than that where it can be told."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lrdsl
from lrdsl.check.bounds import bounds, constant
from lrdsl.check.intervals import ANY
from lrdsl.expr import Expr, T, call, mod, number, power
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Plan

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


def test_a_constant_is_a_number_where_it_has_one() -> None:
    assert constant(power(number(2), number(10))) == 1024
    assert math.isnan(constant(call("log", number(0))))
    assert math.isnan(constant(call("sqrt", number(-1))))
