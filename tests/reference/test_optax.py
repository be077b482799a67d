"""Every schedule of optax, in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import numpy as np
import optax.schedules as theirs
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects import dialect
from lrdsl.syntax import parse
from tests.dialects.writing.exported import run
from tests.drawing import examples
from tests.reference.peers import OPTAX, text_of

jax.config.update("jax_enable_x64", True)

levels = st.floats(1e-5, 10)
ends = st.one_of(st.just(0.0), levels)
#: XLA multiplies by 1/n where optax divides by n, and 49 * (1/49) is not 1: there optax stops a little short of its end.
lengths = st.integers(1, 60).filter(lambda n: n * (1 / n) == 1)
begins = st.integers(0, 20)
few = examples(12)


#: One number for all, so that jax compiles each operation once.
TICKS = 220


def agree(text: str, schedule: Callable[[Any], Any], leave: frozenset[int] = frozenset()) -> None:
    expected = np.broadcast_to(np.asarray(jax.vmap(schedule)(np.arange(TICKS)), dtype=float), TICKS)
    ours = lrdsl.parse(text)
    near, kept = 1e-12 * np.abs(expected).max(), np.delete(np.arange(TICKS), sorted(leave))
    np.testing.assert_allclose(ours.values(TICKS, base=123.0)[kept], expected[kept], rtol=0, atol=near, err_msg=text)
    written = run(ours.export("optax", base=123.0))["schedule"]
    few_ticks = kept[::19]
    np.testing.assert_allclose([float(written(t)) for t in few_ticks], expected[few_ticks], rtol=0, atol=near, err_msg=text)


def test_every_schedule_is_in_the_table() -> None:
    public = {name for name in dir(theirs) if not name.startswith("_") and name[0].islower()}
    assert public - {"inject_hyperparams", "inject_stateful_hyperparams"} == {entry.name for entry in dialect(OPTAX).entries}


@few
@given(levels)
def test_constant(value: float) -> None:
    assert lrdsl.parse(text_of(OPTAX, "constant_schedule", value=value)).values(5).tolist() == [theirs.constant_schedule(value)(t) for t in range(5)]


@few
@given(levels, ends, lengths, begins, st.floats(0.1, 4.0))
def test_linear_and_polynomial(a: float, b: float, n: int, begin: int, p: float) -> None:
    agree(text_of(OPTAX, "linear_schedule", init_value=a, end_value=b, transition_steps=n, transition_begin=begin), theirs.linear_schedule(a, b, n, begin))
    agree(
        text_of(OPTAX, "polynomial_schedule", init_value=a, end_value=b, power=p, transition_steps=n, transition_begin=begin),
        theirs.polynomial_schedule(a, b, p, n, begin),
    )


@few
@given(levels, ends, begins, st.floats(0.05, 1.0), st.booleans())
def test_no_steps_and_no_rate(a: float, b: float, begin: int, rate: float, staircase: bool) -> None:
    agree(text_of(OPTAX, "linear_schedule", init_value=a, end_value=b, transition_steps=0, transition_begin=begin), theirs.linear_schedule(a, b, 0, begin))
    agree(
        text_of(OPTAX, "polynomial_schedule", init_value=a, end_value=b, power=2.0, transition_steps=0, transition_begin=begin),
        theirs.polynomial_schedule(a, b, 2.0, 0, begin),
    )
    agree(text_of(OPTAX, "warmup_constant_schedule", init_value=a, peak_value=b, warmup_steps=0), theirs.warmup_constant_schedule(a, b, 0))
    for n, r in ((0, rate), (7, 0.0)):
        text = text_of(OPTAX, "exponential_decay", init_value=a, transition_steps=n, decay_rate=r, transition_begin=begin, staircase=staircase)
        agree(text, theirs.exponential_decay(a, n, r, begin, staircase))
    assert lrdsl.parse("optax.exponential(1, 0, 0.5)").values(9).tolist() == [1.0] * 9


@few
@given(levels, st.sampled_from([1, 4]).flatmap(lambda n: st.dictionaries(st.integers(1, 80), st.floats(0.05, 2.0), min_size=n, max_size=n)))
def test_piecewise(a: float, scales: dict[int, float]) -> None:
    agree(text_of(OPTAX, "piecewise_constant_schedule", init_value=a, boundaries_and_scales=scales), theirs.piecewise_constant_schedule(a, scales))
    for kind in ("linear", "cosine"):
        text = text_of(OPTAX, "piecewise_interpolate_schedule", interpolate_type=kind, init_value=a, boundaries_and_scales=scales)
        agree(text, theirs.piecewise_interpolate_schedule(kind, a, scales))


@few
@given(levels, lengths, st.floats(0.05, 1.0), begins, st.booleans(), st.one_of(st.none(), st.floats(1e-6, 1e-3)))
def test_exponential(a: float, n: int, rate: float, begin: int, staircase: bool, end: float | None) -> None:
    text = text_of(OPTAX, "exponential_decay", init_value=a, transition_steps=n, decay_rate=rate, transition_begin=begin, staircase=staircase, end_value=end)
    # Where XLA multiplies by 1/n in the place of dividing by n, a stair of optax may come a tick late.
    late = frozenset(t + begin for t in range(0, TICKS - begin, n) if math.floor(t * (1 / n)) != t // n) if staircase else frozenset()
    agree(text, theirs.exponential_decay(a, n, rate, begin, staircase, end), late)


@few
@given(levels, lengths, st.floats(0, 1), st.floats(0.2, 4.0))
def test_cosine(a: float, n: int, alpha: float, p: float) -> None:
    assume(alpha == 0 or alpha > 1e-9)
    agree(text_of(OPTAX, "cosine_decay_schedule", init_value=a, decay_steps=n, alpha=alpha, exponent=p), theirs.cosine_decay_schedule(a, n, alpha, p))


@few
@given(ends, levels, lengths, lengths, ends, st.floats(0.2, 4.0), st.floats(0.05, 1.0), begins)
def test_warmups(a: float, peak: float, warm: int, n: int, end: float, p: float, rate: float, begin: int) -> None:
    agree(text_of(OPTAX, "warmup_constant_schedule", init_value=a, peak_value=peak, warmup_steps=warm), theirs.warmup_constant_schedule(a, peak, warm))
    text = text_of(OPTAX, "warmup_cosine_decay_schedule", init_value=a, peak_value=peak, warmup_steps=warm, decay_steps=warm + n, end_value=end, exponent=p)
    agree(text, theirs.warmup_cosine_decay_schedule(a, peak, warm, warm + n, end, p))
    text = text_of(
        OPTAX,
        "warmup_exponential_decay_schedule",
        init_value=a,
        peak_value=peak,
        warmup_steps=warm,
        transition_steps=n,
        decay_rate=rate,
        transition_begin=begin,
    )
    agree(text, theirs.warmup_exponential_decay_schedule(a, peak, warm, n, rate, begin))


@few
@given(st.lists(st.tuples(ends, levels, st.integers(1, 9), st.integers(1, 30)), min_size=1, max_size=3))
def test_sgdr(cycles: list[tuple[float, float, int, int]]) -> None:
    options = [{"init_value": a, "peak_value": peak, "warmup_steps": w, "decay_steps": w + n} for a, peak, w, n in cycles]
    agree(text_of(OPTAX, "sgdr_schedule", cosine_kwargs=options), theirs.sgdr_schedule(options))


@few
@given(st.integers(10, 120), levels, st.floats(0.15, 0.5), st.floats(0.6, 0.9), st.floats(2, 30), st.floats(1, 1e5))
def test_onecycle(n: int, peak: float, start: float, final: float, div: float, final_div: float) -> None:
    # optax rounds these products to doubles before it cuts them: 0.29 * 100 is then below 29.
    assume(all(math.floor(Fraction(repr(share)) * n) == int(share * n) for share in (start, final)))
    text = text_of(
        OPTAX, "linear_onecycle_schedule", transition_steps=n, peak_value=peak, pct_start=start, pct_final=final, div_factor=div, final_div_factor=final_div
    )
    made = theirs.linear_onecycle_schedule(n, peak, start, final, div, final_div)
    agree(text, made)
    text = text_of(OPTAX, "cosine_onecycle_schedule", transition_steps=n, peak_value=peak, pct_start=start, div_factor=div, final_div_factor=final_div)
    agree(text, theirs.cosine_onecycle_schedule(n, peak, start, div, final_div))
    assert math.isclose(lrdsl.parse(text).at(n), peak / div / final_div)


@few
@given(levels, levels, lengths, lengths)
def test_join(a: float, b: float, m: int, n: int) -> None:
    made = theirs.join_schedules([theirs.linear_schedule(a, 0.0, n), theirs.cosine_decay_schedule(b, n)], [m])
    agree(text_of(OPTAX, "join_schedules", schedules=(parse(f"optax.linear({a!r}, 0, {n})"), parse(f"optax.cosine({b!r}, {n})")), boundaries=[m]), made)
