"""Tests of the rules about training code: each finds its bad example, and no rule finds anything in a good one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.dialects import DIALECTS, dialect
from lrdsl.dialects.signs import may_have
from lrdsl.training.catalogue import RUN_RULES, reports
from lrdsl.training.rule import RunRule
from tests.training import cases, own

_CASES = [*cases.CASES, *own.CASES]


@pytest.mark.parametrize("rule", RUN_RULES.values(), ids=RUN_RULES)
def test_each_rule_finds_its_bad_example_alone(rule: RunRule) -> None:
    assert [d.code for d in reports(rule.bad, rule.file)] == [rule.code]
    assert reports(rule.good, rule.file) == []


@pytest.mark.parametrize(("code", "name", "text"), _CASES, ids=[name for _, name, _ in _CASES])
def test_what_is_wrong_is_found_and_nothing_else(code: str | None, name: str, text: str) -> None:
    found = reports(text, name)
    assert [d.code for d in found if d.severity == "warning" or d.code == code] == ([code] if code else [])
    assert may_have(text, Path(name).suffix)


def test_every_scheduler_is_a_sign_of_a_file_that_is_looked_at() -> None:
    for name in DIALECTS:
        for word in dialect(name).by_name:
            if not name.startswith("optax") or word.endswith(("schedule", "decay")):
                assert may_have(f"s = lib.{word}(1)", ".py"), word


def test_the_place_is_the_argument_and_a_comment_silences_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RUN_RULES["LR601"]
    path = tmp_path / "train.py"
    path.write_text(rule.bad, "utf-8")
    assert main(["check", str(path), "--format", "json", "--isolated"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)
    lines = rule.bad.splitlines()
    assert "OneCycleLR(" in lines[problem["span"]["start"]["line"] - 1]
    assert "steps_per_epoch=len(loader)" in problem["message"]
    line = next(line for line in lines if "= OneCycleLR(" in line)
    path.write_text(rule.bad.replace(line, f"{line}  # lrs: ignore[LR6]"), "utf-8")
    assert main(["check", str(path), "--isolated"]) == 0


def test_a_setting_turns_all_of_them_off(tmp_path: Path) -> None:
    (tmp_path / "lrdsl.toml").write_text('ignore = ["LR6"]\n', "utf-8")
    (tmp_path / "train.py").write_text(RUN_RULES["LR601"].bad, "utf-8")
    assert main(["check", str(tmp_path / "train.py")]) == 0
    assert main(["check", str(tmp_path / "train.py"), "--isolated", "--ignore", "LR601"]) == 0


def test_notes_change_no_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(RUN_RULES["LR615"].bad, "utf-8")
    assert main(["check", str(tmp_path / "config.yaml"), "--isolated"]) == 0
    assert "LR615" in capsys.readouterr().out
