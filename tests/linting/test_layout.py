"""Tests of the layout of a part of a text, and of small edits from one text to another."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.diagnostics import ScheduleError
from lrdsl.linting import layout
from lrdsl.linting.fixes import applied
from lrdsl.linting.layout import differences, laid_out
from lrdsl.syntax import parse
from lrdsl.syntax.formatter import format
from tests.drawing import examples

LINES = st.lists(st.sampled_from(["", "a", "b", "ab", " a", "b  ", "\r", "𝕏"]), max_size=8).map("\n".join)


@examples(200)
@given(LINES, LINES)
def test_the_edits_make_the_text(before: str, after: str) -> None:
    fixes = differences(before, after)
    assert applied(before, fixes) == after
    assert all(a.end <= b.start for a, b in pairwise(fixes))
    assert all(before[fix.start : fix.end] != fix.replacement for fix in fixes)
    breaks = [i + 1 for i in range(len(before) - 1) if before[i : i + 2] == "\r\n"]
    assert all(fix.start not in breaks and fix.end not in breaks for fix in fixes)


def test_edits_are_small() -> None:
    before = "".join(f"lr = hold({i} )\n" for i in range(50))
    assert [(fix.end - fix.start, fix.replacement) for fix in differences(before, before.replace(" )", ")"))] == [(1, "")] * 50
    assert differences(before, before) == []


def test_long_texts_get_one_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_MOST_PAIRS", 8)
    assert len(differences("a\nb\nc\n", "x\nb\ny\n")) == 1


FILE = "let a=3\nlet bb=4 # b\n# of the run\nlr=warmup( a )then cosine( 5 )\n\n\nmomentum=hold(at=(0.9))\nweight_decay=hold ; betas[0]=hold\n"


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ("let a", FILE.replace("let a=3", "let a  = 3")),
        ("# of", FILE),
        ("then", FILE.replace("lr=warmup( a )then cosine( 5 )", "lr = warmup(a) then cosine(5)")),
        (")\n\n\n", FILE.replace("lr=warmup( a )then cosine( 5 )\n\n", "lr = warmup(a) then cosine(5)\n")),
        ("betas", FILE.replace("\nweight_decay=hold ; betas[0]=hold\n", "\nweight_decay = hold\nbetas[0]     = hold\n")),
        (FILE, format(FILE)),
    ],
)
def test_only_the_statements_in_the_stretch_are_laid_out(words: str, after: str) -> None:
    start = FILE.index(words)
    assert laid_out(FILE, (start, start + len(words))) == after


PIECES = [
    "lr=hold( 3 )", "  momentum = hold( at=0.9)", "let a=3", "let long_name =4", "def f( n)=hold(n)", "# one", "", "", "lr[0]=warmup(5)\n  then # two\n hold", "betas[0] = hold(\n# three\n 3)",
    "assert  max(lr)<=1x", "weight_decay=(cosine( 5))", "set total=90", "a.b = hold; c.d=hold( 5)", "eps=multistep([1,\n2, # four\n 3])",
]  # fmt: skip


@examples(300)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9), st.integers(0, 200), st.integers(0, 80))
def test_a_part_is_laid_out_as_in_the_whole(pieces: list[str], start: int, size: int) -> None:
    """The meaning and the comments stay, and laying out the rest gives the layout of the whole."""
    text = "\n".join(pieces)
    try:
        tree = parse(text)
    except ScheduleError:
        return
    partly = laid_out(text, (start, start + size))
    assert parse(partly) == tree
    assert format(partly) == format(text)
    assert laid_out(text, (0, len(text))) == format(text)
