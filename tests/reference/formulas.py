"""Schedules of systems that cannot be installed here, and of papers: their formulas, written anew from the source that each names. Each gives the level at tick t."""

from __future__ import annotations

import math
from bisect import bisect_right


def half_cosine(share: float) -> float:
    """The weight of a half cosine that falls from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * share))


def torchtitan(t: int, base: float, w: int, s: int, d: int, r: float, kind: str) -> float:
    """torchtitan, components/lr_scheduler.py, linear_warmup_stable_decay."""
    if t < w:
        return base * (t + 1) / w
    if t < w + s:
        return base
    share = min((t + 1 - w - s) / d, 1)
    fallen = {"linear": 1 - share, "sqrt": 1 - math.sqrt(share), "cosine": half_cosine(share)}[kind]
    return base * (r + (1 - r) * fallen)


def nanogpt(t: int, base: float, w: int, n: int, m: float) -> float:
    """nanoGPT, train.py, get_lr."""
    if t < w:
        return base * (t + 1) / (w + 1)
    return m if t > n else m + half_cosine((t - w) / (n - w)) * (base - m)


def nemo(t: int, base: float, w: int, n: int, m: float) -> float:
    """NeMo, core/optim/lr_scheduler.py, CosineAnnealing with its WarmupPolicy."""
    if t <= w and w > 0:
        return base * (t + 1) / (w + 1)
    return m if t > n else m + (base - m) * half_cosine((t - w) / (n - w))


def megatron_wsd(t: int, base: float, w: int, n: int, d: int, m: float) -> float:
    """Megatron-LM, core/optimizer_param_scheduler.py, lr_decay_style WSD with lr_wsd_decay_style exponential, from a warmup at 0."""
    if w > 0 and t <= w:
        return base * t / w
    if t > n:
        return m
    return base if t <= n - d else m + (base - m) * (2 * 0.5 ** ((t - (n - d)) / d) - 1)


def detectron2_cosine(t: int, base: float, w: int, n: int, f: float) -> float:
    """detectron2, solver/build.py and lr_scheduler.py: WarmupCosineLR, whose warmup ends at the level that the cosine has there."""
    end = base * half_cosine(w / n)
    return base * f + (end - base * f) * t / w if t < w else base * half_cosine(min(t / n, 1))


def detectron2_multistep(t: int, base: float, w: int, milestones: list[int], gamma: float, f: float) -> float:
    """detectron2, solver/lr_scheduler.py, WarmupMultiStepLR, whose warmup is a factor."""
    warm = f * (1 - t / w) + t / w if t < w else 1.0
    return base * warm * gamma ** bisect_right(milestones, t)


def ultralytics_bias(t: int, base: float, w: int, epochs: int, steps: int, first: float, lrf: float) -> float:
    """Ultralytics, engine/trainer.py: the bias group, which warms up from `first` to the linear fall of the others, taken once an epoch."""
    level = base * (max(1 - (t // steps) / epochs, 0) * (1 - lrf) + lrf)
    return first + (level - first) * t / w if t <= w else level


def composer_restarts(t: int, base: float, first: int, mult: float, floor: float) -> float:
    """Composer, optim/scheduler.py, CosineAnnealingWarmRestartsScheduler: each length is int() of `mult` times the one before."""
    length = end = first
    while end <= t:
        length = int(mult * length)
        end += length
    return base * (floor + (1 - floor) * half_cosine((t - (end - length)) / length))


def fairseq_triangular(t: int, low: float, high: float, half: int, shrink: float, shrink_min: bool) -> float:
    """fairseq, optim/lr_scheduler/triangular_lr_scheduler.py: it shrinks the maximum, and not the height."""
    cycle = t // (2 * half)
    top, bottom = high * shrink**cycle, low * shrink**cycle if shrink_min else low
    return bottom + (top - bottom) * max(0, 1 - abs(t / half - 2 * (cycle + 1) + 1))


def tri_stage(t: int, base: float, w: int, s: int, d: int, first: float, last: float) -> float:
    """fairseq, optim/lr_scheduler/tri_stage_lr_scheduler.py; Park et al. 2019 (SpecAugment)."""
    if t < w:
        return base * (first + (1 - first) * t / w)
    if t < w + s:
        return base
    return base * math.exp(math.log(last) / d * (t - w - s)) if t < w + s + d else base * last


def open_clip(t: int, base: float, w: int, n: int) -> float:
    """open_clip, training/scheduler.py, cosine_lr."""
    return base * (t + 1) / w if t < w else base * half_cosine((t - w) / (n - w))


def rex(t: int, base: float, n: int) -> float:
    """Chen et al. 2022, REX: Revisiting Budgeted Training with an Improved Schedule."""
    left = 1 - t / n
    return base * left / (0.5 + 0.5 * left) if t < n else 0.0


def eden(t: int, base: float, batches: float, epochs: float, steps: int, warm: int, start: float) -> float:
    """k2-fsa/icefall, optim.py, Eden."""
    epoch = t // steps
    factor = ((t**2 + batches**2) / batches**2) ** -0.25 * ((epoch**2 + epochs**2) / epochs**2) ** -0.25
    return base * factor * (1.0 if t >= warm else start + (1 - start) * t / warm)


def wsd_s(t: int, base: float, w: int, s: int, d: int, r: float) -> float:
    """Wen et al. 2024, Understanding Warmup-Stable-Decay Learning Rates: a decay along which the inverse of the rate is linear, then the full rate again."""
    if t < w:
        return base * t / w
    u = (t - w) % (s + d)
    share = max(u - s, 0) / d
    return 1 / ((1 - share) / base + share / (r * base))


def infinite(t: int, base: float, w: int, c: int, s: int, a: int, at: float, to: float, steepness: float | None) -> float:
    """Ibrahim et al. 2024, Simple and Scalable Strategies to Continually Pre-train Large Language Models: the infinite schedules."""
    if t < w:
        return base * t / w
    if t < w + c:
        share = (t - w) / c
        if steepness is None:
            return at + (base - at) * half_cosine(share)
        return base + (at - base) * (1 / math.sqrt(1 + steepness * share) - 1) / (1 / math.sqrt(1 + steepness) - 1)
    if t < w + c + s:
        return at
    return at * (to / at) ** min((t - w - c - s) / a, 1)


def power(t: int, base: float, w: int, s: int, d: int, a: float, b: float) -> float:
    """Shen et al. 2024, Power Scheduler: min(base, a t^b), with a linear warmup to it and a linear decay from it."""

    def law(k: int) -> float:
        return min(base, a * max(k, 1) ** b)

    if t < w:
        return t / w * law(w)
    return law(t) if t < w + s else law(w + s) * max(1 - (t - w - s) / d, 0)


def slanted_triangular(t: int, base: float, n: int, cut_frac: float, ratio: float) -> float:
    """Howard & Ruder 2018 (ULMFiT), eq. 3."""
    cut = math.floor(n * cut_frac)
    p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
    return base * (1 + p * (ratio - 1)) / ratio


def t5x(t: int, base: float, w: int, factors: str, drop: float = 0.5, every: int = 20, cycle: int = 50) -> float:
    """T5X, utils.py, create_learning_rate_scheduler: a product of named factors."""
    level = 1.0
    for name in factors.split(" * "):
        level *= {
            "constant": base,
            "linear_warmup": min(1.0, t / w),
            "rsqrt_decay": 1 / math.sqrt(max(t, w)),
            "rsqrt_normalized_decay": math.sqrt(w) / math.sqrt(max(t, w)),
            "decay_every": drop ** (t // every),
            "cosine_decay": max(0.0, half_cosine(max(0.0, (t - w) / cycle) % 1.0)),
        }[name]
    return level
