"""Rates that are tensors: which ones can be filled in place, with the nearest number that they hold, and which belong to several groups."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any

from lrdsl.arguments import quoted
from lrdsl.diagnostics import refuse
from lrdsl.runtime.groups import Slot, element_of, with_element

#: The bytes of a float32: a smaller float is filled in two steps.
_BYTES = 4
#: The largest number and the relative rounding of floats by the name of their type, and of a float by its size.
_KINDS = {"torch.float16": (65504.0, 2.0**-11), "torch.bfloat16": (3.3895313892515355e38, 2.0**-8)}
_SIZES = {2: _KINDS["torch.float16"], 4: (3.4028234663852886e38, 2.0**-24)}
_DOUBLE = (math.inf, 0.0)
#: The fewest tensors for which one call for all is faster. To fill each of 5 takes 31 us on an H100, and one call 22; on a CPU both take as long for 15.
FEWEST, FEWEST_ON_CPU = 5, 16


def is_tensor(value: Any) -> bool:
    """Whether a value is filled in place."""
    return hasattr(value, "fill_")


def check_fills(what: str, value: Any, text: str = "") -> None:
    """Raises `ScheduleError` for a tensor that cannot be filled in place, or that would round a level too much. `what` names the tensor in the message."""
    dtype = getattr(value, "dtype", None)
    if not getattr(dtype, "is_floating_point", True):
        raise refuse("LR152", f"{what} is {quoted(value)}, and {dtype} can hold no rate but a whole number", "make it `torch.tensor(1.0)`", text)
    if getattr(dtype, "itemsize", _BYTES) < 2:
        message = f"{what} is a tensor of {dtype}, which rounds rates to one digit, and small ones to 0"
        raise refuse("LR152", message, "make it a float32 tensor: `torch.tensor(0.1)`", text)
    if getattr(value, "requires_grad", False):
        raise refuse("LR152", f"{what} is a tensor that requires a gradient, so it cannot be filled in place", "give the optimizer `lr.detach()`", text)
    if hasattr(value, "is_inference") and value.is_inference():
        message = f"{what} is a tensor of inference mode, so it cannot be filled in place"
        raise refuse("LR152", message, "make the tensor outside of `torch.inference_mode`", text)


def _kind(value: Any) -> tuple[float, float]:
    dtype = getattr(value, "dtype", None)
    return _KINDS.get(str(dtype)) or _SIZES.get(getattr(dtype, "itemsize", 8), _DOUBLE)


def largest_number(values: Iterable[Any]) -> float:
    """The largest number that every tensor among these values can hold."""
    return min((_kind(value)[0] for value in values if is_tensor(value)), default=math.inf)


def holds(value: Any, number: float, level: float) -> bool:
    """Whether a value, which is the number, is what a level is when it is stored there."""
    return number == level or (is_tensor(value) and abs(number - level) <= _kind(value)[1] * abs(level))


def is_short(value: Any) -> bool:
    """Whether a value is a tensor of fewer bits than a float32."""
    return is_tensor(value) and getattr(getattr(value, "dtype", None), "itemsize", _BYTES) < _BYTES


def fill(tensor: Any, level: float) -> None:
    """Fills a tensor with the number it can hold that is nearest to a level."""
    tensor.fill_(to_odd(level) if is_short(tensor) else level)


def to_odd(level: float) -> float:
    """Returns a float32 near a level which every shorter float rounds as it would round the level itself.

    torch rounds a level to a float32 first, and a value midway between two shorter floats would then be rounded twice. The last bit of an inexact float32 is
    made 1, so that none is midway.

    >>> to_odd(0.5), to_odd(1 + 2.0**-30) > 1
    (0.5, True)
    """
    (bits,) = struct.unpack("<i", struct.pack("<f", level))
    (near,) = struct.unpack("<f", struct.pack("<i", bits))
    if near == level:
        return level
    bits = (bits - 1 if abs(near) > abs(level) else bits) | 1
    odd: float = struct.unpack("<f", struct.pack("<i", bits))[0]
    return odd


def given_their_own(tracks: Sequence[tuple[str, int | None, Sequence[Slot]]], others: Iterable[MutableMapping[str, Any]]) -> None:
    """Gives each group a tensor of its own for each value that is filled in place, where it shares one with another value, or with one of the `others`.

    Each track is a key, an element or None, and its groups. `others` are groups that this schedule does not set.
    """
    taken = {id(part) for group in others for value in group.values() for part in (value if isinstance(value, list | tuple) else (value,)) if is_tensor(part)}
    for key, element, slots in tracks:
        for group, _ in slots:
            value = element_of(group.get(key), element)
            if is_tensor(value) and id(value) in taken:
                value = value.clone()
                dict.__setitem__(group, key, value if element is None else with_element(group[key], element, value))
            taken.add(id(value))
