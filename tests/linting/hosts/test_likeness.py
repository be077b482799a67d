"""Tests of `looks_like_one`: schedules with mistakes are schedules, and prose, programs, formulas and times of day are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.hosts import Finder, texts_in
from lrdsl.linting.hosts.likeness import is_about, looks_like_one

SCHEDULES = [
    "warmup(5) then x(95)", "cosin(20)", "hold(1)", "exp(0.95)", "min(exp(0.9), 1x)", "lr = warmup(5)\nmomentum = hold(at=0.9)", "let w = 5\nlr = warmup(w) then cosine(rest)",
    "set total = 90ep; lr = warmup(5ep) then cosine(rest)", "warmup(5) than cosine(95)", "warmup(5) and then cosine(95)", "warmup(5), cosine(95)", "warmup(5) -> cosine(95)",
    "hold until val_loss < 0.3 or 90% then linear(10)", "cosine(${steps})", "warmup({n}) then cosine({{ x }})", "restart cosine(5)", 'lr["a.*"] = 0.5 * lr; lr = cosine(100)',
    'use "common.lrs"\nlr = mywarm(5) then cosine(5)', "def f(w) = warmup(w) then hold\nlr = f(5)", "\n  warmup(5)\n    then cosine(95)\n", "# Ours.\nwarmup(5)  # a start.", "hf.cosine(5, 100)",
    "warm_up(5) then cosine(95)", "Warmup(5) then Cosine(95)", "warmup(5) THEN cosine(95)", "hold(3) then cosin e(", "lr: warmup(5) then cosine(95)", "onecycle(100, anneal=linear)",
    "step(3, gama=0.1)", 'lr["blocks.{k}.*"] = 0.75^(12 - k) * cosine(100)', "warmup(5) cosine(95)", "lr = warmup(10)\n\n  then cosine(90)", "warmup(${oc.env:W,5}) then cosine(95)",
    "cosin{20} then hold(3)", "lr = hold; assert max(lr) <= 1x; momentum = linear(5, from=0.8, to=0.9)",
]  # fmt: skip
OTHERS = [
    "", "cosine", "linear", "daily", "0 5 * * *", "torch.optim.lr_scheduler.StepLR(opt, 3)", "https://x/cosine(2)", "Use step(n) or cosine(n).", "use cosine(5) and warmup(3)", "lambda step: warmup(step)",
    "lambda step: min(1, step)", "every(2).hours", "every(2).hours.do(job)", "every(5 minutes)", "cron(0 12 * * ? *)", "rate(5 minutes)", "min(step ** -0.5, step * warmup ** -1.5)", "exp(-t/5)",
    "steps(4, end)", "cosine(n) | step(n)", "step(n)", "step()", "The schedule is cosine(n) by default", "- `warmup(5)`: linear", "def step(n):\n    return n", "step(3) if x else cosine(4)",
    "cosine(5): decays to zero", "One of linear(n), cosine(n), step(n)", "repeat(task, 3)", "hold(x)", "min(lr, 0.1)", "linear or cosine (see docs)", "e.g. warmup(5) then cosine(95)",
    "Runs warmup(500) then cosine(1000).", "math.cos(step(3))", "self.step(1)", "linear(self.n)", "{'lr': step(3)}", "[step(3)]", "max(0, 1 - step / total)", "A linear (warmup) schedule",
    "Linear warmup (5 epochs) then cosine (95)", "restart(service)", "SELECT max(id) FROM schedule", "clip(x, 0, 1)", "see warmup(5)", "sum(steps)", "scale(2) rotate(3)", "warmup (linear)",
    "cosine (default)", "![x](step(3))", "<b>cosine(5)</b>", "for example cosine(5)", "step(3)[0]", "cosine(5)(x)", "hold(3)?",
]  # fmt: skip


@pytest.mark.parametrize("text", SCHEDULES)
def test_schedules(text: str) -> None:
    assert looks_like_one(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_texts(text: str) -> None:
    assert not looks_like_one(text)


@pytest.mark.parametrize("key", ["SCHEDULER_HELP", "schedule_description", "scheduleDoc", "lr-schedule-usage", "ScheduleMsg"])
def test_keys_of_texts_about_schedules(key: str) -> None:
    assert is_about(key)
    assert list(texts_in(Path("a.yaml"), f"{key}: warmup(5) then cosine(95)\n", Finder())) == []


@pytest.mark.parametrize("key", ["lr_schedule", "schedule", "doctor_schedule", "helper_schedule", "schedule_text"])
def test_keys_of_schedules(key: str) -> None:
    assert not is_about(key)
    assert len(list(texts_in(Path("a.yaml"), f"{key}: warmup(5) then cosine(95)\n", Finder()))) == 1
