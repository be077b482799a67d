"""levanter: `optimizer` and `trainer.num_train_steps` of its YAML, and `AdamConfig` of its configs in Python.

How it counts (`src/levanter/optim/config.py`, `OptimizerConfig.lr_scheduler`): optax's schedules, joined: tick t has the share t/n. A length up to 1 is a
share of the run, which is cut by int(). `decay` is the length of the decay; before 2025, `stable` and `cooldown` were lengths before and after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError

_O = "optimizer"
_CYCLES = ("cycles", "cycle_length", "haps")
_MOST_CYCLES = 200
_KINDS = ("constant", "cosine", "linear", "inv_sqrt", "inv")


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


def _kind(s: Settings) -> tuple[str, Mapping[str, Any]]:
    """The name of the schedule, and its own arguments: a word, or a mapping with a `type`."""
    where = s.find(f"{_O}.lr_schedule")
    raw = where[0][where[1]] if where is not None else None
    own: Mapping[str, Any] = {}
    if isinstance(raw, Mapping):
        own = {str(key): s.read(v, Key(str(key), "number"), str(key)) for key, v in raw.items() if key != "type"}
        kind = raw.get("type")
    else:
        kind = s.word(f"{_O}.lr_schedule") or "cosine"
    if kind not in _KINDS:
        raise UnreadableError(f"`lr_schedule` is one of {', '.join(_KINDS)}")
    return kind, own


def _body(kind: str, own: Mapping[str, Any], warm: Any, fall: Any, ratio: Any) -> Any:
    """The decay of a cycle, from the base."""
    exponent, timescale = own.get("exponent", 1), own.get("timescale", 10_000)
    bodies = {
        "constant": "hold(d)",
        "cosine": "cosine(d, to=r * base, power=e)",
        "linear": "linear(d, to=r * base)",
        "inv_sqrt": "max(scale(min(1, sqrt(k / max(t + w, 1)))), r * base) for d",
        "inv": "max(scale(1 / ((1 / r - 1) * max(t, 1) / d + 1)), r * base) for d",
    }
    return text(bodies[kind], w=warm, d=fall, r=ratio, e=exponent, k=timescale)


def _ends(s: Settings, main: int) -> list[int]:
    """The steps at which cycles end (`_get_cycle_minima`)."""
    length = s.get(f"{_O}.cycle_length")
    points = s.get(f"{_O}.cycles") if s.has(f"{_O}.cycles") else s.get(f"{_O}.haps")
    if length is not None and not isinstance(length, tuple):
        each = _steps(length, main)
        if number(each) is None or each <= 0:
            raise UnreadableError("`cycle_length` is no length")
        ends = [i * each for i in range(1, min(main // each, _MOST_CYCLES + 1))]
    elif isinstance(length, tuple):
        ends = [sum(length[: i + 1]) for i in range(min(len(length), _MOST_CYCLES + 1))]
    elif isinstance(points, tuple):
        ends = list(points)
    else:
        count = number(points)
        if count is None or count != int(count) or count <= 0:
            raise UnreadableError("`cycles` is no number of cycles")
        ends = [int(main / int(count) * (i + 1)) for i in range(min(int(count), _MOST_CYCLES + 1) - 1)]
    if len(ends) > _MOST_CYCLES:
        raise UnreadableError(f"there are more than {_MOST_CYCLES} cycles")
    if any(number(end) is None for end in ends) or any(b <= a for a, b in pairwise([0, *ends])) or (ends and ends[-1] > main):
        raise UnreadableError("the ends of cycles do not rise from 0 to the end of the run")
    return ends if ends and ends[-1] == main else [*ends, main]


def _cycled(s: Settings, kind: str, own: Mapping[str, Any], total: int, cool: int) -> Any:
    """Cycles, each with a warmup, a stretch at the rate and a decay; and a cooldown at the end."""
    ratio, parts, numbers, start = s.get(f"{_O}.min_lr_ratio"), [], {}, 0
    for i, end in enumerate(_ends(s, total - cool)):
        steps = end - start
        warm = _steps(s.get(f"{_O}.rewarmup") if i else _warm(s), steps)
        fall = _steps(s.get(f"{_O}.decay"), steps) if s.has(f"{_O}.decay") else steps - warm
        numbers.update({f"w{i}": warm, f"s{i}": steps - warm - fall, f"x{i}": _body(kind, own, warm, fall, ratio)})
        parts += [f"linear(w{i}, to=1x)" if i else f"warmup(w{i})"] if warm else []
        again = "restart " if i and not warm else ""
        parts += [f"{again}hold(s{i}) then x{i}" if steps - warm - fall else f"{again}x{i}"]
        start = end
    parts += ["linear(c, to=r * base)"] if cool else []
    return text(" then ".join(parts), r=ratio, c=cool, **numbers)


def _warm(s: Settings) -> Any:
    return s.get(f"{_O}.warmup_ratio") if s.has(f"{_O}.warmup_ratio") else s.get(f"{_O}.warmup")


def _read(s: Settings) -> Iterator[Outcome]:
    total = s.needed("trainer.num_train_steps")
    kind, own = _kind(s)
    cycles = any(s.has(f"{_O}.{name}") for name in _CYCLES)
    n = number(total)
    if cycles and (n is None or n != int(n)):
        raise UnreadableError("cycles are parts of `trainer.num_train_steps`, which is not in the file")
    cool = _steps(s.get(f"{_O}.cooldown"), total)
    main = total if cool == 0 or s.has(f"{_O}.stable") else n - cool if n is not None else text("n - c", n=total, c=cool)
    w, stable, decay = _steps(_warm(s), main), _steps(s.get(f"{_O}.stable"), total), _steps(s.get(f"{_O}.decay"), main)
    ratio = s.get(f"{_O}.min_lr_ratio")
    if cycles and n is not None:
        tree = _cycled(s, kind, own, int(n), cool)
    elif cool == 0 and stable == 0 and not own:
        more = {} if kind == "constant" else {"decay_steps": decay, "min_lr_ratio": ratio}
        tree = called(f"levanter.{kind}", total, warmup_steps=w if s.has(f"{_O}.warmup") or s.has(f"{_O}.warmup_ratio") else None, **more)
    else:
        fall = decay if s.has(f"{_O}.decay") else text("n - w - s - c", n=total, w=w, s=stable, c=cool)
        stay = text("n - c - w - d", n=total, c=cool, w=w, d=decay) if s.has(f"{_O}.decay") else stable
        up = "" if w == 0 else "warmup(w) then "
        down = "" if cool == 0 else " then linear(c, to=r * base)"
        tree = text(f"{up}{'' if number(stay) == 0 else 'hold(s) then '}x{down}", w=w, s=stay, x=_body(kind, own, w, fall, ratio), r=ratio, c=cool)
    at = s.find(f"{_O}.lr_schedule") or s.find(_O)
    yield Outcome(kind, tree, {}, clock(tick="step", total_steps=n), s.get(f"{_O}.learning_rate"), (), at)


def _sure(table: Mapping[Any, Any]) -> bool:
    return isinstance(table["optimizer"], Mapping) and not any(key in table["optimizer"] for key in ("_target_", "class_path", "params"))


DIALECT = Dialect(
    "levanter",
    "levanter",
    counting="A tick is a step. Tick t has the share t/n. Shares of the run are cut to whole steps.",
    address="https://levanter.readthedocs.io/en/latest/reference/Configuration/",
    kinds=(
        Kind("constant", "levanter.constant(num_train_steps, warmup_steps)"),
        Kind("cosine", "levanter.cosine(num_train_steps, warmup_steps, decay_steps, min_lr_ratio)"),
        Kind("linear", "levanter.linear(num_train_steps, warmup_steps, decay_steps, min_lr_ratio)"),
        Kind("inv_sqrt", "levanter.inv_sqrt(num_train_steps, warmup_steps, decay_steps, min_lr_ratio)"),
        Kind("inv", "levanter.inv(num_train_steps, warmup_steps, decay_steps, min_lr_ratio)"),
        Kind("power", reason="it goes by the tokens that were seen, and is infinite at step 0"),
        Kind("cycles", "warmup(w) then cosine(d, to=min_lr_ratio * base) then linear(rewarmup, to=1x) then ..."),
    ),
    layouts=(
        Layout(
            words=("num_train_steps",),
            calls=("optimizer=levanter.AdamConfig", "optimizer=levanter.LionConfig"),
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
                Key("optimizer.rewarmup", "decay", "share", default=0),
                Key("optimizer.min_lr_ratio", "level", default=0.1),
                *(Key(f"optimizer.{name}", "decay", "share") for name in _CYCLES),
                Key("trainer.num_train_steps", "length", "step"),
                Key("trainer.train_batch_size", "batch", "sample"),
            ),
            read=_read,
        ),
    ),
)
