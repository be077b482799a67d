"""`lrdsl analyze`: prints the figures of merit of schedules, as papers quote them, side by side.

It also finds the length, or the level, at which a schedule has a given figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.cli import options, terminal
from lrdsl.diagnostics import UsageError
from lrdsl.phrases import grouped

if TYPE_CHECKING:
    from lrdsl.analysis.matching import Matched
    from lrdsl.analysis.merit import Analysis, Measured
    from lrdsl.schedule import Schedule

#: The figures of which several schedules show the ratios.
_RATIOS = ("mean", "area", "peak", "final", "effective")


def add(verbs: Any) -> None:
    """Adds the command."""
    about = "Analyze schedules over their runs. Several are compared with the first one."
    parser = verbs.add_parser("analyze", help="the mean, area, peak and final level, as papers quote them", description=about)
    options.add_schedule(parser, several=True)
    options.add_base(parser)
    options.add_ticks(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--threshold", type=options.finite, metavar="X", help="print the tick from which on the level stays below X")
    help = "solve for the `?` of one of two schedules, a length or a level, so that both have the same area: `cosine(?)`, `hold(at=?x)`"
    parser.add_argument("--match", choices=("area",), help=help)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    parser.set_defaults(run=run)


@attrs.frozen
class _Analyzed:
    """A schedule with its name, and the analysis of each of its targets."""

    name: str
    schedule: Schedule
    analyses: dict[str, Analysis]


def run(arguments: argparse.Namespace) -> None:
    """Prints the analysis of each target of each schedule."""
    from lrdsl.analysis.merit import analyze, is_endless, longest

    matched = _matched(arguments) if arguments.match else None
    schedules = options.schedules(arguments) if matched is None else matched[1]
    analyzed = []
    for text, s in zip(arguments.schedule, schedules, strict=True):
        base, names = options.base(s, arguments), [t.name for t in options.targets(s, arguments)]
        name = str(s) if matched is not None and s is matched[0].schedule else options.label(text)
        ticks = {t: longest(schedules) if arguments.ticks is None and is_endless(s, t) else arguments.ticks for t in names}
        analyzed.append(_Analyzed(name, s, {t: analyze(s, base, ticks[t], t, arguments.threshold) for t in names}))
    if arguments.format == "json":
        return terminal.emit_json(_to_json(analyzed, matched), 2)
    if matched is not None:
        terminal.say(*_solution(matched[0], arguments), "")
    if len(analyzed) == 1:
        return _print_one(analyzed[0].analyses)
    for i, one in enumerate(analyzed):
        terminal.say(f"{i + 1}  {one.name}")
    for target in dict.fromkeys(t for one in analyzed for t in one.analyses):
        terminal.say("", *([target] if any(len(one.analyses) > 1 for one in analyzed) else []), *_compared(analyzed, target))


def _matched(arguments: argparse.Namespace) -> tuple[Matched, list[Schedule]]:
    """Solves for the hole of one schedule. Returns what was found, and both schedules."""
    from lrdsl.analysis.matching import has_hole, match

    holes = [has_hole(text) for text in arguments.schedule]
    if len(holes) != 2 or sum(holes) != 1:
        raise UsageError("--match takes two schedules, of which one has a `?`: lrdsl analyze --match area 'cosine(100)' 'linear(?)'")
    text, other = (arguments.schedule[holes.index(flag)] for flag in (True, False))
    reference = options.read_one(other, arguments)
    matched = match(reference, text, arguments.base, arguments.ticks, **options.facts(arguments))
    return matched, [matched.schedule if flag else reference for flag in holes]


def _solution(matched: Matched, arguments: argparse.Namespace) -> list[str]:
    """The number that was found; for a length between two ticks, the whole number of ticks beside it too."""
    from lrdsl.analysis.matching import filled

    lines = [f"? = {float(matched.value):.10g}"]
    text = next(text for text in arguments.schedule if "?" in text)
    if matched.value.denominator != 1 and matched.value > 1:
        near = filled(text, round(matched.value), **options.facts(arguments))
        if near.plan.length != matched.schedule.plan.length:
            lines.append(f"in whole ticks: {round(matched.value)}")
    return lines


def _print_one(analyses: dict[str, Analysis]) -> None:
    for i, (name, a) in enumerate(analyses.items()):
        if len(analyses) > 1:
            terminal.say(*[""] * (i > 0), name)
        width = max(len(label) for label, _ in _rows(a))
        for label, value in _rows(a):
            terminal.say(f"{label:{width}}  {value}")


def _compared(analyzed: Sequence[_Analyzed], target: str) -> list[str]:
    """The figures of one target of several schedules, side by side, with the ratios to the first schedule that has it."""
    shown = [(i, one.analyses[target]) for i, one in enumerate(analyzed) if target in one.analyses]
    first = shown[0][1]
    head = ["", *(part for i, _ in shown for part in ([str(i + 1)] if i == shown[0][0] else [str(i + 1), f"{i + 1}/{shown[0][0] + 1}"]))]
    table = [head, ["ticks", *_beside([grouped(a.ticks) for _, a in shown], [""] * len(shown))]]
    table.append(["base", *_beside([f"{a.base:g}" for _, a in shown], [""] * len(shown))])
    for figure in _RATIOS:
        values = [getattr(a, figure).value for _, a in shown]
        of = getattr(first, figure).value
        table.append([figure, *_beside([f"{value:.6g}" for value in values], [f"{value / of:.4g}" if of else "" for value in values])])
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    return [
        "  ".join(f"{cell:>{width}}" if k else f"{cell:{width}}" for k, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in table
    ]


def _beside(values: list[str], ratios: list[str]) -> list[str]:
    return [values[0], *(cell for pair in zip(values[1:], ratios[1:], strict=True) for cell in pair)]


def _rows(a: Analysis) -> list[tuple[str, str]]:
    """The labels and values of the printed table."""
    epochs = "" if a.effective_epochs is None else f", or {a.effective_epochs} epochs"
    rows = [
        ("ticks", grouped(a.ticks)),
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


def _to_json(analyzed: Sequence[_Analyzed], matched: tuple[Matched, list[Schedule]] | None) -> Any:
    """The analyses as plain JSON data: the targets of one schedule, or a list of schedules with their targets, and the ratios to the first one."""
    if len(analyzed) == 1:
        return {name: _figures(a) for name, a in analyzed[0].analyses.items()}
    data = []
    for one in analyzed:
        targets = {}
        for name, a in one.analyses.items():
            first = next(other.analyses[name] for other in analyzed if name in other.analyses)
            ratios = {figure: getattr(a, figure).value / of if (of := getattr(first, figure).value) else None for figure in _RATIOS}
            targets[name] = {**_figures(a), "ratios": ratios}
        solved = {"match": float(matched[0].value)} if matched is not None and one.schedule is matched[0].schedule else {}
        data.append({"schedule": one.name, **solved, "targets": targets})
    return data


def _figures(a: Analysis) -> dict[str, Any]:
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
