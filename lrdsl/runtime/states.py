"""Saved states: `state_of` makes one, and `read_state` checks all of a state that `load_state_dict` gets, before the scheduler uses any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from lrdsl.arguments import floating, whole
from lrdsl.clock import MAX_TICKS, Clock
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr.exact import plain, unplain, unplain_hosted
from lrdsl.runtime.attaching import Attachment
from lrdsl.runtime.groups import LR
from lrdsl.runtime.replans import MOST_REPLANS, Course
from lrdsl.runtime.reports import Log
from lrdsl.schedule import Schedule, parse
from lrdsl.schedule.source import Replan

#: The version of the layout of a state.
FORMAT = 1
#: The most layers of lists and mappings in a state; a chain of torch's schedulers in one another takes two for each.
_MOST_LAYERS = 50
#: The tick of a scheduler that torch's SequentialLR has not begun yet.
NOT_BEGUN = -1
_WHOLE = "load a state that was saved whole"

#: The value of a subclass in Python's own type.
_OWN_VALUE: dict[type, Callable[[Any], Any]] = {str: str.__str__, float: float.__float__, int: int.__int__}


@attrs.frozen
class Saved:
    """A saved run: its tick, the bases of each quantity, the log of its metrics, and the course of its plans.

    `text`, `clock` and `names` are those of its schedule, `groups` the names of the groups of each optimizer. `course` is None, with the reason in
    `unreadable`, if the schedule cannot be read here: it may use a file that is elsewhere. The state of a scheduler of torch has no schedule, so `clock` is
    None; `levels` are the rates that it last set, if it has them.
    """

    tick: int
    bases: dict[str, list[float | None]]
    log: Log = attrs.field(factory=Log)
    course: Course | None = None
    text: str = ""
    clock: Clock | None = None
    names: Mapping[str, Any] = attrs.field(factory=dict)
    groups: Sequence[Sequence[str]] | None = None
    replanned: bool = False
    unreadable: str = ""
    levels: Sequence[float | None] = ()


def state_of(course: Course, attachment: Attachment, tick: int, log: Log) -> dict[str, Any]:
    """The state of a run as plain JSON data."""
    return {
        "format": FORMAT,
        "schedule": str(course.planned),
        "folded": None if course.folded is None else _row(course.folded),
        "replans": [_row(replan) for replan in course.replans],
        "clock": course.planned.clock.facts(),
        "names": {name: plain(value) for name, value in course.planned.names},
        "last_epoch": tick,
        "watches": log.to_json(),
        "reports": log.waiting_to_json(),
        "bases": {name: list(bases) for name, bases in attachment.bases.items()},
        "groups": attachment.names,
    }


def read_state(state: Any, own: Mapping[str, Any], planned: Schedule) -> Saved:
    """Reads a state for a scheduler of the schedule `planned`, whose `own` state this is. Raises `ScheduleError` for a state that is damaged.

    The state may be of another schedule, and of a scheduler of torch: what has a `last_epoch`, or schedulers inside that do.
    """
    text = str(planned)
    try:
        state = _plain(state) if isinstance(state, Mapping) else None
        foreign = None if state is None or "format" in state else _foreign(state, min(0, own["last_epoch"]))
    except Exception:  # raised by data of the user's own classes
        state = foreign = None
    if foreign is not None:
        return foreign
    version = FORMAT if state is None else state.get("format")
    if type(version) is int and version != FORMAT and abs(version) < MAX_TICKS:
        message = f"the state has format {version}, and this version of lrdsl reads format {FORMAT}"
        raise refuse("LR151", message, "load it with the version that saved it; or call `scheduler.seek` with its `last_epoch`", text)
    if state is None or set(state) != set(own) or type(version) is not int or version != FORMAT:
        raise refuse("LR151", "this is not the state of an lrdsl scheduler", "load what `state_dict()` of such a scheduler gave", text)
    if not isinstance(state["schedule"], str) or not all(_are_facts(state[part]) for part in ("clock", "names")):
        raise _damaged("schedule, clock or names", text)
    tick = state["last_epoch"]
    if not _is_tick(tick) and not (type(tick) is int and tick == NOT_BEGUN == own["last_epoch"]):
        raise _damaged("tick", text)
    bases = _read_bases(state["bases"], text)
    if not _are_names(state["groups"]):
        raise _damaged("names of param groups", text)
    try:
        log = Log.from_json(state["watches"], state["reports"], tick)
    except ValueError:
        raise _damaged("log of metrics", text) from None
    try:
        clock = Clock.from_facts(state["clock"])
        names = {name: unplain_hosted(value) for name, value in state["names"].items()}
    except (ValueError, TypeError):  # a ScheduleError is a ValueError
        raise _damaged("schedule, clock or names", text) from None
    folded, replans = state["folded"], state["replans"]
    try:
        course = Course(planned, None if folded is None else _replan(folded), tuple(_replan(row) for row in _rows(replans)))
    except (ValueError, TypeError):
        raise _damaged("replans", text) from None
    if course.folded is not None and course.folded.tick > tick:
        raise _damaged("replans", text)
    saved = Saved(tick, bases, log, course, state["schedule"], clock, names, state["groups"], bool(replans) or folded is not None)
    if all(state[part] == own[part] for part in ("schedule", "clock", "names")):
        return saved
    try:
        return attrs.evolve(saved, course=attrs.evolve(course, planned=parse(state["schedule"], names=names, library=planned.library, **clock.given())))
    except ScheduleError as error:
        return attrs.evolve(saved, course=None, unreadable=error.diagnostics[0].message)


def _row(replan: Replan) -> list[Any]:
    """Returns a replan as plain JSON data."""
    row: list[Any] = [replan.tick, replan.text]
    return [*row, {name: plain(value) for name, value in replan.total}] if replan.total else row


def _rows(data: Any) -> Sequence[Any]:
    if not isinstance(data, list | tuple) or len(data) > MOST_REPLANS:
        raise ValueError(data)
    return data


def _replan(row: Any) -> Replan:
    """Returns the replan of the data of `_row`. Raises `ValueError` for other data."""
    tick, text, *rest = row
    if not isinstance(row, list | tuple) or not _is_tick(tick) or not isinstance(text, str) or len(rest) > 1:
        raise ValueError(row)
    if not rest:
        return Replan(tick, text)
    [[name, value]] = rest[0].items() if isinstance(rest[0], dict) else [("", None)]
    if name not in ("total_steps", "total_epochs"):
        raise ValueError(row)
    return Replan(tick, text, ((name, unplain(value)),))


def _foreign(state: Mapping[str, Any], first: int) -> Saved | None:
    """Returns the run of a scheduler of torch, or of one made of several of them, from the `first` tick on; None for any other state."""
    if not {"base_lrs", "_last_lr", "_schedulers"} & set(state):
        return None
    inner = [] if "_schedulers" not in state else [run for one in state["_schedulers"] if (run := _foreign(one, first)) is not None]
    tick = whole(state.get("last_epoch"))
    if tick is None:
        tick = max((run.tick for run in inner), default=None)
    if tick is None or not -1 <= tick <= MAX_TICKS:
        return None
    bases = [floating(base) for base in state.get("base_lrs", ())]
    levels = [floating(level) for level in state.get("_last_lr", ())]
    inside = next((run for run in inner if run.bases), None)
    if not bases and inside is not None:
        return Saved(max(tick, first), inside.bases, levels=levels)
    return None if None in bases else Saved(max(tick, first), {LR: [*bases]} if bases else {}, levels=levels)


def _are_names(groups: Any) -> bool:
    """Whether the data are the names of groups, for each optimizer."""
    return isinstance(groups, list) and all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in groups)


def _plain(data: Any, depth: int = 0) -> Any:
    """A copy of JSON data in Python's own types: a subclass may do anything when it is compared, read or shown. Raises `ValueError` for data in deep layers."""
    if depth > _MOST_LAYERS:
        raise ValueError
    if isinstance(data, Mapping):
        return {_plain(key, depth + 1): _plain(value, depth + 1) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value, depth + 1) for value in list.__iter__(data)]
    if isinstance(data, tuple):
        return [_plain(value, depth + 1) for value in tuple.__iter__(data)]
    if isinstance(data, bool):
        return data
    return next((value(data) for kind, value in _OWN_VALUE.items() if isinstance(data, kind)), data)


def _damaged(part: str, text: str) -> ScheduleError:
    return refuse("LR151", f"the state is damaged: its {part} cannot be read", _WHOLE, text)


def _is_tick(tick: Any) -> bool:
    return type(tick) is int and 0 <= tick <= MAX_TICKS


def _are_facts(data: Any) -> bool:
    """Whether the data are numbers, texts, lists of them, and pairs of them for batches that change, by name."""
    return isinstance(data, Mapping) and all(
        isinstance(name, str) and (_is_plain(value) or _are_numbers(value) or _are_batches(value)) for name, value in data.items()
    )


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _are_numbers(data: Any) -> bool:
    return isinstance(data, list) and all(map(_is_plain, data))


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
