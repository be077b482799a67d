"""Tests that every declaration of a shape and of a combinator is complete and true."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.check.combinators import COMBINATORS, Combinator
from lrdsl.check.scope import ARITHMETIC
from lrdsl.shapes import KNOWN_AS, SHAPES, Shape

FORMS = [form for forms in SHAPES.values() for form in forms]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.signature)
def test_a_shape_says_all_of_itself(form: Shape) -> None:
    assert form.summary.endswith(".")
    assert form.source
    assert all(p.doc for p in form.parameters)
    assert str(lrdsl.parse(form.example)) == form.example


@pytest.mark.parametrize("form", COMBINATORS.values(), ids=lambda form: form.signature)
def test_a_combinator_says_all_of_itself(form: Combinator) -> None:
    assert form.summary.endswith(".")
    assert all(p.doc for p in form.parameters)
    assert lrdsl.parse(form.example)


def test_names_are_used_once() -> None:
    assert not set(SHAPES) & set(COMBINATORS)
    assert not (set(KNOWN_AS) - {"exponential", "geometric"}) & (set(SHAPES) | set(COMBINATORS))


@pytest.mark.parametrize(("word", "meant"), [("const", "hold"), ("warm_restarts", "restarts"), ("inv_sqrt", "rsqrt"), ("ramp", "warmup"), ("1cycle", None)])
def test_names_from_elsewhere_are_understood(word: str, meant: str | None) -> None:
    found = lrdsl.lint(f"{word}(10)")
    assert found
    if meant is not None:
        assert f"`{meant}`" in found[0].help


@pytest.mark.parametrize("form", [f for f in FORMS if f.end is not None], ids=lambda form: form.signature)
def test_a_phase_holds_what_it_reached(form: Shape) -> None:
    s = lrdsl.parse(form.example)
    if s.plan.length is None:
        pytest.fail(f"{form.example} should end")
    n = float(s.plan.length)
    assert s.at(n, 0.1) == s.at(n + 1, 0.1) == s.at(n + 1e6, 0.1)
    assert s.at(n * (1 - 1e-12), 0.1) == pytest.approx(s.at(n, 0.1), rel=1e-4, abs=1e-6)


def test_functions_and_shapes_may_share_a_word() -> None:
    """`exp` is a phase where a phase may stand, and a number where a number belongs."""
    assert set(ARITHMETIC) & set(SHAPES) == {"exp"}
    assert lrdsl.parse("exp(0.5) * scale(exp(-t/50) + sqrt(t))").at(0) == 1.0
    assert lrdsl.parse("let k = exp(-0.5)\nlr = hold(at=k * base)").at(0) == pytest.approx(0.6065306597126334, rel=1e-15)
    assert lrdsl.parse("let k = exp(0.5)\nlr = k * cosine(4)").at(2) == pytest.approx(0.125, rel=1e-15)
