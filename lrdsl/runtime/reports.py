"""Reports: the metrics that a run hands to `step`, and the events that they bring."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lrdsl.arguments import exactly, measured, quoted
from lrdsl.diagnostics import did_you_mean, refuse, shown
from lrdsl.expr.exact import Exact, plain, unplain
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
    number = measured(value)
    if number is None:
        fault = "not a number" if exactly(value) is None else "too large for a double"
        raise refuse("LR154", f"`{shown(name)}` is {quoted(value)}, {fault}", "report a number, or None where there is none", str(schedule))
    return number


class Taken(NamedTuple):
    """What becomes of the reports of a tick: the log after them, the watches whose event came, and what is to be warned of."""

    log: Log
    came: Sequence[Watch] = ()
    warnings: Sequence[str] = ()


class Log(NamedTuple):
    """What the reports of a run have come to: the events of each watch, what its monitor remembers, and of which of them was warned."""

    events: Mapping[tuple[str, Exact], tuple[int, ...]] = {}
    states: Mapping[tuple[str, Exact], State] = {}
    warned: frozenset[tuple[str, Exact]] = frozenset()

    def taking(self, watches: Sequence[Watch], tick: int, metrics: Mapping[str, float | None]) -> Taken:
        """Hand the reports of the tick before `tick` to the watches that see it.

        The events that came are for `tick`: one for each key, which ends a phase if one of its watches does.
        """
        came, warnings, states, warned = [], [], {**self.states}, self.warned
        seen = [watch for watch in watches if watch.sees(tick)]
        if len(seen) > 1:
            seen.sort(key=lambda watch: watch.ends)
        for key, watch in {watch.key: watch for watch in seen if watch.key is not None}.items():
            name = watch.monitor.metric
            if name not in metrics and key not in warned:
                warned |= {key}
                warnings.append(_missing(name, tick, metrics))
            value = metrics.get(name)
            if value is None:
                continue
            if not math.isfinite(value):
                warnings.append(f"`{name}` is {value} at tick {tick - 1}: {_WHAT_THEN[watch.ends]}")
            states[key], event = watch.monitor.observe(states.get(key, State()), value)
            if event:
                came.append(watch)
        return Taken(Log(self.events, states, warned), came, warnings)

    def with_event(self, watch: Watch, tick: int) -> Log:
        """The log with one event more."""
        assert watch.key is not None
        return self._replace(events={**self.events, watch.key: (*self.events.get(watch.key, ()), tick)})

    def of(self, watches: Iterable[Watch]) -> Log:
        """What concerns these watches alone."""
        keys = {watch.key for watch in watches}
        events = {key: ticks for key, ticks in self.events.items() if key in keys}
        return Log(events, {key: state for key, state in self.states.items() if key in keys}, self.warned & keys)

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
    def from_json(cls, data: Any, tick: int) -> Log:
        """The log that `to_json` gave at a tick. Raises `ValueError` for anything else."""
        events, states = {}, {}
        for row in _listed(data):
            watch, start, ticks, *state = _listed(row)
            came = tuple(_listed(ticks))
            if not isinstance(watch, str) or len(state) != 3 or not all(type(at) is int and 0 <= at <= tick for at in came) or list(came) != sorted(set(came)):
                raise ValueError(row)
            key = (watch, unplain(start))
            if key in states:
                raise ValueError(key)
            states[key] = State.from_json(*state)
            if came:
                events[key] = came
        return cls(events, states)


def _listed(data: Any) -> Sequence[Any]:
    if not isinstance(data, list | tuple):
        raise ValueError(data)
    return data


def _missing(name: str, tick: int, metrics: Mapping[str, Any]) -> str:
    near = did_you_mean(name, metrics)
    help = f"`{near}` was reported; did you mean that?" if near else f"Pass step({name}=...), or step({name}=None) where there is none."
    return f"`{name}` was not reported for tick {tick - 1}, which counts as no report. {help}"


#: What becomes of a report that is not a finite number, for an event that reduces a level and for one that ends a phase.
_WHAT_THEN = {False: "a NaN counts as no better than the best report, an infinite one as it compares", True: "it fulfils no comparison"}
