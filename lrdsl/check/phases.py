"""Phases: a node in a place for a phase becomes a curve. This module asks what kind of node it is; `sequences`, `calls` and `wording` do the rest."""

from __future__ import annotations

import attrs

from lrdsl import shapes
from lrdsl.check import combinators, curves, sequences, wording
from lrdsl.check.calls import combined, shaped
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.conditions import ending
from lrdsl.check.curves import Curve
from lrdsl.check.names import called, is_phase
from lrdsl.check.scope import ARITHMETIC, WORDS, Defined, Scope
from lrdsl.check.values import evaluate, value_of
from lrdsl.diagnostics import did_you_mean, foreign_letter, shown
from lrdsl.expr import ONE, Num, div, neg
from lrdsl.kinds import Kind
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.work import TooMuchWorkError

#: What other libraries call a shape or a combinator -> its name here.
_HINTS = {**shapes.KNOWN_AS, **combinators.KNOWN_AS}


def curve_of(node: Node, scope: Scope) -> Curve | None:
    """The curve of a phase, or None after its problem was reported."""
    try:
        return _curve(node, scope)
    except TooMuchWorkError as error:
        error.at(scope.problems.text, node.extent)
        raise
    except curves.TooLargeError as reason:
        text = shown(canonical(node))
        scope.problems.error("LR005", node.extent, f"`{text}` is too large: {reason}", "fewer cycles or phases, or `restart`, keep a formula small")
        return None


def _curve(node: Node, scope: Scope) -> Curve | None:
    match node:
        case nodes.Sequence():
            parts = sequences.curves_of(node.items, scope, curve_of)
            return None if parts is None else curves.then(parts)
        case nodes.Restart():
            body = curve_of(node.body, scope)
            return None if body is None else attrs.evolve(curves.restart(body), phrase=wording.restarted(body.phrase))
        case nodes.Limited():
            return _limited(node, scope)
        case nodes.Until():
            return _until(node, scope)
        case nodes.Binary() if is_phase(node, scope):
            return _product(node, scope)
        case nodes.Call():
            return _call(node, scope)
        case nodes.Name() | nodes.Indexed() if canonical(node) in scope.bound and is_phase(node, scope):
            return _named(node, scope)
        case nodes.Name() if node.id in SHAPES:
            return _call(nodes.Call(node.id, (), node.extent, node.extent), scope)
        case nodes.Name() if not (node.id in scope.names or node.id in scope.bound or node.id in WORDS):
            _unknown(node.id, node.extent, scope)
        case nodes.Indexed():
            _unknown(canonical(node), node.extent, scope)
        case nodes.Negative() if is_phase(node, scope):
            scope.problems.error("LR114", node.extent, "a phase has no sign", "levels come from `to=`, `at=` and `from=`; a factor may be negative: `A * -1`")
        case _ if not isinstance(node, nodes.Binary) or evaluate(node, scope) is not None:
            text = shown(canonical(node))
            scope.problems.error("LR112", node.extent, f"here belongs a phase, and `{text}` is a value", f"to stay at a level, write `hold(at={text})`")
    return None


def _until(node: nodes.Until, scope: Scope) -> Curve | None:
    end = ending(node, scope)
    inner = scope if end is None else attrs.evolve(scope, run=scope.run.until(end.length))
    body = curve_of(node.body, inner)
    if body is None or end is None:
        return None
    return attrs.evolve(end.of(body), phrase=wording.ended(body.phrase, end.condition, end.most))


def _limited(node: nodes.Limited, scope: Scope) -> Curve | None:
    length = sequences.limit_of(node, scope)
    body = curve_of(node.body, attrs.evolve(scope, run=scope.run.until(length.value)) if isinstance(length, Num) else scope)
    if isinstance(length, Num) and length.value < 0:
        scope.problems.error("LR131", node.length.extent, f"a length of `{shown(canonical(node.length))}`", "a phase lasts 0 ticks or more")
        return None
    if body is None or not isinstance(length, Num):
        return None
    return attrs.evolve(curves.limit(body, length.value), phrase=wording.limited(body.phrase, length.value))


def _product(node: nodes.Binary, scope: Scope) -> Curve | None:
    both = is_phase(node.left, scope) and is_phase(node.right, scope)
    if node.op in "+-" and not both and (node.op == "+" or is_phase(node.left, scope)):
        return _shifted(node, scope)
    if node.op not in "*/" or (node.op == "/" and is_phase(node.right, scope)):
        what = {"+": "added", "-": "subtracted", "/": "divided", "^": "raised to a power"}.get(node.op, node.op)
        help = "`A then B` runs one after the other, `A * B` multiplies them, `min` and `max` pick one; a level may be added: `A + 1e-5`"
        scope.problems.error("LR114", node.extent, f"phases cannot be {what}", help)
        return None
    if both:
        first = curve_of(node.left, scope)
        refused = attrs.evolve(scope.run, refused="inside a factor")
        second = curve_of(node.right, attrs.evolve(scope, factor=True, run=refused))
        if first is None or second is None:
            return None
        return attrs.evolve(curves.times(first, second), phrase=wording.multiplied(first.phrase, second.phrase))
    phase, number = (node.left, node.right) if is_phase(node.left, scope) else (node.right, node.left)
    curve = curve_of(phase, scope)
    constant = value_of(number, Kind.RATIO, scope)
    if curve is None or constant is None:
        return None
    if node.op == "/" and isinstance(constant, Num) and constant.value == 0:
        scope.problems.error("LR144", number.extent, "a division by 0", "divide by another number")
        return None
    factor = div(ONE, constant) if node.op == "/" else constant
    return attrs.evolve(curves.scaled(curve, factor), phrase=wording.scaled(curve.phrase, node.op, constant))


def _shifted(node: nodes.Binary, scope: Scope) -> Curve | None:
    """A phase, and a level that is added to it."""
    phase, added = (node.left, node.right) if is_phase(node.left, scope) else (node.right, node.left)
    curve, level = curve_of(phase, scope), value_of(added, Kind.LEVEL, scope)
    if curve is None or level is None:
        return None
    return attrs.evolve(curves.shifted(curve, neg(level) if node.op == "-" else level), phrase=wording.shifted(curve.phrase, node.op, level))


def _named(node: nodes.Name | nodes.Indexed, scope: Scope) -> Curve | None:
    """The curve that a name stands for; a function without brackets is one without arguments."""
    found = scope.bound[canonical(node)]
    if isinstance(found, Defined):
        return _call(nodes.Call(found.function.name, (), node.extent, node.extent), scope)
    inner = scope.within(found, node.extent)
    return None if inner is None else curve_of(found.node, inner)


def _unknown(word: str, extent: nodes.Extent, scope: Scope) -> None:
    known = [*SHAPES, *COMBINATORS, *scope.bound]
    near = _HINTS.get(word.lower()) or did_you_mean(word, known)
    if near is None:
        far = did_you_mean(word, _HINTS)
        near = _HINTS[far] if far is not None else None
    note = foreign_letter(word)
    listed = ", ".join([*SHAPES, *COMBINATORS])
    help = f"did you mean `{near}`?" + (f" {note}" if note else "") if near else note or f"the shapes are {listed}"
    scope.problems.error("LR101", extent, f"no shape is called `{shown(word)}`", help, near)


def _call(node: nodes.Call, scope: Scope) -> Curve | None:
    defined = scope.bound.get(node.name)
    if isinstance(defined, Defined):
        return called(node, defined, scope, curve_of)
    if node.name in COMBINATORS:
        return combined(node, COMBINATORS[node.name], scope, curve_of)
    if node.name in SHAPES:
        return shaped(node, scope)
    if node.name in ARITHMETIC:
        text = shown(canonical(node))
        scope.problems.error("LR112", node.extent, f"here belongs a phase, and `{node.name}` is a function", f"to stay at that level, write `hold(at={text})`")
        return None
    _unknown(node.name, node.name_extent, scope)
    inner = scope.without_run("inside an unknown shape")
    for a in node.arguments:  # a misspelt shape should not hide the problems inside it
        if is_phase(a.value, scope):
            curve_of(a.value, inner)
    return None
