"""`Legend`: gives a letter to each parameter of a text, for symbolic formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.check.bounds import HUGE, bounds, bounds_along
from lrdsl.expr import BASE, EVENTS, Call, Expr, Letter, Lettered, Num, T, branches, cycles, forms, is_lettered, mentions, mul, number, walk
from lrdsl.expr.exact import Exact
from lrdsl.plan import GREEK, LegendEntry

#: The letter for the length of the run, and of durations.
TOTAL = "T"
#: The letter for the tick of a level `A at T`, where the tick is no parameter of a shape.
MOMENT = "T_a"
#: The operations of arithmetic.
_ARITHMETIC = frozenset({"add", "mul", "div"})
#: The most stretches of a formula whose levels are compared.
_MOST_STRETCHES = 20
#: The letters and subscripts that formulas use for other things. Events use k and tau with a number.
TAKEN = (("t", ""), ("i", ""), ("T", "i"), ("T", "cur"))


@attrs.define
class Legend:
    """The letters of the constants of one plan. A constant that is read twice has one letter, and so has a level that stands twice. `symbol` makes a symbol
    from a name.

    `quantity` is the letter of what the plan sets, as `eta` for a learning rate. The parameters that are levels have it too. `sums` has the letters of each
    sum that the text writes, in its order.
    """

    symbol: Callable[[str], Any]
    quantity: str = "eta"
    entries: dict[tuple[Any, ...], LegendEntry] = attrs.field(factory=dict)
    sums: list[tuple[Any, ...]] = attrs.field(factory=list)

    def with_letter(self, e: Expr, letter: str, *place: Any, factor: bool = False, duration: bool = False) -> Expr:
        """Returns a constant, or arithmetic of constants and base, with a letter. Other expressions come back unchanged.

        `place` tells constants apart that have the same letter and value. Inside a `factor`, where base is 1, only the number gets the letter.
        """
        if isinstance(e, Num) and letter:
            return Num(self.number_with_letter(e.value, letter, *place, duration=duration), e.double)
        multiple = isinstance(e, Call) and e.op == "mul" and len(e.args) == 2 and isinstance(e.args[0], Num) and e.args[1] is BASE
        if not letter or not (multiple or _is_arithmetic_of_base(e)):
            return e
        if factor:
            alpha = re.sub(f"^{re.escape(self.quantity)}(?=_|$)", "alpha", letter)
            return mul(self.with_letter(e.args[0], alpha, *place), BASE) if multiple and isinstance(e, Call) else e
        return Letter(self._entry(e, letter, *place).symbol.name, "", e)

    def number_with_letter(self, value: Exact, letter: str, *place: Any, duration: bool) -> Exact:
        """Returns a number with a letter. 0 and 1, which formulas simplify, and numbers that have a letter come back unchanged."""
        return value if value in (0, 1) or is_lettered(value) else Lettered.of(value, self._entry(number(value), letter, *place, duration=duration).symbol)

    def note_sum(self, one: Exact, two: Exact) -> None:
        """Notes in which order the text adds two constants with letters."""
        if is_lettered(one) and is_lettered(two):
            symbols = [*self._in_order(one), *self._in_order(two)]
            if len(set(symbols)) == len(symbols):
                self.sums.append(tuple(symbols))

    def _in_order(self, value: Lettered) -> tuple[Any, ...]:
        """Returns the symbols of a constant in the order of the text, as far as it is known."""
        symbols = value.form.free_symbols
        return next((noted for noted in reversed(self.sums) if set(noted) == symbols), tuple(sorted(symbols, key=lambda symbol: symbol.name)))

    def of_parameter(self, letter: str) -> str:
        """Returns the letter of a parameter of a shape: that of a level is the letter of what the plan sets."""
        return re.sub("^eta(?=_|$)", lambda _: self.quantity, letter)

    def _entry(self, value: Expr, letter: str, *place: Any, duration: bool = False) -> LegendEntry:
        """Returns the entry of a constant, a new one if it has none."""
        key = (letter, value, *place)
        entry = self.entries.get(key)
        same = next((other for other in self.entries if duration and place and other[1:] == key[1:]), None) if entry is None else None
        if same is not None and letter != MOMENT and same[0] == MOMENT:  # the parameter names it
            first, sub = split_letter(letter)
            return self.entries.setdefault(key, attrs.evolve(self.entries.pop(same), letter=first, sub=sub))
        if same is not None:
            return self.entries[same]
        if entry is None:
            own = letter.removeprefix(f"{self.quantity}_")
            first, sub = (self.quantity, own) if place and own != letter else split_letter(letter)
            is_level = bool(place) and first in (self.quantity, "alpha")
            equal = next((x for other, x in self.entries.items() if is_level and len(other) > 2 and x.letter == first and _is_same(x.value, value)), None)
            symbol = self.symbol(f"p{len(self.entries)}") if equal is None else equal.symbol
            entry = self.entries[key] = LegendEntry(symbol, first, sub, value, duration)
        return entry

    def letters_of(self, law: Expr) -> tuple[LegendEntry, ...]:
        """Returns the entries whose letters a formula uses: names first, then in the order of the text. Letters that would look alike get numbers.

        A level to which a phase goes is called the least one, `eta_min`, only if it is.
        """
        used = {s.name for form in forms(law) for s in form.free_symbols} | {x.letter for x in walk(law) if isinstance(x, Letter)}
        placed = sorted(self.entries.items(), key=lambda pair: pair[0][2][0] if len(pair[0]) > 2 else -1)
        roles: dict[str, list[LegendEntry]] = {}  # a level that stands in several places has several
        used_entries: list[tuple[LegendEntry, bool]] = []
        for key, x in placed:
            if x.symbol.name in used:
                used_entries += [] if x.symbol.name in roles else [(x, len(key) > 2)]
                roles.setdefault(x.symbol.name, []).append(x)
        for symbols in self.sums:  # letters of a sum are in its order
            places = [i for i, (x, _) in enumerate(used_entries) if x.symbol in symbols]
            ordered = sorted((used_entries[i] for i in places), key=lambda pair: symbols.index(pair[0].symbol))
            for i, pair in zip(places, ordered, strict=True):
                used_entries[i] = pair
        ends = any(x.sub == "min" for x, of_shape in used_entries if of_shape for x in roles[x.symbol.name])
        levels = None if not ends or law.holds & EVENTS else _levels(law)  # where events decide on levels, each is taken for the least
        entries = [self._in_role(roles[x.symbol.name], law, levels) if of_shape else x for x, of_shape in used_entries]
        durations = [x for x in entries if x.letter == TOTAL]
        if len(durations) == 1 and (durations[0], True) in used_entries:  # the only duration needs no subscript, but a name of the text stays
            entries[entries.index(durations[0])] = attrs.evolve(durations[0], sub="")
        numbered: list[LegendEntry] = []
        for x in entries:
            equals = [y for y in entries if (y.letter, y.sub) == (x.letter, x.sub)]
            event = x.letter in ("k", "tau")  # the letters of events, which have numbers from 1
            sub = [x.sub] if x.sub else ["0"] * event
            number = equals.index(x) + 1 if len(equals) > 1 or (x.letter, x.sub) in (*TAKEN, ("eta", "0"), (self.quantity, "0")) or (event and x.sub) else 0
            entry = attrs.evolve(x, sub=",".join([*sub, *([str(number)] if number else [])]))
            while any(entry.name == y.name for y in numbered):
                number += 1
                entry = attrs.evolve(x, sub=",".join([*sub, str(number)]))
            numbered.append(entry)
        return tuple(numbered)

    def _in_role(self, entries: list[LegendEntry], law: Expr, levels: list[float] | None) -> LegendEntry:
        """Returns the entry that names a level which stands in several places: the least one, if it is, else what it is first."""
        least = next((x for x in entries if x.sub == "min"), None)
        if least is not None and (levels is None or self._is_least(least, law, levels)):
            return least
        return attrs.evolve(entries[0], sub="end") if entries[0].sub == "min" else entries[0]

    def _is_least(self, x: LegendEntry, law: Expr, levels: list[float]) -> bool:
        """Whether a level is the least of a formula. A number is less than the base of a learning rate; beside other bases, that is not known."""
        known = self.quantity == "eta" or mentions(x.value, BASE) or not mentions(law, BASE)
        return known and _is_least(x, levels)


def _is_arithmetic_of_base(e: Expr) -> bool:
    """Whether an expression is made of constants and base by arithmetic, as `base/25` and `0.1x + 1e-5`. Base alone, and a level that has a letter, are not."""
    return isinstance(e, Call) and all(isinstance(x, Num) or x is BASE or (isinstance(x, Call) and x.op in _ARITHMETIC) for x in walk(e))


def _is_same(one: Expr, two: Expr) -> bool:
    """Whether two constants are equal, by their letters too."""
    return one == two and forms(one) == forms(two)


def _levels(law: Expr) -> list[float]:
    """The levels of a formula at ticks that show them, for base 1."""
    return [low for low, high in bounds_along(law, _ticks(law), {BASE: (1.0, 1.0)}) if low > -HUGE and high < HUGE]


def _is_least(x: LegendEntry, levels: list[float]) -> bool:
    """Whether a level is below the peak of a formula with these levels, and none after the peak is lower."""
    own = bounds(x.value, {BASE: (1.0, 1.0)})[0]
    slack = 1e-9 * abs(own)
    peak = max(levels, default=own)
    return own < peak - slack and all(level >= own - slack for level in levels[levels.index(peak) :])


def _ticks(law: Expr) -> list[float]:
    """Returns ticks that show the levels of a formula: those in each of its stretches and cycles, and some after them."""
    starts = [float(start) for start, _ in branches(T, law)][:_MOST_STRETCHES]
    ends = [*starts[1:], starts[-1] + max([100.0, *(4 * float(length) for length, _ in cycles(law)[:_MOST_STRETCHES])])]
    return [start + share * (end - start) / 8 for start, end in zip(starts, ends, strict=True) for share in range(9)] + [100 * ends[-1]]


def split_letter(letter: str) -> tuple[str, str]:
    """Splits `T_w` into a letter and its subscript, with commas for its further `_`. Another name, as `num_warmup_steps`, is one word.

    >>> split_letter("T_w"), split_letter("T_warm_up"), split_letter("eta_warm"), split_letter("lr_max"), split_letter("num_steps")
    (('T', 'w'), ('T', 'warm,up'), ('eta', 'warm'), ('lr', 'max'), ('num_steps', ''))
    """
    first, *parts = letter.split("_")
    plain = bool(first) and all(parts) and bool(parts)
    short = len(parts) == 1 and (len(parts[0]) == 1 or parts[0].isdigit() or parts[0] in ("min", "max"))
    return (first, ",".join(parts)) if plain and (len(first) == 1 or first in GREEK or short) else (letter, "")
