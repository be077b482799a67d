"""Tests of levels as functions for array libraries, with NumPy as the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import lrdsl
from lrdsl.numbers import traced
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties import texts
from tests.properties.test_far import FRACTIONAL

TEXTS = ["warmup(5) then cosine(20)", "restarts(linear(10), stretch=2)", "rsqrt(10)", "exp(0.99999)", "poly(20, power=0.5)", "onecycle(50)", "step(30)", "hold"]
FAR = [2**24 - 1, 2**24 + 1, 16777219, 10**8]


class _Numpy:
    """NumPy, as a library for floats of one type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def real(self, x: Any) -> Any:
        return np.asarray(x, self.dtype)

    def whole(self, x: Any) -> Any:
        return np.asarray(x, np.int32)

    def held(self, x: Any) -> Any:
        return x

    def arange(self, n: int, _like: Any) -> Any:
        return np.arange(n, dtype=self.dtype)

    def table(self, array: Any) -> Any:
        return array

    def take(self, table: Any, at: Any) -> Any:
        return table[np.asarray(at, int)]


numpy_library = _Numpy(np.float64)
single = _Numpy(np.float32)


def level_of(schedule: lrdsl.Schedule, machine: traced.Machine = traced.DOUBLE, library: _Numpy = numpy_library) -> Any:
    """The level as a function. NumPy warns of what is infinite, which is meant."""
    return np.errstate(all="ignore")(traced.function(schedule.plan, 0.3, machine, library))


def in_singles(schedule: lrdsl.Schedule, ticks: Any) -> Any:
    return level_of(schedule, traced.SINGLE, single)(np.asarray(ticks, np.int32))


@examples(60)
@given(texts.trees(depth=3, longest=100))
def test_drawn_schedules_in_doubles(node: Node) -> None:
    schedule = lrdsl.parse(canonical(node))
    found = level_of(schedule)(np.arange(80.0))
    expected = schedule.values(80, 0.3)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15 * np.abs(expected).max(), err_msg=str(schedule))


@pytest.mark.parametrize("text", [*TEXTS, "skip(2.1, restarts(linear(0.7)))", "cyclic(0.1x, 1x, 0.7, 1.4)", "every(0.7, exp(0.9999999))"])
def test_ticks_that_no_single_holds_are_exact(text: str) -> None:
    schedule, ticks = lrdsl.parse(text), [*range(60), *FAR]
    expected = schedule.values(ticks, 0.3)
    found = in_singles(schedule, ticks)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-7 * expected.max())


@pytest.mark.parametrize("text", FRACTIONAL[:-1])
def test_fractional_cycles_in_singles(text: str) -> None:
    expected = lrdsl.parse(text).values(200, 0.3)
    np.testing.assert_allclose(in_singles(lrdsl.parse(text), range(200)), expected, rtol=2e-6, atol=1e-7 * expected.max())


@pytest.mark.parametrize(
    "text",
    ["cumprod(1 - 1/(t + 2)^2)", "cumprod(1 - 1e-6/(1 + t)) for 9000 then linear(9)", "repeat(cumprod(0.5 + 0.4/(1 + t)) for 5)", "cumprod(max(-1, 0.5 - t))"],
)
def test_long_products(text: str) -> None:
    schedule, ticks = lrdsl.parse(text), np.array([0.0, 1, 3, 4, 7, 60, 4095, 4096, 4097, 8999, 12345])
    found = level_of(schedule)(ticks)
    np.testing.assert_allclose(found, schedule.values(ticks, 0.3), rtol=1e-15)
    np.testing.assert_allclose(in_singles(schedule, ticks), schedule.values(ticks, 0.3), rtol=2e-6)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("clip(cumprod(1 + 0.9*sin(t/500)), 0.01x, 1x)", True),
        ("min(cumprod(max(0.4, t/1500)), 1x)", True),
        ("clip(cumprod(max(2 - t/1000, 1/(1 + t))), 0.01x, 1x)", True),
        ("cumprod(1.5 + sin(t/9)) * cumprod(1/(1 + t))", False),
        ("clip(cumprod(-1.5 - sin(t/9)), -1x, 1x)", False),
    ],
)
def test_a_product_that_leaves_the_floats_comes_back(text: str, back: bool) -> None:
    schedule, ticks = lrdsl.parse(text), np.arange(0.0, 9000, 61)
    right = schedule.values(ticks, 0.3)
    assert back == bool(np.any((np.abs(right) < np.max(np.abs(right))) & (ticks > 2000) & (right > 0)))
    np.testing.assert_allclose(level_of(schedule)(ticks), right, rtol=1e-12)
    np.testing.assert_allclose(in_singles(schedule, ticks), right, rtol=1e-3, atol=1e-30)


def test_a_factor_that_is_too_large_for_single_precision_is_refused() -> None:
    schedule = lrdsl.parse("clip(cumprod(exp(100*sin(t))), 0.1x, 1x)")
    assert np.isfinite(level_of(schedule)(np.arange(9.0))).all()
    with pytest.raises(lrdsl.ScheduleError, match=r"LR152.* a factor of the `cumprod` is too large for single precision"):
        in_singles(schedule, [3])


def test_a_product_of_too_many_factors_stays() -> None:
    level = level_of(lrdsl.parse("cumprod(1 - 1e-7/(1 + t))"))
    assert level(np.array([4e6]))[0] == level(np.array([4.5e6]))[0] > 0


@pytest.mark.parametrize("text", TEXTS)
def test_ticks_out_of_range(text: str) -> None:
    level = level_of(lrdsl.parse(text))
    assert level(np.array([-1.0, -1e300, np.nan, -np.inf])).tolist() == [level(np.array(0.0))] * 4
    assert np.isfinite(level(np.array([1e13, np.inf]))).all()
