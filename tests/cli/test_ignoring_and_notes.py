"""Tests of `lrdsl check --add-ignore`, and of notes: they are in every report, and fail no check."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lrdsl.cli import main

NOTE = "schedule: warmup(${n}) then cosine(5)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_comments_are_added(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "a.yaml").write_bytes(b"a: {x_schedule: cosin(5), y_schedule: step(0)}\r\n")
    (project / "b.lrs").write_text("lr = warmup(5) then restart cosine(95)\n", "utf-8")
    (project / "c.json").write_text('{"schedule": "cosin(5)"}', "utf-8")
    (project / "d.yaml").write_text(NOTE, "utf-8")
    assert main(["check", "--add-ignore", "--diff"]) == 1
    assert "+lr = warmup(5) then restart cosine(95)  # lrs: ignore[LR307]" in capsys.readouterr().out
    assert (project / "b.lrs").read_text("utf-8") == "lr = warmup(5) then restart cosine(95)\n"
    assert main(["check", "--add-ignore"]) == 1
    out, err = capsys.readouterr()
    assert (project / "a.yaml").read_bytes() == b"a: {x_schedule: cosin(5), y_schedule: step(0)}  # lrs: ignore[LR101, LR131]\r\n"
    assert (project / "b.lrs").read_text("utf-8") == "lr = warmup(5) then restart cosine(95)  # lrs: ignore[LR307]\n"
    assert (project / "c.json").read_text("utf-8") == '{"schedule": "cosin(5)"}'
    assert (project / "d.yaml").read_text("utf-8") == NOTE
    assert "error[LR101]" in out
    assert "lrdsl: c.json: 1 left: no comment can be written there\n" in err
    assert "\n5 schedules in 4 files: 1 problem, 1 note, 3 silenced\n" in err
    (project / "c.json").unlink()
    before = {path.name: path.read_bytes() for path in project.iterdir()}
    assert main(["check", "--add-ignore"]) == 0
    assert main(["check"]) == 0
    assert {path.name: path.read_bytes() for path in project.iterdir()} == before


def test_repairs_come_first(project: Path) -> None:
    (project / "b.lrs").write_text("lr = warmup(5) then restart cosine(5) then cosine(4)\n", "utf-8")
    assert main(["check", "--fix", "--add-ignore"]) == 0
    assert (project / "b.lrs").read_text("utf-8") == "lr = warmup(5) then cosine(5) then cosine(4)  # lrs: ignore[LR402]\n"


def test_notes_are_in_every_report(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "a.yaml").write_text(NOTE, "utf-8")

    def printed(*options: str) -> str:
        assert main(["check", *options]) == 0
        return capsys.readouterr().out

    assert printed().startswith("note[LR903]: a program fills in `${n}`\n --> a.yaml:1:18\n")
    assert [(d["code"], d["severity"]) for d in json.loads(printed("--format", "json"))] == [("LR903", "note")]
    assert printed("--format", "github").startswith("::notice file=a.yaml,line=1,col=18,")
    assert [entry["severity"] for entry in json.loads(printed("--format", "gitlab"))] == ["info"]
    (run,) = json.loads(printed("--format", "sarif"))["runs"]
    assert [result["level"] for result in run["results"]] == ["note"]
    suite = ElementTree.fromstring(printed("--format", "junit"))
    assert suite.attrib["failures"] == "0"
    assert suite.findtext("testcase/system-out") == "a.yaml:1:18: LR903: a program fills in `${n}`"
    assert suite.find("testcase/failure") is None
    assert "LR903" in printed("--statistics")
    assert printed("--ignore", "LR903") == ""
