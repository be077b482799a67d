"""Tests of edits in a file: they are made together, one wrong edit does not stop the others, and the file is read again only so often."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.diagnostics import Fix
from lrdsl.linting.hosts import edits
from lrdsl.linting.hosts.edits import Texts, edited
from lrdsl.linting.projects import texts_of
from lrdsl.linting.settings import Settings

COUNT = 64


def file_of(count: int) -> str:
    return "".join(f"k{i}_schedule: hold({i})\n" for i in range(count))


def tried(wrong: dict[int, str]) -> tuple[str, set[int], int]:
    """Edits in all texts of a file, some of which the file cannot have; how often it was read."""
    source, reads = file_of(COUNT), 0

    def read(source: str) -> Texts:
        nonlocal reads
        reads += 1
        return texts_of(Path("a.yaml"), source, Settings(Path()))

    texts = read(source)
    found = edited(source, texts, {i: [Fix(0, 4, wrong.get(i, "drop"))] for i in range(COUNT)}, read)
    return found.source, set(found.made), reads


@pytest.mark.parametrize(
    ("wrong", "most"),
    [
        ({}, 2),
        ({3: "hold(1) # b"}, 3),  # it can be told which text is wrong
        ({3: "hold(1) # b", 60: "hold(1) # b"}, 3),
        ({3: "a: b"}, 14),  # the file cannot be read any more
        ({3: "a: b", 60: "a: b"}, 30),
        ({3: "a: b", 40: "hold(1) # b"}, 30),
    ],
)
def test_all_edits_that_can_be_made_are(wrong: dict[int, str], most: int) -> None:
    source, made, reads = tried(wrong)
    assert made == set(range(COUNT)) - set(wrong)
    assert source == "".join(f"k{i}_schedule: {'hold' if i in wrong else 'drop'}({i})\n" for i in range(COUNT))
    assert reads <= most


def test_a_file_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "MOST_REREAD", 5 * len(file_of(COUNT)))
    source, made, reads = tried(dict.fromkeys(range(COUNT), "a: b"))
    assert (source, made) == (file_of(COUNT), set())
    assert reads <= 8
