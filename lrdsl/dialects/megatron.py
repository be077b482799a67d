"""Megatron-LM: its flags in shell scripts, and the same keys in YAML; and GPT-NeoX, which has keys of it, and counts otherwise.

How it counts (`megatron/core/optimizer_param_scheduler.py`; `megatron/training/training.py`, `get_optimizer_param_scheduler`): time is samples; a step is a
global batch, so that flags of iterations are steps while the batch is constant. Tick t has the share t/n, `lr_decay_iters` counts the warmup too, and a
warmup fraction is not cut. The weight decay rises over the whole run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, lasting, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError
from lrdsl.syntax import canonical

#: The recipe of each decay style, and of each style of the decay of WSD.
_STYLES = {"constant": "constant", "linear": "linear", "cosine": "cosine", "inverse-square-root": "inverse_square_root", "WSD": "wsd"}
_WSD = ("linear", "cosine", "minus_sqrt", "exponential")
_WEIGHT_DECAY = "the groups without weight decay stay at 0 there: name the groups that have it"


def _time(s: Settings, name: str) -> Any:
    """A length in iterations, or in samples; None if it is not there."""
    if s.has(f"lr_{name}_samples" if name != "train" else "train_samples"):
        return lasting(s.get(f"lr_{name}_samples" if name != "train" else "train_samples"), "samples")
    return s.get(f"lr_{name}_iters" if name != "train" else "train_iters")


def _weight_decay(s: Settings, total: Any) -> Mapping[str, Any]:
    """The schedule of the weight decay, if it has one: it rises over the whole run."""
    style = s.word("weight_decay_incr_style") or "constant"
    if style == "constant":
        return {}
    if style not in ("linear", "cosine"):
        raise UnreadableError("`weight_decay_incr_style` is constant, linear or cosine")
    ends = (s.needed(f"{end}_weight_decay") for end in ("start", "end"))
    return {"weight_decay": called(f"megatron.wd_{style}", *ends, s.open("train_iters") if total is None else total)}


#: The schedules of GPT-NeoX (`megatron/learning_rates.py`) after its warmup, whose first two steps have the same rate; a cosine rises past its end.
_NEOX_WARMUP = "scale(max(1, t) / w) for w then restart "
_NEOX = {"constant": "hold", "linear": "max(linear(n - w), m)", "cosine": "bounce(cosine(n - w, to=m))"}


def _shown(shape: str) -> str:
    """A schedule of GPT-NeoX with the names of its keys."""
    return canonical(text(shape, n=text("lr_decay_iters"), w=text("warmup * lr_decay_iters"), m=text("min_lr")))


def _neox(s: Settings) -> Outcome:
    """GPT-NeoX has keys of Megatron, and a warmup that is a share of the decay, 1 % by default."""
    style = s.word("lr_decay_style") or "linear"
    if style not in _NEOX:
        raise UnreadableError(f"`lr_decay_style` of GPT-NeoX is read for {', '.join(_NEOX)}")
    total = s.get("train_iters")
    whole = total if total is not None else s.open("train_iters")
    n = s.get("lr_decay_iters")
    if n is None:
        n = whole if s.get("lr_decay_fraction") is None else text("floor(f * n)", f=s.get("lr_decay_fraction"), n=whole)
    share = s.get("warmup") if s.has("warmup") else Fraction(1, 100)
    warm = 0 if share == 0 else text("f * n", f=share, n=n)
    tree = text(("" if share == 0 else _NEOX_WARMUP) + _NEOX[style], n=n, w=warm, m=s.get("min_lr"))
    return Outcome(style, tree, {}, clock(tick="step", total_steps=number(total)), s.get("optimizer.params.lr"), (), s.find("lr_decay_style"))


def _read(s: Settings) -> Iterator[Outcome]:
    if s.has("optimizer.params.lr") or s.has("warmup") or s.has("lr_decay_fraction"):
        yield _neox(s)
        return
    style = s.word("lr_decay_style") or "linear"
    if style not in _STYLES:
        raise UnreadableError(f"`lr_decay_style` is one of {', '.join(_STYLES)}")
    total, whole = _time(s, "train"), _time(s, "decay")
    n = whole if whole is not None else total if total is not None else s.open("train_iters")
    warm = text("f * n", f=s.get("lr_warmup_fraction"), n=n) if s.has("lr_warmup_fraction") else _time(s, "warmup")
    arguments = [0 if warm is None else warm, *([] if style == "constant" else [n])]
    name = _STYLES[style]
    if style == "WSD":
        fall, kind = _time(s, "wsd_decay"), s.word("lr_wsd_decay_style") or "exponential"
        if fall is None or kind not in _WSD:
            raise UnreadableError("WSD needs `lr_wsd_decay_iters`, and a known `lr_wsd_decay_style`")
        name, arguments = f"wsd_{kind}", [*arguments, fall]
    more = {} if style == "constant" else {"min_lr": s.get("min_lr")}
    tree = called(f"megatron.{name}", *arguments, **more, init_lr=s.get("lr_warmup_init"))
    beside = _weight_decay(s, total)
    notes = [_WEIGHT_DECAY] if beside else []
    notes += ["the batch grows at first (`rampup_batch_size`): Megatron counts samples"] if s.has("rampup_batch_size") else []
    run = clock(tick="step", total_steps=number(total), batch_size=number(s.get("global_batch_size")))
    yield Outcome(style, tree, beside, run, s.get("lr"), tuple(notes), s.find("lr_decay_style"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return not isinstance(table.get("lr_decay_style"), Mapping)


def _unless(styles: tuple[str, ...]) -> Any:
    return lambda s: f"there is none under `{s.get('lr_decay_style')}`" if s.get("lr_decay_style") in styles else ""


def _unless_rising(s: Settings) -> str:
    return "" if s.get("weight_decay_incr_style") in ("linear", "cosine") else "the weight decay is constant: there is no `weight_decay_incr_style`"


DIALECT = Dialect(
    "megatron",
    "Megatron-LM",
    counting="A tick is an iteration. Tick t has the share t/n. `lr_decay_iters` counts the warmup. GPT-NeoX has keys of Megatron, and its own schedules: it is"
    " known by `optimizer.params.lr`, by `warmup`, a share of the decay, or by `lr_decay_fraction`.",
    address="https://github.com/NVIDIA/Megatron-LM/blob/main/megatron/core/optimizer_param_scheduler.py",
    kinds=(
        Kind("constant", "megatron.constant(lr_warmup_iters)"),
        Kind("linear", "megatron.linear(lr_warmup_iters, lr_decay_iters, min_lr)"),
        Kind("cosine", "megatron.cosine(lr_warmup_iters, lr_decay_iters, min_lr)"),
        Kind("inverse-square-root", "megatron.inverse_square_root(lr_warmup_iters, lr_decay_iters, min_lr)"),
        Kind("WSD", "megatron.wsd_exponential(lr_warmup_iters, lr_decay_iters, lr_wsd_decay_iters, min_lr)"),
        Kind("weight_decay_incr_style", "weight_decay = megatron.wd_cosine(start_weight_decay, end_weight_decay, train_iters)"),
        *(Kind(f"{style} of GPT-NeoX", _shown(_NEOX_WARMUP + shape)) for style, shape in _NEOX.items()),
    ),
    layouts=(
        Layout(
            words=("lr-decay-style", "lr_decay_style"),
            formats=("shell", "yaml", "json"),
            signs=(("lr_decay_style", "lr"), ("lr_decay_style", "train_iters"), ("lr_decay_style", "min_lr")),
            sure=_sure,
            keys=(
                Key("lr_decay_style", "scheduler", default="linear"),
                Key("lr", "base"),
                Key("optimizer.params.lr", "base"),
                Key("warmup", "warmup", "share"),
                Key("lr_decay_fraction", "decay", "share"),
                Key("min_lr", "level", default=0.0, ignored=_unless(("constant",))),
                Key("lr_warmup_init", "level", default=0.0),
                Key("train_iters", "length", "iteration"),
                Key("train_samples", "length", "sample"),
                Key("lr_decay_iters", "decay", "iteration", ignored=_unless(("constant",))),
                Key("lr_decay_samples", "decay", "sample", ignored=_unless(("constant",))),
                Key("lr_warmup_iters", "warmup", "iteration", ignored=lambda s: "`lr_warmup_fraction` goes before it" if s.has("lr_warmup_fraction") else ""),
                Key("lr_warmup_samples", "warmup", "sample"),
                Key("lr_warmup_fraction", "warmup", "share"),
                Key("lr_wsd_decay_iters", "decay", "iteration", ignored=lambda s: "it is for `WSD`" if s.get("lr_decay_style") != "WSD" else ""),
                Key("lr_wsd_decay_samples", "decay", "sample"),
                Key("lr_wsd_decay_style"),
                Key("weight_decay_incr_style", default="constant"),
                *(Key(f"{end}_weight_decay", "level", ignored=_unless_rising) for end in ("start", "end")),
                Key("global_batch_size", "batch", "sample"),
                Key("rampup_batch_size", "", "sample"),
            ),
            read=_read,
        ),
    ),
)
