"""Tests of the schedulers of smaller packages against the formulas of their sources, written out again here."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from lrdsl.dialects.sources import reading
from lrdsl.rules.summary import levels_at

_Level = Callable[[int, float], float]


def _cosine(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2


def _bolts(warmup: int, whole: int, start: float, end: float) -> _Level:
    def level(t: int, base: float) -> float:
        if t < warmup:
            return start + t * (base - start) / (warmup - 1) if warmup > 1 else start
        return end + (base - end) * _cosine((t - warmup) / (whole - warmup))

    return level


def _katsura(cycle: int, high: float, low: float, warmup: int) -> _Level:
    def level(t: int, _: float) -> float:
        u = t % cycle
        return low + (high - low) * (u / warmup if u < warmup else _cosine((u - warmup) / (cycle - warmup)))

    return level


def _katsura_growing(cycle: int, mult: float, high: float, low: float, warmup: int, gamma: float) -> _Level:
    def level(t: int, _: float) -> float:
        length, top = cycle, high
        while t >= length:
            t, length, top = t - length, int((length - warmup) * mult) + warmup, top * gamma
        return _katsura(length, top, low, warmup)(t, 0)

    return level


def _basicsr(periods: list[int], weights: list[float], ends: list[float]) -> _Level:
    def level(t: int, base: float) -> float:
        sums = [sum(periods[: i + 1]) for i in range(len(periods))]
        i = next(i for i, end in enumerate(sums) if t <= end)
        return ends[i] + weights[i] * (base - ends[i]) * _cosine((t - sums[i] + periods[i]) / periods[i])

    return level


def _gradual(t: int, base: float) -> float:
    return base * t / 5 if t <= 5 else base * _cosine((t - 6) / 95)


@pytest.mark.parametrize(
    ("call", "level"),
    [
        ("pl_bolts.optimizers.LinearWarmupCosineAnnealingLR(o, 10, 100, 1e-5, 1e-6)", _bolts(10, 100, 1e-5, 1e-6)),
        ("pl_bolts.optimizers.LinearWarmupCosineAnnealingLR(o, 1, 100, 1e-5, 1e-6)", _bolts(1, 100, 1e-5, 1e-6)),
        ("pl_bolts.optimizers.LinearWarmupCosineAnnealingLR(o, 0, 100)", _bolts(0, 100, 0, 0)),
        ("cosine_annealing_warmup.CosineAnnealingWarmupRestarts(o, 50, max_lr=0.1, min_lr=0.001, warmup_steps=5)", _katsura(50, 0.1, 0.001, 5)),
        ("cosine_annealing_warmup.CosineAnnealingWarmupRestarts(o, 21, 1.5, 0.1, 0.001, 5, 0.7)", _katsura_growing(21, 1.5, 0.1, 0.001, 5, 0.7)),
        ("cosine_annealing_warmup.CosineAnnealingWarmupRestarts(o, 30, 2.0, 0.1)", _katsura_growing(30, 2, 0.1, 0.001, 0, 1)),
        ("warmup_scheduler.GradualWarmupScheduler(o, 1, 5, torch.optim.lr_scheduler.CosineAnnealingLR(o, 95))", _gradual),
        ("warmup_scheduler.GradualWarmupScheduler(o, multiplier=8, total_epoch=5)", lambda t, base: base * (1 + 7 * min(t, 5) / 5)),
        ("monai.optimizers.WarmupCosineSchedule(o, 5, 130)", lambda t, base: base * (t / 5 if t < 5 else _cosine((t - 5) / 125))),
        ("pytorch_transformers.WarmupLinearSchedule(o, 5, 130)", lambda t, base: base * (t / 5 if t < 5 else (130 - t) / 125)),
        ("basicsr.models.lr_scheduler.CosineAnnealingRestartLR(o, [50, 40, 40], [1, 0.5, 0.25], 1e-3)", _basicsr([50, 40, 40], [1, 0.5, 0.25], [1e-3] * 3)),
        ("basicsr.models.lr_scheduler.CosineAnnealingRestartCyclicLR(o, [50, 80], [1, 1], [0.03, 0.001])", _basicsr([50, 80], [1, 1], [0.03, 0.001])),
        (
            "torchtune.training.get_cosine_schedule_with_warmup(o, 5, 130)",
            lambda t, base: base * (t / 5 if t < 5 else _cosine((t - 5) / 125)),
        ),
        ("pytorch_transformers.WarmupConstantSchedule(o, 5)", lambda t, base: base * min(t / 5, 1)),
        ("basicsr.models.lr_scheduler.MultiStepRestartLR(o, [50, 80], 0.5)", lambda t, base: base * 0.5 ** sum(t >= m for m in (50, 80))),
    ],
)
def test_the_levels_are_those_of_the_package(call: str, level: _Level) -> None:
    schedule = reading(f"import torch\n{call}").schedule()
    ticks = range(130)
    assert list(levels_at(schedule.plan.level, list(ticks), 0.5)) == pytest.approx([level(t, 0.5) for t in ticks], abs=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        "GradualWarmupScheduler(o, 8, 5, torch.optim.lr_scheduler.StepLR(o, 30))",
        "WarmupCosineSchedule(o, 5, 100, end_lr=1e-6)",
        "MultiStepRestartLR(o, [50], restarts=[0, 100], restart_weights=[1, 0.5])",
    ],
)
def test_what_has_no_text_has_a_reason(call: str) -> None:
    read = reading(call)
    assert read.text is None
    assert read.problems
