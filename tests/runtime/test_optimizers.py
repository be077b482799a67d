"""Tests of one schedule over several optimizers."""

from __future__ import annotations

import copy
import itertools
import json
import pickle
import warnings
from types import SimpleNamespace
from typing import Any

import accelerate
import pytest
import torch

import lrdsl

GAN = 'lr = warmup(2) then linear(8); lr["disc*"] = 0.5 * lr; momentum["disc*"] = linear(10, to=0.5x)'


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def gan() -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    generator = torch.optim.Adam([{"params": [parameter()], "name": "gen"}], lr=1e-3)
    return generator, torch.optim.SGD([{"params": [parameter()], "name": "disc"}, {"params": [parameter()], "name": "disc.bias"}], lr=4e-3, momentum=0.9)


def step(scheduler: Any, *optimizers: torch.optim.Optimizer) -> None:
    for optimizer in optimizers:
        optimizer.step()
    scheduler.step()


def held(*optimizers: Any) -> list[tuple[float, float | None]]:
    return [(group["lr"], group.get("momentum")) for optimizer in optimizers for group in optimizer.param_groups]


def test_groups_are_numbered_on() -> None:
    pair = gan()
    scheduler = lrdsl.compile(GAN, list(pair))
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    assert scheduler.base_lrs == [1e-3, 4e-3, 4e-3]
    for t in range(12):
        assert [lr for lr, _ in held(*pair)] == [scheduler.at(t, group=i) for i in range(3)] == scheduler.get_last_lr()
        assert held(*pair)[1][1] == scheduler.at(t, group=2, target="momentum")
        step(scheduler, *pair)
    assert scheduler.finished
    indices = lrdsl.compile("lr[0] = hold(at=1); lr[2] = hold(at=3)", gan())
    assert indices.get_last_lr() == [1.0, 4e-3, 3.0]


@pytest.mark.parametrize("order", list(itertools.permutations("sgd")))
def test_resuming_in_any_order(order: tuple[str, ...]) -> None:
    generator, discriminator = gan()
    scheduler = lrdsl.compile(GAN, [generator, discriminator])
    for _ in range(3):
        step(scheduler, generator, discriminator)
    saved = {"s": json.loads(json.dumps(scheduler.state_dict())), "g": copy.deepcopy(generator.state_dict()), "d": copy.deepcopy(discriminator.state_dict())}
    again, other = gan()
    resumed = lrdsl.compile(GAN, [again, other])
    for part in order:
        {"s": resumed, "g": again, "d": other}[part].load_state_dict(saved[part])
    for _ in range(9):
        assert held(again, other) == held(generator, discriminator)
        step(scheduler, generator, discriminator)
        step(resumed, again, other)


def test_a_group_that_is_added_to_the_first() -> None:
    """It moves the numbers of the other's groups, and not their bases."""
    generator, discriminator = gan()
    scheduler = lrdsl.compile(GAN, [generator, discriminator])
    step(scheduler, generator, discriminator)
    generator.add_param_group({"params": [parameter()], "name": "mapping", "lr": 1.0, "initial_lr": 1.0})
    step(scheduler, generator, discriminator)
    assert scheduler.base_lrs == [1e-3, 1.0, 4e-3, 4e-3]
    assert held(generator, discriminator) == [(1e-3, None), (1.0, None), (2e-3, pytest.approx(0.81)), (2e-3, pytest.approx(0.81))]
    assert [scheduler.at(2, group=i) for i in range(4)] == scheduler.get_last_lr()


def test_copies_and_pickles() -> None:
    pair = gan()
    scheduler = lrdsl.compile(GAN, list(pair))
    step(scheduler, *pair)
    for again in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):
        again.step()
        assert again.last_epoch == 2
        assert again.optimizer.param_groups[0]["lr"] == again.at(2)
    assert held(*pair)[0][0] == scheduler.at(1)


def test_the_order_of_calls_is_watched() -> None:
    for stepped, messages in ((0, 1), (1, 0), (2, 0)):  # one optimizer may well rest for a tick
        pair = gan()
        scheduler = lrdsl.compile("cosine(10)", list(pair))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            step(scheduler, *pair[:stepped])
        assert len(caught) == messages


def test_accelerate() -> None:
    pair = gan()
    scheduler = lrdsl.compile(GAN, list(pair))
    prepared = accelerate.Accelerator(cpu=True).prepare(*pair, scheduler)
    assert prepared[2].scheduler is scheduler
    for t in range(5):
        assert prepared[2].get_last_lr() == [scheduler.at(t, group=i) for i in range(3)]
        step(prepared[2], prepared[0], prepared[1])
    state = prepared[2].state_dict()
    step(prepared[2], prepared[0], prepared[1])
    prepared[2].load_state_dict(state)
    assert [lr for lr, _ in held(*pair)] == [scheduler.at(5, group=i) for i in range(3)]


def test_optimizers_that_are_not_of_torch() -> None:
    pair = [SimpleNamespace(param_groups=[{"lr": 1.0}]), SimpleNamespace(param_groups=[{"lr": 2.0}, {"lr": 3.0}])]
    scheduler = lrdsl.compile("linear(4)", pair)
    assert type(scheduler) is lrdsl.Scheduler
    scheduler.step()
    assert [group["lr"] for optimizer in pair for group in optimizer.param_groups] == [0.75, 1.5, 2.25]
    pair[0].param_groups = [{"lr": 0.75, "initial_lr": 1.0}]
    scheduler.step()
    assert [group["lr"] for optimizer in pair for group in optimizer.param_groups] == [0.5, 1.0, 1.5]
    del scheduler
    mixed = lrdsl.compile("linear(4)", [pair[0], gan()[0]])
    assert mixed.base_lrs == [1.0, 1e-3]


def test_the_list_of_groups_is_made_anew_only_when_groups_change() -> None:
    generator, discriminator = gan()
    scheduler = lrdsl.compile("linear(10)", [generator, discriminator])
    before = scheduler.optimizer.param_groups
    step(scheduler, generator, discriminator)
    assert scheduler.optimizer.param_groups is before
    discriminator.load_state_dict(discriminator.state_dict())
    assert scheduler.optimizer.param_groups is not before


def _twice() -> list[Any]:
    generator, _ = gan()
    return [generator, generator]


def _same_names() -> list[Any]:
    return [gan()[0], torch.optim.SGD([{"params": [parameter()], "name": "gen"}], lr=1.0)]


def _shared_groups() -> list[Any]:
    generator, _ = gan()
    return [SimpleNamespace(param_groups=generator.param_groups), generator]


@pytest.mark.parametrize(
    ("optimizers", "message", "help"),
    [
        (list, "the list of optimizers is empty", "[generator, discriminator]"),
        (_twice, "optimizer 1 of the list has param groups of optimizer 0", "once"),
        (_shared_groups, "optimizer 1 of the list has param groups of optimizer 0", "once"),
        (_same_names, "have a param group called `gen` each", "`name` of its own"),
        (lambda: [gan()[0], 3], "int has no param groups", "SGD"),
        (lambda: [list(gan())], "list has no param groups", "SGD"),
    ],
)
def test_lists_that_cannot_be(optimizers: Any, message: str, help: str) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR152") as caught:
        lrdsl.compile("cosine(10)", optimizers())
    assert message in str(caught.value)
    assert help in str(caught.value)


def test_optimizers_in_another_order_do_not_get_each_others_bases() -> None:
    def pair(named: bool) -> list[Any]:
        names = ["gen", "disc", "disc2"] if named else ["", "", ""]
        groups = [{"lr": float(i + 1), "name": name} for i, name in enumerate(names)]
        return [SimpleNamespace(param_groups=groups[:1]), SimpleNamespace(param_groups=groups[1:])]

    for named, message in ((True, "`gen` is number 0 in the state, and number 2 here"), (False, r"the optimizers have \[2, 1\] param groups, and \[1, 2\]")):
        scheduler = lrdsl.compile("linear(10)", pair(named))
        scheduler.step()
        other = lrdsl.compile("linear(10)", pair(named)[::-1])
        for migrate in (False, True):
            with pytest.raises(lrdsl.ScheduleError, match=message):
                other.load_state_dict(scheduler.state_dict(), migrate=migrate)
        assert other.last_epoch == 0
