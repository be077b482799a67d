"""Operations on numbers that may be too large for doubles: which of them give the right double from an infinite one, and which may not.

Here `1/(1 + exp(t))` is told from `exp(t)/(1 + exp(t))`: the first is 0 where the exponential overflows, the second infinity by infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from lrdsl.check.intervals import LEAST, MOST, UNDEFINED, Range, largest, may_vanish, smallest
from lrdsl.expr import Call, Expr, Num, Select, is_time

#: A quotient by a number past the doubles is off by its size times this, at most.
_LOST = 1e-100
#: From tick 1 on, an exact time is 0 or has at least this size: doubles there have steps of 2^-52, of which a cycle or a line takes a fraction.
_STEP = 2.0**-80
#: The range of numbers that may be too large for doubles, and their least size where they are.
Large: TypeAlias = tuple[Range, float]
_UNKNOWN: Large = (UNDEFINED, 0.0)


def large(op: str, args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    """Returns what is known of an operation whose `result`, or one of whose arguments, may be past the doubles.

    `sizes` has the least size of each argument where its double is infinite; infinity for one that is always finite. The range is `UNDEFINED` where doubles may
    make NaN, or a number that is not near the right one, of an infinite one.
    """
    return _UNKNOWN if math.isnan(result[0]) else LARGE[op](args, sizes, result)


def step(e: Expr) -> float | None:
    """Returns the least size of a formula that is made of an exact time, where it is not 0; None for others."""
    if is_time(e):
        return _STEP
    if isinstance(e, Num):
        return min(1.0, abs(float(e.double))) or 1.0
    if isinstance(e, Select) or (isinstance(e, Call) and e.op in ("max", "min")):
        steps = [step(part) for part in (e.values if isinstance(e, Select) else e.args)]
        return None if None in steps else min(size for size in steps if size is not None)
    if not isinstance(e, Call):
        return None
    if e.op == "pow" and isinstance(e.args[0], Num) and not e.args[0].double:
        return 1.0  # at 0
    if e.op in ("hav", "sqrt"):
        inner = step(e.args[0])
        return None if inner is None else inner**2 if e.op == "hav" else math.sqrt(inner)
    if e.op in ("mul", "div", "pow") and isinstance(e.args[1], Num) and (inner := step(e.args[0])) is not None:
        by = float(e.args[1].double)
        return inner / abs(by) if e.op == "div" else inner**by if e.op == "pow" and 0 < by <= 8 else None
    return None


def _large_sum(args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    if any(a[0] == -math.inf for a in args) and any(a[1] == math.inf for a in args):
        return _UNKNOWN
    return result, min(MOST, *sizes)


def _large_product(args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    """A product is infinite where a factor is, or where some factors together are: then the others make it smaller, and none may have become 0."""
    most = [max(1.0, largest(a)) for a in args]
    least = [min(1.0, smallest(a)) for a in args]
    others = [i for i in range(len(args)) if math.prod(most[:i] + most[i + 1 :]) > MOST]  # without it, the rest may be infinite
    infinite = [(size, [j for j in range(len(args)) if j != i]) for i, size in enumerate(sizes) if size < math.inf] + [(MOST, others)]
    if any(math.prod(least[j] for j in rest) <= LEAST for _, rest in infinite):
        return _UNKNOWN
    return result, min(MOST, *[size * math.prod(least[j] for j in rest) for size, rest in infinite])


def _large_quotient(args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    (a, b), (above, below) = args, sizes
    if below < math.inf:
        return (result, math.inf) if above == math.inf and largest(a) <= _LOST * below else _UNKNOWN
    if may_vanish(a) and may_vanish(b):
        return _UNKNOWN
    if above < math.inf:
        return result, above / max(1.0, largest(b))
    return result, min(MOST, smallest(a) / LEAST) if may_vanish(b) else MOST


def _large_power(args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    (a, b), (base, exponent) = args, sizes
    if exponent < math.inf:
        apart = a[1] < 1 - 1e-9 or a[0] > 1 + 1e-9
        return (result, MOST) if base == math.inf and a[0] > LEAST and apart and exponent >= 1 / _LOST else _UNKNOWN
    if base < math.inf:
        if a[0] < 0 or b[0] <= 0 <= b[1]:
            return _UNKNOWN
        if b[1] < 0:
            return (result, math.inf) if base ** b[1] <= _LOST else _UNKNOWN
        return result, base ** min(1.0, b[0])
    if not may_vanish(a):
        return result, MOST
    return (result, min(MOST, LEAST ** max(b[1], -1.0))) if a[0] > 0 and b[1] < 0 else (result, MOST) if a[0] >= 0 and b[0] >= 0 else _UNKNOWN


def _large_minimum(args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    """A minimum of an infinite and a finite number is the finite one, if that is the smaller one indeed."""
    if any(a[1] == math.inf and size <= abs(result[1]) < math.inf for a, size in zip(args, sizes, strict=True)):
        return _UNKNOWN
    return result, min(sizes)


def _large_maximum(args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    low, high = result
    turned, size = _large_minimum([(-b, -a) for a, b in args], sizes, (-high, -low))
    return (result, size) if turned is not UNDEFINED else _UNKNOWN


def _large_exponential(_args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    return (result, MOST) if sizes[0] >= 1e4 else _UNKNOWN


def _large_logarithm(_args: Sequence[Range], sizes: Sequence[float], result: Range) -> Large:
    return (result, MOST) if sizes[0] == math.inf else _UNKNOWN


#: The operations that may take or give infinite numbers. The others are undefined then.
LARGE: dict[str, Callable[[Sequence[Range], Sequence[float], Range], Large]] = {
    "add": _large_sum,
    "mul": _large_product,
    "div": _large_quotient,
    "pow": _large_power,
    "min": _large_minimum,
    "max": _large_maximum,
    "exp": _large_exponential,
    "expm1": _large_exponential,
    "log": _large_logarithm,
    "log1p": _large_logarithm,
    "abs": lambda _args, sizes, result: (result, sizes[0]),
    "ceil": lambda _args, sizes, result: (result, sizes[0]),
    "floor": lambda _args, sizes, result: (result, sizes[0]),
    "sqrt": lambda _args, sizes, result: (result, math.sqrt(sizes[0])),
}
