"""Puts phases into words: one function for each form of the language. It takes the phrases of the parts; the result is None if one of them is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lrdsl.check.combinators import Combinator
from lrdsl.expr import BASE, ENTRY, ONE, ZERO, Expr, div
from lrdsl.expr.exact import Exact
from lrdsl.phrases import Formula, Phrase, Ticks, bracketed, enclosed, fill_template, not_default, parts_of, phrase

#: How a sentence counts a few curves.
_COUNTS = {2: "two", 3: "three", 4: "four"}


def restart(body: Phrase | None) -> Phrase | None:
    """Returns the phrase of `restart A`."""
    from_base = body and body.where({ENTRY: BASE})
    return phrase("restarts from ", BASE, " and ", from_base, several=bool(from_base and from_base.several))


def limit(body: Phrase | None, natural: Exact | None, length: Exact) -> Phrase | None:
    """Returns the phrase of `A for D`, where A has a `natural` length, or None. A phrase that has that length as well says how the two go together."""
    if body is not None and not body.several and isinstance(body.parts[0], str) and body.parts[0].startswith("stays at"):
        return phrase(body, " for ", Ticks((length,)))
    has_length = body is not None and any(isinstance(part, str) and " over " in part for part in body.parts)
    if has_length and natural is not None and natural > length:
        return phrase(body, ", cut off after ", Ticks((length,)))
    return phrase(body, ", for ", Ticks((length,)), " in all" if has_length and natural else "")


def until(body: Phrase | None, natural: Exact | None, condition: str, most: Exact | None) -> Phrase | None:
    """Returns the phrase of `A until condition or D`. The condition is empty if only a duration ends the phase; `most` is None without a duration."""
    if not condition and most is not None:
        return limit(body, natural, most)
    waits = phrase(body, f" until {condition}")
    return waits if most is None else phrase(waits, ", but for no more than ", Ticks((most,)))


def times(body: Phrase | None, factor: Phrase | None) -> Phrase | None:
    """Returns the phrase of `A * B`."""
    pure = factor and factor.where({ENTRY: ONE, BASE: ONE})
    return phrase("is the product of", " a curve that ", enclosed(body), " and a factor, with the base value 1, that ", enclosed(pure))


def scaled(body: Phrase | None, op: str, constant: Expr, name: str = "") -> Phrase | None:
    """Returns the phrase of `A * 2` or `A / 2`. `name` is that of A, if the text refers to it by a name."""
    factor = Formula(div(ONE, constant) if op == "/" else constant, factor=True)
    return phrase("is ", factor, " times", f" {name}, which " if name else " a curve that ", enclosed(body))


def shifted(body: Phrase | None, op: str, level: Expr) -> Phrase | None:
    """Returns the phrase of `A + 1e-5` or `A - 1e-5`."""
    return body if level == ZERO else phrase("is ", level, " below" if op == "-" else " above", " a curve that ", enclosed(body))


def level_less(body: Phrase | None, level: Expr) -> Phrase | None:
    """Returns the phrase of `1x - A`."""
    return phrase("is ", level, " less", " a curve that ", enclosed(body))


def constant(level: Expr) -> Phrase | None:
    """Returns the phrase of a level in the place of a phase."""
    return phrase("stays at ", level)


def combinator(declared: Combinator, arguments: Mapping[str, Any], given: Mapping[str, Any], body: Phrase | None) -> Phrase | None:
    """Returns the phrase of a combinator around one phase. `arguments` has all arguments, `given` those in the text."""
    cycle = body.from_reached_level if body is not None and declared.varies(arguments) else body
    says = declared.says if isinstance(declared.says, str) else declared.says(arguments)
    if not says:
        return body
    return _from_template(declared, says, arguments, given, bracketed(phrase("it ", cycle, several=True)) if declared.cycles else enclosed(cycle))


def variadic(declared: Combinator, bodies: Sequence[Phrase | None]) -> Phrase | None:
    """Returns the phrase of a combinator around several phases, such as `min(A, B)`."""
    listed = [part for i, body in enumerate(bodies) for part in ("; " if i else "", "one that ", enclosed(body))]
    count = _COUNTS.get(len(bodies), str(len(bodies)))
    says = str(declared.says).replace("these", f"{count} curves")
    if len(bodies) == 2:
        says = says.replace("lowest", "lower").replace("highest", "higher")
    return _from_template(declared, says, {}, {}, phrase(*listed))


def _from_template(declared: Combinator, says: str, arguments: Mapping[str, Any], given: Mapping[str, Any], bodies: Phrase | None) -> Phrase | None:
    if bodies is None:
        return None
    return fill_template(says, {**parts_of(declared.parameters, arguments), "phase": bodies}, not_default(declared.parameters, given))
