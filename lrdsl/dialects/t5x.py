"""T5X: the factors of `create_learning_rate_scheduler` in gin files, `'constant * linear_warmup * rsqrt_decay'`.

How it counts (`t5x/utils.py`, `create_learning_rate_scheduler`): the rate is the product of the factors at the step, at least `min_learning_rate`. Without
`constant` it does not go by `base_learning_rate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, found, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError

_NAMES = ("utils.create_learning_rate_scheduler", "create_learning_rate_scheduler", "t5x.utils.create_learning_rate_scheduler")
_FACTORS = {
    "linear_warmup": "warmup(w)",
    "rsqrt_decay": "scale(1 / sqrt(max(t, w)))",
    "rsqrt_normalized_decay": "scale(sqrt(w / max(t, w)))",
    "decay_every": "step(k, f)",
    "cosine_decay": "(hold(w) then restarts(cosine(c)))",
    "linear_decay": "scale(max(min(t / w, 1 + f * (w - t)), 0))",
}
_MOST = 20


def _read(s: Settings) -> Iterator[Outcome]:
    factors = s.word("factors") or "constant * linear_warmup * rsqrt_decay"
    words = [word.strip() for word in factors.split("*")]
    if len(words) > _MOST or any(word != "constant" and word not in _FACTORS for word in words):
        raise UnreadableError(f"`factors` are constant and {', '.join(_FACTORS)}")
    bases = words.count("constant") + words.count("linear_decay")
    if bases > 1:
        raise UnreadableError("the base is a factor twice")
    start = "" if bases else "hold(at=1) * "
    parts = [_FACTORS[word] for word in words if word != "constant"] or ["hold"]
    whole = f"max({start}{' * '.join(parts)}, least)"
    numbers = {"w": s.get("warmup_steps"), "f": s.get("decay_factor"), "k": s.get("steps_per_decay"), "c": s.get("steps_per_cycle")}
    tree = text(whole, least=s.get("min_learning_rate"), **numbers)
    offset = s.get("step_offset")
    if (moved := number(offset)) != 0:
        tree = text("skip(o, x)", o=-moved, x=tree) if moved is not None and moved < 0 else text("hold(o, at=(x at 0)) then restart x", o=offset, x=tree)
    steps = found(s.document, "TRAIN_STEPS")
    total = number(steps[0][steps[1]]) if steps is not None and isinstance(steps[0][steps[1]], int) else None
    yield Outcome(factors, tree, {}, clock(tick="step", total_steps=total), s.get("base_learning_rate") if bases else None, (), s.find("factors"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return isinstance(table["factors"], str) and not {str(key) for key in table} - {key.name for key in _KEYS}


def _unused(word: str) -> Any:
    return lambda s: "" if word in str(s.get("factors")) else f"there is no `{word}` in the factors"


_KEYS = (
    Key("factors", "scheduler", default="constant * linear_warmup * rsqrt_decay"),
    Key("base_learning_rate", "base", default=0.5),
    Key("warmup_steps", "warmup", "step", default=1000),
    Key("decay_factor", "factor", default=0.5),
    Key("steps_per_decay", "decay", "step", default=20_000, ignored=_unused("decay_every")),
    Key("steps_per_cycle", "decay", "step", default=100_000, ignored=_unused("cosine_decay")),
    Key("step_offset", "decay", "step", default=0),
    Key("min_learning_rate", "level", default=1e-8),
)
DIALECT = Dialect(
    "t5x",
    "T5X",
    counting="A tick is a step.",
    address="https://github.com/google-research/t5x/blob/main/t5x/utils.py",
    kinds=(
        Kind("constant", "hold"),
        Kind("linear_warmup", "warmup(warmup_steps)"),
        Kind("linear_decay", "scale(max(min(t / warmup_steps, 1 + decay_factor * (warmup_steps - t)), 0))"),
        Kind("rsqrt_decay", "scale(1 / sqrt(max(t, warmup_steps)))"),
        Kind("rsqrt_normalized_decay", "scale(sqrt(warmup_steps / max(t, warmup_steps)))"),
        Kind("decay_every", "step(steps_per_decay, decay_factor)"),
        Kind("cosine_decay", "hold(warmup_steps) then restarts(cosine(steps_per_cycle))"),
    ),
    layouts=(Layout(words=_NAMES[1:2], formats=("gin",), signs=(("factors",),), sure=_sure, keys=_KEYS, read=_read),),
)
