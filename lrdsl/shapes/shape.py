"""What a shape is: one declaration from which checking, every backend, the reference and the tests take all they know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import attrs

from lrdsl.expr import ENTRY, ONE, PI, ZERO, Expr, Num, T, call, is_time, linear, select
from lrdsl.expr.exact import Exact, quotient
from lrdsl.kinds import Argument, Complaint, Parameter, resolved
from lrdsl.metrics import Monitor
from lrdsl.phrases import Phrase, filled, spoken, worded


def _nothing(**_: Argument) -> None:
    return None


@attrs.frozen(eq=False)
class Shape:
    """A built-in phase.

    `level(u, v, **arguments)` is the formula, a function over our arithmetic of the phase's own ticks, of the level that it enters at, and of its arguments by
    name (`from` as `from_`). `paper`, where given, is the same value as people print it. `length` is the natural length in ticks: a parameter's name, or a
    function of the arguments that gives a fraction, or None for an endless phase. Past it the phase holds `end(v, **arguments)`, or, with `own_rule`, goes on
    by its formula.
    `says` is what it does in words, a template for `phrases.filled`, or a function of the arguments that gives one, or the phrase.
    `jumps` says that the level may change where the phase begins, which is what it is for. `complain` finds arguments that do not go together. `known_as` are
    names other libraries give it, for hints. A shape that follows a metric has a `monitor`, made from its arguments, and its formula has a parameter
    `reductions`, a function of u: how often the monitor's event has come.
    """

    name: str
    summary: str
    source: str
    parameters: tuple[Parameter, ...]
    level: Callable[..., Expr]
    length: str | Callable[..., Exact | None]
    says: str | Callable[..., str | Phrase]
    paper: Callable[..., Expr] | None = None
    end: Callable[..., Expr] | None = None
    own_rule: bool = False
    jumps: bool = False
    complain: Callable[..., Complaint | None] = _nothing
    monitor: Callable[..., Monitor] | None = None
    known_as: tuple[str, ...] = ()
    example: str = ""

    @property
    def signature(self) -> str:
        """The call with its defaults, as in `linear(n, to=0, from=v)`."""
        parts = [f"{p.name}={p.default_text}" if p.default_text not in ("", "?") else p.name + p.default_text for p in self.parameters]
        return f"{self.name}({', '.join(parts)})"


def keywords(arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """Arguments as Python keywords; a parameter named like a Python keyword has an underscore behind."""
    return {f"{name}_" if name in ("from", "for") else name: value for name, value in arguments.items()}


def arguments_of(shape: Shape, given: Mapping[str, Argument]) -> dict[str, Any]:
    """A shape's arguments with its defaults filled in, as Python keywords."""
    return keywords(resolved(shape.parameters, given))


def natural_length(shape: Shape, arguments: dict[str, Any]) -> Exact | None:
    """The shape's natural length in ticks, None for endless."""
    if isinstance(shape.length, str):
        n = arguments[shape.length]
        return n.value if isinstance(n, Num) else None
    return shape.length(**arguments)


def level_of(shape: Shape, arguments: dict[str, Any], u: Expr = T, v: Expr = ENTRY, *, whole: bool = True, written: bool = False) -> Expr:
    """The level at the time `u` since entry, from 0 on, for the level `v` at entry; as people write it where it is to be `written`.

    Where it need not be the `whole` of it, it is right up to the natural length.
    """
    n = natural_length(shape, arguments)
    given = arguments if v is ENTRY else {name: v if value is ENTRY else value for name, value in arguments.items()}
    formula = shape.paper if written and shape.paper is not None else shape.level
    if n is None or shape.end is None or (n and not whole):
        return formula(u, v, **given)
    end = shape.end(v, **given)
    if n == 0 or (isinstance(u, Num) and u.value >= n):
        return end
    return select(u, [(ZERO.value, formula(u, v, **given)), (n, end)])


def phrase_of(shape: Shape, arguments: dict[str, Any], given: Mapping[str, Argument]) -> Phrase:
    """What the shape does, in words; `given` are the arguments that the text has, of which those that say no more than the default are left out."""
    says = shape.says if isinstance(shape.says, str) else shape.says(**arguments)
    return says if isinstance(says, Phrase) else filled(says, worded(shape.parameters, arguments), spoken(shape.parameters, given))


def left(u: Expr, n: Expr) -> Expr:
    """The share of the phase that remains, (n - u)/n, without cancellation."""
    return linear(quotient(-1, n.value), u, ONE.value) if _measures(n, u) else (n - u) / n


def done(u: Expr, n: Expr) -> Expr:
    """The share of the phase that is over, u/n."""
    return linear(quotient(1, n.value), u, ZERO.value) if _measures(n, u) else u / n


def _measures(n: Expr, u: Expr) -> TypeGuard[Num]:
    """Whether the share of `n` that a time makes is an exact time too, which is quicker made at once."""
    return isinstance(n, Num) and bool(n.value) and is_time(u)


def blend(start: Expr, end: Expr, remaining: Expr, passed: Expr) -> Expr:
    """A convex combination: `start` weighted by what remains, `end` by what has passed."""
    return start * remaining + end * passed


def between(start: Expr, end: Expr, remaining: Expr) -> Expr:
    """The same as papers write it: `end + (start - end) * remaining`."""
    return end + (start - end) * remaining


def hav(x: Expr) -> Expr:
    """sin(pi x / 2)^2, the weight of a half cosine, accurate to the last bits near 0."""
    return call("hav", x)


def rising(x: Expr) -> Expr:
    """The same as papers write it: (1 - cos(pi x))/2."""
    return (1 - call("cos", PI * x)) / 2


def falling(x: Expr) -> Expr:
    """What a half cosine leaves: (1 + cos(pi x))/2."""
    return (1 + call("cos", PI * x)) / 2


def rest_of_power(u: Expr, n: Expr, base_left: Expr, base_done: Expr, exponent: Expr, blended: Callable[[Expr], Expr]) -> Expr:
    """`blended(1 - base_left^exponent)` where `base_left + base_done = 1`, computed from the smaller of the two in each half of the phase."""
    half = quotient(n.value, 2) if isinstance(n, Num) else 0
    early = -call("expm1", exponent * call("log1p", -base_done))
    late = -call("expm1", exponent * call("log", base_left))
    return select(u, [(0, blended(early)), (half, blended(late))])
