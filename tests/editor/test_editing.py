"""Tests of what an editor asks while a user types: only text near the cursor is read, however long the text is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.editor import editing
from lrdsl.editor.editing import Document
from lrdsl.editor.server import _Text

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


@given(st.text(st.sampled_from("a\n\r𝕏é\u2028\x0c"), max_size=30))
def test_lines_end_where_the_protocol_says(source: str) -> None:
    """So that changes of an editor are made where it made them."""
    host = _Text("file:///a.lrs", source, 1, "lrs")
    assert "".join(host.lines) == source
    assert [line.rstrip("\r\n") for line in host.lines] == (re.split(r"\r\n|\r|\n", source)[: len(host.lines)])
    assert host.lines is host.lines


def test_the_number_that_a_pattern_catches() -> None:
    text = 'lr = hold(5)\nlr["b.{k}", "c.{k}"] = 0.5^(12 - k) * lr\nmomentum = hold(at=k)'
    document = Document.of(text.removesuffix("\nmomentum = hold(at=k)"), {})
    here, elsewhere = text.index("k)"), text.rindex("k)")
    extent, doc = document.hover(here) or ((0, 0), "")
    assert (text[slice(*extent)], "`{k}` catches" in doc) == ("k", True)
    assert document.definition(here) == (text.index("{k}") + 1, text.index("{k}") + 2)
    assert "k" in [s.text for s in document.suggestions(here)]
    assert [hint for _, hint in document.hints()] == ["0 … 5: 1", "with k = 1: 0 … 5: 0.0004883"]
    both = Document.of(text, {})
    assert both.definition(elsewhere) is None
    assert "k" not in [s.text for s in both.suggestions(elsewhere)]
