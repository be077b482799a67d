"""What Accelerate's own tests of its wrapper of schedulers check, on lrdsl, with the schedulers that they wrap beside the texts that take their places.

Accelerate's tests start two processes, which share nothing but their number; here that number is set. `test_accelerate` runs two real ones.

Of those tests nothing is left out. `total_steps`, by which the wrapper keeps `OneCycleLR` from a step too many, is an attribute of that class alone: a text
goes on past its end.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState, PartialState
from accelerate.utils import DataLoaderConfiguration, GradientAccumulationPlugin
from transformers import get_linear_schedule_with_warmup

import lrdsl


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Accelerate keeps its state for the whole process."""
    yield
    GradientState._reset_state()
    AcceleratorState._reset_state(True)


def prepared(make: Callable[[Any], Any], rate: float, processes: int = 1, split_batches: bool = False, **options: Any) -> tuple[Any, Any, Any]:
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(split_batches=split_batches), **options)
    PartialState._shared_state["num_processes"] = processes
    assert AcceleratorState().num_processes == processes
    model = torch.nn.Linear(2, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    return accelerator, *accelerator.prepare(optimizer, make(optimizer))


def theirs_lambda(optimizer: Any) -> Any:
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 1 - n / 10)


def theirs_one_cycle(optimizer: Any) -> Any:
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, steps_per_epoch=2, epochs=1)


def ours(text: str, **options: Any) -> Callable[[Any], Any]:
    return lambda optimizer: lrdsl.compile(text, optimizer, **options)


#: How many processes there are, and the options of the wrapper.
WAYS: dict[str, tuple[int, dict[str, bool]]] = {
    "one process": (1, {}),
    "one process, split batches": (1, {"split_batches": True}),
    "one process, without the optimizer": (1, {"step_scheduler_with_optimizer": False}),
    "two processes": (2, {}),
    "two processes, split batches": (2, {"split_batches": True}),
    "two processes, without the optimizer": (2, {"step_scheduler_with_optimizer": False}),
}
ways = pytest.mark.parametrize(("processes", "options"), WAYS.values(), ids=WAYS)
quiet = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning", "ignore::lrdsl.ScheduleWarning")  # as in their tests, no optimizer steps


@quiet
@ways
@pytest.mark.parametrize("make", [theirs_lambda, ours("scale(1 - t/10)"), ours("linear(10)")], ids=["theirs", "scale", "linear"])
def test_a_lambda_steps_with_the_optimizer(make: Callable[[Any], Any], processes: int, options: dict[str, bool]) -> None:
    with_optimizer = options.get("step_scheduler_with_optimizer", True)
    _, optimizer, scheduler = prepared(make, 1.0, processes, **options)
    optimizer._is_overflow = False
    scheduler.step()
    ticks = processes if with_optimizer and not options.get("split_batches") else 1
    assert scheduler.get_last_lr() == [1 - ticks / 10]
    optimizer._is_overflow = True  # the optimizer has not stepped
    scheduler.step()
    assert scheduler.get_last_lr() == [1 - ticks / 10 if with_optimizer else 1 - 2 / 10]


@quiet
@ways
@pytest.mark.parametrize("make", [theirs_one_cycle, ours("onecycle(2, peak=0.01)")], ids=["theirs", "ours"])
def test_one_cycle_ticks_once_a_process(make: Callable[[Any], Any], processes: int, options: dict[str, bool]) -> None:
    _, _, scheduler = prepared(make, 1.0, processes, **options)
    scheduler.step()
    # torch's has two steps, the first of which its constructor takes: the wrapper gives it no third.
    alone = options.get("split_batches") or not options.get("step_scheduler_with_optimizer", True)
    assert scheduler.scheduler.last_epoch == (1 if alone else processes)


@quiet
@pytest.mark.parametrize("processes", [1, 2])
def test_one_schedule_for_any_number_of_processes(processes: int) -> None:
    """Not in Accelerate: with `ticks_per_step` the text says optimizer steps."""
    _, _, scheduler = prepared(ours("linear(10 steps)", ticks_per_step=processes), 1.0, processes)
    for step in range(1, 11):
        scheduler.step()
        assert scheduler.get_last_lr() == pytest.approx([1 - step / 10])


@quiet
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize(
    "make", [lambda o: get_linear_schedule_with_warmup(o, 0, 20), ours("hf.linear(0, 20)"), ours("linear(20)")], ids=["theirs", "recipe", "linear"]
)
def test_accumulation(make: Callable[[Any], Any], count: int, processes: int) -> None:
    """20 ticks are 20 steps of one process and 10 of two, however many batches a step takes."""
    plugin = GradientAccumulationPlugin(num_steps=count, adjust_scheduler=count > 1)
    accelerator, optimizer, scheduler = prepared(make, 10.0, processes, gradient_accumulation_plugin=plugin)
    batches = 20 // processes * count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(batches):
            with accelerator.accumulate(torch.nn.Linear(2, 4)):
                optimizer.step()
                scheduler.step()
            if i == batches - 2:
                assert scheduler.get_last_lr()[0] != 0
    assert scheduler.get_last_lr() == [0]
    assert optimizer.param_groups[0]["lr"] == 0


@quiet
def test_a_state_goes_through_the_wrapper() -> None:
    """Not in their test of schedulers, but what `save_state` does."""
    _, _, scheduler = prepared(ours("linear(10)"), 1.0)
    for _ in range(3):
        scheduler.step()
    state = scheduler.state_dict()
    AcceleratorState._reset_state(True)
    _, optimizer, again = prepared(ours("linear(10)"), 1.0)
    again.load_state_dict(state)
    assert again.get_last_lr() == again.get_lr() == scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]] == [0.7]
