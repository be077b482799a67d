"""Schedules read from configs have the numbers of the systems that the configs are of: of the real ones, or of their formulas written anew."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import optax
import pytest
import torch
import transformers
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects.configs import readings, readings_in
from lrdsl.dialects.reading import Reading
from tests.dialects import systems
from tests.drawing import examples
from tests.reference.test_timm import theirs as theirs_of_timm

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
    low = st.sampled_from([{}, {"eta_min": 1e-3}, {"eta_min_ratio": 0.1}])
    return st.one_of(
        st.builds(lambda f, e: {"type": "LinearLR", "start_factor": f, "end_factor": e}, st.sampled_from([0.1, 0.5]), st.sampled_from([1.0, 0.2])),
        st.builds(lambda m: {"type": "MultiStepLR", "milestones": sorted(m), "gamma": 0.3}, st.lists(st.integers(1, n + 3), max_size=3)),
        st.builds(lambda k: {"type": "StepLR", "step_size": k, "gamma": 0.5}, st.integers(1, n)),
        st.builds(lambda more, e: {"type": "CosineAnnealingLR", **more, **e}, st.sampled_from([{}, {"T_max": n}, {"T_max": max(n // 2, 1)}, {"T_max": n + 3}]), low),
        st.builds(lambda e, p: {"type": "PolyLR", "power": p, "eta_min": e}, st.sampled_from([0, 1e-3]), st.sampled_from([0.9, 2.0])),
        st.builds(lambda p, e: {"type": "CosineRestartLR", "periods": p, "restart_weights": [1, 0.5], **(e or {"eta_min": 0})}, st.lists(st.integers(1, n), min_size=2, max_size=2), low),
        st.builds(lambda more: {"type": "OneCycleLR", "eta_max": 0.5, **more}, st.sampled_from([{}, {"total_steps": n}, {"total_steps": n + 3}])),
        st.just({"type": "ConstantLR", "factor": 0.25}),
        st.just({"type": "ExponentialLR", "gamma": 0.9}),
    )  # fmt: skip


@given(st.data(), st.booleans(), st.booleans(), st.integers(1, 8), st.integers(4, 12), st.sampled_from(["alone", "after a warmup", "under a warmup"]))
@examples(400)
def test_mmengine(data: st.DataObject, by_epoch: bool, converted: bool, warm: int, rest: int, order: str) -> None:
    """One scheduler alone, or with a warmup: by epoch, by iteration, and converted. What runs at the same time and has a level to end at is not read."""
    more: dict[str, Any] = {"by_epoch": by_epoch} | ({"convert_to_iter_based": True} if by_epoch and converted else {})
    tail, begin = data.draw(shapes(rest)), data.draw(st.sampled_from([0, 3])) if order == "alone" else warm if order == "after a warmup" else 0
    end = begin + rest + (warm if order == "under a warmup" else 0)
    schedulers = [] if order == "alone" else [{"type": "LinearLR", "start_factor": 0.1, "begin": 0, "end": warm, **more}]
    schedulers.append({**tail, "begin": begin, "end": end, **more})
    (reading,) = readings_in([{"param_scheduler": schedulers, "optim_wrapper": {"optimizer": {"lr": 0.1}}}])
    if reading.text is None:
        assert order == "under a warmup" or warm == 1
        assert "at the same time" in " ".join(reading.problems)
        return
    ticks = (end + 4) * (PER if by_epoch and converted else 1)
    try:
        stepped = systems.mmengine(schedulers, 0.1, ticks, PER if reading.clock["tick"] == "step" and by_epoch else None)
    except (ValueError, ZeroDivisionError):  # OneCycleLR and others refuse to go on past their end
        return
    same(reading, stepped, 0.1, steps_per_epoch=PER)


@given(st.sampled_from([0.03, 0.05, 0.1, 0.15]), st.sampled_from([3, 5]), st.integers(23, 130), st.sampled_from(["CosineAnnealingLR", "PolyLR", "StepLR"]))
@examples(60)
def test_mmengine_cuts_parts_of_epochs(ratio: float, epochs: int, per: int, kind: str) -> None:
    """A warmup over a share of the run, as XTuner's configs have it: the ends of both windows are cut to whole iterations."""
    assume(int(ratio * epochs * per) > 1)  # else mmengine has no warmup, and stays at its first level
    more = {"by_epoch": True, "convert_to_iter_based": True}
    own = {"CosineAnnealingLR": {"eta_min": 0.0}, "PolyLR": {"power": 0.9}, "StepLR": {"step_size": 1, "gamma": 0.5}}[kind]
    schedulers = [
        {"type": "LinearLR", "start_factor": 1e-5, "begin": 0, "end": ratio * epochs, **more},
        {"type": kind, "begin": ratio * epochs, "end": epochs, **own, **more},
    ]
    (reading,) = readings_in([{"param_scheduler": schedulers, "optim_wrapper": {"optimizer": {"lr": 2e-4}}, "train_cfg": {"max_epochs": epochs}}])
    same(reading, systems.mmengine(schedulers, 2e-4, epochs * per, per), 2e-4, steps_per_epoch=per)


@pytest.mark.parametrize(("end", "noted"), [(0.09, True), (1, False)])
@pytest.mark.parametrize(("own", "first"), [({"type": "LinearLR", "start_factor": 0.25}, 0.025), ({"type": "PolyLR", "power": 0.9}, 0.1)])
def test_mmengine_stays_at_the_first_level_of_a_window_of_one_iteration(own: dict[str, Any], first: float, end: float, noted: bool) -> None:
    scheduler = {**own, "begin": 0, "end": end, "by_epoch": True, "convert_to_iter_based": True}
    assert (systems.mmengine([scheduler], 0.1, 51, 17)[:51] == pytest.approx([first] * 51)) == noted
    assert any("mmengine stays at its first level" in problem for problem in only({"param_scheduler": [scheduler]}).problems) == noted


@pytest.mark.parametrize(
    "scheduler", [{"type": "LinearMomentum", "start_factor": 0.5, "end": 9}, {"type": "CosineAnnealingMomentum", "T_max": 9, "eta_min": 0.1, "end": 9}]
)
def test_mmengine_schedules_momentum(scheduler: dict[str, Any]) -> None:
    text = only({"param_scheduler": [scheduler]}).text or ""
    theirs = systems.mmengine([scheduler], 0.1, 12, None, "momentum")
    assert lrdsl.parse(text).values(12, base=0.9, target="momentum") == pytest.approx(theirs, abs=1e-12)


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
                     {"policy": "CosineAnnealing", "min_lr": 0}, {"policy": "CosineAnnealing", "min_lr_ratio": 0.1}, {"policy": "LinearAnnealing", "min_lr": 1e-3},
                     {"policy": "FlatCosineAnnealing", "start_percent": 0.45, "min_lr_ratio": 0.1},
                     {"policy": "CosineRestart", "periods": [40, 30], "restart_weights": [1, 0.5], "min_lr": 1e-3},
                     {"policy": "CosineRestart", "periods": [4, 66], "restart_weights": [0.5, 1], "min_lr_ratio": 0.01}]),
    st.sampled_from([None, "linear", "exp", "constant"]), st.integers(1, 15), st.booleans(), st.booleans(),
)  # fmt: skip
@examples(300)
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


@given(
    st.integers(1, 3),
    st.sampled_from([0.4, 0.3]),
    st.sampled_from([1, 0.5]),
    st.sampled_from(["cos", "linear"]),
    st.booleans(),
    st.sampled_from(["SGD", "AdamW"]),
)
@examples(60)
def test_mmcv_cycles_of_rate_and_momentum(times: int, up: float, gamma: float, kind: str, by_epochs: bool, optimizer: str) -> None:
    more = {"policy": "cyclic", "cyclic_times": times, "step_ratio_up": up, "anneal_strategy": kind, "gamma": gamma}
    rate, momentum = {**more, "target_ratio": (10, 1e-4)}, {**more, "target_ratio": (0.8, 1)}
    runner = {"type": "EpochBasedRunner", "max_epochs": 10} if by_epochs else {"type": "IterBasedRunner", "max_iters": 10 * PER}
    reading = only({"lr_config": rate, "momentum_config": momentum, "runner": runner, "optimizer": {"type": optimizer, "lr": 0.1}})
    schedule = lrdsl.parse(reading.text or "", steps_per_epoch=PER, **reading.clock)
    ticks = 10 * PER // times * times if gamma != 1 and by_epochs else 10 * PER
    theirs = [systems.mmcv_cycle(rate, 0.1, t, 10 * PER) for t in range(ticks)]
    assert schedule.values(ticks, base=0.1, target="lr") == pytest.approx(theirs, abs=1e-12)
    key = "betas[0]" if optimizer == "AdamW" else "momentum"
    assert schedule.values(ticks, base=0.9, target=key) == pytest.approx([systems.mmcv_cycle(momentum, 0.9, t, 10 * PER) for t in range(ticks)], abs=1e-12)


@pytest.mark.parametrize("three_phase", [False, True])
def test_mmcv_one_cycle(three_phase: bool) -> None:
    config = {
        "lr_config": {"policy": "OneCycle", "max_lr": 0.1, "three_phase": three_phase},
        "momentum_config": {"policy": "OneCycle", "three_phase": three_phase},
    }
    reading = only({**config, "runner": {"type": "EpochBasedRunner", "max_epochs": 10}, "optimizer": {"lr": 0.01}})
    schedule, n = lrdsl.parse(reading.text or "", steps_per_epoch=PER, **reading.clock), 10 * PER
    rates = [(0, 0.004), (0.3 * n - 1, 0.1), *([(0.6 * n - 2, 0.004)] if three_phase else []), (n - 1, 0.004 / 1e4)]
    momenta = [(0, 0.95), (0.3 * n - 1, 0.85), *([(0.6 * n - 2, 0.95)] if three_phase else []), (n - 1, 0.95)]
    assert schedule.values(n, target="lr") == pytest.approx([systems.mmcv_one_cycle(rates, t) for t in range(n)], abs=1e-13)
    assert schedule.values(n, target="momentum") == pytest.approx([systems.mmcv_one_cycle(momenta, t) for t in range(n)], abs=1e-12)


@pytest.mark.parametrize(
    ("momentum", "at", "level"),
    [({"policy": "step", "step": [3]}, 3, 0.45), ({"policy": "step", "step": 2, "gamma": 0.9, "min_momentum": 0.8}, 4, 0.8),
     ({"policy": "CosineAnnealing", "min_momentum": 0.5}, 5, 0.7), ({"policy": "LinearAnnealing", "min_momentum_ratio": 0.5}, 5, 0.675)],
)  # fmt: skip
def test_mmcv_momentum_by_epochs(momentum: dict[str, Any], at: int, level: float) -> None:
    reading = only({"lr_config": {"policy": "step", "step": [8]}, "momentum_config": momentum, "runner": {"max_epochs": 10}})
    assert reading.clock == {"tick": "epoch", "total_epochs": 10}
    assert reading.schedule().at(at, base=0.9, target="momentum") == pytest.approx(level)


@given(
    st.sampled_from(["WarmupMultiStepLR", "WarmupCosineLR", "WarmupStepWithFixedGammaLR"]), st.one_of(st.integers(0, 20), st.just(120)), st.sampled_from(["linear", "constant"]), SHARE,
    st.sampled_from([[60, 80], [10, 80], [20, 95], [5, 70]]), st.booleans(), st.sampled_from([0.0, 1e-4]),
)  # fmt: skip
@examples(200)
def test_detectron2(name: str, warm: int, method: str, factor: float, steps: list[int], rescaled: bool, end: float) -> None:
    solver: dict[str, Any] = {
        "LR_SCHEDULER_NAME": name,
        "BASE_LR": 0.02,
        "BASE_LR_END": end,
        "MAX_ITER": 90,
        "STEPS": steps,
        "WARMUP_ITERS": warm,
        "WARMUP_FACTOR": factor,
        "WARMUP_METHOD": method,
        "RESCALE_INTERVAL": rescaled,
    }
    (reading,) = readings(yaml.safe_dump({"SOLVER": {**solver, "STEPS": str(tuple(steps))}}), "config.yaml")
    rescaled = rescaled and warm < 90
    leave = {t for t in range(90) if rescaled and name != "WarmupCosineLR"}  # a drop between two ticks, which a millionth of the run moves
    theirs = [systems.detectron2(solver, t) for t in range(90)]
    ours = reading.schedule().values(90, base=0.02)
    assert [t for t in range(90) if t not in leave and abs(ours[t] - theirs[t]) > 1e-14] == []
    assert sum(abs(ours[t] - theirs[t]) > 1e-14 for t in leave) <= 3


@pytest.mark.parametrize(("ending", "method"), [(0.0, "linear"), (0.3, "linear"), (0.3, "constant")])
def test_detectron2_poly(ending: float, method: str) -> None:
    """WarmupPolyLR of its project DeepLab."""
    solver = {"LR_SCHEDULER_NAME": "WarmupPolyLR", "BASE_LR": 0.02, "MAX_ITER": 90, "WARMUP_ITERS": 10, "WARMUP_METHOD": method}
    reading = only({"SOLVER": {**solver, "POLY_LR_CONSTANT_ENDING": ending}})
    for t in range(90):
        fall = (1 - t / 90) ** 0.9
        factor = 1 if t >= 10 else 0.001 if method == "constant" else 0.001 * (1 - t / 10) + t / 10
        level = 0.02 * (ending if ending > 0 and factor == 1 and fall < ending else fall * factor)
        assert reading.schedule().at(t, base=0.02) == pytest.approx(level, abs=1e-15)


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


@given(
    st.sampled_from([0.0, 0.05, 0.333, 20]), st.sampled_from([None, 0.2, 30]), st.sampled_from(["cosine", "linear", "constant", "inv_sqrt", "inv"]), SHARE,
    st.sampled_from([None, 0.07]),
)  # fmt: skip
@examples(150)
def test_levanter(warm: float, decay: float | None, kind: str, low: float, cool: float | None) -> None:
    low = max(low, 0.01) if kind == "inv" else low
    section = drop({"learning_rate": 6e-4, "warmup": warm, "decay": decay, "lr_schedule": kind, "min_lr_ratio": low, "cooldown": cool})
    reading = only({"optimizer": section, "trainer": {"num_train_steps": TOTAL}})
    same(reading, [systems.levanter(section, TOTAL, t) for t in range(TOTAL)], 6e-4)


@given(
    st.sampled_from([{"cycles": 3}, {"cycles": [20, 55]}, {"cycles": [30, 100]}, {"cycle_length": 30}, {"cycle_length": 25}]), st.sampled_from([0.0, 0.1, 7]),
    st.sampled_from([None, 0.4]), st.sampled_from(["cosine", "linear", "inv_sqrt"]), st.sampled_from([0, 4]),
)  # fmt: skip
@examples(120)
def test_levanter_cycles(cycles: dict[str, Any], again: float, decay: float | None, kind: str, warm: int) -> None:
    section = drop({"learning_rate": 6e-4, "warmup": warm, "rewarmup": again, "decay": decay, "lr_schedule": kind, **cycles})
    reading = only({"optimizer": section, "trainer": {"num_train_steps": TOTAL}})
    same(reading, [systems.levanter(section, TOTAL, t) for t in range(TOTAL)], 6e-4)


def test_levanter_schedules_with_arguments() -> None:
    section = {"learning_rate": 1.0, "warmup": 0, "lr_schedule": {"type": "cosine", "exponent": 2.0}, "min_lr_ratio": 0.2}
    schedule = only({"optimizer": section, "trainer": {"num_train_steps": 50}}).schedule()
    theirs = optax.cosine_decay_schedule(1.0, 50, 0.2, 2.0)
    assert schedule.values(60) == pytest.approx([float(theirs(t)) for t in range(60)], abs=1e-6)


@given(
    st.sampled_from(
        ["cosine_with_warmup", "linear_with_warmup", "inverse_sqrt_with_warmup", "max_scheduler", "constant_with_warmup", "constant", "cosine_linear_envelope"]
    ),
    WARM,
    st.sampled_from([None, 80]),
    SHARE,
    st.sampled_from([None, 1e-5]),
)
@examples(100)
def test_olmo(name: str, warm: int, end: int | None, low: float, first: float | None) -> None:
    section = drop({"name": name, "t_warmup": warm, "t_max": end, "alpha_f": low, "warmup_min_lr": first})
    reading = only({"optimizer": {"name": "adamw", "learning_rate": 3e-4}, "scheduler": section, "max_duration": TOTAL})
    same(reading, [systems.olmo(section, 3e-4, TOTAL, t) for t in range(TOTAL)], 3e-4)


@given(
    st.sampled_from(["ConstantWithWarmup", "LinearWithWarmup", "InvSqrtWithWarmup", "CosWithWarmup", "HalfCosWithWarmup", "WSD", "CosWithWarmupAndLinearDecay", "PowerLR"]),
    st.sampled_from([{"warmup": 10}, {"warmup_steps": 7}, {"warmup_fraction": 0.125}]), st.sampled_from([{}, {"decay": 20}, {"decay_fraction": 0.15}]), SHARE, st.booleans(),
)  # fmt: skip
@examples(120)
def test_olmo_core(name: str, warm: dict[str, Any], decay: dict[str, Any], low: float, by_class: bool) -> None:
    words = {"CosWithWarmup": "cos_with_warmup", "WSD": "wsd", "PowerLR": "power_lr"}
    fixed = {"CosWithWarmupAndLinearDecay": decay, "WSD": decay, "PowerLR": decay}.get(name, {})
    section = {**warm, **fixed, **({} if name in ("WSD", "PowerLR", "ConstantWithWarmup") else {"alpha_f": low})}
    kind = {"_CLASS_": f"olmo_core.optim.scheduler.{name}"} if by_class or name not in words else {"type": words[name]}
    config = {"train_module": {"optim": {"lr": 3e-4}, "scheduler": {**kind, **section}}, "trainer": {"max_duration": {"value": TOTAL, "unit": "steps"}}}
    plain = {("warmup" if key == "warmup_steps" else key): v for key, v in section.items()}
    same(only(config), [systems.olmo_core(name, plain, 3e-4, TOTAL, t) for t in range(TOTAL)], 3e-4)


@given(
    st.sampled_from(["constant", "step", "multistep", "linear_decay", "exponential_decay", "cosine_decay", "cosine_warmrestart", "polynomial_decay", "constant_with_warmup",
                     "cosine_with_warmup", "linear_decay_with_warmup", "multistep_with_warmup", "polynomial_decay_with_warmup", "inv_sqrt_with_warmup"]),
    st.sampled_from(["10ba", "1ep", "0.06dur", "0.333dur"]),
    st.sampled_from(["8ep", "56ba"]),
    SHARE,
    st.sampled_from([1, 0.5]),
)  # fmt: skip
@examples(250)
def test_composer(name: str, warm: str, duration: str, low: float, ratio: float) -> None:
    more: dict[str, dict[str, Any]] = {
        "constant": {"alpha": 0.5, "t_max": "20ba"},
        "constant_with_warmup": {"alpha": 0.5},
        "step": {"step_size": "9ba", "gamma": 0.3},
        "exponential_decay": {"gamma": 0.9},
        "cosine_warmrestart": {"t_0": "12ba", "t_mult": 1.5, "alpha_f": low},
        "polynomial_decay": {"power": 1.5, "alpha_f": low},
        "polynomial_decay_with_warmup": {"power": 1.5, "alpha_f": low},
        "inv_sqrt_with_warmup": {"t_scale": "11ba", "t_cooldown": "9ba", "alpha_f_decay": 0.1, "alpha_f_cooldown": 0.05},
    }
    section: dict[str, Any] = {"name": name, **({"t_warmup": "10ba" if name == "inv_sqrt_with_warmup" else warm} if name.endswith("with_warmup") else {})}
    section |= {"milestones": ["20ba", "4.5ep"], "gamma": 0.1} if name.startswith("multistep") else more.get(name, {"alpha_f": low})
    config = {"max_duration": duration, "scheduler": section, "optimizer": {"lr": 0.01}, **({"scale_schedule_ratio": ratio} if ratio != 1 else {})}
    total = int(8 * ratio) * PER if duration.endswith("ep") else int(56 * ratio)
    same(only(config), [systems.composer(name, section, 0.01, total, PER, t, ratio) for t in range(total)], 0.01, steps_per_epoch=PER)


@given(
    st.sampled_from(["inverse_sqrt", "cosine", "polynomial_decay", "fixed", "triangular", "step", "tri_stage"]), st.integers(1, 30), st.sampled_from([None, 0.001]),
    st.booleans(),
)  # fmt: skip
@examples(150)
def test_fairseq(name: str, warm: int, first: float | None, more: bool) -> None:
    own: dict[str, dict[str, Any]] = {
        "inverse_sqrt": {"warmup_init_lr": first},
        "polynomial_decay": {"power": 2.0, "end_learning_rate": 1e-5},
        "cosine": {"lr_period_updates": 17, "lr_shrink": 0.5, "warmup_init_lr": first, **({"min_lr": 1e-3, "t_mult": 2} if more else {})},
        "fixed": {"force_anneal": 4, "lr_shrink": 0.5} if more else {},
        "triangular": {"max_lr": 0.05, "lr_period_updates": 13, "lr_shrink": 0.5, **({"shrink_min": True} if more else {})},
        "step": {"lr_deacy_period": 11, "lr_decay": 0.5, "min_lr": 1e-3, "warmup_init_lr": first},
        "tri_stage": {"phase_ratio": [0.1, 0.4, 0.5], "final_lr_scale": 0.05} if more else {"warmup_steps": warm, "hold_steps": 9, "decay_steps": 20},
    }
    section = drop({"_name": name, **({} if name in ("triangular", "tri_stage") else {"warmup_updates": warm}), **own[name]})
    reading = only({"lr_scheduler": section, "optimization": {"lr": [0.01], "max_update": TOTAL}})
    same(reading, [systems.fairseq(section, [0.01], TOTAL, PER, t) for t in range(TOTAL)], 0.01, steps_per_epoch=PER)
    if not more:
        flags = " ".join(f"--{key.replace('_', '-')} {v}" for key, v in section.items() if key != "_name")
        (other,) = readings(f"fairseq-train data --arch x --lr 0.01 --lr-scheduler {name} {flags} --max-update {TOTAL}\n", "run.sh")
        assert (other.text, other.clock, other.base) == (reading.text, reading.clock, reading.base)


@given(st.integers(0, 20), st.sampled_from([None, 2, 6]))
@examples(30)
def test_fairseq_has_a_rate_for_each_epoch(warm: int, anneal: int | None) -> None:
    section = drop({"_name": "fixed", "warmup_updates": warm, "force_anneal": anneal, "lr_shrink": 0.5})
    reading = only({"lr_scheduler": section, "optimization": {"lr": [0.1, 0.05, 0.01], "max_epoch": 12}})
    same(reading, [systems.fairseq(section, [0.1, 0.05, 0.01], TOTAL, PER, t) for t in range(12 * PER)], 0.1, steps_per_epoch=PER)


def test_fairseq_follows_a_loss() -> None:
    section = {"_name": "reduce_lr_on_plateau", "warmup_updates": 5, "lr_shrink": 0.5, "lr_patience": 2}
    assert only({"lr_scheduler": section, "optimization": {"lr": [0.1]}}).text == "warmup(5) then plateau(factor=0.5, patience=2)"


@given(st.booleans(), st.sampled_from([0, 1.0, 3.0, 2.5, 9.0]), st.sampled_from([0.01, 0.2]), st.sampled_from([None, "SGD", "auto"]))
@examples(60)
def test_ultralytics(cosine: bool, warm: float, end: float, optimizer: str | None) -> None:
    config = drop({"lr0": 0.01, "lrf": end, "cos_lr": cosine, "epochs": 6, "warmup_epochs": warm, "optimizer": optimizer})
    reading = only(config)
    same(reading, [systems.ultralytics(config, t, 50) for t in range(300)], 0.01, steps_per_epoch=50)
    assert reading.base == (None if optimizer == "auto" else Fraction(1, 100))
    assert any("auto" in problem for problem in reading.problems) == (optimizer == "auto")


@given(
    st.sampled_from(["constant", "linear", "cosine", "inverse-square-root", "WSD"]),
    st.sampled_from([{"lr_warmup_iters": 10}, {"lr_warmup_fraction": 0.125}, {}]),
    st.sampled_from(["linear", "cosine", "exponential", "minus_sqrt"]),
    st.sampled_from([None, 80]),
    st.sampled_from([None, "linear", "cosine"]),
)
@examples(150)
def test_megatron(style: str, warm: dict[str, Any], fall: str, whole: int | None, rise: str | None) -> None:
    flags = drop({"lr": 1e-3, "min_lr": 1e-5, "lr_decay_style": style, "train_iters": TOTAL, "lr_decay_iters": whole, **warm})
    flags |= {"lr_wsd_decay_iters": 20, "lr_wsd_decay_style": fall} if style == "WSD" else {}
    flags |= {"weight_decay_incr_style": rise, "start_weight_decay": 0.01, "end_weight_decay": 0.1} if rise else {}
    script = "ARGS=(\n" + "".join(f"  --{name.replace('_', '-')} {v} # why\n" for name, v in flags.items()) + ")\ntorchrun pretrain_gpt.py ${ARGS[@]}\n"
    (reading,) = readings(script, "train.sh")
    same(reading, [systems.megatron(flags, TOTAL, t) for t in range(TOTAL)], 1e-3)
    if rise:
        theirs = [systems.megatron_weight_decay(flags, TOTAL, t) for t in range(TOTAL + 5)]
        assert reading.schedule().values(TOTAL + 5, target="weight_decay") == pytest.approx(theirs, abs=1e-14)


@pytest.mark.parametrize("style", ["linear", "cosine", "WSD"])
def test_megatron_in_samples(style: str) -> None:
    """Times in samples are those in iterations, times the batch."""
    steps = {"lr_decay_style": style, "lr": 1e-3, "min_lr": 1e-5, "train_iters": 100, "lr_warmup_iters": 10, "lr_decay_iters": 90, "lr_wsd_decay_iters": 20}
    samples = {name.replace("_iters", "_samples"): v * 16 if name.endswith("_iters") else v for name, v in steps.items()}
    rising = {"weight_decay_incr_style": "cosine", "start_weight_decay": 0.01, "end_weight_decay": 0.1}
    one, other = only({**steps, **rising}).schedule(), only({**samples, **rising, "global_batch_size": 16}).schedule()
    for target, base in (("lr", 1e-3), ("weight_decay", 0.1)):
        assert one.values(120, base=base, target=target) == pytest.approx(other.values(120, base=base, target=target), abs=1e-16)


@given(
    st.lists(st.sampled_from(["linear_warmup", "linear_decay", "rsqrt_decay", "rsqrt_normalized_decay", "decay_every", "cosine_decay"]), max_size=3, unique=True),
    st.booleans(), st.sampled_from([0, 7, -4]), st.sampled_from([0.5, 0.02]),
)  # fmt: skip
@examples(120)
def test_t5x(factors: list[str], constant: bool, offset: int, factor: float) -> None:
    constant = constant and "linear_decay" not in factors  # the base is a factor once
    words = " * ".join([*(["constant"] if constant else []), *factors])
    config: dict[str, Any] = {
        "factors": words,
        "base_learning_rate": 0.5,
        "warmup_steps": 10,
        "decay_factor": factor,
        "step_offset": offset,
        "steps_per_decay": 20,
        "steps_per_cycle": 30,
    }
    if not words:
        return
    block = "".join(f"  {name} = {v!r}\n" for name, v in config.items())
    (reading,) = readings(f"from t5x import utils\nutils.create_learning_rate_scheduler:\n{block}", "run.gin")
    same(reading, [systems.t5x(config, t) for t in range(TOTAL)], 0.5)


@given(
    st.data(), st.sampled_from(["cosine", "tanh", "poly", "step", "multistep", "constant", "wsd", "rsqrt"]), st.integers(10, 40), st.booleans(), st.booleans()
)
@examples(250)
def test_timm(data: st.DataObject, kind: str, epochs: int, prefix: bool, on_updates: bool) -> None:
    """The arguments of timm's train.py, given to its own factory, and stepped as there: not before the first epoch."""
    own: dict[str, list[dict[str, Any]]] = {
        "step": [{"decay_epochs": 2.5}, {"decay_epochs": 7}],
        "multistep": [{"decay_milestones": [5, 9]}],
        "wsd": [{}, {"decay_epochs": 4}, {"decay_epochs": 0.31, "lr_decay_fn": "cosine"}, {"lr_decay_fn": "power"}, {"lr_decay_fn": "exp"}],
        "rsqrt": [{"lr_stable_timescale": 6}, {"decay_epochs": 4, "lr_stable_timescale": 3, "lr_decay_fn": "1-sqrt"}],
        "cosine": [{}, {"lr_k_decay": 0.5}, {"lr_k_decay": 2.0}, {"lr_cycle_limit": 2, "lr_cycle_decay": 0.5}],
        "poly": [{}, {"lr_k_decay": 2.0}, {"lr_cycle_limit": 2, "lr_cycle_decay": 0.5}],
    }
    config = {"sched": kind, "lr": 0.1, "epochs": epochs, "warmup_lr": 1e-3, "decay_rate": 0.5, "decay_epochs": None, "warmup_prefix": prefix}
    config |= {"sched_on_updates": on_updates, "warmup_epochs": data.draw(st.sampled_from([0, 3, 5])), "min_lr": data.draw(st.sampled_from([0, 1e-3]))}
    config |= data.draw(st.sampled_from(own.get(kind, [{}])))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler, _ = theirs_of_timm.create_scheduler(SimpleNamespace(**config), optimizer, PER)
    rates = []
    for t in range((epochs * 2 + 8) * (PER if on_updates else 1)):
        if t:
            (scheduler.step_update if on_updates else scheduler.step)(t)
        rates.append(float(optimizer.param_groups[0]["lr"]))
    ours = lrdsl.parse(only(config).text or "", steps_per_epoch=PER, tick="step" if on_updates else "epoch").values(len(rates), base=0.1)
    first = 1 if kind == "tanh" else 0  # train.py has no step 0, and the level of a tanh is below the base there
    assert ours[first:] == pytest.approx(rates[first:], abs=1e-13)


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


@given(st.sampled_from([0.1, 0.5]), st.integers(0, 4), st.sampled_from(["less", "greater"]), st.sampled_from(["rel", "abs"]), st.integers(0, 3))
@examples(60)
def test_the_plateau_of_mmengine(factor: float, patience: int, rule: str, kind: str, cooldown: int) -> None:
    arguments = {"factor": factor, "patience": patience, "rule": rule, "threshold_rule": kind, "cooldown": cooldown, "threshold": 0.01, "min_value": 1e-4}
    config = {"train_cfg": {"max_epochs": 30}, "param_scheduler": {"type": "ReduceOnPlateauLR", "monitor": "loss", **arguments}}
    (reading,) = readings_in([config])
    optimizers = [torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1) for _ in range(2)]
    real, ours = systems.real_mmengine.ReduceOnPlateauLR(optimizers[0], monitor="loss", **arguments), lrdsl.compile(reading.schedule(), optimizers[1])
    for loss in (1, 0.9, 0.91, 0.92, 0.93, 0.95, 0.9, 0.5, 0.499, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 1.2, 1.2, 1.2, 1.2):
        for one in optimizers:
            one.step()
        real.step({"loss": loss})
        ours.step(float(loss))
        assert optimizers[1].param_groups[0]["lr"] == pytest.approx(optimizers[0].param_groups[0]["lr"], rel=1e-12)


@given(
    st.sampled_from(["one_cycle", "rex", "cosine"]), st.sampled_from([0, 2, 7, 20]), st.integers(40, TOTAL), st.sampled_from([0, 0.1, 0.4]),
    st.sampled_from([None, 0.6, 0.97]), st.booleans(), RATE,
)  # fmt: skip
@examples(120)
def test_axolotl(kind: str, warm: int, total: int, low: float, share: float | None, quadratic: bool, base: float) -> None:
    config = {"base_model": "x", "micro_batch_size": 2, "lr_scheduler": kind, "max_steps": total, "warmup_steps": warm, "learning_rate": base}
    config |= drop({"cosine_min_lr_ratio": low, "cosine_constant_lr_ratio": share, "lr_quadratic_warmup": quadratic})
    (reading,) = readings_in([config])
    if kind == "one_cycle" and warm == 0:  # torch's rise of no steps begins at its end
        return
    text = reading.text or ""
    assert ("betas[0] = " in text) == (kind == "one_cycle")
    got = lrdsl.parse(text).values(total, base=base, **({"target": "lr"} if kind == "one_cycle" else {}))
    assert got.tolist() == pytest.approx(systems.axolotl(config, total), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"jagged_restart_steps": 100}, "jagged_restart_steps"),
        ({"lr_scheduler": "one_cycle", "optimizer": "sgd"}, "momentum"),
        ({"lr_scheduler": "log_sweep"}, "log_sweep"),
        ({"cosine_min_lr_ratio": 0.1, "cosine_constant_lr_ratio": 0.05}, "ends at step 5"),
    ],
)
def test_axolotl_says_why(more: dict[str, Any], reason: str) -> None:
    (reading,) = readings_in([{"base_model": "x", "micro_batch_size": 2, "learning_rate": 0.1, "max_steps": 100, "warmup_steps": 10, **more}])
    assert reading.text is None
    assert reason in reading.problems[0]


@examples(8)
@given(st.sampled_from(["cosine", "linear", "constant"]), st.sampled_from([None, 0.0, 0.01, 0.1]), st.integers(50, TOTAL), st.sampled_from([0.0, 1e-5]))
def test_gpt_neox(style: str, share: float | None, n: int, low: float) -> None:
    """From `megatron/learning_rates.py` and `training.py` of GPT-NeoX: the keys of Megatron, and other numbers."""
    warm, base = (0.01 if share is None else share) * n, 2e-4

    def theirs(t: int) -> float:
        if warm > 0 and t <= warm:
            return base * max(1, t) / warm
        done = (t - warm) / (n - warm)
        level = {"linear": base * (1 - done), "cosine": low + (base - low) / 2 * (math.cos(math.pi * done) + 1), "constant": base}[style]
        return max(level, low)

    config = {"train_iters": TOTAL, "lr_decay_iters": n, "lr_decay_style": style, "min_lr": low, "optimizer": {"type": "Adam", "params": {"lr": base}}}
    [found] = readings(json.dumps(config | ({} if share is None else {"warmup": share})), "config.yml")
    assert found.base is not None
    assert float(found.base) == base
    assert found.schedule().values(TOTAL, base).tolist() == pytest.approx([theirs(t) for t in range(TOTAL)], rel=0, abs=1e-12 * base)
