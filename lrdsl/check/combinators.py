"""The catalogue of combinators, such as `repeat(A)`: each is declared once, with its parameters, its curve and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import attrs

from lrdsl.check import curves, cycles
from lrdsl.check.curves import Curve
from lrdsl.expr import ENTRY, ONE, ZERO, Expr, Num, mentions, number
from lrdsl.expr.exact import quotient
from lrdsl.kinds import Argument, Complaint, Parameter, choice, count, duration, level, phase, ratio
from lrdsl.shapes import SHAPES, Shape
from lrdsl.shapes.shape import Unfelt

_PHASE = phase("phase", "the phase, or phases in brackets")
_HALF, _TWO = number(quotient(1, 2)), number(2)
_TIMES = count("times", "how many cycles; endless if left out", None)


@attrs.frozen
class Combinator:
    """A combinator: it makes one phase from one or more others.

    `combine` makes the curve from the arguments by name, `paper` the curve as papers write it, if that differs. `says` is a template for
    `phrases.fill_template`, with the phase as `{phase}`, or a function of all arguments that returns one; an empty one says what the phase says. `cycles`: the
    phase runs more than once. `moves`: the phase runs at other times or at another speed. `rest` has no meaning in either. `variadic`: it takes any number of
    phases. `known_as` lists its names in other libraries, for hints. Three fields are functions of all arguments by name: `measures` returns whether the phase
    must end, `complain` returns the problem of arguments that do not fit together, `varies` returns whether cycles enter at other levels. Three are for lint
    rules: `neutral` says of arguments, by name, when nothing changes with them, `unfelt` when no level depends on them, and `stairs` names the
    parameter with the interval at whose ends the level changes, and between which it stays.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    combine: Callable[..., Curve]
    says: str | Callable[[Mapping[str, Any]], str]
    cycles: bool = False
    moves: bool = False
    variadic: bool = False
    measures: Callable[[Mapping[str, Any]], bool] = attrs.Factory(lambda self: lambda _: self.cycles, takes_self=True)
    complain: Callable[[Mapping[str, Any]], Complaint | None] = lambda _: None
    varies: Callable[[Mapping[str, Any]], bool] = lambda _: False
    neutral: Unfelt = attrs.Factory(dict)
    stairs: str = ""
    unfelt: Unfelt = attrs.Factory(dict)
    example: str = ""
    known_as: tuple[str, ...] = ()
    source: str = ""
    paper: Callable[..., Curve] | None = None

    @property
    def signature(self) -> str:
        """The call with its defaults, such as `repeat(phase, times?)`."""
        if self.variadic:
            return f"{self.name}(phase, phase, ...)"
        parts = [p.name + (p.default_text if p.default_text == "?" else f"={p.default_text}" if p.default_text else "") for p in self.parameters]
        return f"{self.name}({', '.join(parts)})"


def _count(times: Argument) -> int | None:
    return times.value.numerator if isinstance(times, Num) else None


def _stretch(phase: Curve, k: Argument, to: Argument) -> Curve:
    if isinstance(to, Num) and phase.length:
        return curves.stretch(phase, quotient(to.value, phase.length))
    return curves.stretch(phase, k.value) if isinstance(k, Num) else phase


def _ticks(value: Argument) -> Any:
    assert isinstance(value, Num)
    return value.value


def _needs_one_of_two(arguments: Mapping[str, Any]) -> Complaint | None:
    if (arguments["k"] is None) == (arguments["to"] is None):
        return "LR106", "", "`stretch` needs either `k` or `to`", "write `stretch(A, 2)`, or `stretch(A, to=100)`"
    return None


def _needs_a_bound(arguments: Mapping[str, Any]) -> Complaint | None:
    if arguments["low"] is None and arguments["high"] is None:
        return "LR106", "", "`clip` needs `low`, `high` or both", "write `clip(A, low=0.01x)`"
    return None


def _cycles_fit(arguments: Mapping[str, Any]) -> Complaint | None:
    if arguments["fixed"].value >= arguments["phase"].length:
        return "LR131", "fixed", "`fixed` is not shorter than the cycle", "leave a part of the cycle that `stretch` can change"
    if arguments["times"] is None and arguments["stretch"].value < 1:
        return "LR142", "", "endless cycles cannot shrink, because they would come to an end", "give the number of cycles: `times=10`"
    return None


def _growth(stretch: Argument, decay: Expr, fixed: Argument, cut: str, floor: str) -> cycles.Growth:
    assert isinstance(stretch, Num)
    return cycles.Growth(stretch, decay, _ticks(fixed), cut, floor)


def _again(arguments: Mapping[str, Any], how: str) -> str:
    """Returns the words for how often a phase runs, and from where each time."""
    times = _count(arguments["times"])
    if times == 1:
        return "goes once through this: {phase}"
    return f"repeats this {'without end' if times is None else '{times} times'}, {how}: {{phase}}"


def _longer(factor: Argument, name: str) -> str:
    """Returns the words for a length that is multiplied."""
    return "twice as long" if factor == _TWO else "half as long" if factor == _HALF else f"{{{name}}} times as long"


def _restarts_words(arguments: Mapping[str, Any]) -> str:
    level = (
        "the same level"
        if arguments["decay"] == ONE
        else "half the level of the time before"
        if arguments["decay"] == _HALF
        else "{decay} times the level of the time before"
    )
    floor = ", with all levels in it" if arguments["floor"] == "decays" and arguments["decay"] != ONE else ""
    stretched = (
        f", each cycle {_longer(arguments['stretch'], 'stretch')} as the one before[ but for its first {{fixed}}]" if arguments["stretch"] != ONE else ""
    )
    cut = {"no": "", "each": ", cut to whole ticks", "chain": ", as it was cut to whole ticks"}[arguments["cut"]] if stretched else ""
    return _again(arguments, f"each time from {level}{floor}{stretched}{cut}")


_DECLARED = (
    Combinator(
        "repeat",
        "A again and again, each time from where the last ended.",
        (_PHASE, _TIMES),
        lambda phase, times: cycles.repeat(phase, _count(times)),
        lambda arguments: _again(arguments, "each time from the level it has come to"),
        cycles=True,
        varies=lambda _: True,
        neutral={"times": lambda arguments: arguments["times"] == ONE},
        example="repeat(hold(3) then drop(0.1))",
        known_as=("loop", "again", "periodic"),
    ),
    Combinator(
        "restarts",
        "A again and again from the same entry level: warm restarts.",
        (
            _PHASE,
            _TIMES,
            ratio("stretch", "how many times as long each cycle is as the one before", 1, letter="m", open_low=True, exact=True),
            ratio("decay", "the factor on the entry level from cycle to cycle", 1, letter="rho", shrinks=True),
            duration("fixed", "the first ticks of a cycle, which `stretch` leaves as they are", 0, letter="T_f", empty=True),
            choice(
                "cut",
                "whether lengths are cut to whole ticks: each exact length, or in a chain, `stretch` times the cut length before",
                "no",
                *("no", "each", "chain"),
            ),
            choice("floor", "whether levels that the text gives stay, or decay as the entry level does", "fixed", "fixed", "decays"),
        ),
        lambda phase, times, **growth: cycles.restarts(phase, _count(times), _growth(**growth)),
        _restarts_words,
        cycles=True,
        complain=_cycles_fit,
        varies=lambda arguments: arguments["decay"] != ONE,
        neutral={"times": lambda arguments: arguments["times"] == ONE},
        unfelt={
            "stretch": lambda arguments: arguments["times"] == ONE,
            "decay": lambda arguments: arguments["times"] == ONE or (arguments["floor"] == "fixed" and not mentions(arguments["phase"].level, ENTRY)),
            "fixed": lambda arguments: arguments["stretch"] == ONE,
            "cut": lambda arguments: arguments["stretch"] == ONE,
            "floor": lambda arguments: arguments["decay"] == ONE,
        },
        example="restarts(cosine(10), stretch=2)",
        source="Loshchilov & Hutter 2017, eq. 5",
        known_as=("warm_restarts", "sgdr", "cosine_with_restarts"),
        paper=lambda phase, times, **growth: cycles.written_restarts(phase, _count(times), _growth(**growth)),
    ),
    Combinator(
        "bounce",
        "A forward, then backward, for ever.",
        (_PHASE,),
        lambda phase: cycles.bounce(phase),
        "runs forward and backward through this without end: {phase}",
        cycles=True,
        example="bounce(cosine(20))",
        known_as=("pingpong", "mirror", "zigzag"),
    ),
    Combinator(
        "every",
        "A, sampled only every so many ticks: a staircase.",
        (duration("interval", "the ticks between two samples", letter="s", repeats=True), _PHASE),
        lambda interval, phase: curves.every(_ticks(interval), phase),
        "changes only {every interval}, to the level of a curve that {phase}",
        neutral={"interval": lambda arguments: arguments["interval"] == ONE},
        stairs="interval",
        example="every(10, cosine(100))",
        known_as=("sample", "quantize"),
    ),
    Combinator(
        "skip",
        "A without its first ticks, from the level that it would have come to.",
        (duration("n", "how many ticks are left out", letter="s", empty=True), _PHASE),
        lambda n, phase: curves.skip(_ticks(n), phase),
        lambda arguments: "begins {n} into a curve that {phase}" if _ticks(arguments["n"]) else "",
        moves=True,
        neutral={"n": lambda arguments: arguments["n"] == ZERO},
        example="warmup(5) then skip(5, cosine(100))",
        known_as=("offset", "delay", "shift", "advance"),
    ),
    Combinator(
        "stretch",
        "A, k times as long, or made `to` long.",
        (
            _PHASE,
            ratio("k", "how many times as long", None, letter="kappa", open_low=True, exact=True),
            duration("to", "its new length, instead of k", None, letter="T_c"),
        ),
        _stretch,
        lambda arguments: f"takes {'{to} for' if arguments['k'] is None else _longer(arguments['k'], 'k') + ' as'} a curve that {{phase}}",
        moves=True,
        measures=lambda arguments: arguments["to"] is not None,
        complain=_needs_one_of_two,
        neutral={"k": lambda arguments: arguments["k"] == ONE, "to": lambda arguments: arguments["to"] == number(arguments["phase"].length)},
        example="stretch(step(3, 0.1), 2)",
        known_as=("scale_time", "slow", "scale_schedule"),
    ),
    Combinator(
        "min",
        "The lowest of several, at every tick.",
        (_PHASE,),
        lambda phases: curves.extreme("min", phases),
        "is at every tick the lowest of these: {phase}",
        variadic=True,
        example="min(cosine(100), exp(0.95))",
        known_as=("minimum",),
    ),
    Combinator(
        "max",
        "The highest of several, at every tick.",
        (_PHASE,),
        lambda phases: curves.extreme("max", phases),
        "is at every tick the highest of these: {phase}",
        variadic=True,
        example="max(exp(0.95), 0.01x)",
        known_as=("maximum",),
    ),
    Combinator(
        "sum",
        "The sum of several, at every tick.",
        (_PHASE,),
        lambda phases: curves.total(phases),
        "is at every tick the sum of these: {phase}",
        variadic=True,
        example="sum(cosine(100), 0.1 * exp(0.95))",
        known_as=("add", "plus"),
    ),
    Combinator(
        "clip",
        "A, kept between two levels, or on one side of one.",
        (_PHASE, level("low", "the lowest level", None, letter="eta_low"), level("high", "the highest level", None, letter="eta_high")),
        lambda phase, low, high: curves.clip(phase, low, high),
        lambda arguments: "{phase}[, but is never below {low}]" + ("[, but is" if arguments["low"] is None else "[, and") + " never above {high}]",
        complain=_needs_a_bound,
        example="clip(exp(0.95), 0.01x, 1x)",
        known_as=("clamp", "bound"),
    ),
)

#: The combinators by name, and the name here of each combinator that other libraries call otherwise.
COMBINATORS: dict[str, Combinator] = {c.name: c for c in _DECLARED}

KNOWN_AS: dict[str, str] = {word: c.name for c in _DECLARED for word in c.known_as}


@lru_cache(maxsize=256)
def declarations(word: str) -> tuple[Shape | Combinator, ...]:
    """The declarations of a word: all forms of a shape, or a combinator; none for any other word."""
    return SHAPES.get(word) or ((COMBINATORS[word],) if word in COMBINATORS else ())


@lru_cache(maxsize=256)
def parameters_of(word: str) -> Mapping[str, Parameter]:
    """The parameters of a shape, in all its forms, or of a combinator, by name; none for any other word."""
    return {p.name: p for declaration in declarations(word) for p in declaration.parameters}


@lru_cache(maxsize=256)
def shrinking(word: str) -> tuple[str, int] | None:
    """The factor of a shape or a combinator that is there to make the level fall, and its place among the parameters; None if there is none.

    >>> shrinking("step"), shrinking("restarts"), shrinking("cosine")
    (('gamma', 1), ('decay', 3), None)
    """
    return next(((p.name, i) for declaration in declarations(word) for i, p in enumerate(declaration.parameters) if p.shrinks), None)
