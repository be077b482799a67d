"""MLX's schedules, read from calls and from the YAML of mlx-lm, have the numbers of the real ones, which are in single precision."""

from __future__ import annotations

import mlx.core as mx
import mlx.optimizers as theirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects.configs import readings, readings_in
from tests.drawing import examples

levels = st.floats(1e-4, 1)
lengths = st.integers(1, 40)
TICKS = 80


def same(schedule: lrdsl.Schedule, real: object, base: float = 1.0) -> None:
    expected = [float(real(mx.array(t))) for t in range(TICKS)]  # type: ignore[operator]
    assert schedule.values(TICKS, base=base).tolist() == pytest.approx(expected, rel=0, abs=3e-6 * max(expected))


@given(levels, levels, lengths, st.floats(0.5, 1), st.sampled_from(["exponential_decay", "step_decay", "cosine_decay", "linear_schedule"]))
@examples(80)
def test_calls(init: float, end: float, n: int, rate: float, name: str) -> None:
    arguments = {"exponential_decay": (init, rate), "step_decay": (init, rate, n), "cosine_decay": (init, n, end), "linear_schedule": (init, end, n)}[name]
    source = f"import mlx.optimizers as optim\nschedule = optim.{name}({', '.join(map(repr, arguments))})\n"
    same(lrdsl.read(source), getattr(theirs, name)(*arguments))


@given(levels, lengths, lengths)
@examples(30)
def test_joined_schedules(peak: float, warm: int, n: int) -> None:
    source = f"from mlx.optimizers import *\ns = join_schedules([linear_schedule(0, {peak!r}, {warm}), cosine_decay({peak!r}, {n})], [{warm}])\n"
    same(lrdsl.read(source), theirs.join_schedules([theirs.linear_schedule(0, peak, warm), theirs.cosine_decay(peak, n)], [warm]))


@given(levels, levels, lengths, st.integers(0, 20), st.sampled_from([None, 1e-5]))
@examples(40)
def test_the_yaml_of_mlx_lm(peak: float, end: float, n: int, warm: int, first: float | None) -> None:
    section: dict[str, object] = {"name": "cosine_decay", "arguments": [peak, n, end], "warmup": warm}
    section |= {} if first is None else {"warmup_init": first}
    (reading,) = readings_in([{"model": "m", "iters": 100, "learning_rate": 1e-5, "lr_schedule": section}])
    assert (reading.dialect, reading.clock, reading.base) == ("mlx", {"tick": "step", "total_steps": 100}, None)
    real = theirs.cosine_decay(peak, n, end)
    if warm:  # mlx_lm/tuner/utils.py, build_schedule
        real = theirs.join_schedules([theirs.linear_schedule(first or 0.0, peak, warm), real], [warm + 1])
    same(reading.schedule(), real)


@pytest.mark.parametrize(
    "text",
    [
        "lr_schedule: {name: cosine_decay, arguments: [1e-5]}\n",
        "lr_schedule: {name: cosine_decay, arguments: many}\n",
        "lr_schedule: {name: step_decay, arguments: [a, b, c]}\n",
        "lr_schedule: {name: join_schedules, arguments: [[], []]}\n",
    ],
)
def test_odd_ones_say_why(text: str) -> None:
    (reading,) = readings(text, "lora.yaml")
    assert reading.text is None
    assert reading.problems
