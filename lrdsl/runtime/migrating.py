"""Going on from a saved state: where a run lands whose schedule, clock or groups have changed, and what it says about that."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from lrdsl.clock import MAX_TICKS, Clock, MissingFactError, total_of
from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.expr.exact import Exact, Hosted
from lrdsl.runtime.attaching import Attachment, GroupBases, attach
from lrdsl.runtime.groups import LR, Group, assign_groups, numbers_in, quantities
from lrdsl.runtime.replans import Course
from lrdsl.runtime.reports import Log
from lrdsl.runtime.states import Saved
from lrdsl.schedule import Schedule
from lrdsl.schedule.source import Replan
from lrdsl.targets import Target, meaning

#: The units in which the progress of a run is carried over, the first that both runs can measure.
_MEASURES = {"epoch": "epochs", "sample": "samples", "token": "tokens", "step": "optimizer steps"}
#: Levels that differ by no more than this share are the same, computed in two ways.
_CLOSE = 1e-9
_WHOLE = "load a state that was saved whole"
#: How many differences a message names.
_NAMED = 4


class ResumeWarning(UserWarning):
    """A run goes on from a saved state otherwise than it was saved: elsewhere, at another level, or with other bases than its optimizer was built with."""


class EndOfRunWarning(ResumeWarning):
    """A run goes on from a saved state where its schedule, or the run, is over."""


def dropped() -> bool:
    """Returns whether a warning that is given now is lost: the Trainer of transformers records and drops those that come while it loads a scheduler's state."""
    frame = sys._getframe(2)
    for _ in range(4):  # Accelerate may stand between
        if frame.f_globals.get("__name__", "").startswith("transformers."):
            return True
        if frame.f_back is None:
            break
        frame = frame.f_back
    return False


@attrs.frozen
class Landing:
    """Where a run goes on: its tick, its bases, the log of its metrics, and its course. `warning` says what has changed; it is None if nothing has.

    `carried` says that the log is of another schedule, so that parts of it may have no place in this one.
    """

    tick: int
    bases: GroupBases
    log: Log
    course: Course
    carried: bool = False
    warning: ResumeWarning | None = None

    def attached(self, here: Attachment) -> tuple[Attachment, Log]:
        """Returns the attachment of the schedule to the groups that are here, and the log with what has a place in it. Raises `ScheduleError`."""
        log = self.log
        while True:
            attachment = attach(self.course.schedule(log.events), here.groups, self.bases, here.values, here.sizes)
            kept = log.only(attachment.watches)
            if kept == log:
                return attachment, log
            if not self.carried:
                raise refuse("LR151", "the state has reports of a metric that the schedule does not watch", _WHOLE, str(self.course.planned))
            if kept.events == log.events:
                return attachment, kept
            log = kept


@attrs.frozen
class Here:
    """The run that loads a state: the schedule it was planned with, its groups, and its bases by quantity.

    `values` has the targets that are in no group, `names` the names of the groups of each optimizer.
    """

    planned: Schedule
    groups: list[Group]
    bases: Mapping[str, Sequence[float | None]]
    values: Mapping[str, float]
    names: Sequence[Sequence[str]]

    def same_function(self, other: Schedule) -> bool:
        """Returns whether another schedule says the same for these groups."""
        if other == self.planned:
            return True
        if not (self.planned.program.members and other.program.members):
            return False
        one, two = (s.catching(numbers_in(s.targets, self.groups)) for s in (self.planned, other))
        return meaning(one.targets) == meaning(two.targets)


def landing(saved: Saved, here: Here, migrate: bool, keep: bool) -> Landing:
    """Returns where a run goes on from a saved state.

    `migrate` accepts the state of another schedule; `keep` keeps the bases that the run has here. Raises `ScheduleError` for a state that does not fit.
    """
    text = str(here.planned)
    if not keep:
        _check_counts(saved, here)
    bases: GroupBases = here.bases if keep else {**here.bases, **saved.bases}
    others = list(_differences(saved, here))
    if not others:
        if set(saved.bases) != set(here.bases) or any(not keep and _lacks(saved.bases[name], here.bases[name]) for name in saved.bases):
            raise refuse("LR151", "the state is damaged: its bases cannot be read", _WHOLE, text)
        course = Course(here.planned) if saved.course is None else attrs.evolve(saved.course, planned=here.planned)
        return Landing(saved.tick, bases, saved.log, course, warning=_about_bases(saved, here, keep))
    named = "; ".join([*others[:_NAMED], *([f"and {len(others) - _NAMED} more"] if len(others) > _NAMED else [])])
    if not migrate:
        way = "pass migrate=True to `compile` or `load_state_dict` to go on with this one from"
        help = f"{way} its `last_epoch` and `base_lrs`" if saved.clock is None else f"compile the saved schedule, or {way} where the run was"
        raise refuse("LR151", f"the state is of another schedule: {named}", help, text)
    if saved.tick < 0:  # it has not begun, so it brings nothing but bases
        return Landing(saved.tick, bases, Log(), Course(here.planned), warning=_about_bases(saved, here, keep))
    exact, measure = _position(saved, here.planned.clock, text)
    if exact > MAX_TICKS:
        raise refuse("LR151", f"the saved run is at tick {float(exact):.3g} of this one", f"ticks run from 0 to {MAX_TICKS:.0e}", text)
    tick = int(exact)  # a tick that has only begun does not count
    course, log, left_out = _carried(saved, here)
    landed = Landing(tick, bases, log, course, True)
    return attrs.evolve(landed, warning=_warning(saved, here, landed, named, exact, measure, left_out, keep))


def _check_counts(saved: Saved, here: Here) -> None:
    """Raises `ScheduleError` if the optimizer has another number of groups than the state, or has them in another order."""
    for name, bases in saved.bases.items():
        count = 1 if name in here.values else len(here.groups)
        if name in here.bases and len(bases) != count:
            message = f"the number of param groups differs: {len(bases)} in the state, {count} in the optimizer"
            help = 'build the optimizer with the same groups, or pass bases="optimizer" to `compile` to keep the bases that they have'
            raise refuse("LR151", message, help, str(here.planned))
    if saved.groups is not None:
        _check_groups(saved.groups, here.names, str(here.planned))


def _check_groups(groups: Sequence[Sequence[str]], own: Sequence[Sequence[str]], text: str) -> None:
    """Raises `ScheduleError` for groups, given by their names for each optimizer, that are in another order here. Names that are new or gone do no harm."""
    before, here = ([name for names in part for name in names] for part in (groups, own))
    if len(before) != len(here):
        raise refuse("LR151", "the state is damaged: its names of param groups cannot be read", _WHOLE, text)
    moved = next((name for name, other in zip(before, here, strict=True) if name and name != other and name in here), None)
    if moved is not None:
        what = f"the param groups are in another order: `{shown(moved)}` is number {before.index(moved)} in the state, and number {here.index(moved)} here"
        raise refuse("LR151", what, "build the optimizer with its groups in the same order, and give several optimizers in the same order", text)
    sizes, own_sizes = [len(names) for names in groups], [len(names) for names in own]
    if len(sizes) == len(own_sizes) and sizes != own_sizes:
        what = f"the optimizers have {own_sizes} param groups, and {sizes} in the state"
        raise refuse("LR151", what, "give the optimizers in the same order", text)


def _lacks(bases: Sequence[float | None], own: Sequence[float | None]) -> bool:
    """Whether a base is missing that this run has."""
    return any(base is None and here is not None for base, here in zip(bases, own, strict=True))


def _differences(saved: Saved, here: Here) -> Iterator[str]:
    """Yields what differs between the schedule of a state and that of this run; nothing if they are the same function, with its replans."""
    if saved.clock is None:
        yield "it was saved by a scheduler of torch"
        return
    if saved.course is not None and here.same_function(saved.course.planned) and _same_replans(saved, here):
        return
    own: dict[str, Any] = here.planned.clock.facts()
    facts = saved.clock.facts()
    for name in sorted({*own, *facts}):
        if facts.get(name) != own.get(name):
            yield f"the clock has {_fact(name, facts)} in the state, and {_fact(name, own)} here"
    names = dict(here.planned.names)
    theirs = {} if saved.course is None else dict(saved.course.planned.names)
    for name in sorted({*names, *theirs}) if saved.course is not None else ():
        if theirs.get(name) != names.get(name):
            yield f"`{name}` is {_number(theirs.get(name))} in the state, and {_number(names.get(name))} here"
    if saved.course is None:
        yield f"the schedule in the state cannot be read here ({shown(saved.unreadable, 120)})"
    elif saved.text != str(here.planned):
        yield from _target_differences(saved.course.planned, here.planned) if not here.same_function(saved.course.planned) else ["its replans"]


def _fact(name: str, facts: Mapping[str, Any]) -> str:
    return f"{name}={shown(repr(facts[name]), 60)}" if name in facts else f"no {name}"


def _number(value: Hosted | None) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_number, value))}]"
    return "not given" if value is None else f"{float(value):g}"


def _same_replans(saved: Saved, here: Here) -> bool:
    """Whether the replans of a state mean the same under the clock of this run."""
    assert saved.course is not None
    if not saved.replanned or saved.course.planned is here.planned:
        return True
    return _again(saved.course, here.planned) == saved.course.schedule({})


def _again(course: Course, planned: Schedule) -> Schedule | None:
    """Returns the schedule of a run with the replans of another; None if they do not fit."""
    try:
        return attrs.evolve(course, planned=planned).schedule({})
    except ScheduleError:
        return None


def _target_differences(saved: Schedule, own: Schedule) -> Iterator[str]:
    """Yields which targets and phases of two schedules differ."""
    before, now = ({t.written: t for t in s.targets} for s in (saved, own))
    yield from (f"the state sets `{shown(name, 60)}`, which the schedule does not" for name in before if name not in now)
    yield from (f"the schedule sets `{shown(name, 60)}`, which the state does not" for name in now if name not in before)
    common = [name for name in before if name in now]
    changed = [name for name in common if meaning([before[name]]) != meaning([now[name]])]
    yield from (_phase_difference(before[name], now[name]) for name in changed)
    if not changed and len(common) == len(before) == len(now):
        yield "the order of its targets" if before.keys() == now.keys() and len(common) > 1 else "its text"


def _phase_difference(saved: Target, own: Target) -> str:
    """Says in which phase two schedules of a target differ first."""
    name = shown(own.written, 60)
    for i, (one, two) in enumerate(zip(saved.plan.phases, own.plan.phases, strict=False)):
        if one.text != two.text:
            return f"phase {i + 1} of `{name}` is `{shown(one.text, 100)}` in the state, and `{shown(two.text, 100)}` here"
        if one.length != two.length:
            return f"phase {i + 1} of `{name}`, `{shown(one.text, 100)}`, takes {_ticks(one.length)} in the state, and {_ticks(two.length)} here"
    more = len(saved.plan.phases) - len(own.plan.phases)
    if more:
        longer, which = (saved, "the state") if more > 0 else (own, "the schedule")
        return f"{which} has {abs(more)} more phase{'s' * (abs(more) > 1)} of `{name}`, from `{shown(longer.plan.phases[-abs(more)].text, 100)}` on"
    return f"names or files that `{name}` uses have another meaning"


def _ticks(length: Exact | None) -> str:
    return "no fixed time" if length is None else f"{float(length):g} ticks"


def _position(saved: Saved, clock: Clock, text: str) -> tuple[Exact, str]:
    """Returns the tick at which a run is as far as a saved one, exactly, and the measure of that.

    Raises `ScheduleError`, which shows `text`, if one run counts steps, the other epochs, and neither knows how many steps an epoch has.
    """
    if saved.clock is None:
        return saved.tick, "ticks"
    for unit, measure in _MEASURES.items():
        position = _converted(saved, clock, saved.tick, unit)
        if position is not None:
            return position, measure
    units = f"the saved run counts {saved.clock.tick}s and is at tick {saved.tick}; this run counts {clock.tick}s"
    help = "give `steps_per_epoch` to `compile`, or say it in a file: `set epoch = 100 steps`"
    raise refuse("LR151", f"{units}, and the steps of an epoch are not known", help, text)


def _converted(saved: Saved, clock: Clock, tick: Exact, unit: str) -> Exact | None:
    """Returns the tick of this run that is as far, in a unit, as a tick of the saved one; None if one of the runs cannot measure it."""
    try:
        return None if saved.clock is None else clock.ticks(saved.clock.amount(tick, unit), unit)
    except MissingFactError:
        return None


def _carried(saved: Saved, here: Here) -> tuple[Course, Log, str]:
    """Returns the course and the log of a run that goes on with another schedule, and what of the saved run has no place in it.

    If only the clock has changed, replans come along, each at the tick of this run that is as far. So do the events and monitors of metrics.
    """
    units = [unit for unit in _MEASURES if _converted(saved, here.planned.clock, 0, unit) is not None]

    def moved(tick: Exact) -> Exact:
        position = _converted(saved, here.planned.clock, tick, units[0]) if units else None
        return tick if position is None else position

    course, left_out = Course(here.planned), ""
    if saved.replanned:
        left_out = "The replans of the saved run are left out. "
        if saved.course is not None and saved.course.folded is None and saved.text == str(here.planned) and saved.names == dict(here.planned.names):
            again = Course(here.planned, None, tuple(Replan(int(moved(r.tick)), r.text, r.total) for r in saved.course.replans))
            if _again(again, here.planned) is not None:
                course, left_out = again, ""
    states, events = dict[Any, Any](), dict[Any, Any]()
    for key in {*saved.log.states, *saved.log.events}:
        start = moved(key[1])
        came = tuple(sorted({int(moved(tick)) for tick in saved.log.events.get(key, ())}))
        for place in {(key[0], start), (key[0], int(start))}:  # a phase begins at a time of its own, or at an event, which is at a whole tick
            states |= {place: saved.log.states[key]} if key in saved.log.states else {}
            events |= {place: ticks} if (ticks := tuple(tick for tick in came if tick > place[1])) else {}
    return course, saved.log._replace(states=states, events=events, warned=frozenset()), left_out


def _warning(saved: Saved, here: Here, landed: Landing, named: str, exact: Exact, measure: str, left_out: str, keep: bool) -> ResumeWarning:
    """Returns the warning that says where a run goes on with another schedule."""
    tick, clock = landed.tick, here.planned.clock
    total = total_of(clock)
    schedule = landed.course.schedule(landed.log.events)
    lengths = [target.plan.length for target in schedule.targets]
    over = all(length is not None and tick >= length for length in lengths) or (total is not None and tick >= total)
    where = f"at tick {tick}" + ("" if total is None else f" of {float(total):g}")
    far = "" if saved.clock is None or measure == "ticks" else f", as far in {measure} as the saved run at its tick {saved.tick}"
    rounded = "" if exact == tick else f" (rounded down from {float(exact):g})"
    begin = f"THE RUN IS OVER where it goes on, {where}" if over else f"The run goes on {where}"
    jumps = _jumps(saved, landed, schedule, here)
    fact = "total_steps" if clock.total_steps is not None else "total_epochs"
    length, new_total = ("rest", f", {fact}={float(getattr(clock, fact)):.15g}") if total is not None and total > tick else ("100", "")
    jump = way = ""
    if jumps:
        (quantity, group), old, new = jumps[0]
        where = "" if len(here.groups) == 1 or quantity in here.values else f" of param group {group}"
        more = f", and {len(jumps) - 1} more change" if len(jumps) > 1 else ""
        jump = f" There `{quantity}`{where} jumps from {old:.6g} to {new:.6g}{more}."
        before, entry = "load the state with its own schedule and clock, then ", ""
        if saved.clock is None:  # a state of torch has no schedule that could be compiled to load it
            before, entry = "", f", from={_of_base(old, landed, group)}"
        way = f' To go on from the level before, {before}call `scheduler.replan("linear({length}{entry})"{new_total})`.'
    bases = _about_bases(saved, here, keep)
    message = f"{begin}{far}{rounded}. {left_out}The state is of another schedule: {named}.{jump}{way}{'' if bases is None else f' {bases}'}"
    return (EndOfRunWarning if over else ResumeWarning)(message)


def _of_base(level: float, landed: Landing, group: int) -> str:
    """Returns the text of a group's rate as a multiple of its base, which holds for the other groups too."""
    base = landed.bases[LR][group]
    return f"{level / base:.15g}x" if base else f"{level:.15g}"


def _jumps(saved: Saved, landed: Landing, schedule: Schedule, here: Here) -> list[tuple[tuple[str, int], float, float]]:
    """Returns which levels a run leaves, and at which it goes on, where they differ; none if they are not known."""
    try:
        before = _saved_levels(saved, here)
        now = _levels(schedule, here, landed.bases, landed.tick)
    except ScheduleError:  # the schedule of the state does not fit these groups
        return []
    return [(key, before[key], now[key]) for key in now if key in before and abs(before[key] - now[key]) > _CLOSE * max(abs(before[key]), abs(now[key]))]


def _saved_levels(saved: Saved, here: Here) -> dict[tuple[str, int], float]:
    if saved.course is None:
        return {(LR, i): level for i, level in enumerate(saved.levels) if level is not None}
    return _levels(saved.course.schedule(saved.log.events), here, {**here.bases, **saved.bases}, saved.tick)


def _levels(schedule: Schedule, here: Here, bases: GroupBases, tick: int) -> dict[tuple[str, int], float]:
    """Returns the levels of a schedule at a tick, by quantity and group."""
    schedule = schedule.catching(numbers_in(schedule.targets, here.groups))
    levels: dict[tuple[str, int], float] = {}
    for quantity, targets in quantities(schedule.targets).items():
        held = bases.get(quantity, ())
        for target, indices in assign_groups(targets, [{}] if quantity in here.values else here.groups, schedule):
            saved = [(i, held[i]) for i in indices if i < len(held)]
            levels |= {(quantity, i): schedule.evaluator_of(target).level(tick, schedule.base_of(target, base)) for i, base in saved if base is not None}
    return levels


def _about_bases(saved: Saved, here: Here, keep: bool) -> ResumeWarning | None:
    """Returns the warning about bases that a state brings, and that differ from those that the optimizer was built with."""
    for name, bases in saved.bases.items() if not keep else ():
        for i, (base, own) in enumerate(zip(bases, here.bases.get(name, ()), strict=False)):
            if base is not None and own is not None and base != own:
                where = "" if len(here.groups) == 1 or name in here.values else f" of param group {i}"
                message = f"The base of `{name}`{where} is {base:.6g} in the state, which holds from now on, and {own:.6g} in the optimizer here."
                return ResumeWarning(f'{message} To keep the optimizer\'s, pass bases="optimizer" to `lrdsl.compile`.')
    return None
