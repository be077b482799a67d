"""Every schedule of transformers' `get_scheduler`, step by step, but the greedy one, which looks at a loss that it smooths and tries rates out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import SchedulerType
from transformers.optimization import get_scheduler, get_wsd_schedule

import lrdsl
from lrdsl.dialects.transformers import TYPES
from tests.reference.peers import HF, text_of
from tests.reference.training import optimizer, reported, stepped

bases = st.floats(1e-5, 10)
warms = st.integers(0, 30)
lengths = st.integers(1, 60)
#: A run of fewer steps than its warmup, too.
totals = st.integers(1, 60)
shares = st.one_of(st.just(0.0), st.floats(1e-9, 1.0))
cycles = st.sampled_from([0.5, 1.0, 1.5, 2.5, 0.3])


def theirs(name: str, base: float, warm: int, total: int | None, ticks: int, **options: Any) -> list[float]:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        return get_scheduler(name, optimizer, num_warmup_steps=warm, num_training_steps=total, scheduler_specific_kwargs=options)

    return stepped(make, base, ticks)


def agree(text: str, base: float, expected: list[float]) -> None:
    found = lrdsl.parse(text).values(len(expected), base)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(map(abs, expected)), err_msg=text)


def test_every_type_is_in_the_table() -> None:
    assert set(TYPES) == {t.value for t in SchedulerType}


@given(bases, st.floats(0.05, 0.95), st.integers(0, 4), st.lists(st.floats(0, 1), max_size=60))
def test_reduce_lr_on_plateau(base: float, factor: float, patience: int, losses: list[float]) -> None:
    theirs = get_scheduler("reduce_lr_on_plateau", optimizer(base), scheduler_specific_kwargs={"factor": factor, "patience": patience})
    mine = lrdsl.compile(text_of(HF, "reduce_lr_on_plateau", factor=factor, patience=patience), optimizer(base))
    assert reported(mine, losses) == reported(theirs, losses)


@given(bases, warms)
def test_constant(base: float, warm: int) -> None:
    agree(text_of(HF, "constant"), base, theirs("constant", base, 0, None, 50))
    agree(text_of(HF, "constant_with_warmup", num_warmup_steps=warm), base, theirs("constant_with_warmup", base, warm, None, 60))


@given(bases, warms, totals)
def test_linear(base: float, warm: int, n: int) -> None:
    agree(text_of(HF, "linear", num_warmup_steps=warm, num_training_steps=n), base, theirs("linear", base, warm, n, warm + n + 20))


@given(bases, warms, totals, cycles)
def test_cosine(base: float, warm: int, n: int, c: float) -> None:
    agree(text_of(HF, "cosine", num_warmup_steps=warm, num_training_steps=n, num_cycles=c), base, theirs("cosine", base, warm, n, warm + 2 * n, num_cycles=c))


@given(bases, warms, totals, st.sampled_from([1, 2, 4]))
def test_cosine_with_restarts_in_a_short_run(base: float, warm: int, n: int, k: int) -> None:
    warm += n
    agree(
        text_of(HF, "cosine_with_restarts", num_warmup_steps=warm, num_training_steps=n, num_cycles=k),
        base,
        theirs("cosine_with_restarts", base, warm, n, warm + 9, num_cycles=k),
    )


@given(bases, warms, st.integers(0, 4), st.sampled_from([1, 2, 4]))
def test_cosine_with_restarts(base: float, warm: int, e: int, k: int) -> None:
    # Lengths of a power of two, so that transformers' progress is exact too: else it may see the end of a cycle one step late.
    total = warm + 2**e * k
    agree(
        text_of(HF, "cosine_with_restarts", num_warmup_steps=warm, num_training_steps=total, num_cycles=k),
        base,
        theirs("cosine_with_restarts", base, warm, total, total + 9, num_cycles=k),
    )


@given(bases, warms, totals, shares, st.floats(0.1, 4.0))
def test_polynomial(base: float, warm: int, n: int, share: float, power: float) -> None:
    n += n == warm  # there, transformers divides by 0
    end = 0.9 * share * base
    text = text_of(HF, "polynomial", num_warmup_steps=warm, num_training_steps=n, lr_end=end, power=power)
    agree(text, base, theirs("polynomial", base, warm, n, warm + n + 9, lr_end=end, power=power))


@given(bases, warms, st.integers(1, 500))
def test_inverse_sqrt(base: float, warm: int, timescale: int) -> None:
    agree(text_of(HF, "inverse_sqrt", num_warmup_steps=warm, timescale=timescale), base, theirs("inverse_sqrt", base, warm, None, 200, timescale=timescale))
    agree(f"hf.inverse_sqrt({warm})", base, theirs("inverse_sqrt", base, warm, None, 200))


@given(bases, warms, totals, cycles, shares)
def test_cosine_with_min_lr(base: float, warm: int, n: int, c: float, r: float) -> None:
    text = text_of(HF, "cosine_with_min_lr", num_warmup_steps=warm, num_training_steps=n, num_cycles=c, min_lr_rate=r)
    agree(text, base, theirs("cosine_with_min_lr", base, warm, n, warm + 2 * n, num_cycles=c, min_lr_rate=r))


@given(bases, warms, totals, cycles, shares, st.one_of(st.none(), st.floats(0.01, 1.0)))
def test_cosine_warmup_with_min_lr(base: float, warm: int, n: int, c: float, r: float, start: float | None) -> None:
    given = {"num_warmup_steps": warm, "num_training_steps": n, "num_cycles": c, "min_lr_rate": r, "warmup_lr_rate": start}
    text = text_of(HF, "cosine_warmup_with_min_lr", **given)
    options = {"num_cycles": c, "min_lr_rate": r} | ({} if start is None else {"warmup_lr_rate": start})
    agree(text, base, theirs("cosine_warmup_with_min_lr", base, warm, n, warm + 2 * n, **options))


@given(
    bases,
    warms,
    st.integers(-40, 30),
    st.integers(0, 60),
    shares,
    cycles,
    st.sampled_from(["linear", "cosine", "1-sqrt"]),
    st.sampled_from(["linear", "cosine", "1-sqrt"]),
)
def test_warmup_stable_decay(base: float, warm: int, stable: int, decay: int, r: float, c: float, rise: str, fall: str) -> None:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        waves = c if fall == "cosine" else 0.5
        return get_wsd_schedule(optimizer, warm, decay, num_stable_steps=stable, warmup_type=rise, decay_type=fall, min_lr_ratio=r, num_cycles=waves)

    expected = stepped(make, base, warm + max(stable, 0) + decay + 10)
    text = text_of(
        HF,
        "warmup_stable_decay",
        num_warmup_steps=warm,
        num_stable_steps=stable,
        num_decay_steps=decay,
        min_lr_ratio=r,
        num_cycles=c,
        warmup_type=rise,
        decay_type=fall,
    )
    agree(text, base, expected)


@pytest.mark.parametrize(
    ("text", "name", "warm", "total"),
    [("hf.linear(500, 10)", "linear", 500, 10), ("hf.cosine(10, 10)", "cosine", 10, 10), ("hf.inverse_sqrt(0)", "inverse_sqrt", 0, None)],
)
def test_a_smoke_test_of_ten_steps_runs_with_the_text_of_the_whole_run(text: str, name: str, warm: int, total: int | None) -> None:
    agree(text, 0.1, theirs(name, 0.1, warm, total, 12))


def test_a_negative_stable_phase_begins_the_decay_before_the_warmup_ends() -> None:
    expected = stepped(lambda o: get_wsd_schedule(o, 5, 8, num_training_steps=10), 0.1, 15)
    agree("hf.wsd(5, 10-5-8, 8)", 0.1, expected)
