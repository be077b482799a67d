"""`Batches`: the tokens or samples of each step of a run in which they change, and the exact step at which so many have been seen."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from typing import Any

import attrs

from lrdsl.expr.exact import Exact, plain, quotient, reduced, unplain


@attrs.frozen
class Batches:
    """The amounts that the steps of a run take: from the step `starts[i]` on, each takes `amounts[i]`. The first start is 0, and amounts that follow differ.

    What has been seen at a step is the running sum of the steps before it. A time within a step has seen that part of it.

    >>> batches = Batches.of([(0, 100), (2.5, 300)])
    >>> str(batches), batches.seen(4), batches.steps(600, 2)
    ('100, then 300 from step 3 on', 600, Fraction(8, 3))
    """

    starts: tuple[int, ...]
    amounts: tuple[Exact, ...]

    @classmethod
    def of(cls, stairs: Iterable[tuple[Exact, Exact]]) -> Batches:
        """Returns the batches that have each amount from a time on, by rising time. A step takes the amount in force where it begins."""
        starts: list[int] = []
        amounts: list[Exact] = []
        for time, amount in stairs:
            step = math.ceil(time)
            if starts and starts[-1] == step:  # no step begins between two times
                starts.pop()
                amounts.pop()
            if not amounts or amounts[-1] != amount:
                starts.append(step)
                amounts.append(amount)
        return cls(tuple(starts), tuple(amounts))

    @property
    def constant(self) -> Exact | None:
        """The amount of every step, if it is the same for all."""
        return self.amounts[0] if len(self.amounts) == 1 else None

    @cached_property
    def _seen(self) -> tuple[Exact, ...]:
        """What has been seen at each start."""
        sums: list[Exact] = [0]
        for i, amount in enumerate(self.amounts[:-1]):
            sums.append(reduced(sums[-1] + (self.starts[i + 1] - self.starts[i]) * amount))
        return tuple(sums)

    def seen(self, step: Exact) -> Exact:
        """Returns how much has been seen at a step."""
        i = max(bisect_right(self.starts, step) - 1, 0)
        return reduced(self._seen[i] + (step - self.starts[i]) * self.amounts[i])

    def steps(self, amount: Exact, start: Exact) -> Exact:
        """Returns how many steps from `start` on take this amount together. An amount below 0 counts the steps before `start`, as a number below 0."""
        seen = self.seen(start) + amount
        i = max(bisect_right(self._seen, seen) - 1, 0)
        return reduced(self.starts[i] + quotient(seen - self._seen[i], self.amounts[i]) - start)

    def plain(self) -> list[list[Any]]:
        """Returns the batches as JSON data: pairs of a step and an amount."""
        return [[step, plain(amount)] for step, amount in zip(self.starts, self.amounts, strict=True)]

    @classmethod
    def from_plain(cls, data: Any) -> Batches:
        """Returns the batches from the data of `plain`. Raises `ValueError` for other data."""
        pairs = [(start, unplain(amount)) for start, amount in data]
        starts = [start for start, _ in pairs]
        in_order = all(type(start) is int for start in starts) and starts[:1] == [0] and all(a < b for a, b in pairwise(starts))
        if not in_order or not all(amount > 0 for _, amount in pairs) or len(pairs) < 2:
            raise ValueError(data)
        return cls.of(pairs)

    def __str__(self) -> str:
        later = [f"then {plain(amount)} from step {step} on" for step, amount in zip(self.starts[1:], self.amounts[1:], strict=True)]
        shown = later if len(later) < 4 else [*later[:2], f"and {len(later) - 2} more"]
        return ", ".join([str(plain(self.amounts[0])), *shown])
