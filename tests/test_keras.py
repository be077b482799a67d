"""Tests of schedules as Keras `LearningRateSchedule`s: their levels, training with one, saving and loading."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import lrdsl
import lrdsl.keras
from tests.properties.test_far import FRACTIONAL

#: Keras hands torch's tensors to NumPy in a way that both are leaving behind.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TEXT = "warmup(5) then cosine(20, to=0.01x)"


@pytest.mark.parametrize("text", [TEXT, "restarts(cosine(10), stretch=2)", "poly(20, power=0.5)", "cumprod(0.9 + 0.1/(t + 1))", "step(7)", "onecycle(40)"])
def test_it_says_what_lrdsl_says(text: str) -> None:
    schedule = lrdsl.keras.Schedule(text, base=0.1)
    found = [float(schedule(t)) for t in range(60)]
    np.testing.assert_allclose(found, lrdsl.parse(text).values(60, 0.1), rtol=1e-5, atol=1e-8)


def test_it_is_its_configuration() -> None:
    schedule = lrdsl.keras.Schedule("warmup(5%) then cosine(rest)", base=0.1, total_steps=200)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert isinstance(again, lrdsl.keras.Schedule)
    assert again.get_config() == schedule.get_config()
    assert [float(again(t)) for t in range(0, 220, 9)] == [float(schedule(t)) for t in range(0, 220, 9)]


def test_a_model_is_trained_saved_and_goes_on(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x = np.linspace(-1, 1, 64).reshape(-1, 1).astype("float32")
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(lrdsl.keras.Schedule(TEXT, base=0.5)), loss="mse")
    before = model.evaluate(x, 3 * x + 1, verbose=0)
    model.fit(x, 3 * x + 1, epochs=3, batch_size=16, verbose=0)
    assert model.evaluate(x, 3 * x + 1, verbose=0) < before / 5
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert int(again.optimizer.iterations) == 12
    assert float(again.optimizer.learning_rate) == float(model.optimizer.learning_rate) == pytest.approx(lrdsl.parse(TEXT).at(12, 0.5), rel=1e-5)


def test_a_schedule_that_follows_a_metric_is_refused() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="follows a metric"):
        lrdsl.keras.Schedule("plateau")


@pytest.mark.parametrize("text", FRACTIONAL[:-1])
def test_boundaries_within_fractional_cycles(text: str) -> None:
    schedule = lrdsl.keras.Schedule(text, base=0.1)
    found = [float(schedule(t)) for t in range(100)]
    np.testing.assert_allclose(found, lrdsl.parse(text).values(100, 0.1), rtol=1e-4, atol=1e-5)
