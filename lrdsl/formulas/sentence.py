"""Says in one English sentence what a schedule does. Durations are in the largest unit in which they are whole numbers."""

from __future__ import annotations

import re

import attrs

from lrdsl.clock import MULTIPLES, UNITS, Clock, MissingFactError
from lrdsl.escaping.quoting import latex
from lrdsl.escaping.visible import visible
from lrdsl.expr import BASE, ONE, PI, Event, Expr, Num, Symbol, affine, decimal, substitute, walk
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.formulas.amounts import Lengths, approximate, is_short
from lrdsl.formulas.notation.composing import composer_of
from lrdsl.formulas.notation.constants import is_fraction
from lrdsl.formulas.notation.text import constant, text
from lrdsl.formulas.notation.tree import Name
from lrdsl.phrases import REACHED, Formula, Goes, Part, Scaled, Since, Ticks
from lrdsl.plan import GREEK, Plan
from lrdsl.syntax.nodes import Name as Word
from lrdsl.syntax.nodes import Node, Quantity
from lrdsl.syntax.nodes import walk as walk_text
from lrdsl.targets import Target

_SUBJECTS = {"lr": "The learning rate", "momentum": "The momentum", "weight_decay": "The weight decay"}
#: A part of a unit is said as a fraction if it has fewer parts than this.
_MOST_PARTS = 10
_ORDINALS = ("first", "second", "third", "fourth")


def sentence(plan: Plan, target: Target, clock: Clock, base: Exact | None, units: Units) -> str:
    """Returns the sentence for the written plan of a target. `base` is the base value, if known."""
    assert plan.phrase is not None
    words = _Words(plan, clock, base, units)
    predicate = "".join(words.of(part) for part in _without_last_brackets(plan.phrase.parts))
    return f"{_subject(target)} {predicate}."


def _without_last_brackets(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Returns the parts of a sentence without brackets at its end around a single phase: it is clear without them where it ends.

    What follows the name of a curve may have commas: "is 0.1 times lr, which is multiplied by 0.1 every step, for 5 steps".
    """
    if parts[-1] != ")":
        return parts
    last = max(i for i, part in enumerate(parts) if part == "(")
    inner = parts[last + 1 : -1]
    before = parts[last - 1]
    is_named = last == 4 and isinstance(before, str) and before.endswith(", which ")
    clear = not any(isinstance(part, str) and (set(part) & set(";:)") or ("," in part and (part == ", then " or not is_named))) for part in inner)
    return (*parts[:last], *inner) if clear else parts


#: The signs of a sentence that the letters of LaTeX lack.
_SIGNS = {
    "−": "$-$",
    "·": r"$\cdot$",
    "√": r"$\surd$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "⌈": r"$\lceil$",
    "⌉": r"$\rceil$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "∏": r"$\prod$",
}
_SIGNS |= {letter: rf"$\{word}$" for word, letter in GREEK.items()} | {sub: f"$_{i}$" for i, sub in enumerate("₀₁₂₃₄₅₆₇₈₉")}


def in_latex(words: str) -> str:
    r"""Returns a sentence for a text in LaTeX: numbers with powers of ten, and signs that its letters lack, in mathematics.

    >>> in_latex("The learning rate falls to 3e−5, 10% of the base value.")
    'The learning rate falls to $3 \\times 10^{-5}$, 10\\% of the base value.'
    """
    parts = re.split(r"(?<![\w.])(\d+(?:\.\d+)?)e(−?)(\d+)(?![\w.]*\w)", words)
    out = _with_signs(parts[0])
    for number, minus, exponent, after in zip(*(parts[i::4] for i in (1, 2, 3, 4)), strict=True):
        times = "" if number == "1" else rf"{number} \times "
        out += f"${times}10^{{{'-' * bool(minus)}{exponent}}}${_with_signs(after)}"
    return out


def _with_signs(words: str) -> str:
    return "".join(_SIGNS.get(sign, latex(sign)) for sign in visible(words))


def _subject(target: Target) -> str:
    if target.key == "betas" and target.element is not None and target.element < len(_ORDINALS):
        subject = f"The {_ORDINALS[target.element]} beta"
    else:
        subject = _SUBJECTS.get(target.key, f"The value of {target.key}")
    if target.group is None:
        return subject
    return f"{subject} of " + _groups(target)


def _groups(target: Target) -> str:
    if isinstance(target.group, int):
        return f"param group {target.group}"
    return f"the param groups{' named' * all(isinstance(group, str) for group in target.groups)} {target.group}"


def _amount(n: Exact) -> str:
    """Writes a number of units: `2.5`, `10,000`, `466,666 2/3`, `about 476.8`."""
    if is_fraction(n) and n > 1:
        return f"{int(n):,} {n - int(n)}" if n.denominator < _MOST_PARTS else f"about {approximate(n)}"
    return constant(n) if n.denominator > 1 else f"{n.numerator:,}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


@attrs.frozen
class Units:
    """How a text counts time: whether in epochs, of which the clock knows the steps, the amounts that it writes in epochs, and lengths in tokens or samples."""

    in_epochs: bool
    amounts: frozenset[Exact]
    lengths: Lengths

    @classmethod
    def of(cls, tree: Node, clock: Clock) -> Units:
        """Returns the units of a text. A share of a run that is given in epochs counts in epochs too."""
        quantities = [node for node in walk_text(tree) if isinstance(node, Quantity)]
        epochs = frozenset(q.value * MULTIPLES.get(q.multiple, 1) for q in quantities if UNITS.get(q.unit) == "epoch")
        of_run = any(UNITS.get(q.unit) == "percent" for q in quantities) or any(isinstance(x, Word) and x.id in ("rest", "total") for x in walk_text(tree))
        lengths = Lengths.of(tree, clock)
        try:
            clock.epoch_steps()
        except MissingFactError:
            return cls(False, frozenset(), lengths)
        return cls(bool(epochs) or (of_run and clock.total_epochs is not None), epochs, lengths)


def _is_sum(formula: str) -> bool:
    """Returns whether a formula is a sum, which needs brackets as a factor."""
    depth = 0
    for i, sign in enumerate(formula):
        depth += (sign in "(⌊⌈") - (sign in ")⌋⌉")
        if depth == 0 and i and formula[i - 1 : i + 2] in (" + ", " − "):
            return True
    return False


class _Words:
    """Writes the parts of a phrase as words."""

    def __init__(self, plan: Plan, clock: Clock, base: Exact | None, units: Units) -> None:
        self.composer, self.clock, self.base, self.units = composer_of(plan, Name("the base value", raw=True)), clock, base, units
        self.later, self.outer = False, list[bool]()

    def of(self, part: Part) -> str:
        match part:
            case str():
                if part == "(":
                    self.outer.append(self.later)
                self.later = self.outer.pop() if part == ")" else self.later or part == ", then "
                return part
            case Since(unit):
                return f"{self._unit((1,))[0]}s from " * unit + ("there" if self.later else "the start")
            case Scaled(level, of):
                return self._scaled(level, of)
            case Ticks(ticks, every, more):
                return self._ticks(ticks, every, " more" * (more and self.later))
            case Goes(start, end):
                return self._goes(start, end)
            case Formula(of, factor):
                return self._formula(of, factor)
        return self._level(part)

    def _with_base(self, level: Expr) -> Expr:
        return level if self.base is None else substitute(level, {BASE: decimal(self.base)})

    def _scaled(self, level: Expr, of: Expr) -> str:
        """Writes a level times an expression of t."""
        if of == ONE:
            return self._level(level)
        if self._with_base(level) == ONE:
            return self._formula(of)
        return f"{self._level(level)} times {self._formula(of, factor=True)}"

    def _formula(self, of: Expr, factor: bool = False) -> str:
        """Writes an expression of t as a formula; as a factor, a sum gets brackets."""
        formula = text(self.composer.of(of))
        return f"({formula})" if factor and _is_sum(formula) else formula

    def _level(self, level: Expr) -> str:
        """Writes a level or a ratio: as a number, a multiple of the base or of the level reached plus a number, or else as a formula."""
        level = self._with_base(level)
        if isinstance(level, Num):
            return constant(level.value)
        for symbol, name in ((BASE, "the base value"), (REACHED, "the level reached")):
            parts = affine(level, symbol)
            if parts is not None and all(isinstance(x, Num) for x in parts):
                (plus, times) = (x.value for x in parts if isinstance(x, Num))
                multiple = name if times == 1 else f"{constant(times)} times {name}"
                return multiple if plus == 0 else f"{multiple} {'plus' if plus > 0 else 'less'} {constant(size(plus))}"
        unknown = any(isinstance(x, Event) or (isinstance(x, Symbol) and x not in (BASE, PI)) for x in walk(level))
        return "the level reached" if unknown else text(self.composer.of(level))

    def _goes(self, start: Expr, end: Expr) -> str:
        """Returns "rises" or "falls" if that is true for every base above 0, else "goes"."""
        difference = self._with_base(end - start)
        parts = affine(difference, BASE)
        if parts is None or not all(isinstance(x, Num) for x in parts):
            return "goes"
        signs = {(x.value > 0) - (x.value < 0) for x in parts if isinstance(x, Num)} - {0}
        return {frozenset({1}): "rises", frozenset({-1}): "falls"}.get(frozenset(signs), "goes")

    def _ticks(self, ticks: tuple[Exact, ...], every: bool, more: str) -> str:
        unit, amounts = self._unit(ticks)
        if every and amounts == [1]:
            return f"every {unit}"
        written = [self.units.lengths.words(n) for n in ticks]
        lengths = [length.replace(" ", f"{more} ", 1) for length in written if length]
        if len(lengths) == len(ticks):  # in tokens or samples, with the steps beside them
            steps = [_amount(n) if is_short(n) else f"about {approximate(n)}" for n in amounts]
            words = [f"{length} ({step} {unit}{'s' * (n != 1)})" for length, step, n in zip(lengths, steps, amounts, strict=True)]
            return "every " * every + _listed(words)
        return f"{'every ' * every}{_listed([_amount(n) for n in amounts])}{more} {unit}{'' if amounts == [1] else 's'}"

    def _unit(self, ticks: tuple[Exact, ...]) -> tuple[str, list[Exact]]:
        """Returns the unit of durations, and their amounts in it.

        It is epochs where the text counts in epochs, and says these durations in epochs or they are whole epochs; else steps, or ticks if the scheduler is
        called several times a step.
        """
        if self.clock.tick == "epoch":
            return "epoch", list(ticks)
        per_step = self.clock.ticks_per_step or 1
        if self.units.in_epochs:
            epochs = [quotient(quotient(n, per_step), self.clock.epoch_steps()) for n in ticks]
            if all(n > 0 and (n.denominator == 1 or n in self.units.amounts) for n in epochs):
                return "epoch", epochs
        steps = [quotient(n, per_step) for n in ticks]
        return ("tick", list(ticks)) if any(n.denominator > 1 for n in steps) and per_step != 1 else ("step", steps)
