"""Tests of the parser's tables: they are up to date, and the parser does what Lark does. `python -m tests.syntax.test_grammar` writes the tables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.syntax import grammar as module
from lrdsl.syntax.derivation import Derivation, _makers, _state_after
from lrdsl.syntax.grammar import grammar, grammar_path, tables
from lrdsl.syntax.tokens import Token, scanned

TABLES = grammar_path().with_suffix(".tables.json")


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Puts a copy of the grammar and its tables in the place of the real ones."""
    place = tmp_path / grammar_path().name
    shutil.copy(grammar_path(), place)
    shutil.copy(TABLES, tmp_path)
    monkeypatch.setattr(module, "grammar_path", lambda: place)
    for known in (grammar, _makers, _state_after):
        known.cache_clear()
    yield place
    for known in (grammar, _makers, _state_after):
        known.cache_clear()


def test_the_tables_are_those_of_the_grammar() -> None:
    assert json.loads(TABLES.read_bytes()) == tables(grammar_path().read_bytes()), "run `python -m tests.syntax.test_grammar`"


def test_tables_that_fit_are_used(moved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "tables", None)
    assert lrdsl.parse("step(3, 0.1) then cosine(20)").length == 23
    assert moved.exists()


def test_lark_is_not_loaded_to_read_a_text() -> None:
    """Loading Lark takes as long as loading everything else together."""
    code = "import sys, lrdsl; lrdsl.parse('cosine(9)'); lrdsl.lint('cosine(9'); print('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"]


@pytest.fixture(scope="module")
def larks() -> lark.Lark:
    """Lark's own parser of the same grammar."""
    return lark.Lark(grammar_path().read_text("utf-8"), parser="lalr", lexer="basic", keep_all_tokens=True, postlex=module._KeepUnused())


_PIECES = st.sampled_from(
    ["then", "thenx", "for", "until", "or", "restart", "set", "a.b", "é", "1", "1_000", ".5", "2.e-3", "1e", '"x y"', '"open', "<=", "<", "==", "=", "!"]
)
_BLANKS = st.sampled_from(["", " ", "\t", "\r\n", "\n\n", "# note\n", "#", ";", "é", "\u00a0", "…", "(", ")", "[", "]", ",", "*", "^", "%", "+", "-", "/"])


@given(st.lists(_PIECES | _BLANKS | st.text(max_size=3), max_size=12).map("".join))
def test_words_are_found_as_lark_finds_them(larks: lark.Lark, text: str) -> None:
    theirs = [(t.type, str(t), (t.start_pos, t.end_pos), t.line, t.column) for t in larks.lex(text)]
    assert [(t.type, str(t), t.extent, t.line, t.column) for t in scanned(text)] == theirs


@given(st.data())
def test_what_fits_is_what_fits_lark(larks: lark.Lark, data: st.DataObject) -> None:
    """After each token, both parsers accept the same kinds of token, on drawn texts of which most fit the grammar; and they end at the same place."""
    known = {kind for moves in grammar().moves for kind in moves if kind.isupper()}
    ours, theirs = Derivation([0], None), larks.parse_interactive("")
    for _ in range(data.draw(st.integers(0, 25))):
        fitting = sorted(theirs.accepts())
        assert sorted(kind for kind in known if ours.after(kind) is not None) == fitting
        kind = data.draw(st.sampled_from(fitting))
        if kind == "$END":
            return
        theirs.feed_token(lark.Token(kind, ""))
        assert ours.feed(Token(kind, ""))


@pytest.mark.parametrize("spoil", ["", "{", "{}", '{"grammar": 0}', None])
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
