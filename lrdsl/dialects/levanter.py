"""levanter: `optimizer` and `trainer.num_train_steps` of its YAML.

How it counts (`src/levanter/optim/config.py`, `OptimizerConfig.lr_scheduler`): optax's schedules, joined: tick t has the share t/n. A length up to 1 is a
share of the run, which is cut by int(). `decay` is the length of the decay; before 2025, `stable` and `cooldown` were lengths before and after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, number, text
from lrdsl.dialects.entry import Dialect, UnreadableError

_O = "optimizer"
_CYCLES = ("cycles", "cycle_length", "haps")


def _steps(share: Any, total: Any) -> Any:
    """The steps of a length: a share of the run up to 1, else steps."""
    share_number, n = number(share), number(total)
    if share_number is None:
        return share
    if share_number > 1:
        return int(share_number)
    if share_number == 0:
        return 0
    return int(float(share_number) * float(n)) if n is not None else text("floor(share * n)", share=share_number, n=total)


def _rest(total: Any, *lengths: Any) -> Any:
    """What some lengths leave of a run."""
    counted = {f"x{i}": x for i, x in enumerate(lengths) if number(x) != 0}
    return text(" - ".join(("n", *counted)), n=total, **counted)


def _read(s: Settings) -> Iterator[Outcome]:
    if any(s.has(f"{_O}.{name}") for name in _CYCLES):
        raise UnreadableError("levanter's cycles (`cycles`, `cycle_length`, `haps`) are not read yet")
    total = s.needed("trainer.num_train_steps")
    w = _steps(s.get(f"{_O}.warmup_ratio") if s.has(f"{_O}.warmup_ratio") else s.get(f"{_O}.warmup"), total)
    stable, cool, decay = (_steps(s.get(f"{_O}.{name}"), total) for name in ("stable", "cooldown", "decay"))
    fall = decay if s.has(f"{_O}.decay") else _rest(total, w, stable, cool)
    stay = stable if not s.has(f"{_O}.decay") else _rest(total, cool, w, decay)
    ratio, kind = s.get(f"{_O}.min_lr_ratio"), s.word(f"{_O}.lr_schedule") or "cosine"
    bodies = {
        "constant": "hold(d)",
        "cosine": "cosine(d, to=r * base)",
        "linear": "linear(d, to=r * base)",
        "inv_sqrt": "max(scale(min(1, sqrt(10000 / max(t + w, 1)))), r * base) for d",
        "inv": "max(scale(1 / ((1 / r - 1) * max(t, 1) / d + 1)), r * base) for d",
    }
    if kind not in bodies:
        raise UnreadableError(f"`lr_schedule` is one of {', '.join(bodies)}")
    parts = [*(["warmup(w)"] if w != 0 else []), *(["hold(s)"] if number(stay) != 0 else []), bodies[kind]]
    if number(cool) != 0:
        parts.append("linear(c, to=r * base)")
    tree = text(" then ".join(parts), w=w, s=stay, d=fall, r=ratio, c=cool)
    at = s.find(f"{_O}.lr_schedule") or s.find(_O)
    yield Outcome(kind, tree, {}, clock(tick="step", total_steps=number(total)), s.get(f"{_O}.learning_rate"), (), at)


def _sure(table: Mapping[Any, Any]) -> bool:
    return isinstance(table["optimizer"], Mapping) and not any(key in table["optimizer"] for key in ("_target_", "class_path", "params"))


DIALECT = Dialect(
    "levanter",
    "levanter",
    counting="A tick is a step. Tick t has the share t/n. Shares of the run are cut to whole steps.",
    address="https://levanter.readthedocs.io/en/latest/reference/Configuration/",
    layouts=(
        Layout(
            words=("num_train_steps",),
            signs=(("optimizer.learning_rate", "trainer.num_train_steps"),),
            sure=_sure,
            keys=(
                Key("optimizer.lr_schedule", "scheduler", default="cosine"),
                Key("optimizer.learning_rate", "base"),
                Key("optimizer.warmup", "warmup", "share", default=0.01),
                Key("optimizer.warmup_ratio", "warmup", "share"),
                Key("optimizer.stable", "decay", "share", default=0),
                Key("optimizer.decay", "decay", "share"),
                Key("optimizer.cooldown", "decay", "share", default=0),
                Key("optimizer.min_lr_ratio", "level", default=0.1),
                *(Key(f"optimizer.{name}", "decay", "share") for name in _CYCLES),
                Key("trainer.num_train_steps", "length", "step"),
                Key("trainer.train_batch_size", "batch", "sample"),
            ),
            read=_read,
        ),
    ),
)
