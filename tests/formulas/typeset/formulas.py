"""The schedules whose formulas are typeset: one for every shape, combinator and recipe, and every target of the example files."""

from __future__ import annotations

import functools
from pathlib import Path

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import recipes
from lrdsl.shapes import SHAPES

EXAMPLES = Path(__file__).parents[3] / "examples"
#: A value for each parameter of the recipes that has no default.
_VALUES = {
    "warm": "500", "total": "10000", "timescale": "2000", "stable": "7000", "decay": "2500", "init": "0.1", "n": "1000", "rate": "0.96", "target": "0.5", "first": "10",
    "value": "0.01", "end": "1e-4", "power": "2", "at": "[300, 600]", "scales": "[0.1, 0.5]", "peak": "0.3", "up": "100", "flat": "300", "down": "600", "low": "1e-4", "half": "2000",
    "batches": "1000", "epochs": "6ep", "times": "3", "cool": "300", "stay": "500", "anneal": "100", "steepness": "10", "a": "4",
    "milestones": "[30, 60, 80]", "schedule": "cosine(1000)", "fall": "200",
}  # fmt: skip
#: The same, where a recipe needs another.
_OTHER = {
    "timm.warmup": {"warm": "5", "init": "1e-6"},
    "timm.prefix": {"warm": "5", "init": "1e-6"},
    "keras.polynomial": {"power": "1"},
    "warmup_multistep": {"warm": "5"},
}
#: Facts of the clock that a recipe needs.
CLOCKS: dict[str, dict[str, int]] = {"eden": {"steps_per_epoch": 100}}
_MORE = (
    "warmup(5) then cosine(95, to=0.01x)",
    "step(3, 0.1) then cosine(20)",
    "warmup(2000, from=1e-7, shape=cosine) then hold(8000) then cosine(90_000, to=3e-5)",
    "restarts(cosine(1000, to=1e-5), decay=0.8)",
    "sgdr(10, mult=2)",
    "hf.cosine_with_restarts(500, 10500, 4)",
    "hf.polynomial(500, 10000, power=2)",
    "timm.cosine(300, 1e-5, 2, 0.5, 4)",
    "repeat(linear(10, to=0.5x) then hold(3))",
    "bounce(warmup(3) then cosine(20))",
    "every(1251, warmup(5 * 1251) then cosine(95 * 1251))",
    "(warmup(500) then cosine(9500)) * multistep([3000, 6000], 0.5) + 1e-6",
    "linear(100) until val_loss < 0.3 then cosine(50)",
    "plateau(factor=0.5, patience=3, min=1e-6) for 100 then linear(20)",
    "min(warmup(100) then rsqrt(100), exp(0.999))",
    "min(sgdr(10, mult=2), sgdr(7, mult=3))",
    "sgdr(10, mult=2) for 100 then restart sgdr(10, mult=2)",
)


def texts() -> dict[str, str]:
    """Schedules by what they show."""
    found = {form.signature: form.example for forms in SHAPES.values() for form in forms}
    found |= {name: combinator.example for name, combinator in COMBINATORS.items()}
    for name, recipe in recipes().items():
        slots = [p.name for p in recipe.function.parameters if p.default is None]
        values = _VALUES | _OTHER.get(name, {})
        found[name] = f"{name}({', '.join(values[slot] for slot in slots)})"
    return found | {text: text for text in _MORE}


@functools.cache
def schedules() -> dict[str, tuple[lrdsl.Schedule, str]]:
    """Every schedule that is set, and the target of it, by name. All modules of tests share them."""
    found = {name: (lrdsl.parse(text, **CLOCKS.get(name, {})), "lr") for name, text in texts().items()}  # type: ignore[arg-type]
    for path in sorted(EXAMPLES.glob("*.lrs")):
        clock = {"steps_per_epoch": 14, "total_epochs": 12} if path.stem == "two_groups" else {}
        s = lrdsl.load(path, **clock)  # type: ignore[arg-type]
        found |= {f"{path.name} {target.name}": (s, target.name) for target in s.targets}
    return found
