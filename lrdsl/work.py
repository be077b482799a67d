"""Limits the work that one text may cause, and remembers what was read of a text, so that reading it again costs what has changed.

Operations are counted, not seconds, so a text gives the same result on every machine.

Caches save operations: a text near the limit may be refused at first, and answered when it, or one like it, was asked about before in the same process. That is
so with the caches of this package (nodes in use, pieces, machine trees) and of SymPy, whose calls are counted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from types import FrameType
from typing import Any, TypeVar

from lrdsl.diagnostics import Diagnostic, ScheduleError, Span

#: The most operations that one command, or one call of the library, spends on a text. Making one node of a formula is one operation.
MOST = 100_000
#: How many calls of Python functions inside another library count as one operation.
_CALLS = 6


class TooMuchWorkError(Exception):
    """A text needs more than `MOST` operations. `extent` is the part of `text` that needs them, if it is known."""

    text: str | None = None
    extent: tuple[int, int] | None = None

    def at(self, text: str, extent: tuple[int, int]) -> None:
        """Records the place of the work. Callers record from the inside out: the innermost place in the outermost text stays, since only that text is shown."""
        if self.text != text:
            self.text, self.extent = text, extent


#: Flags of generators. The garbage collector closes them, and an error raised there is lost; so the error is raised at the next call of a plain function.
_GENERATORS = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR of `inspect`, which is slow to import


class _EnoughError(BaseException):
    """Stops another library. It is no `Exception`, because the library may catch every `Exception`."""


#: The operations that are left in the current budget, as a list of one number; None where nothing is counted.
LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


def spend(operations: int) -> None:
    """Counts operations. Raises `TooMuchWorkError` when the budget is used up. Outside `limited` nothing is counted."""
    left = LEFT.get()
    if left is not None:
        left[0] -= operations
        if left[0] < 0:
            raise TooMuchWorkError


def spent() -> int:
    """Returns how many operations of the current budget are spent."""
    left = LEFT.get()
    return 0 if left is None else MOST - left[0]


class limited:  # noqa: N801
    """A context with one budget of `MOST` operations. Inside another such context it changes nothing: the outermost budget counts."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = None if LEFT.get() is not None else LEFT.set([MOST])

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            LEFT.reset(self._token)


@contextmanager
def counted(most: int | None = None) -> Iterator[None]:
    """Counts the work of another library by its function calls. Raises `TooMuchWorkError` after `most` operations.

    Without `most`, the library may spend the rest of the budget. If a profiler is already active, the calls are not counted.
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
            if calls < 0 and not frame.f_code.co_flags & _GENERATORS:
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


@contextmanager
def allotted(most: int) -> Iterator[None]:
    """A context for a part of the work that may be given up: it has at most so many operations. Raises `TooMuchWorkError` after them."""
    left = LEFT.get()
    part = [most if left is None else min(most, left[0])]
    room, token = part[0], LEFT.set(part)
    try:
        yield
    finally:
        LEFT.reset(token)
        if left is not None:
            left[0] -= room - max(part[0], 0)


def too_much(text: str, error: TooMuchWorkError) -> Diagnostic:
    """Returns the diagnostic for a text that needs too much work, at the place that used up the budget, if that is known."""
    extent = error.extent if error.extent is not None and error.text == text else (0, len(text))
    help = "write fewer cycles inside cycles, fewer phases, or assertions about a shorter run"
    return Diagnostic("LR005", "error", f"this takes more than {MOST:,} operations", help, Span.of(text, *extent))


@contextmanager
def bounded(text: str, counts: bool = False) -> Iterator[None]:
    """A context in which a text has one budget. Raises `ScheduleError` when it is used up. `counts`: count the calls inside SymPy too."""
    try:
        with limited(), counted() if counts else nullcontext():
            yield
    except TooMuchWorkError as error:
        raise ScheduleError([too_much(text, error)], text) from None


_Value = TypeVar("_Value")


class Memory:
    """Values by their keys. Those that the text before has not used are forgotten.

    The parts of a key that are nodes or plans count as the very same ones, not as equal ones: equal nodes may stand at other places. `made` counts the values
    that were made, for tests.
    """

    def __init__(self) -> None:
        self.made: dict[str, int] = {}
        self._now: dict[Hashable, tuple[Any, Any]] = {}
        self._before: dict[Hashable, tuple[Any, Any]] = {}

    def turn(self) -> None:
        """Begins with another text."""
        self._now, self._before = {}, self._now

    def get(self, kind: str, same: tuple[object, ...], equal: Hashable, of_this_text: bool = False) -> Any:
        """The value for the very same objects and equal other ones; None if there is none. Parts of a value that is not `of_this_text`
        may be forgotten."""
        key = (kind, tuple(map(id, same)), equal)
        entry = self._now.get(key) or (None if of_this_text else self._before.get(key))
        if entry is None:
            return None
        self._now[key] = entry
        return entry[1]

    def keep(self, kind: str, same: tuple[object, ...], equal: Hashable, value: _Value) -> _Value:
        """Keeps a value, and with it the objects of its key, so that no other object gets the identity of one of them."""
        self._now[kind, tuple(map(id, same)), equal] = same, value
        self.made[kind] = self.made.get(kind, 0) + 1
        return value

    def once(self, kind: str, same: tuple[object, ...], equal: Hashable, make: Callable[[], _Value]) -> _Value:
        """The value of a key, which is made if there is none."""
        value: _Value | None = self.get(kind, same, equal)
        return self.keep(kind, same, equal, make()) if value is None else value


#: The memory in use; None where each text is read but once.
MEMORY: ContextVar[Memory | None] = ContextVar("memory", default=None)


@contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """A context in which texts are read with the help of a memory."""
    token = MEMORY.set(memory)
    try:
        yield
    finally:
        MEMORY.reset(token)
