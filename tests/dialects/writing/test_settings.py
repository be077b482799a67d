"""Schedules written as the settings of timm's training script, of mmengine and of Composer, with the numbers of the real schedulers, or of their formulas."""

from __future__ import annotations

import ast
import inspect
import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from transformers import optimization

import lrdsl
from lrdsl.dialects import dialect
from lrdsl.dialects.composer import _NAMES as COMPOSER
from lrdsl.dialects.configs import readings
from tests.dialects import systems
from tests.drawing import examples
from tests.reference.test_timm import theirs as theirs_of_timm

bases = st.sampled_from([0.1, 0.02])
lengths = st.integers(2, 30)
lows = st.sampled_from([0, 1e-3])
TICKS = 90


def by_timm(text: str, ticks: int, per: int = 1) -> list[float]:
    config = yaml.safe_load(text)
    config.setdefault("decay_epochs", None)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=config["lr"])
    scheduler, _ = theirs_of_timm.create_scheduler(SimpleNamespace(**config), optimizer, per)
    rates = []
    for t in range(ticks):
        if t:
            (scheduler.step_update if config.get("sched_on_updates") else scheduler.step)(t)
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


@st.composite
def timms(draw: st.DrawFn) -> str:
    n, low = draw(lengths), draw(lows)
    body = draw(
        st.sampled_from(
            [f"timm.cosine({n}, to={low})", f"timm.poly({n}, 2, {low})", f"timm.step({n}, 0.5)", f"timm.multistep([{n}, {n + 7}], 0.5)",
             f"timm.cosine({n}, to={low}, limit=2, decay=0.5)", f"timm.wsd({n + 5}, {n}, {low})", f"timm.wsd_linear({n + 5}, {n})", f"timm.wsd_cosine({n + 1}, {n}, {low})"]
        )
    )  # fmt: skip
    up = draw(st.sampled_from(["", "timm.prefix(5, 1e-6, {})", "timm.warmup(5, 1e-6, {})"]))
    if "wsd" in body and "timm.warmup" in up:
        up = ""
    if "prefix" in up and draw(st.booleans()):
        body = f"timm.tanh({n}, to={low})"  # which begins at the base only after a warmup
    return up.format(body) if up else body


@given(timms(), bases)
@examples(60)
def test_timm(text: str, base: float) -> None:
    schedule = lrdsl.parse(text)
    written = schedule.export("timm", base=base)
    assert schedule.values(TICKS, base=base).tolist() == pytest.approx(by_timm(written, TICKS), abs=1e-13), written
    (reading,) = readings(written, "args.yaml")
    assert reading.schedule().values(TICKS, base=base).tolist() == pytest.approx(schedule.values(TICKS, base=base).tolist(), abs=1e-13)


def test_timm_on_updates() -> None:
    schedule = lrdsl.parse("timm.prefix(3ep, 1e-6, timm.cosine(20ep, to=1e-5))", steps_per_epoch=7)
    written = schedule.export("timm", base=0.1)
    assert yaml.safe_load(written)["sched_on_updates"] is True
    assert schedule.values(200, base=0.1).tolist() == pytest.approx(by_timm(written, 200, 7), abs=1e-13)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("cosine(90)", {"sched": "cosine", "epochs": 90}),
        ("plateau(0.5, 3, mode=max)", {"sched": "plateau", "decay_rate": 0.5, "patience_epochs": 3, "eval_metric": "top1"}),
        ("plateau(0.5, 3)", {"sched": "plateau", "eval_metric": "loss"}),
        ("set tick = epoch; set total = 100ep; lr = cosine(90)", {"epochs": 90, "cooldown_epochs": 10}),
    ],
)
def test_arguments_of_timm(text: str, keys: dict[str, Any]) -> None:
    written = yaml.safe_load(lrdsl.parse(text).export("timm"))
    assert {name: written.get(name) for name in keys} == keys


def by_mmengine(written: str, base: float, ticks: int) -> list[float]:
    statement = ast.parse(written).body[0]
    assert isinstance(statement, ast.Assign)
    schedulers = [{k.arg: ast.literal_eval(k.value) for k in call.keywords} for call in statement.value.elts]  # type: ignore[attr-defined]
    return systems.mmengine(schedulers, base, ticks, None)


@st.composite
def phases(draw: st.DrawFn) -> str:
    n, d, low = draw(lengths), draw(lengths), draw(lows)
    up = draw(
        st.sampled_from(["", f"warmup({n}, from=0.1x) then ", f"warmup({n}, touches=end) then ", f"warmup({n}, from=0.1x, touches=both) then ",
                         f"hold({n}) then ", f"hold({n}, at=0.3x) then restart ", f"linear({n}, to=0.5x) then "])
    )  # fmt: skip
    down = draw(
        st.sampled_from([f"cosine({d}, to={low})", f"cosine({d}, to=0.1x)", f"poly({d}, power=0.9, to={low})", f"linear({d}, to={low})", f"step({d}, 0.5)",
                         f"multistep([{d}, {d + 4}], 0.3)", "exp(0.9)", f"exp(0.9) for {d}", f"step(3, 0.5) for {d} then poly(9)", f"cosine({d}, to={low}) then hold"])
    )  # fmt: skip
    return up + down


@given(phases(), bases)
@examples(150)
def test_mmengine(text: str, base: float) -> None:
    schedule = lrdsl.parse(text)
    written = schedule.export("mmengine", base=base)
    assert schedule.values(TICKS, base=base).tolist() == pytest.approx(by_mmengine(written, base, TICKS), abs=1e-13), written


@pytest.mark.parametrize("text", ["multistep([30, 60]) * warmup(10, from=0.1x)", "cosine(80) * warmup(10, from=0.01x)"])
def test_mmengine_multiplies(text: str) -> None:
    schedule = lrdsl.parse(text)
    assert schedule.values(TICKS, base=0.1).tolist() == pytest.approx(by_mmengine(schedule.export("mmengine"), 0.1, TICKS), abs=1e-13)


@pytest.mark.parametrize(
    "text",
    ["warmup(10, from=0.1x) then multistep([20, 40])", "cosine(40, to=1e-3)", "set tick = epoch; lr = step(3)", "set tick = epoch; lr = plateau(0.5, 3)"],
)
def test_mmengine_there_and_back(text: str) -> None:
    schedule = lrdsl.parse(text)
    (reading,) = readings(schedule.export("mmengine", base=0.1), "config.py")
    assert reading.base is not None
    if "plateau" in text:
        assert reading.schedule() == schedule
    else:
        assert reading.schedule().values(TICKS, base=0.1).tolist() == pytest.approx(schedule.values(TICKS, base=0.1).tolist(), abs=1e-13)


@given(st.integers(5, 30), st.integers(31, 80), st.sampled_from([0, 1e-3]), st.sampled_from(["", "_linear"]), bases)
@examples(40)
def test_deepspeed(warm: int, n: int, low: float, rise: str, base: float) -> None:
    for text in (f"deepspeed.warmup_lr{rise}({low}, {base}, {warm})", f"deepspeed.warmup_decay_lr{rise}({n}, {low}, {base}, {warm})",
                 f"deepspeed.warmup_cosine_lr{rise}({n}, 0.1, {warm}, 0.01)"):  # fmt: skip
        schedule = lrdsl.parse(text)
        scheduler = json.loads(schedule.export("deepspeed", base=base))["scheduler"]
        theirs = [systems.deepspeed(scheduler["type"], scheduler["params"], base, t) for t in range(TICKS)]
        assert schedule.values(TICKS, base=base).tolist() == pytest.approx(theirs, abs=1e-13), (text, scheduler)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("step", "step(30)"),
        ("multistep", "multistep([30, 60], 0.5)"),
        ("linear_decay", "linear(80, to=0.1x)"),
        ("exponential_decay", "exp(0.9, per=10)"),
        ("cosine_decay", "cosine(80, to=0.1x)"),
        ("polynomial_decay", "poly(80, 2, to=0.1x)"),
        ("constant_with_warmup", "warmup(10) then hold"),
        ("cosine_with_warmup", "warmup(10) then cosine(70, to=0.1x)"),
        ("linear_decay_with_warmup", "warmup(10) then linear(70)"),
        ("polynomial_decay_with_warmup", "warmup(10) then poly(70, 2)"),
        ("multistep_with_warmup", "composer.multi_step_with_warmup(10, [30, 60])"),
        ("inv_sqrt_with_warmup", "composer.inverse_square_root_with_warmup(10, 20, 30, 80)"),
    ],
)
def test_composer(kind: str, text: str) -> None:
    schedule = lrdsl.parse(text, total_steps=80)
    written = schedule.export("composer", base=0.1)
    settings = yaml.safe_load(written)
    section = {"gamma": 0.1, "power": 2, **{name: v for name, v in settings["scheduler"].items() if name not in ("name", "_target_")}}
    assert settings["max_duration"] == "80ba"
    theirs = [systems.composer(kind, section, 0.1, 80, 10, t) for t in range(80)]
    assert schedule.values(80, base=0.1).tolist() == pytest.approx(theirs, abs=1e-15)
    (reading,) = readings(written, "train.yaml")
    assert reading.schedule().values(80, base=0.1).tolist() == pytest.approx(theirs, abs=1e-15)


@given(st.integers(3, 30), st.integers(31, 60), st.sampled_from(["0", "0.1x", "0.25x"]), bases)
@examples(16)
def test_drawn_schedules_of_composer(w: int, n: int, low: str, base: float) -> None:
    for kind, text in (
        ("constant", "hold"),
        ("constant", f"hold({n}, at=0.5x) then restart hold"),
        ("step", f"step({w}, 0.5)"),
        ("multistep", f"multistep([{w}, {n}], 0.3)"),
        ("linear_decay", f"linear({n}, to={low})"),
        ("linear_decay", f"linear({n}, to={low}, from=0.5x)"),
        ("exponential_decay", "exp(0.9)"),
        ("exponential_decay", f"exp(0.9, per={w})"),
        ("cosine_decay", f"cosine({n}, to={low})"),
        ("cosine_warmrestart", f"restarts(cosine({w}, to={low}))"),
        ("cosine_warmrestart", f"restarts(cosine({w}, to={low}), stretch=2, cut=chain)"),
        ("polynomial_decay", f"poly({n}, 1.5, to={low})"),
        ("constant_with_warmup", f"warmup({w}) then hold"),
        ("linear_decay_with_warmup", f"warmup({w}) then linear({80 - w}, to={low})"),
        ("cosine_with_warmup", f"warmup({w}) then cosine({80 - w}, to={low})"),
        ("polynomial_decay_with_warmup", f"warmup({w}) then poly({80 - w}, 3, to={low})"),
        ("multistep_with_warmup", f"composer.multi_step_with_warmup({w}, [{w + 5}, 70])"),
        ("inv_sqrt_with_warmup", f"composer.inverse_square_root_with_warmup({w}, {n}, 15, 80, 0.1, 0.05)"),
        ("inv_sqrt_with_warmup", f"composer.inverse_square_root_with_warmup({w}, {n}, 15, 80)"),
    ):
        schedule = lrdsl.parse(text, total_steps=80)
        written = yaml.safe_load(schedule.export("composer", base=base))["scheduler"]
        named = {name for name, it in COMPOSER.items() if it == written.get("_target_", "").rpartition(".")[2]}
        assert kind in (named or {written["name"]})
        settings = {"gamma": 0.1, "power": 2, **{name: v for name, v in written.items() if name not in ("name", "_target_")}}
        low_at_start = settings.pop("alpha_i", 1.0)
        theirs = [systems.composer(kind, settings, base, 80, 10, t) for t in range(80)]
        if low_at_start != 1:  # of a line, from there to its end
            theirs = [level + (low_at_start - 1) * base * max(1 - t / n, 0) for t, level in enumerate(theirs)]
        assert schedule.values(80, base=base).tolist() == pytest.approx(theirs, abs=1e-13), (text, written)


def test_every_kind_of_composer_is_drawn() -> None:
    text = inspect.getsource(test_drawn_schedules_of_composer)
    assert {entry.name for entry in dialect("composer").entries} == {it for name, it in COMPOSER.items() if f'"{name}"' in text}


@given(st.integers(2, 30), st.integers(2, 30), st.sampled_from([0, 4]), st.sampled_from([0, 0.25]), bases)
@examples(24)
def test_cycles_and_range_tests_of_deepspeed(first: int, second: int, per: int, rate: float, base: float) -> None:
    for text in (f"deepspeed.one_cycle(1e-3, {base}, {rate}, {first}, {second}, {per})", f"deepspeed.one_cycle(0, {base}, {rate}, {first}, {first}, {per})",
                 f"deepspeed.lr_range_test({base}, {first}, {rate})", f"deepspeed.lr_range_test_staircase({base}, {first}, {rate})"):  # fmt: skip
        schedule = lrdsl.parse(text)
        scheduler = json.loads(schedule.export("deepspeed"))["scheduler"]
        assert scheduler["params"].pop("cycle_momentum", False) is False
        params = {**DEFAULTS[scheduler["type"]], **scheduler["params"]}
        theirs = [systems.deepspeed(scheduler["type"], params, base, t) for t in range(TICKS)]
        assert schedule.values(TICKS, base=base).tolist() == pytest.approx(theirs, abs=1e-13), (text, scheduler)


#: The defaults of deepspeed/runtime/lr_schedules.py.
DEFAULTS: dict[str, dict[str, Any]] = {
    "OneCycle": {"cycle_first_step_size": 2000},
    "LRRangeTest": {"lr_range_test_min_lr": 1e-3, "lr_range_test_step_size": 2000, "lr_range_test_step_rate": 1.0},
}


@given(
    st.sampled_from([0.1, 0.5]), st.integers(0, 9), st.sampled_from(["min", "max"]), st.sampled_from(["rel", "abs"]), st.sampled_from([0, 1e-3]),
    st.integers(0, 4), st.sampled_from([0, 1e-4]),
)  # fmt: skip
@examples(24)
def test_plateaus(factor: float, patience: int, mode: str, kind: str, threshold: float, cooldown: int, low: float) -> None:
    """The classes that are built from what is written have the rates of our scheduler, for a metric that goes up and down."""
    options = f"mode={mode}, threshold_mode={kind}, threshold={threshold}, cooldown={cooldown}, min={low}"
    schedule = lrdsl.parse(f"plateau({factor}, {patience}, {options})", tick="epoch")
    scope: dict[str, Any] = {}
    exec(schedule.export("torch"), scope)
    trainer = json.loads(schedule.export("transformers"))
    (of_mmengine,) = readings(schedule.export("mmengine"), "config.py")
    assert of_mmengine.schedule() == schedule
    arguments = lrdsl.parse(f"plateau({factor}, {patience}, mode={mode}, min={low})", tick="epoch")
    (of_timm,) = readings(arguments.export("timm", base=0.1), "args.yaml")
    assert of_timm.schedule() == arguments
    makers = [
        scope["make_scheduler"],
        lambda o: optimization.get_scheduler(trainer["lr_scheduler_type"], o, scheduler_specific_kwargs=trainer.get("lr_scheduler_kwargs")),
    ]
    ours = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    mine = lrdsl.compile(schedule, ours)
    theirs = [torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1) for _ in makers]
    schedulers = [make(o) for make, o in zip(makers, theirs, strict=True)]
    for loss in (1, 0.9, 0.91, 0.92, 0.93, 0.95, 0.9, 0.95, 0.9995, 1, 1, 1, 1, 1.1, 1, 1, 1, 1, 1, 1, 1):
        ours.step()
        mine.step(loss)
        for scheduler, o in zip(schedulers, theirs, strict=True):
            scheduler.step(loss)
            assert o.param_groups[0]["lr"] == ours.param_groups[0]["lr"]


@pytest.mark.parametrize(
    ("to", "text", "options", "message", "help"),
    [
        ("timm", "timm.cosine(10) then linear(7)", {}, "`linear(n=7)` does not fit", "CosineLRScheduler"),
        ("timm", "plateau(0.5, 3, threshold=1e-3, mode=max)", {}, "no argument for `threshold`", "timm.scheduler.PlateauLRScheduler"),
        ("timm", "timm.tanh(30)", {}, "first epoch at the base", "timm.cosine"),
        ("mmengine", "warmup(10) then cosine(9)", {}, "`warmup(n=10)`: LinearLR has factors above 0", "from=0.001x"),
        ("mmengine", "hold(3, at=0.1x) then cosine(9)", {}, "ConstantLR ends at the base", "restart"),
        ("mmengine", "cosine(9) then restart cosine(9)", {}, "goes on from the level", "end at the base"),
        ("mmengine", "poly(9, to=0.1x)", {}, "absolute level", "base=0.1"),
        ("mmengine", "cosine(9.5)", {}, "whole numbers of steps", "whole number"),
        ("mmengine", "lr = cosine(9); momentum = hold", {}, "the rate alone", "target"),
        ("mmengine", "plateau()", {}, "by epochs", 'tick="epoch"'),
        ("composer", "warmup(10) then cosine(9) then linear(5, to=0.1x)", {}, "does not fit", "CosineAnnealingWithWarmupScheduler"),
        ("composer", "set tick = epoch; lr = cosine(9)", {}, "at each batch", "in steps"),
        ("composer", "warmup(10) then cosine(9)", {"total_steps": 100}, "`t_max` of 19 batches", "lrdsl.compile"),
        ("composer", "multistep([1.5, 3])", {}, "whole ones", "whole number"),
    ],
)
def test_what_cannot_be_said_names_the_part_and_the_nearest_way(to: str, text: str, options: dict[str, Any], message: str, help: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as error:
        lrdsl.parse(text, **options).export(to)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "LR155"
    assert message in diagnostic.message, diagnostic.message
    assert help in diagnostic.help, diagnostic.help
