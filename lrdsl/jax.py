"""The public module for JAX: `schedule` turns a text into a function of the step count, as optax expects it.

JAX can trace, compile, map and differentiate the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import jax.numpy as jnp
from jax.lax import stop_gradient

from lrdsl.clock import Options
from lrdsl.numbers import traced
from lrdsl.numbers.branchless import Machine
from lrdsl.reading import timed
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["schedule"]


class _Library:
    """The functions of jax.numpy for floats of one type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def whole(self, x: Any) -> Any:
        return jnp.asarray(x, jnp.int32)

    def real(self, x: Any) -> Any:
        return jnp.asarray(x, self.dtype)

    def held(self, x: Any) -> Any:
        return stop_gradient(x)

    def arange(self, n: int, _like: Any) -> Any:
        return jnp.arange(n, dtype=self.dtype)

    def table(self, array: Any) -> Any:
        return array

    def take(self, table: Any, at: Any) -> Any:
        return jnp.asarray(table)[jnp.asarray(at, jnp.int32)]


@attrs.frozen
class _Level:
    """The level as a function of the step count. A copy or a pickle has the schedule and no code."""

    schedule: Schedule
    base: float
    target: str | None
    functions: dict[Machine, Callable[[Any], Any]] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Level, (self.schedule, self.base, self.target)

    def __call__(self, count: Any) -> Any:
        wide = jnp.asarray(0.0).dtype == jnp.float64
        library = _Library(jnp.float64 if wide else jnp.float32)
        machine, ticks = traced.ticks(count, wide, library)
        if machine not in self.functions:
            self.functions[machine] = traced.function(self.schedule.plan_of(self.target), self.base, machine, library)
        return self.functions[machine](ticks)


def schedule(text: str | Schedule, base: float | None = None, target: str | None = None, **options: Unpack[Options]) -> Callable[[Any], Any]:
    """Returns a function that takes the step count and returns the level, in JAX's float type.

    Parameters: `text`, schedule text or a `Schedule`; `base`, the base value, as the peak learning rate, 1 unless it is given; `target`, the name of a target
    if the text has several; the options of `lrdsl.parse`, for a text only. Raises `ScheduleError` for a wrong text, and for a schedule that follows a metric,
    since a function of the step count cannot. Warns as `lrdsl.compile` does, with a `ScheduleWarning`, of what looks like a mistake for the base and clock that
    are given.

    The count may be a number or an array of any shape and type; one below 0 counts as 0. The function can be pickled.

    >>> import jax, lrdsl.jax
    >>> rate = lrdsl.jax.schedule("warmup(5) then linear(10)", base=0.1)
    >>> [round(float(jax.jit(rate)(t)), 4) for t in (0, 5, 10)]
    [0.0, 0.1, 0.05]
    """
    from lrdsl.runtime.warnings import warn_of_function

    s = timed(text, target, options)
    number = s.checked_base(1.0 if base is None else base, target)
    warn_of_function(s, target, None if base is None else number)
    return _Level(s, number, target)
