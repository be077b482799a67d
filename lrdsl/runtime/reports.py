"""Reports of metrics: the check of what a run passes to `step`, and the log of what the monitors remember and of the events that came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lrdsl.arguments import exactly, measured, quoted
from lrdsl.diagnostics import did_you_mean, refuse, shown
from lrdsl.expr.exact import Exact, plain, unplain
from lrdsl.metrics import Crossing, Monitor, Plateau, State
from lrdsl.plan import Watch
from lrdsl.schedule import Schedule


class MetricWarning(UserWarning):
    """The phase in force waits for a metric, and the run did not report it, or reported a number that is not finite."""


def checked_metrics(schedule: Schedule, metric: Any, metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """Returns the metrics of a tick by name, as numbers. `metric` is the one that was passed by position, without a name.

    Raises `ScheduleError` for a metric that is not a number, and for one without a name unless the schedule follows exactly one metric.
    """
    values = dict(metrics)
    if metric is not None:
        names = schedule.metrics
        if len(names) != 1 or names[0] in values:
            follows = f"follows {', '.join(f'`{name}`' for name in names)}" if names else "follows no metric"
            name = names[0] if names else "val_loss"
            raise refuse("LR154", f"a metric was given by position, and the schedule {follows}", f"name it: `step({name}=...)`", str(schedule))
        values[names[0]] = metric
    return {name: _number(name, value, schedule) for name, value in values.items() if name in schedule.metrics or value is not None}


def _number(name: str, value: Any, schedule: Schedule) -> float | None:
    if value is None or name not in schedule.metrics:
        return None
    number = measured(value)
    if number is None:
        fault = "not a number" if exactly(value) is None else "too large for a double"
        raise refuse("LR154", f"`{shown(name)}` is {quoted(value)}, {fault}", "report a number, or None where there is none", str(schedule))
    return number


class Outcome(NamedTuple):
    """The result of one tick's reports: the new log, the watches whose event came, and the warnings to give."""

    log: Log
    fired: Sequence[Watch] = ()
    warnings: Sequence[str] = ()


class Log(NamedTuple):
    """A record of all reports so far, by the keys of watches: the ticks of the events, the state of each monitor, and the watches that were warned about."""

    events: Mapping[tuple[str, Exact], tuple[int, ...]] = {}
    states: Mapping[tuple[str, Exact], State] = {}
    warned: frozenset[tuple[str, Exact]] = frozenset()

    def observe(self, watches: Sequence[Watch], tick: int, metrics: Mapping[str, float | None]) -> Outcome:
        """Passes the metrics of the tick before `tick` to every watch that is active, and returns the outcome.

        The events count from `tick` on. Watches with the same key share one monitor and one event; it ends a phase if one of these watches ends one.
        """
        fired, warnings, states, warned = [], [], {**self.states}, self.warned
        active = [watch for watch in watches if watch.may_fire_at(tick)]
        if len(active) > 1:
            active.sort(key=lambda watch: watch.ends)
        for key, watch in {watch.key: watch for watch in active if watch.key is not None}.items():
            name = watch.monitor.metric
            if name not in metrics and key not in warned:
                warned |= {key}
                warnings.append(_missing(name, tick, metrics))
            value = metrics.get(name)
            if value is None:
                continue
            if not math.isfinite(value):
                warnings.append(f"`{name}` is {value} at tick {tick - 1}: {_NOT_FINITE[type(watch.monitor)]}")
            states[key], event = watch.monitor.observe(states.get(key, State()), value)
            if event:
                fired.append(watch)
        return Outcome(Log(self.events, states, warned), fired, warnings)

    def with_event(self, watch: Watch, tick: int) -> Log:
        """A copy with one more event."""
        assert watch.key is not None
        return self._replace(events={**self.events, watch.key: (*self.events.get(watch.key, ()), tick)})

    def only(self, watches: Iterable[Watch]) -> Log:
        """A copy that keeps nothing but the entries of these watches."""
        keys = {watch.key for watch in watches}
        events = {key: ticks for key, ticks in self.events.items() if key in keys}
        return Log(events, {key: state for key, state in self.states.items() if key in keys}, self.warned & keys)

    def rewound(self, tick: int) -> Log:
        """The log of a run that goes back to a tick: without later events, and with the monitors at their start."""
        events = {key: tuple(at for at in ticks if at <= tick) for key, ticks in self.events.items()}
        return Log({key: ticks for key, ticks in events.items() if ticks})

    def to_json(self) -> list[list[Any]]:
        """The log as plain JSON data: for each watch, its monitor, its first tick, the ticks of its events, and the monitor's state.

        It uses lists because a distributed checkpoint restores only those keys of a mapping that the new run's state has, and a new run has no watch yet.
        """
        keys = sorted({*self.events, *self.states})
        return [[key[0], plain(key[1]), list(self.events.get(key, ())), *self.states.get(key, State()).to_json()] for key in keys]

    @classmethod
    def from_json(cls, data: Any, tick: int) -> Log:
        """The log whose `to_json` at a tick gave these data. Raises `ValueError` for any other data."""
        events, states = {}, {}
        for row in _sequence(data):
            monitor, start, row_ticks, *state = _sequence(row)
            ticks = tuple(_sequence(row_ticks))
            in_order = all(type(at) is int and 0 <= at <= tick for at in ticks) and list(ticks) == sorted(set(ticks))
            if not isinstance(monitor, str) or len(state) != 3 or not in_order:
                raise ValueError(row)
            key = (monitor, unplain(start))
            if key in states:
                raise ValueError(key)
            states[key] = State.from_json(*state)
            if ticks:
                events[key] = ticks
        return cls(events, states)


def _sequence(data: Any) -> Sequence[Any]:
    """The data, if it is a list or tuple. Raises `ValueError` if it is not."""
    if not isinstance(data, list | tuple):
        raise ValueError(data)
    return data


def _missing(name: str, tick: int, metrics: Mapping[str, Any]) -> str:
    """The warning about a metric that was not reported."""
    near = did_you_mean(name, metrics)
    help = f"`{near}` was reported; did you mean that?" if near else f"Pass step({name}=...), or step({name}=None) if there is none."
    return f"`{name}` was not reported for tick {tick - 1}, which counts as no report. {help}"


#: How each monitor treats a number that is not finite.
_NOT_FINITE: dict[type[Monitor], str] = {
    Plateau: "a NaN is never better than the best report, and an infinite number is compared as it is",
    Crossing: "no comparison holds for it",
}
