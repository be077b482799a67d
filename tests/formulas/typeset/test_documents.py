"""Tests of the other formats: Python runs, MathML is XML, Typst compiles; and of the style options of LaTeX."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import mpmath
import pytest
import typst

import lrdsl
from lrdsl.cli import main
from lrdsl.formulas.documents import FORMATS, REMARKS
from tests.formulas.typeset.formulas import schedules
from tests.formulas.typeset.reading import Formula

ALL = schedules()
TIMED = [(s, target) for s, target in ALL.values() if not s.plan_of(target).watches]


@pytest.mark.parametrize("symbolic", [False, True])
def test_the_python_function_has_the_values(symbolic: bool) -> None:
    for s, target in TIMED:
        source = s.typeset("python", target=target, symbolic=symbolic)
        space: dict[str, Any] = {}
        exec(source, space)
        (function,) = (value for value in space.values() if callable(value))
        member = s.target(target).number
        number = () if member is None else (member,)  # a family is a function of the number of a group
        for t in (0, 1, 2, 3, 7, 19, 30, 50, 99, 100, 499, 500, 1000, *((2500, 9999, 10**5) if "prod" not in source else ())):
            assert math.isclose(function(t, *number, 0.3), s.at(t, 0.3, target), rel_tol=1e-12, abs_tol=1e-14), (t, source)


def test_mathml_is_xml() -> None:
    for name, (s, target) in ALL.items():
        root = ET.fromstring(s.typeset("mathml", target=target))
        assert root.tag.endswith("math"), name
        assert len(list(root.iter())) > 4, name


def test_typst_compiles() -> None:
    document = "\n\n".join(s.typeset("typst", target=target) for s, target in ALL.values())
    assert typst.compile(document.encode(), format="pdf")


@pytest.mark.parametrize(
    ("target", "latex", "typst_math", "mathml"),
    [
        ("lr", r"\eta_t", "eta_t", "ηt"),
        ('lr["back#bone<x"]', r"\eta_t^{(\text{back\#bone\textless{}x})}", 'eta_t^(("back#bone<x"))', "ηt(back#bone<x)"),
        ("momentum[1]", r"\beta_t^{(1)}", "beta_t^((1))", "βt(1)"),
        ('betas[0]["x"]', r"\beta_{1,t}^{(\text{x})}", 'beta_(1, t)^(("x"))', "β1,t(x)"),
    ],
)
def test_a_formula_names_the_param_group_of_its_target(target: str, latex: str, typst_math: str, mathml: str) -> None:
    s = lrdsl.parse(f"{target} = hold(3, 0.25) then cosine(10)")
    assert s.latex(target=target).startswith(f"{latex} = ")
    source = s.typeset("typst", target=target)
    assert source.startswith(f"$ {typst_math} = ")
    assert typst.compile(source.encode(), format="pdf")
    left = next(iter(next(iter(ET.fromstring(s.typeset("mathml", target=target))))))
    assert "".join(left.itertext()) == mathml


def test_markdown_is_latex_between_dollars() -> None:
    s = lrdsl.parse("cosine(20)")
    assert s.typeset("markdown") == f"$$\n{s.latex()}\n$$"


def test_fractions() -> None:
    s = lrdsl.parse("hold(3, at=0.1) then hold(at=1e-5)")
    assert s.latex(numbers="fraction") == "\\eta_t = \\begin{cases}\n    \\tfrac{1}{10} & t < 3 \\\\[3pt]\n    10^{-5} & t \\ge 3\n\\end{cases}"


def test_a_number_for_the_base() -> None:
    assert lrdsl.parse("0.5 * hold").latex(base=0.3) == r"\eta_t = 0.15"


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize(("time", "first", "per"), [("epochs", 0, 14), ("steps", 1, 1), ("ticks", 1, 1), ("epochs", 1, 14)])
def test_other_clocks(time: str, first: int, per: int, symbolic: bool) -> None:
    """A formula in epochs, or from 1, has the values of the schedule at the ticks that it means."""
    s = lrdsl.parse("warmup(2ep) then cosine(10ep, to=0.1x) then exp(0.9)", steps_per_epoch=14)
    formula = Formula(s.latex(time=time, first=first, symbolic=symbolic))
    for t in (0, 1, 2, 5, 11, 12, 13):
        assert formula.value(t + first, 0.3) == pytest.approx(s.at(t * per, 0.3), rel=1e-12)


def test_epochs_need_to_be_known() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR121"):
        lrdsl.parse("cosine(20)").latex(time="epochs")


def test_a_numbered_equation() -> None:
    source = lrdsl.parse("hold").latex(label="eq:rate")
    assert source == "\\begin{equation}\\label{eq:rate}\n\\eta_t = \\eta_0\n\\end{equation}"


def test_brackets_add_up_to_the_schedule() -> None:
    """Of Iverson's brackets one is 1 at each tick: the sum is the schedule."""
    s = lrdsl.parse("warmup(5) then hold(3) then cosine(20)")
    source = s.latex(form="iverson", width=1000)
    terms = source.partition(" = ")[2].split("] + ")
    assert len(terms) == 3
    for t in range(30):
        found = mpmath.mpf(0)
        for term in terms:
            value, _, condition = term.rstrip("]").partition(r"\,[")
            inside = "\\eta_t = \\begin{cases}\n" + f"{value} & {condition} \\\\[3pt]\n0 & t \\ge 0" + "\n\\end{cases}"
            found += Formula(inside).value(t, 0.3)
        assert found == pytest.approx(s.at(t, 0.3), rel=1e-12, abs=1e-15)


def test_a_sum_that_is_multiplied_keeps_its_brackets_where_the_line_breaks() -> None:
    s = lrdsl.parse("cyclic(0.25x, 1, 1, down=4, mode=exp_range, gamma=0.25) for 4 then exp(0.5)")
    for width in (15, 20, 24, 60):
        assert Formula(s.latex(width=width)).value(6, 0.3) == pytest.approx(s.at(6, 0.3), rel=1e-12)


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("width", [9, 14, 24, 60])
def test_a_product_whose_line_breaks_keeps_the_brackets_around_a_remainder(width: int, symbolic: bool) -> None:
    s = lrdsl.parse("repeat(cyclic(0.0418x, 0.598x, 2.5, down=17) for 1455)")
    formula = Formula(s.latex(width=width, symbolic=symbolic))
    for t in (*range(90), 1454, 1455, 1476):
        assert formula.value(t, 0.3) == pytest.approx(s.at(t, 0.3), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("set base = 0.01; lr = linear(9)", [r"\eta_0\text{ is the base learning rate of }0.01"]),
        ("set base = 0.01; lr[0] = linear(9)", [r"\eta_0\text{ is the base learning rate of these groups}"]),
        ("let g = 0.5; lr = 0.1 * multistep([9], g)", [r"0.1\,g\,\eta_0"]),
        ("scale(1 - 0.5*(cos(pi*t/10) + 1)/2)", [r"\text{where }t\text{ counts steps from 0},\; \eta_0\text{ is the base learning rate}"]),
        ("let a = 100; let b = 300; lr = warmup(a) then cosine(b - a)", [r"\frac{\pi(t - a)}{b - a}"]),
        ("let b = 1024; lr = b/256 * warmup(5) then cosine(20)", [r"\frac{b}{256}\,\eta_0\,\frac{t}{T_w}", r"\frac{b}{256}\,\frac{\eta_0}{2}"]),
        ("let p = 0.3; let r = 4; lr = hold(at=(1 + p*(r-1))/r * base)", [r"\frac{1 + p(r - 1)}{r}"]),
        ("let b = 512; lr = scale(b/256) * linear(90)", [r"\eta_0\,\frac{b}{256}\left(1 - \frac{t}{T}\right)"]),
        ("weight_decay = linear(100, to=0.4)", [r"\lambda_{\mathrm{end}} = 0.4"]),  # the base may be lower
        ("0.5 * cosine(20)", [r"0.25\,\eta_0"]),
        ("0.7/3 * cosine(20)", [r"\frac{7\,\eta_0}{60}"]),
        ("onecycle(1000)", [r"\rho\,T - 1", r"\frac{1}{d\,d_f}", "d = 25"]),
        ("weight_decay = cosine(100, from=0.04, to=0.4)", [r"\lambda_{\mathrm{end}} + \tfrac{1}{2}(\lambda_{\mathrm{start}} - \lambda_{\mathrm{end}})"]),
    ],
)
def test_quotients_and_differences_are_written_as_the_text_has_them(text: str, parts: list[str]) -> None:
    source = lrdsl.parse(text).latex(symbolic=True, target=None, width=99).replace("dfrac", "frac")
    for part in parts:
        assert part in source
    assert "(-1)" not in source


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("warmup(5) then exp(0.97, per=2.4)", ["0.97^{(t - 5)/2.4}"]),
        ("warmup(1500) then cosine(98_500)", [r"1500 \le t < 100{,}000", "{98{,}500}"]),
        ("warmup(2M) then cosine(8M)", [r"t < 2 \times 10^{6}", "t < 10^{7}"]),
        ("warmup(375M tokens) then cosine(259.625B tokens)", [r"t < 3.75 \times 10^{8}", r"2.59625 \times 10^{11}", r"t < 2.6 \times 10^{11}"]),
    ],
)
def test_numbers_are_written_as_the_text_has_them(text: str, parts: list[str]) -> None:
    """Thousands are grouped below a million, and large numbers have powers of ten."""
    source = lrdsl.parse(text, tokens_per_step=3_200_000).latex(width=99, time="tokens" if "tokens" in text else "ticks")
    for part in parts:
        assert part in source


def test_lines_keep_to_their_width() -> None:
    s = lrdsl.parse("warmup(2000, from=1e-7, shape=cosine) then hold(8000) then cosine(90_000, to=3e-5)")
    wide, narrow = s.latex(width=60, after_end=True), s.latex(width=20, after_end=True)
    assert narrow.count("\n") > wide.count("\n")
    for t in (0, 3, 5000, 30_000, 200_000):
        assert Formula(narrow).value(t, 0.3) == Formula(wide).value(t, 0.3)


def test_every_format_has_its_remarks() -> None:
    assert set(REMARKS) == {*FORMATS, "sympy"}


@pytest.mark.parametrize("format", list(REMARKS))
def test_on_the_command_line(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formula", "warmup(5) then cosine(20)", "--format", format]) == 0
    out = capsys.readouterr()
    assert "20" in out.out
    assert not out.err


def test_an_unknown_format() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="'latex', 'markdown'"):
        lrdsl.parse("hold").typeset("word")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("max(linear(100), 0)", ["η₀·(1 − t/100)   0 ≤ t < 100"]),
        ("min(cosine(100), 1x)", ["η₀/2·(1 + cos(π·t/100))   0 ≤ t < 100"]),
        ("clip(cosine(100) + 1e-5, 0, 1)", ["min(η₀/2·(1 + cos(π·t/100)) + 1e−5, 1)   0 ≤ t < 100"]),  # the base may be above 1
        ("max(exp(0.95), 0.01x)", ["max(η₀·0.95^t, 0.01·η₀)"]),
        ("scale(max(t, 1)^-0.5)", ["η₀·max(t, 1)^(−0.5)"]),
        ("hold(9) then restart scale(1/max(t + 9, 9)) for 5", ["η₀     t < 9", "η₀/t   9 ≤ t < 14"]),
    ],
)
def test_a_minimum_has_no_argument_that_it_never_takes(text: str, lines: list[str]) -> None:
    assert lrdsl.parse(text).typeset("text").splitlines() == lines


@pytest.mark.parametrize(
    ("text", "rows", "meanings"),
    [
        (  # the level at which a cosine is cut
            "cosine(100, to=0.1x) for 30 then linear(20)",
            ["η_end + 1/2·(η₀ − η_end)·(1 + cos(π·t/T_d,1))", "η₁·(T_f + T_d,2 − t)/T_d,2"],
            ["η₁ = η_end + 1/2·(η₀ − η_end)·(1 + cos(π·T_f/T_d,1))"],
        ),
        ("let r = 4; lr = linear(20, to=base/r)", ["η_min + (η₀ − η_min)·(1 − t/T)"], ["η_min = η₀/r"]),
        ("let a = 0.1; let b = 1e-5; lr = cosine(9, to=a*base + b)", ["η_min + 1/2·(η₀ − η_min)·(1 + cos(π·t/T))"], ["η_min = a·η₀ + b"]),
        (  # an argument of a recipe is one letter
            "power(500, 7000, 2500, 0.4)",
            ["min(η₀, η_s·T_w^(−0.51))·t/T_w", "min(η₀, η_s·t^(−0.51))", "min(η₀, η_s·T₁^(−0.51))·(T₂ − t)/T_d"],
            ["T_w = 500", "T₁ = T_w + T_f"],
        ),
        ("let r = 3; lr = cosine(10)/r", ["η₀/(2·r)·(1 + cos(π·t/T))"], ["r = 3"]),
    ],
)
def test_levels_and_lengths_have_letters_as_in_papers(text: str, rows: list[str], meanings: list[str]) -> None:
    schedule = lrdsl.parse(text)
    lines = schedule.typeset("text", symbolic=True).splitlines()
    assert [line.split("   ")[0].rstrip() for line in lines[: len(rows)]] == rows
    assert set(meanings) <= set(lines)
    letters = {str(symbol) for value in schedule.legend().values() for symbol in value.free_symbols}
    assert letters <= {"base", *map(str, schedule.legend())}


def test_fractions_in_full_size_do_not_touch_and_have_the_condition_below_them_before_they_become_small() -> None:
    lamb = lrdsl.parse("warmup(3125) then linear(rest)", total_steps=15_625).latex(symbolic=True)
    assert lamb.count(r"\dfrac") == 2
    assert r"t < T_w \\[9pt]" in lamb
    mae = lrdsl.parse("let B = 4096; lr = B/256 * (warmup(40ep) then cosine(760ep))", steps_per_epoch=1, tick="epoch").latex(symbolic=True)
    assert r"\dfrac{B}{256}\,\dfrac{\eta_0}{2}\left(1 + \cos\dfrac{\pi(t - T_w)}{T_d}\right) \\" in mae


def test_a_letter_stands_on_the_line_of_its_meaning_and_words_have_a_dot_between_them() -> None:
    wide = lrdsl.parse("warmup(2000 steps) then hold until 10T tokens then cosine(4.3T tokens, to=2.2e-5)", tokens_per_step=62_914_560)
    for width in range(20, 45):
        assert not re.search(r"= \\\\$", wide.latex(symbolic=True, width=width), re.MULTILINE)
    assert r"\mathrm{cut} \cdot \mathrm{ratio}" in lrdsl.parse("let cut = 3; let ratio = 4; lr = scale(t * cut * ratio) for 5").latex(symbolic=True)


@pytest.mark.parametrize("width", [2, 3, 4, 5, 6, 8, 11])
def test_no_line_is_empty(width: int) -> None:
    """Also where what is defined does not fit beside its meaning."""
    source = lrdsl.parse("warmup(1234567 tokens) then cosine(7654321 tokens)", tokens_per_step=333).latex(width=width)
    assert [line for line in source.split("\n") if not line.strip(" \\")] == []


@pytest.mark.parametrize("setting", ["form", "numbers"])
def test_an_unknown_setting_is_refused(setting: str) -> None:
    with pytest.raises(lrdsl.ScheduleError, match=f"LR152.*{setting}"):
        lrdsl.parse("cosine(9)").latex(**{setting: "wrong"})


def test_a_case_that_is_a_little_too_wide_has_small_fractions() -> None:
    """A row of cases has a space after its value, also where the condition stands below."""
    s = lrdsl.parse("warmup(375M tokens) then cosine(259.625B tokens, to=0.1x) then hold", tokens_per_step=3_200_000)
    assert r"\cos\frac{" in s.latex(width="icml", time="tokens")
    assert r"\cos\dfrac{" in s.latex(width="twocolumn", time="tokens")
