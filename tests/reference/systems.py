"""The rates of systems that are not installed here, each written anew from the sources that `lrdsl.dialects.systems` names: from the tick, the base, and the arguments.

A rate takes a base that it may not need, as its system's levels may be absolute. It is kept at its end where the formula goes on past the run.
"""

# ruff: noqa: ARG001, ARG005

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Rate = Callable[..., float]


def wave(x: float) -> float:
    """Half a cosine, from 1 to 0."""
    return (1 + math.cos(math.pi * x)) / 2


def noam(step: int, w: int) -> float:
    """The Transformer's rate, by its peak."""
    return min(step**-0.5, step * w**-1.5) * w**0.5


def darknet(rate: Rate) -> Rate:
    """A policy of Darknet, behind its burn-in."""

    def theirs(t: int, base: float, burn_in: int, power: float, **given: Any) -> float:
        batch = t + 1
        return base * (batch / burn_in) ** power if batch < burn_in else base * rate(batch, power=power, **given)

    return theirs


def legacy(rate: Rate) -> Rate:
    """A scheme of decay of Tensor2Tensor, behind its warmup."""
    return lambda t, base, w, **given: base * (math.exp(math.log(0.01) / w) ** (w - t) if t < w else rate(t, w, **given))


def rwkv(rate: Rate) -> Rate:
    return lambda t, base, w, n, **given: rate(t, base, w, n, **given) * (0.2 + 0.8 * t / w if t < w else 1)


def late(t: int, w: int, n: int) -> float:
    return min(1.0, max(0.0, (t - w + 1) / (n - w)))


def steps_before(milestones: list[int], t: int) -> int:
    return sum(m <= t for m in milestones)


def triangle(t: int, step_size: int, scale: Callable[[int], float], low: float, high: float) -> float:
    cycle = math.floor(1 + t / (2 * step_size))
    return low + (high - low) * max(0, 1 - abs(t / step_size - 2 * cycle + 1)) * scale(cycle)


def interpolated(t: float, *points: tuple[float, float]) -> float:
    return float(np.interp(t, *zip(*points, strict=True)))


def radam(t: int, base: float, beta2: float, offset: int, rho_inf: float) -> float:
    power = beta2 ** (t + offset)
    rho = rho_inf - 2 * (t + offset) * power / (1 - power)
    return base * math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))


def linspaces(t: int, base: float, w: int, a: int, d: int, init_lr: float, max_lr: float, min_lr: float, final_lr: float) -> float:
    levels = np.concatenate([np.linspace(init_lr, max_lr, w), np.linspace(max_lr, min_lr, a), np.linspace(min_lr, final_lr, d)])
    return float(levels[t]) if t < len(levels) else final_lr


def espnet_steps(t: int, base: float, w: int, per: int, step_size: int, gamma: float) -> float:
    step = t + 1
    return base * (step / w if step <= w else gamma ** ((step // per - w // per) // step_size))


def tri_stage(step: int, base: float, w: int, s: int, d: int, first: float, last: float) -> float:
    if step < w:
        return base * (first + (1 - first) * step / w)
    return base * (1.0 if step < w + s else math.exp(math.log(last) * min(step - w - s, d) / d))


def warm_cool(t: int, base: float, w: int, n: int, c: int, g: float, k: int) -> float:
    power = math.log(g) / k
    if t < w:
        return base * t / w
    return base * (math.exp(power * (n - c)) * max(0, 1 - (t - n + c) / c) if t > n - c else math.exp(power * (t - w)))


def warm_cosine(t: int, w: int, n: int, start: float, top: float, low: float) -> float:
    return start + (top - start) * t / w if t < w else low + (top - low) * wave(min(1.0, (t - w) / (n - w)))


def dino(t: int, base: float, w: int, n: int, start_warmup_value: float, final_value: float) -> float:
    if t < w:
        return float(np.linspace(start_warmup_value, base, w)[t])
    return final_value + (base - final_value) * wave((t - w) / (n - w)) if t < n else final_value


def gluon(shape: Callable[..., float]) -> Rate:
    def theirs(t: int, base: float, niters: int, target_lr: float, **given: float) -> float:
        share = min(t + 1, niters - 1) / (niters - 1)
        return target_lr + (base - target_lr) * shape(share, **given)

    return theirs


#: The rate of each scheduler, by the title of its system and its name.
RATES: dict[tuple[str, str], Rate] = {
    ("PyTorch Ignite", "PiecewiseLinear"): lambda t, base, a, b, x, y: interpolated(t, (a, x), (b, y)),
    ("fvcore and ClassyVision", "MultiStepParamScheduler"): lambda t, base, a, b, x, y, z: (x, y, z)[steps_before([a, b], t)],
    ("fvcore and ClassyVision", "StepParamScheduler"): lambda t, base, n, x, y, z: (x, y, z)[min(2, 3 * t // n)],
    ("GluonCV", "LRScheduler('constant')"): lambda t, base: base,
    ("GluonCV", "LRScheduler('linear')"): gluon(lambda share: 1 - share),
    ("GluonCV", "LRScheduler('poly')"): gluon(lambda share, power: (1 - share) ** power),
    ("GluonCV", "LRScheduler('cosine')"): gluon(wave),
    ("GluonCV", "LRScheduler('step')"): lambda t, base, step_iter, step_factor: base * step_factor ** steps_before(step_iter, t + 1),
    ("PaddlePaddle", "PiecewiseDecay"): lambda t, base, a, b, x, y, z: x if t < a else y if t < b else z,
    ("Caffe", "fixed"): lambda t, base: base,
    ("Caffe", "step"): lambda t, base, stepsize, gamma: base * gamma ** (t // stepsize),
    ("Caffe", "exp"): lambda t, base, gamma: base * gamma**t,
    ("Caffe", "inv"): lambda t, base, gamma, power: base * (1 + gamma * t) ** -power,
    ("Caffe", "multistep"): lambda t, base, stepvalue, gamma: base * gamma ** steps_before(stepvalue, t),
    ("Caffe", "poly"): lambda t, base, max_iter, power: base * (1 - min(t, max_iter) / max_iter) ** power,
    ("Caffe", "sigmoid"): lambda t, base, gamma, stepsize: base / (1 + math.exp(-gamma * (t - stepsize))),
    ("Chainer", "ExponentialShift"): lambda t, base, rate, target: max(base * rate**t, target),
    ("Chainer", "InverseShift"): lambda t, base, gamma, power: base * (1 + gamma * t) ** -power,
    ("Chainer", "LinearShift"): lambda t, base, a, b, x, y: interpolated(t, (a, x), (b, y)),
    ("Chainer", "MultistepShift"): lambda t, base, step_value, gamma: base * gamma ** steps_before(step_value, t),
    ("Chainer", "PolynomialShift"): lambda t, base, max_count, rate: base * max(1 - t / max_count, 0) ** rate,
    ("Chainer", "StepShift"): lambda t, base, n, gamma: base * gamma ** (t // n),
    ("Chainer", "WarmupShift"): lambda t, base, warmup_iter, warmup_start: interpolated(t, (0, warmup_start), (warmup_iter, base)),
    ("TensorFlow Model Garden", "LinearWarmup"): lambda t, base, warmup_steps, warmup_learning_rate: interpolated(
        t, (0, warmup_learning_rate), (warmup_steps, base)
    ),
    ("TensorFlow Model Garden", "PolynomialWarmUp"): lambda t, base, warmup_steps, power: (
        base * (max(t, 1) / warmup_steps) ** power if t < warmup_steps else base
    ),
    ("TensorFlow Model Garden", "DirectPowerDecay"): lambda t, base, p: base * max(t, 1) ** -p,
    ("TensorFlow Model Garden", "PowerAndLinearDecay"): lambda t, base, p, n, d: base * max(t, 1) ** -p * max(0.0, min(1.0, (n - t) / d)),
    ("TensorFlow Model Garden", "PowerDecayWithOffset"): lambda t, base, p, offset, top: top if t <= offset else min(top, base * max(t - offset, 1) ** -p),
    ("TensorFlow Model Garden", "StepCosineDecayWithOffset"): lambda t, base, a, b, x, y: (
        y + (x - y) * wave(t / a) if t < a else y * wave(min(1, (t - a) / (b - a)))
    ),
    ("TensorFlow Addons", "TriangularCyclicalLearningRate"): lambda t, base, low, high, step_size: triangle(t, step_size, lambda _: 1, low, high),
    ("TensorFlow Addons", "Triangular2CyclicalLearningRate"): lambda t, base, low, high, step_size: triangle(
        t, step_size, lambda cycle: 1 / 2.0 ** (cycle - 1), low, high
    ),
    ("TensorFlow Addons", "ExponentialCyclicalLearningRate"): lambda t, base, low, high, step_size, gamma: triangle(
        t, step_size, lambda _: gamma**t, low, high
    ),
    ("TensorFlow Addons", "ExponentialCyclicalLearningRate(scale_mode='cycle')"): lambda t, base, low, high, step_size, gamma: triangle(
        t, step_size, lambda cycle: gamma**cycle, low, high
    ),
    ("Big Vision", "cosine"): lambda t, base, w, n: base * min(1, t / w) * wave(min(1, max(0, (t - w) / (n - w)))),
    ("Big Vision", "linear"): lambda t, base, w, n, linear_end: base * t / w if t < w else linear_end + (base - linear_end) * (1 - min(1, (t - w) / (n - w))),
    ("Big Vision", "polynomial"): lambda t, base, w, n, linear_end, power: (
        base * t / w if t < w else linear_end + (base - linear_end) * (1 - min(1, (t - w) / (n - w))) ** power
    ),
    ("Big Vision", "rsqrt"): lambda t, base, w, n, c, timescale: base / math.sqrt(1 + max(0, t - w) / timescale) * min(1, t / w) * max(0, min(1, (n - t) / c)),
    ("Big Vision", "stair"): lambda t, base, w, a, b, f, g: base * (1, f, g)[steps_before([a, b], t)] * min(1, t / w),
    ("pytorch_warmup", "LinearWarmup"): lambda t, base, warmup_period: base * min(1.0, (t + 1) / warmup_period),
    ("pytorch_warmup", "ExponentialWarmup"): lambda t, base, warmup_period: base * (1 - math.exp(-(t + 1) / warmup_period)),
    ("pytorch_warmup", "UntunedLinearWarmup"): lambda t, base, warmup_period: base * min(1.0, (t + 1) / warmup_period),
    ("pytorch_warmup", "UntunedExponentialWarmup"): lambda t, base, warmup_period: base * (1 - math.exp(-(t + 1) / warmup_period)),
    ("pytorch_warmup", "RAdamWarmup"): radam,
    ("Catalyst", "OneCycleLR"): linspaces,
    ("Darknet", "constant"): darknet(lambda batch, power: 1),
    ("Darknet", "step"): darknet(lambda batch, power, n, gamma: gamma ** (batch // n)),
    ("Darknet", "steps"): darknet(lambda batch, power, steps, scales: math.prod(scales[: steps_before(steps, batch)])),
    ("Darknet", "exp"): darknet(lambda batch, power, gamma: gamma**batch),
    ("Darknet", "poly"): darknet(lambda batch, power, max_batches: (1 - min(batch, max_batches) / max_batches) ** power),
    ("Darknet", "sig"): darknet(lambda batch, power, gamma, n: 1 / (1 + math.exp(gamma * (batch - n)))),
    ("AllenNLP", "step"): lambda t, base, step_size, gamma: base * gamma ** (t // step_size),
    ("AllenNLP", "multi_step"): lambda t, base, milestones, gamma: base * gamma ** steps_before(milestones, t),
    ("AllenNLP", "exponential"): lambda t, base, gamma: base * gamma**t,
    ("AllenNLP", "combined"): lambda t, base, n: base * (max(0, 1 - t / 30) if t < n else max(0, 1 - n / 30) * 0.5 ** ((t - n) // 3)),
    ("diffusers", "get_piecewise_constant_schedule"): lambda t, base, a, b, f, g, h: base * (f, g, h)[steps_before([a, b], t)],
    ("OpenNMT-py", "noam"): lambda t, base, warmup_steps, hidden_size: base * hidden_size**-0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5),
    ("OpenNMT-py", "noamwd"): lambda t, base, warmup_steps, hidden_size, rate, n, start: (
        base * hidden_size**-0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5) * rate ** (max(t + 1 - start + n, 0) // n)
    ),
    ("OpenNMT-py", "rsqrt"): lambda t, base, warmup_steps: base / math.sqrt(max(t + 1, warmup_steps)),
    ("OpenNMT-py", "none, with start_decay_steps"): lambda t, base, rate, n, start: base * rate ** (max(t + 1 - start + n, 0) // n),
    ("JoeyNMT", "decaying"): lambda t, base, decaying_step_size: base * 0.1 ** (t // decaying_step_size),
    ("JoeyNMT", "exponential"): lambda t, base, decrease_factor: base * decrease_factor**t,
    ("JoeyNMT", "noam"): lambda t, base, factor, hidden_size, w: factor * hidden_size**-0.5 * min((t + 1) ** -0.5, (t + 1) * w**-1.5),
    ("Tensor2Tensor", "constant"): lambda t, base, learning_rate_constant: learning_rate_constant,
    ("Tensor2Tensor", "linear_warmup"): lambda t, base, w: base * min(1, t / w),
    ("Tensor2Tensor", "rsqrt_decay"): lambda t, base, w: base * max(t, w) ** -0.5,
    ("Tensor2Tensor", "rsqrt_hidden_size"): lambda t, base, hidden_size: base * hidden_size**-0.5,
    ("Tensor2Tensor", "legacy: noam"): lambda t, base, w, hidden_size: base * 5000 * hidden_size**-0.5 * min((t + 1) * w**-1.5, (t + 1) ** -0.5),
    ("Tensor2Tensor", "legacy: none"): legacy(lambda t, w: 1),
    ("Tensor2Tensor", "legacy: exp"): legacy(lambda t, w, rate, n: rate ** ((t - w) / n)),
    ("Tensor2Tensor", "legacy: exp, in stairs"): legacy(lambda t, w, rate, n: rate ** ((t - w) // n)),
    ("Tensor2Tensor", "legacy: piecewise"): legacy(lambda t, w, a, f: 1 if t <= a else f),
    ("Tensor2Tensor", "legacy: cosine"): legacy(lambda t, w, n: wave((n - abs(n - t % (2 * n))) / n)),
    ("Tensor2Tensor", "legacy: cyclelinear10x"): legacy(lambda t, w: (1.1 - abs((t % (2 * w) - w) / w)) * 3),
    ("Tensor2Tensor", "legacy: sqrt"): legacy(lambda t, w: 500 / math.sqrt(max(t - w, 1))),
    ("Mesh TensorFlow", "constant"): lambda t, base, value: value,
    ("Mesh TensorFlow", "constant_learning_rate"): lambda t, base, learning_rate: learning_rate,
    ("Mesh TensorFlow", "linear_warmup"): lambda t, base, w: base * min(1, t / w),
    ("Mesh TensorFlow", "linear_decay"): lambda t, base, n, d: base * max(0, min(1, (n - t) / d)),
    ("Mesh TensorFlow", "truncated_rsqrt"): lambda t, base, w: base * max(t, w) ** -0.5,
    ("Mesh TensorFlow", "product_learning_rate"): lambda t, base: base * max(0, 1 - t / 30) * 0.5 ** (t // 3),
    ("Mesh TensorFlow", "linear_decay_learning_rate"): lambda t, base, n, initial_lr: initial_lr * max(0, (n - t) / n),
    ("Mesh TensorFlow", "learning_rate_schedule_noam"): lambda t, base, w, n, d: base * max(t, w) ** -0.5 * max(0, min(1, (n - t) / d)),
    ("RWKV-LM", "exponential"): rwkv(lambda t, base, w, n, r: base * math.exp(math.log(r) * late(t, w, n))),
    ("RWKV-LM", "linear, for lr_final=0"): rwkv(lambda t, base, w, n: base * (1 - late(t, w, n))),
    ("RWKV-LM", "cosine, for my_exit_tokens"): rwkv(lambda t, base, w, n, lr_final: lr_final + (base - lr_final) * wave(min(1, max(0, (t - w) / (n - w))))),
    ("ESPnet", "NoamLR"): lambda t, base, warmup_steps, model_size: base * model_size**-0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5),
    ("ESPnet", "WarmupLR"): lambda t, base, warmup_steps: base * noam(t + 1, warmup_steps),
    ("ESPnet", "PiecewiseLinearWarmupLR"): lambda t, base, a, b, x, y: (
        interpolated(t + 1, (0, x), (a, y), (b, base)) if t + 1 <= b else base * math.sqrt(b / (t + 1))
    ),
    ("ESPnet", "WarmupStepLR"): espnet_steps,
    ("ESPnet", "TristageLR"): lambda t, base, w, s, d, init_lr_scale, final_lr_scale: tri_stage(t + 1, base, w, s, d, init_lr_scale, final_lr_scale),
    ("ESPnet", "ExponentialDecayWarmup"): lambda t, base, w, n, min_lr: (
        base * (t + 1) / w if t < w else base * math.exp(math.log(min_lr / base) * min(1, (t - w) / (n - w)))
    ),
    ("ESPnet", "LinearWarmupDecayLR"): lambda t, base, w, n, start_factor, end_factor: base * interpolated(t, (0, start_factor), (w, 1), (n, end_factor)),
    ("ESPnet", "CosineAnnealingWarmupRestarts"): lambda t, base, warmup_steps, first_cycle_steps, min_lr, max_lr: warm_cosine(
        t % first_cycle_steps, warmup_steps, first_cycle_steps, min_lr, max_lr, min_lr
    ),
    ("WeNet", "WarmupLR"): lambda t, base, warmup_steps: base * noam(t + 1, warmup_steps),
    ("SpeechBrain", "WarmAndExpDecayLRSchedule"): lambda t, base, n_warmup_steps, total_steps, decay_factor: (
        base * (t / n_warmup_steps if t < n_warmup_steps else decay_factor ** min(1, (t - n_warmup_steps) / (total_steps - n_warmup_steps)))
    ),
    ("SpeechBrain", "LinearScheduler"): lambda t, base, epoch_count, final_value: float(np.linspace(base, final_value, epoch_count)[min(t, epoch_count - 1)]),
    ("SpeechBrain", "LinearWarmupScheduler"): lambda t, base, num_warmup_steps, num_training_steps: (
        base * (t / num_warmup_steps if t < num_warmup_steps else max(0.0, (num_training_steps - t) / max(1, num_training_steps - num_warmup_steps)))
    ),
    ("SpeechBrain", "StepScheduler"): lambda t, base, decay_drop, decay_factor: base * decay_factor ** ((1 + t) // decay_drop),
    ("SpeechBrain", "NoamScheduler"): lambda t, base, n_warmup_steps: base * noam(t + 1, n_warmup_steps),
    ("SpeechBrain", "NoamIntervalScheduler"): lambda t, base, n_warmup_steps, anneal_steps, anneal_rates: (
        base * noam(t + 1, n_warmup_steps) * math.prod(anneal_rates[: sum(t + 1 > at for at in anneal_steps)])
    ),
    ("SpeechBrain", "CyclicCosineScheduler"): lambda t, base, n_warmup_steps, total_steps: base * wave((t + 1 - n_warmup_steps) / total_steps),
    ("SpeechBrain", "CyclicLRScheduler"): lambda t, base, base_lr, max_lr, step_size: triangle(t + 1, step_size, lambda _: 1, base_lr, max_lr),
    ("SpeechBrain", "IntervalScheduler"): lambda t, base, a, b, x, y: base if t + 1 < a else x if t + 1 < b else y,
    ("SpeechBrain", "InverseSquareRootScheduler"): lambda t, base, warmup_steps: 1 / math.sqrt(max(warmup_steps, t + 1)),
    ("SpeechBrain", "WarmCoolDecayLRSchedule"): warm_cool,
    ("SpeechBrain", "TriStageLRSchedule"): lambda t, base, warmup_steps, hold_steps, decay_steps, init_lr_scale, final_lr_scale: tri_stage(
        t, base, warmup_steps, hold_steps, decay_steps, init_lr_scale, final_lr_scale
    ),
    ("DINO", "cosine_scheduler"): dino,
    ("MAE", "adjust_learning_rate"): lambda t, base, w, n, min_lr: warm_cosine(t, w, n, 0, base, min_lr),
    ("MoCo", "--cos"): lambda t, base, epochs: base * wave(min(1, t / epochs)),
    ("MoCo", "--schedule"): lambda t, base, schedule: base * 0.1 ** steps_before(schedule, t),
    ("Swin Transformer", "cosine"): lambda t, base, w, n, warmup_lr, min_lr: warm_cosine(t, w, n, warmup_lr, base, min_lr),
    ("Swin Transformer", "linear"): lambda t, base, w, n, warmup_lr: interpolated(t, (0, warmup_lr), (w, base), (n, 0.01 * base)),
    ("Swin Transformer", "step"): lambda t, base, w, warmup_lr, decay_steps, decay_rate: (
        warmup_lr + (base - warmup_lr) * t / w if t < w else base * decay_rate ** (t // decay_steps)
    ),
    ("Swin Transformer", "multistep"): lambda t, base, w, warmup_lr, milestones, gamma: (
        warmup_lr + (base - warmup_lr) * t / w if t < w else base * gamma ** steps_before(milestones, t)
    ),
    ("pix2pix and CycleGAN", "linear"): lambda t, base, n_epochs, n_epochs_decay: base * (1 - min(1, max(0, t + 1 - n_epochs) / (n_epochs_decay + 1))),
    ("pix2pix and CycleGAN", "step"): lambda t, base, lr_decay_iters: base * 0.1 ** (t // lr_decay_iters),
    ("pix2pix and CycleGAN", "cosine"): lambda t, base, n_epochs: base * wave(t / n_epochs),
    ("torchvision references", "steplr"): lambda t, base, w, decay, n, gamma: base * (decay + (1 - decay) * t / w if t < w else gamma ** ((t - w) // n)),
    ("torchvision references", "cosineannealinglr"): lambda t, base, w, decay, n: base * (decay + (1 - decay) * t / w if t < w else wave((t - w) / (n - w))),
    ("torchvision references", "exponentiallr"): lambda t, base, w, decay, gamma: base * (decay + (1 - decay) * t / w if t < w else gamma ** (t - w)),
    ("torchvision references", "lr_warmup_method='constant'"): lambda t, base, w, decay, n, gamma: base * (decay if t < w else gamma ** ((t - w) // n)),
    ("Stable Diffusion and latent diffusion", "LambdaWarmUpCosineScheduler"): lambda t, base, w, n, lr_start, lr_max, lr_min: warm_cosine(
        t, w, n, lr_start, lr_max, lr_min
    ),
    ("Stable Diffusion and latent diffusion", "LambdaWarmUpCosineScheduler2"): lambda t, base, w, n, f_start, f_max, f_min: warm_cosine(
        t, w, n, f_start, f_max, f_min
    ),
    ("Stable Diffusion and latent diffusion", "LambdaLinearScheduler"): lambda t, base, w, n, f_start, f_max, f_min: (
        f_start + (f_max - f_start) * t / w if t < w else f_min + (f_max - f_min) * max(0, n - t) / n
    ),
}
