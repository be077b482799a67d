"""Tests of the command line as people and scripts use it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lrdsl
from lrdsl.cli import main

CLASSIC = "step(3, 0.1) then cosine(20)"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("COLUMNS", "80")

    def call(*argv: str) -> tuple[int, str, str]:
        status = main(argv)
        out = capsys.readouterr()
        return status, out.out, out.err

    return call


def test_values_as_json(run) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("values", CLASSIC, "--base", "0.1", "--ticks", "26", "--format", "json")
    assert (status, err) == (0, "")
    levels = json.loads(out)["lr"]
    assert len(levels) == 26
    assert levels[:3] == [0.1, 0.1, 0.1]
    assert levels[3] == pytest.approx(0.01, rel=1e-15)
    assert levels[13] == pytest.approx(0.005, rel=1e-15)
    assert levels[23:] == [0.0, 0.0, 0.0]
    assert levels == lrdsl.parse(CLASSIC).values(26, base=0.1).tolist()


def test_values_as_csv_and_table(run) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run("values", "linear(4)", "--ticks", "5", "--format", "csv")
    assert status == 0
    assert list(csv.reader(io.StringIO(out))) == [["tick", "lr"], ["0", "1.0"], ["1", "0.75"], ["2", "0.5"], ["3", "0.25"], ["4", "0.0"]]
    status, out, _ = run("values", "linear(4)", "--ticks", "5")
    assert [line.split() for line in out.splitlines()] == [["tick", "lr"], ["0", "1.0"], ["1", "0.75"], ["2", "0.5"], ["3", "0.25"], ["4", "0.0"]]


def test_many_values_are_the_array(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run("values", "cosine(5000)", "--ticks", "5001", "--format", "json")
    assert json.loads(out)["lr"] == lrdsl.parse("cosine(5000)").values(5001).tolist()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sympy", "Piecewise((eta_0*(1 - t/4), t < 4), (0, True))"),
        ("latex", "\\eta_t = \\eta_0\\left(1 - \\frac{t}{4}\\right),\\quad 0 \\le t < 4"),
    ],
)
def test_formula(run, kind: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    assert run("formula", "linear(4)", "--format", kind) == (0, expected + "\n", "")


def test_formula_takes_a_base(run) -> None:  # type: ignore[no-untyped-def]
    assert run("formula", "exp(0.5)", "--base", "0.1", "--format", "sympy")[1] == str(lrdsl.parse("exp(0.5)").formula(base=0.1)) + "\n"
    assert r"\eta_{\max}" in run("formula", "exp(0.5)", "--base", r"\eta_{\max}")[1]
    assert run("formula", "linear(4)", "--format", "markdown")[1].startswith("$$\n")
    assert run("formula", "linear(4)", "--format", "text")[1] == "η₀·(1 − t/4)   0 ≤ t < 4\n"


@pytest.mark.parametrize("text", [CLASSIC, "hold", "exp(0.95)", "bounce(cosine(20))", "warmup(5) then restarts(cosine(10), stretch=2)", "0.1 * hold(3)"])
def test_show_fits_80_columns(run, text: str) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("show", text, "--base", "0.1")
    assert (status, err) == (0, "")
    assert text in out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert sum("│" in line or "┤" in line for line in out.splitlines()) >= 10


def test_show_in_colour(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in run("show", CLASSIC)[1]


def test_the_clock_and_names(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run(
        "values", "warmup(w) then linear(rest)", "--set", "w=2", "--steps-per-epoch", "2", "--total-epochs", "3", "--format", "json", "--ticks", "7"
    )
    assert json.loads(out)["lr"] == [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]


def test_numbers_are_read_as_in_the_library(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run("values", "linear(rest)", "--total-steps", "2k", "--ticks", "1.5k", "--format", "json")
    assert json.loads(out)["lr"][-1] == 501 / 2000
    with pytest.raises(SystemExit):
        run("values", "hold", "--total-steps", "many")
    _, out, _ = run("values", "hold(1, at=w) then hold(rest, at=0)", "--set", "w=1/4", "--total-steps", "1_000", "--format", "json", "--ticks", "2e0")
    assert json.loads(out)["lr"] == [0.25, 0.0]
    for unknown in ("inf", "-1", "1e999"):
        status, _, err = run("values", "cosine(rest)", f"--total-steps={unknown}")
        assert (status, "error[LR152]: total_steps is" in err) == (2, True)


def test_files(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "classic.lrs").write_text("# the classic\nstep(3, 0.1)\n  then cosine(20)\n")
    assert run("values", "classic.lrs", "--ticks", "26", "--format", "json")[1] == run("values", CLASSIC, "--ticks", "26", "--format", "json")[1]
    (tmp_path / "wrong.lrs").write_text("step(3, 0.1)\nthen cosin(20)\n")
    status, out, err = run("values", "wrong.lrs")
    assert (status, out) == (1, "")
    assert "wrong.lrs:2:6" in err
    status, _, err = run("show", "missing.lrs")
    assert status == 2
    assert "missing.lrs" in err
    (tmp_path / "binary.lrs").write_bytes(b"hold(\xff3)")
    status, _, err = run("show", "binary.lrs")
    assert status == 1
    assert "UTF-8" in err


def test_exit_status(run) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("show", "cosin(20)")
    assert (status, out) == (1, "")
    assert "error[LR101]" in err
    assert run("show", "cosine(20)", "--total-steps", "-5")[0] == 2
    assert run("wibble")[0] == 2
    for argv in (
        ["values"],
        ["--wibble"],
        ["values", "hold", "--ticks", "0"],
        ["values", "hold", "--ticks", "x"],
        ["values", "hold", "--base", "x"],
        ["values", "hold", "--ticks", "inf"],
        ["values", "hold", "--set", "w="],
    ):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = f"{sys.executable} -m lrdsl values 'cosine(100000)' --ticks 100000 | head -n 2"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1].split() == ["0", "1.0"]


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(verb in out for verb in ("show", "values", "formula"))


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("cosine", "loshchilov2017sgdr"),
        ("restarts", "loshchilov2017sgdr"),
        ("wsd", "hu2024minicpm"),
        ("hf.cosine", "wolf2020transformers"),
        ("infinite_inv_sqrt", "ibrahim2024simple"),
        ("slanted_triangular", "howard2018universal"),
        ("step", "paszke2019pytorch"),
    ],
)
def test_explain_gives_the_source_of_a_shape(run, word: str, key: str) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run("explain", word)
    assert status == 0
    assert word.rpartition(".")[2] in out
    assert f"{{{key},\n  author = " in out


def test_formula_cites_each_source_once(run) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run("formula", "let a = wsd(5, 10, 20); lr = cosine(9) then cosine(9) then (a)", "--cite")
    assert status == 0
    keys = re.findall(r"^@\w+\{(\w+),", out, re.MULTILINE)
    assert {"hu2024minicpm", "hagele2024scaling", "loshchilov2017sgdr"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_explain_knows_what_was_meant(run) -> None:  # type: ignore[no-untyped-def]
    assert "did you mean `cosine`?" in run("explain", "cosinus")[2]
