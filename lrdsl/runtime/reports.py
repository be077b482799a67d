"""Reports of metrics: the check of what a run passes to `step`, and the log of what the monitors remember and of the events that came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

from lrdsl.arguments import exactly, measured, quoted, whole
from lrdsl.clock import Clock
from lrdsl.diagnostics import refuse, shown
from lrdsl.expr.exact import Exact, plain, unplain
from lrdsl.metrics import Crossing, Monitor, Plateau, State, finite_json, number_of_json
from lrdsl.plan import Watch
from lrdsl.runtime import advice
from lrdsl.schedule import Schedule


class MetricWarning(UserWarning):
    """The phase in force waits for a metric, and the run did not report it, or reported a number that is not finite."""


def checked_metrics(method: str, schedule: Schedule, metric: Any, metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """Returns the metrics that `method`, "step" or "report", was given, by name, as numbers.

    `metric` is the one that was passed by position, without a name; a schedule without metrics ignores it.
    Metrics that the schedule does not follow come back as None: their names help to say what a misspelled one should be. Raises `ScheduleError` for a metric
    that is not a number, and for one without a name if the schedule follows several.
    """
    if metric is None and not metrics:
        return {}
    names, values = schedule.metrics, dict(metrics)
    if not names and metric is not None and not _may_be_number(metric):
        raise refuse("LR154", f"a metric is {quoted(metric)}, not a number", "report a number, or nothing", str(schedule))
    if metric is not None and names:
        if len(names) > 1 or names[0] in values:
            follows = ", ".join(f"`{shown(name)}`" for name in names)
            message = f"a metric was given by position, and the schedule follows {follows}"
            raise refuse("LR154", message, advice.nameless(method, names[0]), str(schedule))
        values[names[0]] = metric
    return {name: _number(name, value, schedule) for name, value in values.items() if name in names or value is not None}


def _may_be_number(metric: Any) -> bool:
    """Whether a thing has the type of a number. It is not read: to read a tensor may take time."""
    if hasattr(metric, "dtype"):
        return getattr(metric.dtype, "kind", "f") in "iuf"
    return hasattr(type(metric), "__float__")


def _number(name: str, value: Any, schedule: Schedule) -> float | None:
    if value is None or name not in schedule.metrics:
        return None
    number = measured(value)
    if number is None:
        fault = "not a number" if exactly(value) is None else "too large for a double"
        raise refuse("LR154", f"`{shown(name)}` is {quoted(value)}, {fault}", "report a number, or None where there is none", str(schedule))
    return number


def check_no_epoch(schedule: Schedule, metric: Any, epoch: Any) -> None:
    """Raises `ScheduleError` if `step` gets an epoch, as `step(5)` or `step(epoch=5)`, since only `seek` goes to a tick.

    By position a whole number is an epoch where the schedule follows no metric. A float or a tensor is a metric.
    """
    if epoch is None and (metric is None or schedule.metrics or not isinstance(metric, Integral)):
        return
    value, way = (metric, "") if epoch is None else (epoch, "epoch=")
    tick = whole(value)
    help = f"go to that tick with `seek({'...' if tick is None else quoted(tick)})`"
    raise refuse("LR152", f"`step({way}{quoted(value)})` names an epoch, and a step goes to the next tick", help, str(schedule))


def quiet_ticks(clock: Clock, by_step: bool) -> float:
    """Returns how many ticks a phase may wait for its first report before that looks like a mistake.

    A run that ticks by the step may measure once an epoch: that is one epoch, else a tenth of the run, else 1000 steps. A run ticks by the step if its clock
    has facts about steps, or if `by_step`, the optimizer was seen to. Any other may tick once an epoch, and measure each time.
    """
    per_step = clock.ticks_per_step or 1
    if clock.tick == "epoch":
        return 0
    if clock.steps_per_epoch is not None:
        return float(clock.steps_per_epoch * per_step)
    if clock.total_steps is not None:
        return float(clock.total_steps * per_step) / 10
    return float(1000 * per_step) if by_step or set(clock.given()) != {"tick"} else 0


def ends_step(clock: Clock, tick: int) -> bool:
    """Whether a tick is the last of an optimizer step. With `ticks_per_step`, a launcher calls `step` several times in each."""
    per_step = clock.ticks_per_step or 1
    return per_step <= 1 or tick // per_step != (tick - 1) // per_step


class Outcome(NamedTuple):
    """The result of one tick's reports: the new log, the watches whose event came, and the warnings to give."""

    log: Log
    fired: Sequence[Watch] = ()
    warnings: Sequence[str] = ()


class Log(NamedTuple):
    """A record of all reports so far. By the keys of watches: the ticks of the events, the state of each monitor, and the watches that were warned about.

    By the names of metrics: the reports that are `waiting` for the end of the step, and the metrics that come `apart` from ticks, by `report`, with whether
    one has come.
    """

    events: Mapping[tuple[str, Exact], tuple[int, ...]] = {}
    states: Mapping[tuple[str, Exact], State] = {}
    warned: frozenset[tuple[str, Exact]] = frozenset()
    waiting: Mapping[str, float | None] = {}
    apart: Mapping[str, bool] = {}

    def taking(self, metrics: Mapping[str, float | None]) -> Log:
        """A copy in which these reports wait too. A later report of a metric replaces an earlier one, so that a metric counts once in a step."""
        if not metrics:
            return self
        return self._replace(waiting={**self.waiting, **{name: value for name, value in metrics.items() if value is not None or name not in self.waiting}})

    def expecting(self, names: Iterable[str], come: bool) -> Log:
        """A copy that knows that these metrics come apart from ticks, and whether they have come."""
        return self._replace(apart={**self.apart, **{name: come or self.apart.get(name, False) for name in names}})

    def observe(self, watches: Sequence[Watch], tick: int, metrics: Mapping[str, float | None], quiet: float) -> Outcome:
        """Passes the metrics of the step before `tick` to every watch that is active, and returns the outcome.

        The events count from `tick` on. Watches with the same key share one monitor and one event; it ends a phase if one of these watches ends one. A phase
        may wait `quiet` ticks for its first report before there is a warning; not where a framework runs the loop, and no callback has said that it reports.
        """
        fired, warnings, states, warned = [], [], {**self.states}, self.warned
        active = [watch for watch in watches if watch.may_fire_at(tick)]
        if len(active) > 1:
            active.sort(key=lambda watch: watch.ends)
        for key, watch in {watch.key: watch for watch in active if watch.key is not None}.items():
            name = watch.monitor.metric
            if name not in metrics and key not in warned and self._misses(watch, tick, metrics, quiet):
                warned |= {key}
                warnings.append(advice.missing(name, tick - 1, metrics, by_step=key in states and name not in self.apart))
            value = metrics.get(name)
            if value is None:
                continue
            if not math.isfinite(value):
                warnings.append(f"`{name}` is {value} at tick {tick - 1}: {_NOT_FINITE[type(watch.monitor)]}")
            states[key], event = watch.monitor.observe(states.get(key, State()), value)
            if event:
                fired.append(watch)
        return Outcome(self._replace(states=states, warned=warned, waiting={}), fired, warnings)

    def _misses(self, watch: Watch, tick: int, metrics: Mapping[str, Any], quiet: float) -> bool:
        """Whether a step without a report for a watch looks like a mistake."""
        name = watch.monitor.metric
        if self.apart.get(name):  # it comes at a rhythm of its own
            return False
        if metrics:  # the run reported others
            return True
        assert watch.start is not None
        return name not in self.apart and (watch.key in self.states or tick - watch.start > quiet or advice.only_callbacks_report())

    def with_event(self, watch: Watch, tick: int) -> Log:
        """A copy with one more event."""
        assert watch.key is not None
        return self._replace(events={**self.events, watch.key: (*self.events.get(watch.key, ()), tick)})

    def only(self, watches: Iterable[Watch]) -> Log:
        """A copy that keeps nothing but the entries of these watches and of their metrics."""
        watches = tuple(watches)
        keys, names = {watch.key for watch in watches}, {watch.monitor.metric for watch in watches}
        return Log(
            {key: ticks for key, ticks in self.events.items() if key in keys},
            {key: state for key, state in self.states.items() if key in keys},
            self.warned & keys,
            {name: value for name, value in self.waiting.items() if name in names},
            self.apart,
        )

    def rewound(self, tick: int) -> Log:
        """The log of a run that goes back to a tick: without later events and waiting reports, and with the monitors at their start."""
        events = {key: tuple(at for at in ticks if at <= tick) for key, ticks in self.events.items()}
        return Log({key: ticks for key, ticks in events.items() if ticks}, apart=self.apart)

    def to_json(self) -> list[list[Any]]:
        """The log as plain JSON data: for each watch, its monitor, its first tick, the ticks of its events, and the monitor's state.

        It uses lists because a distributed checkpoint restores only those keys of a mapping that the new run's state has, and a new run has no watch yet.
        """
        keys = sorted({*self.events, *self.states})
        return [[key[0], plain(key[1]), list(self.events.get(key, ())), *self.states.get(key, State()).to_json()] for key in keys]

    def waiting_to_json(self) -> list[list[Any]]:
        """The reports that wait as plain JSON data: names and numbers."""
        return [[name, finite_json(value)] for name, value in sorted(self.waiting.items()) if value is not None]

    @classmethod
    def from_json(cls, data: Any, waiting: Any, tick: int) -> Log:
        """The log whose `to_json` and `waiting_to_json` at a tick gave these data. Raises `ValueError` for any other data."""
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
        reports = {}
        for row in _sequence(waiting):
            name, value = _sequence(row)
            if not isinstance(name, str) or name in reports:
                raise ValueError(row)
            reports[name] = number_of_json(value)
        # A run that goes on was warned before, if it had to be.
        return cls(events, states, frozenset(states), reports)


def _sequence(data: Any) -> Sequence[Any]:
    """The data, if it is a list or tuple. Raises `ValueError` if it is not."""
    if not isinstance(data, list | tuple):
        raise ValueError(data)
    return data


#: How each monitor treats a number that is not finite.
_NOT_FINITE: dict[type[Monitor], str] = {
    Plateau: "a NaN is never better than the best report, and an infinite number is compared as it is",
    Crossing: "no comparison holds for it",
}
