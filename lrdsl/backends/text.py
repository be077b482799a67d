"""The closed form as one line of text a piece, as a person would type it: `0.1·η₀·(1 + cos(π(t − 3)/20))/2`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from lrdsl.expr import (
    BASE,
    ENTRY,
    INDEX,
    PI,
    ZERO,
    Call,
    Event,
    Expr,
    Linear,
    Num,
    Product,
    Select,
    Symbol,
    T,
    add,
    event_of,
    mentions,
    neg,
    number,
    walk,
)  # fmt: skip
from lrdsl.plan import Plan
from lrdsl.syntax.printer import decimal_text

_NAMES = {T: "t", INDEX: "k", PI: "π", ENTRY: "v"}
#: How tightly a form binds, loosest first.
SUM, PRODUCT, POWER, ATOM = range(4)
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
#: Decimals of more digits than this are written as fractions.
_DIGITS = 8
#: Fractions of more characters than this are rounded to that many digits.
_LONG = 40


def lines(plan: Plan, base: str = "η₀") -> list[tuple[str, str]]:
    """The formula of each piece, and where it holds.

    >>> import lrdsl
    >>> for formula, where in lines(lrdsl.parse("step(3, 0.1) then cosine(20)").written()):
    ...     print(f"{formula:34}{where}")
    η₀                                t < 3
    0.1·η₀·(1 + cos(π(t − 3)/20))/2   3 ≤ t < 23
    0                                 t ≥ 23
    """
    writer = _writer(plan, base)
    written: list[tuple[str, str, str]] = []
    for formula, start, ends in writer.stretches(plan.law, "", ()):
        end = f"min({', '.join(ends)})" if len(ends) > 1 else "".join(ends)
        if written and formula == written[-1][0] and written[-1][2] == start:
            written[-1] = (formula, written[-1][1], end)
        else:
            written.append((formula, start, end))
    return [(formula, _where(start, end)) for formula, start, end in written]


def notes(plan: Plan, base: str = "η₀") -> list[str]:
    """What the formula leaves to the run: a line for each event and each count of reductions in it.

    >>> import lrdsl
    >>> for note in notes(lrdsl.parse("plateau(patience=5) until val_loss < 0.3").plan):
    ...     print(note)
    τ₁ is the tick after the report by which val_loss < 0.3
    k₁(t) counts the reductions up to t, each from η to 0.1·η: one when metric has not fallen by 0.01 % of its best for more than 5 reports
    """
    writer = _writer(plan, base)
    reductions = {x.args[1].args[0]: x for x in walk(plan.law) if isinstance(x, Call) and x.op == "reduce" and isinstance(x.args[1], Call)}
    found = []
    for event, name in writer.events.items():
        said = " or ".join(watch.monitor.sentence for watch in plan.watches if watch.event is event)
        if event in reductions:
            _, _, factor, least, eps = reductions[event].args
            lower = f"{writer.text(factor)}·η"
            lower = lower if least == ZERO else f"max({lower}, {writer.text(least)})"
            skipped = "" if eps == ZERO or least == ZERO else f", unless that is a step of {writer.text(eps)} or less"
            found.append(f"{name}(t) counts the reductions up to t, each from η to {lower}{skipped}: one when {said}")
        else:
            most = "" if event.most is None else f", at the latest {writer.text(_tick(event, number(event.most)), SUM)}"
            found.append(f"{name} is the tick after the report by which {said}{most}")
    return found


def _writer(plan: Plan, base: str) -> _Writer:
    names = {event: {"tau": "τ", "k": "k"}[letter] + str(k).translate(_SUBSCRIPTS) for event, (letter, k) in plan.letters.items()}
    return _Writer({**_NAMES, BASE: base}, names)


def _tick(event: Event, time: Expr) -> Expr:
    """The tick of the run at a time of the phase that waits for an event; the event that the phase follows stands for its own tick."""
    return time + event.offset if event.origin is None else add(Call("tick", (event.origin,)), time + event.offset)


def _where(start: str, end: str) -> str:
    if not start:
        return f"t < {end}" if end else ""
    return f"{start} ≤ t < {end}" if end else f"t ≥ {start}"


def constant(value: Fraction) -> str:
    """An exact number, as a decimal where that is short, else as a fraction.

    >>> constant(Fraction(1, 10)), constant(Fraction(1, 3))
    ('0.1', '1/3')
    """
    near = Fraction(f"{float(value):.{_DIGITS}g}")
    if near == value or len(str(value)) > _LONG:
        return decimal_text(near)
    return f"{value.numerator}/{value.denominator}"


class _Writer:
    """Writes trees; each form with how tightly it binds, so that brackets stand only where they are needed."""

    def __init__(self, names: dict[Symbol, str], events: dict[Event, str]) -> None:
        self.names = names
        self.events = events

    def stretches(self, e: Expr, start: str, ends: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """The formula of each stretch of time, when it starts, and what ends it: whatever comes first."""
        event = event_of(e)
        if isinstance(e, Select) and event is not None and mentions(e.of, T):
            name = self.events[event]
            yield from self.stretches(e.values[0], start, (name, *ends))
            yield from self.stretches(e.values[1], name, ends)
        elif isinstance(e, Select) and (e.of is T or (isinstance(e.of, Call) and e.of.op == "since")):
            starts = [start, *(self._moment(e.of, at) for at in e.starts[1:])]
            for i, value in enumerate(e.values):
                late = ends if i + 1 == len(starts) else (starts[i + 1],) if not any(end in self.events.values() for end in ends) else (starts[i + 1], *ends)
                yield from self.stretches(value, starts[i], late)
        else:
            yield self.text(e), start, ends

    def _moment(self, of: Expr, at: Fraction) -> str:
        """A tick of the run, so long after it began or an event came."""
        if of is T:
            return constant(at)
        assert isinstance(of, Call)
        return f"{self.events[of.args[0]]} + {constant(at)}"  # type: ignore[index]

    def _of_event(self, e: Call) -> tuple[int, str]:
        """What a formula says of an event, in the ticks of the run."""
        event, time = e.args
        assert isinstance(event, Event)
        now = "t" if mentions(time, T) else self.text(_tick(event, time))
        if e.op == "since":
            return SUM, f"{now} − {self.events[event]}"
        return ATOM, f"{self.events[event]}({now})"

    def text(self, e: Expr, least: int = SUM) -> str:
        level, text = self._form(e)
        text = text.replace("-", "−") if isinstance(e, Num) else text
        return text if level >= least else f"({text})"

    def _form(self, e: Expr) -> tuple[int, str]:
        match e:
            case Num():
                text = constant(e.value)
                return (SUM if text.startswith("-") else PRODUCT if "/" in text else ATOM), text
            case Symbol():
                return ATOM, self.names.get(e, e.name)
            case Event():
                begun = _tick(e, ZERO)
                return (ATOM, self.events[e]) if begun == ZERO else (SUM, f"{self.events[e]} − {self.text(begun, PRODUCT)}")
            case Linear():
                return self._linear(e)
            case Select():
                return ATOM, self._select(e)
            case Product():
                return ATOM, f"∏[k=1…{self.text(e.upto)}]({self.text(e.factor)})"
            case Call():
                return self._call(e)
        raise AssertionError(e)

    def _linear(self, e: Linear) -> tuple[int, str]:
        """`(t − 3)/20`, `(23 − t)/20`, `t/3`."""
        slope = abs(e.scale)
        origin = -e.shift / e.scale
        of = self.text(e.of, ATOM)
        if origin == 0:
            inner = of if e.scale > 0 else f"−{of}"
        elif e.scale < 0:
            inner = f"{constant(origin)} − {of}" if origin > 0 else f"−({of} + {constant(-origin)})"
        else:
            inner = f"{of} − {constant(origin)}" if origin > 0 else f"{of} + {constant(-origin)}"
        bare = origin == 0 and e.scale > 0
        if slope == 1:
            return (PRODUCT if bare else SUM), inner
        wrapped = inner if bare else f"({inner})"
        if slope.numerator == 1:
            return PRODUCT, f"{wrapped}/{constant(Fraction(slope.denominator))}"
        return PRODUCT, f"{constant(slope)}·{wrapped}" if len(str(slope.denominator)) < 3 else f"{wrapped}/{constant(1 / slope)}"

    def _select(self, e: Select) -> str:
        event = event_of(e)
        if event is not None and isinstance(e.of, Call):
            now = self.text(_tick(event, e.of.args[1]))
            return f"{{{self.text(e.values[0])} if {now} < {self.events[event]}; {self.text(e.values[1])} otherwise}}"
        of = self.text(e.of)
        parts = [f"{self.text(v)} if {of} < {constant(end)}" for v, end in zip(e.values, e.starts[1:], strict=False)]
        return "{" + "; ".join([*parts, f"{self.text(e.values[-1])} otherwise"]) + "}"

    def _call(self, e: Call) -> tuple[int, str]:
        match e.op, e.args:
            case (("since" | "count"), _):
                return self._of_event(e)
            case "tick", (event,):
                return ATOM, self.events[event]  # type: ignore[index]
            case "reduce", (v, k, factor, least, _):
                falls = f"{self.text(v, PRODUCT)}·{self.text(factor, ATOM)}^{self.text(k, ATOM)}"
                return (PRODUCT, falls) if least == ZERO else (ATOM, f"max({falls}, {self.text(least)})")
            case "add", args:
                return SUM, self._sum(args)
            case "mul", args:
                return self._product(args)
            case "div", (a, b):
                return PRODUCT, f"{self.text(a, PRODUCT)}/{self.text(b, POWER)}"
            case "pow", (a, b):
                return POWER, f"{self.text(a, ATOM)}^{self.text(b, ATOM)}"
            case "mod", (a, b):
                return PRODUCT, f"{self.text(a, PRODUCT)} mod {self.text(b, POWER)}"
            case "floor", (a,):
                return ATOM, f"⌊{self.text(a)}⌋"
            case "ceil", (a,):
                return ATOM, f"⌈{self.text(a)}⌉"
            case "abs", (a,):
                return ATOM, f"|{self.text(a)}|"
            case "sqrt", (a,):
                return ATOM, f"√({self.text(a)})"
            case "hav", (a,):
                return PRODUCT, f"(1 − cos({self._product((PI, a))[1]}))/2"
            case "expm1", (a,):
                return SUM, f"exp({self.text(a)}) − 1"
            case "log1p", (a,):
                return ATOM, f"log(1 + {self.text(a)})"
        return ATOM, f"{e.op}({', '.join(self.text(a) for a in e.args)})"

    def _sum(self, terms: tuple[Expr, ...]) -> str:
        out = self.text(terms[0])
        for term in terms[1:]:
            front = term.args[0] if isinstance(term, Call) and term.op == "mul" else term
            taken = isinstance(front, Num) and front.value < 0
            out += f" − {self.text(neg(term), PRODUCT)}" if taken else f" + {self.text(term, PRODUCT)}"
        return out

    def _product(self, factors: tuple[Expr, ...]) -> tuple[int, str]:
        if isinstance(factors[0], Num) and factors[0].value == -1:
            return SUM, "−" + self._product(factors[1:])[1]
        # Halves go behind, as a division: (1 + cos(x))/2.
        halved = isinstance(factors[0], Num) and factors[0].value == Fraction(1, 2) and len(factors) > 1
        texts = [self.text(f, PRODUCT) for f in (factors[1:] if halved else factors)]
        out = texts[0]
        for before, text in pairwise(texts):
            out += text if before == "π" and text.startswith("(") else f"·{text}"
        return PRODUCT, f"{out}/2" if halved else out
