"""`Reading`: a schedule of another library as it was read from a live scheduler, from code or from a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.dialects.config import Fact
from lrdsl.documents.notebook import position
from lrdsl.expr.exact import Exact
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax.nodes import Extent

#: The codes before this one are of mistakes that no number and no fact of the run mends; and those of mistakes that no fact of the run mends, where all numbers
#: are known.
_FIRST_OF_NUMBERS, _OF_NUMBERS = "LR119", ("LR131", "LR132", "LR133", "LR134")


@attrs.frozen
class Reading:
    """A schedule of another library, as it was read.

    `dialect` is the name of the library; `source`, what stands there, with its `extent` in the text that was read, and its `line`. `text` is the schedule in
    lrdsl's words; None if it could not be read, and `problems` then says why. `clock` has the facts of the run that stand beside it, as `parse` takes them;
    `base` is the base rate, `tick` where a running schedule is, `unknown` the names whose values are not in the source, and `assumed` the defaults of options
    that were taken for their values. `problems` also says what the text leaves out. `facts` are the keys of a config that matter to its schedule, each with
    its unit; `arguments` are the keys inside the schedule itself, each with the role of the parameter that it is. `cell` is the number of the cell of a
    notebook, counted from 1, and the line in it.
    """

    dialect: str
    source: str
    text: str | None
    clock: Mapping[str, Any] = attrs.Factory(dict)
    base: Exact | None = None
    tick: int | None = None
    unknown: tuple[str, ...] = ()
    assumed: Mapping[str, Any] = attrs.Factory(dict)
    problems: tuple[str, ...] = ()
    line: int = 1
    extent: Extent = (0, 0)
    facts: tuple[Fact, ...] = ()
    arguments: tuple[Fact, ...] = ()
    cell: tuple[int, int] | None = None

    @property
    def position(self) -> str:
        """Where it stands in its file: the line, or the cell and the line in it."""
        return str(self.line) if self.cell is None else position(self.cell)

    def schedule(self, names: Mapping[str, Any] | None = None) -> Schedule:
        """Returns the schedule. `names` are values for what is unknown. Raises `ScheduleError`, with the reason, if it could not be read."""
        if self.text is None:
            what = f"`{shown(self.source, 60)}` cannot be read"
            raise refuse("LR160", f"{what}: {'; '.join(self.problems)}", "write the schedule in lrdsl's words: `lrdsl dialects` has them", self.source)
        return parse(self.text, names=names or None, **self.clock)


def unsound(text: str, unknown: Sequence[str] | None = None) -> str:
    """Returns what is wrong with a text; "" if nothing is. With names that are `unknown`, it is what is wrong whatever the numbers and the clock are."""
    try:
        parse(text, names=dict.fromkeys(unknown or (), 1))
    except ScheduleError as error:
        faults = [d.message for d in error.diagnostics if unknown is None or d.code < _FIRST_OF_NUMBERS or (not unknown and d.code in _OF_NUMBERS)]
        return f"lrdsl has no such schedule: {faults[0]}" if faults else ""
    return ""
