"""Tests of proofs: equal schedules are proved to be equal, and those that differ at one tick are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.analysis.proof.stretches import Decision, decide
from tests.drawing import examples
from tests.properties import texts

EQUAL = [
    ("restarts(cosine(10), times=3)", "cosine(10) then restart cosine(10) then restart cosine(10)"),
    ("bounce(cosine(20))", "scale((1 + cos(pi*t/20))/2)"),
    ("step(30, 0.1) for 80 then hold", "multistep([30, 60])"),
    ("max(linear(100), 0)", "linear(100)"),
    ("min(cosine(100), 1x)", "cosine(100)"),
    ("linear(100)", "scale(max(0, 1 - t/100))"),
    ("cyclic(0.1x, 1x, 10)", "scale(0.1 + 0.9*max(0, 1 - abs(t/10 - 2*floor(1 + t/20) + 1)))"),
    ("cyclic(0.1x, 1x, 10, mode=triangular2)", "scale(0.1 + 0.9*max(0, 1 - abs(t/10 - 2*floor(1 + t/20) + 1))*0.5^floor(t/20))"),
    ("cyclic(0.1x, 1x, 10, mode=exp_range, gamma=0.99)", "scale(0.1 + 0.9*max(0, 1 - abs(t/10 - 2*floor(1 + t/20) + 1))*0.99^t)"),
    ("noam(4000)", "scale(4000^0.5 * min(max(t, 1)^-0.5, t*4000^-1.5))"),
    ("hold(10k) then rsqrt(10k)", "scale(100/sqrt(max(t, 10k)))"),
    ("exp(0.95)", "cumprod(0.95)"),
    ("cumprod(t/(t+1))", "scale(1/(t+1))"),
    ("cumprod(1 - 1/(t+1)^2)", "scale((t+2)/(2*(t+1)))"),
    ("cumprod((t+2)/(t+3))", "inv(3)"),
    ("every(1, cosine(10))", "cosine(10)"),
    ("stretch(cyclic(0.1x, 1x, 10), 2)", "repeat(linear(20, from=0.1x, to=1x) then linear(20, to=0.1x))"),
    ("warmup(5, shape=exp, from=0.01x) then hold", "exp(5, from=0.01x, to=1x) then hold"),
    ("exp(100, to=0.01x)", "exp(0.01, per=100) for 100"),
    ("exp(0.9999) for 100k", "scale(0.9999^min(t, 100k))"),
    ("exp(0)", "every(1, exp(0))"),
    ("cosine(100, power=1.5)", "scale(((1 + cos(pi*min(t, 100)/100))/2)^1.5)"),
    ("poly(100, power=0.9)", "scale((1 - min(t, 100)/100)^0.9)"),
    ("rsqrt(100)", "inv(100, power=0.5)"),
    ("rsqrt(100) * linear(200)", "scale(sqrt(100/(100+t)) * max(0, 1 - t/200))"),
    ("restarts(cosine(10), stretch=2, times=3)", "cosine(10) then restart cosine(20) then restart cosine(40)"),
    ("restarts(linear(6)) * restarts(linear(10))", "restarts(restarts(linear(6), times=5) * restarts(linear(10), times=3))"),
    ("bounce(warmup(3) then linear(5))", "repeat(restart warmup(3) then linear(5) then linear(5, from=0x, to=1x) then linear(3))"),
    ("step(2.1, 0.5)", "scale(0.5^floor(t/2.1))"),
    ("max(cosine(100k), 0.1x)", "clip(cosine(100k), low=0.1x)"),
    ("clip(restarts(cosine(10)), low=0.5x)", "restarts(max(cosine(10), 0.5x))"),
    ("max(scale(cos(t)), 0)", "max(0, scale(cos(t)))"),
    ("scale(sin(pi*t/10)^2)", "scale((1 - cos(pi*t/5))/2)"),
    ("scale(log(t+1))", "scale(log((t+1)^2)/2)"),
    ("scale(exp(-t/10))", "scale(1/exp(t/10))"),
    ("warmup(10, shape=log) then hold", "scale(log(1 + min(t, 10))/log(11))"),
    ("clip(hold, high=1)", "min(hold, hold(at=1))"),
    ("max(linear(10), 0.3)", "max(0.3, max(linear(10), 0))"),
    ("clip(step(10, 0.1), low=0.01x)", "multistep([10, 20])"),
    ("every(1, warmup(1, from=1x, power=0.5))", "warmup(1, from=1x, power=0.5)"),
    ("max(exp(0.5), 0.125x)", "exp(0.5) for 3 then hold"),
    ("min(exp(0.9), exp(0.8))", "exp(0.8)"),
    ("min(exp(0.99), exp(0.98), hold)", "exp(0.98)"),
    ("max(step(10, 0.5), step(10, 0.25))", "step(10, 0.5)"),
    ("min(rsqrt(100), inv(100))", "inv(100)"),
    ("max(restarts(linear(10), decay=0.5), 0.05x)", "max(0.05x, max(restarts(linear(10), decay=0.5), 0.01x))"),
    ("every(2, every(4, linear(100)))", "every(4, linear(100))"),
    ("every(3, every(6, cosine(60)))", "every(6, cosine(60))"),
    ("every(2, step(4, 0.5))", "step(4, 0.5)"),
    ("clip(linear(100), 0.2x, 0.8x)", "hold(20, at=0.8x) then linear(60, to=0.2x) then hold"),
    ("restarts(cosine(10), stretch=2)", "restarts(stretch(cosine(5), 2), stretch=2)"),
    ("bounce(linear(10))", "cyclic(1x, 0x, 10)"),
    ("cumprod(t/(t+1)) * cumprod((t+1)/(t+2))", "cumprod(t/(t+2))"),
    ("cumprod(0.5^(1/(t+1) - 1/(t+2)))", "scale(0.5^(1/2 - 1/(t+2)))"),
    ("cumprod(exp(0.1/(t+3) - 0.1/(t+1)))", "scale(exp(0.1/(t+2) + 0.1/(t+3) - 1/12))"),
    ("cumprod(0.5^(0.1*t + 1/t^2 - 1/(t+1)^2))", "scale(0.5^(0.05*t*(t+1) + 1 - 1/(t+1)^2))"),
    ("cumprod(0.5^(1/((2*t+1)*(2*t+3))))", "scale(0.5^(1/6 - 1/(4*t+6)))"),
    ("linear(100) * linear(100)", "poly(100, power=2)"),
    ("scale(t - 10*floor(t/10))", "restarts(scale(t) for 10)"),
    ("repeat(hold(1, at=1x) then hold(1, at=2x) then hold(1, at=3x))", "scale(t - 3*floor(t/3) + 1)"),
    ("scale(floor(t/2) + floor((t + 1)/2))", "scale(t)"),
    ("scale(floor(floor(t/3)/4))", "scale(floor(t/12))"),
    ("bounce(bounce(linear(5)) for 10)", "bounce(linear(5))"),
    ("min(inv(10), inv(20))", "inv(10)"),
    ("min(rsqrt(10), rsqrt(20))", "rsqrt(10)"),
    ("max(poly(50, power=2), poly(50, power=3))", "poly(50, power=2)"),
    ("sum(min(linear(50), cosine(50)), max(linear(50), cosine(50)))", "sum(linear(50), cosine(50))"),
    ("skip(5, bounce(linear(10)))", "linear(5, from=0.5x) then repeat(linear(10, to=1x) then linear(10))"),
    ("bounce(exp(0.9) for 10)", "repeat(scale(0.9^t) for 10 then scale((1/0.9)^t) for 10)"),
    ("scale(3*sin(t) - 4*sin(t)^3 + 2)", "scale(sin(3*t) + 2)"),
    ("scale(1/(t+1) - 1/(t+2))", "scale(1/((t+1)*(t+2)))"),
    ("scale(max(t - 10, 0) - max(10 - t, 0))", "scale(t - 10)"),
    ("exp(0.9) for 10 then exp(0.8) for 10 then hold", "scale(0.9^min(t, 10) * 0.8^max(0, min(t - 10, 10)))"),
    ("cumprod(0.9^t)", "scale(0.9^(t*(t + 1)/2))"),
    ("restarts(cosine(10), stretch=2, times=3, decay=0.5)", "cosine(10) then cosine(20, from=0.5x) then cosine(40, from=0.25x)"),
]


def decision(one: str, two: str) -> Decision:
    return decide(lrdsl.parse(one).plan.law, lrdsl.parse(two).plan.law)


@pytest.mark.parametrize(("one", "two"), EQUAL)
def test_equal_schedules_are_proved(one: str, two: str) -> None:
    assert decision(one, two) == Decision(True)
    assert decision(two, one) == Decision(True)


@pytest.mark.parametrize(
    ("one", "two", "tick"),
    [
        ("linear(10)", "linear(11)", 1),
        ("exp(0.95)", "exp(0.95) for 5000 then hold", 5001),
        ("cosine(100)", "cosine(100, to=1e-30x)", 1),
        ("linear(100, to=0.3)", "linear(100, to=0.3x)", 1),
        ("restarts(linear(1000), times=100000)", "restarts(linear(1000))", 100_000_000),
        ("step(30, 0.1)", "multistep([30, 60, 90])", 120),
        ("max(linear(100), 0)", "max(linear(100), 1e-9x)", 100),
        ("clip(hold, high=1000)", "hold", 0),
        ("max(hold, 1e-9)", "hold", 0),
        ("clip(step(10, 0.1), low=0.01x)", "multistep([10, 20, 400])", 400),
        ("min(exp(0.9), exp(0.8))", "exp(0.9)", 1),
        ("max(step(10, 0.5), step(20, 0.26))", "step(10, 0.5)", 10),
        ("every(2, every(3, linear(100)))", "every(6, linear(100))", 4),
        ("every(7, linear(100))", "linear(100)", 1),
        ("cumprod(t/(t+1))", "scale(1/(t+2))", 0),
        ("cumprod(0.5^(1/(t+1) - 1/(t+2)))", "cumprod(0.5^(1/(t+1) - 1/(t+3)))", 1),
        ("cumprod(sqrt((t - 5.5)^2)/10) for 9", "cumprod((t - 5.5)/10) for 9", 1),  # a root of a square has no sign
        ("scale(sqrt((t - 5)^2)) for 700", "scale(t - 5) for 700", 0),
        ("scale(floor(t/2) + floor((t + 1)/2))", "scale(max(t, 0.5))", 0),
        ("max(scale(cos(t)), 0)", "scale(cos(t))", 2),
        ("max(scale(t*cos(t)), 0)", "scale(t*cos(t))", 2),
        ("repeat(hold(1, at=1x) then hold(1, at=2x) then hold(1, at=3x))", "scale(t - 3*floor(t/3) + 1) for 3000 then hold", 3001),
        ("min(inv(10), inv(20))", "inv(20)", 1),
        ("min(rsqrt(10), 0.9*rsqrt(20))", "rsqrt(10)", 0),
        ("restarts(cosine(10), stretch=2)", "restarts(cosine(10), stretch=2, times=20)", 10_485_750),
        ("exp(0.999999)", "exp(0.999999) for 100M then hold", 100_000_001),
        ("repeat(hold(3) then drop(0.5), times=5)", "repeat(hold(3) then drop(0.5), times=6)", 18),
    ],
)
def test_schedules_that_differ_are_told_apart(one: str, two: str, tick: int) -> None:
    assert (decision(one, two).equal, decision(one, two).different) == (False, tick)


def test_what_has_no_normal_form_is_looked_at_tick_by_tick() -> None:
    """`floor(sqrt(t))` is no known function; but at each tick it is a number."""
    stairs = "scale(floor(sqrt(min(t, 20))) / 4) for 20"
    steps = "hold(1, at=0x) then hold(3, at=base/4) then hold(5, at=base/2) then hold(7, at=3*base/4) then hold(at=base)"
    assert decision(stairs, steps) == Decision(True, ((1, 19),))


@examples(60)
@given(st.data())
def test_drawn_schedules_that_are_written_in_another_way(data: st.DataObject) -> None:
    text = str(data.draw(texts.schedules(depth=2, longest=60)))
    forms = (f"every(1, {text})", f"hold(0) then {text}", f"({text}) * hold", f"min({text}, {text})", f"0.5 * ({text}) * 2", f"max({text}, min({text}, 0.3x))")
    for other in forms:
        assert lrdsl.compare(lrdsl.parse(text), lrdsl.parse(other), ticks=1)[0].proved, other


@examples(80)
@given(st.data())
def test_a_drawn_difference_at_one_tick_is_found(data: st.DataObject) -> None:
    s, tick = data.draw(texts.schedules(depth=2, longest=60)), data.draw(st.integers(0, 200))
    assume(s.at(tick) > 1e-200)
    spike = f"({s}) * scale(1 + 1e-9 * max(0, 1 - abs(t - {tick})))"
    (difference,) = lrdsl.compare(s, lrdsl.parse(spike), ticks=201)
    assert (difference.proved, difference.first) == (False, tick), spike


@examples(60)
@given(st.data())
def test_what_is_proved_is_so(data: st.DataObject) -> None:
    """Small schedules are often equal by chance; then their levels are."""
    one, two = (data.draw(texts.schedules(depth=1, longest=4)) for _ in range(2))
    if decide(one.plan.law, two.plan.law).equal:
        for base in (0.01, 1.0, 5.0):
            levels = [s.values(500, base) for s in (one, two)]
            assert np.abs(levels[0] - levels[1]).max() <= 1e-12 * max(np.abs(levels[0]).max(), 1e-300)
