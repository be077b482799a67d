"""`Scheduler`: stores the level of each tick in the param groups of an optimizer. It steps, seeks, replans, and loads its state."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import attrs

from lrdsl.arguments import one_of, quoted
from lrdsl.arguments import schedule as written_schedule
from lrdsl.arguments import tick as checked_tick
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.runtime.attached import Attached
from lrdsl.runtime.attaching import Attachment, GroupBases, Notice, attach
from lrdsl.runtime.bases import Bases
from lrdsl.runtime.cautions import notices, register
from lrdsl.runtime.groups import LR, Group
from lrdsl.runtime.loading import OPTIMIZER, SAVED, checked_loading
from lrdsl.runtime.optimizers import joined, sizes_of
from lrdsl.runtime.progress import observe
from lrdsl.runtime.rebasing import index_of, rebased, strayed, with_rate, with_rates
from lrdsl.runtime.rehearsing import rehearse
from lrdsl.runtime.replans import Course, new_total, without_rest
from lrdsl.runtime.reports import Log, MetricWarning, check_no_epoch, checked_metrics, ends_step
from lrdsl.runtime.values import Values, value_bases
from lrdsl.runtime.warnings import caution, warn
from lrdsl.schedule import Schedule
from lrdsl.schedule.source import Replan
from lrdsl.work import bounded

_MEAN = "mean"
#: After so many ticks at the most, `step` looks whether the groups are as it left them.
_GLANCE = 1024


class Scheduler(Attached):
    """A schedule at work on the param groups of an optimizer.

    The level at tick t is a function of t and of each group's base, so no rounding error accumulates, and `seek` costs no more than a step. `last_epoch` is
    the tick whose level is in force, as in torch. `base_lrs` are the bases of the groups: their `initial_lr` if they have one, else their `lr`. Other targets
    have their own bases, which the groups keep as `initial_momentum` and the like. Targets that are in no group are read by name: `scheduler["ema"]`.

    A call that raises changes neither the scheduler nor the groups.
    """

    _slow = False  # whether each call of `step` takes the slow path

    def __init__(
        self, optimizer: Any, schedule: Schedule, reduce: str | None = _MEAN, values: Values = (), *, migrate: bool = False, bases: str = SAVED
    ) -> None:
        self._set_schedule(schedule, reduce, migrate, bases)
        self._attach(joined(optimizer, schedule), values)

    def _set_schedule(self, schedule: Schedule, reduce: str | None, migrate: bool, bases: str) -> None:
        """Sets the schedule, with an empty log and no replans, how the metrics of several processes are reduced, and how a state will be loaded."""
        if reduce is not None and reduce is not _MEAN:
            one_of("reduce", reduce, (_MEAN, "min", "max", "sum"), str(schedule))
        self._migrate, self._keep = checked_loading(migrate, bases, schedule)
        self.reduce, self.schedule, self.course, self.log = reduce, schedule, Course(schedule), Log()
        self._warned = False
        self._unsaid: Warning | None = None

    def _attach(self, optimizer: Any, values: Values, others: Iterable[Group] = ()) -> None:
        """Attaches the schedule to an optimizer, gives the warnings, and stores the level of tick 0. `others` are groups that may share a tensor with it."""
        self.optimizer, self._levels = optimizer, value_bases(values, self.schedule)
        bases: GroupBases = {name: [base] for name, base in self._levels.items()}
        attachment = attach(self.schedule, optimizer.param_groups, bases, self._levels, sizes_of(optimizer))
        remedies = tuple(self._notices(attachment))
        for notice in remedies:
            caution(notice, self.schedule)
        warn(attachment)
        self._move_to(0, attachment, others=others)
        rehearse(self._attachment)
        self._warned_of_others = bool(remedies)
        register(self)

    def _notices(self, attachment: Attachment) -> Iterable[Notice]:
        """The warnings to give when the schedule is attached."""
        return notices(attachment, self.optimizer)

    def _move_to(
        self, tick: float, attachment: Attachment, log: Log | None = None, course: Course | None = None, overwrite: bool = False, others: Iterable[Group] = ()
    ) -> None:
        """Moves to a tick: stores its levels in the groups, then takes over the attachment, the log and the course.

        `overwrite` says that bases in the groups are replaced; `others` are groups with which none may share a tensor. Nothing has changed if this raises.
        """
        moves_on = attachment is getattr(self, "_attachment", None)
        for notice in () if moves_on else attachment.notices:  # a warning filter may turn it into an error
            caution(notice, self.schedule)
        snapshot = None if moves_on and not overwrite and attachment.plain else attachment.snapshot()
        try:
            attachment = attachment if moves_on else attachment.owning(others)
            until, store = attachment.store_from(tick)
            store(tick)
            if overwrite or not moves_on:
                attachment.write_bases(overwrite)
        except BaseException as error:  # raised by a group of the user's own class, or as the user stops the run
            if snapshot is not None:
                snapshot.restore()
            elif not isinstance(error, ScheduleError):  # which refuses before a level is stored
                attachment.restore(self._tick)
            raise
        self._end, self._store = 0 if self._slow else until, store
        self._until = min(self._end, tick + _GLANCE)
        self._bind(attrs.evolve(attachment, notices=()) if attachment.notices else attachment)  # they are given once
        self.last_epoch, self._between = int(tick), tick
        self.log, self.course = self.log if log is None else log, self.course if course is None else course

    @property
    def base_lrs(self) -> list[float]:
        """The bases of the groups' rates. They can be set, all or one by one: the levels of the present tick then follow at once."""
        return Bases(cast("list[float]", self._current().bases[LR]), partial(setattr, self, "base_lrs"))

    @base_lrs.setter
    def base_lrs(self, bases: Iterable[float]) -> None:
        self._move_to(self._tick, with_rates(self._current(), bases), overwrite=True)

    def rebase(self, group: int | None = None, base: float | None = None) -> None:
        """Takes the values that the groups hold now as what the schedule says for this tick, for a program that has set them by hand.

        Each group gets the base that goes with its value, and the rest of the run goes on from there; where the value is the schedule's own, the base stays. A
        base that was written into a group (`initial_lr`) is taken as it is. Parameters: `group`, the index of the only group that is meant; `base`, the base
        of its rate, for a group whose rate is not its level now. Raises `ScheduleError`, and changes nothing, where the schedule gives a value for no base, as
        0.1 at the start of a warmup from 0.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("linear(4)", optimizer)
        >>> scheduler.seek(2)
        >>> optimizer.param_groups[0]["lr"] *= 3
        >>> scheduler.rebase()
        >>> scheduler.base_lrs, scheduler.at(3)
        ([3.0], 0.75)
        """
        attachment, tick = self._current(), self._tick
        at = None if group is None else index_of(attachment, group)
        self._move_to(tick, rebased(attachment, tick, at) if base is None else with_rate(attachment, at, base), overwrite=True)

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
        try:
            same = groups is self._groups and groups == self._held  # it compares the groups by identity first, which is all where they are the same
        except Exception:  # raised by tensors in two groups that are not the same
            same = False
        if same and tick < self._until and metric is None and epoch is None:
            store = self._store  # Python calls a local name faster than an attribute that is no method
            try:
                store(tick)
            except ScheduleError:  # refused before a level was stored
                raise
            except BaseException:  # as when the user stops the run: some groups may have the new level
                self._attachment.restore(self._tick)
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
            raise refuse("LR152", f"tick is {quoted(tick)}", f"ticks run from 0 to {MAX_TICKS:.0e}", str(self.schedule))
        attachment, log = self._current(), self.log
        if tick < self._end and attachment is self._attachment and metric is None and epoch is None and strayed(attachment) is None:  # nothing has changed
            self._until = min(self._end, tick + _GLANCE)
            return Scheduler.step(self)
        if epoch is not None and "epoch" in attachment.schedule.metrics:
            metrics, epoch = {**metrics, "epoch": epoch}, None
        check_no_epoch(attachment.schedule, metric, epoch)
        numbers = checked_metrics("step", attachment.schedule, metric, metrics)
        if attachment.watches:
            log = log.taking(numbers)
        if not self._ready():
            self.log = log
            return
        if self._unsaid is not None:
            warnings.warn(self._unsaid, stacklevel=3)
        if attachment.watches and ends_step(attachment.schedule.clock, tick):
            attachment, log, messages = self._observe(attachment, log, tick)
            for message in messages:  # a warning filter may turn it into an error, so nothing has changed yet
                warnings.warn(message, MetricWarning, stacklevel=3)
        self._check_order(tick)
        notice = None if self._warned else strayed(attachment)
        if notice is not None:
            self._warned = True
            caution(notice, self.schedule)
        self._move_to(tick, attachment, log)
        self._unsaid = None
        self._ticked()

    def _ready(self) -> bool:
        """Whether a call of `step` is a tick. Only torch's scheduler may wait for its optimizer."""
        return True

    def _ticked(self) -> None:
        """Notes that a call of `step` was a tick."""

    def _stands_aside(self) -> bool:
        """Whether a state is loaded while another scheduler is in force. Only torch's SequentialLR has several."""
        return False

    def _check_order(self, tick: int) -> None:
        """Warns if `step` is called before the optimizer's own step. Only torch's scheduler can tell."""

    def _observe(self, attachment: Attachment, log: Log, tick: int) -> tuple[Attachment, Log, Sequence[str]]:
        """Passes the metrics of the step that ends to the watches. Returns an attachment whose schedule knows the events that came, the log, and warnings."""
        numbers = log.waiting
        if any(watch.may_fire_at(tick) for watch in attachment.watches):
            numbers = {**numbers, **self._reduced(numbers)}
            # What another process reported comes at a rhythm of its own.
            log = log.expecting([name for name in numbers if name not in log.waiting], True)
        return observe(attachment, log, tick, numbers, self._ticks_by_step(tick))

    def _ticks_by_step(self, tick: int) -> bool:  # noqa: ARG002
        """Whether each tick before this one was one step of the optimizer. Only torch's scheduler can tell."""
        return False

    def _reduced(self, metrics: Mapping[str, float | None]) -> Mapping[str, float | None]:
        """Reduces the metrics over all processes of the run. Here there is one process."""
        return metrics

    def seek(self, tick: float) -> None:
        """Moves to any tick, forward or back, in constant time, and stores its levels.

        A tick may be a number of NumPy or torch, and lie between two whole ticks, as in `seek(epoch + i / iters)`. `last_epoch` is the whole tick before it
        then, which is what `state_dict` has, and the next `step` moves to the whole tick after it.

        If the schedule follows metrics: no reports are made up for the ticks between; going back forgets the events after that tick, and the monitors start
        anew. Raises `ScheduleError` for a tick before the plans that the run remembers (see `replan`), and, as `step` does, for a tick at which a `cumprod`
        needs more than 4 million factors.
        """
        tick = checked_tick(tick, MAX_TICKS, str(self.schedule))
        self.course.check_remembers(tick, str(self.schedule))
        attachment, log = self._current(), self.log
        if tick < self._tick and (log.states or log.events or log.waiting):
            log = log.rewound(int(tick))
            attachment = attachment.after(self.schedule.after(log.events))
        self._move_to(tick, attachment, log)

    def replan(self, text: str, *, total_steps: float | None = None, total_epochs: float | None = None) -> None:
        """Replaces the rest of the run: from the present tick and level on, the scheduler follows another text.

        The schedule becomes `(the old one) for TICK then (text)`; see `Schedule.replanned`. `total_steps` or `total_epochs` is the new total of the whole run,
        if that has changed, as after its end: `rest` in the text is what is left of it, and what has been stays as it was. Where none is left, a warning says
        that `rest` is 0. The run remembers its last replans one by one, and folds older ones into one plan, so that earlier ticks are forgotten. Raises
        `ScheduleError`, and changes nothing, for a wrong text.

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
        total = new_total({"total_steps": total_steps, "total_epochs": total_epochs}, str(self.schedule))
        with bounded(text):
            course, schedule = self.course.replanned(Replan(self.last_epoch, text, total), self.log.events, current.bases, current.groups)
        attachment = current.attached(schedule)
        notice = without_rest(text, self.last_epoch, schedule)
        if notice is not None:
            from lrdsl.runtime.warnings import caution  # few runs are replanned after their end

            caution(notice, schedule)
        self._move_to(self.last_epoch, attachment, self.log.only(attachment.watches), course)

    def load_state_dict(self, state_dict: Mapping[str, Any], migrate: bool | None = None, bases: str | None = None) -> None:
        """Goes on from a saved state, and stores its levels in the groups.

        Parameters, which `compile` sets for loops that call this themselves: `migrate`, True to accept the state of another schedule, or of a scheduler of
        torch; `bases`, "saved" for the bases in the state, or "optimizer" for those that the groups had here.

        Schedules are the same if their functions are, however they are written; the replans of the saved run hold for this one too. With `migrate`, this run
        goes on where it is as far as the saved one: after as many epochs; or else samples; or else tokens; or else optimizer steps; or else, as with a state
        of torch, ticks. A tick that has only begun does not count. A `ResumeWarning` says where that is, and by how much a level jumps there; at the end of
        the run, it is an `EndOfRunWarning`. Raises `ScheduleError`, and changes nothing, if the state is damaged, or belongs to another schedule without
        `migrate`, or to another number of groups with the bases "saved".
        """
        from lrdsl.runtime.migrating import Here, dropped, landing
        from lrdsl.runtime.states import read_state

        planned, current = self.course.planned, self._current()
        migrate, keep = checked_loading(self._migrate if migrate is None else migrate, self._keep if bases is None else bases, planned)
        with bounded(str(planned)):
            saved = read_state(state_dict, self.state_dict(), planned)
            landed = landing(saved, Here(planned, current.groups, current.bases, self._levels, current.names), migrate, keep == OPTIMIZER)
            attachment, log = landed.attached(current)
        unsaid = landed.warning
        if unsaid is not None and not dropped():
            warnings.warn(unsaid, stacklevel=2)
            unsaid = None
        if landed.tick < 0 or self._stands_aside():
            self._bind(attachment)
            self.last_epoch, self.log, self.course, self._until, self._end = landed.tick, log, landed.course, 0, 0
        else:
            self._move_to(landed.tick, attachment, log, landed.course, overwrite=True)
        self._unsaid = unsaid
        if unsaid:  # the next step is the first that can say it
            self._until = self._end = 0
