"""Tests of how near to 0 factors that swing come at whole indices."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.check import check
from lrdsl.check.bounds import _factors
from lrdsl.check.crossings import hits, least
from lrdsl.clock import Clock
from lrdsl.diagnostics import Problems
from lrdsl.expr import Product, walk
from lrdsl.syntax import parse
from tests.drawing import examples
from tests.properties import exact

TURNS = [2 * Fraction(math.pi), Fraction(7, 2), Fraction(5), 18 * Fraction(math.pi), Fraction(1234567, 1000)]


@examples(400)
@given(st.sampled_from(TURNS), st.floats(0, 1), st.floats(0, 1))
def test_hits_are_the_whole_indices_in_a_part_of_a_turn(turn: Fraction, one: float, two: float) -> None:
    low, high = (float(turn) * share * 0.999 for share in sorted((one, two)))
    near = [k for k in range(1, 200) if Fraction(low) <= k % turn <= Fraction(high)]
    found = list(hits(turn, low, high, 199))
    rounded = {k for k in set(near) ^ set(found) if min(abs(k % turn - Fraction(end)) for end in (low, high)) < Fraction(1, 10**30)}
    assert set(near) ^ set(found) == rounded
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("text", "is_apart"),
    [
        ("2*cos(t/9)", True),
        ("1 + 2*cos(t/9)", True),
        ("(2*cos(t/9))^3/(1 + t)", True),
        ("abs(sin(t))", True),
        ("2*cos(pi*t/9)", True),
        ("1 + cos(t/9)", False),
        ("0.5 - cos(pi*t/3)", False),
        ("cos(355*t)", True),
        ("sin(t) + cos(2^0.5*t)", False),
        ("sin(t^2)", False),
    ],
)
def test_a_factor_is_apart_from_zero_or_not_known_to_be(text: str, is_apart: bool) -> None:
    problems = Problems(text)
    program = check(parse(f"cumprod({text})"), Clock(), {}, problems, readable=True)
    assert program is not None
    factor = next(x for x in walk(program.main.plan.level) if isinstance(x, Product)).factor
    size = least(factor, _factors)
    assert (size > 0) is is_apart
    indices = [*range(1, 60), 127, 355, 710, 10**6, 10**7 + 3]
    assert all(abs(exact.value_of(factor, Fraction(0), Fraction(1), index=Fraction(k))) >= size for k in indices)


def test_the_nearest_index_is_found() -> None:
    turn = 2 * Fraction("3.14159265358979323846264338327950288419716939937510582")
    nearest = min(range(1, 10**5), key=lambda k: abs(math.cos(k)))
    assert nearest == 52174  # by the convergents of pi
    place = float(nearest % turn)
    assert nearest in hits(turn, place - 1e-6, place + 1e-6, 10**5)
