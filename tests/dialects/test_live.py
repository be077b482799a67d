"""Live schedulers of torch, transformers, timm and Keras: what is read has their numbers at every tick, from the start and in mid-run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
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


@pytest.mark.parametrize("method", ["get_lr", "step", "_get_closed_form_lr"])
def test_a_class_that_changes_a_schedule_of_torch_has_no_text(method: str) -> None:
    changed = type("Mine", (torch_schedulers.LinearLR,), {method: lambda *_: [0.1]})
    scheduler = changed.__new__(changed)
    scheduler.__dict__.update(vars(torch_schedulers.LinearLR(optimizer(0.1))))
    with pytest.raises(lrdsl.ScheduleError, match="Mine is a class of its own"):
        lrdsl.read(scheduler)
    plain = type("Plain", (torch_schedulers.LinearLR,), {"__init__": lambda self, o: torch_schedulers.LinearLR.__init__(self, o, 0.5, total_iters=9)})
    assert str(lrdsl.read(plain(optimizer(0.1)))) == "warmup(9, from=0.5x)"
    patched = torch_schedulers.StepLR(optimizer(0.1), 3)
    patched.get_lr = lambda: [1.0]  # type: ignore[method-assign]
    with pytest.raises(lrdsl.ScheduleError, match="a class of its own"):
        lrdsl.read(torch_schedulers.SequentialLR(patched.optimizer, [patched, torch_schedulers.StepLR(patched.optimizer, 2)], [4]))


def test_classes_that_change_a_schedule_of_timm_and_keras_have_no_text() -> None:
    changed = type("Mine", (timm_schedulers.CosineLRScheduler,), {"_get_lr": lambda *_: [9.0]})
    with pytest.raises(lrdsl.ScheduleError, match="Mine is a class of its own"):
        lrdsl.read(changed(optimizer(0.1), 20))
    called = type("Mine", (schedules.CosineDecay,), {"__call__": lambda *_: 9.0})
    with pytest.raises(lrdsl.ScheduleError, match="Mine is a class of its own"):
        lrdsl.read(called(0.1, 20))


@pytest.mark.parametrize(
    "call", ["StepLR(o, 2.5)", "MultiStepLR(o, [3.5, 7])", "LinearLR(o, total_iters=2.5)", "SequentialLR(o, [StepLR(o, 3), StepLR(o, 2)], [2.5])"]
)
def test_a_count_with_a_fraction_has_no_text(call: str) -> None:
    """torch compares its count of ticks with these, so that 2.5 is passed, or never reached."""
    scheduler = eval(call, {**vars(torch_schedulers), "o": optimizer(0.1)})
    for thing in (scheduler, call):
        with pytest.raises(lrdsl.ScheduleError, match="takes it for a whole number of ticks"):
            lrdsl.read(thing)


def test_milestones_in_any_order_are_counted_as_torch_counts_them() -> None:
    assert lrdsl.read("MultiStepLR(o, [7, 3, 3])") == lrdsl.read(torch_schedulers.MultiStepLR(optimizer(0.1), [7, 3, 3])) == lrdsl.parse("multistep([3, 3, 7])")


def test_a_chain_with_a_cosine() -> None:
    """CosineAnnealingLR goes on by a factor down to 0; past that, and above a lowest level, it adds."""

    def chained(o: Any, low: float) -> Any:
        return torch_schedulers.ChainedScheduler([torch_schedulers.CosineAnnealingLR(o, 20, low), torch_schedulers.StepLR(o, 3)])

    opt = optimizer(0.1)
    scheduler = chained(opt, 0.0)
    found = reading(scheduler)
    assert found.problems == ("the text holds up to `T_max`: past it, torch adds the cosine's rise to what the other factors left",)
    assert reading("ChainedScheduler([CosineAnnealingLR(o, 20), StepLR(o, 3)])").problems == found.problems
    rates = []
    for _ in range(21):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    np.testing.assert_allclose(found.schedule().values(21, 0.1), rates, rtol=0, atol=1e-13)
    with pytest.raises(lrdsl.ScheduleError, match="eta_min"):
        lrdsl.read(chained(optimizer(0.1), 0.01))


def test_what_no_text_can_say_is_a_problem_of_the_reading() -> None:
    assert reading("ExponentialLR(o, -0.5)").text is None
    assert reading(timm_schedulers.MultiStepLRScheduler(optimizer(0.1), [9, 3])).text is None


low = st.one_of(st.just(0.0), st.floats(1e-6, 1e-3))
WARM = st.sampled_from([{}, {"warmup_t": 5, "warmup_lr_init": 1e-4, "warmup_prefix": True}, {"warmup_t": 3, "warmup_lr_init": 0.02}])
OF_TIMM: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "CosineLRScheduler": st.fixed_dictionaries({"t_initial": lengths, "lr_min": low, "cycle_decay": shares, "k_decay": st.just(1.0)}),
    "PolyLRScheduler": st.fixed_dictionaries({"t_initial": lengths, "power": st.floats(0.5, 3), "lr_min": low}),
    "TanhLRScheduler": st.fixed_dictionaries({"t_initial": lengths, "lb": st.floats(-7, -2), "ub": st.floats(1, 4), "lr_min": low}),
    "StepLRScheduler": st.fixed_dictionaries({"decay_t": lengths, "decay_rate": shares}),
    "MultiStepLRScheduler": st.fixed_dictionaries({"decay_t": st.lists(lengths, max_size=4, unique=True).map(sorted), "decay_rate": shares}),
    "WSDLRScheduler": st.fixed_dictionaries(
        {"t_initial": st.integers(41, 70), "decay_t": lengths, "lr_min": low, "decay_fn": st.sampled_from(["linear", "cosine", "1-sqrt"])}
    ),
}


@pytest.mark.parametrize("name", OF_TIMM)
def test_drawn_schedules_of_timm(name: str) -> None:
    @few
    @given(bases, OF_TIMM[name], WARM)
    def drawn(base: float, arguments: dict[str, Any], warmup: dict[str, Any]) -> None:
        opt, cls = optimizer(base), getattr(timm_schedulers, name)
        if name == "WSDLRScheduler":  # it always counts the warmup first
            warmup = {key: v for key, v in warmup.items() if key != "warmup_prefix"}
        scheduler = cls(opt, **arguments, **warmup)
        before, rates = reading(scheduler), []
        for epoch in range(60):
            scheduler.step(epoch)
            rates.append(opt.param_groups[0]["lr"])
        ours = before.schedule().values(60, base)
        np.testing.assert_allclose(ours, rates, rtol=0, atol=1e-12 * max(rates), err_msg=before.text or "")
        assert reading(scheduler).text == before.text

    drawn()


@pytest.mark.filterwarnings("ignore:PlateauLRScheduler is deprecated:FutureWarning")
@few
@given(st.sampled_from([0.1, 0.5]), st.integers(0, 5), st.sampled_from(["min", "max"]), st.integers(0, 4), st.sampled_from([0.0, 1e-3]))
def test_a_plateau_of_timm(rate: float, patience: int, mode: str, cooldown: int, low: float) -> None:
    """timm's training calls `step(epoch + 1, metric)` after each epoch, and ours takes the metric."""
    theirs, ours = optimizer(0.1), optimizer(0.1)
    scheduler = timm_schedulers.PlateauLRScheduler(theirs, rate, patience, cooldown_t=cooldown, lr_min=low, mode=mode)
    mine = lrdsl.compile(lrdsl.read(scheduler), ours)
    for epoch, loss in enumerate((1, 0.9, 0.91, 0.92, 0.93, 0.95, 0.9, 0.95, 0.99, 1, 1, 1, 1, 1.2, 1, 1, 1, 1, 1)):
        scheduler.step(epoch + 1, loss)
        ours.step()
        mine.step(loss)
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]


levels = st.floats(1e-4, 1.0)
OF_KERAS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "ExponentialDecay": st.fixed_dictionaries({"initial_learning_rate": levels, "decay_steps": lengths, "decay_rate": shares, "staircase": st.booleans()}),
    "InverseTimeDecay": st.fixed_dictionaries({"initial_learning_rate": levels, "decay_steps": lengths, "decay_rate": shares, "staircase": st.booleans()}),
    "PiecewiseConstantDecay": st.lists(
        st.tuples(st.one_of(lengths, st.floats(0.5, 40)), levels), min_size=1, max_size=4, unique_by=lambda one: int(one[0])
    ).map(lambda pairs: {"boundaries": sorted(b for b, _ in pairs), "values": [*(v for _, v in pairs), 0.5]}),
    "PolynomialDecay": st.fixed_dictionaries(
        {"initial_learning_rate": levels, "decay_steps": lengths, "end_learning_rate": levels, "power": st.floats(0.5, 3), "cycle": st.booleans()}
    ),
    "CosineDecay": st.fixed_dictionaries(
        {"initial_learning_rate": levels, "decay_steps": lengths, "alpha": shares, "warmup_target": st.one_of(st.none(), levels), "warmup_steps": lengths}
    ),
    "CosineDecayRestarts": st.fixed_dictionaries(
        {"initial_learning_rate": levels, "first_decay_steps": lengths, "t_mul": st.just(1.0), "m_mul": shares, "alpha": shares}
    ),
}


@pytest.mark.parametrize("name", OF_KERAS)
def test_drawn_schedules_of_keras(name: str) -> None:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")

    @examples(6)
    @given(OF_KERAS[name])
    def drawn(arguments: dict[str, Any]) -> None:
        theirs = getattr(schedules, name)(**arguments)
        found = reading(theirs)
        rates = [float(theirs(t)) for t in range(45)]
        np.testing.assert_allclose(found.schedule().values(45), rates, rtol=0, atol=1e-12 * max(rates), err_msg=found.text or "")

    try:
        drawn()
    finally:
        keras.config.set_floatx(before)


def test_every_schedule_of_timm_and_keras_is_drawn() -> None:
    assert set(OF_KERAS) == {entry.name for entry in dialect("keras").entries}
    assert {*OF_TIMM, "PlateauLRScheduler"} == {entry.name for entry in dialect("timm").entries}
