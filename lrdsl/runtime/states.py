"""States: what a saved run says of itself, read and checked in full before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from lrdsl.arguments import floating, quoted
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.runtime.replans import MOST_REPLANS, Course
from lrdsl.runtime.reports import Log

#: The layout of a state.
FORMAT = 1
_WHOLE = "load a state that was saved whole"
#: What a state and the scheduler that loads it must agree on, and what it is called.
_SAME = {"schedule": "schedule", "clock": "clock", "names": "values of names"}


@attrs.frozen
class Saved:
    """A run as it was saved: its tick, the bases of each quantity, what its reports came to, and the plans that it followed."""

    tick: int
    bases: dict[str, list[float]]
    log: Log
    course: Course


def saved(state: Any, mine: Mapping[str, Any], course: Course, count: int, migrate: bool, text: str) -> Saved:
    """What a state says, for a scheduler of so many groups whose own state is `mine`. Raises `ScheduleError` for a state that is damaged, or of another run."""
    try:
        state = dict(state.items()) if isinstance(state, Mapping) else None
    except Exception:  # of a mapping of the host's own
        state = None
    if state is None or set(state) != set(mine) or type(state["format"]) is not int or state["format"] != FORMAT:
        raise refuse("LR151", "this is not the state of an lrdsl scheduler", "load what `state_dict()` of such a scheduler gave", text)
    if not isinstance(state["schedule"], str) or not all(_facts(state[part]) for part in ("clock", "names")):
        raise _damaged("schedule, clock or names", text)
    for part, name in _SAME.items():
        if not migrate and state[part] != mine[part]:
            message = f"the state is of another {name}: saved {_shown(state[part])}, here {_shown(mine[part])}"
            raise refuse("LR151", message, "compile the saved schedule, or pass migrate=True to go on with this one from the saved tick", text)
    other = migrate and state["schedule"] != mine["schedule"]
    tick = state["last_epoch"]
    if not _is_tick(tick):
        raise _damaged("tick", text)
    bases = _bases(state["bases"], text)
    if not other and set(bases) != set(mine["bases"]):
        raise _damaged("bases", text)
    if any(len(values) != count for values in bases.values()):
        here = f"the state is of {max(map(len, bases.values()))} param groups, here are {count}"
        raise refuse("LR151", here, "build the optimizer with the same groups", text)
    if other:
        return Saved(tick, bases, Log(), Course(course.planned))
    try:
        log = Log.from_json(state["watches"], tick)
    except ValueError:
        raise refuse("LR151", "what the state says of metrics is damaged", _WHOLE, text) from None
    folded, replans = state["folded"], state["replans"]
    if not _are_replans(replans) or not (folded is None or _are_replans([folded])) or (folded is not None and folded[0] > tick):
        raise _damaged("replans", text)
    return Saved(tick, bases, log, Course(course.planned, None if folded is None else (folded[0], folded[1]), tuple((at, new) for at, new in replans)))


def _damaged(what: str, text: str) -> ScheduleError:
    return refuse("LR151", f"the state's {what} {'are' if what.endswith('s') else 'is'} damaged", _WHOLE, text)


def _shown(part: Any) -> str:
    return f"`{part}`" if isinstance(part, str) and len(part) < 1000 else f"`{quoted(part)}`"


def _is_tick(tick: Any) -> bool:
    return type(tick) is int and 0 <= tick <= MAX_TICKS


def _facts(data: Any) -> bool:
    """Whether data are facts by name."""
    return isinstance(data, Mapping) and all(isinstance(name, str) and isinstance(value, str | int | float) for name, value in data.items())


def _bases(data: Any, text: str) -> dict[str, list[float]]:
    """The bases of each quantity as numbers."""
    sound = isinstance(data, Mapping) and "lr" in data and all(isinstance(name, str) and isinstance(values, list | tuple) for name, values in data.items())
    found = {name: [floating(base) for base in values] for name, values in data.items()} if sound else {"": [None]}
    known = {name: [base for base in bases if base is not None] for name, bases in found.items()}
    if any(len(bases) < len(found[name]) for name, bases in known.items()):
        raise _damaged("bases", text)
    return known


def _are_replans(data: Any) -> bool:
    """Whether data are ticks and texts, no more than a run remembers."""
    if not isinstance(data, list | tuple) or len(data) > MOST_REPLANS:
        return False
    pairs: Sequence[Any] = data
    return all(isinstance(pair, list | tuple) and len(pair) == 2 and _is_tick(pair[0]) and isinstance(pair[1], str) for pair in pairs)
