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

_WARMUP = "warmup_min_lr, {}, warmup_num_steps"
_COSINE = "total_num_steps, warmup_min_ratio, warmup_num_steps, cos_min_ratio"
_CYCLE = "cycle_min_lr, cycle_max_lr, decay_lr_rate, cycle_first_step_size, {}, decay_step_size"
_RANGE = "lr_range_test_min_lr, lr_range_test_step_size, lr_range_test_step_rate"


def _rise(a: Any) -> str:
    return "_linear" if a.warmup_type == "linear" else ""


def _warmup(a: Any) -> str:
    return f"deepspeed.warmup_lr{_rise(a)}({_WARMUP.format('base' if a.warmup_max_lr is None else 'warmup_max_lr')})"


def _decay(a: Any) -> str:
    return f"deepspeed.warmup_decay_lr{_rise(a)}(total_num_steps, {_WARMUP.format('warmup_max_lr')})"


def _cosine(a: Any) -> str:
    return f"deepspeed.warmup_cosine_lr{_rise(a)}({_COSINE})"


def _one_cycle(a: Any) -> str:
    return f"deepspeed.one_cycle({_CYCLE.format('cycle_first_step_size' if a.cycle_second_step_size is None else 'cycle_second_step_size')})"


def _momentum(a: Any) -> str:
    second = "cycle_first_step_size" if a.cycle_second_step_size is None else "cycle_second_step_size"
    return f"deepspeed.one_cycle_momentum(cycle_min_mom, cycle_max_mom, decay_mom_rate, cycle_first_step_size, {second}, decay_step_size)"


def _range_test(a: Any) -> str:
    return f"deepspeed.lr_range_test{'_staircase' if a.lr_range_test_staircase is True else ''}({_RANGE})"


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
    base, optimizer = s.get("optimizer.params.lr"), s.get("optimizer.type")
    beside = {} if optimizer in ("SGD", "sgd") else written.beside  # it has no betas, and DeepSpeed leaves its momentum
    yield Outcome(entry.name, written.schedule, beside, clock={"tick": "step"}, base=base, problems=written.notes, at=s.find("scheduler"))


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
    unwritten={"OneCycle": "yes, without a momentum of its own"},
    entries=(
        Entry(
            "WarmupLR",
            "optimizer, warmup_min_lr=0.0, warmup_max_lr=None, warmup_num_steps=1000, warmup_type='log', last_batch_iteration=-1",
            (Form(_warmup, shown=f"deepspeed.warmup_lr({_WARMUP.format('warmup_max_lr')})"),),
            variants=_RISES,
            note="before 0.16, warmup_max_lr is 0.001 where it is not given, and not the optimizer's rate",
        ),
        Entry(
            "WarmupDecayLR",
            "optimizer, total_num_steps, warmup_min_lr=0.0, warmup_max_lr=0.001, warmup_num_steps=1000, warmup_type='log', last_batch_iteration=-1",
            variants=_RISES,
            forms=(Form(_decay, shown=f"deepspeed.warmup_decay_lr(total_num_steps, {_WARMUP.format('warmup_max_lr')})"),),
        ),
        Entry(
            "WarmupCosineLR",
            "optimizer, total_num_steps, warmup_min_ratio=0.0, warmup_num_steps=1000, cos_min_ratio=0.0001, warmup_type='log', last_batch_iteration=-1",
            (Form(_cosine, shown=f"deepspeed.warmup_cosine_lr({_COSINE})"),),
            variants=_RISES,
            note="the cosine is a step ahead; before 0.18 it rises again past the end",
        ),
        Entry(
            "OneCycle",
            "optimizer, cycle_min_lr, cycle_max_lr, decay_lr_rate=0.0, cycle_first_step_size=2000, cycle_second_step_size=None, cycle_first_stair_count=0,"
            " cycle_second_stair_count=None, decay_step_size=0, cycle_momentum=True, cycle_min_mom=0.8, cycle_max_mom=0.9, decay_mom_rate=0.0,"
            " last_batch_iteration=-1",
            variants=({"cycle_momentum": False}, {"cycle_momentum": False, "cycle_second_step_size": ...}),
            note="the momentum is betas[0], of an optimizer that has betas: `deepspeed.one_cycle_momentum`",
            forms=(
                Form(_one_cycle, lambda a: a.cycle_momentum is True, beside={"betas[0]": _momentum}),
                Form(_one_cycle, shown=f"deepspeed.one_cycle({_CYCLE.format('cycle_second_step_size')})"),
            ),
        ),
        Entry(
            "LRRangeTest",
            "optimizer, lr_range_test_min_lr=0.001, lr_range_test_step_size=2000, lr_range_test_step_rate=1.0, lr_range_test_staircase=False,"
            " last_batch_iteration=-1",
            (Form(_range_test, shown=f"deepspeed.lr_range_test({_RANGE})"),),
            variants=({}, {"lr_range_test_staircase": True}),
            note="`deepspeed.lr_range_test_staircase` for lr_range_test_staircase=true",
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
