"""Rules about what has no effect: a scheduler that nothing steps, and keys that a framework passes over."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.training.examples import stepped
from lrdsl.training.rule import Look, Report, RunRule


def _ignored_keys(look: Look) -> Iterator[Report]:
    for fact in look.case.reading.facts:
        if fact.ignored:
            yield Report(
                fact.extent if fact.extent[1] else look.extent,
                f"`{fact.name.rpartition('.')[2]}` has no effect: {fact.ignored}",
                "remove it, or change what keeps it from having one",
                note=True,
            )


def _never_stepped(look: Look) -> Iterator[Report]:
    if look.case.run.is_unused:
        yield Report(look.extent, f"nothing calls `step()` of this `{look.word}`: the rate stays as it is", "call `scheduler.step()` in the loop, or remove it")


RULES = (
    RunRule(
        "LR614",
        "never-stepped",
        "A scheduler that nothing steps, beside the loop that trains the model.",
        "The rate stays where it is, whatever the schedule says.",
        stepped("StepLR(optimizer, 30)", per_epoch=True).replace("\n        scheduler.step()", ""),
        stepped("StepLR(optimizer, 30)", per_epoch=True),
        _never_stepped,
    ),
    RunRule(
        "LR615",
        "key-without-effect",
        "A key of a config that its system passes over.",
        "Whoever wrote it believes that it does something.",
        "output_dir: out\nlearning_rate: 1.0e-4\nlr_scheduler_type: constant\nwarmup_ratio: 0.1\nnum_train_epochs: 3\n",
        "output_dir: out\nlearning_rate: 1.0e-4\nlr_scheduler_type: constant_with_warmup\nwarmup_ratio: 0.1\nnum_train_epochs: 3\n",
        _ignored_keys,
        language="yaml",
        file="config.yaml",
    ),
)
