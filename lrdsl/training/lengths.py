"""Rules about units and lengths: what a length counts against how often the scheduler is stepped, and what does not fit the run."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.check.notes import Use
from lrdsl.expr import Num
from lrdsl.rules.rule import Facts
from lrdsl.rules.summary import levels_at
from lrdsl.syntax import nodes
from lrdsl.training.curves import Curve
from lrdsl.training.rule import Look, Report, RunRule
from lrdsl.training.run import Time

_OTHER = {"step": "epoch", "epoch": "step"}


def _other_unit(look: Look) -> Iterator[Report]:
    """The best of the rules: it needs no numbers."""
    stepping = look.case.run.stepping
    if stepping is None:
        return
    for time in look.case.times:
        if look.case.call is None or time.unit != _OTHER[stepping.unit]:
            continue
        counted = "batches" if time.unit == "step" else "epochs"
        effect = _effect(look, time)
        help = stepping.repair or f"count it in {stepping.unit}s"
        if stepping.repair:
            help = f"{stepping.repair}, or count it in {stepping.unit}s"
        yield Report(time.extent, f"`{_told(time)}` counts {counted}, but {stepping.words}: {effect}", help)
        return


def _effect(look: Look, time: Time) -> str:
    if time.unit == "step":
        return "the run sees only the beginning of the schedule"
    return (
        "the schedule is over within the first epochs, or begins again and again"
        if look.word.startswith("Cosine")
        else "the schedule is over within the first epochs"
    )


def _told(time: Time) -> str:
    return time.text if not time.name or " * " in time.name else f"{time.name}={time.text}"


def _epoch_numbers(look: Look) -> Iterator[Report]:
    """Numbers that are those of epochs, in a scheduler that is stepped after each batch."""
    run, stepping = look.case.run, look.case.run.stepping
    if stepping is None or stepping.unit != "step" or look.case.call is None or run.epochs is None or run.epochs.number is None or run.steps is not None:
        return
    if run.per_epoch is not None and run.per_epoch.number is not None:
        return
    epochs = run.epochs.number
    for time in look.case.times:
        numbers = _numbers(time)
        if time.is_open or time.unit == "step" or not numbers or max(numbers) > epochs:
            continue
        is_length = time.name in ("T_max", "total_iters", "total_steps", "num_training_steps", "t_initial", "decay_steps")
        is_sure = (
            (is_length and max(numbers) == epochs)
            or (time.name in ("milestones", "decay_t") and len(numbers) > 1)
            or (time.name == "step_size" and epochs >= max(numbers) > 1)
        )
        if is_sure and epochs > 1:
            message = f"`{_told(time)}` fits the {epochs:g} epochs of the run, but {stepping.words}: the schedule is over within the first epochs"
            yield Report(time.extent, message, f"{stepping.repair}, or count it in batches", look.is_assumed)
            return


def _numbers(time: Time) -> list[float]:
    if time.number is not None:
        return [time.number]
    tree = time.tree
    items = tree.items if isinstance(tree, nodes.List) else ()
    return [float(item.value) for item in items if isinstance(item, nodes.Number)] if all(isinstance(item, nodes.Number) for item in items) else []


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


def _plural(time: Time) -> str:
    return "batches" if time.unit == "step" else "epochs"


def _past_the_end(look: Look) -> Iterator[Report]:
    drops = [(curve, list(_drops(curve.facts))) for curve in look.curves]
    if not drops or not all(at for _, at in drops):
        return
    late = [[tick for tick in at if tick > curve.total] for curve, at in drops]
    if all(len(ticks) == len(at) for ticks, (_, at) in zip(late, drops, strict=True)):
        message = f"every drop lies past the end of {look.whole}: the first one comes at {look.at(min(late[0]), drops[0][0])}"
        yield Report(look.extent, message, "the rate never drops: move the drops into the run", look.is_assumed)
    elif all(late):
        n = len(late[0])
        message = f"{n} of its {len(drops[0][1])} drops {'lies' if n == 1 else 'lie'} past the end of {look.whole}"
        yield Report(look.extent, message, f"the last one that comes is at {look.at(max(t for t in drops[0][1] if t not in late[0]), drops[0][0])}", note=True)


def _drops(facts: Facts) -> Iterator[float]:
    """The milestones of a text, and its first interval, in ticks of the run."""
    for use in facts.uses:
        start = sum(_before(facts, use))
        milestones = use.arguments.get("milestones")
        if use.name == "multistep" and isinstance(milestones, tuple):
            yield from (start + float(m.value) for m in milestones if isinstance(m, Num))
        elif use.name == "step" and isinstance(interval := use.arguments.get("interval"), Num):
            yield start + float(interval.value)


def _before(facts: Facts, use: Use) -> Iterator[float]:
    """The lengths of the phases before the one in which a call stands."""
    chain = next((chain for chain in facts.chains if chain.items[0].extent[0] <= use.node.extent[0] < chain.items[-1].extent[1]), None)
    if chain is not None and use.arguments.get("since") != "run":
        for item, length in zip(chain.items, chain.lengths, strict=True):
            if item.extent[1] > use.node.extent[0]:
                return
            if length is not None:
                yield float(length)


def _never_stepped(look: Look) -> Iterator[Report]:
    if look.case.run.is_unused:
        yield Report(look.extent, f"nothing calls `step()` of this `{look.word}`: the rate stays as it is", "call `scheduler.step()` in the loop, or remove it")


def _only_warmup(look: Look) -> Iterator[Report]:
    """The rate rises all through the run, and what falls after it never comes."""
    if not look.curves or not all(map(_only_rises, look.curves)):
        return
    message = f"the rate rises until the end of {look.whole}, and the decay never comes"
    yield Report(look.extent, message, "make the warmup shorter, or the run longer", look.is_assumed)


def _only_rises(curve: Curve) -> bool:
    levels, last = curve.summary.levels, curve.summary.last[1]
    if len(levels) < 2 or curve.total < 2 or levels[0][1] > 0.9 * last or any(level > last for _, level in levels):
        return False
    end = curve.facts.schedule.length
    far = curve.total * 4 if end is None else float(end)
    later = [round(curve.total + share * (far - curve.total)) for share in (0.25, 0.5, 0.75, 1)] if far > curve.total else []
    return any(level < 0.9 * last for level in levels_at(curve.facts.schedule.plan.level, sorted(set(later)), curve.base))


_STEPPED = """\
import torch
from torch.optim.lr_scheduler import {name}

def fit(model, loader, optimizer, epochs):
    scheduler = {call}
    for epoch in range({epochs}):
        for batch in loader:
            model(batch).backward()
            optimizer.step(){inner}{outer}
"""


def stepped(call: str, per_epoch: bool, epochs: str = "epochs") -> str:
    """Returns a program that makes a scheduler and steps it: an example."""
    inner, outer = ("", "\n        scheduler.step()") if per_epoch else ("\n            scheduler.step()", "")
    return _STEPPED.format(name=call.partition("(")[0], call=call, epochs=epochs, inner=inner, outer=outer)


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
        "LR602",
        "drops-past-the-end",
        "Drops of the rate that lie past the end of the run.",
        "The run ends before they come: if it was made shorter, the schedule was forgotten.",
        stepped("MultiStepLR(optimizer, [90, 110])", per_epoch=True, epochs="30"),
        stepped("MultiStepLR(optimizer, [20, 27])", per_epoch=True, epochs="30"),
        _past_the_end,
    ),
    RunRule(
        "LR605",
        "warmup-of-the-whole-run",
        "A warmup that is as long as the run, or longer.",
        "The rate only rises, and the rest of the schedule never comes.",
        "output_dir: out\nlearning_rate: 1.0e-4\nlr_scheduler_type: cosine\nwarmup_steps: 2000\nmax_steps: 1500\n",
        "output_dir: out\nlearning_rate: 1.0e-4\nlr_scheduler_type: cosine\nwarmup_steps: 200\nmax_steps: 1500\n",
        _only_warmup,
        language="yaml",
        file="config.yaml",
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
        "LR614",
        "never-stepped",
        "A scheduler that nothing steps, beside the loop that trains the model.",
        "The rate stays where it is, whatever the schedule says.",
        stepped("StepLR(optimizer, 30)", per_epoch=True).replace("\n        scheduler.step()", ""),
        stepped("StepLR(optimizer, 30)", per_epoch=True),
        _never_stepped,
    ),
    RunRule(
        "LR613",
        "two-units-in-one-schedule",
        "Lengths in batches and in epochs in one schedule.",
        "A scheduler has one clock: one of the two is far too long or too short.",
        "from transformers import get_cosine_schedule_with_warmup\n\n"
        "def schedule(optimizer, loader, warmup_epochs, epochs):\n    return get_cosine_schedule_with_warmup(optimizer, warmup_epochs, len(loader) * epochs)\n",
        "from transformers import get_cosine_schedule_with_warmup\n\n"
        "def schedule(optimizer, loader, warmup_epochs, epochs):\n    n = len(loader)\n    return get_cosine_schedule_with_warmup(optimizer, n * warmup_epochs, n * epochs)\n",
        _two_units,
    ),
)
