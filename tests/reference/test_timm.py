"""Every schedule of timm, stepped as its training does.

`import timm` needs torchvision, which has no release for every torch; its schedulers alone do not. So an empty package of that name stands in for the rest.
"""

from __future__ import annotations

import importlib.util
import sys
import types
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects import dialect
from tests.drawing import examples
from tests.reference.peers import TIMM, text_of
from tests.reference.training import optimizer, reported


def _schedulers() -> Any:
    found = importlib.util.find_spec("timm")
    assert found is not None, "timm is not installed: pip install --no-deps timm"
    package = types.ModuleType("timm")
    package.__path__ = list(found.submodule_search_locations or ())
    sys.modules["timm"] = package
    return importlib.import_module("timm.scheduler")


theirs = _schedulers()
bases = st.floats(1e-5, 10)
shares = st.one_of(st.just(0.0), st.floats(1e-9, 0.9))
lengths = st.integers(2, 40)
muls = st.sampled_from([1, 1, 2, 3])
limits = st.integers(1, 4)
decays = st.floats(0.2, 1.0)
few = examples(30)
TICKS = 120


def stepped(make: Callable[[torch.optim.Optimizer], Any], base: float, ticks: int = TICKS) -> list[float]:
    """The rates of each epoch: timm is told the epoch that comes, the first one too."""
    opt = optimizer(base)
    scheduler = make(opt)
    found = []
    for epoch in range(ticks):
        scheduler.step(epoch)
        found.append(float(opt.param_groups[0]["lr"]))
    return found


def agree(text: str, base: float, expected: list[float], leave: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    ticks = [t for t in range(len(expected)) if t not in leave]
    found = lrdsl.parse(text).values(ticks, base)
    there = np.array(expected)[ticks]
    np.testing.assert_allclose(found, there, rtol=0, atol=1e-12 * np.abs(there).max(), err_msg=text)


def begins(n: int, mul: int, shift: int) -> set[int]:
    """The ticks at which cycles of growing length begin: timm finds them by a logarithm in doubles, which may be one cycle off there."""
    if mul == 1:
        return set()
    starts, start, length = set(), Fraction(0), Fraction(n)
    while start <= TICKS:
        starts.add(int(start) + shift)
        start, length = start + length, length * mul
    return starts - {shift}


def test_every_schedule_is_in_the_table() -> None:
    public = {name for name in vars(theirs) if name.endswith("LRScheduler")}
    assert public == {entry.name for entry in dialect(TIMM).entries}


@st.composite
def warmups(draw: st.DrawFn) -> tuple[dict[str, Any], str, int]:
    """Warmup arguments, the name of their entry in the table, and by how much the schedule is late."""
    warm = draw(st.integers(0, 12))
    if not warm:
        return {}, "", 0
    start, prefix = draw(shares), draw(st.booleans())
    return {"warmup_t": warm, "warmup_lr_init": start, "warmup_prefix": prefix}, "warmup" if prefix else "warmup in front", warm if prefix else 0


@few
@given(bases, lengths, shares, muls, decays, limits, warmups())
def test_cosine(base: float, n: int, share: float, mul: int, decay: float, limit: int, warmup: Any) -> None:
    low = share * base
    text = text_of(TIMM, "CosineLRScheduler", t_initial=n, lr_min=low, cycle_mul=mul, cycle_decay=decay, cycle_limit=limit, **warmup[0])
    cycles = {"cycle_mul": mul, "cycle_decay": decay, "cycle_limit": limit}
    agree(text, base, stepped(lambda o: theirs.CosineLRScheduler(o, n, low, **cycles, **warmup[0]), base), begins(n, mul, warmup[2]))


@few
@given(bases, lengths, shares, muls, decays, limits, st.floats(0.5, 3.0), st.one_of(st.none(), st.floats(0.3, 3.0)))
def test_k_decay(base: float, n: int, share: float, mul: int, decay: float, limit: int, k: float, power: float | None) -> None:
    """Of a cosine, or of a power."""
    low = share * base
    cycles = {"cycle_mul": mul, "cycle_decay": decay, "cycle_limit": limit, "k_decay": k}
    name, options = ("CosineLRScheduler", {}) if power is None else ("PolyLRScheduler", {"power": power})
    text = text_of(TIMM, name, t_initial=n, lr_min=low, **cycles, **options)
    agree(text, base, stepped(lambda o: getattr(theirs, name)(o, n, lr_min=low, **cycles, **options), base), begins(n, mul, 0))


@few
@given(bases, lengths, shares, muls, decays, limits, st.floats(0.3, 3.0), warmups())
def test_poly(base: float, n: int, share: float, mul: int, decay: float, limit: int, power: float, warmup: Any) -> None:
    low = share * base
    text = text_of(TIMM, "PolyLRScheduler", t_initial=n, power=power, lr_min=low, cycle_mul=mul, cycle_decay=decay, cycle_limit=limit, **warmup[0])
    cycles = {"cycle_mul": mul, "cycle_decay": decay, "cycle_limit": limit}
    agree(text, base, stepped(lambda o: theirs.PolyLRScheduler(o, n, power, low, **cycles, **warmup[0]), base), begins(n, mul, warmup[2]))


@few
@given(bases, lengths, shares, muls, decays, limits, st.floats(-9, -1), st.floats(0.5, 5), warmups())
def test_tanh(base: float, n: int, share: float, mul: int, decay: float, limit: int, low: float, high: float, warmup: Any) -> None:
    least = share * base
    options, name, late = warmup
    cycles = {"cycle_mul": mul, "cycle_decay": decay, "cycle_limit": limit}
    expected = stepped(lambda o: theirs.TanhLRScheduler(o, n, low, high, least, **cycles, **options), base)
    text = text_of(TIMM, "TanhLRScheduler", t_initial=n, lb=low, ub=high, lr_min=least, cycle_mul=mul, cycle_decay=decay, cycle_limit=limit, **options)
    leave = begins(n, mul, late)
    if name == "warmup in front" and options["warmup_t"] in leave:
        return
    agree(text, base, expected, leave)


@few
@given(bases, lengths, decays, warmups())
def test_step(base: float, n: int, rate: float, warmup: Any) -> None:
    text = text_of(TIMM, "StepLRScheduler", decay_t=n, decay_rate=rate, **warmup[0])
    options = warmup[0]
    agree(text, base, stepped(lambda o: theirs.StepLRScheduler(o, n, rate, **options), base))


@few
@given(bases, st.lists(st.integers(1, 80), min_size=1, max_size=4, unique=True).map(sorted), decays, warmups())
def test_multistep(base: float, milestones: list[int], rate: float, warmup: Any) -> None:
    text = text_of(TIMM, "MultiStepLRScheduler", decay_t=milestones, decay_rate=rate, **warmup[0])
    options = warmup[0]
    agree(text, base, stepped(lambda o: theirs.MultiStepLRScheduler(o, milestones, rate, **options), base))


@few
@given(
    bases, decays.filter(lambda d: d < 0.95), st.integers(0, 4), st.integers(0, 3), shares, st.sampled_from(["min", "max"]), st.integers(0, 9), shares,
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
)  # fmt: skip
def test_plateau(base: float, rate: float, patience: int, cooldown: int, share: float, mode: str, warm: int, start: float, metrics: list[float]) -> None:
    low = share * base
    text = text_of(
        TIMM,
        "PlateauLRScheduler",
        decay_rate=rate,
        patience_t=patience,
        threshold=1e-4,
        cooldown_t=cooldown,
        lr_min=low,
        mode=mode,
        warmup_t=warm,
        warmup_lr_init=start,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = theirs.PlateauLRScheduler(optimizer(base), rate, patience, 1e-4, cooldown, warm, start, low, mode)
    expected = reported(scheduler, metrics, by_epoch=True)
    np.testing.assert_allclose(reported(lrdsl.compile(text, optimizer(base)), metrics), expected, rtol=0, atol=1e-12 * max(base, start), err_msg=text)


FALLS = ("1-sqrt", "linear", "cosine", "power", "exp")


@few
@given(bases, st.integers(1, 40), st.integers(0, 40), shares, st.sampled_from(FALLS), st.integers(0, 9), shares, st.floats(0.3, 3), st.floats(0.01, 0.9))
def test_wsd(base: float, fall: int, stable: int, share: float, name: str, warm: int, start: float, power: float, ratio: float) -> None:
    low, n = share * base, stable + fall
    options = {"decay_fn": name, "decay_power": power, "decay_ratio": ratio, "warmup_t": warm, "warmup_lr_init": start}
    text = text_of(TIMM, "WSDLRScheduler", t_initial=n, decay_t=fall, lr_min=low, **options)
    agree(text, base, stepped(lambda o: theirs.WSDLRScheduler(o, n, fall, low, **options), base))


@few
@given(
    bases, st.integers(1, 40), st.integers(0, 40), shares, st.integers(1, 100), st.sampled_from(FALLS), st.sampled_from(["rsqrt", "power"]), st.integers(0, 9),
    st.booleans(),
)  # fmt: skip
def test_wsd_that_falls_before(base: float, fall: int, stable: int, share: float, timescale: int, name: str, kind: str, warm: int, own: bool) -> None:
    """Its stable stretch falls as a power of the time, whose scale is by default the warmup."""
    low, n = share * base, stable + fall
    options = {"decay_fn": name, "stable_fn": kind, "stable_power": 0.8, "warmup_t": warm, "warmup_lr_init": low}
    options |= {"stable_timescale": timescale} if own or warm == 0 else {}
    text = text_of(TIMM, "WSDLRScheduler", t_initial=n, decay_t=fall, lr_min=low, **options)
    agree(text, base, stepped(lambda o: theirs.WSDLRScheduler(o, n, fall, low, **options), base))
