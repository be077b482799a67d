"""Phrases: what a phase does, in words. A phrase mixes text with levels and durations that are put into words later, when base and units are known."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from lrdsl.expr import ENTRY, Expr, Num, Symbol, substitute
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind, Parameter
from lrdsl.work import spend

#: The level that the run has reached, for a phase that enters at another level each time.
REACHED = Symbol("then")


@attrs.frozen
class Ticks:
    """One or more durations, as in `30, 60 and 80 steps`; with `every`, an interval, as in `every 30 steps`.

    With `more`, they count from where a phase begins: `30 more steps`, unless that is the start.
    """

    ticks: tuple[Exact, ...]
    every: bool = False
    more: bool = False


@attrs.frozen
class Goes:
    """The verb for a change from one level to another: "falls", "rises", or "goes" if the order of the two is not known."""

    start: Expr
    end: Expr


@attrs.frozen
class Formula:
    """An expression of `t`, written as a formula. As a `factor`, a sum gets brackets."""

    of: Expr
    factor: bool = False


@attrs.frozen
class Scaled:
    """A level times an expression of `t`."""

    level: Expr
    of: Expr


@attrs.frozen
class Since:
    """Where the time of a phase counts from: "the start" in the first phase of a sentence, else "there"; with `unit`, "steps from there"."""

    unit: bool = False


#: A part of a phrase. An expression is a level or a ratio.
Part: TypeAlias = "str | Expr | Ticks | Goes | Formula | Scaled | Since"


@attrs.frozen
class Phrase:
    """What the scheduled value does, beginning with the verb.

    `several` marks a sequence, which needs brackets inside another phrase. `idle` marks a phase that takes no time and leaves the level, which a sequence need
    not mention.
    """

    parts: tuple[Part, ...]
    several: bool = False
    idle: bool = False

    def where(self, names: Mapping[Expr, Expr]) -> Phrase:
        """Returns the phrase with symbols in its levels replaced."""

        def change(part: Part) -> Part:
            match part:
                case Goes(start, end):
                    return Goes(substitute(start, names), substitute(end, names))
                case Scaled(level, of):
                    return Scaled(substitute(level, names), of)
                case Expr():
                    return substitute(part, names)
            return part

        spend(len(self.parts))
        return attrs.evolve(self, parts=tuple(change(part) for part in self.parts))

    @property
    def from_reached_level(self) -> Phrase:
        """The phrase, entered at the level that the run has reached."""
        return self.where({ENTRY: REACHED})


def grouped(n: float, least: int = 1000) -> str:
    """Returns a number with its thousands grouped as the language writes them, if it is not below `least`.

    >>> grouped(10_000), grouped(2000, least=10_000), grouped(2.5)
    ('10_000', '2000', '2.5')
    """
    grouping = "_" if abs(n) >= least else ""
    return f"{n:{grouping}}" if isinstance(n, int) else f"{n:{grouping}.10g}"


def phrase(*parts: Part | Phrase | None, several: bool = False) -> Phrase | None:
    """Joins parts and phrases into one phrase; None if one of them is None. A sequence among them gets brackets."""
    joined: list[Part] = []
    for part in parts:
        if part is None:
            return None
        if isinstance(part, Phrase):
            joined += ["(", *part.parts, ")"] if part.several and not several else part.parts
        else:
            joined.append(part)
    spend(len(joined) // 4)
    return Phrase(tuple(joined), several)


def bracketed(inner: Phrase | None) -> Phrase | None:
    """Puts a phrase in brackets."""
    return None if inner is None else Phrase(("(", *inner.parts, ")"))


def enclosed(inner: Phrase | None) -> Phrase | None:
    """Puts a phrase in brackets if it has parts of its own, so that it is clear where it ends."""
    if inner is None:
        return None
    words = [part for part in inner.parts if isinstance(part, str)]
    return bracketed(inner) if inner.several or any(sign in word for word in words for sign in (*",;:(", " a curve that")) else inner


def in_sequence(phrases: Sequence[Phrase | None]) -> Phrase | None:
    """Joins the phrases of a sequence: `A, then B, then C`. Idle ones are left out."""
    phrases = [each for each in phrases if each is None or not each.idle] or phrases[:1]
    parts = [part for i, each in enumerate(phrases) for part in ([", then ", each] if i else [each])]
    several = len(phrases) > 1
    return phrase(*parts, several=several) if several else phrases[0]


def fill_template(template: str, values: Mapping[str, Part | Phrase | tuple[Expr, ...]], mentioned: Container[str]) -> Phrase:
    """Makes a phrase from a template with the names of arguments in braces: `falls[ from {from}] to {to} over {n}`.

    `{every n}` is an interval, `{every tick}` a tick, `{more n}` durations since the phase began, `{goes a b}` the verb for a change from a to b, `{v}` the
    entry level, `{since}` where time counts from, `{unit since}` with its unit. A part in square brackets is left out unless all the arguments in it are
    `mentioned`.
    """
    text = re.sub(r"\[([^\]]*)\]", lambda m: m[1] if all(name in mentioned for name in re.findall(r"\{(?:every )?(\w+)\}", m[1])) else "", template)
    values = {"v": ENTRY, "since": Since(), "tick": Ticks((1,)), **values}
    parts: list[Part] = []
    for i, piece in enumerate(re.split(r"\{([^}]*)\}", text)):
        words = piece.split()
        if i % 2 == 0:
            parts += [piece] if piece else []
        elif words[0] == "goes":
            start, end = values[words[1]], values[words[2]]
            assert isinstance(start, Expr)
            assert isinstance(end, Expr)
            parts.append(Goes(start, end))
        else:
            value = values[words[-1]]
            if isinstance(value, tuple):
                parts += _enumerated(value)
            elif isinstance(value, Phrase):
                parts += value.parts
            else:
                parts.append(_marked(value, words[0]) if len(words) > 1 else value)
    return Phrase(tuple(parts))


def _marked(value: Part, mark: str) -> Part:
    """Returns a part of a template with its mark: `every`, `more` or `unit`."""
    if isinstance(value, Since):
        return Since(unit=mark == "unit")
    return attrs.evolve(value, every=mark == "every", more=mark == "more") if isinstance(value, Ticks) else value


def parts_of(parameters: tuple[Parameter, ...], arguments: Mapping[str, Any]) -> dict[str, Part | Phrase | tuple[Expr, ...]]:
    """Returns each argument as a part of a phrase, by the name of its parameter. Its kind decides what part that is."""
    parts: dict[str, Part | Phrase | tuple[Expr, ...]] = {}
    for p in parameters:
        value = arguments.get(p.name, arguments.get(f"{p.name}_"))
        if p.kind is Kind.DURATION and value is not None:
            parts[p.name] = Ticks(tuple(x.value for x in (value if isinstance(value, tuple) else (value,)) if isinstance(x, Num)))
        elif p.kind is Kind.FORMULA:
            parts[p.name] = Formula(value)
        elif value is not None:
            parts[p.name] = value
    return parts


def not_default(parameters: tuple[Parameter, ...], arguments: Mapping[str, Any]) -> set[str]:
    """Returns the names of the arguments that differ from their defaults."""
    return {p.name for p in parameters if p.name in arguments and arguments[p.name] != p.default}


def _enumerated(value: tuple[Expr, ...]) -> list[Part]:
    joined: list[Part] = []
    for i, x in enumerate(value):
        joined += [*([] if i == 0 else [" and "] if i + 1 == len(value) else [", "]), x]
    return joined
