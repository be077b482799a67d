"""The levels of a schedule in its run. Where the file lacks a number of the run, several are tried: what holds for all of them holds for the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from lrdsl.diagnostics import ScheduleError
from lrdsl.dialects.entry import UnreadableError
from lrdsl.rules.rule import Facts
from lrdsl.rules.summary import Summary
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.training.run import PER_EPOCH, Case
from lrdsl.work import limited


@attrs.frozen
class _Supposed:
    """What is supposed of a run: its epochs, the steps of each, its steps where there are no epochs, a base, and levels as shares of it."""

    epochs: int
    per_epoch: int
    steps: int
    base: float
    level: float


#: Runs as people have them, and a very short and a very long one: a number that is written out may be past the end of all others, and yet be meant.
_RUNS = (
    _Supposed(30, 100, 10_000, 1e-3, 0.0),
    _Supposed(90, 1251, 100_000, 0.1, 0.001),
    _Supposed(12, 37, 3000, 3e-5, 0.01),
    _Supposed(3, 100, 200, 1e-3, 0.0),
    _Supposed(3000, 40_000, 10_000_000, 1e-3, 0.0),
)


@attrs.frozen
class Curve:
    """A schedule in a run: its facts, what its level does, the length of the run in ticks, the base, and the ticks of an epoch (0 if there are none)."""

    facts: Facts
    summary: Summary
    total: float
    base: float
    per_epoch: float = 0

    @property
    def peak(self) -> float:
        """The highest level."""
        return self.summary.highest[1]


def curves(case: Case) -> list[Curve]:
    """Returns a schedule in its run, or in several runs that the file allows; none if the file does not say enough."""
    if case.reading.text is None or case.run.stepping is None or "plateau" in case.reading.text:
        return []
    drawn: list[Curve] = []
    for supposed in _RUNS:
        try:
            with limited():
                curve = _curve(case, supposed)
        except (ScheduleError, UnreadableError, ArithmeticError, ValueError):
            continue  # the schedule cannot be that of such a run
        if curve is None:
            return []
        drawn.append(curve)
        if _is_known(case):
            break
    return drawn


def _is_known(case: Case) -> bool:
    """Whether nothing has to be supposed."""
    reading, ticks = case.reading, case.run.ticks()
    if reading.unknown or reading.base is None:
        return False
    if reading.clock:
        return "total_steps" in reading.clock or (reading.clock.get("tick") == "epoch" and "total_epochs" in reading.clock)
    return ticks is not None and ticks.number is not None


def _curve(case: Case, supposed: _Supposed) -> Curve | None:
    reading = case.reading
    assert reading.text is not None
    base = float(reading.base) if reading.base is not None else supposed.base
    length = case.run.ticks()
    timed = set(_names_in(time.tree for time in case.times)) | set(_names_in([length.tree] if length is not None else []))
    lasting = set(_names_in(time.tree for time in (case.run.epochs, case.run.steps) if time is not None))
    names: dict[str, Any] = {PER_EPOCH: supposed.per_epoch}
    for name in {*reading.unknown, *timed} - {PER_EPOCH}:
        kind = case.kinds.get(name, "")
        if kind == "per epoch":
            names[name] = supposed.per_epoch
        elif name in lasting:
            names[name] = supposed.epochs if kind == "epoch" else supposed.steps
        elif name in timed:
            return None
        else:
            names[name] = supposed.level * base
    if reading.clock:
        facts = {"steps_per_epoch": supposed.per_epoch, "batch_size": 256, "tokens_per_step": 10**6, **reading.clock}
        if facts.get("tick") == "epoch" and "total_epochs" in facts:
            facts.pop("steps_per_epoch", None)
        schedule = _parsed(reading.text, reading.unknown, names, facts)
        facts_of = Facts.of(schedule, reading.base)
        if facts_of.total is None:
            return None
        total = float(facts_of.total)
    else:
        if length is None or length.tree is None:
            return None
        ticks = _parsed(f"hold({canonical(length.tree)})", tuple(_names_in([length.tree])), names, {}).length
        if ticks is None or ticks < 1:
            return None
        total = float(ticks)
        schedule = _parsed(reading.text, reading.unknown, names, {"total_steps": round(total)})
        facts_of = Facts.of(schedule, reading.base)
    per_epoch = 0.0 if case.run.epochs is None or case.run.stepping is None or case.run.stepping.unit == "epoch" else float(supposed.per_epoch)
    return Curve(facts_of, facts_of.summary(schedule.plan, base), total, base, per_epoch)


def _parsed(text: str, wanted: tuple[str, ...], names: Mapping[str, Any], clock: Mapping[str, Any]) -> Schedule:
    values = {name: names[name] for name in wanted if name in names}
    options: dict[str, Any] = {"names": values, **clock} if values else dict(clock)
    return parse(text, **options)


def _names_in(trees: Iterable[Node | None]) -> Iterator[str]:
    for tree in trees:
        if tree is not None:
            yield from (node.id for node in nodes.walk(tree) if isinstance(node, nodes.Name))
