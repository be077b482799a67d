"""What only the run decides, in formulas: phases that end at an event, levels that fall at one.

A formula says `count(event, x)` and `since(event, x)` of an event. `realized` puts in what has happened, and numbers come from that; `unhappened` and `after`
are the formula before and after an event that has no tick yet, which is how the checker looks at all that may come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lrdsl.expr.arithmetic import Call, Event, Expr, T, add, number
from lrdsl.expr.branching import select
from lrdsl.expr.exact import Exact
from lrdsl.expr.functions import call
from lrdsl.expr.nodes import Select
from lrdsl.expr.rewriting import rebuild, substitute, walk
from lrdsl.work import spend

#: A tick about which nothing is known.
SOMETIME = Event(0, None, 0, None)


def ending(event: Event, before: Expr, rest: Expr) -> Expr:
    """`before` until the event, then `rest`, a formula of the ticks since."""
    since = call("since", event, T)
    return select(call("count", event, T), [(0, before), (1, substitute(rest, {T: since}))])


def changed_after(e: Expr, event: Event, change: Callable[[Expr], Expr]) -> Expr:
    """A formula with what comes after an event changed; `change` takes and gives a formula of the ticks since then."""
    if not isinstance(e, Select):
        return e
    if event_of(e) is not event:
        return select(e.of, [(start, changed_after(value, event, change)) for start, value in zip(e.starts, e.values, strict=True)])
    assert isinstance(e.of, Call)
    later = substitute(change(after(e.values[1], event)), {T: call("since", *e.of.args)})
    return select(e.of, [(0, e.values[0]), (1, later)])


def event_of(e: Expr) -> Event | None:
    """The event at which a formula gives way to another; None where it does not."""
    if isinstance(e, Select) and isinstance(e.of, Call) and e.of.op == "count":
        event = e.of.args[0]
        return event if isinstance(event, Event) else None
    return None


def events_of(e: Expr) -> list[Event]:
    """The events at which parts of a formula give way to others, in order."""
    found = {event for x in walk(e) if (event := event_of(x)) is not None}
    return sorted(found, key=lambda event: event.index)


def realized(e: Expr, happened: Mapping[Event, Sequence[Exact]]) -> Expr:
    """The formula with the events that have happened, at these times of their phases, and no others."""

    def step(x: Expr, walk: Callable[[Expr], Expr]) -> Expr:
        if isinstance(x, Select) and (event := event_of(x)) is not None:
            starts = (0, *happened.get(event, ())[:1])
            return select(walk(x.of.args[1]), [(start, walk(value)) for start, value in zip(starts, x.values, strict=False)])  # type: ignore[attr-defined]
        if isinstance(x, Event) and x in happened:
            return number(happened[x][0])
        if isinstance(x, Call) and x.op == "since" and x.args[0] in happened:
            return add(walk(x.args[1]), number(-happened[x.args[0]][0]))  # type: ignore[index]
        if isinstance(x, Call) and x.op == "count" and isinstance(x.args[0], Event):
            times = happened.get(x.args[0], ())
            return select(walk(x.args[1]), [(0, number(0)), *((at, number(k + 1)) for k, at in enumerate(times))])
        if isinstance(x, Call) and x.op == "reduce":
            v, k, *rest = (walk(a) for a in x.args)
            if isinstance(k, Select):  # a level for each stretch between two reductions
                return select(k.of, [(start, call("reduce", v, times, *rest)) for start, times in zip(k.starts, k.values, strict=True)])
            return call("reduce", v, k, *rest)
        return rebuild(x, walk)

    return _walked(e, step)


def unhappened(e: Expr) -> Expr:
    """The formula for as long as no event has ended a phase."""
    return _walked(e, lambda x, walk: walk(x.values[0]) if event_of(x) is not None and isinstance(x, Select) else rebuild(x, walk))


def after(e: Expr, event: Event) -> Expr:
    """The formula from an event on, in the ticks since then; of any other time nothing is known."""

    def step(x: Expr, walk: Callable[[Expr], Expr]) -> Expr:
        if event_of(x) is event and isinstance(x, Select):
            return walk(x.values[1])
        if isinstance(x, Call) and x.op == "since" and x.args[0] is event:
            return T
        return SOMETIME if x is T else rebuild(x, walk)

    return _walked(e, step)


def _walked(e: Expr, step: Callable[[Expr, Callable[[Expr], Expr]], Expr]) -> Expr:
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = memo[x] = step(x, walk)
        return done

    changed = walk(e)
    spend(len(memo) // 2)
    return changed
