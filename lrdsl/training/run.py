"""What is known of a run: `Time`, a number of steps or epochs; `Stepping`, how often a scheduler is stepped; `Run`; and `Case`, a schedule in its run."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from lrdsl.dialects.code.calls import Call
from lrdsl.dialects.config import Fact
from lrdsl.dialects.reading import Reading
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node

#: The name of the steps of an epoch in trees, where the file does not give their number.
PER_EPOCH = "steps_per_epoch"


@attrs.frozen
class Time:
    """A number of steps or epochs: its `text` in the source with its extent, its `unit`, and its value.

    `unit` is "step" or "epoch", "" where the source does not say it. `tree` is a number, or arithmetic on names that are not known; None for what has no value.
    `name` is the parameter or the key that it is given to, and `role` what the dialect says of it. `assumed` says that a default was taken,
    `is_open` that it is a name or a computation, and no number that is written out, and `counts_batches` that it counts all batches, also where several are one
    step of the optimizer.
    """

    text: str
    extent: Extent
    unit: str = ""
    tree: Node | None = None
    name: str = ""
    role: str = ""
    assumed: bool = False
    is_open: bool = False
    counts_batches: bool = False

    @property
    def number(self) -> float | None:
        """The value, if it is known."""
        return float(self.tree.value) if isinstance(self.tree, nodes.Number) else None


@attrs.frozen
class Stepping:
    """How often a scheduler is stepped: each step or each epoch, and the `words` that say where that is seen.

    `every` is the number of batches in a step, where the gradients of several are added; `repair` is what to do if it is stepped too seldom or too often;
    `is_early` says that it is stepped before the first update.
    """

    unit: str
    words: str
    every: Time | None = None
    repair: str = ""
    is_early: bool = False


@attrs.frozen
class Run:
    """A run: who steps the scheduler, its length in epochs or in steps, and the steps of an epoch; each None where the source does not say it.

    `is_unused` says that nothing steps the scheduler, nor takes it, beside the loop that updates the parameters.
    """

    stepping: Stepping | None = None
    epochs: Time | None = None
    steps: Time | None = None
    per_epoch: Time | None = None
    is_unused: bool = False

    @property
    def numbers(self) -> dict[str, float]:
        """The length of the run as numbers, by unit, where they are known."""
        return {time.unit: time.number for time in (self.epochs, self.steps) if time is not None and time.number is not None}

    def ticks(self) -> Time | None:
        """Returns the length of the run in ticks of the scheduler: in steps or epochs, as it is stepped."""
        if self.stepping is None:
            return None
        if self.stepping.unit == "epoch":
            return self.epochs
        every = self.stepping.every
        if every is not None and every.tree is None:
            return None
        if self.steps is not None or self.epochs is None or self.epochs.tree is None:
            return self.steps if every is None else None
        each: Node = nodes.Name(PER_EPOCH, (0, 0))
        if self.per_epoch is not None and self.per_epoch.tree is not None:
            each = self.per_epoch.tree
        if every is not None and every.tree is not None:
            each = nodes.Binary("/", each, every.tree, (0, 0))
        return attrs.evolve(self.epochs, tree=nodes.Binary("*", self.epochs.tree, each, (0, 0)), unit="step")


@attrs.frozen
class Case:
    """A schedule of another library, as it was read, in its run. `times` are its arguments that are times; `kinds` say what each name in its text counts.

    `call` is the call that makes it, in Python. `arguments` are the arguments or the keys of the schedule and its parts, each with the role of its parameter.
    """

    reading: Reading
    run: Run
    times: tuple[Time, ...] = ()
    kinds: Mapping[str, str] = attrs.Factory(dict)
    call: Call | None = None
    arguments: tuple[Fact, ...] = ()
