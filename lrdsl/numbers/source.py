"""Writes machine trees as the statements of a Python function: each part that is used twice is computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from lrdsl.expr import BASE, INDEX, Call, Expr, Symbol, T
from lrdsl.numbers.machine import Accumulated, Choice
from lrdsl.numbers.pairs import LOST, Float

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "mod": "%", "floordiv": "//"}

#: What a place for a value begins with.
_PLACE = "\0:"


def is_place(x: object) -> bool:
    """Returns whether a constant of compiled code is a place for a value."""
    return isinstance(x, str) and x.startswith(_PLACE)


def _is_constant(e: Expr) -> bool:
    """Returns whether Python's compiler may fold a tree: a number, or arithmetic on numbers alone."""
    return isinstance(e, Float) or (isinstance(e, Call) and e.op in _INFIX and all(_is_constant(a) for a in e.args))


class Writer:
    """Writes trees as Python statements. `lines` holds the statements, `values` the values that belong into the places in them.

    `running_product` makes the object that computes a long product.
    """

    def __init__(self, trees: tuple[Expr, ...], running_product: Callable[[Accumulated], Any], indent: str = "    ") -> None:
        self.lines: list[str] = []
        self.running_product = running_product
        self.indent = indent
        self.names: dict[Expr, str] = {T: "t", BASE: "base", INDEX: "k"}
        self.last_name = 0
        self.uses: Counter[Expr] = Counter()
        self.values: dict[str, Any] = {}
        self.origins: dict[str, tuple[Any, ...]] = {}
        for tree in trees:
            self._count(tree)

    def _count(self, e: Expr) -> None:
        self.uses[e] += 1
        if self.uses[e] == 1:
            for child in e.below:
                self._count(child)

    def place(self, value: Any, origin: Any = None) -> str:
        """Returns a place for a value: a string constant that occurs nowhere else in the code. The value replaces it after compilation."""
        place = f"{_PLACE}{len(self.values)}"
        self.values[place] = value
        if origin is not None:
            self.origins[place] = origin
        return repr(place)

    def _new_name(self) -> str:
        self.last_name += 1
        return f"x{self.last_name}"

    def text(self, e: Expr) -> str:
        """Returns a Python expression for `e`, and writes the statements that it needs before it."""
        if isinstance(e, Float):
            return self.place(e.value, e.origin)
        name = self.names.get(e)
        if name is not None:
            return name
        if isinstance(e, Choice):
            return self._select(e)
        expression = self._expression(e)
        if self.uses[e] < 2:
            return expression
        return self._assign(e, expression)

    def _assign(self, e: Expr, expression: str) -> str:
        name = self.names[e] = self._new_name()
        self.lines.append(f"{self.indent}{name} = {expression}")
        return name

    def _expression(self, e: Expr) -> str:
        if isinstance(e, Accumulated):
            product = self._new_name()
            self.lines.append(f"{self.indent}{product} = {self.place(self.running_product(e))}")
            return f"{product}({self.text(e.upto)})"
        assert isinstance(e, Call), e
        if e.op in ("min", "max"):
            return self._extreme(e)
        # Python's compiler folds an operation on constants alone, as the first ones of a sum, and the places in it would be lost.
        first = next((i for i, a in enumerate(e.args) if not _is_constant(a)), len(e.args))
        folded = first if first > 1 or first == len(e.args) else 0
        args = [self._literal(a) if i < folded and isinstance(a, Float) else self.text(a) for i, a in enumerate(e.args)]
        if e.op in _INFIX:
            return f"({f' {_INFIX[e.op]} '.join(args)})"
        return f"{e.op}({', '.join(args)})"

    def _literal(self, e: Float) -> str:
        if e.origin is not None:
            self.origins[repr(e.value)] = LOST  # it stands in the source, and has no place
        return repr(e.value)

    def _extreme(self, e: Call) -> str:
        sign = "<" if e.op == "min" else ">"
        best = self.text(e.args[0])
        for a in e.args[1:]:
            name, other = self._new_name(), self._new_name()
            self.lines += [f"{self.indent}{name}, {other} = {best}, {self.text(a)}", f"{self.indent}if {other} {sign} {name}: {name} = {other}"]
            best = name
        self.names[e] = best
        return best

    def _select(self, e: Choice) -> str:
        of, name = self.text(e.of), self._new_name()
        if not isinstance(e.of, Symbol) and of not in self.names.values():
            of = self._assign(e.of, of)
        self._branch(of, name, e, 0, len(e.values))
        self.names[e] = name
        return name

    def _branch(self, of: str, name: str, e: Choice, low: int, high: int) -> None:
        """Writes a tree of comparisons, so that a branch is reached in logarithmic time."""
        if high - low == 1:
            value = self.text(e.values[low])
            self.lines.append(f"{self.indent}{name} = {value}")
            return
        middle = (low + high) // 2
        for head, start, stop in ((f"if {of} < {self.place(e.starts[middle], e.origin)}:", low, middle), ("else:", middle, high)):
            self.lines.append(self.indent + head)
            names, indent = dict(self.names), self.indent
            self.indent += "    "
            self._branch(of, name, e, start, stop)
            self.names, self.indent = names, indent
