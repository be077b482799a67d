"""Products and quotients of exponentials, rewritten with one, which is not too large for a double: `1.1^t * 0.5^t` is `exp((log(1.1) + log(0.5)) * t)`.

A sum is rewritten as its largest exponential times the rest, so that `exp(t)/(1 + exp(t))` becomes `1/(exp(-t) + 1)`. A running product, which may fall faster
than any exponential grows, takes one in: the product of `1/(1 + k/10)` for k = 1 .. t, times `1.1^t`, is that of `1.1/(1 + k/10)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import permutations
from typing import TypeAlias, TypeGuard

import attrs

from lrdsl.check.bounds import SOMETIME, Box, bounds, constant, size_of
from lrdsl.check.intervals import may_overflow, may_vanish
from lrdsl.expr import (
    BASE,
    ENTRY,
    INDEX,
    ONE,
    PRODUCTS,
    STAIRS,
    VARYING,
    ZERO,
    Call,
    Event,
    Expr,
    LogSize,
    Num,
    Product,
    Select,
    T,
    add,
    call,
    div,
    is_time,
    mentions,
    mod,
    mul,
    number,
    parts,
    power,
    product,
    rebuild,
    select,
    substitute,
)
from lrdsl.work import spend

#: The exponent of an exponential: from each time in it to its constant factor. The factor of `ONE` is the constant part.
Exponent: TypeAlias = "dict[Expr, Expr]"


def tamed(level: Expr, tick: int, apart: bool = False, logarithms: bool = False) -> Expr:
    """Returns a formula with one exponential in each product and quotient. In sums, the exponential that is largest at the tick is put before the others.

    With `apart`, each term of a sum keeps its own, which a minimum in it may take in: 1 + exp(t) min(cos(t), 0) has a sum of finite terms. With `logarithms`, a
    running product that has come to its end, past the doubles, is an exponential too, or goes on in the running product that begins there.

    >>> tamed(call("exp", T) / (1 + call("exp", T)), 10) == 1 / (call("exp", -1 * T) + 1)
    True
    """
    return _Taming(tick, apart, logarithms).of(level)


@attrs.define
class _Taming:
    """One formula's rewriting, in which equal parts are looked at once. `splits` has (x, rest) for each part that is exp(x) times the rest."""

    tick: int
    apart: bool
    logarithms: bool
    done: dict[Expr, Expr] = attrs.Factory(dict)
    splits: dict[Expr, tuple[Exponent, Expr]] = attrs.Factory(dict)

    def of(self, e: Expr) -> Expr:
        """Returns a part rewritten."""
        result = self.done.get(e)
        if result is None:
            splits = isinstance(e, Product) or (isinstance(e, Call) and e.op in _SPLIT)
            result = self.done[e] = self.joined(*self.split(e)) if splits else self.rebuilt(e)
        return result

    def split(self, e: Expr) -> tuple[Exponent, Expr]:
        """Returns (x, rest) for a part that is exp(x) times the rest."""
        result = self.splits.get(e)
        if result is None:
            spend(1)
            split = _split_product_of_all(e) if self.logarithms and isinstance(e, Product) else None
            if isinstance(e, Call) and e.op in _SPLIT and not _is_usual(e):
                split = _SPLIT[e.op](e, self)
            result = self.splits[e] = ({}, self.rebuilt(e)) if split is None else split
        return result

    def rebuilt(self, e: Expr) -> Expr:
        """Returns an expression with its parts rewritten; a running product as it is."""
        return e if isinstance(e, Product) else rebuild(e, self.of)

    def joined(self, exponent: Exponent, rest: Expr) -> Expr:
        """Returns exp(x) times the rest.

        A running product takes the exponential in. So do minima and maxima, and sums that hold a running product, in each of their parts. Of several, one takes
        the others in too, if these are never negative for any base.
        """
        choices = [x for x in _factors(rest) if self.is_choice(x)]
        several = [x for x in _factors(rest) if x in choices or isinstance(x, Product)]
        if choices and len(several) > 1 and (exponent or any(self.split(part)[0] or part.holds & PRODUCTS for x in choices for part in _parts(x))):
            plain = _multiplied(y for y in _factors(rest) if y not in several)
            for i, x in enumerate(several):
                others = _multiplied((*several[:i], *several[i + 1 :]))  # two factors may be the same
                if isinstance(x, Call | Select) and _is_never_negative(others):
                    return mul(self._joined_in_parts(exponent, x, others), plain)
        products, others = _gathered(rest)
        for running in sorted(products, key=lambda x: _is_constant(x.upto)):
            running, exponent = _taken_in(exponent, running)
            others = mul(running, others)
        if products:
            return mul(call("exp", _line(exponent)), others) if exponent else others
        if not exponent:
            return rest
        for x in choices:
            return mul(self._joined_in_parts(exponent, x), _without(rest, x))
        return mul(call("exp", _line(exponent)), rest)

    def is_choice(self, e: Expr) -> TypeGuard[Call | Select]:
        """Returns whether an expression takes an exponential into each of its parts: a minimum, a maximum, a sum with a running product, or a choice among
        exponentials."""
        if isinstance(e, Select):
            return any(self.split(value)[0] for value in e.values)
        return isinstance(e, Call) and (e.op in ("max", "min") or (e.op == "add" and bool(e.holds & PRODUCTS)))

    def _joined_in_parts(self, exponent: Exponent, e: Call | Select, factor: Expr = ONE) -> Expr:
        parts = []
        for part in _parts(e):
            spend(1)
            inner, rest = self.split(part)
            parts.append(self.joined(_plus(exponent, inner), mul(rest, factor)))
        if isinstance(e, Select):
            return select(e.of, list(zip(e.starts, parts, strict=True)))
        if e.op != "add":
            return call(e.op, *parts)
        total: Expr = ZERO
        for part in parts:
            total = add(total, part)
        return total


def _parts(e: Call | Select) -> tuple[Expr, ...]:
    return e.values if isinstance(e, Select) else e.args


def _split_product_of_all(e: Product) -> tuple[Exponent, Expr] | None:
    """A product of a constant number of factors that may be past the doubles, or too small for one, is an exponential of a constant."""
    if not _is_constant(e.upto):
        return None
    range = bounds(e, {})
    known = size_of(e) if may_overflow(range) or may_vanish(range) else None
    return None if known is None else ({ONE: LogSize(e)}, number(known[0]))


def _split_exponential(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    return _exponent(e.args[0], taming), ONE


def _split_logarithm(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    exponent, rest = taming.split(e.args[0])
    return {}, add(_line(exponent), call("log", rest))


def _split_power(e: Call, taming: _Taming) -> tuple[Exponent, Expr] | None:
    base, exponent = e.args
    if _is_constant(base) and constant(base) > 0:
        return _times(_exponent(exponent, taming), call("log", base)), ONE
    inner, rest = taming.split(base)
    if _is_constant(exponent):
        return _times(inner, exponent), power(rest, exponent)
    return (_times(_exponent(exponent, taming), inner[ONE]), power(rest, exponent)) if list(inner) == [ONE] else None


def _split_root(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    inner, rest = taming.split(e.args[0])
    return _times(inner, div(ONE, number(2))), call("sqrt", rest)


def _split_product(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    exponent: Exponent = {}
    product: Expr = ONE
    for factor in _gone_on(list(e.args)) if taming.logarithms else e.args:
        inner, rest = taming.split(factor)
        exponent, product = _plus(exponent, inner), mul(product, rest)
    return exponent, product


def _split_quotient(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    (above, top), (below, bottom) = taming.split(e.args[0]), taming.split(e.args[1])
    return _plus(above, _times(below, number(-1))), div(top, bottom)


def _split_sum(e: Call, taming: _Taming) -> tuple[Exponent, Expr] | None:
    if taming.apart:
        return None
    terms = [taming.split(term) for term in e.args]
    largest = max([exponent for exponent, _ in terms], key=lambda exponent: _middle(substitute(_line(exponent), {T: number(taming.tick)})))
    less = _times(largest, number(-1))
    total: Expr = ZERO
    for exponent, rest in terms:
        total = add(total, taming.joined(_plus(exponent, less), rest))
    return largest, total


#: How each operation is split; None if it has no exponential.
_SPLIT: dict[str, Callable[[Call, _Taming], tuple[Exponent, Expr] | None]] = {
    "add": _split_sum,
    "div": _split_quotient,
    "exp": _split_exponential,
    "log": _split_logarithm,
    "mul": _split_product,
    "pow": _split_power,
    "sqrt": _split_root,
}


def _middle(e: Expr) -> float:
    """Returns the middle of the range of a constant."""
    low, high = bounds(e, {})
    return low + (high - low) / 2


def _is_usual(e: Expr) -> bool:
    """Returns whether an expression is a constant that a double holds."""
    return _is_constant(e) and not may_overflow(size := bounds(e, {})) and not may_vanish(size)


def _is_constant(e: Expr) -> bool:
    return not e.holds & VARYING


def _exponent(e: Expr, taming: _Taming) -> Exponent:
    """Returns an exponent as a sum of times, and of other parts, each with a constant factor."""
    if _is_constant(e):
        return {ONE: e}
    if is_time(e):
        scale, of, shift = parts(e)
        line: Exponent = _stairs(of) if of.holds & STAIRS else {of: ONE}
        return _plus(_times(line, number(scale)), {ONE: number(shift)} if shift else {})
    if isinstance(e, Call) and e.op == "add":
        total: Exponent = {}
        for term in e.args:
            total = _plus(total, _exponent(term, taming))
        return total
    varying = [a for a in e.args if not _is_constant(a)] if isinstance(e, Call) and e.op in ("mul", "div") else []
    if len(varying) != 1 or not isinstance(e, Call) or (e.op == "div" and varying[0] is not e.args[0]):
        return {taming.of(e): ONE}
    exponent = _exponent(varying[0], taming)
    for factor in e.args:
        if factor is not varying[0]:
            exponent = _times(exponent, div(ONE, factor) if e.op == "div" else factor)
    return exponent


def _stairs(e: Expr) -> Exponent:
    """Returns stairs as a line less a cycle, so that they can be compared with a line: floor(x) is x - x mod 1."""
    if not (isinstance(e, Call) and e.op == "floor"):
        return {e: ONE}
    scale, of, shift = parts(e.args[0])
    line = _stairs(of)
    if not any(map(_is_endless, line)):
        return {e: ONE}
    return _plus(_times(line, number(scale)), _plus({mod(e.args[0], 1): number(-1)}, {ONE: number(shift)}))


def _plus(a: Exponent, b: Exponent) -> Exponent:
    total = {time: add(a.get(time, ZERO), b.get(time, ZERO)) for time in {**a, **b}}
    return {time: factor for time, factor in total.items() if factor != ZERO}


def _times(a: Exponent, factor: Expr) -> Exponent:
    return {time: mul(own, factor) for time, own in a.items()}


def _line(exponent: Exponent) -> Expr:
    total: Expr = ZERO
    for time, factor in exponent.items():
        total = add(total, mul(factor, time))
    return total


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.args if isinstance(e, Call) and e.op == "mul" else (e,)


def _multiplied(factors: Iterable[Expr]) -> Expr:
    product: Expr = ONE
    for factor in factors:
        product = mul(product, factor)
    return product


def _without(e: Expr, factor: Expr) -> Expr:
    """Returns a product without one of its factors, of which there may be several."""
    factors = list(_factors(e))
    factors.remove(factor)
    return _multiplied(factors)


def _gathered(e: Expr) -> tuple[list[Product], Expr]:
    """Returns the running products among the factors of an expression, those as one that can be, and the other factors."""
    products: list[Product] = []
    others: Expr = ONE
    for x in _factors(e):
        if not isinstance(x, Product):
            others = mul(others, x)
            continue
        for i, other in enumerate(products):
            if (both := _both(other, x)) is not None:
                products[i], begun = both
                others = mul(others, begun)
                break
        else:
            products.append(x)
    return products, others


def _both(a: Product, b: Product) -> tuple[Product, Expr] | None:
    """Returns two running products as one, and the first factors of the one that began earlier; None where one does not follow the other by whole ticks."""
    (scale, of, shift), (pace, other, late) = (parts(x.upto.args[0] if isinstance(x.upto, Call) and x.upto.op == "floor" else x.upto) for x in (a, b))
    behind = shift - late
    if of is not other or scale != pace or behind.denominator != 1:
        return None
    if behind < 0:
        return _both(b, a)
    begun = substitute(a.factor, {INDEX: add(INDEX, number(behind))})
    return Product(mul(begun, b.factor), b.upto), product(a.factor, number(behind))


def _gone_on(factors: list[Expr]) -> list[Expr]:
    """Returns the factors of an expression, with a running product that has come to its end and one that goes on from there as one."""
    running = [x for x in factors if isinstance(x, Product)]
    for a, b in permutations(running, 2):
        if (both := _in_sequence(a, b)) is not None:
            factors.remove(a)
            factors[factors.index(b)] = both
            return _gone_on(factors)
    return factors


def _in_sequence(a: Product, b: Product) -> Product | None:
    """Returns a running product of a constant number of factors and one that begins at its end, or later, as one; None for others."""
    if not isinstance(a.upto, Num) or _is_constant(b.upto):
        return None
    scale, of, shift = parts(b.upto.args[0] if isinstance(b.upto, Call) and b.upto.op == "floor" else b.upto)
    if of is not T or scale != 1 or shift.denominator != 1 or -shift < a.upto.value:
        return None
    factors = [(0, a.factor), (a.upto.value + 1, ONE), (1 - shift, substitute(b.factor, {INDEX: add(INDEX, number(shift))}))]
    return Product(select(INDEX, [x for i, x in enumerate(factors) if i == 2 or x[0] < factors[i + 1][0]]), add(b.upto, number(-shift)))


def _taken_in(exponent: Exponent, running: Product) -> tuple[Product, Exponent]:
    """Returns a running product that has taken in an exponential of its time, and what is left of that, which is bounded."""
    count: Exponent = {ONE: running.upto} if _is_constant(running.upto) else _stairs(running.upto)
    time = next((x for x in count if x in exponent and (_is_endless(x) or not _is_usual(call("exp", exponent[x])))), None)
    if time is None:
        return running, exponent
    growth = div(exponent[time], count[time])  # of each factor
    left, others = ({x: factor for x, factor in line.items() if x is not time} for line in (exponent, count))
    return Product(mul(running.factor, call("exp", growth)), running.upto), _plus(left, _times(others, mul(number(-1), growth)))


def _is_never_negative(e: Expr) -> bool:
    """Returns whether an expression is 0 or more at every tick and for every base, negative ones too."""
    if isinstance(e, Call) and e.op in ("exp", "sqrt", "abs"):
        return True
    if isinstance(e, Call) and e.op in ("add", "div", "max", "min", "mul", "pow"):
        some = any if e.op == "max" else all
        return some(map(_is_never_negative, e.args[: 1 if e.op == "pow" else None]))
    return not (mentions(e, BASE) or mentions(e, ENTRY)) and Box({T: SOMETIME, INDEX: SOMETIME}).of(e.factor if isinstance(e, Product) else e)[0] >= 0


def _is_endless(time: Expr) -> bool:
    """Returns whether a time goes on for ever, as a cycle does not."""
    return time is T or isinstance(time, Event) or (isinstance(time, Call) and time.op == "since")
