"""Products and quotients of exponentials, rewritten with one, which is not too large for a double: `1.1^t * 0.5^t` is `exp((log(1.1) + log(0.5)) * t)`.

A sum is rewritten as its largest exponential times the rest, so that `exp(t)/(1 + exp(t))` becomes `1/(exp(-t) + 1)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from lrdsl.check.bounds import constant
from lrdsl.expr import ONE, STAIRS, VARYING, ZERO, Call, Expr, T, add, call, div, is_time, mentions, mod, mul, number, parts, power, rebuild, substitute
from lrdsl.work import spend

#: The exponent of an exponential: from each time in it to its constant factor. The factor of `ONE` is the constant part.
Exponent: TypeAlias = "dict[Expr, Expr]"


def tamed(level: Expr, tick: int) -> Expr:
    """Returns a formula with one exponential in each product and quotient. In sums, the exponential that is largest at the tick is put before the others.

    >>> tamed(call("exp", T) / (1 + call("exp", T)), 10) == 1 / (call("exp", -1 * T) + 1)
    True
    """
    return _Taming(tick).of(level)


@attrs.define
class _Taming:
    """One formula's rewriting, in which equal parts are looked at once. `splits` has (x, rest) for each part that is exp(x) times the rest."""

    tick: int
    done: dict[Expr, Expr] = attrs.Factory(dict)
    splits: dict[Expr, tuple[Exponent, Expr]] = attrs.Factory(dict)

    def of(self, e: Expr) -> Expr:
        """Returns a part rewritten."""
        result = self.done.get(e)
        if result is None:
            result = self.done[e] = _joined(*self.split(e)) if isinstance(e, Call) and e.op in _SPLIT else rebuild(e, self.of)
        return result

    def split(self, e: Expr) -> tuple[Exponent, Expr]:
        """Returns (x, rest) for a part that is exp(x) times the rest."""
        result = self.splits.get(e)
        if result is None:
            spend(1)
            split = _SPLIT[e.op](e, self) if isinstance(e, Call) and e.op in _SPLIT and mentions(e, T) else None
            result = self.splits[e] = ({}, rebuild(e, self.of)) if split is None else split
        return result


def _split_exponential(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    return _exponent(e.args[0], taming), ONE


def _split_logarithm(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    exponent, rest = taming.split(e.args[0])
    return {}, add(_line(exponent), call("log", rest))


def _split_power(e: Call, taming: _Taming) -> tuple[Exponent, Expr] | None:
    base, exponent = e.args
    if _is_constant(base):
        return (_times(_exponent(exponent, taming), call("log", base)), ONE) if constant(base) > 0 else None
    if not _is_constant(exponent):
        return None
    inner, rest = taming.split(base)
    return _times(inner, exponent), power(rest, exponent)


def _split_root(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    inner, rest = taming.split(e.args[0])
    return _times(inner, div(ONE, number(2))), call("sqrt", rest)


def _split_product(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    exponent: Exponent = {}
    product: Expr = ONE
    for factor in e.args:
        inner, rest = taming.split(factor)
        exponent, product = _plus(exponent, inner), mul(product, rest)
    return exponent, product


def _split_quotient(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    (above, top), (below, bottom) = taming.split(e.args[0]), taming.split(e.args[1])
    return _plus(above, _times(below, number(-1))), div(top, bottom)


def _split_sum(e: Call, taming: _Taming) -> tuple[Exponent, Expr]:
    terms = [taming.split(term) for term in e.args]
    largest = max([exponent for exponent, _ in terms], key=lambda exponent: constant(substitute(_line(exponent), {T: number(taming.tick)})))
    less = _times(largest, number(-1))
    total: Expr = ZERO
    for exponent, rest in terms:
        total = add(total, _joined(_plus(exponent, less), rest))
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
    if not (isinstance(e, Call) and e.op == "floor" and parts(e.args[0])[1] is T):
        return {e: ONE}
    scale, of, shift = parts(e.args[0])
    return {of: number(scale), mod(e.args[0], 1): number(-1), **({ONE: number(shift)} if shift else {})}


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


def _joined(exponent: Exponent, rest: Expr) -> Expr:
    """Returns exp(x) times the rest."""
    return mul(call("exp", _line(exponent)), rest) if exponent else rest
