"""Tests of `lrdsl check`, `fmt`, `explain` and `rules`."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from lrdsl.cli import main
from lrdsl.rules.catalogue import RULES

FIXTURES = Path(__file__).parents[1] / "fixtures"
_BAD = 'schedule: "warmup(5) then restart cosine(95)"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(_BAD, "utf-8")
    (tmp_path / "b.lrs").write_text("lr=cosin( 5 )\n", "utf-8")
    (tmp_path / "c.lrs").write_text("lr = cosine(5)\n", "utf-8")
    return tmp_path


@pytest.mark.usefixtures("project")
def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert "warning[LR307]" in out
    assert " --> a.yaml:1:27\n" in out
    assert "error[LR101]" in out
    assert err == "3 schedules in 3 files: 2 problems\n[*] 1 can be repaired with `--fix`, 1 can be repaired with `--fix --unsafe-fixes`\n"
    assert main(["check", "c.lrs"]) == 0
    assert main(["check", "--ignore", "LR3", "a.yaml"]) == 0
    assert main(["check", "--select", "LR4", "a.yaml"]) == 0
    assert main(["check", "nowhere"]) == 2


@pytest.mark.usefixtures("project")
def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    def printed(kind: str) -> str:
        assert main(["check", "--format", kind]) == 1
        return capsys.readouterr().out

    assert [(d["path"], d["code"]) for d in json.loads(printed("json"))] == [("a.yaml", "LR307"), ("b.lrs", "LR101")]
    assert re.match(r"::warning file=a\.yaml,line=1,col=27,endLine=1,endColumn=45,title=lrdsl LR307::the level", printed("github"))
    assert {entry["location"]["path"] for entry in json.loads(printed("gitlab"))} == {"a.yaml", "b.lrs"}
    (run,) = json.loads(printed("sarif"))["runs"]
    assert [(r["ruleId"], run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"]) for r in run["results"]] == [("LR307", "LR307"), ("LR101", "LR101")]
    assert ElementTree.fromstring(printed("junit")).attrib == {"name": "lrdsl", "tests": "3", "failures": "2"}


def test_sarif_is_as_its_schema_says(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The schema is the one in Microsoft's SARIF SDK (MIT), of the standard by OASIS."""
    (project / "a b").mkdir()
    (project / "a b" / "é#.yaml").write_text("schedule: [\n" + _BAD, "utf-8")
    schema = json.loads((FIXTURES / "sarif-2.1.0.json").read_text("utf-8"))
    for paths in (["."], [str(project)], ["c.lrs"]):
        main(["check", "--format", "sarif", *paths])
        report = json.loads(capsys.readouterr().out)
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(report)
        (run,) = report["runs"]
        uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
        assert all(re.fullmatch(r"[\w./:%~-]+", uri, re.ASCII) for uri in uris)
    broken = {**report, "runs": [{"tool": {}}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(broken)


def test_fix_and_diff(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--diff", "a.yaml"]) == 1
    assert '+schedule: "warmup(5) then cosine(95)"' in capsys.readouterr().out
    assert (project / "a.yaml").read_text("utf-8") == _BAD
    assert main(["check", "--fix", "a.yaml"]) == 0
    assert (project / "a.yaml").read_text("utf-8") == 'schedule: "warmup(5) then cosine(95)"\n'
    assert main(["check", "--fix", "--unsafe-fixes", "b.lrs"]) == 0
    assert (project / "b.lrs").read_text("utf-8") == "lr=cosine( 5 )\n"


@pytest.mark.usefixtures("project")
def test_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--statistics"]) == 1
    assert "     1  LR101  unknown shape\n" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(_BAD))
    assert main(["check", "-", "--stdin-filename", "x.yaml"]) == 1
    assert "x.yaml:1:27" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("lr=hold\n"))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == "lr = hold\n"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", [["check", "--select", "LR999"], ["check", "--ignore", "X"], ["check"], ["fmt"], ["fmt", "--check"]])
def test_wrong_usage(command: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if len(command) < 3:
        (project / "pyproject.toml").write_text("[tool.lrdsl]\nselct = []\n", "utf-8")
    assert main(command) == 2
    assert capsys.readouterr().err.startswith("lrdsl: ")


def test_ends_of_lines_and_bytes_of_standard_input() -> None:
    def piped(*command: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([sys.executable, "-m", "lrdsl", *command], input=given, capture_output=True, check=False)

    assert piped("fmt", "-", given=b"lr=hold( 3 )\r\nmomentum=hold\r\n").stdout == b"lr       = hold(3)\r\nmomentum = hold\r\n"
    for verb in ("check", "fmt"):
        done = piped(verb, "-", given=b"\xff")
        assert done.returncode == 2
        assert b"not UTF-8" in done.stderr


def test_differences_are_of_the_lines_that_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\r\n" + _BAD.encode().replace(b"\n", b"\r\n"))
    assert main(["check", "--diff", str(tmp_path / "a.yaml")]) == 1
    out = capsys.readouterr().out
    assert len(re.findall(r"^[-+]", out, re.MULTILINE)) == 4, "two names, one line before and after"


def test_standard_input_that_cannot_be_read_is_given_back(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("schedule: ["))
    assert main(["fmt", "-", "--stdin-filename", "a.yaml"]) == 0
    out, err = capsys.readouterr()
    assert out == "schedule: ["
    assert "this is not YAML" in err


def test_fmt(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "d.lrs").write_text("lr=cosine(\n", "utf-8")
    assert main(["fmt", "--check"]) == 1
    assert main(["fmt"]) == 1, "d.lrs is wrong"
    assert (project / "b.lrs").read_text("utf-8") == "lr = cosin(5)\n"
    assert (project / "d.lrs").read_text("utf-8") == "lr=cosine(\n"
    (project / "d.lrs").unlink()
    capsys.readouterr()
    assert main(["fmt", "--check"]) == 0
    assert sorted(p.name for p in project.iterdir()) == ["a.yaml", "b.lrs", "c.lrs"]


def test_clean_files_are_remembered(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LRDSL_CACHE_DIR", str(cache))
    for i in range(60):
        (project / f"{i}.lrs").write_text("lr = cosine(5)\n", "utf-8")
    (project / "b.lrs").unlink()
    (project / "a.yaml").unlink()
    assert main(["check"]) == 0
    assert capsys.readouterr().err == "61 schedules in 61 files: 0 problems\n"
    assert {path.suffix for path in project.iterdir()} == {".lrs"}, "nothing is written beside them"
    (project / "7.lrs").write_text("lr = cosine(5) then cosine(5)\n", "utf-8")
    assert main(["check"]) == 1
    assert capsys.readouterr().err == "62 schedules in 61 files: 1 problem\n".replace("62", "61")
    assert main(["check", "--ignore", "LR402"]) == 0, "other settings, another cache"
    (kept,) = (cache / "checked").iterdir()
    kept.write_text("[broken", "utf-8")
    assert main(["check"]) == 1


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "lr203"]) == 0
    assert "length-of-the-whole-run" in capsys.readouterr().out
    assert main(["explain", "LR101"]) == 0
    assert main(["explain", "LR999"]) == 2
    capsys.readouterr()
    assert main(["rules"]) == 0
    out = capsys.readouterr().out
    assert all(code in out for code in RULES)
