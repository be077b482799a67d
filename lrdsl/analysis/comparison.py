"""Comparison: `compare` proves that two schedules are the same function, or tells where their levels differ, and for which bases that is so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from lrdsl.analysis.proof.stretches import Decision, apart, decide
from lrdsl.arguments import quoted, whole_number
from lrdsl.clock import total_of
from lrdsl.diagnostics import ScheduleError, refuse
from lrdsl.expr import BASE, Expr, Num, affine, decimal, substitute, walk
from lrdsl.expr.exact import exact
from lrdsl.numbers.arrays import levels as levels_at
from lrdsl.numbers.arrays import np
from lrdsl.plan import MOST_TICKS, Plan, horizon
from lrdsl.schedule import Schedule
from lrdsl.targets import Target
from lrdsl.work import TooMuchWorkError, allotted, bounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Two levels count as equal if they differ by at most this share of the larger one: so many digits are sure in doubles.
CLOSE = 1e-12
#: A proof is given up after so much work.
_MOST_WORK = 50_000
#: Bases that are tried where no base is given, after the first one.
_BASES = (0.1, 3.0, 0.003)
#: How many times larger or smaller than all numbers of a formula a base is that is tried beside them.
_FAR = 1000.0
#: The most ticks at which a small difference of doubles is looked at exactly.
_MOST_LOOKS = 200
#: The numbers of a family that are compared.
_MEMBERS = (0, 1, 2, 3, 12)
#: The fewest ticks that are compared in a run of unknown length, and the most where the caller does not say how many.
_LEAST_TICKS, _MOST_COMPARED = 1000, 1_000_000


@attrs.frozen
class Difference:
    """The difference of two schedules in one target.

    `proved` says that they are the same function, for every tick. `looked` are ranges of ticks (first, last) at which that was decided one by one. `bases` are
    the bases that the verdict is about; if it is empty, every base above 0. The other fields are about the first `ticks` ticks: `first` is the first tick at
    which the levels differ by more than `CLOSE`, a share of the larger one, None if there is none; it is a later tick if the proof has found one. `largest` is
    the largest difference, and `at` is its tick. `levels` are the two levels at `first`. `same_for` are bases with which all these levels agree, though the
    verdict is that they differ. `only` is 0 or 1 if only the first, or only the second, schedule has the target. `apart`
    is a tick at which the formulas surely differ, though by less than `CLOSE`, or in levels that are too small for a double.
    """

    target: str
    proved: bool
    ticks: int
    first: int | None
    largest: float
    at: int | None
    bases: tuple[float, ...] = ()
    looked: tuple[tuple[int, int], ...] = ()
    levels: tuple[float, float] | None = None
    same_for: tuple[float, ...] = ()
    only: int | None = None
    apart: int | None = None

    @property
    def same(self) -> bool:
        """Whether the levels agree at all of these ticks, for all of these bases."""
        return self.first is None and self.only is None


def compare(a: Schedule, b: Schedule, base: float | None = None, ticks: int | None = None, target: str | tuple[str, str] | None = None) -> list[Difference]:
    """Compares two schedules, and returns one `Difference` per target.

    Parameters: `base`, the base value (default: what the texts set, or every base above 0); `ticks`, how many ticks to compare one by one (default: the longer
    run, up to a million); `target`, the name of one target, or a pair of names, one of each schedule (default: all targets). Raises `ScheduleError` if a
    schedule follows a metric, or if the two have no target in common.

    >>> import lrdsl
    >>> [difference] = lrdsl.compare(lrdsl.parse("poly(10)"), lrdsl.parse("linear(10)"))
    >>> difference.proved, difference.bases
    (True, ())
    >>> [difference] = lrdsl.compare(lrdsl.parse("linear(10)"), lrdsl.parse("linear(11)"))
    >>> difference.same, difference.first, difference.at
    (False, 1, 10)
    """
    for s in (a, b):
        if not isinstance(s, Schedule):
            raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give two schedules from `lrdsl.parse`")
        for t in s.targets:
            s.checked_base(1.0 if base is None else base, t.name)
    if ticks is not None:
        ticks = whole_number("ticks", ticks, f"compare between 1 and {MOST_TICKS} ticks", low=1, high=MOST_TICKS, text=str(a))
    a, b = _with_members(a), _with_members(b)
    pairs = _pairs(a, b, target)
    with bounded(b.text):
        return [_of_pair(a, b, one, two, base, ticks) for one, two in pairs]


def _with_members(s: Schedule) -> Schedule:
    """Returns a schedule with a few members of each family, as `lr["blocks.{k}"]`; they are compared one by one. Numbers without a schedule are left out."""
    for written, samples in s.program.numbers.items():
        numbers = list(samples)
        for number in _MEMBERS:
            try:
                s.catching({**s.program.numbers, written: [*numbers, number]})
            except ScheduleError:
                continue
            numbers.append(number)
        s = s.catching({**s.program.numbers, written: numbers})
    return s


def _pairs(a: Schedule, b: Schedule, target: str | tuple[str, str] | None) -> list[tuple[Target | None, Target | None]]:
    """Returns the targets to compare; None for one that a schedule lacks."""
    if target is not None:
        names = target if isinstance(target, tuple) else (target, target)
        if len(names) != 2 or not all(isinstance(name, str) for name in names):
            raise refuse("LR152", f"target is {quoted(target)}", "give the name of a target, or a pair of names")
        return [(a.target(names[0]), b.target(names[1]))]
    left, right = ({t.name: t for t in s.targets} for s in (a, b))
    if not left.keys() & right.keys():
        lists = " and ".join(", ".join(f"`{name}`" for name in names) for names in (left, right))
        help = f"name one of each: `--target '{next(iter(left))}' --target '{next(iter(right))}'`, in Python `target=` a pair"
        raise refuse("LR153", f"the schedules have different targets: {lists}", help, str(b))
    return [(left.get(name), right.get(name)) for name in dict.fromkeys((*left, *right))]


def _of_pair(a: Schedule, b: Schedule, one: Target | None, two: Target | None, base: float | None, ticks: int | None) -> Difference:
    if one is None or two is None:
        only, target = (1, two) if one is None else (0, one)
        assert target is not None
        return Difference(target.name, False, 0, None, 0.0, None, only=only)
    for s, t in ((a, one), (b, two)):
        if t.plan.watches and not s.events:
            message = "a schedule that follows a metric cannot be compared before its run"
            raise refuse("LR152", message, "suppose that its event comes at some tick: `supposing(17)`", str(s))
    name = one.name if one.name == two.name else f"{one.name} and {two.name}"
    n = ticks or max(_horizon(s, t) for s, t in ((a, one), (b, two)))
    decision = _decided(one.plan, two.plan, None)
    if decision.equal:
        return Difference(name, True, n, None, 0.0, None, looked=decision.looked)
    stated = {s.program.base for s in (a, b)} - {None}
    if base is None and len(stated) == 1:
        base = float(stated.pop() or 1)
    if base is not None:
        decision = _decided(one.plan, two.plan, base)
        if decision.equal:
            return Difference(name, True, n, None, 0.0, None, (base,), decision.looked)
        return _at_ticks(name, one.plan, two.plan, base, n, decision)
    bases = _tried_bases(one.plan, two.plan)
    if all(_levels_apart(one.plan, two.plan, tried, decision.different) is None for tried in bases) and _agree_for_every_base(one.plan, two.plan, n):
        return Difference(name, False, n, None, 0.0, None, looked=decision.looked, apart=decision.different)
    agreeing: list[float] = []
    for tried in bases:
        difference = _at_ticks(name, one.plan, two.plan, tried, n, decision)
        if not difference.same:
            return attrs.evolve(difference, same_for=tuple(agreeing))
        agreeing.append(tried)
    return attrs.evolve(difference, bases=tuple(agreeing))


def _tried_bases(a: Plan, b: Plan) -> list[float]:
    """Returns the bases that are tried. Where a level is not a constant plus a multiple of base, as under `max`, some lie far beyond the numbers in it."""
    bases = [1.0, *_BASES]
    laws = [plan.level for plan in (a, b) if affine(plan.level, BASE) is None]
    numbers = [size for law in laws for x in walk(law) if isinstance(x, Num) and 0 < (size := abs(float(x.value))) < float("inf")]
    return [*bases, _FAR * max(numbers), min(numbers) / _FAR] if numbers else bases


def _horizon(s: Schedule, target: Target) -> int:
    """Returns how many ticks of a schedule are compared: its run, if that is known, up to a million."""
    total = total_of(s.clock)
    return min(_MOST_COMPARED, horizon(target.plan, total) if total is not None else max(_LEAST_TICKS, horizon(target.plan, None)))


def _decided(a: Plan, b: Plan, base: float | None) -> Decision:
    """Returns what is proved of two plans, for one base or for every base. Of a plan that waits for events, it is the run in which no others come."""
    laws = [plan.level if base is None else substitute(plan.level, {BASE: decimal(exact(base))}) for plan in (a, b)]
    if laws[0] is laws[1]:
        return Decision(True)
    try:
        with allotted(_MOST_WORK):
            return decide(*laws)
    except TooMuchWorkError:
        return Decision(False)


def _at_ticks(name: str, a: Plan, b: Plan, base: float, n: int, decision: Decision) -> Difference:
    """Compares the levels at the first n ticks, with one base. If they agree, the tick counts at which the proof has found that they differ."""
    ticks = np.arange(n, dtype=np.float64)
    left, right = (levels_at(plan.level, ticks, base) for plan in (a, b))
    distances = np.abs(left - right)
    first = _first(left, right, lambda tick: _differ(a, b, base, tick))
    if first is None and decision.different is not None and decision.different >= n:
        at, levels = decision.different, _levels_apart(a, b, base, decision.different)
        if levels is not None:
            return Difference(name, False, n, at, abs(levels[0] - levels[1]), at, (base,), levels=levels)
    if first is None:
        return Difference(name, False, n, None, 0.0, None, (base,), decision.looked, apart=decision.different)
    return Difference(name, False, n, first, float(distances.max()), int(distances.argmax()), (base,), levels=(float(left[first]), float(right[first])))


def _levels_apart(a: Plan, b: Plan, base: float, tick: int | None) -> tuple[float, float] | None:
    """Returns the two levels at a tick, if there is one and they differ there."""
    if tick is None:
        return None
    left, right = (levels_at(plan.level, np.array([float(tick)]), base) for plan in (a, b))
    return None if _close(left, right)[0] else (float(left[0]), float(right[0]))


def _close(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.bool_]:
    close: NDArray[np.bool_] = np.abs(left - right) <= CLOSE * np.maximum(np.abs(left), np.abs(right))
    return close


def _first(left: NDArray[np.float64], right: NDArray[np.float64], differ: Callable[[int], bool]) -> int | None:
    """Returns the first index at which levels differ. A difference that may come from rounding, small beside the largest level, is looked at exactly."""
    suspects = np.flatnonzero(~_close(left, right))
    large = CLOSE * max(float(np.abs(left).max()), float(np.abs(right).max()))
    sure = np.abs(left - right)[suspects] > large
    first_sure = int(suspects[sure][0]) if sure.any() else None
    unsure = suspects[~sure]
    if first_sure is not None:
        unsure = unsure[unsure < first_sure]
    picked = unsure if len(unsure) <= _MOST_LOOKS else unsure[np.linspace(0, len(unsure) - 1, _MOST_LOOKS).astype(int)]
    return next((int(tick) for tick in picked if differ(int(tick))), first_sure)


def _differ(a: Plan, b: Plan, base: float, tick: int) -> bool:
    """Whether two plans surely differ at a tick, in exact arithmetic, by more than `CLOSE`."""
    laws = [substitute(plan.level, {BASE: decimal(exact(base))}) for plan in (a, b)]
    return apart(laws[0], laws[1], tick, CLOSE)


def _agree_for_every_base(a: Plan, b: Plan, n: int) -> bool:
    """Whether the levels at the first n ticks agree for every base, as far as doubles tell: each level is a constant plus a multiple of base."""
    ticks = np.arange(n, dtype=np.float64)
    halves: list[list[Expr]] = []
    for plan in (a, b):
        split = affine(plan.level, BASE)
        if split is None:
            return False
        halves.append(list(split))
    for one, two in zip(*halves, strict=True):
        left, right = (levels_at(e, ticks, 1.0) for e in (one, two))
        if _first(left, right, lambda tick, one=one, two=two: apart(one, two, tick, CLOSE)) is not None:  # type: ignore[misc]
            return False
    return True
