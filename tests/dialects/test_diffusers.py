"""diffusers' functions, read from calls, have the numbers of their formulas, written out again from diffusers/optimization.py."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.drawing import examples

TICKS = 90
HEAD = "from diffusers.optimization import *\n"


def compared(call: str, base: float, level: Callable[[int], float]) -> None:
    levels = lrdsl.read(f"{HEAD}s = {call}").values(TICKS, base=base)
    assert levels.tolist() == pytest.approx([base * level(t) for t in range(TICKS)], rel=1e-12, abs=1e-12 * base)


def wave(x: float) -> float:
    return (1 + math.cos(math.pi * x)) / 2


@given(st.floats(1e-4, 1), st.integers(0, 20), st.integers(21, 80), st.floats(0.3, 2), st.sampled_from([0.0, 0.01, 0.3, 0.9]))
@examples(80)
def test_each_function(base: float, w: int, n: int, power: float, low: float) -> None:
    def warm(after: Callable[[float], float]) -> Callable[[int], float]:
        return lambda t: t / max(1, w) if t < w else after((t - w) / (n - w))

    compared("get_constant_schedule(o)", base, lambda _: 1)
    compared(f"get_constant_schedule_with_warmup(o, {w})", base, warm(lambda _: 1))
    compared(f"get_linear_schedule_with_warmup(o, {w}, {n}, f_min={low!r})", base, warm(lambda x: low + (1 - low) * max(0, 1 - x)))
    compared(f"get_cosine_schedule_with_warmup(o, {w}, {n}, num_cycles={power!r})", base, warm(lambda x: wave(2 * power * x)))
    compared(f"get_cosine_with_hard_restarts_schedule_with_warmup(o, {w}, {n})", base, warm(lambda x: wave(x) if x < 1 else 0))
    end = low * base / 9
    compared(
        f"get_polynomial_decay_schedule_with_warmup(o, {w}, {n}, lr_end={end!r}, power={power!r})",
        base,
        warm(lambda x: end / base + (1 - end / base) * max(0, 1 - x) ** power),
    )
    for kind, level in (("linear", lambda x: max(0, 1 - x)), ("cosine", wave), ("constant_with_warmup", lambda _: 1.0)):
        compared(f"get_scheduler({kind!r}, o, None, {w}, {n}, 3, 2.0)", base, warm(level))


@given(st.floats(1e-4, 1), st.dictionaries(st.integers(1, 80), st.sampled_from([0.1, 0.5, 1.0, 2.0]), max_size=5), st.sampled_from([0.005, 1.0]))
@examples(40)
def test_pieces(base: float, rules: dict[int, float], last: float) -> None:
    text = ",".join([*(f"{factor}:{step}" for step, factor in rules.items()), str(last)])

    def level(t: int) -> float:
        return next((rules[step] for step in sorted(rules) if t < step), last)

    compared(f"get_piecewise_constant_schedule(o, {text!r})", base, level)
    compared(f"get_scheduler('piecewise_constant', o, {text!r})", base, level)
