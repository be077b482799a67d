"""Sequences, `A then B then C`: in which order the phases are read, and what `rest` is for each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from lrdsl.check import curves
from lrdsl.check.curves import Curve
from lrdsl.check.names import uses_rest, waits_for
from lrdsl.check.notes import Chain
from lrdsl.check.scope import Scope
from lrdsl.check.values import value_of
from lrdsl.diagnostics import shown
from lrdsl.expr import Expr, Forms, Num, Symbol
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: What reads one phase: its curve, or None after its problem was reported.
Reader: TypeAlias = "Callable[[Node, Scope], Curve | None]"


def curves_of(items: tuple[Node, ...], scope: Scope, read: Reader) -> list[Curve] | None:
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
    parts: list[Curve | None] = [None] * len(items)
    lengths: list[Exact | None] = [None] * len(items)
    for i, item in enumerate(items):
        if i not in late:
            parts[i] = read(item, scope)
            lengths[i] = _length(parts[i], items, i, scope)
        elif i not in resting and isinstance(item, nodes.Limited):
            length = limit_of(item, scope)
            lengths[i] = length.value if isinstance(length, Num) else None
    run = scope.run
    for i, item in enumerate(items if late else ()):
        if i in late:
            at = attrs.evolve(scope, run=run)
            surroundings: Scope | None = at
            if i in cut or i in resting:
                others = range(i) if i in cut else (k for k in range(len(items)) if k != i and not _ends_late(k, i, items, driven, scope))
                surroundings = _in_room(at, [lengths[k] for k in others], any(k < i for k in driven))
            parts[i] = None if surroundings is None else read(item, surroundings)
            lengths[i] = _length(parts[i], items, i, scope)
        curve = parts[i]
        if curve is None:
            run = attrs.evolve(run, start=None)
        elif curve.pending is not None:
            run = run.after(*curve.pending, curve.length)
        elif curve.length is not None:
            run = run.later(curve.length)
        if scope.written and i in resting and run.origin is not scope.run.origin and curve is not None:
            parts[i] = curve.leveled(Forms(curve.level, Symbol(f"⟨{shown(canonical(item), 200)}⟩")))
    sound = [c for c in parts if c is not None]
    if len(sound) < len(items) or any(c.endless for c in sound[:-1]):
        return None
    if scope.notes is not None and scope.notes.text is scope.problems.text:
        extent = (items[0].extent[0], items[-1].extent[1])
        scope.notes.chains[extent] = Chain(items, curves.entries(sound), tuple(None if c.pending else c.length for c in sound), scope.factor)
    return sound


def limit_of(node: nodes.Limited, scope: Scope) -> Expr | None:
    """The length in `A for D`, in ticks; None after its problem was reported."""
    length = value_of(node.length, Kind.DURATION, scope)
    return None if length is None else scope.lettered(length, "T_f", node.length.extent, True)


def _cuts_rest(item: Node, scope: Scope) -> bool:
    if isinstance(item, nodes.Limited):
        return uses_rest(item.body, scope) and not uses_rest(item.length, scope)
    return isinstance(item, nodes.Until) and uses_rest(item.body, scope) and not any(uses_rest(c, scope) for c in item.conditions)


def _ends_late(k: int, i: int, items: tuple[Node, ...], driven: set[int], scope: Scope) -> bool:
    """Whether phase i, which takes `rest`, needs not, or cannot, wait for the length of phase k: one that is last and endless, or ends when the run says so."""
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
    lengths = [n for n in others if n is not None]
    room = scope.room - sum(lengths)
    return attrs.evolve(scope, room=max(room, 1) if late else room) if len(lengths) == len(others) else None


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
