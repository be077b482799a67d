"""`Clock`: the facts of a run, such as its steps per epoch, and the exact conversion of `5ep`, `10%` or `1.5B tokens` into ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from lrdsl.arguments import quoted, setting, unknown, written
from lrdsl.batches import Batches
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr.exact import Exact, plain, quotient, reduced, unplain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Every spelling of a unit, and the unit that it names.
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

#: What other libraries, and people, call a unit; for hints.
ELSEWHERE = {
    **dict.fromkeys(("it", "its", "iter", "iters", "iteration", "iterations", "batch", "batches", "ba", "update", "updates", "st"), "steps"),
    **dict.fromkeys(("e", "eps", "epo"), "ep"),
    **dict.fromkeys(("percent", "pct", "perc", "dur"), "%"),
    **dict.fromkeys(("sp", "img", "imgs", "image", "images", "example", "examples", "seq", "seqs", "sequences"), "samples"),
}
#: The spelling of each unit in canonical text.
CANONICAL_UNIT = {"tick": "ticks", "step": "steps", "epoch": "ep", "percent": "%", "token": "tokens", "sample": "samples"}

#: The units of a time axis, and the unit of the language that each is.
TIMES = {"ticks": "tick", "steps": "step", "epochs": "epoch", "tokens": "token", "samples": "sample", "percent": "percent"}

#: The suffixes of a number in a duration, and their factors.
MULTIPLES = {"k": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


def typed(text: str) -> Exact | None:
    """Returns a number that a person types, where a text could have it with no unit: `10k`, `1.5 B`, `1_000`. Returns None for any other text.

    >>> typed("10k"), typed("1.5 B"), typed("1e-3"), typed("k"), typed("5ep")
    (10000, 1500000000, Fraction(1, 1000), None, None)
    """
    digits, multiple = text.rstrip()[:-1], MULTIPLES.get(text.rstrip()[-1:])
    amount = written(text if multiple is None else digits)
    return amount if amount is None or multiple is None else reduced(amount * multiple)


#: The largest tick and the longest duration. Every tick up to it is exact in a double.
MAX_TICKS = 10**12


class MissingFactError(Exception):
    """Raised for a unit that needs a fact which the clock does not have. Any one of the keywords in `facts` would give it."""

    def __init__(self, *facts: str) -> None:
        self.facts = facts
        super().__init__(*facts)


#: What to write where nobody knows a fact, such as the length of a run over a stream of data.
WITHOUT_TOTAL = "end phases with `until`, or let a callback call `scheduler.replan` when the end comes"
_WITHOUT = {
    **dict.fromkeys(("total_steps", "total_epochs"), ("the length of the run", f"without `total`, `rest` and shares: {WITHOUT_TOTAL}")),
    "steps_per_epoch": ("the length of an epoch", 'in steps, or let one tick be an epoch: `tick="epoch"`'),
}


def _checked_fact(name: str, value: Any) -> Exact | Batches | None:
    """Returns a fact of the host as an exact number. Raises `ScheduleError` for one that is not a positive number. `Batches` come from a text."""
    if value is None or isinstance(value, Batches):
        return value
    if name in _WITHOUT and unknown(value):
        what, how = _WITHOUT[name]
        raise refuse("LR152", f"{name} is {quoted(value)}, which says that {what} is unknown", f"leave `{name}` out, and write the schedule {how}")
    help = f"give `{name}` as a positive number up to {MAX_TICKS:.0e}, as 100"
    fact = setting(name, value, help, high=MAX_TICKS)
    if fact <= 0:
        raise refuse("LR152", f"{name} is {quoted(value)}", help)
    return fact


class Options(TypedDict, total=False):
    """The keywords of every function that reads a text: the facts of a `Clock`, and `names`, numbers and lists of them for the names in the text."""

    names: Mapping[str, float | Exact | Sequence[float | Exact]] | None
    steps_per_epoch: float | Exact | None
    total_steps: float | Exact | None
    total_epochs: float | Exact | None
    batch_size: float | Exact | None
    tokens_per_step: float | Exact | None
    ticks_per_step: float | Exact | None
    tick: str


@attrs.frozen
class Clock:
    """The facts of a run that convert units into ticks. Each may be missing; a unit that needs a missing fact is an error.

    `steps_per_epoch`, `total_steps`, `total_epochs`, `batch_size` (samples per step) and `tokens_per_step` are positive numbers; the last two are `Batches` if
    a text lets them change in the run. `tick` says what one call of `scheduler.step()` stands for: "step" or "epoch". `ticks_per_step` is above 1 where a
    launcher calls it several times for each step, as Accelerate does.

    >>> import lrdsl
    >>> lrdsl.Clock.of(steps_per_epoch=1251).ticks(5, "epoch")
    6255
    """

    steps_per_epoch: Exact | None = None
    total_steps: Exact | None = None
    total_epochs: Exact | None = None
    batch_size: Exact | Batches | None = None
    tokens_per_step: Exact | Batches | None = None
    ticks_per_step: Exact | None = None
    tick: str = "step"

    @classmethod
    def of(cls, tick: str = "step", **facts: Any) -> Clock:
        """Returns the clock of the host's keywords.

        Raises `TypeError` for an unknown keyword, and `ScheduleError` for a fact that is not positive or contradicts another.
        """
        for name in facts:
            if name not in attrs.fields_dict(cls):
                names = f"; a name in the text gets its value by `names={{{name!r}: ...}}`"
                raise TypeError(f"unexpected keyword argument {name!r}; the clock takes {', '.join(sorted(attrs.fields_dict(cls)))}{names}")
        checked: dict[str, Any] = {name: _checked_fact(name, value) for name, value in facts.items()}
        if not isinstance(tick, str) or tick not in ("step", "epoch"):
            raise refuse("LR152", f"tick is {quoted(tick)}", 'a tick is one "step" or one "epoch"')
        if tick == "epoch" and checked.get("ticks_per_step") is not None:
            raise refuse("LR124", "ticks_per_step is given, but ticks are epochs", 'leave ticks_per_step out, or set tick to "step"')
        clock = cls(tick=tick, **checked)
        per, steps, epochs = clock.steps_per_epoch, clock.total_steps, clock.total_epochs
        if per is not None and steps is not None and epochs is not None and per * epochs != steps:
            raise clock._contradiction(per * epochs)
        return clock

    def _contradiction(self, product: Exact) -> ScheduleError:
        return refuse(
            "LR124",
            f"{self.total_epochs} epochs of {self.steps_per_epoch} steps are {product} steps, but total_steps is {self.total_steps}",
            "give two of steps_per_epoch, total_epochs and total_steps; the third follows",
        )

    def facts(self) -> dict[str, Any]:
        """Returns the facts that the clock has, as JSON data: whole numbers, decimals, or fractions as text, such as `"1/3"`; batches that change as pairs."""
        return {
            name: value if isinstance(value, str) else value.plain() if isinstance(value, Batches) else plain(value) for name, value in self.given().items()
        }

    def given(self) -> dict[str, Any]:
        """Returns the facts that the clock has, by the names that `Clock.of` takes."""
        return {name: value for name, value in attrs.asdict(self, recurse=False).items() if value is not None}

    @classmethod
    def from_facts(cls, data: Mapping[str, Any]) -> Clock:
        """Returns the clock of the data of `facts`. Raises `ValueError` or `ScheduleError` for other data."""
        if not set(data) <= set(attrs.fields_dict(cls)):
            raise ValueError(data)
        facts: dict[str, Any] = {name: Batches.from_plain(fact) if isinstance(fact, list) else unplain(fact) for name, fact in data.items() if name != "tick"}
        return cls.of(data.get("tick", "step"), **facts)

    def with_total(self, total_steps: Any = None, total_epochs: Any = None) -> Clock:
        """Returns the clock of a run with another total; an epoch stays as long as it is. Raises `ScheduleError`."""
        try:
            per: Exact | None = self.epoch_steps()
        except MissingFactError:
            per = None
        facts = {**self.given(), "steps_per_epoch": per, "total_steps": total_steps, "total_epochs": total_epochs}
        return Clock.of(**facts)

    @property
    def changing(self) -> tuple[str, ...]:
        """The units of which a step takes another amount later in the run: "token", "sample", both or none."""
        units = {"token": self.tokens_per_step, "sample": self.batch_size}
        return tuple([unit for unit, fact in units.items() if isinstance(fact, Batches)])

    def ticks_in(self, time: str) -> Exact:
        """Returns how many ticks one unit of a time axis has. `time` is one of `TIMES`. Raises `ScheduleError` if a fact is missing, or the batch changes."""
        unit = unit_of_time(time)
        if unit in self.changing:
            raise refuse("LR123", f"one of the {time} is no fixed number of ticks, because the batch changes in the run", "count ticks, steps or epochs")
        try:
            return self.ticks(1, unit)
        except MissingFactError as fact:
            raise lacking(time, fact) from None

    def epoch_steps(self) -> Exact:
        """Returns the steps of an epoch, given or computed from the totals. Raises `MissingFactError`."""
        if self.steps_per_epoch is not None:
            return self.steps_per_epoch
        if self.total_steps is not None and self.total_epochs is not None:
            return quotient(self.total_steps, self.total_epochs)
        raise MissingFactError("steps_per_epoch")

    def total(self) -> Exact:
        """Returns the length of the run in ticks. Raises `MissingFactError`."""
        total, other = (self.total_steps, self.total_epochs) if self.tick == "step" else (self.total_epochs, self.total_steps)
        if total is not None:
            return reduced(total * self._ticks_per_step())
        if other is None:
            raise MissingFactError("total_steps", "total_epochs")
        return reduced(other * self.epoch_steps() * self._ticks_per_step()) if self.tick == "step" else quotient(other, self.epoch_steps())

    def missing_total(self) -> MissingFactError:
        """Returns the error for a place that needs the length of the run, with the facts that would give it."""
        try:
            self.total()
        except MissingFactError as fact:
            return fact
        return MissingFactError("total_steps", "total_epochs")

    def total_in_ticks(self) -> Exact:
        """Returns the same. Raises `ScheduleError` where a fact is missing."""
        try:
            return self.total()
        except MissingFactError as fact:
            raise refuse("LR121", f"the total needs {' or '.join(fact.facts)} in ticks, which is not given", f"give `{fact.facts[0]}`") from None

    def _ticks_per_step(self) -> Exact:
        return self.ticks_per_step or 1

    def _steps_to(self, tick: Exact) -> Exact:
        """Returns the step that is made at a tick."""
        return quotient(tick, self._ticks_per_step()) if self.tick == "step" else reduced(tick * self.epoch_steps())

    def ticks(self, amount: Exact, unit: str, start: Exact = 0) -> Exact:
        """Converts an amount of a unit into ticks, exactly. Raises `MissingFactError`.

        Where the batch changes, tokens and samples are counted from the tick `start` on; an amount below 0 is counted backward from there.
        """
        if unit == "tick":
            return amount
        if unit == "percent":
            return quotient(amount * self.total(), 100)
        if unit == "epoch":
            return reduced(amount * self.epoch_steps() * self._ticks_per_step()) if self.tick == "step" else amount
        if unit == "token" and self.tokens_per_step is None:
            raise MissingFactError("tokens_per_step")
        if unit == "sample" and self.batch_size is None:
            raise MissingFactError("batch_size")
        per_step = {"token": self.tokens_per_step, "sample": self.batch_size}.get(unit) or 1
        steps = per_step.steps(amount, self._steps_to(start)) if isinstance(per_step, Batches) else quotient(amount, per_step)
        return reduced(steps * self._ticks_per_step()) if self.tick == "step" else quotient(steps, self.epoch_steps())

    def amount(self, tick: Exact, unit: str) -> Exact:
        """Returns how much of a unit a run has seen at a tick, exactly. Raises `MissingFactError`.

        >>> Clock.of(steps_per_epoch=1251).amount(6255, "epoch")
        5
        """
        if unit == "tick":
            return tick
        if unit == "epoch":
            return tick if self.tick == "epoch" else quotient(tick, self.ticks(1, "epoch"))
        steps = self._steps_to(tick)
        if unit == "step":
            return steps
        self.ticks(1, unit)
        per_step = self.tokens_per_step if unit == "token" else self.batch_size
        return per_step.seen(steps) if isinstance(per_step, Batches) else reduced(steps * (per_step or 1))


def total_of(clock: Clock) -> Exact | None:
    """Returns the length of the run in ticks; None if the clock does not have it."""
    try:
        return clock.total()
    except MissingFactError:
        return None


def unit_of_time(time: str) -> str:
    """Returns the unit of the language for that of a time axis. Raises `ScheduleError` for another word."""
    if not isinstance(time, str) or time not in TIMES:
        raise refuse("LR152", f"time is {quoted(time)}", f"count {', '.join([*TIMES][:-1])} or {[*TIMES][-1]}")
    return TIMES[time]


def lacking(time: str, fact: MissingFactError) -> ScheduleError:
    """Returns the error for a time axis that needs a fact which is not given."""
    return refuse("LR121", f"time in {time} needs {' or '.join(fact.facts)}, which is not given", f"give `{fact.facts[0]}`")
