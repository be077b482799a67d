"""OLMo: `scheduler` of its YAML.

How it counts (`olmo/optim.py`, `build_scheduler`): tick t has the share t/w of the warmup, which begins at a tenth of the rate (or at `warmup_min_lr`), and
(t - w)/(n - w) of the decay. With `units: tokens`, times are tokens. `max_duration` is steps, `2ep`, or tokens as `2e12T`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.arguments import written
from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, UnreadableError

_DURATION = re.compile(r"\s*([\d_.]+(?:e[+-]?\d+)?)\s*(T|ep)\s*", re.IGNORECASE)
_BODIES = {
    "cosine_with_warmup": "cosine(max(n - w, 0), to=a * base)",
    "linear_with_warmup": "linear(max(n - w, 0), to=a * base)",
    "inverse_sqrt_with_warmup": "rsqrt(w)",
    "constant_with_warmup": "hold",
    "constant": "hold",
    "max_scheduler": "max(cosine(max(n - w, 0), to=a * base), rsqrt(w))",
}


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


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("scheduler.name") or ""
    if kind not in _BODIES:
        raise UnreadableError(f"`{kind}` is no scheduler of OLMo that lrdsl knows")
    unit = "tokens" if s.get("scheduler.units") == "tokens" else ""
    length, facts = _duration(s)
    warm = lasting(s.needed("scheduler.t_warmup"), unit) if kind != "constant" else 0
    n = lasting(s.get("scheduler.t_max"), unit) if s.has("scheduler.t_max") else length
    floor = s.get("scheduler.warmup_min_lr")
    start = "0.1 * base" if floor is None else "start"
    tree = text(
        _BODIES[kind] if kind == "constant" else f"warmup(w, from={start}) then {_BODIES[kind]}", w=warm, n=n, a=s.get("scheduler.alpha_f"), start=floor
    )
    batch = number(s.get("global_train_batch_size"))
    width = number(s.get("model.max_sequence_length"))
    tokens = batch * width if batch is not None and width is not None else None
    run = clock(tick="step", tokens_per_step=tokens, **facts)
    yield Outcome(kind, tree, {}, run, s.get("optimizer.learning_rate"), (), s.find("scheduler"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return isinstance(table["optimizer"], Mapping) and isinstance(table["scheduler"], Mapping)


def _ignored(kinds: tuple[str, ...]) -> Any:
    return lambda s: "" if s.get("scheduler.name") in kinds else f"it is for {' and '.join(kinds)}"


_DECAYING = ("cosine_with_warmup", "linear_with_warmup", "max_scheduler")
DIALECT = Dialect(
    "olmo",
    "OLMo",
    counting="A tick is a step. Tick t has the share t/n. The warmup begins at a tenth of the rate.",
    address="https://github.com/allenai/OLMo/blob/main/olmo/optim.py",
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
