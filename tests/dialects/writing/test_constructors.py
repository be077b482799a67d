"""Schedules written as calls of other libraries' own schedulers: there and back, with the same numbers."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as torch_schedulers
from transformers import optimization

import lrdsl
from tests.dialects.test_live import DRAWN, TRANSFORMERS, bases, few, optimizer

TICKS = 50


def rates(make: Any, base: float) -> list[float]:
    opt, levels = optimizer(base), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = make(opt)
        for _ in range(TICKS):
            levels.append(float(opt.param_groups[0]["lr"]))
            opt.step()
            scheduler.step()
    return levels


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "SWALR"])
def test_there_and_back(name: str) -> None:
    cls = getattr(torch_schedulers, name)

    @few
    @given(bases, DRAWN[name])
    def drawn(base: float, arguments: dict[str, Any]) -> None:
        if name in ("OneCycleLR", "CyclicLR"):
            arguments = {**arguments, "cycle_momentum": False}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedule = lrdsl.read(cls(optimizer(base), **arguments))
        code = schedule.export("torch")
        scope: dict[str, Any] = {}
        exec(code, scope)
        theirs = rates(lambda o: cls(o, **arguments), base)
        np.testing.assert_allclose(rates(scope["make_scheduler"], base), theirs, rtol=0, atol=1e-12 * max(theirs), err_msg=code)

    drawn()


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("step(30)", "StepLR(optimizer, step_size=30)"),
        ("let n = 15; lr = step(2 * n, 0.5)", "StepLR(optimizer, step_size=30, gamma=0.5)"),
        ("def s(n) = step(n); lr = s(30)", "StepLR(optimizer, step_size=30)"),
        ("multistep([30, 60])", "MultiStepLR(optimizer, milestones=[30, 60])"),
        ("exp(0.9)", "ExponentialLR(optimizer, gamma=0.9)"),
        ("warmup(10, from=0.1x)", "LinearLR(optimizer, start_factor=0.1, total_iters=10)"),
        ("poly(10, power=2)", "PolynomialLR(optimizer, total_iters=10, power=2)"),
        ("bounce(cosine(100))", "CosineAnnealingLR(optimizer, T_max=100)"),
        ("restarts(cosine(10), stretch=2)", "CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2)"),
        ("cyclic(0.01, 0.1, 500)", "CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=500, step_size_down=500, cycle_momentum=False)"),
        ("cyclic(0.01, 0.1, 5)", "LambdaLR(optimizer, factors, last_epoch)"),
        ("cyclic(0.01, 0.1, 500, mode=triangular2)", "CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=500, step_size_down=500, mode='triangular2'"),
        ("cyclic(0.01, 0.1, 5, mode=triangular2)", "LambdaLR(optimizer, factors, last_epoch)"),
        ("plateau(patience=3, mode=max)", "ReduceLROnPlateau(optimizer, mode='max', patience=3)"),
        ("warmup(10)", "LambdaLR(optimizer, factor, last_epoch)"),
        ("cosine(100)", "LambdaLR(optimizer, factor, last_epoch)"),
        ("onecycle(100)", "LambdaLR(optimizer, factor, last_epoch)"),
        ("step(2.5)", "LambdaLR(optimizer, factor, last_epoch)"),
        ("linear(10, to=2x, from=1x)", "LambdaLR(optimizer, factor, last_epoch)"),
        ("restarts(cosine(10), stretch=1.5)", "LambdaLR(optimizer, factor, last_epoch)"),
    ],
)
def test_calls(text: str, call: str) -> None:
    assert call in lrdsl.parse(text).export("torch")


def test_units_are_ticks_in_a_call() -> None:
    assert "StepLR(optimizer, step_size=300)" in lrdsl.parse("step(3ep)", steps_per_epoch=100).export("torch")


@pytest.mark.parametrize("name", [name for name in TRANSFORMERS if name != "waves"])
def test_trainer(name: str) -> None:
    @few
    @given(bases, st.integers(1, 20), st.integers(8, 40))  # the last phase of `stable` has 7 steps
    def drawn(base: float, warm: int, n: int) -> None:
        schedule = lrdsl.read(TRANSFORMERS[name](optimizer(base), warm, warm + n))
        keys = json.loads(schedule.export("transformers", base=base))
        assert keys["learning_rate"] == base

        def make(o: torch.optim.Optimizer) -> Any:
            return optimization.get_scheduler(keys["lr_scheduler_type"], o, keys.get("warmup_steps"), keys.get("max_steps"), keys.get("lr_scheduler_kwargs"))

        theirs = rates(lambda o: TRANSFORMERS[name](o, warm, warm + n), base)
        np.testing.assert_allclose(rates(make, base), theirs, rtol=0, atol=1e-12 * max(theirs), err_msg=str(keys))

    drawn()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("warmup(10) then cosine(90)", "cosine"),
        ("warmup(10) then linear(90)", "linear"),
        ("warmup(10) then hold", "constant_with_warmup"),
        ("hold", "constant"),
        ("warmup(10) then rsqrt(10)", "inverse_sqrt"),
        ("warmup(10) then hold(50) then linear(40)", "warmup_stable_decay"),
        ("plateau(patience=3)", "reduce_lr_on_plateau"),
    ],
)
def test_types(text: str, kind: str) -> None:
    assert json.loads(lrdsl.parse(text).export("transformers"))["lr_scheduler_type"] == kind


@pytest.mark.parametrize("to", ["transformers", "deepspeed"])
def test_what_cannot_be_said_says_so(to: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as error:
        lrdsl.parse("step(30) then cosine(7)").export(to)
    assert error.value.diagnostics[0].code == "LR155"
