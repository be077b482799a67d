"""Targets that are in no param group: values that the training program reads from the scheduler, each with its base."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from lrdsl.arguments import floating, quoted
from lrdsl.diagnostics import ScheduleError, did_you_mean, refuse
from lrdsl.runtime.groups import LR, quantities
from lrdsl.schedule import Schedule

#: Names of values, or the base of each by name.
Values: TypeAlias = Collection[str] | Mapping[str, float]


def value_bases(values: Any, schedule: Schedule) -> dict[str, float]:
    """Returns the bases of values by name: those that are given, else 1. Raises `ScheduleError` for a name that the schedule does not set."""
    text = str(schedule)
    if isinstance(values, str) or not isinstance(values, Mapping | list | tuple | set | frozenset):
        help = (
            f"give a tuple of names: `values=({values!r},)`" if isinstance(values, str) else 'give names, `values=("ema",)`, or bases, `values={"ema": 0.999}`'
        )
        raise refuse("LR152", f"values is {quoted(values)}", help, text)
    bases: dict[str, float] = {}
    keys = {target.key: None for target in schedule.targets}
    for name in values:
        if not isinstance(name, str) or name == LR:
            raise refuse("LR152", f"{quoted(name)} is in `values`", "name a target that is in no param group, as `ema`", text)
        if name not in keys:
            near = did_you_mean(name, keys)
            help = f"did you mean `{near}`?" if near else f"it schedules {', '.join(f'`{key}`' for key in keys)}"
            raise refuse("LR153", f"{quoted(name)} is in `values`, and the schedule does not set it", help, text)
        number: Any = values[name] if isinstance(values, Mapping) else 1.0
        base = floating(number)
        if base is None:
            raise refuse("LR152", f"the base of `{name}` in `values` is {quoted(number)}", "give a finite number, as 0.999", text)
        bases[name] = base
    return bases


def unknown_value(name: Any, values: Mapping[str, float], schedule: Schedule) -> ScheduleError:
    """Returns the error of a name that is none of the values of a scheduler."""
    near = did_you_mean(name, values) if isinstance(name, str) else None
    names = ", ".join(f"`{value}`" for value in values)
    if isinstance(name, str) and name in quantities(schedule.targets):
        help = "read it from the param groups: `optimizer.param_groups[0]`"
    else:
        help = f"did you mean `{near}`?" if near else f"`values` names {names}" if names else 'name it: `compile(..., values=("ema",))`'
    return refuse("LR153", f"{quoted(name)} is not one of the `values` of this scheduler", help, str(schedule))
