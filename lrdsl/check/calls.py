"""Calls of shapes and of combinators: the arguments are bound, and what is declared of both makes the curve."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from lrdsl import shapes
from lrdsl.check import curves, wording
from lrdsl.check.arguments import bind
from lrdsl.check.combinators import Combinator
from lrdsl.check.conditions import watch
from lrdsl.check.curves import Curve
from lrdsl.check.names import is_phase
from lrdsl.check.scope import Scope
from lrdsl.check.sequences import Reader
from lrdsl.check.values import value_of
from lrdsl.diagnostics import shown
from lrdsl.expr import Expr, call
from lrdsl.kinds import REQUIRED, Complaint, Kind, Parameter, resolved
from lrdsl.shapes import SHAPES, Shape
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node


def shaped(node: nodes.Call, scope: Scope) -> Curve | None:
    """The curve of a shape, as `cosine(20)`; None after problems were reported."""
    shape = _form(node)
    written = bind(node, shape.parameters, scope, lambda _n, _s: None)
    if written is None:
        return None
    arguments = shapes.arguments_of(shape, written)
    if _complained(shape.complain(**arguments), node, shape.parameters, scope):
        return None
    if shape.monitor is not None:
        event = watch([shape.monitor(**arguments)], scope, node.extent, ends=False)
        if event is None:
            return None
        arguments["reductions"] = lambda u: call("count", event, u)
    scope.use(node, shape.name, arguments, written)
    words = shapes.phrase_of(shape, arguments, written) if scope.written else None
    law = partial(shapes.level_of, shape, arguments, written=scope.written)
    return Curve(shapes.natural_length(shape, arguments), law, None, words, partial(law, whole=False))


def _form(node: nodes.Call) -> Shape:
    """The form of a shape that a call means: the first whose parameters it fits."""
    forms = SHAPES[node.name]
    if len(forms) == 1:
        return forms[0]
    named = {a.name for a in node.arguments if a.name}

    def fits(shape: Shape) -> bool:
        names = [p.name for p in shape.parameters]
        required = {p.name for p in shape.parameters if p.default is REQUIRED}
        placed = set(names[: len(node.arguments) - len(named)]) | named
        return named <= set(names) and len(node.arguments) <= len(names) and required <= placed

    fitting = [shape for shape in forms if fits(shape)]
    if fitting:
        return fitting[0]
    return max(forms, key=lambda shape: (len(named & {p.name for p in shape.parameters}), len(shape.parameters) >= len(node.arguments), -len(shape.parameters)))


def _complained(complaint: Complaint | None, node: nodes.Call, parameters: tuple[Parameter, ...], scope: Scope) -> bool:
    """Report what a declaration says of arguments that do not go together, at the argument that it names; whether it says anything."""
    if complaint is None:
        return False
    code, parameter, message, help = complaint
    names = [p.name for p in parameters]
    at = next((a.value.extent for i, a in enumerate(node.arguments) if (a.name or names[i]) == parameter), node.extent)
    scope.problems.error(code, at, message, help)
    return True


def combined(node: nodes.Call, declared: Combinator, scope: Scope, read: Reader) -> Curve | None:
    """The curve of a combinator, as `repeat(A)`; None after problems were reported."""
    inner = scope.without_run(f"inside `{declared.name}(...)`") if declared.cycles or declared.moves else scope
    if declared.variadic:
        return _combined_several(node, declared, inner, read)
    written = bind(node, declared.parameters, inner, read)
    if written is None:
        return None
    arguments: dict[str, Any] = dict(resolved(declared.parameters, written))
    phase = arguments["phase"]
    assert isinstance(phase, Curve)
    if declared.measures(arguments) and not _ends(phase, node, scope):
        return None
    if _complained(declared.complain(arguments), node, declared.parameters, scope):
        return None
    try:
        curve = declared.combine(**arguments)
    except curves.NoClosedFormError as reason:
        scope.problems.error("LR143", node.extent, f"{reason}", f"say `times=`, at most {curves.MAX_CYCLES}, to have the cycles written out")
        return None
    scope.use(node, declared.name, arguments, written)
    return attrs.evolve(curve, phrase=wording.combined(declared, arguments, written, phase.phrase))


def _ends(phase: Curve, node: nodes.Call, scope: Scope) -> bool:
    """Whether the phase of a combinator takes some time, and ends; reported where it does not."""
    if phase.length is None:
        text = shown(canonical(node.arguments[0].value))
        scope.problems.error("LR142", node.extent, f"`{node.name}` needs a phase that ends, and `{text}` never does", f"give it a length: `{text} for 100`")
    elif phase.length == 0:
        scope.problems.error("LR142", node.extent, f"`{node.name}` needs a phase that takes time", "add a `hold(...)` to it")
    return bool(phase.length)


def _combined_several(node: nodes.Call, declared: Combinator, scope: Scope, read: Reader) -> Curve | None:
    operands = [_operand(a.value, scope, read) for a in node.arguments]
    if len(operands) < 2:
        scope.problems.error("LR106", node.extent, f"`{node.name}` of one phase", "give two or more, separated by commas")
        return None
    sound = [c for c in operands if c is not None]
    if len(sound) < len(operands):
        return None
    return attrs.evolve(declared.combine(sound), phrase=wording.combined_several(declared, [c.phrase for c in sound]))


def _operand(node: Node, scope: Scope, read: Reader) -> Curve | None:
    """An argument of `min` or `max`: a phase, or a level to stay at."""
    if is_phase(node, scope):
        return read(node, scope)
    level: Expr | None = value_of(node, Kind.LEVEL, scope)
    return None if level is None else Curve.of(0, level, None, wording.stays(level) if scope.written else None)
