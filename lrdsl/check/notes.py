"""`Notes`: what a check records for lint rules. It records the calls with their arguments, and the sequences with the entry levels of their phases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.check.curves import Curve, entries
from lrdsl.expr import Expr
from lrdsl.plan import Watch
from lrdsl.syntax.nodes import Call, Extent, Node

if TYPE_CHECKING:
    from lrdsl.check.scope import Dependencies, NameBinding


@attrs.frozen(eq=False)
class Use:
    """A call of a shape or a combinator. `arguments` has all arguments, defaults included; `given` names those in the text; `factor`: it is in a factor."""

    node: Call
    name: str
    arguments: Mapping[str, Any]
    given: frozenset[str]
    factor: bool


@attrs.frozen(eq=False)
class Chain:
    """A sequence: the nodes of its phases, their curves, the watches that each of them adds, and their dependencies. `factor`: it is in a factor."""

    items: tuple[Node, ...]
    curves: tuple[Curve, ...]
    factor: bool
    watches: tuple[tuple[Watch, ...], ...]
    needs: tuple[Dependencies, ...]

    @cached_property
    def entries(self) -> tuple[Expr | None, ...]:
        """The entry level of each phase, as a formula of the first entry level; None where a metric decides."""
        return entries(self.curves)

    @cached_property
    def lengths(self) -> tuple[Any, ...]:
        """The length of each phase; None where a metric decides."""
        return tuple(None if curve.pending else curve.length for curve in self.curves)


def place(items: tuple[Node, ...]) -> Extent:
    """The place of a sequence in the text."""
    return items[0].extent[0], items[-1].extent[1]


@attrs.define
class Notes:
    """The notes of one text, without those of the files that it uses.

    `least` has a lower bound of each formula, for bases up to 1; `sound` the places of sequences that no later event can make too large for doubles.
    `bindings` has the meaning of each name that the text gives one, and `used` that of each name that it gets from other files: the function, or the value.
    `members` has the notes of members of families that were read later, by target and number.
    """

    text: str
    uses: dict[tuple[Extent, str], Use] = attrs.field(factory=dict)
    chains: dict[Extent, Chain] = attrs.field(factory=dict)
    least: dict[Expr, float] = attrs.field(factory=dict)
    sound: set[Extent] = attrs.field(factory=set)
    bindings: dict[str, NameBinding] = attrs.field(factory=dict)
    used: dict[str, Node] = attrs.field(factory=dict)
    members: dict[tuple[str, int], Notes] = attrs.field(factory=dict)

    def add(self, other: Notes) -> None:
        """Adds the notes of a part of the text."""
        self.uses.update(other.uses)
        self.chains.update(other.chains)
        self.least.update(other.least)

    def chain_of(self, items: tuple[Node, ...]) -> Chain | None:
        """Returns the sequence of these very nodes, outside a factor; None if there is none."""
        chain = self.chains.get(place(items))
        same = chain is not None and not chain.factor and len(chain.items) == len(items) and all(a is b for a, b in zip(chain.items, items, strict=True))
        return chain if same else None
