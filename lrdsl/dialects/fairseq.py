"""fairseq: `lr_scheduler` and `optimization` of its YAML, and its flags in shell scripts.

How it counts (`fairseq/optim/lr_scheduler/`; the trainer sets the rate of update 0 before it begins): a tick is an update. Tick t has the share t/w of the
warmup; `fixed` has (t+1)/w. Without `lr_period_updates` the cosine takes max_update - warmup_updates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError

_KINDS = ("inverse_sqrt", "cosine", "polynomial_decay", "tri_stage", "fixed", "triangular", "step", "reduce_lr_on_plateau")
#: The most epochs that have a rate of their own.
_MOST = 200


def _tree(s: Settings, kind: str, rates: Any) -> Any:
    w, first = s.get("warmup_updates"), s.get("warmup_init_lr")
    first = None if first is None or ((number(first) or 0) < 0) else first
    match kind:
        case "inverse_sqrt":
            if w == 0:
                raise UnreadableError("`warmup_updates` of 0: fairseq divides by it")
            return called("fairseq.inverse_sqrt", warmup_updates=w, warmup_init_lr=first)
        case "fixed":
            return _fixed(s, 0 if w is None else w, rates)
        case "cosine":
            period = s.get("lr_period_updates")
            if period is None or (number(period) is not None and number(period) <= 0):  # type: ignore[operator]
                period = text("n - w", n=s.needed("max_update"), w=0 if w is None else w)
            more = {"t_mult": s.get("t_mult"), "lr_shrink": s.get("lr_shrink")}
            return called("fairseq.cosine", period, min_lr=s.get("min_lr"), warmup_updates=w, warmup_init_lr=first, **more)
        case "polynomial_decay":
            if s.has("force_anneal"):
                raise UnreadableError("`force_anneal` makes polynomial_decay begin at the rate of that epoch: it is not read")
            n = s.get("total_num_update")
            n = n if n is not None and (number(n) is None or number(n) > 0) else s.needed("max_update")  # type: ignore[operator]
            return called("fairseq.polynomial_decay", n, warmup_updates=w, end_learning_rate=s.get("end_learning_rate"), power=s.get("power"))
        case "triangular":
            name = "fairseq.triangular_shrink_min" if s.get("shrink_min") is True else "fairseq.triangular"
            return called(name, s.needed("max_lr"), lr_period_updates=s.get("lr_period_updates"), lr_shrink=s.get("lr_shrink"))
        case "step":
            more = {name: s.get(name) for name in ("min_lr", "lr_deacy_period", "lr_decay")}
            return called("fairseq.step", warmup_updates=w, warmup_init_lr=first, **more)
        case "reduce_lr_on_plateau":
            mode = ", mode=max" if s.get("maximize_best_checkpoint_metric") is True else ""
            plateau = f"plateau(factor=k, patience=p, threshold=t{mode})"
            numbers = {"w": w, "i": 0 if first is None else first, "k": s.get("lr_shrink"), "p": s.get("lr_patience"), "t": s.get("lr_threshold")}
            return text(plateau if w is None or w == 0 else f"warmup(w, from=i) then {plateau}", **numbers)
        case _:
            return _tri_stage(s)


def _fixed(s: Settings, w: Any, rates: Any) -> Any:
    """One rate, or one for each epoch; and a rate that shrinks from an epoch on."""
    anneal, shrink = s.get("force_anneal"), s.get("lr_shrink")
    if not isinstance(rates, tuple):
        if anneal is None:
            return called("fairseq.fixed", warmup_updates=w)
        return called("fairseq.fixed_force_anneal", anneal, lr_shrink=shrink, warmup_updates=w)
    epoch = number(anneal)
    if len(rates) > _MOST or (anneal is not None and (epoch is None or epoch != int(epoch))):
        raise UnreadableError(f"`lr` has more than {_MOST} rates, or `force_anneal` is not in the file")
    own = rates if epoch is None else rates[: int(epoch) - 1]
    parts = [f"hold(1ep, at=x{i})" for i in range(len(own) - (epoch is None))]
    parts.append("hold(at=last)" if epoch is None else f"hold({max(int(epoch) - 1 - len(own), 0)} * 1ep) then hold(0, at=k * last) then step(1ep, k)")
    body = " then ".join(parts)
    whole = body if number(w) == 0 else f"({body}) * fairseq.fixed(w)"
    return text(whole, w=w, k=shrink, last=rates[-1], **{f"x{i}": rate for i, rate in enumerate(own)})


def _tri_stage(s: Settings) -> Any:
    ratios = s.get("phase_ratio")
    if isinstance(ratios, tuple) and len(ratios) == 3:
        total, parts = number(s.get("max_update")), [number(r) for r in ratios]
        if total is None or any(p is None for p in parts):
            raise UnreadableError("`phase_ratio` are shares of a `max_update` that is not in the file")
        a, b, c = (int(float(total) * float(p)) for p in parts if p is not None)
    else:
        a, b, c = (s.get(name, 0) for name in ("warmup_steps", "hold_steps", "decay_steps"))
    return called("fairseq.tri_stage", a, b, c, init_lr_scale=s.get("init_lr_scale"), final_lr_scale=s.get("final_lr_scale"))


def _read(s: Settings) -> Iterator[Outcome]:
    kind = s.word("lr_scheduler._name" if s.find("lr_scheduler._name") else "lr_scheduler") or ""
    if kind in ("manual", "pass_through"):
        raise UnreadableError(f"the rates of `{kind}` are made by a program")
    if kind not in _KINDS:
        raise UnreadableError(f"`{kind}` of fairseq is not read: {', '.join(_KINDS)} are")
    rates = s.get("lr")
    rates = rates[0] if isinstance(rates, tuple) and len(rates) == 1 else rates
    if isinstance(rates, tuple) and (kind != "fixed" or not rates):
        raise UnreadableError("`lr` is a list: a rate for each epoch")
    tree = _tree(s, kind, rates)
    run = clock(tick="step", total_steps=number(s.get("max_update")), total_epochs=None if s.has("max_update") else number(s.get("max_epoch")))
    yield Outcome(kind, tree, {}, run, rates[0] if isinstance(rates, tuple) else rates, (), s.find("lr_scheduler"))


def _sure(table: Mapping[Any, Any]) -> bool:
    """A script's flags, or the sections of a config."""
    inside = table.get("lr_scheduler")
    if isinstance(inside, Mapping):
        return isinstance(inside.get("_name"), str)
    return (
        isinstance(inside, str)
        and inside in _KINDS
        and any(key in table for key in ("criterion", "arch", "warmup_updates", "max_tokens", "max_update", "task"))
    )


def _key(name: str, role: str, unit: str = "", default: Any = None) -> Key:
    return Key(name, role, unit, default, (f"lr_scheduler.{name}",))


DIALECT = Dialect(
    "fairseq",
    "fairseq",
    counting="A tick is an update. Tick t has the share t/n; `fixed` has (t+1)/n.",
    address="https://github.com/facebookresearch/fairseq/tree/main/fairseq/optim/lr_scheduler",
    kinds=(
        Kind("inverse_sqrt", "fairseq.inverse_sqrt(warmup_updates, warmup_init_lr)"),
        Kind("cosine", "fairseq.cosine(lr_period_updates, min_lr, warmup_updates, warmup_init_lr, t_mult, lr_shrink)"),
        Kind("polynomial_decay", "fairseq.polynomial_decay(total_num_update, warmup_updates, end_learning_rate, power)"),
        Kind("tri_stage", "fairseq.tri_stage(warmup_steps, hold_steps, decay_steps)"),
        Kind("fixed", "fairseq.fixed(warmup_updates)"),
        Kind("triangular", "fairseq.triangular(max_lr, lr_period_updates, lr_shrink)"),
        Kind("step", "fairseq.step(min_lr, warmup_updates, warmup_init_lr, lr_deacy_period, lr_decay)"),
        Kind("reduce_lr_on_plateau", "warmup(warmup_updates) then plateau(factor=lr_shrink, patience=lr_patience)"),
        Kind("manual", reason="its rates are made by a program"),
        Kind("pass_through", reason="its rates are made by a program"),
    ),
    layouts=(
        Layout(
            words=("lr_scheduler", "lr-scheduler"),
            formats=("yaml", "shell"),
            signs=(("lr_scheduler._name",), ("lr_scheduler",)),
            sure=_sure,
            keys=(
                Key("lr_scheduler", "scheduler"),
                Key("lr", "base", known_as=("optimization.lr", "lr_scheduler.lr")),
                Key("max_update", "length", "step", known_as=("optimization.max_update",)),
                Key("max_epoch", "length", "epoch", known_as=("optimization.max_epoch",)),
                _key("warmup_updates", "warmup", "step"),
                _key("warmup_init_lr", "level"),
                _key("min_lr", "level"),
                _key("lr_period_updates", "decay", "step"),
                _key("t_mult", "factor", default=1),
                _key("lr_shrink", "factor", default=0.1),
                _key("total_num_update", "decay", "step"),
                _key("power", "factor", default=1.0),
                _key("end_learning_rate", "level", default=0.0),
                _key("phase_ratio", "decay", "share"),
                *(_key(name, "decay", "step") for name in ("warmup_steps", "hold_steps", "decay_steps")),
                _key("init_lr_scale", "level", default=0.01),
                _key("final_lr_scale", "level", default=0.01),
                _key("force_anneal", "decay", "epoch"),
                _key("max_lr", "level"),
                _key("shrink_min", ""),
                _key("lr_deacy_period", "decay", "step", default=25_000),
                _key("lr_decay", "factor", default=0.5),
                _key("lr_patience", "factor", default=0),
                _key("lr_threshold", "factor", default=1e-4),
                Key("maximize_best_checkpoint_metric", known_as=("checkpoint.maximize_best_checkpoint_metric",)),
                Key("update_freq", "accumulation", known_as=("optimization.update_freq",)),
            ),
            read=_read,
        ),
    ),
)
