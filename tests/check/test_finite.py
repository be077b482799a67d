"""What is bounded is accepted, each way in which a level may be: by a cycle, by a function that saturates, by a minimum, by the end of the run."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import lrdsl
import lrdsl.jax
import lrdsl.torch
from tests.properties import exact
from tests.properties.test_finite import unproved

jax.config.update("jax_enable_x64", True)

CYCLES = [
    "bounce(poly(10, 2, to=0.1x))",
    "bounce(poly(10, 0.01, to=0.1x))",
    "bounce(cosine(10, power=2, to=0.01x))",
    "bounce(every(14, cosine(14, to=base/25, power=2.68)))",
    "restarts(poly(96, 0.9, to=1e-5))",
    "restarts(hold(5) then one_minus_sqrt(5))",
    "restarts(warmup(4) then rsqrt(4) for 96)",
    "repeat(hold(4, at=1x) then inv(2) for 5)",
    "repeat(scale(1/(t^2 - 2*t + 2)) for 10, times=3)",
    "restarts(scale(1/(t^2 - 2*t + 2)) for 10)",
    "restarts(restarts(poly(7/3, 0.9, to=1e-5)) for 40)",
    "restarts(warmup(10, power=2, from=0.1x))",
    "timm.poly(100, 2, to=1e-5, limit=1200)",
    "every(31/15, clip(scale(1/(t^2 - 2*t + 2)), low=0.001))",
]
SATURATING = [
    "scale(1/(1+exp((t-500)/50)))",
    "scale(100/(100+exp(t/100)))",
    "scale(1/(1+exp(t/20))^3)",
    "scale(1 - 1/(1+exp((t-30)/5)))",
    "scale(exp(-exp(5 - t/20)))",
    "scale(1 - exp(-exp(t/30 - 4)))",
    "scale(0.5^(2^floor(t/100)))",
    "scale(1/(1 + t^30)^9)",
    "scale(1/(1 + 1.5^t))",
]
LEAST = [
    "max(hold, hold * stretch(exp(4) for 203, to=7))",
    "min(step(10, 2), hold(at=2048))",
    "clip(step(10, 2), 1, 2048)",
    "min(optax.exponential(1,2,2), 3)",
    "scale(min(3, 1/0.9^t))",
    "scale(min(3, floor(1.1^t)))",
    "scale(min(2, (1 + t)^40))",
    "scale(min(4, " + "*".join(["t"] * 30) + "))",
    "scale(max(0, log(t)))",
    "max(-1 * exp(1.1), 0.1x)",
    "max(min(exp(1.5), 1x), min(step(3, 2), 4x))",
    "min(exp(1.1) * cosine(20), 1x)",
    "min(restarts(cosine(10), decay=2), 5x)",
    "restarts(min(exp(2) for 2000, 3x))",
    "every(7, min(exp(2), 1x))",
    "bounce(min(exp(2), 1x) for 2000)",
    "min(repeat(hold(3) then drop(2)), 10x)",
    "min(exp(2) + 1e-5, 1x) for 3000 then cosine(20)",
    "clip(restarts(warmup(1), decay=1.01, floor=fixed), high=0.001x)",
    "clip(restarts(warmup(7/2), decay=2), high=3x)",
    "min(restarts(warmup(4, power=2) then cosine(6), decay=1.5), 2x)",
    "min(restarts(warmup(4, power=0.5), decay=1.5), 2x)",
    "min(exp(1.1) * restarts(warmup(4)), 2x)",
    "min(repeat(exp(1.66) for 1500), 3x)",
    "min(repeat(exp(1.66) for 1500 then drop(0.5)), 3x)",
]
EXPONENTIALS = [
    "exp(1.1) * exp(0.5)",
    "hold(5) then exp(1.1) * exp(0.5)",
    "exp(1.1, per=10) * exp(0.5)",
    "exp(1.1) * inv(3) * exp(0.2)",
    "step(10, 2) * exp(0.5)",
    "step(10, 2) * step(20, 0.1)",
    "repeat(hold(3) then drop(2)) * exp(0.5)",
    "restarts(cosine(10), decay=2) * exp(0.1)",
    "min(exp(1.1) * exp(0.95), 2x)",
    "min(exp(0.5), 0.5x) * exp(1.1)",
    "max(exp(1.1), 1x) * exp(0.5)",
    "min(step(10, 0.5), exp(1.1) - 1x) * step(10, 2)",
    "exp(0.5) * exp(1.9) for 10000 then cosine(20)",
    "max(exp(0.5), exp(0.6)) * exp(1.2) * min(exp(0.9), 0.1x)",
    "exp(1.1) * max(exp(0.5), exp(0.6)) * max(exp(0.5), exp(0.6))",
    "exp(1.3) * min(exp(0.9), 0.1x) * min(exp(0.9), 0.1x) * exp(0.9)",
    "max(exp(0.8), exp(0.7)) * min(exp(1.1), exp(1.2))",
    "max(exp(0.5), exp(0.4)) * max(exp(1.1), exp(1.2)) * min(exp(1.3), exp(1.4))",
    "max(exp(0.8), 0.7 * exp(0.81)) * min(exp(1.1), step(10, 2))",
    "scale(exp(t)/(1+exp(t)))",
    "scale(exp(5000-t)/(1+exp(5000-t)))",
    "scale((exp((t-5000)/5)-exp(-(t-5000)/5))/(exp((t-5000)/5)+exp(-(t-5000)/5)))",
    "scale(exp(t)/(1+exp(t))^2)",
    "scale(sqrt(exp(t)/(1+exp(t))))",
    "scale(2^t/(1+3^t))",
    "scale(2^t/3^t)",
    "scale((1+exp(t))*exp(-t))",
    "scale(exp(t)*exp(-t))",
    "scale(1.1^t*t^2*0.5^t)",
    "scale(0.5^t*exp(t/5))",
    "scale(exp(t/3)*exp(-t^2/100))",
    "scale(log(1+exp(t))/(1+t))",
    "scale(min(2, log(exp(t))))",
    "exp(0) * exp(1.1)",
    "bounce(hold(1.57) then hold(10, at=0.5x) then one_minus_sqrt(2))",
    "sum(hold, scale(1.02^t) * min(1x, cyclic(0, base, 2), linear(2, to=0)))",
    "sum(1x - warmup(3), scale(1.02^t) * min(cyclic(0, base, 31/15, mode=exp_range, gamma=0.862), cosine(2)))",
]
#: Products of factors that swing: all factors of one turn together fall, or rise so little that the run is over before they are too large.
SWINGING = [
    "cumprod(0.9 + 0.5*sin(t/9))",
    "cumprod(0.9 + 0.5*sin(0.2*t))",
    "cumprod(0.9 + 0.5*cos(pi*t/50))",
    "cumprod(0.9 + 0.3*sin(t/9) + 0.1*cos(t/3)*sin(2*t/9))",
    "restarts(min(cumprod(1.5 + sin(t/9)), 1x) for 1400, decay=0.9)",
    "cumprod(1.5 + sin(t/9)) * exp(0.7)",
]
FALLING = [
    "cumprod(1/(1 + t/10)) * exp(1.01)",
    "cumprod(0.95^t) * exp(1.3)",
    "cumprod(0.5^floor(t/30)) * step(10, 2)",
    "cumprod(exp(-t/1000)) * exp(2)",
    "cumprod(max(0.1, 1 - t/100)) * exp(1.5)",
    "cumprod(min(0.9, (t + 1)/100)) * exp(1.1)",
    "cumprod(abs(t - 30)/30) * exp(1.01)",
    "cumprod(0.9^t - 0.5) * exp(1.1)",
    "-2 * cumprod(-1 * 0.9^t) * exp(1.1)",
    "cumprod(1/(1 + t/10)) * repeat(hold(10) then drop(1.5))",
    "cumprod(1/(1 + t/10)) * restarts(cosine(10), decay=1.5)",
    "cumprod(1/(1 + t/10)) * scale(2^floor(t/10) * (1 + t))",
    "cumprod(1/(1 + t/10)) * exp(1.1) * exp(1.2, per=7)",
    "(hold(5/2) then cumprod(1/(1 + t/10))) * exp(1.1)",
    "stretch(cumprod(0.9^t), 0.3) * exp(1.1)",
    "every(7, cumprod(0.9^t)) * exp(1.01)",
    "every(7, cumprod(0.9^t) * exp(1.4))",
    "cumprod(2 + cos(t/50)) * cumprod(0.95^t)",
    "cumprod(1/(1 + t/10)) * (hold(7) then cumprod(2 + cos(t/50))) * exp(1.1)",
    "(hold(5) then cumprod(1/(1 + t/10))) * cumprod(2 + cos(t/50)) * exp(1.1)",
    "min(cumprod(1/(1 + t)), 0.1x) * exp(1.1)",
    "clip(cumprod(1/(1 + t/10)), high=0.5x) * exp(1.1)",
    "max(exp(0.5), cumprod(0.9^t)) * exp(1.2) * min(exp(0.9), 0.1x)",
    "min(exp(0.8), cumprod(0.9^t)) * max(exp(1.1), cumprod(0.8^t))",
    "sum(cumprod(1/(1 + t)), cumprod(0.9^t)) * exp(1.1)",
    "sum(cumprod(1/(1 + t)), exp(0.5)) * exp(1.1)",
    "cumprod(0.5^floor(t/30)) * step(10, 2) for 2100.5 then exp(1.1) * cumprod(0.9^t)",
]
BACK = [
    "min(cumprod(1.5 + sin(t/9)), 1x)",
    "min(cumprod(1.5 + sin(t/9)), 1x) * exp(0.8)",
    "clip(cumprod(1 + 0.9*sin(t/500)), 0.01x, 1x)",
    "clip(cumprod(-1.5 - sin(t/9)), -1x, 1x)",
    "min(cumprod(max(0.4, t/1500)), 1x)",
    "min(cumprod((t + 1)/(t + 2) * (1.5 + sin(t/9))), 1x)",
    "min(0.001 * cumprod(1.5 + sin(t/9)), 1x)",
    "min(cumprod(1.5 + sin(t/9)) * cumprod(1.2 + sin(t/7)), 1x)",
    "min(cumprod(1.5 + sin(t/9)), cosine(100))",
    "bounce(min(cumprod(1.5 + sin(t/9)), 1x) for 1400)",
    "restarts(min(cumprod(1.5 + sin(t/9)), 1x) for 1400)",
    "max(cumprod(1.5 + sin(t/9)), 1x) * cumprod(1/(1 + t))",
    "sum(cumprod(1.5 + sin(t/9)), 1x) * cumprod(1/(1 + t))",
    "max(cumprod(1.5 + sin(t/9)), 1x) * max(cumprod(1/(1 + t)), exp(0.3))",
    "every(7, min(cumprod(1.5 + sin(t/9)), 1x))",
]
#: Factors that go through 0 between whole indices, and are never too small for a double at one.
CROSSING = [
    "clip(cumprod(2*cos(t/9)), -1x, 1x)",
    "clip(cumprod(1 + 2*cos(t/9)), -1x, 1x)",
    "clip(cumprod(2*cos(pi*t/9)), -1x, 1x)",
    "clip(cumprod(2*cos(t/9)/(1 + 1/t)), -1x, 1x)",
    "clip(cumprod(t*sin(t)), -1x, 1x)",
    "clip(cumprod(2*cos(t/9) + cos(t/18)), -1x, 1x)",
    "clip(cumprod(2*cos(t/9)) * exp(1.01), -1x, 1x)",
    "min(cumprod((2*cos(t/9))^2), 1x)",
    "min(cumprod(abs(3*sin(t))), 1x)",
    "cumprod(2*cos(pi*t/10))",
    "cumprod(2*sin(pi*(t - 40)/90))",
]
PRODUCTS = [*FALLING, *BACK, *CROSSING, "cumprod(abs(t - 30)/30)", "min(cumprod(0.5 + t/100), 1x)", "min(cumprod(1.1 + 1/t), 3)", "min(cumprod(t/5), 1x)"]
RHO = "(1999 - 2*(t + 1)*0.999^(t + 1)/(1 - 0.999^(t + 1)))"
RADAM = [f"scale(sqrt(max(0, ({RHO} - 4)*({RHO} - 2)*1999/(1995*1997*{RHO}))))", f"scale(max(0, ({RHO} - 4)*({RHO} - 2)/(1995*1997)))"]
BASE = 0.1
TICKS = sorted({*range(60), 250, 499, 500, 999, *(int(10 ** (k / 3)) for k in range(5, 37))})


@pytest.mark.parametrize("text", [*CYCLES, *SATURATING, *LEAST, *EXPONENTIALS, *SWINGING, *PRODUCTS, *RADAM])
def test_what_is_bounded_is_accepted_and_right_near_and_far(text: str) -> None:
    schedule, law = lrdsl.parse(text), unproved(text).level
    ticks = [t for t in TICKS if text not in (*PRODUCTS, *SWINGING) or t < 1000]
    right = [float(exact.value_of(law, Fraction(t), Fraction(BASE))) for t in ticks]
    near = {"rtol": 1e-13, "atol": 1e-11 if text in RADAM else 1e-15}  # RAdam's factor is a difference of near numbers
    np.testing.assert_allclose([schedule.at(t, BASE) for t in ticks], right, **near)
    np.testing.assert_allclose(schedule.values(ticks, BASE), right, **near)
    optimizer = SimpleNamespace(param_groups=[{"lr": BASE}])
    running = lrdsl.compile(schedule, optimizer)
    for t, level in zip(ticks, right, strict=True):
        running.seek(t)
        np.testing.assert_allclose(optimizer.param_groups[0]["lr"], level, **near)


LARGE, SMALL = "cumprod(3 + sin(t/9)) for 800", "cumprod(0.3 + 0.1*sin(t/9)) for 700"
#: Running products that end past the doubles, or below the least, and what brings them back.
ENDED = [
    f"min({LARGE} then exp(0.5), 1x)",
    f"min({LARGE} then cumprod(0.4 + 0.1*sin(t)) for 900 then exp(0.6), 1x)",
    f"clip({SMALL} then exp(2), 0.1x, 1x)",
    f"min({LARGE} then cumprod(0.5 + 0.1*sin(t)), 1x)",
    f"min({LARGE} then step(10, 0.0001), 1x)",
    f"min({LARGE} then hold(10) then every(3, exp(0.3)), 1x)",
    f"min({LARGE} then scale(1/(1 + exp(t))), 1x)",
    f"min({LARGE} then restarts(cosine(10), decay=0.0001), 1x)",
    f"min({LARGE} then exp(1000, to=0.01x) then exp(0.9), 1x)",
    f"min(({LARGE}) * exp(0.4), 1x)",
    f"min(sum({LARGE} then exp(0.5), exp(0.99)), 1x)",
    f"min(repeat({LARGE}, times=2) then exp(0.1), 2x)",
    f"({LARGE} then exp(0.9)) * exp(0.2)",
    "clip(cumprod(-3 - sin(t/9)) for 801 then exp(0.5), -1x, 1x)",
    f"min({SMALL} then step(10, 4000), 1x)",
    f"min({SMALL} then cumprod(3 + sin(t/9)), 1x)",
]


def on_the_way(schedule: lrdsl.Schedule) -> list[int]:
    """Ticks at which a level changes from one to the next, and a few others."""
    levels = schedule.values(2600, BASE)
    changing = [t for t in range(1, 2600) if levels[t] != levels[t - 1] and 1e-100 < abs(levels[t]) != BASE]
    assert changing
    return sorted({0, 1, 699, 700, 701, 799, 800, 801, 802, 1500, 2599, *changing[:3], *changing[-3:]})


@pytest.mark.parametrize("text", ENDED)
def test_a_product_that_has_ended_past_the_doubles_comes_back(text: str) -> None:
    """Of a product of a thousand factors, each may be off by a unit in the last place."""
    schedule, law = lrdsl.parse(text), unproved(text).level
    ticks = on_the_way(schedule)
    right = [float(exact.value_of(law, Fraction(t), Fraction(BASE))) for t in ticks]
    exported: dict[str, Any] = {}
    exec(schedule.export("python"), exported)
    for levels in ([schedule.at(t, BASE) for t in ticks], schedule.values(ticks, BASE), [exported["lr"](t, BASE) for t in ticks]):
        np.testing.assert_allclose(levels, right, rtol=1e-12, atol=1e-100)
    assert schedule.at(10**5, BASE) == schedule.values([10**5], BASE)[0] in (0.0, 0.1 * BASE, BASE)


def test_it_comes_back_in_jax_and_torch() -> None:
    """A few large factors: JAX compiles the multiplication of many ones for seconds."""
    text = "clip(cumprod(-1e12*(3 + sin(t/9))) for 31 then exp(0.5), -1x, 1x)"
    schedule = lrdsl.parse(text)
    ticks = on_the_way(schedule)
    levels = schedule.values(ticks, BASE)
    assert {-BASE, BASE} < set(levels.tolist())
    traced = jax.jit(jax.vmap(lrdsl.jax.schedule(text, base=BASE)))(jnp.array(ticks))
    np.testing.assert_allclose(traced, levels, rtol=1e-12, atol=1e-100)
    moved = lrdsl.torch.schedule(text, base=BASE, dtype=torch.float64)(torch.tensor(ticks))
    np.testing.assert_allclose(moved, levels, rtol=1e-12, atol=1e-100)


@pytest.mark.parametrize("text", [*CYCLES, *SATURATING, *LEAST, *EXPONENTIALS])
def test_it_is_right_in_jax(text: str) -> None:
    ticks = [t for t in TICKS if t < 10**8]
    levels = jax.vmap(lrdsl.jax.schedule(text, base=BASE))(jnp.array(ticks))
    np.testing.assert_allclose(levels, lrdsl.parse(text).values(ticks, BASE), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("text", SATURATING)
def test_what_saturates_has_a_slope_in_jax(text: str) -> None:
    slopes = jax.vmap(jax.grad(lrdsl.jax.schedule(text, base=BASE)))(jnp.array([t + 0.3 for t in TICKS if t < 10**6]))
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    "text",
    [
        "exp(1.1) until loss < 3 or for 50 then cosine(100)",
        "warmup(5) then exp(1.1) until loss < 3 or for 50",
        "cosine(10) until loss < 3 then exp(1.1) until loss < 2 or for 50 then hold",
        "cosine(10) until loss < 3 then exp(1.1) * exp(0.5)",
        "exp(1.1) until loss < 3 or for 50 then exp(1.1) * exp(0.5)",
    ],
)
def test_what_follows_a_metric_is_bounded_by_its_longest_time(text: str) -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": BASE}])
    scheduler = lrdsl.compile(text, optimizer)
    for loss in (9.0, 9.0, 2.5, *[1.0] * 3000, 0.5):
        scheduler.step(loss=loss)
        assert 0 <= optimizer.param_groups[0]["lr"] <= BASE * 1.1**50
    assert [d.code for d in lrdsl.lint(text.replace("or for 50", "or for 50000")) if d.severity == "error"] == ["LR144"] * ("or for" in text)


@pytest.mark.parametrize("falling", ["exp(0.5)", "cumprod(1/(1 + t/10))", "cumprod(0.5^floor(t/30))"])
@pytest.mark.parametrize("ticks", [0, 40, 3000])
def test_what_falls_faster_than_it_grows_is_bounded_whenever_an_event_comes(falling: str, ticks: int) -> None:
    text = f"{falling} * exp(1.1) until loss < 3 then cosine(10) until loss < 2 then {falling} * exp(1.2)"
    optimizer = SimpleNamespace(param_groups=[{"lr": BASE}])
    scheduler = lrdsl.compile(text, optimizer)
    for loss in (*[9.0] * ticks, 2.5, *[1.0] * 3000):
        scheduler.step(loss=loss)
        assert 0 <= optimizer.param_groups[0]["lr"] <= BASE * 1e4


@pytest.mark.parametrize(
    "text",
    [
        "cumprod(0.9 + 0.01/(1 + t)) * exp(1.12)",
        "cumprod(1/(1 + t/10)) * scale(exp(t^2/100))",
        "restarts(cumprod(1/(1 + t/10)) for 50) * exp(1.1)",
        "cumprod(1/(1 + t/10)) for 50 then exp(1.1)",
        "cumprod(1/(1 + t/10)) * exp(1.2) for 10000 then exp(1.1)",
        "cumprod(min(1, (t + 1)/100)) * exp(1.01)",
        "cumprod(exp(-t/1000)) * exp(4)",
        "cumprod(1/(2 - t)) * exp(1.1)",
        "cumprod(2 + cos(t/50)) * cumprod(0.95)",
        "sum(cumprod(1/(1 + t)), 0.1x) * exp(1.1)",
        "max(cumprod(1/(1 + t)), 0.1x) * exp(1.1)",
        "min(cumprod(1/(1 + t)), -1 * exp(0.99)) * exp(1.1)",
        "every(7, cumprod(0.9)) * exp(1.12)",
        "stretch(cumprod(0.9), 2) * exp(1.06)",
        "sum(cumprod(1/(1 + t/10)) * exp(1.1), exp(1.01))",
    ],
)
def test_a_product_that_does_not_fall_fast_enough_is_refused(text: str) -> None:
    assert "LR144" in [d.code for d in lrdsl.lint(text) if d.severity == "error"]


def test_the_run_ends_a_phase_that_only_its_length_keeps_finite() -> None:
    test = lrdsl.parse("exp(1.1)", total_steps=100)
    assert [p.text for p in test.phases] == ["exp(1.1) for rest"]
    assert (test.length, test.plan.length) == (100, 100)
    assert test.at(99) == pytest.approx(1.1**99)
    assert test.at(100) == test.at(101) == test.at(10**9) == pytest.approx(1.1**100)
    assert str(test) == "exp(1.1)"
    assert str(test.formula()) == "Piecewise(((11/10)**t*base, t < 100), (base*(11/10)**100, True))"
    assert test.sentence() == "The learning rate is multiplied by 1.1 every step, for 100 steps."
    falls = lrdsl.parse("scale((1 - t/total)^0.9)", total_steps=100)
    assert [falls.at(t) for t in (50, 100, 101, 10**6)] == [pytest.approx(0.5**0.9), 0, 0, 0]


def test_what_the_run_ends() -> None:
    lengths = {
        "warmup(10) then exp(1.1)": [10, 90],
        "warmup(500) then exp(1.1)": [500, 0],
        "step(10, 2)": [100],
        "exp(1.1) until 50": [50],
        "exp(0.9)": [None],
        "hold(5) then exp(1.1)": [5, 95],
        "restarts(exp(2) for 10, decay=2)": [100],
    }
    assert {text: [p.length for p in lrdsl.parse(text, total_steps=100).phases] for text in lengths} == lengths
    file = 'set total = 100\nlr = exp(1.1)\nmomentum = hold(at=0.9)\nlr["a"] = exp(1.2) for 7'
    assert [t.plan.length for t in lrdsl.parse(file).targets] == [100, None, 7]
    for text, total in (("exp(2)", 1000), ("scale(1/(total - t))", 100), ("exp(1.1)", None)):
        assert [d.code for d in lrdsl.lint(text, total_steps=total)] == ["LR144"], text


def test_another_total_and_another_plan_end_elsewhere() -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": 1e-7}])
    scheduler = lrdsl.compile("exp(1.1)", optimizer, total_steps=100)
    for _ in range(40):
        scheduler.step()
    assert scheduler.remaining == 60
    scheduler.replan("exp(1.2)")
    for _ in range(80):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-7 * 1.1**40 * 1.2**60)
    assert scheduler.finished
    assert lrdsl.parse("exp(1.1)", total_steps=200).at(10**6) == pytest.approx(1.1**200)


@pytest.mark.parametrize("ticks", [60, 130])
def test_a_state_of_a_shorter_run_goes_on_in_a_longer_one(ticks: int) -> None:
    shorter, longer = (SimpleNamespace(param_groups=[{"lr": 1e-7}]) for _ in range(2))
    scheduler = lrdsl.compile("exp(1.1)", shorter, total_steps=100)
    for _ in range(ticks):
        scheduler.step()
    assert shorter.param_groups[0]["lr"] == pytest.approx(1e-7 * 1.1 ** min(ticks, 100))
    later = lrdsl.compile("exp(1.1)", longer, total_steps=150)
    with pytest.warns(lrdsl.ResumeWarning, match=f"tick {ticks} of 150"):
        later.load_state_dict(scheduler.state_dict(), migrate=True)
    assert longer.param_groups[0]["lr"] == pytest.approx(1e-7 * 1.1**ticks)
    for _ in range(100):
        later.step()
    assert longer.param_groups[0]["lr"] == pytest.approx(1e-7 * 1.1**150)


def test_each_target_of_a_file_ends_with_the_run() -> None:
    file = 'set total = 100\nlet growth = hold(10) then exp(1.1)\nlr = growth\nlr["a"] = 2 * exp(1.2)\nmomentum = cosine(50) until loss < 1'
    schedule = lrdsl.parse(file).after({})
    assert schedule.at(10**9, target="lr") == pytest.approx(1.1**90)
    assert schedule.at(10**9, target='lr["a"]') == pytest.approx(2 * 1.2**100)
    events = schedule.supposing(20)
    assert events.at(10**9, target="lr") == pytest.approx(1.1**90)
    assert events.readable_plan("lr").length == 100


#: A text that may not be finite -> what its help says.
REFUSED = {
    "exp(1.1)": "limit it, as in `min(exp(1.1), 1x)`, or end it sooner: `exp(1.1) for 3623`",
    "exp(1.1) * exp(0.95)": "limit it, as in `min(exp(1.1) * exp(0.95), 1x)`",
    "min(exp(1.1), -1 * exp(1.1))": "limit it, as in `max(min(exp(1.1), -1 * exp(1.1)), 0)`",
    "exp(1.1) * scale(cos(t))": "limit that part",
    "min(step(10, 0.5), exp(1.1) - 1x) * step(10, 2) * scale(cos(t) * exp(t))": "limit that part",
    "scale(1/(t - 50))": "it divides by 0",
    "scale(max(0, 1 - 1/t))": "it divides by 0",
    "scale(max(0, sqrt(10 - t)))": "write `sqrt(max(0, ...))`",
    "scale(log(t))": "limit it, as in `max(scale(log(t)), 0)`",
    "scale(min(3, log(t - 3)))": "write `log(max(1, ...))`",
    "scale((3 - t)^0.5)": "it raises to a power",
    "scale(exp(t) - exp(t - 1))": "limit it, as in `min(scale(exp(t) - exp(t - 1)), 1x)`",
    "scale(min(2, exp(t) - exp(2*t)))": "limit",
    "scale(cos(exp(t)))": "limit that part",
    "max(cumprod(1.503 - t/100), -1x) * 1e-9": "limit",
    "cosine(20) until loss < 0.3 then exp(10, to=0.01x)": "from=0.01x",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_may_be_infinite_or_no_number_is_refused_with_the_reason(text: str) -> None:
    wrong = [d for d in lrdsl.lint(text) if d.severity == "error"]
    assert [d.code for d in wrong] == ["LR144"]
    assert REFUSED[text] in wrong[0].help


REPAIRED = [
    "exp(1.1)",
    "warmup(5) then exp(1.1)",
    "exp(1.1) * exp(0.95)",
    "min(exp(1.1), -1 * exp(1.1))",
    "scale(log(t))",
    "scale(exp(t) - exp(t - 1))",
    "restarts(cosine(10), decay=2)",
    "hold(5) then repeat(exp(1.1) for 5)",
    "cumprod(1.01)",
    "scale(2^(2^t))",
    "warmup(5) then scale(exp(t)/(1 + exp(t/2)))",
    "exp(1.1) until loss < 3 or for 5000 then cosine(9)",
]


@pytest.mark.parametrize("text", REPAIRED)
def test_the_limit_and_the_shorter_phase_of_the_help_are_accepted(text: str) -> None:
    wrong = next(d for d in lrdsl.lint(text) if d.code == "LR144")
    repairs = [repair for repair in re.findall(r"`(.*?)`", wrong.help) if "=" not in repair or "decay" in repair]
    assert 1 <= len(repairs) <= 2
    for repair in repairs:
        repaired = text[: wrong.span.start.offset] + repair + text[wrong.span.end.offset :]
        assert not [d for d in lrdsl.lint(repaired) if d.code == "LR144"], repaired


OTHERS = {
    "scale(1/(t - 50))": "scale(1/max(1, t - 50))",
    "scale(max(0, 1 - 1/t))": "scale(max(0, 1 - 1/max(1, t)))",
    "scale(max(0, sqrt(10 - t)))": "scale(sqrt(max(0, 10 - t)))",
    "scale(log(t - 3))": "scale(log(max(1, t - 3)))",
    "scale((3 - t)^0.5)": "scale(max(1e-9, 3 - t)^0.5)",
    "scale(cos(exp(t)))": "scale(cos(min(1e6, exp(t))))",
    "exp(1.1) * scale(cos(t))": "min(exp(1.1), 1e6) * scale(cos(t))",
    "clip(cumprod(1e9*(1 - cos(t/9))), -1x, 1x)": "clip(cumprod(max(-1, min(1, 1e9*(1 - cos(t/9))))), -1x, 1x)",
    "min(repeat(cumprod(1.5 + sin(t/9)) for 5000), 2x)": "min(repeat(cumprod(max(-1, min(1, 1.5 + sin(t/9)))) for 5000), 2x)",
    "cosine(20) until loss < 0.3 then exp(10, to=0.01x)": "cosine(20) until loss < 0.3 then exp(10, to=0.01x, from=0.01x)",
}


@pytest.mark.parametrize("text", OTHERS)
def test_the_other_repairs_of_the_help_are_accepted(text: str) -> None:
    assert [d.code for d in lrdsl.lint(text) if d.severity == "error"] == ["LR144"]
    assert not [d for d in lrdsl.lint(OTHERS[text]) if d.severity == "error"]


def test_a_base_that_leaves_the_proof_is_refused() -> None:
    """Of a base of 0, infinity would make no number; of one below 0, no minimum keeps it down."""
    schedule = lrdsl.parse("min(step(10, 2), hold(at=2048))")
    assert schedule.at(10**6, 1e-30) == 2048
    for base in (0, -1, 1e40):
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            schedule.at(10**6, base)
    assert lrdsl.parse("min(step(10, 0.5), 1x)").at(10**6, 0) == 0


def test_usual_levels_are_computed_as_before() -> None:
    """The operations that look for infinity are only where it may be."""
    from lrdsl.expr import WIDE

    for text in (
        "cosine(20)",
        "poly(20, 2, to=0.1x)",
        "restarts(poly(20, 0.9, to=1e-5))",
        "exp(0.9)",
        "step(3)",
        "min(exp(1.1) for 20, 2x)",
        "scale(1/(1+exp(-t)))",
    ):
        assert not lrdsl.parse(text).plan.level.holds & WIDE, text
    assert lrdsl.parse("min(exp(1.1), 2x)").plan.level.holds & WIDE
    assert math.isfinite(lrdsl.parse("min(exp(1.1), 2x)").at(10**12))


def test_a_product_that_has_come_to_0_stays_there() -> None:
    """However large the factors after it are: thousands of them together are past the doubles."""
    schedule = lrdsl.parse("cumprod(abs(t - 30)/30)")
    assert [schedule.at(t) for t in (30, 70_000, 140_000)] == [0, 0, 0]
    assert not schedule.values([30, 5_000, 70_000, 140_000]).any()
