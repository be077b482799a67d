"""Tests of the warnings at `compile`: what the rules know with the bases of the groups and the clock of the run. Sound schedules get none."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import lrdsl
from lrdsl.check import check
from lrdsl.linting.linter import lint
from lrdsl.rules.catalogue import RULES
from tests.counting import work
from tests.formulas.typeset.formulas import CLOCKS, EXAMPLES, texts
from tests.rules.test_rules import peer_texts

Groups = Sequence[Mapping[str, Any]]
#: Param groups that are usual: one of SGD, one of Adam, a backbone beside a head, norms without weight decay.
SGD: Groups = ({"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4},)
ADAM: Groups = ({"lr": 1e-3, "betas": (0.9, 0.999), "weight_decay": 0.01},)
TWO: Groups = ({"lr": 1e-3}, {"lr": 1e-5})
NORMS: Groups = ({"lr": 1e-3, "weight_decay": 0.05}, {"lr": 1e-3, "weight_decay": 0.0})
#: A run of 90 epochs on ImageNet.
RUN = {"steps_per_epoch": 1251, "total_epochs": 90}


def caught(text: str | lrdsl.Schedule, groups: Groups = SGD, **options: Any) -> list[lrdsl.ScheduleWarning]:
    """The warnings of a schedule for some groups."""
    optimizer = SimpleNamespace(param_groups=[dict(group) for group in groups])
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        lrdsl.compile(text, optimizer, **options)
    return [warning.message for warning in recorded if isinstance(warning.message, lrdsl.ScheduleWarning)]


#: What surely is not meant: (text, groups, options, code, where).
BAD: list[tuple[str, Groups, dict[str, Any], str, str]] = [
    ("cosine(100, to=0.1)", ADAM, {}, "LR301", "0.1"),
    ("cosine(100, 0.1)", ADAM, {}, "LR301", "0.1"),
    ("warmup(5) then hold(5, 0.1) then linear(9)", ADAM, {}, "LR301", "0.1"),
    ("warmup(5) then linear(95, to=0.01)", ADAM, {}, "LR301", "0.01"),
    ("let low = 0.1; lr = warmup(5) then cosine(9, to=low)", ADAM, {}, "LR301", "low"),
    ("warmup(5) then cosine(95, to=w)", ADAM, {"names": {"w": "1e-2"}}, "LR301", "w"),
    ("warmup(10, from=0.01) then cosine(90)", ADAM, {}, "LR301", "0.01"),
    ("restarts(cosine(10, to=0.1), times=3)", ADAM, {}, "LR301", "0.1"),
    ("cosine(50) then restart linear(50, to=5)", SGD, {}, "LR301", "5"),
    ("hold until loss < 0.3 then linear(9, to=0.1)", ADAM, {}, "LR301", "0.1"),
    ("cosine(100) + 0.1", ADAM, {}, "LR301", "cosine(100) + 0.1"),
    ("timm.cosine(100, to=0.1)", ADAM, {}, "LR301", "timm.cosine(100, to=0.1)"),
    ("cosine(100, to=1e-4)", TWO, {}, "LR301", "1e-4"),
    ("max(cosine(500), 0.01)", ADAM, {}, "LR311", "0.01"),
    ("clip(cosine(500), low=0.01)", ADAM, {}, "LR311", "0.01"),
    ("warmup(5) then max(exp(0.9), 0.01)", ADAM, {}, "LR311", "0.01"),
    ("cosine(100, to=1e-3)", ADAM, {}, "LR311", "1e-3"),
    ("plateau(min=0.01)", ADAM, {}, "LR311", "0.01"),
    ("warmup(5) then plateau(min=1e-3, patience=3)", ADAM, {}, "LR311", "1e-3"),
    ("max(cosine(500), 1e-4)", TWO, {}, "LR311", "1e-4"),
    ("weight_decay = cosine(100, from=0.04, to=0.4)", NORMS, {}, "LR312", "cosine(100, from=0.04, to=0.4)"),
    ("lr = cosine(9); weight_decay = hold(5) then hold(at=0.1)", NORMS, {}, "LR312", "hold(at=0.1)"),
    ("weight_decay = max(cosine(9), 0.01)", NORMS, {}, "LR312", "max(cosine(9), 0.01)"),
    ("cosine(9) + 1e-5", ({"lr": 0.1}, {"lr": 0.0}), {}, "LR312", "cosine(9) + 1e-5"),
    ("cosine(9)", ({"lr": 0.1, "lr_scale": 0.5}, {"lr": 0.1, "lr_scale": 1.0}), {}, "LR313", "cosine(9)"),
    ("cosine(9)", ({"lr": 0.1, "lr_mult": 10},), {}, "LR313", "cosine(9)"),
    ("weight_decay = hold", ({"lr": 0.1, "weight_decay": 0.1, "wd_multiplier": 0.0},), {}, "LR313", "hold"),
    ("momentum = linear(100, to=2x)", SGD, {}, "LR314", "linear(100, to=2x)"),
    ("momentum = hold(at=1)", SGD, {}, "LR314", "hold(at=1)"),
    ("betas[0] = hold(5) then hold(at=1.2)", ADAM, {}, "LR314", "hold(at=1.2)"),
    ("betas[1] = linear(100, from=0.9, to=-0.1)", ADAM, {}, "LR314", "linear(100, from=0.9, to=-0.1)"),
    ("warmup(2000) then cosine(8000)", SGD, {"total_steps": 1000}, "LR216", "warmup(2000)"),
    ("warmup(100ep) then cosine(10ep)", SGD, RUN, "LR216", "warmup(100ep)"),
    ("hold(100, at=0.01x) then linear(1000, to=1x) then exp(0.9)", SGD, {"total_steps": 500}, "LR216", "linear(1000, to=1x)"),
    ("hf.linear(2000, 10000)", SGD, {"total_steps": 1000}, "LR216", "hf.linear(2000, 10000)"),
    ("onecycle(10000)", SGD, {"total_steps": 1000}, "LR216", "onecycle(10000)"),
    ("multistep([30, 60, 80])", SGD, RUN, "LR217", "multistep([30, 60, 80])"),
    ("warmup(5) then cosine(85, to=0.01x)", SGD, RUN, "LR217", "cosine(85, to=0.01x)"),
    ("wsd(10, 50, 30)", SGD, RUN, "LR217", "wsd(10, 50, 30)"),
    ("hf.linear(10, 90)", SGD, RUN, "LR217", "hf.linear(10, 90)"),
    ("restarts(cosine(30), times=3)", SGD, RUN, "LR217", "restarts(cosine(30), times=3)"),
    ("onecycle(90)", SGD, RUN, "LR212", "onecycle(90)"),
    ("warmup(5) then cosine(85)", SGD, RUN, "LR204", "cosine(85)"),
    ("step(30)", SGD, RUN, "LR223", "step(30)"),
    ("warmup(5ep) then exp(0.95)", SGD, RUN, "LR223", "exp(0.95)"),
    ("hold(27) then linear(3)", SGD, {"total_steps": 30}, "LR214", "linear(3)"),
    ("warmup(5) then plateau(patience=50)", SGD, {"total_steps": 50}, "LR209", "plateau(patience=50)"),
    ("momentum = cosine(100)", SGD, {}, "LR322", "cosine(100)"),
    ("warmup(500) then cosine(rest)", SGD, {"total_steps": 10_000, "ticks_per_step": 4}, "LR224", "500"),
    ("step(30ep) for 100", SGD, {"steps_per_epoch": 100, "ticks_per_step": 8}, "LR224", "100"),
    ("betas[0] = hold(10) then linear(90)", ADAM, {}, "LR322", "linear(90)"),
    ("warmup(1005) then cosine(rest)", SGD, {"total_steps": 1000}, "LR202", "cosine(rest)"),
    ("warmup(100) then cosine(1000)", SGD, {"total_steps": 1000}, "LR203", "cosine(1000)"),
    ("warmup(100) then cosine(1000)", SGD, {"total_steps": 900}, "LR202", "cosine(1000)"),
    ("cosine(50) then linear(50)", SGD, {}, "LR402", "linear(50)"),
    ("lr = cosine(50) then linear(50)", SGD, {"total_steps": 200}, "LR402", "linear(50)"),
    ("hold until loss < 0.3 then cosine(20) then exp(0.9)", SGD, {}, "LR402", "exp(0.9)"),
    ("cosine(1000) - 0.01", ADAM, {}, "LR303", "cosine(1000) - 0.01"),
    ("warmup(9) then scale(1 - t/80)", SGD, {"total_steps": 100}, "LR303", "scale(1 - t/80)"),
    ("hold - 0.01", ({"lr": 1e-3}, {"lr": 1.0}, {"lr": 0.1}), {}, "LR303", "hold - 0.01"),
    ("hold until loss < 0.3 then linear(9, to=-1e-3)", SGD, {}, "LR303", "hold until loss < 0.3 then linear(9, to=-1e-3)"),
    ("weight_decay = hold(9) then warmup(9, from=-0.1)", SGD, {}, "LR303", "warmup(9, from=-0.1)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "groups", "options", "code", "where"), BAD)
def test_what_is_surely_not_meant_is_a_warning(text: str, groups: Groups, options: dict[str, Any], code: str, where: str) -> None:
    (warning,) = caught(text, groups, **options)
    d = warning.diagnostic
    assert (d.code, text[d.span.start.offset : d.span.end.offset]) == (code, where)
    assert str(warning).startswith(f"{code}: {d.message}\n --> <schedule>:1:{d.span.start.column}\n")
    assert "^" * len(where) in str(warning)
    assert str(warning).endswith(f"= help: {d.help}")


#: What may be meant: (text, groups, options).
GOOD: list[tuple[str, Groups, dict[str, Any]]] = [
    ("cosine(100, to=1e-5)", SGD, {}),
    ("cosine(100, to=1e-5)", ADAM, {}),
    ("max(cosine(500), 1e-5)", ADAM, {}),
    ("clip(cosine(500), 1e-5, 1x)", ADAM, {}),
    ("warmup(5, from=1e-6) then cosine(95, to=1e-6)", ADAM, {}),
    ("cosine(100, to=1e-6)", TWO, {}),
    ("plateau(min=1e-6)", ADAM, {}),
    ("min(rsqrt(100), 0.1)", ADAM, {}),
    ("power_law(4)", ADAM, {}),
    ("min(hold, hold(at=1e-3))", ADAM, {}),
    ("onecycle(100, peak=0.1)", ADAM, {}),
    ("cyclic(1e-4, 0.1, 20)", ADAM, {}),
    ("optax.warmup_cosine(0, 0.1, 10, 100, 0.01)", ADAM, {}),
    ("linear(100, from=1e-7, to=1)", ADAM, {"total_steps": 100}),
    ("hold(30, at=0.1) then hold(at=0.01)", ADAM, {}),
    ("linear(100, from=0.1x, to=10x)", ADAM, {}),
    ("hold", ADAM, {"total_steps": 100}),
    ("warmup(10) then hold", ADAM, {"total_steps": 1000}),
    ("lr = cosine(9); weight_decay = cosine(9, to=10x)", NORMS, {}),
    ("lr = cosine(9); weight_decay = cosine(9, from=0.04, to=0.4)", ADAM, {}),
    ("weight_decay = cosine(9, from=0.04, to=0.4)", ({"lr": 0.1, "weight_decay": 0.0},), {}),
    ("weight_decay = cosine(9, from=0.04, to=0.4); weight_decay[1] = hold", NORMS, {}),
    ("weight_decay[0] = cosine(9, from=0.04, to=0.4)", NORMS, {}),
    ("cosine(9)", ({"lr": 0.1}, {"lr": 0.0}), {}),
    ("cosine(9)", ({"lr": 0.1, "lr_scale": 1.0}, {"lr": 0.01, "lr_scale": None}), {}),
    ("momentum = hold(at=0.9)", ({"lr": 0.1, "lr_scale": 0.5, "momentum": 0.9},), {}),
    ("momentum = linear(50, from=0.95, to=0.85) then linear(50, to=0.95)", SGD, {}),
    ("betas[0] = hold(at=0); betas[1] = linear(100, from=0.9, to=0.999)", ADAM, {}),
    ("warmup(5ep) then cosine(rest)", SGD, RUN),
    ("warmup(1000) then cosine(rest)", SGD, {"total_steps": 1000}),
    ("warmup(1000)", SGD, {"total_steps": 1000}),
    ("cosine(1000, to=0.1x)", SGD, {"total_steps": 10_000}),
    ("cosine(9)", ({"lr": 0.1, "lr_scale": True, "lr_mult": "x", "lr_factor": torch.tensor([1.0, 2.0]), "lr_multiplier": torch.tensor(1.0)},), {}),
    ("multistep([30ep, 60ep, 80ep])", SGD, RUN),
    ("warmup(5) then hold(4) then drop(0.1) then hold", SGD, RUN),
    ("linear(100, from=0.1x, to=1x)", SGD, RUN),
    ("warmup(500) then cosine(89ep, to=0.1x) then hold", SGD, RUN),
    ("step(30ep)", SGD, RUN),
    ("exp(0.999)", SGD, RUN),
    ("bounce(cosine(50))", SGD, {"total_steps": 90}),
    ("hold until loss < 0.3 then cosine(100)", SGD, {"total_steps": 90}),
    ("max(cosine(1000) - 1e-8, 0)", ADAM, {}),
    ("hold until loss < 0.3 then linear(9) then hold(9) until acc > 0.9 then linear(9)", ADAM, {}),
    ("plateau(patience=3) until loss < 0.3 then scale(1 - t/9) for 9", ADAM, {}),
    ("hold - 1e-5", TWO, {}),
    ("scale(1 - t/50)", SGD, {"total_steps": 50}),
    ("cosine(100, to=0.1)  # lrs: ignore[LR301]", ADAM, {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "groups", "options"), GOOD)
def test_what_may_be_meant_is_none(text: str, groups: Groups, options: dict[str, Any]) -> None:
    assert [str(warning) for warning in caught(text, groups, **options)] == []


@pytest.mark.parametrize("clock", [{}, {"total_steps": 100}, {"total_epochs": 100, "tick": "epoch"}], ids=str)
@pytest.mark.parametrize("share", [1, 0.01])
def test_the_schedules_of_other_libraries_get_none(share: float, clock: dict[str, Any]) -> None:
    """At a base of 0.1 with usual arguments, and at one of 0.001 with levels that are as much smaller."""
    groups = [{"lr": 0.1 * share, "weight_decay": 1e-4, "momentum": 0.9}, {"lr": 0.1 * share, "weight_decay": 0.0, "momentum": 0.9}]
    warned = {}
    texts = peer_texts(share)
    for text in texts.values():
        if found := caught(text, groups, **clock):
            warned[text] = [str(warning) for warning in found]
    assert len(texts) > 50
    assert warned == {}


def test_recipes_get_none() -> None:
    calls = {text: CLOCKS.get(name, {}) for name, text in texts().items() if re.match(r"[a-z_]+(\.\w+)?$", name)}
    assert {text: [str(warning) for warning in found] for text, clock in calls.items() if (found := caught(text, SGD, **clock))} == {}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lrs")), ids=lambda path: path.stem)
def test_examples_get_none(path: Path) -> None:
    clock: dict[str, Any] = {"steps_per_epoch": 14, "total_epochs": 12} if path.stem == "two_groups" else {}
    s = lrdsl.load(path, **clock)
    base = s.program.base_value
    group = {"lr": base, "weight_decay": 0.04, "momentum": 0.9, "betas": (0.9, 0.95), "batch_size": 256, "name": "backbone"}
    names = ("head", "embed.decay", "blocks.0.decay", "blocks.11.no_decay")
    assert [str(warning) for warning in caught(s, [group, *({**group, "name": name} for name in names)])] == []  # type: ignore[arg-type]


def test_families_values_and_several_optimizers_are_looked_at() -> None:
    layers: Groups = ({"lr": 1e-3, "name": "layer.0"}, {"lr": 1e-3, "name": "layer.1"})
    assert [warning.diagnostic.code for warning in caught('lr["layer.{i}"] = 0.5^i * cosine(9, to=0.1)', layers)] == ["LR301"]
    assert caught('lr["layer.{i}"] = 0.5^i * cosine(9)', layers, total_steps=9) == []
    assert caught("lr = cosine(9); ema = hold(at=0.9)", ADAM, values=("ema",)) == []
    optimizers = [SimpleNamespace(param_groups=[{"lr": lr}]) for lr in (0.1, 1e-3)]
    with pytest.warns(lrdsl.ScheduleWarning, match="100 times the base of 0.001 of param group 1"):
        lrdsl.compile("cosine(9, to=0.1) + 0", optimizers)


@pytest.mark.parametrize(
    ("body", "places", "repairs"),
    [
        ("f(100)", ["100"], ["100 steps"]),
        ("f(100 steps, 50)", ["50"], ["50 steps"]),
        ("f(100 steps, 50 steps)", [], []),
        ("deep(100)", ["100"], ["100 steps"]),
        ("warmup(warm) then cosine(rest)", ["warm"], ["let warm = 500 steps"]),
        ("warmup(slow) then cosine(rest)", [], []),
        ("warmup(asked) then cosine(rest)", [], []),
    ],
)
def test_lengths_of_functions_that_come_by_use_are_looked_at(body: str, places: list[str], repairs: list[str], tmp_path: Path) -> None:
    (tmp_path / "inner.lrs").write_text("def deep(n) = hold for n then cosine(rest)\nlet warm = 500\nlet slow = 500 steps\n")
    (tmp_path / "common.lrs").write_text('use "inner.lrs"\ndef f(n, k=30 steps) = warmup(2 * n) then hold(k) then cosine(rest)\n')
    file = tmp_path / "run.lrs"
    file.write_text(f'use "common.lrs"\nlr = {body}\n')
    schedule = lrdsl.load(file, total_steps=10_000, ticks_per_step=4, names={"asked": 100} if "asked" in body else None)
    found = [warning.diagnostic for warning in caught(schedule)]
    assert [d.code for d in found] == ["LR224"] * len(places)
    assert [schedule.text[d.span.start.offset : d.span.end.offset] for d in found] == places
    assert [d.help for d in found] == [f"for steps, write `{repair}`" for repair in repairs]


def test_only_what_the_linter_says_too_is_a_warning() -> None:
    """A rule is declared once: with the base, the linter says of a rate what `compile` does."""
    for text, groups, options, code, _ in BAD:
        if code in ("LR312", "LR313") or (not text.startswith(("lr =", "let")) and re.match(r"\w+(\[\d\])? =", text)):
            continue
        base = min(group["lr"] for group in groups)
        assert code in [d.code for d in lint(text, base=base, **options)], text
    assert {code for _, _, _, code, _ in BAD} == {rule.code for rule in RULES.values() if rule.compiles}


def test_pythons_filters_pick_a_code() -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": 1e-3}])
    for message, count in (("LR301", 0), ("LR3", 0), ("LR2", 1)):
        with warnings.catch_warnings(record=True) as recorded:
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", message)
            lrdsl.compile("cosine(100, to=0.1)", optimizer)
        assert len(recorded) == count
    with warnings.catch_warnings():
        warnings.simplefilter("error", lrdsl.ScheduleWarning)
        with pytest.raises(lrdsl.ScheduleWarning, match=r"^LR301: "):
            lrdsl.compile("cosine(100, to=0.1)", optimizer)


def test_it_points_at_the_caller() -> None:
    model = torch.nn.Linear(1, 1)
    calls = (
        lambda: lrdsl.compile("cosine(100, to=0.1)", SimpleNamespace(param_groups=[{"lr": 1e-3}])),
        lambda: lrdsl.compile("cosine(100, to=0.1)", torch.optim.SGD(model.parameters(), lr=1e-3)),
        lambda: lrdsl.compile(lrdsl.parse("cosine(100, to=0.1)"), torch.optim.SGD(model.parameters(), lr=1e-3)),
        lambda: __import__("lrdsl.torch").torch.LRScheduler(torch.optim.SGD(model.parameters(), lr=1e-3), "cosine(100, to=0.1)"),
        lambda: lrdsl.Scheduler(SimpleNamespace(param_groups=[{"lr": 1e-3}]), lrdsl.parse("cosine(100, to=0.1)")),
    )
    for call in calls:
        with warnings.catch_warnings(record=True) as recorded:
            warnings.simplefilter("always")
            call()
        assert [(warning.category, warning.filename) for warning in recorded] == [(lrdsl.ScheduleWarning, __file__)]


def test_a_text_is_checked_once_where_a_rule_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    monkeypatch.setattr("lrdsl.schedule.check", lambda tree, *args, **options: checked.append(tree) or check(tree, *args, **options))
    for text, groups, options, code, _ in BAD:
        if text in ("cosine(100, to=0.1)", "warmup(10, from=0.01) then cosine(90)", "restarts(cosine(10, to=0.1), times=3)"):
            checked.clear()
            assert [w.diagnostic.code for w in caught(text, groups, **options)] == [code]
            assert len(checked) == 1


def test_a_schedule_from_a_pickle_has_the_same_warnings() -> None:
    schedule = pickle.loads(pickle.dumps(lrdsl.parse("cosine(100, to=0.1)")))
    assert list(map(str, caught(schedule, ADAM))) == list(map(str, caught("cosine(100, to=0.1)", ADAM)))


def test_a_warning_pickles() -> None:
    (warning,) = caught("cosine(100, to=0.1)", ADAM)
    again = pickle.loads(pickle.dumps(warning))
    assert (str(again), again.diagnostic) == (str(warning), warning.diagnostic)


def test_the_schedule_is_attached_all_the_same() -> None:
    optimizer = SimpleNamespace(param_groups=[{"lr": 1e-3}])
    scheduler = lrdsl.compile("linear(100, to=0.1)", optimizer)
    scheduler.seek(100)
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_a_large_text_is_looked_at_with_bounded_work() -> None:
    text = " then ".join(f"cosine(10, to={k}e-6)" for k in range(1, 400))
    s, longer = lrdsl.parse(text, total_steps=4000), lrdsl.parse("restarts(cosine(3, to=1e-6), stretch=1.01, times=900)", total_steps=100_000)
    for schedule in (s, longer):
        groups = [{"lr": 1e-6 * (1 + i / 7)} for i in range(200)]
        assert work(lambda schedule=schedule, groups=groups: lrdsl.compile(schedule, SimpleNamespace(param_groups=groups))) < 4_000_000  # type: ignore[misc]


@pytest.mark.parametrize("torchs", [False, True])
@pytest.mark.parametrize("code", ["rule", "rate", "second"])
def test_a_warning_that_is_an_error_leaves_the_groups_untouched(code: str, torchs: bool) -> None:
    """Those of the rules, of a rate above its base, and of another scheduler on the same groups; shared tensors stay shared."""
    shared, parameters = torch.tensor(0.001), [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = (
        torch.optim.SGD([{"params": [parameter]} for parameter in parameters], lr=1.0, momentum=0.9) if torchs else SimpleNamespace(param_groups=[{}, {}])
    )
    for group in optimizer.param_groups:
        group["lr"] = shared
    if code == "rate":
        optimizer.param_groups[1] |= {"initial_lr": 0.01, "lr": torch.tensor(0.5)}
    other = lrdsl.compile("hold", optimizer) if code == "second" else None
    before = [dict(group) for group in optimizer.param_groups]
    text = "warmup(5, from=0.5x) then cosine(100, to=0.1)" if code == "rule" else "warmup(5, from=0.5x) then cosine(95)"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(lrdsl.ScheduleWarning, match={"rule": "LR301", "rate": "initial_lr", "second": "another scheduler"}[code]):
            lrdsl.compile(text, optimizer)
    for group, values in zip(optimizer.param_groups, before, strict=True):
        assert group.keys() == values.keys()
        assert all(group[key] is values[key] for key in values)
    assert float(shared) == pytest.approx(0.001)
    assert other is None or other.last_epoch == 0


def function_warnings(door: str, text: str, **options: Any) -> list[str]:
    """The codes of the warnings where a function of the step is made."""
    make = import_module(f"lrdsl.{door}").schedule
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        pickle.loads(pickle.dumps(make(text, **options)))
    places = {warning.filename for warning in recorded}
    assert places <= {__file__}
    return [warning.message.diagnostic.code for warning in recorded if isinstance(warning.message, lrdsl.ScheduleWarning)]


#: What says something of one base or of the clock: no text that follows a metric, and no rule of several groups.
OF_FUNCTIONS = [case for case in BAD if not lrdsl.parse(case[0], **case[2]).metrics and case[1] is not TWO and case[3] not in ("LR312", "LR313")]


@pytest.mark.parametrize("door", ["jax", "torch"])
@pytest.mark.parametrize(("text", "groups", "options", "code", "_where"), OF_FUNCTIONS)
def test_a_function_of_the_step_warns_as_compile_does(text: str, groups: Groups, options: dict[str, Any], code: str, _where: str, door: str) -> None:
    target = lrdsl.parse(text, **options).main
    held = groups[0][target.key]
    base = held if target.element is None else held[target.element]
    assert function_warnings(door, text, base=base, **options) == [code]
    clock_alone = function_warnings(door, text, **options)
    assert clock_alone == ([code] if options.keys() & {"total_steps", "total_epochs"} else clock_alone)
    assert not {"LR301", "LR311"} & set(clock_alone)


@pytest.mark.parametrize("door", ["jax", "torch"])
@pytest.mark.parametrize("text", ["cosine(100, to=0.1)", "warmup(5) then max(exp(0.9), 0.01)"])
def test_a_base_that_nobody_gave_is_spoken_of_nowhere(text: str, door: str) -> None:
    """The levels are those of base 1, which is a base like any other if it is given."""
    assert function_warnings(door, text) == []
    assert function_warnings(door, text, base=1e-3) != []
    made = import_module(f"lrdsl.{door}").schedule
    assert float(made(text)(7)) == float(made(text, base=1.0)(7))
