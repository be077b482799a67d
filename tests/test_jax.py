"""Tests of schedules as functions of the step count in JAX, and in optax's optimizers."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given

import lrdsl
import lrdsl.jax
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties import texts
from tests.properties.test_far import FRACTIONAL

jax.config.update("jax_enable_x64", True)

TICKS = 60


@examples(15, costly=True)
@given(texts.trees(depth=3, longest=100))
def test_it_says_what_lrdsl_says(node: Node) -> None:
    schedule = lrdsl.parse(canonical(node))
    found = jax.vmap(lrdsl.jax.schedule(schedule, base=0.1))(jnp.arange(TICKS))
    expected = schedule.values(TICKS, 0.1)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max(initial=0), err_msg=str(schedule))


@pytest.mark.parametrize("text", ["warmup(5) then cosine(20)", "restarts(poly(9, power=0.5), times=3)", "onecycle(50)", "cumprod(1 - 1/(t + 2)^2)", "hold"])
def test_it_is_compiled_mapped_and_differentiated(text: str) -> None:
    rate = lrdsl.jax.schedule(text, base=0.1)
    at = jnp.arange(1.5, 58.0)
    np.testing.assert_allclose(jax.jit(jax.vmap(rate))(at), lrdsl.parse(text).values(np.asarray(at), 0.1), rtol=1e-9, atol=1e-12)
    if "cumprod" in text:  # a product of as many factors as ticks
        return
    slope = jax.vmap(jax.grad(rate))(at)
    near = (np.asarray(jax.vmap(rate)(at + 1e-6)) - np.asarray(jax.vmap(rate)(at - 1e-6))) / 2e-6
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(slope, near, atol=1e-5)


def test_in_single_precision_too() -> None:
    with jax.enable_x64(False):
        found = jax.vmap(lrdsl.jax.schedule("warmup(100) then cosine(900, to=0.1x)", base=1e-3))(jnp.arange(1100))
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, lrdsl.parse("warmup(100) then cosine(900, to=0.1x)").values(1100, 1e-3), rtol=2e-5, atol=1e-9)


def test_it_drives_optax() -> None:
    schedule = lrdsl.jax.schedule("warmup(5) then cosine(45)", base=0.4)
    optimizer = optax.sgd(schedule)
    weights = jnp.array([3.0, -2.0])
    state = optimizer.init(weights)

    @jax.jit
    def step(weights: jax.Array, state: optax.OptState) -> tuple[jax.Array, optax.OptState]:
        updates, state = optimizer.update(jax.grad(lambda w: (w**2).sum())(weights), state)
        return optax.apply_updates(weights, updates), state

    rates = lrdsl.parse("warmup(5) then cosine(45)").values(50, 0.4)
    expected = np.array([3.0, -2.0])
    for rate in rates:
        weights, state = step(weights, state)
        expected = expected - rate * 2 * expected
    np.testing.assert_allclose(weights, expected, rtol=1e-9, atol=1e-15)


def test_a_schedule_that_follows_a_metric_is_refused() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="follows a metric"):
        lrdsl.jax.schedule("warmup(5) then plateau")


def test_targets_and_clocks() -> None:
    text = "lr = warmup(10%) then cosine(rest); weight_decay = hold(at=0.1)"
    assert float(lrdsl.jax.schedule(text, target="weight_decay", total_steps=100)(7)) == 0.1
    assert float(lrdsl.jax.schedule(text, total_steps=100)(5)) == 0.5


@pytest.mark.parametrize("text", FRACTIONAL)
def test_boundaries_within_fractional_cycles(text: str) -> None:
    schedule = lrdsl.parse(text)
    found = jax.vmap(lrdsl.jax.schedule(schedule, base=0.1))(jnp.arange(200))
    np.testing.assert_allclose(found, schedule.values(200, 0.1), rtol=1e-9, atol=1e-12)
    if text is not FRACTIONAL[-1]:  # its boundaries are no floats of single precision
        with jax.enable_x64(False):
            found = jax.vmap(lrdsl.jax.schedule(schedule, base=0.1))(jnp.arange(200))
        np.testing.assert_allclose(found, schedule.values(200, 0.1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("text", ["warmup(5) then cosine(20)", "poly(9, power=0.5)", "warmup(3, shape=log) then one_minus_sqrt(9)"])
def test_counts_of_every_kind(text: str, wide: bool) -> None:
    with jax.enable_x64(wide):
        rate = lrdsl.jax.schedule(text, base=0.1)
        first = float(rate(0))
        for below in (-1, -7.5, np.int64(-(2**40)), jnp.int8(-1), float("nan"), float("-inf")):
            assert float(rate(below)) == first
        for count in (3, 3.0, np.uint64(3), jnp.uint8(3), jnp.bfloat16(3), np.array(3)):
            assert rate(count).dtype == (jnp.float64 if wide else jnp.float32)
            assert float(rate(count)) == pytest.approx(lrdsl.parse(text).at(3, 0.1), rel=1e-6)
        for late in (2**40, np.uint64(2**63), jnp.uint32(2**32 - 1), 1e30, float("inf")):
            assert float(rate(late)) == pytest.approx(lrdsl.parse(text).at(10**9, 0.1), abs=1e-12)
        assert rate(jnp.zeros((2, 3), jnp.uint8)).shape == (2, 3)
        assert np.isfinite(jax.vmap(jax.grad(rate))(jnp.arange(0.25, 40))).all()


def test_a_drop_comes_at_its_tick_where_floats_skip_ticks() -> None:
    with jax.enable_x64(False):
        rate = jax.jit(lrdsl.jax.schedule("hold(16777220) then drop(0.1)"))
        assert [float(rate(jnp.int32(t))) for t in (16777217, 16777219)] == [1.0, 1.0]
        assert float(rate(jnp.int32(16777220))) == pytest.approx(0.1)


def test_it_is_copied_and_pickled() -> None:
    rate = lrdsl.jax.schedule("warmup(w) then cosine(100)", base=0.1, names={"w": 9})
    assert float(jax.jit(rate)(50)) == float(rate(50))
    for again in (pickle.loads(pickle.dumps(rate)), copy.deepcopy(rate), copy.copy(rate)):
        assert again == rate
        assert hash(again) == hash(rate)
        assert float(again(50)) == float(rate(50))


def test_compiled_products_keep_their_error_terms() -> None:
    schedule = lrdsl.parse("cumprod(1 - 1/(t + 2)^2)")
    found = jax.jit(jax.vmap(lrdsl.jax.schedule(schedule)))(jnp.array([3, 1000, 4095, 12345]))
    np.testing.assert_allclose(found, schedule.values([3, 1000, 4095, 12345]), rtol=9e-16)


@pytest.mark.parametrize(
    "text", ["repeat(linear({n}, to=0.5x))", "scale(0.5^ceil(t/{n}))", "scale(0.9^floor(t*0.1/{n}))", "repeat(exp(31/15, 0.001x) for {n})", "step({n}, 0.5)"]
)
def test_cycles_begin_on_their_ticks_in_compiled_arrays(text: str) -> None:
    """XLA divides an array by one number with the number's reciprocal, which may come to 0.9999999999999999 in place of 1."""
    for n in (49, 107, 372, 748):
        schedule = lrdsl.parse(text.format(n=n))
        ticks = np.array(sorted({k * n * m + d for k in (1, 2, 3, 7) for m in (1, 10) for d in (-1, 0, 1)}))
        with jax.enable_x64(True):
            found = jax.jit(jax.vmap(lrdsl.jax.schedule(schedule, base=0.1)))(ticks)
        np.testing.assert_allclose(found, schedule.values(ticks, 0.1), rtol=1e-12, atol=1e-17)


@pytest.mark.parametrize("count", [None, "3", b"3", 1 + 0j, np.complex64(1), jnp.array(1 + 0j)])
def test_a_count_that_is_no_number(count: Any) -> None:
    """JAX reads None as NaN, which would be tick 0."""
    with pytest.raises(lrdsl.ScheduleError, match="not a number"):
        lrdsl.jax.schedule("cosine(10)")(count)
