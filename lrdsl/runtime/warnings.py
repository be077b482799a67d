"""Warnings at `compile`, and where a function of the step is made: the rules that know more with the bases and the clock of the run."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lrdsl.diagnostics import Diagnostic, ScheduleWarning, Span
from lrdsl.rules import bases, ends, lengths, levels, runs, structure
from lrdsl.rules.finding import apply_comments, findings, text_silencers
from lrdsl.rules.rule import Driven, Facts

if TYPE_CHECKING:
    from lrdsl.runtime.attaching import Attachment, Notice
    from lrdsl.schedule import Schedule

_RULES = tuple(rule for rule in (*runs.RULES, *ends.RULES, *lengths.RULES, *bases.RULES, *levels.RULES, *structure.RULES) if rule.compiles)
#: Those that need no length of the run.
_WITHOUT_RUN = tuple(rule for rule in _RULES if not rule.run)


def warn(attachment: Attachment) -> None:
    """Warns of what the rules find in a schedule for the groups that it is attached to. The warnings point at the code that calls lrdsl."""
    schedule, numbers = attachment.schedule, {id(group): i for i, group in enumerate(attachment.groups)}
    driven = []
    for track in attachment.tracks:
        groups = tuple([(numbers[id(group)], group) for group, _ in track.slots if id(group) in numbers])  # a value that is in no group has none
        driven.append(Driven(schedule.target(track.name), tuple([base for _, base in track.slots]), groups))
    _warn(schedule, driven)


def warn_of_function(schedule: Schedule, target: str | None, base: float | None) -> None:
    """Warns of what the rules find in a target of which a program takes a function of the step, for the base that it gives; None if it gives none."""
    _warn(schedule, [Driven(schedule.target(target), () if base is None else (base,))])


def _warn(schedule: Schedule, driven: Iterable[Driven]) -> None:
    """Warns of what the rules find in a schedule for these targets and their bases."""
    facts = Facts(schedule, tuple(driven))
    problems = findings(facts, _WITHOUT_RUN if facts.total is None else _RULES)
    if problems:
        kept = apply_comments(schedule.text, text_silencers(schedule.text), problems)[0]
        once = {(d.span, d.code): d for d in reversed(kept)}  # for all members of a family
        for d in [once[key] for key in sorted(once)]:
            warnings.warn(ScheduleWarning(d, schedule.text), stacklevel=_caller())


def caution(notice: Notice, schedule: Schedule) -> None:
    """Warns of what looks like a mistake in the groups of a scheduler. The warning points at the code that calls lrdsl."""
    text, (message, help) = str(schedule), notice
    warnings.warn(ScheduleWarning(Diagnostic("LR152", "warning", message, help, Span.of(text, 0, len(text))), text), stacklevel=_caller())


def _caller() -> int:
    """Returns the `stacklevel`, for a warning of the function that calls this one, of the nearest code that is not lrdsl's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == "lrdsl":
        frame, level = frame.f_back, level + 1
    return level
