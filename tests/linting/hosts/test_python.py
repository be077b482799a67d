"""Tests of strings in Python programs: they are found as Python's own parser finds them, in programs for any release and of any depth."""

from __future__ import annotations

import ast
import inspect
import re
import string
import tokenize
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.linting.hosts import Finder, UnreadableError, texts_in
from lrdsl.linting.hosts.words import words
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from tests.drawing import examples


def found(source: str) -> list[str]:
    """The schedules in a program, under whatever name, but for templates."""
    return [one.text for one in texts_in(Path("a.py"), source, Finder(("*",))) if one.hole is None]


def parsed(source: str) -> set[str]:
    """The same as Python's parser sees them, of one piece."""
    strings: list[ast.expr | None] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(value=value) | ast.AnnAssign(value=value):
                strings.append(value)
            case ast.Call(keywords=keywords):
                strings += [keyword.value for keyword in keywords if keyword.arg]
            case ast.Dict(keys=keys, values=values):
                strings += [value for key, value in zip(keys, values, strict=True) if isinstance(key, ast.Constant)]
            case ast.FunctionDef(args=args):
                strings += [*args.defaults, *args.kw_defaults]
    texts = {node.value for value in strings for node in choices(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if text.count("hold(") == 1}


def choices(node: ast.expr | None) -> Iterator[ast.expr]:
    """The expressions one of which is the value: those of `a if b else c` and `a or b`."""
    match node:
        case ast.IfExp(body=body, orelse=other):
            yield from (*choices(body), *choices(other))
        case ast.BoolOp(op=ast.Or(), values=values):
            for value in values:
                yield from choices(value)
        case ast.expr():
            yield node


def unclear(source: str) -> set[str]:
    """The strings in lists, and in what comprehensions and lambdas return: they are values if the whole is one, which the end of the list may tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = list(ast.walk(ast.parse(source)))
    results = [
        node.body if isinstance(node, ast.Lambda) else node for node in nodes if isinstance(node, ast.Lambda | ast.List | ast.ListComp | ast.GeneratorExp)
    ]
    return {part.value for result in results for part in ast.walk(result) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def compare(source: str) -> None:
    try:
        wanted = parsed(source)
    except (SyntaxError, ValueError):
        assume(False)
    assert {text for text in found(source) if text.count("hold(") == 1} - unclear(source) == wanted - unclear(source)


_PIECES = st.sampled_from([
    "x = ", "y: str = ", "schedule = ", "f(", "f(a, k=", "{'k': ", "{1: ", "[", "(", ")", "}", "]", ", ", "\n", "; ", "'hold(1)'", '"hold(2)"', "r'hold(3)'", "'''hold(4)\n'''", "f'hold({1})'", "b'hold(5)'",
    "'\\x68old(6)'", "if a: ", "else: ", "while a:\n", "    ", "# c\n", "\\\n", " + ", "not ", "lambda k='hold(7)': ", "a.b", "a[0]", " if a else ", " for a in b", ".x = ", "**", "-", "u'hold(8)'", "1.5",
    "def g(a: str = 'hold(9)', *, b='hold(10)'): ", "return", "'k': ", "f'{x['", "f\"{x!r:>{w}}\"", "x == ", "(y := ", "'hold(\\\n11)'", "\r\n",
])  # fmt: skip


@examples(150)
@given(source=st.lists(_PIECES, max_size=14).map("".join))
def test_strings_are_those_that_the_parser_finds(source: str) -> None:
    compare(source)


_STRINGS = st.sampled_from(
    ["'hold(1)'", '"hold(2)"', "r'hold(3)'", "'''hold(4)\\n'''", "b'hold(5)'", "'\\x68old(6)'", "u'hold(8)'", "f'hold({1})'", "'hold(\\\n11)'", "1.5", "a"]
)
_EXPRESSIONS = st.recursive(
    _STRINGS,
    lambda inner: st.builds(
        lambda template, *parts: template.format(*parts),
        st.sampled_from([
            "f({})", "f(a, k={})", "f(k={}, **{})", "[{}, {}]", "({})", "{{'k': {}}}", "{{1: {}, 'k': {}}}", "{} + {}", "-{}", "not {}", "lambda k={}: {}", "{} if a else {}", "{}.x", "{}[0]",
            "[{} for a in b]", "(y := {})", "{} == {}", "{}\\\n + {}", "({}\n{})",
        ]),
        inner, inner,
    ),
    max_leaves=6,
)  # fmt: skip
_STATEMENTS = st.builds(
    lambda template, *parts: template.format(*parts),
    st.sampled_from([
        "x = {}", "x = y = {}", "y: str = {}", "schedule = {}  # c", "a.x = {}", "def g(a: str = {}, *, b={}): return", "if a: x = {}\nelse: x = {}", "while a:\n    k = {}", "x += {}; y = {}", "{}",
    ]),
    _EXPRESSIONS, _EXPRESSIONS,
)  # fmt: skip


@examples(500)
@given(source=st.lists(_STATEMENTS, max_size=4), end=st.sampled_from(["\n", "\r\n"]))
def test_strings_of_programs_are_found(source: list[str], end: str) -> None:
    """As above, where nearly every text that is drawn is a program."""
    compare(end.join(source) + end)


def test_the_defaults_of_a_lambda_are_no_values() -> None:
    assert found("x = lambda k='hold(2)' if a else 'hold(1)': 'hold(3)'\nfor i in a: y = 'hold(4)'\n") == ["hold(4)"]


def test_programs_are_read() -> None:
    """Those of the standard library, as far as they are about words."""
    modules = (ast, inspect, tokenize, typing, string, lrdsl)
    sources = [path.read_text("utf-8") for module in modules for path in [Path(inspect.getfile(module))]]
    for source in sources:
        assert found(source + "\nlast = 'hold(1)'")[-1] == "hold(1)"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("x = " + "-" * 200_000 + "1\nschedule = 'hold(1)'", ["hold(1)"]),
        ("x = " + "not " * 50_000 + "1\nschedule = 'hold(1)'", ["hold(1)"]),
        ("x = " + "a." * 50_000 + "b\nschedule = 'hold(1)'", ["hold(1)"]),
        ("x = [" + "1+" * 50_000 + "1]\nschedule = 'hold(1)'", ["hold(1)"]),
        ("x = " + "1" * 5_000 + "\nschedule = 'hold(1)'", ["hold(1)"]),
        ("x = " + "lambda: " * 20_000 + "1\nschedule = 'hold(1)'", ["hold(1)"]),
        ("if a: b\n" + "elif a: b\n" * 5_000 + "else: schedule = 'hold(1)'", ["hold(1)"]),
        ("schedule = 'hold(1) then \\d'", ["hold(1) then \\d"]),
        ("print 'a'\nschedule = 'hold(1)'", ["hold(1)"]),  # of Python 2
        ("x = f'{a['b']:>{w}}' + f'''{'''hold(2)'''}'''\nschedule = 'hold(1)'", ["hold(1)"]),  # of Python 3.12
        ("x = 1if y else'a'\nschedule = not'b'\nschedule = 'hold(1)'", ["hold(1)"]),
        # one of several values
        ("schedule = 'hold(1)' if a else 'hold(2)'", ["hold(1)", "hold(2)"]),
        ("schedule = a.b or 'hold(1)'", ["hold(1)"]),
        ("schedule = (a if b\n  else 'hold(1)')", ["hold(1)"]),
        ("schedule = (\n  a if b else\n 'hold(1)'\n)", ["hold(1)"]),
        ("schedule = a if b else c if d else 'hold(1)'", ["hold(1)"]),
        ("f(schedule='hold(1)' if a else None, b=c or 'hold(2)')", ["hold(1)"]),
        ("{'schedule': a or 'hold(1)', 'b': a or 'hold(2)'}", ["hold(1)"]),
        ("import lrdsl\nlrdsl.parse('hold(1)' if a else 'hold(2)')", ["hold(1)", "hold(2)"]),
        ("schedule = a if 'hold(1)' else b", []),
        ("schedule = a if b or 'hold(1)' else c", []),
        ("schedule = a if (b or 'hold(1)') else c", []),
        ("schedule = a if b == 'hold(1)' or c else d", []),
        ("schedule = a + 'hold(1)' if b else c", []),
        ("schedule = [a for a in b if c or 'hold(1)']", []),
        ("if a: pass\nelse: 'hold(1)'", []),
        # lists
        ("schedules = ['hold(1)', ['hold(2)'], a or 'hold(3)']", ["hold(1)", "hold(2)", "hold(3)"]),
        ("f(schedules=['hold(1)', g('hold(2)'), {'a': 'hold(3)', 'note': 'hold(4)'}])", ["hold(1)", "hold(3)"]),
        ("schedule = a['hold(1)']\nschedule = a + ['hold(2)']\nb = ['hold(3)']", []),
        # texts that are dedented
        ("schedule = textwrap.dedent('''\n  hold(1)\n''')", ["\n  hold(1)\n"]),
        ("schedule = dedent('hold(1)')\nf(schedule=inspect.cleandoc('hold(2)'), a=dedent('hold(3)'))", ["hold(1)", "hold(2)"]),
        ("import lrdsl\nlrdsl.parse(textwrap.dedent('hold(1)'), total_steps=5)", ["hold(1)"]),
        ("schedule = a + textwrap.dedent('hold(1)')\nschedule = g('hold(2)')\nschedule = dedent('hold(3)') + a", []),
        # texts that are added
        ("schedule = 'hold(1) then ' + 'hold(2)'", ["hold(1) then hold(2)"]),
        ("schedule = ('hold(1) then '\n  + 'hold(2) ' 'then ' + 'hold(3)')", ["hold(1) then hold(2) then hold(3)"]),
        ("import lrdsl\nlrdsl.parse('hold(1) then ' + 'hold(2)', total_steps=5)", ["hold(1) then hold(2)"]),
        ("schedule = 'hold(1)' + a\nschedule = a + 'hold(2)'\nschedule = 'hold(3) then ' + a + 'hold(4)'\nschedule = 'hold(5)' + 'a' * 2", []),
        ("schedule = 'hold(1) then ' + ('hold(2)' if a else b)", []),
        # texts that are filled in
        ("schedule = 'hold({})'.format(5)", ["hold({})"]),
        ("schedule = 'hold({0}) then hold({n})'.format(5, n=3)", ["hold({0}) then hold({n})"]),
        ("schedule = 'hold(5)'.upper()", []),
    ],
)
def test_what_is_found(source: str, texts: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [one.text for one in texts_in(Path("a.py"), source, Finder())] == texts


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("schedule = (\n", 11),
        ("schedule = [)\n", 12),
        ("schedule = 1)\n", 12),
        ("schedule = 'a\n'", 11),
        ("schedule = '''a", 11),
        ("schedule = f'{a", 11),
        ("schedule = " + "(" * 300, 211),
    ],
)
def test_where_it_is_no_python(source: str, at: int) -> None:
    with pytest.raises(UnreadableError, match="this is not Python") as caught:
        list(texts_in(Path("a.py"), source, Finder()))
    assert caught.value.offset == at


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("x = f(a, b[1], {c})\n", 2),
        ("x = f(g(a), h(b))  # a comment: it's \"one\n", 2),
        ("def f(self, a, b):\n", 2),
        ("f(a,\n  b,\n  c)\n", 2),
        ("a[f(1)] = {}\n", 2),
    ],
)
def test_a_line_without_a_string_is_skipped_with_its_brackets(line: str, most: int) -> None:
    assert len(list(words(line * 1000))) <= most


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = f(a; b)", "`;` closes nothing"),
        ("x = f(a]", "`]` closes nothing"),
        ("x = f(g(a; b))\n", "`;` closes nothing"),
        ("x = f((a)\n", "is never closed"),
        ("x = f(a))\n", "`)` closes nothing"),
        ("x = [(])\n", "`]` closes nothing"),
        ("x = f(a, 'b)\n", "a string does not end"),
        ("[" * 199 + "()" + "]" * 199, ""),
        ("[" * 200 + "()" + "]" * 200, "brackets deep"),
    ],
)
def test_brackets_that_are_skipped_hide_no_fault(source: str, message: str) -> None:
    if not message:
        assert found(source) == []
        return
    with pytest.raises(UnreadableError, match=re.escape(message)):
        found(f"s = 1\n{source}")


def test_strings_beside_brackets_that_are_skipped_are_found() -> None:
    source = """
f(a, b); lr = "cosine(1)"
g((x), lr="cosine(2)", y=(1, 2))
table = {**more(), f(x): "cosine(3)", "k": ("cosine(4)"), "n": "cosine(5)"(x), "m": "cosine(6)"[0]}
x[f(y)] = "cosine(7)"
def h(a=(1, 2), *, lr: Optional[str] = "cosine(8)") -> dict[str, int]: pass
"""
    assert found(source) == ["cosine(1)", "cosine(2)", "cosine(4)", "cosine(7)", "cosine(8)"]


def test_many_brackets_on_one_line_take_little_memory_and_work() -> None:
    assert len(list(words("a(b)" * 50_000 + "\n"))) < 120_000
    assert found("a(b)" * 20_000 + "; lr = 'cosine(5)'") == ["cosine(5)"]


def test_texts_that_are_filled_in_are_notes() -> None:
    holes = [one.text[slice(*one.hole)] for one in texts_in(Path("a.py"), "schedule = 'hold({:.3f}) then hold({n})'.format(5, n=3)", Finder()) if one.hole]
    assert holes == ["{:.3f}"]


def test_the_call_around_a_dedented_text_gives_its_facts() -> None:
    (one,) = texts_in(Path("a.py"), "import lrdsl\nlrdsl.parse(dedent('hold(1) then cosine(rest)'), total_steps=5)", Finder())
    assert dict(one.given.facts) == {"total_steps": 5}


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("schedule = f'warmup({n}) then cosine(9) then linear(5)'", ["LR903", "LR402"]),
        ("schedule = f\"warmup({c['n']}) then cosine({9 * n:.0f}) then linear(5)\"", ["LR903", "LR402"]),
        ("schedule = 'warmup({}) then cosine({}) then linear(5)'.format(1, 2)", ["LR903", "LR402"]),
        ("schedule = f'warmup({n}) then cosine(9, to={f(1)}) then linear(5)'", ["LR903"]),
        ("schedule = f'{shape}(9) then linear(5)'", ["LR903"]),
    ],
)
def test_mistakes_beside_the_fields_of_a_template(source: str, codes: list[str]) -> None:
    assert [d.code for d in check_source(Path("a.py"), source, Settings(Path()), "").diagnostics] == codes
