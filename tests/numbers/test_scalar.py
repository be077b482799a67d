"""Tests of the generated code for single ticks."""

from __future__ import annotations

import dis
from typing import Any

import pytest

from lrdsl import parse
from lrdsl.expr import BASE, Call, Expr
from lrdsl.numbers import scalar
from lrdsl.numbers.pairs import Float
from lrdsl.numbers.scalar import Evaluator
from lrdsl.numbers.storing import storing
from lrdsl.plan import Plan


def test_a_formula_that_shares_its_parts_is_compiled_at_once() -> None:
    """Sixty doublings are sixty operations, and 2^60 leaves to one who looks at each part as often as it is used."""
    level: Expr = Call("sqrt", (BASE,))
    for _ in range(60):
        level = Call("mul", (Call("add", (level, level)), Call("cos", (Call("mul", (level, level)),))))
    evaluator = Evaluator.of(Plan((), level, None, level))
    group = {"lr": 0.5}
    storing(evaluator.code_at(0), "lr", [(group, 0.5)])(1)
    assert group["lr"] == evaluator.level(1, 0.5)


def _storing(text: str, base: float = 0.1) -> tuple[dict[str, float], Any]:
    group = {"lr": base}
    return group, storing(Evaluator.of(parse(text).plan).code_at(0), "lr", [(group, base)])


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
    assert scalar.generated((level, Float(3)), ["def both(k):"], ["    return {0}, {1}"]).function()(1) == (-0.375, 3)


@pytest.mark.parametrize("text", ["linear(41)", "linear(40)", "cosine(41)", "warmup(41)", "warmup(40)", "linear(41, to=2x)", "linear(41) then linear(41)"])
def test_ways_to_count_do_not_share_code(text: str) -> None:
    """The time since the begin of a phase, that and 1 more, and 1 less: as numbers they differ in little."""
    for touches in ("start", "end", "neither", "both", "start"):
        counted = text.replace(")", f", touches={touches})")
        group, store = _storing(counted)
        for tick in range(38):
            store(tick)
            assert group["lr"] == pytest.approx(float(parse(counted).values(38, 0.1)[tick]), rel=1e-14), (counted, tick)


def test_what_groups_share_is_computed_once() -> None:
    def sines(count: int) -> int:
        slots = [({"lr": 0.1}, 0.1 * (i + 1)) for i in range(count)]
        store = storing(Evaluator.of(parse("scale(2 + sin(t))").plan).code_at(0), "lr", slots)
        return sum(instruction.argval == "sin" for instruction in dis.get_instructions(store))

    assert sines(1) == sines(3) == sines(8) == sines(100) > 0


def test_only_products_count_their_factors() -> None:
    assert not Evaluator.of(parse("cosine(9)").plan).code_at(0).multiplies
    assert Evaluator.of(parse("cumprod(0.5 + 1/(t + 3))").plan).code_at(0).multiplies
