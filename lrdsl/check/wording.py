"""The words of a phase: each function takes the phrases of its parts and gives the phrase of the whole, or None where one of them has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lrdsl.check.combinators import Combinator
from lrdsl.expr import BASE, ENTRY, ONE, ZERO, Expr
from lrdsl.expr.exact import Exact
from lrdsl.phrases import Phrase, Ticks, bracketed, filled, phrase, spoken, worded


def restarted(body: Phrase | None) -> Phrase | None:
    """`restart A`."""
    again = body and body.where({ENTRY: BASE})
    return phrase("restarts from ", BASE, " and ", again, several=bool(again and again.several))


def limited(body: Phrase | None, length: Exact) -> Phrase | None:
    """`A for D`."""
    return phrase(body, ", for ", Ticks((length,)))


def ended(body: Phrase | None, condition: str, most: Exact | None) -> Phrase | None:
    """`A until condition`, and `A until condition or D`; the condition is "" where only a duration ends the phase."""
    until = [f" until {condition}"] if condition else []
    limit = [] if most is None else [", but for no more than " if condition else ", for ", Ticks((most,))]
    return phrase(body, *until, *limit)


def multiplied(body: Phrase | None, factor: Phrase | None) -> Phrase | None:
    """`A * B`."""
    pure = factor and factor.where({ENTRY: ONE, BASE: ONE})
    return phrase("does this: ", bracketed(body), ", multiplied by a factor that starts at 1 and does this: ", bracketed(pure))


def scaled(body: Phrase | None, op: str, constant: Expr) -> Phrase | None:
    """`A * 2`, and `A / 2`."""
    return phrase("does this, ", "divided by " if op == "/" else "multiplied by ", constant, ": ", bracketed(body))


def shifted(body: Phrase | None, op: str, level: Expr) -> Phrase | None:
    """`A + 1e-5`, and `A - 1e-5`."""
    return body if level == ZERO else phrase("does this, ", "less " if op == "-" else "plus ", level, ": ", bracketed(body))


def stays(level: Expr) -> Phrase | None:
    """A level in the place of a phase."""
    return phrase("stays at ", level)


def combined(declared: Combinator, arguments: Mapping[str, Any], written: Mapping[str, Any], body: Phrase | None) -> Phrase | None:
    """A combinator around one phase. `written` are the arguments that stand in the text."""
    entered = body.later if body is not None and declared.varies(arguments) else body
    return _filled(declared, arguments, written, bracketed(entered))


def combined_several(declared: Combinator, bodies: Sequence[Phrase | None]) -> Phrase | None:
    """A combinator around several phases, as `min(A, B)`."""
    return _filled(declared, {}, {}, phrase(*(part for i, body in enumerate(bodies) for part in ("; " if i else "", bracketed(body)))))


def _filled(declared: Combinator, arguments: Mapping[str, Any], written: Mapping[str, Any], bodies: Phrase | None) -> Phrase | None:
    if bodies is None:
        return None
    return filled(declared.says, {**worded(declared.parameters, arguments), "phase": bodies}, spoken(declared.parameters, written))
