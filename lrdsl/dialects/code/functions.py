"""Turns functions of the step, as LambdaLR takes them, into phases: an expression becomes `scale(...)`, cases by the step become phases one after the other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne

import attrs

from lrdsl.dialects.code.values import HERE, Scope, called
from lrdsl.dialects.entry import Function, UnreadableError, Value, node_of
from lrdsl.expr.exact import Exact
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import folded, number_in, number_node

_TIME = nodes.Name("t", HERE)


@attrs.frozen
class _Cases:
    """A function in two cases: `before` for the ticks up to `end`, `after` from there on."""

    end: Node
    before: Node | _Cases
    after: Node | _Cases


def function(node: ast.Lambda | ast.FunctionDef, scope: Scope) -> Function:
    """Returns the function of the step that a lambda or a definition is. Raises `UnreadableError` for one that no text can hold."""
    body = _body(node, scope, _TIME)
    if isinstance(body, _Cases):
        return Function(_phases(body))
    return Function(_scaled(body), body)


@attrs.frozen
class Program:
    """A function of the step as its program has it, to be computed at single steps: its `node`, and the `scope` around it."""

    node: ast.Lambda | ast.FunctionDef
    scope: Scope

    def at(self, tick: int) -> Node:
        """Returns the arithmetic, without a name of the step, that the function comes to at a step. Raises `UnreadableError`."""
        body = _body(self.node, self.scope, tick)
        if isinstance(body, _Cases):
            raise UnreadableError("a case of its function is not known")
        return body


def _body(node: ast.Lambda | ast.FunctionDef, scope: Scope, step: Value) -> Node | _Cases:
    """Returns what a function of the step comes to, with a tree or a number in the place of the step."""
    scope = attrs.evolve(scope, applied=_plainly_applied)
    parameters = [*node.args.posonlyargs, *node.args.args]
    if not parameters or len(parameters) - len(node.args.defaults) > 1 or node.args.vararg or node.args.kwarg:
        raise UnreadableError("a function of the step has one argument")
    values: dict[str, Value] = {parameters[0].arg: step}
    for one, default in zip(reversed(parameters[1:]), reversed(node.args.defaults), strict=False):
        values[one.arg] = scope.value(default)
    inside = scope.inside(**values)
    return _expression(node.body, inside) if isinstance(node, ast.Lambda) else _block(node.body, inside)


def _block(statements: Sequence[ast.stmt], scope: Scope) -> Node | _Cases:
    """Returns what a block of statements returns."""
    for i, statement in enumerate(statements):
        match statement:
            case ast.Expr(ast.Constant()) | ast.Pass():
                continue
            case ast.Return(ast.expr() as value):
                return _expression(value, scope)
            case ast.Assign([ast.Name(name)], value):
                scope = scope.inside(**{name: scope.value(value)})
            case ast.If(test, body, orelse):
                rest = [*orelse, *statements[i + 1 :]]
                return _cases(test, _block([*body, *statements[i + 1 :]], scope), _block(rest, scope), scope)
            case _:
                break
    raise UnreadableError("a function of the step is made of `if`, `return` and plain assignments")


def _applied(node: ast.Call, definition: ast.FunctionDef, scope: Scope) -> Node | _Cases:
    """Returns what a call of a function of the file returns, with its arguments in their places."""
    a = definition.args
    if a.vararg or a.kwarg or any(isinstance(one, ast.Starred) for one in node.args) or any(k.arg is None for k in node.keywords):
        raise UnreadableError(f"the arguments of `{definition.name}` are not written out")
    positional = [*a.posonlyargs, *a.args]
    given: dict[str, ast.expr] = {one.arg: default for one, default in zip(reversed(positional), reversed(a.defaults), strict=False)}
    given |= {one.arg: default for one, default in zip(a.kwonlyargs, a.kw_defaults, strict=True) if default is not None}
    outer = attrs.evolve(scope, local={})
    values: dict[str, Value] = {name: outer.value(default) for name, default in given.items()}
    values |= {one.arg: scope.value(argument) for one, argument in zip(positional, node.args, strict=False)}
    values |= {k.arg: scope.value(k.value) for k in node.keywords if k.arg is not None}
    if len(node.args) > len(positional) or any(one.arg not in values for one in (*positional, *a.kwonlyargs)):
        raise UnreadableError(f"the arguments of `{definition.name}` do not fit it")
    if scope.depth > _MAX_APPLIED:
        raise UnreadableError("functions of the step are nested too deeply")
    return _block(definition.body, attrs.evolve(scope, local=values, depth=scope.depth + 1))


#: How deep expressions may be in which functions of the file are put in the place of their calls.
_MAX_APPLIED = 20


def _plainly_applied(node: ast.Call, definition: ast.FunctionDef, scope: Scope) -> Node:
    """Returns what a call inside an expression returns."""
    value = _applied(node, definition, scope)
    if isinstance(value, _Cases):
        raise UnreadableError(f"`{definition.name}` has cases, and stands inside an expression")
    return value


def _expression(node: ast.expr, scope: Scope) -> Node | _Cases:
    match node:
        case ast.IfExp(test, body, orelse):
            return _cases(test, _expression(body, scope), _expression(orelse, scope), scope)
        case ast.Call(ast.Name(name)) if name in scope.names.functions and name not in scope.local:
            return _applied(node, scope.names.functions[name], scope)
        case _:
            value = scope.value(node)
    if value is None or isinstance(value, str | tuple | dict | Function):
        raise UnreadableError("a function of the step returns a number")
    return node_of(value)


def _cases(test: ast.expr, then: Node | _Cases, otherwise: Node | _Cases, scope: Scope) -> Node | _Cases:
    """Returns the cases of a comparison of the step with a bound."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        raise UnreadableError("the cases of a function of the step compare the step with a number")
    left, right = (_plain(scope.value(side)) for side in (test.left, test.comparators[0]))
    operator = test.ops[0]
    a, b = number_in(left), number_in(right)
    if a is not None and b is not None and type(operator) in _COMPARED:
        return then if _COMPARED[type(operator)](a, b) else otherwise
    if right == _TIME:
        left, right = right, left
        operator = _TURNED.get(type(operator), operator)
    if left != _TIME or _mentions_time(right) or type(operator) not in _BOUNDS:
        raise UnreadableError("the cases of a function of the step compare the step with a number")
    including, first = _BOUNDS[type(operator)]
    end = _after(right) if including else right
    return _Cases(end, then, otherwise) if first else _Cases(end, otherwise, then)


_COMPARED: dict[type[ast.cmpop], Callable[[Exact, Exact], bool]] = {ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge, ast.Eq: eq, ast.NotEq: ne}
_TURNED: dict[type[ast.cmpop], ast.cmpop] = {ast.Lt: ast.Gt(), ast.Gt: ast.Lt(), ast.LtE: ast.GtE(), ast.GtE: ast.LtE()}
#: For each comparison of the step with a bound: whether the bound belongs to the first case, and whether the comparison holds in the first case.
_BOUNDS: dict[type[ast.cmpop], tuple[bool, bool]] = {ast.Lt: (False, True), ast.LtE: (True, True), ast.Gt: (True, False), ast.GtE: (False, False)}


def _plain(value: Value) -> Node:
    if value is None or isinstance(value, str | tuple | dict | Function):
        raise UnreadableError("the cases of a function of the step compare the step with a number")
    return node_of(value)


def _after(bound: Node) -> Node:
    """The first tick after a bound that belongs to the case before."""
    number = number_in(bound)
    if number is not None:
        return number_node(number.__floor__() + 1)
    return folded(nodes.Binary("+", called("floor", bound), nodes.Number(1, HERE), HERE))


def _phases(cases: Node | _Cases, start: Node | None = None) -> Node:
    """Returns the phases of cases from a tick on. Each enters at base, and counts the ticks of the run."""
    if not isinstance(cases, _Cases):
        scaled = _scaled(cases)
        return scaled if start is None or not _mentions_time(cases) else called("skip", start, scaled)
    if isinstance(cases.before, _Cases):
        raise UnreadableError("the cases of a function of the step are in rising order")
    length = cases.end if start is None else folded(nodes.Binary("-", cases.end, start, HERE))
    first = nodes.Limited(_phases(cases.before, start), length, HERE)
    rest = _phases(cases.after, cases.end)
    items = rest.items if isinstance(rest, nodes.Sequence) else (rest,)
    head = items[0] if isinstance(items[0], nodes.Restart) else nodes.Restart(items[0], HERE)
    return nodes.Sequence((first, head, *items[1:]), HERE)


def _scaled(expression: Node) -> Node:
    """The phase that multiplies base by an expression."""
    number = number_in(expression)
    if number == 1:
        return nodes.Name("hold", HERE)
    if number is not None and number >= 0:
        return nodes.Call("hold", (nodes.Argument("at", folded(nodes.Binary("*", expression, nodes.Name("base", HERE), HERE)), HERE, HERE),), HERE, HERE)
    return called("scale", expression)


def _mentions_time(node: Node) -> bool:
    return any(part == _TIME for part in nodes.walk(node))
