"""Tests of the ways in which a Python program hands a schedule over, and of what it gives beside the text."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import lrdsl
from lrdsl.linting.hosts import Finder, texts_in
from lrdsl.linting.hosts.embedded import NOTHING_GIVEN, Embedded, Given
from lrdsl.linting.hosts.functions import FUNCTIONS, TEXTS, given
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings

SETTINGS = Settings(Path("/project"))


def found(source: str) -> list[Embedded]:
    return list(texts_in(Path("a.py"), source, Finder()))


def codes(source: str) -> list[str]:
    return [d.code for d in check_source(Path("a.py"), source, SETTINGS).diagnostics]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("from lrdsl import compile\ns = compile('a', opt)\n", ["a"]),
        ("from lrdsl import (\n    compile as c,  # ours\n    parse,\n)\nc('a', opt); parse(text='b')\n", ["a", "b"]),
        ("import os, lrdsl as L\nL.compile('a', opt)\nL.lint('b'); L.format('c')\n", ["a", "b", "c"]),
        ("import lrdsl.jax\nlrdsl.jax.schedule('a', base=0.1)\n", ["a"]),
        ("import lrdsl.torch as lt\nlt.LRScheduler(opt, 'a')\nlt.LRScheduler(opt, schedule='b')\nlt.LRScheduler(opt, s, 'mean')\nlt.schedule('c')\n", ["a", "b", "c"]),
        ("from lrdsl.keras import Schedule\nSchedule('a', 0.1)\n", ["a"]),
        ("from lrdsl import transformers as lt\nlt.set_schedule(trainer, 'a')\n", ["a"]),
        ("if x:\n\tfrom lrdsl.jax import schedule as s\n\ty = f(s(\n\t\t'a'  # why\n\t\t, base=1))\n", ["a"]),
        ("from other import compile\ncompile('x = 1', 'f', 'exec')\ncompile('b')\n", []),
        ("'''\nfrom lrdsl import compile\n'''\ncompile('x = 1', 'f', 'exec')\n", []),
        ("x.lrdsl.compile('a'); lrdsl.load('a.lrs'); lrdsl.Schedule('a'); lrdsl.compile(text, 'b'); lrdsl.compile(opt, b'c')\n", []),
        ("def f(lr_schedule: str = 'cosin(3)', *, s='hold(3)'): pass\n", ["cosin(3)"]),
        ("class A:\n    lr_schedule: str = 'cosin(3)'\n    b_schedule: str = field(default='cosin(4)', s=1)\n    c_schedule: str = Field('cosin(5)')\n", ["cosin(3)", "cosin(4)", "cosin(5)"]),
        ("cfg['lr_schedule'] = 'cosin(3)'\ncfg.lr_schedule = 'cosin(4)'\ncfg['a']['schedule']: str = 'cosin(5)'\ncfg['schedule'].x = 'cosin(6)'\n", ["cosin(3)", "cosin(4)", "cosin(5)"]),
        ("x = dict(lr_schedule='cosin(3)', b={'schedule': 'cosin(4)'})\n", ["cosin(3)", "cosin(4)"]),
        ("p.add_argument('-s', '--lr-schedule', type=str, default='cosin(3)', help='cosin(4)')\n", ["cosin(3)"]),
        ("getattr(args, 'lr_schedule', 'cosin(3)'); os.getenv('LR_SCHEDULE', 'cosin(4)'); f('epochs', 'cosin(5)')\n", ["cosin(3)", "cosin(4)"]),
        ("f(\n    'adam',\n    'warmup(5) then cosine(95)',  # lrs\n)\nx = [\n    'a',\n    'cosin(3)',  # lrs\n]\n", ["warmup(5) then cosine(95)", "cosin(3)"]),
        ("f('adam', 'cosin(3)', 'b')  # lrs\nschedule = 'a' if x else 'cosin(3)'\n", ["cosin(3)", "cosin(3)"]),
        ("schedule = 'warmup(5) ' \\\n  \"then \"  'cosin(3)'\nschedule = ('cosin'  # a\n  r'(4)')\nschedule = 'cosin(5)' + 'x'\nschedule = b'cosin(6)' 'x'\n", ["warmup(5) then cosin(3)", "cosin(4)"]),
    ],
)  # fmt: skip
def test_texts_that_are_handed_over(source: str, texts: list[str]) -> None:
    assert sorted(one.text for one in found(source)) == sorted(texts)
    assert sorted(one.text for one in found("\ufeffé = '𝕏'\r\n" + source.replace("\n", "\r\n"))) == sorted(texts)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("'a', opt", NOTHING_GIVEN),
        ("'a', opt, total_steps=1_000, tick='epoch'", Given((("total_steps", 1000), ("tick", "epoch")))),
        ("'a(total_steps=3)', opt, total_steps=n * 2, batch_size=len(x[1, 2])  # , batch_size=3", Given((("total_steps", None), ("batch_size", None)))),
        ("'a', names={'w': 5, \"v\": f(1, 2), }", Given(names=(("w", 5), ("v", None)))),
        ("'a', names=dict(w=5e-1, v=x)", Given(names=(("w", 0.5), ("v", None)))),
        ("'a', names=None", NOTHING_GIVEN),
        ("'a', names=x", Given(open=True)),
        ("'a', names={**x}", Given(open=True)),
        ("'a', **options", Given(open=True)),
    ],
)
def test_what_a_call_gives(arguments: str, expected: Given) -> None:
    assert given(arguments, ("schedule", "optimizer")) == expected
    assert given(arguments.replace(", opt", ""), ("text", "base")) == expected


def test_the_base_that_a_call_gives() -> None:
    assert [given(text, ("text", "base")).base for text in ("'a', 3e-4", "'a', base=.5", "base=1, text='a'", "'a', lr", "'a'")] == [3e-4, 0.5, 1, None, None]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("lrdsl.compile('warmup(100) then cosine(1000)', opt, total_steps=1000)", ["LR203"]),
        ("lrdsl.compile('warmup(100) then cosine(1000)', opt)", []),
        ("lrdsl.compile('warmup(w) then cosine(100)', opt)", ["LR103"]),
        ("lrdsl.compile('warmup(w) then cosine(100)', opt, names={'w': 5})", []),
        ("lrdsl.compile('warmup(w) then cosine(100, to=v)', opt, names={'w': n, 'v': m})", []),
        ("lrdsl.compile('warmup(w) then cosin(100)', opt, names={'w': n})", ["LR101"]),
        ("lrdsl.compile('warmup(w) then cosin(100)', opt, names=names)", ["LR101"]),
        ("lrdsl.compile('warmup(w) then restart cosine(5%)', opt, **options)", ["LR307"]),
        ("lrdsl.compile('warmup(w) then cosine(100)', opt, names={'v': 5})", ["LR103"]),
        ("lrdsl.jax.schedule('cosine(100, to=0.1)', 1e-3)", ["LR301"]),
        ("lrdsl.jax.schedule('cosine(100, to=0.1)', rate)", []),
        ("optimizer = optax.adamw(lrdsl.jax.schedule('warmup(5%) then cosin(rest, to=0.1x)', base=3e-4, total_steps=1000))", ["LR101"]),
        ("optimizer = optax.adamw(lrdsl.jax.schedule('warmup(5%) then cosine(rest, to=0.1x)', base=3e-4, total_steps=1000))", []),
        ("lrdsl.parse('cosine(100)', total_steps=0)", ["LR152"]),
    ],
)
def test_what_a_call_gives_is_used(call: str, expected: list[str]) -> None:
    assert codes(f"import lrdsl.jax\n{call}\n") == expected


@pytest.mark.parametrize(
    ("source", "repaired"),
    [
        ("schedule = ('warmup(5) then '\n    r'restart cosine('  # a\n    '95)')\n", "schedule = ('warmup(5) then '\n    r'cosine('  # a\n    '95)')\n"),
        ("schedule = 'warmup(5) then restart ' \"cosine(95)\"\n", "schedule = 'warmup(5) then ' \"cosine(95)\"\n"),
        ("schedule = 'warmup(5) then resta' 'rt cosine(95)'\n", ""),
        ("schedule = 'warmup(5) then ' f'restart cosine({n})'\n", ""),
    ],
)
def test_repairs_of_strings_that_are_joined(source: str, repaired: str) -> None:
    assert check_source(Path("a.py"), source, SETTINGS, "safe").source == (repaired or source)


@pytest.mark.parametrize("text", ["f'warmup({w}) then cosine({n - w})'", "f'''warmup({args['w']}) then\n cosine(5)'''", "'warmup(5) then ' rf'cosine({n:d})'"])
def test_templates_are_notes(text: str) -> None:
    for source in (f"lr_schedule = {text}\n", f"import lrdsl\nlrdsl.compile({text}, opt)\n"):
        (d,) = check_source(Path("a.py"), source, SETTINGS).diagnostics
        assert (d.code, d.severity) == ("LR903", "note")
        assert source[d.span.start.offset] == "{"


def test_the_functions_are_those_that_take_a_text() -> None:
    """Each public function with a parameter for a text is in the table, with its place."""
    modules = ("lrdsl", "lrdsl.jax", "lrdsl.keras", "lrdsl.lightning", "lrdsl.torch", "lrdsl.transformers")
    expected: dict[str, tuple[str, ...]] = {}
    for module in map(import_module, modules):
        for name in module.__all__:
            thing: Any = getattr(module, name)
            if (isinstance(thing, type) and issubclass(thing, Exception)) or thing in (lrdsl.Schedule, lrdsl.Scheduler):
                continue
            parameters = list(inspect.signature(thing).parameters)
            place = next((i for i, word in enumerate(parameters) if word in TEXTS), None)
            if place is not None:
                expected[f"{module.__name__}.{name}"] = tuple(parameters[: place + 1])
    assert {name: words[: len(expected[name])] for name, words in FUNCTIONS.items()} == expected
