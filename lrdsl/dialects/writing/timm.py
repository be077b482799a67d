"""Writes a schedule for timm's training script: its arguments, as YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from lrdsl.clock import total_of
from lrdsl.dialects import dialect
from lrdsl.dialects.entry import Entry
from lrdsl.dialects.matching import Match, python_value
from lrdsl.dialects.writing.arguments import length_of, matched
from lrdsl.dialects.writing.generated import refused
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact, exact, quotient

#: The `sched` of each class, and the argument of the script for each of its parameters. Times are epochs.
_SCHEDS = {
    "CosineLRScheduler": "cosine",
    "PolyLRScheduler": "poly",
    "TanhLRScheduler": "tanh",
    "StepLRScheduler": "step",
    "MultiStepLRScheduler": "multistep",
    "PlateauLRScheduler": "plateau",
    "WSDLRScheduler": "wsd",
}
_ARGUMENTS = {
    **{"t_initial": "epochs", "decay_t": "decay_epochs", "patience_t": "patience_epochs", "warmup_t": "warmup_epochs", "warmup_lr_init": "warmup_lr"},
    **{"lr_min": "min_lr", "cycle_mul": "lr_cycle_mul", "cycle_decay": "lr_cycle_decay", "cycle_limit": "lr_cycle_limit", "k_decay": "lr_k_decay"},
    **{"power": "decay_rate", "decay_rate": "decay_rate", "warmup_prefix": "warmup_prefix", "decay_fn": "lr_decay_fn"},
}
_TIMES = ("t_initial", "decay_t", "warmup_t")


def write(request: Request) -> str:
    """Returns the arguments of timm's train.py, as YAML. A tick is an epoch, or, where the steps of an epoch are known, an update."""
    library = dialect("timm")
    match = matched(request, library.entries, length_of(request), "timm's training script")
    values = {p.name: match.arguments.get(p.name, p.default) for p in match.entry.parameters}
    _check(request, match, values)
    keys: dict[str, Any] = {"sched": _SCHEDS[match.entry.name]}
    if request.base is not None:
        keys["lr"] = request.base
    per = _updates(request)
    for name, argument in _needed(match.entry, values):
        v = values[name]
        keys[argument] = _epochs(request, name, v, per) if name in _TIMES else python_value(v)
    if match.entry.name == "MultiStepLRScheduler":
        keys["decay_milestones"] = keys.pop("decay_epochs")
    if match.entry.name == "PlateauLRScheduler":
        keys["eval_metric"] = "loss" if values["mode"] == "min" else "top1"
    if match.entry.name == "WSDLRScheduler":
        keys["warmup_prefix"] = True
    _lengths(request, keys, per)
    if per != 1:
        keys["sched_on_updates"] = True
    return str(yaml.safe_dump(keys, sort_keys=False))


def _needed(entry: Entry, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The parameters that are written: those whose default differs between the class and the script, and those that are not the default."""
    always = ("t_initial", "decay_t", "power", "decay_rate", "warmup_t", "lr_min", "patience_t", "cycle_decay")
    for p in entry.parameters:
        if p.name not in _ARGUMENTS or p.name == "warmup_lr_init":
            continue
        if p.name in always or values[p.name] != p.default or p.name == "warmup_prefix":
            yield p.name, _ARGUMENTS[p.name]
    if values.get("warmup_t"):
        yield "warmup_lr_init", "warmup_lr"


def _check(request: Request, match: Match, values: dict[str, Any]) -> None:
    """Raises `ScheduleError` for what the class can and the script cannot."""
    more = sorted(name for name in match.arguments if name not in _ARGUMENTS and name not in ("mode",))
    if more:
        raise refused(f"timm's training script has no argument for `{more[0]}`", _help(match.entry), request.schedule)
    if match.entry.name == "TanhLRScheduler" and not values["warmup_t"]:
        message = "timm's training script has its first epoch at the base, and a tanh begins below it"
        raise refused(message, "`timm.cosine` begins at the base", request.schedule)
    if match.entry.name == "MultiStepLRScheduler" and not values["warmup_t"] and 1 in values["decay_t"]:
        raise refused("timm's training script cannot drop in the first epoch", "leave the milestone out, and lower the base", request.schedule)


def _help(entry: Entry) -> str:
    return f"give it to `timm.scheduler.{entry.name}` yourself, or run the schedule with `lrdsl.compile`"


def _updates(request: Request) -> Exact:
    """The ticks of an epoch."""
    clock = request.schedule.clock
    return 1 if clock.tick == "epoch" or clock.steps_per_epoch is None else clock.steps_per_epoch


def _epochs(request: Request, name: str, v: Any, per: Exact) -> Any:
    """A time in ticks as epochs, from which timm has the same ticks again."""
    if isinstance(v, tuple):
        return [_epochs(request, name, item, per) for item in v]
    epochs = quotient(exact(v), per)
    whole = python_value(epochs)
    if per != 1 and whole * python_value(per) != python_value(v):
        message = f"the time `{name}` of {python_value(v)} steps is no number of epochs that timm multiplies back"
        raise refused(message, f"make it a multiple of {python_value(per)} steps", request.schedule)
    return whole


def _lengths(request: Request, keys: dict[str, Any], per: Exact) -> None:
    """Adds the length of the run: what the schedule leaves of it is a cooldown."""
    total = total_of(request.schedule.clock)
    if "epochs" not in keys:
        if total is not None:
            keys["epochs"] = _epochs(request, "epochs", total, per)
        return
    cycles = keys.get("lr_cycle_limit", 1)
    if total is not None and cycles == 1:
        after = python_value(quotient(exact(total), per)) - keys["epochs"] - (keys.get("warmup_epochs", 0) if keys.get("warmup_prefix") else 0)
        if after > 0 and keys["sched"] != "wsd":
            keys["cooldown_epochs"] = after
