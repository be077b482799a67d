"""The parser's tables are data beside the grammar, written by `python -m tests.syntax.test_grammar`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import lrdsl
from lrdsl.syntax import grammar as module
from lrdsl.syntax.grammar import grammar, grammar_path, tables

TABLES = grammar_path().with_suffix(".tables.json")


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the grammar and its tables, which is the one in use."""
    place = tmp_path / grammar_path().name
    shutil.copy(grammar_path(), place)
    shutil.copy(TABLES, tmp_path)
    monkeypatch.setattr(module, "grammar_path", lambda: place)
    grammar.cache_clear()
    yield place
    grammar.cache_clear()


def test_the_tables_are_those_of_the_grammar() -> None:
    """States are numbered as hashes fall, so two makings differ; what they are made of does not. All other tests read texts by these tables."""
    kept, fresh = json.loads(TABLES.read_bytes()), json.loads(json.dumps(tables(grammar_path().read_bytes())))
    assert kept["grammar"] == fresh["grammar"], "run `python -m tests.syntax.test_grammar`"
    for made in (kept, fresh):  # how wide an endless repetition is depends on the release of Python
        for item in made["memo"].values():
            item.get("pattern", {}).pop("_width", None)
    assert list(kept["memo"].values()) == list(fresh["memo"].values())
    assert len(kept["data"]["parser"]["parser"]["states"]) == len(fresh["data"]["parser"]["parser"]["states"])


def test_tables_that_fit_are_used(moved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads(TABLES.read_bytes())
    monkeypatch.setattr("lark.__version__", kept["lark"])
    monkeypatch.setattr(module, "made", None)
    assert lrdsl.parse("step(3, 0.1) then cosine(20)").length == 23
    assert moved.exists()


@pytest.mark.parametrize("spoil", ["", "{", "{}", '{"lark": "0.0", "grammar": ""}', None])
def test_tables_that_do_not_fit_are_made_anew(moved: Path, spoil: str | None) -> None:
    kept = moved.with_suffix(".tables.json")
    if spoil is None:
        kept.unlink()
    else:
        kept.write_text(spoil)
    assert lrdsl.parse("step(3, 0.1) then cosine(20)").length == 23


def test_a_grammar_that_was_changed_is_the_one_read(moved: Path) -> None:
    moved.write_bytes(moved.read_bytes() + b"\n")
    assert lrdsl.parse("cosine(20)").length == 20


if __name__ == "__main__":
    TABLES.write_text(json.dumps(tables(grammar_path().read_bytes()), separators=(",", ":")) + "\n", "utf-8")
