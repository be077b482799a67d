"""Tests that four ways to the same level agree to 4 ulp a phase: single ticks, arrays, the running scheduler, and the SymPy formula at 60 digits."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from hypothesis import given, reject
from hypothesis import strategies as st

import lrdsl
from lrdsl import expr
from lrdsl.expr import ENTRY, PI, Symbol, T, number
from lrdsl.formulas.symbolic import translate
from lrdsl.kinds import Kind
from lrdsl.plan import pieces
from lrdsl.shapes import Shape, arguments_of
from lrdsl.syntax import canonical, parse
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties import exact, texts

BASE = 0.1
#: Below this, a double has fewer digits, and so may the numbers it was computed from.
SMALLEST = 1e-290


def ulps(found: float, value: object) -> float:
    """Returns the distance of a double from a number of 60 digits, in units of the last place of the double."""
    if abs(value) < SMALLEST:  # type: ignore[operator]
        return 0.0 if abs(found) <= 2 * SMALLEST else math.inf
    return float(abs(exact.mp.mpf(found) - value) / exact.mp.mpf(math.ulp(found)))


def compare(node: Node, ticks: list[int]) -> None:
    schedule = lrdsl.parse(canonical(node))
    try:
        formula = exact.Evaluator(schedule.formula(base=BASE, numbers="double"))
    except lrdsl.ScheduleError as error:  # what SymPy would take too long for is refused
        if error.diagnostics[0].code != "LR005":
            raise
        reject()
    array = schedule.values(ticks, BASE)
    for t, listed in zip(ticks, array.tolist(), strict=True):
        value = formula.at(t)
        allowed = 4 * texts.promised(node, t)
        for found in (schedule.at(t, BASE), listed):
            assert ulps(found, value) <= allowed, (t, found, float(value), str(schedule))


@examples(120)
@given(st.data())
def test_compositions(data: st.DataObject) -> None:
    node = data.draw(texts.trees())
    compare(node, data.draw(texts.ticks(lrdsl.parse(canonical(node)))))


def test_a_phase_that_begins_near_nothing_and_goes_to_the_base() -> None:
    """The paper's form cancels there, to more digits than 60."""
    text = "skip(20000, inv(19, power=25) for 5412 then inv(30, power=2.96) for 444911 then one_minus_sqrt(274, to=base) then exp(2.51e-79))"
    compare(parse(text), [430322, 430323, 430324, 430596])


@examples(60)
@given(st.data())
def test_compositions_of_short_phases(data: st.DataObject) -> None:
    """Short phases have many boundaries and cycles within few ticks, and allow running products."""
    node = data.draw(texts.trees(longest=60))
    compare(node, [t for t in data.draw(texts.ticks(lrdsl.parse(canonical(node)), texts.FEW)) if t <= texts.FEW])


@pytest.mark.parametrize("form", texts.FORMS, ids=lambda form: form.signature)
def test_every_shape(form: Shape) -> None:
    @examples(12)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        longest = texts.FEW if form.name == "cumprod" else 10**8
        node = data.draw(texts.shapes(longest, forms=(form,)).filter(lambda n: texts.checked(n) is not None))
        compare(node, [t for t in data.draw(texts.ticks(lrdsl.parse(canonical(node)), longest)) if t <= longest])

    check()


@pytest.mark.parametrize("form", texts.FORMS, ids=lambda form: form.signature)
def test_the_paper_form_is_the_best_form(form: Shape) -> None:
    """SymPy proves that the two formulas of a shape are equal, with symbols for all parameters that can be symbols."""
    if form.paper is None:
        return
    symbols = {T: sympy.Symbol("u", positive=True), ENTRY: sympy.Symbol("v", positive=True), expr.BASE: sympy.Symbol("b", positive=True), PI: sympy.pi}
    for choices in _choices(form):
        given: dict[str, object] = dict(choices)
        for p in form.parameters:
            if p.kind is Kind.LEVEL:
                given[p.name] = Symbol(f"{p.name}_level")
                symbols[given[p.name]] = sympy.Symbol(p.name, positive=True)  # type: ignore[index]
            elif p.kind is Kind.RATIO:
                given[p.name] = number(3)
            elif p.kind is Kind.DURATION:
                given[p.name] = number(20)
            elif p.kind is Kind.FORMULA:
                given[p.name] = 1 / (1 + T)
        arguments = arguments_of(form, given)  # type: ignore[arg-type]
        if form.complain(**arguments) is not None:
            continue
        arguments.pop("touches", None)  # `level_of` counts the ticks, the formulas know nothing of it
        best, paper = (translate(f(T, ENTRY, **arguments), symbols, False) for f in (form.level, form.paper))
        if isinstance(best, sympy.Piecewise):
            halves = [value for value, _ in best.args]
        else:
            halves = [best]
        pieces = [value for value, _ in paper.args] if isinstance(paper, sympy.Piecewise) else [paper] * len(halves)
        for half, paper in zip(halves, pieces, strict=True):
            inside = {symbols[T]: sympy.Symbol("s", positive=True) * 20} if len(halves) > 1 else {}
            difference = sympy.simplify(sympy.expand_log(sympy.expand_trig((half - paper).subs(inside)), force=True))
            assert difference == 0, (form.signature, choices, difference)


def _choices(form: Shape) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{}]
    for p in form.parameters:
        if p.options:
            found = [{**known, p.name: option} for known in found for option in p.options]
    return found


@examples(50)
@given(texts.schedules(longest=200), st.integers(0, 300), st.floats(1e-4, 10))
def test_stepping_seeking_and_asking_are_one(schedule: lrdsl.Schedule, tick: int, base: float) -> None:
    stepped, sought = (SimpleNamespace(param_groups=[{"lr": base}, {"lr": 2 * base}]) for _ in range(2))
    walking, jumping = lrdsl.compile(schedule, stepped), lrdsl.compile(schedule, sought)
    for _ in range(tick):
        walking.step()
    jumping.seek(tick)
    levels = [group["lr"] for group in stepped.param_groups]
    assert levels == [group["lr"] for group in sought.param_groups]
    assert levels == walking.get_last_lr() == jumping.get_last_lr()
    assert levels == [schedule.at(tick, base), schedule.at(tick, 2 * base)]
    assert walking.last_epoch == jumping.last_epoch == tick


@examples(100)
@given(texts.schedules(longest=10**4))
def test_the_very_edges_of_phases(schedule: lrdsl.Schedule) -> None:
    """Single ticks and arrays agree at boundaries that are not whole ticks, and at the doubles beside them."""
    starts = [float(p.start) for p in pieces(schedule.plan.level) if p.start < 10**6]
    at = [t for start in starts for t in (math.nextafter(start, -1), start, math.nextafter(start, math.inf)) if t >= 0]
    one = [schedule.at(t, BASE) for t in at]
    assert all(math.isfinite(level) for level in one)
    np.testing.assert_allclose(schedule.values(at, BASE), one, rtol=1e-9, atol=1e-12 * max(map(abs, one)))


@examples(40)
@given(texts.schedules(longest=10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=50), st.integers(1, 4))
def test_arrays_in_any_order_and_shape(schedule: lrdsl.Schedule, ticks: list[int], rows: int) -> None:
    at = np.array(ticks * rows).reshape(rows, -1)
    found = schedule.values(at, BASE)
    assert found.shape == at.shape
    assert found.dtype == np.float64
    assert (found == schedule.values(sorted(ticks), BASE)[np.argsort(np.argsort(ticks, kind="stable"), kind="stable")]).all()
