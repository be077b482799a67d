"""Composer and llm-foundry: schedulers with time strings, `10ep`, `0.1dur`, `500ba`, `1000sp`, `1e9tok`.

How it counts (`composer/optim/scheduler.py`, `_convert_time`): a time is cut to whole units by int(); `dur` is a share of `max_duration`, of its batches if
that is in epochs. Tick t has the share t/n. llm-foundry hands its `scheduler: {name, ...}` to the same classes (`llmfoundry/utils/builders.py`,
`build_scheduler`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from lrdsl.arguments import written
from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError
from lrdsl.syntax import nodes

_TIME = re.compile(r"\s*([\d.]+(?:e[+-]?\d+)?)\s*(ep|iter|ba|sp|tok|dur|sec|it)\s*", re.IGNORECASE)
_UNITS = {"ep": "ep", "ba": "", "sp": "samples", "tok": "tokens"}


def _recipe(name: str, required: str, *optional: str) -> tuple[Form, ...]:
    """A call of a recipe, whose optional parameters have the names that they have there."""
    shown = ", ".join((*required.split(), *(f"{word}={word}" for word in optional)))
    return (Form(f"composer.{name}({shown})"),)


#: A length is written as a number: its default is a word.
_LENGTHS = ({"t_max": ...},)
_ENTRIES = (
    Entry(
        "ConstantScheduler",
        "alpha=1.0, t_max='1dur'",
        (Form("hold", lambda a: a.alpha == 1), *_recipe("constant", "", "alpha", "t_max")),
        variants=({}, *_LENGTHS),
    ),
    Entry("StepScheduler", "step_size, gamma=0.1", _recipe("step", "step_size", "gamma")),
    Entry("MultiStepScheduler", "milestones, gamma=0.1", _recipe("multi_step", "milestones", "gamma")),
    Entry("LinearScheduler", "alpha_i=1.0, alpha_f=0.0, t_max='1dur'", _recipe("linear", "", "alpha_i", "alpha_f", "t_max"), variants=_LENGTHS),
    Entry("ExponentialScheduler", "gamma, decay_period='1ep'", _recipe("exponential", "gamma", "decay_period"), variants=({"decay_period": ...},)),
    Entry("CosineAnnealingScheduler", "t_max='1dur', alpha_f=0.0", _recipe("cosine_annealing", "", "t_max", "alpha_f"), variants=_LENGTHS),
    Entry("CosineAnnealingWarmRestartsScheduler", "t_0, t_mult=1.0, alpha_f=0.0", _recipe("cosine_annealing_warm_restarts", "t_0", "t_mult", "alpha_f")),
    Entry("PolynomialScheduler", "power, t_max='1dur', alpha_f=0.0", _recipe("polynomial", "power", "t_max", "alpha_f"), variants=_LENGTHS),
    Entry(
        "MultiStepWithWarmupScheduler",
        "t_warmup, milestones, gamma=0.1, scale_warmup=False",
        _recipe("multi_step_with_warmup", "t_warmup milestones", "gamma"),
    ),
    Entry(
        "ConstantWithWarmupScheduler",
        "t_warmup, alpha=1.0, t_max='1dur', scale_warmup=False",
        _recipe("constant_with_warmup", "t_warmup", "alpha"),
        variants=({"t_max": None},),
    ),
    Entry(
        "LinearWithWarmupScheduler",
        "t_warmup, alpha_i=1.0, alpha_f=0.0, t_max='1dur', scale_warmup=False",
        _recipe("linear_with_warmup", "t_warmup", "alpha_i", "alpha_f", "t_max"),
        variants=_LENGTHS,
    ),
    Entry(
        "CosineAnnealingWithWarmupScheduler",
        "t_warmup, t_max='1dur', alpha_f=0.0, scale_warmup=False",
        _recipe("cosine_annealing_with_warmup", "t_warmup", "t_max", "alpha_f"),
        variants=_LENGTHS,
    ),
    Entry(
        "PolynomialWithWarmupScheduler",
        "t_warmup, power=2.0, t_max='1dur', alpha_f=0.0, scale_warmup=False",
        _recipe("polynomial_with_warmup", "t_warmup", "power", "t_max", "alpha_f"),
        variants=_LENGTHS,
    ),
    Entry(
        "InverseSquareRootWithWarmupScheduler",
        "t_warmup, t_scale, t_cooldown, t_max='1dur', alpha_f_decay=0.0, alpha_f_cooldown=0.0",
        (
            Form(
                "warmup(floor(t_warmup)) then scale(sqrt(floor(t_scale) / (floor(t_scale) + t)), to=alpha_f_decay * base)"
                " for max(floor(t_max) - floor(t_warmup), 0)",
                lambda a: a.t_cooldown == 0,
            ),
            *_recipe("inverse_square_root_with_warmup", "t_warmup t_scale t_cooldown", "t_max", "alpha_f_decay", "alpha_f_cooldown"),
        ),
        variants=_LENGTHS,
        note="of llm-foundry",
    ),
)
#: The names of llm-foundry and of Composer's older YAML, and the parameters that are times.
_NAMES = {
    "constant": "ConstantScheduler",
    "step": "StepScheduler",
    "step_decay": "StepScheduler",
    "multistep": "MultiStepScheduler",
    "multistep_decay": "MultiStepScheduler",
    "linear_decay": "LinearScheduler",
    "exponential_decay": "ExponentialScheduler",
    "cosine_decay": "CosineAnnealingScheduler",
    "cosine_warmrestart": "CosineAnnealingWarmRestartsScheduler",
    "cosine_decay_with_warm_restarts": "CosineAnnealingWarmRestartsScheduler",
    "polynomial_decay": "PolynomialScheduler",
    "constant_with_warmup": "ConstantWithWarmupScheduler",
    "cosine_with_warmup": "CosineAnnealingWithWarmupScheduler",
    "cosine_decay_with_warmup": "CosineAnnealingWithWarmupScheduler",
    "linear_decay_with_warmup": "LinearWithWarmupScheduler",
    "linear_with_warmup": "LinearWithWarmupScheduler",
    "multistep_decay_with_warmup": "MultiStepWithWarmupScheduler",
    "multistep_with_warmup": "MultiStepWithWarmupScheduler",
    "polynomial_decay_with_warmup": "PolynomialWithWarmupScheduler",
    "inv_sqrt_with_warmup": "InverseSquareRootWithWarmupScheduler",
}
#: The names that llm-foundry registers.
REGISTERED = {_NAMES[name]: name for name in ("constant_with_warmup", "cosine_with_warmup", "linear_decay_with_warmup", "inv_sqrt_with_warmup")}
TIMES = ("t_warmup", "t_max", "t_0", "step_size", "decay_period", "milestones", "t_scale", "t_cooldown")


def _time(s: Settings, raw: Any, last: str, ratio: Any, whole_ratio: Any) -> Any:
    """A time as ticks, as a number of a unit, or as a share of the run.

    `ratio` is the one by which this time is longer, and `whole_ratio` that of the run.
    """
    if isinstance(raw, nodes.Name):
        return raw
    match = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    amount = written(match[1]) if match is not None else None
    if match is None or amount is None or match[2].lower() not in (*_UNITS, "dur"):
        raise UnreadableError(f"`{last}` is no time of Composer that lrdsl knows")
    unit = match[2].lower()
    if unit == "dur":
        return _share(s, amount, whole_ratio)
    if unit == "ep":
        whole = amount * ratio
        return text("floor(x)", x=lasting(whole, "ep")) if last == "milestones" and whole != int(whole) else lasting(whole, "ep")
    return int(amount * ratio) if unit == "ba" else lasting(int(amount * ratio), _UNITS[unit])


def _share(s: Settings, share: Any, ratio: Any) -> Any:
    """A share of the run, whose length is multiplied by the ratio too."""
    whole = s.get("max_duration")
    match = _TIME.fullmatch(whole) if isinstance(whole, str) else None
    amount = written(match[1]) if match is not None else None
    unit = match[2].lower() if match is not None else ""
    if amount is None or unit not in _UNITS or unit == "ep":
        return text("total") if share == 1 else text("floor(share * total)", share=share)
    return lasting(int(int(amount * ratio) * Fraction(share)), _UNITS[unit])


def _section(raw: Any) -> tuple[str, Mapping[Any, Any]] | None:
    """The entry's name and the arguments of a scheduler; None for a thing that is none."""
    if not isinstance(raw, Mapping):
        return None
    target = raw.get("_target_")
    if isinstance(target, str):
        name = target.rpartition(".")[2]
        return (name, {k: v for k, v in raw.items() if k != "_target_"}) if target.startswith("composer.optim") and name in DIALECT.by_name else None
    kind = raw.get("name")
    if isinstance(kind, str):
        return (_NAMES[kind], {k: v for k, v in raw.items() if k != "name"}) if kind in _NAMES else None
    if len(raw) == 1:
        kind, inside = next(iter(raw.items()))
        if kind in _NAMES and isinstance(inside, Mapping | None):
            return _NAMES[str(kind)], inside or {}
    return None


def _raw(table: Mapping[Any, Any]) -> tuple[str, Any]:
    key = "scheduler" if "scheduler" in table else "schedulers"
    raw = table.get(key)
    if key == "schedulers" and isinstance(raw, list | tuple) and len(raw) == 1:
        raw = raw[0]
    return key, raw


def _read(s: Settings) -> Iterator[Outcome]:
    key, raw = _raw(s.table)
    section = _section(raw)
    assert section is not None
    entry = DIALECT.entry(section[0])
    ratio = number(s.get("scale_schedule_ratio")) if s.has("scale_schedule_ratio") else 1
    if ratio is None or (ratio != 1 and section[1].get("scale_warmup") is True):
        raise UnreadableError("`scale_schedule_ratio` is not in the file, or makes the warmup longer too")
    arguments = {str(k): s.read(v, Key(str(k), "" if k in TIMES else "number"), str(k)) for k, v in section[1].items() if k != "schedulers"}
    values = entry.bound((), arguments)
    for name in TIMES:
        if values.get(name) is not None:
            v = values[name]
            own = 1 if name == "t_warmup" else ratio
            values[name] = tuple(_time(s, m, name, own, ratio) for m in v) if isinstance(v, tuple) else _time(s, v, name, own, ratio)
    written_ = entry.written(values)
    duration = s.get("max_duration")
    match = _TIME.fullmatch(duration) if isinstance(duration, str) else None
    amount, unit = (written(match[1]), match[2].lower()) if match is not None else (None, "")
    amount = int(amount * ratio) if amount is not None and ratio != 1 else amount
    run = clock(
        tick="step",
        total_epochs=amount if unit == "ep" else None,
        total_steps=amount if unit == "ba" else None,
        batch_size=number(s.get("global_train_batch_size")),
    )
    yield Outcome(entry.name, written_.schedule, {}, run, s.get("optimizer.lr"), written_.notes, (s.table, key))


def _sure(table: Mapping[Any, Any]) -> bool:
    if "scheduler" not in table and "schedulers" not in table:
        return False
    section = _section(_raw(table)[1])
    if section is None:
        return False
    times = [v for name in TIMES for v in (section[1].get(name),) if v is not None]
    texts = [item for v in times for item in (v if isinstance(v, list | tuple) else [v])]
    if not all(isinstance(v, str) and (_TIME.fullmatch(v) or "${" in v) for v in texts):
        return False
    duration = table.get("max_duration")
    return bool(texts) or (isinstance(duration, str) and _TIME.fullmatch(duration) is not None)


DIALECT = Dialect(
    "composer",
    "Composer and llm-foundry",
    modules=("composer.optim", "composer.optim.scheduler"),
    counting="A tick is a batch. Tick t has the share t/n. Times are cut to whole units; alphas are multiples of the base.",
    address="https://docs.mosaicml.com/projects/composer/en/stable/trainer/schedulers.html",
    entries=_ENTRIES,
    layouts=(
        Layout(
            words=("scheduler", "composer.optim"),
            signs=(("scheduler",), ("schedulers",)),
            sure=_sure,
            keys=(
                Key("scheduler", "scheduler", known_as=("schedulers",)),
                Key("max_duration", "length", "time", known_as=("trainer.max_duration",)),
                Key("optimizer.lr", "base"),
                Key("global_train_batch_size", "batch", "sample", known_as=("train_batch_size",)),
                Key("scale_schedule_ratio", "factor", known_as=("trainer.scale_schedule_ratio",)),
                *(Key(f"scheduler.{name}", "warmup" if name == "t_warmup" else "decay", "time") for name in TIMES),
                Key("scheduler.alpha_f", "level"),
            ),
            read=_read,
        ),
    ),
)
