"""The arguments of a call, bound to declared parameters: by position or by name, of the right kind, within their ranges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lrdsl.check.bounds import constant
from lrdsl.check.scope import Named, Scope
from lrdsl.check.values import value_of
from lrdsl.diagnostics import did_you_mean, shown
from lrdsl.expr import BASE, Expr, Num, affine, coefficient, mentions
from lrdsl.expr.exact import Exact
from lrdsl.kinds import EXAMPLE, REQUIRED, Argument, Kind, Parameter
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

MAX_LIST = 1000


def bind(node: nodes.Call, parameters: tuple[Parameter, ...], scope: Scope, phase: Callable[[Node, Scope], Any]) -> dict[str, Any] | None:
    """The arguments that a call gives, by parameter name; None after problems were reported. `phase` reads an argument that is a phase."""
    placed, sound = _place(node, parameters, scope)
    found: dict[str, Any] = {}
    for parameter, value in placed.items():
        argument = phase(value, scope) if parameter.kind is Kind.PHASE else _argument(parameter, value, scope)
        if argument is None:
            sound = False
        found[parameter.name] = argument
    return found if sound else None


def _place(node: nodes.Call, parameters: tuple[Parameter, ...], scope: Scope) -> tuple[dict[Parameter, Node], bool]:
    """Which argument goes to which parameter, and whether that is all in order."""
    placed: dict[Parameter, Node] = {}
    problems, sound, named = scope.problems, True, False
    for i, a in enumerate(node.arguments):
        if a.name:
            named = True
            parameter = next((p for p in parameters if p.name == a.name), None)
            if parameter is None:
                near = did_you_mean(a.name, (p.name for p in parameters))
                help = f"did you mean `{near}`?" if near else _takes(node, parameters)
                problems.error("LR102", a.name_extent, f"`{node.name}` has no parameter `{shown(a.name)}`", help, near)
                sound = False
                continue
        elif named:
            problems.error("LR109", a.extent, f"`{shown(canonical(a.value))}` is given by position, after an argument by name", "name it too, or put it first")
            sound = False
            continue
        elif i >= len(parameters):
            more = f"`{node.name}` takes {len(parameters)} argument{'s' * (len(parameters) != 1)}, this is one more"
            problems.error("LR107", a.extent, more, _takes(node, parameters))
            sound = False
            continue
        else:
            parameter = parameters[i]
        if parameter in placed:
            problems.error("LR108", a.extent, f"`{parameter.name}` is given twice", "keep one of them")
            sound = False
            continue
        placed[parameter] = a.value
    for p in parameters:
        if p.default is REQUIRED and p not in placed and sound:
            example = EXAMPLE[p.kind]
            problems.error("LR106", node.extent, f"`{node.name}` needs `{p.name}`: {p.doc}", f"write it as {example}")
            sound = False
    return placed, sound


def _takes(node: nodes.Call, parameters: tuple[Parameter, ...]) -> str:
    return f"`{node.name}` takes {', '.join(f'`{p.name}`' for p in parameters)}"


def _argument(p: Parameter, node: Node, scope: Scope) -> Argument:
    if p.kind is Kind.CHOICE:
        return _option(p, node, scope)
    if p.kind is Kind.METRIC:
        return _metric(p, node, scope)
    node, scope = _meant(node, scope)
    if p.listed != "one" and isinstance(node, nodes.List):
        if len(node.items) > MAX_LIST:
            scope.problems.error("LR131", node.extent, f"a list of {len(node.items)}", f"a list has at most {MAX_LIST} values")
            return None
        items = [_single(p, item, scope) for item in node.items]
        known = tuple(i for i in items if i is not None)
        return known if len(known) == len(items) else None
    one = _single(p, node, scope)
    return (one,) if one is not None and p.listed == "list" else one


def _meant(node: Node, scope: Scope) -> tuple[Node, Scope]:
    """A list that a name stands for."""
    inner: Scope | None = scope
    meant = node
    while isinstance(meant, nodes.Name) and inner is not None:
        found = inner.bound.get(meant.id)
        if not isinstance(found, Named):
            return node, scope
        inner, meant = inner.within(found, meant.extent), found.node
    return (meant, inner) if isinstance(meant, nodes.List) and inner is not None else (node, scope)


def _option(p: Parameter, node: Node, scope: Scope) -> str | None:
    found = scope.bound.get(node.id) if isinstance(node, nodes.Name) and node.id not in p.options else None
    if isinstance(found, Named):
        inner = scope.within(found, node.extent)
        return None if inner is None else _option(p, found.node, inner)
    if isinstance(node, nodes.Name) and node.id in p.options:
        return node.id
    text = shown(canonical(node))
    near = did_you_mean(text, p.options)
    options = " or ".join(f"`{o}`" for o in p.options)
    scope.problems.error("LR105", node.extent, f"`{text}` is not an option of `{p.name}`", f"did you mean `{near}`?" if near else f"it is {options}", near)
    return None


def _metric(p: Parameter, node: Node, scope: Scope) -> str | None:
    found = scope.bound.get(node.id) if isinstance(node, nodes.Name) else None
    if isinstance(found, Named):
        inner = scope.within(found, node.extent)
        return None if inner is None else _metric(p, found.node, inner)
    if isinstance(node, nodes.Name | nodes.Text):
        return node.id if isinstance(node, nodes.Name) else node.value
    scope.problems.error("LR111", node.extent, f"here belongs the name of a metric, and `{shown(canonical(node))}` is none", f"write {EXAMPLE[p.kind]}")
    return None


def _single(p: Parameter, node: Node, scope: Scope) -> Expr | None:
    e = value_of(node, p.kind, scope)
    if e is None:
        return None
    if not all(_inside(p, part) for part in _measures(p, e)):
        text = shown(canonical(node))
        about = "a pure number " if p.kind is Kind.RATIO else ""
        scope.problems.error("LR131", node.extent, f"`{p.name}` is `{text}`, out of range", f"`{p.name}` must be {about}{p.range_text}: {p.doc}")
        return None
    return scope.lettered(e, p.letter, node.extent, p.kind is Kind.DURATION)


def _measures(p: Parameter, e: Expr) -> list[Exact | float]:
    """The numbers that a parameter's range applies to: the value, or a level's constant part and multiple of base, the larger of them where one is 0."""
    if isinstance(e, Num):
        return [e.value]
    multiple, of = coefficient(e)
    if of is BASE:
        return [multiple.value]
    if p.kind is Kind.FORMULA:
        return []
    if not mentions(e, BASE):
        return [constant(e)]
    parts = affine(e, BASE)
    if parts is None:
        return []
    numbers = [constant(part) for part in parts]
    return [n for n in numbers if n != 0] or [0]


def _inside(p: Parameter, value: Exact | float) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    above = p.low is None or (value > p.low if p.open_low else value >= p.low)
    return above and (p.high is None or (value < p.high if p.open_high else value <= p.high))
