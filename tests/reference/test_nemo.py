"""The recipes `nemo.*`, tick by tick, against the formulas of github.com/NVIDIA/NeMo, nemo/core/optim/lr_scheduler.py, whose step is the tick."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, lengths, shares, warms

#: The policies that all have the same warmup, and the same end.
POLICIES = (
    "warmup_policy", "square_annealing", "square_root_annealing", "cosine_annealing", "warmup_annealing", "inverse_square_root_annealing", "polynomial_decay_annealing",
)  # fmt: skip


def policy(name: str, base: float, t: int, w: int, n: int, low: float) -> float:
    """The rate of a policy behind its warmup of w steps, in a run of n."""
    done = (t - w) / (n - w)
    match name:
        case "square_annealing":
            return max(base * (1 - done) ** 2, low)
        case "square_root_annealing":
            return max(base * math.sqrt((n - t) / n), low)
        case "cosine_annealing":
            return low + (base - low) * (1 + math.cos(math.pi * done)) / 2
        case "inverse_square_root_annealing":
            return base / math.sqrt((t + 1) / (w + 1))
        case "warmup_annealing" | "polynomial_decay_annealing":
            return low + (base - low) * (1 - done)
    return base


@pytest.mark.parametrize("name", POLICIES)
@few
@given(bases, st.integers(0, 12), lengths, shares)
def test_policies(name: str, base: float, w: int, more: int, r: float) -> None:
    n, low = w + more, r * base

    def theirs(t: int) -> float:
        if w and t <= w:
            return base * (t + 1) / (w + 1)
        return low if t > n else policy(name, base, t, w, n, low)

    agree(f"nemo.{name}({n}, {w}, {low!r})", base, n + 9, theirs)


@few
@given(bases, warms, st.integers(0, 20), lengths, shares, st.floats(0.3, 2))
def test_policies_that_hold(base: float, w: int, hold: int, more: int, r: float, power: float) -> None:
    n, low = w + hold + more, r * base

    def theirs(t: int, rule: Callable[[int], float]) -> float:
        if t <= w:
            return base * (t + 1) / (w + 1)
        return base if t < w + hold else low if t > n else rule(t)

    agree(
        f"nemo.noam_hold_annealing({n}, {w}, {hold}, {power!r}, {low!r})", base, n + 9,
        lambda t: theirs(t, lambda t: max(low, base * max(1, w**power) / max(1, (t - hold) ** power))),
    )  # fmt: skip
    agree(
        f"nemo.polynomial_hold_decay_annealing({n}, {w}, {hold}, {low!r}, {power!r})", base, n + 9,
        lambda t: theirs(t, lambda t: low + (base - low) * (1 - (t - w - hold) / more) ** power),
    )  # fmt: skip


@few
@given(bases, st.integers(0, 12), st.integers(1, 20), lengths, shares)
def test_cosine_with_constant_steps(base: float, w: int, constant: int, more: int, r: float) -> None:
    low = r * base

    def theirs(t: int) -> float:
        if w and t <= w:
            return base * t / w
        return low + (base - low) * (1 + math.cos(math.pi * min(1, (t - w) / more))) / 2

    agree(f"nemo.cosine_annealing_constant({w + more + constant}, {constant}, {w}, {low!r})", base, w + more + constant + 9, theirs)


@few
@given(bases, st.integers(16, 1024), warms, shares)
def test_noam(base: float, d: int, w: int, r: float) -> None:
    low = r * base / math.sqrt(d * w)

    def theirs(t: int) -> float:
        step = max(1, t)
        level = base * d**-0.5 * min(step**-0.5, step * w**-1.5)
        return max(level, low) if step > w else level

    agree(f"nemo.noam_annealing({d}, {w}, {low!r})", base, 90, theirs)


@few
@given(st.integers(1, 20), lengths, shares)
def test_t5(constant: int, more: int, low: float) -> None:
    agree(
        f"nemo.t5_inverse_square_root_annealing({constant + more}, {constant}, {low!r})", 1.0, constant + more + 9,
        lambda t: 1 / math.sqrt(constant) if t <= constant else low if t > constant + more else 1 / math.sqrt(t),
    )  # fmt: skip
