"""Tests that the LaTeX of a formula, read back from the page, has the values of the schedule."""

from __future__ import annotations

import random
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.drawing import examples
from tests.formulas.typeset.formulas import schedules
from tests.formulas.typeset.reading import Formula
from tests.properties import texts

ALL = schedules()


def compare(s: lrdsl.Schedule, target: str, ticks: list[int], base: float = 0.3, **style: Any) -> None:
    clock = s.program.clock
    per_tick = {unit: per for unit, per in (("token", clock.tokens_per_step), ("sample", clock.batch_size)) if isinstance(per, int)}
    formula = Formula(s.latex(target=target, after_end=True, **style), per_tick)
    exact = 1e-3 if formula.approximate else 1e-12
    levels = [s.at(t, base, target) for t in ticks]
    most = max(1.0, *(abs(level) for level in levels))
    for t, level in zip(ticks, levels, strict=True):
        found = formula.value(t, base)
        assert abs(found - mpmath.mpf(level)) <= exact * most, (str(s), t, level, float(found), s.latex(target=target, **style))


def sampled(s: lrdsl.Schedule, target: str) -> list[int]:
    """Ticks within each piece, at its ends, and far out."""
    edges = sorted({int(p.start or 0) for p in s.plan_of(target).phases} | {0, int(s.plan_of(target).length or 1000)})
    pick = random.Random(1)
    found = {max(0, edge + d) for edge in edges for d in (-1, 0, 1, 2)} | {pick.randint(0, 2 * edges[-1] + 5) for _ in range(20)}
    return sorted(found | {10**6 + 1} if "product" not in str(s.plan.level).lower() else {t for t in found if t < 3000})


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("form", ["cases", "aligned", "iverson"])
def test_what_is_set_is_what_runs(form: str, symbolic: bool) -> None:
    for s, target in ALL.values():
        if not s.plan_of(target).watches and "{" not in target:  # a family has the formula of its relation
            compare(s, target, sampled(s, target)[:: 1 if form == "cases" else 5], form=form, symbolic=symbolic)


@examples(60)
@given(st.data())
def test_of_compositions_too(data: st.DataObject) -> None:
    s = data.draw(texts.schedules(depth=3, longest=2000))
    compare(
        s,
        "lr",
        sorted({t for t in data.draw(texts.ticks(s, 3000)) if t <= 3000}),
        form=data.draw(st.sampled_from(["cases", "aligned", "iverson"])),
        symbolic=data.draw(st.booleans()),
    )
