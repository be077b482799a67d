"""Attaching a schedule to param groups: `attach` checks everything, and changes no group; an `Attachment` then stores the levels of any tick."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from lrdsl.arguments import floating, quoted, string, whole_number
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import refuse, shown
from lrdsl.numbers.scalar import Evaluator, prepare
from lrdsl.numbers.storing import Store, one_by_one, storing
from lrdsl.plan import Watch
from lrdsl.runtime.groups import LR, MOST_NAMED, Group, Slot, assign_groups, base_key, element_of, meant, name_of, numbers_in, quantities, with_element
from lrdsl.runtime.optimizers import same_groups
from lrdsl.runtime.tensors import FEWEST, check_fills, fill, given_their_own, is_short, is_tensor, largest_number
from lrdsl.schedule import Schedule
from lrdsl.targets import Target

if TYPE_CHECKING:
    from lrdsl.runtime.gathering import Together

#: Python compares integers below this faster than larger ones.
_SMALL = 2**30 - 1
#: A warning: what looks like a mistake, and the remedy.
Notice: TypeAlias = "tuple[str, str]"
#: The bases of groups, by quantity. A group that no target of the quantity picks may have none.
GroupBases: TypeAlias = "Mapping[str, Sequence[float | None]]"


@attrs.frozen(eq=False)
class Track:
    """One target, the `quantity` that it sets, and the groups in which it does, each with its base.

    `initial` are the values that the groups held when the schedule was attached. If some of them are tensors, the track `fills` them in place, so that code
    compiled for these tensors stays valid; `largest` is the largest number that they can hold.
    """

    name: str
    quantity: str
    evaluator: Evaluator
    key: str
    element: int | None
    slots: list[Slot]
    initial: list[Any]
    fills: bool
    largest: float

    def rows(self, tick: float) -> list[_Row]:
        """Returns what is needed to store the level of each group, with the formula in force at a tick."""
        level = self.evaluator.code_at(tick).function
        return [(level, base, group, self.key, self.element, initial, self.largest) for (group, base), initial in zip(self.slots, self.initial, strict=True)]


#: One group: the level as a function of tick and base, the base, the group, the key and element, the value it held first, the largest number it can hold.
_Row: TypeAlias = "tuple[Callable[[float, float], float], float, Group, str, int | None, Any, float]"


def _fill_tensor(row: _Row, tick: float) -> None:
    """Fills the tensor of the only group."""
    level, base, group, key, _, initial, largest = row
    value, tensor = level(tick, base), group.get(key)
    if tensor is initial and tensor is not None and -largest <= value <= largest:
        tensor.fill_(value)
    else:
        _store_checked([row], None, tick)


def _store_checked(rows: list[_Row], together: Together | None, tick: float) -> None:
    """Computes and checks every level, then stores them all, so that an error leaves every group as it was."""
    values: list[Any] = []
    held: list[Any] = []
    replaced = False
    current: Any
    for level, base, group, key, element, initial, largest in rows:
        value, current = level(tick, base), group.get(key)
        if element is not None:
            _check_element(f"`{key}` of a param group", current, element)
            current = current[element]
        if (current is not initial or getattr(current, "requires_grad", False)) and is_tensor(current):  # the user has replaced or changed the tensor
            check_fills(f"the `{key}` of a param group", current)
            replaced = True
        if is_tensor(current) and not -largest <= value <= largest:
            message = f"at tick {tick:g} the `{key}` of a param group is {value:g}, and its tensor holds {largest:.3g} at the most"
            raise refuse("LR152", message, "make it a float64 tensor")
        values.append(value)
        held.append(current)
    if replaced:  # several groups may have been given one tensor
        given_their_own([(key, element, [(group, base)]) for _, base, group, key, element, *_ in rows], ())
        held = [element_of(group.get(key), element) for _, _, group, key, element, *_ in rows]
    alone: Iterable[int] = range(len(rows))
    if together is not None and together.are_in(held):
        together.fill(values)
        alone = together.others
    for i in alone:
        _, _, group, key, element, *_ = rows[i]
        _put(group, key, element, values[i])


def _put(group: Group, key: str, element: int | None, level: float) -> None:
    """Stores a level in a group: a tensor is filled in place."""
    current = group.get(key)
    if is_tensor(part := element_of(current, element)):
        fill(part, level)
    else:
        group[key] = float(level) if element is None else with_element(current, element, float(level))


@attrs.frozen(eq=False)
class Snapshot:
    """A copy of what groups hold, with the values of the tensors that are filled in place."""

    groups: list[tuple[Group, Group]]
    filled: list[tuple[Any, Any]]

    def restore(self) -> None:
        """Puts the values back. Calls the methods of `dict` itself, since a group may be of a class that refuses a value."""
        for group, values in self.groups:
            dict.clear(group)
            dict.update(group, values)
        for tensor, value in self.filled:
            tensor.copy_(value)


@attrs.frozen(eq=False)
class Attachment:
    """A schedule and the param groups that it sets: the groups' bases by quantity, one track per target, and the watches of metrics.

    `groups` is the optimizer's own list, `held` a copy of it, `sizes` how many of the groups each optimizer has. `values` holds the levels of the targets that
    are in no group. `checked` says that a level may be refused, so all are checked before one is stored; `plain` says that every group is a plain dict, which
    accepts any value. `notices` are warnings to give when the run goes on with this attachment.
    """

    schedule: Schedule
    groups: list[Group]
    held: list[Group]
    sizes: tuple[int, ...]
    bases: dict[str, list[float | None]]
    values: dict[str, float]
    tracks: tuple[Track, ...]
    watches: tuple[Watch, ...]
    checked: bool
    plain: bool
    notices: tuple[Notice, ...] = ()

    @cached_property
    def together(self) -> Together | None:
        """The tensors that one call fills, among all rows of the tracks; None where there are none."""
        held = [value for track in self.tracks for value in track.initial]
        if sum(map(is_tensor, held)) < FEWEST or "torch" not in sys.modules:
            return None
        from lrdsl.runtime.gathering import gathered

        return gathered(held)

    @property
    def names(self) -> list[list[str]]:
        """The names of the groups of each optimizer."""
        names = iter([name_of(group) for group in self.held])
        return [list(islice(names, size)) for size in self.sizes]

    def matches(self, groups: list[Group]) -> bool:
        """Whether these are still the same groups: an optimizer makes new ones when it loads a state, and may add some later."""
        return same_groups(groups, self.groups, self.held)

    def attached(self, schedule: Schedule) -> Attachment:
        """Another schedule, attached to the same groups with the same bases."""
        attachment = attach(schedule, self.groups, self.bases, self.values, self.sizes)
        return attrs.evolve(attachment, notices=self.notices) if self.notices else attachment

    def after(self, schedule: Schedule) -> Attachment:
        """The same attachment after other events: a schedule of the same targets, with other plans."""
        evaluators = self._evaluators(schedule)
        tracks = [track if one is track.evaluator else attrs.evolve(track, evaluator=one) for track, one in zip(self.tracks, evaluators, strict=True)]
        return attrs.evolve(self, schedule=schedule, tracks=tuple(tracks), watches=_watches(schedule))

    def _evaluators(self, schedule: Schedule) -> list[Evaluator]:
        """The evaluator that each track has with another schedule of the same targets."""
        targets = {target.name: target for target in schedule.targets}
        return [schedule.evaluator_of(targets[track.name]) for track in self.tracks]

    def with_bases(self, bases: GroupBases) -> Attachment:
        """The same schedule and groups, with other bases."""
        return attach(self.schedule, self.groups, bases, self.values, self.sizes)

    def store_from(self, tick: float) -> tuple[float, Store]:
        """Returns the function that stores levels from this tick on, and the tick at which another function is needed."""
        codes = [track.evaluator.code_at(tick) for track in self.tracks]
        # While the schedule waits for a metric, each tick may bring a new formula; and a copy of groups of the user's own class is kept at each tick.
        waits = not self.plain or (self.watches and any(watch.open_after(tick) for watch in self.watches))
        end = 0 if waits else min([code.end for code in codes], default=math.inf)
        until = math.ceil(end) if end < _SMALL else _SMALL if tick < _SMALL else min(end, MAX_TICKS + 1)
        if self.checked or (len(codes) > 1 and any(code.multiplies for code in codes)):
            rows = [row for track in self.tracks for row in track.rows(tick)]
            single = len(rows) == 1 and self.tracks[0].fills and self.tracks[0].element is None and not is_short(rows[0][5])
            return until, partial(_fill_tensor, rows[0]) if single else partial(_store_checked, rows, self.together)
        return until, one_by_one([storing(code, track.key, track.slots) for code, track in zip(codes, self.tracks, strict=True)])

    def driver(self, quantity: str, group: int) -> tuple[Schedule, str, float]:
        """The schedule, the name of its target that sets a quantity (`lr`, `betas[0]`) of a group, and the group's base."""
        text = str(self.schedule)
        index = whole_number("group", group, "give the index of a param group, from 0", high=MAX_TICKS, text=text)
        quantity = string("the target", quantity, 'give its key: `target="lr"`', text)
        for track in self.tracks:
            if track.quantity == quantity:
                held = next((base for slot, base in track.slots if quantity in self.values or (index < len(self.held) and slot is self.held[index])), None)
                if held is not None:
                    return self.schedule, track.name, held
        if index >= len(self.held):
            raise refuse("LR153", f"there is no param group {index}: the optimizer has {len(self.held)}", "give the index of a param group, from 0", text)
        names = [f"`{shown(track.name, 60)}`" for track in self.tracks]
        scheduled = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else "")
        raise refuse("LR153", f"{quoted(quantity)} of param group {index} is not scheduled", f"the schedule sets {scheduled}", text)

    def differs(self, schedule: Schedule, tick: int) -> bool:
        """Whether another schedule of the same targets has another level at this tick in any group."""
        changed = [(one, track) for one, track in zip(self._evaluators(schedule), self.tracks, strict=True) if one is not track.evaluator]
        return any(self._levels(one, track, tick) != self._levels(track.evaluator, track, tick) for one, track in changed)

    def _levels(self, evaluator: Evaluator, track: Track, tick: int) -> list[float]:
        """The levels that an evaluator gives the groups of a track at a tick, by the code with which they are stored."""
        if self.checked:
            return [evaluator.level(tick, base) for _, base in track.slots]
        apart: list[Slot] = [({}, base) for _, base in track.slots]
        storing(evaluator.code_at(tick), track.key, apart)(tick)
        return [group[track.key] for group, _ in apart]

    def snapshot(self) -> Snapshot:
        """A copy of what the groups hold."""
        filled = [element_of(group[track.key], track.element) for track in self.tracks if track.fills for group, _ in track.slots]
        return Snapshot(
            [(group, dict(group)) for group in (*self.groups, self.values)], [(value, value.clone()) for value in filled if hasattr(value, "clone")]
        )

    def restore(self, tick: float) -> None:
        """Stores the levels of a tick again, after the user stopped the run while those of the next tick were stored."""
        for track in self.tracks:
            for group, base in track.slots:
                level, current = float(track.evaluator.level(tick, base)), group[track.key]
                if is_tensor(part := element_of(current, track.element)):
                    fill(part, level)
                else:
                    dict.__setitem__(group, track.key, level if track.element is None else with_element(current, track.element, level))

    def owning(self, others: Iterable[Group] = ()) -> Attachment:
        """The attachment, after each group has got tensors of its own. `others` are groups that this schedule does not set."""
        if not any(track.fills for track in self.tracks):
            return self
        given_their_own([(track.key, track.element, track.slots) for track in self.tracks if track.fills], others)
        tracks = [attrs.evolve(t, initial=[element_of(group.get(t.key), t.element) for group, _ in t.slots]) for t in self.tracks]
        return attrs.evolve(self, tracks=tuple(tracks))

    def write_bases(self, overwrite: bool = False) -> None:
        """Writes the bases into the groups, as torch writes `initial_lr`. Replaces those that are there already only with `overwrite`."""
        for name, bases in self.bases.items():
            for group, base in zip(self.held, bases, strict=True) if name not in self.values else ():
                if base is not None and (overwrite or base_key(name) not in group):
                    group[base_key(name)] = base


def attach(schedule: Schedule, groups: list[Group], bases: GroupBases, values: dict[str, float], sizes: tuple[int, ...]) -> Attachment:
    """Attaches a schedule to groups, and writes nothing into them.

    `bases` are the bases of the first groups, by quantity; a group whose base is None, and later groups, bring their own. `values` holds the levels of the
    targets that are in no group; `sizes` says how many of the groups each optimizer has. Raises `ScheduleError` for a group that lacks the key of a target that
    picks it, or holds no finite number under it.
    """
    schedule = schedule.catching(numbers_in(schedule.targets, groups))
    all_bases: dict[str, list[float | None]] = {}
    tracks = []
    for name, targets in {LR: [], **quantities(schedule.targets)}.items():
        key, element = (targets[0].key, targets[0].element) if targets else (LR, None)
        holders = [values] if key in values else groups
        if holders is not groups:
            _check_value(targets, groups, schedule)
        assignments = assign_groups(targets, holders, schedule)
        picked = {i for _, indices in assignments for i in indices}
        if holders is groups:
            _check_key(key, element, groups, picked, schedule)
        for i in sorted(picked):
            if is_tensor(value := element_of(holders[i][key], element)):
                check_fills(f"the `{key}` of param group {i}", value, str(schedule))
        first = [*bases.get(name, ()), *[None] * len(holders)]
        all_bases[name] = [
            check_base(f"the `{name}` of param group {i}", base, str(schedule)) if i in picked or name == LR else floating(base)
            for i, base in enumerate(_own_base(group, name, key, element) if base is None else base for group, base in zip(holders, first, strict=False))
        ]
        for target, indices in assignments:
            prepare(target.plan.law)
            slots = [(holders[i], schedule.base_of(target, all_bases[name][i])) for i in indices]
            held = [element_of(group.get(key), element) for group, _ in slots]
            fills = any(map(is_tensor, held))
            largest = largest_number(held) if fills else math.inf
            tracks.append(Track(target.name, name, schedule.evaluator_of(target), key, element, slots, held, fills, largest))
    checked = any(track.fills or track.element is not None for track in tracks)
    plain = all(type(group) is dict for group in groups)
    return Attachment(schedule, groups, list(groups), sizes, all_bases, values, tuple(tracks), _watches(schedule), checked, plain)


def _watches(schedule: Schedule) -> tuple[Watch, ...]:
    return tuple([watch for target in schedule.targets for watch in target.plan.watches])


def _own_base(group: Group, name: str, key: str, element: int | None) -> Any:
    """The base that a group brings along: the one that was written into it, else what it holds; None if it holds nothing of the kind."""
    if base_key(name) in group:
        return group[base_key(name)]
    value = group.get(key)
    return value if element is None else element_of(value, element) if _has_element(value, element) else None


def check_base(what: str, value: Any, text: str) -> float:
    """The base of a group as a float. `what` names it in the message."""
    base = floating(value)
    if base is None:
        help = f"make it a number: `float({value!r})`" if isinstance(value, str) and len(value) < 20 else "give the group a finite number, as 0.1"
        raise refuse("LR152", f"{what} is {quoted(value)}, and a base is a finite number", help, text)
    return base


def _check_value(targets: Sequence[Target], groups: Sequence[Group], schedule: Schedule) -> None:
    """Raises `ScheduleError` for a value that the host reads, if it is picked by groups, or stands in a group as well."""
    key = targets[0].key
    for target in targets:
        if target.groups or target.element is not None:
            raise refuse("LR153", f"`{target.written}` picks groups, and `{key}` is a value that is in none", f"write `{key} = ...`", str(schedule))
    for i, group in enumerate(groups):
        if key in group:
            raise refuse("LR152", f"`{key}` is in `values`, and param group {i} has a `{key}` too", f"take `{key}` out of `values`", str(schedule))


def _check_key(key: str, element: int | None, groups: list[Group], picked: Collection[int], schedule: Schedule) -> None:
    """Raises `ScheduleError` if a group that a target picks lacks its key, or the element of it."""
    for i in sorted(picked):
        group = groups[i]
        if not isinstance(group, dict) or key not in group:
            keys = [str(k) for k in group] if isinstance(group, dict) else []
            near = meant(key, keys, [name_of(one) for one in groups if isinstance(one, dict)])
            help = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{k}`' for k in keys if k != 'params')}"
            joint = " If" if near else "; if"
            value = f"{joint} your own code reads it, give `values=({key!r},)`" if element is None else ""
            raise refuse("LR153", f"param group {i} has no `{key}`", f"{help}{value}", str(schedule))
        if element is not None:
            _check_element(f"`{key}` of param group {i}", group[key], element, str(schedule))


def _has_element(value: Any, element: int) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and element < len(value)


def _check_element(what: str, value: Any, element: int, text: str = "") -> None:
    """Raises `ScheduleError` for a value that has no such element. `what` names the value in the message."""
    if not _has_element(value, element):
        size = len(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else 0
        raise refuse("LR153", f"{what} has no element {element}", f"it has {size}, counted from 0", text)
