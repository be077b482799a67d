"""Counts of ticks that may come out as fractions, which a library that compares them with whole ticks never reaches."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from lrdsl.dialects.code.values import Scope, is_number
from lrdsl.dialects.entry import Entry, UnreadableError


def argument_of(node: ast.Call, entry: Entry, name: str) -> ast.expr | None:
    """Returns the expression of an argument of a call, by the name of its parameter; None if it is not there."""
    place = next((p.position for p in entry.parameters if p.name == name), None)
    if place is not None and len(node.args) > place:
        return node.args[place]
    return next((k.value for k in node.keywords if k.arg == name), None)


def broken(made: Iterable[tuple[ast.Call, Entry]], scope: Scope) -> str:
    """Why a count that torch compares with whole ticks may be a fraction, which it never reaches; "" if none may. `made` are the calls of schedulers."""
    for node, entry in made:
        for name in entry.whole:
            argument = argument_of(node, entry, name)
            for count in argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]:
                if isinstance(count, ast.BinOp) and _divides(count) and not _is_known(count, scope):
                    return f"`{ast.unparse(count)}` may be no whole number, which torch's {entry.name} never reaches: round it"
    return ""


def _divides(node: ast.expr) -> bool:
    """Whether the result of arithmetic may be a fraction of whole numbers. What a call returns, as `int(...)`, is taken for whole."""
    match node:
        case ast.BinOp(_, ast.Div(), _):
            return True
        case ast.BinOp(left, _, right):
            return _divides(left) or _divides(right)
        case ast.UnaryOp(_, operand):
            return _divides(operand)
        case _:
            return False


def _is_known(node: ast.expr, scope: Scope) -> bool:
    """Whether the file says which number an expression is."""
    try:
        return is_number(scope.value(node))
    except UnreadableError:
        return False
