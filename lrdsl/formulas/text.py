"""Writes the formula of a plan as lines of text, one for each piece, with notes on the events that only the run decides."""

from __future__ import annotations

from lrdsl.expr import ZERO, Call, number, walk
from lrdsl.formulas.notation.composing import compose, composer_of, tick_of
from lrdsl.formulas.notation.text import name, rows, text
from lrdsl.formulas.notation.tree import Name, Times
from lrdsl.plan import Plan


def lines(plan: Plan, base: str = "η₀") -> list[tuple[str, str]]:
    """Returns the formula of each piece, and when it holds; then the meanings of the letters.

    >>> import lrdsl
    >>> for formula, where in lines(lrdsl.parse("step(3, 0.1) then cosine(20)").readable_plan()):
    ...     print(f"{formula:34}{where}")
    η₀                                t < 3
    0.1·η₀/2·(1 + cos(π(t − 3)/20))   3 ≤ t < 23
    0                                 t ≥ 23
    """
    pieces, meanings = compose(plan, Name(base, raw=True))
    return [*rows(pieces), *((f"{name(letter)} = {text(meaning)}", "") for letter, meaning in meanings)]


def notes(plan: Plan, base: str = "η₀") -> list[str]:
    """Returns a line for each event and each count of reductions in a formula: it says when the event comes, or what is counted.

    >>> import lrdsl
    >>> for note in notes(lrdsl.parse("plateau(patience=5) until val_loss < 0.3").plan):
    ...     print(note)
    τ₁ is the tick after the report by which val_loss < 0.3
    k₁(t) counts the reductions up to t, each from η to 0.1·η: one when metric has not fallen by 0.01 % of its best for more than 5 reports
    """
    composer = composer_of(plan, Name(base, raw=True))
    reductions = {x.args[1].args[0]: x for x in walk(plan.law) if isinstance(x, Call) and x.op == "reduce" and isinstance(x.args[1], Call)}
    lines = []
    for event, letter in composer.events.items():
        condition = " or ".join(watch.monitor.sentence for watch in plan.watches if watch.event is event)
        if event in reductions:
            _, _, factor, least, eps = reductions[event].args
            lower = text(Times((composer.of(factor), Name("eta"))))
            lower = lower if least == ZERO else f"max({lower}, {text(composer.of(least))})"
            skipped = "" if eps == ZERO or least == ZERO else f", unless that is a step of {text(composer.of(eps))} or less"
            lines.append(f"{text(letter)}(t) counts the reductions up to t, each from η to {lower}{skipped}: one when {condition}")
        else:
            most = "" if event.most is None else f", at the latest {text(composer.of(tick_of(event, number(event.most))))}"
            lines.append(f"{text(letter)} is the tick after the report by which {condition}{most}")
    return lines
