"""Tests of schedules as Keras `LearningRateSchedule`s: their levels, training with one, saving and loading."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrdsl
import lrdsl.keras
from tests.launching import ROOT
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


@pytest.fixture
def floatx(request: pytest.FixtureRequest) -> Iterator[str]:
    before = keras.config.floatx()
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx(before)


BITS = {"float64": 52, "float32": 23, "bfloat16": 7, "float16": 10}
CASES = [TEXT, "restarts(cosine(10), stretch=2, times=3)", "skip(2.1, restarts(linear(0.7)))", "exp(0.9999)", "cumprod(1 - 1/(t + 2)^2)", "rsqrt(10)", "hold"]
#: One process for each backend but that of the tests: prints the greatest error of each case.
PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
if sys.argv[1] == "jax":
    import jax; jax.config.update("jax_enable_x64", True)
import keras
from tests.test_keras import error_of_doubles
keras.config.set_floatx("float64")
for text in sys.argv[2:]:
    print(error_of_doubles(text, jax.jit if sys.argv[1] == "jax" else lambda schedule: schedule))
"""


def error_of_doubles(text: str, compiled: Callable[[Any], Any] = lambda schedule: schedule) -> float:
    """The greatest error of the levels, in units of the last place."""
    ticks = [0, 1, 3, 17, 24, 25, 999, 2049 if "cumprod" in text else 65537]  # without a compiler, a product of many factors takes long
    schedule, expected = lrdsl.keras.Schedule(text, base=0.3), lrdsl.parse(text).values(ticks, 0.3)
    rate = compiled(schedule)
    levels = [rate(t) for t in ticks]
    assert {keras.backend.standardize_dtype(level.dtype) for level in levels} == {"float64"}
    return float(np.max(np.abs([float(x) for x in levels] - expected) / np.spacing(np.maximum(expected, 1e-300))))


@pytest.mark.parametrize("floatx", ["float32", "bfloat16", "float16"], indirect=True)
@pytest.mark.parametrize("text", CASES)
def test_short_floats_are_rounded_once(text: str, floatx: str) -> None:
    ticks = [0, 1, 3, 17, 24, 300, 999, 2049, 65537, 2**20 + 1]
    schedule = lrdsl.keras.Schedule(text, base=0.3)
    levels = [schedule(t) for t in ticks]
    assert {keras.backend.standardize_dtype(level.dtype) for level in levels} == {floatx}
    least = 6e-5 if floatx == "float16" else 1e-37
    expected = lrdsl.parse(text).values(ticks, 0.3)
    found = np.array([float(level) for level in levels])
    assert (np.abs(found - expected) <= np.maximum(expected, least) * 2.0 ** -BITS[floatx]).all()
    assert float(schedule(-3)) == float(schedule(0)) == float(schedule(float("nan")))


@pytest.mark.parametrize("backend", ["jax", "numpy"])
def test_doubles_on_other_backends(backend: str) -> None:
    environment = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run([sys.executable, "-c", PROGRAM, backend, *CASES], capture_output=True, text=True, env=environment, cwd=ROOT, check=True)
    assert max(map(float, run.stdout.split())) <= 4


@pytest.mark.usefixtures("floatx")
@pytest.mark.parametrize("floatx", ["float64"], indirect=True)
@pytest.mark.parametrize("text", CASES)
def test_doubles(text: str) -> None:
    assert error_of_doubles(text) <= 4


def test_a_schedule_with_clock_and_names_is_saved(tmp_path: Path) -> None:
    parsed = lrdsl.parse("warmup(w) then cosine(rest)", steps_per_epoch=Fraction(1000, 3), total_epochs=6, names={"w": Fraction(20, 3)})
    schedule = lrdsl.keras.Schedule(parsed, base=0.1, name="rate")
    config = json.loads(json.dumps(schedule.get_config()))
    again = lrdsl.keras.Schedule.from_config(config)
    assert (again.schedule, again.name, again.get_config()) == (parsed, "rate", config)
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), loss="mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").optimizer._learning_rate
    assert (loaded.schedule, loaded.base, loaded.name) == (parsed, 0.1, "rate")
    for copied in (copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):
        assert float(copied(50)) == float(schedule(50))


def test_batches_of_the_text_are_saved_with_it() -> None:
    text = "set batch_size = hold(252M samples, at=1024) then hold(at=2048); lr = hold(1B samples) then linear(3)"
    schedule = lrdsl.keras.Schedule(lrdsl.parse(text))
    assert lrdsl.keras.Schedule.from_config(schedule.get_config()).schedule == schedule.schedule


def test_a_text_that_uses_files_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "common.lrs").write_text("def half(n) = linear(n, to=0.5x)\n")
    (tmp_path / "run.lrs").write_text('use "common.lrs"\nlr = half(9)\n')
    schedule = lrdsl.keras.Schedule(lrdsl.load(tmp_path / "run.lrs"))
    assert float(schedule(9)) == pytest.approx(0.5)
    with pytest.raises(lrdsl.ScheduleError, match="uses other files"):
        schedule.get_config()


@pytest.mark.parametrize(
    "config",
    [
        {"text": ["hold"]},
        {"text": "__import__('os')"},
        {"text": "hold", "base": "0.1"},
        {"text": "hold(w)", "names": {"w": "1/0"}},
        {"text": "hold", "total_steps": "9" * 9999},
        {"text": "hold", "target": ["lr"]},
    ],
)
def test_a_hostile_configuration_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(lrdsl.ScheduleError):
        lrdsl.keras.Schedule.from_config(config)


def test_it_warns_as_compile_does_of_a_base_that_is_given() -> None:
    with pytest.warns(lrdsl.ScheduleWarning, match="LR301") as recorded:
        schedule = lrdsl.keras.Schedule("cosine(100, to=0.1)", base=1e-3)
    assert [warning.filename for warning in recorded] == [__file__]
    with pytest.warns(lrdsl.ScheduleWarning, match="LR217"):
        lrdsl.keras.Schedule("multistep([30, 60, 80])", steps_per_epoch=1251, total_epochs=90)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pickle.loads(pickle.dumps(schedule)).get_config() == copy.deepcopy(schedule).get_config() == schedule.get_config()
        default = lrdsl.keras.Schedule("cosine(100, to=0.1)")
        again = lrdsl.keras.Schedule.from_config(json.loads(json.dumps(default.get_config())))
        assert (again.base, again.get_config()["base"], float(again(0))) == (1.0, None, 1.0)
    with pytest.warns(lrdsl.ScheduleWarning, match="LR301"):
        lrdsl.keras.Schedule.from_config(schedule.get_config())
