"""`python -m tests.bench`: one table of ratios, all measured in one run, medians of several rounds. Nothing here passes or fails."""

from __future__ import annotations

import functools
import math
import os
import statistics
import subprocess
import sys
import timeit
import warnings
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

import lrdsl
from tests.bench.cases import CASES, RUN, RUNS, Loop, cosine_by_hand, optimizer
from tests.bench.slowest import rows

_ROUNDS = 9
_FIRST = "import lrdsl; lrdsl.parse('cosine(9)')"
THREE_PHASES = "warmup(5) then hold(20) then cosine(75, to=0.01x)"


def rounds(call: Callable[[], Any], number: int) -> list[float]:
    """The time of one call, in each of several rounds."""
    call()
    return [found / number for found in timeit.repeat(call, number=number, repeat=_ROUNDS)]


def beside(*calls: tuple[Callable[[], Any], int]) -> list[list[float]]:
    """The times of one call of each, in each of several rounds; each round has all of them, so that a machine that is slow for a while is so for all."""
    for call, _ in calls:
        call()
    return [list(found) for found in zip(*([timeit.timeit(call, number=n) / n for call, n in calls] for _ in range(_ROUNDS)), strict=True)]


def ratio(above: list[float], below: list[float]) -> float:
    """The median of what two took in the same rounds, one as a multiple of the other."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def steps(console: Console) -> None:
    """One `step()`, against torch and against a loop written by hand."""
    table = Table("one step()", "groups", "lrdsl", "torch", "by hand", "faster than torch", "of by hand", title="microseconds")
    for case in CASES:
        for groups in (1, 10, 100):
            ours, torchs, loop = optimizer(groups), optimizer(groups), optimizer(groups)
            mine, theirs, hand = lrdsl.compile(case.text, ours), case.torchs(torchs), Loop(loop, case.level)
            ours.step()
            torchs.step()
            found = beside(*((scheduler.step, 2000 // groups + 50) for scheduler in (mine, theirs, hand)))
            times = [f"{statistics.median(x) * 1e6:.3g}" for x in found]
            table.add_row(case.name, str(groups), *times, f"{ratio(found[1], found[0]):.1f}", f"{ratio(found[0], found[2]):.2f}")
    console.print(table)


def runs(console: Console) -> None:
    """Whole runs, entering of phases included, against torch, the median of rounds in turn; and the longest of their steps but the first."""
    table = Table("a run of 4,000 ticks", "groups", "faster than torch", "longest step, microseconds", title="whole runs")
    for text, torchs in RUNS:
        make = functools.partial(lrdsl.compile, text)
        for groups in (1, 10):
            mine, theirs = zip(*((_run(make, groups), _run(torchs, groups)) for _ in range(2 * _ROUNDS)), strict=True)
            steps = [_steps(make, groups) for _ in range(_ROUNDS)]
            longest = max(min(times) for times in list(zip(*steps, strict=True))[1:])
            table.add_row(text, str(groups), f"{ratio(list(theirs), list(mine)):.1f}", f"{longest * 1e6:.0f}")
    console.print(table)


def _run(make: Callable[[Any], Any], groups: int) -> float:
    """The time of a run."""
    opt = optimizer(groups)
    step = make(opt).step
    opt.step()
    return timeit.timeit(step, number=RUN)


def _steps(make: Callable[[Any], Any], groups: int) -> list[float]:
    """The time of each step of a run."""
    opt = optimizer(groups)
    scheduler = make(opt)
    opt.step()
    return [timeit.timeit(scheduler.step, number=1) for _ in range(RUN)]


def slowest(console: Console) -> None:
    """The slowest step but the first of runs in which something happens."""
    table = Table("run", "groups", "in a new process", "again", title="slowest steps, microseconds")
    for row in rows():
        table.add_row(*row)
    console.print(table)


def arrays(console: Console) -> None:
    """A million levels, against NumPy by hand and against stepping torch."""
    n = 1_000_000
    s = lrdsl.parse(f"cosine({n})")
    opt = optimizer(1)
    theirs = next(case for case in CASES if case.name == "cosine").torchs(opt)
    opt.step()
    mine, hand, stepped = beside((lambda: s.values(n, 0.1), 1), (lambda: cosine_by_hand(n), 1), (theirs.step, 2000))
    table = Table("values(1_000_000)", "milliseconds", "lrdsl is", title="arrays")
    table.add_row("lrdsl", f"{statistics.median(mine) * 1e3:.1f}", "")
    table.add_row("NumPy by hand", f"{statistics.median(hand) * 1e3:.1f}", f"{ratio(mine, hand):.2f} of it")
    table.add_row("stepping torch", f"{statistics.median(stepped) * n * 1e3:.0f}", f"{ratio(stepped, mine) * n:.0f} times faster")
    console.print(table)


def texts(console: Console) -> None:
    """From text to scheduler, and checking many texts. On a busy machine the best round says more of the code, the median more of the machine."""
    table = Table("text", "median", "best round", title="reading, in milliseconds")
    opt = optimizer(1)
    for name, call in (
        ("parse and check, three phases", lambda: lrdsl.parse(THREE_PHASES)),
        ("the same, to a scheduler", lambda: lrdsl.compile(THREE_PHASES, opt)),
    ):
        found = rounds(call, 100)
        table.add_row(name, f"{statistics.median(found) * 1e3:.2f}", f"{min(found) * 1e3:.2f}")
    many = iter([f"warmup({k % 50 + 1}) then cosine({k + 10}, to={k % 9 / 100}x)" for k in range(10_000)])
    times = timeit.repeat(lambda: lrdsl.lint(next(many)), number=10_000 // 20, repeat=20)
    rates = [10_000 / 20 / found for found in times]
    table.add_row("lint 10,000 texts, a second", f"{statistics.median(rates):.0f}", f"{max(rates):.0f}")
    console.print(table)


def starts(console: Console) -> None:
    """What it costs to begin, in processes of their own."""

    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # installed packages are compiled

    def cold(*arguments: str) -> float:
        start = functools.partial(subprocess.run, [sys.executable, *arguments], check=True, capture_output=True, env=usual)
        start()
        return statistics.median(timeit.repeat(start, number=1, repeat=_ROUNDS))

    bare = cold("-c", "pass")
    table = Table("a new process", "milliseconds", title="starting")
    table.add_row("Python", f"{bare * 1e3:.0f}")
    table.add_row("import lrdsl, above that", f"{(cold('-c', 'import lrdsl') - bare) * 1e3:.0f}")
    table.add_row("and a first text", f"{(cold('-c', _FIRST) - bare) * 1e3:.0f}")
    table.add_row("lrdsl values", f"{cold('-m', 'lrdsl', 'values', 'step(3, 0.1) then cosine(20)') * 1e3:.0f}")
    console.print(table)


def drift(console: Console) -> None:
    """How far each is from 40 digits, in units in the last place, along the same run."""
    import mpmath

    table = Table("after", "lrdsl", "torch", title="error of cosine(1000000), units in the last place")
    n = 1_000_000
    s = lrdsl.parse(f"cosine({n})")
    opt = optimizer(1)
    theirs = next(case for case in CASES if case.name == "cosine").torchs(opt)
    theirs.T_max = n
    opt.step()
    at = {100, 10_000, 100_000, 500_000, 999_000}
    with mpmath.workdps(40):
        for t in range(1, max(at) + 1):
            theirs.step()
            if t in at:
                exact = mpmath.mpf(0.1) * (1 + mpmath.cos(mpmath.pi * t / n)) / 2
                errors = [float(abs(mpmath.mpf(x) - exact) / math.ulp(float(exact))) for x in (s.at(t, 0.1), opt.param_groups[0]["lr"])]
                table.add_row(f"{t:,} ticks", *(f"{e:.3g}" for e in errors))
    console.print(table)


def main() -> None:
    warnings.simplefilter("ignore")
    console = Console()
    for section in (steps, runs, slowest, arrays, texts, starts, drift):
        section(console)


if __name__ == "__main__":
    main()
