"""What torch's own tests of its schedulers check, on lrdsl: each constructor of torch stands beside the text that takes its place.

Some of those tests read what only torch's classes have, and are not here:

- `scheduler.__dict__` of a loaded copy, attribute by attribute: lrdsl's scheduler has other attributes. `state_dict()` and all levels to come are compared.
- `lr_lambdas`, `_scale_fn_custom` and `anneal_func` in a state: a text is all of the function, and the state has it.
- `KeyError` for `last_epoch=5` without `initial_lr`, and going on by `last_epoch=`: `seek`, as the refusal says.
- the words of the warning about the order of calls, and that about a replaced `optimizer.step`: lrdsl warns of the order alone, in words of its own.
- `step(epoch)` with its deprecation warning: `seek(epoch)` is tested in its place.
- `RuntimeError` for groups that are added to a plateau with a list of least rates: a target for each group says these, and takes groups that are added.
- `TypeError` for a subclass with a `get_lr(self, step)`: nobody writes a subclass.
- `ValueError` for arguments out of range: the checker has its own tests.
"""

from __future__ import annotations

import copy
import functools
import gc
import io
import json
import math
import pickle
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as torch_schedulers
from torch.optim.swa_utils import SWALR

import lrdsl

TICKS = 45


def optimizer(*rates: Any, momentum: float = 0.9) -> torch.optim.Optimizer:
    """An optimizer of two groups: the rate of the first is a float, that of the second a tensor."""
    bases = rates or (0.05, torch.tensor(0.5, dtype=torch.float64))
    groups: list[dict[str, Any]] = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": base} for base in bases]
    return torch.optim.SGD(groups, lr=0.01, momentum=momentum)


def rates(given: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in given.param_groups]


def stepped(scheduler: Any, ticks: int, *metrics: float) -> list[list[float]]:
    """The rates of the groups at each tick from the present one on."""
    seen = []
    for i in range(ticks):
        seen.append(rates(scheduler.optimizer))
        scheduler.optimizer.step()
        scheduler.step(*metrics[i : i + 1])
    return seen


class Case:
    """A text, and what makes the schedulers of torch that do the same: one, or several that act on the same optimizer one after the other."""

    def __init__(self, text: str, *makers: Callable[[Any], Any]) -> None:
        self.text, self.makers = text, makers

    def torch(self) -> list[list[float]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = optimizer()
            schedulers = [make(given) for make in self.makers]
            seen = []
            for _ in range(TICKS):
                seen.append(rates(given))
                given.step()
                for scheduler in schedulers:
                    scheduler.step()
            return seen


S = torch_schedulers
step, multistep, exponential = (lambda o: S.StepLR(o, 3)), (lambda o: S.MultiStepLR(o, [2, 5, 9])), (lambda o: S.ExponentialLR(o, 0.9))
constant, linear = (lambda o: S.ConstantLR(o, 0.4, 4)), (lambda o: S.LinearLR(o, 0.4, 0.9, 4))
cosine = functools.partial(S.CosineAnnealingLR, T_max=TICKS, eta_min=1e-10)
CONSTANT, LINEAR = "(hold(4, at=0.4x) then hold(at=1x))", "linear(4, from=0.4x, to=0.9x)"
CASES = {
    "lambda": Case("scale(0.9^t)", lambda o: S.LambdaLR(o, lambda t: 0.9**t)),
    "lambda of stairs": Case("scale(1 + floor(t / 10))", lambda o: S.LambdaLR(o, lambda t: 1 + t // 10)),
    "lambda for each group": Case("lr = scale(0.9^t); lr[1] = scale(1 / (1 + t))", lambda o: S.LambdaLR(o, [lambda t: 0.9**t, lambda t: 1 / (1 + t)])),
    "multiplicative": Case("cumprod(0.95)", lambda o: S.MultiplicativeLR(o, lambda _: 0.95)),
    "multiplicative by the epoch": Case("cumprod(1 - 0.5 / (1 + t))", lambda o: S.MultiplicativeLR(o, lambda t: 1 - 0.5 / (1 + t))),
    "step": Case("step(3)", step),
    "multistep": Case("multistep([2, 5, 9])", multistep),
    "multistep twice at one": Case("hold(2) then drop(0.01) then hold", lambda o: S.MultiStepLR(o, [2, 2])),
    "constant": Case(CONSTANT, constant),
    "linear": Case(LINEAR, linear),
    "linear down and up": Case("linear(5, to=0.25x) then hold", lambda o: S.LinearLR(o, 1.0, 0.25)),
    "exponential": Case("exp(0.9)", exponential),
    "polynomial": Case("poly(5, power=0.9)", lambda o: S.PolynomialLR(o, 5, 0.9)),
    "cosine": Case(f"cosine({TICKS}, to=1e-10)", cosine),
    "cosine past its end": Case("bounce(cosine(5, to=1e-3))", lambda o: S.CosineAnnealingLR(o, 5, 1e-3)),
    "warm restarts": Case("restarts(cosine(5, to=1e-10))", lambda o: S.CosineAnnealingWarmRestarts(o, 5, eta_min=1e-10)),
    "warm restarts that grow": Case("restarts(cosine(3), stretch=2)", lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2)),
    "swa": Case("linear(10, to=0.01, touches=start)", lambda o: SWALR(o, 0.01, 10, "linear")),
    "swa by a cosine": Case("cosine(10, to=0.01)", lambda o: SWALR(o, 0.01, 10)),
    "exponential then step": Case("exp(0.8) for 3 then restart step(4)", lambda o: S.SequentialLR(o, [S.ExponentialLR(o, 0.8), S.StepLR(o, 4)], [3])),
    "constant then exponential": Case("hold(3, at=0.1x) then restart exp(0.9)", lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 3), S.ExponentialLR(o, 0.9)], [3])),
    "three in a row": Case(
        "hold(3, at=0.1x) then restart exp(0.8) for 3 then restart step(2)",
        lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 3), S.ExponentialLR(o, 0.8), S.StepLR(o, 2)], [3, 6]),
    ),
    "up, then down": Case("linear(4, from=0.1x, to=0.8x) then linear(4, to=0.1x)", lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 0.8, 4), S.LinearLR(o, 0.8, 0.1, 4)], [4])),
    "one in a chain": Case("step(3)", lambda o: S.ChainedScheduler([step(o)], optimizer=o)),
    "linear and multistep in a chain": Case(f"{LINEAR} * multistep([2, 5, 9])", lambda o: S.ChainedScheduler([linear(o), multistep(o)], optimizer=o)),
    "three in a chain": Case(f"exp(0.9) * {CONSTANT} * step(3)", lambda o: S.ChainedScheduler([exponential(o), constant(o), step(o)], optimizer=o)),
    "step and multistep": Case("step(3) * multistep([2, 5, 9])", step, multistep),
    "step and exponential": Case("step(3) * exp(0.9)", step, exponential),
    "exponential and multistep": Case("exp(0.9) * multistep([2, 5, 9])", exponential, multistep),
    "exponential and linear": Case(f"exp(0.9) * {LINEAR}", exponential, linear),
    "step and constant": Case(f"step(3) * {CONSTANT}", step, constant),
    "linear and multistep": Case(f"{LINEAR} * multistep([2, 5, 9])", linear, multistep),
    "cosine and step": Case(f"cosine({TICKS}) * step(3)", functools.partial(S.CosineAnnealingLR, T_max=TICKS), step),
    "cosine and multistep": Case(f"cosine({TICKS}) * multistep([2, 5, 9])", functools.partial(S.CosineAnnealingLR, T_max=TICKS), multistep),
    "cosine and linear": Case(f"cosine({TICKS}) * {LINEAR}", linear, functools.partial(S.CosineAnnealingLR, T_max=TICKS)),
    "cosine and exponential": Case(f"cosine({TICKS}) * exp(0.9)", functools.partial(S.CosineAnnealingLR, T_max=TICKS), exponential),
}  # fmt: skip
#: What torch's average of weights does after five ticks of another schedule: the text, and the rates it goes to, in how many ticks, and how.
AVERAGES: dict[str, tuple[str, Any, int, str]] = {
    "cosine": ("cumprod(0.9) for 5 then cosine(5, to=0.01)", 0.01, 5, "cos"),
    "linear": ("lr = cumprod(0.9) for 5 then linear(4, to=0.01); lr[1] = cumprod(0.9) for 5 then linear(4, to=0.02)", [0.01, 0.02], 4, "linear"),
    "at once": ("cumprod(0.9) for 6 then hold(at=0.01)", 0.01, 1, "cos"),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


parsed = functools.cache(lrdsl.parse)


def compiled(text: str, *given: Any) -> Any:
    return lrdsl.compile(parsed(text), optimizer(*given))


@cases
def test_the_values_of_torch(case: Case) -> None:
    assert stepped(compiled(case.text), TICKS) == [pytest.approx(row, rel=1e-9, abs=1e-12) for row in case.torch()]


@pytest.mark.parametrize(("text", "to", "ticks", "anneal"), AVERAGES.values(), ids=AVERAGES)
def test_an_average_of_weights_after_another_schedule(text: str, to: Any, ticks: int, anneal: Any) -> None:
    given = optimizer()
    before, average = S.MultiplicativeLR(given, lambda _: 0.9), SWALR(given, to, ticks, anneal)
    theirs = []
    for tick in range(15):
        theirs.append(rates(given))
        given.step()
        (before if tick < 5 else average).step()
    assert stepped(compiled(text), 15) == [pytest.approx(row, rel=1e-9) for row in theirs]


@cases
def test_the_last_rates_at_every_tick(case: Case) -> None:
    scheduler = compiled(case.text)
    for expected in case.torch():
        assert scheduler.get_last_lr() == scheduler._last_lr == pytest.approx(expected, rel=1e-9, abs=1e-12)
        scheduler.optimizer.step()
        scheduler.step()


@cases
def test_the_closed_form_is_the_recursive_one(case: Case) -> None:
    one, two = compiled(case.text), compiled(case.text)
    for tick, row in enumerate(stepped(one, TICKS)):
        two.seek(tick)
        assert rates(two.optimizer) == row
    for _ in range(10):  # the same epoch again and again
        two.optimizer.step()
        two.seek(7)
        assert rates(two.optimizer) == two.get_last_lr() == [two.at(7), two.at(7, group=1)]


@cases
@pytest.mark.parametrize("weights_only", [True, False])
def test_a_state_goes_through_a_file(case: Case, weights_only: bool) -> None:
    scheduler = compiled(case.text)
    stepped(scheduler, 10)
    state = scheduler.state_dict()
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=weights_only)
    assert loaded == state == json.loads(json.dumps(state))
    again = compiled(case.text)
    again.load_state_dict(loaded)
    assert again.state_dict() == state
    assert again.get_last_lr() == scheduler.get_last_lr() == rates(again.optimizer)
    assert stepped(again, 20) == stepped(scheduler, 20)


@cases
def test_a_state_of_another_schedule(case: Case) -> None:
    """torch takes over the other's parameters; lrdsl says what differs, and takes the tick where it is asked to."""
    scheduler = compiled(case.text)
    stepped(scheduler, 10)
    other = compiled("linear(100, to=0.2x)")
    with pytest.raises(lrdsl.ScheduleError, match="LR151"):
        other.load_state_dict(scheduler.state_dict())
    with pytest.warns(lrdsl.ResumeWarning):
        other.load_state_dict(scheduler.state_dict(), migrate=True)
    assert (other.last_epoch, other.get_last_lr()) == (10, [other.at(10), other.at(10, group=1)])


@cases
def test_the_initial_rate_stays_and_is_nobody_else_s(case: Case) -> None:
    rate = torch.as_tensor(0.1, dtype=torch.float64)
    scheduler = compiled(case.text, 0.1, rate)
    before = [group["initial_lr"] for group in scheduler.optimizer.param_groups]
    for _ in range(3):
        scheduler.optimizer.step()
        scheduler.step()
        rate.multiply_(0.1)
        assert [group["initial_lr"] for group in scheduler.optimizer.param_groups] == before == scheduler.base_lrs == [0.1, 0.1]
    assert all(group["initial_lr"] is not group["lr"] for group in scheduler.optimizer.param_groups)


@cases
def test_a_group_that_is_added(case: Case) -> None:
    scheduler = compiled(case.text)
    stepped(scheduler, 4)
    scheduler.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "lr": 0.2})
    assert stepped(scheduler, 3)[1:] == [[scheduler.at(t, group=i) for i in range(3)] for t in (5, 6)]
    assert scheduler.base_lrs[:2] == [0.05, 0.5]
    assert scheduler.at(4, group=2) == pytest.approx(0.2)


@cases
@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_a_copy_goes_on_alone(case: Case, way: Callable[[Any], Any]) -> None:
    scheduler = compiled(case.text)
    stepped(scheduler, 4)
    twin = way(scheduler)
    assert twin.optimizer is not scheduler.optimizer
    before = rates(scheduler.optimizer)
    rest = stepped(twin, 5)
    assert (rates(scheduler.optimizer), scheduler.last_epoch) == (before, 4)
    assert stepped(scheduler, 5) == rest


@cases
def test_the_type_of_a_rate_is_kept(case: Case) -> None:
    scheduler = compiled(case.text)
    held = [group["lr"] for group in scheduler.optimizer.param_groups]
    stepped(scheduler, 12)
    assert [type(group["lr"]) for group in scheduler.optimizer.param_groups] == [float, torch.Tensor]
    assert scheduler.optimizer.param_groups[1]["lr"] is held[1]


@cases
def test_nothing_keeps_a_scheduler_alive(case: Case) -> None:
    gc.collect()
    gc.disable()
    try:
        given = optimizer()
        scheduler = lrdsl.compile(parsed(case.text), given)
        given.step()
        scheduler.step()
        gone, left = weakref.ref(scheduler), weakref.ref(given)
        del scheduler
        assert gone() is None
        del given
        assert left() is None
    finally:
        gc.enable()


@cases
def test_the_order_of_calls(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler = compiled(case.text)
        stepped(scheduler, 5)
        early = compiled(case.text)
    with pytest.warns(UserWarning, match=r"before `optimizer\.step\(\)`"):
        early.step()


#: The arguments of a plateau in torch and in a text, and what is measured.
PLATEAUS = {
    "falls enough": ({"threshold_mode": "abs", "threshold": 0.01, "patience": 5, "cooldown": 5}, "threshold_mode=abs, threshold=0.01, patience=5, cooldown=5", [10 - i * 0.0167 for i in range(20)]),
    "falls too little": ({"threshold_mode": "abs", "threshold": 0.1, "patience": 5}, "threshold_mode=abs, threshold=0.1, patience=5", [10 - i * 0.0165 for i in range(22)]),
    "rises once": ({"mode": "max", "patience": 5, "cooldown": 5, "threshold_mode": "abs"}, "mode=max, patience=5, cooldown=5, threshold_mode=abs", [-0.8] * 2 + [-0.234] * 20),
    "rises enough": ({"mode": "max", "patience": 3, "threshold": 0.1}, "mode=max, patience=3, threshold=0.1", [1.5 * 1.025**i for i in range(20)]),
    "rises too little": ({"mode": "max", "threshold": 0.1, "patience": 5, "cooldown": 5}, "mode=max, threshold=0.1, patience=5, cooldown=5", [1.5 * 1.005**i for i in range(20)]),
    "falls by a share": ({"threshold": 0.1}, "threshold=0.1", [1.5 * 0.85**i for i in range(20)]),
    "stands still": ({"threshold": 0.1, "patience": 5, "cooldown": 5}, "threshold=0.1, patience=5, cooldown=5", [1.0] * 7 + [0.6] + [0.5] * 12),
    "has a least rate": ({"threshold": 0.1, "patience": 0, "min_lr": 0.01}, "threshold=0.1, patience=0, min=0.01", [1.0] * 20),
    "factor": ({"factor": 0.5, "patience": 1, "eps": 1e-3}, "factor=0.5, patience=1, eps=1e-3", [1.0] * 30),
    "never a number": ({"patience": 1}, "patience=1", [math.inf] * 6),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::lrdsl.runtime.reports.MetricWarning")
@pytest.mark.parametrize(("arguments", "text", "metrics"), PLATEAUS.values(), ids=PLATEAUS)
def test_plateaus(arguments: dict[str, Any], text: str, metrics: list[float]) -> None:
    given = optimizer()
    theirs, ours = S.ReduceLROnPlateau(given, **arguments), compiled(f"plateau({text}, metric=loss)")
    assert ours.get_last_lr() == theirs.get_last_lr()
    for metric in metrics:
        given.step()
        theirs.step(metric)
        ours.optimizer.step()
        ours.step(metric)
        assert rates(ours.optimizer) == pytest.approx(rates(given), rel=1e-12)
    state = json.loads(json.dumps(ours.state_dict()))
    again = compiled(f"plateau({text}, metric=loss)")
    again.load_state_dict(state)
    assert again.state_dict() == state


@pytest.mark.parametrize(("text", "other"), [("step(3)", step), ("multistep([3, 8, 12])", lambda o: S.MultiStepLR(o, [3, 8, 12])), ("exp(0.1)", lambda o: S.ExponentialLR(o, 0.1)), (LINEAR, linear), ("cosine(22)", lambda o: S.CosineAnnealingLR(o, 22))])  # fmt: skip
def test_a_plateau_beside_another(text: str, other: Callable[[Any], Any]) -> None:
    """A plateau that acts on what another scheduler sets is a product in a text."""
    metrics = [10 - i * 0.0165 for i in range(22)]
    arguments: dict[str, Any] = {"threshold_mode": "abs", "threshold": 0.1, "patience": 5, "eps": 0.0}
    given = optimizer()
    plateau, beside = S.ReduceLROnPlateau(given, **arguments), other(given)
    ours = compiled(f"plateau(threshold_mode=abs, threshold=0.1, patience=5, eps=0, metric=loss) * {text}")
    for metric in metrics:
        given.step()
        plateau.step(metric)
        beside.step()
        ours.optimizer.step()
        ours.step(metric)
        assert rates(ours.optimizer) == pytest.approx(rates(given), rel=1e-9)


def test_a_plateau_with_a_least_rate_for_each_group_and_one_that_is_added() -> None:
    ours = compiled("lr = plateau(patience=0, metric=loss, min=0.3); lr[0] = plateau(patience=0, metric=loss, min=0.04)")
    for _ in range(3):
        ours.optimizer.step()
        ours.step(1.0)
    assert rates(ours.optimizer) == [0.04, 0.3]
    ours.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "lr": 5.0})
    ours.optimizer.step()
    with pytest.warns(lrdsl.ScheduleWarning, match="came with a `lr` of 5 at tick 3.*above all others"):
        ours.step(1.0)
    assert rates(ours.optimizer) == [0.04, 0.3, pytest.approx(0.5)]
    for _ in range(2):
        ours.optimizer.step()
        ours.step(1.0)
    assert rates(ours.optimizer) == [0.04, 0.3, 0.3]


CYCLES = {
    "triangular": ("cyclic(1, 5, 4)", {"step_size_up": 4}),
    "triangular, slow down": ("cyclic(1, 5, 4, 7)", {"step_size_up": 4, "step_size_down": 7}),
    "triangular2": ("cyclic(1, 5, 4, mode=triangular2)", {"step_size_up": 4, "mode": "triangular2"}),
    "exp_range": ("cyclic(1, 5, 4, mode=exp_range, gamma=0.9)", {"step_size_up": 4, "mode": "exp_range", "gamma": 0.9}),
}


@pytest.mark.parametrize(("text", "arguments"), CYCLES.values(), ids=CYCLES)
@pytest.mark.parametrize("lowest", [(1, 1), (1, 3)])
def test_cycles(text: str, arguments: dict[str, Any], lowest: tuple[int, int]) -> None:
    """Each group has levels of its own, and its momentum falls while its rate rises."""
    given, highest = optimizer(), [low + 4 for low in lowest]
    theirs = S.CyclicLR(given, list(lowest), highest, base_momentum=list(lowest), max_momentum=highest, **arguments)
    each = [text.replace("(1, 5", f"({low}, {high}") for low, high in zip(lowest, highest, strict=True)]
    momenta = [f"{low} + {high} - {one}" for low, high, one in zip(lowest, highest, each, strict=True)]
    ours = compiled(f"lr = {each[0]}; lr[1] = {each[1]}; momentum = {momenta[0]}; momentum[1] = {momenta[1]}")
    for _ in range(40):
        assert rates(ours.optimizer) == pytest.approx(rates(given), rel=1e-9)
        assert held(ours.optimizer, "momentum") == pytest.approx(held(given, "momentum"), rel=1e-9)
        for scheduler in (theirs, ours):
            scheduler.optimizer.step()
            scheduler.step()


def held(given: torch.optim.Optimizer, key: str) -> list[float]:
    """What the groups hold under a key; of betas, the first."""
    return [group[key][0] if key == "betas" else group[key] for group in given.param_groups]


@pytest.mark.filterwarnings("ignore::lrdsl.ScheduleWarning")  # of betas above 1, as in their tests
@pytest.mark.parametrize("adam", [False, True])
@pytest.mark.parametrize("anneal", ["cos", "linear"])
@pytest.mark.parametrize("three", [False, True])
def test_one_cycle(anneal: str, three: bool, adam: bool) -> None:
    given, mine = (torch.optim.Adam(o.param_groups) if adam else o for o in (optimizer(), optimizer()))
    theirs = S.OneCycleLR(given, max_lr=[0.05, 0.5], total_steps=20, anneal_strategy=anneal, three_phase=three, base_momentum=0.5, max_momentum=22)
    key, kind = "betas" if adam else "momentum", "_three_phase" * three + "_linear" * (anneal == "linear")
    rate = f"onecycle(20, anneal={anneal}, three_phase={'yes' if three else 'no'})"
    ours = lrdsl.compile(f"lr = {rate}; {'betas[0]' if adam else key} = onecycle.momentum{kind}(20, low=0.5, high=22)", mine)
    for tick in range(20):
        assert rates(ours.optimizer) == pytest.approx(rates(given), rel=1e-9), tick
        assert held(ours.optimizer, key) == pytest.approx(held(given, key), rel=1e-9), tick
        for scheduler in (theirs, ours)[tick == 19 :]:
            scheduler.optimizer.step()
            scheduler.step()
    stepped(ours, 10)  # torch raises here: its steps are used up
    assert ours.finished


@pytest.mark.parametrize(("first", "stretch"), [(10, 1), (10, 2), (10, 3), (10, 4)])
def test_warm_restarts_between_ticks(first: int, stretch: int) -> None:
    """torch's `step(epoch + i / iters)`, in order and back and forth."""
    given = optimizer()
    theirs = S.CosineAnnealingWarmRestarts(given, first, stretch, eta_min=1e-10)
    ours = compiled(f"restarts(cosine({first}, to=1e-10), stretch={stretch})")
    for position in [*(k / 10 for k in range(0, 350, 3)), 80, 50, 0.1, 9.9, 10.0, 29.5, 12.25, 7, 5.5]:
        theirs.step(position)
        ours.seek(position)
        assert rates(ours.optimizer) == pytest.approx(rates(given), rel=1e-7, abs=1e-12), position
        assert ours.last_epoch == theirs.last_epoch == math.floor(position)


def test_two_schedulers_on_one_optimizer() -> None:
    """Each drives its own key; one is loaded, the other is not."""
    given = optimizer()
    first, second = lrdsl.compile("linear(10)", given), lrdsl.compile("momentum = linear(10, to=0.5)", given)
    for _ in range(4):
        given.step()
        first.step()
        second.step()
    assert (rates(given), given.param_groups[0]["momentum"]) == ([first.at(4), first.at(4, group=1)], second.at(4, target="momentum"))
    state = first.state_dict()
    first.seek(0)
    first.load_state_dict(state)
    assert (first.last_epoch, second.last_epoch, given.param_groups[1]["momentum"]) == (4, 4, second.at(4, group=1, target="momentum"))


def test_cosine_and_then_a_cycle_on_one_optimizer() -> None:
    """torch issue 21965: the second scheduler took the last rate of the first for its own."""
    ours = compiled("cosine(20, to=0.1) then cyclic(0.1, 0.3, 1, 3)")
    assert max(row[0] for row in stepped(ours, 60)[21:]) <= 0.3


def test_an_lr_given_as_a_tensor_and_initial_lr() -> None:
    """torch issue 162359: the rate and the initial rate were one tensor, and the second schedule began from a rate that had moved."""
    ours = lrdsl.compile("linear(4, from=0.1x, to=0.8x) then linear(4, to=0.1x)", optimizer(torch.tensor(2.0)))
    assert [row[0] for row in stepped(ours, 8)] == pytest.approx([0.2, 0.55, 0.9, 1.25, 1.6, 1.25, 0.9, 0.55], rel=1e-6)
    assert ours.base_lrs == [2.0]
