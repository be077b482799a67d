"""How much a schedule may be, at the bound and one past it."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.check import MAX_PHASES, curves
from lrdsl.check.cycles import MAX_CYCLES
from lrdsl.check.program import MAX_STATEMENTS
from lrdsl.check.scope import MAX_LIST, MAX_NAMES_DEEP


def codes(text: str) -> list[str]:
    return [d.code for d in lrdsl.lint(text) if d.severity == "error"]


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (lambda n: " then ".join(["hold(1)"] * n), MAX_PHASES),
        (lambda n: "\n".join(["lr = hold", *(f"let a{i} = {i}" for i in range(n - 1))]), MAX_STATEMENTS),
    ],
    ids=["phases", "statements"],
)
def test_counts(text: object, most: int) -> None:
    assert callable(text)
    assert codes(text(most)) == []
    assert codes(text(most + 1)) == ["LR005"]


def test_phases_that_lead_from_one_to_the_next_by_formulas() -> None:
    """The formula of the entry level is nested deeper with each phase."""
    assert codes(" then ".join(["max(exp(0.9), 0.1x) for 3"] * 20)) == []
    (problem,) = [d for d in lrdsl.lint(" then ".join(["max(exp(0.9), 0.1x) for 3"] * 200)) if d.severity == "error"]
    assert (problem.code, problem.message) == ("LR005", "the schedule is too large: its formula is nested 121 operations deep")


def test_operations_of_one_piece() -> None:
    """Its code is made in the middle of a run."""

    def waves(n: int) -> str:
        return "hold(5) then min(" + ", ".join(f"scale({' + '.join(f'sin(t/{100 * k + i})' for i in range(1, 101))})" for k in range(n)) + ")"

    assert codes(waves(10)) == []
    (problem,) = lrdsl.lint(waves(20))
    assert problem.code == "LR005"
    assert problem.message.startswith("the schedule is too large: from tick 5 on, its formula has 4")


def test_values_of_a_list() -> None:
    def milestones(n: int) -> str:
        return f"multistep([{', '.join(map(str, range(1, n + 1)))}])"

    assert lrdsl.parse(milestones(MAX_LIST)).length == MAX_LIST
    assert codes(milestones(MAX_LIST + 1)) == ["LR131"]


def names(n: int) -> str:
    return "; ".join(["let a0 = 3", *(f"let a{i} = a{i - 1}" for i in range(1, n)), f"lr = hold(a{n - 1})"])


def test_names_for_names() -> None:
    assert codes(names(MAX_NAMES_DEEP)) == []
    assert codes(names(MAX_NAMES_DEEP + 1)) == ["LR005"]


def test_names_of_much_text() -> None:
    """Each name stands for two of the one before, so that a few lines stand for a million nodes; the problem is told once."""

    def doubled(n: int) -> str:
        return "; ".join(["let a0 = 1", *(f"let a{i} = a{i - 1} + a{i - 1}" for i in range(1, n)), f"lr = hold(a{n - 1})"])

    assert lrdsl.parse(doubled(12)).length == 2**11
    assert codes(doubled(25)) == ["LR005"]


def test_cycles_that_are_written_out() -> None:
    """Those that grow; and those whose level at the end is no multiple of that at the start, of which fewer than may be tried go into a formula."""
    for times, expected in ((MAX_CYCLES, []), (MAX_CYCLES + 1, ["LR143"])):
        assert codes(f"restarts(cosine(10), stretch=1.001, times={times})") == expected
    for times, expected in ((MAX_CYCLES, ["LR005"]), (MAX_CYCLES + 1, ["LR143"])):
        assert codes(f"repeat(max(exp(0.9), 0.1x) for 3, times={times})") == expected
    assert codes("repeat(max(exp(0.9), 0.1x) for 3, times=20)") == []


@pytest.mark.parametrize(
    ("value", "sound"), [(1e100, True), (-1e100, True), (1e-100, True), (0, True), (1.1e100, False), (-1.1e100, False), (9e-101, False), (-9e-101, False)]
)
def test_numbers_that_the_host_gives_to_names(value: float, sound: bool) -> None:
    if sound:
        assert lrdsl.parse("hold(at=a)", names={"a": value}).at(0) == value
        return
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        lrdsl.parse("hold(at=a)", names={"a": value})


def test_a_run_of_the_greatest_length() -> None:
    assert codes("hold(5e11) then hold(5e11)") == []
    assert codes("hold(5e11) then hold(5e11) then hold(1)") == ["LR131"]


@pytest.mark.parametrize(
    ("text", "base", "level"),
    [
        # Multiples of base and constants stay finite whatever the base is; what else compares with it does for bases of a size in use.
        ("max(0.1x, 0.3)", 1e-200, 0.3),
        ("clip(exp(0.9), 0.1x, 0.5)", 0.0, 0.0),
        ("hold", 1e-200, 1e-200),
        ("max(0.1x, 0.5 * max(hold, 0.3))", 1e-200, None),
        ("max(0.1x, 0.5 * max(hold, 0.3))", 1e-30, 0.15),
        ("hold(5) then exp(10, to=1e-3)", 1e-200, None),
        ("hold(5) then exp(10, to=1e-3)", 1e-30, 1e-30),
        ("hold(5) then exp(10, to=1e-3)", 0.0, None),
        ("cosine(5)", 1e100, 1e100),
        ("cosine(5)", 1.1e100, None),
        ("cosine(5)", -1.1e100, None),
    ],
)
def test_bases_of_any_size(text: str, base: float, level: float | None) -> None:
    schedule = lrdsl.parse(text)
    if level is not None:
        assert schedule.at(0, base) == level
        return
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        schedule.at(0, base)


@pytest.mark.parametrize(
    ("bound", "most", "problem"),
    [
        ("MAX_HEIGHT", 5, "its formula is nested 5 operations deep"),
        ("MAX_NODES", 9, "its formula has 9 operations"),  # 11, were the tick counted as often as it is used
    ],
)
def test_the_formula_of_a_phase(bound: str, most: int, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "scale(sin(t) + sin(t/2) + sin(t/3))"
    monkeypatch.setattr(curves, bound, most)
    assert codes(text) == []
    monkeypatch.setattr(curves, bound, most - 1)
    assert [d.message for d in lrdsl.lint(text)] == [f"the schedule is too large: {problem}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("warmup(5) then cosine(rest) then plateau(patience=3)", []),
        ("cosine(rest) for 30 then linear(rest)", []),
        ("cosine(rest) then hold(5) then linear(rest)", ["LR122"]),
        ("warmup(5) then cosine(rest) then plateau(patience=3) for 20 then linear(5)", []),
        ("warmup(5) then cosine(rest) then plateau(patience=3) then linear(5)", ["LR122", "LR141"]),
        ("warmup(5) then cosine(rest) then hold until loss < 0.1", ["LR122"]),
        ("warmup(5) then cosine(rest) then hold until loss < 0.1 then linear(5)", ["LR122"]),
    ],
)
def test_a_rest_before_a_phase_that_a_metric_ends(text: str, expected: list[str]) -> None:
    assert [d.code for d in lrdsl.lint(text, total_steps=100) if d.severity == "error"] == expected


@pytest.mark.parametrize("assertion", ["2 * max(lr) <= 3x", "max(lr) * 2 <= 3x", "max(lr) <= 2 * max(lr)", "min(lr) + max(lr) >= 1x"])
def test_assertions_may_count_with_measures(assertion: str) -> None:
    assert codes(f"lr = hold(5); assert {assertion}") == []
