"""XTuner: `LRConfig` of its configs in Python, with `total_step` or `total_epoch` of the trainer.

How it counts (`xtuner/v1/train/trainer.py`, `Trainer.build_lr_scheduler`; defaults in `xtuner/v1/config/optim.py`, `LRConfig`): torch's schedulers, stepped at
each step: tick t has the share t/w of the warmup, and (t - w)/(n - w) of the decay to `lr_min`. A `warmup_ratio` below 1 is a share of the run, which is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError

_DECAYS = {"linear": "linear(n - w, to=l)", "cosine": "cosine(n - w, to=l)", "constant": "hold"}


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("lr_cfg.lr_type") or "constant"
    if kind not in _DECAYS:
        raise UnreadableError(f"`lr_type` is one of {', '.join(_DECAYS)}")
    is_in_steps = s.has("total_step")
    total = s.get("total_step") if is_in_steps else text("total")
    share, length = number(s.get("lr_cfg.warmup_ratio")), number(total)
    if share is None:
        raise UnreadableError("`warmup_ratio` is not written out, and may be a share or steps")
    if share >= 1 or share == 0:
        warm: Any = int(share)
    else:
        warm = int(float(share) * float(length)) if length is not None else text("floor(r * n)", r=share, n=total)
    rise = "" if warm == 0 else "warmup(w) then "
    tree = text(f"{rise}{_DECAYS[kind]}", w=warm, n=total, l=s.get("lr_cfg.lr_min"))
    facts = {"total_steps": length} if is_in_steps else {"total_epochs": number(s.get("total_epoch"))}
    yield Outcome(kind, tree, {}, clock(tick="step", **facts), s.get("optim_cfg.lr"), (), s.find("lr_cfg"))


DIALECT = Dialect(
    "xtuner",
    "XTuner",
    counting="A tick is a step. Tick t has the share t/n.",
    address="https://github.com/InternLM/xtuner/blob/main/xtuner/v1/train/trainer.py",
    kinds=(
        Kind("linear", "warmup(w) then linear(n - w, to=lr_min)"),
        Kind("cosine", "warmup(w) then cosine(n - w, to=lr_min)"),
        Kind("constant", "warmup(w)"),
    ),
    layouts=(
        Layout(
            words=(),
            formats=(),
            calls=("lr_cfg=xtuner.LRConfig",),
            keys=(
                Key("lr_cfg", "scheduler"),
                Key("lr_cfg.lr_type", "scheduler", default="constant"),
                Key("lr_cfg.warmup_ratio", "warmup", "share", default=0.03),
                Key("lr_cfg.lr_min", "level", default=1e-6),
                Key("optim_cfg.lr", "base"),
                Key("total_step", "length", "step"),
                Key("total_epoch", "length", "epoch"),
            ),
            read=_read,
        ),
    ),
)
