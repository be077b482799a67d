"""Tests of the gallery: every entry draws, and says where it is from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lrdsl.check.prelude import recipe_names
from lrdsl.play.answers import answer
from lrdsl.play.gallery import entries
from lrdsl.shapes import SHAPES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry['kind']} {entry['text'][:40]!a}")
def test_every_entry_draws(entry: dict[str, Any]) -> None:
    look = json.loads(answer(json.dumps({"ask": "look", "text": entry["text"], "facts": entry["facts"]})))
    assert not [p for p in look["problems"] if p["severity"] == "error"]
    assert all(curve["x"] for panel in look["panels"] for curve in panel["curves"])
    assert entry["about"]


def test_the_gallery_is_whole() -> None:
    names = {entry["name"] for entry in entries()}
    assert names >= {*recipe_names(), *SHAPES, *(path.stem for path in (ROOT / "examples").glob("*.lrs"))}
    by_name = {entry["name"]: entry for entry in entries()}
    assert "Hu et al. 2024" in by_name["wsd"]["about"]
    assert by_name["hf.cosine"]["about"].startswith("get_cosine_schedule_with_warmup. The schedules of Hugging Face transformers (optimization.py)")
    assert "lrs: ignore" not in str([entry["about"] for entry in entries()])
