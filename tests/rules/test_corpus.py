"""A corpus of mistakes, as data: each text gets just the codes that stand beside it, and the sound ones near them get none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrdsl.linting.linter import lint
from lrdsl.rules.catalogue import RULES

CORPUS = Path(__file__).parents[1] / "fixtures" / "mistakes.txt"


def facts_of(words: str) -> dict[str, Any]:
    """The options of `lint` that a line gives, as in `total_steps=1000, tick=epoch`."""
    pairs = (word.strip().split("=") for word in words.split(",") if word.strip())
    return {name: fact if name == "tick" else float(fact) if name == "base" else int(fact) for name, fact in pairs}


def corpus() -> list[tuple[set[str], dict[str, Any], str]]:
    """The lines of the corpus: the codes, none for a sound text, the facts and the text."""
    lines = [line for line in CORPUS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [(set(codes.split()) - {"-"}, facts_of(facts), text.strip()) for codes, facts, text in (line.split("|", 2) for line in lines)]


def test_each_text_gets_the_codes_that_stand_beside_it() -> None:
    found = [(text, wanted, {d.code for d in lint(text, **facts)}) for wanted, facts, text in corpus()]
    assert [(text, wanted, codes) for text, wanted, codes in found if codes != wanted] == []


def test_the_corpus_is_large_and_has_the_new_rules() -> None:
    bad = [wanted for wanted, _, _ in corpus() if wanted]
    assert len(bad) > 250
    assert len(corpus()) - len(bad) > 200
    assert set(RULES) - set().union(*bad) <= {
        *("LR201", "LR212", "LR213", "LR302", "LR305", "LR306", "LR308", "LR310", "LR312", "LR313", "LR401", "LR405", "LR501", "LR502", "LR503", "LR504")
    }
