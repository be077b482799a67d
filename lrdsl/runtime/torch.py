"""The scheduler as a torch `LRScheduler`, so that every framework which looks for one finds one."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed
from torch.optim import lr_scheduler

from lrdsl.clock import Options
from lrdsl.diagnostics import refuse
from lrdsl.reading import read
from lrdsl.runtime.attaching import LR
from lrdsl.runtime.scheduler import Scheduler
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Less than one over the number of processes that any run has.
_NONE = 2.0**-30


# torch's own step takes a deprecated epoch, and its bases may be tensors.
class LRScheduler(Scheduler, lr_scheduler.LRScheduler):  # type: ignore[misc]
    """A schedule at work on a `torch.optim.Optimizer`: an `lrdsl.Scheduler` that is a `torch.optim.lr_scheduler.LRScheduler`.

    An `lr` that is a tensor is filled in place. Where several processes run (`torch.distributed`), a metric is reduced over all of them before it is looked at,
    so that every one has the same rate at every tick; each of them must call `step` as often as the others.

    Made by `lrdsl.compile`; parameters as there, with the optimizer first, as torch's own schedulers have it, so that configs can name this class.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, schedule: str | Schedule, reduce: str | None = "mean", **options: Unpack[Options]) -> None:
        self._begin(read(schedule, options), reduce)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise refuse("LR152", f"{type(optimizer).__name__} is no torch optimizer", "pass one, as `torch.optim.SGD(...)`", str(self.schedule))
        self._drive(optimizer)
        if hasattr(optimizer.step, "__func__"):
            lr_scheduler.LRScheduler.__init__(self, optimizer)
        else:  # a step that was compiled or replaced, which torch cannot watch
            self._initial_step()

    def _initial_step(self) -> None:
        """Called by torch when it has wrapped the optimizer's step, and has written what it thinks of bases and ticks into this scheduler."""
        self.base_lrs, self.last_epoch, self._calls = self.bases[LR], 0, 1
        # Makes the first step() take the slow road through _advance, where the order of calls is looked at.
        self._until = 0

    @property
    def _step_count(self) -> int:
        """torch's count of calls, one ahead of the ticks; Accelerate reads and moves it."""
        return self.last_epoch + self._calls

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        self._calls = count - self.last_epoch

    def _heed(self, tick: int) -> None:
        watched = hasattr(self.optimizer.step, "_wrapped_by_lr_sched")
        if tick == 1 and self._calls == 1 and watched and not getattr(self.optimizer, "_opt_called", False):
            # Begins as torch's own warning does, so that filters for that one catch it.
            what = "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the level of tick 0 is never used. Step the optimizer first."
            warnings.warn(what, UserWarning, stacklevel=4)

    def _agreed(self, metrics: dict[str, float | None]) -> dict[str, float | None]:
        if self.reduce is None or not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
            return metrics
        names = self.schedule.metrics
        fill = {"min": math.inf, "max": -math.inf}.get(self.reduce, 0.0)
        device = torch.device("cuda", torch.cuda.current_device()) if distributed.get_backend() == "nccl" else torch.device("cpu")
        known = [metrics.get(name) for name in names]
        values = torch.tensor([fill if value is None else value for value in known], dtype=torch.float64, device=device)
        # 1 for a report, and a small part of it for the word that there is none, which only a warning asks after.
        counts = torch.tensor([0.0 if name not in metrics else _NONE if metrics[name] is None else 1.0 for name in names], dtype=torch.float64, device=device)
        operation = {"min": distributed.ReduceOp.MIN, "max": distributed.ReduceOp.MAX}.get(self.reduce, distributed.ReduceOp.SUM)
        distributed.all_reduce(values, operation)
        distributed.all_reduce(counts)
        agreed: dict[str, float | None] = {}
        for name, value, count in zip(names, values.tolist(), counts.tolist(), strict=True):
            if count >= 1:
                agreed[name] = value / math.floor(count) if self.reduce == "mean" else value
            elif count > 0:
                agreed[name] = None
        return agreed

    def get_lr(self) -> list[float | torch.Tensor]:
        """The levels in force, as `get_last_lr`."""
        return list(self.get_last_lr())

    def get_last_lr(self) -> list[Any]:
        """The levels in force, one for each group."""
        return super().get_last_lr()
