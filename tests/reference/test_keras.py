"""Every schedule of Keras, in double precision: on its torch backend, since on others some of its functions fall back to single."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from keras.optimizers import schedules as theirs

import lrdsl
from lrdsl.dialects import dialect
from tests.dialects.writing.exported import run
from tests.drawing import examples
from tests.reference.peers import KERAS, text_of

keras.config.set_floatx("float64")

TICKS = 160
levels = st.floats(1e-5, 10)
ends = st.one_of(st.just(0.0), levels)
lengths = st.integers(1, 60)
rates = st.floats(0.05, 1.0)
few = examples(12)


def agree(text: str, schedule: Callable[[Any], Any], at: list[int] | None = None) -> None:
    ticks = list(range(TICKS)) if at is None else at
    expected = np.array([float(schedule(t)) for t in ticks])
    found = lrdsl.parse(text).values(ticks, base=123.0)
    near = 1e-12 * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=near, err_msg=text)
    if at is None:
        there_and_back(schedule, expected, near)


def there_and_back(schedule: Any, expected: Any, near: float) -> None:
    """What is read from their object has its numbers, and so has the class that is written of it."""
    read = lrdsl.read(schedule)
    np.testing.assert_allclose(read.values(TICKS, base=123.0), expected, rtol=0, atol=near, err_msg=str(read))
    made = run(read.export("keras", base=123.0))["schedule"]
    np.testing.assert_allclose([float(made(t)) for t in range(0, TICKS, 7)], expected[::7], rtol=0, atol=near, err_msg=str(read))


def test_every_schedule_is_in_the_table() -> None:
    public = {name for name, value in vars(theirs).items() if inspect.isclass(value)}
    assert public - {"LearningRateSchedule"} == {entry.name for entry in dialect(KERAS).entries}


@few
@given(levels, lengths, rates, st.booleans())
def test_inverse_time(a: float, n: int, r: float, staircase: bool) -> None:
    text = text_of(KERAS, "InverseTimeDecay", initial_learning_rate=a, decay_steps=n, decay_rate=r, staircase=staircase)
    agree(text, theirs.InverseTimeDecay(a, n, r, staircase))


@few
@given(levels, lengths, rates, st.booleans())
def test_exponential(a: float, n: int, r: float, staircase: bool) -> None:
    text = text_of(KERAS, "ExponentialDecay", initial_learning_rate=a, decay_steps=n, decay_rate=r, staircase=staircase)
    agree(text, theirs.ExponentialDecay(a, n, r, staircase))


@few
@given(st.lists(st.integers(1, 140), min_size=1, max_size=4, unique=True).map(sorted), st.lists(levels, min_size=5, max_size=5))
def test_piecewise_constant(boundaries: list[int], values: list[float]) -> None:
    values = values[: len(boundaries) + 1]
    agree(text_of(KERAS, "PiecewiseConstantDecay", boundaries=boundaries, values=values), theirs.PiecewiseConstantDecay(boundaries, values))


@few
@given(levels, ends, lengths, st.floats(0.2, 4.0), st.booleans())
def test_polynomial(a: float, end: float, n: int, p: float, cycle: bool) -> None:
    text = text_of(KERAS, "PolynomialDecay", initial_learning_rate=a, decay_steps=n, end_learning_rate=end, power=p, cycle=cycle)
    agree(text, theirs.PolynomialDecay(a, n, end, p, cycle))


@few
@given(levels, lengths, st.floats(0.0, 1.0), st.one_of(st.none(), levels), st.integers(1, 30))
def test_cosine(a: float, n: int, alpha: float, target: float | None, warm: int) -> None:
    alpha = alpha if alpha > 1e-9 else 0.0
    steps = 0 if target is None else warm
    text = text_of(KERAS, "CosineDecay", initial_learning_rate=a, decay_steps=n, alpha=alpha, warmup_target=target, warmup_steps=steps)
    agree(text, theirs.CosineDecay(a, n, alpha, warmup_target=target, warmup_steps=steps))


@few
@given(levels, st.integers(2, 40), st.sampled_from([1, 2, 3, 1.5]), st.floats(0.3, 1.0), st.floats(0.0, 0.9))
def test_cosine_restarts(a: float, n: int, mul: float, decay: float, alpha: float) -> None:
    alpha = alpha if alpha > 1e-9 else 0.0
    text = text_of(KERAS, "CosineDecayRestarts", initial_learning_rate=a, first_decay_steps=n, t_mul=mul, m_mul=decay, alpha=alpha)
    # Keras finds the cycle by a logarithm or a quotient in doubles, which may be one off at the very tick where one begins.
    starts, start, length = set(), Fraction(0), Fraction(n)
    while start <= TICKS:
        starts.add(start)
        start, length = start + length, length * Fraction(mul)
    agree(text, theirs.CosineDecayRestarts(a, n, float(mul), decay, alpha), [t for t in range(TICKS) if t == 0 or t not in starts])
