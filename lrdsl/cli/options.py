"""Options that several commands share: the schedule, the clock, names, the base, the number of ticks, the target, events, and files."""

from __future__ import annotations

import argparse
import io
import math
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl import plan
from lrdsl.cli import terminal
from lrdsl.clock import TIMES, total_of, typed
from lrdsl.diagnostics import UsageError, shown
from lrdsl.plan import MOST_TICKS
from lrdsl.schedule import Schedule
from lrdsl.targets import Target

if TYPE_CHECKING:
    from lrdsl.cli.sources import Source
    from lrdsl.linting.listing import Listing
    from lrdsl.linting.settings import SettingsOfFiles

#: A list of numbers, as a value for a name.
_LIST = re.compile(r"\s*\[([^\[\]]*)\]\s*")
#: The options that are lists, separated by commas.
_LISTS = ("select", "extend_select", "ignore", "exclude")
_CLOCK = {
    "steps_per_epoch": "optimizer steps in an epoch, for `5ep`",
    "total_steps": "steps of the whole run, for `10%%` and `rest`",
    "total_epochs": "epochs of the whole run",
    "batch_size": "samples in a step, for `3M samples`",
    "tokens_per_step": "tokens in a step, for `1.5B tokens`",
    "ticks_per_step": "calls of scheduler.step() in a step, if a launcher makes several",
}


def add_schedule(parser: argparse.ArgumentParser, several: bool | int = False, optional: bool = False) -> None:
    """Adds the schedule, its clock and its names. `several` is True for one or more schedules, or their exact number; an `optional` one may be left out."""
    doc = "schedule text; a file with it, a config or a program that has one (FILE:LINE for one of several); - for standard input"
    parser.add_argument("schedule", metavar="EXPR|FILE", help=doc, nargs="+" if several is True else "?" if optional else several or None)
    clock = parser.add_argument_group("clock")
    for fact, doc in _CLOCK.items():
        clock.add_argument(f"--{fact.replace('_', '-')}", metavar="N", type=number, help=doc)
    clock.add_argument("--tick", choices=("step", "epoch"), help="what one tick is (default: step)")
    parser.add_argument("--stdin-filename", metavar="PATH", help="read standard input as if it were this file: its ending says the format")
    doc = "a value for a name in the text, as 5 or [30,60]; may be repeated"
    parser.add_argument("--set", metavar="NAME=N", type=_named, action="append", default=[], help=doc)


def standard_input(most: int) -> str:
    """Reads all of standard input, with its line ends unchanged. Raises `UsageError` for more than `most` characters, and for input that is not UTF-8."""
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


def settings_of(arguments: argparse.Namespace) -> SettingsOfFiles:
    """The settings of the files of a command, changed by its options. Raises `SettingsError`."""
    from lrdsl.linting import tables
    from lrdsl.linting.settings import Place, Settings, SettingsOfFiles

    here = Path(os.path.realpath(Path.cwd()))
    fixed = Settings(here) if arguments.isolated else None
    changes = []
    for config in arguments.config:
        if "=" in config and not os.path.lexists(config):
            try:
                changes.append((config, tables.read(config)))
            except tables.SettingsError as error:
                raise tables.SettingsError(f"--config {shown(config)}: {error}") from None
        elif arguments.isolated:
            raise UsageError("--isolated and --config with a file exclude each other")
        else:
            fixed = Settings.named(Path(config))
    lists = {name: [part.strip() for part in value.split(",")] for name in _LISTS if (value := getattr(arguments, name, None))}
    chosen = {name: tables.codes(f"--{name.replace('_', '-')}", lists.get(name, ())) for name in ("select", "extend_select", "ignore")}

    def change(settings: Settings) -> Settings:
        for config, values in changes:
            try:
                settings = settings.changed(here, values)
            except tables.SettingsError as error:
                raise tables.SettingsError(f"--config {shown(config)}: {error}") from None
        ignore = chosen["ignore"] if "select" in lists else (*settings.selection.ignore, *chosen["ignore"])
        selection = settings.selection.changed(chosen["select"] if "select" in lists else None, chosen["extend_select"], ignore)
        return attrs.evolve(settings, selection=selection, exclude=(*settings.exclude, *(Place(here, pattern) for pattern in lists.get("exclude", ()))))

    return SettingsOfFiles(fixed, change)


def standard_name(arguments: argparse.Namespace) -> Path | None:
    """The file name that standard input stands for; None if the command reads files."""
    if arguments.paths == ["-"] or (arguments.stdin_filename and not arguments.paths):
        return Path(arguments.stdin_filename or "stdin.lrs")
    if arguments.stdin_filename or "-" in arguments.paths:
        raise UsageError("standard input is checked alone: give `-`, or --stdin-filename, and no other path")
    return None


def is_left_out(arguments: argparse.Namespace, settings: SettingsOfFiles, name: Path) -> bool:
    """Whether standard input is left out under its file name: for its ending, which is said, or by the settings with --force-exclude."""
    from lrdsl.linting.hosts import ENDINGS

    if arguments.force_exclude and settings.of(name).excludes(name):
        return True
    return _is_skipped(str(name), ENDINGS)


def _is_skipped(path: str, endings: tuple[str, ...]) -> bool:
    """Whether a file is skipped for its ending, which is said."""
    skipped = not path.lower().endswith(endings)
    if skipped:
        terminal.complain(f"lrdsl: {path}: skipped: lrdsl finds schedules in {', '.join(endings)} files")
    return skipped


def files(arguments: argparse.Namespace, settings: SettingsOfFiles, endings: tuple[str, ...] = ()) -> tuple[Listing, bool]:
    """Lists the files of a command: those with the `endings`, by default those that a check looks at.

    Also says whether a path does not exist, and prints that. Deletes the temporary files of interrupted runs.
    """
    from lrdsl.files.replacing import discard
    from lrdsl.linting.hosts import ENDINGS
    from lrdsl.linting.listing import list_files

    existing, missing, endings = [], False, endings or ENDINGS
    paths = arguments.paths or ["."]
    for path in paths:
        try:
            is_file = not stat.S_ISDIR(os.lstat(path).st_mode) and not os.path.isdir(path)  # noqa: PTH112 - it may be no path
            if arguments.force_exclude and settings.of(Path(path)).excludes(Path(path), not is_file):
                continue
            if is_file and _is_skipped(path, endings):
                continue
            existing.append(Path(path))
        except FileNotFoundError:
            terminal.complain(f"lrdsl: {path}: there is no such file or folder")
            missing = True
        except (OSError, ValueError) as error:
            terminal.complain(f"lrdsl: {path}: {getattr(error, 'strerror', error)}")
            missing = True
    listing = list_files(existing, lambda path, folder: settings.of(path).excludes(path, folder), endings)
    discard(listing.leftovers)
    return listing, missing


def add_base(parser: argparse.ArgumentParser) -> None:
    """Adds the base. Its default is what the text sets, or 1."""
    parser.add_argument("--base", type=float, metavar="X", help="the optimizer's own value (default: what the text sets, or 1)")


def base(s: Schedule, arguments: argparse.Namespace) -> float:
    """Returns the base of a command: its option, else what stands beside the schedule in its file, else what the text sets, or 1."""
    beside = getattr(arguments, "base_beside", None)
    return float(arguments.base) if arguments.base is not None else s.program.base_value if beside is None else float(beside)


def add_time(parser: argparse.ArgumentParser) -> None:
    """Adds the unit of time."""
    parser.add_argument("--time", choices=TIMES, default="ticks", help="the unit of time; percent is of the run (default: ticks)")


def add_caption(parser: argparse.ArgumentParser, kind: str) -> None:
    """Adds the caption and the label of a float of LaTeX."""
    parser.add_argument("--caption", default="", metavar="TEXT", help=f"the caption: LaTeX then gets a whole {kind} environment")
    parser.add_argument("--label", default="", metavar="NAME", help=f"the label of the {kind}, for \\ref")


def add_ticks(parser: argparse.ArgumentParser) -> None:
    """Adds the number of ticks to show."""
    parser.add_argument("--ticks", type=_ticks, metavar="N", help="the number of ticks (default: those of the run, or a little more than the schedule)")


def add_events(parser: argparse.ArgumentParser) -> None:
    """Adds the ticks of events to suppose, for a schedule that follows metrics."""
    doc = "suppose that the event which the schedule waits for comes at this tick; repeat it for the next event (default: no event comes)"
    parser.add_argument("--event", metavar="TICK", type=int, action="append", default=[], help=doc)


def add_target(parser: argparse.ArgumentParser) -> None:
    """Adds the choice of a target."""
    parser.add_argument("--target", metavar="NAME", help="one target of the text, as lr, 'betas[0]' or 'lr[\"blocks.3.mlp\"]' (default: all)")


def targets(s: Schedule, arguments: argparse.Namespace) -> tuple[Target, ...]:
    """The target that the arguments name, or all targets."""
    if arguments.target is None:
        return s.targets
    return (s.target(arguments.target),)


def number(text: str) -> Any:
    """Reads a number as a person types it, `10k` too. Infinities pass: the clock says what they mean."""
    amount = typed(text)
    try:
        return float(text) if amount is None else amount
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)} is no number: write `1000`, `10k` or `1e-3`") from None


def finite(text: str) -> float:
    """Reads a finite number."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value


def _ticks(text: str) -> int:
    n = int(typed(text) or 0)
    if not 1 <= n <= MOST_TICKS:
        raise argparse.ArgumentTypeError(f"give between 1 and {MOST_TICKS} ticks, not {text}")
    return n


def _named(text: str) -> tuple[str, Any]:
    name, equal, value = text.partition("=")
    if not equal:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    brackets = _LIST.fullmatch(value)
    items = [] if brackets is None else brackets[1].split(",")
    return name.strip(), number(value) if brackets is None else [number(item) for item in items if item.strip()]


def schedule(arguments: argparse.Namespace) -> Schedule:
    """The schedule that the arguments name."""
    from lrdsl.cli.sources import only  # imported here: a check of files needs no schedule of the command line

    source = only(arguments.schedule, arguments)
    arguments.base_beside = source.base
    return read(source, arguments).supposing(*getattr(arguments, "event", ()))


def schedules(arguments: argparse.Namespace) -> list[Schedule]:
    """The schedules that the arguments name, if a command takes several. The events are for those that follow a metric, if there is one."""
    if arguments.schedule.count("-") > 1:
        raise UsageError("standard input is one schedule: give `-` once")
    several = [read_one(argument, arguments) for argument in arguments.schedule]
    follows = any(s.metrics for s in several)
    return [s if follows and not s.metrics else s.supposing(*getattr(arguments, "event", ())) for s in several]


def source(arguments: argparse.Namespace) -> str:
    """The text of the schedule that the arguments name, as it stands there."""
    from lrdsl.cli.sources import only
    from lrdsl.files.opening import read_text

    argument: str = arguments.schedule
    if argument.endswith(".lrs"):
        return read_text(Path(argument))
    place = only(argument, arguments)
    return argument if not place.title and place.name == "<schedule>" else read(place, arguments).text


def stated(arguments: argparse.Namespace) -> dict[str, str]:
    """The facts that the arguments give, as texts: those of the clock, the base, and the names."""
    numbers = {fact: value for fact in (*_CLOCK, "base") if (value := getattr(arguments, fact)) is not None}
    tick = {} if arguments.tick is None else {"tick": arguments.tick}
    names = {"names": ", ".join(f"{name}={value}" for name, value in arguments.set)} if arguments.set else {}
    return {**{fact: str(value) for fact, value in numbers.items()}, **tick, **names}


def label(text: str) -> str:
    """A short name for a schedule argument: the name of its file, or the text."""
    from lrdsl.cli.sources import is_file

    return "standard input" if text == "-" else Path(text).stem if is_file(text) else " ".join(text.split())


def read_one(argument: str, arguments: argparse.Namespace) -> Schedule:
    """The schedule of one argument."""
    from lrdsl.cli.sources import only

    return read(only(argument, arguments), arguments)


def read(source: Source, arguments: argparse.Namespace) -> Schedule:
    """A schedule, with the clock and the names of the arguments."""
    return source.read(facts(arguments))


def facts(arguments: argparse.Namespace) -> dict[str, Any]:
    """The clock and the names of the arguments, as `parse` takes them."""
    clock = {fact: value for fact in (*_CLOCK, "tick") if (value := getattr(arguments, fact)) is not None}
    return clock | {"names": dict(arguments.set)}


def horizon(s: Schedule, targets: tuple[Target, ...]) -> int:
    """How many ticks to show of these targets, if the user does not say."""
    total = total_of(s.clock)
    return max(plan.horizon(t.plan, total) for t in targets)
