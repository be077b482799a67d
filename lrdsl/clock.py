"""What a unit is worth: facts about the run, and the exact resolution of `5ep`, `10%` or `1.5B tokens` into ticks."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from lrdsl.diagnostics import ScheduleError, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Every spelling of a unit, and the unit it names.
UNITS = {
    "tick": "tick",
    "ticks": "tick",
    "step": "step",
    "steps": "step",
    "ep": "epoch",
    "epoch": "epoch",
    "epochs": "epoch",
    "%": "percent",
    "tok": "token",
    "token": "token",
    "tokens": "token",
    "sample": "sample",
    "samples": "sample",
}

#: The spelling that the canonical text uses.
CANONICAL_UNIT = {"tick": "ticks", "step": "steps", "epoch": "ep", "percent": "%", "token": "tokens", "sample": "samples"}

#: Suffixes on the number of a duration.
MULTIPLES = {"k": 10**3, "M": 10**6, "B": 10**9}

#: The horizon: durations and ticks above this many are refused. Schedules are exact up to it, far past 1e8, and a double holds every tick.
MAX_TICKS = Fraction(10**12)


class MissingFactError(Exception):
    """A unit needs a fact that the clock does not have; `facts` lists the keywords that would give it, any one of them enough."""

    def __init__(self, *facts: str) -> None:
        self.facts = facts
        super().__init__(*facts)


def exact(value: Any) -> Fraction:
    """A host's number as the fraction that it prints as: 0.1 is 1/10."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _fact(name: str, value: Any) -> Fraction | None:
    if value is None:
        return None
    try:
        found = exact(value) if not isinstance(value, bool) and (not isinstance(value, float) or math.isfinite(value)) else None
    except (TypeError, ValueError, ZeroDivisionError):
        found = None
    if found is None or not 0 < found <= MAX_TICKS:
        raise refuse("LR152", f"{name} is {value!r}", f"give `{name}` as a positive number")
    return found


class Options(TypedDict, total=False):
    """What `lrdsl.parse` and all that read a text take by keyword: the facts of a `Clock`, and `names`, numbers for names in the text."""

    names: Mapping[str, float | Fraction] | None
    steps_per_epoch: float | Fraction | None
    total_steps: float | Fraction | None
    total_epochs: float | Fraction | None
    batch_size: float | Fraction | None
    tokens_per_step: float | Fraction | None
    ticks_per_step: float | Fraction | None
    tick: str


@attrs.frozen
class Clock:
    """The facts that units resolve against. Each may be missing; a unit that needs it then is an error that names it.

    Parameters: `steps_per_epoch`, `total_steps` and `total_epochs`, `batch_size` (samples a step), `tokens_per_step`, all positive numbers; `tick`, what one
    call of `scheduler.step()` stands for, "step" or "epoch"; `ticks_per_step`, where a launcher calls it several times a step, as Accelerate does.

    >>> Clock.of(steps_per_epoch=1251).ticks(Fraction(5), "epoch")
    Fraction(6255, 1)
    """

    steps_per_epoch: Fraction | None = None
    total_steps: Fraction | None = None
    total_epochs: Fraction | None = None
    batch_size: Fraction | None = None
    tokens_per_step: Fraction | None = None
    ticks_per_step: Fraction | None = None
    tick: str = "step"

    @classmethod
    def of(cls, tick: str = "step", **facts: Any) -> Clock:
        """A clock from the host's keywords.

        Raises `TypeError` for a keyword that it does not know, and `ScheduleError` for a fact that is not positive or contradicts another.
        """
        for name in facts:
            if name not in attrs.fields_dict(cls):
                raise TypeError(f"unexpected keyword argument {name!r}; the clock takes {', '.join(sorted(attrs.fields_dict(cls)))}")
        known = {name: _fact(name, value) for name, value in facts.items()}
        if tick not in ("step", "epoch"):
            raise refuse("LR152", f"tick is {tick!r}", 'a tick is one "step" or one "epoch"')
        if tick == "epoch" and known.get("ticks_per_step") is not None:
            raise refuse("LR124", "ticks are epochs, and ticks_per_step says how many a step has", "leave ticks_per_step out, or make a tick a step")
        clock = cls(tick=tick, **known)
        per, steps, epochs = clock.steps_per_epoch, clock.total_steps, clock.total_epochs
        if per is not None and steps is not None and epochs is not None and per * epochs != steps:
            raise clock._contradiction(per * epochs)
        return clock

    def _contradiction(self, product: Fraction) -> ScheduleError:
        return refuse(
            "LR124",
            f"{self.total_epochs} epochs of {self.steps_per_epoch} steps are {product} steps, and total_steps says {self.total_steps}",
            "give two of steps_per_epoch, total_epochs and total_steps; the third follows",
        )

    def facts(self) -> dict[str, Any]:
        """The facts that are known, as plain JSON data: whole numbers, decimals, or fractions written `"1/3"`."""
        known = {name: value for name, value in attrs.asdict(self).items() if value is not None}
        return {name: plain(value) if isinstance(value, Fraction) else value for name, value in known.items()}

    def ticks_in(self, time: str) -> Fraction:
        """The ticks in one of the units that a formula may count: "ticks", "steps" or "epochs". Raises `ScheduleError` where nobody has said how many."""
        units = {"ticks": "tick", "steps": "step", "epochs": "epoch"}
        if time not in units:
            raise refuse("LR152", f"time is {time!r}", "count ticks, steps or epochs")
        try:
            return self.ticks(Fraction(1), units[time])
        except MissingFactError as fact:
            raise refuse("LR121", f"time in {time} needs {' or '.join(fact.facts)}, which nobody has said", f"give `{fact.facts[0]}`") from None

    def epoch_steps(self) -> Fraction:
        """Steps in an epoch, given or worked out from the totals."""
        if self.steps_per_epoch is not None:
            return self.steps_per_epoch
        if self.total_steps is not None and self.total_epochs is not None:
            return self.total_steps / self.total_epochs
        raise MissingFactError("steps_per_epoch")

    def total(self) -> Fraction:
        """The run's length in ticks."""
        whole, other = (self.total_steps, self.total_epochs) if self.tick == "step" else (self.total_epochs, self.total_steps)
        if whole is not None:
            return whole * self._per_step()
        if other is None:
            raise MissingFactError("total_steps", "total_epochs")
        return other * self.epoch_steps() * self._per_step() if self.tick == "step" else other / self.epoch_steps()

    def _per_step(self) -> Fraction:
        return self.ticks_per_step or Fraction(1)

    def ticks(self, amount: Fraction, unit: str) -> Fraction:
        """So many of a unit, in ticks, exactly. Raises `MissingFactError`."""
        if unit == "tick":
            return amount
        if unit == "percent":
            return amount * self.total() / 100
        if unit == "epoch":
            return amount * self.epoch_steps() * self._per_step() if self.tick == "step" else amount
        if unit == "token" and self.tokens_per_step is None:
            raise MissingFactError("tokens_per_step")
        if unit == "sample" and self.batch_size is None:
            raise MissingFactError("batch_size")
        per_step = {"token": self.tokens_per_step, "sample": self.batch_size}.get(unit) or Fraction(1)
        steps = amount / per_step
        return steps * self._per_step() if self.tick == "step" else steps / self.epoch_steps()


def plain(value: Fraction) -> int | float | str:
    """A fraction as JSON data, without loss: an int, a float that reads back as the same decimal, or `"numerator/denominator"`.

    >>> plain(Fraction(5, 2)), plain(Fraction(1, 3))
    (2.5, '1/3')
    """
    if value.denominator == 1:
        return value.numerator
    near = float(value)
    return near if Fraction(repr(near)) == value else f"{value.numerator}/{value.denominator}"
