"""Writes a schedule as the arguments that Trainer, timm's script and DeepSpeed read, if one of their schedulers says it exactly for the length of the run."""

from __future__ import annotations

import json
from typing import Any

from lrdsl.clock import total_of
from lrdsl.dialects import dialect
from lrdsl.dialects.matching import Match, python_value
from lrdsl.dialects.transformers import TYPES
from lrdsl.dialects.writing.constructors import matching
from lrdsl.dialects.writing.generated import refused
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact, exact


def transformers(request: Request) -> str:
    """Returns the keys of TrainingArguments, as JSON."""
    length = _length(request)
    names = {function: name for name, function in TYPES.items()}
    library = dialect("transformers")
    found = _found(request, tuple(library.entry(function) for function in names), length, "transformers")
    arguments = {name: python_value(value) for name, value in found.arguments.items()}
    keys: dict[str, Any] = {"lr_scheduler_type": names[found.entry.name]}
    if request.base is not None:
        keys["learning_rate"] = request.base
    if "num_warmup_steps" in arguments:
        keys["warmup_steps"] = arguments.pop("num_warmup_steps")
    total = arguments.pop("num_training_steps", None) or (None if length is None else python_value(length))
    if total is not None:
        keys["max_steps"] = total
    if arguments:
        keys["lr_scheduler_kwargs"] = arguments
    return json.dumps(keys, indent=2) + "\n"


def deepspeed(request: Request) -> str:
    """Returns the part `scheduler` of DeepSpeed's JSON, and the rate of the optimizer, if the base is given."""
    found = _found(request, dialect("deepspeed").entries, _length(request), "DeepSpeed")
    scheduler = {"type": found.entry.name, "params": {name: python_value(value) for name, value in found.arguments.items()}}
    config: dict[str, Any] = {"scheduler": scheduler}
    if request.base is not None:
        config = {"optimizer": {"params": {"lr": request.base}}, **config}
    return json.dumps(config, indent=2) + "\n"


def _length(request: Request) -> Exact | None:
    """The ticks of the run: its total, or the natural length of the schedule."""
    total = total_of(request.schedule.clock)
    length = request.schedule.length
    return total if total is not None else None if length is None else exact(length)


def _found(request: Request, entries: Any, length: Exact | None, title: str) -> Match:
    """Returns the scheduler that is the schedule. Raises `ScheduleError` if there is none."""
    schedule = request.schedule
    if request.main.name != "lr" or (request.target is None and len(schedule.targets) > 1):
        raise refused(f"{title} schedules the rate alone", 'write the rate with `target="lr"`, and run all of it with `lrdsl.compile`', schedule)
    for up_to in dict.fromkeys((length, None)):
        found = next(matching(schedule, entries, up_to), None)
        if found is not None:
            return found
    help = "write it with `lrdsl export --to torch`, or run it with `lrdsl.compile`; `lrdsl dialects` has what it can say"
    raise refused(f"no scheduler of {title} has these levels", help, schedule)
