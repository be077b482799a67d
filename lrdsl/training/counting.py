"""Rules about what a schedule counts, against how often its scheduler is stepped: steps or epochs, and batches whose gradients are added."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.syntax import nodes
from lrdsl.training.examples import stepped
from lrdsl.training.rule import Look, Report, RunRule
from lrdsl.training.run import Stepping, Time

#: No run has so many epochs.
_NO_EPOCHS = 5000
_OTHER = {"step": "epoch", "epoch": "step"}


def _other_unit(look: Look) -> Iterator[Report]:
    """The best of the rules: it needs no numbers."""
    stepping = look.case.run.stepping
    if stepping is None:
        return
    if look.case.call is None:
        yield from _epochs_in_a_run_of_steps(look)
        return
    if any(time.unit == stepping.unit and time.is_open for time in look.case.times):
        return  # both units stand in it: `two-units-in-one-schedule`
    for time in look.case.times:
        numbers = _numbers(time)
        run = look.case.run.epochs
        is_long = run is not None and run.number is not None and run.number >= _NO_EPOCHS  # such a run has one update an epoch
        if stepping.unit == "epoch" and numbers and min(numbers) >= _NO_EPOCHS and time.role != "warmup" and not is_long:
            message = f"`{_told(time)}` can only count batches, but {stepping.words}: no run has so many epochs"
            yield Report(time.extent, message, f"{stepping.repair or 'step it after each batch'}, or count it in epochs", time.assumed)
            return
        if time.unit != _OTHER[stepping.unit]:
            continue
        counted = "batches" if time.unit == "step" else "epochs"
        effect = _effect(look, time)
        help = _repairs(stepping, f"count it in {stepping.unit}s")
        yield Report(time.extent, f"`{_told(time)}` counts {counted}, but {stepping.words}: {effect}", help)
        return


def _repairs(stepping: Stepping, other: str) -> str:
    """The two ways to mend it, if there are two."""
    return f"{stepping.repair}, or {other}" if stepping.repair else other


def _epochs_in_a_run_of_steps(look: Look) -> Iterator[Report]:
    """A config whose schedule counts epochs, in a run whose length is in steps: its one epoch ends with the run."""
    lengths = [fact for fact in look.case.reading.facts if fact.role == "length" and not fact.ignored]
    if look.tick == "epoch" and lengths and all(fact.unit == "iteration" for fact in lengths):
        length = lengths[0].name.rpartition(".")[2]
        yield Report(
            look.place("milestones", "length", "end"),
            f"the schedule counts epochs, and the run counts steps by `{length}`",
            "let both count the same: `by_epoch=False`",
        )


def _effect(look: Look, time: Time) -> str:
    if time.unit == "step":
        return "the run sees only the beginning of the schedule"
    words = {call.name.rpartition(".")[2] for call in look.calls}
    if any(word in ("step", "cumprod") or word.startswith("exp") for word in words):
        return "the rate decays to nothing within the first epochs"
    again = ", or begins again and again" if words & {"bounce", "restarts"} else ""
    return f"the schedule is over within the first epochs{again}"


def _epoch_numbers(look: Look) -> Iterator[Report]:
    """Numbers that are those of epochs, in a scheduler that is stepped after each batch."""
    run, stepping = look.case.run, look.case.run.stepping
    if stepping is None or stepping.unit != "step" or look.case.call is None or run.epochs is None or run.epochs.number is None or run.steps is not None:
        return
    if run.per_epoch is not None and run.per_epoch.number is not None:
        return
    epochs = run.epochs.number
    if any(time.unit == stepping.unit and time.is_open for time in look.case.times):
        return  # both units stand in it: `two-units-in-one-schedule`
    for time in look.case.times:
        numbers = _numbers(time)
        if time.is_open or time.unit == "step" or not numbers or max(numbers) > epochs:
            continue
        is_sure = (
            (time.role in ("length", "whole") and max(numbers) == epochs)
            or (time.role == "milestones" and len(numbers) > 1)
            or (time.role == "interval" and epochs >= max(numbers) > 1)
        )
        if is_sure and epochs > 1:
            message = f"`{_told(time)}` fits the {epochs:g} epochs of the run, but {stepping.words}: the schedule is over within the first epochs"
            yield Report(time.extent, message, _repairs(stepping, "count it in batches"), look.is_assumed)
            return


def _two_units(look: Look) -> Iterator[Report]:
    call = look.case.call
    if call is None or any(_other_unit(look)):
        return
    times = [time for time in look.case.times if time.unit and time.is_open]
    first = next((time for time in times), None)
    other = next((time for time in times if first is not None and time.unit != first.unit), None)
    if first is None or other is None:
        return
    stepping = look.case.run.stepping
    wrong = first if stepping is not None and first.unit != stepping.unit else other
    right = other if wrong is first else first
    message = f"`{_told(wrong)}` counts {_plural(wrong)}, and `{_told(right)}` beside it counts {_plural(right)}"
    yield Report(wrong.extent, message, f"count both in {_plural(right)}")


def _numbers(time: Time) -> list[float]:
    if time.number is not None:
        return [time.number]
    tree = time.tree
    items = tree.items if isinstance(tree, nodes.List) else ()
    return [float(item.value) for item in items if isinstance(item, nodes.Number)] if all(isinstance(item, nodes.Number) for item in items) else []


def _told(time: Time) -> str:
    return time.text if not time.name or " * " in time.name else f"{time.name}={time.text}"


def _plural(time: Time) -> str:
    return "batches" if time.unit == "step" else "epochs"


def _accumulated(look: Look) -> Iterator[Report]:
    """The scheduler is stepped once in several batches, and its length counts all of them."""
    call, stepping = look.case.call, look.case.run.stepping
    if call is None or stepping is None or stepping.every is None:
        return
    every = stepping.every
    if every.number is not None and every.number <= 1 and not every.assumed:
        return
    for time in look.case.times:
        if time.unit == "step" and time.is_open and time.counts_batches:
            message = f"`{time.text}` counts all batches, but {stepping.words.replace('after each batch', f'once in `{every.text}` batches')}"
            note = every.assumed and every.number is not None and every.number <= 1
            yield Report(time.extent, f"{message}: the run sees only a part of the schedule", f"divide the length by `{every.text}`", note)
            return


_ACCUMULATED = """\
from transformers import get_cosine_schedule_with_warmup

scheduler = get_cosine_schedule_with_warmup(optimizer, 0, {})
for epoch in range(epochs):
    for i, batch in enumerate(loader):
        model(batch).backward()
        if (i + 1) % accumulation_steps == 0:
            optimizer.step()
            scheduler.step()
"""
RULES = (
    RunRule(
        "LR601",
        "length-in-another-unit",
        "A length in batches of a scheduler that is stepped once an epoch, or the other way round.",
        "The run then sees a small part of the schedule, or its end within the first epochs.",
        stepped("OneCycleLR(optimizer, 1e-2, epochs=epochs, steps_per_epoch=len(loader))", per_epoch=True),
        stepped("OneCycleLR(optimizer, 1e-2, epochs=epochs, steps_per_epoch=len(loader))", per_epoch=False),
        _other_unit,
    ),
    RunRule(
        "LR608",
        "epochs-in-a-loop-over-batches",
        "Numbers that fit the epochs of the run, in a scheduler that is stepped after each batch.",
        "The whole schedule is over within the first epochs, and the rest of the run goes on at its last level.",
        stepped("MultiStepLR(optimizer, [30, 60, 80])", per_epoch=False, epochs="90"),
        stepped("MultiStepLR(optimizer, [30, 60, 80])", per_epoch=True, epochs="90"),
        _epoch_numbers,
    ),
    RunRule(
        "LR612",
        "batches-that-are-accumulated",
        "A length of all batches in a scheduler that is stepped once in several batches.",
        "Where the gradients of k batches are added, there are k times fewer steps: the run ends at 1/k of the schedule.",
        _ACCUMULATED.format("len(loader) * epochs"),
        _ACCUMULATED.format("len(loader) // accumulation_steps * epochs"),
        _accumulated,
    ),
    RunRule(
        "LR613",
        "two-units-in-one-schedule",
        "Lengths in batches and in epochs in one schedule.",
        "A scheduler has one clock: one of the two is far too long or too short.",
        "from transformers import get_cosine_schedule_with_warmup\n\n"
        "def schedule(optimizer, loader, warmup_epochs, epochs):\n    return get_cosine_schedule_with_warmup(optimizer, warmup_epochs, len(loader) * epochs)\n",
        "from transformers import get_cosine_schedule_with_warmup\n\n"
        "def schedule(optimizer, loader, warmup_epochs, epochs):\n    n = len(loader)\n"
        "    return get_cosine_schedule_with_warmup(optimizer, n * warmup_epochs, n * epochs)\n",
        _two_units,
    ),
)
