"""The recipes `megatron.*`, tick by tick, against the formulas of github.com/NVIDIA/Megatron-LM, megatron/core/optimizer_param_scheduler.py."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, lengths, shares

DECAYS = {
    "linear": lambda x: 1 - x,
    "cosine": lambda x: (1 + math.cos(math.pi * x)) / 2,
    "exponential": lambda x: 2 * 0.5**x - 1,
    "minus_sqrt": lambda x: 1 - math.sqrt(x),
}
warms = st.integers(0, 12)


@pytest.mark.parametrize("style", ["constant", "linear", "cosine", "inverse_square_root"])
@few
@given(bases, warms, lengths, shares, shares)
def test_styles(style: str, base: float, w: int, more: int, first: float, last: float) -> None:
    init, low, end = first * base, last * base, w + more

    def theirs(t: int) -> float:
        if w and t <= w:
            return init + (base - init) * t / w
        if style == "constant":
            return base
        if t > end:
            return low
        if style == "inverse_square_root":
            return max(low, base * math.sqrt(max(w, 1) / max(t, 1)))
        return low + (base - low) * DECAYS[style]((t - w) / more)

    arguments = f"{w}, {init!r}" if style == "constant" else f"{w}, {end}, {low!r}, {init!r}"
    agree(f"megatron.{style}({arguments})", base, end + 9, theirs)


@pytest.mark.parametrize("style", DECAYS)
@few
@given(bases, warms, lengths, lengths, shares, shares)
def test_wsd(style: str, base: float, w: int, more: int, fall: int, first: float, last: float) -> None:
    """The decay may be longer than what follows the warmup."""
    init, low, end = first * base, last * base, w + more

    def theirs(t: int) -> float:
        if w and t <= w:
            return init + (base - init) * t / w
        if t > end:
            return low
        return base if t <= end - fall else low + (base - low) * DECAYS[style]((t - end + fall) / fall)

    agree(f"megatron.wsd_{style}({w}, {end}, {fall}, {low!r}, {init!r})", base, end + 9, theirs)


@few
@given(bases, shares, lengths)
def test_weight_decay(last: float, r: float, n: int) -> None:
    first = r * last
    agree(f"megatron.wd_constant({last!r})", 1.0, 9, lambda _: last)
    agree(f"megatron.wd_linear({first!r}, {last!r}, {n})", 1.0, n + 9, lambda t: last if t > n else first + (last - first) * t / n)
    agree(
        f"megatron.wd_cosine({first!r}, {last!r}, {n})", 1.0, n + 9,
        lambda t: last if t > n else first + (last - first) * (1 + math.cos(math.pi * (1 - t / n))) / 2,
    )  # fmt: skip
