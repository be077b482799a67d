"""OLMo-core: the schedulers of `olmo_core.optim`, in the Python of its scripts, and `train_module.scheduler` of the configs that it writes.

How it counts (`olmo_core/optim/scheduler.py` and `olmo_core/train/trainer.py`): a trainer counts a step before it sets the rate, so that tick t has the share
(t+1)/w of the warmup, and (t + 1 - w)/(n - w) of the decay. The length is that of the trainer, `total`, unless `t_max` is given: its `max_duration`, which is
`Duration.steps(...)`, `.epochs(...)` or `.tokens(...)` (`olmo_core/train/common.py`). Fractions are rounded. With `units=SchedulerUnits.tokens`, times are
tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from lrdsl.diagnostics import ScheduleError
from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError, node_of, rounded
from lrdsl.schedule import parse
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import folded, substituted

_HERE = (0, 0)
#: The parameters that all schedulers have, and those of a warmup and of a decay.
_ALL = "lr_field='lr', initial_lr_field='initial_lr', units='steps'"
_WARM = "warmup=None, warmup_steps=None, warmup_fraction=None"
_FALL = "decay=None, decay_steps=None, decay_fraction=None"
_TOKENS = "a warmup in tokens that ends between two steps: the step that ends it is a part of a step early"
_TOTAL = nodes.Name("total", _HERE)


def _word(v: Any) -> Any:
    """A word of an enumeration: `SchedulerUnits.tokens` is a name in code, and text in a config."""
    return v.id.rstrip("_") if isinstance(v, nodes.Name) else v


def _unit(a: Any) -> str:
    if a.lr_field != "lr":
        raise UnreadableError("`lr_field` names another key of the param groups")
    if _word(a.units) not in ("steps", "tokens"):
        raise UnreadableError("`units` is not written out")
    return "tokens" if _word(a.units) == "tokens" else ""


def _extent(a: Any, name: str, whole: Any, fraction: float | None = None) -> Any:
    """A warmup or a decay: steps, tokens, or a fraction of the schedule, rounded."""
    share = getattr(a, f"{name}_fraction")
    given = getattr(a, name) if getattr(a, name) is not None else getattr(a, f"{name}_steps", None)
    if given is not None and share is not None:
        raise UnreadableError(f"`{name}` and `{name}_fraction` stand there, and OLMo-core takes one of them")
    if given is not None:
        return lasting(given, _unit(a))
    share = fraction if share is None else share
    if share is None:
        raise UnreadableError(f"`{name}` is not there, nor `{name}_fraction`")
    length, part = number(whole), number(share)
    return round(float(length) * float(part)) if length is not None and part is not None else rounded(text("f * n", f=share, n=whole))


def _total(a: Any) -> Any:
    """The length of the run: the word of the language, or what the trainer of a config says."""
    return getattr(a, "total", _TOTAL)


def _form(recipe: str, *more: str, own_end: bool = False, decays: bool = False, warms: bool = True, timed: bool = True) -> tuple[Form, ...]:
    """A scheduler that is a recipe: of the length and the warmup, the decay and `more` parameters. `own_end` says that it has a `t_max`."""

    def make(a: Any) -> Node:
        unit = _unit(a)
        n = lasting(a.t_max, unit) if own_end and a.t_max is not None else _total(a)
        extents = [_extent(a, "warmup", n)] if warms else []
        extents += [_extent(a, "decay", n, 0.1)] if decays else []
        return called(f"olmo.{recipe}", *([n] if timed else []), *extents, **{key: getattr(a, key) for key in more})

    words = [*(["total"] if timed else []), *(["warmup"] if warms else []), *(["decay"] if decays else []), *(f"{key}={key}" for key in more)]
    return (Form(make, shown=f"olmo.{recipe}({', '.join(words)})"),)


def _cut_cosine(a: Any) -> Node:
    """A cosine whose own end is not that of the run, cut by a line to the end of the run."""
    end = lasting(a.t_max, _unit(a))
    warm = _extent(a, "warmup", end)
    return text(
        "skip(1, warmup(w, from=i) then cosine(max(e - w, 0), to=f * base) for max(n - w - d, 0) then linear(d, to=l))",
        w=warm, d=_extent(a, "decay", _total(a), 0.1), e=end, n=_total(a), i=a.warmup_min_lr, f=a.alpha_f, l=a.decay_min_lr,
    )  # fmt: skip


def _level(absolute: Any, share: Any) -> Any:
    if absolute is not None and share is not None:
        raise UnreadableError("a level and its fraction of the rate stand there, and OLMo-core takes one of them")
    return absolute if share is None else text("f * base", f=share)


def _line(a: Any) -> Node:
    """A stage: a line or a cosine from the level before."""
    word = _word(a.shape)
    if word not in ("linear", "cosine"):
        raise UnreadableError("the shape of a stage is `linear` or `cosine`")
    end = _level(a.end_lr, a.end_lr_fraction)
    if end is None:
        raise UnreadableError("a stage needs `end_lr` or `end_lr_fraction`")
    start = _level(getattr(a, "start_lr", None), getattr(a, "start_lr_fraction", None))
    return called(word, a.duration, to=end, **({} if start is None else {"from": start}))


def _overridden(main: Node, override: Any) -> Node:
    """A schedule with its `override_decay`, whose own tree holds until it starts."""
    if override is None:
        return main
    if not isinstance(override, nodes.Sequence) or not isinstance(override.items[0], nodes.Limited):
        raise UnreadableError("`override_decay` is not written out")
    return attrs.evolve(override, items=(attrs.evolve(override.items[0], body=main), *override.items[1:]))


def _times(a: Any, main: Node) -> Node:
    """A schedule whose lengths are plain numbers: steps. Lengths in tokens become amounts of tokens."""
    if _unit(a):
        raise UnreadableError("its lists of lengths are in tokens, and are read in steps")
    return main


def _composed(a: Any) -> Node:
    if not isinstance(a.stages, tuple) or not a.stages or not all(isinstance(stage, nodes.Call) for stage in a.stages):
        raise UnreadableError("its stages are not written out")
    stages = a.stages[0] if len(a.stages) == 1 else nodes.Sequence(a.stages, _HERE)
    return _times(a, _overridden(text("skip(1, x)", x=stages), a.override_decay))


def _sequence(a: Any) -> Node:
    """Each scheduler up to its length, and then the next one from the level that it had at its last step."""
    parts = a.schedulers
    lengths = a.schedulers_max if a.schedulers_max is not None else a.schedulers_max_steps
    if not isinstance(parts, tuple) or not isinstance(lengths, tuple) or not all(isinstance(part, nodes.Call | nodes.Sequence | nodes.Name) for part in parts):
        raise UnreadableError("its schedulers and their lengths are not written out")
    lengths = lengths[:-1] if len(lengths) == len(parts) else lengths
    if len(lengths) + 1 != len(parts):
        raise UnreadableError(f"it has {len(parts)} schedulers and {len(lengths)} lengths")
    factors: list[Node] = []
    items: list[Node] = []
    rest: Node = node_of(_total(a))
    for part, raw in zip(parts, (*lengths, None), strict=True):
        length = rest if raw is None else node_of(raw)
        own = substituted(part, {"total": length})
        tree = own
        for factor in reversed(factors):
            tree = nodes.Binary("*", factor, tree, _HERE)
        items.append(tree if raw is None else nodes.Limited(tree, length, _HERE))
        if raw is not None:
            rest = folded(nodes.Binary("-", rest, length, _HERE))
            if not _arrives_at_base(own, length):
                factors.append(text("hold(at=(x at m - 1))", x=own, m=length))
    if not factors:
        items = [items[0], *(nodes.Restart(item, _HERE) for item in items[1:])]
    return _times(a, _overridden(nodes.Sequence(tuple(items), _HERE), a.override_decay))


def _arrives_at_base(part: Node, length: Node) -> bool:
    """Whether a scheduler is known to have the base at its last step."""
    try:
        return isinstance(length, nodes.Number) and parse(canonical(part)).at(int(length.value) - 1, base=1) == 1
    except ScheduleError:
        return False


def _periods(a: Any) -> Node:
    """WSD-S: a warmup, and then for each period the peak, and a line down."""
    lengths, peaks = a.period_lengths, a.period_lr_multipliers
    if not isinstance(lengths, tuple) or not lengths or not isinstance(peaks, tuple | None) or (peaks is not None and len(peaks) != len(lengths)):
        raise UnreadableError("its periods are not written out")
    warm = _extent(a, "warmup", lengths[0])
    items: list[Node] = []
    for i, length in enumerate(lengths):
        peak = None if peaks is None else peaks[i]
        fall = _extent(a, "decay", length)
        level = text("base") if peak is None else text("p * base", p=peak)
        if i == 0:
            items += [text("hold(0, at=p)", p=level)] if peak is not None else []
            items.append(text("warmup(w, from=l, touches=end)", w=warm, l=a.warmup_min_lr))
        whole = text("n - w", n=length, w=warm) if i == 0 else length
        stays = folded(text("n - d", n=whole, d=fall))
        items.append(called("hold", stays) if i == 0 else called("hold", stays, at=level))
        items.append(text("linear(d, to=l, touches=end)", d=fall, l=a.decay_min_lr))
    return _times(a, nodes.Sequence(tuple(items), _HERE))


_LEVELS = ("alpha_f", "warmup_min_lr")
_STAGE = "end_lr=None, end_lr_fraction=None"
_COSINE = f"{_ALL}, {_WARM}, alpha_f=0.1, t_max=None, warmup_min_lr=0.0"
_LINE = "alpha_f=0.1, t_max=None"
_ENTRIES = (
    Entry("ConstantScheduler", _ALL, _form("constant", warms=False, timed=False), usual=""),
    Entry("ConstantWithWarmup", f"{_ALL}, {_WARM}, warmup_min_lr=0.0", _form("constant_with_warmup", "warmup_min_lr", timed=False), usual="warmup=100"),
    Entry("LinearWithWarmup", f"{_ALL}, {_LINE}, {_WARM}, warmup_min_lr=0.0", _form("linear_with_warmup", *_LEVELS, own_end=True), usual="warmup=100"),
    Entry("InvSqrtWithWarmup", f"{_ALL}, alpha_f=0.1, {_WARM}, warmup_min_lr=0.0", _form("inv_sqrt_with_warmup", *_LEVELS, timed=False), usual="warmup=100"),
    Entry("CosWithWarmup", _COSINE, _form("cos_with_warmup", *_LEVELS, own_end=True), usual="warmup=100"),
    Entry("HalfCosWithWarmup", _COSINE, _form("half_cos_with_warmup", *_LEVELS, own_end=True), usual="warmup=100"),
    Entry(
        "WSD", f"{_ALL}, {_WARM}, {_FALL}, warmup_min_lr=0.0, decay_min_lr=0.0", _form("wsd", "warmup_min_lr", "decay_min_lr", decays=True), usual="warmup=100"
    ),
    Entry(
        "CosWithWarmupAndLinearDecay",
        f"{_COSINE}, {_FALL}, decay_min_lr=0.0",
        (Form(_cut_cosine, lambda a: a.t_max is not None), *_form("cos_with_warmup_and_linear_decay", *_LEVELS, "decay_min_lr", decays=True)),
        usual="warmup=100",
    ),
    Entry(
        "PowerLR",
        f"{_ALL}, b=-0.51, {_WARM}, warmup_min_lr=0.0, {_FALL}, decay_min_lr=0.0",
        _form("power_lr", "b", "warmup_min_lr", "decay_min_lr", decays=True),
        usual="warmup=100",
    ),
    Entry("ExponentialScheduler", f"{_ALL}, lr_min=1e-09", _form("exponential", "lr_min", warms=False), usual=""),
    Entry(
        "WSDS",
        f"{_ALL}, period_lengths=None, period_lr_multipliers=None, warmup=None, warmup_fraction=None, decay=None, decay_fraction=None, warmup_min_lr=0.0,"
        " decay_min_lr=0.0",
        (Form(_periods, shown="warmup(w, touches=end) then hold(n - w - d) then linear(d, touches=end) then ..."),),
        usual="period_lengths=[300, 200], warmup=100, decay=50",
    ),
    Entry(
        "SequentialScheduler",
        f"{_ALL}, schedulers=None, schedulers_max=None, schedulers_max_steps=None, override_decay=None",
        (Form(_sequence, shown="A for m then hold(at=(A at m - 1)) * B"),),
        usual="schedulers=[ConstantWithWarmup(warmup=100), LinearWithWarmup(warmup=0)], schedulers_max=[200]",
    ),
    Entry(
        "ComposableScheduler",
        f"{_ALL}, stages=None, override_decay=None",
        (Form(_composed, shown="skip(1, A then B)"),),
        usual="stages=[ComposableSchedulerStage(100, end_lr_fraction=0.5), ComposableSchedulerStage(100, end_lr=0.0)]",
    ),
    Entry(
        "ComposableSchedulerStage",
        f"duration, shape='linear', start_lr=None, start_lr_fraction=None, {_STAGE}",
        (Form(_line, shown="linear(duration, to=end_lr, from=start_lr)"),),
        note="a part of ComposableScheduler; `cosine` for that shape",
        usual="100, end_lr_fraction=0.1",
    ),
    Entry(
        "OverrideDecay",
        f"start, duration, shape='linear', {_STAGE}",
        (Form(lambda a: text("hold for s - 1 then x", s=a.start, x=_line(a)), shown="A for start - 1 then linear(duration, to=end_lr)"),),
        note="a part of the two that have `override_decay`",
        usual="100, 50, end_lr_fraction=0.1",
    ),
)


_CORE = "train_module.scheduler"
#: The names under which OLMo-core registers its classes.
_REGISTERED = {
    "constant": "ConstantScheduler",
    "constant_with_warmup": "ConstantWithWarmup",
    "linear_with_warmup": "LinearWithWarmup",
    "inv_sqrt_with_warmup": "InvSqrtWithWarmup",
    "cos_with_warmup": "CosWithWarmup",
    "half_cos_with_warmup": "HalfCosWithWarmup",
    "wsd": "WSD",
    "cos_with_warmup_and_linear_decay": "CosWithWarmupAndLinearDecay",
    "power_lr": "PowerLR",
    "exponential": "ExponentialScheduler",
    "wsds": "WSDS",
    "sequential": "SequentialScheduler",
    "composable": "ComposableScheduler",
}
_CLASS, _TYPE = "_CLASS_", "type"
#: The classes of parts that a config may leave unnamed.
_PARTS = {"stages": "ComposableSchedulerStage", "override_decay": "OverrideDecay"}


def _made(s: Settings, table: Mapping[Any, Any], unnamed: str = "", **more: Any) -> tuple[str, Node]:
    """The name of the class that a mapping makes, and its schedule, with those of its parts."""
    raw = table.get(_CLASS, table.get(_TYPE, unnamed))
    name = raw.rpartition(".")[2] if isinstance(raw, str) else ""
    entry = DIALECT.by_name.get(_REGISTERED.get(name, name))
    if entry is None:
        raise UnreadableError(f"`{name}` of OLMo-core has no text: {', '.join(DIALECT.by_name)} have")

    def argument(key: str, held: Any) -> Any:
        if isinstance(held, Mapping):
            return _made(s, held, _PARTS.get(key, ""))[1]
        if isinstance(held, list | tuple) and held and all(isinstance(item, Mapping) for item in held):
            return tuple(_made(s, item, _PARTS.get(key, ""))[1] for item in held)
        return s.read(held, Key(key, "number"), key)

    values = {str(key): argument(str(key), held) for key, held in table.items() if key not in (_CLASS, _TYPE) and not str(key).startswith("_")}
    return name, entry.written({**entry.bound([], values), **more}).schedule


def _read(s: Settings) -> Iterator[Outcome]:
    value, measure = number(s.get("trainer.max_duration.value")), s.get("trainer.max_duration.unit")
    facts = clock(total_steps=value if measure == "steps" else None, total_epochs=value if measure == "epochs" else None)
    whole: Any = lasting(value, "tokens") if measure == "tokens" and value is not None else value if measure == "steps" and value is not None else _TOTAL
    container, key = s.find(_CORE) or ({}, "")
    name, tree = _made(s, container[key], total=whole)
    notes = (_TOKENS,) if s.get(f"{_CORE}.units") == "tokens" else ()
    yield Outcome(name, tree, {}, clock(tick="step", **facts), s.get("train_module.optim.lr"), notes, s.find(_CORE))


DIALECT = Dialect(
    "olmo_core",
    "OLMo-core",
    _ENTRIES,
    modules=("olmo_core.optim", "olmo_core.optim.scheduler"),
    lengths={
        "max_duration=Duration.steps": "total_steps",
        "max_duration=Duration.epochs": "total_epochs",
        "max_duration=Duration.tokens": "tokens",
    },
    by_update=True,
    counting="A tick is a step, counted before its rate is set: tick t has the share (t+1)/n. `total` is the length of the trainer, and fractions of it are"
    " rounded. Warmups begin at 0.",
    address="https://github.com/allenai/OLMo-core/blob/main/src/olmo_core/optim/scheduler.py",
    times={
        "warmup": "warmup",
        "warmup_steps": "warmup",
        "decay": "length",
        "decay_steps": "length",
        "t_max": "length",
        "period_lengths": "milestones",
        "schedulers_max": "milestones",
        "schedulers_max_steps": "milestones",
        "duration": "length",
        "start": "warmup",
    },
    layouts=(
        Layout(
            words=("train_module",),
            signs=((f"{_CORE}.{_CLASS}",), (f"{_CORE}.{_TYPE}",)),
            keys=(
                Key(_CORE, "scheduler"),
                Key(f"{_CORE}.units"),
                *(Key(f"{_CORE}.{name}", "warmup", "step") for name in ("warmup", "warmup_steps")),
                Key(f"{_CORE}.warmup_fraction", "warmup", "share"),
                *(Key(f"{_CORE}.{name}", "decay", "step") for name in ("decay", "decay_steps", "t_max")),
                Key(f"{_CORE}.decay_fraction", "decay", "share"),
                *(Key(f"{_CORE}.{name}", "level") for name in ("alpha_f", "warmup_min_lr", "decay_min_lr", "lr_min")),
                Key(f"{_CORE}.b", "factor"),
                Key("train_module.optim.lr", "base"),
                Key("trainer.max_duration.value", "length", "time"),
                Key("trainer.max_duration.unit"),
            ),
            read=_read,
        ),
    ),
)
