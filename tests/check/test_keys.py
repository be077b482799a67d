"""Tests of what stands left of `=`: keys, selectors, quotes, and patterns that catch a number; and of how the right side refers to it."""

from __future__ import annotations

import pickle

import pytest

import lrdsl
from lrdsl.check.keys import is_word
from lrdsl.cli import main
from lrdsl.syntax import parse

FAMILY = 'lr = cosine(100); lr["blocks.{k}.*"] = 0.75^(12 - k) * lr'


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('"lr" = hold', "lr = hold"),
        ('"lr"["a"] = hold', 'lr["a"] = hold'),
        ('"ema" = hold', "ema = hold"),
        ('"clip" = hold', '"clip" = hold'),
        ('"step"["a"] = hold', '"step"["a"] = hold'),
        ('"for" = hold', '"for" = hold'),
        ('"total" = hold', '"total" = hold'),
        ('"my key" = hold', '"my key" = hold'),
        ('lr["a" ,\n"b",] = hold', 'lr["a", "b"] = hold'),
        ('lr[0,"b",2] = hold', 'lr[0, "b", 2] = hold'),
        ('betas[0]["a","b"] = hold', 'betas[0]["a", "b"] = hold'),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    s = lrdsl.parse(text)
    assert str(s) == canonical
    assert lrdsl.parse(canonical).tree == s.tree
    assert s.targets[0].name == canonical.removesuffix(" = hold")
    assert lrdsl.parse(lrdsl.format(text)).tree == s.tree


def test_words_of_the_language_need_quotes() -> None:
    assert all(map(is_word, ("clip", "step", "cosine", "rest", "t", "then", "until", "or", "my key", "9", "")))
    assert not any(map(is_word, ("lr", "ema", "a.b", "_x", "set", "at", "β")))


def test_a_key_in_quotes_on_the_right() -> None:
    s = lrdsl.parse(
        '"clip" = linear(4); lr = 0.5 * "clip" then hold(3); momentum = "lr" * 0.5; "step"["a"] = 0.1 * "clip"; ema = hold(at=("clip" at 2)); assert "clip" at 2 == 0.5x; assert max("clip") == 1x'
    )
    assert s.at(1, target="lr") == 0.375
    assert s.at(1, target="clip") == s.at(1, target='"clip"') == 0.75
    assert s.at(1, target="momentum") == 0.1875
    assert s.at(1, target='"step"["a"]') == s.at(1, target='step["a"]') == pytest.approx(0.075)
    assert s.at(0, target="ema") == 0.5


@pytest.mark.parametrize("key", ["for", "class", "my key", "a&<b>", "$x$", "clip"])
def test_every_format_can_write_a_key(key: str) -> None:
    s = lrdsl.parse(f'"{key}" = linear(4)')
    for format in ("latex", "typst", "mathml", "text", "markdown", "python"):
        assert s.typeset(format)
    compile(s.typeset("python"), "<written>", "exec")
    assert key in s.sentence()
    assert "<b>" not in s._repr_html_()


def test_a_family_is_asked_by_the_name_of_a_group() -> None:
    s = lrdsl.parse(FAMILY)
    for k in (0, 3, 11, 40):
        expected = lrdsl.parse(f"0.75^(12 - {k}) * cosine(100)")
        for name in (f'lr["blocks.{k}.mlp"]', f'lr["blocks.{k}.*"]', f'lr["blocks.{{k={k}}}.*"]'):
            assert s.at(40, 0.1, name) == expected.at(40, 0.1)
            assert s.values(5, 0.1, name).tolist() == expected.values(5, 0.1).tolist()
            assert s.formula(target=name) == expected.formula()
    assert "blocks.11.*" in s.sentence(target='lr["blocks.11.mlp"]')
    assert r"\text{blocks.11.*}" in s.latex(target='lr["blocks.11.mlp"]')
    assert [str(letter) for letter in s.legend(target='lr["blocks.11.mlp"]')] == ["k_0", "T"]
    with pytest.raises(lrdsl.ScheduleError, match="LR153") as caught:
        s.at(0, target='lr["blocks.{k}.*"]')
    assert 'name a group: `lr["blocks.3.*"]`' in str(caught.value)
    for name in ('lr["head"]', 'lr["blocks.x.mlp"]', 'lr["{j=3}"]', "momentum"):
        with pytest.raises(lrdsl.ScheduleError, match="LR153"):
            s.at(0, target=name)


def test_a_family_is_shown_by_one_member() -> None:
    """The first number with which the target is sound."""
    assert [t.name for t in lrdsl.parse(FAMILY).targets] == ["lr", 'lr["blocks.{k=1}.*"]']
    assert [t.name for t in lrdsl.parse('lr["{k}"] = hold(at=1x/(k - 1))').targets] == ['lr["{k=0}"]']
    assert [t.name for t in lrdsl.parse('lr["{k}"] = hold(k - 5)').targets] == ['lr["{k=6}"]']


def test_a_family_survives_a_pickle_and_equals_itself() -> None:
    s = lrdsl.parse(FAMILY)
    again = pickle.loads(pickle.dumps(s))
    assert again == s == lrdsl.parse(FAMILY).catching({'lr["blocks.{k}.*"]': [3, 5]})
    assert again.at(7, target='lr["blocks.5.x"]') == s.at(7, target='lr["blocks.5.x"]')


def test_a_later_family_reads_an_earlier_one() -> None:
    s = lrdsl.parse('lr["b.{k}"] = 0.5^k * linear(10); weight_decay["b.{k}"] = 0.1 * lr["b.{k}"]; momentum = lr["b.3"]; ema["{k}"] = lr["b.2"] * k')
    assert s.at(5, target='weight_decay["b.2"]') == pytest.approx(0.1 * 0.25 * 0.5)
    assert s.at(5, target="momentum") == pytest.approx(0.125 * 0.5)
    assert s.at(5, target='ema["7"]') == pytest.approx(7 * 0.25 * 0.5)


def test_assertions_name_a_group() -> None:
    text = 'lr["b.{k}"] = 0.5^k * linear(10)\nassert max(lr["b.3"]) == 0.125x\nassert lr["b.4"] at 5 == 0.03125x'
    assert len(lrdsl.parse(text).program.assertions) == 2
    with pytest.raises(lrdsl.ScheduleError, match="LR145"):
        lrdsl.parse(text.replace("0.125x", "0.25x"))


def test_a_number_is_what_a_shape_asks_for() -> None:
    s = lrdsl.parse('lr["{k}"] = hold(k*1%) then step(k, 1/k) for 4*k then linear(rest, to=k*0.01x)', total_steps=100)
    assert [p.length for p in s.plan_of('lr["5"]').phases] == [5, 20, 75]
    assert s.at(100, target='lr["5"]') == 0.05


@pytest.mark.parametrize(
    ("text", "code", "at", "help"),
    [
        ('lr["{k}.{k}"] = hold', "LR117", "{k}", "`*`"),
        ('lr["{k}.{j}"] = hold', "LR117", "{j}", "`*`"),
        ('lr["a.{}"] = hold', "LR117", "{}", "`{k}`"),
        ('lr["a.{3}"] = hold', "LR117", "{3}", "`{k}`"),
        ('lr["a.{k"] = hold', "LR117", "{", "`[{]`"),
        ('lr["a.k}"] = hold', "LR117", "}", "`{k}`"),
        ('lr["[{k}]"] = hold', "LR117", "{k}", "`[[]{k}]`"),
        ('lr["{t}"] = hold', "LR116", "{t}", "another name"),
        ('lr["{cosine}"] = hold', "LR116", "{cosine}", "another name"),
        ('lr["{for}"] = hold', "LR116", "{for}", "another name"),
        ('let k = 3; lr["{k}"] = hold', "LR116", "{k}", "another name"),
        ('lr["{w}"] = hold', "LR116", "{w}", "another name"),
        ('lr = hold; momentum["{lr}"] = hold', "LR116", "{lr}", "another name"),
        ('lr["{k}", "b"] = hold', "LR117", '"b"', "`{k}`"),
        ('lr["b", "{k}"] = hold', "LR117", '"{k}"', "`{k}`"),
        ('lr["{k}", "{j}"] = hold', "LR117", '"{j}"', "`{j}`"),
        ('lr["{k}", 3] = hold', "LR117", "3", "`{k}`"),
        ('lr["a", "a"] = hold', "LR108", '"a"', "once"),
        ("lr[0, 0] = hold", "LR108", "0", "once"),
        ("lr[1.5] = hold", "LR117", "1.5", "counted 0, 1, 2"),
        ("clip = hold", "LR117", "clip", '`"clip" = ...`'),
        ('step["a"] = hold', "LR117", "step", '`"step" = ...`'),
        ('"" = hold', "LR117", '""', "1 to 100 characters"),
        ('"betas[0]" = hold', "LR117", '"betas[0]"', "brackets"),
        ('lr["{k}"] = hold; lr["{k}"] = hold', "LR116", 'lr["{k}"]', "one schedule"),
        ('lr["{k}"] = hold; lr = 0.5 * lr["{k}"]', "LR103", 'lr["{k}"]', "name a group"),
        ('lr["{k}"] = hold\nassert max(lr["{k}"]) <= 1x', "LR103", 'lr["{k}"]', "name a group"),
        ('lr["{k}"] = hold(k * 1x)', "LR111", "k * 1x", "ticks"),
        ('lr["{k}"] = cosin(k)', "LR101", "cosin", "`cosine`"),
        ('lr["{k}"] = exp(2 + k)', "LR144", "exp(2 + k)", "`exp(2 + k) for"),
        ("lr = hold(at=k)", "LR103", "k", "names="),
    ],
)
def test_mistakes_have_a_caret_and_a_repair(text: str, code: str, at: str, help: str) -> None:
    [d] = lrdsl.lint(text, names={"w": 3})
    assert (d.code, text[d.span.start.offset : d.span.end.offset]) == (code, at)
    assert help in d.help
    if d.fix is not None:
        mended = text[: d.fix.start] + d.fix.replacement + text[d.fix.end :]
        assert not [x for x in lrdsl.lint(mended, names={"w": 3}) if x.severity == "error"]


def test_a_string_begins_a_statement() -> None:
    tree = parse('lr = multistep([3,\n"clip" = hold\n"step"["a"] = hold', problems := lrdsl.diagnostics.Problems(""))  # type: ignore[attr-defined]
    assert [d.code for d in problems.found] == ["LR003"]
    assert len(tree.statements) == 3  # type: ignore[union-attr]


def test_a_family_of_several_patterns_is_asked_by_each_name() -> None:
    s = lrdsl.parse('lr = cosine(9); lr["blocks.{k}.*", "layers.{k}.*"] = 0.5^k * lr')
    names = ('lr["blocks.3.x"]', 'lr["layers.3.x"]', 'lr["blocks.{k=3}.*", "layers.{k=3}.*"]')
    assert {s.target(name).name for name in names} == {names[2]}
    for name in names:
        assert s.at(0, target=name) == 0.125
        assert s.values(1, target=name).tolist() == [0.125]
        for format in ("latex", "markdown", "text", "typst", "mathml", "python"):
            assert s.typeset(format, target=name, symbolic=format != "python")
        assert "1/8" in str(s.formula(target=name)) or "/8" in str(s.formula(target=name))
        assert s.sentence(target=name)


def test_a_long_name_of_a_group() -> None:
    s = lrdsl.parse('lr["*.{k}.*"] = hold(at=k)')
    assert s.at(0, target=f'lr["{"encoder." * 40}3.weight"]') == 3


def test_every_question_about_a_member_of_a_family_in_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'lr = cosine(9); lr["blocks.{k}.*", "layers.{k}.*"] = 0.5^k * lr'
    for verb in (["show"], ["values", "--ticks", "2"], ["table"], ["formula", "--symbolic"], *(["formula", "--format", f] for f in ("sympy", "sentence"))):
        assert main([*verb, text, "--target", 'lr["layers.3.x"]']) == 0
        assert not capsys.readouterr().err
