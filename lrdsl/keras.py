"""The public module for Keras: `Schedule` is a Keras `LearningRateSchedule`, for any backend of Keras 3. It is saved and loaded with the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from lrdsl import reading
from lrdsl.clock import Options
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr.exact import plain, unplain
from lrdsl.numbers import traced
from lrdsl.numbers.branchless import Machine
from lrdsl.schedule import Schedule as Parsed
from lrdsl.schedule import parse

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Schedule"]


#: The module of arrays of each backend of Keras. keras.ops would do, but it gives some functions of doubles in single precision.
_ARRAYS = {"jax": ("jax.numpy",), "numpy": ("numpy",), "tensorflow": ("tensorflow", "math"), "torch": ("torch",)}


class _Library:
    """The functions of the backend for floats of one type."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def __getattr__(self, name: str) -> Any:
        module, *inner = _ARRAYS.get(keras.backend.backend(), ("keras.ops",))
        arrays: Any = import_module(module)
        return getattr(getattr(arrays, inner[0]) if inner and name not in ("where", "zeros_like") else arrays, name)

    def whole(self, x: Any) -> Any:
        return keras.ops.cast(x, "int32")

    def real(self, x: Any) -> Any:
        return keras.ops.cast(x, self.dtype)

    def held(self, x: Any) -> Any:
        return keras.ops.stop_gradient(x)

    def arange(self, n: int, _like: Any) -> Any:
        return keras.ops.arange(n, dtype=self.dtype)

    def table(self, array: Any) -> Any:
        return array

    def take(self, table: Any, at: Any) -> Any:
        return keras.ops.take(keras.ops.convert_to_tensor(table, self.dtype), keras.ops.cast(at, "int32"))


@keras.saving.register_keras_serializable(package="lrdsl")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule as a Keras `LearningRateSchedule`.

    Parameters: `text`, schedule text or an `lrdsl.Schedule`; `base`, the base value, as the peak learning rate, 1 unless it is given; `target`, the name of a
    target if the text has several; `name`, a name for Keras to save; the options of `lrdsl.parse`, for a text only. Raises `ScheduleError` for a wrong text,
    and for a schedule that follows a metric. Warns as `lrdsl.compile` does, with a `ScheduleWarning`, of what looks like a mistake for the base and clock that
    are given.

    A level is computed from the whole step in double precision (on JAX without `jax_enable_x64` in single) and then rounded to `keras.config.floatx()`.
    """

    def __init__(self, text: str | Parsed, base: float | None = None, target: str | None = None, name: str | None = None, **options: Unpack[Options]) -> None:
        from lrdsl.runtime.warnings import warn_of_function

        self._set(reading.timed(text, target, options), str(text), base, target, name)
        warn_of_function(self.schedule, target, self._given_base)

    def _set(self, schedule: Parsed, text: str, base: float | None, target: str | None, name: str | None) -> None:
        super().__init__()
        self.schedule, self.text, self.target, self.name = schedule, text, target, name
        self.base = schedule.checked_base(1.0 if base is None else base, target)
        self._given_base = None if base is None else self.base
        self._functions: dict[Machine, Callable[[Any], Any]] = {}

    def __call__(self, step: Any) -> Any:
        """The level at a step."""
        wide = _has_doubles()
        library = _Library("float64" if wide else "float32")
        machine, ticks = traced.ticks(keras.ops.convert_to_tensor(step) if isinstance(step, keras.Variable) else step, wide, library)
        if machine not in self._functions:
            function = traced.function(self.schedule.plan_of(self.target), self.base, machine, library)
            self._functions[machine] = np.errstate(all="ignore")(function) if keras.backend.backend() == "numpy" else function  # infinity is meant
        level, floatx = self._functions[machine](ticks), keras.config.floatx()
        return level if floatx == "float64" and not wide else keras.ops.cast(level, floatx)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.schedule, self.text, self._given_base, self.target, self.name)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same schedule, for Keras to save. Raises `ScheduleError` for a text that uses files, since a saved model has none."""
        if self.schedule.library is not None:
            _check_alone(self.text, self.schedule)
        facts = {name: fact for name, fact in self.schedule.clock.facts().items() if not isinstance(fact, list)}  # a batch that changes stands in the text
        config = {"text": self.text, "base": self._given_base, "target": self.target, "name": self.name, **facts}
        if self.schedule.names:
            config["names"] = {name: plain(value) for name, value in self.schedule.names}
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Schedule:
        """Makes the schedule again."""
        config = {name: _number(value) for name, value in config.items()}
        if isinstance(config.get("names"), dict):
            config["names"] = {name: _number(value) for name, value in config["names"].items()}
        return cls(**config)


def _check_alone(text: str, schedule: Parsed) -> None:
    """Raises `ScheduleError` for a text that does not stand alone, since it uses files."""
    try:
        parse(text, names=dict(schedule.names), **schedule.clock.given())
    except ScheduleError:
        raise refuse("LR152", "the text uses other files, and a saved model has none", "write what it uses into the text itself", text) from None


def _number(value: Any) -> Any:
    """Returns a fact of a saved schedule: a fraction is saved as text."""
    try:
        return unplain(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _again(schedule: Parsed, text: str, base: float | None, target: str | None, name: str | None) -> Schedule:
    """Makes a copy of a schedule, for `copy` and `pickle`. It does not warn again."""
    copy = Schedule.__new__(Schedule)
    copy._set(schedule, text, base, target, name)
    return copy


def _has_doubles() -> bool:
    """Whether the backend computes in double precision. JAX does with `jax_enable_x64`; torch does not on Apple's GPUs."""
    if keras.backend.backend() == "jax":
        return bool(import_module("jax.numpy").asarray(0.0).dtype == "float64")
    try:
        return keras.ops.cast(0, "float64") is not None
    except TypeError:
        return False
