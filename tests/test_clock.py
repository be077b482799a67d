"""Tests of the clock: every spelling of a unit, converted into ticks exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.clock import UNITS, Clock, MissingFactError
from lrdsl.expr.exact import plain


def ticks(text: str, **clock: object) -> Fraction | None:
    """Returns the length of a phase, in ticks."""
    return lrdsl.parse(f"hold({text})", **clock).plan.length  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3), ("2.5", Fraction(5, 2)), ("1_000", 1000), ("1e3", 1000), (".5", Fraction(1, 2)), ("5 ticks", 5), ("1 tick", 1),
        ("500 steps", 500), ("1 step", 1), ("2k steps", 2000), ("2k", 2000), ("1.5M", 1_500_000), ("1B", 10**9), ("1M", 10**6), ("3k", 3000),
        ("5ep", 6255), ("5 ep", 6255), ("1 epoch", 1251), ("5 epochs", 6255), ("0.5ep", Fraction(1251, 2)),
        ("10%", 11259), ("10 %", 11259), ("0.1%", Fraction(11259, 100)), ("total", 112590), ("total / 3", 37530), ("total - 5ep", 106335), ("rest", 112590),
        ("1.5B tokens", 15000), ("2T tokens", 20_000_000), ("3M tok", 30), ("1 token", Fraction(1, 100_000)), ("2560 samples", 10), ("1 sample", Fraction(1, 256)), ("1M samples", Fraction(15625, 4)),
        ("2 * 5ep + 3", 12513), ("min(5ep, 10%)", 6255), ("floor(total / 7 / 1 step) * 1 step", 16084),
    ],
)  # fmt: skip
def test_durations(text: str, expected: Fraction | int) -> None:
    assert ticks(text, steps_per_epoch=1251, total_epochs=90, batch_size=256, tokens_per_step=100_000) == expected


def test_ticks_that_are_epochs() -> None:
    clock = {"tick": "epoch", "steps_per_epoch": 100, "total_epochs": 90}
    assert [ticks(text, **clock) for text in ("5ep", "3", "50 steps", "10%", "rest")] == [5, 3, Fraction(1, 2), 9, 90]
    assert ticks("5ep", tick="epoch") == 5
    assert ticks("total", tick="epoch", total_steps=500, steps_per_epoch=50) == 10


def test_launchers_that_call_step_several_times_a_step() -> None:
    clock = {"ticks_per_step": 8, "steps_per_epoch": 10, "total_epochs": 5, "tokens_per_step": 100}
    assert [ticks(text, **clock) for text in ("3", "3 ticks", "3 steps", "1ep", "10%", "rest", "200 tokens")] == [3, 3, 24, 80, 40, 400, 16]
    file = lrdsl.parse("set epoch = 10 steps\nset total = 5ep\nlr = warmup(1ep) then linear(rest)", ticks_per_step=8)
    assert file.length == 400
    once = lrdsl.parse("warmup(1ep) then linear(rest)", steps_per_epoch=10, total_epochs=5)
    assert [file.at(8 * t) for t in range(50)] == [once.at(t) for t in range(50)]
    with pytest.raises(lrdsl.ScheduleError, match="ticks_per_step"):
        ticks("3", tick="epoch", ticks_per_step=8)


def test_a_missing_fact_follows_from_two_others() -> None:
    assert ticks("1ep", total_steps=900, total_epochs=90) == 10
    assert ticks("100%", steps_per_epoch=10, total_epochs=90) == 900


def test_facts_that_agree_are_accepted_and_those_that_do_not_are_refused() -> None:
    assert ticks("100%", total_epochs=5, steps_per_epoch=10, total_steps=50) == 50
    assert ticks("100%", total_epochs=5, steps_per_epoch=Fraction(1, 3), total_steps=Fraction(5, 3)) == Fraction(5, 3)
    for steps in (49, 51, 2, 15):
        with pytest.raises(lrdsl.ScheduleError, match=rf"error\[LR124\]: 5 epochs of 10 steps are 50 steps, but total_steps is {steps}"):
            Clock.of(total_epochs=5, steps_per_epoch=10, total_steps=steps)


def test_the_facts_that_would_do_are_named() -> None:
    """One of two totals is not enough for an epoch, and a fact more does not help."""
    for known, text, missing in (
        ({"total_steps": 900}, "1ep", "steps_per_epoch"),
        ({"total_epochs": 90}, "1ep", "steps_per_epoch"),
        ({"total_epochs": 90}, "10%", "steps_per_epoch"),
        ({"steps_per_epoch": 10, "batch_size": 4, "tokens_per_step": 4}, "10%", "total_steps or total_epochs"),
        ({"tick": "epoch", "total_epochs": 90}, "3 steps", "steps_per_epoch"),
        ({"tick": "epoch", "total_steps": 90}, "10%", "steps_per_epoch"),
        ({"batch_size": 4}, "3 tokens", "tokens_per_step"),
        ({"tokens_per_step": 4}, "3 samples", "batch_size"),
    ):
        (problem,) = lrdsl.lint(f"hold({text})", **known)  # type: ignore[arg-type]
        assert problem.code == "LR121"
        assert f" needs {missing}, which is not given" in problem.message


def test_a_formula_counts_ticks_steps_or_epochs() -> None:
    clock = Clock.of(steps_per_epoch=10, ticks_per_step=2)
    assert [clock.ticks_in(time) for time in ("ticks", "steps", "epochs")] == [1, 2, 20]
    assert [Clock.of(tick="epoch", steps_per_epoch=10).ticks_in(time) for time in ("ticks", "steps", "epochs")] == [1, Fraction(1, 10), 1]
    for time in ("hours", "tick", "", 3, None):
        with pytest.raises(lrdsl.ScheduleError, match="LR152") as caught:
            lrdsl.parse("cosine(20)").latex(time=time)
        assert caught.value.diagnostics[0].help == "count ticks, steps, epochs, tokens, samples or percent"
    run = Clock.of(total_steps=200, batch_size=8, tokens_per_step=50)
    assert [run.ticks_in(time) for time in ("tokens", "samples", "percent")] == [Fraction(1, 50), Fraction(1, 8), 2]
    with pytest.raises(lrdsl.ScheduleError, match="LR123"):
        lrdsl.parse("set batch_size = hold(10, at=2) then hold(at=4); lr = hold").latex(time="samples")
    with pytest.raises(lrdsl.ScheduleError, match="time in epochs needs steps_per_epoch"):
        lrdsl.parse("cosine(20)").latex(time="epochs")


@pytest.mark.parametrize("unit", UNITS)
def test_a_missing_fact_is_named(unit: str) -> None:
    found = lrdsl.lint(f"hold(3 {unit})") if unit != "%" else lrdsl.lint("hold(3%)")
    assert [d.code for d in found] == ([] if UNITS[unit] in ("tick", "step") else ["LR121"])


@given(st.fractions(min_value=Fraction(1, 1000), max_value=10**6))
def test_facts_are_plain_data_without_loss(value: Fraction) -> None:
    shown = plain(value)
    read = Fraction(shown) if isinstance(shown, int | str) else Fraction(repr(shown))
    assert read == value


def test_a_clock_is_plain_data() -> None:
    clock = Clock.of(steps_per_epoch=Fraction(1, 3), total_steps=2.5, batch_size=32, tick="epoch")
    assert clock.facts() == {"steps_per_epoch": "1/3", "total_steps": 2.5, "batch_size": 32, "tick": "epoch"}
    assert Clock().facts() == {"tick": "step"}


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.fractions(min_value=0, max_value=100))
def test_resolution_is_exact(per_epoch: int, epochs: int, amount: Fraction) -> None:
    clock = Clock.of(steps_per_epoch=per_epoch, total_epochs=epochs)
    assert clock.ticks(amount, "epoch") == amount * per_epoch
    assert clock.ticks(amount, "percent") * 100 == amount * per_epoch * epochs
    with pytest.raises(MissingFactError):
        clock.ticks(amount, "token")


@pytest.mark.parametrize(
    "facts",
    [{"total_steps": 0}, {"total_steps": -1}, {"batch_size": "many"}, {"steps_per_epoch": float("nan")}, {"total_steps": True}, {"total_epochs": 10**12 + 1}],
)
def test_facts_are_positive_numbers(facts: dict[str, object]) -> None:
    with pytest.raises(lrdsl.ScheduleError, match=next(iter(facts))):
        Clock.of(**facts)


def test_the_longest_run() -> None:
    assert Clock.of(total_steps=10**12).ticks(100, "percent") == 10**12


@pytest.mark.parametrize("tick", ["epochs", "", "ticks", 1, None])
def test_a_tick_is_a_step_or_an_epoch(tick: object) -> None:
    with pytest.raises(lrdsl.ScheduleError, match=r"error\[LR152\]: tick is"):
        Clock.of(tick=tick)  # type: ignore[arg-type]


def test_an_unknown_fact_is_a_mistake_in_the_call() -> None:
    with pytest.raises(TypeError, match="steps_per_epoch"):
        lrdsl.parse("hold", steps_per_epochs=3)


@pytest.mark.parametrize(
    ("tick", "amounts"),
    [
        ("step", {"tick": 5, "epoch": Fraction(1, 2), "step": 5, "sample": 160, "token": 500}),
        ("epoch", {"tick": 5, "epoch": 5, "step": 50, "sample": 1600, "token": 5000}),
    ],
)
def test_what_a_run_has_seen(tick: str, amounts: dict[str, Fraction]) -> None:
    clock = Clock.of(steps_per_epoch=10, batch_size=32, tokens_per_step=100, tick=tick)
    assert {unit: clock.amount(5, unit) for unit in amounts} == amounts
    assert [clock.ticks(amount, unit) for unit, amount in amounts.items() if unit != "tick"] == [5] * 4
    for unit in ("epoch", "sample", "token"):
        with pytest.raises(MissingFactError):
            Clock.of(tick="step").amount(5, unit)
