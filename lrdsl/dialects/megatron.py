"""Megatron-LM: its flags in shell scripts, and the same keys in YAML.

How it counts (`megatron/core/optimizer_param_scheduler.py`; `megatron/training/training.py`, `get_optimizer_param_scheduler`): time is samples; a step is a
global batch, so that flags of iterations are steps while the batch is constant. Tick t has the share t/n, `lr_decay_iters` counts the warmup too, and a
warmup fraction is not cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, UnreadableError

_STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
_WSD = {
    "linear": "linear({}, to=m)",
    "cosine": "cosine({}, to=m)",
    "minus_sqrt": "one_minus_sqrt({}, to=m)",
    "exponential": "scale(2^(1 - t / {0}) - 1, to=m) for {0}",
}


def _time(s: Settings, name: str) -> Any:
    """A length in iterations, or in samples; None if it is not there."""
    if s.has(f"lr_{name}_samples" if name != "train" else "train_samples"):
        return lasting(s.get(f"lr_{name}_samples" if name != "train" else "train_samples"), "samples")
    return s.get(f"lr_{name}_iters" if name != "train" else "train_iters")


def _read(s: Settings) -> Iterator[Outcome]:
    style = s.word("lr_decay_style") or "linear"
    if style not in _STYLES:
        raise UnreadableError(f"`lr_decay_style` is one of {', '.join(_STYLES)}")
    total = _time(s, "train")
    whole = _time(s, "decay")
    n = whole if whole is not None else total if total is not None else s.open("train_iters")
    w: Any
    if s.has("lr_warmup_fraction"):
        w = text("f * n", f=s.get("lr_warmup_fraction"), n=n)
    else:
        warm = _time(s, "warmup")
        w = 0 if warm is None else warm
    parts = [] if number(w) == 0 else ["warmup(w, from=i)"]
    numbers: dict[str, Any] = {"w": w, "n": n, "m": s.get("min_lr"), "i": s.get("lr_warmup_init")}
    if style == "constant":
        parts.append("hold")
    elif style == "inverse-square-root":
        parts.append("max(scale(sqrt(max(w, 1) / max(w + t, 1))), m) for n - w + 1 then hold(at=m)")
    elif style == "WSD":
        fall, kind = _time(s, "wsd_decay"), s.word("lr_wsd_decay_style") or "exponential"
        if fall is None or kind not in _WSD:
            raise UnreadableError("WSD needs `lr_wsd_decay_iters`, and a known `lr_wsd_decay_style`")
        parts.append(f"hold(max(n - d - w, 0)) then {_WSD[kind].format('d')}")
        numbers["d"] = fall
    else:
        parts.append(f"{style}({'n - w' if parts else 'n'}, to=m)")
    notes = ["the batch grows at first (`rampup_batch_size`): Megatron counts samples"] if s.has("rampup_batch_size") else []
    run = clock(tick="step", total_steps=number(total), batch_size=number(s.get("global_batch_size")))
    yield Outcome(style, text(" then ".join(parts), **numbers), {}, run, s.get("lr"), tuple(notes), s.find("lr_decay_style"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return not isinstance(table.get("lr_decay_style"), Mapping)


def _unless(styles: tuple[str, ...]) -> Any:
    return lambda s: f"there is none under `{s.get('lr_decay_style')}`" if s.get("lr_decay_style") in styles else ""


DIALECT = Dialect(
    "megatron",
    "Megatron-LM",
    counting="A tick is an iteration. Tick t has the share t/n. `lr_decay_iters` counts the warmup.",
    address="https://github.com/NVIDIA/Megatron-LM/blob/main/megatron/core/optimizer_param_scheduler.py",
    layouts=(
        Layout(
            words=("lr-decay-style", "lr_decay_style"),
            formats=("shell", "yaml", "json"),
            signs=(("lr_decay_style", "lr"), ("lr_decay_style", "train_iters"), ("lr_decay_style", "min_lr")),
            sure=_sure,
            keys=(
                Key("lr_decay_style", "scheduler", default="linear"),
                Key("lr", "base"),
                Key("min_lr", "level", default=0.0, ignored=_unless(("constant",))),
                Key("lr_warmup_init", "level", default=0.0),
                Key("train_iters", "length", "iteration"),
                Key("train_samples", "length", "sample"),
                Key("lr_decay_iters", "decay", "iteration", ignored=_unless(("constant",))),
                Key("lr_decay_samples", "decay", "sample", ignored=_unless(("constant",))),
                Key("lr_warmup_iters", "warmup", "iteration", ignored=lambda s: "`lr_warmup_fraction` goes before it" if s.has("lr_warmup_fraction") else ""),
                Key("lr_warmup_samples", "warmup", "sample"),
                Key("lr_warmup_fraction", "warmup", "share"),
                Key("lr_wsd_decay_iters", "decay", "iteration", ignored=lambda s: "it is for `WSD`" if s.get("lr_decay_style") != "WSD" else ""),
                Key("lr_wsd_decay_samples", "decay", "sample"),
                Key("lr_wsd_decay_style"),
                Key("global_batch_size", "batch", "sample"),
                Key("rampup_batch_size", "", "sample"),
            ),
            read=_read,
        ),
    ),
)
