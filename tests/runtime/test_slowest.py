"""What a step costs at which something happens: what an event changes is made then, and no more; what can be made before the run, is."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from lrdsl.check import phases, reductions, stages
from lrdsl.numbers import scalar
from tests.bench.slowest import RUNS, Driven, attached, reports
from tests.counting import work

#: More calls than this take more than a millisecond on a slow machine, and each further target that has code of its own may add so many.
_MOST, _EACH = 3200, 200


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.text)
def test_no_step_does_much_work(run: Driven) -> None:
    """The first one may, and is left out."""
    scheduler = attached(run)
    costs = [work(lambda metrics=metrics: scheduler.step(**metrics)) for metrics in reports(run)]
    assert max(costs[1:]) < _MOST + _EACH * max(len(scheduler.schedule.targets) - 3, 0)


DRIVEN = [run for run in RUNS if run.losses]


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that are compiled from now on."""
    sources: list[str] = []

    def noted(source: str) -> Any:
        sources.append(source)
        return original(source)

    original = scalar.compiled.__wrapped__
    monkeypatch.setattr(scalar, "compiled", noted)
    monkeypatch.setattr(scalar, "_template", scalar._template.__wrapped__)
    monkeypatch.setattr("lrdsl.numbers.shared._CODE", {})
    return sources


@pytest.mark.parametrize(
    "text", ["warmup(10) then cosine(30) then exp(0.9)", "restarts(cosine(10), stretch=2)", "lr = onecycle(80); momentum = hold(20, at=0.9) then linear(20)"]
)
def test_the_code_of_the_first_phases_is_compiled_before_the_run(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = compiled(monkeypatch)
    scheduler = attached(Driven(text))
    before = len(sources)
    assert before
    for _ in range(300):
        scheduler.step()
    assert not any("cos(" in source or "exp(" in source or " * t" in source for source in sources[before:])  # a level that is held has code that costs little


@pytest.mark.parametrize(
    "text", ["linear(20)", "cosine(rest)", "restarts(cosine(10), stretch=1.1)", "min(linear(20), hold(at=0.5x))", "cumprod(1 - 1/(t + 2))"]
)
@pytest.mark.parametrize("before", ["hold", "cosine(40)", "exp(0.9)"])
def test_the_code_of_what_follows_an_event_is_compiled_before_the_run(before: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = compiled(monkeypatch)
    scheduler = attached(Driven(f"{before} until loss < 0.3 then {text}"))
    for _ in range(11):
        scheduler.step(loss=1.0)
    assert sources
    before_the_event = set(sources)  # what was compiled once is kept
    scheduler.step(loss=0.1)
    assert scheduler.phase.start == 12
    assert before_the_event.issuperset(sources)


@pytest.mark.parametrize("text", ["restarts(cosine(10), stretch=1.1)", "step(3, 0.9) for 30 then cosine(20) then exp(0.9)", "hold(3) then cosine(rest)"])
def test_an_event_makes_one_piece_of_what_follows(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = attached(Driven(f"hold until loss < 0.3 then {text}"))
    scheduler.step(loss=1.0)
    made: list[int] = []
    original = stages.Stages._piece
    monkeypatch.setattr(stages.Stages, "_piece", lambda self, place: made.append(place) or original(self, place))
    scheduler.step(loss=0.1)
    assert made == [1]


def test_a_phase_that_an_event_ends_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = attached(Driven("cosine(40) until plateau(patience=1, metric=loss) or 80% then linear(5)"))
    monkeypatch.setattr(phases, "ending_of", None)
    for _ in range(4):
        scheduler.step(loss=1.0)
    assert scheduler.phase.text == "linear(5)"


def test_a_reduction_puts_its_events_into_each_law_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first one, the levels before it are known to be those of the law."""
    scheduler = attached(Driven('lr["blocks.{k}.*"] = 0.75^(12 - k) * warmup(5) then plateau(patience=0, factor=0.5, metric=loss)', groups=3))
    for _ in range(7):
        scheduler.step(loss=1.0)
    assert scheduler.at(7) < scheduler.at(5)
    made: list[int] = []
    original = reductions.realized
    monkeypatch.setattr(reductions, "realized", lambda law, times, tick: made.append(tick) or original(law, times, tick))
    before = scheduler.at(7)
    scheduler.step(loss=1.0)
    assert made == [8] * 3
    assert scheduler.at(8) == pytest.approx(before / 2)


def test_a_run_loads_no_module_in_the_middle() -> None:
    """`cumprod` needs arrays, and what follows an event may too."""
    program = """
import sys, warnings
from types import SimpleNamespace
import lrdsl
scheduler = lrdsl.compile("hold until loss < 0.3 then cumprod(1 - 1/(t + 2)) for 5 then exp(2^(-1/7))", SimpleNamespace(param_groups=[{"lr": 1.0}]))
scheduler.step(loss=1.0)
before = set(sys.modules)
for _ in range(10):
    scheduler.step(loss=0.1)
print(sorted(set(sys.modules) - before))
"""
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
