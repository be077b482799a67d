"""Tests of the help for parameters that a word does not have: those of other libraries, and those of other words."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.foreign import KNOWN_AS
from lrdsl.shapes import SHAPES

#: A text, and what its help says.
HELP = {
    "cosine(T_max=10)": "did you mean `n`?",
    "cosine(10, eta_min=1e-5)": "did you mean `to`?",
    "poly(10, lr_end=1e-7)": "did you mean `to`?",
    "onecycle(total_steps=100)": "did you mean `n`?",
    "multistep(at=[3, 5])": "did you mean `milestones`?",
    "multistep(boundaries=[3, 5])": "did you mean `milestones`?",
    "exp(0.9, decay_steps=10)": "did you mean `per`?",
    "rsqrt(warmup_steps=10)": "did you mean `timescale`?",
    "warmup(10, warmup_start_lr=0.01)": "did you mean `from`?",
    "warmup(10, mode=cosine)": "did you mean `shape`?",
    "restarts(cosine(10), gamma=0.5)": "did you mean `decay`?",
    "repeat(cosine(10), n=3)": "did you mean `times`?",
    "cyclic(0.1, 1, step_size_up=3)": "did you mean `up`?",
    "plateau(wait=3)": "did you mean `patience`?",
    "hold(10, to=0.1)": "did you mean `at`?",
    "hf.cosine(num_warmup_steps=3, total=10)": "did you mean `warm`?",
    "hf.cosine(3, num_training_steps=10)": "did you mean `total`?",
    "timm.cosine(10, lr_min=1e-5)": "did you mean `to`?",
    "linear(10, start_factor=0.25)": "did you mean `from`, as a multiple of base, such as `from=0.25x`?",
    "cosine(10, min_lr_ratio=r)": "did you mean `to`, as a multiple of base, such as `to=0.1x`?",
    "warmup(num_warmup_steps=10)": "did you mean `n`, as in `warmup(10)`?",
    "cosine(10, warmup_steps=5)": "did you mean a phase of its own: `warmup(5) then cosine(...)`?",
    "cosine(10, gamma=0.1)": "did you mean `exp`, `drop`, `step` or `multistep`, which take `gamma`? `cosine` takes `n`, `to`, `from`, `power`, `touches`",
    "linear(10, decay=0.1)": "did you mean `exp`, `drop`, `step` or `multistep`, which take `gamma`? `linear` takes `n`, `to`, `from`, `touches`",
    "cosine(10, at=0.1)": "did you mean `hold`, which takes `at`? `cosine` takes `n`, `to`, `from`, `power`, `touches`",
    "cosine(10, cycles=3)": "did you mean `repeat` or `restarts`, which take `times`? `cosine` takes `n`, `to`, `from`, `power`, `touches`",
    "bounce(cosine(10), wibble=3)": "`bounce` takes `phase`",
}


@pytest.mark.parametrize("text", HELP)
def test_the_help_names_the_right_word(text: str) -> None:
    problem = next(d for d in lrdsl.lint(text) if d.code == "LR102")
    assert problem.help == HELP[text]


def test_each_name_of_another_library_means_parameters_of_ours() -> None:
    declared = [form for forms in SHAPES.values() for form in forms]
    parameters = {p.name for form in declared for p in form.parameters} | {p.name for one in COMBINATORS.values() for p in one.parameters}
    ours = parameters | {"warm", "total", "cycles", "mult", "mul"}  # those of recipes
    assert {name for names in KNOWN_AS.values() for name in names} <= ours
