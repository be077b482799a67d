"""Writes the formula of a plan as lines of text, one for each piece, with notes on the events that only the run decides."""

from __future__ import annotations

from lrdsl.formulas.notation.composing import compose, composer_of
from lrdsl.formulas.notation.text import name, rows, text
from lrdsl.formulas.notation.tree import Name
from lrdsl.formulas.notes import event_notes
from lrdsl.plan import Plan


def lines(plan: Plan, base: str = "η₀") -> list[tuple[str, str]]:
    """Returns the formula of each piece, and when it holds; then the meanings of the letters.

    >>> import lrdsl
    >>> for formula, where in lines(lrdsl.parse("step(3, 0.1) then cosine(20)").readable_plan()):
    ...     print(f"{formula:34}{where}")
    η₀                                t < 3
    0.05·η₀·(1 + cos(π(t − 3)/20))    3 ≤ t < 23
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
    k₁(t) counts the reductions up to t, each from η to 0.1·η, when the metric has not fallen by 0.01 % of its best for more than 5 reports
    m(t) is the report of the metric in tick t
    b(t) = {m(t) if m(t) < 0.9999·b(t − 1); b(t − 1) otherwise}
    n(t) = {0 if m(t) < 0.9999·b(t − 1); 1 if 5 < n(t − 1); n(t − 1) + 1 otherwise}
    k₁(t + 1) = {k₁(t) + 1 if 5 < n(t); k₁(t) otherwise}
    at first, b is infinity, and the others are 0
    """
    return [text(note) for note in event_notes(plan, composer_of(plan, Name(base, raw=True)))]
