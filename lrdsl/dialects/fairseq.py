"""fairseq: `lr_scheduler` and `optimization` of its YAML, and its flags in shell scripts.

How it counts (`fairseq/optim/lr_scheduler/`; the trainer sets the rate of update 0 before it begins): a tick is an update. Tick t has the share t/w of the
warmup; `fixed` has (t+1)/w. Without `lr_period_updates` the cosine takes max_update - warmup_updates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, number, text
from lrdsl.dialects.entry import Dialect, UnreadableError

_KINDS = ("inverse_sqrt", "cosine", "polynomial_decay", "tri_stage", "fixed")


def _start(s: Settings, otherwise: Any) -> Any:
    """The level at which the warmup begins."""
    start = s.get("warmup_init_lr")
    first = number(start)
    return otherwise if start is None or (first is not None and first < 0) else start


def _tree(s: Settings, kind: str) -> Any:
    w = s.get("warmup_updates")
    if kind == "inverse_sqrt":
        w = 4000 if w is None else w
        return text("warmup(w, from=i) then rsqrt(w)", w=w, i=_start(s, 0))
    w = 0 if w is None else w
    if kind == "fixed":
        if s.has("force_anneal"):
            raise UnreadableError("`force_anneal` shrinks the rate from an epoch on: it is not read yet")
        return text("hold" if number(w) == 0 else "warmup(w, touches=end) then hold", w=w)
    if kind == "cosine":
        floor = s.get("min_lr")
        floor = 0 if floor is None else floor
        period = s.get("lr_period_updates")
        if period is None or (number(period) or 0) < 0:
            period = text("n - w", n=s.needed("max_update"), w=w)
        shrink, stretch = s.get("lr_shrink"), s.get("t_mult")
        body = "restarts(cosine(p, to=m), stretch=t_mult, decay=k)" if number(floor) == 0 else "restarts(cosine(p, to=m))"
        if number(floor) != 0 and (shrink != 1 or stretch != 1):
            body = "cosine(p, to=m)"  # one cycle: a further one has a lower end level
        tree = f"warmup(w, from=i) then {body}" if number(w) != 0 else body
        return text(tree, w=w, p=period, m=floor, i=_start(s, floor), k=shrink, t_mult=stretch)
    if kind == "polynomial_decay":
        n = s.get("total_num_update")
        n = n if n is not None and (number(n) is None or number(n) > 0) else s.needed("max_update")  # type: ignore[operator]
        up = "warmup(w) then " if number(w) != 0 else ""
        return text(f"{up}poly(max(n - w, 1), power=p, to=e)", w=w, n=n, p=s.get("power"), e=s.get("end_learning_rate"))
    ratios = s.get("phase_ratio")
    if isinstance(ratios, tuple) and len(ratios) == 3:
        total, parts = number(s.get("max_update")), [number(r) for r in ratios]
        if total is None or any(p is None for p in parts):
            raise UnreadableError("`phase_ratio` are shares of a `max_update` that is not in the file")
        a, b, c = (int(float(total) * float(p)) for p in parts if p is not None)
    else:
        a, b, c = (s.needed(name) for name in ("warmup_steps", "hold_steps", "decay_steps"))
    return text("tri_stage(a, b, c, i * base, e * base)", a=a, b=b, c=c, i=s.get("init_lr_scale"), e=s.get("final_lr_scale"))


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("lr_scheduler._name" if s.find("lr_scheduler._name") else "lr_scheduler") or ""
    if kind not in _KINDS:
        raise UnreadableError(f"`{kind}` of fairseq is not read: {', '.join(_KINDS)} are")
    rates = s.get("lr")
    rate = rates[0] if isinstance(rates, tuple) and len(rates) == 1 else rates
    if isinstance(rate, tuple):
        raise UnreadableError("`lr` is a list: a rate for each epoch")
    tree = _tree(s, kind)
    run = clock(tick="step", total_steps=number(s.get("max_update")), total_epochs=None if s.has("max_update") else number(s.get("max_epoch")))
    yield Outcome(kind, tree, {}, run, rate, (), s.find("lr_scheduler"))


def _sure(table: Mapping[Any, Any]) -> bool:
    """A script's flags, or the sections of a config."""
    inside = table.get("lr_scheduler")
    if isinstance(inside, Mapping):
        return isinstance(inside.get("_name"), str)
    return (
        isinstance(inside, str)
        and inside in _KINDS
        and any(key in table for key in ("criterion", "arch", "warmup_updates", "max_tokens", "max_update", "task"))
    )


def _key(name: str, role: str, unit: str = "", default: Any = None) -> Key:
    return Key(name, role, unit, default, (f"lr_scheduler.{name}",))


DIALECT = Dialect(
    "fairseq",
    "fairseq",
    counting="A tick is an update. Tick t has the share t/n; `fixed` has (t+1)/n.",
    address="https://github.com/facebookresearch/fairseq/tree/main/fairseq/optim/lr_scheduler",
    layouts=(
        Layout(
            words=("lr_scheduler", "lr-scheduler"),
            formats=("yaml", "shell"),
            signs=(("lr_scheduler._name",), ("lr_scheduler",)),
            sure=_sure,
            keys=(
                Key("lr_scheduler", "scheduler"),
                Key("lr", "base", known_as=("optimization.lr",)),
                Key("max_update", "length", "step", known_as=("optimization.max_update",)),
                Key("max_epoch", "length", "epoch", known_as=("optimization.max_epoch",)),
                _key("warmup_updates", "warmup", "step"),
                _key("warmup_init_lr", "level"),
                _key("min_lr", "level"),
                _key("lr_period_updates", "decay", "step"),
                _key("t_mult", "factor", default=1),
                _key("lr_shrink", "factor", default=0.1),
                _key("total_num_update", "decay", "step"),
                _key("power", "factor", default=1.0),
                _key("end_learning_rate", "level", default=0.0),
                _key("phase_ratio", "decay", "share"),
                *(_key(name, "decay", "step") for name in ("warmup_steps", "hold_steps", "decay_steps")),
                _key("init_lr_scale", "level", default=0.01),
                _key("final_lr_scale", "level", default=0.01),
                _key("force_anneal", "decay", "epoch"),
                Key("update_freq", "accumulation", known_as=("optimization.update_freq",)),
            ),
            read=_read,
        ),
    ),
)
