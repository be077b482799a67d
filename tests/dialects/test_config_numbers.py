"""Schedules read from configs have the numbers of the systems that the configs are of: of the real ones, or of their formulas written anew."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
import torch
import transformers
import yaml
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects.configs import readings, readings_in
from lrdsl.dialects.reading import Reading
from tests.dialects import systems
from tests.drawing import examples

WARM, RATE, SHARE = st.integers(1, 30), st.sampled_from([0.1, 0.02, 3e-4]), st.sampled_from([0.0, 0.01, 0.1, 0.5])
TOTAL, PER = 100, 7


def only(config: Any) -> Reading:
    (reading,) = readings_in([config])
    assert reading.text is not None, reading.problems
    assert not reading.unknown
    return reading


def same(reading: Reading, levels: list[float], base: float, **clock: Any) -> None:
    facts = {**clock, **reading.clock}
    if "total_steps" in facts and "total_epochs" in facts and "steps_per_epoch" in facts:
        del facts["total_steps"]
    schedule = lrdsl.parse(reading.text or "", **facts)
    got = schedule.values(len(levels), base=base)
    worst = max(range(len(levels)), key=lambda i: abs(got[i] - levels[i]))
    assert abs(got[worst] - levels[worst]) <= 1e-12 * max(map(abs, levels)) + 1e-300, (reading.text, worst, got[worst], levels[worst])


def drop(values: dict[str, Any]) -> dict[str, Any]:
    return {name: v for name, v in values.items() if v is not None}


@given(st.sampled_from(["WarmupLR", "WarmupDecayLR", "WarmupCosineLR"]), WARM, st.integers(40, TOTAL), SHARE, st.sampled_from(["log", "linear"]), RATE)
@examples(120)
def test_deepspeed(kind: str, warm: int, total: int, low: float, rise: str, base: float) -> None:
    params: dict[str, Any] = {"warmup_num_steps": warm, "warmup_type": rise}
    params |= {"warmup_min_ratio": low} if kind == "WarmupCosineLR" else {"warmup_min_lr": low * 0.01, "warmup_max_lr": 0.01}
    params |= {} if kind == "WarmupLR" else {"total_num_steps": total}
    config = {"optimizer": {"type": "AdamW", "params": {"lr": base}}, "scheduler": {"type": kind, "params": params}}
    (reading,) = readings(json.dumps(config), "ds_config.json")
    same(reading, [systems.deepspeed(kind, params, base, t) for t in range(TOTAL + 20)], base)


@given(WARM, st.integers(1, 30), st.sampled_from([0, 5]), st.sampled_from([0.0, 0.3]), st.booleans())
@examples(60)
def test_deepspeed_cycles(first: int, second: int, decay: int, rate: float, staircase: bool) -> None:
    params = {"cycle_min_lr": 0.001, "cycle_max_lr": 0.01, "cycle_first_step_size": first, "cycle_second_step_size": second, "decay_step_size": decay}
    params["decay_lr_rate"] = rate
    same(only({"scheduler": {"type": "OneCycle", "params": params}}), [systems.deepspeed("OneCycle", params, 1, t) for t in range(TOTAL)], 1)
    params = {"lr_range_test_min_lr": 0.001, "lr_range_test_step_size": first, "lr_range_test_step_rate": 2.0, "lr_range_test_staircase": staircase}
    same(only({"scheduler": {"type": "LRRangeTest", "params": params}}), [systems.deepspeed("LRRangeTest", params, 1, t) for t in range(TOTAL)], 1)


def shapes(n: int) -> st.SearchStrategy[dict[str, Any]]:
    """A scheduler of mmengine over n steps."""
    low = st.sampled_from([0, 1e-3])
    return st.one_of(
        st.builds(lambda f: {"type": "LinearLR", "start_factor": f}, st.sampled_from([0.1, 0.5])),
        st.builds(lambda m: {"type": "MultiStepLR", "milestones": sorted(m), "gamma": 0.3}, st.lists(st.integers(1, n + 3), max_size=3)),
        st.builds(lambda k: {"type": "StepLR", "step_size": k, "gamma": 0.5}, st.integers(1, n)),
        st.builds(lambda e: {"type": "CosineAnnealingLR", "T_max": n, "eta_min": e}, low),
        st.builds(lambda e: {"type": "PolyLR", "power": 0.9, "eta_min": e}, low),
        st.just({"type": "ConstantLR", "factor": 0.25}),
    )


@given(st.data(), st.booleans(), st.booleans(), st.integers(3, 8), st.integers(4, 12))
@examples(200)
def test_mmengine(data: st.DataObject, by_epoch: bool, converted: bool, warm: int, rest: int) -> None:
    """A warmup and what follows it, or one scheduler alone: by epoch, by iteration, and converted."""
    more: dict[str, Any] = {"by_epoch": by_epoch} | ({"convert_to_iter_based": True} if by_epoch and converted else {})
    tail = data.draw(shapes(rest))
    if data.draw(st.booleans()):
        schedulers = [{"type": "LinearLR", "start_factor": 0.1, "begin": 0, "end": warm, **more}]
        if tail["type"] not in ("LinearLR", "ConstantLR") or warm > 1:
            schedulers.append({**tail, "begin": warm, "end": warm + rest, **more})
    else:
        schedulers = [{**tail, "begin": 0, "end": rest, **more}]
    ticks = (warm + rest + 4) * (PER if by_epoch and converted else 1)
    reading = only({"param_scheduler": schedulers, "optim_wrapper": {"optimizer": {"lr": 0.1}}})
    stepped = systems.mmengine(schedulers, 0.1, ticks, PER if reading.clock["tick"] == "step" and by_epoch else None)
    same(reading, stepped, 0.1, steps_per_epoch=PER)


@given(st.integers(2, 30), st.sampled_from([[8, 11], [2], [3, 4, 9]]), st.sampled_from([0.001, 0.3]))
@examples(40)
def test_mmengine_warms_up_in_iterations_beside_epochs(warm: int, milestones: list[int], factor: float) -> None:
    schedulers = [
        {"type": "LinearLR", "start_factor": factor, "by_epoch": False, "begin": 0, "end": warm},
        {"type": "MultiStepLR", "begin": 0, "end": 12, "by_epoch": True, "milestones": milestones, "gamma": 0.1},
    ]
    source = f"param_scheduler = {schedulers!r}\ntrain_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)\noptim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))\n"
    (reading,) = readings(source, "config.py")
    assert (reading.base, reading.clock) == (Fraction(1, 50), {"tick": "step", "total_epochs": 12})
    same(reading, systems.mmengine(schedulers, 0.02, 12 * PER, PER), 0.02, steps_per_epoch=PER)


@given(
    st.sampled_from([{"policy": "step", "step": [3, 7]}, {"policy": "step", "step": 2, "gamma": 0.5, "min_lr": 0.01}, {"policy": "exp", "gamma": 0.9},
                     {"policy": "poly", "power": 0.9, "min_lr": 1e-4}, {"policy": "inv", "gamma": 0.1, "power": 0.75}, {"policy": "fixed"},
                     {"policy": "CosineAnnealing", "min_lr": 0}, {"policy": "CosineAnnealing", "min_lr_ratio": 0.1}]),
    st.sampled_from([None, "linear", "exp", "constant"]), st.integers(1, 15), st.booleans(), st.booleans(),
)  # fmt: skip
@examples(200)
def test_mmcv(policy: dict[str, Any], warmup: str | None, warm: int, by_epoch: bool, warm_by_epoch: bool) -> None:
    config = {
        **policy,
        "by_epoch": by_epoch,
        **({"warmup": warmup, "warmup_iters": warm, "warmup_ratio": 0.1, "warmup_by_epoch": warm_by_epoch} if warmup else {}),
    }
    reading = only({"lr_config": config, "runner": {"type": "EpochBasedRunner", "max_epochs": 10}, "optimizer": {"lr": 0.1}})
    if reading.clock["tick"] == "epoch":
        same(reading, [systems.mmcv(config, 0.1, e * PER, PER, 10) for e in range(10)], 0.1)
    else:
        same(reading, [systems.mmcv(config, 0.1, t, PER, 10) for t in range(10 * PER)], 0.1, steps_per_epoch=PER)


@given(st.sampled_from(["WarmupMultiStepLR", "WarmupCosineLR"]), st.integers(0, 20), st.sampled_from(["linear", "constant"]), SHARE)
@examples(80)
def test_detectron2(name: str, warm: int, method: str, factor: float) -> None:
    solver = {
        "LR_SCHEDULER_NAME": name,
        "BASE_LR": 0.02,
        "MAX_ITER": 90,
        "STEPS": [60, 80],
        "WARMUP_ITERS": warm,
        "WARMUP_FACTOR": factor,
        "WARMUP_METHOD": method,
    }
    (reading,) = readings(yaml.safe_dump({"SOLVER": {**solver, "STEPS": "(60, 80)"}}), "config.yaml")
    same(reading, [systems.detectron2(solver, t) for t in range(90)], 0.02)


@given(st.integers(1, 60), st.sampled_from([None, 0.0, 0.2, 0.35, 0.9]), st.sampled_from(["linear", "sqrt", "cosine"]), SHARE)
@examples(80)
def test_torchtitan(warm: int, ratio: float | None, kind: str, low: float) -> None:
    section = drop({"warmup_steps": warm, "decay_ratio": ratio, "decay_type": kind, "min_lr_factor": low})
    lines = [f"{key} = {json.dumps(v)}" for key, v in section.items()]
    text = "\n".join(["[optimizer]", "lr = 3e-4", "[training]", "steps = 50", "[lr_scheduler]", *lines])
    (reading,) = readings(text, "train.toml")
    same(reading, [systems.torchtitan(section, 3e-4, 50, t) for t in range(50)], 3e-4)


@given(
    st.integers(0, 20),
    st.sampled_from(["linear", "constant"]),
    st.sampled_from(["linear", "cosine", "1-sqrt"]),
    st.sampled_from([None, 30]),
    st.sampled_from([None, 25, 70]),
)
@examples(100)
def test_nanotron(warm: int, up: str, style: str, fall: int | None, start: int | None) -> None:
    section = drop({"learning_rate": 3e-4, "lr_warmup_steps": warm, "lr_warmup_style": up, "lr_decay_style": style, "lr_decay_steps": fall,
                    "lr_decay_starting_step": start, "min_decay_lr": 1e-5})  # fmt: skip
    if fall is None and (start or 0) + warm >= TOTAL:
        return
    reading = only({"optimizer": {"learning_rate_scheduler": section}, "tokens": {"train_steps": TOTAL}})
    same(reading, [systems.nanotron(section, TOTAL, t) for t in range(TOTAL)], 3e-4)


@given(st.sampled_from([0.0, 0.05, 0.333, 20]), st.sampled_from([None, 0.2, 30]), st.sampled_from(["cosine", "linear", "constant"]), SHARE)
@examples(80)
def test_levanter(warm: float, decay: float | None, kind: str, low: float) -> None:
    section = drop({"learning_rate": 6e-4, "warmup": warm, "decay": decay, "lr_schedule": kind, "min_lr_ratio": low})
    reading = only({"optimizer": section, "trainer": {"num_train_steps": TOTAL}})
    same(reading, [systems.levanter(section, TOTAL, t) for t in range(TOTAL)], 6e-4)


@given(st.sampled_from(["cosine_with_warmup", "inverse_sqrt_with_warmup", "max_scheduler"]), WARM, st.sampled_from([None, 80]), SHARE)
@examples(60)
def test_olmo(name: str, warm: int, end: int | None, low: float) -> None:
    section = drop({"name": name, "t_warmup": warm, "t_max": end, "alpha_f": low})
    reading = only({"optimizer": {"name": "adamw", "learning_rate": 3e-4}, "scheduler": section, "max_duration": TOTAL})
    same(reading, [systems.olmo(section, 3e-4, TOTAL, t) for t in range(TOTAL)], 3e-4)


@given(
    st.sampled_from(["cosine_with_warmup", "linear_decay_with_warmup", "multistep_with_warmup"]),
    st.sampled_from(["0ba", "10ba", "1ep", "0.06dur", "0.333dur"]),
    st.sampled_from(["8ep", "56ba"]),
    SHARE,
)
@examples(80)
def test_composer(name: str, warm: str, duration: str, low: float) -> None:
    section: dict[str, Any] = {"name": name, "t_warmup": warm}
    section |= {"milestones": ["20ba", "4ep"], "gamma": 0.1} if name == "multistep_with_warmup" else {"alpha_f": low}
    reading = only({"max_duration": duration, "scheduler": section, "optimizer": {"lr": 0.01}})
    same(reading, [systems.composer(name, section, 0.01, 8 * PER, PER, t) for t in range(8 * PER)], 0.01, steps_per_epoch=PER)


@given(st.sampled_from(["inverse_sqrt", "cosine", "polynomial_decay", "fixed"]), st.integers(1, 30), st.sampled_from([None, 0.001]))
@examples(60)
def test_fairseq(name: str, warm: int, first: float | None) -> None:
    section = drop({"_name": name, "warmup_updates": warm, "warmup_init_lr": first if name == "inverse_sqrt" else None})
    section |= {"power": 2.0, "end_learning_rate": 1e-5} if name == "polynomial_decay" else {}
    section |= {"lr_period_updates": 17, "lr_shrink": 0.5} if name == "cosine" else {}
    reading = only({"lr_scheduler": section, "optimization": {"lr": [0.01], "max_update": TOTAL}})
    same(reading, [systems.fairseq(section, 0.01, TOTAL, t) for t in range(TOTAL)], 0.01)
    flags = " ".join(f"--{key.replace('_', '-')} {v}" for key, v in section.items() if key != "_name")
    (other,) = readings(f"fairseq-train data --arch x --lr 0.01 --lr-scheduler {name} {flags} --max-update {TOTAL}\n", "run.sh")
    assert (other.text, other.clock, other.base) == (reading.text, reading.clock, reading.base)


@given(st.booleans(), st.sampled_from([0, 1.0, 3.0, 2.5]), st.sampled_from([0.01, 0.2]))
@examples(40)
def test_ultralytics(cosine: bool, warm: float, end: float) -> None:
    config = {"lr0": 0.01, "lrf": end, "cos_lr": cosine, "epochs": 6, "warmup_epochs": warm}
    same(only(config), [systems.ultralytics(config, t, 50) for t in range(300)], 0.01, steps_per_epoch=50)


@given(
    st.sampled_from(["constant", "linear", "cosine", "inverse-square-root", "WSD"]),
    st.sampled_from([{"lr_warmup_iters": 10}, {"lr_warmup_fraction": 0.125}, {}]),
    st.sampled_from(["linear", "cosine", "exponential", "minus_sqrt"]),
    st.sampled_from([None, 80]),
)
@examples(120)
def test_megatron(style: str, warm: dict[str, Any], fall: str, whole: int | None) -> None:
    flags = drop({"lr": 1e-3, "min_lr": 1e-5, "lr_decay_style": style, "train_iters": TOTAL, "lr_decay_iters": whole, **warm})
    flags |= {"lr_wsd_decay_iters": 20, "lr_wsd_decay_style": fall} if style == "WSD" else {}
    script = "ARGS=(\n" + "".join(f"  --{name.replace('_', '-')} {v} # why\n" for name, v in flags.items()) + ")\ntorchrun pretrain_gpt.py ${ARGS[@]}\n"
    (reading,) = readings(script, "train.sh")
    same(reading, [systems.megatron(flags, TOTAL, t) for t in range(TOTAL)], 1e-3)


@given(
    st.lists(st.sampled_from(["linear_warmup", "rsqrt_decay", "rsqrt_normalized_decay", "decay_every", "cosine_decay"]), max_size=3, unique=True), st.booleans()
)
@examples(60)
def test_t5x(factors: list[str], constant: bool) -> None:
    words = " * ".join([*(["constant"] if constant else []), *factors])
    config: dict[str, Any] = {
        "factors": words,
        "base_learning_rate": 0.5,
        "warmup_steps": 10,
        "decay_factor": 0.5,
        "steps_per_decay": 20,
        "steps_per_cycle": 30,
    }
    if not words:
        return
    block = "".join(f"  {name} = {v!r}\n" for name, v in config.items())
    (reading,) = readings(f"from t5x import utils\nutils.create_learning_rate_scheduler:\n{block}", "run.gin")
    same(reading, [systems.t5x(config, t) for t in range(TOTAL)], 0.5)


@pytest.mark.parametrize("name", ["linear", "cosine", "polynomial", "constant", "constant_with_warmup", "inverse_sqrt", "cosine_with_restarts"])
@given(st.sampled_from([{}, {"warmup_steps": 7}, {"warmup_steps": 0.07}, {"warmup_steps": 0.333}]), st.integers(20, 120))
@examples(12)
def test_transformers(name: str, warm: dict[str, Any], total: int) -> None:
    config = {"lr_scheduler_type": name, "learning_rate": 1e-3, "max_steps": total, **warm}
    (reading,) = readings(yaml.safe_dump(config), "sft.yaml")
    arguments = transformers.TrainingArguments(output_dir="unused", report_to=[], use_cpu=True, **config)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=arguments.learning_rate)
    trainer = object.__new__(transformers.Trainer)
    trainer.args, trainer.optimizer, trainer.lr_scheduler = arguments, optimizer, None
    scheduler = trainer.create_scheduler(total)
    rates = []
    for _ in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    same(reading, rates, 1e-3)
