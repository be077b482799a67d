"""Tests of the parser and the printer: a text becomes a tree, and a tree its canonical text."""

from __future__ import annotations

from fractions import Fraction

import pytest

import lrdsl
from lrdsl.diagnostics import Problems
from lrdsl.syntax import canonical, nodes, parse
from lrdsl.syntax.parser import MAX_DEPTH
from lrdsl.syntax.printer import decimal_text
from lrdsl.syntax.replanning import with_total
from lrdsl.syntax.substitution import substituted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("step( 3 ,.1 )then cosine( 20 )", "step(3, 0.1) then cosine(20)"),
        ("  hold(3)\n\n then\tcosine(20)  # done", "hold(3) then cosine(20)"),
        ("# first\nhold(3) # then\nthen cosine(20)", "hold(3) then cosine(20)"),
        ("(hold(3) then hold(4)) then cosine(20)", "hold(3) then hold(4) then cosine(20)"),
        ("hold(3) then (hold(4) then cosine(20))", "hold(3) then hold(4) then cosine(20)"),
        ("(exp(0.9)) for 10", "exp(0.9) for 10"),
        ("(hold(3) then exp(0.9)) for 10", "(hold(3) then exp(0.9)) for 10"),
        ("restart (cosine(20) for 10)", "restart cosine(20) for 10"),
        ("(restart cosine(20)) for 10", "(restart cosine(20)) for 10"),
        ("cosine(1_000)", "cosine(1000)"),
        ("cosine(2k steps)", "cosine(2k steps)"),
        ("cosine(5 ep) * 0.50", "cosine(5ep) * 0.5"),
        ("cosine(20,to=1E-05,)", "cosine(20, to=1e-5)"),
        ("cosine(20, to = 0.10 x)", "cosine(20, to=0.1x)"),
        ("multistep( [ 30,60 , 80, ] )", "multistep([30, 60, 80])"),
        ("scale(1/(1+t)^-2)", "scale(1 / (1 + t)^-2)"),
        ("scale(2^3^t)", "scale(2^3^t)"),
        ("scale((2^3)^t)", "scale((2^3)^t)"),
        ("scale(-t^2)", "scale(-t^2)"),
        ("scale((-t)^2)", "scale((-t)^2)"),
        ("scale(1-(2-t))", "scale(1 - (2 - t))"),
        ("scale((1-2)-t)", "scale(1 - 2 - t)"),
        ("scale(2/(3/t))", "scale(2 / (3 / t))"),
        ("hold", "hold"),
        ("hold()", "hold()"),
        ("warmup(5, shape=linear) then linear(5)", "warmup(5, shape=linear) then linear(5)"),
    ],
)
def test_canonical_text(text: str, expected: str) -> None:
    assert canonical(parse(text)) == expected
    assert parse(expected) == parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("1000", "1000"),
        ("1e-5", "1e-5"),
        ("0.0001", "1e-4"),
        ("0.001", "0.001"),
        ("12.50", "12.5"),
        ("1e16", "1e16"),
        ("1.5e20", "1.5e20"),
        ("-2.5", "-2.5"),
    ],
)
def test_decimals(value: str, text: str) -> None:
    assert Fraction(decimal_text(Fraction(value))) == Fraction(value)
    if text not in ("1e-4",):
        assert decimal_text(Fraction(value)) == text


def test_nodes_know_where_they_stand() -> None:
    text = "hold(3) then cosine(20, to=1e-5) for 10"
    tree = parse(text)
    assert isinstance(tree, nodes.Sequence)
    spans = [text[slice(*item.extent)] for item in tree.items]
    assert spans == ["hold(3)", "cosine(20, to=1e-5) for 10"]
    limited = tree.items[1]
    assert isinstance(limited, nodes.Limited)
    assert isinstance(limited.body, nodes.Call)
    assert [text[slice(*a.extent)] for a in limited.body.arguments] == ["20", "to=1e-5"]
    assert text[slice(*limited.body.arguments[1].name_extent)] == "to"


def test_one_word_is_a_choice_or_a_shape_by_its_place() -> None:
    as_choice = lrdsl.parse("onecycle(100, anneal=linear) then linear(5)")
    assert as_choice.length == 105
    assert [d.code for d in lrdsl.lint("onecycle(100, anneal=linear(5))")] == ["LR105"]
    assert lrdsl.parse("warmup(5, shape=cosine) then cosine(5)").at(5) == 1.0


def test_a_name_of_the_host_may_be_a_word_of_the_language_elsewhere() -> None:
    assert lrdsl.parse("cosine(n, to=to)", names={"n": 10, "to": 0.5}).at(10) == 0.5
    for taken in ("cosine", "base", "rest", "t", "not a name"):
        with pytest.raises(lrdsl.ScheduleError):
            lrdsl.parse("cosine(5)", names={taken: 1})


def test_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "run.lrs"
    path.write_bytes("\ufeff# with a mark\r\nhold(3)\r\nthen cosine(20)\r\n".encode())
    assert str(lrdsl.load(path)) == "hold(3) then cosine(20)"
    path.write_text("hold(3)\nthen cosin(20)")
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.load(path)
    assert f"{path}:2:6" in str(caught.value)
    with pytest.raises(OSError, match="missing"):
        lrdsl.load(tmp_path / "missing.lrs")


@pytest.mark.parametrize("number", ["1e77777777777777777777777777777", "1e-77777777777777777777777777777", "1e101", "1e-101"])
@pytest.mark.parametrize("digit", ["0", "1", "0.0"])
def test_numbers_that_no_text_may_have(number: str, digit: str) -> None:
    """Exponents too large for `Decimal`, and powers of ten that would take for ever to compute."""
    text = f"hold({digit}{number[1:]})"
    problems = Problems(text)
    parse(text, problems)
    assert [d.code for d in problems.found] == ["LR007"]
    assert [d.code for d in lrdsl.lint(text)][:1] == ["LR007"]


@pytest.mark.parametrize(
    ("written", "filled"), [("x - 7", "-2"), ("-2 + x", "3"), ("max(x, -3)", "5"), ("min(x, -3)", "-3"), ("x * -3", "-15"), ("x / -8", "-0.625")]
)
def test_arithmetic_that_a_number_in_the_place_of_a_name_leaves(written: str, filled: str) -> None:
    assert canonical(substituted(parse(written), {"x": parse("5")})) == filled


def test_a_schedule_in_a_run_of_another_length_keeps_its_shares() -> None:
    text = "hold(30%) then cosine(50% - 3) then linear(10% + total, to=0.1x)"
    assert canonical(with_total(parse(text), 200, 400)) == "hold(60 ticks) then cosine(100 ticks - 3) then linear(20 ticks + 200 ticks, to=0.1x)"


def test_how_deep_operations_may_be() -> None:
    """A flat text may be as deep as a nested one: each of its operations holds those before it."""
    parse("1 * " * (2 * MAX_DEPTH - 1) + "hold")
    with pytest.raises(lrdsl.ScheduleError, match="LR006"):
        parse("1 * " * 2 * MAX_DEPTH + "hold")


def test_how_many_mistakes_of_a_statement_are_repaired() -> None:
    """Twenty; of a statement with more, the first twenty are reported."""
    with pytest.raises(lrdsl.ScheduleError) as twenty:
        parse("hold" + " 3" * 20 + "\nlr = = hold")
    with pytest.raises(lrdsl.ScheduleError) as more:
        parse("hold" + " 3" * 25 + "\nlr = = hold")
    assert len(twenty.value.diagnostics) == len(more.value.diagnostics) == 21


@pytest.mark.parametrize("text", ["lr = hold(3\nmomentum = hold(0.9)", "let x = (3\nlr = hold(x)", "hold(3, at=2\nset total = 3"])
def test_a_statement_ends_an_open_bracket(text: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as error:
        parse(text)
    assert [problem.code for problem in error.value.diagnostics] == ["LR003"]
