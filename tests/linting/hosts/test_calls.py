"""Tests of configs that call lrdsl, as Hydra does: the text is found under its parameter, before `_target_` and after it. And of JSON Lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.hosts import UnreadableError
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from tests.linting.hosts.test_hosts import found, well_placed

SETTINGS = Settings(Path("/project"))
CALLS = [
    ("a.yaml", "s:\n  _target_: lrdsl.compile\n  text: hold(1)\n"),
    ("a.yaml", "s:\n  text: hold(1)\n  total_steps: 5\n  _target_: lrdsl.compile\n"),
    ("a.yaml", "s: {schedule: hold(1), _target_: lrdsl.torch.LRScheduler}\n"),
    ("a.yaml", "- text: linear\n- text: hold(1)\n  _target_: lrdsl.jax.schedule\n"),
    ("a.toml", '[s]\n_target_ = "lrdsl.compile"\ntext = "hold(1)"\n[t]\ntext = "hold(2)"\n'),
    ("a.toml", '[s]\ntext = "hold(1)"\n_target_ = "lrdsl.compile"\n'),
    ("a.toml", 's = [{text = "hold(2)"}, {text = "hold(1)", _target_ = "lrdsl.compile"}]\n'),
    ("a.toml", 's.text = "hold(1)"\nt.text = "hold(2)"\ns._target_ = "lrdsl.compile"\n'),
    ("a.json", '{"s": {"_target_": "lrdsl.compile", "text": "hold(1)"}, "t": {"text": "hold(2)"}}'),
    ("a.json", '{"t": {"text": "hold(2)"}, "s": {"schedule": "hold(1)", "x": [{"text": "hold(3)"}], "_target_": "lrdsl.compile"}}'),
]


@pytest.mark.parametrize(("name", "source"), CALLS)
def test_the_text_of_a_call_is_found_in_either_order(name: str, source: str) -> None:
    (one,) = found(name, source)
    assert one.text == "hold(1)"
    well_placed(one, source)
    wrong = source.replace("hold(1)", "cosin(1)")
    assert check_source(Path(name), wrong, SETTINGS, "unsafe").source == source.replace("hold(1)", "cosine(1)")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.yaml", "s:\n  _target_: mine.compile\n  text: hold(1)\n"),
        ("a.yaml", "s:\n  _target_: lrdsl.compile\n  note: hold(1)\nt:\n  text: hold(1)\n"),
        ("a.toml", '[s]\n_target_ = "lrdsl.compile"\n[t]\ntext = "hold(1)"\n'),
        ("a.json", '[{"_target_": "lrdsl.compile"}, {"text": "hold(1)"}]'),
    ],
)
def test_the_text_of_another_mapping_is_none(name: str, source: str) -> None:
    assert found(name, source) == []


def test_a_text_that_is_named_and_in_a_call_is_found_once() -> None:
    source = '{"text": "hold(1)", "lr_schedule": "hold(2)", "schedule": "hold(3)", "_target_": "lrdsl.compile"}'
    assert [one.text for one in found("a.json", source)] == ["hold(1)", "hold(2)", "hold(3)"]
    assert sorted(one.text for one in found("a.yaml", source)) == ["hold(1)", "hold(2)", "hold(3)"]
    problems = check_source(Path("a.yaml"), source.replace("hold", "cosin"), SETTINGS).diagnostics
    assert [d.span.start.column for d in problems] == [11, 38, 62]


@pytest.mark.parametrize("source", ['a = [ }\ntext = "lrdsl"', 'a = { ]\n[b]\n_target_ = "lrdsl.compile"', '} = "lrdsl"\n{ = [}'])
def test_brackets_that_do_not_fit_are_no_crash(source: str) -> None:
    with pytest.raises(UnreadableError):
        found("a.toml", source)


@pytest.mark.parametrize("name", ["a.jsonl", "b.ndjson"])
def test_each_line_of_json_lines_is_a_document(name: str) -> None:
    source = '{"step": 1, "lr_schedule": "hold(1)"}\r\n\n{"x": "é𝕏", "lr_schedule": "hold(2)"}\n{"step": 3}\n'
    one, two = found(name, source)
    assert (one.text, two.text) == ("hold(1)", "hold(2)")
    for each in (one, two):
        well_placed(each, source)
    wrong = source.replace("hold(2)", "cosin(2)")
    assert check_source(Path(name), wrong, SETTINGS, "unsafe").source == source.replace("hold(2)", "cosine(2)")


def test_a_line_that_is_not_json_is_reported_after_the_others() -> None:
    source = 'nothing\n{"lr_schedule": "hold(1)"\n{"lr_schedule": "hold(2)"}\n'
    with pytest.raises(UnreadableError, match="this is not JSON") as error:
        found("a.jsonl", source)
    assert error.value.offset == source.index("\n{", 10)
