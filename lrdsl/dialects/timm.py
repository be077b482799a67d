"""timm: the schedulers of `timm.scheduler`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError

_WARMUP = "warmup_t=0, warmup_lr_init=0.0, warmup_prefix={prefix}, t_in_epochs=True"
_NOISE = "noise_range_t=None, noise_pct=0.67, noise_std=1.0, noise_seed=42"
_CYCLED = "cycle_mul=1.0, cycle_decay=1.0, cycle_limit=1"
_CYCLES = "mul=cycle_mul, decay=cycle_decay, limit=cycle_limit"


def _under_warmup(text: str | Callable[[Any], str], k_decay: bool = False) -> tuple[Form, ...]:
    """The forms of a scheduler that may have a warmup: the schedule has run under it, or begins after it. Its levels may be noisy: then it has no text."""

    def written(a: Any) -> str:
        if a.noise_range_t is not None:
            raise UnreadableError("timm's noise is random, and a schedule is not")
        if k_decay and a.k_decay != 1:
            raise UnreadableError("`k_decay` has no recipe: write its formula with `scale(...)`")
        body = text if isinstance(text, str) else text(a)
        if a.warmup_t == 0:
            return body
        return f"timm.{'prefix' if a.warmup_prefix else 'warmup'}(warmup_t, warmup_lr_init, {body})"

    return (Form(written, shown=text if isinstance(text, str) else ""),)


def _wsd(a: Any) -> str:
    if a.noise_range_t is not None:
        raise UnreadableError("timm's noise is random, and a schedule is not")
    if a.stable_fn != "constant":
        raise UnreadableError("`stable_fn` has no recipe: `(max(rsqrt(s), m) - m) * (hold(n - d) then one_minus_sqrt(d)) + m` for rsqrt")
    more = {"power": ", power=decay_power", "exp": ", ratio=decay_ratio"}
    names = {"1-sqrt": "wsd", "linear": "wsd_linear", "cosine": "wsd_cosine", "power": "wsd_power", "exp": "wsd_exp"}
    if a.decay_fn not in names:
        raise UnreadableError("`decay_fn` is a function of Python: write the schedule with `scale(...)`")
    body = f"timm.{names[a.decay_fn]}(t_initial, decay_t, lr_min{more.get(a.decay_fn, '')})"
    return body if a.warmup_t == 0 else f"timm.prefix(warmup_t, warmup_lr_init, {body})"


DIALECT = Dialect(
    "timm",
    "timm",
    modules=("timm.scheduler",),
    counting="A tick is what `step(epoch)` or `step_update(num_updates)` is called with, as `t_in_epochs` says. timm's own script never calls `step(0)`.",
    address="https://huggingface.co/docs/timm/reference/schedulers",
    entries=(
        Entry(
            "CosineLRScheduler",
            f"optimizer, t_initial, lr_min=0.0, {_CYCLED}, {_WARMUP.format(prefix=False)}, {_NOISE}, k_decay=1.0, initialize=True",
            _under_warmup(f"timm.cosine(t_initial, to=lr_min, {_CYCLES})", k_decay=True),
            note="with a warmup, `timm.warmup(warmup_t, warmup_lr_init, ...)`, or `timm.prefix` for warmup_prefix=True; noise is random and has no text",
            usual="optimizer, 100, {0.001}, 2, warmup_t=10, warmup_lr_init={0.001}",
        ),
        Entry(
            "PolyLRScheduler",
            f"optimizer, t_initial, power=0.5, lr_min=0.0, {_CYCLED}, {_WARMUP.format(prefix=False)}, {_NOISE}, k_decay=1.0, initialize=True",
            _under_warmup(f"timm.poly(t_initial, power=power, to=lr_min, {_CYCLES})", k_decay=True),
            usual="optimizer, 100, 1, {0.001}",
        ),
        Entry(
            "TanhLRScheduler",
            f"optimizer, t_initial, lb=-7.0, ub=3.0, lr_min=0.0, {_CYCLED}, {_WARMUP.format(prefix=False)}, {_NOISE}, initialize=True",
            _under_warmup(f"timm.tanh(t_initial, lb=lb, ub=ub, to=lr_min, {_CYCLES})"),
            usual="optimizer, 100, lr_min={0.001}",
        ),
        Entry(
            "StepLRScheduler",
            f"optimizer, decay_t, decay_rate=1.0, {_WARMUP.format(prefix=True)}, {_NOISE}, initialize=True",
            _under_warmup("timm.step(decay_t, rate=decay_rate)"),
            usual="optimizer, 100, 0.1",
        ),
        Entry(
            "MultiStepLRScheduler",
            f"optimizer, decay_t, decay_rate=1.0, {_WARMUP.format(prefix=True)}, {_NOISE}, initialize=True",
            _under_warmup("timm.multistep(decay_t, rate=decay_rate)"),
            note="its milestones come a step early",
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
            usual="optimizer, 0.1, 10",
        ),
        Entry(
            "WSDLRScheduler",
            "optimizer, t_initial, decay_t, lr_min=0.0, stable_fn='constant', stable_timescale=None, stable_power=0.5, decay_fn='1-sqrt', decay_power=0.5,"
            f" decay_ratio=0.1, warmup_t=0, warmup_lr_init=0.0, t_in_epochs=True, {_NOISE}, initialize=True",
            (Form(_wsd, shown="timm.wsd(t_initial, decay_t, lr_min)"),),
            note="decay_fn: `timm.wsd_linear`, `_cosine`, `_power`, `_exp`; for rsqrt: `(max(rsqrt(s), m) - m) * (hold(n - d) then one_minus_sqrt(d)) + m`",
            usual="optimizer, 100, 20, {0.001}",
        ),
    ),
)
