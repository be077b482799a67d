"""Schedulers that a repository defines itself: a class with a closed form, and a function that returns a scheduler, are put in the place of their calls.

A class becomes `LambdaLR` with the factor that its `get_lr` comes to, if that is a formula of `self.last_epoch`, of its arguments and of the base; a class that
computes a level from the level before it has none. The names of classes and functions say nothing here. Nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import attrs

from lrdsl.dialects.code.names import Names, word_of

#: The words of torch's own base classes, and the methods of a scheduler that have its level in closed form.
_BASES, _LEVELS = ("LRScheduler", "_LRScheduler"), ("_get_closed_form_lr", "get_lr")
_LAMBDA = "torch.optim.lr_scheduler.LambdaLR"
#: The names of the step and of the base in a formula.
_TICK, _BASE = "t", "base_lr"
#: The most nodes of a formula, and how deep calls are followed.
_MOST_NODES, _MAX_DEPTH = 3000, 12


class _UnclearError(Exception):
    """Raised for a definition that has no closed form."""


def form_of_class(call: ast.Call, definition: ast.ClassDef, names: Names, base: float | None) -> ast.Call | None:
    """Returns the call of `LambdaLR` that the call of a class of schedulers comes to; None if it has no closed form. `names` are those of the class's file."""
    words = {word_of(one) for one in definition.bases}
    methods = {one.name: one for one in definition.body if isinstance(one, ast.FunctionDef)}
    init = methods.get("__init__")
    if init is None or not words & {*_BASES, "LambdaLR"}:
        return None
    try:
        arguments = _bound(init, call, skip=1)
        inliner = _Inliner(names, methods)
        inliner.attributes = inliner.assigned(init, arguments)
        optimizer = next((value for name, value in arguments.items() if "optim" in name or name == "opt"), None)
        if optimizer is None:
            return None
        if "LambdaLR" in words:
            factor = inliner.factor(init, arguments)
        else:
            if "step" in methods:  # it may count otherwise
                return None
            method = next((methods[name] for name in _LEVELS if name in methods), None)
            if method is None:
                return None
            factor = _share(inliner.block(method.body, {}), base)
        body = _lifted(factor, [_MOST_NODES])
    except (_UnclearError, RecursionError):
        return None
    function = ast.Lambda(ast.arguments([], [ast.arg(_TICK)], None, [], [], None, []), body)
    return ast.copy_location(ast.Call(_dotted(_LAMBDA), [optimizer, function], []), call)


def form_of_function(call: ast.Call, definition: ast.FunctionDef, names: Names) -> ast.Call | None:
    """Returns the call that a function of another file returns, with the arguments in their places; None if it returns something else."""
    try:
        value = _Inliner(names, {}).block(definition.body, _bound(definition, call, skip=0))
    except (_UnclearError, RecursionError):
        return None
    return ast.copy_location(value, call) if isinstance(value, ast.Call) else None


def _bound(function: ast.FunctionDef, call: ast.Call, skip: int) -> dict[str, ast.expr]:
    """The expression of each parameter in a call."""
    a = function.args
    if any(isinstance(one, ast.Starred) for one in call.args) or any(k.arg is None for k in call.keywords):
        raise _UnclearError
    positional = [*a.posonlyargs, *a.args]
    values: dict[str, ast.expr] = {}
    for one, default in zip(reversed(positional), reversed(a.defaults), strict=False):
        values[one.arg] = default
    values |= {one.arg: default for one, default in zip(a.kwonlyargs, a.kw_defaults, strict=True) if default is not None}
    values = {name: _copied(value) for name, value in values.items()}
    values |= {one.arg: value for one, value in zip(positional[skip:], call.args, strict=False)}
    values |= {k.arg: k.value for k in call.keywords if k.arg is not None}
    if any(one.arg not in values for one in (*positional[skip:], *a.kwonlyargs)):
        raise _UnclearError
    return values


@attrs.define
class _Inliner:
    """Puts expressions in the places of names. `attributes` are those of `self`."""

    names: Names
    methods: Mapping[str, ast.FunctionDef]
    attributes: dict[str, ast.expr] = attrs.Factory(dict)
    left: int = _MOST_NODES
    depth: int = 0

    def assigned(self, init: ast.FunctionDef, arguments: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
        """The attributes that a constructor sets once, outside of conditions."""
        values: dict[str, ast.expr] = {}
        several: set[str] = set()
        statements = [one for statement in init.body for one in _single(statement)]
        plain = {id(statement) for statement in (*init.body, *statements)}
        for statement in [*statements, *(node for node in ast.walk(init) if id(node) not in plain)]:
            match statement:
                case ast.Assign([ast.Attribute(ast.Name("self"), name)], value) | ast.AnnAssign(ast.Attribute(ast.Name("self"), name), _, ast.expr() as value):
                    if name in values or id(statement) not in plain:
                        several.add(name)
                    try:
                        self.attributes = values
                        values[name] = self.expression(value, arguments)
                    except _UnclearError:
                        several.add(name)
                case ast.AugAssign(ast.Attribute(ast.Name("self"), name)):
                    several.add(name)
                case _:
                    pass
        return {name: value for name, value in values.items() if name not in several}

    def factor(self, init: ast.FunctionDef, arguments: Mapping[str, ast.expr]) -> ast.expr:
        """The factor of a class that gives `LambdaLR` a function."""
        calls = [node for node in ast.walk(init) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"]
        given = [value for call in calls[:1] for value in (*call.args, *(k.value for k in call.keywords if k.arg == "lr_lambda"))]
        inner = {one.name: one for one in init.body if isinstance(one, ast.FunctionDef)}
        for node in given:
            match node:
                case ast.Lambda(args, body):
                    return self.expression(body, {**arguments, args.args[0].arg: ast.Name(_TICK, ast.Load())})
                case ast.Attribute(ast.Name("self"), name) if name in self.methods:
                    method = self.methods[name]
                    return self.block(method.body, {method.args.args[-1].arg: ast.Name(_TICK, ast.Load())})
                case ast.Name(name) if name in inner:
                    return self.block(inner[name].body, {**arguments, inner[name].args.args[0].arg: ast.Name(_TICK, ast.Load())})
                case _:
                    pass
        raise _UnclearError

    def block(self, statements: Sequence[ast.stmt], values: Mapping[str, ast.expr]) -> ast.expr:
        """What statements return, as one expression."""
        own = dict(values)
        for i, statement in enumerate(statements):
            rest = statements[i + 1 :]
            match statement:
                case ast.Expr() | ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Assert():
                    continue
                case ast.Return(ast.expr() as value):
                    return self.expression(value, own)
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                    own[name] = self.expression(value, own)
                case ast.AugAssign(ast.Name(name), operator, value) if name in own:
                    own[name] = ast.BinOp(own[name], operator, self.expression(value, own))
                case ast.FunctionDef(name, args, body) if len(args.args) == 1:
                    inner = self.block(body, {**own, args.args[0].arg: ast.Name(_TICK, ast.Load())})
                    own[name] = ast.Lambda(ast.arguments([], [ast.arg(_TICK)], None, [], [], None, []), _lifted(inner, [_MOST_NODES]))
                case ast.If(_, body, []) if all(isinstance(one, ast.Raise | ast.Expr) for one in body):
                    continue
                case ast.If(test, body, orelse):
                    condition = self.expression(test, own)
                    known = _truth(condition)
                    if known is not None:
                        return self.block([*(body if known else orelse), *rest], own)
                    return ast.IfExp(condition, self.block([*body, *rest], own), self.block([*orelse, *rest], own))
                case _:
                    raise _UnclearError
        raise _UnclearError

    def expression(self, node: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
        """An expression with the values of its names."""
        self.left -= 1
        if self.left < 0 or self.depth > _MAX_DEPTH:
            raise _UnclearError
        match node:
            case ast.Constant(value):
                return ast.Constant(value)
            case ast.Name(name):
                return values[name] if name in values else self._outer(name)
            case ast.Attribute(ast.Name("self"), name):
                return self._attribute(name)
            case ast.Attribute(value, name):
                path = self.names.path(node)
                root = path.partition(".")[0] if path is not None else ""
                if path is not None and root not in values and _root(node) in self.names.modules:
                    return _dotted(path)
                return ast.Attribute(self.expression(value, values), name, ast.Load())
            case ast.ListComp(element, [ast.comprehension(ast.Name(target), ast.Attribute(ast.Name("self"), "base_lrs"), [])]):
                return self.expression(element, {**values, target: ast.Name(_BASE, ast.Load())})
            case ast.BinOp(ast.List([item]), ast.Mult(), ast.Call(ast.Name("len"), _)):
                return self.expression(item, values)
            case ast.Call(ast.Attribute(ast.Name("self"), name)) if name in self.methods:
                self.depth += 1
                result = self.block(self.methods[name].body, {key: self.expression(v, values) for key, v in _bound(self.methods[name], node, skip=1).items()})
                self.depth -= 1
                return result
            case ast.BinOp(left, operator, right):
                return ast.BinOp(self.expression(left, values), operator, self.expression(right, values))
            case ast.UnaryOp(operator, operand):
                return ast.UnaryOp(operator, self.expression(operand, values))
            case ast.Compare(left, [operator], [right]):
                return ast.Compare(self.expression(left, values), [operator], [self.expression(right, values)])
            case ast.IfExp(test, body, orelse):
                condition = self.expression(test, values)
                known = _truth(condition)
                if known is not None:
                    return self.expression(body if known else orelse, values)
                return ast.IfExp(condition, self.expression(body, values), self.expression(orelse, values))
            case ast.List(items) | ast.Tuple(items):
                return ast.List([self.expression(item, values) for item in items], ast.Load())
            case ast.Subscript(value, ast.Constant() as key):
                return ast.Subscript(self.expression(value, values), key, ast.Load())
            case ast.Lambda(args, body) if len(args.args) == 1:
                inner = self.expression(body, {**values, args.args[0].arg: ast.Name(_TICK, ast.Load())})
                return ast.Lambda(ast.arguments([], [ast.arg(_TICK)], None, [], [], None, []), _lifted(inner, [_MOST_NODES]))
            case ast.Call(function, arguments, keywords) if not any(isinstance(a, ast.Starred) for a in arguments):
                return ast.Call(
                    self.expression(function, values),
                    [self.expression(a, values) for a in arguments],
                    [ast.keyword(k.arg, self.expression(k.value, values)) for k in keywords],
                )
            case _:
                raise _UnclearError

    def _attribute(self, name: str) -> ast.expr:
        if name == "last_epoch":
            return ast.Name(_TICK, ast.Load())
        if name == "base_lrs":
            return ast.Name(_BASE, ast.Load())
        if name not in self.attributes:
            raise _UnclearError
        return self.attributes[name]

    def _outer(self, name: str) -> ast.expr:
        """A name of the file: an import, a constant, or a function of Python."""
        if name in self.names.modules:
            return _dotted(self.names.modules[name])
        definition = self.names.values.get(name)
        if definition is not None:
            return self.expression(definition, {})
        star = next((one for one in self.names.stars if one.startswith("torch.optim") or len(self.names.stars) == 1), None)
        if star is not None and name[:1].isupper():
            return _dotted(f"{star}.{name}")
        if name in ("float", "int", "abs", "max", "min", "round", "pow", "len"):
            return ast.Name(name, ast.Load())
        raise _UnclearError


def _single(statement: ast.stmt) -> list[ast.stmt]:
    """The assignments of one name each that `self.a, self.b = a, b` is; any other statement as it is."""
    match statement:
        case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)) if len(targets) == len(values):
            return [ast.Assign([target], value) for target, value in zip(targets, values, strict=True)]
        case _:
            return [statement]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(path: str) -> ast.expr:
    first, *others = path.split(".")
    node: ast.expr = ast.Name(first, ast.Load())
    for word in others:
        node = ast.Attribute(node, word, ast.Load())
    return node


def _copied(node: ast.expr) -> ast.expr:
    """A copy that stands nowhere."""
    copy = ast.parse(ast.unparse(node), mode="eval").body
    for part in ast.walk(copy):
        for field in ("lineno", "end_lineno", "col_offset", "end_col_offset"):
            if hasattr(part, field):
                delattr(part, field)
    return copy


def _truth(test: ast.expr) -> bool | None:
    """Whether a condition holds, if it does not depend on the step or on what is not known."""
    match test:
        case ast.Constant(value):
            return bool(value)
        case ast.UnaryOp(ast.Not(), operand):
            inner = _truth(operand)
            return None if inner is None else not inner
        case ast.Compare(ast.Constant(a), [operator], [ast.Constant(b)]):
            match operator:
                case ast.Eq() | ast.Is():
                    return bool(a == b)
                case ast.NotEq() | ast.IsNot():
                    return bool(a != b)
                case ast.Gt() if isinstance(a, int | float) and isinstance(b, int | float):
                    return a > b
                case ast.Lt() if isinstance(a, int | float) and isinstance(b, int | float):
                    return a < b
                case _:
                    return None
        case _:
            return None


def _share(level: ast.expr, base: float | None) -> ast.expr:
    """A level as a share of the base: a level that is 0 at base 0 is that of base 1, and any other one needs the base."""
    if _is_zero(level):
        return _at_base(level, ast.Constant(1))
    if base is None or base == 0:
        return ast.Tuple([level], ast.Load())  # it has no text, and times all the same
    return ast.BinOp(_at_base(level, ast.Constant(base)), ast.Div(), ast.Constant(base))


def _at_base(node: ast.expr, base: ast.expr) -> ast.expr:
    class Filler(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return base if name.id == _BASE else name

    filled = Filler().visit(_shallow(node))
    assert isinstance(filled, ast.expr)
    return filled


def _shallow(node: ast.expr) -> ast.expr:
    """A copy of the nodes that were made here; arguments of the call stay, with their places."""
    if hasattr(node, "lineno"):
        return node
    copy = type(node)()
    for field, value in ast.iter_fields(node):
        own = [_shallow(v) if isinstance(v, ast.expr) else v for v in value] if isinstance(value, list) else value
        setattr(copy, field, _shallow(value) if isinstance(value, ast.expr) else own)
    return copy


def _is_zero(node: ast.expr) -> bool:
    """Whether an expression is 0 where the base is 0, whatever the other names are."""
    match node:
        case ast.Name(name):
            return name == _BASE
        case ast.Constant(value):
            return isinstance(value, int | float) and value == 0
        case ast.UnaryOp(_, operand):
            return _is_zero(operand)
        case ast.BinOp(left, ast.Mult(), right):
            return _is_zero(left) or _is_zero(right)
        case ast.BinOp(left, ast.Div(), _):
            return _is_zero(left)
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            return _is_zero(left) and _is_zero(right)
        case ast.IfExp(_, body, orelse):
            return _is_zero(body) and _is_zero(orelse)
        case ast.Call(_, arguments, []):
            return bool(arguments) and word_of(node.func) in ("max", "min", "float") and all(map(_is_zero, arguments))
        case _:
            return False


def _lifted(node: ast.expr, left: list[int]) -> ast.expr:
    """An expression whose cases stand outermost, as a function of the step has them."""
    left[0] -= 1
    if left[0] < 0:
        raise _UnclearError
    if hasattr(node, "lineno"):  # an argument of the call
        return node
    match node:
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(_plain(test), _lifted(body, left), _lifted(orelse, left))
        case ast.BinOp(a, operator, b):
            return _over(_lifted(a, left), lambda x: _over(_lifted(b, left), lambda y: ast.BinOp(x, operator, y)))
        case ast.UnaryOp(operator, a):
            return _over(_lifted(a, left), lambda x: ast.UnaryOp(operator, x))
        case _:
            return node


def _over(node: ast.expr, make: object) -> ast.expr:
    """Makes an expression of each case."""
    assert callable(make)
    if isinstance(node, ast.IfExp):
        return ast.IfExp(node.test, _over(node.body, make), _over(node.orelse, make))
    made = make(node)
    assert isinstance(made, ast.expr)
    return made


def _plain(test: ast.expr) -> ast.expr:
    """A condition of the step; `t == 0` is `t < 1`."""
    match test:
        case ast.Compare(ast.Name() as tick, [ast.Eq()], [ast.Constant(0)]) if tick.id == _TICK:
            return ast.Compare(tick, [ast.Lt()], [ast.Constant(1)])
        case _:
            return test
