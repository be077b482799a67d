"""Tests of formulas as text, for schedules that follow metrics: each piece has the condition under which it holds in every run."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.formulas import text


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("warmup(5) then plateau(patience=3)", [("η₀·t/5", "t < 5"), ("η₀·0.1^k₁(t)", "t ≥ 5")]),
        ("plateau(min=1e-5) for 50 then hold", [("max(η₀·0.1^k₁(t), 1e−5)", "t < 50"), ("max(η₀·0.1^k₁(50), 1e−5)", "t ≥ 50")]),
        ("hold until x < 1 then linear(10)", [("η₀", "t < τ₁"), ("η₀·(1 − (t − τ₁)/10)", "τ₁ ≤ t < τ₁ + 10"), ("0", "t ≥ τ₁ + 10")]),
        ("linear(9) until x < 1", [("η₀·(1 − t/9)", "t < min(9, τ₁)"), ("0", "9 ≤ t < τ₁"), ("η₀·(1 − τ₁/9)", "t ≥ τ₁, τ₁ < 9"), ("0", "t ≥ τ₁, τ₁ ≥ 9")]),
        ("hold until x < 1 then exp(0.9) until y > 2 then hold", [("η₀", "t < τ₁"), ("η₀·0.9^(t − τ₁)", "τ₁ ≤ t < τ₂"), ("η₀·0.9^(τ₂ − τ₁)", "t ≥ τ₂")]),
        (
            "0.5 * (hold until x < 1 then linear(4, to=0.5x)) then hold(3) then drop(0.1)",
            [("0.5·η₀", "t < τ₁"), ("0.5·η₀·(1 − (t − τ₁)/8)", "τ₁ ≤ t < τ₁ + 4"), ("0.25·η₀", "τ₁ + 4 ≤ t < τ₁ + 7"), ("0.025·η₀", "t ≥ τ₁ + 7")],
        ),
        (
            "hold until x < 1 then hold(3) then exp(0.9) until y < 1",
            [("η₀", "t < τ₁ + 3"), ("η₀·0.9^((t − τ₁) − 3)", "τ₁ + 3 ≤ t < τ₂"), ("η₀·0.9^(τ₂ − (τ₁ + 3))", "t ≥ τ₂")],
        ),
        (
            "(hold until x < 1 then exp(0.9)) for 30",
            [("η₀", "t < min(τ₁, 30)"), ("η₀·0.9^(t − τ₁)", "τ₁ ≤ t < 30"), ("η₀", "t ≥ 30, 30 < τ₁"), ("η₀·0.9^(30 − τ₁)", "t ≥ 30, 30 ≥ τ₁")],
        ),
    ],
)
def test_what_holds_when(schedule: str, expected: list[tuple[str, str]]) -> None:
    assert text.lines(lrdsl.parse(schedule).readable_plan()) == expected


def test_what_rests_of_the_run_is_written_as_text() -> None:
    plan = lrdsl.parse("hold until x < 1 then cosine(rest)", total_steps=100).readable_plan()
    assert text.lines(plan) == [("η₀", "t < τ₁"), ("⟨cosine(rest)⟩", "t ≥ τ₁")]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("cumprod(0.9)", r"\eta_t = \eta_0 \cdot 0.9^{\lfloor t \rfloor}"),
        ("cumprod(1 / (1 + t/10)) for 0", r"\eta_t = \eta_0"),
        ("repeat(hold(3) then drop(0.5))", r"\eta_t = \eta_0 \cdot 0.5^{\lfloor t/3 \rfloor}"),
        ("restarts(hold(3) then drop(0.5))", r"\eta_t = \eta_0"),
    ],
)
def test_a_product_of_equal_factors_is_a_power_and_what_a_cycle_does_not_come_to_is_not_written(schedule: str, expected: str) -> None:
    assert lrdsl.parse(schedule).latex() == expected


def test_a_product_of_factors_that_differ_is_written_as_one() -> None:
    assert r"\prod" in lrdsl.parse("cumprod(1 / (1 + t/10))").latex()


def test_a_symbolic_text_has_letters_and_their_meanings() -> None:
    s = lrdsl.parse("warmup(3) then cosine(7, to=0.1x)")
    letters, numbers = (s.typeset("text", symbolic=symbolic).split("\n") for symbolic in (True, False))
    assert [line for line in letters if " = " in line] == ["T_w = 3", "T_d = 7", "η_min = 0.1·η₀"]
    assert not [line for line in numbers if "T_" in line]
