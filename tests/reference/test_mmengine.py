"""The recipes `mmengine.*`, tick by tick, against the rules of github.com/open-mmlab/mmengine, mmengine/optim/scheduler/param_scheduler.py.

There, a scheduler changes the value that it finds, from one step to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

import lrdsl
from tests.reference.test_systems import agree, bases, few, lengths, shares
from tests.reference.training import optimizer, reported, stepped

#: What one scheduler makes of a value at a step of its own, counted from `begin`.
Rule = Callable[[float, int], float]
begins = st.integers(0, 5)


def chained(base: float, ticks: int, *schedulers: tuple[int, int, Rule]) -> Sequence[float]:
    """The values under schedulers, each in force from its begin to before its end."""
    value, values = base, []
    for t in range(ticks):
        for begin, end, rule in schedulers:
            value = rule(value, t - begin) if begin <= t < end else value
        values.append(value)
    return values


def linear(n: int, first: float, last: float) -> Rule:
    return lambda value, u: value * (first if u == 0 else 1 + (last - first) / ((n - 1) * first + (u - 1) * (last - first)))


def cosine(base: float, n: int, low: float) -> Rule:
    def rule(value: float, u: int) -> float:
        if u == 0:
            return value
        if (u - 1 - n) % (2 * n) == 0:
            return value + (base - low) * (1 - math.cos(math.pi / n)) / 2
        return (1 + math.cos(math.pi * u / n)) / (1 + math.cos(math.pi * (u - 1) / n)) * (value - low) + low

    return rule


@few
@given(bases, begins, st.integers(2, 40), st.floats(0.1, 1), st.floats(0.1, 1))
def test_factors(base: float, b: int, n: int, first: float, last: float) -> None:
    theirs = chained(base, 60, (b, b + n, linear(n, first, last)))
    agree(f"mmengine.linear({b + n}, {first!r}, {last!r}, {b})", base, 60, theirs.__getitem__)
    theirs = chained(base, 60, (b, b + n, lambda value, u: value * (first if u == 0 else 1 / first if u == n - 1 else 1)))
    agree(f"mmengine.constant({b + n}, {first!r}, {b})", base, 60, theirs.__getitem__)


@few
@given(bases, begins, lengths, st.floats(0.3, 1), st.sets(st.integers(1, 50), min_size=1, max_size=4))
def test_drops(base: float, b: int, n: int, gamma: float, milestones: set[int]) -> None:
    theirs = chained(base, 60, (b, 99, lambda value, u: value * (gamma if u and u % n == 0 else 1)))
    agree(f"mmengine.step({n}, {gamma!r}, {b})", base, 60, theirs.__getitem__)
    theirs = chained(base, 60, (b, 99, lambda value, u: value * (gamma if u in milestones else 1)))
    agree(f"mmengine.multi_step({sorted(milestones)}, {gamma!r}, {b})", base, 60, theirs.__getitem__)
    theirs = chained(base, 60, (b, 99, lambda value, u: value * (gamma if u else 1)))
    agree(f"mmengine.exponential({gamma!r}, {b})", base, 60, theirs.__getitem__)


@few
@given(bases, begins, st.integers(2, 40), shares, st.integers(2, 40), st.floats(0.5, 2))
def test_decays(base: float, b: int, n: int, r: float, half: int, power: float) -> None:
    low = r * base
    theirs = chained(base, 60, (b, b + n, cosine(base, n, low)))
    agree(f"mmengine.cosine_annealing({b + n}, {low!r}, {b})", base, 60, theirs.__getitem__)
    theirs = chained(base, 60, (b, b + n, cosine(base, half, low)))
    agree(f"mmengine.cosine_annealing({b + n}, {low!r}, {b}, {half})", base, 60, theirs.__getitem__)
    theirs = chained(base, 60, (b, b + n, lambda value, u: (value - low) * (1 - 1 / (n - u)) ** power + low if u else value))
    agree(f"mmengine.poly({b + n}, {low!r}, {power!r}, {b})", base, 60, theirs.__getitem__)


@few
@given(bases, st.integers(2, 12), st.integers(2, 40), st.floats(0.1, 0.9), shares, st.floats(0.3, 1), lengths)
def test_lists(base: float, w: int, n: int, first: float, r: float, gamma: float, every: int) -> None:
    """As their comment says they are written: those that follow one another, and those that overlap."""
    low = r * base
    theirs = chained(base, 60, (0, w, linear(w, first, 1)), (w, w + n, cosine(base, n, low)))
    agree(f"mmengine.linear({w}, {first!r}) then mmengine.cosine_annealing({n}, {low!r})", base, 60, theirs.__getitem__)
    theirs = chained(base, 60, (0, w, linear(w, first, 1)), (0, 99, lambda value, u: value * (gamma if u and u % every == 0 else 1)))
    agree(f"mmengine.linear({w}, {first!r}) * mmengine.step({every}, {gamma!r})", base, 60, theirs.__getitem__)


@few
@given(bases, st.integers(20, 60), st.floats(2, 50), st.floats(2, 1e4), st.floats(0.1, 0.45), st.sampled_from(["cos", "linear"]), st.booleans())
def test_one_cycle(peak: float, n: int, div: float, final: float, pct: float, anneal: str, three: bool) -> None:
    """Its class is torch's."""
    text = f"mmengine.one_cycle({peak!r}, {n}, {pct!r}, {anneal}, {div!r}, {final!r}, {'yes' if three else 'no'})"
    theirs = stepped(lambda o: lr_scheduler.OneCycleLR(o, peak, n, None, None, pct, anneal, False, 0.85, 0.95, div, final, three), peak, n - 1)
    np.testing.assert_allclose(lrdsl.parse(text).values(n - 1), theirs, rtol=0, atol=1e-12 * peak, err_msg=text)


@pytest.mark.parametrize("mode", ["min", "max"])
@few
@given(bases, st.integers(0, 4), st.integers(0, 3), st.sampled_from(["rel", "abs"]), st.lists(st.floats(0, 1), min_size=1, max_size=25))
def test_reduce_on_plateau(mode: str, base: float, patience: int, cooldown: int, rule: str, metrics: list[float]) -> None:
    """Its class is torch's."""
    text = f"mmengine.reduce_on_plateau(loss, {mode}, 0.5, {patience}, 0.01, {rule}, {cooldown}, {base / 9!r})"
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer(base), mode, 0.5, patience, 0.01, rule, cooldown, base / 9)
    mine = reported(lrdsl.compile(text, optimizer(base)), metrics)
    np.testing.assert_allclose(mine, reported(theirs, metrics), rtol=0, atol=1e-12 * base, err_msg=text)
