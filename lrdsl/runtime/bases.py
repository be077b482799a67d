"""The bases of param groups: carried over when groups change, found for the value that a group holds, and set by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from lrdsl.check.finite import BASE_RANGE, MAX_BASE
from lrdsl.diagnostics import refuse
from lrdsl.numbers.scalar import Evaluator
from lrdsl.runtime.groups import Group

#: How near a level must come to the value that a base is sought for, as a share of it.
_NEAR = 1e-9


def origins(before: Sequence[Group], sizes: Sequence[int], now: Sequence[Group], sizes_now: Sequence[int]) -> list[int | None]:
    """Returns which of the groups that optimizers had each of their groups is now, as an index; None for a group that was added.

    `sizes` says how many groups each optimizer had, `sizes_now` how many it has. An optimizer that loads a state makes its groups anew, with the same
    parameters.
    """
    numbers: list[int | None] = []
    old = new = 0
    for had, has in zip(sizes, sizes_now, strict=True):
        numbers += [None if i is None else old + i for i in _origins(before[old : old + had], now[new : new + has])]
        old, new = old + had, new + has
    return numbers


def _origins(before: Sequence[Group], now: Sequence[Group]) -> list[int | None]:
    places = {id(group): i for i, group in enumerate(before)}
    numbers = [places.get(id(group)) for group in now]
    left = [i for i in range(len(before)) if i not in numbers]
    if left and None in numbers:
        owners: dict[tuple[int, ...] | None, int] = {key: i for i in left if (key := _parameters(before[i])) is not None}
        numbers = [owners.get(_parameters(group)) if i is None else i for i, group in zip(numbers, now, strict=True)]
        left = [i for i in left if i not in numbers]
        if len(before) == len(now) and (len(left) == len(before) or not owners):  # groups without parameters, or with new ones throughout, keep their places
            numbers = [k if i is None and k in left else i for k, i in enumerate(numbers)]
    return numbers


def _parameters(group: Group) -> tuple[int, ...] | None:
    """What tells a group from others when it is made anew: its parameters. None if it has none."""
    parameters = group.get("params")
    return tuple(map(id, parameters)) if isinstance(parameters, list | tuple) and parameters else None


def base_for(evaluator: Evaluator, tick: float, level: float) -> float | None:
    """Returns the base for which a schedule has a level at a tick, from 0 up; None if there is none, as where the level does not depend on the base."""
    parts = evaluator.code_at(tick).parts(tick)
    base = _bisected(lambda b: evaluator.level(tick, b), level) if parts is None else (level - parts[0]) / parts[1] if parts[1] else None
    if base is None or not 0 <= base <= MAX_BASE:
        return None
    near = (base, math.nextafter(base, 0), math.nextafter(base, math.inf))
    return next((b + 0.0 for b in near if evaluator.level(tick, b) == level), base + 0.0)


def _bisected(level_of: Callable[[float], float], level: float) -> float | None:
    """The least base at which a function that rises with it has a level."""
    low, high = BASE_RANGE
    while low < (middle := math.sqrt(low) * math.sqrt(high)) < high:
        low, high = (middle, high) if level_of(middle) < level else (low, middle)
    return high if abs(level_of(high) - level) <= _NEAR * abs(level) else None


class Bases(list[float]):
    """The bases of the groups. An entry that is set takes effect at once; the length is that of the optimizer's groups."""

    def __init__(self, bases: Iterable[float], assign: Callable[[list[float]], None]) -> None:
        super().__init__(bases)
        self._assign = assign

    def __setitem__(self, index: Any, value: Any) -> None:
        changed = list(self)
        changed[index] = value
        self._assign(changed)
        super().__setitem__(index, value)

    def _refuse(self, *_: Any) -> NoReturn:
        message = "the bases have one number for each param group of the optimizer"
        raise refuse("LR152", message, "set one: `scheduler.base_lrs[1] = 0.1`; a group that was added has its base here already")

    append = extend = insert = pop = remove = clear = __delitem__ = __iadd__ = __imul__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)
