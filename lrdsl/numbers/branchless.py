"""Writes the machine trees of a level as straight Python code, one operation a line, for array libraries that trace, compile and differentiate.

A compiler may compute a product and a sum in one operation, with one rounding. Where both a product and its error are used, the code keeps it from that: it
takes the maximum of the product and the least number of all. A compiler may also add two constants of a sum beforehand. Where a difference is an error, the
second constant is in the code a number and 0 times the tick.

No code branches on a value. Every branch of a choice is computed at every tick: outside its range, at a time well inside. So no branch, and no derivative of
one, is infinite or NaN where the branch is not used. The same holds for each operation that may be infinite.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from lrdsl.check.intervals import ANY, Range, hull, multiply, rounded
from lrdsl.clock import MAX_TICKS
from lrdsl.expr import BASE, Call, Expr, T, walk
from lrdsl.numbers import infinite
from lrdsl.numbers.machine import Accumulated, Choice
from lrdsl.numbers.pairs import Float, is_apart_from_zero
from lrdsl.numbers.products import MOST_FACTORS
from lrdsl.numbers.steep import USUAL, has_slope, is_steep, small

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "mod": "%", "floordiv": "//"}
_LIBRARY = {"min": "minimum", "max": "maximum"}
_FOLDED: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "pow", "mod", "floordiv")},
    **{name: getattr(math, name) for name in ("ceil", "cos", "exp", "expm1", "floor", "log", "log1p", "sin", "sqrt")},
    **{"div": operator.truediv, "abs": abs, "min": min, "max": max},
    **infinite.FUNCTIONS,
}
#: The bits of a double. A float of fewer bits holds a constant near 1 with an error that a power of it multiplies: there its logarithm is better.
_DOUBLE, _NEAR_ONE = 53, 0.25


@attrs.frozen
class Machine:
    """The numbers that code computes with: the bits of a float, the least normal and the largest one, and the largest whole number.

    Ticks are whole numbers, and stay exact while they are counted; with `whole` None they are floats.
    """

    bits: int
    least: float
    largest: float
    whole: int | None = None

    @property
    def steepest(self) -> float:
        """The largest size of a slope. A product of a few of them is no infinity yet."""
        return self.largest * 2.0**-64

    @property
    def last(self) -> int:
        """The last tick that is told from the one before."""
        return MAX_TICKS if self.whole is None else min(self.whole, MAX_TICKS)

    def number(self, value: float) -> float:
        """Returns a float as the machine holds it: not so small that it becomes 0, nor so large that it becomes infinite."""
        size = min(max(abs(value), self.least), self.largest)
        return math.copysign(size, value) if value else 0.0


@attrs.frozen
class Term:
    """A value in the code: its text, its range, whether it is a whole number, and the value of a constant."""

    text: str
    range: Range = ANY
    whole: bool = False
    constant: float | int | None = None


@attrs.frozen(eq=False)
class RunningFactors:
    """A product in the code: its name there, its trees, and the most factors that it may have."""

    name: str
    product: Accumulated
    most: int


class Writer:
    """Writes one tree. `lines` are the statements of a function of `t`, `products` the running products that they call by name.

    The code calls `real`, which makes floats of whole numbers, `held`, which takes the slope from a value, `where`, `minimum`, `maximum` and the functions of
    formulas. In it, `zero` is a float 0 of the shape of the ticks, and `none` the whole number.
    """

    def __init__(self, machine: Machine, symbol: Expr = T, most: int | None = None) -> None:
        self.machine = machine
        last = machine.last if most is None else most
        self.lines = ["zero = real(t) * 0.0"] + ["none = t * 0"] * (machine.whole is not None)
        self.products: list[RunningFactors] = []
        self.symbol = symbol
        self.twice: set[Expr] = set()
        self.shifted: set[str] = set()
        self.divisors: dict[float, str] = {}
        self.tick = Term("t", (0, last), machine.whole is not None)

    def write(self, *trees: Expr, base: float = 1.0) -> list[str]:
        """Writes trees, for a base. Returns the texts of their values, floats of the shape of the ticks."""
        self.twice = _added_twice(trees)
        scope = _Scope(self, {self.symbol: self.tick, BASE: self.constant(base)})
        return [self.array(scope.of(tree), real=True) for tree in trees]

    def constant(self, value: float | int) -> Term:
        """Returns a constant as a term: whole if the machine counts in whole numbers and holds it."""
        whole = self.machine.whole is not None and float(value).is_integer() and abs(value) <= self.machine.whole
        number = int(value) if whole else self.machine.number(float(value))
        return Term(repr(number), (number, number), whole, number)

    def line(self, text: str, range: Range = ANY, whole: bool = False) -> Term:
        """Writes an operation, and returns its value."""
        name = f"x{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return Term(name, range, whole)

    def sum(self, op: str, terms: tuple[Term, ...], range: Range) -> Term:
        """Writes a sum or a difference of floats."""
        shifts = any(term.constant is not None for term in terms)
        again = shifts and any(term.text in self.shifted for term in terms)
        term = self.line(f" {_INFIX[op]} ".join(self.array(x, True) if again else self.operand(x, False) for x in terms), range)
        self.shifted |= {term.text} if shifts else set()
        return term

    def operand(self, term: Term, whole: bool) -> str:
        """Returns the text of an operand of a sign, as a whole number or as a float."""
        if term.constant is not None:
            return f"({term.constant if whole else float(term.constant)!r})"
        return term.text if whole or not term.whole else f"real({term.text})"

    def divisor(self, term: Term) -> str:
        """Returns the text of a divisor. A constant has the shape of the ticks.

        Where all ticks are divided by one number, XLA multiplies by its reciprocal, which is inexact.
        """
        if term.constant is None or math.frexp(term.constant)[0] in (0.5, -0.5):
            return self.operand(term, False)
        if term.constant not in self.divisors:
            self.divisors[term.constant] = self.line(f"held({self.array(term, True)})").text
        return self.divisors[term.constant]

    def array(self, term: Term, real: bool) -> str:
        """Returns the text of an argument of a function, which takes no plain numbers."""
        whole = term.whole and not real
        return f"({'none' if whole else 'zero'} + {self.operand(term, whole)})" if term.constant is not None else self.operand(term, whole)

    def among(self, term: Term, low: float, high: float, instead: float) -> Term:
        """Returns a term that is `instead` where it is below `low`, or at `high` and above."""
        held = max(term.range[0], low), min(term.range[1], high)
        for sign, bound, inside in ((">=", low, term.range[0] >= low), ("<", high, term.range[1] < high)):
            if not inside:
                other = self.array(self.constant(instead), not term.whole)
                term = self.line(f"where({term.text} {sign} {self.operand(self.constant(bound), term.whole)}, {term.text}, {other})", held, term.whole)
        return term


class _Scope:
    """The values that are computed already, by tree. A time that is kept inside a range opens a scope of its own."""

    def __init__(self, writer: Writer, terms: dict[Expr, Term]) -> None:
        self.writer, self.terms = writer, terms

    def of(self, e: Expr) -> Term:
        term = self.terms.get(e)
        if term is None:
            term = self.terms[e] = self._step(e)
        return term

    def _step(self, e: Expr) -> Term:
        if isinstance(e, Float):
            return self.writer.constant(e.value)
        if isinstance(e, Choice):
            return self._choice(e)
        if isinstance(e, Accumulated):
            return self._product(e)
        assert isinstance(e, Call), e
        if e.op in ("mod", "floordiv") and (cycle := self._in_cycles(e)) is not None:
            return cycle
        args = [self.of(a) for a in e.args]
        if e.op == "div" and is_apart_from_zero(e.args[1]):  # an error term has no slope
            return self.writer.line(f"held({self._text(e.op, args)})")
        if USUAL.get(e.op, e.op) in ("add", "mul", "min", "max"):
            total = args[0]
            for a in args[1:]:
                total = self._operation(e.op, total, a)
            if e in self.writer.twice and total.constant is None and not total.whole:
                total = self.writer.line(f"maximum({total.text}, zero - {self.writer.machine.largest!r})", total.range)
            return total
        return self._operation(e.op, *args)

    def _operation(self, op: str, *args: Term) -> Term:
        """Writes an operation of one or two arguments: in whole numbers where they stay exact, else in floats."""
        writer, usual, constants = self.writer, USUAL.get(op, op), [a.constant for a in args]
        if None not in constants and (folded := _folded(op, constants)) is not None:
            return writer.constant(folded)
        neutral = {"add": 0, "mul": 1}.get(usual)
        for a, other in (args, args[::-1]) if neutral is not None else ():
            if a.constant == neutral:
                return other
        if usual in ("floor", "ceil") and args[0].whole:
            return args[0]
        range = _range(usual, [a.range for a in args])
        most = writer.machine.whole
        whole = most is not None and usual in _STAYS_WHOLE and all(a.whole for a in args) and -most <= range[0] and range[1] <= most
        if usual == "pow" and args[0].constant is not None and abs(args[0].constant - 1) < _NEAR_ONE and writer.machine.bits < _DOUBLE:
            exponent = self._operation(op.replace("pow", "mul"), args[1], writer.constant(math.log(args[0].constant)))
            return self._operation(op.replace("pow", "exp"), exponent)
        if op == "floordiv" and not whole:  # a quotient of floats may round up to the next whole number
            return self._operation("div", self._operation("sub", args[0], self._operation("mod", *args)), args[1])
        if op in ("add", "sub") and not whole:
            return writer.sum(op, args, range)
        if op == "wide_error":  # an error term has no slope
            (error,) = [writer.array(a, True) for a in args]
            return writer.line(f"held(where(abs({error}) <= {writer.machine.largest!r}, {error}, zero))")
        if not whole and is_steep(op, constants):
            return self._steep(op, usual, args, range)
        return writer.line(self._text(usual, args, whole), range, whole)

    def _text(self, op: str, args: Sequence[Term], whole: bool = False) -> str:
        """Returns the text of an operation: with signs, if any but constants stand beside them."""
        constant = all(a.constant is not None for a in args)
        texts = [self.writer.array(a, not whole) if constant or op not in _INFIX else self.writer.operand(a, whole) for a in args]
        if op == "div" and not constant:
            texts[1] = self.writer.divisor(args[1])
        return f" {_INFIX[op]} ".join(texts) if op in _INFIX else f"{_LIBRARY.get(op, op)}({', '.join(texts)})"

    def _steep(self, op: str, usual: str, args: tuple[Term, ...], range: Range) -> Term:
        """Writes an operation that may be infinite, or as steep: it is done twice, without slopes, and where they are small, with them."""
        writer, constants = self.writer, [a.constant for a in args]
        text = self._text(usual, args)
        if op == "wide_mul" and None in constants:  # a factor of 0 is exact
            text = f"where({' | '.join(f'({writer.operand(a, False)} == 0.0)' for a in args if a.constant is None)}, zero, {text})"
        value = writer.line(f"held({text})", range)
        if not has_slope(op, constants):
            return value
        most = writer.machine.steepest
        parts = small(op, constants, [writer.operand(a, False) for a in args], value.text)
        inside = writer.line(" & ".join(f"(abs({part}) <= {most!r})" for part in parts))
        kept = [a if a.constant is not None else writer.line(f"where({inside.text}, {writer.array(a, True)}, zero + 1.0)", a.range) for a in args]
        return writer.line(f"where({inside.text}, {self._text(usual, kept)}, {value.text})", range)

    def _in_cycles(self, e: Call) -> Term | None:
        """Returns a remainder or a quotient of `a x + b`, all whole numbers, where `a x` may be too large for the machine; None if it is not.

        The x of whole cycles is divided first.
        """
        most, split = self.writer.machine.whole, _first_degree(e.args[0])
        if most is None or split is None or not isinstance(e.args[1], Float) or not isinstance(e.args[1].value, int):
            return None
        (a, x, b), period, of = split, e.args[1], self.of(split[1])
        if not of.whole or a * max(map(abs, of.range)) + abs(b) <= most or a * period.value + abs(b) > most:
            return None
        count, rest = (self.of(Call(op, (x, period))) for op in ("floordiv", "mod"))
        left = self._operation("add", self._operation("mul", self.writer.constant(a), rest), self.writer.constant(b))
        part = self._operation(e.op, left, self.writer.constant(period.value))
        return part if e.op == "mod" else self._operation("add", self._operation("mul", self.writer.constant(a), count), part)

    def _choice(self, e: Choice) -> Term:
        of = self.of(e.of)
        if of.constant is not None:
            return self.of(e.values[max(0, bisect_right(e.starts, of.constant) - 1)])
        mirrored = isinstance(e.of, Call) and e.of.op == "sub"  # from 0: time runs backward
        time = e.of.args[1] if mirrored and isinstance(e.of, Call) else e.of
        starts = [math.ceil(start) if of.whole else start for start in e.starts[1:]]
        chosen: Term | None = None
        for low, high, value in zip((-math.inf, *starts), (*starts, math.inf), e.values, strict=True):
            if low >= high or low > of.range[1] or high <= of.range[0]:
                continue
            term = (self if mirrored else self._within(time, low, high)).of(value)
            chosen = term if chosen is None else self._where(f"{of.text} >= {self.writer.operand(self.writer.constant(low), of.whole)}", term, chosen)
        assert chosen is not None
        return chosen

    def _where(self, condition: str, a: Term, b: Term) -> Term:
        if a.constant is not None and a.constant == b.constant:
            return a
        whole = a.whole and b.whole
        return self.writer.line(f"where({condition}, {self.writer.array(a, not whole)}, {self.writer.array(b, not whole)})", hull(*a.range, *b.range), whole)

    def _within(self, time: Expr, low: float, high: float) -> _Scope:
        """Returns the scope in which a time outside a range is another time, well inside: at an end, a slope may be infinite."""
        now = self.of(time)
        if low <= now.range[0] and now.range[1] < high:
            return self
        memo: dict[Expr, bool] = {}
        kept = {e: term for e, term in self.terms.items() if not _depends(e, time, memo)}
        first, end = max(low, now.range[0]), min(high, now.range[1] + 1)
        instead = first if now.whole else first + min(1.0, (end - first) / 2)
        return _Scope(self.writer, {**kept, time: self.writer.among(now, low, high, instead)})

    def _product(self, e: Accumulated) -> Term:
        upto = self.of(e.upto)
        most = int(min(max(upto.range[1], 0), MOST_FACTORS))
        if most == 0:
            return self.writer.constant(1)
        kept = self.writer.among(self.writer.among(upto, 0, math.inf, 0), -math.inf, most + 1, most)
        running = RunningFactors(f"product{len(self.writer.products)}", e, most)
        self.writer.products.append(running)
        return self.writer.line(f"{running.name}({self.writer.array(kept, real=True)})")


def _first_degree(e: Expr) -> tuple[int, Expr, int] | None:
    """Returns (a, x, b) of a tree `a x + b` with whole constants, a above 0; None for another tree."""
    shift = 0
    if isinstance(e, Call) and e.op in ("add", "sub") and len(e.args) == 2 and isinstance(e.args[1], Float) and isinstance(e.args[1].value, int):
        shift = e.args[1].value if e.op == "add" else -e.args[1].value
        e = e.args[0]
    if isinstance(e, Call) and e.op == "mul" and len(e.args) == 2 and isinstance(e.args[0], Float) and isinstance(e.args[0].value, int) and e.args[0].value > 0:
        return e.args[0].value, e.args[1], shift
    return None


def _added_twice(trees: tuple[Expr, ...]) -> set[Expr]:
    """Returns the products that several sums or differences add."""
    uses = Counter(part for e in dict.fromkeys(x for tree in trees for x in walk(tree)) if isinstance(e, Call) and e.op in ("add", "sub") for part in e.args)
    return {e for e, count in uses.items() if count > 1 and isinstance(e, Call) and e.op == "mul"}


def _depends(e: Expr, on: Expr, memo: dict[Expr, bool]) -> bool:
    depends = memo.get(e)
    if depends is None:
        depends = memo[e] = e is on or any(_depends(part, on, memo) for part in e.below)
    return depends


def _folded(op: str, args: list[Any]) -> float | int | None:
    """Returns an operation on constants; None if Python refuses it."""
    try:
        value = _FOLDED[op](*args)
    except (ArithmeticError, ValueError):
        return None
    return value if isinstance(value, int | float) and math.isfinite(value) else None


#: Operations that give whole numbers for whole numbers.
_STAYS_WHOLE = ("add", "sub", "mul", "mod", "floordiv", "min", "max", "abs")


def _range(op: str, args: list[Range]) -> Range:
    """Returns the range of an operation, as far as times need it."""
    try:
        return hull(*_ends(op, args[0], args[-1]))
    except OverflowError:  # of whole numbers that are no doubles
        return ANY


def _ends(op: str, a: Range, b: Range) -> Range:
    match op:
        case "add":
            return a[0] + b[0], a[1] + b[1]
        case "sub":
            return a[0] - b[1], a[1] - b[0]
        case "mul":
            return multiply(a, b)
        case "mod" if b[0] == b[1] > 0:
            return a if a[0] >= 0 and a[1] < b[0] else (0, b[0])
        case "floordiv" if b[0] == b[1] > 0:
            return rounded(math.floor, (a[0] / b[0], a[1] / b[0]))
        case "div" if b[0] == b[1] > 0:
            return a[0] / b[0], a[1] / b[0]
        case "floor" | "ceil":
            return rounded(math.floor if op == "floor" else math.ceil, a)
        case "min":
            return min(a[0], b[0]), min(a[1], b[1])
        case "max":
            return max(a[0], b[0]), max(a[1], b[1])
        case "abs":
            return (0 if a[0] <= 0 <= a[1] else min(abs(a[0]), abs(a[1]))), max(abs(a[0]), abs(a[1]))
    return ANY
