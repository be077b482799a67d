"""Comparing what was read from code with the real schedulers: they agree, a wrong text is found, and what cannot be compared says why."""

from __future__ import annotations

import attrs
import pytest

from lrdsl.cli import main
from lrdsl.dialects.code.calls import calls
from lrdsl.dialects.entry import Written
from lrdsl.dialects.verifying import verified
from lrdsl.syntax import parse

HEAD = "from torch.optim.lr_scheduler import *\nfrom transformers import get_cosine_schedule_with_warmup, get_scheduler\n"
FUNCTION = """
def warm(step):
    if step <= 7.5:
        return step / w
    return 0.5 * (1 + math.cos(math.pi * (step - w) / max(1, n - w)))

"""


@pytest.mark.parametrize(
    "line",
    [
        "StepLR(opt, args.n)",
        "MultiStepLR(opt, [3, n], gamma=0.5)",
        "OneCycleLR(opt, 0.5, total_steps=args.n, cycle_momentum=False)",
        "SequentialLR(opt, [LinearLR(opt, 0.1, total_iters=w), CosineAnnealingLR(opt, 500)], [w])",
        "ChainedScheduler([LinearLR(opt, 0.1), ExponentialLR(opt, 0.99)])",
        "CyclicLR(opt, 0.01, 0.1, up, mode='triangular2', cycle_momentum=False)",
        "get_cosine_schedule_with_warmup(opt, 10, n)",
        "LambdaLR(opt, warm)",
        "LambdaLR(opt, lambda t: args.gamma ** (t // 30))",
        "MultiplicativeLR(opt, lambda t: 0.99)",
        "get_scheduler('linear', opt, num_warmup_steps=3, num_training_steps=n)",
    ],
)
def test_the_same(line: str) -> None:
    source = f"import math\n{HEAD}{FUNCTION}s = {line}\n"
    [call] = calls(source)
    verdict = verified(source, call)
    assert (verdict.tick, verdict.reason) == (None, "")
    assert set(verdict.supposed) == set(call.unknown)


def test_a_wrong_text_is_found() -> None:
    source = f"{HEAD}s = StepLR(opt, 7)\n"
    [call] = calls(source)
    verdict = verified(source, attrs.evolve(call, written=Written(parse("step(8)"))))
    assert str(verdict) == "differs at tick 7"


def test_a_function_of_the_step_is_computed_from_its_program() -> None:
    """What was read of it is not asked: a wrong bound of its cases, and a wrong product, are found."""
    source = f"{HEAD}def f(t):\n    if t < 9: return 1\n    return 0.1\ns = LambdaLR(opt, f)\nr = MultiplicativeLR(opt, lambda t: 0.99)\n"
    first, second = calls(source)
    assert str(verified(source, first)) == str(verified(source, second)) == "the same at every tick"
    assert str(verified(source, attrs.evolve(first, written=Written(parse("hold(10) then hold(at=0.1x)"))))) == "differs at tick 9"
    assert str(verified(source, attrs.evolve(second, written=Written(parse("scale(0.99^(t + 1))"))))) == "differs at tick 0"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("LambdaLR(opt, lambda t: table[t])", "computed from `t`"),
        ("LambdaLR(opt, lambda t: 1 / t)", "no result"),
        ("ReduceLROnPlateau(opt)", "follows a metric"),
        ("StepLR(opt, **options)", "not written out"),
        ("StepLR(opt, 0)", "no numbers"),
    ],
)
def test_what_is_not_compared_says_why(line: str, reason: str) -> None:
    source = f"{HEAD}s = {line}\n"
    [call] = calls(source)
    assert reason in verified(source, call).reason


def test_the_command(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "train.py"  # type: ignore[operator]
    file.write_text(f"{HEAD}s = StepLR(opt, n)\n")
    assert main(["convert", str(file), "--verify"]) == 0
    assert "the same at every tick (with n = 40)" in capsys.readouterr().err
