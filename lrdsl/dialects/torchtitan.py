"""torchtitan: `[lr_scheduler]` of its TOML, and `LRSchedulersContainer.Config` of its configs in Python.

How it counts (`torchtitan/components/optimizer/lr_scheduler.py`, `LRSchedulersContainer.Config.build`): tick t has the share (t+1)/n of the warmup and of
the decay, and the run is a step longer than it is, so that its last step is not at the end. Before October 2025 the warmup was (t+1)/(w+1), and the level
`lr_min`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError

_DECAYS = ("linear", "sqrt", "cosine")


def _read(s: Settings) -> Iterator[Outcome]:
    warm = s.get("lr_scheduler.warmup_steps")
    total = s.get("lr_scheduler.total_steps") if s.has("lr_scheduler.total_steps") else s.needed("training.steps")
    kind, share, floor = s.word("lr_scheduler.decay_type") or "linear", s.get("lr_scheduler.decay_ratio"), s.get("lr_scheduler.min_lr_factor")
    if kind not in _DECAYS:
        raise UnreadableError("`decay_type` is linear, sqrt or cosine")
    n, w, part = number(total), number(warm), number(share)
    fall: Any = None
    if share is not None:
        fall = round(float(n) * float(part)) if n is not None and part is not None else text("floor(r * n + 0.5)", r=share, n=total)
    if fall == 0 and w is not None and n is not None:  # no decay in the run
        tree = text("warmup(w, touches=end)", w=min(int(w), int(n))) if int(w) > 0 else text("hold")
    else:
        tree = called(f"torchtitan.{kind}", total, warmup_steps=warm if w is None else int(w), decay_steps=fall, min_lr_factor=floor)
    at = s.find("lr_scheduler") or s.find("training")
    yield Outcome(kind, tree, {}, clock(tick="step", total_steps=number(s.get("training.steps"))), s.get("optimizer.lr"), (), at)


DIALECT = Dialect(
    "torchtitan",
    "torchtitan",
    counting="A tick is a step. Tick t has the share (t+1)/n: `touches=end`.",
    address="https://github.com/pytorch/torchtitan/blob/main/torchtitan/components/optimizer/lr_scheduler.py",
    kinds=(
        Kind("linear", "torchtitan.linear(steps, warmup_steps, decay_steps, min_lr_factor)"),
        Kind("sqrt", "torchtitan.sqrt(steps, warmup_steps, decay_steps, min_lr_factor)"),
        Kind("cosine", "torchtitan.cosine(steps, warmup_steps, decay_steps, min_lr_factor)"),
    ),
    layouts=(
        Layout(
            words=("lr_scheduler",),
            calls=("lr_scheduler=LRSchedulersContainer.Config",),
            signs=(("lr_scheduler.warmup_steps", "training.steps"), ("lr_scheduler.decay_type", "training"), ("lr_scheduler.decay_ratio", "training")),
            sure=lambda table: "lr_min" not in table["lr_scheduler"],
            keys=(
                Key("lr_scheduler", "scheduler"),
                Key("lr_scheduler.warmup_steps", "warmup", "step", default=200),
                Key("lr_scheduler.decay_ratio", "decay", "share"),
                Key("lr_scheduler.decay_type"),
                Key("lr_scheduler.min_lr_factor", "level", default=0.0),
                Key("lr_scheduler.total_steps", "decay", "step"),
                Key("optimizer.lr", "base"),
                Key("training.steps", "length", "step"),
                Key("training.global_batch_size", "batch", "sample"),
                Key("training.local_batch_size", "batch", "sample"),
            ),
            read=_read,
        ),
    ),
)
