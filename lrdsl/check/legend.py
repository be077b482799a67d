"""`Legend`: gives a letter to each parameter of a text, for symbolic formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.expr import BASE, Call, Expr, Letter, Lettered, Num, forms, is_lettered, mul, number, walk
from lrdsl.expr.exact import Exact
from lrdsl.plan import LegendEntry

#: The letter for the length of the run, and of durations.
TOTAL = "T"
#: The letters and subscripts that formulas use for other things. Events use k and tau with a number.
TAKEN = (("eta", "0"), ("t", ""), ("i", ""), ("T", "i"), ("T", "cur"))


@attrs.define
class Legend:
    """The letters of the constants of one plan. A constant that is read twice has one letter. `symbol` makes a symbol from a name."""

    symbol: Callable[[str], Any]
    entries: dict[tuple[Any, ...], LegendEntry] = attrs.field(factory=dict)

    def with_letter(self, e: Expr, letter: str, *place: Any, factor: bool = False, duration: bool = False) -> Expr:
        """Returns a constant, or a constant multiple of base, with a letter. Other expressions come back unchanged.

        `place` tells constants apart that have the same letter and value. Inside a `factor`, where base is 1, only the number gets the letter.
        """
        if isinstance(e, Num) and letter:
            return Num(self.number_with_letter(e.value, letter, *place, duration=duration), e.double)
        multiple = isinstance(e, Call) and e.op == "mul" and len(e.args) == 2 and isinstance(e.args[0], Num) and e.args[1] is BASE
        if not multiple or not letter:
            return e
        if factor:
            assert isinstance(e, Call)
            return mul(self.with_letter(e.args[0], letter.replace("eta", "alpha"), *place), BASE)
        return Letter(self._entry(e, letter, *place).symbol.name, "", e)

    def number_with_letter(self, value: Exact, letter: str, *place: Any, duration: bool) -> Exact:
        """Returns a number with a letter. 0 and 1, which formulas simplify, and numbers that have a letter come back unchanged."""
        return value if value in (0, 1) or is_lettered(value) else Lettered.of(value, self._entry(number(value), letter, *place, duration=duration).symbol)

    def _entry(self, value: Expr, letter: str, *place: Any, duration: bool = False) -> LegendEntry:
        """Returns the entry of a constant, a new one if it has none."""
        key = (letter, value, *place)
        entry = self.entries.get(key)
        if entry is None:
            first, sub = _split_letter(letter)
            entry = self.entries[key] = LegendEntry(self.symbol(f"p{len(self.entries)}"), first, sub, value, duration)
        return entry

    def letters_of(self, law: Expr) -> tuple[LegendEntry, ...]:
        """Returns the entries whose letters a formula uses: names first, then in the order of the text. Letters that would look alike get numbers."""
        used = {s.name for form in forms(law) for s in form.free_symbols} | {x.letter for x in walk(law) if isinstance(x, Letter)}
        placed = sorted(self.entries.items(), key=lambda pair: pair[0][2][0] if len(pair[0]) > 2 else -1)
        entries = [x for _, x in placed if x.symbol.name in used]
        durations = [x for x in entries if x.letter == TOTAL]
        if len(durations) == 1:  # the only duration needs no subscript
            entries[entries.index(durations[0])] = attrs.evolve(durations[0], sub="")
        numbered: list[LegendEntry] = []
        for x in entries:
            equals = [y for y in entries if (y.letter, y.sub) == (x.letter, x.sub)]
            event = x.letter in ("k", "tau")  # the letters of events, which have numbers from 1
            sub = [x.sub] if x.sub else ["0"] * event
            number = equals.index(x) + 1 if len(equals) > 1 or (x.letter, x.sub) in TAKEN or (event and x.sub) else 0
            entry = attrs.evolve(x, sub=",".join([*sub, *([str(number)] if number else [])]))
            while any(entry.name == y.name for y in numbered):
                number += 1
                entry = attrs.evolve(x, sub=",".join([*sub, str(number)]))
            numbered.append(entry)
        return tuple(numbered)


def _split_letter(letter: str) -> tuple[str, str]:
    """Splits `T_w` into a letter and its subscript. A name with nothing before or after its `_` is one letter."""
    first, _, sub = letter.partition("_")
    return (letter, "") if not first or sub.strip("_") != sub or (not sub and "_" in letter) else (first, sub)
