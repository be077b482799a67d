"""Moving files to lrdsl: the layout stays, the text has the numbers of what it replaces, and what cannot be moved stays, with its reason."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import torch

import lrdsl
from lrdsl.dialects import moving
from lrdsl.dialects.moving import SHARED, moved

HEAD = "from torch.optim.lr_scheduler import StepLR, LinearLR, SequentialLR, OneCycleLR, CosineAnnealingLR\n"

SCRIPT = '''"""Trains."""
from __future__ import annotations

from torch import nn, optim
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    SequentialLR,
)


def main(warm: int, epochs: int):
    model = nn.Linear(2,2)
    optimizer = optim.SGD(model.parameters(), lr=0.1,
                          momentum=0.9)   # the usual
    first = LinearLR(optimizer, 0.01, total_iters=warm)
    second = CosineAnnealingLR(optimizer, T_max=epochs - warm)
    scheduler = SequentialLR(optimizer, [first, second], milestones=[warm])  # both
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates
'''


def rates(source: str, **options: Any) -> list[float]:
    scope: dict[str, Any] = {}
    exec(compile(source, "train.py", "exec"), scope)
    return list(scope["main"](**options))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("warm", "epochs"), [(3, 20), (1, 7), (10, 12)])
def test_a_moved_script_has_the_same_rates(warm: int, epochs: int) -> None:
    result = moved(SCRIPT)
    assert result.left == ()
    assert rates(result.text, warm=warm, epochs=epochs) == pytest.approx(rates(SCRIPT, warm=warm, epochs=epochs), abs=1e-13)


def test_the_rest_of_the_file_stays() -> None:
    before, after = SCRIPT.splitlines(), moved(SCRIPT).text.splitlines()
    assert [line for line in after if line not in before] == [
        "import lrdsl",
        '    scheduler = lrdsl.compile("warmup(warm, from=0.01x) then bounce(cosine(T_max))", optimizer, names={"warm": warm, "T_max": epochs - warm})  # both',
    ]
    assert [line.strip() for line in before if line not in after] == [
        "from torch.optim.lr_scheduler import (", "CosineAnnealingLR,", "LinearLR,", "SequentialLR,", ")",
        "first = LinearLR(optimizer, 0.01, total_iters=warm)", "second = CosineAnnealingLR(optimizer, T_max=epochs - warm)",
        "scheduler = SequentialLR(optimizer, [first, second], milestones=[warm])  # both",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("s = StepLR(opt, 3, last_epoch=7)", "last_epoch"),
        ("s = StepLR(opt, **options)", "not written out"),
        ("s = OneCycleLR(opt, 0.1, 100)", "momentum"),
        ("a = LinearLR(opt)\nprint(a)\ns = SequentialLR(opt, [a, StepLR(opt, 3)], [5])", "used elsewhere"),
        ("from timm.scheduler import StepLRScheduler\ns = StepLRScheduler(opt, 3)", "count otherwise"),
        ("s = StepLR(opt, 3, 0.1, args.start - 1)", "last_epoch"),
        ("s = StepLR(opt, 3)\nfor epoch in range(9):\n    s.step(epoch)", "`step(epoch)` in line 4 sets the tick"),
        ("self.s = StepLR(opt, 3)\nself.s.step(epoch + i / n)", "sets the tick"),
        ("s = StepLR(opt, 3)\ns.step(epoch=3)", "sets the tick"),
        ("from torch.optim.lr_scheduler import ReduceLROnPlateau\ns = ReduceLROnPlateau(opt)\ns.step(loss, epoch)", "sets the tick"),
        ("from torch.optim.lr_scheduler import ReduceLROnPlateau\ns = ReduceLROnPlateau(opt)\nprint(s.num_bad_epochs)", "`num_bad_epochs`"),
        ("s = StepLR(opt, 3)\nprint(s.gamma)", "`gamma`"),
        ("s = StepLR(opt, 3)\nassert isinstance(s, StepLR)", "asks for its class"),
        ("import transformers\np.add_argument('--kind', default='linear')\ns = transformers.get_scheduler(args.kind, opt, 3, 9)", "of the defaults"),
    ],
)
def test_what_is_left_says_why(line: str, reason: str) -> None:
    source = HEAD + line + "\n"
    result = moved(source)
    assert result.text == source
    assert [reason in one.reason for one in result.left] == [True]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("s = StepLR(opt, 3)", 's = lrdsl.compile("step(3)", opt)'),
        ("s = StepLR(opt, 3, last_epoch=-1)", 's = lrdsl.compile("step(3)", opt)'),
        ("def f(last_epoch=-1):\n    return StepLR(opt, 3, 0.1, last_epoch)", '    return lrdsl.compile("step(3)", opt, last_epoch=last_epoch)'),
        ("s = StepLR(opt, 3)\ns.step(val_loss)\nprint(s.get_last_lr(), s.state_dict())", 's = lrdsl.compile("step(3)", opt)'),
        ("return_ = [StepLR(self.opt, self.n)]", 'return_ = [lrdsl.compile("step(n)", self.opt, names={"n": self.n})]'),
        ("s = StepLR(optimizer=opt, step_size=cfg['n'])", 's = lrdsl.compile("step(n)", opt, names={"n": cfg[\'n\']})'),
        ("import optax\nt = optax.adam(optax.cosine_decay_schedule(0.1, n))", 't = optax.adam(lrdsl.jax.schedule("optax.cosine(0.1, n)", names={"n": n}))'),
        ("import keras\nk = keras.optimizers.schedules.CosineDecay(0.1, n)", 'k = lrdsl.keras.Schedule("keras.cosine(0.1, n)", names={"n": n})'),
        ("o = torch.optim.SGD(p, 0.1)\ns = OneCycleLR(o, 0.1, 100)", None),
    ],
)
def test_each_library_has_its_function(line: str, after: str | None) -> None:
    text = moved(HEAD + line + "\n").text
    ast.parse(text)
    assert "import lrdsl" in text
    if after is not None:
        assert after in text.splitlines()


def test_what_both_schedulers_have() -> None:
    made = torch.optim.lr_scheduler.StepLR(torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), 0.1), 3)
    scheduler = lrdsl.compile("step(3)", torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), 0.1))
    assert all(hasattr(one, name) for one in (made, scheduler) for name in SHARED)


@pytest.mark.parametrize("source", ["", "x = 1\n", "def f(:\n", "import lrdsl\r\nx = 1\r\n", "\ufeffx = 1\n"])
def test_a_file_without_schedulers_stays(source: str) -> None:
    assert moved(source).text == source


def test_the_ends_of_lines_and_tabs_stay() -> None:
    source = HEAD.replace("\n", "\r\n") + "if x:\r\n\ts = StepLR(opt, 3)\r\n"
    assert '\r\n\ts = lrdsl.compile("step(3)", opt)\r\n' in moved(source).text


def test_an_import_that_is_used_elsewhere_stays() -> None:
    source = "from torch.optim.lr_scheduler import StepLR\ns = StepLR(opt, 3)\nkinds = {'step': StepLR}\n"
    assert "import StepLR" in moved(source).text


def test_names_inside_functions_are_handed_over() -> None:
    source = (
        "from torch.optim import lr_scheduler\ndef main(epochs):\n    lrf = 0.01\n    lf = lambda x: (1 - x / epochs) * (1.0 - lrf) + lrf\n"
        "    scheduler = lr_scheduler.LambdaLR(optimizer, lr_lambda=lf)\n"
    )
    text = moved(source).text
    assert 'lrdsl.compile("scale((1 - t / epochs) * (1 - lrf) + lrf)", optimizer, names={"epochs": epochs, "lrf": lrf})' in text


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("torch.optim.lr_scheduler.OneCycleLR(opt, [0.1, 0.2], 100)", "a list where a number belongs"),
        ("torch.optim.lr_scheduler.LambdaLR(opt, [make(i) for i in range(3)])", "its function is Python"),
        ("torch.optim.lr_scheduler.SequentialLR(opt, [make(opt), torch.optim.lr_scheduler.StepLR(opt, 3)], [5])", "no scheduler that lrdsl knows"),
        ("torch.optim.lr_scheduler.ChainedScheduler([make(opt)])", "no scheduler that lrdsl knows"),
        ("optax.join_schedules([optax.linear_schedule(0, 1, 5), rsqrt(5)], [5])", "no scheduler that lrdsl knows"),
    ],
)
def test_what_a_text_cannot_hold_is_left(call: str, reason: str) -> None:
    result = moved(f"import torch, optax\ns = {call}\n")
    assert [reason in left.reason for left in result.left] == [True], result.left
    assert not result.replaced


@pytest.mark.parametrize("written", ["milestones", "list(map(int, words))", "[int(word) for word in words]", "[n, 2 * n]"])
def test_milestones_of_a_program_are_handed_over(written: str) -> None:
    source = f"""
from torch import nn, optim
from torch.optim.lr_scheduler import MultiStepLR

def main(milestones, words, n):
    optimizer = optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    scheduler = MultiStepLR(optimizer, {written}, gamma=0.5)
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates
"""
    result = moved(source)
    assert len(result.replaced) == 1
    assert "multistep(" in result.text
    options = {"milestones": [4, 8], "words": ["4", "8"], "n": 4}
    assert rates(result.text, **options) == pytest.approx(rates(source, **options), abs=1e-15)


def test_a_file_that_is_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "MAX_SOURCE", 99)
    source = HEAD + "s = StepLR(opt, 3)\n"
    result = moved(source)
    assert (result.text, result.replaced) == (source, ())
    assert "99 characters" in result.left[0].reason


@pytest.mark.parametrize(
    ("made", "after", "reason"),
    [
        ("ReduceLROnPlateau(optimizer)", "optimizer.param_groups[0]['lr'] = 0.1 * step", "line 3 sets the rate of `optimizer` itself"),
        ("StepLR(optimizer, 3)", "for g in optimizer.param_groups:\n    if warm:\n        g['lr'] = lr", "line 5 sets the rate of `optimizer` itself"),
        ("ChainedScheduler([LambdaLR(optimizer, lambda t: 0.9), StepLR(optimizer, 3)])", "optimizer.param_groups[0]['lr'] *= 2", None),
        ("LambdaLR(optimizer, lambda t: 0.9 ** t)", "optimizer.param_groups[0]['lr'] = 0.1", ""),
        ("StepLR(optimizer, 3)", "other.param_groups[0]['lr'] = 0.1\nprint(optimizer.param_groups[0]['lr'])", ""),
        ("StepLR(optimizer, 3)", "optimizer.param_groups[0]['weight_decay'] = 0.1", ""),
        ("MultiStepLR(optimizer, [steps / 2, steps * 3 / 4])", "", "`steps / 2` may be no whole number"),
        ("MultiStepLR(optimizer, milestones=[steps // 2, int(steps * 0.75)])", "", ""),
        ("LinearLR(optimizer, total_iters=0.1 * n / 2)", "", "`0.1 * n / 2` may be no whole number"),
        ("MultiStepLR(optimizer, [30 / 2, 40])", "", ""),
        ("CosineAnnealingLR(optimizer, n / 2)", "", ""),
    ],
)
def test_a_scheduler_whose_rates_would_be_others_is_left(made: str, after: str, reason: str | None) -> None:
    result = moved(f"from torch.optim.lr_scheduler import *\nscheduler = {made}\n{after}\n")
    reasons = [one.reason for one in result.left]
    if reason:
        assert len(reasons) == 1
        assert reason in reasons[0]
    elif reason == "":
        assert reasons == []
    else:
        assert reasons != []
