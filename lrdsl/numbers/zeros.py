"""Zeros without a sign: which machine trees may give -0.0, and those trees with 0 added, which makes it 0.0 and changes nothing else.

A level of -0.0 equals 0 but prints as another number. It comes from a product of 0 and something negative. Most trees cannot give it, and cost nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from lrdsl.expr import BASE, INDEX, PI, Call, Expr, Select, T
from lrdsl.numbers.machine import Choice
from lrdsl.numbers.pairs import ZERO, Float, added

#: What a tree may give: a negative number, -0.0, 0.0, a positive number. A set of signs is a sum of these.
_NEGATIVE, _MINUS_ZERO, _PLUS_ZERO, _POSITIVE = 1, 2, 4, 8
_ANY = 15
#: The opposite of each sign.
_OPPOSITE = {_NEGATIVE: _POSITIVE, _MINUS_ZERO: _PLUS_ZERO, _PLUS_ZERO: _MINUS_ZERO, _POSITIVE: _NEGATIVE}
#: Functions that give a number of the sign of their argument.
_ODD = ("expm1", "log1p", "sqrt")


def unsigned(*trees: Expr) -> tuple[Expr, ...]:
    """Returns the trees of a level: (a, b) for a + b * base, or one tree. Their level is never -0.0 for a base above 0.

    The sum is -0.0 only if both parts are, so that one of them gets the 0.
    """
    present = [tree for tree in trees if tree != ZERO]
    if not present or not all(_signs(tree, {}) & _MINUS_ZERO for tree in present):
        return trees
    return tuple(added(tree, ZERO) if tree is present[0] else tree for tree in trees)


def _signs(x: Expr, memo: dict[Expr, int]) -> int:
    """Returns the signs that a tree may have."""
    signs = memo.get(x)
    if signs is None:
        signs = memo[x] = _found(x, memo)
    return signs


def _found(x: Expr, memo: dict[Expr, int]) -> int:
    if isinstance(x, Float):
        if x.value:
            return _POSITIVE if x.value > 0 else _NEGATIVE
        return _MINUS_ZERO if str(x.value).startswith("-") else _PLUS_ZERO
    if x is T or x is INDEX or x is BASE:
        return _PLUS_ZERO | _POSITIVE
    if x is PI:
        return _POSITIVE
    if isinstance(x, Select | Choice):
        return _union(_signs(value, memo) for value in x.values)
    if not isinstance(x, Call):
        return _ANY
    return _of_call(x, [_signs(a, memo) for a in x.args])


def _of_call(x: Call, args: list[int]) -> int:
    match x.op:
        case "add":
            total = args[0]
            for signs in args[1:]:
                total = _sum(total, signs)
            return total
        case "sub":
            return _sum(args[0], _negated(args[1]))
        case "mul" if len(args) == 2 and x.args[0] is x.args[1]:
            return _PLUS_ZERO | _POSITIVE
        case "mul" | "div":
            total = args[0]
            for signs in args[1:]:
                total = _product(total, signs)
            return total
        case "pow" if not args[0] & (_NEGATIVE | _MINUS_ZERO):
            return _PLUS_ZERO | _POSITIVE
        case "min" | "max":
            return _union(args)
        case "floor" | "floordiv" | "mod":
            return _PLUS_ZERO | _POSITIVE if not args[0] & (_NEGATIVE | _MINUS_ZERO) else _ANY
        case "abs" | "exp":
            return _PLUS_ZERO | _POSITIVE
        case "cos" | "log":  # neither is exactly 0 but log(1), which is 0.0
            return _NEGATIVE | _PLUS_ZERO | _POSITIVE
    return args[0] if x.op in _ODD else _ANY


def _union(sets: Iterable[int]) -> int:
    total = 0
    for signs in sets:
        total |= signs
    return total


@cache
def _negated(signs: int) -> int:
    return _union(opposite for sign, opposite in _OPPOSITE.items() if signs & sign)


@cache
def _sum(a: int, b: int) -> int:
    """Returns the signs of a sum."""
    return _union(_sum_of_two(x, y) for x in _OPPOSITE if a & x for y in _OPPOSITE if b & y)


def _sum_of_two(a: int, b: int) -> int:
    if a == b:
        return a
    if a | b == _NEGATIVE | _POSITIVE:
        return _NEGATIVE | _PLUS_ZERO | _POSITIVE
    if a | b == _MINUS_ZERO | _PLUS_ZERO:
        return _PLUS_ZERO
    return (a | b) & (_NEGATIVE | _POSITIVE)


@cache
def _product(a: int, b: int) -> int:
    """Returns the signs of a product or a quotient."""
    return _union(_product_of_two(x, y) for x in _OPPOSITE if a & x for y in _OPPOSITE if b & y)


def _product_of_two(a: int, b: int) -> int:
    negative = bool(a & (_NEGATIVE | _MINUS_ZERO)) != bool(b & (_NEGATIVE | _MINUS_ZERO))
    if (a | b) & (_MINUS_ZERO | _PLUS_ZERO):
        return _MINUS_ZERO if negative else _PLUS_ZERO
    return _NEGATIVE if negative else _POSITIVE
