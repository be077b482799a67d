"""Numbers one at a time: a plan becomes Python functions, generated from the operations of `numeric` and never from a user's text.

One function a piece, made when the piece is first entered. Where a level is `a(t) + b(t) * base`, as almost all are, the work that depends on t alone is
done once for all groups. The code is compiled with places for its numbers, and the numbers put there, so that of a thousand warmups, each of
another length, one is compiled.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Any

import attrs

from lrdsl.expr import BASE, INDEX, PRODUCTS, Call, Expr, Select, Symbol, T, affine, mentions
from lrdsl.numbers.lowering import Accumulated, factors_in, numeric, stretches
from lrdsl.numbers.pairs import ONE, ZERO, Float
from lrdsl.numbers.products import Factors, RunningProduct, within
from lrdsl.plan import Piece, Plan, first_tick, pieces
from lrdsl.work import spend

#: For as many groups as this, the code that stores levels has a line for each.
UNROLLED = 16
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "mod": "%", "floordiv": "//"}
_FUNCTIONS = {name: getattr(math, name) for name in ("sin", "cos", "exp", "expm1", "log", "log1p", "sqrt", "floor", "ceil")}


def reduced(level: float, times: float, factor: float, least: float, eps: float) -> float:
    """The level after so many reductions, each as torch's ReduceLROnPlateau makes it; one that does nothing is the last that could.

    >>> reduced(1.0, 3, 0.1, 0.05, 1e-8)
    0.05
    """
    for _ in range(int(times)):
        lower = max(level * factor, least)
        if level - lower <= eps:
            break
        level = lower
    return level


_GLOBALS = {"__builtins__": {"abs": abs, "float": float}, "reduce": reduced, "within": within, **_FUNCTIONS}


class _Writer:
    """Writes a tree as Python statements; what is used twice is computed once."""

    def __init__(self, e: tuple[Expr, ...], indent: str = "    ") -> None:
        self.lines: list[str] = []
        self.indent = indent
        self.names: dict[Expr, str] = {T: "t", BASE: "base", INDEX: "k"}
        self.fresh = [0]
        self.uses: Counter[Expr] = Counter()
        self.kept: dict[str, Any] = {}
        for tree in e:
            self._count(tree)

    def _count(self, e: Expr) -> None:
        self.uses[e] += 1
        if self.uses[e] == 1:
            for child in e.below:
                self._count(child)

    def place(self, value: Any) -> str:
        """A place for a value: a string that nothing else in the code can be, to be replaced by the value when the code is made."""
        place = f"\0:{len(self.kept)}"
        self.kept[place] = value
        return repr(place)

    def _name(self) -> str:
        self.fresh[0] += 1
        return f"x{self.fresh[0]}"

    def text(self, e: Expr) -> str:
        """An expression for `e`, after the statements that it needs."""
        if isinstance(e, Float):
            return self.place(e.value)
        known = self.names.get(e)
        if known is not None:
            return known
        if isinstance(e, Select):
            return self._select(e)
        written = self._written(e)
        if self.uses[e] < 2:
            return written
        return self._assign(e, written)

    def _assign(self, e: Expr, written: str) -> str:
        name = self.names[e] = self._name()
        self.lines.append(f"{self.indent}{name} = {written}")
        return name

    def _written(self, e: Expr) -> str:
        if isinstance(e, Accumulated):
            product = self._name()
            self.lines.append(f"{self.indent}{product} = {self.place(RunningProduct(_factors(e.high, e.low)))}")
            return f"{product}({self.text(e.upto)})"
        assert isinstance(e, Call), e
        if e.op in ("min", "max"):
            return self._extreme(e)
        # Python works out what is made of constants alone, and the places in it would be lost.
        fixed = all(isinstance(a, Float) for a in e.args)
        args = [repr(a.value) if fixed and isinstance(a, Float) else self.text(a) for a in e.args]
        if e.op in _INFIX:
            return f"({f' {_INFIX[e.op]} '.join(args)})"
        return f"{e.op}({', '.join(args)})"

    def _extreme(self, e: Call) -> str:
        sign = "<" if e.op == "min" else ">"
        found = self.text(e.args[0])
        for a in e.args[1:]:
            name, other = self._name(), self._name()
            self.lines += [f"{self.indent}{name}, {other} = {found}, {self.text(a)}", f"{self.indent}if {other} {sign} {name}: {name} = {other}"]
            found = name
        self.names[e] = found
        return found

    def _select(self, e: Select) -> str:
        of, name = self.text(e.of), self._name()
        if not isinstance(e.of, Symbol) and of not in self.names.values():
            of = self._assign(e.of, of)
        self._branch(of, name, e, 0, len(e.values))
        self.names[e] = name
        return name

    def _branch(self, of: str, name: str, e: Select, low: int, high: int) -> None:
        """A tree of comparisons, so that the branch is found in logarithmic time."""
        if high - low == 1:
            value = self.text(e.values[low])
            self.lines.append(f"{self.indent}{name} = {value}")
            return
        middle = (low + high) // 2
        for head, start, stop in ((f"if {of} < {self.place(first_tick(e.starts[middle]))}:", low, middle), ("else:", middle, high)):
            self.lines.append(self.indent + head)
            names, indent = dict(self.names), self.indent
            self.indent += "    "
            self._branch(of, name, e, start, stop)
            self.names, self.indent = names, indent


@lru_cache(maxsize=128)
def _factors(high: Expr, low: Expr) -> Factors:
    """The factors of a product; all pieces that have it share what has been multiplied."""
    from lrdsl.numbers import array

    return Factors(_function((high, low), ["def factor(k):"], ["    return {0}, {1}"]), array.factors(high, low))


@lru_cache(maxsize=128)
def _compiled(source: str) -> CodeType:
    return compile(source, "<lrdsl>", "exec")


def _filled(x: Any, values: dict[str, Any]) -> Any:
    """Code, or what stands in it, with values in the places that were kept for them."""
    if isinstance(x, CodeType):
        return x.replace(co_consts=_filled(x.co_consts, values))
    if isinstance(x, tuple):
        return tuple([_filled(part, values) for part in x])
    return values.get(x, x) if isinstance(x, str) else x


def _function(trees: tuple[Expr, ...], head: list[str], tail: list[str], indent: str = "    ") -> Callable[..., Any]:
    """A function with a generated body: the lines of `head`, then what computes the trees, then those of `tail`, with the trees' values for `{0}`, `{1}` ..."""
    factors = factors_in(trees)
    writer = _Writer(trees if factors is None else (factors, *trees), indent)
    if factors is not None:  # before a long product is begun, and before anything is stored
        writer.lines.append(f"{indent}within({writer.text(factors)})")
    values = [writer.text(tree) for tree in trees]
    source = "\n".join([*head, *writer.lines, *(line.format(*values) for line in tail)])
    spend(len(source) // 20)
    space = dict(_GLOBALS)
    exec(_filled(_compiled(source), writer.kept), space)
    function: Callable[..., Any] = space[head[0][4 : head[0].index("(")]]
    return function


@attrs.define
class PieceCode:
    """The functions of one piece, generated on first use. `start` and `end` are the whole ticks it is in force for: start <= t < end."""

    piece: Piece
    start: float
    end: float
    _level: Callable[[float, float], float] | None = None
    _binders: dict[tuple[str, int], Callable[[Any], Callable[[int], None]]] = attrs.Factory(dict)

    def level(self, tick: float, base: float) -> float:
        """The level at a tick for a group with that base."""
        return self.function(tick, base) if self._level is None else self._level(tick, base)

    @property
    def function(self) -> Callable[[float, float], float]:
        """The level as a function of the tick and the base."""
        if self._level is None:
            split = self.split()
            tree = numeric(self.piece.level, self.piece.start) if split is None else _sum(split)
            self._level = _function((tree,), ["def level(t, base):"], ["    return {0}"])
        return self._level

    @property
    def multiplies(self) -> bool:
        """Whether a level has running products, which end somewhere."""
        return bool(self.piece.level.holds & PRODUCTS)

    def parts(self, tick: float) -> tuple[float, float] | None:
        """(a, b) where the level at a tick is a + b * base; None where it is not."""
        split = self.split()
        if split is None:
            return None
        a, b = _function(split, ["def parts(t):"], ["    return {0}, {1}"])(tick)
        return float(a), float(b)

    def split(self) -> tuple[Expr, Expr] | None:
        """(a, b) where the level is a + b * base, in machine operations; None where it is not."""
        parts = affine(self.piece.level, BASE)
        return None if parts is None else (numeric(parts[0], self.piece.start), numeric(parts[1], self.piece.start))

    def storing(self, key: str, slots: Sequence[tuple[dict[str, Any], float]]) -> Callable[[int], None]:
        """A function of the tick that stores the level under `key` in the group of each slot, a (group, base). For few groups it is written without a loop."""
        count = len(slots) if len(slots) <= UNROLLED else 0
        binder = self._binders.get((key, count))
        if binder is None:
            binder = self._binders[key, count] = self._binder(key, count)
        return binder(slots)

    def _binder(self, key: str, count: int) -> Callable[[Any], Callable[[int], None]]:
        """What makes such a function, for so many slots, or for any number of them where `count` is 0."""
        split = self.split()
        if split is None:
            return partial(_each, self.level, key)
        fixed = not any(mentions(part, T) for part in split)
        inline = count == 1 and not fixed
        used = ["a = float({0})"] * (split[0] != ZERO or split[1] == ZERO) + ["b = {1}"] * (split[1] not in (ZERO, ONE))
        named = [] if inline else used
        values = [(f"group{i}", f"base{i}" if fixed else _sum_text(*split, f"base{i}", inline)) for i in (range(count) if count else ("",))]
        unpack = [f"({', '.join(f'(group{i}, base{i})' for i in range(count))},) = slots"] if count else []
        loop = [] if count else ["for group, base in slots:"]
        stores = [*loop, *(f"{'' if count else '    '}{group}[{key!r}] = {value}" for group, value in values)]
        if fixed:  # the levels are worked out when they are bound, and stand in the place of the bases
            levels = f"slots = [(group, {_sum_text(*split, 'base', inline)}) for group, base in slots]"
            bound = [*named, levels, *unpack, "def store(t):", *("    " + line for line in stores)]
            return _function(split, ["def bind(slots):"], ["    " + line for line in [*bound, "return store"]])
        head = ["def bind(slots):", *("    " + line for line in unpack), "    def store(t):"]
        return _function(split, head, [*("        " + line for line in [*named, *stores]), "    return store"], " " * 8)


def _sum_text(a: Expr, b: Expr, base: str, inline: bool) -> str:
    """`a + b * base` as text: of the values {0} and {1}, or of the names that they have been given."""
    first, second = ("float({0})", "{1}") if inline else ("a", "b")
    scaled = base if b == ONE else f"{second} * {base}"
    if b == ZERO:
        return first
    return scaled if a == ZERO else f"{first} + {scaled}"


def _each(level: Callable[[float, float], float], key: str, slots: Sequence[tuple[dict[str, Any], float]]) -> Callable[[int], None]:
    """Stores a level that is not a multiple of base and a constant: worked out for each group."""

    def store(t: int) -> None:
        for group, base in slots:
            group[key] = level(t, base)

    return store


def _sum(split: tuple[Expr, Expr]) -> Expr:
    a, b = split
    if b == ZERO:
        return a
    scaled = BASE if b == ONE else Call("mul", (b, BASE))
    return scaled if a == ZERO else Call("add", (a, scaled))


@attrs.define
class Evaluator:
    """A plan's levels at single ticks.

    >>> import lrdsl
    >>> Evaluator.of(lrdsl.parse("step(3, 0.1)").plan).level(3, 1.0)
    0.1
    """

    pieces: tuple[Piece, ...]
    starts: tuple[float, ...]
    _codes: dict[int, tuple[PieceCode, ...]] = attrs.Factory(dict)

    @classmethod
    def of(cls, plan: Plan) -> Evaluator:
        """The evaluator of a plan; nothing is generated yet."""
        found = pieces(plan.level)
        return cls(found, tuple([first_tick(p.start) for p in found]))

    def code_at(self, tick: float) -> PieceCode:
        """The code in force at a tick."""
        i = max(0, bisect_right(self.starts, tick) - 1)
        codes = self._codes.get(i)
        if codes is None:
            found = stretches(self.pieces[i])
            starts = [first_tick(p.start) for p in found]
            ends = [*starts[1:], self.starts[i + 1] if i + 1 < len(self.starts) else math.inf]
            codes = self._codes[i] = tuple(PieceCode(p, s, e) for p, s, e in zip(found, starts, ends, strict=True))
        for code in codes:  # hardly ever more than one, and asked for at each step where a rate is a tensor
            if tick < code.end:
                return code
        return codes[-1]

    def level(self, tick: float, base: float) -> float:
        """The level at a tick, as a float."""
        return float(self.code_at(tick).level(tick, base))
