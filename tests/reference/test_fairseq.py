"""The recipes `fairseq.*` and `fvcore.*`, tick by tick, against the formulas of their sources.

github.com/facebookresearch/fairseq, fairseq/optim/lr_scheduler/; github.com/facebookresearch/fvcore, fvcore/common/param_scheduler.py.
"""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, lengths, shares, warms

shrinks = st.floats(0.05, 1)


@few
@given(bases, st.integers(0, 12), lengths, shares, shares, shrinks, st.sampled_from([1, 2, 3]))
def test_cosine(base: float, w: int, n: int, first: float, last: float, shrink: float, mult: int) -> None:
    init, low = first * base, last * base

    def theirs(t: int) -> float:
        if t < w:
            return init + (base - init) * t / w
        u, i, length = t - w, 0, n
        while u >= length:
            u, i, length = u - length, i + 1, length * mult
        return shrink**i * (low + (base - low) * (1 + math.cos(math.pi * u / length)) / 2)

    agree(f"fairseq.cosine({n}, {low!r}, {w}, {init!r}, {mult}, {shrink!r})", base, 100, theirs)


@few
@given(bases, warms, st.integers(1, 6), st.integers(1, 12), shrinks)
def test_fixed(base: float, w: int, force: int, steps: int, shrink: float) -> None:
    agree(f"fairseq.fixed({w})", base, w + 9, lambda t: base * min(1, (t + 1) / w))

    def theirs(t: int) -> float:
        epoch = t // steps + 1
        return base * min(1, (t + 1) / w) * (shrink ** (epoch + 1 - force) if epoch >= force else 1)

    agree(f"fairseq.fixed_force_anneal({force}, {shrink!r}, {w})", base, 80, theirs, steps_per_epoch=steps)


@few
@given(bases, st.integers(0, 12), st.integers(-5, 40), shares, st.floats(0.5, 3))
def test_polynomial_decay(base: float, w: int, more: int, last: float, power: float) -> None:
    end, low = max(w + more, 1), last * base

    def theirs(t: int) -> float:
        if w and t <= w:
            return base * t / w
        return low if t >= end else low + (base - low) * (1 - (t - w) / (end - w)) ** power

    agree(f"fairseq.polynomial_decay({end}, {w}, {low!r}, {power!r})", base, w + 50, theirs)


@few
@given(bases, warms, lengths, shares, shrinks)
def test_inverse_sqrt_and_step(base: float, w: int, n: int, first: float, shrink: float) -> None:
    init = first * base
    agree(f"fairseq.inverse_sqrt({w}, {init!r})", base, 80, lambda t: init + (base - init) * t / w if t < w else base * math.sqrt(w / t))
    agree(
        f"fairseq.step({init!r}, {w}, lr_deacy_period={n}, lr_decay={shrink!r})", base, 80,
        lambda t: init + (base - init) * t / w if t < w else max(base * shrink ** ((t - w) // n), init),
    )  # fmt: skip


@few
@given(bases, st.floats(1.1, 9), st.integers(2, 30), shrinks)
def test_triangular(low: float, ratio: float, period: int, shrink: float) -> None:
    high, half = low * ratio, period // 2

    def theirs(t: int, both: bool) -> float:
        cycle = t // (2 * half)
        bottom, top = low * (shrink**cycle if both else 1), high * shrink**cycle
        return bottom + (top - bottom) * (1 - abs(t / half - 2 * cycle - 1))

    agree(f"fairseq.triangular({high!r}, {period}, {shrink!r})", low, 90, lambda t: theirs(t, False))
    agree(f"fairseq.triangular_shrink_min({high!r}, {period}, {shrink!r})", low, 90, lambda t: theirs(t, True))


@few
@given(bases, st.integers(0, 9), st.integers(0, 9), lengths, st.floats(0.01, 1), st.floats(0.01, 1))
def test_tri_stage(base: float, w: int, s: int, d: int, first: float, last: float) -> None:
    def theirs(t: int) -> float:
        if t < w:
            return base * (first + (1 - first) * t / w)
        return base if t < w + s else base * last ** min(1, (t - w - s) / d)

    agree(f"fairseq.tri_stage({w}, {s}, {d}, {first!r}, {last!r})", base, w + s + d + 9, theirs)


@few
@given(bases, lengths, shares, st.floats(0.01, 1), st.integers(1, 5))
def test_fvcore(first: float, n: int, r: float, decay: float, drops: int) -> None:
    """Over the run: `where` is below 1."""
    last = r * first
    agree(f"fvcore.constant({first!r})", 1.0, n, lambda _: first)
    agree(f"fvcore.linear({first!r}, {last!r}, {n})", 1.0, n, lambda t: last * t / n + first * (1 - t / n))
    agree(f"fvcore.cosine({first!r}, {last!r}, {n})", 1.0, n, lambda t: last + (first - last) * (1 + math.cos(math.pi * t / n)) / 2)
    agree(f"fvcore.exponential({first!r}, {decay!r}, {n})", 1.0, n, lambda t: first * decay ** (t / n))
    agree(f"fvcore.polynomial_decay({first!r}, {3 * decay!r}, {n})", 1.0, n, lambda t: first * (1 - t / n) ** (3 * decay))
    agree(
        f"fvcore.step_with_fixed_gamma({first!r}, {drops}, {decay!r}, {n})", 1.0, n, lambda t: first * decay ** int((t / n + 1e-6) * (drops + 1))
    )  # fmt: skip
