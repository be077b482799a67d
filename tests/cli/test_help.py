"""Tests of the help of each command: it ends with two examples, and each of them runs."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.cli.examples import EXAMPLES

FILES = {
    "train.yaml": 'epochs: 100\noptimizer: {lr: 0.1}\nlr_schedule: "warmup(5) then cosine(95)"\n',
    "train.py": "import torch\noptimizer = torch.optim.SGD([], lr=0.1)\nscheduler = torch.optim.lr_scheduler.StepLR(optimizer, 30)\n",
    "schedule.lrs": "lr = cosine(1000)\n",
    "requests.txt": "",
}
#: What else the examples have behind `lrdsl`: a filter, or a file for standard input.
REST = re.compile(r" (?:\| grep .*|< (\S+)|   # .*)$")


def verbs(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit):
        main(["--help"])
    return re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)


def stopped(_: object) -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


def test_every_help_ends_with_two_examples(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    every = verbs(capsys)
    assert set(every) == set(EXAMPLES)
    for verb in every:
        with pytest.raises(SystemExit) as end:
            main([verb, "--help"])
        help = capsys.readouterr().out
        assert end.value.code == 0
        examples = help[help.index("\nexamples:\n") :].strip().split("\n")[1:]
        assert examples == [f"  {example}" for example in EXAMPLES[verb]]
        assert len(examples) >= 2
        assert all(example.startswith(f"  lrdsl {verb}") for example in examples), verb


@pytest.mark.parametrize("verb", EXAMPLES)
def test_the_examples_run(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if verb == "play":  # as if Ctrl-C came at once, and with no Pyodide here
        monkeypatch.setattr("lrdsl.play.server.Playground.serve_forever", stopped)
        monkeypatch.setattr("lrdsl.play.workers.Worker.start", lambda _: None)
        monkeypatch.setattr("webbrowser.open", lambda _: True)
        monkeypatch.setattr("lrdsl.play.site._pyodide", lambda _: {})
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    for example in EXAMPLES[verb]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
        words = shlex.split(REST.sub("", example))
        status = main(words[1:])
        out, err = capsys.readouterr()
        assert status in ((0, 1) if verb == "diff" else (0,)), f"{example}: {err}"
        assert out or "-o" in words or verb in ("fmt", "check", "lsp"), example


def test_help_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    for words, same in ((["help"], ["--help"]), (["help", "show"], ["show", "--help"])):
        shown = []
        for line in (words, same):
            with pytest.raises(SystemExit) as end:
                main(line)
            assert end.value.code == 0
            shown.append(capsys.readouterr().out)
        assert shown[0] == shown[1]
