"""Writes a schedule for Composer: the parts `scheduler` and `max_duration` of llm-foundry's YAML, in batches."""

from __future__ import annotations

from typing import Any

import yaml

from lrdsl.clock import total_of
from lrdsl.dialects import dialect
from lrdsl.dialects.composer import REGISTERED, TIMES
from lrdsl.dialects.matching import python_value
from lrdsl.dialects.writing.arguments import length_of, matched
from lrdsl.dialects.writing.generated import INSTEAD, refused
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact, exact


def write(request: Request) -> str:
    """Returns `scheduler`, by its name in llm-foundry or by its class, and `max_duration` if the length is known."""
    if request.schedule.clock.tick == "epoch":
        raise refused("Composer sets the rate at each batch, and a tick of this schedule is an epoch", "write the times in steps", request.schedule)
    length = length_of(request)
    match = matched(request, dialect("composer").entries, length, "Composer")
    scheduler: dict[str, Any] = {"name": REGISTERED[match.entry.name]} if match.entry.name in REGISTERED else {"_target_": f"composer.optim.{match.entry.name}"}
    for name, value in match.arguments.items():
        if value is None:  # a length that the scheduler does not use
            continue
        scheduler[name] = _time(request, name, value, length) if name in TIMES else python_value(value)
    whole = match.arguments.get("t_max")
    if "t_warmup" in scheduler and whole is not None and length is not None and exact(whole) < exact(length):
        raise refused(f"Composer refuses a `t_max` of {python_value(whole)} batches in a run of {python_value(length)}", INSTEAD, request.schedule)
    keys: dict[str, Any] = {"scheduler": scheduler}
    if request.base is not None:
        keys["optimizer"] = {"lr": request.base}
    if length is not None and (total_of(request.schedule.clock) is not None or "1dur" in scheduler.values()):
        keys["max_duration"] = _time(request, "max_duration", length, None)
    return str(yaml.safe_dump(keys, sort_keys=False))


def _time(request: Request, name: str, value: Any, length: Exact | None) -> Any:
    """A time in batches; the whole run has a word of its own."""
    if isinstance(value, tuple):
        return [_time(request, name, item, length) for item in value]
    if name == "t_max" and length is not None and exact(value) == exact(length):
        return "1dur"
    batches = python_value(value)
    if batches != int(batches):
        raise refused(f"Composer cuts the time `{name}` of {batches} batches to whole ones", "make it a whole number of steps", request.schedule)
    return f"{int(batches)}ba"
