"""Translates a plan into a SymPy expression of `t`. Every number of the text stays exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import sympy

from lrdsl.expr import BASE, INDEX, PI, Call, Event, Expr, Letter, Lettered, Linear, Num, Product, Select, Symbol, T, event_of, walk
from lrdsl.expr.exact import Exact
from lrdsl.formulas.letters import checked_letter
from lrdsl.formulas.notation import tree
from lrdsl.plan import Plan

_NAMED = {
    "abs": sympy.Abs,
    "ceil": sympy.ceiling,
    "exp": sympy.exp,
    "floor": sympy.floor,
    "log": sympy.log,
    "max": sympy.Max,
    "min": sympy.Min,
    "mod": sympy.Mod,
    "sin": sympy.sin,
    "sqrt": sympy.sqrt,
}


def rational(value: Exact) -> Any:
    """Returns an exact number as a SymPy rational, or as an expression of its letters."""
    if isinstance(value, Lettered):
        return sympy.cancel(value.form)
    return sympy.Rational(value.numerator, value.denominator)


def formula(plan: Plan, base: str | Exact, numbers: str = "decimal") -> Any:
    """Returns the SymPy expression of a plan. `numbers` is "decimal" (0.1 is 1/10) or "double" (0.1 is the nearest double)."""
    return translate(plan.law, _symbols(plan, base, numbers), numbers == "double", {x.symbol: sympy.Symbol(x.name) for x in plan.legend})


def of_notation(node: tree.Node, names: Mapping[tree.Name, Any]) -> Any:
    """Returns the SymPy expression of notation that is arithmetic, as the formula of a family. `names` are the expressions of some letters."""

    def of(x: tree.Node) -> Any:
        return of_notation(x, names)

    match node:
        case tree.Number(value):
            return rational(value)
        case tree.Name():
            return names[node] if node in names else sympy.Symbol("_".join([node.letter, *(node.sub.split(",") if node.sub else [])]))
        case tree.Negative(inner) | tree.Group(inner):
            return -of(inner) if isinstance(node, tree.Negative) else of(inner)
        case tree.Sum(terms):
            return sympy.Add(*map(of, terms))
        case tree.Times(factors):
            return sympy.Mul(*map(of, factors))
        case tree.Ratio(top, bottom):
            return of(top) / of(bottom)
        case tree.Power(base, exponent):
            return sympy.Pow(of(base), of(exponent))
        case tree.Root(inner):
            return sympy.sqrt(of(inner))
        case tree.Apply(str() as word, args):
            return _call(Call(word, ()), [of(a) for a in args])
    raise AssertionError(node)


def symbol(name: str) -> Any:
    """Returns a SymPy symbol."""
    return sympy.Symbol(name)


def legend(plan: Plan, base: str | Exact) -> dict[Any, Any]:
    """Returns the values of the letters in a symbolic formula."""
    letters = {x.symbol: sympy.Symbol(x.name) for x in plan.legend}
    return {sympy.Symbol(x.name): translate(x.value, _symbols(plan, base, "decimal"), False, letters) for x in plan.legend}


def _symbols(plan: Plan, base: str | Exact, numbers: str) -> dict[Expr, Any]:
    symbols: dict[Expr, Any] = {T: sympy.Symbol("t"), INDEX: sympy.Symbol("k"), PI: sympy.pi}
    if isinstance(base, str):
        symbols[BASE] = sympy.Symbol(checked_letter(base, "sympy", _taken(plan)))
    else:
        symbols[BASE] = rational(Fraction(float(base)) if numbers == "double" else base)
    letters = {x.symbol.name: sympy.Symbol(x.name) for x in plan.legend}
    symbols |= {x: letters[x.letter] for x in walk(plan.law) if isinstance(x, Letter) and x.letter in letters}
    return symbols | {event: sympy.Symbol(f"{letter}_{k}") for event, (letter, k) in plan.letters.items()}


def _taken(plan: Plan) -> set[str]:
    """Returns the names of all symbols in a formula except the base."""
    index = {"k"} if any(isinstance(x, Product) for x in walk(plan.law)) else set()
    return {"t", *index, *(x.name for x in plan.legend), *(f"{letter}_{k}" for letter, k in plan.letters.values())}


def translate(e: Expr, symbols: dict[Expr, Any], double: bool, letters: Mapping[Any, Any] = MappingProxyType({})) -> Any:
    """Returns the SymPy expression of a tree. An event becomes a symbol for its tick; how often it has come by a tick becomes a function.

    `letters` are the symbols that replace those of constants; to replace them in the whole expression would make SymPy evaluate all of it again.
    """
    memo: dict[Expr, Any] = {}

    def exact(value: Exact) -> Any:
        return rational(value).xreplace(letters) if letters else rational(value)

    def of(x: Expr) -> Any:
        translated = memo.get(x)
        if translated is None:
            translated = memo[x] = step(x)
        return translated

    def step(x: Expr) -> Any:
        match x:
            case Num():
                return exact(x.double if double else x.value)
            case Symbol():
                return symbols[x] if x in symbols else sympy.Symbol(x.name)
            case Event():
                return symbols[x] - _waiting_since(x, symbols, exact)
            case Call() if x.op in ("count", "since") and isinstance(x.args[0], Event):
                event, now = x.args[0], of(x.args[1]) + _waiting_since(x.args[0], symbols, exact)
                return now - symbols[event] if x.op == "since" else sympy.Function(symbols[event].name)(now)
            case Select() if (event := event_of(x)) is not None:  # type: ignore[assignment]
                now = of(x.of.args[1]) + _waiting_since(event, symbols, exact)  # type: ignore[attr-defined]
                return sympy.Piecewise((of(x.values[0]), now < symbols[event]), (of(x.values[1]), True))
            case Letter():
                return symbols[x] if x in symbols else of(x.of)
            case Linear():
                return exact(x.scale) * of(x.of) + exact(x.shift)
            case Select():
                by, values = of(x.of), [of(v) for v in x.values]
                # Two neighbours that differ as trees may be equal in SymPy: then they are one branch.
                last = [i for i, v in enumerate(values) if i + 1 == len(values) or v != values[i + 1]]
                conditions = [by < exact(x.starts[i + 1]) for i in last[:-1]]
                return sympy.Piecewise(*zip([values[i] for i in last], [*conditions, True], strict=True))
            case Product():
                return sympy.Product(of(x.factor), (symbols[INDEX], 1, of(x.upto)))
            case Call():
                return _call(x, [of(a) for a in x.args])
        raise AssertionError(x)

    return of(e)


def _waiting_since(event: Event, symbols: dict[Expr, Any], exact: Callable[[Exact], Any]) -> Any:
    """Returns the tick at which the phase that waits for an event begins."""
    return exact(event.offset) + (0 if event.origin is None else symbols[event.origin])


def _after_reductions(level: Any, times: Any, factor: Any, least: Any, eps: Any) -> Any:
    """Returns the level after `times` reductions: step by step if `times` is a number, else the closed form, which is right if no reduction is skipped."""
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
            return _after_reductions(*args)
        case "max" | "min":  # not evaluated, since SymPy would try to prove which is larger, however long that takes
            return _NAMED[e.op](*args, evaluate=False)
        case "cos":
            return _cosine(args[0])
        case "hav":
            return (1 - _cosine(sympy.pi * args[0])) / 2
        case "expm1":
            return sympy.exp(args[0]) - 1
        case "log1p":
            return sympy.log(1 + args[0])
        case _:
            return _NAMED[e.op](*args)


def _cosine(angle: Any) -> Any:
    """Returns a cosine. That of an angle with symbols is not evaluated, since SymPy would ask at length whether the angle is real."""
    if not angle.free_symbols:
        return sympy.cos(angle)
    return sympy.cos(-angle if angle.could_extract_minus_sign() else angle, evaluate=False)


class _Kept(sympy.UnevaluatedExpr):  # type: ignore[misc]
    """A power that stays one. SymPy may know that it is real, and near which number, so that Min and Max take it when letters get values."""

    def _eval_evalf(self, prec: int) -> Any:
        return self.args[0]._eval_evalf(prec)

    def _eval_is_extended_real(self) -> Any:
        return self.args[0].is_extended_real

    def as_real_imag(self, deep: bool = True, **hints: Any) -> Any:
        """Returns the real and the imaginary part."""
        return (self, sympy.S.Zero) if self.is_extended_real else super().as_real_imag(deep, **hints)


#: SymPy computes powers of numbers. A power with more bits than `_MOST_BITS`, and a power above `_HIGH` of an expression with numbers, stay powers.
_MOST_BITS, _HIGH = 512, 64
#: Roots of a higher order stay powers too.
_ROOTS = 64


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_Rational and not base.is_Symbol:
        if exponent.q > _ROOTS:  # SymPy would search for such a root for hours
            return _Kept(sympy.Pow(base, exponent, evaluate=False))
        bits = int(base.p).bit_length() + int(base.q).bit_length() if base.is_Rational else _MOST_BITS // _HIGH
        if bits * max(abs(exponent), 1 if exponent.is_Integer else 8) > _MOST_BITS:
            return _Kept(sympy.Pow(base, exponent, evaluate=False))
    return base**exponent
