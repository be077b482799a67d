"""The recipes `composer.*`, tick by tick, against the formulas of github.com/mosaicml/composer, composer/optim/scheduler.py, which gives multiples of the base."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, shares, warms

DECAYS = {"linear": lambda x: 1 - x, "cosine_annealing": lambda x: (1 + math.cos(math.pi * x)) / 2, "polynomial": lambda x: (1 - x) ** 1.5}
percents = st.integers(1, 99)


def cut(percent: int, of: int) -> int:
    """A time such as "0.29dur", in ticks."""
    return percent * of // 100


@few
@given(bases, st.integers(100, 300), percents, st.floats(0.05, 0.95))
def test_drops(base: float, run: int, percent: int, gamma: float) -> None:
    n = cut(percent, run)
    agree(f"composer.step({percent}%, {gamma!r})", base, 60, lambda t: base * gamma ** (t // n), total_steps=run)
    agree(f"composer.multi_step([{n}, {n + 7}], {gamma!r})", base, 60, lambda t: base * gamma ** ((t >= n) + (t >= n + 7)))
    agree(f"composer.constant({gamma!r}, {percent}%)", base, 60, lambda t: base * (gamma if t < n else 1), total_steps=run)
    agree(f"composer.exponential({gamma!r}, {percent}%)", base, 60, lambda t: base * gamma ** (t / n), total_steps=run)
    agree(f"composer.exponential({gamma!r})", base, 60, lambda t: base * gamma ** (t / 7), steps_per_epoch=7)


@pytest.mark.parametrize("style", DECAYS)
@few
@given(bases, st.integers(100, 300), st.one_of(st.just(100), percents), shares)
def test_decays(style: str, base: float, run: int, percent: int, r: float) -> None:
    n = cut(percent, run)
    options = "" if percent == 100 else f", t_max={percent}%"
    power = "power=1.5, " if style == "polynomial" else ""
    agree(f"composer.{style}({power}alpha_f={r!r}{options})", base, n + 9, lambda t: base * (r + (1 - r) * DECAYS[style](min(1, t / n))), total_steps=run)


@pytest.mark.parametrize("style", DECAYS)
@few
@given(bases, st.integers(100, 300), percents, shares)
def test_decays_with_warmup(style: str, base: float, run: int, percent: int, r: float) -> None:
    w = cut(percent, run)

    def theirs(t: int) -> float:
        return base * t / w if t < w else base * (r + (1 - r) * DECAYS[style](min(1, (t - w) / (run - w))))

    power = "power=1.5, " if style == "polynomial" else ""
    agree(f"composer.{style}_with_warmup({percent}%, {power}alpha_f={r!r})", base, run, theirs, total_steps=run)


@few
@given(bases, warms, st.sets(st.integers(1, 40), min_size=1, max_size=4), st.floats(0.05, 1))
def test_others_with_warmup(base: float, w: int, milestones: set[int], gamma: float) -> None:
    at = sorted(milestones)
    agree(f"composer.constant_with_warmup({w}, {gamma!r})", base, w + 9, lambda t: base * gamma * min(1, t / w))
    agree(
        f"composer.multi_step_with_warmup({w}, {at}, {gamma!r})", base, 60, lambda t: base * (t / w if t < w else gamma ** sum(t >= m for m in at))
    )  # fmt: skip


@few
@given(bases, st.integers(4, 40), st.sampled_from([1.0, 1.3, 1.5, 2.0, 2.75]), shares)
def test_warm_restarts(base: float, n: int, mult: float, r: float) -> None:
    def theirs(t: int) -> float:
        start, length = 0, n
        while start + length <= t:
            start, length = start + length, int(mult * length)
        return base * (r + (1 - r) * (1 + math.cos(math.pi * (t - start) / length)) / 2)

    agree(f"composer.cosine_annealing_warm_restarts({n}, {mult!r}, {r!r})", base, 120, theirs)
