"""`RunRule`, the declaration of a rule about training code, and `Report`, what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import attrs

from lrdsl.phrases import grouped
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Extent
from lrdsl.training.curves import Curve, curves
from lrdsl.training.run import Case, Time


class Report(NamedTuple):
    """A problem that a rule found: its place in the file, a message, and a help line. A `note` is what may be meant, or rests on a default."""

    extent: Extent
    message: str
    help: str
    note: bool = False


@attrs.frozen(slots=False)
class Look:
    """What a rule may look at: a schedule in its run, and its levels in it."""

    case: Case

    @cached_property
    def curves(self) -> list[Curve]:
        """The levels, in each run that the file allows; none if it does not say enough."""
        return curves(self.case)

    @property
    def extent(self) -> Extent:
        """The place of the schedule."""
        return self.case.reading.extent

    def place(self, *roles: str) -> Extent:
        """The place of the last argument, or key, with the first of some roles that is there; that of the schedule if there is none.

        The keys of a config have the roles "warmup" and "decay".
        """
        arguments = self.case.arguments
        return next(
            (one.extent for role in (*roles, "warmup" if "warmup" in roles else "decay") for one in reversed(arguments) if one.role == role and one.extent[1]),
            self.extent,
        )

    def place_of(self, value: float) -> tuple[str, Extent]:
        """The name and the place of the argument that is a number; "" and that of the schedule if there is none."""
        fitting = (one for one in self.case.arguments if isinstance(one.value, int | Fraction) and float(one.value) == value)
        return next(((one.name.rpartition(".")[2], one.extent) for one in fitting), ("", self.extent))

    @cached_property
    def calls(self) -> tuple[nodes.Call, ...]:
        """The shapes and recipes in the text of the schedule."""
        text = self.case.reading.text
        return () if text is None else tuple(node for node in nodes.walk(parse(text)) if isinstance(node, nodes.Call))

    @property
    def tick(self) -> str:
        """What the scheduler counts: "step" or "epoch"."""
        stepping = self.case.run.stepping
        return stepping.unit if stepping is not None else "step"

    @property
    def word(self) -> str:
        """The scheduler's name in the source."""
        call = self.case.call
        return call.entry.name if call is not None else self.case.reading.source

    @property
    def is_assumed(self) -> bool:
        """Whether a default was taken for a number that another run may give."""
        run = self.case.run
        times = [time for time in (run.epochs, run.steps, run.per_epoch) if time is not None]
        return bool(self.case.reading.assumed) or any(time.assumed for time in times)

    @property
    def length(self) -> Time | None:
        """The length of the run as the source has it, in epochs or steps."""
        run = self.case.run
        return run.epochs if run.epochs is not None else run.steps

    def at(self, tick: float, curve: Curve) -> str:
        """A tick of a curve as people say it: `epoch 30`. A schedule that counts steps in a run of epochs is told in epochs."""
        epochs = self.case.run.epochs
        if self.tick == "step" and epochs is not None and curve.per_epoch and tick >= curve.per_epoch:
            epoch = tick / curve.per_epoch  # the steps of an epoch may be supposed
            return f"{'' if epoch == round(epoch) else 'about '}epoch {epoch:.0f}"
        return f"{self.tick} {grouped(tick)}"

    def ticks(self, n: float) -> str:
        """A number of ticks as people say it: `30 epochs`."""
        return f"{grouped(n)} {self.tick}{'' if n == 1 else 's'}"

    @property
    def whole(self) -> str:
        """The run with its length, as words."""
        length = self.length
        if length is None:
            return "the run"
        if length.number is not None:
            return f"the run of {grouped(length.number)} {length.unit}{'' if length.number == 1 else 's'}"
        return f"the run of `{length.text}` {length.unit}s"


@attrs.frozen
class RunRule:
    """A rule about a schedule of another library in its run: its `code` and `name`, what it finds, why that matters, a bad and a good example, and `look`.

    `levels` says that it looks at the levels in the run, which mean nothing where the schedule counts in another unit. `language` is that of the examples,
    "python" or "yaml"; `file` is the name that they would have.
    """

    code: str
    name: str
    finds: str
    why: str
    bad: str
    good: str
    look: Callable[[Look], Iterator[Report]]
    levels: bool = False
    language: str = "python"
    file: str = "train.py"


def level(value: float, of: float) -> str:
    """A level as a share of another one: `0.98 of its peak`."""
    return "0" if value == 0 else f"{value / of:.2g} of its peak" if of else f"{value:.3g}"
