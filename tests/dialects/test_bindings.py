"""Names of a program mean the same where its scheduler was made and where lrdsl's is: else the scheduler is left."""

from __future__ import annotations

import pytest

from lrdsl.dialects.moving import moved

HEAD = "from torch.optim.lr_scheduler import *\n"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("total = f()\ndef warm(s): return s / total\ndef train(opt, total):\n    s = LambdaLR(opt, warm)\n", "`total` is another name"),
        ("def outer():\n    n = g()\n    def f(s): return s / n\n    return f\ndef train(opt):\n    s = LambdaLR(opt, f)\n", "`n` is another name"),
        ("def a(self):\n    k = g()\n    self.ms = [k, 9]\ndef b(self, opt):\n    k = 3\n    s = MultiStepLR(opt, self.ms)\n", "`k` is another name"),
        (
            "def a(self, opt, n):\n    self.w = LinearLR(opt, total_iters=n)\ndef b(self, opt):\n    self.s = SequentialLR(opt, [self.w, StepLR(opt, 3)], [5])\n",
            "`n` is another name",
        ),
        ("def train(opt):\n    epoch = 0\n    s = LambdaLR(opt, lambda t: 0.9**epoch)\n    for epoch in range(9): s.step()\n", "`epoch` changes later"),
        ("def step(self): self.count += 1\ndef make(self, opt): return LambdaLR(opt, lambda t: 1 / (self.count + 1))\n", "`self.count` changes later"),
        ("def make(self, opt):\n    s = LambdaLR(opt, lambda t: t / self.n)\n    self.n = g()\n", "`self.n` changes later"),
        ("def warm(s): return s / 10\ndef train(opt, warm):\n    s = LambdaLR(opt, warm)\n", "its function is Python"),
    ],
)
def test_a_name_that_means_something_else_is_not_handed_over(program: str, reason: str) -> None:
    result = moved(HEAD + program)
    assert result.text == HEAD + program
    assert [left.reason for left in result.left if reason in left.reason]


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("def train(opt, n):\n    def f(s): return s / n\n    s = LambdaLR(opt, f)\n", 's = lrdsl.compile("scale(t / n)", opt, names={"n": n})'),
        ("n = g()\ndef f(s): return s / n\ndef train(opt):\n    s = LambdaLR(opt, f)\n", 's = lrdsl.compile("scale(t / n)", opt, names={"n": n})'),
        ("def train(opt, n):\n    def f(s, m=n): return s / m\n    s = LambdaLR(opt, f)\n", 's = lrdsl.compile("scale(t / n)", opt, names={"n": n})'),
        (
            "n = g()\ndef rate(s, n): return s / n\ndef train(opt, args):\n    s = LambdaLR(opt, lambda s: rate(s, args.n))\n",
            's = lrdsl.compile("scale(t / n)", opt, names={"n": args.n})',
        ),
        ("def train(opt):\n    global n\n    n = g()\n    s = LambdaLR(opt, lambda t: t / n)\n", 's = lrdsl.compile("scale(t / n)", opt, names={"n": n})'),
        (
            "class A:\n    n = g()\n    s = [LambdaLR(o, lambda t: t / n) for o, n in pairs]\n",
            's = [lrdsl.compile("scale(t / n)", o, names={"n": n}) for o, n in pairs]',
        ),
        (
            "def make(self, opt, n):\n    self.n = n\n    s = LambdaLR(opt, lambda t: t / self.n)\n",
            's = lrdsl.compile("scale(t / n)", opt, names={"n": self.n})',
        ),
    ],
)
def test_a_name_that_means_the_same_is(program: str, line: str) -> None:
    result = moved(HEAD + program)
    assert result.left == ()
    assert line in [one.strip() for one in result.text.splitlines()]
