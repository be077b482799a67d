"""What an editor asks while one types: answered from what is near, and places counted once, however long the text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygls.workspace.position_codec import PositionCodec

from lrdsl import editing
from lrdsl.editing import Document
from lrdsl.lsp import _numbers, _Open, _Text
from lrdsl.settings import Settings

LONG = (
    "a" * 60_000 + "(5",
    "hold(" + "a" * 60_000 + " 5",
    "hold(" + "a" * 60_000,
    "hold(3" + " " * 60_000 + "x",
    "1" * 60_000 + "(",
    "hold(" + "a=" * 30_000,
    "a" * 60_000 + " " * 60_000 + "(n",
)


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_expressions_look_at_what_is_near(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`search` tries every place of what it is given, and at each goes on to the end: quadratic, if that is the text."""
    looked: list[int] = []

    class Watched:
        findall = staticmethod(re.findall)
        finditer = staticmethod(re.finditer)

        @staticmethod
        def search(pattern: str, within: str) -> Any:
            looked.append(len(within))
            return re.search(pattern, within)

    document = Document.of(text, {})
    monkeypatch.setattr(editing, "re", Watched)
    document.suggestions(len(text))
    assert max(looked) <= editing._NEAR


def test_what_is_offered_after_a_number_or_in_a_call() -> None:
    def offered(text: str) -> list[str]:
        return [s.text for s in Document.of(text, {}).suggestions(len(text))]

    assert "ep" in offered("hold(5")
    assert "ep" in offered("hold(1.5 e")
    assert "ep" not in offered("hold(x5")
    assert "ep" not in offered("hold(")
    assert offered("long_name_before = 3\nwarmup(5, shape=")[0] == "linear"


@given(
    st.text(st.sampled_from("a\n\r𝕏é\u2028\x0c"), max_size=30), st.sampled_from([("utf-8", "utf-8", 1), ("utf-16", "utf-16-le", 2), ("utf-32", "utf-32-le", 4)])
)
def test_places_are_those_of_the_protocol(source: str, encoding: tuple[str, str, int]) -> None:
    name, codec, size = encoding
    host = _Text("file:///a.lrs", source, 1, "lrs", position_codec=PositionCodec(encoding=name))
    for offset in range(len(source) + 1):
        if source[max(0, offset - 1) : offset + 1] == "\r\n":
            continue
        place, before = host.client_position_at_offset(offset), re.split(r"\r\n|\r|\n", source[:offset])
        assert (place.line, place.character) == (len(before) - 1, len(before[-1].encode(codec)) // size)
        if place.line < len(host.lines):
            assert host.offset_at_position(place) == offset


def test_each_character_is_counted_once() -> None:
    counted = 0

    class Counting(PositionCodec):
        def client_num_units(self, string: str) -> int:
            nonlocal counted
            counted += len(string)
            return super().client_num_units(string)

    source = "lr = " + " then ".join(["hold(3, at=é)"] * 2000)
    host = _Text("file:///a.lrs", source, 1, "lrs", position_codec=Counting())
    assert len(list(_numbers(_Open(host, Path("/a.lrs"), Settings(Path("/")))))) > 5 * 10_000
    assert counted == len(source)
