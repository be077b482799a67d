"""The scheduler for torch: a subclass of torch's own `LRScheduler`, so that training frameworks accept it; it also reduces metrics over processes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

import torch
from torch import distributed
from torch.optim import lr_scheduler

from lrdsl.clock import Options
from lrdsl.diagnostics import refuse
from lrdsl.reading import read
from lrdsl.runtime.migrating import check_last_epoch
from lrdsl.runtime.optimizers import each_of, joined
from lrdsl.runtime.scheduler import Scheduler
from lrdsl.runtime.values import Values
from lrdsl.runtime.warnings import warn
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: What a report of None adds to the count of reports. No run has so many processes that these sum up to 1.
_NO_REPORT = 2.0**-30


def _count_step(scheduler: ref[LRScheduler], *_: Any) -> None:
    """Counts a step of the optimizer, for warnings about metrics. The optimizer keeps no scheduler alive by this."""
    counting = scheduler()
    if counting is not None:
        counting._steps += 1


# The types differ from torch's in two places: torch's `step` has a deprecated `epoch`, and its bases may be tensors.
class LRScheduler(Scheduler, lr_scheduler.LRScheduler):  # type: ignore[misc]
    """A schedule at work on a `torch.optim.Optimizer`, or on a list of several: an `lrdsl.Scheduler` that is also a `torch.optim.lr_scheduler.LRScheduler`.

    It fills an `lr` that is a tensor in place. If several processes run (`torch.distributed`), it reduces each metric over all of them before the schedule
    sees it, so that every process has the same rate at every tick. Every process must call `step` equally often; `report` may be called by any of them.

    `lrdsl.compile` makes one. The parameters are the same, with the optimizer first, as in torch's own schedulers, so that a config file can name this class.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
        schedule: str | Schedule,
        reduce: str | None = "mean",
        values: Values = (),
        migrate: bool = False,
        bases: str = "saved",
        last_epoch: int = -1,
        **options: Unpack[Options],
    ) -> None:
        self._set_schedule(read(schedule, options), reduce, migrate, bases)
        check_last_epoch(last_epoch, self.schedule)
        for one in optimizer if isinstance(optimizer, list | tuple) else [optimizer]:
            if not isinstance(one, torch.optim.Optimizer):
                raise refuse("LR152", f"{type(one).__name__} is no torch optimizer", "pass one, as `torch.optim.SGD(...)`", str(self.schedule))
        together = joined(optimizer, self.schedule)
        self._attach(together, values)
        for one in each_of(together):
            if hasattr(one.step, "__func__"):  # else the step was compiled or replaced, and torch's constructor cannot wrap it
                lr_scheduler.LRScheduler.__init__(self, one)
        self.optimizer = together
        self._initial_step()
        self._steps, first = 0, next(iter(each_of(together)))
        if self.schedule.metrics and hasattr(first, "_optimizer_step_post_hooks"):
            first.register_step_post_hook(partial(_count_step, ref(self)))
        warn(self._attachment)

    def _ticks_by_step(self, tick: int) -> bool:
        return 0 < self._steps <= tick

    def _initial_step(self) -> None:
        """Undoes what torch's constructor wrote into this scheduler. torch calls it last, after it has wrapped the optimizer's step."""
        self._bind(self._attachment)
        self.last_epoch, self._calls = 0, 1
        # The first step() then takes the slow path through _advance, which checks the order of calls.
        self._until = 0

    @property
    def _step_count(self) -> int:
        """torch's count of calls, which is one more than the ticks; Accelerate reads and sets it."""
        return self.last_epoch + self._calls

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        self._calls = count - self.last_epoch

    def _check_order(self, tick: int) -> None:
        if tick != 1 or self._calls != 1:
            return
        if not any(getattr(one, "_opt_called", False) or not hasattr(one.step, "_wrapped_by_lr_sched") for one in each_of(self.optimizer)):
            # It begins like torch's own warning, so that a filter for that one catches it.
            message = "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the level of tick 0 is never used. Step the optimizer first."
            warnings.warn(message, UserWarning, stacklevel=4)

    def _reduced(self, metrics: Mapping[str, float | None]) -> Mapping[str, float | None]:
        if self.reduce is None or not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
            return metrics
        names = self.schedule.metrics
        neutral = {"min": math.inf, "max": -math.inf}.get(self.reduce, 0.0)
        device = torch.device("cuda", torch.cuda.current_device()) if distributed.get_backend() == "nccl" else torch.device("cpu")
        numbers = [metrics.get(name) for name in names]
        values = torch.tensor([neutral if number is None else number for number in numbers], dtype=torch.float64, device=device)
        # A process counts 1 for a number, a tiny share of 1 for None, and 0 if it reports nothing: only the last case brings a warning.
        weights = [0.0 if name not in metrics else _NO_REPORT if metrics[name] is None else 1.0 for name in names]
        counts = torch.tensor(weights, dtype=torch.float64, device=device)
        operation = {"min": distributed.ReduceOp.MIN, "max": distributed.ReduceOp.MAX}.get(self.reduce, distributed.ReduceOp.SUM)
        distributed.all_reduce(values, operation)
        distributed.all_reduce(counts)
        reduced: dict[str, float | None] = {}
        for name, value, count in zip(names, values.tolist(), counts.tolist(), strict=True):
            if count >= 1:
                reduced[name] = value / math.floor(count) if self.reduce == "mean" else value
            elif count > 0:
                reduced[name] = None
        return reduced

    def get_lr(self) -> list[float | torch.Tensor]:
        """The levels in force, the same as `get_last_lr`."""
        return list(self.get_last_lr())

    def get_last_lr(self) -> list[Any]:
        """The levels in force, one for each group."""
        return super().get_last_lr()
