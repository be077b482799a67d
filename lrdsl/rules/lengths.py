"""Lint rules about lengths in the wrong unit: shares, tokens and epochs that are written as bare numbers, and milestones after a warmup."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from lrdsl.check.combinators import COMBINATORS, declarations
from lrdsl.check.prelude import recipe
from lrdsl.clock import UNITS
from lrdsl.diagnostics import Fix, shown
from lrdsl.expr import ONE, STAIRS
from lrdsl.expr.exact import Exact, quotient
from lrdsl.phrases import grouped
from lrdsl.plan import Plan, pieces
from lrdsl.rules.rule import EPOCHS, Driven, Facts, Finding, Rule, amount, argument, arguments, ticks, value
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.printer import decimal_text

#: No share of a run is smaller.
_LEAST = Fraction(5, 1000)
#: The times by which the endless shapes fall: shorter ones make them fall within a tick.
_SCALES = {"per": Fraction(1), "timescale": Fraction(1, 10)}
#: In a run of so many ticks, an `inv` with a timescale below 1 is at less than a thousandth after a good part of it: it has halved within the first tick.
_STEPS = 1000
#: No run has so many ticks: a number of this size counts tokens or samples.
_TOKENS = 10**8
#: A bare number up to this among epochs surely is one of epochs; a warmup of more than the second is one in steps.
_FEW, _WARM = 100, 50
#: No schedule has so many cycles in an epoch.
_CYCLES = 10
#: A schedule of drops without end is over where the rate is less than this share of its peak.
_LITTLE = 0.05
#: What puts several schedules together.
_TOGETHER = ("min", "max", "sum")
#: The parameters of a shape of cycles that are parts of one cycle.
_HALVES = ("up", "down")


def _below_a_tick(f: Facts) -> Iterator[Finding]:
    for node, length in f.bare_lengths:
        if _LEAST <= length < 1:
            text = shown(canonical(node))
            fix = Fix(*node.extent, f"{decimal_text(length * 100)}%") if isinstance(node, nodes.Number) and f.total is not None else None
            message = f"`{text}` is a length of less than one tick"
            yield Finding(node.extent, message, f"a bare number counts ticks; for a share of the run, write `{decimal_text(length * 100)}%`", fix)
        elif 0 < length < _LEAST:
            help = "the first argument is a length; the optimizer has the base, and a level is given by name, as `to=1e-5`"
            yield Finding(node.extent, f"`{shown(canonical(node))}` is a length of next to no time", help)
        elif length == 1 and "." in f.text[slice(*node.extent)] and isinstance(node, nodes.Number):
            message = f"`{shown(f.text[slice(*node.extent)])}` is a length of one tick"
            yield Finding(node.extent, message, "a bare number counts ticks; for the whole run, write `100%`, and for the rest of it, `rest`")
    yield from _shares_in_recipes(f)
    yield from _pressed(f)
    for part in f.scheduled:
        for time in part.conditions if isinstance(part, nodes.Until) else ():
            if isinstance(time, nodes.Number) and 0 < time.value < 1:
                share = decimal_text(time.value * 100)
                message = f"`{shown(canonical(time))}` is a time within the first tick"
                yield Finding(time.extent, message, f"a bare number counts ticks; for a share of the run, write `{share}%`")
    for use in f.uses:
        for name, a in arguments(use):
            scale = value(use.arguments.get(name)) if name in _SCALES else None
            steep = name == "timescale" and use.name == "inv" and use.arguments["power"] == ONE and f.total is not None and f.total >= _STEPS
            if scale is not None and 0 < scale < (1 if steep else _SCALES[name]) and f.is_bare(a.value):
                text = shown(canonical(a.value))
                yield Finding(a.value.extent, f"`{text}` is a time of less than one tick", f"a bare number counts ticks: write `{text}ep`, or a number above 1")


def _pressed(f: Facts) -> Iterator[Finding]:
    """What is found in calls of `stretch` that make a phase shorter than one tick."""
    for use in f.uses:
        phase, k = (use.arguments.get(name) for name in ("phase", "k")) if use.name == "stretch" else (None, None)
        written = argument(use, "to") or argument(use, "k")
        if phase is None or written is None or not phase.length or f.is_open(written.value):
            continue
        length = value(use.arguments.get("to")) if k is None else (value(k) or 0) * phase.length
        if length is not None and 0 < length < 1:
            message = f"`{shown(canonical(written.value))}` makes the phase {float(length):.3g} ticks long"
            yield Finding(written.extent, message, "give its new length in ticks, as `to=100`, or a larger factor, as 0.5")


def _shares_in_recipes(f: Facts) -> Iterator[Finding]:
    """What is found in the calls of functions: numbers below 1 that they take for lengths, or that a recipe's phase lasts, or its first piece."""
    passed = [node for node, length in f.bare_passed if isinstance(node, nodes.Number) and _LEAST <= length < 1]
    for call in f.scheduled:
        if isinstance(call, nodes.Call) and recipe(call.name) is not None:
            ends = {end for d in f.driven for end in _ends_within(d.target.plan, call)}
            passed += [a.value for a in call.arguments if isinstance(a.value, nodes.Number) and _LEAST <= a.value.value < 1 and a.value.value in ends]
    for node in sorted({node.extent: node for node in passed}.values(), key=lambda node: node.extent):
        share = decimal_text(node.value * 100)
        message = f"`{shown(canonical(node))}` is a length of less than one tick"
        yield Finding(node.extent, message, f"a bare number counts ticks; for a share of the run, write `{share}%`")


def _ends_within(plan: Plan, call: nodes.Call) -> Iterator[Exact]:
    """How long the pieces of a plan are that are shorter than a tick, in the phase that a call is."""
    phase = next((phase for phase in plan.phases if phase.extent == call.extent and phase.start is not None), None)
    start = None if phase is None else phase.start
    for piece in pieces(plan.level) if start is not None else ():
        if piece.end is not None and start is not None and piece.start >= start and 0 < piece.end - piece.start < 1:
            yield piece.end - piece.start


def _without_unit(f: Facts) -> Iterator[Finding]:
    totals = [s.value for s in f.parts if isinstance(s, nodes.Setting) and s.name == "total"]
    bare = [(node, amount(node)) for node in totals if isinstance(node, nodes.Number | nodes.Quantity) and f.is_bare(node)]
    for node, length in (*bare, *f.bare_lengths):
        if length >= _TOKENS:
            text = shown(canonical(node))
            message = f"`{text}` is a length of {float(length):.4g} {f.clock.tick}s, which no run has"
            yield Finding(node.extent, message, f"for tokens, write `{text} tokens`; for samples, `{text} samples`")


def _in_parts_of_steps(f: Facts) -> Iterator[Finding]:
    per = f.clock.ticks_per_step
    if per is None or per <= 1:
        return
    passed = {node.extent for node, _ in f.bare_passed}
    for node, length in {node.extent: (node, length) for node, length in (*f.bare_lengths, *f.bare_passed)}.values():
        if length > 0 and not f.is_open(node):
            text, end = shown(canonical(node)), node.extent[1]
            fix = Fix(end, end, " steps") if isinstance(node, nodes.Number) and (node.extent not in passed or _takes_steps(f, node)) else None
            steps = float(quotient(length, per))
            message = f"`{text}` is {ticks(length)}, and each step of the optimizer has {float(per):g}: this is {grouped(round(steps, 2))} steps"
            yield Finding(node.extent, message, f"for steps, write `{_in_steps(f, node)}`", fix)


def _in_steps(f: Facts, node: nodes.Node) -> str:
    """What to write for a number of steps in the place of a number of ticks, or of a name for one."""
    bound = f.bound(node.id) if isinstance(node, nodes.Name) else None
    text = shown(canonical(node))
    return f"{text} steps" if bound is None else f"let {text} = {shown(canonical(bound))} steps"


def _takes_steps(f: Facts, node: nodes.Number) -> bool:
    """Whether a text stays sound with a unit at a number that it passes to a function, which may reckon with it as with a number too."""
    return f.with_node(node, nodes.Quantity(node.value, "", "steps", node.extent, node.extent)) is not None


def _length(item: nodes.Node) -> tuple[str, nodes.Node | None]:
    """The shape of a phase, and its length as the text writes it, None if it has none."""
    if isinstance(item, nodes.Restart):
        return _length(item.body)
    if isinstance(item, nodes.Limited):
        return "", item.length
    if isinstance(item, nodes.Until):
        return "", next((time for time in item.conditions if isinstance(time, nodes.Number | nodes.Quantity)), None)
    if isinstance(item, nodes.Call) and any(form.parameters[0].name == "n" for form in SHAPES.get(item.name, ())):
        first = next((a for i, a in enumerate(item.arguments) if a.name == "n" or (i == 0 and not a.name)), None)
        return item.name, None if first is None else first.value
    return "", None


def _mixed_units(f: Facts) -> Iterator[Finding]:
    if f.clock.tick != "step":
        return
    for items in (*(chain.items for chain in f.chains), *_side_by_side(f)):
        lengths = [_length(item) for item in items]
        epochs = [n for _, n in lengths if isinstance(n, nodes.Quantity) and UNITS.get(n.unit) == "epoch"]
        bare = [(name, n) for name, n in lengths if isinstance(n, nodes.Number) and 0 < n.value <= EPOCHS and n.value.denominator == 1]
        for name, n in bare if epochs else ():
            few = n.value <= _FEW
            if name == "warmup" and n.value > _WARM:
                continue  # a warmup of some hundred steps is usual beside epochs
            text = canonical(n)
            help = f"write `{text}ep` for epochs, or `{text} steps`" if few else f"write `{text} steps`, or a number of epochs, as `5ep`"
            message = f"`{text}` means {text} steps, while other lengths are in epochs"
            yield Finding(n.extent, message, help, Fix(n.extent[1], n.extent[1], "ep" if few else " steps"))


def _side_by_side(f: Facts) -> Iterator[tuple[nodes.Node, ...]]:
    """The phases of the factors of each product, and of what a `min`, a `max` or a `sum` puts together, if each of these has lengths in one unit."""
    for node in f.scheduled if nodes.Binary in f.holds or not f.called.isdisjoint(_TOGETHER) else ():
        sides: tuple[nodes.Node, ...] = (node.left, node.right) if isinstance(node, nodes.Binary) and node.op == "*" else ()
        if isinstance(node, nodes.Call) and node.name in _TOGETHER:
            sides = tuple(a.value for a in node.arguments)
        items = [f.notes.chains[side.extent].items if side.extent in f.notes.chains else (side,) for side in sides]
        units = [{isinstance(n, nodes.Number) for _, n in map(_length, side) if n is not None} for side in items]
        if sides and all(len(unit) == 1 for unit in units):
            yield tuple(item for side in items for item in side)


def _within_an_epoch(f: Facts) -> Iterator[Finding]:
    per = f.clock.steps_per_epoch
    if per is None or f.clock.tick != "step":
        return
    for node, length in f.bare_lengths:
        if not 1 < length <= EPOCHS or length * 2 > per:
            continue
        if f.total is None and _is_last(f, node):
            what = "the schedule is over within one epoch"
        elif length <= _FEW and (cycle := _cycle_of(f, node, length)) is not None and cycle * _CYCLES <= per:
            times = float(quotient(per, cycle))
            what = f"it has {times:.3g} times as many as the first cycle" if _grows(f, node) else f"there are {times:.3g} cycles in an epoch"
        else:
            continue
        text = shown(canonical(node))
        yield Finding(node.extent, f"`{text}` is {ticks(length)}, and an epoch has {float(per):g} steps: {what}", f"for epochs, write `{text}ep`")
        return


def _cycle_of(f: Facts, node: nodes.Node, length: Exact) -> Exact | None:
    """How long the first of the endless cycles is whose length a length is, or whose rise or fall; None if it is that of no such cycles."""
    for use in f.uses:
        if not use.node.extent[0] <= node.extent[0] < use.node.extent[1] or not any(declaration.cycles for declaration in declarations(use.name)):
            continue
        if use.name in COMBINATORS:
            if use.arguments["phase"].length == length and use.arguments.get("times") is None:
                return length
        elif any(a.value is node for name, a in arguments(use) if name in _HALVES):
            halves = [value(use.arguments[name]) for name in _HALVES]
            return None if None in halves else sum(half for half in halves if half is not None)
    return None


def _grows(f: Facts, node: nodes.Node) -> bool:
    """Whether a length stands in cycles of which each is longer than the one before."""
    around = (use for use in f.uses if use.node.extent[0] <= node.extent[0] < use.node.extent[1])
    return any(use.arguments.get("stretch", ONE) != ONE for use in around)


def _is_last(f: Facts, node: nodes.Node) -> bool:
    """Whether a length is the last thing that a rate's schedule of bare lengths has, and its end or its last drop lies within half an epoch."""
    per = f.clock.steps_per_epoch or 1
    for d in f.driven:
        plan = d.target.plan
        last = plan.phases[-1]
        if d.target.key != "lr" or plan.watches or not last.extent[0] <= node.extent[0] < last.extent[1]:
            continue
        return plan.length is not None and plan.length * 2 <= per and _falls(f, d) and (not plan.level.holds & STAIRS or _has_fallen(f, d, math.ceil(per)))
    return False


def _falls(f: Facts, d: Driven) -> bool:
    """Whether the last phase of a schedule comes to a level below its highest."""
    plan, base = d.target.plan, f.base_of(d)
    start, end = plan.phases[-1].start or 0, plan.length or 0
    return f.level_of(plan, end, base) < max((level for _, level in f.summary(plan, base).between(start, end)), default=0.0)


def _has_fallen(f: Facts, d: Driven, tick: int) -> bool:
    """Whether little is left of a rate at a tick. Drops go on beyond the length of their phase."""
    plan, base = d.target.plan, f.base_of(d)
    return f.level_of(plan, tick, base) < _LITTLE * f.summary(plan, base).highest[1]


def _digits(number: Exact) -> int:
    """How many digits of a number are not the zeros at its ends: few for round numbers."""
    return len(decimal_text(number).replace(".", "").strip("0")) if Fraction(number).denominator in (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100) else 99


def _late_milestones(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, item in enumerate(chain.items):
            call = item.body if isinstance(item, nodes.Limited) else item
            use = f.notes.uses.get((call.extent, "multistep")) if i else None
            first = chain.items[0]
            if use is None or "since" in use.given or not (isinstance(first, nodes.Call) and first.name == "warmup"):
                continue
            written = argument(use, "milestones")
            before = chain.lengths[:i]
            if written is None or f.is_open(use.node) or any(n is None or n == 0 for n in before[:1]) or not use.arguments["milestones"]:
                continue
            if _rounder_from_the_start(written.value, sum(n for n in before if n is not None), _length(first)[1]):
                last = use.node.extent[1] - 1
                message = "these milestones count from the end of the warmup"
                help = "to count from the start of the run, as papers do, write `since=run`; if the phase is meant, write `since=phase`"
                yield Finding(written.value.extent, message, help, Fix(last, last, ", since=run"))


def _rounder_from_the_start(milestones: nodes.Node, warmup: Exact, length: nodes.Node | None) -> bool:
    """Whether milestones are no less round than they would be from the start of the run. Those from which the warmup was taken off are less round."""
    items = milestones.items if isinstance(milestones, nodes.List) else (milestones,)
    if any(isinstance(n, nodes.Number | nodes.Quantity) and n.value == 0 for n in items):
        return False  # the first drop comes with the phase
    units = {UNITS.get(n.unit, "") if isinstance(n, nodes.Quantity) else "" for n in (*items, length)}
    numbers = [value_ for n in items if (value_ := amount(n) if isinstance(n, nodes.Number | nodes.Quantity) else None)]
    if len(units) > 1 or len(numbers) < len(items):
        return True
    offset = amount(length) if isinstance(length, nodes.Number | nodes.Quantity) else warmup
    return all(_digits(number) <= _digits(number + offset) for number in numbers)


RULES = (
    Rule(
        "LR224",
        "length-in-parts-of-a-step",
        "A bare number as a length where each step has several ticks.",
        "A launcher that calls `step()` once for each process has as many ticks in each step, and a bare number counts ticks.",
        "warmup(500) then cosine(rest)",
        "warmup(500 steps) then cosine(rest)",
        _in_parts_of_steps,
        "unsafe",
        {"ticks_per_step": 4, "total_steps": 10_000},
        compiles=True,
    ),
    Rule(
        "LR207",
        "mixed-epochs-and-steps",
        "A length without a unit among lengths in epochs.",
        "A bare number is a number of ticks, usually steps: `warmup(5) then cosine(95ep)` warms up for 5 steps.",
        "warmup(5) then cosine(95ep)",
        "warmup(5ep) then cosine(95ep)",
        _mixed_units,
        "unsafe",
        {"steps_per_epoch": 100},
    ),
    Rule(
        "LR218",
        "over-within-an-epoch",
        "A schedule of bare numbers that is over within half an epoch.",
        "Its numbers surely are epochs, and a bare number counts ticks, which are steps here.",
        "multistep([30, 60, 80])",
        "multistep([30ep, 60ep, 80ep])",
        _within_an_epoch,
        clock={"steps_per_epoch": 1251},
        run=True,
    ),
    Rule(
        "LR219",
        "length-below-a-tick",
        "A bare number below 1 as a length, or 1.0.",
        "A phase of half a tick is over before it begins. Usually a share of the run is meant.",
        "warmup(0.1) then cosine(900)",
        "warmup(10%) then cosine(900)",
        _below_a_tick,
        "unsafe",
        {"total_steps": 1000},
    ),
    Rule(
        "LR220",
        "tokens-without-a-unit",
        "A bare number of a hundred million or more as a length.",
        "A bare number counts ticks, and no run has so many: it counts tokens or samples.",
        "cosine(98B)",
        "cosine(98B tokens)",
        _without_unit,
        clock={"tokens_per_step": 1_000_000},
    ),
    Rule(
        "LR221",
        "milestones-after-a-warmup",
        "Milestones after a warmup that count from its end, and do not say so.",
        "Papers give milestones from the start of the run, and each drop then comes too late by the warmup.",
        "warmup(500) then multistep([8ep, 11ep])",
        "warmup(500) then multistep([8ep, 11ep], since=run)",
        _late_milestones,
        "unsafe",
        {"steps_per_epoch": 1000},
        about=("multistep",),
    ),
)
