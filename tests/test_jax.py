"""Tests of schedules as functions of the step count in JAX, and in optax's optimizers."""

from __future__ import annotations

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


@examples(15)
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
