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


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("hold", "hold(at=1x)"),
        ("warmup(9)", "warmup(9, from=0, shape=linear, touches=start)"),
        ("linear(9)", "linear(9, to=0, from=1x, touches=start)"),
        ("cosine(9)", "cosine(9, to=0, from=1x, power=1, touches=start)"),
        ("poly(9)", "poly(9, power=1, to=0, from=1x, touches=start)"),
        ("exp(9, to=0.1x)", "exp(9, to=0.1x, from=1x, touches=start)"),
        ("exp(0.9)", "exp(0.9, per=1)"),
        ("one_minus_sqrt(9)", "one_minus_sqrt(9, to=0, touches=start)"),
        ("inv(9)", "inv(9, power=1)"),
        ("step(9)", "step(9, gamma=0.1)"),
        ("hold(2) then multistep([3, 9])", "hold(2) then multistep([3, 9], gamma=0.1, since=phase)"),
        ("scale(1/(1 + t))", "scale(1/(1 + t), to=0)"),
        ("onecycle(40)", "onecycle(40, peak=1x, div=25, final_div=1e4, pct=0.3, anneal=cos, three_phase=no)"),
        ("cyclic(0.1x, 1x, 5)", "cyclic(0.1x, 1x, 5, down=5, mode=triangular, gamma=1)"),
        ("plateau", "plateau(factor=0.1, patience=10, threshold=1e-4, threshold_mode=rel, cooldown=0, min=0, eps=1e-8, mode=min, metric=metric, compare=best)"),
    ],
)
def test_what_is_left_out_has_the_default_of_the_reference(short: str, whole: str) -> None:
    one, other = lrdsl.parse(short), lrdsl.parse(whole)
    assert one == other
    assert [one.at(tick, 0.3) for tick in range(20)] == [other.at(tick, 0.3) for tick in range(20)]
