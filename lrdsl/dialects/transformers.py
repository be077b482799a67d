"""Hugging Face transformers: the functions of `transformers.optimization`, and the names that Trainer's `lr_scheduler_type` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl.dialects import torch
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError
from lrdsl.syntax.nodes import Node

_PLATEAU = torch.DIALECT.entry("ReduceLROnPlateau")
_RISES = "past num_training_steps it rises again, as there"


def _min_rate(a: Any, recipe: str, more: str = "") -> str:
    """The cosines to a minimum, which is given as a rate or as a share of the base."""
    if a.min_lr is not None and a.min_lr_rate is not None:
        raise UnreadableError("one of `min_lr` and `min_lr_rate` is given, not both")
    if a.min_lr is not None:
        waves = "bounce(cosine(max(num_training_steps - num_warmup_steps, 1) / (2 * num_cycles), to=min_lr))"
        if not more:
            return f"warmup(num_warmup_steps) then {waves}"
        start = "base / max(num_warmup_steps, 1)" if a.warmup_lr_rate is None else "warmup_lr_rate * base"
        return f"warmup(num_warmup_steps, from={start}, touches=both) then skip(1, {waves})"
    if a.min_lr_rate is None:
        raise UnreadableError("`min_lr` or `min_lr_rate` is needed")
    return f"{recipe}(num_warmup_steps, num_training_steps, cycles=num_cycles, min_rate=min_lr_rate{more})"


_SHAPES = {"linear": "linear", "cosine": "cosine", "1-sqrt": "one_minus_sqrt"}


def _wsd(a: Any) -> str:
    if a.num_stable_steps is None:
        if a.num_training_steps is None:
            raise UnreadableError("`num_stable_steps` or `num_training_steps` is needed")
        stable = "num_training_steps - num_warmup_steps - num_decay_steps"
    elif a.num_training_steps is not None:
        raise UnreadableError("one of `num_stable_steps` and `num_training_steps` is given, not both")
    else:
        stable = "num_stable_steps"
    if a.warmup_type not in _SHAPES or a.decay_type not in _SHAPES:
        raise UnreadableError("`warmup_type` and `decay_type` are linear, cosine or 1-sqrt")
    recipe = {"linear": "hf.wsd_linear", "cosine": "hf.wsd", "1-sqrt": "hf.wsd_sqrt"}[a.decay_type]
    cycles = ", cycles=num_cycles" if a.decay_type == "cosine" else ""
    return f"{recipe}(num_warmup_steps, {stable}, num_decay_steps, min_ratio=min_lr_ratio{cycles}, warmup_type={_SHAPES[a.warmup_type]})"


def _inverse_sqrt(a: Any) -> str:
    return "hf.inverse_sqrt(num_warmup_steps" + (")" if a.timescale is None else ", timescale=timescale)")


#: Of each name of `lr_scheduler_type`, its function.
TYPES: Mapping[str, str] = {
    "linear": "get_linear_schedule_with_warmup",
    "cosine": "get_cosine_schedule_with_warmup",
    "cosine_with_restarts": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "polynomial": "get_polynomial_decay_schedule_with_warmup",
    "constant": "get_constant_schedule",
    "constant_with_warmup": "get_constant_schedule_with_warmup",
    "inverse_sqrt": "get_inverse_sqrt_schedule",
    "reduce_lr_on_plateau": "get_reduce_on_plateau_schedule",
    "cosine_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup",
    "cosine_warmup_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "warmup_stable_decay": "get_wsd_schedule",
    "greedy": "get_greedy_schedule",
}


def typed(name: Any, warmup: Any, total: Any, kwargs: Mapping[str, Any]) -> Node:
    """Returns the tree of `get_scheduler(name, ...)`. As there, a warmup and a total go only to the functions that take them."""
    if not isinstance(name, str) or name not in TYPES:
        raise UnreadableError(f"the scheduler type is one of {', '.join(TYPES)}")
    entry = DIALECT.entry(TYPES[name])
    names = {p.name for p in entry.parameters}
    common = {"num_warmup_steps": warmup, "num_training_steps": total}
    given = {key: v for key, v in common.items() if key in names and v is not None}
    return entry.written(entry.bound((), {**given, **kwargs})).schedule


def _by_type(a: Any) -> Node:
    return typed(a.name, a.num_warmup_steps, a.num_training_steps, a.scheduler_specific_kwargs or {})


DIALECT = Dialect(
    "transformers",
    "Hugging Face transformers",
    modules=("transformers.optimization", "transformers"),
    counting="A tick is an optimizer step. Tick t of w warmup steps has the share t/w, so that the first update is at 0.",
    address="https://huggingface.co/docs/transformers/main_classes/optimizer_schedules",
    entries=(
        Entry("get_constant_schedule", "optimizer, last_epoch=-1", (Form("hf.constant()"),), usual="optimizer"),
        Entry("get_reduce_on_plateau_schedule", _PLATEAU.signature, _PLATEAU.forms, usual="optimizer, factor=0.5"),
        Entry(
            "get_constant_schedule_with_warmup",
            "optimizer, num_warmup_steps, last_epoch=-1",
            (Form("hf.constant_with_warmup(num_warmup_steps)"),),
            usual="optimizer, 10",
        ),
        Entry(
            "get_linear_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, last_epoch=-1",
            (Form("hf.linear(num_warmup_steps, num_training_steps)"),),
            usual="optimizer, 10, 100",
        ),
        Entry(
            "get_cosine_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, num_cycles=0.5, last_epoch=-1",
            (Form("hf.cosine(num_warmup_steps, num_training_steps, cycles=num_cycles)"),),
            note=_RISES,
            usual="optimizer, 10, 100",
        ),
        Entry(
            "get_cosine_with_hard_restarts_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, num_cycles=1, last_epoch=-1",
            (Form("hf.cosine_with_restarts(num_warmup_steps, num_training_steps, cycles=num_cycles)"),),
            usual="optimizer, 10, 100, 2",
        ),
        Entry(
            "get_polynomial_decay_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, lr_end=1e-7, power=1.0, last_epoch=-1",
            (Form("hf.polynomial(num_warmup_steps, num_training_steps, end=lr_end, power=power)"),),
            note="at num_training_steps = num_warmup_steps, transformers divides by 0, and the text is at lr_end from there on",
            usual="optimizer, 10, 100, {0.001}",
        ),
        Entry(
            "get_inverse_sqrt_schedule",
            "optimizer, num_warmup_steps, timescale=None, last_epoch=-1",
            (Form(_inverse_sqrt, shown="hf.inverse_sqrt(num_warmup_steps, timescale=timescale)"),),
            note="without a timescale it is the warmup, or 10,000 where that is 0",
            usual="optimizer, 10, 50",
        ),
        Entry(
            "get_cosine_with_min_lr_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, num_cycles=0.5, last_epoch=-1, min_lr=None, min_lr_rate=None",
            (
                Form(
                    lambda a: _min_rate(a, "hf.cosine_with_min_lr"),
                    shown="hf.cosine_with_min_lr(num_warmup_steps, num_training_steps, cycles=num_cycles, min_rate=min_lr_rate)",
                ),
            ),
            note=f"with min_lr, `to=min_lr`; {_RISES}",
            usual="optimizer, 10, 100, min_lr_rate=0.1",
        ),
        Entry(
            "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
            "optimizer, num_warmup_steps, num_training_steps, num_cycles=0.5, last_epoch=-1, min_lr=None, min_lr_rate=None, warmup_lr_rate=None",
            (
                Form(
                    lambda a: _min_rate(a, "hf.cosine_warmup_with_min_lr", ", from=warmup_lr_rate * base" if a.warmup_lr_rate is not None else " "),
                    shown="hf.cosine_warmup_with_min_lr(num_warmup_steps, num_training_steps, cycles=num_cycles, min_rate=min_lr_rate,"
                    " from=warmup_lr_rate * base)",
                ),
            ),
            note="without warmup_lr_rate leave `from` out",
            usual="optimizer, 10, 100, min_lr_rate=0.1, warmup_lr_rate=0.5",
        ),
        Entry(
            "get_wsd_schedule",
            "optimizer, num_warmup_steps, num_decay_steps, num_training_steps=None, num_stable_steps=None, warmup_type='linear', decay_type='cosine',"
            " min_lr_ratio=0, num_cycles=0.5, last_epoch=-1",
            (Form(_wsd, shown="hf.wsd(num_warmup_steps, num_stable_steps, num_decay_steps, min_ratio=min_lr_ratio, cycles=num_cycles)"),),
            note="decay_type linear: `hf.wsd_linear`; 1-sqrt: `hf.wsd_sqrt`; warmup_type: `warmup_type=cosine`, `one_minus_sqrt`",
            usual="optimizer, 10, 20, num_stable_steps=50, min_lr_ratio=0.1",
        ),
        Entry(
            "get_scheduler",
            "name, optimizer, num_warmup_steps=None, num_training_steps=None, scheduler_specific_kwargs=None",
            (Form(_by_type, shown="the text of the function that the name stands for"),),
            usual="'linear', optimizer, 10, 100",
        ),
        Entry("get_greedy_schedule", "optimizer, **kwargs", reason="GreedyLR goes up and down with the loss by its own search: it is no schedule of the tick"),
        Entry(
            "get_adafactor_schedule",
            "optimizer, initial_lr=0.0",
            reason="it shows the rate that Adafactor itself computes, and sets none",
        ),
    ),
)
