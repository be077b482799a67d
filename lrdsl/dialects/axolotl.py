"""axolotl: its YAML, with transformers' schedules under its own keys.

How it is read: `axolotl/core/builders/base.py` (`_configure_warmup_and_logging`, `_configure_scheduler`) and `core/trainers/mixins/scheduler.py`:
`warmup_steps` (2 for 1), else int(`warmup_ratio` * steps), else a default of its version; `cosine_min_lr_ratio` under `cosine` is a cosine to that share of
the rate (`utils/schedulers.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError
from lrdsl.dialects.transformers import TYPES, arguments_of, total_steps, typed, warmup_of

_OWN = "axolotl's own `{}` has no text: write its formula"


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("lr_scheduler") or "cosine"
    total, facts = total_steps(s.get("max_steps"), s.get("num_epochs"))
    warm: Any
    if not s.has("warmup_steps") and not s.has("warmup_ratio"):
        warm = s.open("warmup_steps")
    else:
        warm = warmup_of(s.get("warmup_steps"), s.get("warmup_ratio"), total, math.floor)
        warm = 2 if warm == 1 else warm
    if kind not in TYPES or s.has("jagged_restart_steps"):
        raise UnreadableError(_OWN.format(kind if kind not in TYPES else "jagged_restart_steps"))
    if kind == "cosine" and s.has("cosine_min_lr_ratio") and s.has("cosine_constant_lr_ratio"):
        shares = {"r": s.get("cosine_min_lr_ratio"), "c": s.get("cosine_constant_lr_ratio")}
        tree = text("warmup(w) then cosine(max(floor(c * n) - w, 1), to=r * base)", w=warm, n=total, **shares)
    elif kind == "cosine" and s.has("cosine_min_lr_ratio"):
        tree = text("warmup(w) then bounce(cosine(max(n - w, 1), to=r * base))", w=warm, n=total, r=s.get("cosine_min_lr_ratio"))
    else:
        tree = typed(kind, warm, total, arguments_of(s.get("lr_scheduler_kwargs")))
    yield Outcome(kind, tree, clock={**facts, "tick": "step"}, base=s.get("learning_rate"), at=s.find("lr_scheduler") or s.find("learning_rate"))


DIALECT = Dialect(
    "axolotl",
    "axolotl",
    counting="As transformers' Trainer. Without `warmup_steps` or `warmup_ratio` it takes a share of the run that depends on its version: this stays a name.",
    address="https://docs.axolotl.ai/docs/config-reference.html",
    kinds=(
        Kind("lr_scheduler", "as `lr_scheduler_type` of transformers"),
        Kind("cosine with cosine_min_lr_ratio", "warmup(w) then bounce(cosine(n - w, to=cosine_min_lr_ratio * base))"),
        Kind(
            "cosine with cosine_min_lr_ratio and cosine_constant_lr_ratio",
            "warmup(w) then cosine(floor(cosine_constant_lr_ratio * n) - w, to=cosine_min_lr_ratio * base)",
        ),
        Kind("jagged_restart_steps", reason="its formula has no text yet: write it with `scale(...)`"),
        Kind("rex, one_cycle, log_sweep", reason="axolotl's own: `rex(n)`, `onecycle(n)`, or their formula"),
    ),
    layouts=(
        Layout(
            words=("micro_batch_size",),
            signs=(("micro_batch_size", "learning_rate"), ("micro_batch_size", "lr_scheduler")),
            sure=lambda table: "base_model" in table or "num_epochs" in table or isinstance(table.get("lr_scheduler"), str),
            keys=(
                Key("lr_scheduler", "scheduler", default="cosine"),
                Key("learning_rate", "base"),
                Key("max_steps", "length", "step"),
                Key("num_epochs", "length", "epoch", ignored=lambda s: "`max_steps` goes before it" if s.has("max_steps") else ""),
                Key("warmup_steps", "warmup", "step", ignored=lambda s: "there is no warmup under `constant`" if s.word("lr_scheduler") == "constant" else ""),
                Key("warmup_ratio", "warmup", "share", ignored=lambda s: "`warmup_steps` goes before it" if s.has("warmup_steps") else ""),
                Key("cosine_min_lr_ratio", "level", ignored=lambda s: "it is for `cosine`" if s.word("lr_scheduler", "cosine") != "cosine" else ""),
                Key(
                    "cosine_constant_lr_ratio",
                    "share",
                    "share",
                    ignored=lambda s: (
                        "" if s.has("cosine_min_lr_ratio") and s.word("lr_scheduler", "cosine") == "cosine" else "it is for `cosine` with `cosine_min_lr_ratio`"
                    ),
                ),
                Key("jagged_restart_steps", "decay", "step"),
                Key("lr_scheduler_kwargs", "arguments"),
                Key("micro_batch_size", "batch", "sample"),
                Key("gradient_accumulation_steps", "accumulation"),
            ),
            read=_read,
        ),
    ),
)
