"""What a check notes down for the rules that look at a sound text afterwards: its calls, with their arguments, and its sequences, with the levels between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.expr import Expr
from lrdsl.syntax.nodes import Call, Extent, Node


@attrs.frozen(eq=False)
class Use:
    """A call of a shape or a combinator: its `name`, all its arguments, those that the text has, and whether it is inside a factor."""

    node: Call
    name: str
    arguments: Mapping[str, Any]
    given: frozenset[str]
    factor: bool


@attrs.frozen(eq=False)
class Chain:
    """Phases one after the other: the level that each enters at, in terms of what the first enters at, and how long each is, None where nobody knows."""

    items: tuple[Node, ...]
    entries: tuple[Expr | None, ...]
    lengths: tuple[Any, ...]
    factor: bool


@attrs.define
class Notes:
    """The notes of one text; what is read of other texts is not noted. `least` is a bound below each formula for bases up to 1, of its proof."""

    text: str
    uses: dict[tuple[Extent, str], Use] = attrs.field(factory=dict)
    chains: dict[Extent, Chain] = attrs.field(factory=dict)
    least: dict[Expr, float] = attrs.field(factory=dict)
