"""The scheduler as a torch `LRScheduler`, so that every framework which looks for one finds one."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.optim import lr_scheduler

from lrdsl.runtime.reports import Log
from lrdsl.runtime.scheduler import Scheduler
from lrdsl.schedule import Schedule


# torch's own step takes a deprecated epoch, and its bases may be tensors.
class LRScheduler(Scheduler, lr_scheduler.LRScheduler):  # type: ignore[misc]
    """A schedule at work on a `torch.optim.Optimizer`: an `lrdsl.Scheduler` that is a `torch.optim.lr_scheduler.LRScheduler`.

    An `lr` that is a tensor is filled in place.
    """

    def __init__(self, schedule: Schedule, optimizer: torch.optim.Optimizer) -> None:
        self.schedule = self.planned = schedule
        self.replans = []
        self.log = Log()
        lr_scheduler.LRScheduler.__init__(self, optimizer)

    def _initial_step(self) -> None:
        """Called by torch when the optimizer is attached: take the bases it collected, and store the level of tick 0."""
        self._attach({})
        self._calls = 1
        self.seek(0)
        # Makes the first step() take the slow road through _enter, where the order of calls is looked at.
        self._until = 0

    @property
    def _step_count(self) -> int:
        """torch's count of calls, one ahead of the ticks; Accelerate reads and moves it."""
        return self.last_epoch + self._calls

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        self._calls = count - self.last_epoch

    def _enter(self, tick: int) -> None:
        watched = hasattr(self.optimizer.step, "_wrapped_by_lr_sched")
        if tick == 1 and self._calls == 1 and watched and not getattr(self.optimizer, "_opt_called", False):
            # Begins as torch's own warning does, so that filters for that one catch it.
            what = "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the level of tick 0 is never used. Step the optimizer first."
            warnings.warn(what, UserWarning, stacklevel=3)
        super()._enter(tick)

    def get_lr(self) -> list[float | torch.Tensor]:
        """The levels in force, as `get_last_lr`."""
        return list(self.get_last_lr())

    def get_last_lr(self) -> list[Any]:
        """The levels in force, one for each group."""
        return super().get_last_lr()
