"""mmcv: `lr_config` of its configs, in Python, YAML or JSON.

How it counts (`mmcv/runner/hooks/lr_updater.py`): `by_epoch` (the default, but not of IterBasedRunner) sets the rate before each epoch, from the number of
the epoch; else before each iteration. The warmup multiplies that rate by a factor of the iteration over `warmup_iters`. What has no length of its own takes
the runner's. `momentum_config` sets the momentum, or the first of the betas, in the same way; its `by_epoch` is true in every runner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import substituted

_COMMON = "by_epoch=None, warmup=None, warmup_iters=0, warmup_ratio=0.1, warmup_by_epoch=False"


def _floor(a: Any) -> str:
    """The level that a cosine or another decay ends at."""
    if (a.min_lr is None) == (a.min_lr_ratio is None):
        raise UnreadableError("one of `min_lr` and `min_lr_ratio` is needed")
    return "min_lr" if a.min_lr is not None else "min_lr_ratio * base"


def _step(a: Any) -> str:
    drops = "multistep(step, gamma)" if isinstance(a.step, tuple) else "step(step_, gamma)"
    return drops if a.min_lr is None else f"max({drops}, min_lr)"


def _restarts(a: Any) -> str:
    if len(a.periods) != len(a.restart_weights):
        raise UnreadableError("`periods` and `restart_weights` have the same length")
    return " then ".join(f"restart cosine(p{i}, to={_floor(a)}, from={_floor(a)} + w{i} * (base - {_floor(a)}))" for i in range(len(a.periods)))


def _cyclic(a: Any) -> Node:
    """Cycles up and down. With `gamma` the turn of each is nearer to the base."""
    ratios = a.target_ratio if isinstance(a.target_ratio, tuple) else (a.target_ratio,)
    if len(ratios) not in (1, 2) or any(isinstance(ratio, str) for ratio in ratios):
        raise UnreadableError("`target_ratio` has one ratio, or two")
    if a.anneal_strategy not in ("cos", "linear"):
        raise UnreadableError("`anneal_strategy` is cos or linear")
    numbers = {"h": ratios[0], "l": ratios[1] if len(ratios) == 2 else text("h / 100000", h=ratios[0]), "up": a.up, "down": a.down}
    shape = "cosine" if a.anneal_strategy == "cos" else "linear"
    cycle = f"{shape}(up, to=h * base) then {shape}(down, to=l * base)"
    if a.gamma == 1:
        return text(cycle if a.times == 1 else f"restarts({cycle})", **numbers)
    if a.times > _MOST_CYCLES:
        raise UnreadableError(f"there are more than {_MOST_CYCLES} cycles")
    g, h = number(a.gamma), number(ratios[0])
    if g is None or h is None:
        raise UnreadableError("cycles that shrink have a number for `gamma`, and for the first of `target_ratio`")
    turns = {f"h{k}": 1 + (h - 1) * g**k for k in range(a.times)}
    return text(" then restart ".join(f"({cycle.replace('h *', f'h{k} *')})" for k in range(a.times)), **numbers, **turns)


def _flat(a: Any) -> str:
    return f"hold(start) then cosine(total - start, to={_floor(a)})"


_ENTRIES = (
    Entry("fixed", _COMMON, (Form("hold"),)),
    Entry("step", f"step, gamma=0.1, min_lr=None, {_COMMON}", (Form(_step, shown="multistep(step, gamma)"),), note="a number is `step(n, gamma)`"),
    Entry("exp", f"gamma, {_COMMON}", (Form("exp(gamma, per=one)"),)),
    Entry("poly", f"power=1.0, min_lr=0.0, {_COMMON}", (Form("poly(total, power=power, to=min_lr)"),)),
    Entry("inv", f"gamma, power=1.0, {_COMMON}", (Form("inv(one / gamma, power)"),)),
    Entry(
        "CosineAnnealing",
        f"min_lr=None, min_lr_ratio=None, {_COMMON}",
        (Form(lambda a: f"cosine(total, to={_floor(a)})", shown="cosine(total, to=min_lr)"),),
    ),
    Entry(
        "LinearAnnealing",
        f"min_lr=None, min_lr_ratio=None, {_COMMON}",
        (Form(lambda a: f"linear(total, to={_floor(a)})", shown="linear(total, to=min_lr)"),),
    ),
    Entry(
        "FlatCosineAnnealing",
        f"start_percent=0.75, min_lr=None, min_lr_ratio=None, {_COMMON}",
        (Form(_flat, shown="hold(start) then cosine(total - start, to=min_lr)"),),
    ),
    Entry(
        "CosineRestart",
        f"periods, restart_weights=(1,), min_lr=None, min_lr_ratio=None, {_COMMON}",
        (Form(_restarts, shown="cosine(period, to=min_lr) then restart cosine(period, to=min_lr)"),),
    ),
    Entry(
        "cyclic",
        f"target_ratio=(10, 0.0001), cyclic_times=1, step_ratio_up=0.4, anneal_strategy='cos', gamma=1, {_COMMON}",
        (Form(_cyclic, shown="cosine(up, to=target_ratio[0] * base) then cosine(down, to=target_ratio[1] * base)"),),
    ),
    Entry(
        "OneCycle",
        "max_lr, total_steps=None, pct_start=0.3, anneal_strategy='cos', div_factor=25, final_div_factor=10000.0, three_phase=False, " + _COMMON,
        (
            Form(
                lambda a: (
                    f"onecycle({'total' if a.total_steps is None else 'total_steps'}, peak=max_lr, div=div_factor, final_div=final_div_factor,"
                    f" pct=pct_start, anneal={a.anneal_strategy}, three_phase=three_phase)"
                ),
                shown="onecycle(total, peak=max_lr)",
            ),
        ),
    ),
)
#: The policies of the momentum, as those of the rate: with other names of parameters, and other defaults.
_MOMENTA: Mapping[str, Mapping[str, Any]] = {
    "Step": {"gamma": 0.5},
    "CosineAnnealing": {},
    "LinearAnnealing": {},
    "Cyclic": {"target_ratio": [0.85 / 0.95, 1]},
    "OneCycle": {"base_momentum": 0.85, "max_momentum": 0.95, "pct_start": 0.3, "anneal_strategy": "cos", "three_phase": False},
}
#: The schedulers whose level changes from tick to tick.
_SMOOTH = frozenset(("exp", "poly", "inv", "CosineAnnealing", "LinearAnnealing", "FlatCosineAnnealing", "CosineRestart"))
#: The schedulers that go by iterations alone.
_IN_ITERATIONS = frozenset(("cyclic", "OneCycle"))
_MOST_CYCLES = 50


def _entry(policy: Any) -> Entry:
    name = getattr(policy, "text", policy)
    if not isinstance(name, str):
        raise UnreadableError("`policy` is not written out")
    name = name.removesuffix("LrUpdaterHook")
    return next((entry for entry in DIALECT.entries if entry.name.lower() == name.lower()), None) or DIALECT.entry(name)


def _in_iterations(s: Settings) -> bool:
    kind = s.get("runner.type")
    return (isinstance(kind, str) and "Iter" in kind) or (s.has("runner.max_iters") and not s.has("runner.max_epochs"))


def _warmup(values: Mapping[str, Any], tick: str) -> Node | None:
    kind = values["warmup"]
    if kind is None:
        return None
    unit = "ep" if values["warmup_by_epoch"] is True and tick == "step" else ""
    texts = {
        "linear": "warmup(n, from=r * base)",
        "exp": "warmup(n, from=r * base, shape=exp)",
        "constant": "hold(n, at=r * base) then restart hold",
    }
    if kind not in texts:
        raise UnreadableError("`warmup` is linear, exp or constant")
    return substituted(parse(texts[kind]), {"n": lasting(values["warmup_iters"], unit), "r": lasting(values["warmup_ratio"], "")})


def _read(s: Settings) -> Iterator[Outcome]:
    where = s.find("lr_config")
    assert where is not None
    if any(key in s.table for key in _OF_MMENGINE):
        return
    in_iterations = _in_iterations(s)
    policies = [_policy(s, where[0][where[1]], in_iterations)]
    of_momentum = _of_momentum(s)
    by_one_cycle = of_momentum is not None and of_momentum["policy"] == "OneCycle"
    policies += [_policy(s, of_momentum, False)] if of_momentum is not None and not by_one_cycle else []
    tick = "epoch" if all(by_epoch and values["warmup"] is None for _, values, by_epoch in policies) and not by_one_cycle else "step"
    length = number(s.get("runner.max_iters" if in_iterations else "runner.max_epochs"))
    tree, *momenta = (_scheduled(policy, tick, length, in_iterations) for policy in policies)
    warmup = _warmup(policies[0][1], tick)
    name = policies[0][0].name
    if warmup is not None:
        tree = warmup if name == "fixed" else nodes.Binary("*", tree, warmup, (0, 0))
    momenta += [_one_cycle_momentum(s, of_momentum)] if of_momentum is not None and by_one_cycle else []
    notes = ("the warmup of `momentum_config` is left out",) if of_momentum is not None and of_momentum.get("warmup") is not None else ()
    facts = clock(tick=tick, total_steps=length) if in_iterations else clock(tick=tick, total_epochs=length)
    yield Outcome(name, tree, {_momentum_key(s): one for one in momenta}, facts, s.get("optimizer.lr"), notes, where)


def _policy(s: Settings, raw: Mapping[Any, Any], in_iterations: bool) -> tuple[Entry, dict[str, Any], bool]:
    """The entry of a policy, its arguments, and whether it goes by epochs."""
    entry = _entry(raw["policy"])
    arguments = {str(k): s.read(v, Key(str(k), "number"), str(k)) for k, v in raw.items() if k not in ("policy", "_delete_")}
    values = entry.bound((), arguments)
    by_epoch = not in_iterations if values["by_epoch"] is None else values["by_epoch"] is not False
    return entry, values, by_epoch and entry.name not in _IN_ITERATIONS


def _scheduled(policy: tuple[Entry, dict[str, Any], bool], tick: str, length: Any, in_iterations: bool) -> Node:
    """The tree of a policy, without its warmup."""
    entry, values, by_epoch = policy
    unit = "ep" if by_epoch and tick == "step" else ""
    extra = _lengths(entry, values, by_epoch, unit, length, in_iterations)
    tree = entry.written({**values, **extra}).schedule
    return text("every(1ep, x)", x=tree) if unit and entry.name in _SMOOTH else tree


def _of_momentum(s: Settings) -> Mapping[str, Any] | None:
    """`momentum_config` in the words of `lr_config`; None without one."""
    where = s.find("momentum_config")
    raw = where[0][where[1]] if where is not None else None
    if not isinstance(raw, Mapping) or raw.get("policy") is None:
        return None
    policy = str(getattr(raw["policy"], "text", raw["policy"])).removesuffix("MomentumUpdaterHook")
    name = next((kind for kind in _MOMENTA if kind.lower() == policy.lower()), None)
    if name is None:
        raise UnreadableError("`momentum_config` has a policy that lrdsl does not know")
    entries = {str(k).replace("min_momentum", "min_lr"): v for k, v in raw.items() if k not in ("policy", "_delete_")}
    return {**_MOMENTA[name], **entries, "policy": name}


def _momentum_key(s: Settings) -> str:
    """The key that has the momentum of the optimizer."""
    kind = s.get("optimizer.type")
    return "betas[0]" if isinstance(kind, str) and ("adam" in kind.lower() or "lamb" in kind.lower()) else "momentum"


def _one_cycle_momentum(s: Settings, raw: Mapping[str, Any]) -> Node:
    kind = ("_three_phase" if raw["three_phase"] is True else "") + ("" if raw["anneal_strategy"] == "cos" else "_linear")
    low, high, pct = (s.read(raw[key], Key(key, "number"), key) for key in ("base_momentum", "max_momentum", "pct_start"))
    return called(f"onecycle.momentum{kind}", text("total"), low=low, high=high, pct=pct)


def _lengths(entry: Entry, values: dict[str, Any], by_epoch: bool, unit: str, length: Any, in_iterations: bool) -> dict[str, Any]:
    """The times of a policy, in the unit of the clock, in the words of its text."""
    extra: dict[str, Any] = {"one": lasting(1, unit)}
    if "step" in values:
        steps = values["step"]
        values["step"] = tuple(lasting(m, unit) for m in steps) if isinstance(steps, tuple) else steps
        extra["step_"] = lasting(steps, unit) if not isinstance(steps, tuple) else None
    if "total_steps" in values and values["total_steps"] is not None:
        values["total_steps"] = lasting(values["total_steps"], unit)
    for i, (p, w) in enumerate(zip(values.get("periods", ()), values.get("restart_weights", ()), strict=False)):
        extra[f"p{i}"], extra[f"w{i}"] = lasting(p, unit), w
    if entry.name == "FlatCosineAnnealing":
        share = number(values["start_percent"])
        if length is not None and share is not None and in_iterations == (not by_epoch):
            extra["start"] = lasting(round(float(length) * float(share)), unit)
        elif by_epoch:
            raise UnreadableError("`start_percent` is a share of a number of epochs that is not in the file")
        else:
            extra["start"] = text("floor(p * total + 0.5)", p=values["start_percent"])
    if entry.name == "cyclic":
        times, share = number(values["cyclic_times"]), values["step_ratio_up"]
        if times is None or times <= 0 or times != int(times):
            raise UnreadableError("`cyclic_times` is not in the file")
        up = number(share)
        if length is not None and in_iterations and up is not None:
            cycle = int(length) // int(times)
            extra["up"] = int(float(up) * cycle)
            extra["down"], extra["times"] = cycle - extra["up"], int(times) + (int(length) % int(times) > 0)
        else:
            whole = text("total" if times == 1 else "floor(total / k)", k=times)
            extra["up"] = text("floor(r * c)", r=share, c=whole)
            extra["down"], extra["times"] = text("c - up", c=whole, up=extra["up"]), int(times)
    return extra


#: Keys of mmengine's configs: its runner takes no `lr_config`.
_OF_MMENGINE = ("param_scheduler", "optim_wrapper", "train_dataloader", "val_evaluator", "test_evaluator")


def _sure(table: Mapping[Any, Any]) -> bool:
    return isinstance(table.get("lr_config"), Mapping) and table["lr_config"].get("policy") is not None


_LAYOUT = Layout(
    words=("lr_config",),
    formats=("python", "yaml", "json"),
    signs=(("lr_config",),),
    sure=_sure,
    keys=(
        Key("lr_config.policy", "scheduler"),
        Key("lr_config.by_epoch"),
        Key("lr_config.step", "decay", "time"),
        Key("lr_config.periods", "decay", "time"),
        Key("lr_config.warmup"),
        Key("lr_config.warmup_iters", "warmup", "iteration", ignored=lambda s: "" if s.has("lr_config.warmup") else "there is no `warmup`"),
        Key("lr_config.warmup_ratio", "factor", ignored=lambda s: "" if s.has("lr_config.warmup") else "there is no `warmup`"),
        Key("lr_config.warmup_by_epoch"),
        Key("lr_config.min_lr", "level"),
        Key("lr_config.min_lr_ratio", "level"),
        Key("momentum_config"),
        Key("optimizer.type"),
        Key("optimizer.lr", "base", known_as=("optim_wrapper.optimizer.lr",)),
        Key("runner.max_epochs", "length", "epoch", known_as=("total_epochs", "runner.max_epoch")),
        Key("runner.max_iters", "length", "iteration", known_as=("total_iters",)),
        Key("runner.type"),
        Key("data.samples_per_gpu", "batch", "sample"),
        Key("optimizer_config.cumulative_iters", "accumulation"),
    ),
    read=_read,
)

DIALECT = Dialect(
    "mmcv",
    "mmcv",
    times={"step": "milestones", "periods": "interval", "warmup_iters": "warmup", "total_steps": "whole"},
    counting="A tick is an epoch for `by_epoch` without a warmup in iterations, else an iteration. Tick t has the share t/n.",
    address="https://mmcv.readthedocs.io/en/v1.7.0/understand_mmcv/runner.html",
    entries=_ENTRIES,
    layouts=(_LAYOUT,),
)
