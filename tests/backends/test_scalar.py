"""The code that is generated for single ticks."""

from __future__ import annotations

from lrdsl.backends.scalar import Evaluator
from lrdsl.expr import BASE, Call, Expr
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
