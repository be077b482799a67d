"""Tests of `lrdsl.compare`: whether two schedules are the same function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.drawing import examples
from tests.properties import texts


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("poly(10)", "linear(10)"),
        ("cosine(20)", "scale((1 + cos(pi * t / 20)) / 2) for 20"),
        ("warmup(5) then linear(10)", "warmup(5) then restart linear(10)"),
        ("hold(3) then drop(0.1) then hold(3) then drop(0.1)", "multistep([3, 6])"),
        ("linear(10, to=0.5x)", "linear(10, from=1x, to=0.5x)"),
        ("exp(0.5)", "scale(0.5^t)"),
        ("inv(10)", "scale(10 / (10 + t))"),
        ("wsd(5, 10, 5)", "warmup(5) then hold(10) then linear(5)"),
        ("lr = linear(4); momentum = hold(at=0.9)", "momentum = hold(at=0.9); lr = poly(4)"),
    ],
)
def test_proved(one: str, two: str) -> None:
    assert all(d.proved and d.same for d in lrdsl.compare(lrdsl.parse(one), lrdsl.parse(two)))


@pytest.mark.parametrize(
    ("one", "two", "first", "at"),
    [
        ("linear(10)", "linear(11)", 1, 10),
        ("step(3, 0.1)", "step(3, 0.11)", 3, 3),
        ("cosine(100)", "cosine(100, to=1e-6)", 1, 100),
        ("exp(0.9)", "exp(0.9) for 30", 31, 100),
    ],
)
def test_apart(one: str, two: str, first: int, at: int) -> None:
    (d,) = lrdsl.compare(lrdsl.parse(one), lrdsl.parse(two))
    assert not d.proved
    assert (d.first, d.at) == (first, at)


@examples(30)
@given(st.data())
def test_what_it_says_is_so(data: st.DataObject) -> None:
    s, t = (data.draw(texts.schedules(depth=2, longest=60)) for _ in range(2))
    assert lrdsl.compare(s, s)[0].proved
    (d,) = lrdsl.compare(s, t, ticks=80)
    apart = np.abs(s.values(80) - t.values(80))
    scale = max(np.abs(s.values(80)).max(), np.abs(t.values(80)).max())
    if d.first is None:
        assert apart.max() <= 1e-12 * scale
    else:
        assert apart[: d.first].max(initial=0) <= 1e-12 * scale < apart[d.first]
        assert d.largest == apart.max() == apart[d.at]


def test_refused() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="have different targets"):
        lrdsl.compare(lrdsl.parse("hold"), lrdsl.parse("momentum = hold(at=0.9)"))
    with pytest.raises(lrdsl.ScheduleError, match="follows a metric"):
        lrdsl.compare(lrdsl.parse("hold"), lrdsl.parse("plateau"))
