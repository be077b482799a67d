"""The run of a schedule in a config: its clock says who steps it and how long the run is, and its facts have the keys."""

from __future__ import annotations

from typing import Any

from lrdsl.dialects.config import Fact
from lrdsl.dialects.entry import node_of
from lrdsl.dialects.reading import Reading
from lrdsl.training.run import Case, Run, Stepping, Time


def unit_of(fact: Fact) -> str:
    """Returns what the time of a key counts: an iteration is a step."""
    return "step" if fact.unit == "iteration" else fact.unit


def case_of(reading: Reading) -> Case:
    """Returns a schedule of a config in its run."""
    clock = reading.clock
    tick = clock.get("tick")
    stepping = Stepping(str(tick), f"a tick is {'an epoch' if tick == 'epoch' else 'a step'} here") if tick is not None else None
    lengths = [fact for fact in reading.facts if fact.role == "length" and not fact.ignored]
    epochs = _time(clock.get("total_epochs"), "epoch", lengths)
    # A run of epochs may be told in ticks, each of which is an epoch.
    steps = _time(clock.get("total_steps"), "step", lengths) if tick != "epoch" else None
    if tick == "epoch" and epochs is None:
        epochs = _time(clock.get("total_steps"), "epoch", lengths)
    times = tuple(_of_key(fact) for fact in reading.facts if fact.role in ("warmup", "decay"))
    keys = [fact for fact in reversed(reading.facts) if fact.role in ("warmup", "decay") and not fact.ignored and fact.extent[1]]  # the first counts most
    return Case(reading, Run(stepping, epochs, steps, _time(clock.get("steps_per_epoch"), "step", ())), times, arguments=(*reading.arguments, *keys))


def _of_key(fact: Fact) -> Time:
    unit = unit_of(fact)
    return Time(fact.name.rpartition(".")[2], fact.extent, unit if unit in ("step", "epoch") else "", name=fact.name)


def _time(value: Any, unit: str, lengths: list[Fact] | tuple[()]) -> Time | None:
    if value is None or isinstance(value, str):
        return None
    fact = next((fact for fact in lengths if fact.value == value), None)
    text = f"{fact.name.rpartition('.')[2]}: {value}" if fact is not None else str(value)
    return Time(text, fact.extent if fact is not None else (0, 0), unit, node_of(value), fact.name if fact is not None else "")
