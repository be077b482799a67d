"""Tensors that get their levels together: those of one device and type are filled by one call, where that is faster than to fill each."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any

import attrs
import torch

from lrdsl.runtime.tensors import FEWEST, FEWEST_ON_CPU, is_short, to_odd

#: The device to which a copy of numbers takes them at once, and waits for no work that is queued there.
_QUEUED = "cuda"


@attrs.frozen(eq=False)
class Batch:
    """Tensors of one device and type, and their `places` among all. `staged` holds their levels on the device, and `parts` are its elements."""

    places: list[int]
    tensors: list[torch.Tensor]
    staged: torch.Tensor
    parts: list[torch.Tensor]

    def fill(self, levels: Sequence[float]) -> None:
        """Fills each tensor with the number it can hold that is nearest to its level. `levels` are those of all places."""
        own = [levels[place] for place in self.places]
        if is_short(self.staged):
            own = [to_odd(level) for level in own]
        numbers = torch.tensor(own, dtype=self.staged.dtype, device="cpu")
        self.staged.copy_(numbers, non_blocking=self.staged.device.type == _QUEUED)
        torch._foreach_copy_(self.tensors, self.parts)


@attrs.frozen(eq=False)
class Together:
    """The batches of some values, and the places of the `others`, which are in none."""

    batches: list[Batch]
    others: list[int]

    def are_in(self, values: Sequence[Any]) -> bool:
        """Whether the values still hold the tensors of all batches."""
        return all(all(map(is_, [values[place] for place in batch.places], batch.tensors)) for batch in self.batches)

    def fill(self, levels: Sequence[float]) -> None:
        """Fills the tensors of all batches."""
        for batch in self.batches:
            batch.fill(levels)


def gathered(values: Sequence[Any]) -> Together | None:
    """Returns those of the values that calls for many fill faster; None where there are none.

    A tensor of a subclass is not among them, since its class may fill it in its own way.
    """
    kinds: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for place, value in enumerate(values):
        if type(value) is torch.Tensor and value.dim() == 0:
            kinds.setdefault((value.device, value.dtype), []).append(place)
    batches = [
        _batch(places, [values[place] for place in places])
        for (device, _), places in kinds.items()
        if len(places) >= (FEWEST_ON_CPU if device.type == "cpu" else FEWEST)
    ]
    taken = {place for batch in batches for place in batch.places}
    return Together(batches, [place for place in range(len(values)) if place not in taken]) if batches else None


def _batch(places: list[int], tensors: list[torch.Tensor]) -> Batch:
    with torch.inference_mode(False):  # a tensor of inference mode could not be filled outside of it
        staged = torch.empty(len(tensors), dtype=tensors[0].dtype, device=tensors[0].device)
        return Batch(places, tensors, staged, list(staged.unbind()))
