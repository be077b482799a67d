"""`lrdsl analyze`: the numbers that a paper quotes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options, terminal

if TYPE_CHECKING:
    from lrdsl.analysis.merit import Analysis, Measured


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("analyze", help="mean, area, peak, final level: what a paper quotes", description="Measure a schedule over its run.")
    options.add_schedule(parser)
    options.add_base(parser, of_text=True)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--threshold", type=options.finite, metavar="X", help="say from which tick on the level stays under this")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the analysis of each target."""
    from lrdsl.analysis.merit import analyze

    s = options.schedule(arguments)
    found = {t.name: analyze(s, arguments.base, arguments.ticks, t.name, arguments.threshold) for t in options.targets(s, arguments)}
    if arguments.format == "json":
        return terminal.emit_json({name: _plain(a) for name, a in found.items()}, 2)
    for i, (name, a) in enumerate(found.items()):
        if len(found) > 1:
            terminal.say(*[""] * (i > 0), name)
        width = max(len(label) for label, _ in _rows(a))
        for label, value in _rows(a):
            terminal.say(f"{label:{width}}  {value}")


def _rows(a: Analysis) -> list[tuple[str, str]]:
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


def _plain(a: Analysis) -> dict[str, Any]:
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
