"""Rates that are tensors: which ones can be filled in place with any level, and which would hold another number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from lrdsl.arguments import quoted
from lrdsl.diagnostics import refuse
from lrdsl.runtime.groups import Slot

#: The largest float32, and the bytes of one: a rate is held in no smaller float.
_SINGLE, _BYTES = 3.4028234663852886e38, 4


def check_fills(what: str, value: Any, text: str = "") -> None:
    """Raises `ScheduleError` for a tensor that cannot be filled in place, or that would round a level too much. `what` names the tensor in the message."""
    dtype = getattr(value, "dtype", None)
    if not getattr(dtype, "is_floating_point", True):
        raise refuse("LR152", f"{what} is {quoted(value)}, and {dtype} can hold no rate but a whole number", "make it `torch.tensor(1.0)`", text)
    if getattr(dtype, "itemsize", _BYTES) < _BYTES:
        message = f"{what} is a tensor of {dtype}, which rounds rates to three digits or fewer, and small ones to 0"
        raise refuse("LR152", message, "make it a float32 tensor: `torch.tensor(0.1)`", text)
    if getattr(value, "requires_grad", False):
        raise refuse("LR152", f"{what} is a tensor that requires a gradient, so it cannot be filled in place", "give the optimizer `lr.detach()`", text)
    if hasattr(value, "is_inference") and value.is_inference():
        message = f"{what} is a tensor of inference mode, so it cannot be filled in place"
        raise refuse("LR152", message, "make the tensor outside of `torch.inference_mode`", text)


def largest_number(values: Iterable[Any]) -> float:
    """The largest number that every tensor among these values can hold."""
    sizes = [getattr(getattr(value, "dtype", None), "itemsize", 8) for value in values if hasattr(value, "fill_")]
    return _SINGLE if min(sizes, default=8) <= _BYTES else math.inf


def check_shared(tracks: Sequence[tuple[str, str, Sequence[Slot]]], text: str) -> None:
    """Raises `ScheduleError` if groups that share one tensor must hold different rates. Each track is a target's name, its key, and its groups."""
    rates: dict[int, tuple[str, float]] = {}
    for name, key, slots in tracks:
        for group, base in slots:
            value = group[key]
            if hasattr(value, "fill_") and rates.setdefault(id(value), (name, base)) != (name, base):
                message = f"several param groups share one tensor as their `{key}`, and the schedule sets a different level in each"
                raise refuse("LR152", message, "give each group a tensor of its own: `lr.clone()`", text)
