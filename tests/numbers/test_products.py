"""Tests of running products: the value does not depend on the order of the calls, nor on the number of threads."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable
from fractions import Fraction
from types import FrameType
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl import work
from lrdsl.numbers import products
from lrdsl.numbers.products import Factors, RunningProduct, running_products


def made() -> RunningProduct:
    """The product of 1 + 1/k, which is n + 1."""
    return RunningProduct(Factors(lambda k: (1 + 1 / k, 0.0), lambda k: (1 + 1 / k, 0 * k)))


def interrupted(product: RunningProduct, n: int, at: int, asked: int) -> tuple[float, bool]:
    """The product at n, where another thread asks for one at that step of the interpreter; and whether there is such a step."""
    left = at

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != products.__file__:
            return None
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if left == 0:
            left = -1
            sys.settrace(None)
            product(asked)
            sys.settrace(trace)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        value = product(n)
    finally:
        sys.settrace(before)
    return value, left < 0


@pytest.mark.parametrize(("first", "n", "asked"), [(6, 7, 0), (6, 7, 30), (9, 2, 5), (0, 21, 0), (0, 21, 14)])
def test_threads_may_ask_one_product_at_any_moment(first: int, n: int, asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "STRIDE", 4)
    monkeypatch.setattr(products, "_STRIDES", 2)
    at, more = 1, True
    while more:
        product = made()
        product(first)
        value, more = interrupted(product, n, at, asked)
        assert value == pytest.approx(n + 1)
        assert [product(k) for k in (*range(30), 3)] == pytest.approx([*range(1, 31), 4]), at
        at += 1
    assert at > 50


def test_levels_do_not_depend_on_what_was_asked_before() -> None:
    fresh = lrdsl.parse("cumprod(1 - 1 / (t + 20))").values(20_000).tolist()
    s = lrdsl.parse("cumprod(1 - 1 / (t + 20))")
    for tick in (19_999, 3, 8_191, 8_192, 8_193, 12_288, 0, 4_095, 4_096, 4_097, 19_998):
        assert abs(s.at(tick) - fresh[tick]) <= math.ulp(fresh[tick])


def test_pieces_of_a_schedule_share_what_has_been_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    multiplied = []
    leap = RunningProduct._leap
    monkeypatch.setattr(RunningProduct, "_leap", lambda self, last, n: multiplied.append(last) or leap(self, last, n))
    s = lrdsl.parse("cumprod(1 - 1 / (t + 77)) for 1000000 then linear(50, to=0.5x) then cosine(50)")
    for tick in (999_999, 1_000_000, 1_000_050, 3, 1_000_051):
        s.at(tick)
    assert len(multiplied) == len(set(multiplied))
    assert len(multiplied) > 10


@pytest.mark.parametrize("array", [False, True])
def test_products_are_work_of_the_text(array: bool) -> None:
    s = lrdsl.parse(f"cumprod(1 - 1 / (t + {78 + array}))")
    with work.limited():
        s.values([1_000_000]) if array else s.at(1_000_000)
        assert work.spent() >= 990_000 >> products._FACTORS


def _head(a: float) -> float:
    """The first 26 bits of a double."""
    fraction, exponent = math.frexp(a)
    return math.ldexp(round(fraction * 2**26), exponent - 26)


def error(high: float, low: float, exact: Fraction) -> float:
    """The relative error of a pair."""
    return float(abs((Fraction(high) + Fraction(low) - exact) / exact))


@pytest.mark.parametrize("head", [None, _head])
def test_two_pairs_are_multiplied_with_a_small_error(head: Callable[[float], float] | None) -> None:
    numbers = random.Random(7)
    for _ in range(200):
        a, c = (numbers.uniform(0.5, 2) * numbers.choice((-1, 1)) for _ in range(2))
        b, d = (numbers.uniform(-0.5, 0.5) * math.ulp(x) for x in (a, c))
        high, low = products.times(a, b, c, d, head)
        assert error(high, low, (Fraction(a) + Fraction(b)) * (Fraction(c) + Fraction(d))) < 2**-78
        assert high + low == high


def _drawn(n: int) -> list[tuple[float, float]]:
    numbers = random.Random(n)
    highs = [numbers.uniform(0.5, 2) * numbers.choice((-1, 1)) for _ in range(n)]
    return [(high, numbers.uniform(-0.5, 0.5) * math.ulp(high)) for high in highs]


def _factors(pairs: list[tuple[float, float]]) -> Factors:
    """The factors 1, 2, .. of a list."""
    table = np.array([(math.nan, math.nan), *pairs]).T
    return Factors(lambda k: pairs[k - 1], lambda indices: (table[0][indices.astype(int)], table[1][indices.astype(int)]))


def _whole(pairs: list[tuple[float, float]]) -> list[Fraction]:
    """The products of the first 0, 1, .. factors."""
    product, out = Fraction(1), [Fraction(1)]
    for high, low in pairs:
        product *= Fraction(high) + Fraction(low)
        out.append(product)
    return out


@pytest.mark.parametrize("asked", [(150,), (7, 8, 9, 31, 32, 33, 150, 40, 3, 0, 64, 5), (33, 34, 150), (149, 150, 16, 17), (4, 61, 150, 1, 2)])
def test_a_running_product_has_a_small_error(asked: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """In leaps of whole strides, and one by one."""
    monkeypatch.setattr(products, "STRIDE", 4)
    monkeypatch.setattr(products, "_STRIDES", 3)
    monkeypatch.setattr(products, "_FEW", 2)
    pairs = _drawn(150)
    exact = _whole(pairs)
    product = RunningProduct(_factors(pairs))
    for n in asked:
        assert product(n) == float(exact[n])
        last, high, low, power = product.last
        assert (last, power) == (n, 0)
        assert error(high, low, exact[n]) <= n * 2**-78
    for stride, (high, low, power) in product.strides.items():
        assert power == 0
        assert error(high, low, exact[stride * 4]) <= stride * 4 * 2**-78
    assert set(product.strides) == set(range(max(asked) // 4 + 1))


def _as_double(x: Fraction) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("bits", [9, 330, 950])
@pytest.mark.parametrize("turn", [1, 3, 40, 130])
@pytest.mark.parametrize("asked", [(*range(520),), (519,), (7, 8, 9, 131, 132, 133, 390, 40, 3, 0, 64, 5, 517)])
def test_a_product_that_leaves_the_doubles_comes_back(sign: int, bits: int, turn: int, asked: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """From above and from below, after few factors or many, with a small error."""
    monkeypatch.setattr(products, "STRIDE", 4)
    monkeypatch.setattr(products, "_STRIDES", 3)
    monkeypatch.setattr(products, "_FEW", 2)
    monkeypatch.setattr(products, "_BLOCK", 64)
    powers = [2.0 ** (bits * (sign if k // turn % 2 == 0 else -sign)) for k in range(520)]
    pairs = [(high * power, low * power) for (high, low), power in zip(_drawn(520), powers, strict=True)]
    exact = list(map(_as_double, _whole(pairs)))
    assert exact[::2] != [1.0] * 260
    product = RunningProduct(_factors(pairs))
    near = {"rtol": 2**-52, "atol": 5e-324}
    np.testing.assert_allclose([product(n) for n in asked], [exact[n] for n in asked], **near)
    np.testing.assert_allclose(running_products(_factors(pairs).factors, 520), exact, **near)


def test_a_running_product_multiplies_few_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one costs one; a jump what lies after the last product that is kept, at most a stride where it goes back. Leaps go by arrays."""
    monkeypatch.setattr(products, "STRIDE", 4)
    monkeypatch.setattr(products, "_STRIDES", 3)
    monkeypatch.setattr(products, "_FEW", 8)
    one_by_one: list[int] = []
    by_array: list[list[int]] = []
    factors = Factors(lambda k: one_by_one.append(k) or (1.0, 0.0), lambda indices: by_array.append([int(k) for k in indices]) or (1.0, 0.0))
    product = RunningProduct(factors)

    def multiplied(n: int) -> tuple[list[int], list[list[int]]]:
        one_by_one.clear()
        by_array.clear()
        product(n)
        return list(one_by_one), list(by_array)

    assert multiplied(3) == ([1, 2, 3], [])
    assert multiplied(4) == ([4], [])
    assert multiplied(4) == ([], [])
    assert multiplied(8) == ([5, 6, 7, 8], [])
    assert multiplied(16) == ([*range(9, 17)], [])
    assert multiplied(6) == ([5, 6], [])
    assert multiplied(15) == ([13, 14, 15], [])
    assert multiplied(24) == ([*range(17, 25)], [])
    assert multiplied(34) == ([33, 34], [[*range(25, 33)]])
    assert multiplied(33) == ([33], [])
    assert multiplied(90) == ([89, 90], [[*range(33, 45)], [*range(45, 57)], [*range(57, 69)], [*range(69, 81)], [*range(81, 89)]])
    assert multiplied(50) == ([49, 50], [])
    assert multiplied(70) == ([69, 70], [])
    assert multiplied(74) == ([73, 74], [])


def test_a_phase_after_a_long_product_costs_no_stride_of_factors_one_by_one() -> None:
    """What is left after the last product that is kept goes by an array too."""
    one_by_one: list[int] = []
    pairs = _drawn(9000)
    factors = _factors(pairs)
    counted = Factors(lambda k: one_by_one.append(k) or pairs[k - 1], factors.factors)
    first = RunningProduct(counted)
    ticks = [first(n) for n in range(9001)]
    one_by_one.clear()
    for n in (4095, 4096, 5001, 8191, 8999):
        assert RunningProduct(counted)(n) == ticks[n]
    assert not one_by_one
    assert RunningProduct(counted)(9000) == ticks[9000]
    assert one_by_one == [9000]


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 130])
def test_products_of_an_array(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_BLOCK", 64)
    pairs = _drawn(n)
    found = running_products(_factors(pairs).factors, n)
    assert found.tolist() == [float(x) for x in _whole(pairs)]


@pytest.mark.parametrize("zero", [1, 2, 4, 5, 8, 13, 60, 64, 65])
def test_what_comes_after_a_zero_is_zero(zero: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the product of the factors behind it is past the doubles; and a product that is past them is infinite."""
    monkeypatch.setattr(products, "STRIDE", 4)
    monkeypatch.setattr(products, "_STRIDES", 3)
    monkeypatch.setattr(products, "_FEW", 2)
    monkeypatch.setattr(products, "_BLOCK", 64)
    pairs = [(2.0 if k < zero else 0.0 if k == zero else 1e300, 0.0) for k in range(1, 101)]
    expected = [2.0**k if k < zero else 0.0 for k in range(101)]
    assert running_products(_factors(pairs).factors, 100).tolist() == expected
    for asked in ([*range(101)], [100], [70, 100, 5]):
        product = RunningProduct(_factors(pairs))
        assert [product(n) for n in asked] == [expected[n] for n in asked]
    pairs[zero - 1] = (1e250, 0.0)
    over = [2.0**k if k < zero else 2.0 ** (zero - 1) * 1e250 if k == zero else math.inf for k in range(101)]
    assert running_products(_factors(pairs).factors, 100).tolist() == over
    for asked in ([*range(101)], [100], [70, 100, zero]):
        product = RunningProduct(_factors(pairs))
        assert [product(n) for n in asked] == [over[n] for n in asked]


def test_too_many_factors_are_refused() -> None:
    products.within(products.MOST_FACTORS)
    with pytest.raises(lrdsl.ScheduleError, match=r"LR152.* a product of 4000001 factors, and 4000000 are the most"):
        products.within(products.MOST_FACTORS + 1)
