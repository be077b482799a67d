"""mmcv: `lr_config` of its configs, in Python, YAML or JSON.

How it counts (`mmcv/runner/hooks/lr_updater.py`): `by_epoch` (the default, but not of IterBasedRunner) sets the rate before each epoch, from the number of
the epoch; else before each iteration. The warmup multiplies that rate by a factor of the iteration over `warmup_iters`. What has no length of its own takes
the runner's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number
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
    text = "multistep(step, gamma)" if isinstance(a.step, tuple) else "step(step_, gamma)"
    return text if a.min_lr is None else f"max({text}, min_lr)"


def _restarts(a: Any) -> str:
    if len(a.periods) != len(a.restart_weights):
        raise UnreadableError("`periods` and `restart_weights` have the same length")
    return " then ".join(f"restart cosine(p{i}, to={_floor(a)}, from={_floor(a)} + w{i} * (base - {_floor(a)}))" for i in range(len(a.periods)))


def _cyclic(a: Any) -> str:
    high, low = a.target_ratio if isinstance(a.target_ratio, tuple) and len(a.target_ratio) == 2 else (None, None)
    if high is None or low is None:
        raise UnreadableError("`target_ratio` has two ratios")
    return "restarts(cosine(up, to=high * base) then cosine(down, to=low * base), times=cyclic_times)"


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
        (
            Form(
                _cyclic,
                lambda a: a.anneal_strategy == "cos" and a.gamma == 1,
                shown="cosine(up, to=target_ratio[0] * base) then cosine(down, to=target_ratio[1] * base)",
            ),
        ),
        reason="linear and shrinking cycles have no text",
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
#: The schedulers whose level changes from tick to tick.
_SMOOTH = frozenset(("exp", "poly", "inv", "CosineAnnealing", "FlatCosineAnnealing", "CosineRestart", "OneCycle"))


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
    raw = where[0][where[1]]
    entry = _entry(raw["policy"])
    arguments = {str(k): s.read(v, Key(str(k), "number"), str(k)) for k, v in raw.items() if k not in ("policy", "_delete_")}
    values = entry.bound((), arguments)
    in_iterations = _in_iterations(s)
    by_epoch = not in_iterations if values["by_epoch"] is None else values["by_epoch"] is not False
    by_epoch = by_epoch and entry.name != "cyclic"
    tick = "epoch" if by_epoch and values["warmup"] is None else "step"
    unit = "ep" if by_epoch and tick == "step" else ""
    length = number(s.get("runner.max_iters" if in_iterations else "runner.max_epochs"))
    extra = _lengths(entry, values, unit, length, in_iterations)
    tree = entry.written({**values, **extra}).schedule
    if unit and entry.name in _SMOOTH:
        tree = substituted(parse("every(1ep, x)"), {"x": tree})
    warmup = _warmup(values, tick)
    if warmup is not None:
        tree = warmup if entry.name == "fixed" else nodes.Binary("*", tree, warmup, (0, 0))
    facts = clock(tick=tick, total_steps=length) if in_iterations else clock(tick=tick, total_epochs=length)
    yield Outcome(entry.name, tree, {}, facts, s.get("optimizer.lr"), (), where)


def _lengths(entry: Entry, values: dict[str, Any], unit: str, length: Any, in_iterations: bool) -> dict[str, Any]:
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
        if share is None or length is None:
            raise UnreadableError("`start_percent` is a share of a length that is not in the file")
        extra["start"] = lasting(round(float(length) * float(share)), unit)
    if entry.name == "cyclic":
        times, share = number(values["cyclic_times"]), number(values["step_ratio_up"])
        if length is None or not in_iterations or not times or share is None:
            raise UnreadableError("cycles are shares of a number of iterations, `runner.max_iters`, that is not in the file")
        cycle = int(length) // int(times)
        extra["up"] = int(float(share) * cycle)
        extra["down"] = cycle - extra["up"]
        if isinstance(values["target_ratio"], tuple) and len(values["target_ratio"]) == 2:
            extra["high"], extra["low"] = values["target_ratio"]
    return extra


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
    counting="A tick is an epoch for `by_epoch` without a warmup in iterations, else an iteration. Tick t has the share t/n.",
    address="https://mmcv.readthedocs.io/en/v1.7.0/understand_mmcv/runner.html",
    entries=_ENTRIES,
    layouts=(_LAYOUT,),
)
