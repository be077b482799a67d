"""Constants that are expressions, as the gamma in `exp(2^(-1/7))`: computed once, to many digits, and given as two doubles."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache, reduce

from lrdsl.expr import PI, Call, Expr, Linear, LogSize, Num, Product
from lrdsl.expr.exact import PI_DIGITS, Exact
from lrdsl.work import spend

#: Digits that a chain of operations may lose before two doubles notice.
_DIGITS = 60
_PI = Decimal(PI_DIGITS)
#: Angles above this are left to the processor: their sines need more digits of pi.
_FAR = Decimal(10) ** 12
#: The work of a power or a function.
_WORK = 5


@lru_cache(maxsize=256)
def in_two_doubles(e: Expr) -> tuple[float, float] | None:
    """Returns a constant as the nearest double and the rest of it; None if it is too large or too small for that.

    >>> from lrdsl.expr import call
    >>> in_two_doubles(call("exp", 1))
    (2.718281828459045, 1.4456468917292502e-16)
    """
    try:
        value = _value(e, Context(prec=_DIGITS, Emax=10**6, Emin=-(10**6)), {})
    except ArithmeticError:
        return None
    high = float(value)
    return (high, float(value - Decimal(high))) if 1e-250 < abs(high) < 1e250 or value == 0 else None


def _value(e: Expr, c: Context, memo: dict[Expr, Decimal]) -> Decimal:
    value = memo.get(e)
    if value is None:
        value = memo[e] = _step(e, c, memo)
    return value


def _step(e: Expr, c: Context, memo: dict[Expr, Decimal]) -> Decimal:
    if isinstance(e, Num):
        return _number(e.double, c)
    if e is PI:
        return _PI
    if isinstance(e, Linear):
        return c.add(c.multiply(_number(e.scale, c), _value(e.of, c, memo)), _number(e.shift, c))
    if isinstance(e, LogSize):
        return _log_size(e.product, c)
    if not isinstance(e, Call) or e.op not in _OPERATIONS:
        raise ArithmeticError(e)
    spend(_WORK)
    return _OPERATIONS[e.op](c, *[_value(a, c, memo) for a in e.args])


def _log_size(product: Product, c: Context) -> Decimal:
    """The logarithm of the size of a product, from the product as a running one is kept. Raises `ScheduleError` for one of too many factors."""
    from lrdsl.numbers.scalar import scaled_product  # it makes code of the factor

    high, low, power = scaled_product(product)
    return c.add(c.ln(c.abs(c.add(Decimal(high), Decimal(low)))), c.multiply(Decimal(power), c.ln(Decimal(2))))


def _number(value: Exact, c: Context) -> Decimal:
    top, bottom = value.as_integer_ratio()
    return c.divide(Decimal(top), Decimal(bottom))


def _cos(c: Context, x: Decimal) -> Decimal:
    """The cosine by its series, at the angle less whole turns."""
    if abs(x) > _FAR:
        raise ArithmeticError(x)
    x = c.remainder_near(x, c.multiply(Decimal(2), _PI))
    square = c.multiply(x, x)
    term = total = Decimal(1)
    k = 0
    while term and term.adjusted() > -_DIGITS:
        k += 2
        term = c.divide(c.multiply(c.minus(term), square), Decimal(k * (k - 1)))
        total = c.add(total, term)
    return total


def _sin(c: Context, x: Decimal) -> Decimal:
    return _cos(c, c.subtract(x, c.divide(_PI, Decimal(2))))


def _hav(c: Context, x: Decimal) -> Decimal:
    return c.divide(c.subtract(Decimal(1), _cos(c, c.multiply(_PI, x))), Decimal(2))


_OPERATIONS: dict[str, Callable[..., Decimal]] = {
    "abs": lambda c, x: c.abs(x),
    "add": lambda c, *xs: reduce(c.add, xs),
    "ceil": lambda _, x: x.to_integral_value(ROUND_CEILING),
    "cos": _cos,
    "div": lambda c, x, y: c.divide(x, y),
    "exp": lambda c, x: c.exp(x),
    "expm1": lambda c, x: c.subtract(c.exp(x), Decimal(1)),
    "floor": lambda _, x: x.to_integral_value(ROUND_FLOOR),
    "hav": _hav,
    "log": lambda c, x: c.ln(x),
    "log1p": lambda c, x: c.ln(c.add(Decimal(1), x)),
    "max": lambda _, *xs: max(xs),
    "min": lambda _, *xs: min(xs),
    "mul": lambda c, *xs: reduce(c.multiply, xs),
    "pow": lambda c, x, y: c.power(x, y),
    "sin": _sin,
    "sqrt": lambda c, x: c.sqrt(x),
}
