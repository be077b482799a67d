"""The public module for JAX: `schedule` turns a text into a function of the step count, as optax expects it.

JAX can trace, compile, map and differentiate the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from lrdsl.clock import Options
from lrdsl.numbers import traced
from lrdsl.reading import timed
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["schedule"]


class _Operations:
    """The operations of jax.numpy, with a loop and a cast beside them."""

    fori_loop = staticmethod(jax.lax.fori_loop)

    @staticmethod
    def cast(x: Any, dtype: Any) -> Any:
        return jnp.asarray(x, dtype)

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)


def schedule(text: str | Schedule, base: float = 1.0, target: str | None = None, **options: Unpack[Options]) -> Callable[[Any], Any]:
    """Returns a function that takes the step count and returns the level, in JAX's float type.

    Parameters: `text`, schedule text or a `Schedule`; `base`, the base value, as the peak learning rate; `target`, the name of a target if the text has
    several; the options of `lrdsl.parse`, for a text only. Raises `ScheduleError` for a wrong text, and for a schedule that follows a metric, since a function
    of the step count cannot.

    >>> import jax, lrdsl.jax
    >>> rate = lrdsl.jax.schedule("warmup(5) then linear(10)", base=0.1)
    >>> [round(float(jax.jit(rate)(t)), 4) for t in (0, 5, 10)]
    [0.0, 0.1, 0.05]
    """
    plan, value = timed(text, base, target, options)

    def level(count: Any) -> Any:
        tick = jnp.asarray(count, dtype=float)
        return jnp.asarray(traced.level(plan, tick, value, _Operations()), dtype=tick.dtype) * jnp.ones_like(tick)

    return level
