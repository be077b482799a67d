"""Makes the plan of a run after a metric has reduced the level once more. The plan before serves up to that tick; only the levels from there on are new."""

from __future__ import annotations

from bisect import bisect_right

import attrs

from lrdsl.check.finite import proved
from lrdsl.expr import STAIRS, WIDE, Event, Expr, Select, T, branches, realized, select
from lrdsl.expr.exact import Exact
from lrdsl.plan import History, Plan


def reduced(plan: Plan, before: History, after: History) -> Plan | None:
    """Returns the plan after more events than before; None where the text must be read again, since another event came, or a level may be too large."""
    added = {key: ticks for key, ticks in after.items() if ticks != before.get(key, ())}
    tick = min((ticks[-1] for ticks in added.values()), default=0)
    if any(before.get(key, ()) != ticks[:-1] for key, ticks in added.items()) or not before.keys() <= after.keys():
        return None
    if any(watch.ends for watch in plan.watches if watch.key in added) or plan.level.holds & (STAIRS | WIDE):
        return None
    law = _from(plan.law, tick)
    if not plan.as_law and _level(plan, law, before, tick) is not _from(plan.level, tick):  # it was rewritten, to stay finite
        return None
    level = _level(plan, law, after, tick)
    finite, proof = proved(level, False)
    if finite is not level or proof.large or proof.fault is not None:
        return None
    return attrs.evolve(plan, level=select(T, [(0, plan.level), (tick, level)]), as_law=True)


def _level(plan: Plan, law: Expr, history: History, tick: int) -> Expr:
    """Returns the formula of a plan from a tick on, after these events. `law` is that of the plan from the tick on."""
    return _from(realized(law, times(plan, history), tick), tick)


def _from(level: Expr, tick: int) -> Expr:
    """Returns a formula without the pieces that are over before a tick."""
    if not isinstance(level, Select) or level.of != T:
        return level
    over = max(bisect_right(level.starts, tick) - 1, 0)
    last = level.values[-1]
    return last if over == len(level.starts) - 1 else select(T, branches(T, level)[over:])


def times(plan: Plan, history: History) -> dict[Event, tuple[Exact, ...]]:
    """Returns when each event of a plan came, in ticks of its phase, as far as the `law` of the plan still holds the event."""
    came: dict[Event, tuple[Exact, ...]] = {}
    for watch in plan.watches:
        ticks = () if watch.key is None else history.get(watch.key, ())
        if watch.start is not None:
            came[watch.event] = tuple(sorted([*came.get(watch.event, ()), *(tick - watch.start for tick in ticks if watch.end is None or tick <= watch.end)]))
        if watch.ends and watch.event.most is not None and not came.get(watch.event):
            came[watch.event] = (watch.event.most,)
    return came
