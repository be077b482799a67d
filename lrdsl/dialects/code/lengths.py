"""The length of a run that a program says beside a scheduler, as OLMo-core's `max_duration=Duration.steps(...)`: what `total` is in its schedule."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.dialects.code.kinds import nodes_of
from lrdsl.dialects.code.names import Names
from lrdsl.dialects.code.values import Scope, is_number
from lrdsl.dialects.config import lasting
from lrdsl.dialects.entry import Dialect, UnreadableError, Written
from lrdsl.expr.exact import nearest_number
from lrdsl.syntax.substitution import substituted


@attrs.frozen
class Length:
    """The length of a run: a fact of the clock with its number, or tokens."""

    fact: str
    amount: Any

    @property
    def clock(self) -> dict[str, Any]:
        """The facts of the clock; none for tokens, which are the length of the schedule alone."""
        return {} if self.fact == "tokens" else {self.fact: nearest_number(self.amount)}

    def put_into(self, written: Written) -> Written:
        """Returns the trees with the tokens of the run in the place of `total`."""
        if self.fact != "tokens":
            return written
        total = {"total": lasting(self.amount, "tokens")}
        return attrs.evolve(written, schedule=substituted(written.schedule, total), beside={key: substituted(v, total) for key, v in written.beside.items()})


def length_of(library: Dialect, names: Names, source: str, inside: ast.AST | None, tree: ast.Module | None) -> Length | None:
    """Returns the length of the run of a scheduler, which the function `inside` makes: what stands there, or else in the file. None if it is not said once."""
    if not library.lengths or tree is None:
        return None
    for place in (inside, tree):
        found = [] if place is None else _said(library.lengths, names, source, place)
        if found:
            return found[0] if all(one == found[0] for one in found) else None
    return None


def _said(lengths: Mapping[str, str], names: Names, source: str, place: ast.AST) -> list[Length | None]:
    """The lengths that a part of a file says; None for one that is not written out."""
    found: list[Length | None] = []
    for call in nodes_of(place, ast.Call) if isinstance(place, ast.Module) else [node for node in ast.walk(place) if isinstance(node, ast.Call)]:
        for keyword in call.keywords:
            key, value = keyword.arg, keyword.value
            value = names.values.get(value.id, value) if isinstance(value, ast.Name) else value
            if not isinstance(value, ast.Call) or not (path := names.path(value.func)):
                continue
            fact = lengths.get(f"{key}={'.'.join(path.split('.')[-2:])}")
            if fact is None or len(value.args) + len(value.keywords) != 1:
                continue
            try:
                amount = Scope(names, source).value(value.args[0] if value.args else value.keywords[0].value)
            except UnreadableError:
                amount = None
            found.append(Length(fact, amount) if is_number(amount) else None)
    return found
