"""Tests of the tables of other libraries: the page is written from them, and the command shows them. `python -m tests.dialects.test_overview` writes the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lrdsl
from lrdsl.cli import main
from lrdsl.dialects.overview import ALL, entries, libraries, page

PAGE = Path(__file__).parents[2] / "grammar" / "coming-from.md"


def test_the_page_is_up_to_date() -> None:
    assert page() == PAGE.read_text("utf-8")


def test_every_library_is_read_or_written() -> None:
    for row in libraries():
        assert row["read"] or row["written"], row


@pytest.mark.parametrize("name", ALL)
def test_every_scheduler_has_a_text_or_a_reason(name: str) -> None:
    for row in entries(name):
        assert row["text"] or row["note"], row


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dialects"]) == 0
    assert "PyTorch" in capsys.readouterr().out
    assert main(["dialects", "torch", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"scheduler": "StepLR(step_size, gamma)", "text": "step(step_size, gamma)", "note": ""} in rows
    assert main(["dialects", "pytorch"]) == 2
    assert "torch" in capsys.readouterr().err


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="torch"):
        entries("pytroch")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
