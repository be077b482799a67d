"""Tests of batches that change in a run: what a text says of them against a count of every step, in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.batches import Batches
from lrdsl.clock import Clock
from lrdsl.expr.exact import Exact, unplain
from tests.drawing import examples

#: A phase of a ramp: how long it is, in steps or in samples, and the samples of a step.
Part = tuple[int, bool, int]
RAMPS = st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.integers(1, 60)), min_size=1, max_size=5)
AMOUNTS = st.integers(1, 2000)


def written(ramp: list[Part]) -> str:
    phases = [f"hold({n} {'steps' if steps else 'samples'}, at={batch})" for n, steps, batch in ramp[:-1]]
    return f"set batch_size = {' then '.join([*phases, f'hold(at={ramp[-1][2]})'])}"


def counted(ramp: list[Part], steps: int) -> list[int]:
    """The samples of each step. A phase is over, for the next step, once its steps are made or its samples seen."""
    batches: list[int] = []
    seen, i = 0, 0
    time: Exact = 0
    before: Exact = 0  # when the phase began, and what was seen then
    for step in range(steps):
        while i + 1 < len(ramp):
            n, in_steps, _ = ramp[i]
            if (step < time + n) if in_steps else (seen < before + n):
                break
            last = batches[-1] if batches else 1
            if in_steps:
                time += n
                before = seen - (step - time) * last
            else:
                before += n
                time = step - Fraction(seen - before) / last
            i += 1
        batches.append(ramp[i][2])
        seen += batches[-1]
    return batches


def time_of(samples: Exact, batches: list[int]) -> Fraction:
    """When so many samples have been seen."""
    for step, batch in enumerate(batches):
        if samples <= batch:
            return step + Fraction(samples) / batch
        samples -= batch
    raise AssertionError("the run is too short")


@examples(150)
@given(RAMPS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_lengths_and_times_are_those_of_a_count_of_every_step(ramp: list[Part], first: int, second: int, later: int) -> None:
    batches = counted(ramp, 8001)
    s = lrdsl.parse(f"{written(ramp)}; lr = hold({first} samples) then hold(2 * {second} samples) then hold until {first + 2 * second + later} samples")
    times = [time_of(n, batches) for n in (first, first + 2 * second, first + 2 * second + later)]
    assert [p.start for p in s.phases[1:]] == times[:2]
    assert s.plan.length == times[2]
    clock = s.clock.batch_size
    if isinstance(clock, Batches):
        assert [clock.seen(n) for n in (0, 1, 7, 500)] == [sum(batches[:n]) for n in (0, 1, 7, 500)]
    else:
        assert {clock} == set(batches)


@examples(100)
@given(RAMPS, st.integers(0, 500), AMOUNTS)
def test_a_length_counts_from_where_its_phase_begins(ramp: list[Part], start: int, samples: int) -> None:
    batches = counted(ramp, 3000)
    s = lrdsl.parse(f"{written(ramp)}; lr = hold({start}) then (cosine({samples} samples) for {samples} samples) then multistep([{samples} samples])")
    middle = time_of(sum(batches[:start]) + samples, batches)
    assert [p.start for p in s.phases] == [0, start, middle]
    assert s.plan.length == time_of(sum(batches[:start]) + 2 * samples, counted(ramp, 6000))


@examples(100)
@given(RAMPS, st.integers(200, 2000), AMOUNTS, st.integers(0, 50), AMOUNTS)
def test_phases_behind_rest_end_with_the_run(ramp: list[Part], total: int, first: int, steps: int, second: int) -> None:
    batches = counted(ramp, total)
    end = sum(batches)
    assume(second <= end)
    last = time_of(end - second, batches)
    held = last - steps
    assume(held >= 0)
    seen = sum(batches[: int(held)]) + (held - int(held)) * batches[int(held)]
    assume(first <= seen)
    s = lrdsl.parse(f"{written(ramp)}; set total = {total}; lr = hold(rest) then linear({first} samples) then hold({steps}) then cosine({second} samples)")
    assert [p.start for p in s.phases[1:]] == [time_of(seen - first, batches), held, last]
    assert s.plan.length == total


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50)), min_size=1), st.fractions(0, 1000), st.fractions(0, 1000))
def test_steps_and_amounts_are_inverse(stairs: list[tuple[int, int]], amount: Fraction, start: Fraction) -> None:
    batches = Batches.of([(0, 7), *sorted(stairs)])
    steps = batches.steps(amount, start)
    assert batches.seen(start + steps) - batches.seen(start) == amount
    assert batches.steps(-amount, start + steps) == -steps
    assert all(a != b for a, b in zip(batches.amounts, batches.amounts[1:], strict=False))
    assert [(step, unplain(n)) for step, n in batches.plain()] == list(zip(batches.starts, batches.amounts, strict=True))


@given(RAMPS, st.integers(1, 9), AMOUNTS, st.integers(0, 300))
def test_ticks_that_are_parts_of_steps_or_epochs(ramp: list[Part], per: int, samples: int, start: int) -> None:
    """The batch goes by steps, whatever a tick is."""
    lr = f"lr = hold({start} steps) then cosine({samples} samples)"
    length = lrdsl.parse(f"{written(ramp)}; {lr}").plan.length
    assert length is not None
    assert lrdsl.parse(f"{written(ramp)}; {lr}", ticks_per_step=per).plan.length == length * per
    assert lrdsl.parse(f"{written(ramp)}; {lr}", tick="epoch", steps_per_epoch=per).plan.length == Fraction(length) / per


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.booleans())
def test_a_schedule_of_one_amount_is_the_number(batch: int, n: int, twice: bool) -> None:
    schedule = f"hold({n} samples, at={batch}) then hold" if twice else f"hold(at={batch})"
    s = lrdsl.parse(f"set batch_size = {schedule}; lr = repeat(cosine(5M samples))")
    assert s.clock == Clock(batch_size=batch)
    assert s.plan.level == lrdsl.parse("repeat(cosine(5M samples))", batch_size=batch).plan.level


def test_in_words() -> None:
    assert str(Batches.of([(0, 2)])) == "2"
    assert str(Batches.of([(0, 2), (10, Fraction(5, 2)), (11, 9)])) == "2, then 2.5 from step 10 on, then 9 from step 11 on"
    assert str(Batches.of([(i, i + 1) for i in range(9)])) == "1, then 2 from step 1 on, then 3 from step 2 on, and 6 more"


def test_several_jumps_within_a_step_are_one() -> None:
    assert Batches.of([(0, 1), (2.25, 2), (2.5, 3), (3, 4), (3.5, 5)]) == Batches((0, 3, 4), (1, 4, 5))
    assert Batches.of([(0, 1), (2.25, 2), (2.5, 1)]) == Batches((0,), (1,))


@pytest.mark.parametrize(
    "data", [[[1, 2], [5, 3]], [[0, 2], [5, 3], [4, 6]], [[0, 2], [0, 3]], [[0, 2], [1.5, 3]], [[0, 2], [5, 0]], [[0, 2], [5, -3]], [[0, 2]], [], 7, [[0]]]
)
def test_data_that_are_no_batches_are_refused(data: Any) -> None:
    """Batches begin at step 0, at whole steps in order, with amounts above 0; one amount alone is a number."""
    with pytest.raises((ValueError, TypeError)):
        Batches.from_plain(data)
