"""A text within one budget of work: where that is not enough, there is an error with the place where it ran out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from lrdsl.diagnostics import Diagnostic, ScheduleError, Span
from lrdsl.work import MOST, TooMuchWorkError, counted, limited


def too_much(text: str, error: TooMuchWorkError) -> Diagnostic:
    """The error of a text that costs too much work, at the place where the budget ran out, if that is known."""
    extent = error.extent if error.extent is not None and error.text == text else (0, len(text))
    help = "write fewer cycles inside cycles, fewer phases, or assertions about a shorter run"
    return Diagnostic("LR005", "error", f"this takes more than {MOST:,} operations", help, Span.of(text, *extent))


@contextmanager
def bounded(text: str, counts: bool = False) -> Iterator[None]:
    """Give what is done with a text inside one budget. Raises `ScheduleError` where that is not enough. `counts` is for what SymPy does much of."""
    try:
        with limited(), counted() if counts else nullcontext():
            yield
    except TooMuchWorkError as error:
        raise ScheduleError([too_much(text, error)], text) from None
