"""The arithmetic that every formula is made of: a small tree of frozen nodes.

A shape's formula, a user's `scale(...)` expression and a whole composed schedule are all `Expr` trees over three symbols: `T`, the ticks since the
phase began; `ENTRY`, the level it enters at; `BASE`, the group's own value. A composition is a substitution: shift `T`, replace `ENTRY`.

Two habits keep the numbers right. Constants are exact: a `Num` holds the decimal that was written and the double it reads as, both as fractions. And
time is exact: a first-degree expression in whole or fractional ticks collapses into one `Linear` node, so `(23 - t)/20` is one rounding, however many
phases were shifted and stretched to get there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import attrs

Constant: TypeAlias = "int | float | Fraction"
Operand: TypeAlias = "Expr | int | float | Fraction"

#: Exact constants stop being multiplied out when they pass this many bits; they stay products, and only rounding changes.
FOLD_BITS = 4096


_NODES: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()


class _Shared(type):
    """Makes equal nodes one object, so that comparing two trees is looking at two objects, however much they share inside."""

    def __call__(cls, *fields: Any) -> Any:
        key = (cls, *fields, *map(type, fields))
        known = _NODES.get(key)
        return _NODES.setdefault(key, super().__call__(*fields)) if known is None else known


class Expr(metaclass=_Shared):
    """A node of the arithmetic tree: frozen, hashable, and equal to another exactly if it is the same object. What is equal is computed once."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in attrs.fields(type(self)))  # type: ignore[arg-type]

    def __add__(self, other: Operand) -> Expr:
        return add(self, as_expr(other))

    def __radd__(self, other: Operand) -> Expr:
        return add(as_expr(other), self)

    def __sub__(self, other: Operand) -> Expr:
        return add(self, neg(as_expr(other)))

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


@attrs.frozen(eq=False)
class Num(Expr):
    """A constant in its two exact readings: `value`, the decimal in the text (0.1 is 1/10), and `double`, what numeric code computes with."""

    value: Fraction
    double: Fraction

    @property
    def exact(self) -> bool:
        """Whether both readings agree, as they do for whole numbers and for every duration."""
        return self.value == self.double


@attrs.frozen(eq=False)
class Symbol(Expr):
    """A name that stands for a value: one of `T`, `ENTRY`, `BASE`, `INDEX`, or the constant `PI`."""

    name: str


@attrs.frozen(eq=False)
class Linear(Expr):
    """`scale * of + shift` with exact coefficients, over something that is itself an exact time (`T`, a `mod`, a `floor`)."""

    scale: Fraction
    of: Expr
    shift: Fraction


@attrs.frozen(eq=False)
class Call(Expr):
    """An operation on arguments: `add` and `mul` of any number, `div`, `pow`, `mod`, and the functions in `FUNCTIONS`."""

    op: str
    args: tuple[Expr, ...]


@attrs.frozen(eq=False)
class Select(Expr):
    """One of `values` by where `of` lies: `values[i]` for `starts[i] <= of < starts[i + 1]`; the first start counts as minus infinity."""

    of: Expr
    starts: tuple[Fraction, ...]
    values: tuple[Expr, ...]


@attrs.frozen(eq=False)
class Product(Expr):
    """The product of `factor` over `INDEX` = 1 .. `upto`, a whole number; 1 when `upto` is 0."""

    factor: Expr
    upto: Expr


@attrs.frozen(eq=False)
class Forms(Expr):
    """One value written two ways: `best` for numbers, free of cancellation, and `paper` for people. They are equal; a test proves it."""

    best: Expr
    paper: Expr


#: The functions of one or more arguments a tree may hold. `hav(x)` is the haversine of half turns, sin(pi x / 2)^2, the weight of a half cosine.
FUNCTIONS = frozenset({"abs", "ceil", "cos", "exp", "expm1", "floor", "hav", "log", "log1p", "max", "min", "sin", "sqrt"})

T = Symbol("t")
ENTRY = Symbol("v")
BASE = Symbol("base")
INDEX = Symbol("k")
PI = Symbol("pi")


def number(value: Constant) -> Num:
    """An exact constant. A float stands for its own double, not for the decimal it prints as.

    >>> number(3).value
    Fraction(3, 1)
    """
    exact = Fraction(value)
    return Num(exact, exact)


def decimal(value: Fraction) -> Num:
    """A constant as a text writes it: the decimal for formulas, its nearest double for numbers.

    >>> decimal(Fraction(1, 10)).exact
    False
    """
    return Num(value, Fraction(float(value)))


ZERO = number(0)
ONE = number(1)


def as_expr(value: Operand) -> Expr:
    """The expression itself, or a number as an exact constant."""
    return value if isinstance(value, Expr) else number(value)


def is_time(e: Expr) -> bool:
    """Whether `e` is computed without rounding from whole ticks: `T`, a linear form of it, or `mod` and `floor` of one."""
    if e is T or isinstance(e, Linear):
        return True
    return isinstance(e, Call) and e.op in ("mod", "floor", "ceil") and is_time(e.args[0])


def linear(scale: Fraction, of: Expr, shift: Fraction) -> Expr:
    """`scale * of + shift`, merged with a linear form already there."""
    if isinstance(of, Linear):
        return linear(scale * of.scale, of.of, scale * of.shift + shift)
    if scale == 0:
        return number(shift)
    return of if scale == 1 and shift == 0 else Linear(scale, of, shift)


def _small(*values: Fraction) -> bool:
    return all(v.numerator.bit_length() + v.denominator.bit_length() <= FOLD_BITS for v in values)


def _fold(a: Num, b: Num, op: Callable[[Fraction, Fraction], Fraction]) -> Num | None:
    if not _small(a.value, a.double, b.value, b.double):
        return None
    return Num(op(a.value, b.value), op(a.double, b.double))


def neg(a: Expr) -> Expr:
    """Minus a."""
    return mul(number(-1), a)


def add(a: Expr, b: Expr) -> Expr:
    """a + b, with constants folded, zeros dropped and exact times merged."""
    if isinstance(a, Num) and isinstance(b, Num):
        folded = _fold(a, b, lambda x, y: x + y)
        if folded is not None:
            return folded
    if a == ZERO:
        return b
    if b == ZERO:
        return a
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Num) and x.exact and is_time(y):
            return linear(Fraction(1), y, x.value)
    if is_time(a) and is_time(b):
        left, right = _parts(a), _parts(b)
        if left[1] == right[1]:
            return linear(left[0] + right[0], left[1], left[2] + right[2])
    terms = list(_flat("add", a))
    for term in _flat("add", b):
        _collect(terms, term)
    return Call("add", tuple(terms)) if len(terms) > 1 else terms[0] if terms else ZERO


def _collect(terms: list[Expr], term: Expr) -> None:
    """Put another term into a sum: into the one that differs from it in a constant factor alone, if there is one."""
    factor, rest = _coefficient(term)
    for i, other in enumerate(terms):
        known, same = _coefficient(other)
        if same is rest and not isinstance(term, Num):
            both = _fold(known, factor, lambda x, y: x + y)
            if both is not None:
                terms[i : i + 1] = [] if both == ZERO else [mul(both, rest)]
                return
    terms.append(term)


def _parts(e: Expr) -> tuple[Fraction, Expr, Fraction]:
    return (e.scale, e.of, e.shift) if isinstance(e, Linear) else (Fraction(1), e, Fraction(0))


def _flat(op: str, e: Expr) -> tuple[Expr, ...]:
    return e.args if isinstance(e, Call) and e.op == op else (e,)


def mul(a: Expr, b: Expr) -> Expr:
    """a * b, with constants gathered in front, and exact times merged."""
    if ZERO in (a, b):
        return ZERO
    factors = _flat("mul", a) + _flat("mul", b)
    front: list[Num] = []
    for f in factors:
        if isinstance(f, Num):
            folded = _fold(front[-1], f, lambda x, y: x * y) if front else None
            front[-1:] = [f] if not front else [folded] if folded is not None else [front[-1], f]
    rest = [f for f in factors if not isinstance(f, Num)]
    if len(front) == len(rest) == 1 and front[0].exact and is_time(rest[0]):
        return linear(front[0].value, rest[0], Fraction(0))
    kept = (*(f for f in front if f != ONE), *rest)
    return Call("mul", kept) if len(kept) > 1 else kept[0] if kept else ONE


def div(a: Expr, b: Expr) -> Expr:
    """a / b. Division by a constant zero stays in the tree, for the checker to refuse."""
    if isinstance(b, Num) and b.value != 0 and b.double != 0:
        if isinstance(a, Num):
            folded = _fold(a, b, lambda x, y: x / y)
            if folded is not None:
                return folded
        if b == ONE:
            return a
        if b.exact and is_time(a):
            return linear(1 / b.value, a, Fraction(0))
        if isinstance(a, Call) and a.op == "div" and isinstance(a.args[1], Num):
            both = _fold(a.args[1], b, lambda x, y: x * y)
            if both is not None:
                return div(a.args[0], both)
    top, bottom = _coefficient(a), _coefficient(b)
    if top[1] == bottom[1] and bottom[0].value != 0 != bottom[0].double:
        return div(top[0], bottom[0])
    if a == ZERO and not (isinstance(b, Num) and b.value == 0):
        return ZERO
    return Call("div", (a, b))


def _coefficient(e: Expr) -> tuple[Num, Expr]:
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
        if isinstance(a, Num) and b.exact and b.value.denominator == 1 and abs(b.value) <= 64:
            exponent = b.value.numerator
            if ((a.value != 0 and a.double != 0) or exponent > 0) and _small(a.value ** abs(exponent), a.double ** abs(exponent)):
                return Num(a.value**exponent, a.double**exponent)
    return ONE if a == ONE else Call("pow", (a, b))


def floor(a: Operand) -> Expr:
    """The largest whole number not above a."""
    e = as_expr(a)
    if isinstance(e, Num):
        return Num(Fraction(e.value.__floor__()), Fraction(e.double.__floor__()))
    return Call("floor", (e,))


def mod(a: Operand, period: Fraction) -> Expr:
    """`a - period * floor(a / period)`: the time since the present cycle began."""
    e = as_expr(a)
    if isinstance(e, Num):
        return Num(e.value % period, e.double % period)
    return Call("mod", (e, number(period)))


def call(op: str, *args: Operand) -> Expr:
    """A function of `FUNCTIONS` applied to arguments; what can be computed exactly is.

    >>> call("max", 2, 3) == number(3)
    True
    """
    given = tuple(as_expr(a) for a in args)
    if op == "floor":
        return floor(given[0])
    if op in ("min", "max"):
        if len(set(given)) == 1:
            return given[0]
        if all(isinstance(a, Num) for a in given):
            nums = [a for a in given if isinstance(a, Num)]
            pick = min if op == "min" else max
            return Num(pick(a.value for a in nums), pick(a.double for a in nums))
    elif op in ("cos", "sin") and _coefficient(given[0])[1] is PI:
        turns = (_coefficient(given[0])[0].value + Fraction(op == "sin", -2)) % 2
        if turns in _COSINES:
            return number(_COSINES[turns])
    elif isinstance(given[0], Num):
        folded = _fold_call(op, given[0])
        if folded is not None:
            return folded
    return Call(op, given)


#: cos(pi x) at the x where it is a whole number.
_COSINES = {Fraction(0): 1, Fraction(1, 2): 0, Fraction(1): -1, Fraction(3, 2): 0}


def _fold_call(op: str, a: Num) -> Num | None:
    if op == "abs":
        return Num(abs(a.value), abs(a.double))
    if op == "ceil":
        return Num(Fraction(a.value.__ceil__()), Fraction(a.double.__ceil__()))
    if op == "hav" and a.exact and a.value in (0, 1, Fraction(1, 2)):
        return number(a.value)
    if a == ZERO and op in ("sqrt", "sin", "expm1", "log1p"):
        return ZERO
    if (a == ZERO and op in ("exp", "cos")) or (a == ONE and op == "sqrt"):
        return ONE
    return ZERO if a == ONE and op == "log" else None


def select(of: Expr, branches: Sequence[tuple[Fraction, Expr]]) -> Expr:
    """The branch whose range holds `of`; branches are (start, value) in rising order.

    A branch that selects by the same thing is spliced in, a shifted axis is moved back, and branches of no width vanish.
    """
    if isinstance(of, Num):
        reached = [value for start, value in branches if start <= of.value]
        return reached[-1] if reached else branches[0][1]
    if isinstance(of, Linear) and of.scale > 0:
        return select(of.of, [((start - of.shift) / of.scale, value) for start, value in branches])
    if isinstance(of, Call) and of.op == "mod" and isinstance(of.args[1], Num):
        period = of.args[1].value
        branches = [(start, value) for start, value in branches if start < period]
    spliced: list[tuple[Fraction, Expr]] = []
    for i, (start, value) in enumerate(branches):
        end = branches[i + 1][0] if i + 1 < len(branches) else None
        if end is not None and end <= start:
            continue
        for at, piece in clipped(of, value, start, end):
            if spliced and spliced[-1][1] == piece:
                continue
            spliced.append((at, piece))
    if len(spliced) == 1:
        return spliced[0][1]
    return Select(of, tuple(s for s, _ in spliced), tuple(v for _, v in spliced))


def clipped(of: Expr, value: Expr, start: Fraction, end: Fraction | None) -> list[tuple[Fraction, Expr]]:
    """The branches of `value` along `of` between two bounds; `value` itself where it does not branch there."""
    if not (isinstance(value, Select) and value.of == of):
        return [(start, value)]
    last = len(value.starts) - 1
    found = []
    for i, (at, piece) in enumerate(zip(value.starts, value.values, strict=True)):
        upper = value.starts[i + 1] if i < last else None
        if (upper is None or upper > start) and (end is None or i == 0 or at < end):
            found.append((start if i == 0 else max(at, start), piece))
    return found


def branches(of: Expr, value: Expr) -> tuple[tuple[Fraction, Expr], ...]:
    """`value` as (start, piece) along `of`; one branch from 0 where it does not branch."""
    if isinstance(value, Select) and value.of == of:
        return tuple(zip((Fraction(0), *value.starts[1:]), value.values, strict=True))
    return ((Fraction(0), value),)


def pointwise(op: Callable[..., Expr], of: Expr, *values: Expr) -> Expr:
    """`op` of several values along the same axis, their branches interleaved, so a product of two phases is again a list of phases."""
    starts = sorted({start for value in values for start, _ in branches(of, value)})
    merged = []
    for start in starts:
        here = [[piece for at, piece in branches(of, value) if at <= start][-1] for value in values]
        merged.append((start, op(*here)))
    return select(of, merged)


def substitute(e: Expr, names: dict[Symbol, Expr]) -> Expr:
    """`e` with symbols replaced, simplified on the way up."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        if isinstance(x, Num):
            return x
        if isinstance(x, Symbol):
            return names.get(x, x)
        done = memo.get(x)
        if done is None:
            done = memo[x] = rebuild(x, walk)
        return done

    return walk(e)


def rebuild(e: Expr, walk: Callable[[Expr], Expr]) -> Expr:
    """The same node over children that `walk` has changed."""
    if isinstance(e, Linear):
        inner = walk(e.of)
        return number(e.scale) * inner + e.shift if not is_time(inner) else linear(e.scale, inner, e.shift)
    if isinstance(e, Select):
        return select(walk(e.of), [(s, walk(v)) for s, v in zip(e.starts, e.values, strict=True)])
    if isinstance(e, Product):
        return product(walk(e.factor), walk(e.upto))
    if isinstance(e, Forms):
        best, paper = walk(e.best), walk(e.paper)
        return best if best == paper else Forms(best, paper)
    if not isinstance(e, Call):
        return e
    args = [walk(a) for a in e.args]
    if e.op in ("add", "mul"):
        total, join = args[0], add if e.op == "add" else mul
        for a in args[1:]:
            total = join(total, a)
        return total
    if e.op == "div":
        return div(*args)
    if e.op == "pow":
        return power(*args)
    if e.op == "mod" and isinstance(e.args[1], Num):
        return mod(args[0], e.args[1].value)
    return call(e.op, *args)


def product(factor: Expr, upto: Expr) -> Expr:
    """The product of `factor` over `INDEX` = 1 .. `upto`; a power where the factor does not depend on the index."""
    if upto == ZERO:
        return ONE
    return Product(factor, upto) if mentions(factor, INDEX) else power(factor, upto)


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct subtrees of a node."""
    if isinstance(e, Call):
        return e.args
    if isinstance(e, Linear):
        return (e.of,)
    if isinstance(e, Select):
        return (e.of, *e.values)
    if isinstance(e, Product):
        return (e.factor, e.upto)
    return (e.best, e.paper) if isinstance(e, Forms) else ()


def extent(e: Expr) -> tuple[int, int]:
    """How many different nodes a tree holds, and how many lie on its longest way down; found without recursion."""
    heights: dict[Expr, int] = {}
    todo = [e]
    while todo:
        x = todo[-1]
        waiting = [c for c in children(x) if c not in heights]
        if waiting:
            todo.extend(waiting)
        else:
            heights[todo.pop()] = 1 + max((heights[c] for c in children(x)), default=0)
    return len(heights), heights[e]


def within(e: Expr, low: Fraction, high: Fraction | None) -> Expr:
    """`e` for low <= T < high: a floor that stays the same there is a number, and a cycle that does not end there is plain time."""

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = memo[x] = _settled(rebuild(x, walk), low, high)
        return done

    memo: dict[Expr, Expr] = {}
    return walk(e)


def _settled(e: Expr, low: Fraction, high: Fraction | None) -> Expr:
    if high is None or not isinstance(e, Call) or e.op not in ("floor", "mod"):
        return e
    scale, of, shift = _parts(e.args[0])
    if of is not T:
        return e
    period = e.args[1].value if e.op == "mod" and isinstance(e.args[1], Num) else Fraction(1)
    first, end = scale * low + shift, scale * high + shift
    cycle = first // period
    if not cycle * period <= end <= (cycle + 1) * period:
        return e
    return number(cycle) if e.op == "floor" else linear(scale, T, shift - cycle * period)


def mentions(e: Expr, symbol: Symbol) -> bool:
    """Whether a symbol occurs in a tree."""
    seen: set[Expr] = set()
    todo = [e]
    while todo:
        x = todo.pop()
        if x == symbol:
            return True
        if x not in seen:
            seen.add(x)
            todo.extend(children(x))
    return False


def affine(e: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """(a, b) with `e = a + b * symbol` and neither holding the symbol, or None where `e` is not of that form."""
    if not mentions(e, symbol):
        return e, ZERO
    if e == symbol:
        return ZERO, ONE
    if isinstance(e, Forms):
        best, paper = affine(e.best, symbol), affine(e.paper, symbol)
        if best is None or paper is None:
            return None
        return _forms(best[0], paper[0]), _forms(best[1], paper[1])
    if isinstance(e, Linear):
        inside = affine(e.of, symbol)
        return None if inside is None else (number(e.scale) * inside[0] + e.shift, number(e.scale) * inside[1])
    if isinstance(e, Select) and not mentions(e.of, symbol):
        parts = [affine(v, symbol) for v in e.values]
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        rising = list(zip(e.starts, known, strict=True))
        return select(e.of, [(s, p[0]) for s, p in rising]), select(e.of, [(s, p[1]) for s, p in rising])
    if not isinstance(e, Call) or e.op not in ("add", "mul", "div"):
        return None
    if e.op == "div" and mentions(e.args[1], symbol):
        return None
    found = [affine(a, symbol) for a in (e.args[:1] if e.op == "div" else e.args)]
    split = [p for p in found if p is not None]
    if len(split) < len(found):
        return None
    if e.op == "div":
        return div(split[0][0], e.args[1]), div(split[0][1], e.args[1])
    a, b = split[0]
    for c, d in split[1:]:
        if e.op == "add":
            a, b = add(a, c), add(b, d)
        elif b != ZERO and d != ZERO:
            return None
        else:
            a, b = mul(a, c), add(mul(b, c), mul(a, d))
    return a, b


def _forms(best: Expr, paper: Expr) -> Expr:
    return best if best == paper else Forms(best, paper)
