"""Tests of the letters for the time within a cycle, and for the number of the cycle."""

from __future__ import annotations

import re
from typing import Any

import pytest

import lrdsl
from lrdsl.formulas.notation.widths import width
from tests.formulas.typeset.reading import Formula


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("cyclic(1e-4, 1e-3, 100, mode=triangular2)", (r"T_{\mathrm{cur}} = t \bmod 200", r"i = \lfloor t/200 \rfloor")),
        ("warmup(9) then cyclic(1e-4, 1e-3, 100, mode=triangular2)", (r"T_{\mathrm{cur}} = (t - 9) \bmod 200", r"i = \lfloor (t - 9)/200 \rfloor")),
        ("restarts(warmup(3) then cosine(10, to=0.1x), decay=0.5)", (r"T_{\mathrm{cur}} = t \bmod 13", r"i = \lfloor t/13 \rfloor")),
        ("repeat(warmup(3) then cosine(10, to=0.1x))", (r"T_{\mathrm{cur}} = t \bmod 13",)),
        # too short for a letter
        ("cyclic(1e-4, 1e-3, 100)", ()),
        ("restarts(cosine(10), decay=0.5)", ()),
        ("step(30)", ()),
        # the letters of one cycle beside those of another
        (
            "sum(repeat(warmup(3) then cosine(10, to=0.1x)), cyclic(1e-4, 1e-3, 100, mode=triangular2))",
            (r"T_{\mathrm{cur}} = t \bmod 13", r"T_{\mathrm{cur},2} = t \bmod 200", r"i = \lfloor t/200 \rfloor"),
        ),
        (
            "sum(restarts(cosine(7), stretch=2), cyclic(1e-4, 1e-3, 100, mode=triangular2))",
            (r"T_{\mathrm{cur},2} = t \bmod 200", r"i_2 = \lfloor t/200 \rfloor", r"i = \lfloor \log_{2}(1 + t/7) \rfloor"),
        ),
    ],
)
def test_a_cycle_that_stands_often_has_a_letter(text: str, meanings: tuple[str, ...]) -> None:
    s = lrdsl.parse(text)
    source = s.latex(width=60)
    if not meanings:
        assert r"\text{where" not in source
    for meaning in meanings:
        assert re.search(rf"(?:where \}}|,\\; |\n){re.escape(meaning)}(?:,|$)", source, re.MULTILINE), source
    for symbolic in (False, True):
        formula = Formula(s.latex(symbolic=symbolic))
        space: dict[str, Any] = {}
        exec(s.typeset("python", symbolic=symbolic), space)
        for t in (0, 1, 2, 3, 9, 12, 13, 14, 108, 109, 110, 199, 200, 201, 311, 409):
            assert formula.value(t, 0.3) == pytest.approx(s.at(t, 0.3), rel=1e-9, abs=1e-15)
            assert space["lr"](t, 0.3) == pytest.approx(s.at(t, 0.3), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("per", "number"), [(7, r"\lfloor 0.035\,t \rfloor"), (8, r"\lfloor t/25 \rfloor"), (200, r"\lfloor t \rfloor")])
def test_the_number_of_a_cycle_has_its_letter_in_epochs_too(per: int, number: str) -> None:
    s = lrdsl.parse("restarts(warmup(20) then cosine(180), decay=0.5)", steps_per_epoch=per)
    source = s.latex(time="epochs")
    assert rf"T_{{\mathrm{{cur}}}} = ({per}\,t) \bmod 200" in source
    assert f"i = {number}" in source
    assert "0.5^{i}" in source


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("down", ["", ", down=50"])
def test_triangular2_fits_a_narrow_column(down: str, symbolic: bool) -> None:
    """Each value stands on one line, or breaks after the low level, and no line is wider than the column."""
    source = lrdsl.parse(f"cyclic(1e-4, 1e-3, 100{down}, mode=triangular2)").latex(symbolic=symbolic, width="icml")
    lines = source.replace("\\begin{gathered}\n", "").split("\\begin{cases}\n    ")[1].split("\n\\end{cases}")[0].split("\n")
    assert len(lines) == 4 + bool(down and symbolic)
    assert max(width(re.sub(r" \\\\(?:\[\dpt\])?$", "", line)) for line in lines) < 23.4 - width(r"\eta_t = ") - 1


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("restarts(cosine(50), times=6)", [r"\frac{\eta_0}{2}\left(1 + \cos\frac{\pi(t \bmod 50)}{50}\right),\quad 0 \le t < 300"]),
        ("restarts(linear(10), times=3, decay=0.5)", [r"0 \le t < 30"]),
        ("warmup(7) then restarts(warmup(3) then cosine(7), times=3)", [r"7 \le t < 37,\; T_{\mathrm{cur}} < 3", r"7 \le t < 37,\; T_{\mathrm{cur}} \ge 3"]),
        ("restarts(cosine(10), times=4) then linear(10, from=1x)", ["& t < 40", r"& 40 \le t < 50"]),
        ("let T = 300; let M = 6; lr = restarts(cosine(T/M), times=M)", [r"0 \le t < 300"]),
        # the last cycle goes on at its last level, or is cut
        ("repeat(warmup(3) then hold(4), times=3)", [r"14 \le t < 17", r"t \ge 17"]),
        ("restarts(cosine(10), times=4) for 35", ["t < 35"]),
    ],
)
def test_the_last_cycle_is_one_of_the_cycles(text: str, rows: list[str]) -> None:
    s = lrdsl.parse(text)
    source = s.latex(width=60)
    for row in rows:
        assert row in source, source
    for symbolic in (False, True):
        formula = Formula(s.latex(symbolic=symbolic, after_end=True))
        for t in range(0, 310, 3):
            assert formula.value(t, 0.3) == pytest.approx(s.at(t, 0.3), rel=1e-9, abs=1e-15)
