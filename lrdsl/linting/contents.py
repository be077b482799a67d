"""The schedules that a file contains: its own in lrdsl's words, and those of other libraries, in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from lrdsl.diagnostics import Lines, ScheduleError, refuse, shown
from lrdsl.dialects.reading import Reading
from lrdsl.dialects.sources import readings
from lrdsl.linting.checker import File
from lrdsl.linting.hosts import Embedded
from lrdsl.linting.listing import building_in
from lrdsl.linting.settings import Settings
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax.nodes import Extent

_TOTALS = {"total_steps", "total_epochs"}


@attrs.frozen
class Contained:
    """A schedule in a file: its `line` and `extent` there, what it is in lrdsl's words or else in the other library's, and the `base` that stands beside it."""

    path: Path
    line: int
    extent: Extent
    base: float | None
    own: Embedded | None = None
    reading: Reading | None = None
    content: str = attrs.field(default="", repr=False)
    facts: Mapping[str, Any] = attrs.Factory(dict)

    @property
    def place(self) -> str:
        """Where it stands, as `train.yaml:5`."""
        return f"{self.path}:{self.line}"

    def schedule(self, options: Mapping[str, Any]) -> Schedule:
        """Returns the schedule. The `options` of `parse` go before those that stand in the file. Raises `ScheduleError`, with the place in the file."""
        if self.reading is not None:
            return self._read(self.reading, options)
        assert self.own is not None
        if self.own.hole is not None:
            message = f"{self.place}: a program fills in `{shown(self.own.text[slice(*self.own.hole)])}`, so only the program knows this schedule"
            raise refuse("LR152", message, "give the whole text, or a file with the value in it", self.own.text)
        names = {name: value for name, value in self.own.given.names if value is not None} | dict(options.get("names", {}))
        try:
            return parse(self.own.text, **{**_beside(self.own.given.among(self.facts), options), **options, "names": names})
        except ScheduleError as error:
            raise ScheduleError([self.own.moved(d, self.content) for d in error.diagnostics], self.content, str(self.path)) from None

    def _read(self, reading: Reading, options: Mapping[str, Any]) -> Schedule:
        names = dict(options.get("names", {}))
        missing = [name for name in reading.unknown if name not in names]
        if reading.text is not None and missing:
            message = f"{self.place}: the file does not say what {', '.join(f'`{name}`' for name in missing)} is"
            raise refuse("LR160", message, f"give it: `{' '.join(f'--set {name}=100' for name in missing)}`", reading.source)
        clock = {name: value for name, value in options.items() if name != "names"}
        return attrs.evolve(reading, clock={**_beside(reading.clock, options), **clock}).schedule(names)


def _beside(facts: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a file that hold beside the options: a total of the run that is given goes before the file's, in steps or in epochs."""
    return {name: value for name, value in facts.items() if not (name in _TOTALS and _TOTALS & options.keys())}


def contents(path: Path, content: str, settings: Settings) -> list[Contained]:
    """Returns the schedules in a file, in its order. Raises `UnreadableError` for a file that is not of its format and has none."""
    file = File.of(path, content, settings)
    number = Lines.of(content).number
    make = partial(Contained, path, content=content, facts=settings.options(path))
    own = [make(number(text.offsets[0]), text.extent, text.given.base, text) for text in file.texts]
    others = [
        make(one.line, one.extent, None if one.base is None else float(one.base), reading=one)
        for one in readings(content, str(path), building_in(path))
        if not any(text.extent[0] < one.extent[1] and one.extent[0] < text.extent[1] for text in file.texts)
    ]
    if file.unread is not None and not own and not others:
        raise file.unread
    return sorted([*own, *others], key=lambda one: one.extent)
