"""The recipes `deepspeed.*`, tick by tick, against the formulas of github.com/microsoft/DeepSpeed, deepspeed/runtime/lr_schedules.py.

There, a scheduler counts iterations from -1: it has its first level at -1, and `step()` follows each update of the optimizer.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, lengths, shares

counts = st.integers(1, 20)
rates = st.sampled_from([0.0, 0.5, 2.0])


def rise(kind: str, i: int, w: int) -> float:
    return math.log(i + 1) / math.log(w) if kind == "log" else i / w


def name(recipe: str, kind: str) -> str:
    return f"deepspeed.{recipe}" + ("" if kind == "log" else "_linear")


@pytest.mark.parametrize("kind", ["log", "linear"])
@few
@given(bases, counts, shares, st.one_of(st.none(), st.integers(0, 40)))
def test_warmup(kind: str, peak: float, n: int, r: float, more: int | None) -> None:
    """WarmupLR; with `more` steps behind the warmup, WarmupDecayLR, down to a run that is shorter than the warmup."""
    low, w = r * peak, max(n, 2)
    end = None if more is None else max(n + more - 9, 1)

    def theirs(t: int) -> float:
        i = t - 1
        if i < w:
            return low + (peak - low) * (rise(kind, i, w) if i >= 0 else 0)
        return peak if end is None else low + (peak - low) * max(0, (end - i) / max(1, end - w))

    arguments = f"{low!r}, {peak!r}, {n}"
    text = f"{name('warmup_lr', kind)}({arguments})" if end is None else f"{name('warmup_decay_lr', kind)}({end}, {arguments})"
    agree(text, 1.0, n + 60, theirs)


@pytest.mark.parametrize("kind", ["log", "linear"])
@few
@given(bases, counts, lengths, shares, shares)
def test_warmup_cosine(kind: str, base: float, n: int, more: int, first: float, last: float) -> None:
    w = max(n, 2)

    def theirs(t: int) -> float:
        i = t - 1
        if i < 0:
            return 0
        if i < w:
            return base * (first + (1 - first) * rise(kind, i, w))
        return base * (last + (1 - last) * (1 + math.cos(math.pi * min(1.0, (i - w + 1) / more))) / 2)

    agree(f"{name('warmup_cosine_lr', kind)}({w + more}, {first!r}, {n}, {last!r})", base, w + 2 * more + 9, theirs)


@few
@given(bases, shares, lengths, lengths, rates, st.integers(0, 9))
def test_one_cycle(peak: float, r: float, up: int, down: int, rate: float, every: int) -> None:
    low = r * peak

    def factor(t: int) -> float:
        return t / up if t <= up else (up + down - t) / down

    def passed(t: int) -> float:
        return rate * (t - up - down) / every if every else 0

    def lr(t: int) -> float:
        return low + (peak - low) * factor(t) if t <= up + down else low / (1 + passed(t))

    def momentum(t: int) -> float:
        if t == 0:
            return low
        return peak - (peak - low) * factor(t) if t <= up + down else peak * (1 + passed(t))

    sizes = f"{rate!r}, {up}, {down}, {every}"
    agree(f"deepspeed.one_cycle({low!r}, {peak!r}, {sizes})", 1.0, up + down + 20, lr)
    agree(f"deepspeed.one_cycle_momentum({low!r}, {peak!r}, {sizes})", 1.0, up + down + 20, momentum)


@few
@given(bases, lengths, rates)
def test_lr_range_test(low: float, size: int, rate: float) -> None:
    agree(f"deepspeed.lr_range_test({low!r}, {size}, {rate!r})", 1.0, 60, lambda t: low * (1 + rate * t / size))
    agree(f"deepspeed.lr_range_test_staircase({low!r}, {size}, {rate!r})", 1.0, 60, lambda t: low * (1 + rate * (t // size)))
