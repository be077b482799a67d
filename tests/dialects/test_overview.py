"""Tests of the tables of other libraries: the page is written from them, and the command shows them. `python -m tests.dialects.test_overview` writes the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lrdsl
from lrdsl.cli import main
from lrdsl.dialects import CONFIGS, dialect
from lrdsl.dialects.overview import ALL, entries, libraries, page
from lrdsl.dialects.writing.constructors import SCHEDULERS
from lrdsl.syntax import parse

PAGE = Path(__file__).parents[2] / "grammar" / "coming-from.md"


def test_the_page_is_up_to_date() -> None:
    assert page() == PAGE.read_text("utf-8")


def test_every_library_is_read_or_written() -> None:
    for row in libraries():
        assert row["read"] or row["written"], row


@pytest.mark.parametrize("name", ALL)
def test_every_scheduler_has_a_text_or_a_reason(name: str) -> None:
    rows = entries(name)
    assert rows or name == "constructors", "each system says which schedulers it has"
    for row in rows:
        assert row["text"] or row["note"], row
        assert row["written"], row


def test_what_stands_as_written_is() -> None:
    """The table says "yes" of the schedulers of torch that the writer makes, and of no others."""
    assert {row["scheduler"].partition("(")[0] for row in entries("torch") if row["written"] == "yes"} == set(SCHEDULERS)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_kinds_of_a_config_are_texts_of_the_language(name: str) -> None:
    for kind in dialect(name).kinds:
        if kind.text and "..." not in kind.text and not kind.text.startswith("as "):
            lrdsl.lint(kind.text)
            parse(kind.text)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dialects"]) == 0
    assert "PyTorch" in capsys.readouterr().out
    assert main(["dialects", "torch", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"scheduler": "StepLR(step_size, gamma)", "text": "step(step_size, gamma)", "written": "yes", "note": ""} in rows
    assert main(["dialects", "pytorch"]) == 2
    assert "torch" in capsys.readouterr().err


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="torch"):
        entries("pytroch")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
