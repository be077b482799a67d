"""Calls of shapes and combinators: binds the arguments to the declared parameters, and makes the curve by the declaration."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import attrs

from lrdsl import shapes
from lrdsl.check import cycles, wording
from lrdsl.check.arguments import bind_arguments
from lrdsl.check.combinators import Combinator
from lrdsl.check.conditions import start_watch
from lrdsl.check.curves import Curve, Part
from lrdsl.check.names import is_phase, spelled
from lrdsl.check.scope import Scope
from lrdsl.check.sequences import Reader
from lrdsl.check.values import value_of
from lrdsl.diagnostics import Problems, shown
from lrdsl.expr import Expr, Num, call, number
from lrdsl.kinds import REQUIRED, Complaint, Kind, Parameter, with_defaults
from lrdsl.shapes import SHAPES, Shape
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node


def shape_curve(node: nodes.Call, scope: Scope) -> Curve | None:
    """Returns the curve of a shape, such as `cosine(20)`; None after problems were reported."""
    shape = matching_form(node)
    place = scope.from_run_start() if shape.dated and scope.clock.changing and _since_run(node, shape, scope) else scope
    explicit = bind_arguments(node, shape.parameters, place, lambda _n, _s: None)
    if explicit is None:
        return None
    arguments = shapes.arguments_of(shape, {**_lettered_defaults(node, shape, explicit, scope), **explicit})
    if _report_complaint(shape.complain(**arguments), node, shape.parameters, scope):
        return None
    if shape.dated and arguments["since"] == "run":
        times = _times_of_phase(arguments[shape.dated], node, scope)
        if times is None:
            return None
        arguments[shape.dated] = times
    if shape.monitor is not None:
        event = start_watch([shape.monitor(**arguments)], scope, node.extent, ends=False)
        if event is None:
            return None
        arguments["reductions"] = lambda u: call("count", event, u)
    scope.note_call(node, shape.name, arguments, explicit)
    words = shapes.phrase_of(shape, arguments, explicit) if scope.readable else None
    law = partial(shapes.level_of, shape, arguments, written=scope.readable)
    return Curve(shapes.natural_length(shape, arguments), law, None, words, partial(law, whole=False))


def _lettered_defaults(node: nodes.Call, shape: Shape, explicit: Collection[str], scope: Scope) -> dict[str, Expr]:
    """Returns the ratios that a call leaves out, such as the `div` of `onecycle`, with letters if the formula is symbolic."""
    if scope.legend is None:
        return {}
    left_out = [p for p in shape.parameters if p.name not in explicit and p.kind is Kind.RATIO and isinstance(p.default, Num)]
    return {p.name: scope.lettered(p.default, p.letter, node, False) for p in left_out if isinstance(p.default, Num)}


def _since_run(node: nodes.Call, shape: Shape, scope: Scope) -> bool:
    """Returns whether the times of a shape count from the start of the run."""
    arguments = bind_arguments(node, shape.parameters, attrs.evolve(scope.from_run_start(), problems=Problems(scope.problems.text)), lambda _n, _s: None)
    return arguments is not None and arguments.get("since") == "run"


def _times_of_phase(times: tuple[Expr, ...], node: nodes.Call, scope: Scope) -> tuple[Expr, ...] | None:
    """Returns times of the run, counted from the start of the phase; None after a problem was reported."""
    if scope.run.timeless:
        scope.problems.error("LR119", node.extent, f"`since=run` has no meaning {scope.run.timeless}", "count from the start of the phase")
        return None
    return tuple(number(time.value - scope.run.first_tick) for time in times if isinstance(time, Num))


def matching_form(node: nodes.Call) -> Shape:
    """Returns the form of a shape that a call means: the first whose parameters fit, else the one that fits best."""
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


def _report_complaint(complaint: Complaint | None, node: nodes.Call, parameters: tuple[Parameter, ...], scope: Scope) -> bool:
    """Reports arguments that do not fit together, at the argument that the complaint names. Returns whether there is a complaint."""
    if complaint is None:
        return False
    code, parameter, message, help = complaint
    names = [p.name for p in parameters]
    at = next((a.value.extent for i, a in enumerate(node.arguments) if (a.name or names[i]) == parameter), node.extent)
    scope.problems.error(code, at, message, help)
    return True


def combinator_curve(node: nodes.Call, declared: Combinator, scope: Scope, read: Reader) -> Curve | None:
    """Returns the curve of a combinator, such as `repeat(A)`; None after problems were reported. `read` reads its phase."""
    inner = scope.without_rest(f"inside `{declared.name}(...)`") if declared.cycles or declared.moves else scope
    if declared.variadic:
        return _variadic_curve(node, declared, inner, read)
    explicit = bind_arguments(node, declared.parameters, inner, read)
    if explicit is None:
        return None
    arguments: dict[str, Any] = dict(with_defaults(declared.parameters, explicit))
    phase = arguments["phase"]
    assert isinstance(phase, Curve)
    if declared.measures(arguments) and not _check_ends(phase, node, scope):
        return None
    if _report_complaint(declared.complain(arguments), node, declared.parameters, scope):
        return None
    try:
        curve = (declared.paper or declared.combine)(**arguments) if scope.readable else declared.combine(**arguments)
    except cycles.NoClosedFormError as reason:
        help = f"give `times=`, at most {cycles.MAX_CYCLES}: then each cycle gets a formula of its own"
        scope.problems.error("LR143", node.extent, f"the cycles have no closed form: {reason}", help)
        return None
    scope.note_call(node, declared.name, arguments, explicit)
    curve = attrs.evolve(curve, phrase=wording.combinator(declared, arguments, explicit, phase.phrase))
    if not scope.readable:
        return curve
    argument = next(a.value for i, a in enumerate(node.arguments) if (a.name or declared.parameters[i].name) == "phase")
    return attrs.evolve(curve, parts=(Part(spelled(argument, scope), 0, phase.length, phase.level, phase.parts),))


def _check_ends(phase: Curve, node: nodes.Call, scope: Scope) -> bool:
    """Returns whether the phase of a combinator ends and takes time. Reports a phase that does not."""
    if phase.length is None:
        text = shown(canonical(node.arguments[0].value))
        scope.problems.error("LR142", node.extent, f"`{node.name}` needs a phase that ends, and `{text}` never does", f"give it a length: `{text} for 100`")
    elif phase.length == 0:
        scope.problems.error("LR142", node.extent, f"`{node.name}` needs a phase that takes time", "add a `hold(...)` to it")
    return bool(phase.length)


def _variadic_curve(node: nodes.Call, declared: Combinator, scope: Scope, read: Reader) -> Curve | None:
    """Returns the curve of a combinator of several phases, such as `min(A, B)`; None after problems were reported."""
    named = next((a for a in node.arguments if a.name), None)
    if named is not None:
        scope.problems.error("LR102", named.name_extent, f"`{node.name}` has no parameter `{shown(named.name)}`", "give phases and levels by position")
        return None
    operands = [_operand(a.value, scope, read) for a in node.arguments]
    if len(operands) < 2:
        scope.problems.error("LR106", node.extent, f"`{node.name}` needs two or more phases, and has {len(operands)}", f"write `{node.name}(A, B)`")
        return None
    curves = [c for c in operands if c is not None]
    if len(curves) < len(operands):
        return None
    curve = attrs.evolve(declared.combine(curves), phrase=wording.variadic(declared, [c.phrase for c in curves]))
    if not scope.readable:
        return curve
    parts = [
        Part(spelled(a.value, scope), 0, c.length if is_phase(a.value, scope) else None, c.level, c.parts) for a, c in zip(node.arguments, curves, strict=True)
    ]
    return attrs.evolve(curve, parts=tuple(parts))


def _operand(node: Node, scope: Scope, read: Reader) -> Curve | None:
    """Returns the curve of an argument of `min` or `max`: of a phase, or of a constant level."""
    if is_phase(node, scope):
        return read(node, scope)
    level: Expr | None = value_of(node, Kind.LEVEL, scope)
    return None if level is None else Curve.of(0, level, None, wording.constant(level) if scope.readable else None)
