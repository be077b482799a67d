"""OLMo and OLMo-core: `scheduler` of OLMo's YAML, and `train_module.scheduler` of the configs that OLMo-core writes.

How it counts (`olmo/optim.py`, `build_scheduler`, and `olmo/train.py`; `olmo_core/optim/scheduler.py` and `olmo_core/train/trainer.py`): a trainer counts a
step before it sets the rate, so that tick t has the share (t+1)/w of the warmup, and (t + 1 - w)/(n - w) of the decay. OLMo's warmup begins at a tenth of the
rate (or at `warmup_min_lr`), OLMo-core's at 0. With `units: tokens`, times are tokens. `max_duration` is steps, `2ep`, or tokens as `2e12T`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lrdsl.arguments import written
from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError
from lrdsl.syntax.nodes import Node

_DURATION = re.compile(r"\s*([\d_.]+(?:e[+-]?\d+)?)\s*(T|ep)\s*", re.IGNORECASE)
_TOKENS = "a warmup in tokens that ends between two steps: the step that ends it is a part of a step early"


def _duration(s: Settings) -> tuple[Any, dict[str, Any]]:
    """The length of the run, and its clock."""
    raw = s.get("max_duration")
    match = _DURATION.fullmatch(raw) if isinstance(raw, str) else None
    amount = written(match[1]) if match is not None else number(raw)
    if match is not None and amount is not None:
        if match[2].lower() == "ep":
            return text("total"), clock(total_epochs=amount)
        return lasting(amount, "tokens"), {}
    return (amount if amount is not None else text("total")), clock(total_steps=amount)


def _tree(kind: str, n: Any, w: Any, floor: Any, more: Mapping[str, Any]) -> Node:
    """OLMo's schedules, in OLMo-core's words."""
    up = {"warmup_min_lr": text("0.1x") if floor is None else floor}
    match kind:
        case "cosine_with_warmup":
            return called("olmo.cos_with_warmup", n, w, **more, **up)
        case "linear_with_warmup":
            return called("olmo.linear_with_warmup", n, w, **more, **up)
        case "inverse_sqrt_with_warmup":
            return called("olmo.inv_sqrt_with_warmup", w, alpha_f=0, **up)
        case "constant_with_warmup":
            return called("olmo.constant_with_warmup", w, **up)
        case "max_scheduler":
            falls = {"a": _tree("cosine_with_warmup", n, w, floor, more), "b": _tree("inverse_sqrt_with_warmup", n, w, floor, more)}
            return text("max(a, b)", **falls)
        case "cosine_linear_envelope":
            fall = "scale((1 - t / d) * (1 + cos(pi * t / d)) / 2, to=a * base) for d"
            return text(f"skip(1, warmup(w, from=i) then {fall})", w=w, i=up["warmup_min_lr"], a=more["alpha_f"], d=text("n - w", n=n, w=w))
        case "constant":
            return called("olmo.constant")
        case _:
            raise UnreadableError(f"`{kind}` is no scheduler of OLMo that lrdsl knows")


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("scheduler.name") or ""
    unit = "tokens" if s.get("scheduler.units") == "tokens" else ""
    length, facts = _duration(s)
    warm = lasting(s.needed("scheduler.t_warmup"), unit) if kind != "constant" else 0
    n = lasting(s.get("scheduler.t_max"), unit) if s.has("scheduler.t_max") else length
    tree = _tree(kind, n, warm, s.get("scheduler.warmup_min_lr"), {"alpha_f": s.get("scheduler.alpha_f")})
    batch, width = number(s.get("global_train_batch_size")), number(s.get("model.max_sequence_length"))
    tokens = batch * width if batch is not None and width is not None else None
    run = clock(tick="step", tokens_per_step=tokens, **facts)
    counted = number(s.get("scheduler.t_warmup"))
    between = unit and (tokens is None or counted is None or counted % tokens != 0)
    yield Outcome(kind, tree, {}, run, s.get("optimizer.learning_rate"), (_TOKENS,) if between else (), s.find("scheduler"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return isinstance(table["optimizer"], Mapping) and isinstance(table["scheduler"], Mapping)


def _ignored(kinds: tuple[str, ...]) -> Callable[[Settings], str]:
    return lambda s: "" if s.get("scheduler.name") in kinds else f"it is for {' and '.join(kinds)}"


_CORE = "train_module.scheduler"
#: The classes of OLMo-core, by the names under which it knows them too; and the parameters that each has.
_CLASSES = {
    "ConstantScheduler": "constant",
    "ConstantWithWarmup": "constant_with_warmup",
    "LinearWithWarmup": "linear_with_warmup",
    "InvSqrtWithWarmup": "inv_sqrt_with_warmup",
    "CosWithWarmup": "cos_with_warmup",
    "HalfCosWithWarmup": "half_cos_with_warmup",
    "WSD": "wsd",
    "CosWithWarmupAndLinearDecay": "cos_with_warmup_and_linear_decay",
    "PowerLR": "power_lr",
    "ExponentialScheduler": "exponential",
}
_DECAYED = ("wsd", "cos_with_warmup_and_linear_decay", "power_lr")
_MORE = {
    "constant_with_warmup": ("warmup_min_lr",),
    "linear_with_warmup": ("alpha_f", "warmup_min_lr"),
    "inv_sqrt_with_warmup": ("alpha_f", "warmup_min_lr"),
    "cos_with_warmup": ("alpha_f", "warmup_min_lr"),
    "half_cos_with_warmup": ("alpha_f", "warmup_min_lr"),
    "wsd": ("warmup_min_lr", "decay_min_lr"),
    "cos_with_warmup_and_linear_decay": ("alpha_f", "warmup_min_lr", "decay_min_lr"),
    "power_lr": ("b", "warmup_min_lr", "decay_min_lr"),
}


def _extent(s: Settings, name: str, n: Any, unit: str, fraction: Any) -> Any:
    """A warmup or a decay of OLMo-core: steps, tokens, or a fraction of the schedule, rounded."""
    for spelling in (name, f"{name}_steps"):
        if s.has(f"{_CORE}.{spelling}"):
            return lasting(s.get(f"{_CORE}.{spelling}"), unit)
    share, whole = s.get(f"{_CORE}.{name}_fraction", fraction), number(n)
    if share is None:
        return s.open(name)
    share_number = number(share)
    return round(float(whole) * float(share_number)) if whole is not None and share_number is not None else text("floor(f * n + 0.5)", f=share, n=n)


def _read_core(s: Settings) -> Iterator[Outcome]:
    name = s.word(f"{_CORE}._CLASS_" if s.find(f"{_CORE}._CLASS_") else f"{_CORE}.type") or ""
    kind = _CLASSES.get(name.rpartition(".")[2], name)
    if kind not in _CLASSES.values():
        raise UnreadableError(f"`{name}` of OLMo-core has no text: {', '.join(_CLASSES)} have")
    unit = "tokens" if s.get(f"{_CORE}.units") == "tokens" else ""
    value, measure = number(s.get("trainer.max_duration.value")), s.get("trainer.max_duration.unit")
    facts = clock(total_steps=value if measure == "steps" else None, total_epochs=value if measure == "epochs" else None)
    whole: Any = lasting(value, "tokens") if measure == "tokens" and value is not None else value if measure == "steps" and value is not None else text("total")
    n = lasting(s.get(f"{_CORE}.t_max"), unit) if s.has(f"{_CORE}.t_max") else whole
    arguments: list[Any] = [] if kind in ("constant", "constant_with_warmup", "inv_sqrt_with_warmup") else [n]
    if kind not in ("constant", "exponential"):
        arguments.append(_extent(s, "warmup", n, unit, None))
    if kind in _DECAYED:
        arguments.append(_extent(s, "decay", n, unit, 0.1))
    more = {key: s.get(f"{_CORE}.{key}") for key in _MORE.get(kind, ())}
    tree = called(f"olmo.{kind}", *arguments, **more, **({"lr_min": s.get(f"{_CORE}.lr_min")} if kind == "exponential" else {}))
    yield Outcome(kind, tree, {}, clock(tick="step", **facts), s.get("train_module.optim.lr"), (_TOKENS,) if unit else (), s.find(_CORE))


_DECAYING = ("cosine_with_warmup", "linear_with_warmup", "max_scheduler", "cosine_linear_envelope")
DIALECT = Dialect(
    "olmo",
    "OLMo",
    counting="A tick is a step, counted before its rate is set: tick t has the share (t+1)/n. OLMo's warmup begins at a tenth of the rate, OLMo-core's at 0.",
    address="https://github.com/allenai/OLMo/blob/main/olmo/optim.py",
    kinds=(
        Kind("cosine_with_warmup", "olmo.cos_with_warmup(t_max, t_warmup, alpha_f, warmup_min_lr=0.1x)"),
        Kind("linear_with_warmup", "olmo.linear_with_warmup(t_max, t_warmup, alpha_f, warmup_min_lr=0.1x)"),
        Kind("inverse_sqrt_with_warmup", "olmo.inv_sqrt_with_warmup(t_warmup, alpha_f=0, warmup_min_lr=0.1x)"),
        Kind("max_scheduler", "max(olmo.cos_with_warmup(...), olmo.inv_sqrt_with_warmup(...))"),
        Kind("constant_with_warmup", "olmo.constant_with_warmup(t_warmup, warmup_min_lr=0.1x)"),
        Kind("constant", "olmo.constant()"),
        Kind("cosine_linear_envelope", "skip(1, warmup(t_warmup, from=0.1x) then scale((1 - t / d) * (1 + cos(pi * t / d)) / 2, to=alpha_f * base) for d)"),
        Kind("ConstantScheduler", "olmo.constant(...)"),
        Kind("ConstantWithWarmup", "olmo.constant_with_warmup(...)"),
        Kind("LinearWithWarmup", "olmo.linear_with_warmup(...)"),
        Kind("InvSqrtWithWarmup", "olmo.inv_sqrt_with_warmup(...)"),
        Kind("CosWithWarmup", "olmo.cos_with_warmup(...)"),
        Kind("HalfCosWithWarmup", "olmo.half_cos_with_warmup(...)"),
        Kind("WSD", "olmo.wsd(...)"),
        Kind("CosWithWarmupAndLinearDecay", "olmo.cos_with_warmup_and_linear_decay(...)"),
        Kind("PowerLR", "olmo.power_lr(...)"),
        Kind("ExponentialScheduler", "olmo.exponential(...)"),
        Kind("WSDS", reason="its lists of phases are not read"),
        Kind("SequentialScheduler", reason="its lists of schedulers are not read"),
        Kind("ComposableScheduler", reason="its lists of stages are not read"),
    ),
    layouts=(
        Layout(
            words=("t_warmup", "with_warmup"),
            signs=(("scheduler.name", "optimizer.learning_rate", "max_duration"), ("scheduler.t_warmup", "optimizer.learning_rate")),
            sure=_sure,
            keys=(
                Key("scheduler", "scheduler"),
                Key("scheduler.name"),
                Key("scheduler.units"),
                Key("scheduler.t_warmup", "warmup", "step"),
                Key("scheduler.t_max", "decay", "step", ignored=_ignored(_DECAYING)),
                Key("scheduler.alpha_f", "level", default=0.1, ignored=_ignored(_DECAYING)),
                Key("scheduler.warmup_min_lr", "level"),
                Key("optimizer.learning_rate", "base"),
                Key("max_duration", "length", "time"),
                Key("global_train_batch_size", "batch", "sample"),
                Key("model.max_sequence_length"),
            ),
            read=_read,
        ),
        Layout(
            words=("train_module",),
            signs=((f"{_CORE}._CLASS_",), (f"{_CORE}.type",)),
            keys=(
                Key(_CORE, "scheduler"),
                Key(f"{_CORE}.units"),
                *(Key(f"{_CORE}.{name}", "warmup", "step") for name in ("warmup", "warmup_steps")),
                Key(f"{_CORE}.warmup_fraction", "warmup", "share"),
                *(Key(f"{_CORE}.{name}", "decay", "step") for name in ("decay", "decay_steps", "t_max")),
                Key(f"{_CORE}.decay_fraction", "decay", "share"),
                *(Key(f"{_CORE}.{name}", "level") for name in ("alpha_f", "warmup_min_lr", "decay_min_lr", "lr_min")),
                Key(f"{_CORE}.b", "factor"),
                Key("train_module.optim.lr", "base"),
                Key("trainer.max_duration.value", "length", "time"),
                Key("trainer.max_duration.unit"),
            ),
            read=_read_core,
        ),
    ),
)
