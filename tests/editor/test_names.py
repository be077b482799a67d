"""Tests of renames: each use of a name gets the new word, and none is captured by another name."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.editor.editing import Document
from lrdsl.editor.names import RenameError, symbol_at
from lrdsl.linting.fixes import applied

_FILE = "let warm = 5\nlet peak = 0.1\ndef f(n, low=0.1) = warmup(warm) then cosine(n, to=low)\ndef g(warm) = hold(warm)\nlr = f(95) then g(warm=5)\nmomentum = hold(at=0.9)\n"


def renamed(text: str, at: str, word: str, nth: int = 0, **options: int) -> str:
    """The text after the `nth` occurrence of a word got another one."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(at, offset + 1)
    return applied(text, Document.of(text, options).renamed(offset, word))


@pytest.mark.parametrize(
    ("text", "at", "nth", "word", "after"),
    [
        (_FILE, "warm", 0, "w", _FILE.replace("let warm", "let w").replace("warmup(warm)", "warmup(w)")),
        (_FILE, "low", 0, "floor_at", _FILE.replace("low", "floor_at")),
        (_FILE, "n,", 0, "length", _FILE.replace("f(n,", "f(length,").replace("cosine(n,", "cosine(length,")),
        (_FILE, "warm=5", 0, "w", _FILE.replace("g(warm)", "g(w)").replace("hold(warm)", "hold(w)").replace("warm=5", "w=5")),
        (_FILE, "f(95)", 0, "run", _FILE.replace("def f(", "def run(").replace("= f(", "= run(")),
        (
            "def f(a, b=a, c=b) = hold(a) then hold(b) then hold(c)\nlr = f(1, b=2)",
            "b",
            0,
            "z",
            "def f(a, z=a, c=z) = hold(a) then hold(z) then hold(c)\nlr = f(1, z=2)",
        ),
        ("let a = 3\ndef f(a=a) = hold(a)\nlr = f() then hold(a)", "a", 0, "z", "let z = 3\ndef f(a=z) = hold(a)\nlr = f() then hold(z)"),
        ('lr = hold\nlr["a.{k}", "b.{k}"] = 0.5^k * lr', "k", 0, "layer", 'lr = hold\nlr["a.{layer}", "b.{layer}"] = 0.5^layer * lr'),
        ("def f(n) = hold(n)\ndef g(w) = cosine(w)\nlr = f(3) then g(5)", "n", 0, "w", "def f(w) = hold(w)\ndef g(w) = cosine(w)\nlr = f(3) then g(5)"),
        ("let a = 3; lr = hold(a) then cosin(a)", "a)", 1, "b", "let b = 3; lr = hold(b) then cosin(b)"),
    ],
)
def test_every_use_gets_the_new_word(text: str, at: str, nth: int, word: str, after: str) -> None:
    result = renamed(text, at, word, nth)
    assert result == after
    if not any(d.severity == "error" for d in lrdsl.lint(text)):
        levels = [
            [[float(s.at(tick, target=t.name)) for tick in (0, 4, 50, 110)] for t in s.targets if t.number is None] for s in map(lrdsl.parse, (text, result))
        ]
        assert levels[0] == levels[1]


@pytest.mark.parametrize(
    ("at", "word", "message"),
    [
        ("warm", "n", "`n` is in use: it is the name of another parameter"),
        ("warm", "low", "another parameter"),
        ("warm", "peak", "another name"),
        ("warm", "f", "another function"),
        ("warm", "lr", "`lr` is in use here"),
        ("warm", "momentum", "in use here"),
        ("warm", "cosine", "a shape or a function"),
        ("warm", "restarts", "a shape or a function"),
        ("warm", "sqrt", "a shape or a function"),
        ("warm", "then", "a word of the language"),
        ("warm", "until", "a word of the language"),
        ("warm", "rest", "a word of the language"),
        ("warm", "t", "a word of the language"),
        ("warm", "5ep", "is not a name"),
        ("warm", "", "is not a name"),
        ("warm", "a.b", "is not a name"),
        ("n,", "low", "another parameter"),
        ("n,", "warm", "another name"),
        ("n,", "peak", "another name"),
        ("n,", "total", "a word of the language"),
        ("f(n", "g", "another function"),
        ("95", "w", "only names that the text defines"),
        ("cosine", "w", "only names that the text defines"),
    ],
)
def test_captures_are_refused(at: str, word: str, message: str) -> None:
    with pytest.raises(RenameError, match=message):
        renamed(_FILE, at, word)


@pytest.mark.parametrize(
    ("text", "at", "word", "message"),
    [
        ("let w = 3; lr = hold(w) then hold until loss < 0.3 then linear(w)", "w", "loss", "in use"),
        ('let w = 3; lr = hold(w)\nlr["head"] = hold(w)', "w", "lr", "in use"),
        ("let w = 1; lr = warmup(w, shape=cosine) then hold(m)", "w", "m", "the program gives a value"),
        ("let m = 1; lr = warmup(m) then hold", "m", "w", "the program gives a value"),
    ],
)
def test_other_words_of_the_text_are_not_taken(text: str, at: str, word: str, message: str) -> None:
    with pytest.raises(RenameError, match=message):
        applied(text, Document.of(text, {"names": {"m": 4}}).renamed(text.index(f" {at} ") + 1, word))


def test_a_rename_that_would_break_the_text_is_refused() -> None:
    text = "let yes = 1; lr = onecycle(100, three_phase=yes, pct=0.3)"
    with pytest.raises(RenameError, match="the text would have an error"):
        renamed(text, "yes", "w")


def test_a_text_without_statements_has_no_names() -> None:
    assert symbol_at(None, 0) is None
    assert symbol_at(Document.of("cosine(n)", {}).tree, 7) is None
