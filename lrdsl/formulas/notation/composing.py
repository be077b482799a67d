"""From a plan to notation: what is `mul(1/2, base, add(1, cos(...)))` to a machine is written here as a person sets it.

Time is local, `t - 5`; a factor that all terms of a sum have stands before it; a half is a half; in exponents and floors fractions lie on one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
    mentions,
)  # fmt: skip
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.formulas.notation.arranging import factored, lifted, taken_apart
from lrdsl.formulas.notation.constants import is_fraction
from lrdsl.formulas.notation.forms import constant_of
from lrdsl.formulas.notation.linear import linear_node
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
    """The formula of a plan, piece by piece, each with the time that it holds for; and what the letters in it stand for, the ones that others need last."""
    composer = composer_of(plan, base)
    rows: list[tuple[Node, Condition]] = []
    for level, when in composer.stretches(factored(lifted(plan.law)), Stretch(None, ())):
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
    """When a piece holds: from `low` to the first of `highs`, under further conditions."""

    low: Node | None
    highs: tuple[Node, ...]
    also: tuple[Condition, ...] = ()

    @property
    def condition(self) -> Condition:
        high = Apply("min", self.highs) if len(self.highs) > 1 else self.highs[0] if self.highs else None
        if self.low is None and high is None and self.also:  # at every time
            return attrs.evolve(self.also[0], also=self.also[1:])
        return Condition(self.low, TIME, high, self.also)


def composer_of(plan: Plan, base: Node) -> Composer:
    """The composer for the formulas of a plan."""
    events = {event: Name(letter, str(k)) for event, (letter, k) in plan.letters.items()}
    return Composer({**_LETTERS, BASE: base}, events, {x.symbol: Name(x.letter, x.sub) for x in plan.legend})


def tick_of(event: Event, time: Expr) -> Expr:
    """The tick of the run at a time of the phase that waits for an event; the event that the phase follows stands for its own tick."""
    return time + event.offset if event.origin is None else add(Call("tick", (event.origin,)), time + event.offset)


@attrs.frozen
class Composer:
    """Writes trees: `names` for symbols, `events` for what only the run decides. `legend` for the letters of parameters.

    `letters` gathers what letters stand for, each before those that need it.
    """

    names: Mapping[Symbol, Node]
    events: Mapping[Event, Node]
    legend: Mapping[Any, Name] = attrs.field(factory=dict)
    letters: dict[tuple[str, str, Node], Name] = attrs.field(factory=dict)
    _known: dict[tuple[Expr, bool], Node] = attrs.field(factory=dict)

    def number(self, value: Exact, inline: bool = False) -> Node:
        """A constant: a number, or what it is made of letters."""
        return constant_of(value, self.legend, inline)

    def stretches(self, e: Expr, when: Stretch) -> Iterator[tuple[Expr, Stretch]]:
        """The formula of each stretch of time, and when that is: till whatever comes first."""
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
        """A tick of the run, so long after it began or an event came."""
        if of is T:
            return self.number(at)
        assert isinstance(of, Call)
        return sum_of(self.events[of.args[0]], self.number(at))  # type: ignore[index]

    def of(self, e: Expr, inline: bool = False) -> Node:
        """A tree as notation; `inline` inside exponents, floors and the like."""
        node = self._known.get((e, inline))
        if node is None:
            spend(2)
            node = self._known[e, inline] = self._composed(e, inline)
        return node

    def _composed(self, e: Expr, inline: bool) -> Node:
        match e:
            case Num(value):
                return Negative(self.number(-value, inline)) if value < 0 else self.number(value, inline)
            case Symbol():
                return self.names.get(e, Name(e.name))
            case Event():
                begun = tick_of(e, ZERO)
                return self.events[e] if begun == ZERO else Sum((self.events[e], Negative(self.of(begun, inline))))
            case Letter():
                return self._letter(e)
            case Linear():
                return linear_node(self.of(e.of, inline), e.scale, e.shift, self.legend, inline)
            case Select():
                return Cases(tuple((self.of(value), condition) for value, condition in self._select(e)))
            case Product():
                return BigProduct(self.names[INDEX], self.of(e.upto, True), self.of(e.factor))
            case Call():
                return self._call(e, inline)
        raise AssertionError(e)

    def _letter(self, e: Letter) -> Name:
        """A letter; where the same one stands for several things, all but the first have a number. Those of parameters are in the legend."""
        for symbol, name in self.legend.items():
            if symbol.name == e.letter:
                return name
        key = (e.letter, e.sub, self.of(e.of))
        if key not in self.letters:
            same = sum(known[:2] == key[:2] for known in self.letters)
            self.letters[key] = Name(e.letter, ",".join([*([e.sub] if e.sub else []), *([str(same + 1)] if same else [])]))
        return self.letters[key]

    def _select(self, e: Select) -> list[tuple[Expr, Condition]]:
        """The branches of a choice, each with when it is taken."""
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
        """An argument of cos, sin, exp or log: a product with a fraction in it is one fraction, `pi (t - 5)/95`."""
        node = self.of(e, inline)
        ratios = [f for f in node.factors if isinstance(f, Ratio)] if isinstance(node, Times) else []
        if not isinstance(node, Times) or len(ratios) != 1:
            return node
        return Ratio(product_of([f.top if isinstance(f, Ratio) else f for f in node.factors]), ratios[0].bottom, inline)

    def _of_event(self, e: Call) -> Node:
        """What a formula says of an event, in the ticks of the run."""
        event, time = e.args
        assert isinstance(event, Event)
        now = TIME if mentions(time, T) else self.of(tick_of(event, time))
        return Sum((now, Negative(self.events[event]))) if e.op == "since" else Apply(self.events[event], (now,))

    def _sum(self, e: Call, inline: bool) -> Node:
        found = [part for term in e.args for part in terms_of(self.of(term, inline))]
        # What is added comes first, so that no formula begins with a minus that it need not begin with.
        if isinstance(found[0], Negative):
            first = next((i for i, x in enumerate(found) if not isinstance(x, Negative)), 0)
            found.insert(0, found.pop(first))
        return Sum(tuple(found))

    def _product(self, e: Call, inline: bool) -> Node:
        front, under, top, bottom = taken_apart(e)
        over, below = [self.of(x, inline) for x in top], [self.of(x, inline) for x in bottom]
        for i, x in enumerate(list(below)):  # what is below in a denominator stands above
            if isinstance(x, Ratio) and not inline:
                below[i] = x.top
                over.append(x.bottom)
        # What does not change with time comes first.
        steady = [x for x, part in zip(over, top, strict=False) if not mentions(part, T)]
        moving = [x for x in over if x not in steady]
        sums = [x for x in [*steady, *moving] if isinstance(x, Sum | Cases)]
        if under > 9 and not moving and not bottom and not is_fraction(quotient(front, under)):  # 0.04 eta, not eta/25
            front, under = quotient(front, under), 1
        sign = -1 if front < 0 else 1
        lead: list[Node] = [] if front in (1, -1) else [Number(size(front))]
        bottoms = ([] if under == 1 else [Number(under)]) + below
        found: Node
        if bottoms and sums and not below:  # half of (1 + cos x), not (1 + cos x) over 2
            first = [*lead, *(x for x in [*steady, *moving] if not isinstance(x, Sum | Cases | Ratio))]
            rest = [x for x in [*steady, *moving] if isinstance(x, Ratio)] + sums
            found = product_of([Ratio(product_of(first), bottoms[0], inline), *rest])
        elif bottoms:
            found = Ratio(product_of([*lead, *steady, *moving]), product_of(bottoms), inline)
        else:
            found = product_of([*lead, *(x for x in [*steady, *moving] if x in steady or x not in sums), *(x for x in sums if x not in steady)])
        return Negative(found) if sign < 0 else found
