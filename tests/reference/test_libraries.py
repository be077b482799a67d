"""The recipes of further libraries, tick by tick, against the formulas of their sources.

`allennlp.*`: github.com/allenai/allennlp, allennlp/training/learning_rate_schedulers/. `diffusers.*`: github.com/huggingface/diffusers,
src/diffusers/optimization.py. `fastai.*`: github.com/fastai/fastai, fastai/callback/schedule.py. `mlx.*`: github.com/ml-explore/mlx,
python/mlx/optimizers/schedulers.py. `mxnet.*`: github.com/apache/mxnet, python/mxnet/lr_scheduler.py. `torchtune.*`: github.com/pytorch/torchtune,
torchtune/training/lr_schedulers.py. `ultralytics.*`: github.com/ultralytics/ultralytics, ultralytics/engine/trainer.py. `yolox.*`:
github.com/Megvii-BaseDetection/YOLOX, yolox/utils/lr_scheduler.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, lengths, shares, warms

some = st.integers(0, 12)
milestones = st.sets(st.integers(1, 50), min_size=1, max_size=4).map(sorted)


def wave(x: float) -> float:
    return (1 + math.cos(math.pi * x)) / 2


@few
@given(bases, st.integers(4, 30), st.sampled_from([1.0, 1.3, 1.5, 2.0]), shares, st.floats(0.3, 1))
def test_allennlp_cosine(base: float, n: int, mul: float, r: float, shrink: float) -> None:
    low = r * base

    def theirs(t: int) -> float:
        start, cycle, length = 0, 0, n
        while t >= start + length:
            start, cycle = start + length, cycle + 1
            length = int(n * mul**cycle)
        return low + (base * shrink**cycle - low) * wave((t - start) / length)

    agree(f"allennlp.cosine({n}, {mul!r}, {low!r}, {shrink!r})", base, 120, theirs)


@few
@given(bases, some, st.integers(1, 5), st.integers(1, 12), st.floats(0.5, 3), shares)
def test_allennlp_by_the_batch(base: float, w: int, epochs: int, steps: int, power: float, r: float) -> None:
    """The trainer gives the number of a batch, from 1, before its update."""
    n, low = epochs * steps, r * base

    def theirs(step: int, end: float, power: float) -> float:
        if step < w:
            return base * step / w
        return end if step >= n else end + (base - end) * ((n - step) / (n - w)) ** power

    if w < n:
        agree(f"allennlp.polynomial_decay({epochs}, {steps}, {power!r}, {w}, {low!r})", base, n + 9, lambda t: theirs(t + 1, low, power))
        agree(f"allennlp.linear_with_warmup({epochs}, warmup_steps={w})", base, n + 9, lambda t: theirs(t + 1, 0, 1), steps_per_epoch=steps)
    agree(
        f"allennlp.noam(512, {w + 1}, {base!r})", 1.0, 60, lambda t: base * 512**-0.5 * min((t + 1) ** -0.5, (t + 1) * (w + 1) ** -1.5)
    )  # fmt: skip


@few
@given(bases, st.integers(1, 5), st.integers(5, 20), st.sampled_from([0.1, 0.25, 0.5]), st.integers(2, 64), warms, warms)
def test_allennlp_triangles(base: float, epochs: int, steps: int, share: float, ratio: int, down: int, up: int) -> None:
    n = epochs * steps
    cut = int(n * share)

    def theirs(t: int) -> float:
        step = min(t + 1, n)
        return base * (1 + (step / cut if step < cut else 1 - (step - cut) / (n - cut)) * (ratio - 1)) / ratio

    agree(f"allennlp.slanted_triangular({epochs}, {steps}, {share}, {ratio})", base, n + 9, theirs)
    agree(
        f"allennlp.inverted_triangular({down}, {up}, {ratio})", base, down + up + 9,
        lambda t: float(np.interp(t, [0, down, down + up], [base, base / ratio, base])),
    )  # fmt: skip


@few
@given(bases, some, st.integers(-4, 40), shares, st.floats(0.5, 3), st.floats(0.5, 3), st.integers(1, 4))
def test_diffusers_and_torchtune(base: float, w: int, more: int, low: float, high: float, power: float, cycles: int) -> None:
    n = max(w + more, 1)

    def theirs(t: int, level: Callable[[float], float], top: float = 1.0) -> float:
        return base * (top * t / max(1, w) if t < w else level((t - w) / max(1, n - w)))

    def restarted(x: float) -> float:
        return wave(cycles * x % 1.0) if x < 1 else 0

    agree("diffusers.constant()", base, 9, lambda _: base)
    agree(f"diffusers.constant_with_warmup({w})", base, 60, lambda t: theirs(t, lambda _: 1))
    agree(
        f"diffusers.linear({w}, {n}, {low!r}, {high!r})", base, 60,
        lambda t: theirs(t, lambda _: low + (high - low) * max(0, (n - t) / max(1, n - w)), high),
    )  # fmt: skip
    for name in ("diffusers.cosine", "torchtune.cosine_schedule_with_warmup"):
        agree(f"{name}({w}, {n}, {power!r})", base, 60, lambda t: theirs(t, lambda x: wave(2 * power * x)))
    ends = {w + k * (n - w) / cycles for k in range(1, cycles)}  # where rounding decides which cycle a step is in
    agree(f"diffusers.cosine_with_restarts({w}, {n})", base, 60, lambda t: theirs(t, lambda x: wave(x) if x < 1 else 0))
    if all(end % 1 for end in ends):
        agree(f"diffusers.cosine_with_restarts({w}, {n}, {cycles})", base, 60, lambda t: theirs(t, restarted))
    if n > w:
        end = base * low / 9
        agree(
            f"diffusers.polynomial({w}, {n}, {end!r}, {power!r})", base, 60,
            lambda t: theirs(t, lambda x: end / base + (1 - end / base) * max(0, 1 - x) ** power),
        )  # fmt: skip


@few
@given(bases, lengths, st.floats(2, 1e3), st.floats(2, 1e5), st.floats(0.05, 0.95), shares, st.floats(0.5, 3))
def test_fastai(base: float, n: int, div: float, final: float, pct: float, r: float, power: float) -> None:
    def combined(x: float, first: float, middle: float, last: float) -> float:
        return middle + (first - middle) * wave(x / pct) if x < pct else last + (middle - last) * wave((x - pct) / (1 - pct))

    agree(f"fastai.fit_one_cycle({n}, {div!r}, {final!r}, {pct!r})", base, n, lambda t: combined(t / n, base / div, base, base / final))
    agree(f"fastai.fit_one_cycle_mom({n}, 0.9, 0.8, 0.95, {pct!r})", base, n, lambda t: combined(t / n, 0.9, 0.8, 0.95))
    agree(f"fastai.fit_flat_cos({n}, {final!r}, {pct!r})", base, n, lambda t: combined(t / n, base, base, base / final))
    agree(f"fastai.lr_find({base!r}, {final!r}, {n})", 1.0, n, lambda t: base * (final / base) ** (t / max(n, 6)))
    last = r * base
    agree(f"fastai.sched_lin({base!r}, {last!r}, {n})", 1.0, n, lambda t: base + t / n * (last - base))
    agree(f"fastai.sched_cos({base!r}, {last!r}, {n})", 1.0, n, lambda t: last + (base - last) * wave(t / n))
    agree(f"fastai.sched_exp({base!r}, {final!r}, {n})", 1.0, n, lambda t: base * (final / base) ** (t / n))
    agree(f"fastai.sched_poly({base!r}, {last!r}, {power!r}, {n})", 1.0, n, lambda t: base + (last - base) * (t / n) ** power)
    agree(f"fastai.sched_no({base!r}, {n})", 1.0, n, lambda _: base)


@few
@given(bases, st.integers(1, 4), lengths, st.sampled_from([2, 3]))
def test_fastai_sgdr(base: float, cycles: int, n: int, mult: int) -> None:
    def theirs(t: int) -> float:
        length = n
        while t >= length:
            t, length = t - length, length * mult
        return base * wave(t / length)

    agree(f"fastai.fit_sgdr({cycles}, {n}, {mult})", base, min(200, n * (mult**cycles - 1) // (mult - 1)), theirs)


@few
@given(bases, shares, lengths, st.floats(0.1, 1))
def test_mlx(init: float, r: float, n: int, rate: float) -> None:
    end = r * init
    agree(f"mlx.exponential_decay({init!r}, {rate!r})", 1.0, 60, lambda t: init * rate**t)
    agree(f"mlx.step_decay({init!r}, {rate!r}, {n})", 1.0, 60, lambda t: init * rate ** (t // n))
    agree(f"mlx.cosine_decay({init!r}, {n}, {end!r})", 1.0, 60, lambda t: end + (init - end) * wave(min(t, n) / n))
    agree(f"mlx.linear_schedule({end!r}, {init!r}, {n})", 1.0, 60, lambda t: min(t, n) * (init - end) / n + end)


@few
@given(bases, some, lengths, lengths, st.floats(0.3, 1), shares, shares, st.floats(0.5, 3), milestones)
def test_mxnet(base: float, w: int, n: int, more: int, factor: float, first: float, last: float, power: float, at: list[int]) -> None:
    begin, end = first * base, last * base

    def theirs(t: int, level: Callable[[int], float]) -> float:
        update = t + 1
        return begin + (base - begin) * update / w if update < w else level(update)

    def stopped(update: int) -> float:
        return max(base * factor ** ((update - 1) // n), end) if update > n else base

    warm = f"{w}, {begin!r}"
    agree(f"mxnet.factor_scheduler({n}, {factor!r}, {end!r}, {warm})", base, 60, lambda t: theirs(t, stopped))
    agree(f"mxnet.multi_factor_scheduler({at}, {factor!r}, {warm})", base, 60, lambda t: theirs(t, lambda u: base * factor ** sum(u > m for m in at)))
    agree(
        f"mxnet.poly_scheduler({w + more}, {power!r}, {end!r}, {warm})", base, 60,
        lambda t: theirs(t, lambda u: end + (base - end) * (1 - min(1, (u - w) / more)) ** power),
    )  # fmt: skip
    agree(f"mxnet.cosine_scheduler({w + more}, {end!r}, {warm})", base, 60, lambda t: theirs(t, lambda u: end + (base - end) * wave(min(1, (u - w) / more))))


@pytest.mark.parametrize("cosine", [False, True])
@few
@given(bases, st.integers(1, 6), st.integers(1, 12), shares, st.sampled_from([0, 0.3, 1, 3.0]), st.sampled_from([0.0, 0.01, 0.1]))
def test_ultralytics(cosine: bool, base: float, epochs: int, batches: int, lrf: float, warm: float, bias: float) -> None:
    nw = math.floor(min(warm, epochs - 1) * batches + 0.5)

    def factor(epoch: int) -> float:
        return wave(epoch / epochs) * (1 - lrf) + lrf if cosine else max(1 - epoch / epochs, 0) * (1 - lrf) + lrf

    def theirs(t: int, start: float) -> float:
        rate = base * factor(t // batches)
        return start + (rate - start) * t / nw if t < nw else rate

    style, arguments = "cosine" if cosine else "linear", f"{epochs}, {lrf!r}, {warm!r}"
    agree(f"ultralytics.{style}({arguments})", base, epochs * batches, lambda t: theirs(t, 0), steps_per_epoch=batches)
    agree(f"ultralytics.bias_{style}({arguments}, {bias!r})", base, epochs * batches, lambda t: theirs(t, bias), steps_per_epoch=batches)
    agree(
        f"ultralytics.momentum({epochs}, {warm!r}, {0.8 * base!r})", base, epochs * batches,
        lambda t: base * (0.8 + 0.2 * t / nw if t < nw else 1), steps_per_epoch=batches,
    )  # fmt: skip


@few
@given(bases, some, lengths, some, shares, shares, st.floats(0.1, 1), milestones)
def test_yolox(base: float, w: int, more: int, last: int, first: float, r: float, gamma: float, at: list[int]) -> None:
    n, init, low = w + more, first * base, r * base
    agree(f"yolox.cos({n})", base, n, lambda t: base * wave(t / n))
    agree(f"yolox.warmcos({n}, {w}, {init!r})", base, n, lambda t: init + (base - init) * t / w if t <= w and w else base * wave((t - w) / more))
    agree(f"yolox.multistep({at}, {gamma!r})", base, 60, lambda t: base * gamma ** sum(t >= m for m in at))

    def theirs(t: int) -> float:
        if w and t <= w:
            return init + (base - init) * (t / w) ** 2
        return low + (base - low) * wave((t - w) / more) if t < n else low

    agree(f"yolox.yoloxwarmcos({n + last}, {w}, {last}, {init!r}, {r!r})", base, n + last, theirs)


@few
@given(bases, st.integers(1, 6), st.integers(4, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), shares)
def test_yolox_of_two_lengths(base: float, w: int, per: int, semi: int, first: int, second: int, last: int, r: float) -> None:
    """Epochs of `per` iterations, `second` of `semi`, and `last` without augmentation."""
    w = min(w, first * per)
    n, normal, more = per * (first + second + last), first * per, second * semi
    low = r * base

    def theirs(t: int) -> float:
        if t <= w:
            return base * (t / w) ** 2
        if t >= normal + more:
            return low
        done = t - w if t <= normal else normal - w + (t - normal) * per / semi
        return low + (base - low) * wave(done / (n - w - last * per))

    text = f"yolox.yoloxsemiwarmcos({n}, {w}, {last * per}, {normal}, {more}, {per}, {semi}, min_lr_ratio={r!r})"
    agree(text, base, normal + more + 9, theirs)
