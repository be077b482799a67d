"""Reports: the metrics that a run hands to `step`, and the events that they bring."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs

from lrdsl.diagnostics import did_you_mean, refuse
from lrdsl.exact import Exact, plain, reduced
from lrdsl.metrics import State
from lrdsl.plan import Watch
from lrdsl.schedule import Schedule


class MetricWarning(UserWarning):
    """A phase that follows a metric is in force, and the run reported none, or one that is not a finite number."""


def reported(schedule: Schedule, metric: Any, metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """The metrics of a tick by name, as numbers; `metric` is the one that was given by position.

    Raises `ScheduleError` for one that is not a number, and for one by position where the schedule does not follow just one.
    """
    found = dict(metrics)
    if metric is not None:
        known = schedule.metrics
        if len(known) != 1 or known[0] in found:
            says = f"follows {', '.join(f'`{name}`' for name in known)}" if known else "follows no metric"
            name = known[0] if known else "val_loss"
            raise refuse("LR154", f"a metric was given by position, and the schedule {says}", f"name it: `step({name}=...)`", str(schedule))
        found[known[0]] = metric
    return {name: _number(name, value, schedule) for name, value in found.items() if name in schedule.metrics or value is not None}


def _number(name: str, value: Any, schedule: Schedule) -> float | None:
    if value is None or name not in schedule.metrics:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise refuse("LR154", f"`{name}` is {value!r}, not a number", "report a number, or None where there is none", str(schedule)) from None


@attrs.define
class Log:
    """What the reports of a run have come to: the events of each watch, what its monitor remembers, and of which of them was warned."""

    events: dict[tuple[str, Exact], tuple[int, ...]] = attrs.Factory(dict)
    states: dict[tuple[str, Exact], State] = attrs.Factory(dict)
    warned: set[tuple[str, Exact]] = attrs.Factory(set)

    def take(self, watches: list[Watch], tick: int, metrics: Mapping[str, float | None]) -> list[Watch]:
        """Hand the reports of the tick before `tick` to the watches that see it. Gives those whose event came, for `tick`: one for each key, that ends a phase
        if one of them does."""
        came = []
        seen = sorted((watch for watch in watches if watch.sees(tick)), key=lambda watch: watch.ends)
        for key, watch in {watch.key: watch for watch in seen if watch.key is not None}.items():
            name = watch.monitor.metric
            if name not in metrics:
                self._missing(key, watch, tick, metrics)
            value = metrics.get(name)
            if value is None:
                continue
            if not math.isfinite(value):
                warnings.warn(f"`{name}` is {value} at tick {tick - 1}: {_WHAT_THEN[watch.ends]}", MetricWarning, stacklevel=4)
            self.states[key], event = watch.monitor.observe(self.states.get(key, State()), value)
            if event:
                came.append(watch)
        return came

    def _missing(self, key: tuple[str, Exact], watch: Watch, tick: int, metrics: Mapping[str, Any]) -> None:
        if key in self.warned:
            return
        self.warned.add(key)
        name = watch.monitor.metric
        near = did_you_mean(name, metrics)
        help = f"`{near}` was reported; did you mean that?" if near else f"Pass step({name}=...), or step({name}=None) where there is none."
        warnings.warn(f"`{name}` was not reported for tick {tick - 1}, which counts as no report. {help}", MetricWarning, stacklevel=4)

    def with_event(self, watch: Watch, tick: int) -> dict[tuple[str, Exact], tuple[int, ...]]:
        """The events so far and one more."""
        assert watch.key is not None
        return {**self.events, watch.key: (*self.events.get(watch.key, ()), tick)}

    def until(self, tick: int) -> Log:
        """The log of a run that goes back to a tick: what came later is forgotten, and every monitor starts anew."""
        kept = {key: tuple(at for at in ticks if at <= tick) for key, ticks in self.events.items()}
        return Log({key: ticks for key, ticks in kept.items() if ticks})

    def to_json(self) -> list[list[Any]]:
        """The log as plain JSON data: for each watch what it is, where it starts, its events, and what its monitor remembers.

        Lists, because distributed checkpoints load what is in a mapping by the keys of the state that is loaded into, and a new run has seen no watch yet.
        """
        keys = sorted({*self.events, *self.states})
        return [[key[0], plain(key[1]), list(self.events.get(key, ())), *self.states.get(key, State()).to_json()] for key in keys]

    @classmethod
    def from_json(cls, data: Any) -> Log:
        """The log that `to_json` gave. Raises `ValueError` or `TypeError` for anything else."""
        log = cls()
        for watch, start, ticks, *state in data:
            key = (str(watch), reduced(Fraction(str(start))))
            events = tuple(ticks)
            if not all(isinstance(tick, int) and not isinstance(tick, bool) and tick >= 0 for tick in events):
                raise ValueError(events)
            log.states[key] = State.from_json(*state)
            if events:
                log.events[key] = events
        return log


#: What becomes of a report that is not a finite number, for an event that reduces a level and for one that ends a phase.
_WHAT_THEN = {False: "a NaN counts as no better than the best report, an infinite one as it compares", True: "it fulfils no comparison"}
