"""Operations on doubles: forms in which little is lost, and where one gives way to another."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

import lrdsl
from tests.properties import exact

_mp = mpmath.mp.clone()
_mp.dps = 50


def test_an_inverse_is_one_division() -> None:
    """A power of -1 by the library of C is off in the last place at 1 tick of 1000."""
    schedule = lrdsl.parse("scale((1+t)^(-1))")
    expected = [1 / (1 + t) for t in range(20_000)]
    assert [schedule.at(t) for t in range(20_000)] == expected
    assert schedule.values(20_000).tolist() == expected


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("scale(0.9^(t/7))", lambda t: _mp.mpf(0.9) ** (_mp.mpf(t) / 7)),
        ("cosine(4000)", lambda t: _mp.sin(_mp.pi * (4000 - t) / 8000) ** 2),
        ("hold(9) then warmup(4000, shape=cosine)", lambda t: _mp.sin(_mp.pi * (t - 9) / 8000) ** 2 if t > 9 else _mp.mpf(t < 9)),
        ("cosine(4000, power=9)", lambda t: _mp.sin(_mp.pi * (4000 - t) / 8000) ** 18),
        ("cosine(4001, power=2.5)", lambda t: _mp.sin(_mp.pi * (4001 - t) / 8002) ** 5),
        ("hold(7/3) then cosine(12001/3, power=31)", lambda t: _mp.cos(_mp.pi * (3 * t - 7) / 24002) ** 62 if 3 * t > 7 else _mp.mpf(1)),
        ("scale((1 + t/7)^(t/901 + 1/3)) for 4000", lambda t: (1 + _mp.mpf(t) / 7) ** (_mp.mpf(t) / 901 + _mp.mpf(1) / 3)),
        ("scale((1/3 + t/7000)^(30 + t/7)) for 4000", lambda t: (_mp.mpf(1) / 3 + _mp.mpf(t) / 7000) ** (30 + _mp.mpf(t) / 7)),
        ("scale((t/7)^9 / 1e30)", lambda t: (_mp.mpf(t) / 7) ** 9 / _mp.mpf(1e30)),
        ("scale((1 + t/3)^(-2.5))", lambda t: (1 + _mp.mpf(t) / 3) ** _mp.mpf(-2.5)),
        ("scale(exp(-t/7))", lambda t: _mp.exp(-_mp.mpf(t) / 7)),
        ("scale(cos(t/7) + 2)", lambda t: _mp.cos(_mp.mpf(t) / 7) + 2),
        ("scale(log(1 + t/7) + 1)", lambda t: _mp.log(1 + _mp.mpf(t) / 7) + 1),
        ("scale(1 / sqrt(1 + t/7))", lambda t: 1 / _mp.sqrt(1 + _mp.mpf(t) / 7)),
    ],
)
def test_the_error_of_a_part_is_not_multiplied(text: str, level: object) -> None:
    assert callable(level)
    schedule = lrdsl.parse(text)
    listed = schedule.values(4000).tolist()
    for t in range(1, 4000, 3):
        wanted = level(t)
        for found in (listed[t], schedule.at(t)):
            assert abs(_mp.mpf(found) - wanted) <= 4 * math.ulp(float(wanted)), (t, found, float(wanted))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("scale(exp(-exp(t)/(t+1)))", lambda t: _mp.exp(-_mp.exp(t) / (t + 1))),
        ("scale(exp(-exp(t/3)/7))", lambda t: _mp.exp(-_mp.exp(_mp.mpf(t) / 3) / 7)),
        ("scale(exp(-sqrt(exp(t) + t/3)))", lambda t: _mp.exp(-_mp.sqrt(_mp.exp(t) + _mp.mpf(t) / 3))),
    ],
)
def test_the_error_of_a_part_that_becomes_infinite(text: str, level: object) -> None:
    """The exponential within is a double: its last place counts as often as the exponent is large."""
    assert callable(level)
    schedule = lrdsl.parse(text)
    for t in range(8):
        wanted = level(t)
        assert abs(_mp.mpf(schedule.at(t)) - wanted) <= (1 - math.log(wanted)) * math.ulp(float(wanted)), t
    assert schedule.at(10**6) == 0


@pytest.mark.parametrize(
    "text",
    [
        # A half cosine is computed in two ways, one for each end; a third of its way lies past the end of the phase, within it, on its end, and before its begin.
        "cosine(60) then linear(9)",
        "warmup(60, shape=cosine)",
        "hold(9) then warmup(60, shape=cosine)",
        "cosine(60) for 5 then linear(9)",
        "cosine(60) for 20 then linear(9)",
        "cosine(60) for 30 then linear(9)",
        "skip(40, cosine(60)) then linear(9)",
        "warmup(9, shape=cosine) then cosine(60) for 5 then cosine(7/2, to=0.1x)",
        "repeat(cosine(60) for 5)",
        "repeat(hold(3) then drop(0.5))",
        "restarts(cosine(9) for 7, decay=0.5)",
        "bounce(cosine(9)) for 31 then hold",
        "every(2, cosine(9)) then warmup(3, from=0.5x)",
    ],
)
def test_stepped_and_asked_are_one(text: str) -> None:
    schedule, opt = lrdsl.parse(text), SimpleNamespace(param_groups=[{"lr": 0.3}])
    formula = exact.Evaluator(schedule.formula(base=0.3, numbers="double"))
    scheduler = lrdsl.compile(schedule, opt)
    levels = schedule.values(90, 0.3)
    for t in range(90):
        assert opt.param_groups[0]["lr"] == schedule.at(t, 0.3) == pytest.approx(levels[t], rel=1e-14, abs=1e-17)
        scheduler.step()
    np.testing.assert_allclose(levels, [float(formula.at(Fraction(t))) for t in range(90)], rtol=1e-14, atol=1e-17)


def test_arithmetic_on_numbers_alone_may_be_nested() -> None:
    """Python's compiler folds it, and the places of its numbers must not be lost."""
    assert lrdsl.parse("sum(hold, cyclic(base, 1x, 3, mode=exp_range, gamma=0.5)) for 2").at(5) == 2
