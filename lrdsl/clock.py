"""What a unit is worth: facts about the run, and the exact resolution of `5ep`, `10%` or `1.5B tokens` into ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from lrdsl.arguments import number, quoted
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr.exact import Exact, plain, quotient, reduced

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
MAX_TICKS = 10**12


class MissingFactError(Exception):
    """A unit needs a fact that the clock does not have; `facts` lists the keywords that would give it, any one of them enough."""

    def __init__(self, *facts: str) -> None:
        self.facts = facts
        super().__init__(*facts)


def _fact(name: str, value: Any) -> Exact | None:
    if value is None:
        return None
    known = number(name, value, f"give `{name}` as a positive number", high=MAX_TICKS)
    if known <= 0:
        raise refuse("LR152", f"{name} is {quoted(value)}", f"give `{name}` as a positive number")
    return known


class Options(TypedDict, total=False):
    """What `lrdsl.parse` and all that read a text take by keyword: the facts of a `Clock`, and `names`, numbers for names in the text."""

    names: Mapping[str, float | Exact] | None
    steps_per_epoch: float | Exact | None
    total_steps: float | Exact | None
    total_epochs: float | Exact | None
    batch_size: float | Exact | None
    tokens_per_step: float | Exact | None
    ticks_per_step: float | Exact | None
    tick: str


@attrs.frozen
class Clock:
    """The facts that units resolve against. Each may be missing; a unit that needs it then is an error that names it.

    Parameters: `steps_per_epoch`, `total_steps` and `total_epochs`, `batch_size` (samples a step), `tokens_per_step`, all positive numbers; `tick`, what one
    call of `scheduler.step()` stands for, "step" or "epoch"; `ticks_per_step`, where a launcher calls it several times a step, as Accelerate does.

    >>> Clock.of(steps_per_epoch=1251).ticks(5, "epoch")
    6255
    """

    steps_per_epoch: Exact | None = None
    total_steps: Exact | None = None
    total_epochs: Exact | None = None
    batch_size: Exact | None = None
    tokens_per_step: Exact | None = None
    ticks_per_step: Exact | None = None
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
        if not isinstance(tick, str) or tick not in ("step", "epoch"):
            raise refuse("LR152", f"tick is {quoted(tick)}", 'a tick is one "step" or one "epoch"')
        if tick == "epoch" and known.get("ticks_per_step") is not None:
            raise refuse("LR124", "ticks are epochs, and ticks_per_step says how many a step has", "leave ticks_per_step out, or make a tick a step")
        clock = cls(tick=tick, **known)
        per, steps, epochs = clock.steps_per_epoch, clock.total_steps, clock.total_epochs
        if per is not None and steps is not None and epochs is not None and per * epochs != steps:
            raise clock._contradiction(per * epochs)
        return clock

    def _contradiction(self, product: Exact) -> ScheduleError:
        return refuse(
            "LR124",
            f"{self.total_epochs} epochs of {self.steps_per_epoch} steps are {product} steps, and total_steps says {self.total_steps}",
            "give two of steps_per_epoch, total_epochs and total_steps; the third follows",
        )

    def facts(self) -> dict[str, Any]:
        """The facts that are known, as plain JSON data: whole numbers, decimals, or fractions written `"1/3"`."""
        known = {name: value for name, value in attrs.asdict(self).items() if value is not None}
        return {name: value if isinstance(value, str) else plain(value) for name, value in known.items()}

    def ticks_in(self, time: str) -> Exact:
        """The ticks in one of the units that a formula may count: "ticks", "steps" or "epochs". Raises `ScheduleError` where nobody has said how many."""
        units = {"ticks": "tick", "steps": "step", "epochs": "epoch"}
        if not isinstance(time, str) or time not in units:
            raise refuse("LR152", f"time is {quoted(time)}", "count ticks, steps or epochs")
        try:
            return self.ticks(1, units[time])
        except MissingFactError as fact:
            raise refuse("LR121", f"time in {time} needs {' or '.join(fact.facts)}, which is not given", f"give `{fact.facts[0]}`") from None

    def epoch_steps(self) -> Exact:
        """Steps in an epoch, given or worked out from the totals."""
        if self.steps_per_epoch is not None:
            return self.steps_per_epoch
        if self.total_steps is not None and self.total_epochs is not None:
            return quotient(self.total_steps, self.total_epochs)
        raise MissingFactError("steps_per_epoch")

    def total(self) -> Exact:
        """The run's length in ticks."""
        whole, other = (self.total_steps, self.total_epochs) if self.tick == "step" else (self.total_epochs, self.total_steps)
        if whole is not None:
            return reduced(whole * self._per_step())
        if other is None:
            raise MissingFactError("total_steps", "total_epochs")
        return reduced(other * self.epoch_steps() * self._per_step()) if self.tick == "step" else quotient(other, self.epoch_steps())

    def _per_step(self) -> Exact:
        return self.ticks_per_step or 1

    def ticks(self, amount: Exact, unit: str) -> Exact:
        """So many of a unit, in ticks, exactly. Raises `MissingFactError`."""
        if unit == "tick":
            return amount
        if unit == "percent":
            return quotient(amount * self.total(), 100)
        if unit == "epoch":
            return reduced(amount * self.epoch_steps() * self._per_step()) if self.tick == "step" else amount
        if unit == "token" and self.tokens_per_step is None:
            raise MissingFactError("tokens_per_step")
        if unit == "sample" and self.batch_size is None:
            raise MissingFactError("batch_size")
        per_step = {"token": self.tokens_per_step, "sample": self.batch_size}.get(unit) or 1
        steps = quotient(amount, per_step)
        return reduced(steps * self._per_step()) if self.tick == "step" else quotient(steps, self.epoch_steps())
