"""Other bases for groups: of groups that changed, for values that were set by hand, and for numbers that were assigned."""

from __future__ import annotations

import math
from typing import Any

import attrs

from lrdsl.arguments import floating, quoted, whole_number
from lrdsl.diagnostics import refuse, shown
from lrdsl.runtime.attaching import Attachment, Notice, Track, attach, check_base
from lrdsl.runtime.bases import base_for, origins
from lrdsl.runtime.groups import LR, Group, base_key, element_of
from lrdsl.runtime.tensors import holds
from lrdsl.schedule import Schedule


def moved(attachment: Attachment, groups: list[Group], sizes: tuple[int, ...], tick: float) -> Attachment:
    """The same schedule, attached to the groups that the optimizers have now, at a tick.

    Groups that stay keep their bases, in any order. The rate of a group that was added, and brings no `initial_lr`, is its level at this tick: it gets the
    base that goes with it. Where there is none, as at the start of a warmup from 0, the rate is the base.
    """
    numbers = origins(attachment.held, attachment.sizes, groups, sizes)
    bases = {name: held if name in attachment.values else [None if i is None else held[i] for i in numbers] for name, held in attachment.bases.items()}
    entering = attach(attachment.schedule, groups, bases, attachment.values, sizes)
    added = {id(group): k for k, (group, number) in enumerate(zip(groups, numbers, strict=True)) if number is None}
    entered = {name: list(held) for name, held in entering.bases.items()}
    notices = []
    for track in entering.tracks if added else ():
        for group, base in track.slots:
            k = added.get(id(group))
            if k is None or base_key(track.quantity) in group:
                continue
            entered[track.quantity][k] = own = base_for(track.evaluator, tick, base)
            largest = max((other for other in bases[track.quantity] if other is not None), default=math.inf)
            if own is not None and own > largest and own > base:
                notices.append(_entry(track.quantity, k, base, own, tick))
    return attrs.evolve(entering.with_bases(entered), notices=tuple(notices)) if added else entering


def rebased(attachment: Attachment, tick: float, only: int | None = None) -> Attachment:
    """The same schedule and groups, with the bases for which the schedule gives the values that the groups hold now.

    A base that was written into a group, as its `initial_lr`, is taken as it is. `only` is the index of the only group that is meant.
    """
    bases = {name: list(held) for name, held in attachment.bases.items()}
    places = {id(group): k for k, group in enumerate(attachment.held)}
    for track in attachment.tracks:
        for group, base in track.slots if track.key not in attachment.values else ():
            k, current = places[id(group)], element_of(group.get(track.key), track.element)
            if only not in (None, k):
                continue
            written, number = floating(group.get(base_key(track.quantity))), floating(current)
            if written is not None and written != base:
                bases[track.quantity][k] = written
            elif number is None or not holds(current, number, track.evaluator.level(tick, base)):
                bases[track.quantity][k] = _base_for(attachment.schedule, track, tick, k, number, current)
    return attachment.with_bases(bases)


def _base_for(schedule: Schedule, track: Track, tick: float, k: int, number: float | None, current: Any) -> float:
    base = None if number is None else base_for(track.evaluator, tick, number)
    if base is None:
        message = f"the `{track.quantity}` of param group {k} is {quoted(current)}, and the schedule gives it at tick {tick:g} for no base"
        raise refuse("LR152", message, f'write the base into the group, `group["{base_key(track.quantity)}"] = 0.1`', str(schedule))
    return base


def strayed(attachment: Attachment) -> Notice | None:
    """A warning if a base that was written into a group is not the one that the schedule has."""
    for name, bases in attachment.bases.items() if attachment.plain else ():
        key = base_key(name)
        for k, (group, base) in enumerate(zip(attachment.held, bases, strict=True)) if name not in attachment.values else ():
            written = group.get(key, base)
            if written is not base and floating(written) != base:
                what = f"`{key}` of param group {k} was set to {quoted(written)}, and the schedule goes on from its base {base:g}"
                return what, "call `scheduler.rebase()` to take it over"
    return None


def _entry(quantity: str, k: int, value: float, base: float, tick: float) -> Notice:
    """The warning about a group whose base is above those of all others."""
    what = (
        f"param group {k} came with a `{quantity}` of {value:g} at tick {tick:g}, which is taken as its level there: its base is {base:.4g}, above all others"
    )
    return what, f'if {value:g} is its base, add it with `"{base_key(quantity)}": {value:g}`, or set `scheduler.base_lrs[{k}] = {value:g}`'


def with_rates(attachment: Attachment, given: Any) -> Attachment:
    """The same schedule and groups, with other bases of the rates, one for each group. Raises `ScheduleError` for what is no such list."""
    text, count = str(attachment.schedule), len(attachment.held)
    try:
        rates = list(given)
    except TypeError:
        one = ", ".join([shown(repr(given), 30)] * min(count, 3)) + ", ..." * (count > 3)
        raise refuse("LR152", f"base_lrs is {quoted(given)}, and no list of numbers", f"give one for each param group: `[{one}]`", text) from None
    if len(rates) != count:
        raise refuse("LR152", f"base_lrs has {len(rates)} numbers, and the optimizer {count} param groups", "give one for each", text)
    return attachment.with_bases({**attachment.bases, LR: [check_base(f"base {k} of base_lrs", base, text) for k, base in enumerate(rates)]})


def with_rate(attachment: Attachment, group: int | None, base: float) -> Attachment:
    """The same schedule and groups, with one base of the rate of a group, or of all."""
    rates = list(attachment.bases[LR])
    rates[slice(None) if group is None else slice(group, group + 1)] = [base] * (len(rates) if group is None else 1)
    return with_rates(attachment, rates)


def rates(attachment: Attachment, tick: float) -> list[float]:
    """The learning rates of the groups at a tick; of a group whose rate is not scheduled, the one that it holds."""
    scheduled = {id(group): track.evaluator.level(tick, base) for track in attachment.tracks if track.key == LR for group, base in track.slots}
    return [scheduled[id(group)] if id(group) in scheduled else float(group[LR]) for group in attachment.held]


def index_of(attachment: Attachment, group: Any) -> int:
    """The index of a group. Raises `ScheduleError` for one that there is not."""
    return whole_number("group", group, "give the index of a param group, from 0", high=len(attachment.held) - 1, text=str(attachment.schedule))
