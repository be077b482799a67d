"""timm: the schedulers of `timm.scheduler`, and the arguments of its training script in YAML.

How the arguments are read (`timm/scheduler/scheduler_factory.py`, `scheduler_kwargs` and `create_scheduler_v2`): times are epochs, or with
`sched_on_updates` as many updates; `poly` takes its power from `decay_rate`. Their defaults differ between versions: what is not in the file stays a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError

_WARMUP = "warmup_t=0, warmup_lr_init=0.0, warmup_prefix={prefix}, t_in_epochs=True"
#: The schedules that are written: without a warmup, with one before them, and with one under which they run.
_VARIANTS = tuple(
    {"warmup_t": steps, "warmup_lr_init": steps and ..., "warmup_prefix": prefix, "k_decay": 1}
    for steps, prefix in ((0, False), (0, True), (..., True), (..., False))
)
_NOISE = "noise_range_t=None, noise_pct=0.67, noise_std=1.0, noise_seed=42"
_CYCLE_DEFAULTS = "cycle_mul=1.0, cycle_decay=1.0, cycle_limit=1"
_CYCLES = "mul=cycle_mul, decay=cycle_decay, limit=cycle_limit"


def _under_warmup(body: str, k_decay: str = "", warmup: str = "timm.warmup") -> tuple[Form, ...]:
    """The forms of a scheduler that may have a warmup: the schedule has run under it, or begins after it. Its levels may be noisy: then it has no text.

    `k_decay` is the text for a k_decay that is not 1, and `warmup` the recipe of a warmup under which the schedule runs.
    """

    def written(a: Any) -> str:
        if a.noise_range_t is not None:
            raise UnreadableError("timm's noise is random, and a schedule is not")
        whole = k_decay if k_decay and a.k_decay != 1 else body
        if a.warmup_t == 0:
            return whole
        return f"{'timm.prefix' if a.warmup_prefix else warmup}(warmup_t, warmup_lr_init, {whole})"

    return (Form(written, shown=body),)


def _wsd(a: Any) -> str:
    if a.noise_range_t is not None:
        raise UnreadableError("timm's noise is random, and a schedule is not")
    if a.decay_fn not in _DECAYS:
        raise UnreadableError("`decay_fn` is a function of Python: write the schedule with `scale(...)`")
    recipe, more, decay = _DECAYS[a.decay_fn]
    body = f"timm.{recipe}(t_initial, decay_t, lr_min{more})"
    if a.stable_fn != "constant":
        timescale = "warmup_t" if a.stable_timescale is None else "stable_timescale"
        body = f"timm.wsd_rsqrt(t_initial, decay_t, {timescale}, {decay}, to=lr_min{', power=stable_power' if a.stable_fn == 'power' else ''})"
    return body if a.warmup_t == 0 else f"timm.prefix(warmup_t, warmup_lr_init, {body})"


#: The decays of WSDLRScheduler: the recipe, its further argument, and the decay alone, from base to 0.
_DECAYS = {
    "1-sqrt": ("wsd", "", "one_minus_sqrt(decay_t)"),
    "linear": ("wsd_linear", "", "linear(decay_t)"),
    "cosine": ("wsd_cosine", "", "cosine(decay_t)"),
    "power": ("wsd_power", ", power=decay_power", "scale(1 - (t / decay_t)^decay_power) for decay_t"),
    "exp": ("wsd_exp", ", ratio=decay_ratio", "scale((decay_ratio^(t / decay_t) - decay_ratio) / (1 - decay_ratio)) for decay_t"),
}
_CYCLED = ("cosine", "tanh", "poly")
_CLASSES = {
    **{"cosine": "Cosine", "tanh": "Tanh", "poly": "Poly", "step": "Step", "constant": "Step", "multistep": "MultiStep", "plateau": "Plateau"},
    **{"wsd": "WSD", "rsqrt": "WSD"},
}


def _argued(s: Settings) -> Iterator[Outcome]:
    kind = s.word("sched") or ""
    if kind not in _CLASSES:
        raise UnreadableError(f"`{kind}` is no `sched` of timm that lrdsl knows")
    entry = DIALECT.entry(f"{_CLASSES[kind]}LRScheduler")
    unit = "ep" if s.get("sched_on_updates") is True else ""
    if s.has("lr_noise"):
        raise UnreadableError("timm's noise is random, and a schedule is not")
    times = {
        **({"t_initial": s.needed("epochs")} if kind in _CYCLED else {}),
        **({"decay_t": s.needed("decay_epochs")} if kind == "step" else {}),
        **({"patience_t": s.needed("patience_epochs")} if kind == "plateau" else {}),
        "warmup_t": s.needed("warmup_epochs"),
    }
    arguments: dict[str, Any] = {name: lasting(v, unit) if number(v) != 0 else 0 for name, v in times.items()}
    if kind == "multistep":
        milestones = s.needed("decay_milestones")
        arguments["decay_t"] = tuple(lasting(m, unit) for m in milestones) if isinstance(milestones, tuple) else milestones
    arguments["warmup_lr_init"] = s.needed("warmup_lr") if number(arguments["warmup_t"]) != 0 else 0
    if kind not in ("step", "constant", "multistep"):
        arguments["lr_min"] = s.needed("min_lr")
    if kind in _CYCLED:
        arguments.update({f"cycle_{name}": s.get(f"lr_cycle_{name}") for name in ("mul", "limit")})
        arguments["cycle_decay"] = s.get("lr_cycle_decay") if s.has("lr_cycle_decay") or arguments["cycle_limit"] == 1 else s.open("lr_cycle_decay")
        arguments.update({} if kind == "tanh" else {"k_decay": s.get("lr_k_decay")})
    if kind in ("poly", "step", "multistep", "plateau"):
        arguments["power" if kind == "poly" else "decay_rate"] = s.needed("decay_rate")
    if kind == "plateau":
        metric = s.get("eval_metric")
        arguments["mode"] = "min" if isinstance(metric, str) and "loss" in metric else "max"
    elif kind in ("wsd", "rsqrt"):
        arguments.update(_stable(s, kind, unit))
    else:
        arguments["warmup_prefix"] = s.get("warmup_prefix") is True
    if kind == "constant":
        arguments["decay_t"] = 1
    tree = entry.written(entry.bound((), arguments)).schedule
    more = number(s.get("cooldown_epochs"))
    length = number(s.get("epochs"))
    total = length + (more or 0) if length is not None and kind in _CYCLED and arguments["cycle_limit"] == 1 else length
    yield Outcome(kind, tree, {}, clock(tick="step" if unit else "epoch", total_epochs=total), s.get("lr"), (), s.find("sched"))


def _stable(s: Settings, kind: str, unit: str) -> dict[str, Any]:
    """The arguments of a warmup, a stable stretch and a decay, whose length may be a fraction of the last two."""
    whole, warm, fall = s.needed("epochs"), s.needed("warmup_epochs"), s.get("decay_epochs", 0.2)
    length: Any = lasting(whole, unit) if s.get("warmup_prefix") is True else text("n - w", n=lasting(whole, unit), w=lasting(warm, unit))
    share = number(fall)
    if share is None:
        raise UnreadableError("whether `decay_epochs` is a fraction or a number of epochs is not in the file")
    n, w = number(whole), number(warm)
    rest = None if unit or n is None or w is None else n - (0 if s.get("warmup_prefix") is True else w)
    if 0 < share < 1 and rest is not None:
        share, length = round(float(share) * float(rest)), rest
    decay: Any = (
        text("floor(f * n + 0.5)", f=share, n=length) if 0 < share < 1 else round(share) if unit == "" else text("floor(x + 0.5)", x=lasting(share, unit))
    )
    timescale = s.get("lr_stable_timescale")
    return {
        "t_initial": length,
        "decay_t": decay,
        "stable_fn": "rsqrt" if kind == "rsqrt" else "constant",
        "decay_fn": s.word("lr_decay_fn") or ("linear" if kind == "rsqrt" else "1-sqrt"),
        "stable_timescale": None if timescale is None else lasting(timescale, unit),
    }


def _only(*kinds: str) -> Callable[[Settings], str]:
    return lambda s: "" if s.get("sched") in kinds else f"it is for {' and '.join(kinds)}"


LAYOUT = Layout(
    words=("sched:", '"sched"', "--sched "),
    signs=(("sched", "epochs"), ("sched", "warmup_epochs"), ("sched", "decay_epochs")),
    sure=lambda table: isinstance(table["sched"], str),
    formats=("yaml", "json", "shell"),
    keys=(
        Key("sched", "scheduler"),
        Key("lr", "base"),
        Key("epochs", "length", "epoch"),
        Key("warmup_epochs", "warmup", "epoch"),
        Key("warmup_lr", "level"),
        Key("warmup_prefix"),
        Key("min_lr", "level", ignored=_only(*_CYCLED, "plateau", "wsd", "rsqrt")),
        Key("decay_epochs", "decay", "epoch", ignored=_only("step", "wsd", "rsqrt")),
        Key("decay_milestones", "decay", "epoch", ignored=_only("multistep")),
        Key("decay_rate", "factor", ignored=_only("step", "multistep", "plateau", "poly")),
        Key("cooldown_epochs", "cooldown", "epoch", ignored=_only(*_CYCLED)),
        Key("patience_epochs", "decay", "epoch", ignored=_only("plateau")),
        Key("lr_cycle_mul", "factor", default=1, ignored=_only(*_CYCLED)),
        Key("lr_cycle_decay", "factor", default=1, ignored=_only(*_CYCLED)),
        Key("lr_cycle_limit", "factor", default=1, ignored=_only(*_CYCLED)),
        Key("lr_k_decay", "factor", default=1, ignored=_only("cosine", "poly")),
        Key("lr_decay_fn"),
        Key("lr_stable_timescale", "decay", "epoch", ignored=_only("rsqrt")),
        Key("lr_noise", "share", "share"),
        Key("sched_on_updates"),
        Key("eval_metric"),
        Key("batch_size", "batch", "sample"),
        Key("grad_accum_steps", "accumulation"),
    ),
    read=_argued,
)

DIALECT = Dialect(
    "timm",
    "timm",
    modules=("timm.scheduler",),
    objects=True,
    times={"t_initial": "length", "decay_t": "milestones", "warmup_t": "warmup"},
    counting="A tick is what `step(epoch)` or `step_update(num_updates)` is called with, as `t_in_epochs` says. timm's own script never calls `step(0)`.",
    address="https://huggingface.co/docs/timm/reference/schedulers",
    layouts=(LAYOUT,),
    unwritten={"TanhLRScheduler": "with a warmup; without one, train.py begins at the base"},
    entries=(
        Entry(
            "CosineLRScheduler",
            f"optimizer, t_initial, lr_min=0.0, {_CYCLE_DEFAULTS}, {_WARMUP.format(prefix=False)}, {_NOISE}, k_decay=1.0, initialize=True",
            _under_warmup(f"timm.cosine(t_initial, to=lr_min, {_CYCLES})", f"timm.cosine_k(t_initial, k_decay, to=lr_min, {_CYCLES})"),
            note="with a warmup, `timm.warmup(warmup_t, warmup_lr_init, ...)`, or `timm.prefix` for warmup_prefix=True; noise is random and has no text",
            variants=_VARIANTS,
            usual="optimizer, 100, {0.001}, 2, warmup_t=10, warmup_lr_init={0.001}",
        ),
        Entry(
            "PolyLRScheduler",
            f"optimizer, t_initial, power=0.5, lr_min=0.0, {_CYCLE_DEFAULTS}, {_WARMUP.format(prefix=False)}, {_NOISE}, k_decay=1.0, initialize=True",
            _under_warmup(f"timm.poly(t_initial, power=power, to=lr_min, {_CYCLES})", f"timm.poly_k(t_initial, k_decay, power=power, to=lr_min, {_CYCLES})"),
            variants=_VARIANTS,
            usual="optimizer, 100, 1, {0.001}",
        ),
        Entry(
            "TanhLRScheduler",
            f"optimizer, t_initial, lb=-7.0, ub=3.0, lr_min=0.0, {_CYCLE_DEFAULTS}, {_WARMUP.format(prefix=False)}, {_NOISE}, initialize=True",
            _under_warmup(f"timm.tanh(t_initial, lb=lb, ub=ub, to=lr_min, {_CYCLES})", warmup="timm.warmup_tanh"),
            variants=_VARIANTS,
            usual="optimizer, 100, lr_min={0.001}",
        ),
        Entry(
            "StepLRScheduler",
            f"optimizer, decay_t, decay_rate=1.0, {_WARMUP.format(prefix=True)}, {_NOISE}, initialize=True",
            _under_warmup("timm.step(decay_t, rate=decay_rate)"),
            variants=_VARIANTS,
            usual="optimizer, 100, 0.1",
        ),
        Entry(
            "MultiStepLRScheduler",
            f"optimizer, decay_t, decay_rate=1.0, {_WARMUP.format(prefix=True)}, {_NOISE}, initialize=True",
            _under_warmup("timm.multistep(decay_t, rate=decay_rate)"),
            note="its milestones come a step early",
            variants=_VARIANTS,
            usual="optimizer, [30, 60], 0.1",
        ),
        Entry(
            "PlateauLRScheduler",
            "optimizer, decay_rate=0.1, patience_t=10, threshold=0.0001, cooldown_t=0, warmup_t=0, warmup_lr_init=0.0, lr_min=0.0, mode='max',"
            " noise_range_t=None, noise_type='normal', noise_pct=0.67, noise_std=1.0, noise_seed=None, initialize=True",
            (
                Form(
                    lambda a: ("timm.prefix(warmup_t, warmup_lr_init, {})" if a.warmup_t != 0 else "{}").format(
                        "timm.plateau(rate=decay_rate, patience=patience_t, threshold=threshold, cooldown=cooldown_t, to=lr_min, mode=mode)"
                    ),
                    lambda a: a.noise_range_t is None,
                    shown="timm.plateau(rate=decay_rate, patience=patience_t, threshold=threshold, cooldown=cooldown_t, to=lr_min, mode=mode)",
                ),
            ),
            reason="timm's noise is random, and a schedule is not",
            variants=tuple({**variant, "mode": mode} for variant in _VARIANTS for mode in ("max", "min")),
            usual="optimizer, 0.1, 10",
        ),
        Entry(
            "WSDLRScheduler",
            "optimizer, t_initial, decay_t, lr_min=0.0, stable_fn='constant', stable_timescale=None, stable_power=0.5, decay_fn='1-sqrt', decay_power=0.5,"
            f" decay_ratio=0.1, warmup_t=0, warmup_lr_init=0.0, t_in_epochs=True, {_NOISE}, initialize=True",
            (Form(_wsd, shown="timm.wsd(t_initial, decay_t, lr_min)"),),
            note="decay_fn: `timm.wsd_linear`, `_cosine`, `_power`, `_exp`; stable_fn: `timm.wsd_rsqrt`",
            variants=tuple({"warmup_t": warm, "warmup_lr_init": warm and ..., "decay_fn": kind} for warm in (0, ...) for kind in _DECAYS),
            usual="optimizer, 100, 20, {0.001}",
        ),
    ),
)
