"""Tests of tables: their cells, and that none is wider than the column that it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lrdsl
from lrdsl.analysis.summary import summarize
from lrdsl.cli import main

WSD = "warmup(2k) then hold(26k) then one_minus_sqrt(4k, to=0.01x)"
#: The widths of signs of Computer Modern in ems, with the space beside them, a little above what they are.
_LETTERS = {r"\to": 1.56, r"\ldots": 1.52, r"\times": 1.23, r"\,": 0.17}
#: A smaller size has wider letters, beside its height.
_SIZES = {r"\small": 0.925, r"\footnotesize": 0.85, r"\scriptsize": 0.8, r"\tiny": 0.68}


def rows(out: str) -> list[list[str]]:
    lines = [line for line in out.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("warmup(5) then cosine(95)", (100, 5, 1.0, 95, 0.0, 50.0)),
        ("warmup(5) then hold(10) then linear(5, to=0.1x)", (20, 5, 1.0, 5, 0.1, 15.2)),
        ("hold(10)", (10, 0, 1.0, 0, 1.0, 10.0)),
        ("linear(10)", (10, 0, 1.0, 10, 0.0, 5.5)),
        ("restarts(linear(10), times=2, decay=0.5)", (20, 0, 1.0, 20, 0.0, 8.25)),
        ("warmup(10)", (10, 10, 1.0, 0, 1.0, 4.5)),
    ],
)
def test_what_a_schedule_comes_to(text: str, expected: tuple[float, ...]) -> None:
    (row,) = summarize(lrdsl.parse(text), text)
    assert (row.ticks, row.warmup, row.peak, row.decay, row.final, row.area.value) == pytest.approx(expected)


def test_a_table_of_several_schedules(capsys: pytest.CaptureFixture[str]) -> None:
    file = "lr = hold(32k); momentum = linear(32k, from=0.95, to=0.85)"
    assert main(["table", WSD, file, "--name", "WSD", "--format", "markdown", "--base", "3e-4"]) == 0
    assert rows(capsys.readouterr().out) == [
        ["schedule", "target", "run", "warmup", "peak", "decay", "final", "area"],
        ["WSD", "lr", "32k", "2k", "0.0003", "4k", "3e-06", "8.508"],
        [f"`{file}`", "lr", "32k", "0", "0.0003", "0", "0.0003", "9.6"],
        ["", "momentum", "32k", "0", "0.95", "32k", "0.85", "2.88e+04"],
    ]
    assert main(["table", WSD, "--summary", "--format", "markdown", "--time", "percent", "--total-steps", "32000"]) == 0
    assert rows(capsys.readouterr().out)[1][1:] == ["100%", "6.25%", "1", "12.5%", "0.01", "2.836e+04"]


def test_units_and_names_of_phases(capsys: pytest.CaptureFixture[str]) -> None:
    text = "warmup(10B tokens) then cosine(90B tokens)"
    names = ["--phase-name", "rise", "--phase-name", "fall"]
    assert main(["table", text, "--tokens-per-step", "4000000", "--time", "tokens", "--format", "markdown", *names]) == 0
    expected = [["phase", "tokens", "length", "level"], ["rise", "0 … 10B", "10B", "0 → 1"], ["fall", "10B … 100B", "90B", "1 → 0"]]
    assert rows(capsys.readouterr().out) == expected
    assert (
        main(["table", "set tokens_per_step = hold(100, at=10) then hold(at=30); lr = linear(100) then hold(100)", "--time", "tokens", "--format", "markdown"])
        == 0
    )
    assert rows(capsys.readouterr().out)[1:] == [["`linear(100)`", "0 … 1000", "1000", "1 → 0"], ["`hold(100)`", "1000 … 4000", "3000", "0"]]
    assert main(["table", "cosine(9)", "--time", "tokens"]) == 1
    assert "tokens_per_step" in capsys.readouterr().err


def width_of(source: str) -> float:
    """How wide a table of LaTeX is, in ems of the text."""
    size = next((_SIZES[name] for name in _SIZES if name in source), 1.0)
    beside = float(re.search(r"tabcolsep}{([\d.]+)pt}", source)[1]) / 10 if "tabcolsep" in source else 0.6  # type: ignore[index]
    spec = re.search(r"begin{tabular}(.*)", source)
    room = None if spec is None else re.search(r"p{([\d.]+)em}", spec[1])
    above = [float(each) * size for each in re.findall(r"multicolumn{\d}{@{}>{\\raggedright\\arraybackslash}p{([\d.]+)em}", source)]
    table = [f" {line}".removesuffix(r" \\").split(" & ") for line in source.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    columns = [max(_cell(row[i].strip()) for row in table) for i in range(len(table[0]))]
    if room is not None:
        columns[0] = float(room[1])
        for row in table:
            code = re.sub(r"\\texttt{(.*)}", r"\1", row[0].replace(r"\quad", ""))
            indent = row[0].count(r"\quad")
            assert max(0.525 * len(part.replace("\\", "")) for part in re.split(r"\\allowbreak{}| ", code)) <= columns[0] - indent
    return max([sum(columns) * size + 2 * (len(columns) - 1) * beside, *above])


def _cell(cell: str) -> float:
    code = re.fullmatch(r"((?:\\quad)*)\\texttt{(.*)}", cell)
    if code is not None:
        return code[1].count(r"\quad") + 0.525 * len(code[2].replace(r"\allowbreak{}", "").replace("\\", ""))
    raised = re.sub(r"\^\{(-?\d+)\}", lambda m: "\\," * (3 * len(m[1])), cell.replace("$", "").replace("{,}", ","))
    width, rest = 0.0, re.sub(r" ?(\\[a-z]+) ", r"\1", raised)
    while rest:
        sign = next((sign for sign in _LETTERS if rest.startswith(sign)), rest[0])
        width += _LETTERS.get(sign, 0.28 if sign in ".," else 0.34 if sign == " " else 0.5)
        rest = rest[len(sign) :]
    return width


@pytest.mark.parametrize("width", ["neurips", "icml", "ieee", "twocolumn", "24em", "8cm"])
@pytest.mark.parametrize(
    "texts",
    [
        [WSD],
        ["power(1000, 100000, 20000, a=4.6, b=-0.51, to=1e-9)"],
        [WSD, "warmup(2k) then restarts(cosine(10k, to=0.001x), times=3, decay=0.7)", "warmup(2000) then cosine(30000, to=0.1x)"],
        ["onecycle(10000, peak=2x) then hold(5, at=1e-7) then warmup(100000, from=0.001x, shape=one_minus_sqrt)"],
        ["lr = wsd(5, 10, 5); momentum = (warmup(4) then hold(6)) * step(5, 0.1)"],
        ["lr = wsd(5, 10, 5)", "lr = warmup(12345) then cosine(54321, to=0.001x); momentum = linear(66666, from=0.85, to=0.95)"],
        ["warmup(2000 steps) then hold until 10T tokens then cosine(4.3T tokens, to=2.2e-5)"],
    ],
)
def test_no_table_is_wider_than_its_column(width: str, texts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from lrdsl.formulas.style import width_in_ems

    assert main(["table", *texts, "--width", width, "--base", "3e-4", "--tokens-per-step", "62914560"]) == 0
    assert width_of(capsys.readouterr().out) <= width_in_ems(width)


def test_numbers_are_those_of_a_paper(capsys: pytest.CaptureFixture[str]) -> None:
    text = "warmup(2000 steps) then cosine(4T tokens) then linear(50B tokens)"
    assert main(["table", text, "--tokens-per-step", "4194304"]) == 0
    assert r"$2000 \ldots 955{,}700$ & $953{,}700$" in capsys.readouterr().out
    assert main(["table", text, "--tokens-per-step", "4194304", "--format", "markdown"]) == 0
    assert "| 2000 … 955,700 | 953,700 |" in capsys.readouterr().out
    assert main(["table", "sgdr(10, mult=2) * step(5)"]) == 0, "letters of a cycle have levels too"
    assert "sgdr" in capsys.readouterr().out


def test_an_endless_schedule_runs_as_long_as_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "linear(100)", "hold", "lr = linear(40); momentum = linear(9) then hold", "--format", "markdown"]) == 0
    assert [row[2] for row in rows(capsys.readouterr().out)[1:]] == ["100", "100", "40", "100"]
    assert main(["analyze", "linear(100)", "hold"]) == 0
    assert ["ticks", "100", "100"] in [line.split() for line in capsys.readouterr().out.splitlines()]
    assert main(["table", "hold", "exp(0.9)"]) == 2
    assert "--ticks" in capsys.readouterr().err


def test_a_caption_and_a_label_make_a_float(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = ["--caption", "Half of 50 %,\n a_b", "--label", "tab:a"]
    assert main(["table", "cosine(9)", *named]) == 0
    out = capsys.readouterr().out
    assert out.startswith("\\begin{table}\n\\centering\n\\caption{Half of 50 \\%, a\\_b}\n\\label{tab:a}\n\\begin{tabular}")
    assert out.endswith("\\end{tabular}\n\\end{table}\n")
    assert main(["table", "cosine(9)", *named, "--format", "markdown"]) == 0
    assert capsys.readouterr().out.endswith("\n\nTable: Half of 50 %, a_b {#tab:a}\n")
    assert main(["plot", "cosine(9)", *named, "-o", str(tmp_path / "a.tex")]) == 0
    source = (tmp_path / "a.tex").read_text()
    assert source.startswith("\\begin{figure}\n\\centering\n% \\usepackage{pgfplots}")
    assert source.rstrip().endswith("\\end{tikzpicture}\n\\caption{Half of 50 \\%, a\\_b}\n\\label{tab:a}\n\\end{figure}")
    assert main(["plot", "cosine(9)", *named, "-o", str(tmp_path / "a.png")]) == 2
    assert main(["table", "cosine(9)", "--label", "a}b"]) == 2
    assert main(["plot", "cosine(9)", "--caption", "a" * 2001, "-o", str(tmp_path / "a.tex")]) == 2
    assert "error[LR152]: label is 'a}b'" in capsys.readouterr().err


def test_small_levels_have_powers_of_ten_in_latex(capsys: pytest.CaptureFixture[str]) -> None:
    """As in formulas, so that no cell has both ways to write a number."""
    assert main(["table", "warmup(5) then exp(20, to=0.05x)", "--base", "5e-4"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert [line.rsplit(" & ", 1)[1] for line in lines if " & $" in line] == [
        r"$0 \to 5 \times 10^{-4}$ \\",
        r"$5 \times 10^{-4} \to 2.5 \times 10^{-5}$ \\",
    ]
