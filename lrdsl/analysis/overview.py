"""The table of phases: `rows` gives the text, the ticks, the length and the levels of each phase, written for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrdsl.plan import Target
    from lrdsl.schedule import Schedule

HEAD = ("phase", "ticks", "length", "level")


def rows(s: Schedule, target: Target, base: float) -> list[tuple[str, str, str, str]]:
    """Returns one row per phase: its text, its ticks, its length, and its levels at both ends."""
    table = []
    for i, phase in enumerate(target.plan.phases):
        start, n = phase.start, phase.length
        if start is None:
            table.append((phase.text, "?", "?" if n is None else _ticks(n), "from the level reached"))
            continue
        first = f"{s.at(float(start), base, target.name):.4g}"
        if n is None:
            waits = i + 1 < len(target.plan.phases)
            table.append((phase.text, f"{_ticks(start)} …" + " ?" * waits, "?" if waits else "endless", f"from {first}"))
        else:
            last = f"{s.at(float(start + n), base, target.name):.4g}"
            table.append((phase.text, f"{_ticks(start)} … {_ticks(start + n)}", _ticks(n), first if first == last else f"{first} → {last}"))
    return table


def _ticks(value: Any) -> str:
    return f"{float(value):,.10g}".replace(",", "_")
