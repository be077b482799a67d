"""Tests of `compatible`: repairs that are made together do not overlap."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lrdsl.diagnostics import Fix
from lrdsl.linting.fixes import compatible

PLACES = st.integers(0, 30)
FIXES = st.lists(st.tuples(PLACES, PLACES, st.text("abc", max_size=4)), max_size=8)


def fixes_of(drawn: list[tuple[int, int, str]], size: int) -> list[Fix]:
    return [Fix(min(start, end, size), min(max(start, end), size), added) for start, end, added in drawn]


@given(text=st.text("xyz", max_size=30), fixes=FIXES)
def test_those_made_do_not_overlap(text: str, fixes: list[tuple[int, int, str]]) -> None:
    kept = compatible(fixes_of(fixes, len(text)))
    assert all(before.end <= after.start for before, after in pairwise(kept))
