"""The plan: what it says of its phases, and how many ticks show it."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.plan import MOST_TICKS, horizon


def test_a_phase_prints_as_its_text() -> None:
    phases = lrdsl.parse("warmup( 5 ) then  cosine(20, to = 1e-3)").phases
    assert [str(phase) for phase in phases] == ["warmup(5)", "cosine(20, to=0.001)"]
    assert [repr(phase) for phase in lrdsl.parse("warmup(5) then hold until val_loss < 0.3 then cosine(10)").phases] == [
        "<Phase 'warmup(5)' from tick 0, 5 ticks>",
        "<Phase 'hold until val_loss < 0.3' from tick 5>",
        "<Phase 'cosine(10)' from an event, 10 ticks>",
    ]


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        # A little past the end of what ends.
        ("cosine(100)", 106),
        ("warmup(20) then linear(40)", 64),
        ("multistep([30, 60])", 64),
        ("hold(1)", 2),
        ("drop(0.5)", 2),
        # Three times the way to an endless phase, and no less than 100 ticks.
        ("hold", 101),
        ("exp(0.9)", 101),
        ("warmup(100) then exp(0.9)", 301),
        ("hold until val_loss < 0.3 then cosine(10)", 101),
        # Four cycles of what repeats; a cycle of one tick shows nothing.
        ("repeat(linear(30))", 121),
        ("warmup(10) then repeat(linear(30))", 131),
        ("hold(50) then step(30)", 171),
        ("every(2, exp(0.9))", 9),
        ("every(1, exp(0.9))", 101),
        ("repeat(repeat(linear(3), times=2))", 25),
        # The first cycles of those that grow.
        ("restarts(cosine(10), stretch=2)", 151),
        ("hold(3) then restarts(cosine(10), stretch=2)", 154),
    ],
)
def test_how_many_ticks_show_a_plan(text: str, ticks: int) -> None:
    assert horizon(lrdsl.parse(text).plan, None) == ticks


@pytest.mark.parametrize(("total", "ticks"), [(1000, 1001), (1, 2), (0.5, 2), (10**9, MOST_TICKS)])
def test_the_run_shows_a_plan_where_its_length_is_known(total: float, ticks: int) -> None:
    assert horizon(lrdsl.parse("repeat(linear(30))").plan, lrdsl.parse("hold(total)", total_steps=total).plan.length) == ticks


def test_the_phase_in_force() -> None:
    plan = lrdsl.parse("warmup(5) then hold(2.5) then cosine(20)").plan
    assert [plan.phase_at(t) for t in (0, 4, 5, 7, 7.5, 8, 27.5, 10**6)] == [0, 0, 1, 1, 2, 2, 2, 2]
    waiting = lrdsl.parse("warmup(5) then hold until val_loss < 0.3 then cosine(10)").plan
    assert [waiting.phase_at(t) for t in (4, 5, 10**6)] == [0, 1, 1]


def test_lengths_are_whole_numbers_where_they_are_whole() -> None:
    plan = lrdsl.parse("hold(2.5) then hold(1.5) then hold(3)").plan
    assert [(type(p.start), type(p.length)) for p in plan.phases][2] == (int, int)
    assert type(plan.length) is int


def test_targets_print_as_a_text_writes_them() -> None:
    text = 'lr = hold; lr["head"] = hold; lr[1] = hold; betas[0] = hold(at=0.9); betas[1]["head"] = hold(at=0.99)'
    assert [t.name for t in lrdsl.parse(text).targets] == ["lr", 'lr["head"]', "lr[1]", "betas[0]", 'betas[1]["head"]']


def test_events_have_letters_in_a_formula() -> None:
    plan = lrdsl.parse("hold until a < 1 then plateau(metric=b) for 9 then hold until c < 1 then plateau(metric=d)").plan
    assert list(plan.letters.values()) == [("tau", 1), ("k", 1), ("tau", 2), ("k", 2)]


def test_the_base_that_is_meant() -> None:
    assert lrdsl.parse("set base = 0.2; lr = hold").program.base_value == 0.2
    assert lrdsl.parse("hold").program.base_value == 1.0
