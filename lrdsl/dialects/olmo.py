"""OLMo: `scheduler` of its YAML.

How it counts (`olmo/optim.py`, `build_scheduler`, and `olmo/train.py`): the trainer counts a step before it sets the rate, so that tick t has the
share (t+1)/w of the warmup, and (t + 1 - w)/(n - w) of the decay. The warmup begins at a tenth of the rate, or at `warmup_min_lr`. With `units: tokens`, times
are tokens. `max_duration` is steps, `2ep`, or tokens as `2e12T`.
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


_DECAYING = ("cosine_with_warmup", "linear_with_warmup", "max_scheduler", "cosine_linear_envelope")
DIALECT = Dialect(
    "olmo",
    "OLMo",
    counting="A tick is a step, counted before its rate is set: tick t has the share (t+1)/n. The warmup begins at a tenth of the rate.",
    address="https://github.com/allenai/OLMo/blob/main/olmo/optim.py",
    kinds=(
        Kind("cosine_with_warmup", "olmo.cos_with_warmup(t_max, t_warmup, alpha_f, warmup_min_lr=0.1x)"),
        Kind("linear_with_warmup", "olmo.linear_with_warmup(t_max, t_warmup, alpha_f, warmup_min_lr=0.1x)"),
        Kind("inverse_sqrt_with_warmup", "olmo.inv_sqrt_with_warmup(t_warmup, alpha_f=0, warmup_min_lr=0.1x)"),
        Kind("max_scheduler", "max(olmo.cos_with_warmup(...), olmo.inv_sqrt_with_warmup(...))"),
        Kind("constant_with_warmup", "olmo.constant_with_warmup(t_warmup, warmup_min_lr=0.1x)"),
        Kind("constant", "olmo.constant()"),
        Kind("cosine_linear_envelope", "skip(1, warmup(t_warmup, from=0.1x) then scale((1 - t / d) * (1 + cos(pi * t / d)) / 2, to=alpha_f * base) for d)"),
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
    ),
)
