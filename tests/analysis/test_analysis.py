"""Tests of `lrdsl.analyze`: a figure with a closed form equals the sum over every tick."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.analysis.merit import Analysis, Measured
from tests.drawing import examples
from tests.formulas.typeset.formulas import schedules
from tests.properties import texts

ALL = schedules()


def check(s: lrdsl.Schedule, target: str, ticks: int | None, base: float = 0.3) -> Analysis:
    a = lrdsl.analyze(s, base=base, ticks=ticks, target=target)
    levels = s.values(a.ticks, base, target)
    total, size = math.fsum(levels), math.fsum(np.abs(levels))
    assert abs(a.area.value - total) <= 1e-12 * size, (str(s), a)
    assert abs(a.mean.value - total / a.ticks) <= 1e-12 * size / a.ticks
    assert a.peak.value == levels.max() == levels[a.peak_at]
    assert a.final.value == levels[-1]
    for found, level in ((a.peak, levels.max()), (a.final, levels[-1])):
        if found.exactly is not None and not found.exactly.has(sympy.UnevaluatedExpr):
            assert abs(float(found.exactly.evalf(40)) - level) <= 1e-12 * np.abs(levels).max()
    if a.peak.value > 0:
        assert a.effective.value == pytest.approx(total / a.peak.value, rel=1e-12, abs=1e-12 * size)
    return a


@pytest.mark.parametrize("name", [name for name, (s, target) in ALL.items() if not s.plan_of(target).watches])
def test_exact_is_what_is_summed(name: str) -> None:
    s, target = ALL[name]
    check(s, target, None if s.plan_of(target).length is not None or s.clock.total_steps or s.clock.total_epochs else 500)


@examples(25)
@given(st.data())
def test_of_compositions_too(data: st.DataObject) -> None:
    check(data.draw(texts.schedules(depth=2, longest=200)), "lr", data.draw(st.integers(1, 300)))


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("linear(10)", "11/2"),
        ("warmup(5) then cosine(95)", "50"),
        ("cosine(100, power=2)", "38"),
        ("exp(0.5) for 10", "1023/512"),
        ("poly(10, power=2)", "77/20"),
        ("onecycle(100, peak=2x)", "25050071/250000"),
        ("(cosine(8) * exp(0.5)) for 8", None),
        ("rsqrt(10) for 10", None),
        ("every(2, cosine(10))", None),
    ],
)
def test_closed_forms(text: str, area: str | None) -> None:
    found = lrdsl.analyze(lrdsl.parse(text)).area
    assert (None if found.exactly is None else str(found.exactly)) == area
    assert ("summed" in str(found)) == (area is None)


def test_the_first_tick_under_a_threshold_is_exact() -> None:
    """At tick 9 the level is 0.1, which is not under 0.1, whatever the last bit of the double says."""
    for text, first in (("linear(10)", 10), ("linear(10) then linear(5, to=1x)", None), ("hold(3) then drop(0.1)", None), ("step(4, 0.5)", 16)):
        s = lrdsl.parse(text)
        assert lrdsl.analyze(s, ticks=20, threshold=0.1).below == first, text


def test_epochs() -> None:
    a = lrdsl.analyze(lrdsl.parse("hold(5ep) then linear(5ep)", steps_per_epoch=10))
    assert str(a.effective_epochs) == "7.55 = 151/20"


def test_runs_without_an_end() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="the length of the run is unknown"):
        lrdsl.analyze(lrdsl.parse("exp(0.9)"))
    with pytest.raises(lrdsl.ScheduleError, match="follows a metric"):
        lrdsl.analyze(lrdsl.parse("plateau"))
    assert lrdsl.analyze(lrdsl.parse("exp(0.9)", total_steps=10)).ticks == 10


@pytest.mark.parametrize("text", ["warmup(7) then cosine(993)", "cosine(1000)", "restarts(cosine(331), times=2, decay=0.5)", "cosine(331) * cosine(77)"])
def test_a_run_that_is_cut_anywhere_has_a_closed_form(text: str) -> None:
    """SymPy alone takes cos(64 pi/331) apart into powers of cosines, for a minute; the sum of Lagrange has sines at its ends alone."""
    found = lrdsl.analyze(lrdsl.parse(text), ticks=200)
    levels = lrdsl.parse(text).values(200)
    for measured, value in ((found.area, math.fsum(levels)), (found.mean, math.fsum(levels) / 200), (found.final, levels[-1])):
        assert measured.exactly is not None
        assert not measured.exactly.has(sympy.Symbol)
        assert math.isclose(float(measured.exactly.evalf(30)), value, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("top", "bottom", "shown"),
    [(1, 3, "0.333333 = 1/3"), (123_456, 370_370, "0.333332 = 61728/185185"), (1_234_567, 3_703_702, "0.333333 (exact)"), (1, 2, "0.5 = 1/2"), (4, 2, "2")],
)
def test_a_closed_form_is_printed_if_its_numbers_are_short(top: int, bottom: int, shown: str) -> None:
    assert str(Measured(top / bottom, sympy.Rational(top, bottom))) == shown
