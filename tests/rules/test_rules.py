"""Tests of the lint rules: each finds its bad example, and nothing in its good one, in the examples or in the recipes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.files.folder import Folder
from lrdsl.linting.errors import EXPLANATIONS, Explanation
from lrdsl.linting.linter import Selection, lint
from lrdsl.linting.reports import name
from lrdsl.rules.catalogue import FAMILIES, RULES
from lrdsl.rules.finding import UNUSED, text_silencers
from lrdsl.rules.rule import Rule
from lrdsl.shapes import SHAPES
from lrdsl.training.catalogue import RUN_RULES
from lrdsl.training.rule import RunRule
from tests.formulas.typeset.formulas import CLOCKS, EXAMPLES, texts
from tests.linting.repairing import repaired
from tests.reference.peers import PEERS, usual_texts

PAGE = Path(__file__).parents[2] / "grammar" / "rules.md"
_IDS = [rule.code for rule in RULES.values()]
#: Texts near those of the rules, in which nothing is wrong: (text, options).
NEAR = (
    ("warmup(5) then cosine(95)", {}),
    ("set tick = epoch; lr = hold(5, at=0) then restart cosine(95)", {}),
    ("warmup(100) then cosine(900)", {"total_steps": 1000}),
    ("cosine(1000)", {"total_steps": 1000}),
    ("warmup(100) then cosine(500, to=0.1x)", {"total_steps": 1000}),
    ("warmup(100) then hold(500) then linear(390)", {"total_steps": 1000}),
    ("warmup(10%) then hold(60%) then cosine(30%)", {"total_steps": 1000}),
    ("warmup(500 steps) then cosine(95ep)", {"steps_per_epoch": 100}),
    ("set tick = epoch; lr = warmup(5, from=0.1x) then cosine(95ep)", {}),
    ("multistep([30, 60, 89])", {"total_steps": 90}),
    ("plateau(patience=4) for 5 then linear(5)", {}),
    ("plateau(metric=val_loss)", {}),
    ("plateau(metric=lossless_acc, mode=max)", {}),
    ("plateau(metric=quality, mode=max)", {}),
    ("restarts(cosine(10), stretch=2)", {"total_steps": 70}),
    ("restarts(cosine(10), times=3)", {"total_steps": 30}),
    ("onecycle(1000)", {"total_steps": 1000}),
    ("set base = 0.001; lr = cosine(100, to=1e-5)", {}),
    ("set base = 0.001; lr = cosine(100); momentum = hold(at=0.9); weight_decay = hold(at=0.05)", {}),
    ("cosine(100, to=0.01x)", {}),
    ("scale(1 / (1 + t))", {}),
    ("step(3) for 9 then restart cosine(50, from=0.5x)", {}),
    ("cosine(10) then restart cosine(10)", {}),
    ("hold(10) then warmup(5, from=0.5x) then cosine(50)", {}),
    ("lr = cosine(100); momentum = hold(at=0.9)", {}),
    ("lr = cosine(100); weight_decay = hold(at=0.1)", {}),
    ("hold(0, at=0.1) then cosine(5)", {}),
    ("cosine(50) then linear(50, to=1x)", {}),
    ("cosine(50) then restart linear(50)", {}),
    ("cosine(50) * multistep([20, 30])", {}),
    ("let w = 5; def f(x) = cosine(x); lr = warmup(w) then f(95)", {}),
    ("warmup(1 epoch) then cosine(95 epochs)", {"steps_per_epoch": 100}),
    ("warmup(1000) then hold(1000) then cosine(1000)", {}),
    ("warmup(5ep) then step(2.4ep, 0.97)", {"steps_per_epoch": 100}),
    ("set tick = epoch; lr = cosine(90)", {"total_epochs": 90}),
    ("set tick = epoch; lr = hold(85) then linear(5)", {}),
    ("set tick = epoch; lr = hold(85) then linear(5, to=0.8x)", {"total_epochs": 90}),
    ("hold(10) then scale(1 / (1 + t))", {}),
    ("hold(10) then linear(5, to=0.1x) then restart onecycle(100)", {}),
    ("hold(10) then cosine(5, from=0.1x)", {}),
    ("hold(10) then multistep([0, 5], 0.1)", {}),
    ("cosine(100, to=0.001x) then restarts(cosine(10))", {}),
    ("onecycle(100) then hold(5)", {}),
    ("hold(10) then cyclic(0.01x, 1x, 10) for 100", {}),
    ("plateau(patience=3)", {}),
    ("plateau(patience=3) until metric < 0.3 or 50", {}),
    ("plateau(patience=3, metric=val_loss)", {}),
    ("hold(5) until val_loss < 0.3 or 50", {}),
    ("cosine(30) then restart cosine(30)", {}),
    ("cosine(30) then restart cosine(30) then restart cosine(20)", {}),
    ("hold(30) then hold(30, at=0.1x) then hold(30, at=0.02x)", {}),
    ("hold(30) then hold(30, at=0.1x)", {}),
    ("hold(30) then hold(30, at=2x) then hold(30, at=4x)", {}),
    ("hold(30) then hold(30, at=0.1) then hold(30, at=0.01)", {}),
    ("hold(30, 0.5x) then hold(30, 0.25x) then hold(30, 0.125x)", {}),
    ("hold(30) then hold(30, at=0.1x + 0.1) then hold(30, at=0.01x)", {}),
    ("warmup(5) then exp(0.9)", {"total_steps": 100}),
    ("hold until val_loss < 0.3 then cosine(100)", {"total_steps": 100}),
    ("hold(80) then restarts(linear(5), times=2)", {"total_steps": 90}),
    ("lr = cosine(100); weight_decay = hold(100, at=0)", {}),
    ("hold until val_loss < 0.3 then cosine(10, to=0.1x) then linear(100)", {"total_steps": 100}),
    ("cosine(50) then hold", {"total_steps": 60}),
    ("hold(5) then plateau(patience=3)", {"total_steps": 100}),
    ("warmup(5ep) then exp(0.9, per=1ep) for 95ep", {"steps_per_epoch": 100}),
    ("plateau(patience=4) for 5ep then linear(5ep)", {"steps_per_epoch": 1}),
    ("weight_decay = hold(5) then cosine(10, to=0.1x)", {}),
    ("weight_decay = hold(5) until val_loss < 0.3 then cosine(10)", {}),
    ("hold(30) then hold(30, at=1.5x) then hold(30, at=2.25x)", {}),
    ("exp(1/pi)", {}),
    ("step(3, exp(-1)) for 9", {}),
    ("multistep([3, 9], [0.5, 0.1])", {}),
    ("lr = cosine(1M samples); weight_decay = hold(1k, at=256) then hold(at=512)", {"batch_size": 256}),
    ("lr = cosine(1M); batch_size = hold(1k, at=256) then hold(at=512)", {"batch_size": 256}),
    ("set tokens_per_step = hold(1k, at=256) then hold(at=512); lr = cosine(1M tokens); batch_size = hold(1k, at=1) then hold(at=2)", {}),
)


def codes(rule: Rule, text: str, groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """The codes that an example of a rule gets: from the linter, or from `compile` for a rule that looks at groups."""
    if not rule.groups:
        return [d.code for d in lint(text, **rule.clock)]
    optimizer = SimpleNamespace(param_groups=[dict(group) for group in groups])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lrdsl.compile(text, optimizer, **rule.clock)
    return [warning.message.diagnostic.code for warning in caught if isinstance(warning.message, lrdsl.ScheduleWarning)]


@pytest.mark.parametrize("rule", RULES.values(), ids=_IDS)
def test_it_speaks_where_it_says(rule: Rule) -> None:
    bad, good = rule.groups or ((), ())
    assert codes(rule, rule.bad, bad) == [rule.code]
    assert codes(rule, rule.good, good) == []
    assert rule.compiles or not rule.groups


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("cosine(50) then repeat(linear(5))", True),
        ("cosine(50) then restarts(cosine(10), decay=0.5)", True),
        ("cosine(50) then plateau(min=0.1)", True),
        ("cosine(50) then every(2, repeat(hold(2) then drop(0.5)))", True),
        ("cosine(50) then linear(5, to=0.1x)", False),
        ("cosine(50) then restarts(linear(10, from=0.1x), times=2)", False),
        ("cosine(50) then repeat(hold(3) then restart linear(2))", False),
        ("cosine(50) then clip(hold(3), 0.1x, 1x)", False),
        ("cosine(50) then every(2, linear(5) + 0.1)", False),
        ("let up = linear(9, to=1x); lr = cosine(50) then repeat(up)", False),
    ],
)
def test_a_phase_stays_at_zero_unless_a_level_lifts_it(text: str, stays: bool) -> None:
    levels = lrdsl.parse(text).values(200)
    assert bool(levels[50:].max() == 0) is stays
    assert ("LR402" in [d.code for d in lint(text)]) is stays


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.fix], ids=lambda rule: rule.code)
def test_its_repair_repairs(rule: Rule) -> None:
    """After it the rule has nothing to say; a safe one keeps every level."""
    assert repaired(rule.bad, **rule.clock) == (rule.bad if rule.fix == "unsafe" else repaired(rule.bad, unsafe=True, **rule.clock))
    found = repaired(rule.bad, unsafe=True, **rule.clock)
    assert found != rule.bad
    assert lint(found, **rule.clock) == []
    if rule.fix == "safe":
        before, after = (lrdsl.parse(text, **rule.clock) for text in (rule.bad, found))
        assert np.array_equal(before.values(2000), after.values(2000))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hold(0) then cosine(5)", "cosine(5)"),
        ("cosine(5) then  hold(0)", "cosine(5)"),
        ("cosine(5, to=0.1x) then warmup(0) then linear(5)", "cosine(5, to=0.1x) then linear(5)"),
        ("let x = 3\nlr = warmup(5)\n", "lr = warmup(5)\n"),
        ("  let x = 3\n  lr = warmup(5)\n", "  lr = warmup(5)\n"),
        ("lr = warmup(5)\n\tlet x = 3 ; \nmomentum = hold(at=0.9)", "lr = warmup(5)\nmomentum = hold(at=0.9)"),
        ("let x = 3;  lr = warmup(5)", "lr = warmup(5)"),
        ("lr = warmup(5); let x = 3; momentum = hold(at=0.9)", "lr = warmup(5); momentum = hold(at=0.9)"),
        ("lr = warmup(5); let x = 3\nmomentum = hold(at=0.9)", "lr = warmup(5); momentum = hold(at=0.9)"),
    ],
)
def test_what_does_nothing_is_taken_out_with_what_joins_it(text: str, wanted: str) -> None:
    assert repaired(text, unsafe=True) == wanted
    lrdsl.parse(wanted)


@pytest.mark.parametrize(("text", "options"), NEAR)
def test_near_misses(text: str, options: dict[str, int]) -> None:
    assert lint(text, **options) == []  # type: ignore[arg-type]


#: Where a rule speaks, beside its own example: (text, options, code, where).
PLACES = (
    ("warmup(5) then exp(0.9, per=1ep) for 95ep", {"steps_per_epoch": 100}, "LR207", "5"),
    ("linear(5, to=0.1x) then restart cosine(95ep)", {"steps_per_epoch": 100}, "LR207", "5"),
    ("weight_decay = hold(5) then cosine(10)", {}, "LR309", "cosine(10)"),
    ("let k = 0.001; lr = k * cosine(100)", {}, "LR320", "k"),
    ("set base = 0.001; lr = linear(100, 0.01)", {}, "LR301", "0.01"),
    ("set base = 0.001; lr = poly(100, 2, 0.01)", {}, "LR301", "0.01"),
    ("lr = warmup(5) then cosine(1M tokens); batch_size = hold(1k, at=256) then hold(at=512)", {"tokens_per_step": 256}, "LR215", "1M tokens"),
    *(
        (text, {}, "LR504", text.partition("lr = ")[2] or text)
        for text in (
            "hold(30, 1x) then hold(30, at=0.1x) then hold(30, at=0.01x)",
            "hold(30) then hold(30, 0.1x) then hold(30, at=base/100)",
            "hold(30, base) then hold(at=0.1x, n=30) then hold(at=0.01x)",
            "hold for 30 then hold(at=0.1x) for 30 then hold(30, 0.1 * 0.1x)",
            "let low = 0.1x; lr = hold(30) then hold(30, at=low) then hold(30, at=low/10)",
        )
    ),
)


@pytest.mark.parametrize(("text", "options", "code", "where"), PLACES)
def test_places(text: str, options: dict[str, int], code: str, where: str) -> None:
    (d,) = lint(text, **options)  # type: ignore[arg-type]
    assert (d.code, text[d.span.start.offset : d.span.end.offset]) == (code, where)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("cosine(95, to=0.05)", "for 0.05 times the base, write `0.05x`"),
        ("let p = 0.05; lr = cosine(95, to=p)", "write it as a multiple of base, as `0.1x`"),
    ],
)
def test_a_level_above_the_base_has_the_repair_that_can_be_made(text: str, help: str) -> None:
    (d,) = lint(text, base=0.001)
    assert (d.code, d.help, d.fix is None) == ("LR301", f"{help}; for a higher peak, raise the base", "let" in text)


#: Each threshold of a rule: (code, a text in which it is just not met, one in which it just is, options).
EDGES = (
    ("LR202", "warmup(100) then cosine(900)", "warmup(100) then cosine(901)", {"total_steps": 1000}),
    ("LR204", "warmup(100) then cosine(880)", "warmup(100) then cosine(879)", {"total_steps": 1000}),
    ("LR204", "warmup(100) then cosine(500, to=0.01x)", "warmup(100) then cosine(500, to=0)", {"total_steps": 1000}),
    ("LR204", "weight_decay = warmup(100) then cosine(500)", "lr = warmup(100) then cosine(500)", {"total_steps": 1000}),
    ("LR205", "warmup(10%) then cosine(90%)", "warmup(10%) then cosine(90.1%)", {"total_steps": 1000}),
    ("LR205", "hold(at=0.5x) for 10% then cosine(90%)", "hold(at=0.5x) for 11% then restart cosine(90%)", {"total_steps": 1000}),
    ("LR206", "warmup(10) then cosine(10)", "warmup(11) then cosine(10)", {}),
    ("LR206", "warmup(11) then step(10)", "warmup(11) then restart linear(5) then linear(5, to=0.1x)", {}),
    ("LR205", "hold until loss < 3 or for 60 then cosine(40%)", "hold until loss < 3 or for 60 then cosine(41%)", {"total_steps": 100}),
    ("LR206", "warmup(10) then restarts(cosine(3))", "warmup(10) then restarts(cosine(2))", {}),
    ("LR207", "warmup(51) then cosine(95ep)", "warmup(50) then cosine(95ep)", {"steps_per_epoch": 100}),
    ("LR207", "warmup(5ep) then hold(1001) then cosine(95ep)", "warmup(5ep) then hold(1000) then cosine(95ep)", {"steps_per_epoch": 100}),
    ("LR207", "warmup(2.5) then cosine(95ep)", "warmup(1) then cosine(95ep)", {"steps_per_epoch": 100}),
    ("LR207", "hold(0, at=0.5x) then cosine(95ep)", "hold(1, at=0.5x) then cosine(95ep)", {"steps_per_epoch": 100}),
    ("LR208", "multistep([30, 60, 89])", "multistep([30, 60, 90])", {"total_steps": 90}),
    ("LR208", "hold(50) then cosine(50)", "hold(51) then cosine(50)", {"total_steps": 51}),
    ("LR209", "plateau(patience=4) for 5 then linear(5)", "plateau(patience=5) for 5 then linear(5)", {}),
    ("LR210", "plateau(metric=val_acc, mode=max)", "plateau(metric=val_acc, mode=min)", {}),
    ("LR210", "plateau(metric=val_loss, mode=min)", "plateau(metric=val_loss, mode=max)", {}),
    ("LR210", "plateau(metric=acc_loss, mode=max)", "plateau(metric=Loss, mode=max)", {}),
    ("LR211", "restarts(cosine(100))", "restarts(cosine(99))", {"total_steps": 105}),
    ("LR211", "restarts(cosine(100))", "restarts(cosine(110))", {"total_steps": 195}),
    ("LR211", "hold(5) then restarts(cosine(10), stretch=2)", "hold(15) then restarts(cosine(10), stretch=2)", {"total_steps": 75}),
    ("LR211", "restarts(cosine(30), times=2)", "restarts(cosine(30))", {"total_steps": 75}),
    ("LR212", "onecycle(1000)", "onecycle(999)", {"total_steps": 1000}),
    ("LR212", "onecycle(500) then hold(5)", "onecycle(500)", {"total_steps": 1000}),
    ("LR214", "hold(80) then linear(21)", "hold(82) then linear(19)", {"total_steps": 101}),
    ("LR204", "hold(50, at=0)", "hold(100, at=0) * warmup(10)", {"total_steps": 100}),
    ("LR214", "set tick = epoch; lr = poly(9)", "set tick = epoch; lr = poly(10)", {"total_steps": 10}),
    ("LR220", "cosine(99_999_999)", "cosine(100_000_000)", {}),
    ("LR301", "set base = 0.1; lr = cosine(100, to=0.1)", "set base = 0.1; lr = cosine(100, to=0.11)", {}),
    ("LR301", "set base = 1.1; lr = cosine(100, to=1.1)", "set base = 0.1; lr = cosine(100, to=1.1)", {}),
    ("LR201", "set tick = epoch; lr = hold(95); momentum = warmup(5) then hold", "set tick = epoch; lr = warmup(5) then hold", {}),
    ("LR302", "cosine(100, to=1.1e-5x)", "cosine(100, to=1e-5x)", {}),
    ("LR304", "step(3, 1) for 9 then linear(9)", "step(3, 1.001) for 9 then linear(9)", {}),
    ("LR304", "multistep([3, 9], 0.9)", "multistep([3, 9], 2)", {}),
    ("LR304", "multistep([3, 9], [10, 0.1])", "multistep([3, 9], 0)", {}),
    ("LR304", "hold(5) then drop(0.9)", "hold(5) then drop(2)", {}),
    ("LR304", "cumprod(0.99) for 100", "cumprod(1.01) for 100", {}),
    ("LR304", "cumprod(1 - 1 / (t + 2)) for 100", "warmup(5) then cumprod(1 + 0.01) for 100", {}),
    ("LR304", "batch_size = multistep([30, 60], 2)", "lr = multistep([30, 60], 2)", {}),
    ("LR201", "set tick = epoch; lr = warmup(0) then cosine(95)", "set tick = epoch; lr = warmup(1) then cosine(95)", {}),
    ("LR305", "cosine(100, to=1e-15)", "cosine(100, to=9e-16)", {}),
    ("LR305", "cosine(100) * linear(5, to=1e-16x)", "cosine(100, to=1e-16)", {}),
    ("LR306", "linear(9) then warmup(5)", "linear(9, to=1e-3x) then warmup(5)", {}),
    ("LR307", "warmup(5, from=2x) then hold(5, 2x) then restart cosine(9) until loss < 1", "warmup(5) then restart cosine(9) until loss < 1", {}),
    ("LR320", "let k = 0.2; lr = k * cosine(100)", "let k = 0.001; lr = k * cosine(100)", {}),
    ("LR406", "hold(10, at=1x) * cosine(100)", "hold(10) * cosine(100)", {}),
    ("LR407", "min(cosine(100), 0.9x)", "min(cosine(100), 2x)", {}),
    ("LR410", 'lr["abc"] = cosine(9); lr["b*"] = hold', 'lr["abc"] = cosine(9); lr["a*"] = hold', {}),
    ("LR402", "linear(9) then hold(0)", "linear(9) then hold(1)", {}),
    ("LR310", "linear(9, to=0.4x) then scale(3/(1+t))", "linear(9, to=0.4x) then scale(3.1/(1+t))", {}),
    ("LR310", "linear(9, to=0.4x) then scale(0.34/(1+t))", "linear(9, to=0.4x) then scale(0.33/(1+t))", {}),
    ("LR502", "warmup(999) then hold(999) then cosine(999)", "warmup(1251) then hold(1251) then cosine(1251)", {}),
    ("LR502", "warmup(1251) then cosine(1251)", "warmup(12.51) then hold(12.51) then cosine(12.51)", {}),
    ("LR503", "cosine(30) then restart cosine(30)", "cosine(30) then restart cosine(30) then restart cosine(30) then restart cosine(31)", {}),
    ("LR503", "cosine(30) then restart cosine(30) then restart cosine(31)", "cosine(3) then restart cosine(3) then restart cosine(3)", {}),
    ("LR211", "restarts(warmup(100))", "restarts(warmup(101))", {"total_steps": 298}),
    ("LR211", "restarts(cosine(7), times=2) then hold(9)", "restarts(cosine(8), times=2) then hold(9)", {"total_steps": 14}),
    ("LR211", "restarts(cosine(6), times=2) then hold(9)", "restarts(cosine(7), times=2) then hold(9)", {"total_steps": 13}),
    ("LR320", "warmup(3) then 0.003 * cosine(rest)", "warmup(3) then 0.002 * cosine(rest)", {"total_steps": 20}),
    ("LR320", "let n = 20; lr = 0.003 * cosine(n)", "let n = 20; lr = 0.002 * cosine(n)", {"total_steps": 20}),
    ("LR319", "poly(100, power=0.06)", "poly(100, power=0.05)", {}),
    ("LR207", "warmup(51) then cosine(5ep)", "warmup(50) then cosine(5ep)", {"steps_per_epoch": 1000}),
    ("LR204", "cosine(98)", "cosine(97)", {"total_steps": 100}),
    ("LR504", "hold(3) then hold(3, 0x) then hold(3, 0x)", "hold(3) then hold(3, 0.1x) then hold(3, 0.01x)", {}),
    ("LR504", "hold(3) then hold(3, 0.5x) then hold(3, 0.3x)", "hold(3) then hold(3, 0.5x) then hold(3, 0.25x)", {}),
    ("LR504", "hold(3) then hold(3, 0.5x) then hold(3, 0.25x) then linear(3)", "hold(3) then hold(3, 0.5x) then hold(3, 0.25x) then hold(3, 0.125x)", {}),
)


@pytest.mark.parametrize(("code", "sound", "bad", "options"), EDGES)
def test_thresholds(code: str, sound: str, bad: str, options: dict[str, int]) -> None:
    assert [code in [d.code for d in lint(text, **options)] for text in (sound, bad)] == [False, True]  # type: ignore[arg-type]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lrs")), ids=lambda path: path.stem)
def test_examples_are_clean(path: Path) -> None:
    clock = {"steps_per_epoch": 14, "total_epochs": 12} if path.stem == "two_groups" else {}
    assert lint(path.read_text("utf-8"), library=Folder.of(path), **clock) == []  # type: ignore[arg-type]


def test_recipes_and_the_examples_of_the_reference_are_clean() -> None:
    calls = {text: CLOCKS.get(name, {}) for name, text in texts().items() if re.match(r"[a-z_]+(\.\w+)?$", name)}
    own = [form.example for forms in SHAPES.values() for form in forms] + [c.example for c in COMBINATORS.values()]
    assert len(calls) > 40
    assert {text: found for text in [*calls, *own] if (found := lint(text, **calls.get(text, {})))} == {}  # type: ignore[arg-type]


#: Typical arguments of the schedules of other systems, by the letters that stand for them; and those that mean something else in one of them.
TYPICAL: dict[str, Any] = {"d": 20, "f": 0.5, "m": 0.001, "n": 100, "r": 0.1, "s": 50, "w": 10}
SPECIAL: dict[tuple[str, str], dict[str, Any]] = {("DINO", "cosine_scheduler"): {"s": 0.0001}}


def system_texts(scale: float = 1) -> dict[str, str]:
    """Each schedule of other systems with typical arguments, as it is written here; `scale` multiplies its absolute levels."""
    texts = {}
    for p in PEERS:
        values = {**TYPICAL, **SPECIAL.get((p.library, p.name), {})}
        texts[f"{p.library} {p.name}"] = p.written(**{**values, "m": values["m"] * scale})
    return texts


def peer_texts(scale: float = 1) -> dict[str, str]:
    """Each schedule of other libraries and systems, with typical arguments."""
    return {**usual_texts(scale), **system_texts(scale)}


@pytest.mark.parametrize("name", peer_texts())
def test_the_schedules_of_other_libraries_are_clean(name: str) -> None:
    assert lint(peer_texts()[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "1 * (cosine(5) then linear(7))", "(cosine(5) then linear(3)) * 1", "cosine(50) * (hold)", "(hold) * cosine(50)", "(cosine(50)) + 0", "0 + (cosine(50))",
        "((cosine(5))) * ((1))", "( ( 1 ) ) * ( cosine(5) )", "(cosine(5) * 1) then linear(3)", "restart (hold() for 1 then cosine(3))", "(restart cosine(5)) then hold",
        "hold(3) then restart (cosine(5) then hold)", "restart  (  cosine(5) )", "((cosine(5)) / (1))",
    ],
)  # fmt: skip
def test_repairs_leave_whole_brackets(text: str) -> None:
    fixes = [d.fix for d in lint(text) if d.fix is not None and d.code in ("LR307", "LR406", "LR407")]
    assert fixes
    for fix in fixes:
        repaired = lrdsl.parse(text[: fix.start] + fix.replacement + text[fix.end :])
        assert repaired.values(20).tolist() == lrdsl.parse(text).values(20).tolist()


def test_declarations_are_whole() -> None:
    assert len(RULES) == sum(len(rules) for rules in FAMILIES.values())
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    for rule in RULES.values():
        assert re.fullmatch(r"LR[2-5]\d\d", rule.code)
        assert rule.finds.endswith(".")
        assert rule.why.endswith(".")


def test_selection() -> None:
    text = "warmup(5) then restart cosine(95) then linear(5)"
    assert [d.code for d in lint(text)] == ["LR307", "LR402"]
    assert [d.code for d in lint(text, selection=Selection(("LR4",)))] == ["LR402"]
    assert [d.code for d in lint(text, selection=Selection(ignore=("LR402",)))] == ["LR307"]
    assert [d.code for d in lint("cosin(5)", selection=Selection(("LR4",)))] == ["LR101"], "errors are not silenced"


def test_comments_silence_rules() -> None:
    text = "lr = warmup(5) then restart cosine(95)"
    assert lint(f"{text}  # lrs: ignore[LR307]") == []
    assert lint(f"{text}  # lrs: ignore") == []
    (d,) = lint("lr = cosine(95)  # lrs: ignore[LR307]\nmomentum = hold(at=0.9)  # 0.9, lrs: says nothing")
    assert (d.code, d.span.start.line) == (UNUSED, 1)
    assert [d.code for d in lint(f"{text}  # lrs: ignore[LR307, LR402]")] == [UNUSED]
    several = "# a run\nlr = cosine(95)  # lrs: ignore\n\nmomentum = hold(at=0.9)  # lrs: ignore[LR307]"
    assert [several[d.span.start.offset : d.span.end.offset] for d in lint(several)] == ["# lrs: ignore", "# lrs: ignore[LR307]"]


@pytest.mark.parametrize(
    ("text", "message", "repaired"),
    [
        ("cosine(9) * hold", "this factor is always 1", "cosine(9)"),
        ("cosine(9) * hold()", "this factor is always 1", "cosine(9)"),
        ("cosine(9) * hold(at=0.5x)", "this factor never changes", None),
    ],
)
def test_a_factor_of_1_is_removed(text: str, message: str, repaired: str | None) -> None:
    (d,) = lint(text)
    assert (d.code, d.message) == ("LR406", message)
    assert (d.fix and text[: d.fix.start] + d.fix.replacement + text[d.fix.end :]) == repaired


def test_a_comment_knows_where_its_codes_stand() -> None:
    text = "hold(3)  # lrs: ignore[LR204, lr999]\nhold(5)  # lrs: ignore-file[LR101,LR402]"
    found = [code for silencer in text_silencers(text) for code in silencer.codes]
    assert [code for code, _ in found] == ["LR204", "LR999", "LR101", "LR402"]
    assert [text[start:end] for _, (start, end) in found] == ["LR204", "lr999", "LR101", "LR402"]


def test_a_comment_silences_a_problem_of_several_lines_on_its_first_or_its_last_one() -> None:
    for lines in ((0,), (2,), (0, 2), (1,), ()):
        text = ["lr = restarts(", "  cosine(10),", "  times=1)"]
        for i in lines:
            text[i] += "  # lrs: ignore[LR407]"
        assert ("LR407" in [d.code for d in lint("\n".join(text))]) == (not {0, 2} & set(lines)), lines


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("exp(0.9, 10)", "this goes to the level `10` within 0.9 ticks, which is above", "`exp(0.9, per=10)`"),
        ("exp(10, 2x)", "this goes to the level `2x` within 10 ticks, which is above", "`exp(10, per=2x)`"),
        ("exp(10, to=2x)", "`2x` is above the level that it begins at", "`to=0.1x`"),
        ("exp(n=10, to=2x)", "`2x` is above the level that it begins at", "`to=0.1x`"),
        ("linear(10, 2x)", "`2x` is above the level that it begins at", "`to=0.1x`"),
        ("linear(10, 1x)", "`1x` is the level that it begins at", "`to=0.1x`"),
    ],
)
def test_a_level_is_quoted_by_name_or_by_position(text: str, message: str, help: str) -> None:
    (problem,) = [d for d in lint(text) if d.code == "LR317"]
    assert problem.message.startswith(message)
    assert help in problem.help


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ("hold until loss < 0.3 then plateau", None),
        ("hold until loss < 0.3 then plateau()", "metric=loss"),
        ("hold until loss < 0.3 then plateau(patience=3)", ", metric=loss"),
        ("hold until loss < 0.3 then hold until acc > 0.3 then plateau(patience=3)", None),
    ],
)
def test_a_plateau_gets_the_only_other_metric(text: str, repair: str | None) -> None:
    (d,) = [d for d in lint(text) if d.code == "LR213"]
    assert (d.fix and d.fix.replacement) == repair


@pytest.mark.parametrize(
    ("text", "base", "codes"),
    [
        ("linear(500, from=0, to=1) then cosine(500)", 1e-3, ["LR301"]),
        ("linear(500, from=0, to=1) then cosine(500)", 0.1, []),
        ("linear(500, from=0, to=3e-4) then cosine(500)", 1e-4, []),
        ("linear(0, 1, 500) then cosine(1000)", None, ["LR401"]),
        ("linear(0, to=0.1x) then cosine(1000)", None, []),
    ],
)
def test_what_newcomers_write(text: str, base: float | None, codes: list[str]) -> None:
    """A level of 1 that is meant as the whole base, and levels in the place of the length."""
    assert [d.code for d in lint(text, base=base, total_steps=1000)] == codes


def page() -> str:
    """The page of the rules, from their declarations."""
    parts = [
        "# Rules\n",
        "These rules of `lrdsl check` find what a text without errors surely does not mean. `# lrs: ignore[LR203]` at the end of a line silences a rule or an error there, in any file; a comment that",
        f"silences nothing is `{UNUSED}`. `--fix` makes the repairs that keep every level, `--unsafe-fixes` the others too. `lrdsl explain CODE` says what stands here.\n",
        "`lrdsl.compile` knows the bases of the param groups and the clock of the run, and warns of what the rules that name it find with them: each warning is a `lrdsl.ScheduleWarning`,",
        'points at the code that calls, and begins with the code of the rule. `warnings.filterwarnings("ignore", "LR301")` turns one off, a comment in the text too.\n',
    ]
    for family, rules in FAMILIES.items():
        parts.append(f"## {family.capitalize()}\n")
        parts += [entry(rule) for rule in rules]
    parts += [
        "## Training code\n",
        "These rules look at schedules of other libraries in code and configs, and at the run that the same file says: its length, and how often the scheduler is",
        'stepped. What is not in the file is not guessed. A note is what may be meant, or rests on a default; it changes no exit status. `ignore = ["LR6"]` turns',
        "all of them off. `lrdsl check --explain-run FILE` shows what was read.\n",
    ]
    parts += [run_entry(rule) for rule in RUN_RULES.values()]
    parts += [
        "## Errors\n",
        "A text with an error is refused, and so is a wrong call. `LR0xx` are about how a text is written, `LR1xx` about what it says, `LR15x` about what the program gives,",
        "and `LR9xx` about files and comments. In the lines of Python, `optimizer` has one param group, with `betas`.\n",
    ]
    parts += [error_entry(explanation) for explanation in EXPLANATIONS.values()]
    return "\n".join(parts)


def entry(rule: Rule) -> str:
    repair = f" Repair: {rule.fix}." if rule.fix else ""
    bad, good = (", ".join(f"`{dict(group)}`" for group in groups) for groups in rule.groups or ((), ()))
    known = [f"`{name}={n}`" for name, n in rule.clock.items()] + [f"the param groups {bad}" + f", and then {good}" * (bad != good)] * bool(bad)
    facts = f" (with {', '.join(known)})" if known else ""
    compiles = " `lrdsl.compile` warns of it too." * rule.compiles
    return f"### {rule.code} `{rule.name}`\n\n{rule.finds} {rule.why}{compiles}{repair}\n\n```lrs\n{rule.bad}\n```\n\nis better{facts}\n\n```lrs\n{rule.good}\n```\n"


def run_entry(rule: RunRule) -> str:
    bad, good = (f"```{rule.language}\n{text.rstrip()}\n```" for text in (rule.bad, rule.good))
    return f"### {rule.code} `{rule.name}`\n\n{rule.finds} {rule.why}\n\n{bad}\n\nis better as\n\n{good}\n"


def error_entry(e: Explanation) -> str:
    facts = f" (with {', '.join(f'`{key}={n}`' for key, n in e.clock.items())})" if e.clock else ""
    bad, good = (f"```{e.language}\n{text.rstrip()}\n```" for text in (e.bad, e.good))
    return f"### {e.code} `{name(e.code)}`\n\n{e.finds} {e.why}\n\n{bad}\n\nis right as{facts}\n\n{good}\n"


def test_the_page_is_written_from_the_declarations() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.rules.test_rules`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")


@pytest.mark.parametrize("total", [13, 14, 20])
def test_a_rate_that_is_0_at_the_end(total: int) -> None:
    (found,) = [d for d in lrdsl.lint("cosine(10)", total_steps=total) if d.code == "LR204"]
    assert found.message == f"the rate is 0 for the last {total - 10} ticks of the run"
