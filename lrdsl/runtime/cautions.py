"""What looks like a mistake when a schedule is attached: another scheduler on the same groups, and rates that are not what they seem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from lrdsl.arguments import floating
from lrdsl.runtime.attaching import Attachment, Notice, Track
from lrdsl.runtime.groups import LR, base_key
from lrdsl.runtime.optimizers import each_of

if TYPE_CHECKING:
    from lrdsl.runtime.attached import Attached

#: The schedulers in use.
_LIVE: WeakSet[Attached] = WeakSet()
#: At how many ticks a schedule is looked at for its highest level, and how much above it a rate may be.
_LOOKS, _ABOVE = 64, 1 + 1e-6


def register(scheduler: Attached) -> None:
    """Counts a scheduler among those in use, for as long as it is."""
    _LIVE.add(scheduler)


def shared_values(one: Attachment, two: Attachment) -> list[tuple[str, int]]:
    """The quantities that two schedules set in the same groups, each with the index of a group."""
    places = {(id(group), track.quantity): k for track in two.tracks for group, _ in track.slots for k, held in enumerate(two.held) if held is group}
    pairs = {track.quantity: places[id(group), track.quantity] for track in one.tracks for group, _ in track.slots if (id(group), track.quantity) in places}
    return list(pairs.items())


def notices(attachment: Attachment, optimizer: Any) -> Iterator[Notice]:
    """The warnings to give when a new scheduler is attached to an optimizer."""
    groups = set(map(id, attachment.held))
    for other in list(_LIVE):
        if groups.isdisjoint(map(id, other._attachment.held)):
            continue
        for quantity, k in shared_values(attachment, other._attachment):
            yield remedy(attachment, f"the `{quantity}` of param group {k} is set by another scheduler too", str(other.schedule))
            return
    yield from _loaded(attachment, optimizer)


def remedy(attachment: Attachment, what: str, other: str, is_text: bool = True) -> Notice:
    """The warning that another scheduler sets the same values, with both in one text. `other` is the text of the other, or if it has none, its name."""
    text = str(attachment.schedule)
    several = any("=" in one.partition("(")[0] or "\n" in one for one in (text, other))  # a text of several targets is no factor
    how = f"write one text: `({other}) * ({text})`" if is_text and not several else "write one text for both"
    how += "" if is_text else "; `lrdsl.read(scheduler)` gives that of the other"
    return f"{what}, `{other}`, and each overwrites what the other has stored", f"{how}; if this one replaces the other, let that go before: `del scheduler`"


def _loaded(attachment: Attachment, optimizer: Any) -> Iterator[Notice]:
    """Warnings about rates that were set or loaded before the schedule was attached."""
    steps = max((_steps(one) for one in each_of(optimizer)), default=0)
    for track in attachment.tracks:
        if track.quantity != LR:
            continue
        for k, (group, base) in enumerate(track.slots):
            number, written = floating(track.initial[k]), base_key(LR) in group
            if not written and steps:
                yield (
                    f"the optimizer has taken {steps} steps, and its groups have no `initial_lr`: the rate that they hold, {number:g}, is taken as the base",
                    'if it is that of a checkpoint, set the base before, `group["lr"] = 0.1`; else write it, `group["initial_lr"] = group["lr"]`',
                )
                return
            if written and number is not None and number > base and number > _highest(track, base) * _ABOVE:
                yield (
                    f"a param group holds the `lr` {number:g}, and its base is its `initial_lr`, {base:g}, which an earlier scheduler has left there",
                    'if the rate that it holds is the base, delete the other before: `del group["initial_lr"]`',
                )
                return


def _highest(track: Track, base: float) -> float:
    """The highest level of a schedule, about."""
    plan = track.evaluator
    starts = [start for start in plan.starts if start < 1e9]
    end = max(2 * starts[-1], 1000)
    ticks = {*starts, *(start - 1 for start in starts if start >= 1), *(i * end // _LOOKS for i in range(_LOOKS))}
    return max(plan.level(int(tick), base) for tick in ticks)


def _steps(optimizer: Any) -> int:
    """How many steps an optimizer has taken, as its state says."""
    state = getattr(optimizer, "state", None)
    if not isinstance(state, Mapping) or not state:
        return 0
    first = next(iter(state.values()))
    number = floating(first.get("step")) if isinstance(first, Mapping) else None
    return 0 if not first else 1 if number is None else int(number)
