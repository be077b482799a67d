"""The scheduler: one tick at a time, into the param groups of an optimizer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdsl.arguments import one_of, quoted, string, whole_number
from lrdsl.arguments import tick as checked_tick
from lrdsl.arguments import ticks as checked_ticks
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr.exact import plain
from lrdsl.plan import MOST_TICKS, Phase
from lrdsl.runtime.attaching import LR, Attached, Store, attached, groups_of
from lrdsl.runtime.groups import Group, chosen, quantities
from lrdsl.runtime.replans import Course
from lrdsl.runtime.reports import Log, MetricWarning, Taken, reported
from lrdsl.runtime.states import FORMAT, saved
from lrdsl.schedule import Schedule
from lrdsl.work import bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_MEAN = "mean"
#: What a copy or a pickle leaves out: the code that is bound to the groups of one scheduler.
_BOUND = ("_attached", "_groups", "_store")


class Scheduler:
    """A schedule at work on the param groups of an optimizer.

    The level at tick t is a function of t and of each group's base, so nothing accumulates and `seek` is free. `last_epoch` is the tick whose level is in
    force, as torch names it; `base_lrs` are the groups' bases: their `initial_lr` if they have one, else the `lr` they came with. What else a file schedules
    has bases of its own, kept under `initial_momentum` and the like.

    A call that raises has changed nothing: neither the scheduler nor the groups.
    """

    last_epoch: int
    base_lrs: list[float]
    bases: dict[str, list[float]]
    schedule: Schedule
    _until: float
    _store: Store
    _attached: Attached
    _groups: list[Group]
    _count: int

    def __init__(self, optimizer: Any, schedule: Schedule, reduce: str | None = _MEAN) -> None:
        self._begin(schedule, reduce)
        self._drive(optimizer)

    def _begin(self, schedule: Schedule, reduce: str | None) -> None:
        """A schedule that nothing has happened to yet, and how the metrics of several processes become one."""
        if reduce is not None and reduce is not _MEAN:
            one_of("reduce", reduce, (_MEAN, "min", "max", "sum"), str(schedule))
        self.reduce = reduce
        self.schedule = schedule
        self.course = Course(schedule)
        self.log = Log()

    def _drive(self, optimizer: Any) -> None:
        """Take up an optimizer, and store the level of tick 0."""
        self.optimizer = optimizer
        self._come(0, attached(self.schedule, groups_of(optimizer, self.schedule), {}))

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds."""
        return {name: value for name, value in vars(self).items() if name not in _BOUND}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind(attached(self.schedule, self.optimizer.param_groups, self.bases))
        self._until = 0

    @property
    def replans(self) -> tuple[tuple[int, str], ...]:
        """The replans that the run remembers as they were: the tick and the text of each."""
        return self.course.replans

    def _now(self) -> Attached:
        """The schedule and the groups that the optimizer has now."""
        groups = self.optimizer.param_groups
        return self._attached if self._attached.fits(groups) else attached(self.schedule, groups, self.bases)

    def _come(self, tick: int, bound: Attached, log: Log | None = None, course: Course | None = None, groups_have: bool = True) -> None:
        """Come to a tick: take up the formulas in force there, and store their levels.

        All that may be refused is refused before anything is changed.
        """
        until, store = bound.entering(tick)
        before = bound.held()
        try:
            store(tick)
            if bound is not getattr(self, "_attached", None) or not groups_have:
                bound.keep_bases(groups_have)
        except BaseException:  # of a group of the host's own
            before.put_back()
            raise
        self._until, self._store = until, store
        self._bind(bound)
        self.last_epoch = tick
        self.log = self.log if log is None else log
        self.course = self.course if course is None else course

    def _bind(self, bound: Attached) -> None:
        self._attached, self._groups, self._count = bound, bound.groups, bound.count
        self.schedule, self.bases, self.base_lrs = bound.schedule, bound.bases, bound.bases[LR]

    def step(self, metric: Any = None, /, **metrics: Any) -> None:
        """Move one tick on, and store the new level in every group.

        Parameters, for a schedule that follows metrics: what the tick that ends has come to, by name, as `step(val_loss=0.31)`; `metric`, by position, is the
        one metric that the schedule follows. Metrics that it does not follow are left alone. One that a phase in force waits for and that is missing counts as
        no report, and brings a `MetricWarning`, once a phase; None says that there is none. A NaN or infinite one brings a warning each time: a plateau takes
        it as torch does (a NaN is never better), a comparison takes neither. Raises `ScheduleError`, and changes nothing, for a metric that is not a number.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("hold until val_loss < 0.3 then linear(2)", optimizer)
        >>> for loss in (0.5, 0.2, 0.1, 0.1):
        ...     scheduler.step(val_loss=loss)
        ...     print(optimizer.param_groups[0]["lr"])
        1.0
        1.0
        0.5
        0.0
        """
        tick = self.last_epoch + 1
        groups = self.optimizer.param_groups
        if tick < self._until and metric is None and groups is self._groups and len(groups) == self._count:
            try:
                self._store(tick)
            except BaseException:  # of a group of the host's own: those before it have the new level
                self._attached.put_back(tick - 1)
                raise
            self.last_epoch = tick
        else:
            self._advance(tick, metric, metrics)

    def _advance(self, tick: int, metric: Any, metrics: Mapping[str, Any]) -> None:
        """Come to a tick by a step that is not like the one before."""
        if tick > MAX_TICKS:
            raise self._too_far(tick)
        bound, log = self._now(), self.log
        if bound.watches or metric is not None:
            bound, taken = self._reported(bound, tick, metric, metrics)
            log = taken.log
            for warning in taken.warnings:  # which may be an error to some
                warnings.warn(warning, MetricWarning, stacklevel=3)
        self._heed(tick)
        self._come(tick, bound, log)

    def _heed(self, tick: int) -> None:
        """Warn of what is odd about a step, before it is made."""

    def _too_far(self, tick: Any) -> ScheduleError:
        return refuse("LR152", f"tick is {quoted(tick)}", f"ticks run from 0 to {MAX_TICKS:.0e}", str(self.schedule))

    def _reported(self, bound: Attached, tick: int, metric: Any, metrics: Mapping[str, Any]) -> tuple[Attached, Taken]:
        """What the metrics of the tick that ends come to; where an event comes, the schedule goes on as it says for that."""
        numbers = reported(bound.schedule, metric, metrics)
        if any(watch.sees(tick) for watch in bound.watches):
            numbers = self._agreed(numbers)
        taken = self.log.taking(bound.watches, tick, numbers)
        log = taken.log
        if not taken.came:
            return bound, taken
        for watch in taken.came:
            further = log.with_event(watch, tick)
            schedule = bound.schedule.after(further.events)
            if watch.ends or bound.differs(schedule, tick):  # else all groups are as low as they go, and it is not worth remembering
                log, bound = further, attached(schedule, bound.groups, bound.bases)
        return bound, Taken(log, taken.came, taken.warnings)

    def _agreed(self, metrics: dict[str, float | None]) -> dict[str, float | None]:
        """The metrics that all processes of a run go by."""
        return metrics

    def seek(self, tick: int) -> None:
        """Go to a tick, forward or back, in constant time, and store its levels.

        Where a schedule follows metrics: nothing is reported on the way; going back forgets the events that came after that tick, and monitors start anew.
        Raises `ScheduleError` for a tick whose plan a run that was replanned often has forgotten, see `replan`, and, as `step` does, for one that a `cumprod`
        would need more than 4 million factors for.
        """
        tick = whole_number("tick", tick, "seek to a whole tick, from 0", high=MAX_TICKS, text=str(self.schedule))
        self._remembered(tick)
        bound, log = self._now(), self.log
        if tick < self.last_epoch and (log.states or log.events):
            log = log.until(tick)
            bound = attached(self.schedule.after(log.events), bound.groups, self.bases)
        self._come(tick, bound, log)

    def _remembered(self, tick: float) -> None:
        """Refuse a tick that lies before the plans that are remembered."""
        if tick < self.course.first:
            first = self.course.first
            message = f"tick {tick:g} lies before tick {first}, and of a run that is replanned often, the last plans alone are kept"
            raise refuse("LR152", message, f"ask for ticks from {first} on", str(self.schedule))

    def replan(self, text: str) -> None:
        """Change the rest of the run: from the present tick and level on, follow another schedule.

        The schedule becomes `(what it was) for TICK then (text)`; see `Schedule.replanned`. Raises `ScheduleError`, and changes nothing, for a wrong text.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("hold(1000)", optimizer)
        >>> scheduler.seek(10)
        >>> scheduler.replan("linear(4)")
        >>> scheduler.values(16).tolist()[9:]
        [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
        """
        text = string("the text", text, "give the schedule as a string", str(self.schedule))
        now = self._now()
        with bounded(text):
            course, schedule = self.course.replanned(self.last_epoch, text, self.log.events, now.bases)
        bound = attached(schedule, now.groups, self.bases)
        self._come(self.last_epoch, bound, self.log.of(bound.watches), course)

    def get_last_lr(self) -> list[float]:
        """The learning rates in force, one for each group; a group whose rate is not scheduled has its own."""
        tick, groups = self.last_epoch, self.optimizer.param_groups
        scheduled = {id(group): track.evaluator.level(tick, base) for track in self._attached.tracks if track.key == LR for group, base in track.slots}
        return [scheduled[id(group)] if id(group) in scheduled else float(group[LR]) for group in groups]

    def _driven(self, target: str, group: int) -> tuple[str, float]:
        """The name of the target that drives a quantity of a group, and the group's base."""
        number, text = whole_number("group", group, "give the index of a param group, from 0", high=MAX_TICKS, text=str(self.schedule)), str(self.schedule)
        bound = self._now()
        of = quantities(self.schedule.targets).get(string("the target", target, 'give its key: `target="lr"`', text), [])
        for driver, numbers in chosen(of, bound.groups, self.schedule):
            if number in numbers:
                return driver.name, bound.bases[target][number]
        raise refuse("LR153", f"{quoted(target)} of param group {number} is not scheduled", "ask for a target of the schedule", text)

    def at(self, tick: float, group: int = 0, target: str = LR) -> float:
        """The level of a group at any tick; the optimizer is not touched. `target` is a key, as `"momentum"` or `"betas[0]"`."""
        name, base = self._driven(target, group)
        self._remembered(checked_tick(tick, MAX_TICKS, str(self.schedule)))
        return self.schedule.at(tick, base, name)

    def values(self, ticks: ArrayLike, group: int = 0, target: str = LR) -> NDArray[np.float64]:
        """The levels of a group at ticks 0 .. n - 1, or at an array of ticks; the optimizer is not touched."""
        name, base = self._driven(target, group)
        at = checked_ticks(ticks, MAX_TICKS, MOST_TICKS, str(self.schedule))
        if at.size:
            self._remembered(float(at.min()))
        return self.schedule.values(at, base, name)

    @property
    def phase(self) -> Phase:
        """The phase in force, of the main target."""
        return self.schedule.phases[self.schedule.plan.phase_at(self.last_epoch)]

    @property
    def finished(self) -> bool:
        """Whether every target has run its length; what is endless never finishes."""
        return self.remaining == 0

    @property
    def remaining(self) -> int | float | None:
        """Ticks to the end of the last phase of the longest target; None where one is endless, or ends when something happens that has not happened yet."""
        lengths = [t.plan.length for t in self.schedule.targets]
        known = [n for n in lengths if n is not None]
        if len(known) < len(lengths):
            return None
        left = max(max(known) - self.last_epoch, max(known) * 0)
        return left.numerator if left.denominator == 1 else float(left)

    def state_dict(self) -> dict[str, Any]:
        """The state as plain JSON data: the text, where and how it was replanned, the clock, the host's names, the tick, what the watches of
        metrics have seen, and the bases."""
        return {
            "format": FORMAT,
            "schedule": str(self.course.planned),
            "folded": None if self.course.folded is None else list(self.course.folded),
            "replans": [list(replan) for replan in self.course.replans],
            "clock": self.schedule.clock.facts(),
            "names": {name: plain(value) for name, value in self.schedule.names},
            "last_epoch": self.last_epoch,
            "watches": self.log.to_json(),
            "bases": {name: list(bases) for name, bases in self.bases.items()},
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], migrate: bool = False) -> None:
        """Go on from a saved state, and store its levels in the groups.

        Where the saved run was replanned, so is this one. Raises `ScheduleError`, and changes nothing, where the state is damaged, or of another schedule,
        clock or number of groups. With `migrate=True` another schedule is accepted: this one goes on from the tick of that one, and knows nothing of
        its events.
        """
        text = str(self.schedule)
        if not isinstance(migrate, bool):
            raise refuse("LR152", f"migrate is {quoted(migrate)}", "it is True or False", text)
        groups = self.optimizer.param_groups
        state = saved(state_dict, self.state_dict(), self.course, len(groups), migrate, text)
        with bounded(text):
            schedule = state.course.schedule(state.log.events)
        bound = attached(schedule, groups, state.bases)
        if state.log.of(bound.watches) != state.log:
            raise refuse("LR151", "the state says of metrics what the schedule does not watch", "load a state that was saved whole", text)
        self._come(state.tick, bound, state.log, state.course, groups_have=False)
