"""Turns the formula of a plan into notation, as a person would write it: `mul(1/2, base, add(1, cos(...)))` becomes eta_0/2 (1 + cos ...).

Time is local, as `t - 5`. A factor that all terms of a sum share stands before the sum. In exponents and floors, fractions stand on one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from lrdsl.expr import (
    BASE,
    INDEX,
    PI,
    ZERO,
    Call,
    Event,
    Expr,
    Letter,
    Linear,
    Num,
    Product,
    Select,
    Symbol,
    T,
    add,
    event_of,
    is_difference,
    mentions,
)  # fmt: skip
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.formulas.notation.arranging import factor_out, join_cycles, lift_choices, split_product
from lrdsl.formulas.notation.constants import is_fraction
from lrdsl.formulas.notation.forms import Letters, coefficient_of, constant_of
from lrdsl.formulas.notation.linear import linear_node
from lrdsl.formulas.notation.settling import settled
from lrdsl.formulas.notation.tree import (
    Apply,
    BigProduct,
    Cases,
    Condition,
    Fence,
    Modulo,
    Name,
    Negative,
    Node,
    Number,
    Power,
    Ratio,
    Root,
    Sum,
    Times,
    product_of,
    sum_of,
    terms_of,
)
from lrdsl.plan import Plan
from lrdsl.work import spend

TIME = Name("t")
_LETTERS: dict[Symbol, Node] = {T: TIME, INDEX: Name("k"), PI: Name("pi")}


def compose(plan: Plan, base: Node) -> tuple[Cases, list[tuple[Name, Node]]]:
    """Returns the pieces of a plan's formula, each with the time when it holds, and the meanings of its letters. A letter stands before the ones it needs."""
    composer = composer_of(plan, base)
    rows: list[tuple[Node, Condition]] = []
    for level, when in composer.stretches(factor_out(join_cycles(settled(lift_choices(plan.law)))), Stretch(None, ())):
        value, condition = composer.of(level), when.condition
        before = rows[-1][1] if rows else None
        if before is not None and rows[-1][0] == value and before.also == condition.also and before.high == condition.low:
            rows[-1] = (value, attrs.evolve(before, high=condition.high))
        else:
            rows.append((value, condition))
    meanings = [(name, meaning) for (_, _, meaning), name in reversed(composer.letters.items())]
    return Cases(tuple(rows)), [*meanings, *((Name(x.letter, x.sub), composer.of(x.value)) for x in plan.legend)]


@attrs.frozen
class Stretch:
    """The time when a piece holds: from `low` to the first of `highs`, if the conditions `also` hold."""

    low: Node | None
    highs: tuple[Node, ...]
    also: tuple[Condition, ...] = ()

    @property
    def condition(self) -> Condition:
        """The stretch as a condition on t."""
        high = Apply("min", self.highs) if len(self.highs) > 1 else self.highs[0] if self.highs else None
        if self.low is None and high is None and self.also:  # at every time
            return attrs.evolve(self.also[0], also=self.also[1:])
        return Condition(self.low, TIME, high, self.also)


def composer_of(plan: Plan, base: Node) -> Composer:
    """Returns the composer for the formulas of a plan."""
    events = {event: Name(letter, str(k)) for event, (letter, k) in plan.letters.items()}
    return Composer({**_LETTERS, BASE: base}, events, _letters_of(plan))


def _letters_of(plan: Plan) -> Letters:
    """Returns the letters of the constants of a plan."""
    values = {x.symbol.name: x.value.value for x in plan.legend if isinstance(x.value, Num)}
    return Letters({x.symbol: Name(x.letter, x.sub) for x in plan.legend}, values)


def tick_of(event: Event, time: Expr) -> Expr:
    """Returns the tick of the run at a `time` of the phase that waits for an event. If the phase follows another event, that event stands for its tick."""
    return time + event.offset if event.origin is None else add(Call("tick", (event.origin,)), time + event.offset)


@attrs.frozen
class Composer:
    """Turns expressions into notation. `names` has the letters of symbols, `events` those of events, `legend` those of parameters.

    `letters` collects the letters that `Letter` nodes introduce. A letter comes after the ones it needs.
    """

    names: Mapping[Symbol, Node]
    events: Mapping[Event, Node]
    legend: Letters = attrs.field(factory=Letters)
    letters: dict[tuple[str, str, Node], Name] = attrs.field(factory=dict)
    _cache: dict[tuple[Expr, bool], Node] = attrs.field(factory=dict)

    def number(self, value: Exact, inline: bool = False) -> Node:
        """Returns a constant as notation."""
        return constant_of(value, self.legend, inline)

    def stretches(self, e: Expr, when: Stretch) -> Iterator[tuple[Expr, Stretch]]:
        """Yields the formula of each stretch of time inside `when`, with the stretch. It ends at the first of its `highs`."""
        event = event_of(e)
        if isinstance(e, Select) and event is not None and mentions(e.of, T):
            name = self.events[event]
            yield from self.stretches(e.values[0], attrs.evolve(when, highs=(name, *when.highs)))
            yield from self.stretches(e.values[1], attrs.evolve(when, low=name))
        elif isinstance(e, Select) and (e.of is T or (isinstance(e.of, Call) and e.of.op == "since")):
            starts = [when.low, *(self._moment(e.of, at) for at in e.starts[1:])]
            waiting = any(high in self.events.values() for high in when.highs)
            for i, value in enumerate(e.values):
                after = None if i + 1 == len(starts) else starts[i + 1]
                highs = when.highs if after is None else (after, *when.highs) if waiting else (after,)
                yield from self.stretches(value, attrs.evolve(when, low=starts[i], highs=highs))
        elif isinstance(e, Select):
            for value, condition in self._select(e):
                yield from self.stretches(value, attrs.evolve(when, also=(*when.also, condition)))
        else:
            yield e, when

    def _moment(self, of: Expr, at: Exact) -> Node:
        """Returns a tick of the run: `at` ticks after its start, or after the event that `of` counts from."""
        if of is T:
            return self.number(at)
        assert isinstance(of, Call)
        return sum_of(self.events[of.args[0]], self.number(at))  # type: ignore[index]

    def of(self, e: Expr, inline: bool = False) -> Node:
        """Returns an expression as notation. `inline`: fractions stand on one line, as in exponents and floors."""
        node = self._cache.get((e, inline))
        if node is None:
            spend(2)
            node = self._cache[e, inline] = self._compose(e, inline)
        return node

    def _compose(self, e: Expr, inline: bool) -> Node:
        match e:
            case Num(value):
                return Negative(self.number(-value, inline)) if value < 0 and not is_difference(value) else self.number(value, inline)
            case Symbol():
                return self.names.get(e, Name(e.name))
            case Event():
                begun = tick_of(e, ZERO)
                return self.events[e] if begun == ZERO else Sum((self.events[e], Negative(self.of(begun, inline))))
            case Letter():
                return self._letter(e)
            case Linear(scale=1, of=Event(origin=None) as event):
                return self._ticks_after(event, e.shift - event.offset)
            case Linear():
                return linear_node(self.of(e.of, inline), e.scale, e.shift, self.legend, inline)
            case Select():
                return Cases(tuple((self.of(value), condition) for value, condition in self._select(e)))
            case Product():
                return BigProduct(self.names[INDEX], self.of(e.upto, True), self.of(e.factor))
            case Call():
                return self._call(e, inline)
        raise AssertionError(e)

    def _ticks_after(self, event: Event, ticks: Exact) -> Node:
        """Returns the tick of the run that is so many ticks after an event, or before it."""
        if ticks == 0:
            return self.events[event]
        return sum_of(self.events[event], self.number(ticks) if ticks > 0 else Negative(self.number(-ticks)))

    def _letter(self, e: Letter) -> Name:
        """Returns the letter of an expression. If a letter has several meanings, all but the first get a number. Letters of parameters are in the legend."""
        for symbol, name in self.legend.names.items():
            if symbol.name == e.letter:
                return name
        key = (e.letter, e.sub, self.of(e.of))
        if key not in self.letters:
            earlier = sum(other[:2] == key[:2] for other in self.letters)
            self.letters[key] = Name(e.letter, ",".join([*([e.sub] if e.sub else []), *([str(earlier + 1)] if earlier else [])]))
        return self.letters[key]

    def _select(self, e: Select) -> list[tuple[Expr, Condition]]:
        """Returns the branches of a choice, each with its condition."""
        event = event_of(e)
        if event is not None and isinstance(e.of, Call):
            now, at = self.of(tick_of(event, e.of.args[1])), self.events[event]
            return [(e.values[0], Condition(None, now, at)), (e.values[1], Condition(at, now, None))]
        of = self.of(e.of)
        bounds = [None, *(self.number(at, True) for at in e.starts[1:]), None]
        return [(v, Condition(low, of, high)) for v, low, high in zip(e.values, bounds, bounds[1:], strict=False)]

    def _call(self, e: Call, inline: bool) -> Node:
        match e.op, e.args:
            case (("since" | "count"), _):
                return self._of_event(e)
            case "tick", (event,):
                return self.events[event]  # type: ignore[index]
            case "reduce", (v, k, factor, least, _):
                falls = Times((self.of(v), Power(self.of(factor), self.of(k, True))))
                return falls if least == ZERO else Apply("max", (falls, self.of(least)))
            case "add", _:
                return self._sum(e, inline)
            case "div", (Call("log", (a,)), Call("log", (Num(b),))):
                return Apply("log", (self.of(a, inline),), self.number(b, True))
            case "div", (Linear() as time, Num(parts)):
                return Ratio(self.of(time, True), Number(parts), inline)
            case (("mul" | "div"), _):
                return self._product(e, inline)
            case "pow", (a, b):
                return Power(self.of(a, inline), self.of(b, True))
            case "mod", (a, b):
                return Modulo(self.of(a, True), self.of(b, True))
            case (("floor" | "ceil" | "abs"), (a,)):
                return Fence(e.op, self.of(a, True))
            case "sqrt", (a,):
                return Root(self.of(a, inline))
            case "hav", _:
                return self._product(e, inline)
            case "expm1", (a,):
                return Sum((Apply("exp", (self.of(a, inline),)), Negative(Number(1))))
            case "log1p", (a,):
                return Apply("log", (Sum((Number(1), self.of(a, inline))),))
        return Apply(e.op, tuple(self.of(a, inline) if e.op in ("min", "max") else self._argument(a, inline) for a in e.args))

    def _argument(self, e: Expr, inline: bool) -> Node:
        """Returns an argument of cos, sin, exp or log. A product with a fraction in it becomes one fraction: `pi (t - 5)/95`."""
        node = self.of(e, inline)
        ratios = [f for f in node.factors if isinstance(f, Ratio)] if isinstance(node, Times) else []
        if not isinstance(node, Times) or len(ratios) != 1:
            return node
        return Ratio(product_of([f.top if isinstance(f, Ratio) else f for f in node.factors]), ratios[0].bottom, inline)

    def _of_event(self, e: Call) -> Node:
        """Returns the time since an event, or how often it has come, in ticks of the run."""
        event, time = e.args
        assert isinstance(event, Event)
        now = TIME if mentions(time, T) else self.of(tick_of(event, time))
        return Sum((now, Negative(self.events[event]))) if e.op == "since" else Apply(self.events[event], (now,))

    def _sum(self, e: Call, inline: bool) -> Node:
        terms = [part for term in e.args for part in terms_of(self.of(term, inline))]
        # A positive term comes first, so that the sum does not begin with a minus.
        if isinstance(terms[0], Negative):
            first = next((i for i, x in enumerate(terms) if not isinstance(x, Negative)), 0)
            terms.insert(0, terms.pop(first))
        return Sum(tuple(terms))

    def _product(self, e: Call, inline: bool) -> Node:
        front, under, top, bottom = split_product(e)
        over, below = [self.of(x, inline) for x in top], [self.of(x, inline) for x in bottom]
        divisors: list[Node] = []
        if over and isinstance(top[0], Num) and isinstance(over[0], Ratio) and over[0].top == Number(1):  # eta/r, not (1/r) eta
            divisors, top, over = [over[0].bottom], top[1:], over[1:]
        for i, x in enumerate(list(below)):  # the denominator of a denominator moves to the numerator
            if isinstance(x, Ratio) and not inline:
                below[i] = x.top
                over.append(x.bottom)
        # Factors without time come first.
        steady = [x for x, part in zip(over, top, strict=False) if not mentions(part, T)]
        moving = [x for x in over if x not in steady]
        sums = [x for x in [*steady, *moving] if isinstance(x, Sum | Cases)]
        ratios = [x for x in moving if isinstance(x, Ratio) and not inline]
        share = quotient(front, under)
        if any(isinstance(x, Num) for x in top):  # a multiple of letters: batch/256, not 0.00390625 batch
            front, under = coefficient_of(share)
        elif (under > 9 and not moving and not bottom) or front.denominator != 1:  # 0.04 eta, not eta/25; 0.25 eta, not 0.5 eta/2
            front, under = (share.numerator, share.denominator) if is_fraction(share) else (share, 1)
        else:  # 2 eta/2 is eta
            front, under = share.numerator, share.denominator
        sign = -1 if front < 0 else 1
        lead: list[Node] = [] if front in (1, -1) else [Number(size(front))]
        bottoms = ([] if under == 1 else [Number(under)]) + divisors + below
        node: Node
        if bottoms and (sums or ratios) and not below:  # half of (1 + cos x), not (1 + cos x) over 2
            first = [*lead, *(x for x in [*steady, *moving] if not isinstance(x, Sum | Cases | Ratio))]
            constants = [x for x in steady if isinstance(x, Ratio)]
            rest = [x for x in moving if isinstance(x, Ratio)] + sums
            node = product_of([*constants, Ratio(product_of(first), product_of(bottoms), inline), *rest])
        elif bottoms:
            node = Ratio(product_of([*lead, *steady, *moving]), product_of(bottoms), inline)
        else:
            node = product_of([*lead, *(x for x in [*steady, *moving] if x in steady or x not in sums), *(x for x in sums if x not in steady)])
        return Negative(node) if sign < 0 else node
