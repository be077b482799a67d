"""Sequences, `A then B then C`: makes the curves of their phases in an order in which the length of `rest` is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from lrdsl.check.amounts import is_placed
from lrdsl.check.conditions import again
from lrdsl.check.curves import Curve
from lrdsl.check.names import dependencies, uses_rest
from lrdsl.check.notes import Chain
from lrdsl.check.scope import Scope
from lrdsl.check.values import value_of
from lrdsl.diagnostics import Problems, shown
from lrdsl.expr import Expr, Forms, Num, Symbol
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.plan import Watch
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: Returns the curve of one phase; None after its problems were reported.
Reader: TypeAlias = "Callable[[Node, Scope], Curve | None]"


def curves_of(items: tuple[Node, ...], scope: Scope, read: Reader, before: Chain | None = None) -> list[Curve] | None:
    """Returns the curves of a sequence; None after problems were reported.

    `before` is the same sequence as it was read before other events had come: phases that depend on no event have the curves that it has.

    The phase whose length is `rest` is read after the lengths of all others are known. A phase that follows a metric, or counts from its first tick, is read
    after that tick is known. If both hold, the phase that counts ends where the run leaves it time to, and its length is counted back from there. In
    `A for D` and `A until ...`, `rest` inside A is the rest of the run from the beginning of A, whatever follows: `cosine(rest) for 30` is the first part of a
    cosine to the end of the run.
    """
    needs = tuple([dependencies(item, scope) for item in items]) if before is None else before.needs
    limited_rest = {i for i, need in enumerate(needs) if need.uses_rest and _cuts_rest(items[i], scope)}
    with_rest = [i for i, need in enumerate(needs) if need.uses_rest and i not in limited_rest]
    with_metric = {i for i, need in enumerate(needs) if need.follows_metric}
    deferred = {*limited_rest, *with_rest, *with_metric, *(i for i, need in enumerate(needs) if need.counts_run)}
    if len(with_rest) > 1 and scope.rest is not None:
        scope.problems.error("LR122", items[with_rest[1]].extent, "two phases of one sequence use `rest`", "give one of them a length, such as `20%`")
    parts: list[Curve | None] = [None] * len(items)
    lengths: list[Exact | None] = [None] * len(items)
    watches: list[tuple[Watch, ...]] = [()] * len(items)
    for i, item in enumerate(items):
        if i not in deferred:
            parts[i] = read(item, scope) if before is None else before.curves[i]
            lengths[i] = _length(parts[i], items, i, scope)
        elif i not in with_rest and isinstance(item, nodes.Limited) and not is_placed(item.length, scope):
            length = limit_of(item, scope)
            lengths[i] = length.value if isinstance(length, Num) else None
    run = scope.run
    counted_back: dict[int, Exact] = {}
    for i, item in enumerate(items if deferred else ()):
        after_event = run.origin is not scope.run.origin
        if i in deferred:
            start = attrs.evolve(scope, run=run)
            inner: Scope | None = start
            if i in limited_rest or i in with_rest:
                counted = range(i) if i in limited_rest else [k for k in range(len(items)) if k != i and not _takes_no_rest(k, i, items, with_metric, scope)]
                later = [k for k in reversed(counted) if k > i]
                if scope.rest is not None and any(lengths[k] is None and k not in with_metric and k not in with_rest for k in later):
                    counted_back |= _lengths_from_end(later, items, lengths, start, scope.run.first_tick + scope.rest, read)
                inner = _with_rest(start, [lengths[k] for k in counted], any(k < i for k in with_metric))
                if inner is not None and inner.rest is not None and inner.rest < 0:  # the run is over before these phases begin
                    counted_back = {}
            first = len(scope.run.watches)
            starts_with_metric = before is not None and i in with_metric and not needs[i].uses_rest
            parts[i] = again(before.curves[i], before.watches[i], run) if before is not None and starts_with_metric else None
            if inner is None:
                _report_words(item, start, read)
            elif parts[i] is None:
                parts[i] = read(item, inner)
            watches[i] = tuple(scope.run.watches[first:])
            lengths[i] = _length(parts[i], items, i, scope)
            if i in counted_back and lengths[i] not in (None, counted_back[i]):
                _report_open_length(items[i], scope)
                return None
        curve = parts[i]
        if curve is None:
            run = attrs.evolve(run, start=None)
        elif curve.pending is not None:
            run = run.after_event(*curve.pending, curve.length)
        elif curve.length is not None:
            run = run.advanced(curve.length)
        if scope.readable and after_event and (i in with_rest or needs[i].counts_run) and curve is not None:  # its length depends on the tick of the event
            parts[i] = curve.with_level(Forms(curve.level, Symbol(f"⟨{shown(canonical(item), 200)}⟩")))
    complete = [c for c in parts if c is not None]
    if len(complete) < len(items) or any(c.endless for c in complete[:-1]):
        return None
    if scope.notes is not None and scope.notes.text is scope.problems.text:
        extent = (items[0].extent[0], items[-1].extent[1])
        scope.notes.chains[extent] = Chain(items, tuple(complete), scope.factor, tuple(watches), needs)
    return complete


def _lengths_from_end(later: list[int], items: tuple[Node, ...], lengths: list[Exact | None], scope: Scope, end: Exact, read: Reader) -> dict[int, Exact]:
    """Puts in the lengths of the phases after `rest` that count from their first tick, and returns them. `later` are the phases from the last on, `end` is the
    tick at which they are over. Reports a phase whose length does not follow from its end.
    """
    added: dict[int, Exact] = {}
    for k in later:
        length = lengths[k]
        if length is None:
            item, problems = items[k], Problems(scope.problems.text)
            from_end = attrs.evolve(scope, run=attrs.evolve(scope.run, finish=end), problems=problems, notes=None)
            if isinstance(item, nodes.Limited):
                limit = limit_of(item, from_end)
                length = limit.value if isinstance(limit, Num) else None
            else:
                curve = read(item, from_end)
                length = None if curve is None else curve.length
            if length is None:
                for problem in problems.found:
                    scope.problems.add(problem)
                if not problems.found:
                    _report_open_length(item, scope)
                return added
            added[k] = lengths[k] = length
        end = end - length
    return added


def _report_words(item: Node, scope: Scope, read: Reader) -> None:
    """Reports the wrong names and kinds in a phase whose `rest` is not known, because another phase is wrong."""
    problems = Problems(scope.problems.text)
    read(item, attrs.evolve(scope, rest=max(scope.rest or 1, 1), problems=problems, notes=None))
    for problem in problems.found:
        if problem.code < "LR119":
            scope.problems.add(problem)


def _report_open_length(item: Node, scope: Scope) -> None:
    """Reports a phase after `rest` whose length is not known before its start is."""
    what = f"the length of `{shown(canonical(item), 60)}` depends on where it begins, which `rest` before it leaves open"
    scope.problems.error("LR122", item.extent, what, "write the length in steps, or give the phase with `rest` a length of its own, such as `20%`")


def limit_of(node: nodes.Limited, scope: Scope) -> Expr | None:
    """Returns the length D of `A for D`, in ticks; None after its problem was reported."""
    length = value_of(node.length, Kind.DURATION, scope)
    return None if length is None else scope.lettered(length, "T_f", node.length, True)


def _cuts_rest(item: Node, scope: Scope) -> bool:
    """Returns whether a phase is `A for D` or `A until ...` with `rest` in A alone."""
    if isinstance(item, nodes.Limited):
        return uses_rest(item.body, scope) and not uses_rest(item.length, scope)
    return isinstance(item, nodes.Until) and uses_rest(item.body, scope) and not any(uses_rest(c, scope) for c in item.conditions)


def _takes_no_rest(k: int, i: int, items: tuple[Node, ...], with_metric: set[int], scope: Scope) -> bool:
    """Returns whether phase k, which comes after phase i and follows a metric, takes no ticks from the `rest` in phase i.

    That is so for an endless last phase. For a phase that a metric ends, the ticks are not known, which is reported.
    """
    if k not in with_metric or k < i or isinstance(items[k], nodes.Limited):
        return False
    if k + 1 < len(items) or isinstance(items[k], nodes.Until):
        help = "write the length as a number, or as a share of the run: `20%`"
        scope.problems.error("LR122", items[i].extent, "the length of `rest` is not known: a later phase ends when a metric decides", help)
    return True


def _with_rest(scope: Scope, others: list[Exact | None], after_metric: bool) -> Scope | None:
    """Returns the scope of a phase that uses `rest`, after the lengths of other phases are taken off; None if one of them is not known.

    `after_metric`: the phase comes after one that a metric ends. Then `rest` is one tick at least, however late the metric decides.
    """
    if scope.rest is None:
        return scope
    lengths = [n for n in others if n is not None]
    rest = scope.rest - sum(lengths)
    return attrs.evolve(scope, rest=max(rest, 1) if after_metric else rest) if len(lengths) == len(others) else None


def _length(curve: Curve | None, items: tuple[Node, ...], i: int, scope: Scope) -> Exact | None:
    """Returns the length of phase i; 0 for one that a metric ends or that is endless and last. Reports an endless phase before another."""
    if curve is None:
        return None
    if curve.length is not None or curve.pending is not None or i + 1 == len(items):
        return curve.length or 0
    text = shown(canonical(items[i]), 60)
    help = f"give it a length: `{text} for 100`"
    scope.problems.error("LR141", items[i].extent, f"`{text}` never ends, so the next phase never begins", help)
    return None
