"""The schedulers of all systems: each has a line that is exact at every tick, or a reason why not. They are counted here."""

from __future__ import annotations

import re
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl.check.prelude import is_recipe, namespace_of, recipe_names
from lrdsl.check.scope import ARITHMETIC, WORDS
from lrdsl.dialects.overview import schedulers
from lrdsl.dialects.systems import System, systems
from lrdsl.syntax import nodes, parse
from tests.drawing import TIMES
from tests.reference.systems import RATES

ROWS = [(system, line) for system in systems() for line in system.lines]
#: Lines that follow a metric, which have tests of their own, below.
DRIVEN = {("SpeechBrain", "NewBobScheduler"), ("pix2pix and CycleGAN", "plateau")}
TICKS = 90
#: What phases stand for, in the lines that have any.
PHASES = {"A": "linear(30)", "B": "step(3, 0.5)"}
_SHORT = ("w", "burn_in", "warmup", "n_warmup_steps", "num_warmup_steps", "offset", "a", "start", "k", "step_size", "hold_steps")
_LATER = ("n", "b", "max_iter", "max_count", "max_batches", "total_steps", "num_training_steps", "first_cycle_steps", "niters")
_LISTS = ("milestones", "schedule", "step_iter", "stepvalue", "step_value", "steps", "anneal_steps")
_LEVELS = ("x", "y", "z", "low", "high", "top", "linear_end", "target", "value", "factor", "learning_rate", "base_lr", "f_start", "f_max", "f_min")


def drawn(name: str, random: Random) -> Any:
    """An argument, by its name: a length, a list of milestones, a level, or a ratio."""
    if name in _LISTS:
        return sorted(random.sample(range(1, 60), 2))
    if name in ("scales", "anneal_rates"):
        return [round(random.uniform(0.1, 1.2), 3) for _ in range(2)]
    if name in ("power", "p"):
        return random.choice([0.5, 0.9, 1, 2, 4])
    if name in ("hidden_size", "model_size"):
        return random.randint(1, 1024)
    if name == "beta2":
        return random.choice([0.9, 0.95, 0.99, 0.999])
    if name in ("gamma", "rate", "g", "f", "h", "r", "decay", "decay_factor", "decay_rate", "decrease_factor", "step_factor"):
        return round(random.uniform(0.2, 0.99), 3)
    if name in _SHORT or (name.startswith("warmup_") and not name.endswith(("lr", "rate", "start"))):
        return random.randint(1, 20)
    if name in _LATER:
        return random.randint(41, 80)
    if name in _LEVELS or name.endswith(("lr", "_value", "constant", "learning_rate", "scale", "factor", "lr_min", "lr_max", "lr_start", "warmup_start")):
        return round(random.uniform(0.001, 1), 4)
    return random.randint(2, 30)


def arguments(text: str, random: Random) -> dict[str, Any]:
    names = {word: drawn(word, random) for word in words(text)}
    if "rho_inf" in names:
        names |= {"rho_inf": 2 / (1 - names["beta2"]) - 1, "offset": 6}
    if "d" in names and "n" in names and "start" not in names:
        names["d"] = min(names["d"], names["n"])
    if "c" in names:
        names["c"] = min(names["c"], names["n"] - names["w"])
    if "legacy" in text or names.get("a", 99) < names.get("w", 0):
        names["a"] = names["w"] + names["a"]
    return names


def words(text: str) -> list[str]:
    """The arguments that a line has as names."""
    tree = parse(text)
    found = {node.id for node in nodes.walk(tree) if isinstance(node, nodes.Name)} - set(ARITHMETIC) - set(WORDS)
    return sorted(word for word in found if re.fullmatch(r"[a-z]\w*", word) and word not in _NO_ARGUMENTS)


#: Words of the language that stand alone: shapes and choices.
_NO_ARGUMENTS = {"hold", "exp", "exp_range", "triangular2", "both", "end"}


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.title)
def test_each_line_is_exact_at_every_tick(system: System) -> None:
    for line in system.lines:
        if not line.text or is_recipe(line.text) or (system.title, line.scheduler) in DRIVEN:
            continue
        rate = RATES[system.title, line.scheduler]
        text = re.sub(r"\b[AB]\b", lambda phase: PHASES[phase[0]], line.text)
        for k in range(3 * TIMES):
            random = Random(f"{system.title} {line.scheduler} {k}")
            names = arguments(text, random)
            base = round(random.uniform(0.01, 2), 3)
            expected = [rate(t, base, **names) for t in range(TICKS)]
            mine = lrdsl.parse(text, names=names).values(TICKS, base)
            np.testing.assert_allclose(mine, expected, rtol=1e-11, atol=1e-12 * max(map(abs, expected)), err_msg=f"{system.title} {line.scheduler} {names}")


def newbob(losses: list[float], annealing_factor: float, improvement_threshold: float) -> list[float]:
    """NewBobScheduler of SpeechBrain: the rate after each loss. A loss that improves too little over the last one anneals, for patient=0."""
    rate, rates = 1.0, []
    for before, loss in zip([None, *losses], losses, strict=False):
        if before is not None and (before - loss) / before < improvement_threshold:
            rate *= annealing_factor
        rates.append(rate)
    return rates


def plateau(losses: list[float]) -> list[float]:
    """ReduceLROnPlateau(factor=0.2, patience=5, threshold=0.01) of torch, as pix2pix has it."""
    rate, best, bad, rates = 1.0, float("inf"), 0, []
    for loss in losses:
        best, bad = (loss, 0) if loss < best * 0.99 else (best, bad + 1)
        rate, bad = (rate * 0.2, 0) if bad > 5 else (rate, bad)
        rates.append(rate)
    return rates


def test_the_lines_that_follow_a_metric() -> None:
    random = Random(0)
    for (title, scheduler), rates in {
        ("SpeechBrain", "NewBobScheduler"): newbob,
        ("pix2pix and CycleGAN", "plateau"): lambda losses, **_: plateau(losses),
    }.items():
        (text,) = (line.text for system, line in ROWS if (system.title, line.scheduler) == (title, scheduler))
        for _ in range(3 * TIMES):
            losses = [round(random.uniform(0.5, 1), 2) for _ in range(40)]
            names = {"annealing_factor": 0.5, "improvement_threshold": random.choice([0.00251, 0.0973])}
            optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
            running = lrdsl.compile(text, optimizer, names=names if "threshold=improvement" in text else {})
            mine = []
            for loss in losses:
                running.step(loss)
                mine.append(optimizer.param_groups[0]["lr"])
            assert mine == pytest.approx(rates(losses, **names), rel=1e-12)


def test_no_rate_is_left_over() -> None:
    lines = {(system.title, line.scheduler) for system, line in ROWS if line.text and not is_recipe(line.text)}
    assert set(RATES) == lines - DRIVEN


def test_no_recipe_of_a_system_is_left_out() -> None:
    """Each recipe of a system that is not read is the line of a scheduler, or part of one."""
    lines = {line.text for _, line in ROWS}
    spaces = {namespace_of(text) for text in lines if is_recipe(text)} - {"recipes"}
    assert {name for name in recipe_names() if namespace_of(name) in spaces} - {"mxnet.warmed_up"} == {text for text in lines if namespace_of(text) in spaces}


def test_nearly_all_schedulers_have_a_natural_line() -> None:
    """At least 262 of 271 do, of at least 45 systems: they name phases, and are no formulas of the step."""
    rows = schedulers()
    assert len({(row.system, row.name) for row in rows}) == len(rows) >= 271
    assert len({row.system for row in rows}) >= 45
    natural = [row for row in rows if row.is_natural]
    assert len(natural) >= 262
    assert len(natural) / len(rows) >= 0.96
