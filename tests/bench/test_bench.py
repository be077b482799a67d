"""The benchmarks of `python -m tests.bench` by pytest-benchmark, which keeps and compares its runs: `pytest tests/bench --benchmark-enable`.

Without that option each is run once, and what is compared is seen to be the same schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lrdsl
from tests.bench.cases import CASES, Case, Loop, cosine_by_hand, optimizer

STEPPERS: dict[str, Callable[[Case, Any], Any]] = {
    "lrdsl": lambda case, opt: lrdsl.compile(case.text, opt),
    "torch": lambda case, opt: case.torchs(opt),
    "hand": lambda case, opt: Loop(opt, case.level),
}


@pytest.mark.parametrize("who", STEPPERS)
@pytest.mark.parametrize("groups", [1, 10, 100])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_step(case: Case, groups: int, who: str, benchmark: Any) -> None:
    benchmark.group = f"{case.name}, {groups} groups"
    opt = optimizer(groups)
    scheduler = STEPPERS[who](case, opt)
    opt.step()
    benchmark(scheduler.step)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_three_are_the_same(case: Case) -> None:
    found = {}
    for who, make in STEPPERS.items():
        opt = optimizer(2)
        scheduler = make(case, opt)
        rates = []
        for _ in range(700):  # past the warmup
            opt.step()
            scheduler.step()
            rates.append(opt.param_groups[1]["lr"])
        found[who] = rates
    assert found["lrdsl"] == pytest.approx(found["torch"], rel=1e-9)
    assert found["lrdsl"] == pytest.approx(found["hand"], rel=1e-9)


@pytest.mark.parametrize("who", ["lrdsl", "hand"])
def test_values(who: str, benchmark: Any) -> None:
    n = 1_000_000
    s = lrdsl.parse(f"cosine({n})")
    levels = benchmark(lambda: s.values(n, 0.1) if who == "lrdsl" else cosine_by_hand(n))
    assert np.allclose(levels, cosine_by_hand(n), rtol=0, atol=1e-15)


@pytest.mark.parametrize("text", ["cosine(100)", "warmup(5) then hold(20) then cosine(75, to=0.01x)", "onecycle(100) * exp(0.99)"])
def test_parse(text: str, benchmark: Any) -> None:
    benchmark.group = "parse and check"
    assert benchmark(lrdsl.parse, text).length in (100, None)
