"""Tests of patterns of group names."""

from __future__ import annotations

import pytest

from lrdsl.targets.patterns import catch, catch_first, with_number


@pytest.mark.parametrize(
    ("pattern", "name", "number"),
    [
        ("{k}", "7", 7),
        ("{k}", "007", 7),
        ("{k}", "a7", None),
        ("{k}", "", None),
        ("*{k}", "block12", 12),
        ("{k}*", "12block", 12),
        ("blocks.{k}.*", "blocks.3.mlp.4", 3),
        ("blocks.{k}.*", "blocks.3", None),
        ("blocks.{k}.*", "blocks.x.4", None),
        ("*.{k}.*", "a.1.b.2.c", 1),
        ("*b.{k}.*", "a.1.b.2.c", 2),
        ("[ab]{k}?", "b9!", 9),
        ("[[]{k}]", "[5]", 5),
        ("x{k}", "x" + "9" * 15, int("9" * 15)),
        ("x{k}", "x" + "9" * 16, None),
        ("x{k}", "x" + "9" * 100_000, None),
        ("x{k}", "x\u0663", None),
    ],
)
def test_a_pattern_catches_a_whole_number(pattern: str, name: str, number: int | None) -> None:
    assert catch(pattern, name) == number


def test_the_first_pattern_that_fits() -> None:
    assert catch_first(["a.{k}", "b.{k}"], "b.4") == 4
    assert catch_first(["a.{k}", "*.{k}"], "a.4") == 4
    assert with_number("blocks.{k}.*", 3) == "blocks.3.*"
    assert with_number("head", 3) == "head"
