"""`Scheduler`: stores the level of each tick in the param groups of an optimizer. It steps, seeks, replans, and saves and loads its state."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from lrdsl.arguments import one_of, quoted
from lrdsl.arguments import schedule as written_schedule
from lrdsl.arguments import tick as checked_tick
from lrdsl.arguments import ticks as checked_ticks
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.expr.exact import exact, nearest_number, plain
from lrdsl.plan import MOST_TICKS, Phase
from lrdsl.runtime.attaching import Attachment, Bases, Store, attach, driver
from lrdsl.runtime.groups import LR, Group
from lrdsl.runtime.migrating import OPTIMIZER, SAVED, Here, checked_loading, dropped, landing
from lrdsl.runtime.optimizers import joined, names_in, sizes_of
from lrdsl.runtime.replans import Course, new_total
from lrdsl.runtime.reports import Log, MetricWarning, check_no_epoch, checked_metrics, ends_step, quiet_ticks
from lrdsl.runtime.states import FORMAT, read_state, to_row
from lrdsl.runtime.values import Values, unknown_value, value_bases
from lrdsl.runtime.warnings import warn
from lrdsl.schedule import Schedule
from lrdsl.schedule.source import Replan
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
    _between: float
    _store: Store
    _attachment: Attachment
    _groups: list[Group]
    _count: int
    _levels: dict[str, float]

    def __init__(self, optimizer: Any, schedule: Schedule, reduce: str | None = _MEAN, values: Values = (), migrate: bool = False, bases: str = SAVED) -> None:
        self._set_schedule(schedule, reduce, migrate, bases)
        self._attach(joined(optimizer, schedule), values)
        warn(self._attachment)

    def _set_schedule(self, schedule: Schedule, reduce: str | None, migrate: bool, bases: str) -> None:
        """Sets the schedule, with an empty log and no replans, how the metrics of several processes are reduced, and how a state will be loaded."""
        if reduce is not None and reduce is not _MEAN:
            one_of("reduce", reduce, (_MEAN, "min", "max", "sum"), str(schedule))
        self.reduce = reduce
        self._unsaid: Warning | None = None
        self._migrate, self._keep = checked_loading(migrate, bases, schedule)
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
        return tuple((replan.tick, replan.text) for replan in self.course.replans)

    def _current(self) -> Attachment:
        """The attachment to the groups that the optimizer has now."""
        groups = self.optimizer.param_groups
        return self._attachment if self._attachment.matches(groups) else self._attachment.moved(groups, sizes_of(self.optimizer))

    @property
    def _tick(self) -> float:
        """The tick in force, which `seek` may set to a fraction; `last_epoch` is the whole tick before it."""
        return self._between if int(self._between) == self.last_epoch else self.last_epoch

    def _move_to(self, tick: float, attachment: Attachment, log: Log | None = None, course: Course | None = None, overwrite: bool = False) -> None:
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
        self.last_epoch, self._between = int(tick), tick
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
            raise self._too_far(tick)
        attachment, log = self._current(), self.log
        if self._unsaid is not None:
            warnings.warn(self._unsaid, stacklevel=3)
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
        self._unsaid = None

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
        attachment, log = attachment.after(outcome.fired, log, tick)
        return attachment, log, outcome.warnings

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
        self._check_remembered(tick)
        attachment, log = self._current(), self.log
        if tick < self._tick and (log.states or log.events or log.waiting):
            log = log.rewound(int(tick))
            attachment = attachment.attached(self.schedule.after(log.events))
        self._move_to(tick, attachment, log)

    def _check_remembered(self, tick: float) -> None:
        """Raises `ScheduleError` for a tick before the plans that the run remembers."""
        if tick < self.course.first:
            first = self.course.first
            message = f"tick {tick:g} lies before tick {first}: the run was replanned so often that its earlier plans are forgotten"
            raise refuse("LR152", message, f"ask for ticks from {first} on", str(self.schedule))

    def replan(self, text: str, *, total_steps: float | None = None, total_epochs: float | None = None) -> None:
        """Replaces the rest of the run: from the present tick and level on, the scheduler follows another text.

        The schedule becomes `(the old one) for TICK then (text)`; see `Schedule.replanned`. `total_steps` or `total_epochs` is the new total of the whole run,
        if that has changed, as after its end: `rest` in the text is what is left of it, and what has been stays as it was. The run remembers its last replans
        one by one, and folds older ones into one plan, so that earlier ticks are forgotten. Raises `ScheduleError`, and changes nothing, for a wrong text.

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
        self._move_to(self.last_epoch, attachment, self.log.only(attachment.watches), course)

    def get_last_lr(self) -> list[float]:
        """The learning rates in force, one for each group; if the schedule does not set a group's rate, the rate that the group holds."""
        tick, groups = self._tick, self.optimizer.param_groups
        scheduled = {id(group): track.evaluator.level(tick, base) for track in self._attachment.tracks if track.key == LR for group, base in track.slots}
        return [scheduled[id(group)] if id(group) in scheduled else float(group[LR]) for group in groups]

    @property
    def _last_lr(self) -> list[float]:
        """The same, under the name that torch's schedulers keep it by."""
        return self.get_last_lr()

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
        raise unknown_value(name, self._levels, self.schedule)

    def at(self, tick: float, group: int = 0, target: str = LR) -> float:
        """The level of a group at any tick; the optimizer is not touched. `target` is a key, as `"momentum"` or `"betas[0]"`."""
        name, base = driver(self._current(), target, group)
        self._check_remembered(checked_tick(tick, MAX_TICKS, str(self.schedule)))
        return self.schedule.at(tick, base, name)

    def values(self, ticks: ArrayLike, group: int = 0, target: str = LR) -> NDArray[np.float64]:
        """The levels of a group at ticks 0 .. n - 1, or at an array of ticks; the optimizer is not touched."""
        name, base = driver(self._current(), target, group)
        at = checked_ticks(ticks, MAX_TICKS, MOST_TICKS, str(self.schedule))
        if at.size:
            self._check_remembered(float(at.min()))
        return self.schedule.values(at, base, name)

    @property
    def phase(self) -> Phase:
        """The phase in force, of the main target: `lr`, or the first target if there is no `lr`."""
        return self.schedule.phases[self.schedule.plan.phase_at(self._tick)]

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
        ticks = max(max(finite) - exact(self._tick), max(finite) * 0)
        return nearest_number(ticks)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as plain JSON data.

        It has the text, its replans, the clock, the values of names, the tick, the log of metrics, the reports that wait, the bases, and the names of the
        groups of each optimizer.
        """
        return {
            "format": FORMAT,
            "schedule": str(self.course.planned),
            "folded": None if self.course.folded is None else to_row(self.course.folded),
            "replans": [to_row(replan) for replan in self.course.replans],
            "clock": self.course.planned.clock.facts(),
            "names": {name: plain(value) for name, value in self.schedule.names},
            "last_epoch": self.last_epoch,
            "watches": self.log.to_json(),
            "reports": self.log.waiting_to_json(),
            "bases": {name: list(bases) for name, bases in self.bases.items()},
            "groups": names_in(self.optimizer),
        }

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
        planned, current = self.course.planned, self._current()
        migrate, keep = checked_loading(self._migrate if migrate is None else migrate, self._keep if bases is None else bases, planned)
        with bounded(str(planned)):
            saved = read_state(state_dict, self.state_dict(), planned)
            landed = landing(saved, Here(planned, current.groups, current.bases, self._levels, names_in(self.optimizer)), migrate, keep == OPTIMIZER)
            attachment, log = landed.attached(current)
        unsaid = landed.warning
        if unsaid is not None and not dropped():
            warnings.warn(unsaid, stacklevel=2)
            unsaid = None
        self._move_to(landed.tick, attachment, log, landed.course, overwrite=True)
        self._unsaid, self._until = unsaid, 0 if unsaid else self._until  # the next step is the first that can say it

    def __repr__(self) -> str:
        levels = [f"{level:.6g}" for level in self.get_last_lr()[:4]]
        rates = levels[0] if len(levels) == 1 else f"[{', '.join(levels[:3])}{', ...' * (len(levels) > 3)}]"
        return f"<{type(self).__name__} '{shown(str(self.schedule), 60)}' at tick {self._tick:g}: lr {rates}>"
