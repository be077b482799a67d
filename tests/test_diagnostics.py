"""Tests of the diagnostics for wrong texts. The fixture shows each one as users see it; `python -m tests.test_diagnostics` writes it."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import lrdsl
from lrdsl.diagnostics import CODES, Diagnostic, Span, did_you_mean, render
from lrdsl.shapes import SHAPES
from tests.counting import work

PAGE = Path(__file__).parent / "fixtures" / "diagnostics.txt"
RUN = {"total_steps": 1000}
EPOCHS = {"steps_per_epoch": 100, "total_epochs": 90}

#: The settings of a run in which the batch changes.
GROWS = "set batch_size = hold(100, at=1) then hold(at=2)\nset total = 10k\n"

#: Wrong texts, each with the options of `lint`.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("cosine(20) then hold(3)@", {}),
    ("step(3, 0.1)\0 then cosine(20)", {}),
    ("с\u043esine(20)", {}),
    ("cosine（20）", {}),
    ("step(3, 0.1); cosine(20)", {}),
    ("step(3, 0.1) cosine(20)", {}),
    ("step(3 0.1) then cosine(20)", {}),
    ("step(3 gamma=0.5)", {}),
    ("warmup(5) then 0.1 cosine(20)", {}),
    ("0.1 x cosine(20)", {}),
    ("5ep cosine(20)", {"steps_per_epoch": 10}),
    ("step(3, 0.1) than cosine(20)", {}),
    ("step(3, 0.1), cosine(20)", {}),
    ("step(3, 0.1) -> cosine(20)", {}),
    ("step(3, 0.1) to cosine(20)", {}),
    ("step(3, 0.1) followed by cosine(20)", {}),
    ("cosine(20) to 0.1x", {}),
    ("cosine 20", {}),
    ("cosine 20ep", EPOCHS),
    ("hold(10,000)", {}),
    ("hold(007)", {}),
    ("scale(t**2)", {}),
    ("step(3, 0.1) then", {}),
    ("then cosine(20)", {}),
    ("cosine(20", {}),
    ("cosine(20))", {}),
    ("multistep([30, 60)", {}),
    ("", {}),
    ("# only a comment", {}),
    ("hold(" + "1" * 60 + ")", {}),
    ("exp(9e999)", {}),
    ("(" * 200, {}),
    (" then ".join(["hold(1)"] * 501), {}),
    ("x" * 100_001, {}),
    ("repeat(max(exp(0.9), 0.1) for 3, times=900)", {}),
    ("cosin(20)", {}),
    ("CosineAnnealingLR(20)", {}),
    ("warm_restarts(10)", {}),
    ("hf.linear(10)", {}),
    ("wsd(10, 0.1x, 20)", {}),
    ("wibble(20)", {}),
    ("cosine(20, too=0.1)", {}),
    ("cosine(20, eta_min=0.1)", {}),
    ("cosine(remaining)", RUN),
    ("cosine(20, banana=0.1)", {}),
    ("cosine(n)", {}),
    ("cosine(2 * tota)", RUN),
    ("scale(1/x)", {}),
    ("hold(t)", {}),
    ("cosine(20 epoks)", EPOCHS),
    ("cosine(20 minutes)", EPOCHS),
    ("cosine(20km)", {}),
    ("warmup(5, shape=cos)", {}),
    ("cyclic(0, 1x, 5, mode=saw)", {}),
    ("cosine()", {}),
    ("exp()", {}),
    ("min(cosine(20))", {}),
    ("stretch(cosine(20))", {}),
    ("scale(sqrt())", {}),
    ("exp(0.9, 0.1, 3, 4)", {}),
    ("cosine(20, n=30)", {}),
    ("cosine(n=20, 0.1)", {}),
    ("cosine(0.1x)", {}),
    ("cosine(20, to=5ep)", EPOCHS),
    ("exp(0.5x)", {}),
    ("cosine([10, 20])", {}),
    ("0.1", {}),
    ("hold(5) then 0.1x", {}),
    ("sqrt(t)", {}),
    ("hold(5) then sqrt(10)", {}),
    ("cosine(hold(3))", {}),
    ("cosine(20) + cosine(30)", {}),
    ("-cosine(20)", {}),
    ("hold(2 steps + 0.1x)", {}),
    ("scale(log(5 steps))", {}),
    ("cosine(20) * hold(at=0.1)", {}),
    ("cosine(5ep)", {}),
    ("warmup(5%) then cosine(rest)", {}),
    ("cosine(1.5B tokens)", {}),
    ("cosine(3M samples)", {}),
    ("repeat(cosine(rest), times=2)", RUN),
    ("hold(rest) then cosine(rest)", RUN),
    ("cosine(1ep)", {"steps_per_epoch": 100, "total_epochs": 90, "total_steps": 8000}),
    ("step(0, .1)", {}),
    ("cosine(-3)", {}),
    ("step(3, -0.1)", {}),
    ("onecycle(10, pct=1.5)", {}),
    ("onecycle(10, pct=0.6, three_phase=yes)", {}),
    ("exp(100, to=0)", {}),
    ("warmup(100, shape=exp)", {}),
    ("cosine(1e13)", {}),
    ("hold(5) for -3", {}),
    ("repeat(hold(1), times=1e9)", {}),
    ("repeat(hold(1), times=2.5)", {}),
    ("multistep([60, 30])", {}),
    ("multistep([30, 60], [0.1, 0.2, 0.3])", {}),
    ("warmup(30) then hold until 20", {}),
    ("repeat(hold until 20)", {}),
    ("hold until rest", RUN),
    ("hold until for -3", {}),
    ("repeat(multistep([5], since=run))", {}),
    ("hold(at=(3 at 5))", {}),
    ("hold(at=(plateau at 5))", {}),
    ("hold(at=(cosine(5) at -1))", {}),
    ("warmup(5, shape=cosine, power=2)", {}),
    ("cosine(20, touches=begin)", {}),
    ("clip(cosine(20))", {}),
    ("hold until 3 < 5", {}),
    ("hold until loss == 0.3", {}),
    ("hold until val/loss < 0.3 then cosine(5)", {}),
    ("hold until loss then cosine(5)", {}),
    ("hold until loss = 0.3 then cosine(5)", {}),
    ("plateau(metric=val/acc, mode=max)", {}),
    ('plateau(metric="")', {}),
    ("hold(5) then sqrt(10, to=0.1x)", {}),
    ("exp(-0.5) * cosine(8)", {}),
    ('lr = "cosine(10)"', {}),
    ("lr = hold, momentum = linear(5, from=0.85, to=0.95)", {}),
    ("lr = hold; lr['head'] = 0.1 * lr", {}),
    ("lr = hold; lr[head] = 0.1 * lr", {}),
    ("plateau(metric=\u2018val/loss\u2019)", {}),
    ("'cosine(20)'", {}),
    ("warmup(10), then cosine(20)", {}),
    ("warmup(10) and then cosine(20)", {}),
    ("warmup(10, shape=exponential)", {}),
    ("lr = hold(at=momentum at 3)\nmomentum = hold", {}),
    ("let w = 2 - 7\nlr = warmup(w) then hold", {}),
    ("hold until a < b", {}),
    ("hold until cosine(5)", {}),
    ("hold until loss < 0.1x", {}),
    ("hold until loss < 0.3 and acc > 0.5", {}),
    ("hold until plateau(5, factor=0.1)", {}),
    ("hold untill loss < 0.3", {}),
    ("plateau(factor=1)", {}),
    ("plateau(metric=3)", {}),
    ('hold(at="a")', {}),
    ("repeat(plateau(patience=3) for 10)", {}),
    ("cosine(20) * plateau", {}),
    ("lr = plateau\nassert max(lr) <= 1x", {}),
    ("cosine(rest) then hold until loss < 0.3 then linear(5)", RUN),
    ("cosine(20) until loss < 0.3 then exp(10, to=0.01x)", {}),
    ("plateau then cosine(20)", {}),
    ("exp(0.95) then cosine(20)", {}),
    ("hold then cosine(20)", {}),
    ("repeat(exp(0.9))", {}),
    ("repeat(drop(0.1))", {}),
    ("restarts(cosine(10), stretch=0.5)", {}),
    ("restarts(hold(3), fixed=3, stretch=2)", {}),
    ("repeat(max(exp(0.9), 0.1) for 3)", {}),
    ("step(0.1, 30)", {}),
    ("step(gamma=30, n=0.1)", {}),
    ("warmup(5) then step(30, 10)", {}),
    ("restarts(cosine(10), decay=2)", {}),
    ("exp(1.1)", {}),
    ("scale(1/(t - 50))", {}),
    ("hold / 0", {}),
    ("cosin(20) then step(0) then hold(3, att=1) then exp(0.9) then cosine(5ep)", {}),
    ("hold(3)\nhold(4)", {}),
    ("lr = hold; lr = cosine(5)", {}),
    ("5 * lr = hold", {}),
    ("betas = hold(at=0.9)", {}),
    ("set wibble = 3\nlr = hold", {}),
    ("set epoch = 0 steps\nlr = hold", {}),
    ("set total = 90ep\nset epoch = 10\nlr = cosine(rest)", {"total_steps": 1000}),
    ("set tick = hour\nlr = hold", {}),
    ("set batch_size = linear(10k, from=32, to=1024)\nlr = hold", {}),
    ("set batch_size = hold(3, at=2) then cosine(10)\nlr = hold", {}),
    ("set tokens_per_step = hold(10k) then hold(at=8M)\nlr = hold", {}),
    ("set batch_size = hold(at=sqrt(2))\nlr = hold", {}),
    ("set batch_size = hold(5, at=1) then hold(at=0)\nlr = hold", {}),
    ("set batch_size = repeat(hold(3, at=1) then hold(3, at=2))\nlr = hold", {}),
    ("set batch_size = hold(at=1024) then hold(at=2048)\nlr = cosine(1B samples)", {}),
    ("set batch_size = hold(at=1) until loss < 3 then hold(at=2)\nlr = hold", {}),
    ("set batch_size = hold(rest, at=1) then hold(1k samples, at=2)\nlr = hold", RUN),
    ("set batch_size = repeat(hold(3 samples, at=1) then hold(3, at=2), times=4)\nlr = hold", {}),
    ("set batch_size = hold(5, at=1) then hold(at=2)\nlr = hold", {"batch_size": 512}),
    *(
        (f"{GROWS}lr = {lr}", {})
        for lr in (
            "repeat(cosine(1k samples))",
            "step(1k samples)",
            "exp(0.5, per=1k samples)",
            "every(1k samples, cosine(100))",
            "skip(1k samples, cosine(5k))",
            "hold until loss < 3 then cosine(1k samples)",
            "cosine(total - 1k samples)",
            "cosine(5 + 1k samples)",
            "hold(rest) then cosine(5) until 90%",
            "hold until 5 samples then hold until 4 samples",
        )
    ),
    ("set batch_size = hold(5, at=1) then hold(at=2)\nset epoch = 10k samples\nlr = cosine(3ep)", {}),
    ("let cosine = 3\nlr = hold", {}),
    ("let w = 3\nlet w = 4\nlr = hold(w)", {}),
    ("let w = 3", {}),
    ("let w = hold(3)\nlr = cosine(w)", {}),
    ("def f(a, b=2) = hold(a) then hold(b)\nlr = f()", {}),
    ("def f(a, b=2) = hold(a) then hold(b)\nlr = f(1, 2, 3)", {}),
    ("def f(a, b=2) = hold(a) then hold(b)\nlr = f(1, c=3)", {}),
    ("def f(a) = f(a)\nlr = f(1)", {}),
    ("def f(a) = cosine(a, to=0.1x)\nlr = f(0.1x)", {}),
    ("lr = lrr * 0.1", {}),
    ('lr["head"] = 0.1 * lr', {}),
    ('lr["blocks.{k}.{k}"] = 0.75^k * hold', {}),
    ('lr["blocks.{}"] = hold', {}),
    ('let k = 3; lr["blocks.{k}"] = hold', {}),
    ('lr["blocks.{k}", "head"] = 0.75^k * hold', {}),
    ('lr["blocks.{k}"] = hold; lr = 0.5 * lr["blocks.{k}"]', {}),
    ('lr["head", "head"] = hold', {}),
    ("clip = hold(at=1)", {}),
    ('"betas[0]" = hold', {}),
    ("\n".join(["let a0 = hold(1)", *(f"let a{i + 1} = a{i} then a{i}" for i in range(40)), "lr = a40"]), {}),
    ('use "common.lrs"\nlr = hold', {}),
    ("lr = linear(10)\nassert max(lr) <= 0.5x", {}),
    ("lr = step(3) for 9\nassert continuous(lr)", {}),
    ("lr = warmup(3) then linear(9)\nassert monotone(lr)", {}),
    ("lr = linear(10)\nassert lr at 10 > 0", {}),
    ("lr = exp(0.9)\nassert lr > 0", {}),
    ("lr = linear(10)\nassert lr", {}),
    ("lr = rsqrt(10)\nassert lr > 0.001x", {}),
    ("lr = exp(0.9)\nassert total(lr) < 10x", {}),
    ("lr = linear(10)\nassert continuous(lr) == 1", {}),
    ("warmup(5)  # rise\nthen cosine(20, two=0)  # fall\nthen hold(3)", {}),
]


class Optimizer(SimpleNamespace):
    """Returns an object with param groups."""


def _host() -> list[Exception]:
    """Wrong arguments of the calling program, with the call that gets them."""
    made = lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": 0.1}]))
    other = lrdsl.compile("cosine(30)", Optimizer(param_groups=[{"lr": 0.1}]))
    groups = lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": 0.1}, {"lr": 0.2}]))
    driven = lrdsl.compile("hold until val_loss < 0.3 then plateau(metric=acc)", Optimizer(param_groups=[{"lr": 0.1}]))
    rising = lrdsl.compile("warmup(5)", Optimizer(param_groups=[{"lr": 0.1}]))
    rising.optimizer.param_groups[0]["lr"] = 0.3
    attempts = [
        lambda: other.load_state_dict(made.state_dict()),
        lambda: groups.load_state_dict(made.state_dict()),
        lambda: made.load_state_dict({"last_epoch": 3}),
        lambda: made.load_state_dict({"last_epoch": 3, "base_lrs": [0.1], "_step_count": 4}),
        lambda: lrdsl.compile("cosine(rest)", Optimizer(param_groups=[{"lr": 0.1}]), total_steps=60).load_state_dict(
            lrdsl.compile("cosine(rest)", Optimizer(param_groups=[{"lr": 0.1}]), total_steps=40).state_dict()
        ),
        lambda: lrdsl.compile("warmup(w)", Optimizer(param_groups=[{"lr": 0.1}]), names={"w": 7}).load_state_dict(
            lrdsl.compile("warmup(w)", Optimizer(param_groups=[{"lr": 0.1}]), names={"w": 5}).state_dict()
        ),
        lambda: lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": 0.1}]), last_epoch=5),
        lambda: lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": 0.1}]), bases="old"),
        lambda: made.replan("linear(rest)", total_steps=0),
        lambda: made.replan("linear(rest)", total_steps=100, total_epochs=5),
        lambda: _replanned(100).replan("linear(rest)", total_steps=50),
        lambda: lrdsl.compile("cosine(20)", Optimizer(param_groups=[])),
        lambda: lrdsl.parse("cosine(20)").at(-1),
        lambda: lrdsl.parse("cosine(20)").at(3, base=float("nan")),
        lambda: lrdsl.parse("cosine(20)", total_steps=0),
        lambda: lrdsl.parse("cosine(w)", names={"w": float("inf")}),
        lambda: lrdsl.parse("cosine(20)", tick="hour"),
        lambda: lrdsl.parse("lr = cosine(20)").values(3, target="momentum"),
        lambda: lrdsl.compile("momentum = hold", Optimizer(param_groups=[{"lr": 0.1, "betas": (0.9, 0.999)}])),
        lambda: lrdsl.compile("betas[2] = hold", Optimizer(param_groups=[{"lr": 0.1, "betas": (0.9, 0.999)}])),
        lambda: lrdsl.compile('lr = hold; lr["head"] = hold', Optimizer(param_groups=[{"lr": 0.1, "name": "body"}])),
        lambda: lrdsl.compile("lr = hold; lr[3] = hold", Optimizer(param_groups=[{"lr": 0.1}])),
        lambda: lrdsl.compile('lr["{k}"] = 0.75^k * hold', Optimizer(param_groups=[{"lr": 0.1, "name": "body"}])),
        lambda: lrdsl.compile('lr["{k}"] = hold(at=1x/(k - 3))', Optimizer(param_groups=[{"lr": 0.1, "name": "3"}])),
        lambda: lrdsl.parse('lr["{k}"] = 0.75^k * hold').at(0, target='lr["{k}"]'),
        lambda: lrdsl.compile("lr = hold; ema = hold", Optimizer(param_groups=[{"lr": 0.1}]), values=("emma",)),
        lambda: lrdsl.compile("lr = hold; ema = hold", Optimizer(param_groups=[{"lr": 0.1}]), values=("ema",))["emma"],
        lambda: lrdsl.compile("cosine(20)", []),
        lambda: lrdsl.compile("cosine(20)", [Optimizer(param_groups=[{"lr": 0.1, "name": "body"}]), Optimizer(param_groups=[{"lr": 0.1, "name": "body"}])]),
        lambda: driven.step(0.31),
        lambda: driven.step(val_loss="low"),
        lambda: driven.report(**{"val_loss": 0.3, "acc": [0.5]}),
        lambda: made.step(5),
        lambda: made.step(epoch=5),
        lambda: made.step("low"),
        lambda: lrdsl.parse("cosine(20)").supposing(5),
        lambda: driven.load_state_dict(driven.state_dict() | {"watches": [["val_loss < 0.3", 0, ["soon"], None, 0, 0]]}),
        lambda: driven.load_state_dict(driven.state_dict() | {"reports": [["val_loss", "low"]]}),
        lambda: made.load_state_dict(made.state_dict() | {"replans": [5]}),
        lambda: lrdsl.parse("cosine(20)").at(10**400),
        lambda: lrdsl.parse("cosine(20)").values("x"),
        lambda: lrdsl.parse("cosine(20)").values(10**12),
        lambda: lrdsl.parse("cosine(w)", names=[1]),
        lambda: lrdsl.parse("cumprod(0.9 + 0.1*t/(t + 5))").at(10**8),
        lambda: lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": "1e-3"}])),
        lambda: lrdsl.compile("cosine(20)", torch.optim.SGD([torch.ones(1)], lr=torch.tensor(1))),
        lambda: lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": torch.tensor(0.1).to(torch.float8_e4m3fn)}])),
        lambda: _replanned(100).at(3),
        lambda: setattr(made, "base_lrs", [0.1, 0.2]),
        lambda: made.base_lrs.append(0.2),
        lambda: rising.rebase(),
        lambda: rising.rebase(group=1),
        lambda: lrdsl.compile("cosine(20)", Optimizer(param_groups=[{"lr": 0.1}]), wait_for_optimizer=True),
        lambda: _chained().step(),
        lambda: lrdsl.read("StepLR(optimizer, **options)"),
        lambda: lrdsl.read("LambdaLR(optimizer, make(3))"),
        lambda: lrdsl.read("StepLR(a, 3); StepLR(b, 4)"),
        lambda: lrdsl.read(5),
        lambda: lrdsl.parse("warmup(5) then hold until val_loss < 0.3 then linear(10)").export("torch"),
        lambda: lrdsl.parse("warmup(5) then plateau(patience=3)").export("optax"),
        lambda: lrdsl.parse("lr = cosine(20)\nmomentum = linear(20, from=0.85, to=0.95)").export("torch"),
        lambda: lrdsl.parse('lr["blocks.{k}.*"] = 0.9^(12 - k) * cosine(20)').export("torch"),
        lambda: lrdsl.parse("warmup(5) then cumprod(1 - 1/(t + 2)^2)").export("optax"),
        lambda: lrdsl.parse("cosine(20)").export("tensorflow"),
    ]
    found: list[Exception] = []
    for attempt in attempts:
        with pytest.raises(lrdsl.ScheduleError) as caught:
            attempt()
        found.append(caught.value)
    return found


def _chained() -> Any:
    """Returns a chain of torch's of two schedulers of one value."""
    optimizer = torch.optim.SGD([torch.ones(1)], lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lrdsl.ScheduleWarning)
        parts = [lrdsl.compile(text, optimizer) for text in ("warmup(5) then hold", "cosine(20)")]
    optimizer.step()
    return torch.optim.lr_scheduler.ChainedScheduler(parts)


def _replanned(times: int) -> lrdsl.Scheduler:
    """Returns a scheduler that is replanned at each of its first ticks."""
    made = lrdsl.compile("linear(200)", Optimizer(param_groups=[{"lr": 1.0}]))
    for _ in range(times):
        made.step()
        made.replan("linear(200)")
    return made


def page() -> str:
    """Returns the text of the fixture: the errors of all wrong texts and calls."""
    blocks = []
    for text, options in WRONG:
        with pytest.raises(lrdsl.ScheduleError) as caught:
            lrdsl.parse(text, **options)
        blocks.append(str(caught.value).lstrip("\n"))
    blocks += [str(error).lstrip("\n") for error in _host()]
    return "\n\n".join(blocks) + "\n"


def test_the_page_is_up_to_date() -> None:
    assert page() == PAGE.read_text("utf-8")


def test_every_code_is_on_the_page() -> None:
    shown = {code for code in CODES if f"[{code}]" in PAGE.read_text("utf-8")}
    assert shown == set(CODES)


@pytest.mark.parametrize(("text", "options"), WRONG, ids=range(len(WRONG)))
def test_spans_lie_in_the_text(text: str, options: dict[str, Any]) -> None:
    for d in lrdsl.lint(text, **options):
        assert 0 <= d.span.start.offset <= d.span.end.offset <= len(text)
        assert json.loads(json.dumps(d.to_json()))["code"] == d.code
        before = text[: d.span.start.offset]
        assert d.span.start.line == before.count("\n") + 1
        assert d.span.start.column == len(before) - before.rfind("\n")


@pytest.mark.parametrize(("text", "options"), WRONG, ids=range(len(WRONG)))
def test_a_fix_removes_its_problem(text: str, options: dict[str, Any]) -> None:
    """A fix removes its problem: fewer problems are left, or others further on."""
    for d in lrdsl.lint(text, **options):
        if d.fix is None:
            continue
        mended = text[: d.fix.start] + d.fix.replacement + text[d.fix.end :]
        left = [(x.code, x.message) for x in lrdsl.lint(mended, **options)]
        assert (d.code, d.message) not in left or len(left) < len(lrdsl.lint(text, **options)), (text, mended)


def test_every_problem_is_reported_at_once() -> None:
    codes = [d.code for d in lrdsl.lint("cosin(20) then step(0) then hold(3, att=1) then exp(0.9) then cosine(5ep)")]
    assert codes == ["LR101", "LR131", "LR102", "LR141", "LR121"]


def test_errors_survive_pickling() -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.parse("cosin(20)")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.diagnostics == caught.value.diagnostics
    assert isinstance(again, ValueError)


def test_wide_characters_keep_the_caret_under_its_text() -> None:
    problem = Diagnostic("LR101", "error", "unknown", "help", Span.of("日本 hld", 3, 6))
    assert render([problem], "日本 hld").split("\n")[3:5] == ["1 | 日本 hld", "  |      ^^^"]


def test_long_lines_are_cut_around_the_problem() -> None:
    text = "hold(1) then " * 30 + "hld(1)" + " then hold(1)" * 30
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.parse(text)
    lines = str(caught.value).split("\n")
    body, caret = lines[4], lines[5]
    assert len(body) < 120
    assert body[caret.index("^") : caret.rindex("^") + 1] == "hld"


def test_did_you_mean_ignores_case_and_look_alikes() -> None:
    assert did_you_mean("Cosine", ["cosine", "linear"]) == "cosine"
    assert did_you_mean("ｃosine", ["cosine", "linear"]) == "cosine"
    assert did_you_mean("zzz", ["cosine", "linear"]) is None


@pytest.mark.parametrize("length", [60, 28, 12])
def test_suggestions_for_many_names_that_are_alike_are_little_work(length: int) -> None:
    name = "ab" * (length // 2)
    lets = "\n".join(f"let {name}{i} = 3" for i in range(120))
    text = f"{lets}\nlr = " + " then ".join(f"hold({name[:-1]}{i}x)" for i in range(120))
    assert work(lambda: lrdsl.lint(text)) < 3_000_000


def test_did_you_mean_compares_few_of_many() -> None:
    """Also outside of any budget, as for the keys of param groups."""
    names = [f"{'ab' * 18}{i}" for i in range(5000)]
    few, many = work(lambda: did_you_mean("ba" * 19, names[:50])), work(lambda: did_you_mean("ba" * 19, names))
    assert many - few < 100 * len(names)  # to go over the names once, their letters included
    assert did_you_mean("a" * 50, ["a" * 51]) is None


def test_did_you_mean_finds_the_nearest_of_many() -> None:
    names = [*SHAPES, *(f"layer_{i}" for i in range(500)), "warmup_steps", "decay_steps", "peak_lr", "min_lr"]
    for word, wanted in {
        "cosne": "cosine",
        "wrmup": "warmup",
        "warmup_step": "warmup_steps",
        "peek_lr": "peak_lr",
        "mulistep": "multistep",
        "plataeu": "plateau",
    }.items():
        assert did_you_mean(word, names) == wanted


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
