"""Writes the operations of formulas on terms: sums, products, powers and functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from lrdsl.dialects.writing.terms import ATOM, POWER, PRODUCT, SUM, TURN, Range, Term
from lrdsl.dialects.writing.times import is_decimal
from lrdsl.expr import ONE, VARYING, WIDE, Call, Expr, LogSize, Num
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.numbers.constants import in_two_doubles

if TYPE_CHECKING:
    from lrdsl.dialects.writing.formula import Formula

#: A float of single precision holds a number near 1 with an error that its power multiplies: its logarithm is better.
_NEAR_ONE = 0.25
#: The operations for which Python has an error where the numbers of a processor are infinite.
_INFINITE = frozenset(("ceil", "div", "exp", "expm1", "floor", "log", "log1p", "mul", "pow"))
_HALF = quotient(1, 2)
#: A constant whose numerator and denominator are smaller is written as their quotient.
_LARGEST = 2**1000


def _add(f: Formula, e: Call) -> Term:
    terms = [f.term(a) for a in e.args]
    whole = all(x.whole for x in terms)
    range = (sum(x.range[0] for x in terms), sum(x.range[1] for x in terms)) if whole else (-math.inf, math.inf)
    whole = whole and f.fits(range)
    terms.sort(key=lambda x: x.text.startswith("-"))  # a positive term comes first
    text = ""
    for x in terms:
        part = f.inside(x, SUM) if whole else f.real(x)
        text += part if not text else f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return Term(text, SUM, whole, range, fixed=all(x.fixed for x in terms))


def _mul(f: Formula, e: Call) -> Term:
    over: list[Expr] = []
    under: list[Expr] = []
    for a in e.args:
        if isinstance(a, Call) and a.op == "div" and a not in f.names and f.uses[a] < 2 and not a.holds & WIDE and a.holds & VARYING:
            over.append(a.args[0])
            under.append(a.args[1])
        else:
            over.append(a)
    constants = [a for a in over if not a.holds & (VARYING | WIDE)]
    product = _constant(constants)
    front: Exact = 1 if product is None else product
    over = over if product is None else [a for a in over if a not in constants]
    top = [f.term(a) for a in over if a != ONE]
    bottom = [f.term(a) for a in under]
    fixed = all(x.fixed for x in (*top, *bottom))
    if not bottom and front.denominator == 1 and f.words.whole is not None and all(x.whole for x in top):
        range: Range = (int(front), int(front))
        for x in top:
            ends = [p * q for p in range for q in x.range]
            range = min(ends), max(ends)
        if f.fits(range):
            texts = [f.inside(x, POWER if len(top) > 1 else PRODUCT) for x in top]
            return Term(_joined(f, front, texts), SUM if front < 0 else PRODUCT, True, range, fixed=fixed)
    ratio = size(front)
    if ratio != 1 and not is_decimal(ratio, most=_LARGEST) and max(ratio.as_integer_ratio()) < _LARGEST:  # else it is the nearest double
        bottom.insert(0, f.number(ratio.denominator))
        front = quotient(front, quotient(1, ratio.denominator))
        ratio = size(front)
    top.sort(key=lambda x: not x.fixed)  # what does not change with time comes first
    texts = [f.real(x, PRODUCT) for x in top]
    text = _joined(f, front, texts)
    for x in bottom:
        text += f" / {f.real(x, POWER)}"
    return Term(text, SUM if front < 0 else PRODUCT, fixed=fixed)


def _joined(f: Formula, front: Exact, texts: list[str]) -> str:
    lead = [] if size(front) == 1 and texts else [f.number(size(front)).text]
    return "-" * (front < 0) + " * ".join([*lead, *texts])


def _div(f: Formula, e: Call) -> Term:
    a, b = f.term(e.args[0]), f.term(e.args[1])
    text = f"{f.real(a, PRODUCT)} / {f.real(b, POWER)}"
    return Term(text, SUM if text.startswith("-") else PRODUCT, fixed=a.fixed and b.fixed)


def _pow(f: Formula, e: Call) -> Term:
    a, b = e.args
    if isinstance(b, Num) and b.value == _HALF:
        return _called(f, "sqrt", f.term(a))
    base, exponent = f.term(a), f.term(b)
    if isinstance(b, Num) and b.value == -1:
        return Term(f"1.0 / {f.real(base, POWER)}", PRODUCT, fixed=base.fixed)
    fixed = base.fixed and exponent.fixed
    if isinstance(a, Num):  # the double that the text reads as: a power would show the difference
        number = float(a.double)
        if f.words.single and 0 < abs(number - 1) < _NEAR_ONE:
            return _called(f, "exp", Term(f"{math.log(number)!r} * {f.real(exponent, POWER)}", SUM, fixed=fixed))
        base = Term(repr(number), ATOM if number >= 0 else SUM, fixed=True)
    text = exponent.text if exponent.constant is not None and exponent.constant >= 0 else f.real(exponent, ATOM)
    return Term(f"{f.real(base, ATOM)} ** {text}", POWER, fixed=fixed)


def _hav(f: Formula, e: Call) -> Term:
    """Returns sin(pi/2 x)^2, which has no cancellation at either end."""
    x = f.term(e.args[0])
    angle = Term(f"{f.words.pi} / 2 * {f.real(x, PRODUCT)}", PRODUCT, fixed=x.fixed)
    return Term(f"{_called(f, 'sin', angle).text} ** 2", POWER, fixed=x.fixed)


def _mod(f: Formula, e: Call) -> Term:
    a, b = f.term(e.args[0]), f.term(e.args[1])
    return Term(f"{f.real(a, POWER)} % {f.real(b, POWER)}", TURN, fixed=a.fixed)


def _extreme(f: Formula, e: Call) -> Term:
    terms = [f.term(a) for a in e.args]
    fixed = all(x.fixed for x in terms)
    whole = all(x.whole and not x.fixed for x in terms)
    texts = [x.text if whole else f.argument(x) for x in terms]
    function = f.function_name(e.op)
    if f.words.branches:
        return Term(f"{function}({', '.join(texts)})", whole=whole, range=_hull(terms), fixed=fixed)
    text = texts[0]
    for other in texts[1:]:
        text = f"{function}({text}, {other})"
    return Term(text, whole=whole, range=_hull(terms))


def _function(f: Formula, e: Call) -> Term:
    (x,) = [f.term(a) for a in e.args]
    return _called(f, e.op, x)


def _called(f: Formula, op: str, x: Term) -> Term:
    return Term(f"{f.function_name(op)}({f.argument(x)})", fixed=x.fixed and f.words.branches)


def operation(f: Formula, e: Call) -> Term:
    """Returns an operation whose arguments and result are finite."""
    return _OPERATIONS.get(e.op, _function)(f, e)


def infinite(f: Formula, e: Call) -> Term:
    """Returns an operation that may be infinite: as a call of a helper, where the language has an error or no number."""
    if e.op not in (_INFINITE if f.words.branches else ("mul",)):
        return operation(f, e)
    name, args = wide_name(e.op), [f.term(a) for a in e.args]
    if f.words.branches:
        f.shared.helpers[f"wide_{e.op}"] = None
        return Term(f"{name}({', '.join(f.real(a) for a in args)})")
    fixed, moving = [a for a in args if a.fixed], [a for a in args if not a.fixed]
    factors = [" * ".join(f.inside(a, PRODUCT) for a in fixed)] * bool(fixed) + [f.real(a) for a in moving]
    if len(factors) == 1:
        return Term(factors[0], PRODUCT, fixed=not moving) if not moving else moving[0]
    f.shared.helpers[f"wide_{e.op}"] = None
    text = factors[0]
    for other in factors[1:]:
        text = f"{name}({text}, {other})"
    return Term(text)


def wide_name(op: str) -> str:
    """Returns the name of the helper function for an operation that may be infinite."""
    return f"_infinite_{op}"


def _constant(factors: list[Expr]) -> Exact | None:
    """Returns the product of constants: exactly, if they are numbers; None for what no double holds."""
    front: Exact = 1
    for a in factors:
        if isinstance(a, Num):
            front = front * a.value
        elif isinstance(a, Call | LogSize) and (doubles := in_two_doubles(a)) is not None:
            front = front * quotient(*doubles[0].as_integer_ratio())
        else:
            return None
    exact = all(isinstance(a, Num) for a in factors)
    return front if exact else quotient(*float(front).as_integer_ratio())


def _hull(terms: list[Term]) -> Range:
    return min(x.range[0] for x in terms), max(x.range[1] for x in terms)


#: The operations that are no functions of one argument.
_OPERATIONS: dict[str, Callable[[Formula, Call], Term]] = {
    "add": _add,
    "div": _div,
    "hav": _hav,
    "max": _extreme,
    "min": _extreme,
    "mod": _mod,
    "mul": _mul,
    "pow": _pow,
}
