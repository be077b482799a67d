"""Supposes that the events which a schedule waits for come at given ticks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lrdsl.arguments import whole_number
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import refuse

if TYPE_CHECKING:
    from lrdsl.schedule import Schedule


def supposed(s: Schedule, ticks: Iterable[int]) -> Schedule:
    """Returns a schedule for a run in which the events come at these ticks. Raises `ScheduleError` for a tick at which no event may come."""
    text = str(s)
    for tick in sorted(whole_number("tick", tick, "give whole ticks from 0 to 1e+12", high=MAX_TICKS, text=text) for tick in ticks):
        waiting = [watch.key for target in s.targets for watch in target.plan.watches if watch.may_fire_at(tick)]
        key = next((key for key in waiting if key is not None), None)
        if key is None:
            raise refuse("LR152", f"no event may come at tick {tick}", "give ticks at which a phase follows a metric", text)
        history = dict(s.events)
        s = s.after({**history, key: (*history.get(key, ()), tick)})
    return s
