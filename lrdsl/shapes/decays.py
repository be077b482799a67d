"""Shapes that go to a level in a given time and then hold it: hold, warmup, linear, cosine, poly, one_minus_sqrt, and exp with a target."""

from __future__ import annotations

import attrs

from lrdsl.expr import ENTRY, ONE, PI, ZERO, Expr, Num, call
from lrdsl.kinds import Complaint, choice, duration, level, ratio
from lrdsl.shapes.shape import TOUCHES, Shape, between, blend, complement_of_power, done, falling, hav, left, rest_of_rise, rising

_N = duration("n", "how long it takes", letter="T_d", empty=True)
_FROM = level("from", "the level it starts from; by default the entry level", ENTRY, letter="eta_start")
_TO = level("to", "the level it ends at", 0, letter="eta_min", sets="end")
_POSITIVE_TO = level("to", "the level it ends at, above 0", letter="eta_min", positive=True, sets="end")

hold = Shape(
    name="hold",
    summary="Stays at the entry level, or at a level of its own.",
    source="ConstantLR's plateau; the stable phase of warmup-stable-decay (Hu et al. 2024)",
    parameters=(
        duration("n", "how long; endless by default", None, letter="T_s", empty=True),
        level("at", "the level; by default the entry level", ENTRY, letter="eta_s"),
    ),
    length=lambda n, at: n.value if isinstance(n, Num) else None,
    level=lambda u, v, n, at: at,
    end=lambda v, n, at: at,
    says="stays at {at}[ for {n}]",
    known_as=("constant", "const", "flat", "freeze", "frozen", "stable", "keep", "wait"),
    example="hold(30)",
)


#: The curves of a warmup, and how a sentence names each.
_WAYS = {
    "linear": "linearly",
    "cosine": "along a half cosine",
    "exp": "exponentially",
    "sqrt": "with the square root of time",
    "square": "with the square of time",
    "one_minus_sqrt": "as 1 − √(the share of time left)",
    "log": "with the logarithm of time",
    "sin": "along a quarter of a sine",
}


def _rise(u: Expr, v: Expr, n: Expr, from_: Expr, shape: str, power: Expr) -> Expr:
    if power != ONE:
        return blend(from_, v, rest_of_rise(u, n, power), done(u, n) ** power)
    if shape == "log":
        whole = call("log1p", n)
        return blend(from_, v, call("log1p", (n - u) / (ONE + u)) / whole, call("log1p", u) / whole)
    if shape == "sin":
        return blend(from_, v, 2 * hav(left(u, n) / 2), call("sin", PI / 2 * done(u, n)))
    if shape == "exp":
        return from_ * (v / from_) ** done(u, n)
    if shape == "sqrt":
        return blend(from_, v, (n - u) / (n + call("sqrt", n * u)), call("sqrt", done(u, n)))
    if shape == "one_minus_sqrt":
        root = call("sqrt", left(u, n))
        return blend(from_, v, root, done(u, n) / (1 + root))
    if shape == "square":
        return blend(from_, v, left(u, n) * (ONE + done(u, n)), done(u, n) ** 2)
    if shape == "cosine":
        return blend(from_, v, hav(left(u, n)), hav(done(u, n)))
    return blend(from_, v, left(u, n), done(u, n))


def _rise_paper(u: Expr, v: Expr, n: Expr, from_: Expr, shape: str, power: Expr) -> Expr:
    if shape == "exp":
        return _rise(u, v, n, from_, shape, power)
    passed = {
        "linear": done(u, n) ** power,
        "cosine": rising(done(u, n)),
        "sqrt": call("sqrt", done(u, n)),
        "square": done(u, n) ** 2,
        "one_minus_sqrt": 1 - call("sqrt", left(u, n)),
        "log": call("log", 1 + u) / call("log", 1 + n),
        "sin": call("sin", PI / 2 * done(u, n)),
    }[shape]
    return between(v, from_, passed)


def _warmup_fits(from_: Expr, shape: str, power: Expr, **_: object) -> Complaint | None:
    if power != ONE and shape != "linear":
        return "LR131", "power", f"`power` belongs to a linear warmup, and this one is `{shape}`", "leave `shape` or `power` out"
    if shape == "exp" and from_ == ZERO:
        return "LR131", "from", "an exponential warmup cannot start from 0", "give the level it starts from: `warmup(100, from=0.01x, shape=exp)`"
    return None


warmup = Shape(
    name="warmup",
    summary="Rises to the entry level.",
    source="Goyal et al. 2017, section 2.2 (linear)",
    parameters=(
        attrs.evolve(_N, letter="T_w"),
        level("from", "the level it starts from", 0, letter="eta_start"),
        choice("shape", "the curve of the rise", "linear", *_WAYS),
        ratio("power", "the exponent of the share of time that has passed", 1, letter="p", open_low=True, high=100),
        TOUCHES,
    ),
    length="n",
    level=_rise,
    paper=_rise_paper,
    end=lambda v, **_: v,
    says=lambda shape, power, **_: (
        "warms up" + (f" {_WAYS[shape]}" if power == ONE else "") + "[ from {from}] over {n} to {v}[, as the share of time to the power {power}]"
    ),
    complain=_warmup_fits,
    known_as=("warm_up", "linear_warmup", "rampup", "ramp_up", "ramp"),
    example="warmup(500)",
)


def _rises(start: Expr, end: Expr) -> bool:
    """Whether both levels are numbers, and the second is higher."""
    return isinstance(start, Num) and isinstance(end, Num) and start.value < end.value


linear = Shape(
    name="linear",
    summary="Goes to `to` in a straight line, then holds.",
    source="torch LinearLR; optax.linear_schedule",
    parameters=(_N, _TO, _FROM, TOUCHES),
    length="n",
    level=lambda u, v, n, to, from_: blend(from_, to, left(u, n), done(u, n)),
    paper=lambda u, v, n, to, from_: between(to, from_, done(u, n)) if _rises(from_, to) else between(from_, to, left(u, n)),
    end=lambda v, n, to, from_: to,
    says="{goes from to} linearly[ from {from}] to {to} over {n}",
    known_as=("line", "linear_decay", "decay", "cooldown", "linear_schedule"),
    example="linear(100, to=0.1x)",
)


def _cosine(u: Expr, v: Expr, n: Expr, to: Expr, from_: Expr, power: Expr) -> Expr:
    weight = hav(left(u, n))
    if power == ONE:
        return blend(from_, to, weight, hav(done(u, n)))
    return complement_of_power(u, n, weight, hav(done(u, n)), power, lambda passed: blend(from_, to, weight**power, passed))


cosine = Shape(
    name="cosine",
    summary="Goes to `to` along half a cosine, then holds.",
    source="Loshchilov & Hutter 2017, eq. 5; the power as in optax.cosine_decay_schedule",
    parameters=(_N, _TO, _FROM, ratio("power", "the exponent of the cosine's weight", 1, letter="p", open_low=True, high=100), TOUCHES),
    length="n",
    level=_cosine,
    paper=lambda u, v, n, to, from_, power: between(from_, to, falling(done(u, n)) ** power),
    end=lambda v, n, to, from_, power: to,
    says="follows a half cosine[ from {from}] to {to} over {n}[, the cosine's weight to the power {power}]",
    known_as=("cos", "anneal", "annealing", "cosine_decay", "cosine_annealing", "half_cosine"),
    example="cosine(100)",
)


def _poly(u: Expr, v: Expr, n: Expr, power: Expr, to: Expr, from_: Expr) -> Expr:
    if power == ONE:
        return blend(from_, to, left(u, n), done(u, n))
    weight = left(u, n) ** power
    return complement_of_power(u, n, left(u, n), done(u, n), power, lambda passed: blend(from_, to, weight, passed))


poly = Shape(
    name="poly",
    summary="Goes to `to` with a power of the time left, then holds.",
    source="torch PolynomialLR; Chen et al. 2017 (DeepLab) with power 0.9",
    parameters=(_N, ratio("power", "the exponent", 1, letter="p", open_low=True, high=100), _TO, _FROM, TOUCHES),
    length="n",
    level=_poly,
    paper=lambda u, v, n, power, to, from_: between(from_, to, (ONE - done(u, n)) ** power),
    end=lambda v, n, power, to, from_: to,
    says=lambda power, **_: (
        "{goes from to}" + (" linearly" if power == ONE else "") + "[ from {from}] to {to} over {n}[, as the share of time left to the power {power}]"
    ),
    known_as=("polynomial", "polynomial_decay"),
    example="poly(100, power=2)",
)

exp_to = Shape(
    name="exp",
    summary="Goes to `to` by the same factor at every tick, then holds.",
    source="optax.exponential_decay with an end value",
    parameters=(_N, _POSITIVE_TO, _FROM, TOUCHES),
    length="n",
    level=lambda u, v, n, to, from_: from_ * (to / from_) ** done(u, n),
    end=lambda v, n, to, from_: to,
    says="{goes from to} exponentially[ from {from}] to {to} over {n}",
    known_as=("geometric", "exponential"),
    example="exp(100, to=0.01x)",
)

one_minus_sqrt = Shape(
    name="one_minus_sqrt",
    summary="The 1-sqrt cooldown: goes to `to`, fast at first and then slower, then holds.",
    source="Hagele et al. 2024, eq. 2",
    parameters=(_N, _TO, TOUCHES),
    length="n",
    level=lambda u, v, n, to: blend(v, to, (n - u) / (n + call("sqrt", n * u)), call("sqrt", done(u, n))),
    paper=lambda u, v, n, to: between(v, to, ONE - call("sqrt", done(u, n))),
    end=lambda v, n, to: to,
    says="{goes v to} as 1 − √(the share of time passed) to {to} over {n}",
    known_as=("sqrt", "1-sqrt", "sqrt_cooldown", "inv_sqrt_cooldown"),
    example="one_minus_sqrt(100)",
)

SHAPES = (hold, warmup, linear, cosine, poly, exp_to, one_minus_sqrt)
