"""`curve_of`: makes a curve from the node of a phase. Each form of the language has its case here; sequences and calls have modules of their own."""

from __future__ import annotations

import attrs

from lrdsl import shapes
from lrdsl.check import combinators, curves, sequences, wording
from lrdsl.check.calls import combinator_curve, shape_curve
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.conditions import ending_of
from lrdsl.check.curves import Curve, Part
from lrdsl.check.keys import referred
from lrdsl.check.names import call_function, is_phase, spelled
from lrdsl.check.prelude import recipe_names
from lrdsl.check.scope import ARITHMETIC, WORDS, FunctionBinding, NameBinding, Named, Scope
from lrdsl.check.values import evaluate, value_of
from lrdsl.clock import UNITS
from lrdsl.diagnostics import Fix, Problems, foreign_letter, shown
from lrdsl.expr import BASE, ENTRY, ONE, Num, div, neg
from lrdsl.kinds import Kind
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.work import TooMuchWorkError

#: The names that other libraries give to shapes and combinators, each with the name here.
_FOREIGN_NAMES = {**shapes.KNOWN_AS, **combinators.KNOWN_AS}


def curve_of(node: Node, scope: Scope) -> Curve | None:
    """Returns the curve of a phase; None after its problems were reported."""
    try:
        return _curve(node, scope)
    except TooMuchWorkError as error:
        error.at(scope.problems.text, node.extent)
        raise
    except curves.TooLargeError as reason:
        text = shown(canonical(node))
        scope.problems.error("LR005", node.extent, f"`{text}` is too large: {reason}", "use fewer cycles or phases, or `restart`, to keep the formula small")
        return None


def _curve(node: Node, scope: Scope) -> Curve | None:
    """Returns the curve of a phase, by the form of its node."""
    match node:
        case nodes.Sequence():
            parts = sequences.curves_of(node.items, scope, curve_of)
            if parts is None:
                return None
            whole = curves.then(parts)
            return attrs.evolve(whole, parts=curves.sequence_parts([spelled(item, scope) for item in node.items], parts)) if scope.readable else whole
        case nodes.Restart():
            body = curve_of(node.body, scope)
            return None if body is None else attrs.evolve(curves.restart(body), phrase=wording.restart(body.phrase))
        case nodes.Limited():
            return _limited(node, scope)
        case nodes.Until():
            return _until(node, scope)
        case nodes.Binary() if is_phase(node, scope):
            return _arithmetic(node, scope)
        case nodes.Call():
            return _call(node, scope)
        case nodes.Name() | nodes.Indexed() | nodes.Text() if is_phase(node, scope) and (reference := referred(node, scope.bound)) is not None:
            return _named(node, *reference, scope)
        case nodes.Name() if node.id in SHAPES:
            return _call(nodes.Call(node.id, (), node.extent, node.extent), scope)
        case nodes.Name() if not (node.id in scope.names or node.id in scope.bound or node.id in WORDS):
            _report_unknown(node.id, node.extent, scope)
        case nodes.Indexed():
            _report_unknown(canonical(node), node.extent, scope)
        case nodes.Negative() if is_phase(node, scope):
            help = "give levels with `to=`, `at=` and `from=`, or multiply by a negative factor: `A * -1`"
            scope.problems.error("LR114", node.extent, "a phase cannot be negated", help)
        case nodes.Text():
            fix = Fix(*node.extent, node.value) if node.value.strip() and scope.problems.text[slice(*node.extent)][1:-1] == node.value else None
            scope.problems.error("LR112", node.extent, f"expected a phase, but `{shown(canonical(node))}` is a text", "leave out the quotes", fix=fix)
        case _ if not isinstance(node, nodes.Binary) or evaluate(node, scope) is not None:
            text = shown(canonical(node))
            lasts = isinstance(node, nodes.Quantity) and node.unit in UNITS
            help = f"to wait for that long, write `hold({text})`" if lasts else f"to stay at a level, write `hold(at={text})`"
            scope.problems.error("LR112", node.extent, f"expected a phase, but `{text}` is a value", help)
    return None


def _until(node: nodes.Until, scope: Scope) -> Curve | None:
    """Returns the curve of `A until ...`."""
    end = ending_of(node, scope)
    inner = scope if end is None else attrs.evolve(scope, run=scope.run.cut(end.length))
    body = curve_of(node.body, inner)
    if body is None or end is None:
        return None
    return attrs.evolve(end.applied(body), phrase=wording.until(body.phrase, body.length, end.condition, end.most))


def _limited(node: nodes.Limited, scope: Scope) -> Curve | None:
    """Returns the curve of `A for D`."""
    length = sequences.limit_of(node, scope)
    body = curve_of(node.body, attrs.evolve(scope, run=scope.run.cut(length.value)) if isinstance(length, Num) else scope)
    if isinstance(length, Num) and length.value < 0:
        scope.problems.error("LR131", node.length.extent, f"a phase cannot last `{shown(canonical(node.length))}`", "a length is 0 ticks or more")
        return None
    if body is None or not isinstance(length, Num):
        return None
    limited = curves.limit(body, length.value)
    unchanged = body.phrase is not None and body.length == length.value and limited.level is body.level
    return attrs.evolve(limited, phrase=body.phrase if unchanged else wording.limit(body.phrase, body.length, length.value))


def _arithmetic(node: nodes.Binary, scope: Scope) -> Curve | None:
    """Returns the curve of `A * B`, `A * 2`, `A / 2`, `A + 1e-5`, `A - 1e-5` or `1x - A`."""
    both = is_phase(node.left, scope) and is_phase(node.right, scope)
    if node.op in "+-" and not both:
        return _shifted(node, scope)
    if node.op not in "*/" or (node.op == "/" and is_phase(node.right, scope)):
        what = {"+": "added", "-": "subtracted", "/": "divided", "^": "raised to a power"}.get(node.op, node.op)
        help = "combine phases as `A then B`, `A * B`, `sum(A, B)`, `min(A, B)` or `max(A, B)`"
        scope.problems.error("LR114", node.extent, f"phases cannot be {what}", help)
        return None
    if both:
        first = curve_of(node.left, scope)
        run = attrs.evolve(scope.run, refused="inside a factor")
        second = curve_of(node.right, attrs.evolve(scope, factor=True, run=run))
        if first is None or second is None:
            return None
        product = attrs.evolve(curves.times(first, second), phrase=wording.times(first.phrase, second.phrase))
        if not scope.readable:
            return product
        left = Part(spelled(node.left, scope), 0, first.length, first.level, first.parts)
        right = Part(
            spelled(node.right, scope), 0, second.length, curves.pure_factor(second), tuple(part.where({ENTRY: ONE, BASE: ONE}) for part in second.parts)
        )
        return attrs.evolve(product, parts=(left, right))
    phase, number = (node.left, node.right) if is_phase(node.left, scope) else (node.right, node.left)
    curve = curve_of(phase, scope)
    constant = value_of(number, Kind.RATIO, scope)
    if curve is None or constant is None:
        return None
    if node.op == "/" and isinstance(constant, Num) and constant.value == 0:
        scope.problems.error("LR144", number.extent, "division by 0", "divide by another number")
        return None
    factor = div(ONE, constant) if node.op == "/" else constant
    return attrs.evolve(curves.scaled(curve, factor), phrase=wording.scaled(curve.phrase, node.op, constant, _name_of(phase, scope)))


def _name_of(node: Node, scope: Scope) -> str:
    """Returns the name by which a text refers to a phase, as it writes it; "" if it writes the phase out, or if a recipe does so."""
    reference = referred(node, scope.bound)
    binding = None if reference is None else scope.bound[reference[0]]
    return canonical(node) if isinstance(binding, NameBinding) and binding.by_user else ""


def _shifted(node: nodes.Binary, scope: Scope) -> Curve | None:
    """Returns the curve of a phase plus or minus a level, or of a level minus a phase."""
    phase, summand = (node.left, node.right) if is_phase(node.left, scope) else (node.right, node.left)
    curve, level = curve_of(phase, scope), value_of(summand, Kind.LEVEL, scope)
    if curve is None or level is None:
        return None
    if node.op == "-" and phase is node.right:
        return attrs.evolve(curves.level_less(curve, level), phrase=wording.level_less(curve.phrase, level))
    return attrs.evolve(curves.shifted(curve, neg(level) if node.op == "-" else level), phrase=wording.shifted(curve.phrase, node.op, level))


def _named(node: Node, name: str, number: int | None, scope: Scope) -> Curve | None:
    """Returns the curve that a name stands for. A function without brackets is called without arguments. `number` is that of a member of a family."""
    binding = scope.bound[name]
    if isinstance(binding, FunctionBinding):
        return _call(nodes.Call(binding.function.name, (), node.extent, node.extent), scope)
    inner = scope.enter(binding, node.extent, number)
    if inner is None:
        return None
    run = inner.run
    if not run.history or inner.readable or binding.family is not None or inner.notes is not None:
        curve = curve_of(binding.node, inner)
        return curve if curve is None or curve.multiple is not None or number is not None else attrs.evolve(curve, multiple=(name, ONE))
    key = (id(binding), run.place, inner.rest, inner.no_rest, inner.factor, inner.formula)
    known, first = run.named.get(key), len(run.watches)
    if known is not None:
        run.watches.extend(known.watches)
        run.times.update(known.times)
        return known.curve
    curve = curve_of(binding.node, inner)
    if curve is not None:
        watches = tuple(run.watches[first:])
        run.named[key] = Named(binding, curve, watches, {watch.event: run.times[watch.event] for watch in watches if watch.event in run.times})
    return curve


def _report_unknown(word: str, extent: nodes.Extent, scope: Scope) -> None:
    """Reports that no shape has this name, with the name that was likely meant."""
    names = [*SHAPES, *COMBINATORS, *scope.bound, *recipe_names()]
    near = _FOREIGN_NAMES.get(word.lower()) or scope.problems.near(word, names)
    if near is None:
        foreign = scope.problems.near(word, _FOREIGN_NAMES)
        near = _FOREIGN_NAMES[foreign] if foreign is not None else None
    note = foreign_letter(word)
    listed = ", ".join([*SHAPES, *COMBINATORS])
    help = f"did you mean `{near}`?" + (f" {note}" if note else "") if near else note or f"the shapes are {listed}"
    scope.problems.error("LR101", extent, f"no shape is called `{shown(word)}`", help, near)


def _call(node: nodes.Call, scope: Scope) -> Curve | None:
    """Returns the curve of a call: of a function of the text, a combinator or a shape."""
    function = scope.bound.get(node.name)
    if isinstance(function, FunctionBinding):
        return call_function(node, function, scope, curve_of)
    if node.name in COMBINATORS:
        return combinator_curve(node, COMBINATORS[node.name], scope, curve_of)
    if node.name in SHAPES:
        return shape_curve(node, scope)
    if node.name in ARITHMETIC:
        shape, silent = shapes.KNOWN_AS.get(node.name), attrs.evolve(scope, problems=Problems(scope.problems.text))
        is_level = value_of(node, Kind.LEVEL, silent) is not None and not silent.problems.found
        stay = f"to stay at its level, write `hold(at={shown(canonical(node))})`" if is_level else "a function takes numbers, and stands where a number does"
        help = f"did you mean `{shape}`? {stay[0].upper()}{stay[1:]}" if shape else stay
        fix = Fix(*node.name_extent, shape) if shape else None
        scope.problems.error("LR112", node.extent, f"expected a phase, but `{node.name}` is a function", help, fix=fix)
        return None
    _report_unknown(node.name, node.name_extent, scope)
    inner = scope.without_rest("inside an unknown shape")
    for a in node.arguments:  # report the problems inside a misspelled shape too
        if is_phase(a.value, scope):
            curve_of(a.value, inner)
    return None
