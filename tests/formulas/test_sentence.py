"""Tests of sentences: each says everything that its text says, in correct English."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.cli import main
from lrdsl.formulas.sentence import in_latex
from lrdsl.syntax import canonical, nodes
from tests.drawing import examples
from tests.formulas.typeset.formulas import schedules
from tests.properties import texts

ALL = schedules()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("warmup(5ep) then cosine(95ep)", "warms up linearly over 5 epochs to 0.1, then follows a half cosine to 0 over 95 epochs."),
        ("step(1ep, 0.1) for 30", "is multiplied by 0.1 every epoch, for 30 steps."),
        ("linear(10, to=2x) then linear(1)", "rises linearly to 0.2 over 10 steps, then falls linearly to 0 over 1 step."),
        ("restart linear(2.5, from=1e-3)", "restarts from 0.1 and falls linearly from 0.001 to 0 over 2.5 steps."),
        ("hold until val_loss < 0.3 or 5ep", "stays at 0.1 until val_loss < 0.3, but for no more than 5 epochs."),
        ("repeat(linear(10, to=0.5x) then hold(3), times=2)", "repeats this 2 times, each time from the level it has come to: "
         "(it goes linearly to 0.05 over 10 steps, then stays at 0.05 for 3 steps)."),
        ("restarts(linear(10), times=3)", "repeats this 3 times, each time from the same level: it falls linearly to 0 over 10 steps."),
        ("restarts(linear(10), times=3, decay=0.5)", "repeats this 3 times, each time from half the level of the time before: "
         "it goes linearly to 0 over 10 steps."),
        ("restarts(linear(10), times=3, decay=0.5, floor=decays)", "repeats this 3 times, each time from half the level of the time before, "
         "with all levels in it: it goes linearly to 0 over 10 steps."),
        ("restarts(linear(10), stretch=2)", "repeats this without end, each time from the same level, each cycle twice as long as the one before: "
         "it falls linearly to 0 over 10 steps."),
        ("cosine(90) for 40", "follows a half cosine to 0 over 90 steps, cut off after 40 steps."),
        ("cosine(20) until 1ep", "follows a half cosine to 0 over 20 steps, for 1 epoch in all."),
        ("hold until 3ep", "stays at 0.1 for 3 epochs."),
        ("warmup(10, power=2)", "warms up over 10 steps to 0.1, as the share of time to the power 2."),
        ("warmup(1.5ep)", "warms up linearly over 1.5 epochs to 0.1."),
        ("rsqrt(1000)", "decays as 1/√(1 + t/T), with T = 1,000 steps and t counted from the start."),
        ("hold(5) then inv(100)", "stays at 0.1 for 5 steps, then decays as 1/(1 + t/T), with T = 100 steps and t counted from there."),
        ("poly(100)", "falls linearly to 0 over 100 steps."),
        ("poly(100, power=2)", "falls to 0 over 100 steps, as the share of time left to the power 2."),
        ("16 * cosine(5)", "is 16 times a curve that follows a half cosine to 0 over 5 steps."),
        ("let main = cosine(5); lr = 0.5 * main", "is 0.5 times main, which follows a half cosine to 0 over 5 steps."),
        ("let main = step(2) for 5; lr = 0.5 * main", "is 0.5 times main, which is multiplied by 0.1 every 2 steps, for 5 steps."),
        ("let main = hold(2) then cosine(5); lr = main / 2", "is 0.5 times main, which (stays at 0.1 for 2 steps, then follows a half cosine to 0 over 5 steps)."),
        ("let main = step(2) for 5; lr = 0.5 * main then hold", "is 0.5 times main, which (is multiplied by 0.1 every 2 steps, for 5 steps), then stays at 5e−4."),
        ("cosine(5) / 3", "is 1/3 times a curve that follows a half cosine to 0 over 5 steps."),
        ("linear(5) - 0.01", "is 0.01 below a curve that falls linearly to 0 over 5 steps."),
        ("cosine(9) * (hold(2) then linear(2)) * step(3)", "is the product of a curve that (is the product of a curve that follows a half cosine to 0 over 9 steps and "
         "a factor, with the base value 1, that (stays at 1 for 2 steps, then falls linearly to 0 over 2 steps)) and a factor, with the base value 1, that is multiplied by 0.1 every 3 steps."),
        ("scale(1/(1 + t))", "is 0.1 times 1/(t + 1), t counted in steps from the start."),
        ("scale(1 - t/9, to=0.02) for 9", "is 0.02 plus (1 − t/9) times the way from there to 0.1, t counted in steps from the start, for 9 steps."),
        ("hold(0) then linear(5) then linear(0, to=1)", "falls linearly to 0 over 5 steps, then is set to 1."),
        ("linear(5) for 5", "falls linearly to 0 over 5 steps."),
        ("onecycle(2)", "falls along a half cosine from 0.1 to 4e−7 over 1.4 steps, of which the first 0.4 steps are over at the start."),
        ("repeat(linear(3), times=1)", "goes once through this: it goes linearly to 0 over 3 steps."),
        ("hold(at=min(1x, 0.05))", "stays at 0.05."),
        ("min(cosine(9), exp(0.9))", "is at every tick the lower of two curves: one that follows a half cosine to 0 over 9 steps; one that is multiplied by 0.9 every step."),
        ("sum(linear(9), 0.1x, 0.2x)", "is at every tick the sum of three curves: one that falls linearly to 0 over 9 steps; one that stays at 0.01; one that stays at 0.02."),
        ("every(10, linear(100))", "changes only every 10 steps, to the level of a curve that falls linearly to 0 over 100 steps."),
        ("stretch(step(3), 2)", "takes twice as long as a curve that is multiplied by 0.1 every 3 steps."),
        ("clip(linear(9), 0.1x, 0.9x)", "falls linearly to 0 over 9 steps, but is never below 0.01, and never above 0.09."),
        ("clip(linear(9), high=0.9x)", "falls linearly to 0 over 9 steps, but is never above 0.09."),
        ("bounce(linear(9))", "runs forward and backward through this without end: it falls linearly to 0 over 9 steps."),
        ("plateau(min=0.01)", "is multiplied by 0.1 down to 0.01 each time the metric has not fallen by 0.01 % of its best for more than 10 reports."),
    ],
)  # fmt: skip
def test_sentences(text: str, said: str) -> None:
    assert lrdsl.parse(text, steps_per_epoch=100).sentence(base=0.1) == f"The learning rate {said}"


def test_lengths_in_tokens_are_said_as_the_text_has_them() -> None:
    s = lrdsl.parse("warmup(2B tokens) then cosine(1000B tokens) then hold(20%) then linear(rest)", tokens_per_step=4_194_304, total_steps=10**6)
    said = s.sentence()
    assert "over 2B tokens (about 476.8 steps)" in said
    assert "over 1000B tokens (about 238,400 steps)" in said
    assert "for 200,000 steps" in said
    assert "over about 561,100 steps" in said
    assert "500M samples (500,000 steps)" in lrdsl.parse("cosine(500M samples)", batch_size=1000).sentence()


def test_a_multiple_of_the_level_reached_is_named() -> None:
    """So that two schedules which differ by it have two sentences."""
    first, second = (lrdsl.parse(f"repeat(onecycle(2.5, final_div={d}, pct=0.5))").sentence() for d in (0.5, 0.25))
    assert "to 0.08 times the level reached" in first
    assert first != second


def test_epochs_are_said_where_the_text_says_them() -> None:
    clock = {"steps_per_epoch": 100, "total_epochs": 10}
    assert "1,000 steps" in lrdsl.parse("rsqrt(1000)", steps_per_epoch=1000).sentence()
    assert "2.5 epochs" in lrdsl.parse("hold(2.5ep) then linear(30)", **clock).sentence()
    assert "30 steps" in lrdsl.parse("hold(2.5ep) then linear(30)", **clock).sentence()
    assert lrdsl.parse("warmup(10%) then cosine(rest)", **clock).sentence().count("epoch") == 2


def test_a_level_without_a_short_form_is_a_formula() -> None:
    assert lrdsl.parse("hold(at=min(1x, 0.05))").sentence() == "The learning rate stays at min(the base value, 0.05)."


def test_subjects() -> None:
    s = lrdsl.parse('lr["head"] = hold; betas[0] = hold(at=0.9); dampening = hold(at=0); lr[1] = hold(at=1x)')
    subjects = [s.sentence(target=t.name).partition(" stays")[0] for t in s.targets]
    assert subjects == ["The learning rate of the param groups named head", "The first beta", "The value of dampening", "The learning rate of param group 1"]


def test_every_construct_has_one() -> None:
    for name, (s, target) in ALL.items():
        said = s.sentence(target=target)
        assert said[0].isupper(), name
        assert said.endswith("."), name
        assert said.count("(") == said.count(")"), name
        assert "None" not in said, name
        assert "{" not in said, name


def _numbers(tree: nodes.Node) -> list[nodes.Node]:
    return [x for x in nodes.walk(tree) if isinstance(x, nodes.Number | nodes.Quantity)]


@examples(60)
@given(st.data())
def test_what_is_another_schedule_has_another_sentence(data: st.DataObject) -> None:
    """A number in the text is changed: where that changes the levels, it changes the sentence."""
    s = data.draw(texts.schedules(depth=3, longest=500))
    numbers = _numbers(s.tree)
    assume(numbers)
    text = canonical(s.tree)
    picked = data.draw(st.sampled_from(numbers))
    assert isinstance(picked, nodes.Number | nodes.Quantity)
    start, end = picked.extent
    whole = picked.value.denominator == 1
    changed = str(int(picked.value) + data.draw(st.integers(1, 3))) if whole else f"{float(picked.value) * 0.5:.6g}"
    assume(s.text[start:end].startswith(text_of(picked)))
    other = s.text[:start] + changed + s.text[start + len(text_of(picked)) :]
    try:
        t = lrdsl.parse(other)
    except lrdsl.ScheduleError:
        assume(False)
    ticks = np.arange(600)
    if not np.array_equal(s.values(ticks), t.values(ticks)):
        assert s.sentence() != t.sentence(), (text, other, s.sentence())


def text_of(number: nodes.Number | nodes.Quantity) -> str:
    """The number as the text has it, without its unit."""
    return canonical(nodes.Number(number.value, number.extent))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("multistep([30, 60])", "is multiplied by 0.1 after 30 and 60 steps."),
        ("warmup(9) then multistep([30, 60])", "warms up linearly over 9 steps to 0.1, then is multiplied by 0.1 after 30 and 60 more steps."),
        (
            "warmup(2B tokens) then multistep([3B tokens])",
            "warms up linearly over 2B tokens (about 666.7 steps) to 0.1, then is multiplied by 0.1 after 3B more tokens (1,000 steps).",
        ),
        ("warmup(3) then scale(1/(1 + t))", "warms up linearly over 3 steps to 0.1, then is 0.1 times 1/(t + 1), t counted in steps from there."),
        (
            "max(hold(3), exp(0.9) for 3)",
            "is at every tick the higher of two curves: one that stays at 0.1 for 3 steps; one that (is multiplied by 0.9 every step, for 3 steps).",
        ),
        ("cumprod(0.9)", "is multiplied every step by 0.9."),
        ("cumprod(1 - 1/(t + 9))", "is multiplied every step by 1 − 1/(t + 9), t counted in steps from the start."),
    ],
)
def test_what_a_later_phase_counts_from(text: str, said: str) -> None:
    assert lrdsl.parse(text, tokens_per_step=3_000_000).sentence(base=0.1) == f"The learning rate {said}"


def test_the_time_of_a_formula_is_in_the_unit_of_a_tick() -> None:
    assert "t counted in epochs from the start" in lrdsl.parse("scale(1/(1 + t))", tick="epoch").sentence()
    assert "t counted in ticks from the start" in lrdsl.parse("scale(1/(1 + t))", ticks_per_step=2).sentence()


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("to 3e−5, 10% of 0.1", r"to $3 \times 10^{-5}$, 10\% of 0.1"),
        ("1e−4 and 2.5e7.", r"$10^{-4}$ and $2.5 \times 10^{7}$."),
        ("as 1 − √(the share)", r"as 1 $-$ $\surd$(the share)"),
        ("0.5·η₀ of ⌊t/3⌋", r"0.5$\cdot$$\eta$$_0$ of $\lfloor$t/3$\rfloor$"),
        ("a2e4 and 1e5x", "a2e4 and 1e5x"),
        ("named a_b$", r"named a\_b\$"),
    ],
)
def test_a_sentence_for_latex(words: str, source: str) -> None:
    assert in_latex(words) == source


def test_the_command_writes_a_sentence_for_latex(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formula", "linear(9, to=3e-5)", "--base", "1e-4", "--format", "latex-sentence"]) == 0
    assert capsys.readouterr().out == "The learning rate falls linearly to $3 \\times 10^{-5}$ over 9 steps.\n"
