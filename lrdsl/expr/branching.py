"""Formulas with branches, one for each range of time: makes them, cuts them to a range, and applies an operation to every branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lrdsl.expr.arithmetic import ZERO, Call, Expr, Linear, Num
from lrdsl.expr.exact import Exact, quotient
from lrdsl.expr.nodes import Select
from lrdsl.work import spend


def select(of: Expr, branches: Sequence[tuple[Exact, Expr]]) -> Expr:
    """Returns a formula that is, at each `of`, the branch whose range holds it. Branches are (start, value) with rising starts.

    The result is simplified: a branch that selects by the same `of` is replaced by its own branches, `of` is freed of its linear factor and shift, and
    branches of no width are dropped. Equal neighbours become one branch, except at an event, since the formula after an event may still change.
    """
    if isinstance(of, Num):
        reached = [value for start, value in branches if start <= of.value]
        return reached[-1] if reached else branches[0][1]
    if isinstance(of, Linear) and of.scale > 0:
        unscaled = of.scale == 1
        return select(of.of, [(start - of.shift if unscaled else quotient(start - of.shift, of.scale), value) for start, value in branches])
    if isinstance(of, Call) and of.op == "mod" and isinstance(of.args[1], Num):
        period = of.args[1].value
        branches = [(start, value) for start, value in branches if start < period]
    spend(len(branches))
    spliced: list[tuple[Exact, Expr]] = []
    for i, (start, value) in enumerate(branches):
        end = branches[i + 1][0] if i + 1 < len(branches) else None
        if end is not None and end <= start:
            continue
        for at, piece in clipped(of, value, start, end):
            if spliced and spliced[-1][1] == piece and not (isinstance(of, Call) and of.op == "count"):
                continue
            spliced.append((at, piece))
    if len(spliced) == 1:
        return spliced[0][1]
    return Select(of, tuple(s for s, _ in spliced), tuple(v for _, v in spliced))


def clipped(of: Expr, value: Expr, start: Exact, end: Exact | None) -> list[tuple[Exact, Expr]]:
    """Returns the branches of `value` between two bounds of `of`, as (start, piece); one branch if it does not branch by `of`."""
    if not (isinstance(value, Select) and value.of == of):
        return [(start, value)]
    last = len(value.starts) - 1
    spend(last // 4)
    pieces = []
    for i, (at, piece) in enumerate(zip(value.starts, value.values, strict=True)):
        upper = value.starts[i + 1] if i < last else None
        if (upper is None or upper > start) and (end is None or i == 0 or at < end):
            pieces.append((start if i == 0 else max(at, start), piece))
    return pieces


def branches(of: Expr, value: Expr) -> tuple[tuple[Exact, Expr], ...]:
    """Returns the branches of `value` along `of`, as (start, piece); one branch from 0 if it does not branch by `of`."""
    if isinstance(value, Select) and value.of == of:
        return tuple(zip((ZERO.value, *value.starts[1:]), value.values, strict=True))
    return ((ZERO.value, value),)


def on_branches(op: Callable[[Expr], Expr], value: Expr) -> Expr:
    """Applies `op` to a value; if the value branches, to each of its branches."""
    if not isinstance(value, Select):
        return op(value)
    return select(value.of, [(start, on_branches(op, piece)) for start, piece in zip(value.starts, value.values, strict=True)])


def pointwise(op: Callable[..., Expr], of: Expr, *values: Expr) -> Expr:
    """Applies `op` to several values with branches along `of`. The result branches wherever one of them does: a product of two phases is a list of phases."""
    rows = [branches(of, value) for value in values]
    changes: dict[Exact, list[tuple[int, Expr]]] = {}
    for i, row in enumerate(rows):
        for start, piece in row:
            changes.setdefault(start, []).append((i, piece))
    current = [row[0][1] for row in rows]
    merged = []
    for start in sorted(changes):
        for i, piece in changes[start]:
            current[i] = piece
        spend(len(current))
        merged.append((start, op(*current)))
    return select(of, merged)
