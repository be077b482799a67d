"""Runs exported code where `import lrdsl` fails, and compares its numbers with those of the schedule."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch

import lrdsl

BASE = 0.1
#: How far a number may be from that of the schedule, as a share of the peak.
NEAR = 1e-12


def _imported(name: str, *arguments: Any, **named: Any) -> Any:
    if name.split(".")[0] == "lrdsl":
        raise ImportError("exported code needs no lrdsl")
    return builtins.__import__(name, *arguments, **named)


def run(code: str) -> dict[str, Any]:
    """Returns what exported code defines."""
    space: dict[str, Any] = {"__name__": "exported", "__builtins__": {**vars(builtins), "__import__": _imported}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "<exported>", "exec"), space)
    return space


def python(space: dict[str, Any], ticks: Sequence[int]) -> Any:
    return [space["lr"](t, BASE) for t in ticks]


def numpy(space: dict[str, Any], ticks: Sequence[int]) -> Any:
    levels = space["lr"](np.array(ticks), BASE)
    assert levels.shape == (len(ticks),)
    one = space["lr"](ticks[-1], BASE)
    assert isinstance(one, float)
    assert abs(one - levels[-1]) <= 1e-15 * abs(one)
    return levels


def optax(space: dict[str, Any], ticks: Sequence[int]) -> Any:
    """Runs the function on the whole array, mapped and compiled."""
    with jax.enable_x64(True):
        counts = jnp.array(ticks, jnp.int32)
        levels = jax.jit(jax.vmap(lambda count: space["schedule"](count, BASE)))(counts)
        assert levels.dtype == jnp.float64
        assert jax.eval_shape(lambda counts: space["schedule"](counts, BASE), counts).shape == counts.shape
        return np.asarray(levels)


def keras_(space: dict[str, Any], ticks: Sequence[int]) -> Any:
    schedule = space["Schedule"].from_config(space["Schedule"](BASE).get_config())
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        return [float(schedule(t)) for t in ticks]
    finally:
        keras.config.set_floatx(before)


def torch_(space: dict[str, Any], ticks: Sequence[int]) -> Any:
    """Runs the scheduler's functions on two param groups, whose bases differ, and returns the rates of the first one."""
    scheduler = space["make_scheduler"](optimizer({"lr": BASE}, {"lr": 3 * BASE}))
    if hasattr(scheduler, "lr_lambdas"):
        return [scheduler.base_lrs[0] * scheduler.lr_lambdas[0](t) for t in ticks]
    return [_rate(scheduler, t) for t in ticks]


def _rate(scheduler: Any, tick: int) -> float:
    """The rate of one of torch's own schedulers at a tick, by its closed form."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch asks for `get_last_lr`, and for steps without a number
        if isinstance(scheduler, torch.optim.lr_scheduler.CosineAnnealingWarmRestarts):
            scheduler.step(tick)  # type: ignore[arg-type]
            return float(scheduler.get_last_lr()[0])
        scheduler.last_epoch = tick
        return float((scheduler._get_closed_form_lr() if hasattr(scheduler, "_get_closed_form_lr") else scheduler.get_lr())[0])


RUNS: dict[str, Any] = {"python": python, "numpy": numpy, "optax": optax, "keras": keras_, "torch": torch_}


def optimizer(*groups: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], **group} for group in groups], lr=1.0)


def compare(schedule: lrdsl.Schedule, to: str, ticks: Sequence[int]) -> str:
    """Compares exported code with the schedule. Returns "same", or the code of the error that says why there is none."""
    try:
        code = schedule.export(to)
    except lrdsl.ScheduleError as error:
        if [d.code for d in error.diagnostics] != ["LR155"]:
            raise
        return "LR155"
    found, expected = np.asarray(RUNS[to](run(code), ticks), dtype=float), schedule.values(list(ticks), BASE)
    np.testing.assert_allclose(found, expected, rtol=0, atol=NEAR * max(np.abs(expected).max(), 1e-300), err_msg=f"{schedule}\n{code}")
    return "same"


def rates(code: str, groups: Sequence[dict[str, Any]], ticks: int) -> list[list[float]]:
    """Returns the rates of each param group in a loop of exported torch code."""
    made = optimizer(*groups)
    scheduler = run(code)["make_scheduler"](made)
    found = []
    for _ in range(ticks):
        found.append([group["lr"] for group in made.param_groups])
        made.step()
        scheduler.step()
    return [list(column) for column in zip(*found, strict=True)]


def compiled(text: str, groups: Sequence[dict[str, Any]], ticks: int) -> list[list[float]]:
    """Returns the rates that `lrdsl.compile` gives."""
    made = SimpleNamespace(param_groups=[dict(group) for group in groups])
    scheduler = lrdsl.compile(text, made)
    found = []
    for _ in range(ticks):
        found.append([group["lr"] for group in made.param_groups])
        scheduler.step()
    return [list(column) for column in zip(*found, strict=True)]
