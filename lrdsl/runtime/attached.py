"""`Attached`: a schedule that is attached to the param groups of an optimizer, and what can be asked of it at the tick that it is at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdsl.arguments import tick as checked_tick
from lrdsl.arguments import ticks as checked_ticks
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import ScheduleError, shown
from lrdsl.numbers.storing import Store
from lrdsl.plan import MOST_TICKS, Phase
from lrdsl.runtime.attaching import Attachment, attach
from lrdsl.runtime.cautions import register
from lrdsl.runtime.groups import LR, Group
from lrdsl.runtime.optimizers import sizes_of
from lrdsl.runtime.progress import remaining
from lrdsl.runtime.rebasing import moved, rates
from lrdsl.runtime.replans import Course
from lrdsl.runtime.reports import Log
from lrdsl.runtime.values import unknown_value
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

#: The attributes that a copy or a pickle leaves out: they belong to the groups of this scheduler.
_BOUND = ("_attachment", "_groups", "_held", "_steps", "_store")


class Attached:
    """A schedule, the groups of an optimizer as they are now, and the tick in force. What is asked changes neither."""

    optimizer: Any
    last_epoch: int
    bases: dict[str, list[float | None]]
    schedule: Schedule
    course: Course
    log: Log
    _between: float
    _until: float  # the tick at which `step` looks whether the groups are as it left them
    _end: float  # the tick at which another function is needed to store the levels
    _store: Store
    _attachment: Attachment
    _groups: list[Group]
    _held: list[Group]
    _levels: dict[str, float]

    def __getstate__(self) -> dict[str, Any]:
        """The attributes that a copy or a pickle keeps."""
        return {name: value for name, value in vars(self).items() if name not in _BOUND}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind(attach(self.schedule, self.optimizer.param_groups, self.bases, self._levels, sizes_of(self.optimizer)))
        self._until = self._end = 0
        register(self)

    def _bind(self, attachment: Attachment) -> None:
        self._attachment, self._groups, self._held = attachment, attachment.groups, attachment.held
        self.schedule, self.bases = attachment.schedule, attachment.bases

    def _current(self) -> Attachment:
        """The attachment to the groups that the optimizer has now."""
        groups = self.optimizer.param_groups
        return self._attachment if self._attachment.matches(groups) else moved(self._attachment, groups, sizes_of(self.optimizer), self._tick)

    @property
    def _tick(self) -> float:
        """The tick whose levels are meant: `last_epoch`, or the fraction after it that `seek` has moved to; 0 for a scheduler that has not begun."""
        return self._between if int(self._between) == self.last_epoch else max(0, self.last_epoch)

    @property
    def replans(self) -> tuple[tuple[int, str], ...]:
        """The replans that the run still remembers one by one: the tick and the text of each."""
        return tuple((replan.tick, replan.text) for replan in self.course.replans)

    def get_last_lr(self) -> list[float]:
        """The learning rates in force, one for each group; if the schedule does not set a group's rate, the rate that the group holds."""
        return rates(self._current(), self._tick)

    @property
    def _last_lr(self) -> list[float]:
        """The same, under the name that torch's schedulers keep it by."""
        return self.get_last_lr()

    def __getitem__(self, name: str) -> float:
        """The level in force of a target that is in no param group, and that `values` named, as `scheduler["ema"]`."""
        if isinstance(name, str) and name in self._levels:
            return self._levels[name]
        raise unknown_value(name, self._levels, self.schedule)

    def at(self, tick: float, group: int = 0, target: str = LR) -> float:
        """The level of a group at any tick; the optimizer is not touched. `target` is a key, as `"momentum"` or `"betas[0]"`."""
        schedule, name, base = self._current().driver(target, group)
        self.course.check_remembers(checked_tick(tick, MAX_TICKS, str(schedule)), str(schedule))
        return schedule.at(tick, base, name)

    def values(self, ticks: ArrayLike, group: int = 0, target: str = LR) -> NDArray[np.float64]:
        """The levels of a group at ticks 0 .. n - 1, or at an array of ticks; the optimizer is not touched."""
        schedule, name, base = self._current().driver(target, group)
        at = checked_ticks(ticks, MAX_TICKS, MOST_TICKS, str(schedule))
        if at.size:
            self.course.check_remembers(float(at.min()), str(schedule))
        return schedule.values(at, base, name)

    @property
    def phase(self) -> Phase:
        """The phase in force, of the main target: `lr`, or the first target if there is no `lr`."""
        schedule = self._current().schedule
        return schedule.phases[schedule.plan.phase_at(self._tick)]

    @property
    def finished(self) -> bool:
        """Whether every target has run its length; an endless schedule never finishes."""
        return self.remaining == 0

    @property
    def remaining(self) -> int | float | None:
        """The ticks to the end of the longest target; None if a target is endless, or ends by an event that has not come yet."""
        return remaining(self._current().schedule, self._tick)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as plain JSON data.

        It has the text, its replans, the clock, the values of names, the tick, the log of metrics, the reports that wait, the bases, and the names of the
        groups of each optimizer.
        """
        try:
            attachment = self._current()
        except ScheduleError:  # a group that was added is refused: the state is that of the others
            attachment = self._attachment
        from lrdsl.runtime.states import state_of

        return state_of(self.course, attachment, self.last_epoch, self.log)

    def __repr__(self) -> str:
        levels = [f"{level:.6g}" for level in self.get_last_lr()[:4]]
        rates = levels[0] if len(levels) == 1 else f"[{', '.join(levels[:3])}{', ...' * (len(levels) > 3)}]"
        return f"<{type(self).__name__} '{shown(str(self.schedule), 60)}' at tick {self._tick:g}: lr {rates}>"
