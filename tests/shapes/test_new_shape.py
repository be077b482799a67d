"""A shape is declared once: one that is declared here is checked, computed, written, put into words, completed and documented, and nothing else is touched."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

import lrdsl
from lrdsl.editor.colours import words_of
from lrdsl.editor.editing import Document
from lrdsl.expr import ENTRY
from lrdsl.kinds import duration, level, ratio
from lrdsl.numbers import traced
from lrdsl.shapes import SHAPES, Shape
from lrdsl.shapes.shape import blend, left
from tests import test_grammar_reference as reference
from tests.numbers.test_traced import numpy_library

POWER = 3
ease = Shape(
    name="ease",
    summary="A power of the time that is left, then hold.",
    source="this test",
    parameters=(
        duration("n", "how long it takes", letter="T_d", empty=True),
        level("to", "the level it ends at", 0, letter="eta_min", sets="end"),
        level("from", "the level it starts from", ENTRY, letter="eta_start"),
        ratio("power", "the power", POWER, letter="p", open_low=True),
    ),
    length="n",
    level=lambda u, v, n, to, from_, power: blend(from_, to, left(u, n) ** power, 1 - left(u, n) ** power),
    end=lambda v, n, to, from_, power: to,
    says="eases[ from {from}] to {to} over {n}[, with power {power}]",
    known_as=("easing",),
    example="ease(100, to=0.1x)",
)
TEXT = "hold(5) then ease(10, to=0.1x)"


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPES, "ease", (ease,))


def level_at(t: int, base: float) -> float:
    share = Fraction(min(max(15 - t, 0), 10), 10)
    return base * float(Fraction(1, 10) + Fraction(9, 10) * share**POWER)


def test_it_is_checked() -> None:
    assert str(lrdsl.parse("ease(1_0, power=3, to=.1x)")) == "ease(10, power=3, to=0.1x)"
    for text, code in (("ease()", "LR106"), ("ease(-1)", "LR131"), ("ease(10, power=0)", "LR131"), ("ease(10, pwr=2)", "LR102"), ("ease(0.1x)", "LR111")):
        assert [d.code for d in lrdsl.lint(text)] == [code]
    assert "`ease`" in lrdsl.lint("eas(10)")[0].help
    assert not lrdsl.lint("warmup(5) then ease(10)")


def test_every_backend_computes_it() -> None:
    s, ticks = lrdsl.parse(TEXT), range(20)
    levels = [level_at(t, 0.3) for t in ticks]
    assert [s.at(t, 0.3) for t in ticks] == pytest.approx(levels, rel=1e-15)
    assert s.values(20, 0.3).tolist() == pytest.approx(levels, rel=1e-15)
    t, base = sympy.symbols("t base")
    assert [float(s.formula().subs({t: k, base: sympy.Rational(3, 10)})) for k in ticks] == pytest.approx(levels, rel=1e-12)

    level = traced.function(s.plan, 0.3, traced.DOUBLE, numpy_library)
    assert level(np.arange(20.0)).tolist() == pytest.approx(levels, rel=1e-12)
    module: dict[str, object] = {}
    exec(s.typeset("python", base="base"), module)
    assert [module["lr"](k, 0.3) for k in ticks] == pytest.approx(levels, rel=1e-12)  # type: ignore[operator]
    optimizer = type("Optimizer", (), {"param_groups": [{"lr": 0.3}]})()
    scheduler = lrdsl.compile(s, optimizer)
    for value in levels:
        assert optimizer.param_groups[0]["lr"] == pytest.approx(value, rel=1e-15)
        scheduler.step()


def test_it_is_written_and_put_into_words() -> None:
    s = lrdsl.parse(TEXT)
    for format in ("latex", "markdown", "text", "typst", "mathml", "python"):
        assert s.typeset(format)
    assert s.sentence() == "The learning rate stays at the base value for 5 steps, then eases to 0.1 times the base value over 10 steps."
    assert set(map(str, s.legend())) == {"T_s", "T_d", "eta_min", "p"}


def test_editors_know_it() -> None:
    document = Document.of("hold(5) then ease(10)", {})
    at = document.text.index("ease") + 1
    assert ease.signature in document.hover(at)[1]  # type: ignore[index]
    assert ease.signature in {s.detail for s in Document.of("hold(5) then ea", {}).suggestions(15)}
    assert {"to=", "from=", "power="} <= {s.text for s in Document.of("ease(10, ", {}).suggestions(9)}
    assert "function" in [kind for extent, kind in words_of(document.text) if document.text[extent[0] : extent[1]] == "ease"]


def test_the_reference_documents_it() -> None:
    assert f"### `{ease.signature}`\n\n{ease.summary}" in reference.shapes()
