"""Ways to a schedule other than a text: a file, a text with options, or what a framework was given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lrdsl.arguments import quoted, string
from lrdsl.check.program import UnusableError
from lrdsl.clock import Options
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.files.folder import Folder
from lrdsl.files.opening import read_text
from lrdsl.plan import Plan
from lrdsl.schedule import Schedule, parse

if TYPE_CHECKING:
    from typing_extensions import Unpack


def read(schedule: str | Schedule, options: Options) -> Schedule:
    """A schedule as it is, or the schedule that a text describes. Raises `TypeError` for options beside a schedule, which has its clock and names already."""
    if not isinstance(schedule, Schedule):
        return parse(string("the schedule", schedule, "give the text of a schedule, or what `lrdsl.parse` gave"), **options)
    if options:
        raise TypeError("a Schedule has its clock and names already; options belong to text")
    return schedule


def timed(text: str | Schedule, base: float, target: str | None, options: Options) -> tuple[Plan, float]:
    """The plan of a target and its base, for frameworks that want a function of the step alone; a schedule that follows a metric is refused."""
    s = read(text, options)
    plan = s.plan_of(target)
    if plan.watches:
        raise refuse("LR152", "the schedule follows a metric, and a function of the step cannot", "use a schedule that follows time alone", str(s))
    return plan, s.checked_base(base, target)


def load(path: str | Path, **options: Unpack[Options]) -> Schedule:
    """The schedule in a file: UTF-8 text, as `parse` takes it. Options as in `parse`. What the file uses lies in its own folder or below.

    Raises `ScheduleError` for a text that is wrong or is not UTF-8, `OSError` where the file cannot be read.
    """
    try:
        path = Path(path)
        path.stat()
    except (TypeError, ValueError):  # no path, or one with a NUL byte
        raise refuse("LR152", f"path is {quoted(path)}", 'give the path of a file: `lrdsl.load("schedule.lrs")`') from None
    try:
        return parse(read_text(path), library=Folder.of(path), **options)
    except UnusableError as reason:
        raise ScheduleError(refuse("LR146", reason.message, reason.help).diagnostics, "", str(path)) from None
    except ScheduleError as error:
        raise ScheduleError(error.diagnostics, error.text, str(path)) from None
