"""Lint rules about factors and levels that are mistaken for each other: gammas above 1, rates as factors, levels as powers, multiples as absolute levels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from lrdsl.check.combinators import shrinking
from lrdsl.check.notes import Use
from lrdsl.check.prelude import recipe
from lrdsl.diagnostics import Fix, shown
from lrdsl.expr import BASE, Num, mentions
from lrdsl.expr.exact import Exact
from lrdsl.plan import Plan
from lrdsl.rules.bases import highest_floor
from lrdsl.rules.rule import SHRINKING, Driven, Facts, Finding, Rule, arguments, value
from lrdsl.rules.summary import Summary
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

#: A factor up to this is one that only rates have, and a power up to this is one that only levels have.
_RATE, _POWER = Fraction(2, 1000), Fraction(1, 20)
#: No shape has so high a power.
_STEEP = 30
#: A rate that never comes to more than this share of its base is given as a multiple by mistake.
_NOTHING = 0.003
#: A rate is never so many times its base, and never so large.
_TIMES, _LARGE = 20, 1.0
#: Ticks far off, at which a run of unknown length may be.
_FAR = tuple(10**k for k in range(2, 8))
#: How many ticks of an endless last phase count.
_FIRST = 50


def _odd_gammas(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        name = "factor" if use.name == "plateau" and "min" not in use.given else _gamma(use)
        gammas = use.arguments.get(name)
        several = gammas if isinstance(gammas, tuple) else ()  # one of several may well raise the level: a second one lowers it
        odd = [g for g in several or (gammas,) if isinstance(g, Num) and (g.value <= 0 or (g.value > 1 and not several))]
        if name not in use.given or not odd or f.key_of(use.node) not in ("lr", ""):
            continue
        gamma = odd[0]
        if gamma.value == 0:
            yield Finding(use.node.extent, f"a {name} of 0 sets the level to 0 for good", f"write `linear(0, to=...)` if you mean it, else another {name}")
        elif gamma.value > 1:
            help = f"for a level that falls, write a {name} below 1, as {1 / float(gamma.value):.4g}"
            yield Finding(use.node.extent, f"a {name} of {float(gamma.value):g} makes the level grow", help)


def _powers(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        power = value(use.arguments.get("power")) if "power" in use.given else None
        if power is not None and power >= _STEEP:
            written = next(a for name, a in arguments(use) if name == "power")
            message = f"the power is {shown(canonical(written.value))}, so the level makes nearly all of its way in a few hundredths of the time"
            yield Finding(written.extent, message, "a usual power is from 0.5 to 3")
        elif power is not None and 0 < power <= _POWER:
            written = next(a for name, a in arguments(use) if name == "power")
            text = shown(canonical(written.value))
            named = (
                Fix(*written.extent, f"to={text}")
                if use.name in ("poly", "cosine") and "to" not in use.given and isinstance(written.value, nodes.Number)
                else None
            )
            help = f"for the level that it ends at, write `to={text}`" if named is not None else "a usual power is from 0.5 to 3"
            yield Finding(written.extent, f"the power is {text}, so the level hardly changes and then drops", help, named)


def _rates_as_factors(f: Facts) -> Iterator[Finding]:
    extents = []
    for node in f.scheduled:
        written = _factor(f, node)
        if written is not None and isinstance(node, nodes.Binary):
            extents.append(node.extent)
            text = shown(canonical(written))
            help = "for that rate, set the optimizer's own, or `set base`; for a level, write `hold(at=...)`"
            yield Finding(
                written.extent,
                f"the factor `{text}` multiplies the base: with a base of 0.001 the rate is {float(_factor_value(f, written)) / 1000:.4g} or less",
                help,
            )
    for use in f.uses:
        name = "factor" if use.name == "plateau" else _gamma(use)
        gamma = value(use.arguments.get(name)) if name in use.given else None
        if gamma is None or not 0 < gamma < _RATE or use.arguments.get("per", 1) not in (1, Num(1, 1)):
            continue
        extents.append(use.node.extent)
        what = "of one drop, not the level after it" if use.name in SHAPES else "from one cycle to the next, not the level after it"
        yield Finding(use.node.extent, f"a {name} of {float(gamma):g} is the factor {what}", "for a level, write `hold(at=...)`")
    for d in f.driven:
        s = _whole_run(f, d)
        highest = 0.0 if s is None else max(s.highest[1], *_later(f, d))
        if s is not None and not extents and 0 < highest < _NOTHING * f.program.base_value and _scales(f, d, s) and not _is_of_recipe(f, d, s):
            share = highest / f.program.base_value
            help = "multiples are of the base: for absolute levels, leave out the `x`, or write `1x` for the peak"
            yield Finding(d.target.plan.phases[0].extent, f"the rate never comes to more than {share:.4g} of its base", help)


def _later(f: Facts, d: Driven) -> list[float]:
    """Levels of a schedule without an end at ticks far off, where the length of the run is unknown: its highest level may be there."""
    if f.total is not None or d.target.plan.length is not None:
        return [0.0]
    return [level for tick in _FAR if math.isfinite(level := f.level_of(d.target.plan, tick, f.program.base_value))] or [0.0]


def _is_of_recipe(f: Facts, d: Driven, s: Summary) -> bool:
    """Whether a recipe makes the highest level, whose source has it so: Noam's is a share of the base that goes by the size of the model."""
    begin, end = d.target.plan.phases[d.target.plan.phase_at(float(s.highest[0]))].extent
    calls = (node for node in f.scheduled if isinstance(node, nodes.Call) and node.extent[0] <= begin and end <= node.extent[1])
    return any(recipe(call.name) is not None for call in calls)


def _gamma(use: Use) -> str:
    """The name of the factor by which a shape drops, or cycles decay; "" for other calls."""
    name, _ = shrinking(use.name) or ("", 0)
    return name


def _whole_run(f: Facts, d: Driven) -> Summary | None:
    """What the rate of all groups does; None for another key, for a target with groups, and where a metric decides."""
    plain = d.target.key == "lr" and not d.target.groups and not d.target.plan.watches
    return f.summary(d.target.plan) if plain else None


def _scales(f: Facts, d: Driven, s: Summary) -> bool:
    """Whether the highest level of a schedule is a multiple of its base."""
    tick, level = s.highest
    return math.isclose(f.level_of(d.target.plan, tick, 2 * f.program.base_value), 2 * level)


def _factor(f: Facts, node: nodes.Node) -> nodes.Node | None:
    """The number by which a text multiplies a schedule, if it is as small as a rate is."""
    if not isinstance(node, nodes.Binary) or node.op != "*":
        return None
    for number, phase in ((node.left, node.right), (node.right, node.left)):
        amount = _factor_value(f, number)
        if 0 < amount <= _RATE and _is_schedule(phase):
            return number
    return None


def _factor_value(f: Facts, node: nodes.Node) -> Exact:
    """The value of a number, or of a name for one; 0 for anything else."""
    if isinstance(node, nodes.Name):
        bound = f.bound(node.id)
        return 0 if bound is None else _factor_value(f, bound)
    return node.value if isinstance(node, nodes.Number) else 0


def _is_schedule(node: nodes.Node) -> bool:
    """Whether a factor is a schedule of its own: it is no reference to another target, and no number."""
    parts = list(nodes.walk(node))
    return any(isinstance(part, nodes.Call) for part in parts) and not any(
        isinstance(part, nodes.Indexed) or (isinstance(part, nodes.Name) and part.id == "lr") for part in parts
    )


def _above_every_base(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan = d.target.plan
        if d.target.key != "lr" or plan.watches:
            continue
        base = max(d.bases, default=0.0)
        absolute = not d.bases or not mentions(plan.level, BASE)  # LR301 compares the other ones with the base
        low = f.summary(plan, 0.0) if absolute and highest_floor(plan.level) >= max(_LARGE, _TIMES * base) else Summary(())
        tick, level = _highest(f, plan, low)
        high = level > _LARGE or (level == _LARGE and mentions(plan.level, BASE))
        if high and not low.tests_rates:
            message = f"the level is {level:g} at tick {float(tick):g}, which no usual base comes near"
            yield _too_high(d, tick, message, "for a multiple of the base, write `1x`")
            continue
        one = f.summary(plan)
        tick, level = _highest(f, plan, one)
        if level >= _TIMES * f.program.base_value and not one.tests_rates and _scales(f, d, one):
            share = level / f.program.base_value
            yield _too_high(d, tick, f"the level is {share:g} times the base at tick {float(tick):g}", "for an absolute level, leave out the `x`")


def _highest(f: Facts, plan: Plan, s: Summary) -> tuple[Exact, float]:
    """The highest level and its tick. Without an end of the run and of the schedule, that is one of the first levels of the last phase."""
    if f.total is not None or plan.length is not None:
        return s.highest
    last = (plan.phases[-1].start or 0) + _FIRST
    return max((pair for pair in s.levels if pair[0] < last), key=lambda pair: pair[1], default=(0, math.nan))


def _too_high(d: Driven, tick: Exact, message: str, help: str) -> Finding:
    plan = d.target.plan
    return Finding(plan.phases[plan.phase_at(float(tick))].extent, message, help)


RULES = (
    Rule(
        "LR304",
        "gamma-out-of-place",
        "A gamma of 0, or one above 1.",
        "With a gamma of 0 the level stays 0; with one above 1 it grows.",
        "exp(1.05) for 50",
        "exp(0.95) for 50",
        _odd_gammas,
        about=(*SHRINKING, "plateau"),
    ),
    Rule(
        "LR319",
        "level-as-power",
        "A power of 0.05 or less.",
        "Such a number is a level: the second argument of `poly` is its power, and the level that it ends at is `to`.",
        "poly(100, 0.01)",
        "poly(100, to=0.01)",
        _powers,
        "unsafe",
    ),
    Rule(
        "LR320",
        "rate-as-factor",
        "A factor as small as a rate.",
        "A schedule says what multiple of the base the rate is; the rate itself stands in the optimizer.",
        "3e-4 * (warmup(10) then cosine(90))",
        "warmup(10) then cosine(90)",
        _rates_as_factors,
    ),
    Rule(
        "LR321",
        "above-every-base",
        "A rate above every usual base, or twenty times its base.",
        "Usually a multiple of the base is meant, or an absolute level where a multiple stands.",
        "cosine(100, from=100, to=1)",
        "cosine(100, from=1x, to=0.01x)",
        _above_every_base,
    ),
)
