"""Tests of `lrdsl.compare`: whether two schedules are the same function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.analysis.verdict import sentence
from lrdsl.cli import main
from tests.drawing import examples
from tests.properties import texts


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("poly(10)", "linear(10)"),
        ("cosine(20)", "scale((1 + cos(pi * t / 20)) / 2) for 20"),
        ("warmup(5) then linear(10)", "warmup(5) then restart linear(10)"),
        ("hold(3) then drop(0.1) then hold(3) then drop(0.1)", "multistep([3, 6])"),
        ("linear(10, to=0.5x)", "linear(10, from=1x, to=0.5x)"),
        ("exp(0.5)", "scale(0.5^t)"),
        ("inv(10)", "scale(10 / (10 + t))"),
        ("wsd(5, 10, 5)", "warmup(5) then hold(10) then linear(5)"),
        ("lr = linear(4); momentum = hold(at=0.9)", "momentum = hold(at=0.9); lr = poly(4)"),
    ],
)
def test_proved(one: str, two: str) -> None:
    assert all(d.proved and d.same for d in lrdsl.compare(lrdsl.parse(one), lrdsl.parse(two)))


@pytest.mark.parametrize(
    ("one", "two", "first", "at"),
    [
        ("linear(10)", "linear(11)", 1, 10),
        ("step(3, 0.1)", "step(3, 0.11)", 3, 3),
        ("cosine(100)", "cosine(100, to=1e-6)", 1, 100),
        ("exp(0.9)", "exp(0.9) for 30", 31, 100),
    ],
)
def test_apart(one: str, two: str, first: int, at: int) -> None:
    (d,) = lrdsl.compare(lrdsl.parse(one), lrdsl.parse(two), ticks=101)
    assert not d.proved
    assert not d.same
    assert (d.first, d.at) == (first, at)
    assert d.bases == (1.0,)
    assert d.levels == tuple(lrdsl.parse(text).at(first) for text in (one, two))


def test_levels_near_0_are_no_rounding() -> None:
    """At tick 5001 the levels are 4e-112, and 5 % apart."""
    (d,) = lrdsl.compare(lrdsl.parse("exp(0.95)"), lrdsl.parse("exp(0.95) for 5000 then hold"))
    assert (d.proved, d.first) == (False, 5001)
    (d,) = lrdsl.compare(lrdsl.parse("cosine(1000)"), lrdsl.parse("scale((1 + cos(3.141592653589793 * t / 1000)) / 2) for 1000"), ticks=900)
    assert (d.proved, d.first) == (False, None)  # pi to 16 digits, and cancellation in doubles


def test_a_verdict_holds_for_every_base_or_says_for_which() -> None:
    one, two = lrdsl.parse("linear(100, to=0.3)"), lrdsl.parse("linear(100, to=0.3x)")
    (d,) = lrdsl.compare(one, two)
    assert (d.same, d.first, d.bases, d.same_for) == (False, 1, (0.1,), (1.0,))
    (d,) = lrdsl.compare(one, two, base=1)
    assert (d.proved, d.bases) == (True, (1.0,))
    (d,) = lrdsl.compare(one, two, base=2)
    assert (d.same, d.first, d.bases) == (False, 1, (2.0,))
    (d,) = lrdsl.compare(lrdsl.parse("linear(100)"), lrdsl.parse("poly(100)"), base=2)
    assert (d.proved, d.bases) == (True, ())
    (d,) = lrdsl.compare(lrdsl.parse("set base = 0.5; lr = hold(at=0.5)"), lrdsl.parse("hold"))
    assert (d.proved, d.bases) == (True, (0.5,))
    (d,) = lrdsl.compare(lrdsl.parse("clip(hold, high=1000)"), lrdsl.parse("hold"))  # they part far from the bases that are usual
    assert (d.same, d.first, d.bases, d.same_for) == (False, 0, (1e6,), (1.0, 0.1, 3.0, 0.003))
    (d,) = lrdsl.compare(lrdsl.parse("scale(floor(2^sqrt(min(t, 100)))) for 400"), lrdsl.parse("scale(floor(4^(sqrt(min(t, 100))/2))) for 400"))
    assert d.same


def test_targets() -> None:
    file = lrdsl.parse('lr = linear(9); lr["head"] = cosine(9); momentum = hold(at=0.9)')
    both = lrdsl.compare(file, lrdsl.parse("lr = poly(9); weight_decay = hold(at=0.1)"))
    assert [(d.target, d.proved, d.only) for d in both] == [("lr", True, None), ('lr["head"]', False, 0), ("momentum", False, 0), ("weight_decay", False, 1)]
    assert [d.same for d in both] == [True, False, False, False]
    (d,) = lrdsl.compare(file, lrdsl.parse("linear(9)"), target="lr")
    assert d.proved
    (d,) = lrdsl.compare(file, lrdsl.parse("cosine(9)"), target=('lr["head"]', "lr"))
    assert (d.target, d.proved) == ('lr["head"] and lr', True)
    with pytest.raises(lrdsl.ScheduleError, match="does not schedule"):
        lrdsl.compare(file, file, target="nothing")
    with pytest.raises(lrdsl.ScheduleError, match="target is"):
        lrdsl.compare(file, file, target=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["poly(100, power=1)", "linear(100)"], 0, "the same function: proved for every tick and every base above 0"),
        (["hold(at=2)", "hold", "--base", "2"], 0, "the same function: proved for every tick and base 2"),
        (
            ["linear(100, to=0.3)", "linear(100, to=0.3x)"],
            1,
            "the same to 12 digits for base 1 at ticks 0 to 999, but they differ from tick 1 on: 0.102 and 0.0993, for base 0.1; "
            "the largest difference is 0.27, at tick 100",
        ),
        (["lr = hold; momentum = hold(at=0.9)", "hold"], 1, "momentum: only the first schedule has it"),
        (["lr = hold; momentum = hold(at=0.9)", "hold", "--target", "lr"], 0, "the same function: proved for every tick and every base above 0"),
        (["lr = hold; momentum = linear(9)", "poly(9)", "--target", "momentum", "--target", "lr"], 0, "the same function"),
        (["hold until loss < 1 then linear(9)", "hold(5) then linear(9)", "--event", "5"], 0, "the same function"),
    ],
)
def test_the_command(arguments: list[str], status: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *arguments]) == status
    assert any(printed.startswith(line) for printed in capsys.readouterr().out.splitlines())


def test_looked_at_ticks_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    steps = "hold(1, at=0x) then hold(3, at=base/4) then hold(5, at=base/2) then hold(7, at=3*base/4) then hold(at=base)"
    assert main(["diff", "scale(floor(sqrt(min(t, 20))) / 4) for 20", steps]) == 0
    assert "proved for every tick and every base above 0; looked at one by one: ticks 1 to 19" in capsys.readouterr().out


@examples(30)
@given(st.data())
def test_what_it_says_is_so(data: st.DataObject) -> None:
    s, t = (data.draw(texts.schedules(depth=2, longest=60)) for _ in range(2))
    assert lrdsl.compare(s, s)[0].proved
    (d,) = lrdsl.compare(s, t, ticks=80)
    base = d.bases[0] if d.bases else 1.0
    left, right = s.values(80, base), t.values(80, base)
    apart = np.abs(left - right)
    scale = max(np.abs(left).max(), np.abs(right).max())
    if d.first is None:
        assert apart.max() <= 1e-12 * scale
    elif d.first < 80:
        assert apart[: d.first].max(initial=0) <= 1e-12 * scale
        assert apart[d.first] > 1e-12 * max(abs(left[d.first]), abs(right[d.first]))
        assert d.largest == apart.max() == apart[d.at]


def test_refused() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="have different targets"):
        lrdsl.compare(lrdsl.parse("hold"), lrdsl.parse("momentum = hold(at=0.9)"))
    with pytest.raises(lrdsl.ScheduleError, match="follows a metric"):
        lrdsl.compare(lrdsl.parse("hold"), lrdsl.parse("plateau"))


def test_members_of_families_are_compared_one_by_one() -> None:
    decay = lrdsl.parse('lr["blocks.{k}"] = 0.75^(12 - k) * linear(9)')
    (*same, last) = lrdsl.compare(decay, lrdsl.parse('lr["blocks.{k}"] = 0.75^(12 - k) * poly(9)'))
    assert all(d.proved for d in (*same, last))
    assert {d.target for d in (*same, last)} == {f'lr["blocks.{{k={k}}}"]' for k in (0, 1, 2, 3, 12)}
    differences = lrdsl.compare(decay, lrdsl.parse('lr["blocks.{k}"] = 0.75^11 * linear(9)'))  # which has k = 1 alone
    assert {d.target for d in differences if d.proved} == {'lr["blocks.{k=1}"]'}


@pytest.mark.parametrize("late", ["step(1e9, 0.5)", "(hold(1e9) then drop(0.5))"])
def test_formulas_that_differ_where_no_level_does_are_told_so(late: str) -> None:
    [difference] = lrdsl.compare(lrdsl.parse("step(10, 0.5)"), lrdsl.parse(f"step(10, 0.5) * {late}"))
    assert not difference.proved
    assert difference.same
    assert difference.apart == 10**9  # both levels are 0 in doubles
    assert difference.ticks == 10**6
    assert sentence(difference).endswith("for every base above 0; the formulas differ at tick 1_000_000_000, but not in digits that a level has")


REWRITTEN = [
    ("every(7, exp(0.9))", "scale(0.9^(7*floor(t/7)))"),
    ("exp(0.9) for 20 then hold(3) then exp(0.9)", "cumprod(0.9) for 20 then hold(3) then exp(0.9)"),
    ("bounce(cosine(7) then hold(3))", "repeat(cosine(7) then hold(3) then hold(3) then cosine(7, from=0, to=1x))"),
    ("inv(50, power=2)", "scale((50/(50 + t))^2)"),
    ("step(10, 0.3) * step(20, 0.3)", "scale(0.3^(floor(t/10) + floor(t/20)))"),
    ("exp(0.9) * exp(0.9)", "exp(0.81)"),
    ("cosine(100, to=0.1x)", "sum(0.9*cosine(100), hold(at=0.1x))"),
    ("hold(20) then linear(30)", "min(1x, scale(max(0, (50 - t)/30)))"),
    ("warmup(20) then linear(30)", "scale(max(0, min(t/20, (50 - t)/30)))"),
    ("warmup(20) then rsqrt(20)", "scale(min(t/20, sqrt(20/max(t, 1))))"),
    ("restarts(cosine(25))", "scale((1 + cos(pi*(t - 25*floor(t/25))/25))/2)"),
    ("poly(50, power=2)", "scale(max(0, 1 - t/50)^2)"),
    ("cyclic(0.1x, 1x, 20, mode=triangular2)", "0.1x + scale(0.5^floor(t/40)) * (cyclic(0.1x, 1x, 20) - 0.1x)"),
]


def test_schedules_written_in_other_ways_are_proved_and_those_that_differ_a_little_are_not() -> None:
    for one, two in REWRITTEN:
        a, b, late = lrdsl.parse(one), lrdsl.parse(two), lrdsl.parse(f"({two}) * (hold(2000) then drop(0.999))")
        assert lrdsl.compare(a, b)[0].proved, (one, two)
        ends_at_0 = one.endswith(("linear(30)", "power=2)")) and not one.startswith("inv")
        assert lrdsl.compare(a, late)[0].proved == ends_at_0, one
        assert not lrdsl.compare(a, lrdsl.parse(f"1.000000000002 * ({two})"))[0].same, one


def test_a_base_below_all_numbers_is_tried() -> None:
    [difference] = lrdsl.compare(lrdsl.parse("min(max(hold, 1e-20), 1)"), lrdsl.parse("min(hold, 1)"))
    assert (difference.first, difference.bases, difference.levels) == (0, (1e-23,), (1e-20, 1e-23))
