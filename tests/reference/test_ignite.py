"""The recipes `ignite.*` against Ignite, tick by tick."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

import lrdsl
from tests.reference.test_systems import bases, few, lengths
from tests.reference.training import optimizer

with warnings.catch_warnings():  # it loads parts of torch that are deprecated
    warnings.simplefilter("ignore")
    from ignite.handlers import param_scheduler as theirs

TICKS = 60
sizes = st.integers(4, 40)
mults = st.sampled_from([1.0, 1.5, 2.0])
factors = st.floats(0.3, 1)


def called(scheduler: Any, opt: Any) -> list[float]:
    """The rates that a scheduler gives to an optimizer, one an event."""
    rates = []
    for _ in range(TICKS):
        scheduler(None)
        rates.append(opt.param_groups[0]["lr"])
    return rates


def agree(text: str, make: Any, base: float = 1.0) -> None:
    opt = optimizer(base)
    expected = called(make(opt), opt)
    np.testing.assert_allclose(lrdsl.parse(text).values(TICKS, base), expected, rtol=0, atol=1e-12 * max(expected), err_msg=text)


@few
@given(bases, bases, sizes, mults)
def test_cycles(first: float, last: float, n: int, mult: float) -> None:
    linear, cosine = theirs.LinearCyclicalScheduler, theirs.CosineAnnealingScheduler
    levels = f"{first!r}, {last!r}, {n}, {mult!r}"
    agree(f"ignite.linear_cyclical({levels})", lambda o: linear(o, "lr", first, last, n, mult))
    agree(f"ignite.linear_cyclical_monotonic({levels})", lambda o: linear(o, "lr", first, last, n, mult, monotonic=True))
    agree(f"ignite.cosine_annealing({levels})", lambda o: cosine(o, "lr", first, last, n, mult))


@few
@given(bases, bases, sizes, mults, factors, factors)
def test_cycles_whose_levels_change(first: float, last: float, n: int, mult: float, a: float, b: float) -> None:
    linear, cosine = theirs.LinearCyclicalScheduler, theirs.CosineAnnealingScheduler
    arguments = f"{first!r}, {last!r}, {n}, {mult!r}, {a!r}, {b!r}"
    agree(f"ignite.linear_cyclical_mult({arguments})", lambda o: linear(o, "lr", first, last, n, mult, a, b))
    agree(f"ignite.cosine_annealing_mult({arguments})", lambda o: cosine(o, "lr", first, last, n, mult, a, b))


@few
@given(bases, bases, sizes, lengths)
def test_cycles_with_a_warmup(first: float, last: float, n: int, w: int) -> None:
    linear, cosine = theirs.LinearCyclicalScheduler, theirs.CosineAnnealingScheduler
    levels = f"{first!r}, {last!r}, {n}, {w}"
    agree(f"ignite.linear_cyclical_warmup({levels})", lambda o: linear(o, "lr", first, last, n, warmup_duration=w, monotonic=True))
    agree(f"ignite.cosine_annealing_warmup({levels})", lambda o: cosine(o, "lr", first, last, n, warmup_duration=w))


@few
@given(bases, bases, st.integers(2, 20), sizes, st.floats(0.8, 1))
def test_with_warmup(base: float, start: float, w: int, n: int, gamma: float) -> None:
    make = theirs.create_lr_scheduler_with_warmup
    agree(f"ignite.with_warmup(exp({gamma!r}), {start!r}, {w})", lambda o: make(lr_scheduler.ExponentialLR(o, gamma), start, w), base)
    agree(
        f"ignite.with_warmup(ignite.cosine_annealing({base!r}, {start!r}, {n}), {start!r}, {w})",
        lambda o: make(theirs.CosineAnnealingScheduler(o, "lr", base, start, n), start, w), base,
    )  # fmt: skip
