"""The schedules whose formulas are typeset: one for every shape, combinator and recipe, and every target of the example files."""

from __future__ import annotations

import functools
from pathlib import Path

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import recipes
from lrdsl.play.samples import CLOCKS, call_of
from lrdsl.shapes import SHAPES

EXAMPLES = Path(__file__).parents[3] / "examples"
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
        found[name] = call_of(name, recipe.function)
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
