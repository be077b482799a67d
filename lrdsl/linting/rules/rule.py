"""What a lint rule is: one declaration from which the checker, `lrdsl explain`, the page of the rules and their tests take all they know."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs

from lrdsl.check.bounds import bounds
from lrdsl.check.notes import Chain, Notes, Use
from lrdsl.check.program import total_of
from lrdsl.clock import Clock
from lrdsl.diagnostics import Fix
from lrdsl.expr import BASE, ENTRY, Expr, Num, T
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.plan import Piece, Plan, Program, pieces
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node

#: The parameters that say at what level a shape is. Those of a plateau say how far it falls.
LEVELS = {p.name for forms in SHAPES.values() for form in forms if form.monitor is None for p in form.parameters if p.kind is Kind.LEVEL}


@attrs.frozen
class Finding:
    """A place where a rule speaks: what is wrong there, what to do, and a repair that a program can make."""

    extent: Extent
    message: str
    help: str
    fix: Fix | None = None


@attrs.frozen(slots=False)
class Facts:
    """What a rule may look at: a sound text, its tree, what it means, and what was noted on the way."""

    text: str
    tree: Node
    program: Program
    clock: Clock
    notes: Notes

    @cached_property
    def total(self) -> Exact | None:
        """The run's length in ticks, where it is known."""
        return total_of(self.clock)

    @cached_property
    def base(self) -> Exact | None:
        """The base, where the text sets it."""
        return self.program.base

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """Everything in the tree, in the order of the text."""
        return tuple(sorted(nodes.walk(self.tree), key=lambda node: node.extent))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every call of a shape or a combinator, in the order of the text."""
        return tuple(sorted(self.notes.uses.values(), key=lambda use: use.node.extent))

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """Every sequence, in the order of the text."""
        return tuple(chain for _, chain in sorted(self.notes.chains.items()))

    @cached_property
    def bodies(self) -> tuple[tuple[str, Node], ...]:
        """What is scheduled, and the expression for it."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else (self.tree,)
        found: list[tuple[str, Node]] = []
        for s in statements:
            if isinstance(s, nodes.Target) and isinstance(s.target, nodes.Name | nodes.Indexed):
                found.append((s.target.id, s.body))
            elif not isinstance(s, nodes.Setting | nodes.Binding | nodes.Function | nodes.Use | nodes.Assertion | nodes.Target):
                found.append(("lr", s))
        return tuple(found)

    def uses_in(self, key: str) -> tuple[Use, ...]:
        """The calls in what is scheduled for a key."""
        extents = [body.extent for name, body in self.bodies if name == key]
        return tuple(use for use in self.uses if any(a <= use.node.extent[0] < b for a, b in extents))

    def whole(self, body: Node) -> Chain | None:
        """The sequence that is all that is scheduled for a target."""
        return self.notes.chains.get(body.extent)

    def pieces(self, plan: Plan) -> tuple[Piece, ...]:
        """The stretches of a plan's formula."""
        found = self._pieces.get(plan.level)
        if found is None:
            found = self._pieces[plan.level] = pieces(plan.level)
        return found

    @cached_property
    def _pieces(self) -> dict[Expr, tuple[Piece, ...]]:
        return {}

    def level(self, e: Expr, tick: Exact = 0) -> float:
        """A level at a tick, with the base that is meant, and entered at it; NaN where it is not a number."""
        base = self.program.base_value
        low, high = bounds(e, {T: (float(tick), float(tick)), ENTRY: (base, base), BASE: (base, base)})
        return low if low == high else math.nan


@attrs.frozen
class Rule:
    """A rule: its `code` and `name`, what it finds, why that matters, a text in which it speaks and one in which it does not, and what finds it.

    `clock` are the options with which both examples are read. `fix` says whether its repairs are "safe", which keeps every level, or "unsafe"; "" for none.
    `run` says that it speaks of how long the run is, or an epoch, and has nothing to say where nobody has said that.
    """

    code: str
    name: str
    finds: str
    why: str
    bad: str
    good: str
    look: Callable[[Facts], Iterator[Finding]]
    fix: str = ""
    clock: Mapping[str, Any] = attrs.field(factory=dict)
    run: bool = False


def argument(use: Use, name: str) -> nodes.Argument | None:
    """The argument of a call that the text gives under a name, by position too where that is the first."""
    named = next((a for a in use.node.arguments if a.name == name), None)
    first = use.node.arguments[0] if use.node.arguments and not use.node.arguments[0].name else None
    return named or (first if first is not None and next(iter(use.arguments), "") == name else None)


def value(e: Any) -> Exact | None:
    """The value of an argument that is a plain number."""
    return e.value if isinstance(e, Num) else None


def ticks(n: Exact) -> str:
    """A number of ticks in words."""
    return f"{float(n):,.10g}".replace(",", "_") + (" tick" if n == 1 else " ticks")
