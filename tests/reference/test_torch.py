"""Every torch scheduler, written in lrdsl: the same numbers at every tick.

Most of torch's schedulers compute each rate from the one before, so their rounding errors add up. Where that shows, the comparison is with torch's own closed
form (`_get_closed_form_lr`), or torch is stepped in a way that does not drift; each such test says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as torch_schedulers

import lrdsl
from lrdsl.dialects import dialect
from lrdsl.dialects.entry import Function
from lrdsl.syntax import parse
from tests.drawing import examples
from tests.reference.peers import TORCH, text_of
from tests.reference.training import optimizer, reported, stepped

TOLERANCE = 1e-12
bases = st.floats(1e-5, 10)
gammas = st.floats(0.05, 1.0)
shares = st.one_of(st.just(0.0), st.floats(1e-9, 1.0))


def function(expression: str) -> Function:
    """A function of the step, as it is read from code."""
    return Function(parse(f"scale({expression})"), parse(expression))


def closed(make: Callable[[torch.optim.Optimizer], Any], base: float, ticks: int) -> list[float]:
    """The rates of torch's closed form."""
    scheduler = make(optimizer(base))
    found = []
    for t in range(ticks):
        scheduler.last_epoch = t
        found.append(float(scheduler._get_closed_form_lr()[0]))
    return found


def agree(text: str, base: float, theirs: list[float]) -> None:
    """Our array, our scalars and our running scheduler are all within 1e-12 of the peak of theirs."""
    schedule = lrdsl.parse(text)
    peak = max(abs(x) for x in theirs) or 1.0
    n = len(theirs)
    np.testing.assert_allclose(schedule.values(n, base), theirs, rtol=0, atol=TOLERANCE * peak, err_msg=text)
    np.testing.assert_allclose([schedule.at(t, base) for t in range(n)], theirs, rtol=0, atol=TOLERANCE * peak, err_msg=text)
    opt = optimizer(base)
    running = lrdsl.compile(schedule, opt)
    for t in range(n):
        assert opt.param_groups[0]["lr"] == schedule.at(t, base)
        assert running.get_last_lr() == [opt.param_groups[0]["lr"]]
        opt.step()
        running.step()


def test_every_scheduler_is_in_the_table() -> None:
    """All of torch's schedulers but the base of the others."""
    public = set(torch_schedulers.__all__) - {"LRScheduler"} | {"SWALR"}
    assert public == {entry.name for entry in dialect(TORCH).entries}


@given(bases, st.integers(1, 40), gammas)
def test_step(base: float, n: int, gamma: float) -> None:
    agree(text_of(TORCH, "StepLR", step_size=n, gamma=gamma), base, stepped(lambda o: torch_schedulers.StepLR(o, n, gamma), base, 100))


@given(bases, st.sets(st.integers(1, 90), min_size=1, max_size=6), gammas)
def test_multistep(base: float, milestones: set[int], gamma: float) -> None:
    at = sorted(milestones)
    agree(text_of(TORCH, "MultiStepLR", milestones=at, gamma=gamma), base, stepped(lambda o: torch_schedulers.MultiStepLR(o, at, gamma), base, 100))


@given(bases, gammas)
def test_exponential(base: float, gamma: float) -> None:
    agree(text_of(TORCH, "ExponentialLR", gamma=gamma), base, stepped(lambda o: torch_schedulers.ExponentialLR(o, gamma), base, 100))


@given(bases, st.floats(0.01, 1.0), st.integers(1, 60))
def test_constant(base: float, factor: float, total: int) -> None:
    theirs = stepped(lambda o: torch_schedulers.ConstantLR(o, factor, total), base, 100)
    agree(text_of(TORCH, "ConstantLR", total_iters=total, factor=factor), base, theirs)


@given(bases, st.floats(0.01, 1.0), shares, st.integers(1, 60))
def test_linear(base: float, start: float, end: float, total: int) -> None:
    # Stepped, torch's LinearLR loses what it cancels near an end of 0; its closed form does not.
    theirs = closed(lambda o: torch_schedulers.LinearLR(o, start, end, total), base, 100)
    agree(text_of(TORCH, "LinearLR", total_iters=total, start_factor=start, end_factor=end), base, theirs)


@given(bases, st.integers(1, 60), st.floats(0.1, 4.0))
def test_polynomial(base: float, total: int, power: float) -> None:
    theirs = closed(lambda o: torch_schedulers.PolynomialLR(o, total, power), base, 100)
    agree(text_of(TORCH, "PolynomialLR", total_iters=total, power=power), base, theirs)


@given(bases, st.integers(1, 60), shares)
def test_cosine(base: float, n: int, share: float) -> None:
    to = share * base
    theirs = closed(lambda o: torch_schedulers.CosineAnnealingLR(o, n, to), base, n + 1)
    agree(f"cosine({n}, to={to!r})", base, theirs)


@given(bases, st.integers(1, 30), shares)
def test_cosine_past_its_end(base: float, n: int, share: float) -> None:
    # Past T_max torch goes up again; its closed form says so for ever, its steps until they drift.
    to = share * base
    theirs = closed(lambda o: torch_schedulers.CosineAnnealingLR(o, n, to), base, 7 * n)
    agree(text_of(TORCH, "CosineAnnealingLR", T_max=n, eta_min=to), base, theirs)


@given(bases, st.integers(1, 20), st.integers(1, 3), shares)
def test_warm_restarts(base: float, first: int, growth: int, share: float) -> None:
    to = share * base
    theirs = stepped(lambda o: torch_schedulers.CosineAnnealingWarmRestarts(o, first, growth, to), base, 150)
    agree(text_of(TORCH, "CosineAnnealingWarmRestarts", T_0=first, eta_min=to, T_mult=growth), base, theirs)


@given(bases, st.sampled_from([("1/(1 + t)", lambda t: 1 / (1 + t)), ("0.95^t", lambda t: 0.95**t), ("0.5^floor(t/30)", lambda t: 0.5 ** (t // 30))]))
def test_lambda(base: float, factor: tuple[str, Callable[[int], float]]) -> None:
    agree(text_of(TORCH, "LambdaLR", lr_lambda=function(factor[0])), base, stepped(lambda o: torch_schedulers.LambdaLR(o, factor[1]), base, 100))


@given(
    bases, st.sampled_from([("0.95", lambda _: 0.95), ("1 - 1/(t + 1)", lambda t: 1 - 1 / (t + 1)), ("0.9 + 0.1*t/(t + 5)", lambda t: 0.9 + 0.1 * t / (t + 5))])
)
def test_multiplicative(base: float, factor: tuple[str, Callable[[int], float]]) -> None:
    agree(
        text_of(TORCH, "MultiplicativeLR", lr_lambda=function(factor[0])), base, stepped(lambda o: torch_schedulers.MultiplicativeLR(o, factor[1]), base, 100)
    )


@given(
    st.floats(1e-4, 1.0),
    st.floats(1.1, 10),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(["triangular", "triangular2", "exp_range"]),
    st.floats(0.9, 1.0),
)
def test_cyclic(low: float, ratio: float, up: int, down: int, mode: str, gamma: float) -> None:
    high = low * ratio

    def make(o: torch.optim.Optimizer) -> Any:
        return torch_schedulers.CyclicLR(o, low, high, up, down, mode=mode, gamma=gamma, cycle_momentum=False)

    agree(text_of(TORCH, "CyclicLR", base_lr=low, max_lr=high, step_size_up=up, step_size_down=down, mode=mode, gamma=gamma), low, stepped(make, low, 150))


@given(st.floats(1e-3, 10), st.integers(12, 120), st.floats(0.1, 0.45), st.floats(2, 30), st.floats(1, 1e5), st.sampled_from(["cos", "linear"]), st.booleans())
def test_one_cycle(peak: float, total: int, pct: float, div: float, final_div: float, anneal: str, three: bool) -> None:
    def make(o: torch.optim.Optimizer) -> Any:
        return torch_schedulers.OneCycleLR(
            o, peak, total, pct_start=pct, anneal_strategy=anneal, div_factor=div, final_div_factor=final_div, three_phase=three, cycle_momentum=False
        )

    if pct * total <= 1.01:
        pct = 1.5 / total
    theirs = []
    opt = optimizer(1.0)
    scheduler = make(opt)
    for t in range(total):  # torch refuses more steps than total
        theirs.append(float(opt.param_groups[0]["lr"]))
        opt.step()
        if t + 1 < total:
            scheduler.step()
    text = text_of(
        TORCH,
        "OneCycleLR",
        total_steps=total,
        max_lr=peak,
        div_factor=div,
        final_div_factor=final_div,
        pct_start=pct,
        anneal_strategy=anneal,
        three_phase=three,
    )
    agree(text, peak, theirs)


@given(st.integers(2, 9), st.floats(0.001, 1) | st.sampled_from([0.0, 1.0]), st.sampled_from(["cos", "linear"]), st.booleans())
def test_one_cycle_of_few_steps(total: int, pct: float, anneal: str, three: bool) -> None:
    """Where pct * total is 1 or less, the rise is over before the first step; with pct 1, it ends with the run."""
    three = three and pct < 0.5
    if abs(pct * total - 1) < 1e-9:
        pct *= 0.9  # there, torch divides by 0
    opt = optimizer(1.0)
    opt.param_groups[0]["momentum"] = 0.9
    scheduler = torch_schedulers.OneCycleLR(opt, 1.0, total, pct_start=pct, anneal_strategy=anneal, three_phase=three)
    theirs, momenta = [], []
    for t in range(total):
        theirs.append(float(opt.param_groups[0]["lr"]))
        momenta.append(opt.param_groups[0]["momentum"])
        opt.step()
        if t + 1 < total:
            scheduler.step()
    agree(
        text_of(
            TORCH,
            "OneCycleLR",
            total_steps=total,
            max_lr=parse("1x"),
            div_factor=25,
            final_div_factor=1e4,
            pct_start=pct,
            anneal_strategy=anneal,
            three_phase=three,
        ),
        1.0,
        theirs,
    )
    kind = f"momentum{'_three_phase' * three}{'_linear' * (anneal == 'linear')}"
    agree(f"onecycle.{kind}({total}, pct={pct!r})", 1.0, momenta)


def test_one_cycle_that_turns_at_its_first_step_begins_at_the_peak() -> None:
    assert lrdsl.parse("onecycle(10, pct=0.1)").at(0) == 1
    with pytest.raises(ZeroDivisionError):
        torch_schedulers.OneCycleLR(optimizer(1.0), 1.0, 10, pct_start=0.1, cycle_momentum=False)
    for n in (1, 2, 3):
        assert lrdsl.parse(f"onecycle({n})").at(n - 1) == pytest.approx(1 / 25 / 1e4)


@given(bases, st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_no_steps(base: float, start: float, end: float) -> None:
    agree(text_of(TORCH, "ConstantLR", factor=start, total_iters=0), base, stepped(lambda o: torch_schedulers.ConstantLR(o, start, 0), base, 9))
    agree(text_of(TORCH, "LinearLR", start_factor=start, total_iters=0), base, stepped(lambda o: torch_schedulers.LinearLR(o, start, end, 0), base, 9))
    agree(text_of(TORCH, "PolynomialLR", total_iters=0), base, stepped(lambda o: torch_schedulers.PolynomialLR(o, 0, 2.0), base, 9))


@given(bases, st.lists(st.integers(0, 9), max_size=6), gammas)
def test_milestones_that_stand_twice_or_not_at_all(base: float, milestones: list[int], gamma: float) -> None:
    at = sorted(milestones)
    agree(text_of(TORCH, "MultiStepLR", milestones=at, gamma=gamma), base, stepped(lambda o: torch_schedulers.MultiStepLR(o, at, gamma), base, 15))


@given(bases, st.integers(1, 40), st.floats(0.05, 1.0), st.floats(0.5, 0.99))
def test_sequential(base: float, milestone: int, factor: float, gamma: float) -> None:
    def make(o: torch.optim.Optimizer) -> Any:
        first = torch_schedulers.ConstantLR(o, factor, 1000)
        second = torch_schedulers.ExponentialLR(o, gamma)
        return torch_schedulers.SequentialLR(o, [first, second], [milestone])

    agree(
        text_of(TORCH, "SequentialLR", schedulers=(parse(f"hold({milestone}, at={factor!r}x)"), parse(f"exp({gamma!r})")), milestones=[milestone]),
        base,
        stepped(make, base, 100),
    )


@given(bases, st.integers(1, 40), st.integers(5, 40), st.floats(0.01, 1.0))
def test_sequential_warmup_then_cosine(base: float, warm: int, n: int, start: float) -> None:
    def make(o: torch.optim.Optimizer) -> Any:
        first = torch_schedulers.LinearLR(o, start, 1.0, warm)
        return torch_schedulers.SequentialLR(o, [first, torch_schedulers.CosineAnnealingLR(o, n)], [warm])

    # Up to the end of the cosine, where torch would turn back up.
    agree(f"warmup({warm}, from={start!r}x) then restart cosine({n})", base, stepped(make, base, warm + n))


@given(bases, st.integers(1, 40), st.floats(0.05, 1.0), gammas, st.integers(1, 20))
def test_chained(base: float, total: int, factor: float, gamma: float, n: int) -> None:
    def make(o: torch.optim.Optimizer) -> Any:
        parts = [torch_schedulers.ConstantLR(o, factor, total), torch_schedulers.ExponentialLR(o, gamma), torch_schedulers.StepLR(o, n, 0.5)]
        return torch_schedulers.ChainedScheduler(parts, optimizer=o)

    parts = (parse(f"hold({total}, at={factor!r}x) then restart hold"), parse(f"exp({gamma!r})"), parse(f"step({n}, 0.5)"))
    agree(text_of(TORCH, "ChainedScheduler", schedulers=parts), base, stepped(make, base, 100))


@given(st.floats(1e-3, 1.0), st.floats(1e-4, 1.0), st.integers(1, 40), st.sampled_from(["cos", "linear"]))
def test_swa(base: float, target: float, n: int, anneal: str) -> None:
    def make(o: torch.optim.Optimizer) -> Any:
        return torch.optim.swa_utils.SWALR(o, target, anneal_epochs=n, anneal_strategy=anneal)

    text = text_of(TORCH, "SWALR", anneal_epochs=n, swa_lr=target, anneal_strategy=anneal)
    agree(text, base, stepped(make, base, 2 * n + 10))


@given(bases, st.integers(1, 50), st.integers(1, 50))
def test_cyclegan(base: float, niter: int, niter_decay: int) -> None:
    """The rule of the CycleGAN code: the initial rate for `niter` epochs, then a straight line to 0 over `niter_decay + 1`."""
    theirs = stepped(lambda o: torch_schedulers.LambdaLR(o, lambda e: 1.0 - max(0, e + 1 - niter) / (niter_decay + 1)), base, niter + niter_decay)
    agree(f"hold({niter - 1}) then linear({niter_decay + 1})", base, theirs)


@st.composite
def plateaus(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a ReduceLROnPlateau."""
    return {
        "factor": draw(st.one_of(st.just(0.0), st.floats(0.05, 0.95))),
        "patience": draw(st.integers(0, 4)),
        "threshold": draw(st.one_of(st.just(0.0), st.floats(1e-6, 0.5))),
        "threshold_mode": draw(st.sampled_from(["rel", "abs"])),
        "cooldown": draw(st.integers(0, 4)),
        "min_lr": draw(st.one_of(st.just(0.0), st.floats(1e-6, 1.0))),
        "eps": draw(st.one_of(st.just(0.0), st.floats(1e-9, 0.5))),
        "mode": draw(st.sampled_from(["min", "max"])),
    }


def torch_plateau(opt: torch.optim.Optimizer, a: dict[str, Any]) -> Any:
    return torch_schedulers.ReduceLROnPlateau(opt, **a)


#: Losses as they come: most close to those before, some not numbers.
losses = st.lists(st.one_of(st.floats(-1, 1), st.sampled_from([0.5, 0.5, 0.51, float("nan"), float("inf"), float("-inf")])), max_size=60)


@examples(120, costly=True)
@given(bases, plateaus(), losses)
def test_reduce_on_plateau(base: float, arguments: dict[str, Any], metrics: list[float]) -> None:
    theirs = reported(torch_plateau(optimizer(base), arguments), metrics)
    mine = reported(lrdsl.compile(text_of(TORCH, "ReduceLROnPlateau", **arguments), optimizer(base)), metrics)
    assert mine == theirs


@examples(120, costly=True)
@given(bases, plateaus(), losses, st.integers(1, 9))
def test_plateau_after_warmup(base: float, arguments: dict[str, Any], metrics: list[float], warm: int) -> None:
    """What torch's SequentialLR refuses: the plateau sees the reports from the end of the warmup on."""
    text = f"warmup({warm}) then " + text_of(TORCH, "ReduceLROnPlateau", **arguments)
    mine = reported(lrdsl.compile(text, optimizer(base)), [0.0] * warm + metrics)
    assert mine[:warm] == lrdsl.parse(f"warmup({warm})").values(warm + 1, base)[1:].tolist()
    assert mine[warm:] == reported(torch_plateau(optimizer(base), arguments), metrics)


@examples(120, costly=True)
@given(bases, plateaus(), st.lists(st.floats(-1, 1), min_size=60, max_size=60), st.integers(1, 40))
def test_decay_after_plateau(base: float, arguments: dict[str, Any], metrics: list[float], length: int) -> None:
    """`plateau(...) for 50ep then linear(5ep)`: the decay begins at the level that the plateau came to."""
    text = text_of(TORCH, "ReduceLROnPlateau", **arguments) + f" for {length} then linear(5)"
    mine = reported(lrdsl.compile(text, optimizer(base)), metrics)
    theirs = reported(torch_plateau(optimizer(base), arguments), metrics[:length])
    assert mine[:length] == theirs
    np.testing.assert_allclose(mine[length : length + 6], [theirs[-1] * share for share in (0.8, 0.6, 0.4, 0.2, 0.0, 0.0)], rtol=1e-14)


class TestTutorial:
    """The worked outputs that tutorials on torch's schedulers print: initial rate 0.1, ten epochs."""

    @staticmethod
    def values(text: str, n: int = 10) -> list[float]:
        return [round(x, 12) for x in lrdsl.parse(text).values(n, base=0.1).tolist()]

    def test_lambda(self) -> None:
        assert self.values("scale(1/(t + 1))") == [round(0.1 / k, 12) for k in range(1, 11)]

    def test_step(self) -> None:
        assert self.values("step(3, 0.1)") == [0.1] * 3 + [0.01] * 3 + [0.001] * 3 + [0.0001]

    def test_multistep(self) -> None:
        assert self.values("multistep([3, 7], 0.1)") == [0.1] * 3 + [0.01] * 4 + [0.001] * 3

    def test_exponential(self) -> None:
        assert self.values("exp(0.1)") == [0.1, 0.01, 0.001, 0.0001, 1e-05, 1e-06, 1e-07, 1e-08, 1e-09, 1e-10]

    def test_cosine_back_and_forth(self) -> None:
        found = self.values("bounce(cosine(20))", 101)
        assert [found[t] for t in (0, 10, 20, 30, 40, 60, 80, 100)] == [0.1, 0.05, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0]
        assert found[:41] == found[40:81]

    def test_cosine_once(self) -> None:
        found = self.values("cosine(20)", 100)
        assert found[0] == 0.1
        assert found[10] == 0.05
        assert set(found[20:]) == {0.0}

    def test_step_then_cosine(self) -> None:
        found = self.values("step(3, 0.1) then cosine(20)", 26)
        assert found[:4] == [0.1, 0.1, 0.1, 0.01]
        assert found[13] == 0.005
        assert found[23:] == [0.0, 0.0, 0.0]
        assert all(a > b for a, b in itertools.pairwise(found[3:24]))
