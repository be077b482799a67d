"""axolotl: its YAML, with transformers' schedules under its own keys.

How it is read: `axolotl/core/builders/base.py` (`_configure_warmup_and_logging`, `_configure_scheduler`), and `core/trainers/mixins/scheduler.py` with the
functions of `utils/schedulers.py`. The warmup has `warmup_steps` (1 counts as 2), else int(`warmup_ratio` * steps), else a default of its version. `cosine`
has four forms. The first of these keys that is set decides: `lr_quadratic_warmup`; `cosine_min_lr_ratio` with `cosine_constant_lr_ratio`, the share of the
run after which the rate stays at its floor; `cosine_min_lr_ratio` alone. Without them it is that of transformers. `one_cycle` is torch's OneCycleLR, whose
rise is the warmup. `rex` counts a step before it sets the rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError, Written, value
from lrdsl.dialects.torch import DIALECT as TORCH
from lrdsl.dialects.transformers import TYPES, arguments_of, total_steps, typed, warmup_of
from lrdsl.syntax.nodes import Node

#: Optimizers whose momentum is the first of their betas; OneCycleLR changes it too.
_WITH_BETAS = ("adam", "lion", "lamb", "came")


def _warmup(s: Settings, total: Any) -> Any:
    if not s.has("warmup_steps") and not s.has("warmup_ratio"):
        return s.open("warmup_steps")
    warm = warmup_of(s.get("warmup_steps"), s.get("warmup_ratio"), total, math.floor)
    return 2 if warm == 1 else warm


def _one_cycle(s: Settings, warm: Any, total: Any, more: Mapping[str, Any]) -> Written:
    """torch's OneCycleLR to the rate, with the warmup as the share of its rise."""
    optimizer = str(s.get("optimizer") or "adamw")
    if not any(word in optimizer.lower() for word in _WITH_BETAS):
        raise UnreadableError(f"OneCycleLR changes the momentum too, and that of `{optimizer}` is not known")
    w, n = number(warm), number(total)
    share = value(float(w) / float(n)) if w is not None and n else text("w / n", w=warm, n=total)
    entry = TORCH.entry("OneCycleLR")
    given: dict[str, Any] = {"pct_start": share, "anneal_strategy": "cos", **more}
    written = entry.written(entry.bound((), {"max_lr": text("base"), "total_steps": total, **given}))
    return Written(written.schedule, {"betas[0]": written.beside["momentum"]} if written.beside else {}, written.notes)


def _cosine(s: Settings, warm: Any, total: Any) -> Any:
    """The cosines of axolotl's own; None for that of transformers."""
    least, share = s.get("cosine_min_lr_ratio"), s.get("cosine_constant_lr_ratio")
    if s.get("lr_quadratic_warmup") is True:
        return text("warmup(w, power=2) then bounce(cosine(max(n - w, 1)))", w=warm, n=total)
    if not least:
        return None
    if not share:
        return text("warmup(w) then bounce(cosine(max(n - w, 1), to=r * base))", w=warm, n=total, r=least)
    w, n, part = number(warm), number(total), number(share)
    end: Any = int(float(n) * float(part)) if n is not None and part is not None else text("floor(c * n)", c=share, n=total)
    if w is not None and isinstance(end, int) and end <= w:
        raise UnreadableError(f"its cosine ends at step {end}, and its warmup at step {w}")
    return text("warmup(w) then cosine(e - w, to=r * base)", w=warm, e=end, r=least)


def _rex(s: Settings, warm: Any, total: Any) -> Any:
    """RexLR: at its first step it is a step further."""
    whole, least = text("max(n - w, 1)", n=total, w=warm), s.get("cosine_min_lr_ratio") or 0
    return text("skip(1, warmup(w) then scale((1 - t / d) / (1 - 0.9 * t / d), to=r * base) for d)", w=warm, d=whole, r=least)


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("lr_scheduler") or "cosine"
    total, facts = total_steps(s.get("max_steps"), s.get("num_epochs"))
    warm, more = _warmup(s, total), arguments_of(s.get("lr_scheduler_kwargs"))
    if s.get("jagged_restart_steps"):
        raise UnreadableError("the restarts of `jagged_restart_steps` multiply the schedule by a warmup that depends on where it begins: they have no text")
    if kind not in (*TYPES, "one_cycle", "rex"):
        raise UnreadableError(f"axolotl's own `{kind}` has no text: write its formula")
    tree: Node | None = None
    beside: Mapping[str, Node] = {}
    if kind == "one_cycle":
        written = _one_cycle(s, warm, total, more)
        tree, beside = written.schedule, written.beside
    elif kind == "rex":
        tree = _rex(s, warm, total)
    elif kind == "cosine":
        tree = _cosine(s, warm, total)
    tree = typed(kind, warm, total, more) if tree is None else tree
    at = s.find("lr_scheduler") or s.find("learning_rate")
    yield Outcome(kind, tree, beside, clock={**facts, "tick": "step"}, base=s.get("learning_rate"), at=at)


def _only(*kinds: str) -> Any:
    """Why a key is ignored: it is for some kinds."""
    return lambda s: "" if s.word("lr_scheduler", "cosine") in kinds else f"it is for {' and '.join(f'`{kind}`' for kind in kinds)}"


def _constant_ignored(s: Settings) -> str:
    return _only("cosine")(s) or ("" if s.get("cosine_min_lr_ratio") else "it goes with `cosine_min_lr_ratio`")


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
        Kind("cosine with lr_quadratic_warmup", "warmup(w, power=2) then bounce(cosine(n - w))"),
        Kind("one_cycle", "onecycle(n, peak=1x, pct=w / n)"),
        Kind("rex", "skip(1, warmup(w) then scale((1 - t / d) / (1 - 0.9 * t / d), to=cosine_min_lr_ratio * base) for d)"),
        Kind("jagged_restart_steps", reason="its restarts multiply another schedule by warmups, from where that is: write it with `restarts(...)`"),
        Kind("log_sweep", reason="its first two steps are the same, and it is no function of the base: `exp(n, from=min_lr, to=max_lr)` is nearest"),
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
                Key("cosine_min_lr_ratio", "level", ignored=_only("cosine", "rex")),
                Key("cosine_constant_lr_ratio", "share", "share", ignored=_constant_ignored),
                Key("lr_quadratic_warmup"),
                Key("optimizer"),
                Key("jagged_restart_steps", "decay", "step"),
                Key("lr_scheduler_kwargs", "arguments"),
                Key("micro_batch_size", "batch", "sample"),
                Key("gradient_accumulation_steps", "accumulation"),
            ),
            read=_read,
        ),
    ),
)
