"""`read`: a schedule from what another library has, a live scheduler, code, or a config; and `Reading`, all that was read there."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import attrs

from lrdsl.arguments import quoted
from lrdsl.diagnostics import refuse
from lrdsl.dialects import live
from lrdsl.dialects.config import Fact
from lrdsl.dialects.entry import UnreadableError
from lrdsl.dialects.simplifying import simplified
from lrdsl.expr.exact import Exact
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Extent


@attrs.frozen
class Reading:
    """A schedule of another library, as it was read.

    `dialect` is the name of the library; `source`, what stands there, with its `extent` in the text that was read, and its `line`. `text` is the schedule in
    lrdsl's words; None if it could not be read, and `problems` then says why. `clock` has the facts of the run that stand beside it, as `parse` takes them;
    `base` is the base rate, `tick` where a running schedule is, and `unknown` the names whose values are not in the source. `problems` also says what the text
    leaves out. `facts` are the keys of a config that matter to its schedule, each with its unit.
    """

    dialect: str
    source: str
    text: str | None
    clock: Mapping[str, Any] = attrs.Factory(dict)
    base: Exact | None = None
    tick: int | None = None
    unknown: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    line: int = 1
    extent: Extent = (0, 0)
    facts: tuple[Fact, ...] = ()

    def schedule(self, names: Mapping[str, Any] | None = None) -> Schedule:
        """Returns the schedule. `names` are values for what is unknown. Raises `ScheduleError`, with the reason, if it could not be read."""
        if self.text is None:
            raise refuse("LR160", f"{self.source} cannot be read: {'; '.join(self.problems)}", "write the schedule in lrdsl's words: `lrdsl dialects` has them")
        return parse(self.text, names=names or None, **self.clock)


def reading(thing: Any) -> Reading:
    """Returns what was read from a live scheduler, or from a config. Raises `ScheduleError` for a thing that holds no schedule."""
    if isinstance(thing, Mapping | list):
        return reading_of(thing)
    try:
        found = live.read(thing)
    except UnreadableError as reason:
        return Reading("", type(thing).__name__, None, problems=(str(reason),))
    if found is None:
        raise refuse(
            "LR160",
            f"this is no schedule that lrdsl can read: {quoted(thing)}",
            "give a scheduler of torch, transformers, timm or Keras, the text of a call, or a config",
        )
    tree = simplified(live.combined(found.groups)) if len(found.groups) > 1 or found.groups[0].beside else simplified(found.groups[0].schedule)
    bases = set(found.bases)
    notes = tuple(dict.fromkeys(note for group in found.groups for note in group.notes))
    return Reading(found.dialect, found.name, canonical(tree), base=bases.pop() if len(bases) == 1 else None, tick=found.tick, problems=notes)


def reading_of(config: Any) -> Reading:
    """Returns the one schedule of a config, a dict or a list of dicts. Raises `ScheduleError` where there is none, or more than one."""
    readings = import_module("lrdsl.dialects.configs").readings_in([config])
    if not readings:
        raise refuse("LR160", "this config holds no schedule that lrdsl can read", "give the whole config, with the keys that say which system reads it")
    if len(readings) > 1:
        raise refuse(
            "LR160",
            f"this config holds {len(readings)} schedules: {quoted([reading.source for reading in readings])}",
            "give the part that holds one of them",
        )
    one: Reading = readings[0]
    return one


def read(thing: Any, *, names: Mapping[str, Any] | None = None) -> Schedule:
    """Returns the schedule of another library: of a live scheduler, of a call in source code, or of a config.

    Parameters: `thing`, a scheduler of torch, transformers, timm or Keras, or a config as a dict; `names`, values for names that the source leaves open. Raises
    `ScheduleError`, with the reason, for what has no text.
    """
    return reading(thing).schedule(names)
