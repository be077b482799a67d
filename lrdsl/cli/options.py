"""Options that several verbs share: the schedule, the clock, names, the base, how many ticks."""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdsl import plan
from lrdsl.check.program import total_of
from lrdsl.cli import terminal
from lrdsl.diagnostics import UsageError
from lrdsl.plan import MOST_TICKS, Target
from lrdsl.reading import load
from lrdsl.schedule import Schedule, parse

if TYPE_CHECKING:
    from lrdsl.linting.listing import Listing

_CLOCK = {
    "steps_per_epoch": "optimizer steps in an epoch, for `5ep`",
    "total_steps": "steps of the whole run, for `10%%` and `rest`",
    "total_epochs": "epochs of the whole run",
    "batch_size": "samples in a step, for `3M samples`",
    "tokens_per_step": "tokens in a step, for `1.5B tokens`",
    "ticks_per_step": "calls of scheduler.step() in a step, where a launcher makes several",
}


def add_schedule(parser: argparse.ArgumentParser, several: bool | int = False) -> None:
    """The schedule itself, or `several` or so many, its clock and its names."""
    doc = "schedule text, or a file that holds it (an existing file, or a name ending in .lrs)"
    parser.add_argument("schedule", metavar="EXPR|FILE", help=doc, nargs="+" if several is True else several or None)
    clock = parser.add_argument_group("clock")
    for fact, doc in _CLOCK.items():
        clock.add_argument(f"--{fact.replace('_', '-')}", metavar="N", type=_number, help=doc)
    clock.add_argument("--tick", choices=("step", "epoch"), default="step", help="what one tick is (default: step)")
    parser.add_argument("--set", metavar="NAME=N", type=_named, action="append", default=[], help="a value for a name in the text; may be repeated")


def standard_input(most: int) -> str:
    """All of standard input, as it is, with its ends of lines. Raises `UsageError` where it does not end, which more than `most` characters are taken for."""
    if sys.stdin is None:
        raise UsageError("there is no standard input")
    try:
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", newline="")
        source = sys.stdin.read(most + 1)
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 text, from byte {error.start} on") from None
    except OSError as error:
        raise UsageError(f"standard input cannot be read: {error.strerror}") from None
    if len(source) > most:
        raise UsageError(f"standard input has more than {most:,} characters: a schedule is a page of text")
    return source


def list_files(paths: Sequence[str]) -> tuple[Listing, bool]:
    """The files that are meant by paths, and whether some are not there, which is said. What runs left that were killed is taken away."""
    from lrdsl.files.replacing import discard
    from lrdsl.linting.listing import list_files

    there = []
    for path in paths:
        try:
            Path(path).lstat()
            there.append(Path(path))
        except FileNotFoundError:
            terminal.complain(f"lrdsl: {path}: there is no such file or folder")
        except (OSError, ValueError) as error:
            terminal.complain(f"lrdsl: {path}: {getattr(error, 'strerror', error)}")
    listing = list_files(there)
    discard(listing.leftovers)
    return listing, len(there) < len(paths)


def add_base(parser: argparse.ArgumentParser, of_text: bool = False) -> None:
    """The base as a number; unless given, 1, or what the text sets where it is to be that `of_text`."""
    default = "what the text sets, or 1" if of_text else "1"
    parser.add_argument("--base", type=float, default=None if of_text else 1.0, metavar="X", help=f"the optimizer's own value (default: {default})")


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


def finite(text: str) -> float:
    """A number that is not infinite."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value


def _ticks(text: str) -> int:
    n = int(float(text.replace("_", "")))
    if not 1 <= n <= MOST_TICKS:
        raise argparse.ArgumentTypeError(f"between 1 and {MOST_TICKS} ticks can be shown, not {text}")
    return n


def _named(text: str) -> tuple[str, Any]:
    name, equal, value = text.partition("=")
    if not equal:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    return name.strip(), _number(value)


def schedule(arguments: argparse.Namespace) -> Schedule:
    """The schedule that the arguments name."""
    return _schedule(arguments.schedule, arguments)


def schedules(arguments: argparse.Namespace) -> list[Schedule]:
    """The schedules that the arguments name, where they name several."""
    return [_schedule(text, arguments) for text in arguments.schedule]


def label(text: str) -> str:
    """A short name for what an argument names: the file's, or the text."""
    return Path(text).stem if _is_file(text) else " ".join(text.split())


def _schedule(text: str, arguments: argparse.Namespace) -> Schedule:
    options: dict[str, Any] = {fact: getattr(arguments, fact) for fact in _CLOCK}
    options |= {"tick": arguments.tick, "names": dict(arguments.set)}
    s = load(text, **options) if _is_file(text) else parse(text, **options)
    return s.supposing(*getattr(arguments, "event", ()))


def _is_file(text: str) -> bool:
    try:
        return text.endswith(".lrs") or Path(text).is_file()
    except (OSError, ValueError):  # too long, or with a NUL byte: no file name
        return False


def horizon(s: Schedule, found: tuple[Target, ...]) -> int:
    """How many ticks show targets of a schedule."""
    total = total_of(s.clock)
    return max(plan.horizon(t.plan, total) for t in found)
