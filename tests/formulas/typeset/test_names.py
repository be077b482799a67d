"""Tests that every name that the grammar allows is written correctly in every output language; and of the letters that callers give for the base."""

from __future__ import annotations

import math
import re
import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.analysis.plotting import picture_of, plot
from lrdsl.cli import main
from lrdsl.escaping import quoting
from lrdsl.figures.matplotlib import Page, save
from lrdsl.figures.pgfplots import pgfplots
from lrdsl.formulas.letters import _COMMANDS, _TYPST_WORDS
from tests.formulas.typeset.hostile import ALIKE, GROUPS, NAMES, assert_is_latex, schedules

ALL = schedules()
SHORT = lrdsl.parse("warmup(3) then cosine(4)")


@pytest.mark.parametrize(
    "source", ["a_b_c", r"\text{a_b}", "$x$", r"\input{x}", "{", "}", "a % b", r"\begin{document}", "a # b", "{a & b}", r"\text{\x1b}".replace("\\x1b", "\x1b")]
)
def test_the_reader_of_latex_is_strict(source: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        assert_is_latex(source)


def test_nearly_all_of_them_are_schedules() -> None:
    assert len(ALL) > 0.9 * (5 * len(NAMES) + len(GROUPS) + len(ALIKE) * (len(ALIKE) - 1) / 2)


def pattern(group: str) -> str:
    """The pattern that fits a group of this name: its braces are written as sets."""
    return re.sub(r"[{}]", lambda brace: f"[{brace[0]}]", group)


def run(source: str, base: str = "base") -> Any:
    """The function that a source makes; anything else that it makes is a mistake."""
    space: dict[str, Any] = {}
    exec(compile(source, "<generated>", "exec"), space)
    made = {name: value for name, value in space.items() if name not in ("__builtins__", "math")}
    ((name, function),) = made.items()
    assert name.isidentifier()
    assert unicodedata.normalize("NFKC", base) in function.__code__.co_varnames
    return function


@pytest.mark.parametrize("symbolic", [False, True])
def test_python_runs_and_is_the_schedule(symbolic: bool) -> None:
    for text, s in ALL.items():
        for target in s.targets:
            function = run(s.typeset("python", target=target.name, symbolic=symbolic))
            for t in (0, 1, 2, 5, 7, 30):
                assert math.isclose(function(t, 0.3), s.at(t, 0.3, target.name), rel_tol=1e-12, abs_tol=1e-15), text


@pytest.mark.parametrize("symbolic", [False, True])
def test_latex_and_mathml_hold_together(symbolic: bool) -> None:
    for text, s in ALL.items():
        for target in s.targets:
            for form in ("cases", "aligned", "iverson"):
                assert_is_latex(s.latex(target=target.name, symbolic=symbolic, form=form))
            assert ET.fromstring(s.typeset("mathml", target=target.name, symbolic=symbolic)).tag.endswith("math"), text


def test_the_letters_of_a_legend_are_told_apart() -> None:
    for text, s in ALL.items():
        for target in s.targets:
            letters = [str(letter) for letter in s.legend(target=target.name)]
            assert not {"t", "base"} & {*letters}, text
            assert len(letters) == len({*letters}), text


def test_what_a_notebook_shows_holds_together() -> None:
    parts = {"div", "pre", "code", "p", "math", "svg", "title", "polyline", *(f"m{name}" for name in ("row", "sub", "i", "o", "n", "frac", "sup", "table", "tr", "td", "text", "sqrt"))}  # fmt: skip
    for text, s in ALL.items():
        assert_is_latex(s._repr_latex_().removeprefix("$").removesuffix("$"))
        page, curve = ET.fromstring(s._repr_html_()), ET.fromstring(s._repr_svg_())
        assert {element.tag.rpartition("}")[2] for element in page.iter()} <= parts, text
        assert [element.tag.rpartition("}")[2] for element in curve.iter()] == ["svg", "title", "polyline"], text


def test_typst_compiles_all_of_them() -> None:
    documents = [s.typeset("typst", target=target.name, symbolic=symbolic) for s in ALL.values() for target in s.targets for symbolic in (False, True)]
    assert typst.compile("\n\n".join(documents).encode(), format="pdf")


def test_letters_with_symbols_of_their_own() -> None:
    """What is told apart in the text is told apart in the formula: put in, the legend gives the numbers."""
    for text in ALL:
        if text.count("let") == 2:
            s = ALL[text]
            formula = s.formula(symbolic=True).subs(s.legend())
            assert [formula.subs({"t": t, "base": 1}) for t in range(20)] == pytest.approx([s.at(t) for t in range(20)], abs=1e-12), text


@pytest.mark.parametrize("group", [group for group in GROUPS if group not in NAMES[1:]])
def test_figures(group: str, tmp_path: Path) -> None:
    s = lrdsl.parse(f'lr["{pattern(group)}"] = warmup(3) then cosine(4)\nlr["x"] = hold')
    source = pgfplots(picture_of(s, s, names=(group, f"_{group}")))
    words = [line[1] for line in re.finditer(r"(?:\\addlegendentry|\}\) )(\{.*\});?$", source, re.MULTILINE)]
    assert len(words) >= 4
    for each in words:
        assert_is_latex(rf"\text{each}")
    if group.isascii():
        figure = plot(s, s, names=(group, f"_{group}"), size="column")
        save(figure, tmp_path / "a.svg", "svg", Page(4, 3, 9))
        ET.parse(tmp_path / "a.svg")
        legend = figure.axes[0].get_legend()
        assert legend is not None
        assert len(legend.get_texts()) == 4, "matplotlib leaves out none"


@pytest.mark.parametrize("language", [*quoting.REMARKS, "sentence"])
@pytest.mark.parametrize("text", ["a\n#b", "--", "a-->b", "\r\x85\u2028", "*/", "[x](y)"])
def test_remarks_keep_to_their_line(language: str, text: str) -> None:
    written = quoting.remark(language, text)
    assert len(written.splitlines()) == 1
    if language == "mathml":
        ET.fromstring(f"<a>{written}</a>")


@pytest.mark.parametrize("format", [*quoting.REMARKS, "sentence"])
def test_several_targets_on_the_command_line(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formula", 'lr["a--b"] = hold; lr["<i>"] = plateau(metric=été)', "--format", format]) == 0
    out = capsys.readouterr().out
    if format == "python":
        compile(out, "<generated>", "exec")
    if format == "mathml":
        ET.fromstring(f"<a>{out}</a>")
    if format == "typst":
        assert typst.compile(out.encode(), format="pdf")


def test_tables_keep_their_cells(capsys: pytest.CaptureFixture[str]) -> None:
    for group in GROUPS:
        text = f'lr["a"] = hold; lr["{pattern(group)}"] = 0.1 * lr["a"]'
        assert main(["table", text, "--format", "markdown"]) == 0
        for line in capsys.readouterr().out.splitlines():
            bare = line.replace("\\|", "")
            assert not line.startswith("|") or bare.count("|") == 5, line
        assert main(["table", text]) == 0
        for line in capsys.readouterr().out.splitlines():
            assert line.replace("\\&", "").count("&") in (0, 3), line


# The letter for the base

REFUSED = {
    "latex": [
        "", "_", "^", "{", "}", "a_", "a^", "a__b", "{a", "a}", "a_{b", "\\", r"\input{x}", r"\write18{ls}", r"\csname x\endcsname", "^^5cinput x", r"\catcode`a", "$x$", "%", "a%b", "&",
        "#", "~", "t", "a&b", r"\\", "a\nb", r"\eta_{}", "{}", r"\text{a_b}", r"\text{}", r"\frac{a}", r"\mathrm x", r"a_\text{x}", r"\hat\eta", r"\left(", r"\begin{x}", r"\end{cases}", r"\href{x}{y}",
        r"\def\x{}", "<script>", "Ж", "ηx", "2", "1e-3", "x" * 201, "{" * 50 + "x" + "}" * 50, "x^2'", r"\pi", r"\quad", " ", "\x1b", "\\eta\u202e", r"\immediate", r"\includegraphics{x}", r"\eta_0 \\ x",
    ],
    "typst": ["", "#x", "$", "x)", "eta_(", '"a\\"', '"a', "#", "@a", "//", "/* x", "\\", "t", "pi", "a,b", '"#x"', "x y"],
    "python": ["", "t", "math", "lambda", "x y", "a\n", "None", "__debug__", "min", "x=1", "*a", "a:int", "ｍａｔｈ", "ｔ", "abs", "__class__"],
    "mathml": ["", "t", "\x1b", "a\n", " "],
    "text": ["", "t", "\x1b", "a\n", "\u202e"],
}  # fmt: skip
TAKEN = {
    "latex": [r"\eta_0", r"\eta_{\max}", r"\hat{\eta}_0", r"\mathrm{lr}", "a_b", "x'", "x'^2", "x''_0", r"\text{base lr}", r"\frac{a}{b}", "a_{b_{c}}", r"a\_b", r"\eta^{(1)}_0", r"\eta_{\text{max}}", "E[x]"],
    "typst": ["eta", "eta_0", 'eta_"max"', "eta_max", '"lr"', "x_(0, 1)", "Omega^2", "eta_0^2"],
    "python": ["base", "lr", "eta_0", "_", "match", "ﬁ", "η"],
    "mathml": ["η₀", "<b>", "&", '"', "base"],
    "text": ["η₀", "base", "lr"],
}  # fmt: skip


@pytest.mark.parametrize(("format", "base"), [(format, base) for format, bases in REFUSED.items() for base in bases])
def test_what_is_no_letter_is_refused(format: str, base: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        SHORT.typeset(format, base=base) if base != r"\pi" else lrdsl.parse("cosine(4)").typeset(format, base=base)
    assert [d.code for d in caught.value.diagnostics] == ["LR152"]


@pytest.mark.parametrize(("format", "base"), [(format, base) for format, bases in TAKEN.items() for base in bases])
def test_what_is_a_letter_stands_in_the_formula(format: str, base: str) -> None:
    source = SHORT.typeset(format, base=base)
    if format == "python":
        assert run(source, base)(5, 0.3) == pytest.approx(SHORT.at(5, 0.3))
    elif format == "mathml":
        assert base in [element.text for element in ET.fromstring(source).iter()]
    elif format == "typst":
        assert typst.compile(source.encode(), format="pdf")
    else:
        assert base in source


@given(
    st.one_of(
        st.text(st.sampled_from("ab0_^{}\\'\" $%#&~()[]"), max_size=12),
        st.lists(st.sampled_from([*(f"\\{c}" for c in _COMMANDS), *"{}_^ab'"]), max_size=8).map("".join),
    )
)
def test_latex_for_the_base_is_a_letter_or_refused(base: str) -> None:
    try:
        source = SHORT.latex(base=base)
    except lrdsl.ScheduleError:
        return
    letter = f"{{{base}}}" if base in source else base
    depth = 0
    for c in letter.replace("\\{", "").replace("\\}", ""):
        depth += (c == "{") - (c == "}")
        assert depth > 0 or c == "}"
    assert not any(c in letter.replace("\\$", "").replace("\\%", "").replace("\\#", "").replace("\\&", "") for c in "$%#&~")


def test_every_word_for_typst_is_known_there() -> None:
    assert typst.compile("\n".join(f"$ {word} $" for word in sorted(_TYPST_WORDS)).encode(), format="pdf")


@pytest.mark.parametrize("base", ["t", "T_w", "k", "", "x\ny", "\x1b", "\udcff", None, float("nan"), float("inf"), [1], 1j])
def test_symbols_for_sympy(base: Any) -> None:
    s = lrdsl.parse("cumprod(1 - 0.1 * cos(t)) for 100") if base == "k" else SHORT
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        s.formula(base=base, symbolic=True)


def test_a_symbol_is_a_name_and_never_read() -> None:
    name = "__import__('os').system('x')"
    assert name in {str(symbol) for symbol in SHORT.formula(base=name).free_symbols}


@pytest.mark.parametrize(
    "style",
    [
        {"label": "a}\\input{b"},
        {"label": "%"},
        {"label": 5},
        {"label": "a\n"},
        {"label": "x" * 999},
        {"form": "x"},
        {"numbers": []},
        {"first": 10**5000},
        {"first": "a"},
        {"width": "a"},
        {"width": float("nan")},
    ],
)
def test_a_style_that_there_is_not_is_refused(style: dict[str, Any]) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR152"):
        SHORT.latex(**style)
