"""Rates that are tensors: which can be filled in place with a level, and which would hold another number than that."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from lrdsl.arguments import quoted
from lrdsl.diagnostics import refuse
from lrdsl.runtime.groups import Slot

#: The largest numbers of a float32, which are the smallest floats that a rate may be held in.
_SINGLE, _BYTES = 3.4028234663852886e38, 4


def check_fills(what: str, value: Any, text: str = "") -> None:
    """Refuse a tensor that cannot be filled in place with any level, or would hold another number than the level."""
    dtype = getattr(value, "dtype", None)
    if not getattr(dtype, "is_floating_point", True):
        raise refuse("LR152", f"{what} is {quoted(value)}, and no rate but a whole number can be held in {dtype}", "make it `torch.tensor(1.0)`", text)
    if getattr(dtype, "itemsize", _BYTES) < _BYTES:
        what = f"{what} is a tensor of {dtype}, which rounds rates to three digits or fewer, and small ones to 0"
        raise refuse("LR152", what, "make it a float32 tensor: `torch.tensor(0.1)`", text)
    if getattr(value, "requires_grad", False):
        raise refuse("LR152", f"{what} is a tensor that requires a gradient, and is filled in place", "give the optimizer `lr.detach()`", text)
    if hasattr(value, "is_inference") and value.is_inference():
        raise refuse("LR152", f"{what} is a tensor of inference mode, and is filled in place", "make the tensor outside of `torch.inference_mode`", text)


def most_of(values: Iterable[Any]) -> float:
    """The largest number that all tensors among some values can hold."""
    sizes = [getattr(getattr(value, "dtype", None), "itemsize", 8) for value in values if hasattr(value, "fill_")]
    return _SINGLE if min(sizes, default=8) <= _BYTES else math.inf


def check_shared(tracks: Sequence[tuple[str, str, Sequence[Slot]]], text: str) -> None:
    """Refuse a tensor that several groups hold, where they are to have different rates."""
    seen: dict[int, tuple[str, float]] = {}
    for name, key, slots in tracks:
        for group, base in slots:
            value = group[key]
            if hasattr(value, "fill_") and seen.setdefault(id(value), (name, base)) != (name, base):
                message = f"several param groups hold one tensor as their `{key}`, and the schedule gives them different ones"
                raise refuse("LR152", message, "give each group a tensor of its own: `lr.clone()`", text)
