"""Tests of half cosines between two levels: one sine gives both weights, or one cosine."""

from __future__ import annotations

import math
import random

import mpmath
import pytest

import lrdsl
from lrdsl.expr import BASE, Call, affine, walk
from lrdsl.numbers.lowering import numeric
from lrdsl.plan import pieces


@pytest.mark.parametrize("text", ["cosine(99, to=0.1x)", "cosine(99, from=0.1x, to=3x)", "cosine(99, from=0.01, to=0.1)", "onecycle(330, peak=2x)"])
@pytest.mark.parametrize(("start", "end", "op"), [(0, 33, "sin"), (40, 60, "cos"), (70, 98, "sin")])
def test_a_blend_has_one_sine_or_cosine(text: str, start: int, end: int, op: str) -> None:
    split = affine(pieces(lrdsl.parse(text).plan.level)[0].level, BASE)
    assert split is not None
    operations = [x.op for part in split for x in walk(numeric(part, start, end)) if isinstance(x, Call) and x.op in ("sin", "cos")]
    assert operations == [op]


def test_blends_are_within_four_units_in_the_last_place() -> None:
    draw = random.Random(7)
    with mpmath.workprec(200):
        for n in (1, 2, 7, 63, 64, 65, 1000, 20_002, 10**6, 99_999_999):
            ratio = draw.choice([1e-4, 0.1, 0.5, 0.9999, 2.0, 25.0])
            schedule, base = lrdsl.parse(f"cosine({n}, to={ratio!r}x)"), draw.uniform(0.01, 3)
            ticks = [*(draw.randint(0, n) for _ in range(8)), n // 3, n // 3 + 1, 2 * n // 3, min(n, 2 * n // 3 + 1), n]
            for tick, level in zip(ticks, schedule.values(ticks, base).tolist(), strict=True):
                weight = mpmath.sin(mpmath.pi / 2 * mpmath.mpf(n - tick) / n) ** 2
                exact = base * (weight + ratio * (1 - weight))
                for found in (level, schedule.at(tick, base)):
                    assert abs(found - exact) <= 4 * math.ulp(float(exact)), (n, ratio, tick)
