"""Tests of running products: the value does not depend on the order of the calls, nor on the number of threads."""

from __future__ import annotations

import math
import sys
from types import FrameType
from typing import Any

import pytest

import lrdsl
from lrdsl import work
from lrdsl.numbers import products
from lrdsl.numbers.products import Factors, RunningProduct


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
