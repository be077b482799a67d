"""What is measured: schedules as text, as torch's own schedulers, and as a loop written by hand that stores the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import torch
from torch.optim import lr_scheduler as torch_schedulers


@attrs.frozen
class Case:
    """A schedule three times: its `text`, the torch scheduler that `torchs` makes, and `level`, the factor on the base as one would write it by hand."""

    name: str
    text: str
    torchs: Callable[[torch.optim.Optimizer], Any]
    level: Callable[[int], float]


def optimizer(groups: int) -> torch.optim.Optimizer:
    """An optimizer of so many groups."""
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.1} for _ in range(groups)], lr=0.1)


class Loop:
    """A scheduler as people write one: count, work the factor out, and store it in each group."""

    def __init__(self, opt: torch.optim.Optimizer, level: Callable[[int], float]) -> None:
        self.optimizer, self.level, self.tick = opt, level, 0
        self.bases = [group["lr"] for group in opt.param_groups]

    def step(self) -> None:
        self.tick += 1
        factor = self.level(self.tick)
        for group, base in zip(self.optimizer.param_groups, self.bases, strict=True):
            group["lr"] = base * factor


def cosine_by_hand(n: int) -> Any:
    """The levels of `cosine(n)` of base 0.1, as one would write it in NumPy."""
    return 0.1 * 0.5 * (1 + np.cos(np.pi * np.arange(n) / n))


#: Long enough that no measurement reaches the end.
LONG = 10**7


def _milestones(t: int) -> float:
    return 0.1 ** ((t >= 3000) + (t >= 6000) + (t >= 8000))


def _warm_cosine(t: int) -> float:
    return 0.01 + 0.99 * t / 500 if t < 500 else 0.5 * (1 + math.cos(math.pi * (t - 500) / LONG))


def _one_cycle(t: int) -> float:
    turn = 0.3 * LONG - 1
    return 1 / 25 + (1 - 1 / 25) * 0.5 * (1 - math.cos(math.pi * t / turn)) if t < turn else 0.5


#: Runs of so many ticks, in which phases begin.
RUN = 4000
#: Runs whose ratio to torch includes what it takes to enter phases.
RUNS: tuple[tuple[str, Callable[[torch.optim.Optimizer], Any]], ...] = (
    ("restarts(cosine(10), stretch=2)", lambda o: torch_schedulers.CosineAnnealingWarmRestarts(o, 10, 2)),
    ("onecycle(20002, peak=0.1)", lambda o: torch_schedulers.OneCycleLR(o, 0.1, 20002)),
    (
        "warmup(500) then cosine(3500)",
        lambda o: torch_schedulers.SequentialLR(o, [torch_schedulers.LinearLR(o, 0.01, 1, 500), torch_schedulers.CosineAnnealingLR(o, 3500)], [500]),
    ),
)


CASES = (
    Case("step", "step(30, 0.1)", lambda o: torch_schedulers.StepLR(o, 30), lambda t: 0.1 ** (t // 30)),
    Case("multistep", "multistep([3000, 6000, 8000])", lambda o: torch_schedulers.MultiStepLR(o, [3000, 6000, 8000]), _milestones),
    Case("exp", "exp(0.99999)", lambda o: torch_schedulers.ExponentialLR(o, 0.99999), lambda t: 0.99999**t),
    Case("cosine", f"cosine({LONG})", lambda o: torch_schedulers.CosineAnnealingLR(o, LONG), lambda t: 0.5 * (1 + math.cos(math.pi * t / LONG))),
    Case(
        "warmup, cosine",
        f"warmup(500, from=0.01x) then cosine({LONG})",
        lambda o: torch_schedulers.SequentialLR(o, [torch_schedulers.LinearLR(o, 0.01, 1, 500), torch_schedulers.CosineAnnealingLR(o, LONG)], [500]),
        _warm_cosine,
    ),
    Case("one cycle", f"onecycle({LONG}, peak=0.1)", lambda o: torch_schedulers.OneCycleLR(o, 0.1, LONG), _one_cycle),
    Case(
        "warm restarts",
        "restarts(cosine(1000))",
        lambda o: torch_schedulers.CosineAnnealingWarmRestarts(o, 1000),
        lambda t: 0.5 * (1 + math.cos(math.pi * (t % 1000) / 1000)),
    ),
    Case(
        "product",
        "exp(0.99999) * step(1000)",
        lambda o: torch_schedulers.ChainedScheduler([torch_schedulers.ExponentialLR(o, 0.99999), torch_schedulers.StepLR(o, 1000)]),
        lambda t: 0.99999**t * 0.1 ** (t // 1000),
    ),
)
