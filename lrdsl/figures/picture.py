"""A picture of schedules as data: panels with curves, and the phases behind them. matplotlib and PGFPlots both draw it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from lrdsl.clock import Clock, total_of
from lrdsl.diagnostics import shown
from lrdsl.escaping.visible import visible
from lrdsl.expr import BASE, mentions
from lrdsl.figures.phases import Stretch, phases_of
from lrdsl.figures.sampling import Points, above, sampled
from lrdsl.figures.spans import reach
from lrdsl.figures.timing import Axis
from lrdsl.targets import Target

#: Okabe and Ito's palette, which readers with any colour vision can tell apart; the ink of the page takes the place of its black, as the last one.
PALETTE = ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "8A7A00", "")
#: The longest label; longer ones are cut.
_LONGEST = 200
_AXES = {"lr": "learning rate", "momentum": "momentum", "weight_decay": "weight decay"}
#: Levels that are all below the first number, or reach the second one, are written as multiples of a power of ten.
_SMALL, _LARGE = 0.005, 1e5


@attrs.frozen
class Drawn:
    """A schedule to draw: its `label` in the legend, its targets, the `base` of all of them, its clock, and the names of its phases, where they have some."""

    label: str
    targets: tuple[Target, ...]
    base: float
    clock: Clock
    phase_names: tuple[str, ...] = ()


@attrs.frozen
class Curve:
    """A curve: its label, its points, and the index of its style. A level of NaN is a gap. `zeros` are where, on a logarithmic axis, levels of 0 are cut.

    `floor` is the lowest level that a logarithmic axis needs for it.
    """

    label: str
    points: Points
    style: int
    zeros: tuple[float, ...] = ()
    floor: float = 0.0


@attrs.frozen
class Panel:
    """The curves of one scheduled value. With one curve, its phases are drawn behind it. Levels are multiples of 10 to the `exponent`."""

    name: str
    curves: tuple[Curve, ...]
    phases: tuple[Stretch, ...]
    exponent: int


@attrs.frozen
class Picture:
    """Panels that share one axis of time, in some `unit` and from `start` to `end`. `log` and `log_x`: the axis of levels, or of time, is logarithmic.

    `twin`: the two panels are drawn as one, with an axis of levels on each side.
    """

    panels: tuple[Panel, ...]
    unit: str
    start: float
    end: float
    log: bool
    log_x: bool = False
    twin: bool = False


@attrs.frozen
class Look:
    """What is asked of a picture: how many ticks, the unit of time, the kinds of the axes, whether phases are drawn, whether two values share a panel, the
    first tick, and whether a power of ten may be taken out of the levels."""

    ticks: int | None = None
    time: str = "ticks"
    log: bool = False
    log_x: bool = False
    phases: bool = True
    twin: bool = False
    first: int = 0
    exponents: bool = True


def picture(drawn: Sequence[Drawn], look: Look) -> Picture:
    """Returns a picture of schedules, with one panel for each scheduled key."""
    axes = [Axis.of(d.clock, look.time) for d in drawn]
    last = [float((look.first + look.ticks if look.ticks else max(reach(t.plan, d.base, total_of(d.clock)) for t in d.targets)) - 1) for d in drawn]
    if look.time == "ticks":
        last = [max(last)] * len(drawn)
    keys = dict.fromkeys(t.quantity for d in drawn for t in d.targets)
    twin = look.twin and len(keys) == 2
    bases = {d.base for d in drawn}
    panels: list[Panel] = []
    for key in keys:
        members = [(d, t, axis, end) for d, axis, end in zip(drawn, axes, last, strict=True) for t in d.targets if t.quantity == key]
        curves = []
        for i, (d, t, axis, end) in enumerate(members):
            label = _label(d, t, len(drawn) > 1, len(bases) > 1)
            if twin and len(members) == 1:
                label = visible(_AXES.get(key, key)) if len(drawn) == 1 else label
            curves.append(_curve(label, axis, t, d.base, end, look, i + sum(len(p.curves) for p in panels) * twin))
        floor = min((curve.floor for curve in curves if curve.floor), default=0.0)
        curves = [attrs.evolve(curve, points=above(curve.points, floor)) for curve in curves] if floor else curves
        d, t, axis, end = members[0]
        spans = phases_of(t.plan, end, axis, d.phase_names) if look.phases and len(members) == 1 and not twin else ()
        multiples = all(d.base == 1 for d, *_ in members) and any(mentions(t.plan.level, BASE) for _, t, *_ in members)
        relative = multiples and key in ("lr", "weight_decay")
        exponent = 0 if look.log or not look.exponents else _exponent([y for curve in curves for _, y in curve.points])
        scaled = tuple(attrs.evolve(curve, points=[(x, y / 10.0**exponent) for x, y in curve.points]) for curve in curves) if exponent else tuple(curves)
        panels.append(Panel(visible(_AXES.get(key, key)) + " / base" * relative, scaled, spans, exponent))
    end = max(axis.at(tick) for axis, tick in zip(axes, last, strict=True))
    start = min(axis.at(max(look.first, int(look.log_x))) for axis in axes)
    return Picture(tuple(panels), axes[0].unit, start, end, look.log, look.log_x, twin)


def _curve(label: str, axis: Axis, target: Target, base: float, end: float, look: Look, style: int) -> Curve:
    drawn = sampled(target.plan, base, end, look.log, look.log_x, min(look.first, max(0, int(end) - 1)))
    return Curve(label, axis.drawn(drawn.line), style, tuple(axis.at(tick) for tick in drawn.zeros), drawn.floor)


def _exponent(levels: Sequence[float]) -> int:
    """Returns the power of ten that is taken out of levels; 0 where they are written as they are."""
    top = max((abs(y) for y in levels if math.isfinite(y)), default=0.0)
    return math.floor(math.log10(top)) if 0 < top < _SMALL or top >= _LARGE else 0


def _label(d: Drawn, t: Target, several: bool, bases: bool) -> str:
    beside = any(other.quantity == t.quantity and other.group is not None for other in d.targets)
    group = f"group {t.group}" if t.group is not None else "other groups" if beside else ""
    parts = [d.label if several or not group else "", group, f"base {d.base:g}" if bases else ""]
    return ", ".join(shown(part, _LONGEST) for part in parts if part)


def ticks_of(start: float, end: float, most: int = 6) -> list[float]:
    """Returns round numbers for the ticks of an axis.

    >>> ticks_of(0, 33600)
    [0.0, 10000.0, 20000.0, 30000.0]
    """
    rough = (end - start) / most
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    by = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * (1 - 1e-9)) if rough > 0 else 1.0
    return [by * k for k in range(math.ceil(start / by), math.floor(end / by * (1 + 1e-12)) + 1)]
