"""The recipes `paddle.*`, tick by tick: those that PaddlePaddle has from torch against torch, others against the formulas of github.com/PaddlePaddle/Paddle.

They stand in python/paddle/optimizer/lr.py, where the tick is last_epoch.
"""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

import lrdsl
from tests.reference.test_systems import agree, bases, few, lengths, shares, warms
from tests.reference.training import stepped

gammas = st.floats(0.05, 1)


@few
@given(bases, st.integers(16, 1024), warms)
def test_noam(rate: float, d: int, w: int) -> None:
    agree(f"paddle.noam_decay({d}, {w}, {rate!r})", 1.0, 60, lambda t: rate * d**-0.5 * min(1 if t == 0 else t**-0.5, t * w**-1.5))


@few
@given(bases, gammas, lengths, st.sets(st.integers(1, 50), min_size=1, max_size=4))
def test_decays(rate: float, gamma: float, n: int, milestones: set[int]) -> None:
    at = sorted(milestones)
    agree(f"paddle.natural_exp_decay({rate!r}, {gamma!r})", 1.0, 60, lambda t: rate * math.exp(-gamma * t))
    agree(f"paddle.inverse_time_decay({rate!r}, {gamma!r})", 1.0, 60, lambda t: rate / (1 + gamma * t))
    agree(f"paddle.exponential_decay({rate!r}, {gamma!r})", 1.0, 60, lambda t: rate * gamma**t)
    agree(f"paddle.step_decay({rate!r}, {n}, {gamma!r})", 1.0, 60, lambda t: rate * gamma ** (t // n))
    agree(f"paddle.multi_step_decay({rate!r}, {at}, {gamma!r})", 1.0, 60, lambda t: rate * gamma ** sum(t >= m for m in at))


@few
@given(bases, lengths, shares, st.floats(0.5, 3))
def test_polynomial(rate: float, n: int, r: float, power: float) -> None:
    end = r * rate
    agree(f"paddle.polynomial_decay({rate!r}, {n}, {end!r}, {power!r})", 1.0, n + 9, lambda t: (rate - end) * (1 - min(t, n) / n) ** power + end)
    agree(
        f"paddle.polynomial_decay_cycle({rate!r}, {n}, {end!r}, {power!r})", 1.0, 3 * n + 9,
        lambda t: (rate - end) * (1 - t / (n * (math.ceil(t / n) if t else 1))) ** power + end,
    )  # fmt: skip


@few
@given(bases, warms, shares, gammas, lengths)
def test_linear_warmup(rate: float, w: int, r: float, gamma: float, n: int) -> None:
    start, end = r * rate, 1.5 * rate
    agree(
        f"paddle.linear_warmup(paddle.step_decay({rate!r}, {n}, {gamma!r}), {w}, {start!r}, {end!r})", 1.0, 60,
        lambda t: start + (end - start) * t / w if t < w else rate * gamma ** ((t - w) // n),
    )  # fmt: skip


@few
@given(bases, st.integers(20, 60), st.floats(2, 50), st.floats(2, 1e4), st.floats(0.1, 0.45), st.sampled_from(["cos", "linear"]), st.booleans())
def test_one_cycle(peak: float, n: int, div: float, final: float, pct: float, anneal: str, three: bool) -> None:
    end = peak / div / final
    text = f"paddle.one_cycle_lr({peak!r}, {n}, {div!r}, {end!r}, {pct!r}, {anneal}, {'yes' if three else 'no'})"
    theirs = stepped(lambda o: lr_scheduler.OneCycleLR(o, peak, n, None, None, pct, anneal, False, 0.85, 0.95, div, final, three), peak, n - 1)
    np.testing.assert_allclose(lrdsl.parse(text).values(n - 1), theirs, rtol=0, atol=1e-12 * peak, err_msg=text)


@few
@given(bases, shares, lengths, st.integers(1, 20), st.sampled_from(["triangular", "triangular2", "exp_range"]), st.floats(0.9, 1), st.sampled_from([1, 2]))
def test_those_of_torch(high: float, r: float, up: int, down: int, mode: str, gamma: float, mult: int) -> None:
    low = r * high
    for text, make in {
        f"paddle.cyclic_lr({low!r}, {high!r}, {up}, {down}, {mode}, {gamma!r})": lambda o: lr_scheduler.CyclicLR(
            o, low, high, up, down, mode, gamma, cycle_momentum=False
        ),
        f"paddle.cosine_annealing_decay({high!r}, {up}, {low!r})": lambda o: lr_scheduler.CosineAnnealingLR(o, up, low),
        f"paddle.cosine_annealing_warm_restarts({high!r}, {up}, {mult}, {low!r})": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, up, mult, low),
        f"paddle.linear_lr({high!r}, {up})": lambda o: lr_scheduler.LinearLR(o, total_iters=up),
    }.items():
        theirs = stepped(make, high, 60)  # type: ignore[no-untyped-call]
        np.testing.assert_allclose(lrdsl.parse(text).values(60), theirs, rtol=0, atol=1e-12 * high, err_msg=text)
