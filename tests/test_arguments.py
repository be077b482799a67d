"""Tests that every argument of every public function accepts the values it is meant for, and refuses any other with a diagnostic that says how to repair it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import ml_dtypes
import numpy as np
import pytest
import torch
import yaml

import lrdsl
import lrdsl.jax
import lrdsl.keras
from lrdsl.arguments import exactly, floating, measured, quoted, whole
from lrdsl.diagnostics import CODES


class Odd:
    """A value of another library that raises an error at every use."""

    def __float__(self) -> float:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __hash__ = object.__hash__


def deep(levels: int = 100_000) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


#: Values that are not a number, a text, a mapping of numbers, or a schedule, by name.
NOTHING: dict[str, Any] = {
    "True": True,
    "complex": 1j,
    "bytes": b"5",
    "object": object(),
    "type": int,
    "odd": Odd(),
    "deep": deep(),
    "generator": (x for x in ()),
    "numpy text": np.array("x"),
    "numpy truth": np.bool_(True),
    "numpy truths": np.array([True]),
    "numpy complex": np.complex128(1j),
    "numpy objects": np.array([None, "x"], dtype=object),
    "tensor of truth": torch.tensor(True),
    "complex tensor": torch.tensor(1j),
    "meta tensor": torch.tensor(1.0, device="meta"),
    "set": {1, 2},
    "NaN": math.nan,
    "infinity": math.inf,
    "numpy NaN": np.float32("nan"),
    "tensor of NaN": torch.tensor(math.nan),
    "decimal NaN": Decimal("NaN"),
    "decimal infinity": Decimal("-Infinity"),
    "10**400": 10**400,
    "-10**5000": -(10**5000),
    "decimal of a billion digits": Decimal("1e999999999"),
    "fraction of 5000 digits": Fraction(1, 10**5000),
}
#: More values that are not a number.
TEXT: dict[str, Any] = {"empty text": "", "text": "x", "number in text": "5", "dict": {1: 2}, "two numbers": torch.tensor([1.0, 2.0])}
#: Text that is no number, where a number may be written in text, as configs have it.
UNWRITTEN: dict[str, Any] = {
    **{
        text: text
        for text in ("5ep", "10%", "1e-5x", "0x10", "1,000", "1__0", "_1", "1e9999", "1/0", "1/2/3", "True", "1 000", "\uff15", "--1", "e5", ".", "1" * 200)
    },
    "bytes of a number": b"1e-5",
}
MISSING: dict[str, Any] = {"None": None}
LIST: dict[str, Any] = {"list": [1, 2], "list of None": [None]}
NEGATIVE: dict[str, Any] = {"-1": -1, "-1.0": -1.0, "-2**70": -(2**70)}
PARTS: dict[str, Any] = {"1.5": 1.5, "1.0": 1.0, "half": Fraction(1, 2)}
ANY_NUMBER: dict[str, Any] = {"3": 3, "2.5": 2.5}
NUMBER = {**NOTHING, **TEXT, **LIST}
#: Values of types that have a float: metrics, which a schedule that follows none ignores, and does not read.
UNREAD = (
    "odd", "tensor of truth", "complex tensor", "meta tensor", "tensor of NaN", "two numbers", "NaN", "infinity", "numpy NaN", "decimal NaN", "decimal infinity",
    "decimal of a billion digits", "fraction of 5000 digits", "2.5",
)  # fmt: skip
SETTING = {**{name: value for name, value in NUMBER.items() if name != "number in text"}, **UNWRITTEN}
WORD = {**NOTHING, "dict": {1: 2}, **LIST, **ANY_NUMBER}

S = lrdsl.parse("warmup(5) then cosine(20)")
FILE = lrdsl.parse("lr = cosine(20); momentum = hold(at=0.9)")


def scheduler(text: str = "hold until loss < 0.3 then cosine(20)") -> Any:
    return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": 0.2}]))


#: Each argument: the call that takes it, and the values that it refuses.
ARGUMENTS: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "parse text": (lambda x: lrdsl.parse(x), {**WORD, **MISSING}),
    "parse names": (lambda x: lrdsl.parse("hold", names=x), {**{k: v for k, v in NUMBER.items() if k != "dict"}, **ANY_NUMBER, "names of numbers": {1: 2}}),
    "parse a name": (
        lambda x: lrdsl.parse("hold", names={x: 5}),
        {"1": 1, "None": None, "True": True, "spaces": "a b", "": "", "hold": "hold", "long": "a b" * 10**6},
    ),
    "parse a name's value": (
        lambda x: lrdsl.parse("hold", names={"w": x}),
        {**{k: v for k, v in SETTING.items() if k not in ("list", "two numbers")}, **MISSING, "1e-101": 1e-101, "1e101": 10**101, "list of lists": [[1]]},
    ),
    **{
        f"parse {fact}": (
            lambda x, fact=fact: lrdsl.parse("hold", **{fact: x}),
            {**SETTING, **NEGATIVE, "0": 0, "2e12": 2e12, "-1 in text": "-1", "0 in text": "0", "inf": "inf"},
        )
        for fact in ("steps_per_epoch", "total_steps", "total_epochs", "batch_size", "tokens_per_step", "ticks_per_step")
    },
    "parse tick": (lambda x: lrdsl.parse("hold", tick=x), {**WORD, **MISSING, "hour": "hour"}),
    "lint text": (lambda x: lrdsl.lint(x), {**WORD, **MISSING}),
    "lint names": (lambda x: lrdsl.lint("hold", names=x), {"[1]": [1], "{1: 2}": {1: 2}, "text": "x", "5": 5}),
    "lint fact": (lambda x: lrdsl.lint("hold", total_steps=x), {**SETTING, **NEGATIVE}),
    "format": (lambda x: lrdsl.format(x), {**WORD, **MISSING}),
    "load": (lambda x: lrdsl.load(x), {**{k: v for k, v in WORD.items() if k not in ("bytes",)}, **MISSING, "NUL": "a\0b"}),
    "load fact": (lambda x: lrdsl.load("examples/bert.lrs", total_steps=x), SETTING),
    "compile schedule": (lambda x: lrdsl.compile(x, SimpleNamespace(param_groups=[{"lr": 0.1}])), {**WORD, **MISSING}),
    "compile optimizer": (lambda x: lrdsl.compile("hold", x), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "compile groups": (lambda x: lrdsl.compile("hold", SimpleNamespace(param_groups=x)), {**NUMBER, **MISSING, **ANY_NUMBER, "empty": [], "no lr": [{}]}),
    "compile rate": (lambda x: lrdsl.compile("hold", SimpleNamespace(param_groups=[{"lr": x}])), {**NUMBER, **MISSING}),
    "compile undriven rate": (lambda x: lrdsl.compile("m = hold", SimpleNamespace(param_groups=[{"lr": x, "m": 1}])), {**NUMBER, **MISSING}),
    "compile initial rate": (lambda x: lrdsl.compile("hold", SimpleNamespace(param_groups=[{"lr": 0.1, "initial_lr": x}])), {**NUMBER, **MISSING}),
    "compile beta": (lambda x: lrdsl.compile("betas[0] = hold", SimpleNamespace(param_groups=[{"lr": 0.1, "betas": (x, 0.9)}])), {**NUMBER, **MISSING}),
    "compile betas": (
        lambda x: lrdsl.compile("betas[0] = hold", SimpleNamespace(param_groups=[{"lr": 0.1, "betas": x}])),
        {**NOTHING, **MISSING, **TEXT, "short": []},
    ),
    "compile reduce": (lambda x: lrdsl.compile("hold", SimpleNamespace(param_groups=[{"lr": 0.1}]), reduce=x), {**WORD, "median": "median"}),
    "at tick": (lambda x: S.at(x), {**NUMBER, **MISSING, **NEGATIVE, "1e13": 1e13}),
    "at base": (lambda x: S.at(3, x), {**NUMBER, **MISSING, "1e101": 1e101}),
    "at target": (lambda x: S.at(3, 1.0, x), {**WORD, "momentum": "momentum", "long": "x" * 10**7, "control": "\x1b[31m"}),
    "values ticks": (lambda x: S.values(x), {**{k: v for k, v in NUMBER.items() if k not in ("list", "two numbers")}, **MISSING, **NEGATIVE, "1e13": 1e13}),
    "values of a list": (lambda x: S.values([1, x]), {**NUMBER, **MISSING, **NEGATIVE}),
    "values of many": (lambda x: S.values(x), {"10**12": 10**12, "range": range(10**12), "far range": range(10**30), "numpy": np.int64(10**12)}),
    "values base": (lambda x: S.values(3, x), {**NUMBER, **MISSING}),
    "values target": (lambda x: S.values(3, 1.0, x), WORD),
    "formula base": (lambda x: S.formula(x), {**{k: v for k, v in NUMBER.items() if not isinstance(v, str)}, **MISSING}),
    "formula numbers": (lambda x: S.formula(numbers=x), {**WORD, **MISSING, "binary": "binary"}),
    "formula target": (lambda x: S.formula(target=x), WORD),
    "legend base": (lambda x: S.legend(x), {**{k: v for k, v in NUMBER.items() if not isinstance(v, str)}, **MISSING}),
    "latex base": (lambda x: S.latex(x), {k: v for k, v in NUMBER.items() if not isinstance(v, str)}),
    "typeset format": (lambda x: S.typeset(x), {**WORD, **MISSING, "html": "html"}),
    "typeset time": (lambda x: S.typeset(time=x), {**WORD, **MISSING, "hours": "hours"}),
    "typeset target": (lambda x: S.typeset(target=x), WORD),
    "typeset numbers": (lambda x: S.typeset(numbers=x), {**WORD, **MISSING, "binary": "binary"}),
    "typeset form": (lambda x: S.typeset(form=x), {**WORD, **MISSING, "round": "round"}),
    "typeset first": (lambda x: S.typeset(first=x), {**NUMBER, **MISSING, **NEGATIVE, "2": 2, "0.5": 0.5}),
    "typeset label": (lambda x: S.typeset(label=x), {**WORD, **MISSING}),
    "typeset width": (lambda x: S.typeset(width=x), {**{name: x for name, x in NUMBER.items() if name != "number in text"}, **MISSING, **NEGATIVE}),
    "sentence base": (lambda x: S.sentence(x), NUMBER),
    "sentence target": (lambda x: S.sentence(target=x), WORD),
    "supposing": (lambda x: lrdsl.parse("hold until loss < 1 then linear(4)").supposing(x), {**NUMBER, **MISSING, **NEGATIVE, **PARTS}),
    "replanned tick": (lambda x: S.replanned(x, "hold"), {**NUMBER, **MISSING, **NEGATIVE, **PARTS}),
    "replanned text": (lambda x: S.replanned(3, x), {**WORD, **MISSING}),
    "analyze schedule": (lambda x: lrdsl.analyze(x), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "analyze base": (lambda x: lrdsl.analyze(S, base=x), NUMBER),
    "analyze ticks": (lambda x: lrdsl.analyze(S, ticks=x), {**NUMBER, **NEGATIVE, **PARTS, "0": 0, "10**9": 10**9}),
    "analyze target": (lambda x: lrdsl.analyze(S, target=x), WORD),
    "analyze threshold": (lambda x: lrdsl.analyze(S, threshold=x), NUMBER),
    "compare a": (lambda x: lrdsl.compare(x, S), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "compare b": (lambda x: lrdsl.compare(S, x), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "compare base": (lambda x: lrdsl.compare(S, S, base=x), NUMBER),
    "compare ticks": (lambda x: lrdsl.compare(S, S, ticks=x), {**NUMBER, **NEGATIVE, **PARTS, "0": 0, "10**9": 10**9}),
    "plot schedule": (lambda x: lrdsl.plot(x), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "plot base": (lambda x: lrdsl.plot(S, base=x), NUMBER),
    "plot ticks": (lambda x: lrdsl.plot(S, ticks=x), {**NUMBER, **NEGATIVE, **PARTS, "0": 0, "10**9": 10**9}),
    "plot target": (lambda x: lrdsl.plot(S, target=x), WORD),
    "plot time": (lambda x: lrdsl.plot(S, time=x), {**WORD, **MISSING, "hours": "hours"}),
    "plot names": (lambda x: lrdsl.plot(S, names=x), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "plot size": (
        lambda x: lrdsl.plot(S, size=x),
        {**{k: v for k, v in NUMBER.items() if k != "list"}, **ANY_NUMBER, "sides": ("x", 2), "tiny": (0.1, 2), "huge": (10**400, 2)},
    ),
    "jax text": (lambda x: lrdsl.jax.schedule(x), {**WORD, **MISSING}),
    "jax base": (lambda x: lrdsl.jax.schedule("hold", x), NUMBER),
    "jax target": (lambda x: lrdsl.jax.schedule("hold", 1.0, x), WORD),
    "jax fact": (lambda x: lrdsl.jax.schedule("hold", total_steps=x), SETTING),
    "keras text": (lambda x: lrdsl.keras.Schedule(x), {**WORD, **MISSING}),
    "keras base": (lambda x: lrdsl.keras.Schedule("hold", x), NUMBER),
    "keras target": (lambda x: lrdsl.keras.Schedule("hold", 1.0, x), WORD),
    "clock": (lambda x: lrdsl.Clock.of(batch_size=x), SETTING),
    "clock ticks_in": (lambda x: lrdsl.Clock().ticks_in(x), {**WORD, **MISSING, "hours": "hours"}),
    "seek": (lambda x: scheduler().seek(x), {**NUMBER, **MISSING, **NEGATIVE, "10**13": 10**13}),
    "replan": (lambda x: scheduler().replan(x), {**WORD, **MISSING}),
    "step metric": (lambda x: scheduler().step(x), {k: v for k, v in NUMBER.items() if "NaN" not in k and "infinity" not in k}),
    "step named": (lambda x: scheduler().step(loss=x), {k: v for k, v in NUMBER.items() if "NaN" not in k and "infinity" not in k}),
    "step unasked": (lambda x: scheduler("hold").step(x), {k: v for k, v in {**NUMBER, **ANY_NUMBER}.items() if k not in UNREAD}),
    "scheduler at tick": (lambda x: scheduler().at(x), {**NUMBER, **MISSING, **NEGATIVE}),
    "scheduler at group": (lambda x: scheduler().at(3, x), {**NUMBER, **MISSING, **NEGATIVE, **PARTS, "2": 2}),
    "scheduler at target": (lambda x: scheduler().at(3, 0, x), {**WORD, **MISSING, "m": "m"}),
    "scheduler values": (lambda x: scheduler().values(x), {**{k: v for k, v in NUMBER.items() if k not in ("list", "two numbers")}, **MISSING, **NEGATIVE}),
    "load_state_dict": (lambda x: scheduler().load_state_dict(x), {**NUMBER, **MISSING, **ANY_NUMBER}),
    "load_state_dict migrate": (
        lambda x: (s := scheduler()).load_state_dict(s.state_dict(), x),
        {k: v for k, v in NUMBER.items() if v is not True},
    ),
    "load_state_dict bases": (lambda x: (s := scheduler()).load_state_dict(s.state_dict(), bases=x), WORD),
    "compile bases": (lambda x: lrdsl.compile("hold", SimpleNamespace(param_groups=[{"lr": 0.1}]), bases=x), {**WORD, **MISSING}),
    "compile last_epoch": (lambda x: lrdsl.compile("hold", SimpleNamespace(param_groups=[{"lr": 0.1}]), last_epoch=x), {**NUMBER, **ANY_NUMBER, "0": 0}),
    "replan total_steps": (lambda x: scheduler().replan("hold", total_steps=x), {**SETTING, **NEGATIVE, "0": 0}),
}


def refusal(call: Callable[[Any], Any], value: Any) -> Any:
    """Returns the diagnostics of a call, which `lint` returns and other functions raise."""
    try:
        return call(value)
    except lrdsl.ScheduleError as error:
        return error.diagnostics if len(str(error)) < 5000 else "too long an error"


@pytest.mark.filterwarnings("ignore::lrdsl.runtime.reports.MetricWarning")
@pytest.mark.parametrize("what", ARGUMENTS)
def test_what_it_cannot_be_is_refused_with_a_repair(what: str) -> None:
    call, values = ARGUMENTS[what]
    assert values
    for name, value in values.items():
        problems = refusal(call, value)
        assert isinstance(problems, list), name
        assert problems, name
        for d in problems:
            assert d.code in CODES
            assert d.severity == "error", name
            assert d.help, name
            assert len(d.message) < 300, name
            assert (d.message + d.help).isprintable(), name
            json.dumps(d.to_json())


@pytest.mark.parametrize(
    "base",
    [
        1,
        1.0,
        np.int64(1),
        np.float32(1),
        np.float64(1),
        np.array(1.0),
        np.array([1]),
        torch.tensor(1.0),
        torch.tensor([1.0]),
        Decimal(1),
        Fraction(1),
        Fraction(2, 2),
    ],
    ids=str,
)
def test_numbers_of_every_library_are_numbers(base: Any) -> None:
    s = lrdsl.parse("linear(4)", total_steps=base, names={"w": base})
    assert (s.clock.total_steps, dict(s.names)) == (1, {"w": 1})
    assert s.at(base, base) == s.at(1) == 0.75
    assert s.values([1.0, 2], base).tolist() == [0.75, 0.5]
    assert lrdsl.analyze(s, base=base, ticks=4).area.value == 2.5
    assert lrdsl.compile(s, SimpleNamespace(param_groups=[{"lr": base}])).base_lrs == [1.0]
    assert lrdsl.jax.schedule("linear(4)", base)(1) == 0.75
    assert lrdsl.keras.Schedule("linear(4)", base).get_config()["base"] == 1.0
    assert lrdsl.parse("linear(4)").formula(base) == lrdsl.parse("linear(4)").formula(1)


FACTS = ("steps_per_epoch", "total_steps", "total_epochs", "batch_size", "tokens_per_step", "ticks_per_step")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", Fraction(1, 100_000)), ("100", 100), ("1_000", 1000), (" 2.5\n", Fraction(5, 2)), (".5", Fraction(1, 2)), ("5.", 5), ("1E3", 1000), ("+7", 7),
        ("1/3", Fraction(1, 3)), ("1e+2", 100), ("007", 7),
    ],
)  # fmt: skip
def test_a_number_written_in_text_is_the_number_in_every_fact_and_name(text: str, value: Fraction) -> None:
    for fact in FACTS:
        assert lrdsl.parse("hold", **{fact: text}).clock.given()[fact] == value  # type: ignore[arg-type]
    assert dict(lrdsl.parse("hold", names={"lo": text}).names) == {"lo": value}  # type: ignore[dict-item]
    assert lrdsl.Clock.of(**lrdsl.Clock.of(total_steps=text).facts()).total_steps == value, "through JSON"


def test_a_config_that_reads_numbers_as_text_gives_the_same_schedule() -> None:
    """YAML 1.1 reads `1e-5` as text."""
    config = yaml.safe_load("{schedule: 'cosine(rest, to=lo)', total_steps: '100', names: {lo: 1e-5}}")
    assert config["names"] == {"lo": "1e-5"}
    text = config.pop("schedule")
    assert lrdsl.parse(text, **config) == lrdsl.parse(text, total_steps=100, names={"lo": 1e-5})
    opt = SimpleNamespace(param_groups=[{"lr": 0.1}])
    assert lrdsl.compile(text, opt, **config).at(100) == 1e-5


#: How libraries say that they do not know a number.
UNKNOWN = (-1, -1.0, math.inf, np.float32("inf"), np.int64(-1), torch.tensor(math.inf), Decimal("Infinity"), "inf", "-1", ".inf", "None")


@pytest.mark.parametrize("value", UNKNOWN, ids=repr)
def test_an_unknown_length_says_what_to_write_instead(value: Any) -> None:
    for fact in ("total_steps", "total_epochs"):
        (d,) = refusal(lambda x, fact=fact: lrdsl.parse("hold", **{fact: x}), value)
        assert "the length of the run is unknown" in d.message
        assert all(word in d.help for word in (f"leave `{fact}` out", "`until`", "replan", "callback"))
    (d,) = refusal(lambda x: lrdsl.parse("hold", steps_per_epoch=x), value)
    assert "the length of an epoch is unknown" in d.message
    assert 'tick="epoch"' in d.help


@pytest.mark.parametrize("text", ["cosine(rest)", "cosine(total)", "warmup(5%) then hold", "lr = hold; assert total(lr) > 3"])
def test_what_is_missing_of_a_total_is_said(text: str) -> None:
    (d,) = refusal(lambda x: lrdsl.parse(x, total_steps=None), text)
    assert d.code == "LR121"
    assert all(word in d.help for word in ("`total_steps=`", "`until`", "replan", "callback"))
    (d,) = refusal(lambda x: lrdsl.parse(x, total_epochs=5), text)
    assert (d.code, "needs steps_per_epoch" in d.message) == ("LR121", True)
    assert all(word in d.help for word in ("`steps_per_epoch=`", '`tick="epoch"`'))
    assert lrdsl.parse(text, total_epochs=5, tick="epoch")
    (d,) = refusal(lambda x: lrdsl.parse(x, total_steps=50, tick="epoch"), text)
    assert ("needs steps_per_epoch" in d.message, "tick=" in d.help) == (True, False)


@pytest.mark.parametrize(
    "path", ["x.lrs", " x.lrs\n", "runs/a b.LRS", "/abs/x.lrs", "C:\\runs\\x.lrs", "~/x.lrs", Path("x.lrs"), Path("x.txt"), Path("a(1)") / "x=y.lrs"], ids=repr
)
def test_a_path_in_the_place_of_a_text_names_load(path: Any) -> None:
    opt = SimpleNamespace(param_groups=[{"lr": 0.1}])
    calls: list[Callable[[Any], Any]] = [
        lrdsl.parse, lrdsl.format, lrdsl.lint, lambda x: lrdsl.compile(x, opt), lambda x: S.replanned(3, x), lambda x: scheduler("hold").replan(x),
        lrdsl.jax.schedule, lrdsl.keras.Schedule,
    ]  # fmt: skip
    for call in calls:
        (d,) = refusal(call, path)
        assert (d.code, d.help) == ("LR152", f"read the file: `lrdsl.load({str(path).strip()!r})`")


@pytest.mark.parametrize("text", ['lr = hold(at="x.lrs', "hold(3) # x.lrs", "hold(3)\n# see x.lrs", "a=x.lrs", "x" * 5000 + ".lrs"])
def test_a_text_that_ends_like_a_path_is_a_text(text: str) -> None:
    for d in lrdsl.lint(text):
        assert "load" not in d.help


@pytest.mark.parametrize(
    "value",
    [
        np.float16(0.5), np.float32(0.5), np.longdouble(0.5), np.array(0.5), np.array([0.5]), ml_dtypes.bfloat16(0.5), ml_dtypes.float8_e4m3fn(0.5),
        torch.tensor(0.5, dtype=torch.float16), torch.tensor(0.5, dtype=torch.bfloat16), torch.tensor([0.5]), jax.numpy.asarray(0.5, "bfloat16"), Decimal("0.5"),
        Fraction(1, 2), "0.5",
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}",
)  # fmt: skip
def test_a_half_of_every_type_is_a_half_in_every_fact_and_name(value: Any) -> None:
    s = lrdsl.parse("hold", names={"w": value}, **dict.fromkeys(FACTS[3:], value), total_steps=value)  # type: ignore[arg-type]
    assert {*s.clock.facts().values()} == {0.5, "step"}
    assert dict(s.names) == {"w": Fraction(1, 2)}


@pytest.mark.parametrize("tick", [3, np.int64(3), np.uint8(3), torch.tensor(3)], ids=repr)
def test_whole_numbers_of_every_library_are_ticks(tick: Any) -> None:
    s = scheduler("linear(4)")
    s.seek(tick)
    assert s.last_epoch == 3
    assert type(s.last_epoch) is int
    assert lrdsl.parse("hold until loss < 1 then linear(4)").supposing(tick).at(5) == 0.5
    assert lrdsl.analyze(s.schedule, ticks=tick).ticks == 3


@pytest.mark.parametrize(
    "report", [0.25, np.float32(0.25), torch.tensor(0.25), torch.tensor([0.25], requires_grad=True), Fraction(1, 4), Decimal("0.25")], ids=repr
)
def test_numbers_of_every_library_are_reports(report: Any) -> None:
    s = scheduler("hold until loss < 0.3 then linear(4)")
    s.step(report)
    assert s.log.events == {("loss < 0.3", 0): (1,)}


def test_lists_of_ticks_may_be_of_any_numbers() -> None:
    s = lrdsl.parse("linear(4)")
    assert s.values([1, np.int64(2), torch.tensor(3), Fraction(1, 2), Decimal(2)]).tolist() == [0.75, 0.5, 0.25, 0.875, 0.5]
    assert s.values([[1, 2], [3, 4]]).tolist() == [[0.75, 0.5], [0.25, 0.0]]
    assert s.values([]).tolist() == s.values(0).tolist() == []
    assert s.values(range(3)).tolist() == s.values(3).tolist()
    assert s.values(2.0) == 0.5
    with pytest.raises(lrdsl.ScheduleError, match="10000000"):
        s.values(10_000_001)


def test_a_number_is_what_it_prints_as() -> None:
    assert exactly(0.1) == exactly(np.float64(0.1)) == exactly(Decimal("0.1")) == Fraction(1, 10)
    assert exactly(np.float32(0.1)) == exactly(float(np.float32(0.1)))
    assert floating(2**53 + 1) == 2.0**53
    assert math.isnan(measured(float("nan")) or 0)
    assert whole(np.int8(-3)) == -3
    assert whole(3.0) is None


@pytest.mark.parametrize("value", [*NUMBER.values(), *WORD.values()], ids=[*NUMBER, *WORD])
def test_whatever_is_shown_is_one_short_line(value: Any) -> None:
    assert len(quoted(value)) <= 60
    assert quoted(value).isprintable()
