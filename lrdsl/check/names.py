"""Names that the text defines: their bindings, whether they stand for a phase, and calls of functions that the text defines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.keys import referred
from lrdsl.check.scope import ARITHMETIC, Dependencies, FunctionBinding, NameBinding, Scope
from lrdsl.clock import UNITS
from lrdsl.diagnostics import shown
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node

_Meaning = TypeVar("_Meaning")
#: How many names, one inside the meaning of another, are spelled out.
MAX_SPELLED = 4


def is_phase(node: Node, scope: Scope, certainly: bool = False) -> bool:
    """Returns whether a node is a phase. `min` and `max` are phases if one of their arguments is.

    `exp(g)` is a phase and a function: it counts as a phase, but not if the node has to be a phase `certainly`.
    """
    match node:
        case nodes.Sequence() | nodes.Restart() | nodes.Limited() | nodes.Until():
            return True
        case nodes.Call() if node.name in scope.bound:
            binding = scope.bound[node.name]
            return binding.is_phase or (isinstance(binding, FunctionBinding) and any(is_phase(a.value, scope, certainly) for a in node.arguments))
        case nodes.Call():
            if node.name in ("min", "max"):
                return any(is_phase(a.value, scope, certainly) for a in node.arguments)
            if certainly and node.name in SHAPES and node.name in ARITHMETIC:
                return len(node.arguments) != 1 or bool(node.arguments[0].name) or is_phase(node.arguments[0].value, scope, certainly)
            return node.name in SHAPES or node.name in COMBINATORS or node.name not in ARITHMETIC
        case nodes.Name() if node.id in scope.bound:
            binding = scope.bound[node.id]
            return binding.only_phase if certainly and isinstance(binding, NameBinding) else binding.is_phase
        case nodes.Name():
            return node.id in SHAPES
        case nodes.Indexed() | nodes.Text():
            return referred(node, scope.bound) is not None
        case nodes.Binary():
            return is_phase(node.left, scope, certainly) or is_phase(node.right, scope, certainly)
        case nodes.Negative():
            return is_phase(node.operand, scope, certainly)
        case _:
            return False


def spelled(node: Node, scope: Scope, depth: int = 0) -> Node:
    """Returns a node with the values of names in the place of the names, for people to read; phases keep their names."""
    if isinstance(node, nodes.Name):
        binding = scope.bound.get(node.id)
        if not isinstance(binding, NameBinding) or binding.is_phase or depth > MAX_SPELLED:
            return node
        return spelled(binding.node, binding.scope, depth + 1)
    changes: dict[str, Any] = {}
    for field in attrs.fields(type(node)):
        value = getattr(node, field.name)
        if attrs.has(type(value)):
            changes[field.name] = spelled(value, scope, depth)
        elif isinstance(value, tuple) and value and all(attrs.has(type(x)) for x in value):
            changes[field.name] = tuple(spelled(x, scope, depth) for x in value)
    return attrs.evolve(node, **changes) if changes else node


def dependencies(node: Node, scope: Scope) -> Dependencies:
    """Returns the dependencies of a node, its own and those of the names in it."""
    rests = follows = counts = False
    changing = scope.clock.changing
    for x in nodes.walk(node):
        word = _word(x, scope)
        binding = scope.bound.get(word)
        if binding is not None:
            needs = binding.needs
            rests, follows, counts = rests or needs.uses_rest, follows or needs.follows_metric, counts or needs.counts_run
            continue
        rests = rests or (word == "rest" and isinstance(x, nodes.Name))
        follows = follows or _follows_metric(x, word)
        counts = counts or _counts_run(x, word) or (changing != () and isinstance(x, nodes.Quantity) and UNITS.get(x.unit) in changing)
    return Dependencies(rests, follows, counts)


def uses_rest(node: Node, scope: Scope) -> bool:
    """Returns whether a node uses `rest`, itself or in the meaning of a name."""
    return dependencies(node, scope).uses_rest


def _follows_metric(node: Node, word: str) -> bool:
    """Returns whether a node itself follows a metric; `word` is its name, empty for a node without one."""
    if word:
        return word in SHAPES and SHAPES[word][0].monitor is not None
    return isinstance(node, nodes.Until) and any(isinstance(c, nodes.Comparison | nodes.Call) for c in node.conditions)


def _counts_run(node: Node, word: str) -> bool:
    """Returns whether a node itself has a time that counts from the start of the run."""
    if isinstance(node, nodes.Call) and word in SHAPES:
        since = (a.value for i, a in enumerate(node.arguments) if a.name == "since" or (i > 1 and not a.name))
        return any(form.dated for form in SHAPES[word]) and any(not isinstance(value, nodes.Name) or value.id != "phase" for value in since)
    return isinstance(node, nodes.Until) and any(not isinstance(c, nodes.Comparison | nodes.Call | nodes.Lasting) for c in node.conditions)


def _word(node: Node, scope: Scope) -> str:
    """Returns the name that a node uses; empty for a node without one."""
    match node:
        case nodes.Name():
            return node.id
        case nodes.Call():
            return node.name
        case nodes.Indexed() | nodes.Text():
            reference = referred(node, scope.bound)
            return "" if reference is None else reference[0]
    return ""


def _size(node: Node) -> int:
    return sum(1 for _ in nodes.walk(node))


def bind_name(node: Node, scope: Scope) -> NameBinding:
    """Returns the binding of a name whose meaning is a node in a scope."""
    return NameBinding(node, scope, is_phase(node, scope), is_phase(node, scope, certainly=True), dependencies(node, scope), _size(node))


def bind_function(function: nodes.Function, scope: Scope) -> FunctionBinding:
    """Returns the binding of the name of a function. Its parameters hide equal names of the scope."""
    slots = {p.name for p in function.parameters}
    inner = scope.without_names(slots)
    body = function.body
    return FunctionBinding(function, scope, is_phase(body, inner), dependencies(body, inner), _size(body))


def call_function(node: nodes.Call, function: FunctionBinding, scope: Scope, read: Callable[[Node, Scope], _Meaning | None]) -> _Meaning | None:
    """Returns what `read` makes of the body of a function, with the arguments of a call; None after problems were reported."""
    inner = _body_scope(node, function, scope)
    if inner is None:
        return None
    meaning = read(function.function.body, inner)
    scope.leave(inner, node.name, node.extent)
    return meaning


def _body_scope(node: nodes.Call, function: FunctionBinding, scope: Scope) -> Scope | None:
    """Returns the scope of the body of a function in a call; None after problems with the arguments were reported."""
    slots = {p.name: p for p in function.function.parameters}
    names = list(slots)
    takes = f"`{node.name}` takes {', '.join(f'`{n}`' for n in names) or 'no arguments'}"
    placed: dict[str, NameBinding | FunctionBinding] = {}
    sound = True
    for i, a in enumerate(node.arguments):
        word = a.name or (names[i] if i < len(names) else "")
        if word not in slots:
            from lrdsl.check.foreign import meant  # a sound text needs no repair

            near = meant(word, names, scope.problems)
            one_too_many = f"`{node.name}` takes {len(names)} argument{'s' * (len(names) != 1)}, and this is one too many"
            code, what = ("LR102", f"`{node.name}` has no parameter `{shown(word)}`") if a.name else ("LR107", one_too_many)
            scope.problems.error(code, a.name_extent, what, f"did you mean `{near}`?" if near else takes, near)
            sound = False
        elif word in placed:
            scope.problems.error("LR108", a.extent, f"`{word}` is given twice", "keep one of them")
            sound = False
        else:
            placed[word] = attrs.evolve(bind_name(a.value, scope), by_user=function.by_user)
    inner = scope.enter(function, node.extent)
    if inner is None:
        return None
    for word, slot in slots.items():
        if word in placed:
            inner = inner.with_names({word: placed[word]})
        elif slot.default is not None:  # a default may use the parameters before it
            inner = inner.with_names({word: attrs.evolve(bind_name(slot.default, inner), by_user=function.by_user)})
        elif sound:
            scope.problems.error("LR106", node.extent, f"`{node.name}` needs `{word}`", takes)
            sound = False
    return inner if sound else None
