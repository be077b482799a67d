"""The slowest step of runs in which something happens: a phase ends by an event, a plateau reduces, cycles begin.

`python -m tests.bench.slowest` runs each text in processes of its own, where each thing happens for the first time, and then again in one process.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Sequence
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import attrs

import lrdsl

_ROUNDS = 7


@attrs.frozen
class Driven:
    """A text, and its run: how many `ticks` of `groups` param groups, with `losses` that are reported one a tick, over and over."""

    text: str
    losses: Sequence[float] = ()
    groups: int = 1
    ticks: int = 60


#: A loss that stays, so that a plateau reduces often; and one that falls below 0.3 at tick 13, and stays later.
_SAME = (1.0,)
_FALLS = tuple([max(1 - 0.06 * k, 0.05) for k in range(60)])
_CLIPPED = "clip(sum(cosine(20), min(hold(at=0.1x), warmup(10))), 0.001x, 0.9x)"
_LAYERS = 'lr["blocks.{k}.*"] = 0.75^(12 - k) * lr'
_OTHERS = "momentum = hold(at=0.9) until loss < 0.3 then linear(10, to=0.8); weight_decay = cosine(30)"
RUNS = (
    Driven("hold until loss < 0.3 then linear(20)", _FALLS),
    Driven("warmup(5) then hold until loss < 0.3 then cosine(rest)", _FALLS),
    Driven("cosine(40) until loss < 0.3 then warmup(5, from=0.1x) then exp(0.9)", _FALLS),
    Driven("hold until plateau(patience=3, metric=loss) then restarts(cosine(10), stretch=1.1)", _SAME),
    Driven("warmup(5) then plateau(patience=2, factor=0.5, metric=loss)", _SAME),
    Driven("plateau(patience=2, factor=0.5, mode=max, threshold_mode=abs, min=0.01x, metric=loss)", _SAME),
    Driven("plateau(patience=1, cooldown=2, min=1e-5, metric=loss)", _SAME, groups=10),
    Driven("warmup(5) then hold until loss < 0.3 or 60% then plateau(patience=2, metric=loss)", _FALLS),
    Driven("warmup(5) then cumprod(1 - 1/(t + 2))"),
    Driven("hold until loss < 0.3 then cumprod(1 - 0.5/(t + 2)^2)", _FALLS),
    Driven("restarts(cosine(3), stretch=1.3) * warmup(20) * exp(0.99)"),
    Driven("restarts(cosine(3), stretch=1.2, decay=0.9) * bounce(linear(7)) * exp(0.9)"),
    Driven(f"hold until loss < 0.3 then {_CLIPPED}", _FALLS),
    Driven(f"lr = warmup(5) then plateau(patience=2, metric=loss); {_OTHERS}", _FALLS),
    Driven(f"lr = hold until loss < 0.3 then restarts(cosine(5), stretch=1.5); {_OTHERS}", _FALLS, groups=10),
    Driven(
        "lr = hold until loss < 0.3 then cosine(20); momentum = hold until loss < 0.3 then linear(9); weight_decay = hold until loss < 0.3 then exp(0.9)",
        _FALLS,
        10,
    ),
    Driven(f"lr = hold until loss < 0.3 then cosine(20); {_LAYERS}", _FALLS, groups=10),
    Driven(f"lr = warmup(5) then plateau(patience=2, metric=loss); {_LAYERS}", _SAME, groups=10),
)


def attached(run: Driven) -> Any:
    """A scheduler at the start of a run."""
    groups = [{"name": f"blocks.{k}.weight", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01} for k in range(run.groups)]
    return lrdsl.compile(run.text, SimpleNamespace(param_groups=groups), total_steps=run.ticks)


def reports(run: Driven) -> list[dict[str, float]]:
    """What each step of a run reports."""
    return [{"loss": run.losses[tick % len(run.losses)]} if run.losses else {} for tick in range(run.ticks)]


def step_times(run: Driven) -> list[float]:
    """The time of each step of a run."""
    scheduler, times = attached(run), []
    for metrics in reports(run):
        begun = perf_counter()
        scheduler.step(**metrics)
        times.append(perf_counter() - begun)
    return times


def slowest(rounds: Sequence[Sequence[float]]) -> tuple[int, float]:
    """The tick of the slowest step but the first, and its time: that of its fastest round, since a busy machine only adds."""
    times = [min(row) for row in zip(*rounds, strict=True)]
    place = max(range(1, len(times)), key=times.__getitem__)
    return place + 1, times[place]


def alone(index: int) -> list[float]:
    """The times of a run in a process that runs nothing else."""
    output = subprocess.run([sys.executable, "-m", "tests.bench.slowest", str(index)], check=True, capture_output=True, text=True).stdout
    return [float(word) for word in output.split()]


def rows() -> list[tuple[str, str, str, str]]:
    """For each run: its text, its groups, and its slowest step in microseconds, where all happens for the first time and where it has happened before."""
    table = []
    for index, run in enumerate(RUNS):
        first = slowest([alone(index) for _ in range(_ROUNDS)])
        again = slowest([step_times(run) for _ in range(_ROUNDS + 1)][1:])
        table.append((run.text, str(run.groups), *(f"{seconds * 1e6:.0f} (tick {tick})" for tick, seconds in (first, again))))
    return table


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if len(sys.argv) > 1:
        print(*step_times(RUNS[int(sys.argv[1])]))
    else:
        for row in rows():
            print(*reversed(row), sep="  ")
