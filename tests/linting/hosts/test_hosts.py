"""Tests of schedules in other files: each is read as its format says, every character has its place, and an edit changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.linting.hosts import Finder, UnreadableError, texts_in
from lrdsl.linting.hosts.embedded import Embedded
from lrdsl.linting.hosts.likeness import looks_like_one
from tests.drawing import examples

TEXT = st.lists(st.sampled_from(["warmup(5)", " then ", "cosine(9)", " ", "€", "😀", '"', "'", "\\", "\n", "\t", "# é", ": ", "1e-5"]), max_size=9).map(
    lambda parts: "warmup(3) then hold(3) " + "".join(parts)
)


def found(name: str, source: str, finder: Finder | None = None) -> list[Embedded]:
    return list(texts_in(Path(name), source, finder or Finder()))


def well_placed(one: Embedded, source: str) -> None:
    """A character stands at its place, or an escape for it does."""
    assert len(one.offsets) == len(one.text) + 1
    assert list(one.offsets) == sorted(one.offsets)
    for character, at in zip(one.text, one.offsets, strict=False):
        assert source[at] == character or source[at] in "\\\n '" or character == " ", (character, source[at : at + 5])


@examples(200)
@given(text=TEXT, before=st.sampled_from(["", "é: 𝕏\n", "a: [1, 2]\n"]), style=st.sampled_from(['"', "'", None, "|"]))
def test_yaml(text: str, before: str, style: str | None) -> None:
    source = before + yaml.dump({"my_schedule": text}, default_style=style, allow_unicode=True, width=10_000)
    (one,) = found("a.yaml", source)
    assert one.text == text
    well_placed(one, source)


@examples(100)
@given(text=TEXT, ascii=st.booleans())
def test_json(text: str, ascii: bool) -> None:
    source = json.dumps({"é": ["x"], "schedule": text, "b": {"c": 1}}, ensure_ascii=ascii, indent=2)
    (one,) = found("a.json", source)
    assert one.text == text
    well_placed(one, source)


@examples(100)
@given(text=TEXT)
def test_python(text: str) -> None:
    source = f"é = 1\nlr_schedule = {text!r}\n"
    (one,) = found("a.py", source)
    assert one.text == text
    well_placed(one, source)


@examples(100)
@given(text=TEXT)
def test_toml(text: str) -> None:
    quoted = json.dumps(text, ensure_ascii=False)
    source = f"[a]\nx = 'é' # schedule\nlr_schedule = {quoted} # y\n"
    (one,) = found("a.toml", source)
    assert one.text == text
    well_placed(one, source)


@pytest.mark.parametrize(
    ("name", "source", "texts"),
    [
        ("a.yaml", "schedule: warmup(5) then cosine(95)\n", ["warmup(5) then cosine(95)"]),
        ("a.yaml", "schedule: >-\n  warmup(5)\n  then cosine(95)\nb: 1\n", ["warmup(5) then cosine(95)"]),
        ("a.yaml", "schedule: 'warmup(5)\r\n  then cosine(95)'\r\nb_schedule: warmup(5)\r\n  then hold(3)\r\n", ["warmup(5) then cosine(95)", "warmup(5) then hold(3)"]),
        ("a.yaml", "schedule: |\n  lr = hold\n\n  momentum = hold(at=0.9)\n", ["lr = hold\n\nmomentum = hold(at=0.9)\n"]),
        ("a.yaml", "lr_scheduler: cosine\nschedule: 0 5 * * *\nscheduler: StepLR(3)\n", []),
        ("a.yaml", "a: cosine(20)\nb: cosine(30)  # lrs\n# lrs\nc: hold\n", ["cosine(30)", "hold"]),
        ("a.yaml", "--- \nschedule: hold(1)\n---\nx: !tag {schedule: &a hold(2), lr_schedule: *a}\n", ["hold(1)", "hold(2)"]),
        ("a.yaml", "schedules: [hold(1), {schedule: 'hold(2)'}]\n", ["hold(1)", "hold(2)"]),
        ("a.toml", "schedule = '''\nhold(1)\n'''\n[t]\n\"my schedule\" = 'hold(2)'\nx = {schedule = \"hold(3)\"}\n", ["hold(1)\n", "hold(2)", "hold(3)"]),
        ("a.json", '{"schedule": {"x": "hold(1)"}, "a": "schedule"}', ["hold(1)"]),
        ("a.json", '{"schedule": {"note": "hold(1)", "x": {"y": [["hold(2)"]], "n": 1}, "name": "cosine"}, "a": "hold(3)"}', ["hold(2)"]),
        ("a.yaml", "lr_schedule: {warm: 'warmup(5) then hold(1)', note: hold(2), more: {a: [hold(3)]}}\nother: hold(4)\n", ["warmup(5) then hold(1)", "hold(3)"]),
        ("a.yaml", "lr_schedule:\n  - name: cosine\n    text: hold(1)\n    code: 'lambda step: hold(2)'\nx: {y: hold(3)}\n", ["hold(1)"]),
        ("a.toml", "[a.lr_schedule]\nwarm = 'hold(1)'\nnote = 'hold(2)'\nx = {y = 'hold(3)'}\n[b]\nwarm = 'hold(4)'\n", ["hold(1)", "hold(3)"]),
        ("a.toml", "lr_schedule.warm = 'hold(1)'\nwarm = 'hold(2)'\nlr_schedule2 = {w = {a = 'hold(3)'}}\nx = {y = 'hold(4)'}\n", ["hold(1)", "hold(3)"]),
        ("a.py", "lr_schedule = {'w': 'hold(1)', 'm': dict(a='hold(2)', note='hold(3)'), 'l': [{'b': 'hold(4)'}]}; x = {'w': 'hold(5)'}\n", ["hold(1)", "hold(2)", "hold(4)"]),
        ("a.py", "lrdsl.parse('hold(1)'); f(schedule='hold(2)'); {'schedule': r'hold(3)'}; x: str = 'hold(4)'  # lrs\n", ["hold(1)", "hold(2)", "hold(3)", "hold(4)"]),
        ("a.py", "schedule = 'hold(1) ' 'then hold(2)'; schedule = f'hold({n})'; lr_scheduler = 'StepLR(opt)'\n", ["hold(1) then hold(2)", "hold({n})"]),
        ("a.lrs", "hold(1)  # a\n", ["hold(1)  # a\n"]),
        ("a.txt", "schedule: hold(1)", []),
    ],
)  # fmt: skip
def test_what_is_found(name: str, source: str, texts: list[str]) -> None:
    assert [one.text for one in sorted(found(name, source), key=lambda one: one.offsets[0])] == texts


def test_keys_are_configurable() -> None:
    assert [one.text for one in found("a.yaml", "policy: hold(1)\nschedule: hold(2)\n", Finder(("pol*",)))] == ["hold(1)"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.yaml", "schedule: {{ x }}: [\n"),
        ("a.yaml", "schedule: \x00"),
        ("a.yaml", "{% if x %}\nschedule: hold(1)\n{% endif %}"),
        ("a.yaml", "- " * 3000 + "schedule"),
        ("a.toml", "schedule = [\n"),
        ("a.json", '{"schedule": }'),
        ("a.py", "schedule = (\n"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, source: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        found(name, source)
    assert caught.value.message
    assert 0 <= caught.value.offset <= len(source)


@pytest.mark.parametrize("text", ["cosine", "linear", "0 5 * * *", "torch.optim.lr_scheduler.StepLR(opt, 3)", "https://x/cosine(2)", "daily", ""])
def test_other_strings_are_left_alone(text: str) -> None:
    assert not looks_like_one(text)
