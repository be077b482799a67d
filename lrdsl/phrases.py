"""What a schedule does, in words: text with levels, durations and formulas in it, made while a text is checked, and printed when base and units are known."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from lrdsl.expr import ENTRY, Expr, Num, Symbol, substitute
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind, Parameter
from lrdsl.work import spend

#: A level that the run has come to, where that is not the same each time.
THEN = Symbol("then")


@attrs.frozen
class Ticks:
    """Durations: `30, 60 and 80 steps`; with `every`, what comes after each of them: `every 30 steps`, `every step`."""

    ticks: tuple[Exact, ...]
    every: bool = False


@attrs.frozen
class Goes:
    """A verb for the way from one level to another: falls, rises, or goes where nobody can say."""

    start: Expr
    end: Expr


@attrs.frozen
class Formula:
    """An expression of `t`."""

    of: Expr


#: A piece of a phrase; an expression is a level or a ratio.
Part: TypeAlias = "str | Expr | Ticks | Goes | Formula"


@attrs.frozen
class Phrase:
    """What the scheduled value does, from the verb on. `several` says that it is a sequence, which needs brackets inside another phrase."""

    parts: tuple[Part, ...]
    several: bool = False

    def where(self, names: Mapping[Expr, Expr]) -> Phrase:
        """The same with symbols in its levels replaced."""

        def change(part: Part) -> Part:
            match part:
                case Goes(start, end):
                    return Goes(substitute(start, names), substitute(end, names))
                case Expr():
                    return substitute(part, names)
            return part

        spend(len(self.parts))
        return attrs.evolve(self, parts=tuple(change(part) for part in self.parts))

    @property
    def later(self) -> Phrase:
        """The same, entered at whatever level the run has come to."""
        return self.where({ENTRY: THEN})


def phrase(*parts: Part | Phrase | None, several: bool = False) -> Phrase | None:
    """A phrase of pieces and phrases; None where one of them is None. A sequence within it stands in brackets."""
    found: list[Part] = []
    for part in parts:
        if part is None:
            return None
        if isinstance(part, Phrase):
            found += ["(", *part.parts, ")"] if part.several and not several else part.parts
        else:
            found.append(part)
    spend(len(found) // 4)
    return Phrase(tuple(found), several)


def bracketed(inner: Phrase | None) -> Phrase | None:
    """A phrase in brackets."""
    return None if inner is None else Phrase(("(", *inner.parts, ")"))


def following(phrases: Sequence[Phrase | None]) -> Phrase | None:
    """One after the other: `A, then B, then C`."""
    parts = [part for i, each in enumerate(phrases) for part in ([", then ", each] if i else [each])]
    several = len(phrases) > 1
    return phrase(*parts, several=several) if several else phrases[0]


def filled(template: str, values: Mapping[str, Part | Phrase | tuple[Expr, ...]], given: Container[str]) -> Phrase:
    """A phrase from a template with arguments by name in braces: `falls[ from {from}] to {to} over {n}`.

    `{every n}` is a duration that comes again and again, `{goes a b}` a verb for the way from a to b, `v` the level of entry. What stands in square brackets
    is left out unless the arguments in it are given.
    """
    kept = re.sub(r"\[([^\]]*)\]", lambda m: m[1] if all(name in given for name in re.findall(r"\{(?:every )?(\w+)\}", m[1])) else "", template)
    values = {"v": ENTRY, **values}
    parts: list[Part] = []
    for i, piece in enumerate(re.split(r"\{([^}]*)\}", kept)):
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
                parts += _listed(value)
            elif isinstance(value, Phrase):
                parts += value.parts
            else:
                parts.append(attrs.evolve(value, every=True) if isinstance(value, Ticks) and words[0] == "every" else value)
    return Phrase(tuple(parts))


def worded(parameters: tuple[Parameter, ...], arguments: Mapping[str, Any]) -> dict[str, Part | Phrase | tuple[Expr, ...]]:
    """Arguments by the names of their parameters, each as the piece of a phrase that its kind makes it."""
    found: dict[str, Part | Phrase | tuple[Expr, ...]] = {}
    for p in parameters:
        value = arguments.get(p.name, arguments.get(f"{p.name}_"))
        if p.kind is Kind.DURATION and value is not None:
            found[p.name] = Ticks(tuple(x.value for x in (value if isinstance(value, tuple) else (value,)) if isinstance(x, Num)))
        elif p.kind is Kind.FORMULA:
            found[p.name] = Formula(value)
        elif value is not None:
            found[p.name] = value
    return found


def spoken(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> set[str]:
    """The arguments worth a word: those that differ from their defaults."""
    return {p.name for p in parameters if p.name in given and given[p.name] != p.default}


def _listed(value: tuple[Expr, ...]) -> list[Part]:
    joined: list[Part] = []
    for i, x in enumerate(value):
        joined += [*([] if i == 0 else [" and "] if i + 1 == len(value) else [", "]), x]
    return joined
