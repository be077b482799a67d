"""Tests of files: statements, names, settings, files that use other files, assertions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import lrdsl
from lrdsl.syntax import canonical, parse
from tests.drawing import examples
from tests.properties import texts

RESNET = """
# ResNet-50, 90 epochs
set epoch = 1251 steps
set total = 90ep
let warm  = 5ep
def wsd(w, s, d, floor = 0) = warmup(w) then hold(s) then linear(d, to=floor)

lr             = warmup(warm) then cosine(rest, to=1e-5)
lr["backbone"] = 0.1 * lr
momentum       = linear(5ep, from=0.85, to=0.95)
weight_decay   = cosine(total, from=0.04, to=0.4)

assert max(lr) <= 1x
assert lr at total == 1e-5
assert continuous(lr)
"""


def codes(text: str, **options: object) -> list[str]:
    return [d.code for d in lrdsl.lint(text, **options)]  # type: ignore[arg-type]


def test_the_example_of_the_design() -> None:
    s = lrdsl.parse(RESNET)
    assert [t.name for t in s.targets] == ["lr", 'lr["backbone"]', "momentum", "weight_decay"]
    assert s.clock.total() == 112590
    assert s.length == 112590
    assert s.at(6255, base=0.1) == 0.1
    assert s.at(112590, base=0.1) == 1e-5
    assert s.at(6255, base=0.1, target='lr["backbone"]') == pytest.approx(0.01, rel=1e-15)
    assert s.values(2, target="momentum").tolist() == [0.85, s.at(1, target="momentum")]
    assert s.at(10**6, target="weight_decay") == 0.4


def test_one_line_holds_statements_too() -> None:
    s = lrdsl.parse("lr = warmup(5ep) then cosine(rest); weight_decay = cosine(total, from=0.04, to=0.4)", steps_per_epoch=10, total_epochs=20)
    assert [t.name for t in s.targets] == ["lr", "weight_decay"]
    assert str(lrdsl.parse(str(s), steps_per_epoch=10, total_epochs=20)) == str(s)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("let w = 5\nwarmup(w) then cosine(20)", "warmup(5) then cosine(20)"),
        ("let a = warmup(5)\nlet b = a then hold(3)\nlr = b then cosine(20)", "warmup(5) then hold(3) then cosine(20)"),
        ("def f(a, b=2*a) = hold(a) then cosine(b)\nlr = f(5)", "hold(5) then cosine(10)"),
        ("def f(a, b) = hold(a) then cosine(b)\nlr = f(b=5, a=2)", "hold(2) then cosine(5)"),
        ("def f(n, s=linear) = warmup(n, shape=s)\nlr = f(9, cosine)", "warmup(9, shape=cosine)"),
        ("def f(at) = multistep(at, 0.5)\nlr = f([3, 6])", "multistep([3, 6], 0.5)"),
        ("let at3 = [3, 6]\nlr = multistep(at3)", "multistep([3, 6])"),
        ("def twice(p) = p then p\nlr = twice(step(3) for 5)", "(step(3) for 5) then (step(3) for 5)"),
        ("def cut(p, n) = p for n\nlr = cut(exp(0.9), 7)", "exp(0.9) for 7"),
        ("def floor_at(p, x) = max(p, x)\nlr = floor_at(exp(0.5), 0.1x)", "max(exp(0.5), 0.1x)"),
        ("def half(x) = x / 2\nlr = cosine(half(20), to=half(1x))", "cosine(10, to=0.5x)"),
        ("let f = 1 / (1 + t)\nlr = scale(f)", "scale(1 / (1 + t))"),
        ("def g(k) = 1 / (1 + k * t)\nlr = scale(g(2))", "scale(1 / (1 + 2 * t))"),
        ("let n = 5\ndef f(n) = hold(n)\nlr = f(3) then cosine(n)", "hold(3) then cosine(5)"),
        ("let end = cosine(rest)\nset total = 30\nlr = hold(10) then end", "hold(10) then cosine(20)"),
        ("def d(w) = warmup(w) then hold(rest) then linear(w)\nset total = 30\nlr = d(10)", "warmup(10) then hold(10) then linear(10)"),
        ("momentum = hold(5)\nlr = momentum then cosine(3)", "hold(5) then cosine(3)"),
        ("lr =\n  warmup(5)\n  then hold(3)\n  then cosine(\n    20,\n    to=0.1x\n  )", "warmup(5) then hold(3) then cosine(20, to=0.1x)"),
        ("set batch_size = 64\nset tokens_per_step = 1k\nlr = hold(640 samples) then cosine(5k tokens)", "hold(10) then cosine(5)"),
        ("set tick = epoch\nset total = 90ep\nlr = cosine(50%)", "cosine(45)"),
        ("set epoch = 10\nset total = 500 steps\nlr = cosine(2ep) then hold(rest)", "cosine(20) then hold(480)"),
    ],
)
def test_names_mean_what_they_stand_for(text: str, same: str) -> None:
    found, plain = lrdsl.parse(text), lrdsl.parse(same)
    assert found.plan.length == plain.plan.length
    np.testing.assert_array_equal(found.values(60, 0.3), plain.values(60, 0.3))


@examples(50)
@given(texts.trees(3, 100), texts.trees(3, 100))
def test_a_file_reads_back(a: texts.Node, b: texts.Node) -> None:
    text = f"let a = {canonical(a)}\nlr = a\n# and\nmomentum = {canonical(b)}"
    found = lrdsl.parse(text)
    assert parse(str(found)) == found.tree
    np.testing.assert_array_equal(found.values(100, 0.3, "momentum"), lrdsl.parse(canonical(b)).values(100, 0.3))


def test_the_host_goes_before_the_file() -> None:
    assert lrdsl.parse("let w = 5\nlr = hold(w)", names={"w": 9}).length == 9
    assert lrdsl.parse("set total = 30\nlr = hold(rest)", total_steps=30).length == 30
    assert codes("set total = 30\nlr = hold(rest)", total_steps=40) == ["LR124"]


def test_a_mistake_in_one_statement_leaves_the_others_readable() -> None:
    assert codes("let w = (5\nlr = cosin(w)\nmomentum = hold(3 3)\nassert max(lr) < 2x") == ["LR003", "LR101", "LR002"]


@pytest.mark.parametrize(
    "text",
    [
        "lr = cosine(100)\nassert lr <= 1x\nassert lr >= 0\nassert lr at 0 == 1x\nassert lr at 50 == 0.5x\nassert lr at 100 == 0\nassert monotone(lr)",
        "lr = cosine(100)\nassert total(lr) == 50.5x\nassert max(lr) - min(lr) == 1x\nassert min(lr) < max(lr)\nassert max(lr) != min(lr)",
        "lr = warmup(10) then cosine(90)\nlr[0] = 0.5 * lr\nassert lr[0] <= lr\nassert max(lr[0]) == 0.5x\nassert continuous(lr[0])",
        "set base = 3e-4\nlr = cosine(100, to=3e-5)\nassert lr at 100 == 0.1x\nassert max(lr) == 3e-4",
        "set total = 50\nlr = exp(0.9)\nassert lr > 0\nassert monotone(lr)",
        "lr = bounce(cosine(10)) for 95\nassert continuous(lr)",
        "lr = warmup(9) then rsqrt(99)\nlr[0] = 0.1 * lr\nassert max(lr) <= 1x\nassert min(lr) >= 0\nassert lr[0] <= lr\nassert lr >= 0\nassert continuous(lr)",
        "lr = cyclic(0.1x, 1x, 7, mode=triangular2)\nassert max(lr) == 1x\nassert min(lr) >= 0.1x\nassert lr >= 0.1x",
        "lr = rsqrt(100)\nlr[0] = lr\nassert lr >= lr[0]\nassert lr <= lr[0]",
        "lr = exp(0.9)\nassert monotone(lr)\nassert lr < 1.5x\nassert lr != 2x\nassert max(lr) - min(lr) == 1x",
        "lr = restarts(warmup(3) then linear(4)) for 95\nassert continuous(lr)",
        "lr = warmup(10, shape=one_minus_sqrt) then one_minus_sqrt(20, to=0.1x) then exp(0.5) for 9\nassert continuous(lr)",
        "lr = restarts(hold(10), times=3)  # lrs: ignore[LR407]\nassert continuous(lr)",
    ],
)
def test_what_holds(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("claim", "where"),
    [
        ("lr <= 0.5x", "at tick 0 "),
        ("lr >= 0.5x", "at tick 51 "),
        ("lr > 0", "at tick 100 "),
        ("lr at 100 > 0", "the left side is 0"),
        ("max(lr) < 1x", "the left side is 1"),
        ("max(lr) - min(lr) < 1x", "the left side is 1"),
        ("max(lr) / 2 == lr at 40", "the left side is 0.5"),
        ("monotone(bounce(lr) for 300)", "at tick 101 "),
        ("continuous(step(30) for 100)", "at tick 30 "),
        ("continuous(restarts(lr))", "at tick 100 "),
        ("continuous(repeat(step(3) for 9))", "at tick 3 "),
        ("continuous(bounce(step(10) for 20))", "at tick 10 "),
        ("continuous(restarts(linear(2.5)))", "at tick 2.5 "),
        ("continuous(hold(4) then hold(at=1.001x))", "at tick 4 "),
        ("continuous(hold(1) then hold(at=0.5x))", "at tick 1 "),
        ("lr == cosine(99)", "at tick 1 "),
    ],
)
def test_what_does_not_hold_names_the_first_tick(claim: str, where: str) -> None:
    found = lrdsl.lint(f"set total = 300\nlr = cosine(100)\nassert {claim}")
    assert [d.code for d in found] == ["LR145"]
    assert where in found[0].message


@pytest.mark.parametrize("claim", ["continuous()", "continuous(lr, lr)", "monotone(lr, 3)"])
def test_a_property_is_one_of_one_schedule(claim: str) -> None:
    (problem,) = lrdsl.lint(f"lr = cosine(9)\nassert {claim}")
    assert (problem.code, problem.message) == ("LR106", f"`{claim.partition('(')[0]}` takes one schedule")


@pytest.mark.parametrize(
    ("target", "code"),
    [('lr["a"]["b"]', "LR117"), ("lr[0][1]", "LR117"), ("betas", "LR117"), ('betas["a"]', "LR117"), ('betas[0]["a"]["b"]', "LR117"), ("3", "LR117")],
)
def test_what_is_no_target(target: str, code: str) -> None:
    assert codes(f"lr = hold\n{target} = hold(at=0.5)")[0] in (code, "LR002")
    assert codes('lr = hold\nlr["a"] = hold\nlr[0] = hold\nbetas[0] = hold(at=0.5)\nbetas[1]["a"] = hold(at=0.5)') == []


def test_every_tick_is_looked_at() -> None:
    """An assertion that fails at one tick of a long run."""
    spike = "set total = 3M\nlr = hold(2345678) then hold(1, at=2x) then hold\nassert lr <= 1x"
    assert "at tick 2345678 " in lrdsl.lint(spike)[0].message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("lr = scale(1 + t / 1M)\nassert max(lr) <= 1.5x", "the right side 1.5"),
        ("lr = restarts(cosine(10))\nmomentum = scale(2 - t / 1M)\nassert lr <= momentum", "it cannot be proved"),
        ("momentum = restarts(cosine(10))\nlr = scale(2 - t / 1M)\nassert momentum <= lr", "it cannot be proved"),
        ("lr = linear(200k) then linear(10, to=0.5x) then hold\nassert monotone(lr)", "at tick 200001 it turns"),
        ("lr = hold(200k) then hold(at=0.1x)\nlr[0] = hold(3) then hold(at=0.5x)\nassert lr[0] <= lr", "at tick 200000 "),
    ],
)
def test_what_fails_far_off_in_a_run_without_an_end(text: str, where: str) -> None:
    (d,) = [d for d in lrdsl.lint(text) if d.code == "LR145"]
    assert where in d.message


class TestUse:
    @staticmethod
    def write(folder: Path, **files: str) -> None:
        for name, text in files.items():
            path = folder / f"{name.replace('__', '/')}.lrs"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def fails(self, folder: Path, about: str) -> None:
        with pytest.raises(lrdsl.ScheduleError) as caught:
            lrdsl.load(folder / "main.lrs")
        assert caught.value.diagnostics[0].code == "LR146"
        assert about in caught.value.diagnostics[0].message

    def test_definitions_come_in(self, tmp_path: Path) -> None:
        self.write(
            tmp_path, main='use "lib/a.lrs"\nlr = f(w)', lib__a='use "b.lrs"\ndef f(n) = hold(n) then g(n)\nlr = hold', lib__b="let w = 4\ndef g(n) = cosine(n)"
        )
        assert lrdsl.load(tmp_path / "main.lrs").length == 8

    def test_what_a_schedule_means_stays(self, tmp_path: Path) -> None:
        self.write(tmp_path, main='use "a.lrs"\nlr = cosine(w) until val_loss < 0.3 then hold', a="let w = 5")
        s = lrdsl.load(tmp_path / "main.lrs")
        before = s.latex()
        self.write(tmp_path, a="let w = 9")
        assert s.latex() == before
        (tmp_path / "a.lrs").unlink()
        assert s.latex() == before
        assert s.supposing(3).at(4) == lrdsl.parse("let w = 5\nlr = cosine(w) until val_loss < 0.3 then hold").supposing(3).at(4)

    def test_no_way_out(self, tmp_path: Path) -> None:
        inside = tmp_path / "run"
        self.write(tmp_path, outside="let w = 4", run__main="")
        for path in ("../outside.lrs", "../../etc/passwd", "/etc/passwd", str(tmp_path / "outside.lrs"), "a/../../outside.lrs", "", "..", "a\\b"):
            (inside / "main.lrs").write_text(f'use "{path}"\nlr = hold')
            self.fails(inside, "")
        (inside / "link.lrs").symlink_to(tmp_path / "outside.lrs")
        (inside / "main.lrs").write_text('use "link.lrs"\nlr = hold')
        self.fails(inside, "leads out of the folder")

    def test_what_cannot_be_used(self, tmp_path: Path) -> None:
        self.write(tmp_path, main='use "self.lrs"\nlr = hold', self='use "main.lrs"')
        self.fails(tmp_path, "uses this file in turn")
        self.write(tmp_path, main='use "missing.lrs"\nlr = hold')
        self.fails(tmp_path, "there is no file")
        with (tmp_path / "big.lrs").open("wb") as file:
            file.truncate(100 * 2**20)
        self.write(tmp_path, main='use "big.lrs"\nlr = hold')
        self.fails(tmp_path, "bytes")
        (tmp_path / "big.lrs").rename(tmp_path / "main.lrs")
        self.fails(tmp_path, "bytes")
        (tmp_path / "binary.lrs").write_bytes(b"let w = \xff")
        self.write(tmp_path, main='use "binary.lrs"\nlr = hold')
        self.fails(tmp_path, "UTF-8")

    def test_problems_of_a_used_file_are_shown_with_their_place(self, tmp_path: Path) -> None:
        self.write(tmp_path, main='use "a.lrs"\nlr = f(3)', a="# one\ndef f(n) = cosin(n)")
        with pytest.raises(lrdsl.ScheduleError) as caught:
            lrdsl.load(tmp_path / "main.lrs")
        assert [(d.code, d.message, d.span.start.line) for d in caught.value.diagnostics] == [("LR101", "in `f`: no shape is called `cosin`", 2)]
        self.write(tmp_path, main='use "a.lrs"\nlr = hold(w)', a="# one\nlet w = 3 +")
        self.fails(tmp_path, "`a.lrs`, line 2: the text ends after `+`")


@pytest.mark.parametrize("join", ["then", "*"])
def test_names_that_double_are_stopped(join: str) -> None:
    chain = "\n".join(["let a0 = hold(1)", *(f"let a{i + 1} = a{i} {join} a{i}" for i in range(60)), "lr = a60"])
    assert codes(chain)[0] == "LR005"
    calls = "\n".join([f"def f0(x) = x {join} x", *(f"def f{i + 1}(x) = f{i}(f{i}(x))" for i in range(60)), "lr = f60(hold(1))"])
    assert codes(calls)[0] == "LR005"


def test_lengths_are_exact() -> None:
    assert lrdsl.parse("let third = 1/3\nlr = hold(10 * third)").plan.length == Fraction(10, 3)
