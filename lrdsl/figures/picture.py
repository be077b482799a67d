"""What a figure of schedules shows, before it is drawn: panels with curves, and the phases behind them. matplotlib and PGFPlots draw the same."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from lrdsl.diagnostics import shown
from lrdsl.escaping.visible import visible
from lrdsl.expr.exact import Exact
from lrdsl.figures.sampling import Points, points
from lrdsl.plan import Plan, Target, horizon

#: Okabe and Ito's palette, whose colours people with any colour vision tell apart; black first is left to the axes.
PALETTE = ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "F0E442")
#: Labels that are longer are cut.
_LONGEST = 200
_AXES = {"lr": "learning rate", "momentum": "momentum", "weight_decay": "weight decay"}


@attrs.frozen
class Drawn:
    """A schedule that is drawn: its `label` in the legend, its targets, the base of each, and the length of its run in ticks, where that is known."""

    label: str
    targets: tuple[Target, ...]
    base: float
    total: Exact | None


@attrs.frozen
class Curve:
    """One curve: its label, its points, and the index of its colour."""

    label: str
    points: Points
    colour: int


@attrs.frozen
class Stretch:
    """The stretch of a phase: its text, and its two ends on the axis."""

    text: str
    start: float
    end: float


@attrs.frozen
class Panel:
    """Curves of one thing that is scheduled over one axis; the phases stand behind them where there is one curve."""

    name: str
    curves: tuple[Curve, ...]
    phases: tuple[Stretch, ...]


@attrs.frozen
class Picture:
    """Panels over one axis of time, which ends at `end`."""

    panels: tuple[Panel, ...]
    unit: str
    end: float
    log: bool


def picture(drawn: Sequence[Drawn], ticks: int | None, per: Exact, unit: str, log: bool, phases: bool) -> Picture:
    """A picture of schedules over so many ticks, with `per` ticks in a unit of its axis. What is scheduled under one key goes into one panel."""
    last = float((ticks or max(horizon(t.plan, d.total) for d in drawn for t in d.targets)) - 1)
    keys = dict.fromkeys(_key(t) for d in drawn for t in d.targets)
    panels = []
    for key in keys:
        inside = [(d, t) for d in drawn for t in d.targets if _key(t) == key]
        curves = []
        for i, (d, t) in enumerate(inside):
            traced = [(x / float(per), y) for x, y in points(t.plan, d.base, last, log)]
            curves.append(Curve(_label(d, t, len(drawn) > 1), traced, i))
        behind = _phases(inside[0][1].plan, last, float(per)) if phases and len(inside) == 1 else ()
        relative = all(d.base == 1 for d, _ in inside) and key in ("lr", "weight_decay")
        panels.append(Panel(visible(_AXES.get(key, key)) + " / base" * relative, tuple(curves), behind))
    return Picture(tuple(panels), unit, last / float(per), log)


def _key(t: Target) -> str:
    return t.key if t.element is None else f"{t.key}[{t.element}]"


def _label(d: Drawn, t: Target, several: bool) -> str:
    group = "" if t.group is None else f"group {t.group}"
    return ", ".join(shown(part, _LONGEST) for part in (d.label if several or not group else "", group) if part)


def _phases(plan: Plan, last: float, per: float) -> tuple[Stretch, ...]:
    found = []
    for i, phase in enumerate(plan.phases):
        after = plan.phases[i + 1].start if i + 1 < len(plan.phases) else None
        if phase.start is None or phase.start >= last or phase.length == 0:
            continue
        end = after if after is not None else None if i + 1 < len(plan.phases) or phase.length is None else phase.start + phase.length
        found.append(Stretch(shown(phase.text, _LONGEST), float(phase.start) / per, min(last, float(end) if end is not None else last) / per))
    return tuple(found) if len(found) > 1 else ()
