"""Which target drives which param group, and where in a group a value lies."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from lrdsl.diagnostics import refuse
from lrdsl.plan import Target

#: A param group.
Group: TypeAlias = "dict[str, Any]"
#: A param group, and its base.
Slot: TypeAlias = "tuple[Group, float]"


def quantities(targets: Sequence[Target]) -> dict[str, list[Target]]:
    """The targets of each quantity (`lr`, `betas[0]`), in the order of the text."""
    found: dict[str, list[Target]] = {}
    for target in targets:
        found.setdefault(target.key if target.element is None else f"{target.key}[{target.element}]", []).append(target)
    return found


def chosen(targets: Sequence[Target], groups: Sequence[dict[str, Any]], schedule: object) -> list[tuple[Target, list[int]]]:
    """The groups that each target of one quantity drives: of the targets that fit a group, one that picks groups goes before one that does not, then the later.

    Raises `ScheduleError` for a target of the `schedule` that picks groups and fits none.
    """
    driven: dict[int, int] = {}
    for k in sorted(range(len(targets)), key=lambda k: (targets[k].group is not None, k)):
        fitting = [i for i, group in enumerate(groups) if _fits(targets[k].group, i, group)]
        if not fitting:
            names = [str(group["name"]) for group in groups if "name" in group]
            known = f"they are called {', '.join(f'`{n}`' for n in names)}" if names else "they have no `name`: give them one, or pick them by index"
            raise refuse("LR153", f"no param group is picked by `{targets[k].name}`; there are {len(groups)}", known, str(schedule))
        driven |= dict.fromkeys(fitting, k)
    return [(target, [i for i, by in sorted(driven.items()) if by == k]) for k, target in enumerate(targets)]


def _fits(selector: str | int | None, index: int, group: dict[str, Any]) -> bool:
    if selector is None or isinstance(selector, int):
        return selector is None or selector == index
    return fnmatchcase(str(group.get("name", "")), selector)


def base_key(quantity: str) -> str:
    """Where a group keeps the base of a quantity, as torch does with `initial_lr`."""
    return f"initial_{quantity}"


def element_of(value: Any, element: int | None) -> Any:
    """The value itself, or one element of several."""
    return value if element is None else value[element]


def with_element(value: Any, element: int, level: float) -> Any:
    """Several values with one of them replaced; a tuple stays a tuple."""
    replaced = [level if i == element else old for i, old in enumerate(value)]
    return tuple(replaced) if isinstance(value, tuple) else replaced
