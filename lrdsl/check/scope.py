"""What a part of a text is checked against: the clock, the host's names, the problems found so far, and where in the schedule it stands."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import attrs

from lrdsl.clock import Clock, MissingFactError
from lrdsl.diagnostics import Problems
from lrdsl.syntax.nodes import Extent

#: The words that the language gives a meaning to in a place for a value.
WORDS = ("base", "pi", "rest", "t", "total")

_FLAGS = {
    "steps_per_epoch": "`steps_per_epoch=` (`--steps-per-epoch`)",
    "total_steps": "`total_steps=` (`--total-steps`)",
    "total_epochs": "`total_epochs=` (`--total-epochs`)",
    "batch_size": "`batch_size=` (`--batch-size`)",
    "tokens_per_step": "`tokens_per_step=` (`--tokens-per-step`)",
}


@attrs.frozen
class Scope:
    """The surroundings of a node.

    `room` is what `rest` means here, or None where it has no meaning, and then `no_room` says why. `factor` is set inside the right side of `A * B`, where
    the entry level and base are 1; `formula` inside an expression of `t`.
    """

    clock: Clock
    names: Mapping[str, Fraction]
    problems: Problems
    room: Fraction | None = None
    no_room: str = ""
    factor: bool = False
    formula: bool = False

    def without_room(self, why: str) -> Scope:
        """The same, where `rest` has no meaning."""
        return attrs.evolve(self, room=None, no_room=why)

    def missing(self, fact: MissingFactError, extent: Extent, what: str) -> None:
        """Report that the clock lacks a fact."""
        ways = " or ".join(_FLAGS[name] for name in fact.facts)
        self.problems.error("LR121", extent, f"{what} needs {' or '.join(fact.facts)}, which nobody has said", f"give {ways}")
