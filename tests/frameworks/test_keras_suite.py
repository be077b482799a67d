"""What Keras' own tests of its schedules check, on lrdsl: each class of Keras stands beside the text that takes its place, with the same arguments.

Some of those tests are not here:

- the configuration of each class, argument by argument: a text is all of the function, and one test saves and loads it.
- the callback `LearningRateScheduler`, which prints and logs what a function of the epoch returns: `Schedule` is no callback.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras.optimizers import schedules as theirs

import lrdsl.keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
HALVES = list(range(0, 1500, 250))
#: The schedule of Keras, the text, and the steps that Keras' tests look at.
CASES: dict[str, tuple[Callable[[Any], Any], str, list[int]]] = {
    "exponential": (theirs.ExponentialDecay(0.05, 10, 0.96), "keras.exponential(0.05, 10, 0.96)", [5]),
    "exponential stairs": (theirs.ExponentialDecay(0.1, 3, 0.96, staircase=True), "keras.exponential_staircase(0.1, 3, 0.96)", [1, 2, 100]),
    "piecewise": (
        theirs.PiecewiseConstantDecay([100, 110, 120], [1.0, 0.1, 0.01, 0.001]),
        "hold(101, at=1) then hold(10, at=0.1) then hold(10, at=0.01) then hold(at=0.001)",
        [-999, 100, 105, 110, 120, 999],
    ),
    "piecewise from 1": (
        theirs.PiecewiseConstantDecay([1, 2, 3], [0.4, 0.5, 0.6, 0.7]),
        "hold(2, at=0.4) then hold(1, at=0.5) then hold(1, at=0.6) then hold(at=0.7)",
        [0, 1, 2, 3, 4],
    ),
    "linear": (theirs.PolynomialDecay(0.05, 10, 0.0), "keras.polynomial(0.05, 10, 0)", [5]),
    "linear to an end": (theirs.PolynomialDecay(0.05, 10, 0.001), "keras.polynomial(0.05, 10, 0.001)", [5, 10, 15]),
    "linear in cycles": (theirs.PolynomialDecay(0.05, 10, 0.001, cycle=True), "keras.polynomial_cycle(0.05, 10, 0.001)", [15]),
    "sqrt": (theirs.PolynomialDecay(0.05, 10, 0.0, power=0.5), "keras.polynomial(0.05, 10, 0, power=0.5)", [5]),
    "sqrt to an end": (theirs.PolynomialDecay(0.05, 10, 0.001, power=0.5), "keras.polynomial(0.05, 10, 0.001, power=0.5)", [5, 10, 15]),
    "sqrt in cycles": (theirs.PolynomialDecay(0.05, 10, 0.001, power=0.5, cycle=True), "keras.polynomial_cycle(0.05, 10, 0.001, power=0.5)", [15]),
    "cycles from the start": (theirs.PolynomialDecay(0.001, 10, cycle=True), "keras.polynomial_cycle(0.001, 10)", [0]),
    "inverse time": (theirs.InverseTimeDecay(0.1, 10, 0.96), "keras.inverse_time(0.1, 10, 0.96)", list(range(11))),
    "inverse time, stairs": (theirs.InverseTimeDecay(0.1, 10, 0.96, staircase=True), "keras.inverse_time_staircase(0.1, 10, 0.96)", list(range(11))),
    "cosine": (theirs.CosineDecay(1.0, 1000), "keras.cosine(1, 1000)", HALVES),
    "cosine to a tenth": (theirs.CosineDecay(1.0, 1000, 0.1), "keras.cosine(1, 1000, 0.1)", HALVES),
    "cosine after a warmup": (theirs.CosineDecay(0.0, 10, warmup_target=10.0, warmup_steps=1500), "keras.warmup_cosine(0, 10, 1500, 10)", HALVES),
    "warmup and cosine": (
        theirs.CosineDecay(0.0, 1000, warmup_target=10.0, warmup_steps=2000),
        "keras.warmup_cosine(0, 10, 2000, 1000)",
        list(range(0, 3000, 250)),
    ),
    "restarts": (theirs.CosineDecayRestarts(1.0, 1000), "keras.cosine_restarts(1, 1000)", HALVES),
    "restarts to a tenth": (theirs.CosineDecayRestarts(1.0, 1000, alpha=0.1), "keras.cosine_restarts(1, 1000, alpha=0.1)", HALVES),
    "restarts that sink": (theirs.CosineDecayRestarts(1.0, 1000, m_mul=0.9), "keras.cosine_restarts(1, 1000, m_mul=0.9)", HALVES),
    "restarts of one length": (theirs.CosineDecayRestarts(1.0, 1000, t_mul=1.0), "keras.cosine_restarts(1, 1000, t_mul=1)", HALVES),
}


@pytest.mark.parametrize(("given", "text", "steps"), CASES.values(), ids=CASES)
def test_the_values_of_keras(given: Callable[[Any], Any], text: str, steps: list[int]) -> None:
    ours = lrdsl.keras.Schedule(text)
    variable = keras.Variable(0, dtype="int64", trainable=False)
    for step in steps:
        variable.assign(step)
        expected = pytest.approx(float(given(step)), rel=1e-5, abs=1e-7)
        assert (float(ours(step)), float(ours(variable))) == (expected, expected), step


def test_a_schedule_is_its_configuration() -> None:
    for _, text, steps in CASES.values():
        ours = lrdsl.keras.Schedule(text, name="mine")
        again = theirs.deserialize(theirs.serialize(ours))
        assert again.get_config() == ours.get_config()
        assert [float(again(step)) for step in steps] == [float(ours(step)) for step in steps]


def test_a_model_learns_as_with_the_schedule_of_keras() -> None:
    numbers = np.arange(32, dtype="float32").reshape((16, 2))
    losses = []
    for rate in (theirs.ExponentialDecay(0.05, 1, 0.9), lrdsl.keras.Schedule("keras.exponential(0.05, 1, 0.9)")):
        model = keras.Sequential([keras.layers.Dense(2, kernel_initializer="ones", bias_initializer="ones")])
        model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss="mse")
        history = model.fit(numbers, numbers, epochs=3, batch_size=4, shuffle=False, verbose=0)
        assert int(model.optimizer.iterations) == 12
        losses.append(history.history["loss"])
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert losses[1] == pytest.approx([230.79457092285156, 128.30319213867188, 79.33648681640625], rel=5e-5)
