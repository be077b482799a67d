"""Tests of what is read beside a file: cells of a notebook, definitions and data of the same repository, and the keys that reports stand at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.training.catalogue import reports

_SCHEDULERS = """
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, StepLR

def build_scheduler(optimizer, name, total):
    if name == "cosine":
        return CosineAnnealingLR(optimizer, T_max=total)
    elif name == "step":
        return StepLR(optimizer, total // 3)
    raise ValueError(name)

def warmup_scheduler(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return step / warmup
        return max(0.0, (total - step) / (total - warmup))
    return LambdaLR(optimizer, factor)

class PolyLR(LambdaLR):
    def __init__(self, optimizer, total):
        super().__init__(optimizer, lambda step: 1 - step / total)
"""
_TRAIN = """
import torch
from {module} import build_scheduler, warmup_scheduler, PolyLR

def fit(model, loader, args):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = {call}
    for epoch in range(100):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
"""


def _codes(path: Path, folder: Path) -> list[str]:
    return [d.code for d in reports(path.read_text("utf-8"), str(path), folder)]


@pytest.mark.parametrize("module", ["tools.optim", ".optim", "tools"])
@pytest.mark.parametrize(
    ("call", "codes"),
    [
        ("build_scheduler(optimizer, 'cosine', len(loader) * args.epochs)", ["LR601"]),
        ("build_scheduler(optimizer, 'cosine', 25)", ["LR603"]),
        ("build_scheduler(optimizer, 'step', 90)", []),
        ("build_scheduler(optimizer, args.name, 25)", []),
        ("warmup_scheduler(optimizer, 3, args.epochs * len(loader))", ["LR601"]),
        ("PolyLR(optimizer, total=len(loader) * 100)", ["LR601"]),
        ("PolyLR(optimizer, total=100)", []),
    ],
)
def test_a_scheduler_that_another_file_builds_is_read_there(tmp_path: Path, module: str, call: str, codes: list[str]) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "optim.py").write_text(_SCHEDULERS, "utf-8")
    (tmp_path / "tools" / "__init__.py").write_text("from .optim import PolyLR, build_scheduler, warmup_scheduler\n", "utf-8")
    path = tmp_path / ("tools" if module.startswith(".") else "") / "train.py"
    path.write_text(_TRAIN.format(module=module, call=call), "utf-8")
    assert _codes(path, tmp_path) == codes


def test_nothing_outside_of_the_folder_is_read(tmp_path: Path) -> None:
    inner = tmp_path / "repository"
    inner.mkdir()
    (tmp_path / "optim.py").write_text(_SCHEDULERS, "utf-8")
    (tmp_path / "conf.yaml").write_text("epochs: 30\nstep: 40\n", "utf-8")
    (inner / "linked.py").symlink_to(tmp_path / "optim.py")
    path = inner / "train.py"
    for module in ("..optim", "optim", "linked"):
        path.write_text(_TRAIN.format(module=module, call="build_scheduler(optimizer, 'cosine', 25)"), "utf-8")
        assert _codes(path, inner) == []
        assert module != "optim" or _codes(path, tmp_path) == ["LR603"]
    path.write_text(_LOADED.format(load='OmegaConf.load("../conf.yaml")'), "utf-8")
    assert _codes(path, inner) == []
    assert _codes(path, tmp_path) == ["LR602"]


_LOADED = """
import torch, yaml
from omegaconf import OmegaConf
from torch.optim.lr_scheduler import StepLR

cfg = {load}

def fit(model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, cfg["step"])
    for epoch in range(cfg["epochs"]):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
"""


@pytest.mark.parametrize("load", ['OmegaConf.load("conf/train.yaml")', 'yaml.safe_load(open("conf/train.yaml"))'])
def test_a_file_of_data_that_a_program_names_is_read_as_data(tmp_path: Path, load: str) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text("epochs: 30\nstep: 40\n", "utf-8")
    for path in (tmp_path / "train.py", tmp_path / "src" / "train.py"):
        path.write_text(_LOADED.format(load=load), "utf-8")
        assert _codes(path, tmp_path) == ["LR602"]
    (tmp_path / "conf" / "train.yaml").write_text("epochs: 90\nstep: !!python/object/apply:os.system [exit]\n", "utf-8")
    assert _codes(tmp_path / "train.py", tmp_path) == []


_CELLS = (
    "# words",
    "%matplotlib inline\n!pip install torch\nimport torch\nfrom torch.optim.lr_scheduler import OneCycleLR",
    "this is no Python",
    "EPOCHS = 10\nopt = torch.optim.Adam(model.parameters())\nsched = OneCycleLR(opt, 1e-2, steps_per_epoch=len(train_dl), epochs=EPOCHS)",
    "for epoch in range(EPOCHS):\n    for xb, yb in train_dl:\n        model(xb).backward()\n        opt.step()\n    sched.step()",
)


def _notebook(*cells: str) -> str:
    kinds = ["markdown" if cell.startswith("#") else "code" for cell in cells]
    listed = [{"cell_type": kind, "metadata": {}, "source": cell.splitlines(keepends=True)} for kind, cell in zip(kinds, cells, strict=True)]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def test_the_cells_of_a_notebook_are_one_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.ipynb"
    path.write_text(_notebook(*_CELLS), "utf-8")
    assert main(["check", str(path), "--format", "json", "--isolated"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert problem["code"] == "LR601"
    assert problem["message"].startswith("line 3 of cell 4: ")
    assert "`sched.step()` in line 5 of cell 5" in problem["message"]
    lines = path.read_text("utf-8").splitlines()
    start, end = (problem["span"][side] for side in ("start", "end"))
    assert lines[start["line"] - 1][start["column"] - 1 : end["column"] - 1] == "steps_per_epoch=len(train_dl), epochs=EPOCHS"[len("steps_per_epoch=") :]
    assert main(["check", str(path), "--explain-run"]) == 0
    assert "train.ipynb, line 3 of cell 4" in capsys.readouterr().out
    path.write_text(_notebook(*_CELLS[:-1], _CELLS[-1].replace("    sched", "        sched")), "utf-8")
    assert main(["check", str(path), "--isolated"]) == 0


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        (
            "cli.yaml",
            "trainer:\n  max_epochs: 200\nlr_scheduler:\n  class_path: torch.optim.lr_scheduler.CosineAnnealingLR\n  init_args:\n    T_max: 25\n",
            "T_max: 25",
        ),
        (
            "nanotron.yaml",
            "optimizer:\n  learning_rate_scheduler:\n    learning_rate: 3.0e-4\n    lr_warmup_steps: 10\n    lr_decay_steps: 40\n    lr_decay_style: cosine\n"
            "    min_decay_lr: 1.0e-6\ntokens:\n  train_steps: 5000\n",
            "lr_decay_steps: 40",
        ),
        ("basicsr.yml", "train:\n  scheduler:\n    type: MultiStepLR\n    milestones: [250000]\n  total_iter: 100000\n", "milestones: [250000]"),
        ("detectron2.yaml", "SOLVER:\n  BASE_LR: 0.02\n  STEPS: (60000, 80000)\n  MAX_ITER: 9000\n", "STEPS: (60000, 80000)"),
        ("titan.toml", "[optimizer]\nlr = 3e-4\n\n[lr_scheduler]\nwarmup_steps = 2000\n\n[training]\nsteps = 1000\n", "warmup_steps = 2000"),
        (
            "cli.json",
            '{"trainer": {"max_epochs": 200}, "lr_scheduler": {"class_path": "torch.optim.lr_scheduler.CosineAnnealingLR", "init_args": {"T_max": 25}}}',
            '"T_max": 25',
        ),
        (
            "mm.py",
            "param_scheduler = [dict(type='MultiStepLR', milestones=[90, 110], by_epoch=True)]\ntrain_cfg = dict(type='EpochBasedTrainLoop', max_epochs=30)\n",
            "milestones=[90, 110]",
        ),
    ],
)
def test_a_report_stands_at_the_key_that_is_wrong(name: str, text: str, key: str) -> None:
    (problem,) = reports(text, name)
    assert text[problem.span.start.offset : problem.span.end.offset] == key
