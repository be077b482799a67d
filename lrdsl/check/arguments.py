"""Binds the arguments of a call to declared parameters, by position or by name, and checks the kind and range of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lrdsl.check.bounds import constant
from lrdsl.check.scope import MAX_LIST, NameBinding, Scope
from lrdsl.check.values import exact_number, value_of
from lrdsl.diagnostics import shown
from lrdsl.expr import BASE, Expr, Num, affine, coefficient, mentions
from lrdsl.expr.exact import Exact
from lrdsl.kinds import EXAMPLE, REQUIRED, Argument, Kind, Parameter
from lrdsl.shapes import KNOWN_AS
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node


def bind_arguments(node: nodes.Call, parameters: tuple[Parameter, ...], scope: Scope, read: Callable[[Node, Scope], Any]) -> dict[str, Any] | None:
    """Returns the arguments of a call by the names of their parameters; None after problems were reported. `read` reads an argument that is a phase."""
    placed, sound = _place(node, parameters, scope)
    arguments: dict[str, Any] = {}
    for parameter, value in placed.items():
        argument = read(value, scope) if parameter.kind is Kind.PHASE else _argument(parameter, value, scope)
        if argument is None:
            sound = False
        arguments[parameter.name] = argument
    return arguments if sound else None


def _place(node: nodes.Call, parameters: tuple[Parameter, ...], scope: Scope) -> tuple[dict[Parameter, Node], bool]:
    """Returns the argument of each parameter, and whether all arguments have a place and all required ones are there. Reports those that do not."""
    placed: dict[Parameter, Node] = {}
    problems, sound, named = scope.problems, True, False
    for i, a in enumerate(node.arguments):
        if a.name:
            named = True
            parameter = next((p for p in parameters if p.name == a.name), None)
            if parameter is None:
                from lrdsl.check.foreign import advice, meant  # a sound text needs no repair

                names = [p.name for p in parameters]

                near = meant(a.name, names, problems)
                help = f"did you mean `{near}`?" if near else advice(a, node.name, names)
                problems.error("LR102", a.name_extent, f"`{node.name}` has no parameter `{shown(a.name)}`", help, near)
                sound = False
                continue
        elif named:
            problems.error("LR109", a.extent, f"`{shown(canonical(a.value))}` is given by position after an argument by name", "name it too, or put it first")
            sound = False
            continue
        elif i >= len(parameters):
            more = f"`{node.name}` takes {len(parameters)} argument{'s' * (len(parameters) != 1)}, and this is one too many"
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
            rest = f"; `{node.name}(rest)` takes the rest of the run" if p.kind is Kind.DURATION and p is parameters[0] else ""
            problems.error("LR106", node.extent, f"`{node.name}` needs `{p.name}`: {p.doc}", f"give {EXAMPLE[p.kind]}{rest}")
            sound = False
    return placed, sound


def _takes(node: nodes.Call, parameters: tuple[Parameter, ...]) -> str:
    """Returns the help line that lists the parameters."""
    return f"`{node.name}` takes {', '.join(f'`{p.name}`' for p in parameters)}"


def _argument(p: Parameter, node: Node, scope: Scope) -> Argument:
    """Returns the value of an argument; None after a problem was reported."""
    if p.kind is Kind.CHOICE:
        return _option(p, node, scope)
    if p.kind is Kind.METRIC:
        return _metric(p, node, scope)
    node, scope = _list_behind(node, scope)
    if p.listed != "one" and isinstance(node, nodes.List):
        if len(node.items) > MAX_LIST:
            scope.problems.error("LR131", node.extent, f"the list has {len(node.items)} values", f"a list has at most {MAX_LIST}")
            return None
        items = [_single(p, item, scope) for item in node.items]
        values = tuple(i for i in items if i is not None)
        return values if len(values) == len(items) else None
    value = _single(p, node, scope)
    return (value,) if value is not None and p.listed == "list" else value


def _list_behind(node: Node, scope: Scope) -> tuple[Node, Scope]:
    """Returns the list that a name stands for, with its scope; any other node comes back unchanged."""
    inner: Scope | None = scope
    meaning = node
    while isinstance(meaning, nodes.Name) and inner is not None:
        binding = inner.bound.get(meaning.id)
        if binding is None and isinstance(items := inner.names.get(meaning.id), tuple):
            from lrdsl.syntax.substitution import number_node  # hardly any text has a list from the host

            return nodes.List(tuple(number_node(item, node.extent) for item in items), node.extent), scope
        if not isinstance(binding, NameBinding):
            return node, scope
        inner, meaning = inner.enter(binding, meaning.extent), binding.node
    return (meaning, inner) if isinstance(meaning, nodes.List) and inner is not None else (node, scope)


def _option(p: Parameter, node: Node, scope: Scope) -> str | None:
    """Returns the option of a choice; None after a problem was reported."""
    binding = scope.bound.get(node.id) if isinstance(node, nodes.Name) and node.id not in p.options else None
    if isinstance(binding, NameBinding):
        inner = scope.enter(binding, node.extent)
        return None if inner is None else _option(p, binding.node, inner)
    if isinstance(node, nodes.Name) and node.id in p.options:
        return node.id
    text = shown(canonical(node))
    known = KNOWN_AS.get(text)
    near = known if known in p.options else scope.problems.near(text, p.options)
    help = f"did you mean `{near}`?" if near else f"the options are {', '.join(f'`{o}`' for o in p.options)}"
    scope.problems.error("LR105", node.extent, f"`{text}` is not an option of `{p.name}`", help, near)
    return None


def _metric(p: Parameter, node: Node, scope: Scope) -> str | None:
    """Returns the name of a metric; None after a problem was reported."""
    binding = scope.bound.get(node.id) if isinstance(node, nodes.Name) else None
    if isinstance(binding, NameBinding):
        inner = scope.enter(binding, node.extent)
        return None if inner is None else _metric(p, binding.node, inner)
    word = node.id if isinstance(node, nodes.Name) else node.value if isinstance(node, nodes.Text) else ""
    if word.strip():
        return word
    quoted = quoted_name(node)
    help = f"write the name in quotes: `{shown(quoted)}`" if quoted else f"write {EXAMPLE[p.kind]}"
    scope.problems.error("LR111", node.extent, f"expected the name of a metric, but found `{shown(canonical(node))}`", help, quoted)
    return None


def quoted_name(node: Node) -> str | None:
    """Returns the name that a formula spells, `val/loss` or `top-5`, with the quotes that it needs; None for a formula that spells none."""
    parts = list(nodes.walk(node)) if isinstance(node, nodes.Binary) else []
    names = any(isinstance(part, nodes.Name) for part in parts)
    spelled = all(isinstance(part, nodes.Name | nodes.Number) or (isinstance(part, nodes.Binary) and part.op in "/-") for part in parts)
    return f'"{canonical(node).replace(" ", "")}"' if names and spelled else None


def _single(p: Parameter, node: Node, scope: Scope) -> Expr | None:
    """Returns one value of an argument, checked against the range of its parameter; None after a problem was reported."""
    e = value_of(node, p.kind, scope.without_place(f"as `{p.name}`, which comes again and again") if p.repeats else scope)
    if e is None:
        return None
    wrong = next((part for part in _bounded_numbers(p, e) if not _in_range(p, part)), None)
    if wrong is not None:
        text = shown(canonical(node))
        value = f", which is {float(wrong):g}" if isinstance(node, nodes.Name) and not math.isnan(wrong) else ""
        about = "a pure number " if p.kind is Kind.RATIO else ""
        help = f"`{p.name}` must be {about}{p.range_text}: {p.doc}{p.beyond}"
        scope.problems.error("LR131", node.extent, f"`{p.name}` is `{text}`{value}, out of range", help)
        return None
    if p.exact and (e := exact_number(e, node, scope)) is None:
        return None
    return scope.lettered(e, p.letter, node, p.kind is Kind.DURATION)


def _bounded_numbers(p: Parameter, e: Expr) -> list[Exact | float]:
    """Returns the numbers that the range applies to: the value; for a level, its constant part and its multiple of base, without those that are 0."""
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


def _in_range(p: Parameter, value: Exact | float) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    above = p.low is None or (value > p.low if p.open_low else value >= p.low)
    return above and (p.high is None or (value < p.high if p.open_high else value <= p.high))
