"""Goes through a run before it begins: its first phases and cycles, and its events. So their code is compiled by then, and no step waits for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

from lrdsl.diagnostics import ScheduleError
from lrdsl.expr import T, mentions
from lrdsl.expr.exact import Exact
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Watch
from lrdsl.runtime.attaching import Attachment

#: How many events in a row are gone through.
_MOST = 4
#: How many phases and cycles are gone through.
_FIRST = 8


def rehearse(attachment: Attachment) -> None:
    """Makes what will store the levels of the first phases and cycles, and then of those that events bring, each as early as it may come. Stores nothing."""
    try:
        for tick in sorted({tick for track in attachment.tracks for tick in _first(track.evaluator)})[:_FIRST]:
            attachment.store_from(tick)
        _rehearse_events(attachment)
    except ScheduleError:  # which a run that comes to it raises
        return


def _first(evaluator: Evaluator) -> Iterator[float]:
    """The starts of the first phases and cycles but those that hold a level: their code costs little."""
    coming = islice(zip(evaluator.starts, evaluator.pieces, strict=True), 1, _FIRST + 1)
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
        attachment.store_from(max(coming.values()))


def _earliest(watch: Watch) -> int | None:
    """The first tick at which an event may come; None if there is none."""
    assert watch.start is not None
    tick = math.floor(watch.start) + 1
    return tick if watch.may_fire_at(tick) else None if watch.end is None or watch.end <= tick else tick + 1
