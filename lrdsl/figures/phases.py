"""The phases of a plan on the axis of time: their short names, and where the names stand above a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from lrdsl.diagnostics import shown
from lrdsl.figures.timing import Axis
from lrdsl.plan import Plan
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

_LONGEST = 200
#: The longest name of a phase that is no call.
_SHORT = 14
#: The most rows of names above a figure.
_ROWS = 3


@attrs.frozen
class Stretch:
    """A phase on the axis of time: its text, a short name, and its two ends."""

    text: str
    name: str
    start: float
    end: float


@attrs.frozen
class Placed:
    """A name above a figure: at `x`, in a `row`, 0 for the lowest one."""

    text: str
    x: float
    row: int


def phases_of(plan: Plan, last: float, axis: Axis, names: Sequence[str] = ()) -> tuple[Stretch, ...]:
    """Returns the phases of a plan up to a tick; nothing if there is only one, and it has no name of its own."""
    stretches = []
    for i, phase in enumerate(plan.phases):
        after = plan.phases[i + 1].start if i + 1 < len(plan.phases) else None
        if phase.start is None or phase.start >= last or phase.length == 0:
            continue
        end = after if after is not None else None if i + 1 < len(plan.phases) or phase.length is None else phase.start + phase.length
        name = names[i] if i < len(names) else ""
        text = name or phase.text
        ends = axis.at(float(phase.start)), axis.at(min(last, float(end) if end is not None else last))
        stretches.append(Stretch(shown(text, _LONGEST), shown(name or short_name(phase.node), _LONGEST), *ends))
    return tuple(stretches) if len(stretches) > 1 or names else ()


def short_name(node: Node) -> str:
    """Returns a name for a phase: that of its shape, or the beginning of its text.

    >>> from lrdsl.syntax import parse
    >>> short_name(parse("cosine(95, to=0.1x) for 50")), short_name(parse("one_minus_sqrt(4k)"))
    ('cosine', 'one minus sqrt')
    """
    match node:
        case nodes.Call():
            return node.name.rpartition(".")[2].replace("_", " ")
        case nodes.Limited() | nodes.Restart() | nodes.Until():
            return short_name(node.body)
    text = canonical(node)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


def placed(stretches: Sequence[Stretch], start: float, end: float, letters: float, log: bool = False) -> list[Placed]:
    """Returns where names stand above a figure that is `letters` letters wide. A name that has no room beside the others is left out.

    `log`: the axis of time is logarithmic, from a `start` above 0.

    A phase has its text where that fits above it, else its short name; a name that is wider than its phase may stand in a higher row.
    """
    if log:
        across = [attrs.evolve(each, start=math.log10(max(each.start, start)), end=math.log10(max(each.end, start))) for each in stretches]
        return [attrs.evolve(name, x=10**name.x) for name in placed(across, math.log10(start), math.log10(end), letters)]
    wide = (end - start) / letters
    rows: list[list[tuple[float, float]]] = [[] for _ in range(_ROWS)]
    names = []
    for i, stretch in enumerate(stretches):
        text = stretch.text if len(stretch.text) * wide < stretch.end - stretch.start and len(stretch.text) <= 2 * _SHORT else stretch.name
        half = len(text) * wide / 2
        x = min(max((stretch.start + stretch.end) / 2, start + half), max(end - half, start + half))
        fits = 2 * half <= stretch.end - stretch.start
        for row in range(_ROWS):
            if all(x + half + wide < low or x - half - wide > high for low, high in rows[row]) and (fits or row or _alone(stretches, i, x, half)):
                rows[row].append((x - half, x + half))
                names.append(Placed(text, x, row))
                break
    return names


def _alone(stretches: Sequence[Stretch], i: int, x: float, half: float) -> bool:
    """Whether the name of a phase, in the lowest row, is in the way of no name of the phases beside it."""
    beside = [other for k, other in enumerate(stretches) if k != i]
    return all(x + half < (other.start + other.end) / 2 or x - half > (other.start + other.end) / 2 for other in beside)
