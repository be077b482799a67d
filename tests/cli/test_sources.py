"""Tests of what a command takes for a schedule: a text, a file, a config or program with several, standard input; and of commands that are left out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from lrdsl.cli import MODULES, main
from lrdsl.cli.sources import is_file
from lrdsl.documents import ENDINGS as DOCUMENTS
from lrdsl.linting.hosts import ENDINGS as HOSTS

CONFIG = """\
model: {depth: 12}
optimizer: {lr: 0.1}
scheduler:
  _target_: torch.optim.lr_scheduler.StepLR
  step_size: 30
lr_schedule: "warmup(5) then cosine(95)"
"""
PROGRAM = """\
import torch, lrdsl
from torch.optim.lr_scheduler import StepLR, CosineAnnealingLR
optimizer = torch.optim.SGD([], lr=0.1)
first = StepLR(optimizer, 30)
def later(n): return CosineAnnealingLR(optimizer, n)
own = lrdsl.compile("warmup(5) then cosine(rest)", optimizer, total_steps=100)
"""
SHELL = "pretrain --lr 3e-4 --train-iters 10000 --lr-decay-style cosine --lr-warmup-iters 500\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name, content in {"train.yaml": CONFIG, "train.py": PROGRAM, "own.lrs": "cosine(20)\n", "none.yaml": "a: 1\n", "run.sh": SHELL}.items():
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        status = main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))


@pytest.mark.usefixtures("folder")
def test_show_shows_every_schedule_of_a_config(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "show", "train.yaml")
    assert (status, err) == (0, "")
    places = [line for line in out.splitlines() if line.startswith("train.yaml:")]
    assert places == ["train.yaml:3 constructors `StepLR`", "train.yaml:6"]
    assert out.index("step(30)") < out.index("warmup(5) then cosine(95)"), "in the order of the file"
    assert "base 0.1" in out


@pytest.mark.usefixtures("folder")
def test_show_goes_on_after_a_schedule_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "train.py")
    assert status == 1
    assert [line.split(" ")[0] for line in out.splitlines() if line.startswith("train.py:")] == ["train.py:4", "train.py:5", "train.py:6"]
    assert "train.py:5: the file does not say what `n` is" in err
    assert "= help: give it: `--set n=100`" in err
    assert "▌ cosine(rest)  5 … 100      95" in out
    assert call(capsys, "train.py", "--set", "n=7")[0] == 0


@pytest.mark.usefixtures("folder")
def test_an_error_names_the_place_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong.yaml").write_text("a: 1\nlr_schedule: cosin(20)\n", "utf-8")
    assert " --> wrong.yaml:2:14" in call(capsys, "show", "wrong.yaml")[2]
    Path("open.yaml").write_text('lr_schedule: "cosine(${steps})"\n', "utf-8")
    assert "a program fills in `${steps}`" in call(capsys, "show", "open.yaml")[2]


@pytest.mark.usefixtures("folder")
def test_other_commands_take_one_schedule_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(call(capsys, "values", "train.yaml:3", "--ticks", "2", "--format", "json")[1]) == {"lr": [0.1, 0.1]}
    status, _, err = call(capsys, "formula", "train.yaml")
    assert status == 2
    assert "train.yaml has 2 schedules: name one of train.yaml:3, train.yaml:6" in err
    assert call(capsys, "values", "train.yaml:4")[2] == "lrdsl: train.yaml: no schedule begins on line 4\n"
    assert call(capsys, "diff", "train.yaml:6", "warmup(5) then cosine(95)")[:2] == (0, "the same function: proved for every tick and every base above 0\n")


@pytest.mark.usefixtures("folder")
def test_options_go_before_what_stands_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "total steps 10000; base 0.0003)" in call(capsys, "run.sh")[1]
    levels = json.loads(call(capsys, "values", "run.sh", "--ticks", "502", "--format", "json")[1])["lr"]
    assert (levels[250], levels[500]) == (1.5e-4, 3e-4)
    levels = json.loads(call(capsys, "values", "run.sh", "--base", "1", "--total-steps", "1000", "--ticks", "501", "--format", "json")[1])["lr"]
    assert levels[500] == 1
    levels = json.loads(call(capsys, "values", "train.py:6", "--total-steps", "55", "--ticks", "56", "--format", "json")[1])["lr"]
    assert levels[55] == 0


@pytest.mark.usefixtures("folder")
def test_files_without_a_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    for name, problem in (
        ("none.yaml", "none.yaml: there is no schedule in it: a schedule stands under a key"),
        ("missing.yaml", "missing.yaml: No such file"),
        ("missing.py", "missing.py: No such file"),
        (".", "this is a folder: `lrdsl check .` and"),
    ):
        status, out, err = call(capsys, "show", name)
        assert (status, out) == (2, "")
        assert problem in err


@pytest.mark.parametrize("verb", ["show", "values", "formula", "table", "analyze", "export", "plot"])
@pytest.mark.usefixtures("folder")
def test_a_dash_is_standard_input(verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    more = {"export": ("--to", "python"), "plot": ("-o", "lr.svg")}.get(verb, ())
    call(capsys, verb, "step(3, 0.1) then cosine(20)", *more)  # what is known of a formula spares work, and with it `analyze` gets further
    typed(monkeypatch, "# the classic\nstep(3, 0.1)\n  then cosine(20)\n")
    by_dash = call(capsys, verb, "-", *more)
    assert by_dash[0] == 0
    Path("-x.lrs").write_text("# the classic\nstep(3, 0.1)\n  then cosine(20)\n", "utf-8")
    assert by_dash[1] == call(capsys, verb, *more, "--", "-x.lrs")[1]


@pytest.mark.usefixtures("folder")
def test_a_dash_stands_for_any_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, CONFIG)
    assert [line for line in call(capsys, "-", "--stdin-filename", "c.yaml")[1].splitlines() if line.startswith("c.yaml:")] == [
        "c.yaml:3 constructors `StepLR`",
        "c.yaml:6",
    ]
    typed(monkeypatch, CONFIG)
    assert "standard input has 2 schedules" in call(capsys, "values", "-", "--stdin-filename", "c.yaml")[2]
    typed(monkeypatch, "cosine(20)")
    assert call(capsys, "diff", "-", "cosine(20)")[0] == 0
    assert call(capsys, "diff", "-", "-")[2] == "lrdsl: standard input is one schedule: give `-` once\n"
    typed(monkeypatch, "cosin(20)")
    assert " --> <stdin>:1:1" in call(capsys, "show", "-")[2]
    typed(monkeypatch, "")
    assert "error[LR004]" in call(capsys, "show", "-")[2]


@pytest.mark.usefixtures("folder")
def test_a_command_may_be_left_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("cosine(20)",), ("own.lrs",), ("cosine(rest)", "--total-steps", "20"), ("--total-steps", "20", "cosine(rest)"), ("hold",)):
        shown = call(capsys, *words)
        assert shown[0] == 0
        assert shown == call(capsys, "show", *words)
    typed(monkeypatch, "cosine(20)")
    assert "▌ cosine(20)" in call(capsys, "-")[1]


@pytest.mark.usefixtures("folder")
def test_a_schedule_of_one_word_is_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("hold").mkdir()
    Path("conf").mkdir()
    assert "▌ hold" in call(capsys, "show", "hold")[1]
    assert "conf: this is a folder" in call(capsys, "show", "conf")[2]
    assert "error[LR004]" in call(capsys, "show", "")[2]
    Path("a:5.yaml").write_text("lr_schedule: cosine(7)\n", "utf-8")
    assert "▌ cosine(7)" in call(capsys, "a:5.yaml")[1]
    assert "▌ cosine(7)" in call(capsys, "a:5.yaml:1")[1]
    assert "no schedule begins on line 0" in call(capsys, "a:5.yaml:0")[2]


def test_words_that_are_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    for word, problem in (
        ("shwo", "there is no command `shwo`: did you mean `show`?"),
        ("chek", "there is no command `chek`: did you mean `check`?"),
        ("cosin", "there is no command `cosin`: did you mean `cosine`?"),
        ("wibble", "there is no command `wibble`: `lrdsl` alone shows how to begin"),
    ):
        assert call(capsys, word) == (2, "", f"lrdsl: {problem}\n")
    assert "error[LR106]" in call(capsys, "cosine")[2]


def test_nothing_shows_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys)
    assert (status, err) == (0, "")
    verbs = {line.split()[1] for line in out.splitlines() if line.startswith("  lrdsl ")}
    assert verbs - {'"warmup(5)', "--help"} <= set(MODULES)
    assert len(out.splitlines()) < 12


@pytest.mark.usefixtures("folder")
def test_show_says_what_the_rules_find(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "warmup(100) then cosine(1000)", "--total-steps", "1000")
    assert (status, "▌ cosine(1000)" in out) == (0, True)
    assert err.startswith("warning[LR203]: ")
    assert "LR301" in call(capsys, "cosine(100, to=0.1)", "--base", "0.001")[2]
    assert call(capsys, "cosine(100, to=0.1)  # lrs: ignore[LR301]", "--base", "0.001")[2] == ""
    Path("late.yaml").write_text("a: 1\nlr_schedule: warmup(100) then cosine(1000)\n", "utf-8")
    assert " --> late.yaml:2:31" in call(capsys, "late.yaml", "--total-steps", "1000")[2]


@pytest.mark.parametrize("ending", sorted({*HOSTS, *DOCUMENTS}))
def test_every_ending_names_a_file(ending: str) -> None:
    assert is_file(f"no-such-file{ending}")


def test_a_log_of_runs_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs.jsonl").write_text('{"lr_schedule": "warmup(5) then cosine(95)"}\n', "utf-8")
    assert main(["show", str(tmp_path / "runs.jsonl")]) == 0
    assert "cosine(95)" in capsys.readouterr().out
