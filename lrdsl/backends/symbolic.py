"""The closed form: a plan as a SymPy expression of `t`, exact in every number that the text holds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from lrdsl.clock import exact
from lrdsl.expr import BASE, INDEX, PI, Call, Event, Expr, Letter, Linear, Num, Product, Select, Symbol, T, event_of
from lrdsl.plan import Plan

_NAMED = {
    "abs": sympy.Abs,
    "ceil": sympy.ceiling,
    "cos": sympy.cos,
    "exp": sympy.exp,
    "floor": sympy.floor,
    "log": sympy.log,
    "max": sympy.Max,
    "min": sympy.Min,
    "mod": sympy.Mod,
    "sin": sympy.sin,
    "sqrt": sympy.sqrt,
}


def rational(value: Fraction) -> Any:
    """A fraction as SymPy writes it."""
    return sympy.Rational(value.numerator, value.denominator)


def formula(plan: Plan, base: str | float, numbers: str = "decimal") -> Any:
    """The SymPy expression of a plan. `numbers` is "decimal" (0.1 is 1/10) or "double" (0.1 is the double that it reads as)."""
    symbols: dict[Expr, Any] = {T: sympy.Symbol("t"), INDEX: sympy.Symbol("k"), PI: sympy.pi}
    if isinstance(base, str):
        symbols[BASE] = sympy.Symbol(base)
    else:
        symbols[BASE] = rational(Fraction(base) if numbers == "double" else exact(base))
    symbols |= {event: sympy.Symbol(f"{letter}_{k}") for event, (letter, k) in plan.letters.items()}
    return translate(plan.law, symbols, numbers == "double")


def translate(e: Expr, symbols: dict[Expr, Any], double: bool) -> Any:
    """The SymPy expression of a tree. An event is a symbol for its tick, or for how often it has come by a tick."""
    memo: dict[Expr, Any] = {}

    def walk(x: Expr) -> Any:
        known = memo.get(x)
        if known is None:
            known = memo[x] = step(x)
        return known

    def step(x: Expr) -> Any:
        match x:
            case Num():
                return rational(x.double if double else x.value)
            case Symbol():
                return symbols[x] if x in symbols else sympy.Symbol(x.name)
            case Event():
                return symbols[x] - _begun(x, symbols)
            case Call() if x.op in ("count", "since") and isinstance(x.args[0], Event):
                event, now = x.args[0], walk(x.args[1]) + _begun(x.args[0], symbols)
                return now - symbols[event] if x.op == "since" else sympy.Function(symbols[event].name)(now)
            case Select() if (event := event_of(x)) is not None:  # type: ignore[assignment]
                now = walk(x.of.args[1]) + _begun(event, symbols)  # type: ignore[attr-defined]
                return sympy.Piecewise((walk(x.values[0]), now < symbols[event]), (walk(x.values[1]), True))
            case Letter():
                return walk(x.of)
            case Linear():
                return rational(x.scale) * walk(x.of) + rational(x.shift)
            case Select():
                of, values = walk(x.of), [walk(v) for v in x.values]
                # SymPy may find two neighbours equal that differ as trees: they are one branch.
                last = [i for i, v in enumerate(values) if i + 1 == len(values) or v != values[i + 1]]
                conditions = [of < rational(x.starts[i + 1]) for i in last[:-1]]
                return sympy.Piecewise(*zip([values[i] for i in last], [*conditions, True], strict=True))
            case Product():
                return sympy.Product(walk(x.factor), (symbols[INDEX], 1, walk(x.upto)))
            case Call():
                return _call(x, [walk(a) for a in x.args])
        raise AssertionError(x)

    return walk(e)


def _begun(event: Event, symbols: dict[Expr, Any]) -> Any:
    """The tick at which the phase that waits for an event begins."""
    return rational(event.offset) + (0 if event.origin is None else symbols[event.origin])


def _reduced(level: Any, times: Any, factor: Any, least: Any, eps: Any) -> Any:
    """The level after so many reductions: step by step where the number is known, else the closed form, which holds as long as no step is left out."""
    if not times.is_Integer:
        falls = level * factor**times
        return falls if least == 0 else sympy.Max(falls, least, evaluate=False)
    for _ in range(int(times)):
        lower = sympy.Max(level * factor, least, evaluate=False)
        level = sympy.Piecewise((lower, level - lower > eps), (level, True))
    return level


def _call(e: Call, args: list[Any]) -> Any:
    match e.op:
        case "add":
            return sympy.Add(*args)
        case "mul":
            return sympy.Mul(*args)
        case "div":
            return args[0] / args[1]
        case "pow":
            return _power(*args)
        case "reduce":
            return _reduced(*args)
        case "max" | "min":  # left as they are: SymPy would try to prove which is larger, at any cost
            return _NAMED[e.op](*args, evaluate=False)
        case "hav":
            return (1 - sympy.cos(sympy.pi * args[0])) / 2
        case "expm1":
            return sympy.exp(args[0]) - 1
        case "log1p":
            return sympy.log(1 + args[0])
        case _:
            return _NAMED[e.op](*args)


#: SymPy writes out powers of numbers; those that would have more bits than this, and high powers of what holds numbers, are kept as powers.
_MOST_BITS, _HIGH = 512, 64
#: Roots of higher order than this are kept as powers too.
_ROOTS = 64


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_Rational and not base.is_Symbol:
        if exponent.q > _ROOTS:  # SymPy would look for roots of that order, for hours
            return sympy.UnevaluatedExpr(sympy.Pow(base, exponent, evaluate=False))
        bits = int(base.p).bit_length() + int(base.q).bit_length() if base.is_Rational else _MOST_BITS // _HIGH
        if bits * max(abs(exponent), 1 if exponent.is_Integer else 8) > _MOST_BITS:
            return sympy.UnevaluatedExpr(sympy.Pow(base, exponent, evaluate=False))
    return base**exponent
