"""Ultralytics (YOLOv5, YOLOv8 and on): `lr0`, `lrf`, `cos_lr` and `epochs` of its YAML.

How it counts (`ultralytics/engine/trainer.py`, `_setup_scheduler` and the warmup in `_do_train`): the rate is set once an epoch, by e/epochs; in the first
round(min(warmup_epochs, epochs - 1) * batches) iterations it is a share of that, from 0; older versions, and YOLOv5, have at least 100 of them. The biases
begin at `warmup_bias_lr` instead. With `optimizer: auto`, the rate is not `lr0` but a choice of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, number
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError


def _read(s: Settings) -> Iterator[Outcome]:
    if not s.has("cos_lr") and not s.has("epochs"):
        raise UnreadableError("whether it is a line or a cosine, and how long, are flags of train.py")
    if s.has("time"):
        raise UnreadableError("`time` makes the run as long as so many hours have epochs")
    name = "cosine" if s.get("cos_lr") is True else "linear"
    length, warm = s.needed("epochs"), s.needed("warmup_epochs")
    tree = called(f"ultralytics.{name}", length, lrf=s.needed("lrf"), warmup_epochs=warm)
    notes = []
    if number(warm) != 0:
        notes.append("older versions warm up for 100 iterations at least")
        notes += ["the biases begin at `warmup_bias_lr`"] if s.has("warmup_bias_lr") else []
        notes += ["the momentum begins at `warmup_momentum`: `ultralytics.momentum`"] if s.has("warmup_momentum") else []
    base = None if _chooses_itself(s) else s.get("lr0")
    yield Outcome(name, tree, {}, clock(tick="step", total_epochs=number(length)), base, tuple(notes), s.find("lr0"))


def _chooses_itself(s: Settings) -> str:
    where = s.find("optimizer")
    return "`optimizer: auto` chooses the rate" if where is not None and where[0][where[1]] == "auto" else ""


def _sure(table: Mapping[Any, Any]) -> bool:
    return all(isinstance(table[key], int | float | str) for key in ("lr0", "lrf"))


DIALECT = Dialect(
    "ultralytics",
    "Ultralytics",
    counting="The rate is set once an epoch, e/epochs, and in the warmup once an iteration.",
    address="https://docs.ultralytics.com/usage/cfg/#train-settings",
    kinds=(
        Kind("cos_lr=False", "ultralytics.linear(epochs, lrf, warmup_epochs)"),
        Kind("cos_lr=True", "ultralytics.cosine(epochs, lrf, warmup_epochs)"),
        Kind("time", reason="the length of the run is measured while it goes"),
    ),
    layouts=(
        Layout(
            words=("lrf",),
            signs=(("lr0", "lrf"),),
            sure=_sure,
            keys=(
                Key("lr0", "base", ignored=_chooses_itself),
                Key("lrf", "level"),
                Key("cos_lr", "scheduler"),
                Key("epochs", "length", "epoch"),
                Key("warmup_epochs", "warmup", "epoch"),
                Key("warmup_bias_lr", "level"),
                Key("warmup_momentum", "level"),
                Key("batch", "batch", "sample"),
                Key("nbs", "accumulation"),
                Key("optimizer"),
                Key("time"),
            ),
            read=_read,
        ),
    ),
)
