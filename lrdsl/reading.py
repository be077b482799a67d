"""Loads a schedule from a file, and from the arguments of the framework adapters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lrdsl.arguments import quoted
from lrdsl.arguments import schedule as written
from lrdsl.check.program import UnusableError
from lrdsl.clock import Options
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.files.folder import Folder
from lrdsl.files.opening import read_text
from lrdsl.schedule import Schedule, parse

if TYPE_CHECKING:
    from typing_extensions import Unpack


def read(schedule: str | Schedule, options: Options) -> Schedule:
    """Returns a schedule: the argument itself, or the schedule that a text describes.

    Raises `TypeError` for a Schedule with options, since it has its clock and names already.
    """
    if not isinstance(schedule, Schedule):
        return parse(written("the schedule", schedule, "give the text of a schedule, or a Schedule from `lrdsl.parse`"), **options)
    if options:
        raise TypeError("a Schedule has its clock and names already; options belong to text")
    return schedule


def timed(text: str | Schedule, target: str | None, options: Options) -> Schedule:
    """Returns a schedule, for frameworks that need a function of the step alone.

    Raises `ScheduleError` for a schedule that follows a metric in this target.
    """
    s = read(text, options)
    if s.plan_of(target).watches:
        raise refuse("LR152", "the schedule follows a metric, and a function of the step cannot", "use a schedule that follows time alone", str(s))
    return s


def load(path: str | Path, **options: Unpack[Options]) -> Schedule:
    """Reads a schedule from a file of UTF-8 text. The options are those of `parse`. The file may `use` files in its own folder and its subfolders.

    Raises `ScheduleError` if the text is wrong or not UTF-8, and `OSError` if the file cannot be read.
    """
    try:
        path = Path(path)
        path.stat()
    except (TypeError, ValueError):  # not a path, or a path with a NUL byte
        raise refuse("LR152", f"path is {quoted(path)}", 'give the path of a file: `lrdsl.load("schedule.lrs")`') from None
    try:
        return parse(read_text(path), library=Folder.of(path), **options)
    except UnusableError as reason:
        raise ScheduleError(refuse("LR146", reason.message, reason.help).diagnostics, "", str(path)) from None
    except ScheduleError as error:
        raise ScheduleError(error.diagnostics, error.text, str(path)) from None
