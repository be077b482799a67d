"""Configs that programs make: calls of nested classes, and `TrainingArguments`. Numbers are compared with the formulas of the systems, written anew."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.cli import main
from lrdsl.dialects.reading import Reading
from lrdsl.dialects.sources import readings
from tests.dialects import systems
from tests.drawing import examples

SHARE = st.sampled_from([0.0, 0.01, 0.1, 0.5])
TITAN = "from torchtitan.components.optimizer import default_adamw, LRSchedulersContainer\n"


def only(text: str) -> Reading:
    (reading,) = readings(text, "config.py")
    return reading


def same(reading: Reading, levels: list[float], base: float, **clock: Any) -> None:
    assert reading.text is not None, reading
    assert (reading.unknown, float(reading.base or 0)) == ((), base)
    got = lrdsl.parse(reading.text, **{**clock, **reading.clock}).values(len(levels), base=base)
    assert got == pytest.approx(levels, rel=0, abs=1e-12 * base), reading.text


def keywords(values: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items() if value is not None)


@given(st.integers(1, 60), st.sampled_from([None, 0.0, 0.2, 0.35, 0.9]), st.sampled_from(["linear", "sqrt", "cosine"]), SHARE)
@examples(80)
def test_torchtitan(warm: int, ratio: float | None, kind: str, low: float) -> None:
    section = {"warmup_steps": warm, "decay_ratio": ratio, "decay_type": kind, "min_lr_factor": low}
    reading = only(f"""{TITAN}
def debug_model() -> Trainer.Config:
    spec = registry("debug")
    return Trainer.Config(
        model_spec=spec,
        optimizer=default_adamw(lr=3e-4),
        lr_scheduler=LRSchedulersContainer.Config({keywords(section)}),
        training=TrainingConfig(max_context_length=2048, steps=50),
        validator=Validator.Config(steps=10),
    )
""")
    same(reading, [systems.torchtitan(section, 3e-4, 50, t) for t in range(50)], 3e-4)
    assert (reading.dialect, reading.line) == ("torchtitan", 8)


@given(st.integers(0, 20), st.sampled_from(["linear", "cosine", "1-sqrt"]), st.sampled_from([None, 30]), st.sampled_from([None, 25, 70]))
@examples(60)
def test_nanotron(warm: int, style: str, fall: int | None, start: int | None) -> None:
    section = {"learning_rate": 3e-4, "lr_warmup_steps": warm, "lr_warmup_style": "linear", "lr_decay_style": style, "lr_decay_steps": fall,
               "lr_decay_starting_step": start, "min_decay_lr": 1e-5}  # fmt: skip
    reading = only(f"""
from nanotron.config import *
lr = LRSchedulerArgs({keywords(section)})
optimizer = OptimizerArgs(zero_stage=0, learning_rate_scheduler=lr, optimizer_factory=AdamWOptimizerArgs(adam_eps=1e-8))
tokens = TokensArgs(sequence_length=256, train_steps=100)
config = Config(general=GeneralArgs(project="debug"), optimizer=optimizer, tokens=tokens)
""")
    given = {key: v for key, v in section.items() if v is not None}
    same(reading, [systems.nanotron(given, 100, t) for t in range(100)], 3e-4)


def xtuner(kind: str, ratio: float, low: float, total: int, base: float, tick: int) -> float:
    """xtuner/v1/train/trainer.py, Trainer.build_lr_scheduler, and torch's closed forms."""
    warm = int(ratio * total) if ratio < 1 else int(ratio)
    if tick < warm:
        return base * tick / warm
    if kind == "constant":
        return base
    share = (tick - warm) / (total - warm)
    return base + (low - base) * share if kind == "linear" else low + (base - low) * (1 + math.cos(math.pi * share)) / 2


@given(st.sampled_from(["linear", "cosine", "constant"]), st.sampled_from([0, 0.03, 0.1, 0.5, 7]), st.sampled_from([0.0, 1e-6]), st.booleans())
@examples(60)
def test_xtuner(kind: str, ratio: float, low: float, in_epochs: bool) -> None:
    length = {"total_epoch": 4} if in_epochs else {"total_step": 88}
    reading = only(f"""
from xtuner.v1.config import AdamWConfig, LRConfig
lr_cfg = LRConfig(lr_type={kind!r}, warmup_ratio={ratio!r}, lr_min={low!r})
trainer = TrainerConfig(model_cfg=Tiny(), optim_cfg=AdamWConfig(lr=6e-5), lr_cfg=lr_cfg, {keywords(length)})
""")
    same(reading, [xtuner(kind, ratio, low, 88, 6e-5, t) for t in range(88)], 6e-5, **({"steps_per_epoch": 22} if in_epochs else {}))


ARGUMENTS = "from transformers import SchedulerType, TrainingArguments\n"
#: What stands in a program, and the text, the names that are not known, and the clock of each schedule.
CASES: tuple[tuple[str, list[tuple[str | None, tuple[str, ...], dict[str, Any]]]], ...] = (
    (
        f'{ARGUMENTS}TrainingArguments("out", learning_rate=1e-4, lr_scheduler_type="cosine", warmup_steps=10, max_steps=100)',
        [("hf.cosine(10, 100)", (), {"tick": "step", "total_steps": 100})],
    ),
    (
        f"{ARGUMENTS}a = TrainingArguments(lr_scheduler_type=SchedulerType.COSINE_WITH_RESTARTS, lr_scheduler_kwargs={{'num_cycles': 3}}, max_steps=n)",
        [("hf.cosine_with_restarts(0, n, cycles=3)", ("n",), {"tick": "step"})],
    ),
    (
        f"{ARGUMENTS}common = {{'warmup_steps': 5, 'max_steps': 50}}\na = TrainingArguments(lr_scheduler_type='linear', **common)",
        [("hf.linear(5, 50)", (), {"tick": "step", "total_steps": 50})],
    ),
    (f"{ARGUMENTS}a = TrainingArguments(**common, lr_scheduler_type='constant')", [(None, (), {})]),
    (f"{ARGUMENTS}a = TrainingArguments(**common, learning_rate=1e-4, num_train_epochs=3)", [(None, (), {})]),
    (f"{ARGUMENTS}a = TrainingArguments(lr_scheduler_type=pick(), max_steps=9)", [(None, (), {})]),
    (f"{ARGUMENTS}a = TrainingArguments('out', report_to='none')", []),
    ("a = OtherArguments(lr_scheduler_type='cosine', max_steps=9)", []),
    (
        f"{TITAN}c = LRSchedulersContainer.Config(warmup_steps=10, decay_type='cosine')",
        [("torchtitan.cosine(steps, warmup_steps=10)", ("steps",), {"tick": "step"})],
    ),
    (
        f"{TITAN}a = LRSchedulersContainer.Config(warmup_steps=10)\nc = A.Config(lr_scheduler=a, training=T(steps=40))\nd = B.Config(lr_scheduler=a, training=t)",
        [
            ("torchtitan.linear(40, warmup_steps=10)", (), {"tick": "step", "total_steps": 40}),
            ("torchtitan.linear(steps, warmup_steps=10)", ("steps",), {"tick": "step"}),
        ],
    ),
    (
        f"{TITAN}c = A.Config(lr_scheduler=LRSchedulersContainer.Config(warmup_steps=1, decay_ratio=0.0), training=TrainingConfig(steps=10))",
        [("warmup(1, touches=end)", (), {"tick": "step", "total_steps": 10})],
    ),
    (
        f"{TITAN}c = A.Config(lr_scheduler=LRSchedulersContainer.Config(**more), training=TrainingConfig(steps=40))",
        [(None, (), {})],
    ),
    (
        f"{TITAN}import torchtitan.components.optimizer as o\nc = replace(base(), lr_scheduler=o.LRSchedulersContainer.Config(warmup_steps=w))",
        [("torchtitan.linear(steps, warmup_steps=w)", ("steps", "w"), {"tick": "step"})],
    ),
    (
        "from nanotron.config import LRSchedulerArgs\nlr = LRSchedulerArgs(learning_rate=1e-3, lr_warmup_steps=5, lr_decay_style='cosine')",
        [("nanotron.cosine(5, train_steps - 5)", ("train_steps",), {"tick": "step"})],
    ),
    (
        "from nanotron.config import *\nl = LRSchedulerArgs(learning_rate=1e-3, lr_warmup_steps=100)\nc = C(optimizer=OptimizerArgs(learning_rate_scheduler=l), tokens=T(train_steps=10))",
        [("warmup(100)", (), {"tick": "step", "total_steps": 10})],
    ),
    (
        f"{TITAN}c = C.Config(lr_scheduler=LRSchedulersContainer.Config(warmup_steps=-5), training=T(steps=40))",
        [(None, (), {"tick": "step", "total_steps": 40})],
    ),
    (
        "from levanter.optim import AdamConfig\nc = TrainLmConfig(optimizer=AdamConfig(learning_rate=1e-3, warmup=10, lr_schedule='linear'), trainer=TrainerConfig(num_train_steps=100))",
        [("levanter.linear(100, warmup_steps=10)", (), {"tick": "step", "total_steps": 100})],
    ),
    ("from mine import LRConfig\nlr = Trainer(lr_cfg=LRConfig(lr_type='cosine'), total_step=8)", []),
    (
        "from xtuner.v1.config import *\nlr = Trainer(lr_cfg=LRConfig(5), total_step=8)\nn = LRConfig(lr_type='linear', warmup_ratio=2)",
        [(None, (), {}), ("warmup(2) then linear(total - 2, to=1e-6)", (), {"tick": "step"})],
    ),
)


@pytest.mark.parametrize(("text", "schedules"), CASES)
def test_what_a_program_says_of_a_config(text: str, schedules: list[Any]) -> None:
    found = readings(text, "train.py")
    assert [(one.text, tuple(sorted(one.unknown)) if one.text else (), dict(one.clock)) for one in found] == schedules
    for one in found:
        begin, end = one.extent
        assert 0 <= begin < end <= len(text)
        assert one.text is not None or one.problems


def test_a_notebook_makes_configs_too() -> None:
    cells = [
        {"cell_type": "code", "source": ["!pip install torchtitan\n", TITAN]},
        {"cell_type": "code", "source": ["\n", "c = A.Config(lr_scheduler=LRSchedulersContainer.Config(warmup_steps=2), training=T(steps=40))\n"]},
    ]
    (reading,) = readings(json.dumps({"cells": cells}), "train.ipynb")
    assert (reading.text, reading.cell) == ("torchtitan.linear(40, warmup_steps=2)", (2, 2))


def test_a_pasted_config_is_read() -> None:
    schedule = lrdsl.read("TrainingArguments('out', lr_scheduler_type='linear', warmup_steps=5, max_steps=50)")
    assert str(schedule) == "hf.linear(5, 50)"


def test_a_deep_or_endless_config_is_read_in_bounds() -> None:
    loop = f"{TITAN}a = b\nb = a\nc = A.Config(lr_scheduler=LRSchedulersContainer.Config(warmup_steps=a), training=b)"
    assert only(loop).text == "torchtitan.linear(steps, warmup_steps=a)"
    many = TITAN + "LRSchedulersContainer.Config(warmup_steps=1)\n" * 300
    assert len(readings(many, "many.py")) == 200


def test_the_linter_reads_them_in_their_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.py"
    path.write_text(f"{TITAN}c = A.Config(\n    lr_scheduler=LRSchedulersContainer.Config(warmup_steps=500),\n    training=T(steps=100),\n)\n", "utf-8")
    assert main(["check", str(path), "--isolated", "--no-cache", "--format", "concise"]) == 1
    assert capsys.readouterr().out == f"{path}:3:47: LR605 the warmup of 500 is longer than the run of 100 steps; make it shorter\n"
