"""The recipes of systems that train language models, tick by tick, against the formulas of their sources.

`levanter.*`: github.com/stanford-crfm/levanter, src/levanter/optim/config.py. `olmo.*`: github.com/allenai/OLMo-core, src/olmo_core/optim/scheduler.py, and
olmo/optim.py of github.com/allenai/OLMo. `torchtitan.*`: github.com/pytorch/torchtitan, torchtitan/components/optimizer/lr_scheduler.py. `nanotron.*`:
github.com/huggingface/nanotron, src/nanotron/helpers.py. `llmc.*`: github.com/karpathy/llm.c, llmc/schedulers.h. `openclip.*`: github.com/mlfoundations/open_clip,
src/open_clip_train/scheduler.py.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.test_systems import agree, bases, few, lengths, shares, warms

DECAYS = {"linear": lambda x: 1 - x, "cosine": lambda x: (1 + math.cos(math.pi * x)) / 2, "sqrt": lambda x: 1 - math.sqrt(x)}
some = st.integers(0, 12)


@pytest.mark.parametrize("style", ["constant", "cosine", "linear", "inv_sqrt", "inv"])
@few
@given(bases, some, some, lengths, st.sampled_from([0.01, 0.1, 0.5]))
def test_levanter(style: str, base: float, w: int, s: int, d: int, r: float) -> None:
    low = r * base

    def theirs(t: int) -> float:
        u = t - w - s
        if t < w:
            return base * t / w
        if u < 0 or style == "constant":
            return base
        if style == "inv_sqrt":
            return max(base * min(1, 1 / math.sqrt(max(u + w, 1) / 10_000)), low)
        if style == "inv":
            return max(base * min(1, 1 / ((base / low - 1) * max(u, 1) / d + 1)), low)
        return low + (base - low) * DECAYS[style](min(1, u / d))

    arguments = f"{w + s + d}, {w}" + ("" if style == "constant" else f", {d}, {r!r}")
    agree(f"levanter.{style}({arguments})", base, w + s + d + 60, theirs)


@few
@given(bases, st.integers(100, 400))
def test_levanter_warms_up_for_a_hundredth(base: float, n: int) -> None:
    w = int(0.01 * n)
    agree(f"levanter.linear({n}, min_lr_ratio=0)", base, n, lambda t: base * (t / w if t < w else 1 - (t - w) / (n - w)))


def risen(step: int, w: int, low: float, peak: float) -> float:
    return low + (peak - low) * min(step, w) / w


@few
@given(bases, warms, lengths, shares, st.sampled_from([0.0, 0.01, 0.1]))
def test_olmo(base: float, w: int, more: int, r: float, first: float) -> None:
    """The trainer counts a step before it sets the rate."""
    n, end, init = w + more, r * base, first * base

    def theirs(t: int, level: str) -> float:
        step = t + 1
        if step < w:
            return risen(step, w, init, end + (base - end) / 2 if level == "half" else base)
        x = min(1, (step - w) / more)
        return (
            end
            + (base - end) * {"half": (1 + math.cos(math.pi * (1 + x) / 2)) / 2, "inv_sqrt": math.sqrt(w / step), **{k: f(x) for k, f in DECAYS.items()}}[level]
        )

    options = f"{r!r}, {init!r}"
    agree(f"olmo.constant_with_warmup({w}, {init!r})", base, n, lambda t: risen(t + 1, w, init, base))
    agree(f"olmo.linear_with_warmup({n}, {w}, {options})", base, n + 9, lambda t: theirs(t, "linear"))
    agree(f"olmo.cos_with_warmup({n}, {w}, {options})", base, n + 9, lambda t: theirs(t, "cosine"))
    agree(f"olmo.half_cos_with_warmup({n}, {w}, {options})", base, n + 9, lambda t: theirs(t, "half"))
    agree(f"olmo.inv_sqrt_with_warmup({w}, {options})", base, n + 9, lambda t: theirs(t, "inv_sqrt"))
    agree(f"olmo.exponential({n}, {base / 50!r})", base, n + 9, lambda t: base * 50 ** (min(1, (t + 1) / n) - 1))


@few
@given(bases, warms, some, lengths, shares, shares, st.floats(-0.9, -0.1))
def test_olmo_that_decays_to_the_end(base: float, w: int, s: int, d: int, r: float, last: float, b: float) -> None:
    n, low = w + s + d, last * base * 0.01

    def theirs(t: int, main: str) -> float:
        def level(step: int) -> float:
            if main == "cosine":
                return base * (r + (1 - r) * DECAYS["cosine"]((step - w) / (n - w)))
            return base * (step / w) ** b if main == "power" else base

        step = t + 1
        if step < n - d or (step == n - d and step <= w):
            return base * step / w if step <= w else level(step)
        return low + (level(n - d) - low) * (n - step) / d

    agree(f"olmo.wsd({n}, {w}, {d}, decay_min_lr={low!r})", base, n, lambda t: theirs(t, "wsd"))
    agree(f"olmo.cos_with_warmup_and_linear_decay({n}, {w}, {d}, {r!r}, decay_min_lr={low!r})", base, n, lambda t: theirs(t, "cosine"))
    agree(f"olmo.power_lr({n}, {w}, {d}, {b!r}, decay_min_lr={low!r})", base, n, lambda t: theirs(t, "power"))


@few
@given(bases, warms, st.integers(-8, -1), lengths)
def test_olmo_wsd_whose_decay_is_too_long(base: float, w: int, s: int, d: int) -> None:
    n = max(w + s + d, w)
    agree(f"olmo.wsd({n}, {w}, {d})", base, n, lambda t: base * ((t + 1) / w if t < w else min(1, (n - t - 1) / d)))


@pytest.mark.parametrize("style", DECAYS)
@few
@given(bases, some, lengths, st.integers(0, 60), shares)
def test_torchtitan(style: str, base: float, warm: int, total: int, decay: int, r: float) -> None:
    """Over the run; the warmup and the decay may be longer than it."""
    w = min(warm, total)
    d = min(decay, total - w)
    stable = total + 1 - w - d

    def theirs(t: int) -> float:
        if t < w + stable:
            return base * min(1, (t + 1) / max(w, 1))
        return base * (r + (1 - r) * DECAYS[style]((t + 1 - w - stable) / d))

    agree(f"torchtitan.{style}({total}, {warm}, {decay}, {r!r})", base, total, theirs)


def test_torchtitan_s_own_tests() -> None:
    """Those of its tests/unit_tests/test_lr_scheduler.py."""
    for text, expected in {
        "torchtitan.linear(10, 2)": [0.5, 1.0, 1.0, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8],
        "torchtitan.linear(10, 2, 5)": [0.5, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2],
        "torchtitan.linear(5, 10)": [0.2, 0.4, 0.6, 0.8, 1.0],
        "torchtitan.linear(10, 2, 0)": [0.5, *[1.0] * 9],
        "torchtitan.linear(10, 5, 8)": [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2],
    }.items():
        agree(text, 0.1, len(expected), lambda t, expected=expected: 0.1 * expected[t])  # type: ignore[misc]


@pytest.mark.parametrize("style", DECAYS)
@few
@given(bases, some, lengths, st.one_of(st.none(), st.integers(0, 40)), shares)
def test_nanotron(style: str, base: float, w: int, n: int, starting: int | None, r: float) -> None:
    start, low = w if starting is None else starting, r * base

    def theirs(t: int) -> float:
        if t <= w:
            return base * t / max(w, 1)
        if t < start:
            return base
        return low + (base - low) * DECAYS[style]((t - start) / n) if t < start + n else low

    options = f"{w}, {n}, {low!r}" if starting is None else f"{w}, {n}, {starting}, {low!r}"
    options = options.replace(f"{n}, {low!r}", f"{n}, min_decay_lr={low!r}") if starting is None else options
    agree(f"nanotron.{'one_minus_sqrt' if style == 'sqrt' else style}({options})", base, 90, theirs)


@few
@given(bases, some, lengths, shares)
def test_llmc(base: float, w: int, more: int, r: float) -> None:
    n = w + more

    def theirs(t: int, style: str) -> float:
        fall = n * 4 // 5 if style == "sqrt" else w
        if t < w:
            return base * (t + 1) / w
        return base if t < fall else base * (r + (1 - r) * DECAYS[style]((t - fall) / (n - fall)))

    agree("llmc.constant()", base, 9, lambda _: base)
    agree(f"llmc.cosine({w}, {n}, {r!r})", base, n, lambda t: theirs(t, "cosine"))
    agree(f"llmc.linear({w}, {n}, {r!r})", base, n, lambda t: theirs(t, "linear"))
    agree(f"llmc.wsd({w}, {n}, {r!r})", base, n, lambda t: theirs(t, "sqrt"))


@few
@given(bases, some, lengths, st.integers(1, 50), st.floats(0.5, 2), shares)
def test_openclip(base: float, w: int, more: int, cool: int, power: float, r: float) -> None:
    n, low = w + more, r * base
    start = n - min(cool, n)

    def theirs(t: int, level: float) -> float:
        return base * (t + 1) / w if t < w else level

    agree(f"openclip.const_lr({w})", base, n, lambda t: theirs(t, base))
    agree(f"openclip.cosine_lr({w}, {n})", base, n, lambda t: theirs(t, base * DECAYS["cosine"](max(0, t - w) / more)))
    agree(
        f"openclip.const_lr_cooldown({w}, {n}, {n - start}, {power!r}, {low!r})", base, n,
        lambda t: theirs(t, base if t < start else low + (base - low) * (1 - (t - start) / (n - start)) ** power),
    )  # fmt: skip
