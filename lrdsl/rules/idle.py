"""Lint rules about what changes nothing: a part of the text without which every level of the run is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import lt
from typing import NamedTuple

import attrs

from lrdsl.check.combinators import COMBINATORS, declarations, parameters_of, shrinking
from lrdsl.check.notes import Use
from lrdsl.diagnostics import Fix, shown
from lrdsl.expr import BASE, ENTRY, ONE, ZERO, Expr, Num, T, mentions, substitute
from lrdsl.expr.exact import quotient
from lrdsl.kinds import SameAs
from lrdsl.plan import Plan
from lrdsl.rules.rule import ANY_BASE, SHRINKING, Facts, Finding, Rule, amount, arguments, value
from lrdsl.rules.summary import CLOSE, levels_at, summary
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: The most parts of a text that are left out, one after the other, to see what they change.
_MOST = 12
#: Ticks far off, at which a run of unknown length may be.
_FAR = tuple(10**k for k in range(1, 10))
#: The level hardly drops if all drops of the run take no more than this share of it, or one reduction of a plateau no more than the second.
_DROPS, _REDUCTION = 0.02, 0.005


class Part(NamedTuple):
    """A part of a text that may do nothing: a `node`, what would stand in its place without it, and the finding if it does nothing."""

    node: Node
    other: Node
    finding: Finding


def changes_nothing(f: Facts, part: Part) -> bool:
    """Whether a text says the same without a part of it: every level of the run is the same, for every base."""
    plans = f.with_node(part.node, part.other)
    return plans is not None and all(_same(f, target.plan, plans[target.name]) for target in f.program.targets if target.name in plans)


def _same(f: Facts, one: Plan, two: Plan) -> bool:
    """Whether two plans have the same levels in the run."""
    if one.law is two.law and [w.monitor for w in one.watches] == [w.monitor for w in two.watches]:
        return True
    if one.watches or two.watches:
        return False
    bases = [base for d in f.driven for base in d.bases if base > 0]
    for base in bases or ANY_BASE:
        ticks = sorted({*_FAR * (f.total is None), *(tick for plan in (one, two) for tick, _ in summary(plan.level, base, f.total).levels)})
        pairs = zip(levels_at(one.level, ticks, base), levels_at(two.level, ticks, base), strict=True)
        if any(not abs(a - b) <= CLOSE * max(abs(a), abs(b)) for a, b in pairs):
            return False
    return True


_RESTART = re.compile(r"restart\s*")


def _idle_restarts(f: Facts) -> Iterator[Finding]:
    for node in [part for part in f.scheduled if isinstance(part, nodes.Restart) and not _is_said(f, part)][:_MOST]:
        message = "the level is the base here already, so `restart` changes nothing"
        word = _RESTART.match(f.text, node.extent[0])  # what follows may stand in brackets, which belong to no node
        assert word is not None
        finding = Finding(node.extent, message, "remove it", Fix(*word.span(), ""))
        if changes_nothing(f, Part(node, node.body, finding)):
            yield finding


def _is_said(f: Facts, node: nodes.Restart) -> bool:
    """Whether a `restart` says that a level is meant: it holds the base, or its phase jumps away from the base, as `onecycle` does."""
    use = f.notes.uses.get((node.body.extent, "hold"))
    if use is not None and "at" not in use.given:
        return any(node in chain.items[1:] for chain in f.chains)
    for d in f.driven:
        phase = next((p for p in d.target.plan.phases[1:] if p.extent == node.extent), None)
        if phase is not None and phase.start is not None:
            base = f.base_of(d)
            return not abs(f.level_of(d.target.plan, phase.start, base) - base) <= CLOSE * base
    return False


def _idle_factors(f: Facts) -> Iterator[Finding]:
    for node in f.scheduled:
        if not isinstance(node, nodes.Binary) or node.op != "*":
            continue
        for side, other in ((node.right, node.left), (node.left, node.right)):
            use = f.notes.uses.get((side.extent, "hold"))
            if use is None or not _is_phase(other) or (use.arguments["n"] is not None and "at" in use.given):
                continue
            if "at" not in use.given:
                finding = Finding(side.extent, "this factor is always 1", "remove it", _without(f.text, node, side))
                if changes_nothing(f, Part(node, other, finding)):
                    yield finding
            elif not use.factor and changes_nothing(f, Part(node, other, Finding(side.extent, "", ""))):
                yield Finding(side.extent, "the level is the base without this factor too", "remove it", _without(f.text, node, side))
            elif use.factor and use.arguments["at"] != ZERO and (value(use.arguments["at"]) is not None or len(use.node.arguments) == 1):
                yield Finding(side.extent, "this factor never changes", "write it as a number, as in `0.5 * A`")
            break


def _without(text: str, node: nodes.Binary, side: Node) -> Fix | None:
    """Returns the repair that removes a side of an operation, with the brackets around it; None where a comment stands between the two sides."""
    gap = text[node.left.extent[1] : node.right.extent[0]]
    closed, sign, opened = gap.partition(node.op)
    if not sign or "#" in gap:
        return None
    if side is node.right:
        start = node.left.extent[1] + len(closed.rstrip())
        brackets = re.compile(rf"(?:\s*\)){{{opened.count('(')}}}").match(text, node.right.extent[1])
        return None if brackets is None else Fix(start, brackets.end(), "")
    brackets = re.compile(rf"(?:\(\s*){{{closed.count(')')}}}$").search(text[: node.left.extent[0]])
    end = node.left.extent[1] + len(closed) + len(sign) + len(opened) - len(opened.lstrip())
    return None if brackets is None else Fix(brackets.start(), end, "")


def _is_phase(node: Node) -> bool:
    """Whether an operand is a schedule and no number."""
    return not isinstance(node, nodes.Number | nodes.Quantity | nodes.Negative)


def _neutral_numbers(f: Facts) -> Iterator[Finding]:
    """Factors of 1 and summands of 0."""
    targets = [body.extent for _, body in f.bodies]
    for node in f.scheduled:
        if not isinstance(node, nodes.Binary) or node.op not in "*/+-" or not any(a <= node.extent[0] < b for a, b in targets):
            continue
        neutral = 1 if node.op in "*/" else 0
        sides = [(node.right, node.left)] + [(node.left, node.right)] * (node.op in "*+")
        for side, other in sides:
            is_number = isinstance(side, nodes.Number) or (neutral == 0 and isinstance(side, nodes.Quantity) and side.unit == "x")
            if is_number and isinstance(side, nodes.Number | nodes.Quantity) and amount(side) == neutral and any(_is_schedule(p) for p in nodes.walk(other)):
                what = {"*": "a factor of 1", "/": "a division by 1", "+": "a summand of 0", "-": "a summand of 0"}[node.op]
                yield Finding(node.extent, f"{what} changes nothing", "remove it", _without(f.text, node, side))
                break


def _is_schedule(node: Node) -> bool:
    """Whether a node is a call of a shape or a combinator, or another target."""
    if isinstance(node, nodes.Call):
        return bool(parameters_of(node.name))
    return isinstance(node, nodes.Indexed) or (isinstance(node, nodes.Name) and node.id == "lr")


def _idle_parts(f: Facts) -> Iterator[Finding]:
    yield from _neutral_numbers(f)
    yield from _unfelt_arguments(f)
    yield from _covered_conditions(f)
    yield from _numbers_compared(f)
    yield from _beyond_their_phase(f)
    yield from [part.finding for part in list(_candidates(f))[:_MOST] if changes_nothing(f, part)]


def _unfelt_arguments(f: Facts) -> Iterator[Finding]:
    """Arguments of cycles that no level depends on."""
    for use in f.uses:
        unfelt = {name: depends for declaration in declarations(use.name) for name, depends in declaration.unfelt.items()}
        for name, a in arguments(use) if unfelt else ():
            if name in unfelt and unfelt[name](use.arguments) and not f.is_open(a.value) and not _is_default(use, name):
                message = f"`{shown(canonical(a.value))}` changes nothing: every level is the same without this `{name}`"
                yield Finding(a.extent, message, _WHY.get(name, "remove it"))


def _beyond_their_phase(f: Facts) -> Iterator[Finding]:
    """Calls of `skip` and `every` whose ticks are no fewer than those of their phase, so that they leave none of it, or only its start."""
    for use in f.uses:
        written, n = _SPANS.get(use.name), value(use.arguments.get(_SPANS.get(use.name, "")))
        inner = use.arguments["phase"] if written is not None else None
        if inner is None or n is None or not inner.length or n < inner.length or f.is_open(use.node) or not mentions(inner.level, T):
            continue
        if use.name == "skip" and inner.at(inner.length) != ZERO:  # LR204 is about a level of 0
            yield Finding(use.node.extent, "`skip` leaves out all of its phase", "give fewer ticks, or write `hold`")
        elif use.name == "every" and (f.total is None or n < f.total):  # LR222 is about the end of the run
            message = "the interval of `every` is as long as its phase, so the level never changes in it"
            yield Finding(use.node.extent, message, "give a shorter interval")


#: The parameter of a combinator that spans a part of its phase.
_SPANS = {"skip": "n", "every": "interval"}


def _covered_conditions(f: Facts) -> Iterator[Finding]:
    """Bounds of a metric after `until` that it comes to only behind another one there."""
    for node in f.scheduled:
        bounds: dict[tuple[str, str], nodes.Comparison] = {}
        for one in node.conditions if isinstance(node, nodes.Until) else ():
            if not isinstance(one, nodes.Comparison) or not isinstance(one.right, nodes.Number):
                continue
            other = bounds.setdefault((canonical(one.left), one.op[0]), one)
            if other is one or not isinstance(other.right, nodes.Number):
                continue
            farther = one if (one.right.value < other.right.value) is (one.op[0] == "<") else other
            message = f"`{shown(canonical(farther))}` changes nothing: the other bound of `{shown(canonical(one.left))}` comes first"
            yield Finding(farther.extent, message, "remove it, or give the metric that was meant")


def _numbers_compared(f: Facts) -> Iterator[Finding]:
    """Numbers of one unit in a `min` or a `max` of nothing else: all but one of them change nothing."""
    for node in f.scheduled if not f.called.isdisjoint(("min", "max")) else ():
        items = [a.value for a in node.arguments] if isinstance(node, nodes.Call) and node.name in ("min", "max") else []
        numbers = [item for item in items if isinstance(item, nodes.Number | nodes.Quantity)]
        units = {getattr(item, "unit", "") for item in numbers}
        if isinstance(node, nodes.Call) and len(numbers) == len(items) > 1 and len(units) == 1:
            best = (min if node.name == "min" else max)(numbers, key=amount)
            message = f"this always is `{shown(canonical(best))}`: numbers of one unit do not change places"
            yield Finding(node.extent, message, f"write `{shown(canonical(best))}`, or give the schedule or the unit that was meant")


def _candidates(f: Facts) -> Iterator[Part]:
    """The calls, operands and arguments that may do nothing."""
    for node in f.scheduled:
        if isinstance(node, nodes.Limited):
            yield from _whole_lengths(f, node)
            yield from _cut_cycles(f, node)
        if isinstance(node, nodes.Call) and node.name in _WAYS and len(node.arguments) > 1 and any(_is_curve(a.value) for a in node.arguments):
            for a in node.arguments:
                others = tuple(b for b in node.arguments if b is not a)
                if f.is_open(a.value) or not (_is_curve(a.value) or any(_is_curve(b.value) for b in others)):
                    continue
                rest = others[0].value if len(others) == 1 else attrs.evolve(node, arguments=others)
                if not any(_is_curve(b.value) for b in others):
                    if any(isinstance(p, nodes.Number) and p.value for p in nodes.walk(rest)):  # LR311 and LR321 compare it with the base
                        continue
                    rest = nodes.Call("hold", (nodes.Argument("at", rest, rest.extent, rest.extent),), node.extent, node.extent)
                message = f"`{shown(canonical(a.value))}` {_WAYS[node.name]}, so it changes nothing"
                yield Part(node, rest, Finding(a.value.extent, message, "remove it, or give a level that the others cross"))
    for use in f.uses:
        yield from _neutral_calls(use)
        if use.name == "clip" and not any(f.is_open(a.value) for name, a in arguments(use) if name != "phase"):
            message = "no level is beyond the bounds of this `clip`, so it changes nothing"
            yield Part(use.node, _inner(use), Finding(use.node.extent, message, "remove it, or give bounds that the schedule crosses"))
            yield from _constant_clips(f, use)


def _constant_clips(f: Facts, use: Use) -> Iterator[Part]:
    """A `clip` whose levels all are one of its bounds, a multiple of base."""
    low, high = (substitute(bound, {ENTRY: BASE}) if isinstance(bound := use.arguments.get(name), Expr) else None for name in ("low", "high"))
    if low is not None and high is not None and not f.always(lt, low, high):
        return  # LR315 is about them
    for name, a in arguments(use):
        bound = use.arguments.get(name)
        if name in ("low", "high") and isinstance(bound, Expr) and mentions(bound, BASE) and mentions(use.arguments["phase"].level, T):
            message = f"every level of this `clip` is its bound `{shown(canonical(a.value))}`, so its phase changes nothing"
            held = nodes.Call("hold", (nodes.Argument("at", a.value, a.value.extent, a.value.extent),), use.node.extent, use.node.extent)
            yield Part(use.node, held, Finding(use.node.extent, message, "give bounds that the schedule crosses, or write `hold(at=...)`"))


#: What a part does that does nothing, in each combination of several.
_WAYS = {"min": "is never the lowest of these", "max": "is never the highest of these", "sum": "adds nothing to the others"}


def _whole_lengths(f: Facts, node: nodes.Limited) -> Iterator[Part]:
    """A `for` that gives a phase the length that it has."""
    use = f.notes.uses.get((node.body.extent, node.body.name)) if isinstance(node.body, nodes.Call) else None
    natural = None if use is None else use.arguments.get("n")
    if isinstance(natural, Num) and isinstance(node.length, nodes.Number | nodes.Quantity) and natural.value == amount(node.length):
        extent = node.length.extent
        message = f"the phase has this length without `for {shown(canonical(node.length))}` too"
        yield Part(node, node.body, Finding(extent, message, "remove it, or give the length that was meant"))


def _cut_cycles(f: Facts, node: nodes.Limited) -> Iterator[Part]:
    """Cycles that a `for` ends before the second one begins."""
    use = f.notes.uses.get((node.body.extent, node.body.name)) if isinstance(node.body, nodes.Call) else None
    if use is None or use.name not in COMBINATORS or not COMBINATORS[use.name].cycles:
        return
    length = amount(node.length) if isinstance(node.length, nodes.Number | nodes.Quantity) else None
    cycle = use.arguments["phase"].length
    if length is not None and cycle is not None and length <= cycle:
        message = f"this `for` ends the first cycle of `{use.name}`, so `{use.name}` changes nothing"
        yield Part(use.node, _inner(use), Finding(use.node.extent, message, "remove it, or let the phase be longer than one cycle"))


#: Why the levels of cycles may not depend on an argument, as a repair.
_WHY = {
    "decay": "`from=` and other levels stay as they are in every cycle: to let them decay too, write `floor=decays`; else remove it",
    "mode": "give a `gamma` below 1, as 0.9999: by default it is 1",
}


def _is_curve(node: Node) -> bool:
    """Whether a part of the text has a schedule in it, or is a name that stands for one."""
    return any(
        isinstance(p, nodes.Call | nodes.Sequence) or (isinstance(p, nodes.Name) and bool(parameters_of(p.id))) for p in nodes.walk(node)
    ) and not isinstance(node, nodes.Number)


def _is_default(use: Use, name: str) -> bool:
    """Whether an argument says what would hold without it: it is there to be read."""
    default = next(p.default for p in parameters_of(use.name).values() if p.name == name)
    return not isinstance(default, SameAs) and use.arguments.get(name) == default


def _inner(use: Use) -> Node:
    """The phase that a combinator is for."""
    return next(a.value for name, a in arguments(use) if name == "phase")


def _neutral_calls(use: Use) -> Iterator[Part]:
    """The calls of a combinator whose phase would be the same without it: for one of its arguments, or because the phase is constant."""
    combinator = COMBINATORS.get(use.name)
    if combinator is None or combinator.variadic:
        return
    inner = use.arguments["phase"]
    end = inner.at(inner.length) if use.name == "repeat" and inner.length else ENTRY
    if not mentions(end, ENTRY) and end != ZERO:  # LR204 is about a level of 0
        message = "`repeat` changes nothing: each cycle begins where the one before it ended, and ends at the same level"
        yield Part(use.node, _inner(use), Finding(use.node.extent, message, "for cycles that begin again at their entry level, write `restarts`"))
        return
    for name, a in arguments(use):
        if name in combinator.neutral and isinstance(a.value, nodes.Number | nodes.Quantity) and combinator.neutral[name](use.arguments):
            message = f"`{use.name}` with {name}={canonical(a.value)} changes nothing"
            help = "leave `times` out for cycles without end, or remove it" if name == "times" else "remove it"
            yield Part(use.node, _inner(use), Finding(use.node.extent, message, help))
            return
    if inner.pending is None and not mentions(inner.level, T) and inner.level != ZERO and use.name != "clip":  # LR204 is about a level of 0
        message = f"`{use.name}` changes nothing: the level of its phase is always the same"
        yield Part(use.node, _inner(use), Finding(use.node.extent, message, "remove it, or give it a phase that rises or falls"))


def _gammas_of_one(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        name = "factor" if use.name == "plateau" else (shrinking(use.name) or ("", 0))[0]
        if use.name not in SHAPES or name not in use.given:
            continue
        gamma = use.arguments[name]
        gammas = gamma if isinstance(gamma, tuple) else (gamma,)
        written = next((a for parameter, a in arguments(use) if parameter == name), None)
        if gammas and all(g == ONE for g in gammas) and written is not None and not f.is_open(written.value):
            yield Finding(use.node.extent, f"with a {name} of 1 the level never drops", f"give a {name} below 1, as 0.1; to stay at a level, write `hold`")
        elif written is not None and not f.is_open(written.value) and all(isinstance(g, Num) and g.value < 1 for g in gammas) and _hardly_drops(f, use, gammas):
            message = f"with a {name} of {canonical(written.value)} the level hardly drops"
            yield Finding(use.node.extent, message, f"give a lower {name}, as 0.1; to stay at a level, write `hold`")


def _hardly_drops(f: Facts, use: Use, gammas: tuple[Num, ...]) -> bool:
    """Whether all drops of a call take next to nothing: those of a `step` in the whole run, those of the milestones, and one of a plateau."""
    most = 1 - float(min(g.value for g in gammas))
    if use.name == "plateau":
        return most <= _REDUCTION
    if use.name == "multistep":
        return most * len(use.arguments["milestones"]) <= _DROPS
    interval = use.arguments["n"] if use.name == "step" else None
    return f.total is not None and isinstance(interval, Num) and most * float(quotient(f.total, interval.value)) <= _DROPS


RULES = (
    Rule(
        "LR307",
        "restart-of-nothing",
        "A `restart` where the level already is the base.",
        "A reader expects a jump, and there is none.",
        "warmup(5) then restart cosine(95)",
        "warmup(5) then cosine(95)",
        _idle_restarts,
        "safe",
        about=(nodes.Restart,),
    ),
    Rule(
        "LR406",
        "constant-factor",
        "A factor that is written as a schedule but never changes.",
        "A number says the same, and is easier to read.",
        "cosine(100) * hold(at=0.5x)",
        "0.5 * cosine(100)",
        _idle_factors,
        about=(nodes.Binary,),
    ),
    Rule(
        "LR407",
        "part-that-changes-nothing",
        "A bound, a factor, an argument or a combinator without which every level of the run is the same.",
        "A reader looks for what it does; usually one of its numbers is not the one that was meant.",
        "restarts(linear(5, from=0.1x, to=1x), 3, decay=0.5)",
        "restarts(linear(5, from=0.1x, to=1x), 3, decay=0.5, floor=decays)",
        _idle_parts,
    ),
    Rule(
        "LR408",
        "gamma-of-one",
        "A gamma of 1, or so near to it that the level hardly drops.",
        "The level is multiplied by 1, or next to it, so that it stays where it is.",
        "step(30, 1)",
        "step(30, 0.1)",
        _gammas_of_one,
        about=(*SHRINKING, "plateau"),
    ),
)
