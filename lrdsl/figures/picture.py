"""A picture of schedules as data: panels with curves, and the phases behind them. matplotlib and PGFPlots both draw it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from lrdsl.diagnostics import shown
from lrdsl.escaping.visible import visible
from lrdsl.expr.exact import Exact
from lrdsl.figures.sampling import Points, points
from lrdsl.plan import Plan, horizon
from lrdsl.targets import Target

#: Okabe and Ito's palette, without its black, which the axes have. Readers with any colour vision can tell these colours apart.
PALETTE = ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "F0E442")
#: The longest label; longer ones are cut.
_LONGEST = 200
_AXES = {"lr": "learning rate", "momentum": "momentum", "weight_decay": "weight decay"}


@attrs.frozen
class Drawn:
    """A schedule to draw: its `label` in the legend, its targets, the `base` of all of them, and the length of its run in ticks, `total`, if known."""

    label: str
    targets: tuple[Target, ...]
    base: float
    total: Exact | None


@attrs.frozen
class Curve:
    """A curve: its label, its points, and the index of its colour."""

    label: str
    points: Points
    colour: int


@attrs.frozen
class Stretch:
    """A phase on the axis of time: its text, and its two ends."""

    text: str
    start: float
    end: float


@attrs.frozen
class Panel:
    """The curves of one scheduled value. With one curve, its phases are drawn behind it."""

    name: str
    curves: tuple[Curve, ...]
    phases: tuple[Stretch, ...]


@attrs.frozen
class Picture:
    """Panels that share one axis of time, in some `unit` and from 0 to `end`. `log`: the levels are on a logarithmic axis."""

    panels: tuple[Panel, ...]
    unit: str
    end: float
    log: bool


def picture(drawn: Sequence[Drawn], ticks: int | None, per: Exact, unit: str, log: bool, phases: bool) -> Picture:
    """Returns a picture of schedules over `ticks` ticks, with one panel for each scheduled key. A unit of the axis has `per` ticks."""
    last = float((ticks or max(horizon(t.plan, d.total) for d in drawn for t in d.targets)) - 1)
    keys = dict.fromkeys(t.quantity for d in drawn for t in d.targets)
    panels = []
    for key in keys:
        members = [(d, t) for d in drawn for t in d.targets if t.quantity == key]
        curves = []
        for i, (d, t) in enumerate(members):
            outline = [(x / float(per), y) for x, y in points(t.plan, d.base, last, log)]
            curves.append(Curve(_label(d, t, len(drawn) > 1), outline, i))
        spans = _phases(members[0][1].plan, last, float(per)) if phases and len(members) == 1 else ()
        relative = all(d.base == 1 for d, _ in members) and key in ("lr", "weight_decay")
        panels.append(Panel(visible(_AXES.get(key, key)) + " / base" * relative, tuple(curves), spans))
    return Picture(tuple(panels), unit, last / float(per), log)


def _label(d: Drawn, t: Target, several: bool) -> str:
    group = "" if t.group is None else f"group {t.group}"
    return ", ".join(shown(part, _LONGEST) for part in (d.label if several or not group else "", group) if part)


def _phases(plan: Plan, last: float, per: float) -> tuple[Stretch, ...]:
    """Returns the phases of a plan up to a tick; nothing if there is only one."""
    stretches = []
    for i, phase in enumerate(plan.phases):
        after = plan.phases[i + 1].start if i + 1 < len(plan.phases) else None
        if phase.start is None or phase.start >= last or phase.length == 0:
            continue
        end = after if after is not None else None if i + 1 < len(plan.phases) or phase.length is None else phase.start + phase.length
        stretches.append(Stretch(shown(phase.text, _LONGEST), float(phase.start) / per, min(last, float(end) if end is not None else last) / per))
    return tuple(stretches) if len(stretches) > 1 else ()
