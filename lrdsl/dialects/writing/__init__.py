"""Writes code for other libraries: `write` returns a program that gives the numbers of a schedule, and needs no lrdsl."""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from typing import Any

from lrdsl.arguments import one_of
from lrdsl.dialects.writing.request import Request
from lrdsl.schedule import Schedule
from lrdsl.work import bounded

#: The modules of this package that write for each dialect, in the order in which they are tried. A module has a function `write(request)`, which returns the
#: text, or None to leave the schedule to the next one. The last one raises `ScheduleError` for what the dialect cannot say.
WRITERS: dict[str, tuple[str, ...]] = {
    "composer": ("composer",),
    "deepspeed": ("deepspeed",),
    "keras": ("keras",),
    "mmengine": ("mmengine",),
    "numpy": ("numpy",),
    "optax": ("optax",),
    "python": ("python",),
    "timm": ("timm",),
    "torch": ("constructors", "torch"),
    "transformers": ("transformers",),
}

#: The dialects whose settings are found by trying one scheduler after another, each with a budget of its own.
_TRIED = frozenset(("composer", "deepspeed", "mmengine", "timm", "transformers"))


def write(schedule: Schedule, to: str, base: Any = None, target: str | None = None) -> str:
    """Returns a schedule as text of a dialect, a name in `WRITERS`: for a base, or with the base as a parameter; for one target.

    Raises `ScheduleError` for a name that no dialect has, for a base or a target out of place, and, with the code LR155, for what the dialect cannot say.
    """
    one_of("to", to, WRITERS, str(schedule))
    number = None if base is None else schedule.checked_base(base, target)
    schedule.target(target)
    request = Request(schedule, number, target)
    with nullcontext() if to in _TRIED else bounded(schedule.text, counts=True):
        for name in WRITERS[to]:
            text: str | None = import_module(f"{__name__}.{name}").write(request)
            if text is not None:
                return text
    raise AssertionError(to)
