"""What is wrong inside a recipe that another recipe calls is reported at the call in the text."""

from __future__ import annotations

import pytest

import lrdsl


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optax.warmup_constant(1, 1, -1)", "a phase cannot last `n`"),
        ("optax.warmup_constant(1, 1, 1e15)", "longer than a run can be"),
        ("allennlp.linear_with_warmup(-1, -1, -1)", "in `allennlp.linear_with_warmup`"),
        ("deepspeed.warmup_decay_lr(1e15, 1e15, 1e15, 1e15)", "in `deepspeed.warmup_decay_lr`"),
    ],
)
def test_a_problem_inside_a_recipe_inside_a_recipe_is_reported(text: str, message: str) -> None:
    with pytest.raises(lrdsl.ScheduleError) as error:
        lrdsl.parse(text)
    assert message in error.value.diagnostics[0].message
    assert error.value.diagnostics[0].span.start.offset == 0
