"""Tests of schedules as functions of a step tensor in torch."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import lrdsl
import lrdsl.torch
from lrdsl.numbers import traced
from lrdsl.runtime import torch_function

TEXTS = [
    "warmup(5) then cosine(20)",
    "restarts(linear(10), stretch=2, times=3)",
    "skip(2.1, restarts(linear(0.7)))",
    "cumprod(1 - 1/(t + 2)^2)",
    "onecycle(50)",
    "hold",
]
TICKS = [*range(60), 1000, 4095, 4097, 65537]


@pytest.mark.parametrize("text", TEXTS)
def test_it_says_what_lrdsl_says(text: str) -> None:
    expected = lrdsl.parse(text).values(TICKS, 0.3)
    found = lrdsl.torch.schedule(text, base=0.3, dtype=torch.float64)(torch.tensor(TICKS)).numpy()
    np.testing.assert_allclose(found, expected, rtol=9e-16)
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        assert torch.equal(lrdsl.torch.schedule(text, base=0.3, dtype=dtype)(torch.tensor(TICKS)), torch.tensor(expected).to(dtype))


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_compiled_without_a_break(text: str) -> None:
    torch._dynamo.reset()
    rate = lrdsl.torch.schedule(text, base=0.3)
    compiled = torch.compile(lambda step: rate(step) * 2, backend="aot_eager", fullgraph=True)
    for tick in (0, 3, 17, 59):
        assert compiled(torch.tensor(tick)).item() == 2 * rate(tick).item()


def test_a_whole_training_step_is_compiled_once() -> None:
    torch._dynamo.reset()
    rate, weights, step, compilations = lrdsl.torch.schedule("warmup(3) then cosine(9)", base=0.1), torch.ones(3), torch.tensor(0), []

    def backend(graph: torch.fx.GraphModule, _inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        compilations.append(graph)
        return graph

    @torch.compile(backend=backend, fullgraph=True)
    def train(weights: torch.Tensor, step: torch.Tensor) -> None:
        weights.sub_(rate(step) * 2 * weights)
        step.add_(1)

    expected = np.ones(3)
    for level in lrdsl.parse("warmup(3) then cosine(9)").values(12, 0.1):
        train(weights, step)
        expected = expected - level * 2 * expected
    assert len(compilations) == 1
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_steps_of_every_kind(text: str) -> None:
    rate = lrdsl.torch.schedule(text, base=0.3)
    for dtype in (torch.int64, torch.int32, torch.uint8, torch.uint64, torch.float32, torch.bfloat16):
        assert rate(torch.tensor(7, dtype=dtype)) == rate(7)
    assert rate(-5) == rate(float("nan")) == rate(0)
    assert np.isfinite(rate(float("inf")).item())
    assert rate(torch.zeros(2, 3)).shape == (2, 3)
    assert torch.equal(torch.func.vmap(rate)(torch.arange(9)), rate(torch.arange(9)))
    ticks = torch.arange(0.25, 60, dtype=torch.float64, requires_grad=True)
    rate(ticks).sum().backward()
    assert torch.isfinite(ticks.grad).all()


def test_a_device_without_doubles_counts_in_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch_function, "_SINGLE_ONLY", "cpu")
    rate = lrdsl.torch.schedule("hold(16777220) then drop(0.1)")
    assert rate(torch.tensor([16777217, 16777219, 16777220])).tolist() == pytest.approx([1.0, 1.0, 0.1])
    assert rate(torch.tensor([3.5])).tolist() == [1.0]
    assert len(rate.functions) == len((traced.DOUBLE, traced.SINGLE, traced.SINGLE_TICKS))


def test_it_is_copied_and_pickled() -> None:
    rate = lrdsl.torch.schedule("warmup(5%) then cosine(rest)", base=0.1, total_steps=200)
    for again in (pickle.loads(pickle.dumps(rate)), copy.deepcopy(rate)):
        assert torch.equal(again(torch.arange(220)), rate(torch.arange(220)))


@pytest.mark.parametrize(("text", "options"), [("plateau", {}), ("hold until val_loss < 0.3 then linear(4)", {}), ("hold", {"dtype": torch.int32})])
def test_what_no_function_of_the_step_can_be_is_refused(text: str, options: dict[str, torch.dtype]) -> None:
    with pytest.raises(lrdsl.ScheduleError):
        lrdsl.torch.schedule(text, **options)
