"""Ultralytics (YOLOv5, YOLOv8 and on): `lr0`, `lrf`, `cos_lr` and `epochs` of its YAML.

How it counts (`ultralytics/engine/trainer.py`, `_setup_scheduler` and the warmup in `_do_train`): the rate is set once an epoch, by e/epochs; in the first
max(round(warmup_epochs * batches), 100) iterations it is a share of that, from 0. The biases begin at `warmup_bias_lr` instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, UnreadableError


def _read(s: Settings) -> Iterator[Outcome]:
    if not s.has("cos_lr") and not s.has("epochs"):
        raise UnreadableError("whether it is a line or a cosine, and how long, are flags of train.py")
    smooth = s.get("cos_lr") is True
    length = s.needed("epochs")
    n, warm = lasting(length, "ep"), s.needed("warmup_epochs")
    shape = text("every(1ep, cosine(n, to=f * base))" if smooth else "every(1ep, linear(n, to=f * base))", n=n, f=s.needed("lrf"))
    if number(warm) != 0:
        whole = number(warm)
        times = text("max(w, 100)" if whole is not None and whole == int(whole) else "max(floor(w + 0.5), 100)", w=lasting(warm, "ep"))
        shape = text("x * warmup(w)", x=shape, w=times)
    notes = ("the biases begin at `warmup_bias_lr`",) if number(warm) != 0 and s.has("warmup_bias_lr") else ()
    name = "cosine" if smooth else "linear"
    yield Outcome(name, shape, {}, clock(tick="step", total_epochs=number(length)), s.get("lr0"), notes, s.find("lr0"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return all(isinstance(table[key], int | float | str) for key in ("lr0", "lrf"))


DIALECT = Dialect(
    "ultralytics",
    "Ultralytics",
    counting="The rate is set once an epoch, e/epochs, and in the warmup once an iteration.",
    address="https://docs.ultralytics.com/usage/cfg/#train-settings",
    layouts=(
        Layout(
            words=("lrf",),
            signs=(("lr0", "lrf"),),
            sure=_sure,
            keys=(
                Key("lr0", "base"),
                Key("lrf", "level"),
                Key("cos_lr", "scheduler"),
                Key("epochs", "length", "epoch"),
                Key("warmup_epochs", "warmup", "epoch"),
                Key("warmup_bias_lr", "level"),
                Key("warmup_momentum", "level"),
                Key("batch", "batch", "sample"),
                Key("nbs", "accumulation"),
            ),
            read=_read,
        ),
    ),
)
