"""Tests of which arguments are files: the same endings as those of the files in which schedules are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.cli.sources import is_file
from lrdsl.documents import ENDINGS as DOCUMENTS
from lrdsl.linting.hosts import ENDINGS as HOSTS


@pytest.mark.parametrize("ending", sorted({*HOSTS, *DOCUMENTS}))
def test_every_ending_names_a_file(ending: str) -> None:
    assert is_file(f"no-such-file{ending}")


def test_a_log_of_runs_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs.jsonl").write_text('{"lr_schedule": "warmup(5) then cosine(95)"}\n', "utf-8")
    assert main(["show", str(tmp_path / "runs.jsonl")]) == 0
    assert "cosine(95)" in capsys.readouterr().out
