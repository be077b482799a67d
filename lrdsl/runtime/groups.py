"""Param groups: which target sets a value in which group, and under which key the value and its base are kept."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from lrdsl.diagnostics import refuse
from lrdsl.plan import Target

#: A param group.
Group: TypeAlias = "dict[str, Any]"
#: A param group and its base.
Slot: TypeAlias = "tuple[Group, float]"


def quantities(targets: Sequence[Target]) -> dict[str, list[Target]]:
    """Sorts targets by the quantity that they set (`lr`, `betas[0]`), in the order of the text."""
    by_quantity: dict[str, list[Target]] = {}
    for target in targets:
        by_quantity.setdefault(target.key if target.element is None else f"{target.key}[{target.element}]", []).append(target)
    return by_quantity


def assign_groups(targets: Sequence[Target], groups: Sequence[dict[str, Any]], schedule: object) -> list[tuple[Target, list[int]]]:
    """Returns the targets of one quantity, each with the indices of the groups that it sets.

    If several targets fit a group, one with a selector wins over one without; among equals, the later one wins. Raises `ScheduleError` for a target whose
    selector fits no group; `schedule` is the text that the error shows.
    """
    winners: dict[int, int] = {}
    for k in sorted(range(len(targets)), key=lambda k: (targets[k].group is not None, k)):
        fitting = [i for i, group in enumerate(groups) if _fits(targets[k].group, i, group)]
        if not fitting:
            names = [str(group["name"]) for group in groups if "name" in group]
            help = f"they are called {', '.join(f'`{n}`' for n in names)}" if names else "they have no `name`: give them one, or pick them by index"
            raise refuse("LR153", f"`{targets[k].name}` fits no param group; the optimizer has {len(groups)}", help, str(schedule))
        winners |= dict.fromkeys(fitting, k)
    return [(target, [i for i, winner in sorted(winners.items()) if winner == k]) for k, target in enumerate(targets)]


def _fits(selector: str | int | None, index: int, group: dict[str, Any]) -> bool:
    if selector is None or isinstance(selector, int):
        return selector is None or selector == index
    return fnmatchcase(str(group.get("name", "")), selector)


def base_key(quantity: str) -> str:
    """The key under which a group keeps the base of a quantity, as torch keeps `initial_lr`."""
    return f"initial_{quantity}"


def element_of(value: Any, element: int | None) -> Any:
    """The value itself, or the element of it that a target names."""
    return value if element is None else value[element]


def with_element(value: Any, element: int, level: float) -> Any:
    """A copy of a list or tuple with one element replaced; a tuple stays a tuple."""
    replaced = [level if i == element else old for i, old in enumerate(value)]
    return tuple(replaced) if isinstance(value, tuple) else replaced
