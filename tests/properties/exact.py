"""Evaluates SymPy expressions of the tick to 60 digits, as the reference for levels. Rational parts stay rational, so that floors and comparisons are exact."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
import sympy
from sympy.core.function import AppliedUndef

from lrdsl.expr import BASE, INDEX, PI, Call, Expr, Letter, Linear, Num, Product, Select, Symbol, Wide
from lrdsl.expr import T as LEVEL_T

DIGITS = 60
#: A value below this may be what is left of larger numbers, as where a phase begins at 1e-75 and goes to the base. It gets more digits than doubles have sizes.
_CANCELLED, _MOST_DIGITS = 1e-30, 400
T = sympy.Symbol("t")
#: The tick of an event that has not come.
NEVER = 10**15
mp = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.mp
mp.dps = DIGITS

_COMPARISONS = {sympy.StrictLessThan: operator.lt, sympy.LessThan: operator.le, sympy.StrictGreaterThan: operator.gt, sympy.GreaterThan: operator.ge}
_FUNCTIONS = {sympy.cos: mp.cos, sympy.sin: mp.sin, sympy.exp: mp.exp, sympy.log: mp.log}


def real(x: Any) -> Any:
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x


def _floor(x: Any) -> Fraction:
    """The floor. What is a whole number but for its last digits is one: `log(s)/log(s)` may be rounded to less than 1."""
    if isinstance(x, Fraction):
        return Fraction(x.__floor__())
    whole = mp.nint(x)
    return Fraction(int(whole if mp.almosteq(x, whole, rel_eps=mp.mpf(10) ** (8 - DIGITS)) else mp.floor(x)))


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1 and abs(exponent) <= 8:
        return base**exponent.numerator
    if base == 0:
        return Fraction(1) if exponent == 0 else Fraction(0)
    if base < 0:
        assert isinstance(exponent, Fraction)
        assert exponent.denominator == 1
    return mp.power(real(base), exponent.numerator if isinstance(exponent, Fraction) and exponent.denominator == 1 else real(exponent))


class Evaluator:
    """Computes one expression at many ticks, and keeps running products. `came` has the ticks of each event in the expression, by its symbol."""

    def __init__(self, expression: sympy.Expr, came: Mapping[str, Sequence[int]] | None = None) -> None:
        self.expression = expression
        self.came = came or {}
        self.products: dict[Any, list[Any]] = {}

    def at(self, tick: Fraction) -> Any:
        value = self._at(tick)
        if abs(value) > _CANCELLED:
            return value
        with mp.workdps(_MOST_DIGITS):
            return Evaluator(self.expression, self.came)._at(tick)

    def _at(self, tick: Fraction) -> Any:
        events = {sympy.Symbol(name): Fraction(ticks[0] if ticks else NEVER) for name, ticks in self.came.items()}
        return real(self._value(self.expression, {T: Fraction(tick), **events}, {}))

    def _value(self, e: Any, names: dict[Any, Fraction], memo: dict[Any, Any]) -> Any:
        if e not in memo:
            memo[e] = self._step(e, names, lambda x: self._value(x, names, memo))
        return memo[e]

    def _step(self, e: Any, names: dict[Any, Fraction], walk: Any) -> Any:
        if e.is_Rational:
            return Fraction(int(e.p), int(e.q))
        if e == sympy.pi:
            return mp.pi + 0
        if e == sympy.E:
            return mp.e + 0
        if e.is_Symbol:
            return names[e]
        if isinstance(e, sympy.Add):
            return self._joined(sum, [walk(a) for a in e.args])
        if isinstance(e, sympy.Mul):
            return self._joined(lambda xs: _product(xs), [walk(a) for a in e.args])
        if isinstance(e, sympy.Pow):
            return _power(walk(e.base), walk(e.exp))
        if isinstance(e, sympy.UnevaluatedExpr):
            return walk(e.args[0])
        if isinstance(e, sympy.Piecewise):
            return next(walk(value) for value, condition in e.args if self._holds(condition, walk))
        if isinstance(e, sympy.floor):
            return _floor(walk(e.args[0]))
        if isinstance(e, sympy.ceiling):
            return -_floor(-walk(e.args[0]))
        if isinstance(e, sympy.Mod):
            a, b = walk(e.args[0]), walk(e.args[1])
            return a - b * _floor(a / b)
        if isinstance(e, sympy.Abs):
            return abs(walk(e.args[0]))
        if isinstance(e, sympy.Max | sympy.Min):
            return (max if isinstance(e, sympy.Max) else min)([walk(a) for a in e.args], key=real)
        if isinstance(e, AppliedUndef):
            upto = walk(e.args[0])
            return Fraction(sum(1 for at in self.came[e.func.__name__] if at <= upto))
        if isinstance(e, sympy.Product):
            return self._running(e, int(walk(e.limits[0][2])))
        return _FUNCTIONS[e.func](real(walk(e.args[0])))

    @staticmethod
    def _joined(join: Any, values: list[Any]) -> Any:
        exact = [v for v in values if isinstance(v, Fraction)]
        rest = [v for v in values if not isinstance(v, Fraction)]
        whole = join(exact) if exact else None
        if not rest:
            return whole
        return join([*rest, real(whole)] if whole is not None else rest)

    def _holds(self, condition: Any, walk: Any) -> bool:
        if condition in (True, sympy.true):
            return True
        return bool(_COMPARISONS[condition.func](real(walk(condition.args[0])), real(walk(condition.args[1]))))

    def _running(self, e: Any, upto: int) -> Any:
        known = self.products.setdefault(e, [mp.mpf(1)])
        index = e.limits[0][0]
        while len(known) <= upto:
            known.append(known[-1] * real(self._value(e.function, {index: Fraction(len(known))}, {})))
        return known[upto]


def _product(values: list[Any]) -> Any:
    total = values[0]
    for v in values[1:]:
        total = total * v
    return total


class UndefinedError(Exception):
    """A formula has no value at a tick, or none that a power of 10^15 digits can tell."""


#: Numbers whose logarithm is past this are infinite, or 0, to an exponential: all that is asked is whether they are.
_FAR = 1e14


def _lost_in_doubles(op: str, args: list[Any]) -> bool:
    """Whether doubles cannot tell what an operation gives: 0 times infinity, infinity by infinity, infinity less infinity."""
    large = [x for x in args if abs(real(x)) > 1e290]
    small = [x for x in args if 0 < abs(real(x)) < 1e-290]
    if op == "mul":
        return bool(large and small)
    if op == "div":
        return len(large) == 2 or len(small) == 2
    return op == "add" and any(x > 0 for x in large) and any(x < 0 for x in large)


def value_of(e: Expr, tick: Fraction, base: Fraction, told: bool = False, index: Fraction | None = None, memo: dict[Expr, Any] | None = None) -> Any:
    """The value of a formula of the checker at a tick: rational where it is rational, mpmath elsewhere. `told`: only if its parts are told apart by doubles.

    A factor of a running product is asked for at an `index`. `memo` gets the values of all parts.
    """
    memo = {} if memo is None else memo
    memo |= {LEVEL_T: Fraction(tick), BASE: base}
    if index is not None:
        memo[INDEX] = index

    def of(x: Expr) -> Any:
        if x not in memo:
            memo[x] = step(x)
        return memo[x]

    def step(x: Any) -> Any:
        match x:
            case Num():
                return Fraction(x.double)
            case Linear():
                return x.scale * of(x.of) + x.shift
            case Select():
                now = of(x.of)
                starts = [start if isinstance(now, Fraction) else real(Fraction(start)) for start in x.starts]
                return of(x.values[max([i for i, start in enumerate(starts) if i and start <= now], default=0)])
            case Product():
                assert isinstance(of(x.upto), Fraction)
                return _product_up_to(x.factor, int(of(x.upto)), base)
            case Symbol():
                assert x is PI
                return mp.pi + 0
            case Letter() | Wide():
                return of(x.of)
        assert isinstance(x, Call), x
        args = [of(a) for a in x.args]
        if told and _lost_in_doubles(x.op, args):
            raise UndefinedError
        return _worked_out(x.op, args)

    value = real(of(e))
    if mp.isnan(value):
        raise UndefinedError
    return value


@lru_cache(maxsize=16)
def _products(_factor: Expr, _base: Fraction, _digits: int) -> list[Any]:
    """The products of the first factors that were asked for so far, to be gone on with."""
    return [mp.mpf(1)]


def _product_up_to(factor: Expr, count: int, base: Fraction) -> Any:
    products = _products(factor, base, mp.dps)
    while len(products) <= count:
        k = Fraction(len(products))
        products.append(products[-1] * value_of(factor, Fraction(0), base, index=k))
    return products[max(0, count)]


def _worked_out(op: str, args: list[Any]) -> Any:
    a, *others = args
    match op:
        case "add":
            return sum(args[1:], a) if all(isinstance(x, Fraction) for x in args) else mp.fsum(map(real, args))
        case "mul":
            if any(isinstance(x, Fraction) and x == 0 for x in args):  # beside a number that is too large to be told too
                return Fraction(0)
            return _product([real(x) for x in args]) if not all(isinstance(x, Fraction) for x in args) else _product(args)
        case "div":
            if others[0] == 0:
                raise UndefinedError
            return a / others[0] if isinstance(a, Fraction) and isinstance(others[0], Fraction) else real(a) / real(others[0])
        case "pow":
            return _raised(a, others[0])
        case "mod":
            return a % others[0]
        case "min" | "max":
            return (min if op == "min" else max)(args, key=real)
        case "floor":
            return a if abs(a) > 10**DIGITS else _floor(a)
        case "ceil":
            return a if abs(a) > 10**DIGITS else -_floor(-a)
        case "abs":
            return abs(a)
        case "hav":
            return mp.sin(mp.pi * real(a) / 2) ** 2
    x = real(a)
    if (op == "sqrt" and x < 0) or (op == "log" and x < 0) or (op == "log1p" and x < -1):
        raise UndefinedError
    if op in ("exp", "expm1") and abs(x) > _FAR:
        return (mp.inf if x > 0 else mp.mpf(0)) - (op == "expm1")
    if op in ("log", "log1p") and x == (0 if op == "log" else -1):
        return -mp.inf
    return getattr(mp, op)(x)


def _raised(a: Any, b: Any) -> Any:
    if isinstance(b, Fraction) and b.denominator == 1 and isinstance(a, Fraction) and abs(b) <= 8 and (a or b >= 0):
        return a**b.numerator
    x, y = real(a), real(b)
    if (x == 0 and y < 0) or (x < 0 and not (isinstance(b, Fraction) and b.denominator == 1)):
        raise UndefinedError
    if x == 0 or y == 0:
        return Fraction(y == 0)
    sign = -1 if x < 0 and b.numerator % 2 else 1
    logarithm = mp.log(abs(x)) * y
    return sign * (mp.exp(logarithm) if abs(logarithm) < _FAR else mp.inf if logarithm > 0 else mp.mpf(0)) if abs(y) > 10**6 else mp.power(x, y)


def rounding_of(e: Expr, tick: Fraction, base: Fraction) -> float:
    """How far double arithmetic may be from the value of a formula at a tick: the running error of N. J. Higham, "Accuracy and Stability of Numerical Algorithms",
    section 3.3, in which each operation adds half a unit of its result, and passes on the errors of its operands by its slopes.
    """
    memo: dict[Expr, Any] = {}
    value_of(e, tick, base, memo=memo)
    errors: dict[Expr, Any] = {}

    def value(x: Expr) -> Any:
        return real(memo[x])

    def error(x: Expr) -> Any:
        if x not in errors:
            errors[x] = _error(x, value, error, memo)
        return errors[x]

    return float(error(e) * mp.mpf(2) ** -53)


#: Up to this tick, the whole numbers of cycles fit into doubles. Past it, the time is rounded before whole cycles are taken off.
_PROMISED = 10**8
#: How much more than one rounding an operation may add: a function of the library, a running product for each factor.
_ROUNDINGS = 16


def _error(x: Any, value: Any, error: Any, memo: Mapping[Expr, Any]) -> Any:
    """The error of a part of a formula, in halves of units of 1."""
    match x:
        case Num() | Symbol():
            return abs(value(x))
        case Linear():
            return abs(x.scale) * error(x.of) * (x.of is not LEVEL_T) + abs(value(x))
        case Select():
            return max([error(branch) for branch in x.values if branch in memo])
        case Product():
            return abs(value(x)) * (1 + _ROUNDINGS * int(memo[x.upto]))
        case Letter() | Wide():
            return error(x.of)
    own, args = abs(value(x)), [value(a) for a in x.args]
    inner = [error(a) for a in x.args]
    match x.op:
        case "add":
            return sum(inner) + sum(map(abs, args))
        case "min" | "max":
            unit = mp.mpf(2) ** -50
            return max(d for v, d in zip(args, inner, strict=True) if abs(v - value(x)) <= (d + error(x.args[args.index(value(x))])) * unit)
        case "floor" | "ceil" | "mod":
            return own + (inner[0] + abs(args[0]) if memo[LEVEL_T] > _PROMISED else 0)
    slopes = [abs(slope) for slope in _slopes(x.op, args, value(x))]
    return sum(d * slope for d, slope in zip(inner, slopes, strict=True)) + _ROUNDINGS * own


def _slopes(op: str, args: list[Any], value: Any) -> list[Any]:
    """The slopes of an operation in each of its operands."""
    a, *others = args
    match op:
        case "mul":
            if any(isinstance(x, Fraction) and x == 0 for x in args):  # beside a number that is too large to be told too
                return Fraction(0)
            return [_product([mp.mpf(1), *args[:i], *args[i + 1 :]]) for i in range(len(args))]
        case "div":
            return [1 / others[0], value / others[0]]
        case "pow":
            return [value * others[0] / a if a else mp.mpf(0), value * mp.log(abs(a)) if a else mp.mpf(0)]
    return [
        {
            "abs": lambda: 1,
            "cos": lambda: mp.sin(a),
            "exp": lambda: value,
            "expm1": lambda: value + 1,
            "hav": lambda: mp.pi / 2 * mp.sin(mp.pi * a),
            "log": lambda: 1 / a if a else 0,
            "log1p": lambda: 1 / (1 + a) if a != -1 else 0,
            "sin": lambda: mp.cos(a),
            "sqrt": lambda: 1 / (2 * value) if value else 0,
        }[op]()
    ]
