"""The scheduler for torch: a subclass of torch's own `LRScheduler`, so that training frameworks accept it; it also reduces metrics over processes."""

from __future__ import annotations

import math
import sys
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed
from torch.optim import lr_scheduler

from lrdsl.clock import Options
from lrdsl.diagnostics import refuse
from lrdsl.reading import read
from lrdsl.runtime.attaching import Attachment, Notice
from lrdsl.runtime.calls import Steps, instances, is_replaced, was_skipped, watch
from lrdsl.runtime.cautions import remedy, shared_values
from lrdsl.runtime.groups import LR
from lrdsl.runtime.loading import check_last_epoch
from lrdsl.runtime.optimizers import each_of, joined
from lrdsl.runtime.scheduler import Scheduler
from lrdsl.runtime.values import Values
from lrdsl.runtime.warnings import caution
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: What a report of None adds to the count of reports. No run has so many processes that these sum up to 1.
_NO_REPORT = 2.0**-30
#: The code with which torch's schedulers of several schedulers load the state of each.
_LOADING = (lr_scheduler.SequentialLR.load_state_dict.__code__, lr_scheduler.ChainedScheduler.load_state_dict.__code__)


def _other_groups(optimizer: Any) -> Iterator[dict[str, Any]]:
    """The groups of all other optimizers in use. It looks for them when the first one is asked for."""
    own = set(map(id, optimizer.param_groups))
    for one in instances(torch.optim.Optimizer):
        yield from (group for group in getattr(one, "param_groups", ()) if id(group) not in own)


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
        *,
        migrate: bool = False,
        bases: str = "saved",
        last_epoch: int = -1,
        wait_for_optimizer: bool = False,
        **options: Unpack[Options],
    ) -> None:
        self._set_schedule(read(schedule, options), reduce, migrate, bases)
        check_last_epoch(last_epoch, self.schedule)
        for one in optimizer if isinstance(optimizer, list | tuple) else [optimizer]:
            if not isinstance(one, torch.optim.Optimizer):
                raise refuse("LR152", f"{type(one).__name__} is no torch optimizer", "pass one, as `torch.optim.SGD(...)`", str(self.schedule))
        together = joined(optimizer, self.schedule)
        self._waits, self._calls = wait_for_optimizer, 1
        self._watch(together)
        self._attach(together, values, _other_groups(together))

    def _watch(self, optimizer: Any) -> None:
        """Begins to count the optimizer's steps. The first `step()` then takes the slow path through `_advance`, which checks the order of calls."""
        self._steps = [watch(self, one, self._waits) for one in each_of(optimizer)]
        self._counted, self._ticks_left, self._slow = 0, 0, True
        if self._waits and None in self._steps:
            message = "with wait_for_optimizer, each optimizer must tell when it has stepped, and one has no hooks"
            raise refuse("LR152", message, "give the optimizer that it wraps", str(self.schedule))

    def _ticks_by_step(self, tick: int) -> bool:
        first = self._steps[0]
        return first is not None and 0 < first.count <= tick

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._watch(self.optimizer)
        self._slow = self._waits  # a copy is made in the middle of a loop, and has not seen what came before

    def _notices(self, attachment: Attachment) -> Iterator[Notice]:
        yield from super()._notices(attachment)
        yield from self._companions(attachment)

    def _companions(self, attachment: Attachment) -> Iterator[Notice]:
        """Warns of a scheduler of torch's own on the same rates."""
        wrapped = [one for one in each_of(self.optimizer) if hasattr(one.step, "_wrapped_by_lr_sched")]
        if not wrapped or not any(track.quantity == LR for track in attachment.tracks):
            return
        for other in instances(lr_scheduler.LRScheduler):
            if not isinstance(other, LRScheduler) and any(getattr(other, "optimizer", None) is one for one in wrapped) and not hasattr(other, "_schedulers"):
                yield remedy(attachment, "the `lr` of the param groups is set by another scheduler too", type(other).__name__, is_text=False)
                return

    def _initial_step(self) -> None:
        """Goes to tick 0. torch's SequentialLR begins its first scheduler with it."""
        self.seek(0)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Goes to a tick, or to the next. torch's SequentialLR begins its later schedulers with it."""
        self.step() if epoch is None else self.seek(epoch)

    def _stands_aside(self) -> bool:
        frame: FrameType | None = sys._getframe(2)
        part: Any = self
        while frame is not None and frame.f_code in _LOADING:  # one may stand inside another
            whole = frame.f_locals["self"]
            if isinstance(whole, lr_scheduler.SequentialLR) and whole._schedulers[bisect_right(whole._milestones, whole.last_epoch)] is not part:
                return True
            part, frame = whole, frame.f_back
        return False

    @property
    def _step_count(self) -> int:
        """torch's count of calls, which is one more than the ticks; Accelerate reads and sets it."""
        return self.last_epoch + self._calls

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        self._calls = count - self.last_epoch

    def _stepped(self) -> int:
        """How often the optimizers have stepped."""
        return sum(steps.count for steps in self._steps if steps is not None)

    def _ready(self) -> bool:
        """Whether this call of `step` is a tick: one, or as many as the clock says, for each step of the optimizer if this scheduler waits for it."""
        return not self._waits or self._ticks_left > 0 or self._stepped() > self._counted

    def _ticked(self) -> None:
        count = self._stepped()
        if count > self._counted:
            self._counted, self._ticks_left = count, int(self.schedule.clock.ticks_per_step or 1)
        self._ticks_left -= 1

    def _check_order(self, tick: int) -> None:
        if not self._slow:
            return
        caller = sys._getframe(3)
        if caller.f_code is lr_scheduler.ChainedScheduler.step.__code__:
            self._check_chained(caller.f_locals["self"]._schedulers)
        elif caller.f_code is not lr_scheduler.SequentialLR.step.__code__:
            for notice in () if self._warned_of_others else self._companions(self._attachment):
                caution(notice, self.schedule)
        optimizers = each_of(self.optimizer)
        if self._calls == 1 and not any(map(self._may_have_stepped, optimizers, self._steps)):
            skipped = any(was_skipped(instances(torch.amp.GradScaler), one) for one in optimizers)
            scaled = "the gradient scaler has skipped the optimizer's step, since gradients were not finite; `wait_for_optimizer=True` counts real steps alone."
            why = scaled if skipped else "Step the optimizer first."
            # It begins like torch's own warning, so that a filter for that one catches it.
            message = f"Detected call of `lr_scheduler.step()` before `optimizer.step()`: the level of tick {tick - 1} is never used. {why}"
            warnings.warn(message, UserWarning, stacklevel=4)
        elif not self._counted:
            self._check_rhythm()
        self._slow = self._waits

    def _check_rhythm(self) -> None:
        """Warns if the optimizers have made an epoch of steps before the first tick, and each tick is a step."""
        clock = self.schedule.clock
        per = clock.steps_per_epoch
        if clock.tick == "step" and per is not None and per > 1 and all(steps is not None and steps.count == per for steps in self._steps):
            message = f"a tick is a step of the optimizer, and it has made {float(per):g} steps, an epoch, before the first tick"
            caution((message, 'tick after each step; or let a tick be an epoch: `tick="epoch"`'), self.schedule)

    def _may_have_stepped(self, optimizer: torch.optim.Optimizer, steps: Steps | None) -> bool:
        return steps is None or steps.count > 0 or is_replaced(optimizer) or getattr(optimizer, "_opt_called", False)

    def _check_chained(self, schedulers: Sequence[Any]) -> None:
        """Raises `ScheduleError` in a ChainedScheduler whose other schedulers set the same values: torch multiplies their levels."""
        attachment = self._attachment
        sets_rates = any(track.quantity == LR for track in attachment.tracks)
        texts = []
        for other in schedulers:
            if isinstance(other, LRScheduler):
                if other is not self and shared_values(attachment, other._attachment):
                    texts.append(str(other.schedule))
            elif sets_rates:
                texts.append(f"... {type(other).__name__}")
        if texts:
            message = "torch's ChainedScheduler multiplies levels, and each lrdsl scheduler stores its own: the last would overwrite the others"
            product = " * ".join(f"({text})" for text in [str(self.schedule), *texts])
            of_torch = "; `lrdsl.read(scheduler)` gives the text of torch's" if any(text.startswith("...") for text in texts) else ""
            raise refuse("LR152", message, f"write the product in one text: `{product}`{of_torch}", str(self.schedule))

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


def _leave_untraced(*functions: Callable[..., Any]) -> None:
    """Has `torch.compile` break its graph at these functions, and run them as they are, with all that they call.

    torch does so with its own schedulers: a trace of one depends on the tick, so that it is made again and again. `torch.compiler.disable` would do the same by
    a wrapper, in which each call takes longer than a step; this marks the code.
    """
    with suppress(ImportError):  # a version of torch that has no such marks
        from torch._C._dynamo.eval_frame import _FrameAction, _FrameExecStrategy, set_code_exec_strategy

        for function in functions:
            set_code_exec_strategy(function.__code__, _FrameExecStrategy(_FrameAction.SKIP, _FrameAction.SKIP))
            function._torchdynamo_disable = True  # type: ignore[attr-defined]


_leave_untraced(Scheduler.step, Scheduler.report, Scheduler.seek, Scheduler.replan, Scheduler.rebase, Scheduler.load_state_dict, LRScheduler.get_last_lr)
