"""Lint rules about the bases of param groups, and what absolute levels do to them. `lrdsl.compile` looks for them too: it knows the bases."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from operator import ge

from lrdsl.arguments import floating
from lrdsl.check.bounds import bounds
from lrdsl.check.combinators import parameters_of
from lrdsl.check.intervals import Range
from lrdsl.check.notes import Use
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import Fix, shown
from lrdsl.expr import BASE, ENTRY, STAIRS, ZERO, Call, Expr, Forms, Linear, Num, T, mentions
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.plan import Phase, Plan, pieces
from lrdsl.rules.rule import Driven, Facts, Finding, Rule, arguments, value
from lrdsl.rules.summary import Summary, summary
from lrdsl.syntax import canonical, nodes

#: A level is above another if it is by more than this share.
_OVER = 1 + 1e-9
#: A schedule of absolute levels up to exactly 1 is meant as one of multiples, if the base is this or less.
_MEANT = 0.01
#: No training begins with a base of this or less.
_LOWEST = 1e-5
#: A rate that never comes to this share of its base is held down.
_FAR_BELOW = 0.01
_RAISE = "write levels as multiples of base, as `0.1x`; for a higher peak, raise the base"
#: The keys by which libraries scale a value of a group, by the key of the value. Their own schedulers read them.
_SCALES = {
    "lr": ("lr_scale", "lr_mult", "lr_multiplier", "lr_factor"),
    "weight_decay": ("wd_scale", "wd_mult", "wd_multiplier", "decay_mult", "weight_decay_scale"),
}
#: The keys whose values are from 0 up to but not including 1.
_SHARES = ("betas", "beta1", "beta2", "momentum")
#: A momentum that falls to the first share of where it begins has a factor of rates; to the second, it is nothing, even if the text gives a level.
_DROPPED, _NEXT_TO_NOTHING = 0.1 * _OVER, 0.01
#: A tick that most runs come to.
_LATE = 1000
#: Usual bases of them, for a linter, which knows none.
_USUAL = (0.9, 0.8, 0.99)


@lru_cache(maxsize=128)
def highest_floor(level: Expr) -> float:
    """A bound for the levels that a formula would have if the base were 0: for its absolute levels. It is 0 for a formula with multiples of base alone."""
    return max(_size(piece.level, (float(piece.start), float(MAX_TICKS if piece.end is None else piece.end))) for piece in pieces(level))


def _size(e: Expr, time: Range) -> float:
    """A bound for the size of an expression of levels from 0 up, where the base is 0 and a plateau's `min` has held the level up."""
    memo: dict[Expr, float] = {BASE: 0.0, ENTRY: 0.0}

    def walk(x: Expr) -> float:
        if x not in memo:
            memo[x] = size(x)
        return memo[x]

    def size(x: Expr) -> float:
        if isinstance(x, Num):
            return abs(float(x.value))
        if isinstance(x, Linear) and x.of is T:
            return max(abs(float(x.scale) * end + float(x.shift)) for end in time)
        if isinstance(x, Forms):
            return walk(x.best)
        if isinstance(x, Call) and x.op == "mul":
            sizes = [0.0] if BASE in x.args else [walk(a) for a in x.args]
            return 0.0 if 0.0 in sizes else math.prod(sizes)
        if isinstance(x, Call) and x.op in ("hav", "sin", "cos"):
            return 1.0
        if isinstance(x, Call) and x.op == "reduce":
            return max(walk(x.args[0]), walk(x.args[3]))
        if isinstance(x, Call) and x.op in ("add", "min", "max"):
            sizes = [walk(a) for a in x.args]
            return sum(sizes) if x.op == "add" else min(sizes) if x.op == "min" else max(sizes)
        return max(map(abs, bounds(x, {T: time, BASE: (0.0, 0.0), ENTRY: (0.0, 0.0)})))

    return walk(e)


def _reached(d: Driven) -> list[float]:
    """The bases, from the lowest, that an absolute level of a rate's plan may reach, if the plan has multiples of base too, or if a level of 1 in it is meant
    as a multiple."""
    law = d.target.plan.law
    if d.target.key != "lr" or not d.bases:
        return []
    floor = highest_floor(law)
    high = _OVER * floor if mentions(law, BASE) else _MEANT * (floor == 1)
    return sorted({base for base in d.bases if 0 < base <= high})


def _absolute_arguments(f: Facts, phases: tuple[Phase, ...], low: float) -> Iterator[tuple[Use, str, nodes.Argument, float]]:
    """The arguments of some phases that are absolute levels of at least `low`, each with its use, its name and its value."""
    extents = [phase.extent for phase in phases]
    for use in f.uses:
        parameters = parameters_of(use.name)
        order = list(parameters)
        for i, a in enumerate(use.node.arguments):
            name = a.name or order[min(i, len(order) - 1)]
            value = next((use.arguments[key] for key in (name, f"{name}_") if key in use.arguments), None)
            if use.factor or name not in parameters or parameters[name].kind is not Kind.LEVEL or not isinstance(value, Num):
                continue
            if float(value.value) >= low and any(start <= a.extent[0] < end for start, end in extents):
                yield use, name, a, float(value.value)


def _text(f: Facts, a: nodes.Argument | nodes.Node) -> str:
    """An argument as the text has it."""
    return shown(f.text[slice(*a.extent)])


def _as_multiple(node: nodes.Node) -> Fix | None:
    """The repair that makes a number a multiple of base."""
    return Fix(node.extent[1], node.extent[1], "x") if isinstance(node, nodes.Number) and node.value <= 1 else None


def _bare_level(f: Facts, phase: Phase, level: float) -> nodes.Number | None:
    """The number among the parts of a phase that are phases, as in `max(A, 0.01)`, that is a level; None if there is none."""
    calls = (part for part in f.scheduled if isinstance(part, nodes.Call) and phase.extent[0] <= part.extent[0] < phase.extent[1])
    items = (a.value for call in calls if call.name in ("min", "max") for a in call.arguments)
    return next((item for item in items if isinstance(item, nodes.Number) and math.isclose(item.value, level)), None)


def _idle_floor(f: Facts, d: Driven, base: float) -> Finding | None:
    """The finding that a group's level never falls below its base, because an absolute level holds it up all the while."""
    plan = d.target.plan
    for use, name, a, _ in _absolute_arguments(f, plan.phases, base) if plan.watches else ():
        if use.name == "plateau" and name == "min":
            message = f"`{_text(f, a)}` is not below the base of {base:g}{d.of(base)}, so the plateau never reduces the rate"
            return Finding(
                a.value.extent, message, f"for a share of the base, write `min={canonical(a.value)}x`, or give a smaller level", _as_multiple(a.value)
            )
    for use, name, a, eps in _absolute_arguments(f, plan.phases, 0.0) if plan.watches else ():
        factor = use.arguments.get("factor")
        if use.name == "plateau" and name == "eps" and isinstance(factor, Num) and base * (1 - float(factor.value)) <= eps:
            message = f"`{_text(f, a)}` is not below a reduction of the base of {base:g}{d.of(base)}, so the plateau never reduces the rate"
            return Finding(a.value.extent, message, "a reduction by `eps` or less is skipped: give a smaller one, as `eps=1e-8`")
    end = f.total if f.total is not None or plan.level.holds & STAIRS else plan.length or None  # stairs go on beyond their length
    here, near, far = (summary(plan.level, b, end).stretches for b in (base, 2 * base, 1e3 * max(1.0, base)))
    for one, double, other in zip(here, near, far, strict=False):
        tick, level = one.levels[0]
        scales = double.constant and math.isclose(double.levels[0][1], 2 * level)  # the base is what holds it
        if len(one.levels) > 1 and one.constant and not scales and not other.constant and level * _OVER >= base:
            phase = plan.phases[plan.phase_at(float(tick))]
            written = next(((a, n) for _, _, a, n in _absolute_arguments(f, (phase,), base) if math.isclose(n, level)), None)
            value = _bare_level(f, phase, level) if written is None else written[0].value
            what = "an absolute level" if value is None else f"`{_text(f, value if written is None else written[0])}`"
            message = f"the level is {level:g} from tick {tick} on and does not change: {what} is not below the base of {base:g}{d.of(base)}"
            help = "write it as a multiple of base, as `0.1x`, or give a smaller level"
            return Finding(phase.extent if value is None else value.extent, message, help, None if value is None else _as_multiple(value))
    return None


def _held_down(f: Facts, d: Driven) -> Finding | None:
    """The finding that a rate never comes near the base of any group, because an absolute level is a bound for it."""
    plan, base = d.target.plan, min((base for base in d.bases if base > 0), default=0.0)
    if d.target.key != "lr" or not base or plan.watches or not mentions(plan.level, BASE):
        return None
    tick, level = f.summary(plan, base).highest
    if not 0 < level < _FAR_BELOW * base or f.summary(plan, 2 * base).highest[1] > level * _OVER:
        return None
    phase = plan.phases[plan.phase_at(float(tick))]
    message = f"the level never comes above {level:g}, whatever the base is, and the base is {base:g}{d.of(base)}"
    return Finding(phase.extent, message, "write the bound as a multiple of base, as `0.1x`, or give a higher level")


def _floor_at_entry(f: Facts, d: Driven) -> Finding | None:
    """The finding that a plateau never reduces a rate, because its `min` is a multiple of base that is not below the level at which it begins."""
    extents = [phase.extent for phase in d.target.plan.phases] if d.target.plan.watches else []
    for use in f.uses if extents else ():
        floor, entry = use.arguments.get("min"), f.entry(use)
        if use.name != "plateau" or "min" not in use.given or entry is None or not isinstance(floor, Expr) or not mentions(floor, BASE):
            continue
        written = next(a for name, a in arguments(use) if name == "min")
        here = any(start <= use.node.extent[0] < end for start, end in extents)
        if here and not f.is_open(use.node) and f.always(ge, floor, entry, d.target.key):
            message = f"`{_text(f, written)}` is not below the level that the plateau begins at, so it never reduces the rate"
            return Finding(written.value.extent, message, "give a lower level, as `min=0.01x`")
    return None


def _held_up(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        reached = sorted(base for base in d.bases if base > 0) if d.target.key == "lr" and d.target.plan.watches else _reached(d)
        findings = [_held_down(f, d), _floor_at_entry(f, d), *(_idle_floor(f, d, base) for base in reached)]
        yield from [finding for finding in findings if finding is not None][:1]


def _above_base(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        findings = [_over(f, d, base) for base in _reached(d) if _idle_floor(f, d, base) is None]
        yield from [finding for finding in findings if finding is not None][:1]


def _over(f: Facts, d: Driven, base: float) -> Finding | None:
    """The finding that an absolute level is above the base of a group."""
    plan = d.target.plan
    s = f.summary(plan, base)
    if not plan.watches and (not any(level > base * _OVER for _, level in s.levels) or _is_range_test(f, plan, s)):
        return None
    for use, name, a, level in _absolute_arguments(f, plan.phases, base * _OVER):
        if name == "from" and "to" in use.given and d.target.groups and not d.groups:
            continue  # some groups may begin above their base on purpose, and `set base` is that of the others
        text = canonical(a.value)
        message = f"`{_text(f, a)}` is an absolute level, {level / base:.4g} times the base of {base:g}{d.of(base)}"
        fix = _as_multiple(a.value)
        help = f"for {text} times the base, write `{text}x`; for a higher peak, raise the base"
        return Finding(
            a.value.extent, message, help if fix is not None else "write it as a multiple of base, as `0.1x`; for a higher peak, raise the base", fix
        )
    if d.target.groups and not d.groups:
        return None
    floor = dict(f.summary(plan, 0.0).levels)
    high = next((tick for tick, level in f.summary(plan, base).levels if min(level, floor.get(tick, 0.0)) > base * _OVER), None)
    if high is None:
        return None
    phase = plan.phases[plan.phase_at(float(high))]
    message = f"the level is {floor[high]:g} or more at tick {high}, whatever the base is: {floor[high] / base:.4g} times the base of {base:g}{d.of(base)}"
    return Finding(phase.extent, message, _RAISE)


def _is_range_test(f: Facts, plan: Plan, s: Summary) -> bool:
    """Whether a schedule is a test of many rates that ends at 1 or above: a single rise, which would do nothing, or begin at the base, with an `x` too.

    A straight one says where it begins, or has a base that no training begins with.
    """
    node = plan.phases[0].node if len(plan.phases) == 1 else None
    use = f.notes.uses.get((node.extent, node.name)) if isinstance(node, nodes.Call) and node.name in ("exp", "linear") else None
    level = None if use is None else value(use.arguments.get("to"))
    if use is None or level is None or level < 1 or not s.tests_rates:
        return False
    return use.name == "exp" or "from" in use.given or s.levels[0][1] <= _LOWEST


def _lifted_zero(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan = d.target.plan
        if 0.0 not in d.bases or not any(d.bases) or not highest_floor(plan.level):
            continue
        high = next(((tick, level) for tick, level in f.summary(plan, 0.0).levels if level > 0), None)
        if high is not None:
            tick, level = high
            phase = plan.phases[plan.phase_at(float(tick))]
            i = d.groups[d.bases.index(0.0)][0]
            message = f"an absolute level lifts the `{d.target.key}` of param group {i} from 0 to {level:g}, at tick {tick}"
            help = f"write multiples of base (`0.1x`), which keep a 0, or give that group a target of its own: `{d.target.key}[{i}] = hold`"
            yield Finding(phase.extent, message, help)


def _unread_scales(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        for i, group in d.groups:
            name = next((name for name in _SCALES.get(d.target.key, ()) if name in group and floating(group[name]) not in (1, None)), None)
            if name is not None:
                message = f"param group {i} has `{name}`, which nothing reads: its base is {d.bases[[n for n, _ in d.groups].index(i)]:g}"
                help = f"before compile, put it into the group's value: `group[{d.target.key!r}] *= group.pop({name!r}, 1)`"
                yield Finding(d.target.plan.phases[0].extent, message, help)
                break


def _out_of_range(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        if d.target.key not in _SHARES:
            continue
        plan, key = d.target.plan, d.target.name
        bases = sorted({*d.bases}) if mentions(plan.level, BASE) else [1.0]
        wrong = [_first_wrong(f, plan, base) for base in bases or _USUAL]
        for base, place in zip(bases or _USUAL, wrong, strict=True):
            if place is None:
                if bases:
                    continue
                break  # with this usual base, nothing is wrong
            if bases or None not in wrong:
                phase = plan.phases[plan.phase_at(float(place[0]))]
                where = d.of(base) if base in d.bases else ""
                message = f"`{key}`{where} is {place[1]:.4g} at tick {place[0]}, and it must be at least 0 and below 1"
                yield Finding(phase.extent, message, "keep it in its range, as `clip(A, 0, 0.999)` does")
                break


def _first_wrong(f: Facts, plan: Plan, base: float) -> tuple[Exact, float] | None:
    """The first tick, and its level, at which a share is below 0 or not below 1; the end of the schedule counts, if that of the run is unknown."""
    levels = f.summary(plan, base).levels
    if plan.length is not None and not plan.watches and (f.total is None or plan.length == f.total):  # a run gets as near to that end as makes no difference
        levels = (*levels, (plan.length, f.level_of(plan, plan.length, base)))
    return next(((tick, level) for tick, level in levels if not 0 <= level < 1), None)


def _momentum_to_zero(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan = d.target.plan
        if d.target.key not in _SHARES or plan.watches:
            continue
        base = next((base for base in d.bases if base), _USUAL[0])
        goes_on = f.total is None and plan.level.holds & STAIRS
        levels = summary(plan.level, base, None).levels if goes_on else f.summary(plan, base).levels
        if f.total is None and plan.length is not None and not goes_on:
            levels = (*levels, (plan.length, f.level_of(plan, plan.length, base)))
        elif f.total is None and plan.length is None and not goes_on:
            levels = (*levels, (_LATE, f.level_of(plan, _LATE, base)))
        if len(levels) > 1 and levels[0][1] > 0 and 0 <= levels[-1][1] <= levels[0][1] * _DROPPED:
            phase = plan.phases[plan.phase_at(float(levels[-1][0]))]
            said = [use for use in f.uses if use.given & {"to", "at"} and phase.extent[0] <= use.node.extent[0] < phase.extent[1]]
            zeros = any(use.arguments.get("to", use.arguments.get("at")) == ZERO for use in said)
            if not zeros and (not said or levels[-1][1] < levels[0][1] * _NEXT_TO_NOTHING):
                help = f"give the level that it ends at, as `to=0.85`; a `{d.target.quantity}` of 0 is written `to=0`"
                yield Finding(phase.extent, f"`{d.target.name}` falls to {levels[-1][1]:.2g}", help)


RULES = (
    Rule(
        "LR301",
        "level-above-the-base",
        "An absolute level above the base, in a schedule that has multiples of base too; or a level of 1, where the base is far below.",
        "`to=0.1` is the level 0.1, whatever the base is; a tenth of the base is `to=0.1x`.",
        "set base = 0.001; lr = cosine(100, to=0.1)",
        "set base = 0.001; lr = cosine(100, to=0.1x)",
        _above_base,
        "unsafe",
        compiles=True,
    ),
    Rule(
        "LR311",
        "held-up-by-a-floor",
        "A level that keeps the rate from ever falling below the base, or a plateau from reducing it; or one that keeps it below a hundredth of the base.",
        "The text says that the rate moves, and for this base it hardly does: the level is meant for another one.",
        "set base = 0.001; lr = max(cosine(500), 0.01)",
        "set base = 0.001; lr = max(cosine(500), 0.01x)",
        _held_up,
        compiles=True,
    ),
    Rule(
        "LR312",
        "zero-lifted",
        "An absolute level for a group whose value is 0, while it is not in other groups.",
        "Such a group, as one of norms and biases without weight decay, is to stay at 0.",
        "lr = cosine(100); weight_decay = cosine(100, from=0.04, to=0.4)",
        "lr = cosine(100); weight_decay = cosine(100, from=1x, to=10x)",
        _lifted_zero,
        compiles=True,
        groups=(({"lr": 0.1, "weight_decay": 0.04}, {"lr": 0.1, "weight_decay": 0.0}),) * 2,
    ),
    Rule(
        "LR313",
        "scale-that-nothing-reads",
        "A param group with an `lr_scale`, `lr_mult` or the like.",
        "The schedulers of some libraries multiply by it. lrdsl takes the rate of each group as its base, and reads nothing else.",
        "cosine(100)",
        "cosine(100)",
        _unread_scales,
        compiles=True,
        groups=(({"lr": 0.1, "lr_scale": 0.5},), ({"lr": 0.05},)),
    ),
    Rule(
        "LR314",
        "out-of-its-range",
        "A momentum or a beta below 0, or not below 1.",
        "Momentum of 1 or more forgets nothing, and the weights run away; optimizers refuse it, but only when they are made.",
        "lr = cosine(100); momentum = linear(100, from=0.9, to=1.1)",
        "lr = cosine(100); momentum = linear(100, from=0.9, to=0.99)",
        _out_of_range,
        compiles=True,
        about=(nodes.Target,),
    ),
    Rule(
        "LR322",
        "momentum-to-zero",
        "A momentum or a beta that falls to 0, or drops to a tenth and less.",
        "Decays end at 0 unless the text says otherwise, and without momentum the steps of the end of a run are those of single batches.",
        "lr = cosine(100); betas[0] = cosine(100)",
        "lr = cosine(100); betas[0] = cosine(100, to=0.85)",
        _momentum_to_zero,
        compiles=True,
        about=(nodes.Target,),
    ),
)
