"""Tests of the recurrence of a plateau: its equations decide as the monitor does."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.formulas.notation.python import python
from lrdsl.formulas.notation.tree import Apply, Name, Node, mapped
from lrdsl.formulas.recurrence import recurrence
from lrdsl.metrics import Plateau, State
from tests.drawing import examples


def looked_up(node: Node) -> Node:
    """A right side with each `bad(t - 1)` as a function that is called."""
    return mapped(node, lambda x: Apply(Name(f"state_{x.function.letter}"), x.args) if isinstance(x, Apply) and isinstance(x.function, Name) else x)


@examples(80)
@given(
    st.builds(
        Plateau,
        st.just("val/loss"),
        st.sampled_from(["min", "max"]),
        st.integers(0, 3),
        st.sampled_from([0, Fraction(1, 4), 1]),
        st.sampled_from(["rel", "abs"]),
        st.integers(0, 3),
        st.sampled_from(["best", "previous"]),
    ),
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
)
def test_the_equations_count_as_the_monitor_does(monitor: Plateau, reports: list[int]) -> None:
    state, events = State(), 0
    values: dict[tuple[str, int], float] = {("n", -1): 0, ("c", -1): 0, ("k", 0): 0}
    infinite = math.inf if monitor.mode == "min" else -math.inf
    values |= {("b", -1): infinite, ("m", -1): infinite}
    for t, report in enumerate(reports):
        values["m", t] = report
        state, came = monitor.observe(state, float(report))
        events += came
        space = {f"state_{word}": (lambda time, word=word: values[word, time]) for word in "nckbm"}
        for left, right in recurrence(monitor, Name("k"), ends=False):
            assert isinstance(left, Apply)
            assert isinstance(left.function, Name)
            time = t + (left.function.letter == "k")
            values[left.function.letter, time] = eval(python(looked_up(right)), {**space, "t": t, "math": math})
        assert values["k", t + 1] == events


@pytest.mark.parametrize("format", ["latex", "text", "typst", "mathml", "python", "markdown"])
def test_every_format_has_it(format: str) -> None:
    source = lrdsl.parse("plateau(patience=3, cooldown=2, metric=val_loss)").typeset(format)
    assert source.count("otherwise") == 4
    assert "infinity" in source
    assert lrdsl.parse("plateau(patience=3)").typeset(format).count("otherwise") == 3
    assert lrdsl.parse("let b = 0.1; lr = plateau(b, patience=3)").typeset(format, symbolic=True).count("otherwise") == 3


def test_the_letters_of_each_plateau_have_its_number() -> None:
    phases = ["plateau(patience=2) for 20", "plateau(patience=3) for 20", "plateau(patience=4)"]
    for count in (2, 3):
        source = lrdsl.parse(" then ".join(phases[:count])).latex()
        assert all(f"{letter}_{i}(t)" in source for letter in "mbn" for i in range(1, count + 1))
        assert f"m_{count + 1}" not in source
