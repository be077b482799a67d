"""DeepSpeed: the schedulers of its JSON, `scheduler: {type, params}`.

How it counts (`deepspeed/runtime/lr_schedules.py`): a step makes the iteration one more, from -1, and sets the rate of the new iteration; the constructor
sets that of the start. So tick t has iteration t - 1, and tick 0 the least level; `OneCycle` and `LRRangeTest` add one to it. The levels of all but
`WarmupCosineLR`, which goes by the rate of the optimizer, are absolute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, found
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError

#: One step at the least level, and then the warmup, from the iteration 0 on.
_UP = "hold(1, at=warmup_min_lr) then hold(0, at={peak}) then warmup(max(warmup_num_steps, 2), from=warmup_min_lr{more})"


def _shape(a: Any) -> str:
    return "" if a.warmup_type == "linear" else ", shape=log, touches=both"


def _warmup(a: Any) -> str:
    return _UP.format(peak="base" if a.warmup_max_lr is None else "warmup_max_lr", more=_shape(a))


def _decay(a: Any) -> str:
    return f"{_warmup(a)} then linear(max(total_num_steps - max(warmup_num_steps, 2), 0), to=warmup_min_lr)"


def _cosine(a: Any) -> str:
    return (
        f"hold(1, at=0) then restart warmup(max(warmup_num_steps, 2), from=warmup_min_ratio * base{_shape(a)})"
        " then skip(1, cosine(max(total_num_steps - max(warmup_num_steps, 2), 1), to=cos_min_ratio * base))"
    )


def _one_cycle(a: Any) -> str:
    second = "cycle_first_step_size" if a.cycle_second_step_size is None else "cycle_second_step_size"
    up = f"linear(cycle_first_step_size, from=cycle_min_lr, to=cycle_max_lr) then linear({second}, to=cycle_min_lr)"
    if a.decay_step_size == 0 or a.decay_lr_rate == 0:
        return up
    return f"{up} then scale(1 / (1 + decay_lr_rate * t / decay_step_size))"


def _range_test(a: Any) -> str:
    share = "floor(t / lr_range_test_step_size)" if a.lr_range_test_staircase is True else "t / lr_range_test_step_size"
    return f"hold(0, at=lr_range_test_min_lr) then scale(1 + lr_range_test_step_rate * {share})"


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("scheduler.type")
    entry = DIALECT.entry(kind or "")
    where = s.find("scheduler.params")
    raw = where[0][where[1]] if where is not None else None
    if raw is not None and not isinstance(raw, Mapping):
        raise UnreadableError("`params` is no object")
    names = {p.name for p in entry.parameters}
    for name in raw or {}:
        if str(name) not in names:
            raise UnreadableError(f"`{entry.name}` has no parameter `{name}`")
    arguments = {name: v for name in raw or {} if (v := s.get(f"scheduler.params.{name}")) is not None}
    written = entry.written(entry.bound((), arguments))
    base = s.get("optimizer.params.lr")
    yield Outcome(entry.name, written.schedule, written.beside, clock={"tick": "step"}, base=base, problems=written.notes, at=s.find("scheduler"))


def _sure(table: Mapping[Any, Any]) -> bool:
    where = found(table, "scheduler.type")
    return where is not None and where[0][where[1]] in DIALECT.by_name


_PARAMS = "scheduler.params"
_RISES = tuple({"warmup_type": kind, "warmup_max_lr": ...} for kind in ("log", "linear"))
DIALECT = Dialect(
    "deepspeed",
    "DeepSpeed",
    modules=("deepspeed.runtime.lr_schedules",),
    counting="A tick is an optimizer step. The iteration of a warmup is one behind: tick 0 and tick 1 have its first level.",
    address="https://deepspeed.readthedocs.io/en/latest/schedulers.html",
    entries=(
        Entry(
            "WarmupLR",
            "optimizer, warmup_min_lr=0.0, warmup_max_lr=None, warmup_num_steps=1000, warmup_type='log', last_batch_iteration=-1",
            (Form(_warmup, shown=_UP.format(peak="warmup_max_lr", more=", shape=log, touches=both")),),
            variants=_RISES,
            note="before 0.16, warmup_max_lr is 0.001 where it is not given, and not the optimizer's rate",
        ),
        Entry(
            "WarmupDecayLR",
            "optimizer, total_num_steps, warmup_min_lr=0.0, warmup_max_lr=0.001, warmup_num_steps=1000, warmup_type='log', last_batch_iteration=-1",
            variants=_RISES,
            forms=(Form(_decay, shown="... then linear(total_num_steps - warmup_num_steps, to=warmup_min_lr)"),),
        ),
        Entry(
            "WarmupCosineLR",
            "optimizer, total_num_steps, warmup_min_ratio=0.0, warmup_num_steps=1000, cos_min_ratio=0.0001, warmup_type='log', last_batch_iteration=-1",
            (Form(_cosine, shown="... then skip(1, cosine(total_num_steps - warmup_num_steps, to=cos_min_ratio * base))"),),
            variants=_RISES,
            note="the cosine is a step ahead; before 0.18 it rises again past the end",
        ),
        Entry(
            "OneCycle",
            "optimizer, cycle_min_lr, cycle_max_lr, decay_lr_rate=0.0, cycle_first_step_size=2000, cycle_second_step_size=None, cycle_first_stair_count=0,"
            " cycle_second_stair_count=None, decay_step_size=0, cycle_momentum=True, cycle_min_mom=0.8, cycle_max_mom=0.9, decay_mom_rate=0.0,"
            " last_batch_iteration=-1",
            (
                Form(
                    _one_cycle,
                    lambda a: a.cycle_momentum is True,
                    "its momentum, betas[0], is left out: `deepspeed.one_cycle_momentum`",
                ),
                Form(
                    _one_cycle, shown="linear(cycle_first_step_size, from=cycle_min_lr, to=cycle_max_lr) then linear(cycle_second_step_size, to=cycle_min_lr)"
                ),
            ),
        ),
        Entry(
            "LRRangeTest",
            "optimizer, lr_range_test_min_lr=0.001, lr_range_test_step_size=2000, lr_range_test_step_rate=1.0, lr_range_test_staircase=False,"
            " last_batch_iteration=-1",
            (Form(_range_test, shown="scale(1 + lr_range_test_step_rate * t / lr_range_test_step_size)"),),
        ),
    ),
    layouts=(
        Layout(
            words=('"scheduler"', "scheduler:"),
            signs=(("scheduler.type",),),
            sure=_sure,
            keys=(
                Key("scheduler.type", "scheduler"),
                Key("optimizer.params.lr", "base"),
                *(Key(f"{_PARAMS}.{name}", "level") for name in ("warmup_min_lr", "warmup_max_lr", "warmup_min_ratio", "cos_min_ratio")),
                Key(f"{_PARAMS}.warmup_num_steps", "warmup", "step"),
                Key(f"{_PARAMS}.warmup_type"),
                Key(f"{_PARAMS}.total_num_steps", "decay", "step"),
                *(Key(f"{_PARAMS}.{name}", "decay", "step") for name in ("cycle_first_step_size", "cycle_second_step_size", "decay_step_size")),
                *(Key(f"{_PARAMS}.{name}", "level") for name in ("cycle_min_lr", "cycle_max_lr", "decay_lr_rate", "decay_mom_rate")),
                *(Key(f"{_PARAMS}.{name}", ignored=lambda _: "DeepSpeed does not use it") for name in ("cycle_first_stair_count", "cycle_second_stair_count")),
                Key(f"{_PARAMS}.lr_range_test_step_size", "decay", "step"),
                Key(f"{_PARAMS}.lr_range_test_min_lr", "level"),
                Key(f"{_PARAMS}.lr_range_test_step_rate", "factor"),
                Key("train_batch_size", "batch", "sample"),
                Key("train_micro_batch_size_per_gpu", "batch", "sample"),
                Key("gradient_accumulation_steps", "accumulation"),
            ),
            read=_read,
        ),
    ),
)
