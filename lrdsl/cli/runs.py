"""`lrdsl check --explain-run`: what was read of the schedules of other libraries in files, and of their runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrdsl.cli import terminal
from lrdsl.diagnostics import shown
from lrdsl.phrases import grouped

if TYPE_CHECKING:
    from lrdsl.training.curves import Curve
    from lrdsl.training.run import Case, Time


def explain(files: Sequence[tuple[Path, str]]) -> int:
    """Prints each schedule of files with its text, its clock, who steps it, and its curve. Returns the exit status: 1 if there is none."""
    from lrdsl.training.curves import curves

    several = [(place, case) for path, text in files for place, case in _cases(path, text)]
    for i, (place, case) in enumerate(several):
        terminal.say(*[""] * (i > 0), f"{place}: {shown(' '.join(case.reading.source.split()), 100)}", *_lines(case))
        levels = curves(case)
        if levels:
            curve = levels[0]
            base = "" if case.reading.base is not None else f", base {curve.base:g}"
            unit = case.run.stepping.unit if case.run.stepping is not None else "tick"
            terminal.say(f"    drawn     for {grouped(curve.total)} {unit}s{base}")
            _draw(curve)
    if not several:
        terminal.complain("lrdsl: no schedule of another library was found")
    return int(not several)


def _cases(path: Path, text: str) -> Iterator[tuple[str, Case]]:
    """The cases of a file, each with its place as people say it."""
    from lrdsl.linting.hosts.notebook import program
    from lrdsl.linting.listing import building_in
    from lrdsl.training.cases import cases

    folder = building_in(path)
    if path.suffix.lower() != ".ipynb":
        yield from ((f"{path}:{case.reading.line}", case) for case in cases(text, str(path), folder))
    elif (made := program(text)) is not None:
        cells, _ = made
        yield from ((f"{path}, {cells.line(case.reading.line)}", case) for case in cases(cells.text, f"{path}.py", folder, cells.line))


def _lines(case: Case) -> Iterator[str]:
    """What was read of a schedule and its run."""
    from lrdsl.expr.exact import nearest_number

    reading, run = case.reading, case.run
    yield f"    schedule  {reading.text if reading.text is not None else 'not read: ' + '; '.join(reading.problems)}"
    if reading.base is not None:
        yield f"    base      {nearest_number(reading.base)}"
    if run.stepping is None:
        yield f"    stepped   {'never: nothing calls `step()`' if run.is_unused else 'not known: the file does not say it'}"
    else:
        yield f"    stepped   each {run.stepping.unit}: {run.stepping.words}"
        if run.stepping.every is not None:
            yield f"    a step    is `{run.stepping.every.text}` batches"
    lengths = [f"{_amount(time)} {time.unit}s" for time in (run.epochs, run.steps) if time is not None]
    yield f"    run       {', '.join(lengths) if lengths else 'length not known'}"
    if run.per_epoch is not None:
        yield f"    an epoch  {_amount(run.per_epoch)} steps"
    for time in case.times:
        if case.call is not None:
            yield f"    argument  {_amount(time)}{f', in {time.unit}s' if time.unit else ''}"
    for name, value in reading.assumed.items():
        yield f"    supposed  {name} = {value}, its default"
    if reading.unknown:
        yield f"    not known {', '.join(reading.unknown)}"


def _amount(time: Time) -> str:
    """A time as the source has it, with its number if that is another one."""
    number = time.number
    text = f"`{shown(time.text, 80)}`"
    return text if number is None or time.text == f"{number:g}" else f"{text}, which is {grouped(number)}"


def _draw(curve: Curve) -> None:
    from lrdsl.cli.show import Screen, draw

    schedule = curve.facts.schedule
    draw(Screen.of(terminal.console()), schedule, schedule.target("lr"), curve.base, max(2, round(curve.total)))
