"""Constructors in configs: `class_path` and `init_args` (jsonargparse, LightningCLI), `_target_` (Hydra), `_component_` (torchtune), and `type` or `name` under
a scheduler's key.

How they are read: jsonargparse imports `class_path` and calls it with `init_args`; LightningCLI then returns the scheduler bare, so that it is stepped once
an epoch (`lightning/pytorch/cli.py`: `configure_optimizers`). Hydra calls `_target_` with the other keys and `_args_`
(`hydra/_internal/instantiate/_instantiate2.py`), and with `_partial_` the code gives the rest; who steps it is written in the code, or beside it as
`interval`. torchtune calls `_component_` with the other keys and the length of the run, and steps it at each step
(`recipes/lora_finetune_single_device.py`). BasicSR (`basicsr/models/base_model.py`) steps what stands under `train.scheduler` at each of its
`train.total_iter` iterations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from lrdsl.dialects import DIALECTS, dialect
from lrdsl.dialects.config import ODD, Key, Layout, Outcome, Settings, clock, found
from lrdsl.dialects.entry import REQUIRED, UNUSED, Dialect, Entry, UnreadableError
from lrdsl.dialects.torch import check_part
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node

#: Keys of Hydra that are no arguments.
_HYDRA = frozenset(("_target_", "_partial_", "_recursive_", "_convert_", "_args_", "_component_"))
#: The keys under which a bare name of a scheduler is one, and the names of its name and its arguments.
_SECTIONS = frozenset(("lr_scheduler", "scheduler", "lr_sched", "sched", "lr_schedule", "schedule", "learning_rate_scheduler"))
_NAMES, _ARGUMENTS = ("type", "name", "class", "cls"), ("args", "kwargs", "params", "options", "init_args", "arguments", "config")
#: Keys of Lightning beside a scheduler, which are no arguments.
_BESIDE = frozenset(("interval", "frequency", "monitor", "strict", "reduce_on_plateau"))
_MOST_PARTS = 50
#: What stands for an argument that the code gives.
_GIVEN = "???"
#: The name here of the metric that Lightning's own ReduceLROnPlateau follows; it is no parameter of torch's.
_METRIC = "(metric)"


def _entry(path: Any) -> tuple[Dialect, Entry] | None:
    """The entry of a dotted path, or of a bare name; None for other things."""
    if not isinstance(path, str):
        return None
    module, _, name = path.rpartition(".")
    for one in (dialect(name) for name in DIALECTS):
        if name in one.by_name and (not module or any(module == m or module.startswith(f"{m}.") for m in one.modules)):
            return one, one.entry(name)
    if _is_of_lightning(path):
        return dialect("torch"), dialect("torch").entry(name)
    return None


def _is_of_lightning(path: Any) -> bool:
    """Whether a path names Lightning's own ReduceLROnPlateau, which has the name of its metric, `monitor`, beside torch's arguments."""
    return isinstance(path, str) and path in ("lightning.pytorch.cli.ReduceLROnPlateau", "pytorch_lightning.cli.ReduceLROnPlateau")


def _called(table: Any) -> tuple[Dialect, Entry, list[Any], Mapping[str, Any]] | None:
    """The scheduler that a mapping constructs, and its arguments; None if it constructs none."""
    if not isinstance(table, Mapping):
        return None
    if isinstance(table.get("class_path"), str):
        owner, arguments = _entry(table["class_path"]), table.get("init_args") or {}
        if _is_of_lightning(table["class_path"]) and isinstance(arguments, Mapping):
            arguments = {_METRIC if key == "monitor" else key: v for key, v in arguments.items()}
    elif isinstance(path := table.get("_target_", table.get("_component_")), str):
        owner, arguments = _entry(path), {key: v for key, v in table.items() if key not in _HYDRA}
        if owner is not None and (table.get("_partial_") is True or "_component_" in table):
            arguments = {**{p.name: _GIVEN for p in owner[1].parameters if p.default is REQUIRED and p.name not in UNUSED}, **arguments}
    else:
        return None
    positional = table.get("_args_") if "_target_" in table else None
    return (*owner, list(positional or ()), arguments) if owner is not None and isinstance(arguments, Mapping) else None


def _by_name(table: Any) -> tuple[Dialect, Entry, list[Any], Mapping[str, Any]] | None:
    """The scheduler of `{type: StepLR, args: {...}}`, if its name is one and its arguments fit."""
    if not isinstance(table, Mapping):
        return None
    name = next((key for key in _NAMES if isinstance(table.get(key), str)), None)
    owner = _entry(table[name]) if name is not None else None
    if owner is None:
        return None
    section = next((key for key in _ARGUMENTS if isinstance(table.get(key), Mapping)), None)
    arguments = table[section] if section is not None else {key: v for key, v in table.items() if key != name and key not in _BESIDE}
    names = {p.name for p in owner[1].parameters}
    return (*owner, [], arguments) if all(key in names for key in arguments) else None


def _tree(settings: Settings, call: tuple[Dialect, Entry, list[Any], Mapping[str, Any]], left: list[int]) -> Any:
    """What a call comes to, with the schedulers inside it."""
    _, entry, positional, named = call
    left[0] -= 1
    if left[0] < 0:
        raise UnreadableError(f"there are more than {_MOST_PARTS} schedulers in this one")

    def argument(name: str, raw: Any) -> Any:
        if isinstance(raw, list) and name in ("schedulers", "schedules"):
            inner = [_called(item) or _by_name(item) for item in raw]
            if any(c is None for c in inner):
                raise UnreadableError(f"a part of `{entry.name}` is not a scheduler that lrdsl knows")
            for c in inner:
                if c is not None and c[0].name == "torch":
                    check_part(entry.name, c[1].name)
            return tuple(_tree(settings, c, left).schedule for c in inner if c is not None)
        v = settings.read(raw, Key(name, "number"), name)
        parameter = next((p for p in entry.parameters if p.name == name), None)
        if v is None and parameter is not None and name not in UNUSED and parameter.default is not None:
            return settings.open(name)
        return v

    if isinstance(metric := named.get(_METRIC), str):
        named = {name: raw for name, raw in named.items() if name != _METRIC}
        written = _tree(settings, (call[0], entry, positional, named), left)
        return attrs.evolve(written, schedule=_following(written.schedule, metric))

    arguments_by_name = {str(name): argument(str(name), raw) for name, raw in named.items()}
    places = [p.name for p in entry.parameters]
    values = entry.bound([argument(name, raw) for name, raw in zip(places, positional, strict=False)], arguments_by_name)
    return entry.written(values)


def _following(plateau: Node, metric: str) -> Node:
    """A plateau that follows the metric of a name."""
    assert isinstance(plateau, nodes.Call)
    named = nodes.Name(metric, (0, 0)) if metric.isidentifier() and metric.isascii() else nodes.Text(metric, (0, 0))
    return attrs.evolve(plateau, arguments=(*plateau.arguments, nodes.Argument("metric", named, (0, 0), (0, 0))))


def _interval(parent: Any) -> str | None:
    """The clock's tick that stands beside a scheduler, as Lightning has it."""
    interval = parent.get("interval") if isinstance(parent, Mapping) else None
    return interval if interval in ("epoch", "step") else None


def _base(settings: Settings, optimizer: Any) -> Any:
    """The rate of an optimizer that is constructed too."""
    if not isinstance(optimizer, Mapping):
        return None
    arguments = next((optimizer[key] for key in ("init_args", *_ARGUMENTS) if isinstance(optimizer.get(key), Mapping)), optimizer)
    rate = arguments.get("lr", arguments.get("learning_rate"))
    return settings.read(rate, Key("lr", "base"), "lr")


def _run(settings: Settings, tick: str | None) -> dict[str, Any]:
    """The clock of a Lightning trainer in the same document."""
    facts: dict[str, Any] = {"tick": tick} if tick is not None else {}
    if (where := found(settings.document, "train.total_iter")) is not None:
        return clock(tick="step", total_steps=settings.read(where[0][where[1]], Key("total_iter", "length"), "total_iter"))
    for name, key in (("total_epochs", "trainer.max_epochs"), ("total_steps", "trainer.max_steps"), ("total_epochs", "epochs")):
        where = found(settings.document, key) if key != "epochs" or tick == "step" else None
        v = settings.read(where[0][where[1]], Key(key, "length"), key) if where is not None else None
        if isinstance(v, int) and v > 0 and not (name == "total_epochs" and "total_steps" in facts):
            facts[name] = v
    if "total_steps" in facts and "total_epochs" in facts:
        del facts["total_steps" if tick == "epoch" else "total_epochs"]
    return clock(**facts)


def _read(settings: Settings) -> Iterator[Outcome]:
    """The schedulers of a mapping: those that its entries construct."""
    for key, inner in settings.table.items():
        call = _called(inner) or (_by_name(inner) if str(key).lower() in _SECTIONS else None)
        if call is not None:
            yield from _one(settings, call, settings.table, key)
    if settings.table is settings.document and (call := _called(settings.table)) is not None:
        yield from _one(settings, call, settings.table, next(k for k in ("class_path", "_target_", "_component_") if k in settings.table))


def _one(settings: Settings, call: Any, table: Mapping[Any, Any], key: Any) -> Iterator[Outcome]:
    entry = call[1]
    settings.unknown = {}
    try:
        written = _tree(settings, call, [_MOST_PARTS])
    except ODD as error:
        reason = str(error) if isinstance(error, UnreadableError) else f"an argument of `{entry.name}` is not of its kind"
        yield Outcome(entry.name, reason=reason, at=(table, key))
        return
    tick = "step" if isinstance(table[key], Mapping) and "_component_" in table[key] else _interval(table)
    is_cli = "class_path" in (table[key] if isinstance(table[key], Mapping) else {}) and key == "lr_scheduler"
    if tick is None and is_cli and table is settings.document and "trainer" in table:
        tick = "epoch"
    yield Outcome(
        entry.name,
        written.schedule,
        written.beside,
        clock=_run(settings, tick),
        base=_base(settings, table.get("optimizer", table.get("optim"))),
        problems=written.notes,
        at=(table, key),
    )


def _constructs(table: Mapping[Any, Any]) -> bool:
    """Whether an entry of a mapping constructs a scheduler. Parts of a sequence are read with it."""
    if "milestones" in table and "schedulers" in table:
        return False
    return any(isinstance(inner, Mapping) and (_called(inner) or (str(key).lower() in _SECTIONS and _by_name(inner))) for key, inner in table.items()) or (
        _called(table) is not None
    )


DIALECT = Dialect(
    "constructors",
    "Constructors in configs (LightningCLI, jsonargparse, Hydra, torchtune)",
    counting="As the class that is named. LightningCLI steps it once an epoch; under Hydra, `interval` beside it says so, or the code.",
    address="https://lightning.ai/docs/pytorch/stable/cli/lightning_cli_intermediate_2.html",
    layouts=(
        Layout(
            words=("class_path", "_target_", "_component_", r"sched\w{0,40}[\"']?\s{0,9}[:=]\s{0,200}(?:#.{0,200})?(?:\n|\{)", r"\[[\w.]{0,200}sched"),
            keys=(
                Key("trainer.max_epochs", "length", "epoch"),
                Key("trainer.max_steps", "length", "step"),
                Key("train.total_iter", "length", "iteration"),
                Key("trainer.accumulate_grad_batches", "accumulation"),
            ),
            read=_read,
            signs=((),),
            sure=_constructs,
        ),
    ),
)
