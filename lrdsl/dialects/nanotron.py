"""nanotron: `optimizer.learning_rate_scheduler` of its YAML, and `LRSchedulerArgs` of its configs in Python.

How it counts (`src/nanotron/helpers.py`, `lr_scheduler_builder`; defaults in `config/config.py`, `LRSchedulerArgs` and `Config`): tick t has the share t/w of
the warmup, and (t - start)/d of the decay. Without `lr_decay_steps` the decay takes `tokens.train_steps` less the warmup, wherever it begins; without
`min_decay_lr` the rate does not fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError

_HERE = "optimizer.learning_rate_scheduler"
_DECAYS = {"linear": "linear", "cosine": "cosine", "1-sqrt": "one_minus_sqrt"}


def _read(s: Settings) -> Iterator[Outcome]:
    warm, start, fall = s.get(f"{_HERE}.lr_warmup_steps"), s.get(f"{_HERE}.lr_decay_starting_step"), s.get(f"{_HERE}.lr_decay_steps")
    style, up = s.word(f"{_HERE}.lr_decay_style") or "linear", s.word(f"{_HERE}.lr_warmup_style") or "linear"
    if style not in _DECAYS or up not in ("linear", "constant"):
        raise UnreadableError("`lr_decay_style` is linear, cosine or 1-sqrt, and `lr_warmup_style` linear or constant")
    total = s.get("tokens.train_steps")
    if fall is None:
        n, w = number(total), number(warm)
        fall = n - w if n is not None and w is not None else text("n - w", n=s.needed("tokens.train_steps"), w=warm)
    if warm == 0 and fall == 0:
        tree = text("hold")
    elif (number(fall) or 0) < 0:  # the run ends within its warmup
        tree = text("warmup(w)", w=warm) if up == "linear" else text("hold")
    elif up == "linear":
        tree = called(f"nanotron.{_DECAYS[style]}", warm, fall, lr_decay_starting_step=start, min_decay_lr=s.get(f"{_HERE}.min_decay_lr"))
    else:
        tree = _without_rise(_DECAYS[style], warm, warm if start is None else start, fall, s.get(f"{_HERE}.min_decay_lr"))
    length = number(total)
    notes = []
    last, decay = number(start if start is not None else warm), number(fall)
    if length is not None and last is not None and decay is not None and last + decay > length:
        notes.append("the decay ends after `tokens.train_steps`")
    yield Outcome(style, tree, {}, clock(tick="step", total_steps=length), s.get(f"{_HERE}.learning_rate"), tuple(notes), s.find(_HERE))


def _without_rise(shape: str, warm: Any, start: Any, fall: Any, floor: Any) -> Any:
    """A schedule whose warmup is at the base: a decay that begins in it is seen from the step after it on."""
    first, begin = number(warm), number(start)
    hidden = first + 1 - begin if first is not None and begin is not None and begin < first else 0
    body = called(shape, fall, to=text("base") if floor is None else floor)
    return text("hold(b) then skip(k, x)" if hidden else "hold(b) then x", b=first + 1 if hidden and first is not None else start, k=hidden, x=body)


DIALECT = Dialect(
    "nanotron",
    "nanotron",
    counting="A tick is a step. Tick t has the share t/n.",
    address="https://github.com/huggingface/nanotron/blob/main/src/nanotron/config/config.py",
    kinds=(
        Kind("linear", "nanotron.linear(lr_warmup_steps, lr_decay_steps, lr_decay_starting_step, min_decay_lr)"),
        Kind("cosine", "nanotron.cosine(lr_warmup_steps, lr_decay_steps, lr_decay_starting_step, min_decay_lr)"),
        Kind("1-sqrt", "nanotron.one_minus_sqrt(lr_warmup_steps, lr_decay_steps, lr_decay_starting_step, min_decay_lr)"),
    ),
    layouts=(
        Layout(
            words=("learning_rate_scheduler",),
            calls=(f"{_HERE}=LRSchedulerArgs",),
            signs=((f"{_HERE}.learning_rate",),),
            keys=(
                Key(_HERE, "scheduler"),
                Key(f"{_HERE}.learning_rate", "base"),
                Key(f"{_HERE}.lr_warmup_steps", "warmup", "step", default=0),
                Key(f"{_HERE}.lr_warmup_style"),
                Key(f"{_HERE}.lr_decay_style"),
                Key(f"{_HERE}.lr_decay_steps", "decay", "step"),
                Key(f"{_HERE}.lr_decay_starting_step", "decay", "step"),
                Key(f"{_HERE}.min_decay_lr", "level"),
                Key("tokens.train_steps", "length", "step"),
                Key("tokens.micro_batch_size", "batch", "sample"),
                Key("tokens.batch_accumulation_per_replica", "accumulation"),
            ),
            read=_read,
        ),
    ),
)
