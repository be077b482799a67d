"""Rules about lengths that do not fit the run: drops past its end, warmups as long as it, and parts of a sequence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import attrs

from lrdsl.check.notes import Use
from lrdsl.expr import Num
from lrdsl.phrases import grouped
from lrdsl.rules.rule import Facts
from lrdsl.rules.summary import levels_at
from lrdsl.syntax import nodes
from lrdsl.training.curves import Curve
from lrdsl.training.examples import stepped
from lrdsl.training.rule import Look, Report, RunRule
from lrdsl.training.run import Case
from lrdsl.training.settings import unit_of

#: A run of fewer steps tries out whether a program runs.
_TRIAL = 10


@attrs.frozen
class _Drops:
    """The times at which a schedule drops, the end of what they lie in, which is `of`, and how a time is told."""

    times: tuple[float, ...]
    end: float
    of: str
    told: Callable[[float], str]

    @property
    def late(self) -> list[float]:
        """Those past the end."""
        return [time for time in self.times if time > self.end]


def _past_the_end(look: Look) -> Iterator[Report]:
    runs = list(_written_drops(look))[:1] if look.case.call is None else []
    runs = runs or [_Drops(tuple(_drops(curve.facts)), curve.total, look.whole, partial(look.at, curve=curve)) for curve in look.curves]
    if runs and not any(drops.times for drops in runs) and all(map(_only_holds, look.curves)):
        message = f"the rate never changes in {look.whole}: the first drop comes after it"
        yield Report(look.place("milestones", "interval"), message, "move the drops into the run", look.is_assumed)
        return
    if not runs or not all(drops.late for drops in runs):
        return
    first = runs[0]
    n, of = len(first.late), len(first.times)
    place = look.place("milestones", "interval")
    if all(len(drops.late) == len(drops.times) for drops in runs):
        message = f"every drop lies past the end of {first.of}: the first one comes at {first.told(min(first.late))}"
        yield Report(place, message, "the rate never drops: move the drops into the run", look.is_assumed)
    else:
        last = first.told(max(time for time in first.times if time <= first.end))
        yield Report(
            place, f"{n} of its {of} drops {'lies' if n == 1 else 'lie'} past the end of {first.of}", f"the last one that comes is at {last}", note=True
        )


def _written_drops(look: Look) -> Iterator[_Drops]:
    """The drops that a config writes out: a reader may leave out those that never come."""
    ends = look.case.run.numbers
    run = max(ends.values(), default=0.0)
    for fact in look.case.reading.facts:
        listed: list[tuple[Any, str]] = []
        if fact.role == "decay" and not fact.ignored:
            by_text = "epoch" if "ep" in (look.case.reading.text or "") or look.tick == "epoch" else "step"
            unit = unit_of(fact)
            listed = [(_listed(fact.value), unit if unit in ("step", "epoch") else by_text)]
        elif fact.role == "scheduler":
            parts = fact.value if isinstance(fact.value, tuple) else (fact.value,)
            for part in parts:
                if isinstance(part, dict) and "milestones" in part:
                    unit = "epoch" if part.get("by_epoch", True) is True else "step"
                    listed.append((part["milestones"], unit))
                    if isinstance(part.get("end"), int) and part["end"] < ends.get(unit, float("inf")):
                        ends[unit] = float(part["end"])  # the part ends before the run
        for values, unit in listed:
            if unit in ends and values and isinstance(values, tuple) and all(isinstance(v, int | Fraction) for v in values):
                end = ends[unit]
                of = look.whole if end >= run else f"its own part, which ends at {unit} {grouped(end)}"
                yield _Drops(tuple(map(float, values)), end, of, _teller(unit))


def _teller(unit: str) -> Callable[[float], str]:
    return lambda time: f"{unit} {grouped(time)}"


def _listed(value: Any) -> Any:
    """A list, also if it is written as a tuple of Python in a word, as detectron2 has it."""
    if isinstance(value, str) and value.startswith("("):
        numbers = re.findall(r"\d+", value)
        return tuple(map(int, numbers)) if re.fullmatch(r"\(\s*(\d{1,12}\s*,?\s*)+\)", value) else None
    return value


def _drops(facts: Facts) -> Iterator[float]:
    """The milestones of a text, and its first interval, in ticks of the run."""
    for use in facts.uses:
        start = sum(_before(facts, use))
        milestones = use.arguments.get("milestones")
        if use.name == "multistep" and isinstance(milestones, tuple):
            yield from (start + float(m.value) for m in milestones if isinstance(m, Num))
        elif use.name == "step" and isinstance(interval := use.arguments.get("n"), Num):
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


def _parts_that_do_not_fit(look: Look) -> Iterator[Report]:
    """A warmup that its milestone cuts off, and a decay that leaves out the warmup twice."""
    call = look.case.call
    if call is None:
        return
    if call.inner:
        cuts = [_cut_warmup(curve.facts) for curve in look.curves]
        if cuts and all(cuts) and (cut := cuts[0]) is not None:
            message = f"the warmup takes {look.ticks(cut[0])}, and the milestone ends it after {look.ticks(cut[1])}"
            yield Report(look.place("milestones"), message, "let the milestone be the length of the warmup", look.is_assumed)
    else:
        times = {time.role: time for time in look.case.times}
        total, warmup = times.get("whole"), times.get("warmup")
        if total is None or warmup is None or total.tree is None or warmup.tree is None:
            return
        tree = total.tree
        if isinstance(tree, nodes.Binary) and tree.op == "-" and tree.right == warmup.tree and not isinstance(warmup.tree, nodes.Number):
            message = f"`{total.text}` leaves the warmup out, and `{look.word}` counts it in `{total.name}` already"
            yield Report(total.extent, message, "give the steps of the whole run", note=True)


def _cut_warmup(facts: Facts) -> tuple[float, float] | None:
    """The length of a warmup, and the earlier tick at which a sequence ends it."""
    chain = next(iter(facts.chains), None)
    use = next(iter(facts.uses), None)
    if chain is None or use is None or chain.lengths[0] is None or use.name not in ("warmup", "linear"):
        return None
    n, end = use.arguments.get("n"), float(chain.lengths[0])
    if not isinstance(n, Num) or not chain.items[0].extent[0] <= use.node.extent[0] < chain.items[0].extent[1] or float(n.value) <= end:
        return None
    return float(n.value), end


def _only_warmup(look: Look) -> Iterator[Report]:
    """The rate rises all through the run, and what falls after it never comes."""
    if look.case.call is None and (written := next(_written_warmups(look.case), None)) is not None:
        warmup, end = written
        if warmup >= end:
            than = "as long as" if warmup == end else "longer than"
            yield Report(look.place("warmup", "end"), f"the warmup of {grouped(warmup)} is {than} {look.whole}", "make it shorter", _is_a_trial(look))
            return
    if not look.curves or not all(map(_only_rises, look.curves)) or look.curves[0].facts.called & {"bounce"}:
        return
    message = f"the rate rises until the end of {look.whole}, and the decay never comes"
    yield Report(look.place("warmup", "interval", "milestones"), message, "make the warmup shorter, or the run longer", look.is_assumed or _is_a_trial(look))


def _is_a_trial(look: Look) -> bool:
    """Whether a run is so short that it only shows that the program runs."""
    steps = look.case.run.steps
    return steps is not None and steps.number is not None and steps.number < _TRIAL


def _written_warmups(case: Case) -> Iterator[tuple[float, float]]:
    """The length of the warmup and that of the run in the same unit, as a config writes them."""
    ends = case.run.numbers
    for fact in case.reading.facts:  # a length of the whole schedule stands for that of the run
        if fact.role == "decay" and "total" in fact.name and isinstance(fact.value, int):
            ends.setdefault(unit_of(fact), float(fact.value))
    for fact in case.reading.facts:
        unit = unit_of(fact)
        unit = "step" if unit == "share" and isinstance(fact.value, int) and fact.value > 1 else unit  # a count may stand for a share
        if fact.role == "warmup" and not fact.ignored and unit in ends and isinstance(fact.value, int | Fraction) and fact.value > 0:
            yield float(fact.value), ends[unit]


def _only_holds(curve: Curve) -> bool:
    """Whether the rate stays where it is in the run, and drops later."""
    levels = curve.summary.levels
    return len({level for _, level in levels}) == 1 and curve.total >= 2 and any(level < 0.9 * levels[0][1] for level in _later(curve))


def _only_rises(curve: Curve) -> bool:
    levels, last = curve.summary.levels, curve.summary.last[1]
    if len(levels) < 2 or curve.total < 2 or curve.summary.settled is not None or levels[0][1] > 0.9 * last or any(level > last for _, level in levels):
        return False
    return any(level < 0.9 * last for level in _later(curve))


def _later(curve: Curve) -> list[float]:
    """Levels after the run, up to the end of the schedule."""
    end = curve.facts.schedule.length
    far = curve.total * 4 if end is None else float(end)
    ticks = [round(curve.total + share * (far - curve.total)) for share in (0.25, 0.5, 0.75, 1)] if far > curve.total else []
    return list(levels_at(curve.facts.schedule.plan.level, sorted(set(ticks)), curve.base))


RULES = (
    RunRule(
        "LR602",
        "drops-past-the-end",
        "Drops of the rate that lie past the end of the run.",
        "The run ends before they come: if it was made shorter, the schedule was forgotten.",
        stepped("MultiStepLR(optimizer, [90, 110])", per_epoch=True, epochs="30"),
        stepped("MultiStepLR(optimizer, [20, 27])", per_epoch=True, epochs="30"),
        _past_the_end,
        levels=True,
    ),
    RunRule(
        "LR605",
        "warmup-of-the-whole-run",
        "A warmup that is as long as the run, or longer.",
        "The rate only rises, and the rest of the schedule never comes.",
        "output_dir: out\nlearning_rate: 1.0e-4\nlr_scheduler_type: cosine\nwarmup_steps: 2000\nmax_steps: 1500\n",
        "output_dir: out\nlearning_rate: 1.0e-4\nlr_scheduler_type: cosine\nwarmup_steps: 200\nmax_steps: 1500\n",
        _only_warmup,
        levels=True,
        language="yaml",
        file="config.yaml",
    ),
    RunRule(
        "LR606",
        "parts-that-do-not-fit",
        "A warmup that a milestone cuts off, or that is left out twice.",
        "The rate jumps where the next part begins, or the decay ends before the run.",
        stepped(
            "SequentialLR(optimizer, [LinearLR(optimizer, 0.01, total_iters=10), CosineAnnealingLR(optimizer, 95)], milestones=[5])",
            per_epoch=True,
            epochs="100",
        ).replace("import SequentialLR", "import CosineAnnealingLR, LinearLR, SequentialLR"),
        stepped(
            "SequentialLR(optimizer, [LinearLR(optimizer, 0.01, total_iters=5), CosineAnnealingLR(optimizer, 95)], milestones=[5])",
            per_epoch=True,
            epochs="100",
        ).replace("import SequentialLR", "import CosineAnnealingLR, LinearLR, SequentialLR"),
        _parts_that_do_not_fit,
        levels=True,
    ),
)
