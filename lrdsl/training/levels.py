"""Rules about levels: what the rate does in the run, and numbers that do not fit the rate."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lrdsl.dialects.code.names import word_of
from lrdsl.syntax import nodes
from lrdsl.training.curves import Curve
from lrdsl.training.examples import stepped
from lrdsl.training.rule import Look, Report, RunRule, level

#: A rate that rises again by this share of what it fell is far above its end, and one in mid-cycle may be.
_RISES, _FALLS = 0.25, 0.5
#: In a run of more epochs than this, one epoch does no harm.
_LONG = 200
#: Drops may be meant to come early, but not within the first tenth of the run.
_MOST_OF_IT = 0.9
#: A level under the first share of the peak is a floor; under the second, a rate that teaches nothing in an epoch; under the third, as good as 0.
_FLOOR, _NOTHING, _ZERO = 0.15, 1.01e-3, 1e-6


def _rises_again(look: Look) -> Iterator[Report]:
    """The end of the run is far above the lowest level."""
    words = [_risen(curve) for curve in look.curves]
    if not words or not all(words) or look.curves[0].facts.called & {"cyclic", "onecycle"}:
        return
    curve, risen = look.curves[0], words[0]
    assert risen is not None
    (low_tick, low), last = risen, curve.summary.last
    cyclic = curve.facts.called & {"restarts", "repeat", "cyclic"}
    lowest = f"it is lowest, {level(low, curve.peak)}, at {look.at(low_tick, curve)}"
    message = f"the rate rises again: {lowest}, and at {level(last[1], curve.peak)} when {look.whole} ends"
    if not cyclic:
        yield Report(
            look.place("length", "whole"), message, "let the length of the decay be that of the run, or end the run where the rate is low", look.is_assumed
        )
    elif last[1] > _FALLS * curve.peak:
        yield Report(look.place("interval", "length"), message, "the run ends in mid-cycle: let it end with a cycle", note=True)


def _risen(curve: Curve) -> tuple[float, float] | None:
    """The tick and the level of the last low before the end, if the level at the end is far above it after a fall."""
    levels = curve.summary.levels
    if len(levels) < 3:
        return None
    last = levels[-1][1]
    low = min(levels, key=lambda pair: (pair[1], -pair[0]))
    peak = max((pair[1] for pair in levels if pair[0] <= low[0]), default=0.0)
    if not (levels[0][0] < low[0] < levels[-1][0]) or peak - low[1] <= 0.05 * peak or last - low[1] <= _RISES * (peak - low[1]):
        return None
    return float(low[0]), low[1]


def _floor_early(look: Look) -> Iterator[Report]:
    """The decay is over for more than half of the run."""
    early = []
    for curve in look.curves:
        last = curve.summary.last[1]
        settled = curve.summary.settled if last > _ZERO * curve.peak else curve.summary.under(_ZERO * curve.peak)
        if settled is None or float(settled) > curve.total / 2 or last > _FLOOR * curve.peak or not curve.peak or float(settled) <= 1:
            return
        early.append(float(settled))
    if not early:
        return
    curve = look.curves[0]
    last = curve.summary.last[1]
    share = 1 - early[0] / curve.total
    falls = (stretch for stretch in curve.summary.stretches if not stretch.constant)
    smooth = any(stretch.levels[0][1] > stretch.levels[-1][1] for stretch in falls)
    rate = f"at {level(last, curve.peak)}" if last > _ZERO * curve.peak else "as good as 0"
    message = f"the decay is over at {look.at(early[0], curve)}: for {min(share, 0.99):.0%} of {look.whole} the rate is {rate}"
    yield Report(
        look.place("whole", "length", "milestones", "interval", "end"),
        message,
        "make the decay as long as the run, or the run as long as the decay",
        note=look.is_assumed or _stays_on_purpose(curve) or not (smooth or share > _MOST_OF_IT),
    )


def _stays_on_purpose(curve: Curve) -> bool:
    """Whether the last phase of a text is a `hold`: its author wrote the tail."""
    chain = next(iter(curve.facts.chains), None)
    last = chain.items[-1] if chain is not None else None
    while isinstance(last, nodes.Restart | nodes.Limited):
        last = last.body
    return isinstance(last, nodes.Call) and last.name == "hold"


def _nothing_in_the_first_epoch(look: Look) -> Iterator[Report]:
    stepping = look.case.run.stepping
    if stepping is None or stepping.unit != "epoch" or stepping.is_early or not look.curves:
        return
    firsts = []
    for curve in look.curves:
        # A warmup that a config ends too early never brings the rate up to the base.
        of = max(curve.peak, curve.base if look.case.call is None else 0.0)
        first = curve.summary.levels[0][1] if curve.summary.levels else of
        if abs(first) > _NOTHING * of or curve.total <= 1 or curve.peak == 0:
            return
        firsts.append((first, of, curve.peak))
    first, of, peak = firsts[0]
    told = level(first, of) if of == peak else f"{first / of:.2g} of the base"
    yield Report(
        look.extent,
        f"the rate is {told} for the whole first epoch",
        "begin the warmup at a part of the peak, or count it in steps",
        look.is_assumed or all(curve.total > _LONG for curve in look.curves),
    )


#: The shapes that end at a floor, and the name of it.
_FLOORS = {"cosine": "to", "plateau": "min"}
#: The shapes that multiply the rate at each drop.
_DROPS = ("step", "multistep")


def _number(call: nodes.Call, name: str, place: int | None = None) -> float | None:
    """The number that an argument of a call is, by its name or its place; None if it is none."""
    for i, argument in enumerate(call.arguments):
        if (argument.name == name or (not argument.name and i == place)) and isinstance(argument.value, nodes.Number):
            return float(argument.value.value)
    return None


def _floor_above_the_rate(look: Look) -> Iterator[Report]:
    """An end level that lies above the rate, as the last thing that the schedule does."""
    base, text = look.case.reading.base, look.case.reading.text
    if base is None or base <= 0 or text is None or "then" in text or "until" in text:
        return
    floor = next((level for call in look.calls if (level := _number(call, _FLOORS.get(call.name, "?"))) is not None), None)
    if floor is not None and floor > float(base) * (1 + 1e-9):
        name, place = look.place_of(floor)
        told = f"`{name}={floor:g}`" if name else f"the end level, {floor:g},"
        message = f"{told} is above the rate of {float(base):g}: the rate rises where it should fall"
        is_default = bool(look.case.reading.assumed) or (look.case.call is not None and look.case.call.is_base_assumed)
        yield Report(place, message, "give a level below the rate", is_default)


def _growing_steps(look: Look) -> Iterator[Report]:
    drops = [call for call in look.calls if call.name in _DROPS]
    gamma = _number(drops[0], "gamma", 1) if len(drops) == 1 else None
    name, place = look.place_of(gamma) if gamma is not None else ("", look.extent)
    if gamma is not None and gamma > 1 and name:
        message = f"`{name}={gamma:g}` multiplies the rate by {gamma:g} at each drop"
        yield Report(place, message, f"a drop has a gamma below 1, as {1 / gamma:.2g}", bool(look.case.reading.assumed))


def _untuned_peak(look: Look) -> Iterator[Report]:
    """The rate of the optimizer is an option, and the peak of the cycle is a number beside it."""
    call = look.case.call
    if call is None or call.optimizer_rate is None or not word_of(call.optimizer_rate):
        return
    peak = next((level for cycle in look.calls if cycle.name == "onecycle" and (level := _number(cycle, "peak")) is not None), None)
    name, place = look.place_of(peak) if peak is not None else ("", look.extent)
    if name:
        rate = ast.unparse(call.optimizer_rate)
        message = f"`{name}={peak:g}` is the peak whatever `{rate}` is: {look.word} sets the rate outright"
        yield Report(place, message, f"write `{name}={rate}`, or a multiple of it", note=True)


RULES = (
    RunRule(
        "LR603",
        "rises-before-the-end",
        "A run that ends far above the lowest rate, after the rate has risen again.",
        "CosineAnnealingLR rises again past `T_max`: where the run is an even multiple of it, the run ends at the peak.",
        stepped("CosineAnnealingLR(optimizer, T_max=25)", per_epoch=True, epochs="200"),
        stepped("CosineAnnealingLR(optimizer, T_max=200)", per_epoch=True, epochs="200"),
        _rises_again,
        levels=True,
    ),
    RunRule(
        "LR604",
        "decay-over-early",
        "A decay that is over, at its floor, for more than half of the run.",
        "The rest of the run learns next to nothing: the run was made longer, or the decay counts something else.",
        "optimizer:\n  learning_rate_scheduler:\n    learning_rate: 3.0e-4\n    lr_warmup_steps: 10\n    lr_decay_steps: 40\n    lr_decay_style: cosine\n"
        "    min_decay_lr: 1.0e-6\ntokens:\n  train_steps: 5000\n",
        "optimizer:\n  learning_rate_scheduler:\n    learning_rate: 3.0e-4\n    lr_warmup_steps: 10\n    lr_decay_steps: 4990\n    lr_decay_style: cosine\n"
        "    min_decay_lr: 1.0e-6\ntokens:\n  train_steps: 5000\n",
        _floor_early,
        levels=True,
        language="yaml",
        file="config.yaml",
    ),
    RunRule(
        "LR607",
        "first-epoch-without-a-rate",
        "A scheduler that is stepped once an epoch, and begins at 0 or next to it.",
        "The whole first epoch then teaches the model nothing.",
        stepped("LinearLR(optimizer, 1e-6, total_iters=5)", per_epoch=True, epochs="90"),
        stepped("LinearLR(optimizer, 0.2, total_iters=5)", per_epoch=True, epochs="90"),
        _nothing_in_the_first_epoch,
        levels=True,
    ),
    RunRule(
        "LR609",
        "floor-above-the-rate",
        "An end level that lies above the rate.",
        "The rate rises where it should fall: the optimizer's rate was made smaller, and the floor was forgotten.",
        "import torch\nfrom torch.optim.lr_scheduler import CosineAnnealingLR\n\noptimizer = torch.optim.SGD(model.parameters(), lr=1e-5)\n"
        "scheduler = CosineAnnealingLR(optimizer, T_max=90, eta_min=1e-3)\n",
        "import torch\nfrom torch.optim.lr_scheduler import CosineAnnealingLR\n\noptimizer = torch.optim.SGD(model.parameters(), lr=1e-1)\n"
        "scheduler = CosineAnnealingLR(optimizer, T_max=90, eta_min=1e-3)\n",
        _floor_above_the_rate,
    ),
    RunRule(
        "LR610",
        "drops-that-rise",
        "A gamma above 1 in a schedule of drops.",
        "The rate grows at each drop, and soon ruins the model.",
        stepped("StepLR(optimizer, 30, gamma=10)", per_epoch=True, epochs="90"),
        stepped("StepLR(optimizer, 30, gamma=0.1)", per_epoch=True, epochs="90"),
        _growing_steps,
    ),
    RunRule(
        "LR611",
        "peak-beside-the-rate",
        "A peak that is written out, beside an optimizer whose rate is an option.",
        "OneCycleLR sets the rate outright, so that the option changes nothing.",
        "import torch\nfrom torch.optim.lr_scheduler import OneCycleLR\n\noptimizer = torch.optim.SGD(model.parameters(), lr=args.lr)\n"
        "scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=1000)\n",
        "import torch\nfrom torch.optim.lr_scheduler import OneCycleLR\n\noptimizer = torch.optim.SGD(model.parameters(), lr=args.lr)\n"
        "scheduler = OneCycleLR(optimizer, max_lr=args.lr, total_steps=1000)\n",
        _untuned_peak,
    ),
)
