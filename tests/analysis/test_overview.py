"""Tests of the overview: the ticks and levels of phases, and of what recipes, products and combinations are made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

import lrdsl
from lrdsl.analysis.overview import rows
from lrdsl.cli import main


def levels(text: str, base: float = 1.0, **clock: Any) -> list[tuple[str, str, str]]:
    s = lrdsl.parse(text, **clock)
    return [("  " * row.depth + row.text, row.ticks, row.level) for row in rows(s, s.main, base)]


def test_a_phase_that_comes_back_to_its_level_shows_how_far_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "let B = 4096; lr = B/256 * (warmup(41) then cosine(761))", "--format", "markdown", "--base", "3e-4"]) == 0
    assert "| 0 → 0.0048 → 0 |" in capsys.readouterr().out
    assert main(["table", "hold(5) then cyclic(0.1x, 1x, 4) for 24 then hold(3)", "--format", "markdown"]) == 0
    assert "| 0.1 → 1 → 0.1 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hold(5, at=1) then hold(at=2)", [("hold(5, at=1)", "0 … 5", "1"), ("hold(at=2)", "5 …", "from 2")]),
        ("warmup(5) then cosine(20)", [("warmup(5)", "0 … 5", "0 → 1"), ("cosine(20)", "5 … 25", "1 → 0")]),
        ("step(3, 0.1) then linear(20)", [("step(3, 0.1)", "0 … 3", "1"), ("linear(20)", "3 … 23", "0.1 → 0")]),
        ("step(3, 0.5) for 9 then hold(2)", [("step(3, 0.5) for 9", "0 … 9", "1 → 0.25"), ("hold(2)", "9 … 11", "0.125")]),
        ("hold(4) then drop(0.1) then warmup(3)", [("hold(4)", "0 … 4", "1"), ("drop(0.1)", "4 … 4", "0.1"), ("warmup(3)", "4 … 7", "0 → 0.1")]),
        ("multistep([3, 6], 0.5)", [("multistep([3, 6], 0.5)", "0 … 6", "1 → 0.25")]),
        (
            "(hold(3, at=0.5x) then (drop(0.5) then hold(2)) * linear(4)) * linear(9)",
            [
                ("(hold(3, at=0.5x) then (drop(0.5) then hold(2)) * linear(4)) * linear(9)", "0 … 9", "0.5 → 0"),
                ("  hold(3, at=0.5x) then (drop(0.5) then hold(2)) * linear(4)", "0 … 7", "0.5 → 0"),
                ("    hold(3, at=0.5x)", "0 … 3", "0.5"),
                ("    (drop(0.5) then hold(2)) * linear(4)", "3 … 7", "0.25 → 0"),
                ("      drop(0.5) then hold(2)", "3 … 5", "0.25"),
                ("        drop(0.5)", "3 … 3", "0.25"),
                ("        hold(2)", "3 … 5", "0.25"),
                ("      linear(4)", "3 … 7", "1 → 0"),
                ("  linear(9)", "0 … 9", "1 → 0"),
            ],
        ),
        (
            "wsd(5, 10, 5)",
            [
                ("wsd(5, 10, 5)", "0 … 20", "0 → 1 → 0"),
                ("  warmup(5, from=0)", "0 … 5", "0 → 1"),
                ("  hold(10)", "5 … 15", "1"),
                ("  linear(5, to=0)", "15 … 20", "1 → 0"),
            ],
        ),
        (
            "hold(2) then drop(0.5) then (warmup(4) then hold(6)) * step(5, 0.1)",
            [
                ("hold(2)", "0 … 2", "1"),
                ("drop(0.5)", "2 … 2", "0.5"),
                ("(warmup(4) then hold(6)) * step(5, 0.1)", "2 … 12", "0 → 0.005"),
                ("  warmup(4) then hold(6)", "2 … 12", "0 → 0.5"),
                ("    warmup(4)", "2 … 6", "0 → 0.5"),
                ("    hold(6)", "6 … 12", "0.5"),
                ("  step(5, 0.1)", "2 … 7", "1 → 0.1"),
            ],
        ),
        ("bounce(linear(5, from=0x, to=1x)) for 10", [("bounce(linear(5, from=0x, to=1x)) for 10", "0 … 10", "0 → 1 → 0")]),
        (
            "max(cosine(20), 0.1x)",
            [("max(cosine(20), 0.1x)", "0 … 20", "1 → 0.1"), ("  cosine(20)", "0 … 20", "1 → 0"), ("  0.1x", "0 …", "from 0.1")],
        ),
        (
            "restarts(warmup(3) then cosine(7), times=2)",
            [
                ("restarts(warmup(3) then cosine(7), times=2)", "0 … 20", "0 → 1 → 0"),
                ("  warmup(3) then cosine(7)", "0 … 10", "0 → 1 → 0"),
                ("    warmup(3)", "0 … 3", "0 → 1"),
                ("    cosine(7)", "3 … 10", "1 → 0"),
            ],
        ),
    ],
)
def test_levels(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert levels(text) == expected


def test_the_names_of_a_recipe_are_spelled_out() -> None:
    assert [text.strip() for text, _, _ in levels("hf.linear(500, 10k)")][1:] == ["warmup(500)", "linear(max(10k - 500, 0))"]


def test_a_text_in_epochs_shows_epochs_beside_ticks() -> None:
    s = lrdsl.parse("warmup(5ep) then cosine(rest)", steps_per_epoch=100, total_epochs=90)
    assert [(row.ticks, row.epochs) for row in rows(s, s.main, 1.0)] == [("0 … 500", "0 … 5"), ("500 … 9_000", "5 … 90")]
    s = lrdsl.parse("warmup(500) then cosine(rest)", steps_per_epoch=100, total_steps=9000)
    assert {row.epochs for row in rows(s, s.main, 1.0)} == {""}


def test_commands_take_the_base_that_the_text_sets(capsys: pytest.CaptureFixture[str]) -> None:
    text = "set base = 0.5; lr = linear(4)"
    main(["values", text, "--ticks", "2", "--format", "json"])
    assert json.loads(capsys.readouterr().out) == {"lr": [0.5, 0.375]}
    main(["show", text])
    assert "0.5 → 0" in capsys.readouterr().out
    main(["values", text, "--ticks", "1", "--base", "2", "--format", "json"])
    assert json.loads(capsys.readouterr().out) == {"lr": [2.0]}
    assert main(["diff", "linear(4)", "set base = 0.5; lr = linear(4) * exp(0.5)"]) == 1
    assert "they differ from tick 1 on: 0.375 and 0.1875" in capsys.readouterr().out
    assert main(["diff", "set base = 2; lr = linear(4)", text]) == 2
    assert "set different bases" in capsys.readouterr().err
