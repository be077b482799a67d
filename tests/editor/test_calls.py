"""Tests of calls that are being typed: which brackets are open at a place, which parameter is meant, and what a call takes."""

from __future__ import annotations

from typing import Any

import pytest

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import recipes
from lrdsl.editor.calls import open_calls, signatures_of
from lrdsl.editor.editing import Document
from lrdsl.shapes import SHAPES


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("", []),
        ("lr = cosine", []),
        ("lr = cosine(", [("cosine", "")]),
        ("lr = cosine(20", [("cosine", "")]),
        ("lr = cosine(20, ", [("cosine", "")]),
        ("lr = cosine(20, to=", [("cosine", "to")]),
        ("lr = cosine(20, to = 0.1", [("cosine", "to")]),
        ("lr = cosine(20) then ", []),
        ("lr = multistep([30, 60", [("", ""), ("multistep", "")]),
        ("lr = restarts((warmup(5) then cosine(", [("cosine", ""), ("", ""), ("restarts", "")]),
        ("lr = hold(at=sqrt(", [("sqrt", ""), ("hold", "at")]),
        ("def f(n, to=", [("", "to")]),
        ("let a = (3 + ", [("", "")]),
        ("lr = cosine( # a comment (with (brackets\n  20, ", [("cosine", "")]),
        ("lr = cosine( # a comment (", []),
        ('lr["a(b", "', []),
        ('lr["a(b"] = hold(', [("hold", "")]),
        ("lr = cosine(20\nmomentum = hold(", [("hold", ""), ("cosine", "momentum")]),
        ("let a = (3\nlet b = hold(", [("hold", "")]),
        ("lr = cosine(20; momentum = hold(", [("hold", "")]),
        ("assert max(lr) <= (", [("", "")]),
        ("lr = hf.cosine(", [("hf.cosine", "")]),
        ("lr = )))hold(", [("hold", "")]),
    ],
)
def test_open_calls(text: str, calls: list[tuple[str, str]]) -> None:
    assert [(call.word, call.arguments[-1]) for call in open_calls(text)] == calls


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("cosine(", "cosine(n, to=0, from=v, power=1, touches=start)", "n"),
        ("cosine(20, ", None, "to"),
        ("cosine(20, from=3, ", None, "to"),
        ("cosine(n=20, ", None, "to"),
        ("cosine(to=20, ", None, "n"),
        ("cosine(20, power=", None, "power"),
        ("cosine(20, nothing=", None, None),
        ("cosine(1, 2, 3, 4, 5, 6", None, None),
        ("exp(", "exp(n, to, from=v, touches=start)", "n"),
        ("exp(0.9, per=", "exp(gamma, per=1)", "per"),
        ("exp(gamma=", "exp(gamma, per=1)", "gamma"),
        ("multistep([30, ", None, "milestones"),
        ("restarts((warmup(5) then hold(3)) then ", None, "phase"),
        ("hold(at=sqrt(", None, "at"),
        ("every(3, linear(5), ", None, None),
        ("max(", "max(phase, phase, ...)", "phase"),
        ("f(", "f(w, to=low)", "w"),
        ("f(3, to=", "f(w, to=low)", "to"),
    ],
)
def test_the_parameter_that_is_typed(text: str, label: str | None, active: str | None) -> None:
    before = "let low = 0.1x\ndef f(w, to=low) = warmup(w) then linear(5, to=to)\nlr = "
    found = Document.of(before + text, {}).signatures(len(before + text))
    assert found is not None
    signatures, best, index = found
    assert label is None or signatures[best].label == label
    assert (None if index is None else signatures[best].slots[index].name) == active


def test_nothing_is_open() -> None:
    for text in ("lr = cosine(20)", "lr = ", "lr = (", "lr = nothing(", "def f(n, ", "lr = cosine(20) # hold(", 'lr["hold(', "lr = ("):
        assert Document.of(text, {}).signatures(len(text)) is None, text


@pytest.mark.parametrize("word", [*SHAPES, *COMBINATORS, *recipes()])
def test_each_label_holds_its_parameters(word: str) -> None:
    for signature in signatures_of(word, {}):
        at = signature.label.index("(")
        for slot in signature.slots:
            at = signature.label.index(slot.label, at) + len(slot.label)


@pytest.mark.parametrize("piece", ["a", "(", "a(", '"', "#", "1", "a=", " ", "[,", ")"])
def test_a_long_text_is_read_once(piece: str) -> None:
    """Each sign is looked at once, so a long text takes no longer than its length."""
    text = piece * 20_000
    calls: list[Any] = open_calls(text)
    assert len(calls) <= 20_000
