"""Conditions after `until`: what each watches, how long the phase lasts at most, and what is no condition."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

import lrdsl
from lrdsl.metrics import Crossing, Plateau


@pytest.mark.parametrize(
    ("condition", "length", "monitors"),
    [
        ("x < 0.3", None, [Crossing("x", "<", Fraction(3, 10))]),
        ("0.3 > x", None, [Crossing("x", "<", Fraction(3, 10))]),
        ("2 <= x", None, [Crossing("x", ">=", 2)]),
        ('"val/loss" >= 2', None, [Crossing("val/loss", ">=", 2)]),
        ("plateau", None, [Plateau("metric")]),
        ("plateau(2, metric=acc, mode=max)", None, [Plateau("acc", "max", 2)]),
        ("x < 0.3 or plateau or for 20 or for 5", 5, [Crossing("x", "<", Fraction(3, 10)), Plateau("metric")]),
        ("x < 0.3 or 20", 20, [Crossing("x", "<", Fraction(3, 10))]),
        ("for 20 or 5", 5, []),
        ("10%", 10, []),
        ("for 5%", 5, []),
        ("total", 100, []),
        ("0", 0, []),
        ("for 0", 0, []),
    ],
)
def test_what_ends_a_phase(condition: str, length: float | None, monitors: list[object]) -> None:
    plan = lrdsl.parse(f"hold until {condition}", total_steps=100).plan
    assert plan.phases[0].length == length
    assert [watch.monitor for watch in plan.watches] == monitors


@pytest.mark.parametrize(
    ("condition", "code", "at"),
    [
        ("cosine(3)", "LR118", "cosine(3)"),
        ("x < 0.3 or hold", "LR118", "hold"),
        ("1 < 2", "LR118", "1 < 2"),
        ("a < b", "LR118", "a < b"),
        ("x == 0.3", "LR118", "x == 0.3"),
        ("x < 0.1x", "LR111", "0.1x"),
        ("x < t", "LR103", "t"),
        ("x < exp(1000)", "LR144", "exp(1000)"),
        ("x < log(0)", "LR144", "log(0)"),
        ("x < rest", "LR111", "rest"),
        ("plateau(wibble=3)", "LR102", "wibble"),
        ("plateau(patience=-1)", "LR131", "-1"),
        ("plateau(threshold=log(0))", "LR131", "log(0)"),
        ("for -3", "LR131", "-3"),
        ("for 3 - 5", "LR131", "3 - 5"),
        ("for base", "LR111", "base"),
        ("for 1x", "LR111", "1x"),
        ("1x", "LR111", "1x"),
        ("rest", "LR122", "rest"),
        ("-3", "LR119", "-3"),
    ],
)
def test_what_is_no_condition(condition: str, code: str, at: str) -> None:
    text = f"hold until {condition}"
    (problem,) = lrdsl.lint(text, total_steps=100)
    assert (problem.code, text[problem.span.start.offset : problem.span.end.offset]) == (code, at)


def test_a_time_that_has_passed() -> None:
    """A time of the run ends a phase that begins before it; only at tick 0 may both be one."""
    assert lrdsl.parse("hold(5) then linear(9) until 6").phases[1].length == 1
    for text in ("hold(5) then linear(9) until 5", "hold(5) then linear(9) until 0"):
        assert [d.code for d in lrdsl.lint(text) if d.severity == "error"] == ["LR119"]


@pytest.mark.parametrize("text", ["repeat(hold until x < 3)", "hold(3) * (repeat(plateau for 3, times=2))", "hold(at=((hold until x < 3) at 5))"])
def test_no_metric_is_followed_where_a_phase_comes_again(text: str) -> None:
    assert {d.code for d in lrdsl.lint(text)} == {"LR147"}


@pytest.mark.parametrize(
    ("root", "value"),
    [("sqrt(2)", math.sqrt(2)), ("pi", math.pi), ("exp(-1)", math.exp(-1)), ("1 / sqrt(2)", 1 / math.sqrt(2)), ("sqrt(4)", 2.0), ("log(2)", math.log(2))],
)
def test_a_constant_without_exact_value_counts_as_its_double(root: str, value: float) -> None:
    """Lengths, limits of a metric, and the settings of a run are computed with as numbers."""
    for text in (f"hold until x < {root}", f"let k = {root}; lr = hold until k > x"):
        assert [watch.monitor for watch in lrdsl.parse(text).plan.watches] == [Crossing("x", "<", Fraction(value))]
    for text in (f"plateau(threshold={root})", f"hold until plateau(threshold={root})"):
        assert lrdsl.parse(text).plan.watches[0].monitor == Plateau("metric", threshold=Fraction(value))
    number = f"{value:.17g}"
    for text in ("stretch(cosine(10), {})", "restarts(cosine(10), stretch={}, times=3)", "restarts(cosine(10), stretch=1 + {})", "onecycle(40, pct={} / 4)"):
        assert lrdsl.parse(text.format(root)).values(30).tolist() == pytest.approx(lrdsl.parse(text.format(number)).values(30).tolist(), rel=1e-12, abs=1e-12)
    assert lrdsl.parse(f"set base = {root}; lr = hold").program.base_value == pytest.approx(value, rel=1e-15)


def test_a_whole_number_may_come_of_a_root() -> None:
    for count in ("sqrt(9)", "ceil(log(10))", "floor(pi)", "floor(sqrt(2)) + 2"):
        assert lrdsl.parse(f"repeat(cosine(10), times={count})").length == 30
    for count in ("pi", "sqrt(2)", "log(0)", "5/2", "exp(1000)"):
        assert [d.code for d in lrdsl.lint(f"repeat(cosine(10), times={count})")] == ["LR132"]


@pytest.mark.parametrize("size", ["0 * pi", "-pi", "2x", "sqrt(2) * base", "exp(1000)", "log(0)"])
def test_a_base_is_a_number_above_0(size: str) -> None:
    codes = [d.code for d in lrdsl.lint(f"set base = {size}; lr = hold")]
    assert codes
    assert set(codes) <= {"LR131", "LR144"}


@pytest.mark.parametrize("conditions", ["for rest or loss < 0.1", "loss < 0.1 or for rest"])
def test_a_rest_that_is_the_longest_time_too_leaves_room_for_what_follows(conditions: str) -> None:
    schedule = lrdsl.parse(f"hold(5) then (linear(rest) until {conditions}) then hold(5)", total_steps=100)
    assert (schedule.length, schedule.at(94), schedule.at(95)) == (100, pytest.approx(1 / 90), 0)


def test_the_rest_before_an_event_is_the_rest_of_the_run() -> None:
    """Whatever follows: nothing says that the event comes."""
    for condition in ("val_loss < 0.3", "val_loss < 0.3 or 30", "20"):
        schedule = lrdsl.parse(f"cosine(rest) until {condition} then linear(10)", total_steps=50)
        assert [schedule.at(t) for t in range(20)] == pytest.approx(lrdsl.parse("cosine(50)").values(20).tolist(), rel=1e-12), condition
