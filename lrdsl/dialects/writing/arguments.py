"""Finds the scheduler of a library, and its settings, with the values of a schedule for the length of the run."""

from __future__ import annotations

from lrdsl.clock import total_of
from lrdsl.diagnostics import ScheduleError, shown
from lrdsl.dialects.entry import Entry
from lrdsl.dialects.matching import Match, matches, spelled_out
from lrdsl.dialects.simplifying import simplified
from lrdsl.dialects.writing.constructors import matching
from lrdsl.dialects.writing.generated import INSTEAD, refused
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact, exact
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax import canonical, nodes

#: The most parts of a schedule that are looked at for an error.
_MOST_PARTS = 4


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
    part, nearest = _nearest(schedule, entries)
    help = f"{nearest}{INSTEAD}; `lrdsl dialects` has what it can say"
    raise refused(f"no scheduler of {title} has these levels{part}", help, schedule)


def _nearest(schedule: Schedule, entries: tuple[Entry, ...]) -> tuple[str, str]:
    """Returns which part no scheduler has, and the scheduler of what stands before it; both empty for a schedule of one part."""
    tree = spelled_out(schedule)
    items = tree.items if isinstance(tree, nodes.Sequence) else ()
    for i in range(min(len(items), _MOST_PARTS) - 1, 0, -1):
        first = nodes.Sequence(items[:i], (0, 0)) if i > 1 else items[0]
        try:
            before = parse(canonical(first))
        except ScheduleError:
            continue
        match = next(matches(before, first, entries), None)
        if match is not None:
            return f": `{shown(canonical(simplified(items[i])), 60)}` does not fit", f"`{match.entry.name}` says what stands before it; "
    return (f": `{shown(canonical(simplified(items[0])), 60)}` does not fit" if items else ""), ""
