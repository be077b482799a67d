"""Tests of code that pieces share: it gives the numbers of the code that each would have alone."""

from __future__ import annotations

import re
import subprocess
import sys
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.numbers import scalar, shared
from lrdsl.numbers import storing as storing_module
from lrdsl.numbers.scalar import Evaluator
from lrdsl.numbers.storing import storing
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node
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
    # Constants that are equal in one phase, and differ in another; that are 0 or 1; that stand in a power too; and of either sign.
    "linear(10, to=0.5x) then linear(7, to=0.25x) then linear(8, to=0.25x) then linear(9, to=0) then linear(4, to=1x)",
    "(0.5 * linear(9, to=0.5x)) then (0.25 * linear(9, to=0.5x)) then (1 * linear(9, to=0.5x))",
    "(exp(0.9) for 5) then (exp(0.9, per=2) for 5) then (exp(0.5) for 5) then (exp(0.9) for 5)",
    "(0.9 * exp(0.9) for 5) then (0.5 * exp(0.9) for 5) then (0.9 * exp(0.5) for 5)",
    "(cosine(7) for 3) then (cosine(11) for 4) then (cosine(13, to=0.3x) for 5) then cosine(17)",
    "(warmup(5) - 0.5x) then (warmup(7) - 0.25x) then (warmup(5) - 2x) then (1x - warmup(9))",
    "scale(5 - 3 * sin(t)) for 9 then scale(5 - sin(t)) for 9 then scale(5 - 2 * sin(t)) for 9",
    "scale(5 - sin(t)) for 9 then scale(5 - 3 * sin(t)) for 9 then scale(5 + sin(t)) for 9",
    "min(linear(9), hold(at=0.5x) for 9) then min(linear(7), hold(at=0.25x) for 7) then max(linear(7), hold(at=0.25x) for 7)",
    "restarts(cosine(3), stretch=1.2, decay=0.9) * bounce(linear(7)) * exp(0.9)",
    "restarts(cosine(5), stretch=1.5, decay=0.5) * 0.5",
    "restarts((linear(4) * exp(0.5)) for 4, stretch=2, decay=0.5)",
]


def agree(schedule: lrdsl.Schedule, ticks: range) -> None:
    """What is stored, and what a function gives, by code that may be shared, is what the code of the piece alone gives."""
    for target in schedule.targets:
        shares, alone = Evaluator.of(target.plan), Evaluator.of(target.plan)
        for base in (0.1, 3.0):
            group = {"lr": base}
            with mock.patch.object(scalar.Pattern, "of", return_value=None):
                levels = [alone.level(tick, base) for tick in ticks]
            for tick, level in zip(ticks, levels, strict=True):
                storing(shares.code_at(tick), "lr", [(group, base)])(tick)
                assert (group["lr"], type(group["lr"])) == (level, float), (str(schedule), tick)
                assert shares.level(tick, base) == level, (str(schedule), tick)


@pytest.mark.parametrize("text", GROWING)
def test_shared_code_gives_the_same_numbers(text: str) -> None:
    agree(lrdsl.parse(text), range(400))


@pytest.mark.parametrize(
    "after", ["linear(9)", "cosine(8, to=0.5x)", "warmup(5, from=0.1x)", "exp(0.5)", "poly(7, power=2)", "onecycle(20)", "restarts(cosine(3))"]
)
@pytest.mark.parametrize("before", ["hold", "linear(40)", "cosine(40, to=0.5x)", "exp(0.5)", "poly(40, power=0.5)", "warmup(40)"])
def test_what_follows_an_event_shares_code_whenever_it_comes(before: str, after: str) -> None:
    schedule = lrdsl.parse(f"{before} until loss < 0.3 then {after}")
    for tick in (1, 2, 3, 20, 39, 40, 41, 7):
        agree(schedule.supposing(tick), range(tick, tick + 30))


@examples(60)
@given(texts.schedules(longest=60), st.integers(2, 5))
def test_of_drawn_schedules_too(schedule: lrdsl.Schedule, times: int) -> None:
    again = lrdsl.parse(" then ".join([f"({schedule}) for {20 + k}" for k in range(times)]))
    agree(again, range(20 * times))


#: Texts with the same operations, of which the first has code that holds for its own numbers alone.
ALIKE = [
    ("sum(cosine(20), 0.5 * warmup(20, shape=cosine))", "sum(cosine(20), 0.5 * warmup(30, shape=cosine))"),
    ("sum(0.5 * warmup(20, shape=cosine), cosine(30))", "sum(0.5 * warmup(30, shape=cosine), cosine(30))"),
    ("cosine(7/2, from=0.3x, to=0.1x)", "cosine(60) for 5 then cosine(7/2, to=0.1x)"),
]


@pytest.mark.parametrize("alike", [*ALIKE, *(pair[::-1] for pair in ALIKE)])
def test_texts_that_are_alike_do_not_take_the_code_of_each_other(alike: tuple[str, str]) -> None:
    shared._CODE.clear()
    for text in alike:
        agree(lrdsl.parse(text), range(40))


_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


@examples(200)
@given(texts.trees(depth=3, longest=40), st.randoms(use_true_random=False))
def test_the_same_text_with_other_numbers(node: Node, random: Random) -> None:
    def other(number: re.Match[str]) -> str:
        text = number.group()
        return text if random.random() < 0.4 else str(random.choice([0.1, 0.25, 0.3, 0.7, 0.9, 2.5])) if "." in text else str(random.randint(1, 40))

    shared._CODE.clear()
    for text in (canonical(node), _NUMBER.sub(other, canonical(node))):
        try:
            schedule = lrdsl.parse(text)
        except lrdsl.ScheduleError:
            continue
        agree(schedule, range(45))


def test_cycles_that_grow_are_lowered_once() -> None:
    shared._CODE.clear()
    evaluator = Evaluator.of(lrdsl.parse("restarts(cosine(10), stretch=2)").plan)
    slots = [({"lr": 1.0}, 1.0)]
    lowered = [work(lambda tick=tick: storing(evaluator.code_at(tick), "lr", slots)) for tick in (10, 30, 70, 150)]
    assert max(lowered[1:]) < lowered[0] / 4
    assert len(shared._CODE) == 1


#: Cycles that grow, in other phases: the formula of the whole has a piece for each cycle all the same.
TOGETHER = [
    "restarts(cosine(10), stretch=2) * restarts(cosine(15), stretch=1.5)",
    "repeat(cosine(10) then poly(7, power=1.7)) * restarts(cosine(13), stretch=2)",
    "max(restarts(cosine(10), stretch=2), restarts(linear(15), stretch=3))",
    "clip(restarts(cosine(10), stretch=2) * 0.5, low=0.1x)",
    "hold(20) then (multistep([30, 60, 90], 0.5) * restarts(cosine(20), stretch=2))",
]


@pytest.mark.parametrize("text", TOGETHER)
def test_a_cycle_of_many_is_lowered_alone(text: str) -> None:
    schedule = lrdsl.parse(text)
    agree(schedule, range(300))
    evaluator = Evaluator.of(schedule.plan)
    assert len(evaluator.pieces) > 15
    slots = [({"lr": 1.0}, 1.0)]
    entered = [work(lambda tick=tick: storing(evaluator.code_at(tick), "lr", slots)) for tick in range(300)]
    assert max(entered) < 5000


def test_a_run_makes_code_once_for_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    generated = scalar.generated
    monkeypatch.setattr(storing_module, "generated", lambda *args: made.append(args) or generated(*args))
    schedule = lrdsl.parse("warmup(500) then cosine(2000) then restart poly(800, power=2) then hold(100)")
    shared._CODE.clear()
    for _ in range(2):
        scheduler = lrdsl.compile(schedule, SimpleNamespace(param_groups=[{"lr": 0.1}]))
        for _ in range(3500):
            scheduler.step()
        entered = {id(schedule.evaluator_of(schedule.main).code_at(tick)) for tick in range(3501)}
        assert len(made) == len(entered)


PROGRAM = """
import sys, warnings
from types import SimpleNamespace
import lrdsl
warnings.simplefilter("ignore")
for text in sys.argv[1:]:
    scheduler = lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1}]))
    before = set(sys.modules)
    for tick in range(60):
        scheduler.step(loss=1 / (tick % 30 + 1))
    assert set(sys.modules) == before, (text, set(sys.modules) - before)
"""
#: Schedules that follow a metric.
FOLLOWING = ["hold until loss < 0.3 then cosine(20)", "plateau(patience=2, metric=loss) until loss < 0.05 then exp(0.9)"]


def test_no_module_is_loaded_in_the_middle_of_a_run() -> None:
    constant, product = "hold(5) then exp(2^(-1/7))", "hold(5) then cumprod(0.9 + 0.1*t/(t + 5)) for 20 then cosine(20)"
    for argument in ([constant], [product], FOLLOWING[:1], FOLLOWING[1:], TOGETHER, GROWING):
        subprocess.run([sys.executable, "-c", PROGRAM, *argument], check=True)


def test_code_that_was_used_last_is_kept_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_CODE", {})
    monkeypatch.setattr(shared, "_MOST", 2)
    one, two, three = (shared.Pattern((name,), (), (), frozenset()) for name in ("one", "two", "three"))
    one.keep("use", "first", {})
    two.keep("use", "second", {})
    assert one.code("use") == ("first", {})  # used again, and so it stays
    three.keep("use", "third", {})
    assert [piece.code("use") for piece in (one, two, three)] == [("first", {}), None, ("third", {})]
