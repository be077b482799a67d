"""Tests of positions in an editor: offsets to lines and units, and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.editor.positions import Positions
from tests.counting import work

ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@given(text=st.lists(st.sampled_from(["a", "é", "𝕏", "\n", "\r\n", "\r", "\u2028", " "]), max_size=20).map("".join), encoding=st.sampled_from([*ENCODINGS]))
def test_positions(text: str, encoding: str) -> None:
    positions = Positions.of(text, encoding)
    codec, unit = ENCODINGS[encoding]
    for offset in range(len(text) + 1):
        breaks = [m.end() for m in re.finditer(r"\r\n?|\n", text) if m.end() <= offset]
        start = breaks[-1] if breaks else 0
        wanted = len(breaks), len(text[start:offset].encode(codec)) // unit
        assert positions.at(offset) == wanted
        if text[offset - 1 : offset + 1] != "\r\n":
            assert positions.offset(*wanted) == offset
    assert positions.at(len(text) + 5) == positions.at(len(text))
    assert positions.offset(99, 0) == len(text)


@pytest.mark.parametrize("text", ["a\n" * 50_000, "a" * 100_000, "𝕏" * 100_000])
def test_a_position_costs_the_same_in_any_text(text: str) -> None:
    positions = Positions.of(text)
    assert work(lambda: [positions.at(offset) for offset in range(0, 50_000, 1_000)]) < 2_000
    assert work(lambda: positions.offset(0, 50_000)) < 100
