"""Param groups: which target sets a value in which group, and under which key the value and its base are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from lrdsl.diagnostics import ScheduleError, did_you_mean, refuse, shown
from lrdsl.targets import Target, fits
from lrdsl.targets.patterns import MAX_DIGITS

#: The quantity that torch's schedulers set.
LR = "lr"
#: The most groups that an error names.
MOST_NAMED = 12
#: A param group.
Group: TypeAlias = "dict[str, Any]"
#: A param group and its base.
Slot: TypeAlias = "tuple[Group, float]"

#: What people and other libraries call a key of torch's groups.
_ELSEWHERE = {
    **dict.fromkeys(("learning_rate", "lrate", "rate", "eta", "alpha", "step_size"), "lr"),
    **dict.fromkeys(("wd", "decay", "l2", "weightdecay", "lambda"), "weight_decay"),
    **dict.fromkeys(("momentum", "beta", "beta1", "beta_1", "b1"), "betas[0]"),
    **dict.fromkeys(("beta2", "beta_2", "b2"), "betas[1]"),
}


def groups_of(optimizer: Any, schedule: object) -> list[Group]:
    """The param groups of an optimizer. Raises `ScheduleError`, with the text of the schedule, for an object without them."""
    groups = getattr(optimizer, "param_groups", None)
    if not isinstance(groups, list) or not groups or not all(isinstance(group, dict) and LR in group for group in groups):
        raise refuse("LR152", f"{type(optimizer).__name__} has no param groups with an `lr`", "pass an optimizer, as `torch.optim.SGD(...)`", str(schedule))
    return groups


def name_of(group: Mapping[str, Any]) -> str:
    """The name of a group, "" if it has none."""
    return str(group.get("name", ""))


def meant(key: str, keys: Sequence[str], names: Sequence[str]) -> str | None:
    """Returns the target that is meant by a key which a group lacks, as far as the group's `keys` and the `names` of all groups tell.

    >>> [meant(key, ["lr", "betas", "weight_decay"], ["head"]) for key in ("wd", "momentum", "lr.head", "head", "weight_decy", "ema")]
    ['weight_decay', 'betas[0]', 'lr["head"]', 'lr["head"]', 'weight_decay', None]
    """
    first, _, last = key.partition(".")
    for name, quantity in ((key, LR), (last, first), (first, last)):
        if name in names and name and quantity in keys:
            return f'{quantity}["{name}"]'
    elsewhere = _ELSEWHERE.get(key)
    return elsewhere if elsewhere is not None and elsewhere.partition("[")[0] in keys else did_you_mean(key, keys)


def quantities(targets: Sequence[Target]) -> dict[str, list[Target]]:
    """Sorts targets by the quantity that they set (`lr`, `betas[0]`), in the order of the text."""
    by_quantity: dict[str, list[Target]] = {}
    for target in targets:
        by_quantity.setdefault(target.quantity, []).append(target)
    return by_quantity


def numbers_in(targets: Sequence[Target], groups: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Returns the numbers that each family catches in the names of groups, by its target."""
    families = {target.written: target for target in targets if target.number is not None}
    caught = {written: [family.number_of(name_of(group)) for group in groups] for written, family in families.items()}
    return {written: [number for number in numbers if number is not None] for written, numbers in caught.items()}


def assign_groups(targets: Sequence[Target], groups: Sequence[Mapping[str, Any]], schedule: object) -> list[tuple[Target, list[int]]]:
    """Returns the targets of one quantity, each with the indices of the groups that it sets.

    If several targets fit a group, one with a selector wins over one without; among equals, the later one wins. Raises `ScheduleError` for a selector that
    fits no group; `schedule` is the text that the error shows.
    """
    winners: dict[int, int] = {}
    for k in sorted(range(len(targets)), key=lambda k: (bool(targets[k].groups), k)):
        useless = next((selector for selector in targets[k].groups if not any(fits(selector, i, name_of(group)) for i, group in enumerate(groups))), None)
        if useless is not None:
            raise _fits_none(targets[k], useless, groups, schedule)
        winners |= {i: k for i, group in enumerate(groups) if targets[k].picks(i, name_of(group))}
    return [(target, [i for i, winner in sorted(winners.items()) if winner == k]) for k, target in enumerate(targets)]


def _fits_none(target: Target, selector: str | int, groups: Sequence[Mapping[str, Any]], schedule: object) -> ScheduleError:
    """The error of a selector that fits no group."""
    what = f"`{target.written}`" if len(target.groups) == 1 else f'`"{shown(selector)}"`' if isinstance(selector, str) else f"index {selector}"
    inside = "" if len(target.groups) == 1 else f" of `{shown(target.written, 100)}`"
    names = list(dict.fromkeys(shown(name_of(group)) for group in groups if "name" in group))
    more = f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else ""
    called = ", ".join(f"`{name}`" for name in names[:MOST_NAMED]) + more
    help = f"they are called {called}" if names else "they have no `name`: give them one, or pick them by index"
    if isinstance(selector, int):
        help = f"groups are counted from 0: the last is `{target.quantity}[{len(groups) - 1}]`{f'; they are called {called}' if names else ''}"
    if target.number is not None:
        help = f"the braces catch a whole number of at most {MAX_DIGITS} digits in a group's name; {help}"
    return refuse("LR153", f"{what}{inside} fits no param group; the optimizer has {len(groups)}", help, str(schedule))


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
