"""Goes through a run before it begins: its first phases and cycles, and its events. So their code is compiled by then, and no step waits for it."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from functools import cache
from itertools import dropwhile, islice

from lrdsl.diagnostics import ScheduleError
from lrdsl.expr import T, mentions
from lrdsl.expr.exact import Exact
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Watch
from lrdsl.runtime.attaching import Attachment

#: How many events in a row are gone through.
_MOST = 4
#: How many phases and cycles are gone through: of the run as it begins, and after an event.
_FIRST, _AFTER = 8, 2


def rehearse(attachment: Attachment) -> None:
    """Makes what will store the levels of the first phases and cycles, and then of those that events bring, each as early as it may come. Stores nothing."""
    try:
        _rehearse_phases(attachment, 0, _FIRST)
        _rehearse_events(attachment)
    except ScheduleError:  # which a run that comes to it raises
        pass
    _settle()


@cache
def _settle() -> None:
    """Sorts out the young objects, once in a process: the modules that the first scheduler loads bring thousands, and some step would have to do it."""
    if gc.isenabled():
        gc.collect(1)


def _rehearse_phases(attachment: Attachment, tick: float, count: int) -> None:
    """Goes through so many phases and cycles after a tick."""
    for start in sorted({start for track in attachment.tracks for start in _coming(track.evaluator, tick, count)})[:count]:
        attachment.store_from(start)


def _coming(evaluator: Evaluator, tick: float, count: int) -> Iterator[float]:
    """The starts of the phases and cycles after a tick but those that hold a level: their code costs little."""
    coming = islice(dropwhile(lambda one: one[0] <= tick, zip(evaluator.starts, evaluator.pieces, strict=True)), count)
    return (start for start, piece in coming if mentions(piece.level, T))


def _rehearse_events(attachment: Attachment) -> None:
    history: dict[tuple[str, Exact], tuple[int, ...]] = dict(attachment.schedule.events)
    for _ in range(_MOST if attachment.watches else 0):
        ticks = {watch.key: _earliest(watch) for watch in attachment.watches if watch.key is not None and watch.key not in history}
        coming = {key: tick for key, tick in ticks.items() if tick is not None}
        if not coming:
            return
        history |= {key: (tick,) for key, tick in coming.items()}
        attachment = attachment.after(attachment.schedule.after(history))
        last = max(coming.values())
        attachment.store_from(last)
        _rehearse_phases(attachment, last, _AFTER)


def _earliest(watch: Watch) -> int | None:
    """The first tick at which an event may come; None if there is none."""
    assert watch.start is not None
    tick = math.floor(watch.start) + 1
    return tick if watch.may_fire_at(tick) else None if watch.end is None or watch.end <= tick else tick + 1
