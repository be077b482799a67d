"""The formulas of systems that do not install here, written anew from their code: the rate at a tick, for the arguments of a config."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def deepspeed(kind: str, p: Mapping[str, Any], base: float, tick: int) -> float:
    """deepspeed/runtime/lr_schedules.py."""
    it = tick - 1
    warm = max(2, p.get("warmup_num_steps", 1000))
    total = p.get("total_num_steps", 0)

    def up() -> float:
        return it / warm if p.get("warmup_type") == "linear" else math.log(it + 1) / math.log(warm)

    if kind == "WarmupCosineLR":
        if it < 0:
            return 0.0
        low = p.get("warmup_min_ratio", 0.0)
        if it < warm:
            return base * (low + (1 - low) * up())
        share = min(1.0, (it - warm + 1) / max(1, total - warm))
        end = p.get("cos_min_ratio", 0.0001)
        return base * (end + (1 - end) * (1 + math.cos(math.pi * share)) / 2)
    if kind == "OneCycle":
        low, high = p["cycle_min_lr"], p["cycle_max_lr"]
        first = p["cycle_first_step_size"]
        second = p.get("cycle_second_step_size", first)
        if tick == 0:
            return low
        if it < first + second:
            x = (it + 1) % (first + second) / (first + second)
            ratio = first / (first + second)
            return low + (high - low) * (x / ratio if x <= ratio else (x - 1) / (ratio - 1))
        interval = (it - first - second + 1) / p["decay_step_size"] if p.get("decay_step_size") else 0
        return low / (1 + p.get("decay_lr_rate", 0) * interval)
    if kind == "LRRangeTest":
        share = tick / p["lr_range_test_step_size"]
        return p["lr_range_test_min_lr"] * (1 + p["lr_range_test_step_rate"] * (math.floor(share) if p.get("lr_range_test_staircase") else share))
    low, high = p.get("warmup_min_lr", 0.0), p.get("warmup_max_lr", base if kind == "WarmupLR" else 0.001)
    if it < 0:
        return low
    gamma = up() if it < warm else 1.0
    if it >= warm and kind == "WarmupDecayLR":
        gamma = max(0.0, (total - it) / max(1.0, total - warm))
    return low + (high - low) * gamma


def mmengine(schedulers: Sequence[Mapping[str, Any]], base: float, ticks: int, length: int | None) -> list[float]:
    """mmengine/optim/scheduler/param_scheduler.py, stepped: the rate at each iteration. `length` is the iterations of an epoch; None steps all at once."""
    state = [{"own": -1, "all": -1} for _ in schedulers]
    level = base
    levels = []
    for tick in range(ticks):
        for s, at in zip(schedulers, state, strict=True):
            by_epoch = s.get("by_epoch", True) and length is not None
            per = length or 1
            converted = by_epoch and s.get("convert_to_iter_based", False)
            if by_epoch and not converted and tick % per:
                continue
            times = per if converted else 1
            begin, end = s.get("begin", 0) * times, s.get("end", 10**9) * times
            at["all"] += 1
            if not begin <= at["all"] < end:
                continue
            at["own"] += 1
            level = _changed(s, level, base, at["own"], end - begin - 1, times)
        levels.append(level)
    return levels


def _changed(s: Mapping[str, Any], level: float, base: float, u: int, n: int, times: int) -> float:
    kind = s["type"]
    if kind == "LinearLR":
        a, b = s.get("start_factor", 1 / 3), s.get("end_factor", 1.0)
        return level * a if u == 0 else level * (1 + (b - a) / (n * a + (u - 1) * (b - a)))
    if kind == "MultiStepLR":
        return level * s.get("gamma", 0.1) ** [m * times for m in s["milestones"]].count(u)
    if kind == "StepLR":
        return level * s.get("gamma", 0.1) if u and u % (s["step_size"] * times) == 0 else level
    if kind == "ExponentialLR":
        return level * s["gamma"] if u else level
    if kind == "ConstantLR":
        return level * s["factor"] if u == 0 else level / s["factor"] if u == n else level
    low = s.get("eta_min", 0)
    if kind == "PolyLR":
        return (level - low) * (1 - 1 / (n - u + 1)) ** s.get("power", 1.0) + low if u else level
    period = s["T_max"] * times
    if u == 0:
        return level
    if (u - 1 - period) % (2 * period) == 0:
        return level + (base - low) * (1 - math.cos(math.pi / period)) / 2
    return (1 + math.cos(math.pi * u / period)) / (1 + math.cos(math.pi * (u - 1) / period)) * (level - low) + low


def mmcv(c: Mapping[str, Any], base: float, tick: int, per: int, epochs: int) -> float:
    """mmcv/runner/hooks/lr_updater.py, in a runner of epochs."""
    by_epoch = c.get("by_epoch", True)
    at, whole = (tick // per, epochs) if by_epoch else (tick, epochs * per)
    low = c.get("min_lr") if c.get("min_lr") is not None else base * c.get("min_lr_ratio", 0)
    match c["policy"]:
        case "step":
            steps = c["step"]
            count = sum(at >= m for m in steps) if isinstance(steps, list) else at // steps
            rate = max(base * c.get("gamma", 0.1) ** count, c.get("min_lr") or 0)
        case "exp":
            rate = base * c["gamma"] ** at
        case "inv":
            rate = base * (1 + c["gamma"] * at) ** -c.get("power", 1.0)
        case "poly":
            rate = (base - low) * (1 - at / whole) ** c.get("power", 1.0) + low
        case "CosineAnnealing":
            rate = low + (base - low) * (1 + math.cos(math.pi * at / whole)) / 2
        case _:
            rate = base
    warm = c.get("warmup_iters", 0) * (per if c.get("warmup_by_epoch") else 1)
    if c.get("warmup") and tick < warm:
        share, ratio = tick / warm, c.get("warmup_ratio", 0.1)
        rate *= {"linear": 1 - (1 - share) * (1 - ratio), "exp": ratio ** (1 - share), "constant": ratio}[c["warmup"]]
    return float(rate)


def detectron2(c: Mapping[str, Any], tick: int) -> float:
    """detectron2/solver/build.py, over fvcore's CompositeParamScheduler."""
    base, total, warm = c["BASE_LR"], c["MAX_ITER"], c["WARMUP_ITERS"]

    def level(t: int) -> float:
        if c.get("LR_SCHEDULER_NAME") == "WarmupCosineLR":
            end = c.get("BASE_LR_END", 0.0)
            return float(end + (base - end) * (1 + math.cos(math.pi * t / total)) / 2)
        return float(base * c.get("GAMMA", 0.1) ** sum(t >= m for m in c["STEPS"]))

    if tick < warm:
        first, last = c["WARMUP_FACTOR"] * level(0), level(warm)
        return first if c.get("WARMUP_METHOD") == "constant" else first + (last - first) * tick / warm
    return level(tick)


def _down(kind: str, share: float) -> float:
    if kind == "cosine":
        return (1 + math.cos(math.pi * share)) / 2
    return 1 - math.sqrt(share) if kind in ("sqrt", "1-sqrt", "minus_sqrt") else 1 - share


def torchtitan(c: Mapping[str, Any], base: float, total: int, tick: int) -> float:
    """torchtitan/components/lr_scheduler.py."""
    warm = min(c["warmup_steps"], total)
    fall = min(round(total * c["decay_ratio"]), total - warm) if c.get("decay_ratio") is not None else total - warm
    stable = total + 1 - fall
    if tick < warm:
        return base * (tick + 1) / warm
    if tick < stable:
        return base
    low = c.get("min_lr_factor", 0.0)
    return float(base * (low + (1 - low) * _down(c.get("decay_type", "linear"), (tick + 1 - stable) / fall)))


def nanotron(c: Mapping[str, Any], total: int, tick: int) -> float:
    """src/nanotron/helpers.py, lr_scheduler_builder."""
    base, warm = c["learning_rate"], c["lr_warmup_steps"]
    start = c.get("lr_decay_starting_step")
    fall = c["lr_decay_steps"] if c.get("lr_decay_steps") is not None else total - warm - (start or 0)
    start = warm if start is None else start
    low = c.get("min_decay_lr", base)
    if tick <= warm:
        return float(base * tick / max(warm, 1)) if c["lr_warmup_style"] == "linear" else float(base)
    if tick < start:
        return float(base)
    return float(low + (base - low) * _down(c["lr_decay_style"], (tick - start) / fall)) if tick < start + fall else float(low)


def levanter(c: Mapping[str, Any], total: int, tick: int) -> float:
    """src/levanter/optim/config.py, one cycle."""

    def steps(x: float) -> int:
        return int(x * total) if x <= 1 else int(x)

    base, warm, low = c["learning_rate"], steps(c.get("warmup", 0.01)), c.get("min_lr_ratio", 0.1)
    fall = steps(c["decay"]) if c.get("decay") is not None else total - warm
    if tick < warm:
        return float(base * tick / warm)
    at = tick - (total - fall)
    if at < 0 or c.get("lr_schedule") == "constant":
        return float(base)
    return float(base * (low + (1 - low) * _down(c.get("lr_schedule", "cosine"), min(at / fall, 1))))


def olmo(c: Mapping[str, Any], base: float, total: int, tick: int) -> float:
    """olmo/optim.py."""
    warm, end, low = c["t_warmup"], c.get("t_max") or total, base * c.get("alpha_f", 0.1)
    if tick < warm:
        return base * (0.1 + 0.9 * tick / warm)
    cosine = low if tick >= end else low + (base - low) * _down("cosine", (tick - warm) / (end - warm))
    root = base * math.sqrt(warm / max(warm, tick))
    return float({"cosine_with_warmup": cosine, "inverse_sqrt_with_warmup": root, "max_scheduler": max(cosine, root)}[c["name"]])


def composer(kind: str, c: Mapping[str, Any], base: float, total: int, per: int, tick: int) -> float:
    """composer/optim/scheduler.py, with times in batches."""

    def time(raw: str) -> int:
        number = float(raw.rstrip("adbuepr"))
        return int(number * total) if raw.endswith("dur") else int(number * per) if raw.endswith("ep") else int(number)

    warm = time(c["t_warmup"])
    if tick < warm:
        return base * tick / warm
    if kind == "multistep_with_warmup":
        return float(base * c["gamma"] ** sum(tick >= time(m) for m in c["milestones"]))
    low = c.get("alpha_f", 0.0)
    share = min((tick - warm) / (time(c.get("t_max", "1dur")) - warm), 1) if time(c.get("t_max", "1dur")) > warm else 1
    return float(base * (low + (1 - low) * _down("cosine" if kind.startswith("cosine") else "linear", share)))


def fairseq(c: Mapping[str, Any], base: float, total: int, tick: int) -> float:
    """fairseq/optim/lr_scheduler/."""
    warm, kind = c["warmup_updates"], c["_name"]
    if kind == "inverse_sqrt":
        first = c.get("warmup_init_lr", -1)
        first = (0 if warm > 0 else base) if first < 0 else first
        return first + tick * (base - first) / warm if tick < warm else base * math.sqrt(warm) * tick**-0.5
    if kind == "fixed":
        return base * min(1.0, (tick + 1) / warm) if warm else base
    if kind == "polynomial_decay":
        end, power, whole = c.get("end_learning_rate", 0.0), c.get("power", 1.0), c.get("total_num_update", total)
        if warm > 0 and tick <= warm:
            return base * tick / warm
        return float(end) if tick >= whole else float((base - end) * (1 - (tick - warm) / (whole - warm)) ** power + end)
    if tick < warm:
        return base * tick / warm
    period = c.get("lr_period_updates", total - warm)
    cycle, at = divmod(tick - warm, period)
    return float(base * c.get("lr_shrink", 0.1) ** cycle * _down("cosine", at / period))


def ultralytics(c: Mapping[str, Any], tick: int, per: int) -> float:
    """ultralytics/engine/trainer.py, for weights."""
    epoch, end = tick // per, c["lrf"]
    share = epoch / c["epochs"]
    rate = c["lr0"] * (end + (1 - end) * (_down("cosine", share) if c["cos_lr"] else max(1 - share, 0)))
    warm = max(round(c["warmup_epochs"] * per), 100) if c["warmup_epochs"] > 0 else -1
    return float(rate * tick / warm if tick <= warm else rate)


def megatron(c: Mapping[str, Any], total: int, tick: int) -> float:
    """megatron/core/optimizer_param_scheduler.py, in steps."""
    high, low, whole, style = c["lr"], c.get("min_lr", 0.0), c.get("lr_decay_iters", total), c["lr_decay_style"]
    warm = c["lr_warmup_fraction"] * whole if "lr_warmup_fraction" in c else c.get("lr_warmup_iters", 0)
    first = c.get("lr_warmup_init", 0.0)
    if warm > 0 and tick <= warm:
        return float(first + (high - first) * tick / warm)
    if style == "constant":
        return float(high)
    if tick > whole:
        return float(low)
    if style == "inverse-square-root":
        return float(max(low, high * max(warm, 1) ** 0.5 / max(tick, 1) ** 0.5))
    if style == "WSD":
        fall = c["lr_wsd_decay_iters"]
        share = (tick - (whole - fall)) / fall
        kind = c["lr_wsd_decay_style"]
        coefficient = 1.0 if share <= 0 else 2 * 0.5**share - 1 if kind == "exponential" else _down(kind, share)
        return float(low + coefficient * (high - low))
    return float(low + (high - low) * _down(style, (tick - warm) / (whole - warm)))


def t5x(c: Mapping[str, Any], tick: int) -> float:
    """t5x/utils.py, create_learning_rate_scheduler."""
    rate, warm = 1.0, c["warmup_steps"]
    for name in c["factors"].split("*"):
        match name.strip():
            case "constant":
                rate *= c["base_learning_rate"]
            case "linear_warmup":
                rate *= min(1.0, tick / warm)
            case "linear_decay":
                rate *= c["base_learning_rate"] * min(tick / warm, 1.0 + c["decay_factor"] * (warm - tick))
            case "rsqrt_decay":
                rate /= math.sqrt(max(tick, warm))
            case "rsqrt_normalized_decay":
                rate *= math.sqrt(warm) / math.sqrt(max(tick, warm))
            case "decay_every":
                rate *= c["decay_factor"] ** (tick // c["steps_per_decay"])
            case "cosine_decay":
                share = max(0.0, (tick - warm) / c["steps_per_cycle"])
                rate *= max(0.0, 0.5 * (1 + math.cos(math.pi * (share % 1.0))))
    return max(rate, 1e-8)
