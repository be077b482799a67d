"""Tests that all options of formulas work together: every pair of settings, in every format, for one target and several."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import typst

import lrdsl
from lrdsl.cli import main
from lrdsl.formulas.notation.widths import width as latex_width
from lrdsl.formulas.style import width_in_ems
from tests.formulas.typeset.formulas import schedules
from tests.formulas.typeset.hostile import assert_is_latex
from tests.formulas.typeset.reading import Formula
from tests.pairwise import assert_holds_every_pair, rows

FORMATS = ("latex", "markdown", "text", "typst", "mathml", "python", "sympy", "sentence")
#: Every option of `lrdsl formula`, with its settings.
OPTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "format": tuple(("--format", name) for name in FORMATS),
    "base": ((), ("--base", "0.1"), ("--base", "eta_max"), ("--base", r"\eta_{\max}"), ("--base", r"\hat{\eta}_0")),
    "symbolic": ((), ("--symbolic",)),
    "form": tuple(("--form", form) for form in ("cases", "aligned", "iverson")),
    "numbers": (("--numbers", "decimal"), ("--numbers", "fraction")),
    "time": tuple(("--time", time) for time in ("ticks", "steps", "epochs", "tokens", "samples", "percent")),
    "first": (("--first", "0"), ("--first", "1")),
    "width": ((), ("--width", "neurips"), ("--width", "icml"), ("--width", "8cm"), ("--width", "14")),
    "where": ((), ("--where",)),
    "after_end": ((), ("--after-end",)),
    "label": ((), ("--label", "eq:rate")),
    "macros": ((), ("--macros",), ("--macros-prefix", "wsd")),
    "cite": ((), ("--cite",)),
    "names": ((), ("--names", "t=n")),
}
CLOCK = ("--total-steps", "1000", "--steps-per-epoch", "100", "--batch-size", "7", "--tokens-per-step", "4194304")
TEXTS = (
    "warmup(1B tokens) then hold(100) then cosine(rest, to=1e-5)",
    "lr = warmup(30) then restarts(linear(10), stretch=2); weight_decay = cosine(total, from=0.04, to=0.4); betas[0] = linear(5ep, from=0.85, to=0.95)",
    "let num_warmup_steps = 3ep; lr = warmup(num_warmup_steps) then plateau(patience=3, metric=val_loss) until val_loss < 0.3 then linear(100)",
    'lr = 0.1 * cyclic(0.1x, 1x, 7.5) + 1e-6; lr["head"] = 10 * lr; "clip" = step(30, 0.5)',
)


ROWS = rows(OPTIONS)


def test_the_rows_hold_every_pair() -> None:
    assert_holds_every_pair(OPTIONS)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_two_options_go_together(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for row in ROWS:
        arguments = [argument for setting in row for argument in setting]
        status = main(["formula", text, *CLOCK, *arguments])
        out, err = capsys.readouterr()
        if (
            "plateau" in text
            and arguments[arguments.index("--time") + 1] in ("epochs", "tokens", "samples", "percent")
            and not {"sympy", "sentence"} & {*arguments}
        ):
            assert status == 2
            assert "count ticks" in err
            continue
        assert status == 0, (arguments, err)
        assert not err, arguments
        check(out, arguments)


def check(out: str, arguments: list[str]) -> None:
    """Checks one document: that its language reads it, that no label stands twice, and that no number is longer than a reader uses."""
    format = arguments[arguments.index("--format") + 1]
    out, *entries = out.split("\n@")
    assert bool(entries) == ("--cite" in arguments)
    body = "\n".join(line for line in out.splitlines() if not line.startswith("%"))
    assert format in ("python", "sympy") or not re.search(r"(?<![\d.])\d*\.\d{7,}|\d{10,}", body), (arguments, out)
    if format in ("latex", "markdown"):
        assert_is_latex(re.sub(r"\\providecommand\{\\\w+\}|\\(?:begin|end)\{equation\}|\\label\{[^}]*\}|\\(?:lr|wsd)[A-Z]\w*|\$\$|\*\*.*\*\*|\\hat", "", body))
        assert len(set(re.findall(r"\\label\{([^}]*)\}", body))) == body.count(r"\label")
        defined = re.findall(r"\\providecommand\{(\\\w+)\}", body)
        assert len(defined) == len(set(defined))
    elif format == "python":
        exec(compile(out, "<generated>", "exec"), {})
    elif format == "mathml":
        ET.fromstring(f"<a>{out}</a>")
    elif format == "typst":
        assert typst.compile(out.encode(), format="pdf")
        labels = re.findall(r"<(eq:[^>]*)>", out)
        assert len(labels) == len(set(labels))


@pytest.mark.parametrize("format", ["latex", "typst", "mathml", "text", "python"])
@pytest.mark.parametrize("base", ["eta_max", r"\eta_{\max}"])
def test_a_base_is_one_symbol_in_every_format(format: str, base: str) -> None:
    source = lrdsl.parse("warmup(5) then cosine(20)").typeset(format, base)
    shown = {"latex": r"\eta_{\max}", "typst": "eta_max", "mathml": "<msub><mi>η</mi><mi>max</mi></msub>", "text": "η_max", "python": "eta_max"}[format]
    assert shown in source
    if format == "python":
        space: dict[str, Any] = {}
        exec(source, space)
        assert space["lr"](5, eta_max=0.3) == pytest.approx(0.3)


@pytest.mark.parametrize("format", ["latex", "typst", "mathml", "text"])
def test_letters_of_the_caller(format: str) -> None:
    s = lrdsl.parse("warmup(5) then cosine(20, to=0.1x)")
    source = s.typeset(format, symbolic=True, names=r"T_w=N_warmup, eta_0=\eta_{\max}, t=n")
    own = {
        "latex": (r"N_{\mathrm{warmup}}", r"\eta_n"),
        "typst": ('N_"warmup"', "eta_n"),
        "mathml": ("<mi>warmup</mi>", "<mi>n</mi>"),
        "text": ("N_warmup", "n <"),
    }
    for letter in own[format]:
        assert letter in source
    assert "T_w" not in source


def test_letters_of_the_caller_in_a_program() -> None:
    s = lrdsl.parse("warmup(5) then cosine(20, to=0.1x)")
    source = s.typeset("python", symbolic=True, names=r"T_w=N_warmup, eta_0=\eta_{\max}, t=n, T_d=base")
    space: dict[str, Any] = {}
    exec(source, space)
    assert source.splitlines()[3:5] == ["def lr(n, eta_max):", "    N_warmup = 5"]
    for t in (0, 3, 5, 17, 25, 90):
        assert space["lr"](n=t, eta_max=0.3) == pytest.approx(s.at(t, 0.3))


@pytest.mark.parametrize("format", ["latex", "typst", "text", "mathml", "python"])
def test_odd_letters_are_written_or_refused(format: str) -> None:
    s = lrdsl.parse("warmup(5) then cosine(20, to=0.1x)")
    for letter in (r"\tau_w", "T_{warm,up}", "lambda", "x'", r"\hat{T}", "a b", "T__w", r"\mathrm{warmup steps}", "é", "class", "T_d", "π"):
        for settings in ({"names": f"T_w={letter}"}, {"base": letter}):
            try:
                source = s.typeset(format, symbolic=True, **settings)  # type: ignore[arg-type]
            except lrdsl.ScheduleError:
                continue
            if format == "python":
                exec(compile(source, "<generated>", "exec"), {})
            elif format == "mathml":
                ET.fromstring(source)
            elif format == "typst":
                assert typst.compile(source.encode(), format="pdf")
    for number in ("2", "1e-3", "-5"):
        with pytest.raises(lrdsl.ScheduleError, match="it is a number"):
            s.typeset(format, base=number)


def test_greek_letters_are_read_as_they_look() -> None:
    s = lrdsl.parse("cosine(20)")
    assert s.latex(base="η₀") == s.latex(base="eta_0")
    assert s.typeset("typst", base="η_max") == s.typeset("typst", base="eta_max")


@pytest.mark.parametrize("names", ["x=y", "T_w==W", "T_w", "T_w=T_d", "T_w=", "=x", {"T_w": 5}, 7, "T_w=$x$"])
def test_letters_that_cannot_be(names: Any) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        lrdsl.parse("warmup(5) then cosine(20)").latex(symbolic=True, names=names)


def test_braces_of_a_letter_may_be_ten_deep() -> None:
    s = lrdsl.parse("cosine(20)")
    assert s.latex(base=f"{'{' * 10}N{'}' * 10}").count("N") == s.latex(base="N").count("N") > 0
    with pytest.raises(lrdsl.ScheduleError, match="too deep"):
        s.latex(base=f"{'{' * 11}N{'}' * 11}")


def test_units_of_a_width_are_lengths_of_a_text_of_ten_points() -> None:
    points = {"em": 10, "pt": 1, "in": 72.27, "cm": 72.27 / 2.54, "mm": 72.27 / 25.4}
    for unit, size in points.items():
        assert width_in_ems(f"40{unit}") == pytest.approx(4 * size, rel=1e-4)
    assert width_in_ems("40") == width_in_ems(40) == 40


def test_macros_are_defined_once_and_used() -> None:
    source = lrdsl.parse("warmup(5) then cosine(20) then linear(3, to=2x)").latex(symbolic=True, macros=True)
    defined = re.findall(r"\\providecommand\{(\\\w+)\}", source)
    assert len(defined) == len(set(defined)) >= 4
    for command in defined:
        assert len(re.findall(re.escape(command) + r"(?![A-Za-z])", source)) > 1, command


def test_formulas_of_one_paper_share_commands_unless_their_prefixes_differ() -> None:
    one, two = (lrdsl.parse(text).latex(symbolic=True, macros=True) for text in ("warmup(5) then cosine(20)", "warmup(7) then linear(9)"))
    assert r"\providecommand{\lrTW}{T_w}" in one
    assert r"\providecommand{\lrTW}{T_w}" in two
    own = lrdsl.parse("warmup(5) then cosine(20)").latex(symbolic=True, macros="wsd", names="T_w=N_warmup")
    assert r"\providecommand{\wsdNWarmup}{N_{\mathrm{warmup}}}" in own
    assert r"\lr" not in own
    for wrong in ("", "w s", r"\wsd", "a", 7, "x" * 21, "w1"):
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            lrdsl.parse("cosine(5)").latex(macros=wrong)


@pytest.mark.parametrize(("width", "ems"), [("ieee", 25.2), ("8cm", 22.8), ("240pt", 24.0), (30, 30.0), ("24em", 24.0)])
def test_widths_have_names_and_units(width: Any, ems: float) -> None:
    s = lrdsl.parse("warmup(2000, from=1e-7, shape=cosine) then hold(8000) then cosine(90_000, to=3e-5)")
    assert s.latex(width=width) == s.latex(width=ems) or abs(ems - 22.8) < 0.1


@pytest.mark.parametrize("width", ["wide", "8 furlongs", "0", -1, "", "1e9em"])
def test_other_widths_are_refused(width: Any) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        lrdsl.parse("hold").latex(width=width)


@pytest.mark.parametrize(
    ("format", "shown"),
    [
        ("latex", r"\eta_t^{(k)} = d^{12 - k}\,\eta_t"),
        ("typst", "eta_t^((k)) = d^(12 - k) eta_t"),
        ("text", "d^(12 − k)·η_t"),
        ("mathml", "<msup><mi>d</mi><mrow><mn>12</mn><mo>−</mo><mi>k</mi></mrow></msup>"),
    ],
)
def test_a_family_of_groups_has_one_formula(format: str, shown: str) -> None:
    s = lrdsl.parse('let d = 0.75; lr = cosine(100); lr["blocks.{k}.*"] = d^(12 - k) * lr')
    source = s.typeset(format, target=s.targets[1].name, symbolic=True)
    assert shown in source
    assert "0.75" in source
    assert "0.75" in s.typeset(format, target=s.targets[1].name)


def test_a_group_of_a_family_has_its_own_formula() -> None:
    s = lrdsl.parse('lr = cosine(100); lr["blocks.{k}.*"] = 0.5^(4 - k) * lr; lr["x.{k}"] = cosine(10 * k)')
    assert r"0.25\,\eta_0" in s.latex(target='lr["blocks.3.mlp"]')
    assert r"\cos" in s.latex(target=s.targets[2].name), "what is no product of another target stays what it is for one number"


@pytest.mark.parametrize("time", ["epochs", "percent", "samples"])
@pytest.mark.parametrize("text", ["cyclic(0.1x, 1x, 300, 100)", "step(200, 0.5)", "every(40, cosine(800))", "restarts(warmup(30) then cosine(70), stretch=2)"])
def test_cycles_with_letters_count_in_other_units(text: str, time: str) -> None:
    s = lrdsl.parse(text, steps_per_epoch=100, total_steps=1000, batch_size=8)
    per = {"epochs": Fraction(100), "percent": Fraction(10), "samples": Fraction(1, 8)}[time]
    formula = Formula(s.latex(time=time, symbolic=True, after_end=True))
    for tick in (*range(0, 500, 7), 800, 801):
        with mpmath.workdps(60):
            t = mpmath.mpf(tick * per.denominator) / per.numerator
        assert float(formula.value(t, 0.3)) == pytest.approx(s.at(tick, 0.3), abs=1e-9)


def test_a_metric_is_explained_in_every_format_and_is_an_argument_of_the_function() -> None:
    s = lrdsl.parse("plateau(patience=3) until val_loss < 0.3 then linear(4)")
    for format in ("latex", "markdown", "typst", "mathml", "text", "python"):
        source = s.typeset(format)
        assert "counts the reductions" in source.replace("&#xA0;", " "), format
        assert "report" in source
    space: dict[str, Any] = {}
    exec(s.typeset("python"), space)
    assert space["lr"](5, 0.3) == pytest.approx(0.3)
    assert space["lr"](5, 0.3, k_1=lambda t: 2 * (t > 3)) == pytest.approx(0.003)
    assert space["lr"](12, 0.3, tau_1=10) == pytest.approx(0.15)


@pytest.mark.parametrize("width", [16, "twocolumn"])
def test_no_line_is_wider_than_the_column(width: Any) -> None:
    for name, (s, target) in schedules().items():
        for form in ("cases", "aligned"):
            source = s.latex(target=target, form=form, symbolic=True, width=width)
            room = 24 if width == "twocolumn" else 16
            for line in re.split(r"\\\\(?:\[\dpt\])?\n", re.sub(r"\\(?:begin|end)\{\w+\}", "", source)):
                wide = max((latex_width(part) for part in re.split(r" \\\\ (?!\\q)", line.replace("&", ""))), default=0)
                assert wide <= room + 1.2, (name, form, line)


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("relation", ["d^(12 - k) * lr", "lr / (1 + k)", "2 * sqrt(k) * lr", "(30 - k) / 7 * lr"])
def test_a_family_is_one_formula_in_programs_too(relation: str, symbolic: bool, capsys: pytest.CaptureFixture[str]) -> None:
    text = f'let d = 0.75; lr = warmup(10) then cosine(90, to=0.1x); lr["blocks.{{k}}.*"] = {relation}'
    s, family = lrdsl.parse(text), 'lr["blocks.{k}.*"]'
    space: dict[str, Any] = {}
    exec(s.typeset("python", target=s.targets[1].name, symbolic=symbolic), space)
    formula = s.formula("b", target=family, symbolic=symbolic).subs(s.legend("b"))
    for k in (1, 3, 11):
        for t in (0, 5, 10, 50, 99, 100, 120):
            level = s.at(t, 0.3, f'lr["blocks.{k}.x"]')
            assert space["lr__blocks__k"](t, k, 0.3) == pytest.approx(level, abs=1e-14)
            assert float(formula.subs({"t": t, "k": k, "b": 0.3, "d": 0.75})) == pytest.approx(level, abs=1e-12)
            source = s.latex(target=family, symbolic=symbolic, width=99).replace("(k)", "")
            read = Formula(re.sub(r"(?<![a-z\\])k(?![a-z])", str(k), source))
            assert float(read.value(t, s.at(t, 0.3), r"\eta_t")) == pytest.approx(level, abs=1e-12)
    assert main(["formula", text, "--format", "python"]) == 0
    assert f"# {family}\n" in capsys.readouterr().out
