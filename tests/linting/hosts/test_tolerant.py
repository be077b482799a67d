"""Tests of the texts that are found while a file is being typed: `▮` is the cursor."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.hosts import Finder
from lrdsl.linting.hosts.tolerant import text_at

#: Files with a cursor, and the part of the text before it.
TYPED = [
    ("a.yaml", "lr_schedule: war▮", "war"),
    ("a.yaml", "lr_schedule: ▮", ""),
    ("a.yaml", "lr_schedule:▮\nother: 3\n", ""),
    ("a.yaml", 'lr_schedule: "war▮', "war"),
    ("a.yaml", "lr_schedule: '▮'\n", ""),
    ("a.yaml", "lr_schedule: warmup(5, ▮\nother: 3\n", "warmup(5, "),
    ("a.yaml", "x: ]\nlr_schedule: warmup(5) then co▮s  # why\n", "warmup(5) then co"),
    ("a.yaml", "x: ]\na:\n  - lr_schedule: 'x▮\n", "x"),
    ("a.yaml", "a:\n  lr_schedule: |\n    war▮\n", "war"),
    ("a.yaml", "x: ]\na:\n  lr_schedule: |-  # why\n    warmup(5)\n\n    then co▮s\n  b: 3\n", "warmup(5)\n\nthen co"),
    ("a.yaml", "{lr_schedule: war▮, b: 1}", "war"),
    ("a.toml", 'lr_schedule = "war▮"', "war"),
    ("a.toml", 'lr_schedule = "war▮\nx = 1\n', "war"),
    ("a.toml", "[train]\na.lr_schedule = '▮'\nz = [", ""),
    ("a.toml", 'lr_schedule = """\nwarmup(5)\nthen c▮\n', "\nwarmup(5)\nthen c"),
    ("a.json", '{"lr_schedule": "war▮"}', "war"),
    ("a.json", '{"lr_schedule": "▮"', ""),
    ("a.json", '{"x": [1, 2\n "lr_schedule": "war▮, "b": 3}', "war"),
    ("a.py", 'lr_schedule = "war▮"', "war"),
    ("a.py", 'lr_schedule: str = "war▮\nx = 3\n', "war"),
    ("a.py", 'train(lr_schedule="war▮', "war"),
    ("a.py", "d = {'lr_schedule': '▮'", ""),
    ("a.py", 'cfg["lr_schedule"] = "war▮\n', "war"),
    ("a.py", 's = lrdsl.compile(optimizer, "war▮\n', "war"),
    ("a.py", 'lr_schedule = """\n  warmup(5)\n  th▮', "\n  warmup(5)\n  th"),
]  # fmt: skip
#: Files with a cursor outside of all schedules.
ELSEWHERE = [
    ("a.yaml", "name: war▮"),
    ("a.yaml", "lr_schedule: cosine(3)\nname: war▮"),
    ("a.yaml", "lr_schedule: cosine(3)  # war▮"),
    ("a.yaml", "x: ]\nlr_schedule: |\n  cosine(3)\nname: war▮"),
    ("a.toml", 'lr_schedule = "cosine(3)"  # ▮'),
    ("a.toml", "lr_schedule = true▮"),
    ("a.json", '{"lr_schedule": "cosine(3)", "name": "▮'),
    ("a.py", 'name = "war▮"'),
    ("a.py", 'if lr_schedule == "war▮'),
    ("a.py", 'lr_schedule_help = "war▮'),
    ("a.py", 'lr_schedule = "cosine(3)"\n▮'),
    ("a.txt", 'lr_schedule: "war▮'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "before"), TYPED)
def test_texts_that_are_being_typed(name: str, file: str, before: str) -> None:
    offset, source = file.index("▮"), file.replace("▮", "")
    embedded = text_at(Path(name), source, offset, Finder())
    assert embedded is not None
    assert embedded.text[: embedded.offsets.character(offset)] == before
    places = [source[at : at + 1] for at in embedded.offsets][:-1]
    assert "".join(places) == embedded.text


@pytest.mark.parametrize(("name", "file"), ELSEWHERE)
def test_no_text_is_found_elsewhere(name: str, file: str) -> None:
    assert text_at(Path(name), file.replace("▮", ""), file.index("▮"), Finder()) is None


def test_only_lines_near_the_cursor_are_read() -> None:
    """An open bracket makes the file unreadable, and its values are looked for from the cursor back."""
    far = 'a = [\nlr_schedule = """' + "x\n" * 5_000
    assert text_at(Path("a.toml"), far, len(far), Finder()) is None
    near = 'a = [\nlr_schedule = """' + "x\n" * 500
    embedded = text_at(Path("a.toml"), near, len(near), Finder())
    assert embedded is not None
    assert embedded.text == "x\n" * 500
