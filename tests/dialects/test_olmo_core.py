"""OLMo-core's schedulers in Python: the numbers of `olmo_core/optim/scheduler.py`, written anew. Its trainer counts a step before it sets the rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.dialects.sources import readings
from tests.dialects import systems
from tests.drawing import examples

HEAD = "from olmo_core.optim import *\nfrom olmo_core.optim.scheduler import ComposableScheduler, ComposableSchedulerStage, OverrideDecay\n"
TOTAL, BASE = 120, 3e-4

WARM = st.sampled_from([{"warmup": 10}, {"warmup_steps": 7}, {"warmup_fraction": 0.125}, {"warmup_fraction": 0.0375}])
DECAY = st.sampled_from([{"decay": 20, "decay_fraction": None}, {"decay_fraction": 0.15}, {"decay_steps": 11, "decay_fraction": None}])
ALPHA = st.sampled_from([{}, {"alpha_f": 0.0}, {"alpha_f": 0.5}])


def part(kind: str, **options: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(*options.values()).map(lambda tables: (kind, {key: v for table in tables for key, v in table.items()}))


#: The schedulers whose levels are shares of the rate, as those that follow another one must be.
SIMPLE = st.one_of(
    st.just(("ConstantScheduler", {})), part("ConstantWithWarmup", warm=WARM), part("LinearWithWarmup", warm=WARM, low=ALPHA),
    part("InvSqrtWithWarmup", warm=WARM, low=ALPHA), part("CosWithWarmup", warm=WARM, low=ALPHA), part("HalfCosWithWarmup", warm=WARM, low=ALPHA),
)  # fmt: skip
FALLING = st.one_of(
    st.just(("ExponentialScheduler", {"lr_min": 1e-7})),
    part("WSD", warm=WARM, fall=DECAY),
    part("PowerLR", warm=WARM, fall=DECAY),
    part("CosWithWarmupAndLinearDecay", warm=WARM, low=ALPHA, fall=DECAY),
)


def written(kind: str, options: dict[str, Any]) -> str:
    return f"{kind}({', '.join(f'{key}={value!r}' for key, value in options.items())})"


def theirs(kind: str, options: dict[str, Any], base: float, total: int, tick: int) -> float:
    if kind == "ConstantScheduler":
        return base
    if kind == "ExponentialScheduler":
        return float(options["lr_min"] * (base / options["lr_min"]) ** min(1, (tick + 1) / total))
    plain = {key.removesuffix("_steps"): value for key, value in options.items() if value is not None}
    return systems.olmo_core(kind, plain, base, total, tick)


def same(source: str, levels: list[float]) -> None:
    [reading] = readings(f"{HEAD}s = {source}\n", "train.py")
    assert reading.text is not None, reading.problems
    ours = lrdsl.parse(reading.text, total_steps=TOTAL).values(len(levels), BASE)
    np.testing.assert_allclose(ours, levels, rtol=0, atol=1e-12 * BASE, err_msg=f"{source}\n{reading.text}")


@examples(120)
@given(st.one_of(SIMPLE, FALLING))
def test_a_scheduler(scheduler: tuple[str, dict[str, Any]]) -> None:
    kind, options = scheduler
    same(written(kind, options), [theirs(kind, options, BASE, TOTAL, t) for t in range(TOTAL)])


@examples(120)
@given(
    st.lists(SIMPLE, min_size=1, max_size=3),
    st.one_of(SIMPLE, FALLING.filter(lambda one: "lr_min" not in one[1])),
    st.integers(20, 35),
    st.sampled_from([None, (50, 12)]),
)
def test_a_sequence(parts: list[tuple[str, dict[str, Any]]], last: tuple[str, dict[str, Any]], length: int, override: tuple[int, int] | None) -> None:
    def level(step: int) -> float:
        rate, total = BASE, TOTAL
        for kind, options in parts:
            if step <= length:
                return theirs(kind, options, rate, length, step - 1)
            rate, step, total = theirs(kind, options, rate, length, length - 1), step - length, total - length
        return theirs(*last, rate, total, step - 1)

    def overridden(step: int) -> float:
        if override is None or step < override[0]:
            return level(step)
        return level(override[0]) * max(0.0, 1 - (step - override[0]) / override[1])

    decay = "" if override is None else f", override_decay=OverrideDecay(start={override[0]}, duration={override[1]}, end_lr=0.0)"
    inner = ", ".join(written(*one) for one in (*parts, last))
    same(f"SequentialScheduler(schedulers=[{inner}], schedulers_max={[length] * len(parts)}{decay})", [overridden(t + 1) for t in range(TOTAL)])


@examples(60)
@given(
    st.lists(st.integers(25, 50), min_size=1, max_size=3), st.booleans(), st.sampled_from([{"decay": 6}, {"decay_fraction": 0.3}]), st.sampled_from([0.0, 1e-6])
)
def test_periods(lengths: list[int], scaled: bool, decay: dict[str, Any], low: float) -> None:
    peaks = [1.0, 0.5, 0.7][: len(lengths)]
    warm = 8
    levels = [BASE * peaks[0] * step / warm if scaled else BASE * step / warm for step in range(1, warm + 1)]
    for i, length in enumerate(lengths):
        peak = BASE * peaks[i] if scaled else BASE
        fall = decay["decay"] if "decay" in decay else round(decay["decay_fraction"] * length)
        stays = length - fall - (warm if i == 0 else 0)
        levels += [peak] * stays + [low + (peak - low) * (fall - j) / fall for j in range(1, fall + 1)]
    options = {"period_lengths": lengths, "warmup": warm, **decay, "decay_min_lr": low, **({"period_lr_multipliers": peaks} if scaled else {})}
    same(written("WSDS", options), [*levels, low, low])


STAGE = st.fixed_dictionaries(
    {
        "duration": st.integers(3, 40),
        "shape": st.sampled_from(["linear", "cosine"]),
        "end": st.sampled_from([0.0, 0.3, 1.0]),
        "start": st.sampled_from([None, 0.2]),
    }
)


@examples(60)
@given(st.lists(STAGE, min_size=1, max_size=4))
def test_stages(stages: list[dict[str, Any]]) -> None:
    def level(step: int) -> float:
        before, at = 1.0, 0
        for stage in stages:
            start = before if stage["start"] is None else stage["start"]
            if step < at + stage["duration"]:
                share = (step - at) / stage["duration"]
                down = 1 - share if stage["shape"] == "linear" else (1 + np.cos(np.pi * share)) / 2
                return float(BASE * (stage["end"] + (start - stage["end"]) * down))
            before, at = stage["end"], at + stage["duration"]
        return BASE * before

    def source(stage: dict[str, Any]) -> str:
        start = "" if stage["start"] is None else f", start_lr_fraction={stage['start']}"
        end = "end_lr=0.0" if stage["end"] == 0 else f"end_lr_fraction={stage['end']}"
        return f"ComposableSchedulerStage({stage['duration']}, shape=ComposableSchedulerStageType.{stage['shape']}, {end}{start})"

    same(f"ComposableScheduler(stages=[{', '.join(map(source, stages))}])", [level(t + 1) for t in range(TOTAL)])


def test_a_config_may_have_parts() -> None:
    warm = {"_CLASS_": "olmo_core.optim.scheduler.ConstantWithWarmup", "warmup": 10, "warmup_fraction": None}
    line = {"_CLASS_": "olmo_core.optim.scheduler.LinearWithWarmup", "warmup": 0, "alpha_f": 0.0, "t_max": None}
    scheduler = {"_CLASS_": "olmo_core.optim.scheduler.SequentialScheduler", "schedulers": [warm, line], "schedulers_max": [40], "override_decay": None}
    duration = {"value": TOTAL, "unit": "steps"}
    read = lrdsl.read({"train_module": {"optim": {"lr": BASE}, "scheduler": scheduler}, "trainer": {"max_duration": duration}})
    expected = [BASE * min((t + 1) / 10, 1) if t < 40 else BASE * (1 - (t + 1 - 40) / (TOTAL - 40)) for t in range(TOTAL)]
    np.testing.assert_allclose(read.values(TOTAL, BASE), expected, rtol=0, atol=1e-12 * BASE)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("CosWithWarmup()", "`warmup` is not there"),
        ("CosWithWarmup(warmup=1, warmup_fraction=0.5)", "takes one of them"),
        ("CosWithWarmup(warmup=1, lr_field='momentum')", "another key"),
        ("SequentialScheduler(schedulers=parts, schedulers_max=[3])", "not written out"),
        ("SequentialScheduler(schedulers=[ConstantScheduler(), ConstantScheduler()], schedulers_max=[])", "2 schedulers and 0 lengths"),
        ("SequentialScheduler(schedulers=[CosWithWarmup(warmup=1), WSD(warmup=1, decay_min_lr=1e-6)], schedulers_max=[9])", "absolute level"),
        ("ComposableScheduler(stages=[ComposableSchedulerStage(3)])", "needs `end_lr`"),
    ],
)
def test_what_cannot_be_read_says_why(source: str, reason: str) -> None:
    [reading] = readings(f"{HEAD}s = {source}\n", "train.py")
    assert reading.text is None
    assert reason in reading.problems[0]


@pytest.mark.parametrize(
    ("beside", "text", "clock"),
    [
        ("TrainerConfig(max_duration=Duration.steps(500))", "olmo.cos_with_warmup(total, 10)", {"total_steps": 500}),
        (
            "N = int(5e2)\nt = TrainerConfig(max_duration=Duration.steps(N), hard_stop=Duration.steps(3))",
            "olmo.cos_with_warmup(total, 10)",
            {"total_steps": 500},
        ),
        ("D = Duration.epochs(2)\nt = TrainerConfig(max_duration=D)", "olmo.cos_with_warmup(total, 10)", {"total_epochs": 2}),
        ("TrainerConfig(max_duration=Duration.tokens(int(5e12)))", "olmo.cos_with_warmup(5000000000000 tokens, 10)", {}),
        ("TrainerConfig(max_duration=Duration.steps(args.n))", "olmo.cos_with_warmup(total, 10)", {}),
        ("TrainerConfig(max_duration=Duration.chinchilla_tokens(1, model_params=9))", "olmo.cos_with_warmup(total, 10)", {}),
        ("TrainerConfig(max_duration=Duration.steps(5))\nTrainerConfig(max_duration=Duration.steps(6))", "olmo.cos_with_warmup(total, 10)", {}),
    ],
)
def test_the_length_of_the_run_stands_beside_it(beside: str, text: str, clock: dict[str, int]) -> None:
    head = "from olmo_core.optim import CosWithWarmup\nfrom olmo_core.train import Duration, TrainerConfig\n"
    (reading,) = readings(f"{head}{beside}\ns = CosWithWarmup(warmup=10)\n", "train.py")
    assert (reading.text, dict(reading.clock)) == (text, clock)


def test_the_length_in_the_same_function_goes_before_another() -> None:
    head = "from olmo_core.optim import CosWithWarmup\nfrom olmo_core.train import Duration\n"
    functions = [f"def f{n}():\n    return T(max_duration=Duration.steps({n}), scheduler=CosWithWarmup(warmup=10))\n" for n in (50, 60)]
    assert [dict(one.clock) for one in readings(head + "".join(functions), "train.py")] == [{"total_steps": 50}, {"total_steps": 60}]
