"""Events in formulas. An event comes at a tick that only the run knows; there a phase ends, or a level falls.

A formula contains `count(event, x)` and `since(event, x)`. `realized` puts in the events that have happened; numbers are computed from the result. `unhappened`
and `after` give the formula before and after an event whose tick is unknown; the checker uses them to check every possible run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from lrdsl.expr.arithmetic import EVENTS, Call, Event, Expr, T, add, number, parts
from lrdsl.expr.branching import branches, pointwise, select
from lrdsl.expr.exact import Exact
from lrdsl.expr.functions import call
from lrdsl.expr.nodes import Select
from lrdsl.expr.rewriting import rebuild, substitute, walk
from lrdsl.work import spend

#: A tick that is unknown.
SOMETIME = Event(0, None, 0, None)


def ending(event: Event, before: Expr, later: Expr) -> Expr:
    """Returns a formula that is `before` until the event, and `later` after it. `later` is a formula of the ticks since the event."""
    since = call("since", event, T)
    return select(call("count", event, T), [(0, before), (1, substitute(later, {T: since}))])


def changed_after(e: Expr, event: Event, change: Callable[[Expr], Expr]) -> Expr:
    """Changes the part of a formula after an event. `change` takes and returns a formula of the ticks since the event."""
    if not isinstance(e, Select):
        return e
    if event_of(e) is not event:
        return select(e.of, [(start, changed_after(value, event, change)) for start, value in zip(e.starts, e.values, strict=True)])
    assert isinstance(e.of, Call)
    later = substitute(change(after(e.values[1], event)), {T: call("since", *e.of.args)})
    return select(e.of, [(0, e.values[0]), (1, later)])


def event_of(e: Expr) -> Event | None:
    """Returns the event at which a formula switches to another one, or None if it has no such event."""
    if isinstance(e, Select) and isinstance(e.of, Call) and e.of.op == "count":
        event = e.of.args[0]
        return event if isinstance(event, Event) else None
    return None


def events_of(e: Expr) -> list[Event]:
    """Returns the events at which parts of a formula switch to other ones, in the order of the plan."""
    events = {event for x in walk(e) if (event := event_of(x)) is not None}
    return sorted(events, key=lambda event: event.index)


def realized(e: Expr, happened: Mapping[Event, Sequence[Exact]], first: Exact = 0) -> Expr:
    """Returns the formula of a run: `happened` gives the times, in the ticks of its phase, at which each event came. All other events never come.

    The formula holds from the tick `first` on.
    """

    def step(x: Expr, walk: Callable[[Expr], Expr]) -> Expr:
        if isinstance(x, Select) and (event := event_of(x)) is not None:
            starts = (0, *happened.get(event, ())[:1])
            return select(walk(x.of.args[1]), [(start, walk(value)) for start, value in zip(starts, x.values, strict=False)])  # type: ignore[attr-defined]
        if isinstance(x, Event) and x in happened:
            return number(happened[x][0])
        if isinstance(x, Call) and x.op == "since" and x.args[0] in happened:
            return add(walk(x.args[1]), number(-happened[x.args[0]][0]))  # type: ignore[index]
        if isinstance(x, Call) and x.op == "count" and isinstance(x.args[0], Event):
            times, time = happened.get(x.args[0], ()), walk(x.args[1])
            scale, of, shift = parts(time)
            past = bisect_right(times, first + shift) if of is T and scale == 1 else 0
            return select(time, [(0, number(past)), *((at, number(k + 1)) for k, at in enumerate(times) if k >= past)])
        if isinstance(x, Call) and any(branches(T, walk(a))[1:] for a in x.args):  # one level for each range between two reductions
            return pointwise(lambda *args: rebuild(x, dict(zip(x.args, args, strict=True)).__getitem__), T, *map(walk, x.args))
        return rebuild(x, walk)

    return _rewritten(e, step, EVENTS)


def unhappened(e: Expr) -> Expr:
    """Returns the formula of a run in which no event has ended a phase yet. A phase that has a longest time keeps the level that it has there."""

    def step(x: Expr, walk: Callable[[Expr], Expr]) -> Expr:
        if not isinstance(x, Select) or (event := event_of(x)) is None:
            return rebuild(x, walk)
        before = walk(x.values[0])
        scale, of, shift = parts(x.of.args[1])  # type: ignore[attr-defined]
        if event.most is None or of is not T or scale != 1:
            return before
        end = event.most - shift
        return select(T, [(0, before), (end, substitute(before, {T: number(end)}))])

    return _rewritten(e, step, EVENTS)


def after(e: Expr, event: Event) -> Expr:
    """Returns the formula after an event, in the ticks since the event. Any other time in it is unknown."""

    def step(x: Expr, walk: Callable[[Expr], Expr]) -> Expr:
        if event_of(x) is event and isinstance(x, Select):
            return walk(x.values[1])
        if isinstance(x, Call) and x.op == "since" and x.args[0] is event:
            return T
        return SOMETIME if x is T else rebuild(x, walk)

    return _rewritten(e, step)


def _rewritten(e: Expr, step: Callable[[Expr, Callable[[Expr], Expr]], Expr], marks: int = ~0) -> Expr:
    """Returns a tree rewritten by `step`, which gets a node and the function that rewrites the nodes below it. Nodes that hold none of the `marks` stay."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        if marks != ~0 and not x.holds & marks:
            return x
        result = memo.get(x)
        if result is None:
            result = memo[x] = step(x, walk)
        return result

    changed = walk(e)
    spend(len(memo) // 2)
    return changed
