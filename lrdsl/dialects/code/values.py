"""Turns Python expressions into values: numbers where all is known, and trees over names where it is not."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeGuard

import attrs

from lrdsl.arguments import exactly
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.scope import ARITHMETIC, WORDS
from lrdsl.dialects.code.containers import entry_of
from lrdsl.dialects.code.names import Names, key_of, word_of
from lrdsl.dialects.code.places import segment
from lrdsl.dialects.entry import UnreadableError, Value, node_of, rounded
from lrdsl.expr.exact import Exact
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import folded

HERE = (0, 0)
#: How deep expressions and definitions are followed, and how many of them for one schedule.
MAX_DEPTH, MAX_WORK = 60, 20_000
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
#: Functions of Python, math, NumPy and torch, and the word of the language for each.
_FUNCTIONS = {
    "abs": "abs",
    "max": "max",
    "min": "min",
    "sqrt": "sqrt",
    "exp": "exp",
    "log": "log",
    "cos": "cos",
    "sin": "sin",
    "floor": "floor",
    "ceil": "ceil",
}
_MATHS = ("math", "numpy", "torch", "jax.numpy", "tensorflow", "mlx.core")
#: Functions that change no number that a schedule has.
_PLAIN = ("float", "numpy.float32", "numpy.float64", "torch.tensor")


@attrs.define
class Scope:
    """What is needed to evaluate expressions of a file.

    `keep` leaves every name in the tree, also if its value is known. `expressions` collects the Python of each name in the tree, `met` its nodes, and `assumed`
    the names whose default was taken. `local` has the trees of names inside a function. `special` may give the value of a call, `function` reads a
    function of the step, and `applied` a call of a function of the file inside one. `supposed` has values for names that are not known.
    """

    names: Names
    source: str
    keep: bool = False
    expressions: dict[str, str] = attrs.Factory(dict)
    met: list[ast.expr] = attrs.Factory(list)
    assumed: dict[str, Value] = attrs.Factory(dict)
    local: dict[str, Value] = attrs.Factory(dict)
    special: Callable[[ast.Call], Value] | None = None
    function: Callable[[ast.Lambda | ast.FunctionDef, Scope], Value] | None = None
    applied: Callable[[ast.Call, ast.FunctionDef, Scope], Value] | None = None
    supposed: Mapping[str, Value] = attrs.Factory(dict)
    depth: int = 0
    work: list[int] = attrs.Factory(lambda: [0])

    def inside(self, **local: Value) -> Scope:
        """Returns the scope of the body of a function."""
        return attrs.evolve(self, local={**self.local, **local})

    def value(self, node: ast.expr) -> Value:
        """Returns the value of an expression. Raises `UnreadableError` for one that no text can hold."""
        self.work[0] += 1
        if self.depth > MAX_DEPTH or self.work[0] > MAX_WORK:
            raise UnreadableError("an expression is nested too deeply, or too long")
        self.depth += 1
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(bool() | None | str() as constant):
                return constant
            case ast.Constant(int() | float() as number):
                return _number(number)
            case ast.List(items) | ast.Tuple(items):
                return tuple(self.value(item) for item in items)
            case ast.Dict(keys, items):
                return self._pairs(keys, items)
            case ast.UnaryOp(ast.USub(), operand):
                inner = self.value(operand)
                return -inner if is_number(inner) else nodes.Negative(_tree(inner), HERE)
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.value(operand)
            case ast.BinOp(left, operator, right):
                return self._arithmetic(self.value(left), operator, self.value(right))
            case ast.Call():
                return self._call(node)
            case ast.Name(name) if name in self.local:
                return self.local[name]
            case ast.Lambda() if self.function is not None:
                return self.function(node, self)
            case ast.Name(name) if name in self.names.functions and self.function is not None:
                return self.function(self.names.functions[name], self)
            case ast.Attribute() | ast.Subscript() if (entry := entry_of(self.names, node)) is not None:
                value = self._known(entry[0], node)
                if not entry[1] and not self.keep and (is_number(value) or isinstance(value, tuple)):
                    self.assumed[self._word(node)] = value
                return value
            case ast.Name() | ast.Attribute() | ast.Subscript():
                definition = self.names.values.get(key_of(node))
                return self._named(node) if definition is None else self._known(definition, node)
            case _:
                raise UnreadableError(f"`{_shown(self.source, node)}` is no expression that a text can hold")

    def _pairs(self, keys: list[ast.expr | None], items: list[ast.expr]) -> Value:
        pairs: dict[Any, Value] = {}
        for key, item in zip(keys, items, strict=True):
            name = None if key is None else self.value(key)
            if not isinstance(name, int | str):
                raise UnreadableError("a dictionary is not written out")
            pairs[name] = self.value(item)
        return pairs

    def _known(self, definition: ast.expr, node: ast.expr) -> Value:
        """The value of a name that is assigned once; if nothing is known of it, the name itself. With `keep`, so it is for every number."""
        before = dict(self.expressions), len(self.met)
        try:
            value = self.value(definition)
        except UnreadableError:
            self._forget(before)
            return self._named(node)
        if self.keep and (is_number(value) or is_arithmetic(value)):
            self._forget(before)
            return self._named(node)
        return value

    def _forget(self, before: tuple[Mapping[str, str], int]) -> None:
        """Leaves the names that were met before. Scopes inside functions share them."""
        for name in self.expressions.keys() - before[0].keys():
            del self.expressions[name]
        del self.met[before[1] :]

    def _named(self, node: ast.expr) -> Value:
        """The tree of a name, an attribute or an item; its default, if it has one."""
        if self.names.path(node) in ("math.pi", "numpy.pi", "torch.pi"):
            return nodes.Name("pi", HERE)
        word = self._word(node)
        default = self.names.defaults.get(word.rpartition(".")[2])
        if default is not None and not self.keep:
            try:
                value = self.value(default)
            except UnreadableError:
                value = None
            if value is not None and not isinstance(value, nodes.Name):
                self.assumed[word] = value
                return value
        name = self.own(word, node)
        return self.supposed.get(name, nodes.Name(name, HERE))

    def _word(self, node: ast.expr) -> str:
        """The last name of an expression: `epochs` of `args.epochs`, and of `config["epochs"]`."""
        word = word_of(node)
        if word.isidentifier():
            return word
        return re.sub(r"\W+", "_", _shown(self.source, node)).strip("_") or "value"

    def own(self, word: str, node: ast.expr) -> str:
        """A name in the text for an expression: another expression has another name. What is computed from the names of a function has none outside of it."""
        inner = next((part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id in self.local), None) if self.local else None
        if inner is not None:
            raise UnreadableError(f"`{_shown(self.source, node)}` is computed from `{inner}`, and has no text")
        expression = segment(self.source, node) or ast.unparse(node)
        name = word if word.isascii() and word.isidentifier() and len(word) < _MOST_NAME else "value"
        if name in SHAPES or name in COMBINATORS or name in ARITHMETIC or name in WORDS or name == "t":
            name = f"{name}_"
        number = 2
        unique = name
        while self.expressions.get(unique, expression) != expression:
            unique, number = f"{name}_{number}", number + 1
        self.expressions[unique] = expression
        self.met.append(node)
        return unique

    def _arithmetic(self, left: Value, operator: ast.operator, right: Value) -> Value:
        if is_number(left) and is_number(right):
            return _computed(operator, left, right)
        if isinstance(left, tuple) and isinstance(right, tuple) and isinstance(operator, ast.Add):
            return left + right
        a, b = _tree(left), _tree(right)
        if isinstance(operator, ast.FloorDiv):
            return called("floor", folded(nodes.Binary("/", a, b, HERE)))
        if isinstance(operator, ast.Mod):
            return nodes.Binary("-", a, nodes.Binary("*", b, called("floor", nodes.Binary("/", a, b, HERE)), HERE), HERE)
        sign = _OPERATORS.get(type(operator))
        if sign is None:
            raise UnreadableError("an operator has no text")
        return folded(nodes.Binary(sign, a, b, HERE))

    def _call(self, node: ast.Call) -> Value:
        if self.special is not None:
            special = self.special(node)
            if special is not None:
                return special
        path = self.names.path(node.func) or ""
        if path == "dict" and not node.args and all(k.arg is not None for k in node.keywords):
            return {k.arg: self.value(k.value) for k in node.keywords}
        if self.local and self.applied is not None and path in self.names.functions and isinstance(node.func, ast.Name):
            return self.applied(node, self.names.functions[path], self)
        module, _, word = path.rpartition(".")
        if path == "len" or node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            return self._named(node)
        if path in _PLAIN and len(node.args) == 1:
            inner = self.value(node.args[0])
            return inner
        if path in ("int", "round") and len(node.args) == 1:
            inner = self.value(node.args[0])
            if is_number(inner):
                return int(inner) if path == "int" else round(float(inner))
            return called("floor", _tree(inner)) if path == "int" else rounded(_tree(inner))
        if word in _FUNCTIONS and module in (*_MATHS, "") and node.args and (module or word in ("abs", "max", "min")):
            inner_values = [self.value(a) for a in node.args]
            if word in ("max", "min") and len(inner_values) == 1 and isinstance(inner_values[0], tuple):
                inner_values = list(inner_values[0])
            return folded(called(_FUNCTIONS[word], *map(_tree, inner_values)))
        if path in ("math.pow", "numpy.power", "pow") and len(node.args) == 2:
            return self._arithmetic(self.value(node.args[0]), ast.Pow(), self.value(node.args[1]))
        return self._named(node)


#: The longest name that is taken over.
_MOST_NAME = 60


def is_arithmetic(v: Value) -> bool:
    """Returns whether a value is a tree of arithmetic on names, and no schedule."""
    if not isinstance(v, nodes.Name | nodes.Binary | nodes.Negative | nodes.Call):
        return False
    return not any(isinstance(node, nodes.Call) and node.name not in ARITHMETIC for node in nodes.walk(v))


def is_number(v: Value) -> TypeGuard[Exact]:
    """Returns whether a value is a number."""
    return isinstance(v, int | Fraction) and not isinstance(v, bool)


def _number(raw: float) -> Exact:
    number = exactly(raw)
    if number is None:
        raise UnreadableError(f"{raw} is no number that a text can hold")
    return number


def _tree(v: Value) -> Node:
    if v is None or isinstance(v, str | dict | tuple):
        raise UnreadableError("a value that is no number stands in arithmetic")
    return node_of(v)


def called(name: str, *arguments: Node) -> nodes.Call:
    """Returns a call with arguments by position."""
    return nodes.Call(name, tuple(nodes.Argument("", a, HERE, HERE) for a in arguments), HERE, HERE)


def _computed(operator: ast.operator, left: Any, right: Any) -> Exact:
    """The result of arithmetic on two numbers: exact where Python's is, else the double that Python computes."""
    try:
        match operator:
            case ast.Add():
                result = left + right
            case ast.Sub():
                result = left - right
            case ast.Mult():
                result = left * right
            case ast.Div():
                result = float(left) / float(right)
            case ast.FloorDiv():
                result = left // right
            case ast.Mod():
                result = left % right
            case ast.Pow():
                result = left**right if isinstance(left, int) and isinstance(right, int) and 0 <= right < _MOST_POWER else float(left) ** float(right)
            case _:
                raise UnreadableError("an operator has no text")
    except (ArithmeticError, ValueError):
        raise UnreadableError("arithmetic has no result") from None
    if isinstance(result, complex) or (isinstance(result, float) and not math.isfinite(result)) or abs(result) > 10**300:
        raise UnreadableError("arithmetic has no result")
    return _number(result)


#: The largest power of whole numbers that is computed exactly.
_MOST_POWER = 64


def _shown(source: str, node: ast.expr) -> str:
    text = " ".join(segment(source, node).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
