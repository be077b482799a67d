"""The arithmetic that every formula is made of: a small tree of frozen nodes.

A shape's formula, a user's `scale(...)` expression and a whole composed schedule are all `Expr` trees over three symbols: `T`, the ticks since the
phase began; `ENTRY`, the level it enters at; `BASE`, the group's own value. A composition is a substitution: shift `T`, replace `ENTRY`.

Two habits keep the numbers right. Constants are exact: a `Num` holds the decimal that was written and the double it reads as, both as fractions. And
time is exact: a first-degree expression in whole or fractional ticks collapses into one `Linear` node, so `(23 - t)/20` is one rounding, however many
phases were shifted and stretched to get there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from operator import attrgetter
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact, quotient, reduced
from lrdsl.expr.lettered import is_lettered
from lrdsl.expr.sharing import Shared
from lrdsl.work import spend

Constant: TypeAlias = "float | Exact"
Operand: TypeAlias = "Expr | float | Exact"

#: Sums and products of more terms than this count for more work than others.
_MANY = 8
#: Exact constants stop being multiplied out when they pass this many bits; they stay products, and only rounding changes.
FOLD_BITS = 4096
#: The logarithm of the largest double.
_LARGEST = 709.78
#: What passes look for in trees, a bit each: the symbols, by name, and others; events; values with two forms; stairs and cycles; half cosines; products;
#: what may be too large for a double, in formulas and in the operations that `numbers` makes of it.
_MARKS = {"pi": 0, "t": 1, "v": 2, "base": 4, "k": 8, "symbol": 16, "event": 32, "forms": 64, "floor": 128, "mod": 128, "hav": 256, "product": 512}
_MARKS |= dict.fromkeys(("wide", *(f"wide_{op}" for op in ("ceil", "div", "error", "exp", "expm1", "floor", "log", "log1p", "mul", "pow"))), 1024)
#: What a constant does not hold.
VARYING = sum(_MARKS[mark] for mark in ("t", "v", "base", "k", "symbol", "event", "forms", "product"))
EVENTS, FORMS, STAIRS, HALF_COSINES, PRODUCTS, WIDE = _MARKS["event"], _MARKS["forms"], _MARKS["floor"], _MARKS["hav"], _MARKS["product"], _MARKS["wide"]


class Expr(metaclass=Shared):
    """A node of the arithmetic tree: frozen, hashable, and equal to another exactly if it is the same object. What is equal is computed once.

    `holds` has a bit for each thing that passes look for and that occurs in the tree, so that they leave alone what they need not visit: a symbol, an event,
    what `_MARKS` names. `height` is how many nodes lie on the longest way down, `weight` how many there are, counted wherever they occur.
    """

    __slots__ = ("height", "holds", "weight")

    holds: int
    height: int
    weight: int

    @property
    def below(self) -> tuple[Expr, ...]:
        """The direct subtrees."""
        return ()

    @property
    def mark(self) -> int:
        """The bits of the node itself."""
        return 0

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in attrs.fields(type(self)))  # type: ignore[arg-type]

    def __add__(self, other: Operand) -> Expr:
        return add(self, as_expr(other))

    def __radd__(self, other: Operand) -> Expr:
        return add(as_expr(other), self)

    def __sub__(self, other: Operand) -> Expr:
        return add(self, neg(other) if isinstance(other, Expr) else number(-other))

    def __rsub__(self, other: Operand) -> Expr:
        return add(as_expr(other), neg(self))

    def __mul__(self, other: Operand) -> Expr:
        return mul(self, as_expr(other))

    def __rmul__(self, other: Operand) -> Expr:
        return mul(as_expr(other), self)

    def __truediv__(self, other: Operand) -> Expr:
        return div(self, as_expr(other))

    def __rtruediv__(self, other: Operand) -> Expr:
        return div(as_expr(other), self)

    def __pow__(self, other: Operand) -> Expr:
        return power(self, as_expr(other))

    def __rpow__(self, other: Operand) -> Expr:
        return power(as_expr(other), self)

    def __neg__(self) -> Expr:
        return neg(self)


class Leaf(Expr):
    """A node with nothing below it that could change: a constant or a symbol."""

    __slots__ = ()


@attrs.frozen(eq=False)
class Num(Leaf):
    """A constant in its two exact readings: `value`, the decimal in the text (0.1 is 1/10), and `double`, what numeric code computes with."""

    value: Exact
    double: Exact

    @staticmethod
    def key(value: Exact, double: Exact) -> tuple[Any, ...]:
        """What tells a constant from other nodes."""
        ratio = value.as_integer_ratio()
        same = ratio if double is value else double.as_integer_ratio()
        return Num, ratio, None if same == ratio else same, value.form if is_lettered(value) else None

    @property
    def exact(self) -> bool:
        """Whether both readings agree, as they do for whole numbers and for every duration."""
        return self.value is self.double or self.value == self.double


@attrs.frozen(eq=False)
class Symbol(Leaf):
    """A name that stands for a value: one of `T`, `ENTRY`, `BASE`, `INDEX`, the constant `PI`, or one that only people read."""

    name: str

    mark = property(lambda self: _MARKS.get(self.name, _MARKS["symbol"]))


@attrs.frozen(eq=False)
class Event(Expr):
    """The time at which something happens that only the run decides, in the ticks of the phase that waits for it.

    That phase begins `offset` ticks after the run did, or after the event `origin`, and waits no longer than `most` ticks, if that is given. The events of one
    plan differ in `index`.
    """

    index: int
    origin: Event | None
    offset: Exact
    most: Exact | None

    mark = _MARKS["event"]


@attrs.frozen(eq=False)
class Linear(Expr):
    """`scale * of + shift` with exact coefficients, over something that is itself an exact time (`T`, a `mod`, a `floor`)."""

    scale: Exact
    of: Expr
    shift: Exact

    below = property(lambda self: (self.of,))


@attrs.frozen(eq=False)
class Call(Expr):
    """An operation on arguments: `add` and `mul` of any number, `div`, `pow`, `mod`, `min`, `max`, and functions of one argument.

    Those are `abs ceil cos exp expm1 floor log log1p sin sqrt`, and `hav(x)`: the haversine of half turns, sin(pi x / 2)^2, the weight of a half cosine.
    Three speak of an `Event`: `count(event, x)`, how often it has happened by the time x; `since(event, x)`, the time since it happened; and
    `reduce(v, k, factor, least, eps)`, the level after k reductions from v to `max(factor * v, least)`, of which those by no more than eps are left out.
    """

    op: str
    args: tuple[Expr, ...]

    below = property(attrgetter("args"))
    mark = property(lambda self: _MARKS.get(self.op, 0))

    @staticmethod
    def key(op: str, args: tuple[Expr, ...]) -> tuple[Any, ...]:
        """What tells a call from other nodes."""
        if len(args) > _MANY:
            spend(len(args) // _MANY)
        return Call, op, args


T = Symbol("t")
ENTRY = Symbol("v")
BASE = Symbol("base")
INDEX = Symbol("k")
PI = Symbol("pi")


def number(value: Constant) -> Num:
    """An exact constant. A float stands for its own double, not for the decimal it prints as.

    >>> number(3).value
    3
    """
    exact = value if type(value) is int else reduced(Fraction(value) if isinstance(value, float) else value)
    return Num(exact, exact)


def decimal(value: Exact) -> Num:
    """A constant as a text writes it: the decimal for formulas, its nearest double for numbers.

    >>> decimal(Fraction(1, 10)).exact
    False
    """
    is_double = value.denominator == 1 and abs(value.numerator) < 2**53
    return Num(value, value if is_double else quotient(*float(value).as_integer_ratio()))


ZERO = number(0)
ONE = number(1)
_MINUS = number(-1)
_NONE, _ONCE = ZERO.value, ONE.value


def as_expr(value: Operand) -> Expr:
    """The expression itself, or a number as an exact constant."""
    return value if isinstance(value, Expr) else number(value)


def is_time(e: Expr) -> bool:
    """Whether `e` is computed without rounding from whole ticks: `T`, a linear form of it, or `mod` and `floor` of one."""
    if e is T or isinstance(e, (Linear, Event)):
        return True
    return isinstance(e, Call) and (e.op == "since" or (e.op in ("mod", "floor", "ceil") and is_time(e.args[0])))


def linear(scale: Exact, of: Expr, shift: Exact) -> Expr:
    """`scale * of + shift`, merged with a linear form already there."""
    if isinstance(of, Linear):
        if scale is _ONCE:
            return linear(of.scale, of.of, of.shift + shift)
        slope = scale if of.scale is _ONCE else scale * of.scale
        return linear(slope, of.of, scale * of.shift + shift if shift else scale * of.shift)
    if not scale:
        return number(shift)
    return of if not shift and scale == 1 else Linear(scale, of, shift)


def _small(*values: Exact) -> bool:
    return all(v.numerator.bit_length() + v.denominator.bit_length() <= FOLD_BITS for v in values)


def _fold(a: Num, b: Num, op: Callable[[Exact, Exact], Exact]) -> Num | None:
    if not _small(a.value, b.value):
        return None
    value = op(a.value, b.value)
    if a.value is a.double and b.value is b.double:
        return Num(value, value)
    return Num(value, op(a.double, b.double)) if _small(a.double, b.double) else None


def neg(a: Expr) -> Expr:
    """Minus a."""
    return mul(_MINUS, a)


def add(a: Expr, b: Expr) -> Expr:
    """a + b, with constants folded, zeros dropped and exact times merged."""
    if isinstance(a, Num) and isinstance(b, Num) and (folded := _fold(a, b, lambda x, y: x + y)) is not None:
        return folded
    if a == ZERO:
        return b
    if b == ZERO:
        return a
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Num) and x.exact and is_time(y):
            return linear(_ONCE, y, x.value)
    if is_time(a) and is_time(b):
        left, right = parts(a), parts(b)
        if left[1] == right[1]:
            return linear(left[0] + right[0], left[1], left[2] + right[2])
    terms = list(_flat("add", a))
    for term in _flat("add", b):
        _collect(terms, term)
    return Call("add", tuple(terms)) if len(terms) > 1 else terms[0] if terms else ZERO


def _collect(terms: list[Expr], term: Expr) -> None:
    """Put another term into a sum: into the one that differs from it in a constant factor alone, if there is one."""
    factor, rest = coefficient(term)
    if len(terms) > _MANY:
        spend(len(terms) // _MANY)
    for i, other in enumerate(terms):
        multiple, same = coefficient(other)
        if same is rest and not isinstance(term, Num) and (both := _fold(multiple, factor, lambda x, y: x + y)) is not None:
            terms[i : i + 1] = [] if both == ZERO else [mul(both, rest)]
            return
    terms.append(term)


def parts(e: Expr) -> tuple[Exact, Expr, Exact]:
    """(scale, of, shift) of an exact time."""
    return (e.scale, e.of, e.shift) if isinstance(e, Linear) else (_ONCE, e, _NONE)


def _flat(op: str, e: Expr) -> tuple[Expr, ...]:
    return e.args if isinstance(e, Call) and e.op == op else (e,)


def mul(a: Expr, b: Expr) -> Expr:
    """a * b, with constants gathered in front, and exact times merged."""
    if ZERO in (a, b):
        return ZERO
    front: list[Num] = []
    rest: list[Expr] = []
    for f in _flat("mul", a) + _flat("mul", b):
        if not isinstance(f, Num):
            rest.append(f)
        elif front and (folded := _fold(front[-1], f, lambda x, y: x * y)) is not None:
            front[-1] = folded
        else:
            front.append(f)
    if len(front) == len(rest) == 1 and front[0].exact and is_time(rest[0]):
        return linear(front[0].value, rest[0], _NONE)
    kept = [f for f in front if f is not ONE] + rest
    return Call("mul", tuple(kept)) if len(kept) > 1 else kept[0] if kept else ONE


def div(a: Expr, b: Expr) -> Expr:
    """a / b. Division by a constant zero stays in the tree, for the checker to refuse."""
    if isinstance(b, Num) and b.value and b.double:
        if isinstance(a, Num) and (folded := _fold(a, b, quotient)) is not None:
            return folded
        if b == ONE:
            return a
        if b.exact and is_time(a):
            return linear(quotient(1, b.value), a, _NONE)
        if isinstance(a, Call) and a.op == "div" and isinstance(a.args[1], Num) and (both := _fold(a.args[1], b, lambda x, y: x * y)) is not None:
            return div(a.args[0], both)
    top, bottom = coefficient(a), coefficient(b)
    if top[1] is bottom[1] and bottom[0].value and bottom[0].double:
        return div(top[0], bottom[0])
    if a.holds & b.holds & _MARKS["base"] and (over := _per_base(a)) is not None and (under := _per_base(b)) is not None:
        return div(over, under)
    if a == ZERO and not (isinstance(b, Num) and b.value == 0):
        return ZERO
    return Call("div", (a, b))


def _per_base(e: Expr) -> Expr | None:
    """A multiple of the base, divided by the base; None for others."""
    if e is BASE:
        return ONE
    if isinstance(e, Call) and e.op == "mul" and BASE in e.args:
        at = e.args.index(BASE)
        rest = e.args[:at] + e.args[at + 1 :]
        return rest[0] if len(rest) == 1 else Call("mul", rest)
    if isinstance(e, Call) and e.op == "div" and isinstance(e.args[1], Num) and (inner := _per_base(e.args[0])) is not None:
        return div(inner, e.args[1])
    return None


def coefficient(e: Expr) -> tuple[Num, Expr]:
    """The constant in front of a product, and the rest."""
    if isinstance(e, Call) and e.op == "mul" and isinstance(e.args[0], Num):
        rest = e.args[1:]
        return e.args[0], rest[0] if len(rest) == 1 else Call("mul", rest)
    return ONE, e


def power(a: Expr, b: Expr) -> Expr:
    """a ^ b, folded where the exponent is a small whole number."""
    if isinstance(b, Num):
        if b == ZERO:
            return ONE
        if b == ONE:
            return a
        if a == ZERO and b.double > 0:
            return ZERO
        if isinstance(a, Num) and b.exact and b.value.denominator == 1 and -64 <= b.value <= 64 and not is_lettered(b.value):
            exponent = b.value.numerator
            if ((a.value != 0 and a.double != 0) or exponent > 0) and _small(a.value ** abs(exponent), a.double ** abs(exponent)):
                value, double = a.value ** abs(exponent), a.double ** abs(exponent)
                return Num(value, double) if exponent > 0 else Num(quotient(1, value), quotient(1, double))
    if a == ONE:
        return ONE
    if _too_large(a) and isinstance(a, Call):  # no number of a machine
        return power(a.args[0], mul(a.args[1], b)) if a.op == "pow" else mul(*(power(factor, b) for factor in a.args))
    return Call("pow", (a, b))


def _too_large(e: Expr) -> bool:
    """Whether an expression is a power of two constants that is larger than any double, or a product with such a power."""
    if isinstance(e, Call) and e.op == "mul":
        return any(_too_large(factor) for factor in e.args)
    if not isinstance(e, Call) or e.op != "pow":
        return False
    a, b = e.args
    if not (isinstance(a, Num) and isinstance(b, Num)) or is_lettered(a.value) or is_lettered(b.value) or a.double <= 0:
        return False
    return float(b.double) * math.log(a.double) > _LARGEST
