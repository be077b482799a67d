"""A schedule as a function of a step tensor in torch, for training steps that are captured or compiled as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from lrdsl.arguments import quoted
from lrdsl.clock import Options
from lrdsl.diagnostics import refuse
from lrdsl.numbers import traced
from lrdsl.reading import timed
from lrdsl.runtime.warnings import warn_of_function
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: The device on which torch has no double precision.
_SINGLE_ONLY = "mps"


class _Library:
    """The functions of torch for floats of one type."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def whole(self, x: Any) -> torch.Tensor:
        return torch.as_tensor(x).to(torch.int32)

    def real(self, x: Any) -> torch.Tensor:
        return torch.as_tensor(x).to(self.dtype)

    def held(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach()

    def arange(self, n: int, like: torch.Tensor) -> torch.Tensor:
        return torch.arange(n, dtype=self.dtype, device=like.device)

    def table(self, array: Any) -> _Table:
        return _Table(torch.from_numpy(array))

    def take(self, table: _Table, at: torch.Tensor) -> torch.Tensor:
        return torch.index_select(table.on(at.device), 0, at.to(torch.int64).reshape(-1)).reshape(at.shape)


class _Table:
    """A table of numbers. It stays on each device where it was used, since a graph that is being captured takes no copy from the host."""

    def __init__(self, numbers: torch.Tensor) -> None:
        self.numbers = numbers
        self.copies: dict[torch.device, torch.Tensor] = {}

    def on(self, device: torch.device) -> torch.Tensor:
        if torch.compiler.is_compiling():
            return self.numbers.to(device)
        if device not in self.copies:
            self.copies[device] = self.numbers.to(device)
        return self.copies[device]


class Level:
    """The level as a function of the step. A copy or a pickle has the schedule and no code."""

    def __init__(self, schedule: Schedule, base: float, target: str | None, dtype: torch.dtype) -> None:
        self.schedule, self.base, self.target, self.dtype = schedule, base, target, dtype
        machines = [traced.DOUBLE, *([traced.SINGLE, traced.SINGLE_TICKS] if torch.backends.mps.is_available() else [])]
        self.functions = [traced.function(schedule.plan_of(target), base, machine, _LIBRARIES[machine is traced.DOUBLE]) for machine in machines]

    def __reduce__(self) -> tuple[Any, ...]:
        return Level, (self.schedule, self.base, self.target, self.dtype)

    def __repr__(self) -> str:
        return f"lrdsl.torch.schedule({str(self.schedule)!r}, base={self.base!r})"

    def __call__(self, step: Any) -> torch.Tensor:
        step = torch.as_tensor(step)
        if step.device.type != _SINGLE_ONLY:
            level: torch.Tensor = self.functions[0](step.to(torch.float64))
        else:
            machine, ticks = traced.ticks(step, False, _LIBRARIES[False])
            level = self.functions[1 if machine is traced.SINGLE else 2](ticks)
        return level.to(self.dtype)


_LIBRARIES = {True: _Library(torch.float64), False: _Library(torch.float32)}


def schedule(
    text: str | Schedule, base: float | None = None, target: str | None = None, dtype: torch.dtype | None = None, **options: Unpack[Options]
) -> Callable[[Any], torch.Tensor]:
    """Returns a function that takes the step and returns the level, as tensors on one device, with the shape of the step.

    It is for training steps that run as a whole on the device, captured in a CUDA graph or compiled: `torch.compile` takes it with `fullgraph=True`. In other
    loops, `lrdsl.compile` is the way.

    Parameters: `text`, schedule text or a `Schedule`; `base`, the base value, as the peak learning rate, 1 unless it is given; `target`, the name of a target
    if the text has several; `dtype`, the float type of the level, by default torch's; the options of `lrdsl.parse`, for a text only. Raises `ScheduleError` for
    a wrong text, and for a schedule that follows a metric, since a function of the step cannot. Warns as `lrdsl.compile` does, with a `ScheduleWarning`, of
    what looks like a mistake for the base and clock that are given.

    The step may be a number or a tensor of any shape and type; one below 0 counts as 0. The level is computed in double precision, except on Apple's GPUs, and
    rounded once. The function can be pickled.

    >>> import torch, lrdsl.torch
    >>> rate = lrdsl.torch.schedule("warmup(5) then linear(10)", base=0.1)
    >>> rate(torch.arange(0, 15, 5))
    tensor([0.0000, 0.1000, 0.0500])
    """
    if dtype is None:
        dtype = torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise refuse("LR152", f"dtype is {quoted(dtype)}", "give a float type: `dtype=torch.float32`", str(text))
    s = timed(text, target, options)
    number = s.checked_base(1.0 if base is None else base, target)
    warn_of_function(s, target, None if base is None else number)
    return Level(s, number, target, dtype)
