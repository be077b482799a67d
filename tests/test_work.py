"""Tests of the budget: the work of each text is counted, and no work goes uncounted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

import lrdsl
from lrdsl import work
from lrdsl.cli import main
from lrdsl.diagnostics import ScheduleError

#: A small budget, so that the tests are quick.
BUDGET = 6_000
#: The most calls of functions for each counted operation, with the parsing of the text.
CALLS = 60


def nested(around: Callable[[str], str], times: int, text: str) -> str:
    for _ in range(times):
        text = around(text)
    return text


def doubled(first: str, step: str, last: str) -> str:
    return f"let a0 = {first}\n" + "".join(f"let a{i} = {step.format(f'a{i - 1}')}\n" for i in range(1, 30)) + last


ONE = "1." + "0" * 36 + "1"
TEXTS = {
    "repeats": nested(lambda a: f"repeat({a}, times=3)", 12, "hold(3) then drop(0.9)"),
    "stairs": "".join(f"every({i}, restarts(" for i in range(1, 13)) + "cosine(10)" + ", times=3))" * 12,
    "least of many": "min(" + ", ".join(" then ".join(f"linear({i + j + 1}, to=0.{i + 10}x)" for j in range(30)) for i in range(30)) + ")",
    "restarts": nested(lambda a: f"restarts({a}, times=2)", 20, "cosine(10)"),
    "growing restarts": nested(lambda a: f"restarts({a}, times=2, decay=0.5, stretch=1.5)", 9, "warmup(3) then cosine(9)"),
    "long fractions": f"restarts(cosine(10), times=1000, stretch={ONE})",
    "bounces": nested(lambda a: f"bounce({a}) for 10", 40, "cosine(10)"),
    "bounced steps": nested(lambda a: f"bounce({a}) for 50", 20, "step(1, 0.9) for 5"),
    "phases by name": doubled("cosine(10)", "{0} then {0}", "lr = a29"),
    "values by name": doubled("2", "{0} + {0}", "lr = hold(at=a29)"),
    "functions": "def f(a) = min(a, a)\nlr = " + nested(lambda a: f"f({a})", 28, "cosine(9)"),
    "sums": "let a = " + "+".join(f"log(t + {i + 1})" for i in range(100)) + "\nlet b = " + "+".join(["a"] * 100) + "\nlr = scale(b)",
    "products": nested(lambda a: f"({a} then linear(3, to=0.5x)) * ({a} then hold(4))", 9, "cosine(5)"),
    "milestones": nested(lambda a: f"({a}) * multistep([{', '.join(str(i + 1) for i in range(900))}])", 10, "hold"),
    "phases": " then ".join(f"cosine({i + 1}, to=0.{i + 10}x)" for i in range(499)) + " then hold",
    "events": " then ".join(f"cosine({i + 3}) until val_loss < 0.{i + 1} or {i + 1}" for i in range(100)) + " then hold",
    "targets": "\n".join(f"k{i} = cosine({i + 1}) then linear(5)" for i in range(499)),
    "assertions": "set total = 100000\nlr = cosine(total)\n" + "assert max(lr) <= 1x\n" * 400,
    "long assertions": "set total = 100000000\nlr = cosine(total)\nassert continuous(lr)",
    "endless assertions": "lr = exp(0.99) * bounce(cosine(7))\n" + "assert max(lr) <= 1x\n" * 400,
    "deep repeats": nested(lambda a: f"(repeat(max({a}, 0.1) for 10, times=10))", 4, "exp(0.9)"),
    "cycles in cycles": nested(lambda a: f"min({a}, cyclic(0.1x, 1x, 7))", 50, "cyclic(0.1x, 0.9x, 11)"),
}
ASKED: dict[str, Callable[[str], Any]] = {
    "lint": lrdsl.lint,
    "values": lambda text: lrdsl.parse(text).values(1000),
    "formula": lambda text: lrdsl.parse(text).formula(),
    "latex": lambda text: lrdsl.parse(text).latex(),
    "symbolic": lambda text: lrdsl.parse(text).latex(symbolic=True),
    "sentence": lambda text: lrdsl.parse(text).sentence(),
    "analyze": lambda text: lrdsl.analyze(lrdsl.parse(text)),
    "diff": lambda text: lrdsl.compare(lrdsl.parse(text), lrdsl.parse("cosine(7) then linear(9)")),
}


def calls_of(task: Callable[[], Any]) -> int:
    """Returns how many Python functions a task calls. A tracer counts them: with a profiler in place, `work.counted` would not count."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.gettrace()
    sys.settrace(count)
    try:
        task()
    finally:
        sys.settrace(before)
    return calls


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", TEXTS)
def test_every_question_has_an_answer_after_few_operations(name: str, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED[asked]("cosine(100)")  # loads the modules that are loaded on first use
    monkeypatch.setattr(work, "MOST", BUDGET)
    codes = []

    def ask() -> None:
        try:
            with work.limited():
                ASKED[asked](TEXTS[name])
        except ScheduleError as error:
            codes.extend(d.code for d in error.diagnostics)

    calls = calls_of(ask)
    assert not set(codes) - {"LR005", "LR142", "LR152", "LR153"}, codes
    assert calls < CALLS * BUDGET, calls


def phases(count: int) -> str:
    return " then ".join(f"{('cosine', 'linear', 'poly')[i % 3]}({10 + 7 * i}, to=0.{90 - i % 90}x)" for i in range(count))


ORDINARY = {
    "20 phases": phases(20),
    "many milestones": f"warmup(5) then multistep([{', '.join(str(30 * i) for i in range(1, 101))}], 0.97)",
    "restarts": "warmup(500) then restarts(cosine(1000, to=0.1x) then hold(10), times=200, decay=0.95)",
    "targets": "\n".join(f'lr["g{i}"] = warmup({i + 1}) then cosine(100, to=0.0{i + 1}x) then linear(30)' for i in range(9)),
    "metrics": " then ".join(f"(cosine({i + 20}, to=0.5x) until plateau(patience=3) or for {i + 30}) then plateau() for 9" for i in range(4))
    + " then linear(9)",
}


@pytest.mark.parametrize("asked", ["lint", "values", "formula", "latex", "symbolic", "sentence"])
@pytest.mark.parametrize("name", ORDINARY)
def test_what_people_write_has_an_answer(name: str, asked: str) -> None:
    assert ASKED[asked](ORDINARY[name]) is not None


def test_a_replan_has_one_budget_whatever_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = lrdsl.compile("cosine(100)", SimpleNamespace(param_groups=[{"lr": 0.1}]))
    monkeypatch.setattr(work, "MOST", BUDGET)
    state = {**scheduler.state_dict(), "replans": [[3, TEXTS["restarts"]]]}

    def ask(call: Callable[[], Any]) -> None:
        with pytest.raises(ScheduleError, match="LR005"):
            call()

    for call in (lambda: scheduler.replan(TEXTS["restarts"]), lambda: scheduler.load_state_dict(state)):
        assert calls_of(lambda call=call: ask(call)) < CALLS * BUDGET


def test_showing_many_targets_is_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "\n".join(f"k{i} = hold" for i in range(200))]) == 1
    assert "LR005" in capsys.readouterr().err


def test_what_is_raised_where_it_would_be_lost_is_raised_later() -> None:
    """A generator that the garbage collector ends calls no function that may raise. An error there would only be printed, and the limit lost."""

    def numbers() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            ended.append(1)

    def end_many() -> None:
        for _ in range(10**6):
            next(numbers())
            abs_of(-1)

    ended: list[int] = []
    with pytest.raises(work.TooMuchWorkError), work.limited(), work.counted(10):
        end_many()
    assert ended
    assert sys.getprofile() is None


def abs_of(x: int) -> int:
    return abs(x)


def test_the_outermost_budget_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST", 10)
    with work.limited():
        work.spend(6)
        with pytest.raises(work.TooMuchWorkError), work.limited():
            work.spend(6)
    with work.limited():
        work.spend(10)
        assert work.spent() == 10
    work.spend(10**9)  # work outside a limit is not counted


def test_the_place_is_the_innermost_of_the_outermost_text() -> None:
    text = "lr = hold(3) then " + TEXTS["repeats"]
    [problem] = lrdsl.lint(text)
    assert problem.code == "LR005"
    assert "repeat" in text[problem.span.start.offset : problem.span.end.offset]
    assert problem.span.start.offset > 0
