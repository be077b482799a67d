"""`Rule`, the declaration of a lint rule, and `Facts`, what a rule may read. The linter, `lrdsl explain`, the reference and the tests use the declaration."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs

from lrdsl.check.bounds import bounds
from lrdsl.check.notes import Chain, Notes, Use
from lrdsl.clock import Clock, total_of
from lrdsl.diagnostics import Fix
from lrdsl.expr import BASE, ENTRY, Expr, Num, T
from lrdsl.expr.exact import Exact
from lrdsl.plan import Piece, Plan, pieces
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.targets import Program


@attrs.frozen
class Finding:
    """A problem that a rule found: its place, a message, a help line, and a repair that a program can make."""

    extent: Extent
    message: str
    help: str
    fix: Fix | None = None


@attrs.frozen(slots=False)
class Facts:
    """What a rule may read: a sound text, its tree, its program, its clock, and the notes of the check."""

    text: str
    tree: Node
    program: Program
    clock: Clock
    notes: Notes

    @cached_property
    def total(self) -> Exact | None:
        """The run's length in ticks, None if it is unknown."""
        return total_of(self.clock)

    @cached_property
    def base(self) -> Exact | None:
        """The base that the text sets, None if it sets none."""
        return self.program.base

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """All nodes of the tree, in the order of the text."""
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
        """The key and the expression of each target."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else (self.tree,)
        bodies: list[tuple[str, Node]] = []
        for s in statements:
            if isinstance(s, nodes.Target) and isinstance(s.target, nodes.Name | nodes.Indexed | nodes.Text):
                bodies.append((s.target.value if isinstance(s.target, nodes.Text) else s.target.id, s.body))
            elif not isinstance(s, nodes.Setting | nodes.Binding | nodes.Function | nodes.Use | nodes.Assertion | nodes.Target):
                bodies.append(("lr", s))
        return tuple(bodies)

    def uses_in(self, key: str) -> tuple[Use, ...]:
        """The calls in the expressions of a key's targets."""
        extents = [body.extent for name, body in self.bodies if name == key]
        return tuple(use for use in self.uses if any(a <= use.node.extent[0] < b for a, b in extents))

    def whole(self, body: Node) -> Chain | None:
        """The sequence of phases that is a target's whole expression, None if the expression is not a sequence."""
        return self.notes.chains.get(body.extent)

    def pieces(self, plan: Plan) -> tuple[Piece, ...]:
        """The pieces of a plan's formula."""
        cached = self._pieces.get(plan.level)
        if cached is None:
            cached = self._pieces[plan.level] = pieces(plan.level)
        return cached

    @cached_property
    def _pieces(self) -> dict[Expr, tuple[Piece, ...]]:
        return {}

    def level(self, e: Expr, tick: Exact = 0) -> float:
        """The value of a formula at a tick, for the text's base (or 1), which is the entry level too; NaN if it is not one number."""
        base = self.program.base_value
        low, high = bounds(e, {T: (float(tick), float(tick)), ENTRY: (base, base), BASE: (base, base)})
        return low if low == high else math.nan


@attrs.frozen
class Rule:
    """A rule: its `code` and `name`, what it finds, why that matters, a bad and a good example, and the function `look` that finds problems.

    `clock` are the options for both examples. `fix` says whether its repairs are "safe", which means that they keep every level, or "unsafe", or "" if it has
    none. `run` says that the rule needs the length of the run or of an epoch, so that it finds nothing if that is unknown.
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
    """The argument in the text for a parameter: one by name, or the first one if it is by position and the parameter comes first."""
    named = next((a for a in use.node.arguments if a.name == name), None)
    first = use.node.arguments[0] if use.node.arguments and not use.node.arguments[0].name else None
    return named or (first if first is not None and next(iter(use.arguments), "") == name else None)


def value(e: Any) -> Exact | None:
    """The value of an argument that is a plain number, None for any other argument."""
    return e.value if isinstance(e, Num) else None


def ticks(n: Exact) -> str:
    """A number of ticks as people write it: `1 tick`, `10_000 ticks`."""
    return f"{float(n):,.10g}".replace(",", "_") + (" tick" if n == 1 else " ticks")
