"""Computes levels with an array library that traces, compiles and differentiates: jax.numpy or keras.ops.

No Python code branches on a value. Every branch of a formula is computed at every tick: outside its range, at the nearest tick inside. So no branch, and no
derivative of one, is infinite or NaN where the branch is not used.
"""

from __future__ import annotations

import math
import operator
from functools import reduce
from typing import Any

from lrdsl.expr import BASE, INDEX, PI, Call, Expr, Linear, Num, Product, Select, Symbol, T, Wide
from lrdsl.expr.exact import quotient
from lrdsl.plan import Plan, first_tick

#: The library's names of operations that are named differently there.
_NAMES = {"abs": "abs", "ceil": "ceil", "max": "maximum", "min": "minimum", "pow": "power"}
_WHOLE = 2**53


def level(plan: Plan, tick: Any, base: float, ops: Any) -> Any:
    """Returns the level at a tick, which is an array of the library or a traced one. `ops` is the library: its functions, and `fori_loop`."""
    level = _Tracer(ops, {T: tick, BASE: base}).of(plan.level)
    return level if isinstance(level, float) else level + 0.0 * tick  # no -0.0: compilers drop a sum with 0 itself, and a `where` would lose the slope


class _Tracer:
    """Computes a formula at one tick; equal parts are computed once."""

    def __init__(self, ops: Any, symbols: dict[Symbol, Any]) -> None:
        self.ops = ops
        self.symbols = symbols
        self.memo: dict[Expr, Any] = {}

    def of(self, e: Expr) -> Any:
        if e not in self.memo:
            self.memo[e] = self._step(e)
        return self.memo[e]

    def _step(self, e: Expr) -> Any:
        match e:
            case Num():
                return float(e.double)
            case Symbol():
                return math.pi if e is PI else self.symbols[e]
            case Linear():
                return self._in_ticks(e)
            case Select():
                return self._select(e)
            case Product():
                return self._product(e)
            case Wide():
                return self._wide(e.of)
            case Call() if e.op == "mod":
                return self._in_ticks(e)
            case Call():
                return self._call(e, [self.of(a) for a in e.args])
        raise AssertionError(e)

    def _time(self, e: Expr) -> tuple[Any, int]:
        """Returns an exact time as a whole number of n-ths, and n; as it is, over 1, if the numbers do not fit into a double."""
        if isinstance(e, Linear):
            of, inner = self._time(e.of)
            scale = quotient(e.scale, inner)
            n = math.lcm(scale.denominator, e.shift.denominator)
            a, b = int(scale * n), int(e.shift * n)
            return (float(e.scale) * (of / float(inner)) + float(e.shift), 1) if max(abs(a), abs(b), n) >= _WHOLE else (float(a) * of + float(b), n)
        if isinstance(e, Call) and e.op == "mod" and isinstance(e.args[1], Num):
            time, inner = self._time(e.args[0])
            period = e.args[1].value
            n = math.lcm(inner, period.denominator)
            if max(n, period * n) >= _WHOLE:
                return self.ops.mod(time / float(inner), float(period)), 1
            return self.ops.mod(float(n // inner) * time, float(period * n)), n
        return self.of(e), 1

    def _in_ticks(self, e: Expr) -> Any:
        time, n = self._time(e)
        return time if n == 1 else time / float(n)

    def _select(self, e: Select) -> Any:
        of, n = self._time(e.of)  # a time in ticks may fall short of the bound that it is at
        value = self._branch(e, 0)
        for i in range(1, len(e.values)):
            value = self.ops.where(of >= float(first_tick(e.starts[i] * n)), self._branch(e, i), value)
        return value

    def _branch(self, e: Select, i: int) -> Any:
        """Returns the value of a branch at the tick, or, if the tick is outside its range, at the nearest tick inside."""
        if e.of is not T:
            return self.of(e.values[i])
        tick = self.symbols[T]
        if i > 0:
            tick = self.ops.maximum(tick, float(e.starts[i]))
        if i + 1 < len(e.values):
            # Just before the end: at the end itself, the slope of a square root is infinite.
            tick = self.ops.minimum(tick, float(e.starts[i + 1]) * (1 - 2.0 ** (-52 if "64" in str(tick.dtype) else -23)))
        return _Tracer(self.ops, {**self.symbols, T: tick}).of(e.values[i])

    def _product(self, e: Product) -> Any:
        def times(k: Any, total: Any) -> Any:
            index = self.ops.cast(k, total.dtype)
            return total * _Tracer(self.ops, {**self.symbols, INDEX: index}).of(e.factor)

        return self.ops.fori_loop(1, self.ops.cast(self.of(e.upto), "int32") + 1, times, self.ops.ones_like(self.symbols[T]))

    def _wide(self, e: Expr) -> Any:
        """Returns what may be infinite. Where a power or a logarithm is, its derivative is 0: that of an infinite number would make NaN of what is finite."""
        ops = self.ops
        if isinstance(e, Call) and e.op == "mul":
            factors = [self.of(a) for a in e.args]
            zero = reduce(operator.or_, [factor == 0 for factor in factors])
            return ops.where(zero, 0.0, math.prod(ops.where(zero, 1.0, factor) for factor in factors))
        if not isinstance(e, Call) or e.op not in ("exp", "expm1", "log", "log1p", "pow"):
            return self.of(e)
        args = [self.of(a) + ops.zeros_like(self.symbols[T]) for a in e.args]
        small = "64" not in str(self.symbols[T].dtype)
        if e.op in ("log", "log1p"):
            usual = args[0] > (0 if e.op == "log" else -1)
            return ops.where(usual, self._call(e, [ops.where(usual, args[0], 1.0)]), -math.inf)
        exponent = args[0] if e.op != "pow" else args[1] * ops.log(ops.where(args[0] == 0, 1.0, ops.abs(args[0])))
        usual = exponent < (88.0 if small else 709.0)
        if e.op != "pow":
            return ops.where(usual, self._call(e, [ops.where(usual, args[0], 0.0)]), math.inf)
        power = self._call(e, [ops.where(usual, args[0], 1.0), ops.where(usual, args[1], 1.0)])
        return ops.where(usual, power, ops.where((args[0] < 0) & (ops.mod(args[1], 2.0) == 1), -math.inf, math.inf))

    def _call(self, e: Call, args: list[Any]) -> Any:
        match e.op:
            case "add":
                return sum(args[1:], args[0])
            case "mul":
                return math.prod(args[1:], start=args[0])
            case "div":
                return args[0] / args[1]
            case "max" | "min":
                return reduce(getattr(self.ops, _NAMES[e.op]), args)
            case "pow" if isinstance(e.args[1], Num) and e.args[1].double == 2:
                return args[0] * args[0]
            case "hav":
                return self.ops.sin(args[0] * (math.pi / 2)) ** 2
            case "floor" | "ceil" | "pow" | "abs":
                return getattr(self.ops, _NAMES.get(e.op, e.op))(*args)
        if all(isinstance(a, float) for a in args):  # the library would turn constants into arrays of single precision
            return getattr(math, e.op)(*args)
        return getattr(self.ops, e.op)(*args)
