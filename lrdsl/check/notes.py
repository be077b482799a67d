"""`Notes`: what a check records for lint rules. It records the calls with their arguments, and the sequences with the entry levels of their phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.expr import Expr
from lrdsl.syntax.nodes import Call, Extent, Node


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
    """A sequence of phases: the entry level of each, as a formula of the first entry level, and the length of each. Both are None where a metric decides."""

    items: tuple[Node, ...]
    entries: tuple[Expr | None, ...]
    lengths: tuple[Any, ...]
    factor: bool


@attrs.define
class Notes:
    """The notes of one text, without those of the files that it uses. `least` has a lower bound of each formula, for bases up to 1."""

    text: str
    uses: dict[tuple[Extent, str], Use] = attrs.field(factory=dict)
    chains: dict[Extent, Chain] = attrs.field(factory=dict)
    least: dict[Expr, float] = attrs.field(factory=dict)
