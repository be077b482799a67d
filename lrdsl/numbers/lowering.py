"""From exact expressions to operations on doubles, the same ones for every numeric backend.

The promise is a level within 4 units in the last place of its formula, at any tick up to 1e8. Most operations keep it as they are. The haversine does in two
forms, one for each end. Two do not, and are rewritten here with error terms carried along (double-double arithmetic: T. J. Dekker, "A floating-point technique
for extending the available precision", 1971): a power, which multiplies the error of its base by its exponent and that of its exponent by a logarithm; and a
long product, which adds up the errors of its factors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from lrdsl.expr import PI, VARYING, WIDE, Call, Expr, Linear, LogSize, Num, Product, Select, Symbol, T, Wide, is_time, parts
from lrdsl.expr.exact import Exact, quotient
from lrdsl.numbers.half_cosines import blend_of, cosine_weights, in_parts, side_of, sine_weights, turn_of
from lrdsl.numbers.literals import WHOLE, constant, double, gathered
from lrdsl.numbers.machine import Accumulated, Choice
from lrdsl.numbers.pairs import (
    ONE,
    ZERO,
    Float,
    Pair,
    added,
    apart_from_zero,
    known_error,
    less,
    operation,
    over,
    product_of,
    quotient_of,
    root_of,
    sum_of,
    times,
    wide,
)
from lrdsl.numbers.turns import DIGITS, MOST_PARTS, PI_PAIR, angle, cosine_of_pair, cosine_of_parts, half_turns, in_two, split_pi
from lrdsl.plan import first_tick


def _float(value: Exact) -> Float:
    return Float(double(value))


def _constant(e: Expr) -> Float | None:
    """A constant as a number of code, marked with its origin, but for those that are special."""
    value = constant(e)
    return None if value is None else Float(value, None if value in (-1, 0, 1) else ("constant", e))


def _fixed(e: Call | LogSize) -> Pair | None:
    """A constant as a pair."""
    if e.holds & VARYING:
        return None
    from lrdsl.numbers.constants import in_two_doubles  # few texts have constants that are expressions

    doubles = in_two_doubles(e)
    return None if doubles is None else Pair(Float(doubles[0]), Float(doubles[1]) if doubles[1] else None)


#: The slope of a function at x, where its value is y.
_SLOPES: dict[str, Callable[[Expr, Expr], Expr]] = {
    "cos": lambda x, y: times(Float(-1), operation("sin", x)),
    "exp": lambda x, y: y,
    "expm1": lambda x, y: added(y, ONE),
    "log": lambda x, y: over(ONE, apart_from_zero(x)),
    "log1p": lambda x, y: over(ONE, apart_from_zero(added(ONE, x))),
    "sin": lambda x, y: operation("cos", x),
}


def numeric(e: Expr, start: Exact = 0, end: Exact | None = None) -> Expr:
    """The operations that compute `e`, in doubles, in the stretch from `start` to `end`."""
    return _Lowering(start, end).of(e)


class _Lowering:
    """One tree's translation, with equal subtrees translated once."""

    def __init__(self, start: Exact, end: Exact | None) -> None:
        self.start, self.end = start, end
        self.memo: dict[Expr, Expr] = {}
        self.pairs: dict[Expr, Pair] = {}

    def of(self, e: Expr) -> Expr:
        done = self.memo.get(e)
        if done is None:
            fixed = None if e.holds & (VARYING | WIDE) else _constant(e)
            done = self.memo[e] = self._lower(e) if fixed is None else fixed
        return done

    def _lower(self, e: Expr) -> Expr:
        if isinstance(e, Symbol):
            return PI_PAIR.high if e is PI else e
        if isinstance(e, Linear):
            top, bottom = self.ratio(e)
            return top if bottom == 1 else over(top, Float(bottom, ("n", e)))
        if isinstance(e, Wide):
            return self._wide(e.of) if isinstance(e.of, Call) else self.of(e.of)
        if isinstance(e, Select):
            return self._choice(e)
        if isinstance(e, Product):
            factor = self.pair(e.factor)
            return Accumulated(factor.high, factor.low or ZERO, self.of(e.upto))
        assert isinstance(e, Call), e
        if e.holds & WIDE:
            return self._wide(e)
        return self._call(e)

    def _choice(self, e: Select) -> Expr:
        """A choice by the time in whole n-ths, not in ticks: a time in doubles may fall short of the bound that it is at."""
        scale, inner, shift = self._time(e.of)
        of = inner.rounded
        if scale < 0:
            scale, of = -scale, less(ZERO, of)
        starts = e.starts if scale == 1 and not shift else [quotient(start - shift, scale) for start in e.starts]
        return Choice(of, tuple([first_tick(start) for start in starts]), tuple([self.of(v) for v in e.values]))

    def _wide(self, e: Call) -> Expr:
        """An operation that may take what is infinite, or may make it. Its error terms are left out where they are unknown."""
        if e.op == "pow":
            return self._pow(e.args[0], e.args[1], True)
        if e.op in _SLOPES:
            return self._function(e.op, self.pair(e.args[0]), True)
        return wide(e.op, *(self.of(a) for a in e.args))

    def _call(self, e: Call) -> Expr:
        if e.op == "hav":
            return self._hav(e.args[0])
        if e.op == "pow":
            return self._pow(e.args[0], e.args[1])
        if e.op == "mod":
            time, n = self._mod(e)
            return time.rounded if n == 1 else over(time.rounded, Float(n))
        if e.op in ("floor", "ceil") and isinstance(e.args[0], Linear):
            top, bottom = self.ratio(e.args[0])
            return operation("floordiv", top, Float(bottom)) if e.op == "floor" else operation("ceil", over(top, Float(bottom)))
        if e.op == "add" and (blend := blend_of(e)) is not None:
            return self._blend(*blend)
        if e.op == "add" and len(e.args) == 2 and isinstance(e.args[1], Call) and e.args[1].op == "mul":
            factor = e.args[1].args
            if isinstance(factor[0], Num) and factor[0].double == -1:
                return less(self.of(e.args[0]), self.of(factor[1]) if len(factor) == 2 else times(*(self.of(f) for f in factor[1:])))
        if e.op in ("cos", "sin") and (x := half_turns(e.op, e.args[0])) is not None:
            return self._cosine_of_turns(x)
        if e.op in _SLOPES:
            return self._function(e.op, self.pair(e.args[0]))
        args = tuple([self.of(a) for a in gathered(e)])
        return Call(e.op, args) if len(args) > 1 or len(e.args) == 1 else args[0]

    def _function(self, op: str, x: Pair, infinite: bool = False) -> Expr:
        """A function at a pair: its value at the double, and its slope there times the error. It may be `infinite`."""
        if infinite:
            value = wide(op, x.high)
            return value if x.low is None else added(value, known_error(times(x.low, _SLOPES[op](x.high, value))))
        # The share of a phase that is left is above 0 at every tick, but may round to it just before the end.
        value = operation(op, apart_from_zero(x.high) if op == "log" else x.high)
        return value if x.low is None else added(value, times(x.low, _SLOPES[op](x.high, value)))

    def _cosine_of_turns(self, x: Expr) -> Expr:
        """The cosine of pi times x."""
        if is_time(x):
            scale, inner, shift = self._time(x)
            a, b, n = in_parts(scale, shift)
            if n <= MOST_PARTS and inner.low is None:
                return cosine_of_parts(a, b, n, inner.high)
        return cosine_of_pair(self.pair(x))

    def ratio(self, e: Expr) -> tuple[Expr, int]:
        """An exact time as a whole number of n-ths and n; as it is, over 1, where that would overflow a double."""
        scale, inner, shift = self._time(e)
        if _is_far(scale, inner, shift):
            return self._far(scale, inner, shift).high, 1
        a, b, bottom = in_parts(scale, shift)
        if a == -1:
            return less(Float(b, ("b", e)), inner.high), bottom
        scaled = inner.high if a == 1 else times(Float(a, ("a", e)), inner.high)
        return (scaled if b == 0 else added(scaled, Float(b, ("b", e))) if b > 0 else less(scaled, Float(-b, ("-b", e)))), bottom

    def _time(self, e: Expr) -> tuple[Exact, Pair, Exact]:
        """An exact time as (scale, of, shift), where `of` is a whole number at whole ticks, or a pair."""
        scale, of, shift = (e.scale, e.of, e.shift) if isinstance(e, Linear) else (1, e, 0)
        inner, parts = self._mod(of) if isinstance(of, Call) and of.op == "mod" else (Pair(self.of(of), None), 1)
        return scale if parts == 1 else quotient(scale, parts), inner, shift

    def _far(self, scale: Exact, inner: Pair, shift: Exact) -> Pair:
        """An exact time whose numbers do not fit into doubles: the time since its origin, with the origin and the scale in two doubles each."""
        origin = quotient(-shift, scale)
        near = round(origin)
        # Rounded so that the time since a phase began, or until it ends, is not below 0.
        rest = first_tick(origin - near) if scale < 0 else -first_tick(near - origin)
        late = float(origin - near - Fraction(rest))
        fraction = Pair(Float(float(-rest)), Float(-late))
        if inner.low is None:
            since = sum_of(Pair(less(inner.high, Float(near)), None), fraction)
        else:  # where most of the doubles cancels, their error is more than that of a double
            rough = sum_of(sum_of(inner, Pair(Float(-near), None)), fraction)
            since = sum_of(Pair(rough.high, None), Pair(rough.low or ZERO, None))
        return product_of(since, Pair(Float(float(scale)), Float(float(scale - Fraction(float(scale))))))

    def _mod(self, e: Call) -> tuple[Pair, int]:
        """The time since a cycle began, as a whole number of n-ths and n; as a pair where the time itself is one."""
        period = e.args[1]
        assert isinstance(period, Num)
        if _is_far(*self._time(e.args[0])):
            common = period.value.denominator
            time = self.pair(e.args[0])
            return self._remainder(time if common == 1 else product_of(time, Pair(Float(common), None)), period.value.numerator), common
        top, bottom = self.ratio(e.args[0])
        common = math.lcm(bottom, period.value.denominator)
        scaled = top if common == bottom else times(Float(common // bottom), top)
        return Pair(operation("mod", scaled, Float(int(period.value * common))), None), common

    def _remainder(self, a: Pair, period: int) -> Pair:
        """A pair modulo a whole number: that of its double is exact, and its error may bring it over either end of the cycle."""
        assert a.low is not None
        near = sum_of(Pair(operation("mod", a.high, Float(period)), None), Pair(a.low, None))
        return sum_of(near, Pair(times(Float(-period), operation("floordiv", near.high, Float(period))), None))

    def _hav(self, x: Expr) -> Expr:
        """sin(y)^2 at y = pi/2 x up to x = 1/3, (1 - cos(2y))/2 from there on, where little cancels: within three units in the last place either way."""
        near, _ = sine_weights(operation("sin", self._angle(x, 2).high))
        if not is_time(x):
            return near
        far, _ = cosine_weights(operation("cos", self._angle(x, 1).high))
        return self._turned(x, near, far) if parts(x)[0] > 0 else self._turned(x, far, near)

    def _turned(self, x: Expr, before: Expr, later: Expr) -> Expr:
        """A value that is another one from the turn of a half cosine on."""
        of, turn = turn_of(x)
        side = side_of(turn, self.start, self.end) if of is T else 0
        return Choice(self.of(of), (0, first_tick(turn)), (before, later), ("turn", x)) if side == 0 else later if side > 0 else before

    def _blend(self, left: Expr, first: Expr | None, done: Expr, second: Expr | None, rest: tuple[Expr, ...]) -> Expr:
        """A blend by a half cosine: by the sine of the smaller share up to a third, and by the cosine between."""
        levels = [None if e is None else self.of(e) for e in (second, first)]

        def sum_with(*weights: Expr) -> Expr:
            terms = [weight if level is None else times(level, weight) for level, weight in zip(levels, weights, strict=True)]
            return added(*terms, *map(self.of, rest))

        early = sum_with(*sine_weights(operation("sin", self._angle(done, 2).high)))
        middle = sum_with(*cosine_weights(operation("cos", self._angle(done, 1).high)))
        late = sum_with(*reversed(sine_weights(operation("sin", self._angle(left, 2).high))))
        return self._turned(done, early, self._turned(left, middle, late))

    def _angle(self, x: Expr, parts: int) -> Pair:
        """pi/parts times an exact time, as a pair: the constant is split so that its head times a whole number of ticks is exact."""
        if not isinstance(x, Linear) and not isinstance(x, Num):
            return Pair(times(Float(math.pi / parts), self.of(x)), None)
        if isinstance(x, Num):
            return in_two(DIGITS * x.double / parts)
        top, bottom = self.ratio(x)
        if isinstance(top, Call) and top.op in ("add", "sub"):  # Python multiplies a float faster than a whole number
            top = Call(top.op, tuple(Float(float(a.value), a.origin and (f"float {a.origin[0]}", x)) if isinstance(a, Float) else a for a in top.args))
        head, rest = split_pi(parts * bottom)
        return angle(top, Float(head, ("head", x, parts)), Float(rest, ("rest", x, parts)))

    def _pow(self, base: Expr, exponent: Expr, infinite: bool = False) -> Expr:
        if isinstance(exponent, Num) and -1 <= exponent.double <= 1:
            if exponent.double == Fraction(1, 2):
                return operation("sqrt", self.of(base))
            if exponent.double == -1:
                return wide("div", ONE, self.of(base)) if infinite else over(ONE, self.of(base))
            b = Pair(self.of(base), None)
        else:
            b = self.pair(base)
        x = self.pair(exponent)
        if b.high == ZERO:
            x = Pair(x.high, None)
        combine = wide if infinite else operation
        few = isinstance(x.high, Float) and x.high.value in (2, 3, 4)
        plain = combine("mul", *[b.high] * int(x.high.value)) if few else combine("pow", b.high, x.high)  # type: ignore[attr-defined]
        terms = []
        if x.low is not None:
            terms.append(times(x.low, operation("log", apart_from_zero(b.high))))
        if b.low is not None:
            terms.append(over(times(x.high, b.low), apart_from_zero(b.high)))
        if not terms:
            return plain
        error = times(plain, terms[0] if len(terms) == 1 else added(*terms))
        return added(plain, known_error(error) if infinite else error)

    def pair(self, e: Expr) -> Pair:
        """`e` with the error of its double."""
        done = self.pairs.get(e)
        if done is None:
            done = self.pairs[e] = self._pair(e)
        return done

    def _pair(self, e: Expr) -> Pair:
        if isinstance(e, Num):
            high = _float(e.double)
            low = float(e.double - Fraction(high.value))
            return Pair(high, Float(low) if low else None)
        if e is PI:
            return PI_PAIR
        if isinstance(e, Linear):
            scale, inner, shift = self._time(e)
            if _is_far(scale, inner, shift):
                return self._far(scale, inner, shift)
            top, bottom = self.ratio(e)
            return Pair(top, None) if bottom == 1 else quotient_of(Pair(top, None), Pair(Float(bottom, ("n", e)), None))
        if e.holds & WIDE:
            return self._wide_pair(e)
        if isinstance(e, Call | LogSize) and (fixed := _fixed(e)) is not None:
            return fixed
        if isinstance(e, Call):
            if e.op == "hav":
                return self._hav_pair(e.args[0])
            if e.op == "mod":
                time, n = self._mod(e)
                return time if n == 1 else quotient_of(time, Pair(Float(n), None))
            if e.op == "div":
                return quotient_of(self.pair(e.args[0]), self.pair(e.args[1]))
            if e.op in ("add", "mul"):
                join = sum_of if e.op == "add" else product_of
                total = self.pair(e.args[0])
                for a in e.args[1:]:
                    total = join(total, self.pair(a))
                return total
            if e.op == "sqrt":
                return root_of(self.pair(e.args[0]))
        return Pair(self.of(e), None)

    def _wide_pair(self, e: Expr) -> Pair:
        """A pair of which the double may be infinite, and has no error then."""
        of = e.of if isinstance(e, Wide) else e
        if not isinstance(of, Call) or of.op not in ("add", "div", "mul", "sqrt"):
            return Pair(self.of(e), None)
        args = [self.pair(a) for a in of.args]
        total = args[0]
        if of.op == "sqrt":
            total = root_of(total)
        for a in args[1:]:
            combine = partial(wide, of.op)
            total = sum_of(total, a) if of.op == "add" else product_of(total, a, combine) if of.op == "mul" else quotient_of(total, a, combine)
        return Pair(total.high, None if total.low is None else known_error(total.low))

    def _hav_pair(self, x: Expr) -> Pair:
        """The haversine to more than a double: its series at an eighth of the angle, then h(2z) = 4 h(z) (1 - h(z)) three times."""
        z = self._angle(x, 16)
        square = product_of(z, z)
        q, e = square.high, square.low
        assert e is not None
        series: Expr = Float(4 / 42567525)
        for c in (2 / 467775, 2 / 14175, 1 / 315, 2 / 45, 1 / 3):
            series = less(Float(c), times(q, series))
        tail = times(times(q, q), series)
        high = less(q, tail)
        low = added(less(less(q, high), tail), times(e, less(ONE, times(Float(2 / 3), q))))
        for _ in range(3):
            other = less(ONE, high)
            other_low = less(less(less(ONE, other), high), low)
            grown = product_of(Pair(high, low), Pair(other, other_low))
            assert grown.low is not None
            total = added(grown.high, grown.low)
            rest = less(grown.low, less(total, grown.high))
            high, low = times(Float(4), total), times(Float(4), rest)
        return Pair(high, low)


def _is_far(scale: Exact, inner: Pair, shift: Exact) -> bool:
    """Whether a time in n-ths would leave the whole numbers that doubles hold, at ticks up to 1e8, or begins as a pair."""
    a, b, n = in_parts(scale, shift)
    return inner.low is not None or is_large(a, b, n)


def is_large(a: int, b: int, n: int) -> bool:
    """Whether the whole numbers of an exact time leave those that doubles hold, at ticks up to 1e8."""
    return abs(a) > 2**26 or abs(b) >= WHOLE or n >= WHOLE
