"""Phases: a node in a place for a phase becomes a curve, after its name, its arguments and its neighbours were checked."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from lrdsl import shapes
from lrdsl.check import combinators, curves
from lrdsl.check.arguments import bind
from lrdsl.check.combinators import COMBINATORS, Combinator
from lrdsl.check.conditions import Ending, ending, watch
from lrdsl.check.curves import Curve
from lrdsl.check.names import applied, is_phase, uses_rest, waits_for
from lrdsl.check.notes import Chain
from lrdsl.check.scope import ARITHMETIC, WORDS, Defined, Scope
from lrdsl.check.values import evaluate, value_of
from lrdsl.diagnostics import did_you_mean, foreign_letter, shown
from lrdsl.expr import BASE, ENTRY, ONE, ZERO, Expr, Forms, Num, Symbol, call, div, neg
from lrdsl.expr.exact import Exact
from lrdsl.kinds import REQUIRED, Kind, resolved
from lrdsl.phrases import Phrase, Ticks, bracketed, filled, phrase, spoken, worded
from lrdsl.shapes import SHAPES, Shape
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
            parts = sequence(node.items, scope)
            return None if parts is None else curves.then(parts)
        case nodes.Restart():
            body = curve_of(node.body, scope)
            if body is None:
                return None
            again = body.said and body.said.where({ENTRY: BASE})
            return attrs.evolve(curves.restart(body), said=phrase("restarts from ", BASE, " and ", again, several=bool(again and again.several)))
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


def sequence(items: tuple[Node, ...], scope: Scope) -> list[Curve] | None:
    """The curves of a sequence. The one phase whose length is `rest` is read when the lengths of the others are known, and a phase that follows a metric when
    the tick at which it begins is.

    In `A for D` and `A until ...`, `rest` inside A is what is left of the run where A begins, whatever follows: `cosine(rest) for 30` is the first part of a
    cosine over the rest of the run.
    """
    waiting = [waits_for(item, scope) for item in items]
    cut = {i for i, (rests, _) in enumerate(waiting) if rests and _cuts_rest(items[i], scope)}
    resting = [i for i, (rests, _) in enumerate(waiting) if rests and i not in cut]
    driven = {i for i, (_, follows) in enumerate(waiting) if follows}
    late = {*cut, *resting, *driven}
    if len(resting) > 1 and scope.room is not None:
        scope.problems.error("LR122", items[resting[1]].extent, "two phases of one sequence take `rest`", "write one of them out, or as a share: `20%`")
    found: list[Curve | None] = [None] * len(items)
    lengths: list[Exact | None] = [None] * len(items)
    for i, item in enumerate(items):
        if i not in late:
            found[i] = curve_of(item, scope)
            lengths[i] = _length(found[i], items, i, scope)
        elif i not in resting and isinstance(item, nodes.Limited):
            length = _limit(item, scope)
            lengths[i] = length.value if isinstance(length, Num) else None
    run = scope.run
    for i, item in enumerate(items if late else ()):
        if i in late:
            at = attrs.evolve(scope, run=run)
            here: Scope | None = at
            if i in cut or i in resting:
                others = range(i) if i in cut else (k for k in range(len(items)) if k != i and not _ends_late(k, i, items, driven, scope))
                here = _in_room(at, [lengths[k] for k in others], any(k < i for k in driven))
            found[i] = None if here is None else curve_of(item, here)
            lengths[i] = _length(found[i], items, i, scope)
        curve = found[i]
        if curve is None:
            run = attrs.evolve(run, start=None)
        elif curve.pending is not None:
            run = run.after(*curve.pending, curve.length)
        elif curve.length is not None:
            run = run.later(curve.length)
        if scope.written and i in resting and run.origin is not scope.run.origin and curve is not None:
            found[i] = curve.leveled(Forms(curve.level, Symbol(f"⟨{shown(canonical(item), 200)}⟩")))
    sound = [c for c in found if c is not None]
    if len(sound) < len(items) or any(c.endless for c in sound[:-1]):
        return None
    if scope.notes is not None and scope.notes.text is scope.problems.text:
        extent = (items[0].extent[0], items[-1].extent[1])
        scope.notes.chains[extent] = Chain(items, curves.entries(sound), tuple(None if c.pending else c.length for c in sound), scope.factor)
    return sound


def _cuts_rest(item: Node, scope: Scope) -> bool:
    if isinstance(item, nodes.Limited):
        return uses_rest(item.body, scope) and not uses_rest(item.length, scope)
    return isinstance(item, nodes.Until) and uses_rest(item.body, scope) and not any(uses_rest(c, scope) for c in item.conditions)


def _ends_late(k: int, i: int, items: tuple[Node, ...], driven: set[int], scope: Scope) -> bool:
    """Whether a phase that takes `rest` needs not, or cannot, wait for the length of another: one that is last and endless, or ends when the run says so."""
    if k not in driven or k < i or isinstance(items[k], nodes.Limited):
        return False
    if k + 1 < len(items) or isinstance(items[k], nodes.Until):
        help = "write the length out, or as a share: `20%`"
        scope.problems.error("LR122", items[i].extent, "`rest` stands before a phase whose end only the run knows", help)
    return True


def _in_room(scope: Scope, others: list[Exact | None], late: bool) -> Scope | None:
    """The surroundings of a phase with `rest` in it, where other phases take their part of the room; None beside one whose length is not known.

    `late` says that it follows a phase that ends when the run says so: then `rest` is a tick at the least.
    """
    if scope.room is None:
        return scope
    known = [n for n in others if n is not None]
    room = scope.room - sum(known)
    return attrs.evolve(scope, room=max(room, 1) if late else room) if len(known) == len(others) else None


def _length(curve: Curve | None, items: tuple[Node, ...], i: int, scope: Scope) -> Exact | None:
    """The length of a phase of a sequence, after checking that it has one where others follow; 0 for one that ends when the run says so."""
    if curve is None:
        return None
    if curve.length is not None or curve.pending is not None or i + 1 == len(items):
        return curve.length or 0
    text = shown(canonical(items[i]), 60)
    help = f"say how long it lasts: `{text} for 100`"
    scope.problems.error("LR141", items[i].extent, f"`{text}` never ends, so what follows is never reached", help)
    return None


def _until(node: nodes.Until, scope: Scope) -> Curve | None:
    end = ending(node, scope)
    inner = scope if end is None else attrs.evolve(scope, run=scope.run.until(end.length))
    body = curve_of(node.body, inner)
    if body is None or end is None:
        return None
    return attrs.evolve(end.of(body), said=phrase(body.said, f" until {end.said}" if end.said else "", *_at_latest(end)))


def _at_latest(end: Ending) -> tuple[str | Ticks, ...]:
    if end.most is None:
        return ()
    return (", for " if not end.said else ", but for no more than ", Ticks((end.most,)))


def _limit(node: nodes.Limited, scope: Scope) -> Expr | None:
    """The length in `A for D`."""
    length = value_of(node.length, Kind.DURATION, scope)
    return None if length is None else scope.lettered(length, "T_f", node.length.extent, True)


def _limited(node: nodes.Limited, scope: Scope) -> Curve | None:
    length = _limit(node, scope)
    body = curve_of(node.body, attrs.evolve(scope, run=scope.run.until(length.value)) if isinstance(length, Num) else scope)
    if isinstance(length, Num) and length.value < 0:
        scope.problems.error("LR131", node.length.extent, f"a length of `{shown(canonical(node.length))}`", "a phase lasts 0 ticks or more")
        return None
    if body is None or not isinstance(length, Num):
        return None
    return attrs.evolve(curves.limit(body, length.value), said=phrase(body.said, ", for ", Ticks((length.value,))))


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
        factor = second.said and second.said.where({ENTRY: ONE, BASE: ONE})
        said = phrase("does this: ", bracketed(first.said), ", multiplied by a factor that starts at 1 and does this: ", bracketed(factor))
        return attrs.evolve(curves.times(first, second), said=said)
    phase, number = (node.left, node.right) if is_phase(node.left, scope) else (node.right, node.left)
    curve = curve_of(phase, scope)
    constant = value_of(number, Kind.RATIO, scope)
    if curve is None or constant is None:
        return None
    if node.op == "/" and isinstance(constant, Num) and constant.value == 0:
        scope.problems.error("LR144", number.extent, "a division by 0", "divide by another number")
        return None
    said = phrase("does this, ", "divided by " if node.op == "/" else "multiplied by ", constant, ": ", bracketed(curve.said))
    return attrs.evolve(curves.scaled(curve, div(ONE, constant) if node.op == "/" else constant), said=said)


def _shifted(node: nodes.Binary, scope: Scope) -> Curve | None:
    """A phase, and a level that is added to it."""
    phase, added = (node.left, node.right) if is_phase(node.left, scope) else (node.right, node.left)
    curve, level = curve_of(phase, scope), value_of(added, Kind.LEVEL, scope)
    if curve is None or level is None:
        return None
    said = phrase("does this, ", "less " if node.op == "-" else "plus ", level, ": ", bracketed(curve.said)) if level != ZERO else curve.said
    return attrs.evolve(curves.shifted(curve, neg(level) if node.op == "-" else level), said=said)


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
        inner = applied(node, defined, scope)
        if inner is None:
            return None
        curve = curve_of(defined.function.body, inner)
        scope.leave(inner, node.name, node.extent)
        return curve
    if node.name in COMBINATORS:
        return _combined(node, COMBINATORS[node.name], scope)
    if node.name in SHAPES:
        return _shaped(node, scope)
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


def _form(node: nodes.Call) -> Shape:
    """The form of a shape that a call means: the first whose parameters it fits."""
    forms = SHAPES[node.name]
    if len(forms) == 1:
        return forms[0]
    named = {a.name for a in node.arguments if a.name}

    def fits(shape: Shape) -> bool:
        names = [p.name for p in shape.parameters]
        required = {p.name for p in shape.parameters if p.default is REQUIRED}
        given = set(names[: len(node.arguments) - len(named)]) | named
        return named <= set(names) and len(node.arguments) <= len(names) and required <= given

    fitting = [shape for shape in forms if fits(shape)]
    if fitting:
        return fitting[0]
    return max(forms, key=lambda shape: (len(named & {p.name for p in shape.parameters}), len(shape.parameters) >= len(node.arguments), -len(shape.parameters)))


def _shaped(node: nodes.Call, scope: Scope) -> Curve | None:
    shape = _form(node)
    given = bind(node, shape.parameters, scope, lambda _n, _s: None)
    if given is None:
        return None
    arguments = shapes.arguments_of(shape, given)
    complaint = shape.complain(**arguments)
    if complaint is not None:
        code, parameter, message, help = complaint
        names = [p.name for p in shape.parameters]
        at = next((a.value.extent for i, a in enumerate(node.arguments) if (a.name or names[i]) == parameter), node.extent)
        scope.problems.error(code, at, message, help)
        return None
    if shape.monitor is not None:
        event = watch([shape.monitor(**arguments)], scope, node.extent, ends=False)
        if event is None:
            return None
        arguments["reductions"] = lambda u: call("count", event, u)
    scope.use(node, shape.name, arguments, given)
    said = shapes.phrase_of(shape, arguments, given) if scope.written else None
    law = partial(shapes.level_of, shape, arguments, written=scope.written)
    return Curve(shapes.natural_length(shape, arguments), law, None, said, partial(law, whole=False))


def _combined(node: nodes.Call, declared: Combinator, scope: Scope) -> Curve | None:
    inner = scope.without_run(f"inside `{declared.name}(...)`") if declared.cycles or declared.moves else scope
    if declared.variadic:
        found = [_operand(a.value, inner) for a in node.arguments]
        if len(found) < 2:
            scope.problems.error("LR106", node.extent, f"`{node.name}` of one phase", "give two or more, separated by commas")
            return None
        sound = [c for c in found if c is not None]
        if len(sound) < len(found):
            return None
        listed = phrase(*(part for i, c in enumerate(sound) for part in ("; " if i else "", bracketed(c.said))))
        return attrs.evolve(declared.combine(sound), said=_said(declared, {}, {}, listed))
    given = bind(node, declared.parameters, inner, curve_of)
    if given is None:
        return None
    arguments: dict[str, Any] = dict(resolved(declared.parameters, given))
    curve = _combine(node, declared, arguments, scope)
    if curve is None:
        return None
    scope.use(node, declared.name, arguments, given)
    phase = arguments["phase"]
    assert isinstance(phase, Curve)
    inside = phase.said.later if phase.said is not None and declared.varies(arguments) else phase.said
    return attrs.evolve(curve, said=_said(declared, arguments, given, bracketed(inside)))


def _said(declared: Combinator, arguments: dict[str, Any], given: dict[str, Any], inside: Phrase | None) -> Phrase | None:
    """What a combinator says of the phases inside it."""
    return None if inside is None else filled(declared.says, {**worded(declared.parameters, arguments), "phase": inside}, spoken(declared.parameters, given))


def _operand(node: Node, scope: Scope) -> Curve | None:
    """An argument of `min` or `max`: a phase, or a level to stay at."""
    if is_phase(node, scope):
        return curve_of(node, scope)
    level = value_of(node, Kind.LEVEL, scope)
    return None if level is None else Curve.of(0, level, None, phrase("stays at ", level) if scope.written else None)


def _combine(node: nodes.Call, declared: Combinator, arguments: dict[str, Any], scope: Scope) -> Curve | None:
    problems, phase = scope.problems, arguments["phase"]
    if declared.cycles or arguments.get("to") is not None:
        if phase.length is None:
            text = shown(canonical(node.arguments[0].value))
            problems.error("LR142", node.extent, f"`{declared.name}` needs a phase that ends, and `{text}` never does", f"give it a length: `{text} for 100`")
            return None
        if phase.length == 0:
            problems.error("LR142", node.extent, f"`{declared.name}` needs a phase that takes time", "add a `hold(...)` to it")
            return None
    if declared.name == "stretch" and (arguments["k"] is None) == (arguments["to"] is None):
        problems.error("LR106", node.extent, "`stretch` needs either `k` or `to`", "write `stretch(A, 2)`, or `stretch(A, to=100)`")
        return None
    if declared.name == "restarts" and arguments["times"] is None and arguments["stretch"].value < 1:
        problems.error("LR142", node.extent, "cycles that shrink for ever come to an end", "say how many: `times=10`")
        return None
    try:
        curve = declared.combine(**arguments)
    except curves.NoClosedFormError as reason:
        problems.error("LR143", node.extent, f"{reason}", f"say `times=`, at most {curves.MAX_CYCLES}, to have the cycles written out")
        return None
    return curve
