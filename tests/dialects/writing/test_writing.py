"""Tests of exported code as text, of its use in optax and Keras, of hostile names, and of `lrdsl export`."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest

import lrdsl
from lrdsl.cli import main
from tests.dialects.writing.exported import run

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TEXT = "warmup(5) then cosine(20, to=0.01x)"
#: The dialects that are programs.
CODE = ("python", "numpy", "torch", "optax", "keras")
#: Names of groups and targets that would end a string, a comment or a line, or be code.
HOSTILE = [
    "lr[\"'''); raise SystemExit(#\"] = cosine(9)",
    "lr[\"a'''b\"] = cosine(9)",
    'lr["a\\\\"] = cosine(9)',
    'lr["coding: utf-7"] = cosine(9)',
    '"make_scheduler" = cosine(9)',
    '"\uff3fproduct" = cumprod(1 - 0.1/(t + 1)) for 9 then hold',
    '"3x" = cosine(9)',
    '"import os" = cosine(9)',
    '"\u202e\u2028raise" = cosine(9)',
    '"lambda" = cosine(9)',
    '"t" = cosine(9)',
    '"math" = cosine(9)',
    '"base" = cosine(9, to=0.1)',
    '"BASE" = cosine(9, to=0.1)',
    '"_product" = cumprod(1 - 0.1/(t + 1)) for 9 then hold',
    '"np" = cosine(9)',
    '"max" = cosine(9)',
    '"step" = cosine(9)',
    '"float" = cosine(9)',
    '"len" = cumprod(1 - 0.1/(t + 1)) for 9 then hold',
    '"part" = bounce(max(step(3), scale(0.5^floor(t/2))) for 9) for 9 then hold',
    '"schedule" = cosine(9)',
]


def test_the_code_is_as_a_person_would_write_it() -> None:
    assert lrdsl.parse("warmup(5) then cosine(20, to=0.01)").export("python") == (
        '"""A schedule as a function of the step, written by `lrdsl export`."""\n'
        "\n"
        "# The schedule:\n"
        "#     warmup(5) then cosine(20, to=0.01)\n"
        "\n"
        "import math\n"
        "\n"
        "\n"
        "def lr(step, base=1.0):\n"
        '    """Returns `lr` at a step. Steps are counted from 0."""\n'
        "    t = max(step, 0)\n"
        "    if t < 5:  # warmup(5)\n"
        "        return base * t / 5\n"
        "    if t < 25:  # cosine(20, to=0.01)\n"
        "        return base * math.sin(math.pi / 2 * (25 - t) / 20) ** 2 + 0.01 * math.sin(math.pi / 2 * (t - 5) / 20) ** 2\n"
        "    # afterwards\n"
        "    return 0.01\n"
    )


@pytest.mark.parametrize("to", CODE)
def test_a_base_that_is_given_is_in_the_code(to: str) -> None:
    code = lrdsl.parse(TEXT).export(to, base=0.25)
    space = run(code)
    if to == "torch":
        return
    level = {"python": "lr", "numpy": "lr", "optax": "schedule", "keras": "schedule"}[to]
    assert float(space[level](5)) == 0.25
    assert "base" not in code.split("BASE = 0.25")[1]


def test_the_clock_and_the_names_are_in_the_comments() -> None:
    code = lrdsl.parse("warmup(w) then cosine(rest)", total_steps=100, names={"w": 5}).export("python")
    assert "#     total_steps = 100\n" in code
    assert "#     w = 5\n" in code
    assert run(code)["lr"](52.5) == pytest.approx(0.5)


def test_each_target_has_a_function() -> None:
    schedule = lrdsl.parse('lr = cosine(9); momentum = linear(9, from=0.5, to=0.9); lr["a b"] = hold')
    for to in ("python", "numpy"):
        space = run(schedule.export(to))
        assert space["lr"](3, 0.1) == pytest.approx(schedule.at(3, 0.1))
        assert space["momentum"](3) == pytest.approx(schedule.at(3, target="momentum"))
        assert space["lr__a_b"](3, 0.2) == 0.2
        assert "lr" not in run(schedule.export(to, target="momentum"))
    assert float(run(schedule.export("optax", target="momentum"))["schedule"](3)) == pytest.approx(schedule.at(3, target="momentum"))
    assert float(run(schedule.export("optax"))["schedule"](3)) == pytest.approx(schedule.at(3), rel=1e-6)


def test_it_runs_in_optax() -> None:
    space = run(lrdsl.parse(TEXT).export("optax", base=0.5))
    gradients, weights = {"w": jnp.ones(2)}, {"w": jnp.zeros(2)}
    optimizer = optax.sgd(space["schedule"])
    state = optimizer.init(weights)
    update = jax.jit(optimizer.update)
    for t in range(30):
        updates, state = update(gradients, state)
        assert float(updates["w"][0]) == pytest.approx(-lrdsl.parse(TEXT).at(t, 0.5), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("text", ["step(30)", "restarts(cosine(10), stretch=2)", "bounce(linear(7/3))", "every(0.7, exp(0.9999999))", "step(7/3, 0.9999999)"])
def test_steps_that_no_single_holds_are_exact(text: str) -> None:
    schedule, ticks = lrdsl.parse(text), [0, 5, 2**24 - 1, 2**24 + 1, 16777219, 10**8, 2**31 - 1]
    space = run(schedule.export("optax"))
    with jax.enable_x64(False):
        found = np.asarray(space["schedule"](jnp.array(ticks, jnp.int32), 0.3))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, schedule.values(ticks, 0.3), rtol=3e-6, atol=1e-7)


def test_a_product_without_an_end_needs_the_run() -> None:
    text = "warmup(5) then cumprod(1 - 1/(t + 2)^2)"
    with pytest.raises(lrdsl.ScheduleError, match="factors"):
        lrdsl.parse(text).export("optax")
    schedule = lrdsl.parse(text, total_steps=100)
    found = run(schedule.export("optax"))["schedule"](jnp.arange(100), 0.3)
    np.testing.assert_allclose(found, schedule.values(100, 0.3), rtol=1e-5)


def test_a_keras_model_is_trained_and_saved(tmp_path: Path) -> None:
    space = run(lrdsl.parse(TEXT).export("keras"))
    x = np.linspace(-1, 1, 64).reshape(-1, 1).astype("float32")
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(space["Schedule"](0.5)), loss="mse")
    model.fit(x, 3 * x + 1, epochs=3, batch_size=16, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert float(again.optimizer.learning_rate) == pytest.approx(lrdsl.parse(TEXT).at(12, 0.5), rel=1e-5)
    assert isinstance(space["schedule"], keras.optimizers.schedules.LearningRateSchedule)


def test_two_schedules_for_keras_have_two_names() -> None:
    one, two = (run(lrdsl.parse(text).export("keras"))["schedule"] for text in ("cosine(20)", "linear(20)"))
    for schedule in (one, two):
        again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
        assert float(again(3)) == float(schedule(3))
    assert float(one(3)) != float(two(3))


def functions(code: str) -> dict[str, Any]:
    return {name: value for name, value in run(code).items() if callable(value) and not name.startswith("_")}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("to", CODE)
def test_names_are_never_code(text: str, to: str) -> None:
    try:
        schedule = lrdsl.parse(text)
        code = schedule.export(to)
    except lrdsl.ScheduleError as error:
        if error.diagnostics[0].code not in ("LR155", "LR117"):
            raise
        return
    assert code.isprintable() or set(code) - {"\n"} == {c for c in code if c.isprintable()}
    assert tokenize.detect_encoding(io.BytesIO(code.encode("utf-8")).readline)[0] == "utf-8"
    ast.parse(code)
    names = functions(code)
    if to == "python":
        (function,) = [value for name, value in names.items() if getattr(value, "__module__", "") == "exported"]
        assert [function(t, 0.1) for t in range(20)] == pytest.approx(schedule.values(20, 0.1).tolist(), rel=1e-12, abs=1e-15)
    if to == "numpy":
        (function,) = [value for name, value in names.items() if getattr(value, "__module__", "") == "exported"]
        np.testing.assert_allclose(function(np.arange(20), 0.1), schedule.values(20, 0.1), rtol=1e-12, atol=1e-15)


def test_many_targets_have_functions_of_their_own() -> None:
    text = 'lr["a b"] = hold; lr["a_b"] = cosine(3); lr["a-b"] = linear(3); lr = hold; "math" = linear(5, from=2, to=1); "_product" = cumprod(0.9 + 0.01/(t + 1)) for 9 then hold'
    schedule = lrdsl.parse(text)
    names = functions(schedule.export("python"))
    assert len({name for name, value in names.items() if getattr(value, "__module__", "") == "exported"}) >= 5


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", TEXT, "--to", "python", "--base", "0.1"]) == 0
    assert capsys.readouterr().out == lrdsl.parse(TEXT).export("python", base=0.1)
    page = tmp_path / "rate.py"
    assert main(["export", "lr = hold; momentum = linear(9, from=0.5)", "--to", "numpy", "--target", "momentum", "-o", str(page)]) == 0
    assert run(page.read_text("utf-8"))["momentum"](3) == pytest.approx(1 / 3)
    assert main(["export", "plateau", "--to", "torch"]) == 1
    assert "LR155" in capsys.readouterr().err
    assert main(["export", TEXT, "--to", "python", "--base", "nan"]) == 2
    with pytest.raises(SystemExit):
        main(["export", TEXT, "--to", "wibble"])
