"""Tests of padded texts: they have the same problems, at the same places of the file, with the same repairs; and typing a line moves no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lrdsl.editor.padding import ROOM, padded
from lrdsl.linting.checker import Checker, File
from lrdsl.linting.settings import Settings
from lrdsl.syntax.tokens import MAX_TEXT
from tests.test_diagnostics import WRONG

ROOT = Path(__file__).parents[2]
PATH = ROOT / "examples" / "typed.lrs"


def samples() -> list[str]:
    """Wrong texts, the samples of our pages, and our files."""
    pages = [re.findall(r"```lrs\n(.*?)```", page.read_text("utf-8"), re.DOTALL) for page in sorted((ROOT / "grammar").glob("*.md"))]
    files = [path.read_text("utf-8") for path in sorted((ROOT / "examples").glob("*.lrs"))]
    return sorted({*(text for text, _ in WRONG), *(sample for page in pages for sample in page), *files})


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_padding_changes_no_problem(end: str) -> None:
    settings = Settings(ROOT)
    for text in samples():
        source = text.replace("\n", end)
        plain, roomy = (
            Checker.of(PATH, settings).check(file) for file in (File.of(PATH, source, settings), File(PATH, source, settings, (padded(source),), None))
        )
        assert [p.diagnostic for p in roomy] == [p.diagnostic for p in plain], source


def test_typing_in_a_line_moves_no_other() -> None:
    lines = ["lr = hold(3)", "", "momentum = hold(at=0.9)  # 𝕏"]
    before, after = padded("\n".join(lines)), padded("\n".join([lines[0] + " then hold(5)", *lines[1:]]))
    assert before.text.index("momentum") == after.text.index("momentum") == 2 * (ROOM + 1)
    long = padded("\n".join([lines[0] + " " * ROOM, *lines[1:]]))
    assert long.text.index("momentum") == 3 * ROOM + 2


def test_every_character_has_its_place() -> None:
    source = "a\n\n𝕏b\r\nc\n"
    embedded = padded(source)
    places = [i for i, character in enumerate(embedded.text) if character.strip()]
    assert [source[embedded.offsets[i]] for i in places] == [embedded.text[i] for i in places]
    assert embedded.offsets[-1] == len(source)


def test_a_text_near_the_limit_is_not_padded() -> None:
    source = "\n" * (MAX_TEXT - 10)
    assert padded(source).text == source
