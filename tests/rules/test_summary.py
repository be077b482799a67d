"""Tests of the curve summary: what it says of a schedule, and that a long run costs no more than a short one."""

from __future__ import annotations

import math

import pytest

import lrdsl
from lrdsl.linting.linter import lint
from lrdsl.plan import pieces
from lrdsl.rules.rule import Facts
from lrdsl.rules.summary import Summary, is_plain, levels_at, summary, turns
from tests.counting import work


def of(text: str, end: int | None = None, base: float = 1.0) -> Summary:
    return summary(lrdsl.parse(text).plan.level, base, end)


def test_the_highest_and_the_lowest_level_and_the_last() -> None:
    s = of("warmup(10) then hold(5) then linear(20, to=0.1x)", 50, 0.2)
    assert s.highest == (10, 0.2)
    assert s.lowest == (0, 0.0)
    assert s.last == (49, pytest.approx(0.02))
    assert s.settled == 35


def test_where_a_level_is_zero_and_where_it_is_under_a_level() -> None:
    s = of("hold(10, at=0) then restart hold(10) then linear(10)", 100)
    assert s.zeros == ((0, 9), (30, 99))
    assert s.under(0.5) in range(25, 31)
    assert of("hold(10)", 20).under(0.5) is None


@pytest.mark.parametrize(
    "text",
    [
        "step(30)",
        "bounce(cosine(50))",
        "cyclic(0.1x, 1x, 20)",
        "restarts(cosine(10), decay=0.9)",
        "max(exp(0.95), 0.1x)",
        "scale(1/(1 + t))",
        "repeat(linear(50))",
    ],
)
def test_its_levels_are_those_of_the_schedule(text: str) -> None:
    schedule, s = lrdsl.parse(text), of(text, 1000, 0.3)
    assert len(s.levels) > 10
    assert all(math.isclose(level, schedule.at(float(tick), 0.3), rel_tol=1e-9, abs_tol=1e-15) for tick, level in s.levels)
    ticks = [0, 1, 7, 50, 99, 512]
    assert levels_at(schedule.plan.level, ticks, 0.3) == pytest.approx([schedule.at(tick, 0.3) for tick in ticks], rel=1e-9)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("linear(10, to=0.1x)", True),
        ("cosine(10, from=1e-3)", True),
        ("0.5 * cosine(10)", True),
        ("cosine(10) * linear(10)", False),
        ("scale(t/5 * (1 - t/10))", False),
        ("scale((t/5)^2 - t/10 + 1)", False),
        ("scale(sin(t))", False),
        ("step(3)", False),
        ("max(exp(0.9), 0.1x)", False),
    ],
)
def test_only_what_surely_does_not_turn_is_looked_at_a_few_times(text: str, plain: bool) -> None:
    assert is_plain(pieces(lrdsl.parse(text).plan.level)[0].level) is plain


def test_cycles_are_seen_where_they_turn() -> None:
    ticks = {tick for tick, _ in of("bounce(cosine(777))", 10**9).levels}
    assert {777 * 2, 777 * 2 - 1} & ticks
    assert turns(lrdsl.parse("bounce(cosine(777))").plan.level)[0][0] == 1554
    assert turns(lrdsl.parse("step(30)").plan.level) == []


@pytest.mark.parametrize("text", ["step(30)", "bounce(cosine(50))", "cyclic(0.1x, 1x, 20)", "warmup(10) then restarts(cosine(100))", "exp(0.999999)"])
def test_a_run_of_a_billion_ticks_costs_no_more_than_a_short_one(text: str) -> None:
    short, long = (work(lambda total=total: lint(text, total_steps=total)) for total in (1000, 10**9))
    assert long < 3 * short
    assert len(summary(lrdsl.parse(text).plan.level, 1.0, 10**9).levels) < 1000


def test_rules_that_cost_too_much_work_are_left_out() -> None:
    """The text is sound, so it gets no error."""
    waves = ", ".join(f"scale({' + '.join(f'sin(t/{100 * k + i})' for i in range(1, 101))})" for k in range(10))
    assert all(d.severity == "warning" for d in lint(f"hold(5) then min({waves})"))


def test_a_text_without_a_part_of_it() -> None:
    f = Facts.of(lrdsl.parse("set total = 100\nlet w = 5\nlr = warmup(w) then restart cosine(rest)"))
    restart = next(part for part in f.parts if type(part).__name__ == "Restart")
    plans = f.with_node(restart, restart.body)
    assert plans is not None
    assert plans["lr"].length == 100
    binding = next(part for part in f.parts if type(part).__name__ == "Sequence")
    assert f.with_node(binding, f.tree) is None


def test_only_the_target_around_a_part_is_read_without_it() -> None:
    f = Facts.of(lrdsl.parse("def two(n) = min(hold(n), 2x)\nlr = restart two(5)\nmomentum = hold(at=0.9)\nlr[0] = 0.5 * lr"))
    restart = next(part for part in f.parts if type(part).__name__ == "Restart")
    plans = f.with_node(restart, restart.body)
    assert plans is not None
    assert plans.keys() == {"lr"}
    bound = next(part for part in f.parts if type(part).__name__ == "Quantity")
    plans = f.with_node(bound, bound)
    assert plans is not None
    assert plans.keys() == {"lr", "momentum", "lr[0]"}  # a part of a definition may stand in any of them


def test_a_product_of_two_shapes_may_turn() -> None:
    level = lrdsl.parse("warmup(40) * linear(40)").plan.level
    assert not any(is_plain(piece.level) for piece in pieces(level)[:1])
    assert of("warmup(40) * linear(40)", 40).highest == (20, 0.25)


def test_the_first_and_the_last_turns_of_cycles_are_looked_at() -> None:
    ticks = [tick for tick, _ in of("restarts(cosine(701))", 701 * 7 + 10).levels]
    assert {700, 701, 701 * 7 - 1, 701 * 7} <= set(ticks)


def test_the_rules_cost_less_than_the_check() -> None:
    texts = [f"warmup({k}) then cosine({k + 10}, to={k / 100}x)" for k in range(1, 9)]
    for text in texts:
        lint(text)  # fills the caches
    others = [f"warmup({k}) then cosine({k + 10}, to={k / 100}x)" for k in range(21, 29)]
    more = [f"warmup({k}) then cosine({k + 10}, to={k / 100}x)" for k in range(41, 49)]
    parsing, linting = (work(lambda: [lrdsl.parse(text) for text in others]), work(lambda: [lint(text) for text in more]))
    assert linting < 1.7 * parsing


@pytest.mark.parametrize("text", ["step(30, 0.5)", "warmup(5) then cosine(90)", "exp(0.9)", "restarts(cosine(7))"])
@pytest.mark.parametrize("end", [1, 2, 7, 90, 91])
def test_no_tick_is_beyond_the_run(text: str, end: int) -> None:
    ticks = [tick for tick, _ in summary(lrdsl.parse(text).plan.level, 1.0, end).levels]
    assert ticks == sorted(set(ticks))
    assert 0 <= ticks[0] <= ticks[-1] == end - 1
