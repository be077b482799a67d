"""Shapes that follow a rule without end: exp, rsqrt, inv, step, multistep and drop; scale and cumprod take the rule from the text."""

from __future__ import annotations

from itertools import pairwise

from lrdsl.expr import ENTRY, INDEX, ONE, ZERO, Expr, Num, T, call, floor, mentions, number, product, select, substitute
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Complaint, choice, duration, formula, level, ratio
from lrdsl.phrases import Formula, Phrase, Scaled, Since
from lrdsl.shapes.shape import Shape, between, blend, done

#: From where the times of a shape count.
SINCE = choice("since", "whether the milestones count from the start of the phase or of the run", "phase", "phase", "run")


def _endless(**_: object) -> None:
    return None


exp = Shape(
    name="exp",
    summary="Multiplies by gamma at every tick, or in every `per` ticks, without end.",
    source="torch ExponentialLR",
    parameters=(
        ratio("gamma", "the factor of `per` ticks", letter="gamma", shrinks=True, beyond="; for the number e^x as a factor, write `scale(exp(x))`"),
        duration("per", "the ticks in which it is multiplied by gamma", 1, letter="T_g", repeats=True),
    ),
    length=_endless,
    level=lambda u, v, gamma, per: v * gamma ** done(u, per),
    says=lambda gamma, per: "is multiplied by {gamma} {every per}" + (", little by little" if per != ONE else ""),
    known_as=("exponential", "exponential_decay", "geometric"),
    example="exp(0.95)",
)

rsqrt = Shape(
    name="rsqrt",
    summary="Falls as the inverse square root of time, without end.",
    source="Vaswani et al. 2017, section 5.3; the offset form of Zhai et al. 2022",
    parameters=(duration("timescale", "the ticks after which it has fallen by a factor of sqrt(2)", letter="T_0"),),
    length=_endless,
    level=lambda u, v, timescale: v * call("sqrt", timescale / (timescale + u)),
    says="decays as 1/√(1 + t/T), with T = {timescale} and t counted from {since}",
    known_as=("inverse_sqrt", "inv_sqrt", "noam"),
    example="rsqrt(1000)",
)

inv = Shape(
    name="inv",
    summary="Falls as an inverse power of time, without end.",
    source="Robbins & Monro 1951; keras InverseTimeDecay",
    parameters=(
        duration("timescale", "the ticks after which it has fallen by a factor of 2 to the power", letter="T_0"),
        ratio("power", "the exponent", 1, letter="p", open_low=True, high=100),
    ),
    length=_endless,
    says="decays as 1/(1 + t/T)[ to the power {power}], with T = {timescale} and t counted from {since}",
    level=lambda u, v, timescale, power: v * (timescale / (timescale + u)) ** power,
    paper=lambda u, v, timescale, power: v / (1 + u / timescale) ** power,
    known_as=("inverse", "inverse_time", "hyperbolic"),
    example="inv(100)",
)

drop = Shape(
    name="drop",
    summary="Multiplies by gamma once; it takes no time itself.",
    source="one milestone of MultiStepLR",
    parameters=(ratio("gamma", "the factor", letter="gamma", shrinks=True),),
    length=lambda gamma: 0,
    level=lambda u, v, gamma: v * gamma,
    says="is multiplied by {gamma} at once",
    own_rule=True,
    jumps=True,
    known_as=("factor", "multiply", "jump"),
    example="hold(30) then drop(0.1)",
)

step = Shape(
    name="step",
    summary="Multiplies by gamma every n ticks, without end if it is the last phase.",
    source="torch StepLR",
    parameters=(
        duration("n", "the ticks between two drops", letter="s", repeats=True),
        ratio("gamma", "the factor of one drop", 0.1, letter="gamma", shrinks=True),
    ),
    length="n",
    level=lambda u, v, n, gamma: v * gamma ** floor(u / n),
    says="is multiplied by {gamma} {every n}",
    own_rule=True,
    stairs="n",
    known_as=("staircase", "step_decay", "stepwise"),
    example="step(30, 0.1)",
)


def _after(milestones: tuple[Expr, ...], gamma: Expr | tuple[Expr, ...]) -> list[Expr]:
    """Returns the factors at the start and after each milestone."""
    factors: list[Expr] = [number(1)]
    for i in range(len(milestones)):
        factors.append(factors[-1] * gamma[i] if isinstance(gamma, tuple) else gamma ** (i + 1))
    return factors


def _starts(milestones: tuple[Expr, ...]) -> list[Exact]:
    return [m.value for m in milestones if isinstance(m, Num)]


def _drops(u: Expr, v: Expr, milestones: tuple[Expr, ...], gamma: Expr | tuple[Expr, ...], **_: object) -> Expr:
    """The level after the milestones that have passed. Those before the phase count from its start on; a milestone that stands twice counts twice."""
    levels = {max(start, 0): v * factor for start, factor in zip([0, *_starts(milestones)], _after(milestones, gamma), strict=True)}
    return select(u, list(levels.items()))


def _milestones_fit(milestones: tuple[Expr, ...], gamma: Expr | tuple[Expr, ...], **_: object) -> Complaint | None:
    at = _starts(milestones)
    if any(b < a for a, b in pairwise(at)):
        return "LR133", "milestones", "milestones must not fall", "write them in rising order: `[30, 60, 80]`"
    if isinstance(gamma, tuple) and len(gamma) != len(at):
        return "LR134", "gamma", f"{len(gamma)} gammas for {len(at)} milestones", "give one gamma, or one for each milestone"
    return None


multistep = Shape(
    name="multistep",
    summary="Multiplies by gamma at each milestone.",
    source="torch MultiStepLR; optax.piecewise_constant_schedule",
    parameters=(
        duration("milestones", "the ticks at which it drops, rising", letter="m", empty=True, listed="list"),
        ratio("gamma", "the factor of a drop; a list gives each milestone its own", 0.1, letter="gamma", listed="either", shrinks=True),
        SINCE,
    ),
    length=lambda milestones, **_: max([0, *_starts(milestones)]),
    level=_drops,
    own_rule=True,
    jumps=True,
    dated="milestones",
    complain=_milestones_fit,
    says=lambda milestones, **_: "is multiplied by {gamma} after {more milestones}" if milestones else "stays at {v}",
    known_as=("milestones", "piecewise", "piecewise_constant", "multi_step"),
    example="multistep([30, 60, 80])",
)


def _at(u: Expr, factor: Expr) -> Expr:
    """Returns a formula of the text at the ticks `u` of its phase."""
    return substitute(factor, {T: u})


def _scale_phrase(factor: Expr, to: Expr) -> Phrase:
    time = (", t counted in ", Since(unit=True)) if mentions(factor, T) else ()
    if to == ZERO:
        return Phrase(("is ", Scaled(ENTRY, factor), *time))
    return Phrase(("is ", to, " plus ", Formula(factor, factor=True), " times the way from there to ", ENTRY, *time))


scale = Shape(
    name="scale",
    summary="Multiplies the entry level, or its distance above `to`, by an expression of the phase's own ticks.",
    source="torch LambdaLR",
    parameters=(formula("factor", "the factor at tick t"), level("to", "the level where the factor is 0", 0, letter="eta_min", sets="end")),
    length=_endless,
    level=lambda u, v, factor, to: blend(v, to, _at(u, factor), 1 - _at(u, factor)),
    paper=lambda u, v, factor, to: between(v, to, _at(u, factor)),
    says=_scale_phrase,
    known_as=("lambda", "function", "expr", "custom"),
    example="scale(1 / (1 + t))",
)

cumprod = Shape(
    name="cumprod",
    summary="Multiplies the level at every tick by an expression of t.",
    source="torch MultiplicativeLR",
    parameters=(formula("factor", "the factor of tick t", shrinks=True),),
    length=_endless,
    says=lambda factor: "is multiplied {every tick} by {factor}" + (", t counted in {unit since}" if mentions(factor, T) else ""),
    level=lambda u, v, factor: v * product(substitute(factor, {T: INDEX}), floor(u)),
    known_as=("multiplicative", "product"),
    example="cumprod(1 - 1 / (t + 1))",
)

SHAPES = (exp, rsqrt, inv, drop, step, multistep, scale, cumprod)
