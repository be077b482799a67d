"""The running scheduler: `compile` attaches a schedule to an optimizer, and `Scheduler` stores the level of each tick in its param groups."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lrdsl.clock import Options
from lrdsl.diagnostics import refuse
from lrdsl.reading import read
from lrdsl.runtime.loading import check_last_epoch
from lrdsl.runtime.scheduler import Scheduler
from lrdsl.runtime.values import Values
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Scheduler", "compile"]


def compile(
    schedule: str | Schedule,
    optimizer: Any,
    *,
    reduce: str | None = "mean",
    values: Values = (),
    migrate: bool = False,
    bases: str = "saved",
    last_epoch: int = -1,
    wait_for_optimizer: bool = False,
    **options: Unpack[Options],
) -> Scheduler:
    """Returns a scheduler that sets what the schedule's targets name, `lr` unless said otherwise, in an optimizer's param groups.

    Parameters: `schedule`, text or a `Schedule`; `optimizer`, an object with `param_groups`, a list of dicts that hold `lr`, or a list of several, whose groups
    are numbered on, and whose names differ; the options of `lrdsl.parse`, for a text only; `reduce`, how a metric that several processes of `torch.distributed`
    report becomes one number: "mean", "min", "max" or "sum" over the processes that report it, or None if all report the same number; `values`, the names of
    targets that are in no group, which `scheduler["ema"]` reads, or a base for each by name (it is 1 unless given); `migrate` and `bases`, how a state will be
    loaded, see `Scheduler.load_state_dict`; `last_epoch`, -1, as in torch: `seek` moves a run to another tick; `wait_for_optimizer`, for torch, whether
    `step()` ticks only where the optimizer has stepped since the last tick, which it has not where a gradient scaler skipped its step. For a
    `torch.optim.Optimizer`, or a list of several, the result is a `torch.optim.lr_scheduler.LRScheduler`. The level of tick 0 is stored at once; call `step()`
    after each `optimizer.step()`. Raises `ScheduleError`.

    >>> import lrdsl
    >>> from types import SimpleNamespace
    >>> optimizer = SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": 1.0}])
    >>> scheduler = lrdsl.compile("linear(4)", optimizer)
    >>> scheduler.step()
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.07500000000000001, 0.75]
    """
    checked = read(schedule, options)
    torch = sys.modules.get("torch")
    each = optimizer if isinstance(optimizer, list | tuple) else [optimizer]
    if torch is not None and each and all(isinstance(one, torch.optim.Optimizer) for one in each):
        from lrdsl.runtime.torch import LRScheduler

        return LRScheduler(optimizer, checked, reduce, values, migrate=migrate, bases=bases, last_epoch=last_epoch, wait_for_optimizer=wait_for_optimizer)
    check_last_epoch(last_epoch, checked)
    if wait_for_optimizer:
        raise refuse("LR152", f"{type(optimizer).__name__} cannot tell when it steps", "leave `wait_for_optimizer` out", str(checked))
    return Scheduler(optimizer, checked, reduce, values, migrate=migrate, bases=bases)
