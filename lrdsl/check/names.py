"""Names that the text itself gives: what they stand for, whether that is a phase, and functions applied to arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.scope import ARITHMETIC, Defined, Named, Scope
from lrdsl.diagnostics import did_you_mean, shown
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

_Meaning = TypeVar("_Meaning")


def is_phase(node: Node, scope: Scope) -> bool:
    """Whether a node is written as a phase. Words that name both a phase and a function count as phases; `min` and `max` only around a phase."""
    match node:
        case nodes.Sequence() | nodes.Restart() | nodes.Limited() | nodes.Until():
            return True
        case nodes.Call() if node.name in scope.bound:
            found = scope.bound[node.name]
            return found.phase or (isinstance(found, Defined) and any(is_phase(a.value, scope) for a in node.arguments))
        case nodes.Call():
            if node.name in ("min", "max"):
                return any(is_phase(a.value, scope) for a in node.arguments)
            return node.name in SHAPES or node.name in COMBINATORS or node.name not in ARITHMETIC
        case nodes.Name() if node.id in scope.bound:
            return scope.bound[node.id].phase
        case nodes.Name():
            return node.id in SHAPES
        case nodes.Indexed():
            return canonical(node) in scope.bound
        case nodes.Binary():
            return is_phase(node.left, scope) or is_phase(node.right, scope)
        case nodes.Negative():
            return is_phase(node.operand, scope)
        case _:
            return False


def waits_for(node: Node, scope: Scope) -> tuple[bool, bool]:
    """Whether `rest` occurs in a node, or in what its names stand for; and whether it, or what they stand for, follows a metric."""
    rests = follows = False
    for x in nodes.walk(node):
        word = _word(x)
        found = scope.bound.get(word)
        rests = rests or (word == "rest" and isinstance(x, nodes.Name)) or (found is not None and found.rests)
        follows = follows or (_is_driven(x, word) if found is None else found.follows)
    return rests, follows


def uses_rest(node: Node, scope: Scope) -> bool:
    """Whether `rest` occurs in a node, or in what its names stand for."""
    return waits_for(node, scope)[0]


def _is_driven(node: Node, word: str) -> bool:
    if word:
        return word in SHAPES and SHAPES[word][0].monitor is not None
    return isinstance(node, nodes.Until) and any(isinstance(c, nodes.Comparison | nodes.Call) for c in node.conditions)


def _word(node: Node) -> str:
    match node:
        case nodes.Name():
            return node.id
        case nodes.Call():
            return node.name
        case nodes.Indexed():
            return canonical(node)
    return ""


def _size(node: Node) -> int:
    return sum(1 for _ in nodes.walk(node))


def named(node: Node, scope: Scope) -> Named:
    """What a name stands for from here on."""
    return Named(node, scope, is_phase(node, scope), *waits_for(node, scope), _size(node))


def defined(function: nodes.Function, scope: Scope) -> Defined:
    """What the name of a function stands for from here on. Its parameters hide names from outside."""
    slots = {p.name for p in function.parameters}
    inner = scope.hiding(slots)
    body = function.body
    return Defined(function, scope, is_phase(body, inner), *waits_for(body, inner), _size(body))


def called(node: nodes.Call, defined: Defined, scope: Scope, read: Callable[[Node, Scope], _Meaning | None]) -> _Meaning | None:
    """What a call of a function means: what `read` makes of its body, with the arguments in their places; None after problems were reported."""
    inner = _applied(node, defined, scope)
    if inner is None:
        return None
    meaning = read(defined.function.body, inner)
    scope.leave(inner, node.name, node.extent)
    return meaning


def _applied(node: nodes.Call, defined: Defined, scope: Scope) -> Scope | None:
    """The surroundings of a function's body in this call; None after problems with the arguments were reported."""
    slots = {p.name: p for p in defined.function.parameters}
    names = list(slots)
    takes = f"`{node.name}` takes {', '.join(f'`{n}`' for n in names) or 'no arguments'}"
    placed: dict[str, Named | Defined] = {}
    sound = True
    for i, a in enumerate(node.arguments):
        word = a.name or (names[i] if i < len(names) else "")
        if word not in slots:
            near = did_you_mean(word, names)
            code, what = ("LR102", f"`{node.name}` has no parameter `{shown(word)}`") if a.name else ("LR107", f"one argument more than `{node.name}` takes")
            scope.problems.error(code, a.name_extent, what, f"did you mean `{near}`?" if near else takes, near)
            sound = False
        elif word in placed:
            scope.problems.error("LR108", a.extent, f"`{word}` is given twice", "keep one of them")
            sound = False
        else:
            placed[word] = attrs.evolve(named(a.value, scope), own=defined.own)
    inner = scope.within(defined, node.extent)
    if inner is None:
        return None
    for word, slot in slots.items():
        if word in placed:
            inner = inner.binding({word: placed[word]})
        elif slot.default is not None:  # may use the parameters before it
            inner = inner.binding({word: attrs.evolve(named(slot.default, inner), own=defined.own)})
        elif sound:
            scope.problems.error("LR106", node.extent, f"`{node.name}` needs `{word}`", takes)
            sound = False
    return inner if sound else None
