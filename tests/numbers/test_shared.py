"""Tests of code that pieces share: it gives the numbers of the code that each would have alone."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.numbers import shared
from lrdsl.numbers.scalar import Evaluator
from tests.counting import work
from tests.drawing import examples
from tests.properties import texts

GROWING = [
    "restarts(cosine(10), stretch=2)",
    "restarts(cosine(7, to=0.1x), stretch=3/2)",
    "restarts(linear(5), stretch=2)",
    "restarts(cosine(10), stretch=2, decay=0.5)",
    "restarts(cosine(9/2), stretch=2)",
    "restarts(warmup(3) then cosine(8), stretch=2)",
    "onecycle(200) then onecycle(300)",
    "cosine(10) then warmup(10) then cosine(20) then warmup(20) then cosine(40)",
    "linear(10, to=0.5x) then linear(7, to=2x) then linear(3, to=1e-5)",
]


def agree(schedule: lrdsl.Schedule, ticks: range) -> None:
    """What is stored, by code that may be shared, is what a function of the piece alone gives."""
    for target in schedule.targets:
        storing, alone = Evaluator.of(target.plan), Evaluator.of(target.plan)
        for base in (0.1, 3.0):
            group = {"lr": base}
            for tick in ticks:
                storing.code_at(tick).storing("lr", [(group, base)])(tick)
                assert (group["lr"], type(group["lr"])) == (alone.level(tick, base), float), (str(schedule), tick)


@pytest.mark.parametrize("text", GROWING)
def test_shared_code_gives_the_same_numbers(text: str) -> None:
    agree(lrdsl.parse(text), range(400))


@examples(60)
@given(texts.schedules(longest=60), st.integers(2, 5))
def test_of_drawn_schedules_too(schedule: lrdsl.Schedule, times: int) -> None:
    again = lrdsl.parse(" then ".join([f"({schedule}) for {20 + k}" for k in range(times)]))
    agree(again, range(20 * times))


def test_cycles_that_grow_are_lowered_once() -> None:
    shared._CODE.clear()
    evaluator = Evaluator.of(lrdsl.parse("restarts(cosine(10), stretch=2)").plan)
    slots = [({"lr": 1.0}, 1.0)]
    lowered = [work(lambda tick=tick: evaluator.code_at(tick).storing("lr", slots)) for tick in (10, 29, 30, 69, 70, 149, 150, 309)]
    assert max(lowered[2:]) < lowered[0] / 4
    assert len(shared._CODE) == 2


PROGRAM = """
import sys
from types import SimpleNamespace
import lrdsl
for text in sys.argv[1:]:
    scheduler = lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1}]))
    before = set(sys.modules)
    for _ in range(60):
        scheduler.step()
    assert set(sys.modules) == before, (text, set(sys.modules) - before)
"""


def test_no_module_is_loaded_in_the_middle_of_a_run() -> None:
    constant, product = "hold(5) then exp(2^(-1/7))", "hold(5) then cumprod(0.9 + 0.1*t/(t + 5)) for 20 then cosine(20)"
    for argument in ([constant], [product], [*GROWING]):
        subprocess.run([sys.executable, "-c", PROGRAM, *argument], check=True)
