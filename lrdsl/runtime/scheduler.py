"""`Scheduler`: stores the level of each tick in the param groups of an optimizer. It steps, seeks, replans, and saves and loads its state."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from lrdsl.arguments import one_of, quoted, string, whole_number
from lrdsl.arguments import schedule as written_schedule
from lrdsl.arguments import tick as checked_tick
from lrdsl.arguments import ticks as checked_ticks
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, did_you_mean, refuse
from lrdsl.expr.exact import nearest_number, plain
from lrdsl.plan import MOST_TICKS, Phase
from lrdsl.runtime.attaching import Attachment, Bases, Store, attach
from lrdsl.runtime.groups import LR, Group, assign_groups, name_of, quantities
from lrdsl.runtime.optimizers import each_of, joined, sizes_of
from lrdsl.runtime.replans import Course
from lrdsl.runtime.reports import Log, MetricWarning, check_no_epoch, checked_metrics, ends_step, quiet_ticks
from lrdsl.runtime.states import FORMAT, read_state
from lrdsl.runtime.values import Values, value_bases
from lrdsl.runtime.warnings import warn
from lrdsl.schedule import Schedule
from lrdsl.work import bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_MEAN = "mean"
#: The attributes that a copy or a pickle leaves out: they belong to the groups of this scheduler.
_BOUND = ("_attachment", "_groups", "_store")


class Scheduler:
    """A schedule at work on the param groups of an optimizer.

    The level at tick t is a function of t and of each group's base, so no rounding error accumulates, and `seek` costs no more than a step. `last_epoch` is
    the tick whose level is in force, as in torch. `base_lrs` are the bases of the groups: their `initial_lr` if they have one, else their `lr`. Other targets
    have their own bases, which the groups keep as `initial_momentum` and the like. Targets that are in no group are read by name: `scheduler["ema"]`.

    A call that raises changes neither the scheduler nor the groups.
    """

    last_epoch: int
    base_lrs: list[float]
    bases: dict[str, list[float | None]]
    schedule: Schedule
    _until: float
    _store: Store
    _attachment: Attachment
    _groups: list[Group]
    _count: int
    _levels: dict[str, float]

    def __init__(self, optimizer: Any, schedule: Schedule, reduce: str | None = _MEAN, values: Values = ()) -> None:
        self._set_schedule(schedule, reduce)
        self._attach(joined(optimizer, schedule), values)
        warn(self._attachment)

    def _set_schedule(self, schedule: Schedule, reduce: str | None) -> None:
        """Sets the schedule, with an empty log and no replans, and how the metrics of several processes are reduced."""
        if reduce is not None and reduce is not _MEAN:
            one_of("reduce", reduce, (_MEAN, "min", "max", "sum"), str(schedule))
        self.reduce = reduce
        self.schedule = schedule
        self.course = Course(schedule)
        self.log = Log()

    def _attach(self, optimizer: Any, values: Values) -> None:
        """Attaches the schedule to an optimizer, and stores the level of tick 0."""
        self.optimizer = optimizer
        self._levels = value_bases(values, self.schedule)
        bases: Bases = {name: [base] for name, base in self._levels.items()}
        self._move_to(0, attach(self.schedule, optimizer.param_groups, bases, self._levels, sizes_of(optimizer)))

    def __getstate__(self) -> dict[str, Any]:
        """The attributes that a copy or a pickle keeps."""
        return {name: value for name, value in vars(self).items() if name not in _BOUND}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind(attach(self.schedule, self.optimizer.param_groups, self.bases, self._levels, sizes_of(self.optimizer)))
        self._until = 0

    @property
    def replans(self) -> tuple[tuple[int, str], ...]:
        """The replans that the run still remembers one by one: the tick and the text of each."""
        return self.course.replans

    def _current(self) -> Attachment:
        """The attachment to the groups that the optimizer has now."""
        groups = self.optimizer.param_groups
        return self._attachment if self._attachment.matches(groups) else self._attachment.moved(groups, sizes_of(self.optimizer))

    def _move_to(self, tick: int, attachment: Attachment, log: Log | None = None, course: Course | None = None, overwrite: bool = False) -> None:
        """Moves to a tick: stores its levels in the groups, then takes over the attachment, the log and the course.

        `overwrite` says that bases in the groups are replaced. Nothing has changed if this raises.
        """
        until, store = attachment.store_from(tick)
        moves_on = attachment is getattr(self, "_attachment", None) and not overwrite
        snapshot = None if moves_on and attachment.plain else attachment.snapshot()
        try:
            store(tick)
            if not moves_on:
                attachment.write_bases(overwrite)
        except BaseException as error:  # raised by a group of the user's own class, or as the user stops the run
            if snapshot is not None:
                snapshot.restore()
            elif not isinstance(error, ScheduleError):  # which refuses before a level is stored
                attachment.restore(self.last_epoch)
            raise
        self._until, self._store = until, store
        self._bind(attachment)
        self.last_epoch = tick
        self.log = self.log if log is None else log
        self.course = self.course if course is None else course

    def _bind(self, attachment: Attachment) -> None:
        self._attachment, self._groups, self._count = attachment, attachment.groups, attachment.count
        self.schedule, self.bases, self.base_lrs = attachment.schedule, attachment.bases, cast("list[float]", attachment.bases[LR])

    def step(self, metric: Any = None, /, epoch: None = None, **metrics: Any) -> None:
        """Moves to the next tick, and stores its level in every group.

        Parameters: the metrics of the tick that ends, by name, as `step(val_loss=0.31)`; or `metric`, a number by position, if the schedule follows exactly
        one. Metrics that the schedule does not follow are ignored, by position too. `report` brings a metric without a tick.

        With `ticks_per_step`, a metric that is given in several ticks of one step counts once, at the end of the step. If a phase waits for a metric that is
        not reported, that counts as no report. Where it looks like a mistake there is a `MetricWarning`, once per phase; None says that there is no report. A
        NaN or infinite metric brings a warning each time: a plateau treats it as torch does (a NaN is never better), and no comparison holds for it.

        Raises `ScheduleError`, and changes nothing, for a metric that is not a number, and for an `epoch`, or a whole number where no metric is followed: see
        `seek`.

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
        if tick < self._until and metric is None and epoch is None and groups is self._groups and len(groups) == self._count:
            try:
                self._store(tick)
            except ScheduleError:  # refused before a level was stored
                raise
            except BaseException:  # as when the user stops the run: some groups may have the new level
                self._attachment.restore(tick - 1)
                raise
            self.last_epoch = tick
        else:
            self._advance(tick, metric, epoch, metrics)

    def report(self, metric: Any = None, /, **metrics: Any) -> None:
        """Brings metrics and no tick. They take effect with the next tick, and are saved with the state until then.

        The parameters are those of `step`. Of several reports of one metric in a step, the last counts. A schedule that follows no metric takes and ignores
        them, so that one program serves every text. `report()` says that reports will come, so that no warning asks for the first one. Processes that train
        together need not report equally often: the reports are reduced in `step`. Raises `ScheduleError`, and changes nothing, for a metric that is not a
        number.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("hold until val_loss < 0.3 then linear(2)", optimizer)
        >>> scheduler.report(val_loss=0.2)
        >>> for _ in range(2):
        ...     scheduler.step()
        ...     print(optimizer.param_groups[0]["lr"])
        1.0
        0.5
        """
        numbers = checked_metrics("report", self.schedule, metric, metrics)
        if any(watch.open_after(self.last_epoch) for watch in self._attachment.watches):
            log = self.log if numbers else self.log.expecting(self.schedule.metrics, False)
            self.log = log.taking(numbers).expecting([name for name, number in numbers.items() if number is not None], True)

    def _advance(self, tick: int, metric: Any, epoch: Any, metrics: Mapping[str, Any]) -> None:
        """Moves to a tick if the fast path of `step` is not enough: a new formula, new groups, or a metric."""
        if tick > MAX_TICKS:
            raise self._too_far(tick)
        attachment, log = self._current(), self.log
        if epoch is not None and "epoch" in attachment.schedule.metrics:
            metrics, epoch = {**metrics, "epoch": epoch}, None
        check_no_epoch(attachment.schedule, metric, epoch)
        numbers = checked_metrics("step", attachment.schedule, metric, metrics)
        if attachment.watches:
            log = log.taking(numbers)
            if ends_step(attachment.schedule.clock, tick):
                attachment, log, messages = self._observe(attachment, log, tick)
                for message in messages:  # a warning filter may turn it into an error, so nothing has changed yet
                    warnings.warn(message, MetricWarning, stacklevel=3)
        self._check_order(tick)
        self._move_to(tick, attachment, log)

    def _check_order(self, tick: int) -> None:
        """Warns if `step` is called before the optimizer's own step. Only torch's scheduler can tell."""

    def _too_far(self, tick: Any) -> ScheduleError:
        return refuse("LR152", f"tick is {quoted(tick)}", f"ticks run from 0 to {MAX_TICKS:.0e}", str(self.schedule))

    def _observe(self, attachment: Attachment, log: Log, tick: int) -> tuple[Attachment, Log, Sequence[str]]:
        """Passes the metrics of the step that ends to the watches. Returns an attachment whose schedule knows the events that came, the log, and warnings."""
        numbers = log.waiting
        if any(watch.may_fire_at(tick) for watch in attachment.watches):
            numbers = {**numbers, **self._reduced(numbers)}
            # What another process reported comes at a rhythm of its own.
            log = log.expecting([name for name in numbers if name not in log.waiting], True)
        outcome = log.observe(attachment.watches, tick, numbers, quiet_ticks(attachment.schedule.clock, self._ticks_by_step(tick)))
        log = outcome.log
        for watch in outcome.fired:
            extended = log.with_event(watch, tick)
            schedule = attachment.schedule.after(extended.events)
            if watch.ends or attachment.differs(schedule, tick):  # an event that changes no level is not remembered: all groups are at their least level
                log, attachment = extended, attachment.attached(schedule)
        return attachment, log, outcome.warnings

    def _ticks_by_step(self, tick: int) -> bool:  # noqa: ARG002
        """Whether each tick before this one was one step of the optimizer. Only torch's scheduler can tell."""
        return False

    def _reduced(self, metrics: Mapping[str, float | None]) -> Mapping[str, float | None]:
        """Reduces the metrics over all processes of the run. Here there is one process."""
        return metrics

    def seek(self, tick: int) -> None:
        """Moves to any tick, forward or back, in constant time, and stores its levels.

        If the schedule follows metrics: no reports are made up for the ticks between; going back forgets the events after that tick, and the monitors start
        anew. Raises `ScheduleError` for a tick before the plans that the run remembers (see `replan`), and, as `step` does, for a tick at which a `cumprod`
        needs more than 4 million factors.
        """
        tick = whole_number("tick", tick, "seek to a whole tick, from 0", high=MAX_TICKS, text=str(self.schedule))
        self._check_remembered(tick)
        attachment, log = self._current(), self.log
        if tick < self.last_epoch and (log.states or log.events or log.waiting):
            log = log.rewound(tick)
            attachment = attachment.attached(self.schedule.after(log.events))
        self._move_to(tick, attachment, log)

    def _check_remembered(self, tick: float) -> None:
        """Raises `ScheduleError` for a tick before the plans that the run remembers."""
        if tick < self.course.first:
            first = self.course.first
            message = f"tick {tick:g} lies before tick {first}: the run was replanned so often that its earlier plans are forgotten"
            raise refuse("LR152", message, f"ask for ticks from {first} on", str(self.schedule))

    def replan(self, text: str) -> None:
        """Replaces the rest of the run: from the present tick and level on, the scheduler follows another text.

        The schedule becomes `(the old one) for TICK then (text)`; see `Schedule.replanned`. The run remembers its last replans one by one, and folds older
        ones into one plan, so that earlier ticks are forgotten. Raises `ScheduleError`, and changes nothing, for a wrong text.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("hold(1000)", optimizer)
        >>> scheduler.seek(10)
        >>> scheduler.replan("linear(4)")
        >>> scheduler.values(16).tolist()[9:]
        [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
        """
        text = written_schedule("the text", text, text=str(self.schedule))
        current = self._current()
        with bounded(text):
            course, schedule = self.course.replanned(self.last_epoch, text, self.log.events, current.bases, current.groups)
        attachment = current.attached(schedule)
        self._move_to(self.last_epoch, attachment, self.log.only(attachment.watches), course)

    def get_last_lr(self) -> list[float]:
        """The learning rates in force, one for each group; if the schedule does not set a group's rate, the rate that the group holds."""
        tick, groups = self.last_epoch, self.optimizer.param_groups
        scheduled = {id(group): track.evaluator.level(tick, base) for track in self._attachment.tracks if track.key == LR for group, base in track.slots}
        return [scheduled[id(group)] if id(group) in scheduled else float(group[LR]) for group in groups]

    def __getitem__(self, name: str) -> float:
        """The level in force of a target that is in no param group, and that `values` named.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("lr = hold; ema = linear(4, from=0.5, to=0.9)", optimizer, values=("ema",))
        >>> scheduler.step()
        >>> scheduler["ema"]
        0.6
        """
        if isinstance(name, str) and name in self._levels:
            return self._levels[name]
        near = did_you_mean(name, self._levels) if isinstance(name, str) else None
        names = ", ".join(f"`{value}`" for value in self._levels)
        if isinstance(name, str) and name in quantities(self.schedule.targets):
            help = "read it from the param groups: `optimizer.param_groups[0]`"
        else:
            help = f"did you mean `{near}`?" if near else f"`values` names {names}" if names else 'name it: `compile(..., values=("ema",))`'
        raise refuse("LR153", f"{quoted(name)} is not one of the `values` of this scheduler", help, str(self.schedule))

    def _driver(self, quantity: str, group: int) -> tuple[str, float]:
        """The name of the target that sets a quantity (`lr`, `betas[0]`) of a group, and the group's base."""
        index, text = whole_number("group", group, "give the index of a param group, from 0", high=MAX_TICKS, text=str(self.schedule)), str(self.schedule)
        attachment = self._current()
        targets = quantities(attachment.schedule.targets).get(string("the target", quantity, 'give its key: `target="lr"`', text), [])
        if quantity in attachment.values:
            return targets[0].name, cast(float, attachment.bases[quantity][0])
        for target, indices in assign_groups(targets, attachment.groups, attachment.schedule):
            if index in indices:
                return target.name, cast(float, attachment.bases[quantity][index])
        raise refuse("LR153", f"{quoted(quantity)} of param group {index} is not scheduled", "ask for a target of the schedule", text)

    def at(self, tick: float, group: int = 0, target: str = LR) -> float:
        """The level of a group at any tick; the optimizer is not touched. `target` is a key, as `"momentum"` or `"betas[0]"`."""
        name, base = self._driver(target, group)
        self._check_remembered(checked_tick(tick, MAX_TICKS, str(self.schedule)))
        return self.schedule.at(tick, base, name)

    def values(self, ticks: ArrayLike, group: int = 0, target: str = LR) -> NDArray[np.float64]:
        """The levels of a group at ticks 0 .. n - 1, or at an array of ticks; the optimizer is not touched."""
        name, base = self._driver(target, group)
        at = checked_ticks(ticks, MAX_TICKS, MOST_TICKS, str(self.schedule))
        if at.size:
            self._check_remembered(float(at.min()))
        return self.schedule.values(at, base, name)

    @property
    def phase(self) -> Phase:
        """The phase in force, of the main target: `lr`, or the first target if there is no `lr`."""
        return self.schedule.phases[self.schedule.plan.phase_at(self.last_epoch)]

    @property
    def finished(self) -> bool:
        """Whether every target has run its length; an endless schedule never finishes."""
        return self.remaining == 0

    @property
    def remaining(self) -> int | float | None:
        """The ticks to the end of the longest target; None if a target is endless, or ends by an event that has not come yet."""
        lengths = [t.plan.length for t in self.schedule.targets]
        finite = [n for n in lengths if n is not None]
        if len(finite) < len(lengths):
            return None
        ticks = max(max(finite) - self.last_epoch, max(finite) * 0)
        return nearest_number(ticks)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as plain JSON data.

        It has the text, its replans, the clock, the values of names, the tick, the log of metrics, the reports that wait, the bases, and the names of the
        groups of each optimizer.
        """
        return {
            "format": FORMAT,
            "schedule": str(self.course.planned),
            "folded": None if self.course.folded is None else list(self.course.folded),
            "replans": [list(replan) for replan in self.course.replans],
            "clock": self.schedule.clock.facts(),
            "names": {name: plain(value) for name, value in self.schedule.names},
            "last_epoch": self.last_epoch,
            "watches": self.log.to_json(),
            "reports": self.log.waiting_to_json(),
            "bases": {name: list(bases) for name, bases in self.bases.items()},
            "groups": [[name_of(group) for group in one.param_groups] for one in each_of(self.optimizer)],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], migrate: bool = False) -> None:
        """Goes on from a saved state, and stores its levels in the groups.

        The replans of the saved run hold for this one too. Raises `ScheduleError`, and changes nothing, if the state is damaged, or belongs to another
        schedule, another clock or another number of groups. With `migrate=True` it accepts the state of another schedule: this scheduler then goes on from
        the saved tick, and ignores the saved replans and events.
        """
        text = str(self.schedule)
        if not isinstance(migrate, bool):
            raise refuse("LR152", f"migrate is {quoted(migrate)}", "it is True or False", text)
        groups = self.optimizer.param_groups
        counts = {name: 1 if name in self._levels else len(groups) for name in self.bases}
        state = read_state(state_dict, self.state_dict(), self.course, counts, migrate, text)
        with bounded(text):
            schedule = state.course.schedule(state.log.events)
        bases: Bases = {**{name: self.bases[name] for name in self._levels}, **state.bases}
        attachment = attach(schedule, groups, bases, self._levels, sizes_of(self.optimizer))
        if state.log.only(attachment.watches) != state.log:
            raise refuse("LR151", "the state has reports of a metric that the schedule does not watch", "load a state that was saved whole", text)
        self._move_to(state.tick, attachment, state.log, state.course, overwrite=True)
