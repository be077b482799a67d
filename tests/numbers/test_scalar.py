"""Tests of the generated code for single ticks."""

from __future__ import annotations

from typing import Any

import pytest

from lrdsl import parse
from lrdsl.expr import BASE, Call, Expr
from lrdsl.numbers import scalar
from lrdsl.numbers.pairs import Float
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Plan


def test_a_formula_that_shares_its_parts_is_compiled_at_once() -> None:
    """Sixty doublings are sixty operations, and 2^60 leaves to one who looks at each part as often as it is used."""
    level: Expr = Call("sqrt", (BASE,))
    for _ in range(60):
        level = Call("mul", (Call("add", (level, level)), Call("cos", (Call("mul", (level, level)),))))
    evaluator = Evaluator.of(Plan((), level, None, level))
    group = {"lr": 0.5}
    evaluator.code_at(0).storing("lr", [(group, 0.5)])(1)
    assert group["lr"] == evaluator.level(1, 0.5)


def _storing(text: str, base: float = 0.1) -> tuple[dict[str, float], Any]:
    group = {"lr": base}
    return group, Evaluator.of(parse(text).plan).code_at(0).storing("lr", [(group, base)])


@pytest.mark.parametrize("shape", ["warmup({})", "cosine({}, to=0.25x)", "exp(0.{})", "step({})", "linear({}) * scale(1 / (t + {}))", "every({}, exp(0.9))"])
def test_schedules_that_differ_in_numbers_alone_share_their_code(shape: str) -> None:
    texts = [shape.format(n, n) for n in (41, 53)]
    one, first = _storing(texts[0])
    before = scalar.compiled.cache_info().misses
    two, second = _storing(texts[1])
    assert scalar.compiled.cache_info().misses == before
    for tick in range(13):  # each in turn: neither sees the numbers of the other
        first(tick)
        second(tick)
        assert [one["lr"], two["lr"]] == [parse(text).at(tick, 0.1) for text in texts]


def test_a_formula_of_constants_alone_is_worked_out_by_python() -> None:
    level = Call("mul", (Call("div", (Float(2.0), Float(-4.0))), Call("sub", (Float(1), Float(0.25)))))
    assert scalar._function((level, Float(3)), ["def both(k):"], ["    return {0}, {1}"])(1) == (-0.375, 3)
