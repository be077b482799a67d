"""Several optimizers under one schedule: their param groups, numbered on from the first optimizer to the last."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any

from lrdsl.diagnostics import refuse, shown
from lrdsl.runtime.groups import Group, groups_of, name_of
from lrdsl.schedule import Schedule


class Optimizers:
    """Several optimizers, with the `param_groups` of all of them in one list.

    The list is the same object for as long as each optimizer has the same groups, so that one glance tells whether they have changed.
    """

    def __init__(self, optimizers: Sequence[Any]) -> None:
        self.optimizers = tuple(optimizers)
        self._seen: list[tuple[Any, list[Group], list[Group]]] = []
        self._groups: list[Group] = []
        self._look()

    @property
    def param_groups(self) -> list[Group]:
        """The groups of all optimizers."""
        for optimizer, groups, held in self._seen:
            if not same_groups(optimizer.param_groups, groups, held):
                self._look()
                break
        return self._groups

    def _look(self) -> None:
        self._seen = [(optimizer, optimizer.param_groups, list(optimizer.param_groups)) for optimizer in self.optimizers]
        self._groups = [group for _, groups, _ in self._seen for group in groups]


def same_groups(now: list[Group], groups: list[Group], held: list[Group]) -> bool:
    """Whether a list of groups is the one that it was, and has the groups in it that it had."""
    return now is groups and len(now) == len(held) and all(map(is_, now, held))


def each_of(optimizer: Any) -> tuple[Any, ...]:
    """The optimizers that were joined, or the only one."""
    return optimizer.optimizers if isinstance(optimizer, Optimizers) else (optimizer,)


def sizes_of(optimizer: Any) -> tuple[int, ...]:
    """How many groups each optimizer has."""
    return tuple(len(one.param_groups) for one in each_of(optimizer))


def joined(optimizer: Any, schedule: Schedule) -> Any:
    """Returns an optimizer as it is, and a list of several as one. Raises `ScheduleError` for a list that cannot be joined, and for what is no optimizer."""
    if not isinstance(optimizer, list | tuple):
        groups_of(optimizer, schedule)
        return optimizer
    text = str(schedule)
    if not optimizer:
        raise refuse("LR152", "the list of optimizers is empty", "give one optimizer, or a list of several: `[generator, discriminator]`", text)
    lists = [groups_of(one, schedule) for one in optimizer]
    owners: dict[str, int] = {}
    for i, groups in enumerate(lists):
        first = next((j for j, other in enumerate(lists[:i]) if any(one is two for one in other for two in groups)), None)
        if first is not None:
            raise refuse("LR152", f"optimizer {i} of the list has param groups of optimizer {first}", "give each optimizer once", text)
        for name in {name_of(group) for group in groups} - {""}:
            if owners.setdefault(name, i) != i:
                message = f"the optimizers {owners[name]} and {i} of the list have a param group called `{shown(name)}` each"
                raise refuse("LR152", message, 'give each group a `name` of its own, as "generator" and "discriminator"', text)
    return Optimizers(optimizer)
