"""What optax' own tests of its schedules check, on lrdsl: each function of optax stands beside the text that takes its place, some of them under `jax.jit`.

Some of those tests are not here:

- `ValueError` for arguments out of range, and for names of interpolations: the checker has its own tests.
- negative numbers of steps, which optax takes for none: a text says 0, and a length below 0 is refused.
- each optimizer of optax with a constant schedule: they call a function of the count, as the tests of `lrdsl.jax` do with some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
import pytest

import lrdsl
import lrdsl.jax

_COSINES = {"init_value": 0.2, "warmup_steps": 50, "decay_steps": 100, "exponent": 2, "end_value": -3.0}


def _sgdr(*peaks: float) -> Any:
    cycles = zip((2000, 3000, 5000), peaks, strict=True)
    return optax.sgdr_schedule([{"decay_steps": n, "peak_value": v, "init_value": 0, "end_value": 0.0, "warmup_steps": 500} for n, v in cycles])


def _exponential(begin: int, rate: float, end: float | None, stairs: bool) -> tuple[Any, str, int]:
    text = f"optax.exponential{'_staircase' * stairs}(1, 2, {rate}, {begin})"
    if end is not None:
        text = f"{'max' if rate < 1 else 'min'}({text}, {end})"
    else:
        text = f"({text}) for 20"  # a text that grows without end is refused
    return optax.exponential_decay(1.0, 2, rate, begin, stairs, end), text, 15


#: The schedule of optax, the text, and how many steps are compared.
CASES: dict[str, tuple[Callable[[Any], Any], str, int]] = {
    "constant": (optax.constant_schedule(10), "optax.constant(10)", 15),
    "linear": (optax.polynomial_schedule(10.0, 20.0, 1, 10), "optax.polynomial(10, 20, 1, 10)", 15),
    "no steps": (optax.polynomial_schedule(10.0, 20.0, 1, 0), "optax.polynomial(10, 20, 1, 0)", 15),
    "quadratic": (optax.polynomial_schedule(25.0, 10.0, 2, 10), "optax.polynomial(25, 10, 2, 10)", 15),
    "begins later": (optax.polynomial_schedule(30.0, 10.0, 2, 10, 4), "optax.polynomial(30, 10, 2, 10, 4)", 20),
    "piecewise constant": (optax.piecewise_constant_schedule(0.1, {3: 2.0, 6: 0.5}), "optax.piecewise_constant(0.1, [3, 6], [2, 0.5])", 10),
    "piecewise constant, negative": (optax.piecewise_constant_schedule(-0.1, {3: 2.0, 6: 0.5}), "optax.piecewise_constant(-0.1, [3, 6], [2, 0.5])", 10),
    "exponential of 1": (optax.exponential_decay(1.0, 15, 1.0), "optax.exponential(1, 15, 1)", 15),
    "exponential in no steps": (optax.exponential_decay(1.0, 0, 1.0), "optax.exponential(1, 0, 1)", 15),
    "stairs in no steps": (optax.exponential_decay(1.0, 0, 1.0, staircase=True), "optax.exponential_staircase(1, 0, 1)", 15),
    "exponential of 0": (optax.exponential_decay(1.0, 2, 0.0), "optax.exponential(1, 2, 0)", 15),
    "exponential that halves": (optax.exponential_decay(32.0, 1, 0.5), "optax.exponential(32, 1, 0.5)", 5),
    **{f"exponential from {b} {s}": _exponential(b, 2.0, None, s) for b in (0, 5) for s in (False, True)},
    **{f"exponential {r} to {e} {s}": _exponential(3, r, e, s) for r, e in ((0.2, 0.1), (1.0, 0.1), (2.0, 3.0)) for s in (False, True)},
    "cosine": (optax.cosine_decay_schedule(0.1, 10), "optax.cosine(0.1, 10)", 10),
    "cosine past its end": (optax.cosine_decay_schedule(0.1, 5), "optax.cosine(0.1, 5)", 12),
    "cosine to a tenth": (optax.cosine_decay_schedule(0.1, 5, 0.1), "optax.cosine(0.1, 5, 0.1)", 12),
    "cosine squared": (optax.cosine_decay_schedule(0.1, 100, 0.0, 2), "optax.cosine(0.1, 100, 0, 2)", 101),
    "warmup then cosine": (optax.warmup_cosine_decay_schedule(10, 0.5, 100, 1000, 1e-4), "optax.warmup_cosine(10, 0.5, 100, 1000, 1e-4)", 1001),
    "warmup then cosine to 0": (optax.warmup_cosine_decay_schedule(5, 3, 100, 1000, 0.0), "optax.warmup_cosine(5, 3, 100, 1000)", 1001),
    "warmup then cosine squared": (optax.warmup_cosine_decay_schedule(peak_value=1.21, **_COSINES), "optax.warmup_cosine(0.2, 1.21, 50, 100, -3, 2)", 101),
    # optax' cosine stays at a peak of 0, whatever its end; a text goes where it says, so it says `hold`.
    "a peak of 0": (optax.warmup_cosine_decay_schedule(peak_value=0, **_COSINES), "linear(50, from=0.2, to=0) then hold", 101),
    "cycles of peaks that fall": (
        _sgdr(1.6, 0.8, 0.4),
        "optax.warmup_cosine(0, 1.6, 500, 2000) then optax.warmup_cosine(0, 0.8, 500, 3000) then optax.warmup_cosine(0, 0.4, 500, 5000)",
        6000,
    ),
    "interpolated": (
        optax.piecewise_interpolate_schedule("linear", 200.0, {5: 1.5, 10: 0.25}),
        "linear(5, from=200, to=300) then linear(5, to=75)",
        13,
    ),
    "interpolated by cosines": (
        optax.piecewise_interpolate_schedule("cosine", 400.0, {5: 1.2, 3: 0.6, 7: 1.0}),
        "cosine(3, from=400, to=240) then cosine(2, to=288) then hold",
        9,
    ),
    "interpolated over nothing": (optax.piecewise_interpolate_schedule("linear", 13.0, {}), "hold(at=13)", 5),
    "interpolated in no steps": (optax.piecewise_interpolate_schedule("linear", 13.0, {0: 2.0, 5: 3.0}), "linear(5, from=26, to=78)", 7),
    "one cycle of lines": (optax.linear_onecycle_schedule(10, 1000, 0.3, 0.7, 10.0, 100.0), "optax.linear_onecycle(10, 1000, 0.3, 0.7, 10, 100)", 12),
    "one cycle of cosines": (optax.cosine_onecycle_schedule(5, 1000.0, 0.4, 10.0, 100.0), "optax.cosine_onecycle(5, 1000, 0.4, 10, 100)", 7),
}  # fmt: skip


#: How many counts are compared.
COUNTS = 128


def _counts(steps: int) -> Any:
    return np.linspace(0, steps - 1, COUNTS).astype(np.int32)


@pytest.fixture(scope="module")
def values() -> dict[str, tuple[Any, Any]]:
    """The values of optax and of the text, for each case: all of them are one compiled program, which takes less time than many."""
    schedules = {name: (jax.vmap(theirs), lrdsl.jax.schedule(text)) for name, (theirs, text, _) in CASES.items()}
    counts = {name: _counts(steps) for name, (_, _, steps) in CASES.items()}
    compiled = jax.jit(lambda counts: {name: (theirs(counts[name]), ours(counts[name])) for name, (theirs, ours) in schedules.items()})
    return {name: (np.asarray(theirs), np.asarray(ours)) for name, (theirs, ours) in compiled(counts).items()}


@pytest.mark.parametrize("name", CASES)
def test_the_values_of_optax(name: str, values: dict[str, tuple[Any, Any]]) -> None:
    expected, ours = values[name]
    np.testing.assert_allclose(ours, np.broadcast_to(expected, COUNTS), rtol=1e-5, atol=3e-6 * float(np.abs(expected).max()))


def test_the_values_where_the_function_is_not_compiled(values: dict[str, tuple[Any, Any]]) -> None:
    name = "one cycle of cosines"
    _, text, steps = CASES[name]
    np.testing.assert_allclose(np.asarray(lrdsl.jax.schedule(text)(_counts(steps))), values[name][0], rtol=1e-5)


def test_more_steps_than_32_bits_hold() -> None:
    assert float(jax.jit(lrdsl.jax.schedule("optax.cosine(1000, 1e10)"))(10**9)) == pytest.approx(975.52826, rel=1e-6)


def test_the_exponent_makes_a_cosine_steeper() -> None:
    regular, steep = (lrdsl.parse(f"optax.warmup_cosine(0, 1, 5, 25, 0.1, {p})").values(26) for p in (1, 2))
    assert (np.diff(regular[:6]) > 0).all()
    assert regular[5] == 1
    assert (np.diff(regular[5:]) <= 0).all()
    assert regular[-1] == pytest.approx(0.1)
    assert (steep[5:] <= regular[5:] + 1e-12).all()


def test_a_schedule_as_a_learning_rate() -> None:
    params = np.array([1.0, -2.0], dtype=np.float32)
    results = []
    for rate in (1e-3, lrdsl.jax.schedule("hold(at=1e-3)")):
        optimizer = optax.adam(rate)
        update = jax.jit(optimizer.update)
        values, state = params, optimizer.init(params)
        for _ in range(10):
            updates, state = update(2 * values, state, values)
            values = values + np.asarray(updates)
        results.append(values)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-6)
