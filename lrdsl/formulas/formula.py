"""`Formula`: the closed form of a target as a paper has it, ready for a printer: its pieces, the meanings of its letters, and remarks on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import attrs

from lrdsl.check.bounds import bounds
from lrdsl.clock import TIMES
from lrdsl.expr import BASE, Num, Select, T, linear, substitute, unlettered, with_changed_forms, without_letters
from lrdsl.formulas.amounts import approximate, counted, is_short, is_simple, nearly, with_multiple
from lrdsl.formulas.boundaries import with_named_boundaries
from lrdsl.formulas.cycles import with_named_cycles
from lrdsl.formulas.entries import with_named_entries
from lrdsl.formulas.family import Relation, level_letter
from lrdsl.formulas.letters import letter_of
from lrdsl.formulas.notation.composing import TIME, compose, composer_of
from lrdsl.formulas.notation.constants import with_fractions
from lrdsl.formulas.notation.tree import Amount, Cases, Condition, Name, Node, Number, Words, mapped, names
from lrdsl.formulas.notes import event_notes
from lrdsl.formulas.style import Style
from lrdsl.plan import LegendEntry, Plan
from lrdsl.targets import Target, quantity_letter


@attrs.frozen
class Formula:
    """A formula ready to be printed.

    `pieces` are its values with their conditions, `meanings` those of its letters, `notes` the remarks about letters that have no value. `symbol` is the left
    side, `base` the letter of the base, `time` that of the tick, `number` that of the groups of a family in a program. `events` are the letters that the run
    decides on: a program gets them as arguments, and `counts` are functions.
    """

    pieces: Cases
    meanings: list[tuple[Name, Node]]
    notes: list[Words]
    target: Target
    symbol: Name
    base: Node
    events: tuple[Name, ...] = ()
    counts: frozenset[Name] = frozenset()
    function: str = ""
    number: str = ""
    time: Name = TIME
    group: str | int | Name | None = attrs.field(default=attrs.Factory(lambda self: self.target.group, takes_self=True))

    @property
    def letters(self) -> set[Name]:
        """The letters of the formula and of the meanings."""
        return {letter for letter, _ in self.meanings}.union(names(self.pieces), *(names(meaning) for _, meaning in self.meanings))

    def renamed(self, new: Mapping[Name, Name]) -> Formula:
        """Returns the formula with other letters."""
        if not new:
            return self

        def change(node: Any) -> Any:
            return mapped(node, lambda x: new.get(x, x) if isinstance(x, Name) else x)

        meanings = [(new.get(letter, letter), change(meaning)) for letter, meaning in self.meanings]
        symbol, base = new.get(self.symbol, self.symbol), change(self.base)
        return attrs.evolve(
            self,
            pieces=change(self.pieces),
            meanings=meanings,
            notes=[change(note) for note in self.notes],
            symbol=symbol,
            base=base,
            time=new.get(self.time, self.time),
        )


def formula_of_family(relation: Relation, target: Target) -> Formula:
    """Returns the formula of a family of groups, by the level of another target."""
    pieces = Cases(((relation.value, Condition(None, TIME, None)),))
    pattern = relation.pattern.replace(f"{{{relation.letter.letter}}}", relation.letter.letter)
    note = Words((relation.letter, f" is the number in the name of a group, {pattern}"))
    level = Words((level_letter(relation.level), f" is the level of {relation.level}"))
    return Formula(pieces, relation.meanings, [note, level], target, letter_of(target), letter_of(target), group=relation.letter)


def formula_of(plan: Plan, target: Target, base: Node, style: Style, after_end: bool) -> Formula:
    """Returns the formula of a plan, in the unit of time and with the first tick that the style sets. `after_end`: with what holds after the end."""
    over = not after_end and _stays_at_its_end(plan)
    timed = _timed(plan, style)
    pieces, meanings = compose(timed, base)
    if over and len(pieces.rows) > 1 and _starts_last(pieces, timed, base):
        pieces = Cases(pieces.rows[:-1])
    value, when = pieces.rows[0]
    if len(pieces.rows) == 1 and when.low is None and when.high is not None and when.of == TIME:
        pieces = Cases(((value, attrs.evolve(when, low=Number(style.first))),))
    pieces, meanings = with_named_cycles(pieces, meanings)
    pieces, meanings = with_named_boundaries(pieces, [(letter, _amount(x, meaning, style)) for letter, meaning, x in _entries(meanings, timed)])
    if meanings:
        pieces, meanings = with_named_entries(pieces, meanings, quantity_letter(target.key))
    meanings = _needed(pieces, meanings)
    if style.numbers == "fraction":
        fractions = with_fractions(pieces)
        assert isinstance(fractions, Cases)
        pieces, meanings = fractions, [(name, with_fractions(meaning)) for name, meaning in meanings]
    composer, watches = composer_of(timed, base), {watch.event: watch for watch in plan.watches}
    events = {name: watches[event].ends for event, name in composer.events.items() if isinstance(name, Name)}
    notes = event_notes(timed, composer)
    counts = frozenset(name for name, ends in events.items() if not ends)
    return Formula(pieces, meanings, notes, target, letter_of(target), base, tuple(events), counts)


def _timed(plan: Plan, style: Style) -> Plan:
    """Returns a plan in the unit of time and with the first tick of a style."""
    law = substitute(plan.law, {T: linear(style.per, T, -style.per * style.first)}) if style.per != 1 or style.first else plan.law
    if style.per == 1 or not plan.legend:
        return attrs.evolve(plan, law=law)
    in_ticks = {x.symbol: x.symbol * style.per for x in plan.legend if x.duration}  # letters of durations are in the unit of t too
    legend = tuple(attrs.evolve(x, value=x.value / style.per) if x.duration else x for x in plan.legend)
    return attrs.evolve(plan, law=with_changed_forms(law, lambda form: form.subs(in_ticks, simultaneous=True)), legend=legend)


def _stays_at_its_end(plan: Plan) -> bool:
    """Whether a plan ends, and stays at the level that it comes to: a paper leaves out what holds then. A drop at the end counts."""
    law = plan.law
    if plan.length is None or plan.watches or not isinstance(law, Select) or law.of is not T or law.starts[-1] != plan.length:
        return False
    end = float(plan.length)
    before, after = (bounds(level, {T: (end, end), BASE: (1.0, 1.0)}) for level in law.values[-2:])
    return abs(before[0] - after[0]) <= 1e-9 * max(abs(before[0]), abs(after[0]), 1e-3)


def _starts_last(pieces: Cases, plan: Plan, base: Node) -> bool:
    """Whether the last piece is what holds after the end."""
    assert isinstance(plan.law, Select)
    low = pieces.rows[-1][1].low
    return low is not None and low == composer_of(plan, base).number(plan.law.starts[-1])


def _entries(meanings: list[tuple[Name, Node]], plan: Plan) -> list[tuple[Name, Node, LegendEntry | None]]:
    entries = {Name(x.letter, x.sub): x for x in plan.legend}
    return [(letter, meaning, entries.get(letter)) for letter, meaning in meanings]


def _amount(entry: LegendEntry | None, meaning: Node, style: Style) -> Node:
    """Returns the meaning of a letter. That of a duration is as the text has it, with ticks that have few digits."""
    if entry is None or not entry.duration or not isinstance(entry.value, Num):
        return meaning
    value, ticks = entry.value.value, entry.value.value * style.per
    fine = TIMES[style.time] in ("token", "sample")
    if fine and not is_short(value):
        written = counted(ticks, style.tick) if is_short(ticks) else None
    else:
        written = None if fine else style.lengths.words(ticks)
    if written is None and (is_short(value) or is_simple(value)):
        return meaning
    shown = with_multiple(value) if fine else approximate(value) if written is not None else nearly(value)
    about = not is_short(value) and (fine or Fraction(shown.replace(",", "")) != value)
    length = f"{'about ' * about}{shown} {style.time if value != 1 else style.time.removesuffix('s')}"
    words = length if written is None else f"{written} ({length})"
    return Amount(value, Words((words,)))


def _needed(pieces: Cases, meanings: list[tuple[Name, Node]]) -> list[tuple[Name, Node]]:
    """Returns the meanings of the letters that a formula has, and of those in these meanings."""
    used, more = set[Name](), names(pieces)
    of = dict(meanings)
    while more - used:
        used |= more
        more = set().union(*(names(of[letter]) for letter in used if letter in of))
    return [(letter, meaning) for letter, meaning in meanings if letter in used]


def with_letters_for(plan: Plan, keep: Callable[[LegendEntry], bool]) -> Plan:
    """Returns a symbolic plan in which only some letters stay; the others have their values."""
    from lrdsl.formulas.symbolic import rational

    gone = {x.symbol: x for x in plan.legend if not keep(x)}
    values = {symbol: x.value.value for symbol, x in gone.items() if isinstance(x.value, Num)}
    levels = {symbol.name for symbol in gone}

    def number(form: Any) -> Any:
        return form.xreplace({symbol: rational(unlettered(value)) for symbol, value in values.items()})

    law = without_letters(with_changed_forms(plan.law, number), levels.__contains__)
    return attrs.evolve(plan, law=law, legend=tuple(x for x in plan.legend if keep(x)))
