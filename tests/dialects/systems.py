"""The rate at a tick for the arguments of a config: of mmengine's real schedulers, and of other systems by their formulas, written anew from their code."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch

with warnings.catch_warnings():  # it uses what torch has deprecated
    warnings.simplefilter("ignore")
    from mmengine.optim import scheduler as real_mmengine


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


def mmengine(schedulers: Sequence[Mapping[str, Any]], base: float, ticks: int, length: int | None, key: str = "lr") -> list[float]:
    """The real schedulers, stepped as ParamSchedulerHook does: the rate at each iteration. `length` is the iterations of an epoch; None steps all at once."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, momentum=0.9)
    built = []
    for settings in schedulers:
        arguments = {**settings}
        cls = getattr(real_mmengine, arguments.pop("type"))
        if arguments.pop("convert_to_iter_based", False) and length is not None:
            built.append(cls.build_iter_from_epoch(optimizer=optimizer, **arguments, epoch_length=length))
        else:
            built.append(cls(optimizer, **arguments))
    levels = []
    for tick in range(ticks):
        levels.append(float(optimizer.param_groups[0][key]))
        optimizer.step()
        for scheduler in built:
            if not scheduler.by_epoch or length is None or (tick + 1) % length == 0:
                scheduler.step()
    return levels


def mmcv(c: Mapping[str, Any], base: float, tick: int, per: int, epochs: int) -> float:
    """mmcv/runner/hooks/lr_updater.py of mmcv 1.x, in a runner of epochs."""
    by_epoch = c.get("by_epoch", True)
    at, whole = (tick // per, epochs) if by_epoch else (tick, epochs * per)
    low = c.get("min_lr") if c.get("min_lr") is not None else base * c.get("min_lr_ratio", 0)

    def cos(first: float, last: float, share: float, weight: float = 1) -> float:
        return last + 0.5 * weight * (first - last) * (math.cos(math.pi * share) + 1)

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
            rate = cos(base, low, at / whole)
        case "LinearAnnealing":
            rate = base + (low - base) * at / whole
        case "FlatCosineAnnealing":
            start = round(whole * c.get("start_percent", 0.75))
            rate = base if at < start else cos(base, low, (at - start) / (whole - start))
        case "CosineRestart":
            begin, i = 0, 0
            while at >= begin + c["periods"][i]:
                begin, i = begin + c["periods"][i], i + 1
            rate = cos(base, low, min((at - begin) / c["periods"][i], 1), c["restart_weights"][i])
        case "cyclic":
            return mmcv_cycle(c, base, tick, epochs * per)
        case _:
            rate = base
    warm = c.get("warmup_iters", 0) * (per if c.get("warmup_by_epoch") else 1)
    if c.get("warmup") and tick < warm:
        share, ratio = tick / warm, c.get("warmup_ratio", 0.1)
        rate *= {"linear": 1 - (1 - share) * (1 - ratio), "exp": ratio ** (1 - share), "constant": ratio}[c["warmup"]]
    return float(rate)


def mmcv_cycle(c: Mapping[str, Any], base: float, tick: int, whole: int) -> float:
    """CyclicLrUpdaterHook and CyclicMomentumUpdaterHook."""
    length = whole // c.get("cyclic_times", 1)
    up, (cycle, at), (high, low) = int(c.get("step_ratio_up", 0.4) * length), divmod(tick, length), c["target_ratio"]
    turn = 1 + (high - 1) * c.get("gamma", 1) ** cycle
    first, last, share = (1, turn, at / up) if at < up else (turn, low, (at - up) / (length - up))
    if c.get("anneal_strategy") == "linear":
        return float(base * (first + (last - first) * share))
    return float(base * (last + 0.5 * (first - last) * (math.cos(math.pi * share) + 1)))


def mmcv_one_cycle(points: Sequence[tuple[float, float]], tick: int) -> float:
    """OneCycleLrUpdaterHook and OneCycleMomentumUpdaterHook: cosines between levels, each with the iteration at which it is reached."""
    for (begin, first), (end, last) in pairwise(points):
        if tick <= end or (end, last) == points[-1]:
            return float(last + 0.5 * (first - last) * (math.cos(math.pi * (tick - begin) / (end - begin)) + 1))
    raise AssertionError(tick)


def detectron2(c: Mapping[str, Any], tick: int) -> float:
    """detectron2/solver/build.py and lr_scheduler.py, over the schedulers of fvcore/common/param_scheduler.py: each a function of the share of the run."""
    base, total, warm = c["BASE_LR"], c["MAX_ITER"], c["WARMUP_ITERS"]
    kind, steps = c.get("LR_SCHEDULER_NAME"), [m for m in c["STEPS"] if m <= total]

    def scheduler(where: float) -> float:
        if kind == "WarmupCosineLR":
            end = c.get("BASE_LR_END", 0.0) / base
            return float(end + 0.5 * (1 - end) * (1 + math.cos(math.pi * where)))
        if kind == "WarmupStepWithFixedGammaLR":
            decays = c.get("NUM_DECAYS", 3)
            return float(c.get("GAMMA", 0.1) ** min(int((where + 1e-6) * (decays + 1)), decays))
        return float(c.get("GAMMA", 0.1) ** sum(int((where + 1e-6) * total) >= m for m in steps))

    where, length = tick / total, min(warm / total, 1.0)
    if where + 1e-6 > length:
        return base * scheduler((where - length) / (1 - length) if c.get("RESCALE_INTERVAL") else where)
    first, last = c["WARMUP_FACTOR"] * scheduler(0.0), scheduler(0.0 if c.get("RESCALE_INTERVAL") else length)
    return float(base * first) if c.get("WARMUP_METHOD") == "constant" else float(base * (last * where / length + first * (1 - where / length)))


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
    fall = c["lr_decay_steps"] if c.get("lr_decay_steps") is not None else total - warm  # Config.__post_init__ of config/config.py
    start = warm if start is None else start
    low = c.get("min_decay_lr", base)
    if tick <= warm:
        return float(base * tick / max(warm, 1)) if c["lr_warmup_style"] == "linear" else float(base)
    if tick < start:
        return float(base)
    return float(low + (base - low) * _down(c["lr_decay_style"], (tick - start) / fall)) if tick < start + fall else float(low)


def levanter(c: Mapping[str, Any], total: int, tick: int) -> float:
    """src/levanter/optim/config.py, OptimizerConfig.lr_scheduler: optax's schedules, joined."""
    base, low = c["learning_rate"], c.get("min_lr_ratio", 0.1)

    def steps(x: float, whole: int) -> int:
        return int(x * whole) if x <= 1 else int(x)

    def level(kind: str, at: int, warm: int, fall: int) -> float:
        match kind:
            case "constant":
                return float(base)
            case "inv_sqrt":
                return float(max(base * min(1.0, 1 / math.sqrt(max(at + warm, 1) / 10000)), base * low))
            case "inv":
                return float(max(base * min(1.0, 1 / ((1 / low - 1) * max(at, 1) / fall + 1)), base * low))
            case _:
                return float(base * (low + (1 - low) * _down(kind, min(at / fall, 1))))

    cool = steps(c.get("cooldown", 0), total)
    main = total - cool
    if isinstance(c.get("cycles"), int):
        ends = [int(main / c["cycles"] * (i + 1)) for i in range(c["cycles"] - 1)]
    elif isinstance(c.get("cycle_length"), int):
        ends = [i * c["cycle_length"] for i in range(1, main // c["cycle_length"])]
    else:
        ends = list(c.get("cycles") or [])
    ends = ends if ends and ends[-1] == main else [*ends, main]
    start, before, kind = 0, 0.0, c.get("lr_schedule", "cosine")
    for i, end in enumerate(ends):
        whole = end - start
        warm = steps(c.get("rewarmup", 0) if i else c.get("warmup", 0.01), whole)
        fall = steps(c["decay"], whole) if c.get("decay") is not None else whole - warm
        at = tick - start
        if at < whole or (i == len(ends) - 1 and cool == 0):
            if at < warm:
                return float(before + (base - before) * at / warm)
            return float(base) if at < whole - fall else level(kind, at - (whole - fall), warm, fall)
        before, start = level(kind, fall, warm, fall), end
    return float(before + (base * low - before) * min((tick - main) / cool, 1))


def olmo(c: Mapping[str, Any], base: float, total: int, tick: int) -> float:
    """olmo/optim.py; olmo/train.py counts a step before it sets the rate."""
    step, warm, end, low = tick + 1, c["t_warmup"], c.get("t_max") or total, base * c.get("alpha_f", 0.1)
    first = c["warmup_min_lr"] if c.get("warmup_min_lr") is not None else base * 0.1
    if c["name"] == "constant":
        return base
    if step < warm:
        return float(first + (base - first) * step / warm)
    share = min((step - warm) / (end - warm), 1)
    cosine, root = low + (base - low) * _down("cosine", share), base * math.sqrt(warm / max(warm, step))
    levels = {
        "cosine_with_warmup": cosine,
        "linear_with_warmup": base - (base - low) * share,
        "inverse_sqrt_with_warmup": root,
        "max_scheduler": max(cosine, root),
        "constant_with_warmup": base,
        "cosine_linear_envelope": low + (1 - share) * (base - low) * _down("cosine", share),
    }
    return float(levels[c["name"]])


def olmo_core(kind: str, c: Mapping[str, Any], base: float, total: int, tick: int) -> float:
    """olmo_core/optim/scheduler.py; its trainer counts a step before it sets the rate."""
    step, end = tick + 1, c.get("t_max") or total
    warm = c["warmup"] if "warmup" in c else round((end if kind not in ("ConstantWithWarmup", "WSD", "InvSqrtWithWarmup") else total) * c["warmup_fraction"])
    fall = c["decay"] if "decay" in c else round(total * c.get("decay_fraction", 0.1))
    low, first, last = base * c.get("alpha_f", 0.1), c.get("warmup_min_lr", 0.0), c.get("decay_min_lr", 0.0)

    def up(to: float) -> float:
        return float(first + (to - first) * min(step, warm) / warm)

    def cosine(at: int) -> float:
        return up(base) if at < warm else low if at >= end else low + (base - low) * _down("cosine", (at - warm) / (end - warm))

    match kind:
        case "ConstantWithWarmup":
            return up(base) if step <= warm else base
        case "LinearWithWarmup":
            return up(base) if step < warm else base - (base - low) * min((step - warm) / (end - warm), 1)
        case "InvSqrtWithWarmup":
            return up(base) if step < warm else low + (base - low) * math.sqrt(warm / step)
        case "CosWithWarmup":
            return cosine(step)
        case "HalfCosWithWarmup":
            half = low + (base - low) / 2
            return up(half) if step < warm else low + (base - low) * _down("cosine", min((step - warm + end - warm) / (2 * (end - warm)), 1))
        case "WSD":
            return up(base) if step <= warm else base if step < total - fall else last + (base - last) * max(total - step, 0) / fall
        case "CosWithWarmupAndLinearDecay":
            return cosine(step) if step < total - fall else last + (cosine(total - fall) - last) * max(total - step, 0) / fall
        case _:
            power = base * (min(max(step, warm), total - fall) / warm) ** c.get("b", -0.51)
            return up(base) if step <= warm else power if step < total - fall else last + (power - last) * max(total - step, 0) / fall


def composer(kind: str, c: Mapping[str, Any], base: float, total: int, per: int, tick: int, ratio: float = 1) -> float:
    """composer/optim/scheduler.py and llmfoundry/optim/scheduler.py, with times in batches; `total` is the run after its scaling."""

    def time(raw: str, ssr: float = ratio) -> int:
        number = float(raw.rstrip("adbuepr"))
        return int(number * total) if raw.endswith("dur") else int(number * (per if raw.endswith("ep") else 1) * ssr)

    end, low = time(c.get("t_max", "1dur")), c.get("alpha_f", 0.0)
    warm = time(c["t_warmup"], 1) if "t_warmup" in c else 0
    if tick < warm:
        return float(base * c.get("alpha", 1.0) * tick / warm)
    share = min((tick - warm) / (end - warm), 1) if end > warm else 0.0
    match kind:
        case "constant" | "constant_with_warmup":
            return float(base * c.get("alpha", 1.0)) if warm or tick < end else base
        case "step":
            return float(base * c["gamma"] ** (tick // time(c["step_size"])))
        case "multistep" | "multistep_with_warmup":
            return float(base * c["gamma"] ** sum(tick >= time(m) for m in c["milestones"]))
        case "exponential_decay":
            return float(base * c["gamma"] ** (tick / time(c.get("decay_period", "1ep"))))
        case "cosine_warmrestart":
            length = time(c["t_0"])
            begin = 0
            while begin + length <= tick:
                begin, length = begin + length, int(c.get("t_mult", 1.0) * length)
            return float(base * (low + (1 - low) * _down("cosine", (tick - begin) / length)))
        case "polynomial_decay" | "polynomial_decay_with_warmup":
            return float(base * (low + (1 - low) * (1 - share) ** c["power"]))
        case "inv_sqrt_with_warmup":
            scale, cool = time(c["t_scale"]), time(c["t_cooldown"])
            start, decayed, least = max(end - cool, warm), c.get("alpha_f_decay", 0.0), c.get("alpha_f_cooldown", 0.0)
            root = decayed + (1 - decayed) / math.sqrt((min(tick, start) + scale - warm) / scale)
            return float(base * (root + (least - root) * min((tick - start) / cool, 1))) if tick >= start and cool else float(base * root)
        case _:
            return float(base * (low + (1 - low) * _down("cosine" if kind.startswith("cosine") else "linear", share)))


def fairseq(c: Mapping[str, Any], base: Sequence[float], total: int, per: int, tick: int) -> float:
    """fairseq/optim/lr_scheduler/. `base` is its list of rates, `per` the updates of an epoch."""
    warm, kind, rate = c.get("warmup_updates", 0), c["_name"], base[0]
    first = c.get("warmup_init_lr", -1)
    if kind == "inverse_sqrt":
        first = 0 if first < 0 else first
        return first + tick * (rate - first) / warm if tick < warm else rate * math.sqrt(warm) * tick**-0.5
    if kind == "fixed":
        epoch, anneal = tick // per + 1, c.get("force_anneal")
        rate = base[min(epoch - 1, len(base) - 1)] if anneal is None or epoch < anneal else base[-1] * c.get("lr_shrink", 0.1) ** (epoch + 1 - anneal)
        return float(rate * min(1.0, (tick + 1) / warm) if warm else rate)
    if kind == "polynomial_decay":
        end, power, whole = c.get("end_learning_rate", 0.0), c.get("power", 1.0), c.get("total_num_update", total)
        if warm > 0 and tick <= warm:
            return rate * tick / warm
        return float(end) if tick >= whole else float((rate - end) * (1 - (tick - warm) / (whole - warm)) ** power + end)
    if kind == "triangular":
        half, shrink = c.get("lr_period_updates", 5000) // 2, c.get("lr_shrink", 0.1)
        cycle = tick // (2 * half)
        low = rate * shrink**cycle if c.get("shrink_min") else rate
        return float(low + (c["max_lr"] * shrink**cycle - low) * max(0, 1 - abs(tick / half - 2 * (cycle + 1) + 1)))
    least = c.get("min_lr", 0.0)
    if kind == "tri_stage":
        up, stay, fall = (int(total * share) for share in c["phase_ratio"]) if "phase_ratio" in c else (c["warmup_steps"], c["hold_steps"], c["decay_steps"])
        start, last = c.get("init_lr_scale", 0.01), c.get("final_lr_scale", 0.01)
        if tick < up:
            return float(rate * (start + (1 - start) * tick / up))
        return float(rate * last ** (min(max(tick - up - stay, 0), fall) / fall))
    first = least if first < 0 else first
    if tick < warm:
        return float(first + (rate - first) * tick / warm)
    if kind == "step":
        return float(max(rate * c.get("lr_decay", 0.5) ** ((tick - warm) // c.get("lr_deacy_period", 25000)), least))
    period, at, shrink = c.get("lr_period_updates", total - warm), tick - warm, 1.0
    while at >= period:
        period, at, shrink = period * c.get("t_mult", 1), at - period, shrink * c.get("lr_shrink", 0.1)
    return float(shrink * (least + (rate - least) * _down("cosine", at / period)))


def ultralytics(c: Mapping[str, Any], tick: int, per: int) -> float:
    """ultralytics/engine/trainer.py, for weights."""
    epoch, end = tick // per, c["lrf"]
    share = epoch / c["epochs"]
    rate = c["lr0"] * (end + (1 - end) * (_down("cosine", share) if c["cos_lr"] else max(1 - share, 0)))
    warm = round(min(c["warmup_epochs"], c["epochs"] - 1) * per) if c["warmup_epochs"] > 0 else 0
    return float(rate * tick / warm if tick < warm else rate)


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


def megatron_weight_decay(c: Mapping[str, Any], whole: int, tick: int) -> float:
    """OptimizerParamScheduler.get_wd."""
    first, last, share = c["start_weight_decay"], c["end_weight_decay"], tick / whole
    if tick > whole:
        return float(last)
    return float(first + (last - first) * (share if c["weight_decay_incr_style"] == "linear" else 0.5 * (math.cos(math.pi * (1 - share)) + 1)))


def t5x(c: Mapping[str, Any], tick: int) -> float:
    """t5x/utils.py, create_learning_rate_scheduler."""
    rate, warm, tick = 1.0, c["warmup_steps"], max(0, tick - c.get("step_offset", 0))
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


def axolotl(c: Mapping[str, Any], ticks: int) -> list[float]:
    """axolotl/core/trainers/mixins/scheduler.py, over torch's OneCycleLR and axolotl/utils/schedulers.py."""
    base, n, w, low = c["learning_rate"], c["max_steps"], c["warmup_steps"], c.get("cosine_min_lr_ratio", 0)
    if c["lr_scheduler"] == "one_cycle":
        optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=base)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, base, n, pct_start=w / n, anneal_strategy="cos")
        levels = []
        for tick in range(ticks):
            levels.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            if tick < ticks - 1:
                scheduler.step()
        return levels

    def level(tick: int) -> float:
        if c["lr_scheduler"] == "rex":
            step = tick + 1
            z = max(0.0, (n - step) / (n - w))
            return base * step / w if step <= w else base * (low + (1 - low) * z / (0.1 + 0.9 * z))
        if c.get("lr_quadratic_warmup"):
            return base * ((tick / w) ** 2 if tick < w else 0.5 * (1 + math.cos(math.pi * (tick - w) / (n - w))))
        end = int(n * c["cosine_constant_lr_ratio"]) if low and c.get("cosine_constant_lr_ratio") else n
        share = (min(tick, end) - w) / max(1, end - w)
        return base * (tick / w if tick < w else max(0.0, (1 - low) * 0.5 * (1 + math.cos(math.pi * share))) + low)

    return [level(tick) for tick in range(ticks)]
