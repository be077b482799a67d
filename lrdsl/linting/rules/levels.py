"""Rules about levels: what is 0 or negative, what jumps, and what was meant as a multiple of base."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

from lrdsl.check.bounds import bounds
from lrdsl.check.combinators import COMBINATORS
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import Fix
from lrdsl.expr import BASE, ENTRY, ZERO, Expr, Num, T, substitute
from lrdsl.expr.exact import Exact, quotient
from lrdsl.kinds import Kind
from lrdsl.linting.rules.rule import LEVELS, Facts, Finding, Rule, value
from lrdsl.plan import Plan
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

#: So many ticks of each piece are looked at.
_SAMPLES = 16


def _sampled(f: Facts, plan: Plan) -> list[tuple[Exact, Expr]]:
    """Ticks of a plan, at the ends of its pieces and between, with the formula there."""
    found: list[tuple[Exact, Expr]] = []
    for piece in f.pieces(plan):
        end = max(f.total or 0, piece.start + 100) if piece.end is None else piece.end
        for k in range(_SAMPLES):
            tick = math.ceil(piece.start + quotient((end - piece.start) * k, _SAMPLES))
            if tick < end or k == 0:
                found.append((tick, piece.level))
    return found


def _levels(f: Facts, plan: Plan) -> list[tuple[Exact, float]]:
    found = [(tick, f.level(level, tick)) for tick, level in _sampled(f, plan)]
    return [(tick, level) for tick, level in found if not math.isnan(level)]


def _not_multiple(f: Facts) -> Iterator[Finding]:
    if f.base is None:
        return
    for use in f.uses_in("lr"):
        for a in use.node.arguments:
            if a.name in ("to", "from", "at") and isinstance(a.value, nodes.Number) and a.value.value > f.base and not use.factor and a.value.value <= 1:
                text = canonical(a.value)
                times = float(quotient(a.value.value, f.base))
                help = f"`{text}x` is that share of the base; an absolute level above it belongs into the base"
                message = f"`{a.name}={text}` is {times:g} times the base of {float(f.base):g}"
                yield Finding(a.value.extent, message, help, Fix(a.value.extent[1], a.value.extent[1], "x"))


def _not_absolute(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if isinstance(node, nodes.Quantity) and node.unit == "x" and 0 < node.value <= Fraction(1, 10**5):
            text = canonical(nodes.Number(node.value, node.extent))
            help = f"the absolute level is `{text}`"
            yield Finding(
                node.extent,
                f"`{canonical(node)}` is a multiple of base: with a base of 0.001 it is {float(node.value) / 1000:g}",
                help,
                Fix(*node.extent, text),
            )


def _surely_positive(f: Facts, plan: Plan) -> bool:
    """Whether interval arithmetic shows every level to be 0 or above, which it does at once for all but strange schedules."""
    base = f.program.base_value
    if base <= 1 and f.notes.least.get(plan.level, -1) >= 0:
        return True
    ranges = ((p.level, (float(p.start), float(MAX_TICKS if p.end is None else p.end))) for p in f.pieces(plan))
    return all(bounds(level, {T: time, BASE: (base, base)})[0] >= 0 for level, time in ranges)


def _below_zero(f: Facts) -> Iterator[Finding]:
    for t in f.program.targets:
        if t.key not in ("lr", "weight_decay"):
            continue
        if _surely_positive(f, t.plan):
            continue
        below = next(((tick, level) for tick, level in _levels(f, t.plan) if level < -1e-12), None)
        if below is not None:
            phase = t.plan.phases[t.plan.phase_at(float(below[0]))]
            yield Finding(
                phase.extent, f"the level is {below[1]:.4g} at tick {float(below[0]):g}, below 0", "`max(A, 0)` keeps it from that, if the formula is right"
            )


def _gamma(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        gamma = use.arguments.get("gamma")
        if use.name not in ("exp", "step", "multistep", "drop") or "gamma" not in use.given or not isinstance(gamma, Num):
            continue
        if gamma.value == 0:
            yield Finding(use.node.extent, "a gamma of 0 takes the level to 0 for good", "`linear(0, to=...)` says so, or write another gamma")
        elif gamma.value > 1 and use.name in ("exp", "step"):
            yield Finding(
                use.node.extent,
                f"a gamma of {float(gamma.value):g} makes the level grow",
                f"to fall, write a gamma below 1, as {1 / float(gamma.value):.4g}",
            )


def _tiny(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        for name in ("to", "at", "min"):
            level = value(use.arguments.get(name))
            if level is not None and name in use.given and 0 < level < Fraction(1, 10**15) and not use.factor:
                help = "write 0, or a level that parameters in single precision can feel"
                yield Finding(use.node.extent, f"`{name}` is {float(level):g}: no parameter in single precision moves by so little", help)


def _late_warmup(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, item in enumerate(chain.items):
            use = f.notes.uses.get((item.extent, "warmup"))
            if i and use is not None and use.arguments["from_"] == ZERO and chain.entries[i] not in (None, ZERO):
                yield Finding(
                    item.extent,
                    "the level drops to 0 here, to rise again to where it was",
                    "a warmup comes first; to rise to a level, write `linear(n, to=...)`",
                )


def _boundaries(f: Facts, wanted: Callable[[Facts, nodes.Node], bool]) -> Iterator[tuple[nodes.Node, Expr, float, float]]:
    """Phases of each target behind the first, with the level that each enters at, as a formula and as a number, and the one that it begins at."""
    chains = {tuple(item.extent for item in chain.items): chain for chain in f.chains}
    for t in f.program.targets:
        chain = chains.get(tuple(phase.extent for phase in t.plan.phases))
        parts = f.pieces(t.plan)
        for i, item in enumerate(chain.items if chain is not None else ()):
            start, entry = t.plan.phases[i].start, None if chain is None else chain.entries[i]
            if i and start is not None and entry is not None and wanted(f, item):
                piece = [part for part in parts if part.start <= start][-1]
                yield item, entry, f.level(entry), f.level(piece.level, start)


def _idle_restart(f: Facts) -> Iterator[Finding]:
    for item, entry, before, after in _boundaries(f, lambda _, item: isinstance(item, nodes.Restart)):
        if isinstance(item, nodes.Restart) and before == after and substitute(entry, {ENTRY: BASE}) is BASE:
            fix = Fix(item.extent[0], item.body.extent[0], "")
            yield Finding(item.extent, "the level is the base here already: `restart` changes nothing", "leave it out", fix)


#: A level this many times the one before, or the one before this many times it, is a jump.
_JUMP = 3


def _jump(f: Facts) -> Iterator[Finding]:
    for item, _, before, after in _boundaries(f, _goes_on):
        if min(before, after) >= 0 and max(before, after) > _JUMP * min(before, after):
            message = f"the level jumps here, from {before:.4g} to {after:.4g}"
            yield Finding(item.extent, message, "if that is meant, say so: `restart A`, or where it begins: `from=...`")


#: The parameters that say at what level a phase is, as opposed to where it ends.
_STARTS = (LEVELS | {p.name for c in COMBINATORS.values() for p in c.parameters if p.kind is Kind.LEVEL}) - {"to"}


def _goes_on(f: Facts, item: nodes.Node) -> bool:
    """Whether a phase is one that a reader takes to begin where the last one ended."""
    if isinstance(item, nodes.Limited | nodes.Until):
        return _goes_on(f, item.body)
    if not isinstance(item, nodes.Call) or item.name == "warmup" or any(form.jumps for form in SHAPES.get(item.name, ())):  # a warmup has a rule of its own
        return False
    use = f.notes.uses.get((item.extent, item.name))
    given = use.given if use is not None else {a.name for a in item.arguments}
    return not given & _STARTS


def _together(f: Facts) -> Iterator[Finding]:
    plans = {t.name: t.plan for t in f.program.targets}
    if not {"lr", "momentum"} <= set(plans):
        return
    lr, momentum = (dict(_levels(f, plans[name])) for name in ("lr", "momentum"))
    shared = sorted(set(lr) & set(momentum))
    both = [(a, b) for a, b in pairwise(shared) if lr[a] != lr[b] and momentum[a] != momentum[b]]
    same = [1 for a, b in both if (lr[b] > lr[a]) == (momentum[b] > momentum[a])]
    if len(both) > 4 and len(same) == len(both):
        target = next(t for t in f.program.targets if t.name == "momentum")
        message = "the momentum rises and falls with the rate"
        yield Finding(target.plan.phases[0].extent, message, "cycles go against each other: the momentum is low where the rate is high")


def _no_decay(f: Facts) -> Iterator[Finding]:
    for t in f.program.targets:
        if t.key == "weight_decay" and t.plan.length is not None and not t.plan.watches:
            end, start = f.level(t.plan.level, t.plan.length), f.level(t.plan.level)
            if end == 0 and start > 0:
                yield Finding(t.plan.phases[-1].extent, "the weight decay ends at 0", "give the level that it is to end at: `cosine(rest, to=0.1x)`")


RULES = (
    Rule(
        "LR301",
        "level-above-the-base",
        "An absolute level above the base that the text sets, at most 1.",
        "`to=0.1` is the level 0.1, whatever the base; a tenth of the base is `to=0.1x`.",
        "set base = 0.001; lr = cosine(100, to=0.1)",
        "set base = 0.001; lr = cosine(100, to=0.1x)",
        _not_multiple,
        "unsafe",
    ),
    Rule(
        "LR302",
        "multiple-of-almost-nothing",
        "A multiple of base of 1e-5 or less.",
        "Such numbers are levels as a rule: `to=1e-5x` is a hundred-thousandth of the base.",
        "cosine(100, to=1e-5x)",
        "cosine(100, to=1e-5)",
        _not_absolute,
        "unsafe",
    ),
    Rule(
        "LR303",
        "below-zero",
        "A rate or a weight decay that falls below 0.",
        "A negative rate climbs the loss.",
        "scale(1 - t / 50)",
        "max(scale(1 - t / 50), 0)",
        _below_zero,
    ),
    Rule(
        "LR304",
        "gamma-out-of-place",
        "A gamma of 0, or one above 1.",
        "The level is then 0 for good, or grows with every tick.",
        "exp(1.05) for 50",
        "exp(0.95) for 50",
        _gamma,
    ),
    Rule(
        "LR305",
        "level-of-nothing",
        "A level that is not 0 and below 1e-15.",
        "It is 0 for every parameter that it moves, and hides that.",
        "cosine(100, to=1e-20)",
        "cosine(100, to=0)",
        _tiny,
    ),
    Rule(
        "LR306",
        "warmup-in-the-middle",
        "A warmup that does not come first.",
        "A warmup rises to the level that it enters at, from 0: in the middle that is a jump to 0 and back.",
        "hold(10) then warmup(5) then cosine(50)",
        "warmup(5) then hold(10) then cosine(50)",
        _late_warmup,
    ),
    Rule(
        "LR307",
        "restart-of-nothing",
        "A `restart` where the level is the base.",
        "It promises a jump that does not come.",
        "warmup(5) then restart cosine(95)",
        "warmup(5) then cosine(95)",
        _idle_restart,
        "safe",
    ),
    Rule(
        "LR308",
        "momentum-with-the-rate",
        "A momentum that rises and falls with the rate.",
        "One-cycle policies move the two against each other.",
        "lr = warmup(50) then linear(50); momentum = linear(50, from=0.85, to=0.95) then linear(50, to=0.85)",
        "lr = warmup(50) then linear(50); momentum = linear(50, from=0.95, to=0.85) then linear(50, to=0.95)",
        _together,
    ),
    Rule(
        "LR309",
        "weight-decay-to-zero",
        "A weight decay that ends at 0.",
        "Decays go to 0 unless told otherwise, and a weight decay that does no longer regularizes at the end.",
        "lr = cosine(100); weight_decay = cosine(100)",
        "lr = cosine(100); weight_decay = cosine(100, to=0.1x)",
        _no_decay,
    ),
    Rule(
        "LR310",
        "jump-between-phases",
        "A level three times the one before, or a third of it, where a phase begins that asks for no jump.",
        "Phases go on from the level that they find; some shapes begin where they please, and a factor that is not 1 at its start is a jump too.",
        "hold(10) then onecycle(100)",
        "hold(10) then restart onecycle(100)",
        _jump,
    ),
)
