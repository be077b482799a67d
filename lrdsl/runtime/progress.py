"""The progress of a run: the events that the reports of a tick bring, and what remains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lrdsl.expr.exact import exact, nearest_number
from lrdsl.runtime.attaching import Attachment
from lrdsl.runtime.reports import Log, quiet_ticks
from lrdsl.schedule import Schedule


def observe(attachment: Attachment, log: Log, tick: int, numbers: Mapping[str, float | None], by_step: bool) -> tuple[Attachment, Log, Sequence[str]]:
    """Passes the metrics of the step that ends to the watches. Returns an attachment whose schedule knows the events that came, the log, and warnings.

    `by_step` says that each tick before this one was one step of the optimizer.
    """
    outcome = log.observe(attachment.watches, tick, numbers, quiet_ticks(attachment.schedule.clock, by_step))
    log = outcome.log
    for watch in outcome.fired:
        extended = log.with_event(watch, tick)
        schedule = attachment.schedule.after(extended.events)
        if watch.ends or attachment.differs(schedule, tick):  # an event that changes no level is not remembered: all groups are at their least level
            log, attachment = extended, attachment.after(schedule)
    return attachment, log, outcome.warnings


def remaining(schedule: Schedule, tick: float) -> int | float | None:
    """The ticks to the end of the longest target; None if a target is endless, or ends by an event that has not come yet."""
    lengths = [target.plan.length for target in schedule.targets]
    finite = [n for n in lengths if n is not None]
    return None if len(finite) < len(lengths) else nearest_number(max(max(finite) - exact(tick), max(finite) * 0))
