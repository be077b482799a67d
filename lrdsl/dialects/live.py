"""Reads the schedulers of a running program: objects of torch, transformers, timm and Keras. Their methods are not called; their attributes are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs

from lrdsl.arguments import exactly, quoted
from lrdsl.dialects import dialect
from lrdsl.dialects.entry import UNUSED, Dialect, Entry, UnreadableError, Written, value
from lrdsl.dialects.simplifying import simplified
from lrdsl.dialects.torch import CHAIN_NOTE, chain, check_part, has_cosine, sequence
from lrdsl.expr.exact import Exact
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node


@attrs.frozen
class Found:
    """A live scheduler: its dialect, the name of its class or function, the trees of each param group, its bases, and its tick, None where it keeps none."""

    dialect: str
    name: str
    groups: tuple[Written, ...]
    bases: tuple[Exact, ...] = ()
    tick: int | None = None


def read(thing: Any) -> Found | None:
    """Returns what a live scheduler does; None for an object that is none. Raises `UnreadableError` for one without a text."""
    for ancestor in type(thing).__mro__:
        module = ancestor.__module__ or ""
        if module.startswith("torch.optim"):
            if ancestor.__name__ in dialect("torch").by_name:
                return _torch(thing, _entry(thing, ancestor, "torch"))
            if ancestor.__name__ == "LRScheduler":
                raise _own(thing)
        elif module.startswith("timm.scheduler") and ancestor.__name__ in dialect("timm").by_name:
            return _timm(thing, _entry(thing, ancestor, "timm"))
        elif module.startswith("keras") and ancestor.__name__ in dialect("keras").by_name:
            return _keras(thing, _entry(thing, ancestor, "keras"))
        elif module.startswith("transformers") and ancestor.__name__ == "GreedyLR":
            raise UnreadableError(dialect("transformers").entry("get_greedy_schedule").reason)
        elif module.startswith("accelerate") and ancestor.__name__ == "AcceleratedScheduler":
            return read(thing.scheduler)
    return None


#: The methods of a scheduler that change no level, so that a class of somebody's own may have others; and so are those of Python, but for `__call__`.
_HARMLESS = frozenset(("state_dict", "load_state_dict", "get_last_lr", "print_lr", "get_config", "from_config"))


def _own(thing: Any) -> UnreadableError:
    return UnreadableError(f"{type(thing).__name__} is a class of its own: write its formula with `scale(...)`")


def _entry(thing: Any, ancestor: type, library: str) -> Entry:
    """Returns the entry of the class of a library that an object is of. Raises `UnreadableError` if the object has methods that are not the library's."""
    mro = type(thing).__mro__
    own = {name for one in mro[: mro.index(ancestor)] for name in vars(one)} | set(getattr(thing, "__dict__", ()))
    level = {name for name in own - _HARMLESS if not name.startswith("__") or name == "__call__"}
    if any(callable(getattr(ancestor, name, None)) for name in level):
        raise _own(thing)
    return dialect(library).entry(ancestor.__name__)


def _torch(scheduler: Any, entry: Entry) -> Found:
    groups = _groups(scheduler)
    written = tuple(_of_group(scheduler, entry, i) for i in range(len(groups)))
    bases = getattr(scheduler, "base_lrs", None) or [g.get("initial_lr", g.get("lr")) for g in groups]
    return Found("torch", entry.name, written, tuple(_number(b) for b in bases), _tick(scheduler))


def _tick(scheduler: Any) -> int:
    """The ticks that a scheduler has made; a chain has those of its parts."""
    return int(scheduler.last_epoch) if hasattr(scheduler, "last_epoch") else _tick(scheduler._schedulers[0])


def _groups(scheduler: Any) -> list[dict[str, Any]]:
    optimizer = getattr(scheduler, "optimizer", None)
    if optimizer is None and getattr(scheduler, "_schedulers", None):
        return _groups(scheduler._schedulers[0])
    groups = getattr(optimizer, "param_groups", None)
    if not groups:
        raise UnreadableError(f"{type(scheduler).__name__} has no optimizer with param groups")
    return list(groups)


def _of_group(scheduler: Any, entry: Entry, i: int) -> Written:
    """The trees of one param group."""
    special = _SPECIAL.get(entry.name)
    if special is not None:
        return special(scheduler, entry, i)
    return entry.written(_attributes(scheduler, entry))


def _attributes(thing: Any, entry: Entry, **more: Any) -> dict[str, Any]:
    """The values of an entry's parameters, from the attributes of an object; `more` has those that are no attributes."""
    values: dict[str, Any] = {}
    for p in entry.parameters:
        if p.name in more:
            values[p.name] = value(more[p.name])
            continue
        place = entry.attributes.get(p.name, p.name)
        if p.name in UNUSED:
            values[p.name] = None
        elif callable(place):
            values[p.name] = value(place(thing))
        elif isinstance(place, str) and hasattr(thing, place):
            values[p.name] = value(_plain(getattr(thing, place)))
        else:
            raise UnreadableError(f"{type(thing).__name__} has no attribute `{place}`")
    return values


def _plain(v: Any) -> Any:
    """A number of NumPy or torch as Python's own."""
    return v.item() if hasattr(v, "item") and not isinstance(v, int | float) and getattr(v, "ndim", 1) == 0 else v


def _number(v: Any) -> Exact:
    number = exactly(_plain(v))
    if number is None:
        raise UnreadableError(f"{quoted(v)} is no number")
    return number


#: A number of so many characters at most is one that somebody wrote.
_SHORT = 10


def _rounded(x: Any) -> Any:
    """A double that was multiplied out, as it was before: with 14 digits, if these are few characters."""
    if not isinstance(x, float):
        return x
    near = float(f"{x:.14g}")
    return near if len(repr(near)) <= _SHORT else x


def _parts(scheduler: Any, i: int) -> tuple[Node, ...]:
    trees = []
    for part in scheduler._schedulers:
        ancestor = next((c for c in type(part).__mro__ if c.__name__ in dialect("torch").by_name and (c.__module__ or "").startswith("torch.optim")), None)
        if ancestor is None:
            raise _own(part)
        entry = _entry(part, ancestor, "torch")
        check_part(type(scheduler).__name__, entry.name)
        trees.append(_of_group(part, entry, i).schedule)
    return tuple(trees)


def _sequential(scheduler: Any, _: Entry, i: int) -> Written:
    return Written(sequence(_parts(scheduler, i), tuple(value(m) for m in scheduler._milestones)))


def _chained(scheduler: Any, _: Entry, i: int) -> Written:
    parts = _parts(scheduler, i)
    return Written(chain(parts), notes=(CHAIN_NOTE,) if len(parts) > 1 and has_cosine(parts) else ())


def _function(scheduler: Any, _: Entry, i: int) -> Written:
    function = scheduler.lr_lambdas[i]
    library = dialect("transformers")
    arguments: Mapping[str, Any] = {}
    called = function
    if isinstance(function, partial):
        called, arguments = function.func, function.keywords
    if str(getattr(called, "__module__", "")).startswith("transformers.") and (written := _of_transformers(library, called.__name__, arguments)):
        return written
    raise UnreadableError("its function is Python: write it as an expression of t, as in `scale(0.95^t)`")


#: The functions inside transformers that its schedules are made of, and the schedule of each.
_INNER = {
    "_get_constant_lambda": "get_constant_schedule",
    "_get_wsd_scheduler_lambda": "get_wsd_schedule",
    "_get_inverse_sqrt_schedule_lr_lambda": "get_inverse_sqrt_schedule",
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
}


def _of_transformers(library: Dialect, name: str, arguments: Mapping[str, Any]) -> Written | None:
    outer = _INNER.get(name) or name.removeprefix("_").removesuffix("_lr_lambda")
    if outer == "get_cosine_schedule_with_warmup" and arguments.get("min_lr_rate"):
        outer = "get_cosine_with_min_lr_schedule_with_warmup"
    elif outer == "get_cosine_schedule_with_warmup":
        arguments = {key: v for key, v in arguments.items() if key != "min_lr_rate"}
    entry = library.by_name.get(outer)
    if entry is None:
        return None
    names = {p.name for p in entry.parameters}
    values = {key: value(_rounded(v)) for key, v in arguments.items() if key in names}
    if outer == "get_wsd_schedule":
        values["num_training_steps"] = None
    return entry.written(entry.bound((), values))


def _one_cycle(scheduler: Any, entry: Entry, i: int) -> Written:
    group, phases = _groups(scheduler)[i], scheduler._schedule_phases
    kind = getattr(scheduler, "_anneal_func_type", None) or getattr(getattr(scheduler, "anneal_func", None), "__name__", "cos")
    peak, first, last = (float(_number(group[key])) for key in ("max_lr", "initial_lr", "min_lr"))
    values = {
        "max_lr": group["max_lr"],
        "total_steps": scheduler.total_steps,
        "epochs": None,
        "steps_per_epoch": None,
        "pct_start": _rounded((phases[0]["end_step"] + 1) / scheduler.total_steps),
        "anneal_strategy": "cos" if "cos" in str(kind) else "linear",
        "cycle_momentum": bool(scheduler.cycle_momentum),
        "base_momentum": group.get("base_momentum", 0.85),
        "max_momentum": group.get("max_momentum", 0.95),
        "div_factor": _rounded(peak / first),
        "final_div_factor": _rounded(first / last),
        "three_phase": len(phases) == 3,
    }
    return _with_momentum(entry.written(_attributes(scheduler, entry, **values)), group)


def _cyclic(scheduler: Any, entry: Entry, i: int) -> Written:
    group = _groups(scheduler)[i]
    up = round(scheduler.total_size * scheduler.step_ratio, 9)
    low = scheduler.base_lrs[i]
    custom = getattr(scheduler, "_scale_fn_custom", None)
    if custom is not None:
        raise UnreadableError("`scale_fn` is a function of Python: write the schedule with `scale(...)`")
    values = {
        "base_lr": low,
        "max_lr": scheduler.max_lrs[i],
        "step_size_up": up,
        "step_size_down": round(scheduler.total_size - up, 9),
        "scale_fn": None,
        "scale_mode": "cycle",
        "cycle_momentum": bool(scheduler.cycle_momentum),
        "base_momentum": scheduler.base_momentums[i] if scheduler.cycle_momentum else 0.8,
        "max_momentum": scheduler.max_momentums[i] if scheduler.cycle_momentum else 0.9,
    }
    return _with_momentum(entry.written(_attributes(scheduler, entry, **values)), group)


def _with_momentum(written: Written, group: Mapping[str, Any]) -> Written:
    """The momentum of Adam is its first beta."""
    if "momentum" in written.beside and "betas" in group:
        return attrs.evolve(written, beside={"betas[0]": written.beside["momentum"]})
    return written


def _plateau(scheduler: Any, entry: Entry, i: int) -> Written:
    lowest = scheduler.min_lrs[i] if hasattr(scheduler, "min_lrs") else scheduler.min_lr
    return entry.written(_attributes(scheduler, entry, min_lr=lowest))


def _averaged(scheduler: Any, entry: Entry, i: int) -> Written:
    group = _groups(scheduler)[i]
    kind = getattr(scheduler, "_anneal_func_type", None) or getattr(scheduler.anneal_func, "__name__", "cos")
    strategy = "linear" if "linear" in str(kind) else "cos"
    return entry.written(_attributes(scheduler, entry, swa_lr=group["swa_lr"], anneal_epochs=scheduler.anneal_epochs, anneal_strategy=strategy))


_SPECIAL = {
    "SequentialLR": _sequential,
    "ChainedScheduler": _chained,
    "LambdaLR": _function,
    "MultiplicativeLR": _function,
    "OneCycleLR": _one_cycle,
    "CyclicLR": _cyclic,
    "ReduceLROnPlateau": _plateau,
    "SWALR": _averaged,
}


def _timm(scheduler: Any, entry: Entry) -> Found:
    plateau = getattr(scheduler, "lr_scheduler", None)
    more: dict[str, Any] = {"initialize": True, "noise_seed": None}
    if plateau is not None:
        more |= {
            "decay_rate": plateau.factor,
            "patience_t": plateau.patience,
            "threshold": plateau.threshold,
            "cooldown_t": plateau.cooldown,
            "lr_min": plateau.min_lrs[0],
            "mode": plateau.mode,
            "noise_range_t": getattr(scheduler, "noise_range", None),
        }
    if entry.name == "StepLRScheduler" and hasattr(scheduler, "decay_t"):
        more["decay_t"] = scheduler.decay_t
    named = {p.name: p.default for p in entry.parameters if not hasattr(scheduler, p.name) and p.name not in UNUSED}
    written = entry.written(_attributes(scheduler, entry, **{**named, **more}))
    return Found("timm", entry.name, (written,), tuple(_number(b) for b in scheduler.base_values))


def _keras(schedule: Any, entry: Entry) -> Found:
    config = {key: v for key, v in schedule.get_config().items() if key != "name"}
    return Found("keras", entry.name, (entry.read(**{key: _plain(v) for key, v in config.items()}),))


def text_of(groups: tuple[Written, ...]) -> str:
    """Returns one text for all param groups: an expression, or targets, one for each group that differs, and for each further key."""
    first = groups[0]
    if not first.beside and all(group == first for group in groups):
        return canonical(simplified(first.schedule))
    statements: list[str] = []
    for key in ("lr", *sorted({key for group in groups for key in group.beside})):
        trees = [group.schedule if key == "lr" else group.beside.get(key) for group in groups]
        texts = [None if tree is None else canonical(simplified(tree)) for tree in trees]
        if texts[0] is not None and all(text == texts[0] for text in texts):
            statements.append(f"{key} = {texts[0]}")
        else:
            statements.extend(f"{key}[{i}] = {text}" for i, text in enumerate(texts) if text is not None)
    return "; ".join(statements)
