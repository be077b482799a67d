"""Attaching: a schedule bound to param groups, worked out in full before any group is touched."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import attrs

from lrdsl.arguments import floating, quoted
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import did_you_mean, refuse
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Watch
from lrdsl.runtime.groups import Group, Slot, base_key, chosen, element_of, quantities, with_element
from lrdsl.runtime.tensors import check_fills, check_shared, most_of
from lrdsl.schedule import Schedule

#: The quantity that torch's schedulers are about.
LR = "lr"
#: Ticks below this are compared faster than others.
_SMALL = 2**30 - 1
#: Stores the levels of a tick, of all groups or of none.
Store: TypeAlias = "Callable[[int], None]"


@attrs.frozen(eq=False)
class Track:
    """One target at work: its name and evaluator, and the groups that it drives, each with its base.

    `held` are the values that the groups had when it was attached; one that `fills` has tensors among them, which stay the same ones, so that code compiled for
    them stays valid. `most` is the largest number that they hold.
    """

    name: str
    evaluator: Evaluator
    key: str
    element: int | None
    slots: list[Slot]
    held: list[Any]
    fills: bool
    most: float

    def rows(self, tick: int) -> list[_Row]:
        """What stores the levels from a tick on, for each group."""
        level = self.evaluator.code_at(tick).function
        return [(level, base, group, self.key, self.element, held, self.most) for (group, base), held in zip(self.slots, self.held, strict=True)]


#: What stores the level of a group: the level as a function of tick and base, the base, the group, its key and element, what it held, and the most it can hold.
_Row: TypeAlias = "tuple[Callable[[float, float], float], float, Group, str, int | None, Any, float]"


def _all(stores: tuple[Store, ...], tick: int) -> None:
    for store in stores:
        store(tick)


def _filled(row: _Row, tick: int) -> None:
    """Fill the one tensor that there is."""
    level, base, group, key, _, held, most = row
    value, now = level(tick, base), group.get(key)
    if now is held and now is not None and -most <= value <= most:
        now.fill_(value)
    else:
        _carefully([row], tick)


def _carefully(rows: list[_Row], tick: int) -> None:
    """Store levels of which one may be refused: none is stored before all are known."""
    values: list[Any] = []
    now: Any
    for level, base, group, key, element, held, most in rows:
        value, now = level(tick, base), group.get(key)
        if element is not None:
            _has_element(f"`{key}` of a param group", now, element)
            values.append(with_element(now, element, float(value)))
            continue
        if now is not held and hasattr(now, "fill_"):  # put there by hand since
            check_fills(f"the `{key}` of a param group", now)
        if not -most <= value <= most:
            message = f"at tick {tick} the `{key}` of a param group is {value:g}, and its tensor holds {most:.3g} at the most"
            raise refuse("LR152", message, "make it a float64 tensor")
        values.append(value)
    for (_, _, group, key, *_), value in zip(rows, values, strict=True):
        now = group.get(key)
        if hasattr(now, "fill_"):
            now.fill_(value)
        else:
            group[key] = float(value) if isinstance(value, int) else value


@attrs.frozen(eq=False)
class Held:
    """What groups hold, and the values of the tensors in them that are filled."""

    groups: list[tuple[Group, Group]]
    filled: list[tuple[Any, Any]]

    def put_back(self) -> None:
        """Make the groups hold that again, whatever they do when a value is stored."""
        for group, values in self.groups:
            dict.clear(group)
            dict.update(group, values)
        for tensor, value in self.filled:
            tensor.copy_(value)


_NOTHING = Held([], [])


@attrs.frozen(eq=False)
class Attached:
    """A schedule and the param groups that it drives, each with its base by quantity, and what it watches."""

    schedule: Schedule
    groups: list[Group]
    count: int
    bases: dict[str, list[float]]
    tracks: tuple[Track, ...]
    watches: tuple[Watch, ...]
    careful: bool
    plain: bool

    def fits(self, groups: list[Group]) -> bool:
        """Whether it is of these groups: an optimizer that loaded a state has new ones, and some are added later."""
        return groups is self.groups and len(groups) == self.count

    def entering(self, tick: int) -> tuple[float, Store]:
        """The tick before which the formulas in force at this one hold, and what stores their levels."""
        codes = [track.evaluator.code_at(tick) for track in self.tracks]
        # While a metric is followed, no tick is like the one before.
        end = 0 if any(watch.goes_on(tick) for watch in self.watches) else min((code.end for code in codes), default=math.inf)
        until = math.ceil(end) if end < _SMALL else _SMALL if tick < _SMALL else min(end, MAX_TICKS + 1)
        if self.careful or (len(codes) > 1 and any(code.multiplies for code in codes)):
            rows = [row for track in self.tracks for row in track.rows(tick)]
            alone = len(rows) == 1 and self.tracks[0].fills
            return until, partial(_filled, rows[0]) if alone else partial(_carefully, rows)
        if len(codes) == 1:
            return until, codes[0].storing(self.tracks[0].key, self.tracks[0].slots)
        return until, partial(_all, tuple([code.storing(track.key, track.slots) for code, track in zip(codes, self.tracks, strict=True)]))

    def differs(self, schedule: Schedule, tick: int) -> bool:
        """Whether some level at a tick is another one by a schedule with more events."""
        return any(schedule.evaluators[track.name].level(tick, base) != track.evaluator.level(tick, base) for track in self.tracks for _, base in track.slots)

    def held(self) -> Held:
        """What the groups hold, where storing in them may fail: plain dicts take any value."""
        if self.plain:
            return _NOTHING
        filled = [group[track.key] for track in self.tracks if track.fills for group, _ in track.slots]
        return Held([(group, dict(group)) for group in self.groups], [(value, value.clone()) for value in filled if hasattr(value, "clone")])

    def put_back(self, tick: int) -> None:
        """Store the levels of a tick in what a group of the host's own did not let be stored whole."""
        for track in self.tracks:
            for group, base in track.slots:
                level, now = track.evaluator.level(tick, base), group[track.key]
                if hasattr(now, "fill_"):
                    now.fill_(level)
                else:
                    dict.__setitem__(group, track.key, level if track.element is None else with_element(now, track.element, level))

    def keep_bases(self, groups_have: bool = True) -> None:
        """Write the bases into the groups, as torch does with `initial_lr`; those that the `groups_have` stay."""
        for name, bases in self.bases.items():
            for group, base in zip(self.groups, bases, strict=True):
                if not groups_have or base_key(name) not in group:
                    group[base_key(name)] = base


def groups_of(optimizer: Any, schedule: Schedule) -> list[Group]:
    """The param groups of an optimizer. Raises `ScheduleError` for what has none."""
    groups = getattr(optimizer, "param_groups", None)
    if not isinstance(groups, list) or not groups or not all(isinstance(group, dict) and LR in group for group in groups):
        raise refuse("LR152", f"{type(optimizer).__name__} has no param groups with an `lr`", "pass an optimizer, as `torch.optim.SGD(...)`", str(schedule))
    return groups


def attached(schedule: Schedule, groups: list[Group], bases: Mapping[str, Sequence[Any]]) -> Attached:
    """A schedule bound to groups, in order, with these bases; groups beyond them have their own. Nothing is written.

    Raises `ScheduleError` for a group that has no place for a target, or a value there that is no rate.
    """
    found: dict[str, list[float]] = {}
    tracks = []
    for name, targets in {LR: [], **quantities(schedule.targets)}.items():
        key, element = (targets[0].key, targets[0].element) if targets else (LR, None)
        _have(key, element, groups, schedule)
        known = list(bases.get(name, ()))[: len(groups)]
        own = [group[base_key(name)] if base_key(name) in group else element_of(group[key], element) for group in groups[len(known) :]]
        driven = chosen(targets, groups, schedule)
        for i in (i for _, numbers in driven for i in numbers):
            if element is None and hasattr(groups[i][key], "fill_"):
                check_fills(f"the `{key}` of param group {i}", groups[i][key], str(schedule))
        found[name] = [_rate(f"the `{name}` of param group {i}", value, schedule) for i, value in enumerate((*known, *own))]
        for target, numbers in driven:
            slots = [(groups[i], schedule.checked_base(found[name][i], target.name)) for i in numbers]
            held = [group.get(key) for group, _ in slots]
            fills = element is None and any(hasattr(value, "fill_") for value in held)
            tracks.append(Track(target.name, schedule.evaluators[target.name], key, element, slots, held, fills, most_of(held) if fills else math.inf))
    if any(track.fills for track in tracks):
        check_shared([(track.name, track.key, track.slots) for track in tracks if track.fills], str(schedule))
    watches = tuple(watch for target in schedule.targets for watch in target.plan.watches)
    careful = any(track.fills or track.element is not None for track in tracks)
    plain = all(type(group) is dict for group in groups)
    return Attached(schedule, groups, len(groups), found, tuple(tracks), watches, careful, plain)


def _rate(what: str, value: Any, schedule: Schedule) -> float:
    rate = floating(value)
    if rate is None:
        help = f"make it a number: `float({value!r})`" if isinstance(value, str) and len(value) < 20 else "give the group a finite number, as 0.1"
        raise refuse("LR152", f"{what} is {quoted(value)}, which is no base", help, str(schedule))
    return rate


def _have(key: str, element: int | None, groups: list[Group], schedule: Schedule) -> None:
    """Refuse a target that a group has no place for."""
    for i, group in enumerate(groups):
        if not isinstance(group, dict) or key not in group:
            keys = [str(k) for k in group] if isinstance(group, dict) else []
            near = did_you_mean(key, keys) or ("betas[0]" if key == "momentum" and "betas" in keys else None)
            help = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{k}`' for k in keys if k != 'params')}"
            raise refuse("LR153", f"param group {i} has no `{key}`", help, str(schedule))
        if element is not None:
            _has_element(f"`{key}` of param group {i}", group[key], element, str(schedule))


def _has_element(what: str, value: Any, element: int, text: str = "") -> None:
    size = len(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else 0
    if element >= size:
        raise refuse("LR153", f"{what} has no element {element}", f"it has {size}, counted from 0", text)
