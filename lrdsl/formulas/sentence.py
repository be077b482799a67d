"""Says in one English sentence what a schedule does. Durations are in the largest unit in which they are whole numbers."""

from __future__ import annotations

from lrdsl.clock import Clock, MissingFactError
from lrdsl.expr import BASE, Expr, Num, affine, decimal, substitute
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.formulas.notation.composing import composer_of
from lrdsl.formulas.notation.constants import is_fraction
from lrdsl.formulas.notation.text import constant, text
from lrdsl.formulas.notation.tree import Name
from lrdsl.phrases import Formula, Goes, Part, Ticks
from lrdsl.plan import Plan, Target

_SUBJECTS = {"lr": "The learning rate", "momentum": "The momentum", "weight_decay": "The weight decay"}
_ORDINALS = ("first", "second", "third", "fourth")


def sentence(plan: Plan, target: Target, clock: Clock, base: Exact | None) -> str:
    """Returns the sentence for the written plan of a target. `base` is the base value, if known."""
    assert plan.phrase is not None
    words = _Words(plan, clock, base)
    predicate = "".join(words.of(part) for part in plan.phrase.parts)
    return f"{_subject(target)} {predicate}."


def _subject(target: Target) -> str:
    if target.key == "betas" and target.element is not None and target.element < len(_ORDINALS):
        subject = f"The {_ORDINALS[target.element]} beta"
    else:
        subject = _SUBJECTS.get(target.key, f"The value of {target.key}")
    if target.group is None:
        return subject
    return f"{subject} of " + (f"param group {target.group}" if isinstance(target.group, int) else f"the param groups named {target.group}")


def _amount(n: Exact) -> str:
    """Writes a number of units: `2.5`, `10,000`, `466,666 2/3`."""
    if is_fraction(n) and n > 1:
        return f"{int(n):,} {n - int(n)}"
    return constant(n) if n.denominator > 1 else f"{n.numerator:,}"


class _Words:
    """Writes the parts of a phrase as words."""

    def __init__(self, plan: Plan, clock: Clock, base: Exact | None) -> None:
        self.composer, self.clock, self.base = composer_of(plan, Name("the base", raw=True)), clock, base

    def of(self, part: Part) -> str:
        match part:
            case str():
                return part
            case Ticks(ticks, every):
                return self._ticks(ticks, every)
            case Goes(start, end):
                return self._goes(start, end)
            case Formula(of):
                return text(self.composer.of(of))
        return self._level(part)

    def _with_base(self, level: Expr) -> Expr:
        return level if self.base is None else substitute(level, {BASE: decimal(self.base)})

    def _level(self, level: Expr) -> str:
        """Writes a level or a ratio. A level without a short form is "the level reached"."""
        level = self._with_base(level)
        if isinstance(level, Num):
            return constant(level.value)
        if level is BASE:
            return "the base value"
        parts = affine(level, BASE)
        if parts is None or not all(isinstance(x, Num) for x in parts):
            return "the level reached"
        (plus, times) = (x.value for x in parts if isinstance(x, Num))
        multiple = "the base value" if times == 1 else f"{constant(times)} times the base value"
        return multiple if plus == 0 else f"{multiple} {'plus' if plus > 0 else 'less'} {constant(size(plus))}"

    def _goes(self, start: Expr, end: Expr) -> str:
        """Returns "rises" or "falls" if that is true for every base above 0, else "goes"."""
        difference = self._with_base(end - start)
        parts = affine(difference, BASE)
        if parts is None or not all(isinstance(x, Num) for x in parts):
            return "goes"
        signs = {(x.value > 0) - (x.value < 0) for x in parts if isinstance(x, Num)} - {0}
        return {frozenset({1}): "rises", frozenset({-1}): "falls"}.get(frozenset(signs), "goes")

    def _ticks(self, ticks: tuple[Exact, ...], every: bool) -> str:
        unit, amounts = self._unit(ticks)
        if every and amounts == [1]:
            return f"every {unit}"
        words = [_amount(n) for n in amounts]
        listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
        return f"{'every ' * every}{listed} {unit}{'' if amounts == [1] else 's'}"

    def _unit(self, ticks: tuple[Exact, ...]) -> tuple[str, list[Exact]]:
        """Returns the largest unit in which durations are whole, and their amounts: epochs, steps, or ticks if the scheduler is called several times a step."""
        if self.clock.tick == "epoch":
            return "epoch", list(ticks)
        per_step = self.clock.ticks_per_step or 1
        try:
            epochs = [quotient(quotient(n, per_step), self.clock.epoch_steps()) for n in ticks]
            if all(n.denominator == 1 and n > 0 for n in epochs):
                return "epoch", epochs
        except MissingFactError:
            pass
        steps = [quotient(n, per_step) for n in ticks]
        return ("tick", list(ticks)) if any(n.denominator > 1 for n in steps) and per_step != 1 else ("step", steps)
