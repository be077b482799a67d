"""The scheduler: one tick at a time, into the param groups of an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lrdsl.clock import plain
from lrdsl.diagnostics import refuse
from lrdsl.plan import Phase
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

#: The key of a param group that is scheduled, and the one that keeps its base.
KEY, BASE_KEY = "lr", "initial_lr"
#: The layout of `state_dict`.
FORMAT = 1


class Scheduler:
    """A schedule at work on the param groups of an optimizer.

    The level at tick t is a function of t and of each group's base, so nothing accumulates and `seek` is free. `last_epoch` is the tick whose level is in
    force, as torch names it; `base_lrs` are the groups' bases: their `initial_lr` if they have one, else the `lr` they came with.
    """

    last_epoch: int
    base_lrs: list[float]

    def __init__(self, schedule: Schedule, optimizer: Any) -> None:
        self.schedule = schedule
        self.optimizer = optimizer
        groups = getattr(optimizer, "param_groups", None)
        if not isinstance(groups, list) or not all(isinstance(g, dict) and KEY in g for g in groups) or not groups:
            raise refuse("LR152", f"{type(optimizer).__name__} has no param groups with an `lr`", "pass an optimizer, as `torch.optim.SGD(...)`", str(schedule))
        self._attach([])
        self.seek(0)

    def _attach(self, bases: list[Any]) -> None:
        """Bind the groups, in order, to these bases; groups beyond them to their own."""
        groups = self.optimizer.param_groups
        for group in groups:
            group.setdefault(BASE_KEY, float(group[KEY]))
        bases = [*bases, *(group[BASE_KEY] for group in groups[len(bases) :])]
        self.base_lrs = [self.schedule.checked_base(base) for base in bases]
        self._groups = groups
        self._slots = list(zip(groups, self.base_lrs, strict=True))
        self._fills = any(hasattr(group[KEY], "fill_") for group in groups)

    def step(self) -> None:
        """Move one tick on, and store the new level in every group."""
        self.last_epoch = tick = self.last_epoch + 1
        groups = self.optimizer.param_groups
        if tick < self._until and groups is self._groups and len(groups) == len(self._slots):
            self._apply(tick, self._slots)
        else:
            self._enter(tick)

    def _enter(self, tick: int) -> None:
        """Take up the formula in force at a tick, and store its levels. An optimizer that loaded a state has new groups, and some are added later."""
        groups = self.optimizer.param_groups
        if groups is not self._groups or len(groups) != len(self._slots):
            self._attach(self.base_lrs[: len(groups)])
        code = self.schedule.evaluator.code_at(tick)
        self._until = code.end
        self._apply: Callable[[int, Any], None] = self._fill if self._fills else code.apply(KEY)
        self._apply(tick, self._slots)

    def _fill(self, tick: int, slots: Any) -> None:
        """Store levels where an `lr` is a tensor: its value changes, the tensor stays, and code compiled for it stays valid."""
        for group, base in slots:
            level = self.schedule.evaluator.level(tick, base)
            if hasattr(group[KEY], "fill_"):
                group[KEY].fill_(level)
            else:
                group[KEY] = level

    def seek(self, tick: int) -> None:
        """Go to a tick, forward or back, in constant time, and store its levels."""
        if isinstance(tick, bool) or not isinstance(tick, int) or tick < 0:
            raise refuse("LR152", f"tick is {tick!r}", "seek to a whole tick, from 0", str(self.schedule))
        self.last_epoch = tick
        self._enter(tick)

    def get_last_lr(self) -> list[float]:
        """The levels in force, one for each group."""
        return [self.schedule.evaluator.level(self.last_epoch, base) for base in self.base_lrs]

    def at(self, tick: float, group: int = 0) -> float:
        """The level of a group at any tick; the optimizer is not touched."""
        return self.schedule.at(tick, self.base_lrs[group])

    def values(self, ticks: int | ArrayLike, group: int = 0) -> NDArray[np.float64]:
        """The levels of a group at ticks 0 .. n - 1, or at an array of ticks; the optimizer is not touched."""
        return self.schedule.values(ticks, self.base_lrs[group])

    @property
    def phase(self) -> Phase:
        """The phase in force."""
        return self.schedule.phases[self.schedule.plan.phase_at(self.last_epoch)]

    @property
    def finished(self) -> bool:
        """Whether the last phase has run its length; an endless schedule never finishes."""
        length = self.schedule.plan.length
        return length is not None and self.last_epoch >= length

    @property
    def remaining(self) -> int | float | None:
        """Ticks to the end of the last phase; None where it is endless."""
        length = self.schedule.plan.length
        if length is None:
            return None
        left = max(length - self.last_epoch, length * 0)
        return left.numerator if left.denominator == 1 else float(left)

    def state_dict(self) -> dict[str, Any]:
        """The state as plain JSON data: the text, the clock, the host's names, the tick, and the bases."""
        return {
            "format": FORMAT,
            "schedule": str(self.schedule),
            "clock": self.schedule.clock.facts(),
            "names": {name: plain(value) for name, value in self.schedule.names},
            "last_epoch": self.last_epoch,
            "base_lrs": list(self.base_lrs),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], migrate: bool = False) -> None:
        """Go on from a saved state, and store its levels in the groups.

        Raises `ScheduleError`, and changes nothing, where the state is of another schedule, clock or number of groups. With `migrate=True` another schedule is
        accepted: this one goes on from the tick of that one.
        """
        mine = self.state_dict()
        text = str(self.schedule)
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(mine) or state_dict["format"] != FORMAT:
            raise refuse("LR151", "this is not the state of an lrdsl scheduler", "load what `state_dict()` of such a scheduler gave", text)
        for part, name in (("schedule", "schedule"), ("clock", "clock"), ("names", "values of names")):
            if not migrate and state_dict[part] != mine[part]:
                saved = f"the state is of another {name}: saved `{state_dict[part]}`, here `{mine[part]}`"
                raise refuse("LR151", saved, "compile the saved schedule, or pass migrate=True to go on with this one from the saved tick", text)
        tick, bases = state_dict["last_epoch"], state_dict["base_lrs"]
        if not isinstance(tick, int) or isinstance(tick, bool) or tick < 0 or not isinstance(bases, list):
            raise refuse("LR151", "the state's tick or bases are damaged", "load a state that was saved whole", text)
        if len(bases) != len(self.base_lrs):
            raise refuse("LR151", f"the state is of {len(bases)} param groups, here are {len(self.base_lrs)}", "build the optimizer with the same groups", text)
        for base in bases:
            self.schedule.checked_base(base)
        self._attach(bases)
        for group, base in self._slots:
            group[BASE_KEY] = base
        self.seek(tick)
