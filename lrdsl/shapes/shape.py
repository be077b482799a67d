"""The declaration of a shape. The checker, the backends, the reference and the tests read everything about a shape from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeGuard

import attrs

from lrdsl.expr import ENTRY, ONE, PI, ZERO, Expr, Num, T, call, is_time, linear, number, select
from lrdsl.expr.exact import Exact, quotient
from lrdsl.kinds import Argument, Complaint, Parameter, choice, with_defaults
from lrdsl.metrics import Monitor
from lrdsl.phrases import Phrase, fill_template, not_default, parts_of

#: How the n ticks of a shape are counted, by the end levels that they touch: (a, b), where the share of the way at tick u is (u + a)/(n + b).
_COUNTS = {"start": (0, 0), "end": (1, 0), "both": (0, -1), "neither": (1, 1)}
#: The parameter that says it.
TOUCHES = choice(
    "touches",
    "which of the two end levels its n ticks touch: the share of the way at tick u is u/n, (u + 1)/n, u/(n - 1) or (u + 1)/(n + 1)",
    "start",
    *_COUNTS,
)
_COUNTED = {
    "end": " (the last tick at the end level)",
    "both": " (the first tick at the start level, the last at the end level)",
    "neither": " (no tick at either end level)",
}

#: When no level depends on an argument: a function of all arguments, by the name of the one.
Unfelt: TypeAlias = "Mapping[str, Callable[[Mapping[str, Any]], bool]]"


def _nothing(**_: Argument) -> None:
    return None


@attrs.frozen(eq=False)
class Shape:
    """A built-in phase.

    - `level(u, v, **arguments)` builds the formula from expressions: the ticks `u` since the phase began, the level `v` at which it enters, and its arguments
      by name (`from` as `from_`). `paper` builds the same value as papers print it, if that differs.
    - `length` is the natural length in ticks: the name of a parameter, or a function of the arguments that returns a number, or None for an endless phase.
      After it the phase holds the level `end(v, **arguments)`. With `own_rule`, the formula goes on instead.
    - `says` puts the shape into words: a template for `phrases.fill_template`, or a function of the arguments that returns a template or a phrase.
    - A shape with the parameter `TOUCHES` writes its formulas for the share u/n. `level_of` counts otherwise if the text says so.
    - `jumps`: the shape is meant to change the level at once where the phase begins.
    - `complain` returns what is wrong with a combination of arguments, or None.
    - `monitor` makes the monitor of a shape that follows a metric. Its formula then has a parameter `reductions`, a function of `u`: how often the event came.
    - `dated` names the parameter whose times count from the start of the run if the text says `since=run`. The formula gets them from its own start.
    - `stairs` names the parameter with the interval at whose ends the level changes, and between which it stays.
    - `cycles`: the level comes back again and again. `unfelt` says of arguments, by name, when no level depends on them. All three are for lint rules.
    - `known_as` are its names in other libraries, for hints.
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
    dated: str = ""
    stairs: str = ""
    cycles: bool = False
    unfelt: Unfelt = attrs.Factory(dict)
    known_as: tuple[str, ...] = ()
    example: str = ""

    @property
    def signature(self) -> str:
        """The call with its defaults, as `linear(n, to=0, from=v)`."""
        parts = [f"{p.name}={p.default_text}" if p.default_text not in ("", "?") else p.name + p.default_text for p in self.parameters]
        return f"{self.name}({', '.join(parts)})"


def keywords(arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """Returns arguments as Python keyword arguments. The parameters `from` and `for` become `from_` and `for_`."""
    return {f"{name}_" if name in ("from", "for") else name: value for name, value in arguments.items()}


def arguments_of(shape: Shape, explicit: Mapping[str, Argument]) -> dict[str, Any]:
    """Returns a shape's arguments, with its defaults for the missing ones, as Python keyword arguments."""
    return keywords(with_defaults(shape.parameters, explicit))


def natural_length(shape: Shape, arguments: dict[str, Any]) -> Exact | None:
    """Returns the shape's natural length in ticks, or None if it is endless."""
    if isinstance(shape.length, str):
        n = arguments[shape.length]
        return n.value if isinstance(n, Num) else None
    return shape.length(**arguments)


def level_of(shape: Shape, arguments: dict[str, Any], u: Expr = T, v: Expr = ENTRY, *, whole: bool = True, written: bool = False) -> Expr:
    """Returns the level at the time `u` >= 0 since entry, for the level `v` at entry. `written`: in the form that papers print.

    If `whole` is false, the formula need only be right up to the natural length.
    """
    n = natural_length(shape, arguments)
    values = arguments if v is ENTRY else {name: v if value is ENTRY else value for name, value in arguments.items()}
    formula = shape.paper if written and shape.paper is not None else shape.level
    if n is None or shape.end is None:
        return formula(u, v, **values)
    before, more = _COUNTS[str(values.get(TOUCHES.name, TOUCHES.default))]
    values = _of_formulas(values)
    end = shape.end(v, **values)
    if n == 0:
        return end
    if n + more <= 0:  # a single tick, which touches the start
        return select(u, [(ZERO.value, formula(ZERO, v, **{**values, "n": ONE})), (n, end)])
    reached = n + more - before
    if reached <= 0 or (isinstance(u, Num) and u.value >= reached):
        return end
    time = u + before if before else u
    level = formula(time, v, **{**values, "n": number(n + more)} if more else values)
    return level if reached == n and not whole else select(u, [(ZERO.value, level), (reached, end)])


def _of_formulas(arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments that the formulas of a shape take: all but `touches`."""
    return {name: value for name, value in arguments.items() if name != TOUCHES.name}


def phrase_of(shape: Shape, arguments: dict[str, Any], explicit: Mapping[str, Argument]) -> Phrase:
    """Says what the shape does. `explicit` holds the arguments in the text; those that equal their defaults are not mentioned."""
    if shape.end is not None and natural_length(shape, arguments) == 0:
        end = shape.end(ENTRY, **_of_formulas(arguments))
        return Phrase(("stays at ", ENTRY), idle=True) if end is ENTRY else Phrase(("is set to ", end))
    says = shape.says if isinstance(shape.says, str) else shape.says(**arguments)
    if isinstance(says, Phrase):
        return says
    template = says + _COUNTED.get(str(arguments.get(TOUCHES.name)), "")
    return fill_template(template, parts_of(shape.parameters, arguments), not_default(shape.parameters, explicit))


def left(u: Expr, n: Expr) -> Expr:
    """Returns the share of the phase that remains, (n - u)/n, without cancellation."""
    return linear(quotient(-1, n.value), u, ONE.value) if _is_exact_share(n, u) else (n - u) / n


def done(u: Expr, n: Expr) -> Expr:
    """Returns the share of the phase that has passed, u/n."""
    return linear(quotient(1, n.value), u, ZERO.value) if _is_exact_share(n, u) else u / n


def _is_exact_share(n: Expr, u: Expr) -> TypeGuard[Num]:
    """Whether u/n is an exact time, which `linear` makes in one step."""
    return isinstance(n, Num) and bool(n.value) and is_time(u)


def blend(start: Expr, end: Expr, remaining: Expr, passed: Expr) -> Expr:
    """Returns `start * remaining + end * passed`, where the two weights sum to 1. Neither end loses precision to cancellation."""
    return start * remaining + end * passed


def between(start: Expr, end: Expr, remaining: Expr) -> Expr:
    """Returns `blend` as papers write it: `end + (start - end) * remaining`."""
    return end + (start - end) * remaining


def hav(x: Expr) -> Expr:
    """Returns sin(pi x / 2)^2, the weight of a half cosine. It is accurate near 0, unlike (1 - cos(pi x))/2."""
    return call("hav", x)


def rising(x: Expr) -> Expr:
    """Returns `hav(x)` as papers write it: (1 - cos(pi x))/2."""
    return (1 - call("cos", PI * x)) / 2


def falling(x: Expr) -> Expr:
    """Returns 1 - `hav(x)` as papers write it: (1 + cos(pi x))/2."""
    return (1 + call("cos", PI * x)) / 2


def complement_of_power(u: Expr, n: Expr, base_left: Expr, base_done: Expr, exponent: Expr, blended: Callable[[Expr], Expr]) -> Expr:
    """Returns `blended(1 - base_left^exponent)`, where `base_left + base_done = 1`. Each half of the phase computes it from the smaller of the two."""
    by_done, by_left = _complements(base_left, base_done, exponent)
    return select(u, [(0, blended(by_done)), (_half(n), blended(by_left))])


def rest_of_rise(u: Expr, n: Expr, exponent: Expr) -> Expr:
    """Returns `1 - (u/n)^exponent`. Each half of the phase computes it from the smaller of the two shares."""
    by_left, by_done = _complements(done(u, n), left(u, n), exponent)
    return select(u, [(0, by_done), (_half(n), by_left)])


def _complements(base: Expr, rest: Expr, exponent: Expr) -> tuple[Expr, Expr]:
    """Returns `1 - base^exponent`, where `base + rest = 1`, computed from the rest, and computed from the base."""
    return -call("expm1", exponent * call("log1p", -rest)), -call("expm1", exponent * call("log", base))


def _half(n: Expr) -> Exact:
    return quotient(n.value, 2) if isinstance(n, Num) else 0
