"""How much a schedule may be, at the bound and one past it."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.check import MAX_PHASES
from lrdsl.check.program import MAX_STATEMENTS


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
    ],
)
def test_bases_of_any_size(text: str, base: float, level: float | None) -> None:
    schedule = lrdsl.parse(text)
    if level is not None:
        assert schedule.at(0, base) == level
        return
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        schedule.at(0, base)
