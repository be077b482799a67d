"""The legend of a symbolic formula: which letter each parameter of a text has, and what it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.expr import BASE, Call, Expr, Letter, Lettered, Num, forms, is_lettered, mul, number, walk
from lrdsl.expr.exact import Exact
from lrdsl.plan import Letters

#: The letter for the length of the run, and of durations.
TOTAL = "T"
#: The letters that formulas have for other things; k and tau with a number are events.
TAKEN = (("eta", "0"), ("t", ""), ("i", ""), ("T", "i"), ("T", "cur"))


@attrs.define
class Legend:
    """Gives letters to the constants of one plan, each the same one wherever the text is read again. `symbol` makes what stands for a letter in a form."""

    symbol: Callable[[str], Any]
    found: dict[tuple[Any, ...], Letters] = attrs.field(factory=dict)

    def named(self, e: Expr, letter: str, *place: Any, factor: bool = False, duration: bool = False) -> Expr:
        """A constant, or a constant multiple of base, with a letter, if it has none yet. `place` tells it from others that would have the same letter.

        Inside a `factor`, where base is 1, a multiple of it is no level, and the letter is for the multiple alone.
        """
        if isinstance(e, Num) and letter:
            return Num(self.number(e.value, letter, *place, duration=duration), e.double)
        multiple = isinstance(e, Call) and e.op == "mul" and len(e.args) == 2 and isinstance(e.args[0], Num) and e.args[1] is BASE
        if not multiple or not letter:
            return e
        if factor:
            assert isinstance(e, Call)
            return mul(self.named(e.args[0], letter.replace("eta", "alpha"), *place), BASE)
        return Letter(self._known(e, letter, *place).symbol.name, "", e)

    def number(self, value: Exact, letter: str, *place: Any, duration: bool) -> Exact:
        """The same for a number; 0 and 1, which formulas leave out, and what has letters already stay as they are."""
        return value if value in (0, 1) or is_lettered(value) else Lettered.of(value, self._known(number(value), letter, *place, duration=duration).symbol)

    def _known(self, value: Expr, letter: str, *place: Any, duration: bool = False) -> Letters:
        key = (letter, value, *place)
        known = self.found.get(key)
        if known is None:
            first, sub = _apart(letter)
            known = self.found[key] = Letters(self.symbol(f"p{len(self.found)}"), first, sub, value, duration)
        return known

    def letters_of(self, law: Expr) -> tuple[Letters, ...]:
        """The letters in a formula, in the order of the text, names first; those that would look the same are numbered."""
        used = {s.name for form in forms(law) for s in form.free_symbols} | {x.letter for x in walk(law) if isinstance(x, Letter)}
        placed = sorted(self.found.items(), key=lambda pair: pair[0][2][0] if len(pair[0]) > 2 else -1)
        found = [x for _, x in placed if x.symbol.name in used]
        durations = [x for x in found if x.letter == TOTAL]
        if len(durations) == 1:  # needs no subscript
            found[found.index(durations[0])] = attrs.evolve(durations[0], sub="")
        named: list[Letters] = []
        for x in found:
            alike = [y for y in found if (y.letter, y.sub) == (x.letter, x.sub)]
            event = x.letter in ("k", "tau")  # events have these with a number from 1
            sub = [x.sub] if x.sub else ["0"] * event
            number = alike.index(x) + 1 if len(alike) > 1 or (x.letter, x.sub) in TAKEN or (event and x.sub) else 0
            lettered = attrs.evolve(x, sub=",".join([*sub, *([str(number)] if number else [])]))
            while any(lettered.name == y.name for y in named):
                number += 1
                lettered = attrs.evolve(x, sub=",".join([*sub, str(number)]))
            named.append(lettered)
        return tuple(named)


def _apart(letter: str) -> tuple[str, str]:
    """A letter and its subscript; a name with no letter before its `_`, or nothing behind it, is one word."""
    first, _, sub = letter.partition("_")
    return (letter, "") if not first or sub.strip("_") != sub or (not sub and "_" in letter) else (first, sub)
