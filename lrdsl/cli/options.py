"""Options that several verbs share: the schedule, the clock, names, the base, how many ticks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lrdsl.expr import Call, Expr, Linear, Num, walk
from lrdsl.plan import Plan, Target, pieces
from lrdsl.reading import load
from lrdsl.schedule import Schedule, parse

MAX_SHOWN = 10_000_000
_CLOCK = {
    "steps_per_epoch": "optimizer steps in an epoch, for `5ep`",
    "total_steps": "steps of the whole run, for `10%%` and `rest`",
    "total_epochs": "epochs of the whole run",
    "batch_size": "samples in a step, for `3M samples`",
    "tokens_per_step": "tokens in a step, for `1.5B tokens`",
    "ticks_per_step": "calls of scheduler.step() in a step, where a launcher makes several",
}


def add_schedule(parser: argparse.ArgumentParser) -> None:
    """The schedule itself, its clock and its names."""
    parser.add_argument("schedule", metavar="EXPR|FILE", help="schedule text, or a file that holds it (an existing file, or a name ending in .lrs)")
    clock = parser.add_argument_group("clock")
    for fact, doc in _CLOCK.items():
        clock.add_argument(f"--{fact.replace('_', '-')}", metavar="N", type=_number, help=doc)
    clock.add_argument("--tick", choices=("step", "epoch"), default="step", help="what one tick is (default: step)")
    parser.add_argument("--set", metavar="NAME=N", type=_named, action="append", default=[], help="a value for a name in the text; may be repeated")


def add_base(parser: argparse.ArgumentParser) -> None:
    """The base as a number."""
    parser.add_argument("--base", type=_real, default=1.0, metavar="X", help="the optimizer's own value (default: 1)")


def add_ticks(parser: argparse.ArgumentParser) -> None:
    """How many ticks to show."""
    parser.add_argument("--ticks", type=_ticks, metavar="N", help="how many ticks, from 0 (default: the run, or the schedule and a little more)")


def add_events(parser: argparse.ArgumentParser) -> None:
    """What to suppose of a schedule that follows metrics."""
    doc = "suppose that what the schedule waits for comes at this tick; may be repeated, for what it waits for next (default: nothing comes)"
    parser.add_argument("--event", metavar="TICK", type=int, action="append", default=[], help=doc)


def add_target(parser: argparse.ArgumentParser) -> None:
    """Which of several targets."""
    parser.add_argument("--target", metavar="NAME", help="one target of a file, as lr, momentum or 'betas[0]' (default: all)")


def targets(s: Schedule, arguments: argparse.Namespace) -> tuple[Target, ...]:
    """The targets that are asked for."""
    if arguments.target is None:
        return s.targets
    s.plan_of(arguments.target)
    return tuple(t for t in s.targets if t.name == arguments.target)


def _number(text: str) -> Any:
    try:
        return int(text.replace("_", ""))
    except ValueError:
        return float(text)


def _real(text: str) -> float:
    return float(text)


def _ticks(text: str) -> int:
    n = int(float(text.replace("_", "")))
    if not 1 <= n <= MAX_SHOWN:
        raise argparse.ArgumentTypeError(f"between 1 and {MAX_SHOWN} ticks can be shown, not {text}")
    return n


def _named(text: str) -> tuple[str, Any]:
    name, equal, value = text.partition("=")
    if not equal:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    return name.strip(), _number(value)


def schedule(arguments: argparse.Namespace) -> Schedule:
    """The schedule that the arguments name."""
    options: dict[str, Any] = {fact: getattr(arguments, fact) for fact in _CLOCK}
    options |= {"tick": arguments.tick, "names": dict(arguments.set)}
    text: str = arguments.schedule
    s = load(text, **options) if _is_file(text) else parse(text, **options)
    return s.supposing(*getattr(arguments, "event", ()))


def _is_file(text: str) -> bool:
    try:
        return text.endswith(".lrs") or Path(text).is_file()
    except (OSError, ValueError):  # too long, or with a NUL byte: no file name
        return False


def horizon(s: Schedule, found: tuple[Target, ...]) -> int:
    """How many ticks show targets of a schedule: the run where the clock knows it, else to a little past its end, or a few of its cycles."""
    if s.clock.total_steps is not None or s.clock.total_epochs is not None:
        return _shown(float(s.clock.total()))
    return max(_shown(_end(t.plan)) for t in found)


def _end(plan: Plan) -> float:
    found = pieces(plan.level)
    last = [phase for phase in plan.phases if phase.start is not None][-1]
    start = float(last.start or 0)
    cycles = [start + 4 * period for period in _periods(found[-1].level)]
    later = [float(p.start) for p in found if p.start > start][:4] if last.length is None else []
    length = float(plan.length) * 1.05 if plan.length is not None else 0 if cycles or later else max(100.0, 3 * start)
    return max([length, *cycles, *later])


def _shown(ticks: float) -> int:
    return max(2, min(int(ticks) + 1, MAX_SHOWN))


def _periods(e: Expr) -> list[float]:
    """The lengths of the cycles and stairs in a formula."""
    found = []
    for x in walk(e):
        if isinstance(x, Call) and x.op == "mod" and isinstance(x.args[1], Num):
            found.append(float(x.args[1].value))
        elif isinstance(x, Call) and x.op == "floor" and isinstance(x.args[0], Linear):
            found.append(float(1 / x.args[0].scale))
    return found
