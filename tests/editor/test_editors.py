"""Tests of colours: Pygments' lexer, and the TextMate grammar, which `python -m tests.editor.test_editors` writes from the declarations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Error

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.scope import WORDS
from lrdsl.editor.highlighting import NUMBER
from lrdsl.shapes import SHAPES
from lrdsl.syntax.tokens import KEYWORDS
from tests.formulas.typeset.formulas import EXAMPLES, texts

GRAMMAR = Path(__file__).parents[2] / "grammar"
PAGE = GRAMMAR / "lrdsl.tmLanguage.json"


def grammar() -> dict[str, Any]:
    """The TextMate grammar."""

    def one_of(found: Any) -> str:
        return rf"(?<![\w.])(?:{'|'.join(sorted(found, key=lambda word: (-len(word), word)))})(?![\w.])"

    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "lrdsl",
        "scopeName": "source.lrs",
        "fileTypes": ["lrs"],
        "patterns": [
            {"name": "comment.line.number-sign.lrs", "match": "#.*$"},
            {"name": "string.quoted.double.lrs", "match": '"[^"]*"'},
            {"match": NUMBER, "captures": {"1": {"name": "constant.numeric.lrs"}, "2": {"name": "keyword.other.unit.lrs"}}},
            {"name": "keyword.control.lrs", "match": one_of(KEYWORDS)},
            {"match": r"([^\W\d][\w.]*)\s*(=)(?!=)", "captures": {"1": {"name": "variable.parameter.lrs"}, "2": {"name": "keyword.operator.lrs"}}},
            {"name": "constant.language.lrs", "match": one_of(WORDS)},
            {"name": "support.function.lrs", "match": one_of({*SHAPES, *COMBINATORS})},
            {"name": "entity.name.function.lrs", "match": r"[^\W\d][\w.]*(?=\s*\()"},
            {"name": "variable.other.lrs", "match": r"[^\W\d][\w.]*"},
            {"name": "keyword.operator.lrs", "match": "<=|>=|==|!=|[-+*/^<>=]"},
        ],
    }


def test_the_grammar_is_written_from_the_declarations() -> None:
    assert json.loads(PAGE.read_text("utf-8")) == grammar(), "run `python -m tests.editor.test_editors`"


def test_the_extension_names_what_is_there() -> None:
    package = json.loads((GRAMMAR / "vscode" / "package.json").read_text("utf-8"))
    assert package["version"] == lrdsl.__version__
    (language,) = package["contributes"]["languages"]
    for name in (package["main"], language["configuration"]):
        assert (GRAMMAR / "vscode" / name).is_file()
    assert package["contributes"]["grammars"][0]["path"].removeprefix("./") == PAGE.name
    assert package["scripts"]["vscode:prepublish"] == f"cp ../{PAGE.name} ."


@pytest.mark.parametrize("text", [*texts().values(), *(path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.lrs")))])
def test_pygments_knows_every_word(text: str) -> None:
    found = list(get_lexer_by_name("lrs").get_tokens(text))
    assert "".join(word for _, word in found).strip("\n") == text.strip("\n")
    assert not [word for kind, word in found if kind is Error]


def test_pygments_knows_the_files() -> None:
    assert get_lexer_for_filename("a.lrs").name == "lrdsl"


def test_words_of_the_grammar() -> None:
    patterns = [(re.compile(p["match"]), p.get("name", "")) for p in grammar()["patterns"]]

    def kind(text: str, word: str) -> str:
        at = text.index(word)
        return next(name for pattern, name in patterns if any(m.start() <= at < m.end() for m in pattern.finditer(text)))

    assert kind("lr = cosine(20)", "cosine") == "support.function.lrs"
    assert kind("a then b", "then") == "keyword.control.lrs"
    assert kind("hold # then", "then") == "comment.line.number-sign.lrs"
    assert kind("hf.cosine(3)", "hf") == "entity.name.function.lrs"


if __name__ == "__main__":
    PAGE.write_text(json.dumps(grammar(), indent=2) + "\n", "utf-8")
