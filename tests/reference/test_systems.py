"""Schedules of systems that are not installed here, tick by tick: those of the table of peers, and texts that show what the language can say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects.matching import spelled
from lrdsl.syntax import canonical, parse
from tests.drawing import examples
from tests.reference import formulas
from tests.reference.peers import DINO, NANOGPT, NEMO, OPEN_CLIP, PEERS, TITAN, peer

few = examples(30)
bases = st.floats(1e-5, 10)
shares = st.sampled_from([0.0, 0.01, 0.1, 0.5])
warms = st.integers(1, 20)
lengths = st.integers(1, 40)


def agree(text: str, base: float, ticks: int, theirs: Callable[[int], float], **clock: int) -> None:
    expected = [theirs(t) for t in range(ticks)]
    mine = lrdsl.parse(text, **clock).values(ticks, base)  # type: ignore[arg-type]
    np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-12 * max(map(abs, expected)), err_msg=text)


@few
@given(bases, warms, lengths, lengths, shares, st.sampled_from(["linear", "sqrt", "cosine"]))
def test_torchtitan(base: float, w: int, s: int, d: int, r: float, kind: str) -> None:
    text = peer(TITAN, "warmup_stable_decay").written(n=w + s + d - 1, w=w, d=d, r=r).replace("torchtitan.linear", f"torchtitan.{kind}")
    agree(text, base, w + s + d + 5, lambda t: formulas.torchtitan(t, base, w, s, d, r, kind))


@few
@given(bases, st.integers(0, 20), lengths, shares)
def test_nanogpt_and_nemo(base: float, w: int, n: int, r: float) -> None:
    n, m = w + n, r * base
    agree(peer(NANOGPT, "get_lr").written(w=w, n=n, m=m), base, n + 9, lambda t: formulas.nanogpt(t, base, w, n, m))
    agree(peer(NEMO, "CosineAnnealing").written(w=w, n=n, m=m), base, n + 9, lambda t: formulas.nemo(t, base, w, n, m))


@few
@given(bases, warms, lengths, shares, shares)
def test_dino(base: float, w: int, n: int, start: float, end: float) -> None:
    """utils.py of DINO, cosine_scheduler: a warmup by numpy.linspace, then a cosine."""
    fall = np.arange(n)
    table = np.concatenate([np.linspace(start * base, base, w), end * base + 0.5 * (base - end * base) * (1 + np.cos(np.pi * fall / n))])
    agree(peer(DINO, "cosine_scheduler").written(w=w, n=w + n, s=start * base, m=end * base), base, w + n, lambda t: float(table[t]))


@few
@given(bases, warms, lengths)
def test_open_clip(base: float, w: int, n: int) -> None:
    agree(peer(OPEN_CLIP, "cosine_lr").written(w=w, n=w + n), base, w + n, lambda t: formulas.open_clip(t, base, w, w + n))


def test_each_way_to_count_is_in_the_table() -> None:
    values = {"n": 100, "w": 10, "d": 20, "r": 0.1, "m": 0.1, "s": 0.1}
    here = [canonical(spelled(parse(p.written(**values)))) for p in PEERS]
    assert {way for way in ("end", "both", "neither") if any(f"touches={way}" in text for text in here)} == {"end", "both", "neither"}


@few
@given(bases, st.integers(0, 20), lengths, lengths, shares)
def test_megatron_wsd_with_exponential_decay(base: float, w: int, s: int, d: int, r: float) -> None:
    text = f"warmup({w}) then hold({s}) then scale(2 * 0.5^(t / {d}) - 1, to={r}x) for {d}"
    agree(text, base, w + s + d + 9, lambda t: formulas.megatron_wsd(t, base, w, w + s + d, d, r * base))


@few
@given(bases, warms, lengths, st.floats(0.001, 1))
def test_detectron2_cosine(base: float, w: int, n: int, f: float) -> None:
    n += w
    text = f"hold(0, at=(cosine({n}) at {w})) then warmup({w}, from={f!r}x) then restart skip({w}, cosine({n}))"
    agree(text, base, n + 9, lambda t: formulas.detectron2_cosine(t, base, w, n, f))


@few
@given(bases, st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.sampled_from([0.0, 0.01, 0.1]), shares)
def test_ultralytics_bias_group(base: float, warm: int, more: int, steps: int, first: float, lrf: float) -> None:
    epochs = warm + more
    text = f"sum(linear({warm}ep, from={first!r}), every(1ep, linear({epochs}ep, to={lrf}x)) * (warmup({warm}ep) then hold))"
    agree(text, base, epochs * steps, lambda t: formulas.ultralytics_bias(t, base, warm * steps, epochs, steps, first, lrf), steps_per_epoch=steps)


@few
@given(bases, st.integers(2, 12), st.sampled_from([1.0, 1.5, 1.7, 2.0, 2.25]), shares)
def test_composer_cycles_of_whole_ticks(base: float, first: int, mult: float, floor: float) -> None:
    text = f"restarts(cosine({first}, to={floor}x), stretch={mult}, cut=chain)"
    agree(text, base, 150, lambda t: formulas.composer_restarts(t, base, first, mult, floor))


@few
@given(bases, st.integers(1, 20), st.floats(0.5, 1), st.booleans(), shares)
def test_fairseq_triangular(high: float, half: int, shrink: float, shrinks_min: bool, share: float) -> None:
    low = share * high
    text = f"restarts(linear({half}, from={low!r}, to=1x) then linear({half}, to={low!r}), decay={shrink!r}, floor={'decays' if shrinks_min else 'fixed'})"
    text = text.replace(f"linear({half}, from={low!r}, to=1x)", f"warmup({half}, from={low!r})")
    agree(text, high, 120, lambda t: formulas.fairseq_triangular(t, low, high, half, shrink, shrinks_min))


@pytest.mark.parametrize(
    ("factors", "text"),
    [
        ("constant * linear_warmup * rsqrt_decay", "(warmup(16) then hold) * (hold(16) then rsqrt(16)) / sqrt(16)"),
        ("constant * linear_warmup * rsqrt_normalized_decay", "(warmup(16) then hold) * (hold(16) then rsqrt(16))"),
        ("constant * linear_warmup * decay_every", "(warmup(16) then hold) * step(20, 0.5)"),
        ("constant * linear_warmup * cosine_decay", "(warmup(16) then hold) * (hold(16) then restarts(cosine(50)))"),
    ],
)
def test_t5x_factors(factors: str, text: str) -> None:
    agree(text, 0.7, 150, lambda t: formulas.t5x(t, 0.7, 16, factors))
