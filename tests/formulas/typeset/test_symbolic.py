"""Tests of symbolic formulas: with the values of the legend for the letters, each equals the formula in numbers exactly."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

import lrdsl
from lrdsl import work
from tests.formulas.typeset.formulas import schedules
from tests.formulas.typeset.reading import Formula
from tests.formulas.typeset.test_formulas import sampled

ALL = schedules()
_TICK = sympy.Symbol("t")


def same(a: Any, b: Any) -> bool:
    """Whether two formulas are one: as they stand, or because SymPy finds nothing left of their difference."""
    return a == b or sympy.simplify(a - b) == 0


@pytest.mark.parametrize("name", [name for name, (s, target) in ALL.items() if not s.plan_of(target).watches and "{" not in target])
def test_with_the_legend_it_is_the_formula_in_numbers(name: str) -> None:
    s, target = ALL[name]
    symbolic, numeric = s.formula("b", target=target, symbolic=True), s.formula("b", target=target)
    legend = s.legend("b", target)
    assert symbolic.free_symbols <= {*legend, _TICK, sympy.Symbol("b")}
    filled = symbolic.subs(legend)
    if filled == numeric:
        return
    for tick in sampled(s, target)[:12]:
        assert same(filled.subs(_TICK, tick), numeric.subs(_TICK, tick)), (str(s), tick, filled, numeric)


def test_names_of_the_text_are_the_letters() -> None:
    s = lrdsl.parse("let warm = 5ep; let gamma = 0.5; lr = warmup(warm) then step(2 * warm, gamma)", steps_per_epoch=10)
    assert s.latex(symbolic=True, form="aligned", width=99).count(r"\mathrm{warm}") > 3
    assert s.legend() == {sympy.Symbol("warm"): 50, sympy.Symbol("gamma"): sympy.Rational(1, 2)}


def test_an_argument_of_a_recipe_has_one_letter() -> None:
    """It stands where the recipe is called, wherever the recipe uses it."""
    assert lrdsl.parse("fairseq.inverse_sqrt(10)").legend() == {sympy.Symbol("T"): 10}


def test_the_rest_is_what_is_left() -> None:
    s = lrdsl.parse("warmup(5%) then cosine(rest)", total_steps=1000)
    w, run, b, t = sympy.symbols("T_w T b t")
    assert s.legend() == {run: 1000, w: 50}
    pieces = s.formula("b", symbolic=True).args
    assert pieces[0][0] == b * t / w
    assert sympy.simplify(pieces[1][0] - b * (1 + sympy.cos(sympy.pi * (t - w) / (run - w))) / 2) == 0
    assert pieces[1][1] == (run > t)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("linear(10, to=0.5x) then linear(20)", ["T_d_1", "eta_end", "T_d_2"]),
        ("linear(10, to=0.5x)", ["T", "eta_min"]),
        ("linear(10, to=2x)", ["T", "eta_end"]),
        ("linear(10, to=0.1x) then linear(5, to=0.2x)", ["T_d_1", "eta_min", "T_d_2", "eta_end"]),
        ("warmup(10, from=0.1x) then cosine(100, to=0.1x)", ["T_w", "eta_min", "T_d"]),
        ("let r = 9; lr = warmup(10, from=base/r) then cosine(7, from=2x, to=base/r)", ["r", "T_w", "eta_min", "T_d", "eta_start"]),
        ("let r = 9; lr = warmup(10, from=base/r) then linear(7, to=base/r) then linear(3)", ["r", "T_w", "eta_start", "T_d_1", "T_d_2"]),
        ("let r = 10; lr = warmup(10, from=base/r) then cosine(7, to=base/10)", ["r", "T_w", "eta_start", "T_d", "eta_min"]),
        ("linear(7, to=2x) then hold(3, at=2x) then exp(0.9)", ["T_d", "eta_end", "T_s", "gamma"]),
        ("hold(2, at=0.5x) then hold(3, at=0.7x) then hold(2, at=0.5x)", ["T_s_1", "eta_s_1", "T_s_2", "eta_s_2"]),
        ("weight_decay = cosine(10, from=0.04, to=0.4)", ["T", "lambda_start", "lambda_end"]),
        ("momentum = cosine(10, from=0.95, to=0.85)", ["T", "beta_start", "beta_min"]),
        ("betas[1] = linear(10, from=0.9, to=0.99)", ["T", "beta_start", "beta_end"]),
        ("ema = linear(10, from=0.9, to=0.99)", ["T", "ema_start", "ema_end"]),
        ("let eta_min = 2; lr = linear(10, to=eta_min)", ["eta_min", "T"]),
        ("let num_warmup_steps = 3; let T_warm_up = 4; lr = warmup(num_warmup_steps) then linear(T_warm_up)", ["num_warmup_steps", "T_warm_up"]),
        ("cosine(20)", ["T"]),
        ("let eta_0 = 0.3x; lr = linear(10, to=eta_0)", ["eta_0_1", "T"]),
        ("let t_1 = 7; lr = warmup(t_1) then exp(0.9)", ["t_1", "gamma"]),
        ("hf.cosine(500, 10_000)", ["T_w", "T_d"]),
        ("multistep([30, 60], 0.5)", ["m_1", "m_2", "gamma"]),
        ("hold", []),
        ("linear(10, to=0.5x) * cosine(10, to=0.5x)", ["T_d_1", "eta_end", "T_d_2", "alpha_end"]),
        ("let gamma_1 = 0.5; lr = exp(gamma_1) for 3 then exp(0.7) for 3 then exp(0.9)", ["gamma_1", "T_f_1", "gamma_2", "T_f_2", "gamma_3"]),
        ("let k_1 = 3; let tau = 2; let tau_0 = 3; lr = hold(k_1) then hold(tau) then hold(tau_0) then cosine(9)", ["k_1_1", "tau_0", "tau_0_1", "T"]),
        (
            "let _a = 3; let a_ = 4; let a__b = 5; let a_b_c = 6; lr = hold(_a) then hold(a_) then hold(a__b) then hold(a_b_c) then cosine(3)",
            ["_a", "a_", "a__b", "a_b_c", "T"],
        ),
    ],
)
def test_letters(text: str, letters: list[str]) -> None:
    """Each letter stands for one thing, and none is the letter of the base or of time."""
    s = lrdsl.parse(text)
    legend = s.legend("b")
    assert [str(symbol) for symbol in legend] == letters
    assert same(s.formula("b", symbolic=True).subs(legend).subs(_TICK, 4), s.formula("b").subs(_TICK, 4))


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("cosine(100, to=0.1x) for 50 then linear(20)", r"\cos\frac{\pi T_f}{T_{d,1}}"),
        ("let T = 8; lr = cosine(T) for 4 then hold", r"\cos\dfrac{\pi T_f}{T}"),
        ("let T = 8; lr = scale(2 + cos(pi*t/T)) for 4 then hold", r"\cos\dfrac{\pi T_f}{T}"),
        ("let T = 8; lr = scale(2 + sin(pi*t/T)) for 8 then hold", r"\sin\dfrac{\pi T_f}{T}"),
    ],
)
def test_where_a_wave_is_cut_it_has_the_letters_of_the_cut(text: str, cut: str) -> None:
    """Also where its level there is a plain number, as a half."""
    s = lrdsl.parse(text)
    assert cut in s.latex(symbolic=True), s.latex(symbolic=True)
    for t in (0, 3, 7, 49, 50, 55, 69):
        assert Formula(s.latex(symbolic=True, after_end=True)).value(t, 0.3) == pytest.approx(s.at(t, 0.3), rel=1e-12)


def test_the_end_of_a_whole_cosine_is_its_last_level() -> None:
    assert "cos" not in lrdsl.parse("cosine(8, to=0.1x) then linear(9, to=0.01x)").latex(symbolic=True).partition(r"\\[6pt]")[2]


def test_a_letter_that_python_keeps_for_itself() -> None:
    space: dict[str, Any] = {}
    exec(lrdsl.parse("let lambda = 0.5; lr = exp(lambda)").typeset("python", symbolic=True), space)
    assert space["lr"](2, 1.0) == 0.25


def test_an_ordinary_text_has_a_symbolic_formula_at_the_first_call() -> None:
    from sympy.core.cache import clear_cache

    clear_cache()
    text = "restarts(cosine(10), stretch=1.5, decay=0.9, times=12)"
    with work.limited():
        assert lrdsl.parse(text).formula(symbolic=True).free_symbols
        assert work.spent() < 0.8 * work.MOST


def test_a_power_that_stays_one_may_stand_in_a_minimum() -> None:
    formula = lrdsl.parse("min(hold(at=4 * 500^-0.51), exp(0.9))").formula()
    assert float(formula.subs({"base": 2, "t": 0}).evalf()) == pytest.approx(4 * 500**-0.51)
