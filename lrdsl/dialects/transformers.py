"""Hugging Face transformers: the functions of `transformers.optimization`, the names that Trainer's `lr_scheduler_type` takes, and TrainingArguments in
configs.

How the configs are read: `Trainer.set_initial_training_values` (max_steps above 0, else ceil(num_train_epochs * updates an epoch)), `create_scheduler`, and
`TrainingArguments.get_warmup_steps`: steps from 1 on, below 1 a share of the run that is rounded up; before 5.0 that share is `warmup_ratio`, for no
warmup_steps. LLaMA-Factory and alignment-handbook hand the same keys to Trainer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects import torch
from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError, value
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
    if not isinstance(name, str):
        raise UnreadableError("the type of the scheduler is not in the file")
    if name not in TYPES:
        raise UnreadableError(f"the scheduler type is one of {', '.join(TYPES)}")
    entry = DIALECT.entry(TYPES[name])
    names = {p.name for p in entry.parameters}
    common = {"num_warmup_steps": warmup, "num_training_steps": total}
    shared_arguments = {key: v for key, v in common.items() if key in names and v is not None}
    return entry.written(entry.bound((), {**shared_arguments, **kwargs})).schedule


def _by_type(a: Any) -> Node:
    return typed(a.name, a.num_warmup_steps, a.num_training_steps, a.scheduler_specific_kwargs or {})


def _without_warmup(s: Settings) -> str:
    """Why the keys of a warmup do nothing."""
    kind = s.word("lr_scheduler_type") or "linear"
    if kind in TYPES and not any(p.name == "num_warmup_steps" for p in DIALECT.entry(TYPES[kind]).parameters):
        return f"transformers ignores it for `{kind}`" + (": `constant_with_warmup` has a warmup" if kind == "constant" else "")
    return ""


def _ratio_ignored(s: Settings) -> str:
    return _without_warmup(s) or ("`warmup_steps` goes before it" if (number(s.get("warmup_steps")) or 0) > 0 else "")


def total_steps(steps: Any, epochs: Any) -> tuple[Any, dict[str, Any]]:
    """Returns the length of a run in Trainer's words, as a number or a tree, and its clock: `max_steps` above 0, else the epochs."""
    steps_number = number(steps)
    if steps is not None and (steps_number is None or steps_number > 0):
        return steps, clock(total_steps=steps_number)
    share = number(epochs)
    return text("ceil(total)" if share is not None and share != int(share) else "total"), clock(total_epochs=share)


def warmup_of(steps: Any, ratio: Any, total: Any, cut: Any = math.ceil) -> Any:
    """Returns the steps of a warmup: `steps`, or a share of the total, rounded with `cut`."""
    steps_number = number(steps)
    if steps is not None and steps_number is None:
        return steps
    if steps_number is not None and steps_number >= 1:
        return int(steps_number)
    share = steps_number or ratio or 0
    length, part = number(total), number(share)
    if part == 0:
        return 0
    if length is not None and part is not None:
        return cut(float(length) * float(part))
    return text(f"{'ceil' if cut is math.ceil else 'floor'}(share * total_)", share=share, total_=total)


def arguments_of(raw: Any) -> dict[str, Any]:
    """Returns `lr_scheduler_kwargs`, which may be the text of JSON."""
    if isinstance(raw, str):
        try:
            raw = value(json.loads(raw))
        except ValueError:
            raw = None
    if raw is not None and not isinstance(raw, Mapping):
        raise UnreadableError("`lr_scheduler_kwargs` is not written out")
    return dict(raw or {})


def _trained(s: Settings) -> Iterator[Outcome]:
    total, facts = total_steps(s.get("max_steps"), s.get("num_train_epochs"))
    kind = s.word("lr_scheduler_type") or "linear"
    warm = 0 if _without_warmup(s) else warmup_of(s.get("warmup_steps"), s.get("warmup_ratio"), total)
    tree = typed(kind, warm, total, arguments_of(s.get("lr_scheduler_kwargs")))
    yield Outcome(kind, tree, clock={**facts, "tick": "step"}, base=s.get("learning_rate"), at=s.find("lr_scheduler_type") or s.find("learning_rate"))


LAYOUT = Layout(
    calls=("TrainingArguments", "Seq2SeqTrainingArguments", "SFTConfig", "DPOConfig", "GRPOConfig", "RewardConfig", "ORPOConfig"),
    words=("lr_scheduler_type", "num_train_epochs", "per_device_train_batch_size", "warmup_ratio"),
    signs=(
        ("lr_scheduler_type",),
        ("learning_rate", "num_train_epochs"),
        ("learning_rate", "per_device_train_batch_size"),
        ("num_train_epochs", "warmup_ratio"),
    ),
    sure=lambda table: not isinstance(table.get("lr_scheduler_type"), Mapping) and "learning_rate_type" not in table,
    keys=(
        Key("lr_scheduler_type", "scheduler", default="linear"),
        Key("learning_rate", "base"),
        Key("max_steps", "length", "step"),
        Key("num_train_epochs", "length", "epoch", ignored=lambda s: "`max_steps` goes before it" if (number(s.get("max_steps")) or 0) > 0 else ""),
        Key("warmup_steps", "warmup", "step", ignored=_without_warmup),
        Key("warmup_ratio", "warmup", "share", ignored=_ratio_ignored),
        Key("lr_scheduler_kwargs", "arguments"),
        Key("per_device_train_batch_size", "batch", "sample"),
        Key("gradient_accumulation_steps", "accumulation"),
    ),
    read=_trained,
)

DIALECT = Dialect(
    "transformers",
    "Hugging Face transformers",
    modules=("transformers.optimization", "transformers"),
    objects=True,
    door=("lrdsl", "compile"),
    times={"num_warmup_steps": "warmup", "num_training_steps": "whole", "num_decay_steps": "length", "num_stable_steps": "length"},
    counting="A tick is an optimizer step. Tick t of w warmup steps has the share t/w, so that the first update is at 0.",
    address="https://huggingface.co/docs/transformers/main_classes/optimizer_schedules",
    layouts=(LAYOUT,),
    unwritten={"get_scheduler": "as the type of it", "get_greedy_schedule": "no"},
    entries=(
        Entry("get_constant_schedule", "optimizer, last_epoch=-1", (Form("hf.constant()"),), usual="optimizer"),
        Entry("get_reduce_on_plateau_schedule", _PLATEAU.signature, _PLATEAU.forms, usual="optimizer, factor=0.5", variants=_PLATEAU.variants),
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
            variants=({}, {"timescale": ...}),
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
            variants=({"min_lr_rate": ...}, {"min_lr": ...}),
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
            variants=tuple({low: ..., "warmup_lr_rate": start} for low in ("min_lr_rate", "min_lr") for start in (None, ...)),
            note="without warmup_lr_rate leave `from` out",
            usual="optimizer, 10, 100, min_lr_rate=0.1, warmup_lr_rate=0.5",
        ),
        Entry(
            "get_wsd_schedule",
            "optimizer, num_warmup_steps, num_decay_steps, num_training_steps=None, num_stable_steps=None, warmup_type='linear', decay_type='cosine',"
            " min_lr_ratio=0, num_cycles=0.5, last_epoch=-1",
            (Form(_wsd, shown="hf.wsd(num_warmup_steps, num_stable_steps, num_decay_steps, min_ratio=min_lr_ratio, cycles=num_cycles)"),),
            variants=tuple({"num_stable_steps": ..., "decay_type": fall, "warmup_type": rise} for fall in _SHAPES for rise in _SHAPES),
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
