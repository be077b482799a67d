"""Work, counted: calls of functions, and the characters that a call goes over from one end to the other."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

#: Methods of texts that go over all of it, or over a part that is not told.
_WHOLE = {"count", "split", "splitlines", "lower", "upper", "strip", "replace", "rpartition", "partition", "encode", "isascii"}


def work(call: Callable[[], object]) -> int:
    """How much work a call is."""
    total = 0

    def count(_frame: FrameType, event: str, argument: Any) -> None:
        nonlocal total
        if event == "call":
            total += 1
        elif event == "c_call":
            owner = getattr(argument, "__self__", None)
            total += 1 + (len(owner) if isinstance(owner, str) and argument.__name__ in _WHOLE else 0)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return total


def memory(call: Callable[[], object]) -> int:
    """The most bytes that a call has at one time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
