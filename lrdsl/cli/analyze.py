"""`lrdsl analyze`: prints the figures of merit of a schedule, as papers quote them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options, terminal

if TYPE_CHECKING:
    from lrdsl.analysis.merit import Analysis, Measured


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("analyze", help="the mean, area, peak and final level, as papers quote them", description="Analyze a schedule over its run.")
    options.add_schedule(parser)
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--threshold", type=options.finite, metavar="X", help="print the tick from which on the level stays below X")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the analysis of each target."""
    from lrdsl.analysis.merit import analyze

    s = options.schedule(arguments)
    base = options.base(s, arguments)
    analyses = {t.name: analyze(s, base, arguments.ticks, t.name, arguments.threshold) for t in options.targets(s, arguments)}
    if arguments.format == "json":
        return terminal.emit_json({name: _to_json(a) for name, a in analyses.items()}, 2)
    for i, (name, a) in enumerate(analyses.items()):
        if len(analyses) > 1:
            terminal.say(*[""] * (i > 0), name)
        width = max(len(label) for label, _ in _rows(a))
        for label, value in _rows(a):
            terminal.say(f"{label:{width}}  {value}")


def _rows(a: Analysis) -> list[tuple[str, str]]:
    """The labels and values of the printed table."""
    epochs = "" if a.effective_epochs is None else f", or {a.effective_epochs} epochs"
    rows = [
        ("ticks", f"{a.ticks:,}".replace(",", "_")),
        ("base", f"{a.base:g}"),
        ("mean", str(a.mean)),
        ("area", f"{a.area}, in level times ticks"),
        ("peak", f"{a.peak} at tick {a.peak_at}"),
        ("final", f"{a.final} at tick {a.ticks - 1}"),
        ("effective", f"{a.effective} ticks at the peak{epochs}"),
    ]
    if a.threshold is not None:
        rows.append((f"below {a.threshold:g}", "never to the end" if a.below is None else f"from tick {a.below} on"))
    return rows


def _to_json(a: Analysis) -> dict[str, Any]:
    """The analysis as plain JSON data."""

    def measured(m: Measured | None) -> Any:
        return None if m is None else {"value": m.value, "exactly": None if m.exactly is None else str(m.exactly)}

    return {
        "ticks": a.ticks,
        "base": a.base,
        "mean": measured(a.mean),
        "area": measured(a.area),
        "peak": {**measured(a.peak), "tick": a.peak_at},
        "final": {**measured(a.final), "tick": a.ticks - 1},
        "effective_ticks": measured(a.effective),
        "effective_epochs": measured(a.effective_epochs),
        "threshold": a.threshold,
        "below_from_tick": a.below,
    }
