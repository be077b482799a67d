"""Writes a formula as statements of a program: exact times in whole numbers, one name for what is used twice, and brackets only where they are needed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from lrdsl.dialects.writing import arithmetic, times
from lrdsl.dialects.writing.terms import ATOM, SUM, Range, Shared, Term
from lrdsl.dialects.writing.vocabulary import Vocabulary
from lrdsl.expr import BASE, PI, VARYING, WIDE, Call, Expr, Linear, LogSize, Num, Product, Select, Symbol, T, Wide, is_time, walk
from lrdsl.expr.exact import Exact
from lrdsl.numbers.constants import in_two_doubles
from lrdsl.plan import first_tick
from lrdsl.work import spend

#: The operations that may have no value outside the time for which a formula is meant, or be very large there.
_RISKY = frozenset(("div", "exp", "expm1", "log", "log1p", "pow", "sqrt"))
#: A formula with more nodes than this gets a name if it is used twice.
_LARGE = 2


class Formula:
    """Writes the formulas of one function. `lines` are its statements so far: those that come before the text of what `term` returned."""

    def __init__(self, words: Vocabulary, names: dict[Expr, Term], shared: Shared, taken: Container[str] = (), indent: str = "    ") -> None:
        self.words, self.indent, self.shared, self.taken = words, indent, shared, taken
        self.lines: list[str] = []
        self.names = names
        self.used: Counter[str] = Counter(["t"])
        self.uses: Counter[Expr] = Counter()

    # Statements

    def count(self, e: Expr) -> None:
        """Counts how often each part of a formula is used."""
        self.uses[e] += 1
        if self.uses[e] == 1:
            for child in e.below:
                self.count(child)

    def value(self, e: Expr) -> str:
        """Returns the text of a formula as a float. Its parts are counted anew: what was used by another formula does not count."""
        self.uses.clear()
        self.count(e)
        return self.float_text(self.term(e))

    def name(self, word: str) -> str:
        """Returns a name that is free: the word, or the word with a number."""
        while True:
            self.used[word] += 1
            name = word if self.used[word] == 1 else f"{word}_{self.used[word]}"
            if name not in self.taken:
                return name

    @contextmanager
    def block(self, deeper: bool = True) -> Iterator[None]:
        """A block of statements, whose names are unknown after it."""
        before = dict(self.names), Counter(self.used), self.indent
        self.indent += "    " * deeper
        yield
        self.names, self.used, self.indent = before

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def assign(self, e: Expr, word: str, term: Term) -> Term:
        """Writes an assignment, and returns the name."""
        name = self.name(word)
        self.line(f"{name} = {term.text}")
        self.names[e] = attrs.evolve(term, text=name, binding=ATOM)
        return self.names[e]

    # Texts

    def number(self, value: Exact | float) -> Term:
        """Returns a number. One that is too large for the whole numbers of the language is a float."""
        number = float(value) if isinstance(value, float) or value.denominator != 1 else value.numerator
        whole = isinstance(number, int) and abs(number) <= min(self.words.whole or 2**53, 2**53)
        number = number if whole else float(number)
        return Term(repr(number), ATOM if number >= 0 else SUM, whole, (number, number), number, True)

    def inside(self, term: Term, least: int) -> str:
        """Returns a text, in brackets if it does not hold together as tightly as is needed."""
        return term.text if term.binding >= least else f"({term.text})"

    def real(self, term: Term, least: int = SUM) -> str:
        """Returns the text of a term as a float, in brackets where they are needed."""
        if term.whole and not term.fixed and self.words.real:
            return self.words.real.format(term.text)
        return self.inside(term, least)

    def float_text(self, term: Term) -> str:
        """Returns the text of a term that is a result: a float, and an array where the language computes with arrays."""
        text = repr(float(term.constant)) if term.constant is not None else self.real(term)
        return self.words.real.format(text) if term.fixed and self.words.real else text

    def function_name(self, op: str) -> str:
        """Returns the name of a function, and notes that the program needs it if it is a helper."""
        name = self.words.functions[op]
        if name.startswith("_"):
            self.shared.helpers[name] = None
        return name

    def argument(self, term: Term) -> str:
        """Returns the text of an argument of a function: an array of floats, where the function makes one of single precision of a number."""
        return self.words.real.format(term.text) if term.fixed and self.words.real else self.real(term)

    def fits(self, *ranges: Range) -> bool:
        """Returns whether whole numbers of these ranges are whole numbers of the language."""
        most = math.inf if self.words.whole is None else self.words.whole
        return all(-most <= low and high <= most for low, high in ranges)

    # Formulas

    def term(self, e: Expr) -> Term:
        """Returns the text of a formula. Statements that it needs are written first."""
        named = self.names.get(e)
        if named is not None:
            return named
        spend(4)
        if isinstance(e, Select):
            return self._select(e)
        if isinstance(e, Product):
            return self.assign(e, "product", self._product(e))
        term = self._term(e)
        if self.uses[e] < 2 or e.weight <= (_LARGE + 1 if term.fixed else _LARGE) or term.constant is not None:
            return term
        return self.assign(e, "u" if is_time(e) and not term.whole else "k" if is_time(e) else "x", term)

    def _term(self, e: Expr) -> Term:
        if isinstance(e, Num):
            return self.number(e.value)
        if isinstance(e, Symbol):
            assert e is PI, e
            return Term(self.words.pi, fixed=True)
        if isinstance(e, Wide):
            return arithmetic.infinite(self, e.of) if isinstance(e.of, Call) else self.term(e.of)
        if isinstance(e, Linear):
            return times.linear(self, e)
        assert isinstance(e, Call | LogSize), e
        if not e.holds & VARYING and (doubles := in_two_doubles(e)) is not None:
            return self.number(doubles[0])
        assert isinstance(e, Call), e
        if e.op in ("mod", "floor", "ceil") and is_time(e.args[0]):
            return times.turn(self, e)
        return arithmetic.infinite(self, e) if e.holds & WIDE else arithmetic.operation(self, e)

    # Choices and products

    def _select(self, e: Select) -> Term:
        of, starts = self.compared(e)
        name = self.name("part")
        if self.words.branches:
            return self._statements(e, of, starts, name)
        if e.of not in self.names and any(map(is_risky, e.values)):
            self.assign(e.of, "u", self.term(e.of))
        values, conditions = [], [f"{of.text} < {self.number(start).text}" for start in starts]
        for value, low, high in zip(e.values, (None, *e.starts[1:]), (*e.starts[1:], None), strict=True):
            scope = dict(self.names)
            if is_risky(value):
                self.hold(e.of, low, high)
                values.append(self.float_text(self.term(value)))
                self.names = scope
            else:
                values.append(self.float_text(self.term(value)))
        text = self.words.choice.format(conditions=f"[{', '.join(conditions)}]", values=f"[{', '.join(values[:-1])}]", last=values[-1])
        self.line(f"{name} = {text}")
        self.names[e] = Term(name)
        return self.names[e]

    def compared(self, e: Select) -> tuple[Term, list[Exact | float]]:
        """Returns what a choice looks at, as a whole number where it is one, and the bounds after the first."""
        of, n = times.whole(self, e.of)
        if self.uses[e.of] > 1 and e.of not in self.names and n == 1 and e.of.weight > _LARGE:
            of = self.assign(e.of, "u", of)
        starts: list[Exact | float] = [start * n for start in e.starts[1:]]
        if of.whole and self.words.ticks:
            return of, [math.ceil(start) for start in starts]
        return of, [first_tick(start) for start in starts]  # type: ignore[arg-type]

    def hold(self, of: Expr, low: float | Exact | None, high: float | Exact | None) -> None:
        """Keeps a time inside a range, under another name: what is computed from it there is not used outside."""
        if of in self.names:
            time = self.names[of]
        else:
            return
        ticks = time.whole and self.words.ticks
        least = time.range[0] if low is None else math.ceil(low) if ticks else float(low)
        most = time.range[1] if high is None else math.ceil(high) - 1 if ticks else math.nextafter(float(high), -math.inf)
        if ticks and not self.fits((least, least)):
            return
        ends = [self.number(_plain(x)).text for x in (least, most)]
        if high is None or not self.fits((most, most)) or most == math.inf:
            text = f"{self.function_name('max')}({time.text}, {ends[0]})"
        elif low is None:
            text = f"{self.function_name('min')}({time.text}, {ends[1]})"
        else:
            text = self.words.clip.format(time=time.text, low=ends[0], high=ends[1])
        above = {x: term for x, term in self.names.items() if x is BASE or not _depends(x, of)}
        name = self.name("t" if of is T else "u")
        self.line(f"{name} = {text}")
        self.names = {**above, of: attrs.evolve(time, text=name, binding=ATOM, range=(least, most))}

    def _statements(self, e: Select, of: Term, starts: list[Exact | float], name: str) -> Term:
        """Writes a choice as `if` and `else`, which assign a name."""
        for i, value in enumerate(e.values):
            head = "else:" if i == len(starts) else f"{'el' * (i > 0)}if {of.text} < {self.number(starts[i]).text}:"
            self.line(head)
            with self.block():
                self.line(f"{name} = {self.real(self.term(value))}")
        self.names[e] = Term(name)
        return self.names[e]

    def _product(self, e: Product) -> Term:
        whole = e.upto.args[0] if isinstance(e.upto, Call) and e.upto.op == "floor" and times.parts_of(e.upto.args[0]) == 1 else e.upto
        upto, products = self.term(whole), self.shared.products
        name, most = products.get(e.factor) or (f"_product_{len(products) + 1}" if products else "_product", 0)
        products[e.factor] = name, max(most, upto.range[1])
        return Term(f"{name}({upto.text})")


def is_risky(e: Expr) -> bool:
    """Returns whether a formula may have no value, or a very large one, outside the time for which it is meant."""
    return any(isinstance(x, Product) or (isinstance(x, Call) and x.op in _RISKY and x.holds & VARYING) for x in walk(e))


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _depends(e: Expr, on: Expr) -> bool:
    return any(x is on for x in walk(e))
