"""Names that a text gives: what may be one, what it hides, and whether it stands for a phase or for a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl.check.scope import MAX_LIST


@pytest.mark.parametrize("word", ["cosine", "repeat", "t", "rest", "total", "base", "pi"])
@pytest.mark.parametrize("text", ["def f({}) = hold; lr = f(3)", "let {} = 3; lr = hold", "{} = hold"])
def test_a_word_of_the_language_is_no_name(word: str, text: str) -> None:
    (problem,) = lrdsl.lint(text.format(word))
    assert problem.code in ("LR116", "LR117")
    assert problem.message.startswith(f"`{word}` is a word of the language")
    assert text.format(word)[problem.span.start.offset : problem.span.end.offset] == word


def test_a_function_of_arithmetic_is_no_name_but_may_be_a_parameter() -> None:
    assert [d.code for d in lrdsl.lint("let floor = 3; lr = hold")] == ["LR116"]
    assert lrdsl.parse("def f(n, floor) = linear(n, to=floor); lr = f(4, 0.5x)").at(4) == 0.5


def test_a_parameter_hides_the_name_outside() -> None:
    """`w` in the body is what the call gives, and not the `rest` that `w` stands for elsewhere."""
    schedule = lrdsl.parse("set total = 30; let w = rest; def f(w) = hold(w); lr = f(3) then cosine(w)")
    assert [(phase.start, phase.length) for phase in schedule.phases] == [(0, 3), (3, 27)]


def test_a_parameter_is_not_the_number_of_a_group() -> None:
    (problem,) = lrdsl.lint('lr["h.{i}"] = cosine(10 + i); def f(i) = lr["h.{i}"]; momentum = f(2)')
    assert (problem.code, problem.message) == ("LR103", "this depends on `i`, which has no value here")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("half(2) * cosine(10)", "cosine(10)"),
        ("cosine(10) * half(2)", "cosine(10)"),
        ("cosine(10) + half(2)", "cosine(10) + 1"),
        ("cosine(10) - half(1)", "cosine(10) - 0.5"),
        ("min(cosine(10), half(1))", "min(cosine(10), 0.5)"),
        ("half(cosine(10))", "cosine(10) / 2"),
        ("half(cosine(10)) * cosine(7)", "cosine(10) * cosine(7) * 0.5"),
        ("half(2) * half(cosine(10))", "cosine(10) * 0.5"),
        ("half(cosine(10)) + 0.1", "cosine(10) / 2 + 0.1"),
        ("min(half(cosine(10)), 0.3)", "min(cosine(10) / 2, 0.3)"),
        ("min(0.3, half(cosine(10)))", "min(cosine(10) / 2, 0.3)"),
        ("cosine(half(20))", "cosine(10)"),
    ],
)
def test_a_function_is_a_phase_where_it_is_made_of_one(text: str, levels: str) -> None:
    one, two = lrdsl.parse(f"def half(x) = x / 2; lr = {text}"), lrdsl.parse(levels)
    assert one.values(15, 0.8).tolist() == pytest.approx(two.values(15, 0.8).tolist(), rel=1e-15)


@pytest.mark.parametrize("call", ["abs(0 - 4)", "ceil(3.5)", "floor(4.5)", "min(4, 9)", "max(4, 3)", "4 + log(1)", "3 + cos(0)", "4 + sin(0)"])
def test_a_function_of_arithmetic_is_a_number(call: str) -> None:
    assert lrdsl.parse(f"let n = {call}; lr = cosine(n)").length == 4


def test_a_call_of_an_unknown_name_is_a_phase() -> None:
    (problem,) = lrdsl.lint("let x = wibble(3); lr = x then cosine(3)")
    assert (problem.code, problem.message) == ("LR101", "no shape is called `wibble`")


@pytest.mark.parametrize("text", ["half(2)", "half(2) then cosine(10)", "repeat(half(2))"])
def test_a_function_of_numbers_is_no_phase(text: str) -> None:
    assert [d.code for d in lrdsl.lint(f"def half(x) = x / 2; lr = {text}")] == [d.code for d in lrdsl.lint(text.replace("half(2)", "1"))] != []


@pytest.mark.parametrize(
    "phase", ["exp(10, to=0.1)", "exp(gamma=0.9)", "exp(cosine(9))", "exp()", "cosine(10)", "exp(0.5) then hold", "min(hold, 3)", "hold * 2"]
)
def test_what_is_a_phase_for_certain_is_no_value(phase: str) -> None:
    problem = lrdsl.lint(f"let a = {phase}; lr = hold(at=a)")[0]
    assert (problem.code, problem.message) == ("LR113", "expected a value, but `a` is a phase")


@pytest.mark.parametrize(
    ("call", "code", "at"),
    [
        ("f(1, a=2)", "LR108", "a=2"),
        ("f(a=1, a=2)", "LR108", "a=2"),
        ("f(b=2)", "LR106", "f(b=2)"),
        ("f()", "LR106", "f()"),
        ("f(1, 2, 3)", "LR107", "3"),
        ("f(c=3)", "LR102", "c"),
    ],
)
def test_calls_that_do_not_fit_a_function(call: str, code: str, at: str) -> None:
    text = f"def f(a, b=2*a) = hold(a) then hold(b); lr = {call}"
    problem = lrdsl.lint(text)[0]
    assert (problem.code, text[problem.span.start.offset : problem.span.end.offset]) == (code, at)


@pytest.mark.parametrize("operation", ["min", "max", "sum"])
def test_phases_that_are_combined_have_no_names(operation: str) -> None:
    text = f"{operation}(hold, hold, to=3)"
    (problem,) = lrdsl.lint(text)
    assert (problem.code, text[problem.span.start.offset : problem.span.end.offset]) == ("LR102", "to")
    assert problem.message == f"`{operation}` has no parameter `to`"


@pytest.mark.parametrize("name", ['momentum["a"]', "lr[0]"])
def test_a_target_that_is_not_defined(name: str) -> None:
    (problem,) = lrdsl.lint(f"lr = {name} then hold(3)")
    assert (problem.code, problem.message) == ("LR101", f"no shape is called `{name}`")


def test_problems_inside_a_misspelled_shape_are_told_too() -> None:
    assert [d.code for d in lrdsl.lint("foo(hold(1, 2, 3), 4, bar(3))")] == ["LR101", "LR107", "LR101"]


@pytest.mark.parametrize("name", ["hold", "rest", "3a", "", 3, "a b"])
def test_names_that_the_host_may_not_give(name: object) -> None:
    with pytest.raises(lrdsl.ScheduleError, match="cannot be given a value"):
        lrdsl.parse("hold", names={name: 3})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("warmup(10%) then cosin(rest) then hold(too=0.1)", ["LR101", "LR102"]),
        ("cosine(rest, too=1) then hold(3, too=0.1)", ["LR102", "LR102"]),
        ("warmup(w) then cosine(rest, to=wrong) then linear(5, tto=1)", ["LR103", "LR103", "LR102"]),
        ("warmup(w) then linear(rest - 50) then hold(x)", ["LR103", "LR103"]),
    ],
)
def test_a_phase_with_rest_tells_its_own_mistakes_beside_others(text: str, codes: list[str]) -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.parse(text, total_steps=100)
    assert [d.code for d in caught.value.diagnostics] == codes


@pytest.mark.parametrize("milestones", [[3, 5], (3, 5), np.array([3, 5]), ["3", "10/2"]])
def test_a_name_may_be_a_list(milestones: Any) -> None:
    for text in ("multistep(m)", "def f(k) = multistep(k)\nlr = f(m)", "let n = m\nlr = multistep(n)"):
        assert lrdsl.parse(text, names={"m": milestones}).values(8).tolist() == lrdsl.parse("multistep([3, 5])").values(8).tolist()
    assert lrdsl.parse("multistep(m, g)", names={"m": milestones, "g": [0.5, 0.1]}).at(5) == 0.05
    assert lrdsl.parse("multistep(m)", names={"m": milestones}) == lrdsl.parse("multistep([3, 5])")


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("multistep(m)", [5, 3], "LR133"),
        ("multistep(m)", ["a"], "LR152"),
        ("multistep(m)", [[1]], "LR152"),
        ("multistep(m)", [math.nan], "LR152"),
        ("multistep(m)", [True], "LR152"),
        ("multistep(m)", list(range(1, MAX_LIST + 2)), "LR152"),
        ("step(m)", [3, 5], "LR111"),
        ("step(m + 1)", [3], "LR111"),
        ("hold(at=m * base)", [3], "LR111"),
    ],
)
def test_a_list_that_does_not_fit_says_so(text: str, value: Any, code: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as error:
        lrdsl.parse(text, names={"m": value})
    assert [d.code for d in error.value.diagnostics] == [code]
