"""The scheduler: one tick at a time, into the param groups of an optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.diagnostics import did_you_mean, refuse
from lrdsl.exact import plain
from lrdsl.plan import Phase
from lrdsl.runtime.groups import Slot, base_key, chosen, element_of, quantities, with_element
from lrdsl.runtime.reports import Log, reported
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from lrdsl.backends.scalar import Evaluator

#: The quantity that torch's schedulers are about.
LR = "lr"
#: The layout of `state_dict`.
FORMAT = 1
#: Ticks below this are compared faster than others.
_SMALL = 2**30 - 1


@attrs.define
class _Track:
    """One target at work: its name and evaluator, and the groups that it drives, each with its base."""

    name: str
    evaluator: Evaluator
    key: str
    element: int | None
    slots: list[Slot]
    fills: bool

    def enter(self, tick: int) -> tuple[float, Callable[[int], None]]:
        """The tick at which the formula in force ends, and the function that stores its levels."""
        code = self.evaluator.code_at(tick)
        return code.end, self._store if self.fills or self.element is not None else code.storing(self.key, self.slots)

    def _store(self, tick: int) -> None:
        """Store levels where a value is a tensor, which stays the same one, so that code compiled for it stays valid; or one element of several."""
        for group, base in self.slots:
            level = self.evaluator.level(tick, base)
            if self.element is not None:
                group[self.key] = with_element(group[self.key], self.element, level)
            elif hasattr(group[self.key], "fill_"):
                group[self.key].fill_(level)
            else:
                group[self.key] = level


def _all(stores: tuple[Callable[[int], None], ...], tick: int) -> None:
    for store in stores:
        store(tick)


class Scheduler:
    """A schedule at work on the param groups of an optimizer.

    The level at tick t is a function of t and of each group's base, so nothing accumulates and `seek` is free. `last_epoch` is the tick whose level is in
    force, as torch names it; `base_lrs` are the groups' bases: their `initial_lr` if they have one, else the `lr` they came with. What else a file schedules
    has bases of its own, kept under `initial_momentum` and the like.
    """

    last_epoch: int
    base_lrs: list[float]
    _until: float

    def __init__(self, optimizer: Any, schedule: Schedule, reduce: str | None = "mean") -> None:
        self._begin(schedule, reduce)
        self.optimizer = optimizer
        groups = getattr(optimizer, "param_groups", None)
        if not isinstance(groups, list) or not all(isinstance(g, dict) and LR in g for g in groups) or not groups:
            raise refuse("LR152", f"{type(optimizer).__name__} has no param groups with an `lr`", "pass an optimizer, as `torch.optim.SGD(...)`", str(schedule))
        self._attach({})
        self.seek(0)

    def _begin(self, schedule: Schedule, reduce: str | None) -> None:
        """A schedule that nothing has happened to yet, and how the metrics of several processes become one."""
        if reduce not in (None, "mean", "min", "max", "sum"):
            raise refuse("LR152", f"reduce is {reduce!r}", 'it is "mean", "min", "max", "sum" or None', str(schedule))
        self.reduce = reduce
        self.schedule = self.planned = schedule
        self.replans: list[tuple[int, str]] = []
        self.log = Log()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: all but the code that is bound to the groups of this one."""
        return {name: value for name, value in vars(self).items() if name not in ("_tracks", "_store", "_groups")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._attach(self.bases)
        self._until = 0

    def _attach(self, bases: Mapping[str, list[Any]]) -> None:
        """Bind the groups, in order, to these bases; groups beyond them to their own."""
        groups = self.optimizer.param_groups
        found: dict[str, list[float]] = {}
        tracks = []
        for name, targets in {LR: [], **quantities(self.schedule.targets)}.items():
            key, element = (targets[0].key, targets[0].element) if targets else (LR, None)
            self._have(key, element, groups)
            known = bases.get(name, [])[: len(groups)]
            own = [group.setdefault(base_key(name), float(element_of(group[key], element))) for group in groups[len(known) :]]
            found[name] = [float(base) for base in (*known, *own)]
            for target, numbers in chosen(targets, groups, self.schedule):
                slots = [(groups[i], self.schedule.checked_base(found[name][i], target.name)) for i in numbers]
                fills = any(hasattr(group[key], "fill_") for group, _ in slots)
                tracks.append(_Track(target.name, self.schedule.evaluators[target.name], key, element, slots, fills))
        self.bases = found
        self.base_lrs = found[LR]
        self._tracks = tracks
        self._watches = [watch for target in self.schedule.targets for watch in target.plan.watches]
        self._groups, self._count = groups, len(groups)

    def _have(self, key: str, element: int | None, groups: list[dict[str, Any]]) -> None:
        """Refuse a target that a group has no place for."""
        for i, group in enumerate(groups):
            if key not in group:
                near = did_you_mean(key, group) or ("betas[0]" if key == "momentum" and "betas" in group else None)
                help = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{k}`' for k in group if k != 'params')}"
                raise refuse("LR153", f"param group {i} has no `{key}`", help, str(self.schedule))
            if element is not None and not 0 <= element < len(group[key]):
                raise refuse("LR153", f"`{key}` of param group {i} has no element {element}", f"it has {len(group[key])}, counted from 0", str(self.schedule))

    def step(self, metric: Any = None, /, **metrics: Any) -> None:
        """Move one tick on, and store the new level in every group.

        Parameters, for a schedule that follows metrics: what the tick that ends has come to, by name, as `step(val_loss=0.31)`; `metric`, by position, is the
        one metric that the schedule follows. Metrics that it does not follow are left alone. One that a phase in force waits for and that is missing counts as
        no report, and brings a `MetricWarning`, once a phase; None says that there is none. A NaN or infinite one brings a warning each time: a plateau takes
        it as torch does (a NaN is never better), a comparison takes neither. Raises `ScheduleError`, and changes nothing, for a metric that is not a number.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("hold until val_loss < 0.3 then linear(2)", optimizer)
        >>> for loss in (0.5, 0.2, 0.1, 0.1):
        ...     scheduler.step(val_loss=loss)
        ...     print(optimizer.param_groups[0]["lr"])
        1.0
        1.0
        0.5
        0.0
        """
        tick = self.last_epoch + 1
        groups = self.optimizer.param_groups
        if tick < self._until and metric is None and groups is self._groups and len(groups) == self._count:
            self.last_epoch = tick
            self._store(tick)
        else:
            if self._watches or metric is not None:
                self._report(metric, metrics)
            self.last_epoch = tick
            self._advance(tick)

    def _advance(self, tick: int) -> None:
        """Come to a tick by a step that is not like the one before."""
        self._enter(tick)

    def _report(self, metric: Any, metrics: Mapping[str, Any]) -> None:
        """Take the metrics of the tick that ends; where an event comes, the schedule goes on as it says for that."""
        tick = self.last_epoch + 1
        given = reported(self.schedule, metric, metrics)
        if any(watch.sees(tick) for watch in self._watches):
            given = self._agreed(given)
        for watch in self.log.take(self._watches, tick, given):
            events = self.log.with_event(watch, tick)
            schedule = self.schedule.after(events)
            if watch.ends or self._differs(schedule, tick):  # else all groups are as low as they go, and it is not worth remembering
                self.log.events, self.schedule = events, schedule
                self._attach(self.bases)

    def _agreed(self, metrics: dict[str, float | None]) -> dict[str, float | None]:
        """The metrics that all processes of a run go by."""
        return metrics

    def _differs(self, schedule: Schedule, tick: int) -> bool:
        """Whether some level at a tick is another one by a schedule with more events."""
        return any(schedule.evaluators[track.name].level(tick, base) != track.evaluator.level(tick, base) for track in self._tracks for _, base in track.slots)

    def _enter(self, tick: int) -> None:
        """Take up the formulas in force at a tick, and store their levels. An optimizer that loaded a state has new groups, and some are added later."""
        groups = self.optimizer.param_groups
        if groups is not self._groups or len(groups) != self._count:
            self._attach(self.bases)
        entered = [track.enter(tick) for track in self._tracks]
        # While a metric is followed, every tick takes this road.
        end = 0 if any(watch.goes_on(tick) for watch in self._watches) else min((end for end, _ in entered), default=math.inf)
        self._until = math.ceil(end) if end < _SMALL else _SMALL if tick < _SMALL else end
        stores = tuple(store for _, store in entered)
        self._store = stores[0] if len(stores) == 1 else partial(_all, stores)
        self._store(tick)

    def seek(self, tick: int) -> None:
        """Go to a tick, forward or back, in constant time, and store its levels.

        Where a schedule follows metrics: nothing is reported on the way; going back forgets the events that came after that tick, and monitors start anew.
        """
        if isinstance(tick, bool) or not isinstance(tick, int) or tick < 0:
            raise refuse("LR152", f"tick is {tick!r}", "seek to a whole tick, from 0", str(self.schedule))
        if self.log.states and tick < self.last_epoch:
            self.log = self.log.until(tick)
            self.schedule = self.schedule.after(self.log.events)
            self._attach(self.bases)
        self.last_epoch = tick
        self._enter(tick)

    def replan(self, text: str) -> None:
        """Change the rest of the run: from the present tick and level on, follow another schedule.

        The schedule becomes `(what it was) for TICK then (text)`; see `Schedule.replanned`. Raises `ScheduleError`, and changes nothing, for a wrong text.

        >>> from types import SimpleNamespace
        >>> import lrdsl
        >>> optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        >>> scheduler = lrdsl.compile("hold(1000)", optimizer)
        >>> scheduler.seek(10)
        >>> scheduler.replan("linear(4)")
        >>> scheduler.values(16).tolist()[9:]
        [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
        """
        self.schedule = self.schedule.replanned(self.last_epoch, text)
        self.replans.append((self.last_epoch, text))
        self._attach(self.bases)
        self._enter(self.last_epoch)

    def get_last_lr(self) -> list[float]:
        """The learning rates in force, one for each group; a group whose rate is not scheduled has its own."""
        tick, groups = self.last_epoch, self.optimizer.param_groups
        scheduled = {id(group): track.evaluator.level(tick, base) for track in self._tracks if track.key == LR for group, base in track.slots}
        return [scheduled[id(group)] if id(group) in scheduled else float(group[LR]) for group in groups]

    def _driven(self, target: str, group: int) -> tuple[str, float]:
        """The name of the target that drives a quantity of a group, and the group's base."""
        found = quantities(self.schedule.targets).get(target)
        if found is not None:
            for chosen_target, numbers in chosen(found, self.optimizer.param_groups, self.schedule):
                if group in numbers:
                    return chosen_target.name, self.bases[target][group]
        raise refuse("LR153", f"`{target}` of param group {group} is not scheduled", "ask for a target of the schedule", str(self.schedule))

    def at(self, tick: float, group: int = 0, target: str = LR) -> float:
        """The level of a group at any tick; the optimizer is not touched. `target` is a key, as `"momentum"` or `"betas[0]"`."""
        name, base = self._driven(target, group)
        return self.schedule.at(tick, base, name)

    def values(self, ticks: ArrayLike, group: int = 0, target: str = LR) -> NDArray[np.float64]:
        """The levels of a group at ticks 0 .. n - 1, or at an array of ticks; the optimizer is not touched."""
        name, base = self._driven(target, group)
        return self.schedule.values(ticks, base, name)

    @property
    def phase(self) -> Phase:
        """The phase in force, of the main target."""
        return self.schedule.phases[self.schedule.plan.phase_at(self.last_epoch)]

    @property
    def finished(self) -> bool:
        """Whether every target has run its length; what is endless never finishes."""
        return self.remaining == 0

    @property
    def remaining(self) -> int | float | None:
        """Ticks to the end of the last phase of the longest target; None where one is endless, or ends when something happens that has not happened yet."""
        lengths = [t.plan.length for t in self.schedule.targets]
        known = [n for n in lengths if n is not None]
        if len(known) < len(lengths):
            return None
        left = max(max(known) - self.last_epoch, max(known) * 0)
        return left.numerator if left.denominator == 1 else float(left)

    def state_dict(self) -> dict[str, Any]:
        """The state as plain JSON data: the text, where and how it was replanned, the clock, the host's names, the tick, what the watches of
        metrics have seen, and the bases."""
        return {
            "format": FORMAT,
            "schedule": str(self.planned),
            "replans": [list(replan) for replan in self.replans],
            "clock": self.schedule.clock.facts(),
            "names": {name: plain(value) for name, value in self.schedule.names},
            "last_epoch": self.last_epoch,
            "watches": self.log.to_json(),
            "bases": {name: list(bases) for name, bases in self.bases.items()},
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], migrate: bool = False) -> None:
        """Go on from a saved state, and store its levels in the groups.

        Where the saved run was replanned, so is this one. Raises `ScheduleError`, and changes nothing, where the state is of another schedule, clock or number
        of groups. With `migrate=True` another schedule is accepted: this one goes on from the tick of that one, and knows nothing of
        its events.
        """
        mine = self.state_dict()
        text = str(self.schedule)
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(mine) or state_dict["format"] != FORMAT:
            raise refuse("LR151", "this is not the state of an lrdsl scheduler", "load what `state_dict()` of such a scheduler gave", text)
        for part, name in (("schedule", "schedule"), ("clock", "clock"), ("names", "values of names")):
            if not migrate and state_dict[part] != mine[part]:
                saved = f"the state is of another {name}: saved `{state_dict[part]}`, here `{mine[part]}`"
                raise refuse("LR151", saved, "compile the saved schedule, or pass migrate=True to go on with this one from the saved tick", text)
        tick, bases = state_dict["last_epoch"], state_dict["bases"]
        sound = isinstance(bases, Mapping) and LR in bases and all(isinstance(found, list) for found in bases.values())
        if not isinstance(tick, int) or isinstance(tick, bool) or tick < 0 or not sound:
            raise refuse("LR151", "the state's tick or bases are damaged", "load a state that was saved whole", text)
        if any(len(found) != self._count for found in bases.values()):
            raise refuse("LR151", f"the state is of {len(bases[LR])} param groups, here are {self._count}", "build the optimizer with the same groups", text)
        for found in bases.values():
            for base in found:
                self.schedule.checked_base(base)
        other = migrate and state_dict["schedule"] != mine["schedule"]
        try:
            log = Log() if other else Log.from_json(state_dict["watches"])
        except (TypeError, ValueError):
            raise refuse("LR151", "what the state says of metrics is damaged", "load a state that was saved whole", text) from None
        replans = [] if other else [(at, new) for at, new in state_dict["replans"]]
        schedule = self.planned
        for at, new in replans:
            schedule = schedule.replanned(at, new)
        self.schedule, self.replans, self.log = schedule.after(log.events), replans, log
        self._attach(bases)
        for name, found in self.bases.items():
            for group, base in zip(self._groups, found, strict=True):
                group[base_key(name)] = base
        self.last_epoch = tick
        self._enter(tick)
