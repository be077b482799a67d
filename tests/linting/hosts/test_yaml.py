"""Tests of what YAML does to texts: it splits them at commas and joins their lines; aliases, interpolations and templates stand in place of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from tests.linting.hosts.test_hosts import found

SETTINGS = Settings(Path("/project"))


def problems(source: str) -> list[tuple[str, str, str]]:
    """The code, the severity and the place of each problem."""
    diagnostics = check_source(Path("a.yaml"), source, SETTINGS).diagnostics
    return [(d.code, d.severity, source[d.span.start.offset : d.span.end.offset]) for d in diagnostics]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("a: &a hold(1)\nschedule: *a\nb_schedule: *a\n", ["hold(1)"]),
        ("a: &a [hold(1), hold(2), [hold(3)]]\nschedules: *a\nmore_schedules: *a\n", ["hold(1)", "hold(2)", "hold(3)"]),
        ("a: &a [hold(1), {x: hold(2), schedule: hold(3)}]\nb: *a\nschedules: *a\n", ["hold(3)", "hold(1)"]),
        ("a: &a [*a, hold(1)]\nschedules: *a\n", ["hold(1)"]),
        ("base: &b {schedule: hold(1)}\nc: {<<: *b, a: [{lr_schedule: hold(2)}]}\nschedules: [hold(3), 'hold(4)']\n", ["hold(1)", "hold(2)", "hold(3)", "hold(4)"]),
        ("a: {_target_: lrdsl.parse, text: hold(1)}\nb:\n  _target_: lrdsl.torch.LRScheduler\n  schedule: hold(2)\n  c: hold(3)\n", ["hold(1)", "hold(2)"]),
        ("a: {_target_: torch.X, text: hold(1)}\nb: {_target_: x, c: {text: hold(2)}}\nd: {text: hold(3), c: lrdsl.parse}\n", []),
        ("a: {_target_: lrdsl.parse, c: {text: hold(1)}}\nb: [lrdsl.parse, {text: hold(2)}]\ntext: hold(3)\n", []),
        ("schedule: |2-\n\n    lr = hold(1)\n   momentum = hold\n", ["\n  lr = hold(1)\n momentum = hold"]),
    ],
)  # fmt: skip
def test_what_is_found(source: str, texts: list[str]) -> None:
    assert [one.text for one in found("a.yaml", source)] == texts


@pytest.mark.parametrize(
    ("source", "text", "repaired"),
    [
        (
            "s_schedule: [warmup(5, from=0.1x) then cosine(30)]\n",
            "warmup(5, from=0.1x) then cosine(30)",
            's_schedule: ["warmup(5, from=0.1x) then cosine(30)"]\n',
        ),
        ("a: {schedule: hold(3, at=0.1x), c: 1}  # x\r\n", "hold(3, at=0.1x)", 'a: {schedule: "hold(3, at=0.1x)", c: 1}  # x\r\n'),
        ("schedules: [hold(3), clip(exp(0.9), 0.1x, 1x) ]\n", "clip(exp(0.9), 0.1x, 1x)", 'schedules: [hold(3), "clip(exp(0.9), 0.1x, 1x)" ]\n'),
    ],
)
def test_texts_that_are_split_at_a_comma(source: str, text: str, repaired: str) -> None:
    (problem,) = problems(source)
    assert problem == ("LR904", "error", text)
    (d,) = check_source(Path("a.yaml"), source, SETTINGS).diagnostics
    assert d.help == "quote it: YAML splits at the comma"
    done = check_source(Path("a.yaml"), source, SETTINGS, "unsafe")
    assert done.source == repaired
    assert "LR904" not in [d.code for d in done.diagnostics]
    assert check_source(Path("a.yaml"), source, SETTINGS, "safe").source == source


@pytest.mark.parametrize(
    "source",
    ["s: [f(1, 2), warmup(5)]\n", "schedules: [hold(1), hold(2)]\n", "schedules: [StepLR(3, 0.1)]\n", "schedules: [a (b, c) d]\n", "schedules: [hold(3, x\n"],
)
def test_other_commas(source: str) -> None:
    assert "LR904" not in [code for code, _, _ in problems(source)]


@pytest.mark.parametrize(
    ("source", "repaired"),
    [
        ("schedule: >-\n  lr = cosine(5)\n  momentum = hold(at=0.9)\n", "schedule: |-\n  lr = cosine(5)\n  momentum = hold(at=0.9)\n"),
        (
            "schedule: &a >\r\n  let w = 5\r\n  lr = warmup(w) then cosine(95)\r\nb: 1\r\n",
            "schedule: &a |\r\n  let w = 5\r\n  lr = warmup(w) then cosine(95)\r\nb: 1\r\n",
        ),
        ("schedule: >+\n  warmup(5)  # first\n  then cosine(95)\n\n", "schedule: |+\n  warmup(5)  # first\n  then cosine(95)\n\n"),
        ('schedule: "lr = cosine(5)\n  momentum = hold(at=0.9)"\n', ""),
        ("schedule: lr = cosine(5)\n  momentum = hold(at=0.9)\n", ""),
    ],
)
def test_lines_that_are_joined(source: str, repaired: str) -> None:
    (d,) = check_source(Path("a.yaml"), source, SETTINGS).diagnostics
    assert (d.code, d.severity) == ("LR904", "error")
    assert "`|`" in d.help
    assert check_source(Path("a.yaml"), source, SETTINGS, "unsafe").source == (repaired or source)
    assert repaired == "" or problems(repaired) == []


@pytest.mark.parametrize(
    "source", ["schedule: >-\n  warmup(5)\n  then cosine(95)\n", "schedule: warmup(5)\n  then cosine(95)  # a\n", "schedule: >\n  # all of it\n\n  \n"]
)
def test_lines_that_may_be_joined(source: str) -> None:
    assert problems(source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("warm: 5\nschedule: warmup(${warm}) then cosin(9)\n", [("LR101", "error", "cosin")]),
        ("o:\n  warm: '5'\n  schedule: warmup(${.warm}) then restart cosine(95)\n", [("LR307", "warning", "restart cosine(95)")]),
        ("o: {warm: &w 5, at: *w}\np:\n  schedule: warmup(${o.at}) then cosin(${..o.warm})\n", [("LR101", "error", "cosin")]),
        ("p:\n  - 5\n  - schedule: warmup(${p.0}) then cosin(9)\n", [("LR101", "error", "cosin")]),
        ("warm: 5\nschedule: warmup(${optim.warm}) then cosin(9)\n", [("LR101", "error", "cosin")]),  # a file of the group `optim`
        ("schedule: warmup(${oc.env:WARM,5}) then restart cosine(${N:-9})\n", [("LR307", "warning", "restart cosine(${N:-9})")]),
        ("schedule: warmup(5) then hold({{ n | default(0.5) }}) then cosin(9)\n", [("LR101", "error", "cosin")]),
        ("warm: -5\nschedule: warmup(${warm}) then cosine(9)\n", [("LR131", "error", "${warm}")]),
        ("schedule: warmup(${warm}) then cosin(9)\n", [("LR903", "note", "${warm}"), ("LR101", "error", "cosin")]),
        ("warm: 5\nschedule: warmup(${warm}) then cosin(${n})\n", [("LR101", "error", "cosin"), ("LR903", "note", "${n}")]),
            ("schedule: cosine(${n}, too=0.1x) then ${more}\n", [("LR903", "note", "${n}"), ("LR102", "error", "too")]),
            ("schedule: warmup(${n}) then ${shape}(9, too=0) then ${more}\n", [("LR903", "note", "${n}")]),
            ("schedule: \"${definitions}; lr = warmup(5) then mine(9)\"\n", [("LR903", "note", "${definitions}")]),
        ("schedule: warmup(<steps>) then cosin(<total steps>)\n", [("LR903", "note", "<steps>"), ("LR101", "error", "cosin")]),
        ("schedule: hold until loss <0.3 or acc> 0.9 then cosine(9)\n", []),
        ("schedule: warmup(${n}) then cosine(9) then linear(5)\n", [("LR903", "note", "${n}"), ("LR402", "warning", "linear(5)")]),
        ("schedule: warmup(${n}) then cosine(9, to=${f}) then linear(5)\n", [("LR903", "note", "${n}")]),
        ("schedule: \"warmup(${n}, from=1x) then linear(9)\"\n", [("LR903", "note", "${n}"), ("LR316", "warning", "1x")]),
        ("schedule: let w = 5; lr = cosine(${n})\n", [("LR903", "note", "${n}")]),
        ("schedule: warmup(5) then restart ${shape}(9)\n", [("LR903", "note", "${shape}")]),
        ("warm: ???\nschedule: warmup(${warm}) then cosin(9)\n", [("LR903", "note", "${warm}"), ("LR101", "error", "cosin")]),
        ("warm: null\nschedule: warmup(${warm}) then cosin(9)\n", [("LR903", "note", "${warm}"), ("LR101", "error", "cosin")]),
        ("warm: [5]\nschedule: warmup(${warm}) then cosin(9)\n", [("LR903", "note", "${warm}"), ("LR101", "error", "cosin")]),
        ("a: 1\n---\nwarm: 5\n---\nschedule: warmup(${warm}) then cosin(9)\n", [("LR903", "note", "${warm}"), ("LR101", "error", "cosin")]),
        ("schedule: lr[\"{k}\"] = 0.5^k * cosin(9)\n", [("LR101", "error", "cosin")]),
        ("schedule: {{ .Values.schedule | quote }}\n", []),
        ("{{- if .Values.x }}\nschedule: '{{ .Values.schedule }}'\n{{- end }}\n", []),
        ("{% for n in names %}\nlr_schedule: warmup(5) then cosine({{ n }})\n{% endfor %}\n", [("LR903", "note", "%")]),
    ],
)  # fmt: skip
def test_placeholders(source: str, found: list[tuple[str, str, str]]) -> None:
    assert problems(source) == found


def test_repairs_leave_placeholders_alone() -> None:
    source = "w: 5\nschedule: warmup(${w}) then restart cosine(${oc.env:N,95})  # ${w}\n"
    assert check_source(Path("a.yaml"), source, SETTINGS, "safe").source == source.replace("restart ", "")
    source = "w: 0\nschedule: hold(${w}) then cosine(95)\n"
    assert check_source(Path("a.yaml"), source, SETTINGS, "unsafe").source == source
