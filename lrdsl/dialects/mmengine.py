"""mmengine: `param_scheduler` of its configs, in Python, YAML or JSON.

How it counts (`mmengine/optim/scheduler/param_scheduler.py`): each scheduler acts at the steps begin <= step < end, and counts its own from 0. It changes
the level that is there: factors multiply, so that several schedulers are a product. Lengths are `end - begin`, and the end level is reached at their last
step (`total_iters = end - begin - 1`). `by_epoch` ones (the default) step once an epoch, `convert_to_iter_based` makes their times
iterations, and cuts those of the window to whole ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import attrs

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError, holds
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Node

_HERE = (0, 0)
_WINDOW = "begin=0, end=None, last_step=-1, by_epoch=True, verbose=False"
#: The most schedulers of one target.
_MOST = 30


def _linear(a: Any) -> str:
    if a.n is None or a.single:
        return "hold(at=start_factor * base)" if a.n is None else "hold(n, at=start_factor * base)"
    word, ends = ("warmup", "from=start_factor * base") if a.end_factor == 1 else ("linear", "from=start_factor * base, to=end_factor * base")
    return f"every(1ep, {word}(m, {ends}))" if a.stairs else f"{word}(n, {ends}, touches=both)"


def _poly(a: Any) -> str:
    if a.n is None or a.single:
        return "hold" if a.n is None else "hold(n)"
    return "every(1ep, poly(m, power=power, to=eta_min))" if a.stairs else "poly(n, power=power, to=eta_min, touches=both)"


def _cosine(a: Any) -> str:
    if a.eta_min is not None and a.eta_min_ratio is not None:
        raise UnreadableError("one of `eta_min` and `eta_min_ratio` is given, not both")
    to = "eta_min_ratio * base" if a.eta_min_ratio is not None else "eta_min" if a.eta_min is not None else "0"
    inside = a.whole is not None and holds(lambda a: a.period >= a.whole, a)
    body = f"cosine(T_max, to={to})" if inside else f"bounce(cosine(T_max, to={to}))"
    body = f"every(1ep, {body})" if a.stairs else body
    return body if a.n is None or a.last else f"({body}) for m"


def _within(text: str) -> Form:
    """A shape that goes on: it stays where it is at its last step."""
    return Form(lambda a: (f"every(1ep, {text})" if a.stairs and "step" not in text else text) if a.n is None or a.last else f"({text}) for m", shown=text)


def _constant(a: Any) -> str:
    return "hold(at=factor * base)" if a.n is None else "hold(m, at=factor * base) then restart hold"


def _restarts(a: Any) -> str:
    """Cycles. The last one stays at its last step, which is one short of its end."""
    if len(a.periods) != len(a.restart_weights):
        raise UnreadableError("`periods` and `restart_weights` have the same length")
    to = "eta_min_ratio * base" if a.eta_min_ratio is not None else "eta_min"
    body = " then ".join(f"restart cosine(p{i}, to={to}, from=w{i} * base)" for i in range(len(a.periods)))
    body = f"every(1ep, {body})" if a.stairs else body
    return body if a.end_of_cycles is None else f"({body}) for end_of_cycles"


def _one_cycle(a: Any) -> str:
    total = "n" if a.total_steps is None else "total_steps"
    if a.total_steps is None and a.n is None:
        raise UnreadableError("`OneCycleLR` needs `total_steps`")
    text = f"onecycle({total}, peak=eta_max, div=div_factor, final_div=final_div_factor, pct=pct_start, anneal={a.anneal_strategy}, three_phase=three_phase)"
    text = f"every(1ep, {text})" if a.stairs else text
    return text if a.total_steps is None or a.n is None or a.last else f"({text}) for m"


def _plateau(a: Any) -> str:
    return (
        f"plateau(factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_rule, cooldown=cooldown, min=min_value, eps=eps,"
        f" mode={'min' if a.rule == 'less' else 'max'})"
    )


_ENTRIES = (
    Entry(
        "LinearLR",
        f"optimizer, start_factor=0.3333333333333333, end_factor=1.0, {_WINDOW}",
        (Form(_linear, shown="linear(n, from=start_factor * base, to=end_factor * base, touches=both)"),),
    ),
    Entry("MultiStepLR", f"optimizer, milestones, gamma=0.1, {_WINDOW}", (Form("multistep(milestones, gamma)"),)),
    Entry("StepLR", f"optimizer, step_size, gamma=0.1, {_WINDOW}", (_within("step(step_size, gamma)"),)),
    Entry("ExponentialLR", f"optimizer, gamma, {_WINDOW}", (_within("exp(gamma, per=1)"),)),
    Entry("CosineAnnealingLR", f"optimizer, T_max=None, eta_min=None, {_WINDOW}, eta_min_ratio=None", (Form(_cosine, shown="cosine(T_max, to=eta_min)"),)),
    Entry("PolyLR", f"optimizer, eta_min=0, power=1.0, {_WINDOW}", (Form(_poly, shown="poly(n, power=power, to=eta_min, touches=both)"),)),
    Entry("ConstantLR", f"optimizer, factor=0.3333333333333333, {_WINDOW}", (Form(_constant, shown="hold(n - 1, at=factor * base) then restart hold"),)),
    Entry(
        "CosineRestartLR",
        f"optimizer, periods, restart_weights=(1,), eta_min=None, eta_min_ratio=None, {_WINDOW}",
        (Form(_restarts, shown="cosine(period, to=eta_min) then restart cosine(period, to=eta_min)"),),
    ),
    Entry(
        "OneCycleLR",
        "optimizer, eta_max=0, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy='cos', div_factor=25.0,"
        f" final_div_factor=10000.0, three_phase=False, {_WINDOW}",
        (Form(_one_cycle, shown="onecycle(total_steps, peak=eta_max)"),),
    ),
    Entry(
        "ReduceOnPlateauLR",
        "optimizer, monitor='loss', rule='less', factor=0.1, patience=10, threshold=0.0001, threshold_rule='rel', cooldown=0, min_value=0.0, eps=1e-8,"
        f" {_WINDOW}",
        (Form(_plateau, shown="plateau(factor=factor, patience=patience, min=min_value)"),),
    ),
)
#: The schedulers that reach their end level at the last step of their window: one of a single step stays where it begins.
_TO_THE_LAST = ("LinearLR", "PolyLR")
#: The parameters that are times, and the schedulers whose level is not a factor of what is there.
_TIMES = ("T_max", "step_size", "total_steps")
_OUTRIGHT = ("OneCycleLR", "ReduceOnPlateauLR", "CosineRestartLR")


@attrs.frozen
class _Part:
    """A scheduler: its entry, its target, its tree, and its window. `unit` is "ep" or "", that of its times.

    `is_factor` says that it multiplies the level, `ends_at_one` that it ends with the factor 1, `turns` that it rises again to the base, and `may_be_single`
    that its window may be a single iteration, for which it is another schedule.
    """

    entry: Entry
    target: str
    tree: Node
    begin: Any
    end: Any
    unit: str
    is_factor: bool
    ends_at_one: bool
    turns: bool
    may_be_single: bool


def _name(raw: Mapping[Any, Any]) -> tuple[str, str]:
    """The entry and the target of a scheduler's type."""
    kind = getattr(raw.get("type"), "text", raw.get("type"))
    if not isinstance(kind, str):
        raise UnreadableError("a scheduler without a `type`")
    kind = kind.rpartition(".")[2]
    for ending, target in (("ParamScheduler", str(raw.get("param_name", "lr"))), ("Momentum", "momentum"), ("LR", "lr")):
        if kind.endswith(ending):
            return f"{kind.removesuffix(ending)}LR", target
    raise UnreadableError(f"`{kind}` is no scheduler of mmengine that lrdsl knows")


def _bound(s: Settings, raw: Any) -> tuple[Entry, str, dict[str, Any], bool]:
    if not isinstance(raw, Mapping):
        raise UnreadableError("a part of `param_scheduler` is not written out")
    name, target = _name(raw)
    entry = DIALECT.entry(name)
    arguments = {
        str(k): s.read(v, Key(str(k), "number"), str(k)) for k, v in raw.items() if k not in ("type", "convert_to_iter_based", "param_name", "_delete_")
    }
    converted = raw.get("convert_to_iter_based") is True
    arguments = {k: None if k == "end" and isinstance(v, nodes.Name) and v.id.lower() in ("inf", "value_inf") else v for k, v in arguments.items()}
    return entry, target, entry.bound((), arguments), converted


def _part(bound: tuple[Entry, str, dict[str, Any], bool], tick: str, length: Any) -> _Part:
    """A scheduler in the unit of the clock."""
    entry, target, values, converted = bound
    by_epoch = values["by_epoch"] is not False
    unit = "ep" if by_epoch and tick == "step" else ""
    begin, end = values["begin"], length if values["end"] is None else values["end"]  # the runner puts the end of the run there
    b, e = number(begin), number(end)
    if end is not None and (b is None or e is None):
        raise UnreadableError(f"`begin` and `end` of `{entry.name}` are not in the file")
    whole = None if e is None else e - (b or 0)
    if whole is not None and whole <= 0:
        raise UnreadableError(f"`{entry.name}` ends before it begins")
    stairs = unit == "ep" and not converted
    extra: dict[str, Any] = {"stairs": stairs, "whole": whole, "last": e is not None and e == length, "n": None, "m": None}
    extra["single"] = whole == 1 and (unit == "" or stairs)
    if whole is not None:
        extra["n"] = _between(b or 0, e, unit)
        extra["m"] = lasting(whole - 1, unit) if unit == "" or stairs else nodes.Binary("-", extra["n"], parse("1"), _HERE)
    is_window = entry.name == "CosineAnnealingLR" and values["T_max"] is None
    if is_window:
        if whole is None:
            raise UnreadableError("`CosineAnnealingLR` has no `T_max`, and neither its end nor that of the run is in the file")
        values = {**values, "T_max": whole}
    extra["period"] = number(values.get("T_max"))
    if entry.name == "CosineRestartLR":
        for i, (p, w) in enumerate(zip(values["periods"], values["restart_weights"], strict=False)):
            extra[f"p{i}"], extra[f"w{i}"] = lasting(p, unit), w
        lengths = [number(p) for p in values["periods"]]
        together = sum(p for p in lengths if p is not None) if None not in lengths else None
        ends = [x for x in (together, whole) if x is not None]
        extra["end_of_cycles"] = None if together is None or (extra["last"] and together >= min(ends)) else _last_step(min(ends), unit, stairs)
    if "milestones" in values:
        ms = values["milestones"]
        if not isinstance(ms, tuple):
            raise UnreadableError("`milestones` are not written out")
        inside = tuple(m for m in ms if whole is None or (x := number(m)) is None or x < whole)
        values = {**values, "milestones": tuple(lasting(m, unit) for m in inside)}
    values = {**values, **{name: lasting(values[name], unit) for name in _TIMES if values.get(name) is not None}}
    values = {**values, "T_max": extra["n"]} if is_window else values
    least = values.get("eta_min")
    turns = entry.name == "CosineAnnealingLR" and (whole is None or extra["period"] is None or extra["period"] < whole - 1)
    is_factor = entry.name not in _OUTRIGHT and not turns and (least is None or least == 0) and values.get("eta_min_ratio") in (None, 0)
    tree = entry.written({**values, **extra}).schedule
    ends_at_one = (entry.name == "LinearLR" and values["end_factor"] == 1 and not extra["single"]) or entry.name == "ConstantLR"
    may_be_single = whole is not None and whole < 1 and entry.name in _TO_THE_LAST
    return _Part(entry, target, tree, b or 0, e, unit, is_factor, ends_at_one, turns, may_be_single)


def _last_step(whole: Any, unit: str, stairs: bool) -> Node:
    """The last step of a window."""
    return lasting(whole - 1, unit) if unit == "" or stairs else nodes.Binary("-", lasting(whole, unit), parse("1"), _HERE)


def _at(time: Any, unit: str) -> Node:
    """A time of a window: a part of an epoch is cut to whole iterations."""
    node = lasting(time, unit)
    x = number(time)
    return text("floor(x)", x=node) if unit == "ep" and x is not None and x != int(x) else node


def _between(begin: Any, end: Any, unit: str) -> Node:
    """The length of a window."""
    if unit == "" or (begin == int(begin) and end == int(end)):
        return lasting(end - begin, unit)
    return _at(end, unit) if begin == 0 else nodes.Binary("-", _at(end, unit), _at(begin, unit), _HERE)


def _combined(parts: list[_Part]) -> tuple[Node, str]:
    """The tree of the schedulers of one target, and a note."""
    parts = sorted(parts, key=lambda part: (part.unit != "", part.begin) if part.begin else (False, 0))
    if len(parts) == 1 and parts[0].begin == 0:
        return parts[0].tree, ""
    if (chained := _chained(parts)) is not None:
        return chained, ""
    others, last = [p for p in parts if p.is_factor], [p for p in parts if not p.is_factor]
    if not last:
        return reduce(_times, [_later(p) for p in others]), ""
    if len(last) > 1:
        raise UnreadableError("several schedulers that set the level run at once: mmengine's result depends on their order")
    only = last[0]
    apart = all(p.end is not None and ((p.unit == only.unit and p.end <= only.begin) or (p.unit != only.unit and only.begin > 0)) for p in others)
    if apart and not (only.turns and not all(p.ends_at_one for p in others)):
        before = reduce(_times, [_later(p) for p in others])
        return nodes.Sequence((nodes.Limited(before, _at(only.begin, only.unit), _HERE), only.tree), _HERE), ""
    if only.entry.name not in _OUTRIGHT and all(p.unit != only.unit and p.ends_at_one for p in others):
        return reduce(_times, [_later(p) for p in (only, *others)]), "exact from the end of the warmup on, if that ends in the first epoch"
    raise UnreadableError(f"`{only.entry.name}` with a level to end at runs at the same time as another scheduler")


def _chained(parts: list[_Part]) -> Node | None:
    """The sequence of schedulers that follow each other, each from where the last ended; None if they do not, or if a level would not fit."""
    items: list[Node] = []
    at, at_one = 0, True
    for i, part in enumerate(parts):
        if part.unit != parts[0].unit or part.begin < at or ((part.turns or part.entry.name in ("LinearLR", "ConstantLR")) and not at_one):
            return None
        if part.begin > at:
            items.append(nodes.Call("hold", (nodes.Argument("", _between(at, part.begin, part.unit), _HERE, _HERE),), _HERE, _HERE))
        final = i == len(parts) - 1
        if part.end is None and not final:
            return None
        ends = final or part.entry.name in _TO_THE_LAST
        if not ends:
            window = _between(part.begin, part.end, part.unit)
            items.append(part.tree if isinstance(part.tree, nodes.Sequence) else nodes.Limited(part.tree, window, _HERE))
        else:
            items.append(part.tree)
        if not final and part.entry.name not in (*_TO_THE_LAST, "MultiStepLR"):
            return None
        at, at_one = part.end or at, at_one and part.ends_at_one
    return items[0] if len(items) == 1 else nodes.Sequence(tuple(items), _HERE)


def _later(part: _Part) -> Node:
    """A factor that is 1 before it begins."""
    if part.begin == 0:
        return part.tree
    hold = nodes.Call("hold", (nodes.Argument("", _at(part.begin, part.unit), _HERE, _HERE),), _HERE, _HERE)
    return nodes.Sequence((hold, part.tree), _HERE)


def _times(left: Node, right: Node) -> Node:
    return nodes.Binary("*", left, right, _HERE)


def _is_loop_of_iterations(s: Settings) -> bool:
    kind = s.get("train_cfg.type")
    return (
        s.get("train_cfg.by_epoch") is False
        or (isinstance(kind, str) and "Iter" in kind)
        or (s.has("train_cfg.max_iters") and not s.has("train_cfg.max_epochs"))
    )


def _read(s: Settings) -> Iterator[Outcome]:
    where = s.find("param_scheduler")
    assert where is not None
    raw = where[0][where[1]]
    listed = list(raw) if isinstance(raw, list | tuple) else [raw]
    if len(listed) > _MOST:
        raise UnreadableError(f"there are more than {_MOST} schedulers")
    bound = [_bound(s, item) for item in listed]
    by_epoch = [values["by_epoch"] is not False for _, _, values, _ in bound]
    tick = "epoch" if all(by_epoch) and not any(converted for *_, converted in bound) else "step"
    in_iterations = _is_loop_of_iterations(s)
    length = number(s.get("train_cfg.max_iters" if in_iterations else "train_cfg.max_epochs"))
    parts = [_part(b, tick, length if e != in_iterations else None) for b, e in zip(bound, by_epoch, strict=True)]
    trees, notes = {}, []
    for target in dict.fromkeys(part.target for part in parts):
        trees[target], note = _combined([part for part in parts if part.target == target])
        notes.extend([note] if note else [])
    notes += [f"if the window of `{part.entry.name}` is a single iteration, mmengine stays at its first level" for part in parts if part.may_be_single]
    if in_iterations and any(by_epoch):
        notes.append("a scheduler with `by_epoch=True` (the default) in a loop of iterations: mmengine ends the one epoch at the end of the run")
    enabled = s.find("auto_scale_lr.enable")
    if enabled is not None and enabled[0][enabled[1]] is True:
        notes.append("`auto_scale_lr` multiplies the base by the batch size over `base_batch_size`")
    schedule = trees.pop("lr", None)
    facts = clock(tick=tick, total_steps=length) if in_iterations else clock(tick=tick, total_epochs=length)
    names = " + ".join(entry.name for entry, *_ in bound)
    yield Outcome(names, schedule or parse("hold"), trees, facts, s.get("optim_wrapper.optimizer.lr"), tuple(notes), where)


def _sure(table: Mapping[Any, Any]) -> bool:
    raw = table.get("param_scheduler")
    listed = raw if isinstance(raw, list | tuple) and raw else [raw]
    return all(isinstance(item, Mapping) and item.get("type") is not None and not _is_hook(item["type"]) for item in listed)


def _is_hook(kind: Any) -> bool:
    """Whether a type is that of the hook which steps the schedulers, under the same key."""
    return str(getattr(kind, "text", kind)).endswith("Hook")


DIALECT = Dialect(
    "mmengine",
    "mmengine",
    modules=("mmengine.optim.scheduler", "mmengine.optim"),
    times={"T_max": "length", "end": "end", "milestones": "milestones", "step_size": "interval", "periods": "interval", "total_steps": "whole"},
    counting="A tick is an epoch for `by_epoch` schedulers, an iteration for others. The last step of a window has the end level: `touches=both`.",
    address="https://mmengine.readthedocs.io/en/latest/tutorials/param_scheduler.html",
    unwritten={"CosineRestartLR": "no: write its cycles as phases", "OneCycleLR": "no: `--to torch` has a function"},
    entries=_ENTRIES,
    layouts=(
        Layout(
            words=("param_scheduler",),
            formats=("python", "yaml", "json"),
            signs=(("param_scheduler",),),
            sure=_sure,
            keys=(
                Key("param_scheduler", "scheduler"),
                Key("optim_wrapper.optimizer.lr", "base", known_as=("optimizer.lr",)),
                Key("train_cfg.max_epochs", "length", "epoch"),
                Key("train_cfg.max_iters", "length", "iteration"),
                Key("train_cfg.type"),
                Key("train_cfg.by_epoch"),
                Key("train_dataloader.batch_size", "batch", "sample"),
                Key("optim_wrapper.accumulative_counts", "accumulation"),
            ),
            read=_read,
        ),
    ),
)
