"""Cycles: the levels that each enters at, in closed form."""

from __future__ import annotations

from fractions import Fraction

import pytest

import lrdsl


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        # Each cycle takes v to a v + b: for a < 0, 0 < a < 1, a > 1, a = 1 and a = 0.
        ("repeat((hold(1) * -0.5) + 0.1)", [-0.4, 0.3, -0.05, 0.125, 0.0375]),
        ("repeat((hold(1) * 0.5) + 0.1)", [0.6, 0.4, 0.3, 0.25, 0.225]),
        ("repeat((hold(1) * 2) - 0.5, times=4)", [1.5, 2.5, 4.5, 8.5]),
        ("repeat(hold(1) + 0.25)", [1.25, 1.5, 1.75, 2]),
        ("repeat(hold(1) - 0.25, times=3)", [0.75, 0.5, 0.25, 0.25]),
        ("repeat(hold(1) then hold(1, at=0.5))", [1, 0.5, 0.5, 0.5]),
        ("repeat(hold(2) then drop(0.5))", [1, 1, 0.5, 0.5, 0.25]),
        ("restarts(linear(2), decay=0.5)", [1, 0.5, 0.5, 0.25, 0.25]),
        ("restarts(linear(2), stretch=2)", [1, 0.5, 1, 0.75, 0.5, 0.25, 1]),
        ("restarts(linear(2), stretch=2, decay=0.5, times=2)", [1, 0.5, 0.5, 0.375, 0.25, 0.125, 0, 0]),
        ("restarts(linear(4), stretch=0.5, times=3)", [1, 0.75, 0.5, 0.25, 1, 0.5, 1, 0]),
        ("restarts(hold(2) then linear(2), stretch=2, fixed=2)", [1, 1, 1, 0.5, 1, 1, 1, 0.75, 0.5, 0.25, 1, 1, 1]),
        ("restarts(linear(2, to=0.5), decay=0.5)", [1, 0.75, 0.5, 0.5, 0.25, 0.375]),
        ("restarts(linear(2, to=0.5), decay=0.5, floor=decays)", [1, 0.75, 0.5, 0.375, 0.25, 0.1875]),
        ("restarts(linear(2), stretch=2, decay=0.5, fixed=1, floor=decays)", [1, 0.5, 0.5, 0.25, 0.125, 0.25, 0.125]),
        ("bounce(linear(2))", [1, 0.5, 0, 0.5, 1, 0.5, 0]),
        ("bounce(hold(1) then drop(0.5) then hold(1))", [1, 0.5, 0.5, 0.5, 1, 0.5]),
        ("skip(2, linear(4))", [0.5, 0.25, 0, 0]),
        ("skip(2, warmup(1) then hold(2) then linear(2))", [1, 1, 0.5, 0]),
        ("every(2, linear(4))", [1, 1, 0.5, 0.5, 0, 0]),
        ("every(2, hold(3) then drop(0.5))", [1, 1, 1, 1, 0.5, 0.5]),
    ],
)
def test_levels(text: str, levels: list[float]) -> None:
    assert lrdsl.parse(text).values(len(levels), 1.0).tolist() == pytest.approx(levels, rel=1e-15, abs=1e-16)


def test_many_small_shifts_lose_nothing() -> None:
    """Each cycle multiplies by nearly 1 and adds a little: 1 less a power of the factor would cancel."""
    factor, shift = Fraction(0.999999), Fraction(0.001)
    schedule, level = lrdsl.parse("repeat((hold(1) * 0.999999) + 0.001)"), Fraction(1)
    for t in range(200):
        level = level * factor + shift
        for value in (schedule.at(t), schedule.values(200)[t]):
            assert value == pytest.approx(float(level), rel=1e-15)


@pytest.mark.parametrize("decay", [1, 0.5])
def test_the_formula_of_endless_growing_cycles(decay: float) -> None:
    """It is written as in the paper of SGDR where lengths are neither cut nor fixed."""
    schedule = lrdsl.parse(f"restarts(linear(10), stretch=2, decay={decay})")
    entry = r"\eta_0" if decay == 1 else r"\eta_0 \cdot 0.5^{i}"
    assert entry + r"\left(1 - \frac{T_{\mathrm{cur}}}{T_i}\right)" in schedule.latex()
    (t,) = schedule.formula(base=1).free_symbols
    for tick in (3, 15, 29, 40, 75):
        assert float(schedule.formula(base=1).subs(t, tick)) == pytest.approx(schedule.at(tick), rel=1e-12)
    for option in ("cut=each", "cut=chain", "fixed=3", "floor=decays"):
        assert "cur" not in lrdsl.parse(f"restarts(linear(10), stretch=2, decay={decay}, {option})").latex()


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("restarts(linear(3), stretch=0.5, cut=each, times=9)", "LR143", "a cycle has no time left"),
        ("restarts(linear(3), stretch=0.5, cut=chain, times=9)", "LR143", "a cycle has no time left"),
        ("restarts(linear(3), stretch=1.0000001, times=900)", "LR005", "after 706 cycles, their exact lengths have 5000 digits"),
        ("repeat(max(multistep([1,2,3,4,5,6,7,8,9]), 0.1x) for 10, times=900)", "LR005", "its cycles have 9000 pieces together"),
        ("restarts(multistep([1,2,3,4,5,6,7,8,9]) for 10, times=900, stretch=1.001)", "LR005", "its cycles have 9000 pieces together"),
    ],
)
def test_cycles_that_are_refused(text: str, code: str, message: str) -> None:
    (problem,) = lrdsl.lint(text)
    assert problem.code == code
    assert problem.message.endswith(message)


@pytest.mark.parametrize(
    ("growth", "starts"),
    [
        ("stretch=1.5", [3, 7.5, 14.25, 24.375]),
        ("stretch=1.5, cut=each", [3, 7, 13, 23, 38]),
        ("stretch=1.5, cut=chain", [3, 7, 13, 22, 35]),
        ("stretch=1.5, fixed=1", [3, 7, 12.5, 20.25]),
        ("stretch=1.5, fixed=1, cut=each", [3, 7, 12, 19]),
        ("stretch=1.5, fixed=1, cut=chain", [3, 7, 12, 19, 29]),
    ],
)
def test_when_cycles_that_grow_begin(growth: str, starts: list[float]) -> None:
    for times in ("", f", times={len(starts) + 1}"):
        schedule = lrdsl.parse(f"restarts(linear(3), {growth}{times})")
        for start in starts:
            assert schedule.at(start) == 1
            assert schedule.at(start - 1e-6) == pytest.approx(0, abs=1e-5)
    assert lrdsl.parse(f"restarts(linear(3), {growth}, times={len(starts)})").length == starts[-1]
