"""Tests of the functions that take NumPy's place in a Python without it: they give what NumPy gives."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.numbers import plain

numbers = st.floats(-1e6, 1e6)
pairs = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30)
#: Uses of two arrays, as functions of the module and the arrays.
USES = {
    "sums": lambda np, a, b: a + b * 2 - 1 + (3 - a) + (2 * b) % 7,
    "quotients": lambda np, a, b: a / (np.abs(b) + 1) + 1 / (np.abs(a) + 1),
    "powers": lambda np, a, b: np.abs(a) ** 0.5 + b**2,
    "comparisons": lambda np, a, b: ((a < b) | (a == b)) & ~(a > 1) & (a <= b) & (a >= -5) & (a != 3),
    "maximum": lambda np, a, b: np.maximum(a, b) + np.maximum(a, 0),
    "where": lambda np, a, b: np.where(a > b, a, np.where(a < 0, 1.0, b)),
    "sign": lambda np, a, b: np.sign(a),
    "log": lambda np, a, b: np.log(np.abs(a) + 1),
    "differences": lambda np, a, b: np.diff(np.concatenate([[0.0], a, b])),
    "true places": lambda np, a, b: np.flatnonzero(a > b),
    "at places": lambda np, a, b: a[np.flatnonzero(a > b)],
    "at truths": lambda np, a, b: b[a > 0],
    "slices": lambda np, a, b: np.concatenate([a[1:], b[:-1]]),
    "searched": lambda np, a, b: np.searchsorted(np.array(sorted(a.tolist())), b),
    "searched from the right": lambda np, a, b: np.searchsorted(sorted(a.tolist()), b, side="right"),
    "inserted": lambda np, a, b: np.insert(a, np.flatnonzero(a > 0) + 1, b[a > 0]),
    "split": lambda np, a, b: np.array([float(len(part)) for part in np.array_split(a, 7)]),
    "ranges": lambda np, a, b: np.concatenate([np.arange(4, dtype=np.float64), np.arange(2, 5), np.linspace(0, 9, 5), np.zeros(3)]),
    "powers of a ratio": lambda np, a, b: np.geomspace(2, 9, 5),
    "between places": lambda np, a, b: np.interp(b, np.unique(a), np.flatnonzero(np.unique(a) == np.unique(a)) * 1.5),
    "quantiles": lambda np, a, b: np.array([np.quantile(a, share) for share in (0.0, 0.01, 0.5, 0.999, 1.0)]),
    "split at places": lambda np, a, b: np.concatenate([part * i for i, part in enumerate(np.split(a, np.flatnonzero(np.diff(b > 0)) + 1))]),
    "unique": lambda np, a, b: np.unique(np.concatenate([a, b, a]).round()),
    "made whole": lambda np, a, b: a.astype(int) + np.ones(len(a)),
    "set": lambda np, a, b: stored(np, a, b),
}  # fmt: skip


def stored(np: Any, a: Any, b: Any) -> Any:
    """An array in which other numbers were put."""
    a = a * 1.0
    a[a > 0] = 0
    a[np.flatnonzero(b > 0)] = b[b > 0]
    marks = np.zeros(len(a), dtype=bool)
    marks[np.flatnonzero(b < 0)] = True
    return np.where(marks, a, b)


@pytest.mark.parametrize("use", USES)
@given(pairs)
def test_arrays_are_as_numpys(use: str, drawn: list[tuple[float, float]]) -> None:
    left, right = ([float(pair[i]) for pair in drawn] for i in (0, 1))
    wanted = USES[use](np, np.array(left), np.array(right)).tolist()
    assert USES[use](plain, plain.array(left), plain.array(right)).tolist() == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@given(pairs)
def test_what_arrays_come_to_is_as_numpys(drawn: list[tuple[float, float]]) -> None:
    items = [pair[0] for pair in drawn]
    ours, theirs = plain.array(items), np.array(items)
    for name in ("max", "min", "argmax", "argmin", "all", "any"):
        assert getattr(ours, name)() == getattr(theirs, name)()
    assert ours.sum() == pytest.approx(theirs.sum(), rel=1e-9, abs=1e-6)
    assert (ours.size, ours.shape, len(ours), ours[-1]) == (theirs.size, theirs.shape, len(theirs), theirs[-1])
    assert plain.argmin(ours > 0) == np.argmin(theirs > 0)


def test_odd_numbers_are_as_numpys() -> None:
    odd = [0.0, -0.0, 1.0, -2.0, 1e308, -1e308, float("inf"), float("nan")]
    with np.errstate(all="ignore"):
        for use in (lambda np, a, b: a / b, lambda np, a, b: a**b, lambda np, a, b: np.log(a)):
            for second in odd:
                wanted = use(np, np.array(odd), np.full(len(odd), second))
                assert use(plain, plain.array(odd), plain.array([second] * len(odd))).tolist() == pytest.approx(wanted.tolist(), nan_ok=True)


WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numpy", "yaml", "rich", "platformdirs"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
"""


def test_the_core_does_without_numpy_and_pyyaml() -> None:
    """Parsing, levels, curves, assertions, comparisons, products, code and running schedulers."""
    program = (
        WITHOUT
        + """
import math, lrdsl
s = lrdsl.parse("warmup(5) then cosine(95, to=0.01x)")
assert abs(s.at(50, base=0.1) - (0.001 + 0.0495 * (1 + math.cos(math.pi * 45 / 95)))) < 1e-15
assert s.sentence() and s.latex() and s.formula() is not None and s._repr_html_()
assert "def lr" in s.export("python")
assert lrdsl.lint("cosin(20)")[0].code == "LR101"
assert lrdsl.lint("cosine(100) then linear(20)")[0].code == "LR402"
assert lrdsl.parse("lr = cosine(20); assert continuous(lr); assert lr at 20 == 0; assert total(lr) > 1; assert monotone(lr)").length == 20
assert lrdsl.lint("lr = cosine(20); assert lr at 20 == 1")[0].code == "LR145"
assert lrdsl.lint("lr = step(3, 0.1); assert continuous(lr)")[0].code == "LR145"
[difference] = lrdsl.compare(lrdsl.parse("poly(10)"), lrdsl.parse("linear(10)"))
assert difference.proved
[difference] = lrdsl.compare(lrdsl.parse("linear(10)"), lrdsl.parse("linear(11)"))
assert (difference.first, difference.at) == (1, 10)
product = lrdsl.parse("cumprod(1 - 1 / (t + 1))")
assert abs(product.at(15000) * 15001 - 1) < 1e-12, product.at(15000)
assert str(lrdsl.read("StepLR(o, 30)")) == "step(30)"
assert str(lrdsl.read('{"lr_scheduler_type": "cosine", "warmup_steps": 3, "max_steps": 30}')) == "hf.cosine(3, 30)"
try:
    lrdsl.read("lr_scheduler_type: cosine\\nwarmup_steps: 3\\nmax_steps: 30")
except lrdsl.ScheduleError as error:
    assert "PyYAML" in error.diagnostics[0].message
class Optimizer:
    param_groups = [{"lr": 0.1}]
scheduler = lrdsl.compile(s, Optimizer())
for _ in range(50):
    scheduler.step()
assert Optimizer.param_groups[0]["lr"] == s.at(50, base=0.1)
"""
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
