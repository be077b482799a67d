"""What the comparisons with schedulers of torch's kind share: an optimizer, and the rates that such a scheduler gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch


def optimizer(base: float, **options: Any) -> torch.optim.Optimizer:
    """An optimizer of one parameter."""
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, **options)


def reported(scheduler: Any, metrics: Iterable[float], *, by_epoch: bool = False) -> list[float]:
    """The rates that a scheduler which follows a metric gives, one after each report."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for epoch, metric in enumerate(metrics, 1):
            if by_epoch:
                scheduler.step(epoch, metric)
            else:
                scheduler.step(metric)
            found.append(float(scheduler.optimizer.param_groups[0]["lr"]))
    return found


def stepped(make: Callable[[torch.optim.Optimizer], Any], base: float, ticks: int) -> list[float]:
    """The rates that a scheduler gives, one a tick."""
    opt = optimizer(base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = make(opt)
        found = []
        for _ in range(ticks):
            found.append(float(opt.param_groups[0]["lr"]))
            opt.step()
            scheduler.step()
    return found
