"""The public module for Keras: `Schedule` is a Keras `LearningRateSchedule`, for any backend of Keras 3. It is saved and loaded with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from lrdsl import reading
from lrdsl.clock import Options
from lrdsl.numbers import traced

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Schedule"]


@keras.saving.register_keras_serializable(package="lrdsl")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule as a Keras `LearningRateSchedule`.

    Parameters: `text`, schedule text; `base`, the base value, as the peak learning rate; `target`, the name of a target if the text has several; the options
    of `lrdsl.parse`. Raises `ScheduleError` for a wrong text, and for a schedule that follows a metric.
    """

    def __init__(self, text: str, base: float = 1.0, target: str | None = None, **options: Unpack[Options]) -> None:
        super().__init__()
        self._plan, self._value = reading.timed(text, base, target, options)
        self.text, self.base, self.target, self.options = str(text), self._value, target, options

    def __call__(self, step: Any) -> Any:
        """The level at a step."""
        tick = keras.ops.cast(step, keras.config.floatx())
        return traced.level(self._plan, tick, self._value, keras.ops) * keras.ops.ones_like(tick)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same schedule, for Keras to save."""
        return {"text": self.text, "base": self.base, "target": self.target, **self.options}
