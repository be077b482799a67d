"""Lint rules about levels: levels of 0 or below, jumps, and multiples that were meant as absolute levels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise

from lrdsl.check.bounds import bounds
from lrdsl.check.combinators import parameters_of
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import Fix
from lrdsl.expr import BASE, ENTRY, EVENTS, ZERO, Expr, T, after, events_of, number
from lrdsl.expr.exact import Exact
from lrdsl.kinds import REQUIRED, Argument, Kind
from lrdsl.plan import Plan
from lrdsl.rules.rule import SHRINKING, Driven, Facts, Finding, Rule, arguments, value
from lrdsl.rules.summary import summary
from lrdsl.shapes import SHAPES, Shape, arguments_of, level_of
from lrdsl.syntax import canonical, nodes

#: A multiple of base of this size usually is an absolute level; one of the second size is, if it is not alone.
_TINY, _SMALL = Fraction(1, 10**5), Fraction(1, 10**3)


#: A level below this, for a parameter, changes no weight. A bound from above, or a peak, holds for all levels.
_LEAST = dict.fromkeys(("to", "at", "min"), Fraction(1, 10**15)) | dict.fromkeys(("high", "peak"), Fraction(1, 10**10))
#: A weight decay has vanished if less than the second number of it is left at the first tick.
_SOON, _VANISHED = 100, 1e-8


def _tiny_multiples(f: Facts) -> Iterator[Finding]:
    multiples = [node for node in f.parts if isinstance(node, nodes.Quantity) and node.unit == "x" and 0 < node.value <= _SMALL]
    starts = [a.extent for use in f.uses for name, a in arguments(use) if name == "from"] if len(multiples) == 1 else []
    for node in multiples:
        if any(begin <= node.extent[0] < end for begin, end in starts):
            continue  # a warmup may well start from almost nothing
        if node.value <= _TINY:
            text = canonical(nodes.Number(node.value, node.extent))
            message = f"`{canonical(node)}` is a multiple of base: with a base of 0.001 it is {float(node.value) / 1000:g}"
            yield Finding(node.extent, message, f"for an absolute level, write `{text}`", Fix(*node.extent, text))


def _never_negative(f: Facts, plan: Plan, base: float) -> bool:
    """Whether interval arithmetic proves that no level is below 0. It is quick, and succeeds for nearly every schedule."""
    if base <= 1 and f.notes.least.get(plan.level, -1) >= 0:
        return True
    if plan.watches:
        return False  # the intervals say nothing of what follows an event
    ranges = ((p.level, (float(p.start), float(MAX_TICKS if p.end is None else p.end))) for p in f.pieces(plan))
    return all(bounds(level, {T: time, BASE: (base, base)})[0] >= 0 for level, time in ranges)


def _below_zero(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        if d.target.key in ("lr", "weight_decay", "eps"):
            bases = [base for base in d.bases if base >= 0] if d.bases else [f.program.base_value]
            ends = sorted({max(bases), min(bases)}) if bases else []  # a level for a base between two others lies between theirs
            findings = (_negative(f, d, base) for base in reversed(ends))
            yield from [finding for finding in findings if finding is not None][:1]


def _negative(f: Facts, d: Driven, base: float) -> Finding | None:
    """The finding that a level is below 0 for a base."""
    plan = d.target.plan
    if _never_negative(f, plan, base):
        return None
    levels = f.summary(plan, base).levels
    if f.total is None and plan.length is not None and not plan.watches:
        levels = (*levels, (plan.length, f.level_of(plan, plan.length, base)))
    tick, level = _first_negative(levels)
    extent, since = plan.phases[plan.phase_at(float(tick))].extent, ""
    if level == 0:
        later = [after(plan.law, event) for event in (events_of(plan.law) if plan.watches else ())]
        known = (summary(law, base, None).levels for law in later if not law.holds & EVENTS)  # others depend on when it was, or on other events
        tick, level = next((found for found in map(_first_negative, known) if found[1]), (0, 0.0))
        extent, since = (plan.phases[0].extent[0], plan.phases[-1].extent[1]), " after an event"
    if level == 0:
        return None
    where = f" for the base of {base:g}{d.of(base)}" if len(set(d.bases)) > 1 else ""
    return Finding(extent, f"the level{where} is {level:.4g} at tick {float(tick):g}{since}, below 0", "if the formula is right, write `max(A, 0)`")


def _first_negative(levels: Iterable[tuple[Exact, float]]) -> tuple[Exact, float]:
    """The first level below 0, with its tick; 0 if there is none."""
    return next(((tick, level) for tick, level in levels if level < -1e-12), (0, 0.0))


def _tiny_levels(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        for name in use.given & _LEAST.keys():
            level = value(use.arguments.get(name))
            if level is not None and 0 < level < _LEAST[name] and not use.factor and f.key_of(use.node) in ("lr", ""):
                help = "write 0, or a larger level"
                yield Finding(use.node.extent, f"`{name}` is {float(level):g}: so small a rate changes no weight in single precision", help)


def _late_warmups(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, item in enumerate(chain.items):
            use = f.notes.uses.get((item.extent, "warmup"))
            if i and use is not None and use.arguments["from_"] == ZERO and chain.entries[i] not in (None, ZERO):
                help = "put the warmup first; to rise to a level, write `linear(n, to=...)`"
                yield Finding(item.extent, "the level drops to 0 here, and rises back to where it was", help)


def _boundaries(f: Facts, wanted: Callable[[Facts, nodes.Node], bool]) -> Iterator[tuple[nodes.Node, Expr, float, float]]:
    """The wanted phases after the first of each target, each with its entry level, as a formula and as a number, and with its level at its first tick."""
    several = [t for t in f.program.targets if len(t.plan.phases) > 1 and any(wanted(f, phase.node) for phase in t.plan.phases[1:])]
    chains = {tuple(item.extent for item in chain.items): chain for chain in f.chains} if several else {}
    for t in several:
        chain = chains.get(tuple(phase.extent for phase in t.plan.phases))
        parts = f.pieces(t.plan)
        for i, item in enumerate(chain.items if chain is not None else ()):
            start, entry = t.plan.phases[i].start, None if chain is None else chain.entries[i]
            if i and start is not None and entry is not None and wanted(f, item):
                piece = [part for part in parts if part.start <= start][-1]
                yield item, entry, f.level(entry), f.level(piece.level, start)


#: Two levels jump if one is more than this many times the other.
_JUMP = 3


def _jumps(f: Facts) -> Iterator[Finding]:
    for item, _, end, start in _boundaries(f, _continues):
        if min(end, start) >= 0 and max(end, start) > _JUMP * min(end, start):
            message = f"the level jumps here, from {end:.4g} to {start:.4g}"
            yield Finding(item.extent, message, "if you mean the jump, write `restart A`, or give the first level: `from=...`")


def _continues(f: Facts, item: nodes.Node) -> bool:
    """Whether a reader expects a phase to begin where the one before it ended: it is no `restart`, and no argument sets its first level."""
    if isinstance(item, nodes.Limited | nodes.Until):
        return _continues(f, item.body)
    if not isinstance(item, nodes.Call) or any(form.jumps or _starts_elsewhere(form) for form in SHAPES.get(item.name, ())):
        return False
    if item.name in SHAPES and all(_starts_at_entry(form) for form in SHAPES[item.name]):
        return False  # it cannot jump, unless an argument says so
    use = f.notes.uses.get((item.extent, item.name))
    if use is not None and use.arguments.get("n") == ZERO:
        return False  # it is there to jump to its end
    written = use.given if use is not None else {a.name for a in item.arguments}
    parameters = parameters_of(item.name)
    return not any(name in parameters and parameters[name].sets == "start" for name in written)


def _starts_elsewhere(form: Shape) -> bool:
    """Whether a shape begins at a level of its own unless the text says otherwise, as a warmup does, which LR306 is about."""
    return any(p.sets == "start" and p.default != ENTRY for p in form.parameters)


#: An argument of each kind, for a formula of which only the start matters.
_SAMPLES = {Kind.DURATION: number(2), Kind.RATIO: number(Fraction(1, 2)), Kind.LEVEL: BASE, Kind.COUNT: number(2), Kind.FORMULA: T}


@cache
def _starts_at_entry(form: Shape) -> bool:
    """Whether a shape begins at the level that it enters at, whatever its arguments are, but for a level that it is given."""
    required = [p for p in form.parameters if p.default is REQUIRED]
    samples: dict[str, Argument] = {p.name: (_SAMPLES[p.kind],) if p.listed == "list" else _SAMPLES[p.kind] for p in required}
    return form.monitor is None and level_of(form, arguments_of(form, samples), ZERO) == ENTRY


def _momentum_with_rate(f: Facts) -> Iterator[Finding]:
    plans = {t.name: t.plan for t in f.program.targets}
    if not {"lr", "momentum"} <= set(plans):
        return
    lr, momentum = (dict(f.summary(plans[name]).levels) for name in ("lr", "momentum"))
    shared = sorted(set(lr) & set(momentum))
    both = [(a, b) for a, b in pairwise(shared) if lr[a] != lr[b] and momentum[a] != momentum[b]]
    same = [1 for a, b in both if (lr[b] > lr[a]) == (momentum[b] > momentum[a])]
    if len(both) > 4 and len(same) == len(both):
        target = next(t for t in f.program.targets if t.name == "momentum")
        message = "the momentum rises and falls with the rate"
        yield Finding(target.plan.phases[0].extent, message, "let the momentum fall while the rate rises, and rise while the rate falls")


def _weight_decay_to_zero(f: Facts) -> Iterator[Finding]:
    for t in f.program.targets:
        if t.key != "weight_decay" or t.plan.watches or _follows_rate(f, t.plan):
            continue
        start, help = f.level(t.plan.level), "give the level that it ends at: `cosine(rest, to=0.1x)`"
        if t.plan.length is not None and start > 0 and f.level(t.plan.level, t.plan.length) == 0:
            yield Finding(t.plan.phases[-1].extent, "the weight decay ends at 0", help)
        elif _drops(f, t.plan) and 0 < f.level_of(t.plan, _SOON, f.program.base_value) < _VANISHED * start:
            message = f"by tick {_SOON} less than {_VANISHED:g} of the weight decay is left"
            yield Finding(t.plan.phases[-1].extent, message, "give a gamma nearer to 1, or its ticks, as `per=1ep`; or " + help)


def _drops(f: Facts, plan: Plan) -> bool:
    """Whether the last phase of a plan falls by a factor again and again."""
    start, end = plan.phases[-1].extent
    return any(use.name in SHRINKING and "to" not in use.given and start <= use.node.extent[0] < end for use in f.uses)


def _follows_rate(f: Facts, plan: Plan) -> bool:
    """Whether the text says that a plan goes as the rate does."""
    extents = [phase.extent for phase in plan.phases]
    names = [node for node in f.scheduled if isinstance(node, nodes.Name | nodes.Indexed) and node.id == "lr"]
    return any(start <= node.extent[0] < end for node in names for start, end in extents)


RULES = (
    Rule(
        "LR302",
        "multiple-of-almost-nothing",
        "A multiple of base of 1e-5 or less.",
        "Such small numbers usually are absolute levels: `to=1e-5x` is a hundred-thousandth of the base.",
        "cosine(100, to=1e-5x)",
        "cosine(100, to=1e-5)",
        _tiny_multiples,
        "unsafe",
        about=(nodes.Quantity,),
    ),
    Rule(
        "LR303",
        "below-zero",
        "A rate, a weight decay or an `eps` that falls below 0.",
        "A step with a negative rate increases the loss.",
        "scale(1 - t / 50)",
        "max(scale(1 - t / 50), 0)",
        _below_zero,
        compiles=True,
    ),
    Rule(
        "LR305",
        "level-of-nothing",
        "A level below 1e-15 that is not 0, or a highest level below 1e-10.",
        "It changes no weight, just as 0 would, but a reader does not see that.",
        "cosine(100, to=1e-20)",
        "cosine(100, to=0)",
        _tiny_levels,
    ),
    Rule(
        "LR306",
        "warmup-in-the-middle",
        "A warmup that does not come first.",
        "A warmup rises from 0 to the level that it enters at. In the middle of a schedule, the level drops to 0 and comes back.",
        "hold(10) then warmup(5) then cosine(50)",
        "warmup(5) then hold(10) then cosine(50)",
        _late_warmups,
        about=("warmup",),
    ),
    Rule(
        "LR308",
        "momentum-with-the-rate",
        "A momentum that rises and falls with the rate.",
        "One-cycle policies move them in opposite directions.",
        "lr = warmup(50) then linear(50); momentum = linear(50, from=0.85, to=0.95) then linear(50, to=0.85)",
        "lr = warmup(50) then linear(50); momentum = linear(50, from=0.95, to=0.85) then linear(50, to=0.95)",
        _momentum_with_rate,
        about=(nodes.Target,),
    ),
    Rule(
        "LR309",
        "weight-decay-to-zero",
        "A weight decay that ends at 0, or falls to next to nothing of itself within a hundred ticks.",
        "Decays end at 0 unless the text says otherwise, and a weight decay of 0 does not regularize.",
        "lr = cosine(100); weight_decay = cosine(100)",
        "lr = cosine(100); weight_decay = cosine(100, to=0.1x)",
        _weight_decay_to_zero,
        about=(nodes.Target,),
    ),
    Rule(
        "LR310",
        "jump-between-phases",
        "A phase that begins at more than three times the level before it, or at less than a third, and does not say so.",
        "A phase is expected to start where the one before it ended. Some shapes start elsewhere, and so does a factor that is not 1 at its start.",
        "hold(10) then onecycle(100)",
        "hold(10) then restart onecycle(100)",
        _jumps,
    ),
)
