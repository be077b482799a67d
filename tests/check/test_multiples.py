"""Tests of targets that are a constant times another one, in runs in which events come."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

import lrdsl
from lrdsl.plan import Plan
from lrdsl.schedule.source import Source

BODIES = [
    "hold until loss < 0.3 then cosine(20)",
    "warmup(5) then hold until loss < 0.3 or for 30 then restarts(linear(4), stretch=2)",
    "warmup(3) then plateau(patience=1, factor=0.5, min=1e-3, metric=loss)",
    "hold(at=0.1) until loss < 0.3 then sum(cosine(20), hold(at=1e-4))",
    "hold until loss < 0.3 then plateau(patience=1, metric=loss) for 9 then step(3, 0.5)",
]
MULTIPLES = [
    "0.5 * ({})",
    "({}) / 4",
    "-0.25 * ({})",
    "0 * ({})",
    "2 * ({})",
    "({}) * 0.3^(1/3)",
    "0.5 * (0.1 * ({}))",
    "1 * ({})",
    "restart (0.5 * ({}))",
    "0.5 * ({}) for 25 then hold(3)",
    "0.5 * ({}) for 15",
]


def histories(schedule: lrdsl.Schedule) -> Any:
    """The schedule after each of a few events in a row, each as early as it may come."""
    events: dict[Any, tuple[int, ...]] = {}
    for _ in range(4):
        watches = [watch for watch in schedule.plan.watches if watch.key is not None and (watch.end is None or not events.get(watch.key))]
        if not watches:
            return
        watch = watches[-1]
        assert watch.key is not None
        assert watch.start is not None
        tick = max([int(watch.start), *events.get(watch.key, ())]) + 2
        events = {**events, watch.key: (*events.get(watch.key, ()), tick)}
        schedule = schedule.after(events)
        yield schedule


def said(plan: Plan) -> Any:
    return plan.length, plan.watches, [(phase.start, phase.length) for phase in plan.phases]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("multiple", MULTIPLES)
def test_a_multiple_is_the_written_out_target(multiple: str, body: str) -> None:
    """After every event it has the levels, the phases and the watches of a text that repeats the other target."""
    one = lrdsl.parse(f"lr = {body}; momentum = {multiple.format('lr')}")
    other = lrdsl.parse(f"lr = {body}; momentum = {multiple.format(body)}")
    count = 0
    for ours, theirs in zip(histories(one), histories(other), strict=True):
        for base in (1.0, 0.37):
            assert [ours.at(t, base, "momentum") for t in range(0, 60, 2)] == [theirs.at(t, base, "momentum") for t in range(0, 60, 2)]
        assert said(ours.plan_of("momentum")) == said(theirs.plan_of("momentum"))
        assert ours.plan_of("momentum").law == theirs.plan_of("momentum").law
        count += 1
    assert count


@pytest.mark.parametrize("body", BODIES)
def test_multiples_are_not_read_again(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = lrdsl.parse(f"lr = {body}; momentum = 0.5 * lr; weight_decay = momentum / 3")
    read: list[str] = []
    original = Source.read
    monkeypatch.setattr(Source, "read", lambda self, numbers, **options: read.extend(options["only"]) or original(self, numbers, **options))
    for _ in histories(schedule):
        pass
    assert set(read) <= {"lr"}


def test_the_members_of_a_family_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    families = {"a.{k}": "1.5^k * lr", "b.{k}": "lr * 0.3^(k/7)", "c.{k}": "sqrt(k) * lr", "d.{k}": 'lr["a.2"] / (1 + k)'}
    text = "; ".join(["lr = warmup(3) then plateau(patience=1, factor=0.5, metric=loss)", *(f'lr["{name}"] = {body}' for name, body in families.items())])
    names = [name.replace("{k}", str(k)) for name in families for k in range(5)]
    optimizer = SimpleNamespace(param_groups=[{"lr": 0.1, "name": name} for name in ("head", *names)])
    scheduler = lrdsl.compile(text, optimizer)
    read: list[str] = []
    original = Source.read
    monkeypatch.setattr(Source, "read", lambda self, numbers, **options: read.extend(options["only"]) or original(self, numbers, **options))
    for _ in range(12):
        scheduler.step(loss=1.0)
    assert not read
    after = json.loads(json.dumps(scheduler.state_dict()))
    levels = [group["lr"] for group in optimizer.param_groups]
    assert levels[0] == 0.1 * 0.5**4
    again = lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1, "name": name} for name in ("head", *names)]))
    again.load_state_dict(after)
    assert again.get_last_lr() == levels


def test_a_multiple_that_may_be_too_large_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for factor, is_read in (("5", False), ("1e9", False), ("1e10", True), ("-1e10", True)):
        schedule = lrdsl.parse(f"lr = hold until loss < 0.3 then linear(3, to=1e99); momentum = {factor} * lr")
        read: list[str] = []
        original = Source.read
        with monkeypatch.context() as patched:
            patched.setattr(Source, "read", lambda self, numbers, **options: read.extend(options["only"]) or original(self, numbers, **options))  # noqa: B023
            (after,) = histories(schedule)
        assert ("momentum" in read) is is_read
        assert after.at(5, target="momentum") == float(factor) * 1e99
