"""Schedulers in source code: what each call comes to, with constants, options and defaults; functions of the step; and what is left open."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects.code import calls as calls_module
from lrdsl.dialects.code.calls import Call, calls
from lrdsl.dialects.signs import may_have
from lrdsl.dialects.simplifying import text_of
from lrdsl.dialects.sources import readings
from tests.drawing import examples

TORCH = "from torch.optim.lr_scheduler import *\n"


def only(source: str) -> Call:
    [call] = calls(source)
    return call


def text(source: str) -> str:
    call = only(source)
    assert call.written is not None, call.problem
    return text_of(call.written)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import torch\ns = torch.optim.lr_scheduler.StepLR(opt, 30)", "step(30)"),
        ("import torch.optim as optim\ns = optim.lr_scheduler.StepLR(opt, step_size=30, gamma=0.5)", "step(30, 0.5)"),
        ("from torch.optim import lr_scheduler as L\ns = L.ExponentialLR(opt, 1 - 0.1)", "exp(0.9)"),
        ("from torch.optim.lr_scheduler import StepLR as S\ns = S(opt, 3 * 10)", "step(30)"),
        (TORCH + "n = 30\ns = StepLR(opt, n)", "step(30)"),
        (TORCH + "n = 30\nn = 40\ns = StepLR(opt, n)", "step(n)"),
        (TORCH + "for n in range(3):\n    s = StepLR(opt, n)", "step(n)"),
        (TORCH + "class A:\n    def f(self):\n        self.n = 3\n        self.n += 1\n        s = StepLR(opt, self.n)", "step(n)"),
        (TORCH + "class A:\n    def f(self):\n        self.n = 3\n        s = StepLR(opt, self.n)", "step(3)"),
        (TORCH + "s = StepLR(opt, 30, verbose=True)", "step(30)"),
        (TORCH + "def f(n=30):\n    return StepLR(opt, n)", "step(30)"),
        (TORCH + "def f(n):\n    return StepLR(opt, n)", "step(n)"),
        (TORCH + "p.add_argument('--lr-step', type=int, default=30)\ns = StepLR(opt, args.lr_step)", "step(30)"),
        (TORCH + "@dataclass\nclass C:\n    every: int = 30\ns = StepLR(opt, cfg.every)", "step(30)"),
        (TORCH + "@dataclass\nclass C:\n    every: int = field(default=30)\ns = StepLR(opt, cfg.every)", "step(30)"),
        (TORCH + "s = StepLR(opt, cfg['train']['every'])", "step(every_)"),
        (TORCH + "s = StepLR(opt, a.n + b.n)", "step(n + n_2)"),
        (TORCH + "s = CosineAnnealingLR(opt, epochs * len(loader))", "bounce(cosine(epochs * len_loader))"),
        (TORCH + "s = MultiStepLR(opt, [int(e * 0.5), 75])", "multistep([floor(e * 0.5), 75])"),
        (TORCH + "at = [30, 60]\ns = MultiStepLR(opt, milestones=at)", "multistep([30, 60])"),
        (
            TORCH + "w = LinearLR(opt, 0.1, total_iters=5)\nc = CosineAnnealingLR(opt, 95)\ns = SequentialLR(opt, [w, c], [5])",
            "warmup(5, from=0.1x) then bounce(cosine(95))",
        ),
        (TORCH + "self.w = LinearLR(opt, 0.1, total_iters=w)\ns = SequentialLR(opt, [self.w, StepLR(opt, 3)], [w])", "warmup(w, from=0.1x) then step(3)"),
        (TORCH + "s = ReduceLROnPlateau(opt, 'max', patience=3)", "plateau(patience=3, mode=max)"),
        (TORCH + "s = StepLR(opt, hold)", "step(hold_)"),
        (TORCH + "s = StepLR(opt, total)", "step(total_)"),
        (TORCH + "s = StepLR(opt, n // 3)", "step(floor(n / 3))"),
        (TORCH + "s = StepLR(opt, max(1, n))", "step(max(1, n))"),
        (TORCH + "s = StepLR(opt, 10**2)", "step(100)"),
        (TORCH + "o = torch.optim.SGD(p, 0.1)\ns = OneCycleLR(o, 0.1, 100, cycle_momentum=False)", "onecycle(100, peak=0.1)"),
        ("import transformers\ns = transformers.get_linear_schedule_with_warmup(o, 10, 100)", "hf.linear(10, 100)"),
        ("from transformers import get_scheduler\ns = get_scheduler('cosine', o, num_warmup_steps=5, num_training_steps=n)", "hf.cosine(5, n)"),
        ("import optax\ns = optax.warmup_cosine_decay_schedule(0.0, 1e-3, 100, 1000)", "optax.warmup_cosine(0, 0.001, 100, 1000)"),
        ("import tensorflow as tf\ns = tf.keras.optimizers.schedules.CosineDecay(0.1, 1000)", "keras.cosine(0.1, 1000)"),
        ("from timm.scheduler.cosine_lr import CosineLRScheduler\ns = CosineLRScheduler(o, t_initial=100)", "timm.cosine(100)"),
    ],
)
def test_calls(source: str, expected: str) -> None:
    assert text(source) == expected


def test_names_are_left_for_the_program() -> None:
    call = only(TORCH + "n = 30\ns = StepLR(opt, n, args.gamma)")
    assert call.named is not None
    assert text_of(call.named) == "step(n, gamma)"
    assert call.expressions == {"n": "n", "gamma": "args.gamma"}
    assert call.unknown == ("gamma",)


def test_defaults_are_told() -> None:
    call = only(TORCH + "p.add_argument('--every', default=30)\ns = StepLR(opt, args.every)")
    assert dict(call.assumed) == {"every": 30}


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("s = StepLR(opt, **options)", "not written out"),
        ("s = StepLR(opt, *options)", "not written out"),
        ("s = StepLR(opt)", "needs `step_size`"),
        ("s = StepLR(opt, 1, 2, 3, 4)", "takes 4 arguments"),
        ("s = StepLR(opt, 30, speed=3)", "no parameter `speed`"),
        ("s = StepLR(opt, 30, step_size=3)", "two values"),
        ("s = MultiStepLR(opt, milestones=cfg.steps)\n", None),
        ("s = LambdaLR(opt, make(3))", "its function is Python"),
        ("s = LambdaLR(opt, lambda t: table[t])", "computed from `t`"),
        ("s = LambdaLR(opt, lambda t: rate(t, 3))", "computed from `t`"),
        ("s = LambdaLR(opt, lambda t: 2 * (cfg.rates(t) if t < 5 else 1))", "no expression"),
        ("def f(t):\n    u = t / 9\n    return table(u)\ns = LambdaLR(opt, f)", "computed from `u`"),
        ("def f(t):\n    return f(t - 1)\ns = LambdaLR(opt, f)", "nested too deeply"),
        ("def f(t):\n    return 1 if t < 5 else 2\ns = LambdaLR(opt, lambda t: 3 * f(t))", "has cases"),
        ("def f(t, n):\n    return t / n\ns = LambdaLR(opt, lambda t: f(t))", "do not fit"),
        ("s = CyclicLR(opt, 0.1, 0.2, scale_fn=lambda x: 1)", "scale_fn"),
        ("s = SequentialLR(opt, [StepLR(opt, 3)], [3])", "1 schedulers and 1 milestones"),
        ("s = ChainedScheduler([StepLR(opt, 3), OneCycleLR(opt, 0.1, 10)])", "outright"),
        ("n = m\nm = n\ns = StepLR(opt, n)", None),
    ],
)
def test_what_cannot_be_read_says_why(source: str, problem: str | None) -> None:
    found = calls(TORCH + source)
    assert len(found) == 1
    if problem is not None:
        assert found[0].written is None
        assert problem in found[0].problem


#: A function of the step in Python, and what makes it.
FUNCTIONS: dict[str, Callable[[int], float]] = {
    "lambda t: 0.95**t": lambda t: 0.95**t,
    "lambda t: 0.1 ** (t // 30)": lambda t: 0.1 ** (t // 30),
    "lambda step: min((step + 1) ** -0.5, (step + 1) * 10**-1.5)": lambda step: min((step + 1) ** -0.5, (step + 1) * 10**-1.5),
    "lambda s: s / 10 if s < 10 else max(0.0, (50 - s) / 40)": lambda s: s / 10 if s < 10 else max(0.0, (50 - s) / 40),
    "lambda s: 1.0 if s <= 10 else 0.5": lambda s: 1.0 if s <= 10 else 0.5,
    "lambda s: 0.5 if 10 < s else 1.0": lambda s: 0.5 if s > 10 else 1.0,
    "lambda s: 0.5 if s >= 10 else 1.0": lambda s: 0.5 if s >= 10 else 1.0,
    "lambda s: 0.1 if s < 5 else (0.5 if s < 9 else 0.9**(s - 9))": lambda s: 0.1 if s < 5 else (0.5 if s < 9 else 0.9 ** (s - 9)),
    "lambda s: 0.5 * (1 + math.cos(math.pi * s / 70))": lambda s: 0.5 * (1 + math.cos(math.pi * s / 70)),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_of_the_step(function: str) -> None:
    read = lrdsl.parse(text(f"import math\n{TORCH}s = LambdaLR(opt, {function})"))
    for t in range(60):
        assert read.at(t) == pytest.approx(FUNCTIONS[function](t), rel=1e-13, abs=1e-15), (t, str(read))


APPLIED = """
import math
from torch.optim.lr_scheduler import LambdaLR

def cosine(step, total, high, low=0.1):
    return low + (high - low) * 0.5 * (1 + math.cos(step / total * math.pi))

def cases(step, n):
    if step < n:
        return step / n
    return cosine(step - n, total=50, high=1)

scheduler = LambdaLR(optimizer, lr_lambda=lambda step: FUNCTION)
"""


@pytest.mark.parametrize(
    "function", ["cosine(step, 60, 2)", "0.5 * cosine(step, high=1, total=len('x' * 60)) + 0.1", "cases(step, 7)", "cases(n=5, step=step)"]
)
def test_functions_of_the_file_are_put_in_the_place_of_their_calls(function: str) -> None:
    scope: dict[str, Any] = {}
    exec(APPLIED.replace("from torch.optim.lr_scheduler import LambdaLR", "").split("scheduler =")[0], scope)
    call = only(APPLIED.replace("FUNCTION", function))
    assert call.written is not None, call.problem
    read = lrdsl.parse(text_of(call.written), names=dict.fromkeys(call.unknown, 60))
    for step in range(60):
        assert read.at(step) == pytest.approx(eval(function, scope, {"step": step}), rel=1e-13, abs=1e-15), (step, str(read))


@pytest.mark.parametrize(
    ("lines", "base"),
    [
        ("o = SGD(p, lr=0.1)\no = wrapped(o)", 0.1),
        ("o = SGD(p, lr=0.1)\nm, o = amp.initialize(m, o)", 0.1),
        ("o = SGD(p, lr=0.1)\no = Adam(p, lr=0.2)", None),
        ("o = SGD(p, lr=0.1)\nm, o = made(m)", None),
        ("for o in several:\n    o = SGD(p, lr=0.1)", None),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_an_optimizer_that_is_wrapped_is_the_same(lines: str, base: float | None, inside: bool) -> None:
    body = f"{lines}\ns = StepLR(o, 3)\nm, o, s = prepare(m, o, s)"
    source = TORCH + ("def main(p):\n" + "\n".join(f"    {line}" for line in body.splitlines()) if inside else body)
    assert only(source).base == (None if base is None else Fraction(str(base)))


def test_a_word_that_is_an_option_is_read_by_its_default() -> None:
    call = only(
        "from transformers import get_scheduler\nparser.add_argument('--kind', default='linear')\ns = get_scheduler(args.kind, opt, 10, num_training_steps=n)"
    )
    assert call.written is not None
    assert text_of(call.written) == "hf.linear(10, n)"
    assert call.named is None
    assert call.assumed["kind"] == "linear"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ('get_scheduler("linear", opt, None, 5, 50)', "diffusers.linear(5, 50)"),
        ('get_scheduler("cosine", opt, num_warmup_steps=5, num_training_steps=50, num_cycles=3, power=2)', "hf.cosine(5, 50)"),
        ('get_scheduler("cosine_with_restarts", opt, num_warmup_steps=5, num_training_steps=50, num_cycles=3)', "hf.cosine_with_restarts(5, 50, cycles=3)"),
        ('get_scheduler("polynomial", opt, num_warmup_steps=5, num_training_steps=50, power=2.0)', "hf.polynomial(5, 50, power=2)"),
        (
            'get_piecewise_constant_schedule(opt, "1:10,0.1:20,0.01:30,0.005")',
            "hold(10, at=1x) then hold(10, at=0.1x) then hold(10, at=0.01x) then hold(at=0.005x)",
        ),
        ('get_piecewise_constant_schedule(opt, "0.5")', "hold(at=0.5x)"),
        ('get_piecewise_constant_schedule(opt, "1:ten,0.5")', None),
    ],
)
def test_diffusers(call: str, text: str | None) -> None:
    found = only(f"from diffusers.optimization import *\ns = {call}")
    assert (None if found.written is None else text_of(found.written)) == text, found.problem


WARM = """
import math
from torch.optim.lr_scheduler import LambdaLR

def rate(step):
    \"\"\"Warmup, then half a cosine.\"\"\"
    if step < warm:
        return float(step) / float(max(1, warm))
    progress = float(step - warm) / float(max(1, n - warm))
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * progress)))

scheduler = LambdaLR(optimizer, rate)
"""


@examples(10)
@given(st.integers(1, 20), st.integers(1, 50))
def test_a_function_that_is_defined_in_the_file(warm: int, n: int) -> None:
    scope: dict[str, object] = {"warm": warm, "n": warm + n, "LambdaLR": torch.optim.lr_scheduler.LambdaLR}
    exec(WARM.replace("scheduler = LambdaLR(optimizer, rate)", ""), scope)
    read = lrdsl.parse(text(WARM), names={"warm": warm, "n": warm + n})
    for t in range(warm + n + 1):
        assert read.at(t) == pytest.approx(scope["rate"](t), abs=1e-13)  # type: ignore[operator]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "StepLR",
        "class StepLR: pass\nStepLR(3)",
        "from mine import StepLR\ns = StepLR(opt, 30)",
        "def StepLR(): pass",
        "StepLR(opt, 30",
        "s = '''StepLR(opt, 30)'''",
        "StepLR(opt, " + "(" * 5000 + ")" * 5000 + ")",
        TORCH + "s = StepLR\x00(opt, 3)",
    ],
)
def test_what_is_no_scheduler_of_a_library_is_left(source: str) -> None:
    assert calls(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "a0 = x\n" + "".join(f"a{i + 1} = a{i} + a{i}\n" for i in range(50)) + "s = StepLR(opt, a50)",
        "s = StepLR(opt, " + "-" * 900 + "1)",
        "s = StepLR(opt, 10**10**10**10)",
        "s = StepLR(opt, 9**9**9)",
        "s = StepLR(opt, 1e308 * 10)",
        "s = StepLR(opt, 1 / 0)",
        "s = StepLR(opt, 2 ** -5000)",
        "def f(t):\n    return f(t)\ns = LambdaLR(opt, f)",
        "n = 0x" + "f" * 5000 + "\ns = StepLR(opt, n)",
    ],
)
def test_hostile_code_takes_little_work(source: str) -> None:
    [call] = calls(TORCH + source)
    assert call.problem or call.unknown or call.written is not None


def test_places_count_characters() -> None:
    source = TORCH + "é = 'ü'; s = StepLR(opt, 3)  # ö\n"
    [one] = readings(source, "train.py")
    assert source[slice(*one.extent)] == "StepLR(opt, 3)" == one.source
    assert one.line == 2


def test_the_rate_of_the_optimizer_is_the_base() -> None:
    assert only("import torch\no = torch.optim.SGD(p, lr=1e-1)\ns = torch.optim.lr_scheduler.StepLR(o, 3)").base == lrdsl.parse("hold(at=0.1)").formula()


@pytest.mark.parametrize("change", ["m.append(40)", "m += [40]", "m[0] = 40", "m.extend(more)", "m.clear()", "del m[0]"])
def test_a_list_that_is_changed_does_not_stand_for_its_first_value(change: str) -> None:
    assert only(TORCH + f"m = [30]\n{change}\ns = MultiStepLR(opt, m)").unknown == ("m",)
    assert text(TORCH + f"m = [30]\nk = [30]\n{change.replace('m', 'k', 1)}\ns = MultiStepLR(opt, m)") == "multistep([30])"


@pytest.mark.parametrize(
    "source",
    [
        TORCH + "f = []\nf.append(g)\ns = LambdaLR(opt, f)",
        TORCH + "s = LambdaLR(opt, [])",
        TORCH + "s = MultiplicativeLR(opt, lr_lambda=[])",
        TORCH + "s = SequentialLR(opt, [], [])",
        TORCH + "s = ChainedScheduler([])",
    ],
)
def test_empty_lists_crash_nothing(source: str) -> None:
    assert only(source).written is None
    assert only(source).problem


def test_a_file_of_many_schedulers_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "MAX_CALLS", 3)
    found = readings(TORCH + "s = StepLR(o, 3)\n" * 9, "train.py")
    assert [one.text for one in found] == ["step(3)"] * 3 + [None]
    assert "more than 3 schedulers" in found[-1].problems[0]


def test_a_scheduler_of_many_parts_is_not_read() -> None:
    (first, *_) = calls(TORCH + f"s = ChainedScheduler([{'StepLR(o, 3), ' * 201}])")
    assert "more than 200" in first.problem


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (TORCH + 's = StepLR(o, 3)\nprint "a"\n', "a program for an older Python"),
        (TORCH + f"s = StepLR(o, {'(' * 999}3{')' * 999})", "too many nested parentheses"),
        (TORCH + f"s = StepLR(o, {'9' * 5000})", "no Python"),
        (TORCH + "s = StepLR(o, 3)\n# " + "x" * 10**6, "characters"),
    ],
)
def test_a_program_that_is_not_read_says_so(source: str, reason: str) -> None:
    (reading,) = readings(source, "train.py")
    assert reading.text is None
    assert reason in reading.problems[0]
    assert readings(source.replace("StepLR", "Steps").replace("torch.optim.lr_scheduler", "a"), "train.py") == []


@pytest.mark.parametrize("text", ["Schedul" * 60_000, "sched:#" * 60_000, "sched" * 60_000, "schedule:" + " " * 200_000, "Warm" * 60_000, "[" * 200_000])
def test_the_search_for_signs_takes_little_work(text: str) -> None:
    assert [one for name in ("a.py", "a.toml") for one in readings(text, name) if one.text] == []
    assert not may_have(text, ".py") or not calls(text)


def test_a_text_or_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    large = "# " + "x" * 4_000_001
    (tmp_path / "a.py").write_text(large)
    for thing in (large, tmp_path / "a.py"):
        with pytest.raises(lrdsl.ScheduleError, match="4,000,000"):
            lrdsl.read(thing)
