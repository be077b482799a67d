"""Finds the scheduler of a library that is a schedule for the length of the run, for libraries that read settings."""

from __future__ import annotations

from lrdsl.clock import total_of
from lrdsl.dialects.entry import Entry
from lrdsl.dialects.matching import Match
from lrdsl.dialects.writing.constructors import matching
from lrdsl.dialects.writing.generated import refused
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact, exact


def length_of(request: Request) -> Exact | None:
    """Returns the ticks of the run: its total, or the natural length of the schedule."""
    total = total_of(request.schedule.clock)
    length = request.schedule.length
    return total if total is not None else None if length is None else exact(length)


def matched(request: Request, entries: tuple[Entry, ...], length: Exact | None, title: str) -> Match:
    """Returns the scheduler that is the schedule. Raises `ScheduleError` if there is none."""
    schedule = request.schedule
    if request.main.name != "lr" or (request.target is None and len(schedule.targets) > 1):
        raise refused(f"{title} schedules the rate alone", 'write the rate with `target="lr"`, and run all of it with `lrdsl.compile`', schedule)
    for up_to in dict.fromkeys((length, None)):
        match = next(matching(schedule, entries, up_to), None)
        if match is not None:
            return match
    help = "write it with `lrdsl export --to torch`, or run it with `lrdsl.compile`; `lrdsl dialects` has what it can say"
    raise refused(f"no scheduler of {title} has these levels", help, schedule)
