"""What the callbacks of the frameworks share: reports of all that was measured, under the names that texts use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lrdsl.runtime.scheduler import Scheduler

#: What evaluation puts before the name of a metric; a text may leave it out.
_PREFIX = "eval_"


def schedulers(objects: Iterable[Any]) -> list[Scheduler]:
    """Returns the schedulers of lrdsl among what a framework holds. Some frameworks hold a scheduler in a wrapper."""
    unwrapped = [thing if isinstance(thing, Scheduler) else getattr(thing, "scheduler", None) for thing in objects]
    return [scheduler for scheduler in unwrapped if isinstance(scheduler, Scheduler)]


def named(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Returns metrics by their own names, and without the prefix `eval_` too.

    >>> named({"eval_loss": 0.5, "acc": 0.9})
    {'loss': 0.5, 'eval_loss': 0.5, 'acc': 0.9}
    """
    return {**{name.removeprefix(_PREFIX): value for name, value in metrics.items() if name.startswith(_PREFIX)}, **metrics}


def followed(scheduler: Scheduler, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of the metrics that a scheduler follows."""
    return {name: value for name, value in metrics.items() if name in scheduler.schedule.metrics}
