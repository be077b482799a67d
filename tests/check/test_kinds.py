"""Tests of kinds: which values a parameter takes, and the kind of the result of arithmetic."""

from __future__ import annotations

import pytest

import lrdsl


@pytest.mark.parametrize(
    ("text", "tick", "level"),
    [
        ("hold(at=0.5)", 0, 0.5),
        ("hold(at=0.5x)", 0, 1.0),
        ("hold(at=base/25)", 0, 0.08),
        ("hold(at=base - 0.5)", 0, 1.5),
        ("hold(at=base + 0.5x)", 0, 3.0),
        ("hold(at=2*base/4)", 0, 1.0),
        ("hold(at=min(base, 0.5))", 0, 0.5),
        ("hold(at=max(0.1x, 0.3))", 0, 0.3),
        ("hold(at=abs(0 - 0.5))", 0, 0.5),
        ("0.5 * hold", 0, 1.0),
        ("hold * 0.5", 0, 1.0),
        ("hold / 4", 0, 0.5),
        ("hold * (1 - 0.25)", 0, 1.5),
        ("hold * hold(at=0.5x)", 0, 1.0),
        ("0.5 * hold(at=3)", 0, 1.5),
        ("exp(1 - 1/10)", 1, 1.8),
        ("exp(5ep / 10ep)", 1, 1.0),
        ("exp(0.05x / 0.1x)", 1, 1.0),
        ("exp((base + 1x) / (4*base))", 1, 1.0),
        ("scale(t / 10)", 5, 1.0),
        ("scale(t / 5 steps)", 5, 2.0),
        ("scale(pi/pi + t*0)", 3, 2.0),
        ("restart hold(3) then hold", 9, 2.0),
        ("drop(0.5) then restart hold", 9, 2.0),
        ("drop(0.5) then hold", 9, 1.0),
        ("linear(10, from=1x, to=0.5) for 5", 5, 1.25),
        ("every(4, linear(8))", 3, 2.0),
        ("every(4, linear(8))", 4, 1.0),
        ("stretch(step(3, 0.1), 2)", 5, 2.0),
        ("stretch(linear(10), to=20)", 10, 1.0),
        ("clip(exp(0.5), 0.25x, 0.75x)", 0, 1.5),
        ("clip(exp(0.5), 0.25x, 0.75x)", 9, 0.5),
        ("min(hold, 0.3)", 0, 0.3),
        ("max(linear(10), 0.5x)", 9, 1.0),
        ("repeat(hold(3) then drop(0.5), times=2)", 3, 1.0),
        ("repeat(hold(3) then drop(0.5), times=2)", 99, 0.5),
        ("restarts(linear(4), decay=0.5)", 8, 0.5),
        ("restarts(linear(4), stretch=2)", 8, 1.0),
        ("bounce(linear(4))", 6, 1.0),
    ],
)
def test_values(text: str, tick: int, level: float) -> None:
    s = lrdsl.parse(text, steps_per_epoch=1)
    assert s.at(tick, base=2.0) == pytest.approx(level, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "hold(0.1x)", "hold(at=5ep)", "exp(base)", "hold(base)", "exp(0.5) * 5ep", "hold(2ep * 3ep)", "hold(at=base*base)", "hold(at=1/base)", "scale(base)", "scale(5ep)",
        "exp(1/base)", "exp(base/5ep)", "exp(5ep/base)", "exp(0.5 - 1ep)", "hold(at=base^2)", "cosine(20, power=1x)", "hold(at=sqrt(base))", "repeat(hold(3), times=0.5)", "multistep(30, 0.1x)", "hold + 1ep", "hold + hold", "cosine(9) * (hold + 0.1)", "hold ^ 2", "2 / hold", "hold / hold",
        "hold * hold(at=0.5)", "hold * linear(5, to=base - 0.1)", "hold([3])", "warmup(3, shape=0.5)", "hold(linear)", "cosine", "every(cosine(20), 3)",
    ],
)  # fmt: skip
def test_what_does_not_fit(text: str) -> None:
    found = lrdsl.lint(text, steps_per_epoch=1)
    assert found, text
    assert all(d.severity == "error" for d in found)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("min(1)", "LR106"),
        ("max()", "LR106"),
        ("sqrt()", "LR106"),
        ("sqrt(1, 2)", "LR107"),
        ("abs(1, 2, 3)", "LR107"),
        ("min(1, b=2)", "LR102"),
        ("log(x=2)", "LR102"),
    ],
)
def test_how_many_arguments_a_function_takes(call: str, code: str) -> None:
    (problem,) = lrdsl.lint(f"hold(at={call})")
    assert (problem.code, problem.message.partition("`")[2].partition("`")[0]) == (code, call.partition("(")[0])


@pytest.mark.parametrize("text", ["exp(base/(base + 0.1))", "scale(t * (base + 0.1)/base)"])
def test_levels_are_divided_by_levels_where_the_base_cancels(text: str) -> None:
    (problem,) = lrdsl.lint(text)
    assert (problem.code, problem.message) == ("LR114", "a level cannot be divided by a level")


def test_lengths() -> None:
    lengths = {
        "hold(3) then cosine(20)": 23, "hold(3) * cosine(20)": 20, "min(hold(3), cosine(20))": 20, "min(hold, cosine(20))": None, "repeat(hold(3), times=4)": 12,
        "repeat(hold(3))": None, "restarts(cosine(10), times=3, stretch=2)": 70, "bounce(cosine(20))": None, "every(3, cosine(20))": 20, "stretch(cosine(20), 2.5)": 50,
        "stretch(cosine(20), to=7)": 7, "exp(0.9) for 12": 12, "drop(0.1)": 0, "multistep([3, 9])": 9, "step(3)": 3, "clip(cosine(20), 0, 1x)": 20, "0.5 * cosine(20)": 20,
    }  # fmt: skip
    assert {text: lrdsl.parse(text).plan.length for text in lengths} == lengths


def test_rest_is_what_the_others_leave() -> None:
    s = lrdsl.parse("warmup(10%) then hold(rest) then linear(20%)", total_steps=1000)
    assert [(float(p.start), float(p.length or 0)) for p in s.phases] == [(0, 100), (100, 700), (800, 200)]
    begun = lrdsl.parse("hold(100) then linear(rest) for 90 then hold(10) then linear(rest)", total_steps=1000)
    assert begun.length == 1000
    assert [begun.at(t) for t in (190, 200)] == [0.9, 0.9]
    nested = lrdsl.parse("hold(100) then (hold(200) then cosine(rest) for rest) ", total_steps=1000)
    assert nested.length == 1000


def test_finiteness_is_checked_only_where_a_phase_is_in_force() -> None:
    assert lrdsl.parse("exp(2) for 100 then cosine(20)").at(100) == 2.0**100
    assert [d.code for d in lrdsl.lint("exp(2) for 1000 then cosine(20)")] == ["LR144"]
    assert lrdsl.parse("scale(1/(10 - t)) for 9").at(9) == 1.0
    assert [d.code for d in lrdsl.lint("scale(1/(10 - t)) for 11")] == ["LR144"]
