"""Tests with config files as projects write them: schedules are found, unreadable parts are reported, and nothing crashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.linting.hosts import UnreadableError
from lrdsl.linting.projects import check_source, formatted
from lrdsl.linting.settings import Settings
from tests.drawing import examples

LIGHTNING = """\
# lightning.pytorch==2.6
seed_everything: true
trainer:
  accelerator: auto
  max_epochs: 90
  callbacks:
    - class_path: lightning.pytorch.callbacks.LearningRateMonitor
      init_args: {logging_interval: step}
optimizer:
  class_path: torch.optim.SGD
  init_args: {lr: 0.1, momentum: 0.9}
lr_scheduler:
  class_path: lrdsl.torch.LRScheduler
  init_args:
    schedule: warmup(5) then restart cosine(85)
"""
HYDRA = """\
# @package _global_
defaults:
  - _self_
  - override /model: resnet
  - optional experiment@_global_: null
hydra:
  run: {dir: "outputs/${now:%Y-%m-%d}/${hydra.job.num}"}
steps: 1_000
lr: ${oc.env:LR,0.1}
optim:
  _target_: torch.optim.AdamW
  _partial_: true
  lr_scheduler: null
schedule: warmup(${warmup_steps}) then cosine(${steps})
ema_schedule: "hold(3) then restart cosin(4)"
total: ???
"""
MMENGINE = """\
_base_ = ['../_base_/schedules/schedule_1x.py', '../_base_/default_runtime.py']
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=1)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', begin=0, end=12, by_epoch=True, milestones=[8, 11], gamma=0.1),
]
lr_schedule = 'warmup(500) then restart step(8, 0.1)'
optim_wrapper = dict(optimizer=dict(lr=0.02), schedule='hold(3) then cosin(9)')
"""
DOCUMENTS = """\
%YAML 1.2
--- # one
base: &base
  lr_schedule: &s !str "warmup(5) then restart cosine(9)"
  <<: {a: 1}
child: {<<: *base, other_schedule: *s}
...
---
!python/object:x.Y
schedule: !!str |+2
    hold(3) then
    restart cosin(4)

--- []
--- "schedule"
"""
JINJA = """\
{% set epochs = 90 %}
schedule: warmup(5) then cosine({{ epochs }})
{%- for name in names %}
{{ name }}_schedule: hold(3)
{% endfor %}
"""
HELM = """\
schedule: {{ .Values.schedule | quote }}
env:
{{- toYaml .Values.env | nindent 2 }}
"""
GITHUB = """\
on:
  schedule:
    - cron: "0 5 * * 1"
  push: {branches: [main]}
jobs:
  test:
    steps:
      - run: echo "${{ matrix.schedule }}" && python -c 'linear(3)'
"""


@pytest.mark.parametrize(
    ("name", "source", "codes"),
    [
        ("lightning.yaml", LIGHTNING, ["LR307"]),
        ("hydra.yaml", HYDRA, ["LR903", "LR101"]),
        ("mmengine.py", MMENGINE, ["LR307", "LR101"]),
        ("documents.yaml", DOCUMENTS, ["LR307", "LR101"]),
        ("jinja.yaml", JINJA, ["LR903"]),
        ("helm.yaml", HELM, []),
        ("github.yml", GITHUB, []),
        ("bom.yaml", "\ufeffschedule: hold(3) then cosin(4)\n", ["LR101"]),
        ("tabs.yaml", "a:\n\tschedule: hold(3)\n", ["LR903"]),
        ("twice.yaml", "schedule: hold(3)\nschedule: cosin(4)\n", ["LR101"]),
        ("format.py", "x_schedule = 'cosine({n:d})'\nschedule = 'cosin({n})'.format(n=4)\nlr_schedule = f'cosin({n})'\n", ["LR903", *["LR101", "LR903"] * 2]),
        ("kubernetes.yaml", "schedule: warmup($(WARM)) then cosine($(STEPS))\n", ["LR903"]),
        ("opened.yaml", "schedule: warmup(${w}) then cosine(rest\n", ["LR903", "LR003"]),
        ("closed.yaml", "schedule: warmup(5)) then cosine(${n})\n", ["LR003", "LR903"]),
        ("opens.yaml", "schedule: ${warmup}5) then cosine(rest)\n", ["LR903"]),
        ("closes.yaml", "schedule: warmup(5) then cosine(${n_and_more}\n", ["LR903"]),
        ("shell.json", '{"schedule": "cosine($STEPS)", "old_schedule": "cosin{20} then hold(3)"}', ["LR903", "LR101", "LR001", "LR001"]),
    ],
)
def test_configs_of_many_kinds(tmp_path: Path, name: str, source: str, codes: list[str]) -> None:
    s = Settings.of(tmp_path)
    found = check_source(tmp_path / name, source, s).diagnostics
    assert [d.code for d in found] == codes
    for d in found:
        if d.code == "LR101" and d.fix is not None:
            assert source[d.span.start.offset : d.span.end.offset] == "cosin"
        if d.code == "LR307":
            assert source[d.span.start.offset :].startswith("restart ")
    repaired = check_source(tmp_path / name, source, s, "safe").source
    assert repaired == (source.replace("restart step", "step").replace("restart cosine", "cosine"))


@pytest.mark.parametrize("name", ["hydra.yaml", "jinja.yaml"])
def test_what_cannot_be_read_can_be_silenced(tmp_path: Path, name: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.lrdsl]\nignore = ["LR903"]\n', "utf-8")
    source = {"hydra.yaml": HYDRA, "jinja.yaml": JINJA}[name]
    assert "LR903" not in [d.code for d in check_source(tmp_path / name, source, Settings.of(tmp_path)).diagnostics]


_PIECES = st.sampled_from([
    "schedule: ", "x: ", "- ", "? ", ": ", "\n", "\n  ", "\n\n", "\r\n", "\t", "'", '"', "|", ">-", "|+2", "&a ", "*a", "!t ", "!!str ", "<<: ", "{", "}", "[", "]", ",", "# lrs", "---\n", "...",
    "%YAML 1.1\n", "{{ x }}", "{% if %}", "${a.b}", "hold(3)", "warmup(5) then cosine(9)", "cosin(", "é", "𝕏", "\ufeff", "\u2028", "\x85", "\\", "\\n", "\\u0041", "''", '""', "@", "`", "%", "=", "def f():", "\"\"\"", "'''",
])  # fmt: skip


@examples(300)
@given(source=st.lists(_PIECES, max_size=25).map("".join), kind=st.sampled_from(["yaml", "toml", "json", "py", "ipynb"]))
def test_no_text_crashes(source: str, kind: str) -> None:
    path, s = Path(f"a.{kind}"), Settings(Path())
    source = "# schedule lrs\n" + source if kind != "json" else source
    found = check_source(path, source, s).diagnostics
    for d in found:
        assert 0 <= d.span.start.offset <= d.span.end.offset <= len(source) + 1
    repaired = check_source(path, source, s, "unsafe").source
    assert check_source(path, repaired, s, "unsafe").source == repaired
    try:
        laid_out = formatted(path, source, s)
    except UnreadableError:
        return
    assert formatted(path, laid_out, s) == laid_out
