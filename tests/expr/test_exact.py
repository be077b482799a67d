"""Tests of exact numbers: a whole number is an int, any other is a Fraction, and no result is a float."""

from __future__ import annotations

import operator
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from lrdsl import parse
from lrdsl.expr import Lettered, is_lettered, unlettered
from lrdsl.expr.exact import Exact, exact, quotient, reduced, size

numbers = st.one_of(st.integers(-(10**20), 10**20), st.fractions(max_denominator=10**6))


@given(numbers, numbers.filter(bool))
def test_quotients_are_exact(a: Exact, b: Exact) -> None:
    found = quotient(a, b)
    assert type(found) in (int, Fraction)
    assert found == Fraction(a) / Fraction(b)


@given(numbers)
def test_a_whole_number_is_an_int(value: Exact) -> None:
    found = reduced(value)
    assert found == value
    assert hash(found) == hash(value)
    assert (type(found) is int) == (Fraction(value).denominator == 1)
    assert size(value) == abs(Fraction(value))


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0.1, Fraction(1, 10)), (3.0, 3), (7, 7), ("0.25", Fraction(1, 4)), (np.float64(0.1), Fraction(1, 10)), (np.int8(100), 100), (Fraction(6, 3), 2)],
)
def test_a_number_of_the_host_is_the_one_that_it_prints_as(given: object, expected: Exact) -> None:
    found = exact(given)
    assert found == expected
    assert type(found) is type(expected)


def test_numbers_of_numpy_do_not_overflow() -> None:
    assert exact(np.int8(100)) * exact(np.int8(100)) == 10_000


def test_letters_stay() -> None:
    warm = Lettered.of(10, sympy.Symbol("w"))
    assert is_lettered(reduced(warm))
    assert is_lettered(quotient(warm, 5))
    assert is_lettered(quotient(5, warm))
    assert type(unlettered(warm)) is int


def test_arithmetic_with_letters_is_that_of_the_numbers_and_of_the_letters() -> None:
    letter = sympy.Symbol("w")
    warm = Lettered.of(10, letter)
    for op in (operator.add, operator.sub, operator.mul, operator.truediv):
        for other in (3, Fraction(2, 3)):
            for one, two in ((warm, other), (other, warm)):
                result = op(one, two)
                assert result == op(*(Fraction(10) if x is warm else x for x in (one, two)))
                assert sympy.simplify(result.form - op(*(letter if x is warm else sympy.Rational(x) for x in (one, two)))) == 0
    assert (warm**2, (warm**2).form, (-warm).form, (warm**-1).form) == (100, letter**2, -letter, 1 / letter)
    assert (warm % 3, 25 % warm) == (1, 5)
    assert not is_lettered(warm - warm)


@pytest.mark.parametrize(
    "text",
    [
        "hold(0.5) then hold(1.5) then hold",
        "hold(0.5ep) then cosine(25%)",
        "stretch(cosine(0.5), 4)",
        "restarts(cosine(2), times=3, stretch=0.5) then hold(2.5)",
    ],
)
def test_whole_lengths_of_plans_are_ints(text: str) -> None:
    s = parse(text, steps_per_epoch=10, total_epochs=4)
    for found in (s.plan.length, *(x for phase in s.phases for x in (phase.start, phase.length))):
        assert found is None or (type(found) is int) == (Fraction(found).denominator == 1)
