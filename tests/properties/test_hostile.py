"""Tests that every text, however odd, gives either a schedule or a `ScheduleError` with spans in the text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.clock import UNITS
from lrdsl.diagnostics import CODES, ScheduleError, render
from lrdsl.linting.linter import UNUSED
from lrdsl.rules.catalogue import RULES
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.work import bounded
from tests.drawing import examples
from tests.properties import texts
from tests.properties.texts import NOWHERE

EXAMPLES = [form.example for forms in SHAPES.values() for form in forms] + [c.example for c in COMBINATORS.values()]
SOUND = [*((text, dict(rule.clock)) for rule in RULES.values() for text in (rule.bad, rule.good)), *((text, {}) for text in EXAMPLES)]
#: Words and signs of the language, and a few of other languages.
NAMES = [*SHAPES, *COMBINATORS, "base", "rest", "total", "t", "pi", "k", "x", "cos", "log", "to", "from", "at", "times", "power"]
SIGNS = ["then", "restart", "for", "%", "ep", "B tokens", "steps", *"()[],=+-*/^"]
NUMBERS = ["0", "1", "-1", "1e9", "9e99", "1e-99", "0.1", "1_000"]
STRANGE = ["#", "\n", " ", "\0", "é", "\N{FULLWIDTH COMMA}", "\N{CYRILLIC SMALL LETTER ES}osine", ";", '"', "__import__", "lambda"]
STATEMENTS = ["set", "let", "def", "use", "assert", "at", "lr", "momentum", 'lr["a"]', "betas[0]", "<=", "==", "\n", "\n", ";", "continuous", "total"]
WORDS = [*NAMES, *SIGNS, *NUMBERS, *STRANGE]


def survive(text: str, **options: object) -> None:
    """Parses and lints a text, and asks a schedule for all it can tell. Each costs one budget of work at most, or is refused by an error that says so."""
    codes = []
    try:
        with bounded(text):
            _look(text, **options)
    except ScheduleError as error:
        codes = [d.code for d in error.diagnostics]
    assert codes in ([], ["LR005"]), text


def _look(text: str, **options: object) -> None:
    problems = lrdsl.lint(text, **options)  # type: ignore[arg-type]
    for d in problems:
        assert d.code in (CODES if d.severity == "error" else {*RULES, UNUSED})
        assert d.message
        assert d.help
        assert 0 <= d.span.start.offset <= d.span.end.offset <= len(text)
        assert "\n" not in d.message + d.help
    assert len(render(problems, text).split("\n")) >= 3 * len(problems)
    if not any(d.severity == "error" for d in problems):
        schedule = lrdsl.parse(text, **options)  # type: ignore[arg-type]
        assert lrdsl.parse(str(schedule), **options) == schedule  # type: ignore[arg-type]
        assert all(abs(schedule.at(t, 0.1, target.name)) < 1e300 for t in (0, 1, 7, 1000) for target in schedule.targets)


names = st.one_of(st.sampled_from(NAMES), st.text("abcxyz_", min_size=1, max_size=4))
numbers = st.one_of(st.integers(0, 100).map(texts.number), st.sampled_from([10**9, 10**12, 10**40]).map(texts.number), texts.decimals(0, 1))
leaves = st.one_of(
    numbers,
    names.map(lambda word: nodes.Name(word, NOWHERE)),
    st.builds(
        lambda n, m, u: nodes.Quantity(n.value, m, u, NOWHERE, NOWHERE), numbers, st.sampled_from(["", "", "k", "M", "B"]), st.sampled_from([*UNITS, "x"])
    ),
)


def _grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Draws every form of the grammar over smaller trees, sound or not."""
    arguments = st.builds(lambda n, v: nodes.Argument(n, v, NOWHERE, NOWHERE), st.one_of(st.just(""), names), inner)
    return st.one_of(
        st.builds(lambda n, a: nodes.Call(n, tuple(a), NOWHERE, NOWHERE), names, st.lists(arguments, max_size=4)),
        st.builds(lambda items: nodes.List(tuple(items), NOWHERE), st.lists(inner, max_size=4)),
        st.builds(lambda items: nodes.Sequence(tuple(items), NOWHERE), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda op, a, b: nodes.Binary(op, a, b, NOWHERE), st.sampled_from("+-*/^"), inner, inner),
        st.builds(lambda a: nodes.Negative(a, NOWHERE), inner),
        st.builds(lambda a: nodes.Restart(a, NOWHERE), inner),
        st.builds(lambda a, b: nodes.Limited(a, b, NOWHERE), inner, inner),
    )


grammatical = st.recursive(leaves, _grown, max_leaves=12).map(texts.canonical)


@examples(1000)
@given(grammatical)
def test_texts_of_the_grammar(text: str) -> None:
    survive(text)


@examples(600)
@given(grammatical, st.integers(1, 10**6), st.integers(1, 1000))
def test_texts_of_the_grammar_with_a_clock(text: str, per_epoch: int, epochs: int) -> None:
    survive(text, steps_per_epoch=per_epoch, total_epochs=epochs, batch_size=32, tokens_per_step=10**6)


@examples(1000)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_words_in_any_order(text: str) -> None:
    survive(text)


@examples(600)
@given(st.lists(st.one_of(st.sampled_from(STATEMENTS), st.sampled_from(WORDS)), max_size=30).map(" ".join))
def test_statements_in_any_order(text: str) -> None:
    survive(text)


FILE = """set epoch = 10 steps
set total = 9ep
let warm = 2ep
def fall(n, to=0.1x) = hold(3) then cosine(n, to=to)
lr = warmup(warm) then fall(40) then linear(rest)
lr["head"] = 0.1 * lr
betas[0] = linear(total, from=0.85, to=0.95)
assert max(lr) <= 1x
assert lr at 2ep == 1x
"""


@examples(600)
@given(st.data())
def test_mutated_files(data: st.DataObject) -> None:
    text = FILE
    for _ in range(data.draw(st.integers(1, 4))):
        a = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.one_of(st.just(""), st.sampled_from([*WORDS, *STATEMENTS]), st.text(max_size=3)))
        text = text[:a] + piece + text[a + data.draw(st.integers(0, 8)) :]
    survive(text)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Draws a valid text and edits it a few times."""
    text = draw(st.one_of(st.sampled_from(EXAMPLES), texts.trees(4, 10**6).map(texts.canonical)))
    for _ in range(draw(st.integers(1, 5))):
        a, b = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        piece = draw(st.one_of(st.just(""), st.sampled_from(WORDS), st.text(max_size=3), st.just(text[a:b] * 2)))
        text = text[:a] + piece + text[min(b, a + draw(st.integers(0, 6))) :]
    return text


@examples(1000)
@given(mutated())
def test_mutated_texts(text: str) -> None:
    survive(text)


@st.composite
def renumbered(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draws an example of a rule or of the catalogue, with other numbers in it."""
    text, clock = draw(st.sampled_from(SOUND))
    other = st.sampled_from(["0", "1", "2", "0.1", "0.5", "1e-3", "7", "1000", "1.5", "3"])
    return re.sub(r"(?<![\w.])[0-9.]+(e-?[0-9]+)?", lambda found: draw(st.one_of(st.just(found[0]), other)), text), clock


@examples(600)
@given(renumbered())
def test_sound_texts_with_other_numbers(given: tuple[str, dict[str, Any]]) -> None:
    text, clock = given
    survive(text, **clock)


@examples(500)
@given(st.text(max_size=200))
def test_any_characters(text: str) -> None:
    survive(text)


HOSTILE = {
    "brackets": "(" * 100_000,
    "closed brackets": "(" * 40_000 + "hold" + ")" * 40_000,
    "closing brackets": ")" * 100_000,
    "lists": "[" * 50_000 + "]" * 50_000,
    "calls": "min(" * 25_000,
    "minuses": "scale(" + "-" * 60_000 + "t)",
    "powers": "scale(t" + "^2" * 9_000 + ")",
    "restarts": "restart " * 12_000 + "hold",
    "sum": "scale(1" + "+t" * 9_000 + ")",
    "phases": " then ".join(["hold(1)"] * 4_000),
    "a long text": "hold(1) " * 20_000,
    "a long comment": "#" * 99_000 + "\nhold",
    "a long word": "a" * 99_000,
    "a long number": "1" * 99_000,
    "too large a number": "exp(9e999)",
    "too small a number": "hold(at=1e-999)",
    "no step": "step(0, .1)",
    "a negative length": "cosine(-3)",
    "a huge count": "repeat(hold(1), times=1e9)",
    "cycles in cycles": "repeat(repeat(repeat(max(exp(0.9), 0.1) for 3, times=999), times=999), times=999)",
    "slow restarts": "restarts(restarts(cosine(1), stretch=1.01, times=900), stretch=1.01, times=900)",
    "growth": "exp(2)",
    "a tower": "scale(t^t^t^t)",
    "a pole": "scale(1/(t - 1000000))",
    "cycles that shrink to nothing": "restarts(cosine(300), times=400, stretch=0.1)",
    "stairs that end at 0": "hold(3) then hold(3, at=0.1x) then hold(3, at=0x) then hold(3, at=0x)",
    "stairs from 0": "hold(3, at=0x) then hold(3, at=0x) then hold(3, at=0x) then hold(3)",
    "a long list": "multistep([" + ",".join(map(str, range(9_000))) + "])",
    "nothing": "",
    "blanks": " \t\n ",
    "a comment alone": "# hold(3)",
    "a NUL byte": "hold(3)\0 then cosine(20)",
    "a lone surrogate": "hold(3) \ud800",
    "look-alikes": "с\u043esine(20)",
    "full width": "\uff43osine（20）",
    "an escape": "\x1b[31mhold(3)",
    "right to left": "hold(\u202e3)",
    "code": "__import__('os').system('true')",
    "a path": 'use "../../etc/passwd"',
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts(text: str) -> None:
    survive(text, total_steps=1000)
    assert all("\x1b" not in line for line in _shown(text))


def _shown(text: str) -> list[str]:
    try:
        lrdsl.parse(text)
    except lrdsl.ScheduleError as error:
        return str(error).split("\n")
    return []
