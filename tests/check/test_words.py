"""Tests that what a word means follows from its place, and that a word of another library, or of every day, names the right one."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import lrdsl

T = np.arange(40)
HALF = (1 + np.cos(np.pi * np.minimum(T, 8) / 8)) / 2


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("sqrt(4096) * 0.075 * cosine(100)", 64 * 0.075 * (1 + np.cos(np.pi * T / 100)) / 2),
        ("let k = sqrt(4); lr = k * cosine(8)", 2 * HALF),
        ("let k = sqrt(4); lr = hold(at=k*base)", 2 + 0.0 * T),
        ("let k = exp(-0.5); lr = hold(at=k*base)", math.exp(-0.5) + 0.0 * T),
        ("exp(0.5) * cosine(8)", 0.5**T * HALF),
        ("1/sqrt(2) * cosine(8)", HALF / math.sqrt(2)),
        ("noam(10) / sqrt(5120)", np.minimum(T / 10, np.sqrt(10 / np.maximum(T, 1))) / math.sqrt(5120)),
    ],
)
def test_a_word_is_a_function_or_a_phase_by_its_place(text: str, levels: np.ndarray) -> None:
    np.testing.assert_allclose(lrdsl.parse(text).values(40, 1.0), levels, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hold(5) then sqrt(10)", "one_minus_sqrt"),
        ("cosine(remaining)", "rest"),
        ("freeze(2ep)", "hold"),
        ("flat(10)", "hold"),
        ("anneal(10)", "cosine"),
        ("decay(10)", "linear"),
        ("warmup(5) -> cosine(4)", "then"),
        ("3**2 * cosine(5)", "^"),
        ("cosine(10, end=0.1)", "to"),
        ("cosine(10, min=0.1)", "to"),
        ("cosine(10, eta_min=0.1)", "to"),
        ("linear(10, start=0.1)", "from"),
        ("exp(factor=0.5)", "gamma"),
        ("step(10, factor=0.5)", "gamma"),
    ],
)
def test_a_word_of_elsewhere_names_the_right_one(text: str, word: str) -> None:
    first = min(lrdsl.lint(text, steps_per_epoch=10), key=lambda d: d.span.start.offset)
    assert f"did you mean `{word}`?" in first.help


@pytest.mark.parametrize(
    ("text", "repair"), [("cosine", "cosine(rest)"), ("warmup(5) then linear()", "linear(rest)"), ("cosine(10) to 0.1", "to="), ("hold(10,000)", "_000")]
)
def test_the_help_shows_what_is_meant(text: str, repair: str) -> None:
    assert repair in lrdsl.lint(text)[0].help


def test_no_milestone_is_no_drop() -> None:
    """As `MultiStepLR` counts: none in an empty list, and one that stands twice is passed twice."""
    assert lrdsl.parse("multistep([])").values(9, 1.0).tolist() == [1.0] * 9
    assert lrdsl.parse("multistep([3, 3, 5])").values(7, 1.0).tolist() == pytest.approx([1, 1, 1, 0.01, 0.01, 0.001, 0.001])


@pytest.mark.parametrize(("compare", "last"), [("best", 0.125), ("previous", 0.5)])
def test_a_plateau_compares_with_the_best_or_the_last_value(compare: str, last: float) -> None:
    """A loss that rises once, and then falls: never below its best, always below its last value."""
    optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
    scheduler = lrdsl.compile(f"plateau(factor=0.5, patience=0, compare={compare})", optimizer)
    for loss in (1.0, 2.0, 1.9, 1.8):
        scheduler.step(loss)
    assert optimizer.param_groups[0]["lr"] == last


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("glide", "LR101"),
        ("hold(3) then glide", "LR101"),
        ("repeat(glide)", "LR101"),
        ("total", "LR112"),
        ("hold(3) then base", "LR112"),
        ("rest then hold", "LR112"),
    ],
)
def test_a_word_in_the_place_of_a_phase(text: str, code: str) -> None:
    """A word that the language does not know is an unknown shape; one that it knows as a value is a value."""
    with pytest.raises(lrdsl.ScheduleError) as error:
        lrdsl.parse(text, total_steps=10)
    assert [problem.code for problem in error.value.diagnostics] == [code]
