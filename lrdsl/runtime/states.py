"""Saved states: `read_state` checks all of a state that `load_state_dict` gets, before the scheduler uses any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from lrdsl.arguments import floating, quoted
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.runtime.groups import LR
from lrdsl.runtime.replans import MOST_REPLANS, Course
from lrdsl.runtime.reports import Log

#: The version of the layout of a state.
FORMAT = 1
_WHOLE = "load a state that was saved whole"
#: The parts in which a state and the scheduler that loads it must agree, with their names in messages.
_SAME = {"schedule": "schedule", "clock": "clock", "names": "values of names"}

#: The value of a subclass in Python's own type.
_OWN_VALUE: dict[type, Callable[[Any], Any]] = {str: str.__str__, float: float.__float__, int: int.__int__}


@attrs.frozen
class Saved:
    """A saved run: its tick, the bases of each quantity, the log of its metrics, and the course of its plans."""

    tick: int
    bases: dict[str, list[float | None]]
    log: Log
    course: Course


def read_state(state: Any, own: Mapping[str, Any], course: Course, counts: Mapping[str, int], migrate: bool, text: str) -> Saved:
    """Reads a state for a scheduler whose `own` state and course these are, and which has so many bases of each quantity: `counts`.

    `text` is the schedule that errors show.
    Raises `ScheduleError` for a state that is damaged, or that belongs to another run; with `migrate`, the state may be of another schedule.
    """
    try:
        state = _plain(state) if isinstance(state, Mapping) else None
    except Exception:  # raised by data of the user's own classes
        state = None
    if state is None or set(state) != set(own) or type(state["format"]) is not int or state["format"] != FORMAT:
        raise refuse("LR151", "this is not the state of an lrdsl scheduler", "load what `state_dict()` of such a scheduler gave", text)
    if not isinstance(state["schedule"], str) or not all(_are_facts(state[part]) for part in ("clock", "names")):
        raise _damaged("schedule, clock or names", text)
    for part, name in _SAME.items():
        if not migrate and state[part] != own[part]:
            message = f"the state has another {name}: saved {_shown(state[part])}, here {_shown(own[part])}"
            raise refuse("LR151", message, "compile the saved schedule, or pass migrate=True to go on with this one from the saved tick", text)
    other_schedule = migrate and state["schedule"] != own["schedule"]
    tick = state["last_epoch"]
    if not _is_tick(tick):
        raise _damaged("tick", text)
    bases = _read_bases(state["bases"], text)
    other = next((name for name, count in counts.items() if name in bases and len(bases[name]) != count), None)
    if other is not None:
        message = f"the number of param groups differs: {len(bases[other])} in the state, {counts[other]} in the optimizer"
        raise refuse("LR151", message, "build the optimizer with the same groups", text)
    _check_groups(state["groups"], own["groups"], text)
    if other_schedule:
        return Saved(tick, bases, Log(), Course(course.planned))
    if set(bases) != set(own["bases"]) or any(_lacks(bases[name], own["bases"][name]) for name in bases):
        raise _damaged("bases", text)
    try:
        log = Log.from_json(state["watches"], state["reports"], tick)
    except ValueError:
        raise _damaged("log of metrics", text) from None
    folded, replans = state["folded"], state["replans"]
    if not _are_replans(replans) or not (folded is None or _are_replans([folded])) or (folded is not None and folded[0] > tick):
        raise _damaged("replans", text)
    return Saved(tick, bases, log, Course(course.planned, None if folded is None else (folded[0], folded[1]), tuple((at, body) for at, body in replans)))


def _check_groups(groups: Any, own: Sequence[Sequence[str]], text: str) -> None:
    """Raises `ScheduleError` for groups, given by their names for each optimizer, that are in another order here. Names that are new or gone do no harm."""
    if not isinstance(groups, list) or not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in groups):
        raise _damaged("names of param groups", text)
    before, here = ([name for names in part for name in names] for part in (groups, own))
    if len(before) != len(here):
        raise _damaged("names of param groups", text)
    moved = next((name for name, other in zip(before, here, strict=True) if name and name != other and name in here), None)
    if moved is not None:
        what = f"the param groups are in another order: `{shown(moved)}` is number {before.index(moved)} in the state, and number {here.index(moved)} here"
        raise refuse("LR151", what, "build the optimizer with its groups in the same order, and give several optimizers in the same order", text)
    sizes, own_sizes = [len(names) for names in groups], [len(names) for names in own]
    if len(sizes) == len(own_sizes) and sizes != own_sizes:
        what = f"the optimizers have {own_sizes} param groups, and {sizes} in the state"
        raise refuse("LR151", what, "give the optimizers in the same order", text)


def _plain(data: Any) -> Any:
    """A copy of JSON data in Python's own types: a subclass may do anything when it is compared, read or shown."""
    if isinstance(data, Mapping):
        return {_plain(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in list.__iter__(data)]
    if isinstance(data, tuple):
        return [_plain(value) for value in tuple.__iter__(data)]
    if isinstance(data, bool):
        return data
    return next((value(data) for kind, value in _OWN_VALUE.items() if isinstance(data, kind)), data)


def _damaged(part: str, text: str) -> ScheduleError:
    return refuse("LR151", f"the state is damaged: its {part} cannot be read", _WHOLE, text)


def _shown(part: Any) -> str:
    return f"`{part}`" if isinstance(part, str) and len(part) < 1000 else f"`{quoted(part)}`"


def _is_tick(tick: Any) -> bool:
    return type(tick) is int and 0 <= tick <= MAX_TICKS


def _are_facts(data: Any) -> bool:
    """Whether the data are numbers, texts, and pairs of them for batches that change, by name."""
    return isinstance(data, Mapping) and all(isinstance(name, str) and (_is_plain(value) or _are_batches(value)) for name, value in data.items())


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _are_batches(data: Any) -> bool:
    return isinstance(data, list) and all(isinstance(pair, list) and len(pair) == 2 and all(map(_is_plain, pair)) for pair in data)


def _read_bases(data: Any, text: str) -> dict[str, list[float | None]]:
    """The bases of each quantity as floats. Only a rate must have one in every group."""
    if not isinstance(data, Mapping) or LR not in data or not all(isinstance(name, str) and isinstance(bases, list | tuple) for name, bases in data.items()):
        raise _damaged("bases", text)
    parsed = {name: [floating(base) for base in bases] for name, bases in data.items()}
    for name, bases in data.items():
        if any(number is None and (base is not None or name == LR) for base, number in zip(bases, parsed[name], strict=True)):
            raise _damaged("bases", text)
    return parsed


def _lacks(bases: Sequence[float | None], own: Sequence[float | None]) -> bool:
    """Whether a base is missing that this run has."""
    return any(base is None and here is not None for base, here in zip(bases, own, strict=True))


def _are_replans(data: Any) -> bool:
    """Whether the data are pairs of a tick and a text, and not more than a run remembers."""
    if not isinstance(data, list | tuple) or len(data) > MOST_REPLANS:
        return False
    pairs: Sequence[Any] = data
    return all(isinstance(pair, list | tuple) and len(pair) == 2 and _is_tick(pair[0]) and isinstance(pair[1], str) for pair in pairs)
