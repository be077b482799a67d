"""Tests with several processes of `torchrun` in plain torch, Accelerate, Trainer and Lightning: each measures a loss of its own, and all hold the same rate at every step."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import lrdsl
from tests.frameworks import reported
from tests.launching import forked


@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_measure_other_losses_hold_the_same_rate(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forked(count, "tests.frameworks.reported", tmp_path)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    scheduler = lrdsl.compile(reported.TEXT, SimpleNamespace(param_groups=[{"lr": 1.0}]))
    scheduler.report()
    expected = []
    for epoch in range(1, reported.EPOCHS + 1):
        for _ in range(reported.STEPS):
            expected.append(scheduler.optimizer.param_groups[0]["lr"])
            scheduler.step()
        scheduler.report(val_loss=reported.measured(epoch))
    assert len(set(expected)) > 8
    for rank in range(count):
        rates = json.loads((tmp_path / f"{rank}.json").read_text("utf-8"))
        assert rates == dict.fromkeys(("torch", "accelerate", "trainer", "lightning"), expected)
