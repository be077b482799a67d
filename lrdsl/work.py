"""How much work one text may cost. Operations are counted, not seconds, so that a text ends the same way on every machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from types import FrameType
from typing import Any

from lrdsl.diagnostics import Diagnostic, ScheduleError, Span

#: The most operations that one command, or one call of the library, spends on a text. To make one node of a formula is one operation.
MOST = 100_000
#: So many calls of Python functions inside another library are one operation.
_CALLS = 6


class TooMuchWorkError(Exception):
    """A text costs more than `MOST` operations. `extent` is the part of `text` that they were spent on, where that is known."""

    text: str | None = None
    extent: tuple[int, int] | None = None

    def at(self, text: str, extent: tuple[int, int]) -> None:
        """Note the place, from the inside out: the innermost of the outermost text, for only that text is shown."""
        if self.text != text:
            self.text, self.extent = text, extent


#: The collector of garbage ends generators, and what is raised there is lost: the next function is as good a place.
_ENDED = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR of `inspect`, which takes long to load


class _EnoughError(BaseException):
    """Ends the work of another library, which may catch every `Exception`."""


#: How many operations are left of the present budget, in a list of one; None where nothing is counted.
LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


def spend(operations: int) -> None:
    """Count operations. Raises `TooMuchWorkError` when the budget is used up; outside of `limited` nothing is counted."""
    left = LEFT.get()
    if left is not None:
        left[0] -= operations
        if left[0] < 0:
            raise TooMuchWorkError


def spent() -> int:
    """How many operations of the present budget are spent."""
    left = LEFT.get()
    return 0 if left is None else MOST - left[0]


class limited:  # noqa: N801
    """Gives what happens inside one budget. A budget that is there already stays: the outermost counts for all."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = None if LEFT.get() is not None else LEFT.set([MOST])

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            LEFT.reset(self._token)


@contextmanager
def counted(most: int | None = None) -> Iterator[None]:
    """Count the work of a library that does not count its own, by the functions that it calls. Raises `TooMuchWorkError` after `most` operations.

    Without `most`, all that is left of the budget may be spent. Where another profiler looks at the calls already, they are not counted.
    """
    left = LEFT.get()
    room = MOST if left is None else left[0]
    room = room if most is None else min(room, most)
    if sys.getprofile() is not None:
        yield
        return
    calls = room * _CALLS

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        if event == "call":
            calls -= 1
            if calls < 0 and not frame.f_code.co_flags & _ENDED:
                raise _EnoughError

    sys.setprofile(count)
    try:
        yield
    except _EnoughError:
        raise TooMuchWorkError from None
    finally:
        sys.setprofile(None)
        if left is not None:
            left[0] -= room - max(calls, 0) // _CALLS


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
