"""Live schedulers of torch, transformers, timm and Keras: what is read has their numbers at every tick, from the start and in mid-run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from keras.optimizers import schedules
from torch.optim import lr_scheduler as torch_schedulers
from torch.optim.swa_utils import SWALR
from transformers import optimization

import lrdsl
from lrdsl.dialects import dialect
from lrdsl.dialects.sources import reading
from tests.drawing import examples
from tests.reference.test_timm import theirs as timm_schedulers

few = examples(8)
bases = st.floats(1e-4, 1.0)
lengths = st.integers(2, 40)
shares = st.floats(0.01, 0.9)


def optimizer(base: float, cls: type[torch.optim.Optimizer] = torch.optim.SGD) -> torch.optim.Optimizer:
    options = {"momentum": 0.9} if cls is torch.optim.SGD else {}
    return cls([torch.nn.Parameter(torch.zeros(1))], lr=base, **options)


def agrees(make: Callable[[Any], Any], base: float, n: int = 50) -> None:
    """What is read before the run, and in the middle of it, has the rates of the whole run."""
    opt = optimizer(base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = make(opt)
        before, rates, middle = reading(scheduler), [], None
        for t in range(n):
            if t == n // 2:
                middle = reading(scheduler)
            rates.append(float(opt.param_groups[0]["lr"]))
            opt.step()
            scheduler.step()
    assert before.tick == 0
    assert middle is not None
    assert middle.tick == n // 2
    assert middle.text == before.text
    ours = before.schedule().values(n, float(before.base or 1))
    np.testing.assert_allclose(ours, rates, rtol=0, atol=1e-12 * max(map(abs, rates)), err_msg=before.text or "")


kinds = st.sampled_from(("cos", "linear"))
#: Arguments of each scheduler of torch that is made of numbers.
DRAWN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "StepLR": st.fixed_dictionaries({"step_size": lengths, "gamma": shares}),
    "MultiStepLR": st.fixed_dictionaries({"milestones": st.lists(lengths, max_size=5), "gamma": shares}),
    "ExponentialLR": st.fixed_dictionaries({"gamma": shares}),
    "ConstantLR": st.fixed_dictionaries({"factor": shares, "total_iters": st.integers(0, 40)}),
    "LinearLR": st.fixed_dictionaries({"start_factor": shares, "end_factor": shares, "total_iters": st.integers(0, 40)}),
    "PolynomialLR": st.fixed_dictionaries({"total_iters": st.integers(0, 40), "power": st.floats(0.5, 3)}),
    "CosineAnnealingLR": st.fixed_dictionaries({"T_max": st.integers(25, 60), "eta_min": st.just(1e-5)}),
    "CosineAnnealingWarmRestarts": st.fixed_dictionaries({"T_0": lengths, "T_mult": st.integers(1, 3)}),
    "CyclicLR": st.fixed_dictionaries(
        {
            "base_lr": st.just(0.01),
            "max_lr": st.floats(0.1, 0.5),
            "step_size_up": lengths,
            "step_size_down": lengths,
            "mode": st.sampled_from(("triangular", "triangular2", "exp_range")),
            "gamma": st.floats(0.9, 1.0),
        }
    ),
    "OneCycleLR": st.fixed_dictionaries(
        {
            "max_lr": st.just(0.5),
            "total_steps": st.integers(51, 90),
            "pct_start": st.floats(0.1, 0.4),
            "anneal_strategy": kinds,
            "three_phase": st.booleans(),
            "div_factor": st.floats(2, 30),
        }
    ),
    "SWALR": st.fixed_dictionaries({"swa_lr": st.just(0.05), "anneal_epochs": lengths, "anneal_strategy": kinds}),
}


@pytest.mark.parametrize("name", DRAWN)
def test_torch(name: str) -> None:
    cls = SWALR if name == "SWALR" else getattr(torch_schedulers, name)

    @few
    @given(bases, DRAWN[name])
    def drawn(base: float, arguments: dict[str, Any]) -> None:
        agrees(lambda o: cls(o, **arguments), base)

    drawn()


@few
@given(bases, lengths, shares)
def test_torch_in_sequence_and_in_chains(base: float, n: int, factor: float) -> None:
    agrees(lambda o: torch_schedulers.SequentialLR(o, [torch_schedulers.LinearLR(o, factor, total_iters=n), torch_schedulers.StepLR(o, 5, 0.5)], [n]), base)
    agrees(lambda o: torch_schedulers.ChainedScheduler([torch_schedulers.LinearLR(o, factor, total_iters=n), torch_schedulers.ExponentialLR(o, 0.9)]), base)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("outer", ["SequentialLR", "ChainedScheduler"])
@pytest.mark.parametrize("inner", ["SequentialLR", "ChainedScheduler"])
def test_schedulers_of_several_inside_each_other(outer: str, inner: str) -> None:
    """torch has other rates than the parts say, but for a chain in a chain, so that a text of the parts would be wrong."""

    def made(o: Any) -> Any:
        parts = [torch_schedulers.LinearLR(o, 0.1, total_iters=3), torch_schedulers.ExponentialLR(o, 0.9)]
        first = torch_schedulers.SequentialLR(o, parts, [3]) if inner == "SequentialLR" else torch_schedulers.ChainedScheduler(parts)
        both = [first, torch_schedulers.ExponentialLR(o, 0.99)]
        return torch_schedulers.SequentialLR(o, both, [8]) if outer == "SequentialLR" else torch_schedulers.ChainedScheduler(both)

    if inner == outer == "ChainedScheduler":
        agrees(made, 0.1)
        return
    opt = optimizer(0.1)
    with pytest.raises(lrdsl.ScheduleError, match=f"a {inner} inside a {outer}"):
        lrdsl.read(made(opt))


def test_every_scheduler_of_torch_is_read() -> None:
    apart = {"LambdaLR", "MultiplicativeLR", "ReduceLROnPlateau", "SequentialLR", "ChainedScheduler"}
    assert set(DRAWN) | apart == {entry.name for entry in dialect("torch").entries}


@few
@given(
    st.floats(0.05, 0.9),
    st.integers(0, 9),
    st.sampled_from(["min", "max"]),
    st.sampled_from(["rel", "abs"]),
    st.integers(0, 5),
    st.one_of(st.just(0.0), st.floats(1e-6, 0.1)),
)
def test_plateau(factor: float, patience: int, mode: str, kind: str, cooldown: int, low: float) -> None:
    theirs = optimizer(0.1)
    scheduler = torch_schedulers.ReduceLROnPlateau(theirs, mode, factor, patience, threshold_mode=kind, cooldown=cooldown, min_lr=low)  # type: ignore[arg-type]
    ours = optimizer(0.1)
    mine = lrdsl.compile(lrdsl.read(scheduler), ours)
    for loss in (1, 0.9, 0.91, 0.92, 0.93, 0.95, 0.9, 0.95, 0.99, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1):
        scheduler.step(loss)
        ours.step()
        mine.step(loss)
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]


@pytest.mark.parametrize("function", [lambda t: 0.9**t, torch.nn.Identity()])
def test_a_function_of_python_has_no_text(function: Any) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="scale") as error:
        lrdsl.read(torch_schedulers.LambdaLR(optimizer(0.1), function))
    assert error.value.diagnostics[0].code == "LR160"


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("three", [False, True])
@pytest.mark.parametrize("cls", [torch.optim.SGD, torch.optim.Adam])
def test_the_momentum_of_one_cycle(cls: type[torch.optim.Optimizer], three: bool, strategy: str) -> None:
    opt = optimizer(0.1, cls)
    scheduler = torch_schedulers.OneCycleLR(opt, 0.5, 41, pct_start=0.23, three_phase=three, anneal_strategy=strategy)  # type: ignore[arg-type]
    schedule, levels = lrdsl.read(scheduler), []
    for _ in range(40):
        group = opt.param_groups[0]
        levels.append(group["betas"][0] if cls is torch.optim.Adam else group["momentum"])
        opt.step()
        scheduler.step()
    key = "betas[0]" if cls is torch.optim.Adam else "momentum"
    np.testing.assert_allclose(schedule.values(40, target=key), levels, rtol=0, atol=1e-14)


def test_groups_that_differ_have_targets_of_their_own() -> None:
    opt = torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in (0.1, 0.2)], momentum=0.9)
    schedule = lrdsl.read(torch_schedulers.OneCycleLR(opt, [0.1, 0.3], 100, cycle_momentum=False))
    assert [schedule.at(29, target=f"lr[{i}]") for i in (0, 1)] == [0.1, 0.3]


TRANSFORMERS: dict[str, Callable[[Any, int, int], Any]] = {
    "constant": lambda o, _w, _n: optimization.get_constant_schedule(o),
    "warm": lambda o, w, _: optimization.get_constant_schedule_with_warmup(o, w),
    "linear": optimization.get_linear_schedule_with_warmup,
    "cosine": optimization.get_cosine_schedule_with_warmup,
    "waves": lambda o, w, n: optimization.get_cosine_schedule_with_warmup(o, w, n, num_cycles=1.3),
    "restarts": lambda o, w, n: optimization.get_cosine_with_hard_restarts_schedule_with_warmup(o, w, n, num_cycles=2),
    "polynomial": lambda o, w, n: optimization.get_polynomial_decay_schedule_with_warmup(o, w, n, lr_end=1e-6, power=2.0),
    "inverse": optimization.get_inverse_sqrt_schedule,
    "minimum": lambda o, w, n: optimization.get_cosine_with_min_lr_schedule_with_warmup(o, w, n, min_lr_rate=0.1),
    "low": lambda o, w, n: optimization.get_cosine_with_min_lr_schedule_with_warmup(o, w, n, min_lr=1e-5),
    "rate": lambda o, w, n: optimization.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(o, w, n, min_lr_rate=0.1, warmup_lr_rate=0.2),
    "stable": lambda o, w, n: optimization.get_wsd_schedule(o, w, 7, num_training_steps=n, min_lr_ratio=0.1, decay_type="1-sqrt"),
    "named": lambda o, w, n: optimization.get_scheduler("cosine", o, w, n),
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers(name: str) -> None:
    @few
    @given(bases, st.integers(1, 20), st.integers(1, 40))
    def drawn(base: float, warm: int, n: int) -> None:
        agrees(lambda o: TRANSFORMERS[name](o, warm, warm + n), base)

    drawn()


TIMM: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "CosineLRScheduler": lambda o, w: timm_schedulers.CosineLRScheduler(o, 17, 1e-5, cycle_decay=0.5, cycle_limit=3, **w),
    "PolyLRScheduler": lambda o, w: timm_schedulers.PolyLRScheduler(o, 31, 0.9, 1e-5, **w),
    "TanhLRScheduler": lambda o, _: timm_schedulers.TanhLRScheduler(o, 31, lr_min=1e-5),
    "StepLRScheduler": lambda o, w: timm_schedulers.StepLRScheduler(o, 7, 0.5, **w),
    "MultiStepLRScheduler": lambda o, w: timm_schedulers.MultiStepLRScheduler(o, [7, 19], 0.5, **w),
    "WSDLRScheduler": lambda o, w: timm_schedulers.WSDLRScheduler(o, 31, 9, 1e-5, decay_fn="exp", **{k: v for k, v in w.items() if k != "warmup_prefix"}),
}


@pytest.mark.parametrize("warmup", [{}, {"warmup_t": 5, "warmup_lr_init": 1e-4, "warmup_prefix": True}, {"warmup_t": 5, "warmup_prefix": False}], ids=str)
@pytest.mark.parametrize("name", TIMM)
def test_timm(name: str, warmup: dict[str, Any]) -> None:
    opt = optimizer(0.1)
    scheduler = TIMM[name](opt, warmup)
    schedule = lrdsl.read(scheduler)
    rates = []
    for epoch in range(60):
        scheduler.step(epoch)
        rates.append(opt.param_groups[0]["lr"])
    turns = {17, 34, 51, 22, 39, 56}  # timm finds its cycle by a logarithm
    for t, rate in enumerate(rates):
        if t not in turns:
            assert schedule.at(t, base=0.1) == pytest.approx(rate, rel=0, abs=1e-13), t


def test_noise_of_timm_has_no_text() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="random"):
        lrdsl.read(timm_schedulers.CosineLRScheduler(optimizer(0.1), 30, noise_range_t=[3, 9]))


KERAS: dict[str, Any] = {
    "exponential": schedules.ExponentialDecay(0.1, 7, 0.5),
    "stairs": schedules.ExponentialDecay(0.1, 7, 0.5, staircase=True),
    "pieces": schedules.PiecewiseConstantDecay([5, 9], [0.1, 0.01, 0.001]),
    "polynomial": schedules.PolynomialDecay(0.1, 16, 0.01, 2.0),
    "inverse": schedules.InverseTimeDecay(0.1, 8, 0.5),
    "cosine": schedules.CosineDecay(0.1, 16, 0.1),
    "warm": schedules.CosineDecay(0.0, 16, 0.1, warmup_target=0.1, warmup_steps=4),
    "restarts": schedules.CosineDecayRestarts(0.1, 7, 1.5, 0.9, 0.1),
}


@pytest.mark.parametrize("name", KERAS)
def test_keras(name: str) -> None:
    ours = lrdsl.read(KERAS[name]).values(32)
    theirs = [float(KERAS[name](t)) for t in range(32)]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)  # Keras computes in single precision here


@pytest.mark.parametrize("thing", [5, None, object(), optimizer(0.1), [1], "x = 1", ""])
def test_what_is_no_schedule_is_refused(thing: Any) -> None:
    with pytest.raises(lrdsl.ScheduleError) as error:
        lrdsl.read(thing)
    assert error.value.diagnostics[0].code == "LR160"


def test_a_class_of_ones_own_has_no_text() -> None:
    class Mine(torch_schedulers.LRScheduler):
        def get_lr(self) -> list[float]:  # type: ignore[override]
            return [0.1 for _ in self.base_lrs]

    with pytest.raises(lrdsl.ScheduleError, match="a class of its own"):
        lrdsl.read(Mine(optimizer(0.1)))


@few
@given(
    st.sampled_from([0.1, 0.5]),
    st.integers(0, 5),
    st.sampled_from(["min", "max"]),
    st.sampled_from(["rel", "abs"]),
    st.integers(0, 4),
    st.sampled_from([0, 1e-3]),
)
def test_a_plateau_of_transformers(factor: float, patience: int, mode: str, kind: str, cooldown: int, low: float) -> None:
    options = {"factor": factor, "patience": patience, "mode": mode, "threshold_mode": kind, "cooldown": cooldown, "min_lr": low}
    live = lrdsl.read(optimization.get_reduce_on_plateau_schedule(optimizer(0.1), **options))  # type: ignore[arg-type]
    written = ", ".join(f"{name}={value!r}" for name, value in options.items())
    assert lrdsl.read(f"transformers.get_reduce_on_plateau_schedule(optimizer, {written})") == live
    assert lrdsl.read(torch_schedulers.ReduceLROnPlateau(optimizer(0.1), **options)) == live  # type: ignore[arg-type]
