"""The levels of shapes, by the formulas that papers and libraries give them, as numbers and in the formula that is shown."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import cos, exp, floor, log, pi, sin, sqrt

import pytest
import sympy

import lrdsl


def _part(t: float, n: float) -> float:
    return min(t, n) / n


def _half(x: float) -> float:
    """Half a cosine, from 0 to 1."""
    return (1 - cos(pi * x)) / 2


def _rise(weight: Callable[[float], float], start: float = 0) -> Callable[[int], float]:
    return lambda t: start + (1 - start) * weight(_part(t, 9))


def _turns(*turns: tuple[float, float], curve: Callable[[float], float] = _half) -> Callable[[int], float]:
    """Levels at ticks, joined by curves."""

    def level(t: int) -> float:
        for (begin, low), (end, high) in pairwise(turns):
            if t < end:
                return low + (high - low) * curve((t - begin) / (end - begin))
        return turns[-1][1]

    return level


LEVELS: dict[str, Callable[[int], float]] = {
    "warmup(9)": _rise(lambda x: x),
    "warmup(9, from=0.25)": _rise(lambda x: x, 0.25),
    "warmup(9, power=3)": _rise(lambda x: x**3),
    "warmup(9, from=0.25, shape=cosine)": _rise(_half, 0.25),
    "warmup(9, from=0.25, shape=sqrt)": _rise(sqrt, 0.25),
    "warmup(9, from=0.25, shape=square)": _rise(lambda x: x * x, 0.25),
    "warmup(9, from=0.25, shape=one_minus_sqrt)": _rise(lambda x: 1 - sqrt(1 - x), 0.25),
    "warmup(9, from=0.25, shape=log)": _rise(lambda x: log(1 + 9 * x) / log(10), 0.25),
    "warmup(9, from=0.25, shape=sin)": _rise(lambda x: sin(pi / 2 * x), 0.25),
    "warmup(9, from=0.25, shape=exp)": lambda t: 0.25 ** (1 - _part(t, 9)),
    "linear(9, to=0.25)": lambda t: 1 - 0.75 * _part(t, 9),
    "cosine(9, to=0.25)": lambda t: 1 - 0.75 * _half(_part(t, 9)),
    "cosine(9, to=0.25, power=3)": lambda t: 0.25 + 0.75 * (1 - _half(_part(t, 9))) ** 3,
    "poly(9, to=0.25)": lambda t: 1 - 0.75 * _part(t, 9),
    "poly(9, to=0.25, power=3)": lambda t: 0.25 + 0.75 * (1 - _part(t, 9)) ** 3,
    "one_minus_sqrt(9, to=0.25)": lambda t: 1 - 0.75 * sqrt(_part(t, 9)),
    "exp(9, to=0.25)": lambda t: 0.25 ** _part(t, 9),
    "exp(0.9)": lambda t: 0.9**t,
    "inv(7)": lambda t: 1 / (1 + t / 7),
    "inv(7, power=3)": lambda t: 1 / (1 + t / 7) ** 3,
    "rsqrt(7)": lambda t: 1 / sqrt(1 + t / 7),
    "scale(exp(-t/7))": lambda t: exp(-t / 7),
    "scale(exp(-t/7), to=0.25)": lambda t: 0.25 + 0.75 * exp(-t / 7),
    "hold(3) then scale(1/(1 + t), to=0.25)": lambda t: 0.25 + 0.75 / (1 + max(t - 3, 0)),
    "step(4, 0.5)": lambda t: 0.5 ** (t // 4),
    "multistep([4, 7], 0.5)": lambda t: 0.5 ** ((t >= 4) + (t >= 7)),
    "multistep([4, 7], [0.5, 0.2])": lambda t: 0.5 ** (t >= 4) * 0.2 ** (t >= 7),
    "onecycle(20, div=5, final_div=4)": _turns((0, 0.2), (5, 1), (19, 0.05)),
    "onecycle(20, div=5, final_div=4, anneal=linear)": _turns((0, 0.2), (5, 1), (19, 0.05), curve=lambda x: x),
    "onecycle(21, div=5, final_div=4, pct=1/3, three_phase=yes)": _turns((0, 0.2), (6, 1), (12, 0.2), (20, 0.05)),
    "onecycle(21, div=5, final_div=4, pct=1/3, three_phase=yes, anneal=linear)": _turns((0, 0.2), (6, 1), (12, 0.2), (20, 0.05), curve=lambda x: x),
    "cyclic(0.25, 1x, 4, 3)": lambda t: 0.25 + 0.75 * (t % 7 / 4 if t % 7 < 4 else 1 - (t % 7 - 4) / 3),
    "cyclic(0.25, 1x, 4, mode=triangular2)": lambda t: 0.25 + 0.75 * (1 - abs(t % 8 - 4) / 4) / 2 ** floor(t / 8),
    "cyclic(0.25, 1x, 4, mode=exp_range, gamma=0.9)": lambda t: 0.25 + 0.75 * (1 - abs(t % 8 - 4) / 4) * 0.9**t,
}


@pytest.mark.parametrize("text", LEVELS)
def test_levels(text: str) -> None:
    schedule = lrdsl.parse(text)
    expected = [LEVELS[text](t) for t in range(30)]
    assert [schedule.at(t) for t in range(30)] == pytest.approx(expected, rel=1e-13, abs=1e-15)
    assert schedule.values(30).tolist() == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("text", LEVELS)
def test_the_formula_that_is_shown(text: str) -> None:
    formula, t = lrdsl.parse(text).formula(base=1), sympy.Symbol("t")
    (symbol,) = formula.free_symbols or {t}
    for tick in (0, 1, 4, 5, 8, 13, 25):
        assert float(formula.subs(symbol, tick)) == pytest.approx(LEVELS[text](tick), rel=1e-12, abs=1e-15)


def test_the_phases_of_a_cycle_fit_into_it() -> None:
    for text in ("onecycle(20, pct=0.525, three_phase=yes)", "onecycle(20, pct=0.6, three_phase=yes)"):
        assert [d.code for d in lrdsl.lint(text)] == ["LR131"]
    for text in ("onecycle(20, pct=0.5, three_phase=yes)", "onecycle(20, pct=0.6)", "onecycle(1, pct=0.6, three_phase=yes)"):
        assert [d for d in lrdsl.lint(text) if d.severity == "error"] == []
