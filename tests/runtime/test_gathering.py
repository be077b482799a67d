"""Tests of tensors that get their levels by one call for many."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import lrdsl
from lrdsl.runtime.gathering import gathered
from lrdsl.runtime.tensors import FEWEST, FEWEST_ON_CPU, fill
from tests.drawing import examples

TYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
ONE_CALL = {"_foreach_copy_": 1}


class Calls(TorchDispatchMode):
    """Counts the operations of torch that fill tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        if name in ("fill_", "_foreach_copy_"):
            self.counts[name] += 1
        return function(*args, **(kwargs or {}))


def calls(act: Callable[[], Any]) -> dict[str, int]:
    with Calls() as seen:
        act()
    return dict(seen.counts)


def optimizer(rates: list[Any], **extra: Any) -> torch.optim.Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate, "initial_lr": 0.1 * (i + 1)} for i, rate in enumerate(rates)]
    return torch.optim.SGD(groups, lr=0.1, **extra)


def tensors(count: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> list[torch.Tensor]:
    return [torch.zeros((), dtype=dtype, device=device) for _ in range(count)]


def stepped(scheduler: Any) -> dict[str, int]:
    scheduler.optimizer.step()
    return calls(scheduler.step)


def exact_rates(scheduler: Any) -> list[float]:
    """The rates that each tensor would hold if it were filled alone."""
    wanted = []
    for i, group in enumerate(scheduler.optimizer.param_groups):
        tensor = torch.zeros_like(group["lr"])
        fill(tensor, scheduler.at(scheduler.last_epoch, group=i))
        wanted.append(tensor.item())
    return wanted


def rates(scheduler: Any) -> list[float]:
    return [float(group["lr"]) for group in scheduler.optimizer.param_groups]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("count", [1, FEWEST_ON_CPU - 1, FEWEST_ON_CPU, 40])
def test_many_tensors_on_a_cpu_are_filled_by_one_call(dtype: torch.dtype, count: int) -> None:
    scheduler = lrdsl.compile("cosine(9, to=1e-3)", optimizer(tensors(count, dtype)))
    held = [group["lr"] for group in scheduler.optimizer.param_groups]
    for _ in range(9):
        assert stepped(scheduler) == (ONE_CALL if count >= FEWEST_ON_CPU else {"fill_": count})
        assert rates(scheduler) == exact_rates(scheduler)
    scheduler.seek(3)
    assert rates(scheduler) == exact_rates(scheduler)
    assert all(group["lr"] is one for group, one in zip(scheduler.optimizer.param_groups, held, strict=True))


@pytest.mark.parametrize("count", [1, FEWEST - 1, FEWEST, 40])
def test_few_tensors_on_a_device_are_filled_by_one_call(count: int) -> None:
    scheduler = lrdsl.compile("cosine(9)", optimizer(tensors(count, device="meta")))
    assert stepped(scheduler) == (ONE_CALL if count >= FEWEST else {"fill_": count})


@examples(100)
@given(st.lists(st.floats(0, 6e4), min_size=FEWEST_ON_CPU, max_size=30), st.sampled_from(TYPES))
def test_the_numbers_are_those_of_tensors_filled_alone(levels: list[float], dtype: torch.dtype) -> None:
    together, alone = tensors(len(levels), dtype), tensors(len(levels), dtype)
    batches = gathered(together)
    assert batches is not None
    batches.fill(levels)
    for tensor, level in zip(alone, levels, strict=True):
        fill(tensor, level)
    assert torch.equal(torch.stack(together), torch.stack(alone))


def test_each_device_and_type_is_one_batch() -> None:
    class Own(torch.Tensor):
        """A tensor of the user's own class."""

    short, meta = tensors(FEWEST_ON_CPU, torch.bfloat16), tensors(FEWEST, device="meta")
    values = [0.1, *tensors(3), *short, *tensors(FEWEST_ON_CPU), *meta, torch.zeros(1), Own(torch.zeros(())), *tensors(1, torch.float64, "meta")]
    batches = gathered(values)
    assert batches is not None
    assert [(str(b.staged.device), b.staged.dtype, len(b.tensors)) for b in batches.batches] == [
        ("cpu", torch.float32, FEWEST_ON_CPU + 3),
        ("cpu", torch.bfloat16, FEWEST_ON_CPU),
        ("meta", torch.float32, FEWEST),
    ]
    assert batches.others == [0, len(values) - 3, len(values) - 2, len(values) - 1]
    assert gathered(tensors(FEWEST_ON_CPU - 1)) is None


def test_floats_and_tensors_of_several_types_in_one_optimizer() -> None:
    given = optimizer([*tensors(20), 0.1, *tensors(20, torch.float16), *tensors(3, torch.float64)])
    scheduler = lrdsl.compile("linear(4)", given)
    assert stepped(scheduler) == {"_foreach_copy_": 2, "fill_": 3}
    assert rates(scheduler)[20] == pytest.approx(0.75 * 2.1)
    given.param_groups[20]["lr"] = torch.tensor(rates(scheduler)[20], dtype=torch.float64)
    assert rates(scheduler) == exact_rates(scheduler)


def test_a_tensor_that_the_user_replaces() -> None:
    given = optimizer(tensors(20))
    scheduler = lrdsl.compile("linear(4)", given)
    before = given.param_groups[7]["lr"]
    given.param_groups[7]["lr"] = torch.tensor(0.5, dtype=torch.bfloat16)
    given.param_groups[8]["lr"] = 0.5
    stepped(scheduler)
    assert float(before) == pytest.approx(0.8)  # that of tick 0
    assert rates(scheduler)[8] == scheduler.at(1, group=8)
    given.param_groups[8]["lr"] = torch.tensor(rates(scheduler)[8], dtype=torch.float64)
    assert rates(scheduler) == exact_rates(scheduler)


def test_a_level_that_one_tensor_cannot_hold_changes_none() -> None:
    scheduler = lrdsl.compile("hold(1, at=1) then hold(at=1e5)", optimizer(tensors(20, torch.float16)))
    with pytest.raises(lrdsl.ScheduleError, match=r"holds 6\.55e"):
        stepped(scheduler)
    assert (rates(scheduler), scheduler.last_epoch) == ([1.0] * 20, 0)


def test_betas_and_rates_are_filled_together() -> None:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": torch.tensor(0.1), "betas": (torch.tensor(0.9), torch.tensor(0.99))} for _ in range(8)]
    given = torch.optim.Adam(groups, capturable=False)
    scheduler = lrdsl.compile("lr = linear(4); betas[0] = linear(4, to=0.5)", given)
    assert stepped(scheduler) == ONE_CALL
    assert [float(group["betas"][0]) for group in given.param_groups] == pytest.approx([0.8] * 8)
    assert rates(scheduler) == pytest.approx([0.075] * 8)


def test_the_mode_and_the_default_device_of_the_program_do_not_matter() -> None:
    scheduler = lrdsl.compile("linear(4)", optimizer(tensors(20)))
    with torch.inference_mode():
        scheduler.seek(1)
    assert stepped(scheduler) == ONE_CALL
    with torch.device("meta"):
        scheduler.seek(1)
        assert stepped(scheduler) == ONE_CALL
    with torch.inference_mode():
        assert stepped(scheduler) == ONE_CALL
    assert rates(scheduler) == exact_rates(scheduler)


@pytest.mark.parametrize("count", [FEWEST, 20])
def test_copies_and_loads_have_tensors_of_their_own(count: int) -> None:
    scheduler = lrdsl.compile("linear(4)", optimizer(tensors(count)))
    stepped(scheduler)
    twin = copy.deepcopy(scheduler)
    stepped(twin)
    assert (rates(scheduler), rates(twin)) == (exact_rates(scheduler), exact_rates(twin))
    twin.optimizer.load_state_dict(copy.deepcopy(scheduler.optimizer.state_dict()))
    twin.load_state_dict(scheduler.state_dict())
    stepped(twin)
    assert rates(twin) == exact_rates(twin)
    assert twin.last_epoch == 2
    assert scheduler.last_epoch == 1
