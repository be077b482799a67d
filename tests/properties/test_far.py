"""Tests of runs of up to 1e8 ticks: every shape and example file is within 4 ulp a phase of the value at 60 digits, at drawn ticks."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.plan import pieces
from lrdsl.shapes import Shape
from lrdsl.syntax import canonical, parse
from tests.drawing import examples
from tests.properties import exact, texts
from tests.properties.test_agreement import BASE, compare, ulps

EXAMPLES = Path(__file__).parents[2] / "examples"
FAR = 10**8
#: Cycles with boundaries that fall on ticks and are no doubles in their own time.
FRACTIONAL = [
    "restarts(hold(8/3) then drop(0.5) then hold(1))",
    "bounce(hold(8/3) then drop(0.5))",
    "bounce(hold(2.1) then drop(0.5) then hold(1))",
    "skip(2.1, bounce(hold(8/3) then drop(0.5)))",
    "every(1/3, bounce(hold(2/3) then drop(0.5) then hold(1/3)))",
    "stretch(restarts(hold(8/3) then drop(0.5) then hold(1)), 1.3)",
    "restarts(restarts(hold(0.7) then drop(0.5) then hold(0.1), times=3) then hold(0.3))",
    "bounce(restarts(hold(8/3) then drop(0.5) then hold(1), times=3))",
    "restarts(hold(0.99999999999) then drop(0.5) then hold(0.00000000002))",
]


@pytest.mark.parametrize("form", [form for form in texts.FORMS if form.name != "cumprod"], ids=lambda form: form.signature)
@examples(20)
@given(data=st.data())
def test_every_shape(form: Shape, data: st.DataObject) -> None:
    node = data.draw(texts.shapes(FAR, forms=(form,)).filter(lambda drawn: texts.checked(drawn) is not None))
    s = lrdsl.parse(canonical(node))
    formula = exact.Evaluator(s.formula(base=BASE, numbers="double"))
    for t in data.draw(texts.ticks(s, FAR)):
        assert ulps(s.at(t, BASE), formula.at(t)) <= 4, (t, str(s))


def drawn_targets() -> list[tuple[str, str]]:
    """Yields the targets of the example files that follow no metric."""
    found = []
    for path in sorted(EXAMPLES.glob("*.lrs")):
        schedule = loaded(path.stem)
        found += [(path.stem, target.name) for target in schedule.targets if not target.plan.watches]
    return found


def loaded(stem: str) -> lrdsl.Schedule:
    clock = {"steps_per_epoch": 14, "total_epochs": 12} if stem == "two_groups" else {}
    return lrdsl.load(EXAMPLES / f"{stem}.lrs", **clock)


@pytest.mark.parametrize(("stem", "target"), drawn_targets())
@examples(10)
@given(data=st.data())
def test_every_example(stem: str, target: str, data: st.DataObject) -> None:
    s = loaded(stem)
    plan = s.plan_of(target)
    formula = exact.Evaluator(s.formula(base=BASE, numbers="double", target=target))
    edges = sorted({max(0, int(piece.start) + d) for piece in pieces(plan.level) for d in (-1, 0, 1) if piece.start < FAR})
    for t in data.draw(st.lists(st.one_of(st.sampled_from(edges), st.integers(0, int(plan.length or FAR)), st.integers(0, FAR)), min_size=5, max_size=20)):
        assert ulps(s.at(t, BASE, target), formula.at(t)) <= 4 * len(plan.phases), (t, stem)


@examples(15)
@given(st.integers(2, 400), st.floats(0.5, 0.999), st.floats(1e-90, 1e90))
def test_factors_down_to_the_least_normal_number(n: int, gamma: float, base: float) -> None:
    """The promise of 4 ulp has a domain, which the reference names. Below it, a level is as exact as its factor can be."""
    s = lrdsl.parse(f"step({n}, {gamma!r})")
    formula = exact.Evaluator(s.formula(base=base, numbers="double"))
    last = int(math.log(sys.float_info.min) / math.log(gamma)) * n
    for t in (last // 2, last - n, last + n, last + 20 * n):
        if t <= FAR:
            wanted = formula.at(t)
            factor = abs(wanted) / base
            assert ulps(s.at(t, base), wanted) <= 4 if factor >= 2.3e-308 else abs(s.at(t, base) - wanted) <= 5e-324 * max(base, 1)


@pytest.mark.parametrize("text", FRACTIONAL)
def test_boundaries_within_cycles_that_are_no_doubles(text: str) -> None:
    s = lrdsl.parse(text)
    formula = exact.Evaluator(s.formula(base=BASE, numbers="double"))
    for t, listed in enumerate(s.values(200, BASE).tolist()):
        assert max(ulps(listed, formula.at(t)), ulps(s.at(t, BASE), formula.at(t))) <= 12, (t, text)


@pytest.mark.parametrize(
    ("text", "tick"),
    [
        ("exp(2^(-1/7))", 3741),
        ("exp(exp(-1e-6))", FAR),
        ("step(168011, 2^(-1/7))", FAR),
        ("step(7, cos(0.1))", 10_000),
        ("exp(1 - log(1.0001))", 10**6),
        ("exp(0.5^(1/1e5))", FAR),
        ("exp(min(abs(-2^(-1/7)), 0.95))", 3741),
        ("inv(10, power=2^(-1/7))", FAR),
        ("restarts(cosine(10), decay=2^(-1/7))", 5000),
    ],
)
def test_constants_that_are_no_fractions(text: str, tick: int) -> None:
    s = lrdsl.parse(text)
    formula = exact.Evaluator(s.formula(base=BASE, numbers="double"))
    for t in (3, tick // 7, tick):
        assert max(ulps(s.at(t, BASE), formula.at(t)), ulps(float(s.values([t], BASE)[0]), formula.at(t))) <= 4, t


@examples(20)
@given(
    cycle=st.sampled_from(
        [
            "cyclic(base, 2x, 1)",
            "cyclic(0.1x, 2x, 3)",
            "repeat(linear(7))",
            "repeat(cosine(7/3))",
            "repeat(exp(0.3) for 7/3)",
            "repeat(repeat(cosine(7/3)) for 11)",
        ]
    ),
    length=st.integers(5, 40),
    growth=st.decimals("1.1", "6", places=3),
    ticks=st.lists(st.integers(0, 10**8), min_size=4, max_size=12),
)
@example(cycle="cyclic(base, 2x, 1)", length=5, growth="5.998", ticks=[4, 5, 6])
def test_cycles_in_cycles_that_grow(cycle: str, length: int, growth: object, ticks: list[int]) -> None:
    """If a cycle has grown by a fraction of many digits, no tick falls on a boundary of the cycles in it."""
    compare(parse(f"restarts({cycle} for {length}, stretch={growth})"), ticks)
