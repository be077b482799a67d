"""`read`: a schedule from what another library has, a live scheduler, code, or a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import attrs

from lrdsl.arguments import quoted
from lrdsl.diagnostics import refuse, shown
from lrdsl.dialects import configs, live
from lrdsl.dialects.code import arguments
from lrdsl.dialects.code.calls import Call, calls
from lrdsl.dialects.code.parsing import fault, parsed
from lrdsl.dialects.code.values import is_number
from lrdsl.dialects.entry import UnreadableError
from lrdsl.dialects.reading import Reading, unsound
from lrdsl.dialects.simplifying import text_of
from lrdsl.documents import UnreadableError as UnreadableDocumentError
from lrdsl.documents import notebook
from lrdsl.expr.exact import nearest_number
from lrdsl.files.opening import RefusedError, decoded, read_bytes
from lrdsl.schedule import Schedule

#: The most bytes of a file, and the most characters of a text.
_MOST_BYTES = 4_000_000
_HELP = "give a scheduler of torch, transformers, timm or Keras, the text of a call, or a config"


def read(thing: Any, *, names: Mapping[str, Any] | None = None) -> Schedule:
    """Returns the schedule of another library: of a live scheduler, of a call in source code, or of a config.

    Parameters: `thing`, a scheduler of torch, transformers, timm or Keras, the text of a call or of a config, a config as a dict or a list, or the path of a
    file; `names`, values for names that the source leaves open. Raises `ScheduleError`, with the reason, for what has no text.

    >>> import lrdsl
    >>> print(lrdsl.read("CosineAnnealingWarmRestarts(optimizer, T_0=n, T_mult=2)", names={"n": 10}))
    restarts(cosine(n), stretch=2)
    """
    return reading(thing).schedule(names)


def reading(thing: Any) -> Reading:
    """Returns what was read from a live scheduler, from the text of a call or config, or from a file. Raises `ScheduleError` for a thing without a schedule.

    >>> reading("torch.optim.lr_scheduler.StepLR(optimizer, 30)").text
    'step(30)'
    """
    if isinstance(thing, Path):
        return _only(readings(_content(thing), str(thing), thing.parent), thing)
    if isinstance(thing, str) and len(thing) > _MOST_BYTES:
        raise refuse("LR160", f"the text has {len(thing):,} characters, and {_MOST_BYTES:,} are read", _HELP)
    if isinstance(thing, str):
        return _only(readings_of(thing), thing)
    if isinstance(thing, Mapping | list):
        return _only(configs.readings_in([thing]), "the config")
    try:
        scheduler = live.read(thing)
    except UnreadableError as reason:
        return Reading("", type(thing).__name__, None, problems=(str(reason),))
    if scheduler is None:
        raise refuse("LR160", f"this is no schedule that lrdsl can read: {quoted(thing)}", _HELP)
    bases = set(scheduler.bases)
    notes = tuple(dict.fromkeys(note for group in scheduler.groups for note in group.notes))
    text = live.text_of(scheduler.groups)
    mistake = unsound(text)
    return Reading(
        scheduler.dialect,
        scheduler.name,
        None if mistake else text,
        base=bases.pop() if len(bases) == 1 else None,
        tick=scheduler.tick,
        problems=(mistake,) if mistake else notes,
    )


def _content(path: Path) -> str:
    """Returns the text of a file. Raises `ScheduleError` for one that is too large, or no text."""
    try:
        return decoded(path, read_bytes(path, _MOST_BYTES)).removeprefix("\ufeff")
    except RefusedError as refused:
        raise refuse("LR160", f"`{shown(path.name)}` cannot be read: {refused.reason}", refused.help) from None


def readings_of(text: str) -> list[Reading]:
    """Returns the schedules in a text of any kind: the calls in code, or else those of a config in YAML, JSON or TOML."""
    made = _in_program(text, lenient=True)
    if made:
        return made
    files = [configs.readings(text, f"config.{format}") for format in ("json", "yaml", "toml")]
    return next((readings for readings in files if any(one.dialect for one in readings)), files[1])


def readings(text: str, name: str, folder: Path | None = None) -> list[Reading]:
    """Returns the schedules in the text of a file, in its order.

    Parameters: `text`; `name`, the name of the file, whose ending says what it is; `folder`, inside which files that a config builds on are looked for.
    """
    if name.lower().endswith(notebook.ENDING):
        return _in_notebook(text, PurePath(name).name)
    made = _in_program(text) or _unread(text, name) if name.endswith(".py") else []
    return sorted([*made, *configs.readings(text, name, folder)], key=lambda one: one.extent)


def _in_program(text: str, lenient: bool = False) -> list[Reading]:
    """Returns the schedules that a program makes: those of calls of schedulers, and of configs."""
    made = [of_call(call, text) for call in calls(text, lenient=lenient)]
    return [*made, *arguments.readings(text, parsed(text))] if configs.has_calls(text) else made


def _in_notebook(text: str, name: str) -> list[Reading]:
    """Returns the schedules in the program that the cells of a notebook make together."""
    try:
        program = notebook.Program.of(text)
    except UnreadableDocumentError as error:
        return [Reading("", name, None, problems=(str(error),), line=text.count("\n", 0, error.offset) + 1)]
    made = _unread(program.text, name)
    for one in _in_program(program.text):
        start, end = map(program.place, one.extent)
        made.append(attrs.evolve(one, extent=(start, end), line=text.count("\n", 0, start) + 1, cell=program.position(one.extent[0])))
    return made


def _unread(text: str, name: str) -> list[Reading]:
    """Returns what is said of a program that names a scheduler, and is not read."""
    why = fault(text)
    if why is None:
        return []
    problem = f"the program is not read: {why.reason}"
    extent = (why.offset, min(why.offset + 1, len(text)))
    return [Reading("", PurePath(name).name, None, problems=(problem,), line=text.count("\n", 0, why.offset) + 1, extent=extent)]


def of_call(call: Call, text: str) -> Reading:
    """Returns the reading of a call in a program."""
    written = call.written
    as_text = None if written is None else text_of(written)
    mistake = "" if as_text is None else unsound(as_text, call.unknown)
    return Reading(
        call.dialect.name,
        call.source,
        None if mistake else as_text,
        clock=call.clock,
        base=call.base,
        unknown=call.unknown,
        assumed={name: nearest_number(value) if is_number(value) else value for name, value in call.assumed.items()},
        problems=(call.problem,) if written is None else (mistake,) if mistake else (*written.notes, *[call.broken] * bool(call.broken)),
        line=text.count("\n", 0, call.extent[0]) + 1,
        extent=call.extent,
    )


def _only(readings_there: Sequence[Reading], thing: str | Path) -> Reading:
    """Returns the one schedule of a text. Raises `ScheduleError` for none and for several."""
    if len(readings_there) == 1:
        return readings_there[0]
    if not readings_there:
        raise refuse("LR160", f"no schedule that lrdsl can read: {quoted(str(thing))}", _HELP)
    places = ", ".join(f"`{shown(one.source, 40)}`" for one in readings_there[:3])
    raise refuse("LR160", f"there are {len(readings_there)} schedules: {places}", "give one of them alone")
