"""Writes a schedule as a call of another library's own scheduler, if one has exactly its values."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.dialects import dialect
from lrdsl.dialects.entry import Entry
from lrdsl.dialects.matching import Match, matches, python_value, spelled_out
from lrdsl.dialects.writing.generated import program
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact
from lrdsl.schedule import Schedule
from lrdsl.syntax.nodes import Node

#: The schedulers of torch that are written. OneCycleLR is not: it raises an error past its end, and its last rate is past its end too.
SCHEDULERS = (
    *("StepLR", "MultiStepLR", "ExponentialLR", "ConstantLR", "LinearLR", "PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts"),
    *("CyclicLR", "ReduceLROnPlateau"),
)


def write(request: Request) -> str | None:
    """Returns a program for torch with a function `make_scheduler(optimizer)`; None if no scheduler of torch is the schedule.

    A base that is given may be another one than that of the param groups, which a scheduler of torch goes by: then this writes nothing.
    """
    schedule = request.schedule
    if request.base is not None or len(schedule.targets) != 1 or request.main.name != "lr":
        return None
    library = dialect("torch")
    match = next(matching(schedule, tuple(library.entry(name) for name in SCHEDULERS)), None)
    if match is None:
        return None
    arguments = ", ".join(["optimizer", *(f"{name}={python_value(value)!r}" for name, value in match.arguments.items())])
    more = ", cycle_momentum=False" if "cycle_momentum" in {p.name for p in match.entry.parameters} and "cycle_momentum" not in match.arguments else ""
    lines = [
        "def make_scheduler(optimizer):",
        '    """Returns a scheduler. Call its `step()` after each step of the optimizer. To go on with a run, load its state."""',
        f"    return {match.entry.name}({arguments}{more})",
    ]
    return program("A scheduler for torch", schedule, [f"from torch.optim.lr_scheduler import {match.entry.name}"], [], lines)


def matching(schedule: Schedule, entries: tuple[Entry, ...], length: Exact | None = None) -> Iterator[Match]:
    """Yields the entries that are a schedule."""
    tree: Node | None = spelled_out(schedule)
    if tree is not None:
        yield from matches(schedule, tree, entries, length)
