"""Schedulers of smaller packages: Lightning Bolts and Flash, pytorch-gradual-warmup-lr, katsura's cycles, MONAI, pytorch-transformers, BasicSR, torchtune.

How they count: `pl_bolts/optimizers/lr_scheduler.py` reaches the base one tick before its warmup ends, and stays there for that tick; past `max_epochs` its
closed form rises again. `warmup_scheduler/scheduler.py` of ildoonet reaches the target at `total_epoch`, and the scheduler after it begins one tick later.
`cosine_annealing_warmup/scheduler.py` of katsura sets the rate outright: each cycle rises from `min_lr` to `max_lr`, whatever the optimizer has.
`monai/optimizers/lr_scheduler.py` and `pytorch_transformers/optimization.py` are Hugging Face's warmup schedules under other names, and
`torchtune/training/lr_schedulers.py` has one under the same name.
`basicsr/models/lr_scheduler.py` ends each cycle at its floor, one tick later than torch would restart it.
"""

from __future__ import annotations

from typing import Any

from lrdsl.dialects.config import text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError
from lrdsl.syntax.nodes import Node


def _bolts(a: Any) -> str:
    cosine = "bounce(cosine(max_epochs - warmup_epochs, to=eta_min))"
    if a.warmup_epochs == 0:
        return cosine
    if a.warmup_epochs == 1:
        return f"hold(1, at=warmup_start_lr) then restart {cosine}"
    return f"warmup(warmup_epochs - 1, from=warmup_start_lr) then hold(1) then {cosine}"


def _gradual(a: Any) -> str:
    if a.after_scheduler is None:
        return "hold" if a.total_epoch == 0 else "linear(total_epoch, from=base, to=multiplier * base)"
    if a.multiplier != 1:
        raise UnreadableError("a scheduler after a warmup to a multiple of the base has no text: it begins at that multiple")
    return "warmup(total_epoch) then hold(1) then restart after_scheduler"


def _cycles(a: Any) -> str:
    if a.cycle_mult != 1 or a.gamma != 1:
        cycle = "warmup(warmup_steps, from=min_lr) then cosine(first_cycle_steps - warmup_steps, to=min_lr)"
        return f"hold(0, at=max_lr) then restarts({cycle}, stretch=cycle_mult, decay=gamma, fixed=warmup_steps, cut=chain)"
    if a.warmup_steps == 0:
        return "restarts(cosine(first_cycle_steps, from=max_lr, to=min_lr))"
    return "restarts(linear(warmup_steps, from=min_lr, to=max_lr) then cosine(first_cycle_steps - warmup_steps, to=min_lr))"


def _monai(a: Any) -> str:
    if a.end_lr != 0 or a.warmup_multiplier != 0:
        raise UnreadableError("`end_lr` cuts the cosine off, and `warmup_multiplier` begins above 0: neither has a recipe")
    return "hf.cosine(warmup_steps, t_total, cycles=cycles)"


def _restarts(a: Any) -> Node:
    """Cycles of BasicSR: the last tick of one is at its floor, and the next one begins a tick after its own beginning."""
    periods, weights = a.periods, a.restart_weights
    floors = a.eta_mins if hasattr(a, "eta_mins") else (a.eta_min,) * len(periods)
    if not periods or len({len(periods), len(weights), len(floors)}) > 1 or len(periods) > _MOST_CYCLES:
        raise UnreadableError("`periods` and `restart_weights` have the same length")
    parts: list[str] = []
    values: dict[str, Any] = {}
    for i, (period, weight, floor) in enumerate(zip(periods, weights, floors, strict=True)):
        cosine = f"cosine(p{i}, to=e{i}" + (")" if weight == 1 else f", from=w{i} * base + (1 - w{i}) * e{i})")
        parts.append(cosine if i == 0 else f"hold(1) then restart skip(1, {cosine})")
        values |= {f"p{i}": period, f"w{i}": weight, f"e{i}": floor}
    return text(" then ".join(parts), **values)


def _multistep(a: Any) -> str:
    if a.restarts != (0,) or a.restart_weights != (1,):
        raise UnreadableError("restarts of `MultiStepRestartLR` have no text")
    return "multistep(milestones, gamma)"


#: The most cycles of one schedule.
_MOST_CYCLES = 30
DIALECT = Dialect(
    "packages",
    "Smaller packages (Lightning Bolts, MONAI, BasicSR and others)",
    modules=(
        "pl_bolts.optimizers",
        "flash.core.optimizers",
        "warmup_scheduler",
        "cosine_annealing_warmup",
        "monai.optimizers",
        "pytorch_transformers",
        "basicsr.models.lr_scheduler",
        "torchtune.training",
        "torchtune.modules",
    ),
    times={
        "warmup_epochs": "warmup",
        "max_epochs": "whole",
        "total_epoch": "warmup",
        "first_cycle_steps": "interval",
        "warmup_steps": "warmup",
        "t_total": "whole",
        "num_warmup_steps": "warmup",
        "num_training_steps": "whole",
        "periods": "length",
        "milestones": "milestones",
    },
    counting="A tick is a call of `scheduler.step()`, as for torch.",
    address="https://lightning-bolts.readthedocs.io/en/latest/schedulers/warmup_cosine_annealing.html",
    unwritten={"": "no: `--to torch` has a `LambdaLR`"},
    entries=(
        Entry(
            "LinearWarmupCosineAnnealingLR",
            "optimizer, warmup_epochs, max_epochs, warmup_start_lr=0.0, eta_min=0.0, last_epoch=-1",
            (Form(_bolts, shown="warmup(warmup_epochs - 1, from=warmup_start_lr) then hold(1) then cosine(max_epochs - warmup_epochs, to=eta_min)"),),
            note="it rises again past max_epochs",
            system="Lightning Bolts",
            usual="optimizer, 10, 100",
        ),
        Entry(
            "GradualWarmupScheduler",
            "optimizer, multiplier, total_epoch, after_scheduler=None",
            (Form(_gradual, shown="warmup(total_epoch) then hold(1) then restart after_scheduler"),),
            note="for multiplier=1, or without a scheduler after it",
            system="pytorch-gradual-warmup-lr",
            usual="optimizer, 8, 5",
        ),
        Entry(
            "CosineAnnealingWarmupRestarts",
            "optimizer, first_cycle_steps, cycle_mult=1.0, max_lr=0.1, min_lr=0.001, warmup_steps=0, gamma=1.0, last_epoch=-1",
            (Form(_cycles, shown="restarts(linear(warmup_steps, from=min_lr, to=max_lr) then cosine(first_cycle_steps - warmup_steps, to=min_lr))"),),
            note="for cycle_mult=1 and gamma=1; else `warmup(...)` in cycles with `stretch=cycle_mult, decay=gamma, fixed=warmup_steps`",
            system="pytorch-cosine-annealing-with-warmup",
            usual="optimizer, 100, 1.0, {0.1}, {0.001}, 10",
        ),
        Entry(
            "WarmupCosineSchedule",
            "optimizer, warmup_steps, t_total, end_lr=0.0, cycles=0.5, last_epoch=-1, warmup_multiplier=0",
            (Form(_monai, shown="hf.cosine(warmup_steps, t_total, cycles=cycles)"),),
            note="MONAI's and pytorch-transformers'; for end_lr=0 and warmup_multiplier=0",
            system="MONAI",
            usual="optimizer, 10, 100",
        ),
        Entry(
            "WarmupLinearSchedule",
            "optimizer, warmup_steps, t_total, last_epoch=-1",
            (Form("hf.linear(warmup_steps, t_total)"),),
            system="pytorch-transformers",
            usual="optimizer, 10, 100",
        ),
        Entry(
            "WarmupConstantSchedule",
            "optimizer, warmup_steps, last_epoch=-1",
            (Form("hf.constant_with_warmup(warmup_steps)"),),
            system="pytorch-transformers",
            usual="optimizer, 10",
        ),
        Entry(
            "CosineAnnealingRestartLR",
            "optimizer, periods, restart_weights=(1,), eta_min=0, last_epoch=-1",
            (Form(_restarts, shown="cosine(period, to=eta_min) then restart cosine(period, to=eta_min)"),),
            note="BasicSR's; the run ends with its last cycle",
            system="BasicSR",
            usual="optimizer, [100], [1], {0.001}",
        ),
        Entry(
            "CosineAnnealingRestartCyclicLR",
            "optimizer, periods, restart_weights=(1,), eta_mins=(0,), last_epoch=-1",
            (Form(_restarts, shown="cosine(period, to=eta_min) then restart cosine(period, to=eta_min)"),),
            note="Restormer's, in its BasicSR",
            system="Restormer",
            usual="optimizer, [40, 60], [1, 1], [{0.01}, {0.001}]",
        ),
        Entry(
            "MultiStepRestartLR",
            "optimizer, milestones, gamma=0.1, restarts=(0,), restart_weights=(1,), last_epoch=-1",
            (Form(_multistep, shown="multistep(milestones, gamma)"),),
            note="BasicSR's; without restarts",
            system="BasicSR",
            usual="optimizer, [30, 60], 0.1",
        ),
        Entry(
            "get_cosine_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, num_cycles=0.5, last_epoch=-1",
            (Form("hf.cosine(num_warmup_steps, num_training_steps, cycles=num_cycles)"),),
            note="torchtune's",
            usual="optimizer, 10, 100",
        ),
    ),
)
