"""Tests of rates and betas that are tensors."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.runtime.tensors import holds, to_odd
from tests.drawing import examples


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.zeros(2))


def sharing(rate: torch.Tensor, count: int = 2) -> torch.optim.Optimizer:
    return torch.optim.SGD([{"params": [parameter()], "lr": rate, "name": f"g{i}"} for i in range(count)], lr=0.1)


def rates(*optimizers: Any) -> list[float]:
    return [float(group["lr"]) for optimizer in optimizers for group in optimizer.param_groups]


HALF = 'lr = linear(4); lr["g1"] = 0.5 * lr'


def test_groups_that_share_a_tensor_get_their_own() -> None:
    optimizer = sharing(torch.tensor(1.0))
    scheduler = lrdsl.compile(HALF, optimizer)
    optimizer.step()
    scheduler.step()
    assert rates(optimizer) == scheduler.get_last_lr() == [0.75, 0.375]
    state = copy.deepcopy(optimizer.state_dict())
    state["param_groups"][1]["lr"] = state["param_groups"][0]["lr"]
    optimizer.load_state_dict(state)
    optimizer.step()
    scheduler.step()
    assert rates(optimizer) == scheduler.get_last_lr() == [0.5, 0.25]
    optimizer.load_state_dict(state)
    scheduler.load_state_dict(scheduler.state_dict())
    assert rates(optimizer) == [0.5, 0.25]


def test_optimizers_that_share_a_tensor_get_their_own() -> None:
    rate = torch.tensor(1.0)
    first, second, unscheduled = sharing(rate, 1), sharing(rate, 1), sharing(rate, 1)
    one, two = lrdsl.compile("warmup(4)", first), lrdsl.compile("linear(4)", second)
    assert two.base_lrs == [1.0]
    for optimizer, scheduler in ((first, one), (second, two)):
        optimizer.step()
        scheduler.step()
    assert rates(first, second, unscheduled) == [0.25, 0.75, 1.0]


def test_a_tensor_that_is_the_rate_and_another_value() -> None:
    value = torch.tensor(0.5)
    optimizer = torch.optim.SGD([parameter()], lr=value, momentum=0.5)
    optimizer.param_groups[0]["weight_decay"] = value
    scheduler = lrdsl.compile("lr = linear(4); weight_decay = hold(4, at=0.25)", optimizer)
    assert [float(optimizer.param_groups[0][key]) for key in ("lr", "weight_decay")] == [0.5, 0.25]
    assert scheduler.get_last_lr() == [0.5]


def test_a_group_that_is_added_with_the_default_tensor() -> None:
    optimizer = torch.optim.SGD([parameter()], lr=torch.tensor(1.0))
    scheduler = lrdsl.compile("linear(4)", optimizer)
    optimizer.add_param_group({"params": [parameter()], "name": "late"})
    optimizer.step()
    scheduler.step()
    one, two = (group["lr"] for group in optimizer.param_groups)
    assert one is not two
    assert rates(optimizer) == [0.75, 0.75]


def test_tensor_betas_are_filled_in_place() -> None:
    betas = (torch.tensor(0.9), torch.tensor(0.99))
    optimizer = torch.optim.Adam([{"params": [parameter()]}, {"params": [parameter()]}], lr=0.1, betas=betas, capturable=False)
    scheduler = lrdsl.compile("betas[0] = linear(4, to=0.5); betas[1] = hold(at=0.95)", optimizer)
    held = [group["betas"] for group in optimizer.param_groups]
    assert held[0][0] is not held[1][0]
    optimizer.step()
    scheduler.step()
    scheduler.seek(3)
    for group, before in zip(optimizer.param_groups, held, strict=True):
        assert all(one is two for one, two in zip(group["betas"], before, strict=True))
        assert [float(beta) for beta in group["betas"]] == pytest.approx([0.6, 0.95])
    assert scheduler.at(3, 1, "betas[0]") == pytest.approx(0.6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_short_tensors_hold_the_nearest_number(dtype: torch.dtype) -> None:
    optimizer = sharing(torch.tensor(1.0, dtype=dtype))
    scheduler = lrdsl.compile("cosine(1000, to=1e-3)", optimizer)
    info = torch.finfo(dtype)
    for tick in range(0, 1001, 7):
        scheduler.seek(tick)
        level, held = scheduler.at(tick), rates(optimizer)[0]
        assert abs(held - level) <= max(info.eps * level / 2, info.smallest_normal * info.eps / 2)
    assert optimizer.param_groups[0]["lr"].dtype is dtype


@examples(300)
@given(st.floats(1e-7, 6e4), st.sampled_from([torch.float16, torch.bfloat16]))
def test_a_level_is_rounded_once(level: float, dtype: torch.dtype) -> None:
    """The nearest number is among the neighbours of the one that was filled, and none of them is nearer."""
    held = torch.zeros((), dtype=dtype).fill_(to_odd(level))
    bits = held.view(torch.int16)
    error = abs(float(held) - level)
    for step in (-1, 1):
        assert error <= abs(float((bits + step).view(dtype)) - level)


def test_two_roundings_are_not_one() -> None:
    """Midway between two float16 in a float32, and above it in a double."""
    level = 1 + 2.0**-11 + 2.0**-40
    assert float(torch.zeros((), dtype=torch.float16).fill_(level)) == 1.0
    optimizer = sharing(torch.tensor(1.0, dtype=torch.float16))
    lrdsl.compile(f"hold(at={level!r})", optimizer)
    assert rates(optimizer) == [1 + 2.0**-10] * 2


def test_a_level_that_a_short_tensor_cannot_hold_is_refused() -> None:
    optimizer = sharing(torch.tensor(1.0, dtype=torch.float16))
    with pytest.raises(lrdsl.ScheduleError, match=r"holds 6\.55e\+04 at the most"):
        lrdsl.compile("hold(at=1e5)", optimizer)
    assert rates(optimizer) == [1.0, 1.0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_tensor_holds_a_level_that_it_rounds(dtype: torch.dtype) -> None:
    for i in range(200):
        level = 0.52 + i / 440
        tensor = torch.tensor(level, dtype=dtype)
        assert holds(tensor, float(tensor), level)
        for other in (torch.nextafter(tensor, torch.tensor(9.0, dtype=dtype)), torch.nextafter(tensor, torch.tensor(0.0, dtype=dtype))):
            assert not holds(other, float(other), float(tensor))


def test_a_group_that_is_made_anew_while_tensors_are_compared() -> None:
    """The parameters of two groups cannot be compared, so the groups are not the same."""
    optimizer = sharing(torch.tensor(1.0), 1)
    scheduler = lrdsl.compile("linear(4)", optimizer)
    optimizer.step()
    scheduler.step()
    optimizer.step()
    optimizer.param_groups[0] = {**optimizer.param_groups[0], "params": [parameter()], "lr": torch.tensor(1.0)}
    scheduler.step()
    assert rates(optimizer) == [0.5]


@pytest.mark.parametrize("way", ["step", "seek"])
@pytest.mark.parametrize("count", [2, 20])
def test_a_tensor_that_several_groups_are_given_in_mid_run(way: str, count: int) -> None:
    optimizer = sharing(torch.tensor(1.0, dtype=torch.float64), count)
    scheduler = lrdsl.compile("lr = linear(4); lr[1] = 0.5 * lr", optimizer)
    optimizer.step()
    scheduler.step()
    given = torch.tensor(1.0, dtype=torch.float64)
    for group in optimizer.param_groups:
        group["lr"] = given
    optimizer.step()
    scheduler.step() if way == "step" else scheduler.seek(2)
    assert rates(optimizer) == scheduler.get_last_lr()
    assert rates(optimizer)[:2] == [0.5, 0.25]
    assert optimizer.param_groups[0]["lr"] is given
