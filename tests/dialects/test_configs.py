"""Configs: which are recognized, what is known and what stays a name, the units of their keys, what a framework ignores, and hostile ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects import CONFIGS, dialect
from lrdsl.dialects.config import UNITS
from lrdsl.dialects.configs import readings, readings_in, readings_of_call
from lrdsl.dialects.reading import Reading
from lrdsl.syntax import parse
from tests.documents.test_documents import BOMB
from tests.drawing import examples

#: A config of each kind, and what it comes to: the dialect, the text, and the clock.
CASES: tuple[tuple[str, str, str, str, Mapping[str, Any]], ...] = (
    ("a.yaml", "trainer: {max_epochs: 200}\nlr_scheduler:\n  class_path: torch.optim.lr_scheduler.CosineAnnealingLR\n  init_args: {T_max: 25}\n",
     "constructors", "bounce(cosine(25))", {"tick": "epoch", "total_epochs": 200}),
    ("a.yaml", "_target_: torch.optim.lr_scheduler.StepLR\n_partial_: true\nstep_size: 30\n", "constructors", "step(30)", {}),
    ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.MultiStepLR, milestones: [3, 5]}\ninterval: epoch\n", "constructors", "multistep([3, 5])", {"tick": "epoch"}),
    ("a.json", '{"lr_scheduler": {"type": "StepLR", "args": {"step_size": 50}}}', "constructors", "step(50)", {}),
    ("a.yaml", "scheduler: {name: timm.scheduler.CosineLRScheduler, params: {t_initial: 10}}", "constructors", "timm.cosine(10)", {}),
    ("a.yaml", "lr_scheduler_type: cosine\nnum_train_epochs: 3\nwarmup_ratio: 0.03\n", "transformers", "hf.cosine(ceil(0.03 * total), total)", {"tick": "step", "total_epochs": 3}),
    ("a.yaml", "lr_scheduler_type: linear\nnum_train_epochs: 0.5\nwarmup_steps: 10\n", "transformers", "hf.linear(10, ceil(total))", {"tick": "step", "total_epochs": Fraction(1, 2)}),
    ("a.yml", "base_model: x\nmicro_batch_size: 2\nlr_scheduler: cosine\nnum_epochs: 4\nwarmup_steps: 10\n", "axolotl", "hf.cosine(10, total)", {"tick": "step", "total_epochs": 4}),
    (
        "a.yml",
        "base_model: x\nmicro_batch_size: 2\nlr_scheduler: cosine\nmax_steps: 100\nwarmup_steps: 10\ncosine_min_lr_ratio: 0.1\ncosine_constant_lr_ratio: 0.8\n",
        "axolotl",
        "warmup(10) then cosine(70, to=0.1x)",
        {"tick": "step", "total_steps": 100},
    ),
    ("a.py", "lr_config = dict(policy='step', warmup='linear', warmup_iters=500, warmup_ratio=0.001, step=[8, 11])\nrunner = dict(type='EpochBasedRunner', max_epochs=12)\n",
     "mmcv", "multistep([8ep, 11ep]) * warmup(500, from=0.001x)", {"tick": "step", "total_epochs": 12}),
    ("a.py", "lr_config = dict(policy='poly', power=0.9)\nrunner = dict(type='IterBasedRunner', max_iters=400)\n", "mmcv", "poly(total, power=0.9)", {"tick": "step", "total_steps": 400}),
    ("a.yaml", "SOLVER:\n  STEPS: (60000, 80000)\n  MAX_ITER: 90000\n", "detectron2", "warmup_multistep(1000, [60000, 80000], from=0.001x)", {"tick": "step", "total_steps": 90000}),
    ("a.yaml", "max_duration: 1ep\nscheduler: {name: cosine_with_warmup, t_warmup: 100ba, alpha_f: 0.1}\n", "composer", "composer.cosine_annealing_with_warmup(100, alpha_f=0.1)", {"tick": "step", "total_epochs": 1}),
    ("a.toml", "[training]\nsteps = 100\n[lr_scheduler]\nwarmup_steps = 2\n", "torchtitan", "torchtitan.linear(100, warmup_steps=2)", {"tick": "step", "total_steps": 100}),
    ("a.sh", "LR=3e-4\npretrain --lr $LR --train-iters 500 \\\n --lr-decay-style cosine --lr-warmup-iters 20\n", "megatron", "megatron.cosine(20, 500)", {"tick": "step", "total_steps": 500}),
    ("a.gin", "TRAIN_STEPS = 10\nutils.create_learning_rate_scheduler:\n  factors = 'constant * rsqrt_decay'\n  warmup_steps = 10\n", "t5x", "max(scale(1 / sqrt(max(t, 10))), 1e-8)", {"tick": "step", "total_steps": 10}),
    ("a.yaml", "scheduler: {name: cosine_with_warmup, t_warmup: 10ba, t_max: 2ep}\nscale_schedule_ratio: 0.5\nmax_duration: 4ep\n", "composer",
     "composer.cosine_annealing_with_warmup(10, t_max=1ep)", {"tick": "step", "total_epochs": 2}),
    ("a.py", "lr_config = dict(policy='OneCycle', max_lr=0.1)\nmomentum_config = dict(policy='OneCycle')\nrunner = dict(type='EpochBasedRunner', max_epochs=4)\n", "mmcv",
     "lr = onecycle(total, peak=0.1); momentum = onecycle.momentum(total)", {"tick": "step", "total_epochs": 4}),
    ("a.yaml", "sched: step\nepochs: 20\nwarmup_epochs: 0\ndecay_epochs: 2.4\ndecay_rate: 0.97", "timm", "timm.step(2.4, rate=0.97)", {"tick": "epoch", "total_epochs": 20}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "text", "library", "schedule", "clock"), CASES)
def test_a_config_is_read(name: str, text: str, library: str, schedule: str, clock: Mapping[str, Any]) -> None:
    (reading,) = readings(text, name)
    assert (reading.dialect, reading.text, dict(reading.clock), reading.unknown) == (library, schedule, clock, ())
    begin, end = reading.extent
    assert 0 <= begin < end <= len(text)
    assert reading.line == text.count("\n", 0, begin) + 1


#: Files that look like a config that holds a schedule, and do not say which.
NONE = (
    ("a.yaml", "scheduler:\n  name: cron\n  every: 5\n"),
    ("a.yaml", "scheduler: cosine\nlr: 0.1\nepochs: 10\n"),
    ("a.yaml", "lr_scheduler: {type: StepLR, step_sizes: 3}\n"),
    ("a.yaml", "lr_scheduler: {type: MyLR, gamma: 3}\n"),
    ("a.yaml", "model: {_target_: torch.nn.Linear, in_features: 1}\n"),
    ("a.yaml", "s: {_target_: mine.lr_scheduler.StepLR, step_size: 1}\n"),
    ("a.yaml", "apiVersion: v1\nkind: Pod\nspec: {schedulerName: x, scheduler: {type: y}}\n"),
    ("a.yaml", "SOLVER: {MAX_EPOCHS: 120, BASE_LR: 0.1, STEPS: [40, 70]}\n"),
    ("a.yaml", "param_scheduler: fixed\nlr_config: none\n"),
    ("a.yaml", "jobs: {lint: {steps: [{run: lr_scheduler_type}]}}\n"),
    ("a.json", '{"scheduler": {"type": "daily"}, "optimizer": {}}'),
    ("a.json", '{"scripts": {"schedule": "x"}}'),
    ("a.py", "param_scheduler = make()\nlr_config = 3\n"),
    ("a.py", "scheduler = StepLR(opt, 30)\n"),
    ("a.sh", "run --lr 0.1 --scheduler cosine\n"),
    ("a.md", "lr_scheduler_type: cosine\n"),
    ("a.yaml", "{{ values }}\nlr_scheduler_type: cosine\n"),
    ("package.json", "{}"),
    ("a.py", "from mmengine.hooks import ParamSchedulerHook\ndefault_hooks = dict(param_scheduler=dict(type=ParamSchedulerHook))\n"),
    ("a.py", "default_hooks = dict(param_scheduler=dict(type='ParamSchedulerHook'))\n"),
)


@pytest.mark.parametrize(("name", "text"), NONE)
def test_what_is_no_config_of_a_known_system_is_not_guessed(name: str, text: str) -> None:
    assert readings(text, name) == []


@pytest.mark.parametrize(
    ("name", "text", "unknown", "schedule"),
    [
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: ${steps}\nwarmup_steps: 5\n", ("steps",), "hf.cosine(5, steps)"),
        ("a.yaml", "n: 40\nlr_scheduler_type: cosine\nmax_steps: ${n}\nwarmup_steps: 5\n", (), "hf.cosine(5, 40)"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.CosineAnnealingLR, T_max: null}\n", ("T_max",), "bounce(cosine(T_max))"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.CosineAnnealingLR, T_max: '${trainer.max_epochs}'}\n", ("max_epochs",), "bounce(cosine(max_epochs))"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.CosineAnnealingLR, T_max: '${eval:3*4}'}\n", ("T_max",), "bounce(cosine(T_max))"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: '${cosine}'}\n", ("cosine_",), "step(cosine_)"),
        ("a.yaml", "base_model: x\nmicro_batch_size: 2\nlr_scheduler: cosine\nnum_epochs: 4\n", ("warmup_steps",), "hf.cosine(warmup_steps, total)"),
        ("a.yaml", "s: {_target_: transformers.get_linear_schedule_with_warmup, _partial_: true, num_warmup_steps: 5}\n", ("num_training_steps",),
         "hf.linear(5, num_training_steps)"),
        ("a.yaml", "epochs: 3\nlr_scheduler:\n  _component_: torchtune.training.lr_schedulers.get_cosine_schedule_with_warmup\n  num_warmup_steps: 9\n",
         ("num_training_steps",), "hf.cosine(9, num_training_steps)"),
        ("a.yaml", "_BASE_: x.yaml\nSOLVER: {STEPS: '(6, 8)', MAX_ITER: 9}\n", ("warmup_iters", "gamma", "warmup_factor"),
         "warmup_multistep(warmup_iters, [6, 8], gamma=gamma, from=warmup_factor * base)"),
        ("a.json", '{"scheduler": {"type": "WarmupLR", "params": {"warmup_min_lr": 0, "warmup_max_lr": "auto", "warmup_num_steps": "auto"}}}',
         ("warmup_max_lr", "warmup_num_steps"), "deepspeed.warmup_lr(0, warmup_max_lr, warmup_num_steps)"),
        ("a.sh", "run --lr-decay-style linear --lr $LR --train-iters $N\n", ("N",), "megatron.linear(0, N)"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_file_stays_a_name(name: str, text: str, unknown: tuple[str, ...], schedule: str) -> None:
    (reading,) = readings(text, name)
    assert (reading.unknown, reading.text) == (unknown, schedule)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.yaml", "lr_scheduler_type: ${kind}\nlearning_rate: 1\n", "not in the file"),
        ("a.yaml", "lr_scheduler_type: greedy\nlearning_rate: 1\n", "no schedule of the tick"),
        ("a.yaml", "lr_scheduler_type: odd\nlearning_rate: 1\n", "is one of"),
        ("a.yaml", "lr_scheduler: {class_path: torch.optim.lr_scheduler.OneCycleLR, init_args: {max_lr: 0.1}}", "total_steps"),
        ("a.yaml", "lr_scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {steps: 1}}", "no parameter `steps`"),
        ("a.json", '{"scheduler": {"type": "WarmupLR", "params": {"odd": 1}}}', "no parameter `odd`"),
        ("a.py", "param_scheduler = [dict(type='QuadraticWarmupLR', end=5)]", "no scheduler of mmengine"),
        ("a.py", "param_scheduler = [dict(type='LinearLR', end=f())]", "not in the file"),
        (
            "a.yaml",
            "scheduler: {name: cosine_with_warmup, t_warmup: 1ba, scale_warmup: true}\nscale_schedule_ratio: 0.5\nmax_duration: 4ep\n",
            "scale_schedule_ratio",
        ),
        ("a.yaml", "lr0: 0.01\nlrf: 0.1\nwarmup_epochs: 3\n", "flags of train.py"),
        ("a.yaml", "lr_scheduler_type: [1", "not YAML"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: abc}\n", "`step_size` is a word where a number belongs: 'abc'"),
        ("a.yaml", "lr_scheduler: {type: MultiStepLR, args: {milestones: [3, many]}}\n", "'many'"),
        ("a.yaml", "SOLVER: {MAX_ITER: 90, STEPS: [60], WARMUP_ITERS: few}\n", "'few'"),
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: many\nlearning_rate: 1\n", "'many'"),
        ("a.py", "param_scheduler = [dict(type='StepLR', step_size='abc')]\n", "'abc'"),
        ("a.py", "lr_config = dict(policy='exp', gamma='small')\n", "'small'"),
        ("a.json", '{"scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": "a few"}}}', "'a few'"),
        ("a.yaml", "optimizer: {learning_rate: 1, min_lr_ratio: least}\ntrainer: {num_train_steps: 9}\n", "'least'"),
        ("a.yaml", "lr_scheduler_type: cosine\nlearning_rate: 1\nmax_steps: .nan\n", "no number"),
    ],
)
def test_what_has_no_text_says_why(name: str, text: str, reason: str) -> None:
    (reading,) = readings(text, name)
    assert reading.text is None
    assert reason in " ".join(reading.problems)
    with pytest.raises(lrdsl.ScheduleError, match="LR160"):
        reading.schedule()


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("lr_scheduler_type: constant\nwarmup_ratio: 0.1\nlearning_rate: 1\n", {"warmup_ratio"}),
        ("lr_scheduler_type: constant_with_warmup\nwarmup_ratio: 0.1\nlearning_rate: 1\n", set()),
        ("lr_scheduler_type: cosine\nwarmup_ratio: 0.1\nwarmup_steps: 5\nmax_steps: 10\nnum_train_epochs: 3\n", {"warmup_ratio", "num_train_epochs"}),
        ("lr_config: {policy: step, step: [1], warmup_iters: 5}\n", {"lr_config.warmup_iters"}),
        ("SOLVER: {LR_SCHEDULER_NAME: WarmupCosineLR, MAX_ITER: 5, STEPS: [3], GAMMA: 0.1}\n", {"SOLVER.STEPS", "SOLVER.GAMMA"}),
        ("sched: cosine\nepochs: 5\nwarmup_epochs: 0\nmin_lr: 0\ndecay_epochs: 3\ndecay_rate: 0.1\n", {"decay_epochs", "decay_rate"}),
        ("lr_decay_style: constant\nlr: 1\nmin_lr: 0.1\nlr_decay_iters: 5\n", {"min_lr", "lr_decay_iters"}),
    ],
)
def test_ignored_keys_are_known(text: str, ignored: set[str]) -> None:
    (reading,) = readings(text, "a.yaml")
    assert {fact.name for fact in reading.facts if fact.ignored} == ignored
    assert all(any(f"`{name}`" in problem for problem in reading.problems) for name in ignored)


def test_facts_have_their_unit_and_place() -> None:
    text = "learning_rate: 1e-4\nnum_train_epochs: 3\nwarmup_ratio: 0.1\nmax_steps: -1\n"
    (reading,) = readings(text, "a.yaml")
    facts = {fact.name: fact for fact in reading.facts}
    assert {name: (fact.unit, fact.role) for name, fact in facts.items()} == {
        "learning_rate": ("", "base"),
        "num_train_epochs": ("epoch", "length"),
        "warmup_ratio": ("share", "warmup"),
        "max_steps": ("step", "length"),
    }
    assert facts["learning_rate"].value == reading.base == Fraction(1, 10000)
    assert (facts["warmup_ratio"].line, text[slice(*facts["warmup_ratio"].extent)]) == (3, "warmup_ratio: 0.1")


@pytest.mark.parametrize("name", CONFIGS)
def test_each_dialect_of_configs_is_declared_whole(name: str) -> None:
    declared = dialect(name)
    assert (declared.name, bool(declared.layouts), bool(declared.counting), bool(declared.address)) == (name, True, True, True)
    for layout in declared.layouts:
        names = [key.name for key in layout.keys]
        assert len(set(names)) == len(names)
        assert all(key.unit in ("", *UNITS) for key in layout.keys)
        assert all(key.unit for key in layout.keys if key.role in ("length", "warmup")), "a time has a unit"
    for entry in declared.entries:
        assert entry.forms or entry.reason


def test_lrdsl_reads_a_config() -> None:
    config = {"lr_scheduler_type": "linear", "max_steps": 100, "warmup_steps": 10}
    assert lrdsl.read(config) == lrdsl.read([config]) == lrdsl.parse("hf.linear(10, 100)", total_steps=100)
    assert lrdsl.read({**config, "max_steps": "${n}"}, names={"n": 100}) == lrdsl.parse("hf.linear(10, 100)")
    for nothing in ({}, {"a": 1}, [], [{"x": "y"}]):
        with pytest.raises(lrdsl.ScheduleError, match="LR160"):
            lrdsl.read(nothing)
    with pytest.raises(lrdsl.ScheduleError, match="2 schedules"):
        lrdsl.read([config, {**config, "max_steps": 5}])


def test_a_base_config_is_found_in_the_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("lr_config = dict(policy='step', step=[8, 11])\nrunner = dict(max_epochs=12)\n", "utf-8")
    own, text = tmp_path / "own.py", "_base_ = './base.py'\nlr_config = dict(step=[16, 22])\nrunner = dict(max_epochs=24)\n"
    (reading,) = readings(text, str(own), tmp_path)
    assert (reading.text, dict(reading.clock)) == ("multistep([16, 22])", {"tick": "epoch", "total_epochs": 24})
    assert readings(text, str(own)) == []
    assert readings(text, str(own), tmp_path / "other") == []


def test_a_base_of_yaml_is_found_in_the_folder_alone(tmp_path: Path) -> None:
    """detectron2's `_BASE_`: with all of its files, what they leave out are defaults; else it stays a name."""
    inside = tmp_path / "repository"
    (inside / "configs").mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text("SOLVER: {WARMUP_ITERS: 7}\n", "utf-8")
    (inside / "Base.yaml").write_text("SOLVER: {STEPS: '(6, 8)', MAX_ITER: 9, BASE_LR: 0.02, WARMUP_ITERS: 2}\n", "utf-8")
    own, text = inside / "configs" / "own.yaml", "_BASE_: ../Base.yaml\nSOLVER: {MAX_ITER: 18, STEPS: '(12, 16)'}\n"
    (reading,) = readings(text, str(own), inside)
    assert (reading.text, reading.base, reading.unknown) == ("warmup_multistep(2, [12, 16], from=0.001x)", Fraction(1, 50), ())
    assert reading.line == 2
    for folder in (None, inside / "configs"):
        (reading,) = readings(text, str(own), folder)
        assert set(reading.unknown) == {"warmup_iters", "gamma", "warmup_factor"}
    (inside / "Base.yaml").write_text("_BASE_: ../outside.yaml\nSOLVER: {STEPS: '(6, 8)', GAMMA: 0.5}\n", "utf-8")
    (reading,) = readings(text, str(own), inside)
    assert (set(reading.unknown), "gamma=0.5" in (reading.text or "")) == ({"warmup_iters", "warmup_factor"}, True)
    (inside / "Base.yaml").write_text("_BASE_: configs/own.yaml\nSOLVER: {GAMMA: 0.5}\n", "utf-8")
    own.write_text(text, "utf-8")
    assert readings(text, str(own), inside)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", BOMB + "\nlr_scheduler_type: *h\nlearning_rate: 1\n"),
        ("a.yaml", "lr_scheduler_type: " + "[" * 5000),
        ("a.yaml", "lr_scheduler_type: !!python/object/apply:os.system [echo]\nlearning_rate: 1\n"),
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: " + "9" * 5000 + "\n"),
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: 1e999999\nwarmup_ratio: 1e-999999\n"),
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: ${max_steps}\n"),
        ("a.yaml", "a: ${b}\nb: ${a}\nlr_scheduler_type: ${a}\nlearning_rate: 1\n"),
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: -5\nwarmup_steps: -3\nwarmup_ratio: 5\nlr_scheduler_kwargs: 'x'\n"),
        ("a.yaml", "lr_scheduler_type: cosine_with_restarts\nlr_scheduler_kwargs: {num_cycles: 0}\nmax_steps: 5\n"),
        ("a.yaml", "lr_scheduler_type: cosine\nmax_steps: [1]\nwarmup_steps: {a: 1}\nlearning_rate: [x]\n"),
        ("a.yaml", "SOLVER: {STEPS: '(" + "(" * 900 + "', MAX_ITER: 3}\n"),
        ("a.yaml", "SOLVER: {STEPS: [[1]], MAX_ITER: x, GAMMA: {}, WARMUP_ITERS: []}\n"),
        ("a.yaml", "scheduler: {name: cosine_with_warmup, t_warmup: 0ba, t_max: 1e99ep}\nmax_duration: 0ep\n"),
        ("a.py", "param_scheduler = [dict(type='MultiStepLR', milestones=3, end=-5)]\n"),
        ("a.py", "param_scheduler = [dict(type='CosineAnnealingLR', T_max='x', begin='y', end=[])]\n"),
        ("a.py", "param_scheduler = [dict(type='CosineRestartLR', periods=5)]\n"),
        ("a.py", "lr_config = dict(policy='cyclic', target_ratio=3, cyclic_times=0)\nrunner = dict(max_iters=0)\n"),
        ("a.py", "lr_config = dict(policy=['x'], step={})\n"),
        ("a.py", "lr_config = dict(policy='CosineRestart', periods='ab', restart_weights=3, min_lr=0)\n"),
        ("a.json", '{"scheduler": {"type": ["WarmupLR"], "params": 3}}'),
        ("a.json", '{"scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": [1], "warmup_max_lr": [0.1, 0.2]}}}'),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.SequentialLR, milestones: 3, schedulers: [1, {}]}\n"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.MultiStepLR, milestones: {a: 1}}\n"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: abc def}\n"),
        ("a.yaml", "s: {class_path: torch.optim.lr_scheduler.StepLR, init_args: [1]}\n"),
        ("a.yaml", "s: {_target_: torch.optim.lr_scheduler.StepLR, _args_: [1, 2, 3, 4, 5, 6, 7, 8]}\n"),
        ("a.yaml", "lr_scheduler: {_name: tri_stage, phase_ratio: [x, y, z]}\noptimization: {lr: [], max_update: z}\n"),
        ("a.yaml", "sched: multistep\nepochs: x\ndecay_milestones: y\nwarmup_epochs: []\nlr_noise: 1\n"),
        ("a.yaml", "lr0: []\nlrf: 1\nepochs: x\nwarmup_epochs: -1\n"),
        ("a.gin", "create_learning_rate_scheduler.factors = '" + "constant * " * 500 + "'\n"),
        ("a.toml", "[training]\nsteps = 0\n[lr_scheduler]\nwarmup_steps = -5\ndecay_ratio = -3.5\n"),
        ("a.yaml", "optimizer: {learning_rate_scheduler: {learning_rate: 0, lr_warmup_steps: -1, lr_decay_steps: 0}}\n"),
        ("a.yaml", "optimizer: {learning_rate: x, warmup: -3, decay: 1e30}\ntrainer: {num_train_steps: -5}\n"),
    ],
)
def test_odd_values_crash_nothing(name: str, text: str) -> None:
    for reading in readings(text, name):
        assert reading.text is not None or reading.problems
        if reading.text is not None:
            parse(reading.text)


_WORDS = st.sampled_from(
    ["cosine", "StepLR", "torch.optim.lr_scheduler.StepLR", "auto", "${a}", "1e-3", "3ep", "0.1dur", "", "None", "linear", "rest", "(1, 2)", "é"]
)
_VALUES = st.recursive(st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | _WORDS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


@given(st.data(), st.sampled_from(CONFIGS))
@examples(600)
def test_any_values_under_the_keys_of_a_system(data: st.DataObject, name: str) -> None:
    """Each key of a layout has any value, or none; the signs are there, or a program makes it."""
    layout = data.draw(st.sampled_from(dialect(name).layouts))
    config: dict[str, Any] = {}
    signs = data.draw(st.sampled_from(layout.signs)) if layout.signs else ()
    for key in (*signs, *(key.name for key in layout.keys if data.draw(st.booleans()))):
        table = config
        *outer, last = key.split(".")
        for part in outer:
            table = table[part] if isinstance(table.get(part), dict) else table.setdefault(part, {}) if part not in table else config
        table[last] = data.draw(_VALUES)
    for reading in readings_in([config]) if layout.signs else readings_of_call(config, "", name, layout, True):
        assert reading.text is not None or reading.problems
        if reading.text is not None:
            parse(reading.text)


@given(st.sampled_from(CASES), st.data())
@examples(300)
def test_broken_configs_crash_nothing(case: tuple[str, str, str, str, Mapping[str, Any]], data: st.DataObject) -> None:
    name, text = case[:2]
    at = data.draw(st.integers(0, len(text)))
    odd = data.draw(st.text(st.sampled_from(list("ab1.-_[]{}()'\"\\#=, \n\t&*!|>%$:")), max_size=4))
    for reading in readings(text[:at] + odd + text[at + data.draw(st.integers(0, 5)) :], name):
        assert isinstance(reading, Reading)


def test_a_file_that_is_no_config_loads_no_parser() -> None:
    program = (
        "import sys; from lrdsl.dialects.configs import readings\n"
        f"assert readings({json.dumps({'a': [1] * 1000})!r}, 'a.json') == readings('a: b', 'a.yaml') == []\n"
        "assert not {'yaml', 'numpy', 'sympy', 'torch', 'libcst'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(("metric", "word"), [("val_loss", "val_loss"), ("val/loss", '"val/loss"')])
def test_the_plateau_of_lightning_has_its_metric(metric: str, word: str) -> None:
    config = {"class_path": "lightning.pytorch.cli.ReduceLROnPlateau", "init_args": {"monitor": metric, "factor": 0.5}}
    assert str(lrdsl.read({"lr_scheduler": config})) == f"plateau(factor=0.5, metric={word})"
    config["class_path"] = "torch.optim.lr_scheduler.ReduceLROnPlateau"
    with pytest.raises(lrdsl.ScheduleError, match="no parameter `monitor`"):
        lrdsl.read({"lr_scheduler": config})


def test_arguments_that_are_the_text_of_json_are_numbers() -> None:
    keys = {"lr_scheduler_type": "warmup_stable_decay", "learning_rate": 1e-4, "warmup_steps": 5, "max_steps": 100}
    arguments = '{"num_decay_steps": 20, "min_lr_ratio": 0.1}'
    assert str(lrdsl.read({**keys, "lr_scheduler_kwargs": arguments})) == "hf.wsd(5, 75, 20, min_ratio=0.1)"


def test_a_line_of_gin_that_is_too_long_is_reported() -> None:
    factors = " * ".join(["constant"] + ["linear_warmup"] * 20_000)
    [found] = readings(f"utils.create_learning_rate_scheduler.factors = '{factors}'\n", "run.gin")
    assert (found.text, found.problems) == (None, ("a line has more than 2,000 characters",))
