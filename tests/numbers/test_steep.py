"""Tests of functions for array libraries where parts of a level are infinite, or as steep: levels are right, and no slope is infinite or NaN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
import lrdsl.jax
import lrdsl.keras
import lrdsl.torch
from lrdsl.expr import WIDE
from lrdsl.runtime import torch_function
from tests.check.test_finite import CYCLES, EXPONENTIALS, LEAST, PRODUCTS, SATURATING
from tests.drawing import examples

jax.config.update("jax_enable_x64", True)

#: Texts with parts that may be infinite.
WIDE_TEXTS = [text for text in (*CYCLES, *SATURATING, *LEAST, *EXPONENTIALS, *PRODUCTS) if lrdsl.parse(text).plan.level.holds & WIDE]
#: The one that is a difference of near numbers. It is as exact as the larger of them.
DIFFERENCE = "scale(1 - exp(-exp(t/30 - 4)))"
#: Texts with infinite slopes at ticks, or with formulas that reach 0.
STEEP_TEXTS = [
    "scale(sqrt(max(0, 1 - t/40)))",
    "scale(max(0, 1 - t/40)^0.9)",
    "scale(max(0, log(1 + t/9)))",
    "scale((-0.5)^floor(t/10))",
    "every(31/15, clip(scale(1/(t^2 - 2*t + 2)), low=0.001))",
]
#: How many units in the last place levels may be off. XLA's own `expm1` and `log1p` are up to 3 and 126 units off.
UNITS, UNITS_OF_JAX = 4, 16
BASE = 0.1
TICKS = st.one_of(st.integers(0, 100), st.integers(0, 5000), st.integers(0, 10**7))


def assert_near(text: str, levels: Any, ticks: list[int], base: float, units: int = UNITS) -> None:
    """Levels are within some units in the last place. Some processors have no numbers below the normal ones."""
    expected = np.array([lrdsl.parse(text).at(t, base) for t in ticks])
    size = np.maximum(np.abs(expected), base if text == DIFFERENCE else 0)
    assert (np.abs(np.asarray(levels) - expected) <= units * np.spacing(size) + 2.0**-1022).all(), (text, levels, expected)


@pytest.fixture(scope="module")
def doubles() -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


@pytest.mark.usefixtures("doubles")
@examples(10, costly=True)
@given(st.sampled_from(WIDE_TEXTS), st.lists(TICKS, min_size=20, max_size=20), st.floats(1e-4, 1))
def test_levels_are_right_and_slopes_are_finite(text: str, ticks: list[int], base: float) -> None:
    ticks = [t % 6000 for t in ticks] if text in PRODUCTS else ticks
    rate = lrdsl.jax.schedule(text, base=base)
    levels, slopes = jax.jit(jax.vmap(jax.value_and_grad(rate)))(jnp.array([*ticks, *(t + 0.3 for t in ticks)], float))
    assert_near(text, levels[:20], ticks, base, UNITS_OF_JAX)
    assert np.isfinite(slopes).all(), text
    for library in (lrdsl.torch.schedule(text, base=base, dtype=torch.float64), lrdsl.keras.Schedule(text, base=base)):
        assert_near(text, library(torch.tensor(ticks)), ticks, base)
        for part in (0.0, 0.3):
            times = (torch.tensor(ticks, dtype=torch.float64) + part).requires_grad_()
            library(times).sum().backward()
            assert torch.isfinite(times.grad).all(), text
    with jax.enable_x64(False):
        levels, slopes = jax.jit(jax.vmap(jax.value_and_grad(lrdsl.jax.schedule(text, base=base))))(jnp.array(ticks, jnp.float32) + 0.3)
        assert np.isfinite(levels).all(), text
        assert np.isfinite(slopes).all(), text


@pytest.mark.parametrize("text", [*STEEP_TEXTS, "bounce(poly(10, 2, to=0.1x))", "min(exp(2) + 1e-5, 1x) for 3000 then cosine(20)", "scale(min(3, 1/0.9^t))"])
def test_slopes_are_finite_at_whole_ticks_and_forwards(text: str) -> None:
    ticks = jnp.array([*range(60), 708, 709, 710, 745, 1000, 2999, 3000, 3001, 10**6], dtype=float)
    ticks = ticks[:-1] if "cumprod" in text else ticks
    for differentiate in (jax.grad, jax.jacfwd):
        assert np.isfinite(jax.jit(jax.vmap(differentiate(lrdsl.jax.schedule(text, base=BASE))))(ticks)).all()
    with jax.enable_x64(False):
        rate = lrdsl.jax.schedule(text, base=BASE)
        assert np.isfinite(jax.jit(jax.vmap(jax.grad(rate)))(jnp.array(ticks, jnp.float32))).all()


#: Texts with parts that doubles hold, and floats of single precision do not.
OVER_SINGLE = [
    "scale(min(2, 1.2^t)) for 1000",
    "scale(max(0.5, 2 - 1.2^t)) for 1000",
    "min(hold(at=2), scale(1.2^t)) for 1000",
    "clip(scale(exp(t/5)), high=1x) for 900",
    "scale(1/(1 + exp(t/5))) for 1000",
    "scale(exp(-exp(t/10))) for 60",
    "scale(1/(t + 1)^15)",
    "scale(min(1, exp(t) * 1e-3)) for 600",
    "scale(min(1, sqrt(1.5^t)/9)) for 1000",
    "scale(1 - 1/(1 + 1.5^t)) for 1000",
    "scale(min(2, 1.2^(t/2) * 1.3^t)) for 1000",
    "scale(min(2, 1/0.8^t)) for 1000",
    "scale(max(0.1, 1/(1.2^t - 0.5))) for 900",
    "scale(min(3, exp(t/7) + exp(t/9))) for 600 then exp(0.9)",
    "warmup(10) then scale(min(4, 1.3^t)) for 990",
]


@pytest.mark.parametrize("text", OVER_SINGLE)
def test_what_single_precision_cannot_hold_is_infinite_there_and_has_no_slope(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = lrdsl.parse(text).values(1000, BASE)
    with jax.enable_x64(False):
        levels, slopes = jax.jit(jax.vmap(jax.value_and_grad(lrdsl.jax.schedule(text, base=BASE))))(jnp.arange(1000, dtype=jnp.float32))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch_function, "_SINGLE_ONLY", "cpu")
    ticks = torch.arange(1000, dtype=torch.float32, requires_grad=True)
    rates = lrdsl.torch.schedule(text, base=BASE)(ticks)
    rates.sum().backward()
    for single, slope in ((levels, slopes), (rates.detach(), ticks.grad)):
        np.testing.assert_allclose(np.asarray(single), expected, rtol=2e-5, atol=1e-7)
        assert np.isfinite(np.asarray(slope)).all()


@pytest.mark.parametrize("text", ["scale(min(4, exp(t/9)))", "scale(min(4, 1.3^t))", "scale(1 - exp(-exp(t/30 - 4)))", "scale(1/(1 + t^30)^9)"])
def test_slopes_are_those_of_the_level(text: str) -> None:
    at = jnp.array([0.4, 3.3, 7.7, 40.2, 99.9])
    rate = jax.jit(jax.vmap(lrdsl.jax.schedule(text, base=BASE)))
    near = (rate(at + 1e-5) - rate(at - 1e-5)) / 2e-5
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(lrdsl.jax.schedule(text, base=BASE))))(at), near, rtol=1e-4, atol=1e-9)


def test_a_product_that_has_come_to_0_stays_there_and_one_past_the_doubles_is_infinite() -> None:
    ticks = [5, 30, 5000, 9000]
    for text in ("cumprod(abs(t - 30)/30)", "min(cumprod(0.5 + t/100), 1x)", "min(cumprod(t/5 + 0.1), 3)"):
        levels = lrdsl.torch.schedule(text, base=BASE, dtype=torch.float64)(torch.tensor(ticks))
        assert_near(text, levels, ticks, BASE)
        with jax.enable_x64(False):
            np.testing.assert_allclose(jax.jit(jax.vmap(lrdsl.jax.schedule(text, base=BASE)))(jnp.array(ticks)), levels, rtol=1e-5)
