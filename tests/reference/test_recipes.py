"""The recipes of papers and of other systems, tick by tick, against the formulas of their sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.reference import formulas
from tests.reference.test_systems import agree, bases, few, lengths, warms

fractions = st.one_of(st.just(0.0), st.floats(1e-9, 1))


@few
@given(bases, lengths)
def test_rex(base: float, n: int) -> None:
    agree(f"rex({n})", base, n + 9, lambda t: formulas.rex(t, base, n))


@few
@given(bases, st.floats(1, 1e4), st.floats(0.5, 20), st.integers(1, 20), st.integers(1, 60), fractions)
def test_eden(base: float, batches: float, epochs: float, steps: int, warm: int, start: float) -> None:
    text = f"eden({batches!r}, {epochs!r}, warm={warm}, from={start!r}x)"
    agree(text, base, 120, lambda t: formulas.eden(t, base, batches, epochs, steps, warm, start), steps_per_epoch=steps)


@few
@given(bases, warms, lengths, lengths, st.integers(1, 4), st.floats(0.01, 0.9))
def test_wsd_s(base: float, w: int, s: int, d: int, times: int, r: float) -> None:
    agree(f"wsd_s({w}, {s}, {d}, {times}, ratio={r!r})", base, w + times * (s + d), lambda t: formulas.wsd_s(t, base, w, s, d, r))


@few
@given(bases, warms, lengths, lengths, lengths, st.one_of(st.none(), st.floats(0.1, 50)))
def test_infinite(base: float, w: int, c: int, s: int, a: int, steepness: float | None) -> None:
    text = (
        f"infinite({w}, {c}, {s}, {a}, at=0.4x, to=0.02x)" if steepness is None else f"infinite_inv_sqrt({w}, {c}, {s}, {a}, {steepness!r}, at=0.4x, to=0.02x)"
    )
    agree(text, base, w + c + s + a + 9, lambda t: formulas.infinite(t, base, w, c, s, a, 0.4 * base, 0.02 * base, steepness))


@few
@given(bases, warms, lengths, lengths, st.floats(0.1, 20), st.floats(-0.9, -0.1))
def test_power(base: float, w: int, s: int, d: int, a: float, b: float) -> None:
    agree(f"power({w}, {s}, {d}, a={a * base!r}, b={b!r})", base, w + s + d + 9, lambda t: formulas.power(t, base, w, s, d, a * base, b))


@few
@given(bases, st.integers(1, 12), st.sampled_from([0.1, 0.2, 0.25, 0.5]), st.floats(2, 64))
def test_slanted_triangular(base: float, tens: int, cut: float, ratio: float) -> None:
    """Over lengths of which `cut` is a whole number, and over others up to the end of the fall."""
    agree(
        f"slanted_triangular({20 * tens}, cut={cut}, ratio={ratio!r})", base, 20 * tens, lambda t: formulas.slanted_triangular(t, base, 20 * tens, cut, ratio)
    )
    n = 20 * tens + 7
    last = int(int(n * cut) / cut)
    agree(f"slanted_triangular({n}, cut={cut}, ratio={ratio!r})", base, last, lambda t: formulas.slanted_triangular(t, base, n, cut, ratio))


@few
@given(bases, warms, lengths, lengths, st.floats(0.01, 1), st.floats(0.01, 1))
def test_tri_stage(base: float, w: int, s: int, d: int, first: float, last: float) -> None:
    text = f"tri_stage({w}, {s}, {d}, from={first!r}x, to={last!r}x)"
    agree(text, base, w + s + d + 9, lambda t: formulas.tri_stage(t, base, w, s, d, first, last))


@few
@given(bases, warms, st.sets(st.integers(1, 60), min_size=1, max_size=4), st.floats(0.05, 1), fractions)
def test_warmup_multistep(base: float, w: int, milestones: set[int], gamma: float, f: float) -> None:
    at = sorted(milestones)
    text = f"warmup_multistep({w}, {at}, gamma={gamma!r}, from={f!r}x)"
    agree(text, base, 80, lambda t: formulas.detectron2_multistep(t, base, w, at, gamma, f))


@pytest.mark.parametrize(
    "recipe",
    ["rex(0)", "nanogpt.cosine(500, 10)", "wsd_s(0, 1, 0, 2)", "slanted_triangular(5)", "tri_stage(0, 0, 0)", "infinite(0, 0, 0, 0)", "power(0, 0, 0, 1)"],
)
def test_a_recipe_of_no_length_is_no_error(recipe: str) -> None:
    """A smoke test of few steps runs with the text of the whole run."""
    assert 0 <= lrdsl.parse(recipe).values(9).max() <= 1
