"""Counts the work of a call, for tests of complexity: calls of functions, and characters that methods of strings go over."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

from lrdsl.expr import sharing

#: The methods of strings that may go over the whole string.
_WHOLE = {"count", "split", "splitlines", "lower", "upper", "strip", "replace", "rpartition", "partition", "encode", "isascii"}


def work(call: Callable[[], object]) -> int:
    """Returns the work of a call: its calls of functions, and the characters that they go over."""
    total = 0

    def count(_frame: FrameType, event: str, argument: Any) -> None:
        nonlocal total
        if event == "call":
            total += 1
        elif event == "c_call":
            owner = getattr(argument, "__self__", None)
            total += 1 + (len(owner) if isinstance(owner, str) and argument.__name__ in _WHOLE else 0)

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # the end of what other tests left is no work of this call
    sharing._clear()  # nor is the sweep of their nodes
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return total


def memory(call: Callable[[], object]) -> int:
    """Returns the most bytes that a call has allocated at one time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
